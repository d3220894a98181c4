//! One row of a [`Table`], whose cells are converted when asked for.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::time::{Cadence, Day, Instant, Period};

use super::{Kind, Problem, Problems, Table, number, unguard, when};

/// Words for "no value" in number columns. They are not zero.
const NO_VALUE: [&str; 12] = ["na", "n/a", "#n/a", "#nv", "null", "none", "-", "–", "—", ".", "k.a.", "\\n"];

/// More different periods than this in one column are converted afresh each time, so that memory stays bounded.
const REMEMBERED: usize = 50_000;

/// What is gathered while rows are converted.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) problems: Problems,
    pub(super) missing: u64,
    pub(super) seen: Vec<Seen>,
    /// Few different periods stand in many rows.
    periods: Vec<HashMap<String, Period>>,
}

impl Gathered {
    pub(super) fn new(columns: usize, problems: Problems) -> Self {
        Self {
            problems,
            missing: 0,
            seen: (0..columns).map(|_| Seen::default()).collect(),
            periods: vec![HashMap::new(); columns],
        }
    }
}

/// What was seen in a column while converting it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// First line and count of cells with a percent sign.
    pub(super) percent: Option<(u64, u64)>,
    /// First line of a number other than zero without a percent sign.
    bare: Option<u64>,
    pub(super) currency: Option<(&'static str, u64, u64)>,
    pub(super) no_value: Option<(String, u64, u64)>,
}

/// One row. Asking for a cell converts it; what cannot be converted becomes a problem and makes the row unsound.
/// Columns are named by their place among those given to [`Table::open`].
#[derive(Debug)]
pub struct Row<'r> {
    pub(super) table: &'r Table,
    pub(super) gathered: &'r mut Gathered,
    pub(super) cells: &'r [Cow<'r, str>],
    pub(super) line: u64,
    pub(super) sound: bool,
}

impl<'r> Row<'r> {
    /// The line it starts on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// False once any cell of this row was a problem.
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    fn raw(&self, column: usize) -> &'r str {
        let cells: &'r [Cow<'r, str>] = self.cells;
        self.table
            .fields
            .get(column)
            .copied()
            .flatten()
            .and_then(|f| cells.get(f))
            .map_or("", |c| unguard(c.trim()).trim())
    }

    /// Reports a cell.
    pub fn problem(&mut self, column: usize, reason: impl Into<String>, remedy: impl Into<String>) {
        self.sound = false;
        let header = self.table.header_of(column);
        let problem = Problem::new(self.line, Some(&header), self.raw(column), reason, remedy);
        self.gathered.problems.push(problem);
    }

    /// The text of a cell; `None` where the column is absent or the cell is empty.
    pub fn text(&mut self, column: usize) -> Option<&'r str> {
        let text = self.raw(column);
        if self.table.has_controls && text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            self.problem(column, "the cell holds control characters", "take them out");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// The text of a cell that must not be empty.
    pub fn required(&mut self, column: usize) -> Option<&'r str> {
        let sound = self.sound;
        let text = self.text(column);
        if text.is_none() && self.sound == sound {
            self.problem(column, "the cell is empty", "fill it in, or take the line out");
        }
        text
    }

    /// A finite number; `None` where there is no value.
    pub fn number(&mut self, column: usize) -> Option<f64> {
        let text = self.raw(column);
        if text.is_empty() {
            self.gathered.missing += u64::from(self.table.has(column));
            return None;
        }
        // The column contradicts itself, which has been reported once.
        let Some(decimal) = self.table.decimals[column] else {
            self.sound = false;
            return None;
        };
        let Some((value, marks)) = number::parse(text, decimal) else {
            if NO_VALUE.contains(&text.to_lowercase().as_str()) {
                self.gathered.missing += 1;
                self.gathered.seen[column].no_value.get_or_insert((text.to_owned(), self.line, 0)).2 += 1;
            } else {
                let (reason, remedy) = why_no_number(text, decimal);
                self.problem(column, reason, remedy);
            }
            return None;
        };
        let line = self.line;
        let seen = &mut self.gathered.seen[column];
        if let Some(sign) = marks.currency {
            let first = seen.currency.get_or_insert((sign, line, 0));
            first.2 += 1;
            let (other, before) = (first.0, first.1);
            if other != sign {
                self.problem(
                    column,
                    format!("line {before} of this column has the currency `{other}`"),
                    "keep one currency in a column",
                );
                return None;
            }
        }
        let seen = &mut self.gathered.seen[column];
        if marks.percent {
            seen.percent.get_or_insert((line, 0)).1 += 1;
        } else if value != 0.0 {
            seen.bare.get_or_insert(line);
        }
        let mixed = match (seen.percent, seen.bare) {
            (Some((percent, _)), Some(bare)) if line == percent || line == bare => Some(percent.min(bare)),
            _ => None,
        };
        if let Some(before) = mixed {
            self.problem(
                column,
                format!("some cells carry a percent sign and some do not (line {before} differs)"),
                "write the whole column one way",
            );
            return None;
        }
        Some(value)
    }

    /// A day, week, month, quarter or year; `None` where the cell is empty.
    pub fn period(&mut self, column: usize) -> Option<Period> {
        let text = self.raw(column);
        if text.is_empty() {
            return None;
        }
        if let Some(known) = self.gathered.periods[column].get(text) {
            return Some(*known);
        }
        // The column's order could not be found, which has been reported once.
        let Some(order) = self.table.orders[column] else {
            self.sound = false;
            return None;
        };
        match when::parse(text, order) {
            Ok(period) => {
                let known = &mut self.gathered.periods[column];
                if known.len() < REMEMBERED {
                    known.insert(text.to_owned(), period);
                }
                Some(period)
            }
            Err((reason, remedy)) => {
                self.problem(column, reason, remedy);
                None
            }
        }
    }

    /// A day; `None` where the cell is empty.
    pub fn day(&mut self, column: usize) -> Option<Day> {
        let period = self.period(column)?;
        if period.cadence == Cadence::Day {
            return Some(period.start);
        }
        let reason = format!("this is a {}, and a day is needed", period.cadence.word());
        self.problem(column, reason, format!("write the day, such as {}", period.start));
        None
    }

    /// A moment; `None` where the cell is empty.
    pub fn moment(&mut self, column: usize) -> Option<Instant> {
        let text = self.text(column)?;
        let moment = text.parse().ok();
        if moment.is_none() {
            let remedy =
                "write it like 2026-03-18T08:41:00Z, or with its offset as 2026-03-18T09:41:00+01:00";
            self.problem(column, "this is not a moment with its offset", remedy);
        }
        moment
    }

    /// What a column was declared to hold.
    pub fn kind(&self, column: usize) -> Option<Kind> {
        self.table.columns.get(column).map(|c| c.kind)
    }
}

fn why_no_number(text: &str, decimal: number::Decimal) -> (&'static str, &'static str) {
    let lower = text.to_lowercase();
    let bare = lower.strip_prefix(['+', '-', '\u{2212}']).unwrap_or(&lower);
    let empty = "leave the cell empty where there is no value";
    if matches!(bare, "nan" | "inf" | "infinity" | "∞") {
        ("this is not a finite number", empty)
    } else if lower.starts_with('#') {
        ("this is a spreadsheet's error", "mend the formula, or leave the cell empty")
    } else if bare.starts_with("0x") {
        ("this is a hexadecimal number", "write it in decimal digits")
    } else if bare.contains('e') && bare.bytes().all(|b| b.is_ascii_digit() || b"e+-.,".contains(&b)) {
        ("this number is too large, or its exponent is not a number", "write it out in decimal digits")
    } else if decimal == number::Decimal::Comma
        && bare.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b))
    {
        ("this is not a number with a decimal comma, as the rest of the column", "write it like 1234,5")
    } else if decimal == number::Decimal::Point
        && bare.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b))
    {
        ("this is not a number with a decimal point, as the rest of the column", "write it like 1234.5")
    } else {
        ("this is not a number", "write digits only; leave the cell empty where there is no value")
    }
}
