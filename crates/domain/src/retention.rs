//! How long what is kept: rules by age and class, which whoever administers the host writes into a file.

use serde::{Deserialize, Serialize};

worded! {
    /// Classes of data that have an age.
    pub enum Class {
        /// Learning records as received, by the moment of storing; what was counted for a day stays.
        Statements = "statements",
        /// What courses remember of somebody, by the last change.
        State = "state",
        /// Profiles of agents and activities, by the last change.
        Profiles = "profiles",
        /// What left the server or could not be sent, by the moment at which it was done with.
        Deliveries = "deliveries",
    }
}

/// One rule: what is older than so many days goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of which class.
    pub class: Class,
    /// After how many days.
    pub days: u32,
    /// Statements: only those with one of these verbs; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// Statements and state: only those about one of these activities; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<String>,
    /// Statements: only those of people who work in the unit with this code, or below it; empty for anybody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What for, in words.
    pub why: String,
}

impl Rule {
    /// Everything that is wrong with it: which key, and why.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.days == 0 || self.days > 36_500 {
            faults.push(("days", format!("{} days; give 1 to 36500", self.days)));
        }
        if self.why.trim().is_empty() {
            faults.push(("why", "say what the rule is for; people read it".to_owned()));
        }
        let statements = self.class == Class::Statements;
        if !statements && !self.verbs.is_empty() {
            faults.push(("verbs", format!("{} have no verb; leave it out", self.class)));
        }
        if !statements && !self.unit.is_empty() {
            faults.push(("unit", format!("{} are not told apart by unit; leave it out", self.class)));
        }
        if !statements && self.class != Class::State && !self.activities.is_empty() {
            faults
                .push(("activities", format!("{} are not told apart by activity; leave it out", self.class)));
        }
        for (key, list) in [("verbs", &self.verbs), ("activities", &self.activities)] {
            for iri in list.iter().filter(|iri| !xapi::is_iri(iri)) {
                faults.push((key, format!("`{iri}` is no IRI")));
            }
        }
        faults
    }

    /// What it is about, in words: "statements with the verb …, of people in B-01".
    pub fn about(&self) -> String {
        let mut words = self.class.to_string();
        if !self.verbs.is_empty() {
            words.push_str(&format!(" with the verb {}", self.verbs.join(" or ")));
        }
        if !self.activities.is_empty() {
            words.push_str(&format!(" about {}", self.activities.join(" or ")));
        }
        if !self.unit.is_empty() {
            words.push_str(&format!(" of people in {}", self.unit));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_asks_only_what_its_class_has() {
        let rule = |class, days| Rule {
            class,
            days,
            verbs: vec!["http://v.example/did".into()],
            activities: vec!["nothing".into()],
            unit: "B-01".into(),
            why: " ".into(),
        };
        let keys = |rule: &Rule| rule.faults().iter().map(|(key, _)| *key).collect::<Vec<_>>();
        assert_eq!(keys(&rule(Class::Statements, 1)), ["why", "activities"]);
        assert_eq!(keys(&rule(Class::State, 0)), ["days", "why", "verbs", "unit", "activities"]);
        assert_eq!(keys(&rule(Class::Deliveries, 1)), ["why", "verbs", "unit", "activities", "activities"]);
        let good = Rule {
            verbs: vec![],
            activities: vec![],
            unit: String::new(),
            why: "law".into(),
            ..rule(Class::State, 9)
        };
        assert!(good.faults().is_empty());
        assert_eq!(good.about(), "state");
        assert_eq!(
            rule(Class::Statements, 1).about(),
            "statements with the verb http://v.example/did about nothing of people in B-01"
        );
    }
}
