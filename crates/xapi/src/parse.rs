//! From the bytes of a request to statements, or to everything that is wrong with them.

use std::collections::HashMap;

use uuid::Uuid;

use crate::json::{Broken, Doc};
use crate::judge::Judge;
use crate::rules::{self, Rule};
use crate::statement::{Received, Statement};
use crate::{Actor, Fault, Faults, Version};

/// How much is read before a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole body.
    pub body_bytes: usize,
    /// Bytes of one statement.
    pub statement_bytes: usize,
    /// Statements in a batch.
    pub statements: usize,
    /// Parts of a multipart/mixed request.
    pub parts: usize,
    /// Levels of nesting, at most 256.
    pub depth: usize,
    /// Faults that are reported; the rest are left unsaid.
    pub faults: usize,
}

/// Reads the body of a POST or PUT of statements: one statement, or an array of them.
///
/// All or nothing, as the specification demands for a batch: either every statement is good, or every fault of every
/// statement comes back. An empty array is an empty batch, which is good.
pub fn parse_statements(body: &[u8], version: Version, limits: Limits) -> Result<Vec<Received>, Faults> {
    let refuse = |rule: &'static Rule, path: &str, what: String| vec![Fault::new(rule, version, path, what)];
    if body.len() > limits.body_bytes.min(u32::MAX as usize) {
        let what = format!("the body has {} bytes; the most is {}", body.len(), limits.body_bytes);
        return Err(refuse(&rules::JSON_SIZE, "$", what));
    }
    let text = std::str::from_utf8(body).map_err(|e| {
        let what = format!("byte {} of the body does not belong to UTF-8 text", e.valid_up_to());
        refuse(&rules::JSON_UTF8, "$", what)
    })?;
    let mut batch = Batch { version, limits, faults: Vec::new(), received: Vec::new(), ids: HashMap::new() };
    let mut doc = Doc::new(text, limits.depth).with_value_bytes(limits.statement_bytes);
    if let Err(broken) = batch.read(&mut doc) {
        batch.faults.push(Fault::new(broken.rule, version, broken.path, broken.what));
    }
    if batch.faults.is_empty() { Ok(batch.received) } else { Err(batch.faults) }
}

/// Reads the JSON of an Agent or Group, such as the `agent` parameter of a query. `place` names it in faults.
pub fn parse_actor(text: &str, place: &str, version: Version) -> Result<Actor, Faults> {
    let doc = Doc::read(text, 16).map_err(|broken| {
        vec![Fault::new(broken.rule, version, broken.path.replacen('$', place, 1), broken.what)]
    })?;
    let mut judge = Judge::new(&doc, version, place, 50);
    let actor = judge.actor(doc.root());
    match (actor, judge.into_faults()) {
        (Some(actor), faults) if faults.is_empty() => Ok(actor),
        (_, faults) => Err(faults),
    }
}

/// Reads a statement that was accepted before, whichever version it came by; `None` for a text that no version accepts.
pub fn read_stored(text: &str) -> Option<Statement> {
    let limits =
        Limits { body_bytes: usize::MAX, statement_bytes: usize::MAX, depth: 256, ..Limits::default() };
    [Version::V1_0_3, Version::V2_0]
        .into_iter()
        .find_map(|version| parse_statements(text.as_bytes(), version, limits).ok())
        .and_then(|mut one| one.pop())
        .map(|received| received.statement)
}

struct Batch {
    version: Version,
    limits: Limits,
    faults: Faults,
    received: Vec<Received>,
    /// The place of each id that was given.
    ids: HashMap<Uuid, usize>,
}

impl Batch {
    fn read(&mut self, doc: &mut Doc<'_>) -> Result<(), Broken> {
        if doc.peek() != Some(b'[') {
            doc.next_value("$")?;
            self.judge(doc, "$", None);
            return doc.finish();
        }
        doc.step();
        if doc.peek() == Some(b']') {
            doc.step();
            return doc.finish();
        }
        let mut count = 0;
        loop {
            let base = format!("$[{count}]");
            if count == self.limits.statements {
                return Err(Broken {
                    rule: &rules::STATEMENT_COUNT,
                    path: base,
                    what: format!("there are more than {} statements", self.limits.statements),
                });
            }
            doc.peek();
            doc.next_value(&base)?;
            self.judge(doc, &base, Some(count));
            count += 1;
            match doc.peek() {
                Some(b',') => doc.step(),
                Some(b']') => break,
                _ => return Err(doc.stopped(base, "`,` or `]` is missing after a statement")),
            }
        }
        doc.step();
        doc.finish()
    }

    fn judge(&mut self, doc: &Doc<'_>, base: &str, place: Option<usize>) {
        let room = self.limits.faults.saturating_sub(self.faults.len());
        let mut judge = Judge::new(doc, self.version, base, room);
        let root = doc.root();
        let parsed = judge.statement(root);
        if let Some((statement, _)) = &parsed
            && let Some(id) = statement.id
            && let Some(first) = self.ids.insert(id, place.unwrap_or_default())
        {
            let at = root.get("id").unwrap_or(root);
            judge.fault(
                at,
                &rules::STATEMENT_ID_REPEATED,
                format!("statement $[{first}] of this request has this id too"),
            );
        }
        let faults = judge.into_faults();
        match parsed {
            Some((statement, layout)) if faults.is_empty() && self.faults.is_empty() => {
                self.received.push(Received { statement, raw: root.raw().to_owned(), place, layout });
            }
            _ => self.faults.extend(faults),
        }
    }
}
