//! How numbers, dates and lengths of time are written on pages. Rounding happens here and nowhere else.
//!
//! English: thousands with a comma, minus as U+2212, a narrow no-break space before %, ranges with "to",
//! weeks named by their Monday, the year only where it is not this one.

use std::borrow::Cow;

use domain::time::{Day, Instant, Zone};
use serde::Serialize;

/// The minus sign.
pub const MINUS: char = '\u{2212}';
const NARROW_SPACE: &str = "\u{202f}";

/// A number with a fixed count of decimals, thousands apart, never "−0". What is not finite has no digits: "–".
pub fn decimal(value: f64, places: u8) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let plain = format!("{:.*}", usize::from(places), value.abs());
    let (whole, part) = plain.split_once('.').map_or((plain.as_str(), None), |(w, p)| (w, Some(p)));
    let mut text = String::with_capacity(plain.len() + 6);
    if value < 0.0 && plain.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        text.push(MINUS);
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(part) = part {
        text.push('.');
        text.push_str(part);
    }
    text
}

/// [`decimal`] with a plus sign on what is above zero: effects always say their direction.
pub fn signed(value: f64, places: u8) -> String {
    let text = decimal(value, places);
    let up = value > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if up { format!("+{text}") } else { text }
}

/// A whole number with thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decimals that an estimate with this range can bear: a range 0.7 to 7 wide gets one, ten times narrower one more.
pub fn places_for(lo: f64, hi: f64) -> u8 {
    let width = (hi - lo).abs();
    if !width.is_finite() || width <= 0.0 {
        return 1;
    }
    (7.0 / width).log10().ceil().clamp(0.0, 6.0) as u8
}

/// A number of things: "1 week", "4 weeks", "1,840 hours".
pub fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
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

/// How the values of one metric are written. Also given to the chart script, so that both write alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Style {
    /// What stands before the digits: "€".
    pub before: Cow<'static, str>,
    /// What stands after them and belongs to them: " %", " m".
    pub after: Cow<'static, str>,
    /// The unit in words, where it is one: "days", "calls a week".
    pub word: Cow<'static, str>,
    /// How a difference is named where that is not the unit: "points" between percentages.
    pub change: Cow<'static, str>,
    /// Decimals shown.
    pub places: u8,
    /// Stored values are divided by this before they are shown: 1e6 for "€0.41 m", 0.01 for a share shown in percent.
    pub divide: f64,
}

impl Style {
    /// A bare number.
    pub const fn plain(places: u8) -> Self {
        Self {
            before: Cow::Borrowed(""),
            after: Cow::Borrowed(""),
            word: Cow::Borrowed(""),
            change: Cow::Borrowed(""),
            places,
            divide: 1.0,
        }
    }
    /// A number of something: "8.1 days".
    pub fn of(word: impl Into<Cow<'static, str>>, places: u8) -> Self {
        Self { word: word.into(), ..Self::plain(places) }
    }
    /// Percent where the stored value already is one (86 is 86 %).
    pub fn percent(places: u8) -> Self {
        Self { after: Cow::Borrowed("\u{202f}%"), change: Cow::Borrowed("points"), ..Self::plain(places) }
    }
    /// Percent where the stored value is a share (0.86 is 86 %).
    pub fn share(places: u8) -> Self {
        Self { divide: 0.01, ..Self::percent(places) }
    }
    /// A change in percent of a level (0.03 is +3 %): its differences are percent, not points.
    pub fn relative(places: u8) -> Self {
        Self { change: Cow::Borrowed(""), ..Self::share(places) }
    }
    /// Money: "€212".
    pub fn money(sign: impl Into<Cow<'static, str>>, places: u8) -> Self {
        Self { before: sign.into(), ..Self::plain(places) }
    }
    /// Money in millions: "€0.41 m".
    pub fn millions(sign: impl Into<Cow<'static, str>>, places: u8) -> Self {
        Self { before: sign.into(), after: Cow::Borrowed("\u{202f}m"), divide: 1e6, ..Self::plain(places) }
    }

    /// The style that a metric's definition asks for, from its unit as written: `calls`, `days`, `€/h`, `€ m`, `%`.
    /// Values in `%` are per cent as they stand: a ratio of hits to tries carries its hits a hundredfold.
    pub fn of_metric(metric: &domain::metrics::Metric) -> Self {
        let unit = metric.unit.trim();
        let places = metric.decimals;
        if unit == "%" {
            return Self::percent(places);
        }
        let mut chars = unit.chars();
        match chars.next() {
            Some(sign @ ('€' | '$' | '£' | '¥')) => match chars.as_str().trim() {
                rest @ ("m" | "k" | "bn") => Self {
                    after: format!("{NARROW_SPACE}{rest}").into(),
                    ..Self::money(sign.to_string(), places)
                },
                _ => Self::money(sign.to_string(), places),
            },
            _ => Self::of(unit.to_owned(), places),
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.divide == 0.0 { value } else { value / self.divide }
    }
    /// The number with its signs, without its unit in words: "8.1", "€212", "86 %".
    pub fn number(&self, value: f64) -> String {
        self.wrap(decimal(self.scaled(value), self.places))
    }
    /// The number with its unit: "8.1 days", "€212".
    pub fn value(&self, value: f64) -> String {
        let number = self.number(value);
        if self.word.is_empty() { number } else { format!("{number} {}", self.word) }
    }
    /// [`Style::number`], or a dash where there is no value: missing is not zero.
    pub fn maybe(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |v| self.number(v))
    }
    /// "32 to 48"; the unit is said once, after it.
    pub fn range(&self, lo: f64, hi: f64) -> String {
        let (a, b) = (decimal(self.scaled(lo), self.places), decimal(self.scaled(hi), self.places));
        format!("{}{a} to {b}{}", self.before, self.after)
    }
    /// A difference with its sign, as exact as its range allows: "−7.1 days", "+11 points", "+€3".
    pub fn effect(&self, value: f64, lo: f64, hi: f64) -> String {
        let places = places_for(self.scaled(lo), self.scaled(hi));
        let number = signed(self.scaled(value), places);
        let number = match number.strip_prefix(['+', MINUS]) {
            Some(digits) if !self.before.is_empty() => {
                format!("{}{}{digits}", &number[..number.len() - digits.len()], self.before)
            }
            _ => number,
        };
        match (self.change.is_empty(), self.word.is_empty()) {
            (false, _) => format!("{number} {}", self.change),
            (true, false) => format!("{number} {}", self.word),
            (true, true) => format!("{number}{}", self.after),
        }
    }
    /// The range of a difference: "−9.8 to −4.4".
    pub fn effect_range(&self, lo: f64, hi: f64) -> String {
        let places = places_for(self.scaled(lo), self.scaled(hi));
        format!("{} to {}", signed(self.scaled(lo), places), signed(self.scaled(hi), places))
    }
    /// A tick on an effect axis: signed, as many decimals as the step between ticks asks for.
    pub fn tick(&self, value: f64, step: f64) -> String {
        let step = self.scaled(step).abs();
        let places =
            if step >= 1.0 || step == 0.0 { 0 } else { (-step.log10()).ceil().clamp(0.0, 6.0) as u8 };
        signed(self.scaled(value), places)
    }

    fn wrap(&self, digits: String) -> String {
        match digits.strip_prefix(MINUS) {
            Some(rest) => format!("{MINUS}{}{rest}{}", self.before, self.after),
            None => format!("{}{digits}{}", self.before, self.after),
        }
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
    fn numbers() {
        let check = |value, places, expected: &str| assert_eq!(decimal(value, places), expected);
        check(1840.0, 0, "1,840");
        check(1_234_567.891, 2, "1,234,567.89");
        check(-7.1, 1, "−7.1");
        check(-0.04, 1, "0.0");
        check(0.0, 0, "0");
        check(-0.0, 2, "0.00");
        check(999.5, 0, "1,000");
        check(f64::NAN, 1, "–");
        check(f64::INFINITY, 0, "–");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(3.0, 1), "+3.0");
        assert_eq!(signed(-3.0, 0), "−3");
        assert_eq!(count(1_150_000), "1,150,000");
        assert_eq!(count(12), "12");
    }

    #[test]
    fn an_estimate_gets_no_more_digits_than_its_range_bears() {
        let days = Style::of("days", 1);
        assert_eq!(days.effect(-7.08, -9.83, -4.37), "−7.1 days");
        assert_eq!(days.effect_range(-9.83, -4.37), "−9.8 to −4.4");
        let share = Style::share(0);
        assert_eq!(share.effect(0.11, 0.07, 0.15), "+11 points");
        assert_eq!(share.effect_range(0.07, 0.15), "+7 to +15");
        assert_eq!(Style::relative(1).effect(0.03, 0.016, 0.044), "+3.0\u{202f}%");
        assert_eq!(Style::plain(3).effect(-0.252, -0.554, 0.05), "−0.25");
        assert_eq!(Style::money("€", 0).effect(6.2, 3.0, 9.4), "+€6.2");
        assert_eq!(Style::plain(0).effect(0.0, 0.0, 0.0), "0.0");
    }

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(Style::millions("€", 2).number(410_000.0), "€0.41\u{202f}m");
        assert_eq!(Style::money("€", 0).value(-212.4), "−€212");
        assert_eq!(Style::of("days", 1).value(8.1), "8.1 days");
        assert_eq!(Style::share(0).number(0.861), "86\u{202f}%");
        assert_eq!(Style::percent(0).range(80.0, 90.0), "80 to 90\u{202f}%");
        assert_eq!(Style::plain(0).maybe(None), "–");
        assert_eq!(Style::plain(0).tick(-3.0, 3.0), "−3");
        assert_eq!(Style::relative(0).tick(0.005, 0.005), "+0.5");
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
