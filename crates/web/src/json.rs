//! JSON as it comes in: read strictly, and every fault named by its place.
//!
//! Beyond what the type asks for, duplicate keys are refused (two readers could each believe another one),
//! and nesting deeper than [`DEPTH`].

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use app::Fault;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// How deep objects and lists may nest.
pub const DEPTH: usize = 64;

/// Reads a value from JSON text.
///
/// # Errors
/// The first fault, with its place as in `body.items[3].value`.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let mut path = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Strict { path: &mut path }.deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = read {
        return Err(Fault::at(shown(&path), in_words(&error)));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = match error.path().to_string().as_str() {
            "." => "body".to_owned(),
            path if path.starts_with('[') => format!("body{path}"),
            path => format!("body.{path}"),
        };
        Fault::at(place, in_words(error.inner()))
    })
}

/// The fault in words. serde_json adds the line and column, which help where the place alone does not.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.is_syntax() || error.is_eof() { format!("this is not JSON: {text}") } else { text }
}

/// The first control character of a text that is neither a tab nor the end of a line. Nobody types one, and no database
/// keeps all of them.
pub(crate) fn control(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// Why a text with one is refused.
pub(crate) fn no_control(c: char) -> String {
    format!("holds the control character U+{:04X}; take it out", u32::from(c))
}

enum Step {
    Key(String),
    Item(usize),
}

fn shown(path: &[Step]) -> String {
    let mut text = "body".to_owned();
    for step in path {
        match step {
            Step::Key(key) => {
                text.push('.');
                text.extend(key.chars().take(80));
            }
            Step::Item(n) => text.push_str(&format!("[{n}]")),
        }
    }
    text
}

/// Walks a value and keeps nothing but the path, which stays where the first fault is.
struct Strict<'a> {
    path: &'a mut Vec<Step>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        if self.path.len() > DEPTH {
            return Err(D::Error::custom(format!("nested deeper than {DEPTH}; flatten it")));
        }
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        control(text).map_or(Ok(()), |c| Err(E::custom(no_control(c))))
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for n in 0.. {
            self.path.push(Step::Item(n));
            if list.next_element_seed(Strict { path: self.path })?.is_none() {
                self.path.pop();
                break;
            }
            self.path.pop();
        }
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            self.path.push(Step::Key(key.to_string()));
            if let Some(c) = control(&key) {
                return Err(A::Error::custom(no_control(c)));
            }
            if !seen.insert(key) {
                return Err(A::Error::custom("this key appears twice in the same object; keep one"));
            }
            map.next_value_seed(Strict { path: self.path })?;
            self.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        value: f64,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Batch {
        items: Vec<Item>,
    }

    fn fault(text: &str) -> (String, String) {
        let fault = parse::<Batch>(text.as_bytes()).unwrap_err();
        (fault.place, fault.reason)
    }

    #[test]
    fn reads_what_is_right() {
        let batch: Batch = parse(br#" {"items": [{"value": 1.5}, {"value": -2}]} "#).unwrap();
        assert_eq!(batch.items.len(), 2);
    }

    #[test]
    fn names_the_place_of_a_fault() {
        assert_eq!(fault(r#"{"items": [{"value": 1}, {"value": "x"}]}"#).0, "body.items[1].value");
        assert_eq!(fault(r#"{"items": [{"value": 1, "price": 2}]}"#).0, "body.items[0].price");
        let (place, reason) = fault(r#"{"items": [{"value": 1, "value": 2}]}"#);
        assert_eq!(place, "body.items[0].value");
        assert!(reason.contains("twice"), "{reason}");
        assert_eq!(fault("{}").0, "body");
        assert_eq!(fault("[]").0, "body");
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for text in [
            "",
            "{",
            "nul",
            r#"{"items": [}"#,
            "{} {}",
            r#"{"items": NaN}"#,
            r#"{"items": [{"value": 1e999}]}"#,
            "\u{feff}{}",
        ] {
            let (_, reason) = fault(text);
            assert!(reason.contains("not JSON") || reason.contains("out of range"), "{text}: {reason}");
        }
        assert!(parse::<Batch>(b"{\"items\": \"\xff\"}").is_err());
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse::<serde_json::Value>(nested(DEPTH).as_bytes()).is_ok());
        let fault = parse::<serde_json::Value>(nested(DEPTH + 2).as_bytes()).unwrap_err();
        assert!(fault.reason.contains("deeper"), "{}", fault.reason);
        assert!(parse::<serde_json::Value>(nested(100_000).as_bytes()).is_err());
    }
}
