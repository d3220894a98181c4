//! What is wrong with a request, said so that its sender can mend it in one go.

use std::fmt;

use crate::rules::Rule;
use crate::{Limits, Version};

/// One thing that is wrong: where, by which rule, why, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Where: a JSON path such as `$[3].actor.mbox`, or `parameter agent`, `header If-Match`, `part 2`.
    pub path: String,
    /// The short name of the rule, from [`crate::rules::RULES`].
    pub rule: &'static str,
    /// The specification's name of the rule, such as `xAPI 1.0.3 Data 2.4.2.3`.
    pub clause: String,
    /// What was found and why it cannot be taken, as a sentence without its full stop.
    pub what: String,
    /// What the sender can do.
    pub remedy: &'static str,
}

/// All that is wrong with a request, in the order of the text.
pub type Faults = Vec<Fault>;

impl Fault {
    /// A fault against a rule.
    pub fn new(
        rule: &'static Rule,
        version: Version,
        path: impl Into<String>,
        what: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            rule: rule.name,
            clause: rule.clause(version),
            what: what.into(),
            remedy: rule.remedy,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}). {}", self.path, self.what, self.clause, self.remedy)
    }
}

impl std::error::Error for Fault {}

impl Default for Limits {
    /// 64 MiB a request, 8 MiB a statement, 20,000 statements, 1,000 parts, 64 levels, 200 faults.
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            statement_bytes: 8 << 20,
            statements: 20_000,
            parts: 1_000,
            depth: 64,
            faults: 200,
        }
    }
}
