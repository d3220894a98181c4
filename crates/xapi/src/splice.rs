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

impl Received {
    /// The statement as stored: the received text with `id`, `timestamp` and `version` added where they were missing, `stored` and
    /// `authority` added or replaced, and activities that stood alone in `contextActivities` put into lists. Nothing else differs.
    pub fn with_server_fields(&self, fields: &ServerFields<'_>) -> String {
        let Self { raw, layout, .. } = self;
        let stored = format!("\"{}\"", rfc3339(fields.stored));
        let mut edits: Vec<(usize, usize, &str)> = Vec::with_capacity(2 + 2 * layout.singles.len());
        for single in &layout.singles {
            edits.push((single.start, single.start, "["));
            edits.push((single.end, single.end, "]"));
        }
        if let Some(at) = &layout.stored {
            edits.push((at.start, at.end, &stored));
        }
        if let Some(at) = &layout.authority {
            edits.push((at.start, at.end, fields.authority));
        }
        edits.sort_unstable_by_key(|edit| edit.0);
        let mut out = String::with_capacity(raw.len() + fields.authority.len() + 240);
        let mut from = 0;
        for (start, end, text) in edits {
            out.push_str(&raw[from..start]);
            out.push_str(text);
            from = end;
        }
        out.push_str(&raw[from..layout.close]);
        let mut add = |there: bool, name: &str, value: &str| {
            if !there {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                out.push_str(value);
            }
        };
        if !layout.id {
            let mut buffer = Uuid::encode_buffer();
            let id = fields.id.hyphenated().encode_lower(&mut buffer);
            add(false, "id", &format!("\"{id}\""));
        }
        add(layout.timestamp, "timestamp", &stored);
        add(layout.stored.is_some(), "stored", &stored);
        add(layout.authority.is_some(), "authority", fields.authority);
        add(layout.version, "version", &format!("\"{}\"", fields.version.statement_value()));
        out.push_str(&raw[layout.close..]);
        out
    }
}

/// A moment as the specification wants it: UTC, with milliseconds or, where there are any, microseconds.
pub fn rfc3339(at: Timestamp) -> String {
    if at.subsec_nanosecond() % 1_000_000 == 0 { format!("{at:.3}") } else { format!("{at:.6}") }
}
