//! The outbox: everything that leaves the server, written in the transaction of the change that causes it.

use std::collections::BTreeMap;

use domain::ids::DeliveryId;
use domain::outbox::{Kind, State, not_after};
use domain::time::Instant;

use crate::db::{Error, Filter, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Something to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Our id; also what makes a repeated sending recognisable.
    pub id: DeliveryId,
    /// How it leaves.
    pub kind: Kind,
    /// To whom: deliveries to the same target leave in the order in which they were queued.
    pub target: String,
    /// What to send, as JSON of its kind.
    pub payload: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// Seconds that we meant to wait between the tries.
    pub waited: i64,
    /// When it was queued.
    pub created_at: Instant,
    /// When it is tried next, while it waits.
    pub next_at: Instant,
    /// When it was done with.
    pub done_at: Option<Instant>,
    /// What the last try said.
    pub last_error: Option<String>,
}

const COLUMNS: &str = "o.id, o.kind, o.target, o.payload, o.state, o.attempts, o.waited, o.created_at, o.next_at, o.done_at, o.last_error";

fn read_delivery(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        kind: row.word(1, Kind::from_word)?,
        target: row.get(2)?,
        payload: row.get(3)?,
        state: row.word(4, State::from_word)?,
        attempts: row.get(5)?,
        waited: row.get(6)?,
        created_at: row.get(7)?,
        next_at: row.get(8)?,
        done_at: row.get(9)?,
        last_error: row.get(10)?,
    })
}

/// Something to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct New<'a> {
    /// Its id.
    pub id: DeliveryId,
    /// How it leaves.
    pub kind: Kind,
    /// To whom.
    pub target: &'a str,
    /// A word that nothing else queued may share, where it must not be said twice.
    pub once: Option<&'a str>,
    /// What to send, as JSON of its kind.
    pub payload: &'a str,
    /// When.
    pub at: Instant,
}

/// Queues something. `Ok(false)` where its word of `once` was queued before: then nothing is added.
pub fn queue(tx: &mut Tx, new: &New<'_>) -> Result<bool> {
    Ok(tx.execute(
        "INSERT INTO outbox (id, kind, target, place, once, payload, state, attempts, waited, created_at, next_at)
         VALUES ($1, $2, $3, (SELECT COALESCE(MAX(place), 0) + 1 FROM outbox WHERE target = $3), $4, $5, 'waiting', 0, 0, $6, $6)
         ON CONFLICT (once) DO NOTHING",
        params![new.id, new.kind.word(), new.target, new.once, new.payload, new.at],
    )? == 1)
}

/// Takes the next deliveries that are due, the first of each target, and leases them until a moment.
///
/// A lease that ran out counts as due again: whoever held it has died. So a delivery happens at least once.
/// What is due or leased further ahead than anything is ever put off counts as due: the clock went back since.
pub fn lease(tx: &mut Tx, kinds: &[Kind], now: Instant, until: Instant, limit: u32) -> Result<Vec<Delivery>> {
    let (far, words) = (not_after(now), Value::list(kinds.iter().map(|k| k.word())));
    let due = tx.query(
        format!(
            "SELECT {COLUMNS} FROM outbox o
             WHERE o.state = 'waiting' AND (o.next_at <= $1 OR o.next_at > $2) AND o.kind = ANY($4)
               AND (o.leased_until IS NULL OR o.leased_until <= $1 OR o.leased_until > $2)
               AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.target = o.target AND e.state = 'waiting'
                   AND (e.place < o.place OR (e.place = o.place AND e.id < o.id)))
             ORDER BY o.next_at, o.id LIMIT $3"
        ),
        params![now, far, i64::from(limit), words],
        read_delivery,
    )?;
    let mut taken = Vec::with_capacity(due.len());
    for delivery in due {
        // Conditional, so that of two servers only one takes it.
        let changed = tx.execute(
            "UPDATE outbox SET leased_until = $2, attempts = attempts + 1
             WHERE id = $1 AND state = 'waiting' AND (leased_until IS NULL OR leased_until <= $3 OR leased_until > $4)",
            params![delivery.id, until, now, far],
        )?;
        if changed == 1 {
            taken.push(Delivery { attempts: delivery.attempts + 1, ..delivery });
        }
    }
    Ok(taken)
}

/// Ends every lease. Only where nobody can be sending.
pub fn end_leases(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE outbox SET leased_until = NULL WHERE leased_until IS NOT NULL", params![])?;
    Ok(())
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// Which one, from 1.
    pub number: i64,
    /// When it ended.
    pub at: Instant,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// `sent`, `later`, `refused`, `gone` or `withdrawn`.
    pub outcome: String,
    /// What was said.
    pub words: String,
}

/// Notes a try. Numbers go on where a delivery is sent again.
pub fn add_try(tx: &mut Tx, id: DeliveryId, one: &Try) -> Result<()> {
    tx.execute(
        "INSERT INTO outbox_try (delivery_id, number, at, millis, outcome, words)
         VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM outbox_try WHERE delivery_id = $1), $2, $3, $4, $5)",
        params![id, one.at, one.millis, &one.outcome, &one.words],
    )?;
    Ok(())
}

/// The tries of some deliveries, in order.
pub fn tries(r: &mut Read, ids: &[DeliveryId]) -> Result<BTreeMap<DeliveryId, Vec<Try>>> {
    let mut found: BTreeMap<DeliveryId, Vec<Try>> = BTreeMap::new();
    r.each(
        "SELECT delivery_id, number, at, millis, outcome, words FROM outbox_try
         WHERE delivery_id = ANY($1) ORDER BY delivery_id, number",
        params![Value::list(ids.iter().copied())],
        |row| {
            let one = Try {
                number: row.get(1)?,
                at: row.get(2)?,
                millis: row.get(3)?,
                outcome: row.get(4)?,
                words: row.get(5)?,
            };
            found.entry(row.get(0)?).or_default().push(one);
            Ok(())
        },
    )?;
    Ok(found)
}

/// It is done with: sent, parked or withdrawn. Where somebody else has done with it meanwhile nothing changes.
pub fn end(tx: &mut Tx, id: DeliveryId, state: State, at: Instant, error: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = $2, done_at = $3, leased_until = NULL, last_error = $4
         WHERE id = $1 AND state = 'waiting'",
        params![id, state.word(), at, error],
    )?;
    Ok(())
}

/// It did not go out; try again after some seconds.
pub fn retry(tx: &mut Tx, id: DeliveryId, now: Instant, wait: i64, error: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET next_at = $2, waited = waited + $3, leased_until = NULL, last_error = $4
         WHERE id = $1 AND state = 'waiting'",
        params![id, now.plus_seconds(wait), wait, error],
    )?;
    Ok(())
}

/// Parks everything that waits for a target. Gives how much that was.
pub fn park_target(tx: &mut Tx, target: &str, at: Instant, error: &str) -> Result<u64> {
    tx.execute(
        "UPDATE outbox SET state = 'parked', done_at = $2, leased_until = NULL, last_error = $3
         WHERE target = $1 AND state = 'waiting'",
        params![target, at, error],
    )
}

/// Puts a parked delivery back into the queue, in its old place. `Ok(false)` where it is not parked.
pub fn replay(tx: &mut Tx, id: DeliveryId, at: Instant) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE outbox SET state = 'waiting', attempts = 0, waited = 0, next_at = $2, done_at = NULL
         WHERE id = $1 AND state = 'parked'",
        params![id, at],
    )? == 1)
}

/// Puts everything that is parked back into the queue; only that of one target where one is given. Gives how much that was.
pub fn replay_all(tx: &mut Tx, target: Option<&str>, at: Instant) -> Result<u64> {
    match target {
        Some(target) => tx.execute(
            "UPDATE outbox SET state = 'waiting', attempts = 0, waited = 0, next_at = $2, done_at = NULL
             WHERE state = 'parked' AND target = $1",
            params![target, at],
        ),
        None => tx.execute(
            "UPDATE outbox SET state = 'waiting', attempts = 0, waited = 0, next_at = $1, done_at = NULL
             WHERE state = 'parked'",
            params![at],
        ),
    }
}

/// Removes what was sent or withdrawn before a moment, with its tries. What is parked stays. Gives how much that was.
pub fn sweep(tx: &mut Tx, before: Instant) -> Result<u64> {
    tx.execute(
        "DELETE FROM outbox_try WHERE delivery_id IN
         (SELECT id FROM outbox WHERE state IN ('sent', 'withdrawn') AND done_at < $1)",
        params![before],
    )?;
    tx.execute("DELETE FROM reply_seen WHERE at < $1", params![before])?;
    tx.execute("DELETE FROM outbox WHERE state IN ('sent', 'withdrawn') AND done_at < $1", params![before])
}

/// Whether a reply was taken before.
pub fn reply_seen(r: &mut Read, hash: &[u8]) -> Result<bool> {
    r.exists("SELECT hash FROM reply_seen WHERE hash = $1", params![hash])
}

/// Notes that a reply was taken, so that it is not taken twice.
pub fn see_reply(tx: &mut Tx, hash: &[u8], at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO reply_seen (hash, at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        params![hash, at],
    )?;
    Ok(())
}

/// How the outbox stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queue {
    /// Waiting to go out.
    pub waiting: i64,
    /// Could not go out.
    pub parked: i64,
    /// When the oldest waiting one was queued.
    pub oldest: Option<Instant>,
    /// What the newest failed try said; of one that could not go out where there is any, since somebody must look at that.
    pub last_error: Option<String>,
}

/// How the outbox stands.
pub fn queue_state(r: &mut Read) -> Result<Queue> {
    let mut queue = Queue::default();
    r.each(
        "SELECT state, COUNT(*), MIN(created_at) FROM outbox WHERE state IN ('waiting', 'parked') GROUP BY state",
        params![],
        |row| {
            let (state, count): (String, i64) = (row.get(0)?, row.get(1)?);
            if state == "parked" {
                queue.parked = count;
            } else {
                queue.waiting = count;
                queue.oldest = row.get(2)?;
            }
            Ok(())
        },
    )?;
    queue.last_error = r.query_one(
        "SELECT last_error FROM outbox WHERE state IN ('waiting', 'parked') AND last_error IS NOT NULL
         ORDER BY state, next_at DESC, id DESC LIMIT 1",
        params![],
        |row| row.get(0),
    )?;
    Ok(queue)
}

/// How one target stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetState {
    /// To whom.
    pub target: String,
    /// How it leaves.
    pub kind: Kind,
    /// Waiting to go out.
    pub waiting: i64,
    /// Could not go out.
    pub parked: i64,
    /// When the oldest waiting one was queued.
    pub oldest: Option<Instant>,
}

/// The targets for which something waits or is parked, those with the most first.
pub fn targets(r: &mut Read, limit: u32) -> Result<Vec<TargetState>> {
    r.query(
        "SELECT target, kind, SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waits,
                SUM(CASE WHEN state = 'parked' THEN 1 ELSE 0 END) AS parks,
                MIN(CASE WHEN state = 'waiting' THEN created_at END)
         FROM outbox WHERE state IN ('waiting', 'parked')
         GROUP BY target, kind ORDER BY COUNT(*) DESC, target LIMIT $1",
        params![i64::from(limit)],
        |row| {
            Ok(TargetState {
                target: row.get(0)?,
                kind: row.word(1, Kind::from_word)?,
                waiting: row.get(2)?,
                parked: row.get(3)?,
                oldest: row.get(4)?,
            })
        },
    )
}

/// Which deliveries a list holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Only those that stand so.
    pub state: Option<State>,
    /// Only those that leave so.
    pub kind: Option<Kind>,
    /// Only those to this target.
    pub target: Option<String>,
    /// Only those queued before this one.
    pub before: Option<DeliveryId>,
}

/// Deliveries, newest first.
pub fn deliveries(r: &mut Read, wanted: &Wanted, limit: u32) -> Result<Vec<Delivery>> {
    let mut filter = Filter::new();
    filter
        .and_opt("o.state = ?", wanted.state.map(State::word))
        .and_opt("o.kind = ?", wanted.kind.map(Kind::word))
        .and_opt("o.target = ?", wanted.target.clone())
        .and_opt("o.id < ?", wanted.before);
    let limit = filter.bind(i64::from(limit));
    r.query(
        format!("SELECT {COLUMNS} FROM outbox o WHERE {} ORDER BY o.id DESC LIMIT {limit}", filter.sql()),
        filter.params(),
        read_delivery,
    )
}

/// One delivery.
pub fn delivery(r: &mut Read, id: DeliveryId) -> Result<Option<Delivery>> {
    r.query_one(format!("SELECT {COLUMNS} FROM outbox o WHERE o.id = $1"), params![id], read_delivery)
}

/// How many deliveries were done with before a moment: sent, withdrawn or parked.
pub fn older(r: &mut Read, before: Instant) -> Result<i64> {
    let count = r.query_one(
        "SELECT COUNT(*) FROM outbox WHERE state <> 'waiting' AND done_at < $1",
        params![before],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Takes those of [`older`] away and gives how many they were.
pub fn drop_older(tx: &mut Tx, before: Instant) -> Result<u64> {
    tx.execute(
        "DELETE FROM outbox_try WHERE delivery_id IN (SELECT id FROM outbox WHERE state <> 'waiting' AND done_at < $1)",
        params![before],
    )?;
    tx.execute("DELETE FROM outbox WHERE state <> 'waiting' AND done_at < $1", params![before])
}
