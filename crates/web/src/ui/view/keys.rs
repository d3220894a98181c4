//! Keys of machines, for whoever administers the installation.

use askama::Template;

use super::{FormErrors, Shell};
use crate::ui::filters;
use crate::ui::format::Moment;

/// Keys of machines.
///
/// Forms: `POST /keys` with `name`, `scope:…` = `on` for each scope, `actors` and `until` (both may be empty);
/// `POST /keys/ID/rotate` with `overlap` (days); `POST /keys/ID/end` (no fields).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    /// The frame.
    pub shell: Shell,
    /// A key that was just made or given another secret: shown now and never again.
    pub fresh: Option<FreshKey>,
    /// All keys: those that work first, the newest first.
    pub rows: Vec<KeyRow>,
    /// Everything a key may be let do.
    pub scopes: Vec<ScopeChoice>,
    /// What the form holds.
    pub form: KeyForm,
    /// What to put right. Field ids: `name`, `scopes`, `actors`, `until`.
    pub errors: FormErrors,
}

/// A secret, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshKey {
    /// What the key is for.
    pub name: String,
    /// The part before the colon.
    pub key: String,
    /// The part behind it.
    pub secret: String,
    /// Until when the former secret works, where there was one.
    pub former_until: Option<Moment>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id, as forms name it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The part that is no secret.
    pub key: String,
    /// What it may be used for.
    pub scopes: Vec<&'static str>,
    /// The only actors it may speak of; empty for any.
    pub actors: String,
    /// When it was last used.
    pub used: Option<Moment>,
    /// When it ends, or ended.
    pub ends: Option<Moment>,
    /// Whether it works now.
    pub works: bool,
    /// Until when the former secret works, if it still does.
    pub former_until: Option<Moment>,
}

/// A scope that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeChoice {
    /// As the specification and we write it: `statements/write`.
    pub word: &'static str,
    /// What it lets a machine do.
    pub what: &'static str,
    /// Whether it is chosen.
    pub set: bool,
}

/// What the form holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyForm {
    /// What the key is for.
    pub name: String,
    /// The pattern over actors.
    pub actors: String,
    /// The first day on which it no longer works.
    pub until: String,
}

impl KeysPage {
    /// "3 keys work", the title as a finding.
    pub fn heading(&self) -> String {
        match self.rows.iter().filter(|row| row.works).count() {
            0 => "No key works yet".to_owned(),
            1 => "One key works".to_owned(),
            n => format!("{} keys work", crate::ui::format::count(n as u64)),
        }
    }
}
