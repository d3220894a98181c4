//! What the evaluation of a metric keeps for the next: the movements of groups, and what its subjects share.
//!
//! Derived; can be rebuilt. Kept so that one changed reading needs a look at its own subject only.

use domain::ids::{MetricId, UnitId};
use domain::time::Day;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// What moved one group, on the axis of periods of the metric's last whole evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Movement {
    /// Of which metric.
    pub metric: MetricId,
    /// Which group.
    pub unit: UnitId,
    /// How many subjects are below.
    pub subjects: i64,
    /// The movement in each period, as a share of the usual level.
    pub moved: Vec<Option<f64>>,
    /// How many subjects it was seen on, in each period.
    pub reporting: Vec<u32>,
    /// How many of them have come or changed since.
    pub changed: Vec<u32>,
}

/// What the subjects of one metric share, and on which axis of periods it was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// Of which metric.
    pub metric: MetricId,
    /// The first period of the axis.
    pub first: Day,
    /// The rule, as `code version`.
    pub rule: String,
    /// `domain::alerts::whole::Shared` as JSON.
    pub shared: String,
}

fn number(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

fn read_movement(row: &Row) -> Result<Movement> {
    let moved: Vec<u8> = row.get(3)?;
    let counts = |at: usize| -> Result<Vec<u32>> {
        let bytes: Vec<u8> = row.get(at)?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap_or_default())).collect())
    };
    Ok(Movement {
        metric: row.get(0)?,
        unit: row.get(1)?,
        subjects: row.get(2)?,
        moved: moved.chunks_exact(8).map(|b| Some(number(b)).filter(|v| !v.is_nan())).collect(),
        reporting: counts(4)?,
        changed: counts(5)?,
    })
}

/// The movements of some groups of a metric.
pub fn movements(r: &mut Read, metric: MetricId, units: &[UnitId]) -> Result<Vec<Movement>> {
    r.query(
        "SELECT metric_id, unit_id, subjects, moved, reporting, changed FROM common_movement
         WHERE metric_id = $1 AND unit_id = ANY($2) ORDER BY unit_id",
        params![metric, Value::list(units.iter().copied())],
        read_movement,
    )
}

/// Writes movements over those with the same key.
pub fn put_movements(tx: &mut Tx, movements: &[Movement]) -> Result<()> {
    let counts = |all: &[u32]| -> Vec<u8> { all.iter().flat_map(|n| n.to_le_bytes()).collect() };
    tx.insert_many(
        "common_movement",
        &["metric_id", "unit_id", "subjects", "moved", "reporting", "changed"],
        movements.iter().map(|m| {
            let moved: Vec<u8> = m.moved.iter().flat_map(|v| v.unwrap_or(f64::NAN).to_le_bytes()).collect();
            params![m.metric, m.unit, m.subjects, moved, counts(&m.reporting), counts(&m.changed)]
        }),
        "ON CONFLICT (metric_id, unit_id) DO UPDATE SET subjects = excluded.subjects, moved = excluded.moved,
             reporting = excluded.reporting, changed = excluded.changed",
    )?;
    Ok(())
}

/// What the subjects of a metric share, where it was evaluated as a whole.
pub fn shared(r: &mut Read, metric: MetricId) -> Result<Option<Shared>> {
    r.query_one(
        "SELECT metric_id, first_day, rule, shared FROM metric_shared WHERE metric_id = $1",
        params![metric],
        |row| Ok(Shared { metric: row.get(0)?, first: row.get(1)?, rule: row.get(2)?, shared: row.get(3)? }),
    )
}

/// Takes the place of everything that was kept about a metric.
pub fn replace(tx: &mut Tx, shared: &Shared, movements: &[Movement]) -> Result<()> {
    tx.execute("DELETE FROM common_movement WHERE metric_id = $1", params![shared.metric])?;
    put_movements(tx, movements)?;
    tx.execute(
        "INSERT INTO metric_shared (metric_id, first_day, rule, shared) VALUES ($1, $2, $3, $4)
         ON CONFLICT (metric_id) DO UPDATE SET first_day = excluded.first_day, rule = excluded.rule, shared = excluded.shared",
        params![shared.metric, shared.first, &shared.rule, &shared.shared],
    )?;
    Ok(())
}
