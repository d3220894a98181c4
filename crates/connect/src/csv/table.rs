//! A file as a table with known columns: header, column decisions, totals rows, and one [`Row`] at a time.

use std::io::Read;

use super::number::Decimal;
use super::records::{Record, Records};
use super::row::{Gathered, Row, Seen};
use super::when::DayOrder;
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
pub(crate) fn fold(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A file that could be opened: its header is known and its columns are decided.
#[derive(Debug)]
pub struct Table {
    pub(super) text: String,
    pub(super) columns: Vec<Column>,
    /// Which field of a record holds which column.
    pub(super) fields: Vec<Option<usize>>,
    /// How number and day columns are read. `None` where the column contradicts itself: its cells give nothing.
    pub(super) decimals: Vec<Option<Decimal>>,
    pub(super) orders: Vec<Option<Option<DayOrder>>>,
    pub(super) width: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) first_line: u64,
    pub(super) has_controls: bool,
    pub(super) options: Options,
    pub(super) problems: Problems,
    pub(super) dialect: Dialect,
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
        let has_controls =
            text.bytes().any(|b| (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t')) || b == 0x7f);
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
            let column = self.columns.iter().position(|c| c.answers_to(&folded));
            if left_out.contains(&folded) || (column.is_none() && self.options.leave_out_others) {
                self.dialect.left_out.push(header.to_owned());
                continue;
            }
            let Some(column) = column else {
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

    pub(super) fn records_of<'t>(&self, text: &'t str) -> Records<'t> {
        Records::new(
            &text[..self.end],
            self.start,
            self.first_line,
            self.dialect.separator.byte(),
            &self.options.limits,
        )
    }

    /// Why a record does not fit under the header; empty fields too many are no matter.
    pub(super) fn misfit(&self, record: &Record<'_>) -> Option<Problem> {
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
            (
                format!("number {}", self.width + 1),
                value,
                format!("put quotes around fields that contain {sign}"),
            )
        } else {
            (self.header_of_field(count), "", "add the fields that are missing, even if empty".to_owned())
        };
        let fields = if count == 1 { "field" } else { "fields" };
        let count = if record.cut_off { format!("more than {count}") } else { count.to_string() };
        let reason = format!("the line has {count} {fields} and the header has {}", self.width);
        Some(Problem::new(record.line, Some(&column), value, reason, remedy))
    }

    pub(super) fn header_of_field(&self, field: usize) -> String {
        self.fields
            .iter()
            .position(|f| *f == Some(field))
            .map_or_else(|| format!("number {}", field + 1), |column| self.header_of(column))
    }

    pub(super) fn header_of(&self, column: usize) -> String {
        let name = &self.columns[column].name;
        self.dialect.columns.iter().find(|c| c.name == *name).map_or(name, |c| &c.header).clone()
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
