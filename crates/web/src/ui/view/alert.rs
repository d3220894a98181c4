//! An alert: what changed, since when, what was tried, and the next step of whoever looks.

use askama::Template;
use domain::time::Day;

use super::{ControlChart, Fact, FormErrors, Link, Message, Shell, Status, Step, StepState, SupportOption};
use crate::ui::filters;
use crate::ui::format::Moment;

/// An alert's page, the same for the person and their leader except for the next step.
///
/// Forms, all to this page's `href`:
/// - the person: `POST {href}/answer` with `answer` = `know`, `help` or `wrong`, and `text` (one line);
/// - the leader: `POST {href}/talk` (no fields); `POST {href}/wait` with `until` (a date) and `why`;
///   `POST {href}/wrong` with `text`; `POST {href}/accept` with `why` (the level is accepted as it is);
///   `POST {href}/hand` (no fields); `POST {href}/silence` with `until` and `why`;
///   `POST {href}/propose` with `support` (an id);
/// - both: `POST {href}/message` with `text`; `POST {href}/undo` takes back what they did last.
///
/// `GET {href}?answer=know` sets the choice in the person's form.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "alert.html")]
pub struct AlertPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address, without a query.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The first name of the person it is about.
    pub first_name: String,
    /// The finding: "Maya's successful calls have been lower for four weeks".
    pub title: String,
    /// "About 31 a week since 16 February; her usual range is 32 to 48."
    pub lead: String,
    /// Gap or shift, or how it ended.
    pub status: Status,
    /// Where the episode stands.
    pub steps: Vec<Step>,
    /// The metric's page.
    pub metric_href: String,
    /// The chart.
    pub chart: ControlChart,
    /// What changed with it, what did not, what was tried.
    pub facts: Vec<Fact>,
    /// Support that fits, three or so, at least one not a lesson.
    pub supports: Vec<SupportOption>,
    /// Whether the viewer may propose support.
    pub can_propose: bool,
    /// What is not offered and why: "The motivational webinar is not offered: no difference was seen." May be empty.
    pub not_offered: String,
    /// The rule, its version, what chance alone would do, who was told when.
    pub why: String,
    /// What happened to it, in order.
    pub history: Vec<EpisodeLine>,
    /// The episode before it.
    pub before: Option<Link>,
    /// What the viewer can do next.
    pub next: NextStep,
    /// The messages.
    pub thread: Vec<Message>,
    /// Whether the viewer may write.
    pub can_write: bool,
}

/// One thing that happened to an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeLine {
    /// When.
    pub at: Moment,
    /// What, who and why: "Seen, Maya Lindqvist".
    pub text: String,
}

/// What the viewer can do next.
#[derive(Debug, Clone, PartialEq)]
pub enum NextStep {
    /// The person it is about has not answered yet, or may change the answer.
    Answer(AnswerForm),
    /// The leader decides.
    Lead(LeadForm),
    /// Nothing to do; why, in a sentence.
    Nothing(String),
}

/// The person's three ways out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerForm {
    /// `know`, `help`, `wrong`, or empty where nothing is chosen yet.
    pub chosen: String,
    /// What stands in the field.
    pub text: String,
    /// Likely reasons that fit what is known, as suggestions for the line.
    pub suggestions: Vec<String>,
    /// Who sees the answer when: "Daniel sees this on Friday 20 March, with your answer if you gave one."
    pub note: String,
    /// What to put right. Field ids: `answer`, `text`.
    pub errors: FormErrors,
}

/// The leader's next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadForm {
    /// A session that is open already, to go on with.
    pub session_href: Option<String>,
    /// "You already meet on Friday 20 March at 10:00." May be empty.
    pub note: String,
    /// The id of the form that a link opened: `wait` or `wrong`; may be empty.
    pub open: String,
    /// Whether somebody has it in hand.
    pub in_hand: bool,
    /// What stands in the date field of Wait until.
    pub until: Option<Day>,
    /// The latest date that can be chosen.
    pub until_max: Option<Day>,
    /// What to put right. Field ids: `until`, `wait-why`, `wrong-text`, `accept-why`, `silence-until`, `silence-why`.
    pub errors: FormErrors,
}

impl AlertPage {
    /// "Only one of these is a lesson."
    pub fn support_note(&self) -> String {
        let lessons = self.supports.iter().filter(|s| s.kind.is_lesson()).count();
        let can = match self.next {
            NextStep::Answer(_) => "You can take, swap or decline what is proposed.".to_owned(),
            _ => format!("{} can take, swap or decline.", self.first_name),
        };
        match (lessons, self.supports.len()) {
            (0, _) => format!("{can} None of these is a lesson."),
            (1, n) if n > 1 => format!("{can} Only one of these is a lesson."),
            _ => can,
        }
    }
}

impl AnswerForm {
    /// Whether this choice is set.
    pub fn is(&self, choice: &str) -> bool {
        self.chosen == choice
    }
}
