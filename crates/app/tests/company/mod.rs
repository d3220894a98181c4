//! A company of branches of five, for tests: one boss, a leader for every branch, people p0, p1, …

use app::metrics::{Definition, Incoming};
use app::people::{PersonRow, UnitRow, import_persons, import_units};
use app::{App, Clock, Ids, Settings};
use domain::access::{Permit, Relation, SendObservations, Who, WriteAssignment, permit};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::time::{Cadence, Day};
use store::Store;

pub(crate) fn may_send() -> Permit<SendObservations> {
    permit(&Who::Host, Relation::NONE, SendObservations(())).unwrap()
}

/// The Monday of a week; week 49 is the newest that is due on the test's day.
pub(crate) fn week(number: i32) -> Day {
    "2026-03-02".parse::<Day>().unwrap().plus(7 * (number - 49))
}

pub(crate) fn incoming(line: u64, metric: &str, subject: &str, day: Day, value: f64) -> Incoming {
    Incoming { line, metric: metric.into(), subject: subject.into(), day, quantity: Quantity::plain(value) }
}

pub(crate) fn metric(code: &str, aggregation: Aggregation, cadence: Cadence) -> Definition {
    Definition {
        line: 1,
        metric: Metric {
            id: Ids::seeded(9).next("2026-01-01T00:00:00Z".parse().unwrap()),
            code: code.into(),
            version: 0,
            name: "Successful calls".into(),
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
        feed: Some("calls".into()),
        why: "first definition".into(),
    }
}

/// The company on Wednesday 18 March 2026, and the codes of its people.
pub(crate) async fn company(store: Store, size: usize) -> (App, Vec<String>) {
    let now = "2026-03-18T08:41:00Z".parse().unwrap();
    let app = App::new(store, Clock::at(now), Ids::seeded(1), Settings::default());
    let may: Permit<WriteAssignment> = permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap();
    let branches = size.div_ceil(5);
    let mut units = vec![UnitRow {
        line: 2,
        code: "ORG".into(),
        name: Some("Organisation".into()),
        kind: Some("company".into()),
        ..UnitRow::default()
    }];
    let mut people = vec![person("boss", "ORG", None)];
    for b in 0..branches {
        units.push(UnitRow {
            line: 3 + b as u64,
            code: format!("B{b}"),
            name: Some(format!("Branch {b}")),
            kind: Some("branch".into()),
            parent: Some("ORG".into()),
            ..UnitRow::default()
        });
        people.push(person(&format!("lead{b}"), &format!("B{b}"), Some("boss")));
    }
    let codes: Vec<String> = (0..size).map(|i| format!("p{i}")).collect();
    people.extend(
        codes
            .iter()
            .enumerate()
            .map(|(i, code)| person(code, &format!("B{}", i / 5), Some(&format!("lead{}", i / 5)))),
    );
    import_units(&app, &may, units, false).await.unwrap();
    import_persons(&app, &may, people, false).await.unwrap();
    (app, codes)
}

fn person(code: &str, unit: &str, leader: Option<&str>) -> PersonRow {
    PersonRow {
        line: 2,
        code: code.into(),
        name: Some(format!("Person {code}")),
        email: Some(format!("{code}@example.com")),
        unit: Some(unit.into()),
        job_role: Some("Account manager".into()),
        leader: leader.map(Into::into),
        from: Some("2024-01-01".parse().unwrap()),
        ..PersonRow::default()
    }
}
