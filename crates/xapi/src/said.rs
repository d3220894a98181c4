//! What a stored statement says in short. It was judged when it came, so this only looks, and takes a few microseconds.

use uuid::Uuid;

use crate::index::Outcome;
use crate::json::{Doc, Value};
use crate::time;

/// Deep enough for every text that was accepted before.
const DEPTH: usize = 256;

/// What a statement says: with which verb, about which activity, and how it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Its verb.
    pub verb: String,
    /// The activity it is about, if it is about one.
    pub activity: Option<String>,
    /// What that activity is part of, closely or loosely.
    pub within: Vec<String>,
    /// The attempt or enrolment.
    pub registration: Option<Uuid>,
    /// How it went.
    pub outcome: Outcome,
}

/// Looks at the text of a statement that was accepted before; `None` for a text that is none.
pub fn said(text: &str) -> Option<Said> {
    let doc = Doc::read(text, DEPTH).ok()?;
    let root = doc.root();
    let id = |value: Value<'_>| value.get("id").and_then(Value::text).map(str::to_owned);
    let mut said = Said { verb: id(root.get("verb")?)?, ..Said::default() };
    let object = root.get("object")?;
    if object.get("objectType").is_none_or(|kind| kind.text() == Some("Activity")) {
        said.activity = id(object);
    }
    if let Some(context) = root.get("context") {
        let registration = context.get("registration").and_then(Value::text);
        said.registration = registration.and_then(|text| Uuid::try_parse(text).ok());
        let lists = context.get("contextActivities");
        for list in ["parent", "grouping"].into_iter().filter_map(|name| lists?.get(name)) {
            // One that stands alone is put into a list before it is stored.
            for iri in list.items().filter_map(id) {
                if said.activity.as_ref() != Some(&iri) && !said.within.contains(&iri) {
                    said.within.push(iri);
                }
            }
        }
    }
    if let Some(result) = root.get("result") {
        let duration = result.get("duration").and_then(Value::text);
        let score = |name| result.get("score")?.get(name)?.number();
        said.outcome = Outcome {
            completion: result.get("completion").and_then(Value::bool),
            success: result.get("success").and_then(Value::bool),
            scaled: score("scaled"),
            raw: score("raw"),
            min: score("min"),
            max: score("max"),
            duration_millis: duration.and_then(|text| time::duration_millis(text).ok()),
        };
    }
    Some(said)
}
