//! The xAPI endpoint under load: single statements and batches on few connections and on many, then questions to a filled store,
//! on both databases.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::floor::Floor;
use super::http::{Client, basic};
use super::latency::{Latency, round};
use super::one_by_one;
use super::server::{Scratch, Server, bytes_in, cpu_of, cpu_of_family};
use super::statements::{Pool, Random, now};
use crate::house;
use crate::postgres::Cluster;

/// Statements per request.
pub(super) const BATCHES: [usize; 3] = [1, 50, 1000];
/// Connections.
const CONNECTIONS: [usize; 3] = [1, 8, 64];

/// What was measured on one database.
#[derive(Debug, Serialize)]
pub(crate) struct Lrs {
    pub(crate) database: &'static str,
    pub(crate) statement_bytes: usize,
    /// What the bare rows cost here; SQLite only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Floor>,
    /// Statements a second that are written one row at a time on 8 connections, by how many share a transaction; PostgreSQL only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) one_by_one: BTreeMap<usize, f64>,
    pub(crate) cells: Vec<Cell>,
    /// Statements in the store when the questions were asked.
    pub(crate) statements: u64,
    /// Bytes of the database's files for one statement, after everything was taken into the index.
    pub(crate) disk_bytes_per_statement: f64,
    /// The same for each byte received.
    pub(crate) disk_bytes_per_byte: f64,
    pub(crate) resident_mib_after: f64,
    pub(crate) queries: Vec<Asked>,
}

/// One row: so many statements a request on so many connections.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) batch: usize,
    pub(crate) connections: usize,
    pub(crate) statements_per_s: f64,
    pub(crate) requests_per_s: f64,
    pub(crate) latency: Option<Latency>,
    /// Processor time of the server for one statement, in microseconds; on PostgreSQL with that of the database.
    pub(crate) server_cpu_us: f64,
    /// Processor time of the load itself for one statement: it shares the machine with the server.
    pub(crate) load_cpu_us: f64,
    /// Requests that were refused or broke.
    pub(crate) errors: u64,
}

/// A kind of question, asked over and over on one connection.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) query: &'static str,
    pub(crate) latency: Option<Latency>,
    /// Statements in an answer, on average.
    pub(crate) statements: f64,
    /// Processor time of the server for one answer, in microseconds.
    pub(crate) server_cpu_us: f64,
    pub(crate) errors: u64,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// How long each row of the load runs.
    pub(crate) seconds: u64,
    /// Statements in the store before questions are asked.
    pub(crate) statements: u64,
    /// Whether PostgreSQL is measured as well.
    pub(crate) postgres: bool,
}

/// A server on a database, and what belongs to both.
struct Site {
    server: Server,
    cluster: Option<Cluster>,
    files: PathBuf,
    address: SocketAddr,
    authorization: String,
    pool: Pool,
}

impl Site {
    fn cpu(&self) -> Duration {
        let database = self.cluster.as_ref().map(|c| cpu_of_family(&c.process()));
        self.server.cpu() + database.unwrap_or_default()
    }
}

/// # Errors
/// Where a server does not start, a key cannot be made, or the first statement is refused.
pub(crate) fn measure(plan: Plan) -> Result<Vec<Lrs>> {
    let mut all = vec![on_sqlite(plan)?];
    if plan.postgres {
        all.push(on_postgres(plan)?);
    }
    Ok(all)
}

fn on_sqlite(plan: Plan) -> Result<Lrs> {
    eprintln!(" SQLite, synchronous=FULL");
    let scratch = Scratch::new("lrs")?;
    let floor = Floor::measure(scratch.path());
    let data = scratch.data();
    let place = data.display().to_string();
    let authorization = key(&["--data", &place])?;
    let server = Server::start("serve", &data, &[])?;
    let address = server.address()?;
    let site = Site { server, cluster: None, files: data, address, authorization, pool: Pool::new()? };
    Ok(Lrs { floor, ..on("sqlite", &site, plan)? })
}

fn on_postgres(plan: Plan) -> Result<Lrs> {
    eprintln!(" PostgreSQL, fsync=on");
    let scratch = Scratch::new("lrs-postgres")?;
    let cluster = Cluster::durable()?;
    let one_by_one = one_by_one::measure(&cluster, scratch.path(), plan.seconds)?;
    let url = cluster.url();
    let authorization = key(&["--database", &url])?;
    let words = ["serve", "--database", &url, "--listen", "127.0.0.1:0"];
    let server = Server::launch(&house::binary(true), &words, &scratch.data())?;
    let (address, files) = (server.address()?, cluster.tables());
    let site = Site { server, cluster: Some(cluster), files, address, authorization, pool: Pool::new()? };
    Ok(Lrs { one_by_one, ..on("postgres", &site, plan)? })
}

fn on(database: &'static str, site: &Site, plan: Plan) -> Result<Lrs> {
    let empty = bytes_in(&site.files);
    let mut sent = 0;
    let mut cells = Vec::new();
    for batch in BATCHES {
        for connections in CONNECTIONS {
            let load = Load { site, batch };
            load.once().context("the first request")?;
            sent += batch as u64;
            let (cell, more) = run(&load, connections, Duration::from_secs(plan.seconds))?;
            sent += more;
            eprintln!(
                "  {batch:>4} a request on {connections:>2} connections: {:>7.0} statements/s, p99 {:.1} ms, {:.0} µs a statement",
                cell.statements_per_s,
                cell.latency.as_ref().map_or(0.0, |latency| latency.p99_ms),
                cell.server_cpu_us
            );
            cells.push(cell);
        }
    }
    let (more, ids, middle) = fill(site, plan.statements.saturating_sub(sent))?;
    sent += more;
    let waited = site.server.settle();
    eprintln!("  {sent} statements, at rest after {:.0} s", waited.as_secs_f64());
    let queries = ask(site, &ids, &middle, Duration::from_secs(plan.seconds))?;
    let resident_mib_after = site.server.resident_mib();
    let disk = bytes_in(&site.files).saturating_sub(empty) as f64 / sent as f64;
    Ok(Lrs {
        database,
        statement_bytes: site.pool.mean_bytes,
        floor: None,
        one_by_one: BTreeMap::new(),
        cells,
        statements: sent,
        disk_bytes_per_statement: disk.round(),
        disk_bytes_per_byte: round(disk / site.pool.mean_bytes as f64),
        resident_mib_after,
        queries,
    })
}

/// Sends statements until there are enough, a thousand a request. Gives how many, the ids of some, and a moment in the middle.
fn fill(site: &Site, statements: u64) -> Result<(u64, Vec<String>, String)> {
    const BATCH: u64 = 1000;
    let requests = statements.div_ceil(BATCH).max(20);
    let next = AtomicU64::new(0);
    let found = Mutex::new((Vec::new(), now()));
    let load = Load { site, batch: BATCH as usize };
    let one = || -> Result<()> {
        let mut client = Client::new(site.address);
        let (mut random, mut body, headers) = (Random::fresh()?, Vec::new(), load.headers());
        loop {
            let request = next.fetch_add(1, Ordering::SeqCst);
            if request >= requests {
                return Ok(());
            }
            let id = site.pool.write(&mut body, load.batch, &mut random);
            let reply = client.send("POST", "/xapi/statements", &headers, &body)?;
            if reply.status != 200 {
                bail!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
            }
            let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            found.0.push(id);
            if request == requests / 2 {
                found.1 = now();
            }
        }
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a sender broke"))))
    })?;
    let (ids, middle) = found.into_inner().unwrap_or_default();
    Ok((requests * BATCH, ids, middle))
}

/// Asks each kind of question over and over.
fn ask(site: &Site, ids: &[String], middle: &str, time: Duration) -> Result<Vec<Asked>> {
    let headers = format!("Authorization: {}\r\nX-Experience-API-Version: 1.0.3\r\n", site.authorization);
    let mut random = Random::fresh()?;
    let mut more = String::new();
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    const KINDS: [&str; 9] = [
        "by id",
        "by agent, 25",
        "by agent, 100",
        "activity + since",
        "recent 100",
        "agent + verb",
        "agent + activity + verb",
        "related activity",
        "more",
    ];
    let mut all = Vec::new();
    for kind in KINDS {
        let mut client = Client::new(site.address);
        let (mut times, mut statements, mut errors) = (Vec::new(), 0, 0);
        let (began, cpu) = (Instant::now(), site.cpu());
        while began.elapsed() < time {
            let agent = encode(&Pool::actor(&mut random));
            let path = match kind {
                "by id" => format!("?statementId={}", ids[random.below(ids.len() as u32) as usize]),
                "by agent, 25" => format!("?limit=25&agent={agent}"),
                "by agent, 100" => format!("?limit=100&agent={agent}"),
                "activity + since" => {
                    format!("?limit=100&activity={}&since={middle}", encode(&Pool::lesson(&mut random)))
                }
                "recent 100" => "?limit=100".to_owned(),
                "agent + verb" => {
                    format!("?limit=100&agent={agent}&verb={}", encode(&Pool::verb(&mut random)))
                }
                "agent + activity + verb" => format!(
                    "?limit=100&agent={agent}&activity={}&verb={}",
                    encode(&Pool::lesson(&mut random)),
                    encode(&Pool::verb(&mut random))
                ),
                "related activity" => {
                    let course = encode(&Pool::course(&mut random));
                    format!("?limit=100&activity={course}&related_activities=true")
                }
                _ if more.is_empty() => "?limit=100".to_owned(),
                _ => more.clone(),
            };
            let reply = client.send("GET", &format!("/xapi/statements{path}"), &headers, b"")?;
            if reply.status != 200 {
                errors += 1;
                continue;
            }
            let text = String::from_utf8_lossy(&reply.body);
            statements += text.matches("\"authority\":").count();
            if kind == "more" {
                let next =
                    text.rsplit_once("\"more\":\"").map(|(_, rest)| rest.trim_end_matches(['}', '"', '\n']));
                more = next
                    .and_then(|path| Some(path.split_once("/statements")?.1.to_owned()))
                    .unwrap_or_default();
            }
            times.push(reply.took);
        }
        let (count, cpu) = (times.len().max(1) as f64, site.cpu().saturating_sub(cpu));
        let asked = Asked {
            query: kind,
            latency: Latency::of(times),
            statements: round(statements as f64 / count),
            server_cpu_us: round(cpu.as_secs_f64() * 1e6 / count),
            errors,
        };
        eprintln!(
            "  {kind}: p50 {:.2} ms, p99 {:.2} ms, {} statements",
            asked.latency.as_ref().map_or(0.0, |l| l.p50_ms),
            asked.latency.as_ref().map_or(0.0, |l| l.p99_ms),
            asked.statements
        );
        all.push(asked);
    }
    Ok(all)
}

/// Makes a key that may do everything, and gives it as a header value.
fn key(place: &[&str]) -> Result<String> {
    let mut command = Command::new(house::binary(true));
    command.args(["key", "create", "--name", "bench", "--scope", "all"]).args(place);
    let output = command.output().context("cannot start throughline")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("throughline key create: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let after = |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    match (after("key"), after("secret")) {
        (Some(key), Some(secret)) => {
            Ok(basic(key.trim_start_matches([':', ' ']), secret.trim_start_matches([':', ' '])))
        }
        _ => bail!("`throughline key create` printed no key and secret: {said}"),
    }
}

/// What every connection sends, over and over.
struct Load<'a> {
    site: &'a Site,
    batch: usize,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    errors: u64,
    first_error: Option<String>,
}

impl Load<'_> {
    fn headers(&self) -> String {
        format!(
            "Authorization: {}\r\nX-Experience-API-Version: 1.0.3\r\nContent-Type: application/json\r\n",
            self.site.authorization
        )
    }

    /// Sends one request and insists that it is taken.
    fn once(&self) -> Result<()> {
        let mut body = Vec::new();
        self.site.pool.write(&mut body, self.batch, &mut Random::fresh()?);
        let reply =
            Client::new(self.site.address).send("POST", "/xapi/statements", &self.headers(), &body)?;
        if reply.status != 200 {
            bail!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        Ok(())
    }

    fn until(&self, end: Instant) -> Result<Seen> {
        let mut client = Client::new(self.site.address);
        let mut random = Random::fresh()?;
        let mut body = Vec::new();
        let headers = self.headers();
        let mut seen = Seen::default();
        while Instant::now() < end {
            self.site.pool.write(&mut body, self.batch, &mut random);
            let problem = match client.send("POST", "/xapi/statements", &headers, &body) {
                Ok(reply) if reply.status == 200 => {
                    seen.times.push(reply.took);
                    continue;
                }
                Ok(reply) => format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)),
                Err(error) => format!("{error:#}"),
            };
            seen.errors += 1;
            seen.first_error.get_or_insert(problem);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(seen)
    }
}

fn run(load: &Load<'_>, connections: usize, time: Duration) -> Result<(Cell, u64)> {
    let (server_before, own_before) = (load.site.cpu(), cpu_of("self"));
    let began = Instant::now();
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let seen = load.until(began + time);
                if let Ok(mut all) = all.lock() {
                    all.push(seen);
                }
            });
        }
    });
    let wall = began.elapsed().as_secs_f64();
    let (server_cpu, own_cpu) =
        (load.site.cpu().saturating_sub(server_before), cpu_of("self").saturating_sub(own_before));
    let mut times = Vec::new();
    let mut errors = 0;
    for seen in all.into_inner().unwrap_or_default() {
        let seen = seen?;
        times.extend(seen.times);
        errors += seen.errors;
        if let Some(problem) = seen.first_error {
            eprintln!("  refused: {problem}");
        }
    }
    let requests = times.len() as f64;
    let statements = requests * load.batch as f64;
    let each = |cpu: Duration| round(cpu.as_secs_f64() * 1e6 / statements.max(1.0));
    let cell = Cell {
        batch: load.batch,
        connections,
        statements_per_s: (statements / wall).round(),
        requests_per_s: (requests / wall).round(),
        latency: Latency::of(times),
        server_cpu_us: each(server_cpu),
        load_cpu_us: each(own_cpu),
        errors,
    };
    Ok((cell, statements as u64))
}
