//! What a study could see: power and minimum detectable effects, before the start.
//!
//! "Could not have seen it" is not "no effect".

use crate::answer::{Answer, Reason};
use crate::dist::{nct_cdf, t_quantile};

/// Power of a two-sided two-sample t test of a standardised difference `d`.
pub fn t_test_power(d: f64, n1: f64, n2: f64, alpha: f64) -> f64 {
    let df = n1 + n2 - 2.0;
    let delta = d * (n1 * n2 / (n1 + n2)).sqrt();
    let critical = t_quantile(1.0 - alpha / 2.0, df);
    1.0 - nct_cdf(critical, df, delta) + nct_cdf(-critical, df, delta)
}

/// Units in each of two equal groups for a standardised difference `d`.
///
/// *Refuses* a difference of zero, or probabilities outside (0, 1).
pub fn t_test_size(d: f64, power: f64, alpha: f64) -> Answer<f64> {
    if let Err(reason) = probabilities(power, alpha) {
        return Answer::CannotSay(reason);
    }
    if !(d.abs() > 1e-6 && d.is_finite()) {
        return Answer::CannotSay(Reason::bad(
            "The difference",
            "it is zero or not a number",
            "Name the smallest difference worth having.",
        ));
    }
    let d = d.abs();
    Answer::Estimate(bisect(1.0 + 1e-6, 1e13, |n| t_test_power(d, n, n, alpha) - power))
}

/// Smallest standardised difference that groups of `n1` and `n2` would see.
///
/// *Refuses* groups of fewer than two, or probabilities outside (0, 1).
pub fn t_test_detectable(n1: f64, n2: f64, power: f64, alpha: f64) -> Answer<f64> {
    if let Err(reason) = probabilities(power, alpha) {
        return Answer::CannotSay(reason);
    }
    if !(n1 >= 2.0 && n2 >= 2.0) {
        return Answer::CannotSay(Reason::TooFewUnits {
            place: "The smaller group".into(),
            have: n1.min(n2).max(0.0) as usize,
            need: 2,
        });
    }
    Answer::Estimate(bisect(0.0, 100.0, |d| t_test_power(d, n1, n2, alpha) - power))
}

fn probabilities(power: f64, alpha: f64) -> Result<(), Reason> {
    let inside = |p: f64| p > 0.0 && p < 1.0;
    if inside(power) && inside(alpha) && power > alpha {
        Ok(())
    } else {
        Err(Reason::bad(
            "Power and significance",
            "they are not probabilities with power above significance",
            "Usual values are 0.8 and 0.05.",
        ))
    }
}

/// Root of an increasing function, to full precision of the bracket.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..400 {
        // Geometric steps while the bracket spans orders of magnitude.
        let mid = if low > 0.0 && high / low > 4.0 { (low * high).sqrt() } else { 0.5 * (low + high) };
        if mid <= low || mid >= high {
            break;
        }
        if f(mid) < 0.0 {
            low = mid;
        } else {
            high = mid;
        }
    }
    0.5 * (low + high)
}

/// Whole groups are drawn: `clusters` groups of `size` people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clustered {
    /// Groups in all.
    pub clusters: usize,
    /// People in each.
    pub size: usize,
    /// Share of the variance that lies between groups.
    pub icc: f64,
    /// Share of groups treated.
    pub treated: f64,
    /// Wanted probability of seeing the effect.
    pub power: f64,
    /// Two-sided significance.
    pub alpha: f64,
}

/// Smallest effect, in standard deviations, that a cluster-randomised study would see
/// (Bloom 2006): M √(ρ/(P(1−P)J) + (1−ρ)/(P(1−P)Jn)), with J−2 degrees of freedom.
///
/// *Refuses* fewer than three groups, an empty side, or an impossible share.
pub fn clustered_detectable(design: &Clustered) -> Answer<f64> {
    if let Err(reason) = probabilities(design.power, design.alpha) {
        return Answer::CannotSay(reason);
    }
    let j = design.clusters as f64;
    let p = design.treated;
    if design.clusters < 3 || design.size == 0 {
        return Answer::CannotSay(Reason::TooFewClusters { have: design.clusters, need: 3 });
    }
    if !(p > 0.0 && p < 1.0 && (0.0..=1.0).contains(&design.icc)) {
        return Answer::CannotSay(Reason::bad(
            "The design",
            "the treated share or the share of variance between groups is impossible",
            "Both are shares; the treated share lies strictly between 0 and 1.",
        ));
    }
    let multiplier = t_quantile(1.0 - design.alpha / 2.0, j - 2.0) + t_quantile(design.power, j - 2.0);
    let n = design.size as f64;
    let variance = design.icc / (p * (1.0 - p) * j) + (1.0 - design.icc) / (p * (1.0 - p) * j * n);
    Answer::Estimate(multiplier * variance.sqrt())
}

/// By how much clustering inflates the variance: 1 + (n−1)ρ.
pub fn design_effect(size: usize, icc: f64) -> f64 {
    1.0 + (size as f64 - 1.0) * icc
}

/// How the outcome is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Averages after the start only.
    Post,
    /// Averages after less averages before.
    Difference,
    /// Averages after, adjusted for averages before.
    Ancova,
}

/// Variance of a comparison with `before` and `after` rounds of measurement relative
/// to a single round, at correlation `rho` between rounds (McKenzie 2012).
pub fn rounds_factor(how: Use, before: usize, after: usize, rho: f64) -> f64 {
    let (m, r) = (before as f64, after as f64);
    let post = (1.0 + (r - 1.0) * rho) / r;
    match how {
        Use::Post => post,
        _ if before == 0 => post,
        Use::Difference => post + (1.0 + (m - 1.0) * rho) / m - 2.0 * rho,
        Use::Ancova => post - m * rho * rho / (1.0 + (m - 1.0) * rho),
    }
}

/// A rollout in any shape, as it will be read by [`crate::did::staggered`].
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// For each group the position of the period in which it starts; `None` for those that wait to the end.
    pub starts: Vec<Option<usize>>,
    /// Periods before a start that are averaged into its "before".
    pub before: usize,
    /// Periods from a start on that are read, the first included.
    pub after: usize,
    /// Periods in all: the position after the last one that has come in when it is read.
    pub periods: usize,
    /// Variance of one period's average of a group around its own level, with what everybody shares taken out.
    pub variance: f64,
    /// Correlation of neighbouring periods' departures (AR(1)).
    pub autocorrelation: f64,
}

/// Smallest effect, in the outcome's unit, that a rollout of any shape would see with 80 % probability at 5 %
/// significance (two-sided, t with J−2 degrees of freedom).
///
/// The estimate is a sum of weighted group averages: each wave's mean after its start less its mean before, less the
/// same of the groups that have not started yet. Its variance follows from those weights and from the noise; groups'
/// own levels and what everybody shares drop out. *Assumes* groups of equal noise that are independent of one another.
/// *Refuses* fewer than four groups, a rollout in which nothing can be compared, or an impossible noise.
pub fn schedule_detectable(schedule: &Schedule) -> Answer<f64> {
    let groups = schedule.starts.len();
    if groups < 4 {
        return Answer::CannotSay(Reason::TooFewClusters { have: groups, need: 4 });
    }
    let noisy = schedule.variance > 0.0 && schedule.variance.is_finite();
    let remembers = schedule.autocorrelation;
    if !noisy || remembers.is_nan() || remembers.abs() >= 1.0 {
        return Answer::CannotSay(Reason::NoVariation { what: "The metric's history".into() });
    }
    weights(schedule)
        .map(|weights| {
            let rho = schedule.autocorrelation;
            let sum: f64 = weights
                .iter()
                .map(|(members, row)| {
                    // One period's weight meets every later one's: Σ w_t w_s ρ^|t−s| in one pass.
                    let (mut carried, mut total) = (0.0, 0.0);
                    for w in row {
                        carried *= rho;
                        total += w * (w + 2.0 * carried);
                        carried += w;
                    }
                    *members as f64 * total
                })
                .sum();
            let df = (groups - 2) as f64;
            (t_quantile(0.975, df) + t_quantile(0.8, df)) * (schedule.variance * sum).sqrt()
        })
        .into()
}

/// For each wave (and those that wait) its number of groups and the weight of one group's average in each period.
fn weights(schedule: &Schedule) -> Result<Vec<(usize, Vec<f64>)>, Reason> {
    let mut waves: std::collections::BTreeMap<Option<usize>, usize> = std::collections::BTreeMap::new();
    for start in &schedule.starts {
        // A start beyond the data is as good as none.
        *waves.entry(start.filter(|s| *s < schedule.periods)).or_insert(0) += 1;
    }
    let waves: Vec<(Option<usize>, usize)> = waves.into_iter().collect();
    if waves.iter().all(|w| w.0.is_none()) {
        return Err(Reason::NoTreated);
    }
    let mut rows = vec![vec![0.0; schedule.periods]; waves.len()];
    let mut cells = 0.0;
    for (k, &(start, members)) in waves.iter().enumerate() {
        let Some(start) = start.filter(|s| *s > 0) else { continue };
        let from = start.saturating_sub(schedule.before.max(1));
        let until = (start + schedule.after).min(schedule.periods);
        for t in start..until {
            let waiting: Vec<usize> =
                (0..waves.len()).filter(|&o| o != k && waves[o].0.is_none_or(|g| g > t)).collect();
            let compared: usize = waiting.iter().map(|&o| waves[o].1).sum();
            if compared == 0 {
                continue;
            }
            let share = members as f64;
            cells += share;
            let mut add = |row: usize, mass: f64| {
                rows[row][t] += mass;
                for weight in &mut rows[row][from..start] {
                    *weight -= mass / (start - from) as f64;
                }
            };
            add(k, share / members as f64);
            for &o in &waiting {
                add(o, -share / compared as f64);
            }
        }
    }
    if cells == 0.0 {
        return Err(if waves.iter().any(|w| w.0.is_some_and(|s| s > 0)) {
            Reason::NoComparison
        } else {
            Reason::NoPrePeriod
        });
    }
    for weight in rows.iter_mut().flatten() {
        *weight /= cells;
    }
    Ok(waves.iter().map(|w| w.1).zip(rows).collect())
}
