//! Typed ids: one registry, so that a `PersonId` cannot be passed where an `AlertId` is meant.
//!
//! Each id is a UUIDv7 inside and a TypeID outside (`person_01h455vb4pex5vsknk084sn02q`),
//! so that a pasted id says what it is. Format: <https://github.com/jetify-com/typeid/tree/main/spec>.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Why a text is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}: expected `{prefix}_` and 26 characters of base 32")]
pub struct BadId {
    /// What was given, cut to 80 characters.
    pub text: String,
    /// The noun in words, with its article.
    pub expected: &'static str,
    /// The prefix that the kind asks for.
    pub prefix: &'static str,
}

/// What every typed id can do; lets `store` bind and read any of them.
pub trait Id: Copy + Eq + Ord + fmt::Debug + fmt::Display + FromStr<Err = BadId> {
    /// The prefix shown before the underscore.
    const PREFIX: &'static str;
    /// Wraps a UUID that is known to be of this kind.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $words:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }
        impl $name {
            /// Wraps a UUID that is known to be of this kind.
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The UUID inside.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_")).and_then(decode).map(Self).ok_or_else(|| BadId {
                    text: text.chars().take(80).collect(),
                    expected: $words,
                    prefix: $prefix,
                })
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A human.
    PersonId, "person", "a person id";
    /// One identity of a person in one system (an xAPI actor, an HR number, a CRM login).
    AccountId, "account", "an account id";
    /// A branch, plant, department, region or the organisation itself.
    UnitId, "unit", "an org unit id";
    /// A kind of work; not a permission.
    JobRoleId, "jobrole", "a job role id";
    /// A defined quantity.
    MetricId, "metric", "a metric id";
    /// One version of a target.
    TargetId, "target", "a target id";
    /// One version of a personal commitment.
    CommitmentId, "commitment", "a commitment id";
    /// A configured inbound source.
    FeedId, "feed", "a feed id";
    /// One arrival of data through a feed.
    RunId, "run", "a feed run id";
    /// A rule that opens alerts.
    RuleId, "rule", "an alert rule id";
    /// One episode of a rule being true for a subject.
    AlertId, "alert", "an alert id";
    /// A message about something on a channel.
    NotificationId, "note", "a notification id";
    /// One talk with agenda, outcome and actions.
    SessionId, "session", "a coaching session id";
    /// Who does what by when, agreed in a talk.
    ActionId, "action", "an action item id";
    /// One message in a thread.
    MessageId, "message", "a message id";
    /// A support offered to a person, which they may take, swap or decline.
    ProposalId, "proposal", "a proposal id";
    /// That somebody is to be erased.
    ErasureId, "erasure", "an erasure id";
    /// A file that one administrator asks to bring in and another one applies.
    ImportId, "import", "an import id";
    /// Anything done to improve performance, of any kind.
    InterventionId, "support", "an intervention id";
    /// A planned comparison of an intervention.
    StudyId, "study", "a study id";
    /// A recorded scale, adapt, stop or keep watching.
    DecisionId, "decision", "a decision id";
    /// One performance-analysis engagement.
    CaseId, "case", "a case id";
    /// A claimed reason for a performance gap.
    CauseId, "cause", "a cause id";
    /// A secret for a machine.
    KeyId, "key", "an API key id";
    /// Something that is kept quiet for a time.
    SilenceId, "silence", "a silence";
    /// An xAPI statement. Its wire form is the plain UUID.
    StatementId, "statement", "a statement id";
    /// An address to which others want to be told.
    EndpointId, "endpoint", "a webhook endpoint id";
    /// A row of the outbox.
    DeliveryId, "delivery", "a delivery id";
    /// Another record store to which statements go on.
    ForwardId, "forward", "an id of a record store";
    /// A row of the audit or access log.
    AuditId, "audit", "an audit id";
}

/// Whom or what an observation is about.
///
/// A person and an org unit never share a UUID, so the UUID alone is the key in storage;
/// the metric's grain says which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// One person.
    Person(PersonId),
    /// A branch, plant, line, team, region or the whole organisation.
    Unit(UnitId),
}

impl Subject {
    /// The UUID that storage keys on.
    pub const fn uuid(self) -> Uuid {
        match self {
            Subject::Person(id) => id.uuid(),
            Subject::Unit(id) => id.uuid(),
        }
    }
    /// The person, where the subject is one.
    pub const fn person(self) -> Option<PersonId> {
        match self {
            Subject::Person(id) => Some(id),
            Subject::Unit(_) => None,
        }
    }
    /// The org unit, where the subject is one.
    pub const fn unit(self) -> Option<UnitId> {
        match self {
            Subject::Unit(id) => Some(id),
            Subject::Person(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Person(id) => id.fmt(f),
            Subject::Unit(id) => id.fmt(f),
        }
    }
}

/// Calls a macro with the name of every typed id, so that `store` can bind and read each without listing them again.
#[macro_export]
macro_rules! for_each_id {
    ($callback:ident) => {
        $callback! { PersonId AccountId UnitId JobRoleId MetricId TargetId CommitmentId FeedId RunId RuleId AlertId NotificationId SessionId ActionId MessageId ProposalId InterventionId StudyId DecisionId CaseId CauseId KeyId SilenceId StatementId EndpointId DeliveryId ForwardId AuditId ImportId ErasureId }
    };
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn encode(uuid: Uuid) -> String {
    let bits = uuid.as_u128();
    (0..26).rev().map(|i| ALPHABET[((bits >> (5 * i)) & 31) as usize] as char).collect()
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    let mut bits: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&a| a == byte)?;
        bits = (bits << 5) | digit as u128;
    }
    Some(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_show() {
        for bits in [0, 1, u128::MAX, 0x0188_9C8F_3F1E_7000_8000_0000_0000_002A] {
            let id = PersonId::new(Uuid::from_u128(bits));
            assert_eq!(id.to_string().parse::<PersonId>(), Ok(id));
        }
    }

    #[test]
    fn agrees_with_the_published_example() {
        // From the TypeID specification's valid.json.
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(PersonId::new(uuid).to_string(), "person_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn another_kind_or_a_damaged_id_is_refused() {
        let unit = UnitId::new(Uuid::from_u128(7)).to_string();
        assert!(unit.parse::<PersonId>().is_err());
        for text in [
            "",
            "person_",
            "person_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "person_01h455vb4pex5vsknk084sn02u",
            "person_ß",
        ] {
            assert!(text.parse::<PersonId>().is_err(), "{text}");
        }
    }
}
