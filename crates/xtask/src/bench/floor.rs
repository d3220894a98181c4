//! What SQLite allows on this machine: the bare rows of statements, without HTTP, JSON or packing. `floor.py` writes them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::steps;

/// Rates of bare rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Floor {
    /// The library that wrote them.
    sqlite: String,
    /// Statements a second by how many share a commit.
    pub(crate) statements_per_s_by_commit: BTreeMap<u32, f64>,
}

impl Floor {
    /// Writes for some seconds into `folder`, which is on the disk of the database; `None` where Python is missing.
    pub(crate) fn measure(folder: &Path) -> Option<Self> {
        let place = folder.display().to_string();
        let text = steps::answer("python3", &["-c", include_str!("floor.py"), &place])?;
        serde_json::from_str(&text).ok()
    }
    /// The fastest of them.
    pub(crate) fn best(&self) -> f64 {
        self.statements_per_s_by_commit.values().copied().fold(0.0, f64::max)
    }
}
