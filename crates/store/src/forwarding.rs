//! Other record stores to which statements go on, and how far each has come.

use std::collections::BTreeMap;

use domain::forwarding::Filter;
use domain::ids::{AccountId, ForwardId, PersonId};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Another record store.
#[derive(Clone, PartialEq)]
pub struct Forward {
    /// Our id.
    pub id: ForwardId,
    /// What people call it.
    pub name: String,
    /// The address of its xAPI resources, without a slash at the end.
    pub url: String,
    /// The key that it gave us.
    pub key: String,
    /// The secret of that key.
    pub secret: String,
    /// The version header that it is sent: `1.0.3` or `2.0.0`.
    pub version: String,
    /// What goes there.
    pub filter: Filter,
    /// The last place in the order of statements that was looked at.
    pub position: i64,
    /// When it was set up.
    pub created: Instant,
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forward").field("id", &self.id).field("url", &self.url).finish_non_exhaustive()
    }
}

const FORWARD: &str =
    "SELECT id, name, url, key, secret, version, filter, position, created_at FROM forward ";

fn read_forward(row: &Row) -> Result<Forward> {
    Ok(Forward {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        key: row.get(3)?,
        secret: row.get(4)?,
        version: row.get(5)?,
        filter: row.word(6, |text| serde_json::from_str(text).ok())?,
        position: row.get(7)?,
        created: row.get(8)?,
    })
}

/// All of them, oldest first.
pub fn forwards(r: &mut Read) -> Result<Vec<Forward>> {
    r.query([FORWARD, "ORDER BY id"].concat(), params![], read_forward)
}

/// One of them.
pub fn forward(r: &mut Read, id: ForwardId) -> Result<Option<Forward>> {
    r.query_one([FORWARD, "WHERE id = $1"].concat(), params![id], read_forward)
}

/// Adds one. `filter` is its filter as JSON.
pub fn add(tx: &mut Tx, forward: &Forward, filter: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO forward (id, name, url, key, secret, version, filter, position, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            forward.id,
            &forward.name,
            &forward.url,
            &forward.key,
            &forward.secret,
            &forward.version,
            filter,
            forward.position,
            forward.created
        ],
    )?;
    Ok(())
}

/// Notes how far one has come, unless somebody else has noted more.
pub fn advance(tx: &mut Tx, id: ForwardId, from: i64, to: i64) -> Result<bool> {
    Ok(tx
        .execute("UPDATE forward SET position = $3 WHERE id = $1 AND position = $2", params![id, from, to])?
        == 1)
}

/// Ends one. Tells whether it was there.
pub fn end(tx: &mut Tx, id: ForwardId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM forward WHERE id = $1", params![id])? == 1)
}

/// What a filter looks at in a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its place in the order.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// Its actor.
    pub account: Option<AccountId>,
    /// The statement that it voids.
    pub voids: Option<Uuid>,
}

const SEEN: &str = "SELECT seq, id, account_id, refers_to, voids FROM statement ";

fn read_seen(row: &Row) -> Result<Seen> {
    let (refers_to, voids): (Option<Uuid>, bool) = (row.get(3)?, row.get(4)?);
    Ok(Seen { seq: row.get(0)?, id: row.get(1)?, account: row.get(2)?, voids: refers_to.filter(|_| voids) })
}

/// The next statements after a place in the order.
pub fn after(r: &mut Read, position: i64, limit: u32) -> Result<Vec<Seen>> {
    r.query(
        [SEEN, "WHERE seq > $1 ORDER BY seq LIMIT $2"].concat(),
        params![position, i64::from(limit)],
        read_seen,
    )
}

/// Some statements by id.
pub fn seen(r: &mut Read, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Seen>> {
    let rows =
        r.query([SEEN, "WHERE id = ANY($1)"].concat(), params![Value::list(ids.iter().copied())], read_seen)?;
    Ok(rows.into_iter().map(|seen| (seen.id, seen)).collect())
}

/// Whose some accounts are; those that are nobody's are left out.
pub fn persons_of(r: &mut Read, accounts: &[AccountId]) -> Result<BTreeMap<AccountId, PersonId>> {
    let rows = r.query(
        "SELECT id, person_id FROM account WHERE id = ANY($1) AND person_id IS NOT NULL",
        params![Value::list(accounts.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// How many deliveries to a target wait.
pub fn waiting(r: &mut Read, target: &str) -> Result<i64> {
    let count = r.query_one(
        "SELECT COUNT(*) FROM outbox WHERE target = $1 AND state = 'waiting'",
        params![target],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// How a target stands: how many wait and are parked, since when the oldest waits, and what the last failed try said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Deliveries that wait.
    pub waiting: i64,
    /// Deliveries that could not be sent.
    pub parked: i64,
    /// When the oldest that waits was queued.
    pub oldest: Option<Instant>,
    /// When one was last taken.
    pub sent: Option<Instant>,
    /// What the last failed try said, of those that are not sent.
    pub last_error: Option<String>,
}

/// How a target stands.
pub fn standing(r: &mut Read, target: &str) -> Result<Standing> {
    let mut standing = Standing::default();
    r.each(
        "SELECT state, COUNT(*), MIN(created_at), MAX(done_at) FROM outbox WHERE target = $1 GROUP BY state",
        params![target],
        |row| {
            let (state, count): (String, i64) = (row.get(0)?, row.get(1)?);
            match state.as_str() {
                "waiting" => (standing.waiting, standing.oldest) = (count, row.get(2)?),
                "parked" => standing.parked = count,
                "sent" => standing.sent = row.get(3)?,
                _ => {}
            }
            Ok(())
        },
    )?;
    standing.last_error = r.query_one(
        "SELECT last_error FROM outbox WHERE target = $1 AND state IN ('waiting', 'parked') AND last_error IS NOT NULL
         ORDER BY place DESC LIMIT 1",
        params![target],
        |row| row.get(0),
    )?;
    Ok(standing)
}
