//! How numbers, dates and lengths of time are written on pages. Rounding happens here and in [`domain::figures`], which
//! writes numbers for pages and frozen results alike, and nowhere else.
//!
//! English: thousands with a comma, minus as U+2212, a narrow no-break space before %, ranges with "to",
//! weeks named by their Monday, the year only where it is not this one.

use std::borrow::Cow;

pub use domain::figures::{MINUS, Style, count, decimal, places_for, plural, signed};
use domain::time::{Cadence, Day, Instant, Zone};

const NARROW_SPACE: &str = "\u{202f}";

/// A number of the periods in which a metric is looked at: "4 weeks", "1 month".
pub fn periods(n: impl TryInto<u64>, cadence: Cadence) -> String {
    let word = cadence.rolled().word();
    plural(n, word, &format!("{word}s"))
}

/// A small number as a word, for sentences: "two"; from thirteen up in digits.
pub fn spell(n: u64) -> Cow<'static, str> {
    const WORDS: [&str; 13] = [
        "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    match usize::try_from(n).ok().and_then(|n| WORDS.get(n)) {
        Some(word) => Cow::Borrowed(word),
        None => Cow::Owned(count(n)),
    }
}

/// The same text with its first letter large, for the start of a sentence.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The same text with its first letter small, for the middle of a sentence; an abbreviation stays as it is.
pub fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Several names in a sentence: "Ashby, Brannock and Corran".
pub fn names<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", start.join(", "), last.as_ref())
        }
    }
}

/// Up to two letters that stand for a person: the first of the first and of the last name.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first = words.first().and_then(|w| w.chars().next());
    let last = if words.len() > 1 { words.last().and_then(|w| w.chars().next()) } else { None };
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A length of work: minutes below two hours ("45 min"), then "2 h 40", from ten hours up "61 h".
pub fn minutes(minutes: f64) -> String {
    if !minutes.is_finite() {
        return "–".to_owned();
    }
    let sign = if minutes <= -0.5 { MINUS.to_string() } else { String::new() };
    let whole = minutes.abs().round() as u64;
    match (whole / 60, whole % 60) {
        (0 | 1, _) => format!("{sign}{whole} min"),
        (h, 0) => format!("{sign}{} h", count(h)),
        (h, m) if h < 10 => format!("{sign}{h} h {m:02}"),
        (h, m) => format!("{sign}{} h", count(h + u64::from(m >= 30))),
    }
}

/// A short length of time that a machine took: "11 ms", "1.8 s", "2 min 5 s".
pub fn took(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "–".to_owned(),
        s if s < 0.9995 => format!("{} ms", decimal(s * 1000.0, 0)),
        s if s < 9.95 => format!("{} s", decimal(s, 1)),
        s if s < 59.5 => format!("{} s", decimal(s, 0)),
        s => {
            let whole = s.round() as u64;
            format!("{} min {} s", count(whole / 60), whole % 60)
        }
    }
}

/// A size in storage: "148 MB".
pub fn bytes(n: u64) -> String {
    let n = n as f64;
    match n {
        n if n < 1e3 => format!("{} bytes", decimal(n, 0)),
        n if n < 1e6 => format!("{} kB", decimal(n / 1e3, 0)),
        n if n < 1e9 => format!("{} MB", decimal(n / 1e6, 0)),
        n => format!("{} GB", decimal(n / 1e9, 1)),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn month(day: Day) -> &'static str {
    MONTHS[(usize::from(day.date().month().unsigned_abs()).max(1) - 1).min(11)]
}
fn weekday(day: Day) -> &'static str {
    WEEKDAYS[usize::from(day.weekday()).min(6)]
}
fn year(day: Day, today: Day) -> String {
    if day.date().year() == today.date().year() { String::new() } else { format!(" {}", day.date().year()) }
}

/// "Wed 18 March"; with the year where it is not this one.
pub fn day(day: Day, today: Day) -> String {
    format!("{} {} {}{}", &weekday(day)[..3], day.date().day(), month(day), year(day, today))
}

/// "Wednesday 18 March"; with the year where it is not this one.
pub fn long_day(day: Day, today: Day) -> String {
    format!("{} {} {}{}", weekday(day), day.date().day(), month(day), year(day, today))
}

/// "18 March"; with the year where it is not this one.
pub fn date(day: Day, today: Day) -> String {
    format!("{} {}{}", day.date().day(), month(day), year(day, today))
}

/// "18 Mar"; with the year where it is not this one. For tables and charts.
pub fn short_date(day: Day, today: Day) -> String {
    format!("{} {}{}", day.date().day(), &month(day)[..3], year(day, today))
}

/// A moment as someone in one place saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The day there.
    pub day: Day,
    /// The hour there, 0 to 23.
    pub hour: i8,
    /// The minute, 0 to 59.
    pub minute: i8,
}

impl Moment {
    /// The moment in a zone: the org unit's.
    pub fn of(at: Instant, zone: &Zone) -> Self {
        let (hour, minute) = zone.clock(at);
        Self { day: at.day(zone), hour, minute }
    }
    /// "today, 08:41", "Mon 16 March, 09:12".
    pub fn words(self, today: Day) -> String {
        if self.day == today {
            format!("today, {}", self.clock())
        } else {
            format!("{}, {}", day(self.day, today), self.clock())
        }
    }
    /// "08:41".
    pub fn clock(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
    /// "2026-03-18T08:41", for the `datetime` attribute.
    pub fn machine(self) -> String {
        format!("{}T{}", self.day, self.clock())
    }
}

/// "86 %" from a share between 0 and 1.
pub fn percent(share: f64) -> String {
    format!("{}{NARROW_SPACE}%", decimal(share * 100.0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_moments() {
        let today = d("2026-03-18");
        assert_eq!(day(today, today), "Wed 18 March");
        assert_eq!(long_day(today, today), "Wednesday 18 March");
        assert_eq!(day(d("2025-10-01"), today), "Wed 1 October 2025");
        assert_eq!(short_date(d("2026-02-16"), today), "16 Feb");
        assert_eq!(date(d("2026-12-31"), today), "31 December");
        let at = Moment { day: today, hour: 8, minute: 4 };
        assert_eq!(at.words(today), "today, 08:04");
        assert_eq!(at.words(today.plus(1)), "Wed 18 March, 08:04");
        assert_eq!(at.machine(), "2026-03-18T08:04");
    }

    #[test]
    fn lengths() {
        let check = |m, expected: &str| assert_eq!(minutes(m), expected);
        check(6.0, "6 min");
        check(119.4, "119 min");
        check(160.0, "2 h 40");
        check(120.0, "2 h");
        check(3_660.0, "61 h");
        check(110_400.0, "1,840 h");
        check(-5_640.0, "−94 h");
        check(-0.2, "0 min");
        assert_eq!(took(0.011), "11 ms");
        assert_eq!(took(1.84), "1.8 s");
        assert_eq!(took(125.0), "2 min 5 s");
        assert_eq!(bytes(148_000_000), "148 MB");
    }

    #[test]
    fn words() {
        assert_eq!(plural(1, "week", "weeks"), "1 week");
        assert_eq!(plural(1840, "hour", "hours"), "1,840 hours");
        assert_eq!(periods(3, Cadence::Day), "3 weeks");
        assert_eq!(periods(1, Cadence::Month), "1 month");
        assert_eq!(spell(5), "five");
        assert_eq!(spell(13), "13");
        assert_eq!(capital("one thing"), "One thing");
        assert_eq!(names(&["Ashby", "Brannock", "Corran"]), "Ashby, Brannock and Corran");
        assert_eq!(names(&["Ashby"]), "Ashby");
        assert_eq!(initials("Maya Lindqvist"), "ML");
        assert_eq!(initials("  élodie  de la Tour "), "ÉT");
        assert_eq!(initials(""), "");
    }
}
