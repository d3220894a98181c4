//! Judges what was read: builds the typed statement, and notes every fault on the way.
//!
//! Each function takes a value, notes what is wrong with it and gives what could be made of it, or `None`.
//! A `None` therefore always has its fault, and judging goes on with the next value, so that a sender learns all at once.
//!
//! To add a rule: a line in `rules`, the check in the function of the object it is about, a case in `tests/corpus`.

mod context;
mod object;
mod scalar;
mod who;

pub(crate) use context::{is_media_type, is_sha2};

use uuid::Uuid;

use crate::json::{Doc, Kind, Value, push_key, short};
use crate::rules::{self, Rule};
use crate::splice::Layout;
use crate::statement::{Object, Statement, SubStatement, VOIDED};
use crate::{Fault, Version};

/// What is known while one text is judged.
pub(crate) struct Judge<'d> {
    version: Version,
    base: &'d str,
    faults: Vec<Fault>,
    most_faults: usize,
    /// Where single activities stand in contextActivities.
    singles: Vec<std::ops::Range<usize>>,
}

/// Where a statement stands, since a statement within a statement has fewer properties.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Within,
}

impl<'d> Judge<'d> {
    pub(crate) fn new(doc: &'d Doc<'d>, version: Version, base: &'d str, most_faults: usize) -> Self {
        let mut judge = Self { version, base, faults: Vec::new(), most_faults, singles: Vec::new() };
        for value in doc.repeated() {
            judge.fault(value, &rules::JSON_REPEATED_KEY, "the property is there a second time");
        }
        judge
    }

    /// What was found wrong.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(crate) fn fault(&mut self, at: Value<'d>, rule: &'static Rule, what: impl Into<String>) {
        if self.faults.len() < self.most_faults {
            let path = at.path(self.base);
            self.faults.push(Fault::new(rule, self.version, path, what));
        }
    }

    /// A fault at a property that is not there.
    fn missing(&mut self, at: Value<'d>, name: &str, rule: &'static Rule) {
        if self.faults.len() < self.most_faults {
            let mut path = at.path(self.base);
            push_key(&mut path, name);
            self.faults.push(Fault::new(rule, self.version, path, format!("`{name}` is missing")));
        }
    }

    fn required(
        &mut self,
        at: Value<'d>,
        name: &str,
        value: Option<Value<'d>>,
        rule: &'static Rule,
    ) -> Option<Value<'d>> {
        if value.is_none() {
            self.missing(at, name, rule);
        }
        value
    }

    /// A value of the right kind, or a fault.
    fn of_kind(&mut self, value: Value<'d>, kind: Kind) -> Option<Value<'d>> {
        let found = value.kind();
        if found == kind {
            return Some(value);
        }
        if found == Kind::Null {
            self.fault(value, &rules::NO_NULL, "it is null");
        } else {
            self.fault(
                value,
                &rules::RIGHT_TYPE,
                format!("{} is here where {} belongs", found.named(), kind.named()),
            );
        }
        None
    }

    fn object(&mut self, value: Value<'d>) -> Option<Value<'d>> {
        self.of_kind(value, Kind::Object)
    }

    fn array(&mut self, value: Value<'d>) -> Option<Value<'d>> {
        self.of_kind(value, Kind::Array)
    }

    fn string(&mut self, value: Value<'d>) -> Option<&'d str> {
        let text = self.of_kind(value, Kind::String)?.text()?;
        if value.is_escaped() && text.contains('\0') {
            self.fault(value, &rules::NO_NUL, "it holds a NUL character");
            return None;
        }
        Some(text)
    }

    /// A fault for a property that does not belong here. `known` are the names that do.
    fn unknown(&mut self, key: &str, value: Value<'d>, known: &[&str]) {
        let key = short(key, 80);
        match known.iter().find(|name| name.eq_ignore_ascii_case(&key)) {
            Some(name) => {
                self.fault(value, &rules::PROPERTY_CASE, format!("`{key}` is here where `{name}` is meant"));
            }
            None => {
                let what = format!("`{}` is not one of {}", key.escape_debug(), known.join(", "));
                self.fault(value, &rules::KNOWN_PROPERTY, what);
            }
        }
    }

    /// One of a list of words.
    fn one_of(
        &mut self,
        value: Value<'d>,
        words: &'static [&'static str],
        rule: &'static Rule,
    ) -> Option<&'static str> {
        let text = self.string(value)?;
        let found = words.iter().find(|word| **word == text);
        if found.is_none() {
            self.fault(
                value,
                rule,
                format!("`{}` is not one of {}", short(text, 80).escape_debug(), words.join(", ")),
            );
        }
        found.copied()
    }

    /// A whole statement, with the places that storing it will change.
    pub(crate) fn statement(&mut self, value: Value<'d>) -> Option<(Statement, Layout)> {
        let before = self.faults.len();
        let parts = self.parts(value, Place::Top)?;
        let id = parts.id.and_then(|v| self.uuid(v));
        let stored = parts.stored.and_then(|v| self.timestamp(v));
        let authority = parts.authority.and_then(|v| self.authority(v));
        let version = parts.version.and_then(|v| self.statement_version(v));
        let SubStatement { actor, verb, object, result, context, timestamp, attachments } =
            self.body(value, &parts, Place::Top)?;
        if verb.id == VOIDED && !matches!(object, Object::StatementRef(_)) {
            let at = parts.object.unwrap_or(value);
            self.fault(
                at,
                &rules::VOIDING,
                "the verb voids a statement, but the object is not a StatementRef",
            );
        }
        if self.faults.len() > before {
            return None;
        }
        let layout = Layout::of(value, std::mem::take(&mut self.singles));
        let statement = Statement {
            id,
            actor,
            verb,
            object,
            result,
            context,
            timestamp,
            stored,
            authority,
            version,
            attachments,
        };
        Some((statement, layout))
    }

    /// The object of a statement that is a statement itself.
    fn sub_statement(&mut self, value: Value<'d>) -> Option<SubStatement> {
        let parts = self.parts(value, Place::Within)?;
        self.body(value, &parts, Place::Within)
    }

    fn parts(&mut self, value: Value<'d>, place: Place) -> Option<Parts<'d>> {
        let mut parts = Parts::default();
        for (key, v) in self.object(value)?.members() {
            let slot = match (key, place) {
                ("actor", _) => &mut parts.actor,
                ("verb", _) => &mut parts.verb,
                ("object", _) => &mut parts.object,
                ("result", _) => &mut parts.result,
                ("context", _) => &mut parts.context,
                ("timestamp", _) => &mut parts.timestamp,
                ("attachments", _) => &mut parts.attachments,
                ("id", Place::Top) => &mut parts.id,
                ("stored", Place::Top) => &mut parts.stored,
                ("authority", Place::Top) => &mut parts.authority,
                ("version", Place::Top) => &mut parts.version,
                ("objectType", Place::Within) => continue,
                ("id" | "stored" | "authority" | "version", Place::Within) => {
                    self.fault(v, &rules::SUBSTATEMENT, format!("a SubStatement has no `{key}`"));
                    continue;
                }
                (_, Place::Top) => {
                    self.unknown(key, v, &Parts::NAMES);
                    continue;
                }
                (_, Place::Within) => {
                    self.unknown(key, v, &Parts::NAMES_WITHIN);
                    continue;
                }
            };
            *slot = Some(v);
        }
        Some(parts)
    }

    /// What a statement and a SubStatement have in common.
    fn body(&mut self, value: Value<'d>, parts: &Parts<'d>, place: Place) -> Option<SubStatement> {
        let needed = &rules::STATEMENT_REQUIRED;
        let actor = self.required(value, "actor", parts.actor, needed).and_then(|v| self.actor(v));
        let verb = self.required(value, "verb", parts.verb, needed).and_then(|v| self.verb(v));
        let object = self
            .required(value, "object", parts.object, needed)
            .and_then(|v| self.statement_object(v, place));
        let about_activity = parts.object.is_none_or(|v| match v.get("objectType").and_then(Value::text) {
            None | Some("Activity") => true,
            Some(_) => false,
        });
        let result = parts.result.and_then(|v| self.result(v));
        let context = parts.context.and_then(|v| self.context(v, about_activity));
        let timestamp = parts.timestamp.and_then(|v| self.timestamp(v));
        let attachments = parts.attachments.map(|v| self.attachments(v)).unwrap_or_default();
        Some(SubStatement {
            actor: actor?,
            verb: verb?,
            object: object?,
            result,
            context,
            timestamp,
            attachments,
        })
    }

    fn statement_version(&mut self, value: Value<'d>) -> Option<String> {
        let text = self.string(value)?;
        if !self.version.accepts_statement_version(text) {
            let what = match self.version {
                Version::V1_0_3 => format!("`{}` is not 1.0 or 1.0.x", short(text, 40).escape_debug()),
                Version::V2_0 => format!("`{}` is not 1.0, 1.0.x or 2.0.x", short(text, 40).escape_debug()),
            };
            self.fault(value, &rules::STATEMENT_VERSION, what);
            return None;
        }
        Some(text.to_owned())
    }
}

/// The properties of a statement, before they are judged.
#[derive(Default)]
struct Parts<'d> {
    id: Option<Value<'d>>,
    actor: Option<Value<'d>>,
    verb: Option<Value<'d>>,
    object: Option<Value<'d>>,
    result: Option<Value<'d>>,
    context: Option<Value<'d>>,
    timestamp: Option<Value<'d>>,
    stored: Option<Value<'d>>,
    authority: Option<Value<'d>>,
    version: Option<Value<'d>>,
    attachments: Option<Value<'d>>,
}

impl Parts<'_> {
    const NAMES: [&'static str; 11] = [
        "id",
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "timestamp",
        "stored",
        "authority",
        "version",
        "attachments",
    ];
    const NAMES_WITHIN: [&'static str; 8] =
        ["objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"];
}

/// Reads a UUID in its standard form of 36 characters, in either case.
pub(crate) fn read_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}
