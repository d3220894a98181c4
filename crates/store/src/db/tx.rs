//! What a closure gets: [`Read`] to ask, [`Tx`] to ask and write, [`Row`] for each answer.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::error::brief;
use super::pack::Shelf;
use super::value::{Cell, FromValue, Value};
use super::{Engine, Error, postgres, sqlite};

/// A consistent view of the database: everything read through it is of one moment.
///
/// Noun functions that only read take `&mut Read`; a [`Tx`] passes wherever one is asked for.
/// After an error nothing more can be asked (PostgreSQL ends the transaction, so both do): return the error.
pub struct Read {
    pub(super) session: Session,
    /// A statement failed, so the transaction cannot be kept.
    failed: bool,
    /// What packed values are unpacked with.
    pub(super) shelf: Arc<Shelf>,
}

/// A write transaction. Kept when the closure returns `Ok`, undone when it returns an error or panics.
pub struct Tx {
    read: Read,
    /// How many [`Tx::attempt`]s we are inside of.
    depth: u32,
}

pub(super) enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

/// SQL text, the same for both databases or one for each; see [`crate::sql!`].
pub trait Sql {
    /// The text for an engine.
    fn text(&self, engine: Engine) -> &str;
}

impl Sql for &str {
    fn text(&self, _: Engine) -> &str {
        self
    }
}
impl Sql for String {
    fn text(&self, _: Engine) -> &str {
        self
    }
}
impl Sql for &String {
    fn text(&self, _: Engine) -> &str {
        self
    }
}

/// The two texts of a statement that cannot be written once. Made by [`crate::sql!`] only, so that they can be counted.
#[derive(Debug, Clone, Copy)]
pub struct PerEngine {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

impl Sql for PerEngine {
    fn text(&self, engine: Engine) -> &str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// A named exception to "SQL is written once": `sql!(sqlite: "…", postgres: "…")`. A test counts them.
#[macro_export]
macro_rules! sql {
    (sqlite: $sqlite:expr, postgres: $postgres:expr $(,)?) => {
        $crate::db::PerEngine { sqlite: $sqlite, postgres: $postgres }
    };
}

impl Read {
    pub(super) fn new(session: Session, shelf: Arc<Shelf>) -> Self {
        Self { session, failed: false, shelf }
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        match self.session {
            Session::Sqlite(_) => Engine::Sqlite,
            Session::Postgres(_) => Engine::Postgres,
        }
    }

    /// All rows of an answer. Give the statement a `LIMIT`, or use [`Read::each`] where the answer can be large.
    ///
    /// ```no_run
    /// # use store::{db::{Read, Error}, params};
    /// # fn f(r: &mut Read) -> Result<(), Error> {
    /// let names: Vec<String> = r.query("SELECT name FROM unit WHERE depth = $1", params![2], |row| row.get(0))?;
    /// # Ok(()) }
    /// ```
    pub fn query<T>(
        &mut self,
        sql: impl Sql,
        params: impl AsRef<[Value]>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        self.each(sql, params, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// The one row of an answer, or `None`. More than one row is an error: the key was not a key.
    pub fn query_one<T>(
        &mut self,
        sql: impl Sql,
        params: impl AsRef<[Value]>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut one = None;
        self.each(sql, params, |row| {
            if one.is_some() {
                let reason = "gave more than one row where at most one was expected".to_owned();
                return Err(Error::Driver { statement: brief(row.sql), reason });
            }
            one = Some(read(row)?);
            Ok(())
        })?;
        Ok(one)
    }

    /// Every column of text, with its table.
    pub fn text_columns(&mut self) -> Result<Vec<(String, String)>, Error> {
        let sql = crate::sql!(
            sqlite: "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                     WHERE t.type = 'table' AND c.type = 'TEXT' AND t.name NOT LIKE 'sqlite%' ORDER BY 1, 2",
            postgres: "SELECT table_name::text, column_name::text FROM information_schema.columns
                       WHERE table_schema = current_schema() AND data_type = 'text' ORDER BY 1, 2"
        );
        self.query(sql, crate::params![], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Whether the statement gives any row.
    pub fn exists(&mut self, sql: impl Sql, params: impl AsRef<[Value]>) -> Result<bool, Error> {
        let statement = format!("SELECT 1 WHERE EXISTS ({})", sql.text(self.engine()));
        Ok(self.query_one(&statement, params, |_| Ok(()))?.is_some())
    }

    /// Hands over each row as it comes, without holding all of them.
    pub fn each(
        &mut self,
        sql: impl Sql,
        params: impl AsRef<[Value]>,
        mut read: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sql = sql.text(self.engine());
        self.guard(sql, params.as_ref(), |session, params| match session {
            Session::Sqlite(s) => s.each(sql, params, &mut read),
            Session::Postgres(s) => s.each(sql, params, &mut read),
        })
    }

    /// Refuses to go on after a failure, checks the parameters, and remembers a failure.
    fn guard<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        run: impl FnOnce(&mut Session, &[Value]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.failed {
            return Err(Error::Ended);
        }
        let result = check(sql, params).and_then(|()| run(&mut self.session, params));
        self.failed = result.is_err();
        result
    }
}

fn check(sql: &str, params: &[Value]) -> Result<(), Error> {
    for (i, value) in params.iter().enumerate() {
        value.check().map_err(|reason| Error::BadValue {
            place: format!("${} of `{}`", i + 1, brief(sql)),
            reason: reason.to_owned(),
        })?;
    }
    Ok(())
}

impl Deref for Tx {
    type Target = Read;
    fn deref(&self) -> &Read {
        &self.read
    }
}
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}

impl Tx {
    pub(super) fn new(read: Read) -> Self {
        Self { read, depth: 0 }
    }

    pub(super) fn into_read(self) -> Read {
        self.read
    }

    /// Runs a statement and says how many rows it inserted, changed or deleted.
    pub fn execute(&mut self, sql: impl Sql, params: impl AsRef<[Value]>) -> Result<u64, Error> {
        let sql = sql.text(self.engine());
        self.guard(sql, params.as_ref(), |session, params| match session {
            Session::Sqlite(s) => s.execute(sql, params),
            Session::Postgres(s) => s.execute(sql, params),
        })
    }

    /// Inserts many rows: one prepared statement on SQLite, `unnest` in chunks on PostgreSQL.
    ///
    /// `on_conflict` is empty or an `ON CONFLICT …` clause. With `DO UPDATE` no two of the rows may have the same key:
    /// PostgreSQL refuses to change a row twice in one statement. Gives the number of rows inserted or changed.
    ///
    /// ```no_run
    /// # use store::{db::{Tx, Error}, params};
    /// # fn f(tx: &mut Tx) -> Result<(), Error> {
    /// let rows = (0..1000_i64).map(|i| params![i, "x"]);
    /// tx.insert_many("thing", &["number", "word"], rows, "ON CONFLICT (number) DO NOTHING")?;
    /// # Ok(()) }
    /// ```
    pub fn insert_many<R: IntoIterator<Item = Value>>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: impl IntoIterator<Item = R>,
        on_conflict: &str,
    ) -> Result<u64, Error> {
        let mut rows = rows.into_iter();
        self.guard(table, &[], |session, _| {
            if columns.is_empty() || !std::iter::once(&table).chain(columns).all(|name| plain(name)) {
                return Err(Error::Driver {
                    statement: format!("insert_many into {table}"),
                    reason: "table and columns must be plain lower-case names".to_owned(),
                });
            }
            match session {
                Session::Sqlite(s) => s.insert_many(table, columns, &mut rows, on_conflict),
                Session::Postgres(s) => s.insert_many(table, columns, &mut rows, on_conflict),
            }
        })
    }

    /// Tries something whose failure the transaction survives: on an error only its own work is undone.
    pub fn attempt<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        if self.failed {
            return Err(Error::Ended.into());
        }
        self.depth += 1;
        let point = format!("attempt_{}", self.depth);
        let result = self.batch(&format!("SAVEPOINT {point}")).map_err(E::from).and_then(|()| {
            let result = work(self).and_then(|x| if self.failed { Err(Error::Ended.into()) } else { Ok(x) });
            self.failed = false;
            let end = match result {
                Ok(_) => format!("RELEASE SAVEPOINT {point}"),
                Err(_) => format!("ROLLBACK TO SAVEPOINT {point}; RELEASE SAVEPOINT {point}"),
            };
            self.batch(&end).map_err(E::from)?;
            result
        });
        self.depth -= 1;
        result
    }

    /// Runs statements separated by semicolons, without parameters: migrations and savepoints.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.guard(sql, &[], |session, _| match session {
            Session::Sqlite(s) => s.batch(sql),
            Session::Postgres(s) => s.batch(sql),
        })
    }
}

/// Whether a table or column name needs no quoting.
fn plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Runs a closure so that neither its panic nor a swallowed error can leave half a transaction.
pub(super) fn guarded<T, E: From<Error>>(
    target: &mut Tx,
    work: impl FnOnce(&mut Tx) -> Result<T, E>,
) -> Result<T, E> {
    target.read.failed = false;
    target.depth = 0;
    match catch_unwind(AssertUnwindSafe(|| work(target))) {
        Ok(Ok(_)) if target.read.failed => Err(Error::Ended.into()),
        Ok(result) => result,
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".to_owned());
            Err(Error::Panicked { message }.into())
        }
    }
}

/// One row of an answer. Columns are counted from 0 in the order of the `SELECT`.
pub struct Row<'a> {
    pub(super) cells: &'a dyn Cells,
    pub(super) sql: &'a str,
}

/// What each database's row can do.
pub(super) trait Cells {
    fn cell(&self, index: usize) -> Result<Cell<'_>, String>;
    fn name(&self, index: usize) -> Option<&str>;
}

impl Row<'_> {
    /// A column's value; the error names the column and the statement.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, Error> {
        let cell = self.cells.cell(index).map_err(|reason| self.bad(index, reason))?;
        T::from_cell(cell).ok_or_else(|| {
            let found: String = format!("{cell:?}").chars().take(80).collect();
            self.bad(index, format!("expected {}, found {found}", T::WANTED))
        })
    }

    /// A column of bytes, read where it lies.
    pub fn bytes<T>(&self, index: usize, read: impl FnOnce(&[u8]) -> Result<T, Error>) -> Result<T, Error> {
        match self.cells.cell(index).map_err(|reason| self.bad(index, reason))? {
            Cell::Bytes(bytes) => read(bytes),
            other => Err(self.bad(index, format!("expected bytes, found {other:?}"))),
        }
    }

    /// A column of text that stands for something, such as a state's word: `row.word(3, Cadence::from_word)`.
    pub fn word<T>(&self, index: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
        let cell = self.cells.cell(index).map_err(|reason| self.bad(index, reason))?;
        match cell {
            Cell::Text(text) => read(text).ok_or_else(|| {
                let found: String = text.chars().take(80).collect();
                self.bad(index, format!("`{found}` is not one of the words this server knows"))
            }),
            other => Err(self.bad(index, format!("expected text, found {other:?}"))),
        }
    }

    fn bad(&self, index: usize, reason: String) -> Error {
        let column = self.cells.name(index).unwrap_or("?");
        Error::BadValue { place: format!("column {index} ({column}) of `{}`", brief(self.sql)), reason }
    }
}
