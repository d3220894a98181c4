//! Attention: how much anybody is asked for a day, and what is kept quiet for a time.
//!
//! Nobody gets more than [`A_DAY`] things a day that they did not ask for; the rest waits for one mail in the morning.
//! A [`Silence`] keeps what it covers from telling anybody, has somebody who answers for it, a reason and an end.

use crate::ids::{MetricId, PersonId, SilenceId, UnitId};
use crate::time::{Day, Instant};

/// The most things a day that nobody asked for.
pub const A_DAY: usize = 5;

/// Most days for which something can be kept quiet: longer, and the rule is what should change.
pub const SILENCE_DAYS: i32 = 183;

/// Something that is kept quiet for a time. What is covered is still judged and still shown; nobody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Our id.
    pub id: SilenceId,
    /// About one person only.
    pub person: Option<PersonId>,
    /// About one metric only.
    pub metric: Option<MetricId>,
    /// About one org unit and what is below it only.
    pub unit: Option<UnitId>,
    /// Who answers for it.
    pub owner: PersonId,
    /// Why, in words.
    pub reason: String,
    /// When it was set.
    pub set_at: Instant,
    /// The last day on which it is quiet.
    pub until: Day,
    /// When it was ended before its time.
    pub ended_at: Option<Instant>,
}

impl Silence {
    /// Whether it is in force on a day.
    pub fn holds(&self, today: Day) -> bool {
        self.ended_at.is_none() && today <= self.until
    }
    /// Whether it covers a metric of a subject, who may be a person, in units from their own upwards.
    pub fn covers(&self, person: Option<PersonId>, units: &[UnitId], metric: MetricId) -> bool {
        self.person.is_none_or(|p| person == Some(p))
            && self.metric.is_none_or(|m| m == metric)
            && self.unit.is_none_or(|u| units.contains(&u))
    }
}

/// What is wrong with a silence that somebody would like to set: the field, and what to do.
pub fn check_silence(until: Day, reason: &str, today: Day) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    if until <= today || until > today.plus(SILENCE_DAYS) {
        faults.push((
            "silence-until",
            format!("{until} is not within the next half year; choose a day after {today}"),
        ));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > crate::coaching::LINE_MAX {
        faults
            .push(("silence-why", "say in one line, at most 500 characters, why quiet is right".to_owned()));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_silence_covers_its_scope_until_its_end() {
        let person = PersonId::new(Uuid::from_u128(1));
        let other = PersonId::new(Uuid::from_u128(2));
        let (calls, sales) = (MetricId::new(Uuid::from_u128(3)), MetricId::new(Uuid::from_u128(4)));
        let (branch, region) = (UnitId::new(Uuid::from_u128(5)), UnitId::new(Uuid::from_u128(6)));
        let today: Day = "2026-03-18".parse().unwrap();
        let silence = Silence {
            id: SilenceId::new(Uuid::from_u128(9)),
            person: Some(person),
            metric: Some(calls),
            unit: None,
            owner: other,
            reason: "new phones".into(),
            set_at: "2026-03-01T08:00:00Z".parse().unwrap(),
            until: today,
            ended_at: None,
        };
        assert!(silence.covers(Some(person), &[branch], calls));
        assert!(!silence.covers(Some(person), &[branch], sales) && !silence.covers(Some(other), &[], calls));
        assert!(!silence.covers(None, &[branch], calls), "a unit is nobody");
        assert!(silence.holds(today) && !silence.holds(today.plus(1)));
        let everywhere = Silence { person: None, unit: Some(region), ..silence.clone() };
        assert!(everywhere.covers(Some(other), &[branch, region], calls));
        assert!(!everywhere.covers(Some(other), &[branch], calls));
        assert!(!Silence { ended_at: Some(silence.set_at), ..silence }.holds(today));
    }

    #[test]
    fn a_silence_needs_an_end_and_a_reason() {
        let today: Day = "2026-03-18".parse().unwrap();
        assert_eq!(check_silence(today.plus(7), "new phones", today), []);
        let fields: Vec<_> = check_silence(today, " ", today).into_iter().map(|f| f.0).collect();
        assert_eq!(fields, ["silence-until", "silence-why"]);
        assert_eq!(check_silence(today.plus(184), "x", today).len(), 1);
    }
}
