//! From numbers to episodes: one pure walk over a subject's series.
//!
//! The whole past is walked again each time. A decision about a period uses only what was known up to it,
//! so late and corrected data need no special case, and yesterday's episodes come out as they did yesterday.
//!
//! What moved everybody is taken out before ([`super::movements`]), so what is left here is the subject's own.

use std::collections::BTreeMap;

use evidence::Answer;
use evidence::spc::{BaselineRule, Cusum, LimitRule, Limits, Rules as Chart, Side, Watch, baseline, limits};
use serde::{Deserialize, Serialize};

use super::peers::Peers;
use super::pool::{Noise, Pool};
use super::{Kind, Way};
use crate::metrics::Direction;

/// The parameters of the rules; versioned configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Periods in a baseline. 26 weeks keep false signals at about 0.5 in 100 person-weeks.
    pub baseline: usize,
    /// Periods to which a baseline grows as history does; a longer one is steadier and follows a slow change later.
    pub baseline_longest: usize,
    /// Periods before the one judged that stay out of the baseline, so that a slow change is not its own yardstick.
    pub gap: usize,
    /// Fewest observed periods for a usual range of one's own.
    pub min_history: usize,
    /// Fewest observed periods of a newcomer before they are judged by a range that is borrowed from their peers.
    pub min_borrowed: usize,
    /// Periods for which a newcomer follows the ramp of earlier ones.
    pub ramp: usize,
    /// Slack of the cumulative sum, in the subject's own standard deviations.
    pub slack: f64,
    /// Decision interval of the cumulative sum, likewise.
    pub interval: f64,
    /// Fewest subjects for a common movement.
    pub common_min: usize,
    /// Smallest movement of a unit that is worth an alert, as a share of its level.
    pub unit_min_effect: f64,
    /// Observed periods in a row, on average back within one standard deviation, that close a shift.
    pub recover: usize,
    /// Periods after which a shift that stays is taken as the new usual level.
    pub accept_after: usize,
    /// How sure a gap must be: the mean must be off by so many standard errors beyond the tolerance.
    pub gap_sureness: f64,
    /// Periods for which a recovery is still shown.
    pub show_recovered: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            baseline: 26,
            baseline_longest: 39,
            gap: 8,
            min_history: 16,
            min_borrowed: 6,
            ramp: 26,
            slack: 0.75,
            interval: 2.8,
            common_min: 5,
            unit_min_effect: 0.03,
            recover: 3,
            accept_after: 26,
            gap_sureness: 1.645,
            show_recovered: 4,
        }
    }
}

impl Rules {
    /// Each parameter's name and value, as files and pages name them.
    pub fn parameters(&self) -> BTreeMap<String, serde_json::Number> {
        // A plain struct of numbers is an object of numbers.
        let whole = serde_json::to_value(self).and_then(serde_json::from_value);
        whole.unwrap_or_default()
    }

    /// What is wrong with the parameters: the name of each, and what to give instead. Empty where they can be used.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut whole = |name, value: usize, low: usize, high: usize| {
            if !(low..=high).contains(&value) {
                faults.push((
                    name,
                    format!("{value} is not possible; give a whole number from {low} to {high}"),
                ));
            }
        };
        whole("baseline", self.baseline, 8, 104);
        whole("baseline_longest", self.baseline_longest, self.baseline.clamp(8, 104), 104);
        whole("gap", self.gap, 0, 26);
        whole("min_history", self.min_history, 6, self.baseline.clamp(8, 104));
        whole("min_borrowed", self.min_borrowed, 1, self.min_history.clamp(6, 104));
        whole("ramp", self.ramp, 1, 104);
        whole("common_min", self.common_min, 3, 1_000);
        whole("recover", self.recover, 1, 26);
        whole("accept_after", self.accept_after, 4, 104);
        whole("show_recovered", self.show_recovered, 0, 52);
        let mut number = |name, value: f64, low: f64, high: f64| {
            if !(low..=high).contains(&value) {
                faults.push((name, format!("{value} is not possible; give a number from {low} to {high}")));
            }
        };
        number("slack", self.slack, 0.1, 3.0);
        number("interval", self.interval, 0.5, 20.0);
        number("unit_min_effect", self.unit_min_effect, 0.0, 1.0);
        number("gap_sureness", self.gap_sureness, 0.0, 10.0);
        faults
    }
}

/// A target as a series sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aim {
    /// The level.
    pub level: f64,
    /// Allowed distance.
    pub tolerance: f64,
    /// Periods on which it is judged.
    pub window: usize,
}

/// An episode found in a series; periods are positions in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    /// Gap or shift.
    pub kind: Kind,
    /// Which way.
    pub way: Way,
    /// Where the change or gap begins.
    pub since: usize,
    /// The period whose value opened it.
    pub opened: usize,
    /// The period whose value closed it, and how; open where `None`.
    pub closed: Option<(usize, End)>,
    /// Size in the subject's own standard deviations, at the newest period inside.
    pub effect: f64,
    /// Mean since it began, in the metric's unit.
    pub level: f64,
    /// The usual range before it: centre, low, high.
    pub usual: (f64, f64, f64),
    /// Observed periods behind that range.
    pub history: usize,
    /// How many peers lent their range; 0 where it is the subject's own.
    pub borrowed: usize,
}

/// How an episode ends by the numbers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Came back.
    Recovered,
    /// Stayed so long that it is the usual level now.
    Accepted,
}

/// What a walk finds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Episodes in the order of opening.
    pub episodes: Vec<Episode>,
    /// The usual range at the end of the series: centre, low, high. `None` with too little history.
    pub usual: Option<(f64, f64, f64)>,
    /// Whether the level has changed for the better and still stands there.
    pub better: bool,
    /// Standard deviation of the subject's usual variation, in the metric's unit.
    pub sigma: Option<f64>,
    /// How alike neighbouring periods are (lag-one autocorrelation that the limits allow for).
    pub autocorrelation: f64,
    /// How many peers lent the range; 0 where it is the subject's own.
    pub borrowed: usize,
}

/// A subject's series with what the rules need to know about it.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Values as observed, as for a full period where the working calendar makes one short.
    pub raw: &'a [Option<f64>],
    /// The same without what moved everybody; the same slice where nothing was taken out.
    pub own: &'a [Option<f64>],
    /// Which way is better.
    pub direction: Direction,
    /// The target in force, or none.
    pub aim: Option<Aim>,
    /// What share of the target can be expected at each position, for newcomers; empty for all of it.
    pub ramp: &'a [f64],
    /// Positions at which a new usual level begins (a change of job role), or at which somebody accepted the open episode's.
    pub restarts: &'a [usize],
    /// What the metric's subjects have in common in their noise.
    pub pool: Option<&'a Pool>,
    /// Whose range a newcomer borrows.
    pub peers: Option<&'a Peers>,
}

/// Walks one series.
pub fn walk(series: &Series, rules: &Rules) -> Found {
    let mut shift = ShiftWalk::new(series, rules);
    let mut gap = GapWalk::new(series, rules);
    for at in 0..series.own.len() {
        shift.push(at);
        gap.push(at, &shift);
    }
    let limits = shift.limits;
    let mut episodes = shift.episodes;
    episodes.extend(gap.episodes);
    episodes.sort_by_key(|e| (e.opened, e.kind));
    Found {
        episodes,
        usual: limits.map(|l| (l.center, l.lower, l.upper)),
        better: shift.better,
        sigma: limits.map(|l| l.sigma),
        autocorrelation: limits.map_or(0.0, |l| l.autocorrelation),
        borrowed: if limits.is_some() { shift.borrowed } else { 0 },
    }
}

/// By how much more than √((1+ρ)/(1−ρ)) the decision interval grows with autocorrelation: the exponent is 0.6 in all.
/// The rest allows for the centre, which alike neighbours leave less sure too; found by simulation (`cargo xtask bench alerts`).
const UNSURE_CENTRE: f64 = 0.1;

fn worse_side(direction: Direction) -> Option<Side> {
    match direction {
        Direction::Up => Some(Side::Low),
        Direction::Down => Some(Side::High),
        Direction::Near => None,
    }
}

const fn way(side: Side) -> Way {
    match side {
        Side::Low => Way::Lower,
        Side::High => Way::Higher,
    }
}

struct ShiftWalk<'a> {
    series: &'a Series<'a>,
    rules: &'a Rules,
    since: usize,
    watch: Option<Watch>,
    limits: Option<Limits>,
    fresh: usize,
    borrowed: usize,
    better: bool,
    open: bool,
    episodes: Vec<Episode>,
}

impl<'a> ShiftWalk<'a> {
    fn new(series: &'a Series<'a>, rules: &'a Rules) -> Self {
        Self {
            series,
            rules,
            since: series.own.iter().position(Option::is_some).unwrap_or(0),
            watch: None,
            limits: None,
            fresh: 0,
            borrowed: 0,
            better: false,
            open: false,
            episodes: Vec::new(),
        }
    }

    /// Limits for judging `at`, from the past alone, and how many peers lent them.
    ///
    /// The moving range draws the band, since it shrugs off a level that moved inside the baseline.
    /// For the sum the plain standard deviation is steadier (its variance is about 0.6 of the moving range's),
    /// and steadiness of the yardstick is what keeps false signals rare.
    fn measure(&self, at: usize) -> Option<(Limits, usize)> {
        let rule = BaselineRule { length: self.rules.baseline, gap: self.rules.gap };
        let mut range = baseline(at, self.since, &rule);
        if range.end + self.rules.gap <= at {
            let longest = range.end.saturating_sub(self.rules.baseline_longest).max(self.since);
            range.start = range.start.min(longest);
        }
        let window = &self.series.own[range];
        let observed = window.iter().flatten().count();
        if observed < self.rules.min_history {
            return self.borrow(window, observed);
        }
        let rule = LimitRule { min_points: self.rules.min_history, ..LimitRule::default() };
        match limits(window, &rule) {
            // A series that never varies has no usual variation to judge by.
            Answer::Estimate(limits) if limits.sigma > 0.0 => {
                let (sigma, autocorrelation) = Noise::of(window)?.judged(self.series.pool);
                Some((Limits { sigma, autocorrelation, ..limits }, 0))
            }
            _ => None,
        }
    }

    /// A newcomer's limits: the peers' level and the few values of their own, each by how sure it is
    /// (the mean of two normal distributions), and the noise that the metric's subjects share.
    fn borrow(&self, window: &[Option<f64>], observed: usize) -> Option<(Limits, usize)> {
        let (peers, pool) = (self.series.peers?, self.series.pool?);
        let sigma = pool.share * peers.level.abs();
        if sigma <= 0.0 || observed == 0 {
            return None;
        }
        let rho = pool.autocorrelation;
        let own = observed as f64 * (1.0 - rho) / (1.0 + rho) / (sigma * sigma);
        let lent =
            if peers.differ > 0.0 { 1.0 / (peers.differ * peers.differ) } else { 1.0 / (sigma * sigma) };
        let center = (mean(window.iter().flatten().copied())? * own + peers.level * lent) / (own + lent);
        let sigma = (sigma * sigma + 1.0 / (own + lent)).sqrt();
        let reach = evidence::spc::LIMIT_FACTOR * evidence::spc::D2 * sigma;
        let limits = Limits {
            center,
            lower: center - reach,
            upper: center + reach,
            mean_range: sigma * evidence::spc::D2,
            range_upper: sigma * evidence::spc::D2 * evidence::spc::RANGE_FACTOR,
            sigma,
            autocorrelation: rho,
            points: observed,
        };
        Some((limits, peers.count))
    }

    fn start_watch(&mut self, at: usize) {
        (self.limits, self.borrowed) =
            self.measure(at).map_or((None, 0), |(limits, borrowed)| (Some(limits), borrowed));
        self.watch = self
            .limits
            .filter(|l| self.borrowed == 0 || l.points >= self.rules.min_borrowed)
            .map(|limits| Watch::new(limits, self.chart(limits), at));
        self.fresh = at;
        self.better = false;
    }

    fn chart(&self, limits: Limits) -> Chart {
        let rho = limits.autocorrelation;
        let stretch = ((1.0 + rho) / (1.0 - rho)).powf(UNSURE_CENTRE);
        let cusum = Some(Cusum { k: self.rules.slack, h: self.rules.interval * stretch });
        Chart { beyond: false, run: None, cusum, side: None }
    }

    fn push(&mut self, at: usize) {
        if self.series.restarts.contains(&at) {
            // An open episode is thereby accepted, and its level is what is usual from now on.
            self.since = if self.open { self.episodes.last().map_or(at, |e| e.since) } else { at };
            if self.open {
                self.close(at, End::Accepted);
            }
            self.watch = None;
        }
        if self.open {
            self.follow(at);
            return;
        }
        // The yardstick follows the subject slowly, and never in the middle of a suspicion.
        let quiet = self.watch.is_none_or(|w| w.sums() == (0.0, 0.0));
        // What is borrowed is measured again each period, so that one's own history takes over soon.
        let wait = if self.borrowed > 0 { 1 } else { self.rules.gap };
        if self.watch.is_none() || (quiet && at >= self.fresh + wait) {
            self.start_watch(at);
        }
        let Some(watch) = &mut self.watch else { return };
        let signal = watch.push(self.series.own[at]).cusum;
        let Some(evidence::spc::Signal::Cusum { side, since, .. }) = signal else {
            // A rise for the better stays noted until the sum has run down again.
            self.better &= quiet_side(watch, self.series.direction);
            return;
        };
        if worse_side(self.series.direction).is_some_and(|worse| worse != side) {
            self.better = true;
            return;
        }
        let limits = *watch.limits();
        self.episodes.push(Episode {
            kind: Kind::Shift,
            way: way(side),
            since,
            opened: at,
            closed: None,
            effect: 0.0,
            level: 0.0,
            usual: (limits.center, limits.lower, limits.upper),
            history: limits.points,
            borrowed: self.borrowed,
        });
        self.open = true;
        self.size(at);
    }

    /// Brings the size of the open episode up to a period.
    fn size(&mut self, at: usize) {
        let (own, Some(limits), Some(episode)) = (self.series.own, self.limits, self.episodes.last_mut())
        else {
            return;
        };
        if let Some(mean) = mean(own[episode.since..=at].iter().flatten().copied()) {
            episode.level = mean;
            episode.effect = (mean - limits.center).abs() / limits.sigma;
        }
    }

    fn follow(&mut self, at: usize) {
        self.size(at);
        let (Some(limits), Some(episode)) = (self.limits, self.episodes.last().copied()) else { return };
        let recent: Vec<f64> = self.series.own[episode.opened + 1..=at]
            .iter()
            .rev()
            .flatten()
            .take(self.rules.recover)
            .copied()
            .collect();
        if recent.len() == self.rules.recover {
            let mean = recent.iter().sum::<f64>() / recent.len() as f64;
            let back = match episode.way {
                Way::Lower => mean >= limits.center - limits.sigma,
                Way::Higher => mean <= limits.center + limits.sigma,
            };
            if back {
                self.close(at, End::Recovered);
                return;
            }
        }
        if at - episode.opened >= self.rules.accept_after {
            self.since = episode.since;
            self.close(at, End::Accepted);
        }
    }

    fn close(&mut self, at: usize, end: End) {
        if let Some(episode) = self.episodes.last_mut() {
            episode.closed = Some((at, end));
        }
        self.open = false;
        self.watch = None;
        if end == End::Recovered
            && let Some(limits) = self.limits
        {
            // The yardstick from before the episode still holds.
            self.watch = Some(Watch::new(limits, self.chart(limits), at + 1));
            self.fresh = at + 1;
        }
    }
}

fn quiet_side(watch: &Watch, direction: Direction) -> bool {
    let (high, low) = watch.sums();
    match direction {
        Direction::Up => high > 0.0,
        Direction::Down => low > 0.0,
        Direction::Near => false,
    }
}

struct GapWalk<'a> {
    series: &'a Series<'a>,
    rules: &'a Rules,
    since: Option<usize>,
    episodes: Vec<Episode>,
}

impl<'a> GapWalk<'a> {
    fn new(series: &'a Series<'a>, rules: &'a Rules) -> Self {
        Self { series, rules, since: None, episodes: Vec::new() }
    }

    fn push(&mut self, at: usize, shift: &ShiftWalk) {
        let Some(mut aim) = self.series.aim else { return };
        let window = aim.window.max(1);
        let start = (at + 1).saturating_sub(window);
        let values: Vec<f64> = self.series.raw[start..=at].iter().flatten().copied().collect();
        // A quarter of the window may be missing.
        if at + 1 < window || values.len() * 4 < window * 3 {
            return;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if let Some(ramp) = self.series.ramp.get(start..=at) {
            aim.level *= ramp.iter().sum::<f64>() / ramp.len() as f64;
        }
        let sigma = shift.limits.map_or_else(|| spread(&values), |l| l.sigma);
        let distance = match self.series.direction {
            Direction::Up => aim.level - mean,
            Direction::Down => mean - aim.level,
            Direction::Near => (mean - aim.level).abs(),
        } - aim.tolerance;
        let way = if mean < aim.level { Way::Lower } else { Way::Higher };
        self.since = if distance > 0.0 { Some(self.since.unwrap_or(start)) } else { None };
        let effect = if sigma > 0.0 { distance / sigma } else { 0.0 };
        match self.episodes.last_mut().filter(|e| e.closed.is_none()) {
            Some(open) if distance <= 0.0 => open.closed = Some((at, End::Recovered)),
            Some(open) => (open.level, open.effect) = (mean, effect),
            // What has just changed is told as a change, not as a gap.
            None if !shift.open && distance > self.rules.gap_sureness * sigma / count.sqrt() => {
                self.episodes.push(Episode {
                    kind: Kind::Gap,
                    way,
                    since: self.since.unwrap_or(start),
                    opened: at,
                    closed: None,
                    effect,
                    level: mean,
                    usual: shift.limits.map_or((mean, mean, mean), |l| (l.center, l.lower, l.upper)),
                    history: values.len(),
                    borrowed: 0,
                });
            }
            None => {}
        }
    }
}

/// Arithmetic mean; `None` of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for v in values {
        sum += v;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Median; `None` of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_unstable_by(f64::total_cmp);
    let mid = all.len() / 2;
    let above = *all.get(mid)?;
    Some(if all.len() % 2 == 1 { above } else { 0.5 * (all[mid - 1] + above) })
}

/// Standard deviation; 0 for fewer than two values.
fn spread(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::worlds::Noise;
    use super::*;

    fn series<'a>(values: &'a [Option<f64>], aim: Option<Aim>) -> Series<'a> {
        Series {
            raw: values,
            own: values,
            direction: Direction::Up,
            aim,
            ramp: &[],
            restarts: &[],
            pool: None,
            peers: None,
        }
    }

    fn stable(noise: &mut Noise, periods: usize, rho: f64) -> Vec<Option<f64>> {
        noise.stable(periods, rho).into_iter().map(|v| v.map(|v| 100.0 + 10.0 * v)).collect()
    }

    #[test]
    fn a_shift_recovers_and_is_one_episode() {
        let mut noise = Noise::new(3);
        let mut values = stable(&mut noise, 60, 0.0);
        for v in &mut values[40..46] {
            *v = v.map(|v| v - 40.0);
        }
        let found = walk(&series(&values, None), &Rules::default());
        let shifts: Vec<&Episode> = found.episodes.iter().collect();
        assert_eq!(shifts.len(), 1, "{shifts:?}");
        assert!((36..=40).contains(&shifts[0].since), "{:?}", shifts[0]);
        assert!(shifts[0].opened <= 42);
        assert!(matches!(shifts[0].closed, Some((47..=52, End::Recovered))), "{:?}", shifts[0].closed);
    }

    #[test]
    fn a_level_that_stays_is_the_new_usual() {
        let mut noise = Noise::new(5);
        let mut values = stable(&mut noise, 110, 0.0);
        for v in &mut values[40..] {
            *v = v.map(|v| v - 40.0);
        }
        let found = walk(&series(&values, None), &Rules::default());
        assert!(matches!(found.episodes[0].closed, Some((_, End::Accepted))), "{:?}", found.episodes);
        let (center, ..) = found.usual.unwrap();
        assert!((center - 60.0).abs() < 8.0, "the usual level is {center}");
    }

    #[test]
    fn a_gap_is_steady_and_a_shift_is_not_a_gap() {
        let mut noise = Noise::new(9);
        let values = stable(&mut noise, 60, 0.0);
        let aim = Aim { level: 120.0, tolerance: 5.0, window: 8 };
        let found = walk(&series(&values, Some(aim)), &Rules::default());
        let gaps: Vec<&Episode> = found.episodes.iter().filter(|e| e.kind == Kind::Gap).collect();
        assert_eq!(gaps.len(), 1, "one episode, not one a week: {gaps:?}");
        assert_eq!((gaps[0].way, gaps[0].closed), (Way::Lower, None));
        let near = Aim { level: 104.0, tolerance: 5.0, window: 8 };
        assert!(
            walk(&series(&values, Some(near)), &Rules::default())
                .episodes
                .iter()
                .all(|e| e.kind != Kind::Gap)
        );
    }

    #[test]
    fn missing_is_not_zero() {
        let mut noise = Noise::new(13);
        let mut values = stable(&mut noise, 60, 0.0);
        for v in &mut values[45..] {
            *v = None;
        }
        assert_eq!(
            walk(&series(&values, Some(Aim { level: 100.0, tolerance: 5.0, window: 8 })), &Rules::default())
                .episodes,
            []
        );
        assert_eq!(walk(&series(&[None; 40], None), &Rules::default()), Found::default());
    }

    #[test]
    fn the_past_does_not_change_when_time_goes_on() {
        let mut noise = Noise::new(19);
        let mut values = stable(&mut noise, 90, 0.3);
        for v in &mut values[60..] {
            *v = v.map(|v| v - 25.0);
        }
        let rules = Rules::default();
        let whole = walk(&series(&values, None), &rules).episodes;
        for until in 30..values.len() {
            let part = walk(&series(&values[..until], None), &rules).episodes;
            let opened: Vec<usize> = whole.iter().map(|e| e.opened).filter(|&o| o < until).collect();
            assert_eq!(part.iter().map(|e| e.opened).collect::<Vec<_>>(), opened, "seen at {until}");
        }
    }
}
