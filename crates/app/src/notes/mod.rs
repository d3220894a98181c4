//! Private notes in a talk: for their author alone, sealed so that neither an administrator nor a backup can read them.
//!
//! Each person has one random key. It is kept twice, sealed: by a phrase that only they know (Argon2id) and by a recovery
//! code that is shown once. It is independent of the sign-in password, so that a reset opens nothing and loses nothing.
//! From it a key is derived for every note of every relationship, see [`seal`].
//! After somebody gave their phrase, their key is kept sealed by the secret of that session, of which the database holds
//! only a hash; it is gone with the session. `docs/private-notes.md` says what this guards against and what not.

mod seal;

use std::net::IpAddr;

use domain::access::{Permit, ReadCoaching, Viewer, WriteCoaching};
use domain::ids::{PersonId, SessionId};
use domain::time::Instant;
use store::db::{Read, Tx};
use store::notes::Lock;

use crate::{App, Error, Result};
use seal::{Key, random};

/// Most characters of a note.
pub const NOTE_MAX: usize = 8_000;
/// Fewest and most characters of a phrase.
pub const PHRASE: std::ops::RangeInclusive<usize> = 12..=200;

/// How the notes of whoever asks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They have no phrase yet.
    None,
    /// They have one, and have not given it in this session.
    Locked,
    /// They can read and write.
    Open,
}

fn session_label(person: PersonId) -> String {
    format!("session key of {person}")
}
fn phrase_label(person: PersonId) -> String {
    format!("key by phrase of {person}")
}
fn recovery_label(person: PersonId) -> String {
    format!("key by recovery code of {person}")
}
/// A note belongs to an author in one relationship, and there to one talk.
fn note_label(author: PersonId, session: &domain::coaching::Session) -> String {
    format!("note of {author} in {} and {}, talk {}", session.person, session.leader, session.id)
}

fn secret_of(token: &str) -> Result<Key> {
    Key::of_secret(token.as_bytes(), "session")
}

/// How the notes of whoever asks stand in this session.
pub async fn standing(app: &App, viewer: &Viewer, token: &str) -> Result<Standing> {
    let person = viewer.person;
    let hash = crate::ids::secret_hash(token);
    app.store
        .read(move |r| -> Result<Standing> {
            Ok(match (store::notes::lock(r, person)?, store::notes::opened(r, &hash)?) {
                (None, _) => Standing::None,
                (Some(_), None) => Standing::Locked,
                (Some(_), Some(_)) => Standing::Open,
            })
        })
        .await
}

/// The key of whoever asks, where it is open in this session.
fn key_in(r: &mut Read, person: PersonId, token: &str) -> Result<Option<Key>> {
    let Some(sealed) = store::notes::opened(r, &crate::ids::secret_hash(token))? else { return Ok(None) };
    let bytes = secret_of(token)?.open(&session_label(person), &sealed)?;
    Ok(bytes.and_then(|b| Key::from_bytes(&b)))
}

fn judged(phrase: &str) -> Result<String> {
    // The ends are no part of a phrase; people paste them with or without spaces.
    let phrase = phrase.trim().to_owned();
    if !PHRASE.contains(&phrase.chars().count()) {
        return Err(Error::invalid(
            "phrase",
            format!(
                "give {} to {} characters; several words are better than odd signs",
                PHRASE.start(),
                PHRASE.end()
            ),
        ));
    }
    Ok(phrase)
}

/// The recovery code as people write it down: groups of five, easily told apart.
fn code_words(bytes: &[u8; 20]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bits = |i: usize| {
        let at = i * 5;
        let pair = (u16::from(bytes[at / 8]) << 8) | u16::from(bytes.get(at / 8 + 1).copied().unwrap_or(0));
        usize::from((pair >> (11 - at % 8)) & 31)
    };
    let letters: Vec<char> = (0..32).map(|i| char::from(LETTERS[bits(i)])).collect();
    letters.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A code as typed: without spaces, hyphens and capitals, and with the letters that look like digits read as digits.
fn code_read(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect()
}

/// Makes the key of whoever asks under a phrase, and opens it in this session. Gives the recovery code, which is shown once.
///
/// # Errors
/// [`Error::Invalid`] for a phrase that is too short, [`Error::Conflict`] where they have one already.
pub async fn make(app: &App, viewer: &Viewer, token: &str, phrase: &str) -> Result<String> {
    let phrase = judged(phrase)?;
    keep(app, viewer.person, token, Key::new()?, &phrase, false).await
}

/// Seals a key by a phrase and a new recovery code, keeps it, and opens it in this session.
async fn keep(
    app: &App,
    person: PersonId,
    token: &str,
    key: Key,
    phrase: &str,
    again: bool,
) -> Result<String> {
    let code = code_words(&random::<20>()?);
    let salt: [u8; 16] = random()?;
    let by_phrase = app.guard.stretch(phrase, salt).await?;
    let by_phrase = Key::from_bytes(&by_phrase).ok_or_else(|| Error::internal("a key of 32 bytes"))?;
    let by_code = Key::of_secret(code_read(&code).as_bytes(), "recovery")?;
    let lock = Lock {
        person,
        salt: salt.to_vec(),
        by_phrase: by_phrase.seal(&phrase_label(person), key.bytes())?,
        by_recovery: by_code.seal(&recovery_label(person), key.bytes())?,
        made_at: app.now(),
    };
    let (hash, opened) =
        (crate::ids::secret_hash(token), secret_of(token)?.seal(&session_label(person), key.bytes())?);
    let ids = app.ids.clone();
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            if !again && store::notes::lock(tx, person)?.is_some() {
                return Err(Error::Conflict("you have a phrase already; give that one".into()));
            }
            store::notes::put_lock(tx, &lock)?;
            // Wherever else it was open, it no longer is.
            store::notes::close_all(tx, person)?;
            store::notes::open(tx, &hash, &opened)?;
            let by = person.to_string();
            crate::audit::note(tx, &ids, lock.made_at, &by, "notes.phrase", &by, "")
        })
        .await?;
    Ok(code)
}

async fn lock_of(app: &App, person: PersonId) -> Result<Lock> {
    app.store
        .read(move |r| -> Result<_> { Ok(store::notes::lock(r, person)?) })
        .await?
        .ok_or_else(|| Error::Conflict("you have no phrase yet; choose one first".into()))
}

/// Opens the notes of whoever asks in this session.
///
/// # Errors
/// [`Error::Invalid`] for another phrase, [`Error::TooMany`] after too many tries.
pub async fn unlock(app: &App, viewer: &Viewer, token: &str, phrase: &str, from: IpAddr) -> Result<()> {
    let person = viewer.person;
    let account = format!("notes {person}");
    app.guard.take(&account, from, app.now())?;
    let lock = lock_of(app, person).await?;
    let salt: [u8; 16] =
        lock.salt.as_slice().try_into().map_err(|_| Error::internal("a salt of 16 bytes"))?;
    let by_phrase = app.guard.stretch(phrase.trim(), salt).await?;
    let by_phrase = Key::from_bytes(&by_phrase).ok_or_else(|| Error::internal("a key of 32 bytes"))?;
    let Some(key) = by_phrase.open(&phrase_label(person), &lock.by_phrase)?.and_then(|b| Key::from_bytes(&b))
    else {
        return Err(Error::invalid(
            "phrase",
            "This is not your phrase. Try again, or use your recovery code.",
        ));
    };
    app.guard.right(&account, from);
    let (hash, opened) =
        (crate::ids::secret_hash(token), secret_of(token)?.seal(&session_label(person), key.bytes())?);
    app.store.write(move |tx: &mut Tx| -> Result<()> { Ok(store::notes::open(tx, &hash, &opened)?) }).await
}

/// Chooses a new phrase by the recovery code. The notes stay; the old phrase and code no longer open. Gives the new code.
///
/// # Errors
/// As [`unlock`] and [`make`].
pub async fn recover(
    app: &App,
    viewer: &Viewer,
    token: &str,
    code: &str,
    phrase: &str,
    from: IpAddr,
) -> Result<String> {
    let person = viewer.person;
    let phrase = judged(phrase)?;
    let account = format!("notes {person}");
    app.guard.take(&account, from, app.now())?;
    let lock = lock_of(app, person).await?;
    let by_code = Key::of_secret(code_read(code).as_bytes(), "recovery")?;
    let Some(key) =
        by_code.open(&recovery_label(person), &lock.by_recovery)?.and_then(|b| Key::from_bytes(&b))
    else {
        return Err(Error::invalid(
            "code",
            "This is not your recovery code. Look at what you wrote down and try again.",
        ));
    };
    app.guard.right(&account, from);
    keep(app, person, token, key, &phrase, true).await
}

/// Takes away the key of whoever asks with every note that it opens. For who has lost phrase and code.
pub async fn start_over(app: &App, viewer: &Viewer) -> Result<()> {
    let (person, now, ids) = (viewer.person, app.now(), app.ids.clone());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            store::notes::forget(tx, person)?;
            let by = person.to_string();
            crate::audit::note(tx, &ids, now, &by, "notes.forgotten", &by, "")
        })
        .await
}

/// The own note of whoever asks on a talk, and when it was written; `None` where there is none or it is not open.
pub async fn read(
    app: &App,
    permit: &Permit<ReadCoaching>,
    token: &str,
) -> Result<Option<(String, Instant)>> {
    let (id, Some(author)) = (permit.asked().0, permit.person()) else { return Ok(None) };
    let token = token.to_owned();
    app.store
        .read(move |r| -> Result<_> {
            let session = crate::coaching::held(r, id)?;
            let Some((sealed, at)) = store::notes::note(r, author, id)? else { return Ok(None) };
            let Some(key) = key_in(r, author, &token)? else { return Ok(None) };
            let text =
                key.open(&note_label(author, &session), &sealed)?.and_then(|b| String::from_utf8(b).ok());
            Ok(text.map(|text| (text, at)))
        })
        .await
}

/// Writes the own note of whoever asks on a talk over the one before; without text it is taken away.
///
/// # Errors
/// [`Error::Conflict`] where their notes are not open in this session, [`Error::Invalid`] for one that is too long.
pub async fn write(app: &App, permit: &Permit<WriteCoaching>, token: &str, text: &str) -> Result<()> {
    let (id, Some(author)): (SessionId, _) = (permit.asked().0, permit.person()) else {
        return Err(domain::access::Denied::Forbidden.into());
    };
    let text = text.trim().to_owned();
    if text.chars().count() > NOTE_MAX {
        return Err(Error::invalid("note", format!("at most {NOTE_MAX} characters; say it shorter")));
    }
    let (token, now) = (token.to_owned(), app.now());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            let session = crate::coaching::held(tx, id)?;
            let Some(key) = key_in(tx, author, &token)? else {
                return Err(Error::Conflict("your notes are locked; give your phrase first".into()));
            };
            if text.is_empty() {
                return Ok(store::notes::remove(tx, author, id)?);
            }
            let sealed = key.seal(&note_label(author, &session), text.as_bytes())?;
            Ok(store::notes::put(tx, author, id, &sealed, now)?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_written_down() {
        let code = code_words(&[0x5a; 20]);
        assert_eq!(code.len(), 32 + 7, "{code}");
        assert_eq!(code_read(&code.to_uppercase()), code_read(&code.replace('-', " ")));
        assert_eq!(code_read("O1l-I"), "0111");
        assert_ne!(code_words(&[0; 20]), code_words(&[1; 20]));
    }

    #[test]
    fn a_phrase_is_long_enough() {
        assert!(judged("short").is_err() && judged(&"x".repeat(201)).is_err());
        assert_eq!(judged("  the quiet blue door ").unwrap(), "the quiet blue door");
    }
}
