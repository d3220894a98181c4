//! Permutation and placebo: how often would chance alone look like this?

use rand::Rng;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Reason, all_finite};
use crate::panel::Panel;

/// The outcome of a permutation test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permutation {
    /// The statistic as observed.
    pub observed: f64,
    /// Arrangements at least as extreme on either side, the observed one included.
    pub as_extreme: u64,
    /// Those of them on the observed side: what counts where the direction was written down beforehand.
    pub same_side: u64,
    /// Arrangements looked at, the observed one included.
    pub arrangements: u64,
    /// Whether these are all there are.
    pub exact: bool,
    /// Share of arrangements at least as extreme (two-sided).
    pub p_value: f64,
    /// The statistic of the arrangements, for a picture; empty where so many were counted that none was kept.
    pub draws: Vec<f64>,
}

/// Which arrangements to look at when there are too many for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draws {
    /// How many.
    pub number: usize,
    /// From which seed; each draw has its own stream, so threads change nothing.
    pub seed: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Self { number: 9_999, seed: 1 }
    }
}

/// The generator of one draw.
pub(crate) fn stream(seed: u64, draw: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(draw as u64);
    rng
}

/// Ties are compared with this relative slack, so that rounding decides nothing.
fn at_least(value: f64, observed: f64) -> bool {
    value.abs() >= observed.abs() * (1.0 - 1e-12) - 1e-300
}

/// 1 where a value is at least as extreme as observed: on either side, and on the observed side.
fn extreme(value: f64, observed: f64) -> (u64, u64) {
    let either = at_least(value, observed);
    (u64::from(either), u64::from(either && value * observed >= 0.0))
}

/// Sign-flip test of paired differences (Fisher 1935): is their mean zero?
///
/// *Assumes* that without an effect each difference could as well have the other sign.
/// Exact up to 20 pairs. *Refuses* without differences or when all are zero.
pub fn sign_flip(differences: &[f64], draws: Draws) -> Answer<Permutation> {
    let run = || {
        all_finite("The differences", differences)?;
        let n = differences.len();
        if n == 0 {
            return Err(Reason::Empty);
        }
        if differences.iter().all(|&d| d == 0.0) {
            return Err(Reason::NoVariation { what: "The difference within pairs".into() });
        }
        let observed: f64 = differences.iter().sum();
        let flipped = |mask: &dyn Fn(usize) -> bool| -> f64 {
            differences.iter().enumerate().map(|(i, d)| if mask(i) { -d } else { *d }).sum()
        };
        if n <= 20 {
            let arrangements = 1_u64 << n;
            let (as_extreme, same_side) = (0..arrangements)
                .into_par_iter()
                .map(|code| extreme(flipped(&|i| code >> i & 1 == 1), observed))
                .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
            return Ok(finish(observed / n as f64, (as_extreme, same_side), arrangements, true, vec![]));
        }
        let values: Vec<f64> = (0..draws.number)
            .into_par_iter()
            .map(|draw| {
                let mut rng = stream(draws.seed, draw);
                let signs: Vec<bool> = (0..n).map(|_| rng.random()).collect();
                flipped(&|i| signs[i]) / n as f64
            })
            .collect();
        Ok(drawn(observed / n as f64, values))
    };
    run().into()
}

/// Two groups: is the difference of their means more than chance?
///
/// *Assumes* that without an effect any unit could as well have been in the other
/// group. Exact up to 100,000 arrangements. *Refuses* when a group is empty or
/// nothing varies.
pub fn two_groups(values: &[f64], treated: &[bool], draws: Draws) -> Answer<Permutation> {
    let run = || {
        all_finite("The values", values)?;
        let n = values.len();
        if treated.len() != n {
            return Err(Reason::bad(
                "The groups",
                "values and groups have different lengths",
                "Give one group for each value.",
            ));
        }
        let k = treated.iter().filter(|t| **t).count();
        if k == 0 {
            return Err(Reason::NoTreated);
        }
        if k == n {
            return Err(Reason::NoComparison);
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
        if centred.iter().all(|v| *v == 0.0) {
            return Err(Reason::NoVariation { what: "The outcome".into() });
        }
        // The difference of means is this sum times a constant.
        let scale = n as f64 / (k as f64 * (n - k) as f64);
        let observed: f64 = centred.iter().zip(treated).filter(|(_, t)| **t).map(|(v, _)| v * scale).sum();
        if combinations(n, k) <= 100_000.0 {
            let (mut as_extreme, mut same_side, mut arrangements) = (0, 0, 0);
            let mut chosen: Vec<usize> = (0..k).collect();
            loop {
                arrangements += 1;
                let value: f64 = chosen.iter().map(|&i| centred[i] * scale).sum();
                let (either, same) = extreme(value, observed);
                as_extreme += either;
                same_side += same;
                if !next_combination(&mut chosen, n) {
                    break;
                }
            }
            return Ok(finish(observed, (as_extreme, same_side), arrangements, true, vec![]));
        }
        let statistics: Vec<f64> = (0..draws.number)
            .into_par_iter()
            .map(|draw| {
                let mut rng = stream(draws.seed, draw);
                let mut pool = centred.clone();
                let (picked, _) = pool.partial_shuffle(&mut rng, k);
                picked.iter().map(|v| v * scale).sum()
            })
            .collect();
        Ok(drawn(observed, statistics))
    };
    run().into()
}

/// The range of effects that every way of picking the same number cannot rule out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactRange {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How often such a range holds the truth: 0.95, or less where there are too few ways for that.
    pub confidence: f64,
    /// Ways of picking as many.
    pub arrangements: u64,
}

/// Two groups: the range of effects that the exact test of [`two_groups`] does not rule out, from each side at 2.5 %,
/// or at one in all ways where that is more.
///
/// *Assumes* that without the effect any unit could as well have been in the other group, and one effect for all. With the
/// effect τ taken out, way A gives at least as much as what came exactly where τ ≥ (d − dₐ)/(1 − oₐ), d and dₐ being the
/// differences of means and oₐ the share of overlap; so the ends are order statistics of these (Rosenbaum 2002, 2.6).
/// *Refuses* as [`two_groups`] does, and with fewer than 20 ways or more than 100,000.
pub fn exact_range(values: &[f64], treated: &[bool]) -> Answer<ExactRange> {
    let run = || {
        let observed = two_groups(values, treated, Draws::default()).into_result()?;
        let (n, k) = (values.len(), treated.iter().filter(|t| **t).count());
        if !observed.exact || observed.arrangements < 20 {
            return Err(Reason::bad(
                "The exact range",
                format!("there are {} ways of picking as many units", observed.arrangements),
                "It takes 20 to 100,000: for example three units of six.",
            ));
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let scale = n as f64 / (k as f64 * (n - k) as f64);
        let mut chosen: Vec<usize> = (0..k).collect();
        let mut ends = Vec::with_capacity(observed.arrangements as usize);
        loop {
            let value: f64 = chosen.iter().map(|&i| (values[i] - mean) * scale).sum();
            let both = chosen.iter().filter(|&&i| treated[i]).count() as f64;
            // The difference of means of the treated flag itself; 1 for the way that was taken.
            let overlap = both / k as f64 - (k as f64 - both) / (n - k) as f64;
            if (both as usize) < k {
                ends.push((observed.observed - value) / (1.0 - overlap));
            }
            if !next_combination(&mut chosen, n) {
                break;
            }
        }
        ends.sort_unstable_by(f64::total_cmp);
        let all = observed.arrangements as f64;
        let side = 0.025_f64.max(1.0 / all);
        // The way that was taken always counts.
        let at = ((side * all + 1e-9).floor() as usize).clamp(1, ends.len()) - 1;
        Ok(ExactRange {
            low: ends[at],
            high: ends[ends.len() - 1 - at],
            confidence: 1.0 - 2.0 * side,
            arrangements: observed.arrangements,
        })
    };
    run().into()
}

/// Reassigns the start dates among clusters and computes the statistic again.
///
/// *Assumes* that each cluster could as well have had another's start. Units of a
/// cluster move together when they share a start, otherwise units move alone. Exact where
/// there are no more different arrangements than draws: six plants of which three started
/// have twenty. `statistic` returns `None` where it cannot say; such arrangements are left out.
/// *Refuses* when the observed statistic cannot be computed.
pub fn reassign(
    panel: &Panel,
    draws: Draws,
    statistic: impl Fn(&Panel) -> Option<f64> + Sync,
) -> Answer<Permutation> {
    let Some(observed) = statistic(panel).filter(|s| s.is_finite()) else {
        return Answer::CannotSay(Reason::bad(
            "The permutation test",
            "the statistic cannot be computed on the data as they are",
            "See why the estimate itself is refused.",
        ));
    };
    let mut starts: Vec<Option<Option<i64>>> = vec![None; panel.clusters()];
    let mut together = true;
    for (&c, &g) in panel.cluster().iter().zip(panel.cohorts()) {
        let known = starts[c as usize].get_or_insert(g);
        together &= *known == g;
    }
    let pool: Vec<Option<i64>> =
        if together { starts.into_iter().flatten().collect() } else { panel.cohorts().to_vec() };
    let value = |pool: &[Option<i64>]| {
        let cohorts = if together {
            panel.cluster().iter().map(|&c| pool[c as usize]).collect()
        } else {
            pool.to_vec()
        };
        statistic(&panel.with_cohorts(cohorts)).filter(|s| s.is_finite())
    };
    if let Some(all) = arrangements(&pool, draws.number) {
        let values: Vec<f64> = all.par_iter().filter_map(|pool| value(pool)).collect();
        let counts = values.iter().map(|v| extreme(*v, observed)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let arrangements = values.len() as u64;
        return Answer::Estimate(finish(observed, counts, arrangements, true, values));
    }
    let statistics: Vec<f64> = (0..draws.number)
        .into_par_iter()
        .filter_map(|draw| {
            let mut pool = pool.clone();
            pool.shuffle(&mut stream(draws.seed, draw));
            value(&pool)
        })
        .collect();
    Answer::Estimate(drawn(observed, statistics))
}

/// All different orders of a list, where they are at most `most`; the given one is among them.
fn arrangements<T: Ord + Copy>(pool: &[T], most: usize) -> Option<Vec<Vec<T>>> {
    let mut now = pool.to_vec();
    now.sort_unstable();
    // The multinomial coefficient, one item at a time.
    let (mut number, mut same) = (1.0, 0.0);
    for i in 0..now.len() {
        same = if i > 0 && now[i] == now[i - 1] { same + 1.0 } else { 1.0 };
        number *= (i + 1) as f64 / same;
        if number > 1e12 {
            return None;
        }
    }
    if number.round() > most as f64 {
        return None;
    }
    let mut all = vec![now.clone()];
    // The next order in the alphabet of orders.
    while let Some(i) = (1..now.len()).rev().find(|&i| now[i - 1] < now[i]) {
        let j = (i..now.len()).rev().find(|&j| now[j] > now[i - 1])?;
        now.swap(i - 1, j);
        now[i..].reverse();
        all.push(now.clone());
    }
    Some(all)
}

fn drawn(observed: f64, draws: Vec<f64>) -> Permutation {
    let counts = draws.iter().map(|d| extreme(*d, observed)).fold((1, 1), |a, b| (a.0 + b.0, a.1 + b.1));
    let arrangements = 1 + draws.len() as u64;
    finish(observed, counts, arrangements, false, draws)
}

fn finish(
    observed: f64,
    extreme: (u64, u64),
    arrangements: u64,
    exact: bool,
    draws: Vec<f64>,
) -> Permutation {
    let (as_extreme, same_side) = extreme;
    Permutation {
        observed,
        as_extreme,
        same_side,
        arrangements,
        exact,
        p_value: as_extreme as f64 / arrangements as f64,
        draws,
    }
}

fn combinations(n: usize, k: usize) -> f64 {
    (0..k.min(n - k)).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64)
}

/// Steps to the next combination in lexicographic order.
fn next_combination(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    for i in (0..k).rev() {
        if chosen[i] < n - k + i {
            chosen[i] += 1;
            for j in i + 1..k {
                chosen[j] = chosen[j - 1] + 1;
            }
            return true;
        }
    }
    false
}
