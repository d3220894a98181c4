//! CSV for others: RFC 4180, and nothing a spreadsheet would run.

use std::io::{self, Write};

/// One cell to be written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Words. Where they start like a formula, an apostrophe is put before them.
    Text(&'a str),
    /// A number, always with a decimal point and with as many digits as it needs to be read back exactly.
    Number(f64),
    /// No value. An infinite number or NaN is written so, too.
    Empty,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Cell::Text(text)
    }
}
impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Cell::Number(number)
    }
}
impl From<Option<f64>> for Cell<'_> {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Cell::Empty, Cell::Number)
    }
}

/// Writes records, with CRLF after each.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Writes into `out`; give it a buffer where `out` is a file or a socket.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What `out` says.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        let mut count = 0;
        let mut lonely = false;
        for cell in cells {
            if count > 0 {
                self.out.write_all(b",")?;
            }
            count += 1;
            match cell {
                Cell::Text(text) => {
                    lonely = text.is_empty();
                    self.text(text)?;
                }
                Cell::Number(number) if number.is_finite() => {
                    lonely = false;
                    write!(self.out, "{number}")?;
                }
                Cell::Number(_) | Cell::Empty => lonely = true,
            }
        }
        // A record of one empty cell would be a blank line.
        if count == 1 && lonely {
            self.out.write_all(b"\"\"")?;
        }
        self.out.write_all(b"\r\n")
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let guarded = is_formula(text);
        let edge = |c: Option<char>| c.is_some_and(char::is_whitespace);
        let quoted = guarded
            || text.contains([',', ';', '\t', '|', '"', '\n', '\r', '\u{feff}'])
            || edge(text.chars().next())
            || edge(text.chars().next_back());
        if !quoted {
            return self.out.write_all(text.as_bytes());
        }
        self.out.write_all(b"\"")?;
        if guarded {
            self.out.write_all(b"'")?;
        }
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                self.out.write_all(b"\"\"")?;
            }
            self.out.write_all(part.as_bytes())?;
        }
        self.out.write_all(b"\"")
    }

    /// What was written into.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// What a spreadsheet might run, whatever apostrophes stand before it already: so that taking one off again
/// gives exactly what was there.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Takes off the apostrophe that [`Writer`] puts before what looks like a formula.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}
