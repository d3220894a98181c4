//! The front door: sign-in, first set-up, and the demo's persona picker.

use askama::Template;

use super::{FormErrors, Shell};
use crate::ui::filters;

/// Sign-in.
///
/// `POST /sign-in` with `email`, `password` and `next` (a path to go to).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub shell: Shell,
    /// What stands in the e-mail field.
    pub email: String,
    /// Where to go afterwards; empty for the first page.
    pub next: String,
    /// What to put right: one text for an unknown address and a wrong password. Field ids: `email`, `password`.
    pub errors: FormErrors,
    /// "You have been signed out." May be empty.
    pub note: String,
}

/// First start, through the one-use link, or an invitation.
///
/// `POST {action}` with `name`, `email` and `password`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "set_up.html")]
pub struct SetUpPage {
    /// The frame.
    pub shell: Shell,
    /// The one-use address that the form goes to.
    pub action: String,
    /// Whether this is the very first account, which runs the installation.
    pub first: bool,
    /// What stands in the name field.
    pub name: String,
    /// What stands in the e-mail field.
    pub email: String,
    /// The fewest characters of a password.
    pub shortest: u32,
    /// What to put right. Field ids: `name`, `email`, `password`.
    pub errors: FormErrors,
}

/// The demo's persona picker: whose day would you like to see?
///
/// `POST /demo` with `person` (a persona's id) and `next` (a path, may be empty).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "demo.html")]
pub struct DemoPage {
    /// The frame.
    pub shell: Shell,
    /// The personas.
    pub personas: Vec<Persona>,
    /// Three stops in a minute.
    pub tour: Vec<TourStop>,
}

/// Someone to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// What the form sends.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their job role.
    pub job_role: String,
    /// Where they work: "Northwind Advisors, Harbour Street".
    pub place: String,
    /// What you will see: "One metric changed. She sees it before her leader does."
    pub see: String,
}

/// A stop of the short tour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TourStop {
    /// The persona who sees it.
    pub person: String,
    /// The path.
    pub next: String,
    /// "Who needs me today".
    pub text: String,
}
