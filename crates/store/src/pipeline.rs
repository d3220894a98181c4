//! What the pipeline still has to do: keys whose derived rows must be recomputed, and how far each step has read.

use domain::time::Day;
use uuid::Uuid;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// A key whose derived rows a step must recompute. What `a` and `b` are, the step knows; nil where not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Usually the metric or the subject.
    pub a: Uuid,
    /// The second part.
    pub b: Uuid,
    /// The period or day.
    pub day: Day,
}

/// Asks a step to recompute keys. Asking twice is asking once.
pub fn ask(tx: &mut Tx, step: &str, keys: impl IntoIterator<Item = Key>) -> Result<()> {
    tx.insert_many(
        "pipeline_key",
        &["step", "a", "b", "day"],
        keys.into_iter().map(|k| params![step, k.a, k.b, k.day]),
        "ON CONFLICT (step, a, b, day) DO NOTHING",
    )?;
    Ok(())
}

/// The next keys of a step, in order.
pub fn asked(r: &mut Read, step: &str, limit: u32) -> Result<Vec<Key>> {
    r.query(
        "SELECT a, b, day FROM pipeline_key WHERE step = $1 ORDER BY a, b, day LIMIT $2",
        params![step, i64::from(limit)],
        |row| Ok(Key { a: row.get(0)?, b: row.get(1)?, day: row.get(2)? }),
    )
}

/// Marks keys of a step as done. Call it in the transaction that recomputes them.
pub fn done(tx: &mut Tx, step: &str, keys: &[Key]) -> Result<()> {
    for k in keys {
        tx.execute(
            "DELETE FROM pipeline_key WHERE step = $1 AND a = $2 AND b = $3 AND day = $4",
            params![step, k.a, k.b, k.day],
        )?;
    }
    Ok(())
}

/// Marks every key of a step with this second part as done.
pub fn done_for_b(tx: &mut Tx, step: &str, b: Uuid) -> Result<()> {
    tx.execute("DELETE FROM pipeline_key WHERE step = $1 AND b = $2", params![step, b])?;
    Ok(())
}

/// How many keys wait, by step.
pub fn backlog(r: &mut Read) -> Result<Vec<(String, i64)>> {
    r.query("SELECT step, COUNT(*) FROM pipeline_key GROUP BY step ORDER BY step", params![], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// How far a step has read; 0 where it has not begun.
pub fn position(r: &mut Read, step: &str) -> Result<i64> {
    Ok(r.query_one("SELECT position FROM pipeline_cursor WHERE step = $1", params![step], |row| row.get(0))?
        .unwrap_or(0))
}

/// Moves a step's position. Call it in the transaction that did the work.
pub fn set_position(tx: &mut Tx, step: &str, position: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO pipeline_cursor (step, position) VALUES ($1, $2)
         ON CONFLICT (step) DO UPDATE SET position = excluded.position",
        params![step, position],
    )?;
    Ok(())
}

/// A small installation-wide value.
pub fn setting(r: &mut Read, key: &str) -> Result<Option<String>> {
    r.query_one("SELECT value FROM setting WHERE key = $1", params![key], |row| row.get(0))
}

/// Sets a value where there is none yet. Whoever comes first wins; read it again to know.
pub fn set_setting_once(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        params![key, value],
    )?;
    Ok(())
}

/// Sets a small installation-wide value.
pub fn set_setting(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        params![key, value],
    )?;
    Ok(())
}
