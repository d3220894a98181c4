//! Cases: one performance-analysis engagement, from a request to a problem statement, causes and fitting support.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, InterventionId, MetricId};
use crate::interventions::{CauseBox, Kind};
use crate::time::Day;

/// A case with its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Our id.
    pub id: CaseId,
    /// Unique code.
    pub code: String,
    /// The problem in words.
    pub title: String,
    /// The business metric.
    pub metric: Option<MetricId>,
    /// When it was opened.
    pub opened_on: Day,
    /// When it was closed; open where `None`.
    pub closed_on: Option<Day>,
    /// Everything else.
    pub file: File,
}

/// The file of a case.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct File {
    /// Where.
    pub organisation: String,
    /// The request in the words it came in.
    pub request: String,
    /// Who asked, by job role.
    pub requested_by: String,
    /// What should be.
    pub should_be: String,
    /// What is.
    pub is_now: String,
    /// When it is no longer a problem.
    pub solved_when: String,
    /// What it is worth, in words.
    pub worth: String,
    /// Whether whoever asked confirmed the problem statement.
    pub confirmed: bool,
    /// Who was heard. Never names.
    pub interviews: Vec<Interview>,
    /// Accounts that do not fit together: the two of each.
    pub contradictions: Vec<(Interview, Interview)>,
    /// The claimed reasons, in the panel's order.
    pub causes: Vec<Cause>,
    /// When the panel's ranking was frozen.
    pub frozen: Option<Day>,
}

/// A voice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interview {
    /// Job role and place.
    pub who: String,
    /// What they said.
    pub said: String,
}

/// A claimed reason for the gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// In words.
    pub text: String,
    /// The boxes it lies in.
    pub boxes: Vec<CauseBox>,
    /// What speaks for it.
    pub evidence: String,
    /// What each member of the panel gives it, in percent of the gap.
    pub votes: Vec<f64>,
    /// The support chosen for it.
    pub supports: Vec<Chosen>,
}

/// A support chosen for a cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which intervention, where it is one.
    pub intervention: Option<InterventionId>,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its time, in words.
    pub time: String,
}

/// The middle and the middle half of a panel's votes: median and quartiles (linear between neighbours).
pub fn middle(votes: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted: Vec<f64> = votes.iter().copied().filter(|v| v.is_finite()).collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let position = share * (sorted.len() - 1) as f64;
        let (low, high) = (position.floor() as usize, position.ceil() as usize);
        sorted[low] + (sorted[high] - sorted[low]) * position.fract()
    };
    Some((at(0.25), at(0.5), at(0.75)))
}

/// The share of causes for which a lesson is any part of the support, in percent; `None` before support is chosen.
pub fn lesson_share(causes: &[Cause]) -> Option<f64> {
    let with: Vec<&Cause> = causes.iter().filter(|c| !c.supports.is_empty()).collect();
    if with.is_empty() {
        return None;
    }
    let lessons: f64 = with
        .iter()
        .map(|c| c.supports.iter().filter(|s| s.kind.is_lesson()).count() as f64 / c.supports.len() as f64)
        .sum();
    Some(100.0 * lessons / with.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_panel() {
        assert_eq!(middle(&[10.0, 40.0, 20.0, 30.0]), Some((17.5, 25.0, 32.5)));
        assert_eq!(middle(&[5.0]), Some((5.0, 5.0, 5.0)));
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn only_a_sliver_calls_for_a_lesson() {
        let chosen = |kind| Chosen { intervention: None, kind, name: String::new(), time: String::new() };
        let cause = |kinds: &[Kind]| Cause {
            text: String::new(),
            boxes: vec![],
            evidence: String::new(),
            votes: vec![],
            supports: kinds.iter().map(|k| chosen(*k)).collect(),
        };
        let causes =
            [cause(&[Kind::JobAid, Kind::Feedback, Kind::Lesson]), cause(&[Kind::Process]), cause(&[])];
        assert!((lesson_share(&causes).unwrap() - 100.0 / 6.0).abs() < 1e-9);
        assert_eq!(lesson_share(&[cause(&[])]), None);
    }
}
