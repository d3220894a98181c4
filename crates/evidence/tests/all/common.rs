//! Reading reference data and reference numbers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A table of text by column.
pub(crate) struct Csv {
    columns: BTreeMap<String, Vec<String>>,
}

impl Csv {
    /// Reads a file that ships with the crate.
    pub(crate) fn shipped(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        Self::read(&path).unwrap_or_else(|| panic!("{} is missing", path.display()))
    }

    /// Reads a file that may not be shipped; says so when it is absent.
    pub(crate) fn reference(name: &str) -> Option<Self> {
        let path = reference_path(name);
        let found = Self::read(&path);
        if found.is_none() {
            println!("skipped: {} is not here", path.display());
        }
        found
    }

    fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let split =
            |line: &str| -> Vec<String> { line.split(',').map(|f| f.trim_matches('"').to_owned()).collect() };
        let mut lines = text.lines();
        let names = split(lines.next()?);
        let mut columns: BTreeMap<String, Vec<String>> =
            names.iter().map(|n| (n.clone(), Vec::new())).collect();
        for line in lines {
            for (name, field) in names.iter().zip(split(line)) {
                columns.get_mut(name)?.push(field);
            }
        }
        Some(Self { columns })
    }

    /// The text of a column.
    pub(crate) fn text(&self, name: &str) -> &[String] {
        &self.columns[name]
    }

    /// The numbers of a column; empty fields are missing.
    pub(crate) fn maybe(&self, name: &str) -> Vec<Option<f64>> {
        self.text(name).iter().map(|f| f.parse().ok()).collect()
    }

    /// The numbers of a column without missing values.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.maybe(name).into_iter().map(|v| v.unwrap_or_else(|| panic!("missing value in {name}"))).collect()
    }
}

fn reference_path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let near = root.join("../../../shared/evidence/data").join(name);
    if near.exists() {
        return near;
    }
    root.join("../../../../shared/evidence/data").join(name)
}

/// The outputs of the first run in a golden file whose implementation and
/// specification contain the given words.
pub(crate) fn golden(case: &str, implementation: &str, spec: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{case}.json"));
    let text = std::fs::read_to_string(&path).expect("golden file");
    let file: Value = serde_json::from_str(&text).expect("golden JSON");
    file["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .find(|run| {
            run["implementation"].as_str().is_some_and(|s| s.starts_with(implementation))
                && run["spec"].as_str().is_some_and(|s| s.contains(spec))
        })
        .unwrap_or_else(|| panic!("no run {implementation} {spec} in {case}"))["outputs"]
        .clone()
}

/// Asserts agreement within a relative tolerance.
#[track_caller]
pub(crate) fn agree(what: &str, ours: f64, reference: f64, tolerance: f64) {
    assert!(
        (ours - reference).abs() <= tolerance * reference.abs().max(1e-12),
        "{what}: ours {ours}, reference {reference}"
    );
}
