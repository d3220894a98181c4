//! Which version of the protocol a request speaks.

use crate::rules;
use crate::{Fault, Faults};

/// A version of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// xAPI 1.0.3, which answers for every 1.0.x.
    V1_0_3,
    /// xAPI 2.0 (IEEE 9274.1.1-2023).
    V2_0,
}

impl Version {
    /// The header's name, in lower case.
    pub const HEADER: &'static str = "x-experience-api-version";

    /// From the value of `X-Experience-API-Version`: `1.0` and every `1.0.x` is 1.0.3, every `2.0.x` is 2.0.
    ///
    /// A missing header is refused as well; `default` is the version whose clause the fault names.
    pub fn from_header(value: Option<&str>, default: Version) -> Result<Self, Faults> {
        let what = match value {
            None => "the request has no X-Experience-API-Version header".to_owned(),
            Some(text) => {
                let text = text.trim();
                match patch_of(text) {
                    Some(version) => return Ok(version),
                    None => format!(
                        "`{}` is not a version that this server speaks",
                        crate::json::short(text, 40).escape_debug()
                    ),
                }
            }
        };
        Err(vec![Fault::new(&rules::VERSION_HEADER, default, "header X-Experience-API-Version", what)])
    }

    /// What answers carry in `X-Experience-API-Version`: the latest patch.
    pub const fn header_value(self) -> &'static str {
        match self {
            Version::V1_0_3 => "1.0.3",
            Version::V2_0 => "2.0.0",
        }
    }

    /// The `version` that a statement gets which came without one.
    pub const fn statement_value(self) -> &'static str {
        match self {
            Version::V1_0_3 => "1.0.0",
            Version::V2_0 => "2.0.0",
        }
    }

    /// Whether a statement sent in this version may say that its version is `text`:
    /// 1.0.x always, 2.0.x from 2.0 on.
    pub(crate) fn accepts_statement_version(self, text: &str) -> bool {
        patch_of(text).is_some_and(|version| version <= self)
    }
}

/// `1.0`, `1.0.7`, `2.0.0`: the version it is a patch of.
fn patch_of(text: &str) -> Option<Version> {
    let (version, rest) = match text.get(..3)? {
        "1.0" => (Version::V1_0_3, &text[3..]),
        "2.0" => (Version::V2_0, &text[3..]),
        _ => return None,
    };
    match rest.strip_prefix('.') {
        None if rest.is_empty() && version == Version::V1_0_3 => Some(version),
        Some(patch) if !patch.is_empty() && patch.len() <= 9 && patch.bytes().all(|b| b.is_ascii_digit()) => {
            Some(version)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        for (text, want) in [
            ("1.0", Some(Version::V1_0_3)),
            ("1.0.0", Some(Version::V1_0_3)),
            ("1.0.3", Some(Version::V1_0_3)),
            ("1.0.99", Some(Version::V1_0_3)),
            (" 2.0.0 ", Some(Version::V2_0)),
            ("2.0.1", Some(Version::V2_0)),
            ("2.0", None),
            ("0.95", None),
            ("1.1.0", None),
            ("2.1.0", None),
            ("1.0.", None),
            ("1.0.x", None),
            ("1.0.3, 2.0.0", None),
            ("", None),
            ("é.0.0", None),
        ] {
            assert_eq!(Version::from_header(Some(text), Version::V1_0_3).ok(), want, "{text}");
        }
        let faults = Version::from_header(None, Version::V2_0).unwrap_err();
        assert_eq!(faults[0].clause, "xAPI 2.0 4.1.1");
    }
}
