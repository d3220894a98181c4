//! Metrics: definitions, observations, and how they roll up to periods and units.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{FeedId, MetricId, PersonId, UnitId};
use crate::people::OrgTree;
use crate::time::{Cadence, Day};

worded! {
    /// Which way is better.
    pub enum Direction {
        /// More is better.
        Up = "up",
        /// Less is better.
        Down = "down",
        /// Near the target is better; both sides can be off.
        Near = "near",
    }
}
worded! {
    /// What a metric measures.
    pub enum Level {
        /// What the business wants.
        Business = "business",
        /// What people in a job role accomplish.
        Performance = "performance",
        /// Adoption or use of a support.
        Solution = "solution",
    }
}
worded! {
    /// What an observation of it is about.
    pub enum Grain {
        /// One person.
        Person = "person",
        /// One org unit.
        Unit = "unit",
    }
}
worded! {
    /// How readings of several days, persons or units become one.
    pub enum Aggregation {
        /// Added up.
        Sum = "sum",
        /// Averaged.
        Mean = "mean",
        /// The last one in time; averaged over subjects.
        Last = "last",
        /// Numerators and denominators added up apart, and divided last.
        Ratio = "ratio",
    }
}

/// A defined quantity; the version in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Our id.
    pub id: MetricId,
    /// Unique code, as in files and the API.
    pub code: String,
    /// Counted from 1.
    pub version: i64,
    /// Name as shown.
    pub name: String,
    /// Unit as shown after the number (`calls`, `days`, `€/h`, `%`).
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Business, performance or solution.
    pub level: Level,
    /// Person or unit.
    pub grain: Grain,
    /// How it rolls up.
    pub aggregation: Aggregation,
    /// How often it is expected.
    pub cadence: Cadence,
    /// Decimals when shown.
    pub decimals: u8,
    /// Must not get worse while another improves.
    pub guardrail: bool,
    /// Who answers for the definition.
    pub owner: Option<PersonId>,
    /// The feed that brings it, if one is named.
    pub feed: Option<FeedId>,
    /// Where it comes from, in words.
    pub source: String,
    /// What it means, in words.
    pub description: String,
}

impl Metric {
    /// −1, 0 or 1: the sign that a better value has (0 where near the target is better).
    pub const fn better(&self) -> i8 {
        match self.direction {
            Direction::Up => 1,
            Direction::Down => -1,
            Direction::Near => 0,
        }
    }
}

/// A number as observed: a numerator, with a denominator for ratios.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The value, or the upper part of a ratio.
    pub numerator: f64,
    /// The lower part of a ratio, or the number of readings that a mean is over.
    pub denominator: Option<f64>,
}

impl Quantity {
    /// A plain number.
    pub const fn plain(value: f64) -> Self {
        Self { numerator: value, denominator: None }
    }
    /// The number shown. `None` where the denominator is zero: nothing happened, which is not zero.
    pub fn value(self) -> Option<f64> {
        match self.denominator {
            None => Some(self.numerator),
            Some(d) if d != 0.0 => Some(self.numerator / d),
            Some(_) => None,
        }
    }
}

/// One observation as it arrives, before it is known to be acceptable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draft {
    /// The day that names its period; moved to the period's first day on acceptance.
    pub day: Day,
    /// The number.
    pub quantity: Quantity,
}

/// Why an observation is refused, for the person who sent it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// NaN or infinite.
    #[error("the {0} is not a finite number; send a number, or leave the row out where nothing was measured")]
    NotFinite(&'static str),
    /// A ratio came without its lower part.
    #[error(
        "this metric is a ratio and needs a denominator; send numerator and denominator, not the quotient"
    )]
    DenominatorMissing,
    /// A plain metric came with a lower part.
    #[error("this metric is not a ratio; leave the denominator out")]
    DenominatorUnexpected,
    /// Negative lower part.
    #[error("the denominator {0} is negative; it must be zero or more")]
    DenominatorNegative(f64),
    /// The period has not begun.
    #[error("the period {period} has not begun yet (today is {today}); check the date")]
    InFuture {
        /// The period that was sent.
        period: Day,
        /// The subject's day on arrival.
        today: Day,
    },
}

/// Accepts an observation: its period's first day, and its quantity. `today` is the subject's day on arrival.
pub fn accept(metric: &Metric, draft: Draft, today: Day) -> Result<(Day, Quantity), Refusal> {
    let Quantity { numerator, denominator } = draft.quantity;
    if !numerator.is_finite() {
        return Err(Refusal::NotFinite(if denominator.is_some() { "numerator" } else { "value" }));
    }
    match (metric.aggregation, denominator) {
        (Aggregation::Ratio, None) => return Err(Refusal::DenominatorMissing),
        (Aggregation::Ratio, Some(d)) if !d.is_finite() => return Err(Refusal::NotFinite("denominator")),
        (Aggregation::Ratio, Some(d)) if d < 0.0 => return Err(Refusal::DenominatorNegative(d)),
        (Aggregation::Ratio, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(Refusal::DenominatorUnexpected),
    }
    let period = metric.cadence.start(draft.day);
    if period > today {
        return Err(Refusal::InFuture { period, today });
    }
    // −0 would compare unequal by bits and show as "-0".
    Ok((period, Quantity { numerator: numerator + 0.0, denominator }))
}

/// Several readings of one subject inside one period (the days of a week), as one. Sorted by day on entry.
///
/// `None` where there is none: missing is not zero.
pub fn over_time(aggregation: Aggregation, readings: &[Quantity]) -> Option<Quantity> {
    let last = *readings.last()?;
    Some(match aggregation {
        Aggregation::Last => last,
        Aggregation::Sum => Quantity::plain(readings.iter().map(|q| q.numerator).sum()),
        Aggregation::Mean if readings.len() == 1 => last,
        Aggregation::Mean => Quantity {
            numerator: readings.iter().map(|q| q.numerator).sum(),
            denominator: Some(readings.iter().map(|q| q.denominator.unwrap_or(1.0)).sum()),
        },
        Aggregation::Ratio => Quantity {
            numerator: readings.iter().map(|q| q.numerator).sum(),
            denominator: Some(readings.iter().map(|q| q.denominator.unwrap_or(0.0)).sum()),
        },
    })
}

/// What one subject's reading adds to the units above it: numerator and denominator, both additive.
///
/// `None` where it has no value to add (a ratio of nothing).
pub fn contribution(aggregation: Aggregation, quantity: Quantity) -> Option<(f64, f64)> {
    match aggregation {
        Aggregation::Sum => Some((quantity.numerator, 1.0)),
        Aggregation::Mean | Aggregation::Last => quantity.value().map(|v| (v, 1.0)),
        Aggregation::Ratio => quantity.denominator.filter(|&d| d > 0.0).map(|d| (quantity.numerator, d)),
    }
}

/// One reading that has a place in the tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leaf {
    /// The person's unit, or the unit itself.
    pub unit: UnitId,
    /// Whether the reading is the unit's own rather than a person's in it.
    pub own: bool,
    /// The number.
    pub quantity: Quantity,
}

/// The reading of every unit above the leaves, for one period.
///
/// Sums and means become a mean per contributor, so that a branch of twelve can be read beside a branch of eight
/// (the total of a sum is the numerator). A unit with a reading of its own keeps it, and passes that one on upwards
/// instead of what came from below. Gives the quantity and how many subjects it is made of.
pub fn up_the_tree(
    aggregation: Aggregation,
    leaves: &[Leaf],
    tree: &OrgTree,
) -> BTreeMap<UnitId, (Quantity, i64)> {
    let own: BTreeSet<UnitId> = leaves.iter().filter(|l| l.own).map(|l| l.unit).collect();
    let mut sums: BTreeMap<UnitId, (f64, f64, i64)> = BTreeMap::new();
    let mut paths: BTreeMap<UnitId, Vec<UnitId>> = BTreeMap::new();
    for leaf in leaves {
        let Some((numerator, denominator)) = contribution(aggregation, leaf.quantity) else { continue };
        let path = paths.entry(leaf.unit).or_insert_with(|| tree.ancestors(leaf.unit));
        let start = (!leaf.own).then_some(leaf.unit);
        for unit in start.into_iter().chain(path.iter().copied()) {
            if own.contains(&unit) {
                break;
            }
            let sum = sums.entry(unit).or_default();
            sum.0 += numerator;
            sum.1 += denominator;
            sum.2 += 1;
        }
    }
    sums.into_iter()
        .map(|(unit, (n, d, count))| (unit, (Quantity { numerator: n, denominator: Some(d) }, count)))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::people::{Placement, Span};
    use uuid::Uuid;

    pub(crate) fn metric(aggregation: Aggregation) -> Metric {
        Metric {
            id: MetricId::new(Uuid::from_u128(1)),
            code: "calls".into(),
            version: 1,
            name: "Successful calls".into(),
            unit: "calls".into(),
            direction: Direction::Up,
            level: Level::Performance,
            grain: Grain::Person,
            aggregation,
            cadence: Cadence::Week,
            decimals: 0,
            guardrail: false,
            owner: None,
            feed: None,
            source: String::new(),
            description: String::new(),
        }
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn bad_numbers_are_refused_with_their_place() {
        let today = day("2026-03-18");
        let try_it = |aggregation, numerator, denominator| {
            let quantity = Quantity { numerator, denominator };
            accept(&metric(aggregation), Draft { day: today, quantity }, today).map(|a| a.1)
        };
        assert_eq!(try_it(Aggregation::Sum, f64::NAN, None), Err(Refusal::NotFinite("value")));
        assert_eq!(
            try_it(Aggregation::Ratio, 1.0, Some(f64::INFINITY)),
            Err(Refusal::NotFinite("denominator"))
        );
        assert_eq!(try_it(Aggregation::Ratio, 1.0, None), Err(Refusal::DenominatorMissing));
        assert_eq!(try_it(Aggregation::Sum, 1.0, Some(2.0)), Err(Refusal::DenominatorUnexpected));
        assert_eq!(try_it(Aggregation::Ratio, 1.0, Some(-2.0)), Err(Refusal::DenominatorNegative(-2.0)));
        assert!(try_it(Aggregation::Sum, -0.0, None).unwrap().numerator.is_sign_positive());
    }

    #[test]
    fn a_period_is_named_by_its_first_day_and_cannot_lie_ahead() {
        let draft = |d| Draft { day: day(d), quantity: Quantity::plain(3.0) };
        let m = metric(Aggregation::Sum);
        assert_eq!(accept(&m, draft("2026-03-18"), day("2026-03-18")).unwrap().0, day("2026-03-16"));
        assert!(matches!(accept(&m, draft("2026-03-23"), day("2026-03-22")), Err(Refusal::InFuture { .. })));
    }

    #[test]
    fn ratios_are_divided_last() {
        let a = Quantity { numerator: 10.0, denominator: Some(1.0) };
        let b = Quantity { numerator: 10.0, denominator: Some(4.0) };
        let leaf = |quantity| Leaf { unit: unit(2), own: false, quantity };
        let both = up_the_tree(Aggregation::Ratio, &[leaf(a), leaf(b)], &tree());
        assert_eq!(both[&unit(2)].0.value(), Some(4.0), "not the mean of 10 and 2.5");
        assert_eq!(both[&unit(1)].0.value(), Some(4.0));
        let nothing = Quantity { numerator: 0.0, denominator: Some(0.0) };
        assert_eq!(nothing.value(), None, "no hours is not zero per hour");
    }

    #[test]
    fn nothing_rolls_up_to_nothing() {
        assert_eq!(over_time(Aggregation::Sum, &[]), None);
        assert!(up_the_tree(Aggregation::Mean, &[], &tree()).is_empty());
    }

    #[test]
    fn a_unit_with_a_reading_of_its_own_keeps_it() {
        let leaves = [
            Leaf { unit: unit(2), own: true, quantity: Quantity::plain(10.0) },
            Leaf { unit: unit(3), own: true, quantity: Quantity::plain(99.0) },
            Leaf { unit: unit(4), own: true, quantity: Quantity::plain(20.0) },
        ];
        let up = up_the_tree(Aggregation::Mean, &leaves, &tree());
        assert_eq!(up.keys().copied().collect::<Vec<_>>(), [unit(1)]);
        assert_eq!(
            up[&unit(1)],
            (Quantity { numerator: 30.0, denominator: Some(2.0) }, 2),
            "3 is below 2, which speaks for itself"
        );
    }

    fn unit(n: u128) -> UnitId {
        UnitId::new(Uuid::from_u128(n))
    }

    /// 2 and 4 hang under 1, 3 under 2.
    fn tree() -> OrgTree {
        let hang = |child, parent| Placement {
            unit: unit(child),
            parent: unit(parent),
            span: Span::since(day("2020-01-01")),
        };
        OrgTree::on(day("2026-01-01"), &[hang(2, 1), hang(3, 2), hang(4, 1)])
    }
}
