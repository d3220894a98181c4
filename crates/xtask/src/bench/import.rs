//! Bringing observations and statements in from files: through the binary's own import command, into the embedded database.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::latency::{milliseconds, round};
use super::server::{Scratch, bytes_in};
use super::statements::{Pool, Random, date};
use crate::house;

const PEOPLE: u32 = 1000;
const METRICS: u32 = 5;
const WEEKS: u32 = 100;
/// Monday, 2024-01-01.
const FIRST_DAY: i64 = 19_723;

/// What one kind of file took.
#[derive(Debug, Serialize)]
pub(crate) struct Import {
    pub(crate) what: &'static str,
    pub(crate) rows: u64,
    pub(crate) file_mib: f64,
    /// The command from start to end: opening the database, reading, checking, writing, and what follows at once.
    pub(crate) took_s: f64,
    pub(crate) rows_per_s: f64,
    /// The same file a second time, which changes nothing.
    pub(crate) again_s: f64,
    pub(crate) disk_bytes_per_row: f64,
}

/// Observations, and so many statements.
///
/// # Errors
/// Where a file cannot be written or an import fails.
pub(crate) fn measure(statements: u64) -> Result<Vec<Import>> {
    let scratch = Scratch::new("import")?;
    let data = scratch.data();
    let write = |name: &str, text: &str| -> Result<_> {
        let path = scratch.path().join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    };
    import("units", &write("units.csv", "code,name,kind,parent\nall,All,organisation,\n")?, &data)?;
    import("people", &write("people.csv", &people())?, &data)?;
    import("metrics", &write("metrics.toml", &definitions())?, &data)?;
    let of_work = write("observations.csv", &observations())?;
    let of_learning = scratch.path().join("statements.ndjson");
    write_statements(&of_learning, statements)
        .with_context(|| format!("cannot write {}", of_learning.display()))?;
    Ok(vec![
        twice("observations", u64::from(PEOPLE * METRICS * WEEKS), &of_work, &data)?,
        twice("statements", statements, &of_learning, &data)?,
    ])
}

/// Brings a file in, and once more.
fn twice(what: &'static str, rows: u64, file: &Path, data: &Path) -> Result<Import> {
    let before = bytes_in(data);
    let took = import(what, file, data)?;
    let disk = bytes_in(data).saturating_sub(before);
    let again = import(what, file, data)?;
    Ok(Import {
        what,
        rows,
        file_mib: round(std::fs::metadata(file)?.len() as f64 / 1_048_576.0),
        took_s: milliseconds(took) / 1000.0,
        rows_per_s: (rows as f64 / took.as_secs_f64()).round(),
        again_s: milliseconds(again) / 1000.0,
        disk_bytes_per_row: (disk as f64 / rows as f64).round(),
    })
}

/// One statement a line, the same each time.
fn write_statements(to: &Path, count: u64) -> Result<()> {
    let (pool, mut random, mut line) = (Pool::new()?, Random(3), Vec::new());
    let mut file = BufWriter::new(File::create(to)?);
    for _ in 0..count {
        pool.write(&mut line, 1, &mut random);
        line.push(b'\n');
        file.write_all(&line)?;
    }
    Ok(file.flush()?)
}

fn import(what: &str, file: &Path, data: &Path) -> Result<Duration> {
    let mut command = Command::new(house::binary(true));
    command.args(["import", what]).arg(file).arg("--data").arg(data).stdin(Stdio::null());
    let began = Instant::now();
    let output = command.output().context("cannot start throughline")?;
    let took = began.elapsed();
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said: String = String::from_utf8_lossy(&said).chars().take(2000).collect();
        bail!("throughline import {what}: {}", said.trim());
    }
    Ok(took)
}

fn people() -> String {
    let mut text = String::from("code,name,unit,job_role,from\n");
    for person in 0..PEOPLE {
        let _ = writeln!(text, "p{person:04},Person {person},all,Adviser,2023-01-01");
    }
    text
}

fn definitions() -> String {
    let mut text = String::new();
    for metric in 0..METRICS {
        let _ = writeln!(
            text,
            "[[metric]]\ncode = \"m{metric}\"\nname = \"Metric {metric}\"\nunit = \"calls\"\ndirection = \"up\"\n\
             level = \"performance\"\ngrain = \"person\"\naggregation = \"sum\"\ncadence = \"week\"\n"
        );
    }
    text
}

fn observations() -> String {
    let mut random = Random(2);
    let mut text = String::with_capacity(16 << 20);
    text.push_str("metric,subject,period,value\n");
    for week in 0..WEEKS {
        let (year, month, day) = date(FIRST_DAY + i64::from(week) * 7);
        for person in 0..PEOPLE {
            for metric in 0..METRICS {
                let value = f64::from(random.below(10_000)) / 100.0;
                let _ = writeln!(text, "m{metric},p{person:04},{year:04}-{month:02}-{day:02},{value}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lines_as_rows() {
        assert_eq!(observations().lines().count() as u32, PEOPLE * METRICS * WEEKS + 1);
        assert!(observations().contains("m4,p0999,2025-11-24,"));
    }
}
