//! Agents, groups and authorities.

use super::Judge;
use crate::agent::{Actor, Agent, Group, Ifi, is_sha1};
use crate::json::{Value, short};
use crate::{iri, rules};

/// The properties of an Agent or Group, before they are judged.
#[derive(Default)]
struct Parts<'d> {
    object_type: Option<Value<'d>>,
    name: Option<Value<'d>>,
    member: Option<Value<'d>>,
    identifiers: Vec<(&'d str, Value<'d>)>,
}

const AGENT: [&str; 6] = ["objectType", "name", "mbox", "mbox_sha1sum", "openid", "account"];
const GROUP: [&str; 7] = ["objectType", "name", "member", "mbox", "mbox_sha1sum", "openid", "account"];

impl<'d> Judge<'d> {
    /// An Agent, or a Group where objectType says so.
    pub(crate) fn actor(&mut self, value: Value<'d>) -> Option<Actor> {
        let object_type = self.object(value)?.get("objectType");
        match object_type {
            None => self.agent(value).map(Actor::Agent),
            Some(v) => match self.one_of(v, &["Agent", "Group"], &rules::OBJECT_TYPE)? {
                "Group" => self.group(value).map(Actor::Group),
                _ => self.agent(value).map(Actor::Agent),
            },
        }
    }

    pub(crate) fn agent(&mut self, value: Value<'d>) -> Option<Agent> {
        let parts = self.who(value, &AGENT)?;
        if let Some(v) = parts.object_type {
            self.one_of(v, &["Agent"], &rules::OBJECT_TYPE);
        }
        let name = parts.name.and_then(|v| self.string(v)).map(str::to_owned);
        if parts.identifiers.is_empty() {
            let what = "an Agent without mbox, mbox_sha1sum, openid or account is nobody";
            self.fault(value, &rules::ACTOR_IDENTIFIER, what);
        }
        Some(Agent { name, ifi: self.identifier(value, &parts)? })
    }

    pub(super) fn group(&mut self, value: Value<'d>) -> Option<Group> {
        let parts = self.who(value, &GROUP)?;
        match parts.object_type {
            Some(v) => {
                self.one_of(v, &["Group"], &rules::OBJECT_TYPE)?;
            }
            None => self.missing(value, "objectType", &rules::OBJECT_TYPE),
        }
        let name = parts.name.and_then(|v| self.string(v)).map(str::to_owned);
        let members = match parts.member.and_then(|v| self.array(v)) {
            Some(list) => list.items().filter_map(|v| self.member(v)).collect(),
            None => Vec::new(),
        };
        if parts.identifiers.is_empty() && parts.member.is_none_or(|v| v.is_empty()) {
            let what = "a Group without an identifier has no members";
            self.fault(value, &rules::GROUP_MEMBERS, what);
        }
        Some(Group { name, ifi: self.identifier(value, &parts), members })
    }

    fn member(&mut self, value: Value<'d>) -> Option<Agent> {
        if let Some(v) = self.object(value)?.get("objectType")
            && v.text() == Some("Group")
        {
            self.fault(v, &rules::GROUP_MEMBERS, "a Group is here where an Agent belongs");
            return None;
        }
        self.agent(value)
    }

    fn who(&mut self, value: Value<'d>, known: &[&str]) -> Option<Parts<'d>> {
        let mut parts = Parts::default();
        for (key, v) in self.object(value)?.members() {
            match key {
                "objectType" => parts.object_type = Some(v),
                "name" => parts.name = Some(v),
                "member" if known.contains(&"member") => parts.member = Some(v),
                "mbox" | "mbox_sha1sum" | "openid" | "account" => parts.identifiers.push((key, v)),
                _ => self.unknown(key, v, known),
            }
        }
        Some(parts)
    }

    /// Judges every identifier that is there and gives the one there should be.
    fn identifier(&mut self, value: Value<'d>, parts: &Parts<'d>) -> Option<Ifi> {
        let mut found = None;
        for &(key, v) in &parts.identifiers {
            let ifi = match key {
                "mbox" => self.mbox(v),
                "mbox_sha1sum" => self.mbox_sha1(v),
                "openid" => self.iri(v).map(|text| Ifi::OpenId(text.to_owned())),
                _ => self.account(v),
            };
            found = found.or(ifi);
        }
        if parts.identifiers.len() > 1 {
            let names: Vec<_> = parts.identifiers.iter().map(|(key, _)| *key).collect();
            self.fault(
                value,
                &rules::ACTOR_IDENTIFIER,
                format!("there are {} identifiers: {}", names.len(), names.join(", ")),
            );
        }
        found
    }

    fn mbox(&mut self, value: Value<'d>) -> Option<Ifi> {
        let text = self.string(value)?;
        if let Some(why) = iri::mailto_fault(text) {
            let what = format!("`{}` is not a mailto IRI: {why}", short(text, 80).escape_debug());
            self.fault(value, &rules::MBOX, what);
            return None;
        }
        Some(Ifi::Mbox(text.to_owned()))
    }

    fn mbox_sha1(&mut self, value: Value<'d>) -> Option<Ifi> {
        let text = self.string(value)?;
        if !is_sha1(text) {
            let what = format!("`{}` is not a SHA-1 hash", short(text, 60).escape_debug());
            self.fault(value, &rules::MBOX_SHA1, what);
            return None;
        }
        Some(Ifi::MboxSha1(text.to_owned()))
    }

    fn account(&mut self, value: Value<'d>) -> Option<Ifi> {
        let (mut home_page, mut name) = (None, None);
        for (key, v) in self.object(value)?.members() {
            match key {
                "homePage" => home_page = Some(v),
                "name" => name = Some(v),
                _ => self.unknown(key, v, &["homePage", "name"]),
            }
        }
        let home_page =
            self.required(value, "homePage", home_page, &rules::ACCOUNT).and_then(|v| self.iri(v));
        let name = self.required(value, "name", name, &rules::ACCOUNT).and_then(|v| self.string(v));
        Some(Ifi::Account { home_page: home_page?.to_owned(), name: name?.to_owned() })
    }

    /// An Agent, or the pair of application and user of three-legged OAuth.
    pub(super) fn authority(&mut self, value: Value<'d>) -> Option<Actor> {
        let actor = self.actor(value)?;
        if let Actor::Group(group) = &actor {
            let what = if group.ifi.is_some() {
                "a Group with an identifier cannot vouch for a statement".to_owned()
            } else if group.members.len() != 2 {
                format!("a Group of {} is not an application and a user", group.members.len())
            } else if !group.members.iter().any(|m| matches!(m.ifi, Ifi::Account { .. })) {
                "neither of the two has an account, so none is an application".to_owned()
            } else {
                return Some(actor);
            };
            self.fault(value, &rules::AUTHORITY, what);
            return None;
        }
        Some(actor)
    }
}
