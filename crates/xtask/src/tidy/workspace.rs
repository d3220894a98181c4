//! Rules about crates: which may use which, and what every one of them sets.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{Complaint, File};

/// Which of our crates each of our crates may use. Statements and observations enter at one end and
/// understanding leaves at the other: nobody calls back.
const MAY_USE: &[(&str, &[&str])] = &[
    ("xapi", &[]),
    ("evidence", &[]),
    ("domain", &["evidence", "xapi"]),
    ("store", &["domain", "xapi"]),
    ("connect", &["domain", "xapi"]),
    ("demo", &["domain", "xapi"]),
    ("app", &["connect", "domain", "evidence", "store", "xapi"]),
    ("web", &["app", "domain", "xapi"]),
    ("throughline", &["app", "connect", "demo", "domain", "evidence", "store", "web", "xapi"]),
    ("testkit", &["app", "connect", "demo", "domain", "evidence", "store", "xapi"]),
    ("xtask", &[]),
];

/// Packages that belong to some crates alone, and why.
const ONLY_IN: &[(&[&str], &[&str], &str)] = &[
    (
        &["rusqlite", "tokio-postgres", "deadpool-postgres", "tokio-postgres-rustls"],
        &["store", "testkit"],
        "only crates/store knows which database is underneath",
    ),
    (&["axum", "askama"], &["web", "throughline"], "HTTP lives in crates/web"),
    (
        &["hyper", "hyper-util"],
        &["connect", "web", "throughline"],
        "HTTP lives in crates/web, and going out in crates/connect",
    ),
    (&["lettre", "ureq"], &["connect", "throughline"], "other systems are spoken to in crates/connect"),
    (&["clap"], &["throughline"], "commands live in the binary"),
    (
        &["anyhow"],
        &["throughline", "xtask", "testkit"],
        "a library names its errors, so that a caller can tell them apart",
    ),
];

/// Crates that do no I/O, and packages that would let them.
const NO_IO: &[&str] = &["xapi", "evidence", "domain", "demo"];
const IO: &[&str] = &["tokio", "tracing", "http", "hyper", "rustls"];

/// The most packages that the lock file may name: each is code we answer for.
const MOST_PACKAGES: usize = 500;

/// One crate of the workspace with what it uses outside of tests.
#[derive(Debug, Deserialize)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a crate's dependencies. `kind` is empty, `dev` or `build`.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

/// Asks cargo which crates there are.
///
/// # Errors
/// Where cargo cannot read the workspace.
pub(crate) fn crates(root: &Path) -> Result<Vec<Crate>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version=1", "--offline"]).current_dir(root);
    let output = cargo.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(serde_json::from_slice::<Metadata>(&output.stdout).context("cargo metadata")?.packages)
}

pub(crate) fn complaints(crates: &[Crate], files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for one in crates {
        let manifest = format!("crates/{}/Cargo.toml", one.name);
        let line = |word: &str| {
            let file = files.iter().find(|file| file.path == manifest);
            file.and_then(|file| file.text.lines().position(|line| line.starts_with(word)))
                .map_or(1, |at| at + 1)
        };
        let mut complain =
            |line: usize, says: String| found.push(Complaint { path: manifest.clone(), line, says });
        let Some((_, may)) = MAY_USE.iter().find(|(name, _)| *name == one.name) else {
            complain(1, "a new crate needs its line in MAY_USE (crates/xtask/src/tidy/workspace.rs) and in ARCHITECTURE.md".into());
            continue;
        };
        for used in one.dependencies.iter().filter(|used| used.kind.as_deref() != Some("dev")) {
            let ours = MAY_USE.iter().any(|(name, _)| *name == used.name);
            if ours && !may.contains(&used.name.as_str()) {
                let allowed = if may.is_empty() { "nothing of ours".to_owned() } else { may.join(", ") };
                complain(
                    line(&used.name),
                    format!(
                        "`{}` may not use `{}`: each crate reads what the one before it made and never calls back; it may use {allowed}",
                        one.name, used.name
                    ),
                );
            }
            for (packages, rooms, why) in ONLY_IN {
                if packages.contains(&used.name.as_str()) && !rooms.contains(&one.name.as_str()) {
                    complain(
                        line(&used.name),
                        format!("`{}` belongs in {}: {why}", used.name, rooms.join(" or ")),
                    );
                }
            }
            if NO_IO.contains(&one.name.as_str()) && IO.contains(&used.name.as_str()) {
                complain(
                    line(&used.name),
                    format!("`{}` does no I/O, so it has no use for `{}`", one.name, used.name),
                );
            }
        }
    }
    for file in
        files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"))
    {
        if !file.text.contains("[lints]\nworkspace = true") {
            found.push(
                file.complain(1, "add `[lints]` with `workspace = true`: the lints hold for every crate"),
            );
        }
    }
    if let Some(lock) = files.iter().find(|file| file.path == "Cargo.lock") {
        let packages = lock.text.matches("[[package]]").count();
        if packages > MOST_PACKAGES {
            found.push(lock.complain(
                1,
                format!("{packages} packages, and {MOST_PACKAGES} are the most: each is code we answer for"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    fn uses(name: &str, packages: &[&str]) -> Crate {
        let dependencies =
            packages.iter().map(|name| Dependency { name: (*name).to_owned(), kind: None }).collect();
        Crate { name: name.to_owned(), dependencies }
    }

    fn says(crates: &[Crate], files: &[File]) -> String {
        complaints(crates, files).into_iter().map(|complaint| complaint.says + "\n").collect()
    }

    #[test]
    fn the_direction_of_crates() {
        assert_eq!(says(&[uses("app", &["domain", "store"])], &[]), "");
        assert!(says(&[uses("domain", &["store"])], &[]).contains("`domain` may not use `store`"));
        assert!(says(&[uses("store", &["app"])], &[]).contains("`store` may not use `app`"));
        assert!(says(&[uses("web", &["store"])], &[]).contains("`web` may not use `store`"));
        assert!(says(&[uses("common", &[])], &[]).contains("MAY_USE"));
    }

    #[test]
    fn packages_in_their_rooms() {
        assert!(says(&[uses("app", &["rusqlite"])], &[]).contains("belongs in store"));
        assert!(says(&[uses("evidence", &["tokio"])], &[]).contains("does no I/O"));
    }

    #[test]
    fn lints_and_lock() {
        let bare = planted("crates/app/Cargo.toml", "[package]\n");
        assert!(says(&[], &[bare]).contains("[lints]"));
        let lock = planted("Cargo.lock", &"[[package]]\n".repeat(MOST_PACKAGES + 1));
        assert!(says(&[], &[lock]).contains("501 packages"));
    }
}
