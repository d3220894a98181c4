//! Rules for reds as a TOML file: what is edited on the page and what is kept beside other configuration is one and the same.

use std::io::Read;

use domain::alerts::series::Rules;
use serde::Deserialize;

use crate::csv::{Limits, Problems};
use crate::definitions::parse;

/// One `[[rule]]`. Parameters that are not named have the values that hold before anybody set a rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDefinition {
    /// `default`, or the code of the metric for which it holds instead.
    pub code: String,
    /// Why, in words.
    #[serde(default)]
    pub why: String,
    /// Whether the metric is to go by the default again; then there are no parameters.
    #[serde(default)]
    pub as_default: bool,
    /// The parameters.
    #[serde(default)]
    pub parameters: Rules,
}

impl RuleDefinition {
    /// The parameters; `None` for a metric that is to go by the default.
    pub fn rules(&self) -> Option<Rules> {
        (!self.as_default).then_some(self.parameters)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<RuleDefinition>,
}

/// Reads rules from a file.
///
/// # Errors
/// The first fault of form, with its line: unknown keys are refused, so that a misspelt one cannot be lost.
pub fn read(source: impl Read, limits: &Limits) -> Result<Vec<RuleDefinition>, Problems> {
    Ok(parse::<File>(source, limits)?.0.rule)
}

/// The same rules as a file that [`read`] understands.
pub fn write(rules: &[RuleDefinition]) -> String {
    let mut file = String::new();
    for rule in rules {
        // What JSON escapes in a text, TOML's basic strings escape alike.
        let text = |text: &str| serde_json::Value::from(text.replace('\u{7f}', "")).to_string();
        file.push_str(&format!("[[rule]]\ncode = {}\nwhy = {}\n", text(&rule.code), text(&rule.why)));
        if rule.as_default {
            file.push_str("as_default = true\n");
        } else {
            file.push_str("[rule.parameters]\n");
            for (name, value) in rule.parameters.parameters() {
                file.push_str(&format!("{name} = {value}\n"));
            }
        }
        file.push('\n');
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<RuleDefinition>, Vec<String>> {
        read(text.as_bytes(), &Limits::default())
            .map_err(|p| p.listed.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let calls = Rules { interval: 4.0, baseline: 13, ..Rules::default() };
        let rules = [
            RuleDefinition {
                code: "default".into(),
                why: "as it was".into(),
                as_default: false,
                parameters: Rules::default(),
            },
            RuleDefinition {
                code: "calls".into(),
                why: "half a year is too long for us".into(),
                as_default: false,
                parameters: calls,
            },
            RuleDefinition {
                code: "sales".into(),
                why: "nothing of its own any more".into(),
                as_default: true,
                parameters: Rules::default(),
            },
        ];
        assert_eq!(read_text(&write(&rules)), Ok(rules.to_vec()));
        assert_eq!(read_text(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_named_holds_as_before() {
        let text = "[[rule]]\ncode = \"default\"\nwhy = \"fewer\"\n[rule.parameters]\ninterval = 3.5\n";
        let read = read_text(text).unwrap();
        assert_eq!(read[0].parameters, Rules { interval: 3.5, ..Rules::default() });
    }

    #[test]
    fn a_misspelt_parameter_is_refused_with_its_line() {
        let text = "[[rule]]\ncode = \"default\"\n[rule.parameters]\nintervall = 3.5\n";
        let problems = read_text(text).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("line 4") && problems[0].contains("intervall"), "{problems:?}");
    }
}
