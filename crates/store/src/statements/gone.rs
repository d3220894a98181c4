//! Statements that are taken away, and what stays in their place so that nobody brings them back.

use std::collections::BTreeMap;

use domain::ids::AccountId;
use domain::time::Instant;
use uuid::Uuid;

use super::{Body, Kept, Result, read_kept, unpacked};
use crate::db::{Read, Tx, Value};
use crate::params;

/// What stays of a statement that was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its id.
    pub id: Uuid,
    /// A keyed hash of what it meant.
    pub meaning: Vec<u8>,
}

/// Those of some ids whose statements were taken away, with what each meant.
pub fn gone(r: &mut Read, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<u8>>> {
    let rows = r.query(
        "SELECT id, meaning FROM statement_gone WHERE id = ANY($1)",
        params![Value::list(ids.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// The statements at some places in the order, in order.
pub fn kept_at(r: &mut Read, seqs: &[i64]) -> Result<Vec<Kept>> {
    let rows = r.query(
        "SELECT seq, id, stored_at, happened_at, key_id, body FROM statement WHERE seq = ANY($1) ORDER BY seq",
        params![Value::list(seqs.iter().copied())],
        read_kept,
    )?;
    unpacked(r, rows)
}

/// The places and ids of statements that are about some of these, by one reference or by several in a row, each with that one.
pub fn sources_of(r: &mut Read, ids: &[Uuid]) -> Result<Vec<(i64, Uuid)>> {
    r.query(
        "SELECT seq, target_id FROM statement_ref WHERE target_id = ANY($1) ORDER BY seq, target_id",
        params![Value::list(ids.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What the statements at some places are about, by one reference or by several in a row.
pub fn targets_of(r: &mut Read, seqs: &[i64]) -> Result<Vec<(i64, Uuid)>> {
    r.query(
        "SELECT seq, target_id FROM statement_ref WHERE seq = ANY($1) ORDER BY seq, target_id",
        params![Value::list(seqs.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Takes statements away with the data of their attachments and leaves what is to stay in their place.
pub fn remove(tx: &mut Tx, gone: &[Gone], at: Instant) -> Result<()> {
    let ids = || params![Value::list(gone.iter().map(|one| one.id))];
    tx.insert_many(
        "statement_gone",
        &["id", "meaning", "gone_at"],
        gone.iter().map(|one| params![one.id, one.meaning.as_slice(), at]),
        "ON CONFLICT (id) DO NOTHING",
    )?;
    tx.execute("DELETE FROM statement_attachment WHERE statement_id = ANY($1)", ids())?;
    tx.execute("DELETE FROM statement_ref WHERE target_id = ANY($1)", ids())?;
    tx.execute(
        "DELETE FROM statement_ref WHERE seq IN (SELECT seq FROM statement WHERE id = ANY($1))",
        ids(),
    )?;
    tx.execute("DELETE FROM statement WHERE id = ANY($1)", ids())?;
    Ok(())
}

/// Gives a statement another text and actor: somebody whom it names was erased. The data of its attachments go with the former one.
pub fn rewrite(tx: &mut Tx, id: Uuid, account: Option<AccountId>, body: &Body) -> Result<()> {
    tx.execute(
        "UPDATE statement SET body = $2, account_id = $3 WHERE id = $1",
        params![id, body.0.as_slice(), account],
    )?;
    tx.execute("DELETE FROM statement_attachment WHERE statement_id = $1", params![id])?;
    Ok(())
}
