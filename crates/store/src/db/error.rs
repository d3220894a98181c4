//! What can go wrong in storage: each error says where, why, and what to do.

use std::path::PathBuf;

/// An error of the engine room, the same for both databases.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A unique key or primary key is taken. Decisions should rest on `ON CONFLICT`; this is the answer where they do not.
    #[error("a row with the same key already exists ({on}); read it, or change the key")]
    Conflict {
        /// On PostgreSQL the constraint's name, on SQLite the columns as `table.column, table.column`.
        on: String,
    },
    /// Another rule of the table refused the row.
    #[error("the row breaks {rule} of the table ({on}) in `{statement}`")]
    Refused {
        /// Which kind of rule.
        rule: Rule,
        /// Its name, or the column where the database says no more; may be empty for SQLite foreign keys.
        on: String,
        /// The statement, shortened.
        statement: String,
    },
    /// Not now: locks, a full pool, a lost connection. The same call may succeed when tried again.
    #[error("the database is busy or could not be reached: {reason}; try again")]
    Busy {
        /// What the database said.
        reason: String,
    },
    /// The database file is damaged, or reading and writing it failed.
    #[error(
        "the database {place} is damaged or its disk fails: {reason}; stop, check the disk, and restore a backup"
    )]
    Corrupt {
        /// The database, without secrets.
        place: String,
        /// What the database said.
        reason: String,
    },
    /// An earlier failure made it impossible to promise that writes are kept, so nothing more is accepted.
    #[error(
        "the database {place} was closed to protect the data after: {reason}; check the disk and start again"
    )]
    Broken {
        /// The database, without secrets.
        place: String,
        /// The failure that broke it.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed; the server is stopping")]
    Closed,
    /// Another server holds this SQLite file.
    #[error(
        "{path} is already open by another Throughline server{holder}; stop that one first, or give this one its own --data"
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// ` (pid N)` where it is known.
        holder: String,
    },
    /// The database could not be opened.
    #[error("cannot open the database {place}: {reason}")]
    Open {
        /// The database, without secrets.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A value does not fit: NaN, NUL in text, out of range, or not of the type asked for.
    #[error("{place}: {reason}")]
    BadValue {
        /// The column or parameter and the statement.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A migration cannot be applied.
    #[error("migration {number:04} {name}: {reason}")]
    Migration {
        /// Its number.
        number: u32,
        /// Its name.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The database was written by a newer server.
    #[error(
        "the database has migration {found:04}, and only servers that know migration {needs:04} may open it; this one knows up to {knows:04}: install the newer version"
    )]
    Newer {
        /// The highest migration in the ledger.
        found: u32,
        /// The lowest migration a server must know.
        needs: u32,
        /// The highest migration this server knows.
        knows: u32,
    },
    /// A statement was run, or the closure returned `Ok`, after an earlier statement of the transaction had failed.
    #[error(
        "a statement of this transaction failed earlier, so it cannot be kept; return that error, or wrap the statement in `attempt`"
    )]
    Ended,
    /// The closure panicked; its work was rolled back.
    #[error("a storage closure panicked and was rolled back: {message}; this is a defect, please report it")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// Anything else a database may say.
    #[error("`{statement}` failed: {reason}")]
    Driver {
        /// The statement, shortened.
        statement: String,
        /// What the database said.
        reason: String,
    },
}

/// Rules of a table other than unique keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A foreign key points nowhere, or a row that is pointed at would go.
    ForeignKey,
    /// A column that must have a value has none.
    NotNull,
    /// A `CHECK`, or the type of a strict column.
    Check,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Rule::ForeignKey => "a foreign key",
            Rule::NotNull => "a NOT NULL rule",
            Rule::Check => "a check",
        })
    }
}

/// A statement on one line, cut to a length that fits a log.
pub(super) fn brief(sql: &str) -> String {
    let mut out = String::new();
    for word in sql.split_whitespace() {
        if out.len() + word.len() > 200 {
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
