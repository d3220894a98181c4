//! Worlds for tests: a small rollout with a known gain, and people picked at a low moment to whom nothing is done.

use super::{Cost, Design, Episode, Hypothesis, Input, LaneInput, METHOD, Member, Plan, Scale, Study};
use crate::metrics::{Aggregation, Direction, Grain, Level, Metric};
use crate::time::{Cadence, Day};

/// Noise without a generator: the same for everybody who asks (SplitMix64 of the two numbers), −½ to ½.
fn noise(unit: u32, week: u32) -> f64 {
    let mut z = (u64::from(unit) << 32 | u64::from(week)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24) - 0.5
}

/// The frozen input of twelve units over 24 weeks, six of which start in week 12 and gain three.
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

/// Normal enough: the sum of twelve uniform numbers.
fn normal(seed: u64, a: u32, b: u32) -> f64 {
    let key = a.wrapping_mul(2_654_435_761) ^ (seed as u32).wrapping_mul(40_503);
    (0..12).map(|k| noise(key, b * 12 + k)).sum()
}

/// Forty units of ten people over forty weeks. Whoever stands low over eight weeks is picked; in every other unit they
/// are given a support that does nothing. `fair` compares with those picked elsewhere, otherwise nobody is compared with.
pub(crate) fn nothing_works(seed: u64, fair: bool) -> Input {
    let (mut lane, mut episodes) = (rollout().lanes.remove(0), Vec::new());
    (lane.before, lane.after, lane.periods, lane.personal) = (8, 8, 40, true);
    lane.members.clear();
    for unit in 0..40_u32 {
        for person in 0..10_u32 {
            let who = unit * 10 + person;
            let level = 100.0 + 8.0 * normal(seed, who, 1_000);
            let value = |week: u32| {
                let shared = normal(seed, 900_000, week) + 1.5 * normal(seed, 800_000 + unit, week);
                super::kept(level + shared + 10.0 * normal(seed, who, week))
            };
            let values: Vec<Option<f64>> = (0..40).map(|w| Some(value(w))).collect();
            let window: f64 = values[12..20].iter().flatten().sum::<f64>() / 8.0;
            let given = unit % 2 == 0;
            if window < 94.0 && (fair || given) {
                episodes.push(Episode { member: who, at: 20, given });
            }
            lane.members.push(Member { cluster: unit, values, ..Member::default() });
        }
    }
    lane.episodes = episodes;
    Input { design: Design::Picked, lanes: vec![lane], smallest: Some(1.0), ..rollout() }
}
