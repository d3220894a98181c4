//! `cargo xtask conformance`: the conformance suite of ADL against a server of this build, on both databases.
//!
//! The suite is a program of its own that is kept beside the repository. Its exit code cannot be trusted (it dies of
//! rejections that nobody handles and counts to 255), so the figures come from the last summary it prints and the names of
//! what failed from the log it writes.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use crate::args::{Args, Misuse};
use crate::bench::server::{Scratch, Server};
use crate::machine::{self, Need};
use crate::postgres::Cluster;
use crate::{assets, house, steps};

pub(crate) const HELP: &str = "\
cargo xtask conformance --suite PATH [options]

Runs the ADL conformance suite, both versions on both databases, against servers of this build, and prints
how many of its requirements hold and the name of each that does not.

PATH is a copy of https://github.com/adlnet/lrs-conformance-test-suite in which `npm install` has been run.
PostgreSQL runs as a cluster of its own on a free port, as in `cargo xtask test`.

  --suite PATH         where the suite is
  --on sqlite|postgres one database alone
  --version 1.0.3|2.0.0  one version alone
  --minutes N          how long one run may take (default 15)
  --no-build           take the debug binary as it is

Exit codes: 0 every requirement holds, 1 one does not or a run did not end, 2 wrong options.
";

/// The versions, as the suite calls them, and the mount that expects each.
const VERSIONS: [(&str, &str); 2] = [("1.0.3", "/xapi/1.0.3"), ("2.0.0", "/xapi/2.0")];
const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// What the suite prints every two seconds and at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Summary {
    total: Option<u64>,
    passed: Option<u64>,
    failed: Option<u64>,
}

/// One node of the suite's log: a requirement, or a test of one.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    requirement: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    tests: Vec<Node>,
}

/// The suite's log as far as we read it.
#[derive(Debug, Deserialize)]
struct Log {
    log: Option<Node>,
}

/// One run of the suite.
struct Run {
    database: &'static str,
    version: &'static str,
    summary: Summary,
    took: Duration,
    /// Each as the requirement it belongs to, what was tried, and what came of it.
    failures: Vec<String>,
    /// Why it did not come to its end.
    broken: Option<String>,
}

impl Run {
    fn holds(&self) -> bool {
        let Summary { total, passed, failed } = self.summary;
        self.broken.is_none() && total.is_some_and(|n| n > 0) && passed == total && failed == Some(0)
    }
}

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let suite = args.take_value("--suite")?.ok_or_else(|| Misuse("--suite PATH is needed".into()))?;
    let on = args.take_value("--on")?;
    let version = args.take_value("--version")?;
    let minutes = args.take_number("--minutes", 15)?;
    let build = !args.take_flag("--no-build");
    args.finish()?;
    let suite = suite_at(Path::new(&suite))?;
    let one_of = |asked: &Option<String>, known: &[&str], what: &str| match asked {
        Some(word) if !known.contains(&word.as_str()) => {
            Err(Misuse(format!("there is no {what} `{word}`; give one of {}", known.join(", "))))
        }
        _ => Ok(()),
    };
    one_of(&on, &DATABASES, "database")?;
    one_of(&version, &VERSIONS.map(|(version, _)| version), "version")?;
    let wants = |asked: &Option<String>, word: &str| asked.as_deref().is_none_or(|asked| asked == word);

    let postgres = wants(&on, "postgres");
    let mut needs = vec![Need::Node, Need::Npm];
    if postgres {
        needs.push(Need::Postgres);
    }
    machine::ensure(&needs)?;
    if build {
        assets::build()?;
        steps::run(
            Command::new("cargo").args(["build", "--package", "throughline"]).current_dir(house::root()),
        )?;
    }

    let scratch = Scratch::new("conformance")?;
    let cluster = if postgres { Some(Cluster::start(false)?) } else { None };
    let mut runs = Vec::new();
    for database in DATABASES.into_iter().filter(|name| wants(&on, name)) {
        let place = match (&cluster, database) {
            (Some(cluster), "postgres") => vec!["--database".to_owned(), cluster.url()],
            _ => vec!["--data".to_owned(), scratch.data().display().to_string()],
        };
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        let key = make_key(&place)?;
        let mut words = vec!["serve", "--listen", "127.0.0.1:0"];
        words.extend(&place);
        let server = Server::launch(&house::binary(false), &words, &scratch.path().join(database))?;
        for (version, mount) in VERSIONS.into_iter().filter(|(name, _)| wants(&version, name)) {
            steps::headline(&format!("xAPI {version} on {database}"));
            let endpoint = format!("{}{mount}", server.url);
            let output = scratch.path().join(format!("{database}-{version}.txt"));
            let limit = Duration::from_secs(minutes * 60);
            let ran = run_suite(&suite, &endpoint, &key, version, &output, limit)?;
            let one = Run { database, ..ran };
            print!("{}", told(&one));
            runs.push(one);
        }
    }
    steps::headline("summary");
    for run in &runs {
        println!("  {}", line(run));
    }
    Ok(if runs.iter().all(Run::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The suite's folder, checked.
fn suite_at(path: &Path) -> Result<PathBuf> {
    let path = path.canonicalize().map_err(|e| Misuse(format!("--suite {}: {e}", path.display())))?;
    if !path.join("bin/console_runner.js").exists() {
        return Err(Misuse(format!("{} holds no bin/console_runner.js", path.display())).into());
    }
    if !path.join("node_modules").exists() {
        return Err(Misuse(format!("run `npm install` in {} first", path.display())).into());
    }
    Ok(path)
}

/// Makes a key that may do everything in xAPI.
fn make_key(place: &[&str]) -> Result<(String, String)> {
    let mut command = Command::new(house::binary(false));
    command.args(["key", "create", "--name", "Conformance", "--scope", "all"]).args(place);
    let output = command.stdin(Stdio::null()).output().context("cannot start throughline")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let word = |name: &str| {
        text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).ok_or_else(|| {
            anyhow!("`throughline key create` gave no {name}: {}", String::from_utf8_lossy(&output.stderr))
        })
    };
    Ok((word("key")?, word("secret")?))
}

/// Runs the suite once, at most for `limit`.
fn run_suite(
    suite: &Path,
    endpoint: &str,
    (key, secret): &(String, String),
    version: &'static str,
    output: &Path,
    limit: Duration,
) -> Result<Run> {
    let file = File::create(output)?;
    let mut command = Command::new("node");
    command
        .args(["bin/console_runner.js", "-e", endpoint, "-a", "-u", key, "-p", secret, "-x", version, "-z"])
        .current_dir(suite)
        .env("NODE_OPTIONS", "--unhandled-rejections=warn")
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // A group of its own, so that the tests, which are a process of their own, end with it.
        .process_group(0);
    let began = Instant::now();
    let mut child = command.spawn().context("cannot start node")?;
    let mut broken = None;
    while child.try_wait()?.is_none() {
        if began.elapsed() > limit {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            child.wait()?;
            broken = Some(format!("it was stopped after {}", steps::clock(limit)));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let took = began.elapsed();
    let text = std::fs::read(output)?;
    let text = String::from_utf8_lossy(&text);
    let summary = last_summary(&text).unwrap_or_default();
    let log = text.lines().find_map(|line| line.strip_prefix("Full run log written to "));
    let mut failures = Vec::new();
    match log.map(|path| Path::new(path.trim())) {
        Some(path) => {
            let log =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let _ = std::fs::remove_file(path);
            let log: Log = serde_json::from_str(&log).context("the suite's log")?;
            if let Some(node) = &log.log {
                failed(node, &mut Vec::new(), &mut failures);
            }
        }
        None if broken.is_none() => {
            let from = text.char_indices().rev().nth(1_500).map_or(0, |(at, _)| at);
            broken =
                Some(format!("the suite ended before its log was written; it last said:\n{}", &text[from..]));
        }
        None => {}
    }
    Ok(Run { database: "", version, summary, took, failures, broken })
}

/// The last summary in what the suite printed.
fn last_summary(text: &str) -> Option<Summary> {
    text.lines().rev().filter(|line| line.starts_with('{')).find_map(|line| {
        let summary: Summary = serde_json::from_str(line).ok()?;
        summary.total.map(|_| summary)
    })
}

/// Collects the failed tests below a node, each under the innermost requirement that has an id.
fn failed<'a>(node: &'a Node, above: &mut Vec<&'a str>, into: &mut Vec<String>) {
    if node.status.as_deref() != Some("failed") && node.error.is_none() {
        return;
    }
    let id = node.requirement.as_deref().filter(|id| !id.is_empty());
    above.extend(id);
    if node.tests.is_empty() {
        let mut text = String::new();
        let requirement = above.last().copied().unwrap_or("without a requirement id");
        let error = node.error.as_deref().and_then(|e| e.lines().next()).unwrap_or("no reason given");
        let _ = write!(text, "{requirement}: {}: {error}", node.title.as_deref().unwrap_or("a test"));
        into.push(text);
    }
    for test in &node.tests {
        failed(test, above, into);
    }
    if id.is_some() {
        above.pop();
    }
}

fn line(run: &Run) -> String {
    let of = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    format!(
        "xAPI {} on {:<8}  {} of {}  in {}{}",
        run.version,
        run.database,
        of(run.summary.passed),
        of(run.summary.total),
        steps::clock(run.took),
        if run.holds() { "" } else { "  NOT CONFORMANT" }
    )
}

fn told(run: &Run) -> String {
    let mut text = format!("{}\n", line(run));
    for failure in &run.failures {
        let _ = writeln!(text, "  failed  {failure}");
    }
    if let Some(broken) = &run.broken {
        let _ = writeln!(text, "  {broken}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_summary_counts() {
        let text = "{\"total\":null,\"passed\":null,\"failed\":null}\n{\"total\":3,\"passed\":1,\"failed\":0}\n{broken\n\
                    {\"total\":3,\"passed\":2,\"failed\":1,\"version\":\"2.0.0\"}\nTests completed in 1 seconds\n";
        let summary = last_summary(text).unwrap();
        assert_eq!(summary, Summary { total: Some(3), passed: Some(2), failed: Some(1) });
        assert_eq!(last_summary("nothing"), None);
    }

    #[test]
    fn failures_carry_their_requirement() {
        let log = r#"{"log":{"title":"all","status":"failed","tests":[
            {"title":"A thing (XAPI-00001)","requirement":"XAPI-00001","status":"failed","tests":[
                {"title":"does it","requirement":"","status":"failed","error":"expected 200\n at x"},
                {"title":"does that","status":"passed"}]},
            {"title":"B","requirement":"XAPI-00002","status":"passed","tests":[{"title":"fine","status":"passed"}]}]}}"#;
        let log: Log = serde_json::from_str(log).unwrap();
        let mut all = Vec::new();
        failed(log.log.as_ref().unwrap(), &mut Vec::new(), &mut all);
        assert_eq!(all, ["XAPI-00001: does it: expected 200"]);
    }

    #[test]
    fn a_run_that_did_not_end_is_no_success() {
        let summary = Summary { total: Some(2), passed: Some(2), failed: Some(0) };
        let run = |summary, broken| Run {
            database: "sqlite",
            version: "2.0.0",
            summary,
            took: Duration::ZERO,
            failures: vec![],
            broken,
        };
        assert!(run(summary, None).holds());
        assert!(!run(summary, Some("stopped".into())).holds());
        assert!(!run(Summary { passed: Some(1), ..summary }, None).holds());
        assert!(!run(Summary::default(), None).holds());
    }
}
