//! One series with a start and no comparison: the weakest design (grade D).

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason, all_finite};
use crate::estimate::Estimate;

/// A series to look at, evenly spaced, oldest first.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// Outcome by period.
    pub outcome: &'a [f64],
    /// Position of the first treated period.
    pub start: usize,
    /// Periods in a season (12 for months); `None` without seasons.
    pub season: Option<usize>,
    /// Other series that the start cannot have moved.
    pub covariates: Vec<(String, Vec<f64>)>,
    /// Lags of the autocorrelation-robust error; by default the season, or
    /// 4 (n/100)^(2/9) rounded down (Newey and West 1994).
    pub lags: Option<usize>,
}

/// One coefficient with its three errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The estimate by least squares, with the widest error.
    pub estimate: Estimate,
    /// Textbook error.
    pub classical: f64,
    /// Autocorrelation-robust error (Newey and West 1987, Bartlett weights).
    pub hac: f64,
    /// Estimate by generalised least squares with AR(1) noise (REML).
    pub gls: f64,
    /// Its error.
    pub gls_error: f64,
}

/// A segmented regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// Jump at the start.
    pub level: Segment,
    /// Change of the trend after the start, per period.
    pub trend: Segment,
    /// Trend before the start, per period.
    pub before: Segment,
    /// Covariates' coefficients.
    pub covariates: Vec<Segment>,
    /// Correlation of neighbouring periods' noise.
    pub autocorrelation: f64,
}

/// Segmented regression: level and trend before, jump and change of trend after.
///
/// `level` is the jump in the first treated period itself. Reports the widest of classical,
/// HAC and GLS-AR(1) errors. *Assumes* that the old trend would have gone on and that
/// nothing else happened at the start; so never above grade D. *Refuses* fewer than
/// eight periods, fewer than three on a side, or too many columns.
pub fn interrupted(series: &Series<'_>) -> Answer<Interrupted> {
    try_interrupted(series).into()
}

pub(crate) fn check(series: &Series<'_>) -> Result<(), Reason> {
    let n = series.outcome.len();
    all_finite("The outcome", series.outcome)?;
    for (name, values) in &series.covariates {
        all_finite(name, values)?;
        if values.len() != n {
            return Err(Reason::bad(
                name.clone(),
                "it is not there for every period",
                "Give one value for each period.",
            ));
        }
    }
    if series.start < 3 {
        return Err(Reason::TooFewObservations {
            place: "Before the start".into(),
            have: series.start,
            need: 3,
        });
    }
    if n < series.start + 3 || n < 8 {
        return Err(Reason::TooFewObservations {
            place: "After the start".into(),
            have: n.saturating_sub(series.start),
            need: (8_usize.saturating_sub(series.start)).max(3),
        });
    }
    let before = &series.outcome[..series.start];
    if before.iter().all(|v| *v == before[0]) {
        return Err(Reason::NoVariation { what: "The outcome before the start".into() });
    }
    if series.season.is_some_and(|s| s < 2 || n < 2 * s + 4) {
        return Err(Reason::TooFewObservations {
            place: "Seasons".into(),
            have: n,
            need: 2 * series.season.unwrap_or(2).max(2) + 4,
        });
    }
    Ok(())
}

fn try_interrupted(series: &Series<'_>) -> Result<Interrupted, Reason> {
    check(series)?;
    let n = series.outcome.len();
    let dummies = series.season.map_or(0, |s| s - 1);
    let extra = series.covariates.len();
    let k = 4 + extra + dummies;
    if n <= k + 2 {
        return Err(Reason::TooFewObservations { place: "The series".into(), have: n, need: k + 3 });
    }
    let x = DMatrix::from_fn(n, k, |t, j| match j {
        0 => 1.0,
        1 => f64::from(u8::from(t >= series.start)),
        2 => t as f64,
        3 => t.saturating_sub(series.start) as f64,
        j if j < 4 + extra => series.covariates[j - 4].1[t],
        j => {
            let s = dummies + 1;
            f64::from(u8::from(t % s == j - 4 - extra + 1))
        }
    });
    let y = DVector::from_column_slice(series.outcome);
    let (beta, bread, residual) = least_squares(&x, &y)?;
    let df = (n - k) as f64;
    let rss = residual.norm_squared();
    if rss <= 1e-22 * y.norm_squared() {
        return Err(Reason::ExactFit { place: "The series".into() });
    }
    let classical = &bread * (rss / df);
    let lags = series
        .lags
        .or(series.season)
        .unwrap_or((4.0 * (n as f64 / 100.0).powf(2.0 / 9.0)).floor() as usize)
        .min(n - 1);
    let hac = newey_west(&x, &residual, &bread, lags);
    let (rho, gls_beta, gls_vcov) = gls_ar1(&x, &y)?;
    let segment = |j: usize, term: &str| -> Result<Segment, Reason> {
        let errors = [classical[(j, j)], hac[(j, j)], gls_vcov[(j, j)]].map(f64::sqrt);
        let widest = errors.iter().copied().fold(0.0, f64::max);
        Ok(Segment {
            estimate: Estimate::student(term, beta[j], widest, df, n, None)?,
            classical: errors[0],
            hac: errors[1],
            gls: gls_beta[j],
            gls_error: errors[2],
        })
    };
    Ok(Interrupted {
        level: segment(1, "jump at the start")?,
        trend: segment(3, "change of trend")?,
        before: segment(2, "trend before")?,
        covariates: series
            .covariates
            .iter()
            .enumerate()
            .map(|(j, (name, _))| segment(4 + j, name))
            .collect::<Result<_, _>>()?,
        autocorrelation: rho,
    })
}

/// Coefficients, inverse crossproduct, residuals.
type Solved = (DVector<f64>, DMatrix<f64>, DVector<f64>);

fn least_squares(x: &DMatrix<f64>, y: &DVector<f64>) -> Result<Solved, Reason> {
    // Columns scaled to unit length keep trends and dummies comparable.
    let scale = DVector::from_fn(x.ncols(), |j, _| x.column(j).norm().max(f64::MIN_POSITIVE));
    let z = DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] / scale[j]);
    let cholesky = z
        .tr_mul(&z)
        .cholesky()
        .filter(|c| (0..z.ncols()).all(|j| c.l_dirty()[(j, j)].powi(2) > 1e-12))
        .ok_or_else(|| Reason::Collinear { term: "A column of the series".into() })?;
    let inverse = cholesky.inverse();
    let b = &inverse * z.tr_mul(y);
    let residual = y - &z * &b;
    let beta = DVector::from_fn(b.len(), |j, _| b[j] / scale[j]);
    let bread = DMatrix::from_fn(b.len(), b.len(), |i, j| inverse[(i, j)] / (scale[i] * scale[j]));
    Ok((beta, bread, residual))
}

fn newey_west(x: &DMatrix<f64>, residual: &DVector<f64>, bread: &DMatrix<f64>, lags: usize) -> DMatrix<f64> {
    let n = x.nrows();
    let scores = DMatrix::from_fn(n, x.ncols(), |t, j| x[(t, j)] * residual[t]);
    let mut meat = scores.tr_mul(&scores);
    for lag in 1..=lags {
        let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
        let product = scores.rows(lag, n - lag).tr_mul(&scores.rows(0, n - lag));
        meat += (&product + product.transpose()) * weight;
    }
    bread * meat * bread
}

/// Generalised least squares with AR(1) noise; ρ by restricted maximum likelihood.
fn gls_ar1(x: &DMatrix<f64>, y: &DVector<f64>) -> Result<(f64, DVector<f64>, DMatrix<f64>), Reason> {
    let (n, k) = x.shape();
    let whiten =
        |rho: f64| {
            let root = (1.0 - rho * rho).sqrt();
            let xs = DMatrix::from_fn(n, k, |t, j| {
                if t == 0 { x[(0, j)] * root } else { x[(t, j)] - rho * x[(t - 1, j)] }
            });
            let ys = DVector::from_fn(n, |t, _| if t == 0 { y[0] * root } else { y[t] - rho * y[t - 1] });
            (xs, ys)
        };
    let criterion = |rho: f64| -> f64 {
        let (xs, ys) = whiten(rho);
        let Ok((_, bread, residual)) = least_squares(&xs, &ys) else {
            return f64::INFINITY;
        };
        let df = (n - k) as f64;
        // −2 log restricted likelihood, up to constants; |V| of AR(1) is 1/(1−ρ²).
        let log_bread = bread
            .cholesky()
            .map_or(f64::INFINITY, |c| 2.0 * (0..k).map(|j| c.l_dirty()[(j, j)].ln()).sum::<f64>());
        df * (residual.norm_squared() / df).ln() - (1.0 - rho * rho).ln() - log_bread
    };
    // A coarse grid, then golden-section search around its best point.
    let grid: Vec<f64> = (-19..=19).map(|i| f64::from(i) * 0.05).collect();
    let best =
        (0..grid.len()).min_by(|&a, &b| criterion(grid[a]).total_cmp(&criterion(grid[b]))).unwrap_or(19);
    let (mut low, mut high) = ((grid[best] - 0.05).max(-0.999), (grid[best] + 0.05).min(0.999));
    let ratio = 0.618_033_988_749_895;
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut fa, mut fb) = (criterion(a), criterion(b));
    for _ in 0..80 {
        if fa < fb {
            high = b;
            (b, fb) = (a, fa);
            a = high - ratio * (high - low);
            fa = criterion(a);
        } else {
            low = a;
            (a, fa) = (b, fb);
            b = low + ratio * (high - low);
            fb = criterion(b);
        }
    }
    let rho = 0.5 * (low + high);
    let (xs, ys) = whiten(rho);
    let (beta, bread, residual) = least_squares(&xs, &ys)?;
    let variance = residual.norm_squared() / (n - k) as f64;
    Ok((rho, beta, bread * variance))
}
