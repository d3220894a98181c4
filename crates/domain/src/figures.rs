//! How numbers and their units are written: on pages, in mail and in frozen results, so that they cannot differ.
//!
//! English: thousands with a comma, minus as U+2212, a narrow no-break space before %, ranges with "to".

use std::borrow::Cow;

use serde::Serialize;

use crate::metrics::Metric;

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

/// A number of things: "1 week", "4 weeks", "1,840 hours".
pub fn plural(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    // What is counted is never below zero, also where a database counts with a sign.
    let n = n.try_into().unwrap_or(0);
    format!("{} {}", count(n), if n == 1 { one } else { many })
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
    pub fn of_metric(metric: &Metric) -> Self {
        Self::of_unit(&metric.unit, metric.decimals)
    }
    /// The style of a unit as written, see [`Style::of_metric`].
    pub fn of_unit(unit: &str, places: u8) -> Self {
        let unit = unit.trim();
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

    /// The same with as many more decimals, two at most, as these numbers need: a target of half a stop is not "0".
    pub fn exact_for(self, values: &[f64]) -> Self {
        let exact = |places: u8| {
            let ten = 10f64.powi(places.into());
            values.iter().map(|v| self.scaled(*v) * ten).all(|v| (v - v.round()).abs() < 1e-6 * ten)
        };
        let most = self.places.saturating_add(2);
        let places = (self.places..most).find(|p| exact(*p)).unwrap_or(most);
        Self { places, ..self }
    }

    /// The same with at least two digits that say something for a mean of about this size: 0.42 stops, not "0".
    pub fn for_mean(self, about: f64) -> Self {
        let size = self.scaled(about).abs();
        if size == 0.0 || !size.is_finite() {
            return self;
        }
        let places = (1.0 - size.log10().floor()).clamp(0.0, 2.0) as u8;
        Self { places: self.places.max(places), ..self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_the_decimals_that_it_needs() {
        let aim = |level, tolerance| {
            let style = Style::of("stops", 0).exact_for(&[level, tolerance]);
            format!("{} ± {}", style.number(level), style.value(tolerance))
        };
        assert_eq!(aim(0.5, 0.5), "0.5 ± 0.5 stops");
        assert_eq!(aim(3.0, 2.0), "3 ± 2 stops");
        assert_eq!(aim(1.0 / 3.0, 1.0), "0.33 ± 1.00 stops");
        let mean = |v: f64| Style::of("stops", 0).for_mean(v).number(v);
        assert_eq!([0.417, 1.04, 16.2, 0.0].map(mean), ["0.42", "1.0", "16", "0"]);
        assert_eq!(Style::share(0).exact_for(&[0.125]).number(0.125), "12.5\u{202f}%");
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
}
