//! Bringing observations in from a file: through the binary's own import command, into the embedded database.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::latency::{milliseconds, round};
use super::server::{Scratch, bytes_in};
use super::statements::{Random, date};
use crate::house;

const PEOPLE: u32 = 1000;
const METRICS: u32 = 5;
const WEEKS: u32 = 100;
/// Monday, 2024-01-01.
const FIRST_DAY: i64 = 19_723;

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Import {
    pub(crate) rows: u32,
    pub(crate) file_mib: f64,
    /// The command from start to end: opening the database, reading, checking, writing, roll-ups.
    pub(crate) took_s: f64,
    pub(crate) rows_per_s: f64,
    /// The same file a second time, which changes nothing.
    pub(crate) again_s: f64,
    pub(crate) disk_bytes_per_row: f64,
}

/// # Errors
/// Where a file cannot be written or an import fails.
pub(crate) fn measure() -> Result<Import> {
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
    let text = observations();
    let file = write("observations.csv", &text)?;
    let before = bytes_in(&data);
    let took = import("observations", &file, &data)?;
    let disk = bytes_in(&data).saturating_sub(before);
    let again = import("observations", &file, &data)?;
    let rows = PEOPLE * METRICS * WEEKS;
    Ok(Import {
        rows,
        file_mib: round(text.len() as f64 / 1_048_576.0),
        took_s: milliseconds(took) / 1000.0,
        rows_per_s: (f64::from(rows) / took.as_secs_f64()).round(),
        again_s: milliseconds(again) / 1000.0,
        disk_bytes_per_row: (disk as f64 / f64::from(rows)).round(),
    })
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
