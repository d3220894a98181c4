//! Activities: what is known of each from every definition that statements gave.

use std::collections::BTreeMap;

use domain::time::Instant;

use crate::db::{Error, Read, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// What is known of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Which.
    pub iri: String,
    /// What it is called, in one language.
    pub name: Option<String>,
    /// Its definition as JSON.
    pub definition: String,
}

/// The definitions of those of some activities that are known, by IRI.
pub fn definitions(r: &mut Read, iris: &[&str]) -> Result<BTreeMap<String, String>> {
    let rows = r.query(
        "SELECT iri, definition FROM activity WHERE iri = ANY($1)",
        params![Value::list(iris.iter().copied())],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// What those of some activities are called that have a name, by IRI.
pub fn names(r: &mut Read, iris: &[String]) -> Result<BTreeMap<String, String>> {
    let rows = r.query(
        "SELECT iri, name FROM activity WHERE iri = ANY($1) AND name IS NOT NULL",
        params![Value::list(iris)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// Adds activities or replaces what is known of them. Each IRI at most once.
pub fn put(tx: &mut Tx, activities: &[Activity], at: Instant) -> Result<()> {
    tx.insert_many(
        "activity",
        &["iri", "name", "definition", "changed_at"],
        activities.iter().map(|a| params![&a.iri, a.name.as_deref(), &a.definition, at]),
        "ON CONFLICT (iri) DO UPDATE SET name = excluded.name, definition = excluded.definition, changed_at = excluded.changed_at",
    )?;
    Ok(())
}
