//! A case: from "please train them" to causes, the support that fits each, and a locked hypothesis.

use askama::Template;
use domain::interventions::{CauseBox, Kind};
use domain::time::Day;

use super::{Fact, Link, PanelChart, Shell, Step, StepState, box_word, kind_icon, kind_word};
use crate::ui::filters;
use crate::ui::format::{self, Style};
use crate::ui::svg::Markup;

/// A case's page.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "case.html")]
pub struct CasePage {
    /// The frame.
    pub shell: Shell,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The problem in words: "Too much stock, and the wrong stock".
    pub title: String,
    /// Who asked, when, who is on it.
    pub lead: String,
    /// Its chain page, where one exists.
    pub chain: Option<String>,
    /// How far it is.
    pub steps: Vec<Step>,
    /// The request as it came: words, and who said them when.
    pub request: Option<(String, String)>,
    /// What was made of it: "A request is a start, not an order. …" May be empty.
    pub request_note: String,
    /// Should be, is, solved when, worth.
    pub problem: Vec<Fact>,
    /// Whether the problem was confirmed by who asked.
    pub confirmed: bool,
    /// Is it people or the system? A value by unit and line.
    pub heat: Option<HeatTable>,
    /// Who was heard.
    pub interviews: Vec<Interview>,
    /// Where accounts differ: words and whose they are.
    pub quotes: Vec<(String, String)>,
    /// The causes, with evidence and rank.
    pub causes: Vec<Cause>,
    /// What the panel thinks.
    pub panel: Option<PanelChart>,
    /// "8 people, each alone first; frozen 8 July 2025".
    pub panel_note: String,
    /// How much of this a lesson is for: number and words; `None` before support is chosen.
    pub lesson_share: Option<(String, String)>,
    /// The hypothesis, once locked: words, and when.
    pub hypothesis: Option<(String, Day)>,
}

/// Values by unit and line; stronger colour is further from target.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatTable {
    /// "People or system? Days on hand by plant and line".
    pub title: String,
    /// Heads of the columns after the first.
    pub heads: Vec<String>,
    /// Name and values of each row.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
    /// How values are written.
    pub style: Style,
    /// The target: distance from it sets the step of the colour.
    pub target: f64,
    /// What it shows, in a sentence.
    pub text: String,
}

/// A talk with someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interview {
    /// "Inventory manager, Corran". Never a name.
    pub who: String,
    /// What they said, in a sentence.
    pub said: String,
}

/// A claimed reason for the gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Its key: "1".
    pub key: String,
    /// "Agreed planning procedure is not followed".
    pub name: String,
    /// The boxes it lies in.
    pub boxes: Vec<CauseBox>,
    /// "7 of 11 talks, planning logs".
    pub evidence: String,
    /// The panel's share of the gap in percent, if ranked.
    pub share: Option<f64>,
    /// The support chosen for it.
    pub supports: Vec<ChosenSupport>,
}

/// A support chosen for a cause.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenSupport {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its time for each person: "3 min a week".
    pub time: String,
    /// Its page, where there is one.
    pub href: Option<String>,
}

impl HeatTable {
    /// Value and class of each cell of a row.
    pub fn cells(&self, values: &[Option<f64>]) -> Vec<(String, u8)> {
        let most = self
            .rows
            .iter()
            .flat_map(|(_, v)| v.iter().flatten())
            .map(|v| (v - self.target).abs())
            .fold(0.0, f64::max);
        values
            .iter()
            .map(|v| {
                let step = v.map_or(0, |v| {
                    let share = if most > 0.0 { (v - self.target).abs() / most } else { 0.0 };
                    1 + (share * 4.999).floor().clamp(0.0, 4.0) as u8
                });
                (self.style.maybe(*v), step)
            })
            .collect()
    }
}

impl ChosenSupport {
    /// Its icon's name.
    pub fn icon(&self) -> &'static str {
        kind_icon(self.kind)
    }
    /// Its kind in words.
    pub fn kind_word(&self) -> &'static str {
        kind_word(self.kind)
    }
}

impl Cause {
    /// "Information, incentives".
    pub fn boxes_words(&self) -> String {
        let words: Vec<&str> = self.boxes.iter().map(|b| box_word(*b)).collect();
        format::capital(&words.join(", ").to_lowercase())
    }
    /// "about 38 % of the gap".
    pub fn share_words(&self) -> String {
        self.share.map_or_else(String::new, |s| format!("about {} of the gap", Style::percent(0).number(s)))
    }
}

/// A side of the cause boxes: its name, and each box with the causes that lie in it.
type Side<'a> = (&'static str, Vec<(&'static str, Vec<&'a Cause>)>);

impl CasePage {
    /// The six boxes, in two sides, each with the causes that lie in it.
    pub fn sides(&self) -> [Side<'_>; 2] {
        let of = |boxes: [CauseBox; 3]| {
            boxes
                .into_iter()
                .map(|b| (box_word(b), self.causes.iter().filter(|c| c.boxes.contains(&b)).collect()))
                .collect()
        };
        [
            ("Environment", of([CauseBox::Information, CauseBox::Resources, CauseBox::Incentives])),
            ("Person", of([CauseBox::Knowledge, CauseBox::Capacity, CauseBox::Motives])),
        ]
    }
    /// "Four causes with evidence; 3 lie wholly in the environment".
    pub fn causes_note(&self) -> String {
        let wholly = self
            .causes
            .iter()
            .filter(|c| !c.boxes.is_empty() && c.boxes.iter().all(|b| b.is_environment()))
            .count() as u64;
        format!(
            "{} with evidence; {} wholly in the environment",
            format::plural(self.causes.len() as u64, "cause", "causes"),
            match wholly {
                1 => "1 lies".to_owned(),
                n => format!("{n} lie"),
            }
        )
    }
    /// The panel's drawing.
    pub fn panel_html(&self) -> Option<Markup> {
        self.panel.as_ref().map(PanelChart::html)
    }
}

/// The list of cases.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "cases.html")]
pub struct CasesPage {
    /// The frame.
    pub shell: Shell,
    /// The cases.
    pub rows: Vec<CaseRow>,
}

/// One case in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Its page.
    pub href: String,
    /// The problem.
    pub title: String,
    /// Where, and who asked.
    pub sub: String,
    /// How far it is: "Measure".
    pub step: String,
    /// What came of it, or comes next.
    pub next: String,
}
