//! SQLite: one writer thread with group commit, and a few connections that read.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql, ffi};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::error::{Rule, brief};
use super::log::Copying;
use super::pack::Shelf;
use super::tx::{self, Cells, Read, Row, Session as AnySession, Tx};
use super::value::{Cell, Value};
use super::{Error, Options};

/// The first version without the WAL-reset bug (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: i32 = 3_051_003;
/// How many closures may share one commit.
const GROUP: usize = 512;
/// Rows that one statement inserts where there are many.
const BLOCK: usize = 16;
/// How long a group may gather closures before it commits.
const GROUP_TIME: Duration = Duration::from_millis(50);
/// How often emptying the log is tried; each try waits for [`LOCK_WAIT`].
const WIPE_TRIES: usize = 6;
/// What the log keeps of the disk when it begins anew, in bytes.
const LOG_LIMIT: i64 = 64 << 20;
/// The cache of the connection that copies the log, which reads nothing by it.
const LOG_CACHE_KIB: i64 = 64;
/// How long to wait for a lock held by another process, such as a backup tool.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// An open SQLite file.
pub(super) struct Sqlite {
    path: PathBuf,
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    idle: Arc<Mutex<Vec<Read>>>,
    free: Arc<Semaphore>,
    health: Arc<Health>,
    wait: Duration,
}

/// Whether the file can still be trusted; set once, never cleared.
#[derive(Default)]
struct Health(OnceLock<String>);

impl Health {
    fn check(&self, path: &Path) -> Result<(), Error> {
        match self.0.get() {
            None => Ok(()),
            Some(reason) => Err(Error::Broken { place: path.display().to_string(), reason: reason.clone() }),
        }
    }
    fn note(&self, session: &mut AnySession) {
        if let AnySession::Sqlite(s) = session
            && let Some(reason) = s.fatal.take()
        {
            tracing::error!(%reason, "the SQLite file is no longer used, to protect the data");
            let _ = self.0.set(reason);
        }
    }
}

/// A closure on its way through the writer thread.
trait Job: Send {
    /// Runs it; true when its work should be kept.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Tells the caller, after the commit.
    fn finish(self: Box<Self>, commit: Result<(), Error>);
    /// Whether it must run outside of a transaction, with nothing beside it.
    fn apart(&self) -> bool {
        false
    }
    /// Whether it writes so much that it begins a transaction: what comes first in one needs no savepoint, for which SQLite keeps
    /// a copy of every page that is changed.
    fn first(&self) -> bool {
        false
    }
}

/// Writes the file anew, so that nothing is left in it of what was deleted, and empties the log beside it.
struct Wipe(Option<Result<(), Error>>, oneshot::Sender<Result<(), Error>>);

impl Job for Wipe {
    fn run(&mut self, tx: &mut Tx) -> bool {
        let mut wipe = || -> Result<(), Error> {
            tx::guarded(tx, |tx| tx.batch("VACUUM"))?;
            // A reader that began before keeps the log until it ends.
            for _ in 0..WIPE_TRIES {
                let kept: Option<i64> = tx::guarded(tx, |tx| -> Result<_, Error> {
                    tx.query_one("PRAGMA wal_checkpoint(TRUNCATE)", crate::params![], |row| row.get(0))
                })?;
                if kept == Some(0) {
                    return Ok(());
                }
            }
            Err(Error::Busy { reason: "a long reading keeps the former state of the file".to_owned() })
        };
        self.0 = Some(wipe());
        true
    }
    fn finish(self: Box<Self>, commit: Result<(), Error>) {
        let _ = self.1.send(commit.and(self.0.unwrap_or(Err(Error::Closed))));
    }
    fn apart(&self) -> bool {
        true
    }
}

struct Closure<T, E, F> {
    first: bool,
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Closure<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: FnOnce(&mut Tx) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let outcome = self.work.take().map(|work| tx::guarded(tx, work));
        let keep = matches!(outcome, Some(Ok(_)));
        self.outcome = outcome;
        keep
    }
    fn first(&self) -> bool {
        self.first
    }
    fn finish(self: Box<Self>, commit: Result<(), Error>) {
        let answer = match (self.outcome, commit) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Closed.into()),
        };
        // A caller that no longer waits has nothing to be told.
        let _ = self.reply.send(answer);
    }
}

impl Sqlite {
    /// Opens or creates the file. Blocks; call it where blocking is allowed.
    pub(super) fn open(path: &Path, options: &Options, shelf: &Arc<Shelf>) -> Result<Self, Error> {
        let fail = |reason: String| Error::Open { place: path.display().to_string(), reason };
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(fail(format!(
                "this server was built with SQLite {}, which can lose data; build it with 3.51.3 or later",
                rusqlite::version()
            )));
        }
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| fail(format!("cannot create the folder {}: {e}", folder.display())))?;
        }
        let lock = lock(path)?;
        private(OpenOptions::new().read(true).write(true).create(true))
            .open(path)
            .and_then(|file| owner_only(&file))
            .map_err(|e| fail(format!("{e}; check that this account may write there")))?;

        let health = Arc::new(Health::default());
        let connect = |cache_kib: i64, reader: bool| {
            connect(path, cache_kib, reader, options.durable).map_err(|e| match e {
                rusqlite::Error::SqliteFailure(e, _) if e.extended_code & 0xff == ffi::SQLITE_NOTADB => {
                    fail("it is not an SQLite database; point --data elsewhere".to_owned())
                }
                e => fail(e.to_string()),
            })
        };
        let mut writer = connect(options.writer_cache_kib, false)?;
        let copying = Copying::beside(&mut writer, connect(LOG_CACHE_KIB, true)?)
            .map_err(|e| fail(format!("cannot start the thread that copies the log: {e}")))?;
        let write = Tx::new(session(writer, path, shelf));
        let mut idle = Vec::new();
        for _ in 0..options.readers.max(1) {
            idle.push(session(connect(options.reader_cache_kib, true)?, path, shelf));
        }
        let free = Arc::new(Semaphore::new(idle.len()));
        let (send, receive) = mpsc::channel(options.queue.max(1));
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn({
                let (health, path) = (health.clone(), path.to_owned());
                move || write_loop(write, receive, &health, &path, (copying, lock))
            })
            .map_err(|e| fail(format!("cannot start the writer thread: {e}")))?;
        Ok(Self {
            path: path.to_owned(),
            queue: Mutex::new(Some(send)),
            writer: Mutex::new(Some(writer)),
            idle: Arc::new(Mutex::new(idle)),
            free,
            health,
            wait: options.wait,
        })
    }

    pub(super) async fn write<T, E, F>(&self, first: bool, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.health.check(&self.path)?;
        let queue = unpoisoned(&self.queue).clone().ok_or(Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Closure { first, work: Some(work), outcome: None, reply });
        queue.send(job).await.map_err(|_| Error::Closed)?;
        drop(queue);
        answer.await.unwrap_or_else(|_| {
            self.health.check(&self.path)?;
            Err(Error::Closed.into())
        })
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Read) -> Result<T, E> + Send + 'static,
    {
        self.health.check(&self.path)?;
        let permit = tokio::time::timeout(self.wait, self.free.clone().acquire_owned())
            .await
            .map_err(|_| Error::Busy { reason: "every reading connection is in use".to_owned() })?
            .map_err(|_| Error::Closed)?;
        let reader = unpoisoned(&self.idle).pop().ok_or(Error::Closed)?;
        let (idle, free, health) = (self.idle.clone(), self.free.clone(), self.health.clone());
        tokio::task::spawn_blocking(move || {
            let mut tx = Tx::new(reader);
            let result = match tx::guarded(&mut tx, |tx| tx.batch("BEGIN DEFERRED")) {
                Ok(()) => tx::guarded(&mut tx, |tx| work(tx)),
                Err(e) => Err(e.into()),
            };
            let ended = tx::guarded(&mut tx, |tx| tx.batch("ROLLBACK"));
            let mut reader = tx.into_read();
            health.note(&mut reader.session);
            if let Err(e) = ended {
                tracing::warn!(error = %e, "ending a reading transaction failed");
            }
            if !free.is_closed() {
                unpoisoned(&idle).push(reader);
            }
            drop(permit);
            result
        })
        .await
        .unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Writes the file anew without what was deleted. Nothing else is written meanwhile.
    pub(super) async fn wipe(&self) -> Result<(), Error> {
        self.health.check(&self.path)?;
        let queue = unpoisoned(&self.queue).clone().ok_or(Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        queue.send(Box::new(Wipe(None, reply))).await.map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Takes no more work, finishes what was accepted, and lets go of the file.
    pub(super) async fn close(&self) {
        drop(unpoisoned(&self.queue).take());
        self.free.close();
        unpoisoned(&self.idle).clear();
        let writer = unpoisoned(&self.writer).take();
        if let Some(writer) = writer {
            let joined = tokio::task::spawn_blocking(move || writer.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the SQLite writer thread did not end well");
            }
        }
    }

    /// Waits until the disk has everything that was ever committed.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        for path in [&self.path, Path::new(&log)] {
            match File::open(path).and_then(|file| file.sync_all()) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    let reason = format!("{}: {e}; check the disk", path.display());
                    return Err(Error::Driver { statement: "fsync".to_owned(), reason });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Copies the database to a new file while it is in use.
    pub(super) fn backup(&self, to: &Path) -> Result<(), Error> {
        let fail = |e: String| Error::Open { place: to.display().to_string(), reason: e };
        private(OpenOptions::new().write(true).create_new(true))
            .open(to)
            .map_err(|e| fail(format!("cannot create the backup: {e}")))?;
        let copy = || -> rusqlite::Result<()> {
            let from = connect(&self.path, 2048, true, true)?;
            let mut target = Connection::open(to)?;
            rusqlite::backup::Backup::new(&from, &mut target)?.run_to_completion(
                1024,
                Duration::ZERO,
                None,
            )?;
            target.close().map_err(|(_, e)| e)
        };
        copy().map_err(|e| fail(format!("the backup failed: {e}")))?;
        File::open(to).and_then(|f| f.sync_all()).map_err(|e| fail(format!("the backup failed: {e}")))
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn session(conn: Connection, path: &Path, shelf: &Arc<Shelf>) -> Read {
    let session = Session { conn, place: path.display().to_string(), fatal: None };
    Read::new(AnySession::Sqlite(session), shelf.clone())
}

/// Makes new files readable by their owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Takes the rights of everybody else away from a file that was there before.
fn owner_only(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let meta = file.metadata()?;
        if meta.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// The lock beside the file, held until the writer has closed it. The system frees it when the process dies.
fn lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let fail = |e: std::io::Error| Error::Open {
        place: path.display().to_string(),
        reason: format!("cannot lock {}: {e}; check that this account may write there", beside.display()),
    };
    let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(&beside)
        .map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(fail)?;
            write!(file, "{}", std::process::id()).map_err(fail)?;
            Ok(file)
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let holder = match file.read_to_string(&mut text) {
                Ok(_) if text.trim().parse::<u32>().is_ok() => format!(" (pid {})", text.trim()),
                _ => String::new(),
            };
            Err(Error::InUse { path: path.to_owned(), holder })
        }
        Err(std::fs::TryLockError::Error(e)) => Err(fail(e)),
    }
}

fn connect(path: &Path, cache_kib: i64, reader: bool, durable: bool) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(LOCK_WAIT)?;
    // A misspelt column must be an error as it is on PostgreSQL, not a string.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Once SQLite has looked at what is in its indexes, it would plan a statement anew for every value that is bound to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if !reader {
        let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_CANTOPEN),
                Some(format!(
                    "the file system does not allow write-ahead logging (journal mode {mode}); use a local disk"
                )),
            ));
        }
    }
    let sync = if durable { "FULL" } else { "OFF" };
    conn.execute_batch(&format!(
        "PRAGMA synchronous = {sync}; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -{cache_kib}; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {LOG_LIMIT};"
    ))?;
    if reader {
        conn.execute_batch("PRAGMA query_only = ON")?;
    }
    rusqlite::vtab::array::load_module(&conn)?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(conn)
}

/// Takes everything that waits, runs closures in savepoints, commits once, and only then answers.
fn write_loop(
    mut tx: Tx,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    health: &Health,
    path: &Path,
    (copying, lock): (Copying, File),
) {
    let mut taken = Vec::new();
    let mut waiting: VecDeque<Box<dyn Job>> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            if queue.blocking_recv_many(&mut taken, GROUP) == 0 {
                break;
            }
            waiting.extend(taken.drain(..));
        }
        if let Err(e) = health.check(path) {
            waiting.drain(..).for_each(|job| job.finish(Err(e.clone())));
            continue;
        }
        let (done, result) = match waiting.pop_front_if(|job| job.apart()) {
            Some(mut job) => {
                job.run(&mut tx);
                (vec![job], Ok(()))
            }
            None => group(&mut tx, &mut waiting),
        };
        health.note(&mut tx.session);
        done.into_iter().for_each(|job| job.finish(result.clone()));
    }
    let _ = tx::guarded(&mut tx, |tx| tx.batch("PRAGMA optimize"));
    if let AnySession::Sqlite(session) = &mut tx.session {
        copying.end(&mut session.conn);
    }
    drop(tx);
    drop(lock);
}

/// One transaction. Gives back the closures it ran (all of them when it could not begin) and how the commit went.
fn group(tx: &mut Tx, waiting: &mut VecDeque<Box<dyn Job>>) -> (Vec<Box<dyn Job>>, Result<(), Error>) {
    let step = |tx: &mut Tx, sql: &str| tx::guarded(tx, |tx| tx.batch(sql));
    if let Err(e) = step(tx, "BEGIN IMMEDIATE") {
        return (waiting.drain(..).collect(), Err(e));
    }
    let started = std::time::Instant::now();
    let mut done = Vec::with_capacity(waiting.len());
    let mut kept = 0;
    let mut result = Ok(());
    while let Some(mut job) = waiting.pop_front_if(|job| !job.apart() && (kept == 0 || !job.first())) {
        // While there is nothing to keep, undoing the closure is undoing the transaction.
        let within = kept > 0;
        if within && let Err(e) = step(tx, "SAVEPOINT closure") {
            done.push(job);
            result = Err(e);
            break;
        }
        let keep = job.run(tx);
        done.push(job);
        kept += usize::from(keep);
        if !tx.in_transaction() {
            // A full disk or a failing one makes SQLite undo the whole transaction by itself.
            result = Err(Error::Driver {
                statement: "COMMIT".to_owned(),
                reason: "SQLite undid the whole transaction; check the free space of the disk".to_owned(),
            });
            break;
        }
        let end = match (within, keep) {
            (true, true) => Some("RELEASE closure"),
            (true, false) => Some("ROLLBACK TO closure; RELEASE closure"),
            (false, true) => None,
            (false, false) => Some("ROLLBACK; BEGIN IMMEDIATE"),
        };
        if let Some(Err(e)) = end.map(|sql| step(tx, sql)) {
            result = Err(e);
            break;
        }
        if started.elapsed() > GROUP_TIME {
            break;
        }
    }
    if result.is_ok() && kept > 0 {
        result = step(tx, "COMMIT");
    }
    if tx.in_transaction() {
        let undone = step(tx, "ROLLBACK");
        result = result.and(undone);
    }
    (done, result)
}

impl Tx {
    fn in_transaction(&self) -> bool {
        match &self.session {
            AnySession::Sqlite(s) => !s.conn.is_autocommit(),
            AnySession::Postgres(_) => true,
        }
    }
}

/// One connection.
pub(super) struct Session {
    conn: Connection,
    place: String,
    /// A failure after which the file must not be used any more.
    fatal: Option<String>,
}

impl Session {
    pub(super) fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        read: &mut dyn FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let shared = translate(sql);
        let failed = match self.conn.prepare_cached(&shared) {
            Err(e) => e,
            Ok(mut stmt) => {
                bind(&mut stmt, &shared, params)?;
                let mut rows = stmt.raw_query();
                loop {
                    match rows.next() {
                        Ok(Some(row)) => read(&Row { cells: row, sql })?,
                        Ok(None) => return Ok(()),
                        Err(e) => break e,
                    }
                }
            }
        };
        Err(self.error(&failed, sql))
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        let shared = translate(sql);
        let result = match self.conn.prepare_cached(&shared) {
            Err(e) => Err(e),
            Ok(mut stmt) => {
                bind(&mut stmt, &shared, params)?;
                stmt.raw_execute()
            }
        };
        result.map(|n| n as u64).map_err(|e| self.error(&e, sql))
    }

    pub(super) fn insert_many<R: IntoIterator<Item = Value>>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = R>,
        on_conflict: &str,
    ) -> Result<u64, Error> {
        // A row at a time opens and closes the table for each; a block of them keeps the place where the last one went.
        // Whatever fails ends the caller's transaction, so nothing need be kept for undoing one statement of it; with an
        // `ON CONFLICT` clause SQLite keeps it all the same, every page that a block touches, which costs more than it saves.
        let sql = |rows: usize| {
            let row = format!("({})", vec!["?"; columns.len()].join(", "));
            let (names, rows) = (columns.join(", "), vec![row; rows].join(", "));
            format!("INSERT OR FAIL INTO {table} ({names}) VALUES {rows} {on_conflict}")
        };
        let single = sql(1);
        let mut block: Option<String> = None;
        let mut cells: Vec<Value> = Vec::new();
        let mut count = 0;
        loop {
            cells.clear();
            for row in (&mut *rows).take(BLOCK) {
                let before = cells.len();
                for value in row {
                    let name = columns.get(cells.len() - before).copied().unwrap_or("?");
                    super::check_cell(&value, table, name)?;
                    cells.push(value);
                }
                super::check_width(cells.len() - before, columns, table)?;
            }
            let full = cells.len() == BLOCK * columns.len();
            let (sql, width) = match full && on_conflict.is_empty() {
                true => (&*block.get_or_insert_with(|| sql(BLOCK)), cells.len()),
                false => (&single, columns.len()),
            };
            let insert = |conn: &Connection| -> rusqlite::Result<usize> {
                let mut stmt = conn.prepare_cached(sql)?;
                cells.chunks(width).try_fold(0, |count, cells| {
                    for (n, cell) in cells.iter().enumerate() {
                        stmt.raw_bind_parameter(n + 1, Bound(cell))?;
                    }
                    Ok(count + stmt.raw_execute()?)
                })
            };
            count += insert(&self.conn).map_err(|e| self.error(&e, &single))? as u64;
            if !full {
                return Ok(count);
            }
        }
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let result = if sql.contains(';') {
            self.conn.execute_batch(sql)
        } else {
            self.conn.prepare_cached(sql).and_then(|mut stmt| {
                let mut rows = stmt.raw_query();
                while rows.next()?.is_some() {}
                Ok(())
            })
        };
        result.map_err(|e| self.error(&e, sql))
    }

    fn error(&mut self, e: &rusqlite::Error, sql: &str) -> Error {
        let statement = brief(sql);
        let text = e.to_string();
        let Some(code) = e.sqlite_error().map(|e| e.extended_code) else {
            return Error::Driver { statement, reason: text };
        };
        let on = || text.rsplit("failed: ").next().filter(|s| *s != text).unwrap_or_default().to_owned();
        let rule = |rule| Error::Refused { rule, on: on(), statement: statement.clone() };
        match code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => return Error::Conflict { on: on() },
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return rule(Rule::ForeignKey),
            ffi::SQLITE_CONSTRAINT_NOTNULL => return rule(Rule::NotNull),
            ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_DATATYPE => return rule(Rule::Check),
            _ => {}
        }
        match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::Busy { reason: text },
            ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
                self.fatal.get_or_insert_with(|| text.clone());
                Error::Corrupt { place: self.place.clone(), reason: text }
            }
            ffi::SQLITE_FULL => {
                Error::Driver { statement, reason: format!("{text}; free space on the disk") }
            }
            _ => Error::Driver { statement, reason: text },
        }
    }
}

/// The shared dialect's list tests in SQLite's words; everything else is the same text.
fn translate(sql: &str) -> Cow<'_, str> {
    if !sql.contains("ANY(") && !sql.contains("ALL(") {
        return Cow::Borrowed(sql);
    }
    Cow::Owned(sql.replace("= ANY($", "IN rarray($").replace("<> ALL($", "NOT IN rarray($"))
}

/// Binds by the number in each `$n`; SQLite itself would number them by first appearance.
fn bind(stmt: &mut Statement<'_>, sql: &str, params: &[Value]) -> Result<(), Error> {
    let bad = |place: String, reason: String| Error::BadValue { place, reason };
    let found = stmt.parameter_count();
    if found != params.len() {
        let reason = format!("it has {found} parameters and was given {}", params.len());
        return Err(bad(format!("`{}`", brief(sql)), reason));
    }
    let lists = sql.contains("rarray($");
    for slot in 1..=found {
        let number = stmt.parameter_name(slot).and_then(|name| name[1..].parse::<usize>().ok());
        let Some(value) = number.and_then(|n| params.get(n.wrapping_sub(1))) else {
            let name = stmt.parameter_name(slot).unwrap_or("?").to_owned();
            return Err(bad(
                format!("`{}`", brief(sql)),
                format!("parameter {name} should be one of $1 to ${found}"),
            ));
        };
        let listed = lists && sql.contains(&format!("rarray(${})", number.unwrap_or_default()));
        if listed != matches!(value, Value::List(_)) {
            let wanted = if listed { "a list" } else { "a single value" };
            return Err(bad(
                format!("${} of `{}`", number.unwrap_or_default(), brief(sql)),
                format!("{} cannot be bound where the statement needs {wanted}", value.kind()),
            ));
        }
        stmt.raw_bind_parameter(slot, Bound(value))
            .map_err(|e| bad(format!("${slot} of `{}`", brief(sql)), e.to_string()))?;
    }
    Ok(())
}

/// A value in SQLite's five types.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(x) => ValueRef::Integer(i64::from(*x)),
            Value::Int(x) => ValueRef::Integer(*x),
            Value::Real(x) => ValueRef::Real(*x),
            Value::Text(x) => ValueRef::Text(x.as_bytes()),
            Value::Bytes(x) => ValueRef::Blob(x),
            Value::Id(x) => ValueRef::Blob(x.as_bytes()),
            Value::Instant(x) => ValueRef::Integer(x.micros()),
            Value::Day(x) => ValueRef::Integer(x.number().into()),
            Value::List(items) => {
                let mut array: Vec<rusqlite::types::Value> = Vec::with_capacity(items.len());
                for item in items {
                    array.push(match Bound(item).to_sql()? {
                        ToSqlOutput::Borrowed(x) => {
                            x.try_into().map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?
                        }
                        _ => rusqlite::types::Value::Null,
                    });
                }
                return Ok(ToSqlOutput::from_rc(Rc::new(array), c"rarray"));
            }
        }))
    }
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, index: usize) -> Result<Cell<'_>, String> {
        Ok(match self.get_ref(index).map_err(|e| e.to_string())? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(x) => Cell::Int(x),
            ValueRef::Real(x) => Cell::Real(x),
            ValueRef::Text(x) => Cell::Text(std::str::from_utf8(x).map_err(|e| e.to_string())?),
            ValueRef::Blob(x) => Cell::Bytes(x),
        })
    }
    fn name(&self, index: usize) -> Option<&str> {
        self.as_ref().column_name(index).ok()
    }
}
