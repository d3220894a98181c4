//! `cargo xtask bench`: speed, memory and size, measured on a release build and never in a timed test.
//!
//! Each part starts a server of its own on a fresh folder under `target/bench` and takes it away again.
//! The load comes from this process over loopback, so it shares the processors with the server; each row says how
//! much of them the load itself took. [`host`] says what machine it was and where its floors are.

mod alerts;
mod evidence;
mod floor;
mod host;
mod http;
mod import;
mod latency;
mod lrs;
mod one_by_one;
mod pages;
pub(crate) mod server;
mod statements;

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::args::{Args, Misuse};
use crate::house;

pub(crate) const HELP: &str = "\
cargo xtask bench [PART] [options]

Measures a release build on this machine. Parts:

  start      how soon the demo is ready, and how much memory it holds when idle
  pages      every kind of page of the demo, as each persona, by following the links (includes start)
  lrs        xAPI statements: one, fifty and a thousand a request on 1, 8 and 64 connections, then questions
             to a filled store; on SQLite, and with --postgres on a PostgreSQL cluster of its own as well
  import     half a million observations from a CSV file, and statements from one of lines, into the embedded database
  alerts     false signals, drops seen and dips on generated worlds; 28,000 people and 6 metrics evaluated
  all        everything above (the default)
  evidence   the statistics engine on 5.46 million rows, beside pyfixest, diff-diff, csdid, synthdid-py and polars
             from PyPI on the same rows; a package that cannot be had is named as absent

  --json           print one JSON document on standard output and nothing else there
  --seconds N      how long each row of lrs runs (default 5)
  --statements N   statements in the store before lrs asks questions, and in the file of import (default 200000;
                   10000000 take 3 GB of disk in the store and 11 in the file)
  --postgres       lrs on PostgreSQL as well
  --minutes N      how long another package may take for one job, and to install (default 5)
  --no-build       measure the release binary as it is
";

/// Everything one run measured.
#[derive(Debug, Serialize)]
struct Report {
    host: host::Host,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<pages::Pages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lrs: Option<Vec<lrs::Lrs>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<Vec<import::Import>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Vec<evidence::Line>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<serde_json::Value>,
}

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    const PARTS: &[&str] = &["all", "start", "pages", "lrs", "import", "alerts", "evidence"];
    let json = args.take_flag("--json");
    let build = !args.take_flag("--no-build");
    let plan = lrs::Plan {
        seconds: args.take_number("--seconds", 5)?,
        statements: args.take_number("--statements", 200_000)?,
        postgres: args.take_flag("--postgres"),
    };
    let minutes = args.take_number("--minutes", 5)?;
    let part = args.take_word().unwrap_or_else(|| "all".into());
    args.finish()?;
    if !PARTS.contains(&part.as_str()) {
        return Err(Misuse(format!("there is no part `{part}`")).into());
    }
    let wants = |name: &str| part == name || part == "all";
    if build && part != "evidence" {
        build_release()?;
    }
    let scratch = server::Scratch::new("host")?;
    eprintln!("the machine");
    let host = host::Host::measure(scratch.path())?;
    let demo = if wants("start") || wants("pages") {
        eprintln!("the demo");
        Some(pages::measure(wants("pages"))?)
    } else {
        None
    };
    let lrs = if wants("lrs") {
        eprintln!("xAPI statements");
        Some(lrs::measure(plan)?)
    } else {
        None
    };
    let import = if wants("import") {
        eprintln!("observations");
        Some(import::measure(plan.statements)?)
    } else {
        None
    };
    let evidence = if part == "evidence" {
        eprintln!("the statistics engine");
        Some(evidence::measure(build, minutes)?)
    } else {
        None
    };
    let alerts = if wants("alerts") {
        eprintln!("alerts");
        Some(alerts::measure()?)
    } else {
        None
    };
    let report = Report { host, demo, lrs, import, evidence, alerts };
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", table(&report));
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds with everything said on standard error, so that standard output stays clean.
fn build_release() -> Result<()> {
    let mut assets = Command::new(std::env::current_exe()?);
    assets.arg("assets");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "throughline"]).current_dir(house::root());
    for mut command in [assets, cargo] {
        command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
        if !command.status().context("cannot start the build")?.success() {
            bail!("the release build failed");
        }
    }
    Ok(())
}

/// The same figures for people.
fn table(report: &Report) -> String {
    let host = &report.host;
    let mut text = format!(
        "\n{}, {} cores, {} GiB, {}, {}\ncommit {}, {}\ndisk {} confirmed writes/s, memory {} GB/s, load before {}\n",
        host.cpu,
        host.cores,
        host.memory_gib,
        host.os,
        host.kernel,
        host.commit,
        host.rustc,
        host.disk_syncs_per_s,
        host.memory_copy_gb_per_s,
        host.load_before
    );
    if let Some(demo) = &report.demo {
        text.push_str(&format!(
            "\ndemo ready after {:.1} s, at rest after {:.1} s with {} MiB resident, {} MiB on disk\n",
            demo.ready_after_s, demo.settled_after_s, demo.resident_idle_mib, demo.data_mib
        ));
        if !demo.pages.is_empty() {
            text.push_str(&format!(
                "{} MiB resident after the pages\n\n{:<14} {:<44} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
                demo.resident_after_pages_mib, "persona", "page", "first", "p50", "p95", "p99", "KiB"
            ));
        }
        for page in &demo.pages {
            if let Some(latency) = &page.latency {
                text.push_str(&format!(
                    "{:<14} {:<44} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>8.1}{}\n",
                    page.persona,
                    page.page,
                    page.first_ms,
                    latency.p50_ms,
                    latency.p95_ms,
                    latency.p99_ms,
                    page.kib,
                    if page.errors > 0 { format!("  {} errors", page.errors) } else { String::new() }
                ));
            }
        }
    }
    for lrs in report.lrs.iter().flatten() {
        text.push_str(&format!(
            "\n{}\n{:>9} {:>11} {:>12} {:>10} {:>8} {:>8} {:>8} {:>10} {:>10}\n",
            lrs.database,
            "a request",
            "connections",
            "statements/s",
            "requests/s",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "server µs",
            "load µs"
        ));
        for cell in &lrs.cells {
            let of = |pick: fn(&latency::Latency) -> f64| cell.latency.as_ref().map_or(0.0, pick);
            text.push_str(&format!(
                "{:>9} {:>11} {:>12.0} {:>10.0} {:>8.1} {:>8.1} {:>8.1} {:>10.0} {:>10.0}{}\n",
                cell.batch,
                cell.connections,
                cell.statements_per_s,
                cell.requests_per_s,
                of(|latency| latency.p50_ms),
                of(|latency| latency.p95_ms),
                of(|latency| latency.p99_ms),
                cell.server_cpu_us,
                cell.load_cpu_us,
                if cell.errors > 0 { format!("  {} errors", cell.errors) } else { String::new() }
            ));
        }
        if let Some(floor) = &lrs.floor {
            let most = lrs.cells.iter().map(|cell| cell.statements_per_s).fold(0.0, f64::max);
            text.push_str(&format!(
                "bare rows here: {:.0} statements/s at best; the endpoint at best {:.0} % of that\n",
                floor.best(),
                100.0 * most / floor.best()
            ));
        }
        for (together, rate) in &lrs.one_by_one {
            let ours = lrs.cells.iter().find(|cell| cell.batch == *together && cell.connections == 8);
            text.push_str(&format!(
                "one row at a time, {together} a transaction: {rate:.0} statements/s; the endpoint stores {:.1} times as many\n",
                ours.map_or(0.0, |cell| cell.statements_per_s / rate)
            ));
        }
        text.push_str(&format!(
            "{} bytes a statement on the wire, {} on disk ({} for each byte); {} MiB resident after\n\n",
            lrs.statement_bytes,
            lrs.disk_bytes_per_statement,
            lrs.disk_bytes_per_byte,
            lrs.resident_mib_after
        ));
        text.push_str(&format!(
            "{:<26} {:>10} {:>8} {:>8} {:>8} {:>10}   of {} statements\n",
            "question", "statements", "p50 ms", "p95 ms", "p99 ms", "server µs", lrs.statements
        ));
        for asked in &lrs.queries {
            let of = |pick: fn(&latency::Latency) -> f64| asked.latency.as_ref().map_or(0.0, pick);
            text.push_str(&format!(
                "{:<26} {:>10.1} {:>8.2} {:>8.2} {:>8.2} {:>10.0}{}\n",
                asked.query,
                asked.statements,
                of(|latency| latency.p50_ms),
                of(|latency| latency.p95_ms),
                of(|latency| latency.p99_ms),
                asked.server_cpu_us,
                if asked.errors > 0 { format!("  {} errors", asked.errors) } else { String::new() }
            ));
        }
    }
    for import in report.import.iter().flatten() {
        text.push_str(&format!(
            "\n{} {} ({} MiB) in {:.1} s: {} rows/s, {} bytes a row on disk; the same again in {:.1} s\n",
            import.rows,
            import.what,
            import.file_mib,
            import.took_s,
            import.rows_per_s,
            import.disk_bytes_per_row,
            import.again_s
        ));
    }
    if let Some(lines) = &report.evidence {
        text.push_str(&evidence::table(lines));
    }
    if let Some(alerts) = &report.alerts {
        text.push_str(&format!("\nalerts {alerts:#}\n"));
    }
    text
}
