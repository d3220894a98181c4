//! A peer's way of writing, on the same PostgreSQL in the same run: one row at a time, by commands alone, without HTTP or JSON.
//!
//! `one_by_one.sql` writes a statement with the rows that record stores of this kind keep of it, and `pgbench`, which comes with
//! PostgreSQL, runs it on eight connections. What such a store answers over HTTP is slower than this.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::latency::round;
use super::lrs::BATCHES;
use crate::machine;
use crate::postgres::Cluster;

/// Statements a second by how many share a transaction.
///
/// # Errors
/// Where the cluster cannot be asked.
pub(crate) fn measure(cluster: &Cluster, folder: &Path, seconds: u64) -> Result<BTreeMap<usize, f64>> {
    let url = cluster.url();
    ran("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", include_str!("one_by_one_tables.sql")])?;
    let mut rates = BTreeMap::new();
    for together in BATCHES {
        let script = folder.join(format!("one-by-one-{together}.sql"));
        let all = include_str!("one_by_one.sql").repeat(together);
        std::fs::write(&script, format!("BEGIN;\n{all}END;\n"))
            .with_context(|| format!("cannot write {}", script.display()))?;
        let (file, seconds) = (script.display().to_string(), seconds.to_string());
        let said = ran("pgbench", &["-n", "-c", "8", "-j", "2", "-T", &seconds, "-f", &file, &url])?;
        let rate = said
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok())
            .with_context(|| format!("pgbench gave no rate: {said}"))?;
        rates.insert(together, round(rate * together as f64));
    }
    Ok(rates)
}

/// Runs one of PostgreSQL's programs and gives what it printed.
fn ran(program: &str, args: &[&str]) -> Result<String> {
    let programs = machine::postgres_programs().context("the PostgreSQL programs are not installed")?;
    let output = Command::new(programs.join(program))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
