//! What moves a group of subjects together, so that it is judged once, at the level where it is common.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::ids::UnitId;

/// One subject's values in periods, `None` where nothing was observed.
pub type Values = Vec<Option<f64>>;

/// What moved a group of subjects together.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Which group.
    pub group: UnitId,
    /// How many levels above it.
    pub depth: usize,
    /// Movement in each period, as a share of the usual level, after what moved the groups above.
    pub movement: Values,
    /// What of it was taken out of each subject: all of a movement that stands out, nothing of one that chance explains.
    pub taken: Values,
    /// How many subjects reported in each period.
    pub reporting: Vec<usize>,
    /// How many subjects are below.
    pub subjects: usize,
}

/// Takes out of every series what moved the groups above it, from the top down, and gives each group's movement.
///
/// `groups` holds the groups of each series, top first; `series` is changed in place.
/// Movements are shares of each subject's own usual level (its median), so that a dip of a tenth is the same dip
/// for a branch of any size: the median departure of the subjects from their own usual level, which a minority
/// of them cannot drag along. A few subjects move together by chance alone, and taking that out would only put their noise
/// on everybody, so of a movement only what stands out is taken: [`stands_out`]. Groups with fewer than `least` subjects have none, and neither have periods in which
/// fewer reported. The movement of a group that is `known` is taken as it is and not given again.
pub(super) fn take_out(
    groups: &[&[UnitId]],
    series: &mut [Values],
    least: usize,
    known: &BTreeMap<UnitId, Values>,
) -> Vec<Common> {
    let levels: Vec<f64> = series.par_iter().map(|s| usual_level(s)).collect();
    scale(series, &levels, |v, level| v / level);
    let mut common = Vec::new();
    let deepest = groups.iter().map(|g| g.len()).max().unwrap_or(0);
    for depth in 0..deepest {
        let mut members: BTreeMap<UnitId, Vec<usize>> = BTreeMap::new();
        for (i, groups) in groups.iter().enumerate() {
            if let Some(&group) = groups.get(depth) {
                members.entry(group).or_default().push(i);
            }
        }
        members.retain(|group, of| of.len() >= least && !known.contains_key(group));
        let found: BTreeMap<UnitId, Moved> = members
            .par_iter()
            .map(|(&group, of)| {
                let of: Vec<&[Option<f64>]> = of.iter().map(|&i| series[i].as_slice()).collect();
                (group, movement(&of, least))
            })
            .collect();
        series.par_iter_mut().zip(groups).for_each(|(series, groups)| {
            let group = groups.get(depth);
            let taken = group.and_then(|g| found.get(g).map(|moved| &moved.taken).or_else(|| known.get(g)));
            if let Some(taken) = taken {
                subtract(series, taken);
            }
        });
        common.extend(found.into_iter().map(|(group, Moved { movement, taken, reporting })| {
            let subjects = members.get(&group).map_or(0, Vec::len);
            Common { group, depth, movement, taken, reporting, subjects }
        }));
    }
    scale(series, &levels, |v, level| v * level);
    common
}

struct Moved {
    movement: Values,
    taken: Values,
    reporting: Vec<usize>,
}

/// By how many standard errors a movement must stand out before any of it is taken out of the subjects.
const STANDS_OUT: f64 = 1.5;

/// What stands out of a movement with a standard error: m (1 − (c s/m)²), and nothing where that is negative
/// (the positive part of James and Stein's shrinkage, 1961, for one period).
fn stands_out(moved: f64, error: f64) -> f64 {
    let by = STANDS_OUT * error;
    if moved.abs() > by { moved - by * by / moved } else { 0.0 }
}

/// The median departure of series from their own median in each period, what of it stands out, and how many reported.
fn movement(series: &[&[Option<f64>]], least: usize) -> Moved {
    let periods = series.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut scratch = Vec::new();
    let levels: Vec<Option<f64>> = series
        .iter()
        .map(|s| {
            scratch.clear();
            scratch.extend(s.iter().flatten().copied());
            middle(&mut scratch)
        })
        .collect();
    let mut spreads = Vec::new();
    let (movement, reporting): (Values, Vec<usize>) = (0..periods)
        .map(|at| {
            scratch.clear();
            scratch
                .extend(series.iter().zip(&levels).filter_map(|(s, level)| Some((*s.get(at)?)? - (*level)?)));
            let reporting = scratch.len();
            if reporting < least.max(1) {
                return (None, reporting);
            }
            let moved = middle(&mut scratch);
            if let Some(moved) = moved {
                scratch.iter_mut().for_each(|v| *v = (*v - moved).abs());
                // Half of a normal distribution lies within 0.6745 standard deviations; less so of a few around their own middle.
                let few = reporting as f64 / (reporting as f64 - 0.8);
                spreads.extend(middle(&mut scratch).map(|half| half / 0.6745 * few));
            }
            (moved, reporting)
        })
        .unzip();
    let spread = middle(&mut spreads).unwrap_or(0.0);
    // The standard error of a median of normal values is √(π/2) times that of their mean.
    let error = |reporting: usize| 1.2533 * spread / (reporting.max(1) as f64).sqrt();
    let taken = movement.iter().zip(&reporting).map(|(m, &n)| m.map(|m| stands_out(m, error(n)))).collect();
    Moved { movement, taken, reporting }
}

fn subtract(series: &mut [Option<f64>], movement: &[Option<f64>]) {
    for (v, moved) in series.iter_mut().zip(movement) {
        if let (Some(v), Some(moved)) = (v, moved) {
            *v -= moved;
        }
    }
}

fn scale(series: &mut [Values], levels: &[f64], by: impl Fn(f64, f64) -> f64 + Sync) {
    series.par_iter_mut().zip(levels).for_each(|(series, &level)| {
        for v in series.iter_mut().flatten() {
            *v = by(*v, level);
        }
    });
}

/// The median of a series, kept away from zero so that it can divide; 1 where nothing was observed.
fn usual_level(values: &[Option<f64>]) -> f64 {
    let mut seen: Vec<f64> = values.iter().flatten().copied().collect();
    let largest = seen.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let median = middle(&mut seen).map_or(1.0, f64::abs);
    if seen.is_empty() {
        return 1.0;
    }
    if median > 1e-9 * largest.max(1e-300) { median } else { largest.max(1.0) }
}

/// The median, by partial sorting.
fn middle(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (mid, odd) = (values.len() / 2, values.len() % 2 == 1);
    let (below, &mut above, _) = values.select_nth_unstable_by(mid, f64::total_cmp);
    if odd {
        return Some(above);
    }
    let highest = below.iter().copied().max_by(f64::total_cmp).unwrap_or(above);
    Some(0.5 * (highest + above))
}
