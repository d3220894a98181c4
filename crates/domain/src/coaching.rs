//! Coaching: one talk about one thing, with an agenda from facts, two lines of outcome, an action and a dated look again.

use serde::{Deserialize, Serialize};

use crate::alerts::{Facts, Kind as AlertKind, Way};
use crate::figures::Style;
use crate::ids::{ActionId, AlertId, InterventionId, MetricId, PersonId, ProposalId, SessionId};
use crate::interventions::Kind;
use crate::metrics::Metric;
use crate::time::{Day, Instant};

worded! {
    /// Where a session is.
    pub enum State {
        /// Opened; nothing recorded yet.
        Open = "open",
        /// Recorded; waits for a signature.
        Recorded = "recorded",
        /// Both signed; the action runs until its check.
        Agreed = "agreed",
        /// The check was settled.
        Closed = "closed",
    }
}

worded! {
    /// How a check ended.
    pub enum CheckResult {
        /// The metric came back.
        Recovered = "recovered",
        /// Not yet; look again later.
        Continue = "continue",
        /// The data were wrong.
        DataWrong = "data_wrong",
    }
}

worded! {
    /// Where a proposal is.
    pub enum ProposalState {
        /// Waits for the person.
        Proposed = "proposed",
        /// Taken.
        Taken = "taken",
        /// Something else was taken instead.
        Swapped = "swapped",
        /// Declined, with a reason.
        Declined = "declined",
    }
}

/// One point of an agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// `shift`, `gap`, `check`, `support`, or `point` for what somebody added.
    pub kind: String,
    /// The point itself.
    pub title: String,
    /// The facts behind it; may be empty.
    pub sub: String,
    /// Who added it; drafted from facts where `None`.
    pub added_by: Option<PersonId>,
}

/// One talk.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Our id.
    pub id: SessionId,
    /// Whose work it is about.
    pub person: PersonId,
    /// Who leads the talk.
    pub leader: PersonId,
    /// The alert it came from, if one.
    pub alert: Option<AlertId>,
    /// The metric it is about.
    pub metric: MetricId,
    /// Where it is.
    pub state: State,
    /// The agenda.
    pub agenda: Vec<Point>,
    /// First line: what is going on.
    pub found: String,
    /// Second line: what is tried.
    pub agreed: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// On which day.
    pub opened_on: Day,
    /// When the person signed what stands now.
    pub person_signed: Option<Instant>,
    /// When the leader signed what stands now.
    pub leader_signed: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// How its check ended.
    pub result: Option<CheckResult>,
    /// Counted up with every change.
    pub version: i64,
}

impl Session {
    /// Whether both signed what stands now.
    pub const fn agreed_by_both(&self) -> bool {
        matches!(self.state, State::Agreed | State::Closed)
    }
}

/// A co-coach of one talk: a second leader, asked for by one of the two and admitted by the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Of which session.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// Who of the two asked for them.
    pub invited_by: PersonId,
    /// When.
    pub invited_at: Instant,
    /// When the other one agreed.
    pub agreed_at: Option<Instant>,
    /// When it ended, or the question was taken back.
    pub ended_at: Option<Instant>,
}

impl Guest {
    /// Whether they are let in now.
    pub const fn admitted(&self) -> bool {
        self.agreed_at.is_some() && self.ended_at.is_none()
    }
}

/// Who does what, and when the metric is looked at again.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Our id.
    pub id: ActionId,
    /// Of which session.
    pub session: SessionId,
    /// What is tried.
    pub text: String,
    /// Who does it.
    pub owner: PersonId,
    /// By when; open where `None`.
    pub by: Option<Day>,
    /// When the metric is looked at again.
    pub check: Day,
    /// Whether the check was settled, and how.
    pub result: Option<CheckResult>,
    /// When it was settled.
    pub closed_at: Option<Instant>,
}

/// What two people write down, and the step that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What is going on, in one line.
    pub found: String,
    /// What is tried, in one line.
    pub agreed: String,
    /// Whether the leader does it; otherwise the person.
    pub leader_does: bool,
    /// By when.
    pub by: Option<Day>,
    /// When to look at the metric again.
    pub check: Day,
}

/// Most characters of a line.
pub const LINE_MAX: usize = 500;

/// What is wrong with a record: the field, and what to do.
pub fn check_record(record: &Record, today: Day) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    for (field, text, words) in [
        ("going_on", &record.found, "Say in one line what you both think is going on."),
        ("we_try", &record.agreed, "Say in one line what you try until the next look."),
    ] {
        if text.trim().is_empty() {
            faults.push((field, words.to_owned()));
        } else if text.chars().count() > LINE_MAX {
            faults.push((field, format!("At most {LINE_MAX} characters; say it shorter.")));
        }
    }
    if record.check <= today {
        faults.push((
            "look_again",
            format!("{} is not after today; choose a day on which a change could be seen.", record.check),
        ));
    } else if record.check > today.plus(183) {
        faults.push(("look_again", "That is more than half a year away; choose an earlier day.".to_owned()));
    }
    if record.by.is_some_and(|by| by < today) {
        faults.push(("by", "That day has passed; choose a later one, or leave it empty.".to_owned()));
    }
    faults
}

/// A support on offer, with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Which intervention.
    pub intervention: InterventionId,
    /// Its kind.
    pub kind: Kind,
    /// Minutes it costs a person.
    pub minutes: f64,
    /// Whether the metric stands in one of its lanes.
    pub about_metric: bool,
    /// What studies of it concluded: it helps, it does not, or nobody knows.
    pub known: Known,
}

/// What is known about a support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// A study found that it helps.
    Helps,
    /// Not studied, or no answer yet.
    Unknown,
    /// A study found no difference, or harm: not offered.
    NotHelping,
}

/// The supports to offer: those about the metric first, what is known to help first, the cheapest first;
/// at most `wanted`, and at least one that is not a lesson where there is any.
///
/// Gives what is offered, and what would have fitted but is not offered because it was found not to help.
pub fn match_supports(offers: &[Offer], wanted: usize) -> (Vec<InterventionId>, Vec<InterventionId>) {
    let mut fitting: Vec<&Offer> = offers.iter().filter(|o| o.known != Known::NotHelping).collect();
    fitting.sort_by(|a, b| {
        (!a.about_metric, a.known)
            .cmp(&(!b.about_metric, b.known))
            .then(a.minutes.total_cmp(&b.minutes))
            .then(a.intervention.cmp(&b.intervention))
    });
    let mut chosen: Vec<&Offer> = fitting.iter().copied().take(wanted).collect();
    if wanted > 0
        && chosen.iter().all(|o| o.kind.is_lesson())
        && let Some(other) = fitting.iter().find(|o| !o.kind.is_lesson())
    {
        if chosen.len() == wanted {
            chosen.pop();
        }
        chosen.push(other);
    }
    let withheld =
        offers.iter().filter(|o| o.about_metric && o.known == Known::NotHelping).map(|o| o.intervention);
    (chosen.into_iter().map(|o| o.intervention).collect(), withheld.collect())
}

/// The first point of an agenda: what moved, since when, in words. It is kept with the talk, so its day has its year.
pub fn first_point(kind: AlertKind, way: Way, metric: &Metric, since: Day, facts: &Facts) -> Point {
    let (style, word) = (Style::of_metric(metric), metric.cadence.rolled().word());
    let (number, metric) = (|v: f64| style.number(v), &metric.name);
    let since = since.date().strftime("%-d %B %Y");
    let (kind_word, title) = match (kind, way) {
        (AlertKind::Gap, _) => ("gap", format!("{metric}: steadily off target since {since}")),
        (_, Way::Lower) => ("shift", format!("{metric}: lower since {since}")),
        (_, Way::Higher) => ("shift", format!("{metric}: higher since {since}")),
    };
    let sub = match (kind, facts.target) {
        (AlertKind::Gap, Some(target)) => {
            format!(
                "About {} a {word} against a target of {}. The level is steady.",
                number(facts.level),
                number(target)
            )
        }
        _ => format!(
            "About {} a {word}; the usual range before was {} to {}, around {}.",
            number(facts.level),
            number(facts.usual_low),
            number(facts.usual_high),
            number(facts.usual)
        ),
    };
    Point { kind: kind_word.to_owned(), title, sub, added_by: None }
}

/// A support offered to a person, which they may take, swap or decline.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Our id.
    pub id: ProposalId,
    /// To whom.
    pub person: PersonId,
    /// What.
    pub intervention: InterventionId,
    /// From which session, if one.
    pub session: Option<SessionId>,
    /// About which alert, if one.
    pub alert: Option<AlertId>,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// Where it is.
    pub state: ProposalState,
    /// Why it was declined or swapped.
    pub reason: String,
    /// When it was answered.
    pub answered_at: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn offer(n: u128, kind: Kind, minutes: f64, about_metric: bool, known: Known) -> Offer {
        Offer { intervention: InterventionId::new(Uuid::from_u128(n)), kind, minutes, about_metric, known }
    }
    fn ids(list: &[InterventionId]) -> Vec<u128> {
        list.iter().map(|i| i.uuid().as_u128()).collect()
    }

    #[test]
    fn at_least_one_support_is_not_a_lesson() {
        let offers = [
            offer(1, Kind::Lesson, 5.0, true, Known::Helps),
            offer(2, Kind::Lesson, 6.0, true, Known::Unknown),
            offer(3, Kind::Lesson, 7.0, true, Known::Unknown),
            offer(4, Kind::JobAid, 1.0, false, Known::Unknown),
        ];
        assert_eq!(ids(&match_supports(&offers, 3).0), [1, 2, 4]);
        assert_eq!(
            ids(&match_supports(&offers[..3], 3).0),
            [1, 2, 3],
            "where there is no other, lessons it is"
        );
    }

    #[test]
    fn what_was_found_not_to_help_is_not_offered() {
        let offers = [
            offer(1, Kind::Event, 60.0, true, Known::NotHelping),
            offer(2, Kind::Coaching, 20.0, true, Known::Helps),
            offer(3, Kind::Tool, 0.0, false, Known::NotHelping),
        ];
        let (offered, withheld) = match_supports(&offers, 3);
        assert_eq!((ids(&offered), ids(&withheld)), (vec![2], vec![1]));
    }

    #[test]
    fn a_record_needs_both_lines_and_a_day_ahead() {
        let today: Day = "2026-03-18".parse().unwrap();
        let record = Record {
            found: " ".into(),
            agreed: "x".repeat(501),
            leader_does: false,
            by: Some(today.plus(-1)),
            check: today,
        };
        let fields: Vec<&str> = check_record(&record, today).into_iter().map(|f| f.0).collect();
        assert_eq!(fields, ["going_on", "we_try", "look_again", "by"]);
        let good = Record {
            found: "a".into(),
            agreed: "b".into(),
            leader_does: false,
            by: None,
            check: today.plus(28),
        };
        assert_eq!(check_record(&good, today), []);
    }
}
