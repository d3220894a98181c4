//! Where things are in the repository.

use std::path::{Path, PathBuf};

/// The root of the repository, known from where this crate was compiled.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo's output directory, wherever the environment puts it.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The folder whose npm packages make the scripts and styles of the pages.
pub(crate) fn assets() -> PathBuf {
    root().join("crates/web/assets")
}

/// The folder with the browser tests.
pub(crate) fn browser_tests() -> PathBuf {
    root().join("crates/web/tests/browser")
}

/// The `throughline` binary of a build.
pub(crate) fn binary(release: bool) -> PathBuf {
    target().join(if release { "release" } else { "debug" }).join("throughline")
}

/// Every file of the repository that a person wrote or might read, without build output and fetched packages.
pub(crate) fn files(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    const NOT_OURS: &[&str] = &["target", "node_modules", "dist", ".git", ".venv"];
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if NOT_OURS.iter().any(|other| name == *other) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
