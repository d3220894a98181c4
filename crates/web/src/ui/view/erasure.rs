//! Erasures and retention, for privacy officers and for whoever wants to know how long what is kept.

use askama::Template;

use super::Shell;
use crate::ui::filters;
use crate::ui::format::{self, Moment};

/// Erasures.
///
/// Form: `POST /erasures` with `person` (a code) and `why`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "erasures.html")]
pub struct ErasuresPage {
    /// The frame.
    pub shell: Shell,
    /// Every request, newest first.
    pub rows: Vec<ErasureRow>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRow {
    /// Its page.
    pub href: String,
    /// Whom it is about, by name.
    pub whom: String,
    /// Who asked, by name.
    pub asked_by: String,
    /// When.
    pub asked_at: Moment,
    /// What for.
    pub why: String,
    /// When it was done, if it was.
    pub done_at: Option<Moment>,
}

impl ErasuresPage {
    /// "2 erasures wait", the title as a finding.
    pub fn heading(&self) -> String {
        match self.rows.iter().filter(|row| row.done_at.is_none()).count() {
            0 => "No erasure waits".to_owned(),
            1 => "One erasure waits".to_owned(),
            n => format!("{n} erasures wait"),
        }
    }
}

/// One erasure: what it would do, or the receipt.
///
/// Forms: `POST /erasures/ID/apply` and `POST /erasures/ID/withdraw` (no fields).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "erasure.html")]
pub struct ErasurePage {
    /// The frame.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// The id of whom it is about.
    pub person: String,
    /// Their name; empty once it is done.
    pub name: String,
    /// What for; empty once it is done.
    pub why: String,
    /// When it was asked for.
    pub asked_at: Moment,
    /// When it was done, if it was.
    pub done_at: Option<Moment>,
    /// What would go.
    pub goes: Vec<String>,
    /// What would stay.
    pub stays: Vec<String>,
    /// Whether somebody else has the same name.
    pub namesake: bool,
    /// What came of it.
    pub receipt: Vec<String>,
    /// Whether whoever looks may do it: they did not ask for it.
    pub may_do: bool,
}

impl ErasurePage {
    /// The title.
    pub fn heading(&self) -> String {
        match self.done_at {
            Some(_) => "Erased".to_owned(),
            None => format!("Erase {}?", self.name),
        }
    }
}

/// How long what is kept.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "retention.html")]
pub struct RetentionPage {
    /// The frame.
    pub shell: Shell,
    /// The rules and what each would take away now.
    pub rows: Vec<RetentionRow>,
    /// What rules took away lately, newest first.
    pub past: Vec<WentRow>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRow {
    /// What it is about.
    pub about: String,
    /// After how many days that goes.
    pub days: u32,
    /// What the rule is for.
    pub why: String,
    /// How much would go now.
    pub count: u64,
    /// Whether that may be more.
    pub more: bool,
    /// What keeps it from being applied.
    pub fault: Option<String>,
}

impl RetentionRow {
    /// "1,204 or more".
    pub fn due_words(&self) -> String {
        match (&self.fault, self.more) {
            (Some(fault), _) => fault.clone(),
            (None, true) => format!("{} or more", format::count(self.count)),
            (None, false) => format::count(self.count),
        }
    }
}

/// What a rule took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WentRow {
    /// When.
    pub at: Moment,
    /// What it was about.
    pub what: String,
    /// How much.
    pub how: String,
}

impl RetentionPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.rows.len() {
            0 => "Everything is kept".to_owned(),
            n => format!("{} how long what is kept", format::plural(n as u64, "rule says", "rules say")),
        }
    }
}
