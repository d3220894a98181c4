//! Statements as a reader asks for them (Communication 2.1.3, `format`), and what is known of an activity.
//!
//! `exact` is the stored text as it is. The other two are made from it here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Preferred;
use crate::json::{Doc, Kind, Value, quote};
use crate::shape::{Shape, is_identified};

/// Deep enough for every text that was accepted before.
const DEPTH: usize = 256;

/// How much of a statement a reader wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As received.
    #[default]
    Exact,
    /// Agents, groups, verbs and activities by their identifiers only.
    Ids,
    /// Activities as the server knows them, verbs and activities in one language.
    Canonical,
}

/// A stored statement in format `ids`; `None` for a text that is no JSON.
pub fn ids_format(stored: &str) -> Option<String> {
    let doc = Doc::read(stored, DEPTH).ok()?;
    let mut out = String::with_capacity(stored.len());
    ids(doc.root(), Shape::Statement, &mut out);
    Some(out)
}

fn ids(value: Value<'_>, shape: Shape, out: &mut String) {
    match shape {
        Shape::Plain
        | Shape::Result
        | Shape::Attachments
        | Shape::LanguageMap
        | Shape::Uuid
        | Shape::Moment => {
            out.push_str(value.raw());
        }
        Shape::Verb | Shape::Activity => {
            object(value, out, |key, _| key == "id", |v, _, out| out.push_str(v.raw()))
        }
        Shape::Agent => object(value, out, |key, _| key != "name", |v, _, out| out.push_str(v.raw())),
        Shape::Group => {
            let by_members = !is_identified(value);
            let keep = |key: &str, _: Value<'_>| key != "name" && (key != "member" || by_members);
            object(value, out, keep, |v, key, out| ids(v, shape.property(key, v), out));
        }
        _ if value.kind() == Kind::Array => array(value, out, |v, out| ids(v, shape.item(), out)),
        Shape::Activities => ids(value, Shape::Activity, out),
        _ => object(value, out, |_, _| true, |v, key, out| ids(v, shape.property(key, v), out)),
    }
}

/// A stored statement in format `canonical`; `None` for a text that is no JSON.
///
/// `definition` gives the definition that the server holds of an activity; where it gives none, the statement's own stays.
/// Each language map, one by one, is cut to the entry that suits `preferred` best.
pub fn canonical_format<'a>(
    stored: &str,
    preferred: &Preferred,
    definition: &dyn Fn(&str) -> Option<Cow<'a, str>>,
) -> Option<String> {
    let doc = Doc::read(stored, DEPTH).ok()?;
    let mut out = String::with_capacity(stored.len());
    Canonical { preferred, definition }.write(doc.root(), Shape::Statement, &mut out);
    Some(out)
}

/// An Activity object as JSON with what the server knows of it, in every language: the answer of the activities resource.
pub fn activity_json(iri: &str, definition: Option<&str>) -> String {
    let mut out = "{\"objectType\":\"Activity\",\"id\":".to_owned();
    quote(iri, &mut out);
    if let Some(definition) = definition {
        out.push_str(",\"definition\":");
        out.push_str(definition);
    }
    out.push('}');
    out
}

/// What an activity is called, by its definition as JSON, in the language that suits a reader best.
pub fn activity_name(definition: &str, preferred: &Preferred) -> Option<String> {
    let doc = Doc::read(definition, DEPTH).ok()?;
    let names: Vec<(&str, &str)> =
        doc.root().get("name")?.members().filter_map(|(tag, v)| Some((tag, v.text()?))).collect();
    preferred.choose(names.into_iter()).map(str::to_owned)
}

struct Canonical<'f, 'a> {
    preferred: &'f Preferred,
    definition: &'f dyn Fn(&str) -> Option<Cow<'a, str>>,
}

impl Canonical<'_, '_> {
    fn write(&self, value: Value<'_>, shape: Shape, out: &mut String) {
        match shape {
            Shape::LanguageMap => self.one_language(value, out),
            Shape::Activity => self.activity(value, out),
            Shape::Activities if value.kind() == Kind::Object => self.activity(value, out),
            Shape::Plain | Shape::Result | Shape::Agent | Shape::Group | Shape::Attachments => {
                out.push_str(value.raw());
            }
            _ => match value.kind() {
                Kind::Object => {
                    object(value, out, |_, _| true, |v, key, out| self.write(v, shape.property(key, v), out));
                }
                Kind::Array => array(value, out, |v, out| self.write(v, shape.item(), out)),
                _ => out.push_str(value.raw()),
            },
        }
    }

    fn one_language(&self, map: Value<'_>, out: &mut String) {
        let chosen = self
            .preferred
            .choose(map.members().map(|(tag, v)| (tag, (tag, v))).collect::<Vec<_>>().into_iter());
        match chosen {
            None => out.push_str(map.raw()),
            Some((tag, v)) => {
                out.push('{');
                quote(tag, out);
                out.push(':');
                out.push_str(v.raw());
                out.push('}');
            }
        }
    }

    fn activity(&self, value: Value<'_>, out: &mut String) {
        let known = value.get("id").and_then(Value::text).and_then(|iri| (self.definition)(iri));
        let known = known.as_deref().and_then(|text| Doc::read(text, DEPTH).ok());
        out.push('{');
        let mut first = true;
        let mut property = |key: &str, v: Value<'_>, shape: Shape, out: &mut String| {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            quote(key, out);
            out.push(':');
            self.write(v, shape, out);
        };
        for (key, v) in value.members() {
            if key != "definition" || known.is_none() {
                property(key, v, Shape::Activity.property(key, v), out);
            }
        }
        if let Some(known) = &known {
            property("definition", known.root(), Shape::Definition, out);
        }
        out.push('}');
    }
}

fn object(
    value: Value<'_>,
    out: &mut String,
    keep: impl Fn(&str, Value<'_>) -> bool,
    mut write: impl FnMut(Value<'_>, &str, &mut String),
) {
    if value.kind() != Kind::Object {
        return out.push_str(value.raw());
    }
    out.push('{');
    let mut first = true;
    for (key, v) in value.members().filter(|(key, v)| keep(key, *v)) {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        quote(key, out);
        out.push(':');
        write(v, key, out);
    }
    out.push('}');
}

fn array(value: Value<'_>, out: &mut String, mut write: impl FnMut(Value<'_>, &mut String)) {
    out.push('[');
    for (n, item) in value.items().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// What the server knows of an activity after another statement spoke of it.
///
/// Names and descriptions gain the languages that are new and take the newer text of the others; every other property that the
/// newer definition has replaces the older one. Compact, properties sorted by name, so that equal knowledge is equal text.
/// A text that is no JSON object counts as nothing known.
pub fn merge_definition(known: Option<&str>, seen: &str) -> String {
    let known = known.and_then(|text| Doc::read(text, DEPTH).ok());
    let Ok(seen) = Doc::read(seen, DEPTH) else {
        return known.map_or_else(|| "{}".to_owned(), |known| known.root().compact());
    };
    let Some(known) = known.filter(|known| known.root().kind() == Kind::Object) else {
        return seen.root().compact();
    };
    let mut properties: BTreeMap<&str, String> =
        known.root().members().map(|(key, v)| (key, v.compact())).collect();
    for (key, new) in seen.root().members() {
        let old = known.root().get(key).filter(|_| matches!(key, "name" | "description"));
        properties.insert(key, old.map_or_else(|| new.compact(), |old| merged_object(old, new)));
    }
    write_properties(&properties)
}

/// The properties of both, those of `new` where both have them.
fn merged_object(old: Value<'_>, new: Value<'_>) -> String {
    write_properties(&old.members().chain(new.members()).map(|(key, v)| (key, v.compact())).collect())
}

fn write_properties(properties: &BTreeMap<&str, String>) -> String {
    let mut out = "{".to_owned();
    for (n, (key, value)) in properties.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        quote(key, &mut out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    out
}

/// The answer to a query for many statements: their texts in the form asked for, and where the rest can be had
/// (an empty text where there is no more).
pub fn statements_json<'a>(statements: impl IntoIterator<Item = &'a str>, more: &str) -> String {
    let mut out = "{\"statements\":[".to_owned();
    for (n, statement) in statements.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(statement);
    }
    out.push_str("],\"more\":");
    quote(more, &mut out);
    out.push('}');
    out
}
