//! Results, contexts and attachments.

use super::Judge;
use crate::json::{Kind, Value, short};
use crate::statement::{Activity, Attachment, Context, ContextActor, Score, StatementResult};
use crate::{Actor, Version, rules};

const RESULT: [&str; 6] = ["score", "success", "completion", "response", "duration", "extensions"];
const CONTEXT: [&str; 9] = [
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
];
const CONTEXT_2: [&str; 11] = [
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "contextAgents",
    "contextGroups",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
];
const ATTACHMENT: [&str; 7] =
    ["usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"];

impl<'d> Judge<'d> {
    pub(super) fn result(&mut self, value: Value<'d>) -> Option<StatementResult> {
        let mut result = StatementResult::default();
        for (key, v) in self.object(value)?.members() {
            match key {
                "score" => result.score = self.score(v),
                "success" => result.success = self.bool(v),
                "completion" => result.completion = self.bool(v),
                "response" => result.response = self.string(v).map(str::to_owned),
                "duration" => result.duration = self.duration(v),
                "extensions" => result.extensions = self.extensions(v),
                _ => self.unknown(key, v, &RESULT),
            }
        }
        Some(result)
    }

    fn score(&mut self, value: Value<'d>) -> Option<Score> {
        let mut score = Score::default();
        for (key, v) in self.object(value)?.members() {
            match key {
                "scaled" => {
                    score.scaled = self.number(v);
                    if score.scaled.is_some_and(|s| !(-1.0..=1.0).contains(&s)) {
                        self.fault(
                            v,
                            &rules::SCORE_RANGE,
                            format!("{} is not between -1 and 1", short(v.raw(), 40)),
                        );
                    }
                }
                "raw" => score.raw = self.number(v),
                "min" => score.min = self.number(v),
                "max" => score.max = self.number(v),
                _ => self.unknown(key, v, &["scaled", "raw", "min", "max"]),
            }
        }
        if let (Some(min), Some(max)) = (score.min, score.max)
            && min >= max
        {
            self.fault(value, &rules::SCORE_RANGE, format!("min {min} is not below max {max}"));
        }
        if let Some(raw) = score.raw {
            if score.min.is_some_and(|min| raw < min) {
                self.fault(value, &rules::SCORE_RANGE, format!("raw {raw} is below min"));
            }
            if score.max.is_some_and(|max| raw > max) {
                self.fault(value, &rules::SCORE_RANGE, format!("raw {raw} is above max"));
            }
        }
        Some(score)
    }

    pub(super) fn context(&mut self, value: Value<'d>, about_activity: bool) -> Option<Context> {
        let mut context = Context::default();
        let new = self.version >= Version::V2_0;
        for (key, v) in self.object(value)?.members() {
            match key {
                "registration" => context.registration = self.uuid(v),
                "instructor" => context.instructor = self.actor(v),
                "team" => context.team = self.group(v),
                "contextActivities" => self.context_activities(v, &mut context),
                "contextAgents" if new => {
                    context.context_agents = self.context_actors(v, "contextAgent", "agent");
                }
                "contextGroups" if new => {
                    context.context_groups = self.context_actors(v, "contextGroup", "group");
                }
                "revision" | "platform" => {
                    let text = self.string(v).map(str::to_owned);
                    if !about_activity {
                        let what = format!("`{key}` is here, but the object is not an Activity");
                        self.fault(v, &rules::CONTEXT_ACTIVITY_ONLY, what);
                    }
                    if key == "revision" {
                        context.revision = text;
                    } else {
                        context.platform = text;
                    }
                }
                "language" => context.language = self.language_tag(v).map(str::to_owned),
                "statement" => context.statement = self.statement_ref(v),
                "extensions" => context.extensions = self.extensions(v),
                _ => self.unknown(key, v, if new { &CONTEXT_2 } else { &CONTEXT }),
            }
        }
        Some(context)
    }

    fn context_activities(&mut self, value: Value<'d>, context: &mut Context) {
        let Some(object) = self.object(value) else { return };
        for (key, v) in object.members() {
            let list = match key {
                "parent" => &mut context.parent,
                "grouping" => &mut context.grouping,
                "category" => &mut context.category,
                "other" => &mut context.other,
                _ => {
                    self.unknown(key, v, &["parent", "grouping", "category", "other"]);
                    continue;
                }
            };
            *list = self.activities(v);
        }
    }

    /// A list of activities, or one alone, which is stored as a list of one.
    fn activities(&mut self, value: Value<'d>) -> Vec<Activity> {
        if value.kind() == Kind::Object {
            self.singles.push(value.span());
            return self.activity(value).into_iter().collect();
        }
        match self.array(value) {
            Some(list) => list.items().filter_map(|v| self.activity(v)).collect(),
            None => Vec::new(),
        }
    }

    fn context_actors(
        &mut self,
        value: Value<'d>,
        object_type: &'static str,
        who: &'static str,
    ) -> Vec<ContextActor> {
        let Some(list) = self.array(value) else { return Vec::new() };
        list.items().filter_map(|item| self.context_actor(item, object_type, who)).collect()
    }

    fn context_actor(&mut self, value: Value<'d>, object_type: &str, who: &str) -> Option<ContextActor> {
        let rule = &rules::CONTEXT_AGENTS;
        let (mut kind, mut actor, mut types) = (None, None, None);
        for (key, v) in self.object(value)?.members() {
            match key {
                "objectType" => kind = Some(v),
                "relevantTypes" => types = Some(v),
                _ if key == who => actor = Some(v),
                _ => self.unknown(key, v, &["objectType", who, "relevantTypes"]),
            }
        }
        if let Some(v) = self.required(value, "objectType", kind, rule)
            && let Some(text) = self.string(v)
            && text != object_type
        {
            let what = format!("`{}` is not `{object_type}`", short(text, 60).escape_debug());
            self.fault(v, rule, what);
        }
        let mut relevant_types = Vec::new();
        if let Some(v) = types
            && let Some(list) = self.array(v)
        {
            relevant_types = list.items().filter_map(|v| self.iri(v).map(str::to_owned)).collect();
            if list.is_empty() {
                self.fault(v, rule, "the list is empty");
            }
        }
        let actor = self.required(value, who, actor, rule)?;
        let actor = match who {
            "agent" => Actor::Agent(self.agent(actor)?),
            _ => Actor::Group(self.group(actor)?),
        };
        Some(ContextActor { actor, relevant_types })
    }

    pub(super) fn attachments(&mut self, value: Value<'d>) -> Vec<Attachment> {
        match self.array(value) {
            Some(list) => list.items().filter_map(|v| self.attachment(v)).collect(),
            None => Vec::new(),
        }
    }

    fn attachment(&mut self, value: Value<'d>) -> Option<Attachment> {
        let mut slots: [Option<Value<'d>>; 7] = [None; 7];
        for (key, v) in self.object(value)?.members() {
            match ATTACHMENT.iter().position(|name| *name == key) {
                Some(n) => slots[n] = Some(v),
                None => self.unknown(key, v, &ATTACHMENT),
            }
        }
        let [usage_type, display, description, content_type, length, sha2, file_url] = slots;
        let rule = &rules::ATTACHMENT_REQUIRED;
        let usage_type = self.required(value, "usageType", usage_type, rule).and_then(|v| self.iri(v));
        let display = self.required(value, "display", display, rule).map(|v| self.language_map(v));
        let description = description.map(|v| self.language_map(v)).unwrap_or_default();
        let content_type =
            self.required(value, "contentType", content_type, rule).and_then(|v| self.media_type(v));
        let length = self.required(value, "length", length, rule).and_then(|v| self.length(v));
        let sha2 = self.required(value, "sha2", sha2, rule).and_then(|v| self.sha2(v));
        let file_url = file_url.and_then(|v| self.iri(v)).map(str::to_owned);
        Some(Attachment {
            usage_type: usage_type?.to_owned(),
            display: display?,
            description,
            content_type: content_type?.to_owned(),
            length: length?,
            sha2: sha2?,
            file_url,
        })
    }

    fn media_type(&mut self, value: Value<'d>) -> Option<&'d str> {
        let text = self.string(value)?;
        if !is_media_type(text) {
            let what =
                format!("`{}` is not a media type such as `text/plain`", short(text, 60).escape_debug());
            self.fault(value, &rules::ATTACHMENT_VALUE, what);
            return None;
        }
        Some(text)
    }

    fn length(&mut self, value: Value<'d>) -> Option<u64> {
        let number = self.number(value)?;
        if number < 0.0 || number.fract() != 0.0 || number > 9_007_199_254_740_992.0 {
            let what = format!("{} is not a whole number of bytes", short(value.raw(), 40));
            self.fault(value, &rules::ATTACHMENT_VALUE, what);
            return None;
        }
        Some(number as u64)
    }

    fn sha2(&mut self, value: Value<'d>) -> Option<String> {
        let text = self.string(value)?;
        if !is_sha2(text) {
            let what = format!("`{}` is not a SHA-2 hash in hexadecimal", short(text, 140).escape_debug());
            self.fault(value, &rules::ATTACHMENT_VALUE, what);
            return None;
        }
        Some(text.to_ascii_lowercase())
    }
}

/// The lengths of SHA-224, 256, 384 and 512 in hexadecimal.
pub(crate) fn is_sha2(text: &str) -> bool {
    matches!(text.len(), 56 | 64 | 96 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `type/subtype` of RFC 2045 tokens, and whatever parameters.
pub(crate) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
    };
    essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
        && !text.contains(char::is_control)
}
