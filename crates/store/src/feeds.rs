//! Feeds: configured inbound sources, each arrival of data, and what came for each period.

use domain::feeds::{Feed, FeedPeriod, Problem, Run};
use domain::ids::{FeedId, RunId};
use domain::time::{Cadence, Day};

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

fn read_feed(row: &Row) -> Result<Feed> {
    Ok(Feed {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        kind: row.get(3)?,
        owner: row.get(4)?,
        cadence: row.word(5, Cadence::from_word)?,
        lag_days: row.get::<i64>(6)? as i32,
    })
}

/// Every feed, by name.
pub fn feeds(r: &mut Read) -> Result<Vec<Feed>> {
    r.query(
        "SELECT id, code, name, kind, owner_id, cadence, lag_days FROM feed ORDER BY name, id",
        params![],
        read_feed,
    )
}

/// One feed by its code.
pub fn feed_by_code(r: &mut Read, code: &str) -> Result<Option<Feed>> {
    r.query_one(
        "SELECT id, code, name, kind, owner_id, cadence, lag_days FROM feed WHERE code = $1",
        params![code],
        read_feed,
    )
}

/// Adds a feed or changes it.
pub fn put_feed(tx: &mut Tx, feed: &Feed) -> Result<()> {
    tx.execute(
        "INSERT INTO feed (id, code, name, kind, owner_id, cadence, lag_days) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, owner_id = excluded.owner_id,
             cadence = excluded.cadence, lag_days = excluded.lag_days",
        params![feed.id, &feed.code, &feed.name, &feed.kind, feed.owner, feed.cadence.word(), i64::from(feed.lag_days)],
    )?;
    Ok(())
}

/// Records one arrival.
pub fn add_run(tx: &mut Tx, run: &Run) -> Result<()> {
    let problems = serde_json::to_string(&run.problems)
        .map_err(|e| Error::BadValue { place: "feed_run.problems".into(), reason: e.to_string() })?;
    tx.execute(
        "INSERT INTO feed_run (id, feed_id, at, source, accepted, unchanged, corrected, refused, problems)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            run.id,
            run.feed,
            run.at,
            &run.source,
            run.accepted,
            run.unchanged,
            run.corrected,
            run.refused,
            problems
        ],
    )?;
    Ok(())
}

/// The newest arrivals of a feed, newest first.
pub fn runs(r: &mut Read, feed: FeedId, limit: u32) -> Result<Vec<Run>> {
    r.query(
        "SELECT id, feed_id, at, source, accepted, unchanged, corrected, refused, problems FROM feed_run
         WHERE feed_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
        params![feed, i64::from(limit)],
        |row| {
            let problems: String = row.get(8)?;
            let problems: Vec<Problem> = serde_json::from_str(&problems)
                .map_err(|e| Error::BadValue { place: "feed_run.problems".into(), reason: e.to_string() })?;
            Ok(Run {
                id: row.get::<RunId>(0)?,
                feed: row.get(1)?,
                at: row.get(2)?,
                source: row.get(3)?,
                accepted: row.get(4)?,
                unchanged: row.get(5)?,
                corrected: row.get(6)?,
                refused: row.get(7)?,
                problems,
            })
        },
    )
}

/// Writes what came for periods of a feed over what was known.
pub fn put_periods(tx: &mut Tx, periods: &[FeedPeriod]) -> Result<()> {
    tx.insert_many(
        "feed_period",
        &["feed_id", "period", "expected", "received", "late", "corrected"],
        periods.iter().map(|p| params![p.feed, p.period, p.expected, p.received, p.late, p.corrected]),
        "ON CONFLICT (feed_id, period) DO UPDATE SET expected = excluded.expected, received = excluded.received,
             late = excluded.late, corrected = excluded.corrected",
    )?;
    Ok(())
}

/// What came for the periods of a feed since a day, in order.
pub fn periods(r: &mut Read, feed: FeedId, since: Day) -> Result<Vec<FeedPeriod>> {
    r.query(
        "SELECT feed_id, period, expected, received, late, corrected FROM feed_period
         WHERE feed_id = $1 AND period >= $2 ORDER BY period",
        params![feed, since],
        |row| {
            Ok(FeedPeriod {
                feed: row.get(0)?,
                period: row.get(1)?,
                expected: row.get(2)?,
                received: row.get(3)?,
                late: row.get(4)?,
                corrected: row.get(5)?,
            })
        },
    )
}
