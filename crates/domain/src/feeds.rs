//! Feeds: configured inbound sources, and how fresh what they bring is.

use serde::{Deserialize, Serialize};

use crate::ids::{FeedId, PersonId, RunId};
use crate::metrics::Metric;
use crate::time::{Cadence, Day, Instant};

/// A configured inbound source. When it falls silent, its owner is told, never the people whose numbers are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Our id.
    pub id: FeedId,
    /// Unique code, as in files and the API.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// What kind of system it comes from: `crm`, `calls`, `hr`, `finance`, `lms`, `erp`, `file`.
    pub kind: String,
    /// Who answers for it.
    pub owner: Option<PersonId>,
    /// How often it is expected.
    pub cadence: Cadence,
    /// Days after a period's end until its data are late.
    pub lag_days: i32,
}

impl Feed {
    /// The day on which data of the period starting at `period` become late. Days are judged by their week.
    pub fn due(&self, period: Day) -> Day {
        self.cadence.rolled().step(period, 1).plus(self.lag_days)
    }
}

/// Who answers for a metric's data: the owner of the feed that brings it, or the metric's own where the feed has none.
pub fn answers_for(metric: &Metric, feeds: &[Feed]) -> Option<PersonId> {
    let feed = metric.feed.and_then(|id| feeds.iter().find(|f| f.id == id));
    feed.and_then(|f| f.owner).or(metric.owner)
}

/// Something in an arrival that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Line of the file, or number of the item counted from 1.
    pub line: u64,
    /// Which column or field.
    pub column: String,
    /// What stood there, shortened.
    pub value: String,
    /// Why it was refused and what to do.
    pub reason: String,
}

/// One arrival of data through a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Our id.
    pub id: RunId,
    /// Through which feed.
    pub feed: FeedId,
    /// When.
    pub at: Instant,
    /// A file's name, or the key that sent it.
    pub source: String,
    /// Rows that were new.
    pub accepted: i64,
    /// Rows that were there already, with the same value.
    pub unchanged: i64,
    /// Rows that corrected what was there.
    pub corrected: i64,
    /// Rows that were refused.
    pub refused: i64,
    /// The first of them, with reasons.
    pub problems: Vec<Problem>,
}

/// What came for one period of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPeriod {
    /// Which feed.
    pub feed: FeedId,
    /// The first day of the period.
    pub period: Day,
    /// How many readings were expected: as many subjects and metrics as reported in the eight periods before.
    pub expected: i64,
    /// How many came.
    pub received: i64,
    /// How many of them late.
    pub late: i64,
    /// How many of them were corrected since.
    pub corrected: i64,
}
