//! Interaction-weighted event study (Sun and Abraham 2021).

use std::collections::BTreeMap;

use nalgebra::DVector;

use super::staggered::{Base, Options, staggered};
use super::twfe::check;
use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;
use crate::panel::Panel;
use crate::regress::{Errors, Regression, try_fit};

/// An event study weighted by the waves' shares.
#[derive(Clone, Debug)]
pub struct SunAbraham {
    /// Average over treated observations.
    pub overall: Estimate,
    /// Effect by periods since the start, against the period before it.
    pub dynamic: Vec<(i64, Estimate)>,
    /// Covariates' coefficients.
    pub covariates: Vec<Estimate>,
}

/// Wave-by-event-time effects from one regression, averaged with the waves' shares.
///
/// `covariates` holds columns in the order of [`Panel::long`]. Without covariates, on a
/// complete panel, the coefficients are differences of means and are computed as such.
/// Shares are taken as given, so errors are smaller than those of
/// [`super::staggered::staggered`]. Errors as R `fixest::sunab` (CR1, nested K).
/// *Assumes* parallel trends and no anticipation. *Refuses* without never-treated
/// units, and as the regression does.
pub fn sun_abraham(panel: &Panel, covariates: &[(String, Vec<f64>)]) -> Answer<SunAbraham> {
    if covariates.is_empty() && panel.is_complete() && panel.is_unweighted() {
        by_means(panel).into()
    } else {
        by_regression(panel, covariates).into()
    }
}

fn usable(panel: &Panel) -> Result<(), Reason> {
    check(panel)?;
    let (first, last) = (panel.times()[0], panel.times()[panel.times().len() - 1]);
    if panel.cohorts().iter().all(|g| g.is_some_and(|g| g <= last)) {
        return Err(Reason::NoComparison);
    }
    if panel.cohorts().iter().flatten().all(|&g| g <= first || g > last) {
        return Err(Reason::NoPrePeriod);
    }
    Ok(())
}

fn by_means(panel: &Panel) -> Result<SunAbraham, Reason> {
    usable(panel)?;
    let options = Options { base: Base::Universal, fixed_shares: true, ..Options::default() };
    let s = staggered(panel, &options).into_result()?;
    let (n, g) = ((s.units * panel.times().len()) as f64, s.clusters as f64);
    let k = (s.cells.len() + panel.times().len()) as f64;
    let factor = (g / (g - 1.0) * (n - 1.0) / (n - k)).sqrt();
    let scale = |e: Estimate| {
        Estimate::student(e.term, e.estimate, e.std_error * factor, g - 1.0, n as usize, Some(s.clusters))
    };
    Ok(SunAbraham {
        overall: scale(s.simple.into_result()?)?,
        dynamic: s
            .dynamic
            .parts
            .into_iter()
            .map(|(e, part)| Ok((e, scale(part.into_result()?)?)))
            .collect::<Result<Vec<_>, Reason>>()?,
        covariates: vec![],
    })
}

fn by_regression(panel: &Panel, covariates: &[(String, Vec<f64>)]) -> Result<SunAbraham, Reason> {
    usable(panel)?;
    let long = panel.long();
    let (first, last) = (panel.times()[0], panel.times()[panel.times().len() - 1]);
    // Units treated from the first period on have no "before".
    let kept: Vec<usize> = (0..long.value.len())
        .filter(|&r| panel.cohorts()[long.unit[r] as usize].is_none_or(|g| g > first))
        .collect();
    let start = |r: usize| panel.cohorts()[long.unit[r] as usize].filter(|g| *g <= last);
    let mut cells: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (at, &r) in kept.iter().enumerate() {
        if let Some(g) = start(r) {
            let e = panel.times()[long.time[r] as usize] - g;
            if e != -1 {
                cells.entry((e, g)).or_default().push(at);
            }
        }
    }
    const MOST: usize = 600;
    if cells.len() > MOST {
        return Err(Reason::TooLarge { cells: cells.len(), limit: MOST });
    }
    let pick = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&r| values[r]).collect() };
    if covariates.iter().any(|(_, v)| v.len() != long.value.len()) {
        return Err(Reason::bad(
            "The covariates",
            "they are not there for every observation",
            "Leave out rows without them.",
        ));
    }
    let mut columns: Vec<(String, Vec<f64>)> =
        covariates.iter().map(|(name, v)| (name.clone(), pick(v))).collect();
    let name = |(e, g): &(i64, i64)| format!("wave {g}, event {e}");
    for (key, rows) in &cells {
        let mut dummy = vec![0.0; kept.len()];
        for &at in rows {
            dummy[at] = 1.0;
        }
        columns.push((name(key), dummy));
    }
    let ids =
        |v: &dyn Fn(usize) -> u32| crate::panel::dense(&kept.iter().map(|&r| v(r)).collect::<Vec<_>>()).0;
    let unit = ids(&|r| long.unit[r]);
    let time = ids(&|r| long.time[r]);
    let cluster = ids(&|r| panel.cluster()[long.unit[r] as usize]);
    let weights: Vec<f64> = kept.iter().map(|&r| panel.weights()[long.unit[r] as usize]).collect();
    let fit = try_fit(&Regression {
        outcome: &pick(&long.value),
        columns,
        absorb: vec![&unit, &time],
        cluster: Some(&cluster),
        weights: (!panel.is_unweighted()).then_some(weights.as_slice()),
        errors: Errors::Cr1,
    })?;
    let clusters = fit.clusters.unwrap_or(0);
    let average = |term: String, wanted: &dyn Fn(i64) -> bool| -> Result<Estimate, Reason> {
        let mut weight = DVector::zeros(fit.estimates.len());
        let mut value = 0.0;
        for (key, rows) in cells.iter().filter(|(key, _)| wanted(key.0)) {
            let label = name(key);
            if let Some(j) = fit.estimates.iter().position(|e| e.term == label) {
                weight[j] = rows.iter().map(|&at| weights[at]).sum();
            }
        }
        let total = weight.sum();
        if total <= 0.0 {
            return Err(Reason::NoComparison);
        }
        weight /= total;
        for (w, e) in weight.iter().zip(&fit.estimates) {
            value += w * e.estimate;
        }
        let variance = (weight.transpose() * &fit.vcov * &weight)[(0, 0)];
        let df = clusters as f64 - 1.0;
        Estimate::student(term, value, variance.sqrt(), df, fit.n, Some(clusters))
    };
    let mut events: Vec<i64> = cells.keys().map(|k| k.0).collect();
    events.dedup();
    Ok(SunAbraham {
        overall: average("ATT".into(), &|e| e >= 0)?,
        dynamic: events
            .into_iter()
            .map(|e| Ok((e, average(format!("event {e}"), &|other| other == e)?)))
            .collect::<Result<Vec<_>, Reason>>()?,
        covariates: covariates.iter().filter_map(|(name, _)| fit.term(name).cloned()).collect(),
    })
}
