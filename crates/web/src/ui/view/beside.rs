//! Minutes of learning beside the work.

use askama::Template;

use super::{Choice, Effect, Link, Shell};
use crate::ui::filters;
use crate::ui::svg::Markup;

/// The page. `GET /learning-and-work` takes `metric` (an id).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "beside.html")]
pub struct BesidePage {
    /// The frame.
    pub shell: Shell,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The finding.
    pub title: String,
    /// How many people and observations, and when.
    pub lead: String,
    /// Metrics to choose from.
    pub metrics: Vec<Choice>,
    /// What goes together, by level; the level that speaks of learning first.
    pub rows: Vec<BesideRow>,
    /// Why nothing can be said; empty where something can, or where there is no metric.
    pub cannot_say: String,
    /// What it does not say, a sentence each.
    pub caveats: Vec<String>,
    /// The better design.
    pub better: Link,
}

/// One level.
#[derive(Debug, Clone, PartialEq)]
pub struct BesideRow {
    /// "The same person".
    pub level: String,
    /// What is compared.
    pub compares: String,
    /// The correlation with its range; `None` where it cannot be said.
    pub effect: Option<Effect>,
}

impl BesideRow {
    /// On an axis from −1 to 1.
    pub fn forest(&self) -> Markup {
        self.effect.as_ref().map_or_else(Markup::default, |e| e.row((-1.0, 1.0)))
    }
}
