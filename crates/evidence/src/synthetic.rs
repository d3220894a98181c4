//! Few treated units: a comparison built as a weighted mixture of the others.

use nalgebra::{DMatrix, DVector};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;
use crate::panel::Panel;
use crate::permute::{Draws, stream};

/// Which mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixture {
    /// Weights on units and on periods, and a level difference allowed
    /// (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021).
    SyntheticDid,
    /// Weights on units only, levels must match (Abadie, Diamond and Hainmueller 2010,
    /// outcomes only: nested predictor weights are unstable).
    SyntheticControl,
    /// All weights equal.
    EqualWeights,
}

/// The weights of one wave.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// First treated period of the wave.
    pub start: i64,
    /// Weight of each comparison unit, by its number.
    pub units: Vec<(u64, f64)>,
    /// Weight of each period before the start.
    pub periods: Vec<(i64, f64)>,
    /// The wave's effect.
    pub effect: f64,
}

/// An effect against a mixture.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// The effect; waves are weighted by treated observations.
    pub effect: f64,
    /// With its placebo error; refused when there are not more comparison than
    /// treated units.
    pub estimate: Answer<Estimate>,
    /// The weights of each wave.
    pub weights: Vec<Weights>,
    /// Effects of placebo groups, for a picture.
    pub placebos: Vec<f64>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// One wave: comparison rows first, then treated rows; periods as columns.
struct Wave {
    start: i64,
    treated: Vec<usize>,
    before: usize,
}

/// Effect of a start against a weighted mixture of never-treated units.
///
/// Weights by Frank–Wolfe exactly as R `synthdid` 0.0.9 (sparsified, then run again), so
/// the point estimates agree to all digits. The error is the placebo one: comparison
/// units are taken as if treated, `draws.number` times (it is random; the seed fixes it).
/// *Assumes* that the mixture would have gone on tracking the treated units.
/// *Needs* a complete panel. *Refuses* holes, fewer than two periods before a start, or
/// fewer than two comparison units.
pub fn synthetic(panel: &Panel, mixture: Mixture, draws: Draws) -> Answer<Synthetic> {
    try_synthetic(panel, mixture, draws).into()
}

fn try_synthetic(panel: &Panel, mixture: Mixture, draws: Draws) -> Result<Synthetic, Reason> {
    if !panel.is_complete() {
        return Err(Reason::bad(
            "The mixture",
            "some units are not observed in every period",
            "Keep only units that are, or periods in which all are.",
        ));
    }
    let times = panel.times();
    let last = times[times.len() - 1];
    let mut warnings = Vec::new();
    let never: Vec<usize> =
        (0..panel.units()).filter(|&i| panel.cohorts()[i].is_none_or(|g| g > last)).collect();
    if never.len() < 2 {
        return Err(Reason::TooFewUnits { place: "Comparison".into(), have: never.len(), need: 2 });
    }
    let mut waves = Vec::new();
    for &start in panel.cohort_sizes().keys().filter(|g| **g <= last) {
        let before = times.partition_point(|t| *t < start);
        if before < 2 {
            warnings.push(format!(
                "The wave of period {start} has fewer than two periods before its start; it is left out."
            ));
            continue;
        }
        let treated = (0..panel.units()).filter(|&i| panel.cohorts()[i] == Some(start)).collect();
        waves.push(Wave { start, treated, before });
    }
    if waves.is_empty() {
        return Err(if panel.cohort_sizes().is_empty() { Reason::NoTreated } else { Reason::NoPrePeriod });
    }
    let combine = |parts: &[(f64, f64)]| {
        let (mass, sum) = parts.iter().fold((0.0, 0.0), |(m, s), (w, e)| (m + w, s + w * e));
        sum / mass
    };
    let mut weights = Vec::new();
    let mut parts = Vec::new();
    for wave in &waves {
        let fit = fit_wave(panel, &never, &wave.treated, wave.before, mixture)?;
        let mass = (wave.treated.len() * (times.len() - wave.before)) as f64;
        parts.push((mass, fit.effect));
        weights.push(Weights {
            start: wave.start,
            units: never.iter().zip(fit.omega.iter()).map(|(&i, w)| (panel.unit_names()[i], *w)).collect(),
            periods: times.iter().copied().zip(fit.lambda.iter().copied()).collect(),
            effect: fit.effect,
        });
    }
    let effect = combine(&parts);

    let needed: usize = waves.iter().map(|w| w.treated.len()).sum();
    let mut placebos = Vec::new();
    let estimate = if never.len() <= needed {
        Answer::CannotSay(Reason::TooFewUnits {
            place: "Comparison units for placebo groups".into(),
            have: never.len(),
            need: needed + 1,
        })
    } else {
        placebos = (0..draws.number)
            .into_par_iter()
            .filter_map(|draw| {
                let mut pool = never.clone();
                pool.shuffle(&mut stream(draws.seed, draw));
                let rest = &pool[needed..];
                let mut from = 0;
                let mut parts = Vec::new();
                for wave in &waves {
                    let fake = &pool[from..from + wave.treated.len()];
                    from += wave.treated.len();
                    let fit = fit_wave(panel, rest, fake, wave.before, mixture).ok()?;
                    let mass = (fake.len() * (times.len() - wave.before)) as f64;
                    parts.push((mass, fit.effect));
                }
                Some(combine(&parts))
            })
            .collect();
        let n = placebos.len() as f64;
        if placebos.len() < 2 {
            Answer::CannotSay(Reason::TooFewObservations {
                place: "Placebo groups".into(),
                have: placebos.len(),
                need: 2,
            })
        } else {
            let mean = placebos.iter().sum::<f64>() / n;
            let variance = placebos.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / n;
            Estimate::normal("ATT", effect, variance.sqrt(), panel.observed(), None).into()
        }
    };
    Ok(Synthetic { effect, estimate, weights, placebos, warnings })
}

struct Fitted {
    effect: f64,
    omega: DVector<f64>,
    lambda: DVector<f64>,
}

fn fit_wave(
    panel: &Panel,
    comparison: &[usize],
    treated: &[usize],
    before: usize,
    mixture: Mixture,
) -> Result<Fitted, Reason> {
    let (n0, n1) = (comparison.len(), treated.len());
    let periods = panel.times().len();
    let after = periods - before;
    // Collapsed form: treated rows and later columns as averages.
    let mut y = DMatrix::zeros(n0 + 1, before + 1);
    for t in 0..periods {
        let values = panel.period(t);
        let (column, share) = if t < before { (t, 1.0) } else { (before, after as f64) };
        for (r, &i) in comparison.iter().enumerate() {
            y[(r, column)] += values[i] / share;
        }
        for &i in treated {
            y[(n0, column)] += values[i] / (share * n1 as f64);
        }
    }
    let mut differences = Vec::with_capacity(n0 * (before - 1));
    for r in 0..n0 {
        for t in 1..before {
            differences.push(y[(r, t)] - y[(r, t - 1)]);
        }
    }
    let m = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / m;
    let noise = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (m - 1.0).max(1.0)).sqrt();
    if noise <= 0.0 {
        return Err(Reason::NoVariation { what: "The comparison units' outcome before the start".into() });
    }
    let tolerance = 1e-5 * noise;
    let even = |n: usize| DVector::from_element(n, 1.0 / n as f64);
    let unit_columns = y.columns(0, before).transpose();
    let (omega, lambda) = match mixture {
        Mixture::EqualWeights => (even(n0), even(before)),
        Mixture::SyntheticControl => {
            (solve(&unit_columns, 1e-6 * noise, false, tolerance), DVector::zeros(before))
        }
        Mixture::SyntheticDid => {
            let eta = ((n1 * after) as f64).powf(0.25);
            let rows = y.rows(0, n0).clone_owned();
            (solve(&unit_columns, eta * noise, true, tolerance), solve(&rows, 1e-6 * noise, true, tolerance))
        }
    };
    let gap = |t: usize| {
        let mixed: f64 = (0..n0).map(|r| omega[r] * y[(r, t)]).sum();
        y[(n0, t)] - mixed
    };
    let earlier: f64 = (0..before).map(|t| lambda[t] * gap(t)).sum();
    Ok(Fitted { effect: gap(before) - earlier, omega, lambda })
}

/// Convex weights on the first columns that reproduce the last, with a ridge: a short
/// run, small weights set to zero, then a long run.
fn solve(y: &DMatrix<f64>, zeta: f64, intercept: bool, tolerance: f64) -> DVector<f64> {
    let k = y.ncols() - 1;
    let start = DVector::from_element(k, 1.0 / k as f64);
    let mut first = frank_wolfe(y, zeta, intercept, start, tolerance, 100);
    let cut = first.max() / 4.0;
    first.apply(|w| {
        if *w <= cut {
            *w = 0.0;
        }
    });
    let sum = first.sum();
    frank_wolfe(y, zeta, intercept, first / sum, tolerance, 10_000)
}

/// Frank–Wolfe with exact line search for ζ²|w|² + |Aw − b|²/n over the simplex.
fn frank_wolfe(
    y: &DMatrix<f64>,
    zeta: f64,
    intercept: bool,
    mut w: DVector<f64>,
    tolerance: f64,
    most: usize,
) -> DVector<f64> {
    let (n, k) = (y.nrows(), y.ncols() - 1);
    let mut y = y.clone();
    if intercept {
        for mut column in y.column_iter_mut() {
            let mean = column.mean();
            column.add_scalar_mut(-mean);
        }
    }
    let a = y.columns(0, k);
    let b = y.column(k);
    let eta = n as f64 * zeta * zeta;
    let mut fitted = a * &w;
    // A'(Aw − b) is carried along; A'A is needed only for the corners that are visited.
    let offset = a.tr_mul(&b);
    let mut along = a.tr_mul(&fitted) - &offset;
    let mut corners: Vec<Option<DVector<f64>>> = vec![None; k];
    let mut last = f64::INFINITY;
    for round in 0..most {
        if round % 128 == 127 {
            // Rounding does not pile up.
            fitted = a * &w;
            along = a.tr_mul(&fitted) - &offset;
        }
        let (mut i, mut least, mut here) = (0, f64::INFINITY, 0.0);
        for (j, (g, w)) in along.iter().zip(w.iter()).enumerate() {
            let gradient = g + eta * w;
            here += gradient * w;
            if gradient < least {
                (i, least) = (j, gradient);
            }
        }
        // Direction towards corner i.
        let slope = here - least;
        let corner = a.column(i);
        let toward = corner - &fitted;
        let length = w.norm_squared() - 2.0 * w[i] + 1.0;
        let curvature = toward.norm_squared() + eta * length;
        if curvature > 0.0 && length > 0.0 {
            let step = (slope / curvature).clamp(0.0, 1.0);
            w *= 1.0 - step;
            w[i] += step;
            fitted.axpy(step, &toward, 1.0);
            let row = corners[i].get_or_insert_with(|| a.tr_mul(&corner) - &offset);
            along.axpy(step, row, 1.0 - step);
        }
        let value = zeta * zeta * w.norm_squared() + (&fitted - b).norm_squared() / n as f64;
        if round >= 1 && last - value <= tolerance * tolerance {
            break;
        }
        last = value;
    }
    w
}
