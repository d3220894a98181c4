//! Pages for when something cannot be shown: not found, not allowed, a fault of ours, not ready.

use askama::Template;

use super::{Link, Shell};
use crate::ui::filters;

/// What happened, why, and what the person can do.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// The frame.
    pub shell: Shell,
    /// The HTTP status code, shown small.
    pub code: u16,
    /// The finding: "This page does not exist, or is not yours to see".
    pub title: String,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do now.
    pub remedy: String,
    /// Where to go; the first is the main one.
    pub ways: Vec<Link>,
    /// What the log of the server has this under; empty where nothing was logged.
    pub reference: String,
}

impl ProblemPage {
    /// Nothing here, or nothing that may be known to exist. One text for both, so that it tells nothing.
    pub fn not_found(shell: Shell) -> Self {
        let home = shell.home();
        Self {
            shell,
            code: 404,
            title: "There is nothing here for you".to_owned(),
            reason: "The address is wrong, what was here has gone, or it is not yours to see.".to_owned(),
            remedy: "If a message brought you here, what it spoke of may be closed by now.".to_owned(),
            ways: vec![Link::new("To my first page", home)],
            reference: String::new(),
        }
    }
    /// Known to exist, but not for this person; `rule` says which rule: "Only leaders of this team see it."
    pub fn forbidden(shell: Shell, rule: impl Into<String>) -> Self {
        let home = shell.home();
        Self {
            shell,
            code: 403,
            title: "This is not yours to see or do".to_owned(),
            reason: rule.into(),
            remedy: "If you think it should be, ask whoever runs this installation.".to_owned(),
            ways: vec![Link::new("To my first page", home)],
            reference: String::new(),
        }
    }
    /// What was sent cannot be used.
    pub fn bad_request(shell: Shell, reason: impl Into<String>) -> Self {
        let home = shell.home();
        Self {
            shell,
            code: 400,
            title: "That could not be read".to_owned(),
            reason: reason.into(),
            remedy: "Go back, look at what was entered, and send it again. Nothing was stored.".to_owned(),
            ways: vec![Link::new("To my first page", home)],
            reference: String::new(),
        }
    }
    /// A fault of ours.
    pub fn fault(shell: Shell, reference: impl Into<String>) -> Self {
        let home = shell.home();
        Self {
            shell,
            code: 500,
            title: "Something broke on our side".to_owned(),
            reason: "It is in the log. What you sent was not stored, or was stored whole; never in part."
                .to_owned(),
            remedy:
                "Try once more. If it happens again, give this reference to whoever runs this installation."
                    .to_owned(),
            ways: vec![Link::new("To my first page", home)],
            reference: reference.into(),
        }
    }
    /// Starting, migrating or too busy.
    pub fn not_ready(shell: Shell) -> Self {
        Self {
            shell,
            code: 503,
            title: "Not ready yet".to_owned(),
            reason: "The server is starting, or busy with something that must finish first.".to_owned(),
            remedy: "Try again in a few seconds. Nothing is lost.".to_owned(),
            ways: vec![Link::new("Try again", "")],
            reference: String::new(),
        }
    }
}
