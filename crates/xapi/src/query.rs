//! The parameters of requests as typed values.
//!
//! Parameters come as pairs of name and value, already decoded. Who pages through a list adds a parameter of their own for it,
//! and takes it out before.

use jiff::Timestamp;
use uuid::Uuid;

use crate::document::Resource;
use crate::format::Format;
use crate::json::short;
use crate::rules::{self, Rule};
use crate::{Actor, Agent, Fault, Faults, IfiKey, Version, iri, judge, parse_actor, time};

/// What a GET of statements asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementsQuery {
    /// One statement.
    One {
        /// Which.
        id: Uuid,
        /// Whether it was asked for as a voided one.
        voided: bool,
        /// In which form.
        format: Format,
        /// Whether the data of attachments comes with it.
        attachments: bool,
    },
    /// All that match.
    Many(Filter),
}

/// Which statements a reader wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Those of this agent or identified group.
    pub agent: Option<IfiKey>,
    /// Wherever in the statement the agent stands.
    pub related_agents: bool,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity.
    pub activity: Option<String>,
    /// Wherever in the statement the activity stands.
    pub related_activities: bool,
    /// Those of this registration.
    pub registration: Option<Uuid>,
    /// Those stored after this moment.
    pub since: Option<Timestamp>,
    /// Those stored at or before this moment.
    pub until: Option<Timestamp>,
    /// At most so many; 0 is as many as the server gives at once.
    pub limit: u32,
    /// In which form.
    pub format: Format,
    /// Whether the data of attachments comes with them.
    pub attachments: bool,
    /// Oldest first instead of newest first.
    pub ascending: bool,
}

/// Which document, or which documents, a request is about.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentQuery {
    /// The activity; always there for state and activity profile.
    pub activity: Option<String>,
    /// The agent; always there for state and agent profile.
    pub agent: Option<IfiKey>,
    /// The registration of a state.
    pub registration: Option<Uuid>,
    /// `stateId` or `profileId`. Without one the request is about all.
    pub id: Option<String>,
    /// Those changed after this moment.
    pub since: Option<Timestamp>,
}

/// What a request for documents does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentCall {
    /// GET or HEAD: of one document, or of the list of ids.
    Read,
    /// PUT or POST.
    Store,
    /// DELETE: of one document or, for states, of all of a setting.
    Delete,
}

/// Reads the parameters of a GET of statements.
pub fn statements_query(pairs: &[(String, String)], version: Version) -> Result<StatementsQuery, Faults> {
    const NAMES: [&str; 14] = [
        "statementId",
        "voidedStatementId",
        "agent",
        "verb",
        "activity",
        "registration",
        "related_activities",
        "related_agents",
        "since",
        "until",
        "limit",
        "format",
        "attachments",
        "ascending",
    ];
    let mut read = Reader::new(pairs, &NAMES, version);
    let id = read.uuid("statementId");
    let voided = read.uuid("voidedStatementId");
    let filter = Filter {
        agent: read.agent("agent", true).and_then(|actor| crate::agent_key(&actor)),
        related_agents: read.bool("related_agents"),
        verb: read.iri("verb"),
        activity: read.iri("activity"),
        related_activities: read.bool("related_activities"),
        registration: read.uuid("registration"),
        since: read.timestamp("since"),
        until: read.timestamp("until"),
        limit: read.limit("limit"),
        format: read.format("format"),
        attachments: read.bool("attachments"),
        ascending: read.bool("ascending"),
    };
    let single = ["statementId", "voidedStatementId"].into_iter().find(|name| read.get(name).is_some());
    if let Some(single) = single {
        let others = ["attachments", "format", single];
        for (name, _) in pairs
            .iter()
            .filter(|(name, _)| NAMES.contains(&name.as_str()) && !others.contains(&name.as_str()))
        {
            read.fault(
                &rules::PARAMETER_TOGETHER,
                name,
                format!("it cannot be used together with `{single}`"),
            );
        }
    }
    read.done()?;
    let Filter { format, attachments, .. } = filter;
    Ok(match (id, voided) {
        (Some(id), _) => StatementsQuery::One { id, voided: false, format, attachments },
        (None, Some(id)) => StatementsQuery::One { id, voided: true, format, attachments },
        (None, None) => StatementsQuery::Many(filter),
    })
}

/// Reads the parameters of a PUT of a statement: its id.
pub fn put_query(pairs: &[(String, String)], version: Version) -> Result<Uuid, Faults> {
    let mut read = Reader::new(pairs, &["statementId"], version);
    read.need("statementId");
    let id = read.uuid("statementId");
    read.done()?;
    id.ok_or_else(Vec::new)
}

/// A POST of statements takes no parameters.
pub fn post_query(pairs: &[(String, String)], version: Version) -> Result<(), Faults> {
    Reader::new(pairs, &[], version).done()
}

/// Reads the parameters of a request for documents.
pub fn document_query(
    resource: Resource,
    call: DocumentCall,
    pairs: &[(String, String)],
    version: Version,
) -> Result<DocumentQuery, Faults> {
    let (activity, agent, id): (_, _, &str) = match resource {
        Resource::State => (true, true, "stateId"),
        Resource::AgentProfile => (false, true, "profileId"),
        Resource::ActivityProfile => (true, false, "profileId"),
    };
    let mut names = vec![id];
    names.extend(activity.then_some("activityId"));
    names.extend(agent.then_some("agent"));
    names.extend((resource == Resource::State).then_some("registration"));
    names.extend((call == DocumentCall::Read).then_some("since"));
    let mut read = Reader::new(pairs, &names, version);
    if activity {
        read.need("activityId");
    }
    if agent {
        read.need("agent");
    }
    let all_at_once =
        call == DocumentCall::Read || (call == DocumentCall::Delete && resource == Resource::State);
    if !all_at_once {
        read.need(id);
    }
    if read.get(id).is_some() && read.get("since").is_some() {
        read.fault(&rules::PARAMETER_KNOWN, "since", format!("it cannot be used together with `{id}`"));
    }
    let query = DocumentQuery {
        activity: read.iri("activityId"),
        agent: read.agent("agent", version >= Version::V2_0).and_then(|actor| crate::agent_key(&actor)),
        registration: read.uuid("registration"),
        id: read.text(id),
        since: read.timestamp("since"),
    };
    read.done()?;
    Ok(query)
}

/// Reads the parameters of a GET of agents: whose person it asks for.
pub fn agents_query(pairs: &[(String, String)], version: Version) -> Result<Agent, Faults> {
    let mut read = Reader::new(pairs, &["agent"], version);
    read.need("agent");
    let actor = read.agent("agent", false);
    read.done()?;
    match actor {
        Some(Actor::Agent(agent)) => Ok(agent),
        _ => Err(Vec::new()),
    }
}

/// Reads the parameters of a GET of activities: which one it asks for.
pub fn activities_query(pairs: &[(String, String)], version: Version) -> Result<String, Faults> {
    let mut read = Reader::new(pairs, &["activityId"], version);
    read.need("activityId");
    let iri = read.iri("activityId");
    read.done()?;
    iri.ok_or_else(Vec::new)
}

struct Reader<'a> {
    pairs: &'a [(String, String)],
    version: Version,
    faults: Faults,
}

impl<'a> Reader<'a> {
    fn new(pairs: &'a [(String, String)], known: &[&str], version: Version) -> Self {
        let mut read = Self { pairs, version, faults: Vec::new() };
        for (n, (name, _)) in pairs.iter().enumerate().take(100) {
            let shown = short(name, 60);
            if !known.contains(&name.as_str()) {
                let what = match known.iter().find(|k| k.eq_ignore_ascii_case(name)) {
                    Some(meant) => format!("`{meant}` is meant"),
                    None if known.is_empty() => "the request takes no parameters".to_owned(),
                    None => format!("it is not one of {}", known.join(", ")),
                };
                read.fault(&rules::PARAMETER_KNOWN, &shown, what);
            } else if pairs[..n].iter().any(|(other, _)| other == name) {
                read.fault(&rules::PARAMETER_KNOWN, &shown, "it is there twice".to_owned());
            }
        }
        read
    }

    fn done(&mut self) -> Result<(), Faults> {
        if self.faults.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.faults)) }
    }

    fn fault(&mut self, rule: &'static Rule, name: &str, what: String) {
        let path = format!("parameter {}", name.escape_debug());
        self.faults.push(Fault::new(rule, self.version, path, what));
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn need(&mut self, name: &str) {
        if self.get(name).is_none() {
            self.fault(&rules::PARAMETER_REQUIRED, name, "it is missing".to_owned());
        }
    }

    fn bad(&mut self, name: &str, value: &str, why: &str) {
        let what = format!("`{}` is not {why}", short(value, 80).escape_debug());
        self.fault(&rules::PARAMETER_VALUE, name, what);
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        if value.is_empty() || value.contains('\0') {
            self.bad(name, value, "a text of at least one character without NUL");
            return None;
        }
        Some(value.to_owned())
    }

    fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let value = self.get(name)?;
        let id = judge::read_uuid(value);
        if id.is_none() {
            self.bad(name, value, "a UUID");
        }
        id
    }

    fn iri(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        if let Some(why) = iri::iri_fault(value) {
            self.bad(name, value, &format!("an IRI: {why}"));
            return None;
        }
        Some(value.to_owned())
    }

    fn timestamp(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.get(name)?;
        match time::timestamp(value, self.version) {
            Ok(at) => Some(at),
            Err(why) => {
                self.bad(name, value, &format!("a timestamp: {why}"));
                None
            }
        }
    }

    fn bool(&mut self, name: &str) -> bool {
        match self.get(name) {
            Some("true") => true,
            None | Some("false") => false,
            Some(value) => {
                self.bad(name, value, "true or false");
                false
            }
        }
    }

    fn limit(&mut self, name: &str) -> u32 {
        let Some(value) = self.get(name) else { return 0 };
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        match value.parse() {
            Ok(limit) if digits => limit,
            _ if digits => u32::MAX,
            _ => {
                self.bad(name, value, "a whole number of 0 or more");
                0
            }
        }
    }

    fn format(&mut self, name: &str) -> Format {
        match self.get(name) {
            None | Some("exact") => Format::Exact,
            Some("ids") => Format::Ids,
            Some("canonical") => Format::Canonical,
            Some(value) => {
                self.bad(name, value, "one of ids, exact, canonical");
                Format::Exact
            }
        }
    }

    /// An Agent or, where they are allowed, an identified Group.
    fn agent(&mut self, name: &str, groups: bool) -> Option<Actor> {
        let value = self.get(name)?;
        match parse_actor(value, &format!("parameter {name}"), self.version) {
            Ok(Actor::Group(_)) if !groups => {
                self.fault(&rules::OBJECT_TYPE, name, "a Group is here where an Agent belongs".to_owned());
                None
            }
            Ok(Actor::Group(group)) if group.ifi.is_none() => {
                let what = "a Group without an identifier cannot be looked for".to_owned();
                self.fault(&rules::ACTOR_IDENTIFIER, name, what);
                None
            }
            Ok(actor) => Some(actor),
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }
}
