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
/// of them cannot drag along. Groups with fewer than `least` subjects have none, and neither have periods in which
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
        let found: BTreeMap<UnitId, (Values, Vec<usize>)> = members
            .par_iter()
            .map(|(&group, of)| {
                let of: Vec<&[Option<f64>]> = of.iter().map(|&i| series[i].as_slice()).collect();
                (group, movement(&of, least))
            })
            .collect();
        series.par_iter_mut().zip(groups).for_each(|(series, groups)| {
            let group = groups.get(depth);
            let movement =
                group.and_then(|g| found.get(g).map(|(movement, _)| movement).or_else(|| known.get(g)));
            if let Some(movement) = movement {
                subtract(series, movement);
            }
        });
        common.extend(found.into_iter().map(|(group, (movement, reporting))| {
            let subjects = members.get(&group).map_or(0, Vec::len);
            Common { group, depth, movement, reporting, subjects }
        }));
    }
    scale(series, &levels, |v, level| v * level);
    common
}

/// The median departure of series from their own median, in each period, and how many reported.
fn movement(series: &[&[Option<f64>]], least: usize) -> (Values, Vec<usize>) {
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
    (0..periods)
        .map(|at| {
            scratch.clear();
            scratch
                .extend(series.iter().zip(&levels).filter_map(|(s, level)| Some((*s.get(at)?)? - (*level)?)));
            let reporting = scratch.len();
            (if reporting >= least.max(1) { middle(&mut scratch) } else { None }, reporting)
        })
        .unzip()
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
