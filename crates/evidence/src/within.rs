//! Correlation honestly: within people, between people, and everything thrown together.
//!
//! "People who learn more sell more" and "a person sells more in weeks in which they
//! learn more" are different claims and can have opposite signs (Simpson). Only the
//! second is about learning, and even that is not yet about cause.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Reason, all_finite};
use crate::dist;
use crate::estimate::{CONFIDENCE, Estimate};
use crate::regress::{Errors, Fit, Regression, level_count, try_fit};

/// A correlation with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// The coefficient, −1 to 1.
    pub r: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p-value of "none".
    pub p_value: f64,
    /// Lower end of the 95 % interval.
    pub conf_low: f64,
    /// Upper end of the 95 % interval.
    pub conf_high: f64,
}

impl Correlation {
    /// From a coefficient and its degrees of freedom. The interval is Fisher's z with
    /// error 1/√(df−3): the wider of the two conventions in use.
    fn new(r: f64, df: f64) -> Result<Self, Reason> {
        if !r.is_finite() {
            return Err(Reason::NoVariation { what: "One of the two columns".into() });
        }
        if df < 4.0 {
            return Err(Reason::TooFewObservations {
                place: "The correlation".into(),
                have: df.max(0.0) as usize,
                need: 4,
            });
        }
        if r.abs() > 1.0 - 1e-12 {
            return Err(Reason::ExactFit { place: "The correlation".into() });
        }
        let t = r * (df / (1.0 - r * r)).sqrt();
        let reach = dist::normal_quantile(0.5 + CONFIDENCE / 2.0) / (df - 3.0).sqrt();
        let z = r.atanh();
        Ok(Self {
            r,
            df,
            p_value: dist::t_two_sided(t, df),
            conf_low: (z - reach).tanh(),
            conf_high: (z + reach).tanh(),
        })
    }
}

/// The same two columns, looked at on each level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Within people (repeated measures; Bland and Altman 1995).
    pub within: Answer<Correlation>,
    /// Slope within people: change of the outcome for one unit of x.
    pub slope: f64,
    /// Between people's averages.
    pub between: Answer<Correlation>,
    /// Between people's averages, weighted by their number of observations; `None` where
    /// they do not vary.
    pub between_weighted: Option<f64>,
    /// Between people's averages inside their groups, where groups are given.
    pub between_within_groups: Option<Answer<Correlation>>,
    /// Between groups' averages (of people's averages weighted by observations).
    pub between_groups: Option<Answer<Correlation>>,
    /// Everything thrown together.
    pub pooled: Answer<Correlation>,
    /// People.
    pub people: usize,
    /// Observations.
    pub n: usize,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    n: f64,
    x: f64,
    y: f64,
}

/// Sums of squares and products around means.
#[derive(Clone, Copy, Default)]
struct Products {
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Products {
    fn plus(&mut self, other: &Products) {
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }

    fn add(&mut self, w: f64, x: f64, y: f64) {
        self.xx += w * x * x;
        self.xy += w * x * y;
        self.yy += w * y * y;
    }

    fn r(&self) -> f64 {
        if self.xx <= 0.0 || self.yy <= 0.0 { f64::NAN } else { self.xy / (self.xx * self.yy).sqrt() }
    }
}

/// Means by id, weighted by the number behind each value.
fn means(ids: &[u32], count: usize, values: impl Iterator<Item = Moments>) -> Vec<Moments> {
    let mut sums = vec![Moments::default(); count];
    for (&id, v) in ids.iter().zip(values) {
        let s = &mut sums[id as usize];
        s.n += v.n;
        s.x += v.n * v.x;
        s.y += v.n * v.y;
    }
    for s in &mut sums {
        if s.n > 0.0 {
            s.x /= s.n;
            s.y /= s.n;
        }
    }
    sums
}

/// How many rows one pass takes at a time: fixed, so that sums are the same however many threads there are.
fn stride(rows: usize, people: usize) -> usize {
    // Each stride has sums of its own for everybody; they must not outweigh the rows.
    let strides = (rows / (1 << 19)).min(rows / (4 * people.max(1))).clamp(1, 8);
    rows.div_ceil(strides).max(1)
}

/// Means of people and of everything, in one pass.
fn all_means(x: &[f64], y: &[f64], person: &[u32], people: usize) -> (Vec<Moments>, Moments) {
    let stride = stride(x.len(), people);
    let parts: Vec<Vec<Moments>> = x
        .par_chunks(stride)
        .zip(y.par_chunks(stride).zip(person.par_chunks(stride)))
        .map(|(x, (y, person))| {
            let mut sums = vec![Moments::default(); people];
            for ((&x, &y), &p) in x.iter().zip(y).zip(person) {
                let s = &mut sums[p as usize];
                s.n += 1.0;
                s.x += x;
                s.y += y;
            }
            sums
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut own = parts.next().unwrap_or_default();
    for part in parts {
        for (sum, more) in own.iter_mut().zip(part) {
            *sum = Moments { n: sum.n + more.n, x: sum.x + more.x, y: sum.y + more.y };
        }
    }
    let mut all = Moments::default();
    for s in &mut own {
        all = Moments { n: all.n + s.n, x: all.x + s.x, y: all.y + s.y };
        if s.n > 0.0 {
            s.x /= s.n;
            s.y /= s.n;
        }
    }
    (own, Moments { n: all.n, x: all.x / all.n, y: all.y / all.n })
}

/// Squares and products around people's own means and around the mean of everything, in one pass.
fn products(x: &[f64], y: &[f64], person: &[u32], own: &[Moments], all: &Moments) -> (Products, Products) {
    let stride = stride(x.len(), own.len());
    let parts: Vec<(Products, Products)> = x
        .par_chunks(stride)
        .zip(y.par_chunks(stride).zip(person.par_chunks(stride)))
        .map(|(x, (y, person))| {
            let (mut inside, mut pooled) = (Products::default(), Products::default());
            for ((&x, &y), &p) in x.iter().zip(y).zip(person) {
                let m = &own[p as usize];
                inside.add(1.0, x - m.x, y - m.y);
                pooled.add(1.0, x - all.x, y - all.y);
            }
            (inside, pooled)
        })
        .collect();
    parts.iter().fold((Products::default(), Products::default()), |(mut a, mut b), (inside, pooled)| {
        a.plus(inside);
        b.plus(pooled);
        (a, b)
    })
}

/// Correlations of `x` and `y` within people, between them, and between groups.
///
/// `person` and `group` are dense ids from 0; each person belongs to one group.
/// *Assumes* nothing causal. *Refuses* fewer than two people, infinities, or when a
/// column never varies within any person.
pub fn levels(x: &[f64], y: &[f64], person: &[u32], group: Option<&[u32]>) -> Answer<Levels> {
    try_levels(x, y, person, group).into()
}

fn try_levels(x: &[f64], y: &[f64], person: &[u32], group: Option<&[u32]>) -> Result<Levels, Reason> {
    let n = x.len();
    if n == 0 {
        return Err(Reason::Empty);
    }
    if y.len() != n || person.len() != n || group.is_some_and(|g| g.len() != n) {
        return Err(Reason::bad(
            "The correlation",
            "columns have different lengths",
            "Give one value for each observation.",
        ));
    }
    let people = level_count(person);
    if people < 2 {
        return Err(Reason::TooFewUnits { place: "People".into(), have: people, need: 2 });
    }
    let (own, all) = all_means(x, y, person, people);
    if !(all.x.is_finite() && all.y.is_finite()) {
        // Only then is it worth a pass of its own to say where.
        all_finite("The first column", x)?;
        all_finite("The second column", y)?;
    }
    let (inside, pooled) = products(x, y, person, &own, &all);
    if inside.xx <= 1e-14 * pooled.xx || inside.yy <= 1e-14 * pooled.yy {
        return Err(Reason::NoVariation { what: "Within every person, one of the two columns".into() });
    }
    let pf = people as f64;
    let (mx, my) = own.iter().fold((0.0, 0.0), |(a, b), m| (a + m.x / pf, b + m.y / pf));
    let (mut between, mut weighted) = (Products::default(), Products::default());
    for m in &own {
        between.add(1.0, m.x - mx, m.y - my);
        weighted.add(m.n, m.x - all.x, m.y - all.y);
    }
    let (mut between_within_groups, mut between_groups) = (None, None);
    if let Some(group) = group {
        let groups = level_count(group);
        let mut group_of = vec![0_u32; people];
        for (&p, &g) in person.iter().zip(group) {
            group_of[p as usize] = g;
        }
        let plain = own.iter().map(|m| Moments { n: 1.0, ..*m });
        let centre = means(&group_of, groups, plain);
        let mut products = Products::default();
        for (m, &g) in own.iter().zip(&group_of) {
            let c = &centre[g as usize];
            products.add(1.0, m.x - c.x, m.y - c.y);
        }
        let df = pf - groups as f64 - 1.0;
        between_within_groups = Some(Correlation::new(products.r(), df).into());
        let averages = means(&group_of, groups, own.iter().copied());
        let gf = groups as f64;
        let (gx, gy) = averages.iter().fold((0.0, 0.0), |(a, b), m| (a + m.x / gf, b + m.y / gf));
        let mut products = Products::default();
        for m in &averages {
            products.add(1.0, m.x - gx, m.y - gy);
        }
        between_groups = Some(Correlation::new(products.r(), gf - 2.0).into());
    }
    Ok(Levels {
        within: Correlation::new(inside.r(), n as f64 - pf - 1.0).into(),
        slope: inside.xy / inside.xx,
        between: Correlation::new(between.r(), pf - 2.0).into(),
        between_weighted: Some(weighted.r()).filter(|r| r.is_finite()),
        between_within_groups,
        between_groups,
        pooled: Correlation::new(pooled.r(), n as f64 - 2.0).into(),
        people,
        n,
    })
}

/// Within and between slopes in one regression: outcome on x and on each person's
/// average of x (Mundlak 1978), clustered.
///
/// The term `x` is the slope within people; `mean of x` is by how much the slope
/// between people differs from it. *Refuses* as [`crate::regress::fit`] does.
pub fn mundlak(x: &[f64], y: &[f64], person: &[u32], cluster: &[u32]) -> Answer<Fit> {
    if x.len() != person.len() {
        return Answer::CannotSay(Reason::bad(
            "The regression",
            "columns have different lengths",
            "Give one value for each observation.",
        ));
    }
    let one = x.iter().map(|&x| Moments { n: 1.0, x, y: 0.0 });
    let own = means(person, level_count(person), one);
    let mean: Vec<f64> = person.iter().map(|&p| own[p as usize].x).collect();
    try_fit(&Regression {
        outcome: y,
        columns: vec![("x".into(), x.to_vec()), ("mean of x".into(), mean)],
        absorb: vec![],
        cluster: Some(cluster),
        weights: None,
        errors: Errors::Cr1,
    })
    .into()
}

/// The slope within people with clustered errors.
///
/// *Refuses* as [`crate::regress::fit`] does.
pub fn within_slope(x: &[f64], y: &[f64], person: &[u32], cluster: &[u32]) -> Answer<Estimate> {
    try_fit(&Regression {
        outcome: y,
        columns: vec![("x within people".into(), x.to_vec())],
        absorb: vec![person],
        cluster: Some(cluster),
        weights: None,
        errors: Errors::Cr1,
    })
    .and_then(|mut fit| fit.estimates.pop().ok_or(Reason::Empty))
    .into()
}
