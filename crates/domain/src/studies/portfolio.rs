//! Supports side by side: what still stands when all of them are looked at together, and what costs minutes for nothing.
//!
//! What does not hold when everything on the page is corrected together ([`super::together`]) is no finding there.

use evidence::verdict::Verdict;

use super::Number;
use super::reading::Reading;
use super::together::hold;

worded! {
    /// What is proposed to do with a support that shows no gain.
    pub enum Proposal {
        /// It costs minutes and does not help.
        Retire = "retire",
        /// It costs minutes, and nothing was seen that it gives; change it or retire it.
        RetireOrChange = "retire_or_change",
    }
}

/// One result as it stands among the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// What is concluded, all results of the page taken together.
    pub verdict: Verdict,
    /// Whether the difference stands among the others; `None` where there is no probability to correct.
    pub stands: Option<bool>,
    /// What is proposed.
    pub proposal: Option<Proposal>,
}

/// Judges results that are shown together. Those not read yet have none.
pub fn judge(readings: &[Option<&Reading>]) -> Vec<Option<Judged>> {
    let known: Vec<&Reading> = readings.iter().flatten().copied().collect();
    let mut holding = hold(&known).into_iter();
    readings
        .iter()
        .map(|reading| {
            let reading = (*reading)?;
            let stands = holding.next().flatten();
            let found = matches!(reading.verdict, Verdict::Helps | Verdict::Harms);
            let verdict =
                if found && stands == Some(false) { Verdict::CannotTellYet } else { reading.verdict };
            Some(Judged { verdict, stands, proposal: propose(reading, verdict) })
        })
        .collect()
}

/// Proposes to retire what has cost hours and shows nothing. Never on an early look.
fn propose(reading: &Reading, verdict: Verdict) -> Option<Proposal> {
    if reading.progress.is_some() || reading.ledger.hours <= 0.0 {
        return None;
    }
    match verdict {
        Verdict::Harms | Verdict::DoesNotHelp | Verdict::NoDifferenceWorthHaving => Some(Proposal::Retire),
        Verdict::CannotTellYet if reading.outcome.estimate.is_some_and(Number::holds_zero) => {
            Some(Proposal::RetireOrChange)
        }
        Verdict::CannotTellYet | Verdict::Helps => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::{Cost, Design, Input, METHOD, Scale, read};
    use crate::time::Day;

    fn reading(verdict: Verdict, p: Option<f64>, estimate: Option<(f64, f64)>, hours: f64) -> Reading {
        let mut r = read(&Input {
            method: METHOD,
            study: "s".into(),
            design: Design::Staged,
            scale: Scale::Plain,
            drawn: false,
            locked_before_start: true,
            progress: None,
            smallest: None,
            up_to: Day::from_number(0),
            lanes: Vec::new(),
            cost: Cost::default(),
        });
        r.verdict = verdict;
        r.outcome.p_value = p;
        r.outcome.estimate = estimate.map(|(low, high)| Number { value: (low + high) / 2.0, low, high });
        r.ledger.hours = hours;
        r
    }

    #[test]
    fn one_lucky_result_among_many_does_not_stand() {
        let mut all: Vec<Reading> = (0..19)
            .map(|n| reading(Verdict::CannotTellYet, Some(0.1 + 0.04 * f64::from(n)), Some((-1.0, 1.0)), 0.0))
            .collect();
        all.push(reading(Verdict::Helps, Some(0.03), Some((0.1, 2.0)), 5.0));
        let shown: Vec<Option<&Reading>> = all.iter().map(Some).collect();
        let judged = judge(&shown);
        assert_eq!(
            judged[19],
            Some(Judged { verdict: Verdict::CannotTellYet, stands: Some(false), proposal: None })
        );
        let alone = judge(&shown[19..]);
        assert_eq!(alone[0], Some(Judged { verdict: Verdict::Helps, stands: Some(true), proposal: None }));
        all[19].outcome.p_value = Some(0.0001);
        let shown: Vec<Option<&Reading>> = all.iter().map(Some).chain([None]).collect();
        let judged = judge(&shown);
        assert_eq!(judged[19].map(|j| (j.verdict, j.stands)), Some((Verdict::Helps, Some(true))));
        assert_eq!(judged[20], None);
        assert_eq!(judge(&[]), []);
    }

    #[test]
    fn what_costs_minutes_and_shows_nothing_is_proposed_to_go() {
        let on = |r: &Reading| judge(&[Some(r)])[0].and_then(|j| j.proposal);
        use Verdict::*;
        assert_eq!(on(&reading(Harms, Some(0.001), Some((-2.0, -1.0)), 5.0)), Some(Proposal::Retire));
        assert_eq!(
            on(&reading(NoDifferenceWorthHaving, Some(0.8), Some((-0.1, 0.1)), 5.0)),
            Some(Proposal::Retire)
        );
        assert_eq!(
            on(&reading(CannotTellYet, Some(0.8), Some((-2.0, 2.0)), 5.0)),
            Some(Proposal::RetireOrChange)
        );
        assert_eq!(
            on(&reading(CannotTellYet, Some(0.01), Some((1.0, 2.0)), 5.0)),
            None,
            "weak evidence of something"
        );
        assert_eq!(on(&reading(Harms, Some(0.001), Some((-2.0, -1.0)), 0.0)), None, "it costs no time");
        assert_eq!(on(&reading(Helps, Some(0.001), Some((1.0, 2.0)), 5.0)), None);
        let mut early = reading(NoDifferenceWorthHaving, None, Some((-0.1, 0.1)), 5.0);
        early.progress = Some(0.4);
        assert_eq!(on(&early), None, "never on an early look");
    }
}
