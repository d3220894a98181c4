//! A metric judged as a whole: every subject beside the others.
//!
//! In this order: a short period is read as a full one, a newcomer beside the ramp of earlier ones, what moved
//! everybody is taken out level by level, the noise that the subjects share is measured, and each subject's own series
//! is walked. [`judge_again`] looks at a few of them where what they share is known already.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::movements::{Common, Values, take_out};
use super::peers::{Peers, start};
use super::pool::Pool;
use super::series::{Aim, Found, Rules, Series, walk};
use crate::ids::{JobRoleId, UnitId};
use crate::metrics::Direction;

/// A period with a smaller share of its working days than this says nothing about a whole one.
const LEAST_SHARE: f64 = 0.25;

/// One subject with all that the rules need to know about it. Every member of a metric lies on one axis of periods.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// The groups it belongs to, from the top down (organisation, region, branch).
    pub groups: Vec<UnitId>,
    /// Values as observed.
    pub values: Values,
    /// What share of each period was worked, by its calendar and leave; empty for all of all.
    pub worked: Vec<f64>,
    /// Whether a value grows with the time worked, as a count does and a ratio does not.
    pub counts: bool,
    /// Those who do the same work, from whom a newcomer borrows.
    pub peers: Option<JobRoleId>,
    /// The target in force.
    pub aim: Option<Aim>,
    /// Whether the target is one for everybody, so that a newcomer is expected to ramp up to it.
    pub ramps: bool,
    /// Positions at which a new usual level begins.
    pub restarts: Vec<usize>,
}

impl Member {
    /// Values as of full periods: a count of three days in five is read as five thirds of itself.
    /// Periods of which hardly anything was worked are left out rather than missing.
    pub fn full(&self) -> Values {
        if self.worked.is_empty() {
            return self.values.clone();
        }
        let share = |at: usize| self.worked.get(at).copied().unwrap_or(1.0);
        let full = |(at, v): (usize, &Option<f64>)| {
            v.filter(|_| share(at) >= LEAST_SHARE)
                .map(|v| if self.counts { v / share(at).min(1.0) } else { v })
        };
        self.values.iter().enumerate().map(full).collect()
    }
}

/// What the subjects of a metric share besides the movements of their groups; kept between evaluations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// Their noise.
    pub pool: Option<Pool>,
    /// Groups of those who do the same work.
    pub peers: BTreeMap<JobRoleId, Peers>,
}

/// A metric as a whole.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What was found about each member, in their order.
    pub found: Vec<Found>,
    /// What moved each group, and what was found about that.
    pub groups: Vec<(Common, Found)>,
    /// What the members share.
    pub shared: Shared,
}

/// Judges every member. `before` is what they shared at the last evaluation: their noise stays as it was measured then
/// while the new measure is near.
pub fn judge(members: &[Member], direction: Direction, rules: &Rules, before: Option<&Shared>) -> Judged {
    let full: Vec<Values> = members.par_iter().map(Member::full).collect();
    let mut alike: BTreeMap<JobRoleId, Vec<&[Option<f64>]>> = BTreeMap::new();
    for (member, values) in members.iter().zip(&full) {
        if let Some(peers) = member.peers {
            alike.entry(peers).or_default().push(values);
        }
    }
    let peers = alike.par_iter().filter_map(|(&key, of)| Some((key, Peers::of(of, rules)?))).collect();
    let mut shared = Shared { pool: None, peers };
    let (own, ramps, common) = own(members, &full, rules, &shared, &BTreeMap::new());
    let measured = Pool::of(own.iter().map(Vec::as_slice), rules);
    shared.pool = match (before.and_then(|b| b.pool), measured) {
        (Some(before), Some(now)) if before.is_near(&now) => Some(before),
        (_, now) => now,
    };
    finish(members, &full, &own, &ramps, common, direction, rules, shared)
}

/// Judges some members again, where the movements of their larger groups and what all share are known.
///
/// The movement of a group that is not `known` is measured anew, so all its members must be here.
pub fn judge_again(
    members: &[Member],
    known: &BTreeMap<UnitId, Values>,
    direction: Direction,
    rules: &Rules,
    shared: Shared,
) -> Judged {
    let full: Vec<Values> = members.iter().map(Member::full).collect();
    let (own, ramps, common) = own(members, &full, rules, &shared, known);
    finish(members, &full, &own, &ramps, common, direction, rules, shared)
}

/// Each member's own series and ramp, and what was taken out.
fn own(
    members: &[Member],
    full: &[Values],
    rules: &Rules,
    shared: &Shared,
    known: &BTreeMap<UnitId, Values>,
) -> (Vec<Values>, Vec<Vec<f64>>, Vec<Common>) {
    let ramp_of = |(m, values): (&Member, &Values)| ramp(values, m.peers.and_then(|p| shared.peers.get(&p)));
    let ramps: Vec<Vec<f64>> = members.par_iter().zip(full).map(ramp_of).collect();
    let mut own: Vec<Values> =
        full.par_iter().zip(&ramps).map(|(values, ramp)| seasoned(values, ramp)).collect();
    let groups: Vec<&[UnitId]> = members.iter().map(|m| m.groups.as_slice()).collect();
    let common = take_out(&groups, &mut own, rules.common_min, known);
    (own, ramps, common)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one computation")]
fn finish(
    members: &[Member],
    full: &[Values],
    own: &[Values],
    ramps: &[Vec<f64>],
    common: Vec<Common>,
    direction: Direction,
    rules: &Rules,
    shared: Shared,
) -> Judged {
    let one = |(i, member): (usize, &Member)| {
        found(member, full[i].as_slice(), own[i].as_slice(), ramps[i].as_slice(), direction, rules, &shared)
    };
    let found = members.par_iter().enumerate().map(one).collect();
    let groups = common.into_par_iter().map(|c| group(c, direction, rules)).collect();
    Judged { found, groups, shared }
}

fn found(
    member: &Member,
    full: &[Option<f64>],
    own: &[Option<f64>],
    ramp: &[f64],
    direction: Direction,
    rules: &Rules,
    shared: &Shared,
) -> Found {
    let series = Series {
        raw: full,
        own,
        direction,
        aim: member.aim,
        ramp: if member.ramps { ramp } else { &[] },
        restarts: &member.restarts,
        pool: shared.pool.as_ref(),
        peers: member.peers.and_then(|p| shared.peers.get(&p)).filter(|_| start(full).is_some()),
    };
    walk(&series, rules)
}

/// A group's own movement is a series like any other, but nobody's noise is shared with it.
fn group(common: Common, direction: Direction, rules: &Rules) -> (Common, Found) {
    let series = Series {
        raw: &common.movement,
        own: &common.movement,
        direction,
        aim: None,
        ramp: &[],
        restarts: &[],
        pool: None,
        peers: None,
    };
    let found = walk(&series, rules);
    (common, found)
}

/// What share of the settled level a subject is expected to have at each position; empty where it is no newcomer.
fn ramp(values: &[Option<f64>], peers: Option<&Peers>) -> Vec<f64> {
    let (Some(start), Some(peers)) = (start(values), peers) else { return Vec::new() };
    if peers.ramp.is_empty() {
        return Vec::new();
    }
    (0..values.len()).map(|at| at.checked_sub(start).map_or(1.0, |age| peers.share(age))).collect()
}

fn seasoned(values: &[Option<f64>], ramp: &[f64]) -> Values {
    let share = |at: usize| ramp.get(at).copied().unwrap_or(1.0);
    values.iter().enumerate().map(|(at, v)| v.map(|v| v / share(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::worlds::Noise;
    use uuid::Uuid;

    use super::super::{Kind, Way};
    use super::*;

    fn unit(n: u128) -> UnitId {
        UnitId::new(Uuid::from_u128(n))
    }

    /// People in branches of ten under one organisation, each with a level and a spread of their own.
    fn people(seed: u64, count: usize, periods: usize, rho: f64) -> Vec<(Member, f64)> {
        let mut dice = Noise::new(seed);
        (0..count)
            .map(|i| {
                let level = 100.0 * (0.2 * dice.normal()).exp();
                let sigma = 0.1 * level * (0.25 * dice.normal()).exp();
                let values =
                    dice.stable(periods, rho).into_iter().map(|v| v.map(|v| level + sigma * v)).collect();
                let groups = vec![unit(1), unit(100 + i as u128 / 10)];
                (Member { groups, values, ..Member::default() }, sigma)
            })
            .collect()
    }

    fn judged(members: &[(Member, f64)]) -> Judged {
        let members: Vec<Member> = members.iter().map(|m| m.0.clone()).collect();
        judge(&members, Direction::Up, &Rules::default(), None)
    }

    /// Signals that open in 52 judged weeks of stable series, per 100 person-weeks.
    fn false_signals(rho: f64) -> f64 {
        let (count, weeks) = (1_500, 52);
        let opened: usize = judged(&people(7, count, 26 + weeks, rho))
            .found
            .iter()
            .map(|f| f.episodes.iter().filter(|e| e.opened >= 26).count())
            .sum();
        100.0 * opened as f64 / (count * weeks) as f64
    }

    #[test]
    fn stable_people_are_left_alone() {
        for rho in [0.0, 0.4] {
            let rate = false_signals(rho);
            assert!(rate <= 0.6, "{rate:.2} false signals in 100 person-weeks with autocorrelation {rho}");
        }
    }

    /// Of people of whom one in ten drops by 1.5 standard deviations, which share of those is seen within eight weeks.
    fn drops_seen(rho: f64) -> f64 {
        let mut all = people(11, 1_500, 26 + 8, rho);
        for (member, sigma) in all.iter_mut().step_by(10) {
            let drop = 1.5 * *sigma;
            member.values[26..].iter_mut().for_each(|v| *v = v.map(|v| v - drop));
        }
        let found = judged(&all).found;
        let lower = |f: &&Found| f.episodes.iter().any(|e| e.opened >= 26 && e.way == Way::Lower);
        found.iter().step_by(10).filter(lower).count() as f64 / 150.0
    }

    #[test]
    fn a_sustained_drop_is_seen_within_eight_weeks() {
        let share = drops_seen(0.0);
        assert!(share >= 0.85, "a drop of 1.5 sigma was seen in {share:.2}");
        // Weeks that resemble their neighbours say less; `docs/alerts.md` says how much less any rule could see.
        let share = drops_seen(0.4);
        assert!(share >= 0.55, "with autocorrelation 0.4 it was seen in {share:.2}");
    }

    #[test]
    fn what_hits_everyone_is_found_where_it_happens() {
        let mut all = people(17, 300, 60, 0.0);
        for (member, _) in &mut all {
            member.values[50..53].iter_mut().for_each(|v| *v = v.map(|v| v * 0.75));
        }
        let judged = judged(&all);
        let late = |f: &Found| f.episodes.iter().filter(|e| (50..56).contains(&e.opened)).count();
        let blamed: usize = judged.found.iter().map(late).sum();
        assert!(blamed <= 20, "{blamed} of 300 people were blamed for what hit everyone");
        let hit: Vec<UnitId> =
            judged.groups.iter().filter(|(_, f)| late(f) > 0).map(|(c, _)| c.group).collect();
        assert!(hit.contains(&unit(1)), "{hit:?}");
        assert!(hit.len() <= 4, "one alert where it is common, not one for each branch: {hit:?}");
    }

    /// Of people in branches of ten of which one in eight moves from week 50 on, how many are told in 20 weeks:
    /// of those who move and of the others, in 100 person-weeks.
    fn told_where_branches_move(factor: impl Fn(usize) -> f64) -> (f64, f64) {
        let (count, weeks) = (4_000, 20);
        let mut all = people(43, count, 50 + weeks, 0.0);
        let moves = |i: usize| (i / 10).is_multiple_of(8);
        for (_, (member, _)) in all.iter_mut().enumerate().filter(|(i, _)| moves(*i)) {
            member.values[50..].iter_mut().enumerate().for_each(|(k, v)| *v = v.map(|v| v * factor(k)));
        }
        let found = judged(&all).found;
        let rate = |of: bool| {
            let of = found.iter().enumerate().filter(|(i, _)| moves(*i) == of);
            let told = of.clone().flat_map(|(_, f)| &f.episodes).filter(|e| e.opened >= 50).count();
            100.0 * told as f64 / (of.count() * weeks) as f64
        };
        (rate(true), rate(false))
    }

    #[test]
    fn what_moves_a_branch_is_not_held_against_its_people() {
        let worlds: [(&str, &dyn Fn(usize) -> f64); 4] = [
            ("is closed for two weeks", &|k| if k < 2 { 0.8 } else { 1.0 }),
            ("does a tenth less for good", &|_| 0.9),
            ("falls by a sixth in a quarter", &|k| 1.0 - 0.15 * (k as f64 / 13.0).min(1.0)),
            ("falls by half a percent a week", &|k| 1.0 - 0.005 * k as f64),
        ];
        for (what, factor) in worlds {
            let (moved, others) = told_where_branches_move(factor);
            assert!(moved <= 0.75, "{moved:.2} in 100 person-weeks where a branch {what}");
            assert!(others <= 0.6, "{others:.2} in 100 person-weeks beside branches of which one {what}");
        }
    }

    #[test]
    fn one_member_again_is_as_one_of_all() {
        let mut all = people(29, 200, 70, 0.3);
        all[5].0.values[60..].iter_mut().for_each(|v| *v = v.map(|v| v * 0.6));
        let whole = judged(&all);
        // The organisation is known; each branch is measured again with all its people.
        let top = whole.groups.iter().find(|(c, _)| c.group == unit(1)).unwrap().0.movement.clone();
        let known = BTreeMap::from([(unit(1), top)]);
        let opened =
            |f: &Found| f.episodes.iter().map(|e| (e.kind, e.since, e.opened, e.closed)).collect::<Vec<_>>();
        for (branch, some) in all.chunks(10).enumerate() {
            let members: Vec<Member> = some.iter().map(|m| m.0.clone()).collect();
            let again = judge_again(&members, &known, Direction::Up, &Rules::default(), whole.shared.clone());
            for (i, found) in again.found.iter().enumerate() {
                assert_eq!(
                    opened(found),
                    opened(&whole.found[branch * 10 + i]),
                    "branch {branch}, member {i}"
                );
            }
            assert_eq!(again.groups.len(), 1);
        }
        assert!(whole.found[5].episodes.iter().any(|e| e.opened >= 60));
    }

    #[test]
    fn members_of_a_small_region_again_are_as_those_of_all() {
        let mut all = people(59, 160, 70, 0.3);
        for (i, (member, _)) in all.iter_mut().enumerate() {
            member.groups.insert(1, unit(50 + i as u128 / 20));
            // One region falls for three weeks, and one of its branches by as much again.
            let by = if i < 10 { 0.8 } else { 0.9 };
            member.values[60..63].iter_mut().filter(|_| i < 20).for_each(|v| *v = v.map(|v| v * by));
        }
        let whole = judged(&all);
        let top = whole.groups.iter().find(|(c, _)| c.group == unit(1)).unwrap().0.movement.clone();
        let known = BTreeMap::from([(unit(1), top)]);
        for (region, some) in all.chunks(20).enumerate() {
            let members: Vec<Member> = some.iter().map(|m| m.0.clone()).collect();
            let again = judge_again(&members, &known, Direction::Up, &Rules::default(), whole.shared.clone());
            assert_eq!(again.found, whole.found[region * 20..(region + 1) * 20], "region {region}");
            assert_eq!(again.groups.len(), 3);
        }
    }

    #[test]
    fn a_short_week_is_no_dip_and_leave_is_no_silence() {
        let mut all = people(31, 40, 60, 0.0);
        for (member, _) in &mut all {
            member.counts = true;
        }
        // Three weeks of two days, and two weeks away in which something was booked all the same.
        let calm = judged(&all).found.iter().position(|f| f.episodes.is_empty()).unwrap();
        let part = &mut all[calm].0;
        part.worked = vec![1.0; 60];
        for at in 50..53 {
            part.worked[at] = 0.4;
            part.values[at] = part.values[at].map(|v| v * 0.4);
        }
        for at in 55..57 {
            part.worked[at] = 0.0;
            part.values[at] = Some(1.0);
        }
        let with = judged(&all).found[calm].clone();
        assert_eq!(with.episodes.iter().filter(|e| e.opened >= 50).count(), 0, "{:?}", with.episodes);
        all[calm].0.worked.clear();
        let without = judged(&all).found[calm].clone();
        assert!(without.episodes.iter().any(|e| e.opened >= 50), "without a calendar it would have been one");
    }

    #[test]
    fn a_newcomer_borrows_until_there_is_a_history() {
        let mut all = people(37, 120, 80, 0.0);
        for (member, _) in &mut all {
            member.peers = Some(JobRoleId::new(Uuid::from_u128(9)));
        }
        for (newcomer, _) in &mut all[..20] {
            newcomer.values[..68].fill(None);
        }
        // One of them does two thirds of what the others do.
        all[7].0.values[74..].iter_mut().for_each(|v| *v = v.map(|v| v * 0.5));
        let judged = judged(&all);
        let newcomer = &judged.found[0];
        let (center, low, high) = newcomer.usual.expect("a range from the peers");
        assert_eq!(newcomer.borrowed, 100, "as many peers as have a history");
        assert!(low < center && center < high);
        assert!(judged.found[7].episodes.iter().any(|e| e.borrowed > 0), "{:?}", judged.found[7]);
        let others =
            judged.found[..20].iter().enumerate().filter(|(i, f)| *i != 7 && !f.episodes.is_empty()).count();
        assert!(others <= 2, "{others} of 19 newcomers were held against what is not theirs");
        assert_eq!(judged.found[50].borrowed, 0, "whoever has a history keeps it");
    }

    #[test]
    fn a_new_branch_is_held_against_the_ramp_and_not_against_the_mature_target() {
        let mut all = people(41, 60, 110, 0.0);
        for (i, (member, _)) in all.iter_mut().enumerate() {
            member.groups.clear();
            member.peers = Some(JobRoleId::new(Uuid::from_u128(9)));
            member.aim = Some(Aim { level: 60.0, tolerance: 5.0, window: 8 });
            member.ramps = true;
            if i < 12 {
                let start = if i == 0 { 94 } else { 10 + i * 3 };
                for at in 0..110_usize {
                    let v = &mut member.values[at];
                    *v = at
                        .checked_sub(start)
                        .and_then(|age| Some((*v)? * (0.4 + age as f64 / 40.0).min(1.0)));
                }
            }
        }
        let gaps = |f: &Found| f.episodes.iter().filter(|e| e.kind == Kind::Gap).count();
        let ramped = judged(&all);
        assert_eq!(gaps(&ramped.found[0]), 0, "{:?}", ramped.found[0]);
        all[0].0.ramps = false;
        assert!(gaps(&judged(&all).found[0]) > 0, "held against the mature target it is off");
    }
}
