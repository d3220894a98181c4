//! Statements: kept as received, found by what they name, in the order in which they were stored.
//!
//! Whoever adds statements first takes the counter with [`lock`] and holds it to the commit, so that `seq` and `stored`
//! follow the order in which readers see statements.

use std::collections::BTreeMap;

use domain::ids::{AccountId, KeyId};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// One statement with everything by which it is found.
#[derive(Debug, Clone, PartialEq)]
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
    /// The activity it is about, if it is about one.
    pub activity: Option<String>,
    /// What that activity is part of.
    pub within: Vec<String>,
    /// The attempt or enrolment.
    pub registration: Option<Uuid>,
    /// The statement it is about, if it is about one.
    pub refers_to: Option<Uuid>,
    /// Whether it voids that statement.
    pub voids: bool,
    /// Whether it is voided itself.
    pub voided: bool,
    /// Whether it says that something was completed.
    pub completion: Option<bool>,
    /// Whether it says that something succeeded.
    pub success: Option<bool>,
    /// The score as a share, −1 to 1.
    pub score: Option<f64>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The key that sent it.
    pub key: Option<KeyId>,
    /// The text that is given back.
    pub exact: String,
    /// Every agent it names, each once, and whether as actor or object.
    pub agents: Vec<(AccountId, bool)>,
    /// Every activity it names, each once, and whether as object.
    pub activities: Vec<(String, bool)>,
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
    let rows = r.query(
        "SELECT id, exact FROM statement WHERE id = ANY($1)",
        params![Value::list(ids.iter().copied())],
        |row| Ok((row.get(0)?, row.get::<Vec<u8>>(1)?)),
    )?;
    Ok(rows.into_iter().map(|(id, bytes)| (id, String::from_utf8_lossy(&bytes).into_owned())).collect())
}

/// Which of some statements are voided by a statement that is here already.
pub fn voided_before(r: &mut Read, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    r.query(
        "SELECT DISTINCT refers_to FROM statement WHERE refers_to = ANY($1) AND voids",
        params![Value::list(ids.iter().copied())],
        |row| row.get(0),
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

/// Adds statements, a few SQL statements for all of them.
pub fn add(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    const COLUMNS: [&str; 18] = [
        "id",
        "seq",
        "stored_at",
        "happened_at",
        "account_id",
        "verb",
        "activity",
        "within_iris",
        "registration",
        "refers_to",
        "voids",
        "voided",
        "completion",
        "success",
        "score",
        "duration_ms",
        "key_id",
        "exact",
    ];
    tx.insert_many(
        "statement",
        &COLUMNS,
        rows.iter().map(|s| {
            params![
                s.id,
                s.seq,
                s.stored_at,
                s.happened_at,
                s.account,
                &s.verb,
                s.activity.as_deref(),
                (!s.within.is_empty()).then(|| s.within.join("\n")),
                s.registration,
                s.refers_to,
                s.voids,
                s.voided,
                s.completion,
                s.success,
                s.score,
                s.duration_ms,
                s.key,
                s.exact.as_bytes()
            ]
        }),
        "",
    )?;
    // In the order of their keys, so that neighbours are written together.
    let mut agents: Vec<_> = rows
        .iter()
        .flat_map(|s| s.agents.iter().map(|&(account, direct)| (account, s.seq, s.id, direct)))
        .collect();
    agents.sort_unstable();
    tx.insert_many(
        "statement_agent",
        &["account_id", "seq", "statement_id", "direct"],
        agents.into_iter().map(|(account, seq, id, direct)| params![account, seq, id, direct]),
        "",
    )?;
    let mut activities: Vec<_> = rows
        .iter()
        .flat_map(|s| s.activities.iter().map(|(iri, direct)| (iri.as_str(), s.seq, s.id, *direct)))
        .collect();
    activities.sort_unstable();
    tx.insert_many(
        "statement_activity",
        &["activity", "seq", "statement_id", "direct"],
        activities.into_iter().map(|(iri, seq, id, direct)| params![iri, seq, id, direct]),
        "",
    )?;
    Ok(())
}

/// How far references are followed.
const CHAIN: usize = 16;

/// Notes what a statement that is about another is about in the end, and tells those that are about it.
pub fn add_refs(tx: &mut Tx, seq: i64, id: Uuid, refers_to: Uuid) -> Result<()> {
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
    let rows = sources.iter().flat_map(|&(seq, source)| {
        targets.iter().filter(move |&&t| t != source).map(move |&t| params![seq, source, t])
    });
    tx.insert_many(
        "statement_ref",
        &["seq", "statement_id", "target_id"],
        rows,
        "ON CONFLICT (seq, statement_id, target_id) DO NOTHING",
    )?;
    Ok(())
}

/// Which statements a reader wants. Voided ones are never among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Those that name this account, as actor or object, or anywhere where `true`.
    pub agent: Option<(AccountId, bool)>,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity, or that name it anywhere where `true`.
    pub activity: Option<(String, bool)>,
    /// Those of this attempt or enrolment.
    pub registration: Option<Uuid>,
    /// Those that this key sent.
    pub sent_by: Option<KeyId>,
    /// Those later in the order than this.
    pub after: i64,
    /// Those no later than this.
    pub up_to: i64,
    /// Oldest first.
    pub ascending: bool,
    /// At most so many.
    pub limit: u32,
}

/// A statement that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Its place in the order.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// How long its text is.
    pub bytes: u64,
}

/// Finds statements by key order: those that match, and those that are about one that matches.
pub fn find(r: &mut Read, wanted: &Wanted) -> Result<Vec<Hit>> {
    let mut hits = run(r, wanted, direct(wanted))?;
    let filtered = wanted.agent.is_some()
        || wanted.verb.is_some()
        || wanted.activity.is_some()
        || wanted.registration.is_some();
    if filtered && r.exists("SELECT 1 FROM statement_ref WHERE seq > $1", params![wanted.after])? {
        hits.extend(run(r, wanted, by_reference(wanted))?);
        hits.sort_unstable();
        hits.dedup();
        if !wanted.ascending {
            hits.reverse();
        }
        hits.truncate(wanted.limit as usize);
    }
    Ok(hits)
}

fn run(r: &mut Read, wanted: &Wanted, (sql, mut params): (String, Vec<Value>)) -> Result<Vec<Hit>> {
    params.push(Value::Int(wanted.limit.into()));
    let order = if wanted.ascending { "ASC" } else { "DESC" };
    let sql = format!("{sql} ORDER BY 1 {order} LIMIT ${}", params.len());
    r.query(&sql, params, |row| Ok(Hit { seq: row.get(0)?, id: row.get(1)?, bytes: row.get(2)? }))
}

/// Collects conditions and their values.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    params: Vec<Value>,
}

impl Conditions {
    /// Adds a condition in which `?` stands for the value.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.params.push(value.into());
        self.sql.push(condition.replace('?', &format!("${}", self.params.len())));
    }
    fn range(&mut self, column: &str, wanted: &Wanted) {
        self.and(&format!("{column} > ?"), wanted.after);
        self.and(&format!("{column} <= ?"), wanted.up_to);
    }
    fn agent(&mut self, of: &str, (account, anywhere): (AccountId, bool)) {
        let direct = if anywhere { "" } else { " AND a.direct" };
        self.and(
            &format!(
                "EXISTS (SELECT 1 FROM statement_agent a WHERE a.account_id = ? AND a.seq = {of}.seq AND a.statement_id = {of}.id{direct})"
            ),
            account,
        );
    }
    fn activity(&mut self, of: &str, (iri, anywhere): (&str, bool)) {
        let direct = if anywhere { "" } else { " AND v.direct" };
        self.and(
            &format!(
                "EXISTS (SELECT 1 FROM statement_activity v WHERE v.activity = ? AND v.seq = {of}.seq AND v.statement_id = {of}.id{direct})"
            ),
            iri,
        );
    }
    fn finish(mut self, select: &str) -> (String, Vec<Value>) {
        let sql = format!("{select} WHERE {}", self.sql.join(" AND "));
        (sql, std::mem::take(&mut self.params))
    }
}

/// Statements that match themselves. The rarest thing asked for leads, and the others are looked up for each row it gives:
/// `verb || ''` keeps a database from leading with the verb instead.
fn direct(wanted: &Wanted) -> (String, Vec<Value>) {
    let mut c = Conditions::default();
    c.sql.push("NOT s.voided".to_owned());
    if let Some(key) = wanted.sent_by {
        c.and("s.key_id = ?", key);
    }
    let activity = wanted.activity.as_ref().map(|(iri, anywhere)| (iri.as_str(), *anywhere));
    if let Some(registration) = wanted.registration {
        c.and("s.registration = ?", registration);
        c.range("s.seq", wanted);
        if let Some(agent) = wanted.agent {
            c.agent("s", agent);
        }
        if let Some(activity) = activity {
            c.activity("s", activity);
        }
        if let Some(verb) = &wanted.verb {
            c.and("s.verb || '' = ?", verb);
        }
        return c.finish("SELECT s.seq, s.id, LENGTH(s.exact) FROM statement s");
    }
    if let Some((account, anywhere)) = wanted.agent {
        c.and("l.account_id = ?", account);
        c.range("l.seq", wanted);
        if !anywhere {
            c.sql.push("l.direct".to_owned());
        }
        if let Some(activity) = activity {
            c.activity("s", activity);
        }
        if let Some(verb) = &wanted.verb {
            c.and("s.verb || '' = ?", verb);
        }
        return c.finish(
            "SELECT l.seq, s.id, LENGTH(s.exact) FROM statement_agent l JOIN statement s ON s.id = l.statement_id",
        );
    }
    if let Some((iri, anywhere)) = activity {
        c.and("l.activity = ?", iri);
        c.range("l.seq", wanted);
        if !anywhere {
            c.sql.push("l.direct".to_owned());
        }
        if let Some(verb) = &wanted.verb {
            c.and("s.verb || '' = ?", verb);
        }
        return c.finish(
            "SELECT l.seq, s.id, LENGTH(s.exact) FROM statement_activity l JOIN statement s ON s.id = l.statement_id",
        );
    }
    c.range("s.seq", wanted);
    if let Some(verb) = &wanted.verb {
        c.and("s.verb = ?", verb);
    }
    c.finish("SELECT s.seq, s.id, LENGTH(s.exact) FROM statement s")
}

/// Statements about one that matches, voided or not. Few statements are about others, so these lead.
fn by_reference(wanted: &Wanted) -> (String, Vec<Value>) {
    let mut c = Conditions::default();
    c.sql.push("NOT s.voided".to_owned());
    c.range("x.seq", wanted);
    if let Some(key) = wanted.sent_by {
        c.and("s.key_id = ?", key);
    }
    if let Some(registration) = wanted.registration {
        c.and("t.registration = ?", registration);
    }
    if let Some(agent) = wanted.agent {
        c.agent("t", agent);
    }
    if let Some((iri, anywhere)) = &wanted.activity {
        c.activity("t", (iri, *anywhere));
    }
    if let Some(verb) = &wanted.verb {
        c.and("t.verb || '' = ?", verb);
    }
    c.finish(
        "SELECT x.seq, s.id, LENGTH(s.exact) FROM statement_ref x
         JOIN statement t ON t.id = x.target_id JOIN statement s ON s.id = x.statement_id",
    )
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
    r.query_one("SELECT exact, stored_at, voided, key_id FROM statement WHERE id = $1", params![id], |row| {
        let bytes: Vec<u8> = row.get(0)?;
        Ok(One {
            exact: String::from_utf8_lossy(&bytes).into_owned(),
            stored_at: row.get(1)?,
            voided: row.get(2)?,
            key: row.get(3)?,
        })
    })
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
pub fn add_attachments(tx: &mut Tx, attachments: &[Attachment]) -> Result<()> {
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
