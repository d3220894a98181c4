//! Mixed model: a line for each unit, drawn towards the common line by how little is
//! known of it.

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason, all_finite};
use crate::estimate::Estimate;
use crate::optimise::nelder_mead;
use crate::regress::level_count;

/// A fitted mixed model.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// Common coefficients: constant, slope, further columns. Student intervals with
    /// units − 1 degrees of freedom.
    pub fixed: Vec<Estimate>,
    /// Standard deviation of units' constants around the common one.
    pub intercept_sd: f64,
    /// Standard deviation of units' slopes.
    pub slope_sd: f64,
    /// Correlation of units' constants and slopes; 0 when one of them does not vary.
    pub correlation: f64,
    /// Standard deviation of the noise.
    pub residual_sd: f64,
    /// −2 log restricted likelihood.
    pub criterion: f64,
    /// Each unit's constant and slope, shrunken.
    pub units: Vec<[f64; 2]>,
    /// Observations.
    pub n: usize,
}

/// What one unit contributes.
struct Part {
    zz: DMatrix<f64>,
    zx: DMatrix<f64>,
    zy: DVector<f64>,
}

struct Profile {
    beta: DVector<f64>,
    inverse: DMatrix<f64>,
    variance: f64,
    criterion: f64,
}

/// Outcome on `slope` and `covariates` with a random constant and slope for each unit, by
/// restricted maximum likelihood (Bates, Mächler, Bolker and Walker 2015).
///
/// *Assumes* normal constants, slopes and noise. *Refuses* fewer than three units, a slope
/// column that never varies, or too few observations.
pub fn mixed(
    y: &[f64],
    slope: (&str, &[f64]),
    covariates: &[(String, Vec<f64>)],
    unit: &[u32],
) -> Answer<Mixed> {
    try_mixed(y, slope, covariates, unit).into()
}

fn try_mixed(
    y: &[f64],
    (slope_name, slope): (&str, &[f64]),
    covariates: &[(String, Vec<f64>)],
    unit: &[u32],
) -> Result<Mixed, Reason> {
    let n = y.len();
    all_finite("The outcome", y)?;
    all_finite(slope_name, slope)?;
    for (name, values) in covariates {
        all_finite(name, values)?;
    }
    if slope.len() != n || unit.len() != n || covariates.iter().any(|c| c.1.len() != n) {
        return Err(Reason::bad(
            "The model",
            "columns have different lengths",
            "Give one value for each observation.",
        ));
    }
    let units = level_count(unit);
    if units < 3 {
        return Err(Reason::TooFewUnits { place: "The model".into(), have: units, need: 3 });
    }
    let p = 2 + covariates.len();
    if n < p + 4 || n <= units {
        return Err(Reason::TooFewObservations {
            place: "The model".into(),
            have: n,
            need: (p + 4).max(units + 1),
        });
    }
    // The slope column is centred and scaled inside, which steadies the search.
    let centre = slope.iter().sum::<f64>() / n as f64;
    let spread = (slope.iter().map(|s| (s - centre).powi(2)).sum::<f64>() / n as f64).sqrt();
    if spread <= 0.0 {
        return Err(Reason::NoVariation { what: slope_name.into() });
    }
    let inner: Vec<f64> = slope.iter().map(|s| (s - centre) / spread).collect();
    let x = DMatrix::from_fn(n, p, |i, j| match j {
        0 => 1.0,
        1 => inner[i],
        j => covariates[j - 2].1[i],
    });
    let yv = DVector::from_column_slice(y);
    let (xx, xy, yy) = (x.tr_mul(&x), x.tr_mul(&yv), yv.norm_squared());
    if xx.clone().cholesky().is_none() {
        return Err(Reason::Collinear { term: "A column of the model".into() });
    }
    let mut parts: Vec<Part> = (0..units)
        .map(|_| Part { zz: DMatrix::zeros(2, 2), zx: DMatrix::zeros(2, p), zy: DVector::zeros(2) })
        .collect();
    for (i, &u) in unit.iter().enumerate() {
        let z = DVector::from_vec(vec![1.0, inner[i]]);
        let part = &mut parts[u as usize];
        part.zz += &z * z.transpose();
        part.zx += &z * x.row(i);
        part.zy += &z * y[i];
    }
    let lambda = |theta: &[f64]| DMatrix::from_row_slice(2, 2, &[theta[0], 0.0, theta[1], theta[2]]);
    let profile = |theta: &[f64]| -> Option<Profile> {
        let l = lambda(theta);
        let (mut gram, mut cross, mut square) = (xx.clone(), xy.clone(), yy);
        let mut log_det = 0.0;
        for part in &parts {
            let a = DMatrix::identity(2, 2) + l.tr_mul(&part.zz) * &l;
            let c = a.cholesky()?;
            log_det += 2.0 * (c.l_dirty()[(0, 0)].ln() + c.l_dirty()[(1, 1)].ln());
            let lx = l.tr_mul(&part.zx);
            let ly = l.tr_mul(&part.zy);
            let (sx, sy) = (c.solve(&lx), c.solve(&ly));
            gram -= lx.tr_mul(&sx);
            cross -= lx.tr_mul(&sy);
            square -= ly.dot(&sy);
        }
        let c = gram.cholesky()?;
        let beta = c.solve(&cross);
        let df = (n - p) as f64;
        let variance = (square - cross.dot(&beta)) / df;
        if variance <= 0.0 {
            return None;
        }
        let log_gram = 2.0 * (0..p).map(|j| c.l_dirty()[(j, j)].ln()).sum::<f64>();
        Some(Profile {
            beta,
            inverse: c.inverse(),
            variance,
            criterion: df * (1.0 + (2.0 * std::f64::consts::PI * variance).ln()) + log_det + log_gram,
        })
    };
    let cost = |theta: &[f64]| profile(theta).map_or(f64::INFINITY, |p| p.criterion);
    let mut best: Option<(Vec<f64>, f64)> = None;
    for start in [[1.0, 0.0, 0.5], [0.2, 0.0, 0.1]] {
        let found = nelder_mead(&cost, &start, 0.5, 2000);
        if best.as_ref().is_none_or(|b| found.1 < b.1) {
            best = Some(found);
        }
    }
    let unsettled = || Reason::NotSettled { what: "The mixed model".into(), iterations: 2000 };
    let (theta, _) = best.ok_or_else(unsettled)?;
    let fit = profile(&theta).ok_or_else(unsettled)?;

    // Back to the slope column's own origin and unit.
    let mut back = DMatrix::identity(p, p);
    back[(0, 1)] = -centre / spread;
    back[(1, 1)] = 1.0 / spread;
    let turn = back.view((0, 0), (2, 2)).clone_owned();
    let beta = &back * &fit.beta;
    let vcov = &back * &fit.inverse * back.transpose() * fit.variance;
    let l = lambda(&theta);
    let random = &turn * (&l * l.transpose()) * turn.transpose() * fit.variance;
    let (a, b) = (random[(0, 0)].sqrt(), random[(1, 1)].sqrt());
    let names = ["(Intercept)", slope_name].into_iter().chain(covariates.iter().map(|c| c.0.as_str()));
    let fixed = names
        .enumerate()
        .map(|(j, name)| {
            let error = vcov[(j, j)].sqrt();
            Estimate::student(name, beta[j], error, units as f64 - 1.0, n, Some(units))
        })
        .collect::<Result<_, _>>()?;
    let lines = parts
        .iter()
        .map(|part| {
            let a = DMatrix::identity(2, 2) + l.tr_mul(&part.zz) * &l;
            let right = l.tr_mul(&(&part.zy - &part.zx * &fit.beta));
            let own = a.cholesky().map(|c| &l * c.solve(&right)).unwrap_or_else(|| DVector::zeros(2));
            let moved = &turn * own;
            [beta[0] + moved[0], beta[1] + moved[1]]
        })
        .collect();
    // Jacobian of the slope's scaling, so that the criterion is that of the given columns.
    Ok(Mixed {
        fixed,
        intercept_sd: a,
        slope_sd: b,
        correlation: if a > 0.0 && b > 0.0 { random[(0, 1)] / (a * b) } else { 0.0 },
        residual_sd: fit.variance.sqrt(),
        criterion: fit.criterion + 2.0 * spread.ln(),
        units: lines,
        n,
    })
}
