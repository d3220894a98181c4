//! Working calendars: which days are worked where, so that a short week is not a dip and a closed one is not silence.
//!
//! A calendar belongs to an org unit and everything below it until another one is nearer. Closures belong to a unit
//! likewise. Leave and part time belong to a person. What is left of a period is a share of its usual working days.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::people::Span;
use crate::time::Day;

/// Which days are usually worked, and the days that differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// Unique and stable, such as `de-by`.
    pub code: String,
    /// In words.
    pub name: String,
    /// Monday first.
    pub weekdays: [bool; 7],
    /// Days that differ, and what share of them is worked: 0 for a holiday, 0.5 for half a day, 1 for a Saturday that is worked.
    pub days: BTreeMap<Day, f64>,
}

impl Default for Calendar {
    /// Monday to Friday without holidays: what is meant where nothing was said.
    fn default() -> Self {
        Self {
            code: "usual".into(),
            name: "Monday to Friday".into(),
            weekdays: [true, true, true, true, true, false, false],
            days: BTreeMap::new(),
        }
    }
}

impl Calendar {
    fn usual(&self, day: Day) -> bool {
        usize::try_from(day.days_since(day.monday()))
            .is_ok_and(|at| self.weekdays.get(at).copied().unwrap_or(false))
    }

    /// What share of a day is worked.
    pub fn worked(&self, day: Day) -> f64 {
        self.days.get(&day).copied().unwrap_or_else(|| f64::from(u8::from(self.usual(day))))
    }
}

/// A span in which a unit and everything below it does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// When.
    pub span: Span,
    /// Why, in words; may be empty.
    pub reason: String,
}

/// A span in which a person works less, and what share is left: 0 on leave, 0.6 on three days in five.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Away {
    /// When.
    pub span: Span,
    /// What share of each day is left, 0 to 1.
    pub share: f64,
}

/// What share of the usual working days from `from` up to, not including, `until` is worked: by the calendar, closures of
/// the units, and a person's leave and part time. 1 where the calendar knows no working day at all.
pub fn share(calendar: &Calendar, closed: &[Span], away: &[Away], from: Day, until: Day) -> f64 {
    let (mut usual, mut worked) = (0.0, 0.0);
    let mut day = from;
    while day < until {
        usual += f64::from(u8::from(calendar.usual(day)));
        if !closed.iter().any(|c| c.holds(day)) {
            let left: f64 = away.iter().filter(|a| a.span.holds(day)).map(|a| a.share).product();
            worked += calendar.worked(day) * left;
        }
        day = day.plus(1);
    }
    if usual > 0.0 { worked / usual } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn span(from: &str, until: &str) -> Span {
        Span { from: day(from), until: Some(day(until)) }
    }

    /// The week of Monday 6 April 2026, Easter Monday.
    fn week(calendar: &Calendar, closed: &[Span], away: &[Away]) -> f64 {
        share(calendar, closed, away, day("2026-04-06"), day("2026-04-13"))
    }

    #[test]
    fn a_week_is_five_days_less_what_is_not_worked() {
        let plain = Calendar::default();
        assert_eq!(week(&plain, &[], &[]), 1.0);
        let easter = Calendar { days: [(day("2026-04-06"), 0.0)].into(), ..Calendar::default() };
        assert_eq!(week(&easter, &[], &[]), 0.8);
        assert_eq!(week(&easter, &[span("2026-04-07", "2026-04-09")], &[]), 0.4, "two days of rebuilding");
        let leave = Away { span: span("2026-04-09", "2026-04-20"), share: 0.0 };
        assert_eq!(week(&easter, &[], &[leave]), 0.4, "Tuesday and Wednesday are left");
        let part = Away { span: span("2026-01-01", "2027-01-01"), share: 0.5 };
        assert_eq!(week(&plain, &[], &[part]), 0.5);
        assert_eq!(
            week(&plain, &[span("2026-04-01", "2026-05-01")], &[]),
            0.0,
            "closed is nothing, not missing"
        );
    }

    #[test]
    fn a_worked_saturday_makes_a_long_week() {
        let long = Calendar { days: [(day("2026-04-11"), 1.0)].into(), ..Calendar::default() };
        assert_eq!(week(&long, &[], &[]), 1.2);
        let never = Calendar { weekdays: [false; 7], ..Calendar::default() };
        assert_eq!(week(&never, &[], &[]), 1.0, "nothing can be said, so nothing is taken away");
    }
}
