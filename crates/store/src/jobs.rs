//! The outbox: everything that leaves the server, written in the transaction of the change that causes it.

use domain::ids::{DeliveryId, NotificationId, PersonId};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Something to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Our id; also what makes a repeated sending recognisable.
    pub id: DeliveryId,
    /// What kind: `mail`.
    pub kind: String,
    /// Deliveries with the same key leave in the order in which they were queued.
    pub order_key: String,
    /// What to send, as JSON of its kind.
    pub payload: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was queued.
    pub created_at: Instant,
    /// What the last try said.
    pub last_error: Option<String>,
}

fn read_delivery(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        kind: row.get(1)?,
        order_key: row.get(2)?,
        payload: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.get(5)?,
        last_error: row.get(6)?,
    })
}

/// Queues something.
pub fn queue(
    tx: &mut Tx,
    id: DeliveryId,
    kind: &str,
    order_key: &str,
    payload: &str,
    at: Instant,
) -> Result<()> {
    tx.execute(
        "INSERT INTO outbox (id, kind, order_key, payload, state, attempts, created_at, next_at)
         VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $5)",
        params![id, kind, order_key, payload, at],
    )?;
    Ok(())
}

/// Takes the next deliveries that are due, the oldest of each order key, and leases them until a moment.
///
/// A lease that ran out counts as due again: whoever held it has died. So a delivery happens at least once.
pub fn lease(tx: &mut Tx, now: Instant, until: Instant, limit: u32) -> Result<Vec<Delivery>> {
    let due = tx.query(
        "SELECT o.id, o.kind, o.order_key, o.payload, o.attempts, o.created_at, o.last_error FROM outbox o
         WHERE o.state = 'waiting' AND o.next_at <= $1 AND (o.leased_until IS NULL OR o.leased_until <= $1)
           AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_key = o.order_key AND e.state = 'waiting' AND e.id < o.id)
         ORDER BY o.id LIMIT $2",
        params![now, i64::from(limit)],
        read_delivery,
    )?;
    let mut taken = Vec::with_capacity(due.len());
    for delivery in due {
        // Conditional, so that of two servers only one takes it.
        let changed = tx.execute(
            "UPDATE outbox SET leased_until = $2, attempts = attempts + 1
             WHERE id = $1 AND state = 'waiting' AND (leased_until IS NULL OR leased_until <= $3)",
            params![delivery.id, until, now],
        )?;
        if changed == 1 {
            taken.push(Delivery { attempts: delivery.attempts + 1, ..delivery });
        }
    }
    Ok(taken)
}

/// It went out.
pub fn sent(tx: &mut Tx, id: DeliveryId, at: Instant) -> Result<()> {
    tx.execute("UPDATE outbox SET state = 'sent', done_at = $2, leased_until = NULL, last_error = NULL WHERE id = $1", params![id, at])?;
    Ok(())
}

/// It did not go out; try again at a moment.
pub fn retry(tx: &mut Tx, id: DeliveryId, next_at: Instant, error: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET next_at = $2, leased_until = NULL, last_error = $3 WHERE id = $1",
        params![id, next_at, error],
    )?;
    Ok(())
}

/// It cannot go out; kept and shown, never dropped.
pub fn park(tx: &mut Tx, id: DeliveryId, at: Instant, error: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = 'parked', done_at = $2, leased_until = NULL, last_error = $3 WHERE id = $1",
        params![id, at, error],
    )?;
    Ok(())
}

/// Puts a parked delivery back into the queue. `Ok(false)` where it is not parked.
pub fn replay(tx: &mut Tx, id: DeliveryId, at: Instant) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE outbox SET state = 'waiting', attempts = 0, next_at = $2, done_at = NULL WHERE id = $1 AND state = 'parked'",
        params![id, at],
    )? == 1)
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
        "SELECT state, COUNT(*), MIN(created_at) FROM outbox WHERE state <> 'sent' GROUP BY state",
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
        "SELECT last_error FROM outbox WHERE state <> 'sent' AND last_error IS NOT NULL ORDER BY state, next_at DESC, id DESC LIMIT 1",
        params![],
        |row| row.get(0),
    )?;
    Ok(queue)
}

/// Parked deliveries, newest first.
pub fn parked(r: &mut Read, limit: u32) -> Result<Vec<Delivery>> {
    r.query(
        "SELECT id, kind, order_key, payload, attempts, created_at, last_error FROM outbox
         WHERE state = 'parked' ORDER BY id DESC LIMIT $1",
        params![i64::from(limit)],
        read_delivery,
    )
}

/// A message to a person on screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// For whom.
    pub person: PersonId,
    /// Our id.
    pub id: NotificationId,
    /// When.
    pub at: Instant,
    /// About what: `alert`, `session`, `feed`.
    pub about: String,
    /// Which one.
    pub about_id: Uuid,
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub url: String,
    /// When it was seen.
    pub seen_at: Option<Instant>,
}

/// Adds a notification.
pub fn notify(tx: &mut Tx, n: &Notification) -> Result<()> {
    tx.execute(
        "INSERT INTO notification (person_id, id, at, about, about_id, text, url) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![n.person, n.id, n.at, &n.about, n.about_id, &n.text, &n.url],
    )?;
    Ok(())
}

/// A person's newest notifications, newest first.
pub fn notifications(r: &mut Read, person: PersonId, limit: u32) -> Result<Vec<Notification>> {
    r.query(
        "SELECT person_id, id, at, about, about_id, text, url, seen_at FROM notification
         WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
        params![person, i64::from(limit)],
        |row| {
            Ok(Notification {
                person: row.get(0)?,
                id: row.get(1)?,
                at: row.get(2)?,
                about: row.get(3)?,
                about_id: row.get(4)?,
                text: row.get(5)?,
                url: row.get(6)?,
                seen_at: row.get(7)?,
            })
        },
    )
}

/// How many notifications a person has not seen.
pub fn unseen(r: &mut Read, person: PersonId) -> Result<i64> {
    let count = r.query_one(
        "SELECT COUNT(*) FROM notification WHERE person_id = $1 AND seen_at IS NULL",
        params![person],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Marks a person's notifications as seen: those about one thing, or all.
pub fn mark_seen(tx: &mut Tx, person: PersonId, about: Option<Uuid>, at: Instant) -> Result<u64> {
    match about {
        Some(about) => tx.execute(
            "UPDATE notification SET seen_at = $3 WHERE person_id = $1 AND about_id = $2 AND seen_at IS NULL",
            params![person, about, at],
        ),
        None => tx.execute(
            "UPDATE notification SET seen_at = $2 WHERE person_id = $1 AND seen_at IS NULL",
            params![person, at],
        ),
    }
}
