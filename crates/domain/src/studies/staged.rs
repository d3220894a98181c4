//! Units that started against units that had not started yet (Callaway and Sant'Anna 2021).

use std::collections::{BTreeMap, BTreeSet};

use evidence::did::staggered::{Base, Control, Options, Staggered, staggered};
use evidence::grade::{self, Assignment};
use evidence::permute::{Draws, ExactRange, Permutation, exact_range, reassign, two_groups};
use evidence::synthetic::{Mixture, synthetic};
use evidence::{Answer, Estimate, Panel, Reason, Row, recovery};

use super::input::{Input, LaneInput, Member, scaled};
use super::reading::{Check, Dealt, Found, Health, Lines, Number, UnitLine};
use super::{Design, Scale};
use crate::access::MIN_GROUP;

/// Below this many groups on one side the interval is the widest of three methods, and each of them is shown.
const FEW: usize = 5;
/// At most so many thin lines on each side of a chart.
const THIN: usize = 8;

struct Window {
    starts: Vec<i32>,
    first: i32,
    last: i32,
}

fn window(lane: &LaneInput) -> Option<Window> {
    let last = lane.periods as i32 - 1;
    let mut starts: Vec<i32> =
        lane.members.iter().filter_map(|m| m.start).filter(|&g| g > 0 && g <= last).collect();
    starts.sort_unstable();
    starts.dedup();
    let (&g0, &g1) = (starts.first()?, starts.last()?);
    let first = (g0 - lane.before as i32).max(0);
    Some(Window { starts, first, last: last.min(g1 + lane.after as i32 - 1) })
}

/// Those who started inside the data, and those who can be compared with them.
fn sides<'a>(lane: &'a LaneInput, w: &Window) -> (Vec<&'a Member>, Vec<&'a Member>) {
    let g0 = w.starts[0];
    let started = |m: &&Member| m.start.is_some_and(|g| g > 0 && g <= w.last);
    let seen = |m: &&Member| m.values.iter().any(Option::is_some);
    let treated = lane.members.iter().filter(started).filter(seen).collect();
    // With several waves the later ones are compared with until they start.
    let several = w.starts.len() > 1;
    let compared = lane
        .members
        .iter()
        .filter(|m| m.start.is_none_or(|g| g > w.last || (several && g > g0)))
        .filter(seen)
        .collect();
    (treated, compared)
}

fn rows(lane: &LaneInput, w: &Window, scale: Scale, counted: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (i, m) in lane.members.iter().enumerate() {
        let end = m.start.filter(|&g| g > 0).map_or(w.last, |g| w.last.min(g + lane.after as i32 - 1));
        for t in w.first..=end {
            let value = m.value(t as usize, counted).and_then(|v| scaled(v, scale == Scale::Log));
            if let Some(value) = value {
                rows.push(Row {
                    unit: i as u64,
                    time: i64::from(t),
                    value,
                    cohort: m.start.map(i64::from),
                    cluster: u64::from(m.cluster),
                    weight: 1.0,
                });
            }
        }
    }
    rows
}

fn run(rows: &[Row], base_periods: u32) -> Answer<Staggered> {
    match Panel::from_rows(rows) {
        Err(reason) => Answer::CannotSay(reason),
        Ok(panel) => estimated(&panel, base_periods),
    }
}

fn estimated(panel: &Panel, base_periods: u32) -> Answer<Staggered> {
    let options =
        Options { control: Control::NotYet, base: Base::Varying, base_periods, ..Options::default() };
    staggered(panel, &options)
}

/// What is known where there is nothing to compare.
pub(super) fn none() -> Found {
    Found {
        answer: Answer::CannotSay(Reason::Empty),
        naive: Answer::CannotSay(Reason::Empty),
        base: None,
        since: None,
        treated: 0,
        compared: 0,
        by_period: Vec::new(),
        health: Vec::new(),
        dealt: None,
        design: grade::Design::sound(Assignment::BeforeAfter, 0, 0),
        lines: Lines::default(),
        now: None,
        now_compared: None,
        recovery: None,
    }
}

/// Compares one metric.
pub(super) fn compare(input: &Input, lane: &LaneInput) -> Found {
    let mut found = none();
    found.lines = lines(lane);
    let Some(w) = window(lane) else {
        found.answer = Answer::CannotSay(Reason::NoTreated);
        found.now = newest(&found.lines.treated);
        found.now_compared = newest(&found.lines.compared);
        return found;
    };
    let (treated, compared) = sides(lane, &w);
    found.treated = treated.len() as u32;
    found.compared = compared.len() as u32;
    let log = input.scale == Scale::Log;
    let (before, after) = (lane.before as i32, lane.after as i32);
    let level = |m: &Member, g: i32| m.mean(g - before..g, false, log).map(|x| x.0);
    let later = |m: &Member, g: i32| m.mean(g..(g + after).min(w.last + 1), false, log).map(|x| x.0);
    let (mut befores, mut afters) = (Vec::new(), Vec::new());
    for m in &treated {
        let g = m.start.unwrap_or(0);
        if let (Some(b), Some(a)) = (level(m, g), later(m, g)) {
            befores.push(b);
            afters.push(a);
        }
    }
    found.base = mean(&befores);
    found.since = mean(&afters);
    found.naive = recovery::before_after(&befores, &afters);
    found.now = newest(&found.lines.treated);
    found.now_compared = newest(&found.lines.compared);

    let assignment = match (input.design, input.drawn) {
        (Design::BeforeAfter, _) => Assignment::BeforeAfter,
        (_, true) => Assignment::Randomised,
        (_, false) => Assignment::Staged,
    };
    let clusters =
        |side: &[&Member]| side.iter().map(|m| m.cluster).collect::<std::collections::BTreeSet<_>>().len();
    let mut design = grade::Design::sound(assignment, clusters(&treated), clusters(&compared));
    design.locked_before_start = input.locked_before_start;
    design.definition_changed = lane.definition_changed;
    design.coverage = coverage(&w, &treated, &compared);
    (design.lost_treated, design.lost_comparison) = (lost(&treated, &w), lost(&compared, &w));
    let mut reasons: Vec<String> = Vec::new();
    let mut left_out: Vec<String> = Vec::new();
    for gap in treated.iter().chain(&compared).flat_map(|m| &m.gaps) {
        let inside = (gap.until as i32) > w.first && (gap.from as i32) <= w.last;
        let list = if gap.leave_out { &mut left_out } else { &mut reasons };
        if inside && !list.contains(&gap.reason) {
            list.push(gap.reason.clone());
        }
    }
    design.other_event = !reasons.is_empty();

    if input.design == Design::BeforeAfter {
        found.answer = found.naive.clone();
        found.compared = 0;
        found.design = design;
        return found;
    }
    let all = rows(lane, &w, input.scale, false);
    let result = run(&all, lane.before);
    let (Answer::Estimate(result), false) = (&result, compared.is_empty()) else {
        found.answer = Answer::CannotSay(result.reason().cloned().unwrap_or(Reason::NoComparison));
        found.design = design;
        return found;
    };
    let few = clusters(&treated).min(clusters(&compared)) < FEW;
    found.answer = if few { widened(result, lane, &w, log) } else { result.simple.clone() };
    if let (true, Answer::Estimate(e), Some(x)) = (few, &mut found.answer, exact(lane, &w, log)) {
        (e.conf_low, e.conf_high) = (e.conf_low.min(x.low), e.conf_high.max(x.high));
        design.ways_counted = x.arrangements;
    }
    found.by_period = result
        .dynamic
        .parts
        .iter()
        .filter_map(|(e, a)| a.as_ref().estimate().map(|a| (*e, Number::of(a))))
        .collect();
    if input.lanes.first().is_some_and(|l| l.metric == lane.metric) {
        found.dealt = dealt(&all, lane.before, log);
    }
    let health = &mut found.health;
    let share = |x: f64| if log { x.exp_m1() } else { x };
    let push = |health: &mut Vec<Health>, kind, met, numbers: Vec<f64>, words: Vec<String>| {
        health.push(Health { kind, met, numbers, words });
    };
    push(health, Check::Size, Some(!few), vec![treated.len() as f64, compared.len() as f64], vec![]);
    // What the comparison did: the plain number less the estimate.
    if let (Answer::Estimate(naive), Answer::Estimate(e)) = (&found.naive, &found.answer) {
        let numbers = vec![share(naive.estimate), share(naive.estimate - e.estimate)];
        push(health, Check::CameByItself, Some(true), numbers, vec![]);
    }
    // With few groups a joint test over many periods rejects what is in order; a single made-up start, read as the real
    // one is, does not. It says something only where every way of picking could be counted: with one or two groups on a
    // side it would hold whatever had been before.
    let counted = design.ways_counted > 0;
    let pre = result.pre_trend.as_ref().filter(|_| !counted).map(|p| p.p_value);
    let fake = fake_start(lane, &w, input.scale, few);
    let alike = if counted { fake.map(Number::holds_zero) } else { pre.map(|p| p >= 0.05) };
    design.pre_trend = alike.map_or(grade::Check::Unknown, grade::Check::from);
    push(health, Check::PreTrend, alike, pre.into_iter().collect(), vec![]);
    let just_before = found.by_period.iter().find(|(e, _)| *e == -1).map(|(_, n)| *n);
    // A single step outside a 99 % interval; the reading's own intervals are 95 %. Where groups are that few, errors of
    // single periods are too short for it.
    design.anticipation = !counted
        && just_before
            .is_some_and(|n| n.value.abs() > (n.high - n.low) / 2.0 * 2.576 / 1.96 && !n.holds_zero());
    if let Some(fake) = fake {
        let numbers = vec![fake.value, fake.low, fake.high];
        push(health, Check::FakeStart, Some(fake.holds_zero()), numbers, vec![]);
    }
    if let Some(p) = chance(lane, &w, log) {
        // What was believed beforehand names the side; otherwise both count.
        let believed = input.locked_before_start && p.observed * f64::from(lane.better) > 0.0;
        let ways = if believed { p.same_side } else { p.as_extreme };
        let met = ways as f64 <= 0.05 * p.arrangements as f64;
        let numbers = vec![ways as f64, p.arrangements as f64, f64::from(u8::from(believed))];
        push(health, Check::Chance, Some(met), numbers, vec![]);
    }
    if few && let Some((low, high)) = without_one(&all, lane.before) {
        let same = low * high > 0.0;
        push(health, Check::WithoutOne, Some(same), vec![share(low), share(high)], vec![]);
    }
    if few && let Some(mixed) = mixture(&all) {
        let same = found.answer.as_ref().estimate().map(|e| e.estimate * mixed > 0.0);
        push(health, Check::Mixture, same, vec![share(mixed)], vec![]);
    }
    if !left_out.is_empty() {
        let counted = run(&rows(lane, &w, input.scale, true), lane.before);
        let counted = counted.estimate().and_then(|r| r.simple.estimate()).map(|e| Number::of(&e));
        let numbers = counted.map_or_else(Vec::new, |n| [n.value, n.low, n.high].map(share).to_vec());
        push(health, Check::WithLeftOut, None, numbers, left_out);
    }
    if !reasons.is_empty() {
        push(health, Check::OtherEvent, Some(false), vec![], reasons);
    }
    push(health, Check::Coverage, Some(design.coverage >= 0.8), vec![design.coverage], vec![]);
    let levels = |side: &[&Member]| -> Vec<f64> {
        side.iter()
            .filter_map(|m| level(m, m.start.filter(|g| *g <= w.last).unwrap_or(w.starts[0])))
            .collect()
    };
    let (a, b) = (levels(&treated), levels(&compared));
    if let (Some(ma), Some(mb)) = (mean(&a), mean(&b)) {
        let spread = ((variance(&a, ma) + variance(&b, mb)) / 2.0).sqrt();
        let alike = !few && spread > 0.0;
        design.overlap = if alike { ((ma - mb).abs() <= spread).into() } else { grade::Check::Unknown };
        let shown = |x: f64| if log { x.exp() } else { x };
        let met = alike.then(|| (ma - mb).abs() <= spread);
        push(health, Check::Alike, met, vec![shown(ma), shown(mb)], vec![]);
    }
    found.design = design;
    found
}

/// With few groups: the wider of the clustered error (with its G/(G−1) factor) and the two-sample error of the groups'
/// own changes (Donald and Lang 2007), with G−2 degrees of freedom.
fn widened(result: &Staggered, lane: &LaneInput, w: &Window, log: bool) -> Answer<Estimate> {
    let run = || {
        let e = result.simple.clone().into_result()?;
        let g = result.clusters as f64;
        if g < 4.0 {
            return Err(Reason::TooFewClusters { have: result.clusters, need: 4 });
        }
        let clustered = e.std_error * (g / (g - 1.0)).sqrt();
        let (changes, treated) = changes(lane, w, log);
        let side = |wanted: bool| -> Vec<f64> {
            changes.iter().zip(&treated).filter(|(_, t)| **t == wanted).map(|(c, _)| *c).collect()
        };
        let (a, b) = (side(true), side(false));
        let (na, nb) = (a.len() as f64, b.len() as f64);
        let pooled = match (mean(&a), mean(&b)) {
            (Some(ma), Some(mb)) if na + nb > 2.0 => {
                let square = variance(&a, ma) * (na - 1.0) + variance(&b, mb) * (nb - 1.0);
                (square / (na + nb - 2.0) * (1.0 / na + 1.0 / nb)).sqrt()
            }
            _ => 0.0,
        };
        Estimate::student(e.term, e.estimate, clustered.max(pooled), g - 2.0, e.n, e.clusters)
    };
    run().into()
}

/// Each group's change from before to after its start (the first wave's for those compared), and who was treated. Units
/// that share shocks are one group.
fn changes(lane: &LaneInput, w: &Window, log: bool) -> (Vec<f64>, Vec<bool>) {
    let (treated, compared) = sides(lane, w);
    let mut groups: BTreeMap<(u32, bool), Vec<f64>> = BTreeMap::new();
    let sides = treated
        .iter()
        .map(|m| (*m, true))
        .chain(compared.iter().filter(|m| m.start.is_none_or(|g| g > w.last)).map(|m| (*m, false)));
    for (m, side) in sides {
        let g = m.start.filter(|_| side).unwrap_or(w.starts[0]);
        let end = (g + lane.after as i32).min(w.last + 1);
        if let (Some(b), Some(a)) =
            (m.mean(g - lane.before as i32..g, false, log), m.mean(g..end, false, log))
        {
            groups.entry((m.cluster, side)).or_default().push(a.0 - b.0);
        }
    }
    groups.into_iter().filter_map(|((_, side), all)| Some((mean(&all)?, side))).unzip()
}

/// Dots of the picture of chance, and the most rows that are dealt out so often.
const DEALT: (usize, usize) = (199, 200_000);

/// The estimate, and the same with the starts dealt to other groups.
fn dealt(all: &[Row], base_periods: u32, log: bool) -> Option<Dealt> {
    if all.len() > DEALT.1 {
        return None;
    }
    let panel = Panel::from_rows(all).ok()?;
    let one =
        |panel: &Panel| estimated(panel, base_periods).estimate()?.simple.estimate().map(|e| e.estimate);
    let found = reassign(&panel, Draws { number: DEALT.0, seed: super::pack::SEED }, one).estimate()?;
    // Rounded as frozen values are, so that the file is the same everywhere.
    let shown = |d: f64| super::kept(((if log { d.exp_m1() } else { d }) * 1e9).round() / 1e9);
    (found.draws.len() > 1).then(|| Dealt {
        came: shown(found.observed),
        all: found.exact,
        again: found.draws.into_iter().map(shown).collect(),
    })
}

/// What the exact test over every way of picking as many groups does not rule out. One or two groups on a side are too few
/// to count: what hits them alone cannot be told from the support. With several waves each group's change is of other
/// periods, so nothing is counted.
fn exact(lane: &LaneInput, w: &Window, log: bool) -> Option<ExactRange> {
    let (changes, treated) = changes(lane, w, log);
    let some = treated.iter().filter(|t| **t).count();
    (w.starts.len() == 1 && some.min(treated.len() - some) >= 3)
        .then(|| exact_range(&changes, &treated).estimate())
        .flatten()
}

/// The least and the most that the difference is when each of the groups that started is left out in turn.
fn without_one(all: &[Row], base_periods: u32) -> Option<(f64, f64)> {
    let started: BTreeSet<u64> = all.iter().filter(|r| r.cohort.is_some()).map(|r| r.cluster).collect();
    if !(2..=12).contains(&started.len()) {
        return None;
    }
    let left: Vec<f64> = started
        .into_iter()
        .filter_map(|one| {
            let rest: Vec<Row> = all.iter().filter(|r| r.cluster != one).copied().collect();
            run(&rest, base_periods).estimate()?.simple.estimate().map(|e| e.estimate)
        })
        .collect();
    let ends = left.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    (!left.is_empty()).then_some(ends)
}

/// The difference from a mixture of those that did not start which moved like the others before (synthetic DiD).
fn mixture(rows: &[Row]) -> Option<f64> {
    let panel = Panel::from_rows(rows).ok()?;
    // Only the point: how sure it is comes from the other methods.
    let found = synthetic(&panel, Mixture::SyntheticDid, Draws { number: 0, seed: super::pack::SEED });
    found.estimate().map(|s| s.effect).filter(|e| e.is_finite())
}

/// Every way of picking as many groups, where they are few enough to show it.
fn chance(lane: &LaneInput, w: &Window, log: bool) -> Option<Permutation> {
    let (changes, treated) = changes(lane, w, log);
    if changes.len() > 20 {
        return None;
    }
    two_groups(&changes, &treated, Draws::default()).estimate()
}

/// A made-up start halfway through the time before the first real one, read as the real one is.
fn fake_start(lane: &LaneInput, w: &Window, scale: Scale, few: bool) -> Option<Number> {
    let g0 = w.starts[0];
    let half = (g0 - w.first) / 2;
    if half < 1 {
        return None;
    }
    let fake = g0 - half;
    let members = lane.members.iter().map(|m| Member {
        start: m.start.filter(|&g| g == g0).map(|_| fake),
        values: m.values.iter().take(g0 as usize).copied().collect(),
        ..m.clone()
    });
    let pretended = LaneInput {
        members: members.collect(),
        periods: g0 as u32,
        before: (fake - w.first).max(1) as u32,
        after: half as u32,
        ..lane.clone()
    };
    let w = window(&pretended)?;
    let result = run(&rows(&pretended, &w, scale, false), pretended.before).estimate()?;
    let log = scale == Scale::Log;
    let answer = if few { widened(&result, &pretended, &w, log) } else { result.simple };
    answer.estimate().map(|e| {
        let n = Number::of(&e);
        if log { n.without_log() } else { n }
    })
}

/// The share of expected values that arrived in the window. Nothing is expected in a span that is left out.
fn coverage(w: &Window, treated: &[&Member], compared: &[&Member]) -> f64 {
    let (mut have, mut want) = (0_usize, 0_usize);
    for m in treated.iter().chain(compared) {
        for t in w.first..=w.last {
            if m.gaps.iter().any(|g| g.leave_out && (g.from as i32..g.until as i32).contains(&t)) {
                continue;
            }
            want += 1;
            have += usize::from(m.values.get(t as usize).copied().flatten().is_some());
        }
    }
    if want == 0 { 0.0 } else { have as f64 / want as f64 }
}

/// The share of units seen before the first start and no more at the end.
fn lost(side: &[&Member], w: &Window) -> f64 {
    let seen = |m: &Member, from: i32, to: i32| {
        (from.max(0)..to).any(|t| m.values.get(t as usize).copied().flatten().is_some())
    };
    let before: Vec<_> = side.iter().filter(|m| seen(m, w.first, w.starts[0])).collect();
    let tail = ((w.last - w.starts[0]) / 3).max(1);
    let gone = before.iter().filter(|m| !seen(m, w.last + 1 - tail, w.last + 1)).count();
    if before.is_empty() { 0.0 } else { gone as f64 / before.len() as f64 }
}

/// Means and thin lines over all periods. Groups of fewer people than may be shown are withheld.
fn lines(lane: &LaneInput) -> Lines {
    let last = lane.periods as i32 - 1;
    let started = |m: &Member| m.start.is_some_and(|g| g <= last);
    let mut withheld = false;
    let mut middle = |treated: bool| -> Vec<Option<f64>> {
        let side: Vec<&Member> = lane.members.iter().filter(|m| started(m) == treated).collect();
        let people: u32 = side.iter().filter_map(|m| m.people).sum();
        if lane.personal && !side.is_empty() && (people as usize) < MIN_GROUP {
            withheld = true;
            return vec![None; lane.periods as usize];
        }
        (0..lane.periods as usize)
            .map(|t| mean(&side.iter().filter_map(|m| m.value(t, false)).collect::<Vec<_>>()))
            .collect()
    };
    let (treated, compared) = (middle(true), middle(false));
    let mut units = Vec::new();
    for side in [true, false] {
        let all: Vec<&Member> = lane
            .members
            .iter()
            .filter(|m| started(m) == side && m.values.iter().any(Option::is_some))
            .collect();
        if all.len() > THIN || all.len() < 2 {
            continue;
        }
        for m in all {
            if lane.personal && m.people.is_some_and(|p| (p as usize) < MIN_GROUP) {
                withheld = true;
                continue;
            }
            units.push(UnitLine {
                name: m.name.clone(),
                treated: side,
                values: m.values.clone(),
                gaps: m
                    .gaps
                    .iter()
                    .filter(|g| g.leave_out)
                    .map(|g| (g.from, g.until, g.reason.clone()))
                    .collect(),
            });
        }
    }
    Lines { cadence: Some(lane.cadence), first: Some(lane.first), treated, compared, units, withheld }
}

fn newest(values: &[Option<f64>]) -> Option<f64> {
    values.iter().rev().flatten().next().copied()
}

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

pub(super) fn variance(values: &[f64], mean: f64) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}
