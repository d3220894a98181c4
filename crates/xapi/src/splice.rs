//! A statement as it is stored: what was received, byte for byte, with what the server has to set put in.
//!
//! Three things differ from the received text, and nothing else does:
//! `id`, `timestamp` and `version` are added at the end where they were missing;
//! `stored` and `authority` are added or, where the sender had set them, replaced;
//! an activity that stood alone in `contextActivities` becomes a list of one, as the specification demands
//! (Data 2.4.6.2: "MUST return every value in the contextActivities Object as an array").

use std::ops::Range;

use jiff::Timestamp;
use uuid::Uuid;

use crate::Version;
use crate::json::Value;
use crate::statement::Received;

/// Where the text of a statement is changed on its way into the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// Where the closing brace is.
    close: usize,
    id: bool,
    timestamp: bool,
    version: bool,
    stored: Option<Range<usize>>,
    authority: Option<Range<usize>>,
    /// Activities that stand alone.
    singles: Vec<Range<usize>>,
}

impl Layout {
    /// Of a statement; `singles` are places in the text that the statement is part of.
    pub(crate) fn of(statement: Value<'_>, mut singles: Vec<Range<usize>>) -> Self {
        let whole = statement.span();
        let base = whole.start;
        let here = |range: Range<usize>| range.start - base..range.end - base;
        for single in &mut singles {
            *single = here(single.clone());
        }
        let mut layout = Self { close: whole.len() - 1, singles, ..Self::default() };
        for (key, value) in statement.members() {
            match key {
                "id" => layout.id = true,
                "timestamp" => layout.timestamp = true,
                "version" => layout.version = true,
                "stored" => layout.stored = Some(here(value.span())),
                "authority" => layout.authority = Some(here(value.span())),
                _ => {}
            }
        }
        layout
    }
}

/// What the server sets on a statement that it stores.
#[derive(Clone, Copy, Debug)]
pub struct ServerFields<'a> {
    /// Used where the statement came without an id.
    pub id: Uuid,
    /// When it is stored. Also its timestamp, where it came without one (Data 2.4.7).
    pub stored: Timestamp,
    /// Who vouches for it, as the JSON of an Agent or Group. Replaces what the sender set.
    pub authority: &'a str,
    /// The version of the protocol it came by, for a statement that does not say.
    pub version: Version,
}

/// A statement as it is stored, but for the moment of storing, which is known last and put in when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unstamped {
    /// The text with empty strings where the moment belongs.
    pub text: String,
    /// The places in the text at which the moment belongs, in order.
    pub places: Vec<usize>,
}

impl Unstamped {
    /// The statement as it is given back.
    pub fn stamped(&self, stored: Timestamp) -> String {
        let mut text = self.text.clone();
        stamp(&mut text, &self.places, &rfc3339(stored));
        text
    }
}

/// Puts a moment into a text at some places, which are in order.
pub fn stamp(text: &mut String, places: &[usize], moment: &str) {
    for &place in places.iter().rev() {
        if text.is_char_boundary(place) {
            text.insert_str(place, moment);
        }
    }
}

impl Received {
    /// The statement as stored: the received text with `id`, `timestamp` and `version` added where they were missing, `stored` and
    /// `authority` added or replaced, and activities that stood alone in `contextActivities` put into lists. Nothing else differs.
    pub fn with_server_fields(&self, fields: &ServerFields<'_>) -> String {
        self.unstamped(fields.id, fields.authority, fields.version).stamped(fields.stored)
    }

    /// [`Received::with_server_fields`] before the moment of storing is known.
    pub fn unstamped(&self, id: Uuid, authority: &str, version: Version) -> Unstamped {
        const EMPTY: &str = "\"\"";
        let Self { raw, layout, .. } = self;
        let mut edits: Vec<(usize, usize, &str)> = Vec::with_capacity(2 + 2 * layout.singles.len());
        for single in &layout.singles {
            edits.push((single.start, single.start, "["));
            edits.push((single.end, single.end, "]"));
        }
        if let Some(at) = &layout.stored {
            edits.push((at.start, at.end, EMPTY));
        }
        if let Some(at) = &layout.authority {
            edits.push((at.start, at.end, authority));
        }
        edits.sort_unstable_by_key(|edit| edit.0);
        let mut text = String::with_capacity(raw.len() + authority.len() + 160);
        let mut places = Vec::with_capacity(2);
        let mut from = 0;
        for (start, end, put) in edits {
            text.push_str(&raw[from..start]);
            if put == EMPTY {
                places.push(text.len() + 1);
            }
            text.push_str(put);
            from = end;
        }
        text.push_str(&raw[from..layout.close]);
        if !layout.id {
            let mut buffer = Uuid::encode_buffer();
            text.push_str(",\"id\":\"");
            text.push_str(id.hyphenated().encode_lower(&mut buffer));
            text.push('"');
        }
        for (there, name) in [(layout.timestamp, "timestamp"), (layout.stored.is_some(), "stored")] {
            if !there {
                text.push_str(",\"");
                text.push_str(name);
                text.push_str("\":\"");
                places.push(text.len());
                text.push('"');
            }
        }
        if layout.authority.is_none() {
            text.push_str(",\"authority\":");
            text.push_str(authority);
        }
        if !layout.version {
            text.push_str(",\"version\":\"");
            text.push_str(version.statement_value());
            text.push('"');
        }
        text.push_str(&raw[layout.close..]);
        Unstamped { text, places }
    }
}

/// A moment as the specification wants it: UTC, with milliseconds or, where there are any, microseconds.
pub fn rfc3339(at: Timestamp) -> String {
    if at.subsec_nanosecond() % 1_000_000 == 0 { format!("{at:.3}") } else { format!("{at:.6}") }
}
