//! PostgreSQL: a pool of connections; each closure runs on a blocking thread that drives one of them.

use std::error::Error as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::WrongType;

use super::error::{Rule, brief};
use super::pack::Shelf;
use super::pgvalue::{Column, Unbindable};
use super::tx::{self, Read, Row, Session as AnySession, Tx};
use super::value::Value;
use super::{Error, Options, pgtls};

/// How many rows of `insert_many` go into one statement.
const CHUNK: usize = 2000;
/// How many rows are taken from the connection at a time while reading.
const READY: usize = 256;

/// A pool of connections to one database.
pub(super) struct Postgres {
    pool: Pool,
    place: String,
    shelf: Arc<Shelf>,
}

impl Postgres {
    /// Connects once, so that a wrong address or password is known at the start.
    pub(super) async fn open(url: &str, options: &Options, shelf: Arc<Shelf>) -> Result<Self, Error> {
        let place = pgtls::without_password(url);
        let fail = |reason: String| Error::Open { place: place.clone(), reason };
        let (mut config, tls) = pgtls::settings(url).map_err(fail)?;
        if config.get_application_name().is_none() {
            config.application_name("throughline");
        }
        let session = "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=600s";
        let session = match config.get_options() {
            Some(own) => format!("{session} {own}"),
            None => session.to_owned(),
        };
        config.options(session);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            None => Manager::from_config(config, tokio_postgres::NoTls, recycling),
            Some(tls) => Manager::from_config(config, tls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .timeouts(Timeouts {
                wait: Some(options.wait),
                create: Some(Duration::from_secs(10)),
                recycle: Some(Duration::from_secs(5)),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| fail(e.to_string()))?;
        let this = Self { pool, place: place.clone(), shelf };
        let (encoding, version): (String, i64) = this
            .read(|r| {
                r.query_one(
                    "SELECT current_setting('server_encoding'), current_setting('server_version_num')::bigint",
                    crate::params![],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
            })
            .await
            .map_err(|e: Error| fail(format!("{e}; check the address, the account and that PostgreSQL runs")))?
            .unwrap_or_default();
        if encoding != "UTF8" {
            return Err(fail(format!(
                "its encoding is {encoding}; create the database with ENCODING 'UTF8'"
            )));
        }
        if version < 140_000 {
            return Err(fail(format!("PostgreSQL {} is too old; 14 or later is needed", version / 10_000)));
        }
        Ok(this)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "COMMIT", work).await
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Read) -> Result<T, E> + Send + 'static,
    {
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK", |tx| work(tx)).await
    }

    async fn run<T, E, F>(&self, begin: &'static str, end: &'static str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let client = self.pool.get().await.map_err(|e| match e {
            PoolError::Closed => Error::Closed,
            PoolError::Timeout(_) => {
                Error::Busy { reason: "every connection of the pool is in use".to_owned() }
            }
            PoolError::Backend(e) => postgres_error(&e, "CONNECT", &self.place),
            other => Error::Busy { reason: other.to_string() },
        })?;
        let session = Session { client: Some(client), handle: Handle::current(), place: self.place.clone() };
        let shelf = self.shelf.clone();
        tokio::task::spawn_blocking(move || {
            let mut tx = Tx::new(Read::new(AnySession::Postgres(session), shelf));
            if let Err(e) = tx::guarded(&mut tx, |tx| tx.batch(begin)) {
                tx.discard();
                return Err(e.into());
            }
            let result = tx::guarded(&mut tx, work);
            let end = if result.is_ok() { end } else { "ROLLBACK" };
            match tx::guarded(&mut tx, |tx| tx.batch(end)) {
                Ok(()) => result,
                Err(e) => {
                    tx.discard();
                    result.and_then(|_| Err(e.into()))
                }
            }
        })
        .await
        .unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Writes tables anew without what was deleted.
    pub(super) async fn wipe(&self, tables: &[&str]) -> Result<(), Error> {
        let client = self.pool.get().await.map_err(|e| Error::Busy { reason: e.to_string() })?;
        for table in tables {
            let sql = format!("VACUUM FULL {table}");
            client.batch_execute(&sql).await.map_err(|e| postgres_error(&e, &sql, &self.place))?;
        }
        Ok(())
    }

    /// Prepared statements of before a migration may no longer fit.
    pub(super) fn forget_statements(&self) {
        self.pool.manager().statement_caches.clear();
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

impl Tx {
    /// Drops a connection whose state is not known instead of giving it back to the pool.
    fn discard(&mut self) {
        if let AnySession::Postgres(s) = &mut self.session
            && let Some(client) = s.client.take()
        {
            drop(Object::take(client));
        }
    }
}

/// One connection for the time of one transaction.
pub(super) struct Session {
    client: Option<Object>,
    handle: Handle,
    place: String,
}

impl Session {
    fn client(&self) -> Result<&Object, Error> {
        self.client.as_ref().ok_or(Error::Closed)
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        read: &mut dyn FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let client = self.client()?;
        let fail = |e| postgres_error(&e, sql, &self.place);
        let rows = self.handle.block_on(async {
            let stmt = client.prepare_cached(sql).await.map_err(fail)?;
            check_count(stmt.params().len(), params.len(), sql)?;
            client.query_raw(&stmt, params).await.map_err(fail)
        })?;
        let mut rows = pin!(rows.ready_chunks(READY));
        while let Some(chunk) = self.handle.block_on(rows.next()) {
            for row in chunk {
                read(&Row { cells: &row.map_err(fail)?, sql })?;
            }
        }
        Ok(())
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        let client = self.client()?;
        let fail = |e| postgres_error(&e, sql, &self.place);
        self.handle.block_on(async {
            let stmt = client.prepare_cached(sql).await.map_err(fail)?;
            check_count(stmt.params().len(), params.len(), sql)?;
            client.execute_raw(&stmt, params).await.map_err(fail)
        })
    }

    pub(super) fn insert_many<R: IntoIterator<Item = Value>>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = R>,
        on_conflict: &str,
    ) -> Result<u64, Error> {
        let client = self.client()?;
        let names = columns.join(", ");
        // The server is asked once per connection and statement what the columns are; the plan is cached with it.
        let marks: Vec<String> = (1..=columns.len()).map(|i| format!("${i}")).collect();
        let single = format!("INSERT INTO {table} ({names}) VALUES ({})", marks.join(", "));
        let types = self.handle.block_on(async {
            let stmt = client.prepare_cached(&single).await;
            stmt.map(|s| s.params().to_vec()).map_err(|e| postgres_error(&e, &single, &self.place))
        })?;
        let arrays: Vec<String> =
            types.iter().enumerate().map(|(i, t)| format!("${}::{}[]", i + 1, t.name())).collect();
        let sql = format!(
            "INSERT INTO {table} ({names}) SELECT * FROM unnest({}) {on_conflict}",
            arrays.join(", ")
        );
        let fail = |e| postgres_error(&e, &sql, &self.place);
        let stmt = self.handle.block_on(client.prepare_cached(&sql)).map_err(fail)?;
        let mut count = 0;
        loop {
            let mut chunk: Vec<Column> = columns.iter().map(|_| Column::default()).collect();
            let mut length = 0;
            for row in (&mut *rows).take(CHUNK) {
                let mut width = 0;
                for value in row {
                    width += 1;
                    let name = columns.get(width - 1).copied().unwrap_or("?");
                    super::check_cell(&value, table, name)?;
                    if let Some(column) = chunk.get_mut(width - 1) {
                        column.0.push(value);
                    }
                }
                super::check_width(width, columns, table)?;
                length += 1;
            }
            if length > 0 {
                count += self.handle.block_on(client.execute_raw(&stmt, &chunk)).map_err(fail)?;
            }
            if length < CHUNK {
                return Ok(count);
            }
        }
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let client = self.client()?;
        self.handle.block_on(client.batch_execute(sql)).map_err(|e| postgres_error(&e, sql, &self.place))
    }
}

fn check_count(found: usize, given: usize, sql: &str) -> Result<(), Error> {
    if found == given {
        return Ok(());
    }
    Err(Error::BadValue {
        place: format!("`{}`", brief(sql)),
        reason: format!("it has {found} parameters and was given {given}"),
    })
}

/// Sorts what PostgreSQL says into our few kinds (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn postgres_error(e: &tokio_postgres::Error, sql: &str, place: &str) -> Error {
    let statement = brief(sql);
    let Some(db) = e.as_db_error() else {
        let source = e.source();
        let reason = source.map_or_else(|| e.to_string(), |s| format!("{e}: {s}"));
        return match source {
            Some(s) if s.is::<Unbindable>() || s.is::<WrongType>() => {
                Error::BadValue { place: format!("`{statement}`"), reason: s.to_string() }
            }
            Some(s) if s.is::<std::io::Error>() => Error::Busy { reason },
            _ if e.is_closed() => Error::Busy { reason },
            _ => Error::Driver { statement, reason },
        };
    };
    let on = || {
        let name = db.constraint().or(db.column()).unwrap_or_default();
        db.table().filter(|_| db.constraint().is_none()).map_or(name.to_owned(), |t| format!("{t}.{name}"))
    };
    let reason = match (db.detail(), db.hint()) {
        (Some(detail), _) => format!("{} ({detail})", db.message()),
        (None, Some(hint)) => format!("{} ({hint})", db.message()),
        (None, None) => db.message().to_owned(),
    };
    let rule = |rule| Error::Refused { rule, on: on(), statement: statement.clone() };
    let code = db.code();
    match code {
        _ if *code == SqlState::UNIQUE_VIOLATION => Error::Conflict { on: on() },
        _ if *code == SqlState::FOREIGN_KEY_VIOLATION || *code == SqlState::RESTRICT_VIOLATION => {
            rule(Rule::ForeignKey)
        }
        _ if *code == SqlState::NOT_NULL_VIOLATION => rule(Rule::NotNull),
        _ if *code == SqlState::CHECK_VIOLATION => rule(Rule::Check),
        _ => match code.code() {
            // Serialisation, deadlock, lock timeout, server stopping or starting, too many connections.
            "40001" | "40P01" | "55P03" | "53300" => Error::Busy { reason },
            c if c.starts_with("57") || c.starts_with("08") => Error::Busy { reason },
            c if c.starts_with("XX0") && c != "XX000" => Error::Corrupt { place: place.to_owned(), reason },
            c if c.starts_with("22") => Error::BadValue { place: format!("`{statement}`"), reason },
            c => Error::Driver { statement, reason: format!("{reason} [{c}]") },
        },
    }
}
