//! Tells open pages that something changed. Carries no data: a page that hears of a change asks again, with its own rights.

use domain::ids::PersonId;
use tokio::sync::broadcast;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// An alert opened, changed or closed.
    Alert,
    /// A coaching session changed.
    Session,
    /// A notification arrived.
    Notifications,
    /// A person's numbers changed.
    Today,
    /// Somebody in a team changed.
    Team,
}

impl Topic {
    /// The event's name on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Topic::Alert => "alert",
            Topic::Session => "session",
            Topic::Notifications => "notifications",
            Topic::Today => "today",
            Topic::Team => "team",
        }
    }
}

/// One change, for one person's open pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose pages.
    pub person: PersonId,
    /// What.
    pub topic: Topic,
}

/// The channel. A slow page loses old changes and is told to ask again, so nothing waits for it.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(1024).0)
    }
}

impl Live {
    /// Tells one person's pages. Call it after the commit, never inside a transaction.
    pub fn tell(&self, person: PersonId, topic: Topic) {
        // Nobody listening is not an error.
        let _ = self.0.send(Change { person, topic });
    }
    /// Hears every change from now on.
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
