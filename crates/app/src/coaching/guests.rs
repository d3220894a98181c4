//! A co-coach: a second leader admitted to one talk, once the other one of the two agrees. Either of the two ends it.

use domain::access::{Permit, WriteCoaching};
use domain::coaching::{Guest, State};
use domain::ids::{PersonId, SessionId};
use store::db::{Read, Tx};

use super::{held, other, person, signer, write};
use crate::notify::Telling;
use crate::{App, Error, Result};

/// Whether somebody is an admitted co-coach of a talk now.
pub async fn is_guest(app: &App, id: SessionId, who: PersonId) -> Result<bool> {
    app.store.read(move |r| -> Result<bool> { admitted(r, id, who) }).await
}

pub(super) fn admitted(r: &mut Read, id: SessionId, who: PersonId) -> Result<bool> {
    Ok(store::coaching::guests(r, id)?.iter().any(|g| g.person == who && g.admitted()))
}

/// Asks for a co-coach by their staff code. The other one of the two is asked to agree; until then nothing is shown.
///
/// # Errors
/// [`Error::Invalid`] for a code that is nobody's, or of somebody who leads nobody or is in the talk already.
pub async fn invite(app: &App, permit: &Permit<WriteCoaching>, code: &str) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    let code = code.trim().to_owned();
    write(app, move |tx, teller| {
        let session = held(tx, id)?;
        let by = signer(&permit, &session)?;
        if session.state == State::Closed {
            return Err(Error::Conflict("this talk is closed; open a new one to bring somebody in".into()));
        }
        let guest = store::people::person_by_code(tx, &code)?
            .ok_or_else(|| Error::invalid("guest", format!("nobody has the code “{code}”")))?;
        if guest.id == session.person || guest.id == session.leader {
            return Err(Error::invalid("guest", format!("{} is in this talk already", guest.name)));
        }
        if store::people::reports_on(tx, guest.id, teller.today)?.is_empty() {
            return Err(Error::invalid(
                "guest",
                format!("{} leads nobody; a co-coach is another leader", guest.name),
            ));
        }
        if store::coaching::guests(tx, id)?.iter().any(|g| g.person == guest.id && g.ended_at.is_none()) {
            return Err(Error::invalid("guest", format!("{} was asked for already", guest.name)));
        }
        store::coaching::put_guest(
            tx,
            &Guest {
                session: id,
                person: guest.id,
                invited_by: by,
                invited_at: teller.now,
                agreed_at: None,
                ended_at: None,
            },
        )?;
        let name = person(tx, by)?.name;
        let to = other(&session, by);
        super::tell_other(
            tx,
            teller,
            &session,
            to,
            &format!("{name} would like {} as co-coach", guest.name),
        )?;
        Ok(((), vec![session.person, session.leader]))
    })
    .await
}

/// The other one of the two agrees to a co-coach, who is told and let in.
pub async fn admit(app: &App, permit: &Permit<WriteCoaching>, guest: PersonId) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    write(app, move |tx, teller| {
        let session = held(tx, id)?;
        let by = signer(&permit, &session)?;
        let mut asked = asked(tx, id, guest)?;
        if asked.invited_by == by {
            return Err(Error::Conflict("this is for the other one to agree".into()));
        }
        asked.agreed_at = asked.agreed_at.or(Some(teller.now));
        store::coaching::put_guest(tx, &asked)?;
        let text = format!("You are co-coach in a talk of {}", person(tx, session.person)?.name);
        let telling = Telling {
            about: "session",
            about_id: id.uuid(),
            more: format!(
                "{text}. Both of the two agreed. You see the agenda, what is agreed and the messages."
            ),
            text,
            path: format!("/sessions/{id}"),
        };
        let to = person(tx, guest)?;
        teller.tell(tx, &to, &telling)?;
        Ok(((), vec![session.person, session.leader, guest]))
    })
    .await
}

fn asked(tx: &mut Tx, id: SessionId, guest: PersonId) -> Result<Guest> {
    store::coaching::guests(tx, id)?
        .into_iter()
        .find(|g| g.person == guest && g.ended_at.is_none())
        .ok_or(Error::NotFound("co-coach"))
}

/// Either of the two ends it, or takes the question back. The co-coach sees nothing more from that moment.
pub async fn dismiss(app: &App, permit: &Permit<WriteCoaching>, guest: PersonId) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    write(app, move |tx, teller| {
        let session = held(tx, id)?;
        signer(&permit, &session)?;
        let mut asked = asked(tx, id, guest)?;
        asked.ended_at = Some(teller.now);
        store::coaching::put_guest(tx, &asked)?;
        Ok(((), vec![session.person, session.leader, guest]))
    })
    .await
}
