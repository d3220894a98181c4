//! What the subjects of one metric have in common in their noise.
//!
//! One subject's 26 weeks say little about how wide its noise is and how alike its neighbouring weeks are.
//! All subjects of a metric together say it well, so each one's own measure is drawn towards what is common,
//! the more so the less the subjects truly differ (empirical Bayes).

use serde::{Deserialize, Serialize};

use super::series::Rules;

/// Fewest windows for something in common.
const MIN_WINDOWS: usize = 8;

/// The common measure of a metric's noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Lag-one autocorrelation, the mean over subjects; rounded to 0.05.
    pub autocorrelation: f64,
    /// How far a subject's own autocorrelation is believed, 0 to 1: the share of its spread that is not chance.
    pub own_autocorrelation: f64,
    /// Standard deviation as a share of the usual level, the median over subjects; rounded to 5 %.
    pub share: f64,
    /// How many degrees of freedom the common share weighs against a subject's own.
    pub weight: f64,
}

/// What one baseline says about its noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// Observed values.
    pub n: f64,
    /// Their mean.
    pub mean: f64,
    /// Sum of squared departures from it.
    pub square: f64,
    /// Lag-one autocorrelation, corrected for the bias of short series: (r + 1/n) / (1 − 4/n)
    /// (Kendall 1954, to first order).
    pub autocorrelation: f64,
}

impl Noise {
    /// Measures a window. `None` with fewer than three values, or where nothing varies.
    pub(super) fn of(window: &[Option<f64>]) -> Option<Self> {
        let (mut n, mut sum) = (0.0, 0.0);
        for v in window.iter().flatten() {
            n += 1.0;
            sum += v;
        }
        let mean = sum / n;
        let square: f64 = window.iter().flatten().map(|v| (v - mean).powi(2)).sum();
        if n < 3.0 || square <= 0.0 || !square.is_finite() {
            return None;
        }
        let (mut pairs, mut lagged) = (0.0, 0.0);
        for pair in window.windows(2) {
            if let (Some(a), Some(b)) = (pair[0], pair[1]) {
                pairs += 1.0;
                lagged += (a - mean) * (b - mean);
            }
        }
        // As many pairs as an unbroken series has.
        let r = if pairs > 0.0 { lagged / square * (n - 1.0) / pairs } else { 0.0 };
        Some(Self { n, mean, square, autocorrelation: (r + 1.0 / n) / (1.0 - 4.0 / n) })
    }

    /// Degrees of freedom of the variance of such a series (Bartlett 1946: n (1 − ρ²)/(1 + ρ²)).
    fn freedom(&self, rho: f64) -> f64 {
        (self.n - 1.0) * (1.0 - rho * rho) / (1.0 + rho * rho)
    }

    /// Standard deviation, without the bias that a mean of alike neighbours and a root of few values bring.
    fn deviation(&self, rho: f64) -> f64 {
        let lost = (1.0 + rho) / (1.0 - rho);
        (self.square / (self.n - lost).max(1.0)).sqrt() * (1.0 + 1.0 / (4.0 * (self.n - 1.0)))
    }

    /// Standard deviation and autocorrelation by which a subject is judged: its own, drawn towards what is common.
    ///
    /// The variance is moderated as by Smyth (2004), s̃² = (d₀ s₀² + d s²)/(d₀ + d). Without a pool both are its own.
    pub(super) fn judged(&self, pool: Option<&Pool>) -> (f64, f64) {
        let own = self.autocorrelation.clamp(0.0, 0.6);
        let Some(pool) = pool else { return (self.deviation(0.0), own) };
        let rho =
            (pool.autocorrelation + pool.own_autocorrelation * (own - pool.autocorrelation)).clamp(0.0, 0.6);
        let (d, d0) = (self.freedom(rho), pool.weight);
        let (s, s0) = (self.deviation(rho), pool.share * self.mean.abs());
        if s0 <= 0.0 {
            return (s, rho);
        }
        (((d0 * s0 * s0 + d * s * s) / (d0 + d)).sqrt(), rho)
    }
}

impl Pool {
    /// What is common to the subjects' own series. `None` with too few of them.
    ///
    /// Each series is cut into windows of a baseline's length, from its first period on, so that a new week
    /// changes nothing about the windows before it.
    pub fn of<'a>(series: impl IntoIterator<Item = &'a [Option<f64>]>, rules: &Rules) -> Option<Self> {
        let windows: Vec<Noise> = series
            .into_iter()
            .flat_map(|s| s.chunks(rules.baseline.max(3)))
            .filter(|w| w.iter().flatten().count() >= rules.min_history)
            .filter_map(Noise::of)
            .collect();
        if windows.len() < MIN_WINDOWS {
            return None;
        }
        let count = windows.len() as f64;
        let n = windows.iter().map(|w| w.n).sum::<f64>() / count;
        let mean = windows.iter().map(|w| w.autocorrelation).sum::<f64>() / count;
        let rho = mean.clamp(0.0, 0.6);
        let spread = windows.iter().map(|w| (w.autocorrelation - mean).powi(2)).sum::<f64>() / (count - 1.0);
        // What chance alone spreads: (1 − ρ²)/n, stretched as the correction for bias stretches.
        let chance = (1.0 - rho * rho) / n / (1.0 - 4.0 / n).powi(2);
        let own = ((spread - chance) / spread.max(1e-9)).clamp(0.0, 1.0);
        let mut logs: Vec<f64> = windows
            .iter()
            .filter(|w| w.mean.abs() > 0.0)
            .map(|w| (w.deviation(rho) / w.mean.abs()).ln())
            .collect();
        if logs.is_empty() {
            return None;
        }
        logs.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| logs[((logs.len() - 1) as f64 * share).round() as usize];
        // The middle half of a normal distribution is 1.349 standard deviations wide.
        let spread = ((at(0.75) - at(0.25)) / 1.349).powi(2);
        let d = (n - 1.0) * (1.0 - rho * rho) / (1.0 + rho * rho);
        // The logarithm of a standard deviation has the variance 1/(2d); what is left is how subjects differ.
        let differ = spread - 0.5 / d;
        let weight = if differ > 0.0 { (0.5 / differ).clamp(2.0, 30.0) } else { 30.0 };
        Some(Self {
            autocorrelation: step(rho, 0.05),
            own_autocorrelation: step(own, 0.1),
            share: step(at(0.5), 0.05).exp(),
            weight: weight.round(),
        })
    }

    /// Whether another measure of the same metric is so near that the one in use stays.
    ///
    /// Keeping it means that one more week re-reviews nobody but those whose numbers came.
    pub fn is_near(&self, other: &Self) -> bool {
        (self.autocorrelation - other.autocorrelation).abs() < 0.075
            && (self.own_autocorrelation - other.own_autocorrelation).abs() < 0.25
            && (self.share / other.share).ln().abs() < 0.125
            && (self.weight / other.weight).ln().abs() < 1.0
    }
}

fn step(value: f64, width: f64) -> f64 {
    (value / width).round() * width
}

#[cfg(test)]
mod tests {
    use super::super::worlds::Noise as Dice;
    use super::*;

    fn world(rho: f64, differ: f64) -> Vec<Vec<Option<f64>>> {
        let mut dice = Dice::new(23);
        (0..300)
            .map(|_| {
                let sigma = 10.0 * (differ * dice.normal()).exp();
                dice.stable(78, rho).into_iter().map(|v| v.map(|v| 100.0 + sigma * v)).collect()
            })
            .collect()
    }

    #[test]
    fn many_short_series_say_together_what_one_cannot() {
        for rho in [0.0, 0.2, 0.4] {
            let world = world(rho, 0.0);
            let pool = Pool::of(world.iter().map(Vec::as_slice), &Rules::default()).unwrap();
            assert!((pool.autocorrelation - rho).abs() <= 0.051, "{pool:?} for {rho}");
            assert!((pool.share - 0.1).abs() < 0.008, "{pool:?}");
            assert!(pool.weight >= 20.0, "nobody differs: {pool:?}");
            assert!(pool.own_autocorrelation <= 0.2, "nobody differs: {pool:?}");
        }
    }

    #[test]
    fn where_people_differ_their_own_spread_counts_for_more() {
        let alike = world(0.0, 0.1);
        let unlike = world(0.0, 0.6);
        let of = |w: &[Vec<Option<f64>>]| Pool::of(w.iter().map(Vec::as_slice), &Rules::default()).unwrap();
        assert!(of(&unlike).weight <= 3.0, "{:?}", of(&unlike));
        assert!(of(&alike).weight > of(&unlike).weight);
    }

    #[test]
    fn too_few_series_share_nothing() {
        let world = world(0.0, 0.0);
        assert_eq!(Pool::of(world[..2].iter().map(Vec::as_slice), &Rules::default()), None);
        assert_eq!(Pool::of([[None; 60].as_slice(), &[Some(1.0); 60]], &Rules::default()), None);
    }

    #[test]
    fn one_more_week_leaves_it_as_it_is() {
        let world = world(0.3, 0.2);
        let of = |until: usize| Pool::of(world.iter().map(|s| &s[..until]), &Rules::default()).unwrap();
        for weeks in 53..78 {
            assert!(of(weeks).is_near(&of(52)), "{:?} after {weeks} weeks, {:?} after 52", of(weeks), of(52));
        }
    }
}
