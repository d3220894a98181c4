//! A statement without somebody, for when they are erased; and what a statement says in strings, for whoever must know
//! which of them are about one person alone.

use crate::agent::Ifi;
use crate::json::{Doc, Kind, Value, quote};

/// Deep enough for every text that was accepted before.
const DEPTH: usize = 256;

/// A text of JSON in which every agent whose key `them` knows, wherever it stands, is `instead`, and every other string is what
/// `word` makes of it; `None` for a text that is no JSON. What neither is concerned with stays as it was written.
pub fn without(
    text: &str,
    them: &dyn Fn(&str) -> bool,
    instead: &str,
    word: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    rewritten(text, &Rewrite { them, instead, word: &|text, _| word(text) })
}

/// A text of JSON in which every string is what `word` makes of it, told whether an agent is called by it; `None` for a text that
/// is no JSON.
pub fn with_strings(text: &str, word: &dyn Fn(&str, Called) -> Option<String>) -> Option<String> {
    rewritten(text, &Rewrite { them: &|_| false, instead: "", word })
}

/// Whether an agent is called by a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It says something else.
    Nobody,
    /// It is the name or an identifier of an agent.
    Agent,
}

/// What the strings below a value are.
#[derive(Clone, Copy)]
enum Below {
    /// What they are anywhere.
    Anything,
    /// The account of an agent: its home page is many people's.
    Account,
    /// Names and identifiers of an agent.
    Identity,
}

impl Below {
    /// What the strings below a member of an object are, which is an `agent` or something else.
    fn member(self, agent: bool, key: &str) -> Self {
        match (self, key) {
            (Self::Anything, "account") if agent => Self::Account,
            (Self::Anything, "objectType" | "member") => Self::Anything,
            (Self::Anything, _) if agent => Self::Identity,
            (Self::Account, "homePage") => Self::Anything,
            (Self::Anything, _) => Self::Anything,
            (Self::Account | Self::Identity, _) => Self::Identity,
        }
    }
    fn called(self) -> Called {
        match self {
            Self::Anything => Called::Nobody,
            Self::Account | Self::Identity => Called::Agent,
        }
    }
}

fn rewritten(text: &str, rewrite: &Rewrite<'_>) -> Option<String> {
    let doc = Doc::read(text, DEPTH).ok()?;
    let mut out = String::with_capacity(text.len());
    rewrite.write(doc.root(), Below::Anything, &mut out);
    Some(out)
}

struct Rewrite<'f> {
    them: &'f dyn Fn(&str) -> bool,
    instead: &'f str,
    word: &'f dyn Fn(&str, Called) -> Option<String>,
}

impl Rewrite<'_> {
    fn write(&self, value: Value<'_>, below: Below, out: &mut String) {
        match value.kind() {
            Kind::Object => {
                let agent = ifi(value);
                if agent.as_ref().is_some_and(|ifi| (self.them)(ifi.key().as_str())) {
                    return out.push_str(self.instead);
                }
                out.push('{');
                for (n, (key, member)) in value.members().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    self.write(member, below.member(agent.is_some(), key), out);
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (n, item) in value.items().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    self.write(item, below, out);
                }
                out.push(']');
            }
            Kind::String => match value.text().and_then(|text| (self.word)(text, below.called())) {
                Some(other) => quote(&other, out),
                None => out.push_str(value.raw()),
            },
            _ => out.push_str(value.raw()),
        }
    }
}

/// The identifier of an object that looks like an agent.
fn ifi(value: Value<'_>) -> Option<Ifi> {
    value.members().find_map(|(key, v)| match key {
        "mbox" => Some(Ifi::Mbox(v.text()?.to_owned())),
        "mbox_sha1sum" => Some(Ifi::MboxSha1(v.text()?.to_owned())),
        "openid" => Some(Ifi::OpenId(v.text()?.to_owned())),
        "account" => Some(Ifi::Account {
            home_page: v.get("homePage")?.text()?.to_owned(),
            name: v.get("name")?.text()?.to_owned(),
        }),
        _ => None,
    })
}

/// Gives every string of a statement, with its actor as it was written and whether an agent is called by it.
/// Gives nothing for a text that is no JSON.
pub fn each_string(text: &str, mut give: impl FnMut(&str, &str, Called)) {
    let Ok(doc) = Doc::read(text, DEPTH) else { return };
    let actor = doc.root().get("actor").map_or("", Value::raw);
    each(doc.root(), Below::Anything, &mut |text, called| give(actor, text, called));
}

fn each(value: Value<'_>, below: Below, give: &mut dyn FnMut(&str, Called)) {
    match value.kind() {
        Kind::Object => {
            let agent = ifi(value).is_some();
            value.members().for_each(|(key, v)| each(v, below.member(agent, key), give));
        }
        Kind::Array => value.items().for_each(|v| each(v, below, give)),
        Kind::String => value.text().into_iter().for_each(|text| give(text, below.called())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_wherever_they_are_named_and_everything_else_stays() {
        let text = r#"{"actor":{"objectType":"Group","member":[{"name":"Ana","mbox":"mailto:ana@Example.com"},{"mbox":"mailto:bo@example.com"}]},
 "context":{"instructor":{"account":{"homePage":"https://a.example","name":"7"},"name":"Ana"},"extensions":{"https://x.example/e":["ask ana@example.com",1.50,{"openid":"https://ana.example"}]}}}"#;
        let them = |key: &str| {
            ["mbox:mailto:ana@example.com", "account:https://a.example|7", "openid:https://ana.example"]
                .contains(&key)
        };
        let word =
            |text: &str| text.contains("ana@example.com").then(|| text.replace("ana@example.com", "\"…\""));
        let out = without(text, &them, "{\"gone\":true}", &word).unwrap();
        assert_eq!(
            out,
            r#"{"actor":{"objectType":"Group","member":[{"gone":true},{"mbox":"mailto:bo@example.com"}]},"context":{"instructor":{"gone":true},"extensions":{"https://x.example/e":["ask \"…\"",1.50,{"gone":true}]}}}"#
        );
        assert_eq!(without("[", &them, "", &|_| None), None);
    }

    #[test]
    fn strings_come_with_their_actor() {
        let text = r#"{"actor":{"mbox":"m"},"context":{"team":{"objectType":"Group","account":{"homePage":"h","name":"t"},"member":[{"name":"n","openid":"o"}]}},"result":{"response":"r\u0021","x":[1,"y"]}}"#;
        let (mut said, mut called) = (Vec::new(), Vec::new());
        each_string(text, |actor, text, by| {
            assert_eq!(actor, r#"{"mbox":"m"}"#);
            if by == Called::Agent { &mut called } else { &mut said }.push(text.to_owned());
        });
        assert_eq!(said, ["Group", "h", "r!", "y"]);
        assert_eq!(called, ["m", "t", "n", "o"]);
        let out = with_strings(text, &|text, by| (by == Called::Agent).then(|| text.to_uppercase())).unwrap();
        assert_eq!(
            out,
            r#"{"actor":{"mbox":"M"},"context":{"team":{"objectType":"Group","account":{"homePage":"h","name":"T"},"member":[{"name":"N","openid":"O"}]}},"result":{"response":"r\u0021","x":[1,"y"]}}"#
        );
        assert_eq!(with_strings("[", &|_, _| None), None);
    }
}
