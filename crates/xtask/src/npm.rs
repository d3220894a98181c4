//! Brings in npm packages exactly as the lock files say, and only when a lock file has changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{house, steps};

/// The copy of the lock file that says what `node_modules` was made from.
const STAMP: &str = "node_modules/.made-from-lock";

/// Runs `npm ci` in one folder unless its packages are already those of its lock file.
///
/// # Errors
/// Where the folder has no lock file or npm fails.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder.join(STAMP);
    if std::fs::read(&stamp).is_ok_and(|had| had == wanted) {
        println!("npm packages of {} are up to date", shown(folder));
        return Ok(());
    }
    println!("npm packages of {}", shown(folder));
    steps::run(npm(folder).args(["ci", "--no-audit", "--no-fund"]))?;
    if stamp.parent().is_some_and(Path::exists) {
        std::fs::write(&stamp, wanted)?;
    }
    Ok(())
}

/// Runs one script of the folder's `package.json`.
///
/// # Errors
/// Where the script fails.
pub(crate) fn script(folder: &Path, name: &str) -> Result<()> {
    steps::run(npm(folder).args(["run", "--silent", name]))
}

/// npm, working in `folder`.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).env("NO_UPDATE_NOTIFIER", "1").env("npm_config_update_notifier", "false");
    command
}

/// Every folder of the repository that has a lock file.
///
/// # Errors
/// Where the repository cannot be read.
pub(crate) fn folders() -> Result<Vec<PathBuf>> {
    let files = house::files(&house::root())?;
    let locks = files.iter().filter(|file| file.ends_with("package-lock.json"));
    Ok(locks.filter_map(|lock| lock.parent()).map(Path::to_owned).collect())
}

fn shown(folder: &Path) -> String {
    folder.strip_prefix(house::root()).unwrap_or(folder).display().to_string()
}
