//! People and org units for whoever runs the installation. No numbers, no talks.

use super::{FormErrors, Link, Shell};
use crate::ui::filters;
use crate::ui::format;
use askama::Template;

/// People and org units.
///
/// `GET /people` with `q` finds by name, code or e-mail, from place `from` on. `POST /people/import` (multipart) with `kind` =
/// `units` or `people` and `file` goes on to the list's own page ([`ImportPage`]).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// How many active people there are in all.
    pub total: u64,
    /// The people found, by name.
    pub rows: Vec<PersonRow>,
    /// The next page of them.
    pub more: Option<String>,
    /// The org tree, depth first.
    pub units: Vec<UnitRow>,
    /// Kinds of files that can be brought in: value and words. Empty where the viewer may bring in none.
    pub kinds: Vec<(String, String)>,
    /// Lists that wait for a second administrator: address, and the file with who asked and when.
    pub waiting: Vec<Link>,
    /// How many accounts wait for their person.
    pub accounts_waiting: u64,
    /// What to put right in the import form. Field ids: `file`, `kind`.
    pub errors: FormErrors,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Their name.
    pub name: String,
    /// Their code.
    pub code: String,
    /// Their org unit.
    pub unit: String,
    /// Their job role.
    pub job_role: String,
    /// Whom they report to.
    pub leader: String,
    /// How many accounts they have.
    pub accounts: u64,
    /// "left 30 Nov 2025", "disabled"; empty for everybody else.
    pub state: String,
}

/// One org unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// How deep it lies, 0 for the root.
    pub depth: u8,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// "branch", "region".
    pub kind: String,
    /// How many people are in it and below.
    pub people: u64,
}

/// What a list would change, or why it cannot be used.
///
/// `POST {href}/apply` applies it, `POST {href}/withdraw` takes it away; neither has fields.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    /// The frame.
    pub shell: Shell,
    /// The file's name.
    pub file: String,
    /// Its address; `None` where nothing is kept, because it changes nothing or cannot be used.
    pub href: Option<String>,
    /// The page that it belongs to.
    pub back: Link,
    /// Who asked, and when: "Elif Aydin, today, 12:04".
    pub asked: String,
    /// Whether the viewer may apply it: somebody else asked.
    pub may_apply: bool,
    /// What changes, line by line; the first of them.
    pub changes: Vec<ChangeRow>,
    /// How many changes there are in all.
    pub total: u64,
    /// Lines that cannot be used.
    pub faults: Vec<LineFault>,
}

/// A change that one line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// "person E17 Maya Lindqvist".
    pub what: String,
    /// "unit: B-01 to B-02 from 2026-03-01".
    pub how: String,
}

/// A place that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// "line 17, column `unit`".
    pub place: String,
    /// Why, and what to do.
    pub reason: String,
}

impl PeoplePage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match (self.total, self.units.len() as u64) {
            (0, _) => "Nobody is here yet".to_owned(),
            (people, 0) => format!("{}, no org unit yet", format::plural(people, "person", "people")),
            (people, units) => format!(
                "{} in {}",
                format::plural(people, "person", "people"),
                format::plural(units, "org unit", "org units")
            ),
        }
    }
}

impl UnitRow {
    /// The class that indents it.
    pub fn indent(&self) -> String {
        format!("indent-{}", self.depth.min(6))
    }
    /// "9 people".
    pub fn people_words(&self) -> String {
        format::plural(self.people, "person", "people")
    }
}

impl ImportPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match (self.total, self.faults.len() as u64) {
            (0, 0) => "This file changes nothing".to_owned(),
            (_, f) if f > 0 => format!("{} to put right", format::plural(f, "thing is", "things are")),
            (n, _) => format!("This file would make {}", format::plural(n, "change", "changes")),
        }
    }
    /// How many changes are not listed.
    pub fn unlisted(&self) -> u64 {
        self.total.saturating_sub(self.changes.len() as u64)
    }
}
