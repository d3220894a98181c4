//! `cargo xtask tidy`: the house rules that a machine can check, each with the reason it stands for.
//!
//! Every rule is a pure function from the repository's text to complaints, in one of five files:
//! [`workspace`] (crates and their directions), [`source`] (Rust files), [`words`] (what things are called),
//! [`pages`] (what a page may contain) and [`documents`] (links, paths, lock files). To add one: write the function, call it from [`complaints`],
//! and plant what it should find in its tests.

mod documents;
mod pages;
mod rust_text;
mod source;
mod words;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::args::Args;
use crate::house;

pub(crate) const HELP: &str = "\
cargo xtask tidy

Checks the house rules that a machine can check, and prints every place that breaks one, with the reason:
crates use one another in one direction only; SQL lives in crates/store; every Rust file begins by saying
what it is; no file outgrows one sitting; words are those of the house; links in documents resolve;
nothing is switched off or left for later; no path of one machine is written down.

The few exceptions are counted in crates/xtask/ratchet.json, which may only shrink.
";

/// One file of the repository, with its path from the root.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// One broken rule, at a place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) says: String,
}

/// The exceptions that exist, counted so that they can only become fewer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ratchet {
    /// Files over the line limit, with the most lines each may have.
    pub(crate) long_files: std::collections::BTreeMap<String, usize>,
}

impl File {
    pub(crate) fn complain(&self, line: usize, says: impl Into<String>) -> Complaint {
        Complaint { path: self.path.clone(), line, says: says.into() }
    }

    pub(crate) fn is(&self, kinds: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind))
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    args.finish()?;
    check(&house::root())?;
    Ok(ExitCode::SUCCESS)
}

/// Checks every rule and prints what is broken.
///
/// # Errors
/// Where a rule is broken or the repository cannot be read.
pub(crate) fn check(root: &Path) -> Result<()> {
    let files = read(root)?;
    let found = complaints(root, &files)?;
    for complaint in &found {
        println!("{}:{}: {}", complaint.path, complaint.line, complaint.says);
    }
    if !found.is_empty() {
        bail!("{} broken house rules", found.len());
    }
    println!("{} files are tidy", files.len());
    Ok(())
}

fn complaints(root: &Path, files: &[File]) -> Result<Vec<Complaint>> {
    let ratchet = std::fs::read_to_string(root.join("crates/xtask/ratchet.json"))?;
    let ratchet: Ratchet = serde_json::from_str(&ratchet).context("crates/xtask/ratchet.json")?;
    let mut found = workspace::complaints(&workspace::crates(root)?, files);
    found.extend(source::complaints(files, &ratchet));
    found.extend(words::complaints(files));
    found.extend(pages::complaints(files));
    found.extend(documents::complaints(root, files));
    found.sort();
    found.dedup();
    Ok(found)
}

/// Reads every text file; what is not UTF-8 is a picture or data and has no rules.
fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in house::files(root)? {
        let Ok(text) = String::from_utf8(std::fs::read(&path)?) else { continue };
        let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        files.push(File { path, text });
    }
    Ok(files)
}

/// A file made up for a test.
#[cfg(test)]
pub(crate) fn planted(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
