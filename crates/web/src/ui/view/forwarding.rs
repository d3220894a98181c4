//! Other record stores to which statements go on, for those who run the installation.

use askama::Template;

use super::{FormErrors, Shell, Status};
use crate::ui::filters;
use crate::ui::format::{self, Moment};
use crate::ui::svg::Markup;

/// Forwarding.
///
/// Forms: `POST /forwarding` with `name`, `url`, `key`, `secret`, `version`, `verbs`, `activities` (one IRI a line), `unit` (a
/// code, may be empty) and `from` = `now` or `beginning`; `POST /forwarding/ID/again` and `POST /forwarding/ID/end` (no fields).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "forwarding.html")]
pub struct ForwardingPage {
    /// The frame.
    pub shell: Shell,
    /// The stores, oldest first.
    pub rows: Vec<ForwardRow>,
    /// Whether the viewer may set up, send again and end.
    pub may_change: bool,
    /// What the form holds.
    pub form: ForwardForm,
    /// What to put right. Field ids are those of the form.
    pub errors: FormErrors,
}

/// One store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardRow {
    /// Its id, as forms name it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What goes there, in words: "verb completed; people of North".
    pub what: String,
    /// How it is.
    pub status: Status,
    /// In words: "Up to date", "1,204 behind".
    pub status_words: String,
    /// Since when the oldest waits.
    pub oldest: Option<Moment>,
    /// When it last took something.
    pub sent: Option<Moment>,
    /// Deliveries that were given up.
    pub parked: u64,
    /// What the last failed try said.
    pub last_error: String,
}

/// What the form holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForwardForm {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The key that it gave us.
    pub key: String,
    /// The version that it speaks.
    pub version: String,
    /// Verbs, one a line.
    pub verbs: String,
    /// Activities, one a line.
    pub activities: String,
    /// The code of a unit.
    pub unit: String,
    /// Whether what is here already goes there too.
    pub beginning: bool,
}

impl ForwardRow {
    /// Icon and words.
    pub fn status_html(&self) -> Markup {
        self.status.with(&self.status_words)
    }
    /// "3 deliveries given up".
    pub fn parked_words(&self) -> String {
        format!("{} given up", format::plural(self.parked, "delivery", "deliveries"))
    }
}

impl ForwardingPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        let troubled = self.rows.iter().filter(|row| row.status != Status::Usual).count() as u64;
        match (self.rows.len(), troubled) {
            (0, _) => "Nothing is forwarded".to_owned(),
            (_, 0) => "Every record store is up to date".to_owned(),
            (_, n) => format!("{} behind", format::plural(n, "record store is", "record stores are")),
        }
    }
}
