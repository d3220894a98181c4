//! Erasing a person: what is kept about them alone goes, what they are counted in stays under a number that leads to nobody.
//!
//! Requests are rows here; what a person's statements are found by and their removal is in [`crate::statements`].

use domain::ids::{ErasureId, PersonId};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// That somebody is to be erased, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its id.
    pub id: ErasureId,
    /// Whom.
    pub person: PersonId,
    /// Who asked, as logs name them.
    pub asked_by: String,
    /// When.
    pub asked_at: Instant,
    /// What for; empty once it is done.
    pub why: String,
    /// Who did it, once it is done.
    pub done_by: Option<String>,
    /// When it was done.
    pub done_at: Option<Instant>,
    /// What came of it, as JSON.
    pub receipt: Option<String>,
}

const REQUEST: &str =
    "SELECT id, person_id, asked_by, asked_at, why, done_by, done_at, receipt FROM erasure ";

fn read_request(row: &Row) -> Result<Request> {
    Ok(Request {
        id: row.get(0)?,
        person: row.get(1)?,
        asked_by: row.get(2)?,
        asked_at: row.get(3)?,
        why: row.get(4)?,
        done_by: row.get(5)?,
        done_at: row.get(6)?,
        receipt: row.get(7)?,
    })
}

/// Adds a request.
pub fn add(tx: &mut Tx, request: &Request) -> Result<()> {
    tx.execute(
        "INSERT INTO erasure (id, person_id, asked_by, asked_at, why) VALUES ($1, $2, $3, $4, $5)",
        params![request.id, request.person, &request.asked_by, request.asked_at, &request.why],
    )?;
    Ok(())
}

/// The requests, newest first.
pub fn requests(r: &mut Read, limit: u32) -> Result<Vec<Request>> {
    r.query([REQUEST, "ORDER BY id DESC LIMIT $1"].concat(), params![i64::from(limit)], read_request)
}

/// One request.
pub fn request(r: &mut Read, id: ErasureId) -> Result<Option<Request>> {
    r.query_one([REQUEST, "WHERE id = $1"].concat(), params![id], read_request)
}

/// The request about a person that still waits.
pub fn waiting(r: &mut Read, person: PersonId) -> Result<Option<Request>> {
    r.query_one(
        [REQUEST, "WHERE person_id = $1 AND done_at IS NULL ORDER BY id LIMIT 1"].concat(),
        params![person],
        read_request,
    )
}

/// Takes away a request that still waits. Tells whether there was one.
pub fn withdraw(tx: &mut Tx, id: ErasureId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM erasure WHERE id = $1 AND done_at IS NULL", params![id])? > 0)
}

/// Notes that it was done, and forgets what for.
pub fn done(tx: &mut Tx, id: ErasureId, by: &str, at: Instant, receipt: &str) -> Result<()> {
    tx.execute(
        "UPDATE erasure SET done_by = $2, done_at = $3, receipt = $4, why = '' WHERE id = $1",
        params![id, by, at, receipt],
    )?;
    Ok(())
}

/// How much is kept about a person besides their statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// State and profile documents of their accounts.
    pub documents: i64,
    /// Alerts about them and talks with them.
    pub talks_and_alerts: i64,
    /// Targets and commitments of theirs.
    pub targets: i64,
    /// What they were told, and mails to them.
    pub told: i64,
}

/// Counts it. `keys` are the keys of the person's accounts, `mail` how the outbox names them.
pub fn kept(r: &mut Read, person: PersonId, keys: &[String], mail: &str) -> Result<Kept> {
    let found = r.query_one(
        "SELECT (SELECT COUNT(*) FROM document WHERE agent = ANY($2)),
                (SELECT COUNT(*) FROM alert WHERE subject_id = $1) + (SELECT COUNT(*) FROM coaching_session WHERE person_id = $1),
                (SELECT COUNT(*) FROM target WHERE scope_id = $1) + (SELECT COUNT(*) FROM commitment WHERE person_id = $1),
                (SELECT COUNT(*) FROM notification WHERE person_id = $1) + (SELECT COUNT(*) FROM outbox WHERE target = $3)",
        params![person, Value::list(keys), mail],
        |row| {
            Ok(Kept {
                documents: row.get(0)?,
                talks_and_alerts: row.get(1)?,
                targets: row.get(2)?,
                told: row.get(3)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Rows that are about one person alone: table and the column that names them. In the order in which they can go.
const ALONE: [(&str, &str); 18] = [
    ("web_session", "person_id"),
    ("one_use_link", "person_id"),
    ("password", "person_id"),
    ("access_grant", "person_id"),
    ("notes_lock", "person_id"),
    ("private_note", "author_id"),
    ("calendar_feed", "person_id"),
    ("notification", "person_id"),
    ("webhook_endpoint", "person_id"),
    ("absence", "person_id"),
    ("standing", "subject_id"),
    ("target", "scope_id"),
    ("level_agreement", "person_id"),
    ("commitment", "person_id"),
    ("silence", "person_id"),
    ("proposal", "person_id"),
    ("coaching_guest", "person_id"),
    ("access_log", "subject_id"),
];

/// Tables whose text a sweep leaves alone: statements and their definitions have a way of their own, frozen studies stay as they
/// were published, and the rest holds nothing about people.
const UNSWEPT: [&str; 14] = [
    "statement",
    "statement_gone",
    "statement_term",
    "statement_pending",
    "statement_attachment",
    "statement_counter",
    "dictionary",
    "migration",
    "activity",
    "document",
    "learning_day",
    "study_answer",
    "setting",
    "person",
];

/// Takes away everything that is about a person alone, and their accounts. Their statements must have been taken away before.
pub fn forget(tx: &mut Tx, person: PersonId, keys: &[String], code: &str) -> Result<()> {
    let threads: Vec<Uuid> = tx.query(
        "SELECT id FROM alert WHERE subject_id = $1 UNION ALL SELECT id FROM coaching_session WHERE person_id = $1",
        params![person],
        |row| row.get(0),
    )?;
    let about = || params![Value::list(threads.iter().copied())];
    for sql in [
        "DELETE FROM message WHERE thread_id = ANY($1)",
        "DELETE FROM alert_event WHERE alert_id = ANY($1)",
        "DELETE FROM alert_grace WHERE alert_id = ANY($1)",
        "DELETE FROM notification WHERE about_id = ANY($1)",
        "DELETE FROM coaching_action WHERE session_id = ANY($1)",
        "DELETE FROM coaching_guest WHERE session_id = ANY($1)",
        "DELETE FROM private_note WHERE session_id = ANY($1)",
        "DELETE FROM alert WHERE id = ANY($1)",
        "DELETE FROM coaching_session WHERE id = ANY($1)",
    ] {
        tx.execute(sql, about())?;
    }
    tx.execute("UPDATE alert SET hand_id = NULL WHERE hand_id = $1", params![person])?;
    for (table, column) in ALONE {
        tx.execute(format!("DELETE FROM {table} WHERE {column} = $1"), params![person])?;
    }
    // What they wrote to others stays a message of theirs, without its words.
    tx.execute("UPDATE message SET text = $2 WHERE author_id = $1", params![person, GONE])?;
    tx.execute("DELETE FROM document WHERE agent = ANY($1)", params![Value::list(keys)])?;
    if code.len() > 2 {
        tx.execute(
            "UPDATE feed_run SET problems = '[]' WHERE REPLACE(problems, $1, '') <> problems",
            params![code],
        )?;
    }
    tx.execute("DELETE FROM account WHERE person_id = $1", params![person])?;
    Ok(())
}

/// What stands in the place of somebody's words or name.
pub const GONE: &str = "(erased)";

/// Puts [`GONE`] in the place of a name or an address wherever people wrote it, in every table.
pub fn sweep(tx: &mut Tx, words: &[&str]) -> Result<()> {
    let columns = tx.text_columns()?;
    for (table, column) in columns.iter().filter(|(table, _)| !UNSWEPT.contains(&table.as_str())) {
        for word in words {
            tx.execute(
                format!(
                    "UPDATE {table} SET {column} = REPLACE({column}, $1, $2) WHERE REPLACE({column}, $1, '') <> {column}"
                ),
                params![*word, GONE],
            )?;
        }
    }
    Ok(())
}

/// Deliveries and waiting files that hold any of some words go. Gives how many.
pub fn drop_holding(tx: &mut Tx, target: &str, words: &[&str]) -> Result<u64> {
    let mut holding: Vec<Uuid> = Vec::new();
    tx.each("SELECT id, target, payload, last_error FROM outbox", params![], |row| {
        let (id, to, payload, error): (Uuid, String, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let error = error.unwrap_or_default();
        if to == target || words.iter().any(|word| payload.contains(word) || error.contains(word)) {
            holding.push(id);
        }
        Ok(())
    })?;
    let mut files: Vec<Uuid> = Vec::new();
    tx.each("SELECT id, body FROM import_request", params![], |row| {
        let id: Uuid = row.get(0)?;
        row.bytes(1, |body| {
            let text = String::from_utf8_lossy(body);
            if words.iter().any(|word| text.contains(word)) {
                files.push(id);
            }
            Ok(())
        })
    })?;
    for (sql, ids) in [
        ("DELETE FROM outbox_try WHERE delivery_id = ANY($1)", &holding),
        ("DELETE FROM outbox WHERE id = ANY($1)", &holding),
        ("DELETE FROM import_request WHERE id = ANY($1)", &files),
    ] {
        tx.execute(sql, params![Value::list(ids.iter().copied())])?;
    }
    Ok((holding.len() + files.len()) as u64)
}

/// Documents of anybody and of activities that hold any of some words in a text: what is in them is given to `mend`.
pub fn mend_documents(tx: &mut Tx, mend: &dyn Fn(&str) -> Option<(String, String)>) -> Result<u64> {
    let mut changed = Vec::new();
    tx.each("SELECT owner, activity, agent, registration, name, body FROM document", params![], |row| {
        let key: [String; 5] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        row.bytes(5, |body| {
            if let Some((body, etag)) = std::str::from_utf8(body).ok().and_then(mend) {
                changed.push((key, body, etag));
            }
            Ok(())
        })
    })?;
    let count = changed.len() as u64;
    for ([owner, activity, agent, registration, name], body, etag) in changed {
        tx.execute(
            "UPDATE document SET body = $6, etag = $7 WHERE owner = $1 AND activity = $2 AND agent = $3
             AND registration = $4 AND name = $5",
            params![owner, activity, agent, registration, name, body.into_bytes(), etag],
        )?;
    }
    Ok(count)
}

/// How many other people have the same name.
pub fn namesakes(r: &mut Read, person: PersonId) -> Result<i64> {
    let count = r.query_one(
        "SELECT COUNT(*) FROM person p JOIN person q ON q.name_fold = p.name_fold AND q.id <> p.id WHERE p.id = $1",
        params![person],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Takes a person's name, code and address away. The row stays, for what they are counted in.
pub fn unname(tx: &mut Tx, person: PersonId, code: &str, name: &str, folded: &str) -> Result<()> {
    tx.execute(
        "UPDATE person SET code = $2, name = $3, name_fold = $4, email = NULL, email_fold = NULL, state = 'disabled'
         WHERE id = $1",
        params![person, code, name, folded],
    )?;
    Ok(())
}

/// Takes away what is known of activities.
pub fn forget_activities(tx: &mut Tx, iris: &[String]) -> Result<u64> {
    tx.execute("DELETE FROM activity WHERE iri = ANY($1)", params![Value::list(iris)])
}

/// The tables in which something was deleted or changed.
pub const TOUCHED: [&str; 23] = [
    "statement",
    "statement_term",
    "statement_pending",
    "statement_attachment",
    "statement_ref",
    "activity",
    "document",
    "learning_day",
    "account",
    "person",
    "message",
    "alert",
    "alert_event",
    "coaching_session",
    "coaching_action",
    "notification",
    "outbox",
    "outbox_try",
    "import_request",
    "feed_run",
    "audit_log",
    "access_log",
    "target",
];
