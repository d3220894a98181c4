//! Verbs, activities with their definitions, and the other things a statement can be about.

use super::{Judge, Place};
use crate::json::{Value, short};
use crate::rules;
use crate::statement::{Activity, Definition, Json, Object, Verb};

const OBJECT_TYPES: [&str; 5] = ["Activity", "Agent", "Group", "SubStatement", "StatementRef"];

const DEFINITION: [&str; 12] = [
    "name",
    "description",
    "type",
    "moreInfo",
    "interactionType",
    "correctResponsesPattern",
    "choices",
    "scale",
    "source",
    "target",
    "steps",
    "extensions",
];

/// The interaction types, each with the lists of components it has.
const INTERACTIONS: [(&str, &[&str]); 10] = [
    ("true-false", &[]),
    ("choice", &["choices"]),
    ("fill-in", &[]),
    ("long-fill-in", &[]),
    ("matching", &["source", "target"]),
    ("performance", &["steps"]),
    ("sequencing", &["choices"]),
    ("likert", &["scale"]),
    ("numeric", &[]),
    ("other", &[]),
];
const INTERACTION_TYPES: [&str; 10] = {
    let mut names = [""; 10];
    let mut i = 0;
    while i < 10 {
        names[i] = INTERACTIONS[i].0;
        i += 1;
    }
    names
};

impl<'d> Judge<'d> {
    pub(super) fn verb(&mut self, value: Value<'d>) -> Option<Verb> {
        let (mut id, mut display) = (None, None);
        for (key, v) in self.object(value)?.members() {
            match key {
                "id" => id = Some(v),
                "display" => display = Some(v),
                _ => self.unknown(key, v, &["id", "display"]),
            }
        }
        let display = display.map(|v| self.language_map(v)).unwrap_or_default();
        let id = self.required(value, "id", id, &rules::VERB_ID).and_then(|v| self.iri(v));
        Some(Verb { id: id?.to_owned(), display })
    }

    pub(super) fn statement_object(&mut self, value: Value<'d>, place: Place) -> Option<Object> {
        let object_type = match self.object(value)?.get("objectType") {
            None => "Activity",
            Some(v) => self.one_of(v, &OBJECT_TYPES, &rules::OBJECT_TYPE)?,
        };
        match object_type {
            "Agent" => self.agent(value).map(Object::Agent),
            "Group" => self.group(value).map(Object::Group),
            "StatementRef" => self.statement_ref(value).map(Object::StatementRef),
            "SubStatement" if place == Place::Within => {
                self.fault(value, &rules::SUBSTATEMENT, "a SubStatement holds another SubStatement");
                None
            }
            "SubStatement" => self.sub_statement(value).map(|s| Object::SubStatement(Box::new(s))),
            _ => self.activity(value).map(Object::Activity),
        }
    }

    pub(super) fn statement_ref(&mut self, value: Value<'d>) -> Option<uuid::Uuid> {
        let (mut object_type, mut id) = (None, None);
        for (key, v) in self.object(value)?.members() {
            match key {
                "objectType" => object_type = Some(v),
                "id" => id = Some(v),
                _ => self.unknown(key, v, &["objectType", "id"]),
            }
        }
        if let Some(v) = self.required(value, "objectType", object_type, &rules::OBJECT_TYPE) {
            self.one_of(v, &["StatementRef"], &rules::OBJECT_TYPE);
        }
        self.required(value, "id", id, &rules::STATEMENT_REF).and_then(|v| self.uuid(v))
    }

    pub(super) fn activity(&mut self, value: Value<'d>) -> Option<Activity> {
        let (mut id, mut definition) = (None, None);
        for (key, v) in self.object(value)?.members() {
            match key {
                "objectType" => {
                    self.one_of(v, &["Activity"], &rules::OBJECT_TYPE);
                }
                "id" => id = Some(v),
                "definition" => definition = Some(v),
                _ => self.unknown(key, v, &["objectType", "id", "definition"]),
            }
        }
        let definition = definition.and_then(|v| self.definition(v));
        let id = self.required(value, "id", id, &rules::ACTIVITY_ID).and_then(|v| self.iri(v));
        Some(Activity { id: id?.to_owned(), definition })
    }

    /// An activity's definition; `None` where it is empty.
    pub(crate) fn definition(&mut self, value: Value<'d>) -> Option<Definition> {
        let object = self.object(value)?;
        let mut kind = None;
        let mut name = crate::LanguageMap::default();
        let mut interaction = None;
        let mut of_interaction: Vec<(&str, Value<'d>)> = Vec::new();
        for (key, v) in object.members() {
            match key {
                "name" => name = self.language_map(v),
                "description" => {
                    self.language_map(v);
                }
                "type" => kind = self.iri(v),
                "moreInfo" => {
                    self.iri(v);
                }
                "interactionType" => interaction = Some(v),
                "correctResponsesPattern" => {
                    of_interaction.push((key, v));
                    if let Some(list) = self.array(v) {
                        for item in list.items() {
                            self.string(item);
                        }
                    }
                }
                "choices" | "scale" | "source" | "target" | "steps" => {
                    of_interaction.push((key, v));
                    self.components(v);
                }
                "extensions" => {
                    self.extensions(v);
                }
                _ => self.unknown(key, v, &DEFINITION),
            }
        }
        match interaction {
            Some(v) => {
                if let Some(found) = self.one_of(v, &INTERACTION_TYPES, &rules::INTERACTION_TYPE) {
                    let own =
                        INTERACTIONS.iter().find(|(name, _)| *name == found).map_or(&[][..], |(_, own)| own);
                    for (key, v) in of_interaction {
                        if key != "correctResponsesPattern" && !own.contains(&key) {
                            let what = format!("an interaction of type {found} has no `{key}`");
                            self.fault(v, &rules::INTERACTION_TYPE, what);
                        }
                    }
                }
            }
            None => {
                if let Some((key, v)) = of_interaction.first() {
                    self.fault(
                        *v,
                        &rules::INTERACTION_TYPE,
                        format!("there is `{key}` but no interactionType"),
                    );
                }
            }
        }
        if object.is_empty() {
            return None;
        }
        Some(Definition { json: Json(object.compact()), kind: kind.map(str::to_owned), name })
    }

    fn components(&mut self, value: Value<'d>) {
        let Some(list) = self.array(value) else { return };
        let mut seen = std::collections::HashSet::new();
        for item in list.items() {
            let Some(component) = self.object(item) else { continue };
            let mut id = None;
            for (key, v) in component.members() {
                match key {
                    "id" => id = Some(v),
                    "description" => {
                        self.language_map(v);
                    }
                    _ => self.unknown(key, v, &["id", "description"]),
                }
            }
            let Some(v) = self.required(item, "id", id, &rules::INTERACTION_COMPONENT) else { continue };
            if let Some(text) = self.string(v) {
                if text.is_empty() {
                    self.fault(v, &rules::INTERACTION_COMPONENT, "the id is empty");
                } else if !seen.insert(text) {
                    let what = format!(
                        "`{}` is the id of another component of the list",
                        short(text, 60).escape_debug()
                    );
                    self.fault(v, &rules::INTERACTION_COMPONENT, what);
                }
            }
        }
    }
}
