//! Webhook endpoints.

use domain::ids::{EndpointId, PersonId};
use domain::webhooks::{Endpoint, Format, Readers, State};

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const COLUMNS: &str = "id, name, url, format, person_id, readers, state, reason, secret, old_secret, old_until, created_at, created_by";

fn read(row: &Row) -> Result<Endpoint> {
    let (old, until): (Option<Vec<u8>>, Option<_>) = (row.get(9)?, row.get(10)?);
    Ok(Endpoint {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        format: row.word(3, Format::from_word)?,
        person: row.get(4)?,
        readers: row.word(5, Readers::from_word)?,
        state: row.word(6, State::from_word)?,
        reason: row.get(7)?,
        secret: row.get(8)?,
        old_secret: old.zip(until),
        created: row.get(11)?,
        created_by: row.get(12)?,
    })
}

/// Adds or replaces an endpoint.
pub fn put(tx: &mut Tx, e: &Endpoint) -> Result<()> {
    let (old, until) = e.old_secret.clone().unzip();
    tx.execute(
        "INSERT INTO webhook_endpoint (id, name, url, format, person_id, readers, state, reason, secret, old_secret, old_until, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, format = excluded.format,
             person_id = excluded.person_id, readers = excluded.readers, state = excluded.state,
             reason = excluded.reason, secret = excluded.secret, old_secret = excluded.old_secret,
             old_until = excluded.old_until",
        params![
            e.id, &e.name, &e.url, e.format.word(), e.person, e.readers.word(), e.state.word(), &e.reason,
            e.secret.as_slice(), old, until, e.created, &e.created_by
        ],
    )?;
    Ok(())
}

/// One endpoint.
pub fn endpoint(r: &mut Read, id: EndpointId) -> Result<Option<Endpoint>> {
    r.query_one(format!("SELECT {COLUMNS} FROM webhook_endpoint WHERE id = $1"), params![id], read)
}

/// Every endpoint, oldest first.
pub fn all(r: &mut Read) -> Result<Vec<Endpoint>> {
    r.query(format!("SELECT {COLUMNS} FROM webhook_endpoint ORDER BY id"), params![], read)
}

/// The endpoints of a person, oldest first.
pub fn of_person(r: &mut Read, person: PersonId) -> Result<Vec<Endpoint>> {
    r.query(
        format!("SELECT {COLUMNS} FROM webhook_endpoint WHERE person_id = $1 ORDER BY id"),
        params![person],
        read,
    )
}

/// The endpoints of nobody, oldest first.
pub fn of_nobody(r: &mut Read) -> Result<Vec<Endpoint>> {
    r.query(
        format!("SELECT {COLUMNS} FROM webhook_endpoint WHERE person_id IS NULL ORDER BY id"),
        params![],
        read,
    )
}

/// Takes an endpoint away. `Ok(false)` where there is none.
pub fn remove(tx: &mut Tx, id: EndpointId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM webhook_endpoint WHERE id = $1", params![id])? == 1)
}
