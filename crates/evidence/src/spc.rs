//! Process-behaviour charts: is this movement unusual against the subject's own past?
//!
//! A series is one value for each period, `None` where nothing was observed.
//! Limits come from a baseline; a [`Watch`] then takes the later values one by one
//! in constant time, so that a batch and a stream give the same signals.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Reason};
use crate::dist;

/// Factor from the mean moving range to the natural process limits: 3 / 1.128
/// (Wheeler; Shewhart's three sigma for ranges of two).
pub const LIMIT_FACTOR: f64 = 2.66;
/// Factor from the mean moving range to its own upper limit (D4 for ranges of two).
pub const RANGE_FACTOR: f64 = 3.267;
/// Expected range of two independent standard normal values, 2/√π.
pub const D2: f64 = 1.128;

/// How limits are computed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitRule {
    /// The fewest observed values in a baseline.
    pub min_points: usize,
    /// Whether to widen the limits when neighbouring values resemble one another.
    pub widen_for_autocorrelation: bool,
}

impl Default for LimitRule {
    fn default() -> Self {
        Self { min_points: 6, widen_for_autocorrelation: true }
    }
}

/// Natural process limits of one series, in the series' unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Mean of the baseline.
    pub center: f64,
    /// Lower natural process limit.
    pub lower: f64,
    /// Upper natural process limit.
    pub upper: f64,
    /// Mean absolute difference of neighbouring periods.
    pub mean_range: f64,
    /// Upper limit of those differences.
    pub range_upper: f64,
    /// One standard deviation of routine variation, widened as the limits are.
    pub sigma: f64,
    /// Lag-one autocorrelation that the limits allow for; 0 when none was found.
    pub autocorrelation: f64,
    /// Values in the baseline.
    pub points: usize,
}

impl Limits {
    /// How many values on one side of the centre are as surprising as eight
    /// independent ones.
    ///
    /// Neighbours of a series with autocorrelation ρ fall on the same side with
    /// probability ½ + asin(ρ)/π, so the run must be longer to mean the same.
    pub fn run_length(&self, independent: usize) -> usize {
        let same = 0.5 + self.autocorrelation.asin() / std::f64::consts::PI;
        let steps = (independent.saturating_sub(1)) as f64 * 0.5_f64.ln() / same.ln();
        1 + steps.ceil() as usize
    }
}

/// Limits of an individuals chart (XmR) over a baseline.
///
/// *Assumes* one value per period and a baseline in which nothing changed.
/// Centre ± 2.66 mean moving ranges (Shewhart; NIST/SEMATECH e-Handbook 6.3.2.2).
/// A moving range needs two neighbouring periods; gaps give none.
///
/// With positive lag-one autocorrelation ρ the moving range understates the spread
/// by √(1−ρ), so the limits are widened by its inverse. ρ is corrected for the bias
/// of short series, (r + 1/n)/(1 − 4/n), and used only when it exceeds 1.645/√n over at least 16 values.
///
/// *Refuses* with fewer than `min_points` values, with fewer than two moving
/// ranges, or when nothing varies.
pub fn limits(baseline: &[Option<f64>], rule: &LimitRule) -> Answer<Limits> {
    try_limits(baseline, rule).into()
}

fn try_limits(baseline: &[Option<f64>], rule: &LimitRule) -> Result<Limits, Reason> {
    let (mut points, mut sum) = (0_usize, 0.0);
    for value in baseline.iter().flatten() {
        if !value.is_finite() {
            return Err(Reason::NotFinite { place: "The baseline".into() });
        }
        points += 1;
        sum += value;
    }
    let need = rule.min_points.max(3);
    if points < need {
        return Err(Reason::TooFewObservations { place: "The baseline".into(), have: points, need });
    }
    let center = sum / points as f64;
    let (mut ranges, mut range_sum, mut lagged, mut square) = (0_usize, 0.0, 0.0, 0.0);
    let mut last: Option<f64> = None;
    for value in baseline {
        if let Some(v) = value {
            square += (v - center).powi(2);
            if let Some(before) = last {
                ranges += 1;
                range_sum += (v - before).abs();
                lagged += (v - center) * (before - center);
            }
        }
        last = *value;
    }
    if ranges < 2 {
        return Err(Reason::TooFewObservations {
            place: "Neighbouring periods of the baseline".into(),
            have: ranges,
            need: 2,
        });
    }
    let mean_range = range_sum / ranges as f64;
    if mean_range <= 0.0 || square <= 0.0 {
        return Err(Reason::NoVariation { what: "The baseline".into() });
    }
    let n = points as f64;
    let mut autocorrelation = 0.0;
    if rule.widen_for_autocorrelation && points >= 16 {
        let r = (lagged / ranges as f64) / (square / n);
        let corrected = ((r + 1.0 / n) / (1.0 - 4.0 / n)).min(0.9);
        if corrected > 1.645 / n.sqrt() {
            autocorrelation = corrected;
        }
    }
    let widen = 1.0 / (1.0 - autocorrelation).sqrt();
    let reach = LIMIT_FACTOR * mean_range * widen;
    Ok(Limits {
        center,
        lower: center - reach,
        upper: center + reach,
        mean_range,
        range_upper: RANGE_FACTOR * mean_range,
        sigma: mean_range / D2 * widen,
        autocorrelation,
        points,
    })
}

/// Which part of a series is the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineRule {
    /// How many periods the baseline covers.
    pub length: usize,
    /// How many periods before the one judged are kept out of the baseline, so
    /// that a slow change does not become its own yardstick.
    pub gap: usize,
}

impl Default for BaselineRule {
    fn default() -> Self {
        Self { length: 26, gap: 8 }
    }
}

/// The baseline for judging period `at` of a series that means the same thing
/// since `since` (a change of definition, role or unit starts a new one).
///
/// The window ends `gap` periods before `at`. When that leaves no full window, it
/// takes the earliest periods since `since`, as long as they lie before `at`.
pub fn baseline(at: usize, since: usize, rule: &BaselineRule) -> Range<usize> {
    let end = at.saturating_sub(rule.gap);
    if end >= since + rule.length {
        (end - rule.length)..end
    } else {
        since..(since + rule.length).min(at).max(since)
    }
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above the centre.
    High,
    /// Below the centre.
    Low,
}

/// Which rules are watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// A value beyond the natural process limits.
    pub beyond: bool,
    /// This many values in a row on one side; `None` for off. Lengthened for
    /// autocorrelation, see [`Limits::run_length`].
    pub run: Option<usize>,
    /// Cumulative sums; `None` for off.
    pub cusum: Option<Cusum>,
    /// Sides that matter; `None` for both.
    pub side: Option<Side>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { beyond: true, run: Some(8), cusum: None, side: None }
    }
}

/// Tabular cumulative sum (Page 1954), in units of sigma.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    /// Slack: half the shift worth seeing.
    pub k: f64,
    /// Decision interval; stretched by √((1+ρ)/(1−ρ)) for an autocorrelation ρ,
    /// by which sums of such values spread more.
    pub h: f64,
}

impl Default for Cusum {
    fn default() -> Self {
        Self { k: 0.75, h: 3.0 }
    }
}

/// What a value set off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Signal {
    /// A value beyond the limits.
    Beyond {
        /// Which limit.
        side: Side,
    },
    /// A run on one side.
    Run {
        /// Which side.
        side: Side,
        /// Values in the run so far.
        length: usize,
        /// Position of its first value.
        since: usize,
    },
    /// A cumulative sum beyond its decision interval.
    Cusum {
        /// Which direction.
        side: Side,
        /// The sum, in sigma.
        sum: f64,
        /// Position after which the sum last stood at zero: when the change
        /// most likely began.
        since: usize,
    },
}

impl Signal {
    /// Up or down.
    pub fn side(&self) -> Side {
        match self {
            Signal::Beyond { side } | Signal::Run { side, .. } | Signal::Cusum { side, .. } => *side,
        }
    }
}

/// The signals of one value; empty when it is routine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// Beyond the limits.
    pub beyond: Option<Signal>,
    /// Run on one side.
    pub run: Option<Signal>,
    /// Cumulative sum.
    pub cusum: Option<Signal>,
}

impl Signals {
    /// Whether nothing was set off.
    pub fn is_empty(&self) -> bool {
        self.beyond.is_none() && self.run.is_none() && self.cusum.is_none()
    }

    /// All signals.
    pub fn iter(&self) -> impl Iterator<Item = Signal> + use<> {
        [self.beyond, self.run, self.cusum].into_iter().flatten()
    }
}

/// Watches one series against its limits, one value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    limits: Limits,
    rules: Rules,
    run_needed: usize,
    position: usize,
    run_side: Option<Side>,
    run_length: usize,
    run_since: usize,
    high: f64,
    high_since: usize,
    low: f64,
    low_since: usize,
}

impl Watch {
    /// Starts watching; the first value pushed has position `start`.
    pub fn new(limits: Limits, rules: Rules, start: usize) -> Self {
        Self {
            limits,
            rules,
            run_needed: rules.run.map_or(usize::MAX, |n| limits.run_length(n)),
            position: start,
            run_side: None,
            run_length: 0,
            run_since: start,
            high: 0.0,
            high_since: start,
            low: 0.0,
            low_since: start,
        }
    }

    /// Takes the next period's value. A missing or non-finite value sets nothing
    /// off, and neither breaks a run nor feeds a sum.
    pub fn push(&mut self, value: Option<f64>) -> Signals {
        let at = self.position;
        self.position += 1;
        let mut out = Signals::default();
        let Some(v) = value.filter(|v| v.is_finite()) else {
            return out;
        };
        let wanted = |side: Side| self.rules.side.is_none_or(|s| s == side);
        if self.rules.beyond {
            if v > self.limits.upper && wanted(Side::High) {
                out.beyond = Some(Signal::Beyond { side: Side::High });
            } else if v < self.limits.lower && wanted(Side::Low) {
                out.beyond = Some(Signal::Beyond { side: Side::Low });
            }
        }
        let side = if v > self.limits.center {
            Some(Side::High)
        } else if v < self.limits.center {
            Some(Side::Low)
        } else {
            None
        };
        if side.is_some() && side == self.run_side {
            self.run_length += 1;
        } else {
            self.run_side = side;
            self.run_length = usize::from(side.is_some());
            self.run_since = at;
        }
        if let Some(side) = side
            && self.run_length >= self.run_needed
            && wanted(side)
        {
            out.run = Some(Signal::Run { side, length: self.run_length, since: self.run_since });
        }
        if let Some(Cusum { k, h }) = self.rules.cusum {
            let rho = self.limits.autocorrelation;
            let h = h * ((1.0 + rho) / (1.0 - rho)).sqrt();
            let z = (v - self.limits.center) / self.limits.sigma;
            let step = |sum: f64, since: usize, push: f64| {
                let next = (sum + push - k).max(0.0);
                (next, if sum == 0.0 { at } else { since })
            };
            (self.high, self.high_since) = step(self.high, self.high_since, z);
            (self.low, self.low_since) = step(self.low, self.low_since, -z);
            let higher = (self.high, self.high_since, Side::High);
            let lower = (self.low, self.low_since, Side::Low);
            for (sum, since, side) in [higher, lower] {
                if sum > h && wanted(side) {
                    out.cusum = Some(Signal::Cusum { side, sum, since });
                }
            }
        }
        out
    }

    /// The limits watched against.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The two cumulative sums, high and low, in sigma.
    pub fn sums(&self) -> (f64, f64) {
        (self.high, self.low)
    }
}

/// Limits from `baseline` and signals for every later period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The limits.
    pub limits: Limits,
    /// Position and signals of each value that set something off.
    pub signals: Vec<(usize, Signals)>,
}

/// Charts one series: limits from `baseline`, then every later value is judged.
///
/// *Refuses* as [`limits`] does, and when the baseline lies outside the series.
pub fn chart(
    series: &[Option<f64>],
    baseline: Range<usize>,
    rule: &LimitRule,
    rules: &Rules,
) -> Answer<Chart> {
    let Some(window) = series.get(baseline.clone()) else {
        return Answer::CannotSay(Reason::TooFewObservations {
            place: "The baseline".into(),
            have: series.len(),
            need: baseline.end,
        });
    };
    limits(window, rule).map(|limits| {
        let mut watch = Watch::new(limits, *rules, baseline.end);
        let signals = series[baseline.end..]
            .iter()
            .enumerate()
            .filter_map(|(i, value)| {
                let signals = watch.push(*value);
                (!signals.is_empty()).then_some((baseline.end + i, signals))
            })
            .collect();
        Chart { limits, signals }
    })
}

/// Charts many series in parallel, each as [`chart`] does; results keep their order.
pub fn charts(
    series: &[&[Option<f64>]],
    baseline: Range<usize>,
    rule: &LimitRule,
    rules: &Rules,
) -> Vec<Answer<Chart>> {
    series.par_iter().map(|one| chart(one, baseline.clone(), rule, rules)).collect()
}

/// What all subjects share in each period, and what is each one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// Median departure of the subjects from their own usual level, for each period;
    /// `None` with too few subjects reporting.
    pub common: Vec<Option<f64>>,
    /// How many subjects reported in each period.
    pub reporting: Vec<usize>,
    /// Each series with the common movement taken out, at its own usual level.
    pub own: Vec<Vec<Option<f64>>>,
}

/// Splits series of the same unit into common movement and each one's own.
///
/// The usual level of a subject is its median over `baseline` (its whole series
/// where that is empty); the common movement is the median departure, which a
/// minority of subjects cannot drag along. Judge `common` at the level of the unit,
/// and `own` for each subject, so that a bad week for everybody is one signal.
/// Periods with fewer than `min_subjects` reporting have no common movement and
/// pass through unchanged.
pub fn split_common(series: &[&[Option<f64>]], baseline: Range<usize>, min_subjects: usize) -> Movement {
    let periods = series.iter().map(|s| s.len()).max().unwrap_or(0);
    let levels: Vec<Option<f64>> = series
        .iter()
        .map(|s| {
            let window = s.get(baseline.clone()).unwrap_or(&[]);
            let mut values: Vec<f64> = window.iter().flatten().copied().collect();
            if values.is_empty() {
                values = s.iter().flatten().copied().collect();
            }
            median(&mut values)
        })
        .collect();
    let mut common = Vec::with_capacity(periods);
    let mut reporting = Vec::with_capacity(periods);
    let mut departures = Vec::with_capacity(series.len());
    for t in 0..periods {
        departures.clear();
        for (s, level) in series.iter().zip(&levels) {
            if let (Some(Some(v)), Some(level)) = (s.get(t), level) {
                departures.push(v - level);
            }
        }
        reporting.push(departures.len());
        common.push(if departures.len() >= min_subjects.max(1) { median(&mut departures) } else { None });
    }
    let own = series
        .iter()
        .map(|s| s.iter().zip(&common).map(|(v, c)| v.map(|v| v - c.unwrap_or(0.0))).collect())
        .collect();
    Movement { common, reporting, own }
}

fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let mid = values.len() / 2;
    Some(if values.len() % 2 == 1 { values[mid] } else { 0.5 * (values[mid - 1] + values[mid]) })
}

/// Chance that a stable, independent, normal series sets off [`Rules::beyond`] in
/// one period, with exact limits: two tails beyond 2.66 · 1.128 sigma.
pub fn false_alarm_beyond() -> f64 {
    dist::normal_two_sided(LIMIT_FACTOR * D2)
}
