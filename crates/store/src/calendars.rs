//! Working calendars, closures of units, and leave of persons.

use std::collections::BTreeMap;

use domain::calendars::{Away, Calendar, Closure};
use domain::ids::{PersonId, UnitId};
use domain::people::Span;
use domain::time::Day;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Every calendar, by code.
pub fn calendars(r: &mut Read) -> Result<Vec<Calendar>> {
    r.query("SELECT code, calendar FROM calendar ORDER BY code", params![], |row| {
        let text: String = row.get(1)?;
        serde_json::from_str(&text)
            .map_err(|e| Error::BadValue { place: "calendar.calendar".into(), reason: e.to_string() })
    })
}

/// Which calendar holds in which unit and below it, by the calendar's code.
pub fn calendars_of_units(r: &mut Read) -> Result<BTreeMap<UnitId, String>> {
    let rows = r.query("SELECT unit_id, calendar_code FROM unit_calendar", params![], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// Writes a calendar over the one with the same code, and says in which units it holds.
pub fn put_calendar(tx: &mut Tx, calendar: &Calendar, units: &[UnitId]) -> Result<()> {
    let text = serde_json::to_string(calendar)
        .map_err(|e| Error::BadValue { place: "calendar.calendar".into(), reason: e.to_string() })?;
    tx.execute(
        "INSERT INTO calendar (code, calendar) VALUES ($1, $2)
         ON CONFLICT (code) DO UPDATE SET calendar = excluded.calendar",
        params![&calendar.code, text],
    )?;
    tx.execute("DELETE FROM unit_calendar WHERE calendar_code = $1", params![&calendar.code])?;
    for unit in units {
        tx.execute(
            "INSERT INTO unit_calendar (unit_id, calendar_code) VALUES ($1, $2)
             ON CONFLICT (unit_id) DO UPDATE SET calendar_code = excluded.calendar_code",
            params![*unit, &calendar.code],
        )?;
    }
    Ok(())
}

/// Spans in which units do not work, by unit and start.
pub fn closures(r: &mut Read) -> Result<Vec<(UnitId, Closure)>> {
    let select = "SELECT unit_id, from_day, until_day, reason FROM closure ORDER BY unit_id, from_day";
    r.query(select, params![], |row| {
        let span = Span { from: row.get(1)?, until: Some(row.get(2)?) };
        Ok((row.get(0)?, Closure { span, reason: row.get(3)? }))
    })
}

/// Adds a span in which a unit does not work, or writes over the one that begins on the same day.
pub fn put_closure(tx: &mut Tx, unit: UnitId, from: Day, until: Day, reason: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO closure (unit_id, from_day, until_day, reason) VALUES ($1, $2, $3, $4)
         ON CONFLICT (unit_id, from_day) DO UPDATE SET until_day = excluded.until_day, reason = excluded.reason",
        params![unit, from, until, reason],
    )?;
    Ok(())
}

/// Takes away the closure of a unit that begins on a day.
pub fn take_closure(tx: &mut Tx, unit: UnitId, from: Day) -> Result<()> {
    tx.execute("DELETE FROM closure WHERE unit_id = $1 AND from_day = $2", params![unit, from])?;
    Ok(())
}

const AWAY: &str = "SELECT person_id, from_day, until_day, share FROM absence ";

fn read_away(row: &Row) -> Result<(PersonId, Away)> {
    let span = Span { from: row.get(1)?, until: Some(row.get(2)?) };
    Ok((row.get(0)?, Away { span, share: row.get(3)? }))
}

/// Spans in which less or nothing is expected of persons, by person and start.
pub fn away(r: &mut Read) -> Result<Vec<(PersonId, Away)>> {
    r.query([AWAY, "ORDER BY person_id, from_day"].concat(), params![], read_away)
}

/// [`away`] of some persons.
pub fn away_of(r: &mut Read, persons: &[PersonId]) -> Result<Vec<(PersonId, Away)>> {
    r.query(
        [AWAY, "WHERE person_id = ANY($1) ORDER BY person_id, from_day"].concat(),
        params![Value::list(persons.iter().copied())],
        read_away,
    )
}

/// Adds a span in which less or nothing is expected of a person, or writes over the one that begins on the same day.
pub fn put_away(tx: &mut Tx, person: PersonId, from: Day, until: Day, share: f64) -> Result<()> {
    tx.execute(
        "INSERT INTO absence (person_id, from_day, until_day, share) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person_id, from_day) DO UPDATE SET until_day = excluded.until_day, share = excluded.share",
        params![person, from, until, share],
    )?;
    Ok(())
}

/// Takes away the span of a person that begins on a day.
pub fn take_away(tx: &mut Tx, person: PersonId, from: Day) -> Result<()> {
    tx.execute("DELETE FROM absence WHERE person_id = $1 AND from_day = $2", params![person, from])?;
    Ok(())
}
