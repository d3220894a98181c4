//! Who: agents, groups, and the key by which two of them are the same.

use std::fmt;
use std::str::FromStr;

use crate::json::quote;

/// How an Agent or an identified Group is told from every other: its inverse functional identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ifi {
    /// A `mailto:` IRI, as sent.
    Mbox(String),
    /// The SHA-1 of a `mailto:` IRI in hexadecimal, as sent.
    MboxSha1(String),
    /// An OpenID IRI.
    OpenId(String),
    /// An account in some system.
    Account {
        /// The system, by the IRL of its home page.
        home_page: String,
        /// The account's name or number there.
        name: String,
    },
}

impl Ifi {
    /// The key text; see [`IfiKey`].
    pub fn key(&self) -> IfiKey {
        IfiKey(match self {
            Ifi::Mbox(mailto) => format!("mbox:{}", lower_domain(mailto)),
            Ifi::MboxSha1(hash) => format!("mbox_sha1sum:{}", hash.to_ascii_lowercase()),
            Ifi::OpenId(iri) => format!("openid:{iri}"),
            Ifi::Account { home_page, name } => format!("account:{home_page}|{name}"),
        })
    }

    /// The property as JSON, such as `"mbox":"mailto:ana@example.com"`, without braces.
    fn write_json(&self, out: &mut String) {
        let (name, text) = match self {
            Ifi::Mbox(text) => ("mbox", text),
            Ifi::MboxSha1(text) => ("mbox_sha1sum", text),
            Ifi::OpenId(text) => ("openid", text),
            Ifi::Account { home_page, name } => {
                out.push_str("\"account\":{\"homePage\":");
                quote(home_page, out);
                out.push_str(",\"name\":");
                quote(name, out);
                out.push('}');
                return;
            }
        };
        quote(name, out);
        out.push(':');
        quote(text, out);
    }
}

/// The domain of an address ignores case, the part before the `@` does not.
fn lower_domain(mailto: &str) -> String {
    match mailto.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => mailto.to_owned(),
    }
}

/// An identifier as one text, equal exactly where the specification calls two agents the same:
/// `mbox:mailto:ana@example.com`, `mbox_sha1sum:…`, `openid:…`, `account:HOMEPAGE|NAME`.
///
/// A home page is an IRI and so holds no `|`: the first one parts it from the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfiKey(String);

/// A text that is no [`IfiKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an agent key such as `mbox:mailto:ana@example.com`")]
pub struct BadKey(String);

impl IfiKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as text, given away.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The identifier that the key stands for, in its normal form.
    pub fn ifi(&self) -> Ifi {
        let (kind, rest) = self.0.split_once(':').unwrap_or_default();
        match kind {
            "mbox" => Ifi::Mbox(rest.to_owned()),
            "mbox_sha1sum" => Ifi::MboxSha1(rest.to_owned()),
            "openid" => Ifi::OpenId(rest.to_owned()),
            _ => {
                let (home_page, name) = rest.split_once('|').unwrap_or_default();
                Ifi::Account { home_page: home_page.to_owned(), name: name.to_owned() }
            }
        }
    }

    /// What to show a reader who has no better name: the address, or the account's name.
    pub fn label(&self) -> String {
        match self.ifi() {
            Ifi::Mbox(mailto) => mailto.strip_prefix("mailto:").unwrap_or(&mailto).to_owned(),
            Ifi::MboxSha1(text) | Ifi::OpenId(text) => text,
            Ifi::Account { name, .. } => name,
        }
    }

    /// An Agent of this identifier as JSON, with its name where it is known.
    pub fn agent_json(&self, name: Option<&str>) -> String {
        actor_json("Agent", name, Some(&self.ifi()), &[])
    }
}

impl fmt::Display for IfiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IfiKey {
    type Err = BadKey;
    /// Takes a key apart again; an unusual spelling comes back in its normal form.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(crate::json::short(text, 80).into_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(bad)?;
        let ifi = match kind {
            "mbox" if crate::iri::mailto_fault(rest).is_none() => Ifi::Mbox(rest.to_owned()),
            "mbox_sha1sum" if is_sha1(rest) => Ifi::MboxSha1(rest.to_owned()),
            "openid" if crate::iri::is_iri(rest) => Ifi::OpenId(rest.to_owned()),
            "account" => {
                let (home_page, name) = rest.split_once('|').ok_or_else(bad)?;
                if !crate::iri::is_iri(home_page) {
                    return Err(bad());
                }
                Ifi::Account { home_page: home_page.to_owned(), name: name.to_owned() }
            }
            _ => return Err(bad()),
        };
        Ok(ifi.key())
    }
}

pub(crate) fn is_sha1(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// One someone, or something that acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The name to show.
    pub name: Option<String>,
    /// Who it is.
    pub ifi: Ifi,
}

impl Agent {
    /// As JSON with its objectType.
    pub fn to_json(&self) -> String {
        actor_json("Agent", self.name.as_deref(), Some(&self.ifi), &[])
    }
}

/// Several agents together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name to show.
    pub name: Option<String>,
    /// Which group it is; an unnamed (anonymous) group has none and is told by its members.
    pub ifi: Option<Ifi>,
    /// Its members, as far as they are told. Their order means nothing.
    pub members: Vec<Agent>,
}

/// An Agent or a Group, where the specification lets either stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// One.
    Agent(Agent),
    /// Several.
    Group(Group),
}

impl Actor {
    /// Its identifier, if it has one of its own.
    pub fn ifi(&self) -> Option<&Ifi> {
        match self {
            Actor::Agent(agent) => Some(&agent.ifi),
            Actor::Group(group) => group.ifi.as_ref(),
        }
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Actor::Agent(agent) => agent.name.as_deref(),
            Actor::Group(group) => group.name.as_deref(),
        }
    }

    /// Its members; an Agent has none.
    pub fn members(&self) -> &[Agent] {
        match self {
            Actor::Agent(_) => &[],
            Actor::Group(group) => &group.members,
        }
    }

    /// As JSON with its objectType.
    pub fn to_json(&self) -> String {
        match self {
            Actor::Agent(agent) => agent.to_json(),
            Actor::Group(group) => {
                actor_json("Group", group.name.as_deref(), group.ifi.as_ref(), &group.members)
            }
        }
    }
}

/// The key of an agent or identified group; `None` for an unnamed group.
pub fn agent_key(actor: &Actor) -> Option<IfiKey> {
    actor.ifi().map(Ifi::key)
}

fn actor_json(object_type: &str, name: Option<&str>, ifi: Option<&Ifi>, members: &[Agent]) -> String {
    let mut out = format!("{{\"objectType\":\"{object_type}\"");
    if let Some(name) = name {
        out.push_str(",\"name\":");
        quote(name, &mut out);
    }
    if let Some(ifi) = ifi {
        out.push(',');
        ifi.write_json(&mut out);
    }
    if !members.is_empty() {
        out.push_str(",\"member\":[");
        for (n, member) in members.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str(&member.to_json());
        }
        out.push(']');
    }
    out.push('}');
    out
}

/// The Person object of the agents resource: all that is known under one identity, each value once, as lists.
///
/// `agents` are what statements called this identity; the specification forbids to add other identities that the
/// server merely believes to be the same human (Communication 2.4), unless the caller has them on record.
pub fn person_json<'a>(agents: impl IntoIterator<Item = &'a Agent>) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut lists: [(&str, Vec<String>); 4] =
        [("mbox", vec![]), ("mbox_sha1sum", vec![]), ("openid", vec![]), ("account", vec![])];
    for agent in agents {
        if let Some(name) = agent.name.as_deref()
            && !names.contains(&name)
        {
            names.push(name);
        }
        let mut property = String::new();
        agent.ifi.write_json(&mut property);
        let place = match agent.ifi {
            Ifi::Mbox(_) => 0,
            Ifi::MboxSha1(_) => 1,
            Ifi::OpenId(_) => 2,
            Ifi::Account { .. } => 3,
        };
        let value = property.split_once(':').map_or(String::new(), |(_, value)| value.to_owned());
        if !lists[place].1.contains(&value) {
            lists[place].1.push(value);
        }
    }
    let mut out = "{\"objectType\":\"Person\"".to_owned();
    if !names.is_empty() {
        out.push_str(",\"name\":[");
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            quote(name, &mut out);
        }
        out.push(']');
    }
    for (property, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        out.push_str(&format!(",\"{property}\":[{}]", values.join(",")));
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(home_page: &str, name: &str) -> Ifi {
        Ifi::Account { home_page: home_page.into(), name: name.into() }
    }

    #[test]
    fn keys_are_normal_and_come_back() {
        for (ifi, want) in [
            (Ifi::Mbox("mailto:Ana@Example.COM".into()), "mbox:mailto:Ana@example.com"),
            (
                Ifi::MboxSha1("EBD31E95054C018B10727CCFFD2EF2EC3A016EE9".into()),
                "mbox_sha1sum:ebd31e95054c018b10727ccffd2ef2ec3a016ee9",
            ),
            (Ifi::OpenId("http://ana.example.org/".into()), "openid:http://ana.example.org/"),
            (account("https://lms.example.com", "a|b:c"), "account:https://lms.example.com|a|b:c"),
            (account("https://lms.example.com", ""), "account:https://lms.example.com|"),
        ] {
            let key = ifi.key();
            assert_eq!(key.as_str(), want);
            assert_eq!(want.parse::<IfiKey>().as_ref(), Ok(&key));
            assert_eq!(key.ifi().key(), key);
        }
        assert_eq!("mbox:mailto:a@B.com".parse::<IfiKey>().unwrap().as_str(), "mbox:mailto:a@b.com");
        for bad in [
            "",
            "mbox",
            "mbox:a@b.c",
            "account:nope|x",
            "account:http://x.y",
            "openid:x",
            "name:x",
            "mbox_sha1sum:12",
        ] {
            assert!(bad.parse::<IfiKey>().is_err(), "{bad}");
        }
        assert_eq!(account("https://lms.example.com", "4711").key().label(), "4711");
    }

    #[test]
    fn person_lists_each_value_once() {
        let agent = |name: &str, ifi: Ifi| Agent { name: Some(name.into()), ifi };
        let json = person_json(&[
            agent("Ana", Ifi::Mbox("mailto:ana@example.com".into())),
            agent("Ana B \"x\"", Ifi::Mbox("mailto:ana@example.com".into())),
            agent("Ana", account("https://lms.example.com", "1")),
        ]);
        assert_eq!(
            json,
            r#"{"objectType":"Person","name":["Ana","Ana B \"x\""],"mbox":["mailto:ana@example.com"],"account":[{"homePage":"https://lms.example.com","name":"1"}]}"#
        );
        assert_eq!(person_json(&[]), r#"{"objectType":"Person"}"#);
    }
}
