//! Before a study starts: is the metric ready, what could be seen by when, and who starts when.
//!
//! All of it is drawn from histories of the units that would take part, before anything is given. Nothing here looks at
//! an effect.

use evidence::power::{Schedule, schedule_detectable};
use evidence::recovery::{self, Noise};
use evidence::{Answer, Reason};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

worded! {
    /// How a support is brought to units.
    pub enum Shape {
        /// Half of the units start together, half wait until it is read.
        Half = "half",
        /// Half start together, drawn within pairs of units that are alike.
        Pairs = "pairs",
        /// In equal waves, one after another, until all have it (stepped wedge).
        Waves = "waves",
        /// A quarter of the units start, the others wait.
        Few = "few",
    }
}

impl Shape {
    /// What it means, for a choice on a page.
    pub const fn words(self) -> &'static str {
        match self {
            Shape::Half => "Half start, half wait",
            Shape::Pairs => "One of each pair of alike units starts",
            Shape::Waves => "Everybody in turn, in waves",
            Shape::Few => "A quarter start, the others wait",
        }
    }
}

/// How a rollout would run, in periods of the deciding metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Periods before a start that are used.
    pub before: usize,
    /// Periods from a start on that are read.
    pub after: usize,
    /// Periods between one wave and the next.
    pub gap: usize,
    /// How many waves, for [`Shape::Waves`].
    pub waves: usize,
}

/// One shape and what it could see.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The shape.
    pub shape: Shape,
    /// Units that start and units that wait to the end.
    pub sides: (usize, usize),
    /// By periods since the first start, from 1: the smallest effect seen four times in five; `None` where none would be.
    pub by_period: Vec<Option<f64>>,
    /// Periods after the first start at which the wanted effect could be seen; `None` for not within the plan.
    pub readable_after: Option<usize>,
    /// Why nothing can be said.
    pub cannot_say: Option<Reason>,
}

/// Is the history good enough to plan on? Each question with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    /// Units with at least four values.
    pub units: usize,
    /// Periods looked at.
    pub periods: usize,
    /// Share of expected values that arrived.
    pub coverage: f64,
    /// Mean of units' usual levels.
    pub level: Option<f64>,
    /// Standard deviation of one period's value around a unit's own level, with what all shared taken out.
    pub noise: Option<f64>,
    /// Correlation of neighbouring periods' noise.
    pub autocorrelation: Option<f64>,
    /// The rules: a name, whether it is met, and the sentence to show.
    pub rules: Vec<(&'static str, bool, String)>,
}

/// What the histories say about themselves. Each is one unit's values by period, all from the same first period;
/// `changed` says whether the definition changed inside them.
pub fn readiness(histories: &[&[Option<f64>]], changed: bool) -> Readiness {
    let periods = histories.iter().map(|h| h.len()).max().unwrap_or(0);
    let have: usize = histories.iter().map(|h| h.iter().flatten().count()).sum();
    let want = periods * histories.len();
    let coverage = if want == 0 { 0.0 } else { have as f64 / want as f64 };
    let units = histories.iter().filter(|h| h.iter().flatten().count() >= 4).count();
    let learnt = recovery::variation(histories).estimate();
    let rules = vec![
        (
            "history",
            periods >= 12,
            format!("{periods} periods of history; twelve show the usual ups and downs."),
        ),
        (
            "coverage",
            coverage >= 0.8,
            format!("{:.0} of a hundred expected values arrived; eighty are needed.", 100.0 * coverage),
        ),
        (
            "units",
            units >= 10,
            format!("{units} units have a history; with ten or more both sides have five."),
        ),
        (
            "definition",
            !changed,
            if changed {
                "The definition changed inside this history: only what came after it can be compared."
                    .to_owned()
            } else {
                "The metric meant the same all the time.".to_owned()
            },
        ),
        (
            "noise",
            learnt.is_some(),
            if learnt.is_some() {
                "The noise is known, so that it can be said what could be seen.".to_owned()
            } else {
                "Too little history to know the noise.".to_owned()
            },
        ),
    ];
    Readiness {
        units,
        periods,
        coverage,
        level: learnt.map(|n| n.mean),
        noise: learnt.map(|n| n.within.sqrt()),
        autocorrelation: learnt.map(|n| n.autocorrelation),
        rules,
    }
}

/// What each shape could see by when, learnt from the units' histories. `wanted` is the difference hoped for, in the
/// metric's unit; `timing.after` periods are looked ahead after the last wave.
pub fn outlooks(histories: &[&[Option<f64>]], timing: Timing, wanted: Option<f64>) -> Vec<Outlook> {
    let learnt = recovery::variation(histories);
    Shape::ALL
        .iter()
        .map(|&shape| match &learnt {
            Answer::CannotSay(reason) => Outlook {
                shape,
                sides: (0, 0),
                by_period: Vec::new(),
                readable_after: None,
                cannot_say: Some(reason.clone()),
            },
            Answer::Estimate(n) => outlook(shape, histories.len(), n, timing, wanted),
        })
        .collect()
}

fn outlook(shape: Shape, units: usize, noise: &Noise, timing: Timing, wanted: Option<f64>) -> Outlook {
    let before = timing.before.max(1);
    let waves = timing.waves.clamp(2, units.max(2));
    let starts: Vec<Option<usize>> = (0..units)
        .map(|i| match shape {
            Shape::Half | Shape::Pairs => (i % 2 == 0).then_some(before),
            Shape::Few => (i % 4 == 0).then_some(before),
            Shape::Waves => Some(before + (i % waves) * timing.gap.max(1)),
        })
        .collect();
    let last = starts.iter().flatten().max().copied().unwrap_or(before);
    let horizon = last + timing.after.max(1) - before;
    let mut cannot_say = None;
    let by_period: Vec<Option<f64>> = (1..=horizon)
        .map(|after| {
            let schedule = Schedule {
                starts: starts.clone(),
                before,
                after: timing.after.max(1),
                periods: before + after,
                variance: noise.within,
                autocorrelation: noise.autocorrelation,
            };
            match schedule_detectable(&schedule) {
                Answer::Estimate(effect) => Some(effect),
                Answer::CannotSay(reason) => {
                    cannot_say = Some(reason);
                    None
                }
            }
        })
        .collect();
    let readable_after = wanted.map(f64::abs).filter(|w| *w > 0.0).and_then(|wanted| {
        by_period.iter().position(|effect| effect.is_some_and(|e| e <= wanted)).map(|at| at + 1)
    });
    let start = starts.iter().flatten().count();
    Outlook {
        shape,
        sides: (start, units - start),
        cannot_say: cannot_say.filter(|_| by_period.iter().all(Option::is_none)),
        by_period,
        readable_after,
    }
}

/// A unit that may start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its code.
    pub code: String,
    /// What it is drawn within (region, size); empty for one draw over all.
    pub stratum: String,
    /// Its usual level of the deciding metric, by which pairs are made.
    pub level: Option<f64>,
}

/// A unit's place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its code.
    pub code: String,
    /// Its wave, from 1; 0 waits.
    pub wave: u32,
}

/// Draws who starts when: the same candidates and seed give the same order, on any machine and in any order of rows.
///
/// Each unit's lot is the SHA-256 of seed and code, so that anybody can check the draw with a hash and a sorted list.
/// Within each stratum the sides are as even as they can be, and over the strata together as well. Pairs are neighbours
/// in level within a stratum. Units without a partner wait.
pub fn draw(candidates: &[Candidate], shape: Shape, waves: u32, seed: u64) -> Vec<Placed> {
    let mut all: Vec<&Candidate> = candidates.iter().collect();
    all.sort_by(|a, b| a.code.cmp(&b.code));
    all.dedup_by(|a, b| a.code == b.code);
    let mut strata: std::collections::BTreeMap<&str, Vec<&Candidate>> = std::collections::BTreeMap::new();
    for c in all {
        strata.entry(&c.stratum).or_default().push(c);
    }
    let mut placed = Vec::with_capacity(candidates.len());
    // Strata with an odd number take turns in having one more.
    let mut turn = 0_u32;
    for (_, mut members) in strata {
        if shape == Shape::Pairs {
            let level = |c: &Candidate| c.level.filter(|l| l.is_finite()).unwrap_or(f64::INFINITY);
            members.sort_by(|a, b| level(a).total_cmp(&level(b)).then_with(|| a.code.cmp(&b.code)));
            for pair in members.chunks(2) {
                let first = pair.len() == 2 && lot(seed, &pair[0].code) < lot(seed, &pair[1].code);
                for (i, c) in pair.iter().enumerate() {
                    let starts = pair.len() == 2 && (i == 0) == first;
                    placed.push(Placed { code: c.code.clone(), wave: u32::from(starts) });
                }
            }
            continue;
        }
        members.sort_by_key(|c| lot(seed, &c.code));
        for c in members {
            let wave = match shape {
                Shape::Waves => 1 + turn % waves.max(1),
                Shape::Few => u32::from(turn.is_multiple_of(4)),
                Shape::Half | Shape::Pairs => u32::from(turn.is_multiple_of(2)),
            };
            turn += 1;
            placed.push(Placed { code: c.code.clone(), wave });
        }
    }
    placed.sort_by(|a, b| a.wave.cmp(&b.wave).then_with(|| a.code.cmp(&b.code)));
    placed
}

/// A unit's lot.
fn lot(seed: u64, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(code.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::testing::rollout;

    fn candidates(n: usize) -> Vec<Candidate> {
        (0..n)
            .map(|i| Candidate {
                code: format!("unit-{i:02}"),
                stratum: ["north", "south", "west"][i % 3].into(),
                level: Some(100.0 - i as f64),
            })
            .collect()
    }

    #[test]
    fn a_draw_can_be_run_again_and_is_even() {
        let units = candidates(21);
        let mut shuffled = units.clone();
        shuffled.reverse();
        for &shape in Shape::ALL {
            let drawn = draw(&units, shape, 3, 7);
            assert_eq!(drawn, draw(&shuffled, shape, 3, 7), "{shape}");
            assert_ne!(drawn, draw(&units, shape, 3, 8), "{shape}");
            assert_eq!(drawn.len(), 21);
            let of = |wave| drawn.iter().filter(|p| p.wave == wave).count();
            match shape {
                Shape::Half => assert_eq!((of(1), of(0)), (11, 10)),
                // Seven in a stratum are three pairs and one that waits.
                Shape::Pairs => assert_eq!((of(1), of(0)), (9, 12)),
                Shape::Waves => assert_eq!((of(1), of(2), of(3)), (7, 7, 7)),
                Shape::Few => assert_eq!((of(1), of(0)), (6, 15)),
            }
        }
        // Each pair has one that starts: neighbours in level within a stratum. Units 18, 15 … 0 are one stratum by level.
        let drawn = draw(&units, Shape::Pairs, 2, 7);
        let starts = |i: usize| drawn.iter().any(|p| p.code == format!("unit-{i:02}") && p.wave == 1);
        for (a, b) in [(18, 15), (12, 9), (6, 3)] {
            assert_ne!(starts(a), starts(b), "{drawn:?}");
        }
        assert!(draw(&[], Shape::Half, 2, 1).is_empty());
    }

    #[test]
    fn more_time_and_more_units_see_smaller_effects() {
        let input = rollout();
        let values: Vec<Vec<Option<f64>>> =
            input.lanes[0].members.iter().map(|m| m.values[..12].to_vec()).collect();
        let slices: Vec<&[Option<f64>]> = values.iter().map(Vec::as_slice).collect();
        let timing = Timing { before: 12, after: 12, gap: 4, waves: 3 };
        let ready = readiness(&slices, false);
        assert!(ready.rules.iter().all(|r| r.1), "{ready:?}");
        // Uniform noise over two has a standard deviation of 0.58.
        assert!((0.4..0.8).contains(&ready.noise.unwrap()), "{ready:?}");
        let all = outlooks(&slices, timing, Some(0.6));
        assert_eq!(all.len(), Shape::ALL.len());
        let of = |shape| all.iter().find(|o| o.shape == shape).unwrap();
        let half = of(Shape::Half);
        let effects: Vec<f64> = half.by_period.iter().flatten().copied().collect();
        assert_eq!(effects.len(), 12);
        assert!(effects.windows(2).all(|w| w[1] < w[0]), "{effects:?}");
        let readable = half.readable_after.unwrap();
        assert!(effects[readable - 1] <= 0.6 && (readable == 1 || effects[readable - 2] > 0.6));
        // A quarter sees less than a half at any time.
        assert!(of(Shape::Few).by_period[11] > half.by_period[11]);
        assert_eq!(of(Shape::Waves).sides, (12, 0));
        // With little there is nothing to plan on, and it says so.
        let short = outlooks(&slices[..3], timing, None);
        assert!(short.iter().all(|o| o.cannot_say.is_some() && o.by_period.is_empty()));
        assert!(!readiness(&[], true).rules.iter().any(|r| r.1));
    }
}
