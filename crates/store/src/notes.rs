//! Private notes, sealed: what lies here cannot be read without a phrase that is not here.

use domain::ids::{PersonId, SessionId};
use domain::time::Instant;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Somebody's key, sealed by their phrase and by their recovery code.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// Whose.
    pub person: PersonId,
    /// Salt of the phrase's slow hash.
    pub salt: Vec<u8>,
    /// The key, sealed by the phrase.
    pub by_phrase: Vec<u8>,
    /// The key, sealed by the recovery code.
    pub by_recovery: Vec<u8>,
    /// When phrase and code were made.
    pub made_at: Instant,
}

/// Somebody's lock.
pub fn lock(r: &mut Read, person: PersonId) -> Result<Option<Lock>> {
    r.query_one(
        "SELECT person_id, salt, by_phrase, by_recovery, made_at FROM notes_lock WHERE person_id = $1",
        params![person],
        |row| {
            Ok(Lock {
                person: row.get(0)?,
                salt: row.get(1)?,
                by_phrase: row.get(2)?,
                by_recovery: row.get(3)?,
                made_at: row.get(4)?,
            })
        },
    )
}

/// Writes somebody's lock over the one before.
pub fn put_lock(tx: &mut Tx, l: &Lock) -> Result<()> {
    tx.execute(
        "INSERT INTO notes_lock (person_id, salt, by_phrase, by_recovery, made_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person_id) DO UPDATE SET salt = excluded.salt, by_phrase = excluded.by_phrase,
             by_recovery = excluded.by_recovery, made_at = excluded.made_at",
        params![l.person, l.salt.as_slice(), l.by_phrase.as_slice(), l.by_recovery.as_slice(), l.made_at],
    )?;
    Ok(())
}

/// The key that is open in a session, sealed by the session's secret.
pub fn opened(r: &mut Read, token_hash: &[u8]) -> Result<Option<Vec<u8>>> {
    let found: Option<Option<Vec<u8>>> =
        r.query_one("SELECT notes_key FROM web_session WHERE token_hash = $1", params![token_hash], |row| {
            row.get(0)
        })?;
    Ok(found.flatten())
}

/// Keeps a key open in a session.
pub fn open(tx: &mut Tx, token_hash: &[u8], sealed: &[u8]) -> Result<()> {
    tx.execute("UPDATE web_session SET notes_key = $2 WHERE token_hash = $1", params![token_hash, sealed])?;
    Ok(())
}

/// Closes somebody's notes in every session.
pub fn close_all(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.execute("UPDATE web_session SET notes_key = NULL WHERE person_id = $1", params![person])?;
    Ok(())
}

/// Takes away somebody's lock and every note that it closes.
pub fn forget(tx: &mut Tx, person: PersonId) -> Result<()> {
    close_all(tx, person)?;
    tx.execute("DELETE FROM private_note WHERE author_id = $1", params![person])?;
    tx.execute("DELETE FROM notes_lock WHERE person_id = $1", params![person])?;
    Ok(())
}

/// Somebody's note on a talk, sealed, and when it was written.
pub fn note(r: &mut Read, author: PersonId, session: SessionId) -> Result<Option<(Vec<u8>, Instant)>> {
    r.query_one(
        "SELECT sealed, at FROM private_note WHERE author_id = $1 AND session_id = $2",
        params![author, session],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Writes somebody's note on a talk over the one before.
pub fn put(tx: &mut Tx, author: PersonId, session: SessionId, sealed: &[u8], at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO private_note (author_id, session_id, sealed, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (author_id, session_id) DO UPDATE SET sealed = excluded.sealed, at = excluded.at",
        params![author, session, sealed, at],
    )?;
    Ok(())
}

/// Takes away somebody's note on a talk.
pub fn remove(tx: &mut Tx, author: PersonId, session: SessionId) -> Result<()> {
    tx.execute(
        "DELETE FROM private_note WHERE author_id = $1 AND session_id = $2",
        params![author, session],
    )?;
    Ok(())
}
