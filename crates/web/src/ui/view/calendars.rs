//! The working calendar of a unit.

use askama::Template;
use domain::time::Day;

use super::{FormErrors, Link, Shell};
use crate::ui::filters;
use crate::ui::format;

/// How a unit works: its week, the days that differ, when it is closed, and who is away.
///
/// Forms, each with `unit` (the code of the page's unit) and `why`: `POST /calendars/closure` with `from`, `to` and
/// `removed`; `POST /calendars/day` with `calendar`, `day`, `worked` (per cent) and `removed`; `POST /calendars/leave` with
/// `person`, `from`, `to`, `share` (per cent) and `removed`; `POST /people/import` (multipart) with `kind` and `file`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "calendars.html")]
pub struct CalendarsPage {
    /// The frame.
    pub shell: Shell,
    /// The unit; `None` before there is any.
    pub unit: Option<UnitView>,
    /// Whether the viewer may ask for changes, which a second administrator applies.
    pub may_ask: bool,
    /// Changes that wait for a second administrator.
    pub waiting: Vec<Link>,
    /// What was typed into which form.
    pub typed: TypedEdit,
    /// What to put right. Field ids: `closure-from`, `closure-to`, `closure-why`, `day-day`, `day-worked`, `day-why`,
    /// `leave-person`, `leave-from`, `leave-to`, `leave-share`, `leave-why`.
    pub errors: FormErrors,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypedEdit {
    /// Which form: `closure`, `day`, `leave`; empty where none.
    pub form: &'static str,
    /// The first day, or the day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The person's code.
    pub person: String,
    /// The share in per cent.
    pub share: String,
    /// The reason.
    pub why: String,
}

/// A unit with its calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitView {
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The units above, from the top down.
    pub above: Vec<Link>,
    /// The units directly below.
    pub below: Vec<Link>,
    /// "Monday to Friday".
    pub week: String,
    /// The calendar's code and name; `None` where nobody set one.
    pub calendar: Option<(String, String)>,
    /// The unit that it was set for, where that is another one.
    pub inherited: Option<Link>,
    /// Eight weeks from the last one on.
    pub weeks: Vec<WeekRow>,
    /// Days that differ, from a month back on.
    pub days: Vec<DayRow>,
    /// Closures, likewise.
    pub closures: Vec<ClosureRow>,
    /// Leave and part time of those who work here, as far as the viewer may see it.
    pub away: Vec<AwayRow>,
    /// How many more there are.
    pub more_away: u64,
}

/// One week.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekRow {
    /// Its Monday.
    pub monday: Day,
    /// Its seven days.
    pub days: Vec<DayCell>,
}

/// One day of a week.
#[derive(Debug, Clone, PartialEq)]
pub struct DayCell {
    /// Which.
    pub day: Day,
    /// What share of it is worked, 0 to 1.
    pub worked: f64,
    /// Why it differs from its weekday; empty where it does not.
    pub why: String,
    /// Whether it is today.
    pub today: bool,
}

/// A day that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct DayRow {
    /// Which.
    pub day: Day,
    /// "off", "worked to 50 %".
    pub what: String,
}

/// A span in which the unit does not work.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosureRow {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Why.
    pub reason: String,
    /// The unit that it was entered for.
    pub unit: String,
    /// That unit's code.
    pub code: String,
}

/// A span in which somebody works less or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct AwayRow {
    /// Who.
    pub name: String,
    /// Their code.
    pub code: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// "away", "works 60 %".
    pub what: String,
}

impl CalendarsPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match &self.unit {
            None => "There is no org unit yet".to_owned(),
            Some(unit) => format!("{} works {}", unit.name, unit.week),
        }
    }
}

impl AwayRow {
    /// The last day, where it is another one than the first.
    pub fn until(&self) -> Option<Day> {
        (self.to != self.from).then_some(self.to)
    }
}

impl DayCell {
    /// Its class.
    pub fn class(&self) -> String {
        let worked = match self.worked {
            w if w <= 0.0 => "is-off",
            w if w < 1.0 => "is-part",
            _ => "is-on",
        };
        let marked = if self.why.is_empty() { "" } else { " is-marked" };
        format!("{worked}{marked}")
    }
    /// "off, Easter Monday": what a screen reader says behind the number.
    pub fn words(&self) -> String {
        let worked = match self.worked {
            w if w <= 0.0 => "not worked".to_owned(),
            w if w < 1.0 => format!("worked to {}\u{202f}%", format::decimal(100.0 * w, 0)),
            _ => "worked".to_owned(),
        };
        if self.why.is_empty() { worked } else { format!("{worked}, {}", self.why) }
    }
    /// The day of the month.
    pub fn number(&self) -> i8 {
        self.day.date().day()
    }
}
