//! My data: what is held about me, who can see it, who looked. And what I was told.

use askama::Template;

use super::{Link, Shell};
use crate::ui::filters;
use crate::ui::format::Moment;

/// My data.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "me.html")]
pub struct MyDataPage {
    /// The frame.
    pub shell: Shell,
    /// What is held: "Name, e-mail, job role", from where, how long.
    pub held: Vec<HeldRow>,
    /// Who can see it and why.
    pub sees: Vec<SeesRow>,
    /// Who looked, newest first.
    pub looks: Vec<LookRow>,
    /// Downloads of everything, in open formats.
    pub downloads: Vec<Link>,
    /// How to say that something is wrong.
    pub wrong: String,
}

/// A kind of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// "Six weekly metrics".
    pub what: String,
    /// "call system, customer records"
    pub source: String,
    /// How much there is: "78 weeks".
    pub amount: String,
}

/// Someone who can see something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeesRow {
    /// "Daniel Osei".
    pub who: String,
    /// "Your six metrics, alerts about them, your talks with him".
    pub what: String,
    /// "He leads you since 1 May 2024".
    pub why: String,
}

/// A look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookRow {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// At what.
    pub what: String,
}

/// What I was told, newest first.
///
/// `POST /notifications/seen` (no fields) marks all as seen.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "notifications.html")]
pub struct NotificationsPage {
    /// The frame.
    pub shell: Shell,
    /// The notifications.
    pub rows: Vec<NotificationRow>,
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRow {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub text: String,
    /// When it was sent.
    pub at: Moment,
    /// Not seen yet.
    pub new: bool,
}
