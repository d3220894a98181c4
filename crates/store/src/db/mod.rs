//! The engine room: one small room that knows which database is underneath.
//!
//! A [`Store`] runs closures: [`Store::read`] gives a [`Read`], [`Store::write`] a [`Tx`]. Closures are synchronous,
//! run on a database thread, and see one consistent moment. On SQLite one writer thread lets closures that wait
//! together share a commit (group commit); each is answered only after that commit has reached the disk.
//!
//! SQL is written once, with `$1` for parameters and `column = ANY($1)` for lists ([`Value::list`]).
//! What both databases do differently and SQL must therefore avoid or spell out:
//! `LIKE` ignores ASCII case on SQLite alone; `LOWER` knows only ASCII there; an integer `SUM` is NUMERIC on PostgreSQL
//! (read here as a whole number all the same); dividing by zero is NULL on SQLite and an error on PostgreSQL;
//! NULLs sort first on SQLite and last on PostgreSQL unless `NULLS FIRST` or `NULLS LAST` is written.

mod error;
mod filter;
mod log;
mod migrate;
pub mod pack;
mod pgtls;
mod pgvalue;
mod postgres;
mod sqlite;
mod tx;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Instant;

use crate::params;

pub use error::{Error, Rule};
pub use filter::Filter;
pub use migrate::{MIGRATIONS, Migration, fingerprint};
pub use pack::Dictionary;
pub use tx::{PerEngine, Read, Row, Sql, Tx};
pub use value::{Cell, FromValue, Value};

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of this server alone; created when it is not there.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server, as `postgres://USER@HOST/NAME`.
    Postgres(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Sqlite(path) => path.display().fmt(f),
            Place::Postgres(url) => f.write_str(&pgtls::without_password(url)),
        }
    }
}
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Which database is underneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// A server.
    Postgres,
}

/// Sizes and limits. The defaults suit a server of two to eight cores.
#[derive(Debug, Clone)]
pub struct Options {
    /// Reading connections on SQLite.
    pub readers: usize,
    /// Connections of the PostgreSQL pool.
    pub connections: usize,
    /// Write closures that may wait on SQLite before callers have to.
    pub queue: usize,
    /// How long a caller waits for a free connection before it hears [`Error::Busy`].
    pub wait: Duration,
    /// Page cache of SQLite's writer, in KiB.
    pub writer_cache_kib: i64,
    /// Page cache of each SQLite reader, in KiB.
    pub reader_cache_kib: i64,
    /// Whether what is committed outlasts a failure of the machine's power. Without, an embedded database is on the disk only
    /// after [`Store::sync`]: for whoever makes one that is worth nothing before it is complete.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            connections: 16,
            queue: 1024,
            wait: Duration::from_secs(10),
            writer_cache_kib: 32 * 1024,
            reader_cache_kib: 8 * 1024,
            durable: true,
        }
    }
}

/// An open database. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Arc<pack::Shelf>);

enum Inner {
    Sqlite { engine: sqlite::Sqlite, place: String },
    Postgres(postgres::Postgres),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.place())
    }
}

impl Store {
    /// Opens a database, or says why not. Does not migrate: see [`Store::migrate`].
    pub async fn open(place: Place, options: Options) -> Result<Self, Error> {
        let shelf = Arc::<pack::Shelf>::default();
        let kept = shelf.clone();
        let inner = match place {
            Place::Sqlite(path) => {
                let place = path.display().to_string();
                let engine =
                    tokio::task::spawn_blocking(move || sqlite::Sqlite::open(&path, &options, &shelf))
                        .await
                        .unwrap_or(Err(Error::Closed))?;
                Inner::Sqlite { engine, place }
            }
            Place::Postgres(url) => Inner::Postgres(postgres::Postgres::open(&url, &options, shelf).await?),
        };
        Ok(Self(Arc::new(inner), kept))
    }

    /// Waits until an embedded database that was made without [`Options::durable`] is on the disk.
    pub async fn sync(&self) -> Result<(), Error> {
        let inner = self.0.clone();
        let sync = move || match &*inner {
            Inner::Sqlite { engine, .. } => engine.sync(),
            Inner::Postgres(_) => Ok(()),
        };
        tokio::task::spawn_blocking(sync).await.unwrap_or(Err(Error::Closed))
    }

    /// Which database this is, for diagnostics.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Where the data is, without secrets, for diagnostics.
    pub fn place(&self) -> &str {
        match &*self.0 {
            Inner::Sqlite { place, .. } => place,
            Inner::Postgres(p) => p.place(),
        }
    }

    /// Runs a closure that reads. Everything it sees is of one moment.
    ///
    /// A closure whose body only ends in `Ok(…)` must name its error: `|r| -> Result<_, Error> { … }`.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Read) -> Result<T, E> + Send + 'static,
    {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => engine.read(work).await,
            Inner::Postgres(engine) => engine.read(work).await,
        }
    }

    /// Runs a closure that writes. `Ok` means that its work is durable; after an error or a panic none of it is kept.
    ///
    /// A caller that stops waiting does not stop the closure: it may still be kept.
    /// [`Error::Busy`] after a lost PostgreSQL connection leaves open whether the commit arrived.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => engine.write(false, work).await,
            Inner::Postgres(engine) => engine.write(work).await,
        }
    }

    /// [`Store::write`] for a closure that writes thousands of rows: on SQLite it begins a transaction rather than share one that is
    /// under way, because a commit costs less then than being able to undo the closure alone.
    pub async fn write_many<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => engine.write(true, work).await,
            Inner::Postgres(engine) => engine.write(work).await,
        }
    }

    /// What to pack values with: the newest dictionary.
    pub async fn dictionary(&self) -> Result<Arc<Dictionary>, Error> {
        match self.1.newest() {
            Some(found) => Ok(found),
            None => self.read(|r| r.dictionary()).await,
        }
    }

    /// Packs with a dictionary that was just added, from now on.
    pub fn look_for_dictionary(&self) {
        self.1.look_again();
    }

    /// Applies every migration that is missing and gives their names. Harmless when there is none.
    pub async fn migrate(&self, now: Instant) -> Result<Vec<String>, Error> {
        self.migrate_with(MIGRATIONS, now).await
    }

    /// [`Store::migrate`] with a list of one's own, for tests of the ledger itself.
    pub async fn migrate_with(
        &self,
        migrations: &'static [Migration],
        now: Instant,
    ) -> Result<Vec<String>, Error> {
        let mut applied = Vec::new();
        while let Some(name) = self.write(move |tx| migrate::next(tx, migrations, now)).await? {
            applied.push(name);
        }
        if let Inner::Postgres(engine) = &*self.0 {
            engine.forget_statements();
        }
        Ok(applied)
    }

    /// The migrations that this server has and the database has not. An error when the database is newer.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        self.write(|tx| migrate::pending(tx, MIGRATIONS)).await
    }

    /// Looks for damage and gives what it found, one line each. Reads the whole database on SQLite.
    pub async fn check(&self) -> Result<Vec<String>, Error> {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => {
                engine
                    .read(|r| {
                        let mut faults: Vec<String> =
                            r.query("PRAGMA integrity_check(50)", params![], |row| row.get(0))?;
                        faults.retain(|line| line != "ok");
                        r.each("PRAGMA foreign_key_check", params![], |row| {
                            let (table, target): (String, String) = (row.get(0)?, row.get(2)?);
                            faults.push(format!(
                                "a row of {table} points to a row of {target} that is not there"
                            ));
                            Ok(())
                        })?;
                        Ok(faults)
                    })
                    .await
            }
            Inner::Postgres(engine) => {
                engine
                    .read(|r| {
                        r.query(
                            "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                             WHERE NOT i.indisvalid ORDER BY 1",
                            params![],
                            |row| Ok(format!("the index {} is not valid; REINDEX it", row.get::<String>(0)?)),
                        )
                    })
                    .await
            }
        }
    }

    /// Copies an SQLite database to a new file while it is in use; `to` must not exist.
    /// A PostgreSQL database is backed up with its own tools.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (this, to) = (self.clone(), to.to_owned());
        tokio::task::spawn_blocking(move || match &*this.0 {
            Inner::Sqlite { engine, .. } => engine.backup(&to),
            Inner::Postgres(engine) => Err(Error::Open {
                place: engine.place().to_owned(),
                reason: "a PostgreSQL database is backed up with pg_dump or pg_basebackup".to_owned(),
            }),
        })
        .await
        .unwrap_or(Err(Error::Closed))
    }

    /// Writes the file anew, or on PostgreSQL some tables, so that nothing is left in it of what was deleted.
    /// Takes about as long as copying it, and nothing is stored meanwhile.
    pub async fn wipe(&self, tables: &[&str]) -> Result<(), Error> {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => engine.wipe().await,
            Inner::Postgres(engine) => engine.wipe(tables).await,
        }
    }

    /// Takes no more work, finishes what was accepted, and lets go of the database.
    pub async fn close(&self) {
        match &*self.0 {
            Inner::Sqlite { engine, .. } => engine.close().await,
            Inner::Postgres(engine) => engine.close(),
        }
    }
}

/// Checks one cell of `insert_many`.
fn check_cell(value: &Value, table: &str, column: &str) -> Result<(), Error> {
    let place = || format!("{table}.{column}");
    match value {
        Value::List(_) => Err(Error::BadValue { place: place(), reason: "a list is not a cell".to_owned() }),
        _ => value.check().map_err(|reason| Error::BadValue { place: place(), reason: reason.to_owned() }),
    }
}

/// Checks the number of cells of one row of `insert_many`.
fn check_width(width: usize, columns: &[&str], table: &str) -> Result<(), Error> {
    if width == columns.len() {
        return Ok(());
    }
    let reason = format!("a row has {width} values for {} columns", columns.len());
    Err(Error::BadValue { place: table.to_owned(), reason })
}
