//! Rules of signing in: which passwords are good enough, and how long a session holds.

use std::collections::BTreeSet;

use crate::people::fold;
use crate::time::Instant;

/// The fewest characters of a password.
pub const MIN_PASSWORD: usize = 8;
/// The most characters of a password; it is never cut.
pub const MAX_PASSWORD: usize = 128;

/// Bases of passwords that everybody tries first. Compared after [`base`], so that `P@ssw0rd2024!` is `password`.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password is not good enough, in words for the one who chose it; `None` where it is.
///
/// Any characters are allowed and none is asked for: length and not being guessable is what counts (ASVS 5.0, 6.2).
/// `context` are words that others would try for this person: their name, mail address, the organisation.
pub fn password_fault(password: &str, context: &[&str]) -> Option<&'static str> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Some("Use at least 8 characters; 15 or more, such as four unrelated words, is better.");
    }
    if length > MAX_PASSWORD {
        return Some("Use at most 128 characters.");
    }
    let base = base(password);
    let distinct = password.chars().collect::<BTreeSet<_>>().len();
    let digits = password.chars().all(|c| c.is_ascii_digit()) && length < 15;
    if digits || distinct < 4 || run(password) {
        return Some(
            "This is a row of keys, digits or repeated letters, which is tried first. Choose something else.",
        );
    }
    if COMMON.lines().any(|word| word == base) {
        return Some("This is one of the passwords that are tried first. Choose something else.");
    }
    let whole = fold(password);
    let mut left = whole.clone();
    for text in context {
        for word in fold(text).split([' ', '@', '.', '-', '_']).filter(|w| w.chars().count() >= 4) {
            left = left.replace(word, "");
        }
    }
    if left.len() < whole.len() && left.chars().filter(|c| c.is_alphabetic()).count() < 5 {
        return Some(
            "This is little more than your name, address or the organisation's name. Choose something else.",
        );
    }
    None
}

/// What is left of a password without the usual disguises: case, digits and signs around it, look-alikes.
fn base(password: &str) -> String {
    let lower = fold(password);
    let trimmed = lower.trim_matches(|c: char| {
        !c.is_alphabetic() && !matches!(c, '@' | '$' | '0' | '1' | '3' | '4' | '5' | '7')
    });
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                '0' => 'o',
                '1' | '!' => 'i',
                '3' => 'e',
                '4' | '@' => 'a',
                '5' | '$' => 's',
                '7' => 't',
                c => c,
            })
            .filter(|c| c.is_alphanumeric())
            .collect()
    };
    let without_tail = trimmed.trim_matches(|c: char| !c.is_alphabetic() && !matches!(c, '@' | '$'));
    let short = plain(without_tail);
    let whole = plain(trimmed);
    if COMMON.lines().any(|word| word == whole) { whole } else { short }
}

/// Whether each character follows the one before it, on the keyboard, in the alphabet or by counting.
fn run(password: &str) -> bool {
    const ROWS: [&str; 6] = [
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn",
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    ];
    let lower = fold(password);
    let back: String = lower.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(&lower) || row.contains(&back))
}

/// How long a session holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// Seconds without use after which it ends.
    pub idle: i64,
    /// The same for people who hold the admin or the privacy access role.
    pub idle_privileged: i64,
    /// Seconds after which it ends however much it is used.
    pub longest: i64,
}

impl Default for SessionRules {
    /// ASVS 5.0, 7.3: 30 minutes idle (15 with privileges), 12 hours in all.
    fn default() -> Self {
        Self { idle: 30 * 60, idle_privileged: 15 * 60, longest: 12 * 3600 }
    }
}

impl SessionRules {
    /// Whether a session still holds. A clock that went back ends it rather than letting it live longer.
    pub fn holds(
        &self,
        created: Instant,
        seen: Instant,
        ends: Instant,
        privileged: bool,
        now: Instant,
    ) -> bool {
        let idle = if privileged { self.idle_privileged } else { self.idle };
        now < ends && now.seconds_since(created) >= -60 && now.seconds_since(seen) < idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(password: &str) -> bool {
        password_fault(
            password,
            &["Maya Lindqvist", "maya.lindqvist@northwind.example", "Northwind Advisors"],
        )
        .is_none()
    }

    #[test]
    fn length_counts_characters() {
        assert!(!good("kV9#xw"));
        assert!(good("kV9#xw2!"));
        assert!(good(&"correct horse battery staple ".repeat(4)));
        assert!(!good(&"ab9!kqzr".repeat(17)), "136 characters");
    }

    #[test]
    fn what_everybody_tries_is_refused() {
        for password in [
            "password",
            "P@ssw0rd",
            "P@ssw0rd2024!",
            "Password123",
            "letmein99",
            "welcome1!",
            "qwertyuiop",
            "12345678",
            "87654321",
            "aaaaaaaa",
            "abcdefgh",
            "1qaz2wsx",
            "iloveyou",
            "Summer2026!",
            "changeme1",
            "administrator",
            "throughline1",
            "20261121",
            "football!!",
        ] {
            assert!(!good(password), "{password}");
        }
    }

    #[test]
    fn ones_own_name_is_refused_as_all_there_is() {
        assert!(!good("Lindqvist1"));
        assert!(!good("maya.lindqvist!"));
        assert!(!good("northwind2026"));
        assert!(good("lindqvist rides a slow bicycle"));
    }

    #[test]
    fn sessions_end_by_rest_and_by_age() {
        let rules = SessionRules::default();
        let t = |minutes: i64| Instant::from_micros(0).plus_seconds(minutes * 60);
        let ends = t(12 * 60);
        assert!(rules.holds(t(0), t(100), ends, false, t(129)));
        assert!(!rules.holds(t(0), t(100), ends, false, t(130)));
        assert!(!rules.holds(t(0), t(100), ends, true, t(115)));
        assert!(!rules.holds(t(0), t(719), ends, false, t(720)));
        assert!(!rules.holds(t(100), t(100), ends, false, t(50)), "the clock went back");
    }
}
