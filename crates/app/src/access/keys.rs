//! Keys of machines: made once, shown once, ended by hand or by date.
//!
//! A key that was verified a moment ago is not read again ([`Verified`]), so that a busy sender costs no read of the database for
//! each request. Ending a key forgets it at once; what another server on the same database does is seen within a second.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::access::{KeyScope, Machine, Permit, Who, WriteKey};
use domain::actors::ActorPattern;
use domain::ids::KeyId;
use domain::time::Instant;
use store::access::{self as rows, ApiKey, SecretHashes};
use subtle::ConstantTimeEq;

use super::fresh_secret;
use crate::ids::secret_hash;
use crate::{App, Error, Fault, Result, audit};

/// Seconds between two notes that a key is in use.
const TOUCH: i64 = 300;

/// Seconds for which a verified key is believed: only another server on the same database can have ended it meanwhile.
const BELIEVED: i64 = 1;
/// Keys remembered at most; a server has a handful.
const REMEMBERED: usize = 1_000;

/// Keys that were verified a moment ago.
#[derive(Debug, Clone, Default)]
pub struct Verified(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    /// Counts what made the memory untrue, so that nothing read before is remembered after.
    changes: u64,
    keys: HashMap<String, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    hashes: SecretHashes,
    key: ApiKey,
    read_at: Instant,
}

impl Verified {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// What is known of a key, if it was read a moment ago, and how many changes there were so far.
    fn recall(&self, key: &str, now: Instant) -> (Option<Known>, u64) {
        let memory = self.memory();
        let fresh = |known: &&Known| (0..BELIEVED).contains(&now.seconds_since(known.read_at));
        (memory.keys.get(key).filter(fresh).cloned(), memory.changes)
    }
    fn remember(&self, known: Known, changes: u64) {
        let mut memory = self.memory();
        if memory.changes != changes {
            return;
        }
        if memory.keys.len() >= REMEMBERED {
            memory.keys.clear();
        }
        memory.keys.insert(known.key.key.clone(), known);
    }
    /// Forgets every key. Call it after each change of one.
    pub fn forget(&self) {
        let mut memory = self.memory();
        memory.changes += 1;
        memory.keys.clear();
    }
}

/// A key as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewKey {
    /// What it is for, in words: "CRM, observations".
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<KeyScope>,
    /// When it ends by itself.
    pub expires: Option<Instant>,
    /// The only actors that it may send statements and documents of; `None` for any.
    pub actors: Option<ActorPattern>,
}

/// The longest that a secret may work beside the one that follows it, in days.
pub const LONGEST_OVERLAP: u32 = 90;

/// Makes a key. Gives it with its secret, which is not stored and cannot be shown again.
///
/// # Errors
/// [`Error::Invalid`] without a name or a scope, or with an end that has passed.
pub async fn create_key(app: &App, permit: Permit<WriteKey>, new: NewKey) -> Result<(ApiKey, String)> {
    let now = app.now();
    let mut faults = Vec::new();
    if new.name.trim().is_empty() || new.name.chars().count() > 100 {
        faults.push(Fault::at("name", "say in 1 to 100 characters what the key is for"));
    }
    if new.scopes.is_empty() {
        let all: Vec<&str> = KeyScope::ALL.iter().map(|s| s.word()).collect();
        faults.push(Fault::at(
            "scopes",
            format!("a key without a scope may do nothing; give at least one of {}", all.join(", ")),
        ));
    }
    if new.expires.is_some_and(|end| end <= now) {
        faults.push(Fault::at("expires", "this moment has passed; give a later one, or none"));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let secret_text = fresh_secret()?;
    let random = fresh_secret()?;
    let key = ApiKey {
        id: app.new_id(),
        name: new.name.trim().to_owned(),
        key: format!("tl-{}", random.replace(['-', '_'], "x").chars().take(20).collect::<String>()),
        scopes: new.scopes,
        created: now,
        expires: new.expires,
        revoked: None,
        last_used: None,
        actors: new.actors,
        former_until: None,
    };
    let (row, hash, ids, by) =
        (key.clone(), secret_hash(&secret_text), app.ids.clone(), permit.by().to_owned());
    app.store
        .write(move |tx| -> Result<()> {
            rows::add_key(tx, &row, &hash)?;
            let scopes: Vec<&str> = row.scopes.iter().map(|s| s.word()).collect();
            audit::note(
                tx,
                &ids,
                now,
                &by,
                "made a key",
                &row.id.to_string(),
                &format!("{}: {}", row.name, scopes.join(" ")),
            )
        })
        .await?;
    Ok((key, secret_text))
}

/// Gives a key another secret and shows it; the one it had works for some days more, so that nothing stops meanwhile.
/// What it sent stays its own.
///
/// # Errors
/// [`Error::NotFound`] where there is no such key that is still good; [`Error::Invalid`] for more days than
/// [`LONGEST_OVERLAP`].
pub async fn rotate_key(
    app: &App,
    permit: Permit<WriteKey>,
    id: KeyId,
    overlap_days: u32,
) -> Result<(ApiKey, String)> {
    if overlap_days > LONGEST_OVERLAP {
        return Err(Error::invalid(
            "overlap_days",
            format!("at most {LONGEST_OVERLAP} days; 0 ends the former secret at once"),
        ));
    }
    let (now, ids, secret_text) = (app.now(), app.ids.clone(), fresh_secret()?);
    let (hash, until) = (secret_hash(&secret_text), now.plus_seconds(i64::from(overlap_days) * 86_400));
    let key = app
        .store
        .write(move |tx| -> Result<ApiKey> {
            let key = rows::rotate_key(tx, id, &hash, until, now)?;
            let key = key.ok_or(Error::NotFound("such key that is still good"))?;
            let detail = format!("the former secret works until {until}");
            audit::note(tx, &ids, now, permit.by(), "gave a key another secret", &id.to_string(), &detail)?;
            Ok(key)
        })
        .await?;
    app.verified.forget();
    Ok((key, secret_text))
}

/// Every key, oldest first, without secrets.
pub async fn keys(app: &App, _: Permit<WriteKey>) -> Result<Vec<ApiKey>> {
    app.store.read(|r| -> Result<_> { Ok(rows::keys(r)?) }).await
}

/// Ends a key at once.
///
/// # Errors
/// [`Error::NotFound`] where there is no such key that is still good.
pub async fn revoke_key(app: &App, permit: Permit<WriteKey>, id: KeyId) -> Result<()> {
    let (now, ids) = (app.now(), app.ids.clone());
    app.store
        .write(move |tx| -> Result<()> {
            if !rows::revoke_key(tx, id, now)? {
                return Err(Error::NotFound("such key that is still good"));
            }
            audit::note(tx, &ids, now, permit.by(), "ended a key", &id.to_string(), "")
        })
        .await?;
    app.verified.forget();
    Ok(())
}

/// Which machine a key and its secret stand for.
///
/// # Errors
/// [`domain::access::Denied::SignIn`] where they stand for none, whatever the reason.
pub async fn who_from_key(app: &App, key: &str, secret: &str) -> Result<Who> {
    let (given, now) = (secret_hash(secret), app.now());
    let refused = || Err(domain::access::Denied::SignIn.into());
    let (recalled, changes) = app.verified.recall(key, now);
    let (known, fresh) = match recalled {
        Some(known) => (known, false),
        None => {
            let asked = key.to_owned();
            let found = app.store.read(move |r| -> Result<_> { Ok(rows::key(r, &asked)?) }).await?;
            let Some((key, hashes)) = found else { return refused() };
            (Known { hashes, key, read_at: now }, true)
        }
    };
    let former =
        known.hashes.former.as_ref().filter(|_| known.key.former_until.is_some_and(|until| now < until));
    let same =
        bool::from(known.hashes.now.ct_eq(&given)) || former.is_some_and(|hash| hash.ct_eq(&given).into());
    let ended = known.key.revoked.is_some() || known.key.expires.is_some_and(|end| end <= now);
    if !same || ended {
        return refused();
    }
    let key = known.key.clone();
    if !fresh {
        return Ok(machine(key));
    }
    app.verified.remember(known, changes);
    if key.last_used.is_none_or(|last| now.seconds_since(last) >= TOUCH) {
        let (app, id) = (app.clone(), key.id);
        // Noted beside the request, which need not wait for it.
        tokio::spawn(async move {
            let touched =
                app.store.write(move |tx| -> Result<()> { Ok(rows::touch_key(tx, id, now)?) }).await;
            if let Err(error) = touched {
                tracing::warn!(%error, "a key's use could not be noted");
            }
        });
    }
    Ok(machine(key))
}

fn machine(key: ApiKey) -> Who {
    Who::Machine(Machine {
        key: key.id,
        name: key.name,
        scopes: key.scopes,
        active: true,
        actors: key.actors,
    })
}
