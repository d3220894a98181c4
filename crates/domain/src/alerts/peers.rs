//! What newcomers borrow: the range of those who do the same work, and the ramp of those who started before.
//!
//! A person's first weeks have no history of their own, and a branch that has just opened is not at the level
//! of the others. Both are judged beside their peers until their own history is long enough.

use serde::{Deserialize, Serialize};

use super::series::{Rules, mean, median};

/// Fewest peers to borrow from.
const MIN_PEERS: usize = 5;
/// Whoever has no value in so many first periods of all started later than the others.
const LATE_START: usize = 8;
/// Periods of a settled level after the ramp.
const SETTLED: usize = 8;
/// Smallest share of the settled level that a ramp may ask for.
const LEAST: f64 = 0.1;

/// What is known of a group of subjects with the same kind of work, to be lent to newcomers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// How many have a history.
    pub count: usize,
    /// The level usual among them: the median of their own usual levels.
    pub level: f64,
    /// How much their levels differ, as a standard deviation in the metric's unit.
    pub differ: f64,
    /// Share of the settled level by periods since the start: the median of earlier starters. Empty with too few of them.
    pub ramp: Vec<f64>,
    /// How many starters the ramp was seen on.
    pub starters: usize,
}

/// Where a subject started, if it started after the others.
pub fn start(values: &[Option<f64>]) -> Option<usize> {
    values.iter().position(Option::is_some).filter(|&first| first >= LATE_START)
}

impl Peers {
    /// From the series of subjects with the same kind of work, all on one axis. `None` with too few that have a history.
    pub fn of(series: &[&[Option<f64>]], rules: &Rules) -> Option<Self> {
        let mut levels: Vec<f64> = Vec::new();
        let mut curves: Vec<Vec<Option<f64>>> = Vec::new();
        for values in series {
            let start = start(values);
            let settled = &values[start.map_or(0, |s| (s + rules.ramp).min(values.len()))..];
            let seen = settled.iter().flatten().count();
            let needed = if start.is_some() { SETTLED } else { rules.min_history };
            let Some(level) = median(settled.iter().flatten().copied()).filter(|_| seen >= needed) else {
                continue;
            };
            levels.push(level);
            if let Some(start) = start.filter(|_| level > 0.0) {
                curves.push((0..rules.ramp).map(|age| values[start + age].map(|v| v / level)).collect());
            }
        }
        if levels.len() < MIN_PEERS {
            return None;
        }
        let level = median(levels.iter().copied())?;
        // Half of a normal distribution lies within 0.6745 standard deviations of its middle.
        let differ = median(levels.iter().map(|l| (l - level).abs()))? / 0.6745;
        let ramp = if curves.len() >= MIN_PEERS { smooth(&curves, rules.ramp) } else { Vec::new() };
        Some(Self { count: levels.len(), level, differ, ramp, starters: curves.len() })
    }

    /// The share of the settled level that can be expected of a newcomer so many periods after the start; 1 once it is over.
    pub fn share(&self, age: usize) -> f64 {
        self.ramp.get(age).copied().unwrap_or(1.0)
    }
}

/// The median curve, each age with its neighbours.
fn smooth(curves: &[Vec<Option<f64>>], length: usize) -> Vec<f64> {
    let at: Vec<Option<f64>> = (0..length).map(|age| median(curves.iter().filter_map(|c| c[age]))).collect();
    (0..length)
        .map(|age| {
            let near = &at[age.saturating_sub(2)..(age + 3).min(length)];
            mean(near.iter().flatten().copied()).unwrap_or(1.0).clamp(LEAST, 1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::worlds::Noise;
    use super::*;

    #[test]
    fn a_ramp_is_learnt_from_earlier_starters() {
        let mut dice = Noise::new(5);
        let series: Vec<Vec<Option<f64>>> = (0..40)
            .map(|i| {
                let start = if i < 20 { 0 } else { 10 + i };
                (0..110_usize)
                    .map(|t| {
                        let age = t.checked_sub(start)?;
                        let share = if i < 20 { 1.0 } else { (0.5 + age as f64 / 40.0).min(1.0) };
                        Some(100.0 * share * (1.0 + 0.08 * dice.normal()))
                    })
                    .collect()
            })
            .collect();
        let all: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
        let peers = Peers::of(&all, &Rules::default()).unwrap();
        assert_eq!(peers.starters, 20);
        assert!((peers.level - 100.0).abs() < 3.0, "{peers:?}");
        assert!((peers.share(0) - 0.53).abs() < 0.05, "{peers:?}");
        assert!((peers.share(10) - 0.75).abs() < 0.05, "{peers:?}");
        assert_eq!(peers.share(60), 1.0);
    }

    #[test]
    fn few_lend_nothing() {
        let one = [Some(1.0); 60];
        assert_eq!(Peers::of(&[&one, &one], &Rules::default()), None);
        let empty: [Option<f64>; 60] = [None; 60];
        assert_eq!(Peers::of(&[empty.as_slice(); 9], &Rules::default()), None);
    }
}
