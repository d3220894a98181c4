//! How well and how fast reds are decided: `crates/app/examples/reds.rs` on a release build.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::server::Scratch;
use crate::house;

/// Runs the example and gives what it printed.
///
/// # Errors
/// Where it does not build or run, or prints no JSON.
pub(crate) fn measure() -> Result<serde_json::Value> {
    let scratch = Scratch::new("alerts")?;
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--package", "app", "--example", "reds", "--"]).arg(scratch.data());
    cargo.current_dir(house::root()).stdin(Stdio::null()).stderr(Stdio::inherit());
    let run = cargo.output().context("cannot start cargo")?;
    if !run.status.success() {
        bail!("the example `reds` failed");
    }
    serde_json::from_slice(&run.stdout).context("the example `reds` printed no JSON")
}
