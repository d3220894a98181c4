//! Where ids and secrets come from.

use std::sync::{Arc, Mutex};

use domain::ids::Id;
use domain::time::Instant;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A source of UUIDv7 (RFC 9562, section 5.7): time-ordered, unique, and repeatable when seeded.
#[derive(Clone)]
pub struct Ids {
    seed: [u8; 32],
    last: Arc<Mutex<(u64, u64)>>,
}

impl Ids {
    /// Unpredictable ids, from the operating system's randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { seed, last: Arc::default() })
    }
    /// The same ids on every run.
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Sha256::digest(seed.to_le_bytes()).into(), last: Arc::default() }
    }
    /// The next id. Ids of one source sort in the order in which they were made, also when the clock goes back.
    pub fn next<T: Id>(&self, now: Instant) -> T {
        T::from_uuid(self.uuid(now))
    }

    fn uuid(&self, now: Instant) -> Uuid {
        let millis = (now.micros() / 1_000).max(0) as u64;
        let (millis, count) = {
            let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (at, mut n) = *last;
            // 42 bits of counter keep the order inside one millisecond and while the clock stands or goes back.
            let at = at.max(millis);
            n = n.wrapping_add(1) & ((1 << 42) - 1);
            *last = (at, n);
            (at, n)
        };
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(millis.to_le_bytes());
        hash.update(count.to_le_bytes());
        let noise = u32::from_le_bytes(hash.finalize()[..4].try_into().unwrap_or_default());
        // 48 bits of time, version, 12 high bits of the counter, variant, 30 low bits of it, 32 bits of noise.
        let high = (millis << 16) | 0x7000 | (count >> 30);
        let low = (0b10 << 62) | ((count & ((1 << 30) - 1)) << 32) | u64::from(noise);
        Uuid::from_u64_pair(high, low)
    }
}

/// A secret of 256 bits as URL-safe text.
pub fn secret() -> Result<String, getrandom::Error> {
    use base64::Engine;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a random secret: its SHA-256. Fast on purpose; a secret of 256 random bits cannot be guessed.
pub fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::PersonId;

    #[test]
    fn ids_sort_in_the_order_of_making_also_when_the_clock_goes_back() {
        let ids = Ids::seeded(7);
        let mut last: Option<PersonId> = None;
        for micros in [5_000_000, 5_000_000, 5_001_000, 1_000_000, 6_000_000] {
            let id: PersonId = ids.next(Instant::from_micros(micros));
            assert!(last.is_none_or(|l| l < id));
            assert_eq!(id.uuid().get_version_num(), 7);
            last = Some(id);
        }
    }

    #[test]
    fn a_seeded_source_repeats_itself() {
        let make = || -> Vec<PersonId> {
            let ids = Ids::seeded(7);
            (0..5).map(|n| ids.next(Instant::from_micros(n * 1_000_000))).collect()
        };
        assert_eq!(make(), make());
    }
}
