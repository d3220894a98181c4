//! Small-sample corrections of cluster-robust errors.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::answer::Reason;

/// Rows of each cluster.
pub(crate) fn members(cluster: &[u32], g: usize) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); g];
    for (i, &c) in cluster.iter().enumerate() {
        rows[c as usize].push(i);
    }
    rows
}

/// Bias-reduced errors and Satterthwaite degrees of freedom of each coefficient.
///
/// Adjusts each cluster's residuals by the inverse square root of I − H
/// (Bell and McCaffrey 2002; pseudo-inverse as in Pustejovsky and Tipton 2018).
/// Working model: independent errors of equal variance.
pub(crate) fn cr2(
    design: &DMatrix<f64>,
    residual: &DVector<f64>,
    bread: &DMatrix<f64>,
    cluster: &[u32],
    g: usize,
) -> Result<(DMatrix<f64>, Vec<f64>), Reason> {
    let k = design.ncols();
    let rows = members(cluster, g);
    let mut meat = DMatrix::zeros(k, k);
    // For the degrees of freedom: per cluster, adjusted design times bread.
    let mut adjusted: Vec<DMatrix<f64>> = Vec::with_capacity(g);
    let mut parts: Vec<DMatrix<f64>> = Vec::with_capacity(g);
    for members in &rows {
        let x = DMatrix::from_fn(members.len(), k, |i, j| design[(members[i], j)]);
        let e = DVector::from_fn(members.len(), |i, _| residual[members[i]]);
        let m = members.len();
        let inner = DMatrix::identity(m, m) - &x * bread * x.transpose();
        let eigen = SymmetricEigen::new(inner);
        let root = eigen.eigenvalues.map(|v| if v > 1e-10 { 1.0 / v.sqrt() } else { 0.0 });
        let a = &eigen.eigenvectors * DMatrix::from_diagonal(&root) * eigen.eigenvectors.transpose();
        let ax = &a * &x;
        let score = ax.tr_mul(&e);
        meat += &score * score.transpose();
        adjusted.push(ax * bread);
        parts.push(x);
    }
    let vcov = bread * meat * bread;
    // df_j = tr(Q)^2 / tr(Q²), Q_gh = p_g' (I − H)_gh p_h with p_g the j-th adjusted column.
    let mut dfs = Vec::with_capacity(k);
    for j in 0..k {
        // (I − H)_gh = δ_gh I − X_g B X_h'.
        let u: Vec<DVector<f64>> = (0..g).map(|c| parts[c].tr_mul(&adjusted[c].column(j))).collect();
        let bu: Vec<DVector<f64>> = u.iter().map(|v| bread * v).collect();
        let (mut trace, mut square) = (0.0, 0.0);
        for c in 0..g {
            let own = adjusted[c].column(j).dot(&adjusted[c].column(j));
            for (d, bu) in bu.iter().enumerate() {
                let cross = u[c].dot(bu);
                let q = if c == d { own - cross } else { -cross };
                if c == d {
                    trace += q;
                }
                square += q * q;
            }
        }
        if square <= 0.0 {
            return Err(Reason::TooFewClusters { have: g, need: 3 });
        }
        dfs.push(trace * trace / square);
    }
    Ok((vcov, dfs))
}

/// Clustered jackknife around the full estimate, times (G−1)/G.
pub(crate) fn cr3(
    design: &DMatrix<f64>,
    residual: &DVector<f64>,
    cluster: &[u32],
    g: usize,
) -> Result<DMatrix<f64>, Reason> {
    let k = design.ncols();
    let gram = design.tr_mul(design);
    let mut total = DMatrix::zeros(k, k);
    for members in members(cluster, g) {
        let x = DMatrix::from_fn(members.len(), k, |i, j| design[(members[i], j)]);
        let e = DVector::from_fn(members.len(), |i, _| residual[members[i]]);
        let left = &gram - x.tr_mul(&x);
        let Some(inverse) = left.cholesky().map(|c| c.inverse()) else {
            return Err(Reason::bad(
                "The clustered jackknife",
                "without one of the clusters a coefficient cannot be estimated",
                "Use CR1 errors or a permutation test.",
            ));
        };
        // β(−g) − β = −(X'X − Xg'Xg)⁻¹ Xg'e.
        let change = inverse * x.tr_mul(&e);
        total += &change * change.transpose();
    }
    Ok(total * ((g as f64 - 1.0) / g as f64))
}
