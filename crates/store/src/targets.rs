//! Targets and commitments, every version of each.

use domain::ids::{JobRoleId, MetricId, PersonId, UnitId};
use domain::targets::{Commitment, Target, TargetScope};
use domain::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

fn read_target(row: &Row) -> Result<Target> {
    let id = |row: &Row| -> Result<Uuid> { row.get(3) };
    let scope: String = row.get(2)?;
    Ok(Target {
        id: row.get(0)?,
        metric: row.get(1)?,
        scope: match scope.as_str() {
            "person" => TargetScope::Person(PersonId::new(id(row)?)),
            "unit" => TargetScope::Unit(UnitId::new(id(row)?)),
            "job_role" => TargetScope::JobRole(JobRoleId::new(id(row)?)),
            _ => TargetScope::All,
        },
        version: row.get(4)?,
        level: row.get(5)?,
        tolerance: row.get(6)?,
        window: row.get::<i64>(7)?.clamp(1, 520) as u32,
        from: row.get(8)?,
        ended: row.get(9)?,
        set_by: row.get(10)?,
        set_at: row.get(11)?,
        why: row.get(12)?,
    })
}

const TARGET: &str =
    "SELECT id, metric_id, scope, scope_id, version, level, tolerance, window_periods, from_day, ended,
    set_by, set_at, why FROM target ";

/// The word and id under which a scope is kept.
fn scope_columns(scope: TargetScope) -> (&'static str, Option<Uuid>) {
    match scope {
        TargetScope::Person(id) => ("person", Some(id.uuid())),
        TargetScope::Unit(id) => ("unit", Some(id.uuid())),
        TargetScope::JobRole(id) => ("job_role", Some(id.uuid())),
        TargetScope::All => ("all", None),
    }
}

/// Every version of every target of these metrics.
pub fn targets(r: &mut Read, metrics: &[MetricId]) -> Result<Vec<Target>> {
    r.query(
        [TARGET, "WHERE metric_id = ANY($1) ORDER BY metric_id, scope, scope_id, version"].concat(),
        params![Value::list(metrics.iter().copied())],
        read_target,
    )
}

/// The newest version number of a target; 0 where there is none.
pub fn newest_version(r: &mut Read, metric: MetricId, scope: TargetScope) -> Result<i64> {
    let (word, id) = scope_columns(scope);
    let newest: Option<Option<i64>> = match id {
        Some(id) => r.query_one(
            "SELECT MAX(version) FROM target WHERE metric_id = $1 AND scope = $2 AND scope_id = $3",
            params![metric, word, id],
            |row| row.get(0),
        )?,
        None => r.query_one(
            "SELECT MAX(version) FROM target WHERE metric_id = $1 AND scope = $2 AND scope_id IS NULL",
            params![metric, word],
            |row| row.get(0),
        )?,
    };
    Ok(newest.flatten().unwrap_or(0))
}

/// Adds a version of a target.
pub fn add_target(tx: &mut Tx, t: &Target) -> Result<()> {
    let (word, id) = scope_columns(t.scope);
    tx.execute(
        "INSERT INTO target (id, metric_id, scope, scope_id, version, level, tolerance, window_periods, from_day, ended,
             set_by, set_at, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            t.id,
            t.metric,
            word,
            id,
            t.version,
            t.level,
            t.tolerance,
            i64::from(t.window),
            t.from,
            t.ended,
            &t.set_by,
            t.set_at,
            &t.why
        ],
    )?;
    Ok(())
}

fn read_commitment(row: &Row) -> Result<Commitment> {
    Ok(Commitment {
        id: row.get(0)?,
        person: row.get(1)?,
        metric: row.get(2)?,
        version: row.get(3)?,
        level: row.get(4)?,
        from: row.get(5)?,
        ended: row.get(6)?,
        set_by: row.get(7)?,
        set_at: row.get(8)?,
        why: row.get(9)?,
    })
}

const COMMITMENT: &str =
    "SELECT id, person_id, metric_id, version, level, from_day, ended, set_by, set_at, why FROM commitment ";

/// Every version of the commitments of these persons, by person, metric and version.
pub fn commitments_of(r: &mut Read, persons: &[PersonId]) -> Result<Vec<Commitment>> {
    r.query(
        [COMMITMENT, "WHERE person_id = ANY($1) ORDER BY person_id, metric_id, version"].concat(),
        params![Value::list(persons.iter().copied())],
        read_commitment,
    )
}

/// Every version of every commitment, for the pipeline.
pub fn commitments(r: &mut Read) -> Result<Vec<Commitment>> {
    r.query([COMMITMENT, "ORDER BY person_id, metric_id, version"].concat(), params![], read_commitment)
}

/// Adds a version of a commitment.
pub fn add_commitment(tx: &mut Tx, c: &Commitment) -> Result<()> {
    tx.execute(
        "INSERT INTO commitment (id, person_id, metric_id, version, level, from_day, ended, set_by, set_at, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![c.id, c.person, c.metric, c.version, c.level, c.from, c.ended, &c.set_by, c.set_at, &c.why],
    )?;
    Ok(())
}

/// Notes that somebody agreed to a target or commitment; a second time changes nothing.
pub fn add_agreement(tx: &mut Tx, level: Uuid, by: PersonId, at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO level_agreement (level_id, person_id, at) VALUES ($1, $2, $3) ON CONFLICT (level_id) DO NOTHING",
        params![level, by, at],
    )?;
    Ok(())
}

/// Who agreed to targets and commitments, and when.
pub fn agreements(r: &mut Read, levels: &[Uuid]) -> Result<Vec<(Uuid, PersonId, Instant)>> {
    r.query(
        "SELECT level_id, person_id, at FROM level_agreement WHERE level_id = ANY($1) ORDER BY at, level_id",
        params![Value::list(levels.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
