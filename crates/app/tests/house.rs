//! The first nouns through their use cases, on both databases: people and org, metrics, roll-ups, targets.

use std::collections::{BTreeMap, BTreeSet};

use app::metrics::{Definition, Incoming, OnProblem, define, record, roll_up_units};
use app::people::{PersonRow, UnitRow, import_persons, import_units};
use app::{App, Clock, Error, Ids, Settings};
use domain::access::{Permit, Relation, SendObservations, Who, WriteAssignment, permit};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::time::{Cadence, Day};
use store::Store;

fn app(store: Store) -> App {
    let now = "2026-03-18T08:41:00Z".parse().unwrap();
    App::new(store, Clock::at(now), Ids::seeded(1), Settings::default())
}

fn may_assign() -> Permit<WriteAssignment> {
    permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap()
}

fn may_send() -> Permit<SendObservations> {
    permit(&Who::Host, Relation::NONE, SendObservations(())).unwrap()
}

fn unit(line: u64, code: &str, parent: Option<&str>) -> UnitRow {
    UnitRow {
        line,
        code: code.into(),
        name: Some(format!("Unit {code}")),
        kind: Some("branch".into()),
        parent: parent.map(Into::into),
        ..UnitRow::default()
    }
}

fn person(line: u64, code: &str, unit: &str, leader: Option<&str>, from: &str) -> PersonRow {
    PersonRow {
        line,
        code: code.into(),
        name: Some(format!("Person {code}")),
        email: Some(format!("{code}@example.com")),
        unit: Some(unit.into()),
        job_role: Some("Account manager".into()),
        leader: leader.map(Into::into),
        from: Some(from.parse().unwrap()),
        accounts: vec![format!("account:https://crm.example|{code}")],
        ..PersonRow::default()
    }
}

async fn small_company(app: &App) {
    let units = vec![
        unit(2, "ORG", None),
        unit(3, "R1", Some("ORG")),
        unit(4, "B1", Some("R1")),
        unit(5, "B2", Some("R1")),
    ];
    import_units(app, &may_assign(), units, false).await.unwrap();
    let people = vec![
        person(2, "boss", "ORG", None, "2024-01-01"),
        person(3, "lead", "B1", Some("boss"), "2024-01-01"),
        person(4, "ann", "B1", Some("lead"), "2024-01-01"),
        person(5, "bob", "B1", Some("lead"), "2024-01-01"),
        person(6, "cid", "B2", Some("boss"), "2024-01-01"),
    ];
    import_persons(app, &may_assign(), people, false).await.unwrap();
}

fn metric(code: &str, aggregation: Aggregation, cadence: Cadence) -> Definition {
    Definition {
        line: 1,
        metric: Metric {
            id: Ids::seeded(9).next("2026-01-01T00:00:00Z".parse().unwrap()),
            code: code.into(),
            version: 0,
            name: code.into(),
            unit: "calls".into(),
            direction: Direction::Up,
            level: Level::Performance,
            grain: Grain::Person,
            aggregation,
            cadence,
            decimals: 0,
            guardrail: false,
            owner: None,
            feed: None,
            source: "test".into(),
            description: String::new(),
        },
        owner: Some("boss".into()),
        feed: Some("crm".into()),
        why: "first definition".into(),
    }
}

fn incoming(line: u64, metric: &str, subject: &str, day: &str, value: f64) -> Incoming {
    Incoming {
        line,
        metric: metric.into(),
        subject: subject.into(),
        day: day.parse().unwrap(),
        quantity: Quantity::plain(value),
    }
}

/// Every roll-up, as text, to compare whole states.
async fn roll_ups(app: &App) -> Vec<String> {
    while roll_up_units(app, 100).await.unwrap() > 0 {}
    app.store
        .read(|r| {
            let mut all = Vec::new();
            for metric in store::metrics::metrics(r)? {
                let far: (Day, Day) = (Day::from_number(0), Day::from_number(40_000));
                store::metrics::each_reading(r, metric.id, far.0, far.1, |x| {
                    all.push(format!(
                        "{} {} {} {:?} {} {}",
                        metric.code, x.subject, x.period, x.quantity, x.contributors, x.revision
                    ));
                    Ok(())
                })?;
            }
            Ok::<_, Error>(all)
        })
        .await
        .unwrap()
}

testkit::both_databases! {
    async fn a_dry_run_shows_the_difference_and_changes_nothing(store: Store) {
        let app = app(store);
        small_company(&app).await;
        let moved = vec![person(2, "ann", "B2", Some("boss"), "2026-02-01"), person(3, "bob", "B1", Some("lead"), "2024-01-01")];
        let dry = import_persons(&app, &may_assign(), moved.clone(), true).await.unwrap();
        assert!(!dry.applied);
        assert_eq!(dry.unchanged, 1);
        let how: Vec<&str> = dry.changes.iter().map(|c| c.how.as_str()).collect();
        assert_eq!(how, ["unit: B1 to B2 from 2026-02-01", "leader: lead to boss from 2026-02-01"]);
        let done = import_persons(&app, &may_assign(), moved.clone(), false).await.unwrap();
        assert_eq!(done.changes, dry.changes, "what was shown is what is done");
        let again = import_persons(&app, &may_assign(), moved, false).await.unwrap();
        assert_eq!(again.changes, [], "importing the same file again changes nothing");
    }

    async fn cycles_and_unknown_codes_are_refused_with_their_lines(store: Store) {
        let app = app(store);
        small_company(&app).await;
        let circle = vec![person(7, "boss", "ORG", Some("ann"), "2026-01-01")];
        let Err(Error::Invalid(faults)) = import_persons(&app, &may_assign(), circle, false).await else { panic!() };
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].place, "line 7, leader");
        assert!(faults[0].reason.contains("in a circle"), "{}", faults[0].reason);

        let lost = vec![person(9, "dee", "B9", Some("nobody"), "2026-01-01"), PersonRow { line: 10, ..PersonRow::default() }];
        let Err(Error::Invalid(faults)) = import_persons(&app, &may_assign(), lost, false).await else { panic!() };
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["line 9, unit", "line 9, leader", "line 10, code"], "every fault at once");

        let units = vec![unit(4, "ORG", Some("B1"))];
        let Err(Error::Invalid(faults)) = import_units(&app, &may_assign(), units, false).await else { panic!() };
        assert!(faults[0].reason.contains("circle"), "{}", faults[0].reason);
        let found = app.store.read(|r| Ok::<_, Error>(store::people::person_by_code(r, "dee")?)).await.unwrap();
        assert_eq!(found, None, "nothing half-applied");
    }

    async fn observations_are_idempotent_and_corrections_are_revisions(store: Store) {
        let app = app(store);
        small_company(&app).await;
        define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        let rows = vec![incoming(2, "calls", "ann", "2026-03-03", 30.0), incoming(3, "calls", "account:https://crm.example|bob", "2026-03-02", 20.0)];
        let first = record(&app, &may_send(), "a.csv", rows.clone(), OnProblem::Refuse, false).await.unwrap();
        assert_eq!((first.accepted, first.unchanged, first.corrected), (2, 0, 0));
        let again = record(&app, &may_send(), "a.csv", rows, OnProblem::Refuse, false).await.unwrap();
        assert_eq!((again.accepted, again.unchanged, again.corrected), (0, 2, 0));
        let fixed = vec![incoming(2, "calls", "ann", "2026-03-04", 33.0)];
        let fixed = record(&app, &may_send(), "b.csv", fixed, OnProblem::Refuse, false).await.unwrap();
        assert_eq!((fixed.accepted, fixed.unchanged, fixed.corrected), (0, 0, 1));
        let ups = roll_ups(&app).await;
        // Ann, Bob, and three units above them.
        assert_eq!(ups.len(), 5, "{ups:#?}");
        assert_eq!(ups.iter().filter(|u| u.contains("numerator: 53.0, denominator: Some(2.0)")).count(), 3, "{ups:#?}");
    }

    async fn one_bad_row_stops_the_batch_unless_it_may_be_skipped(store: Store) {
        let app = app(store);
        small_company(&app).await;
        define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        let rows = vec![
            incoming(2, "calls", "ann", "2026-03-03", 30.0),
            incoming(3, "calls", "nobody", "2026-03-03", 30.0),
            incoming(4, "cals", "bob", "2026-03-03", 30.0),
            incoming(5, "calls", "bob", "2026-03-03", f64::NAN),
            incoming(6, "calls", "bob", "2027-03-03", 1.0),
            incoming(7, "calls", "ann", "2026-03-05", 31.0),
        ];
        let Err(Error::Invalid(faults)) = record(&app, &may_send(), "a.csv", rows.clone(), OnProblem::Refuse, false).await else { panic!() };
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["line 3, subject", "line 4, metric", "line 5, value", "line 6, period", "line 7, period"]);
        assert_eq!(roll_ups(&app).await, Vec::<String>::new(), "nothing half-applied");
        let some = record(&app, &may_send(), "a.csv", rows, OnProblem::Skip, false).await.unwrap();
        assert_eq!((some.accepted, some.problems.len()), (1, 5));
    }

    /// Any order and any batching of the same input gives the same roll-ups, and so does a rebuild.
    async fn order_and_batching_do_not_matter(store: Store) {
        let app = app(store);
        small_company(&app).await;
        let definitions = vec![metric("calls", Aggregation::Sum, Cadence::Week), metric("share", Aggregation::Mean, Cadence::Day)];
        define(&app, &may_send(), definitions, false).await.unwrap();
        let mut rows: Vec<Incoming> = Vec::new();
        for week in 0..4 {
            for who in ["ann", "bob", "cid"] {
                let day = Day::of(2026, 1, 5).unwrap().plus(7 * week);
                rows.push(incoming(1, "calls", who, &day.to_string(), f64::from(10 + week)));
                for d in 0..3 {
                    rows.push(incoming(1, "share", who, &day.plus(d).to_string(), f64::from(week * d) / 4.0));
                }
            }
        }
        let mut state = 42_u64;
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        for round in 0..3 {
            // A fresh start: the observations go, the people stay.
            app.store
                .write(|tx| {
                    tx.execute("DELETE FROM observation", store::params![])?;
                    store::metrics::replace_readings(tx, &[])
                })
                .await
                .unwrap();
            for i in (1..rows.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rows.swap(i, (state >> 33) as usize % (i + 1));
            }
            for batch in rows.chunks([7, 48, 1][round]) {
                record(&app, &may_send(), "x", batch.to_vec(), OnProblem::Refuse, false).await.unwrap();
                if round == 1 {
                    roll_up_units(&app, 3).await.unwrap();
                }
            }
            seen.insert(roll_ups(&app).await);
        }
        assert_eq!(seen.len(), 1, "the same input gave different roll-ups");
        app.store.write(app::metrics::rebuild).await.unwrap();
        seen.insert(roll_ups(&app).await);
        assert_eq!(seen.len(), 1, "a rebuild gave something else");
    }

    async fn a_definition_is_versioned_and_keeps_its_meaning(store: Store) {
        let app = app(store);
        small_company(&app).await;
        assert_eq!(define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap().len(), 1);
        assert_eq!(define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap().len(), 0);
        record(&app, &may_send(), "x", vec![incoming(1, "calls", "ann", "2026-03-03", 3.0)], OnProblem::Refuse, false).await.unwrap();
        let Err(Error::Invalid(faults)) = define(&app, &may_send(), vec![metric("calls", Aggregation::Mean, Cadence::Week)], false).await else { panic!() };
        assert!(faults[0].reason.contains("define a new metric"), "{}", faults[0].reason);
        let mut renamed = metric("calls", Aggregation::Sum, Cadence::Week);
        renamed.metric.name = "Successful calls".into();
        renamed.why = "the CRM calls them so".into();
        assert_eq!(define(&app, &may_send(), vec![renamed], false).await.unwrap().len(), 1);
        let versions = app.store.read(|r| {
            let metric = store::metrics::metric_by_code(r, "calls")?.unwrap();
            Ok::<_, Error>((metric.version, store::metrics::versions(r, metric.id)?))
        }).await.unwrap();
        assert_eq!(versions.0, 2);
        assert_eq!(versions.1[0].why, "the CRM calls them so");
    }

    async fn who_leads_whom_follows_the_dates(store: Store) {
        let app = app(store);
        small_company(&app).await;
        import_persons(&app, &may_assign(), vec![person(2, "ann", "B2", Some("boss"), "2026-02-01")], false).await.unwrap();
        let names: BTreeMap<String, Vec<String>> = app.store.read(|r| {
            let ann = store::people::person_by_code(r, "ann")?.unwrap().id;
            let mut all = BTreeMap::new();
            for day in ["2026-01-31", "2026-02-01"] {
                let leaders = store::people::leaders_on(r, ann, day.parse().unwrap())?;
                let names = store::people::names(r, &leaders)?;
                all.insert(day.to_owned(), leaders.iter().map(|l| names[l].clone()).collect());
            }
            Ok::<_, Error>(all)
        }).await.unwrap();
        assert_eq!(names["2026-01-31"], ["Person lead", "Person boss"]);
        assert_eq!(names["2026-02-01"], ["Person boss"]);
    }
}
