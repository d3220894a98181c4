//! Two-way fixed effects on a panel: one coefficient, or one for each event time.
//!
//! Complete panels take one streaming pass: every unit of a cohort has the same
//! regressors, so that the normal equations need only cohort sizes and each unit's
//! score is one dot product. Panels with holes take alternating projections.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;
use crate::panel::{Panel, dense};
use crate::regress::{Errors, Regression, try_fit};

/// Two-way fixed effects of "has started", clustered (CR1, fixest's nested K).
///
/// *Assumes* parallel trends **and** that the effect is the same for every wave and
/// does not grow; otherwise already-treated units are used as comparison and the
/// number can even have the wrong sign (Goodman-Bacon 2021). *Refuses* without
/// treated units, without any comparison, with fewer than two clusters.
pub fn twfe(panel: &Panel) -> Answer<Estimate> {
    try_twfe(panel).into()
}

fn try_twfe(panel: &Panel) -> Result<Estimate, Reason> {
    check(panel)?;
    let x = |start: Option<i64>, t: i64| vec![f64::from(u8::from(start.is_some_and(|start| t >= start)))];
    let (mut estimates, _) = by_cohort(panel, &["treated".to_owned()], &x)?;
    estimates.pop().ok_or(Reason::NoComparison)
}

/// Refuses panels in which nothing can be compared.
pub(crate) fn check(panel: &Panel) -> Result<(), Reason> {
    let last = panel.times()[panel.times().len() - 1];
    let first = panel.times()[0];
    if !panel.cohorts().iter().flatten().any(|&g| g <= last) {
        return Err(Reason::NoTreated);
    }
    if panel.times().len() < 2 {
        return Err(Reason::NoPrePeriod);
    }
    if panel.cohorts().iter().all(|g| g.is_some_and(|g| g <= first)) {
        return Err(Reason::NoPrePeriod);
    }
    let distinct = panel.cohorts().iter().any(|c| *c != panel.cohorts()[0]);
    if !distinct {
        return Err(Reason::NoComparison);
    }
    Ok(())
}

/// An event study by two-way fixed effects.
#[derive(Clone, Debug)]
pub struct EventStudy {
    /// Event time of each estimate (periods since the start; −1 is the reference).
    pub event_times: Vec<i64>,
    /// One estimate for each event time.
    pub estimates: Vec<Estimate>,
    /// Their covariance.
    pub vcov: DMatrix<f64>,
}

/// Effects by periods since the start, against the period before it.
///
/// Event times beyond `lead` before and `lag` after are gathered in the end bins.
/// Assumptions and refusals as [`twfe`], save that the effect may change with time
/// since the start (still not between waves; see `staggered`).
pub fn event_study(panel: &Panel, lead: u32, lag: u32) -> Answer<EventStudy> {
    try_event_study(panel, lead, lag).into()
}

fn try_event_study(panel: &Panel, lead: u32, lag: u32) -> Result<EventStudy, Reason> {
    check(panel)?;
    if lead < 1 {
        return Err(Reason::bad(
            "The event study",
            "no period before the start is asked for",
            "Ask for at least one.",
        ));
    }
    let bin = |start: i64, t: i64| (t - start).clamp(-i64::from(lead), i64::from(lag));
    let mut event_times: Vec<i64> = panel
        .cohorts()
        .iter()
        .flatten()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .flat_map(|&g| panel.times().iter().map(move |&t| bin(g, t)))
        .collect();
    event_times.sort_unstable();
    event_times.dedup();
    event_times.retain(|&e| e != -1);
    let names: Vec<String> = event_times.iter().map(|e| format!("event {e}")).collect();
    let x = |start: Option<i64>, t: i64| {
        event_times.iter().map(|&e| f64::from(u8::from(start.is_some_and(|g| bin(g, t) == e)))).collect()
    };
    let (estimates, vcov) = by_cohort(panel, &names, &x)?;
    let event_times = event_times
        .iter()
        .zip(&names)
        .filter(|(_, name)| estimates.iter().any(|e| e.term == **name))
        .map(|(e, _)| *e)
        .collect();
    Ok(EventStudy { event_times, estimates, vcov })
}

/// Estimates and their covariance.
type Fitted = (Vec<Estimate>, DMatrix<f64>);
type Regressors<'a> = dyn Fn(Option<i64>, i64) -> Vec<f64> + Sync + 'a;

/// Unit and period effects, regressors that depend on cohort and period only.
fn by_cohort(panel: &Panel, names: &[String], x: &Regressors<'_>) -> Result<Fitted, Reason> {
    if panel.is_complete()
        && panel.weights().iter().all(|&w| w > 0.0)
        && let Some(done) = complete(panel, names, x)?
    {
        return Ok(done);
    }
    general(panel, names, x)
}

/// Alternating projections on the long columns.
fn general(panel: &Panel, names: &[String], x: &Regressors<'_>) -> Result<Fitted, Reason> {
    let long = panel.long();
    let n = long.value.len();
    let mut columns: Vec<(String, Vec<f64>)> =
        names.iter().map(|name| (name.clone(), Vec::with_capacity(n))).collect();
    for (&i, &t) in long.unit.iter().zip(&long.time) {
        let row = x(panel.cohorts()[i as usize], panel.times()[t as usize]);
        for (column, v) in columns.iter_mut().zip(row) {
            column.1.push(v);
        }
    }
    let cluster: Vec<u32> = long.unit.iter().map(|&i| panel.cluster()[i as usize]).collect();
    let weights: Vec<f64> = long.unit.iter().map(|&i| panel.weights()[i as usize]).collect();
    // Units without an observation leave no row, so ids are made dense again.
    let (unit, _) = dense(&long.unit);
    let (time, _) = dense(&long.time);
    let (cluster, _) = dense(&cluster);
    let fit = try_fit(&Regression {
        outcome: &long.value,
        columns,
        absorb: vec![&unit, &time],
        cluster: Some(&cluster),
        weights: (!panel.is_unweighted()).then_some(weights.as_slice()),
        errors: Errors::Cr1,
    })?;
    Ok((fit.estimates, fit.vcov))
}

/// One pass over a complete panel; `None` when the regressors repeat one another.
fn complete(panel: &Panel, names: &[String], x: &Regressors<'_>) -> Result<Option<Fitted>, Reason> {
    let (units, periods, k) = (panel.units(), panel.times().len(), names.len());
    let g = panel.clusters();
    if g < 2 {
        return Err(Reason::TooFewClusters { have: g, need: 2 });
    }
    let w = panel.weights();
    // Distinct cohorts, and the cohort of each unit.
    let (cohort_of, kinds) = dense(panel.cohorts());
    let mut starts = vec![None; kinds];
    let mut mass = vec![0.0; kinds];
    for (i, &c) in cohort_of.iter().enumerate() {
        starts[c as usize] = panel.cohorts()[i];
        mass[c as usize] += w[i];
    }
    let total: f64 = mass.iter().sum();
    // Regressors of each cohort, both means taken out.
    let mut design: Vec<DMatrix<f64>> = starts
        .iter()
        .map(|&start| {
            let mut m = DMatrix::zeros(periods, k);
            for (t, &time) in panel.times().iter().enumerate() {
                for (j, v) in x(start, time).into_iter().enumerate() {
                    m[(t, j)] = v;
                }
            }
            m
        })
        .collect();
    let mut scale = vec![0.0_f64; k];
    for (m, mass) in design.iter_mut().zip(&mass) {
        for (j, scale) in scale.iter_mut().enumerate() {
            let mut column = m.column_mut(j);
            *scale += mass * column.norm_squared();
            let mean = column.mean();
            column.add_scalar_mut(-mean);
        }
    }
    let mut by_time = DMatrix::zeros(periods, k);
    for (m, mass) in design.iter().zip(&mass) {
        by_time += m * (mass / total);
    }
    let mut gram = DMatrix::zeros(k, k);
    for (m, mass) in design.iter_mut().zip(&mass) {
        *m -= &by_time;
        gram += m.tr_mul(m) * *mass;
    }
    for (j, size) in scale.iter().enumerate() {
        if gram[(j, j)] <= 1e-16 * size.max(f64::MIN_POSITIVE) {
            return Ok(None);
        }
    }
    let Some(cholesky) = gram.clone().cholesky() else {
        return Ok(None);
    };
    let smallest =
        (0..k).map(|j| cholesky.l_dirty()[(j, j)].powi(2) / gram[(j, j)]).fold(f64::INFINITY, f64::min);
    if smallest < 1e-12 {
        return Ok(None);
    }
    let bread = cholesky.inverse();
    let means: Vec<f64> = (0..periods)
        .into_par_iter()
        .map(|t| {
            let sum: f64 = panel.period(t).iter().zip(w).map(|(y, w)| y * w).sum();
            sum / total
        })
        .collect();
    // Units of one cohort in one cluster have the same regressors and share a score, so their sums are enough:
    // Σ X̃'(y_t − ȳ_t). The unit means of y drop out because X̃ sums to zero over time.
    let (block_of, blocks) =
        dense(&cohort_of.iter().copied().zip(panel.cluster().iter().copied()).collect::<Vec<_>>());
    let (mut kind, mut of_cluster, mut block_mass) = (vec![0; blocks], vec![0; blocks], vec![0.0; blocks]);
    for (i, &b) in block_of.iter().enumerate() {
        kind[b as usize] = cohort_of[i] as usize;
        of_cluster[b as usize] = panel.cluster()[i] as usize;
        block_mass[b as usize] += w[i];
    }
    let sums = panel.block_sums(&block_of, blocks, |t| means[t]);
    let mut products = DMatrix::zeros(k, blocks);
    let by_period: Vec<DMatrix<f64>> = design.iter().map(|m| m.transpose()).collect();
    for (t, row) in sums.chunks_exact(blocks).enumerate() {
        for (b, sum) in row.iter().enumerate() {
            products.column_mut(b).axpy(*sum, &by_period[kind[b]].column(t), 1.0);
        }
    }
    let beta = &bread * products.column_sum();
    let fitted: Vec<DVector<f64>> = design.iter().map(|m| m.tr_mul(&(m * &beta))).collect();
    let mut scores = DMatrix::zeros(g, k);
    for b in 0..blocks {
        for j in 0..k {
            scores[(of_cluster[b], j)] += products[(j, b)] - block_mass[b] * fitted[kind[b]][j];
        }
    }
    let n = units * periods;
    let parameters = (k + periods) as f64;
    let factor = g as f64 / (g as f64 - 1.0) * (n as f64 - 1.0) / (n as f64 - parameters);
    let vcov = &bread * scores.tr_mul(&scores) * &bread * factor;
    let estimates = names
        .iter()
        .enumerate()
        .map(|(j, name)| {
            Estimate::student(name.clone(), beta[j], vcov[(j, j)].sqrt(), g as f64 - 1.0, n, Some(g))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some((estimates, vcov)))
}
