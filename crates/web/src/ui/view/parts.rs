//! Pieces that several pages share.

use domain::interventions::{CauseBox, Kind};

use super::{Evidence, Status};
use crate::ui::format::{self, Moment, Style};
use crate::ui::svg::{self, Forest, Interval, Markup, Spark, SparkWord, escape};

/// An icon by its name in `assets/icons.svg`; silent, because words always stand beside it.
pub fn icon(name: &str) -> Markup {
    super::shell::icon_markup(name)
}

/// A fault in a form, shown in the summary at its top and above its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, which is also its id on the page; empty where the fault is with the whole form.
    pub field: String,
    /// What to put right: "Say in a few words why the commitment changes".
    pub text: String,
}

/// The faults of a form, for its summary and for each field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormErrors(pub Vec<FieldError>);

impl FormErrors {
    /// No faults.
    pub const NONE: FormErrors = FormErrors(Vec::new());

    /// Adds a fault; `field` is the field's name, or empty for the whole form.
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), text: text.into() });
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether a field has one, so that the part of the page that holds it stands open.
    pub fn has(&self, field: &str) -> bool {
        self.of(field).is_some()
    }
    fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|e| e.field == field).map(|e| e.text.as_str())
    }
    /// The summary, which takes the focus; each line leads to its field.
    pub fn summary(&self) -> Markup {
        if self.is_empty() {
            return Markup::default();
        }
        let heading = match self.0.len() {
            1 => "One thing to put right".to_owned(),
            n => format!("{n} things to put right"),
        };
        let mut html = format!(
            r#"<div class="errors" role="alert" tabindex="-1"><h2 class="h3">{heading}</h2><ul role="list">"#
        );
        for error in &self.0 {
            let text = escape(&error.text);
            if error.field.is_empty() {
                html.push_str(&format!("<li>{text}</li>"));
            } else {
                html.push_str(&format!(r##"<li><a href="#{}">{text}</a></li>"##, escape(&error.field)));
            }
        }
        html.push_str("</ul></div>");
        Markup::new(html)
    }
    /// The line above a field; empty where the field is right.
    pub fn fault(&self, field: &str) -> Markup {
        self.of(field).map_or_else(Markup::default, |text| {
            Markup::new(format!(
                r#"<span class="field__error" id="{field}-error">{}{}</span>"#,
                icon("doubt"),
                escape(text)
            ))
        })
    }
    /// The attributes of a control: what describes it (`hint` is an id, or empty), and whether it is at fault.
    pub fn attributes(&self, field: &str, hint: &str) -> Markup {
        let wrong = self.of(field).is_some();
        let mut ids: Vec<String> = Vec::new();
        if !hint.is_empty() {
            ids.push(hint.to_owned());
        }
        if wrong {
            ids.push(format!("{field}-error"));
        }
        let mut html = String::new();
        if wrong {
            html.push_str(r#" aria-invalid="true""#);
        }
        if !ids.is_empty() {
            html.push_str(&format!(r#" aria-describedby="{}""#, ids.join(" ")));
        }
        Markup::new(html)
    }
    /// The class of a field at fault.
    pub fn class(&self, field: &str) -> &'static str {
        if self.of(field).is_some() { " has-error" } else { "" }
    }
}

/// An estimated difference with its range, and the plain before–after beside it. Both or neither are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// How it is written.
    pub style: Style,
    /// The estimate with its 95 % range.
    pub interval: Interval,
    /// The plain before–after number, drawn hollow.
    pub naive: Option<f64>,
    /// Whether the better direction is up (1), down (−1), or neither (0): decides the tone.
    pub better: i8,
}

impl Effect {
    /// "−7.1 days".
    pub fn words(&self) -> String {
        self.style.effect(self.interval.at, self.interval.lo, self.interval.hi)
    }
    /// "−9.8 to −4.4".
    pub fn range(&self) -> String {
        self.style.effect_range(self.interval.lo, self.interval.hi)
    }
    /// "+20 %": the plain before–after, as exact as the estimate.
    pub fn naive_words(&self) -> String {
        self.naive.map_or_else(String::new, |n| {
            // A far-off number is said as roughly as it deserves: its own size sets the digits.
            let Interval { lo, hi, .. } = self.interval;
            let span = (hi - lo).abs().max(n.abs() * 0.4);
            self.style.effect(n, n - span / 2.0, n + span / 2.0)
        })
    }
    /// Hollow where the range holds zero, else whether it helps.
    pub fn tone(&self) -> &'static str {
        if self.interval.holds_zero() {
            ""
        } else if self.better == 0 {
            "self"
        } else if (self.interval.at > 0.0) == (self.better > 0) {
            "well"
        } else {
            "look"
        }
    }
    /// As a bare row on an axis.
    pub fn row(&self, domain: (f64, f64)) -> Markup {
        self.forest(domain, false).row()
    }
    /// On its own axis, with ticks.
    pub fn with_axis(&self) -> Markup {
        self.forest(svg::effect_domain([(self.interval, self.naive)]), true).with_axis()
    }
    fn forest(&self, domain: (f64, f64), labelled: bool) -> Forest {
        let ticks = if labelled { svg::ticks(domain.0, domain.1, 5) } else { vec![0.0] };
        let step = ticks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        let labels = if labelled {
            ticks
                .iter()
                .map(|t| if *t == 0.0 { "no change".to_owned() } else { self.style.tick(*t, step) })
                .collect()
        } else {
            Vec::new()
        };
        Forest { estimate: Some(self.interval), naive: self.naive, domain, ticks, labels, tone: self.tone() }
    }
}

/// One metric as a tile.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricTile {
    /// Its name.
    pub name: String,
    /// Where it opens.
    pub href: String,
    /// How its values are written.
    pub style: Style,
    /// The newest value.
    pub value: Option<f64>,
    /// Where it stands.
    pub status: Status,
    /// Its last 16 weeks.
    pub spark: Spark,
    /// The target.
    pub target: Option<f64>,
}

impl MetricTile {
    /// The newest value as shown; a dash where there is none.
    pub fn shown(&self) -> String {
        self.style.maybe(self.value)
    }
    /// The target as shown.
    pub fn target_shown(&self) -> Option<String> {
        self.target.map(|t| self.style.number(t))
    }
}

/// One kind of support that fits, with its price where its benefit is.
#[derive(Debug, Clone, PartialEq)]
pub struct SupportOption {
    /// Its id, as the form sends it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// What it costs a person, in minutes.
    pub minutes: f64,
    /// What the minutes are per: "once", "a week"; empty for "each time".
    pub per: String,
    /// Why it fits: "For calls that end early: one page to keep beside the phone."
    pub why: String,
    /// The difference it made elsewhere, where that is known.
    pub elsewhere: Option<Effect>,
    /// On which metric, where that is another one: "on revenue per hour"; else empty.
    pub elsewhere_on: String,
    /// How sure that is.
    pub evidence: Option<Evidence>,
    /// Its chain page.
    pub href: Option<String>,
    /// Whether it has been proposed already.
    pub proposed: bool,
}

impl SupportOption {
    /// "6 min once", "no extra minutes".
    pub fn price(&self) -> String {
        if self.minutes < 0.5 {
            return "no extra minutes".to_owned();
        }
        format!("{} {}", format::minutes(self.minutes), self.per).trim_end().to_owned()
    }
    /// "Job aid".
    pub fn kind_word(&self) -> &'static str {
        kind_word(self.kind)
    }
    /// Its icon.
    pub fn kind_icon(&self) -> Markup {
        icon(kind_icon(self.kind))
    }
}

/// A message in a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who wrote it; `None` for a note by the system.
    pub author: Option<String>,
    /// When.
    pub at: Moment,
    /// What.
    pub text: String,
}

/// How far something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Behind us.
    Done,
    /// Where it is.
    Now,
    /// Ahead.
    Next,
}

/// One step of an episode, a case or a wizard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its words: "Seen by Maya, Mon 16".
    pub label: String,
    /// How far it is.
    pub state: StepState,
    /// Where it opens, where that is possible.
    pub href: Option<String>,
}

/// A name and what is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// "Changed with it".
    pub name: String,
    /// "Time per call: 6.1 to 4.2 minutes".
    pub text: String,
}

impl Fact {
    /// From a name and a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// A spark for one metric with its words at the right: usual range, target, newest value.
pub fn spark_words(style: &Style, spark: &Spark, newest: &str) -> Vec<SparkWord> {
    let mut words = Vec::new();
    if let Some((lo, hi)) = spark.usual {
        let crowded = spark.target.is_some_and(|t| (hi - t).abs() < (hi - lo) * 0.1);
        if !crowded {
            words.push(SparkWord { at: hi, text: format!("usual {}", style.number(hi)), tone: "" });
        }
    }
    if let Some(target) = spark.target {
        words.push(SparkWord {
            at: target,
            text: format!("target {}", style.number(target)),
            tone: "target",
        });
    }
    if let Some(last) = spark.values.iter().rev().flatten().next() {
        let tone = if spark.look_from.is_some() { "look" } else { "" };
        words.push(SparkWord { at: *last, text: format!("{newest} {}", style.number(*last)), tone });
    }
    words
}

/// A kind of support in words.
pub const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Lesson => "Lesson",
        Kind::Course => "Course",
        Kind::JobAid => "Job aid",
        Kind::Process => "Process",
        Kind::Tool => "Tool",
        Kind::Feedback => "Feedback",
        Kind::Incentive => "Incentive",
        Kind::Staffing => "Staffing",
        Kind::Coaching => "Coaching",
        Kind::Community => "Community",
        Kind::Event => "Webinar",
        Kind::Grant => "Grant",
    }
}

/// The icon of a kind of support.
pub const fn kind_icon(kind: Kind) -> &'static str {
    match kind {
        Kind::Lesson | Kind::Course => "lesson",
        Kind::JobAid => "card",
        Kind::Process => "time",
        Kind::Tool => "tool",
        Kind::Feedback => "voice",
        Kind::Incentive | Kind::Grant => "contract",
        Kind::Staffing => "people",
        Kind::Coaching => "coach",
        Kind::Community => "team",
        Kind::Event => "webinar",
    }
}

/// A cause box in words.
pub const fn box_word(cause_box: CauseBox) -> &'static str {
    match cause_box {
        CauseBox::Information => "Information",
        CauseBox::Resources => "Resources",
        CauseBox::Incentives => "Incentives",
        CauseBox::Knowledge => "Knowledge",
        CauseBox::Capacity => "Capacity",
        CauseBox::Motives => "Motives",
    }
}
