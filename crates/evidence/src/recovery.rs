//! Regression to the mean: how much people picked at a bad moment would have come
//! back with nothing done.
//!
//! A value is a person's usual level plus passing noise. People picked because their
//! recent values were bad had, on average, bad luck as well as a low level; the bad
//! luck passes by itself. [`noise`] learns both from history, [`expected_recovery`]
//! draws the path back, and [`beyond_recovery`] is what is left after taking it off.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Reason, all_finite};
use crate::dist;
use crate::estimate::Estimate;

/// Levels and noise of people, learnt from their history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Average level.
    pub mean: f64,
    /// Variance of people's usual levels.
    pub between: f64,
    /// Variance of one period's noise around the usual level.
    pub within: f64,
    /// Correlation of neighbouring periods' noise.
    pub autocorrelation: f64,
    /// People it was learnt from.
    pub people: usize,
    /// Observations it was learnt from.
    pub observations: usize,
}

impl Noise {
    /// Share of a difference in `periods`-period averages that lasts.
    pub fn reliability(&self, periods: usize) -> f64 {
        self.between / (self.between + self.within * mean_factor(self.autocorrelation, periods))
    }

    fn covariance(&self, distance: usize) -> f64 {
        self.between + self.within * self.autocorrelation.powi(distance as i32)
    }
}

/// Variance of the mean of `n` neighbouring values of an AR(1) series of variance one.
fn mean_factor(rho: f64, n: usize) -> f64 {
    let nf = n as f64;
    let mut sum = 1.0;
    let mut power = 1.0;
    for k in 1..n {
        power *= rho;
        sum += 2.0 * (1.0 - k as f64 / nf) * power;
    }
    sum / nf
}

/// Learns levels and noise from histories in which nothing was done.
///
/// Each history is one person's values by period, all starting at the same period;
/// `None` where nothing was observed. What everybody shares in a period (its mean) is
/// taken out first. Moments with the AR(1) corrections for short histories.
///
/// *Assumes* stable usual levels, equal noise, AR(1) memory. *Refuses* with fewer
/// than ten people who have at least four values, or when nothing varies.
pub fn noise(histories: &[&[Option<f64>]]) -> Answer<Noise> {
    try_noise(histories, 10).into()
}

/// As [`noise`], from four histories on: enough for the noise around usual levels, for which every period counts, and
/// not enough to lean on the spread of the levels themselves.
pub fn variation(histories: &[&[Option<f64>]]) -> Answer<Noise> {
    try_noise(histories, 4).into()
}

fn try_noise(histories: &[&[Option<f64>]], least: usize) -> Result<Noise, Reason> {
    let kept: Vec<&[Option<f64>]> =
        histories.iter().copied().filter(|h| h.iter().flatten().count() >= 4).collect();
    if kept.len() < least {
        return Err(Reason::TooFewUnits {
            place: "Those with a history of four periods".into(),
            have: kept.len(),
            need: least,
        });
    }
    let periods = kept.iter().map(|h| h.len()).max().unwrap_or(0);
    let (mut total, mut observations) = (0.0, 0_usize);
    for v in kept.iter().flat_map(|h| h.iter()).flatten() {
        if !v.is_finite() {
            return Err(Reason::NotFinite { place: "The history".into() });
        }
        total += v;
        observations += 1;
    }
    let mean = total / observations as f64;
    // Period means around people's own levels, so that who reports when does not matter.
    let levels: Vec<f64> = kept
        .iter()
        .map(|h| {
            let (n, s) = h.iter().flatten().fold((0.0, 0.0), |(n, s), v| (n + 1.0, s + v));
            s / n
        })
        .collect();
    let mut movement = vec![(0.0, 0.0); periods];
    for (h, level) in kept.iter().zip(&levels) {
        for (t, v) in h.iter().enumerate() {
            if let Some(v) = v {
                movement[t].0 += 1.0;
                movement[t].1 += v - level;
            }
        }
    }
    let movement: Vec<f64> = movement.iter().map(|(n, s)| if *n >= 3.0 { s / n } else { 0.0 }).collect();
    let (mut square, mut pairs, mut product) = (0.0, 0.0, 0.0);
    let mut lengths = Vec::with_capacity(kept.len());
    let mut own_means = Vec::with_capacity(kept.len());
    for h in &kept {
        let clean: Vec<Option<f64>> = h.iter().zip(&movement).map(|(v, m)| v.map(|v| v - m)).collect();
        let n = clean.iter().flatten().count();
        let own = clean.iter().flatten().sum::<f64>() / n as f64;
        lengths.push(n);
        own_means.push(own);
        for (a, b) in clean.iter().zip(clean.iter().skip(1)) {
            if let (Some(a), Some(b)) = (a, b) {
                pairs += 1.0;
                product += (a - own) * (b - own);
            }
        }
        square += clean.iter().flatten().map(|v| (v - own).powi(2)).sum::<f64>();
    }
    if square <= 0.0 {
        return Err(Reason::NoVariation { what: "The history".into() });
    }
    let people = kept.len() as f64;
    let ratio = if pairs > 0.0 { (product / pairs) / (square / observations as f64) } else { 0.0 };
    let typical = (observations as f64 / people).round().max(2.0) as usize;
    let mut rho: f64 = 0.0;
    for _ in 0..200 {
        let f = mean_factor(rho, typical);
        rho = (ratio * (1.0 - f) + f).clamp(-0.5, 0.95);
    }
    // Without real memory, f alone would suggest some: solve ρ − f = r (1 − f).
    let rho = if rho.abs() < 1e-9 { 0.0 } else { rho };
    let factors: Vec<f64> = lengths.iter().map(|&n| mean_factor(rho, n)).collect();
    let degrees: f64 = lengths.iter().zip(&factors).map(|(&n, f)| n as f64 * (1.0 - f)).sum();
    let within = square / degrees;
    let grand = own_means.iter().sum::<f64>() / people;
    let spread = own_means.iter().map(|m| (m - grand).powi(2)).sum::<f64>() / (people - 1.0);
    let noise_in_means = within * factors.iter().sum::<f64>() / people;
    Ok(Noise {
        mean,
        between: (spread - noise_in_means).max(0.0),
        within,
        autocorrelation: rho,
        people: kept.len(),
        observations,
    })
}

/// One person who was picked: the recent values on which they were picked, oldest
/// first and ending just before the start, and the values that followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked<'a> {
    /// Values up to the start, with what everybody shared taken out.
    pub window: &'a [Option<f64>],
    /// Values from the start on, likewise.
    pub after: &'a [Option<f64>],
}

/// One point of the path back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Periods after the last of the window, from 1.
    pub period: usize,
    /// Expected average of the picked people with nothing done.
    pub expected: f64,
    /// Lower end of the 95 % band.
    pub low: f64,
    /// Upper end of the 95 % band.
    pub high: f64,
}

/// The expected way back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Average of the picked people over the window.
    pub before: f64,
    /// Average level of everybody.
    pub usual: f64,
    /// Expected path.
    pub path: Vec<Point>,
    /// Expected average over the path less the average over the window.
    pub change: Estimate,
    /// Share of the picked people's distance from everybody that lasts.
    pub lasting_share: f64,
}

/// Best linear prediction of the periods after a window for one person.
struct Forecast {
    expected: DVector<f64>,
    covariance: DMatrix<f64>,
}

fn forecast(noise: &Noise, window: &[Option<f64>], periods: usize) -> Result<Forecast, Reason> {
    let seen: Vec<(usize, f64)> = window.iter().enumerate().filter_map(|(t, v)| v.map(|v| (t, v))).collect();
    let prior = DMatrix::from_fn(periods, periods, |a, b| noise.covariance(a.abs_diff(b)));
    if seen.is_empty() {
        return Ok(Forecast { expected: DVector::from_element(periods, noise.mean), covariance: prior });
    }
    let m = seen.len();
    let sigma = DMatrix::from_fn(m, m, |a, b| noise.covariance(seen[a].0.abs_diff(seen[b].0)));
    let cross = DMatrix::from_fn(periods, m, |h, a| noise.covariance(window.len() + h - seen[a].0));
    let gap = DVector::from_fn(m, |a, _| seen[a].1 - noise.mean);
    let cholesky = sigma.cholesky().ok_or_else(|| Reason::NoVariation { what: "The history".into() })?;
    let expected = &cross * cholesky.solve(&gap);
    let covariance = prior - &cross * cholesky.solve(&cross.transpose());
    Ok(Forecast { expected: expected.add_scalar(noise.mean), covariance })
}

/// The path that the picked people would have taken with nothing done, over the
/// `periods` after the window.
///
/// Best linear prediction from each person's whole window, so that it is right
/// however the window's values led to the choice. *Assumes* what [`noise`] assumes;
/// a common shock after the start is not in the band: take it out of the values first.
/// *Refuses* without picked people, without a window value, or without a period.
pub fn expected_recovery(noise: &Noise, picked: &[Picked<'_>], periods: usize) -> Answer<Recovery> {
    try_recovery(noise, picked, periods).into()
}

fn try_recovery(noise: &Noise, picked: &[Picked<'_>], periods: usize) -> Result<Recovery, Reason> {
    if picked.is_empty() || periods == 0 {
        return Err(Reason::TooFewUnits {
            place: "People picked and periods to follow".into(),
            have: picked.len().min(periods),
            need: 1,
        });
    }
    let n = picked.len() as f64;
    let mut expected = DVector::zeros(periods);
    let mut covariance = DMatrix::zeros(periods, periods);
    let (mut before, mut with_window) = (0.0, 0.0);
    for person in picked {
        check_values(person)?;
        let f = forecast(noise, person.window, periods)?;
        expected += f.expected / n;
        covariance += f.covariance / (n * n);
        if let Some(mean) = mean_of(person.window) {
            before += mean;
            with_window += 1.0;
        }
    }
    if with_window == 0.0 {
        return Err(Reason::NoPrePeriod);
    }
    before /= with_window;
    let z = dist::normal_quantile(0.975);
    let path = (0..periods)
        .map(|h| {
            let reach = z * covariance[(h, h)].max(0.0).sqrt();
            Point {
                period: h + 1,
                expected: expected[h],
                low: expected[h] - reach,
                high: expected[h] + reach,
            }
        })
        .collect();
    let average = expected.mean();
    let error = (covariance.sum() / (periods * periods) as f64).sqrt();
    let gap = before - noise.mean;
    Ok(Recovery {
        before,
        usual: noise.mean,
        path,
        change: Estimate::normal("expected recovery", average - before, error, picked.len(), None)?,
        lasting_share: if gap.abs() > 1e-12 { ((average - noise.mean) / gap).clamp(0.0, 1.0) } else { 1.0 },
    })
}

fn mean_of(values: &[Option<f64>]) -> Option<f64> {
    let (n, s) = values.iter().flatten().fold((0.0, 0.0), |(n, s), v| (n + 1.0, s + v));
    (n > 0.0).then(|| s / n)
}

fn check_values(person: &Picked<'_>) -> Result<(), Reason> {
    let bad = |v: &[Option<f64>]| v.iter().flatten().any(|v| !v.is_finite());
    if bad(person.window) || bad(person.after) {
        return Err(Reason::NotFinite { place: "The picked people".into() });
    }
    Ok(())
}

/// The naive number: average after less average before, over people.
///
/// Shown beside the right one, never instead of it. *Refuses* with fewer than two
/// people or when nobody's change differs.
pub fn before_after(before: &[f64], after: &[f64]) -> Answer<Estimate> {
    let run = || {
        all_finite("The values before", before)?;
        all_finite("The values after", after)?;
        if before.len() != after.len() {
            return Err(Reason::bad(
                "The comparison of before and after",
                "it needs the same people twice",
                "Leave out people who are seen only once.",
            ));
        }
        let change: Vec<f64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        mean_with_error("after minus before", &change)
    };
    run().into()
}

/// What is left of the picked people's change after the expected recovery.
///
/// For each person the average after the start less what was expected of them; the
/// mean over people with its error. Still a before–after design (grade D): a common
/// shock would look like an effect. *Refuses* with fewer than two people who have
/// values after the start.
pub fn beyond_recovery(noise: &Noise, picked: &[Picked<'_>]) -> Answer<Estimate> {
    let run = || {
        let mut left = Vec::new();
        for person in picked {
            check_values(person)?;
            if person.after.iter().flatten().next().is_none() {
                continue;
            }
            let f = forecast(noise, person.window, person.after.len())?;
            let gaps: Vec<Option<f64>> =
                person.after.iter().enumerate().map(|(h, v)| v.map(|v| v - f.expected[h])).collect();
            left.extend(mean_of(&gaps));
        }
        mean_with_error("change beyond the expected recovery", &left)
    };
    run().into()
}

fn mean_with_error(term: &str, values: &[f64]) -> Result<Estimate, Reason> {
    let n = values.len();
    if n < 2 {
        return Err(Reason::TooFewUnits { place: "People seen before and after".into(), have: n, need: 2 });
    }
    let nf = n as f64;
    let mean = values.iter().sum::<f64>() / nf;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (nf - 1.0);
    Estimate::student(term, mean, (variance / nf).sqrt(), nf - 1.0, n, None)
}
