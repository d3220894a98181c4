//! CSV as people really have it.
//!
//! A file is decoded ([`Encoding`]), its separator and header found, and its number and day columns decided as a
//! whole before any cell is converted: `1.234` or `03/04/2026` alone could mean two things, a column mostly cannot.
//! Where the column leaves it open, that is a [`Problem`] with a remedy, never a guess.
//! The text is held once, under a size limit; cells are borrowed from it.

mod decode;
mod number;
mod records;
mod row;
mod survey;
mod table;
mod when;
mod write;

use std::fmt;

use serde::Serialize;

pub use decode::Encoding;
pub use number::Decimal;
pub use row::Row;
pub(crate) use table::fold;
pub use table::{Column, Kind, Table};
pub use when::DayOrder;
pub use write::{Cell, Writer, unguard};

/// What one file may cost. The defaults suit a file somebody uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in the whole file; reading stops there, whatever the source still holds.
    pub bytes: usize,
    /// Bytes in one field.
    pub field: usize,
    /// Columns in one line.
    pub columns: usize,
    /// Problems that are listed; the others are counted.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 128 << 20, field: 64 << 10, columns: 1024, problems: 200 }
    }
}

/// What the person importing has said about the file. What is `None` is found out.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The character set.
    pub encoding: Option<Encoding>,
    /// The separator between fields.
    pub separator: Option<Separator>,
    /// Whether `1,5` or `1.5` is one and a half.
    pub decimal: Option<Decimal>,
    /// Whether `03/04/2026` is 3 April or 4 March.
    pub day_order: Option<DayOrder>,
    /// Headers of columns to pass over. Others that nobody knows are a problem, because a misspelt header would
    /// otherwise lose a whole column in silence.
    pub leave_out: Vec<String>,
    /// Pass over every column that is not asked for. For mappings that name each header they want.
    pub leave_out_others: bool,
    /// What the file may cost.
    pub limits: Limits,
}

/// The character between fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Separator {
    pub(crate) const ALL: [Separator; 4] =
        [Separator::Comma, Separator::Semicolon, Separator::Tab, Separator::Bar];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
            Separator::Bar => b'|',
        }
    }
}

impl std::fmt::Display for Separator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Bar => "bars",
        })
    }
}

/// One thing that stops a file from being applied: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Problem {
    /// The line in the file, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// The column by its header as the file writes it, or by its number.
    pub column: Option<String>,
    /// What stood there, cut to 80 characters and without control characters.
    pub value: String,
    /// Why it cannot be used.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// A problem with a line, or with the whole file where `line` is 0.
    pub fn new(
        line: u64,
        column: Option<&str>,
        value: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            line,
            column: column.map(cut),
            value: cut(value),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, ", self.line)?;
        }
        if let Some(column) = &self.column {
            write!(f, "column `{column}`, ")?;
        }
        if !self.value.is_empty() {
            write!(f, "`{}`: ", self.value)?;
        }
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}

impl From<Problem> for domain::feeds::Problem {
    /// As a feed's run keeps it: reason and remedy in one sentence.
    fn from(problem: Problem) -> Self {
        Self {
            line: problem.line,
            column: problem.column.unwrap_or_default(),
            value: problem.value,
            reason: format!("{}; {}", problem.reason, problem.remedy),
        }
    }
}

/// Cuts to 80 characters; control characters become a visible sign, so that a message stays one line.
pub(crate) fn cut(text: &str) -> String {
    let mut out: String =
        text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}

/// The problems of one file: the first ones in full, the rest counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// The first ones, in the order in which they were found.
    pub listed: Vec<Problem>,
    /// How many more there are.
    pub more: u64,
    #[serde(skip)]
    limit: usize,
}

impl Problems {
    /// None yet; lists at most `limit`.
    pub fn new(limit: usize) -> Self {
        Self { listed: Vec::new(), more: 0, limit: limit.max(1) }
    }
    /// True where the file has none.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
    /// How many there are in all.
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.more
    }
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.listed.len() < self.limit {
            self.listed.push(problem);
        } else {
            self.more += 1;
        }
    }
}

/// How a file was read, so that a page can say it and a person can object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dialect {
    /// The character set.
    pub encoding: Encoding,
    /// The separator between fields.
    pub separator: Separator,
    /// The line the header stands on.
    pub header_line: u64,
    /// The columns that were used.
    pub columns: Vec<ColumnRead>,
    /// Headers of columns that were passed over because the importer was told so.
    pub left_out: Vec<String>,
    /// Lines with data.
    pub rows: u64,
    /// Lines with nothing in them, which were passed over.
    pub blank_lines: u64,
    /// Lines at the end that held totals, which were passed over.
    pub totals: Vec<u64>,
    /// Cells of number columns with no value in them. Missing is not zero: they give no observation.
    pub missing: u64,
    /// Other things worth knowing, such as percent signs that were taken off.
    pub notes: Vec<Note>,
}

/// One column and how it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnRead {
    /// Its header as the file writes it.
    pub header: String,
    /// What it was taken for.
    pub name: String,
    /// The decimal sign, for number columns with decimals or grouped thousands.
    pub decimal: Option<Decimal>,
    /// The order of day and month, for day columns written with slashes.
    pub day_order: Option<DayOrder>,
}

/// A remark that does not stop the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The column by its header.
    pub column: String,
    /// The first line it is about.
    pub line: u64,
    /// How many cells it is about.
    pub count: u64,
    /// What was done.
    pub text: String,
}

/// What an importer gives: rows, problems, and how the file was read.
#[derive(Debug, Clone)]
pub struct Imported<T> {
    /// The typed rows. Only worth applying where there is no problem.
    pub rows: T,
    /// What stops the file from being applied.
    pub problems: Problems,
    /// How the file was read; `None` where it could not be opened as a table at all.
    pub dialect: Option<Dialect>,
}

impl<T> Imported<T> {
    /// The rows, or the problems where there are any: for callers that want nothing in between.
    pub fn whole(self) -> Result<(T, Option<Dialect>), Problems> {
        if self.problems.is_empty() { Ok((self.rows, self.dialect)) } else { Err(self.problems) }
    }
}

#[cfg(test)]
mod tests;
