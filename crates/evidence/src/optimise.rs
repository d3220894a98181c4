//! A small derivative-free minimiser.

/// Nelder–Mead simplex from `start` with edges of `size`; returns place and value.
///
/// Deterministic; restarts once from its own end, which frees a collapsed simplex.
pub(crate) fn nelder_mead(
    cost: &dyn Fn(&[f64]) -> f64,
    start: &[f64],
    size: f64,
    rounds: usize,
) -> (Vec<f64>, f64) {
    let first = once(cost, start, size, rounds);
    once(cost, &first.0, size * 0.1, rounds)
}

fn once(cost: &dyn Fn(&[f64]) -> f64, start: &[f64], size: f64, rounds: usize) -> (Vec<f64>, f64) {
    let d = start.len();
    let mut simplex: Vec<(Vec<f64>, f64)> = (0..=d)
        .map(|i| {
            let mut v = start.to_vec();
            if i > 0 {
                v[i - 1] += size;
            }
            let value = cost(&v);
            (v, value)
        })
        .collect();
    for _ in 0..rounds {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let spread: f64 = (0..d).map(|j| (simplex[d].0[j] - simplex[0].0[j]).abs()).fold(0.0, f64::max);
        if spread < 1e-8 || (simplex[d].1 - simplex[0].1).abs() < 1e-13 * simplex[0].1.abs() {
            break;
        }
        let centre: Vec<f64> =
            (0..d).map(|j| simplex[..d].iter().map(|s| s.0[j]).sum::<f64>() / d as f64).collect();
        let toward = |factor: f64| -> (Vec<f64>, f64) {
            let v: Vec<f64> = (0..d).map(|j| centre[j] + factor * (simplex[d].0[j] - centre[j])).collect();
            let value = cost(&v);
            (v, value)
        };
        let reflected = toward(-1.0);
        let replacement = if reflected.1 < simplex[0].1 {
            let expanded = toward(-2.0);
            Some(if expanded.1 < reflected.1 { expanded } else { reflected })
        } else if reflected.1 < simplex[d - 1].1 {
            Some(reflected)
        } else {
            let contracted = toward(if reflected.1 < simplex[d].1 { -0.5 } else { 0.5 });
            (contracted.1 < simplex[d].1.min(reflected.1)).then_some(contracted)
        };
        match replacement {
            Some(better) => simplex[d] = better,
            None => {
                let best = simplex[0].0.clone();
                for s in simplex.iter_mut().skip(1) {
                    for (v, b) in s.0.iter_mut().zip(&best) {
                        *v = b + 0.5 * (*v - b);
                    }
                    s.1 = cost(&s.0);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    simplex.swap_remove(0)
}
