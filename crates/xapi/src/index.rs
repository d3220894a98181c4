//! Everything that a store has to know of a statement besides its text: one pure function gives every row at once.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::Timestamp;
use uuid::Uuid;

use crate::agent::{Actor, Agent, Ifi, IfiKey};
use crate::statement::{Activity, Context, Definition, Object, Statement, StatementResult, SubStatement};

/// What kind of thing a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// An activity.
    Activity,
    /// An agent.
    Agent,
    /// A group.
    Group,
    /// A statement within.
    SubStatement,
    /// Another statement.
    StatementRef,
}

/// Where in a statement an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentRole {
    /// Who did it.
    Actor,
    /// Whom it was done to.
    Object,
    /// Who vouches for it.
    Authority,
    /// Who led.
    Instructor,
    /// With whom.
    Team,
    /// In contextAgents or contextGroups (2.0).
    Context,
    /// Anywhere in a SubStatement.
    SubStatement,
}

/// Where in a statement an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityRole {
    /// What it was done to.
    Object,
    /// What that is part of.
    Parent,
    /// What that is loosely part of.
    Grouping,
    /// What kind of statement it is.
    Category,
    /// Something else.
    Other,
    /// Anywhere in a SubStatement.
    SubStatement,
}

/// An agent that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// Who.
    pub key: IfiKey,
    /// What the statement calls them.
    pub name: Option<String>,
    /// Where.
    pub role: AgentRole,
    /// Whether they are there as a member of a group.
    pub member: bool,
    /// Whether the plain `agent` filter finds the statement (else only with `related_agents`).
    pub direct: bool,
}

/// An activity that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// Which.
    pub iri: String,
    /// Where.
    pub role: ActivityRole,
    /// Whether the plain `activity` filter finds the statement (else only with `related_activities`).
    pub direct: bool,
}

/// What a statement says about an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivitySeen {
    /// Which.
    pub iri: String,
    /// What it says.
    pub definition: Definition,
}

/// Every row that a statement gives rise to.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Its id, if it came with one.
    pub id: Option<Uuid>,
    /// Its verb.
    pub verb: String,
    /// What kind of thing it is about.
    pub object_kind: ObjectKind,
    /// The activity it is about, if it is about one.
    pub activity: Option<String>,
    /// Every agent it names, each once in each role.
    pub agents: Vec<AgentRow>,
    /// Every activity it names, each once in each role.
    pub activities: Vec<ActivityRow>,
    /// Every definition it gives, the last one where it gives several of one activity.
    pub definitions: Vec<ActivitySeen>,
    /// The attempt or enrolment.
    pub registration: Option<Uuid>,
    /// When it happened, if it says so.
    pub timestamp: Option<Timestamp>,
    /// The statement that it voids.
    pub voids: Option<Uuid>,
    /// The statement that its object refers to, voided or not: filters follow it.
    pub refers_to: Option<Uuid>,
    /// How it went.
    pub outcome: Outcome,
}

/// How something went, as a statement's result says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Whether it was completed.
    pub completion: Option<bool>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// The score as a share, −1 to 1.
    pub scaled: Option<f64>,
    /// The score as counted.
    pub raw: Option<f64>,
    /// The least possible score.
    pub min: Option<f64>,
    /// The most possible score.
    pub max: Option<f64>,
    /// How long it took, in milliseconds (a year of 365 days, a month of 30).
    pub duration_millis: Option<i64>,
}

/// Every row at once.
///
/// The authority is the statement's own: put the server's in place first, since that is the one that counts.
pub fn index(statement: &Statement) -> Index {
    let mut rows = Rows::default();
    rows.who(&statement.actor, AgentRole::Actor, true);
    rows.object(&statement.object);
    if let Some(authority) = &statement.authority {
        rows.who(authority, AgentRole::Authority, false);
    }
    if let Some(context) = &statement.context {
        rows.context(context, false);
    }
    let object_kind = match statement.object {
        Object::Activity(_) => ObjectKind::Activity,
        Object::Agent(_) => ObjectKind::Agent,
        Object::Group(_) => ObjectKind::Group,
        Object::SubStatement(_) => ObjectKind::SubStatement,
        Object::StatementRef(_) => ObjectKind::StatementRef,
    };
    Index {
        id: statement.id,
        verb: statement.verb.id.clone(),
        object_kind,
        activity: match &statement.object {
            Object::Activity(activity) => Some(activity.id.clone()),
            _ => None,
        },
        agents: rows.agents,
        activities: rows.activities,
        definitions: rows.definitions,
        registration: statement.context.as_ref().and_then(|c| c.registration),
        timestamp: statement.timestamp,
        voids: statement.voids(),
        refers_to: match statement.object {
            Object::StatementRef(id) => Some(id),
            _ => None,
        },
        outcome: statement.result.as_ref().map_or_else(Outcome::default, Outcome::of),
    }
}

impl Outcome {
    fn of(result: &StatementResult) -> Self {
        let score = result.score.unwrap_or_default();
        Self {
            completion: result.completion,
            success: result.success,
            scaled: score.scaled,
            raw: score.raw,
            min: score.min,
            max: score.max,
            duration_millis: result.duration.as_ref().map(|d| d.millis),
        }
    }
}

#[derive(Default)]
struct Rows {
    agents: Vec<AgentRow>,
    activities: Vec<ActivityRow>,
    definitions: Vec<ActivitySeen>,
    agent_places: Places<(AgentRole, IfiKey)>,
    activity_places: Places<(ActivityRole, String)>,
    definition_places: Places<String>,
}

/// Where a row of a key is. A few rows are searched through; many, as a group of thousands gives, are looked up.
struct Places<K>(HashMap<K, usize>);

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Places<K> {
    const FEW: usize = 24;

    /// The place of the row that has the key, or `None` for a new one, which the caller then puts at the end.
    fn find<T>(
        &mut self,
        rows: &[T],
        is: impl Fn(&T) -> bool,
        key_of: impl Fn(&T) -> K,
        key: impl FnOnce() -> K,
    ) -> Option<usize> {
        if rows.len() < Self::FEW {
            return rows.iter().position(is);
        }
        if self.0.is_empty() {
            self.0.extend(rows.iter().enumerate().map(|(n, row)| (key_of(row), n)));
        }
        match self.0.entry(key()) {
            std::collections::hash_map::Entry::Occupied(found) => Some(*found.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(rows.len());
                None
            }
        }
    }
}

impl Rows {
    /// A group counts as itself and as each of its members (Communication 2.1.3, `agent`).
    fn who(&mut self, actor: &Actor, role: AgentRole, direct: bool) {
        if let Some(ifi) = actor.ifi() {
            self.agent(ifi, actor.name(), role, false, direct);
        }
        self.members(actor.members(), role, direct);
    }

    fn members(&mut self, members: &[Agent], role: AgentRole, direct: bool) {
        for member in members {
            self.agent(&member.ifi, member.name.as_deref(), role, true, direct);
        }
    }

    fn agent(&mut self, ifi: &Ifi, name: Option<&str>, role: AgentRole, member: bool, direct: bool) {
        let key = ifi.key();
        let place = self.agent_places.find(
            &self.agents,
            |row| row.role == role && row.key == key,
            |row| (row.role, row.key.clone()),
            || (role, key.clone()),
        );
        match place.and_then(|n| self.agents.get_mut(n)) {
            Some(row) => {
                row.member &= member;
                row.name = row.name.take().or(name.map(str::to_owned));
            }
            None => self.agents.push(AgentRow { key, name: name.map(str::to_owned), role, member, direct }),
        }
    }

    fn activity(&mut self, activity: &Activity, role: ActivityRole, direct: bool) {
        let iri = &activity.id;
        let place = self.activity_places.find(
            &self.activities,
            |row| row.role == role && row.iri == *iri,
            |row| (row.role, row.iri.clone()),
            || (role, iri.clone()),
        );
        if place.is_none() {
            self.activities.push(ActivityRow { iri: iri.clone(), role, direct });
        }
        let Some(definition) = &activity.definition else { return };
        let place = self.definition_places.find(
            &self.definitions,
            |seen| seen.iri == *iri,
            |seen| seen.iri.clone(),
            || iri.clone(),
        );
        let seen = ActivitySeen { iri: iri.clone(), definition: definition.clone() };
        match place.and_then(|n| self.definitions.get_mut(n)) {
            Some(before) => *before = seen,
            None => self.definitions.push(seen),
        }
    }

    fn object(&mut self, object: &Object) {
        match object {
            Object::Activity(activity) => self.activity(activity, ActivityRole::Object, true),
            Object::Agent(agent) => {
                self.agent(&agent.ifi, agent.name.as_deref(), AgentRole::Object, false, true);
            }
            Object::Group(group) => {
                if let Some(ifi) = &group.ifi {
                    self.agent(ifi, group.name.as_deref(), AgentRole::Object, false, true);
                }
                self.members(&group.members, AgentRole::Object, true);
            }
            Object::SubStatement(sub) => self.sub_statement(sub),
            Object::StatementRef(_) => {}
        }
    }

    fn sub_statement(&mut self, sub: &SubStatement) {
        self.who(&sub.actor, AgentRole::SubStatement, false);
        match &sub.object {
            Object::Activity(activity) => self.activity(activity, ActivityRole::SubStatement, false),
            Object::Agent(agent) => {
                self.agent(&agent.ifi, agent.name.as_deref(), AgentRole::SubStatement, false, false);
            }
            Object::Group(group) => {
                if let Some(ifi) = &group.ifi {
                    self.agent(ifi, group.name.as_deref(), AgentRole::SubStatement, false, false);
                }
                self.members(&group.members, AgentRole::SubStatement, false);
            }
            Object::SubStatement(_) | Object::StatementRef(_) => {}
        }
        if let Some(context) = &sub.context {
            self.context(context, true);
        }
    }

    fn context(&mut self, context: &Context, within: bool) {
        let agent_role = |role| if within { AgentRole::SubStatement } else { role };
        if let Some(instructor) = &context.instructor {
            self.who(instructor, agent_role(AgentRole::Instructor), false);
        }
        if let Some(team) = &context.team {
            let role = agent_role(AgentRole::Team);
            if let Some(ifi) = &team.ifi {
                self.agent(ifi, team.name.as_deref(), role, false, false);
            }
            self.members(&team.members, role, false);
        }
        for item in context.context_agents.iter().chain(&context.context_groups) {
            self.who(&item.actor, agent_role(AgentRole::Context), false);
        }
        for (list, role) in [
            (&context.parent, ActivityRole::Parent),
            (&context.grouping, ActivityRole::Grouping),
            (&context.category, ActivityRole::Category),
            (&context.other, ActivityRole::Other),
        ] {
            for activity in list {
                self.activity(activity, if within { ActivityRole::SubStatement } else { role }, false);
            }
        }
    }
}
