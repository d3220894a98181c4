//! What two-way fixed effects are made of (Goodman-Bacon 2021).

use serde::{Deserialize, Serialize};

use super::twfe::check;
use crate::answer::{Answer, Reason};
use crate::panel::Panel;

/// Kind of a two-by-two comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A wave against units that never start.
    TreatedVsNever,
    /// A wave against one that starts later, before that one's start.
    EarlierVsLater,
    /// A wave against one that has already started: the comparison not to make.
    LaterVsEarlier,
    /// A wave against units treated throughout: likewise.
    TreatedVsAlways,
}

/// One two-by-two comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What kind.
    pub kind: Kind,
    /// Start of the treated wave.
    pub treated: i64,
    /// Start of the comparison wave; `None` for never.
    pub comparison: Option<i64>,
    /// Its difference-in-differences.
    pub estimate: f64,
    /// Its weight; all weights sum to one.
    pub weight: f64,
}

/// The two-way fixed-effects number taken apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bacon {
    /// The number itself.
    pub twfe: f64,
    /// Its parts.
    pub comparisons: Vec<Comparison>,
}

impl Bacon {
    /// Total weight and weighted mean estimate of a kind; zero weight has no mean.
    pub fn of(&self, kind: Kind) -> (f64, Option<f64>) {
        let (w, s) = self
            .comparisons
            .iter()
            .filter(|c| c.kind == kind)
            .fold((0.0, 0.0), |(w, s), c| (w + c.weight, s + c.weight * c.estimate));
        (w, (w > 0.0).then(|| s / w))
    }

    /// Weight on comparisons with units that are already treated.
    pub fn forbidden_weight(&self) -> f64 {
        self.of(Kind::LaterVsEarlier).0 + self.of(Kind::TreatedVsAlways).0
    }
}

struct Group {
    start: Option<i64>,
    mass: f64,
    /// Share of periods treated.
    share: f64,
    means: Vec<f64>,
}

/// Decomposes two-way fixed effects into its two-by-two comparisons.
///
/// *Needs* a complete panel. *Refuses* holes and as [`super::twfe::twfe`] does.
pub fn bacon(panel: &Panel) -> Answer<Bacon> {
    try_bacon(panel).into()
}

fn try_bacon(panel: &Panel) -> Result<Bacon, Reason> {
    check(panel)?;
    if !panel.is_complete() {
        return Err(Reason::bad(
            "The decomposition",
            "some units are not observed in every period",
            "Keep only units that are, or periods in which all are.",
        ));
    }
    let times = panel.times();
    let periods = times.len() as f64;
    let mut starts: Vec<Option<i64>> = panel
        .cohorts()
        .iter()
        .map(|g| g.filter(|g| *g <= times[times.len() - 1]).map(|g| g.max(times[0])))
        .collect();
    let own = starts.clone();
    starts.sort_unstable();
    starts.dedup();
    let groups: Vec<Group> = starts
        .into_iter()
        .map(|start| {
            let members: Vec<usize> = (0..own.len()).filter(|&i| own[i] == start).collect();
            let mass: f64 = members.iter().map(|&i| panel.weights()[i]).sum();
            let means = (0..times.len())
                .map(|t| {
                    let values = panel.period(t);
                    members.iter().map(|&i| panel.weights()[i] * values[i]).sum::<f64>() / mass
                })
                .collect();
            let treated = times.iter().filter(|t| start.is_some_and(|s| **t >= s)).count();
            Group { start, mass, share: treated as f64 / periods, means }
        })
        .collect();
    let total: f64 = groups.iter().map(|g| g.mass).sum();
    // Mean over the periods between two starts.
    let mean = |g: &Group, from: Option<i64>, to: Option<i64>| {
        let (mut n, mut s) = (0.0, 0.0);
        for (t, v) in times.iter().zip(&g.means) {
            if from.is_none_or(|f| *t >= f) && to.is_none_or(|end| *t < end) {
                n += 1.0;
                s += v;
            }
        }
        s / n
    };
    let mut comparisons = Vec::new();
    for k in &groups {
        let Some(start) = k.start.filter(|_| k.share < 1.0) else {
            continue;
        };
        for u in &groups {
            let pair = (k.mass + u.mass) / total;
            let within = k.mass / (k.mass + u.mass);
            let split = within * (1.0 - within);
            let (kind, weight, from, to) = match u.start {
                None => (Kind::TreatedVsNever, pair * pair * split * k.share * (1.0 - k.share), None, None),
                Some(_) if u.share >= 1.0 => {
                    (Kind::TreatedVsAlways, pair * pair * split * k.share * (1.0 - k.share), None, None)
                }
                Some(other) if start < other => (
                    Kind::EarlierVsLater,
                    pair * pair * split * (k.share - u.share) * (1.0 - k.share),
                    None,
                    Some(other),
                ),
                Some(other) if other < start => (
                    Kind::LaterVsEarlier,
                    pair * pair * split * k.share * (u.share - k.share),
                    Some(other),
                    None,
                ),
                Some(_) => continue,
            };
            let change = |g: &Group| mean(g, Some(start), to) - mean(g, from, Some(start));
            comparisons.push(Comparison {
                kind,
                treated: start,
                comparison: u.start,
                estimate: change(k) - change(u),
                weight,
            });
        }
    }
    let sum: f64 = comparisons.iter().map(|c| c.weight).sum();
    if sum <= 0.0 {
        return Err(Reason::NoComparison);
    }
    for c in &mut comparisons {
        c.weight /= sum;
    }
    let twfe = comparisons.iter().map(|c| c.weight * c.estimate).sum();
    Ok(Bacon { twfe, comparisons })
}
