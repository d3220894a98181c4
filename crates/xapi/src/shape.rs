//! Which part of a statement a value is, told by the names on the way down to it.
//!
//! What compares statements and what writes them in another format both walk them by these shapes.

use crate::json::{Kind, Value};

/// A part of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Statement,
    SubStatement,
    Agent,
    Group,
    /// A list of Agents whose order means nothing.
    Members,
    Account,
    Verb,
    Activity,
    Definition,
    StatementRef,
    Result,
    Context,
    ContextActivities,
    /// Activities in a list, or one that stands alone.
    Activities,
    ContextActors,
    ContextActor,
    Attachments,
    Attachment,
    LanguageMap,
    Components,
    Component,
    Uuid,
    Moment,
    Duration,
    Mailto,
    /// Hexadecimal digits or a language tag: case means nothing.
    AnyCase,
    /// JSON of any form, or a text that is just itself.
    Plain,
}

impl Shape {
    /// The shape of a property of an object of this shape.
    pub(crate) fn property(self, key: &str, value: Value<'_>) -> Shape {
        use Shape::*;
        match (self, key) {
            (Statement, "id") => Uuid,
            (Statement | SubStatement, "actor") | (Statement, "authority") => who(value),
            (Statement | SubStatement, "verb") => Verb,
            (Statement | SubStatement, "object") => match object_type(value) {
                "Agent" => Agent,
                "Group" => Group,
                "SubStatement" => SubStatement,
                "StatementRef" => StatementRef,
                _ => Activity,
            },
            (Statement | SubStatement, "result") => Result,
            (Statement | SubStatement, "context") => Context,
            (Statement | SubStatement, "timestamp") | (Statement, "stored") => Moment,
            (Statement | SubStatement, "attachments") => Attachments,
            (Agent | Group, "mbox") => Mailto,
            (Agent | Group, "mbox_sha1sum") => AnyCase,
            (Agent | Group, "account") => Account,
            (Group, "member") => Members,
            (Verb, "display") => LanguageMap,
            (Activity, "definition") => Definition,
            (Definition, "name" | "description") => LanguageMap,
            (Definition, "choices" | "scale" | "source" | "target" | "steps") => Components,
            (Component, "description") => LanguageMap,
            (StatementRef, "id") => Uuid,
            (Result, "duration") => Duration,
            (Context, "registration") => Uuid,
            (Context, "instructor") => who(value),
            (Context, "team") => Group,
            (Context, "contextActivities") => ContextActivities,
            (Context, "contextAgents" | "contextGroups") => ContextActors,
            (Context, "language") => AnyCase,
            (Context, "statement") => StatementRef,
            (ContextActivities, _) => Activities,
            (ContextActor, "agent") => Agent,
            (ContextActor, "group") => Group,
            (Attachment, "display" | "description") => LanguageMap,
            (Attachment, "sha2") => AnyCase,
            _ => Plain,
        }
    }

    /// The shape of an item of an array of this shape.
    pub(crate) fn item(self) -> Shape {
        match self {
            Shape::Members => Shape::Agent,
            Shape::Activities => Shape::Activity,
            Shape::ContextActors => Shape::ContextActor,
            Shape::Attachments => Shape::Attachment,
            Shape::Components => Shape::Component,
            _ => Shape::Plain,
        }
    }
}

fn object_type(value: Value<'_>) -> &str {
    value.get("objectType").and_then(Value::text).unwrap_or_default()
}

fn who(value: Value<'_>) -> Shape {
    if object_type(value) == "Group" { Shape::Group } else { Shape::Agent }
}

/// Whether an Agent or Group says who it is by itself.
pub(crate) fn is_identified(value: Value<'_>) -> bool {
    value.kind() == Kind::Object
        && value.members().any(|(key, _)| matches!(key, "mbox" | "mbox_sha1sum" | "openid" | "account"))
}
