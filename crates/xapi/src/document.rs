//! Documents of the state and profile resources: what a POST makes of one, and whether a write may go ahead.

use std::collections::{HashMap, HashSet};

use sha1::{Digest, Sha1};

use crate::json::{Doc, Kind, Value, quote};
use crate::rules;
use crate::{Fault, Faults, Version};

/// A document as it is stored or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its media type.
    pub content_type: &'a str,
    /// What is in it.
    pub content: &'a [u8],
}

/// What a POST leaves behind.
///
/// Where there is no document yet, the sent one as it is (one that calls itself JSON must be JSON). Where there is, both
/// must be JSON objects, and the properties of the sent one are set on the stored one, one level deep (Communication 2.2);
/// the merged text keeps the stored properties in their order and every value as it was spelt.
pub fn merge_document(
    stored: Option<Document<'_>>,
    sent: Document<'_>,
    version: Version,
) -> Result<Vec<u8>, Faults> {
    let fault = |what: String| Fault::new(&rules::DOCUMENT_MERGE, version, "$", what);
    let Some(stored) = stored else {
        check_document(sent, version)?;
        return Ok(sent.content.to_vec());
    };
    let mut faults = Vec::new();
    for (which, document) in [("sent", sent), ("stored", stored)] {
        if !is_json(document.content_type) {
            faults.push(fault(format!(
                "the {which} document is of type `{}`",
                crate::json::short(document.content_type, 80)
            )));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let old_text = utf8(stored.content, version)?;
    let new_text = utf8(sent.content, version)?;
    let old = read(old_text, version)?;
    let new = read(new_text, version)?;
    for (which, doc) in [("sent", &new), ("stored", &old)] {
        if doc.root().kind() != Kind::Object {
            faults
                .push(fault(format!("the {which} document is {}, not an object", doc.root().kind().named())));
        }
    }
    faults.extend(new.repeated().map(|v| {
        Fault::new(&rules::JSON_REPEATED_KEY, version, v.path("$"), "the property is there a second time")
    }));
    if !faults.is_empty() {
        return Err(faults);
    }
    let (old, new) = (old.root(), new.root());
    let sent: HashMap<&str, Value<'_>> = new.members().collect();
    let known: HashSet<&str> = old.members().map(|(key, _)| key).collect();
    let kept = old.members().map(|(key, v)| (key, sent.get(key).copied().unwrap_or(v)));
    let added = new.members().filter(|(key, _)| !known.contains(key));
    let mut out = "{".to_owned();
    for (n, (key, value)) in kept.chain(added).enumerate() {
        if n > 0 {
            out.push(',');
        }
        quote(key, &mut out);
        out.push(':');
        out.push_str(value.raw());
    }
    out.push('}');
    Ok(out.into_bytes())
}

/// A document that calls itself JSON is a valid JSON text; others are whatever they are.
pub fn check_document(sent: Document<'_>, version: Version) -> Result<(), Faults> {
    if is_json(sent.content_type) {
        let doc = read(utf8(sent.content, version)?, version)?;
        let faults: Faults = doc
            .repeated()
            .map(|v| {
                Fault::new(
                    &rules::JSON_REPEATED_KEY,
                    version,
                    v.path("$"),
                    "the property is there a second time",
                )
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn utf8(bytes: &[u8], version: Version) -> Result<&str, Faults> {
    std::str::from_utf8(bytes).map_err(|e| {
        let what = format!("byte {} of the document does not belong to UTF-8 text", e.valid_up_to());
        vec![Fault::new(&rules::JSON_UTF8, version, "$", what)]
    })
}

fn read(text: &str, version: Version) -> Result<Doc<'_>, Faults> {
    if text.len() > u32::MAX as usize {
        return Err(vec![Fault::new(&rules::JSON_SIZE, version, "$", "the document is larger than 4 GiB")]);
    }
    Doc::read(text, 64).map_err(|broken| vec![Fault::new(broken.rule, version, broken.path, broken.what)])
}

/// The entity tag of a document: the SHA-1 of its content in lower-case hexadecimal, in quotes (Communication 3.1).
pub fn etag(content: &[u8]) -> String {
    let mut out = String::with_capacity(42);
    out.push('"');
    crate::multipart::hex(&Sha1::digest(content), &mut out);
    out.push('"');
    out
}

/// What a sender knows of the document that it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    /// Each with its quotes; weak ones are left out, since the comparison is strong.
    Strong(Vec<String>),
}

impl Preconditions {
    /// From the values of `If-Match` and `If-None-Match`.
    pub fn from_headers(
        if_match: Option<&str>,
        if_none_match: Option<&str>,
        version: Version,
    ) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut read = |name: &str, value: Option<&str>| {
            let text = value?;
            let tags = tags(text);
            if tags.is_none() {
                let what = format!(
                    "`{}` is neither `*` nor quoted tags",
                    crate::json::short(text, 80).escape_debug()
                );
                faults.push(Fault::new(&rules::PRECONDITION_FORM, version, format!("header {name}"), what));
            }
            tags
        };
        let preconditions = Self {
            if_match: read("If-Match", if_match),
            if_none_match: read("If-None-Match", if_none_match),
        };
        if faults.is_empty() { Ok(preconditions) } else { Err(faults) }
    }
}

/// A SHA-1 without its quotes is let through: some libraries work the tag out themselves and forget them.
fn tags(text: &str) -> Option<Tags> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Tags::Any);
    }
    if crate::agent::is_sha1(rest) {
        return Some(Tags::Strong(vec![format!("\"{}\"", rest.to_ascii_lowercase())]));
    }
    let mut list = Vec::new();
    loop {
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
        let inner = quoted.strip_prefix('"')?;
        let end = inner.find('"')?;
        if inner[..end].contains(char::is_control) {
            return None;
        }
        if !weak {
            list.push(format!("\"{}\"", &inner[..end]));
        }
        rest = inner[end + 1..].trim_start();
        if rest.is_empty() {
            return Some(Tags::Strong(list));
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// Where a document belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `activities/state`.
    State,
    /// `agents/profile`.
    AgentProfile,
    /// `activities/profile`.
    ActivityProfile,
}

/// What is done to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Put in its place.
    Put,
    /// Merged into it.
    Post,
    /// Taken away.
    Delete,
}

/// Why a write may not go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: a profile is put without a word on what is known of it.
    #[error(
        "send If-None-Match: * to put a profile document that is new, or If-Match with its ETag to replace one"
    )]
    Unconditional,
    /// 409: there is a document, and the sender does not show that it has seen it.
    #[error("there is a document already: get it, check it, and send its ETag as If-Match to replace it")]
    Conflict,
    /// 412: the document is not what the sender thinks it is.
    #[error("the document is not as the precondition says: get it again, and send its new ETag as If-Match")]
    PreconditionFailed,
}

/// Whether a write may go ahead. `current` is the entity tag of the stored document, if there is one.
///
/// A state document may be put without preconditions in 1.0.3; in 2.0 only where there is none (4.1.4).
/// A profile document is never put without them (Communication 3.1).
pub fn may_write(
    resource: Resource,
    write: Write,
    preconditions: &Preconditions,
    current: Option<&str>,
    version: Version,
) -> Result<(), Refusal> {
    let among = |tags: &Tags| match (tags, current) {
        (_, None) => false,
        (Tags::Any, Some(_)) => true,
        (Tags::Strong(list), Some(tag)) => list.iter().any(|t| t == tag),
    };
    if preconditions.if_match.as_ref().is_some_and(|tags| !among(tags))
        || preconditions.if_none_match.as_ref().is_some_and(among)
    {
        return Err(Refusal::PreconditionFailed);
    }
    let silent = *preconditions == Preconditions::default();
    match (write, resource, current) {
        (Write::Put, Resource::State, _) if silent && version == Version::V1_0_3 => Ok(()),
        (Write::Put, _, Some(_)) if silent => Err(Refusal::Conflict),
        (Write::Put, Resource::AgentProfile | Resource::ActivityProfile, None) if silent => {
            Err(Refusal::Unconditional)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json; charset=utf-8";

    fn merged(stored: Option<(&str, &str)>, sent: (&str, &str)) -> Result<String, String> {
        let document = |(content_type, text)| Document { content_type, content: str::as_bytes(text) };
        merge_document(stored.map(document), document(sent), Version::V1_0_3)
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .map_err(|faults| {
                faults.iter().map(|f| format!("{} {}", f.path, f.rule)).collect::<Vec<_>>().join(", ")
            })
    }

    #[test]
    fn posts_merge_one_level_deep() {
        let stored = Some((JSON, r#"{"x": {"a": 1, "b": 2}, "y": 1.50}"#));
        assert_eq!(
            merged(stored, (JSON, r#"{"z": [1], "x": {"c": 3}}"#)).unwrap(),
            r#"{"x":{"c": 3},"y":1.50,"z":[1]}"#
        );
        assert_eq!(merged(stored, (JSON, "{}")).unwrap(), r#"{"x":{"a": 1, "b": 2},"y":1.50}"#);
        assert_eq!(merged(None, (JSON, " [1] ")).unwrap(), " [1] ");
        assert_eq!(merged(None, ("text/plain", "{")).unwrap(), "{");
        assert_eq!(merged(None, (JSON, "{")).unwrap_err(), "$ json-well-formed");
        assert_eq!(merged(None, (JSON, r#"{"a":1,"a":2}"#)).unwrap_err(), "$.a json-repeated-key");
        assert_eq!(merged(stored, ("text/plain", "{}")).unwrap_err(), "$ document-merge");
        assert_eq!(merged(Some(("not/json", "{}")), (JSON, "{}")).unwrap_err(), "$ document-merge");
        assert_eq!(merged(stored, (JSON, "[]")).unwrap_err(), "$ document-merge");
        assert_eq!(merged(Some((JSON, "1")), (JSON, "{}")).unwrap_err(), "$ document-merge");
        assert_eq!(merged(stored, (JSON, "{}{")).unwrap_err(), "$ json-well-formed");
    }

    #[test]
    fn tags_are_quoted_sha1() {
        assert_eq!(etag(b"abc"), "\"a9993e364706816aba3e25717850c26c9cd0d89d\"");
    }

    #[test]
    fn preconditions() {
        use Refusal::*;
        use Resource::*;
        let tag = etag(b"x");
        let other = etag(b"y");
        let both = format!("{other}, {tag}");
        let weak = format!("W/{tag}");
        let may = |resource,
                   write,
                   if_match: Option<&str>,
                   if_none: Option<&str>,
                   current: Option<&str>,
                   version| {
            may_write(
                resource,
                write,
                &Preconditions::from_headers(if_match, if_none, version).unwrap(),
                current,
                version,
            )
        };
        let (old, new) = (Version::V1_0_3, Version::V2_0);
        let here = Some(tag.as_str());
        for version in [old, new] {
            for resource in [State, AgentProfile, ActivityProfile] {
                for write in [Write::Put, Write::Post, Write::Delete] {
                    let may = |m, n, c| may(resource, write, m, n, c, version);
                    assert_eq!(may(Some(&tag), None, here), Ok(()));
                    assert_eq!(may(Some(&both), None, here), Ok(()));
                    assert_eq!(may(Some(tag.trim_matches('"')), None, here), Ok(()));
                    assert_eq!(may(Some("*"), None, here), Ok(()));
                    assert_eq!(may(Some(&other), None, here), Err(PreconditionFailed));
                    assert_eq!(may(Some(&weak), None, here), Err(PreconditionFailed));
                    assert_eq!(may(Some("*"), None, None), Err(PreconditionFailed));
                    assert_eq!(may(None, Some("*"), None), Ok(()));
                    assert_eq!(may(None, Some("*"), here), Err(PreconditionFailed));
                    assert_eq!(may(None, Some(&tag), here), Err(PreconditionFailed));
                    assert_eq!(may(None, Some(&other), here), Ok(()));
                }
                for write in [Write::Post, Write::Delete] {
                    assert_eq!(may(resource, write, None, None, here, version), Ok(()));
                    assert_eq!(may(resource, write, None, None, None, version), Ok(()));
                }
            }
            for profile in [AgentProfile, ActivityProfile] {
                assert_eq!(may(profile, Write::Put, None, None, None, version), Err(Unconditional));
                assert_eq!(may(profile, Write::Put, None, None, here, version), Err(Conflict));
            }
            assert_eq!(may(State, Write::Put, None, None, None, version), Ok(()));
        }
        assert_eq!(may(State, Write::Put, None, None, here, old), Ok(()));
        assert_eq!(may(State, Write::Put, None, None, here, new), Err(Conflict));
        for bad in ["", "abc", "\"abc", "\"a\" \"b\"", "\"a\",", "*,*", "W/abc"] {
            assert!(Preconditions::from_headers(Some(bad), None, old).is_err(), "{bad}");
        }
    }
}
