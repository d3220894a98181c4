//! Days and periods as people write them. The order of day and month is decided for a whole column.

use domain::time::{Cadence, Day, Period};
use serde::Serialize;

/// Which comes first in `03/04/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOrder {
    /// 3 April.
    DayFirst,
    /// 4 March.
    MonthFirst,
}

/// Why a text is not a day or a period.
pub(super) type Refusal = (&'static str, &'static str);

const WRITE_DAY: &str = "write it like 2026-03-18";
const WRITE: &str =
    "write a day like 2026-03-18, a week 2026-W12, a month 2026-03, a quarter 2026-Q1 or a year 2026";
const IMPOSSIBLE: Refusal = ("the calendar has no such day", WRITE_DAY);

/// What a text says, as far as it can be said without its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Only one thing.
    Period(Period),
    /// Two numbers and a year: `first/second/year`.
    Pair(i16, i16, i16),
}

const fn of(cadence: Cadence, start: Day) -> Found {
    Found::Period(Period { cadence, start })
}

/// A run of 1 to `most` ASCII digits as a number.
fn digits(text: &str, least: usize, most: usize) -> Option<i16> {
    ((least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Understands one text.
pub(super) fn find(text: &str) -> Result<Found, Refusal> {
    let not = Err(("this is not a day or a period", WRITE));
    if text.len() > 40 || !text.is_ascii() {
        return not;
    }
    if let Ok(day) = text.parse::<Day>() {
        return Ok(of(Cadence::Day, day));
    }
    if text.len() > 10 && matches!(text.as_bytes()[10], b'T' | b' ') {
        let midnight = text[11..].trim_end_matches('Z');
        let midnight = midnight
            .split_once('.')
            .map_or(midnight, |(whole, part)| if part.bytes().all(|b| b == b'0') { whole } else { midnight });
        return match find(&text[..10]) {
            Ok(found) if matches!(midnight, "00:00" | "00:00:00" | "0:00" | "0:00:00") => Ok(found),
            Ok(_) => Err(("this is a moment, and a day or period is needed", "leave out the time of day")),
            Err(refusal) => Err(refusal),
        };
    }
    if text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err((
            "this looks like a spreadsheet's number of a day",
            "format the column as a date before saving",
        ));
    }
    if let Some(year) = digits(text, 4, 4) {
        return Day::of(year, 1, 1).filter(|_| year >= 1000).map(|d| of(Cadence::Year, d)).ok_or(IMPOSSIBLE);
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return match (digits(&text[..4], 4, 4), digits(&text[4..6], 2, 2), digits(&text[6..], 2, 2)) {
            (Some(y), Some(m), Some(d)) => day(y, m, d),
            _ => not,
        };
    }
    let upper = text.to_ascii_uppercase();
    if let Some((year, rest)) = split_letter(&upper, 'W') {
        return week(year, rest);
    }
    if let Some((year, rest)) = split_letter(&upper, 'Q') {
        return match (digits(year, 4, 4), digits(rest, 1, 1)) {
            (Some(y), Some(q @ 1..=4)) => {
                Day::of(y, (q as i8 - 1) * 3 + 1, 1).map(|d| of(Cadence::Quarter, d)).ok_or(IMPOSSIBLE)
            }
            _ => Err(("this is not a quarter", "write it like 2026-Q1")),
        };
    }
    let Some(sign) = text.chars().find(|c| matches!(c, '-' | '.' | '/')) else { return not };
    let parts: Vec<&str> = text.split(sign).collect();
    match parts[..] {
        [y, m] if y.len() == 4 => month(y, m),
        [m, y] if y.len() == 4 => month(y, m),
        [y, m, d] if y.len() == 4 => match (digits(y, 4, 4), digits(m, 1, 2), digits(d, 1, 2)) {
            (Some(y), Some(m), Some(d)) => day(y, m, d),
            _ => not,
        },
        [a, b, y] if y.len() == 4 => match (digits(a, 1, 2), digits(b, 1, 2), digits(y, 4, 4)) {
            (Some(d), Some(m), Some(y)) if sign == '.' => day(y, m, d),
            (Some(a), Some(b), Some(y)) => Ok(Found::Pair(a, b, y)),
            _ => not,
        },
        [a, b, y] if digits(a, 1, 2).and(digits(b, 1, 2)).and(digits(y, 2, 2)).is_some() => {
            Err(("the year has two digits", WRITE_DAY))
        }
        _ => not,
    }
}

fn day(year: i16, month: i16, day: i16) -> Result<Found, Refusal> {
    Day::of(year, month as i8, day as i8)
        .filter(|_| year >= 1000)
        .map(|d| of(Cadence::Day, d))
        .ok_or(IMPOSSIBLE)
}

fn month(year: &str, month: &str) -> Result<Found, Refusal> {
    match (digits(year, 4, 4), digits(month, 1, 2)) {
        (Some(y), Some(m)) => Day::of(y, m as i8, 1)
            .filter(|_| y >= 1000)
            .map(|d| of(Cadence::Month, d))
            .ok_or(("the calendar has no such month", "write it like 2026-03")),
        _ => Err(("this is not a day or a period", WRITE)),
    }
}

/// `2026-W12`, `2026W12` and, for quarters, `Q1 2026`: the year and what follows the letter.
fn split_letter(text: &str, letter: char) -> Option<(&str, &str)> {
    let (before, after) = text.split_once(letter)?;
    let before = before.trim_end_matches(['-', ' ', '/']);
    if !before.is_empty() {
        return Some((before, after));
    }
    after.split_once(['-', ' ', '/']).map(|(number, year)| (year, number))
}

/// An ISO week, or a day of one (`2026-W12-3`). Week 1 holds 4 January.
fn week(year: &str, rest: &str) -> Result<Found, Refusal> {
    let refusal = ("this is not a week of that year", "write it like 2026-W12");
    let (number, weekday) = rest.split_once('-').map_or((rest, None), |(n, d)| (n, Some(d)));
    let first = |y: i16| Day::of(y, 1, 4).map(Day::monday);
    let year = digits(year, 4, 4).filter(|y| *y >= 1000).ok_or(refusal)?;
    let number = digits(number, 1, 2).filter(|n| *n >= 1).ok_or(refusal)?;
    let monday = first(year).ok_or(refusal)?.plus((i32::from(number) - 1) * 7);
    let next = Day::of(year, 12, 28).ok_or(refusal)?;
    if monday > next {
        return Err(refusal);
    }
    match weekday {
        None => Ok(of(Cadence::Week, monday)),
        Some(d) => match digits(d, 1, 1) {
            Some(d @ 1..=7) => Ok(of(Cadence::Day, monday.plus(i32::from(d) - 1))),
            _ => Err(refusal),
        },
    }
}

/// What one cell says about the order in its column. `Some(None)`: it could be both.
pub(super) fn weigh(text: &str) -> Option<Option<DayOrder>> {
    // A pair starts with one or two digits and a slash or dash; nearly every cell is settled by that.
    if !text.bytes().skip(1).take(2).any(|b| matches!(b, b'/' | b'-')) {
        return None;
    }
    match find(text) {
        Ok(Found::Pair(a, b, _)) if a > 12 && b <= 12 => Some(Some(DayOrder::DayFirst)),
        Ok(Found::Pair(a, b, _)) if b > 12 && a <= 12 => Some(Some(DayOrder::MonthFirst)),
        Ok(Found::Pair(a, b, _)) if a != b && a <= 12 => Some(None),
        _ => None,
    }
}

/// Understands one text whose column's order is known.
pub(super) fn parse(text: &str, order: Option<DayOrder>) -> Result<Period, Refusal> {
    match find(text)? {
        Found::Period(period) => Ok(period),
        Found::Pair(a, b, year) => {
            let (d, m) = if order == Some(DayOrder::MonthFirst) { (b, a) } else { (a, b) };
            match day(year, m, d)? {
                Found::Period(period) => Ok(period),
                Found::Pair(..) => Err(IMPOSSIBLE),
            }
        }
    }
}
