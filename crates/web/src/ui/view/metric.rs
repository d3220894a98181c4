//! One metric of one person (or unit) with its chart, its targets and what can be said about it.

use askama::Template;
use domain::time::Day;

use super::{ControlChart, Fact, FormErrors, Link, Shell, Status};
use crate::ui::filters;
use crate::ui::format::Style;
use crate::ui::svg::Spark;

/// A metric's page.
///
/// Forms: `POST {href}/commitment` with `level` (number as typed) and `why` (text); `POST {href}/target` with
/// `level`, `tolerance` (may be empty) and `why`. The three ways out lead to `{alert.href}?answer=…#answer`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "metric.html")]
pub struct MetricPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address, without a query.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The metric's name.
    pub name: String,
    /// Whose it is and what it counts: "Calls a week that end with an agreed next step. Maya Lindqvist, weekly."
    pub lead: String,
    /// Choices of how much time to show; the chosen one is marked.
    pub windows: Vec<Window>,
    /// What the chart says: "Lower since the week of 16 February".
    pub finding: String,
    /// Where it stands.
    pub status: Status,
    /// The chart.
    pub chart: ControlChart,
    /// What we can say, a paragraph each.
    pub can_say: Vec<String>,
    /// What we cannot say, a paragraph each.
    pub cannot_say: Vec<String>,
    /// Targets and commitments, newest first.
    pub levels: Vec<LevelRow>,
    /// How often the target is missed by chance alone, in a sentence; empty where that cannot be said.
    pub chance: String,
    /// Set where the viewer may change the commitment.
    pub commitment: Option<LevelForm>,
    /// Set where the viewer may change the target.
    pub target: Option<LevelForm>,
    /// The open alert on it, if any.
    pub alert: Option<OpenAlert>,
    /// Earlier and open episodes, newest first.
    pub episodes: Vec<EpisodeRow>,
    /// Metrics that feed this one or follow it.
    pub related: Vec<RelatedMetric>,
    /// About the number: what it counts, source, newest, version.
    pub about: Vec<Fact>,
}

/// How much time to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// "36 weeks".
    pub label: String,
    /// Its address.
    pub href: String,
    /// Whether it is shown.
    pub current: bool,
}

/// A target or a commitment.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelRow {
    /// From when.
    pub from: Day,
    /// A target, or a personal commitment.
    pub kind: LevelKind,
    /// The level; `None` where it was ended.
    pub level: Option<f64>,
    /// The tolerance around it, where there is one.
    pub tolerance: Option<f64>,
    /// How it is written.
    pub style: Style,
    /// Who set it and why.
    pub who_why: String,
    /// "Agreed by Maya Lindqvist, 18 March"; may be empty.
    pub agreed: String,
    /// Its id, where the viewer is the one to agree: `POST {page}/agree` with `level`.
    pub to_agree: Option<String>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelKind {
    /// Agreed with the leader.
    Target,
    /// Promised by the person.
    Commitment,
}

/// A form for a level.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LevelForm {
    /// What stands in the field.
    pub level: String,
    /// What stands in the tolerance field (targets only).
    pub tolerance: String,
    /// What stands in the reason field.
    pub why: String,
    /// "Successful calls a week. Target 42. Last 13 weeks: 29 to 45."
    pub hint: String,
    /// What to put right. Field ids: `level`, `why` in the commitment's form; `target-level`, `tolerance`,
    /// `target-why` in the target's.
    pub errors: FormErrors,
}

/// The open alert on a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlert {
    /// Its page.
    pub href: String,
    /// Whether the viewer is the person and has not answered.
    pub may_answer: bool,
    /// Who sees it when, and what was answered.
    pub text: String,
}

/// One episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeRow {
    /// Its page.
    pub href: String,
    /// How it stands or ended.
    pub status: Status,
    /// "Closed 12 December: a week was missing from the call system."
    pub text: String,
}

/// A metric before or after this one.
#[derive(Debug, Clone, PartialEq)]
pub struct RelatedMetric {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// "feeds this; usual range", "follows in about 2 weeks".
    pub note: String,
    /// How it is written.
    pub style: Style,
    /// The newest value.
    pub value: Option<f64>,
    /// Its last weeks.
    pub spark: Spark,
}

impl LevelRow {
    /// "42", "3 ± 2 days", "ended".
    pub fn words(&self) -> String {
        match (self.level, self.tolerance) {
            (None, _) => "ended".to_owned(),
            (Some(level), Some(tolerance)) if tolerance > 0.0 => {
                let bare =
                    Style { before: "".into(), after: "".into(), word: "".into(), ..self.style.clone() };
                format!("{} ± {}", self.style.number(level), bare.number(tolerance))
            }
            (Some(level), _) => self.style.number(level),
        }
    }
    /// "Target" or "Commitment".
    pub fn kind_word(&self) -> &'static str {
        match self.kind {
            LevelKind::Target => "Target",
            LevelKind::Commitment => "Commitment",
        }
    }
}

impl RelatedMetric {
    /// The newest value as shown; a dash where there is none.
    pub fn shown(&self) -> String {
        self.style.maybe(self.value)
    }
}
