//! A panel: units observed over periods, with start dates, clusters and weights.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::answer::Reason;

/// One observation on the way into a [`Panel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The unit (person, branch, line), numbered by the caller.
    pub unit: u64,
    /// The period, numbered by the caller; consecutive periods differ by one.
    pub time: i64,
    /// The outcome.
    pub value: f64,
    /// The first period in which the unit is treated; `None` for never.
    pub cohort: Option<i64>,
    /// What shares shocks with the unit, numbered by the caller.
    pub cluster: u64,
    /// The unit's weight; 1 for none.
    pub weight: f64,
}

/// Units by periods, stored period by period, with holes where nothing was observed.
///
/// Missing is not zero: a hole is `NaN` inside and never takes part in a sum.
/// A panel without holes is *complete*, which the estimators use for their fast path.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    unit_names: Vec<u64>,
    times: Vec<i64>,
    /// `values[t * units + i]`.
    values: Vec<f64>,
    cohort: Vec<Option<i64>>,
    cluster: Vec<u32>,
    clusters: usize,
    weight: Vec<f64>,
    observed: usize,
}

/// The most cells of unit and period that a panel may have (1.6 GB).
pub const MAX_CELLS: usize = 200_000_000;

impl Panel {
    /// Builds a panel from rows in any order.
    ///
    /// Units, periods and clusters are put in ascending order, so the order of
    /// the rows has no influence on any result.
    ///
    /// # Errors
    /// [`Reason::Empty`], [`Reason::NotFinite`], [`Reason::DuplicateCell`],
    /// [`Reason::UnitVaries`] when a unit changes cohort, cluster or weight,
    /// [`Reason::TooLarge`] beyond [`MAX_CELLS`].
    pub fn from_rows(rows: &[Row]) -> Result<Self, Reason> {
        if rows.is_empty() {
            return Err(Reason::Empty);
        }
        let mut unit_names: Vec<u64> = rows.iter().map(|r| r.unit).collect();
        unit_names.sort_unstable();
        unit_names.dedup();
        let mut times: Vec<i64> = rows.iter().map(|r| r.time).collect();
        times.sort_unstable();
        times.dedup();
        let units = unit_names.len();
        let cells = units.saturating_mul(times.len());
        if cells > MAX_CELLS {
            return Err(Reason::TooLarge { cells, limit: MAX_CELLS });
        }
        let mut values = vec![f64::NAN; cells];
        let mut facts: Vec<Option<(Option<i64>, u64, f64)>> = vec![None; units];
        for row in rows {
            if !row.value.is_finite() || !row.weight.is_finite() || row.weight < 0.0 {
                return Err(Reason::NotFinite { place: format!("Unit {}, period {}", row.unit, row.time) });
            }
            // Both lists hold every unit and period of the rows.
            let i = unit_names.partition_point(|&u| u < row.unit);
            let t = times.partition_point(|&u| u < row.time);
            let cell = &mut values[t * units + i];
            if !cell.is_nan() {
                return Err(Reason::DuplicateCell { unit: row.unit, time: row.time });
            }
            *cell = row.value;
            let fact = (row.cohort, row.cluster, row.weight);
            match &facts[i] {
                None => facts[i] = Some(fact),
                Some(known) if *known == fact => {}
                Some(_) => return Err(Reason::UnitVaries { unit: row.unit }),
            }
        }
        let mut cohort = Vec::with_capacity(units);
        let mut weight = Vec::with_capacity(units);
        let mut cluster_names = Vec::with_capacity(units);
        for fact in facts {
            let (c, k, w) = fact.unwrap_or((None, 0, 1.0));
            cohort.push(c);
            cluster_names.push(k);
            weight.push(w);
        }
        let (cluster, clusters) = dense(&cluster_names);
        Ok(Self { unit_names, times, values, cohort, cluster, clusters, weight, observed: rows.len() })
    }

    /// Builds a panel from a full matrix, `values[t * units + i]`, without sorting.
    /// `NaN` marks a hole. Units are numbered from 0.
    ///
    /// # Errors
    /// [`Reason::BadRequest`] when lengths disagree or the periods do not ascend,
    /// [`Reason::NotFinite`] for infinities, [`Reason::Empty`] without a value.
    pub fn from_matrix(
        times: Vec<i64>,
        values: Vec<f64>,
        cohort: Vec<Option<i64>>,
        cluster: &[u64],
    ) -> Result<Self, Reason> {
        let units = cohort.len();
        if values.len() != units * times.len() || cluster.len() != units {
            return Err(Reason::bad(
                "The panel",
                "the matrix, the start dates and the clusters have different lengths",
                "Give one start and one cluster for each unit, and units times periods values.",
            ));
        }
        if times.windows(2).any(|w| w[0] >= w[1]) {
            return Err(Reason::bad(
                "The panel",
                "the periods do not ascend",
                "Sort the periods and keep each once.",
            ));
        }
        let mut observed = 0;
        for value in &values {
            if value.is_infinite() {
                return Err(Reason::NotFinite { place: "The panel".into() });
            }
            observed += usize::from(!value.is_nan());
        }
        if observed == 0 {
            return Err(Reason::Empty);
        }
        let (cluster, clusters) = dense(cluster);
        Ok(Self {
            unit_names: (0..units as u64).collect(),
            times,
            values,
            weight: vec![1.0; units],
            cohort,
            cluster,
            clusters,
            observed,
        })
    }

    /// How many units.
    pub fn units(&self) -> usize {
        self.unit_names.len()
    }

    /// The caller's number of each unit, ascending.
    pub fn unit_names(&self) -> &[u64] {
        &self.unit_names
    }

    /// The periods, ascending.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// The values of all units in one period; `NaN` is a hole.
    pub fn period(&self, t: usize) -> &[f64] {
        let units = self.units();
        &self.values[t * units..(t + 1) * units]
    }

    /// The value of a unit in a period, if observed.
    pub fn value(&self, unit: usize, t: usize) -> Option<f64> {
        Some(self.values[t * self.units() + unit]).filter(|v| !v.is_nan())
    }

    /// First treated period of each unit.
    pub fn cohorts(&self) -> &[Option<i64>] {
        &self.cohort
    }

    /// The cluster of each unit, numbered from 0.
    pub fn cluster(&self) -> &[u32] {
        &self.cluster
    }

    /// How many clusters.
    pub fn clusters(&self) -> usize {
        self.clusters
    }

    /// The weight of each unit.
    pub fn weights(&self) -> &[f64] {
        &self.weight
    }

    /// How many observations.
    pub fn observed(&self) -> usize {
        self.observed
    }

    /// Whether every unit is observed in every period.
    pub fn is_complete(&self) -> bool {
        self.observed == self.values.len()
    }

    /// Whether all weights are equal.
    pub fn is_unweighted(&self) -> bool {
        self.weight.windows(2).all(|w| w[0] == w[1])
    }

    /// Number of units in each cohort, ascending by first treated period.
    pub fn cohort_sizes(&self) -> BTreeMap<i64, usize> {
        let mut sizes = BTreeMap::new();
        for cohort in self.cohort.iter().flatten() {
            *sizes.entry(*cohort).or_insert(0) += 1;
        }
        sizes
    }

    /// Whether the unit is treated in the period.
    pub fn treated(&self, unit: usize, t: usize) -> bool {
        self.cohort[unit].is_some_and(|start| self.times[t] >= start)
    }

    /// The same panel with other start dates, one for each unit.
    ///
    /// Units beyond the length of `cohorts` count as never treated.
    pub fn with_cohorts(&self, mut cohorts: Vec<Option<i64>>) -> Self {
        cohorts.resize(self.units(), None);
        Self { cohort: cohorts, ..self.clone() }
    }

    /// A fake start: treated observations are left out and each start is moved
    /// `periods` earlier, so that any "effect" found is not one.
    ///
    /// # Errors
    /// [`Reason::NoPrePeriod`] when nothing is left.
    pub fn fake_start(&self, periods: u32) -> Result<Self, Reason> {
        let units = self.units();
        let last = self.cohort.iter().flatten().max().ok_or(Reason::NoTreated)?;
        let kept = self.times.partition_point(|t| t < last);
        if kept < 2 {
            return Err(Reason::NoPrePeriod);
        }
        let mut values = self.values[..kept * units].to_vec();
        for (at, value) in values.iter_mut().enumerate() {
            if self.treated(at % units, at / units) {
                *value = f64::NAN;
            }
        }
        let observed = values.iter().filter(|v| !v.is_nan()).count();
        Ok(Self {
            times: self.times[..kept].to_vec(),
            values,
            cohort: self.cohort.iter().map(|g| g.map(|g| g - i64::from(periods))).collect(),
            observed,
            ..self.clone()
        })
    }

    /// Weighted sums over blocks of units of a complete panel, period by period: `sums[t * blocks + b]`.
    ///
    /// `block` holds the block of each unit; `base` is taken off each value of a period first. One pass over the values,
    /// in a fixed order for every number of threads.
    pub(crate) fn block_sums(
        &self,
        block: &[u32],
        blocks: usize,
        base: impl Fn(usize) -> f64 + Sync,
    ) -> Vec<f64> {
        (0..self.times.len())
            .into_par_iter()
            .flat_map_iter(|t| {
                let base = base(t);
                let mut sums = vec![0.0; blocks];
                for ((v, w), &b) in self.period(t).iter().zip(&self.weight).zip(block) {
                    sums[b as usize] += w * (v - base);
                }
                sums
            })
            .collect()
    }

    /// The observations as long columns: unit, period, outcome, each ordered by
    /// unit and then period.
    pub fn long(&self) -> Long {
        let mut long = Long {
            unit: Vec::with_capacity(self.observed),
            time: Vec::with_capacity(self.observed),
            value: Vec::with_capacity(self.observed),
        };
        for i in 0..self.units() {
            for t in 0..self.times.len() {
                if let Some(value) = self.value(i, t) {
                    long.unit.push(i as u32);
                    long.time.push(t as u32);
                    long.value.push(value);
                }
            }
        }
        long
    }
}

/// Long columns of a panel, see [`Panel::long`].
#[derive(Clone, Debug, PartialEq)]
pub struct Long {
    /// Position of the unit.
    pub unit: Vec<u32>,
    /// Position of the period.
    pub time: Vec<u32>,
    /// Outcome.
    pub value: Vec<f64>,
}

/// Numbers names from 0 in ascending order of name.
pub fn dense<T: Ord>(names: &[T]) -> (Vec<u32>, usize) {
    let mut sorted: Vec<&T> = names.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let ids = names.iter().map(|name| sorted.partition_point(|other| *other < name) as u32).collect();
    (ids, sorted.len())
}
