//! Documents of the state, agent profile and activity profile resources.

use domain::time::Instant;

use crate::db::{Error, Read, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// Where a document belongs. What a kind of document does not use is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which resource: `state`, `agent` or `activity`.
    pub owner: &'static str,
    /// The activity's IRI.
    pub activity: String,
    /// The agent's key.
    pub agent: String,
    /// The registration as text; `None` means every registration where several documents are asked for.
    pub registration: Option<String>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its media type.
    pub content_type: String,
    /// The hash of what is in it, with its quotes.
    pub etag: String,
    /// When it was last written.
    pub updated_at: Instant,
    /// What is in it.
    pub body: Vec<u8>,
}

/// One document.
pub fn document(r: &mut Read, place: &Place, name: &str) -> Result<Option<Document>> {
    r.query_one(
        "SELECT content_type, etag, updated_at, body FROM document
         WHERE owner = $1 AND activity = $2 AND agent = $3 AND registration = $4 AND name = $5",
        params![
            place.owner,
            &place.activity,
            &place.agent,
            place.registration.clone().unwrap_or_default(),
            name
        ],
        |row| {
            Ok(Document {
                content_type: row.get(0)?,
                etag: row.get(1)?,
                updated_at: row.get(2)?,
                body: row.get(3)?,
            })
        },
    )
}

/// The names of the documents of a place, and when the newest was written; those written after a moment where one is given.
pub fn names(r: &mut Read, place: &Place, since: Option<Instant>) -> Result<(Vec<String>, Option<Instant>)> {
    let rows: Vec<(String, Instant)> = r.query(
        "SELECT name, updated_at FROM document
         WHERE owner = $1 AND activity = $2 AND agent = $3 AND ($4 OR registration = $5) AND updated_at > $6
         ORDER BY name",
        params![
            place.owner,
            &place.activity,
            &place.agent,
            place.registration.is_none(),
            place.registration.clone().unwrap_or_default(),
            since.unwrap_or(Instant::from_micros(0))
        ],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let newest = rows.iter().map(|(_, at)| *at).max();
    let mut names: Vec<String> = rows.into_iter().map(|(name, _)| name).collect();
    names.dedup();
    Ok((names, newest))
}

/// Puts a document in the place of the one with the tag `over`, or where there is none. `false` where that is no longer so.
pub fn put(tx: &mut Tx, place: &Place, name: &str, document: &Document, over: Option<&str>) -> Result<bool> {
    let registration = place.registration.clone().unwrap_or_default();
    let changed = match over {
        None => tx.execute(
            "INSERT INTO document (owner, activity, agent, registration, name, content_type, etag, updated_at, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (owner, activity, agent, registration, name) DO NOTHING",
            params![
                place.owner,
                &place.activity,
                &place.agent,
                registration,
                name,
                &document.content_type,
                &document.etag,
                document.updated_at,
                document.body.as_slice()
            ],
        )?,
        Some(tag) => tx.execute(
            "UPDATE document SET content_type = $1, etag = $2, updated_at = $3, body = $4
             WHERE owner = $5 AND activity = $6 AND agent = $7 AND registration = $8 AND name = $9 AND etag = $10",
            params![
                &document.content_type,
                &document.etag,
                document.updated_at,
                document.body.as_slice(),
                place.owner,
                &place.activity,
                &place.agent,
                registration,
                name,
                tag
            ],
        )?,
    };
    Ok(changed > 0)
}

/// Takes the document with the tag `tag` away. `false` where it is no longer there.
pub fn delete(tx: &mut Tx, place: &Place, name: &str, tag: &str) -> Result<bool> {
    let registration = place.registration.clone().unwrap_or_default();
    Ok(tx.execute(
        "DELETE FROM document
         WHERE owner = $1 AND activity = $2 AND agent = $3 AND registration = $4 AND name = $5 AND etag = $6",
        params![place.owner, &place.activity, &place.agent, registration, name, tag],
    )? > 0)
}

/// Takes all documents of a place away.
pub fn delete_all(tx: &mut Tx, place: &Place) -> Result<()> {
    tx.execute(
        "DELETE FROM document WHERE owner = $1 AND activity = $2 AND agent = $3 AND ($4 OR registration = $5)",
        params![
            place.owner,
            &place.activity,
            &place.agent,
            place.registration.is_none(),
            place.registration.clone().unwrap_or_default()
        ],
    )?;
    Ok(())
}

/// How many documents of some kinds were last written before a moment; about some activities, or about any where none is named.
pub fn older(r: &mut Read, owners: &[&str], activities: &[String], before: Instant) -> Result<i64> {
    let count = r.query_one(
        "SELECT COUNT(*) FROM document WHERE owner = ANY($1) AND ($2 OR activity = ANY($3)) AND updated_at < $4",
        params![
            Value::list(owners.iter().copied()),
            activities.is_empty(),
            Value::list(activities.iter().map(String::as_str)),
            before
        ],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Takes those of [`older`] away and gives how many they were.
pub fn drop_older(tx: &mut Tx, owners: &[&str], activities: &[String], before: Instant) -> Result<u64> {
    tx.execute(
        "DELETE FROM document WHERE owner = ANY($1) AND ($2 OR activity = ANY($3)) AND updated_at < $4",
        params![
            Value::list(owners.iter().copied()),
            activities.is_empty(),
            Value::list(activities.iter().map(String::as_str)),
            before
        ],
    )
}
