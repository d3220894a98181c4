//! Notifications: what a person is told on screen. What leaves the server is in [`crate::outbox`].

use domain::ids::{NotificationId, PersonId};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

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
