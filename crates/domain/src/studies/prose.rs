//! Sentences of a reading.
use evidence::verdict::Verdict;

/// The verdict in one word, for storage and the API.
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helps => "helps",
        Verdict::DoesNotHelp => "does_not_help",
        Verdict::Harms => "harms",
        Verdict::NoDifferenceWorthHaving => "no_difference",
        Verdict::CannotTellYet => "cannot_tell",
    }
}
