//! Which statements go on to another record store.

use serde::{Deserialize, Serialize};

use crate::ids::UnitId;

/// What is forwarded. Everything that is set must hold; nothing set means every statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Those with one of these verbs; empty for any.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// Those about one of these activities; empty for any.
    #[serde(default)]
    pub activities: Vec<String>,
    /// Those of people who belong to this unit, or to one below it.
    #[serde(default)]
    pub unit: Option<UnitId>,
}

impl Filter {
    /// Whether it asks for anything that only the text of a statement tells.
    pub fn asks_what_is_said(&self) -> bool {
        !self.verbs.is_empty() || !self.activities.is_empty()
    }
    /// Whether a statement goes on. `in_unit` says whether its actor belongs to the unit; an actor nobody knows does not.
    pub fn passes(&self, verb: &str, activity: Option<&str>, in_unit: bool) -> bool {
        (self.verbs.is_empty() || self.verbs.iter().any(|v| v == verb))
            && (self.activities.is_empty()
                || activity.is_some_and(|a| self.activities.iter().any(|b| a == b)))
            && (self.unit.is_none() || in_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_set_must_hold() {
        let all = Filter::default();
        assert!(all.passes("v", None, false));
        let some = Filter { verbs: vec!["v".into(), "w".into()], activities: vec!["a".into()], unit: None };
        assert!(some.passes("w", Some("a"), false));
        assert!(!some.passes("x", Some("a"), true));
        assert!(!some.passes("v", Some("b"), true));
        assert!(!some.passes("v", None, true), "a statement about no activity");
        let unit = Filter { unit: Some(UnitId::new(uuid::Uuid::nil())), ..Filter::default() };
        assert!(unit.passes("v", None, true) && !unit.passes("v", None, false));
    }
}
