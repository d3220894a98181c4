//! `cargo xtask screenshot`: the picture in the README, taken of the running demo.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, anyhow};

use crate::args::Args;
use crate::machine::{self, Need};
use crate::{assets, demo, house, steps};

pub(crate) const HELP: &str = "\
cargo xtask screenshot [options]

Builds the demo, starts it on data that is thrown away, signs in as the leader in Chromium,
and writes the team page, 1280 points wide and in the light theme, to docs/screenshot.png.

  --debug   use a build without optimisation
";

pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let debug = args.take_flag("--debug");
    args.finish()?;
    machine::ensure(&[Need::Node, Need::Npm, Need::Chromium])?;
    assets::build()?;
    demo::build(!debug)?;
    let data = house::target().join(format!("screenshot-{}", std::process::id()));
    let result = take(&data, debug);
    let _ = std::fs::remove_dir_all(&data);
    result.map(|()| ExitCode::SUCCESS)
}

fn take(data: &std::path::Path, debug: bool) -> Result<()> {
    let mut server = Command::new(house::binary(!debug))
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the demo")?;
    let output = server.stdout.take().ok_or_else(|| anyhow!("no output"))?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.strip_prefix("ready ").map(str::to_owned));
    let taken = match address {
        None => Err(anyhow!("the demo ended before it was ready")),
        Some(address) => photograph(&address),
    };
    let _ = Command::new("kill").arg(server.id().to_string()).status();
    let _ = server.wait();
    taken
}

fn photograph(address: &str) -> Result<()> {
    let browser = machine::chromium().ok_or_else(|| anyhow!("Chromium is gone"))?;
    let picture = house::root().join("docs/screenshot.png");
    let mut node = Command::new("node");
    node.arg(house::root().join("crates/xtask/src/screenshot.mjs"));
    node.arg(browser).arg(address.trim()).arg(&picture);
    steps::run(node.current_dir(house::assets()))?;
    println!("wrote {}", picture.display());
    Ok(())
}
