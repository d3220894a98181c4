//! Bytes to text: which character set, and what is not a text file at all.

use std::io::Read;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::Serialize;

use super::{Limits, Problem};

/// A character set that files arrive in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, low byte first ("Unicode text" from Excel).
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// Windows-1252, of which Latin-1 is a part.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16, low byte first",
            Self::Utf16Be => "UTF-16, high byte first",
            Self::Windows1252 => "Windows-1252",
        })
    }
}

/// Reads a source to its end, or to the limit, and decodes it.
pub(super) fn load(
    source: impl Read,
    wanted: Option<Encoding>,
    limits: &Limits,
) -> Result<(String, Encoding), Problem> {
    let whole = |reason: String, remedy: &str| Problem::new(0, None, "", reason, remedy);
    let mut bytes = Vec::new();
    source
        .take(limits.bytes as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| whole(format!("the file could not be read to its end ({e})"), "send it again"))?;
    if bytes.len() > limits.bytes {
        return Err(whole(
            format!("the file is larger than {}", size(limits.bytes)),
            "split it into several files",
        ));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(whole(
            "this is a workbook or an archive, not a CSV file".into(),
            "save the sheet as “CSV UTF-8” and send that",
        ));
    }
    if bytes.starts_with(b"%PDF") || bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(whole(
            "this is a PDF or a packed file, not a CSV file".into(),
            "send the unpacked CSV file",
        ));
    }
    let (encoding, skip) = match wanted {
        Some(encoding) => (encoding, mark(&bytes).filter(|(e, _)| *e == encoding).map_or(0, |(_, n)| n)),
        None => mark(&bytes).unwrap_or_else(|| (guess(&bytes), 0)),
    };
    match encoding {
        Encoding::Utf8 => {
            let bytes = if skip > 0 { bytes.split_off(skip) } else { bytes };
            String::from_utf8(bytes).map(|t| (t, Encoding::Utf8)).map_err(|e| {
                let good = e.utf8_error().valid_up_to();
                let line = 1 + e.as_bytes()[..good].iter().filter(|b| **b == b'\n').count() as u64;
                Problem::new(
                    line,
                    None,
                    "",
                    "the file is UTF-8 up to here, and then it is not",
                    "save it again as UTF-8, or as windows-1252 throughout",
                )
            })
        }
        Encoding::Windows1252 => {
            Ok((WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned(), encoding))
        }
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let decoder = if encoding == Encoding::Utf16Le { UTF_16LE } else { UTF_16BE };
            let (text, broken) = decoder.decode_without_bom_handling(&bytes[skip..]);
            if broken {
                return Err(whole(
                    "the file starts as UTF-16, and some of it is not".into(),
                    "save it again as UTF-8",
                ));
            }
            Ok((text.into_owned(), encoding))
        }
    }
}

/// What a byte order mark says, and how long it is.
fn mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

/// UTF-16 without a mark shows as NUL in every other byte. What is not UTF-8 is windows-1252, unless most of its
/// non-ASCII characters are good UTF-8: then it is a UTF-8 file with damage, which must not be read as `Ã¼`.
fn guess(bytes: &[u8]) -> Encoding {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let nul = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let half = head.len() / 2;
    if half >= 2 {
        let (even, odd) = (nul(0), nul(1));
        if odd * 10 >= half * 7 && even * 10 <= half {
            return Encoding::Utf16Le;
        }
        if even * 10 >= half * 7 && odd * 10 <= half {
            return Encoding::Utf16Be;
        }
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if bad == 0 || good > bad { Encoding::Utf8 } else { Encoding::Windows1252 }
}

/// A size for people.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b if b >= 1 << 10 => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}
