//! A statement as a value: who did what, to what end, in what setting.
//!
//! The types hold what the rest of the server works with. What a statement said byte for byte stays beside it in
//! [`Received::raw`].

use jiff::Timestamp;
use uuid::Uuid;

use crate::splice::Layout;
use crate::{Actor, Agent, Group, LanguageMap};

/// The verb of a statement that voids another.
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

/// The usageType of an attachment that is a signature.
pub const SIGNATURE_USAGE: &str = "http://adlnet.gov/expapi/attachments/signature";

/// A statement that meets every rule, beside its text as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// What it says.
    pub statement: Statement,
    /// The text of this statement alone, byte for byte as it came.
    pub raw: String,
    /// Its place in the batch it came in.
    pub(crate) place: Option<usize>,
    pub(crate) layout: Layout,
}

/// A piece of JSON whose meaning the server leaves alone: compact, properties sorted by name, numbers as they were spelt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Json(pub(crate) String);

impl Json {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody's experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Given by the sender, or `None`: the server then gives one.
    pub id: Option<Uuid>,
    /// Who.
    pub actor: Actor,
    /// Did.
    pub verb: Verb,
    /// What.
    pub object: Object,
    /// With which outcome.
    pub result: Option<StatementResult>,
    /// In which setting.
    pub context: Option<Context>,
    /// When it happened, if the sender said so.
    pub timestamp: Option<Timestamp>,
    /// When a server stored it, if it came from one. The server that receives it puts its own.
    pub stored: Option<Timestamp>,
    /// Who vouches for it, as sent. The server that receives it puts its own.
    pub authority: Option<Actor>,
    /// The version it says it is, as sent.
    pub version: Option<String>,
    /// What came with it.
    pub attachments: Vec<Attachment>,
}

/// A statement within a statement: something planned or observed, which did not happen by being said.
#[derive(Clone, Debug, PartialEq)]
pub struct SubStatement {
    /// Who.
    pub actor: Actor,
    /// Does.
    pub verb: Verb,
    /// What; never another SubStatement.
    pub object: Object,
    /// With which outcome.
    pub result: Option<StatementResult>,
    /// In which setting.
    pub context: Option<Context>,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// What came with it.
    pub attachments: Vec<Attachment>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verb {
    /// Which verb.
    pub id: String,
    /// How it reads.
    pub display: LanguageMap,
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// Something to do: a course, a page, a meeting.
    Activity(Activity),
    /// Another agent.
    Agent(Agent),
    /// Several.
    Group(Group),
    /// Something planned or observed.
    SubStatement(Box<SubStatement>),
    /// Another statement, by its id.
    StatementRef(Uuid),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Which one.
    pub id: String,
    /// What the sender says about it. An empty definition is `None`.
    pub definition: Option<Definition>,
}

/// What is said about an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// All of it.
    pub json: Json,
    /// Its activity type, an IRI.
    pub kind: Option<String>,
    /// What it is called.
    pub name: LanguageMap,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementResult {
    /// How well.
    pub score: Option<Score>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// Whether it was completed.
    pub completion: Option<bool>,
    /// What was answered.
    pub response: Option<String>,
    /// How long it took: the text as sent, and milliseconds (a year of 365 days, a month of 30).
    pub duration: Option<Duration>,
    /// What else.
    pub extensions: Option<Json>,
}

/// A length of time as it was written and as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duration {
    /// As sent.
    pub text: String,
    /// In milliseconds.
    pub millis: i64,
}

/// How well it went. All in the units of the sender, but `scaled` is between −1 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Between −1 and 1.
    pub scaled: Option<f64>,
    /// Between `min` and `max`.
    pub raw: Option<f64>,
    /// The least possible.
    pub min: Option<f64>,
    /// The most possible.
    pub max: Option<f64>,
}

/// The setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Which attempt or enrolment it belongs to.
    pub registration: Option<Uuid>,
    /// Who led.
    pub instructor: Option<Actor>,
    /// With whom.
    pub team: Option<Group>,
    /// Activities that the object is directly part of.
    pub parent: Vec<Activity>,
    /// Activities that it is loosely part of.
    pub grouping: Vec<Activity>,
    /// Activities that say what kind of statement it is, such as a profile.
    pub category: Vec<Activity>,
    /// Activities in some other relation.
    pub other: Vec<Activity>,
    /// Other agents in the setting (2.0), with the types for which they matter.
    pub context_agents: Vec<ContextActor>,
    /// Other groups in the setting (2.0), with the types for which they matter.
    pub context_groups: Vec<ContextActor>,
    /// Which revision of the activity.
    pub revision: Option<String>,
    /// On which platform.
    pub platform: Option<String>,
    /// In which language.
    pub language: Option<String>,
    /// Another statement in the setting.
    pub statement: Option<Uuid>,
    /// What else.
    pub extensions: Option<Json>,
}

/// An agent or group of the setting and why it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextActor {
    /// Who.
    pub actor: Actor,
    /// In which ways, as IRIs.
    pub relevant_types: Vec<String>,
}

/// What is said about data that came with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is for.
    pub usage_type: String,
    /// Its title.
    pub display: LanguageMap,
    /// What is in it.
    pub description: LanguageMap,
    /// Its media type.
    pub content_type: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its hash, in lower-case hexadecimal.
    pub sha2: String,
    /// Where else it can be had.
    pub file_url: Option<String>,
}

impl Statement {
    /// The statement that this one voids.
    pub fn voids(&self) -> Option<Uuid> {
        match (&self.object, self.verb.id.as_str()) {
            (Object::StatementRef(id), VOIDED) => Some(*id),
            _ => None,
        }
    }

    /// Whether one of its attachments is a signature.
    pub fn is_signed(&self) -> bool {
        self.attachments.iter().any(|a| a.usage_type == SIGNATURE_USAGE)
    }
}
