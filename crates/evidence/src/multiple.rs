//! Many results shown together, and results that are watched.

use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;

/// How p-values of things shown together are corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// False discovery rate (Benjamini and Hochberg 1995); for independent or
    /// positively dependent tests.
    BenjaminiHochberg,
    /// False discovery rate under any dependence (Benjamini and Yekutieli 2001).
    BenjaminiYekutieli,
    /// Any false claim at all (Holm 1979).
    Holm,
    /// Any false claim at all, simplest.
    Bonferroni,
}

/// Adjusted p-values in the order given; compare them with the level directly.
///
/// *Refuses* values outside 0 to 1, or none at all.
pub fn adjust(p_values: &[f64], correction: Correction) -> Answer<Vec<f64>> {
    let m = p_values.len();
    if m == 0 {
        return Answer::CannotSay(Reason::Empty);
    }
    if let Some(at) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Answer::CannotSay(Reason::bad(
            format!("Value {}", at + 1),
            "it is not a probability",
            "Give p-values between 0 and 1.",
        ));
    }
    let mf = m as f64;
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let mut adjusted = vec![0.0; m];
    match correction {
        Correction::Bonferroni => {
            for (a, p) in adjusted.iter_mut().zip(p_values) {
                *a = (p * mf).min(1.0);
            }
        }
        Correction::Holm => {
            let mut highest: f64 = 0.0;
            for (rank, &i) in order.iter().enumerate() {
                highest = highest.max((p_values[i] * (m - rank) as f64).min(1.0));
                adjusted[i] = highest;
            }
        }
        Correction::BenjaminiHochberg | Correction::BenjaminiYekutieli => {
            let factor = if correction == Correction::BenjaminiYekutieli {
                (1..=m).map(|k| 1.0 / k as f64).sum()
            } else {
                1.0
            };
            let mut lowest: f64 = 1.0;
            for (rank, &i) in order.iter().enumerate().rev() {
                lowest = lowest.min(p_values[i] * mf * factor / (rank + 1) as f64);
                adjusted[i] = lowest;
            }
        }
    }
    Answer::Estimate(adjusted)
}

/// An interval that may be looked at as often as one likes (asymptotic confidence
/// sequence; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024).
///
/// `progress` is the share of the planned information that is in (observations now
/// over observations at the reading date); the boundary is tightest at 1. At every
/// moment together, the interval covers the truth with 95 %. *Refuses* progress that
/// is not positive.
pub fn always_valid(estimate: &Estimate, progress: f64) -> Answer<(f64, f64)> {
    if !(progress > 0.0 && progress.is_finite()) {
        return Answer::CannotSay(Reason::bad(
            "The progress of the study",
            "it is not a positive share",
            "Divide the observations so far by those planned.",
        ));
    }
    let alpha = 1.0 - crate::estimate::CONFIDENCE;
    let two_log = -2.0 * f64::ln(alpha);
    // ρ² n* that makes the boundary tightest at the planned end.
    let tuned = two_log + two_log.ln() + 1.0;
    let information = progress * tuned;
    let factor = (2.0 * (information + 1.0) / information * ((information + 1.0).sqrt() / alpha).ln()).sqrt();
    let reach = factor * estimate.std_error;
    Answer::Estimate((estimate.estimate - reach, estimate.estimate + reach))
}
