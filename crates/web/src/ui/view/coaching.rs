//! Coaching: one's talks, ahead and behind.

use askama::Template;

use super::Shell;
use crate::ui::filters;

/// The list of one's coaching sessions.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "coaching.html")]
pub struct CoachingPage {
    /// The frame.
    pub shell: Shell,
    /// Open talks, soonest first.
    pub open: Vec<TalkRow>,
    /// Closed talks, newest first.
    pub closed: Vec<TalkRow>,
}

/// One talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TalkRow {
    /// Its page.
    pub href: String,
    /// The other one's name.
    pub with: String,
    /// What it is about: "Successful calls are lower".
    pub about: String,
    /// When, or what it waits for: "Fri 20 March, 10:00", "Maya to agree".
    pub when: String,
    /// What comes next: "Look again on Fri 17 April". May be empty.
    pub next: String,
    /// Whether it waits for the viewer.
    pub waits: bool,
}

impl CoachingPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.open.iter().filter(|t| t.waits).count() {
            0 if self.open.is_empty() => "No talk is open".to_owned(),
            0 => "No talk waits for you".to_owned(),
            1 => "One talk waits for you".to_owned(),
            n => format!(
                "{} talks wait for you",
                crate::ui::format::capital(&crate::ui::format::spell(n as u64))
            ),
        }
    }
}
