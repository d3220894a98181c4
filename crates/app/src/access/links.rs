//! Links that work once: the first person's, and the one by which everybody else sets a password.

use domain::access::{AccessRole, Permit, WriteAssignment};
use domain::ids::PersonId;
use domain::people::{Person, PersonState, fold};
use store::access::{self as rows, Link};

use super::fresh_secret;
use super::sessions::{judged, keep_password, new_password, open_session};
use crate::ids::secret_hash;
use crate::{App, Error, Fault, Result, audit};

const SET_UP: &str = "set-up";
const INVITATION: &str = "invitation";
/// How long the first person's link works, in seconds: one day.
const SET_UP_HOLDS: i64 = 24 * 3600;
/// How long an invitation works, in seconds: three days.
const INVITATION_HOLDS: i64 = 3 * 24 * 3600;

/// A link for the first person where nobody can sign in yet; `None` where somebody can, and in the demo.
/// An older one that was not used stops working.
pub async fn set_up_link(app: &App) -> Result<Option<String>> {
    if app.settings.demo || app.store.read(|r| -> Result<_> { Ok(rows::any_password(r)?) }).await? {
        return Ok(None);
    }
    let token = fresh_secret()?;
    let (hash, now) = (secret_hash(&token), app.now());
    let link =
        Link { purpose: SET_UP.into(), person: None, ends: now.plus_seconds(SET_UP_HOLDS), used: None };
    app.store.write(move |tx| -> Result<()> { Ok(rows::add_link(tx, &hash, &link, now)?) }).await?;
    Ok(Some(format!("{}/set-up?token={token}", app.settings.public_url)))
}

/// Whom a link is for.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkFor {
    /// Whoever comes first and will run the installation.
    First,
    /// A person who is known.
    Person(Invitation),
}

/// Whom a link is for, while it works. Looking does not use it.
///
/// # Errors
/// [`Error::NotFound`] where it works no longer.
pub async fn link_for(app: &App, token: &str) -> Result<LinkFor> {
    match good(app, token, SET_UP).await {
        Ok(_) => Ok(LinkFor::First),
        Err(Error::NotFound(_)) => invitation(app, token).await.map(LinkFor::Person),
        Err(other) => Err(other),
    }
}

async fn good(app: &App, token: &str, purpose: &'static str) -> Result<Link> {
    let (hash, now) = (secret_hash(token), app.now());
    let link = app.store.read(move |r| -> Result<_> { Ok(rows::link(r, &hash)?) }).await?;
    link.filter(|l| l.purpose == purpose && l.used.is_none() && l.ends > now)
        .ok_or(Error::NotFound("link that still works"))
}

/// The first person, who runs the installation.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstPerson {
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub email: String,
}

/// Uses a set-up link: makes the first person with the admin access role and signs them in. Gives the session's secret.
///
/// A person that an import has already brought with this mail address is taken, not made twice; a new one gets the
/// address as code until an import names another.
/// The privacy access role must go to somebody else.
///
/// # Errors
/// [`Error::NotFound`] where the link works no longer, [`Error::Invalid`] for what was typed.
pub async fn set_up(app: &App, token: &str, first: FirstPerson, password: &str) -> Result<String> {
    good(app, token, SET_UP).await?;
    let first = FirstPerson { name: first.name.trim().to_owned(), email: first.email.trim().to_owned() };
    let mut faults = Vec::new();
    if first.name.is_empty() || first.name.chars().count() > 200 {
        faults.push(Fault::at("name", "Give your name, in at most 200 characters."));
    }
    if !plausible_address(&first.email) {
        faults.push(Fault::at("email", "Give a mail address such as maya@example.com."));
    }
    let hash = match judged(app, password, &[&first.name, &first.email]).await {
        Ok(hash) => hash,
        Err(Error::Invalid(more)) => {
            faults.extend(more);
            String::new()
        }
        Err(other) => return Err(other),
    };
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let (link, now, today, ids) = (secret_hash(token), app.now(), app.today(), app.ids.clone());
    let fresh: PersonId = app.new_id();
    let person = app
        .store
        .write(move |tx| -> Result<PersonId> {
            if !rows::use_link(tx, &link, now)? {
                return Err(Error::NotFound("link that still works"));
            }
            let code = fold(&first.email);
            let known = store::people::person_by_email(tx, &first.email)?;
            let person = Person {
                id: known.as_ref().map_or(fresh, |p| p.id),
                code: known.map_or(code, |p| p.code),
                name: first.name,
                email: Some(first.email),
                state: PersonState::Active,
            };
            let id = person.id;
            store::people::put_person(tx, &person, now)?;
            rows::add_grant(tx, id, AccessRole::Admin, today)?;
            audit::note(
                tx,
                &ids,
                now,
                "set-up link",
                "made the first person",
                &id.to_string(),
                "access role admin",
            )?;
            keep_password(tx, &ids, id, &hash, &[], now)?;
            Ok(id)
        })
        .await?;
    open_session(app, person).await
}

/// One `@` with something on both sides, no spaces or controls, at most 254 characters (RFC 5321, 4.5.3).
fn plausible_address(text: &str) -> bool {
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && matches!(text.split_once('@'), Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains('@'))
}

/// A link by which a person sets their password. An older one that was not used stops working.
///
/// # Errors
/// [`Error::NotFound`] where there is no active person of this code.
pub async fn invite(app: &App, permit: Permit<WriteAssignment>, code: &str) -> Result<String> {
    let token = fresh_secret()?;
    let (hash, now, ids, code) = (secret_hash(&token), app.now(), app.ids.clone(), code.to_owned());
    app.store
        .write(move |tx| -> Result<()> {
            let person = store::people::person_by_code(tx, &code)?.filter(|p| p.state == PersonState::Active);
            let Some(person) = person else { return Err(Error::NotFound("active person of this code")) };
            let link = Link {
                purpose: INVITATION.into(),
                person: Some(person.id),
                ends: now.plus_seconds(INVITATION_HOLDS),
                used: None,
            };
            rows::add_link(tx, &hash, &link, now)?;
            audit::note(
                tx,
                &ids,
                now,
                permit.by(),
                "made a link to set a password",
                &person.id.to_string(),
                "",
            )
        })
        .await?;
    Ok(format!("{}/set-up?token={token}", app.settings.public_url))
}

/// A person who is to choose a password.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// The person.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their mail address; may be empty.
    pub email: String,
}

async fn invitation(app: &App, token: &str) -> Result<Invitation> {
    let link = good(app, token, INVITATION).await?;
    let gone = Error::NotFound("link that still works");
    let Some(id) = link.person else { return Err(gone) };
    let person = app.store.read(move |r| -> Result<_> { Ok(store::people::person(r, id)?) }).await?;
    match person.filter(|p| p.state == PersonState::Active) {
        Some(person) => {
            Ok(Invitation { person: id, name: person.name, email: person.email.unwrap_or_default() })
        }
        None => Err(gone),
    }
}

/// Uses an invitation: sets the password, ends older sessions and signs in. Gives the session's secret.
///
/// # Errors
/// [`Error::NotFound`] where the link works no longer, [`Error::Invalid`] where the password is not good enough.
pub async fn accept_invitation(app: &App, token: &str, password: &str) -> Result<String> {
    let person = invitation(app, token).await?.person;
    let hash = new_password(app, person, password).await?;
    let (link, now, ids) = (secret_hash(token), app.now(), app.ids.clone());
    app.store
        .write(move |tx| -> Result<()> {
            if !rows::use_link(tx, &link, now)? {
                return Err(Error::NotFound("link that still works"));
            }
            keep_password(tx, &ids, person, &hash, &[], now)
        })
        .await?;
    open_session(app, person).await
}
