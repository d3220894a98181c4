//! Try a rule on history before it is switched on: how often it would have fired, for whom and when.

use super::series::Rules;
use super::whole::{Member, judge};
use super::{Kind, Way};
use crate::metrics::Direction;

/// One episode that a rule would have opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// Which of the members, by position.
    pub member: usize,
    /// Gap or shift.
    pub kind: Kind,
    /// Which way.
    pub way: Way,
    /// The period whose value would have opened it, by position.
    pub opened: usize,
    /// The period whose value would have closed it.
    pub closed: Option<usize>,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Observed values that were judged: person-weeks, for a metric of persons by the week.
    pub judged: usize,
    /// Every episode about a member, by opening.
    pub fired: Vec<Fired>,
    /// What would have been told once for a whole group: the group's position of opening, by group.
    pub groups: Vec<(crate::ids::UnitId, usize)>,
    /// How many values were worse than the target by more than its tolerance: what a plain threshold would have shown.
    pub plain: usize,
    /// The share of periods in which a subject that is exactly on target falls short of it by more than the tolerance,
    /// by chance alone; the mean over subjects. `None` where nobody has a target and a usual variation.
    pub chance: Option<f64>,
}

impl Trial {
    /// Episodes in a hundred judged values.
    pub fn per_hundred(&self) -> f64 {
        if self.judged == 0 { 0.0 } else { 100.0 * self.fired.len() as f64 / self.judged as f64 }
    }
}

/// Runs a rule over the past from a position on. Everything is decided as it would have been at the time.
pub fn on_history(members: &[Member], direction: Direction, rules: &Rules, from: usize) -> Trial {
    let judged = judge(members, direction, rules, None);
    let mut trial = Trial { judged: 0, fired: Vec::new(), groups: Vec::new(), plain: 0, chance: None };
    let (mut chances, mut counted) = (0.0, 0_u32);
    for (at, (member, found)) in members.iter().zip(&judged.found).enumerate() {
        let values = member.full();
        let seen = values.get(from..).unwrap_or_default().iter().flatten();
        trial.judged += seen.clone().count();
        for e in found.episodes.iter().filter(|e| e.opened >= from) {
            let closed = e.closed.map(|(at, _)| at);
            trial.fired.push(Fired { member: at, kind: e.kind, way: e.way, opened: e.opened, closed });
        }
        let Some(aim) = member.aim else { continue };
        let worse = |v: f64| match direction {
            Direction::Up => aim.level - v > aim.tolerance,
            Direction::Down => v - aim.level > aim.tolerance,
            Direction::Near => (v - aim.level).abs() > aim.tolerance,
        };
        trial.plain += seen.filter(|v| worse(**v)).count();
        if let Some(sigma) = found.sigma.filter(|s| *s > 0.0) {
            let both = evidence::dist::normal_two_sided(aim.tolerance / sigma);
            chances += if direction == Direction::Near { both } else { both / 2.0 };
            counted += 1;
        }
    }
    trial.fired.sort_by_key(|f| (f.opened, f.member));
    for (group, found) in &judged.groups {
        let told = found.episodes.iter().filter(|e| e.opened >= from);
        let told = told.filter(|e| (e.level - e.usual.0).abs() >= rules.unit_min_effect);
        trial.groups.extend(told.map(|e| (group.group, e.opened)));
    }
    trial.chance = (counted > 0).then(|| chances / f64::from(counted));
    trial
}

#[cfg(test)]
mod tests {
    use super::super::series::Aim;
    use super::super::worlds::Noise;
    use super::*;

    fn team(tolerance: f64) -> Vec<Member> {
        let mut dice = Noise::new(43);
        let aim = Some(Aim { level: 100.0, tolerance, window: 8 });
        (0..60)
            .map(|_| {
                let values = dice.stable(78, 0.0).into_iter().map(|v| v.map(|v| 100.0 + 10.0 * v)).collect();
                Member { values, aim, ..Member::default() }
            })
            .collect()
    }

    #[test]
    fn a_plain_threshold_is_red_half_of_the_time_by_chance_alone() {
        let trial = on_history(&team(0.0), Direction::Up, &Rules::default(), 26);
        assert_eq!(trial.judged, 60 * 52);
        assert_eq!(trial.chance, Some(0.5), "on target means below it every other week");
        let share = trial.plain as f64 / trial.judged as f64;
        assert!((share - 0.5).abs() < 0.03, "{share}");
        let shifts = trial.fired.iter().filter(|f| f.kind == Kind::Shift).count() as f64;
        assert!(100.0 * shifts / trial.judged as f64 <= 0.6, "{shifts}");
        // A target that sits on the level itself and has no tolerance lets some gaps through, and no more than that.
        assert!(trial.per_hundred() < 2.0, "{}", trial.per_hundred());
        let wide = on_history(&team(10.0), Direction::Up, &Rules::default(), 26);
        assert!((wide.chance.unwrap() - 0.1587).abs() < 0.02, "one standard deviation: {:?}", wide.chance);
    }

    #[test]
    fn a_keener_rule_fires_more_often() {
        let keen = Rules { interval: 1.5, ..Rules::default() };
        let fired = |rules: &Rules| on_history(&team(0.0), Direction::Up, rules, 26).fired.len();
        let (more, usual) = (fired(&keen), fired(&Rules::default()));
        assert!(more > usual, "{more} against {usual}");
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let trial = on_history(&[], Direction::Up, &Rules::default(), 0);
        assert_eq!((trial.judged, trial.per_hundred(), trial.chance), (0, 0.0, None));
    }
}
