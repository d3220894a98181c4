//! Erasing a person, and rules of retention: what goes, what stays, and that nothing comes back.
//!
//! Everything about the person here holds the word `quetzal`, so that one search says whether anything of them is left.

use app::{Settings, erasure, retention};
use domain::access::{AccessRole, ApplyRetention, Erase, KeyScope, ReadRetention, WriteAssignment};
use domain::retention::{Class, Rule};
use serde_json::{Value, json};
use store::Store;
use store::db::Engine;

use crate::harness::{Client, Server, host, person, settings};

const DID: &str = "http://adlnet.gov/expapi/verbs/completed";
const LESSON: &str = "https://learn.northwind.example/lessons/shared";

fn id(n: usize) -> String {
    format!("01900000-0000-4000-8000-{n:012}")
}

fn actor(who: &str) -> Value {
    json!({"objectType": "Agent", "name": format!("{who} Example"), "mbox": format!("mailto:{who}@northwind.example")})
}

fn statement(n: usize, who: &str, activity: &str) -> Value {
    json!({
        "id": id(n), "actor": actor(who), "verb": {"id": DID}, "object": {"id": activity},
        "result": {"completion": true, "duration": "PT10M"}, "timestamp": "2026-03-10T08:00:00Z",
    })
}

fn send(lms: &Client, statements: &Value) -> u16 {
    let headers = [("Content-Type", "application/json"), ("X-Experience-API-Version", "1.0.3")];
    lms.send("POST", "/xapi/statements", &headers, statements.to_string().as_bytes()).status
}

fn ask(lms: &Client, path: &str) -> crate::harness::Answer {
    lms.send("GET", path, &[("X-Experience-API-Version", "1.0.3")], b"")
}

fn put(lms: &Client, path: &str, body: &str) {
    let headers =
        [("Content-Type", "text/plain"), ("X-Experience-API-Version", "1.0.3"), ("If-None-Match", "*")];
    lms.send("PUT", path, &headers, body.as_bytes()).expect(204);
}

/// Every statement that anybody may read, and every voided one that is named.
fn everything(lms: &Client) -> String {
    let mut text = String::new();
    let mut path = "/xapi/statements?limit=500&attachments=true".to_owned();
    loop {
        let page = ask(lms, &path).expect(200).text();
        let more = page.split_once("\"more\":\"").and_then(|(_, rest)| rest.split_once('"'));
        let more = more.map(|(path, _)| path.to_owned()).unwrap_or_default();
        text.push_str(&page);
        if more.is_empty() {
            return text;
        }
        path = more;
    }
}

/// Where the word is left: in the files of the embedded database, or in a column of text.
async fn left(server: &Server) -> Vec<String> {
    let word = "quetzal";
    let store = &server.app.store;
    if store.engine() == Engine::Sqlite {
        let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()));
        let files = ["", "-wal", "-shm"].map(|end| format!("{}{end}", store.place()));
        return files.into_iter().filter(|f| std::fs::read(f).is_ok_and(|bytes| holds(&bytes))).collect();
    }
    store
        .read(move |r| -> app::Result<_> {
            let mut found = Vec::new();
            for (table, column) in r.text_columns()? {
                let sql = format!(
                    "SELECT 1 FROM {table} WHERE REPLACE(LOWER({column}), $1, '') <> LOWER({column})"
                );
                if r.exists(&sql, store::params![word])? {
                    found.push(format!("{table}.{column}"));
                }
            }
            Ok(found)
        })
        .await
        .unwrap()
}

/// Every day of learning: person, day, activity and what it came to.
async fn learnt(server: &Server) -> Vec<String> {
    server
        .app
        .store
        .read(|r| -> app::Result<_> {
            let mut all = Vec::new();
            store::learning::each(r, |day| {
                all.push(format!("{day:?}"));
                Ok(())
            })?;
            Ok(all)
        })
        .await
        .unwrap()
}

async fn settle(server: &Server) {
    app::pipeline::settle(&server.app).await.unwrap();
    while app::statements::take_in(&server.app).await.unwrap() {}
}

/// The organisation, with the person who is to go, and what is known of them.
async fn world(store: Store) -> (Server, Client) {
    let server = Server::start(store).await;
    server.org().await;
    let mut row = person("quetzal", Some("leader"));
    row.name = Some("Quetzal Xylander".into());
    server.people(vec![row, person("second", None)]).await;
    app::access::give_role(&server.app, host(WriteAssignment(())), "second", AccessRole::Privacy)
        .await
        .unwrap();
    let lms = server.key(&[KeyScope::All, KeyScope::Define]).await;
    // Enough for a dictionary to be learnt, with the person as instructor of many.
    for batch in 0..5 {
        let some: Vec<Value> = (0..500)
            .map(|n| {
                let who = ["peer", "member", "other", "leader", "top"][n % 5];
                let mut one = statement(10_000 + batch * 500 + n, who, LESSON);
                if n % 2 == 0 {
                    one["context"] = json!({"instructor": actor("quetzal")});
                }
                one
            })
            .collect();
        assert_eq!(send(&lms, &json!(some)), 200);
    }
    settle(&server).await;
    let mut own: Vec<Value> = (1..400).map(|n| statement(n, "quetzal", LESSON)).collect();
    own[0]["object"] = json!({"id": "https://learn.northwind.example/people/quetzal", "definition": {"name": {"en": "About Quetzal"}}});
    own[1]["result"]["response"] = json!("I, quetzal, wrote this");
    own[1]["result"]["extensions"] = json!({"https://x.example/quetzal": {"deep": ["quetzal"]}});
    own[2]["object"] = json!({
        "objectType": "SubStatement", "actor": actor("quetzal"), "verb": {"id": DID}, "object": {"id": LESSON}
    });
    own[3]["context"] =
        json!({"registration": id(7), "statement": {"objectType": "StatementRef", "id": id(2)}});
    // What the person voided stays voided.
    own[4] = json!({"id": id(5), "actor": actor("quetzal"), "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": id(10_001)}});
    assert_eq!(send(&lms, &json!(own)), 200);
    let mut others: Vec<Value> = (500..510).map(|n| statement(n, "peer", LESSON)).collect();
    others[0]["context"] =
        json!({"team": {"objectType": "Group", "member": [actor("quetzal"), actor("member")]}});
    others[1]["result"]["response"] = json!("asked Quetzal@northwind.example, as Quetzal Xylander said");
    others[2]["actor"] = json!({"objectType": "Group", "member": [actor("peer"), actor("quetzal")]});
    others[3]["object"] = actor("quetzal");
    others[4]["object"] = json!({"objectType": "StatementRef", "id": id(2)});
    assert_eq!(send(&lms, &json!(others)), 200);
    attach(&lms);
    let agent = "%7B%22mbox%22%3A%22mailto%3Aquetzal%40northwind.example%22%7D";
    let activity = "https%3A%2F%2Flearn.northwind.example%2Flessons%2Fshared";
    put(
        &lms,
        &format!("/xapi/activities/state?activityId={activity}&agent={agent}&stateId=s"),
        "where quetzal was",
    );
    put(&lms, &format!("/xapi/agents/profile?agent={agent}&profileId=p"), "quetzal likes birds");
    put(
        &lms,
        &format!("/xapi/activities/profile?activityId={activity}&profileId=p"),
        "owner: quetzal@northwind.example",
    );
    settle(&server).await;
    (server, lms)
}

/// A statement of theirs with an attachment.
fn attach(lms: &Client) {
    let data = "a letter by quetzal";
    let sha2 = xapi::sha2_of(data.as_bytes(), 64).unwrap();
    let mut one = statement(450, "quetzal", LESSON);
    one["attachments"] = json!([{"usageType": "http://x.example/letter", "display": {"en": "letter"},
        "contentType": "text/plain", "length": data.len(), "sha2": sha2}]);
    let body = format!(
        "--b\r\nContent-Type: application/json\r\n\r\n{one}\r\n--b\r\nContent-Type: text/plain\r\n\
         Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n{data}\r\n--b--\r\n"
    );
    let headers = [("Content-Type", "multipart/mixed; boundary=b"), ("X-Experience-API-Version", "1.0.3")];
    lms.send("POST", "/xapi/statements", &headers, body.as_bytes()).expect(200);
}

testkit::both_databases! {
    async fn nothing_of_an_erased_person_is_left_and_nothing_comes_back(store: Store) {
        let (server, lms) = world(store).await;
        let quetzal = server.id_of("quetzal").await;
        assert!(!left(&server).await.is_empty());
        let before = learnt(&server).await;
        let sent: Value = serde_json::from_str(&ask(&lms, &format!("/xapi/statements?statementId={}", id(2))).text()).unwrap();

        // One asks, another one does it.
        let officer = server.sign_in_as(server.id_of("privacy").await).await;
        let second = server.sign_in_as(server.id_of("second").await).await;
        let page = officer.form("/erasures", &[("person", "quetzal"), ("why", "quetzal wrote to us")]).expect(303);
        let page = page.header("location").to_owned();
        officer.get(&page).expect(200).contains("400 statements").contains("Another privacy officer does it");
        officer.form(&format!("{page}/apply"), &[]).expect(403);
        assert_eq!(officer.form("/erasures", &[("person", "quetzal"), ("why", "again")]).status, 409);
        second.get(&page).expect(200).contains("Erase for good");
        second.form(&format!("{page}/apply"), &[]).expect(303);
        let receipt = second.get(&page).expect(200);
        // 398 of theirs and one with an attachment; the one that voids stays without them.
        let receipt = receipt.contains("gone: 399 statements of theirs;").contains("gone: 2 documents of theirs");
        assert!(!receipt.text().to_ascii_lowercase().contains("quetzal"), "{}", receipt.text());
        assert_eq!(second.form(&format!("{page}/apply"), &[]).status, 409);

        assert_eq!(left(&server).await, Vec::<String>::new());
        let all = everything(&lms);
        assert!(!all.to_ascii_lowercase().contains("quetzal"));
        // What others said stays, without them: 1,250 with them as instructor, and those that named them.
        assert_eq!(all.matches("\"name\":\"erased\"").count(), 1_250 + 4, "in a team, in a group, as object, as who voids");
        assert!(all.contains("asked (erased), as (erased) said"), "{all}");
        let agent = "%7B%22mbox%22%3A%22mailto%3Aquetzal%40northwind.example%22%7D";
        let none = ask(&lms, &format!("/xapi/statements?agent={agent}&related_agents=true")).expect(200);
        assert_eq!(none.json()["statements"], json!([]));
        // What they voided stays voided.
        ask(&lms, &format!("/xapi/statements?statementId={}", id(10_001))).expect(404);
        ask(&lms, &format!("/xapi/statements?voidedStatementId={}", id(10_001))).expect(200);

        // The same again is taken as if it were here, another meaning is refused, and neither brings it back.
        assert_eq!(send(&lms, &json!([statement(3, "quetzal", "x:y")])), 409);
        let again = json!({"id": sent["id"], "actor": sent["actor"], "verb": sent["verb"], "object": sent["object"],
            "result": sent["result"], "timestamp": sent["timestamp"]});
        assert_eq!(send(&lms, &json!([again, statement(77_777, "peer", LESSON)])), 200);
        ask(&lms, &format!("/xapi/statements?statementId={}", id(2))).expect(404);
        ask(&lms, &format!("/xapi/statements?statementId={}", id(77_777))).expect(200);
        settle(&server).await;
        assert_eq!(left(&server).await, Vec::<String>::new());

        // What was counted stays, and a rebuild changes nothing.
        let after = learnt(&server).await;
        let of = |days: &[String]| days.iter().filter(|d| d.contains(&quetzal.to_string()) || d.contains(&format!("{:?}", quetzal))).cloned().collect::<Vec<_>>();
        let shared: Vec<String> = of(&before).into_iter().filter(|d| d.contains("shared")).collect();
        assert_eq!(of(&after), shared, "days with what five people did stay, others go");
        assert_eq!(of(&before).len(), 2);
        let zone = server.app.settings.zone.clone();
        server.app.store.write(app::statements::rebuild).await.unwrap();
        while app::statements::take_in(&server.app).await.unwrap() {}
        server.app.store.write(move |tx| app::learning::rebuild(tx, &zone)).await.unwrap();
        assert_eq!(learnt(&server).await, after);
        assert_eq!(everything(&lms).matches("\"name\":\"erased\"").count(), 1_250 + 4);
    }

    async fn a_person_asks_and_the_host_erases(store: Store) {
        let (server, lms) = world(store).await;
        let quetzal = server.id_of("quetzal").await;
        let own = server.sign_in_as(quetzal).await;
        own.form("/me/erasure", &[("why", "")]).expect(400);
        own.form("/me/erasure", &[("why", "I leave")]).expect(303);
        own.get("/erasures").expect(403);
        let officer = server.sign_in_as(server.id_of("privacy").await).await;
        officer.get("/erasures").expect(200).contains("One erasure waits").contains("I leave");
        let preview = erasure::preview(&server.app, &host(Erase(quetzal)), quetzal).await.unwrap();
        assert_eq!((preview.statements, preview.namesakes), (400, 0));
        let (_, receipt) = erasure::erase(&server.app, &host(Erase(quetzal))).await.unwrap();
        assert_eq!((receipt.statements, receipt.documents, receipt.documents_mended), (399, 2, 1));
        assert_eq!((receipt.activities, receipt.name_swept), (1, true));
        assert_eq!(left(&server).await, Vec::<String>::new());
        assert!(own.get("/today").expect(303).header("location").starts_with("/sign-in"));
        officer.get("/erasures").expect(200).contains("No erasure waits");
        // Doing it twice is doing it once.
        let (_, again) = erasure::erase(&server.app, &host(Erase(quetzal))).await.unwrap();
        assert_eq!((again.statements, again.mended), (0, 0));
        assert!(everything(&lms).contains("\"name\":\"erased\""));
    }

    async fn rules_take_away_what_is_too_old(store: Store) {
        let rule = |class, days, unit: &str| Rule {
            class, days, verbs: vec![], activities: vec![], unit: unit.into(), why: "a test".into(),
        };
        let rules = vec![
            Rule { verbs: vec!["http://v.example/looked".into()], ..rule(Class::Statements, 30, "B-01") },
            rule(Class::State, 30, ""),
            rule(Class::Statements, 30, "nowhere"),
        ];
        let server = Server::start_with(store, Settings { retention: rules, ..settings() }, web::Options::default()).await;
        let org = server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        let looked = |n: usize, who: &str| {
            let mut one = statement(n, who, LESSON);
            one["verb"]["id"] = json!("http://v.example/looked");
            one
        };
        assert_eq!(send(&lms, &json!([statement(1, "peer", LESSON), looked(2, "peer"), looked(3, "stranger")])), 200);
        let agent = "%7B%22mbox%22%3A%22mailto%3Apeer%40northwind.example%22%7D";
        let state = format!("/xapi/activities/state?activityId=x%3Ay&agent={agent}&stateId=s");
        put(&lms, &state, "here");
        settle(&server).await;
        let before = learnt(&server).await;
        let due = |all: &[retention::Due]| all.iter().map(|d| d.count).collect::<Vec<_>>();
        let (all, _) = retention::look(&server.app, &host(ReadRetention(()))).await.unwrap();
        assert_eq!(due(&all), [0, 0, 0], "nothing is old enough");
        server.advance(31 * 86_400);
        let member = server.sign_in_as(org.member).await;
        member.get("/retention").expect(200).contains("3 rules say how long what is kept").contains("no unit has the code");
        let (all, _) = retention::look(&server.app, &host(ReadRetention(()))).await.unwrap();
        assert_eq!(due(&all), [1, 1, 0]);
        assert!(all[2].fault.is_some());
        ask(&lms, &format!("/xapi/statements?statementId={}", id(2))).expect(200);
        let went = retention::apply(&server.app, &host(ApplyRetention(()))).await.unwrap();
        assert_eq!(went.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 1, 0]);
        for (n, status) in [(1, 200), (2, 404), (3, 200)] {
            ask(&lms, &format!("/xapi/statements?statementId={}", id(n))).expect(status);
        }
        ask(&lms, &state).expect(404);
        member.get("/retention").expect(200).contains("1 went");
        // What comes late for such a day changes nothing that was counted; what comes again stays away.
        assert_eq!(send(&lms, &json!([looked(2, "peer"), statement(4, "peer", LESSON)])), 200);
        settle(&server).await;
        ask(&lms, &format!("/xapi/statements?statementId={}", id(2))).expect(404);
        assert_eq!(learnt(&server).await, before);
        let (all, past) = retention::look(&server.app, &host(ReadRetention(()))).await.unwrap();
        assert_eq!((due(&all), past.len()), (vec![0, 0, 0], 2));
    }
}
