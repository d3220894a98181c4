//! Comparisons at one point in time: randomised pilots made sharper by earlier values,
//! and volunteers made comparable by what is known of them.

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason, all_finite};
use crate::did::cell::{Adjustment, adjusted};
use crate::estimate::Estimate;
use crate::logit;
use crate::regress::{Errors, Regression, try_fit};

fn check(y: &[f64], treated: &[bool]) -> Result<(usize, usize), Reason> {
    all_finite("The outcome", y)?;
    if treated.len() != y.len() {
        return Err(Reason::bad(
            "The groups",
            "outcome and groups have different lengths",
            "Give one group for each value.",
        ));
    }
    let n1 = treated.iter().filter(|t| **t).count();
    let n0 = treated.len() - n1;
    for (place, have) in [("Treated", n1), ("Comparison", n0)] {
        if have < 2 {
            return Err(Reason::TooFewUnits { place: place.into(), have, need: 2 });
        }
    }
    Ok((n1, n0))
}

/// Difference of two means with Welch's error and degrees of freedom.
///
/// Neyman's conservative error for a randomised comparison. *Refuses* groups of
/// fewer than two.
pub fn difference(y: &[f64], treated: &[bool]) -> Answer<Estimate> {
    try_difference("treated", y, treated).into()
}

fn try_difference(term: &str, y: &[f64], treated: &[bool]) -> Result<Estimate, Reason> {
    let (n1, n0) = check(y, treated)?;
    let side = |wanted: bool, n: usize| {
        let values = || y.iter().zip(treated).filter(move |(_, t)| **t == wanted).map(|(y, _)| *y);
        let mean = values().sum::<f64>() / n as f64;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
        (mean, variance / n as f64)
    };
    let ((m1, v1), (m0, v0)) = (side(true, n1), side(false, n0));
    let df = (v1 + v0).powi(2) / (v1 * v1 / (n1 as f64 - 1.0) + v0 * v0 / (n0 as f64 - 1.0));
    Estimate::student(term, m1 - m0, (v1 + v0).sqrt(), df, y.len(), None)
}

/// A comparison sharpened by an earlier value.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuped {
    /// The adjusted difference.
    pub effect: Estimate,
    /// The slope of the outcome on the earlier value that was taken out.
    pub theta: f64,
    /// Share of the variance that this saved. Shown, never promised.
    pub variance_saved: f64,
    /// Correlation of the outcome with the earlier value.
    pub correlation: f64,
}

/// CUPED (Deng, Xu, Kohavi and Walker 2013): the outcome less θ times the earlier
/// value, θ = cov/var over everybody, then the difference of means with Welch's error.
///
/// *Assumes* random assignment and an earlier value that treatment cannot have moved.
/// *Refuses* small groups or an earlier value that never varies.
pub fn cuped(y: &[f64], earlier: &[f64], treated: &[bool]) -> Answer<Cuped> {
    let run = || {
        check(y, treated)?;
        all_finite("The earlier value", earlier)?;
        if earlier.len() != y.len() {
            return Err(Reason::bad(
                "The earlier value",
                "it is not there for everybody",
                "Leave out people without it, on both sides.",
            ));
        }
        let n = y.len() as f64;
        let (my, mx) = (y.iter().sum::<f64>() / n, earlier.iter().sum::<f64>() / n);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (&y, &x) in y.iter().zip(earlier) {
            xx += (x - mx).powi(2);
            xy += (x - mx) * (y - my);
            yy += (y - my).powi(2);
        }
        if xx <= 0.0 {
            return Err(Reason::NoVariation { what: "The earlier value".into() });
        }
        let theta = xy / xx;
        let left: Vec<f64> = y.iter().zip(earlier).map(|(y, x)| y - theta * (x - mx)).collect();
        let correlation = if yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 };
        Ok(Cuped {
            effect: try_difference("treated, adjusted", &left, treated)?,
            theta,
            variance_saved: correlation * correlation,
            correlation,
        })
    };
    run().into()
}

/// Regression adjustment that cannot hurt (Lin 2013): outcome on treatment, centred
/// covariates and their products, HC2 errors.
///
/// *Assumes* random assignment. *Refuses* as the regression does.
pub fn lin(y: &[f64], treated: &[bool], covariates: &[(String, Vec<f64>)]) -> Answer<Estimate> {
    let run = || {
        check(y, treated)?;
        let d: Vec<f64> = treated.iter().map(|&t| f64::from(u8::from(t))).collect();
        let mut columns = vec![("treated".to_owned(), d.clone())];
        for (name, values) in covariates {
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
            let product = centred.iter().zip(&d).map(|(c, d)| c * d).collect();
            columns.push((name.clone(), centred));
            columns.push((format!("treated:{name}"), product));
        }
        let fit = try_fit(&Regression {
            outcome: y,
            columns,
            absorb: vec![],
            cluster: None,
            weights: None,
            errors: Errors::Hc2,
        })?;
        fit.term("treated").cloned().ok_or_else(|| Reason::Collinear { term: "treated".into() })
    };
    run().into()
}

/// An adjusted effect on the treated, and how far the adjustment can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjusted {
    /// The effect on the treated.
    pub effect: Estimate,
    /// The unadjusted difference.
    pub naive: f64,
    /// How many comparison units the weighted comparison is worth (Kish); as many as
    /// there are for regression alone.
    pub effective_comparison: f64,
    /// Comparison units in all.
    pub comparison: usize,
    /// Largest fitted probability of treatment among comparison units.
    pub largest_probability: Option<f64>,
    /// Coefficients of the probability model, constant first.
    pub probability_model: Vec<f64>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Effect on the treated, given covariates: outcome regression, weighting (Hájek), or
/// both (AIPW).
///
/// *Assumes* that the covariates hold everything that led to treatment and matters for
/// the outcome, which cannot be checked; so never above grade C. The error accounts for
/// the fitted models (Sant'Anna and Zhao 2020); for AIPW it is at least the plain
/// influence-function error that takes the models as known. *Refuses* when covariates separate the groups or repeat one another,
/// or when fewer than ten effective comparison units remain.
pub fn effect_on_treated(
    y: &[f64],
    treated: &[bool],
    covariates: &[(String, Vec<f64>)],
    how: Adjustment,
) -> Answer<Adjusted> {
    try_effect(y, treated, covariates, how).into()
}

/// Variance of AIPW with both models taken as known.
fn plain_variance(y: &[f64], treated: &[bool], x: &DMatrix<f64>, effect: f64) -> Result<f64, Reason> {
    let comparison: Vec<usize> = (0..y.len()).filter(|&i| !treated[i]).collect();
    let xc = x.select_rows(&comparison);
    let yc = DVector::from_fn(comparison.len(), |r, _| y[comparison[r]]);
    let solver = xc
        .tr_mul(&xc)
        .cholesky()
        .ok_or_else(|| Reason::Collinear { term: "A covariate among the comparison units".into() })?;
    let left = DVector::from_column_slice(y) - x * solver.solve(&xc.tr_mul(&yc));
    let d: Vec<f64> = treated.iter().map(|&t| f64::from(u8::from(t))).collect();
    let probability = logit::fit(x, &d, &vec![1.0; y.len()])?.probability;
    let odds = |i: usize| probability[i] / (1.0 - probability[i]);
    let mass: f64 = comparison.iter().map(|&i| odds(i)).sum();
    let centre = comparison.iter().map(|&i| odds(i) * left[i]).sum::<f64>() / mass;
    let count = (y.len() - comparison.len()) as f64;
    Ok((0..y.len())
        .map(|i| {
            let part =
                if treated[i] { (left[i] - effect) / count } else { odds(i) * (left[i] - centre) / mass };
            part * part
        })
        .sum())
}

fn try_effect(
    y: &[f64],
    treated: &[bool],
    covariates: &[(String, Vec<f64>)],
    how: Adjustment,
) -> Result<Adjusted, Reason> {
    let (_, n0) = check(y, treated)?;
    let n = y.len();
    for (name, values) in covariates {
        all_finite(name, values)?;
        if values.len() != n {
            return Err(Reason::bad(
                name.clone(),
                "it is not there for everybody",
                "Leave out rows without it.",
            ));
        }
    }
    if covariates.is_empty() {
        return Err(Reason::bad(
            "The adjustment",
            "no covariate is given",
            "Name what is known of people from before.",
        ));
    }
    let x =
        DMatrix::from_fn(n, covariates.len() + 1, |i, j| if j == 0 { 1.0 } else { covariates[j - 1].1[i] });
    let ones = vec![1.0; n];
    let (estimate, influence) = adjusted(y, treated, &ones, &x, how)?;
    let mut variance = influence.iter().map(|v| v * v).sum::<f64>() / (n as f64 * n as f64);
    if how == Adjustment::DoublyRobust {
        variance = variance.max(plain_variance(y, treated, &x, estimate)?);
    }
    let name = match how {
        Adjustment::Regression => "treated, outcome regression",
        Adjustment::Weighting => "treated, weighted",
        Adjustment::DoublyRobust => "treated, doubly robust",
    };
    let effect = Estimate::normal(name, estimate, variance.sqrt(), n, None)?;
    let naive = try_difference("treated", y, treated)?.estimate;
    let mut warnings = Vec::new();
    let (mut effective, mut largest, mut model) = (n0 as f64, None, Vec::new());
    if how != Adjustment::Regression {
        let d: Vec<f64> = treated.iter().map(|&t| f64::from(u8::from(t))).collect();
        let fit = logit::fit(&x, &d, &ones)?;
        let weights: Vec<f64> = (0..n)
            .filter(|&i| !treated[i])
            .map(|i| fit.probability[i] / (1.0 - fit.probability[i]))
            .collect();
        let (sum, square) = weights.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        effective = sum * sum / square;
        largest = (0..n).filter(|&i| !treated[i]).map(|i| fit.probability[i]).reduce(f64::max);
        model = fit.beta.as_slice().to_vec();
        if effective < 10.0 {
            return Err(Reason::NoOverlap {
                detail: format!("of {n0} comparison units only {effective:.0} resemble the treated"),
            });
        }
        if effective < 0.1 * n0 as f64 || effective < 50.0 {
            warnings.push(format!(
                "Of {n0} comparison units only about {effective:.0} resemble the treated; the rest hardly count."
            ));
        }
    }
    if (naive - effect.estimate).abs() > 2.0 * effect.std_error {
        warnings.push(
            "The unadjusted difference is far from the adjusted one: the groups differ in kind, and more may differ than is known."
                .into(),
        );
    }
    Ok(Adjusted {
        effect,
        naive,
        effective_comparison: effective,
        comparison: n0,
        largest_probability: largest,
        probability_model: model,
        warnings,
    })
}
