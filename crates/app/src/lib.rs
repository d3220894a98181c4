//! Use cases: one function per thing that a person or a schedule can do.
//!
//! A function here reads through `store`, asks a pure rule in `domain` or `evidence`, and writes what follows, in one transaction.
//! It knows nothing of HTTP or HTML. Acts take a [`domain::access::Permit`], lists a [`domain::access::Scope`].
//! Effects that leave the server (mail, webhooks) are rows of the outbox, written in the same transaction; nothing inside a transaction sends.
//!
//! [`App`] carries what a use case may depend on: the store, the clock, the ids and the live channel.
//! To add a use case: find its noun's module, write the rule in `domain`, the SQL in `store`, and the function here.

pub mod access;
pub mod accounts;
pub mod alerts;
pub mod attention;
pub mod audit;
pub mod calendar;
pub mod calendars;
pub mod cases;
pub mod chain;
pub mod coaching;
pub mod dashboard;
pub mod documents;
pub mod erasure;
mod error;
pub mod forwarding;
pub mod health;
pub mod ids;
pub mod imports;
pub mod interventions;
pub mod learning;
mod live;
pub mod metrics;
pub mod notes;
pub mod notify;
pub mod one_tap;
pub mod outbox;
pub mod people;
pub mod pipeline;
pub mod records;
pub mod replies;
pub mod retention;
mod signed;
pub mod statements;
pub mod studies;
pub mod targets;
pub mod webhooks;

use std::sync::Arc;

use domain::time::{Instant, Zone};
use tokio::sync::Notify;

pub use domain::sign_in::SessionRules;
pub use error::{Error, Fault, Result};
pub use ids::Ids;
pub use live::{Change, Live, Topic};
pub use store::Store;

/// The pipeline step that reviews where a subject stands; its keys are subject and metric.
pub const STANDING: &str = "standing";

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The computer's clock.
    System,
    /// A moment that stands still until it is set, for tests.
    Set(Arc<std::sync::atomic::AtomicI64>),
}

impl Clock {
    /// A clock that stands at a moment.
    pub fn at(now: Instant) -> Self {
        Self::Set(Arc::new(std::sync::atomic::AtomicI64::new(now.micros())))
    }
    /// Moves a clock that can be set; the computer's clock is left alone.
    pub fn set(&self, now: Instant) {
        if let Self::Set(micros) = self {
            micros.store(now.micros(), std::sync::atomic::Ordering::SeqCst);
        }
    }
    /// The moment now.
    #[expect(clippy::disallowed_methods, reason = "the one place where the computer's clock is read")]
    pub fn now(&self) -> Instant {
        match self {
            Self::System => jiff::Timestamp::now().into(),
            Self::Set(micros) => Instant::from_micros(micros.load(std::sync::atomic::Ordering::SeqCst)),
        }
    }
}

/// What the installation is called and where it is, as the configuration says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The organisation's name, for page heads and mail.
    pub name: String,
    /// The organisation's time zone, for units that have none of their own.
    pub zone: Zone,
    /// The address at which people reach the server, for links in mail; without a slash at the end.
    pub public_url: String,
    /// Whether this is the demo: personas may be picked, and every page says so.
    pub demo: bool,
    /// How long a sign-in holds.
    pub sessions: SessionRules,
    /// For how many hours an alert about a person is theirs alone before their leader is told.
    pub grace_hours: u32,
    /// The address to which replies to mails go, such as `replies@example.com`; `None` where replies are not taken.
    pub replies: Option<String>,
    /// After how long what goes.
    pub retention: Vec<domain::retention::Rule>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Throughline".into(),
            zone: Zone::UTC,
            public_url: "http://127.0.0.1:8080".into(),
            demo: false,
            sessions: SessionRules::default(),
            grace_hours: 0,
            replies: None,
            retention: Vec::new(),
        }
    }
}

/// Everything that a use case may depend on.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// Tells open pages that something changed.
    pub live: Live,
    /// Name, zone and address of the installation.
    pub settings: Arc<Settings>,
    /// Who is adding statements at this moment.
    pub intake: statements::Intake,
    /// Wakes the pipeline after a commit that gives it work.
    pub work: Arc<Notify>,
    /// Wakes the index of statements after some were stored.
    pub index: Arc<Notify>,
    /// Wakes the outbox after a commit that queued something.
    pub post: Arc<Notify>,
    /// What sign-in keeps in memory: turns of the password hash, and wrong tries.
    pub guard: Arc<access::Guard>,
    /// Keys of machines that were verified a moment ago.
    pub verified: access::Verified,
}

impl App {
    /// An app over an open store.
    pub fn new(store: Store, clock: Clock, ids: Ids, settings: Settings) -> Self {
        Self {
            store,
            clock,
            ids,
            live: Live::default(),
            settings: Arc::new(settings),
            intake: statements::Intake::default(),
            work: Arc::default(),
            index: Arc::default(),
            post: Arc::default(),
            guard: Arc::default(),
            verified: access::Verified::default(),
        }
    }
    /// The moment now.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
    /// A new id of any kind.
    pub fn new_id<T: domain::ids::Id>(&self) -> T {
        self.ids.next(self.clock.now())
    }
}
