//! Private calendar feeds: one secret address a person, kept as a hash.

use domain::coaching::{Action, Session, State};
use domain::ids::{PersonId, SessionId};
use domain::time::Instant;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Gives a person a feed in place of an older one.
pub fn put_feed(tx: &mut Tx, person: PersonId, token_hash: &[u8], at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO calendar_feed (person_id, token_hash, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (person_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at",
        params![person, token_hash, at],
    )?;
    Ok(())
}

/// Ends a person's feed.
pub fn remove_feed(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM calendar_feed WHERE person_id = $1", params![person])?;
    Ok(())
}

/// Since when a person has a feed.
pub fn feed_of(r: &mut Read, person: PersonId) -> Result<Option<Instant>> {
    r.query_one("SELECT created_at FROM calendar_feed WHERE person_id = $1", params![person], |row| {
        row.get(0)
    })
}

/// Whose feed has this secret.
pub fn person_with_feed(r: &mut Read, token_hash: &[u8]) -> Result<Option<PersonId>> {
    r.query_one("SELECT person_id FROM calendar_feed WHERE token_hash = $1", params![token_hash], |row| {
        row.get(0)
    })
}

/// The checks that are agreed and not settled, of the talks in which a person is one of the two.
pub fn open_checks(r: &mut Read, person: PersonId) -> Result<Vec<(Session, Action)>> {
    let mut sessions = crate::coaching::sessions_with(r, person, 500)?;
    sessions.retain(|s| s.state == State::Agreed);
    let ids: Vec<SessionId> = sessions.iter().map(|s| s.id).collect();
    let actions = crate::coaching::actions(r, &ids)?;
    Ok(sessions
        .into_iter()
        .flat_map(|s| {
            let open: Vec<Action> =
                actions.iter().filter(|a| a.session == s.id && a.closed_at.is_none()).cloned().collect();
            open.into_iter().map(move |a| (s.clone(), a))
        })
        .collect())
}
