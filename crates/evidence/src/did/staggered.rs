//! Rollouts in waves: group-time effects of Callaway and Sant'Anna (2021).
//!
//! Each wave's change since just before its start, less the change over the same
//! periods of units that never start or have not started yet. Already-treated units
//! are never used as comparison. Errors come from influence functions summed within
//! clusters, without a G/(G−1) factor (as Python `csdid`; `diff-diff` multiplies by
//! √(G/(G−1))); intervals use Student's t with G−1 degrees of freedom.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::cell::{Adjustment, adjusted};
use super::twfe::check;
use crate::answer::{Answer, Reason};
use crate::dist;
use crate::estimate::Estimate;
use crate::panel::{Panel, dense};

/// With whom waves are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Units that never start within the panel.
    Never,
    /// Those, and units whose start is still to come.
    NotYet,
}

/// Which period a wave's changes before its start are measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The period just before each: placebo effects of one step.
    Varying,
    /// The last period before the start, for all.
    Universal,
}

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// With whom.
    pub control: Control,
    /// From when.
    pub base: Base,
    /// Periods before the start in which people may already have reacted.
    pub anticipation: u32,
    /// How many periods before the start are averaged into the "before" of effects after it; 1 as in the article.
    /// More of them take out the noise of a single period, at the price that trends must be parallel over all of them.
    pub base_periods: u32,
    /// Units by covariates (without a column of ones), in the panel's order; each
    /// as it was before anything started.
    pub covariates: Option<DMatrix<f64>>,
    /// How covariates are used.
    pub adjustment: Adjustment,
    /// Whether the waves' sizes are taken as given, rather than as a sample whose
    /// own uncertainty counts (Sun and Abraham's weights).
    pub fixed_shares: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            control: Control::Never,
            base: Base::Varying,
            anticipation: 0,
            base_periods: 1,
            covariates: None,
            adjustment: Adjustment::DoublyRobust,
            fixed_shares: false,
        }
    }
}

/// Effect of one wave in one period.
#[derive(Clone, Debug)]
pub struct Cell {
    /// First treated period of the wave.
    pub group: i64,
    /// The period.
    pub time: i64,
    /// Periods since the start; negative before.
    pub event_time: i64,
    /// The effect in the outcome's unit; refused where no spread can be computed.
    pub effect: Answer<Estimate>,
}

/// An average over cells, and its parts.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The average.
    pub overall: Answer<Estimate>,
    /// One average for each wave, period or event time.
    pub parts: Vec<(i64, Answer<Estimate>)>,
    /// Influence of each cluster on each part.
    influence: Vec<Vec<f64>>,
}

impl Aggregate {
    /// Estimates and covariance of the parts whose keys `wanted` accepts.
    pub fn covariance(&self, wanted: impl Fn(i64) -> bool) -> (Vec<i64>, DVector<f64>, DMatrix<f64>) {
        let chosen: Vec<usize> = (0..self.parts.len())
            .filter(|&p| wanted(self.parts[p].0) && self.parts[p].1.reason().is_none())
            .collect();
        let q = chosen.len();
        let mut keys = Vec::with_capacity(q);
        let mut values = DVector::zeros(q);
        for (at, &p) in chosen.iter().enumerate() {
            keys.push(self.parts[p].0);
            if let Answer::Estimate(e) = &self.parts[p].1 {
                values[at] = e.estimate;
            }
        }
        let vcov = DMatrix::from_fn(q, q, |a, b| {
            let (a, b) = (&self.influence[chosen[a]], &self.influence[chosen[b]]);
            a.iter().zip(b).map(|(a, b)| a * b).sum()
        });
        (keys, values, vcov)
    }
}

/// Test that the effects before the start are all zero.
#[derive(Clone, Debug, PartialEq)]
pub struct PreTrend {
    /// F statistic of the tested effects, small-sample corrected.
    pub statistic: f64,
    /// Effects tested.
    pub effects: usize,
    /// Probability of a larger value when trends are parallel.
    pub p_value: f64,
}

/// All effects of a staggered rollout.
#[derive(Clone, Debug)]
pub struct Staggered {
    /// Each wave in each period.
    pub cells: Vec<Cell>,
    /// All treated wave-periods, weighted by the size of the wave.
    pub simple: Answer<Estimate>,
    /// By periods since the start; the overall averages the periods from 0 on.
    pub dynamic: Aggregate,
    /// By wave; the overall weights by size.
    pub group: Aggregate,
    /// By period; the overall averages periods.
    pub calendar: Aggregate,
    /// Whether waves moved alike before they started.
    pub pre_trend: Option<PreTrend>,
    /// Units compared.
    pub units: usize,
    /// Clusters compared.
    pub clusters: usize,
    /// Clusters with a treated unit, and clusters with a comparison unit.
    pub clusters_by_side: (usize, usize),
    /// What the reader should know.
    pub warnings: Vec<String>,
}

struct Raw {
    effect: f64,
    influence: Vec<f64>,
}

struct Setting<'a> {
    panel: &'a Panel,
    options: &'a Options,
    groups: Vec<i64>,
    members: Vec<Vec<usize>>,
    never: Vec<usize>,
    clusters: usize,
    sums: Option<Sums>,
}

/// Weighted sums of a complete panel by wave and cluster, which are all that effects without covariates need.
struct Sums {
    /// The blocks of each wave, and those of units that never start, last.
    of_wave: Vec<std::ops::Range<usize>>,
    /// Cluster of each block.
    cluster: Vec<usize>,
    /// Weight of each block.
    mass: Vec<f64>,
    /// `sums[t * blocks + b]`.
    sums: Vec<f64>,
}

impl Sums {
    /// One pass over a complete panel. Units that take no part are gathered in a block that no wave has.
    fn of(panel: &Panel, members: &[Vec<usize>], never: &[usize]) -> Self {
        let waves = members.len() + 1;
        let mut key = vec![(waves as u32, 0); panel.units()];
        for (k, list) in members.iter().map(Vec::as_slice).chain(std::iter::once(never)).enumerate() {
            for &i in list {
                key[i] = (k as u32, panel.cluster()[i]);
            }
        }
        let (block_of, blocks) = dense(&key);
        let mut wave = vec![waves; blocks];
        let mut cluster = vec![0; blocks];
        let mut mass = vec![0.0; blocks];
        for (i, &b) in block_of.iter().enumerate() {
            wave[b as usize] = key[i].0 as usize;
            cluster[b as usize] = key[i].1 as usize;
            mass[b as usize] += panel.weights()[i];
        }
        // Blocks are numbered by wave first, so each wave's stand together.
        let of_wave =
            (0..waves).map(|k| wave.partition_point(|&w| w < k)..wave.partition_point(|&w| w <= k)).collect();
        Self { of_wave, cluster, mass, sums: panel.block_sums(&block_of, blocks, |_| 0.0) }
    }

    /// The sum of a block's change from the mean of periods `from..=base` to period `t`.
    fn change(&self, block: usize, from: usize, base: usize, t: usize) -> f64 {
        let blocks = self.mass.len();
        let before: f64 = (from..=base).map(|p| self.sums[p * blocks + block]).sum();
        self.sums[t * blocks + block] - before / (base + 1 - from) as f64
    }
}

/// Group-time effects and their averages.
///
/// *Assumes* that waves and comparison would have changed alike (given the
/// covariates), that nobody reacts earlier than `anticipation` periods before the
/// start, and that units do not spill over into each other. Units observed in one of
/// the two periods only are left out of that cell. Units that start in the first
/// period have no "before" and are left out.
///
/// *Refuses* without treated units, without comparison units, without a period
/// before any start, or with fewer than two clusters.
pub fn staggered(panel: &Panel, options: &Options) -> Answer<Staggered> {
    try_staggered(panel, options).into()
}

fn try_staggered(panel: &Panel, options: &Options) -> Result<Staggered, Reason> {
    check(panel)?;
    let times = panel.times();
    let ahead = i64::from(options.anticipation);
    let mut warnings = Vec::new();
    if let Some(x) = &options.covariates {
        if x.nrows() != panel.units() {
            return Err(Reason::bad(
                "The covariates",
                "there is not one row for each unit",
                "Give one row for each unit, in the panel's order.",
            ));
        }
        if x.iter().any(|v| !v.is_finite()) {
            return Err(Reason::NotFinite { place: "The covariates".into() });
        }
    }

    let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut never = Vec::new();
    let mut early = 0;
    let last = times[times.len() - 1];
    for (i, cohort) in panel.cohorts().iter().enumerate() {
        match cohort {
            Some(g) if *g - ahead <= times[0] => early += 1,
            Some(g) if *g <= last + ahead => members.entry(*g).or_default().push(i),
            _ => never.push(i),
        }
    }
    if early > 0 {
        warnings.push(format!(
            "{early} units had started by the first period and have no time before; they are left out."
        ));
    }
    if !members.keys().any(|&g| g <= last) {
        return Err(if early > 0 { Reason::NoPrePeriod } else { Reason::NoTreated });
    }
    if never.is_empty() && options.control == Control::Never {
        return Err(Reason::NoComparison);
    }
    let (groups, members): (Vec<i64>, Vec<Vec<usize>>) = members.into_iter().unzip();
    let quick = panel.is_complete() && options.covariates.is_none();
    let sums = quick.then(|| Sums::of(panel, &members, &never));
    let setting = Setting { panel, options, groups, members, never, clusters: panel.clusters(), sums };
    let kept: Vec<usize> =
        setting.members.iter().chain(std::iter::once(&setting.never)).flatten().copied().collect();
    let present = count_clusters(panel, kept.iter().copied());
    if present < 2 {
        return Err(Reason::TooFewClusters { have: present, need: 2 });
    }
    let treated_clusters = count_clusters(panel, setting.members.iter().flatten().copied());
    let comparison_clusters = match options.control {
        Control::Never => count_clusters(panel, setting.never.iter().copied()),
        Control::NotYet => count_clusters(
            panel,
            setting.members.iter().skip(1).chain(std::iter::once(&setting.never)).flatten().copied(),
        ),
    };
    for (g, list) in setting.groups.iter().zip(&setting.members) {
        if count_clusters(panel, list.iter().copied()) < 2 {
            warnings
                .push(format!("The wave of period {g} is a single cluster: its own interval is too narrow."));
        }
    }
    if !panel.is_complete() {
        warnings.push(
            "Some units are not observed in every period; each comparison uses those seen in both of its periods."
                .into(),
        );
    }

    // Mass of each group: in all, and in each cluster.
    let w = panel.weights();
    let total: f64 = kept.iter().map(|&i| w[i]).sum();
    let c = setting.clusters;
    let mut cluster_mass = vec![0.0; c];
    for &i in &kept {
        cluster_mass[panel.cluster()[i] as usize] += w[i];
    }
    let mut group_cluster_mass = vec![vec![0.0; c]; setting.groups.len()];
    let mut share = vec![0.0; setting.groups.len()];
    for (k, list) in setting.members.iter().enumerate() {
        for &i in list {
            group_cluster_mass[k][panel.cluster()[i] as usize] += w[i];
            share[k] += w[i] / total;
        }
    }
    // How the estimated share of group k depends on each cluster.
    let share_influence = |k: usize, cluster: usize| {
        (group_cluster_mass[k][cluster] - share[k] * cluster_mass[cluster]) / total
    };

    let jobs: Vec<(usize, usize, usize)> = (0..setting.groups.len())
        .flat_map(|k| plan(times, setting.groups[k], options).map(move |(b, t)| (k, b, t)))
        .collect();
    let n = kept.len();
    let student = |term: String, value: f64, influence: &[f64]| -> Answer<Estimate> {
        let variance: f64 = influence.iter().map(|v| v * v).sum();
        Estimate::student(term, value, variance.sqrt(), present as f64 - 1.0, n, Some(present)).into()
    };

    let mut cells = Vec::with_capacity(jobs.len());
    let mut simple = Sum::new(c);
    let mut by_group: BTreeMap<i64, Sum> = BTreeMap::new();
    let mut by_time: BTreeMap<i64, Sum> = BTreeMap::new();
    let mut by_event: BTreeMap<i64, Sum> = BTreeMap::new();
    for batch in jobs.chunks(64) {
        let raw: Vec<Result<Raw, Reason>> =
            batch.par_iter().map(|&(k, b, t)| setting.cell(k, b, t)).collect();
        for (&(k, _, t), raw) in batch.iter().zip(raw) {
            let (g, time) = (setting.groups[k], times[t]);
            let event_time = time - g;
            let effect = match raw {
                Err(reason) => Answer::CannotSay(reason),
                Ok(raw) => {
                    let keep = (k, share[k], &raw);
                    by_event.entry(event_time).or_insert_with(|| Sum::new(c)).add(keep);
                    if event_time >= 0 {
                        simple.add(keep);
                        by_time.entry(time).or_insert_with(|| Sum::new(c)).add(keep);
                        by_group.entry(g).or_insert_with(|| Sum::new(c)).add((k, 1.0, &raw));
                    }
                    student(format!("ATT({g}, {time})"), raw.effect, &raw.influence)
                }
            };
            cells.push(Cell { group: g, time, event_time, effect });
        }
    }
    if simple.weight == 0.0 {
        return Err(Reason::NoComparison);
    }
    let shares = |sum: &Sum| -> (f64, Vec<f64>) {
        let mut influence = sum.mean_influence();
        if !options.fixed_shares {
            for (&k, &(count, effects)) in &sum.groups {
                let pull = (effects - count * sum.mean()) / sum.weight;
                for (cluster, v) in influence.iter_mut().enumerate() {
                    *v += pull * share_influence(k, cluster);
                }
            }
        }
        (sum.mean(), influence)
    };
    let (value, influence) = shares(&simple);
    let simple = student("ATT".into(), value, &influence);

    let dynamic = {
        let parts: Vec<(i64, f64, Vec<f64>)> = by_event
            .iter()
            .map(|(&e, sum)| {
                let (value, influence) = shares(sum);
                (e, value, influence)
            })
            .collect();
        average(parts, "event", |e| e >= 0, c, &student)
    };
    let calendar = {
        let parts = by_time
            .iter()
            .map(|(&t, sum)| {
                let (value, influence) = shares(sum);
                (t, value, influence)
            })
            .collect();
        average(parts, "period", |_| true, c, &student)
    };
    let group = {
        let mut overall = Sum::new(c);
        let mut parts = Vec::new();
        for (&g, sum) in &by_group {
            let (value, influence) = (sum.mean(), sum.mean_influence());
            let k = setting.groups.partition_point(|&other| other < g);
            let raw = Raw { effect: value, influence };
            overall.add((k, share[k], &raw));
            parts.push((g, value, raw.influence));
        }
        let mut aggregate = average(parts, "wave", |_| true, c, &student);
        let (value, influence) = shares(&overall);
        aggregate.overall = student("ATT by wave".into(), value, &influence);
        aggregate
    };

    let mut result = Staggered {
        cells,
        simple,
        dynamic,
        group,
        calendar,
        pre_trend: None,
        units: n,
        clusters: present,
        clusters_by_side: (treated_clusters, comparison_clusters),
        warnings,
    };
    result.pre_trend = pre_trend(&result.dynamic, present, ahead);
    if present < 20 {
        result.warnings.push(format!(
            "{present} clusters are few for these errors; look at the permutation test as well."
        ));
    }
    Ok(result)
}

/// The (base, period) pairs of a group, as positions in `times`.
fn plan<'a>(times: &'a [i64], g: i64, options: &'a Options) -> impl Iterator<Item = (usize, usize)> + 'a {
    let before = times.partition_point(|&t| t + i64::from(options.anticipation) < g);
    let base = before.saturating_sub(1);
    (0..times.len()).filter_map(move |t| match options.base {
        _ if before == 0 => None,
        Base::Universal => (t != base).then_some((base, t)),
        Base::Varying if times[t] >= g => Some((base, t)),
        Base::Varying => (t > 0).then(|| (t - 1, t)),
    })
}

fn count_clusters(panel: &Panel, units: impl Iterator<Item = usize>) -> usize {
    let mut seen = vec![false; panel.clusters()];
    for i in units {
        seen[panel.cluster()[i] as usize] = true;
    }
    seen.iter().filter(|s| **s).count()
}

impl Setting<'_> {
    /// Each unit's mean over the base periods it was seen in; `None` where the single base period is meant.
    fn before(&self, k: usize, b: usize, t: usize) -> Option<Vec<f64>> {
        let panel = self.panel;
        let wanted = self.base_periods(k, b, t);
        if wanted < 2 {
            return None;
        }
        let mut means = vec![0.0; panel.units()];
        let mut seen = vec![0.0; panel.units()];
        for period in b + 1 - wanted..=b {
            for (i, v) in panel.period(period).iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                means[i] += v;
                seen[i] += 1.0;
            }
        }
        for (mean, seen) in means.iter_mut().zip(seen) {
            // Nothing seen gives 0/0: a hole, like any other.
            *mean /= seen;
        }
        Some(means)
    }

    /// How many base periods are averaged for a cell.
    fn base_periods(&self, k: usize, b: usize, t: usize) -> usize {
        let wanted = (self.options.base_periods as usize).clamp(1, b + 1);
        if self.panel.times()[t] < self.groups[k] { 1 } else { wanted }
    }

    /// The waves that a cell is compared with, [`Self::members`]' length standing for those that never start.
    fn compared(&self, k: usize, b: usize, t: usize) -> impl Iterator<Item = usize> + Clone {
        let horizon = self.panel.times()[t].max(self.panel.times()[b]) + i64::from(self.options.anticipation);
        let later = move |other: &usize| {
            self.options.control == Control::NotYet && *other != k && self.groups[*other] > horizon
        };
        std::iter::once(self.members.len()).chain((0..self.groups.len()).filter(later))
    }

    /// A cell from sums by wave and cluster.
    fn quick(&self, sums: &Sums, k: usize, b: usize, t: usize) -> Result<Raw, Reason> {
        let from = b + 1 - self.base_periods(k, b, t);
        let mean = |waves: &mut dyn Iterator<Item = usize>| {
            let (mut mass, mut change) = (0.0, 0.0);
            for block in waves.flat_map(|wave| sums.of_wave[wave].clone()) {
                mass += sums.mass[block];
                change += sums.change(block, from, b, t);
            }
            (mass, change / mass)
        };
        let (treated_mass, treated_mean) = mean(&mut std::iter::once(k));
        let (comparison_mass, comparison_mean) = mean(&mut self.compared(k, b, t));
        self.both_sides(k, t, treated_mass, comparison_mass)?;
        let mut influence = vec![0.0; self.clusters];
        for block in sums.of_wave[k].clone() {
            let change = sums.change(block, from, b, t);
            influence[sums.cluster[block]] += (change - sums.mass[block] * treated_mean) / treated_mass;
        }
        for block in self.compared(k, b, t).flat_map(|wave| sums.of_wave[wave].clone()) {
            let change = sums.change(block, from, b, t);
            influence[sums.cluster[block]] -= (change - sums.mass[block] * comparison_mean) / comparison_mass;
        }
        Ok(Raw { effect: treated_mean - comparison_mean, influence })
    }

    /// Refuses a cell of which one side is empty.
    fn both_sides(&self, k: usize, t: usize, treated: f64, comparison: f64) -> Result<(), Reason> {
        if treated == 0.0 {
            return Err(Reason::TooFewUnits {
                place: format!("Wave {} in period {}", self.groups[k], self.panel.times()[t]),
                have: 0,
                need: 1,
            });
        }
        if comparison == 0.0 { Err(Reason::NoComparison) } else { Ok(()) }
    }

    fn cell(&self, k: usize, b: usize, t: usize) -> Result<Raw, Reason> {
        if let Some(sums) = &self.sums {
            return self.quick(sums, k, b, t);
        }
        let panel = self.panel;
        let now = panel.period(t);
        let before = self.before(k, b, t);
        let then: &[f64] = before.as_deref().unwrap_or_else(|| panel.period(b));
        let list = |wave: usize| self.members.get(wave).unwrap_or(&self.never).iter().copied();
        let comparison = || self.compared(k, b, t).flat_map(list);
        let treated = || self.members[k].iter().copied();
        let w = panel.weights();
        let seen = |i: usize| !(now[i] - then[i]).is_nan() && w[i] > 0.0;
        let mean = |units: &mut dyn Iterator<Item = usize>| {
            let (mut mass, mut sum) = (0.0, 0.0);
            for i in units {
                if seen(i) {
                    mass += w[i];
                    sum += w[i] * (now[i] - then[i]);
                }
            }
            (mass, sum / mass)
        };
        let (treated_mass, treated_mean) = mean(&mut treated());
        let (comparison_mass, comparison_mean) = mean(&mut comparison());
        self.both_sides(k, t, treated_mass, comparison_mass)?;
        let mut influence = vec![0.0; self.clusters];
        if let Some(x) = &self.options.covariates {
            let units: Vec<usize> = treated().chain(comparison()).filter(|&i| seen(i)).collect();
            let is_treated: Vec<bool> = treated()
                .filter(|&i| seen(i))
                .map(|_| true)
                .chain(std::iter::repeat(false))
                .take(units.len())
                .collect();
            let change: Vec<f64> = units.iter().map(|&i| now[i] - then[i]).collect();
            let own: Vec<f64> = units.iter().map(|&i| w[i]).collect();
            let columns =
                DMatrix::from_fn(
                    units.len(),
                    x.ncols() + 1,
                    |r, j| {
                        if j == 0 { 1.0 } else { x[(units[r], j - 1)] }
                    },
                );
            let (effect, each) = adjusted(&change, &is_treated, &own, &columns, self.options.adjustment)?;
            let count = units.len() as f64;
            for (&i, v) in units.iter().zip(&each) {
                influence[panel.cluster()[i] as usize] += v / count;
            }
            return Ok(Raw { effect, influence });
        }
        let cluster = panel.cluster();
        for i in treated().filter(|&i| seen(i)) {
            influence[cluster[i] as usize] += w[i] * (now[i] - then[i] - treated_mean) / treated_mass;
        }
        for i in comparison().filter(|&i| seen(i)) {
            influence[cluster[i] as usize] -= w[i] * (now[i] - then[i] - comparison_mean) / comparison_mass;
        }
        Ok(Raw { effect: treated_mean - comparison_mean, influence })
    }
}

/// A weighted sum of cells and of their influence.
struct Sum {
    weight: f64,
    effect: f64,
    influence: Vec<f64>,
    /// Number of cells and sum of effects of each group in it.
    groups: BTreeMap<usize, (f64, f64)>,
}

impl Sum {
    fn new(clusters: usize) -> Self {
        Self { weight: 0.0, effect: 0.0, influence: vec![0.0; clusters], groups: BTreeMap::new() }
    }

    fn add(&mut self, (k, weight, raw): (usize, f64, &Raw)) {
        self.weight += weight;
        self.effect += weight * raw.effect;
        for (sum, v) in self.influence.iter_mut().zip(&raw.influence) {
            *sum += weight * v;
        }
        let group = self.groups.entry(k).or_insert((0.0, 0.0));
        group.0 += 1.0;
        group.1 += raw.effect;
    }

    fn mean(&self) -> f64 {
        self.effect / self.weight
    }

    fn mean_influence(&self) -> Vec<f64> {
        self.influence.iter().map(|v| v / self.weight).collect()
    }
}

/// From term, value and cluster influence to an estimate.
type Student<'a> = dyn Fn(String, f64, &[f64]) -> Answer<Estimate> + 'a;

/// Parts with their estimates, and the plain mean of those that count.
fn average(
    parts: Vec<(i64, f64, Vec<f64>)>,
    name: &str,
    counts: impl Fn(i64) -> bool,
    clusters: usize,
    student: &Student<'_>,
) -> Aggregate {
    let mut overall = vec![0.0; clusters];
    let (mut value, mut number) = (0.0, 0.0);
    for (_, v, influence) in parts.iter().filter(|p| counts(p.0)) {
        value += v;
        number += 1.0;
        for (sum, v) in overall.iter_mut().zip(influence) {
            *sum += v;
        }
    }
    for v in &mut overall {
        *v /= number;
    }
    let estimates = parts
        .iter()
        .map(|(key, v, influence)| (*key, student(format!("{name} {key}"), *v, influence)))
        .collect();
    Aggregate {
        overall: student(format!("ATT by {name}"), value / number, &overall),
        parts: estimates,
        influence: parts.into_iter().map(|p| p.2).collect(),
    }
}

/// Wald test of the last effects before the start, as an F with small-sample factor
/// (G−q)/(q(G−1)). At most a fifth of the clusters, and twelve, are tested together.
fn pre_trend(dynamic: &Aggregate, clusters: usize, ahead: i64) -> Option<PreTrend> {
    let before: Vec<i64> = dynamic.parts.iter().map(|p| p.0).filter(|&e| e < -ahead).collect();
    let most = (clusters / 5).clamp(1, 12).min(before.len());
    if before.is_empty() {
        return None;
    }
    let from = before[before.len() - most];
    let (keys, values, vcov) = dynamic.covariance(|e| e >= from && e < -ahead);
    let q = keys.len();
    if q == 0 || clusters <= q + 1 {
        return None;
    }
    let solved = vcov.cholesky()?.solve(&values);
    let wald = values.dot(&solved);
    let (q_f, g) = (q as f64, clusters as f64);
    let statistic = wald * (g - q_f) / (q_f * (g - 1.0));
    Some(PreTrend { statistic, effects: q, p_value: dist::f_sf(statistic, q_f, g - q_f) })
}
