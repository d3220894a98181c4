//! Interventions, the metrics of their lanes, their rollout with its notes, and single uses.

use domain::ids::{InterventionId, MetricId, PersonId, UnitId};
use domain::interventions::{CauseBox, Intervention, Kind, Lane, MinutesPer, Note, Start, State, Use};
use domain::metrics::Level;
use domain::time::{Day, Instant};

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const COLUMNS: &str =
    "SELECT id, code, name, kind, owner_id, org_unit_id, minutes, minutes_per, money, hour_value,
    behaviour, cause_box, description, activity, state FROM intervention ";

fn read_intervention(row: &Row) -> Result<Intervention> {
    Ok(Intervention {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        kind: row.word(3, Kind::from_word)?,
        owner: row.get(4)?,
        org_unit: row.get(5)?,
        minutes: row.get(6)?,
        minutes_per: row.word(7, MinutesPer::from_word)?,
        money: row.get(8)?,
        hour_value: row.get(9)?,
        behaviour: row.get(10)?,
        cause_box: row.word(11, CauseBox::from_word)?,
        description: row.get(12)?,
        activity: row.get(13)?,
        state: row.word(14, State::from_word)?,
    })
}

/// Every intervention, by name.
pub fn interventions(r: &mut Read) -> Result<Vec<Intervention>> {
    r.query([COLUMNS, "ORDER BY name, code"].concat(), params![], read_intervention)
}

/// One intervention.
pub fn intervention(r: &mut Read, id: InterventionId) -> Result<Option<Intervention>> {
    r.query_one([COLUMNS, "WHERE id = $1"].concat(), params![id], read_intervention)
}

/// One intervention by code.
pub fn intervention_by_code(r: &mut Read, code: &str) -> Result<Option<Intervention>> {
    r.query_one([COLUMNS, "WHERE code = $1"].concat(), params![code], read_intervention)
}

/// Writes an intervention over the one with the same code.
pub fn put(tx: &mut Tx, i: &Intervention, at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO intervention (id, code, name, kind, owner_id, org_unit_id, minutes, minutes_per, money, hour_value,
             behaviour, cause_box, description, activity, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, owner_id = excluded.owner_id,
             org_unit_id = excluded.org_unit_id, minutes = excluded.minutes, minutes_per = excluded.minutes_per,
             money = excluded.money, hour_value = excluded.hour_value, behaviour = excluded.behaviour,
             cause_box = excluded.cause_box, description = excluded.description, activity = excluded.activity,
             state = excluded.state",
        params![
            i.id,
            &i.code,
            &i.name,
            i.kind.word(),
            i.owner,
            i.org_unit,
            i.minutes,
            i.minutes_per.word(),
            i.money,
            i.hour_value,
            &i.behaviour,
            i.cause_box.word(),
            &i.description,
            i.activity.as_deref(),
            i.state.word(),
            at
        ],
    )?;
    Ok(())
}

/// The metrics of an intervention's lanes, by lane and position.
pub fn lanes(r: &mut Read, id: InterventionId) -> Result<Vec<Lane>> {
    r.query(
        "SELECT metric_id, lane, position FROM intervention_metric WHERE intervention_id = $1 ORDER BY lane, position, metric_id",
        params![id],
        |row| {
            Ok(Lane { metric: row.get(0)?, lane: row.word(1, Level::from_word)?, position: row.get(2)? })
        },
    )
}

/// Replaces the metrics of an intervention's lanes.
pub fn set_lanes(tx: &mut Tx, id: InterventionId, lanes: &[Lane]) -> Result<()> {
    tx.execute("DELETE FROM intervention_metric WHERE intervention_id = $1", params![id])?;
    tx.insert_many(
        "intervention_metric",
        &["intervention_id", "metric_id", "lane", "position"],
        lanes.iter().map(|l| params![id, l.metric, l.lane.word(), l.position]),
        "",
    )?;
    Ok(())
}

fn read_start(row: &Row) -> Result<(InterventionId, Start)> {
    let start = Start { unit: row.get(1)?, day: row.get(2)?, wave: row.get(3)?, drawn: row.get(4)? };
    Ok((row.get(0)?, start))
}

/// An intervention's starts, by day and unit.
pub fn starts(r: &mut Read, id: InterventionId) -> Result<Vec<Start>> {
    let all = r.query(
        "SELECT intervention_id, unit_id, start_day, wave, drawn FROM rollout WHERE intervention_id = $1
         ORDER BY start_day, unit_id",
        params![id],
        read_start,
    )?;
    Ok(all.into_iter().map(|(_, start)| start).collect())
}

/// Every intervention's starts, by intervention, day and unit.
pub fn all_starts(r: &mut Read) -> Result<Vec<(InterventionId, Start)>> {
    r.query(
        "SELECT intervention_id, unit_id, start_day, wave, drawn FROM rollout
         ORDER BY intervention_id, start_day, unit_id",
        params![],
        read_start,
    )
}

/// Replaces an intervention's starts.
pub fn set_starts(tx: &mut Tx, id: InterventionId, starts: &[Start]) -> Result<()> {
    tx.execute("DELETE FROM rollout WHERE intervention_id = $1", params![id])?;
    tx.insert_many(
        "rollout",
        &["intervention_id", "unit_id", "start_day", "wave", "drawn"],
        starts.iter().map(|s| params![id, s.unit, s.day, s.wave, s.drawn]),
        "",
    )?;
    Ok(())
}

/// The spans in which a unit is no fair comparison, by first day.
pub fn notes(r: &mut Read, id: InterventionId) -> Result<Vec<Note>> {
    r.query(
        "SELECT unit_id, from_day, until_day, reason, leave_out FROM rollout_note WHERE intervention_id = $1
         ORDER BY from_day, unit_id",
        params![id],
        |row| {
            Ok(Note {
                unit: row.get(0)?,
                from: row.get(1)?,
                until: row.get(2)?,
                reason: row.get(3)?,
                leave_out: row.get(4)?,
            })
        },
    )
}

/// Writes a note over the one of the same unit and first day.
pub fn put_note(tx: &mut Tx, id: InterventionId, note: &Note) -> Result<()> {
    tx.execute(
        "INSERT INTO rollout_note (intervention_id, unit_id, from_day, until_day, reason, leave_out)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (intervention_id, unit_id, from_day) DO UPDATE SET until_day = excluded.until_day,
             reason = excluded.reason, leave_out = excluded.leave_out",
        params![id, note.unit, note.from, note.until, &note.reason, note.leave_out],
    )?;
    Ok(())
}

/// Single uses and those picked alike who were not given it, by day and person. For studies, never for pages.
pub fn uses(r: &mut Read, id: InterventionId) -> Result<Vec<Use>> {
    r.query(
        "SELECT person_id, day, given, picked_by FROM intervention_use WHERE intervention_id = $1 ORDER BY day, person_id",
        params![id],
        |row| Ok(Use { person: row.get(0)?, day: row.get(1)?, given: row.get(2)?, picked_by: row.get(3)? }),
    )
}

/// How many times each intervention was given to single persons, and to how many of them.
pub fn use_counts(r: &mut Read) -> Result<Vec<(InterventionId, i64, i64)>> {
    r.query(
        "SELECT intervention_id, COUNT(*), COUNT(DISTINCT person_id) FROM intervention_use WHERE given
         GROUP BY intervention_id ORDER BY intervention_id",
        params![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Writes uses over those of the same person and day.
pub fn put_uses(tx: &mut Tx, id: InterventionId, uses: &[Use]) -> Result<()> {
    tx.insert_many(
        "intervention_use",
        &["person_id", "intervention_id", "day", "given", "picked_by"],
        uses.iter().map(|u| params![u.person, id, u.day, u.given, &u.picked_by]),
        "ON CONFLICT (person_id, intervention_id, day) DO UPDATE SET given = excluded.given, picked_by = excluded.picked_by",
    )?;
    Ok(())
}

/// An intervention's name.
pub fn name(r: &mut Read, id: InterventionId) -> Result<Option<String>> {
    r.query_one("SELECT name FROM intervention WHERE id = $1", params![id], |row| row.get(0))
}

/// Records that one person uses it from a day on, and who or what picked them.
pub fn add_use(tx: &mut Tx, person: PersonId, id: InterventionId, day: Day, picked_by: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO intervention_use (person_id, intervention_id, day, given, picked_by) VALUES ($1, $2, $3, TRUE, $4)
         ON CONFLICT (person_id, intervention_id, day) DO UPDATE SET given = TRUE",
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
         WHERE u.person_id = $1 AND u.given AND u.day >= $2 AND u.day <= $3 ORDER BY u.day, i.name",
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
