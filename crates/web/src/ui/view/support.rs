//! Support results: what we tried, what it changed, what it cost. It compares what we do, never people.

use askama::Template;
use domain::interventions::Kind;

use super::{Effect, Evidence, Grade, Link, Shell, icon, kind_icon, kind_word};
use crate::ui::filters;
use crate::ui::format;
use crate::ui::svg::{self, Interval, Markup, effect_domain};

/// The page of all support.
///
/// `GET /support` narrows by `kind` (a kind's word), `metric` (a name) and `grade` (a letter: at least), and sorts by
/// `sort` = `difference`, `evidence`, `minutes` or `name`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "support.html")]
pub struct SupportPage {
    /// The frame.
    pub shell: Shell,
    /// "Northwind Advisors, 120 branches"
    pub organisation: String,
    /// "last 26 weeks to 15 March"
    pub span: String,
    /// Up to three findings on top.
    pub headlines: Vec<Headline>,
    /// Choices of the filters, each with its value, its words and whether it is set.
    pub kinds: Vec<Choice>,
    /// The metrics that can be chosen.
    pub metrics: Vec<Choice>,
    /// The lowest grades that can be chosen.
    pub grades: Vec<Choice>,
    /// What the rows are sorted by.
    pub sort: Sort,
    /// The rest of the query, for links in column heads: "kind=lesson&"; empty where nothing is narrowed.
    pub query: String,
    /// The supports.
    pub rows: Vec<SupportRow>,
    /// Decisions that wait for the viewer.
    pub waiting: Vec<Waiting>,
}

/// A finding in a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// "Would give time back".
    pub label: String,
    /// "1,840 h".
    pub number: String,
    /// "a quarter".
    pub unit: String,
    /// What is behind it, with range and grade.
    pub text: String,
}

/// One choice of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent; empty for all.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is set.
    pub set: bool,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The estimate, largest first.
    Difference,
    /// The grade, strongest first.
    Evidence,
    /// The price, smallest first.
    Minutes,
    /// The name.
    Name,
}

/// One support.
#[derive(Debug, Clone, PartialEq)]
pub struct SupportRow {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Where it is used: "40 branches".
    pub reach: String,
    /// Its chain page, where there is one.
    pub href: Option<String>,
    /// The metric that it is for.
    pub metric: String,
    /// The estimate; effects of one page must be in one style (relative change), so that they share an axis.
    pub effect: Option<Effect>,
    /// Why nothing can be said yet; empty where there is an estimate.
    pub cannot_say: String,
    /// The grade.
    pub evidence: Evidence,
    /// What it costs a person, in minutes.
    pub minutes: f64,
    /// What it costs all, in hours, with its span: "44 h a quarter".
    pub total: String,
    /// In words.
    pub verdict: SupportVerdict,
    /// "Scale: decided 2 Mar"; may be empty.
    pub note: String,
    /// Hours spent in the span.
    pub hours: f64,
    /// What the difference was worth in hours, where that can be said.
    pub worth: Option<Interval>,
}

/// What can be said of a support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportVerdict {
    /// The range lies on the better side.
    Helps,
    /// The same, by little.
    HelpsALittle,
    /// Too early, or too few.
    CannotSay,
    /// The range holds zero and is narrow: the plain number may look otherwise.
    NoDifference,
    /// Takes time, and the range lies on no better side.
    CostsTime,
}

impl SupportVerdict {
    /// The words.
    pub const fn word(self) -> &'static str {
        match self {
            SupportVerdict::Helps => "Helps",
            SupportVerdict::HelpsALittle => "Helps a little",
            SupportVerdict::CannotSay => "Cannot say yet",
            SupportVerdict::NoDifference => "No difference seen",
            SupportVerdict::CostsTime => "Costs time, no gain",
        }
    }
    /// Icon and words.
    pub fn html(self) -> Markup {
        let (tone, name) = match self {
            SupportVerdict::Helps | SupportVerdict::HelpsALittle => ("well", "well"),
            SupportVerdict::CannotSay => ("none", "none"),
            SupportVerdict::NoDifference => ("none", "usual"),
            SupportVerdict::CostsTime => ("gap", "clock"),
        };
        Markup::new(format!(r#"<span class="status status--{tone}">{}{}</span>"#, icon(name), self.word()))
    }
}

/// A decision that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// "Retire the legacy product course?"
    pub title: String,
    /// Who proposed it and why.
    pub text: String,
    /// Its chain page, where it is decided.
    pub link: Link,
    /// Where `decision` and `reason` are posted to, where the viewer may decide.
    pub decide: Option<String>,
}

impl SupportRow {
    /// "Lesson, 40 branches".
    pub fn kind_and_reach(&self) -> String {
        format!("{}, {}", kind_word(self.kind), self.reach)
    }
    /// Its icon's name.
    pub fn icon(&self) -> &'static str {
        kind_icon(self.kind)
    }
    /// "6 min", or "none".
    pub fn price(&self) -> String {
        if self.minutes < 0.5 { "0".to_owned() } else { format::decimal(self.minutes, 0) }
    }
    /// "12 h, worth 1,450 (900 to 2,000)".
    pub fn ledger_words(&self) -> String {
        let spent = format::minutes(self.hours * 60.0);
        match self.worth {
            None => format!("{spent}, worth not known yet"),
            Some(w) => format!(
                "{spent}, worth {} ({} to {})",
                format::decimal(w.at, 0),
                format::decimal(w.lo, 0),
                format::decimal(w.hi, 0)
            ),
        }
    }
}

impl SupportPage {
    fn domain(&self) -> (f64, f64) {
        let effects: Vec<_> = self.rows.iter().filter_map(|r| r.effect.as_ref()).collect();
        let (lo, hi) = effect_domain(effects.iter().map(|e| (e.interval, None)));
        // A plain number far beyond every range must not squeeze the ranges: the axis holds it up to twice their span.
        let room = (hi - lo) * 2.0;
        let naive = effects.iter().filter_map(|e| e.naive).filter(|n| *n > lo - room && *n < hi + room);
        naive.fold((lo, hi), |(lo, hi), n| (lo.min(n - (hi - lo) * 0.03), hi.max(n + (hi - lo) * 0.03)))
    }
    /// One row's effect on the axis that all rows share.
    pub fn forest(&self, row: &SupportRow) -> Markup {
        row.effect.as_ref().map_or_else(Markup::default, |e| e.row(self.domain()))
    }
    /// Hours against what they were worth, on one scale for all rows.
    pub fn ledger_bar(&self, row: &SupportRow) -> Markup {
        let max = self
            .rows
            .iter()
            .flat_map(|r| [r.hours, r.worth.map_or(0.0, |w| w.hi.abs().max(w.lo.abs()))])
            .fold(0.0, f64::max);
        svg::ledger_bar(row.hours, row.worth, max)
    }
    /// Whether rows are sorted by this.
    pub fn sorted_by(&self, name: &str) -> bool {
        let set = match self.sort {
            Sort::Difference => "difference",
            Sort::Evidence => "evidence",
            Sort::Minutes => "minutes",
            Sort::Name => "name",
        };
        set == name
    }
    /// All grades, for the key.
    pub fn all_grades(&self) -> [Markup; 5] {
        Grade::ALL.map(|g| g.html(g.meaning()))
    }
    /// The keys of the drawing.
    pub fn key(&self) -> [Markup; 2] {
        [
            r#"<svg viewBox="0 0 22 12" aria-hidden="true"><line class="forest__bar is-well" x1="0" x2="22" y1="6" y2="6"/><circle class="forest__dot is-well" cx="11" cy="6" r="5"/></svg>"#,
            r#"<svg viewBox="0 0 22 12" aria-hidden="true"><circle class="forest__naive" cx="11" cy="6" r="4.5"/></svg>"#,
        ]
        .map(|svg| Markup::new(svg.to_owned()))
    }
}
