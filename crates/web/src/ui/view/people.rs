//! People and org units for whoever runs the installation. No numbers, no talks.

use askama::Template;
use domain::time::Day;

use super::{FormErrors, Shell};
use crate::ui::filters;
use crate::ui::format;

/// People and org units.
///
/// `GET /people` with `q` finds by name, code or e-mail. `POST /people/import` (multipart) with `file` and `kind` =
/// `units`, `people`, `memberships`, `lines` or `accounts` shows a dry run ([`ImportPage`]).
/// `POST /people/invite` with `person` (an id) makes a one-use link, shown in the toast.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub q: String,
    /// How many people there are in all.
    pub total: u64,
    /// The people found, by name.
    pub rows: Vec<PersonRow>,
    /// The next page of them.
    pub more: Option<String>,
    /// The org tree, depth first.
    pub units: Vec<UnitRow>,
    /// Kinds of files that can be imported: value and words.
    pub kinds: Vec<(String, String)>,
    /// What to put right in the import form. Field ids: `file`, `kind`.
    pub errors: FormErrors,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Their id, as forms send it.
    pub id: String,
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
    /// Whether they can sign in.
    pub can_sign_in: bool,
    /// Their last day, where they have left.
    pub left: Option<Day>,
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

/// What an import would do, or did.
///
/// `POST /people/import/apply` with `run` (its id) applies what the dry run showed.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    /// The frame.
    pub shell: Shell,
    /// The file's name.
    pub file: String,
    /// The dry run's id; `None` where it cannot be applied, or was.
    pub run: Option<String>,
    /// Whether it has been applied.
    pub applied: bool,
    /// What changes: "12 people are new", with examples.
    pub changes: Vec<ChangeRow>,
    /// Lines that cannot be used: number and reason.
    pub faults: Vec<LineFault>,
}

/// A kind of change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// "new people".
    pub what: String,
    /// How many.
    pub count: u64,
    /// A few of them.
    pub examples: Vec<String>,
}

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// Its number in the file, counted from 1.
    pub line: u64,
    /// Why, and what to do.
    pub reason: String,
}

impl PeoplePage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match (self.total, self.units.len() as u64) {
            (0, _) => "Nobody is here yet".to_owned(),
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
        let changes: u64 = self.changes.iter().map(|c| c.count).sum();
        match (self.applied, changes, self.faults.len() as u64) {
            (true, n, _) => format!("{} applied", format::plural(n, "change was", "changes were")),
            (false, 0, 0) => "This file changes nothing".to_owned(),
            (false, _, f) if f > 0 => format!("{} cannot be used", format::plural(f, "line", "lines")),
            (false, n, _) => format!("This file would make {}", format::plural(n, "change", "changes")),
        }
    }
}

impl ChangeRow {
    /// How many, with thousands apart.
    pub fn count_shown(&self) -> String {
        format::count(self.count)
    }
}
