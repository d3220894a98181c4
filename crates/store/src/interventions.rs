//! Interventions, their lanes, rollouts and uses.

use domain::ids::{InterventionId, MetricId, PersonId, UnitId};
use domain::interventions::{Kind, MinutesPer};
use domain::time::Day;

use crate::db::{Error, Read, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// An intervention's name.
pub fn name(r: &mut Read, id: InterventionId) -> Result<Option<String>> {
    r.query_one("SELECT name FROM intervention WHERE id = $1", params![id], |row| row.get(0))
}

/// Records that one person uses it from a day on, and who or what picked them.
pub fn add_use(tx: &mut Tx, person: PersonId, id: InterventionId, day: Day, picked_by: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO intervention_use (person_id, intervention_id, day, picked_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person_id, intervention_id, day) DO NOTHING",
        params![person, id, day, picked_by],
    )?;
    Ok(())
}

/// When supports started for a person: through their units, or for themselves. Day and name, in order.
pub fn starts_for(
    r: &mut Read,
    person: PersonId,
    units: &[UnitId],
    first: Day,
    last: Day,
) -> Result<Vec<(Day, String)>> {
    let mut starts: Vec<(Day, String)> = r.query(
        "SELECT r.start_day, i.name FROM rollout r JOIN intervention i ON i.id = r.intervention_id
         WHERE r.unit_id = ANY($1) AND r.start_day >= $2 AND r.start_day <= $3 ORDER BY r.start_day, i.name",
        params![Value::list(units.iter().copied()), first, last],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    starts.extend(r.query(
        "SELECT u.day, i.name FROM intervention_use u JOIN intervention i ON i.id = u.intervention_id
         WHERE u.person_id = $1 AND u.day >= $2 AND u.day <= $3 ORDER BY u.day, i.name",
        params![person, first, last],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?);
    starts.sort();
    Ok(starts)
}

/// A support that can be offered, with what the newest study of it concluded.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// Which.
    pub id: InterventionId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Minutes it costs.
    pub minutes: f64,
    /// What the minutes are counted per.
    pub minutes_per: MinutesPer,
    /// What it is.
    pub description: String,
    /// The unit whose people it is for.
    pub org_unit: Option<UnitId>,
    /// The metrics in its lanes.
    pub metrics: Vec<MetricId>,
    /// The verdict's word and the grade's letter of the newest answer of any of its studies.
    pub known: Option<(String, String)>,
}

/// Every support that is offered, by code.
pub fn offered(r: &mut Read) -> Result<Vec<Offered>> {
    let mut all = r.query(
        "SELECT id, name, kind, minutes, minutes_per, description, org_unit_id FROM intervention
         WHERE state = 'active' ORDER BY code",
        params![],
        |row| {
            Ok(Offered {
                id: row.get(0)?,
                name: row.get(1)?,
                kind: row.word(2, Kind::from_word)?,
                minutes: row.get(3)?,
                minutes_per: row.word(4, MinutesPer::from_word)?,
                description: row.get(5)?,
                org_unit: row.get(6)?,
                metrics: Vec::new(),
                known: None,
            })
        },
    )?;
    r.each(
        "SELECT intervention_id, metric_id FROM intervention_metric ORDER BY position",
        params![],
        |row| {
            let (id, metric): (InterventionId, MetricId) = (row.get(0)?, row.get(1)?);
            if let Some(found) = all.iter_mut().find(|o| o.id == id) {
                found.metrics.push(metric);
            }
            Ok(())
        },
    )?;
    // In order of time, so that the newest answer stays.
    r.each(
        "SELECT s.intervention_id, a.verdict, a.grade FROM study s JOIN study_answer a ON a.study_id = s.id ORDER BY a.at, a.number",
        params![],
        |row| {
            let id: InterventionId = row.get(0)?;
            if let Some(found) = all.iter_mut().find(|o| o.id == id) {
                found.known = Some((row.get(1)?, row.get(2)?));
            }
            Ok(())
        },
    )?;
    Ok(all)
}
