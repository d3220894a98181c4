//! How wrong parallel trends may be before a result falls.

use nalgebra::{DMatrix, DVector};

use crate::answer::{Answer, Reason};
use crate::dist;

/// An event study: effects by periods since the start, with their covariance. The
/// period −1 is the reference and is not among them.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPath {
    /// Event times, ascending.
    pub event_times: Vec<i64>,
    /// Effects.
    pub effects: DVector<f64>,
    /// Their covariance.
    pub vcov: DMatrix<f64>,
}

/// An interval that allows for trends that differ after the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Widened {
    /// How much more trends may differ from one period to the next than they did at
    /// most before the start.
    pub times: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How far a result holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Honest {
    /// The ordinary interval.
    pub original: (f64, f64),
    /// Intervals for the asked multiples.
    pub widened: Vec<Widened>,
    /// The largest multiple at which the interval leaves out zero; `None` when it never
    /// does, even at 0.
    pub breakdown: Option<f64>,
}

/// Intervals under relative magnitudes (Rambachan and Roth 2023): from one period to the
/// next, trends may differ after the start by up to M times the largest such difference
/// before it.
///
/// The parameter is the average effect over `post` event times. For each difference seen
/// before the start the bound is linear, so its interval is ordinary; the union over all of
/// them covers with at least 95 %. That is simpler and somewhat wider than the conditional
/// test of the authors' package. *Refuses* without an effect in `post` or with fewer than
/// two periods before the start (−1 included).
pub fn honest(path: &EventPath, post: &[i64], multiples: &[f64]) -> Answer<Honest> {
    try_honest(path, post, multiples).into()
}

fn try_honest(path: &EventPath, post: &[i64], multiples: &[f64]) -> Result<Honest, Reason> {
    let k = path.event_times.len();
    if path.effects.len() != k || path.vcov.shape() != (k, k) {
        return Err(Reason::bad(
            "The event study",
            "effects and covariance have different sizes",
            "Give one effect and one row for each event time.",
        ));
    }
    if path.effects.iter().chain(path.vcov.iter()).any(|v| !v.is_finite()) {
        return Err(Reason::NotFinite { place: "The event study".into() });
    }
    let at = |e: i64| path.event_times.iter().position(|&t| t == e);
    // The average over the asked periods, and how many steps of trend it contains.
    let mut average = DVector::zeros(k);
    let mut steps = 0.0;
    for &e in post {
        let Some(j) = at(e).filter(|_| e >= 0) else {
            return Err(Reason::bad(
                format!("Event time {e}"),
                "there is no effect for it",
                "Ask for periods from 0 on that the event study has.",
            ));
        };
        average[j] += 1.0 / post.len() as f64;
        steps += (e + 1) as f64 / post.len() as f64;
    }
    if post.is_empty() {
        return Err(Reason::NoTreated);
    }
    // Differences from each period before the start to the next, the last one to −1.
    let before: Vec<i64> = path.event_times.iter().copied().filter(|&e| e < -1).collect();
    if before.is_empty() {
        return Err(Reason::NoPrePeriod);
    }
    let mut differences = Vec::with_capacity(before.len());
    for (i, &e) in before.iter().enumerate() {
        let next = before.get(i + 1).copied().unwrap_or(-1);
        let mut d = DVector::zeros(k);
        let gap = (next - e) as f64;
        if let Some(j) = at(e) {
            d[j] -= 1.0 / gap;
        }
        if let Some(j) = at(next) {
            d[j] += 1.0 / gap;
        }
        differences.push(d);
    }
    let z = dist::normal_quantile(0.975);
    let bounds = |combination: &DVector<f64>| {
        let value = combination.dot(&path.effects);
        let error = (combination.transpose() * &path.vcov * combination)[(0, 0)].max(0.0).sqrt();
        (value - z * error, value + z * error)
    };
    let original = bounds(&average);
    if original.0 >= original.1 {
        return Err(Reason::ExactFit { place: "The event study".into() });
    }
    let widen = |times: f64| {
        let (mut low, mut high) = original;
        for d in &differences {
            for sign in [-1.0, 1.0] {
                let (l, h) = bounds(&(&average + d * (sign * times * steps)));
                low = low.min(l);
                high = high.max(h);
            }
        }
        Widened { times, low, high }
    };
    let holds = |times: f64| {
        let w = widen(times);
        w.low > 0.0 || w.high < 0.0
    };
    let breakdown = holds(0.0).then(|| {
        let (mut good, mut bad) = (0.0, 1.0);
        while holds(bad) && bad < 1e6 {
            good = bad;
            bad *= 2.0;
        }
        for _ in 0..60 {
            let mid = 0.5 * (good + bad);
            if holds(mid) {
                good = mid;
            } else {
                bad = mid;
            }
        }
        good
    });
    Ok(Honest { original, widened: multiples.iter().map(|&m| widen(m)).collect(), breakdown })
}
