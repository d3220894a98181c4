//! People picked at a low moment: those given a support against those picked the same way and not given it.
//!
//! Whoever is picked because a number is low drifts back by itself. So the plain before–after flatters, and so does any
//! comparison with people who were not picked. Compared is the change from the window of the pick to the time after it,
//! with what everybody shared in a period taken out; errors are clustered by unit.

use std::collections::{BTreeMap, BTreeSet};

use evidence::grade::{self, Assignment};
use evidence::recovery::{self, Picked};
use evidence::regress::{Errors, Regression, fit};
use evidence::{Answer, Estimate, Reason};

use super::Scale;
use super::input::{Episode, Input, LaneInput, scaled};
use super::reading::{Check, Found, Health, Lines, Number, PathPoint, Recovery};
use super::staged::{mean, none, variance};
use crate::access::MIN_GROUP;

/// Periods before the window of the pick that tell a person's usual level.
const USUAL: i32 = 16;
/// Periods before the window of the pick that are drawn.
const EARLIER: i32 = 8;

/// So many people picked elsewhere make a comparison without those who work beside people given it.
const APART: usize = 20;

/// One pick with its means.
struct Case {
    given: bool,
    cluster: u32,
    before: f64,
    after: f64,
    usual: Option<f64>,
    /// Not given it, beside somebody who was by the end of the time that is read.
    beside: bool,
}

/// Compares one metric.
pub(super) fn compare(input: &Input, lane: &LaneInput) -> Found {
    let mut found = none();
    let log = input.scale == Scale::Log;
    let table: Vec<Vec<Option<f64>>> = lane
        .members
        .iter()
        .map(|m| (0..lane.periods as usize).map(|t| m.value(t, false).and_then(|v| scaled(v, log))).collect())
        .collect();
    let shared = movement(&table, lane.periods as usize);
    let clean: Vec<Vec<Option<f64>>> = table
        .iter()
        .map(|values| values.iter().zip(&shared).map(|(v, s)| v.map(|v| v - s)).collect())
        .collect();
    let all = cases(lane, &clean);
    // Whoever works beside people who were given it may have had some of it too.
    let (beside, apart): (Vec<&Case>, Vec<&Case>) = all.iter().partition(|c| c.beside);
    let others = || apart.iter().filter(|c| !c.given);
    let places = others().map(|c| c.cluster).collect::<BTreeSet<_>>().len();
    let enough = others().count() >= APART && places >= 5;
    let cases: Vec<&Case> = if enough { apart } else { all.iter().collect() };
    let given: Vec<&Case> = cases.iter().filter(|c| c.given).copied().collect();
    let other: Vec<&Case> = cases.iter().filter(|c| !c.given).copied().collect();
    found.treated = given.len() as u32;
    found.compared = other.len() as u32;
    found.base = mean(&given.iter().map(|c| c.usual.unwrap_or(c.before)).collect::<Vec<_>>());
    found.since = mean(&given.iter().map(|c| c.after).collect::<Vec<_>>());
    let (before, after): (Vec<f64>, Vec<f64>) = plain(lane, &table).into_iter().unzip();
    found.naive = recovery::before_after(&before, &after);

    let clusters = |side: &[&Case]| side.iter().map(|c| c.cluster).collect::<BTreeSet<_>>().len();
    let assignment = if input.drawn { Assignment::Randomised } else { Assignment::Adjusted };
    let mut design = grade::Design::sound(assignment, clusters(&given), clusters(&other));
    design.locked_before_start = input.locked_before_start;
    design.definition_changed = lane.definition_changed;
    design.picked_on_outcome = true;
    design.comparison_picked_alike = !other.is_empty();
    let wanted = lane.episodes.iter().filter(|e| inside(lane, e)).count();
    design.coverage = if wanted == 0 { 0.0 } else { all.len() as f64 / wanted as f64 };
    design.spill_over = !enough && 5 * beside.len() > other.len();

    found.answer = difference(&cases, |c| Some(c.after - c.before));
    let push = |health: &mut Vec<Health>, kind, met, numbers: Vec<f64>| {
        health.push(Health { kind, met, numbers, words: Vec::new() });
    };
    let health = &mut found.health;
    if !beside.is_empty() {
        let with = difference(&all.iter().collect::<Vec<_>>(), |c| Some(c.after - c.before)).estimate();
        let with = with.filter(|_| enough).map(|e| Number::of(&e));
        let with = with.map(|n| if log { n.without_log() } else { n });
        let numbers =
            std::iter::once(beside.len() as f64).chain(with.iter().flat_map(|n| [n.value, n.low, n.high]));
        push(health, Check::SpillOver, Some(!design.spill_over), numbers.collect());
    }
    let few = clusters(&given).min(clusters(&other)) < 5;
    push(health, Check::Size, Some(!few), vec![given.len() as f64, other.len() as f64]);
    // Before the pick both should have fallen alike.
    let fall = difference(&cases, |c| c.usual.map(|u| c.before - u));
    let alike = fall.as_ref().estimate().map(|e| e.p_value);
    design.pre_trend = alike.map_or(grade::Check::Unknown, |p| grade::Check::from(p >= 0.05));
    push(health, Check::PreTrend, alike.map(|p| p >= 0.05), alike.into_iter().collect());
    if let Some(e) = difference(&cases, |c| c.usual.map(|u| c.after - u)).estimate() {
        let n = Number::of(&e);
        let n = if log { n.without_log() } else { n };
        push(health, Check::WithoutPickWindow, None, vec![n.value, n.low, n.high]);
    }
    let levels = |side: &[&Case]| side.iter().map(|c| c.before).collect::<Vec<_>>();
    let (a, b) = (levels(&given), levels(&other));
    if let (Some(ma), Some(mb)) = (mean(&a), mean(&b)) {
        let spread = ((variance(&a, ma) + variance(&b, mb)) / 2.0).sqrt();
        let met = (spread > 0.0).then(|| (ma - mb).abs() <= spread);
        design.overlap = met.map_or(grade::Check::Unknown, grade::Check::from);
        let shown = |x: f64| if log { x.exp() } else { x };
        push(health, Check::Alike, met, vec![shown(ma), shown(mb)]);
    }
    push(health, Check::Coverage, Some(design.coverage >= 0.8), vec![design.coverage]);
    let way = way(lane, &clean, log, enough);
    if let (Some(change), Some(naive)) =
        (way.as_ref().and_then(|w| w.change), found.naive.as_ref().estimate())
    {
        let met = naive.estimate.abs() > change.value.abs();
        let naive = if log { naive.estimate.exp_m1() } else { naive.estimate };
        push(health, Check::Recovery, Some(met), vec![naive, change.value]);
    }
    found.recovery = way;
    found.design = design;
    found.lines = Lines {
        cadence: Some(lane.cadence),
        first: Some(lane.first),
        withheld: given.len() < MIN_GROUP || other.len() < MIN_GROUP,
        ..Lines::default()
    };
    if given.len() >= MIN_GROUP {
        found.now = found.since.map(|s| if log { s.exp() } else { s });
    }
    if other.len() >= MIN_GROUP {
        let since = mean(&other.iter().map(|c| c.after).collect::<Vec<_>>());
        found.now_compared = since.map(|s| if log { s.exp() } else { s });
    }
    found
}

/// What everybody shared in a period: the mean distance from people's own levels.
pub(super) fn movement(table: &[Vec<Option<f64>>], periods: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); periods];
    for values in table {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let (true, Some(level)) = (known.len() >= 4, mean(&known)) else { continue };
        for (sum, v) in sums.iter_mut().zip(values) {
            if let Some(v) = v {
                sum.0 += v - level;
                sum.1 += 1.0;
            }
        }
    }
    sums.into_iter().map(|(s, n)| if n >= 3.0 { s / n } else { 0.0 }).collect()
}

/// Whether the data reach over the whole window of a pick.
fn inside(lane: &LaneInput, e: &Episode) -> bool {
    e.at >= lane.before as i32 && e.at + lane.after as i32 <= lane.periods as i32
}

fn span(values: &[Option<f64>], from: i32, to: i32) -> Option<f64> {
    let known: Vec<f64> =
        (from.max(0)..to.max(0)).filter_map(|t| values.get(t as usize).copied().flatten()).collect();
    // Half of the window has to be there.
    (2 * known.len() as i32 >= to - from).then(|| mean(&known)).flatten()
}

/// The first time that anybody was given it, by place.
fn first_given(lane: &LaneInput) -> BTreeMap<u32, i32> {
    let mut first: BTreeMap<u32, i32> = BTreeMap::new();
    for e in lane.episodes.iter().filter(|e| e.given) {
        if let Some(m) = lane.members.get(e.member as usize) {
            let at = first.entry(m.cluster).or_insert(e.at);
            *at = (*at).min(e.at);
        }
    }
    first
}

/// Whether a pick that was not given it is beside one that was, by the end of the time that is read.
fn beside(lane: &LaneInput, first: &BTreeMap<u32, i32>, e: &Episode) -> bool {
    let place = lane.members.get(e.member as usize).map(|m| m.cluster);
    let given = place.and_then(|p| first.get(&p));
    !e.given && given.is_some_and(|at| *at < e.at + lane.after as i32)
}

fn cases(lane: &LaneInput, clean: &[Vec<Option<f64>>]) -> Vec<Case> {
    let (before, after) = (lane.before as i32, lane.after as i32);
    let first = first_given(lane);
    let mut cases = Vec::new();
    for e in lane.episodes.iter().filter(|e| inside(lane, e)) {
        let Some(values) = clean.get(e.member as usize) else { continue };
        if let (Some(b), Some(a)) = (span(values, e.at - before, e.at), span(values, e.at, e.at + after)) {
            cases.push(Case {
                given: e.given,
                cluster: lane.members[e.member as usize].cluster,
                beside: beside(lane, &first, e),
                before: b,
                after: a,
                usual: span(values, e.at - before - USUAL, e.at - before),
            });
        }
    }
    cases
}

/// Before and after of those it was given to, as anybody would read them off, with nothing taken out.
fn plain(lane: &LaneInput, table: &[Vec<Option<f64>>]) -> Vec<(f64, f64)> {
    lane.episodes
        .iter()
        .filter(|e| e.given && inside(lane, e))
        .filter_map(|e| {
            let values = table.get(e.member as usize)?;
            span(values, e.at - lane.before as i32, e.at).zip(span(values, e.at, e.at + lane.after as i32))
        })
        .collect()
}

/// Those given it less the others, clustered by unit.
fn difference(cases: &[&Case], of: impl Fn(&Case) -> Option<f64>) -> Answer<Estimate> {
    let known: Vec<(&Case, f64)> = cases.iter().filter_map(|c| of(c).map(|v| (*c, v))).collect();
    let count = |given: bool| known.iter().filter(|(c, _)| c.given == given).count();
    for (given, place) in [(true, "People it was given to"), (false, "People picked and not given it")] {
        if count(given) < MIN_GROUP {
            return Answer::CannotSay(Reason::TooFewUnits {
                place: place.into(),
                have: count(given),
                need: MIN_GROUP,
            });
        }
    }
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    let cluster: Vec<u32> = known
        .iter()
        .map(|(c, _)| {
            let next = numbers.len() as u32;
            *numbers.entry(c.cluster).or_insert(next)
        })
        .collect();
    let outcome: Vec<f64> = known.iter().map(|k| k.1).collect();
    let given: Vec<f64> = known.iter().map(|k| f64::from(u8::from(k.0.given))).collect();
    fit(&Regression {
        outcome: &outcome,
        columns: vec![("given".into(), given)],
        absorb: vec![],
        cluster: Some(&cluster),
        weights: None,
        errors: Errors::Cr1,
    })
    .into_result()
    .and_then(|f| f.term("given").cloned().ok_or(Reason::NoComparison))
    .into()
}

/// The way that was to be expected, learnt from histories in which nothing was done. Each person's own usual time before
/// the window of the pick is in it, so that a low moment is not taken for a low level.
fn expected(lane: &LaneInput, clean: &[Vec<Option<f64>>]) -> Option<recovery::Recovery> {
    let (reach, after) = (lane.before as usize + USUAL as usize, lane.after as usize);
    let mut untouched = clean.to_vec();
    for e in lane.episodes.iter().filter(|e| e.given) {
        if let Some(values) = untouched.get_mut(e.member as usize) {
            values.iter_mut().skip(e.at.max(0) as usize).for_each(|v| *v = None);
        }
    }
    let histories: Vec<&[Option<f64>]> = untouched.iter().map(Vec::as_slice).collect();
    let noise = recovery::noise(&histories).estimate()?;
    let picked: Vec<Picked<'_>> = lane
        .episodes
        .iter()
        .filter(|e| e.given && inside(lane, e))
        .filter_map(|e| {
            let values = clean.get(e.member as usize)?;
            let at = e.at as usize;
            Some(Picked {
                window: values.get(at.saturating_sub(reach)..at)?,
                after: values.get(at..at + after)?,
            })
        })
        .collect();
    recovery::expected_recovery(&noise, &picked, after).estimate()
}

/// The means of both sides by the time since the pick, beside what was to be expected; `None` where too few were picked
/// to be shown. `apart` leaves out those not given it who work beside people who were.
fn way(lane: &LaneInput, clean: &[Vec<Option<f64>>], log: bool, apart: bool) -> Option<Recovery> {
    let first = first_given(lane);
    let (before, after) = (lane.before as usize, lane.after as usize);
    if lane.episodes.iter().filter(|e| e.given && inside(lane, e)).count() < MIN_GROUP {
        return None;
    }
    let expected = expected(lane, clean);
    let at = |wanted: bool, offset: i32| -> Option<f64> {
        let known: Vec<f64> = lane
            .episodes
            .iter()
            .filter(|e| e.given == wanted && inside(lane, e) && !(apart && beside(lane, &first, e)))
            .filter_map(|e| clean.get(e.member as usize)?.get((e.at + offset) as usize).copied().flatten())
            .collect();
        (known.len() >= MIN_GROUP).then(|| mean(&known)).flatten().map(|v| if log { v.exp() } else { v })
    };
    // Some of the time before the window too, so that the low moment is seen as one.
    let path = (-(before as i32) - EARLIER..after as i32)
        .map(|offset| PathPoint {
            period: offset,
            given: at(true, offset),
            not_given: at(false, offset),
            expected: usize::try_from(offset).ok().and_then(|i| expected.as_ref()?.path.get(i)).map(|p| {
                let n = Number { value: p.expected, low: p.low, high: p.high };
                if log { Number { value: n.value.exp(), low: n.low.exp(), high: n.high.exp() } } else { n }
            }),
        })
        .collect();
    // From the low moment on, not from the longer time that tells the usual level.
    let low: Vec<f64> = lane
        .episodes
        .iter()
        .filter(|e| e.given && inside(lane, e))
        .filter_map(|e| span(clean.get(e.member as usize)?, e.at - before as i32, e.at))
        .collect();
    let change = expected.zip(mean(&low)).map(|(e, low)| {
        let (n, shift) = (Number::of(&e.change), e.before - low);
        Number { value: n.value + shift, low: n.low + shift, high: n.high + shift }
    });
    Some(Recovery { change: change.map(|n| if log { n.without_log() } else { n }), path })
}
