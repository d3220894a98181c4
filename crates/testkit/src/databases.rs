//! A fresh database of each kind for one test.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::time::Instant;
use store::db::{MIGRATIONS, Options, Place, Store, fingerprint};
use tokio::runtime::Runtime;

/// The variable with the address of a PostgreSQL server on which tests may make databases.
const VARIABLE: &str = "THROUGHLINE_TEST_POSTGRES";
/// When the migrations of a test's database were applied: 2026-01-01.
const MIGRATED_AT: i64 = 1_767_225_600_000_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a test can start threads")
}

/// A name that no other test of this machine has.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst))
}

/// A folder that goes away with its owner.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// A new empty folder.
    ///
    /// # Panics
    /// When the system's folder for temporary files cannot be written.
    #[expect(clippy::new_without_default, reason = "it makes a folder, which a default should not")]
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("throughline_test_{}", unique()));
        // One left behind by an earlier process with the same number.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a test can write temporary files");
        Self(path)
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens, migrates, runs the test, closes. Gives the test's panic back.
fn run<F, Fut>(runtime: &Runtime, place: Place, body: F) -> std::thread::Result<()>
where
    F: FnOnce(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let store =
                Store::open(place, Options { connections: 8, ..Options::default() }).await.expect("opens");
            store.migrate(Instant::from_micros(MIGRATED_AT)).await.expect("migrates");
            body(store.clone()).await;
            store.close().await;
        });
    }))
}

/// Runs a test on a new SQLite file.
///
/// # Panics
/// When the test does.
pub fn on_sqlite<F, Fut>(body: F)
where
    F: FnOnce(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = TempDir::new();
    let result = run(&runtime(), Place::Sqlite(folder.path().join("throughline.db")), body);
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Runs a test on a new PostgreSQL database, which is dropped afterwards.
///
/// # Panics
/// When the test does, and when there is no server to test with.
pub fn on_postgres<F, Fut>(body: F)
where
    F: FnOnce(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let server = server();
    let runtime = runtime();
    let template = template(&runtime, &server);
    let result = with_database(&runtime, &server, template, |url| {
        run(&runtime, Place::Postgres(url.to_owned()), body)
    });
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Runs a test that starts programs of its own beside a new PostgreSQL database without any table, which is dropped
/// afterwards. The test is given its address.
///
/// # Panics
/// When the test does, and when there is no server to test with.
pub fn beside_postgres<T>(body: impl FnOnce(&str) -> T) -> T {
    let result = with_database(&runtime(), &server(), "template0 ENCODING 'UTF8'", |url| {
        catch_unwind(AssertUnwindSafe(|| body(url)))
    });
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

fn server() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "this test needs PostgreSQL: run `cargo xtask test`, which starts one, \
             or set {VARIABLE} to the address of a server on which databases may be made"
        )
    })
}

/// Makes a database, gives its address, and drops it.
fn with_database<T>(runtime: &Runtime, server: &str, template: &str, body: impl FnOnce(&str) -> T) -> T {
    let name = format!("tl_test_{}", unique());
    runtime.block_on(async {
        command(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        command(server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    });
    let result = body(&with_name(server, &name));
    runtime.block_on(command(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
    result
}

/// The same server's address with another database's name.
fn with_name(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, String::new()), |(b, q)| (b, format!("?{q}")));
    let start = base.find("://").map_or(0, |i| i + 3);
    let end = base[start..].find('/').map_or(base.len(), |i| start + i);
    format!("{}/{name}{query}", &base[..end])
}

async fn connect(server: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .unwrap_or_else(|e| panic!("PostgreSQL at {VARIABLE} does not answer: {e}; run `cargo xtask test`"));
    tokio::spawn(connection);
    client
}

async fn command(server: &str, sql: &str) {
    connect(server).await.batch_execute(sql).await.unwrap_or_else(|e| panic!("`{sql}`: {e:?}"));
}

/// A database that has exactly our migrations, made once per server and copied for each test.
fn template(runtime: &Runtime, server: &str) -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = format!("tl_template_{}", &fingerprint(MIGRATIONS)[..16]);
        let (given, thread_name) = (server.to_owned(), name.clone());
        runtime.block_on(async move {
            let client = connect(&given).await;
            // One process makes it; the others wait here. The lock goes with the connection.
            client.execute("SELECT pg_advisory_lock(81726354)", &[]).await.expect("locks");
            let found = client
                .query("SELECT 1 FROM pg_database WHERE datname = $1", &[&thread_name])
                .await
                .expect("lists databases");
            if found.is_empty() {
                let making = format!("{thread_name}_making");
                let run = async |sql: String| client.batch_execute(&sql).await.expect("makes the template");
                run(format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
                run(format!("CREATE DATABASE {making} TEMPLATE template0 ENCODING 'UTF8'")).await;
                let place = Place::Postgres(with_name(&given, &making));
                let store = Store::open(place, Options::default()).await.expect("opens the template");
                store.migrate(Instant::from_micros(MIGRATED_AT)).await.expect("migrates the template");
                store.close().await;
                run(format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{making}'"
                ))
                .await;
                for _ in 0..100 {
                    let rename = format!("ALTER DATABASE {making} RENAME TO {thread_name}");
                    match client.batch_execute(&rename).await {
                        Ok(()) => return,
                        Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                    }
                }
                panic!("the template database stayed in use");
            }
        });
        name
    })
}
