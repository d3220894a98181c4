//! Logistic regression by Newton's method.

use nalgebra::{DMatrix, DVector};

use crate::answer::Reason;

/// A fitted probability model.
#[derive(Clone, Debug)]
pub(crate) struct Logit {
    /// Coefficients, one for each column.
    pub(crate) beta: DVector<f64>,
    /// Fitted probability of each row.
    pub(crate) probability: Vec<f64>,
    /// Inverse of the information matrix: the coefficients' covariance.
    pub(crate) inverse_information: DMatrix<f64>,
}

/// Fits P(d = 1 | x) by maximum likelihood. `x` carries its own column of ones.
///
/// # Errors
/// [`Reason::Collinear`] for singular columns; [`Reason::NoOverlap`] when the
/// covariates separate the two groups, so that no finite coefficients exist.
pub(crate) fn fit(x: &DMatrix<f64>, d: &[f64], w: &[f64]) -> Result<Logit, Reason> {
    let (n, p) = x.shape();
    // Columns are scaled to unit size, so that dollars and years behave alike.
    let scale: Vec<f64> =
        (0..p).map(|j| (x.column(j).norm_squared() / n as f64).sqrt().max(f64::MIN_POSITIVE)).collect();
    let z = DMatrix::from_fn(n, p, |i, j| x[(i, j)] / scale[j]);
    let mut beta: DVector<f64> = DVector::zeros(p);
    let separated = || Reason::NoOverlap {
        detail: "the covariates tell the treated and the comparison units apart completely".into(),
    };
    for _ in 0..100 {
        let linear = &z * &beta;
        let prob = linear.map(|v: f64| 1.0 / (1.0 + (-v).exp()));
        let mut score = DVector::zeros(p);
        let mut information: DMatrix<f64> = DMatrix::zeros(p, p);
        for i in 0..n {
            let row = z.row(i);
            let v = w[i] * prob[i] * (1.0 - prob[i]);
            for a in 0..p {
                score[a] += w[i] * (d[i] - prob[i]) * row[a];
                for b in 0..=a {
                    information[(a, b)] += v * row[a] * row[b];
                }
            }
        }
        information.fill_upper_triangle_with_lower_triangle();
        let Some(cholesky) = information.clone().cholesky() else {
            return Err(separated());
        };
        if (0..p).any(|j| cholesky.l_dirty()[(j, j)].powi(2) <= 1e-13 * information[(j, j)]) {
            return Err(Reason::Collinear { term: "A covariate of the probability model".into() });
        }
        let step = cholesky.solve(&score);
        let size = step.amax();
        beta += step;
        if beta.amax() > 1e4 {
            return Err(separated());
        }
        if size < 1e-12 * (1.0 + beta.amax()) {
            let inverse = cholesky.inverse();
            let prob = (&z * &beta).map(|v: f64| 1.0 / (1.0 + (-v).exp()));
            return Ok(Logit {
                beta: DVector::from_fn(p, |j, _| beta[j] / scale[j]),
                probability: prob.as_slice().to_vec(),
                inverse_information: DMatrix::from_fn(p, p, |a, b| inverse[(a, b)] / (scale[a] * scale[b])),
            });
        }
    }
    Err(separated())
}
