//! Sessions: from a password to a secret in a cookie, and from that back to somebody.

use std::net::IpAddr;

use domain::access::{AccessRole, Viewer, Who};
use domain::ids::PersonId;
use domain::people::{PersonState, fold};
use domain::sign_in::password_fault;
use domain::time::Instant;
use store::access::{self as rows, WebSession};
use store::db::{Read, Tx};

use super::fresh_secret;
use crate::ids::secret_hash;
use crate::{App, Error, Result, audit};

/// Seconds between two notes that a session is in use; pages do not write on every read.
const TOUCH: i64 = 60;

/// Signs a person in by their mail address or staff code. Gives the secret of the new session.
///
/// An unknown name, a person without a password, a disabled one and a wrong password take the same time
/// and give the same answer.
///
/// # Errors
/// [`Error::Invalid`] where name and password do not belong together, [`Error::TooMany`] after too many wrong tries.
pub async fn sign_in(app: &App, name: &str, password: &str, from: IpAddr) -> Result<String> {
    let account: String = fold(name).chars().take(200).collect();
    app.guard.take(&account, from, app.now())?;
    let asked = name.trim().to_owned();
    let found = app
        .store
        .read(move |r| -> Result<_> {
            let person = match store::people::person_by_email(r, &asked)? {
                Some(person) => Some(person),
                None => store::people::person_by_code(r, &asked)?,
            };
            let Some(person) = person.filter(|p| p.state == PersonState::Active) else { return Ok(None) };
            Ok(rows::password(r, person.id)?.map(|hash| (person.id, hash)))
        })
        .await?;
    let (person, stored) = found.unzip();
    let right = app.guard.verify(password, stored).await?;
    let Some(person) = person.filter(|_| right) else {
        tracing::info!(%from, "a sign-in was refused");
        return Err(Error::invalid(
            "password",
            "Name and password do not belong together. Try again, or ask for a new link.",
        ));
    };
    app.guard.right(&account, from);
    open_session(app, person).await
}

/// Signs in as one of the demo's personas.
///
/// # Errors
/// [`Error::NotFound`] outside the demo, and for anybody who is not a persona.
pub async fn sign_in_as_persona(app: &App, person: PersonId) -> Result<String> {
    if super::personas(app).await?.iter().all(|p| p.person != person) {
        return Err(Error::NotFound("such person"));
    }
    open_session(app, person).await
}

/// Starts a session for a person who has shown who they are. Gives its secret.
pub async fn open_session(app: &App, person: PersonId) -> Result<String> {
    let token = fresh_secret()?;
    let (hash, now, rules, ids) = (secret_hash(&token), app.now(), app.settings.sessions, app.ids.clone());
    app.store
        .write(move |tx| -> Result<()> {
            // A day later nobody can have one open in good faith.
            rows::sweep_sessions(tx, now.plus_seconds(-24 * 3600))?;
            let session =
                WebSession { person, created: now, seen: now, ends: now.plus_seconds(rules.longest) };
            rows::add_session(tx, &hash, &session)?;
            audit::note(tx, &ids, now, &person.to_string(), "signed in", &person.to_string(), "")
        })
        .await?;
    Ok(token)
}

/// Ends a session.
pub async fn sign_out(app: &App, token: &str) -> Result<()> {
    let hash = secret_hash(token);
    app.store
        .write(move |tx| -> Result<()> {
            rows::end_session(tx, &hash)?;
            Ok(())
        })
        .await
}

/// Who a session's secret stands for, with today's rights; `None` where it holds no longer.
pub async fn who_from_session(app: &App, token: &str) -> Result<Option<Viewer>> {
    let (hash, now) = (secret_hash(token), app.now());
    let Some((viewer, seen)) = look_up(app, hash.clone(), now).await? else { return Ok(None) };
    if now.seconds_since(seen) >= TOUCH {
        let app = app.clone();
        // The page need not wait for this, and the next minute brings another.
        tokio::spawn(async move {
            let touched =
                app.store.write(move |tx| -> Result<()> { Ok(rows::touch_session(tx, &hash, now)?) }).await;
            if let Err(error) = touched {
                tracing::warn!(%error, "a session's use could not be noted");
            }
        });
    }
    Ok(Some(viewer))
}

/// Whether a session still holds. Asking does not count as using it.
pub async fn session_holds(app: &App, token: &str) -> Result<bool> {
    Ok(look_up(app, secret_hash(token), app.now()).await?.is_some())
}

async fn look_up(app: &App, hash: Vec<u8>, now: Instant) -> Result<Option<(Viewer, Instant)>> {
    let (today, rules) = (app.today(), app.settings.sessions);
    app.store
        .read(move |r| -> Result<_> {
            let Some(session) = rows::session(r, &hash)? else { return Ok(None) };
            let Some(viewer) = viewer(r, session.person, today)? else { return Ok(None) };
            let privileged =
                viewer.roles.iter().any(|r| matches!(r, AccessRole::Admin | AccessRole::Privacy));
            let holds = rules.holds(session.created, session.seen, session.ends, privileged, now);
            Ok((holds && viewer.active).then_some((viewer, session.seen)))
        })
        .await
}

/// A person with today's rights.
fn viewer(r: &mut Read, id: PersonId, today: domain::time::Day) -> Result<Option<Viewer>> {
    let Some(person) = store::people::person(r, id)? else { return Ok(None) };
    Ok(Some(Viewer {
        person: id,
        name: person.name,
        active: person.state == PersonState::Active,
        roles: rows::roles_on(r, id, today)?,
        reports: store::people::reports_on(r, id, today)?.into_iter().map(|p| p.id).collect(),
        unit: store::people::membership_on(r, id, today)?.map(|m| m.unit),
    }))
}

/// A person with the rights of now, where a link that they hold stands for them; `None` where there is no such person.
pub async fn who_is(app: &App, person: PersonId) -> Result<Option<Who>> {
    let today = app.today();
    app.store.read(move |r| -> Result<_> { Ok(viewer(r, person, today)?.map(Who::Person)) }).await
}

/// The open sessions of the person who asks, newest first.
pub async fn sessions(app: &App, viewer: &Viewer) -> Result<Vec<WebSession>> {
    let (person, now, rules) = (viewer.person, app.now(), app.settings.sessions);
    let all = app.store.read(move |r| -> Result<_> { Ok(rows::sessions_of(r, person)?) }).await?;
    Ok(all.into_iter().filter(|s| rules.holds(s.created, s.seen, s.ends, false, now)).collect())
}

/// Ends every session of the person who asks but the one they ask with. Gives how many ended.
pub async fn end_other_sessions(app: &App, viewer: &Viewer, token: &str) -> Result<u64> {
    let (person, hash) = (viewer.person, secret_hash(token));
    app.store.write(move |tx| -> Result<_> { Ok(rows::end_sessions_of(tx, person, &hash)?) }).await
}

/// Changes one's own password. Every session ends but the one that asks.
///
/// # Errors
/// [`Error::Invalid`] where the old one is wrong or the new one is not good enough.
pub async fn change_password(
    app: &App,
    viewer: &Viewer,
    token: &str,
    old: &str,
    new: &str,
    from: IpAddr,
) -> Result<()> {
    let account = viewer.person.to_string();
    app.guard.take(&account, from, app.now())?;
    let person = viewer.person;
    let stored = app.store.read(move |r| -> Result<_> { Ok(rows::password(r, person)?) }).await?;
    if !app.guard.verify(old, stored).await? {
        return Err(Error::invalid("old", "This is not your password of now."));
    }
    app.guard.right(&account, from);
    let hash = new_password(app, person, new).await?;
    let (but, now, ids) = (secret_hash(token), app.now(), app.ids.clone());
    app.store.write(move |tx| -> Result<()> { keep_password(tx, &ids, person, &hash, &but, now) }).await
}

/// Judges a new password and gives the form that is stored.
pub(super) async fn new_password(app: &App, person: PersonId, password: &str) -> Result<String> {
    let known = app.store.read(move |r| -> Result<_> { Ok(store::people::person(r, person)?) }).await?;
    let Some(known) = known else { return Err(Error::NotFound("such person")) };
    judged(app, password, &[&known.name, known.email.as_deref().unwrap_or_default(), &known.code]).await
}

/// Judges a password for somebody who is described by `context`, and gives the form that is stored.
pub(super) async fn judged(app: &App, password: &str, context: &[&str]) -> Result<String> {
    let mut all = context.to_vec();
    all.push(&app.settings.name);
    if let Some(fault) = password_fault(password, &all) {
        return Err(Error::invalid("password", fault));
    }
    app.guard.hash(password).await
}

/// Stores a password and ends every session but one.
pub(super) fn keep_password(
    tx: &mut Tx,
    ids: &crate::Ids,
    person: PersonId,
    hash: &str,
    but: &[u8],
    now: Instant,
) -> Result<()> {
    rows::set_password(tx, person, hash, now)?;
    rows::end_sessions_of(tx, person, but)?;
    audit::note(tx, ids, now, &person.to_string(), "set their password", &person.to_string(), "")
}
