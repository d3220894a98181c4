//! Private notes.

use askama::Template;

use super::{FormErrors, Shell};
use crate::ui::filters;

/// The phrase that opens one's private notes.
///
/// Forms: `POST /me/notes` with `phrase` and `back` (opens them, or makes them with a first phrase);
/// `POST /me/notes/recover` with `code` and `phrase`; `POST /me/notes/start-over` with `sure` = `yes`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "notes.html")]
pub struct NotesPage {
    /// The frame.
    pub shell: Shell,
    /// How they stand.
    pub state: NotesState,
    /// Where to go on to.
    pub back: String,
    /// The recovery code, once, right after it was made.
    pub code: Option<String>,
    /// What to put right. Field ids: `phrase`, `code`, `new-phrase`.
    pub errors: FormErrors,
}

/// How one's notes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotesState {
    /// There is no phrase yet.
    None,
    /// The phrase was not given in this session.
    Locked,
    /// They are open in this session.
    Open,
}

/// One's own note on a talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotesCard {
    /// They are open; `POST {talk}/note` with `text`.
    Open {
        /// What stands there.
        text: String,
    },
    /// They are not.
    Closed {
        /// Where they are opened.
        href: String,
        /// Whether there is no phrase yet.
        first: bool,
    },
}
