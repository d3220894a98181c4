//! `docs/xapi.md`: each requirement with its clause and the test that holds us to it.
//!
//! Requirements on what is sent are the rules of `xapi::rules`, and their tests the examples of this corpus.
//! Requirements on what the server does stand above the tests themselves, anywhere in the workspace, as one comment line:
//! `// xAPI CLAUSE OF 1.0.3; CLAUSE OF 2.0: REQUIREMENT`. The page is written from both, and a test fails while it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xapi::rules::RULES;

use super::Case;

const BEGINS: &str = "// xAPI ";

/// A requirement that a test names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    clause_1_0_3: String,
    clause_2_0: String,
    requirement: String,
    /// The file from the root of the repository, and the function.
    test: (String, String),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every Rust file below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// The requirements that the tests of one file name; a comment that names no test is an error.
fn named(file: &str, text: &str) -> Result<Vec<Named>, String> {
    let mut found = Vec::new();
    let mut waiting: Vec<(usize, &str)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let clause = |rest: &&str| rest.starts_with("Data ") || rest.starts_with("Communication ");
        if let Some(rest) = line.strip_prefix(BEGINS).filter(clause) {
            waiting.push((at + 1, rest));
            continue;
        }
        let function = line.strip_prefix("async fn ").or(line.strip_prefix("fn "));
        let Some(function) = function else { continue };
        let name = function.split(['(', '<']).next().unwrap_or_default();
        for (line, rest) in waiting.drain(..) {
            let parts =
                rest.split_once(": ").and_then(|(clauses, what)| Some((clauses.split_once("; ")?, what)));
            let Some(((old, new), requirement)) = parts else {
                return Err(format!(
                    "{file}:{line}: write `{BEGINS}CLAUSE OF 1.0.3; CLAUSE OF 2.0: REQUIREMENT`"
                ));
            };
            found.push(Named {
                clause_1_0_3: old.to_owned(),
                clause_2_0: new.to_owned(),
                requirement: requirement.to_owned(),
                test: (file.to_owned(), name.to_owned()),
            });
        }
    }
    match waiting.first() {
        None => Ok(found),
        Some((line, _)) => Err(format!("{file}:{line}: no test follows")),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The whole page.
fn page(cases: &[Case]) -> Result<String, String> {
    let mut examples: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in cases {
        // The version is no part of an example's name.
        let name = case.name.rsplit_once(" (").map_or(case.name.as_str(), |(name, _)| name);
        for rule in case.want.iter().filter_map(|w| Some(w.rsplit_once(' ')?.1)) {
            examples.entry(rule).or_default().insert(name);
        }
    }
    let mut text = String::from(
        "# xAPI: what is required, and the test that holds us to it\n\n\
         This page is written by a test from the rules and from the tests that name a clause;\n\
         `THROUGHLINE_TEST_WRITE=1 cargo test -p xapi --test corpus` writes it again after a change.\n\
         Clauses of 1.0.3 are those of its parts *Data* and *Communication*; clauses of 2.0 are those of IEEE 9274.1.1-2023.\n\
         Beside it the conformance suite of ADL is run as a whole: see [Learning records](learning-records.md#conformance).\n\n\
         ## What is sent\n\n\
         Each fault in an answer carries the rule's name, its place in what was sent, and the clause.\n\
         The examples are those of `crates/xapi/tests/corpus.rs`.\n\n\
         | Rule | Requirement | 1.0.3 | 2.0 | Examples |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let shown: Vec<&str> = examples.get(rule.name).into_iter().flatten().copied().collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            rule.name,
            cell(rule.requirement),
            rule.clause_1_0_3,
            rule.clause_2_0,
            cell(&shown.join("; "))
        );
    }
    text.push_str("\n## What the server does\n\n| Requirement | 1.0.3 | 2.0 | Test |\n|---|---|---|---|\n");
    let root = root();
    let mut files = Vec::new();
    sources(&root.join("crates"), &mut files);
    let mut all = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
        if file != "crates/xapi/tests/reference/mod.rs" {
            all.extend(named(&file, &std::fs::read_to_string(&path).map_err(|e| format!("{file}: {e}"))?)?);
        }
    }
    all.sort();
    for Named { clause_1_0_3, clause_2_0, requirement, test: (file, name) } in all {
        let _ = writeln!(
            text,
            "| {} | {clause_1_0_3} | {clause_2_0} | `{name}` in [{file}](../{file}) |",
            cell(&requirement)
        );
    }
    Ok(text)
}

/// Holds the page against what it is written from, or writes it.
pub(crate) fn check(cases: &[Case]) {
    let path = root().join("docs/xapi.md");
    let want = page(cases).unwrap();
    if std::env::var_os("THROUGHLINE_TEST_WRITE").is_some() {
        std::fs::write(&path, &want).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    let other = want.lines().zip(have.lines().chain(std::iter::repeat(""))).find(|(want, have)| want != have);
    assert!(
        want == have,
        "docs/xapi.md is not current; THROUGHLINE_TEST_WRITE=1 cargo test -p xapi --test corpus writes it. First difference: {other:?}"
    );
}

#[test]
fn comments_name_the_test_below_them() {
    let text =
        "    // xAPI Data 2.3.2; 4.2.5: Voiding works.\n    // A remark.\n    #[test]\n    fn voids() {}\n";
    let found = named("a.rs", text).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].clause_2_0.as_str(), found[0].test.1.as_str()), ("4.2.5", "voids"));
    assert!(named("a.rs", "// xAPI Data 2.3.2: no second clause\nfn x() {}").is_err());
    assert!(named("a.rs", "// xAPI Data 2.3.2; 4.2.5: x").is_err());
}
