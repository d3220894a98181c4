//! Invented numbers: the same ones each time.

use domain::time::{Cadence, Day};
use web::ui::format::{Moment, Style};
use web::ui::svg::{Interval, Spark};
use web::ui::view::*;

/// The day on which the gallery looks at the world.
pub(crate) fn today() -> Day {
    day("2026-03-18")
}

/// A day from its text.
pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap_or(Day::from_number(0))
}

/// A moment from a day and a time.
pub(crate) fn at(text: &str, hour: i8, minute: i8) -> Moment {
    Moment { day: day(text), hour, minute }
}

/// Noise between −1 and 1 that depends on the seed and the step alone.
pub(crate) fn noise(seed: u32, step: u32) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9) ^ step.wrapping_mul(0x85EB_CA6B) ^ 0x27D4_EB2F;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    x = x.wrapping_mul(0x297A_2D39);
    x ^= x >> 15;
    f64::from(x) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Weekly readings around a level that may move from one week on.
pub(crate) fn weeks(seed: u32, from: Day, n: u32, level: impl Fn(u32) -> f64, spread: f64) -> Vec<Reading> {
    (0..n)
        .map(|i| {
            let value = level(i) + spread * (noise(seed, i) + 0.5 * noise(seed ^ 77, i));
            Reading::new(from.plus(7 * i as i32), Some(value))
        })
        .collect()
}

/// A sparkline of so many weeks.
pub(crate) fn spark(seed: u32, n: u32, level: f64, spread: f64, target: Option<f64>) -> Spark {
    Spark {
        values: weeks(seed, today().plus(-7 * n as i32), n, |_| level, spread * 0.6)
            .iter()
            .map(|r| r.value)
            .collect(),
        usual: Some((level - spread, level + spread)),
        target,
        look_from: None,
    }
}

/// A frame with someone signed in.
pub(crate) fn shell(title: &str, name: &str, job_role: &str, places: &[Place], here: Place) -> Shell {
    Shell {
        viewer: Some(Viewer { name: name.to_owned(), job_role: job_role.to_owned() }),
        places: places.to_vec(),
        here: Some(here),
        unseen: Some(1),
        demo: Some("Northwind Advisors".to_owned()),
        ..Shell::bare(title, today())
    }
}

/// Maya's frame.
pub(crate) fn member(title: &str, here: Place) -> Shell {
    let mut shell = shell(title, "Maya Lindqvist", "Account manager", &[Place::Today, Place::Coaching], here);
    shell.sight = Some(Sight {
        who: "You and Daniel Osei can see this page.".to_owned(),
        looked: "Daniel last looked on Mon 16 March, 09:12. Nobody else this month.".to_owned(),
        link: Some(Link::new("My data", "/me")),
    });
    shell
}

/// Daniel's frame.
pub(crate) fn leader(title: &str, here: Place) -> Shell {
    let places = [Place::Team, Place::Coaching, Place::Support, Place::MyOwn];
    let mut shell = shell(title, "Daniel Osei", "Branch leader", &places, here);
    shell.sight = Some(Sight {
        who: "You see these six metrics for your nine people because you lead them.".to_owned(),
        looked: "Each of them sees that you looked today, 08:41.".to_owned(),
        link: Some(Link::new("My data", "/me")),
    });
    shell
}

/// Helen's frame.
pub(crate) fn executive(title: &str, here: Place) -> Shell {
    let mut shell = shell(title, "Helen Marchetti", "VP Operations", &[Place::Chains, Place::Support], here);
    shell.demo = Some("Alder Industrial".to_owned());
    shell
}

/// Farah's frame.
pub(crate) fn integrator(title: &str, here: Place) -> Shell {
    shell(title, "Farah Siddiqui", "IT integrator", &[Place::Health, Place::People], here)
}

/// Maya's successful calls, with the change, a hole and what happened.
pub(crate) fn calls_chart() -> ControlChart {
    let from = day("2025-07-07");
    let mut readings = weeks(5, from, 36, |i| if i >= 32 { 30.6 } else { 40.0 }, 3.2);
    for (i, reading) in readings.iter_mut().enumerate() {
        reading.value = reading.value.map(f64::round);
        reading.marked = i >= 32;
    }
    readings[24].value = None;
    let event =
        |on: &str, label: &str, kind, planned| Event { day: day(on), label: label.to_owned(), kind, planned };
    ControlChart {
        name: "Successful calls".to_owned(),
        sentence: "Successful calls a week: around 40 until February, around 31 in the four weeks since. \
                   The usual range is 32 to 48, the target 42."
            .to_owned(),
        style: Style::of("calls a week", 0),
        cadence: Cadence::Week,
        today: today(),
        readings,
        phases: vec![Phase { from, to: day("2026-03-16"), mean: 40.0, lo: 32.0, hi: 48.0 }],
        target: Some(42.0),
        target_band: None,
        commitment: Some(38.0),
        before: Vec::new(),
        change_from: Some(day("2026-02-16")),
        events: vec![
            event("2025-10-20", "New product line", EventKind::Happened, false),
            event("2025-12-24", "Holiday weeks", EventKind::Happened, false),
            event("2026-03-20", "Talk", EventKind::Ours, true),
        ],
    }
}

/// Calls as a sparkline.
pub(crate) fn calls_spark() -> Spark {
    let chart = calls_chart();
    Spark {
        values: chart.readings[20..].iter().map(|r| r.value).collect(),
        usual: Some((32.0, 48.0)),
        target: Some(42.0),
        look_from: Some(12),
    }
}

/// A line that came back after a talk.
pub(crate) fn recovery_chart() -> RecoveryChart {
    let from = day("2025-12-15");
    let values = [96.0, 104.0, 99.0, 92.0, 101.0, 97.0, 81.0, 78.0, 80.0, 79.0, 86.0, 91.0, 94.0];
    RecoveryChart {
        name: "Client contacts made".to_owned(),
        sentence: "Client contacts fell to about 79, and after the talk on 20 February came back a little sooner than \
                   was to be expected."
            .to_owned(),
        style: Style::plain(0),
        cadence: Cadence::Week,
        today: today(),
        readings: (0..).zip(values).map(|(i, v)| Reading::new(from.plus(7 * i), Some(v))).collect(),
        compare: vec![],
        since: None,
        expected: (0..6)
            .map(|i| {
                let x = f64::from(i);
                let mid = 79.0 + 9.0 * (1.0 - (-x / 2.5).exp());
                Expected { start: day("2026-02-16").plus(7 * i), lo: mid - 1.0 - 1.8 * x, mid, hi: mid + 1.0 + 1.8 * x }
            })
            .collect(),
        usual: Some((84.0, 112.0)),
        events: vec![
            Event { day: day("2026-02-20"), label: "Talk".to_owned(), kind: EventKind::Ours, planned: false },
            Event { day: day("2026-03-20"), label: "Check".to_owned(), kind: EventKind::Ours, planned: true },
        ],
    }
}

/// People picked at a low moment, with and without a support, by the weeks since.
pub(crate) fn picked_chart() -> RecoveryChart {
    let since = day("2026-03-16");
    let line = |values: [f64; 12]| -> Vec<Reading> {
        (-8..).zip(values).map(|(i, v)| Reading::new(since.plus(7 * i), Some(v))).collect()
    };
    RecoveryChart {
        name: "Successful calls".to_owned(),
        sentence: "Both sides came back alike after the low moment.".to_owned(),
        readings: line([39.0, 40.1, 39.4, 39.8, 33.0, 32.1, 31.8, 32.4, 36.9, 38.2, 38.8, 39.1]),
        compare: line([40.0, 39.2, 39.9, 39.1, 32.4, 32.6, 31.2, 32.0, 37.2, 38.0, 38.9, 38.7]),
        since: Some(since),
        expected: (0..4)
            .map(|i| {
                let mid = 37.0 + 0.7 * f64::from(i);
                Expected { start: since.plus(7 * i), lo: mid - 1.2, mid, hi: mid + 1.2 }
            })
            .collect(),
        usual: None,
        events: vec![Event { day: since, label: "Picked".to_owned(), kind: EventKind::Ours, planned: false }],
        ..recovery_chart()
    }
}

/// An effect from its numbers.
pub(crate) fn effect(style: Style, at: f64, lo: f64, hi: f64, naive: Option<f64>, better: i8) -> Effect {
    Effect { style, interval: Interval { at, lo, hi }, naive, better }
}

/// A grade without its rules.
pub(crate) fn graded(grade: Grade, design: &str) -> Evidence {
    Evidence { grade, design: design.to_owned(), why: vec![] }
}
