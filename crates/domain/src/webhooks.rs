//! Webhook endpoints: addresses to which others want to be told, and what each may be told.
//!
//! An endpoint of a person gets what that person is told, once they have allowed it, and stops when they stop it.
//! An endpoint of nobody gets facts that are about nobody in particular. So row rights hold out there as they do on pages.

use crate::ids::{EndpointId, PersonId};
use crate::time::Instant;

worded! {
    /// In which form an endpoint wants to be told.
    pub enum Format {
        /// JSON with the headers and signature of Standard Webhooks.
        Standard = "standard",
        /// A Slack incoming webhook, with Block Kit.
        Slack = "slack",
        /// A Teams workflow that takes an Adaptive Card.
        Teams = "teams",
    }
}

worded! {
    /// Whether an endpoint is told anything.
    pub enum State {
        /// Waits for the person's word.
        Asked = "asked",
        /// Is told.
        On = "on",
        /// Is told nothing, with a reason.
        Off = "off",
    }
}

worded! {
    /// Who reads what an endpoint of a person gets.
    pub enum Readers {
        /// The person alone: names and links that act with one tap may stand there.
        Alone = "alone",
        /// Others too: only that there is something, and a link that asks to sign in.
        Others = "others",
    }
}

/// Something that may be told to endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A person was told something.
    Notice,
    /// A feed fell silent for a unit.
    FeedSilent,
    /// A metric moved for a whole unit together.
    UnitAlert,
    /// Somebody pressed the test button.
    Test,
}

impl Event {
    /// Its name on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Event::Notice => "notice.created",
            Event::FeedSilent => "feed.silent",
            Event::UnitAlert => "unit_alert.opened",
            Event::Test => "webhook.test",
        }
    }
}

/// For how long the secret before the last still signs, in seconds: one day, so that a receiver can change in peace.
pub const OLD_SECRET_HOLDS: i64 = 24 * 3600;

/// An endpoint.
#[derive(Clone, PartialEq)]
pub struct Endpoint {
    /// Our id.
    pub id: EndpointId,
    /// What it is, in words.
    pub name: String,
    /// Where to send. It may hold a secret of the receiver's, so only its host is shown.
    pub url: String,
    /// In which form.
    pub format: Format,
    /// Whose notices it gets; `None` for facts about nobody in particular.
    pub person: Option<PersonId>,
    /// Who reads them there.
    pub readers: Readers,
    /// Whether it is told anything.
    pub state: State,
    /// Why it is off; empty otherwise.
    pub reason: String,
    /// The secret that signs, 32 bytes.
    pub secret: Vec<u8>,
    /// The one before, and until when it signs too.
    pub old_secret: Option<(Vec<u8>, Instant)>,
    /// When it was made.
    pub created: Instant,
    /// By whom, as the audit log names them.
    pub created_by: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Endpoint");
        shown
            .field("id", &self.id)
            .field("host", &self.host())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Its place in the outbox.
    pub fn target(&self) -> String {
        target(self.id)
    }
    /// The host of its address, which alone is shown.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
    /// The secrets that sign at a moment, the newest first.
    pub fn signing(&self, now: Instant) -> Vec<&[u8]> {
        let old = self.old_secret.as_ref().filter(|(_, until)| *until > now);
        std::iter::once(self.secret.as_slice()).chain(old.map(|(s, _)| s.as_slice())).collect()
    }
}

/// The place of an endpoint in the outbox.
pub fn target(id: EndpointId) -> String {
    format!("webhook:{id}")
}
