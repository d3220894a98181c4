//! Files that one administrator has asked to bring in and another one must apply.

use domain::ids::{ImportId, PersonId};
use domain::time::Instant;

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// A file that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Our id.
    pub id: ImportId,
    /// What is in it: `units` or `people`.
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// The file as it was sent.
    pub body: Vec<u8>,
    /// Who asked.
    pub asked_by: PersonId,
    /// When.
    pub asked_at: Instant,
}

fn read_request(row: &Row) -> Result<Request> {
    Ok(Request {
        id: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        body: row.get(3)?,
        asked_by: row.get(4)?,
        asked_at: row.get(5)?,
    })
}

const REQUEST: &str = "SELECT id, kind, name, body, asked_by, asked_at FROM import_request ";

/// Takes a file away, applied or not. Gives whether it was there.
pub fn delete(tx: &mut Tx, id: ImportId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM import_request WHERE id = $1", params![id])? > 0)
}

/// Every file that waits, oldest first.
pub fn requests(r: &mut Read) -> Result<Vec<Request>> {
    r.query([REQUEST, "ORDER BY asked_at, id"].concat(), params![], read_request)
}

/// One file that waits.
pub fn request(r: &mut Read, id: ImportId) -> Result<Option<Request>> {
    r.query_one([REQUEST, "WHERE id = $1"].concat(), params![id], read_request)
}

/// Keeps a file until it is applied or withdrawn.
pub fn add(tx: &mut Tx, request: &Request) -> Result<()> {
    tx.execute(
        "INSERT INTO import_request (id, kind, name, body, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            request.id,
            &request.kind,
            &request.name,
            request.body.as_slice(),
            request.asked_by,
            request.asked_at
        ],
    )?;
    Ok(())
}
