//! `cargo xtask demo`: from a fresh clone to the demo world in a browser.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::args::Args;
use crate::machine::{self, Need};
use crate::{assets, house, steps};

pub(crate) const HELP: &str = "\
cargo xtask demo [options]

Installs Node.js and npm with apt-get where it may (otherwise says what to install and ends with 2),
builds the scripts and styles of the pages and the binary, makes the demo world in an embedded database,
serves it on loopback and prints one address. Ctrl-C stops it.

  --scale shown|full   how large a world to make (shown: 120 branches, the default)
  --listen ADDR        where to listen, for example 127.0.0.1:8080
  --data DIR           where to keep the database
  --fresh              throw away the demo world of the last time and make a new one
  --seed NUMBER        another world of the same kind
  --debug              a build without optimisation: quicker to build, slower to run
";

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let debug = args.take_flag("--debug");
    let mut passed_on = Vec::new();
    if args.take_flag("--fresh") {
        passed_on.push("--fresh".to_owned());
    }
    for name in ["--scale", "--listen", "--data", "--seed"] {
        if let Some(value) = args.take_value(name)? {
            passed_on.extend([name.to_owned(), value]);
        }
    }
    args.finish()?;
    machine::ensure(&[Need::Node, Need::Npm])?;
    steps::headline("scripts and styles");
    assets::build()?;
    steps::headline("the binary (the first build takes some minutes)");
    build(!debug)?;
    steps::headline("the demo world");
    let binary = house::binary(!debug);
    let failed = Command::new(&binary).arg("demo").args(&passed_on).exec();
    Err(failed).with_context(|| format!("cannot start {}", binary.display()))
}

/// Builds the `throughline` binary.
///
/// # Errors
/// Where it does not compile.
pub(crate) fn build(release: bool) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--package", "throughline"]).current_dir(house::root());
    if release {
        cargo.arg("--release");
    }
    steps::run(&mut cargo)
}
