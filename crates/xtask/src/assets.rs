//! `cargo xtask assets`: the scripts and styles that the binary embeds.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Args;
use crate::machine::{self, Need};
use crate::{house, npm};

pub(crate) const HELP: &str = "\
cargo xtask assets

Brings in the npm packages of crates/web/assets when their lock file has changed, and builds
the scripts and styles of the pages into files that the binary embeds.
Installs Node.js and npm with apt-get where it may; otherwise says what to install and ends with 2.
";

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    args.finish()?;
    machine::ensure(&[Need::Node, Need::Npm])?;
    build()?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the assets; Node.js and npm must be there.
///
/// # Errors
/// Where npm or the build script fails.
pub(crate) fn build() -> Result<()> {
    let folder = house::assets();
    npm::install(&folder)?;
    npm::script(&folder, "build")
}
