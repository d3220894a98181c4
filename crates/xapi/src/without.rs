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
    let doc = Doc::read(text, DEPTH).ok()?;
    let mut out = String::with_capacity(text.len());
    Without { them, instead, word }.write(doc.root(), &mut out);
    Some(out)
}

struct Without<'f> {
    them: &'f dyn Fn(&str) -> bool,
    instead: &'f str,
    word: &'f dyn Fn(&str) -> Option<String>,
}

impl Without<'_> {
    fn write(&self, value: Value<'_>, out: &mut String) {
        match value.kind() {
            Kind::Object if ifi(value).is_some_and(|ifi| (self.them)(ifi.key().as_str())) => {
                out.push_str(self.instead);
            }
            Kind::Object => {
                out.push('{');
                for (n, (key, value)) in value.members().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    self.write(value, out);
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (n, item) in value.items().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    self.write(item, out);
                }
                out.push(']');
            }
            Kind::String => match value.text().and_then(|text| (self.word)(text)) {
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

/// Gives every string of a statement, with its actor as it was written, but for the names and identifiers of agents.
/// Gives nothing for a text that is no JSON.
pub fn each_string(text: &str, mut give: impl FnMut(&str, &str)) {
    let Ok(doc) = Doc::read(text, DEPTH) else { return };
    let actor = doc.root().get("actor").map_or("", Value::raw);
    each(doc.root(), &mut |text| give(actor, text));
}

fn each(value: Value<'_>, give: &mut dyn FnMut(&str)) {
    match value.kind() {
        Kind::Object if ifi(value).is_some() => {
            let home = value.get("account").and_then(|account| account.get("homePage"));
            let rest = ["objectType", "member"].into_iter().filter_map(|key| value.get(key));
            rest.chain(home).for_each(|v| each(v, give));
        }
        Kind::Object => value.members().for_each(|(_, v)| each(v, give)),
        Kind::Array => value.items().for_each(|v| each(v, give)),
        Kind::String => value.text().into_iter().for_each(give),
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
        let mut all = Vec::new();
        each_string(
            r#"{"actor":{"mbox":"m"},"result":{"response":"r\u0021","x":[1,"y"]}}"#,
            |actor, text| {
                assert_eq!(actor, r#"{"mbox":"m"}"#);
                all.push(text.to_owned());
            },
        );
        assert_eq!(all, ["r!", "y"], "the address of an agent is not among them");
    }
}
