//! What the forms of several pages have in common: fields that they share, and how what was typed is read and shown again.

use std::collections::BTreeMap;

use app::dashboard::Message as Said;
use domain::ids::{InterventionId, PersonId};
use domain::time::{Day, Zone};
use http::StatusCode;
use serde::Deserialize;

use super::format;
use super::view::{FormErrors, Message};
use crate::problem::Problem;

/// One line of text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[serde(default)]
    pub(crate) text: String,
}

/// A reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    #[serde(default)]
    pub(crate) why: String,
}

/// Which support.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    pub(crate) support: InterventionId,
}

/// Reads a day from a form's date field; empty is none.
pub(crate) fn date(field: &str, text: &str) -> Result<Option<Day>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|e| Problem::invalid(field, e))
}

/// A number as people type it: a comma or a point, with or without spaces.
pub(crate) fn number(field: &str, text: &str) -> Result<f64, Problem> {
    let clean: String =
        text.trim().replace(['\u{202f}', '\u{a0}', ' '], "").replace(',', ".").replace('\u{2212}', "-");
    match clean.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Problem::invalid(
            field,
            format!("“{}” is not a number; write it like 42 or 42.5", text.trim()),
        )),
    }
}

/// A reason of one line, which must be there. `what` ends the sentence "say in one line, at most 500 characters, …".
pub(crate) fn reason<'a>(field: &str, text: &'a str, what: &str) -> Result<&'a str, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > domain::coaching::LINE_MAX {
        return Err(Problem::invalid(field, format!("say in one line, at most 500 characters, {what}")));
    }
    Ok(text)
}

/// The faults of a form as its page shows them. `field` turns a fault's place into the id of the field that it is about;
/// what is no fault of the form stays a problem of its own.
pub(crate) fn form_errors(problem: Problem, field: impl Fn(&str) -> String) -> Result<FormErrors, Problem> {
    if problem.status != StatusCode::BAD_REQUEST || problem.errors.is_empty() {
        return Err(problem);
    }
    let mut errors = FormErrors::NONE;
    for fault in &problem.errors {
        errors.add(field(&fault.place), format::capital(&fault.reason));
    }
    Ok(errors)
}

/// The status of a page with a form: a page that is shown again with its faults is a refusal.
pub(crate) fn status(errors: &FormErrors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

/// The messages of a thread as pages show them.
pub(crate) fn thread(messages: &[Said], names: &BTreeMap<PersonId, String>, zone: &Zone) -> Vec<Message> {
    messages
        .iter()
        .map(|m| Message {
            author: names.get(&m.author).cloned(),
            at: format::Moment::of(m.at, zone),
            text: m.text.clone(),
        })
        .collect()
}
