//! The page behind a link that acts with one tap.

use askama::Template;

use super::{FormErrors, Link, Shell};
use crate::ui::filters;

/// Asks whether to do what a link says, or says that it is done. Names nobody and no number.
///
/// Form: `POST` to its own address, with `note` where `note` is set.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "tap.html")]
pub struct TapPage {
    /// The frame.
    pub shell: Shell,
    /// The question, or what was done.
    pub heading: String,
    /// The metric's name.
    pub about: String,
    /// What it means.
    pub lead: String,
    /// The button's words; empty where there is nothing to do.
    pub button: String,
    /// Whether one line must be said.
    pub note: bool,
    /// What to put right. Field id: `note`.
    pub errors: FormErrors,
    /// The page itself, for whoever is signed in.
    pub way: Link,
}
