//! Alerts: when something about a subject's work needs a talk.
//!
//! A *gap* is steadily off target beyond tolerance; a *shift* is an unusual change against the subject's own baseline.
//! One alert is one episode, from open to close, and every episode ends in a named state.
//! [`whole`] judges a metric, [`series`] finds the episodes in one series, [`trial`] tries a rule on history;
//! this module holds what people do with episodes.

pub mod movements;
pub mod peers;
pub mod pool;
pub mod series;
pub mod trial;
pub mod whole;
#[cfg(test)]
mod worlds;

use serde::{Deserialize, Serialize};

use crate::ids::{AlertId, MetricId, PersonId, Subject};
use crate::time::{Day, Instant};

worded! {
    /// What kind of thing an alert says.
    pub enum Kind {
        /// Something changed: a control-chart signal against the subject's own baseline.
        Shift = "shift",
        /// Steadily off target beyond the tolerance.
        Gap = "gap",
        /// A metric that must not get worse while another improves has changed for the worse.
        Guardrail = "guardrail",
        /// Nothing came where something was expected; goes to the feed's owner, never to the person.
        NoData = "no_data",
    }
}

worded! {
    /// Which way it went.
    pub enum Way {
        /// Lower than usual, or below the target.
        Lower = "lower",
        /// Higher than usual, or above the target.
        Higher = "higher",
    }
}

worded! {
    /// Where an episode is.
    pub enum State {
        /// Nobody concerned has seen it.
        New = "new",
        /// The person or their leader has seen it.
        Seen = "seen",
        /// A coaching session was opened.
        Talked = "talked",
        /// Something was agreed and is being tried.
        Acting = "acting",
        /// Somebody said that the data are wrong; held until the feed's owner answers.
        InQuestion = "in_question",
        /// Closed: back within the usual range, or within the target's tolerance.
        Recovered = "recovered",
        /// Closed: the new level is taken as usual.
        Accepted = "accepted",
        /// Closed: the data were wrong.
        WrongData = "wrong_data",
    }
}

impl State {
    /// Whether the episode is over.
    pub const fn is_closed(self) -> bool {
        matches!(self, State::Recovered | State::Accepted | State::WrongData)
    }
}

/// Something that happens to an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The person or their leader looked at it.
    See,
    /// A coaching session was opened on it.
    Talk,
    /// Both signed what was agreed.
    Act,
    /// Somebody said that the data are wrong.
    Question,
    /// The feed's owner says that the data were right after all.
    DataRight,
    /// The feed's owner says that the data were wrong, or corrected data no longer show it.
    DataWrong,
    /// The numbers came back.
    Recover,
    /// The new level is taken as usual.
    Accept,
}

/// A step that is not possible from where the episode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this alert is {from}, so this cannot be done to it any more; look at it again")]
pub struct NotNow {
    /// Where it is.
    pub from: State,
}

/// The state after a step.
pub fn step(from: State, step: Step) -> Result<State, NotNow> {
    use State::{Accepted, Acting, InQuestion, New, Recovered, Seen, Talked, WrongData};
    match (from, step) {
        (Recovered | Accepted | WrongData, _) => Err(NotNow { from }),
        // Looking changes only what nobody has looked at.
        (New, Step::See) => Ok(Seen),
        (_, Step::See) => Ok(from),
        (New | Seen | Talked, Step::Talk) => Ok(Talked),
        (Acting | InQuestion, Step::Talk) => Ok(from),
        (New | Seen | Talked | Acting, Step::Act) => Ok(Acting),
        (InQuestion, Step::Act) => Err(NotNow { from }),
        (_, Step::Question) => Ok(InQuestion),
        (InQuestion, Step::DataRight) => Ok(Seen),
        (_, Step::DataRight) => Err(NotNow { from }),
        (_, Step::DataWrong) => Ok(WrongData),
        (_, Step::Recover) => Ok(Recovered),
        (_, Step::Accept) => Ok(Accepted),
    }
}

/// The state after what was done last is taken back: the one before it, given only where the same person did it.
///
/// What the numbers did cannot be taken back, nor what the owner of a feed found.
pub fn taken_back(from: State, before: Option<State>) -> Result<State, NotNow> {
    match (from, before) {
        (State::Recovered | State::WrongData, _) | (_, None) => Err(NotNow { from }),
        (_, Some(before)) if before.is_closed() => Err(NotNow { from }),
        // Nobody unsees what they have seen.
        (_, Some(State::New)) => Ok(State::Seen),
        (_, Some(before)) => Ok(before),
    }
}

worded! {
    /// What the person concerned says about an alert.
    pub enum Answer {
        /// They know the reason.
        IKnowWhy = "i_know_why",
        /// They would like help.
        HelpPlease = "help_please",
        /// The data are wrong.
        DataWrong = "data_wrong",
    }
}

/// What an alert is about, in numbers: enough to say it in words without reading the series again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Mean of the periods since it began, in the metric's unit.
    pub level: f64,
    /// The newest value.
    pub last: f64,
    /// Centre of the usual range before it began; for a gap the target.
    pub usual: f64,
    /// Lower end of the usual range.
    pub usual_low: f64,
    /// Upper end of the usual range.
    pub usual_high: f64,
    /// The target in force, if any.
    pub target: Option<f64>,
    /// Its tolerance.
    pub tolerance: Option<f64>,
    /// Periods since it began.
    pub periods: i64,
    /// Periods of history behind the usual range.
    pub history: i64,
    /// How many peers lent a newcomer their range; 0 where it is the subject's own.
    #[serde(default)]
    pub borrowed: i64,
    /// Whether what moved everybody above was taken out first.
    pub without_common: bool,
    /// For a unit: how many subjects report below it. For missing data: how many are silent.
    pub subjects: i64,
}

/// One episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Our id.
    pub id: AlertId,
    /// Whom or what it is about.
    pub subject: Subject,
    /// Which metric.
    pub metric: MetricId,
    /// Gap, shift or missing data.
    pub kind: Kind,
    /// Which way.
    pub way: Way,
    /// Where it is.
    pub state: State,
    /// The first period of the change or gap.
    pub since: Day,
    /// The period whose value opened it.
    pub opened_on: Day,
    /// When it was opened.
    pub opened_at: Instant,
    /// The period whose value closed it.
    pub closed_on: Option<Day>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Not shown as needing anybody before this day.
    pub snoozed_until: Option<Day>,
    /// Who said that they have it in hand.
    pub hand: Option<PersonId>,
    /// Size in units of the subject's own usual variation; how lists are ordered.
    pub effect: f64,
    /// What it says, in numbers.
    pub facts: Facts,
    /// The rule that opened it, as `code version`.
    pub rule: String,
    /// The wider alert that this one lies within, if what happened hit everyone.
    pub within: Option<AlertId>,
    /// The episode before, of the same subject, metric and kind.
    pub previous: Option<AlertId>,
    /// What the person said.
    pub answer: Option<Answer>,
    /// In their words.
    pub answer_note: Option<String>,
    /// When they said it.
    pub answered_at: Option<Instant>,
    /// Counted up with every change, so that two people cannot overwrite one another.
    pub version: i64,
}

impl Alert {
    /// Whether it needs somebody on a day: open, not held, not snoozed.
    pub fn needs_somebody(&self, today: Day) -> bool {
        !self.state.is_closed()
            && self.state != State::InQuestion
            && self.kind != Kind::NoData
            && self.snoozed_until.is_none_or(|until| until <= today)
    }
}

worded! {
    /// How a subject stands on a metric, as one word with one shape on pages.
    pub enum Standing {
        /// Within the usual range.
        Usual = "usual",
        /// A shift for the worse is open, downwards.
        ChangedLower = "changed_lower",
        /// A shift is open, upwards, or the level has risen for the better.
        ChangedHigher = "changed_higher",
        /// A gap is open.
        OffTarget = "off_target",
        /// An episode closed as recovered in the last weeks.
        Recovered = "recovered",
        /// Somebody said that the data are wrong.
        InQuestion = "in_question",
        /// The newest due period has not come yet.
        DataLate = "data_late",
        /// Not enough history for a usual range.
        TooFew = "too_few",
        /// Nothing has come for a long time.
        NoData = "no_data",
        /// Away on leave: nothing is expected.
        Away = "away",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_episode_can_end_and_stays_ended() {
        for &state in State::ALL {
            for by in [Step::Recover, Step::Accept, Step::DataWrong] {
                match step(state, by) {
                    Ok(end) => assert!(end.is_closed() && !state.is_closed()),
                    Err(NotNow { from }) => assert!(from.is_closed()),
                }
            }
        }
    }

    #[test]
    fn a_step_is_taken_back_by_who_took_it() {
        assert_eq!(taken_back(State::Accepted, Some(State::Talked)), Ok(State::Talked));
        assert_eq!(taken_back(State::InQuestion, Some(State::New)), Ok(State::Seen));
        assert!(taken_back(State::Accepted, None).is_err(), "somebody else did it");
        assert!(taken_back(State::Recovered, Some(State::Seen)).is_err());
        assert!(taken_back(State::Accepted, Some(State::Recovered)).is_err());
    }

    #[test]
    fn looking_never_undoes_anything() {
        assert_eq!(step(State::New, Step::See), Ok(State::Seen));
        for state in [State::Seen, State::Talked, State::Acting, State::InQuestion] {
            assert_eq!(step(state, Step::See), Ok(state));
        }
    }

    #[test]
    fn data_in_question_is_held_until_it_is_answered() {
        assert_eq!(step(State::Acting, Step::Question), Ok(State::InQuestion));
        assert!(step(State::InQuestion, Step::Act).is_err());
        assert_eq!(step(State::InQuestion, Step::DataRight), Ok(State::Seen));
        assert_eq!(step(State::InQuestion, Step::DataWrong), Ok(State::WrongData));
    }
}
