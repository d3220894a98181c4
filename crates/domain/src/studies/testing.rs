//! A small rollout for tests: twelve units over 24 weeks, six of which start in week 12 and gain three.

use super::{Cost, Design, Hypothesis, Input, LaneInput, METHOD, Member, Plan, Scale, Study};
use crate::metrics::{Aggregation, Direction, Grain, Level, Metric};
use crate::time::{Cadence, Day};

/// Noise without a generator: the same for everybody who asks.
fn noise(unit: u32, week: u32) -> f64 {
    let mixed = (u64::from(unit) + 1).wrapping_mul(6_364_136_223_846_793_005)
        ^ (u64::from(week) + 7).wrapping_mul(1_442_695_040_888_963_407);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / f64::from(1 << 24) - 0.5
}

/// The frozen input.
pub(crate) fn rollout() -> Input {
    let first: Day = "2026-01-05".parse().unwrap();
    let members = (0..12)
        .map(|unit| {
            let start = (unit % 2 == 0).then_some(12);
            let value = |week: u32| {
                let gain = if start.is_some_and(|s| week as i32 >= s) { 3.0 } else { 0.0 };
                super::kept(40.0 + f64::from(unit) + 0.1 * f64::from(week) + gain + 2.0 * noise(unit, week))
            };
            Member {
                name: format!("Harbour {unit}"),
                cluster: unit,
                start,
                wave: i64::from(start.is_some()),
                people: Some(20),
                values: (0..24).map(|w| Some(value(w))).collect(),
                gaps: Vec::new(),
            }
        })
        .collect();
    Input {
        method: METHOD,
        study: "price-lesson".into(),
        design: Design::Staged,
        scale: Scale::Plain,
        drawn: false,
        locked_before_start: true,
        smallest: Some(0.5),
        progress: None,
        up_to: Cadence::Week.step(first, 23),
        lanes: vec![LaneInput {
            metric: "calls".into(),
            lane: Level::Performance,
            better: 1,
            guardrail: false,
            cadence: Cadence::Week,
            first,
            periods: 24,
            before: 12,
            after: 12,
            definition_changed: false,
            personal: false,
            exposure: None,
            members,
            episodes: Vec::new(),
        }],
        cost: Cost::default(),
    }
}

/// The study that it is a reading of, and its metric.
pub(crate) fn study() -> (Study, Metric) {
    use crate::ids::{InterventionId, MetricId, StudyId};
    let id = uuid::Uuid::from_u128;
    let metric = Metric {
        id: MetricId::new(id(1)),
        code: "calls".into(),
        version: 1,
        name: "Calls".into(),
        unit: "calls".into(),
        direction: Direction::Up,
        level: Level::Performance,
        grain: Grain::Unit,
        aggregation: Aggregation::Mean,
        cadence: Cadence::Week,
        decimals: 0,
        guardrail: false,
        owner: None,
        feed: None,
        source: "Telephone system".into(),
        description: "Calls that were answered.".into(),
    };
    let study = Study {
        id: StudyId::new(id(2)),
        code: "price-lesson".into(),
        intervention: InterventionId::new(id(3)),
        metric: metric.id,
        design: Design::Staged,
        hypothesis: Hypothesis { whom: "branches".into(), ..Hypothesis::default() },
        plan: Plan { before: 12, after: 12, ..Plan::default() },
        locked_on: "2025-12-01".parse().ok(),
        reading_day: None,
        created_at: "2025-11-01T08:00:00Z".parse().unwrap(),
        created_by: "test".into(),
    };
    (study, metric)
}
