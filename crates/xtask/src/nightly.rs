//! `cargo xtask nightly`: the simulations at full length, whose short runs are part of the ordinary tests.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::args::Args;
use crate::house;
use crate::steps::{self, Steps};

pub(crate) const HELP: &str = "\
cargo xtask nightly

Runs the simulations of known truth with thousands of worlds instead of dozens: 95 % intervals cover the truth in 93 to
97 of a hundred, and where nothing works, \"helps\" is said in at most one of twenty. Prints every seed and every share.
Takes some minutes. The ordinary tests run the same with fewer worlds.
";

/// The tests that know a long form, by package and target.
const LONG: &[(&str, &[&str])] = &[("evidence", &["--test", "all"]), ("domain", &["--lib"])];

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    args.finish()?;
    let mut steps = Steps::new();
    for (package, target) in LONG {
        steps.counted(&format!("worlds of {package}"), |counts| {
            let mut cargo = Command::new("cargo");
            cargo.args(["test", "--package", package]).args(*target).args(["worlds", "--", "--nocapture"]);
            cargo.current_dir(house::root()).env("THROUGHLINE_TEST_NIGHTLY", "1");
            steps::run_watched(&mut cargo, |line| {
                if let Some(read) = steps::read_cargo_count(line) {
                    counts.add(read);
                }
            })
        });
    }
    Ok(if steps.summary() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
