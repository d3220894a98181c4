//! `cargo xtask test`: everything that must hold before a change lands, and exactly what CI runs.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::args::{Args, Misuse};
use crate::machine::{self, Need};
use crate::postgres::Cluster;
use crate::steps::{self, Counts, Steps};
use crate::{assets, house, npm, python, tidy};

pub(crate) const HELP: &str = "\
cargo xtask test [options]

Installs what the tests need (with apt-get where it may; otherwise it lists what is missing and ends with 2),
starts a PostgreSQL cluster of its own on a free port, and runs, each under a headline with its time:

  fmt        every file is formatted as rustfmt does it
  tidy       the house rules a machine can check (cargo xtask tidy)
  types      the TypeScript of the pages passes tsc
  clippy     no warning in any crate, test or example
  rust       cargo test --workspace: unit, both-database, front-door and documentation tests
  browser    the pages in Chromium: the gallery, and a real `throughline demo`
  examples   each examples/*/walk.sh against the built binary

A failing step does not keep the others from running. The table at the end says what became of each.

  --only NAME[,NAME]   run these steps alone
  --keep               leave the files of the PostgreSQL cluster behind

Exit codes: 0 all passed, 1 something failed, 2 wrong options or something must be installed first.
";

/// The steps, in order, and what each needs on the machine.
const STEPS: &[(&str, &[Need])] = &[
    ("fmt", &[]),
    ("tidy", &[]),
    ("types", &[Need::Node, Need::Npm]),
    ("clippy", &[Need::Node, Need::Npm]),
    ("rust", &[Need::Node, Need::Npm, Need::Postgres, Need::PythonVenv]),
    ("browser", &[Need::Node, Need::Npm, Need::Chromium]),
    ("examples", &[Need::Node, Need::Npm]),
];

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let keep = args.take_flag("--keep");
    let asked = args.take_value("--only")?;
    args.finish()?;
    let chosen = chosen(asked.as_deref())?;
    let wants = |name: &str| chosen.contains(&name);
    println!("Steps: {}", chosen.join(", "));

    let mut needs: Vec<Need> = Vec::new();
    for (name, of_step) in STEPS {
        if wants(name) {
            needs.extend(of_step.iter().filter(|need| !needs.contains(need)).collect::<Vec<_>>());
        }
    }
    if wants("rust") && machine::is_root() {
        needs.push(Need::MailServers);
    }
    machine::ensure(&needs)?;

    let mut steps = Steps::new();
    if wants("fmt") {
        steps.run("fmt", || steps::run(cargo("fmt").args(["--all", "--check"])));
    }
    if wants("tidy") {
        steps.run("tidy", || tidy::check(&house::root()));
    }
    let packages = needs.contains(&Need::Npm).then(|| steps.run("npm packages", install_packages)).flatten();
    let no_packages = "the npm packages could not be installed";
    if wants("types") {
        match packages {
            Some(()) => drop(steps.run("types", || npm::script(&house::assets(), "check"))),
            None => steps.not_run("types", no_packages),
        }
    }
    // The binary embeds what npm builds, so this comes before anything is compiled.
    let built = packages.and_then(|()| steps.run("scripts and styles", assets::build));
    let no_assets = "the scripts and styles could not be built";
    if wants("clippy") {
        steps.run("clippy", || {
            let mut clippy = cargo("clippy");
            steps::run(clippy.args([
                "--workspace",
                "--all-targets",
                "--keep-going",
                "--",
                "--deny",
                "warnings",
            ]))
        });
    }
    if wants("rust") {
        rust(&mut steps, keep);
    }
    if wants("browser") || wants("examples") {
        let binary = match built {
            Some(()) => steps.run("the binary", build_binary),
            None => None,
        };
        for (name, step) in
            [("browser", browser as fn(&Path, &mut Counts) -> Result<()>), ("examples", examples)]
        {
            match &binary {
                _ if !wants(name) => {}
                Some(binary) => drop(steps.counted(name, |counts| step(binary, counts))),
                None => steps.not_run(name, no_assets),
            }
        }
    }
    Ok(if steps.summary() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(asked: Option<&str>) -> Result<Vec<&'static str>, Misuse> {
    let all = STEPS.iter().map(|(name, _)| *name);
    let Some(asked) = asked else { return Ok(all.collect()) };
    for word in asked.split(',') {
        if !all.clone().any(|name| name == word) {
            let names = all.collect::<Vec<_>>().join(", ");
            return Err(Misuse(format!("there is no step `{word}`; the steps are {names}")));
        }
    }
    Ok(all.filter(|name| asked.split(',').any(|word| word == *name)).collect())
}

fn cargo(command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg(command).current_dir(house::root());
    cargo
}

fn install_packages() -> Result<()> {
    for folder in npm::folders()? {
        npm::install(&folder)?;
    }
    Ok(())
}

/// Unit, both-database, front-door and documentation tests, with PostgreSQL and the Python tools beside them.
fn rust(steps: &mut Steps, keep: bool) {
    let python = steps.run("python packages", python::environment);
    let Some(cluster) = steps.run("postgresql", || Cluster::start(keep)) else {
        return steps.not_run("rust", "PostgreSQL did not start");
    };
    let Some(python) = python else {
        return steps.not_run("rust", "the Python packages could not be installed");
    };
    steps.counted("rust", |counts| {
        let mut test = cargo("test");
        test.args(["--workspace", "--no-fail-fast"]);
        test.env("THROUGHLINE_TEST_POSTGRES", cluster.url()).env("THROUGHLINE_TEST_PYTHON", python);
        if machine::is_root() {
            test.env("THROUGHLINE_TEST_MAIL", "1");
        } else {
            println!("Replies by mail are tested without Postfix and Dovecot: only root may start them.");
        }
        let counted = steps::run_watched(&mut test, |line| {
            if let Some(more) = steps::read_cargo_count(line) {
                counts.add(more);
            }
        });
        if counts.passed == 0 {
            bail!("no test ran");
        }
        counted
    });
}

/// The binary and the gallery, mostly as `cargo test` has already built them.
fn build_binary() -> Result<PathBuf> {
    steps::run(cargo("build").args(["--workspace", "--bins", "--examples"]))?;
    Ok(house::binary(false))
}

/// The browser tests' own runner, with the binary and the browser they shall use.
fn browser(binary: &Path, counts: &mut Counts) -> Result<()> {
    let mut test = npm::npm(&house::browser_tests());
    test.args(["test", "--silent"]).env("THROUGHLINE_BIN", binary);
    if let Some(chromium) = machine::chromium() {
        test.env("THROUGHLINE_CHROMIUM", chromium);
    }
    steps::run_watched(&mut test, |line| steps::read_node_count(line, counts))
}

fn examples(binary: &Path, counts: &mut Counts) -> Result<()> {
    let folder = house::root().join("examples");
    let mut walks: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
        .map(|entry| entry.path().join("walk.sh"))
        .filter(|walk| walk.exists())
        .collect();
    walks.sort();
    let mut failures = Vec::new();
    for walk in walks {
        match steps::run(Command::new("bash").arg(&walk).env("THROUGHLINE_BIN", binary)) {
            Ok(()) => counts.passed += 1,
            Err(error) => {
                counts.failed += 1;
                failures.push(format!("{error:#}"));
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_their_order_and_unknown_ones_are_refused() {
        assert_eq!(chosen(Some("rust,fmt")).unwrap(), ["fmt", "rust"]);
        assert_eq!(chosen(None).unwrap().len(), STEPS.len());
        assert!(chosen(Some("everything")).is_err());
    }
}
