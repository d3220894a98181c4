//! Statements in and out, on both databases: what is kept, what is found, who waits for their person.

use std::collections::BTreeSet;

use app::people::{PersonRow, import_persons};
use app::statements::{Attached, Found, Query, Reader, Source, accept, find, one};
use app::{App, Clock, Error, Ids, Settings};
use domain::access::{
    DefineActivities, KeyScope, Machine, Permit, ReadOwnStatements, ReadStatements, Relation, SendStatements,
    Who, WriteAssignment, permit,
};
use domain::ids::KeyId;
use serde_json::{Value, json};
use store::Store;
use uuid::Uuid;
use xapi::{Filter, Format, Limits, Preferred, StatementsQuery, Version, parse_statements, statements_query};

fn app(store: Store) -> App {
    let now = "2026-03-18T08:41:00Z".parse().unwrap();
    App::new(store, Clock::at(now), Ids::seeded(1), Settings::default())
}

fn machine(n: u128) -> Who {
    let scopes = BTreeSet::from([KeyScope::All]);
    Who::Machine(Machine {
        key: KeyId::new(Uuid::from_u128(n)),
        name: "LMS".into(),
        scopes,
        active: true,
        actors: None,
    })
}

fn source(app: &App, n: u128) -> Source {
    let who = machine(n);
    let send: Permit<SendStatements> = permit(&who, Relation::NONE, SendStatements(())).unwrap();
    let define: Permit<DefineActivities> = permit(&who, Relation::NONE, DefineActivities(())).unwrap();
    Source::new(app, &send, Some(&define), Version::V1_0_3)
}

fn any() -> Reader {
    let may: Permit<ReadStatements> = permit(&machine(1), Relation::NONE, ReadStatements(())).unwrap();
    Reader::any(&may)
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_4000_8000_0000_0000_0000 + n)
}

fn statement(n: u128, who: &str, verb: &str, activity: &str) -> Value {
    json!({
        "id": id(n).to_string(),
        "actor": {"mbox": format!("mailto:{who}@example.com"), "name": who},
        "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}")},
        "object": {"id": format!("https://learn.example/{activity}")}
    })
}

async fn send(app: &App, statements: Value) -> Result<Vec<Uuid>, Error> {
    let received =
        parse_statements(statements.to_string().as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
    accept(app, source(app, 1), received, vec![]).await
}

fn filter(pairs: &[(&str, &str)]) -> Filter {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    match statements_query(&pairs, Version::V1_0_3).unwrap() {
        StatementsQuery::Many(filter) => filter,
        StatementsQuery::One { .. } => panic!("a filter was meant"),
    }
}

async fn search(app: &App, pairs: &[(&str, &str)]) -> Found {
    find(app, any(), Query { filter: filter(pairs), ..Query::default() }).await.unwrap()
}

/// The last digits of the ids that a search gives.
async fn numbers(app: &App, pairs: &[(&str, &str)]) -> Vec<u128> {
    search(app, pairs).await.statements.iter().map(|text| number(text)).collect()
}

fn number(text: &str) -> u128 {
    let value: Value = serde_json::from_str(text).unwrap();
    value["id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128() & 0xFFFF_FFFF
}

const ANA: (&str, &str) = ("agent", r#"{"mbox":"mailto:ana@example.com"}"#);

testkit::both_databases! {
    // xAPI Data 2.3.1; 4.2.4: A statement is given back as it was received, with id, stored, authority and version added.
    async fn what_was_received_is_given_back(store: Store) {
        let app = app(store);
        let raw = format!(
            r#"{{ "id":"{}", "actor":{{"mbox":"mailto:ana@example.com"}}, "verb":{{"id":"http://example.com/v"}},
            "object":{{"id":"http://example.com/ä"}}, "result":{{"score":{{"raw":1.50}}}} }}"#,
            id(1)
        );
        let received = parse_statements(raw.as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
        assert_eq!(accept(&app, source(&app, 1), received, vec![]).await.unwrap(), [id(1)]);
        let found = one(&app, any(), id(1), false, Format::Exact, false, Preferred::default()).await.unwrap();
        let text = &found.statements[0];
        assert!(text.starts_with(raw.strip_suffix(" }").unwrap()), "{text}");
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["stored"], "2026-03-18T08:41:00.000Z");
        assert_eq!(value["timestamp"], value["stored"]);
        assert_eq!(value["version"], "1.0.0");
        let authority = &value["authority"]["account"];
        assert_eq!(authority["homePage"], "http://127.0.0.1:8080");
        assert!(authority["name"].as_str().unwrap().starts_with("key_"));
        assert!(matches!(
            one(&app, any(), id(2), false, Format::Exact, false, Preferred::default()).await,
            Err(Error::NotFound(_))
        ));
    }

    // xAPI Data 2.4.1; 4.2.1: A statement without an id gets one.
    async fn ids_that_the_server_gives_are_those_that_clients_know(store: Store) {
        let app = app(store);
        let mut nameless = statement(1, "ana", "completed", "a");
        nameless.as_object_mut().unwrap().remove("id");
        let ids = send(&app, json!([nameless, nameless, nameless])).await.unwrap();
        assert!(ids.iter().all(|id| id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122));
        assert!(ids.is_sorted() && ids[0] != ids[1]);
    }

    // xAPI Data 2.3.1; 4.2.4: The same id with another meaning is a conflict; with the same meaning it changes nothing.
    async fn an_id_means_one_thing_for_ever(store: Store) {
        let app = app(store);
        send(&app, statement(1, "ana", "completed", "a")).await.unwrap();
        let mut same = statement(1, "ana", "completed", "a");
        same["actor"]["objectType"] = "Agent".into();
        send(&app, json!([same, statement(2, "ana", "completed", "b")])).await.unwrap();
        assert_eq!(numbers(&app, &[]).await, [2, 1]);
        let other = json!([statement(3, "ana", "completed", "c"), statement(1, "bob", "completed", "a")]);
        let Err(Error::Conflict(why)) = send(&app, other).await else { panic!("a conflict was due") };
        assert!(why.contains(&id(1).to_string()), "{why}");
        assert_eq!(numbers(&app, &[]).await, [2, 1], "nothing half-applied");
    }

    // xAPI Data 2.3.1; 4.2.4: An id that is sent twice at the same moment is stored once.
    async fn the_same_id_sent_at_once_is_stored_once(store: Store) {
        let app = app(store);
        let mut sending = Vec::new();
        for n in 0..24 {
            let app = app.clone();
            let who = if n % 2 == 0 { "ana" } else { "bob" };
            let batch = json!([statement(100 + n, who, "completed", "a"), statement(7, who, "completed", "x")]);
            sending.push(tokio::spawn(async move { send(&app, batch).await.map(|_| who) }));
        }
        let mut kept = Vec::new();
        for one in sending {
            match one.await.unwrap() {
                Ok(who) => kept.push(who),
                Err(Error::Conflict(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(kept.len(), 12, "whoever came first decided what it means: {kept:?}");
        assert!(kept.iter().all(|who| *who == kept[0]));
        let found = search(&app, &[("ascending", "true")]).await.statements;
        assert_eq!(found.len(), 13);
        let stored: Vec<domain::time::Instant> = found
            .iter()
            .map(|t| serde_json::from_str::<Value>(t).unwrap()["stored"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(stored.is_sorted(), "{stored:?}");
    }

    // xAPI Communication 2.1.3; 4.1.6.1: agent, verb, activity, registration, related_agents and related_activities find what they name.
    async fn filters(store: Store) {
        let app = app(store);
        let registration = "ec531277-b57b-4c15-8d91-d292c5b2b8f7";
        let mut taught = statement(3, "bob", "completed", "b");
        taught["context"] = json!({
            "registration": registration,
            "instructor": {"mbox": "mailto:ana@example.com"},
            "contextActivities": {"parent": [{"id": "https://learn.example/a"}]}
        });
        let team = json!({
            "id": id(4).to_string(),
            "actor": {"objectType": "Group", "member": [{"mbox": "mailto:ana@example.com"}]},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/attended"},
            "object": {"id": "https://learn.example/w"}
        });
        send(&app, json!([statement(1, "ana", "completed", "a"), statement(2, "ana", "passed", "a"), taught, team])).await.unwrap();
        let completed = ("verb", "http://adlnet.gov/expapi/verbs/completed");
        let a = ("activity", "https://learn.example/a");
        assert_eq!(numbers(&app, &[]).await, [4, 3, 2, 1]);
        assert_eq!(numbers(&app, &[("ascending", "true"), ("limit", "2")]).await, [1, 2]);
        assert_eq!(numbers(&app, &[ANA]).await, [4, 2, 1]);
        assert_eq!(numbers(&app, &[ANA, ("related_agents", "true")]).await, [4, 3, 2, 1]);
        assert_eq!(numbers(&app, &[ANA, completed]).await, [1]);
        assert_eq!(numbers(&app, &[a]).await, [2, 1]);
        assert_eq!(numbers(&app, &[a, ("related_activities", "true")]).await, [3, 2, 1]);
        assert_eq!(numbers(&app, &[a, completed]).await, [1]);
        assert_eq!(numbers(&app, &[a, ANA, completed, ("related_agents", "true"), ("related_activities", "true")]).await, [3, 1]);
        assert_eq!(numbers(&app, &[("registration", registration)]).await, [3]);
        assert_eq!(numbers(&app, &[("registration", registration), ANA]).await, Vec::<u128>::new());
        assert_eq!(numbers(&app, &[("registration", registration), ANA, ("related_agents", "true"), a, ("related_activities", "true")]).await, [3]);
        assert_eq!(numbers(&app, &[("agent", r#"{"mbox":"mailto:nobody@example.com"}"#)]).await, Vec::<u128>::new());
    }

    // xAPI Communication 2.1.3; 4.1.6.1: since and until are held against `stored`: after the one, at or before the other.
    async fn since_and_until_follow_stored(store: Store) {
        let app = app(store);
        for n in 1..=5 {
            app.clock.set(format!("2026-03-18T08:4{n}:00Z").parse().unwrap());
            send(&app, statement(n, "ana", "completed", "a")).await.unwrap();
        }
        assert_eq!(numbers(&app, &[("since", "2026-03-18T08:43:00Z")]).await, [5, 4]);
        assert_eq!(numbers(&app, &[("until", "2026-03-18T08:43:00Z")]).await, [3, 2, 1]);
        assert_eq!(numbers(&app, &[ANA, ("since", "2026-03-18T08:41:30Z"), ("until", "2026-03-18T08:44:30Z")]).await, [4, 3, 2]);
        assert_eq!(numbers(&app, &[("since", "2030-01-01T00:00:00Z")]).await, Vec::<u128>::new());
        assert_eq!(numbers(&app, &[("until", "2020-01-01T00:00:00Z")]).await, Vec::<u128>::new());
        assert_eq!(search(&app, &[]).await.through, app.now());
    }

    // xAPI Data 2.4.8; 4.2.4.3: `stored` never goes back.
    async fn a_clock_that_goes_back_does_not_turn_the_order_round(store: Store) {
        let app = app(store);
        send(&app, statement(1, "ana", "completed", "a")).await.unwrap();
        app.clock.set("2026-03-18T07:00:00Z".parse().unwrap());
        send(&app, statement(2, "ana", "completed", "b")).await.unwrap();
        let found = search(&app, &[("ascending", "true")]).await.statements;
        let second: Value = serde_json::from_str(&found[1]).unwrap();
        assert_eq!(second["stored"], "2026-03-18T08:41:00.000001Z");
    }

    // xAPI Communication 2.1.3; 4.1.6.1: A list that goes on neither repeats nor leaves out what was there when it began.
    async fn pages_are_stable_while_statements_arrive(store: Store) {
        let app = app(store);
        let all: Vec<Value> = (1..=25).map(|n| statement(n, "ana", "completed", "a")).collect();
        send(&app, json!(all)).await.unwrap();
        for ascending in ["true", "false"] {
            let asked = filter(&[ANA, ("limit", "10"), ("ascending", ascending)]);
            let (mut page, mut seen, mut pages) = (None, Vec::new(), 0);
            loop {
                let found = find(&app, any(), Query { filter: asked.clone(), page, ..Query::default() }).await.unwrap();
                seen.extend(found.statements.iter().map(|t| number(t)));
                pages += 1;
                send(&app, statement(1000 + 10 * pages + u128::from(ascending == "true"), "ana", "completed", "a")).await.unwrap();
                let Some(next) = found.next else { break };
                page = Some(next.to_string().parse().unwrap());
            }
            seen.retain(|n| *n < 1000);
            let mut want: Vec<u128> = (1..=25).collect();
            if ascending == "false" {
                want.reverse();
            }
            assert_eq!(seen, want);
        }
        assert!("x".parse::<app::statements::Page>().is_err());
        assert!("1-".parse::<app::statements::Page>().is_err());
        assert!("-5--7".parse::<app::statements::Page>().is_err());
    }

    // xAPI Data 2.3.2; 4.2.5: A voided statement is found by voidedStatementId alone; a voiding statement is never voided.
    async fn voiding_works_in_any_order(store: Store) {
        let app = app(store);
        let void = |n: u128, target: u128| json!({
            "id": id(n).to_string(),
            "actor": {"mbox": "mailto:admin@example.com"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": id(target).to_string().to_string()}
        });
        send(&app, statement(1, "ana", "completed", "a")).await.unwrap();
        send(&app, void(11, 1)).await.unwrap();
        send(&app, void(12, 2)).await.unwrap();
        send(&app, statement(2, "ana", "completed", "a")).await.unwrap();
        send(&app, json!([void(13, 3), statement(3, "ana", "completed", "b"), statement(4, "ana", "completed", "b")])).await.unwrap();
        // A voiding statement is not voided.
        send(&app, void(14, 11)).await.unwrap();
        assert_eq!(numbers(&app, &[]).await, [14, 4, 13, 12, 11]);
        for n in [1, 2, 3] {
            let exact = |voided| one(&app, any(), id(n), voided, Format::Exact, false, Preferred::default());
            assert!(exact(false).await.is_err());
            assert_eq!(number(&exact(true).await.unwrap().statements[0]), n);
        }
        assert!(one(&app, any(), id(11), true, Format::Exact, false, Preferred::default()).await.is_err());
        // What voids a statement of Ana's is about it, and found where it would be (Communication 2.1.3).
        assert_eq!(numbers(&app, &[ANA]).await, [14, 4, 13, 12, 11]);
        assert_eq!(numbers(&app, &[("activity", "https://learn.example/a")]).await, [14, 12, 11]);
    }

    // xAPI Communication 2.1.3; 4.1.6.1: Filters find statements about a statement that they match, through any number of references.
    async fn references_are_followed_whatever_came_first(store: Store) {
        let app = app(store);
        let about = |n: u128, target: u128| json!({
            "id": id(n).to_string(),
            "actor": {"mbox": "mailto:lead@example.com"},
            "verb": {"id": "http://example.com/confirmed"},
            "object": {"objectType": "StatementRef", "id": id(target).to_string().to_string()}
        });
        send(&app, about(3, 2)).await.unwrap();
        send(&app, about(2, 1)).await.unwrap();
        assert_eq!(numbers(&app, &[ANA]).await, Vec::<u128>::new());
        send(&app, statement(1, "ana", "completed", "a")).await.unwrap();
        assert_eq!(numbers(&app, &[ANA]).await, [1, 2, 3]);
        assert_eq!(numbers(&app, &[ANA, ("verb", "http://adlnet.gov/expapi/verbs/completed"), ("limit", "2")]).await, [1, 2]);
        // Each of two conditions is met by another statement: that is no match.
        assert_eq!(numbers(&app, &[ANA, ("verb", "http://example.com/confirmed")]).await, Vec::<u128>::new());
        send(&app, about(5, 5)).await.unwrap();
    }

    async fn whatever_waits_or_was_taken_in_is_found_as_a_plain_search_finds_it(store: Store) {
        let app = app(store);
        let mut state = 11_u64;
        let mut dice = move |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        const MANY: u128 = 2_000;
        const WHO: [&str; 4] = ["ana", "bob", "cid", "dee"];
        const VERBS: [&str; 3] = ["completed", "passed", "failed"];
        const WHAT: [&str; 5] = ["a", "b", "c", "d", "e"];
        let mut all = Vec::new();
        for n in 1..=MANY {
            // Most are Ana's, so that her chunks fill up; one in twelve is about another, which may come later or never.
            let who = WHO[(dice(9) as usize).saturating_sub(5)];
            let mut one = statement(n, who, VERBS[dice(3) as usize], WHAT[dice(5) as usize]);
            if dice(12) == 0 {
                one["object"] = json!({"objectType": "StatementRef", "id": id(1 + u128::from(dice(2_100))).to_string()});
            } else if dice(3) == 0 {
                one["context"] = json!({"contextActivities": {"parent": [{"id": format!("https://learn.example/{}", WHAT[dice(5) as usize])}]}});
            }
            all.push(one);
        }
        let mut rest = all.as_slice();
        let mut round = 0;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(rest.len().min(1 + dice(190) as usize));
            send(&app, json!(batch)).await.unwrap();
            rest = after;
            round += 1;
            if round % 3 == 0 {
                while app::statements::take_in(&app).await.unwrap() {}
            }
        }
        // What a plain search over everything finds, by the words of the specification.
        let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        type Asked<'a> = (Option<&'a str>, Option<&'a str>, Option<(&'a str, bool)>);
        let own = |s: &Value, (who, verb, what): Asked<'_>| {
            who.is_none_or(|w| text(s, "/actor/name") == w)
                && verb.is_none_or(|v| text(s, "/verb/id").ends_with(v))
                && what.is_none_or(|(a, anywhere)| {
                    let iri = format!("https://learn.example/{a}");
                    text(s, "/object/id") == iri || anywhere && text(s, "/context/contextActivities/parent/0/id") == iri
                })
        };
        let target = |s: &Value| -> Option<usize> {
            (text(s, "/object/objectType") == "StatementRef").then(|| text(s, "/object/id").parse::<Uuid>().unwrap())
                .map(|id| (id.as_u128() & 0xFFFF) as usize - 1)
        };
        let matches = |n: usize, asked: Asked<'_>| {
            let (mut at, mut seen) = (n, vec![n]);
            loop {
                if own(&all[at], asked) {
                    return true;
                }
                match target(&all[at]).filter(|t| *t < all.len() && !seen.contains(t)) {
                    Some(next) => (at, _) = (next, seen.push(next)),
                    None => return false,
                }
            }
        };
        let completed = "http://adlnet.gov/expapi/verbs/completed";
        let cases: [(Asked<'_>, Vec<(&str, &str)>); 6] = [
            ((Some("ana"), None, None), vec![ANA]),
            ((None, Some("completed"), None), vec![("verb", completed)]),
            ((Some("ana"), Some("completed"), None), vec![ANA, ("verb", completed)]),
            ((None, None, Some(("a", false))), vec![("activity", "https://learn.example/a")]),
            ((None, None, Some(("a", true))), vec![("activity", "https://learn.example/a"), ("related_activities", "true")]),
            ((Some("ana"), Some("completed"), Some(("b", true))), vec![ANA, ("verb", completed), ("activity", "https://learn.example/b"), ("related_activities", "true")]),
        ];
        for (all_in, again) in [(false, false), (true, false), (false, true), (true, true)] {
            if again && !all_in {
                app.store.write(app::statements::rebuild).await.unwrap();
            }
            if all_in {
                while app::statements::take_in(&app).await.unwrap() {}
            }
            for (asked, pairs) in &cases {
                for ascending in ["true", "false"] {
                    let mut want: Vec<u128> = (0..all.len()).filter(|&n| matches(n, *asked)).map(|n| n as u128 + 1).collect();
                    if ascending == "false" {
                        want.reverse();
                    }
                    let (mut got, mut page) = (Vec::new(), None);
                    let asked_for = filter(&[pairs.as_slice(), &[("ascending", ascending), ("limit", "170")]].concat());
                    loop {
                        let found = find(&app, any(), Query { filter: asked_for.clone(), page, ..Query::default() }).await.unwrap();
                        got.extend(found.statements.iter().map(|text| number(text)));
                        let Some(next) = found.next else { break };
                        page = Some(next);
                    }
                    assert_eq!(got, want, "{pairs:?} ascending {ascending}, all taken in: {all_in}, made again: {again}");
                }
            }
        }
        let dictionaries = app.store.read(|r| Ok::<_, Error>(store::db::pack::learnt_from(r)?)).await.unwrap();
        assert_eq!(dictionaries, MANY as i64, "by now it is known what they have in common");
        send(&app, statement(9_000, "ana", "completed", "a")).await.unwrap();
        let newest = search(&app, &[("limit", "2")]).await.statements;
        assert_eq!(newest.iter().map(|text| number(text)).collect::<Vec<_>>(), [9_000, MANY]);
    }

    // xAPI Communication 4.2; 4.1.7: statements/read/mine reads what the same key sent.
    async fn keys_with_the_narrow_scope_read_their_own(store: Store) {
        let app = app(store);
        for key in [1, 2] {
            let text = statement(key, "ana", "completed", "a").to_string();
            let received = parse_statements(text.as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
            accept(&app, source(&app, key), received, vec![]).await.unwrap();
        }
        let own: Permit<ReadOwnStatements> = permit(&machine(2), Relation::NONE, ReadOwnStatements(())).unwrap();
        let own = Reader::own(&own).unwrap();
        let found = find(&app, own, Query { filter: filter(&[ANA]), ..Query::default() }).await.unwrap();
        assert_eq!(found.statements.len(), 1);
        assert!(one(&app, own, id(1), false, Format::Exact, false, Preferred::default()).await.is_err());
        assert!(one(&app, own, id(2), false, Format::Exact, false, Preferred::default()).await.is_ok());
    }

    async fn actors_are_persons_by_address_or_wait(store: Store) {
        let app = app(store);
        let may: Permit<WriteAssignment> = permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap();
        let ana = PersonRow { line: 2, code: "E1".into(), name: Some("Ana".into()), email: Some("Ana@Example.com".into()), ..PersonRow::default() };
        import_persons(&app, &may, vec![ana], false).await.unwrap();
        let mut taught = statement(2, "zoe", "completed", "a");
        taught["context"] = json!({"instructor": {"mbox": "mailto:teacher@example.com"}});
        send(&app, json!([statement(1, "ana", "completed", "a"), taught])).await.unwrap();
        let (waiting, ana) = app.store.read(|r| {
            let keys = vec!["mbox:mailto:ana@example.com".to_owned()];
            Ok::<_, Error>((store::people::unresolved_accounts(r, None, 10)?, store::people::accounts_by_key(r, &keys)?))
        }).await.unwrap();
        assert!(ana.values().next().unwrap().person.is_some());
        let keys: Vec<&str> = waiting.iter().map(|a| a.key.as_str()).collect();
        assert_eq!(keys, ["mbox:mailto:zoe@example.com"], "who only teaches or vouches does not wait");
        assert_eq!(waiting[0].display.as_deref(), Some("zoe"));
    }

    // xAPI Communication 2.1.3; 4.1.6.1: format is exact, ids or canonical, with the language that the reader asks for.
    async fn definitions_are_gathered_and_forms_are_given(store: Store) {
        let app = app(store);
        let mut first = statement(1, "ana", "completed", "a");
        first["object"]["definition"] = json!({"name": {"en": "Second question", "de": "Die zweite Frage"}, "type": "http://example.com/lesson"});
        let mut second = statement(2, "ana", "completed", "a");
        second["object"]["definition"] = json!({"name": {"en": "The second question"}});
        send(&app, first).await.unwrap();
        send(&app, second).await.unwrap();
        let may: Permit<ReadStatements> = permit(&machine(1), Relation::NONE, ReadStatements(())).unwrap();
        let known: Value = serde_json::from_str(&app::statements::activity(&app, &may, "https://learn.example/a".into()).await.unwrap()).unwrap();
        assert_eq!(known["definition"]["name"], json!({"de": "Die zweite Frage", "en": "The second question"}));
        assert_eq!(known["definition"]["type"], "http://example.com/lesson");
        let query = Query { filter: filter(&[("format", "canonical"), ("limit", "1")]), preferred: Preferred::from_header("de"), page: None };
        let german: Value = serde_json::from_str(&find(&app, any(), query).await.unwrap().statements[0]).unwrap();
        assert_eq!(german["object"]["definition"]["name"], json!({"de": "Die zweite Frage"}));
        let ids: Value = serde_json::from_str(&search(&app, &[("format", "ids"), ("limit", "1")]).await.statements[0]).unwrap();
        assert_eq!(ids["object"], json!({"id": "https://learn.example/a"}));
        assert_eq!(ids["actor"], json!({"mbox": "mailto:ana@example.com"}));
    }

    // xAPI Communication 2.1.3; 4.1.6.1: attachments=true brings the data along, each hash once.
    async fn attachments_stay_with_their_statements(store: Store) {
        let app = app(store);
        let data = b"what was said".to_vec();
        let sha2 = xapi::sha2_of(&data, 64).unwrap();
        let mut with = statement(1, "ana", "completed", "a");
        with["attachments"] = json!([{"usageType": "http://example.com/notes", "display": {"en": "Notes"},
            "contentType": "text/plain", "length": data.len(), "sha2": sha2}]);
        let received = parse_statements(with.to_string().as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
        let attached = vec![Attached { sha2: sha2.clone(), content_type: None, data: data.clone() }];
        accept(&app, source(&app, 1), received, attached).await.unwrap();
        let found = search(&app, &[("attachments", "true")]).await;
        assert_eq!(found.attachments.len(), 1);
        assert_eq!((&found.attachments[0].body, found.attachments[0].content_type.as_str()), (&data, "text/plain"));
        assert!(search(&app, &[]).await.attachments.is_empty());
    }

    async fn many_are_loaded_inside_one_transaction(store: Store) {
        let app = app(store);
        let all: Vec<Value> = (1..=700).map(|n| statement(n, ["ana", "bob"][n as usize % 2], "completed", "a")).collect();
        let text = json!(all).to_string();
        let load = |keep: bool| {
            let received = parse_statements(text.as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
            let app = app.clone();
            async move {
                let (clock, ids) = (app.clock.clone(), app.ids.clone());
                let ready = app::statements::ready(&app, &source(&app, 1), received).await?;
                app.store.write(move |tx| {
                    let stored = app::statements::write_in(tx, &clock, &ids, ready)?;
                    if keep { Ok(stored.len()) } else { Err(Error::Busy) }
                }).await
            }
        };
        assert!(matches!(load(false).await, Err(Error::Busy)));
        assert_eq!(numbers(&app, &[]).await, Vec::<u128>::new(), "the caller's transaction decides");
        assert_eq!(load(true).await.unwrap(), 700);
        assert_eq!(load(true).await.unwrap(), 700, "once more changes nothing");
        assert_eq!(numbers(&app, &[ANA, ("ascending", "true"), ("limit", "2")]).await, [2, 4]);
        let count = app.store.read(|r| Ok::<_, Error>(store::statements::count(r)?)).await.unwrap();
        assert_eq!(count, 700);
    }

    async fn what_no_index_can_hold_is_refused(store: Store) {
        let app = app(store);
        let long = format!("https://learn.example/{}", "x".repeat(3_000));
        let nul = json!({"account": {"homePage": "https://crm.example", "name": "a\u{0}b"}});
        for (field, value) in [("actor", nul), ("object", json!({"id": long})), ("verb", json!({"id": long}))] {
            let mut bad = statement(1, "ana", "completed", "a");
            bad[field] = value;
            let Ok(received) = parse_statements(bad.to_string().as_bytes(), Version::V1_0_3, Limits::default()) else { continue };
            let refused = accept(&app, source(&app, 1), received, vec![]).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{field}: {refused:?}");
        }
        let mut far = statement(3, "ana", "completed", "a");
        far["timestamp"] = "9999-12-30T00:00:00Z".into();
        let mut old = statement(4, "ana", "completed", "a");
        old["timestamp"] = "0001-01-01T00:00:00Z".into();
        send(&app, json!([far, old])).await.unwrap();
    }
}
