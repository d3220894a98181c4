//! `cargo xtask`: everything one does to this repository, from showing the demo to measuring speed.
//!
//! Each file is one command or one thing that several commands need:
//! [`demo`], [`assets`], [`testing`], [`tidy`], [`screenshot`], [`shots`], [`conformance`], [`nightly`] and [`bench`] are the commands;
//! [`steps`] runs and times other programs, [`machine`] looks for and installs what a command needs,
//! [`npm`] and [`python`] bring in pinned packages, and [`postgres`] owns a throw-away database cluster.
//!
//! This crate uses none of our own crates and next to nothing else, so that it compiles in seconds
//! and works before anything else does. To add a command: a file with a `run(args)`, a line in [`COMMANDS`].

mod args;
mod assets;
mod bench;
mod conformance;
mod demo;
mod house;
mod machine;
mod nightly;
mod npm;
mod postgres;
mod python;
mod screenshot;
mod shots;
mod steps;
mod testing;
mod tidy;

use std::process::ExitCode;

use args::Args;

/// A command: its name, one line about it, its help text and what it does.
struct Command {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(Args) -> anyhow::Result<ExitCode>,
}

/// All commands, in the order in which `cargo xtask --help` lists them.
const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        about: "build everything and serve the demo world",
        help: demo::HELP,
        run: demo::run,
    },
    Command { name: "test", about: "run every check and every test", help: testing::HELP, run: testing::run },
    Command {
        name: "ci",
        about: "the same as test, under the name CI knows",
        help: testing::HELP,
        run: testing::run,
    },
    Command {
        name: "tidy",
        about: "check the house rules a machine can check",
        help: tidy::HELP,
        run: tidy::run,
    },
    Command {
        name: "assets",
        about: "build the scripts and styles of the pages",
        help: assets::HELP,
        run: assets::run,
    },
    Command {
        name: "screenshot",
        about: "take the picture in the README",
        help: screenshot::HELP,
        run: screenshot::run,
    },
    Command {
        name: "conformance",
        about: "run the xAPI conformance suite on both databases",
        help: conformance::HELP,
        run: conformance::run,
    },
    Command {
        name: "shots",
        about: "take pictures of every page of the demo",
        help: shots::HELP,
        run: shots::run,
    },
    Command {
        name: "nightly",
        about: "run the simulations at full length",
        help: nightly::HELP,
        run: nightly::run,
    },
    Command { name: "bench", about: "measure speed, memory and size", help: bench::HELP, run: bench::run },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(name) = words.next() else {
        eprint!("{}", overview());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "-h" | "--help" | "help") {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("There is no command `{name}`.\n\n{}", overview());
        return ExitCode::from(2);
    };
    let args = Args::new(words);
    if args.asks_for_help() {
        print!("{}", command.help);
        return ExitCode::SUCCESS;
    }
    match (command.run)(args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\ncargo xtask {name}: {error:#}");
            let wrong_start = error.is::<args::Misuse>() || error.is::<machine::Missing>();
            ExitCode::from(if wrong_start { 2 } else { 1 })
        }
    }
}

/// The text of `cargo xtask --help`.
fn overview() -> String {
    let mut text = String::from("cargo xtask COMMAND [options]\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<11} {}\n", command.name, command.about));
    }
    text.push_str(
        "\n`cargo xtask COMMAND --help` says more.\n\
         Exit codes: 0 all well, 1 something failed, 2 wrong options or something must be installed first.\n",
    );
    text
}
