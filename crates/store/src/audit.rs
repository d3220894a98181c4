//! The two logs: who changed what, and who looked at whose data. Insert only.

use domain::ids::{AuditId, PersonId};
use domain::time::Instant;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Notes an act.
pub fn note(
    tx: &mut Tx,
    id: AuditId,
    at: Instant,
    actor: &str,
    act: &str,
    subject: &str,
    detail: &str,
) -> Result<()> {
    tx.execute(
        "INSERT INTO audit_log (id, at, actor, act, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        params![id, at, actor, act, subject, detail],
    )?;
    Ok(())
}

/// One look at a person's data.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Whose data.
    pub subject: PersonId,
    /// When.
    pub at: Instant,
    /// Who looked.
    pub viewer: PersonId,
    /// At what, in words.
    pub what: String,
    /// How they stood to the person.
    pub relation: String,
}

/// Records looks.
pub fn add_looks(tx: &mut Tx, looks: &[(AuditId, Look)]) -> Result<()> {
    tx.insert_many(
        "access_log",
        &["subject_id", "at", "id", "viewer_id", "what", "relation"],
        looks.iter().map(|(id, l)| params![l.subject, l.at, *id, l.viewer, &l.what, &l.relation]),
        "ON CONFLICT (subject_id, at, id) DO NOTHING",
    )?;
    Ok(())
}

/// The newest looks at a person's data, newest first.
pub fn looks_at(r: &mut Read, subject: PersonId, limit: u32) -> Result<Vec<Look>> {
    r.query(
        "SELECT subject_id, at, viewer_id, what, relation FROM access_log WHERE subject_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
        params![subject, i64::from(limit)],
        |row| {
            Ok(Look {
                subject: row.get(0)?,
                at: row.get(1)?,
                viewer: row.get(2)?,
                what: row.get(3)?,
                relation: row.get(4)?,
            })
        },
    )
}

/// The newest notes of one kind of act, newest first: when, about what, and how.
pub fn notes_of(r: &mut Read, act: &str, limit: u32) -> Result<Vec<(Instant, String, String)>> {
    r.query(
        "SELECT at, subject, detail FROM audit_log WHERE act = $1 ORDER BY id DESC LIMIT $2",
        params![act, i64::from(limit)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
