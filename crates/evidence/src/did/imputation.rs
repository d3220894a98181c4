//! Effects against what untreated observations predict (Borusyak, Jaravel and Spiess 2024).
//!
//! Unit and period effects are fitted on untreated observations only; what treated
//! observations have beyond them is the effect.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};

use super::twfe::check;
use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;
use crate::panel::Panel;

/// Effects by imputation.
#[derive(Clone, Debug)]
pub struct Imputation {
    /// Average over treated observations.
    pub overall: Estimate,
    /// Average by periods since the start.
    pub dynamic: Vec<(i64, Answer<Estimate>)>,
    /// Treated observations used.
    pub treated: usize,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Two-way effects on the untreated cells, solved exactly by taking units out.
struct TwoWay<'a> {
    panel: &'a Panel,
    /// Untreated, observed cells: weight sums of units and periods.
    unit_mass: Vec<f64>,
    used_time: Vec<bool>,
    solver: nalgebra::Cholesky<f64, nalgebra::Dyn>,
    /// Position of each used period among the solved ones; the first is the reference.
    place: Vec<Option<usize>>,
}

impl<'a> TwoWay<'a> {
    fn new(panel: &'a Panel) -> Result<Self, Reason> {
        let (units, periods) = (panel.units(), panel.times().len());
        let open = |i: usize, t: usize| panel.value(i, t).is_some() && !panel.treated(i, t);
        let mut unit_mass = vec![0.0; units];
        let mut time_mass = vec![0.0; periods];
        for (t, time_mass) in time_mass.iter_mut().enumerate() {
            for (i, mass) in unit_mass.iter_mut().enumerate() {
                if open(i, t) {
                    *mass += 1.0;
                    *time_mass += panel.weights()[i];
                }
            }
        }
        let used_time: Vec<bool> = time_mass.iter().map(|m| *m > 0.0).collect();
        let mut place = vec![None; periods];
        let mut next = 0;
        for (t, used) in used_time.iter().enumerate() {
            if *used && next > 0 {
                place[t] = Some(next - 1);
            }
            next += usize::from(*used);
        }
        if next < 2 {
            return Err(Reason::NoPrePeriod);
        }
        let q = next - 1;
        let mut schur: DMatrix<f64> = DMatrix::zeros(q, q);
        for (t, p) in place.iter().enumerate() {
            if let Some(p) = p {
                schur[(*p, *p)] += time_mass[t];
            }
        }
        for (i, mass) in unit_mass.iter().enumerate() {
            if *mass == 0.0 {
                continue;
            }
            let seen: Vec<usize> = (0..periods).filter(|&t| open(i, t)).filter_map(|t| place[t]).collect();
            let w = panel.weights()[i] / mass;
            for &a in &seen {
                for &b in &seen {
                    schur[(a, b)] -= w;
                }
            }
        }
        let diagonal: Vec<f64> = (0..q).map(|j| schur[(j, j)].max(f64::MIN_POSITIVE)).collect();
        let solver = schur.cholesky().ok_or(Reason::NoComparison)?;
        if (0..q).any(|j| solver.l_dirty()[(j, j)].powi(2) < 1e-12 * diagonal[j]) {
            return Err(Reason::NoComparison);
        }
        Ok(Self { panel, unit_mass, used_time, solver, place })
    }

    fn open(&self, i: usize, t: usize) -> bool {
        self.panel.value(i, t).is_some() && !self.panel.treated(i, t)
    }

    /// Solves the normal equations for right sides given by unit (already weighted)
    /// and by period; returns unit and period effects.
    fn solve(&self, unit: &[f64], time: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let periods = time.len();
        let mut right = DVector::zeros(self.solver.l_dirty().nrows());
        for (t, p) in self.place.iter().enumerate() {
            if let Some(p) = p {
                right[*p] += time[t];
            }
        }
        for (i, value) in unit.iter().enumerate() {
            if self.unit_mass[i] > 0.0 && *value != 0.0 {
                for t in (0..periods).filter(|&t| self.open(i, t)) {
                    if let Some(p) = self.place[t] {
                        right[p] -= value / self.unit_mass[i];
                    }
                }
            }
        }
        let solved = self.solver.solve(&right);
        let period: Vec<f64> = self.place.iter().map(|p| p.map_or(0.0, |p| solved[p])).collect();
        let levels = (0..unit.len())
            .map(|i| {
                if self.unit_mass[i] == 0.0 {
                    return 0.0;
                }
                let sum: f64 = (0..periods).filter(|&t| self.open(i, t)).map(|t| period[t]).sum();
                (unit[i] / self.panel.weights()[i] - sum) / self.unit_mass[i]
            })
            .collect();
        (levels, period)
    }
}

/// Effects by imputation, with the conservative clustered errors of the paper (effects
/// averaged by wave and period).
///
/// *Assumes* parallel trends in all periods and no anticipation; more precise than
/// group-time effects when that holds, more fragile when it does not. The standard error
/// is the paper's, which other packages give too. It is short where clusters are few,
/// because each cluster is measured against averages that it is part of; so interval and
/// p-value rest on the paper's leave-one-out form (its section 4.3), in which each
/// cluster is measured against the others of its wave, and on G/(G−1). *Refuses* as
/// two-way fixed effects do, and when untreated observations do not connect the panel.
pub fn imputation(panel: &Panel) -> Answer<Imputation> {
    try_imputation(panel).into()
}

fn try_imputation(panel: &Panel) -> Result<Imputation, Reason> {
    check(panel)?;
    let clusters = panel.clusters();
    if clusters < 2 {
        return Err(Reason::TooFewClusters { have: clusters, need: 2 });
    }
    if panel.weights().iter().any(|&w| w <= 0.0) {
        return Err(Reason::bad(
            "The weights",
            "a weight is zero or negative",
            "Leave units without weight out.",
        ));
    }
    let (units, periods) = (panel.units(), panel.times().len());
    let model = TwoWay::new(panel)?;
    let w = panel.weights();
    let mut warnings = Vec::new();

    let mut unit = vec![0.0; units];
    let mut time = vec![0.0; periods];
    for (t, by_time) in time.iter_mut().enumerate() {
        for (i, sum) in unit.iter_mut().enumerate() {
            if let Some(v) = panel.value(i, t).filter(|_| !panel.treated(i, t)) {
                *sum += w[i] * v;
                *by_time += w[i] * v;
            }
        }
    }
    let (levels, movement) = model.solve(&unit, &time);

    // Effects of treated cells, and their averages by wave and period.
    let mut cells: Vec<(usize, usize, i64, f64)> = Vec::new();
    let mut lost = 0;
    for (i, level) in levels.iter().enumerate() {
        let Some(start) = panel.cohorts()[i] else {
            continue;
        };
        for (t, common) in movement.iter().enumerate() {
            if let Some(v) = panel.value(i, t).filter(|_| panel.treated(i, t)) {
                if model.unit_mass[i] == 0.0 || !model.used_time[t] {
                    lost += 1;
                } else {
                    let effect = v - level - common;
                    cells.push((i, t, panel.times()[t] - start, effect));
                }
            }
        }
    }
    if lost > 0 {
        warnings.push(format!(
            "{lost} treated observations have no untreated ones of their unit or period to predict from; they are left out."
        ));
    }
    if cells.is_empty() {
        return Err(Reason::NoPrePeriod);
    }
    let mut averages: BTreeMap<(i64, usize), (f64, f64)> = BTreeMap::new();
    for &(i, t, _, effect) in &cells {
        // Every treated cell has a start.
        let start = panel.cohorts()[i].unwrap_or_default();
        let a = averages.entry((start, t)).or_insert((0.0, 0.0));
        a.0 += w[i];
        a.1 += w[i] * effect;
    }
    // What each cluster has of such an average, to leave it out.
    let mut shares: BTreeMap<(i64, usize, u32), f64> = BTreeMap::new();
    for &(i, t, ..) in &cells {
        *shares.entry((panel.cohorts()[i].unwrap_or_default(), t, panel.cluster()[i])).or_insert(0.0) += w[i];
    }
    // The distance from the average of wave and period, and from that of its other clusters.
    let residual = |i: usize, t: usize, effect: f64| {
        let start = panel.cohorts()[i].unwrap_or_default();
        let (mass, sum) = averages[&(start, t)];
        let others = mass - shares[&(start, t, panel.cluster()[i])];
        let distance = effect - sum / mass;
        // A wave of one cluster has no others.
        (distance, if others > 0.0 { distance * mass / others } else { distance })
    };
    let estimate = |term: String, chosen: &[(usize, usize, i64, f64)]| -> Result<Estimate, Reason> {
        let mass: f64 = chosen.iter().map(|c| w[c.0]).sum();
        let value = chosen.iter().map(|c| w[c.0] * c.3).sum::<f64>() / mass;
        let (mut scores, mut left_out) = (vec![0.0; clusters], vec![0.0; clusters]);
        let mut by_unit = vec![0.0; units];
        let mut by_time = vec![0.0; periods];
        for &(i, t, _, effect) in chosen {
            let v = w[i] / mass;
            let (with, without) = residual(i, t, effect);
            scores[panel.cluster()[i] as usize] += v * with;
            left_out[panel.cluster()[i] as usize] += v * without;
            by_unit[i] += v;
            by_time[t] += v;
        }
        // How each untreated observation enters the prediction.
        let (a, b) = model.solve(&by_unit, &by_time);
        for t in 0..periods {
            for i in 0..units {
                if let Some(v) = panel.value(i, t).filter(|_| !panel.treated(i, t)) {
                    let weight = w[i] * (a[i] + b[t]);
                    let part = weight * (v - levels[i] - movement[t]);
                    scores[panel.cluster()[i] as usize] -= part;
                    left_out[panel.cluster()[i] as usize] -= part;
                }
            }
        }
        let length = |scores: &[f64]| scores.iter().map(|s| s * s).sum::<f64>().sqrt();
        let df = clusters as f64 - 1.0;
        let wider = length(&left_out).max(length(&scores)) * ((df + 1.0) / df).sqrt();
        let wide = Estimate::student(term, value, wider, df, chosen.len(), Some(clusters))?;
        Ok(Estimate { std_error: length(&scores), ..wide })
    };
    let overall = estimate("ATT".into(), &cells)?;
    let mut by_event: BTreeMap<i64, Vec<(usize, usize, i64, f64)>> = BTreeMap::new();
    for cell in &cells {
        by_event.entry(cell.2).or_default().push(*cell);
    }
    let dynamic =
        by_event.iter().map(|(e, chosen)| (*e, estimate(format!("event {e}"), chosen).into())).collect();
    Ok(Imputation { overall, dynamic, treated: cells.len(), warnings })
}
