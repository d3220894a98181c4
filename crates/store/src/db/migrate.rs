//! Migrations: numbered SQL files, applied forward only, each in one transaction, written down in a ledger.
//!
//! A file is written once for both databases. Types are words in braces:
//!
//! | Word | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{id}` | `BLOB` | `UUID` |
//! | `{instant}` | `INTEGER` | `TIMESTAMPTZ` |
//! | `{day}` | `INTEGER` | `DATE` |
//! | `{text}` | `TEXT` | `TEXT COLLATE "C"` (so that both sort by bytes) |
//! | `{bigint}` | `INTEGER` | `BIGINT` |
//! | `{int}` | `INTEGER` | `INTEGER` |
//! | `{double}` | `REAL` | `DOUBLE PRECISION` |
//! | `{bool}` | `INTEGER` | `BOOLEAN` (write `TRUE` and `FALSE`) |
//! | `{bytes}` | `BLOB` | `BYTEA` |
//! | `{serial}` | `INTEGER PRIMARY KEY AUTOINCREMENT` | `BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY` |
//! | `{strict}` | `STRICT` | nothing |
//! | `{clustered}` | `STRICT, WITHOUT ROWID` (kept in the order of the primary key) | nothing |
//!
//! ```sql
//! CREATE TABLE unit (
//!     id {id} PRIMARY KEY,
//!     name {text} NOT NULL,
//!     opened_at {instant} NOT NULL
//! ) {strict};
//! ```
//!
//! Lines between `-- only sqlite` or `-- only postgres` and the next `-- both` go to that database alone.
//! No constraint may be deferrable: closures share a commit on SQLite, and one must not fail at the other's end.

use domain::time::Instant;
use sha2::{Digest, Sha256};

use super::{Engine, Error, Tx};
use crate::params;

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place in the order, counted from 1 without gaps.
    pub number: u32,
    /// What it is about, as in its file's name.
    pub name: &'static str,
    /// Its text, before the type words are replaced.
    pub sql: &'static str,
    /// The lowest migration that a server must know to use the database after this one.
    /// Its own number, unless older servers can live with the change.
    pub oldest_server: u32,
}

/// Every migration of this server, in order. A line here reads
/// `Migration { number: 1, name: "people", sql: include_str!("../../migrations/0001_people.sql"), oldest_server: 1 },`.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "house",
        sql: include_str!("../../migrations/0001_house.sql"),
        oldest_server: 1,
    },
    Migration {
        number: 2,
        name: "erasure",
        sql: include_str!("../../migrations/0002_erasure.sql"),
        oldest_server: 2,
    },
    Migration {
        number: 3,
        name: "what_came",
        sql: include_str!("../../migrations/0003_what_came.sql"),
        oldest_server: 2,
    },
    Migration {
        number: 4,
        name: "said_once",
        sql: include_str!("../../migrations/0004_said_once.sql"),
        oldest_server: 4,
    },
];

/// The key of the advisory lock that lets one server migrate at a time.
const LOCK: i64 = 0x0074_6872_6f75_6768;

const WORDS: [(&str, &str, &str); 12] = [
    ("id", "BLOB", "UUID"),
    ("instant", "INTEGER", "TIMESTAMPTZ"),
    ("day", "INTEGER", "DATE"),
    ("text", "TEXT", "TEXT COLLATE \"C\""),
    ("bigint", "INTEGER", "BIGINT"),
    ("int", "INTEGER", "INTEGER"),
    ("double", "REAL", "DOUBLE PRECISION"),
    ("bool", "INTEGER", "BOOLEAN"),
    ("bytes", "BLOB", "BYTEA"),
    ("serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("strict", "STRICT", ""),
    ("clustered", "STRICT, WITHOUT ROWID", ""),
];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migration (
    number {bigint} PRIMARY KEY,
    name {text} NOT NULL,
    checksum {text} NOT NULL,
    applied_at {instant} NOT NULL,
    oldest_server {bigint} NOT NULL
) {strict}";

impl Migration {
    fn text(&self) -> String {
        self.sql.replace("\r\n", "\n")
    }

    /// SHA-256 of its text in hexadecimal, the same for both databases and any line ending.
    pub fn checksum(&self) -> String {
        hex(&Sha256::digest(self.text()))
    }

    fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::Migration { number: self.number, name: self.name.to_owned(), reason: reason.into() }
    }
}

/// One checksum over all migrations, to recognise a database that has exactly these.
pub fn fingerprint(migrations: &[Migration]) -> String {
    let all: Vec<String> =
        migrations.iter().map(|m| format!("{} {} {}", m.number, m.name, m.checksum())).collect();
    hex(&Sha256::digest(all.join("\n")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A migration's text for one database.
fn render(sql: &str, engine: Engine) -> Result<String, String> {
    let mut kept = String::with_capacity(sql.len());
    let mut here = true;
    for line in sql.lines() {
        match line.trim() {
            "-- only sqlite" => here = engine == Engine::Sqlite,
            "-- only postgres" => here = engine == Engine::Postgres,
            "-- both" => here = true,
            _ if here => {
                kept.push_str(line);
                kept.push('\n');
            }
            _ => {}
        }
    }
    let mut out = String::with_capacity(kept.len());
    let mut rest = kept.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (word, after) =
            after.split_once('}').ok_or("a `{` without its `}`; type words are written like {text}")?;
        let (_, sqlite, postgres) = WORDS
            .iter()
            .find(|(name, ..)| *name == word)
            .ok_or_else(|| format!("{{{word}}} is not a type word"))?;
        out.push_str(if engine == Engine::Sqlite { sqlite } else { postgres });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

struct Applied {
    number: u32,
    checksum: String,
    oldest_server: u32,
}

fn ledger(tx: &mut Tx) -> Result<Vec<Applied>, Error> {
    tx.query("SELECT number, checksum, oldest_server FROM migration ORDER BY number", params![], |row| {
        Ok(Applied { number: row.get(0)?, checksum: row.get(1)?, oldest_server: row.get(2)? })
    })
}

/// Those that the ledger does not have, after making sure that it fits this server.
fn missing<'a>(applied: &[Applied], all: &'a [Migration]) -> Result<Vec<&'a Migration>, Error> {
    let knows = all.last().map_or(0, |m| m.number);
    let found = applied.last().map_or(0, |a| a.number);
    let needs = applied.iter().map(|a| a.oldest_server).max().unwrap_or(0);
    if needs > knows {
        return Err(Error::Newer { found, needs, knows });
    }
    let mut pending = Vec::new();
    for migration in all {
        match applied.iter().find(|a| a.number == migration.number) {
            None if migration.number < found => {
                return Err(migration.refuse(format!(
                    "the database skipped it but has {found:04}; restore a backup or use the server that made it"
                )));
            }
            None => pending.push(migration),
            Some(a) if a.checksum != migration.checksum() => {
                return Err(migration.refuse(
                    "its text is not the one that was applied to this database; \
                     a migration is never edited: use the server that applied it, or add a new migration",
                ));
            }
            Some(_) => {}
        }
    }
    Ok(pending)
}

fn prepare(tx: &mut Tx) -> Result<(), Error> {
    if tx.engine() == Engine::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock($1)", params![LOCK])?;
    }
    let ledger = render(LEDGER, tx.engine())
        .map_err(|reason| Error::Driver { statement: "the ledger".to_owned(), reason })?;
    tx.batch(&ledger)
}

/// Applies the next one that is missing. Gives its name, or `None` when there is none.
pub(super) fn next(tx: &mut Tx, all: &[Migration], now: Instant) -> Result<Option<String>, Error> {
    prepare(tx)?;
    let applied = ledger(tx)?;
    let Some(migration) = missing(&applied, all)?.first().copied() else { return Ok(None) };
    let sql = render(&migration.text(), tx.engine()).map_err(|reason| migration.refuse(reason))?;
    tx.batch(&sql).map_err(|e| migration.refuse(e.to_string()))?;
    tx.execute(
        "INSERT INTO migration (number, name, checksum, applied_at, oldest_server) VALUES ($1, $2, $3, $4, $5)",
        params![migration.number, migration.name, migration.checksum(), now, migration.oldest_server],
    )?;
    Ok(Some(format!("{:04} {}", migration.number, migration.name)))
}

/// The names of those that are missing.
pub(super) fn pending(tx: &mut Tx, all: &[Migration]) -> Result<Vec<String>, Error> {
    prepare(tx)?;
    let applied = ledger(tx)?;
    Ok(missing(&applied, all)?.iter().map(|m| format!("{:04} {}", m.number, m.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (i, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number as usize, i + 1, "{}", migration.name);
            assert!(migration.oldest_server <= migration.number);
            for engine in [Engine::Sqlite, Engine::Postgres] {
                render(migration.sql, engine).unwrap();
            }
        }
    }

    #[test]
    fn type_words_are_replaced_and_unknown_ones_refused() {
        let sql = "CREATE TABLE a (id {id}, t {text}) {strict};";
        assert_eq!(render(sql, Engine::Sqlite).unwrap(), "CREATE TABLE a (id BLOB, t TEXT) STRICT;\n");
        assert_eq!(
            render(sql, Engine::Postgres).unwrap(),
            "CREATE TABLE a (id UUID, t TEXT COLLATE \"C\") ;\n"
        );
        assert!(render("{uuid}", Engine::Sqlite).unwrap_err().contains("{uuid}"));
        assert!(render("a {text", Engine::Sqlite).is_err());
    }

    #[test]
    fn parts_for_one_database_stay_there() {
        let sql = "a;\n-- only sqlite\nb;\n-- only postgres\nc;\n-- both\nd;";
        assert_eq!(render(sql, Engine::Sqlite).unwrap(), "a;\nb;\nd;\n");
        assert_eq!(render(sql, Engine::Postgres).unwrap(), "a;\nc;\nd;\n");
    }
}
