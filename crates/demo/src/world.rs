//! The shape of a demo world: plain values, in the order in which they can be loaded.
//!
//! Rows refer to one another by position ([`PersonIx`] is a position in [`World::people`], and so on).
//! Every row that an import would know by a code carries that code.

use domain::time::{Cadence, Day, Instant};
use serde::Serialize;

macro_rules! positions {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as an index.
            pub const fn at(self) -> usize {
                self.0 as usize
            }
            /// The position for an index.
            pub const fn of(index: usize) -> Self {
                Self(index as u32)
            }
        }
    )*};
}

positions! {
    /// A position in [`World::units`].
    UnitIx;
    /// A position in [`World::job_roles`].
    JobRoleIx;
    /// A position in [`World::people`].
    PersonIx;
    /// A position in [`World::accounts`].
    AccountIx;
    /// A position in [`World::feeds`].
    FeedIx;
    /// A position in [`World::metrics`].
    MetricIx;
    /// A position in [`World::activities`].
    ActivityIx;
    /// A position in [`World::interventions`].
    InterventionIx;
}

/// How much world to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Scale {
    /// 120 branches and about 900 account managers: what is shown.
    Shown,
    /// 3,500 branches and about 28,000 people, for load tests.
    Full,
}

/// Everything that a loader puts into an installation, in loading order.
#[derive(Debug, Clone, Serialize)]
pub struct World {
    /// What it was made from.
    pub seed: u64,
    /// The day it is told from; numbers reach up to the Sunday before.
    pub today: Day,
    /// How large it is.
    pub scale: Scale,
    /// Organisations and what is under them; a parent stands before its children.
    pub units: Vec<Unit>,
    /// Kinds of work.
    pub job_roles: Vec<JobRole>,
    /// Everyone, those who left included.
    pub people: Vec<Person>,
    /// Identities of people in other systems; a few belong to nobody known yet.
    pub accounts: Vec<Account>,
    /// Who works where, dated.
    pub memberships: Vec<Membership>,
    /// Who leads whom, dated.
    pub reporting_lines: Vec<ReportingLine>,
    /// Weeks in which a person was away and no numbers were expected.
    pub absences: Vec<Absence>,
    /// Access grants beyond what leading a team gives.
    pub grants: Vec<Grant>,
    /// The one-click sign-ins.
    pub personas: Vec<Persona>,
    /// Where data comes from.
    pub feeds: Vec<Feed>,
    /// When data came, sorted by time.
    pub feed_runs: Vec<FeedRun>,
    /// What is counted.
    pub metrics: Vec<Metric>,
    /// Agreed levels, oldest first for each metric and scope.
    pub targets: Vec<Target>,
    /// Personal promises, oldest first for each person and metric.
    pub commitments: Vec<Commitment>,
    /// Readings, sorted by the moment they were recorded, then by metric, subject and period.
    pub observations: Vec<Observation>,
    /// Lessons, courses, mandated items and imported packages.
    pub activities: Vec<Activity>,
    /// What was done to improve performance, of every kind.
    pub interventions: Vec<Intervention>,
    /// Which units or people started what, and when; later days than today are plans.
    pub rollouts: Vec<Rollout>,
    /// Lists of people chosen by their numbers: who was low, and who of them was given something.
    pub picks: Vec<Pick>,
    /// Comparisons fixed before their data.
    pub studies: Vec<StudyPlan>,
    /// What people did with activities, sorted by time.
    pub learning: Vec<LearningEvent>,
    /// What people answered when shown a change in their own numbers.
    pub answers: Vec<Answer>,
    /// Supports offered to people, and what they said.
    pub proposals: Vec<Proposal>,
    /// Past and open talks, sorted by the day they were opened.
    pub sessions: Vec<Session>,
    /// Performance analyses; one is finished.
    pub cases: Vec<Case>,
}

/// What an org unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum UnitKind {
    /// The top.
    Organisation,
    /// A group of branches.
    Region,
    /// A branch office.
    Branch,
    /// A factory.
    Plant,
    /// A production line.
    Line,
    /// A central department.
    Department,
}

/// A node of the dated org tree.
#[derive(Debug, Clone, Serialize)]
pub struct Unit {
    /// Its code in imports; unique in the installation.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Where it hangs; none for an organisation.
    pub parent: Option<UnitIx>,
    /// Its first day.
    pub opened: Day,
    /// The first day on which it was no more.
    pub closed: Option<Day>,
    /// The unit that took over its people, where it was merged.
    pub merged_into: Option<UnitIx>,
    /// An IANA time zone, where it differs from its parent's.
    pub zone: Option<&'static str>,
}

/// A kind of work.
#[derive(Debug, Clone, Serialize)]
pub struct JobRole {
    /// Its code in imports.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// A human.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// The number that HR knows them by.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Address at an example domain.
    pub email: String,
    /// First day of work.
    pub joined: Day,
    /// First day no longer at work.
    pub left: Option<Day>,
    /// Preferred language.
    pub language: &'static str,
}

/// The system in which an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AccountSystem {
    /// Human resources: the person's number.
    Hr,
    /// Customer records: a login.
    Crm,
    /// The learning system: what xAPI actors carry.
    Lms,
    /// The plant's planning system: a login.
    Erp,
}

/// One identity in one system.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// Whose it is; none where nobody has said so yet.
    pub person: Option<PersonIx>,
    /// The system.
    pub system: AccountSystem,
    /// The xAPI `account.homePage`.
    pub home_page: &'static str,
    /// The xAPI `account.name`, or the login.
    pub name: String,
}

/// Work of a person in a unit.
#[derive(Debug, Clone, Serialize)]
pub struct Membership {
    /// Who.
    pub person: PersonIx,
    /// Where.
    pub unit: UnitIx,
    /// As what.
    pub job_role: JobRoleIx,
    /// First day.
    pub from: Day,
    /// First day no longer.
    pub until: Option<Day>,
}

/// Who leads whom.
#[derive(Debug, Clone, Serialize)]
pub struct ReportingLine {
    /// Who is led.
    pub person: PersonIx,
    /// By whom.
    pub leader: PersonIx,
    /// First day.
    pub from: Day,
    /// First day no longer.
    pub until: Option<Day>,
}

/// A stretch of leave.
#[derive(Debug, Clone, Serialize)]
pub struct Absence {
    /// Who.
    pub person: PersonIx,
    /// A Monday.
    pub from: Day,
    /// The Monday of return.
    pub until: Day,
}

/// What a grant lets a person do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AccessRole {
    /// Aggregates and chains of a unit and all under it.
    Executive,
    /// Cases, studies and pseudonymised numbers.
    Analyst,
    /// Writes lessons and other support.
    Author,
    /// Runs the installation.
    Admin,
    /// Watches who may see what.
    Privacy,
    /// Answers for a feed.
    FeedOwner,
}

/// A permission for a unit and all under it.
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// Who.
    pub person: PersonIx,
    /// What they may do.
    pub role: AccessRole,
    /// For which part of the tree.
    pub unit: UnitIx,
}

/// Which day in the life a one-click sign-in shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PersonaKind {
    /// Leads a branch.
    Leader,
    /// Works in a team.
    Member,
    /// Reads chains and decides.
    Executive,
    /// Runs cases and studies.
    Analyst,
    /// Keeps the data flowing.
    Admin,
    /// Watches over access.
    Privacy,
}

/// A one-click sign-in of the demo.
#[derive(Debug, Clone, Serialize)]
pub struct Persona {
    /// Which day it shows.
    pub kind: PersonaKind,
    /// Who it is.
    pub person: PersonIx,
    /// Their title.
    pub title: &'static str,
    /// Where they work, in words.
    pub place: String,
    /// What they will see, in one line.
    pub sees: &'static str,
}

/// A configured source of data.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: String,
    /// The system behind it, in words.
    pub system: &'static str,
    /// The organisation it feeds, or the part of it.
    pub unit: UnitIx,
    /// Who is told when it is late.
    pub owner: PersonIx,
    /// How often something should come.
    pub cadence: Cadence,
    /// How many days after the end of a period its rows are expected at the latest.
    pub expected_lag_days: u16,
    /// The metrics it brings; none for people and for learning records.
    pub metrics: Vec<MetricIx>,
}

/// One arrival, or one that should have been.
#[derive(Debug, Clone, Serialize)]
pub struct FeedRun {
    /// Which feed.
    pub feed: FeedIx,
    /// When it ran.
    pub at: Instant,
    /// Rows taken in.
    pub rows: u32,
    /// Rows set aside.
    pub set_aside: u32,
    /// What the other system said, where it failed.
    pub problem: Option<&'static str>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// What a metric speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Level {
    /// What the business wants.
    Business,
    /// What people in a job role accomplish.
    Performance,
    /// Whether a support is used.
    Solution,
}

/// Whom the observations of a metric are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Grain {
    /// One person.
    Person,
    /// One org unit of this kind.
    Unit(UnitKind),
}

/// How observations roll up over people, units and weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Aggregation {
    /// Added.
    Sum,
    /// Averaged.
    Mean,
    /// Numerators and denominators added, then divided.
    Ratio,
}

/// A defined quantity.
#[derive(Debug, Clone, Serialize)]
pub struct Metric {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The unit of a reading (`calls`, `€ per hour`, `days`, `%`).
    pub unit: &'static str,
    /// One sentence that says what is counted.
    pub definition: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// What it speaks about.
    pub level: Level,
    /// Whom it is about.
    pub grain: Grain,
    /// How it rolls up.
    pub aggregation: Aggregation,
    /// How often it is read.
    pub cadence: Cadence,
    /// Digits after the point when shown.
    pub decimals: u8,
    /// Must not get worse while another improves.
    pub guardrail: bool,
    /// The organisation.
    pub organisation: UnitIx,
    /// The job role whose work it reads, where there is one.
    pub job_role: Option<JobRoleIx>,
    /// Who answers for the definition.
    pub owner: PersonIx,
    /// Where it comes from.
    pub feed: FeedIx,
}

/// For whom a target holds; the narrower one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TargetScope {
    /// Everyone of a job role in the organisation.
    JobRole(JobRoleIx),
    /// A unit and all under it.
    Unit(UnitIx),
}

/// One version of a target.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// Of which metric.
    pub metric: MetricIx,
    /// For whom.
    pub scope: TargetScope,
    /// The agreed level, in the metric's unit.
    pub level: f64,
    /// Allowed distance from it.
    pub tolerance: f64,
    /// Over how many weeks it is judged.
    pub window_weeks: u16,
    /// From when it holds.
    pub from: Day,
    /// Who set it.
    pub set_by: PersonIx,
    /// Why.
    pub why: &'static str,
}

/// One version of a personal promise.
#[derive(Debug, Clone, Serialize)]
pub struct Commitment {
    /// Of which metric.
    pub metric: MetricIx,
    /// Whose.
    pub person: PersonIx,
    /// The promised level.
    pub level: f64,
    /// From when it holds.
    pub from: Day,
    /// Why.
    pub why: &'static str,
}

/// One value of one metric for one subject and period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Observation {
    /// When it came in.
    pub recorded: Instant,
    /// The value, or the upper part of a ratio. For metrics in per cent it is counted in hundredths, so that
    /// numerator over denominator is the number in the metric's unit.
    pub numerator: f64,
    /// The lower part of a ratio.
    pub denominator: Option<f64>,
    /// A position in people or in units, as the metric's grain says.
    pub subject: u32,
    /// The first day of its period.
    pub period: Day,
    /// Of which metric.
    pub metric: u16,
    /// 1 for the first reading, 2 and up for corrections.
    pub revision: u16,
}

impl Observation {
    /// The metric's position.
    pub const fn metric(&self) -> MetricIx {
        MetricIx(self.metric as u32)
    }
}

/// What an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ActivityKind {
    /// At most ten minutes, aimed at one behaviour.
    Lesson,
    /// Something to try at work after a lesson.
    TryIt,
    /// A longer course of the old kind.
    Course,
    /// A live session.
    Webinar,
    /// Needed for a licence; expires.
    Mandated,
    /// An imported cmi5 assignable unit.
    Cmi5,
    /// An imported SCORM package.
    Scorm,
}

/// Something that learning events are about.
#[derive(Debug, Clone, Serialize)]
pub struct Activity {
    /// Its IRI.
    pub iri: &'static str,
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// What it is.
    pub kind: ActivityKind,
    /// How long it takes.
    pub minutes: u16,
    /// The behaviour it aims at; empty where it aims at none.
    pub behaviour: &'static str,
    /// The metric it is meant to help.
    pub metric: Option<MetricIx>,
    /// How long a mandated item stays valid.
    pub valid_months: Option<u16>,
}

/// A kind of intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum InterventionKind {
    /// A short lesson with something to try.
    Lesson,
    /// A longer course.
    Course,
    /// A talk between leader and team member.
    Coaching,
    /// A live session.
    Webinar,
    /// A system or tool.
    Tool,
    /// Help used during the work.
    JobAid,
    /// A change in how work flows.
    Process,
    /// What people or partners are answerable for.
    Incentive,
    /// Expectations and feedback.
    Feedback,
}

/// One of Gilbert's six places for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CauseBox {
    /// Environment: expectations, feedback, guides.
    Information,
    /// Environment: tools, time, process.
    Resources,
    /// Environment: consequences, pay, answerability.
    Incentives,
    /// Person: knowing how.
    Knowledge,
    /// Person: being able to.
    Capacity,
    /// Person: wanting to.
    Motives,
}

/// How it was decided who starts when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Assignment {
    /// Units drawn by lot into waves.
    Lot,
    /// Units started at dates planned beforehand.
    Planned,
    /// People picked because their numbers were low.
    PickedByNumbers,
}

/// Anything done to improve performance.
#[derive(Debug, Clone, Serialize)]
pub struct Intervention {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: InterventionKind,
    /// The organisation.
    pub organisation: UnitIx,
    /// Who answers for it.
    pub owner: PersonIx,
    /// One sentence or two.
    pub description: &'static str,
    /// The behaviour it aims at.
    pub behaviour: &'static str,
    /// The cause it answers.
    pub cause_box: CauseBox,
    /// Minutes that each person spends once.
    pub minutes_once: f64,
    /// Minutes that each person spends every week while it runs.
    pub minutes_weekly: f64,
    /// Money spent in all, in euro.
    pub money: f64,
    /// What one hour of the people who use it is worth, in euro.
    pub hour_value: f64,
    /// How starts were decided.
    pub assignment: Assignment,
    /// The learning activities in it.
    pub activities: Vec<ActivityIx>,
    /// Business metrics it should move in the end.
    pub business: Vec<MetricIx>,
    /// Performance metrics it should move first.
    pub performance: Vec<MetricIx>,
    /// Metrics of its use.
    pub solution: Vec<MetricIx>,
}

/// Whom a rollout reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Reach {
    /// A unit and everyone in it.
    Unit(UnitIx),
    /// One person.
    Person(PersonIx),
}

/// One start.
#[derive(Debug, Clone, Serialize)]
pub struct Rollout {
    /// Of what.
    pub intervention: InterventionIx,
    /// For whom.
    pub reach: Reach,
    /// From which day; later than today for a plan.
    pub from: Day,
    /// The batch it belongs to, from 1.
    pub wave: u16,
}

/// A person whose numbers were low when support was handed out, whether or not they got it.
#[derive(Debug, Clone, Serialize)]
pub struct Pick {
    /// What was handed out.
    pub intervention: InterventionIx,
    /// Who was low.
    pub person: PersonIx,
    /// In which metric.
    pub metric: MetricIx,
    /// The Monday of the last low week that was looked at.
    pub flagged: Day,
    /// When they got it, in the week after `flagged`; none where there was no seat or no talk.
    /// For those without, that same week is the one to compare from.
    pub started: Option<Day>,
}

/// How a comparison is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Design {
    /// Units that started against units not yet started.
    StagedUnits,
    /// People picked at a low moment against people as low who were not given it.
    FlaggedPeople,
}

/// A comparison fixed before its data came in.
#[derive(Debug, Clone, Serialize)]
pub struct StudyPlan {
    /// Its code.
    pub code: &'static str,
    /// Of what.
    pub intervention: InterventionIx,
    /// The locked sentence.
    pub hypothesis: &'static str,
    /// The metric that decides.
    pub outcome: MetricIx,
    /// Others that are shown beside it.
    pub beside: Vec<MetricIx>,
    /// The metrics that must not get worse.
    pub guardrails: Vec<MetricIx>,
    /// How it is set up.
    pub design: Design,
    /// Units that take part: those that start and those compared with them. Empty for designs over people.
    pub units: Vec<UnitIx>,
    /// Weeks before the start that are used.
    pub weeks_before: u16,
    /// Weeks after the start that are read, the starting week included.
    pub weeks_after: u16,
    /// When the plan was locked.
    pub locked: Day,
    /// When it is read.
    pub reading: Day,
    /// What happened meanwhile that could explain a difference, in words, with the unit and the weeks.
    pub events: Vec<StudyEvent>,
}

/// Something that happened during a study.
#[derive(Debug, Clone, Serialize)]
pub struct StudyEvent {
    /// Where.
    pub unit: UnitIx,
    /// First day.
    pub from: Day,
    /// First day after.
    pub until: Day,
    /// What, in one sentence.
    pub what: &'static str,
}

/// What a learning event says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verb {
    /// `http://adlnet.gov/expapi/verbs/initialized`
    Initialized,
    /// `http://adlnet.gov/expapi/verbs/completed`
    Completed,
    /// `http://adlnet.gov/expapi/verbs/passed`
    Passed,
    /// `http://adlnet.gov/expapi/verbs/failed`
    Failed,
    /// `http://adlnet.gov/expapi/verbs/experienced`: tried at work.
    Experienced,
    /// `http://adlnet.gov/expapi/verbs/attended`
    Attended,
}

impl Verb {
    /// Its IRI.
    pub const fn iri(self) -> &'static str {
        match self {
            Verb::Initialized => "http://adlnet.gov/expapi/verbs/initialized",
            Verb::Completed => "http://adlnet.gov/expapi/verbs/completed",
            Verb::Passed => "http://adlnet.gov/expapi/verbs/passed",
            Verb::Failed => "http://adlnet.gov/expapi/verbs/failed",
            Verb::Experienced => "http://adlnet.gov/expapi/verbs/experienced",
            Verb::Attended => "http://adlnet.gov/expapi/verbs/attended",
        }
    }
    /// Its word in English.
    pub const fn word(self) -> &'static str {
        match self {
            Verb::Initialized => "initialized",
            Verb::Completed => "completed",
            Verb::Passed => "passed",
            Verb::Failed => "failed",
            Verb::Experienced => "experienced",
            Verb::Attended => "attended",
        }
    }
}

/// One thing done with one activity: becomes one xAPI statement.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LearningEvent {
    /// When.
    pub at: Instant,
    /// By which account; it may belong to nobody known yet.
    pub account: AccountIx,
    /// With what.
    pub activity: ActivityIx,
    /// What was done.
    pub verb: Verb,
    /// Seconds spent, for `result.duration`.
    pub seconds: Option<u32>,
    /// For `result.completion`.
    pub completion: Option<bool>,
    /// For `result.success`.
    pub success: Option<bool>,
    /// For `result.score.scaled`, 0 to 1.
    pub score: Option<f32>,
}

/// What a person answers to a change in their own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AnswerKind {
    /// I know why.
    KnowWhy,
    /// I'd like help.
    LikeHelp,
    /// The data is wrong.
    DataWrong,
}

/// A person's answer.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Who.
    pub person: PersonIx,
    /// About which metric.
    pub metric: MetricIx,
    /// Which of the three.
    pub kind: AnswerKind,
    /// In their words.
    pub text: &'static str,
    /// When.
    pub at: Instant,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ProposalState {
    /// Nobody has answered yet.
    Open,
    /// Taken.
    Taken,
    /// Declined, with a reason.
    Declined,
}

/// A support offered to a person.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// By whom.
    pub by: PersonIx,
    /// To whom.
    pub person: PersonIx,
    /// What.
    pub intervention: InterventionIx,
    /// For which metric.
    pub metric: MetricIx,
    /// When.
    pub at: Instant,
    /// Where it stands.
    pub state: ProposalState,
    /// What the person said.
    pub reply: Option<&'static str>,
    /// When they said it.
    pub replied: Option<Instant>,
}

/// Why a talk took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SessionReason {
    /// Something changed.
    Shift,
    /// Steadily off target.
    Gap,
    /// The regular 1:1.
    Regular,
}

/// How a talk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SessionOutcome {
    /// Something is being tried.
    Acting,
    /// The number came back.
    Recovered,
    /// It stays as it is, for a reason.
    Accepted,
    /// The data was wrong.
    DataWrong,
}

/// What was found on the check day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CheckResult {
    /// Back in the usual range.
    Back,
    /// On the way.
    Partly,
    /// No change yet.
    NotYet,
}

/// Who does what by when.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    /// What.
    pub what: &'static str,
    /// Who.
    pub who: PersonIx,
    /// By when.
    pub by: Day,
    /// When it was done.
    pub done: Option<Day>,
}

/// A dated look at the metric after a talk.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// When to look.
    pub on: Day,
    /// When it was looked at; none where it is due or overdue.
    pub looked: Option<Day>,
    /// What was found.
    pub result: Option<CheckResult>,
}

/// One message in a thread.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// From whom.
    pub from: PersonIx,
    /// When.
    pub at: Instant,
    /// What.
    pub text: &'static str,
}

/// One talk between a leader and a team member.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// Who leads.
    pub leader: PersonIx,
    /// With whom.
    pub person: PersonIx,
    /// About which metric.
    pub metric: MetricIx,
    /// Why.
    pub reason: SessionReason,
    /// The first week of the change talked about, where there was one.
    pub since: Option<Day>,
    /// When it was opened.
    pub opened: Instant,
    /// The day of the talk.
    pub held: Day,
    /// What they think is going on.
    pub going_on: &'static str,
    /// What they try.
    pub we_try: &'static str,
    /// The action agreed, where there is one.
    pub action: Option<Action>,
    /// When to look again.
    pub check: Option<Check>,
    /// How it ended.
    pub outcome: SessionOutcome,
    /// When the leader signed.
    pub signed_by_leader: Option<Instant>,
    /// When the person signed.
    pub signed_by_person: Option<Instant>,
    /// The thread.
    pub messages: Vec<Message>,
}

/// One performance-analysis engagement.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// Its code.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where.
    pub organisation: UnitIx,
    /// The request in the words it came in.
    pub request: &'static str,
    /// Who asked.
    pub requested_by: PersonIx,
    /// When.
    pub requested: Day,
    /// Who runs it.
    pub analyst: PersonIx,
    /// The problem.
    pub problem: Problem,
    /// Whom they heard.
    pub interviews: Vec<Interview>,
    /// Accounts that do not fit together: positions in `interviews`.
    pub contradictions: Vec<Contradiction>,
    /// The claimed reasons, in the panel's order.
    pub causes: Vec<Cause>,
    /// Who ranked them, and how.
    pub panel: Vec<PanelVote>,
    /// When the ranking was frozen.
    pub panel_frozen: Day,
    /// When the problem was declared solved or followed up; none while it runs.
    pub closed: Option<Day>,
}

/// What should be, what is, how we would know.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// The business metric.
    pub metric: MetricIx,
    /// What should be.
    pub should_be: &'static str,
    /// What is.
    pub is: &'static str,
    /// When it is no longer a problem.
    pub solved_when: &'static str,
    /// What it is worth, in words.
    pub worth: &'static str,
    /// When the sponsor confirmed it.
    pub confirmed: Day,
}

/// How high in the house a voice speaks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum VoiceLevel {
    /// Executive.
    Executive,
    /// Manager.
    Manager,
    /// Specialist.
    Specialist,
    /// Shop floor; speaks without a name.
    Floor,
}

/// One talk of an analysis.
#[derive(Debug, Clone, Serialize)]
pub struct Interview {
    /// Who, by job role and place; the floor speaks without names.
    pub voice: &'static str,
    /// The job role in the installation, where it has one.
    pub job_role: Option<JobRoleIx>,
    /// The plant, where there is one.
    pub unit: Option<UnitIx>,
    /// From how high.
    pub level: VoiceLevel,
    /// When.
    pub on: Day,
    /// What they said.
    pub said: &'static str,
    /// Whom else they named.
    pub named: &'static str,
    /// Positions of causes that this speaks for.
    pub speaks_for: Vec<u16>,
}

/// Two accounts side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Contradiction {
    /// One interview.
    pub one: u16,
    /// The other.
    pub other: u16,
    /// What they differ about.
    pub about: &'static str,
}

/// A claimed reason for the gap.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// In words.
    pub what: &'static str,
    /// Its boxes; the first is the main one.
    pub boxes: Vec<CauseBox>,
    /// What speaks for it.
    pub evidence_for: &'static str,
    /// What speaks against it.
    pub evidence_against: &'static str,
    /// The metric it holds down.
    pub metric: MetricIx,
    /// The support chosen for it.
    pub support: InterventionIx,
    /// How much of it a lesson could answer, 0 to 1.
    pub lesson_share: f64,
}

/// One panel member's ranking, given alone before the discussion.
#[derive(Debug, Clone, Serialize)]
pub struct PanelVote {
    /// Who, by job role.
    pub voice: &'static str,
    /// For each cause, the rank given to it, 1 for the weightiest.
    pub ranks: Vec<u16>,
    /// For each cause, the share of the gap that it may explain, in per cent; adds up to 100.
    pub shares: Vec<u16>,
}
