//! Cases and their files.

use domain::cases::{Case, File};
use domain::ids::CaseId;

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

fn read_case(row: &Row) -> Result<Case> {
    let file: String = row.get(6)?;
    Ok(Case {
        id: row.get(0)?,
        code: row.get(1)?,
        title: row.get(2)?,
        metric: row.get(3)?,
        opened_on: row.get(4)?,
        closed_on: row.get(5)?,
        file: serde_json::from_str::<File>(&file)
            .map_err(|e| Error::BadValue { place: "improvement_case.file".into(), reason: e.to_string() })?,
    })
}

const CASE: &str = "SELECT id, code, title, metric_id, opened_on, closed_on, file FROM improvement_case ";

/// Every case, newest first.
pub fn cases(r: &mut Read) -> Result<Vec<Case>> {
    r.query([CASE, "ORDER BY opened_on DESC, code"].concat(), params![], read_case)
}

/// One case.
pub fn case(r: &mut Read, id: CaseId) -> Result<Option<Case>> {
    r.query_one([CASE, "WHERE id = $1"].concat(), params![id], read_case)
}

/// Adds a case, or writes over the one with the same code.
pub fn put_case(tx: &mut Tx, case: &Case) -> Result<()> {
    let file = serde_json::to_string(&case.file)
        .map_err(|e| Error::BadValue { place: "improvement_case.file".into(), reason: e.to_string() })?;
    tx.execute(
        "INSERT INTO improvement_case (id, code, title, metric_id, opened_on, closed_on, file)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (code) DO UPDATE SET title = excluded.title, metric_id = excluded.metric_id,
             opened_on = excluded.opened_on, closed_on = excluded.closed_on, file = excluded.file",
        params![case.id, &case.code, &case.title, case.metric, case.opened_on, case.closed_on, file],
    )?;
    Ok(())
}
