//! An answer is an estimate or a refusal; a number never stands for "unknown".

use serde::{Deserialize, Serialize};

/// What a method gives back: an estimate, or the reason why none can be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// The estimate.
    Estimate(T),
    /// No estimate is possible, and why.
    CannotSay(Reason),
}

impl<T> Answer<T> {
    /// The estimate, when there is one.
    pub fn estimate(self) -> Option<T> {
        match self {
            Answer::Estimate(value) => Some(value),
            Answer::CannotSay(_) => None,
        }
    }

    /// The refusal, when there is one.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Answer::Estimate(_) => None,
            Answer::CannotSay(reason) => Some(reason),
        }
    }

    /// Borrows the content.
    pub fn as_ref(&self) -> Answer<&T> {
        match self {
            Answer::Estimate(value) => Answer::Estimate(value),
            Answer::CannotSay(reason) => Answer::CannotSay(reason.clone()),
        }
    }

    /// Changes the estimate and keeps a refusal.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Answer::Estimate(value) => Answer::Estimate(change(value)),
            Answer::CannotSay(reason) => Answer::CannotSay(reason),
        }
    }

    /// For the `?` operator.
    ///
    /// # Errors
    /// The refusal.
    pub fn into_result(self) -> Result<T, Reason> {
        match self {
            Answer::Estimate(value) => Ok(value),
            Answer::CannotSay(reason) => Err(reason),
        }
    }

    /// The estimate. For tests, where a refusal is a failure.
    ///
    /// # Panics
    /// When the answer is a refusal; the message is its sentence.
    #[track_caller]
    pub fn unwrap(self) -> T {
        match self {
            Answer::Estimate(value) => value,
            Answer::CannotSay(reason) => panic!("{reason}"),
        }
    }
}

impl<T> From<Result<T, Reason>> for Answer<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Answer::Estimate(value),
            Err(reason) => Answer::CannotSay(reason),
        }
    }
}

/// Why there is no estimate. Shown as one sentence of place, reason and remedy
/// that somebody without statistics understands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There are no rows at all.
    #[error("The data: there is nothing in it. Bring in observations first.")]
    Empty,
    /// Fewer observations than the method needs.
    #[error(
        "{place}: {have} observations, and at least {need} are needed. Wait for more data, or take a longer window."
    )]
    TooFewObservations {
        /// Where they are missing.
        place: String,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Fewer units (people, branches, lines) than the method needs.
    #[error(
        "{place}: {have} units, and at least {need} are needed. Include more units, or wait until more have started."
    )]
    TooFewUnits {
        /// Which side is too small.
        place: String,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Fewer groups that share shocks than an interval can be built on.
    #[error(
        "Groups that errors are clustered by: {have}, and at least {need} are needed for an interval. Use a finer grouping, or a permutation test."
    )]
    TooFewClusters {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// A column has the same value everywhere.
    #[error(
        "{what} never changes, so nothing can be learnt from it. Leave it out, or take a window in which it changes."
    )]
    NoVariation {
        /// The column or quantity.
        what: String,
    },
    /// A column repeats what other columns and fixed effects already say.
    #[error(
        "{term} says nothing that the other columns and the fixed effects do not already say. Leave it out."
    )]
    Collinear {
        /// The column.
        term: String,
    },
    /// Who has it cannot be told from which unit or which period it is.
    #[error(
        "{term} sets nobody apart: no unit was seen both without it and with it while another had not got it. Bring in periods before the start, and units that wait."
    )]
    SetsNobodyApart {
        /// The column that says who has it.
        term: String,
    },
    /// Nobody was treated.
    #[error("The treatment: no unit ever starts. Check the start dates.")]
    NoTreated,
    /// Everybody was treated in the first period.
    #[error(
        "The comparison: every unit has started by the time of the comparison, so there is nothing to compare with. Keep some units waiting."
    )]
    NoComparison,
    /// There is no period before the start.
    #[error("The time before: no unit has an observation before its start. Bring in earlier observations.")]
    NoPrePeriod,
    /// The same unit and period twice.
    #[error("Unit {unit}, period {time}: more than one value. Keep one value for each unit and period.")]
    DuplicateCell {
        /// The unit's number.
        unit: u64,
        /// The period's number.
        time: i64,
    },
    /// A unit is given two start dates.
    #[error("Unit {unit}: more than one start, group or weight. Give each unit one.")]
    UnitVaries {
        /// The unit's number.
        unit: u64,
    },
    /// A number that is infinite or not a number.
    #[error("{place}: a value is infinite or not a number. Correct it or leave the row out.")]
    NotFinite {
        /// Where.
        place: String,
    },
    /// An optimisation did not settle.
    #[error("{what} did not settle after {iterations} rounds. Use a simpler model or more data.")]
    NotSettled {
        /// What was being computed.
        what: String,
        /// How many rounds were tried.
        iterations: usize,
    },
    /// The treated and the comparison units do not resemble one another.
    #[error("The comparison: {detail}. Compare units that could have been chosen either way.")]
    NoOverlap {
        /// In what way.
        detail: String,
    },
    /// The residual noise is zero, so that no interval can be formed.
    #[error(
        "{place}: the fit is exact, so no interval can be formed. Check that the outcome is not computed from the other columns."
    )]
    ExactFit {
        /// Which quantity.
        place: String,
    },
    /// Too large to hold.
    #[error(
        "The panel: {cells} cells of unit and period are more than the {limit} that fit. Use coarser periods or fewer units."
    )]
    TooLarge {
        /// Units times periods.
        cells: usize,
        /// The limit.
        limit: usize,
    },
    /// The request itself does not make sense.
    #[error("{place}: {reason}. {remedy}")]
    BadRequest {
        /// Which part of the request.
        place: String,
        /// What is wrong with it, without a full stop.
        reason: String,
        /// What to do, as a sentence.
        remedy: String,
    },
}

impl Reason {
    /// A request that does not make sense, in three parts.
    pub fn bad(place: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Reason::BadRequest { place: place.into(), reason: reason.into(), remedy: remedy.into() }
    }

    /// The whole sentence: place, reason, remedy.
    pub fn sentence(&self) -> String {
        self.to_string()
    }
}

/// Refuses values that are infinite or not a number.
///
/// # Errors
/// [`Reason::NotFinite`] naming the place and the first bad position (from 1).
pub(crate) fn all_finite(place: &str, values: &[f64]) -> Result<(), Reason> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Reason::NotFinite { place: format!("{place}, value {}", at + 1) }),
    }
}
