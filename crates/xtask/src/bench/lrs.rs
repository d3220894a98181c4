//! The xAPI endpoint under load: single statements and batches, on few connections and on many.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::http::{Client, basic};
use super::latency::{Latency, round};
use super::server::{Scratch, Server, bytes_in, cpu_of};
use super::statements::{Pool, Random};
use crate::house;

/// Statements per request, and connections: the cells of the table.
const CELLS: &[(usize, usize)] = &[(1, 1), (1, 8), (1, 64), (50, 1), (50, 8), (50, 64), (1000, 1), (1000, 8)];

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Lrs {
    pub(crate) statement_bytes: usize,
    pub(crate) cells: Vec<Cell>,
    pub(crate) disk_bytes_per_statement: f64,
    pub(crate) resident_mib_after: f64,
}

/// One row: so many statements a request on so many connections.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) batch: usize,
    pub(crate) connections: usize,
    pub(crate) statements_per_s: f64,
    pub(crate) requests_per_s: f64,
    pub(crate) latency: Option<Latency>,
    /// Processor time of the server for one statement, in microseconds.
    pub(crate) server_cpu_us: f64,
    /// Processor time of the load itself for one statement: it shares the machine with the server.
    pub(crate) load_cpu_us: f64,
    /// Requests that were refused or broke.
    pub(crate) errors: u64,
}

/// # Errors
/// Where the server does not start, a key cannot be made, or the first statement is refused.
pub(crate) fn measure(seconds: u64) -> Result<Lrs> {
    let scratch = Scratch::new("lrs")?;
    let data = scratch.data();
    let authorization = key(&data)?;
    let server = Server::start("serve", &data, &[])?;
    let address = server.address()?;
    let pool = Pool::new()?;
    let empty = bytes_in(&data);
    let mut sent = 0;
    let mut cells = Vec::new();
    for &(batch, connections) in CELLS {
        let load = Load { address, authorization: &authorization, pool: &pool, batch };
        load.once().context("the first request")?;
        sent += batch as u64;
        let (cell, more) = run(&server, &load, connections, Duration::from_secs(seconds))?;
        sent += more;
        eprintln!(
            "  {batch:>4} a request on {connections:>2} connections: {:>7.0} statements/s, p99 {:.1} ms",
            cell.statements_per_s,
            cell.latency.as_ref().map_or(0.0, |latency| latency.p99_ms)
        );
        cells.push(cell);
    }
    server.settle();
    let resident_mib_after = server.resident_mib();
    drop(server);
    let disk = bytes_in(&data).saturating_sub(empty);
    Ok(Lrs {
        statement_bytes: pool.mean_bytes,
        cells,
        disk_bytes_per_statement: (disk as f64 / sent as f64).round(),
        resident_mib_after,
    })
}

/// Makes a key that may do everything, and gives it as a header value.
fn key(data: &Path) -> Result<String> {
    let mut command = Command::new(house::binary(true));
    command.args(["key", "create", "--name", "bench", "--scope", "all", "--data"]).arg(data);
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
    address: SocketAddr,
    authorization: &'a str,
    pool: &'a Pool,
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
            self.authorization
        )
    }

    /// Sends one request and insists that it is taken.
    fn once(&self) -> Result<()> {
        let mut body = Vec::new();
        self.pool.write(&mut body, self.batch, &mut Random::fresh()?);
        let reply = Client::new(self.address).send("POST", "/xapi/statements", &self.headers(), &body)?;
        if reply.status != 200 {
            bail!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        Ok(())
    }

    fn until(&self, end: Instant) -> Result<Seen> {
        let mut client = Client::new(self.address);
        let mut random = Random::fresh()?;
        let mut body = Vec::new();
        let headers = self.headers();
        let mut seen = Seen::default();
        while Instant::now() < end {
            self.pool.write(&mut body, self.batch, &mut random);
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

fn run(server: &Server, load: &Load<'_>, connections: usize, time: Duration) -> Result<(Cell, u64)> {
    let (server_before, own_before) = (server.cpu(), cpu_of("self"));
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
    let (server_cpu, own_cpu) = (server.cpu() - server_before, cpu_of("self") - own_before);
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
