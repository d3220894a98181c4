//! The one report that every method fills.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Reason};
use crate::estimate::Estimate;

/// One line of a report. Fields that a method does not have are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportRow {
    /// What it is.
    pub term: String,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// Its standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std_error: Option<f64>,
    /// Its test statistic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<f64>,
    /// Its two-sided p-value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// Lower end of its 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conf_low: Option<f64>,
    /// Upper end of its 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conf_high: Option<f64>,
    /// First treated period of the wave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// The period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// Periods since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<i64>,
}

impl From<&Estimate> for ReportRow {
    fn from(e: &Estimate) -> Self {
        Self {
            term: e.term.clone(),
            estimate: Some(e.estimate),
            std_error: Some(e.std_error),
            statistic: Some(e.statistic),
            p_value: Some(e.p_value),
            conf_low: Some(e.conf_low),
            conf_high: Some(e.conf_high),
            ..Self::default()
        }
    }
}

/// A weight that a method gave to a unit, a period or a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// `unit`, `period` or `comparison`.
    pub of: String,
    /// Which one.
    pub name: String,
    /// First treated period of the wave it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// The weight.
    pub weight: f64,
}

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason with its parts, for programs.
    pub reason: Reason,
    /// The reason as a sentence, for people.
    pub sentence: String,
}

/// What a method found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The method's word.
    pub method: String,
    /// The engine's version.
    pub version: String,
    /// The numbers.
    pub rows: Vec<ReportRow>,
    /// Observations used.
    pub n: usize,
    /// Clusters used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Weights, where the method has them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub weights: Vec<Weight>,
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// Why there is no estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_say: Option<Refusal>,
    /// The finding in sentences.
    pub prose: String,
}

impl Report {
    pub(crate) fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            version: crate::VERSION.to_owned(),
            rows: vec![],
            n: 0,
            clusters: None,
            weights: vec![],
            warnings: vec![],
            cannot_say: None,
            prose: String::new(),
        }
    }

    pub(crate) fn refuse(&mut self, reason: &Reason) {
        self.rows.clear();
        self.weights.clear();
        self.prose = format!("This cannot be said. {reason}");
        self.cannot_say = Some(Refusal { reason: reason.clone(), sentence: reason.sentence() });
    }

    /// Adds an estimate and its counts.
    pub(crate) fn add(&mut self, e: &Estimate) -> &mut ReportRow {
        self.n = self.n.max(e.n);
        self.clusters = self.clusters.or(e.clusters);
        let at = self.rows.len();
        self.rows.push(ReportRow::from(e));
        &mut self.rows[at]
    }

    /// Adds an estimate, or a warning that there is none.
    pub(crate) fn add_answer(&mut self, term: &str, answer: &Answer<Estimate>) -> Option<&mut ReportRow> {
        match answer {
            Answer::Estimate(e) => Some(self.add(e)),
            Answer::CannotSay(reason) => {
                self.warnings.push(format!("{term}: {reason}"));
                None
            }
        }
    }

    /// Adds a bare value.
    pub(crate) fn value(&mut self, term: impl Into<String>, estimate: f64) -> &mut ReportRow {
        let at = self.rows.len();
        self.rows.push(ReportRow { term: term.into(), estimate: Some(estimate), ..ReportRow::default() });
        &mut self.rows[at]
    }

    /// Takes out lines that are not numbers, so that none is ever shown.
    pub(crate) fn only_numbers(&mut self) {
        let finite = |v: Option<f64>| v.is_none_or(f64::is_finite);
        let sound = |r: &ReportRow| {
            [r.estimate, r.std_error, r.statistic, r.p_value, r.conf_low, r.conf_high].into_iter().all(finite)
        };
        let lost: Vec<String> = self
            .rows
            .iter()
            .filter(|r| !sound(r))
            .map(|r| format!("{} could not be computed and is left out.", r.term))
            .collect();
        if !lost.is_empty() {
            self.rows.retain(sound);
            self.warnings.extend(lost);
        }
    }

    pub(crate) fn say(&mut self, sentence: impl AsRef<str>) {
        if !self.prose.is_empty() {
            self.prose.push(' ');
        }
        self.prose.push_str(sentence.as_ref());
    }
}

/// A number for a sentence: three significant digits, at most as many decimals as needed.
pub(crate) fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let size = x.abs().log10().floor() as i32;
    let decimals = (2 - size).clamp(0, 8) as usize;
    let text = format!("{x:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.replace('-', "−") }
}

/// An estimate with its interval in words.
pub(crate) fn interval(e: &Estimate) -> String {
    format!("{} (95 % interval {} to {})", short(e.estimate), short(e.conf_low), short(e.conf_high))
}

/// A p-value in words.
pub(crate) fn chance(p: f64) -> String {
    if p < 0.001 { "p below 0.001".into() } else { format!("p = {p:.3}") }
}

/// Whether zero lies inside the interval, in words.
pub(crate) fn against_zero(e: &Estimate) -> &'static str {
    if e.conf_low > 0.0 {
        "Chance alone hardly explains a rise like this."
    } else if e.conf_high < 0.0 {
        "Chance alone hardly explains a fall like this."
    } else {
        "The interval includes no difference at all."
    }
}
