//! The delivery log.

use askama::Template;

use super::{Shell, Status};
use crate::ui::filters;
use crate::ui::format::{self, Moment};
use crate::ui::svg::Markup;

/// What left the server, what waits and what is parked; to whom and how it went, never what it said.
///
/// `GET /deliveries` with `state` (`waiting`, `sent`, `parked`, `withdrawn`) and `before` (an id).
/// Forms: `POST /deliveries/{id}/replay` and `POST /deliveries/replay`, both without fields.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "deliveries.html")]
pub struct DeliveriesPage {
    /// The frame.
    pub shell: Shell,
    /// How many wait.
    pub waiting: u64,
    /// How many are parked.
    pub parked: u64,
    /// When the oldest waiting one was queued.
    pub oldest: Option<Moment>,
    /// The state that the list is narrowed to; empty for all.
    pub state: &'static str,
    /// Targets for which something waits or is parked.
    pub targets: Vec<TargetRow>,
    /// Deliveries, newest first.
    pub rows: Vec<DeliveryRow>,
    /// The next page.
    pub older: Option<String>,
    /// Whether the viewer may send again.
    pub may_send: bool,
}

/// One target for which something waits or is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRow {
    /// A mail address, or an endpoint's name.
    pub name: String,
    /// "Mail".
    pub by: String,
    /// How many wait.
    pub waiting: u64,
    /// How many are parked.
    pub parked: u64,
    /// When the oldest waiting one was queued.
    pub oldest: Option<Moment>,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id, as the form sends it.
    pub id: String,
    /// When it was queued.
    pub queued: Moment,
    /// "Mail".
    pub by: String,
    /// A mail address, or an endpoint's name.
    pub to: String,
    /// How it stands.
    pub status: Status,
    /// "Sent", "Parked".
    pub status_words: String,
    /// When it is tried next.
    pub next: Option<Moment>,
    /// What the last try said.
    pub said: String,
    /// Every try: when, its outcome, what was said.
    pub tries: Vec<(Moment, String, String)>,
    /// Whether it can be sent again from here.
    pub again: bool,
}

impl DeliveryRow {
    /// Icon and words.
    pub fn status_html(&self) -> Markup {
        self.status.with(&self.status_words)
    }
    /// "3 tries".
    pub fn tries_words(&self) -> String {
        format::plural(self.tries.len() as u64, "try", "tries")
    }
}

impl DeliveriesPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match (self.waiting, self.parked) {
            (0, 0) => "Everything has left".to_owned(),
            (n, 0) => format!("{} to leave", format::plural(n, "delivery waits", "deliveries wait")),
            (_, n) => {
                format!("{} somebody", format::plural(n, "parked delivery needs", "parked deliveries need"))
            }
        }
    }
    /// The lists that can be chosen: value of `state`, words, whether it is this one.
    pub fn choices(&self) -> [(&'static str, &'static str, bool); 5] {
        [
            ("", "All"),
            ("waiting", "Waiting"),
            ("parked", "Parked"),
            ("sent", "Sent"),
            ("withdrawn", "Withdrawn"),
        ]
        .map(|(value, words)| (value, words, value == self.state))
    }
}
