//! Metric definitions, observations and their roll-ups.

use std::collections::BTreeMap;

use domain::ids::{FeedId, MetricId, RunId};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::time::{Cadence, Day, Instant};
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const COLUMNS: &str =
    "SELECT m.id, m.code, v.version, v.name, v.unit, v.direction, v.level, v.grain, v.aggregation,
    v.cadence, v.decimals, v.guardrail, v.owner_id, v.feed_id, v.source, v.description
    FROM metric m JOIN metric_version v ON v.metric_id = m.id
    WHERE v.version = (SELECT MAX(w.version) FROM metric_version w WHERE w.metric_id = m.id)";

fn read_metric(row: &Row) -> Result<Metric> {
    Ok(Metric {
        id: row.get(0)?,
        code: row.get(1)?,
        version: row.get(2)?,
        name: row.get(3)?,
        unit: row.get(4)?,
        direction: row.word(5, Direction::from_word)?,
        level: row.word(6, Level::from_word)?,
        grain: row.word(7, Grain::from_word)?,
        aggregation: row.word(8, Aggregation::from_word)?,
        cadence: row.word(9, Cadence::from_word)?,
        decimals: row.get::<i64>(10)?.clamp(0, 9) as u8,
        guardrail: row.get(11)?,
        owner: row.get(12)?,
        feed: row.get(13)?,
        source: row.get(14)?,
        description: row.get(15)?,
    })
}

/// Every metric, the version in force, by code.
pub fn metrics(r: &mut Read) -> Result<Vec<Metric>> {
    r.query([COLUMNS, " ORDER BY m.code"].concat(), params![], read_metric)
}

/// One metric, the version in force.
pub fn metric(r: &mut Read, id: MetricId) -> Result<Option<Metric>> {
    r.query_one([COLUMNS, " AND m.id = $1"].concat(), params![id], read_metric)
}

/// One metric by code, the version in force.
pub fn metric_by_code(r: &mut Read, code: &str) -> Result<Option<Metric>> {
    r.query_one([COLUMNS, " AND m.code = $1"].concat(), params![code], read_metric)
}

/// One version of a definition, with who set it and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Counted from 1.
    pub version: i64,
    /// Who set it, as logs name them.
    pub set_by: String,
    /// When.
    pub set_at: Instant,
    /// Why, in words.
    pub why: String,
}

/// The versions of a definition, newest first.
pub fn versions(r: &mut Read, id: MetricId) -> Result<Vec<Version>> {
    r.query(
        "SELECT version, set_by, set_at, why FROM metric_version WHERE metric_id = $1 ORDER BY version DESC",
        params![id],
        |row| {
            Ok(Version { version: row.get(0)?, set_by: row.get(1)?, set_at: row.get(2)?, why: row.get(3)? })
        },
    )
}

/// Adds a version of a definition; the metric itself too where it is new.
pub fn add_version(tx: &mut Tx, metric: &Metric, set_by: &str, set_at: Instant, why: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO metric (id, code) VALUES ($1, $2) ON CONFLICT (code) DO NOTHING",
        params![metric.id, &metric.code],
    )?;
    tx.execute(
        "INSERT INTO metric_version (metric_id, version, name, unit, direction, level, grain, aggregation, cadence,
             decimals, guardrail, owner_id, feed_id, source, description, set_by, set_at, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        params![
            metric.id,
            metric.version,
            &metric.name,
            &metric.unit,
            metric.direction.word(),
            metric.level.word(),
            metric.grain.word(),
            metric.aggregation.word(),
            metric.cadence.word(),
            i64::from(metric.decimals),
            metric.guardrail,
            metric.owner,
            metric.feed,
            &metric.source,
            &metric.description,
            set_by,
            set_at,
            why
        ],
    )?;
    Ok(())
}

/// One revision of one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The person or unit it is about.
    pub subject: Uuid,
    /// Of which metric.
    pub metric: MetricId,
    /// The first day of its period.
    pub period: Day,
    /// Counted from 1; a correction is a new one.
    pub revision: i64,
    /// The number.
    pub quantity: Quantity,
    /// When it arrived.
    pub received_at: Instant,
    /// With which arrival of its feed.
    pub run: Option<RunId>,
}

/// The number and the value of the newest revision, by subject, metric and first day of the period.
pub type NewestRevisions = BTreeMap<(Uuid, MetricId, Day), (i64, Quantity)>;

/// The newest revision of every observation of these subjects and metrics in a span of periods, for comparison with what arrives.
pub fn newest_revisions(
    r: &mut Read,
    subjects: &[Uuid],
    metrics: &[MetricId],
    first: Day,
    last: Day,
) -> Result<NewestRevisions> {
    let mut newest = BTreeMap::new();
    for some in subjects.chunks(2_000) {
        r.each(
            "SELECT subject_id, metric_id, period, revision, numerator, denominator FROM observation
             WHERE subject_id = ANY($1) AND metric_id = ANY($2) AND period >= $3 AND period <= $4
             ORDER BY subject_id, metric_id, period, revision",
            params![Value::list(some.iter().copied()), Value::list(metrics.iter().copied()), first, last],
            |row| {
                let quantity = Quantity { numerator: row.get(4)?, denominator: row.get(5)? };
                newest.insert((row.get(0)?, row.get(1)?, row.get(2)?), (row.get(3)?, quantity));
                Ok(())
            },
        )?;
    }
    Ok(newest)
}

/// Appends observations. Sort them by subject, metric and period: the table is kept in that order.
pub fn add_observations(tx: &mut Tx, observations: &[Observation]) -> Result<()> {
    tx.insert_many(
        "observation",
        &[
            "subject_id",
            "metric_id",
            "period",
            "revision",
            "numerator",
            "denominator",
            "received_at",
            "run_id",
        ],
        observations.iter().map(|o| {
            params![
                o.subject,
                o.metric,
                o.period,
                o.revision,
                o.quantity.numerator,
                o.quantity.denominator,
                o.received_at,
                o.run
            ]
        }),
        "",
    )?;
    Ok(())
}

/// Every revision of one subject's observations of one metric, by period and revision: what a chart's number opens to.
pub fn observations(
    r: &mut Read,
    subject: Uuid,
    metric: MetricId,
    first: Day,
    last: Day,
) -> Result<Vec<Observation>> {
    r.query(
        "SELECT subject_id, metric_id, period, revision, numerator, denominator, received_at, run_id FROM observation
         WHERE subject_id = $1 AND metric_id = $2 AND period >= $3 AND period <= $4 ORDER BY period, revision",
        params![subject, metric, first, last],
        |row| {
            Ok(Observation {
                subject: row.get(0)?,
                metric: row.get(1)?,
                period: row.get(2)?,
                revision: row.get(3)?,
                quantity: Quantity { numerator: row.get(4)?, denominator: row.get(5)? },
                received_at: row.get(6)?,
                run: row.get(7)?,
            })
        },
    )
}

/// One period's reading of one subject, as rolled up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The person or unit.
    pub subject: Uuid,
    /// Of which metric.
    pub metric: MetricId,
    /// The first day of the period.
    pub period: Day,
    /// The number.
    pub quantity: Quantity,
    /// How many subjects it is made of; 1 where it was observed itself.
    pub contributors: i64,
    /// The newest revision inside; above 1 it was corrected. 0 for a roll-up of a unit.
    pub revision: i64,
    /// Whether it came after its feed's expected lag.
    pub late: bool,
}

const READING: &str = "SELECT subject_id, metric_id, period, numerator, denominator, contributors, revision, late FROM metric_period ";

fn read_reading(row: &Row) -> Result<Reading> {
    Ok(Reading {
        subject: row.get(0)?,
        metric: row.get(1)?,
        period: row.get(2)?,
        quantity: Quantity { numerator: row.get(3)?, denominator: row.get(4)? },
        contributors: row.get(5)?,
        revision: row.get(6)?,
        late: row.get(7)?,
    })
}

/// The readings of one subject and metric in a span of periods, in order.
pub fn readings(
    r: &mut Read,
    subject: Uuid,
    metric: MetricId,
    first: Day,
    last: Day,
) -> Result<Vec<Reading>> {
    r.query(
        [
            READING,
            "WHERE subject_id = $1 AND metric_id = $2 AND period >= $3 AND period <= $4 ORDER BY period",
        ]
        .concat(),
        params![subject, metric, first, last],
        read_reading,
    )
}

/// The readings of many subjects and metrics in a span of periods, by subject, metric and period.
pub fn readings_of(
    r: &mut Read,
    subjects: &[Uuid],
    metrics: &[MetricId],
    first: Day,
    last: Day,
) -> Result<Vec<Reading>> {
    r.query(
        [
            READING,
            "WHERE subject_id = ANY($1) AND metric_id = ANY($2) AND period >= $3 AND period <= $4
          ORDER BY subject_id, metric_id, period",
        ]
        .concat(),
        params![Value::list(subjects.iter().copied()), Value::list(metrics.iter().copied()), first, last],
        read_reading,
    )
}

/// A span of at least so many days is read by walking all of a metric's readings in the order in which they lie;
/// a shorter one by the index of periods, whose rows lie apart.
const LONG_SPAN: i32 = 182;

/// All of a metric's readings in the order in which they lie, of which those of a span are wanted: `$1` is the metric, `$2` the
/// nil id, `$3` and `$4` the span. The second condition holds for every row and says which index to walk, and what is
/// compared with TRUE keeps SQLite off the other one.
const WALK: &str =
    "WHERE metric_id = $1 AND subject_id >= $2 AND (period >= $3) = TRUE AND (period <= $4) = TRUE ";
/// The order in which readings lie.
const IN_ORDER: &str = "ORDER BY metric_id, subject_id, period";

/// Hands over every subject's readings of one metric in a span of periods, by subject and period.
/// For the pipeline and for studies.
pub fn each_reading(
    r: &mut Read,
    metric: MetricId,
    first: Day,
    last: Day,
    mut each: impl FnMut(Reading) -> Result<()>,
) -> Result<()> {
    if i64::from(last.number()) - i64::from(first.number()) >= i64::from(LONG_SPAN) {
        let all = [READING, WALK, IN_ORDER].concat();
        return r.each(all, params![metric, Uuid::nil(), first, last], |row| each(read_reading(row)?));
    }
    let some = [READING, "WHERE metric_id = $1 AND period >= $2 AND period <= $3 ", IN_ORDER].concat();
    r.each(some, params![metric, first, last], |row| each(read_reading(row)?))
}

/// Hands over the values alone of every subject's own readings of one metric in a long span of periods, by subject and period:
/// a third less to read than [`each_reading`].
pub fn each_value(
    r: &mut Read,
    metric: MetricId,
    first: Day,
    last: Day,
    mut each: impl FnMut(Uuid, Day, f64),
) -> Result<()> {
    const VALUE: &str = "SELECT subject_id, period, numerator, denominator FROM metric_period ";
    let own = [VALUE, WALK, "AND revision > 0 ", IN_ORDER].concat();
    r.each(own, params![metric, Uuid::nil(), first, last], |row| {
        let quantity = Quantity { numerator: row.get(2)?, denominator: row.get(3)? };
        if let Some(value) = quantity.value() {
            each(row.get(0)?, row.get(1)?, value);
        }
        Ok(())
    })
}

/// Writes readings over those with the same key. No two may have the same key.
/// Sort many by metric, subject and period: the table is kept in that order.
pub fn put_readings(tx: &mut Tx, readings: &[Reading]) -> Result<()> {
    let over = "ON CONFLICT (metric_id, subject_id, period) DO UPDATE SET numerator = excluded.numerator,
         denominator = excluded.denominator, contributors = excluded.contributors,
         revision = excluded.revision, late = excluded.late";
    insert_readings(tx, readings, over)
}

fn insert_readings(tx: &mut Tx, readings: &[Reading], on_conflict: &str) -> Result<()> {
    tx.insert_many(
        "metric_period",
        &[
            "subject_id",
            "metric_id",
            "period",
            "numerator",
            "denominator",
            "contributors",
            "revision",
            "late",
        ],
        readings.iter().map(|r| {
            params![
                r.subject,
                r.metric,
                r.period,
                r.quantity.numerator,
                r.quantity.denominator,
                r.contributors,
                r.revision,
                r.late
            ]
        }),
        on_conflict,
    )?;
    Ok(())
}

/// Takes away readings of one metric, by subject and period.
pub fn drop_readings(
    tx: &mut Tx,
    metric: MetricId,
    gone: impl IntoIterator<Item = (Uuid, Day)>,
) -> Result<()> {
    for (subject, period) in gone {
        tx.execute(
            "DELETE FROM metric_period WHERE subject_id = $1 AND metric_id = $2 AND period = $3",
            params![subject, metric, period],
        )?;
    }
    Ok(())
}

/// Makes every reading anew: empties the roll-ups and puts in others, sorted by metric, subject and period. No two may have the
/// same key.
/// The index is made after its rows, which takes a third of the time.
pub fn replace_readings(tx: &mut Tx, readings: &[Reading]) -> Result<()> {
    tx.execute("DELETE FROM metric_period", params![])?;
    tx.execute("DROP INDEX metric_period_came", params![])?;
    insert_readings(tx, readings, "")?;
    tx.execute(
        "CREATE INDEX metric_period_came ON metric_period (metric_id, period, revision, late)",
        params![],
    )?;
    Ok(())
}

/// Hands over the newest revision of every observation, by subject, metric and period, for a rebuild.
pub fn each_newest(r: &mut Read, mut each: impl FnMut(Observation) -> Result<()>) -> Result<()> {
    let mut held: Option<Observation> = None;
    r.each(
        "SELECT subject_id, metric_id, period, revision, numerator, denominator, received_at, run_id FROM observation
         ORDER BY subject_id, metric_id, period, revision",
        params![],
        |row| {
            let next = Observation {
                subject: row.get(0)?,
                metric: row.get(1)?,
                period: row.get(2)?,
                revision: row.get(3)?,
                quantity: Quantity { numerator: row.get(4)?, denominator: row.get(5)? },
                received_at: row.get(6)?,
                run: row.get(7)?,
            };
            match held.replace(next) {
                Some(last) if (last.subject, last.metric, last.period) != (next.subject, next.metric, next.period) => each(last),
                _ => Ok(()),
            }
        },
    )?;
    held.map_or(Ok(()), each)
}

/// The first and last period for which a metric has readings.
pub fn span(r: &mut Read, metric: MetricId) -> Result<Option<(Day, Day)>> {
    // Two questions, because SQLite finds either end in an index and for both at once goes through all of it.
    let span: Option<(Option<Day>, Option<Day>)> = r.query_one(
        "SELECT (SELECT MIN(period) FROM metric_period WHERE metric_id = $1),
                (SELECT MAX(period) FROM metric_period WHERE metric_id = $1)",
        params![metric],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(span.and_then(|(first, last)| first.zip(last)))
}

/// The metrics that a feed brings.
pub fn metrics_of_feed(r: &mut Read, feed: FeedId) -> Result<Vec<Metric>> {
    Ok(metrics(r)?.into_iter().filter(|m| m.feed == Some(feed)).collect())
}

/// How many readings of these metrics were observed in each period, how many of them late, how many corrected.
pub fn counts_by_period(
    r: &mut Read,
    metrics: &[MetricId],
    first: Day,
    last: Day,
) -> Result<Vec<(Day, i64, i64, i64)>> {
    r.query(
        "SELECT period, COUNT(*), SUM(CASE WHEN late THEN 1 ELSE 0 END), SUM(CASE WHEN revision > 1 THEN 1 ELSE 0 END)
         FROM metric_period WHERE metric_id = ANY($1) AND revision > 0 AND period >= $2 AND period <= $3
         GROUP BY period ORDER BY period",
        params![Value::list(metrics.iter().copied()), first, last],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )
}
