//! One metric across a team: everybody beside their own usual range, how far apart the values are, the season, targets.

use askama::Template;

use super::{ControlChart, FormErrors, Link, PanelsChart, Shell, SpreadChart, Status};
use crate::ui::filters;
use crate::ui::format;

/// One metric across a team.
///
/// `GET {href}?level=&tolerance=` says what a target would do by chance alone; the same form sends
/// `POST {href}/target` with `level`, `tolerance` and `why`, which sets it for everybody in the team.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "together.html")]
pub struct TogetherPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address, without a query.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The finding.
    pub title: String,
    /// What it says, in a sentence.
    pub lead: String,
    /// The same metric-wide page of the team's other metrics.
    pub metrics: Vec<(Link, bool)>,
    /// Whether people stand with their names: from five on.
    pub named: bool,
    /// One small panel each.
    pub panels: PanelsChart,
    /// How far apart the values are.
    pub spread: Option<SpreadChart>,
    /// The team as a whole, beside the year before.
    pub season: ControlChart,
    /// What the season says.
    pub season_says: String,
    /// Each with range, target and how full the data are.
    pub rows: Vec<TogetherRow>,
    /// How many of a person's periods are looked at for holes: "12 weeks".
    pub looked_at: String,
    /// A value as people write one: "410300".
    pub example: String,
    /// The target to try or to set.
    pub target: TargetTry,
}

/// One person of the team.
#[derive(Debug, Clone, PartialEq)]
pub struct TogetherRow {
    /// Who; `None` where names are left out.
    pub person: Option<Link>,
    /// Where they stand.
    pub status: Status,
    /// "31 to 48".
    pub usual: String,
    /// The newest value.
    pub newest: String,
    /// The target in force.
    pub target: String,
    /// How often that target, or the one that is tried, is missed by chance alone: "27 %".
    pub missed: String,
    /// "12 of 12", "11 of 12, 1 late or corrected".
    pub came: String,
}

/// A target as it is tried or set for everybody.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetTry {
    /// The level as typed.
    pub level: String,
    /// The tolerance as typed.
    pub tolerance: String,
    /// The reason as typed.
    pub why: String,
    /// What the one that is tried would do; empty where none is.
    pub tried: String,
    /// What to put right. Field ids: `level`, `tolerance`, `why`.
    pub errors: FormErrors,
}

impl TogetherPage {
    /// "everybody", "all nine".
    pub fn everybody(&self) -> String {
        format!("all {}", format::spell(self.rows.len() as u64))
    }
}
