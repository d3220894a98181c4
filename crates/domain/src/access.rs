//! Who may see and do what. The only module that makes a [`Scope`] or a [`Permit`].
//!
//! `access_matrix.csv` beside this file is the specification and the rule at once: one row per resource and principal.
//! A [`Who`] asks; how they stand to the person concerned is a [`Relation`]; [`permit`] answers for one thing,
//! [`scope`] for a list. Every act in `app` takes a permit, every list in `store` a scope, so neither can be forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::actors::ActorPattern;
use crate::ids::{AlertId, KeyId, MetricId, PersonId, SessionId, StudyId, UnitId};

worded! {
    /// A standing permission of a person; never called just "role".
    pub enum AccessRole {
        /// Line executive.
        Executive = "exec",
        /// Performance analyst.
        Analyst = "analyst",
        /// Content author or expert.
        Author = "author",
        /// Runs the installation; not a super-user for personal data.
        Admin = "admin",
        /// Privacy officer.
        Privacy = "privacy",
    }
}

worded! {
    /// The rows of the matrix whose resources exist.
    pub enum Resource {
        /// Values of a person's metrics.
        MetricValue = "metric_value (a person's)",
        /// A person's targets and commitments.
        Target = "target/threshold (a person's)",
        /// Alerts about a person.
        RedAlert = "red_alert (a person's)",
        /// "Data is wrong" and what was answered.
        Rectification = "rectification comment",
        /// xAPI statements and documents as received.
        Statement = "raw xAPI statement / documents",
        /// What a person completed.
        LearningRecord = "learning record (completion)",
        /// That a coaching session exists.
        CoachingRelation = "coaching relation (exists)",
        /// What both agreed in a coaching session.
        CoachingShared = "coaching shared notes/goals",
        /// The view of a leader's own team as a whole.
        TeamBoard = "team dashboard (own subtree)",
        /// Published views of the organisation.
        OrgBoard = "org dashboard (published)",
        /// A study's hypothesis, design and rollout.
        StudyDefinition = "evidence study definition",
        /// The rows behind a study.
        StudyData = "evidence microdata",
        /// A published answer.
        StudyResult = "evidence result (published)",
        /// Name and contact of a person.
        Profile = "profile (contact fields)",
        /// Keys of machines.
        ApiKey = "API key / OAuth client",
        /// Endpoints that others named, and the log of what left the server.
        Webhook = "webhook endpoint + delivery log",
        /// What connects the server with other systems.
        Connector = "connector credential",
        /// Who holds which access role, job role and place.
        Assignment = "role/assignment",
        /// Who looked at whom.
        AuditLog = "audit log (who looked at whom)",
        /// That somebody is to be erased, and what came of it.
        Erasure = "erasure request (Art.17)",
        /// How long what is kept, and other settings of privacy.
        PrivacySettings = "privacy settings (k, mode, ret)",
        /// Feeds, queues and health, without persons.
        Operations = "ops metrics/logs (no person)",
    }
}

worded! {
    /// The columns of the matrix.
    pub enum Principal {
        /// Nobody is signed in.
        Anon = "anon",
        /// The person concerned.
        Itself = "self",
        /// Their direct leader today.
        LeadDirect = "lead_direct",
        /// A leader further up.
        LeadChain = "lead_chain",
        /// A leader of other people.
        LeadOther = "lead_other",
        /// Holds the executive access role.
        Exec = "exec",
        /// Holds the analyst access role.
        Analyst = "analyst",
        /// The active coach of the relation concerned.
        Coach = "coach",
        /// Holds the author access role.
        Author = "author",
        /// Anybody who works here.
        Employee = "employee",
        /// A customer or partner.
        External = "external",
        /// A machine with a key.
        Api = "api",
        /// Holds the admin access role.
        Admin = "admin",
        /// Holds the privacy access role.
        Privacy = "privacy",
        /// Disabled, ended or expired.
        Revoked = "revoked",
    }
}

/// One cell of the matrix: what is allowed, and on what terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// May read the row itself.
    pub read: bool,
    /// May write.
    pub write: bool,
    /// May delete their own.
    pub delete: bool,
    /// May see groups of at least [`MIN_GROUP`], never one person.
    pub aggregate: bool,
    /// May see pseudonymised rows inside an approved study.
    pub pseudonymised: bool,
    /// Only what the person concerned has granted.
    pub if_granted: bool,
    /// Only as a recorded privacy job, without browsing.
    pub privacy_job: bool,
    /// Needs a scope on the key.
    pub key_scope: bool,
    /// Only that it exists, not what it says.
    pub metadata: bool,
    /// Needs a second person.
    pub second_person: bool,
}

impl Cell {
    fn parse(code: &str) -> Self {
        let has = |c: char| code.contains(c);
        Self {
            read: has('R'),
            write: has('W'),
            delete: has('D'),
            aggregate: has('a'),
            pseudonymised: has('p'),
            if_granted: has('g'),
            privacy_job: has('j'),
            key_scope: has('s'),
            metadata: has('m'),
            second_person: has('2'),
        }
    }
    fn or(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
            delete: self.delete || other.delete,
            aggregate: self.aggregate || other.aggregate,
            pseudonymised: self.pseudonymised || other.pseudonymised,
            if_granted: self.if_granted || other.if_granted,
            privacy_job: self.privacy_job || other.privacy_job,
            key_scope: self.key_scope || other.key_scope,
            metadata: self.metadata || other.metadata,
            second_person: self.second_person || other.second_person,
        }
    }
}

/// Below this many people an aggregate is withheld.
pub const MIN_GROUP: usize = 5;

/// The specification, as text.
pub const MATRIX: &str = include_str!("access_matrix.csv");

static CELLS: LazyLock<BTreeMap<(&'static str, &'static str), Cell>> = LazyLock::new(|| {
    MATRIX
        .lines()
        .skip(1)
        .filter_map(|line| {
            // Only the first field may be quoted, and it holds no quote itself.
            let (resource, rest) = match line.strip_prefix('"') {
                Some(quoted) => quoted.split_once("\","),
                None => line.split_once(','),
            }?;
            let (principal, code) = rest.split_once(',')?;
            Some(((resource, principal), Cell::parse(code.trim())))
        })
        .collect()
});

/// What the matrix says for one resource and one principal.
pub fn cell(resource: Resource, principal: Principal) -> Cell {
    CELLS.get(&(resource.word(), principal.word())).copied().unwrap_or_default()
}

worded! {
    /// What a key may be used for.
    pub enum KeyScope {
        /// Send statements.
        StatementsWrite = "statements/write",
        /// Read statements that this key sent.
        StatementsReadMine = "statements/read/mine",
        /// Read any statement.
        StatementsRead = "statements/read",
        /// State documents.
        State = "state",
        /// Agent and activity profile documents.
        Profile = "profile",
        /// Define activities by sending statements.
        Define = "define",
        /// Read everything of xAPI.
        AllRead = "all/read",
        /// Everything of xAPI.
        All = "all",
        /// Send observations and read metric definitions.
        Metrics = "metrics",
        /// Read and write persons, org units and assignments.
        People = "people",
        /// Make and look after webhook endpoints, and read what was sent to them.
        Webhooks = "webhooks",
        /// Read health and figures about the server.
        Operations = "operations",
    }
}

/// A signed-in person.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewer {
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// Whether they may sign in at all; a disabled person may do nothing.
    pub active: bool,
    /// Standing permissions today.
    pub roles: BTreeSet<AccessRole>,
    /// People who report directly to them today.
    pub reports: BTreeSet<PersonId>,
    /// Their own unit today.
    pub unit: Option<UnitId>,
}

/// A machine with a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Which key.
    pub key: KeyId,
    /// Its name, for the log and the authority of statements.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<KeyScope>,
    /// Whether it is neither expired nor revoked.
    pub active: bool,
    /// The only actors that it may send statements and documents of; `None` for any.
    pub actors: Option<ActorPattern>,
}

impl Machine {
    /// Whether its scopes allow an act that needs `scope`: that one, or a wider one of xAPI (Communication 4.2).
    fn holds(&self, scope: KeyScope, act: Act) -> bool {
        use KeyScope::*;
        let xapi = match scope {
            StatementsWrite | StatementsReadMine | StatementsRead | State | Profile | Define | AllRead
            | All => true,
            Metrics | People | Webhooks | Operations => false,
        };
        self.scopes.contains(&scope)
            || xapi && self.scopes.contains(&All)
            || xapi && act == Act::Read && self.scopes.contains(&AllRead)
            || scope == StatementsReadMine && self.scopes.contains(&StatementsRead)
    }
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    /// Nobody is signed in.
    Anonymous,
    /// A person.
    Person(Viewer),
    /// A machine.
    Machine(Machine),
    /// A command run by whoever administers the host, or the server's own schedule. Never built from a request.
    Host,
}

impl Who {
    /// The person asking, if it is one.
    pub fn person(&self) -> Option<&Viewer> {
        match self {
            Who::Person(v) => Some(v),
            _ => None,
        }
    }
    /// How logs name the one who asks.
    pub fn label(&self) -> String {
        match self {
            Who::Anonymous => "anonymous".into(),
            Who::Person(v) => v.person.to_string(),
            Who::Machine(m) => m.key.to_string(),
            Who::Host => "host".into(),
        }
    }
}

/// How the one who asks stands to the person concerned, today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relation {
    /// They are the same.
    pub same: bool,
    /// They lead them, directly or further up.
    pub lead: Lead,
    /// They are the active coach in the relation concerned.
    pub coach: bool,
}

impl Relation {
    /// For things that are about nobody in particular.
    pub const NONE: Relation = Relation { same: false, lead: Lead::None, coach: false };

    /// The relation of a viewer to a person, given that person's leaders today, nearest first.
    pub fn of(viewer: &Viewer, subject: PersonId, leaders: &[PersonId]) -> Self {
        let lead = match leaders.iter().position(|&l| l == viewer.person) {
            Some(0) => Lead::Direct,
            Some(_) => Lead::Chain,
            None => Lead::None,
        };
        Self { same: viewer.person == subject, lead, coach: false }
    }
}

/// A line of leadership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lead {
    /// Not their leader.
    #[default]
    None,
    /// Their direct leader.
    Direct,
    /// A leader further up.
    Chain,
}

/// The columns of the matrix that hold for somebody, towards somebody.
pub fn principals(who: &Who, relation: Relation) -> Vec<Principal> {
    let viewer = match who {
        Who::Anonymous => return vec![Principal::Anon],
        Who::Machine(m) => return vec![if m.active { Principal::Api } else { Principal::Revoked }],
        Who::Host => return Vec::new(),
        Who::Person(viewer) if !viewer.active => return vec![Principal::Revoked],
        Who::Person(viewer) => viewer,
    };
    let mut all = vec![Principal::Employee];
    if relation.same {
        all.push(Principal::Itself);
    }
    match relation.lead {
        Lead::Direct => all.push(Principal::LeadDirect),
        Lead::Chain => all.push(Principal::LeadChain),
        Lead::None if !viewer.reports.is_empty() => all.push(Principal::LeadOther),
        Lead::None => {}
    }
    if relation.coach {
        all.push(Principal::Coach);
    }
    all.extend(viewer.roles.iter().map(|role| match role {
        AccessRole::Executive => Principal::Exec,
        AccessRole::Analyst => Principal::Analyst,
        AccessRole::Author => Principal::Author,
        AccessRole::Admin => Principal::Admin,
        AccessRole::Privacy => Principal::Privacy,
    }));
    all
}

/// What the matrix allows somebody on a resource of somebody: the union of the columns that hold for them.
pub fn allowed(who: &Who, relation: Relation, resource: Resource) -> Cell {
    if matches!(who, Who::Host) {
        return Cell { read: true, write: true, delete: true, aggregate: true, ..Cell::default() };
    }
    principals(who, relation).into_iter().map(|p| cell(resource, p)).fold(Cell::default(), Cell::or)
}

/// What is to be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Read the row.
    Read,
    /// Read groups only.
    Aggregate,
    /// Read rows without names, inside a study.
    Pseudonymised,
    /// Change or add.
    Write,
    /// See that it exists and how it is, not what it says.
    Metadata,
    /// Do with it what a recorded privacy job needs.
    Job,
}

/// Something that needs a permit: which resource, which act, on which id.
pub trait Asked: Copy {
    /// The row of the matrix.
    const RESOURCE: Resource;
    /// The act.
    const ACT: Act;
    /// The scope that a machine needs besides; `None` where no machine may.
    const KEY_SCOPE: Option<KeyScope>;
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident($id:ty): $resource:ident, $act:ident, $scope:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name(pub $id);
        impl Asked for $name {
            const RESOURCE: Resource = Resource::$resource;
            const ACT: Act = Act::$act;
            const KEY_SCOPE: Option<KeyScope> = $scope;
        }
    )*};
}

acts! {
    /// Read a person's metrics.
    ReadMetrics(PersonId): MetricValue, Read, None;
    /// Send observations.
    SendObservations(()): MetricValue, Write, Some(KeyScope::Metrics);
    /// Read a person's targets and commitments.
    ReadTargets(PersonId): Target, Read, None;
    /// Set a person's target.
    SetTarget(PersonId): Target, Write, Some(KeyScope::Metrics);
    /// Bring in targets and commitments of anybody.
    SendTargets(()): Target, Write, Some(KeyScope::Metrics);
    /// Read an alert about a person.
    ReadAlert(AlertId): RedAlert, Read, None;
    /// Answer an alert: say that data is wrong, or why.
    AnswerAlert(AlertId): Rectification, Write, None;
    /// Read what a person completed.
    ReadLearning(PersonId): LearningRecord, Read, None;
    /// Open a coaching session with a person.
    OpenCoaching(PersonId): CoachingShared, Write, None;
    /// Read a coaching session.
    ReadCoaching(SessionId): CoachingShared, Read, None;
    /// Write into a coaching session: outcome, action, message, signature.
    WriteCoaching(SessionId): CoachingShared, Write, None;
    /// See the view of one's own team as a whole.
    ReadTeamBoard(()): TeamBoard, Aggregate, None;
    /// See published views of the organisation.
    ReadOrgBoard(()): OrgBoard, Aggregate, Some(KeyScope::Metrics);
    /// Read a study's definition.
    ReadStudy(StudyId): StudyDefinition, Read, None;
    /// Define, lock or run a study.
    WriteStudy(()): StudyDefinition, Write, None;
    /// Read the rows behind a study, without names.
    ReadStudyData(StudyId): StudyData, Pseudonymised, None;
    /// Read the rules for reds: everybody who works here may know how they are judged.
    ReadRules(()): StudyDefinition, Read, None;
    /// Change the rules for reds.
    WriteRules(()): StudyDefinition, Write, None;
    /// Read a published answer.
    ReadStudyResult(()): StudyResult, Read, Some(KeyScope::Metrics);
    /// Read a person's name and contact.
    ReadProfile(PersonId): Profile, Read, Some(KeyScope::People);
    /// Change persons, names and contacts.
    WriteProfile(()): Profile, Write, Some(KeyScope::People);
    /// Change places, reporting lines and access roles.
    WriteAssignment(()): Assignment, Write, Some(KeyScope::People);
    /// Make or revoke keys.
    WriteKey(()): ApiKey, Write, None;
    /// Read who looked at a person's data.
    ReadAccessLog(PersonId): AuditLog, Read, None;
    /// Read what left the server and how it went, without what it said.
    ReadDeliveries(()): Webhook, Metadata, Some(KeyScope::Webhooks);
    /// Read webhook endpoints and what was sent to them.
    ReadWebhooks(()): Webhook, Read, Some(KeyScope::Webhooks);
    /// Make, change and take away webhook endpoints.
    WriteWebhooks(()): Webhook, Write, Some(KeyScope::Webhooks);
    /// Send again what could not be sent.
    ReplayDeliveries(()): Connector, Write, None;
    /// Say to which other record stores statements go on.
    WriteForward(()): Connector, Write, None;
    /// Ask that a person be erased, look at what that would do, and do it.
    Erase(PersonId): Erasure, Write, None;
    /// Read how long what is kept.
    ReadRetention(()): PrivacySettings, Read, None;
    /// Take away what is older than the rules of retention let it be.
    ApplyRetention(()): PrivacySettings, Write, None;
    /// Keep anything quiet for a time, by unit, metric or person: it decides what leaves the server, not what is known.
    KeepQuiet(()): Connector, Write, None;
    /// Read feeds, queues and health.
    ReadOperations(()): Operations, Read, Some(KeyScope::Operations);
    /// Send statements.
    SendStatements(()): Statement, Write, Some(KeyScope::StatementsWrite);
    /// Let definitions in statements change what is known of activities.
    DefineActivities(()): Statement, Write, Some(KeyScope::Define);
    /// Read any statement, and what is known of agents and activities.
    ReadStatements(()): Statement, Read, Some(KeyScope::StatementsRead);
    /// Read the statements that the same key sent.
    ReadOwnStatements(()): Statement, Read, Some(KeyScope::StatementsReadMine);
    /// Read a person's statements as they were received.
    ReadRecords(PersonId): Statement, Read, None;
    /// The same for a purpose that is written down.
    ReadRecordsAsJob(PersonId): Statement, Job, None;
    /// Read state documents.
    ReadState(()): Statement, Read, Some(KeyScope::State);
    /// Write state documents.
    WriteState(()): Statement, Write, Some(KeyScope::State);
    /// Read agent and activity profile documents.
    ReadDocuments(()): Statement, Read, Some(KeyScope::Profile);
    /// Write agent and activity profile documents.
    WriteDocuments(()): Statement, Write, Some(KeyScope::Profile);
}

/// What somebody may do because they answer for a feed or metric, whatever else they are.
///
/// No column of the matrix stands for them: what they read holds no values of a person, and what they write is an
/// answer to a question that the person concerned, or their leader, has put to them.
pub trait Owned: Copy {}

/// Read the health of the feeds that one answers for, and the questions about their data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadOwnFeeds(pub PersonId);
impl Owned for ReadOwnFeeds {}

/// Answer whether the data behind an alert were wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SettleData(pub AlertId);
impl Owned for SettleData {}

/// Keep a metric quiet, everywhere or in one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SilenceMetric(pub MetricId);
impl Owned for SilenceMetric {}

/// Decide on a study: scale, adapt, stop or keep watching. See [`permit_decision`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecideStudy(pub ());

/// Proof that somebody may do one thing to one resource. Only this module makes one.
#[derive(Debug, Clone)]
pub struct Permit<A: Copy> {
    asked: A,
    by: String,
    person: Option<PersonId>,
    actors: Option<ActorPattern>,
}

impl<A: Copy> Permit<A> {
    /// What was asked, with its id.
    pub const fn asked(&self) -> A {
        self.asked
    }
    /// Who may, as logs name them.
    pub fn by(&self) -> &str {
        &self.by
    }
    /// The person who may, if it is one.
    pub const fn person(&self) -> Option<PersonId> {
        self.person
    }
    /// The only actors that it covers; `None` for any.
    pub const fn actors(&self) -> Option<&ActorPattern> {
        self.actors.as_ref()
    }
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignIn,
    /// Signed in, but not allowed.
    #[error("you may not see or do this")]
    Forbidden,
    /// Not allowed, and even that it exists is confidential.
    #[error("there is nothing here that you may see")]
    Hidden,
}

/// Asks for a permit.
pub fn permit<A: Asked>(who: &Who, relation: Relation, asked: A) -> Result<Permit<A>, Denied> {
    let cell = allowed(who, relation, A::RESOURCE);
    let scoped = match who {
        Who::Machine(m) => A::KEY_SCOPE.is_some_and(|scope| m.holds(scope, A::ACT)),
        _ => true,
    };
    let by_matrix = match A::ACT {
        Act::Read => cell.read,
        Act::Aggregate => cell.aggregate || cell.read,
        Act::Pseudonymised => cell.pseudonymised || cell.read,
        Act::Write => cell.write,
        Act::Metadata => cell.metadata || cell.read,
        Act::Job => cell.privacy_job,
    };
    // A cell that needs a second person is not enough for one alone.
    if by_matrix && scoped && !(cell.second_person && A::ACT == Act::Write) {
        let actors = match who {
            Who::Machine(m) => m.actors.clone(),
            _ => None,
        };
        return Ok(Permit { asked, by: who.label(), person: who.person().map(|v| v.person), actors });
    }
    Err(match (who, A::RESOURCE) {
        (Who::Anonymous, _) => Denied::SignIn,
        (_, Resource::CoachingRelation | Resource::CoachingShared) => Denied::Hidden,
        _ => Denied::Forbidden,
    })
}

/// Asks for a permit as the one who answers for a feed or metric. Others learn nothing, not even whether it exists.
pub fn permit_owner<A: Owned>(who: &Who, owner: Option<PersonId>, asked: A) -> Result<Permit<A>, Denied> {
    match who {
        Who::Anonymous => Err(Denied::SignIn),
        Who::Person(v) if v.active && owner == Some(v.person) => {
            Ok(Permit { asked, by: who.label(), person: owner, actors: None })
        }
        _ => Err(Denied::Hidden),
    }
}

/// Asks for a permit to decide on a study.
///
/// The matrix says who writes a study and has no row for what is decided on its answer. A decision is a person's: of the
/// executive who answers for what is tried, or of whoever may write studies.
pub fn permit_decision(who: &Who, asked: DecideStudy) -> Result<Permit<DecideStudy>, Denied> {
    let writes = || allowed(who, Relation::NONE, Resource::StudyDefinition).write;
    match who {
        Who::Anonymous => Err(Denied::SignIn),
        Who::Person(v) if v.active && (v.roles.contains(&AccessRole::Executive) || writes()) => {
            Ok(Permit { asked, by: who.label(), person: Some(v.person), actors: None })
        }
        _ => Err(Denied::Forbidden),
    }
}

/// Whether somebody may ask for a change that the matrix gives to two persons together, and who they are.
/// Nothing is changed by asking: another one applies it, with the permit of [`second`].
pub fn may_ask<A: Asked>(who: &Who) -> Result<PersonId, Denied> {
    match who {
        Who::Person(viewer) if allowed(who, Relation::NONE, A::RESOURCE).write => Ok(viewer.person),
        Who::Anonymous => Err(Denied::SignIn),
        _ => Err(Denied::Forbidden),
    }
}

/// A permit for what somebody else has asked for: the matrix lets both write, and they are two.
pub fn second<A: Asked>(who: &Who, asked: A, first: PersonId) -> Result<Permit<A>, Denied> {
    let person = may_ask::<A>(who)?;
    if person == first {
        return Err(Denied::Forbidden);
    }
    Ok(Permit { asked, by: who.label(), person: Some(person), actors: None })
}

/// Whose rows a list may hold. Only this module makes one; every list in `store` takes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope(Reach);

#[derive(Debug, Clone, PartialEq)]
enum Reach {
    Only(BTreeSet<PersonId>),
    Everyone,
}

/// Whose rows a scope reaches, for `store` to turn into a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum People<'a> {
    /// Only these.
    Only(&'a BTreeSet<PersonId>),
    /// No limit.
    Everyone,
}

impl Scope {
    /// Whose rows it reaches.
    pub fn people(&self) -> People<'_> {
        match &self.0 {
            Reach::Only(set) => People::Only(set),
            Reach::Everyone => People::Everyone,
        }
    }
    /// Whether a person's rows are inside.
    pub fn holds(&self, person: PersonId) -> bool {
        match &self.0 {
            Reach::Only(set) => set.contains(&person),
            Reach::Everyone => true,
        }
    }
}

/// Whose rows of a resource somebody may list: their own, those of their direct reports, everyone's, or nobody's,
/// each as the matrix says.
pub fn scope(who: &Who, resource: Resource, key_scope: Option<KeyScope>) -> Scope {
    let everyone = match who {
        Who::Host => true,
        Who::Machine(m) => {
            m.active
                && cell(resource, Principal::Api).read
                && key_scope.is_some_and(|s| m.scopes.contains(&s))
        }
        Who::Anonymous => false,
        Who::Person(_) => allowed(who, Relation::NONE, resource).read,
    };
    if everyone {
        return Scope(Reach::Everyone);
    }
    let mut only = BTreeSet::new();
    if let Who::Person(viewer) = who {
        let reads = |relation| allowed(who, relation, resource).read;
        if reads(Relation { same: true, ..Relation::NONE }) {
            only.insert(viewer.person);
        }
        if reads(Relation { lead: Lead::Direct, ..Relation::NONE }) {
            only.extend(&viewer.reports);
        }
    }
    Scope(Reach::Only(only))
}

#[cfg(test)]
mod tests;
