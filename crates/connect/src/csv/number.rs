//! Numbers as people write them. What a sign means is decided for a whole column.

use serde::Serialize;

/// The sign between units and tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Point => "a point",
            Self::Comma => "a comma",
        })
    }
}

impl Decimal {
    const fn sign(self) -> char {
        match self {
            Decimal::Point => '.',
            Decimal::Comma => ',',
        }
    }
}

/// What stood around the digits and was taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks {
    pub(super) percent: bool,
    pub(super) currency: Option<&'static str>,
}

const CURRENCIES: [&str; 18] = [
    "€", "$", "£", "¥", "₹", "₽", "EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK",
    "CAD", "AUD",
];

/// Longer than any number somebody means.
const LONGEST: usize = 64;

/// The digits with their separators, whether they are negative, and what was around them.
fn strip(cell: &str) -> Option<(&str, bool, Marks)> {
    let mut rest = cell;
    let mut marks = Marks::default();
    let mut signs = 0;
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        (rest, negative, signs) = (inner, true, 1);
    }
    let mut signed = |is_minus: bool| {
        signs += 1;
        negative |= is_minus;
        signs == 1
    };
    loop {
        let before = rest.len();
        rest = rest.trim();
        if let Some(r) = rest.strip_prefix(['-', '\u{2212}']) {
            rest = r;
            signed(true).then_some(())?;
        } else if let Some(r) = rest.strip_suffix(['-', '\u{2212}']) {
            rest = r;
            signed(true).then_some(())?;
        } else if let Some(r) = rest.strip_prefix('+') {
            rest = r;
            signed(false).then_some(())?;
        } else if let Some(r) = rest.strip_suffix('%') {
            rest = r;
            (!std::mem::replace(&mut marks.percent, true)).then_some(())?;
        } else if let Some((sign, r)) = CURRENCIES
            .iter()
            .find_map(|c| rest.strip_prefix(c).or_else(|| rest.strip_suffix(c)).map(|r| (*c, r)))
        {
            rest = r;
            marks.currency.replace(sign).is_none().then_some(())?;
        }
        if rest.len() == before {
            break;
        }
    }
    (!marks.percent || marks.currency.is_none()).then_some((rest, negative, marks))
}

const fn is_group(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}')
}

/// Reads a number whose column's decimal sign is known. `None` where it is not a finite number written so.
pub(super) fn parse(cell: &str, decimal: Decimal) -> Option<(f64, Marks)> {
    let bytes = cell.as_bytes();
    if bytes.len() > LONGEST {
        return None;
    }
    // The ordinary case: digits, at most one point, maybe a minus.
    if decimal == Decimal::Point && bytes.last().is_some_and(u8::is_ascii_digit) {
        let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let mut points = 0;
        if digits[0].is_ascii_digit()
            && digits.iter().all(|b| {
                points += usize::from(*b == b'.');
                b.is_ascii_digit() || *b == b'.'
            })
            && points <= 1
        {
            return cell.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| (v + 0.0, Marks::default()));
        }
    }
    let (core, negative, marks) = strip(cell)?;
    let mut plain = [0_u8; LONGEST];
    let mut len = 0;
    let mut push = |b: u8| {
        plain[len] = b;
        len += 1;
    };
    let thousands = if decimal == Decimal::Point { ',' } else { '.' };
    let (mut group, mut run, mut digits, mut fraction) = (None, 0_usize, 0_usize, false);
    let mut chars = core.chars();
    while let Some(c) = chars.next() {
        match c {
            '0'..='9' => {
                push(c as u8);
                digits += 1;
                run += 1;
            }
            c if c == decimal.sign() && !fraction => {
                if group.is_some() && run != 3 {
                    return None;
                }
                push(b'.');
                (fraction, run) = (true, 0);
            }
            c if (c == thousands || is_group(c)) && !fraction => {
                let fits = match group {
                    None => (1..=3).contains(&run),
                    Some(first) => first == c && run == 3,
                };
                if !fits {
                    return None;
                }
                (group, run) = (Some(c), 0);
            }
            'e' | 'E' if digits > 0 && (group.is_none() || fraction || run == 3) => {
                push(b'e');
                let exponent = chars.as_str();
                let number = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
                if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                exponent.bytes().for_each(&mut push);
                (fraction, run) = (true, 0);
                break;
            }
            _ => return None,
        }
    }
    if digits == 0 || (group.is_some() && !fraction && run != 3) {
        return None;
    }
    let value = std::str::from_utf8(&plain[..len]).ok()?.parse::<f64>().ok().filter(|v| v.is_finite())?;
    Some((if negative { 0.0 - value } else { value }, marks))
}

/// What one cell says about its column's decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing: no separator, or no number.
    Nothing,
    /// Four or more digits without a separator: thousands are not grouped in this column.
    Ungrouped,
    /// This is the decimal sign.
    Is(Decimal),
    /// `1.234` or `1,234`: the sign it has is the decimal one, or it groups thousands.
    Either(Decimal),
}

/// Weighs one cell, before anything about its column is known.
pub(super) fn weigh(cell: &str) -> Says {
    let bytes = cell.as_bytes();
    if bytes.len() > LONGEST {
        return Says::Nothing;
    }
    let ordinary = bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.' || *b == b',');
    let core = if ordinary {
        cell
    } else {
        match strip(cell) {
            Some((core, _, _)) => core,
            None => return Says::Nothing,
        }
    };
    let (mut points, mut commas, mut digits, mut other, mut last) = (0, 0, 0, false, 0);
    let mut before = 0;
    for (at, b) in core.bytes().enumerate() {
        match b {
            b'.' => (points, last, before) = (points + 1, at, digits),
            b',' => (commas, last, before) = (commas + 1, at, digits),
            b'0'..=b'9' => digits += 1,
            _ => other = true,
        }
    }
    if digits == 0 || core.bytes().any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E')) {
        return Says::Nothing;
    }
    let sign = if core.as_bytes().get(last) == Some(&b',') { Decimal::Comma } else { Decimal::Point };
    match (points, commas) {
        (0, 0) if digits >= 4 && !other => Says::Ungrouped,
        (0, 0) => Says::Nothing,
        (0, 1) | (1, 0) => {
            let after = digits - before;
            if after == 3 && (1..=3).contains(&before) && !other && !core.starts_with('0') {
                Says::Either(sign)
            } else {
                Says::Is(sign)
            }
        }
        (_, 0) => Says::Is(Decimal::Comma),
        (0, _) => Says::Is(Decimal::Point),
        _ => Says::Is(sign),
    }
}
