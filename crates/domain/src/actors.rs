//! Which actors a key may speak of: a pattern over their identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pattern over actors' identifiers: what is written stands for itself, `*` for anything.
///
/// It is held against the identifier alone: a mail address (`maya@northwind.example`), an account as home page and name with
/// `|` between (`https://lms.example|h.novak`), an OpenID, or the hash of an address. Case counts, except in mail addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActorPattern(String);

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern; write an identifier with * for the part that varies, such as *@northwind.example or https://lms.example|*"
)]
pub struct BadPattern(String);

impl std::str::FromStr for ActorPattern {
    type Err = BadPattern;
    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim();
        let short: String = text.chars().take(80).filter(|c| !c.is_control()).collect();
        if text.is_empty() || text.len() > 300 || text.chars().any(char::is_control) {
            return Err(BadPattern(short));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ActorPattern {
    type Error = BadPattern;
    fn try_from(text: String) -> Result<Self, BadPattern> {
        text.parse()
    }
}

impl From<ActorPattern> for String {
    fn from(pattern: ActorPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for ActorPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ActorPattern {
    /// Whether an actor is meant, by the key of their identifier (`mbox:mailto:maya@northwind.example`).
    pub fn matches(&self, key: &str) -> bool {
        let (kind, identifier) = key.split_once(':').unwrap_or(("", key));
        if kind == "mbox" {
            let address = identifier.strip_prefix("mailto:").unwrap_or(identifier);
            return glob(&crate::people::fold(&self.0), &crate::people::fold(address));
        }
        glob(&self.0, identifier)
    }
}

/// Whether `text` is `pattern` with something in the place of each `*`. Linear but for the last star tried again.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            p = at + 1;
            t = from + 1;
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_show() {
        let cases = [
            ("*@northwind.example", "mbox:mailto:Maya@northwind.example", true),
            ("*@northwind.example", "mbox:mailto:maya@northwind.example.evil.example", false),
            ("*@northwind.example", "account:https://lms.example|x@northwind.example", true),
            ("https://lms.example|*", "account:https://lms.example|h.novak", true),
            ("https://lms.example|H*", "account:https://lms.example|h.novak", false),
            ("https://lms.example|*", "account:https://other.example|h.novak", false),
            ("*", "openid:https://me.example/", true),
            ("a*b*c", "openid:aXXbYYbc", true),
            ("a*b*c", "openid:aXXbYYb", false),
        ];
        for (pattern, key, want) in cases {
            let pattern: ActorPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(key), want, "{pattern} over {key}");
        }
        for bad in ["", "  ", "a\nb"] {
            assert!(bad.parse::<ActorPattern>().is_err());
        }
    }
}
