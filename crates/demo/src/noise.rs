//! Chance and the calendar: seeded streams that do not disturb one another, and the weeks the world is told in.

use domain::time::{Day, Instant, Zone};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of chance is for. Each use has its own stream for each subject,
/// so that changing how one thing is drawn moves nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Branches,
    Shocks,
    Levels,
    Work,
    Slumps,
    Waves,
    Arrival,
    Adoption,
    Learning,
    Absence,
    Changes,
    Coaching,
    Complaints,
    Shown,
    Alder,
    Commitments,
}

/// A seeded stream of chance.
pub(crate) struct Dice {
    rng: ChaCha8Rng,
    spare: Option<f64>,
}

impl Dice {
    /// The stream of one use for one subject.
    pub(crate) fn new(seed: u64, what: Use, which: usize) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&(what as u32).to_le_bytes());
        key[12..20].copy_from_slice(&(which as u64).to_le_bytes());
        Self { rng: ChaCha8Rng::from_seed(key), spare: None }
    }
    /// From 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.rng.random::<f64>()
    }
    /// From `low` up to but not including `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    /// A position below `n`, which must not be zero.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }
    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
    /// Standard normal, by the Box–Muller transform.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.unit()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
    /// Standard normal, cut at `limit` on both sides.
    pub(crate) fn normal_within(&mut self, limit: f64) -> f64 {
        self.normal().clamp(-limit, limit)
    }
    /// Puts them in an order by lot.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Stationary first-order autoregressive noise with standard deviation 1.
pub(crate) fn ar1(dice: &mut Dice, phi: f64, out: &mut [f64]) {
    let fresh = (1.0 - phi * phi).sqrt();
    let mut last = dice.normal();
    for value in out {
        *value = last;
        last = phi * last + fresh * dice.normal();
    }
}

/// Weeks told about.
pub(crate) const WEEKS: usize = 78;

/// The 78 weeks up to the last Sunday before today, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weeks {
    today: Day,
    last: Day,
}

impl Weeks {
    pub(crate) fn before(today: Day) -> Self {
        Self { today, last: today.monday().plus(-7) }
    }
    /// The Monday of a week; weeks before the first and after the last have one too.
    pub(crate) fn monday(&self, week: i32) -> Day {
        self.last.plus(7 * (week - (WEEKS as i32 - 1)))
    }
    /// The Monday of a week counted from 0.
    pub(crate) fn day(&self, week: usize) -> Day {
        self.monday(week as i32)
    }
    /// The week, counted from the first, in which a day falls.
    pub(crate) fn of(&self, day: Day) -> i32 {
        day.monday().days_since(self.monday(0)) / 7
    }
    /// A moment on a day of a week (0 for Monday).
    pub(crate) fn at(&self, week: i32, weekday: i32, hour: i8, minute: i8) -> Instant {
        Zone::UTC.at(self.monday(week).plus(weekday), hour, minute)
    }
    /// The night run of a feed on a day.
    pub(crate) fn night(&self, day: Day, minute: i8) -> Instant {
        Zone::UTC.at(day, 21, minute)
    }
    pub(crate) fn today(&self) -> Day {
        self.today
    }
    /// Whether a week holds the last days of a quarter.
    pub(crate) fn quarter_end(&self, week: usize) -> bool {
        let monday = self.day(week).date();
        let next = self.day(week).plus(7).date();
        (monday.month() - 1) / 3 != (next.month() - 1) / 3
    }
    /// Whether a week holds Christmas Day or New Year's Day.
    pub(crate) fn holidays(&self, week: usize) -> bool {
        (0..7).any(|i| {
            let d = self.day(week).plus(i).date();
            (d.month(), d.day()) == (12, 25) || (d.month(), d.day()) == (1, 1)
        })
    }
}
