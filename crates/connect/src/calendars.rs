//! Working calendars with closures from TOML, and leave and part time from CSV.

use std::collections::BTreeMap;
use std::io::Read;

use domain::calendars::Calendar;
use domain::time::Day;
use serde::Deserialize;

use crate::csv::{Column, Imported, Kind, Limits, Options, Problem, Problems};
use crate::definitions::{day, parse};
use crate::people::{Listed, finish, read};

/// What one file of calendars holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calendars {
    /// Calendars, each with the codes of the units in which it holds.
    pub calendars: Vec<(Calendar, Vec<String>)>,
    /// Single days that differ, to be put into calendars that are there already.
    pub holidays: Vec<Holiday>,
    /// Spans in which a unit and everything below it does not work.
    pub closures: Vec<Closure>,
}

/// A day that differs in a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Holiday {
    /// The calendar's code.
    pub calendar: String,
    /// Which day.
    pub day: Day,
    /// What share of the day is worked; `None` where the day is as the weekday says.
    pub worked: Option<f64>,
}

/// A span in which a unit does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The unit's code.
    pub unit: String,
    /// First day.
    pub from: Day,
    /// The day after the last one (the file's `to` is the last day).
    pub until: Day,
    /// Why, in words.
    pub reason: String,
    /// Whether what was entered for that first day is to be taken away.
    pub removed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    calendar: Vec<CalendarForm>,
    #[serde(default)]
    holiday: Vec<HolidayForm>,
    #[serde(default)]
    closure: Vec<ClosureForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarForm {
    code: String,
    name: String,
    #[serde(default = "working_week")]
    weekdays: Vec<Weekday>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    holidays: Vec<DayForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayForm {
    #[serde(deserialize_with = "day")]
    day: Day,
    /// What share of the day is worked.
    #[serde(default)]
    worked: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayForm {
    calendar: String,
    #[serde(deserialize_with = "day")]
    day: Day,
    #[serde(default)]
    worked: f64,
    #[serde(default)]
    removed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosureForm {
    unit: String,
    #[serde(deserialize_with = "day")]
    from: Day,
    #[serde(deserialize_with = "day")]
    to: Day,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    removed: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

fn working_week() -> Vec<Weekday> {
    vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]
}

/// Reads `[[calendar]]`, `[[holiday]]` and `[[closure]]` tables.
///
/// # Errors
/// Faults of form with their line; a share of a day that is none, and a closure that ends before it begins.
pub fn calendars(source: impl Read, limits: &Limits) -> Result<Calendars, Problems> {
    let file = parse::<File>(source, limits)?.0;
    let mut problems = Problems::new(limits.problems);
    let mut all = Calendars::default();
    for form in file.calendar {
        let mut weekdays = [false; 7];
        for day in form.weekdays {
            weekdays[day as usize] = true;
        }
        let mut days = BTreeMap::new();
        for DayForm { day, worked } in form.holidays {
            share(&mut problems, worked, day, &form.code);
            days.insert(day, worked);
        }
        all.calendars.push((Calendar { code: form.code, name: form.name, weekdays, days }, form.units));
    }
    for HolidayForm { calendar, day, worked, removed } in file.holiday {
        share(&mut problems, worked, day, &calendar);
        all.holidays.push(Holiday { calendar, day, worked: (!removed).then_some(worked) });
    }
    for ClosureForm { unit, from, to, reason, removed } in file.closure {
        if to < from {
            let reason = format!("the last day lies before the first, {from} (closure of `{unit}`)");
            problems.push(Problem::new(
                0,
                Some("to"),
                &to.to_string(),
                reason,
                "set the later day as the last",
            ));
        }
        all.closures.push(Closure { unit, from, until: to.plus(1), reason, removed });
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn share(problems: &mut Problems, worked: f64, day: Day, calendar: &str) {
    if !(0.0..=1.0).contains(&worked) {
        let reason = format!("{worked} is no share of a day ({day}, calendar `{calendar}`)");
        let remedy = "write a number from 0 to 1";
        problems.push(Problem::new(0, Some("worked"), &worked.to_string(), reason, remedy));
    }
}

/// One line of a file of leave.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaveRow {
    /// The line it stands on.
    pub line: u64,
    /// The person's code.
    pub person: String,
    /// First day.
    pub from: Day,
    /// The day after the last one (the file's `to` is the last day).
    pub until: Day,
    /// What share of the time is worked all the same, 0 to 1: 0 on leave, 0.6 on three days in five; 1 takes away what
    /// was entered for that first day.
    pub share: f64,
}

/// Reads leave and part time: `person`, `from`, `to`, and where somebody works on in part, `share`.
pub fn leave(source: impl Read, options: &Options) -> Imported<Listed<LeaveRow>> {
    let columns = vec![
        Column::key("person", &["person code", "code", "employee", "personalnummer"], Kind::Text),
        Column::new("from", &["first day", "start", "von", "ab"], Kind::Day).required(),
        Column::new("to", &["last day", "end", "until", "bis"], Kind::Day).required(),
        Column::new("share", &["part", "worked", "fte", "anteil"], Kind::Number),
    ];
    let made = read(source, columns, &["person", "from", "to", "share"], options, |row| {
        let person = row.required(0).map(str::to_owned);
        let (from, to) = (row.day(1), row.day(2));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            row.problem(
                2,
                format!("the last day lies before the first, {from}"),
                "set the later day as the last",
            );
        }
        let share = row.number(3).unwrap_or(0.0);
        if !(0.0..=1.0).contains(&share) {
            row.problem(
                3,
                "this is not what is left of the working time",
                "write a number from 0 to 1; 1 takes away what was entered for that first day",
            );
        }
        Some(LeaveRow { line: row.line(), person: person?, from: from?, until: to?.plus(1), share })
    });
    finish(made, |r| (r.line, (r.person.clone(), r.from)), "person and first day")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[[calendar]]
code = "south"
name = "South"
units = ["south"]
holidays = [{ day = 2026-04-06 }, { day = "2026-12-24", worked = 0.5 }]

[[calendar]]
code = "shifts"
name = "Six days"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat"]

[[closure]]
unit = "b12"
from = 2026-07-01
to = 2026-07-03
reason = "rebuilding"

[[closure]]
unit = "b13"
from = 2026-07-01
to = 2026-07-03
removed = true

[[holiday]]
calendar = "shifts"
day = 2026-05-01

[[holiday]]
calendar = "shifts"
day = 2026-05-02
removed = true
"#;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_whole_file() {
        let all = calendars(WHOLE.as_bytes(), &Limits::default()).unwrap();
        let (south, units) = &all.calendars[0];
        assert_eq!((units.as_slice(), south.worked(day("2026-04-06"))), (&["south".to_owned()][..], 0.0));
        assert_eq!((south.worked(day("2026-12-24")), south.worked(day("2026-04-07"))), (0.5, 1.0));
        assert_eq!(all.calendars[1].0.worked(day("2026-04-11")), 1.0, "a Saturday");
        assert_eq!(all.closures[0].until, day("2026-07-04"));
        assert_eq!(all.closures.iter().map(|c| c.removed).collect::<Vec<_>>(), [false, true]);
        assert_eq!(all.holidays.iter().map(|h| h.worked).collect::<Vec<_>>(), [Some(0.0), None]);
    }

    #[test]
    fn faults_are_named() {
        let said = |text: &str| {
            let found = calendars(text.as_bytes(), &Limits::default()).unwrap_err();
            found.listed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert!(said("[[calendar]]\ncode = \"a\"\nname = \"A\"\nweekdays = [\"mo\"]\n").contains("line 4"));
        let share =
            "[[calendar]]\ncode = \"a\"\nname = \"A\"\nholidays = [{ day = 2026-01-01, worked = 2 }]\n";
        assert!(said(share).contains("2 is no share of a day"));
        let closure = "[[closure]]\nunit = \"a\"\nfrom = 2026-01-03\nto = 2026-01-01\n";
        assert!(said(closure).contains("the last day lies before the first"));
    }

    #[test]
    fn leave_as_people_write_it() {
        let file = "Person;Von;Bis;Anteil\np1;2026-03-02;2026-03-13;\np2;2026-01-01;2026-06-30;0,5\n";
        let read = leave(file.as_bytes(), &Options::default()).whole().unwrap().0.rows;
        let days: Vec<_> = read.iter().map(|r| (r.person.as_str(), r.from, r.until, r.share)).collect();
        assert_eq!(days[0], ("p1", day("2026-03-02"), day("2026-03-14"), 0.0));
        assert_eq!(days[1].3, 0.5);
        assert!(
            leave("person,from,to\np1,2026-03-02,2026-03-01\n".as_bytes(), &Options::default())
                .whole()
                .is_err()
        );
    }
}
