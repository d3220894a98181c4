//! A Python environment of our own under `target`, with the SMTP server and the xAPI client that tests talk to.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{house, steps};

/// Makes the environment, or finds it as it should be, and gives the path of its interpreter.
///
/// # Errors
/// Where Python or pip fails.
pub(crate) fn environment() -> Result<PathBuf> {
    let requirements = house::root().join("crates/xtask/requirements.txt");
    let wanted =
        std::fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = house::target().join("test-python");
    let interpreter = folder.join("bin/python");
    let stamp = folder.join("made-from-requirements");
    if interpreter.exists() && std::fs::read(&stamp).is_ok_and(|had| had == wanted) {
        println!("Python packages are up to date");
        return Ok(interpreter);
    }
    steps::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    steps::run(pip.arg(&requirements))?;
    std::fs::write(&stamp, wanted)?;
    Ok(interpreter)
}
