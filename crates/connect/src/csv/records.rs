//! Text to records: quotes, line ends, limits. RFC 4180, and what it leaves out.

use std::borrow::Cow;

use super::Limits;

/// The fields of one record, borrowed from the text except where a doubled quote had to be undone.
#[derive(Debug, Default)]
pub(super) struct Record<'t> {
    pub(super) line: u64,
    /// Where the record starts in the text.
    pub(super) start: usize,
    pub(super) fields: Vec<Cow<'t, str>>,
    /// True where the record has more fields than the limit; those were passed over.
    pub(super) cut_off: bool,
}

impl Record<'_> {
    /// Nothing but white space in it.
    pub(super) fn is_blank(&self) -> bool {
        self.fields.iter().all(|f| f.trim().is_empty())
    }
}

/// Why a record cannot be split. `ends` says that what follows cannot be trusted either.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: u64,
    /// From 0.
    pub(super) field: usize,
    pub(super) reason: String,
    pub(super) remedy: &'static str,
    pub(super) ends: bool,
}

/// Walks through the records of a text.
#[derive(Debug, Clone)]
pub(super) struct Records<'t> {
    text: &'t str,
    pos: usize,
    line: u64,
    separator: u8,
    field_limit: usize,
    column_limit: usize,
}

impl<'t> Records<'t> {
    /// From byte `start`, which is on line `line`.
    pub(super) fn new(text: &'t str, start: usize, line: u64, separator: u8, limits: &Limits) -> Self {
        Self { text, pos: start, line, separator, field_limit: limits.field, column_limit: limits.columns }
    }

    /// Where the next record starts, and on which line.
    pub(super) fn place(&self) -> (usize, u64) {
        (self.pos, self.line)
    }

    /// Reads the next record into `record`; `false` at the end.
    pub(super) fn next(&mut self, record: &mut Record<'t>) -> Result<bool, Fault> {
        record.fields.clear();
        record.cut_off = false;
        record.line = self.line;
        record.start = self.pos;
        let bytes = self.text.as_bytes();
        if self.pos >= bytes.len() {
            return Ok(false);
        }
        let mut fault = None;
        loop {
            let index = record.fields.len();
            let field = if bytes.get(self.pos) == Some(&b'"') { self.quoted(index)? } else { self.plain() };
            match field {
                Ok(field) if index < self.column_limit => record.fields.push(field),
                Ok(_) => record.cut_off = true,
                Err(f) => {
                    fault.get_or_insert(Fault { field: index, ..f });
                    record.fields.push(Cow::Borrowed(""));
                }
            }
            match bytes.get(self.pos) {
                Some(b) if *b == self.separator => self.pos += 1,
                Some(b'\r') => {
                    self.pos += if bytes.get(self.pos + 1) == Some(&b'\n') { 2 } else { 1 };
                    self.line += 1;
                    break;
                }
                Some(b'\n') => {
                    self.pos += 1;
                    self.line += 1;
                    break;
                }
                _ => break,
            }
        }
        fault.map_or(Ok(true), Err)
    }

    /// A field without quotes: up to the separator or the end of the line.
    fn plain(&mut self) -> Result<Cow<'t, str>, Fault> {
        let rest = &self.text.as_bytes()[self.pos..];
        let separator = self.separator;
        let len =
            rest.iter().position(|b| *b == separator || *b == b'\n' || *b == b'\r').unwrap_or(rest.len());
        let start = self.pos;
        self.pos += len;
        if len > self.field_limit {
            return Err(self.too_long(self.line, false));
        }
        Ok(Cow::Borrowed(&self.text[start..start + len]))
    }

    /// A field in quotes. The outer error ends the file, the inner one only spoils the record.
    fn quoted(&mut self, index: usize) -> Result<Result<Cow<'t, str>, Fault>, Fault> {
        let bytes = self.text.as_bytes();
        let (line, start) = (self.line, self.pos + 1);
        let mut at = start;
        let mut doubled = false;
        loop {
            match bytes.get(at) {
                Some(b'"') if bytes.get(at + 1) == Some(&b'"') => {
                    doubled = true;
                    at += 2;
                }
                Some(b'"') => break,
                Some(b'\n') => {
                    self.line += 1;
                    at += 1;
                }
                Some(b'\r') => {
                    self.line += u64::from(bytes.get(at + 1) != Some(&b'\n'));
                    at += 1;
                }
                Some(_) => at += 1,
                None => {
                    self.pos = bytes.len();
                    return Err(Fault {
                        line,
                        field: index,
                        reason: "a quote is opened here and never closed".into(),
                        remedy: "close the quote, or write a quote inside a field twice",
                        ends: true,
                    });
                }
            }
            if at - start > self.field_limit {
                self.pos = bytes.len();
                return Err(Fault { field: index, ..self.too_long(line, true) });
            }
        }
        let inner = &self.text[start..at];
        self.pos = at + 1;
        let tail = &bytes[self.pos..];
        let separator = self.separator;
        let len =
            tail.iter().position(|b| *b == separator || *b == b'\n' || *b == b'\r').unwrap_or(tail.len());
        let after = &tail[..len];
        self.pos += len;
        if !after.iter().all(|b| *b == b' ' || *b == b'\t') {
            return Ok(Err(Fault {
                line: self.line,
                field: index,
                reason: "text follows the closing quote".into(),
                remedy: "put the whole field in quotes, and write a quote inside it twice",
                ends: false,
            }));
        }
        Ok(Ok(if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) }))
    }

    fn too_long(&self, line: u64, ends: bool) -> Fault {
        Fault {
            line,
            field: 0,
            reason: format!("the field is longer than {}", super::decode::size(self.field_limit)),
            remedy: if ends { "shorten it, and see whether its quote is closed" } else { "shorten it" },
            ends,
        }
    }
}
