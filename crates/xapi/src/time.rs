//! Timestamps (RFC 3339, and for 1.0.3 the wider ISO 8601) and durations.

use jiff::Timestamp;

use crate::Version;

/// Reads a timestamp, or says why it is none.
///
/// xAPI 2.0 wants RFC 3339. xAPI 1.0.3 wants ISO 8601 and only recommends RFC 3339, so there the seconds, the colons and
/// hyphens, and the offset may be missing (UTC is then meant), and `24:00:00` ends a day. Both refuse an offset of
/// minus zero. Digits beyond the nanosecond are dropped, and a leap second is the last nanosecond of its minute.
pub fn timestamp(text: &str, version: Version) -> Result<Timestamp, String> {
    let mut r = Reader { rest: text.as_bytes() };
    let lenient = version == Version::V1_0_3;
    read_timestamp(&mut r, lenient).map_err(str::to_owned)
}

fn read_timestamp(r: &mut Reader<'_>, lenient: bool) -> Result<Timestamp, &'static str> {
    const DATE: &str = "its date is not like 2026-03-18";
    let year = r.digits(4).ok_or(DATE)?;
    let basic = lenient && r.rest.first().is_some_and(u8::is_ascii_digit);
    if !basic {
        r.take(b'-').ok_or(DATE)?;
    }
    let month = r.digits(2).ok_or(DATE)?;
    if !basic {
        r.take(b'-').ok_or(DATE)?;
    }
    let day = r.digits(2).ok_or(DATE)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return Err("there is no such day in the calendar");
    }
    const TIME: &str = "its time is not like T08:41:00";
    r.take(b'T').or_else(|| r.take(b't')).ok_or(TIME)?;
    let hour = r.digits(2).ok_or(TIME)?;
    if !basic {
        r.take(b':').ok_or(TIME)?;
    }
    let minute = r.digits(2).ok_or(TIME)?;
    let (mut second, mut nanos) = (0, 0);
    let has_seconds =
        if basic { r.rest.first().is_some_and(u8::is_ascii_digit) } else { r.take(b':').is_some() };
    if has_seconds {
        second = r.digits(2).ok_or(TIME)?;
        if r.take(b'.').is_some() || (lenient && r.take(b',').is_some()) {
            nanos = r.fraction().ok_or("its fraction of a second has no digits")?;
        }
    } else if !lenient {
        return Err("its seconds are missing");
    }
    if hour == 24 && !(lenient && minute == 0 && second == 0 && nanos == 0)
        || hour > 24
        || minute > 59
        || second > 60
    {
        return Err("there is no such time of day");
    }
    if second == 60 {
        (second, nanos) = (59, 999_999_999);
    }
    let offset = read_offset(r, lenient)?;
    if !r.rest.is_empty() {
        return Err("more text follows the timestamp");
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Timestamp::new(seconds, nanos as i32).map_err(|_| "its year is out of range")
}

/// Seconds east of Greenwich.
fn read_offset(r: &mut Reader<'_>, lenient: bool) -> Result<i64, &'static str> {
    const OFFSET: &str = "its offset is not `Z` or like +01:00";
    let sign = match r.rest.first() {
        None if lenient => return Ok(0),
        None => return Err("its offset from UTC is missing"),
        Some(b'Z' | b'z') => {
            r.rest = &r.rest[1..];
            return Ok(0);
        }
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return Err(OFFSET),
    };
    r.rest = &r.rest[1..];
    let hours = r.digits(2).ok_or(OFFSET)?;
    let minutes = if r.take(b':').is_some() || (lenient && !r.rest.is_empty()) {
        r.digits(2).ok_or(OFFSET)?
    } else if lenient {
        0
    } else {
        return Err(OFFSET);
    };
    if hours > 23 || minutes > 59 {
        return Err("there is no such offset from UTC");
    }
    if sign < 0 && hours == 0 && minutes == 0 {
        return Err("an offset of minus zero is not allowed");
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> Option<()> {
        let rest = self.rest.strip_prefix(&[byte])?;
        self.rest = rest;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        let mut n = 0;
        for b in head {
            n = n * 10 + i64::from(b.is_ascii_digit().then(|| b - b'0')?);
        }
        self.rest = rest;
        Some(n)
    }

    /// Nanoseconds.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let nanos = digits
            .iter()
            .chain(std::iter::repeat(&b'0'))
            .take(9)
            .fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        (count > 0).then_some(nanos)
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day ends one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Reads an ISO 8601 duration with designators (4.4.3.2) and gives its length in milliseconds, or says why it is none.
///
/// A year counts 365 days and a month 30, which is right for what people do in hours and days and a convention beyond.
/// Weeks stand alone; only the smallest part has a fraction; what is below a millisecond is cut off.
pub fn duration_millis(text: &str) -> Result<i64, String> {
    const DAY: f64 = 86_400_000.0;
    const UNITS: [(u8, bool, f64); 7] = [
        (b'Y', false, 365.0 * DAY),
        (b'M', false, 30.0 * DAY),
        (b'W', false, 7.0 * DAY),
        (b'D', false, DAY),
        (b'H', true, 3_600_000.0),
        (b'M', true, 60_000.0),
        (b'S', true, 1000.0),
    ];
    let no = |why: &str| Err(why.to_owned());
    let Some(body) = text.strip_prefix('P') else { return no("it does not start with `P`") };
    let bytes = body.as_bytes();
    let (mut i, mut in_time, mut next, mut parts, mut fraction_seen, mut weeks) =
        (0, false, 0, 0, false, false);
    let mut millis = 0.0;
    while i < bytes.len() {
        if bytes[i] == b'T' {
            if in_time || i + 1 == bytes.len() {
                return no("nothing that counts time follows its `T`");
            }
            in_time = true;
            i += 1;
            continue;
        }
        let start = i;
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        let whole = &body[start..i];
        if whole.is_empty() {
            return no("a number is missing before one of its letters");
        }
        if fraction_seen {
            return no("only its last part may have a fraction");
        }
        let mut amount = whole.parse::<f64>().unwrap_or(f64::INFINITY);
        if let Some(b'.' | b',') = bytes.get(i) {
            let from = i + 1;
            i = from;
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            if from == i {
                return no("its fraction has no digits");
            }
            fraction_seen = true;
            amount = format!("{whole}.{}", &body[from..i]).parse().unwrap_or(f64::INFINITY);
        }
        let Some(&letter) = bytes.get(i) else { return no("its last number has no letter") };
        let Some(unit) = (next..UNITS.len()).find(|&u| UNITS[u].0 == letter && UNITS[u].1 == in_time) else {
            return no("its parts are not Y, M, D, then T and H, M, S, each once and in this order");
        };
        weeks |= letter == b'W';
        next = unit + 1;
        parts += 1;
        i += 1;
        millis += amount * UNITS[unit].2;
    }
    if parts == 0 {
        return no("it has no parts");
    }
    if weeks && parts > 1 {
        return no("weeks cannot be combined with other parts");
    }
    // Half a microsecond takes up what binary fractions lose, such as 59.14 s.
    let millis = (millis + 0.0005).floor();
    if millis > 9.0e15 {
        return no("it is longer than this server can count");
    }
    Ok(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (Option<String>, Option<String>) {
        let read = |v| timestamp(text, v).ok().map(|t| t.to_string());
        (read(Version::V1_0_3), read(Version::V2_0))
    }

    #[test]
    fn timestamps() {
        let same = |a: &str, b: &str| assert_eq!(both(a), (Some(b.into()), Some(b.into())), "{a}");
        same("2026-03-18T08:41:00Z", "2026-03-18T08:41:00Z");
        same("2026-03-18t08:41:00z", "2026-03-18T08:41:00Z");
        same("2008-09-15T15:53:00.601+00:00", "2008-09-15T15:53:00.601Z");
        same("2024-02-29T23:59:60+01:00", "2024-02-29T22:59:59.999999999Z");
        same("1969-12-31T23:59:59.999999999999-05:30", "1970-01-01T05:29:59.999999999Z");
        same("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
        let old = |a: &str, b: &str| assert_eq!(both(a), (Some(b.into()), None), "{a}");
        old("2026-03-18T08:41Z", "2026-03-18T08:41:00Z");
        old("2026-03-18T08:41:00", "2026-03-18T08:41:00Z");
        old("20260318T084100,5+0130", "2026-03-18T07:11:00.5Z");
        old("20260318T0841-03", "2026-03-18T11:41:00Z");
        old("2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z");
        for bad in [
            "",
            "should fail",
            "01/011/2015",
            "2026-03-18",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T24:00:01Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2008-09-15T15:53:00.601-00:00",
            "2008-09-15T15:53:00.601-00",
            "2008-09-15T15:53:00.601-0000",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00:00 Z",
            "+002026-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "２０２６-01-01T00:00:00Z",
            "2026-W01-1T00:00:00Z",
        ] {
            assert_eq!(both(bad), (None, None), "{bad}");
        }
    }

    #[test]
    fn timestamps_agree_with_jiff() {
        for text in ["2000-02-29T12:34:56.789Z", "1900-02-28T00:00:00+14:00", "2100-03-01T23:59:59-11:30"] {
            assert_eq!(timestamp(text, Version::V2_0).unwrap(), text.parse::<Timestamp>().unwrap());
        }
    }

    #[test]
    fn durations() {
        for (text, want) in [
            ("PT4H35M59.14S", 16_559_140),
            ("PT16559.14S", 16_559_140),
            ("P3Y1M29DT4H35M59.14S", ((3 * 365 + 30 + 29) * 86_400) * 1000 + 16_559_140),
            ("P3Y", 3 * 365 * 86_400_000),
            ("P4W", 28 * 86_400_000),
            ("P0.5D", 43_200_000),
            ("PT0S", 0),
            ("PT1,5M", 90_000),
            ("PT0.0009S", 0),
            ("P1DT12H36M0.12567S", (36 * 60 + 36) * 60_000 + 125),
        ] {
            assert_eq!(duration_millis(text), Ok(want), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "P4W1D",
            "P1D4W",
            "1D",
            "P1S",
            "PT1D",
            "P1H",
            "PT1M1H",
            "P1M1Y",
            "PT1.5H30M",
            "-PT1S",
            "P-1D",
            "PT1",
            "PTS",
            "PT1.S",
            "PT.5S",
            "P1DT",
            "P1D1D",
            "PT1H1H",
            "p1d",
            "P 1D",
            "P0003-01-29T04:35:59",
            "notvalid",
            "PT99999999999999999999999S",
            "PTT1S",
            "P١D",
        ] {
            assert!(duration_millis(bad).is_err(), "{bad}");
        }
    }
}
