//! The way of a study: draft, locked, running, read, decided; what it takes to lock one, and what changed since.

use serde::{Deserialize, Serialize};

use super::{Design, Scale, Study};
use crate::ids::{MetricId, PersonId, StudyId};
use crate::time::{Day, Instant};

worded! {
    /// Where a study is.
    pub enum Stage {
        /// It may change.
        Draft = "draft",
        /// Fixed; nobody has started.
        Locked = "locked",
        /// Somebody has started, and the day for reading it lies ahead.
        Running = "running",
        /// Its day for reading has come, and it was read.
        Read = "read",
        /// Somebody has decided on it.
        Decided = "decided",
    }
}

/// Where a study is today. `read` says whether there is a reading, `decided` whether anybody decided on one.
pub fn stage(study: &Study, first_start: Option<Day>, today: Day, read: bool, decided: bool) -> Stage {
    let due = study.reading_day.is_none_or(|day| day <= today);
    match (study.locked_on, first_start) {
        _ if decided => Stage::Decided,
        (_, Some(start)) if start <= today && due && read => Stage::Read,
        (None, _) => Stage::Draft,
        (_, Some(start)) if start <= today => Stage::Running,
        _ => Stage::Locked,
    }
}

worded! {
    /// What of a study was changed after its lock.
    pub enum Field {
        /// Which metric decides.
        Metric = "metric",
        /// How it compares.
        Design = "design",
        /// For whom.
        Whom = "whom",
        /// By how much.
        Expected = "by",
        /// Within how many periods.
        Within = "within",
        /// Why.
        Because = "because",
        /// What must not get worse.
        Guardrail = "guardrail",
        /// When it is stopped.
        StopIf = "stop_if",
        /// Periods before the start.
        Before = "before",
        /// Periods from the start on.
        After = "after",
        /// Units that take part.
        Units = "units",
        /// On which scale.
        Scale = "scale",
        /// The smallest difference worth having.
        Smallest = "smallest",
        /// The day for reading it.
        ReadingDay = "reading_day",
    }
}

impl Field {
    /// The field in words.
    pub const fn words(self) -> &'static str {
        match self {
            Field::Metric => "Metric",
            Field::Design => "Comparison",
            Field::Whom => "For whom",
            Field::Expected => "By how much",
            Field::Within => "Within",
            Field::Because => "Because",
            Field::Guardrail => "Guardrails",
            Field::StopIf => "We stop if",
            Field::Before => "Periods before",
            Field::After => "Periods after",
            Field::Units => "Units that take part",
            Field::Scale => "Scale",
            Field::Smallest => "Smallest difference worth having",
            Field::ReadingDay => "Reading day",
        }
    }
    /// Whether it decides what the answer is. Changed after a start, it costs the study its grade.
    pub const fn decides(self) -> bool {
        !matches!(self, Field::Whom | Field::Expected | Field::Within | Field::Because | Field::StopIf)
    }
}

/// One change of a locked study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub field: Field,
    /// How it was, in words.
    pub before: String,
    /// How it is, in words.
    pub after: String,
}

/// What was changed after the lock, by whom and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// Of which study.
    pub study: StudyId,
    /// Counted from 1.
    pub number: i64,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: PersonId,
    /// What.
    pub changes: Vec<Change>,
    /// Why, in words.
    pub why: String,
}

/// The differences between two versions of a study. `name` gives the name of a metric.
pub fn changes(before: &Study, after: &Study, name: &dyn Fn(MetricId) -> String) -> Vec<Change> {
    let number = |n: Option<f64>| n.map_or_else(|| "not said".to_owned(), |n| n.to_string());
    let count = |n: Option<u32>| n.map_or_else(|| "not said".to_owned(), |n| n.to_string());
    let day = |d: Option<Day>| d.map_or_else(|| "not fixed".to_owned(), |d| d.to_string());
    let units = |s: &Study| match s.plan.units.len() {
        0 => "those of the rollout and all beside them".to_owned(),
        n => format!("{n} units"),
    };
    let design = |d: Design| super::prose::design(d, false).to_owned();
    let scale = |s: Scale| s.word().to_owned();
    let metrics = |all: &[MetricId]| match all {
        [] => "none".to_owned(),
        all => all.iter().map(|m| name(*m)).collect::<Vec<_>>().join(", "),
    };
    let (a, b) = (&before.hypothesis, &after.hypothesis);
    let mut all = vec![
        (Field::Metric, name(before.metric), name(after.metric)),
        (Field::Design, design(before.design), design(after.design)),
        (Field::Whom, a.whom.clone(), b.whom.clone()),
        (Field::Expected, number(a.expected), number(b.expected)),
        (Field::Within, count(a.within), count(b.within)),
        (Field::Because, a.because.clone(), b.because.clone()),
        (Field::Guardrail, metrics(&a.guardrails), metrics(&b.guardrails)),
        (Field::StopIf, a.stop_if.clone(), b.stop_if.clone()),
        (Field::Before, before.plan.before.to_string(), after.plan.before.to_string()),
        (Field::After, before.plan.after.to_string(), after.plan.after.to_string()),
        (Field::Scale, scale(before.plan.scale), scale(after.plan.scale)),
        (Field::Smallest, number(before.plan.smallest), number(after.plan.smallest)),
        (Field::ReadingDay, day(before.reading_day), day(after.reading_day)),
    ];
    if before.plan.units != after.plan.units {
        // Two sets of the same size are still two sets.
        let same = units(before) == units(after);
        let now = if same { format!("{} others", units(after)) } else { units(after) };
        all.push((Field::Units, units(before), now));
    }
    all.into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(field, before, after)| Change { field, before, after })
        .collect()
}

/// Whether hypothesis and plan were fixed before the first start: locked by then, and nothing that decides the answer was
/// changed from then on.
pub fn fixed_before_start(
    study: &Study,
    first_start: Option<Day>,
    amended: impl IntoIterator<Item = (Day, Vec<Change>)>,
) -> bool {
    let Some(start) = first_start else { return study.locked_on.is_some() };
    let late =
        amended.into_iter().any(|(day, changes)| day >= start && changes.iter().any(|c| c.field.decides()));
    study.locked_on.is_some_and(|locked| locked <= start) && !late
}

/// Most periods of a window.
const LONGEST: u32 = 520;
/// Most guardrails.
const GUARDRAILS: usize = 8;
/// Most characters of one part of the sentence.
const WORDS: usize = 500;

/// What is wrong with a draft, by the name of its field. A draft may have holes; what it says must make sense.
pub fn check(study: &Study) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let h = &study.hypothesis;
    for (field, text) in [("whom", &h.whom), ("because", &h.because), ("stop_if", &h.stop_if)] {
        if text.chars().count() > WORDS {
            faults.push((field, format!("At most {WORDS} characters; say it shorter.")));
        }
    }
    for (field, n) in [("by", h.expected), ("smallest", study.plan.smallest)] {
        if n.is_some_and(|n| !n.is_finite() || n.abs() > 1e12) {
            faults.push((field, "That is not a number that a metric could move by.".to_owned()));
        }
    }
    for (field, n) in
        [("within", h.within.unwrap_or(1)), ("before", study.plan.before), ("after", study.plan.after)]
    {
        if n == 0 || n > LONGEST {
            faults.push((field, format!("{n} periods; give from 1 to {LONGEST}.")));
        }
    }
    if h.guardrails.contains(&study.metric) {
        faults.push((
            "guardrails",
            "A guardrail is the metric itself; name others that must not get worse.".to_owned(),
        ));
    }
    if h.guardrails.len() > GUARDRAILS {
        faults.push((
            "guardrails",
            format!(
                "{} guardrails; of so many one gets worse by chance. Keep the {GUARDRAILS} that matter most.",
                h.guardrails.len()
            ),
        ));
    }
    faults
}

/// What is still missing before a draft can be locked, by the name of its field.
pub fn to_lock(study: &Study, first_start: Option<Day>, today: Day) -> Vec<(&'static str, String)> {
    let mut faults = check(study);
    let h = &study.hypothesis;
    let written = !h.sentence.trim().is_empty();
    if !written && h.because.trim().is_empty() {
        faults
            .push(("because", "Say why you believe it: the cause is what makes it a hypothesis.".to_owned()));
    }
    if !written && h.expected.is_none_or(|by| by == 0.0) {
        faults.push(("by", "Say by how much; a guess written down beats one made afterwards.".to_owned()));
    }
    if h.guardrails.is_empty() {
        faults.push(("guardrails", "Name a metric that must not get worse.".to_owned()));
    }
    match study.reading_day {
        None => faults.push((
            "reading",
            "Fix the day on which it is read, so that nobody stops at a lucky moment.".to_owned(),
        )),
        Some(day) if day <= today => {
            faults.push(("reading", format!("{day} is not after today; choose a day ahead.")));
        }
        Some(day) if first_start.is_some_and(|start| day <= start) => faults.push((
            "reading",
            format!("{day} is before anything has started; choose a day after the first start."),
        )),
        Some(_) => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{InterventionId, StudyId};
    use crate::studies::{Hypothesis, Plan};
    use uuid::Uuid;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }
    fn study() -> Study {
        Study {
            id: StudyId::new(Uuid::from_u128(1)),
            code: "s".into(),
            intervention: InterventionId::new(Uuid::from_u128(2)),
            metric: MetricId::new(Uuid::from_u128(3)),
            design: Design::Staged,
            hypothesis: Hypothesis {
                expected: Some(3.0),
                within: Some(12),
                because: "offers fit better".into(),
                guardrails: vec![MetricId::new(Uuid::from_u128(4))],
                ..Hypothesis::default()
            },
            plan: Plan::default(),
            locked_on: None,
            reading_day: Some(day("2026-06-01")),
            created_at: Instant::from_micros(0),
            created_by: "test".into(),
        }
    }
    fn fields(faults: &[(&'static str, String)]) -> Vec<&'static str> {
        faults.iter().map(|f| f.0).collect()
    }

    #[test]
    fn a_study_goes_its_way() {
        let (today, start) = (day("2026-03-18"), Some(day("2026-04-01")));
        let draft = study();
        assert_eq!(stage(&draft, start, today, false, false), Stage::Draft);
        let locked = Study { locked_on: Some(today), ..draft };
        assert_eq!(stage(&locked, start, today, false, false), Stage::Locked);
        assert_eq!(stage(&locked, None, today, false, false), Stage::Locked);
        assert_eq!(
            stage(&locked, start, day("2026-05-01"), true, false),
            Stage::Running,
            "an early look is no reading"
        );
        assert_eq!(stage(&locked, start, day("2026-06-01"), true, false), Stage::Read);
        assert_eq!(stage(&locked, start, day("2026-06-01"), false, false), Stage::Running);
        assert_eq!(stage(&locked, start, day("2026-06-02"), true, true), Stage::Decided);
    }

    #[test]
    fn what_is_missing_is_named_by_its_field() {
        let today = day("2026-03-18");
        assert_eq!(to_lock(&study(), None, today), []);
        let bare = Study { hypothesis: Hypothesis::default(), reading_day: None, ..study() };
        assert_eq!(fields(&to_lock(&bare, None, today)), ["because", "by", "guardrails", "reading"]);
        assert_eq!(fields(&check(&bare)), Vec::<&str>::new(), "a draft may have holes");
        assert_eq!(fields(&to_lock(&study(), None, day("2026-06-01"))), ["reading"]);
        assert_eq!(fields(&to_lock(&study(), Some(day("2026-06-01")), today)), ["reading"]);
        let mut odd = study();
        odd.hypothesis.guardrails = vec![odd.metric];
        odd.hypothesis.expected = Some(f64::NAN);
        odd.plan.before = 0;
        odd.hypothesis.because = "x".repeat(501);
        assert_eq!(fields(&check(&odd)), ["because", "by", "before", "guardrails"]);
        odd.hypothesis.guardrails = (4..13).map(|n| MetricId::new(Uuid::from_u128(n))).collect();
        assert_eq!(fields(&check(&odd)), ["because", "by", "before", "guardrails"], "too many");
    }

    #[test]
    fn a_change_is_said_in_words_and_counts_when_it_decides() {
        let before = Study { locked_on: Some(day("2026-03-18")), ..study() };
        let mut after = before.clone();
        after.reading_day = Some(day("2026-07-01"));
        after.hypothesis.because = "another reason".into();
        let found = changes(&before, &after, &|m| m.to_string());
        assert_eq!(found.iter().map(|c| c.field).collect::<Vec<_>>(), [Field::Because, Field::ReadingDay]);
        assert_eq!((found[1].before.as_str(), found[1].after.as_str()), ("2026-06-01", "2026-07-01"));
        assert_eq!(changes(&before, &before, &|m| m.to_string()), []);
        after = before.clone();
        after.hypothesis.guardrails.push(MetricId::new(Uuid::from_u128(5)));
        let found = changes(&before, &after, &|m| {
            if m.uuid().as_u128() == 4 { "complaints".into() } else { "rework".into() }
        });
        assert_eq!((found[0].field, found[0].after.as_str()), (Field::Guardrail, "complaints, rework"));

        let start = Some(day("2026-04-01"));
        let on = |d: &str, field: Field| {
            [(day(d), vec![Change { field, before: String::new(), after: String::new() }])]
        };
        assert!(fixed_before_start(&before, start, []));
        assert!(fixed_before_start(&before, start, on("2026-03-20", Field::ReadingDay)), "before the start");
        assert!(fixed_before_start(&before, start, on("2026-05-20", Field::Because)), "words only");
        assert!(!fixed_before_start(&before, start, on("2026-05-20", Field::ReadingDay)));
        assert!(!fixed_before_start(&Study { locked_on: None, ..before.clone() }, start, []));
        assert!(!fixed_before_start(&before, Some(day("2026-03-01")), []), "locked after the start");
    }
}
