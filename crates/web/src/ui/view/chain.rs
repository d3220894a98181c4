//! The chain of evidence: business, performance and solution metrics on one time axis, with the grade of each link.

use askama::Template;
use domain::time::Day;

use super::{ChartTable, Effect, Evidence, Lane, Link, RecoveryChart, Shell, Status, TimeAxis};
use crate::ui::filters;
use crate::ui::svg::{ByPeriod, DealtAgain, Markup, effect_domain};

/// A chain's page. Prints on one A4 page.
///
/// Forms: `POST {href}/decide` with `decision` = `scale`, `adapt`, `stop` or `watch`, and `reason`; to scale also `from` (a
/// date), `waves` and `weeks`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "chain.html")]
pub struct ChainPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The finding: "Days on hand fell further in the plants with the new planning routine".
    pub title: String,
    /// "Business metric to work to support, on one time axis. Alder Industrial, 6 plants, 78 weeks to Sunday 15 March."
    pub lead: String,
    /// The evidence pack, where the viewer may take it.
    pub pack: Option<Link>,
    /// The line at the head of the printed page: pack number and method.
    pub print_line: String,
    /// The one number.
    pub verdict: Verdict,
    /// The decision that it is for.
    pub decision: Option<DecisionCard>,
    /// Support → work → business, each with the grade of the arrow that leads on.
    pub links: Vec<LinkNode>,
    /// The one time axis; `None` where people were picked and lanes count the time since the pick.
    pub axis: Option<TimeAxis>,
    /// Who has the support, for the legend: "Wave-1 plants (Ashby, Brannock, Corran)".
    pub treated: String,
    /// Who is compared, for the legend; empty where nobody is.
    pub compared: String,
    /// The starts in words, for the legend: "Rollout: wave 1, 15 Sep; wave 2, 13 Apr".
    pub rollout: String,
    /// Business, performance, solution, in this order.
    pub sections: Vec<LaneSection>,
    /// What the lines are: "Thin lines are plants, thick lines the middle of three."
    pub foot: String,
    /// When the difference came, and the placebo beside it; `None` where the design gives neither.
    pub timing: Option<Timing>,
    /// What else could explain it, and what was looked at.
    pub explanations: Vec<Explanation>,
    /// What the support costs in time, and what it gave back.
    pub ledger: Vec<LedgerRow>,
    /// A sentence under the ledger; may be empty.
    pub ledger_note: String,
}

/// The one number of the page, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What it is: "Estimated difference the routine made".
    pub label: String,
    /// The estimate with its range and the plain before–after; `None` where nothing can be said yet.
    pub effect: Option<Effect>,
    /// Why nothing can be said yet; empty where there is an estimate.
    pub cannot_say: String,
    /// The grade with its rules.
    pub evidence: Evidence,
    /// What went into it, and why the plain before–after is not counted.
    pub explanation: String,
    /// What became of the guardrails; empty without any.
    pub guardrails: String,
    /// What it does not say, a sentence each.
    pub limits: Vec<String>,
}

/// When the difference came, and what a made-up start shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// The drawing.
    pub drawing: ByPeriod,
    /// The same as a table, newest last.
    pub table: ChartTable,
    /// The real start and made-up ones on one axis, each with its words.
    pub placebo: Vec<(String, Effect)>,
    /// What the placebo says; empty where there is none.
    pub placebo_words: String,
    /// What dealing the starts to others shows, with its words; `None` where units are too few to deal.
    pub dealt: Option<(DealtAgain, String)>,
}

impl Timing {
    /// One row of the placebo picture, on the axis that all share.
    pub fn row(&self, effect: &Effect) -> Markup {
        effect.row(effect_domain(self.placebo.iter().map(|(_, e)| (e.interval, None))))
    }
}

/// What has to be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionCard {
    /// "Your decision: wave 2".
    pub title: String,
    /// By when.
    pub due: Option<Day>,
    /// What would happen.
    pub text: String,
    /// The study, step by step.
    pub study: Option<Link>,
    /// The units that a decision to scale would start.
    pub next: Option<NextUnits>,
    /// What speaks for and against it.
    pub facts: Vec<DecisionFact>,
    /// Whether the viewer may decide.
    pub can_decide: bool,
    /// What was decided, by whom, when and why; newest first.
    pub taken: Vec<String>,
}

/// Units that have not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextUnits {
    /// "63 branches have not started yet".
    pub words: String,
    /// From when they could.
    pub from: Day,
}

/// A line of the decision card.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionFact {
    /// "Cash freed so far, 3 plants".
    pub name: String,
    /// "€2.0 m".
    pub value: String,
    /// "1.2 to 2.8"; empty where there is no range.
    pub range: String,
    /// A status in place of the value, with its words: a guardrail.
    pub status: Option<(Status, String)>,
}

impl DecisionFact {
    /// The guardrail's status.
    pub fn status_html(&self) -> Option<Markup> {
        self.status.as_ref().map(|(status, words)| status.with(words))
    }
}

/// One node of the links strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkNode {
    /// "Support is used", "Work changes", "Business gets".
    pub over: String,
    /// "Checklist in 86 % of weeks".
    pub title: String,
    /// "likely +7 to +15"; may be empty.
    pub sub: String,
    /// The grade of the arrow to the next node; `None` on the last.
    pub next: Option<Evidence>,
}

/// Lanes of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSection {
    /// "Business metric".
    pub title: String,
    /// "owned by Operations".
    pub owner: String,
    /// Its lanes.
    pub rows: Vec<LaneRow>,
}

/// One lane with what stands left and right of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneRow {
    /// Where the metric's definition opens.
    pub href: Option<String>,
    /// The newest value of those who have the support: "8.1".
    pub now: String,
    /// "from 17.2", "of weeks".
    pub now_note: String,
    /// "Target 3, give or take 2. Finance ledger, weekly."
    pub note: String,
    /// The drawing.
    pub lane: Lane,
    /// The drawing by the time since people were picked; takes the lane's place.
    pub path: Option<RecoveryChart>,
    /// The difference; `None` on solution lanes and where nothing can be said.
    pub effect: Option<Effect>,
    /// How sure we are.
    pub evidence: Option<Evidence>,
    /// One sentence why, or which cause the support is for.
    pub text: String,
}

/// Another explanation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// "Supplier strike at Corran".
    pub what: String,
    /// "With and without the 5 weeks".
    pub looked_at: String,
    /// "−7.1 without, −6.2 with; grade would drop to C".
    pub changes: String,
}

/// A line of the time ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// "Weekly meeting, 24 people".
    pub text: String,
    /// "48 h".
    pub amount: String,
    /// "−140 to −50"; empty where it is exact.
    pub range: String,
    /// A sum, ruled off above.
    pub sum: bool,
}

impl LaneRow {
    /// The effect on its own axis around zero.
    pub fn forest(&self) -> Markup {
        self.effect.as_ref().map_or_else(Markup::default, |e| e.row(effect_domain([(e.interval, None)])))
    }
}

impl ChainPage {
    /// Whether this is the very last lane, which carries the months.
    fn last(&self) -> Option<(usize, usize)> {
        let section = self.sections.iter().rposition(|s| !s.rows.is_empty())?;
        Some((section, self.sections[section].rows.len() - 1))
    }
    /// How far the sheet is scaled down, so that a chain with many lanes prints on one page too.
    pub fn print_class(&self) -> &'static str {
        match self.sections.iter().map(|s| s.rows.len()).sum::<usize>() {
            0..=4 => "",
            5..=6 => "page--tight",
            _ => "page--tighter",
        }
    }
    /// The drawing of a lane.
    pub fn lane_html(&self, section: &usize, row: &usize) -> Markup {
        let last = self.last() == Some((*section, *row));
        let Some(row) = self.sections.get(*section).and_then(|s| s.rows.get(*row)) else {
            return Markup::default();
        };
        match (&row.path, &self.axis) {
            (Some(path), _) => path.bare(),
            (None, Some(axis)) => row.lane.html(axis, last),
            (None, None) => Markup::default(),
        }
    }
    /// The axis above the lanes.
    pub fn axis_html(&self) -> Option<Markup> {
        self.axis.as_ref().map(TimeAxis::html)
    }
    /// Whether a grey funnel is drawn.
    pub fn funnel(&self) -> bool {
        let mut rows = self.sections.iter().flat_map(|s| &s.rows);
        rows.any(|r| r.path.as_ref().is_some_and(|p| !p.expected.is_empty()))
    }
    /// All lanes as tables.
    pub fn tables(&self) -> Vec<ChartTable> {
        let table = |r: &LaneRow| match &r.path {
            Some(path) => path.table(),
            None => r.lane.table(self.shell.today),
        };
        self.sections.iter().flat_map(|s| &s.rows).map(table).collect()
    }
}

/// The list of chains.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "chains.html")]
pub struct ChainsPage {
    /// The frame.
    pub shell: Shell,
    /// Studies under way, the one that is read soonest first.
    pub running: Vec<RunningRow>,
    /// The chains, newest finding first.
    pub rows: Vec<ChainRow>,
    /// Whether the viewer may write a new hypothesis.
    pub write: bool,
}

/// A study under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningRow {
    /// Its page.
    pub href: String,
    /// The support.
    pub name: String,
    /// "Wave 1 of 2, 34 branches".
    pub reach: String,
    /// Who uses it: "412 of 487, 85 in a hundred".
    pub adoption: String,
    /// Each guardrail: its status, and its words with its name.
    pub guardrails: Vec<(Status, String)>,
    /// How much of the data arrived.
    pub data: (Status, String),
    /// Time to readable: "in 12 weeks, 9 June".
    pub readable: String,
}

impl RunningRow {
    /// A status with its words.
    pub fn status(&self, status: &Status, words: &str) -> Markup {
        status.with(words)
    }
}

/// One chain in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainRow {
    /// Its page.
    pub href: String,
    /// The finding.
    pub title: String,
    /// The support and where: "Planning routine, 3 of 6 plants".
    pub support: String,
    /// The business metric.
    pub metric: String,
    /// The estimate, if there is one.
    pub effect: Option<Effect>,
    /// The grade.
    pub evidence: Evidence,
    /// "Decision due 27 March", "Readable in about 5 weeks". May be empty.
    pub next: String,
}
