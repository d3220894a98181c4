//! Hashing passwords without letting anybody use it up, and counting wrong tries.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::time::Instant;
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Memory of one hash in KiB, passes and lanes, as OWASP and RFC 9106 advise for servers.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How many passwords are hashed at once; more wait. Two hold 38 MiB.
const AT_ONCE: usize = 2;
/// How long one waits for a turn before the server says that it is busy.
const WAIT: Duration = Duration::from_secs(10);

/// What sign-in keeps in memory: the turns of the password hash, and the wrong tries of late.
#[derive(Debug)]
pub struct Guard {
    turns: Arc<Semaphore>,
    decoy: OnceLock<String>,
    tries: Mutex<Tries>,
}

impl Default for Guard {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), decoy: OnceLock::new(), tries: Mutex::default() }
    }
}

fn hasher() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| Error::internal(e.to_string()))?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| Error::internal(e.to_string()))?;
    let hash =
        hasher()?.hash_password(password.as_bytes(), &salt).map_err(|e| Error::internal(e.to_string()))?;
    Ok(hash.to_string())
}

impl Guard {
    /// Runs a hash on a blocking thread when it is its turn.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Error::Busy) };
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(Error::internal)?
    }

    /// The form of a password that is stored.
    pub(super) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.in_turn(move || hash(&password)).await
    }

    /// A key from what a person chose, as slow as a password's hash.
    pub(crate) async fn stretch(&self, phrase: &str, salt: [u8; 16]) -> Result<[u8; 32]> {
        let phrase = phrase.to_owned();
        self.in_turn(move || {
            let mut key = [0; 32];
            hasher()?
                .hash_password_into(phrase.as_bytes(), &salt, &mut key)
                .map_err(|e| Error::internal(e.to_string()))?;
            Ok(key)
        })
        .await
    }

    /// Whether a password is the stored one. Without a stored one it takes the same time and says no.
    pub(super) async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        let known = stored.is_some();
        let stored = match stored.or_else(|| self.decoy.get().cloned()) {
            Some(stored) => stored,
            None => {
                let made = self.hash("nobody has this password").await?;
                self.decoy.get_or_init(|| made).clone()
            }
        };
        let password = password.to_owned();
        let same = self
            .in_turn(move || {
                let stored = PasswordHash::new(&stored).map_err(|e| Error::internal(e.to_string()))?;
                Ok(hasher()?.verify_password(password.as_bytes(), &stored).is_ok())
            })
            .await?;
        Ok(known && same)
    }

    /// Counts a try before it is made, so that many at once cannot slip through, or says how long to wait.
    pub(crate) fn take(&self, account: &str, address: IpAddr, now: Instant) -> Result<()> {
        self.tries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(account, address, now)
            .map_err(Error::TooMany)
    }
    /// Takes a counted try back, because it was right.
    pub(crate) fn right(&self, account: &str, address: IpAddr) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).right(account, address);
    }
}

/// Wrong tries of late. In memory only: a restart forgets them, which gives a few more tries and no way in.
///
/// Three limits. From one address to one account: 10 in 15 minutes. From one address: 100 in an hour.
/// To one account from anywhere: 100 in an hour, except from addresses where its owner got in before,
/// so that nobody can lock out somebody else by trying.
#[derive(Debug, Default)]
struct Tries {
    counts: HashMap<Counted, (Instant, u32)>,
    known: HashMap<(String, IpAddr), ()>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Pair(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

impl Counted {
    /// How many, in how many seconds.
    const fn limit(&self) -> (u32, i64) {
        match self {
            Counted::Pair(..) => (10, 15 * 60),
            Counted::Address(_) | Counted::Account(_) => (100, 3600),
        }
    }
}

/// Beyond this many counters, those that have run out are removed, and then all: memory has an end too.
const MOST: usize = 50_000;

impl Tries {
    fn keys(&self, account: &str, address: IpAddr) -> Vec<Counted> {
        let mut keys = vec![Counted::Pair(account.to_owned(), address), Counted::Address(address)];
        if !self.known.contains_key(&(account.to_owned(), address)) {
            keys.push(Counted::Account(account.to_owned()));
        }
        keys
    }

    fn take(&mut self, account: &str, address: IpAddr, now: Instant) -> std::result::Result<(), u64> {
        if self.counts.len() > MOST {
            self.counts.retain(|key, (since, _)| now.seconds_since(*since) < key.limit().1);
            if self.counts.len() > MOST {
                self.counts.clear();
            }
        }
        if self.known.len() > MOST {
            self.known.clear();
        }
        let keys = self.keys(account, address);
        let mut wait = 0;
        for key in &keys {
            let (most, span) = key.limit();
            if let Some((since, count)) = self.counts.get(key) {
                let left = span - now.seconds_since(*since);
                // A clock that went back starts a new span.
                if *count >= most && (1..=span).contains(&left) {
                    wait = wait.max(left);
                }
            }
        }
        if wait > 0 {
            return Err(wait.unsigned_abs());
        }
        for key in keys {
            let span = key.limit().1;
            match self.counts.entry(key) {
                Entry::Occupied(mut at) => {
                    let (since, count) = at.get_mut();
                    if (0..span).contains(&now.seconds_since(*since)) {
                        *count += 1;
                    } else {
                        (*since, *count) = (now, 1);
                    }
                }
                Entry::Vacant(at) => {
                    at.insert((now, 1));
                }
            }
        }
        Ok(())
    }

    fn right(&mut self, account: &str, address: IpAddr) {
        for key in self.keys(account, address) {
            if let Some((_, count)) = self.counts.get_mut(&key) {
                *count = count.saturating_sub(1);
            }
        }
        self.counts.remove(&Counted::Pair(account.to_owned(), address));
        self.known.insert((account.to_owned(), address), ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }
    fn at(seconds: i64) -> Instant {
        Instant::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn ten_wrong_tries_from_one_place_and_then_a_pause() {
        let mut tries = Tries::default();
        for n in 0..10 {
            assert_eq!(tries.take("maya", ip(1), at(n)), Ok(()));
        }
        assert_eq!(tries.take("maya", ip(1), at(10)), Err(890));
        assert_eq!(tries.take("maya", ip(2), at(10)), Ok(()), "from elsewhere");
        assert_eq!(tries.take("daniel", ip(1), at(10)), Ok(()), "another account");
        assert_eq!(tries.take("maya", ip(1), at(901)), Ok(()));
    }

    #[test]
    fn an_owner_is_not_locked_out_by_somebody_elses_tries() {
        let mut tries = Tries::default();
        tries.take("maya", ip(1), at(0)).unwrap();
        tries.right("maya", ip(1));
        let mut through = 0;
        for n in 0..1000_u32 {
            let from = IpAddr::from([10, 1, (n / 250) as u8, (n % 250) as u8]);
            through += u32::from(tries.take("maya", from, at(10)).is_ok());
        }
        assert_eq!(through, 100, "a hundred an hour from anywhere");
        assert_eq!(tries.take("maya", ip(1), at(11)), Ok(()));
    }

    #[test]
    fn one_address_cannot_try_everybody() {
        let mut tries = Tries::default();
        let through = (0..500).filter(|n| tries.take(&format!("p{n}"), ip(1), at(0)).is_ok()).count();
        assert_eq!(through, 100);
    }

    #[test]
    fn right_tries_do_not_count() {
        let mut tries = Tries::default();
        for n in 0..1000 {
            tries.take("maya", ip(1), at(n)).unwrap();
            tries.right("maya", ip(1));
        }
    }
}
