//! Observations from files: one value a line, or one metric a column.

use std::collections::HashMap;
use std::io::Read;

use domain::metrics::Quantity;
use domain::time::{Instant, Period};

use crate::csv::{Column, Imported, Kind, Options, Problem, Problems, Row, Table};

/// Observations by external code. Codes are kept once each: look every metric and subject up once, not once a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observations {
    /// The metric codes, in order of appearance.
    pub metrics: Vec<String>,
    /// The subject codes (of persons or org units, as each metric's grain says), in order of appearance.
    pub subjects: Vec<String>,
    /// The observations, in the order of the file.
    pub rows: Vec<ObservationRow>,
}

/// One observation as a file gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObservationRow {
    /// The line it stands on.
    pub line: u64,
    /// Its metric, as a place in [`Observations::metrics`].
    pub metric: u32,
    /// Its subject, as a place in [`Observations::subjects`].
    pub subject: u32,
    /// Its period as it was written. A single day may name a longer period of the metric's cadence.
    pub period: Period,
    /// Its value, or numerator and denominator.
    pub quantity: Quantity,
    /// When the other system recorded it, where the file says so.
    pub recorded_at: Option<Instant>,
}

impl Observations {
    /// The metric code of a row.
    pub fn metric(&self, row: &ObservationRow) -> &str {
        self.metrics.get(row.metric as usize).map_or("", String::as_str)
    }
    /// The subject code of a row.
    pub fn subject(&self, row: &ObservationRow) -> &str {
        self.subjects.get(row.subject as usize).map_or("", String::as_str)
    }
}

const SUBJECT: &[&str] =
    &["subject code", "person", "person code", "unit", "unit code", "org unit", "employee"];
const PERIOD: &[&str] =
    &["day", "date", "week", "month", "quarter", "year", "datum", "tag", "woche", "monat", "quartal", "jahr"];

/// Reads the long form: one observation a line.
///
/// Columns `metric`, `subject`, `period`, and `value` or `numerator` and `denominator`; optional `recorded_at`.
/// A line without a value gives no observation and is counted in the dialect's `missing`.
pub fn long(source: impl Read, options: &Options) -> Imported<Observations> {
    const METRIC: usize = 0;
    const SUBJECT_AT: usize = 1;
    const PERIOD_AT: usize = 2;
    const VALUE: usize = 3;
    const NUMERATOR: usize = 4;
    const DENOMINATOR: usize = 5;
    const RECORDED: usize = 6;
    let columns = vec![
        Column::key("metric", &["metric code", "kpi", "measure", "kennzahl"], Kind::Text),
        Column::key("subject", SUBJECT, Kind::Text),
        Column::key("period", PERIOD, Kind::Period),
        Column::new("value", &["wert", "actual", "reading"], Kind::Number),
        Column::new("numerator", &["zaehler", "zähler"], Kind::Number),
        Column::new("denominator", &["nenner"], Kind::Number),
        Column::new("recorded_at", &["recorded", "updated at", "as of"], Kind::Moment),
    ];
    let table = match Table::open(source, columns, options) {
        Ok(table) => table,
        Err(problems) => return Imported { rows: Observations::default(), problems, dialect: None },
    };
    let plain = table.has(VALUE);
    let ratio = table.has(NUMERATOR) && table.has(DENOMINATOR);
    let (mut metrics, mut subjects) = (Codes::default(), Codes::default());
    let mut rows = Vec::new();
    let (mut problems, dialect) = table.each(|row| {
        let metric = row.required(METRIC);
        let subject = row.required(SUBJECT_AT);
        let period = required_period(row, PERIOD_AT);
        let value = if plain { row.number(VALUE) } else { None };
        let parts = if ratio { (row.number(NUMERATOR), row.number(DENOMINATOR)) } else { (None, None) };
        let recorded_at = row.moment(RECORDED);
        let quantity = match (value, parts) {
            (Some(value), (None, None)) => Some(Quantity::plain(value)),
            (None, (Some(numerator), Some(_))) => Some(Quantity { numerator, denominator: parts.1 }),
            (None, (None, None)) => None,
            (Some(_), _) => {
                row.problem(
                    VALUE,
                    "the line has a value and a part of a ratio",
                    "keep the value, or numerator and denominator",
                );
                None
            }
            (None, (Some(_), None)) => half(row, DENOMINATOR),
            (None, (None, Some(_))) => half(row, NUMERATOR),
        };
        if let (true, Some(metric), Some(subject), Some(period), Some(quantity)) =
            (row.is_sound(), metric, subject, period, quantity)
        {
            let (metric, subject) = (metrics.of(metric), subjects.of(subject));
            rows.push(ObservationRow { line: row.line(), metric, subject, period, quantity, recorded_at });
        }
    });
    if !plain && !ratio {
        problems.push(Problem::new(
            dialect.header_line,
            None,
            "",
            "the file has no column for values",
            "add a column named value, or two named numerator and denominator",
        ));
    }
    let rows = Observations { metrics: metrics.names, subjects: subjects.names, rows };
    duplicates(&rows, &mut problems);
    Imported { rows, problems, dialect: Some(dialect) }
}

fn half(row: &mut Row<'_>, column: usize) -> Option<Quantity> {
    if row.is_sound() {
        row.problem(
            column,
            "one part of the ratio is missing",
            "fill in both numerator and denominator, or neither",
        );
    }
    None
}

/// Which columns of a wide file mean what. Columns that it does not name are passed over and listed as left out.
#[derive(Debug, Clone, Default)]
pub struct Wide {
    /// The header of the column that names the subject.
    pub subject: String,
    /// The header of the column that names the period.
    pub period: String,
    /// The columns that hold metrics.
    pub metrics: Vec<WideMetric>,
}

/// One metric in a wide file.
#[derive(Debug, Clone)]
pub struct WideMetric {
    /// The metric's code.
    pub metric: String,
    /// The header of its value, or of its numerator.
    pub header: String,
    /// The header of its denominator, for ratios.
    pub denominator: Option<String>,
}

/// Reads the wide form: one line for a subject and a period, one column for a metric. Empty cells give no observation.
pub fn wide(source: impl Read, map: &Wide, options: &Options) -> Imported<Observations> {
    let mut columns =
        vec![Column::key(&map.subject, &[], Kind::Text), Column::key(&map.period, &[], Kind::Period)];
    let mut places: Vec<(u32, usize, Option<usize>)> = Vec::with_capacity(map.metrics.len());
    let mut metrics = Codes::default();
    for wanted in &map.metrics {
        // Two ratios may share a denominator.
        let mut place = |header: &str| {
            columns.iter().position(|c| c.name == header && c.kind == Kind::Number).unwrap_or_else(|| {
                columns.push(Column::new(header, &[], Kind::Number).required());
                columns.len() - 1
            })
        };
        let value = place(&wanted.header);
        let denominator = wanted.denominator.as_deref().map(place);
        places.push((metrics.of(&wanted.metric), value, denominator));
    }
    let options = Options { leave_out_others: true, ..options.clone() };
    let table = match Table::open(source, columns, &options) {
        Ok(table) => table,
        Err(problems) => return Imported { rows: Observations::default(), problems, dialect: None },
    };
    let mut subjects = Codes::default();
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let (mut problems, dialect) = table.each(|row| {
        let subject = row.required(0);
        let period = required_period(row, 1);
        values.clear();
        for (metric, value, denominator) in &places {
            let numerator = row.number(*value);
            let quantity = match (numerator, denominator) {
                (Some(value), None) => Some(Quantity::plain(value)),
                (numerator, Some(column)) => match (numerator, row.number(*column)) {
                    (Some(numerator), Some(below)) => Some(Quantity { numerator, denominator: Some(below) }),
                    _ => None,
                },
                (None, None) => None,
            };
            values.extend(quantity.map(|q| (*metric, q)));
        }
        if let (true, Some(subject), Some(period)) = (row.is_sound(), subject, period) {
            let (line, subject) = (row.line(), subjects.of(subject));
            rows.extend(values.iter().map(|(metric, quantity)| ObservationRow {
                line,
                metric: *metric,
                subject,
                period,
                quantity: *quantity,
                recorded_at: None,
            }));
        }
    });
    let rows = Observations { metrics: metrics.names, subjects: subjects.names, rows };
    duplicates(&rows, &mut problems);
    Imported { rows, problems, dialect: Some(dialect) }
}

fn required_period(row: &mut Row<'_>, column: usize) -> Option<Period> {
    let sound = row.is_sound();
    let period = row.period(column);
    if period.is_none() && row.is_sound() == sound {
        row.required(column);
    }
    period
}

/// Each code once, with its place.
#[derive(Debug, Default)]
struct Codes {
    names: Vec<String>,
    places: HashMap<String, u32>,
    last: u32,
}

impl Codes {
    fn of(&mut self, code: &str) -> u32 {
        // Files are mostly sorted by one of their codes.
        if self.names.get(self.last as usize).is_some_and(|n| n == code) {
            return self.last;
        }
        self.last = match self.places.get(code) {
            Some(place) => *place,
            None => {
                let place = self.names.len() as u32;
                self.names.push(code.to_owned());
                self.places.insert(code.to_owned(), place);
                place
            }
        };
        self.last
    }
}

/// Reports observations of the same metric, subject and period. Lines recorded at different moments are corrections,
/// not duplicates.
fn duplicates(all: &Observations, problems: &mut Problems) {
    type Key = (u32, u32, i32, u8);
    let mut keys: Vec<(Key, u32)> = (0_u32..)
        .zip(&all.rows)
        .map(|(at, r)| ((r.metric, r.subject, r.period.start.number(), r.period.cadence as u8), at))
        .collect();
    keys.sort_unstable();
    let mut found: Vec<(&ObservationRow, u64)> = Vec::new();
    for same in keys.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let mut rows: Vec<&ObservationRow> = same.iter().map(|(_, at)| &all.rows[*at as usize]).collect();
        // By moment, unknown ones first; lines with the same moment, or with none, are the same observation.
        rows.sort_by_key(|r| (r.recorded_at, r.line));
        for pair in rows.windows(2) {
            if pair[0].recorded_at.is_none() || pair[0].recorded_at == pair[1].recorded_at {
                let (a, b) =
                    if pair[0].line < pair[1].line { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
                found.push((b, a.line));
            }
        }
    }
    found.sort_by_key(|(row, _)| row.line);
    for (row, before) in found {
        let value = format!("{}, {}, {}", all.metric(row), all.subject(row), row.period.start);
        problems.push(Problem::new(
            row.line,
            None,
            &value,
            format!("metric, subject and period are the same as on line {before}"),
            "keep one of the lines, or add recorded_at to show which came later",
        ));
    }
}

#[cfg(test)]
mod tests;
