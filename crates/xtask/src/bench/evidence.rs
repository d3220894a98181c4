//! The statistics engine on 5.46 million rows, beside other packages on the same data in the same run.
//!
//! The `speed` example of the crate makes the panel and runs our jobs; `peers.py` runs the others' from a Python
//! environment of its own under `target`. Each job is a process, so that memory is its own. A package that cannot be
//! installed is said to be absent, and one that takes too long is stopped and said to have been.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::server::Scratch;
use crate::house;

const WEEKS: u32 = 156;

/// A job, what it may take, and who else does it, each with the most people it is tried on: some packages need more
/// memory than a machine has, long before 35,000.
struct Job {
    name: &'static str,
    words: &'static str,
    seconds: f64,
    mib: f64,
    peers: &'static [(&'static str, u32)],
}

const ALL: u32 = 35_000;
const JOBS: &[Job] = &[
    Job {
        name: "twfe",
        words: "TWFE, branch-clustered",
        seconds: 0.3,
        mib: 400.0,
        peers: &[("pyfixest", ALL)],
    },
    Job {
        name: "callaway-santanna",
        words: "Callaway–Sant'Anna, all cells",
        seconds: 1.0,
        mib: 400.0,
        peers: &[("diff-diff", ALL), ("csdid", ALL)],
    },
    Job {
        name: "event-study",
        words: "Event study, 48 coefficients",
        seconds: 1.0,
        mib: 400.0,
        peers: &[("pyfixest", 3_500)],
    },
    Job {
        name: "sun-abraham", words: "Sun–Abraham", seconds: 2.0, mib: 400.0, peers: &[("pyfixest", 350)]
    },
    Job {
        name: "synthetic-did",
        words: "Synthetic DiD, point",
        seconds: 2.0,
        mib: 400.0,
        peers: &[("synthdid-py", ALL)],
    },
    Job {
        name: "synthetic-did-200",
        words: "Synthetic DiD, 200 placebos",
        seconds: 300.0,
        mib: 400.0,
        peers: &[],
    },
    Job {
        name: "within-between",
        words: "Within and between r",
        seconds: 0.2,
        mib: 400.0,
        peers: &[("polars", ALL)],
    },
    Job {
        name: "xmr",
        words: "XmR limits and two rules",
        seconds: 0.2,
        mib: 400.0,
        peers: &[("polars", ALL)],
    },
];
/// What one run of a job took and found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) peak_mib: f64,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) estimate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) std_error: Option<f64>,
}

/// Another package on the same rows.
#[derive(Debug, Serialize)]
pub(crate) struct Peer {
    pub(crate) package: &'static str,
    pub(crate) rows: u32,
    /// What it took; `None` where it is absent or was stopped.
    pub(crate) run: Option<Run>,
    /// Why there is no run.
    pub(crate) absent: Option<String>,
    /// What we took on the same rows.
    pub(crate) ours_seconds: f64,
    /// Its seconds over ours.
    pub(crate) ratio: Option<f64>,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) job: &'static str,
    pub(crate) words: &'static str,
    pub(crate) rows: u32,
    pub(crate) ours: Run,
    pub(crate) target_seconds: f64,
    pub(crate) target_mib: f64,
    pub(crate) within_target: bool,
    pub(crate) peers: Vec<Peer>,
}

/// # Errors
/// Where the build, the panel or one of our own jobs fails; never for a package.
pub(crate) fn measure(build: bool, minutes: u64) -> Result<Vec<Line>> {
    if build {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--release", "--package", "evidence", "--example", "speed"])
            .current_dir(house::root());
        if !cargo.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr())).status()?.success() {
            bail!("the release build of the example failed");
        }
    }
    let scratch = Scratch::new("evidence")?;
    let limit = Duration::from_secs(60 * minutes);
    let mut lines = Vec::new();
    for job in JOBS {
        eprintln!("{}", job.words);
        let ours = ours(job.name, &panel(&scratch, ALL)?)?;
        let mut peers = Vec::new();
        for &(package, people) in job.peers {
            let folder = panel(&scratch, people)?;
            let ours_seconds =
                if people == ALL { ours.seconds } else { self::ours(job.name, &folder)?.seconds };
            eprintln!("  {package}, {} rows", people * WEEKS);
            let run = environment(package, limit).and_then(|python| {
                let mut command = Command::new(python);
                let script = house::root().join("crates/xtask/src/bench/peers.py");
                command.arg(script).args([package, job.name]).arg(&folder);
                said(command, limit)
            });
            let ratio = run.as_ref().ok().map(|r| (10.0 * r.seconds / ours_seconds).round() / 10.0);
            let absent = run.as_ref().err().map(|why| format!("{why:#}"));
            peers.push(Peer { package, rows: people * WEEKS, run: run.ok(), absent, ours_seconds, ratio });
        }
        lines.push(Line {
            job: job.name,
            words: job.words,
            rows: ALL * WEEKS,
            within_target: ours.seconds <= job.seconds && ours.peak_mib <= job.mib,
            ours,
            target_seconds: job.seconds,
            target_mib: job.mib,
            peers,
        });
    }
    Ok(lines)
}

/// The folder with the panel of so many people, made where it is not there yet.
fn panel(scratch: &Scratch, people: u32) -> Result<PathBuf> {
    let folder = scratch.path().join(format!("panel-{people}"));
    if !folder.join("shape.json").exists() {
        let branches = (people / 14).max(40).to_string();
        let mut make = Command::new(example());
        make.arg("make").arg(&folder).args([&people.to_string(), &WEEKS.to_string(), &branches]);
        if !make.status().context("cannot start the speed example")?.success() {
            bail!("the panel of {people} people could not be made");
        }
    }
    Ok(folder)
}

fn example() -> PathBuf {
    house::target().join("release/examples/speed")
}

fn ours(job: &str, folder: &Path) -> Result<Run> {
    let mut command = Command::new(example());
    command.arg(job).arg(folder);
    said(command, Duration::from_secs(3600)).with_context(|| format!("our own {job}"))
}

/// The JSON line that a command says within a time.
fn said(mut command: Command, limit: Duration) -> Result<Run> {
    let (out, error) = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()), limit)?;
    let last = out.lines().last().unwrap_or_default();
    serde_json::from_str(last).with_context(|| error.lines().last().unwrap_or("it said nothing").to_owned())
}

/// Runs a command to its end, or stops it when the time is over; gives what it printed.
fn finished(command: &mut Command, limit: Duration) -> Result<(String, String)> {
    let mut child = command.stdin(Stdio::null()).spawn().context("cannot be started")?;
    let streams = (child.stdout.take(), child.stderr.take());
    let gather = |stream: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What cannot be read any more is not needed.
            let _ = stream.map(|mut s| s.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = gather(streams.0.map(|s| Box::new(s) as Box<dyn Read + Send>));
    let error = gather(streams.1.map(|s| Box::new(s) as Box<dyn Read + Send>));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("stopped after {} minutes", limit.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let (out, error) = (out.join().unwrap_or_default(), error.join().unwrap_or_default());
    match status.code() {
        Some(0) => Ok((out, error)),
        Some(3) => bail!("not installed ({})", error.lines().last().unwrap_or_default()),
        _ => bail!("failed: {}", error.lines().last().unwrap_or_default()),
    }
}

/// The interpreter of an environment under `target` with one package, as each wants its own version of the others.
fn environment(package: &str, limit: Duration) -> Result<PathBuf> {
    let folder = house::target().join("bench-python").join(package);
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed"));
    if stamp.exists() {
        return Ok(python);
    }
    eprintln!("  installing {package}");
    let quiet = |command: &mut Command| {
        finished(command.stdout(Stdio::null()).stderr(Stdio::piped()), limit).map(|_| ())
    };
    quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("a Python environment")?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "numpy", package]);
    quiet(&mut pip).context("it cannot be installed")?;
    std::fs::write(stamp, "")?;
    Ok(python)
}

/// The same figures for people.
pub(crate) fn table(lines: &[Line]) -> String {
    let mut text = format!(
        "\n{:<32} {:>9} {:>9} {:>9} {:>9}  {}\n",
        "5.46 million rows", "seconds", "at most", "MiB", "estimate", "others on the same rows"
    );
    for line in lines {
        let others: Vec<String> = line
            .peers
            .iter()
            .map(|p| match (&p.run, p.ratio) {
                (Some(run), Some(ratio)) => format!(
                    "{} {}: {:.2} s, {:.0} MiB, {ratio} times ours{}",
                    p.package,
                    run.version,
                    run.seconds,
                    run.peak_mib,
                    if p.rows == line.rows { String::new() } else { format!(" at {} rows", p.rows) }
                ),
                _ => format!("{}: {}", p.package, p.absent.as_deref().unwrap_or("absent")),
            })
            .collect();
        text.push_str(&format!(
            "{:<32} {:>9.3} {:>9.1} {:>9.0} {:>9.4}  {}{}\n",
            line.words,
            line.ours.seconds,
            line.target_seconds,
            line.ours.peak_mib,
            line.ours.estimate.unwrap_or(f64::NAN),
            others.join("; "),
            if line.within_target { "" } else { "  OVER TARGET" }
        ));
    }
    text
}
