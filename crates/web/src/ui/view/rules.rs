//! The rules for reds: what holds, what was before, and what a change would have done.

use askama::Template;
use domain::time::Day;

use super::{ChangeRow, FormErrors, LineFault, Shell};
use crate::ui::filters;
use crate::ui::format::{self, Moment};
use crate::ui::svg::{self, Markup};

/// Every rule, and the same rules as a file.
///
/// Forms: `POST /rules` with `text` (the file) and `do` = `look` or `apply`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "rules.html")]
pub struct RulesPage {
    /// The frame.
    pub shell: Shell,
    /// The rules that hold, the default first.
    pub rows: Vec<RuleRow>,
    /// Metrics without a rule of their own: address and name.
    pub others: Vec<(String, String)>,
    /// Whether the viewer may change rules.
    pub may_write: bool,
    /// The file: the rules that hold, or what was typed.
    pub file: String,
    /// What the file would change, once somebody has looked.
    pub changes: Option<Vec<ChangeRow>>,
    /// What cannot be used in it.
    pub faults: Vec<LineFault>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// Its page.
    pub href: String,
    /// "Every metric without a rule of its own", or the metric's name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// How it differs from the parameters that hold before anybody sets any: "interval 3.5 instead of 2.8".
    pub differs: Vec<String>,
    /// Its version; 0 before anybody set it.
    pub version: i64,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Option<Moment>,
    /// Why.
    pub why: String,
}

/// One rule with its parameters and its versions.
///
/// Forms: `POST {href}` with each parameter, `why`, and `do` = `try` (then also `metric` and `weeks`) or `set`;
/// `POST {href}/versions/{version}` (no fields) goes back to a version.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "rule.html")]
pub struct RulePage {
    /// The frame.
    pub shell: Shell,
    /// Its address.
    pub href: String,
    /// "Successful calls"; empty for the default.
    pub metric: String,
    /// What holds now, in a sentence.
    pub lead: String,
    /// Whether the viewer may change it.
    pub may_write: bool,
    /// The parameters, in groups.
    pub groups: Vec<ParameterGroup>,
    /// The reason that was typed.
    pub why: String,
    /// How many periods a trial goes back.
    pub weeks: String,
    /// Metrics on which the default can be tried: code, name, whether it is chosen. Empty for a metric's own rule.
    pub metrics: Vec<(String, String, bool)>,
    /// What it would have done.
    pub trial: Option<TrialView>,
    /// Its versions, the newest first.
    pub versions: Vec<VersionRow>,
    /// What to put right. Field ids: the parameters' names, `why`, `weeks`, `metric`.
    pub errors: FormErrors,
}

/// Parameters that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterGroup {
    /// "When something is said".
    pub title: &'static str,
    /// Which.
    pub fields: Vec<ParameterField>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterField {
    /// As files name it.
    pub name: &'static str,
    /// In a few words.
    pub label: &'static str,
    /// What a larger or smaller one does.
    pub hint: &'static str,
    /// Its value, or what was typed.
    pub value: String,
    /// What holds before anybody sets it.
    pub first: String,
}

/// One version of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Counted from 1; 0 for what held before.
    pub version: i64,
    /// Who set it; empty for version 0.
    pub by: String,
    /// When.
    pub at: Option<Moment>,
    /// Why.
    pub why: String,
    /// How it differs from the one before.
    pub how: String,
    /// Where a form goes back to it; `None` for the one that holds.
    pub back: Option<String>,
}

/// What a rule would have done to a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialView {
    /// The metric.
    pub metric: String,
    /// First and last judged period.
    pub span: (Day, Day),
    /// How many values were judged.
    pub judged: u64,
    /// How many alerts about single subjects it would have opened.
    pub alerts: u64,
    /// In a hundred judged values.
    pub per_hundred: f64,
    /// How many the rules now in force open.
    pub now: u64,
    /// How many would have been told once for a whole group.
    pub groups: u64,
    /// How many values fell short of the target by more than the tolerance, and in how many per cent of periods chance
    /// alone does that to somebody who is exactly on target.
    pub chance: Option<(u64, f64)>,
    /// The judged periods with how many alerts each, by this rule and by those in force.
    pub periods: Vec<(Day, u64, u64)>,
    /// What leaders would have got.
    pub teams: Vec<TeamTrial>,
    /// Those whom the viewer may see by name.
    pub named: Vec<NamedTrial>,
}

/// What one leader would have got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamTrial {
    /// The leader's name, "a team", "7 small teams together".
    pub name: String,
    /// How many people.
    pub people: u64,
    /// How many alerts in each period.
    pub by_period: Vec<u64>,
}

/// One alert that would have opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTrial {
    /// About whom or what.
    pub name: String,
    /// "Lower than usual", "off target".
    pub what: &'static str,
    /// The period that would have opened it.
    pub opened: Day,
    /// The period that would have closed it.
    pub closed: Option<Day>,
}

impl RulesPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.rows.len() {
            0 | 1 => "One rule for all metrics".to_owned(),
            n => format!(
                "One rule for all metrics, {} of their own",
                format::plural(n as u64 - 1, "metric has one", "metrics have one")
            ),
        }
    }
}

impl RulesPage {
    /// Whether somebody has looked at a file that would change something.
    pub fn can_apply(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| !changes.is_empty())
    }
}

impl RuleRow {
    /// "version 3, by Elif Aydin, today, 12:04".
    pub fn set(&self, today: &Day) -> String {
        match self.at {
            None => "as delivered".to_owned(),
            Some(at) => format!("version {}, {}, {}", self.version, self.by, at.words(*today)),
        }
    }
}

impl RulePage {
    /// The title.
    pub fn heading(&self) -> String {
        match self.metric.as_str() {
            "" => "When a metric is red".to_owned(),
            metric => format!("When {} is red", format::lower_first(metric)),
        }
    }
}

impl ParameterField {
    /// The id of its hint.
    pub fn hint_id(&self) -> String {
        format!("{}-hint", self.name)
    }
}

impl TrialView {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        let alerts = format::plural(self.alerts, "alert", "alerts");
        match self.alerts.cmp(&self.now) {
            _ if self.alerts == 0 && self.now == 0 => {
                "It would have stayed quiet, as the rules in force do".to_owned()
            }
            std::cmp::Ordering::Equal => format!("{alerts}, as many as the rules in force"),
            _ => format!("{alerts} instead of {}", format::count(self.now)),
        }
    }
    /// "0.42 in a hundred of 12,480 values".
    pub fn rate(&self) -> String {
        format!(
            "{} in a hundred of {} judged values",
            format::decimal(self.per_hundred, 2),
            format::count(self.judged)
        )
    }
    /// The plain threshold beside it.
    pub fn plain(&self) -> Option<String> {
        self.chance.map(|(plain, chance)| {
            format!(
                "This target would be red {}\u{202f}% of weeks by chance alone. A plain threshold would have shown {}.",
                format::decimal(chance, 0),
                format::plural(plain, "red value", "red values")
            )
        })
    }
    /// All periods, drawn.
    pub fn drawing(&self) -> Markup {
        svg::counts(&self.periods.iter().map(|p| p.1).collect::<Vec<_>>())
    }
}

impl TeamTrial {
    /// How many in all.
    pub fn fired(&self) -> u64 {
        self.by_period.iter().sum()
    }
    /// The most in one period.
    pub fn most(&self) -> u64 {
        self.by_period.iter().max().copied().unwrap_or(0)
    }
    /// Its periods, drawn.
    pub fn drawing(&self) -> Markup {
        svg::counts(&self.by_period)
    }
}
