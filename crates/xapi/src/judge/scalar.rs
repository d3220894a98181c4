//! Values of one word: IRIs, UUIDs, times, numbers, texts by language.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Judge, read_uuid};
use crate::LanguageMap;
use crate::json::{Kind, Value, short};
use crate::rules;
use crate::statement::{Duration, Json};
use crate::{iri, language, time};

impl<'d> Judge<'d> {
    pub(super) fn iri(&mut self, value: Value<'d>) -> Option<&'d str> {
        let text = self.string(value)?;
        if let Some(why) = iri::iri_fault(text) {
            let what = format!("`{}` is not an IRI: {why}", short(text, 80).escape_debug());
            self.fault(value, &rules::IRI, what);
            return None;
        }
        Some(text)
    }

    pub(super) fn uuid(&mut self, value: Value<'d>) -> Option<Uuid> {
        let text = self.string(value)?;
        let id = read_uuid(text);
        if id.is_none() {
            self.fault(value, &rules::UUID, format!("`{}` is not a UUID", short(text, 60).escape_debug()));
        }
        id
    }

    pub(super) fn timestamp(&mut self, value: Value<'d>) -> Option<Timestamp> {
        let text = self.string(value)?;
        match time::timestamp(text, self.version) {
            Ok(at) => Some(at),
            Err(why) => {
                let what = format!("`{}` is not a timestamp: {why}", short(text, 60).escape_debug());
                self.fault(value, &rules::TIMESTAMP, what);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, value: Value<'d>) -> Option<Duration> {
        let text = self.string(value)?;
        match time::duration_millis(text) {
            Ok(millis) => Some(Duration { text: text.to_owned(), millis }),
            Err(why) => {
                let what = format!("`{}` is not a duration: {why}", short(text, 60).escape_debug());
                self.fault(value, &rules::DURATION, what);
                None
            }
        }
    }

    pub(super) fn bool(&mut self, value: Value<'d>) -> Option<bool> {
        self.of_kind(value, Kind::Bool)?.bool()
    }

    pub(super) fn number(&mut self, value: Value<'d>) -> Option<f64> {
        self.of_kind(value, Kind::Number)?.number()
    }

    pub(super) fn language_tag(&mut self, value: Value<'d>) -> Option<&'d str> {
        let text = self.string(value)?;
        if !language::is_language_tag(text) {
            let what = format!("`{}` is not a language tag", short(text, 60).escape_debug());
            self.fault(value, &rules::LANGUAGE_TAG, what);
            return None;
        }
        Some(text)
    }

    pub(super) fn language_map(&mut self, value: Value<'d>) -> LanguageMap {
        let mut map = LanguageMap::default();
        match value.kind() {
            Kind::Object | Kind::Null => {}
            other => {
                let what = format!("{} is here where a language map belongs", other.named());
                self.fault(value, &rules::LANGUAGE_MAP, what);
                return map;
            }
        }
        let Some(object) = self.object(value) else { return map };
        for (tag, v) in object.members() {
            if !language::is_language_tag(tag) {
                let what = format!("`{}` is not a language tag", short(tag, 60).escape_debug());
                self.fault(v, &rules::LANGUAGE_TAG, what);
            }
            if let Some(text) = self.string(v) {
                map.0.push((tag.to_owned(), text.to_owned()));
            }
        }
        map
    }

    /// Keys are judged, values are not: a statement is never refused for what its extensions say.
    pub(super) fn extensions(&mut self, value: Value<'d>) -> Option<Json> {
        let object = self.object(value)?;
        for (key, v) in object.members() {
            if let Some(why) = iri::iri_fault(key) {
                let what = format!("the key `{}` is not an IRI: {why}", short(key, 80).escape_debug());
                self.fault(v, &rules::EXTENSION_KEY, what);
            }
        }
        Some(Json(object.compact()))
    }
}
