//! `learning_day`: what one person did with one activity on one day, and what it is made from.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AccountId, PersonId, UnitId};
use domain::learning::{Event, LearningDay};
use domain::time::{Day, Instant};
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;
use crate::statements;
use crate::statements::terms::{self, Term};

type Result<T> = std::result::Result<T, Error>;

/// Statements that are read in one go.
const ROWS: usize = 1_000;

/// A statement that has arrived, as far as the roll-up has to know to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its place in the order.
    pub seq: i64,
    /// The actor's account.
    pub account: Option<AccountId>,
    /// When it happened.
    pub happened_at: Instant,
    /// The statement that it voids.
    pub voids: Option<Uuid>,
}

/// The statements after a place in the order, in order.
pub fn arrivals(r: &mut Read, after: i64, limit: u32) -> Result<Vec<Arrival>> {
    r.query(
        "SELECT seq, account_id, happened_at, voids, refers_to FROM statement WHERE seq > $1 ORDER BY seq LIMIT $2",
        params![after, i64::from(limit)],
        |row| {
            let voids: bool = row.get(3)?;
            Ok(Arrival {
                seq: row.get(0)?,
                account: row.get(1)?,
                happened_at: row.get(2)?,
                voids: if voids { row.get(4)? } else { None },
            })
        },
    )
}

/// By whom and when those of some statements were that are here and that a single agent did.
pub fn done_by(r: &mut Read, ids: &[Uuid]) -> Result<Vec<(AccountId, Instant)>> {
    r.query(
        "SELECT account_id, happened_at FROM statement WHERE id = ANY($1) AND account_id IS NOT NULL",
        params![Value::list(ids.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// When an account did things, each moment once, in order.
pub fn moments(r: &mut Read, account: AccountId) -> Result<Vec<Instant>> {
    let seqs = terms::every(r, &[Term::actor(account)])?;
    let mut all: Vec<Instant> = Vec::with_capacity(seqs.len());
    for some in seqs.chunks(ROWS) {
        all.extend(r.query(
            "SELECT happened_at FROM statement WHERE seq = ANY($1)",
            params![Value::list(some.iter().copied())],
            |row| row.get::<Instant>(0),
        )?);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Whose those of some accounts are that belong to somebody.
pub fn persons(r: &mut Read, accounts: &[AccountId]) -> Result<BTreeMap<AccountId, PersonId>> {
    let rows = r.query(
        "SELECT id, person_id FROM account WHERE id = ANY($1) AND person_id IS NOT NULL",
        params![Value::list(accounts.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// The accounts of some persons.
pub fn accounts(r: &mut Read, persons: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<AccountId>>> {
    let mut all: BTreeMap<PersonId, Vec<AccountId>> = BTreeMap::new();
    r.each(
        "SELECT person_id, id FROM account WHERE person_id = ANY($1) ORDER BY person_id, id",
        params![Value::list(persons.iter().copied())],
        |row| {
            all.entry(row.get(0)?).or_default().push(row.get(1)?);
            Ok(())
        },
    )?;
    Ok(all)
}

/// The accounts of everybody who ever worked in some units.
pub fn accounts_in(r: &mut Read, units: &[UnitId]) -> Result<Vec<AccountId>> {
    r.query(
        "SELECT DISTINCT a.id FROM membership m JOIN account a ON a.person_id = m.person_id WHERE m.unit_id = ANY($1)",
        params![Value::list(units.iter().copied())],
        |row| row.get(0),
    )
}

/// Everybody who has an account with statements.
pub fn active_persons(r: &mut Read) -> Result<Vec<PersonId>> {
    r.query(
        "SELECT DISTINCT person_id FROM account WHERE person_id IS NOT NULL AND acted ORDER BY person_id",
        params![],
        |row| row.get(0),
    )
}

/// A stretch of somebody's membership and the time zone of the unit, where it has one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneSpan {
    /// First day.
    pub from: Day,
    /// First day after.
    pub until: Option<Day>,
    /// IANA name.
    pub zone: Option<String>,
}

/// In which time zones some persons have worked, by day.
pub fn zones(r: &mut Read, persons: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<ZoneSpan>>> {
    let mut all: BTreeMap<PersonId, Vec<ZoneSpan>> = BTreeMap::new();
    r.each(
        "SELECT m.person_id, m.from_day, m.until_day, u.zone FROM membership m JOIN org_unit u ON u.id = m.unit_id
         WHERE m.person_id = ANY($1) ORDER BY m.person_id, m.from_day",
        params![Value::list(persons.iter().copied())],
        |row| {
            let span = ZoneSpan { from: row.get(1)?, until: row.get(2)?, zone: row.get(3)? };
            all.entry(row.get(0)?).or_default().push(span);
            Ok(())
        },
    )?;
    Ok(all)
}

/// What some accounts did with activities in some spans, each from a moment up to another, voided statements left out.
/// What they did between the spans may be among it.
pub fn events(r: &mut Read, accounts: &[AccountId], spans: &[(Instant, Instant)]) -> Result<Vec<Event>> {
    let (Some(from), Some(until)) = (spans.iter().map(|s| s.0).min(), spans.iter().map(|s| s.1).max()) else {
        return Ok(Vec::new());
    };
    let days: BTreeSet<_> =
        spans.iter().flat_map(|&(from, until)| terms::day_of(from)..=terms::day_of(until)).collect();
    let wanted: Vec<Term> =
        accounts.iter().flat_map(|&account| days.iter().map(move |&day| Term::day(account, day))).collect();
    let seqs = terms::every(r, &wanted)?;
    let mut all: Vec<(Event, Uuid)> = Vec::with_capacity(seqs.len());
    for some in seqs.chunks(ROWS) {
        let rows: Vec<(Instant, Uuid, Instant, Vec<u8>)> = r.query(
            "SELECT happened_at, id, stored_at, body FROM statement
             WHERE seq = ANY($1) AND happened_at >= $2 AND happened_at < $3 AND NOT voided",
            params![Value::list(some.iter().copied()), from, until],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (at, id, stored, body) in rows {
            let text = statements::text(r, &body, stored)?;
            all.extend(Event::of(at, &text).map(|event| (event, id)));
        }
    }
    all.sort_by(|(a, a_id), (b, b_id)| (a.at, a_id).cmp(&(b.at, b_id)));
    Ok(all.into_iter().map(|(event, _)| event).collect())
}

/// Takes the rows of some days of a person away, to be made again.
pub fn drop_days(tx: &mut Tx, person: PersonId, days: &[Day]) -> Result<()> {
    tx.execute(
        "DELETE FROM learning_day WHERE person_id = $1 AND day = ANY($2)",
        params![person, Value::list(days.iter().copied())],
    )?;
    Ok(())
}

/// Takes every row away that can be made again.
pub fn clear(tx: &mut Tx) -> Result<()> {
    tx.execute(
        "DELETE FROM learning_day WHERE NOT EXISTS (SELECT 1 FROM learning_final f
         WHERE f.person_id = learning_day.person_id AND f.day = learning_day.day)",
        params![],
    )?;
    Ok(())
}

/// Those of some days of a person of which statements were taken away: they stay as they are.
pub fn final_days(r: &mut Read, person: PersonId, days: &[Day]) -> Result<Vec<Day>> {
    r.query(
        "SELECT day FROM learning_final WHERE person_id = $1 AND day = ANY($2)",
        params![person, Value::list(days.iter().copied())],
        |row| row.get(0),
    )
}

/// Keeps days as they are from now on.
pub fn make_final(tx: &mut Tx, days: impl IntoIterator<Item = (PersonId, Day)>) -> Result<()> {
    tx.insert_many(
        "learning_final",
        &["person_id", "day"],
        days.into_iter().map(|(person, day)| params![person, day]),
        "ON CONFLICT (person_id, day) DO NOTHING",
    )?;
    Ok(())
}

/// Takes away what a person did with activities that fewer than so many people have to do with, and keeps the rest as it is.
/// Gives how many rows went and how many stay.
pub fn keep_common(tx: &mut Tx, person: PersonId, people: usize) -> Result<(u64, u64)> {
    let gone = tx.execute(
        "DELETE FROM learning_day WHERE person_id = $1 AND activity NOT IN (
             SELECT activity FROM learning_day
             WHERE activity IN (SELECT activity FROM learning_day WHERE person_id = $1)
             GROUP BY activity HAVING COUNT(DISTINCT person_id) >= $2)",
        params![person, people as i64],
    )?;
    tx.execute(
        "INSERT INTO learning_final (person_id, day) SELECT DISTINCT person_id, day FROM learning_day WHERE person_id = $1
         ON CONFLICT (person_id, day) DO NOTHING",
        params![person],
    )?;
    let stay =
        tx.query_one("SELECT COUNT(*) FROM learning_day WHERE person_id = $1", params![person], |row| {
            row.get::<i64>(0)
        })?;
    Ok((gone, stay.unwrap_or(0).unsigned_abs()))
}

/// Adds rows.
pub fn add(tx: &mut Tx, rows: &[LearningDay]) -> Result<()> {
    tx.insert_many(
        "learning_day",
        &["person_id", "day", "activity", "minutes", "statements", "completions", "passes", "best_score"],
        rows.iter().map(|d| {
            params![
                d.person,
                d.day,
                &d.activity,
                d.minutes,
                d.statements,
                d.completions,
                d.passes,
                d.best_score
            ]
        }),
        "",
    )?;
    Ok(())
}

const COLUMNS: &str = "person_id, day, activity, minutes, statements, completions, passes, best_score";

fn read(row: &Row) -> Result<LearningDay> {
    Ok(LearningDay {
        person: row.get(0)?,
        day: row.get(1)?,
        activity: row.get(2)?,
        minutes: row.get(3)?,
        statements: row.get(4)?,
        completions: row.get(5)?,
        passes: row.get(6)?,
        best_score: row.get(7)?,
    })
}

/// What a person did from a day up to and including another, newest first.
pub fn of_person(r: &mut Read, person: PersonId, from: Day, to: Day) -> Result<Vec<LearningDay>> {
    r.query(
        format!(
            "SELECT {COLUMNS} FROM learning_day WHERE person_id = $1 AND day >= $2 AND day <= $3 ORDER BY day DESC, activity"
        ),
        params![person, from, to],
        read,
    )
}

/// Every row, in the order of its key, one at a time.
pub fn each(r: &mut Read, mut give: impl FnMut(LearningDay) -> Result<()>) -> Result<()> {
    r.each(
        format!("SELECT {COLUMNS} FROM learning_day ORDER BY person_id, day, activity"),
        params![],
        |row| give(read(row)?),
    )
}

/// Minutes of learning of each person on each day of a span, by person and day.
pub fn minutes(r: &mut Read, from: Day, to: Day) -> Result<Vec<(PersonId, Day, f64)>> {
    r.query(
        "SELECT person_id, day, SUM(minutes) FROM learning_day WHERE day >= $1 AND day <= $2
         GROUP BY person_id, day ORDER BY person_id, day",
        params![from, to],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// On which day each person first completed an activity, up to and including a day.
pub fn first_completions(r: &mut Read, activity: &str, to: Day) -> Result<BTreeMap<PersonId, Day>> {
    let rows = r.query(
        "SELECT person_id, MIN(day) FROM learning_day WHERE activity = $1 AND day <= $2 AND completions > 0
         GROUP BY person_id",
        params![activity, to],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}
