//! One comparison of two groups over two periods: effect and influence function.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::answer::Reason;
use crate::logit;

/// How covariates are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Predict the comparison's change from covariates (outcome regression).
    Regression,
    /// Weight the comparison to resemble the treated (inverse probability).
    Weighting,
    /// Both; right when either is (Sant'Anna and Zhao 2020).
    DoublyRobust,
}

/// Effect on the treated of one cell.
///
/// `change` is the outcome's change between the two periods, `treated` says who was
/// treated, `x` has one row per unit including a column of ones. Returns the effect
/// and each unit's influence, such that the mean squared influence divided by n is
/// the variance. Formulas of Sant'Anna and Zhao (2020), as in R `DRDID`
/// (`reg_did_panel`, `std_ipw_did_panel`, `drdid_panel`).
///
/// # Errors
/// When a regression is singular or the probability model does not settle.
pub(crate) fn adjusted(
    change: &[f64],
    treated: &[bool],
    w: &[f64],
    x: &DMatrix<f64>,
    how: Adjustment,
) -> Result<(f64, Vec<f64>), Reason> {
    let n = change.len();
    let nf = n as f64;
    let p = x.ncols();
    let d: Vec<f64> = treated.iter().map(|&t| f64::from(u8::from(t))).collect();
    let mean = |v: &dyn Fn(usize) -> f64| (0..n).map(v).sum::<f64>() / nf;
    let column_means = |v: &dyn Fn(usize) -> f64| {
        DVector::from_fn(p, |j, _| (0..n).map(|i| v(i) * x[(i, j)]).sum::<f64>() / nf)
    };
    let treated_mass = mean(&|i| w[i] * d[i]);

    // Outcome regression among the comparison units.
    let mut predicted = vec![0.0; n];
    let mut regression: Option<DMatrix<f64>> = None;
    if how != Adjustment::Weighting {
        let mut gram = DMatrix::zeros(p, p);
        let mut xy = DVector::zeros(p);
        for i in 0..n {
            let weight = w[i] * (1.0 - d[i]);
            if weight > 0.0 {
                let row = x.row(i).transpose();
                gram += &row * row.transpose() * weight;
                xy += row * (weight * change[i]);
            }
        }
        let inverse = gram
            .clone()
            .cholesky()
            .filter(|c| (0..p).all(|j| c.l_dirty()[(j, j)].powi(2) > 1e-12 * gram[(j, j)]))
            .ok_or_else(|| Reason::Collinear { term: "A covariate among the comparison units".into() })?
            .inverse();
        let beta = &inverse * xy;
        predicted.copy_from_slice((x * &beta).as_slice());
        regression = Some(inverse * nf);
    }
    let residual = |i: usize| change[i] - predicted[i];
    // Σ over units of the regression's linear representation along a direction.
    let along_regression = |direction: &DVector<f64>| -> Vec<f64> {
        match &regression {
            None => vec![0.0; n],
            Some(inverse) => {
                let v = inverse * direction;
                (0..n).map(|i| w[i] * (1.0 - d[i]) * residual(i) * (x.row(i) * &v)[(0, 0)]).collect()
            }
        }
    };

    if how == Adjustment::Regression {
        let eta_treated = mean(&|i| w[i] * d[i] * change[i]) / treated_mass;
        let eta_comparison = mean(&|i| w[i] * d[i] * predicted[i]) / treated_mass;
        let shift = along_regression(&column_means(&|i| w[i] * d[i]));
        let influence = (0..n)
            .map(|i| {
                let own = w[i] * d[i] * (change[i] - eta_treated);
                let other = w[i] * d[i] * (predicted[i] - eta_comparison) + shift[i];
                (own - other) / treated_mass
            })
            .collect();
        return Ok((eta_treated - eta_comparison, influence));
    }

    let model = logit::fit(x, &d, w)?;
    let prob: Vec<f64> = model.probability.iter().map(|p| p.min(1.0 - 1e-6)).collect();
    let wc: Vec<f64> = (0..n).map(|i| w[i] * prob[i] * (1.0 - d[i]) / (1.0 - prob[i])).collect();
    let comparison_mass = mean(&|i| wc[i]);
    if comparison_mass <= 0.0 {
        return Err(Reason::NoOverlap { detail: "no comparison unit resembles the treated".into() });
    }
    let eta_treated = mean(&|i| w[i] * d[i] * residual(i)) / treated_mass;
    let eta_comparison = mean(&|i| wc[i] * residual(i)) / comparison_mass;
    let shift_treated = along_regression(&column_means(&|i| w[i] * d[i]));
    let shift_comparison = along_regression(&column_means(&|i| wc[i]));
    let direction = column_means(&|i| wc[i] * (residual(i) - eta_comparison));
    let v = &model.inverse_information * direction * nf;
    let influence = (0..n)
        .map(|i| {
            let own = w[i] * d[i] * (residual(i) - eta_treated) - shift_treated[i];
            let score = w[i] * (d[i] - prob[i]) * (x.row(i) * &v)[(0, 0)];
            let other = wc[i] * (residual(i) - eta_comparison) + score - shift_comparison[i];
            own / treated_mass - other / comparison_mass
        })
        .collect();
    Ok((eta_treated - eta_comparison, influence))
}
