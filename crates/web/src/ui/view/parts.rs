//! Pieces that several pages share.

use domain::interventions::{CauseBox, Kind};

use crate::ui::svg::Markup;

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

impl FieldError {
    /// From a field's name and what to put right.
    pub fn new(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), text: text.into() }
    }
}

/// The faults of a form, for the summary and for each field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormErrors(pub Vec<FieldError>);

impl FormErrors {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The first fault of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|e| e.field == field).map(|e| e.text.as_str())
    }
    /// "One thing to put right", "3 things to put right".
    pub fn heading(&self) -> String {
        match self.0.len() {
            1 => "One thing to put right".to_owned(),
            n => format!("{n} things to put right"),
        }
    }
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
