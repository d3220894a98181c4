//! Whose records are these, for whoever keeps the staff list.

use askama::Template;

use super::{Shell, UnresolvedActor};
use crate::ui::filters;
use crate::ui::format::{self, Moment};

/// Accounts that wait for their person, and what was said about others.
///
/// Forms: `POST /accounts/ID/link` with `person` (an id, or a person's code as typed); `POST /accounts/ID/release` (no fields).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "accounts.html")]
pub struct AccountsPage {
    /// The frame.
    pub shell: Shell,
    /// How many accounts wait.
    pub total: u64,
    /// Some of them.
    pub waiting: Vec<UnresolvedActor>,
    /// Where the list goes on.
    pub more: Option<String>,
    /// What was said lately, newest first.
    pub said: Vec<SaidRow>,
}

/// An account whose person is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRow {
    /// The account's id, as forms name it.
    pub id: String,
    /// How the records name it.
    pub key: String,
    /// Whose it is.
    pub person: String,
    /// Their code.
    pub code: String,
    /// Since when that is known.
    pub at: Moment,
    /// "by hand" or "by the staff list".
    pub how: &'static str,
}

impl AccountsPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.total {
            0 => "Every account is known".to_owned(),
            1 => "One account waits for its person".to_owned(),
            n => format!("{} accounts wait for their person", format::count(n)),
        }
    }
}
