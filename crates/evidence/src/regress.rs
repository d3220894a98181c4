//! Least squares with absorbed fixed effects and cluster-robust errors.

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason, all_finite};
use crate::estimate::Estimate;

/// How the uncertainty of a regression is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// Same variance everywhere and independent: the textbook formula.
    Classical,
    /// Robust to unequal variance, White (1980) with N/(N−K).
    Hc1,
    /// Robust to unequal variance, leverage-corrected (MacKinnon and White 1985).
    Hc2,
    /// Robust to unequal variance, jackknife-like.
    Hc3,
    /// Clustered, Liang and Zeger (1986) with G/(G−1) · (N−1)/(N−K), where fixed
    /// effects nested in the clusters do not count in K (R fixest 0.12).
    Cr1,
    /// Clustered, bias-reduced (Bell and McCaffrey 2002), Satterthwaite degrees
    /// of freedom (Pustejovsky and Tipton 2018).
    Cr2,
    /// Clustered jackknife (MacKinnon, Nielsen and Webb 2023).
    Cr3,
}

/// A regression to run. All slices have one entry for each observation.
#[derive(Clone, Debug)]
pub struct Regression<'a> {
    /// The outcome.
    pub outcome: &'a [f64],
    /// Named columns. Without absorbed effects an intercept is added first.
    pub columns: Vec<(String, Vec<f64>)>,
    /// Fixed effects to absorb, each as dense ids from 0.
    pub absorb: Vec<&'a [u32]>,
    /// Cluster ids from 0; needed by the clustered errors.
    pub cluster: Option<&'a [u32]>,
    /// Weights; positive.
    pub weights: Option<&'a [f64]>,
    /// Which uncertainty.
    pub errors: Errors,
}

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct Fit {
    /// One estimate for each kept column, intercept first where there is one.
    pub estimates: Vec<Estimate>,
    /// Their covariance, in the same order.
    pub vcov: DMatrix<f64>,
    /// Outcome minus fitted value, absorbed effects included.
    pub residuals: Vec<f64>,
    /// Observations.
    pub n: usize,
    /// Clusters, where errors are clustered.
    pub clusters: Option<usize>,
    /// Share of the within variation explained.
    pub r2_within: f64,
    /// Columns left out because others already say the same.
    pub dropped: Vec<String>,
}

impl Fit {
    /// The estimate of a column.
    pub fn term(&self, name: &str) -> Option<&Estimate> {
        self.estimates.iter().find(|e| e.term == name)
    }
}

/// Fits by least squares.
///
/// *Assumes* that, given the columns and fixed effects, the outcome's remaining
/// movement has nothing to do with them. *Refuses* without observations, with
/// infinities, when all columns repeat one another, with fewer than two clusters,
/// when nothing is left to estimate noise from, or on an exact fit.
pub fn fit(regression: &Regression<'_>) -> Answer<Fit> {
    try_fit(regression).into()
}

pub(crate) fn try_fit(r: &Regression<'_>) -> Result<Fit, Reason> {
    let n = r.outcome.len();
    if n == 0 {
        return Err(Reason::Empty);
    }
    all_finite("The outcome", r.outcome)?;
    let mut columns: Vec<(&str, &[f64])> = Vec::with_capacity(r.columns.len() + 1);
    let ones = vec![1.0; n];
    if r.absorb.is_empty() {
        columns.push(("(Intercept)", &ones));
    }
    for (name, values) in &r.columns {
        all_finite(name, values)?;
        columns.push((name, values));
    }
    let lengths_agree = columns.iter().all(|(_, v)| v.len() == n)
        && r.absorb.iter().all(|f| f.len() == n)
        && r.cluster.is_none_or(|c| c.len() == n)
        && r.weights.is_none_or(|w| w.len() == n);
    if !lengths_agree {
        return Err(Reason::bad(
            "The regression",
            "columns have different lengths",
            "Give one value for each observation in every column.",
        ));
    }
    if let Some(w) = r.weights {
        all_finite("The weights", w)?;
        if w.iter().any(|&x| x <= 0.0) {
            return Err(Reason::bad(
                "The weights",
                "a weight is zero or negative",
                "Leave rows without weight out.",
            ));
        }
    }

    // Absorb the fixed effects, then scale by root weight.
    let levels: Vec<usize> = r.absorb.iter().map(|f| level_count(f)).collect();
    let mut response = r.outcome.to_vec();
    demean(&mut response, &r.absorb, &levels, r.weights)?;
    let mut within: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
    let mut scale: Vec<f64> = Vec::with_capacity(columns.len());
    for (_, values) in &columns {
        let mut v = values.to_vec();
        scale.push(spread(values));
        demean(&mut v, &r.absorb, &levels, r.weights)?;
        within.push(v);
    }
    if let Some(w) = r.weights {
        let roots: Vec<f64> = w.iter().map(|x| x.sqrt()).collect();
        for column in within.iter_mut().chain(std::iter::once(&mut response)) {
            for (v, root) in column.iter_mut().zip(&roots) {
                *v *= root;
            }
        }
    }

    let (kept, dropped) = independent(&within, &scale);
    if kept.is_empty() {
        return Err(match dropped.first() {
            Some(&j) => Reason::Collinear { term: columns[j].0.to_owned() },
            None => Reason::bad("The regression", "no column is given", "Name at least one column."),
        });
    }
    let k = kept.len();
    let design = DMatrix::from_fn(n, k, |i, j| within[kept[j]][i]);
    drop(within);
    let y = DVector::from_vec(response);
    let gram = design.tr_mul(&design);
    let bread = gram
        .clone()
        .cholesky()
        .ok_or_else(|| Reason::Collinear { term: columns[kept[k - 1]].0.to_owned() })?
        .inverse();
    let beta = &bread * design.tr_mul(&y);
    let residual = &y - &design * &beta;

    let absorbed: usize =
        if levels.is_empty() { 0 } else { levels.iter().sum::<usize>() - (levels.len() - 1) };
    let rss = residual.dot(&residual);
    let tss = if r.absorb.is_empty() {
        let mean = y.mean();
        y.iter().map(|v| (v - mean).powi(2)).sum::<f64>()
    } else {
        y.dot(&y)
    };
    let total = r.outcome.iter().map(|v| v * v).sum::<f64>();
    let exact = rss <= 1e-22 * total.max(f64::MIN_POSITIVE);
    let df_residual = n as f64 - (k + absorbed) as f64;
    if df_residual < 1.0 {
        return Err(Reason::TooFewObservations {
            place: "The regression".into(),
            have: n,
            need: k + absorbed + 1,
        });
    }
    if exact {
        return Err(Reason::ExactFit { place: "The regression".into() });
    }

    let mut clusters = None;
    let mut dfs = vec![df_residual; k];
    let vcov = match r.errors {
        Errors::Classical => &bread * (rss / df_residual),
        Errors::Hc1 | Errors::Hc2 | Errors::Hc3 => {
            hetero(&design, &residual, &bread, r.errors, n as f64 / df_residual)
        }
        Errors::Cr1 | Errors::Cr2 | Errors::Cr3 => {
            let cluster = r.cluster.ok_or_else(|| {
                Reason::bad(
                    "The errors",
                    "clustered errors were asked for and no clusters given",
                    "Name the column that says which rows share shocks.",
                )
            })?;
            let g = level_count(cluster);
            if g < 2 {
                return Err(Reason::TooFewClusters { have: g, need: 2 });
            }
            clusters = Some(g);
            let nested: Vec<usize> =
                (0..r.absorb.len()).filter(|&f| is_nested(r.absorb[f], cluster, levels[f])).collect();
            let k_nested = k + absorbed - nested.iter().map(|&f| levels[f]).sum::<usize>() + nested.len();
            dfs = vec![g as f64 - 1.0; k];
            match r.errors {
                Errors::Cr2 => {
                    let (v, satterthwaite) = crate::cluster::cr2(&design, &residual, &bread, cluster, g)?;
                    dfs = satterthwaite;
                    v
                }
                Errors::Cr3 => crate::cluster::cr3(&design, &residual, cluster, g)?,
                _ => {
                    let factor =
                        g as f64 / (g as f64 - 1.0) * (n as f64 - 1.0) / (n as f64 - k_nested as f64);
                    sandwich(&design, &residual, &bread, cluster, g) * factor
                }
            }
        }
    };

    let estimates = (0..k)
        .map(|j| Estimate::student(columns[kept[j]].0, beta[j], vcov[(j, j)].sqrt(), dfs[j], n, clusters))
        .collect::<Result<Vec<_>, _>>()?;
    let residuals = match r.weights {
        None => residual.as_slice().to_vec(),
        Some(w) => residual.iter().zip(w).map(|(e, w)| e / w.sqrt()).collect(),
    };
    Ok(Fit {
        estimates,
        vcov,
        residuals,
        n,
        clusters,
        r2_within: if tss > 0.0 { 1.0 - rss / tss } else { 0.0 },
        dropped: dropped.iter().map(|&j| columns[j].0.to_owned()).collect(),
    })
}

/// Number of levels of dense ids.
pub(crate) fn level_count(ids: &[u32]) -> usize {
    ids.iter().max().map_or(0, |&m| m as usize + 1)
}

fn spread(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Whether every level of `effect` lies inside one cluster.
fn is_nested(effect: &[u32], cluster: &[u32], levels: usize) -> bool {
    let mut seen = vec![u32::MAX; levels];
    effect.iter().zip(cluster).all(|(&e, &c)| {
        let known = &mut seen[e as usize];
        if *known == u32::MAX {
            *known = c;
        }
        *known == c
    })
}

/// Takes the (weighted) means over each fixed effect out of a column.
///
/// One effect needs one pass. Two or more are taken out in turn (alternating
/// projections, Gaure 2013), with Irons–Tuck acceleration, until the largest
/// change is below 1e-11 of the column's spread.
///
/// # Errors
/// [`Reason::NotSettled`] after 20,000 rounds.
pub(crate) fn demean(
    values: &mut [f64],
    effects: &[&[u32]],
    levels: &[usize],
    weights: Option<&[f64]>,
) -> Result<(), Reason> {
    if effects.is_empty() {
        return Ok(());
    }
    let totals: Vec<Vec<f64>> = effects
        .iter()
        .zip(levels)
        .map(|(ids, &count)| {
            let mut total = vec![0.0; count];
            for (row, &id) in ids.iter().enumerate() {
                total[id as usize] += weights.map_or(1.0, |w| w[row]);
            }
            total
        })
        .collect();
    let sweep = |v: &mut [f64]| {
        for ((ids, total), &count) in effects.iter().zip(&totals).zip(levels) {
            let mut sums = vec![0.0; count];
            match weights {
                None => {
                    for (value, &id) in v.iter().zip(*ids) {
                        sums[id as usize] += value;
                    }
                }
                Some(w) => {
                    for ((value, &id), w) in v.iter().zip(*ids).zip(w) {
                        sums[id as usize] += value * w;
                    }
                }
            }
            for (sum, total) in sums.iter_mut().zip(total) {
                *sum /= total.max(f64::MIN_POSITIVE);
            }
            for (value, &id) in v.iter_mut().zip(*ids) {
                *value -= sums[id as usize];
            }
        }
    };
    if effects.len() == 1 {
        // A second pass removes the rounding of the first.
        sweep(values);
        sweep(values);
        return Ok(());
    }
    let size = spread(values) / (values.len() as f64).sqrt();
    if size == 0.0 {
        return Ok(());
    }
    const ROUNDS: usize = 20_000;
    let mut before = values.to_vec();
    sweep(values);
    for _ in 0..ROUNDS {
        // Iterates x0 (before), x1 (values), x2 (next).
        let mut next = values.to_vec();
        sweep(&mut next);
        let largest = next.iter().zip(values.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if largest <= 1e-11 * size {
            values.copy_from_slice(&next);
            sweep(values);
            return Ok(());
        }
        let (mut top, mut bottom) = (0.0, 0.0);
        for ((&x0, &x1), &x2) in before.iter().zip(values.iter()).zip(&next) {
            let d1 = x2 - x1;
            let d2 = d1 - (x1 - x0);
            top += d1 * d2;
            bottom += d2 * d2;
        }
        let step = if bottom > 0.0 { top / bottom } else { 0.0 };
        for (x1, x2) in values.iter_mut().zip(&next) {
            *x1 = x2 - step * (x2 - *x1);
        }
        before.copy_from_slice(values);
        sweep(values);
    }
    Err(Reason::NotSettled { what: "Taking out the fixed effects".into(), iterations: ROUNDS })
}

/// Keeps columns in order that add something (Gram–Schmidt); returns kept and dropped.
fn independent(columns: &[Vec<f64>], scale: &[f64]) -> (Vec<usize>, Vec<usize>) {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for (j, column) in columns.iter().enumerate() {
        let own = spread(column);
        if own <= 1e-9 * scale[j] || own == 0.0 {
            dropped.push(j);
            continue;
        }
        let mut rest: Vec<f64> = column.iter().map(|v| v / own).collect();
        for _ in 0..2 {
            for b in &basis {
                let dot: f64 = rest.iter().zip(b).map(|(a, b)| a * b).sum();
                for (r, b) in rest.iter_mut().zip(b) {
                    *r -= dot * b;
                }
            }
        }
        let left = spread(&rest);
        if left <= 1e-8 {
            dropped.push(j);
            continue;
        }
        for r in &mut rest {
            *r /= left;
        }
        basis.push(rest);
        kept.push(j);
    }
    (kept, dropped)
}

/// Row sums of score within each cluster: clusters by columns.
pub(crate) fn cluster_scores(
    design: &DMatrix<f64>,
    residual: &DVector<f64>,
    cluster: &[u32],
    g: usize,
) -> DMatrix<f64> {
    let mut scores = DMatrix::zeros(g, design.ncols());
    for j in 0..design.ncols() {
        let column = design.column(j);
        for (i, &c) in cluster.iter().enumerate() {
            scores[(c as usize, j)] += column[i] * residual[i];
        }
    }
    scores
}

fn sandwich(
    design: &DMatrix<f64>,
    residual: &DVector<f64>,
    bread: &DMatrix<f64>,
    cluster: &[u32],
    g: usize,
) -> DMatrix<f64> {
    let scores = cluster_scores(design, residual, cluster, g);
    bread * scores.tr_mul(&scores) * bread
}

fn hetero(
    design: &DMatrix<f64>,
    residual: &DVector<f64>,
    bread: &DMatrix<f64>,
    errors: Errors,
    small: f64,
) -> DMatrix<f64> {
    let k = design.ncols();
    let mut meat = DMatrix::zeros(k, k);
    for i in 0..design.nrows() {
        let row = design.row(i);
        let leverage = (row * bread * row.transpose())[(0, 0)].min(1.0 - 1e-12);
        let weight = match errors {
            Errors::Hc2 => 1.0 / (1.0 - leverage),
            Errors::Hc3 => 1.0 / (1.0 - leverage).powi(2),
            _ => small,
        };
        meat += row.transpose() * row * (weight * residual[i] * residual[i]);
    }
    bread * meat * bread
}
