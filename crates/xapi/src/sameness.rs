//! When two statements mean the same (Data 2.3.1, Statement Comparison Requirements).
//!
//! What does not count: the properties that a server may set (`id`, `authority`, `stored`, `version`, and `timestamp` where one
//! of the two lacks it or has it from a server); activity definitions and verb displays; the order of properties and of a
//! group's members; an activity that stands alone instead of in a list; the zone of a timestamp; case in UUIDs, hashes,
//! language tags and the domain of an address; how a number is spelt; digits of a duration beyond a hundredth of a second;
//! an objectType that only says what is meant without it; layout and escapes. Everything else counts.

use std::borrow::Cow;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::json::{Doc, Kind, Value};
use crate::shape::Shape;
use crate::statement::SIGNATURE_USAGE;
use crate::{Version, time};

/// Deep enough for every text that was accepted before.
const DEPTH: usize = 256;

/// The SHA-256 of what a statement means, its timestamp left out; `None` for a text that is no JSON object.
///
/// Equal for two statements of the same meaning. Where it is equal, their timestamps may still differ:
/// [`same_meaning`] compares these too.
pub fn fingerprint(statement: &str) -> Option<[u8; 32]> {
    let doc = Doc::read(statement, DEPTH).ok()?;
    (doc.root().kind() == Kind::Object).then(|| Sha256::digest(meaning(doc.root(), false)).into())
}

/// Whether two statements, as received or as stored, mean the same.
pub fn same_meaning(a: &str, b: &str) -> bool {
    compare(a, b, false)
}

/// Whether a signed statement means the same as the payload of its signature: the signature itself does not count.
pub(crate) fn same_but_for_signature(statement: &str, payload: &str) -> bool {
    compare(statement, payload, true)
}

fn compare(a: &str, b: &str, skip_signatures: bool) -> bool {
    let (Ok(a), Ok(b)) = (Doc::read(a, DEPTH), Doc::read(b, DEPTH)) else { return false };
    let (a, b) = (a.root(), b.root());
    if a.kind() != Kind::Object || b.kind() != Kind::Object {
        return false;
    }
    let times_agree = match (own_timestamp(a), own_timestamp(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    times_agree && meaning(a, skip_signatures) == meaning(b, skip_signatures)
}

/// The timestamp, unless the server set it: then it is that of `stored`.
fn own_timestamp(statement: Value<'_>) -> Option<Timestamp> {
    let moment = |name| statement.get(name).and_then(Value::text).and_then(read_moment);
    let at = moment("timestamp")?;
    (moment("stored") != Some(at)).then_some(at)
}

fn read_moment(text: &str) -> Option<Timestamp> {
    time::timestamp(text, Version::V1_0_3).ok()
}

/// What a statement means, as bytes that are equal exactly for equal meanings.
fn meaning(statement: Value<'_>, skip_signatures: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(statement.span().len());
    Writer { skip_signatures }.write(statement, Shape::Statement, &mut out);
    out
}

struct Writer {
    skip_signatures: bool,
}

impl Writer {
    fn write(&self, value: Value<'_>, shape: Shape, out: &mut Vec<u8>) {
        match value.kind() {
            Kind::Object if shape == Shape::Activities => self.list([value].into_iter(), shape, out),
            Kind::Object => self.object(value, shape, out),
            Kind::Array => self.list(value.items(), shape, out),
            Kind::String => text(&normal_text(value.text().unwrap_or_default(), shape), out),
            Kind::Number => {
                out.push(b'n');
                text(&normal_number(value.raw()), out);
            }
            Kind::Bool | Kind::Null => out.push(value.raw().as_bytes()[0]),
        }
    }

    fn object(&self, value: Value<'_>, shape: Shape, out: &mut Vec<u8>) {
        let mut members: Vec<(Cow<'_, str>, Value<'_>)> = value
            .members()
            .filter(|(key, v)| self.counts(shape, key, *v))
            .map(|(key, v)| match shape {
                Shape::LanguageMap => (key.to_ascii_lowercase().into(), v),
                _ => (key.into(), v),
            })
            .collect();
        members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        out.push(b'{');
        for (key, v) in members {
            text(&key, out);
            self.write(v, shape.property(&key, v), out);
        }
        out.push(b'}');
    }

    fn counts(&self, shape: Shape, key: &str, value: Value<'_>) -> bool {
        match (shape, key) {
            (Shape::Statement, "id" | "stored" | "authority" | "version" | "timestamp") => false,
            (Shape::Statement | Shape::SubStatement, "attachments") => {
                value.items().any(|a| !self.skipped(Shape::Attachment, a))
            }
            (Shape::Verb, "display") | (Shape::Activity, "definition") => false,
            (Shape::Activity | Shape::Agent, "objectType") => false,
            _ => true,
        }
    }

    fn skipped(&self, shape: Shape, item: Value<'_>) -> bool {
        self.skip_signatures
            && shape == Shape::Attachment
            && item.get("usageType").and_then(Value::text) == Some(SIGNATURE_USAGE)
    }

    fn list<'d>(&self, items: impl Iterator<Item = Value<'d>>, shape: Shape, out: &mut Vec<u8>) {
        let item_shape = shape.item();
        out.push(b'[');
        if shape == Shape::Members {
            let mut written: Vec<Vec<u8>> = items
                .map(|item| {
                    let mut bytes = Vec::new();
                    self.write(item, item_shape, &mut bytes);
                    bytes
                })
                .collect();
            written.sort_unstable();
            out.extend(written.into_iter().flatten());
        } else {
            for item in items.filter(|item| !self.skipped(item_shape, *item)) {
                self.write(item, item_shape, out);
            }
        }
        out.push(b']');
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn normal_text(text: &str, shape: Shape) -> Cow<'_, str> {
    match shape {
        Shape::Uuid | Shape::AnyCase => text.to_ascii_lowercase().into(),
        Shape::Moment => read_moment(text).map_or_else(|| text.into(), |at| at.to_string().into()),
        Shape::Mailto => match text.rsplit_once('@') {
            Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()).into(),
            None => text.into(),
        },
        Shape::Duration => {
            let Some(point) = text.find(['.', ',']) else { return text.into() };
            let digits = text[point + 1..].bytes().take_while(u8::is_ascii_digit).count();
            if digits <= 2 || !text.ends_with('S') {
                return text.into();
            }
            format!("{}{}", &text[..point + 3], &text[point + 1 + digits..]).into()
        }
        _ => text.into(),
    }
}

/// A number without the freedom of its spelling: its digits and the power of ten of the last one.
pub(crate) fn normal_number(raw: &str) -> String {
    let (sign, unsigned) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let kept = digits.trim_end_matches('0');
    let Ok(exponent) = exponent.parse::<i64>() else { return raw.to_owned() };
    let power =
        exponent.saturating_sub(fraction.len() as i64).saturating_add((digits.len() - kept.len()) as i64);
    format!("{sign}{kept}e{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for same in [
            &["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.00"][..],
            &["0", "-0", "0.0", "0e9"],
            &["-120", "-1.2e2", "-120.0"],
        ] {
            for n in same {
                assert_eq!(normal_number(n), normal_number(same[0]), "{n}");
            }
        }
        for (a, b) in
            [("1", "10"), ("1", "-1"), ("0.1", "0.01"), ("12", "21"), ("0.1", "0.10000000000000000001")]
        {
            assert_ne!(normal_number(a), normal_number(b));
        }
        let _ = normal_number("1e-99999999999999999999");
    }
}
