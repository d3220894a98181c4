//! What is kept quiet, whom a notice waits for, and what waits for the digest.

use std::collections::BTreeMap;

use domain::attention::Silence;
use domain::ids::{AlertId, PersonId, SilenceId};
use domain::time::{Day, Instant};

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const SILENCE: &str =
    "SELECT id, person_id, metric_id, unit_id, owner_id, reason, set_at, until_day, ended_at FROM silence ";

fn read_silence(row: &Row) -> Result<Silence> {
    Ok(Silence {
        id: row.get(0)?,
        person: row.get(1)?,
        metric: row.get(2)?,
        unit: row.get(3)?,
        owner: row.get(4)?,
        reason: row.get(5)?,
        set_at: row.get(6)?,
        until: row.get(7)?,
        ended_at: row.get(8)?,
    })
}

/// The silences in force on a day, the newest first. For judging alerts; pages show somebody only what concerns them.
pub fn silences(r: &mut Read, today: Day) -> Result<Vec<Silence>> {
    r.query(
        [SILENCE, "WHERE ended_at IS NULL AND until_day >= $1 ORDER BY id DESC"].concat(),
        params![today],
        read_silence,
    )
}

/// One silence.
pub fn silence(r: &mut Read, id: SilenceId) -> Result<Option<Silence>> {
    r.query_one([SILENCE, "WHERE id = $1"].concat(), params![id], read_silence)
}

/// Adds a silence.
pub fn add_silence(tx: &mut Tx, s: &Silence) -> Result<()> {
    tx.execute(
        "INSERT INTO silence (id, person_id, metric_id, unit_id, owner_id, reason, set_at, until_day)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![s.id, s.person, s.metric, s.unit, s.owner, &s.reason, s.set_at, s.until],
    )?;
    Ok(())
}

/// Ends a silence before its time.
pub fn end_silence(tx: &mut Tx, id: SilenceId, at: Instant) -> Result<()> {
    tx.execute("UPDATE silence SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", params![id, at])?;
    Ok(())
}

/// Takes the early end of a silence back.
pub fn resume_silence(tx: &mut Tx, id: SilenceId) -> Result<()> {
    tx.execute("UPDATE silence SET ended_at = NULL WHERE id = $1", params![id])?;
    Ok(())
}

/// Who is not told about an alert yet is told at a moment, if there is still something to tell by then.
pub fn wait_to_tell(tx: &mut Tx, alert: AlertId, due: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO alert_grace (alert_id, due_at) VALUES ($1, $2) ON CONFLICT (alert_id) DO NOTHING",
        params![alert, due],
    )?;
    Ok(())
}

/// Looks again at a later moment at an alert of which somebody is still to be told.
pub fn wait_longer(tx: &mut Tx, alert: AlertId, due: Instant) -> Result<()> {
    tx.execute("UPDATE alert_grace SET due_at = $2 WHERE alert_id = $1", params![alert, due])?;
    Ok(())
}

/// Whether a person was ever told about an alert.
pub fn has_heard(r: &mut Read, person: PersonId, alert: AlertId) -> Result<bool> {
    let found = r.query_one(
        "SELECT 1 FROM notification WHERE person_id = $1 AND about = 'alert' AND about_id = $2 LIMIT 1",
        params![person, alert],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Everybody has been told, or need not be any more.
pub fn end_grace(tx: &mut Tx, alert: AlertId) -> Result<()> {
    tx.execute("DELETE FROM alert_grace WHERE alert_id = $1", params![alert])?;
    Ok(())
}

/// Alerts of which the leader is to be told by a moment.
pub fn graces_due(r: &mut Read, now: Instant) -> Result<Vec<AlertId>> {
    r.query(
        "SELECT alert_id FROM alert_grace WHERE due_at <= $1 ORDER BY due_at, alert_id LIMIT 500",
        params![now],
        |row| row.get(0),
    )
}

/// Of some alerts those that the person has for themselves for now, and until when.
pub fn in_grace(r: &mut Read, alerts: &[AlertId]) -> Result<BTreeMap<AlertId, Instant>> {
    let rows = r.query(
        "SELECT alert_id, due_at FROM alert_grace WHERE alert_id = ANY($1)",
        params![Value::list(alerts.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// How many things somebody was told since a moment that they had not asked for, without those that wait.
pub fn unasked_since(r: &mut Read, person: PersonId, since: Instant) -> Result<i64> {
    Ok(r.query_one(
        "SELECT COUNT(*) FROM notification WHERE person_id = $1 AND unasked = TRUE AND held = FALSE AND at > $2",
        params![person, since],
        |row| row.get(0),
    )?
    .unwrap_or(0))
}

/// Marks the newest notification about something as one that nobody asked for, and whether it waits for the digest.
pub fn mark_unasked(
    tx: &mut Tx,
    person: PersonId,
    id: domain::ids::NotificationId,
    held: bool,
) -> Result<()> {
    tx.execute(
        "UPDATE notification SET unasked = TRUE, held = $3 WHERE person_id = $1 AND id = $2",
        params![person, id, held],
    )?;
    Ok(())
}

/// Who has something waiting for the digest that was told before a moment and not seen.
pub fn digests_due(r: &mut Read, before: Instant) -> Result<Vec<PersonId>> {
    r.query(
        "SELECT DISTINCT person_id FROM notification WHERE held = TRUE AND at <= $1 ORDER BY person_id",
        params![before],
        |row| row.get(0),
    )
}

/// What waits for somebody's digest: the texts of what they have not seen, oldest first. Nothing waits any more.
pub fn take_held(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    let texts = tx.query(
        "SELECT text FROM notification WHERE person_id = $1 AND held = TRUE AND seen_at IS NULL ORDER BY id",
        params![person],
        |row| row.get(0),
    )?;
    tx.execute("UPDATE notification SET held = FALSE WHERE person_id = $1 AND held = TRUE", params![person])?;
    Ok(texts)
}
