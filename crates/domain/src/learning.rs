//! What one person did with what they learn from, by the day.
//!
//! [`day`] turns everything that record stores said about one person around one day into one row per activity.
//! It looks at all of it each time, so the order in which statements arrive, and how often, makes no difference.
//!
//! Time is a set of stretches. A statement with a duration says "from here back for so long"; a start and an end without
//! durations say "from here to there". Stretches that overlap count once, so a session that reports its time on
//! `completed`, `passed` and again on `terminated` is counted once, and what crosses midnight is shared between the days.
//! A course that reports the time of its parts again keeps only what its parts do not cover.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::ids::PersonId;
use crate::time::{Day, Instant};

/// What one statement says of learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// The verb's IRI.
    pub verb: String,
    /// With which activity.
    pub activity: String,
    /// What that activity is part of.
    pub within: Vec<String>,
    /// The attempt or enrolment.
    pub registration: Option<Uuid>,
    /// Whether it says that the activity was completed.
    pub completion: Option<bool>,
    /// Whether it says that the person succeeded.
    pub success: Option<bool>,
    /// The score as a share, −1 to 1.
    pub score: Option<f64>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
}

impl Event {
    /// What the text of a stored statement says of learning; `None` where it is about no activity.
    pub fn of(at: Instant, text: &str) -> Option<Self> {
        let said = xapi::said(text)?;
        let went = said.outcome;
        Some(Self {
            at,
            verb: said.verb,
            activity: said.activity?,
            within: said.within,
            registration: said.registration,
            completion: went.completion,
            success: went.success,
            score: share(went.scaled, went.raw, went.min, went.max),
            duration_ms: went.duration_millis,
        })
    }
}

/// What one person did with one activity on one day.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LearningDay {
    /// Who.
    pub person: PersonId,
    /// On which day, where they work.
    pub day: Day,
    /// With which activity.
    pub activity: String,
    /// Minutes spent, as far as statements tell.
    pub minutes: f64,
    /// How many statements were about it.
    pub statements: i64,
    /// How many attempts were completed.
    pub completions: i64,
    /// How many attempts were passed.
    pub passes: i64,
    /// The best score as a share, −1 to 1.
    pub best_score: Option<f64>,
}

/// What is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The longest single stretch in seconds. A longer duration is cut to it; a longer gap between start and end was no
    /// session but a window left open, and counts nothing.
    pub longest_seconds: i64,
}

impl Rules {
    /// Four hours: longer than any sitting that a lesson or workshop asks for, shorter than a night.
    pub const DEFAULT: Rules = Rules { longest_seconds: 4 * 3600 };
}

const ADL: &str = "http://adlnet.gov/expapi/verbs/";
const CMI5: &str = "https://w3id.org/xapi/adl/verbs/";

/// The last part of a verb that ADL, cmi5 or SCORM define; empty for any other.
fn word(verb: &str) -> &str {
    verb.strip_prefix(ADL).or_else(|| verb.strip_prefix(CMI5)).unwrap_or_default()
}

fn starts(event: &Event) -> bool {
    matches!(word(&event.verb), "initialized" | "launched" | "resumed")
}
fn ends(event: &Event) -> bool {
    matches!(
        word(&event.verb),
        "terminated" | "completed" | "passed" | "failed" | "suspended" | "exited" | "abandoned" | "satisfied"
    )
}
fn completes(event: &Event) -> bool {
    match event.completion {
        Some(said) => said,
        None => matches!(word(&event.verb), "completed" | "satisfied"),
    }
}
/// `answered` with success says that a question was right, which is not yet a pass.
fn passes(event: &Event) -> bool {
    match word(&event.verb) {
        "passed" | "mastered" => event.success != Some(false),
        "completed" | "scored" | "terminated" | "exited" | "satisfied" => event.success == Some(true),
        _ => false,
    }
}

/// The rows of one person for the day from `start` up to `end`, by activity.
///
/// `events` must hold everything of the person's from [`Rules::longest_seconds`] before `start` to the same after `end`;
/// more does no harm. Events of other days add only the time that reaches into this one.
pub fn day(
    person: PersonId,
    day: Day,
    (start, end): (Instant, Instant),
    events: &[Event],
    rules: &Rules,
) -> Vec<LearningDay> {
    let mut time = stretches(events, rules);
    for list in time.values_mut() {
        clip(list, start, end);
    }
    // What a whole reports is told by its parts already, where they report it.
    let mut parts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in events {
        for whole in event.within.iter().filter(|w| **w != event.activity) {
            parts.entry(whole).or_default().insert(&event.activity);
        }
    }
    let mut rows: BTreeMap<&str, LearningDay> = BTreeMap::new();
    let row = |activity: &str| LearningDay {
        person,
        day,
        activity: activity.to_owned(),
        minutes: 0.0,
        statements: 0,
        completions: 0,
        passes: 0,
        best_score: None,
    };
    let mut completed: BTreeSet<(&str, Attempt)> = BTreeSet::new();
    let mut passed: BTreeSet<(&str, Attempt)> = BTreeSet::new();
    for event in events.iter().filter(|e| start <= e.at && e.at < end) {
        let of = event.activity.as_str();
        let row = rows.entry(of).or_insert_with(|| row(of));
        row.statements += 1;
        if completes(event) && completed.insert((of, Attempt::of(event))) {
            row.completions += 1;
        }
        if passes(event) && passed.insert((of, Attempt::of(event))) {
            row.passes += 1;
        }
        row.best_score = match (row.best_score, event.score) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    for (activity, own) in &time {
        let told: Vec<Stretch> = parts
            .get(activity)
            .into_iter()
            .flatten()
            .filter_map(|part| time.get(part))
            .flatten()
            .copied()
            .collect();
        let micros = length(own.iter().chain(&told).copied().collect()) - length(told);
        if micros > 0 {
            rows.entry(activity).or_insert_with(|| row(activity)).minutes = micros as f64 / 60e6;
        }
    }
    rows.into_values().collect()
}

/// What counts once: a registration, or without one the moment.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Attempt {
    Registered(Uuid),
    At(Instant),
}

impl Attempt {
    fn of(event: &Event) -> Self {
        event.registration.map_or(Self::At(event.at), Self::Registered)
    }
}

/// From and until, in microseconds.
type Stretch = (i64, i64);

fn stretches<'a>(events: &'a [Event], rules: &Rules) -> BTreeMap<&'a str, Vec<Stretch>> {
    let longest = rules.longest_seconds * 1_000_000;
    let mut all: BTreeMap<&str, Vec<Stretch>> = BTreeMap::new();
    let mut sessions: BTreeMap<(&str, Option<Uuid>), Vec<&Event>> = BTreeMap::new();
    for event in events {
        match event.duration_ms {
            Some(ms) if ms > 0 => {
                let at = event.at.micros();
                let length = ms.saturating_mul(1_000).min(longest);
                all.entry(&event.activity).or_default().push((at.saturating_sub(length), at));
            }
            _ if starts(event) || ends(event) => {
                sessions.entry((&event.activity, event.registration)).or_default().push(event);
            }
            _ => {}
        }
        // A session whose end says how long it was is no gap to be guessed.
        if event.duration_ms.is_some_and(|ms| ms > 0) && ends(event) {
            sessions.entry((&event.activity, event.registration)).or_default().push(event);
        }
    }
    for ((activity, _), mut list) in sessions {
        // A start at the moment of an end belongs to what follows.
        list.sort_by_key(|e| (e.at, starts(e), e.duration_ms.is_none()));
        let mut open: Option<i64> = None;
        for event in list {
            let at = event.at.micros();
            if starts(event) {
                open = Some(at);
            } else if event.duration_ms.is_some_and(|ms| ms > 0) {
                open = None;
            } else if let Some(from) = open
                && at - from <= longest
            {
                // The session stays open: `completed` may be followed by `terminated`.
                all.entry(activity).or_default().push((from, at));
            }
        }
    }
    all
}

fn clip(list: &mut Vec<Stretch>, start: Instant, end: Instant) {
    for stretch in list.iter_mut() {
        *stretch = (stretch.0.max(start.micros()), stretch.1.min(end.micros()));
    }
    list.retain(|(from, until)| from < until);
}

/// How long stretches are together, overlaps once.
fn length(mut list: Vec<Stretch>) -> i64 {
    list.sort_unstable();
    let (mut total, mut reached) = (0, i64::MIN);
    for (from, until) in list {
        if until > reached {
            total += until - from.max(reached);
            reached = until;
        }
    }
    total
}

/// A score as a share: `scaled`, or else where `raw` lies between `min` and `max`; `None` where that cannot be told.
fn share(scaled: Option<f64>, raw: Option<f64>, min: Option<f64>, max: Option<f64>) -> Option<f64> {
    let share = match (scaled, raw, max) {
        (Some(scaled), ..) => scaled,
        (None, Some(raw), Some(max)) => {
            let min = min.unwrap_or(0.0);
            if max <= min {
                return None;
            }
            (raw - min) / (max - min)
        }
        _ => return None,
    };
    share.is_finite().then(|| share.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSON: &str = "https://learn.example/lessons/1";
    const COURSE: &str = "https://learn.example/courses/1";

    fn event(at: &str, verb: &str, activity: &str) -> Event {
        Event {
            at: format!("2026-03-18T{at}Z").parse().unwrap(),
            verb: format!("{ADL}{verb}"),
            activity: activity.into(),
            within: vec![],
            registration: Some(Uuid::from_u128(1)),
            completion: None,
            success: None,
            score: None,
            duration_ms: None,
        }
    }
    fn lasting(minutes: i64, mut event: Event) -> Event {
        event.duration_ms = Some(minutes * 60_000);
        event
    }
    fn part_of(whole: &str, mut event: Event) -> Event {
        event.within.push(whole.into());
        event
    }
    fn on(day_text: &str, events: &[Event]) -> Vec<LearningDay> {
        let date: Day = day_text.parse().unwrap();
        let zone = crate::time::Zone::UTC;
        let span = (zone.start_of(date), zone.start_of(date.plus(1)));
        day(PersonId::new(Uuid::nil()), date, span, events, &Rules::DEFAULT)
    }
    fn minutes(events: &[Event]) -> Vec<f64> {
        on("2026-03-18", events).iter().map(|r| r.minutes).collect()
    }

    #[test]
    fn a_session_that_reports_its_time_thrice_counts_once() {
        let events = [
            event("09:00:00", "initialized", LESSON),
            lasting(6, event("09:06:00", "completed", LESSON)),
            lasting(6, event("09:06:01", "passed", LESSON)),
            lasting(7, event("09:07:00", "terminated", LESSON)),
        ];
        let rows = on("2026-03-18", &events);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].minutes, rows[0].completions, rows[0].passes, rows[0].statements),
            (7.0, 1, 1, 4)
        );
    }

    #[test]
    fn without_durations_the_gap_counts_unless_it_is_a_window_left_open() {
        let session =
            |end: &str| [event("09:00:00", "initialized", LESSON), event(end, "terminated", LESSON)];
        assert_eq!(minutes(&session("09:12:00")), [12.0]);
        assert_eq!(minutes(&session("13:00:00")), [240.0]);
        assert_eq!(minutes(&session("13:00:01")), [0.0]);
        let both = [
            event("09:00:00", "initialized", LESSON),
            event("09:10:00", "completed", LESSON),
            event("09:12:00", "terminated", LESSON),
        ];
        assert_eq!(minutes(&both), [12.0]);
        let mut other = event("09:12:00", "terminated", LESSON);
        other.registration = None;
        assert_eq!(minutes(&[event("09:00:00", "initialized", LESSON), other]), [0.0], "another attempt");
        let told =
            [event("09:00:00", "initialized", LESSON), lasting(3, event("09:20:00", "completed", LESSON))];
        assert_eq!(minutes(&told), [3.0], "what is said goes before what is guessed");
    }

    #[test]
    fn a_duration_beyond_belief_is_cut() {
        assert_eq!(minutes(&[lasting(10_000, event("23:00:00", "completed", LESSON))]), [240.0]);
        assert_eq!(minutes(&[lasting(-5, event("23:00:00", "completed", LESSON))]), [0.0]);
        assert_eq!(minutes(&[lasting(i64::MAX / 60_000, event("23:00:00", "completed", LESSON))]), [240.0]);
    }

    #[test]
    fn midnight_shares_the_time() {
        let events = [lasting(30, event("00:10:00", "completed", LESSON))];
        assert_eq!(minutes(&events), [10.0]);
        let before = on("2026-03-17", &events);
        assert_eq!((before[0].minutes, before[0].completions, before[0].statements), (20.0, 0, 0));
    }

    #[test]
    fn a_course_does_not_tell_the_time_of_its_lessons_again() {
        let events = [
            part_of(COURSE, lasting(10, event("09:10:00", "completed", LESSON))),
            lasting(15, event("09:12:00", "completed", COURSE)),
        ];
        let rows = on("2026-03-18", &events);
        let of = |iri: &str| rows.iter().find(|r| r.activity == iri).unwrap();
        assert_eq!((of(LESSON).minutes, of(COURSE).minutes), (10.0, 5.0));
        assert_eq!(of(COURSE).completions, 1);
    }

    #[test]
    fn what_counts_as_completed_and_passed() {
        let row = |events: &[Event]| {
            let r = &on("2026-03-18", events)[0];
            (r.completions, r.passes, r.best_score)
        };
        let said = |verb: &str, completion, success, score| {
            let mut e = event("10:00:00", verb, LESSON);
            (e.completion, e.success, e.score) = (completion, success, score);
            e
        };
        assert_eq!(row(&[said("completed", Some(false), None, None)]), (0, 0, None));
        assert_eq!(row(&[said("attended", Some(true), None, None)]), (1, 0, None));
        assert_eq!(row(&[said("answered", None, Some(true), Some(1.0))]), (0, 0, Some(1.0)));
        assert_eq!(
            row(&[said("passed", None, None, Some(0.4)), said("failed", None, Some(false), Some(0.9))]),
            (0, 1, Some(0.9))
        );
        let mut again = said("completed", None, None, None);
        again.at = again.at.plus_seconds(60);
        assert_eq!(row(&[said("completed", None, None, None), again.clone()]).0, 1, "one attempt");
        again.registration = Some(Uuid::from_u128(2));
        assert_eq!(row(&[said("completed", None, None, None), again]).0, 2, "two attempts");
    }

    #[test]
    fn shares() {
        assert_eq!(share(Some(0.5), Some(90.0), None, Some(100.0)), Some(0.5));
        assert_eq!(share(None, Some(15.0), Some(10.0), Some(20.0)), Some(0.5));
        assert_eq!(share(None, Some(15.0), None, None), None);
        assert_eq!(share(None, Some(1.0), Some(2.0), Some(2.0)), None);
    }
}
