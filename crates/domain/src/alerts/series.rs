//! From numbers to episodes: one pure walk over a subject's series.
//!
//! The whole past is walked again each time. A decision about a period uses only what was known up to it,
//! so late and corrected data need no special case, and yesterday's episodes come out as they did yesterday.
//!
//! First what moved everybody is taken out, level by level from the top ([`without_common`]);
//! what is common is judged at the level where it is common, what is left is the subject's own.

use evidence::Answer;
use evidence::spc::{
    BaselineRule, Cusum, LimitRule, Limits, Rules as Chart, Side, Watch, baseline, limits, split_common,
};
use serde::{Deserialize, Serialize};

use super::{Kind, Way};
use crate::metrics::Direction;

/// The parameters of the rules; versioned configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Periods in a baseline. 26 weeks keep false signals at about 0.55 in 100 person-weeks.
    pub baseline: usize,
    /// Periods before the one judged that stay out of the baseline, so that a slow change is not its own yardstick.
    pub gap: usize,
    /// Fewest observed periods for a usual range.
    pub min_history: usize,
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
            gap: 8,
            min_history: 16,
            slack: 0.75,
            interval: 3.0,
            common_min: 5,
            unit_min_effect: 0.03,
            recover: 3,
            accept_after: 26,
            gap_sureness: 1.645,
            show_recovered: 4,
        }
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
}

/// A subject's series with what the rules need to know about it.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Values as observed.
    pub raw: &'a [Option<f64>],
    /// The same without what moved everybody; the same slice where nothing was taken out.
    pub own: &'a [Option<f64>],
    /// Which way is better.
    pub direction: Direction,
    /// The target in force at each position, or none.
    pub aim: Option<Aim>,
    /// Positions at which a new usual level begins (a change of job role), or at which somebody accepted the open episode's.
    pub restarts: &'a [usize],
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
    }
}

/// The limits with the spread and the likeness of neighbours that the cumulative sum is judged by.
///
/// The moving range draws the band, since it shrugs off a level that moved inside the baseline.
/// For the sum the plain standard deviation is steadier (its variance is about 0.6 of the moving range's),
/// and steadiness of the yardstick is what keeps false signals rare.
fn steadied(limits: Limits, window: &[Option<f64>]) -> Limits {
    let values: Vec<f64> = window.iter().flatten().copied().collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let pairs: f64 = window.windows(2).filter_map(|p| Some((p[0]? - mean) * (p[1]? - mean))).sum();
    // Corrected for the bias of short series, as evidence::spc does.
    let rho = ((pairs / square + 1.0 / n) / (1.0 - 4.0 / n)).clamp(0.0, 0.6);
    // Corrected for the bias of the standard deviation (the usual c4, to first order).
    let sigma = (square / (n - 1.0)).sqrt() * (1.0 + 1.0 / (4.0 * (n - 1.0)));
    Limits { sigma, autocorrelation: rho, ..limits }
}

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
    better: bool,
    open: bool,
    episodes: Vec<Episode>,
}

impl<'a> ShiftWalk<'a> {
    fn new(series: &'a Series<'a>, rules: &'a Rules) -> Self {
        Self {
            series,
            rules,
            since: 0,
            watch: None,
            limits: None,
            fresh: 0,
            better: false,
            open: false,
            episodes: Vec::new(),
        }
    }

    /// Limits for judging `at`, from the past alone.
    fn measure(&self, at: usize) -> Option<Limits> {
        let rule = BaselineRule { length: self.rules.baseline, gap: self.rules.gap };
        let window = &self.series.own[baseline(at, self.since, &rule)];
        if window.iter().flatten().count() < self.rules.min_history {
            return None;
        }
        let rule = LimitRule { min_points: self.rules.min_history, ..LimitRule::default() };
        match limits(window, &rule) {
            // A series that never varies has no usual variation to judge by.
            Answer::Estimate(limits) if limits.sigma > 0.0 => Some(steadied(limits, window)),
            _ => None,
        }
    }

    fn start_watch(&mut self, at: usize) {
        self.limits = self.measure(at);
        let cusum = Some(Cusum { k: self.rules.slack, h: self.rules.interval });
        let chart = Chart { beyond: false, run: None, cusum, side: None };
        self.watch = self.limits.map(|limits| Watch::new(limits, chart, at));
        self.fresh = at;
        self.better = false;
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
        if self.watch.is_none() || (quiet && at >= self.fresh + self.rules.gap) {
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
            let cusum = Some(Cusum { k: self.rules.slack, h: self.rules.interval });
            self.watch =
                Some(Watch::new(limits, Chart { beyond: false, run: None, cusum, side: None }, at + 1));
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
        let Some(aim) = self.series.aim else { return };
        let window = aim.window.max(1);
        let start = (at + 1).saturating_sub(window);
        let values: Vec<f64> = self.series.raw[start..=at].iter().flatten().copied().collect();
        // A quarter of the window may be missing.
        if at + 1 < window || values.len() * 4 < window * 3 {
            return;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
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
                });
            }
            None => {}
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for v in values {
        sum += v;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Standard deviation; 0 for fewer than two values.
fn spread(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// One subject's place in the levels above it, and its values.
#[derive(Debug, Clone)]
pub struct Placed<K> {
    /// The groups it belongs to, from the top down (organisation, region, branch).
    pub groups: Vec<K>,
    /// Its values.
    pub values: Vec<Option<f64>>,
}

/// What moved a group of subjects together.
#[derive(Debug, Clone)]
pub struct Common<K> {
    /// Which group.
    pub group: K,
    /// How many levels above it.
    pub depth: usize,
    /// Movement in each period, as a share of the usual level, after what moved the groups above.
    pub movement: Vec<Option<f64>>,
    /// How many subjects are below.
    pub subjects: usize,
}

/// Takes out of every series what moved the groups above it, from the top down.
///
/// Movements are shares of each subject's own usual level (its median), so that a dip of a tenth is the same dip
/// for a branch of any size. Groups with fewer than `common_min` subjects have none.
/// Gives the subjects' own series, in their order, and each group's movement.
pub fn without_common<K: Copy + Ord>(
    subjects: &[Placed<K>],
    rules: &Rules,
) -> (Vec<Vec<Option<f64>>>, Vec<Common<K>>) {
    let levels: Vec<f64> = subjects.iter().map(|s| usual_level(&s.values)).collect();
    let mut relative: Vec<Vec<Option<f64>>> = subjects
        .iter()
        .zip(&levels)
        .map(|(s, level)| s.values.iter().map(|v| v.map(|v| v / level)).collect())
        .collect();
    let mut common = Vec::new();
    let deepest = subjects.iter().map(|s| s.groups.len()).max().unwrap_or(0);
    for depth in 0..deepest {
        let mut groups: std::collections::BTreeMap<K, Vec<usize>> = std::collections::BTreeMap::new();
        for (i, s) in subjects.iter().enumerate() {
            if let Some(&group) = s.groups.get(depth) {
                groups.entry(group).or_default().push(i);
            }
        }
        for (group, members) in groups {
            if members.len() < rules.common_min {
                continue;
            }
            let series: Vec<&[Option<f64>]> = members.iter().map(|&i| relative[i].as_slice()).collect();
            let split = split_common(&series, 0..0, rules.common_min);
            for (&i, own) in members.iter().zip(split.own) {
                relative[i] = own;
            }
            common.push(Common { group, depth, movement: split.common, subjects: members.len() });
        }
    }
    let own = relative
        .into_iter()
        .zip(&levels)
        .map(|(series, level)| series.into_iter().map(|v| v.map(|v| v * level)).collect())
        .collect();
    (own, common)
}

/// The median of a series, kept away from zero so that it can divide; 1 where nothing was observed.
fn usual_level(values: &[Option<f64>]) -> f64 {
    let mut seen: Vec<f64> = values.iter().flatten().copied().collect();
    if seen.is_empty() {
        return 1.0;
    }
    seen.sort_unstable_by(f64::total_cmp);
    let median = seen[seen.len() / 2].abs();
    let largest = seen.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    if median > 1e-9 * largest.max(1e-300) { median } else { largest.max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal noise from a fixed seed, by the sum of twelve.
    struct Noise(u64);
    impl Noise {
        fn uniform(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
        fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
        }
    }

    fn series<'a>(values: &'a [Option<f64>], aim: Option<Aim>) -> Series<'a> {
        Series { raw: values, own: values, direction: Direction::Up, aim, restarts: &[] }
    }

    fn stable(noise: &mut Noise, periods: usize, rho: f64) -> Vec<Option<f64>> {
        let mut last = 0.0;
        (0..periods)
            .map(|_| {
                last = rho * last + (1.0 - rho * rho).sqrt() * noise.normal();
                Some(100.0 + 10.0 * last)
            })
            .collect()
    }

    /// Signals that open in the judged weeks of stable series, per 100 person-weeks.
    fn false_signals(rho: f64) -> f64 {
        let mut noise = Noise(7);
        let (people, weeks) = (2_000, 52);
        let opened: usize = (0..people)
            .map(|_| {
                let values = stable(&mut noise, 26 + weeks, rho);
                walk(&series(&values, None), &Rules::default())
                    .episodes
                    .iter()
                    .filter(|e| e.opened >= 26)
                    .count()
            })
            .sum();
        100.0 * opened as f64 / (people * weeks) as f64
    }

    #[test]
    fn stable_people_are_left_alone() {
        for (rho, most) in [(0.0, 0.6), (0.4, 1.2)] {
            let rate = false_signals(rho);
            assert!(rate <= most, "{rate:.2} false signals in 100 person-weeks with autocorrelation {rho}");
        }
    }

    #[test]
    fn a_sustained_drop_is_seen_within_eight_weeks() {
        let mut noise = Noise(11);
        let people = 1_000;
        let seen = (0..people)
            .filter(|_| {
                let mut values = stable(&mut noise, 26 + 8, 0.0);
                for v in &mut values[26..] {
                    *v = v.map(|v| v - 15.0);
                }
                walk(&series(&values, None), &Rules::default())
                    .episodes
                    .iter()
                    .any(|e| e.opened >= 26 && e.way == Way::Lower)
            })
            .count();
        let share = seen as f64 / f64::from(people);
        assert!(share >= 0.82, "a drop of 1.5 sigma was seen in {share:.2}");
    }

    #[test]
    fn a_shift_recovers_and_is_one_episode() {
        let mut noise = Noise(3);
        let mut values = stable(&mut noise, 60, 0.0);
        for v in &mut values[40..46] {
            *v = v.map(|v| v - 40.0);
        }
        let found = walk(&series(&values, None), &Rules::default());
        let shifts: Vec<&Episode> = found.episodes.iter().collect();
        assert_eq!(shifts.len(), 1, "{shifts:?}");
        assert!((39..=40).contains(&shifts[0].since), "{:?}", shifts[0]);
        assert!(shifts[0].opened <= 42);
        assert!(matches!(shifts[0].closed, Some((47..=52, End::Recovered))), "{:?}", shifts[0].closed);
    }

    #[test]
    fn a_level_that_stays_is_the_new_usual() {
        let mut noise = Noise(5);
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
        let mut noise = Noise(9);
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
        let mut noise = Noise(13);
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
    fn what_hits_everyone_is_found_where_it_happens() {
        let mut noise = Noise(17);
        let subjects: Vec<Placed<u32>> = (0..120)
            .map(|i| {
                let mut values = stable(&mut noise, 60, 0.0);
                for v in &mut values[50..53] {
                    *v = v.map(|v| v * 0.75);
                }
                Placed { groups: vec![0, 1 + i / 10], values }
            })
            .collect();
        let rules = Rules::default();
        let (own, common) = without_common(&subjects, &rules);
        let alone: usize = own
            .iter()
            .map(|v| walk(&series(v, None), &rules).episodes.iter().filter(|e| e.opened >= 50).count())
            .sum();
        assert!(alone <= 12, "{alone} of 120 people were blamed for what hit everyone");
        let top = common.iter().find(|c| c.group == 0).unwrap();
        let episodes = walk(&series(&top.movement, None), &rules).episodes;
        assert!(episodes.iter().any(|e| (50..53).contains(&e.opened)), "{episodes:?}");
    }

    #[test]
    fn the_past_does_not_change_when_time_goes_on() {
        let mut noise = Noise(19);
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
