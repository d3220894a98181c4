//! A study on its way: the sentence, what is fixed, what the history can carry, the draw, who uses it.

use askama::Template;
use domain::studies::draw::Shape;
use domain::studies::workflow::Stage;
use domain::time::Day;

use super::{Choice, Fact, FormErrors, Link, Shell, Status, Step, StepState};
use crate::ui::filters;
use crate::ui::format::Moment;
use crate::ui::svg::Markup;

/// The form that reads like the sentence.
///
/// `POST {action}` with `support`, `metric`, `guardrail:{metric}` for each that is ticked, `design`, `whom`, `by`,
/// `within`, `because`, `stop_if`, `before`, `after`, `scale`, `smallest`, `reading` (a date, may be empty), and `why` where it is locked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HypothesisForm {
    /// Where it goes.
    pub action: String,
    /// Supports to choose from; empty where the study has one.
    pub supports: Vec<Choice>,
    /// The support's name, where the study has one.
    pub support: String,
    /// Its id.
    pub support_id: String,
    /// Metrics to choose from.
    pub metrics: Vec<Choice>,
    /// Metrics that are likely guardrails, and those that are.
    pub guardrails: Vec<Choice>,
    /// Other metrics that may be one.
    pub others: Vec<Choice>,
    /// Ways to compare.
    pub designs: Vec<Choice>,
    /// Scales.
    pub scales: Vec<Choice>,
    /// For whom.
    pub whom: String,
    /// By how much, as typed.
    pub by: String,
    /// The unit of the metric, where one is chosen.
    pub unit: String,
    /// Within how many periods, as typed.
    pub within: String,
    /// The metric's period in words: "weeks".
    pub periods: String,
    /// Because.
    pub because: String,
    /// We stop if.
    pub stop_if: String,
    /// Periods before, as typed.
    pub before: String,
    /// Periods after, as typed.
    pub after: String,
    /// The smallest difference worth having, as typed.
    pub smallest: String,
    /// The day for reading it, as typed.
    pub reading: String,
    /// Whether a change is an amendment, which needs a reason.
    pub locked: bool,
    /// The reason, as typed.
    pub why: String,
    /// What to put right; field ids are the names of the fields.
    pub errors: FormErrors,
}

/// A new hypothesis.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "study_new.html")]
pub struct NewStudyPage {
    /// The frame.
    pub shell: Shell,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The form.
    pub form: HypothesisForm,
}

/// A study's page.
///
/// Forms besides [`HypothesisForm`]: `POST {href}/lock` (no fields); `POST {href}/draw` with `shape`, `kind`, `waves`,
/// `first` (a date), `weeks`; `POST {href}/rollout` with `draw` (a number).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "study.html")]
pub struct StudyPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The finding.
    pub title: String,
    /// Where it is.
    pub stage: Stage,
    /// Draft, locked, running, read, decided.
    pub steps: Vec<Step>,
    /// The sentence.
    pub sentence: String,
    /// What is or will be fixed.
    pub fixed: Vec<Fact>,
    /// The chain page, once there is something to see on it.
    pub chain: Option<Link>,
    /// The form to change it, where the viewer may.
    pub form: Option<HypothesisForm>,
    /// Whether the form stands open: it has faults, or the study is a draft.
    pub form_open: bool,
    /// What is missing before it can be locked; each with the field it is about.
    pub missing: Vec<(String, String)>,
    /// Whether the viewer may lock it.
    pub can_lock: bool,
    /// What was changed after the lock, oldest first.
    pub amendments: Vec<AmendmentRow>,
    /// What is known before the start; `None` once it runs.
    pub before: Option<BeforeStart>,
    /// The planned or running rollout, a wave a line.
    pub waves: Vec<WaveRow>,
    /// While it runs.
    pub during: Option<During>,
    /// Decisions, newest first, as sentences.
    pub decisions: Vec<String>,
}

/// A change after the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendmentRow {
    /// Who.
    pub who: String,
    /// When.
    pub at: Moment,
    /// What: "Reading day: 2026-06-01 became 2026-07-01".
    pub what: Vec<String>,
    /// Why.
    pub why: String,
}

/// What is known before the start.
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeStart {
    /// What was asked of the history, with its answer.
    pub findings: Vec<(Status, String, String)>,
    /// Heads of the table of shapes: "after 4 weeks".
    pub horizons: Vec<String>,
    /// Shapes with what each could show.
    pub shapes: Vec<ShapeRow>,
    /// The difference that is hoped for, in words; empty where nobody said.
    pub hoped: String,
    /// The form to draw, where the viewer may.
    pub draw: Option<DrawForm>,
    /// Draws, newest first.
    pub draws: Vec<DrawRow>,
}

/// One shape of rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeRow {
    /// "Half now, half later".
    pub name: String,
    /// Why one would choose it.
    pub why: String,
    /// The difference that could be seen, one for each horizon; "–" where the past is too short to try.
    pub seen: Vec<String>,
    /// When what is hoped for could be seen.
    pub when: String,
}

/// How a rollout is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrawForm {
    /// Shapes.
    pub shapes: Vec<Choice>,
    /// Kinds of units.
    pub kinds: Vec<Choice>,
    /// Into how many waves, as typed.
    pub waves: String,
    /// The first day, as typed.
    pub first: String,
    /// Weeks between waves, as typed.
    pub weeks: String,
    /// What to put right. Field ids: `shape`, `kind`, `waves`, `first`, `every`.
    pub errors: FormErrors,
}

/// A recorded draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawRow {
    /// Its number.
    pub number: i64,
    /// "In waves, drawn by Jonas Wirth today, 08:41".
    pub text: String,
    /// The seed.
    pub seed: String,
    /// Waves: "Wave 1, Mon 6 April: 10 units", with the units' codes.
    pub waves: Vec<(String, String)>,
    /// When it became the rollout, in words; empty while it is a proposal.
    pub applied: String,
    /// Whether the viewer may make it the rollout.
    pub can_apply: bool,
}

/// One wave of the rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveRow {
    /// "Wave 1".
    pub name: String,
    /// Its day.
    pub day: Day,
    /// "10 branches".
    pub units: String,
    /// Whether a draw decided.
    pub drawn: bool,
    /// Whether it has started.
    pub started: bool,
}

/// While it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct During {
    /// Time to readable, data, guardrails: name, status, words.
    pub facts: Vec<(String, Status, String)>,
    /// The early look in words; empty where there is none.
    pub look: String,
    /// Use by job role over all units that started.
    pub roles: Vec<AdoptionRow>,
    /// Use by unit and job role.
    pub units: Vec<AdoptionRow>,
    /// Why some or all of it is not shown; empty where all is.
    pub withheld: String,
}

/// Use of a support in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionRow {
    /// The unit; empty for all together.
    pub unit: String,
    /// The job role.
    pub job_role: String,
    /// Which wave; 0 for all together.
    pub wave: i64,
    /// People there.
    pub people: u32,
    /// Of them, how many have used it.
    pub used: u32,
}

impl AdoptionRow {
    /// "412 of 487".
    pub fn words(&self) -> String {
        format!("{} of {}", self.used, self.people)
    }
    /// In a hundred.
    pub fn percent(&self) -> u32 {
        (self.used * 100 + self.people / 2).checked_div(self.people).unwrap_or(0)
    }
}

impl StudyPage {
    /// A status with its words.
    pub fn status(&self, status: &Status, words: &str) -> Markup {
        status.with(words)
    }
    /// Whether nobody has started.
    pub fn is_draft(&self) -> bool {
        self.stage == Stage::Draft
    }
}

/// A shape in words: its name and why one would choose it.
pub const fn shape_words(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Waves => ("All in waves, order by lot", "Everybody gets it; whoever waits is compared with"),
        Shape::Half => ("Half now, half later, by lot", "Soonest clear answer"),
        Shape::Pairs => ("Pairs, one of each now, by lot", "Like half, with both sides alike in level"),
        Shape::Few => ("A quarter first, by lot", "Least at risk; takes longest to see"),
    }
}
