//! The evidence pack: one file that holds a reading with everything it rests on, and that anybody can compute again.
//!
//! It is one JSON object, written one way only: what was fixed beforehand, the metrics' definitions, the frozen data with
//! persons and units as numbers, the engine's and the method's version, the seed of every draw, the result, and the
//! sentences. [`Pack::again`] computes result and sentences anew from the data; [`Pack::bytes`] of both are the same bytes
//! on any machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Hypothesis, Input, Plan, Reading, Study, kept, prose, read};
use crate::metrics::{Aggregation, Direction, Grain, Level, Metric};
use crate::time::{Cadence, Day};

/// What the file calls itself.
pub const FORMAT: &str = "throughline-evidence-pack";
/// The edition of the format; a reader refuses later ones.
pub const EDITION: u32 = 1;
/// The seed of every random draw in a reading.
pub const SEED: u64 = 1;

/// A reading with everything it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// [`FORMAT`].
    pub format: String,
    /// [`EDITION`].
    pub edition: u32,
    /// Version of the engine that computed the result.
    pub engine: String,
    /// Version of the method.
    pub method: u32,
    /// Seed of every random draw.
    pub seed: u64,
    /// What was fixed beforehand.
    pub fixed: Fixed,
    /// What the metrics in the data mean, the deciding one first.
    pub definitions: Vec<Definition>,
    /// SHA-256 of the frozen data as the installation keeps them, before units became numbers.
    pub frozen_sha256: String,
    /// SHA-256 of the data below, as [`Input::bytes`] writes them.
    pub data_sha256: String,
    /// The frozen data.
    pub data: Input,
    /// What the data say.
    pub result: Reading,
    /// The same in sentences, as on the pages.
    pub prose: Vec<String>,
}

/// What was fixed before anybody looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The study's code.
    pub study: String,
    /// The support's name.
    pub support: String,
    /// What is believed.
    pub hypothesis: Hypothesis,
    /// What is compared with what.
    pub plan: Plan,
    /// The day from which both could no longer change; `None` for a draft.
    pub locked_on: Option<Day>,
    /// The day fixed for reading it.
    pub reading_day: Option<Day>,
}

/// What a metric means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Unique code.
    pub code: String,
    /// Version of the definition.
    pub version: i64,
    /// Name as shown.
    pub name: String,
    /// Unit as shown after the number.
    pub unit: String,
    /// Decimals when shown.
    pub decimals: u8,
    /// Which way is better.
    pub direction: Direction,
    /// What it measures.
    pub level: Level,
    /// What an observation is about.
    pub grain: Grain,
    /// How it rolls up.
    pub aggregation: Aggregation,
    /// How often it is expected.
    pub cadence: Cadence,
    /// Must not get worse while another improves.
    pub guardrail: bool,
    /// Where it comes from.
    pub source: String,
    /// What it means.
    pub description: String,
}

impl From<&Metric> for Definition {
    fn from(m: &Metric) -> Self {
        Self {
            code: m.code.clone(),
            version: m.version,
            name: m.name.clone(),
            unit: m.unit.clone(),
            decimals: m.decimals,
            direction: m.direction,
            level: m.level,
            grain: m.grain,
            aggregation: m.aggregation,
            cadence: m.cadence,
            guardrail: m.guardrail,
            source: m.source.clone(),
            description: m.description.clone(),
        }
    }
}

/// Why a file is no pack that can be computed again. The text says the place, the reason and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not JSON, or not these fields.
    #[error("The pack: {0}. Take the file as it was downloaded.")]
    Unreadable(String),
    /// JSON, but something else.
    #[error(
        "The pack, field format: it says `{0}`, which is no evidence pack. Name the file that the study's page gave."
    )]
    Foreign(String),
    /// Written by a later program.
    #[error(
        "The pack, field {0}: it was written by a later version. Use that version of throughline, or a newer one."
    )]
    Later(&'static str),
    /// The data were changed after they were frozen.
    #[error(
        "The pack, field data: its SHA-256 is not the one written beside it, so the data were changed. Download the pack again."
    )]
    Changed,
}

impl Pack {
    /// Puts together a study, the metrics that its data name, and one frozen input.
    ///
    /// Names of units become numbers; persons are numbers already. Metrics that are not in the data are left out.
    pub fn new(study: &Study, support: &str, metrics: &[Metric], frozen: &Input) -> Self {
        let mut data = frozen.clone();
        for lane in &mut data.lanes {
            for (i, member) in lane.members.iter_mut().enumerate() {
                if !member.name.is_empty() {
                    member.name = format!("Unit {}", i + 1);
                }
            }
        }
        let definitions = data
            .lanes
            .iter()
            .filter_map(|l| metrics.iter().find(|m| m.code == l.metric))
            .map(Definition::from)
            .collect();
        let fixed = Fixed {
            study: study.code.clone(),
            support: support.to_owned(),
            hypothesis: study.hypothesis.clone(),
            plan: study.plan.clone(),
            locked_on: study.locked_on,
            reading_day: study.reading_day,
        };
        Self::of(fixed, definitions, Input::hash(&frozen.bytes()), data)
    }

    fn of(fixed: Fixed, definitions: Vec<Definition>, frozen_sha256: String, data: Input) -> Self {
        let result = steady(&read(&data));
        let prose = prose::report(&result, &fixed.support, &definitions);
        Self {
            format: FORMAT.to_owned(),
            edition: EDITION,
            engine: evidence::VERSION.to_owned(),
            method: data.method,
            seed: SEED,
            fixed,
            definitions,
            frozen_sha256,
            data_sha256: Input::hash(&data.bytes()),
            data,
            result,
            prose,
        }
    }

    /// The pack as a file: JSON with one field on each line of the outermost object, always written the same way.
    pub fn bytes(&self) -> Vec<u8> {
        let fields = self.fields();
        let mut text = String::from("{\n");
        for (i, (name, value)) in fields.iter().enumerate() {
            let comma = if i + 1 < fields.len() { "," } else { "" };
            text.push_str(&format!("\"{name}\": {value}{comma}\n"));
        }
        text.push_str("}\n");
        text.into_bytes()
    }

    /// The fields in the order in which they are written, each as JSON.
    fn fields(&self) -> [(&'static str, String); 12] {
        fn json(value: &impl Serialize) -> String {
            // Plain data without maps or foreign keys: this cannot fail.
            serde_json::to_string(value).unwrap_or_default()
        }
        [
            ("format", json(&self.format)),
            ("edition", json(&self.edition)),
            ("engine", json(&self.engine)),
            ("method", json(&self.method)),
            ("seed", json(&self.seed)),
            ("fixed", json(&self.fixed)),
            ("definitions", json(&self.definitions)),
            ("frozen_sha256", json(&self.frozen_sha256)),
            ("data_sha256", json(&self.data_sha256)),
            ("data", json(&self.data)),
            ("result", json(&self.result)),
            ("prose", json(&self.prose)),
        ]
    }

    /// Reads [`Self::bytes`] back and makes sure that the data are the ones that were frozen.
    ///
    /// # Errors
    /// [`Fault`], as a sentence for whoever chose the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        /// The fields that decide whether the rest can be read.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            edition: u32,
            method: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|e| Fault::Unreadable(e.to_string()))?;
        if head.format != FORMAT {
            return Err(Fault::Foreign(head.format.chars().take(40).collect()));
        }
        for (later, field) in [(head.edition > EDITION, "edition"), (head.method > super::METHOD, "method")] {
            if later {
                return Err(Fault::Later(field));
            }
        }
        let pack: Self = serde_json::from_slice(bytes).map_err(|e| Fault::Unreadable(e.to_string()))?;
        if Input::hash(&pack.data.bytes()) != pack.data_sha256 {
            return Err(Fault::Changed);
        }
        Ok(pack)
    }

    /// The pack computed anew from its data alone: result, sentences, versions and hashes.
    pub fn again(&self) -> Self {
        Self::of(self.fixed.clone(), self.definitions.clone(), self.frozen_sha256.clone(), self.data.clone())
    }

    /// The fields that another pack has otherwise; none for the same bytes.
    pub fn differs(&self, other: &Self) -> Vec<&'static str> {
        let (ours, theirs) = (self.fields(), other.fields());
        ours.iter().zip(&theirs).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect()
    }
}

/// A reading whose numbers have twelve significant digits: processors differ in the last bits of a logarithm or of a
/// product of matrices, and the file must not.
fn steady(reading: &Reading) -> Reading {
    fn round(value: &mut Value) {
        match value {
            Value::Number(n) if n.is_f64() => {
                if let Some(rounded) = n.as_f64().map(kept).and_then(serde_json::Number::from_f64) {
                    *value = Value::Number(rounded);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            _ => {}
        }
    }
    let steady = serde_json::to_value(reading).map(|mut value| {
        round(&mut value);
        value
    });
    steady.and_then(serde_json::from_value).unwrap_or_else(|_| reading.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::testing::{rollout, study};

    fn pack() -> Pack {
        let (study, metric) = study();
        Pack::new(&study, "Price lesson", &[metric], &rollout())
    }

    #[test]
    fn a_pack_is_computed_again_to_the_same_bytes() {
        let pack = pack();
        assert_eq!(pack.result.outcome.metric, "calls");
        assert!(pack.result.outcome.estimate.is_some(), "{:?}", pack.result.outcome.cannot_say);
        let bytes = pack.bytes();
        let read = Pack::from_bytes(&bytes).unwrap();
        assert_eq!(read, pack);
        assert_eq!(read.again().bytes(), bytes);
        assert!(pack.differs(&read.again()).is_empty());
    }

    #[test]
    fn nobody_is_named_and_the_sentences_are_there() {
        let pack = pack();
        let text = String::from_utf8(pack.bytes()).unwrap();
        assert!(!text.contains("Harbour") && text.contains("Unit 1"), "{text}");
        assert_eq!(pack.frozen_sha256, Input::hash(&rollout().bytes()));
        assert!(pack.prose[0].starts_with("Price lesson"), "{:?}", pack.prose);
        assert!(pack.prose.iter().any(|p| p.starts_with("Grade ")), "{:?}", pack.prose);
    }

    #[test]
    fn what_was_changed_or_is_no_pack_is_refused() {
        let pack = pack();
        let mut changed = pack.clone();
        changed.data.smallest = Some(99.0);
        assert_eq!(Pack::from_bytes(&changed.bytes()), Err(Fault::Changed));
        let later = Pack { edition: EDITION + 1, ..pack.clone() };
        assert_eq!(Pack::from_bytes(&later.bytes()), Err(Fault::Later("edition")));
        let other = Pack { format: "holiday-photos".into(), ..pack.clone() };
        assert_eq!(Pack::from_bytes(&other.bytes()), Err(Fault::Foreign("holiday-photos".into())));
        for bytes in [&b""[..], b"{", b"[]", b"{\"format\": 1}", b"\xff\xfe"] {
            assert!(matches!(Pack::from_bytes(bytes), Err(Fault::Unreadable(_))));
        }
        // A result that somebody improved does not survive the computation.
        let mut flattered = pack.clone();
        flattered.result.smallest = 0.0;
        let read = Pack::from_bytes(&flattered.bytes()).unwrap();
        assert_eq!(read.differs(&read.again()), ["result"]);
    }
}
