//! Instants, days and periods.
//!
//! An [`Instant`] is UTC. Which [`Day`] it falls on depends on a time zone, which is the org unit's
//! (an IANA name), or the organisation's where the unit has none. Weeks start on Monday and are named by it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Unit};

/// A moment, UTC, in whole microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since 1970. Values outside years −9998 to 9998 are clamped, so that formatting never fails.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Timestamp::MIN.as_microsecond() + 1, Timestamp::MAX.as_microsecond()))
    }
    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// The same moment for calendar arithmetic.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
    /// This moment plus a number of seconds, which may be negative.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
    /// Seconds from `earlier` to here; negative where `earlier` is later.
    pub const fn seconds_since(self, earlier: Instant) -> i64 {
        (self.0 - earlier.0) / 1_000_000
    }
    /// The calendar day on which this moment falls in a zone.
    pub fn day(self, zone: &Zone) -> Day {
        Day::from_date(self.timestamp().to_zoned(zone.0.clone()).date())
    }
}

impl From<Timestamp> for Instant {
    fn from(t: Timestamp) -> Self {
        Self::from_micros(t.as_microsecond())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}
impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Instant {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        text.parse::<Timestamp>()
            .map(Self::from)
            .map_err(|_| BadTime::new(text, "a moment like 2026-03-18T08:41:00Z"))
    }
}

/// A text that is not the time it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct BadTime {
    /// What was given, cut to 80 characters.
    pub text: String,
    /// What it should have looked like.
    pub expected: &'static str,
}

impl BadTime {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), expected }
    }
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(jiff::tz::TimeZone::UTC);

    /// Looks up a zone such as `Europe/Berlin`.
    pub fn named(name: &str) -> Result<Self, BadTime> {
        jiff::tz::TimeZone::get(name)
            .map(Zone)
            .map_err(|_| BadTime::new(name, "a time zone name such as Europe/Berlin"))
    }
    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
    /// The first moment of a day here.
    pub fn start_of(&self, day: Day) -> Instant {
        day.date().to_zoned(self.0.clone()).map(|z| z.timestamp().into()).unwrap_or(Instant(0))
    }
    /// The moment on a day at an hour and minute here, for showing and for schedules.
    pub fn at(&self, day: Day, hour: i8, minute: i8) -> Instant {
        day.date()
            .at(hour, minute, 0, 0)
            .to_zoned(self.0.clone())
            .map(|z| z.timestamp().into())
            .unwrap_or(Instant(0))
    }
    /// Hour and minute of a moment here.
    pub fn clock(&self, at: Instant) -> (i8, i8) {
        let z = at.timestamp().to_zoned(self.0.clone());
        (z.hour(), z.minute())
    }
}

/// A calendar day, without a zone. Counted from 1970-01-01; shown as `2026-03-18`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// Days since 1970-01-01, clamped to the years 0001 to 9999.
    pub fn from_number(number: i32) -> Self {
        Self(number.clamp(-719_162, 2_932_896))
    }
    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }
    /// The day of a calendar date.
    pub fn from_date(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        let days = epoch.until((Unit::Day, date)).map(|s| s.get_days()).unwrap_or(0);
        Self::from_number(days)
    }
    /// The calendar date.
    pub fn date(self) -> Date {
        Date::constant(1970, 1, 1).saturating_add(self.0.days())
    }
    /// The day for year, month (1 to 12) and day of the month; `None` where the calendar has no such day.
    pub fn of(year: i16, month: i8, day: i8) -> Option<Self> {
        (year >= 1).then(|| Date::new(year, month, day).ok().map(Self::from_date)).flatten()
    }
    /// This day plus a number of days, which may be negative.
    pub fn plus(self, days: i32) -> Self {
        Self::from_number(self.0.saturating_add(days))
    }
    /// 0 for Monday to 6 for Sunday.
    pub const fn weekday(self) -> u8 {
        (self.0 + 3).rem_euclid(7) as u8
    }
    /// The Monday of its week.
    pub fn monday(self) -> Self {
        self.plus(-i32::from(self.weekday()))
    }
    /// Days from `earlier` to here.
    pub const fn days_since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = self.date();
        write!(f, "{:04}-{:02}-{:02}", d.year(), d.month(), d.day())
    }
}
impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Day {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime::new(text, "a day like 2026-03-18");
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
        if !shaped {
            return Err(bad());
        }
        let part = |r: std::ops::Range<usize>| text[r].parse::<i16>().map_err(|_| bad());
        Day::of(part(0..4)?, part(5..7)? as i8, part(8..10)? as i8).ok_or_else(bad)
    }
}

macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(Instant, Day);

/// How often a metric is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cadence {
    /// Every day; rolled up to weeks.
    Day,
    /// Every week.
    Week,
    /// Every calendar month.
    Month,
    /// Every calendar quarter.
    Quarter,
    /// Every calendar year.
    Year,
}

impl Cadence {
    /// The word used in files, storage and the API.
    pub const fn word(self) -> &'static str {
        match self {
            Cadence::Day => "day",
            Cadence::Week => "week",
            Cadence::Month => "month",
            Cadence::Quarter => "quarter",
            Cadence::Year => "year",
        }
    }
    /// Reads [`Cadence::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Cadence::Day, Cadence::Week, Cadence::Month, Cadence::Quarter, Cadence::Year]
            .into_iter()
            .find(|c| c.word() == word)
    }
    /// The cadence that readings of this one are rolled up to: days become weeks, the others stay.
    pub const fn rolled(self) -> Self {
        match self {
            Cadence::Day => Cadence::Week,
            other => other,
        }
    }
    /// The first day of the period that holds `day`.
    pub fn start(self, day: Day) -> Day {
        let d = day.date();
        let first = |year, month| Day::of(year, month, 1).unwrap_or(day);
        match self {
            Cadence::Day => day,
            Cadence::Week => day.monday(),
            Cadence::Month => first(d.year(), d.month()),
            Cadence::Quarter => first(d.year(), (d.month() - 1) / 3 * 3 + 1),
            Cadence::Year => first(d.year(), 1),
        }
    }
    /// The first day of the period that is `steps` later (earlier where negative) than the one starting at `start`.
    pub fn step(self, start: Day, steps: i32) -> Day {
        let months = |m: i32| Day::from_date(start.date().saturating_add(m.saturating_mul(steps).months()));
        match self {
            Cadence::Day => start.plus(steps),
            Cadence::Week => start.plus(steps.saturating_mul(7)),
            Cadence::Month => months(1),
            Cadence::Quarter => months(3),
            Cadence::Year => months(12),
        }
    }
    /// Whole periods from the one starting at `from` to the one starting at `to`.
    pub fn steps_between(self, from: Day, to: Day) -> i32 {
        let months = |d: Day| i32::from(d.date().year()) * 12 + i32::from(d.date().month());
        match self {
            Cadence::Day => to.days_since(from),
            Cadence::Week => to.days_since(from).div_euclid(7),
            Cadence::Month => months(to) - months(from),
            Cadence::Quarter => (months(to) - months(from)).div_euclid(3),
            Cadence::Year => (months(to) - months(from)).div_euclid(12),
        }
    }
}

/// One period of a cadence, named by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How long it is.
    pub cadence: Cadence,
    /// Its first day.
    pub start: Day,
}

impl Period {
    /// The period of `cadence` that holds `day`.
    pub fn holding(cadence: Cadence, day: Day) -> Self {
        Self { cadence, start: cadence.start(day) }
    }
    /// The day after its last one.
    pub fn end(self) -> Day {
        self.cadence.step(self.start, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn days_read_back_what_they_show() {
        for n in [-719_162, -1, 0, 1, 20_000, 2_932_896] {
            assert_eq!(Day::from_number(n).to_string().parse(), Ok(Day::from_number(n)));
        }
        assert_eq!(day("1970-01-01").number(), 0);
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-1-1",
            "26-01-01",
            "0000-01-01",
            "2026-01-0x",
            "",
            "２026-01-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert!(day("2024-02-29").number() > 0);
    }

    #[test]
    fn weeks_start_on_monday() {
        assert_eq!(day("2026-03-18").monday(), day("2026-03-16"));
        assert_eq!(day("2026-03-16").monday(), day("2026-03-16"));
        assert_eq!(day("1969-12-31").monday(), day("1969-12-29"));
    }

    #[test]
    fn periods_start_and_step() {
        assert_eq!(Cadence::Quarter.start(day("2026-05-20")), day("2026-04-01"));
        assert_eq!(Cadence::Month.step(day("2026-01-01"), -1), day("2025-12-01"));
        assert_eq!(Cadence::Year.steps_between(day("1987-01-01"), day("1989-01-01")), 2);
        assert_eq!(Period::holding(Cadence::Week, day("2026-03-18")).end(), day("2026-03-23"));
    }

    #[test]
    fn the_day_depends_on_the_zone() {
        let at: Instant = "2026-03-18T23:30:00Z".parse().unwrap();
        assert_eq!(at.day(&Zone::UTC), day("2026-03-18"));
        assert_eq!(at.day(&Zone::named("Europe/Berlin").unwrap()), day("2026-03-19"));
        assert!(Zone::named("Mars/Olympus").is_err());
    }

    #[test]
    fn a_day_that_starts_after_midnight_still_has_a_start() {
        // Clocks went forward at midnight in Beirut on 2022-03-27.
        let zone = Zone::named("Asia/Beirut").unwrap();
        assert_eq!(zone.start_of(day("2022-03-27")).day(&zone), day("2022-03-27"));
    }
}
