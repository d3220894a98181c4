//! Learning records of one person as they were received.

use askama::Template;

use super::Shell;
use crate::ui::filters;
use crate::ui::format::{self, Moment};

/// Learning records.
///
/// `GET /records` with `person` (a code) and `why` for somebody else's, and `account`, `verb`, `activity`, `since`, `until`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "records.html")]
pub struct RecordsPage {
    /// The frame.
    pub shell: Shell,
    /// Whose they are; empty for one's own.
    pub name: String,
    /// Whether somebody else's may be asked for.
    pub may_ask: bool,
    /// What was asked for.
    pub asked: RecordsAsked,
    /// The person's accounts: id, words, and whether chosen.
    pub accounts: Vec<(String, String, bool)>,
    /// The records, newest first.
    pub rows: Vec<RecordRow>,
    /// Where the list goes on.
    pub more: Option<String>,
}

/// What the form holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsAsked {
    /// A person's code.
    pub person: String,
    /// What the look is for.
    pub why: String,
    /// A verb.
    pub verb: String,
    /// An activity.
    pub activity: String,
    /// The first day.
    pub since: String,
    /// The last day.
    pub until: String,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// When it happened.
    pub at: Option<Moment>,
    /// The last word of its verb: "completed".
    pub verb: String,
    /// What it is about.
    pub activity: String,
    /// What the roll-ups made of it, in words.
    pub counted: String,
    /// As it was received.
    pub text: String,
}

impl RecordsPage {
    /// The title.
    pub fn heading(&self) -> String {
        if self.name.is_empty() {
            "Your learning records".to_owned()
        } else {
            format!("Learning records of {}", self.name)
        }
    }
    /// "25 shown, newest first".
    pub fn shown_words(&self) -> String {
        format!("{} shown, newest first", format::plural(self.rows.len() as u64, "record", "records"))
    }
}
