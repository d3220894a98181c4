//! Wild cluster bootstrap: few clusters, honest p-values.

use nalgebra::DMatrix;
use rand::Rng;
use rayon::prelude::*;

use crate::answer::{Answer, Reason, all_finite};
use crate::permute::{Draws, stream};
use crate::regress::{demean, level_count};

/// The outcome of a wild cluster bootstrap for one coefficient.
#[derive(Clone, Debug, PartialEq)]
pub struct Wild {
    /// The coefficient.
    pub estimate: f64,
    /// Its clustered error (G/(G−1) only) and statistic.
    pub std_error: f64,
    /// Estimate over error.
    pub statistic: f64,
    /// Two-sided p-value of "no effect".
    pub p_value: f64,
    /// 95 % interval: all values that the same test does not reject. Infinite where the
    /// test cannot reject anything on that side.
    pub interval: (f64, f64),
    /// Sign patterns at least as extreme.
    pub as_extreme: u64,
    /// Sign patterns looked at.
    pub patterns: u64,
    /// Whether these are all there are.
    pub exact: bool,
    /// Clusters.
    pub clusters: usize,
    /// Observations.
    pub n: usize,
}

/// The most clusters for which all sign patterns are gone through.
const EXACT: usize = 14;

/// Wild cluster restricted bootstrap-t with Rademacher signs
/// (Cameron, Gelbach and Miller 2008; WCR of MacKinnon, Nielsen and Webb 2023).
///
/// Tests the coefficient of `x` in a regression of `y` on `x`, `controls` and absorbed
/// effects (a constant when none is absorbed). All 2^G patterns up to 14 clusters,
/// `draws.number` random ones beyond. *Assumes* independent clusters. *Refuses* fewer
/// than five clusters (2^G is too coarse), a column that says nothing new, and more
/// than 2,000 clusters, where ordinary clustered errors are good.
pub fn wild_bootstrap(
    y: &[f64],
    x: &[f64],
    controls: &[Vec<f64>],
    absorb: &[&[u32]],
    cluster: &[u32],
    draws: Draws,
) -> Answer<Wild> {
    try_wild(y, x, controls, absorb, cluster, draws).into()
}

fn try_wild(
    y: &[f64],
    x: &[f64],
    controls: &[Vec<f64>],
    absorb: &[&[u32]],
    cluster: &[u32],
    draws: Draws,
) -> Result<Wild, Reason> {
    let n = y.len();
    all_finite("The outcome", y)?;
    all_finite("The column", x)?;
    if x.len() != n || cluster.len() != n || controls.iter().any(|c| c.len() != n) {
        return Err(Reason::bad(
            "The bootstrap",
            "columns have different lengths",
            "Give one value for each observation.",
        ));
    }
    let g = level_count(cluster);
    if g < 5 {
        return Err(Reason::TooFewClusters { have: g, need: 5 });
    }
    if g > 2000 {
        return Err(Reason::bad(
            "The bootstrap",
            "there are more than 2,000 clusters",
            "Use ordinary clustered errors: they are good with so many.",
        ));
    }
    let constant = vec![0_u32; n];
    let effects: Vec<&[u32]> = if absorb.is_empty() { vec![&constant] } else { absorb.to_vec() };
    let levels: Vec<usize> = effects.iter().map(|e| level_count(e)).collect();
    // Orthonormal controls once the effects are out.
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let clean = |v: &mut Vec<f64>, basis: &[Vec<f64>]| -> Result<(), Reason> {
        demean(v, &effects, &levels, None)?;
        for _ in 0..2 {
            for b in basis {
                let dot: f64 = v.iter().zip(b).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(b).for_each(|(a, b)| *a -= dot * b);
            }
        }
        Ok(())
    };
    let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
    for control in controls {
        all_finite("A control", control)?;
        let mut c = control.clone();
        let before = norm(&c);
        clean(&mut c, &basis)?;
        let size = norm(&c);
        if size > 1e-9 * before {
            c.iter_mut().for_each(|v| *v /= size);
            basis.push(c);
        }
    }
    let mut xt = x.to_vec();
    clean(&mut xt, &basis)?;
    if norm(&xt) <= 1e-9 * norm(x) {
        return Err(Reason::Collinear { term: "The column".into() });
    }
    let mut yt = y.to_vec();
    clean(&mut yt, &basis)?;
    let xx: f64 = xt.iter().map(|v| v * v).sum();
    let estimate = xt.iter().zip(&yt).map(|(x, y)| x * y).sum::<f64>() / xx;

    // Σ within cluster g of x̃ times the part of cluster h's residual that stays, h by h.
    let cross = |u: &[f64]| -> Result<DMatrix<f64>, Reason> {
        let columns: Vec<Vec<f64>> = (0..g as u32)
            .into_par_iter()
            .map(|h| {
                let mut part: Vec<f64> =
                    u.iter().zip(cluster).map(|(u, &c)| if c == h { *u } else { 0.0 }).collect();
                clean(&mut part, &basis)?;
                let mut sums = vec![0.0; g];
                for ((p, x), &c) in part.iter().zip(&xt).zip(cluster) {
                    sums[c as usize] += p * x;
                }
                Ok(sums)
            })
            .collect::<Result<_, Reason>>()?;
        Ok(DMatrix::from_fn(g, g, |a, b| columns[b][a]))
    };
    let by_cluster = |u: &[f64]| {
        let mut sums = vec![0.0; g];
        for ((u, x), &c) in u.iter().zip(&xt).zip(cluster) {
            sums[c as usize] += u * x;
        }
        sums
    };
    let (cross_y, cross_x) = (cross(&yt)?, cross(&xt)?);
    let (score_y, mass) = (by_cluster(&yt), by_cluster(&xt));
    let exact = g <= EXACT;
    let patterns = if exact { 1_u64 << g } else { draws.number as u64 + 1 };
    let signs = |pattern: u64| -> Vec<f64> {
        let sign = |negative: bool| if negative { -1.0 } else { 1.0 };
        if exact {
            (0..g).map(|i| sign(pattern >> i & 1 == 1)).collect()
        } else if pattern == 0 {
            vec![1.0; g]
        } else {
            let mut rng = stream(draws.seed, pattern as usize);
            (0..g).map(|_| sign(rng.random())).collect()
        }
    };
    let drawn: Vec<Vec<f64>> = (0..patterns).map(signs).collect();
    let factor = g as f64 / (g as f64 - 1.0);
    // Squared statistic of a sign pattern when the coefficient is `null`.
    let squared = |null: f64, v: &[f64]| -> f64 {
        let top: f64 = (0..g).map(|c| v[c] * (score_y[c] - null * mass[c])).sum::<f64>() / xx;
        let mut square = 0.0;
        for a in 0..g {
            let mut s = -top * mass[a];
            for (b, sign) in v.iter().enumerate() {
                s += sign * (cross_y[(a, b)] - null * cross_x[(a, b)]);
            }
            square += s * s;
        }
        if square > 0.0 { top * top * xx * xx / (square * factor) } else { f64::INFINITY }
    };
    let extreme = |null: f64| -> u64 {
        let observed = squared(null, &drawn[0]);
        drawn.par_iter().filter(|v| squared(null, v) >= observed * (1.0 - 1e-10)).count() as u64
    };
    let as_extreme = extreme(0.0);
    let statistic_squared = squared(0.0, &drawn[0]);
    let std_error = estimate.abs() / statistic_squared.sqrt();
    if !(std_error.is_finite() && std_error > 0.0) {
        return Err(Reason::ExactFit { place: "The bootstrap".into() });
    }
    let accepted = |null: f64| extreme(null) as f64 / patterns as f64 > 0.05;
    let side = |direction: f64| {
        let mut step = 2.0 * std_error;
        let mut inside = estimate;
        let mut outside = estimate + direction * step;
        while accepted(outside) {
            inside = outside;
            step *= 2.0;
            outside = estimate + direction * step;
            if step > 1e4 * std_error {
                return direction * f64::INFINITY;
            }
        }
        for _ in 0..40 {
            let mid = 0.5 * (inside + outside);
            if accepted(mid) {
                inside = mid;
            } else {
                outside = mid;
            }
        }
        inside
    };
    Ok(Wild {
        estimate,
        std_error,
        statistic: estimate / std_error,
        p_value: as_extreme as f64 / patterns as f64,
        interval: (side(-1.0), side(1.0)),
        as_extreme,
        patterns,
        exact,
        clusters: g,
        n,
    })
}
