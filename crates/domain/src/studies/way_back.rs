//! The way that one person's numbers would have taken by themselves: the grey funnel on a check's chart.
//!
//! Whoever talks about a low number talks at a low moment, and low moments pass. [`way_back`] learns levels and noise
//! from people in the same place and draws what was to be expected of this person with nothing done. What everybody
//! there shared stays in the funnel, so that a good quarter is not taken for the talk's doing.

use evidence::recovery::{self, Picked};

use super::picked::movement;
use super::reading::Number;

/// Periods before the talk that are looked at.
pub const WINDOW: usize = 26;
/// Periods that need a value in the window.
const LEAST: usize = 4;

/// What was to be expected with nothing done.
#[derive(Debug, Clone, PartialEq)]
pub struct WayBack {
    /// By period from the talk on: the value to expect, with the 95 % band of single values.
    pub path: Vec<Number>,
    /// The mean to expect over the periods that have come, with its 95 % band, and the mean that came.
    pub so_far: Option<(Number, f64)>,
    /// People whose histories it was learnt from.
    pub people: usize,
}

/// How what came stands to what was to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Nothing has come in since.
    NotYet,
    /// Inside the band.
    AsExpected,
    /// Beyond it, on the better side.
    Better,
    /// Beyond it, on the worse side.
    Worse,
}

impl WayBack {
    /// How the mean since the talk stands to its band. `better` is the sign that a better value has; without one nothing
    /// is better or worse.
    pub fn came(&self, better: i8) -> Came {
        let Some((expected, mean)) = self.so_far else { return Came::NotYet };
        let beyond = if mean > expected.high {
            1
        } else if mean < expected.low {
            -1
        } else {
            0
        };
        match beyond * better {
            0 => Came::AsExpected,
            1 => Came::Better,
            _ => Came::Worse,
        }
    }
}

impl Came {
    /// The sentence under the chart. One person's numbers never carry more than this.
    pub const fn words(self) -> &'static str {
        match self {
            Came::NotYet => {
                "No whole period has come in since the talk. The band is what would come without doing anything."
            }
            Came::AsExpected => {
                "Within what would come without doing anything. That does not say that the talk made no difference: \
                 one person's numbers are too few to tell."
            }
            Came::Better => {
                "Better than what would come without doing anything. Worth keeping; one person's numbers are too few \
                 to say more."
            }
            Came::Worse => {
                "Not as good as what would come without doing anything. Worth another look together."
            }
        }
    }
}

/// Draws the way back of `own` from position `at` over `periods` periods. `others` are the histories of people in the
/// same place, all starting at the same period as `own`.
///
/// `None` where fewer than ten others have a history, nothing varies, or the person has hardly any value before.
pub fn way_back(
    own: &[Option<f64>],
    others: &[Vec<Option<f64>>],
    at: usize,
    periods: usize,
) -> Option<WayBack> {
    let length = others.iter().map(Vec::len).chain([own.len(), at + periods]).max()?;
    let shared = movement(others, length);
    let clean = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        values.iter().zip(&shared).map(|(v, s)| v.map(|v| v - s)).collect()
    };
    let others: Vec<Vec<Option<f64>>> = others.iter().map(|h| clean(h)).collect();
    let histories: Vec<&[Option<f64>]> = others.iter().map(Vec::as_slice).collect();
    let noise = recovery::noise(&histories).estimate()?;
    let own_clean = clean(own);
    let window = own_clean.get(at.saturating_sub(WINDOW)..at.min(own_clean.len()))?;
    if window.iter().flatten().count() < LEAST {
        return None;
    }
    let picked = [Picked { window, after: &[] }];
    let way = recovery::expected_recovery(&noise, &picked, periods).estimate()?;
    let path = (at..)
        .zip(&way.path)
        .map(|(t, p)| {
            let s = shared.get(t).copied().unwrap_or(0.0);
            Number { value: p.expected + s, low: p.low + s, high: p.high + s }
        })
        .collect();
    let came: Vec<(usize, f64)> =
        (at..own.len().min(at + periods)).filter_map(|t| own[t].map(|v| (t, v))).collect();
    let so_far = (|| {
        let (last, _) = came.last()?;
        let e = recovery::expected_recovery(&noise, &picked, last + 1 - at).estimate()?;
        let n = came.len() as f64;
        let moved = came.iter().map(|(t, _)| shared[*t]).sum::<f64>() / n + e.before;
        let change = Number::of(&e.change);
        let expected =
            Number { value: change.value + moved, low: change.low + moved, high: change.high + moved };
        Some((expected, came.iter().map(|(_, v)| v).sum::<f64>() / n))
    })();
    Some(WayBack { path, so_far, people: noise.people })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise between −1 and 1 that looks random and is the same in every run.
    fn noise(person: usize, t: usize) -> f64 {
        let x = (person as u64 * 1_000_003 + t as u64 * 7_919 + 17).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let a = ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24);
        2.0 * a - 1.0
    }
    fn level(person: usize) -> f64 {
        50.0 + 8.0 * noise(person, 9_999)
    }
    fn people(count: usize, shared: impl Fn(usize) -> f64) -> Vec<Vec<Option<f64>>> {
        (1..=count)
            .map(|p| (0..40).map(|t| Some(level(p) + 6.0 * noise(p, t) + shared(t))).collect())
            .collect()
    }

    #[test]
    fn a_low_moment_is_expected_to_pass() {
        let others = people(30, |_| 0.0);
        let mut own: Vec<Option<f64>> = (0..34).map(|t| Some(50.0 + 6.0 * noise(77, t))).collect();
        for low in &mut own[26..30] {
            *low = low.map(|v| v - 6.0);
        }
        let before = own[26..30].iter().flatten().sum::<f64>() / 4.0;
        let way = way_back(&own, &others, 30, 8).unwrap();
        assert_eq!((way.path.len(), way.people), (8, 30));
        assert!(way.path[0].value > before + 2.0, "{way:?} after {before}");
        assert_eq!(way.came(1), Came::AsExpected, "{way:?}");
    }

    #[test]
    fn what_everybody_shares_is_in_the_funnel() {
        let flat = people(30, |_| 0.0);
        let good = people(30, |t| if t >= 30 { 20.0 } else { 0.0 });
        let own: Vec<Option<f64>> =
            (0..34).map(|t| Some(50.0 + 6.0 * noise(77, t) + if t >= 30 { 20.0 } else { 0.0 })).collect();
        assert_eq!(way_back(&own, &flat, 30, 4).unwrap().came(1), Came::Better);
        assert_eq!(way_back(&own, &good, 30, 4).unwrap().came(1), Came::AsExpected);
        assert_eq!(way_back(&own, &flat, 30, 4).unwrap().came(-1), Came::Worse);
    }

    #[test]
    fn too_little_gives_no_funnel() {
        let own = vec![Some(50.0); 30];
        assert_eq!(way_back(&own, &people(8, |_| 0.0), 30, 4), None, "too few people");
        assert_eq!(way_back(&[None; 30], &people(30, |_| 0.0), 30, 4), None, "nothing of their own");
        assert_eq!(way_back(&own, &vec![vec![Some(1.0); 40]; 30], 30, 4), None, "nothing varies");
        assert_eq!(way_back(&[], &[], 0, 0), None);
        let way = way_back(&own, &people(30, |_| 0.0), 30, 4).unwrap();
        assert_eq!(way.came(1), Came::NotYet);
    }
}
