//! Time that stands still and ids that repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::time::Instant;
use uuid::Uuid;

/// A clock that moves only when told to. Clones share the time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Starts at a moment written like `2026-03-18T08:41:00Z`.
    ///
    /// # Panics
    /// When the text is no moment.
    pub fn at(moment: &str) -> Self {
        let at: Instant = moment.parse().expect("a test's moment is well formed");
        Self(Arc::new(AtomicI64::new(at.micros())))
    }
    /// The moment it shows.
    pub fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
    /// Sets it, also back.
    pub fn set(&self, to: Instant) {
        self.0.store(to.micros(), Ordering::SeqCst);
    }
    /// Moves it by seconds, which may be negative.
    pub fn advance(&self, seconds: i64) {
        self.set(self.now().plus_seconds(seconds));
    }
}

/// UUIDv7s that are the same in every run. Clones share the sequence.
#[derive(Debug, Clone)]
pub struct Ids {
    seed: u64,
    count: Arc<AtomicU64>,
}

impl Ids {
    /// A source of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: Arc::default() }
    }
    /// The next id, stamped with a moment (in whole milliseconds; moments before 1970 count as 1970).
    pub fn next(&self, at: Instant) -> Uuid {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        let mut random = [0; 10];
        // The counter leads, so that ids of one millisecond sort in the order they were made.
        random[..2].copy_from_slice(&((n >> 6) as u16 & 0x0fff).to_be_bytes());
        random[2..].copy_from_slice(&(mix(self.seed) ^ mix(n)).to_be_bytes());
        random[2] = n as u8 & 0x3f;
        let millis = u64::try_from(at.micros().div_euclid(1000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_differ_and_sort() {
        let at = TestClock::at("2026-03-18T08:41:00Z").now();
        let (a, b) = (Ids::new(1), Ids::new(1));
        let first: Vec<Uuid> = (0..1000).map(|_| a.next(at)).collect();
        let second: Vec<Uuid> = (0..1000).map(|_| b.next(at)).collect();
        assert_eq!(first, second);
        assert!(first.is_sorted_by(|x, y| x < y));
        assert_eq!(first[0].get_version_num(), 7);
        assert_ne!(Ids::new(2).next(at), first[0]);
    }
}
