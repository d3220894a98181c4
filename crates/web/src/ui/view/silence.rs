//! What is kept quiet.

use askama::Template;
use domain::time::Day;

use super::{FormErrors, Shell};
use crate::ui::filters;
use crate::ui::format;

/// What is kept quiet and concerns the viewer.
///
/// Forms: `POST /silences` with `metric` and `unit` (codes, may be empty), `until` and `why`, for whoever administers
/// also `person` and `owner` (codes, may be empty); `POST {row.end}`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "silences.html")]
pub struct SilencesPage {
    /// The frame.
    pub shell: Shell,
    /// What is quiet, the newest first.
    pub rows: Vec<SilenceRow>,
    /// For who answers for a metric.
    pub form: Option<SilenceForm>,
}

/// Something that is quiet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceRow {
    /// "Successful calls of Maya Lindqvist".
    pub covers: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last quiet day.
    pub until: Day,
    /// Where it is ended, for who may.
    pub end: Option<String>,
}

/// What is to be kept quiet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SilenceForm {
    /// Whether anything may be kept quiet: a unit, a metric, a person.
    pub widely: bool,
    /// The metrics that can be chosen: code and name.
    pub metrics: Vec<(String, String)>,
    /// The one that is chosen.
    pub chosen: String,
    /// Code of a unit.
    pub unit: String,
    /// Code of a person.
    pub person: String,
    /// Code of who answers for it.
    pub owner: String,
    /// The last quiet day, as typed.
    pub until: String,
    /// Why.
    pub why: String,
    /// The latest day that can be chosen.
    pub until_max: Option<Day>,
    /// What to put right. Field ids: `silence-metric`, `silence-unit`, `silence-person`,
    /// `silence-owner`, `silence-until`, `silence-why`.
    pub errors: FormErrors,
}

impl SilencesPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.rows.len() as u64 {
            0 => "Nothing is kept quiet".to_owned(),
            1 => "One thing is kept quiet".to_owned(),
            n => format!("{} things are kept quiet", format::capital(&format::spell(n))),
        }
    }
}
