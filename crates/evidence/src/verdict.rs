//! The verdict: from an interval and the smallest difference worth having to one of
//! five plain words.

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::estimate::Estimate;
use crate::grade::Grade;

/// What is concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better for sure, and a worthwhile gain is within reach.
    Helps,
    /// A worthwhile gain is ruled out, and harm is not.
    DoesNotHelp,
    /// Worse for sure, perhaps by as much as would matter.
    Harms,
    /// Whatever difference there is, it is too small to matter either way.
    NoDifferenceWorthHaving,
    /// The interval allows both a worthwhile gain and none.
    CannotTellYet,
}

/// Which way is good, and how much is worth having, in the outcome's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Whether more of the metric is better.
    pub higher_is_better: bool,
    /// The smallest difference worth having; positive.
    pub smallest: f64,
}

/// A verdict with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Effect in the good direction, with its interval; `None` without an estimate.
    pub gain: Option<[f64; 3]>,
    /// The effect that would have been seen with 80 % probability.
    pub detectable: Option<f64>,
}

/// Judges an answer.
///
/// With gain `[low, high]` in the good direction and smallest worthwhile gain δ:
/// harms when high < 0 and low ≤ −δ; no difference worth having when −δ < low and high < δ;
/// does not help when high < δ otherwise; helps when low > 0; else cannot tell yet.
/// A design of grade D or E carries no verdict but "cannot tell yet", however narrow
/// its interval: before–after numbers of people picked at a bad moment flatter.
pub fn judge(answer: &Answer<Estimate>, worth: Worth, grade: Grade) -> Judgement {
    let Answer::Estimate(e) = answer else {
        return Judgement { verdict: Verdict::CannotTellYet, gain: None, detectable: None };
    };
    let (middle, low, high) = if worth.higher_is_better {
        (e.estimate, e.conf_low, e.conf_high)
    } else {
        (-e.estimate, -e.conf_high, -e.conf_low)
    };
    let least = worth.smallest.max(0.0);
    let verdict = if grade >= Grade::D {
        Verdict::CannotTellYet
    } else if high < 0.0 && low <= -least {
        Verdict::Harms
    } else if low > -least && high < least {
        Verdict::NoDifferenceWorthHaving
    } else if high < least {
        Verdict::DoesNotHelp
    } else if low > 0.0 {
        Verdict::Helps
    } else {
        Verdict::CannotTellYet
    };
    Judgement { verdict, gain: Some([middle, low, high]), detectable: Some(e.detectable()) }
}

impl Verdict {
    /// The verdict in plain words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Helps => "helps",
            Verdict::DoesNotHelp => "does not help",
            Verdict::Harms => "harms",
            Verdict::NoDifferenceWorthHaving => "no difference worth having",
            Verdict::CannotTellYet => "cannot tell yet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(estimate: f64, error: f64, grade: Grade, expected: Verdict) {
        for higher_is_better in [true, false] {
            let sign = if higher_is_better { 1.0 } else { -1.0 };
            let answer = Estimate::normal("x", sign * estimate, error, 100, None).into();
            let worth = Worth { higher_is_better, smallest: 1.0 };
            assert_eq!(judge(&answer, worth, grade).verdict, expected, "{estimate} {error}");
        }
    }

    #[test]
    fn five_words() {
        check(3.0, 0.5, Grade::A, Verdict::Helps);
        check(0.9, 0.3, Grade::B, Verdict::Helps);
        check(0.2, 0.1, Grade::B, Verdict::NoDifferenceWorthHaving);
        check(-0.3, 0.1, Grade::B, Verdict::NoDifferenceWorthHaving);
        check(-2.0, 0.2, Grade::C, Verdict::Harms);
        check(-0.5, 0.6, Grade::B, Verdict::DoesNotHelp);
        check(1.0, 2.0, Grade::A, Verdict::CannotTellYet);
        check(9.0, 0.1, Grade::D, Verdict::CannotTellYet);
    }
}
