//! Statements: kept as received, found by what they name, in the order in which they were stored.
//!
//! Whoever adds statements first takes the counter with [`lock`] and holds it to the commit, so that `seq` and `stored`
//! follow the order in which readers see statements. What it writes lies at the ends of two tables; the index by which statements
//! are found is made later ([`terms`]), and readers miss nothing meanwhile.

use std::collections::BTreeMap;

use domain::ids::{AccountId, KeyId};
use domain::time::Instant;
use uuid::Uuid;
use xapi::Unstamped;

use crate::db::{Dictionary, Error, Read, Tx, Value};
use crate::{params, varint};

mod gone;
mod search;
pub mod terms;

pub use gone::{Gone, gone, kept_at, remove, rewrite, sources_of, targets_of};
pub use search::{Hit, Hits, Wanted, find};
use terms::{By, Postings, Term};

mod scan;
pub use scan::{Scan, scan};

type Result<T> = std::result::Result<T, Error>;

/// A statement's text as it is kept: packed, and without the moment of storing, which is put in when it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body(Vec<u8>);

impl Body {
    /// Packs a text.
    pub fn pack(dictionary: &Dictionary, statement: &Unstamped) -> Result<Self> {
        let mut bytes = Vec::new();
        varint::put(&mut bytes, statement.places.len() as u64);
        for &place in &statement.places {
            varint::put(&mut bytes, place as u64);
        }
        bytes.extend_from_slice(&dictionary.pack(statement.text.as_bytes())?);
        Ok(Self(bytes))
    }

    /// Packs a text that holds the moment of storing already.
    pub fn as_it_is(dictionary: &Dictionary, text: &str) -> Result<Self> {
        let mut bytes = Vec::new();
        varint::put(&mut bytes, 0);
        bytes.extend_from_slice(&dictionary.pack(text.as_bytes())?);
        Ok(Self(bytes))
    }
}

/// The text that a body holds.
pub(crate) fn text(r: &mut Read, body: &[u8], stored: Instant) -> Result<String> {
    let mut rest = body;
    let cut = || Error::BadValue { place: "statement.body".to_owned(), reason: "it is cut short".to_owned() };
    let count = varint::take(&mut rest).ok_or_else(cut)?;
    let mut places = Vec::new();
    for _ in 0..count.min(8) {
        places.push(varint::take(&mut rest).ok_or_else(cut)? as usize);
    }
    let moment = xapi::rfc3339(stored.timestamp());
    let text = r.unpack(rest, places.len() * moment.len())?;
    let mut text = String::from_utf8(text).map_err(|_| cut())?;
    xapi::stamp(&mut text, &places, &moment);
    Ok(text)
}

/// One statement with everything by which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// Its place in the order of storing.
    pub seq: i64,
    /// When it was stored.
    pub stored_at: Instant,
    /// When it happened.
    pub happened_at: Instant,
    /// The actor's account; `None` for a group.
    pub account: Option<AccountId>,
    /// The verb's IRI.
    pub verb: String,
    /// The attempt or enrolment.
    pub registration: Option<Uuid>,
    /// The statement it is about, if it is about one.
    pub refers_to: Option<Uuid>,
    /// Whether it voids that statement.
    pub voids: bool,
    /// Whether it is voided itself.
    pub voided: bool,
    /// The key that sent it.
    pub key: Option<KeyId>,
    /// The text that is given back.
    pub body: Body,
    /// Every agent it names, each once, and whether as actor or object.
    pub agents: Vec<(AccountId, bool)>,
    /// Every activity it names, each once, and whether as object.
    pub activities: Vec<(String, bool)>,
}

impl Row {
    /// Everything by which it is found.
    pub fn postings(&self, by: By, seq: i64, to: &mut Postings) {
        let mut add = |term: Term| to.add(term, by, seq);
        add(Term::verb(&self.verb));
        for &(account, direct) in &self.agents {
            add(match direct {
                _ if self.account == Some(account) => Term::actor(account),
                true => Term::party(account),
                false => Term::mention(account),
            });
        }
        for (iri, direct) in &self.activities {
            add(if *direct { Term::object(iri) } else { Term::related(iri) });
        }
        if let Some(registration) = self.registration {
            add(Term::registration(registration));
        }
        if by == By::Own {
            if let Some(key) = self.key {
                add(Term::sent_by(key));
            }
            if let Some(account) = self.account {
                add(Term::day(account, terms::day_of(self.happened_at)));
            }
        }
    }
}

/// The last `seq` and `stored` given to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// The last place in the order.
    pub seq: i64,
    /// The last moment.
    pub stored_at: Instant,
}

/// Takes the counter: from here to the commit nobody else adds statements.
pub fn lock(tx: &mut Tx) -> Result<Counter> {
    let counter = tx.query_one(
        "INSERT INTO statement_counter (one, seq, stored_at) VALUES (1, 0, $1)
         ON CONFLICT (one) DO UPDATE SET seq = statement_counter.seq RETURNING seq, stored_at",
        params![Instant::from_micros(0)],
        |row| Ok(Counter { seq: row.get(0)?, stored_at: row.get(1)? }),
    )?;
    Ok(counter.unwrap_or(Counter { seq: 0, stored_at: Instant::from_micros(0) }))
}

/// Moves the counter. Call it in the transaction that took it.
pub fn set_counter(tx: &mut Tx, counter: Counter) -> Result<()> {
    tx.execute(
        "UPDATE statement_counter SET seq = $1, stored_at = $2 WHERE one = 1",
        params![counter.seq, counter.stored_at],
    )?;
    Ok(())
}

/// The last place in the order that was given.
pub fn last_seq(r: &mut Read) -> Result<i64> {
    Ok(r.query_one("SELECT seq FROM statement_counter WHERE one = 1", params![], |row| row.get(0))?
        .unwrap_or(0))
}

/// The texts of those of some statements that are here, by id.
pub fn texts(r: &mut Read, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>> {
    let rows: Vec<(Uuid, Instant, Vec<u8>)> = r.query(
        "SELECT id, stored_at, body FROM statement WHERE id = ANY($1)",
        params![Value::list(ids.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    rows.into_iter().map(|(id, stored, body)| Ok((id, text(r, &body, stored)?))).collect()
}

/// A statement that was here before one that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// Its place in the order.
    pub seq: i64,
    /// What it is about, by one reference or by several in a row.
    pub target: Uuid,
    /// Whether it voids that.
    pub voids: bool,
}

/// Statements that were here before some that they are about.
pub fn waited_for(r: &mut Read, ids: &[Uuid]) -> Result<Vec<Waited>> {
    r.query(
        "SELECT x.seq, x.target_id, s.voids AND s.refers_to = x.target_id
         FROM statement_ref x JOIN statement s ON s.seq = x.seq WHERE x.target_id = ANY($1) ORDER BY x.seq",
        params![Value::list(ids.iter().copied())],
        |row| Ok(Waited { seq: row.get(0)?, target: row.get(1)?, voids: row.get(2)? }),
    )
}

/// Marks statements as voided. One that voids another stays as it is.
pub fn void(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    tx.execute(
        "UPDATE statement SET voided = TRUE WHERE id = ANY($1) AND NOT voids",
        params![Value::list(ids.iter().copied())],
    )?;
    Ok(())
}

/// Adds statements, in one SQL statement for all of them. What they are found by is noted apart: [`terms::note`].
pub fn add(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    const COLUMNS: [&str; 10] = [
        "seq",
        "id",
        "stored_at",
        "happened_at",
        "account_id",
        "refers_to",
        "voids",
        "voided",
        "key_id",
        "body",
    ];
    tx.insert_many(
        "statement",
        &COLUMNS,
        rows.iter().map(|s| {
            params![
                s.seq,
                s.id,
                s.stored_at,
                s.happened_at,
                s.account,
                s.refers_to,
                s.voids,
                s.voided,
                s.key,
                s.body.0.as_slice()
            ]
        }),
        "",
    )?;
    Ok(())
}

/// An account as far as intake has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub id: AccountId,
    /// Whether it is the actor of a statement already.
    pub acted: bool,
}

/// Those of some accounts that are known, by key.
pub fn known_accounts(r: &mut Read, keys: &[String]) -> Result<BTreeMap<String, Known>> {
    let rows = r.query(
        "SELECT key, id, acted FROM account WHERE key = ANY($1)",
        params![Value::list(keys)],
        |row| Ok((row.get(0)?, Known { id: row.get(1)?, acted: row.get(2)? })),
    )?;
    Ok(rows.into_iter().collect())
}

/// Notes that accounts are actors of statements.
pub fn note_acted(tx: &mut Tx, accounts: &[AccountId]) -> Result<()> {
    tx.execute(
        "UPDATE account SET acted = TRUE WHERE id = ANY($1)",
        params![Value::list(accounts.iter().copied())],
    )?;
    Ok(())
}

/// How far references are followed.
const CHAIN: usize = 16;

/// Notes what a statement that is about another is about in the end, and tells those that are about it.
/// Gives each place in the order with what the statement there is now known to be about.
pub fn add_refs(tx: &mut Tx, seq: i64, id: Uuid, refers_to: Uuid) -> Result<Vec<(i64, Uuid)>> {
    let mut targets = vec![refers_to];
    while targets.len() < CHAIN {
        let Some(&last) = targets.last() else { break };
        let next: Option<Option<Uuid>> =
            tx.query_one("SELECT refers_to FROM statement WHERE id = $1", params![last], |row| row.get(0))?;
        match next.flatten() {
            Some(next) if next != id && !targets.contains(&next) => targets.push(next),
            _ => break,
        }
    }
    let mut sources: Vec<(i64, Uuid)> =
        tx.query("SELECT seq, statement_id FROM statement_ref WHERE target_id = $1", params![id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    sources.push((seq, id));
    let pairs: Vec<(i64, Uuid, Uuid)> = sources
        .iter()
        .flat_map(|&(seq, source)| {
            targets.iter().filter(move |&&t| t != source).map(move |&t| (seq, source, t))
        })
        .collect();
    let rows = pairs.iter().map(|&(seq, source, target)| params![seq, source, target]);
    tx.insert_many(
        "statement_ref",
        &["seq", "statement_id", "target_id"],
        rows,
        "ON CONFLICT (seq, statement_id, target_id) DO NOTHING",
    )?;
    Ok(pairs.into_iter().map(|(seq, _, target)| (seq, target)).collect())
}

/// One statement as it is read by its id.
#[derive(Debug, Clone, PartialEq)]
pub struct One {
    /// Its text.
    pub exact: String,
    /// When it was stored.
    pub stored_at: Instant,
    /// Whether it is voided.
    pub voided: bool,
    /// The key that sent it.
    pub key: Option<KeyId>,
}

/// One statement by its id.
pub fn one(r: &mut Read, id: Uuid) -> Result<Option<One>> {
    let found: Option<(Vec<u8>, Instant, bool, Option<KeyId>)> = r.query_one(
        "SELECT body, stored_at, voided, key_id FROM statement WHERE id = $1",
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let Some((body, stored_at, voided, key)) = found else { return Ok(None) };
    Ok(Some(One { exact: text(r, &body, stored_at)?, stored_at, voided, key }))
}

/// A statement as the index is made again from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its place in the order.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// When it was stored.
    pub stored_at: Instant,
    /// When it happened.
    pub happened_at: Instant,
    /// The key that sent it.
    pub key: Option<KeyId>,
    /// Its text.
    pub text: String,
}

/// Statements after a place in the order, in order.
pub fn kept(r: &mut Read, after: i64, limit: i64) -> Result<Vec<Kept>> {
    let rows = r.query(
        "SELECT seq, id, stored_at, happened_at, key_id, body FROM statement WHERE seq > $1 ORDER BY seq LIMIT $2",
        params![after, limit],
        read_kept,
    )?;
    unpacked(r, rows)
}

fn read_kept(row: &crate::db::Row<'_>) -> Result<(Kept, Vec<u8>)> {
    let kept = Kept {
        seq: row.get(0)?,
        id: row.get(1)?,
        stored_at: row.get(2)?,
        happened_at: row.get(3)?,
        key: row.get(4)?,
        text: String::new(),
    };
    Ok((kept, row.get(5)?))
}

fn unpacked(r: &mut Read, rows: Vec<(Kept, Vec<u8>)>) -> Result<Vec<Kept>> {
    rows.into_iter()
        .map(|(kept, body)| {
            let text = text(r, &body, kept.stored_at)?;
            Ok(Kept { text, ..kept })
        })
        .collect()
}

/// What the statements from one place in the order to another are about, by one reference or by several in a row.
pub fn refs(r: &mut Read, from: i64, to: i64) -> Result<Vec<(i64, Uuid)>> {
    r.query(
        "SELECT seq, target_id FROM statement_ref WHERE seq >= $1 AND seq <= $2 ORDER BY seq, target_id",
        params![from, to],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The texts of some statements from all over the order, to learn from what they have in common.
pub fn samples(r: &mut Read, most: i64) -> Result<Vec<Vec<u8>>> {
    let last = last_seq(r)?;
    let step = (last / most).max(1);
    let seqs = (0..most).map(|n| last - n * step).filter(|&seq| seq > 0);
    let bodies: Vec<(Instant, Vec<u8>)> = r.query(
        "SELECT stored_at, body FROM statement WHERE seq = ANY($1)",
        params![Value::list(seqs)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    bodies.into_iter().map(|(stored, body)| Ok(text(r, &body, stored)?.into_bytes())).collect()
}

/// The place in the order of the last statement stored at or before a moment; 0 where there is none.
///
/// `stored` follows the order, so halving finds it without an index of its own.
pub fn seq_at(r: &mut Read, at: Instant) -> Result<i64> {
    let (mut low, mut high) = (0, last_seq(r)?);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let first: Option<(i64, Instant)> = r.query_one(
            "SELECT seq, stored_at FROM statement WHERE seq >= $1 ORDER BY seq LIMIT 1",
            params![middle],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        match first {
            Some((seq, stored)) if stored <= at => low = seq,
            _ => high = middle - 1,
        }
    }
    Ok(low)
}

/// The data of one attachment of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The statement it came with.
    pub statement: Uuid,
    /// Its hash, in lower-case hexadecimal.
    pub sha2: String,
    /// Its media type.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Keeps the data of attachments.
pub fn add_attachments(tx: &mut Tx, attachments: &[&Attachment]) -> Result<()> {
    tx.insert_many(
        "statement_attachment",
        &["statement_id", "sha2", "content_type", "body"],
        attachments.iter().map(|a| params![a.statement, &a.sha2, &a.content_type, a.body.as_slice()]),
        "ON CONFLICT (statement_id, sha2) DO NOTHING",
    )?;
    Ok(())
}

/// The data of the attachments of some statements, each hash once.
pub fn attachments(r: &mut Read, ids: &[Uuid]) -> Result<Vec<Attachment>> {
    let mut all = r.query(
        "SELECT statement_id, sha2, content_type, body FROM statement_attachment WHERE statement_id = ANY($1)
         ORDER BY sha2, statement_id",
        params![Value::list(ids.iter().copied())],
        |row| {
            Ok(Attachment {
                statement: row.get(0)?,
                sha2: row.get(1)?,
                content_type: row.get(2)?,
                body: row.get(3)?,
            })
        },
    )?;
    all.dedup_by(|a, b| a.sha2 == b.sha2);
    Ok(all)
}

/// How many statements are kept.
pub fn count(r: &mut Read) -> Result<i64> {
    Ok(r.query_one("SELECT COUNT(*) FROM statement", params![], |row| row.get(0))?.unwrap_or(0))
}
