//! What the generator knows and nobody else may: the answers that the pages must reach by themselves.
//!
//! A loader never receives a [`Truths`]; the test oracle does.

use serde::Serialize;

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
