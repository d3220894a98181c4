//! Writing JSON strings, and cutting texts for messages.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text, cut after `most` characters.
pub(crate) fn short(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((cut, _)) => Cow::Owned(format!("{}…", &text[..cut])),
    }
}

/// Writes a JSON string with its quotes.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let plain = plain_run(rest.as_bytes(), 0);
        out.push_str(&rest[..plain]);
        let Some(&special) = rest.as_bytes().get(plain) else { break };
        match special {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[plain + 1..];
    }
    out.push('"');
}

/// The place of the first byte from `at` on that a JSON string cannot hold as it is (a quote, a backslash, a control
/// character), or the end. Looks at eight bytes at once.
pub(super) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // A byte of `x - ONES` borrows from its top bit exactly where the byte of `x` is zero (of those below the first such one).
    let zero_bytes = |x: u64| x.wrapping_sub(ONES) & !x & TOPS;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|b| b.first_chunk::<8>()) {
        let x = u64::from_le_bytes(*eight);
        let control = x.wrapping_sub(ONES * 0x20) & !x & TOPS;
        let special = control | zero_bytes(x ^ (ONES * 0x22)) | zero_bytes(x ^ (ONES * 0x5c));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&b) = bytes.get(at)
        && b != b'"'
        && b != b'\\'
        && b >= 0x20
    {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_at_once_is_one_at_a_time() {
        let special = |b: u8| b == b'"' || b == b'\\' || b < 0x20;
        for first in 0..=255_u8 {
            for place in 0..12 {
                for second in [b'"', b'\\', 0, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xff, b'a'] {
                    let mut bytes = [b'x'; 13];
                    bytes[place] = first;
                    bytes[place + 1] = second;
                    let want = bytes.iter().position(|&b| special(b)).unwrap_or(bytes.len());
                    assert_eq!(plain_run(&bytes, 0), want, "{first} {place} {second}");
                }
            }
        }
    }

    #[test]
    fn quoted() {
        let mut out = String::new();
        quote("a\"b\\c\n\r\t\u{1}é\u{7f}", &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\n\\r\\t\\u0001é\u{7f}\"");
        assert_eq!(short("äöü", 2), "äö…");
    }
}
