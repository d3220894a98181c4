//! A table of named columns, and what methods take from it.

use std::collections::BTreeMap;

use super::{Options, Stop};
use crate::answer::Reason;
use crate::panel::{Panel, Row, dense};

/// A column of a [`Table`]; `None` is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Names.
    Labels(Vec<Option<String>>),
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: BTreeMap<String, Column>,
    rows: usize,
}

impl Table {
    /// Puts columns together.
    ///
    /// # Errors
    /// [`Reason::BadRequest`] for columns of different length or the same name,
    /// [`Reason::NotFinite`] for infinities.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Self, Reason> {
        let mut table = Table::default();
        for (name, column) in columns {
            let rows = match &column {
                Column::Numbers(v) => {
                    if let Some(at) = v.iter().position(|v| v.is_some_and(|v| !v.is_finite())) {
                        return Err(Reason::NotFinite { place: format!("Column {name}, row {}", at + 1) });
                    }
                    v.len()
                }
                Column::Labels(v) => v.len(),
            };
            if !table.columns.is_empty() && rows != table.rows {
                return Err(Reason::bad(
                    format!("Column {name}"),
                    "it has another length than the columns before it",
                    "Give every column one value for each row.",
                ));
            }
            table.rows = rows;
            if table.columns.insert(name.clone(), column).is_some() {
                return Err(Reason::bad(
                    format!("Column {name}"),
                    "there are two columns of this name",
                    "Rename one of them.",
                ));
            }
        }
        Ok(table)
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn column(&self, name: &str) -> Result<&Column, Stop> {
        self.columns.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.keys().map(String::as_str).collect();
            Stop::Request(Reason::bad(
                format!("Column {name}"),
                "there is no such column",
                format!("The columns are: {}.", names.join(", ")),
            ))
        })
    }

    /// The numbers of a column.
    pub(crate) fn numbers(&self, name: &str) -> Result<&[Option<f64>], Stop> {
        match self.column(name)? {
            Column::Numbers(v) => Ok(v),
            Column::Labels(v) => {
                let at = v.iter().position(|l| l.as_ref().is_some_and(|l| l.trim().parse::<f64>().is_err()));
                Err(Stop::Request(Reason::bad(
                    format!("Column {name}, row {}", at.unwrap_or(0) + 1),
                    "it holds text where numbers are needed",
                    "Name another column, or correct the value.",
                )))
            }
        }
    }

    /// Ids of a column from 0, and their names; `None` is missing.
    pub(crate) fn ids(&self, name: &str) -> Result<(Vec<Option<u32>>, Vec<String>), Stop> {
        let number = |present: Vec<usize>, ids: Vec<u32>| {
            let mut out = vec![None; self.rows];
            for (row, id) in present.into_iter().zip(ids) {
                out[row] = Some(id);
            }
            out
        };
        match self.column(name)? {
            Column::Numbers(v) => {
                let present: Vec<usize> = (0..v.len()).filter(|&i| v[i].is_some()).collect();
                let values: Vec<Ordered> = present.iter().filter_map(|&i| v[i].map(Ordered)).collect();
                let (ids, count) = dense(&values);
                let mut names = vec![String::new(); count];
                for (id, value) in ids.iter().zip(&values) {
                    names[*id as usize] = value.0.to_string();
                }
                Ok((number(present, ids), names))
            }
            Column::Labels(v) => {
                let present: Vec<usize> = (0..v.len()).filter(|&i| v[i].is_some()).collect();
                let values: Vec<&String> = v.iter().flatten().collect();
                let (ids, count) = dense(&values);
                let mut names = vec![String::new(); count];
                for (id, value) in ids.iter().zip(&values) {
                    names[*id as usize].clone_from(value);
                }
                Ok((number(present, ids), names))
            }
        }
    }

    /// Whole-numbered periods; text is put in alphabetical order and numbered.
    pub(crate) fn times(&self, name: &str) -> Result<Vec<Option<i64>>, Stop> {
        match self.column(name)? {
            Column::Numbers(v) => v
                .iter()
                .enumerate()
                .map(|(row, v)| match v {
                    None => Ok(None),
                    Some(v) if v.fract() == 0.0 && v.abs() < 9e15 => Ok(Some(*v as i64)),
                    Some(_) => Err(Stop::Request(Reason::bad(
                        format!("Column {name}, row {}", row + 1),
                        "a period is not a whole number",
                        "Number the periods, one apart.",
                    ))),
                })
                .collect(),
            Column::Labels(_) => {
                let (ids, _) = self.ids(name)?;
                Ok(ids.into_iter().map(|id| id.map(i64::from)).collect())
            }
        }
    }
}

/// Finite numbers in order.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f64);
impl Eq for Ordered {}
impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// An option that the method cannot do without.
pub(crate) fn need<'a>(value: &'a Option<String>, option: &str) -> Result<&'a str, Stop> {
    value.as_deref().ok_or_else(|| missing(option))
}

pub(crate) fn missing(option: &str) -> Stop {
    Stop::Request(Reason::bad(format!("Option {option}"), "this method needs it", "See the method's help."))
}

/// The first of a list that the method cannot do without.
pub(crate) fn first<'a>(values: &'a [String], option: &str) -> Result<&'a str, Stop> {
    values.first().map(String::as_str).ok_or_else(|| missing(option))
}

/// Rows that have everything that was asked for.
pub(crate) struct Complete {
    /// Positions of the kept rows.
    pub(crate) rows: Vec<usize>,
    /// What to say about the others.
    pub(crate) warning: Option<String>,
}

/// Keeps the rows for which all of `present` hold.
pub(crate) fn complete(rows: usize, present: &[&dyn Fn(usize) -> bool]) -> Complete {
    let kept: Vec<usize> = (0..rows).filter(|&i| present.iter().all(|p| p(i))).collect();
    let lost = rows - kept.len();
    Complete {
        rows: kept,
        warning: (lost > 0).then(|| format!("{lost} rows with missing values are left out.")),
    }
}

/// 0/1 values; anything else is refused.
pub(crate) fn flags(table: &Table, name: &str, rows: &[usize]) -> Result<Vec<bool>, Stop> {
    let values = table.numbers(name)?;
    rows.iter()
        .map(|&i| match values[i] {
            Some(0.0) | None => Ok(false),
            Some(1.0) => Ok(true),
            Some(_) => Err(Stop::Request(Reason::bad(
                format!("Column {name}, row {}", i + 1),
                "it is neither 0 nor 1",
                "Treatment columns are 0 or 1.",
            ))),
        })
        .collect()
}

/// A panel with what is needed to go on from it.
pub(crate) struct Loaded {
    pub(crate) panel: Panel,
    pub(crate) unit_names: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// Rows used, in the order of [`Panel::long`].
    pub(crate) order: Vec<usize>,
}

/// Reads a panel with its start dates.
pub(crate) fn panel(table: &Table, options: &Options) -> Result<Loaded, Stop> {
    let y = table.numbers(need(&options.outcome, "--outcome")?)?;
    let (unit, unit_names) = table.ids(need(&options.unit, "--unit")?)?;
    let time = table.times(need(&options.time, "--time")?)?;
    let (cluster, _) = match &options.cluster {
        Some(name) => table.ids(name)?,
        None => (unit.clone(), vec![]),
    };
    let weight = options.weights.as_deref().map(|w| table.numbers(w)).transpose()?;
    let covariates = options.covariates.iter().map(|c| table.numbers(c)).collect::<Result<Vec<_>, _>>()?;
    let kept = complete(
        table.rows(),
        &[
            &|i| y[i].is_some() && unit[i].is_some() && time[i].is_some() && cluster[i].is_some(),
            &|i| weight.is_none_or(|w| w[i].is_some()),
            &|i| covariates.iter().all(|c| c[i].is_some()),
        ],
    );
    // The start of each unit, from its own column or the first treated row.
    let mut starts: BTreeMap<u32, i64> = BTreeMap::new();
    if let Some(name) = &options.cohort {
        let column = table.numbers(name)?;
        for &i in &kept.rows {
            if let (Some(u), Some(g)) = (unit[i], column[i].filter(|g| *g != 0.0)) {
                let known = *starts.entry(u).or_insert(g as i64);
                if known != g as i64 || g.fract() != 0.0 || g.abs() >= 9e15 {
                    return Err(Stop::Request(Reason::bad(
                        format!("Column {name}, row {}", i + 1),
                        "the start is not a whole number, or the unit has two",
                        "Give each unit one start: a period, or empty or 0 for never.",
                    )));
                }
            }
        }
    } else {
        let name = first(&options.treated, "--cohort or --treated")?;
        let treated = flags(table, name, &kept.rows)?;
        for (&i, _) in kept.rows.iter().zip(&treated).filter(|(_, t)| **t) {
            if let (Some(u), Some(t)) = (unit[i], time[i]) {
                let start = starts.entry(u).or_insert(t);
                *start = (*start).min(t);
            }
        }
        for (&i, treated) in kept.rows.iter().zip(&treated) {
            if let (Some(u), Some(t), false) = (unit[i], time[i], *treated)
                && starts.get(&u).is_some_and(|s| t >= *s)
            {
                return Err(Stop::Refusal(Reason::bad(
                    format!("Unit {}", unit_names[u as usize]),
                    format!("treatment ends again by period {t}"),
                    "This method is for starts that last; use twfe, or leave the later rows out.",
                )));
            }
        }
    }
    let mut rows: Vec<(usize, Row)> = kept
        .rows
        .iter()
        .filter_map(|&i| {
            let (unit, cluster) = (unit[i]?, cluster[i]?);
            Some((
                i,
                Row {
                    unit: u64::from(unit),
                    time: time[i]?,
                    value: y[i]?,
                    cohort: starts.get(&unit).copied(),
                    cluster: u64::from(cluster),
                    weight: weight.and_then(|w| w[i]).unwrap_or(1.0),
                },
            ))
        })
        .collect();
    rows.sort_by_key(|(_, r)| (r.unit, r.time));
    let (order, rows): (Vec<usize>, Vec<Row>) = rows.into_iter().unzip();
    let panel = Panel::from_rows(&rows).map_err(|reason| match reason {
        Reason::DuplicateCell { unit, time } => Reason::bad(
            format!("Unit {}, period {time}", unit_names[unit as usize]),
            "there is more than one value",
            "Keep one value for each unit and period.",
        ),
        Reason::UnitVaries { unit } => Reason::bad(
            format!("Unit {}", unit_names[unit as usize]),
            "its cluster or weight changes from row to row",
            "Give each unit one cluster and one weight.",
        ),
        other => other,
    })?;
    Ok(Loaded { panel, unit_names, warnings: kept.warning.into_iter().collect(), order })
}
