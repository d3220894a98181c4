//! The roll-up by day, on both databases: any order and any batching of the same statements gives the same rows.

use std::collections::BTreeSet;

use app::learning::{adoption, lately, rebuild, roll_up};
use app::people::{PersonRow, UnitRow, import_persons, import_units, resolve};
use app::statements::{Source, accept};
use app::{App, Clock, Error, Ids, Settings};
use domain::access::{
    Permit, ReadLearning, ReadOrgBoard, Relation, SendStatements, Who, WriteAssignment, permit,
};
use domain::ids::PersonId;
use domain::time::{Day, Zone};
use serde_json::{Value, json};
use store::Store;
use uuid::Uuid;
use xapi::{Limits, Version, parse_statements};

fn app(store: Store) -> App {
    let now = "2026-03-18T08:41:00Z".parse().unwrap();
    let settings = Settings { zone: Zone::named("Europe/Berlin").unwrap(), ..Settings::default() };
    App::new(store, Clock::at(now), Ids::seeded(1), settings)
}

fn may_profile() -> Permit<domain::access::WriteProfile> {
    permit(&Who::Host, Relation::NONE, domain::access::WriteProfile(())).unwrap()
}

fn may_assign() -> Permit<WriteAssignment> {
    permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_4000_8000_0000_0000_0000 + n)
}

fn account(who: &str) -> String {
    format!("account:https://lms.example|{who}")
}

fn statement(n: u128, at: &str, who: &str, verb: &str, activity: &str) -> Value {
    json!({
        "id": id(n).to_string(),
        "timestamp": at,
        "actor": {"account": {"homePage": "https://lms.example", "name": who}},
        "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}")},
        "object": {"id": format!("https://learn.example/{activity}"), "definition": {"name": {"en": format!("Lesson {activity}")}}}
    })
}

fn lasting(minutes: i64, mut statement: Value) -> Value {
    statement["result"] = json!({"duration": format!("PT{minutes}M"), "completion": true});
    statement
}

fn void(n: u128, target: u128) -> Value {
    json!({
        "id": id(n).to_string(),
        "actor": {"mbox": "mailto:admin@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": id(target).to_string().to_string()}
    })
}

async fn send(app: &App, statements: &[Value]) {
    let may: Permit<SendStatements> = permit(&Who::Host, Relation::NONE, SendStatements(())).unwrap();
    let define = permit(&Who::Host, Relation::NONE, domain::access::DefineActivities(())).unwrap();
    let text = json!(statements).to_string();
    let received = parse_statements(text.as_bytes(), Version::V1_0_3, Limits::default()).unwrap();
    accept(app, Source::new(app, &may, Some(&define), Version::V1_0_3), received, vec![]).await.unwrap();
}

/// Berlin and New York, with a person each, and one who moved from the first to the second.
async fn company(app: &App) {
    let unit = |line, code: &str, zone: Option<&str>, parent: Option<&str>| UnitRow {
        line,
        code: code.into(),
        name: Some(code.into()),
        kind: Some("branch".into()),
        parent: parent.map(Into::into),
        zone: zone.map(Into::into),
        ..UnitRow::default()
    };
    let units = vec![
        unit(2, "ORG", None, None),
        unit(3, "B", None, Some("ORG")),
        unit(4, "N", Some("America/New_York"), Some("ORG")),
    ];
    import_units(app, &may_assign(), units, false).await.unwrap();
    let person = |line, code: &str, unit: &str, from: &str| PersonRow {
        line,
        code: code.into(),
        name: Some(code.into()),
        email: Some(format!("{code}@example.com")),
        unit: Some(unit.into()),
        job_role: Some("Account manager".into()),
        from: Some(from.parse().unwrap()),
        accounts: vec![account(code)],
        ..PersonRow::default()
    };
    let people = vec![
        person(2, "ann", "B", "2024-01-01"),
        person(3, "bob", "N", "2024-01-01"),
        person(4, "cid", "B", "2024-01-01"),
    ];
    import_persons(app, &may_assign(), people, false).await.unwrap();
    import_persons(app, &may_assign(), vec![person(2, "cid", "N", "2026-03-03")], false).await.unwrap();
}

async fn person(app: &App, code: &'static str) -> PersonId {
    app.store
        .read(move |r| Ok::<_, Error>(store::people::person_by_code(r, code)?.unwrap().id))
        .await
        .unwrap()
}

/// Every row as text, once there is nothing more to do.
async fn rows(app: &App, limit: u32) -> Vec<String> {
    while roll_up(app, limit).await.unwrap() > 0 {}
    app.store
        .read(|r| {
            let mut all = Vec::new();
            let names = store::people::directory(r)?.persons;
            store::learning::each(r, |d| {
                let who = names.iter().find(|p| p.id == d.person).unwrap();
                let activity = d.activity.rsplit('/').next().unwrap_or_default();
                all.push(format!(
                    "{} {} {activity} {} min, {} of {} completed, {} passed, {:?}",
                    who.code, d.day, d.minutes, d.completions, d.statements, d.passes, d.best_score
                ));
                Ok(())
            })?;
            all.sort();
            Ok::<_, Error>(all)
        })
        .await
        .unwrap()
}

testkit::both_databases! {
    async fn days_follow_the_zone_of_the_unit(store: Store) {
        let app = app(store);
        company(&app).await;
        let at = "2026-03-02T23:30:00Z";
        send(&app, &[
            lasting(10, statement(1, at, "ann", "completed", "a")),
            lasting(10, statement(2, at, "bob", "completed", "a")),
            lasting(10, statement(3, "2026-03-02T12:00:00Z", "cid", "completed", "a")),
            lasting(10, statement(4, "2026-03-04T03:00:00Z", "cid", "completed", "a")),
        ]).await;
        assert_eq!(rows(&app, 100).await, [
            "ann 2026-03-03 a 10 min, 1 of 1 completed, 0 passed, None",
            "bob 2026-03-02 a 10 min, 1 of 1 completed, 0 passed, None",
            "cid 2026-03-02 a 10 min, 1 of 1 completed, 0 passed, None",
            "cid 2026-03-03 a 10 min, 1 of 1 completed, 0 passed, None",
        ]);
    }

    async fn what_is_voided_goes_and_what_is_repeated_stays_one(store: Store) {
        let app = app(store);
        company(&app).await;
        let one = lasting(10, statement(1, "2026-03-02T12:00:00Z", "ann", "completed", "a"));
        send(&app, std::slice::from_ref(&one)).await;
        assert_eq!(rows(&app, 10).await.len(), 1);
        send(&app, &[one]).await;
        assert_eq!(rows(&app, 10).await.len(), 1);
        send(&app, &[void(2, 1)]).await;
        assert_eq!(rows(&app, 10).await, Vec::<String>::new());
        send(&app, &[void(4, 3)]).await;
        rows(&app, 10).await;
        send(&app, &[lasting(10, statement(3, "2026-03-02T12:00:00Z", "ann", "completed", "a"))]).await;
        assert_eq!(rows(&app, 10).await, Vec::<String>::new(), "voided before it came");
    }

    async fn an_account_that_changes_hands_takes_its_days_along(store: Store) {
        let app = app(store);
        company(&app).await;
        send(&app, &[lasting(10, statement(1, "2026-03-02T12:00:00Z", "unknown", "completed", "a"))]).await;
        assert_eq!(rows(&app, 10).await, Vec::<String>::new());
        let waiting = app.store.read(|r| Ok::<_, Error>(store::people::unresolved_accounts(r, None, 9)?)).await.unwrap();
        assert_eq!(waiting.len(), 1);
        for code in ["ann", "bob"] {
            let whose = person(&app, code).await;
            resolve(&app, &may_profile(), waiting[0].id, Some(whose)).await.unwrap();
            let rows = rows(&app, 10).await;
            assert_eq!(rows.len(), 1, "{rows:?}");
            assert!(rows[0].starts_with(code), "{rows:?}");
        }
        resolve(&app, &may_profile(), waiting[0].id, None).await.unwrap();
        assert_eq!(rows(&app, 10).await, Vec::<String>::new());
    }

    /// Any order and any batching of the same statements gives the same rows, and so does a rebuild.
    async fn order_and_batching_do_not_matter(store: Store) {
        let app = app(store);
        company(&app).await;
        let mut all = Vec::new();
        let mut state = 7_u64;
        let mut dice = move |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for n in 1..=120_u128 {
            let who = ["ann", "bob", "cid", "unknown"][dice(4) as usize];
            let at = format!("2026-03-{:02}T{:02}:{:02}:00Z", 1 + dice(5), dice(24), dice(60));
            let verb = ["initialized", "completed", "passed", "terminated", "experienced"][dice(5) as usize];
            let mut one = statement(n, &at, who, verb, ["a", "b", "course"][dice(3) as usize]);
            if dice(2) == 0 {
                one = lasting(1 + dice(90) as i64, one);
            }
            if dice(2) == 0 {
                one["context"] = json!({
                    "registration": id(900 + u128::from(dice(3))).to_string(),
                    "contextActivities": {"grouping": [{"id": "https://learn.example/course"}]}
                });
            }
            all.push(one);
        }
        for n in 1..=12_u128 {
            all.push(void(500 + n, n * 9));
        }
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        for round in 0..3_usize {
            app.store
                .write(|tx| {
                    for table in ["statement", "statement_pending", "statement_term", "statement_ref", "pipeline_cursor", "statement_counter"] {
                        tx.execute(format!("DELETE FROM {table}"), store::params![])?;
                    }
                    store::learning::clear(tx)
                })
                .await
                .unwrap();
            for i in (1..all.len()).rev() {
                let j = dice(i as u64 + 1) as usize;
                all.swap(i, j);
            }
            for batch in all.chunks([50, 7, 200][round]) {
                send(&app, batch).await;
                if round == 1 {
                    roll_up(&app, 3).await.unwrap();
                }
            }
            seen.insert(rows(&app, [1000, 3, 17][round]).await);
            assert_eq!(seen.len(), 1, "round {round} gave other rows");
        }
        assert!(seen.first().unwrap().len() > 20);
        let zone = app.settings.zone.clone();
        app.store.write(move |tx| rebuild(tx, &zone)).await.unwrap();
        seen.insert(rows(&app, 10).await);
        assert_eq!(seen.len(), 1, "a rebuild gave something else");
    }

    async fn pages_are_told_what_was_done_and_how_far_it_came(store: Store) {
        let app = app(store);
        company(&app).await;
        send(&app, &[
            lasting(10, statement(1, "2026-03-02T12:00:00Z", "ann", "completed", "a")),
            lasting(5, statement(2, "2026-03-09T12:00:00Z", "ann", "experienced", "a")),
            lasting(10, statement(3, "2026-03-10T12:00:00Z", "bob", "completed", "a")),
        ]).await;
        rows(&app, 10).await;
        let ann = person(&app, "ann").await;
        let may: Permit<ReadLearning> = permit(&Who::Host, Relation::NONE, ReadLearning(ann)).unwrap();
        let done = lately(&app, &may, day("2026-03-01"), day("2026-03-31")).await.unwrap();
        assert_eq!(done.len(), 1);
        assert_eq!((done[0].name.as_str(), done[0].minutes, done[0].completed, done[0].last), ("Lesson a", 15.0, true, day("2026-03-09")));
        let org = app.store.read(|r| Ok::<_, Error>(store::people::unit_ids(r, &["ORG".into()])?["ORG"])).await.unwrap();
        let may: Permit<ReadOrgBoard> = permit(&Who::Host, Relation::NONE, ReadOrgBoard(())).unwrap();
        let weeks = adoption(&app, &may, "https://learn.example/a".into(), vec![org], day("2026-02-23"), day("2026-03-15")).await.unwrap();
        let seen: Vec<(usize, usize)> = weeks[&org].iter().map(|w| (w.completed, w.members)).collect();
        assert_eq!(seen, [(0, 3), (1, 3), (2, 3)]);
    }
}
