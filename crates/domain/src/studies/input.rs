//! Everything that one reading of a study looks at, frozen.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Design, Scale};
use crate::metrics::Level;
use crate::time::{Cadence, Day};

/// The frozen data of one reading. Persons are numbers here, in no order that says who they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Version of the method, [`super::METHOD`].
    pub method: u32,
    /// The study's code.
    pub study: String,
    /// How it compares.
    pub design: Design,
    /// On which scale.
    pub scale: Scale,
    /// Whether a recorded random draw decided who starts when.
    pub drawn: bool,
    /// Whether hypothesis and plan were fixed before the first start.
    pub locked_before_start: bool,
    /// The smallest difference worth having, in the deciding metric's unit.
    pub smallest: Option<f64>,
    /// The share of the time from the first start to the day fixed for reading that had passed; `None` from that day on,
    /// or where no day was fixed. Before it, intervals are those of an early look.
    pub progress: Option<f64>,
    /// The first day of the newest period in it.
    pub up_to: Day,
    /// The metrics, the deciding one first.
    pub lanes: Vec<LaneInput>,
    /// What it has cost up to then.
    pub cost: Cost,
}

/// One metric of a reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneInput {
    /// Its code.
    pub metric: String,
    /// In which lane of the chain page it stands.
    pub lane: Level,
    /// −1, 0 or 1: the sign that a better value has.
    pub better: i8,
    /// Must not get worse while another improves.
    pub guardrail: bool,
    /// Length of a period.
    pub cadence: Cadence,
    /// First day of the first period.
    pub first: Day,
    /// How many periods.
    pub periods: u32,
    /// Periods before a start that are used.
    pub before: u32,
    /// Periods from a start on that are read.
    pub after: u32,
    /// Whether the definition changed inside the window.
    pub definition_changed: bool,
    /// Whether values are made of persons', so that small groups must not be shown.
    pub personal: bool,
    /// What the effect is multiplied by for its total: hours, contacts, person-weeks after the start; `None` where a total
    /// has no meaning.
    pub exposure: Option<f64>,
    /// Units, or persons where people were picked.
    pub members: Vec<Member>,
    /// Who was picked when, where people were picked.
    pub episodes: Vec<Episode>,
}

/// One unit's or person's values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Member {
    /// The unit's name; empty for persons.
    pub name: String,
    /// What shares shocks with it: the unit's own number, or that of the person's unit.
    pub cluster: u32,
    /// Position of the first period in which it has started; `None` for not yet.
    pub start: Option<i32>,
    /// Wave, from 1; 0 for not yet.
    pub wave: i64,
    /// The fewest people behind one of its values, where values are made of persons'.
    pub people: Option<u32>,
    /// Values by period; `None` where nothing was observed, which is not zero.
    pub values: Vec<Option<f64>>,
    /// Spans in which something else happened.
    pub gaps: Vec<Gap>,
}

/// Periods in which something else happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First position.
    pub from: u32,
    /// Position after the last.
    pub until: u32,
    /// Why, in words.
    pub reason: String,
    /// Whether the values are left out.
    pub leave_out: bool,
}

/// One time that a person was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Position in [`LaneInput::members`].
    pub member: u32,
    /// Position of the first period after the pick.
    pub at: i32,
    /// Whether the support was given.
    pub given: bool,
}

/// What a support has cost up to the reading.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Minutes of work in all.
    pub minutes: f64,
    /// People who were given it.
    pub people: u32,
    /// Money in all.
    pub money: f64,
    /// What one hour is worth; `None` where nobody said.
    pub hour_value: Option<f64>,
}

/// A value as it is frozen: twelve significant digits, which every reader of the bytes gets back exactly, and which no
/// measurement exceeds.
pub fn kept(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

impl Input {
    /// The canonical bytes: the same input always gives the same ones.
    pub fn bytes(&self) -> Vec<u8> {
        // Plain data without maps or foreign keys: this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
    /// Reads [`Self::bytes`] back; `None` where they are not ours.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
    /// SHA-256 of the bytes, in hexadecimal.
    pub fn hash(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl Member {
    /// The value in a period, unless a gap leaves it out.
    pub(super) fn value(&self, t: usize, counted: bool) -> Option<f64> {
        let out = !counted
            && self.gaps.iter().any(|g| g.leave_out && (g.from as usize..g.until as usize).contains(&t));
        self.values.get(t).copied().flatten().filter(|v| !out && v.is_finite())
    }
    /// The mean of the values in a span of positions, and how many there are.
    pub(super) fn mean(&self, span: std::ops::Range<i32>, counted: bool, log: bool) -> Option<(f64, usize)> {
        let known: Vec<f64> = span
            .filter_map(|t| usize::try_from(t).ok())
            .filter_map(|t| self.value(t, counted))
            .filter_map(|v| scaled(v, log))
            .collect();
        (!known.is_empty()).then(|| (known.iter().sum::<f64>() / known.len() as f64, known.len()))
    }
}

/// A value on the study's scale.
pub(super) fn scaled(value: f64, log: bool) -> Option<f64> {
    match (log, value > 0.0) {
        (false, _) => Some(value),
        (true, true) => Some(value.ln()),
        (true, false) => None,
    }
}
