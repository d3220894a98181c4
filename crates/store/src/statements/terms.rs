//! What statements are found by: an index from terms to places in the order, taken in by larger strides.
//!
//! A [`Term`] is a hash of what a filter may ask for: this verb, this actor, this day of this account. The transaction that stores
//! statements appends one row to `statement_pending` with every term of every statement. [`take_in`] later merges what waits into
//! `statement_term`, where each term keeps its places in chunks, so that one page is written for many statements.
//! Readers look at both, so that whatever is stored is found, taken in or not; a place that is in both counts once.
//!
//! A chunk is a row of rising places under the first of them. The last chunk of a term, which still grows, stands under 0.
//! Places are merged as sets: to take something in twice is to take it in once.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AccountId, KeyId};
use domain::time::Instant;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::{Engine, Error, Read, Tx, Value};
use crate::{params, varint};

type Result<T> = std::result::Result<T, Error>;

/// Something that statements can be found by: the first 64 bits of a SHA-256.
///
/// Two things that are asked for share one with a chance of 1 in 2⁶⁴; among a hundred million of them that any two do is 1 in 3,700.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term(i64);

/// Whether a statement is found by what it says or by what a statement says that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What it says itself.
    Own,
    /// What a statement says that its object refers to, over any number of steps (Communication 2.1.3).
    Reference,
}

impl Term {
    fn new(kind: u8, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update([kind]);
        for part in parts {
            hash.update(part);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        Self(i64::from_be_bytes(first))
    }
    /// This verb.
    pub fn verb(iri: &str) -> Self {
        Self::new(1, &[iri.as_bytes()])
    }
    /// Done by this account and nobody else.
    pub fn actor(account: AccountId) -> Self {
        Self::new(2, &[account.uuid().as_bytes()])
    }
    /// Names this account as object or as one of several actors.
    pub fn party(account: AccountId) -> Self {
        Self::new(3, &[account.uuid().as_bytes()])
    }
    /// Names this account elsewhere.
    pub fn mention(account: AccountId) -> Self {
        Self::new(4, &[account.uuid().as_bytes()])
    }
    /// About this activity.
    pub fn object(iri: &str) -> Self {
        Self::new(5, &[iri.as_bytes()])
    }
    /// Names this activity elsewhere.
    pub fn related(iri: &str) -> Self {
        Self::new(6, &[iri.as_bytes()])
    }
    /// Of this attempt or enrolment.
    pub fn registration(registration: Uuid) -> Self {
        Self::new(7, &[registration.as_bytes()])
    }
    /// Sent with this key.
    pub fn sent_by(key: KeyId) -> Self {
        Self::new(8, &[key.uuid().as_bytes()])
    }
    /// Done by this account alone on this day of UTC, counted from 1970-01-01.
    pub fn day(account: AccountId, day: i64) -> Self {
        Self::new(9, &[account.uuid().as_bytes(), &day.to_be_bytes()])
    }
    /// The same by reference: a term of its own, so that what several statements say is never taken for one's saying.
    fn seen(self, by: By) -> Self {
        match by {
            By::Own => self,
            By::Reference => Self(self.0 ^ 0x5265_6665_7265_6e63),
        }
    }
}

/// The day of UTC of a moment.
pub(crate) fn day_of(at: Instant) -> i64 {
    at.micros().div_euclid(86_400_000_000)
}

/// Terms and the places at which statements have them.
#[derive(Debug, Clone, Default)]
pub struct Postings(Vec<(Term, i64)>);

impl Postings {
    /// Adds one.
    pub fn add(&mut self, term: Term, by: By, seq: i64) {
        self.0.push((term.seen(by), seq));
    }

    /// Takes out what others hold as well.
    pub fn subtract(&mut self, others: &Postings) {
        let others: BTreeSet<(Term, i64)> = others.0.iter().copied().collect();
        self.0.retain(|one| !others.contains(one));
    }

    /// Each term once, with its places in order.
    fn groups(&mut self) -> impl Iterator<Item = (Term, Vec<i64>)> + '_ {
        self.0.sort_unstable();
        self.0.dedup();
        self.0.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|(_, seq)| *seq).collect()))
    }
}

/// Notes what statements that were just stored are found by. `at` is the first of their places.
pub fn note(tx: &mut Tx, at: i64, mut postings: Postings) -> Result<()> {
    let mut bytes = Vec::with_capacity(postings.0.len() * 8);
    for (term, seqs) in postings.groups() {
        bytes.extend_from_slice(&term.0.to_le_bytes());
        varint::put(&mut bytes, seqs.len() as u64);
        varint::put_rising(&mut bytes, &seqs);
    }
    tx.execute("INSERT INTO statement_pending (at, postings) VALUES ($1, $2)", params![at, bytes])?;
    Ok(())
}

fn broken(what: &str) -> Error {
    Error::BadValue {
        place: what.to_owned(),
        reason: "it is cut short; make the derived tables again with `throughline rebuild`".to_owned(),
    }
}

/// Goes through one row of what waits; `wanted` says of which terms the places are given.
fn unfold(
    mut bytes: &[u8],
    mut wanted: impl FnMut(Term) -> bool,
    mut give: impl FnMut(Term, &[i64]),
) -> Result<()> {
    let cut = || broken("statement_pending.postings");
    let mut seqs = Vec::new();
    while let Some((term, rest)) = bytes.split_first_chunk::<8>() {
        bytes = rest;
        let term = Term(i64::from_le_bytes(*term));
        let count = varint::take(&mut bytes).ok_or_else(cut)? as usize;
        if wanted(term) {
            seqs.clear();
            varint::take_rising(&mut bytes, count, &mut seqs).ok_or_else(cut)?;
            give(term, &seqs);
        } else {
            for _ in 0..count {
                varint::take(&mut bytes).ok_or_else(cut)?;
            }
        }
    }
    Ok(())
}

/// The places of a chunk.
fn places(mut bytes: &[u8]) -> Result<Vec<i64>> {
    let mut seqs = Vec::with_capacity(CHUNK);
    while !bytes.is_empty() {
        let before = seqs.last().copied().unwrap_or(0);
        let step = varint::take(&mut bytes).ok_or_else(|| broken("statement_term.seqs"))? as i64;
        seqs.push(before + step);
    }
    Ok(seqs)
}

// ---------------------------------------------------------------- taking in

/// Places in a chunk that is full.
const CHUNK: usize = 256;
/// The key under which the chunk stands that still grows.
const GROWING: i64 = 0;

/// What waits, or as much of it as one stride takes.
#[derive(Debug, Default)]
pub struct Stride {
    /// Each term with its places, in order.
    terms: Vec<(Term, Vec<i64>)>,
    /// The rows that hold them.
    rows: Vec<i64>,
    /// Whether more waits.
    pub more: bool,
}

impl Stride {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    /// Cuts off at most so many terms, for one transaction of their own.
    pub fn slice(&mut self, terms: usize) -> Vec<(Term, Vec<i64>)> {
        self.terms.drain(..terms.min(self.terms.len())).collect()
    }
    /// The rows to be taken away when every slice is in; `None` while there are slices left.
    pub fn finished(&mut self) -> Option<Vec<i64>> {
        self.terms.is_empty().then(|| std::mem::take(&mut self.rows))
    }
}

/// Reads what waits, rows of up to `bytes` together.
pub fn waiting(r: &mut Read, bytes: usize) -> Result<Stride> {
    let mut stride = Stride::default();
    let mut postings = Postings::default();
    let mut read = 0;
    // Rows are small and few: a group of requests makes one.
    const ROWS: i64 = 4_096;
    let rows: Vec<(i64, Vec<u8>)> =
        r.query("SELECT at, postings FROM statement_pending ORDER BY at LIMIT $1", params![ROWS], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    stride.more = rows.len() == ROWS as usize;
    for (at, row) in rows {
        if read > bytes {
            stride.more = true;
            break;
        }
        read += row.len();
        unfold(&row, |_| true, |term, seqs| postings.0.extend(seqs.iter().map(|&seq| (term, seq))))?;
        stride.rows.push(at);
    }
    stride.terms = postings.groups().collect();
    Ok(stride)
}

/// Merges the places of terms into their chunks. Each term at most once.
pub fn take_in(tx: &mut Tx, slice: &[(Term, Vec<i64>)]) -> Result<()> {
    one_at_a_time(tx)?;
    let growing: BTreeMap<i64, Vec<u8>> = tx
        .query(
            "SELECT term, seqs FROM statement_term WHERE term = ANY($1) AND first = 0",
            params![Value::list(slice.iter().map(|(term, _)| term.0))],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let mut changed: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    for (term, seqs) in slice {
        let mut chunk = match growing.get(&term.0) {
            Some(bytes) => places(bytes)?,
            None => Vec::new(),
        };
        let begins = chunk.first().copied().unwrap_or(0);
        let late = seqs.partition_point(|&seq| seq < begins);
        for &seq in &seqs[..late] {
            merge_late(tx, term.0, seq, &mut changed)?;
        }
        merge(&mut chunk, &seqs[late..]);
        if chunk.len() <= CHUNK {
            changed.insert((term.0, GROWING), chunk);
            continue;
        }
        let full = (chunk.len() - 1) / CHUNK * CHUNK;
        for piece in chunk[..full].chunks(CHUNK) {
            changed.insert((term.0, piece[0]), piece.to_vec());
        }
        changed.insert((term.0, GROWING), chunk[full..].to_vec());
    }
    tx.insert_many(
        "statement_term",
        &["term", "first", "seqs"],
        changed.into_iter().map(|((term, first), seqs)| {
            let mut bytes = Vec::with_capacity(seqs.len() * 2 + 4);
            varint::put_rising(&mut bytes, &seqs);
            params![term, first, bytes]
        }),
        "ON CONFLICT (term, first) DO UPDATE SET seqs = excluded.seqs",
    )?;
    Ok(())
}

/// One at a time, whichever server it is: a chunk is read, changed and written.
fn one_at_a_time(tx: &mut Tx) -> Result<()> {
    tx.execute(
        "INSERT INTO pipeline_cursor (step, position) VALUES ('terms', 0)
         ON CONFLICT (step) DO UPDATE SET position = pipeline_cursor.position",
        params![],
    )?;
    Ok(())
}

/// Adds places to a chunk.
fn merge(chunk: &mut Vec<i64>, seqs: &[i64]) {
    let rises = chunk.last().is_none_or(|last| seqs.first().is_some_and(|first| first > last));
    chunk.extend_from_slice(seqs);
    if !rises {
        chunk.sort_unstable();
        chunk.dedup();
    }
}

/// Adds a place that lies before the chunk that grows: a statement was told of what it refers to after it was taken in.
fn merge_late(tx: &mut Tx, term: i64, seq: i64, changed: &mut BTreeMap<(i64, i64), Vec<i64>>) -> Result<()> {
    let found: Option<(i64, Vec<u8>)> = tx.query_one(
        "SELECT first, seqs FROM statement_term WHERE term = $1 AND first > 0 AND first <= $2
         ORDER BY first DESC LIMIT 1",
        params![term, seq],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let near = changed.range((term, 1)..=(term, seq)).next_back().map(|((_, first), _)| *first);
    let (first, stored) = match (found, near) {
        (Some((first, _)), Some(near)) if near >= first => (near, None),
        (None, Some(near)) => (near, None),
        (Some((first, bytes)), _) => (first, Some(places(&bytes)?)),
        (None, None) => (seq, None),
    };
    let chunk = changed.entry((term, first)).or_insert_with(|| stored.unwrap_or_default());
    merge(chunk, &[seq]);
    Ok(())
}

/// Takes places out of terms. What waits is not looked at: take it in before.
pub fn forget(tx: &mut Tx, mut postings: Postings) -> Result<()> {
    one_at_a_time(tx)?;
    let groups: Vec<(Term, Vec<i64>)> = postings.groups().collect();
    for (Term(term), seqs) in groups {
        let growing: Option<Vec<u8>> = tx.query_one(
            "SELECT seqs FROM statement_term WHERE term = $1 AND first = 0",
            params![term],
            |row| row.get(0),
        )?;
        let Some(growing) = growing else { continue };
        let mut growing = places(&growing)?;
        let old = seqs.partition_point(|seq| growing.first().is_none_or(|first| seq < first));
        forget_full(tx, term, &seqs[..old])?;
        if old == seqs.len() {
            continue;
        }
        growing.retain(|seq| seqs[old..].binary_search(seq).is_err());
        if growing.is_empty() {
            // There is always a chunk that grows where there is any: the last of the full ones takes its place.
            let last: Option<(i64, Vec<u8>)> = tx.query_one(
                "SELECT first, seqs FROM statement_term WHERE term = $1 AND first > 0 ORDER BY first DESC LIMIT 1",
                params![term],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if let Some((first, bytes)) = last {
                growing = places(&bytes)?;
                put_chunk(tx, term, first, &[])?;
            }
        }
        put_chunk(tx, term, GROWING, &growing)?;
    }
    Ok(())
}

/// Takes rising places out of the full chunks of a term.
fn forget_full(tx: &mut Tx, term: i64, seqs: &[i64]) -> Result<()> {
    let mut rest = seqs;
    while let Some(&seq) = rest.first() {
        let found: Option<(i64, Vec<u8>)> = tx.query_one(
            "SELECT first, seqs FROM statement_term WHERE term = $1 AND first > 0 AND first <= $2
             ORDER BY first DESC LIMIT 1",
            params![term, seq],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((first, bytes)) = found else {
            rest = &rest[1..];
            continue;
        };
        let mut chunk = places(&bytes)?;
        let here = rest.partition_point(|seq| chunk.last().is_some_and(|last| seq <= last)).max(1);
        chunk.retain(|seq| rest[..here].binary_search(seq).is_err());
        put_chunk(tx, term, first, &chunk)?;
        rest = &rest[here..];
    }
    Ok(())
}

/// Writes a chunk, or takes it away where it is empty.
fn put_chunk(tx: &mut Tx, term: i64, first: i64, seqs: &[i64]) -> Result<()> {
    if seqs.is_empty() {
        tx.execute("DELETE FROM statement_term WHERE term = $1 AND first = $2", params![term, first])?;
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(seqs.len() * 2 + 4);
    varint::put_rising(&mut bytes, seqs);
    tx.execute(
        "UPDATE statement_term SET seqs = $3 WHERE term = $1 AND first = $2",
        params![term, first, bytes],
    )?;
    Ok(())
}

/// Whether any statement has one of some terms.
pub fn any(r: &mut Read, terms: &[Term]) -> Result<bool> {
    Ok(!Tail::read(r, &terms.iter().copied().collect())?.lacks(terms))
}

/// Takes rows away whose terms are all in.
pub fn drop_waiting(tx: &mut Tx, rows: &[i64]) -> Result<()> {
    tx.execute(
        "DELETE FROM statement_pending WHERE at = ANY($1)",
        params![Value::list(rows.iter().copied())],
    )?;
    Ok(())
}

/// Takes everything away, to be noted again.
pub fn clear(tx: &mut Tx) -> Result<()> {
    tx.execute("DELETE FROM statement_term", params![])?;
    tx.execute("DELETE FROM statement_pending", params![])?;
    Ok(())
}

// ---------------------------------------------------------------- reading

/// What waits at the moment of a reading transaction, and the chunks that grow, as far as some terms are concerned.
/// Read it once for all of them.
#[derive(Debug, Default)]
pub struct Tail {
    waits: BTreeMap<Term, Vec<i64>>,
    growing: BTreeMap<i64, Vec<i64>>,
}

impl Tail {
    /// Reads it.
    pub fn read(r: &mut Read, terms: &BTreeSet<Term>) -> Result<Self> {
        let mut waits: BTreeMap<Term, Vec<i64>> = BTreeMap::new();
        r.each("SELECT postings FROM statement_pending ORDER BY at", params![], |row| {
            row.bytes(0, |bytes| {
                unfold(
                    bytes,
                    |term| terms.contains(&term),
                    |term, seqs| waits.entry(term).or_default().extend(seqs),
                )
            })
        })?;
        for seqs in waits.values_mut() {
            seqs.sort_unstable();
            seqs.dedup();
        }
        let mut growing = BTreeMap::new();
        r.each(
            "SELECT term, seqs FROM statement_term WHERE term = ANY($1) AND first = 0",
            params![Value::list(terms.iter().map(|term| term.0))],
            |row| {
                let term: i64 = row.get(0)?;
                growing.insert(term, row.bytes(1, places)?);
                Ok(())
            },
        )?;
        Ok(Self { waits, growing })
    }

    /// Whether no statement has any of some of these terms.
    pub fn lacks(&self, terms: &[Term]) -> bool {
        !terms.iter().any(|term| self.waits.contains_key(term) || self.growing.contains_key(&term.0))
    }
}

/// Chunks that are read in one go, at first and at most: few where a read is a step away, more where it is a journey.
/// A list that is leapt through reads as few as it can; one that is followed reads twice as many each time.
const fn go(engine: Engine) -> (i64, i64) {
    match engine {
        Engine::Sqlite => (1, 8),
        Engine::Postgres => (8, 64),
    }
}

/// The places of one term, read as far as they are asked for.
struct List {
    term: i64,
    tail: Vec<i64>,
    growing: Vec<i64>,
    /// Every taken-in place from `from` to `to`, both included.
    window: Vec<i64>,
    from: i64,
    to: i64,
    /// Chunks that were read at the last time.
    go: i64,
}

impl List {
    fn new(term: Term, tail: &Tail) -> Self {
        let growing = tail.growing.get(&term.0).cloned().unwrap_or_default();
        let waits = tail.waits.get(&term).cloned().unwrap_or_default();
        // Nothing is known of what lies before the chunk that grows; without one there is nothing.
        let (from, to) = (growing.first().copied().unwrap_or(0), i64::MAX);
        Self { term: term.0, tail: waits, window: growing.clone(), growing, from, to, go: 0 }
    }

    /// The nearest place at or before `at` or, ascending, at or after it.
    fn near(&mut self, r: &mut Read, at: i64, ascending: bool) -> Result<Option<i64>> {
        let waits = nearest(&self.tail, at, ascending);
        let mut ask = at;
        let taken_in = loop {
            if (self.from..=self.to).contains(&ask) {
                if let Some(found) = nearest(&self.window, ask, ascending) {
                    break Some(found);
                }
                match ascending {
                    true if self.to < i64::MAX => ask = self.to + 1,
                    false if self.from > 0 => ask = self.from - 1,
                    _ => break None,
                }
            }
            self.load(r, ask, ascending)?;
        };
        Ok(match (waits, taken_in) {
            (Some(a), Some(b)) if ascending => Some(a.min(b)),
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        })
    }

    /// Moves the window so that it holds `at`.
    fn load(&mut self, r: &mut Read, at: i64, ascending: bool) -> Result<()> {
        let begins = self.growing.first().copied().unwrap_or(0);
        let (least, most) = go(r.engine());
        // A place may lie between two chunks: then the nearest after it is in the next.
        let least = if ascending { least.max(2) } else { least };
        let follows = at == self.from - 1 || self.to < i64::MAX && at == self.to + 1;
        self.go = if follows { (2 * self.go).clamp(least, most) } else { least };
        if at >= begins {
            (self.window, self.from, self.to) = (self.growing.clone(), begins, i64::MAX);
            return Ok(());
        }
        let sql = if ascending {
            "SELECT first, seqs FROM statement_term WHERE term = $1 AND first > 0 AND first >= COALESCE(
                 (SELECT MAX(first) FROM statement_term WHERE term = $1 AND first > 0 AND first <= $2), 0)
             ORDER BY first LIMIT $3"
        } else {
            "SELECT first, seqs FROM statement_term WHERE term = $1 AND first > 0 AND first <= $2
             ORDER BY first DESC LIMIT $3"
        };
        let go = self.go;
        let mut chunks: Vec<(i64, Vec<u8>)> =
            r.query(sql, params![self.term, at, go], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let complete = chunks.len() < go as usize;
        chunks.sort_unstable_by_key(|(first, _)| *first);
        self.window.clear();
        for (_, bytes) in &chunks {
            self.window.extend(places(bytes)?);
        }
        let first = chunks.first().map_or(0, |(first, _)| *first);
        let last = self.window.last().copied().unwrap_or(0);
        (self.from, self.to) = match (ascending, complete) {
            (true, true) => (first.min(at), begins - 1),
            (true, false) => (first.min(at), last),
            (false, true) => (0, last.max(at)),
            (false, false) => (first, last.max(at)),
        };
        Ok(())
    }
}

/// The nearest of some rising numbers at or before `at` or, ascending, at or after it.
fn nearest(rising: &[i64], at: i64, ascending: bool) -> Option<i64> {
    if ascending {
        rising.get(rising.partition_point(|&seq| seq < at)).copied()
    } else {
        rising.partition_point(|&seq| seq <= at).checked_sub(1).and_then(|n| rising.get(n)).copied()
    }
}

/// The places that have one of several terms, and all of several such conditions.
pub struct Search {
    conditions: Vec<Vec<List>>,
    ascending: bool,
}

impl Search {
    /// Each condition is met by any of its terms; a place must meet every condition, of which there is at least one.
    pub fn new(conditions: &[Vec<Term>], tail: &Tail, ascending: bool) -> Self {
        let lists = |condition: &Vec<Term>| -> Vec<List> {
            let any: Vec<List> = condition.iter().map(|&term| List::new(term, tail)).collect();
            // A term that nothing has meets nothing.
            any.into_iter().filter(|list| !(list.growing.is_empty() && list.tail.is_empty())).collect()
        };
        Self { conditions: conditions.iter().map(lists).collect(), ascending }
    }

    /// The nearest place at or before `at`, or at or after it where places rise.
    pub fn near(&mut self, r: &mut Read, at: i64) -> Result<Option<i64>> {
        let ascending = self.ascending;
        let mut at = at;
        let (mut met, mut turn) = (0, 0);
        // Each condition in turn moves on to its own nearest place, until all of them stand at the same.
        while met < self.conditions.len() {
            let Some(condition) = self.conditions.get_mut(turn) else { return Ok(None) };
            let mut best: Option<i64> = None;
            for list in condition {
                let found = list.near(r, at, ascending)?;
                best = match (best, found) {
                    (Some(a), Some(b)) if ascending => Some(a.min(b)),
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            }
            match best {
                None => return Ok(None),
                Some(found) if found == at => met += 1,
                Some(found) => (at, met) = (found, 1),
            }
            turn = (turn + 1) % self.conditions.len();
        }
        Ok(Some(at))
    }

    /// Up to `most` places from `at` on, no further than `end`, in order.
    pub fn take(&mut self, r: &mut Read, at: i64, end: i64, most: usize) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        let mut next = at;
        while all.len() < most {
            match self.near(r, next)? {
                Some(seq) if self.ascending && seq <= end => {
                    all.push(seq);
                    next = seq + 1;
                }
                Some(seq) if !self.ascending && seq >= end => {
                    all.push(seq);
                    next = seq - 1;
                }
                _ => break,
            }
        }
        Ok(all)
    }
}

/// Conditions by reference.
pub fn by_reference(conditions: &[Vec<Term>]) -> Vec<Vec<Term>> {
    let seen = |terms: &Vec<Term>| terms.iter().map(|term| term.seen(By::Reference)).collect();
    conditions.iter().map(seen).collect()
}

/// Every place that has any of some terms, in order.
pub fn every(r: &mut Read, terms: &[Term]) -> Result<Vec<i64>> {
    let tail = Tail::read(r, &terms.iter().copied().collect())?;
    let mut all: Vec<i64> = tail.waits.into_values().flatten().collect();
    r.each(
        "SELECT seqs FROM statement_term WHERE term = ANY($1)",
        params![Value::list(terms.iter().map(|term| term.0))],
        |row| {
            row.bytes(0, |bytes| {
                all.extend(places(bytes)?);
                Ok(())
            })
        },
    )?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
