//! A structural series: wandering level, seasons, and other series as controls.
//!
//! Level as a random walk, seasons that may drift, regression on controls, noise; by
//! maximum likelihood with the Kalman filter (Harvey 1989; Commandeur and Koopman 2007).

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;
use crate::series::{Series, check};

/// A fitted structural model.
#[derive(Clone, Debug, PartialEq)]
pub struct Structural {
    /// Coefficients of the controls.
    pub coefficients: Vec<Estimate>,
    /// Variance of the noise.
    pub irregular: f64,
    /// Variance of the level's step from period to period.
    pub level: f64,
    /// Variance of the seasons' drift.
    pub seasonal: f64,
    /// Log likelihood (diffuse periods left out).
    pub log_likelihood: f64,
}

/// What a series did beyond its forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Beyond {
    /// Average of actual less forecast after the start.
    pub average: Estimate,
    /// Its sum.
    pub cumulative: Estimate,
    /// Average forecast.
    pub forecast: f64,
    /// Forecast by period after the start.
    pub path: Vec<f64>,
    /// The model that was fitted before the start.
    pub model: Structural,
}

struct Model<'a> {
    y: &'a [f64],
    x: &'a [Vec<f64>],
    season: Option<usize>,
    /// Periods used for fitting.
    n: usize,
}

struct Run {
    /// Predicted state after the last period, for the outcome and for each control.
    states: DMatrix<f64>,
    variance: DMatrix<f64>,
    beta: DVector<f64>,
    /// Covariance of beta divided by the scale.
    beta_covariance: DMatrix<f64>,
    scale: f64,
    log_likelihood: f64,
}

impl Model<'_> {
    fn size(&self) -> usize {
        1 + self.season.map_or(0, |s| s - 1)
    }

    /// One period on: the level stays, the seasons turn (rows of `v` are states).
    fn advance(&self, v: &mut DMatrix<f64>) {
        let m = self.size();
        if m == 1 {
            return;
        }
        for mut column in v.column_iter_mut() {
            let next = -(1..m).map(|j| column[j]).sum::<f64>();
            for j in (2..m).rev() {
                column[j] = column[j - 1];
            }
            column[1] = next;
        }
    }

    /// The transpose of [`Model::advance`] for one vector.
    fn gather(&self, g: &DVector<f64>) -> DVector<f64> {
        let m = self.size();
        DVector::from_fn(m, |j, _| match j {
            0 => g[0],
            j if j + 1 < m => g[j + 1] - g[1],
            _ => -g[1],
        })
    }

    /// Filters with the given variances (irregular, level, seasonal; relative to the
    /// scale, which is concentrated out).
    fn run(&self, variances: [f64; 3]) -> Option<Run> {
        let (m, p) = (self.size(), self.x.len());
        // The observation is level plus first seasonal state.
        let observe = |v: &DMatrix<f64>, j: usize| v[(0, j)] + if m > 1 { v[(1, j)] } else { 0.0 };
        let mut states = DMatrix::zeros(m, p + 1);
        let mut variance: DMatrix<f64> = DMatrix::identity(m, m) * 1e6;
        let mut gram: DMatrix<f64> = DMatrix::zeros(p + 1, p + 1);
        let mut log_f = 0.0;
        let mut used = 0.0;
        for t in 0..self.n {
            let mut pz = variance.column(0).clone_owned();
            if m > 1 {
                pz += variance.column(1);
            }
            let f = pz[0] + if m > 1 { pz[1] } else { 0.0 } + variances[0];
            if !(f.is_finite() && f > 0.0) {
                return None;
            }
            let innovation = DVector::from_fn(p + 1, |j, _| {
                let value = if j == 0 { self.y[t] } else { self.x[j - 1][t] };
                value - observe(&states, j)
            });
            if t >= m {
                gram.ger(1.0 / f, &innovation, &innovation, 1.0);
                log_f += f.ln();
                used += 1.0;
            }
            let gain = &pz / f;
            states.ger(1.0, &gain, &innovation, 1.0);
            variance.ger(-1.0, &gain, &pz, 1.0);
            self.advance(&mut states);
            self.advance(&mut variance);
            variance.transpose_mut();
            self.advance(&mut variance);
            variance[(0, 0)] += variances[1];
            if m > 1 {
                variance[(1, 1)] += variances[2];
            }
            for a in 0..m {
                for b in 0..a {
                    let middle = 0.5 * (variance[(a, b)] + variance[(b, a)]);
                    variance[(a, b)] = middle;
                    variance[(b, a)] = middle;
                }
            }
        }
        let inner = gram.view((1, 1), (p, p)).clone_owned();
        let cross = gram.view((1, 0), (p, 1)).clone_owned();
        let (beta, inverse) = if p == 0 {
            (DVector::zeros(0), DMatrix::zeros(0, 0))
        } else {
            let inverse = inner.cholesky()?.inverse();
            ((&inverse * &cross).column(0).clone_owned(), inverse)
        };
        let rss = gram[(0, 0)] - cross.column(0).dot(&beta);
        let scale = rss / used;
        if !(scale.is_finite() && scale > 0.0) {
            return None;
        }
        let log_likelihood =
            -0.5 * (used * (2.0 * std::f64::consts::PI).ln() + used * scale.ln() + log_f + used);
        Some(Run { states, variance, beta, beta_covariance: inverse, scale, log_likelihood })
    }

    fn fit(&self) -> Result<([f64; 3], Run), Reason> {
        let seasons = self.season.is_some();
        let shares = |v: &[f64]| {
            // Logarithms of level and seasonal variance relative to the irregular.
            let level = v[0].clamp(-25.0, 12.0).exp();
            let seasonal = if seasons { v[1].clamp(-25.0, 12.0).exp() } else { 0.0 };
            [1.0, level, seasonal]
        };
        let cost = |v: &[f64]| self.run(shares(v)).map_or(f64::INFINITY, |r| -r.log_likelihood);
        let mut best: Option<(Vec<f64>, f64)> = None;
        for start in [-6.0, -2.0, 1.0] {
            let initial = if seasons { vec![start, -10.0] } else { vec![start] };
            let (v, value) = crate::optimise::nelder_mead(&cost, &initial, 1.0, 600);
            if best.as_ref().is_none_or(|b| value < b.1) {
                best = Some((v, value));
            }
        }
        let unsettled = || Reason::NotSettled { what: "The structural series".into(), iterations: 600 };
        let (v, value) = best.ok_or_else(unsettled)?;
        if !value.is_finite() {
            return Err(unsettled());
        }
        let variances = shares(&v);
        let run = self.run(variances).ok_or_else(unsettled)?;
        Ok((variances, run))
    }
}

fn model_of(
    variances: [f64; 3],
    run: &Run,
    names: &[(String, Vec<f64>)],
    n: usize,
) -> Result<Structural, Reason> {
    let coefficients = names
        .iter()
        .enumerate()
        .map(|(j, (name, _))| {
            let error = (run.scale * run.beta_covariance[(j, j)]).sqrt();
            Estimate::normal(name.clone(), run.beta[j], error, n, None)
        })
        .collect::<Result<_, _>>()?;
    Ok(Structural {
        coefficients,
        irregular: variances[0] * run.scale,
        level: variances[1] * run.scale,
        seasonal: variances[2] * run.scale,
        log_likelihood: run.log_likelihood,
    })
}

/// Fits the whole series; give a step as one of the covariates to estimate a jump.
///
/// *Assumes* that the controls are not themselves moved by what happened. *Refuses* short
/// series, a control that repeats another, or when the likelihood has no maximum.
pub fn structural(series: &Series<'_>) -> Answer<Structural> {
    let run = || {
        check(series)?;
        let x: Vec<Vec<f64>> = series.covariates.iter().map(|c| c.1.clone()).collect();
        let model = Model { y: series.outcome, x: &x, season: series.season, n: series.outcome.len() };
        let (variances, run) = model.fit()?;
        model_of(variances, &run, &series.covariates, model.n)
    };
    run().into()
}

/// Fits before the start, forecasts after it, and reports what happened beyond.
///
/// The error includes noise, the level's wandering and the controls' coefficients.
/// *Assumes* that the level would have wandered on as before; so never above grade D,
/// controls or not. *Refuses* as [`structural`].
pub fn beyond_forecast(series: &Series<'_>) -> Answer<Beyond> {
    try_beyond(series).into()
}

fn try_beyond(series: &Series<'_>) -> Result<Beyond, Reason> {
    check(series)?;
    let need = 2 * series.season.unwrap_or(2) + 4;
    if series.start < need {
        return Err(Reason::TooFewObservations {
            place: "Before the start".into(),
            have: series.start,
            need,
        });
    }
    let x: Vec<Vec<f64>> = series.covariates.iter().map(|c| c.1.clone()).collect();
    let model = Model { y: series.outcome, x: &x, season: series.season, n: series.start };
    let (variances, run) = model.fit()?;
    let (m, p) = (model.size(), x.len());
    let h = series.outcome.len() - series.start;
    let mut z = DVector::zeros(m);
    z[0] = 1.0;
    if m > 1 {
        z[1] = 1.0;
    }
    // Path of the forecast.
    let level = run.states.column(0) - run.states.columns(1, p) * &run.beta;
    let mut state = DMatrix::from_column_slice(m, 1, level.as_slice());
    let mut path = Vec::with_capacity(h);
    for step in 0..h {
        let t = series.start + step;
        let control: f64 = (0..p).map(|j| x[j][t] * run.beta[j]).sum();
        path.push(z.dot(&state.column(0)) + control);
        model.advance(&mut state);
    }
    // Variance of the average: g_j gathers how a shock at j enters later periods.
    let w = 1.0 / h as f64;
    let mut g = DVector::zeros(m);
    let mut variance = h as f64 * w * w * variances[0];
    for j in (0..h).rev() {
        g = &z * w + model.gather(&g);
        if j > 0 {
            variance += g[0] * g[0] * variances[1];
            if m > 1 {
                variance += g[1] * g[1] * variances[2];
            }
        }
    }
    variance += (g.transpose() * &run.variance * &g)[(0, 0)];
    let slope = DVector::from_fn(p, |j, _| {
        let mean = x[j][series.start..].iter().sum::<f64>() * w;
        mean - g.dot(&run.states.column(j + 1))
    });
    variance += (slope.transpose() * &run.beta_covariance * &slope)[(0, 0)];
    let error = (variance * run.scale).sqrt();
    let actual = series.outcome[series.start..].iter().sum::<f64>() * w;
    let forecast = path.iter().sum::<f64>() * w;
    let effect = actual - forecast;
    let n = series.outcome.len();
    let hf = h as f64;
    Ok(Beyond {
        average: Estimate::normal("average beyond the forecast", effect, error, n, None)?,
        cumulative: Estimate::normal("sum beyond the forecast", effect * hf, error * hf, n, None)?,
        forecast,
        path,
        model: model_of(variances, &run, &series.covariates, series.start)?,
    })
}
