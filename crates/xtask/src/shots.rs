//! `cargo xtask shots`: pictures of every page of the demo, so that anyone can look at them at a glance.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::args::Args;
use crate::machine::{self, Need};
use crate::{assets, demo, house, steps};

pub(crate) const HELP: &str = "\
cargo xtask shots [options]

Builds the demo, starts it on data that is thrown away, and takes every kind of page in Chromium, as somebody who works
with it: light, dark and on a phone. Writes them to target/shots, PERSONA-PAGE-VIEW.png.

  --debug   use a build without optimisation
";

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let debug = args.take_flag("--debug");
    args.finish()?;
    machine::ensure(&[Need::Node, Need::Npm, Need::Chromium])?;
    assets::build()?;
    demo::build(!debug)?;
    let pictures = house::target().join("shots");
    let mut node = Command::new("node");
    node.arg("album.mjs").arg(&pictures).env("THROUGHLINE_BIN", house::binary(!debug));
    steps::run(node.current_dir(house::browser_tests()))?;
    println!("wrote {}", pictures.display());
    Ok(ExitCode::SUCCESS)
}
