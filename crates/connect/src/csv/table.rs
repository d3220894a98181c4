//! A file as a table with known columns: header, column decisions, totals rows, and one [`Row`] at a time.

use std::collections::VecDeque;
use std::io::Read;

use super::number::{self, Decimal, Says};
use super::records::{Record, Records};
use super::row::{Gathered, Row, Seen};
use super::when::{self, DayOrder};
use super::{ColumnRead, Dialect, Encoding, Note, Options, Problem, Problems, Separator, decode, unguard};

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A finite number.
    Number,
    /// A day.
    Day,
    /// A day, week, month, quarter or year.
    Period,
    /// A moment with its offset from UTC.
    Moment,
}

/// A column that an importer knows.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name, as our documents write it.
    pub name: String,
    /// Other headers people give it. Case, spaces and punctuation never matter.
    pub aliases: &'static [&'static str],
    /// What its cells hold.
    pub kind: Kind,
    /// The file cannot be read without it.
    pub required: bool,
    /// It says what a row is about. A last row without any of these is a totals row.
    pub key: bool,
}

impl Column {
    /// A column that may be absent.
    pub fn new(name: &str, aliases: &'static [&'static str], kind: Kind) -> Self {
        Self { name: name.to_owned(), aliases, kind, required: false, key: false }
    }
    /// A column that must be there and says what a row is about.
    pub fn key(name: &str, aliases: &'static [&'static str], kind: Kind) -> Self {
        Self { required: true, key: true, ..Self::new(name, aliases, kind) }
    }
    /// The same, but the file cannot be read without it.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }
    fn answers_to(&self, folded: &str) -> bool {
        fold(&self.name) == folded || self.aliases.iter().any(|a| fold(a) == folded)
    }
}

/// Headers are the same where their letters and digits are: `Job Role`, `job_role` and `JOBROLE`.
pub(super) fn fold(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

const TOTALS: [&str; 26] = [
    "total", "totals", "grandtotal", "subtotal", "sum", "summe", "summen", "gesamt", "gesamtsumme", "gesamtergebnis",
    "insgesamt", "ergebnis", "totaal", "somme", "totalgénéral", "suma", "totale", "totalgeral", "razem", "average",
    "mean", "mittelwert", "durchschnitt", "moyenne", "promedio", "celkem",
];

/// How many rows at the end may be totals (a sum, a mean, a count).
const FOOTERS: usize = 3;

/// A file that could be opened: its header is known and its columns are decided.
#[derive(Debug)]
pub struct Table {
    text: String,
    pub(super) columns: Vec<Column>,
    /// Which field of a record holds which column.
    pub(super) fields: Vec<Option<usize>>,
    /// How number and day columns are read. `None` where the column contradicts itself: its cells give nothing.
    pub(super) decimals: Vec<Option<Decimal>>,
    pub(super) orders: Vec<Option<Option<DayOrder>>>,
    width: usize,
    start: usize,
    end: usize,
    first_line: u64,
    pub(super) has_controls: bool,
    options: Options,
    problems: Problems,
    dialect: Dialect,
}

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

impl Table {
    /// Reads a source, finds header and separator, and decides the columns. Fails where nothing can be said about
    /// single rows: not a text file, no header, a required column missing.
    pub fn open(source: impl Read, columns: Vec<Column>, options: &Options) -> Result<Self, Problems> {
        let mut problems = Problems::new(options.limits.problems);
        let (text, encoding) = match decode::load(source, options.encoding, &options.limits) {
            Ok(loaded) => loaded,
            Err(problem) => {
                problems.push(problem);
                return Err(problems);
            }
        };
        let has_controls = text.bytes().any(|b| (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t')) || b == 0x7f);
        let (mut start, mut line, mut told) = (0, 1, options.separator);
        if let Some(rest) = text.strip_prefix("sep=") {
            let ends = rest.find(['\n', '\r']).unwrap_or(rest.len());
            told = told.or(Separator::ALL.into_iter().find(|s| rest.as_bytes()[..ends] == [s.byte()]));
            start = 4 + ends;
            // The line's own end is passed over as a blank line.
            line = 1;
        }
        let separator = told.unwrap_or_else(|| sniff(&text, start, &columns, options));
        let mut table = Self {
            fields: vec![None; columns.len()],
            decimals: vec![Some(Decimal::Point); columns.len()],
            orders: vec![Some(None); columns.len()],
            width: 0,
            start,
            end: text.len(),
            first_line: line,
            has_controls,
            options: options.clone(),
            problems,
            dialect: Dialect {
                encoding,
                separator,
                header_line: 0,
                columns: Vec::new(),
                left_out: Vec::new(),
                rows: 0,
                blank_lines: 0,
                totals: Vec::new(),
                missing: 0,
                notes: Vec::new(),
            },
            columns,
            text,
        };
        if table.header() {
            table.survey();
            Ok(table)
        } else {
            Err(table.problems)
        }
    }

    /// The character set the file was read in.
    pub fn encoding(&self) -> Encoding {
        self.dialect.encoding
    }

    /// True where the file has this column, by its place among the columns given to [`Table::open`].
    pub fn has(&self, column: usize) -> bool {
        self.fields.get(column).is_some_and(Option::is_some)
    }

    /// Finds the header and matches it. False where rows cannot be read without what is missing.
    fn header(&mut self) -> bool {
        let text = std::mem::take(&mut self.text);
        let mut records = self.records_of(&text);
        let mut record = Record::default();
        let found = loop {
            match records.next(&mut record) {
                Ok(true) if record.is_blank() => {}
                Ok(true) => break true,
                Ok(false) => break false,
                Err(fault) => {
                    self.problems.push(Problem::new(fault.line, None, "", fault.reason, fault.remedy));
                    break false;
                }
            }
        };
        let good = found && self.match_header(&record);
        if !found && self.problems.is_empty() {
            let remedy = format!("the first line names the columns: {}", self.names());
            self.problems.push(Problem::new(0, None, "", "the file is empty", remedy));
        }
        (self.start, self.first_line) = records.place();
        self.text = text;
        good
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        names.join(", ")
    }

    fn match_header(&mut self, record: &Record<'_>) -> bool {
        let line = record.line;
        self.dialect.header_line = line;
        if record.cut_off {
            let reason = format!("the line has more than {} columns", self.options.limits.columns);
            self.problems.push(Problem::new(line, None, "", reason, "send only the columns that are needed"));
            return false;
        }
        // Empty headers at the end come from empty spreadsheet columns.
        self.width = record.fields.iter().rposition(|f| !f.trim().is_empty()).map_or(0, |at| at + 1);
        let left_out: Vec<String> = self.options.leave_out.iter().map(|h| fold(h)).collect();
        let known = self.names();
        for (at, header) in record.fields[..self.width].iter().enumerate() {
            let header = unguard(header.trim());
            let folded = fold(header);
            if left_out.contains(&folded) && !folded.is_empty() {
                self.dialect.left_out.push(header.to_owned());
                continue;
            }
            let Some(column) = self.columns.iter().position(|c| c.answers_to(&folded)) else {
                let name = if header.is_empty() { format!("number {}", at + 1) } else { header.to_owned() };
                self.problems.push(Problem::new(
                    line,
                    Some(&name),
                    "",
                    "nobody knows this column",
                    format!("rename it to one of {known}, or name it as a column to leave out"),
                ));
                continue;
            };
            if self.fields[column].is_some() {
                self.problems.push(Problem::new(
                    line,
                    Some(header),
                    "",
                    format!("the column `{}` is there twice", self.columns[column].name),
                    "leave one of them out",
                ));
                continue;
            }
            self.fields[column] = Some(at);
            self.dialect.columns.push(ColumnRead {
                header: header.to_owned(),
                name: self.columns[column].name.clone(),
                decimal: None,
                day_order: None,
            });
        }
        let mut complete = true;
        for (column, field) in self.columns.iter().zip(&self.fields) {
            if column.required && field.is_none() {
                complete = false;
                let seen: Vec<String> = record.fields.iter().take(12).map(|f| super::cut(f.trim())).collect();
                let mut remedy = format!("add a column named {}", column.name);
                if let Some(alias) = column.aliases.first() {
                    remedy = format!("{remedy} (or {alias})");
                }
                self.problems.push(Problem::new(
                    line,
                    None,
                    &seen.join(" · "),
                    format!("the column `{}` is missing", column.name),
                    remedy,
                ));
            }
        }
        complete
    }

    fn records_of<'t>(&self, text: &'t str) -> Records<'t> {
        Records::new(&text[..self.end], self.start, self.first_line, self.dialect.separator.byte(), &self.options.limits)
    }

    /// The first walk: checks the shape of every record, gathers what the columns say, finds totals rows.
    fn survey(&mut self) {
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
                    self.problems.push(Problem::new(fault.line, Some(&column), "", fault.reason, fault.remedy));
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
                        evidence.weigh_number(cell.trim(), record.line);
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
            let mut at = Records::new(&text, start, line, self.dialect.separator.byte(), &self.options.limits);
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

    /// Why a record does not fit under the header; empty fields too many are no matter.
    fn misfit(&self, record: &Record<'_>) -> Option<Problem> {
        let count = record.fields.len();
        let extra = record.cut_off || record.fields.iter().skip(self.width).any(|f| !f.trim().is_empty());
        if !extra && count >= self.width {
            return None;
        }
        let sign = match self.dialect.separator {
            Separator::Comma => "a comma",
            Separator::Semicolon => "a semicolon",
            Separator::Tab => "a tab",
            Separator::Bar => "a bar",
        };
        let (column, value, remedy) = if extra {
            let value = record.fields.get(self.width).map_or("", |f| f.trim());
            (format!("number {}", self.width + 1), value, format!("put quotes around fields that contain {sign}"))
        } else {
            (self.header_of_field(count), "", "add the fields that are missing, even if empty".to_owned())
        };
        let fields = if count == 1 { "field" } else { "fields" };
        let count = if record.cut_off { format!("more than {count}") } else { count.to_string() };
        let reason = format!("the line has {count} {fields} and the header has {}", self.width);
        Some(Problem::new(record.line, Some(&column), value, reason, remedy))
    }

    fn header_of_field(&self, field: usize) -> String {
        self.fields
            .iter()
            .position(|f| *f == Some(field))
            .map_or_else(|| format!("number {}", field + 1), |column| self.header_of(column))
    }

    pub(super) fn header_of(&self, column: usize) -> String {
        let name = &self.columns[column].name;
        self.dialect.columns.iter().find(|c| c.name == *name).map_or(name, |c| &c.header).clone()
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
                            text: format!("`{value}` is read with {how}, as in the other columns of this file"),
                        });
                        decimal = Ok(Some(agreed));
                    } else {
                        let (whole, part) = value.split_once([',', '.']).unwrap_or((value, ""));
                        decimal = Err(Problem::new(
                            *line,
                            Some(&header),
                            value,
                            format!("this could be {whole}{part} or {whole} and a fraction, and nothing else in the column settles it"),
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
                let (line, value, other, before) = if a > b { (a, day, month, b) } else { (b, month, day, a) };
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
        let cell = |column: usize| self.fields[column].and_then(|f| record.fields.get(f)).map_or("", |f| f.trim());
        let keys = || (0..self.columns.len()).filter(|c| self.columns[*c].key);
        // Where no column is marked as key, the first field speaks.
        let first = keys().map(cell).find(|k| !k.is_empty()).or(record.fields.first().map(|f| f.trim())).unwrap_or("");
        if TOTALS.contains(&fold(first).as_str()) {
            return true;
        }
        if keys().next().is_none() || keys().any(|c| !cell(c).is_empty()) {
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

    /// Walks through the rows and closes the table: the problems of its shape and of its cells, and how it was read.
    pub fn each(mut self, mut visit: impl FnMut(&mut Row<'_>)) -> (Problems, Dialect) {
        let problems = std::mem::replace(&mut self.problems, Problems::new(1));
        let mut gathered = Gathered::new(self.columns.len(), problems);
        let mut records = self.records_of(&self.text);
        let mut record = Record::default();
        loop {
            match records.next(&mut record) {
                Ok(false) => break,
                Ok(true) if record.is_blank() => continue,
                Ok(true) => {}
                Err(fault) if fault.ends => break,
                Err(_) => continue,
            }
            if record.fields.len() == self.width
                || (record.fields.len() > self.width && self.misfit(&record).is_none())
            {
                visit(&mut Row {
                    table: &self,
                    gathered: &mut gathered,
                    cells: &record.fields,
                    line: record.line,
                    sound: true,
                });
            }
        }
        let Gathered { problems, missing, seen, .. } = gathered;
        self.dialect.missing = missing;
        self.remark(seen);
        (problems, self.dialect)
    }

    fn remark(&mut self, seen: Vec<Seen>) {
        for (column, seen) in seen.into_iter().enumerate() {
            let header = self.header_of(column);
            let notes = &mut self.dialect.notes;
            let mut note = |line, count, text| notes.push(Note { column: header.clone(), line, count, text });
            if let Some((line, count)) = seen.percent {
                note(line, count, "percent signs were taken off: `12 %` is 12".to_owned());
            }
            if let Some((sign, line, count)) = seen.currency {
                note(line, count, format!("the currency sign `{sign}` was taken off"));
            }
            if let Some((word, line, count)) = seen.no_value {
                note(line, count, format!("`{word}` was read as no value"));
            }
        }
    }
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

/// The separator under which the header is best understood, then under which the lines agree best.
fn sniff(text: &str, start: usize, columns: &[Column], options: &Options) -> Separator {
    let score = |separator: Separator| {
        let mut records = Records::new(text, start, 1, separator.byte(), &options.limits);
        let mut record = Record::default();
        let (mut known, mut width, mut agree) = (0, 0, 0);
        for _ in 0..20 {
            match records.next(&mut record) {
                Ok(true) if record.is_blank() => {}
                Ok(true) if width == 0 => {
                    width = record.fields.len();
                    let knows = |f: &str| {
                        let folded = fold(f);
                        columns.iter().any(|c| c.answers_to(&folded))
                    };
                    known = record.fields.iter().filter(|f| knows(f)).count();
                }
                Ok(true) => agree += usize::from(width > 1 && record.fields.len() == width),
                Ok(false) | Err(_) => break,
            }
        }
        (known, agree, width)
    };
    // The first of equals: the comma.
    let mut best = (Separator::Comma, score(Separator::Comma));
    for separator in &Separator::ALL[1..] {
        let score = score(*separator);
        if score > best.1 {
            best = (*separator, score);
        }
    }
    best.0
}
