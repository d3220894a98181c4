//! Targets and commitments: the agreed level, and the level that a person has promised. Kept apart, both versioned.

use serde::{Deserialize, Serialize};

use crate::ids::{CommitmentId, JobRoleId, MetricId, PersonId, TargetId, UnitId};
use crate::metrics::Direction;
use crate::time::{Day, Instant};

/// For whom a target holds. The narrowest scope wins: person, then unit (nearest first), then job role, then all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "scope", content = "id", rename_all = "snake_case")]
pub enum TargetScope {
    /// One person.
    Person(PersonId),
    /// A unit and everything below it.
    Unit(UnitId),
    /// A job role.
    JobRole(JobRoleId),
    /// Everybody whom the metric is about.
    All,
}

/// The agreed level of a metric, with its tolerated spread and the window on which it is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Our id of this version.
    pub id: TargetId,
    /// Of which metric.
    pub metric: MetricId,
    /// For whom.
    pub scope: TargetScope,
    /// Counted from 1 within metric and scope.
    pub version: i64,
    /// The level, in the metric's unit.
    pub level: f64,
    /// Allowed distance from the level, in the metric's unit; 0 or more.
    pub tolerance: f64,
    /// How many periods the level is judged on; 1 or more.
    pub window: u32,
    /// From which day it holds.
    pub from: Day,
    /// Whether this version ends the target instead of setting one.
    pub ended: bool,
    /// Who set it, as an id or a command's name.
    pub set_by: String,
    /// When it was set.
    pub set_at: Instant,
    /// Why, in words.
    pub why: String,
}

/// The level that a person has personally promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commitment {
    /// Our id of this version.
    pub id: CommitmentId,
    /// Whose.
    pub person: PersonId,
    /// Of which metric.
    pub metric: MetricId,
    /// Counted from 1 within person and metric.
    pub version: i64,
    /// The level, in the metric's unit.
    pub level: f64,
    /// From which day it holds.
    pub from: Day,
    /// Whether this version ends the commitment.
    pub ended: bool,
    /// Who set it.
    pub set_by: String,
    /// When it was set.
    pub set_at: Instant,
    /// Why, in words.
    pub why: String,
}

/// Who the subject of a target is, on the day asked about.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The person, if the subject is one.
    pub person: Option<PersonId>,
    /// Their unit and every unit above it, nearest first.
    pub units: Vec<UnitId>,
    /// Their job role.
    pub job_role: Option<JobRoleId>,
}

/// The target in force for a subject on a day: the narrowest scope, and in it the newest version that has begun.
pub fn in_force<'a>(targets: &'a [Target], metric: MetricId, place: &Place, day: Day) -> Option<&'a Target> {
    let rank = |scope: TargetScope| -> Option<usize> {
        match scope {
            TargetScope::Person(p) => (place.person == Some(p)).then_some(0),
            TargetScope::Unit(u) => place.units.iter().position(|&x| x == u).map(|i| 1 + i),
            TargetScope::JobRole(r) => (place.job_role == Some(r)).then_some(usize::MAX - 1),
            TargetScope::All => Some(usize::MAX),
        }
    };
    let mut ranked: Vec<(usize, &Target)> = targets
        .iter()
        .filter(|t| t.metric == metric && t.from <= day)
        .filter_map(|t| rank(t.scope).map(|r| (r, t)))
        .collect();
    // Narrowest first, newest version first; an ended version gives way to the next wider scope.
    ranked.sort_by_key(|(r, t)| (*r, std::cmp::Reverse((t.from, t.version))));
    let mut tried = None;
    for (r, target) in ranked {
        if tried == Some(r) {
            continue;
        }
        if !target.ended {
            return Some(target);
        }
        tried = Some(r);
    }
    None
}

/// Of the versions of one target or one commitment, the one that a day falls under: the last to begin, and of those that
/// begin on the same day the newest. `None` before the first. `key` gives first day and version.
pub fn version_on<T>(versions: &[T], day: Day, key: impl Fn(&T) -> (Day, i64)) -> Option<&T> {
    versions.iter().filter(|v| key(v).0 <= day).max_by_key(|v| key(v))
}

/// One standard deviation of the variation that a usual range (centre, low, high) was drawn from: natural process
/// limits stand 2.66 mean moving ranges from the centre, and a mean moving range is 1.128 standard deviations.
pub fn deviation((_, low, high): (f64, f64, f64)) -> f64 {
    (high - low) / (2.0 * evidence::spc::LIMIT_FACTOR * evidence::spc::D2)
}

/// The share of periods that are worse than a target by more than its tolerance by chance alone, as long as the level
/// stays at `center` and varies by `deviation`. `None` where nothing varies.
pub fn missed_by_chance(
    center: f64,
    deviation: f64,
    (level, tolerance): (f64, f64),
    direction: Direction,
) -> Option<f64> {
    if deviation.is_nan() || deviation <= 0.0 || !center.is_finite() || !level.is_finite() {
        return None;
    }
    let below = evidence::dist::normal_cdf((level - tolerance - center) / deviation);
    let above = evidence::dist::normal_cdf((center - level - tolerance) / deviation);
    Some(match direction {
        Direction::Up => below,
        Direction::Down => above,
        Direction::Near => (below + above).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_target_on_the_usual_level_is_missed_every_other_week_by_chance_alone() {
        // Limits of a series with standard deviation 2: three of them on each side.
        let sigma = deviation((40.0, 33.998_720, 46.001_280));
        assert!((sigma - 2.0).abs() < 1e-3, "{sigma}");
        let missed = |target, direction| missed_by_chance(40.0, 2.0, target, direction).unwrap();
        assert_eq!(missed((40.0, 0.0), Direction::Up), 0.5);
        assert_eq!(missed((40.0, 0.0), Direction::Down), 0.5);
        // One standard deviation: 15.87 % on one side (any table of the normal distribution).
        assert!((missed((38.0, 0.0), Direction::Up) - 0.158_655).abs() < 1e-6);
        assert!((missed((42.0, 0.0), Direction::Down) - 0.158_655).abs() < 1e-6);
        assert!((missed((40.0, 2.0), Direction::Near) - 0.317_311).abs() < 1e-6);
        assert!((missed((42.0, 2.0), Direction::Up) - 0.5).abs() < 1e-12, "the tolerance counts");
        assert_eq!(missed_by_chance(40.0, 0.0, (40.0, 0.0), Direction::Up), None);
    }

    fn target(scope: TargetScope, version: i64, level: f64, from: &str, ended: bool) -> Target {
        Target {
            id: TargetId::new(Uuid::from_u128(version as u128)),
            metric: MetricId::new(Uuid::from_u128(1)),
            scope,
            version,
            level,
            tolerance: 0.0,
            window: 4,
            from: from.parse().unwrap(),
            ended,
            set_by: "test".into(),
            set_at: Instant::from_micros(0),
            why: String::new(),
        }
    }

    #[test]
    fn the_narrowest_target_wins_and_an_ended_one_gives_way() {
        let person = PersonId::new(Uuid::from_u128(9));
        let (near, far) = (UnitId::new(Uuid::from_u128(2)), UnitId::new(Uuid::from_u128(3)));
        let place = Place { person: Some(person), units: vec![near, far], job_role: None };
        let metric = MetricId::new(Uuid::from_u128(1));
        let all = [
            target(TargetScope::All, 1, 10.0, "2025-01-01", false),
            target(TargetScope::Unit(far), 1, 20.0, "2025-01-01", false),
            target(TargetScope::Unit(near), 1, 30.0, "2025-01-01", false),
            target(TargetScope::Person(person), 1, 40.0, "2025-02-01", false),
            target(TargetScope::Person(person), 2, 0.0, "2025-03-01", true),
        ];
        let level = |day: &str| in_force(&all, metric, &place, day.parse().unwrap()).map(|t| t.level);
        assert_eq!(level("2024-12-31"), None);
        assert_eq!(level("2025-01-15"), Some(30.0));
        assert_eq!(level("2025-02-15"), Some(40.0));
        assert_eq!(level("2025-03-15"), Some(30.0), "the person's own target ended");
    }

    #[test]
    fn a_day_falls_under_the_last_version_that_has_begun() {
        let all = [
            target(TargetScope::All, 1, 10.0, "2025-01-01", false),
            target(TargetScope::All, 2, 20.0, "2025-03-01", false),
            target(TargetScope::All, 3, 30.0, "2025-03-01", false),
            target(TargetScope::All, 4, 40.0, "2025-02-01", false),
        ];
        let level =
            |day: &str| version_on(&all, day.parse().unwrap(), |t| (t.from, t.version)).map(|t| t.level);
        assert_eq!(level("2024-12-31"), None);
        assert_eq!(level("2025-02-15"), Some(40.0));
        assert_eq!(level("2025-03-01"), Some(30.0));
    }
}
