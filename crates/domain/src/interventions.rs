//! Interventions (on pages: *support*): anything done to improve performance, of any kind, with its price and its rollout.

use serde::{Deserialize, Serialize};

use crate::ids::{InterventionId, MetricId, PersonId, UnitId};
use crate::time::Day;

worded! {
    /// What kind of thing is done. Training is one kind among many.
    pub enum Kind {
        /// A lesson of at most ten minutes aimed at one behaviour.
        Lesson = "lesson",
        /// A longer course.
        Course = "course",
        /// Help used during the work: a checklist, a decision table, a call script.
        JobAid = "job_aid",
        /// The process changes.
        Process = "process",
        /// A tool or system changes.
        Tool = "tool",
        /// Expectations are made clear, or feedback is given.
        Feedback = "feedback",
        /// What is rewarded changes.
        Incentive = "incentive",
        /// More or other hands.
        Staffing = "staffing",
        /// Talks with the leader.
        Coaching = "coaching",
        /// A colleague or a community helps.
        Community = "community",
        /// An event: a webinar, a meeting.
        Event = "event",
        /// A grant or another financial measure.
        Grant = "grant",
    }
}

impl Kind {
    /// Whether people sit down to learn; at least one support offered for a cause must not be.
    pub const fn is_lesson(self) -> bool {
        matches!(self, Kind::Lesson | Kind::Course | Kind::Event)
    }
}

worded! {
    /// Gilbert's six boxes of causes: three of the environment, three of the person.
    pub enum CauseBox {
        /// Expectations, guidance and feedback.
        Information = "information",
        /// Tools, time, process, materials.
        Resources = "resources",
        /// What is rewarded and what it costs.
        Incentives = "incentives",
        /// Knowing how.
        Knowledge = "knowledge",
        /// Being able to.
        Capacity = "capacity",
        /// Wanting to.
        Motives = "motives",
    }
}

impl CauseBox {
    /// Whether the cause lies in the environment, where a lesson is the wrong answer.
    pub const fn is_environment(self) -> bool {
        matches!(self, CauseBox::Information | CauseBox::Resources | CauseBox::Incentives)
    }
}

worded! {
    /// What the minutes are counted per.
    pub enum MinutesPer {
        /// Once for each person who uses it.
        Person = "person",
        /// Every week for each person who uses it.
        PersonWeek = "person_week",
        /// Every week for each unit that has started.
        UnitWeek = "unit_week",
        /// Once for each unit that starts.
        Unit = "unit",
    }
}

worded! {
    /// Whether a support is offered.
    pub enum State {
        /// Offered and rolled out.
        Active = "active",
        /// No longer offered; history stays.
        Retired = "retired",
    }
}

/// Anything done to improve performance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervention {
    /// Our id.
    pub id: InterventionId,
    /// Unique code.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Who answers for it.
    pub owner: Option<PersonId>,
    /// The unit whose people it is for; the whole installation where `None`.
    pub org_unit: Option<UnitId>,
    /// Minutes it costs, per [`Self::minutes_per`].
    pub minutes: f64,
    /// What the minutes are counted per.
    pub minutes_per: MinutesPer,
    /// Money spent in all, in the installation's currency.
    pub money: f64,
    /// What one hour of the people who use it is worth, in the installation's currency; `None` where nobody said.
    pub hour_value: Option<f64>,
    /// The behaviour it aims at.
    pub behaviour: String,
    /// The box of the cause that it answers.
    pub cause_box: CauseBox,
    /// What it is, in words.
    pub description: String,
    /// The xAPI activity that records its use, if one does.
    pub activity: Option<String>,
    /// Offered or retired.
    pub state: State,
}

/// A metric in a lane of a chain page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Which metric.
    pub metric: MetricId,
    /// In which lane it stands; usually the metric's own level.
    pub lane: crate::metrics::Level,
    /// Order within the lane, from 0.
    pub position: i64,
}

/// One unit's start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Which unit.
    pub unit: UnitId,
    /// From which day.
    pub day: Day,
    /// Which wave, from 1.
    pub wave: i64,
    /// Whether the order came from a recorded random draw.
    pub drawn: bool,
}

/// A span of days in which a unit is no fair comparison, with the reason in words (a strike, a closure, a broken feed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which unit; it holds for everything below it too.
    pub unit: UnitId,
    /// First day.
    pub from: Day,
    /// The day after the last one.
    pub until: Day,
    /// What happened, in words.
    pub reason: String,
    /// Whether studies leave the span out. Where they do not, it counts as another event.
    pub leave_out: bool,
}

/// A support given to one person, or one that a person in the same position was not given.
///
/// Those not given it are what makes a later comparison fair: they were picked the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Who.
    pub person: PersonId,
    /// The day it was given; for those who were not given it, the day on which it could have been.
    pub day: Day,
    /// Whether it was given.
    pub given: bool,
    /// How the person came to be on the list; [`DRAWN`] where a recorded draw decided who is given it.
    pub picked_by: String,
}

/// The word of [`Use::picked_by`] for a recorded random draw.
pub const DRAWN: &str = "draw";
