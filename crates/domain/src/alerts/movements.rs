//! What moves a group of subjects together, so that it is judged once, at the level where it is common.
//!
//! What is judged of a group and what is taken out of its members are not the same where there are few of them.
//! The middle of eight holds an eighth of each of them: taking it out takes an eighth of one person's change along, and
//! puts the others' chance on everybody. So of a small group only what stands out from chance is taken.

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

/// A group of so many subjects is taken out whole: each of them is no more than a thirtieth of its middle, so that
/// taking out what is chance takes next to nothing along.
const LARGE: usize = 30;

/// Windows in which a movement of a small group may stand out, in periods, and by how many standard errors it must.
///
/// Three for a single period (Shewhart), and a quarter less with each doubling: a movement that lasts and is not taken
/// out is held against every member, and a long window is mistaken more seldom, since it hardly changes from one period
/// to the next. Found by simulation with and without real movements (`cargo xtask bench alerts`).
const STANDS_OUT: [(usize, f64); 5] = [(1, 3.0), (2, 2.75), (4, 2.5), (8, 2.25), (16, 2.0)];

/// From which share of that on some of a movement is taken, and from which all of it. In between it is a part, so that one
/// corrected number does not make a movement come or go.
const ALL: (f64, f64) = (0.8, 1.2);

/// So many first periods say together what is usual in a group; after them each one adds what did not stand out in it.
const USUAL_FROM: usize = 16;

/// So many of the newest periods say what is usual in a group, as many as a baseline has at its longest.
const USUAL: usize = 39;

/// Takes out of every series what moved the groups above it, from the top down, and gives each group's movement.
///
/// `groups` holds the groups of each series, top first; `series` is changed in place.
/// Movements are shares of each subject's own usual level (its median), so that a dip of a tenth is the same dip
/// for a branch of any size: the median departure of the subjects from their own usual level, which a minority
/// of them cannot drag along. Groups with fewer than `least` subjects have none, and neither have periods in which
/// fewer reported. The movement of a group that is `known` is taken as it is and not given again; it must be a large one.
///
/// A group's movement that is given is without all that moved the groups above it. What is taken out of its members is
/// measured on what was left of them, so that what did not stand out above can still do so further down.
pub(super) fn take_out(
    groups: &[&[UnitId]],
    series: &mut [Values],
    least: usize,
    known: &BTreeMap<UnitId, Values>,
) -> Vec<Common> {
    let levels: Vec<f64> = series.par_iter().map(|s| usual_level(s)).collect();
    scale(series, &levels, |v, level| v / level);
    let mut without = series.to_vec();
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
        let left: &[Values] = series;
        let found: BTreeMap<UnitId, (Values, Vec<usize>, Values)> = members
            .par_iter()
            .map(|(&group, of)| {
                let judged = departures(of.iter().map(|&i| without[i].as_slice()));
                let (movement, reporting) = movement(&judged, least);
                let same = of.iter().all(|&i| left[i] == without[i]);
                let taken = if same {
                    taken(&judged, &movement, least)
                } else {
                    let left = departures(of.iter().map(|&i| left[i].as_slice()));
                    taken(&left, &self::movement(&left, least).0, least)
                };
                (group, (movement, reporting, taken))
            })
            .collect();
        series.par_iter_mut().zip(&mut without).zip(groups).for_each(|((left, without), groups)| {
            let Some(group) = groups.get(depth) else { return };
            let both = found.get(group).map(|(movement, _, taken)| (movement, taken));
            if let Some((movement, taken)) = both.or_else(|| known.get(group).map(|k| (k, k))) {
                subtract(without, movement);
                subtract(left, taken);
            }
        });
        common.extend(found.into_iter().map(|(group, (movement, reporting, _))| {
            let subjects = members.get(&group).map_or(0, Vec::len);
            Common { group, depth, movement, reporting, subjects }
        }));
    }
    scale(series, &levels, |v, level| v * level);
    common
}

/// How far each series lies from its own median, in each period.
fn departures<'a>(series: impl Iterator<Item = &'a [Option<f64>]>) -> Vec<Values> {
    let mut scratch = Vec::new();
    series
        .map(|s| {
            scratch.clear();
            scratch.extend(s.iter().flatten().copied());
            let level = middle(&mut scratch).unwrap_or(0.0);
            s.iter().map(|v| v.map(|v| v - level)).collect()
        })
        .collect()
}

/// The median departure in each period, and how many reported.
fn movement(departures: &[Values], least: usize) -> (Values, Vec<usize>) {
    let periods = departures.iter().map(Vec::len).max().unwrap_or(0);
    let mut scratch = Vec::new();
    (0..periods)
        .map(|at| {
            scratch.clear();
            scratch.extend(departures.iter().filter_map(|d| *d.get(at)?));
            let reporting = scratch.len();
            (if reporting >= least.max(1) { middle(&mut scratch) } else { None }, reporting)
        })
        .unzip()
}

/// What of a movement is taken out of the members: all of it in a large group, and in a small one what stands out.
///
/// It stands out from what is usual in the group, the mean of its newest periods without what stood out in them. That is
/// taken in any case: it follows a slow drift of the group, as no window does, and is sure enough to put nobody's chance on
/// the others. A period is decided on with what came up to it (but for its first ones), so that the past stays as judged.
fn taken(departures: &[Values], movement: &[Option<f64>], least: usize) -> Values {
    if departures.len() >= LARGE {
        return movement.to_vec();
    }
    let windows = Window::all(departures, movement.len(), least);
    let mut quiet: Vec<f64> = movement.iter().flatten().take(USUAL_FROM).copied().collect();
    let mut seen = 0;
    movement
        .iter()
        .enumerate()
        .map(|(at, moved)| {
            let moved = (*moved)?;
            let recent = &quiet[quiet.len().saturating_sub(USUAL)..];
            let usual = recent.iter().sum::<f64>() / recent.len() as f64;
            let by = windows.iter().map(|w| w.stands_out(at, usual, recent.len())).fold(0.0, f64::max);
            let taken = usual + ((by - ALL.0) / (ALL.1 - ALL.0)).clamp(0.0, 1.0) * (moved - usual);
            if seen >= USUAL_FROM {
                quiet.push(usual + moved - taken);
            }
            seen += 1;
            Some(taken)
        })
        .collect()
}

/// The middle of a group's members over so many periods at a time, and how sure it is.
struct Window {
    length: usize,
    limit: f64,
    /// The median over members of their means over the window that ends with a period.
    centres: Values,
    /// Standard error of that.
    errors: Vec<f64>,
}

impl Window {
    fn all(departures: &[Values], periods: usize, least: usize) -> Vec<Self> {
        // Sums up to each period, so that a mean over any window is one difference.
        let sums: Vec<Vec<(f64, usize)>> = departures
            .iter()
            .map(|d| {
                let mut so_far = (0.0, 0);
                let sums = d.iter().map(|v| {
                    if let Some(v) = v {
                        so_far = (so_far.0 + v, so_far.1 + 1);
                    }
                    so_far
                });
                std::iter::once((0.0, 0)).chain(sums).collect()
            })
            .collect();
        STANDS_OUT.iter().map(|&(length, limit)| Self::of(length, limit, &sums, periods, least)).collect()
    }

    /// How much the members' means differ says how sure their middle is, however alike their neighbouring periods are.
    ///
    /// The spread is the median absolute departure from the middle, which one who changed cannot drag along,
    /// /0.6745 · n/(n − 0.8) as a standard deviation (Croux and Rousseeuw 1992), the middle one over time.
    /// The variance of the median of n normal values is about π/2 / (n + π/2 − 1) of theirs: for an odd number to two
    /// hundredths, for an even one it is up to a tenth less.
    fn of(length: usize, limit: f64, sums: &[Vec<(f64, usize)>], periods: usize, least: usize) -> Self {
        use std::f64::consts::FRAC_PI_2;
        let (mut means, mut spreads) = (Vec::new(), Vec::new());
        let (centres, counts): (Values, Vec<usize>) = (1..=periods)
            .map(|until| {
                means.clear();
                if let Some(from) = until.checked_sub(length) {
                    means.extend(sums.iter().filter_map(|s| {
                        let ((before, some), (after, all)) = (*s.get(from)?, *s.get(until)?);
                        // More than half of it must have been observed.
                        (2 * (all - some) > length).then(|| (after - before) / (all - some) as f64)
                    }));
                }
                let n = means.len();
                let centre = if n >= least.max(2) { middle(&mut means) } else { None };
                if let Some(centre) = centre {
                    means.iter_mut().for_each(|v| *v = (*v - centre).abs());
                    let few = n as f64 / (n as f64 - 0.8);
                    spreads.extend(middle(&mut means).map(|half| half / 0.6745 * few));
                }
                (centre, n)
            })
            .unzip();
        let spread = middle(&mut spreads).unwrap_or(0.0);
        let errors =
            counts.iter().map(|&n| spread * (FRAC_PI_2 / (n as f64 + FRAC_PI_2 - 1.0)).sqrt()).collect();
        Self { length, limit, centres, errors }
    }

    /// How far the window that ends with a period lies from what is usual, as a share of how far it must to stand out.
    /// What is usual was seen in so many periods, and is itself the less sure the fewer they are.
    fn stands_out(&self, at: usize, usual: f64, seen: usize) -> f64 {
        let unsure = (1.0 + self.length as f64 / seen.max(1) as f64).sqrt();
        let least = self.limit * unsure * self.errors[at];
        match self.centres[at] {
            Some(centre) if least > 0.0 => (centre - usual).abs() / least,
            // Where nobody differs from anybody, nothing is chance.
            Some(centre) if centre != usual => f64::INFINITY,
            _ => 0.0,
        }
    }
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::worlds::Noise;
    use super::*;

    /// Groups of so many stable subjects; a tenth is their standard deviation.
    fn groups_of(size: usize, periods: usize) -> (Vec<Vec<UnitId>>, Vec<Values>) {
        let mut dice = Noise::new(47);
        (0..40 * size)
            .map(|i| {
                let values = dice.stable(periods, 0.2).into_iter().map(|v| v.map(|v| 50.0 + 5.0 * v));
                (vec![UnitId::new(Uuid::from_u128(1 + (i / size) as u128))], values.collect())
            })
            .unzip()
    }

    fn without(groups: &[Vec<UnitId>], series: &[Values]) -> (Vec<Values>, Vec<Common>) {
        let groups: Vec<&[UnitId]> = groups.iter().map(Vec::as_slice).collect();
        let mut left = series.to_vec();
        let common = take_out(&groups, &mut left, 5, &BTreeMap::new());
        (left, common)
    }

    /// The root mean square of what was taken from the given subjects in some periods, as a share of their level.
    fn taken_of(before: &[Values], after: &[Values], periods: std::ops::Range<usize>) -> f64 {
        let both =
            before.iter().zip(after).flat_map(|(b, a)| b[periods.clone()].iter().zip(&a[periods.clone()]));
        let squares: Vec<f64> = both.filter_map(|(b, a)| Some((((*b)? - (*a)?) / 50.0).powi(2))).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }

    #[test]
    fn of_a_few_only_what_stands_out_is_taken() {
        for size in [5, 8, 20] {
            let (groups, mut series) = groups_of(size, 78);
            let (after, common) = without(&groups, &series);
            let chance: Vec<f64> =
                common.iter().flat_map(|c| c.movement[26..].iter().flatten().copied()).collect();
            let chance = (chance.iter().map(|m| m * m).sum::<f64>() / chance.len() as f64).sqrt();
            let taken = taken_of(&series, &after, 26..78);
            assert!(
                taken < 0.6 * chance,
                "{taken:.4} of what chance moves by {chance:.4} was taken from {size}"
            );
            // Two weeks of a third less, for one group.
            for s in &mut series[..size] {
                s[60..62].iter_mut().for_each(|v| *v = v.map(|v| v * 0.67));
            }
            let (after, common) = without(&groups, &series);
            let moved = &common.iter().find(|c| c.group == groups[0][0]).unwrap().movement;
            let closed = taken_of(&series[..size], &after[..size], 60..62);
            assert!((closed - 0.33).abs() < 0.08, "{closed:.3} was taken from {size} who closed: {moved:?}");
        }
    }

    #[test]
    fn of_many_everything_is_taken() {
        let (groups, series) = groups_of(LARGE, 60);
        let (after, common) = without(&groups, &series);
        for (i, (before, after)) in series.iter().zip(&after).enumerate() {
            let movement = &common[i / LARGE].movement;
            let level = middle(&mut before.iter().flatten().copied().collect::<Vec<_>>()).unwrap();
            for ((b, a), m) in before.iter().zip(after).zip(movement) {
                assert!((b.unwrap() / level - a.unwrap() / level - m.unwrap()).abs() < 1e-9);
            }
        }
    }
}
