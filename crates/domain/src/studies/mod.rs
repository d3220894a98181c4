//! Studies: a hypothesis fixed before its data, the frozen data of a reading, the answer it gives, and the decision.
//!
//! [`Input`] is everything that a reading looks at, frozen as bytes with a hash. [`read`] turns an input into a [`Reading`]:
//! a pure function over `evidence`, so the same bytes give the same reading. [`prose`] turns a reading into sentences;
//! no other place words a result, so that page, mail and API cannot differ.

pub mod draw;
mod input;
pub mod pack;
mod picked;
pub mod planning;
pub mod portfolio;
pub mod prose;
mod reading;
mod staged;
#[cfg(test)]
mod testing;
pub mod together;
mod way_back;
pub mod workflow;

use serde::{Deserialize, Serialize};

use crate::ids::{DecisionId, InterventionId, MetricId, PersonId, StudyId, UnitId};
use crate::time::{Day, Instant};

pub use evidence::{grade, verdict};
pub use input::{Cost, Episode, Gap, Input, LaneInput, Member, kept};
pub use reading::{
    Check, Dealt, Effect, Guard, Health, Ledger, Lines, Number, PathPoint, Reading, Recovery, UnitLine, read,
};
pub use way_back::{Came, WINDOW, WayBack, way_back};

/// The version of the method; part of every frozen input, so that a changed method is a changed reading.
pub const METHOD: u32 = 2;

worded! {
    /// How a study compares.
    pub enum Design {
        /// Units that started against units that had not started yet.
        Staged = "staged",
        /// People picked and given it against people picked the same way and not given it.
        Picked = "picked",
        /// The same people before and after; nobody to compare with.
        BeforeAfter = "before_after",
    }
}

worded! {
    /// On which scale a study compares.
    pub enum Scale {
        /// As it is; the effect as a share is the effect over the treated side's level before the start.
        Plain = "plain",
        /// The natural logarithm, so that effects are shares. Values of zero or less are left out.
        Log = "log",
    }
}

worded! {
    /// What is decided on a reading.
    pub enum Choice {
        /// Give it to more units.
        Scale = "scale",
        /// Change it and read again.
        Adapt = "adapt",
        /// Stop giving it.
        Stop = "stop",
        /// Keep watching.
        Watch = "watch",
    }
}

/// What is believed before anybody looks: "We believe *support* for *whom* will move *metric* by *expected* within
/// *within* periods, because *because*; we stop if *stop_if*".
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hypothesis {
    /// The whole sentence where somebody wrote one; otherwise it is made of the parts.
    pub sentence: String,
    /// For whom or where, in words.
    pub whom: String,
    /// By how much, in the metric's unit (on the log scale, as a share).
    pub expected: Option<f64>,
    /// Within how many periods of the metric.
    pub within: Option<u32>,
    /// Why, in words.
    pub because: String,
    /// What must not get worse, in the order in which it was named.
    #[serde(default, alias = "guardrail", deserialize_with = "one_or_several")]
    pub guardrails: Vec<MetricId>,
    /// When it is stopped, in words.
    pub stop_if: String,
}

/// Guardrails as they are written, and the single one that studies had before there could be several.
fn one_or_several<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<MetricId>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Several(Vec<MetricId>),
        One(Option<MetricId>),
    }
    Ok(match Said::deserialize(from)? {
        Said::Several(all) => all,
        Said::One(one) => one.into_iter().collect(),
    })
}

/// What is compared with what, and over which window. Windows are counted in periods of the deciding metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Periods before the start that are used.
    pub before: u32,
    /// Periods from the start on that are read, the first included.
    pub after: u32,
    /// Units that take part; empty means those of the rollout and all of the same kind beside them.
    pub units: Vec<UnitId>,
    /// As it is or by its logarithm.
    pub scale: Scale,
    /// The smallest difference worth having, in the metric's unit (on the log scale, as a share);
    /// a hundredth of the level before the start where nobody said.
    pub smallest: Option<f64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { before: 12, after: 26, units: Vec::new(), scale: Scale::Plain, smallest: None }
    }
}

/// A planned comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Our id.
    pub id: StudyId,
    /// Unique code.
    pub code: String,
    /// Of which support.
    pub intervention: InterventionId,
    /// The metric that decides.
    pub metric: MetricId,
    /// How it compares.
    pub design: Design,
    /// What is believed.
    pub hypothesis: Hypothesis,
    /// What is compared with what.
    pub plan: Plan,
    /// The day from which hypothesis and plan may no longer change; `None` while it is a draft.
    pub locked_on: Option<Day>,
    /// The day fixed for reading it.
    pub reading_day: Option<Day>,
    /// When it was written down.
    pub created_at: Instant,
    /// By whom, as logs name them.
    pub created_by: String,
}

/// What was decided on a reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Our id.
    pub id: DecisionId,
    /// On which study.
    pub study: StudyId,
    /// What.
    pub choice: Choice,
    /// Why, in words.
    pub why: String,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// The reading it rests on.
    pub input_hash: String,
}
