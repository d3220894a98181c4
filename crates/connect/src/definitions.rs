//! Definitions that people keep in files beside their data: metrics, supports with their rollout, and studies, as TOML.
//!
//! One file may hold `[[metric]]`, `[[intervention]]` and `[[study]]` tables in any order. Unknown keys are refused
//! with their line, so that a misspelt one cannot be lost.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::io::Read;

use domain::interventions::{CauseBox, Kind, MinutesPer};
use domain::metrics::{Aggregation, Direction, Grain, Level};
use domain::time::{Cadence, Day};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use toml::Spanned;

use crate::csv::{Limits, Problem, Problems};

/// What one file defines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definitions {
    /// The metrics.
    pub metrics: Vec<Defined<MetricDefinition>>,
    /// The supports.
    pub interventions: Vec<Defined<InterventionDefinition>>,
    /// The studies.
    pub studies: Vec<Defined<StudyDefinition>>,
}

/// A definition and the line its table starts on.
#[derive(Debug, Clone, PartialEq)]
pub struct Defined<T> {
    /// From 1.
    pub line: u64,
    /// What is defined.
    pub value: T,
}

/// One `[[metric]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricDefinition {
    /// Unique code.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// Unit as shown after the number.
    #[serde(default)]
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Business, performance or solution.
    pub level: Level,
    /// Person or unit.
    pub grain: Grain,
    /// How it rolls up.
    pub aggregation: Aggregation,
    /// What the upper part of a ratio counts, in words.
    pub numerator: Option<String>,
    /// What the lower part of a ratio counts, in words.
    pub denominator: Option<String>,
    /// How often it is expected.
    pub cadence: Cadence,
    /// Decimals when shown.
    #[serde(default)]
    pub decimals: u8,
    /// Must not get worse while another improves.
    #[serde(default)]
    pub guardrail: bool,
    /// The code of the person who answers for it.
    pub owner: Option<String>,
    /// The code of the feed that brings it.
    pub feed: Option<String>,
    /// Where it comes from, in words.
    #[serde(default)]
    pub source: String,
    /// What it means, in words.
    #[serde(default)]
    pub description: String,
    /// What changed in this version, in words.
    pub note: Option<String>,
}

/// One `[[intervention]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterventionDefinition {
    /// Unique code.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The code of the person who answers for it.
    pub owner: Option<String>,
    /// The code of the unit whose people it is for.
    pub unit: Option<String>,
    /// Minutes it costs.
    #[serde(default)]
    pub minutes: f64,
    /// What the minutes are counted per; `person` where nothing is said.
    #[serde(default = "per_person")]
    pub minutes_per: MinutesPer,
    /// Money spent in all.
    #[serde(default)]
    pub money: f64,
    /// What one hour of the people who use it is worth.
    pub hour_value: Option<f64>,
    /// The behaviour it aims at.
    #[serde(default)]
    pub behaviour: String,
    /// The box of the cause that it answers.
    pub cause_box: CauseBox,
    /// What it is, in words.
    #[serde(default)]
    pub description: String,
    /// The xAPI activity that records its use.
    pub activity: Option<String>,
    /// The metrics it should move.
    #[serde(default)]
    pub lanes: Lanes,
    /// Which units start when.
    #[serde(default, rename = "rollout")]
    waves: Vec<Spanned<Wave>>,
    /// Spans of days in which a unit is no fair comparison.
    #[serde(default, rename = "note")]
    remarks: Vec<Spanned<Remark>>,
    /// The rollout, one start for each unit.
    #[serde(skip)]
    pub rollout: Vec<Defined<StartDefinition>>,
    /// The spans of days in which a unit is no fair comparison.
    #[serde(skip)]
    pub notes: Vec<Defined<NoteDefinition>>,
}

const fn per_person() -> MinutesPer {
    MinutesPer::Person
}

/// Metric codes by the lane they stand in, each in order.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lanes {
    /// What the business wants.
    #[serde(default)]
    pub business: Vec<String>,
    /// What people accomplish.
    #[serde(default)]
    pub performance: Vec<String>,
    /// Adoption or use.
    #[serde(default)]
    pub solution: Vec<String>,
}

impl Lanes {
    /// Every metric with its lane and its place in it.
    pub fn all(&self) -> impl Iterator<Item = (Level, usize, &str)> {
        [
            (Level::Business, &self.business),
            (Level::Performance, &self.performance),
            (Level::Solution, &self.solution),
        ]
        .into_iter()
        .flat_map(|(level, codes)| codes.iter().enumerate().map(move |(at, code)| (level, at, code.as_str())))
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wave {
    units: Vec<String>,
    #[serde(deserialize_with = "day")]
    from: Day,
    #[serde(default = "first")]
    wave: i64,
    #[serde(default)]
    drawn: bool,
}

const fn first() -> i64 {
    1
}

/// One unit's start, from `[[intervention.rollout]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartDefinition {
    /// The unit's code.
    pub unit: String,
    /// From which day.
    pub from: Day,
    /// Which wave, from 1.
    pub wave: i64,
    /// Whether the order came from a recorded random draw.
    pub drawn: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    unit: String,
    #[serde(deserialize_with = "day")]
    from: Day,
    #[serde(deserialize_with = "day")]
    to: Day,
    reason: String,
    #[serde(default = "yes")]
    leave_out: bool,
}

const fn yes() -> bool {
    true
}

/// A span of days in which a unit is no fair comparison, from `[[intervention.note]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteDefinition {
    /// The unit's code.
    pub unit: String,
    /// First day.
    pub from: Day,
    /// The day after the last one (the file's `to` is the last day).
    pub until: Day,
    /// Why, in words.
    pub reason: String,
    /// Whether a study leaves the span out.
    pub leave_out: bool,
}

/// One `[[study]]`: the sentence that is locked before anybody looks. "We believe *intervention* for *whom* will move
/// *metric* by *by* within *within_weeks*, because *because*; we stop if *stop_if*."
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyDefinition {
    /// Unique code.
    pub code: String,
    /// The code of the support.
    pub intervention: String,
    /// The code of the metric it should move.
    pub metric: String,
    /// How it is compared, in one word that the studies know.
    pub design: Option<String>,
    /// For whom or where, in words.
    #[serde(default)]
    pub whom: String,
    /// By how much, in the metric's unit (on the log scale, as a share).
    pub by: Option<f64>,
    /// Within how many weeks.
    pub within_weeks: Option<u32>,
    /// Why we believe it, in words.
    #[serde(default)]
    pub because: String,
    /// What must not get worse, as codes of metrics. A single one may be written as `guardrail = "code"`.
    #[serde(default, alias = "guardrail", deserialize_with = "one_or_several")]
    pub guardrails: Vec<String>,
    /// When we stop, in words.
    #[serde(default)]
    pub stop_if: String,
    /// The day on which it is read.
    #[serde(default, deserialize_with = "some_day")]
    pub reading: Option<Day>,
    /// The day on which it was fixed in writing, for studies that were planned elsewhere, such as a published protocol.
    #[serde(default, deserialize_with = "some_day")]
    pub locked: Option<Day>,
    /// Whether the metric is compared as it is or by its logarithm.
    #[serde(default)]
    pub scale: Scale,
}

/// On which scale a study compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As it is.
    #[default]
    Plain,
    /// The natural logarithm, so that effects are shares.
    Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    metric: Vec<Spanned<MetricDefinition>>,
    #[serde(default)]
    intervention: Vec<Spanned<InterventionDefinition>>,
    #[serde(default)]
    study: Vec<Spanned<StudyDefinition>>,
}

/// Reads a definition file.
///
/// # Errors
/// Every problem that the file alone shows, with its line. What is not TOML ends at the first.
pub fn read(source: impl Read, limits: &Limits) -> Result<Definitions, Problems> {
    let (file, text): (File, String) = parse(source, limits)?;
    let mut checks = Checks { text: &text, problems: Problems::new(limits.problems) };
    let definitions = Definitions {
        metrics: file.metric.into_iter().map(|m| checks.metric(m)).collect(),
        interventions: file.intervention.into_iter().map(|i| checks.intervention(i)).collect(),
        studies: file.study.into_iter().map(|s| checks.study(s)).collect(),
    };
    checks.unique("code", definitions.metrics.iter().map(|m| (m.line, &m.value.code)));
    checks.unique("code", definitions.interventions.iter().map(|i| (i.line, &i.value.code)));
    checks.unique("code", definitions.studies.iter().map(|s| (s.line, &s.value.code)));
    if checks.problems.is_empty() { Ok(definitions) } else { Err(checks.problems) }
}

/// Reads a TOML file into a form, and gives its text besides; a fault of form is named with its line.
pub(crate) fn parse<T: de::DeserializeOwned>(
    source: impl Read,
    limits: &Limits,
) -> Result<(T, String), Problems> {
    let refuse = |problem: Problem| {
        let mut problems = Problems::new(limits.problems);
        problems.push(problem);
        problems
    };
    let text = text(source, limits).map_err(refuse)?;
    match toml::from_str(&text) {
        Ok(file) => Ok((file, text)),
        Err(error) => {
            let at = error.span();
            let line = at.as_ref().map_or(0, |span| line_of(&text, span.start));
            let value = at.and_then(|span| text.get(span)).unwrap_or("").lines().next().unwrap_or("");
            let remedy = "mend this line; nothing of the file was used";
            Err(refuse(Problem::new(line, None, value, said(error.message()), remedy)))
        }
    }
}

fn text(source: impl Read, limits: &Limits) -> Result<String, Problem> {
    let whole = |reason: String, remedy: &str| Problem::new(0, None, "", reason, remedy);
    let mut bytes = Vec::new();
    // A thousand definitions fit in a mebibyte.
    let most = limits.bytes.min(4 << 20);
    source
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| whole(format!("the file could not be read to its end ({e})"), "send it again"))?;
    if bytes.len() > most {
        return Err(whole("the file is too large for definitions".into(), "split it into several files"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        Problem::new(
            1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() as u64,
            None,
            "",
            "the file is not UTF-8",
            "save it as UTF-8",
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

pub(crate) fn line_of(text: &str, at: usize) -> u64 {
    1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() as u64
}

/// The parser's words as one line.
fn said(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Checks<'a> {
    text: &'a str,
    problems: Problems,
}

impl Checks<'_> {
    fn line<T>(&self, spanned: &Spanned<T>) -> u64 {
        line_of(self.text, spanned.span().start)
    }

    fn problem(&mut self, line: u64, key: &str, value: &str, reason: impl Into<String>, remedy: &str) {
        self.problems.push(Problem::new(line, Some(key), value, reason, remedy));
    }

    /// Codes and names are one line with something on it, and nothing at its ends.
    fn word(&mut self, line: u64, key: &str, value: &str) {
        if value.trim().is_empty() {
            self.problem(line, key, value, "this is empty", "write a code or a name");
        } else if value.trim() != value || value.chars().any(char::is_control) || value.chars().count() > 200
        {
            let remedy = "write one line of at most 200 characters without spaces around it";
            self.problem(line, key, value, "this is not a code or a name", remedy);
        }
    }

    fn amount(&mut self, line: u64, key: &str, value: f64) {
        if !value.is_finite() || value < 0.0 {
            self.problem(line, key, &value.to_string(), "this is not an amount", "write a number, 0 or more");
        }
    }

    fn unique<'k, K: Hash + Eq + fmt::Display + ?Sized + 'k>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = (u64, &'k K)>,
    ) {
        let mut seen = HashMap::new();
        for (line, item) in items {
            if let Some(before) = seen.insert(item, line) {
                let reason = format!("this is there already on line {before}");
                self.problem(line, key, &item.to_string(), reason, "leave one of them out");
            }
        }
    }

    fn metric(&mut self, spanned: Spanned<MetricDefinition>) -> Defined<MetricDefinition> {
        let line = self.line(&spanned);
        let metric = spanned.into_inner();
        self.word(line, "code", &metric.code);
        self.word(line, "name", &metric.name);
        for (key, code) in [("owner", &metric.owner), ("feed", &metric.feed)] {
            code.iter().for_each(|c| self.word(line, key, c));
        }
        if metric.decimals > 9 {
            let decimals = metric.decimals.to_string();
            self.problem(line, "decimals", &decimals, "nobody reads so many decimals", "write 0 to 9");
        }
        let parts = metric.numerator.is_some() || metric.denominator.is_some();
        if metric.aggregation != Aggregation::Ratio && parts {
            let remedy = "write aggregation = \"ratio\", or leave numerator and denominator out";
            self.problem(
                line,
                "aggregation",
                metric.aggregation.word(),
                "only a ratio has two parts",
                remedy,
            );
        }
        Defined { line, value: metric }
    }

    fn intervention(&mut self, spanned: Spanned<InterventionDefinition>) -> Defined<InterventionDefinition> {
        let line = self.line(&spanned);
        let mut support = spanned.into_inner();
        self.word(line, "code", &support.code);
        self.word(line, "name", &support.name);
        for (key, code) in [("owner", &support.owner), ("unit", &support.unit)] {
            code.iter().for_each(|c| self.word(line, key, c));
        }
        self.amount(line, "minutes", support.minutes);
        self.amount(line, "money", support.money);
        support.hour_value.iter().for_each(|v| self.amount(line, "hour_value", *v));
        let metrics: Vec<String> = support.lanes.all().map(|(_, _, code)| code.to_owned()).collect();
        metrics.iter().for_each(|code| self.word(line, "lanes", code));
        self.unique("lanes", metrics.iter().map(|code| (line, code)));
        for wave in std::mem::take(&mut support.waves) {
            let line = self.line(&wave);
            let wave = wave.into_inner();
            if wave.wave < 1 {
                self.problem(
                    line,
                    "wave",
                    &wave.wave.to_string(),
                    "waves are counted from 1",
                    "write 1 or more",
                );
            }
            if wave.units.is_empty() {
                self.problem(line, "units", "", "no unit starts here", "name the codes of the units");
            }
            for unit in wave.units {
                self.word(line, "units", &unit);
                let value = StartDefinition { unit, from: wave.from, wave: wave.wave, drawn: wave.drawn };
                support.rollout.push(Defined { line, value });
            }
        }
        self.unique("units", support.rollout.iter().map(|s| (s.line, &s.value.unit)));
        for remark in std::mem::take(&mut support.remarks) {
            let line = self.line(&remark);
            let Remark { unit, from, to, reason, leave_out } = remark.into_inner();
            self.word(line, "unit", &unit);
            if to < from {
                let reason = format!("the last day lies before the first, {from}");
                self.problem(line, "to", &to.to_string(), reason, "set the later day as the last");
            }
            if reason.trim().is_empty() {
                self.problem(line, "reason", "", "the reason is missing", "say what happened");
            }
            let value = NoteDefinition { unit, from, until: to.plus(1), reason, leave_out };
            support.notes.push(Defined { line, value });
        }
        Defined { line, value: support }
    }

    fn study(&mut self, spanned: Spanned<StudyDefinition>) -> Defined<StudyDefinition> {
        let line = self.line(&spanned);
        let study = spanned.into_inner();
        for (key, code) in
            [("code", &study.code), ("intervention", &study.intervention), ("metric", &study.metric)]
        {
            self.word(line, key, code);
        }
        study.design.iter().for_each(|c| self.word(line, "design", c));
        study.guardrails.iter().for_each(|c| self.word(line, "guardrails", c));
        for (i, code) in study.guardrails.iter().enumerate() {
            if study.guardrails[..i].contains(code) {
                self.problem(line, "guardrails", code, "this is named twice", "leave one of them out");
            }
        }
        if let Some(by) = study.by.filter(|by| !by.is_finite()) {
            self.problem(
                line,
                "by",
                &by.to_string(),
                "this is not a finite number",
                "write how much is expected",
            );
        }
        if study.within_weeks == Some(0) {
            self.problem(line, "within_weeks", "0", "an effect needs time", "write 1 or more");
        }
        Defined { line, value: study }
    }
}

/// One text, or a list of them.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum Said {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Said::deserialize(deserializer)? {
        Said::One(one) => vec![one],
        Said::Several(all) => all,
    })
}

/// A day, as a TOML date or as a text like "2026-03-18".
pub(crate) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    struct AsDay;
    impl<'de> Visitor<'de> for AsDay {
        type Value = Day;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a day like 2026-03-18")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Day, E> {
            text.parse().map_err(E::custom)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Day, A::Error> {
            let date = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
            self.visit_str(&date.to_string())
        }
    }
    deserializer.deserialize_any(AsDay)
}

fn some_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    day(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
