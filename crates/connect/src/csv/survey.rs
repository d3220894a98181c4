//! The first walk over a table: what its columns say as a whole, and which rows at its end are totals.

use std::collections::VecDeque;

use super::number::{self, Decimal, Says};
use super::records::{Record, Records};
use super::table::fold;
use super::when::{self, DayOrder};
use super::{Kind, Note, Problem, Table, unguard};

const TOTALS: [&str; 26] = [
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "sum",
    "summe",
    "summen",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "insgesamt",
    "ergebnis",
    "totaal",
    "somme",
    "totalgénéral",
    "suma",
    "totale",
    "totalgeral",
    "razem",
    "average",
    "mean",
    "mittelwert",
    "durchschnitt",
    "moyenne",
    "promedio",
    "celkem",
];

/// How many rows at the end may be totals (a sum, a mean, a count).
const FOOTERS: usize = 3;

/// What is gathered about one column before any cell is converted.
#[derive(Debug, Default)]
struct Evidence {
    point: Option<(u64, String)>,
    comma: Option<(u64, String)>,
    either: Option<(u64, String, Decimal)>,
    ungrouped: bool,
    day_first: Option<(u64, String)>,
    month_first: Option<(u64, String)>,
    unordered: Option<(u64, String)>,
}

impl Evidence {
    fn weigh_number(&mut self, cell: &str, line: u64) {
        let slot = match number::weigh(cell) {
            Says::Nothing => return,
            Says::Ungrouped => {
                self.ungrouped = true;
                return;
            }
            Says::Either(sign) => {
                if self.either.is_none() {
                    self.either = Some((line, cell.to_owned(), sign));
                }
                return;
            }
            Says::Is(Decimal::Point) => &mut self.point,
            Says::Is(Decimal::Comma) => &mut self.comma,
        };
        if slot.is_none() {
            *slot = Some((line, cell.to_owned()));
        }
    }

    fn weigh_day(&mut self, cell: &str, line: u64) {
        let slot = match when::weigh(cell) {
            None => return,
            Some(Some(DayOrder::DayFirst)) => &mut self.day_first,
            Some(Some(DayOrder::MonthFirst)) => &mut self.month_first,
            Some(None) => &mut self.unordered,
        };
        if slot.is_none() {
            *slot = Some((line, cell.to_owned()));
        }
    }
}

impl Table {
    /// The first walk: checks the shape of every record, gathers what the columns say, finds totals rows.
    pub(super) fn survey(&mut self) {
        let text = std::mem::take(&mut self.text);
        let mut evidence: Vec<Evidence> = self.columns.iter().map(|_| Evidence::default()).collect();
        let watched: Vec<(usize, usize, Kind)> = (0..self.columns.len())
            .filter_map(|c| self.fields[c].map(|f| (c, f, self.columns[c].kind)))
            .filter(|(_, _, kind)| matches!(kind, Kind::Number | Kind::Day | Kind::Period))
            .collect();
        let mut records = self.records_of(&text);
        let mut record = Record::default();
        let mut last: VecDeque<(usize, u64, Option<Problem>)> = VecDeque::new();
        loop {
            let misfit = match records.next(&mut record) {
                Ok(false) => break,
                Ok(true) if record.is_blank() => {
                    self.dialect.blank_lines += 1;
                    continue;
                }
                Ok(true) => self.misfit(&record),
                Err(fault) => {
                    let column = self.header_of_field(fault.field);
                    self.problems.push(Problem::new(
                        fault.line,
                        Some(&column),
                        "",
                        fault.reason,
                        fault.remedy,
                    ));
                    if fault.ends {
                        self.end = record.start;
                        break;
                    }
                    continue;
                }
            };
            self.dialect.rows += 1;
            if misfit.is_none() {
                for (column, field, kind) in &watched {
                    let Some(cell) = record.fields.get(*field) else { continue };
                    let evidence = &mut evidence[*column];
                    if *kind == Kind::Number {
                        evidence.weigh_number(unguard(cell.trim()), record.line);
                    } else {
                        evidence.weigh_day(cell.trim(), record.line);
                    }
                }
            }
            if last.len() == FOOTERS
                && let Some((_, _, Some(problem))) = last.pop_front()
            {
                self.problems.push(problem);
            }
            last.push_back((record.start, record.line, misfit));
        }
        self.decide(&evidence);
        while let Some((start, line, misfit)) = last.pop_back() {
            let mut at =
                Records::new(&text, start, line, self.dialect.separator.byte(), &self.options.limits);
            if at.next(&mut record).is_ok_and(|found| found) && self.is_totals(&record, &text) {
                self.end = start;
                self.dialect.rows -= 1;
                self.dialect.totals.insert(0, line);
            } else {
                last.push_back((start, line, misfit));
                break;
            }
        }
        for (_, _, misfit) in last {
            misfit.into_iter().for_each(|problem| self.problems.push(problem));
        }
        self.text = text;
    }

    /// Turns evidence into decisions, or into problems where a column leaves them open.
    fn decide(&mut self, evidence: &[Evidence]) {
        let told = self.options.decimal;
        let clear = |e: &Evidence| match (&e.point, &e.comma) {
            (Some(_), None) => Some(Decimal::Point),
            (None, Some(_)) => Some(Decimal::Comma),
            _ => None,
        };
        // What the clear columns agree on settles the unclear ones.
        let mut agreed: Vec<Decimal> = evidence.iter().filter_map(clear).collect();
        agreed.dedup();
        let agreed = if let [one] = agreed[..] { Some(one) } else { None };
        for (column, e) in evidence.iter().enumerate() {
            let header = self.header_of(column);
            let mut decimal = Ok(told.or(clear(e)));
            if told.is_none() {
                if let (Some((a, point)), Some((b, comma))) = (&e.point, &e.comma) {
                    let (line, value, other, before) =
                        if a > b { (a, point, comma, b) } else { (b, comma, point, a) };
                    decimal = Err(Problem::new(
                        *line,
                        Some(&header),
                        value,
                        format!("this and `{other}` on line {before} use different decimal signs"),
                        "write the whole column one way",
                    ));
                } else if let (Some((line, value, sign)), Ok(None)) = (&e.either, &decimal) {
                    if e.ungrouped {
                        decimal = Ok(Some(*sign));
                    } else if let Some(agreed) = agreed {
                        let how = if agreed == *sign { "the decimal sign" } else { "a thousands separator" };
                        self.dialect.notes.push(Note {
                            column: header.clone(),
                            line: *line,
                            count: 1,
                            text: format!(
                                "`{value}` is read with {how}, as in the other columns of this file"
                            ),
                        });
                        decimal = Ok(Some(agreed));
                    } else {
                        let (whole, part) = value.split_once([',', '.']).unwrap_or((value, ""));
                        decimal = Err(Problem::new(
                            *line,
                            Some(&header),
                            value,
                            format!(
                                "this could be {whole}{part} or {whole} and a fraction, and nothing else in the column settles it"
                            ),
                            format!(
                                "say whether the file uses a decimal point or a decimal comma, or write {whole}{part} without a separator"
                            ),
                        ));
                    }
                }
            }
            let decimal = match decimal {
                Ok(decimal) => {
                    self.decimals[column] = Some(decimal.unwrap_or(Decimal::Point));
                    decimal
                }
                Err(problem) => {
                    self.problems.push(problem);
                    self.decimals[column] = None;
                    None
                }
            };
            let order = self.decide_order(e, &header);
            self.orders[column] = order.ok();
            let name = &self.columns[column].name;
            if let Some(read) = self.dialect.columns.iter_mut().find(|c| c.name == *name) {
                read.decimal = decimal.filter(|_| self.columns[column].kind == Kind::Number);
                read.day_order = order.ok().flatten();
            }
        }
    }

    fn decide_order(&mut self, e: &Evidence, header: &str) -> Result<Option<DayOrder>, ()> {
        let seen = e.day_first.is_some() || e.month_first.is_some() || e.unordered.is_some();
        if let Some(told) = self.options.day_order {
            return Ok(seen.then_some(told));
        }
        let problem = match (&e.day_first, &e.month_first, &e.unordered) {
            (Some((a, day)), Some((b, month)), _) => {
                let (line, value, other, before) =
                    if a > b { (a, day, month, b) } else { (b, month, day, a) };
                Problem::new(
                    *line,
                    Some(header),
                    value,
                    format!("this and `{other}` on line {before} put day and month in different orders"),
                    "write the whole column like 2026-03-18",
                )
            }
            (Some(_), None, _) => return Ok(Some(DayOrder::DayFirst)),
            (None, Some(_), _) => return Ok(Some(DayOrder::MonthFirst)),
            (None, None, Some((line, value))) => Problem::new(
                *line,
                Some(header),
                value,
                "day and month could be either way round, and no day in the column settles it",
                "say which comes first, or write the column like 2026-03-18",
            ),
            (None, None, None) => return Ok(None),
        };
        self.problems.push(problem);
        Err(())
    }

    /// A last row that names a total instead of a subject, or names nothing and holds the sums (or means) above it.
    fn is_totals(&self, record: &Record<'_>, text: &str) -> bool {
        let cell =
            |column: usize| self.fields[column].and_then(|f| record.fields.get(f)).map_or("", |f| f.trim());
        let keys = || (0..self.columns.len()).filter(|c| self.columns[*c].key);
        let first = keys().map(cell).find(|k| !k.is_empty()).unwrap_or("");
        let bare = |c: usize| cell(c).is_empty() || self.columns[c].kind == Kind::Number;
        // A real row may be about something called "total": then nothing else is missing from it.
        let gaps = match keys().count() {
            0 | 1 => (0..self.columns.len()).all(|c| self.columns[c].key || bare(c)),
            _ => keys().any(|c| cell(c).is_empty()),
        };
        if gaps && TOTALS.contains(&fold(first).as_str()) {
            return true;
        }
        if keys().next().is_none() || !first.is_empty() {
            return false;
        }
        let mut sums = Vec::new();
        for column in (0..self.columns.len()).filter(|c| self.columns[*c].kind == Kind::Number) {
            let text = cell(column);
            if text.is_empty() {
                continue;
            }
            let value = self.decimals[column].and_then(|d| number::parse(text, d));
            let (Some((value, _)), Some(field)) = (value, self.fields[column]) else { return false };
            sums.push((column, field, value, 0.0_f64, 0_u64));
        }
        if sums.is_empty() {
            return false;
        }
        let mut records = self.records_of(text);
        let mut row = Record::default();
        while records.place().0 < record.start {
            match records.next(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => continue,
            }
            let keyed = keys().any(|c| {
                self.fields[c].and_then(|f| row.fields.get(f)).is_some_and(|k| !k.trim().is_empty())
            });
            if !keyed {
                continue;
            }
            for (column, field, _, sum, count) in &mut sums {
                let value = row.fields.get(*field).zip(self.decimals[*column]);
                if let Some((value, _)) = value.and_then(|(cell, d)| number::parse(cell.trim(), d)) {
                    *sum += value;
                    *count += 1;
                }
            }
        }
        sums.iter().all(|(_, _, value, sum, count)| {
            let near = |x: f64| (value - x).abs() <= 0.01_f64.max(x.abs() * 1e-4);
            *count > 0 && (near(*sum) || near(sum / *count as f64))
        })
    }
}
