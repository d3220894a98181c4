//! Results that are shown together, and results that are looked at early.
//!
//! Of twenty supports that do nothing, one looks like a gain at 5 %. So p-values on one page are corrected together
//! (Benjamini and Hochberg 1995), and a reading before its day carries an interval that holds however often one looks.

use evidence::multiple::{Correction, adjust, always_valid};
use evidence::within::{Correlation, Levels, levels};
use evidence::{Answer, Estimate};

use super::Reading;

/// The p-value of each result, corrected for all that are shown with it; `None` where a result has none.
pub fn corrected(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = p_values.iter().flatten().copied().collect();
    let Answer::Estimate(adjusted) = adjust(&known, Correction::BenjaminiHochberg) else {
        return vec![None; p_values.len()];
    };
    let mut adjusted = adjusted.into_iter();
    p_values.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// For each reading on one page whether its difference still holds when all are corrected together: at most one in twenty
/// of those that hold is expected to be chance. `None` where a reading has no p-value.
pub fn hold(readings: &[&Reading]) -> Vec<Option<bool>> {
    let p_values: Vec<Option<f64>> = readings.iter().map(|r| r.outcome.p_value).collect();
    corrected(&p_values).into_iter().map(|p| p.map(|p| p <= 0.05)).collect()
}

/// An estimate as it may be shown before its day: the same value, with an interval that holds at every look together.
/// `progress` is the share of the planned time that has passed.
pub(super) fn early(estimate: &Estimate, progress: f64) -> Answer<Estimate> {
    always_valid(estimate, progress).map(|(conf_low, conf_high)| Estimate {
        conf_low,
        conf_high,
        ..estimate.clone()
    })
}

/// How minutes of learning and a metric move together: within persons, between persons of a unit, between units.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// In periods in which the same person learns more.
    pub within: Option<Correlation>,
    /// Between persons of the same unit.
    pub persons: Option<Correlation>,
    /// Between units.
    pub units: Option<Correlation>,
    /// Everything thrown together, which is what a plain chart shows.
    pub thrown_together: Option<Correlation>,
    /// Person-periods in it.
    pub pairs: usize,
    /// What must be said beside it.
    pub caveats: Vec<&'static str>,
}

impl Together {
    /// The finding as a title, from the only level that speaks of learning at all.
    pub fn finding(&self, metric: &str) -> String {
        match &self.within {
            None => format!("It cannot be said whether learning and {metric} go together"),
            Some(c) if c.conf_low <= 0.0 && c.conf_high >= 0.0 => {
                format!("Periods with more learning are not seen to differ in {metric}")
            }
            Some(c) if c.r > 0.0 => format!("In periods with more learning, {metric} is higher"),
            Some(_) => format!("In periods with more learning, {metric} is lower"),
        }
    }
    /// Each level: its name, what it compares, and the correlation; the level that speaks of learning first.
    pub fn by_level(&self) -> [(&'static str, &'static str, Option<Correlation>); 4] {
        [
            ("The same person", "Periods with more learning against periods with less", self.within),
            ("Between people", "Averages of people inside their units", self.persons),
            ("Between units", "Averages of units", self.units),
            ("Everything together", "Mixes all of the above; what a plain chart shows", self.thrown_together),
        ]
    }
}

/// One person's period: person, unit, minutes, value.
pub type Pair = (u32, u32, f64, f64);

/// The correlation of two things at three levels. Refused as [`levels`] refuses.
pub fn together(pairs: &[Pair]) -> Answer<Together> {
    let person: Vec<u32> = evidence::dense(&pairs.iter().map(|p| p.0).collect::<Vec<_>>()).0;
    let unit: Vec<u32> = evidence::dense(&pairs.iter().map(|p| p.1).collect::<Vec<_>>()).0;
    let x: Vec<f64> = pairs.iter().map(|p| p.2).collect();
    let y: Vec<f64> = pairs.iter().map(|p| p.3).collect();
    levels(&x, &y, &person, Some(&unit)).map(|l| {
        let Levels { within, pooled, between_groups, between_within_groups, .. } = l;
        let within = within.estimate();
        let thrown_together = pooled.estimate();
        let mut caveats = vec![
            "What moves together need not be cause and effect: people may learn more when they have time, and sell less.",
        ];
        if let (Some(w), Some(t)) = (&within, &thrown_together)
            && w.r * t.r < 0.0
        {
            caveats.push(
                "Thrown together it points the other way: people and units differ for reasons that have nothing to do with learning.",
            );
        }
        Together {
            persons: between_within_groups.and_then(Answer::estimate),
            units: between_groups.and_then(Answer::estimate),
            within,
            thrown_together,
            pairs: pairs.len(),
            caveats,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_together_is_corrected_together() {
        let p = [Some(0.01), None, Some(0.04), Some(0.03), Some(0.5)];
        let adjusted = corrected(&p);
        assert_eq!(adjusted[1], None);
        let close = |at: usize, expected: f64| (adjusted[at].unwrap() - expected).abs() < 1e-12;
        assert!(close(0, 0.04) && close(2, 0.04 * 4.0 / 3.0) && close(3, 0.04 * 4.0 / 3.0), "{adjusted:?}");
        assert_eq!(corrected(&[]), []);
        assert_eq!(corrected(&[Some(f64::NAN)]), [None]);
    }

    #[test]
    fn an_early_look_is_wider_and_the_earlier_the_wider() {
        let e = Estimate::normal("x", 1.0, 0.4, 100, None).unwrap();
        let wide = |progress| {
            let e = early(&e, progress).unwrap();
            e.conf_high - e.conf_low
        };
        assert!(wide(0.1) > wide(0.5) && wide(0.5) > wide(1.0) && wide(1.0) > e.conf_high - e.conf_low);
        assert!(early(&e, 0.0).reason().is_some());
    }

    #[test]
    fn three_levels_may_point_three_ways() {
        // Within persons up, between persons of a unit up, between units down.
        let mut pairs: Vec<Pair> = Vec::new();
        for unit in 0..6_u32 {
            for person in 0..5_u32 {
                for period in 0..8_u32 {
                    let wiggle = f64::from(period % 4);
                    let jitter = f64::from((unit * 7 + person * 13 + period * 29) % 11) / 10.0;
                    let minutes = 10.0 * f64::from(unit) + 2.0 * f64::from(person) + wiggle;
                    let value = -8.0 * f64::from(unit) + 2.0 * f64::from(person) + wiggle + jitter;
                    pairs.push((unit * 5 + person, unit, minutes, value));
                }
            }
        }
        let t = together(&pairs).unwrap();
        assert!(t.within.unwrap().r > 0.5);
        assert!(t.persons.unwrap().r > 0.5);
        assert!(t.units.unwrap().r < -0.9 && t.thrown_together.unwrap().r < 0.0);
        assert_eq!((t.caveats.len(), t.pairs), (2, 240));
        assert!(together(&[]).reason().is_some());
        assert_eq!(t.finding("sales"), "In periods with more learning, sales is higher");
        assert_eq!(t.by_level().map(|l| l.2.is_some()), [true; 4]);
        let unknown = Together { within: None, ..t };
        assert!(unknown.finding("sales").starts_with("It cannot be said"));
    }
}
