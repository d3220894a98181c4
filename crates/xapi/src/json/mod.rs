//! A strict JSON reader that keeps the place of every value.
//!
//! Text is read once into a flat list of nodes in document order, which borrow from the text.
//! No tree is built, and the list is used again for the next statement of a batch.
//! Because each node knows where it lies, what was received can be given back byte for byte,
//! and the path of a value (`$.actor.mbox`) is worked out only when there is a fault to report.

mod value;
mod write;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use crate::rules::{self, Rule};
pub(crate) use value::Value;
use write::plain_run;
pub(crate) use write::{quote, short};

/// What sort of JSON value a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// With its article, for a sentence.
    pub(crate) fn named(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

#[derive(Clone, Copy)]
struct Node {
    kind: Kind,
    /// A string with escapes: its text is in `Doc::unescaped`, and `next` says which.
    escaped: bool,
    start: u32,
    end: u32,
    /// For a container the index after its last descendant; 0 while it is still open.
    next: u32,
}

/// Text that has been read, or is being read.
pub(crate) struct Doc<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    unescaped: String,
    spans: Vec<(u32, u32)>,
    /// Keys that were used before in their object.
    repeated: Vec<u32>,
    depth_limit: usize,
    /// Bytes that one value may take, and where that ends for the value that is being read.
    value_bytes: usize,
    stop_at: usize,
    at: usize,
}

/// Why the text could not be read any further.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) rule: &'static Rule,
    pub(crate) path: String,
    pub(crate) what: String,
}

/// The byte offset and reason, before the path is known.
struct Stop {
    rule: &'static Rule,
    at: usize,
    what: Cow<'static, str>,
}

type Read<T> = Result<T, Stop>;

impl<'a> Doc<'a> {
    /// A reader at the start of `text`, which must be shorter than 4 GiB.
    pub(crate) fn new(text: &'a str, depth_limit: usize) -> Self {
        Self {
            text,
            nodes: Vec::with_capacity(128),
            unescaped: String::new(),
            spans: Vec::new(),
            repeated: Vec::new(),
            depth_limit: depth_limit.min(256),
            value_bytes: usize::MAX,
            stop_at: usize::MAX,
            at: 0,
        }
    }

    /// Stops reading a value that takes more bytes than this, before it takes the memory.
    pub(crate) fn with_value_bytes(mut self, most: usize) -> Self {
        self.value_bytes = most;
        self
    }

    /// Reads a text that is one value and nothing else.
    pub(crate) fn read(text: &'a str, depth_limit: usize) -> Result<Self, Broken> {
        let mut doc = Self::new(text, depth_limit);
        doc.next_value("$")?;
        doc.finish()?;
        Ok(doc)
    }

    /// Reads one value from the current place and forgets the one before. `base` is its path.
    pub(crate) fn next_value(&mut self, base: &str) -> Result<(), Broken> {
        self.nodes.clear();
        self.unescaped.clear();
        self.spans.clear();
        self.repeated.clear();
        self.space();
        let start = self.at;
        self.stop_at = start.saturating_add(self.value_bytes);
        let read = self.value(0).and_then(|()| if self.at > self.stop_at { self.too_long() } else { Ok(()) });
        read.map_err(|stop| self.broken(stop, base))
    }

    /// The first byte of the next value, if there is one.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a byte that was peeked at.
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    /// A fault at the current place, outside of any value.
    pub(crate) fn stopped(&self, path: String, what: impl Into<Cow<'static, str>>) -> Broken {
        let what = format!("{} at {}", what.into(), self.place(self.at));
        Broken { rule: &rules::JSON_WELL_FORMED, path, what }
    }

    /// Nothing but white space may follow.
    pub(crate) fn finish(&mut self) -> Result<(), Broken> {
        match self.peek() {
            None => Ok(()),
            Some(_) => {
                Err(self.stopped("$".to_owned(), "there is more text after the end of the JSON value,"))
            }
        }
    }

    /// The value that was read last.
    pub(crate) fn root(&self) -> Value<'_> {
        Value { doc: self, at: 0 }
    }

    /// The values whose key was used before in the same object.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = Value<'_>> {
        self.repeated.iter().map(|&at| Value { doc: self, at })
    }

    fn place(&self, at: usize) -> String {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
        format!("line {line}, column {column}")
    }

    fn too_long(&self) -> Read<()> {
        let what = format!("the value has more than {} bytes; it is too long", self.value_bytes);
        Err(Stop { rule: &rules::JSON_SIZE, at: self.at, what: what.into() })
    }

    fn broken(&self, stop: Stop, base: &str) -> Broken {
        let path = match self.nodes.len() {
            _ if stop.rule == &rules::JSON_SIZE => base.to_owned(),
            0 => base.to_owned(),
            n => self.path(n as u32 - 1, base),
        };
        Broken { rule: stop.rule, path, what: format!("{} at {}", stop.what, self.place(stop.at)) }
    }

    fn stop<T>(&self, what: impl Into<Cow<'static, str>>) -> Read<T> {
        Err(Stop { rule: &rules::JSON_WELL_FORMED, at: self.at, what: what.into() })
    }

    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node { kind, escaped: false, start: start as u32, end: 0, next: 0 });
        at
    }

    fn close(&mut self, node: usize) {
        let next = self.nodes.len() as u32;
        let end = self.at as u32;
        if let Some(n) = self.nodes.get_mut(node) {
            n.end = end;
            n.next = next;
        }
    }

    fn value(&mut self, depth: usize) -> Read<()> {
        if depth > self.depth_limit {
            let what = format!("values are nested deeper than {} levels", self.depth_limit);
            return Err(Stop { rule: &rules::JSON_DEPTH, at: self.at, what: what.into() });
        }
        if self.at > self.stop_at {
            return self.too_long();
        }
        match self.text.as_bytes().get(self.at) {
            Some(b'"') => self.string(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Kind::Bool),
            Some(b'f') => self.word("false", Kind::Bool),
            Some(b'n') => self.word("null", Kind::Null),
            None => self.stop("the text ends where a value belongs,"),
            Some(_) => {
                let rest = &self.text[self.at..];
                if rest.starts_with("NaN") || rest.starts_with("Infinity") {
                    self.stop("NaN and Infinity are not JSON numbers,")
                } else if rest.starts_with('\u{feff}') {
                    self.stop("the text starts with a byte order mark,")
                } else {
                    let found: String = rest.chars().take(1).collect();
                    self.stop(format!("`{}` is here where a value belongs,", found.escape_debug()))
                }
            }
        }
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Read<()> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.stop(format!("a bare word that is not `{word}` is here where a value belongs,"));
        }
        let node = self.push(kind, self.at);
        self.at += word.len();
        self.close(node);
        Ok(())
    }

    fn number(&mut self) -> Read<()> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let node = self.push(Kind::Number, start);
        if bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => {
                return self
                    .stop("a number has no digit after its sign (NaN and Infinity are not JSON numbers),");
            }
        }
        if let Some(b'0'..=b'9') = bytes.get(self.at) {
            return self.stop("a number starts with a needless 0,");
        }
        let mut unusual = self.at - start > 300;
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !matches!(bytes.get(self.at), Some(b'0'..=b'9')) {
                return self.stop("a number has no digit after its point,");
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = bytes.get(self.at) {
            unusual = true;
            self.at += 1;
            if let Some(b'+' | b'-') = bytes.get(self.at) {
                self.at += 1;
            }
            if !matches!(bytes.get(self.at), Some(b'0'..=b'9')) {
                return self.stop("a number has no digit in its exponent,");
            }
            self.digits();
        }
        if unusual && !self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Stop {
                rule: &rules::JSON_NUMBER_RANGE,
                at: start,
                what: "a number is too large for a double,".into(),
            });
        }
        self.close(node);
        Ok(())
    }

    fn digits(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b'0'..=b'9') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Read<()> {
        let node = self.push(Kind::String, self.at);
        let bytes = self.text.as_bytes();
        let i = plain_run(bytes, self.at + 1);
        match bytes.get(i) {
            Some(b'"') => {}
            Some(b'\\') => return self.escaped_string(node, i),
            Some(_) => {
                self.at = i;
                return self.stop("a string holds a bare control character,");
            }
            None => return self.stop("a string is not closed; it starts"),
        }
        self.at = i + 1;
        self.close(node);
        Ok(())
    }

    fn escaped_string(&mut self, node: usize, first: usize) -> Read<()> {
        let text = self.text;
        let bytes = text.as_bytes();
        let from = self.unescaped.len() as u32;
        let mut plain = self.at + 1;
        let mut i = first;
        loop {
            match bytes.get(i) {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.unescaped.push_str(&text[plain..i]);
                    self.at = i;
                    let (c, used) = self.escape(i)?;
                    self.unescaped.push(c);
                    i += used;
                    plain = i;
                }
                Some(0..=0x1f) => {
                    self.at = i;
                    return self.stop("a string holds a bare control character,");
                }
                Some(_) => i += 1,
                None => return self.stop("a string is not closed; its last escape is"),
            }
        }
        self.unescaped.push_str(&text[plain..i]);
        self.at = i + 1;
        self.close(node);
        let span = self.spans.len() as u32;
        self.spans.push((from, self.unescaped.len() as u32));
        if let Some(n) = self.nodes.get_mut(node) {
            n.escaped = true;
            n.next = span;
        }
        Ok(())
    }

    /// The character that the escape at `i` stands for, and how many bytes it takes.
    fn escape(&self, i: usize) -> Read<(char, usize)> {
        let bytes = self.text.as_bytes();
        let simple = match bytes.get(i + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(unit) = hex4(bytes, i + 2) else {
                    return self.stop("`\\u` is not followed by four hexadecimal digits");
                };
                return match unit {
                    0xd800..=0xdbff
                        if bytes.get(i + 6) == Some(&b'\\') && bytes.get(i + 7) == Some(&b'u') =>
                    {
                        match hex4(bytes, i + 8) {
                            Some(low @ 0xdc00..=0xdfff) => {
                                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                                Ok((char::from_u32(code).unwrap_or('\u{fffd}'), 12))
                            }
                            _ => self.stop("a string holds half of a surrogate pair"),
                        }
                    }
                    0xd800..=0xdfff => self.stop("a string holds half of a surrogate pair"),
                    _ => Ok((char::from_u32(unit).unwrap_or('\u{fffd}'), 6)),
                };
            }
            _ => return self.stop("a string holds a backslash that starts no JSON escape"),
        };
        Ok((simple, 2))
    }

    fn array(&mut self, depth: usize) -> Read<()> {
        let node = self.push(Kind::Array, self.at);
        self.at += 1;
        self.space();
        if self.text.as_bytes().get(self.at) == Some(&b']') {
            self.at += 1;
            self.close(node);
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.space();
            match self.text.as_bytes().get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.stop("`,` or `]` is missing after an array item"),
            }
            self.space();
        }
        self.at += 1;
        self.close(node);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Read<()> {
        let node = self.push(Kind::Object, self.at);
        self.at += 1;
        self.space();
        if self.text.as_bytes().get(self.at) == Some(&b'}') {
            self.at += 1;
            self.close(node);
            return Ok(());
        }
        let mut members = 0_usize;
        loop {
            if self.text.as_bytes().get(self.at) != Some(&b'"') {
                return self.stop("a property name in quotes is missing");
            }
            self.string()?;
            members += 1;
            self.space();
            if self.text.as_bytes().get(self.at) != Some(&b':') {
                return self.stop("`:` is missing after a property name");
            }
            self.at += 1;
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.text.as_bytes().get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.stop("`,` or `}` is missing after a property"),
            }
            self.space();
        }
        self.at += 1;
        self.close(node);
        self.find_repeated(node as u32, members);
        Ok(())
    }

    fn find_repeated(&mut self, object: u32, members: usize) {
        if members < 2 {
            return;
        }
        let mut found = Vec::new();
        let value = Value { doc: self, at: object };
        if members <= 16 {
            let mut seen: [&str; 16] = [""; 16];
            for (n, (key, value)) in value.members().enumerate() {
                if seen[..n.min(16)].contains(&key) {
                    found.push(value.at);
                }
                if let Some(slot) = seen.get_mut(n) {
                    *slot = key;
                }
            }
        } else {
            let mut seen = HashSet::with_capacity(members);
            found.extend(value.members().filter(|(key, _)| !seen.insert(*key)).map(|(_, value)| value.at));
        }
        self.repeated.extend(found);
    }

    /// The path of a node, from the root: only ever worked out for a fault.
    fn path(&self, target: u32, base: &str) -> String {
        let mut path = base.to_owned();
        let mut at = 0;
        'down: while at != target {
            let here = Value { doc: self, at };
            let is_object = here.kind() == Kind::Object;
            let last = here.after();
            let mut child = at + 1;
            let mut index = 0;
            while child < last && child <= target {
                if is_object {
                    let key = Value { doc: self, at: child };
                    let value = child + 1;
                    let end = if value < last { Value { doc: self, at: value }.after() } else { last };
                    if target < end || value >= last {
                        let Some(name) = key.text() else { return path };
                        push_key(&mut path, name);
                        if target == child || value >= last {
                            return path;
                        }
                        at = value;
                        continue 'down;
                    }
                    child = end;
                } else {
                    let end = Value { doc: self, at: child }.after();
                    if target < end {
                        let _ = write!(path, "[{index}]");
                        at = child;
                        continue 'down;
                    }
                    index += 1;
                    child = end;
                }
            }
            return path;
        }
        path
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    let mut n = 0;
    for &d in digits {
        n = n * 16 + (d as char).to_digit(16)?;
    }
    Some(n)
}

/// Adds a property to a path: `.actor`, or `["http://…"]` where the name is not a plain word.
pub(crate) fn push_key(path: &mut String, key: &str) {
    let plain = !key.is_empty()
        && key.len() <= 64
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !key.starts_with(|c: char| c.is_ascii_digit());
    if plain {
        path.push('.');
        path.push_str(key);
    } else {
        path.push('[');
        quote(&short(key, 120), path);
        path.push(']');
    }
}
