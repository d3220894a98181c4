//! What the generator knows and nobody else may: the answers that the pages must reach by themselves.
//!
//! A loader never receives a [`Truths`]; the test oracle does.

use serde::Serialize;

use crate::alder::ROUTINE;
use crate::build::Build;
use crate::harbour;
use crate::metrics::*;
use crate::northwind::Northwind;
use crate::supports::*;
use crate::work::{self, Numbers};
use crate::world::{AccountIx, InterventionIx, MetricIx, PersonIx, UnitIx};

/// The conclusion that an honest reading of the numbers must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Conclusion {
    /// The interval lies on the good side of zero.
    Helps,
    /// The interval holds zero, although the plain before–after number looks good.
    NoDifference,
    /// Time or money is spent and the interval never lies on the good side of zero.
    CostsNoGain,
}

/// The planted effect of one intervention on one metric.
#[derive(Debug, Clone, Serialize)]
pub struct Effect {
    /// Of what.
    pub intervention: InterventionIx,
    /// On what.
    pub metric: MetricIx,
    /// The effect over the weeks that the study reads, as a share of the level (0.03 is three per cent),
    /// or in the metric's own unit where `absolute` is set. Negative means lower.
    pub size: f64,
    /// Whether `size` is in the metric's unit.
    pub absolute: bool,
    /// What must be concluded.
    pub conclusion: Conclusion,
    /// The share by which a plain before–after comparison flatters, where that is the point of the story.
    pub naive: Option<f64>,
}

/// Everything planted.
#[derive(Debug, Clone, Serialize)]
pub struct Truths {
    /// Effects of interventions.
    pub effects: Vec<Effect>,
    /// People of the shown branch who need their leader, with the metric: a shift first, then a gap.
    pub need_leader: Vec<(PersonIx, MetricIx)>,
    /// How many of the shown branch a plain threshold would have called red in the last week.
    pub plain_threshold_reds: usize,
    /// The person whose data is late, with the metric.
    pub data_late: (PersonIx, MetricIx),
    /// The branch whose call feed broke.
    pub broken_feed: UnitIx,
    /// Whose the unresolved accounts are.
    pub second_accounts: Vec<(AccountIx, PersonIx)>,
    /// The first day of the week in which the market dipped for everyone.
    pub market_dip: domain::time::Day,
}

/// Writes down what was planted at Northwind Advisors.
pub(crate) fn planted(
    b: &Build,
    n: &Northwind,
    numbers: &Numbers,
    days_off: f64,
    second_accounts: Vec<(AccountIx, PersonIx)>,
) -> Truths {
    let shown = |position: usize| n.members[n.branches[n.shown].members[position]].person;
    let effect = |intervention, metric, size, conclusion, naive| Effect {
        intervention,
        metric,
        size,
        absolute: false,
        conclusion,
        naive,
    };
    Truths {
        effects: vec![
            effect(SECOND_QUESTION, REVENUE_PER_HOUR, numbers.lesson_effect, Conclusion::Helps, None),
            effect(LEGACY_COURSE, REVENUE_PER_HOUR, -0.01, Conclusion::CostsNoGain, None),
            effect(PROMPT_COACHING, CONTACTS, numbers.talk_effect, Conclusion::Helps, None),
            effect(WEBINAR, CALLS, 0.0, Conclusion::NoDifference, Some(0.2)),
            effect(CALL_LIST, CONTACTS, 0.05, Conclusion::Helps, None),
            Effect { absolute: true, ..effect(ROUTINE, DAYS_ON_HAND, days_off, Conclusion::Helps, None) },
        ],
        need_leader: harbour::NEED_LEADER.iter().map(|&(who, metric)| (shown(who), metric)).collect(),
        plain_threshold_reds: harbour::BELOW_TARGET,
        data_late: (shown(harbour::DATA_LATE.0), harbour::DATA_LATE.1),
        broken_feed: n.branches[n.broken_feed].unit,
        second_accounts,
        market_dip: b.weeks.day(work::DIP),
    }
}
