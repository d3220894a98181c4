//! Access roles, given and taken by date, and shutting a person out.

use domain::access::{AccessRole, Permit, WriteAssignment};
use domain::ids::PersonId;
use domain::people::{Person, PersonState, Span};
use store::access as rows;
use store::db::Read;

use crate::{App, Error, Result, audit};

fn by_code(r: &mut Read, code: &str) -> Result<Person> {
    store::people::person_by_code(r, code)?.ok_or(Error::NotFound("person of this code"))
}

/// Gives a person an access role from today on.
///
/// # Errors
/// [`Error::Conflict`] where one person would hold both admin and privacy: who runs the installation does not watch over it.
pub async fn give_role(
    app: &App,
    permit: Permit<WriteAssignment>,
    code: &str,
    role: AccessRole,
) -> Result<PersonId> {
    let (now, today, ids, code) = (app.now(), app.today(), app.ids.clone(), code.to_owned());
    app.store
        .write(move |tx| -> Result<PersonId> {
            let person = by_code(tx, &code)?;
            let held = rows::roles_on(tx, person.id, today)?;
            let opposite = match role {
                AccessRole::Admin => Some(AccessRole::Privacy),
                AccessRole::Privacy => Some(AccessRole::Admin),
                _ => None,
            };
            if let Some(other) = opposite.filter(|o| held.contains(o)) {
                return Err(Error::Conflict(format!(
                    "{} holds {other}; admin and privacy are never held by one person: give {role} to somebody else, or take {other} first",
                    person.name
                )));
            }
            if !held.contains(&role) {
                rows::add_grant(tx, person.id, role, today)?;
                audit::note(tx, &ids, now, permit.by(), "gave an access role", &person.id.to_string(), role.word())?;
            }
            Ok(person.id)
        })
        .await
}

/// Takes an access role from a person, at once.
///
/// # Errors
/// [`Error::NotFound`] where they do not hold it.
pub async fn take_role(
    app: &App,
    permit: Permit<WriteAssignment>,
    code: &str,
    role: AccessRole,
) -> Result<PersonId> {
    let (now, today, ids, code) = (app.now(), app.today(), app.ids.clone(), code.to_owned());
    app.store
        .write(move |tx| -> Result<PersonId> {
            let person = by_code(tx, &code)?;
            if !rows::end_grant(tx, person.id, role, today)? {
                return Err(Error::NotFound("such access role of this person"));
            }
            audit::note(
                tx,
                &ids,
                now,
                permit.by(),
                "took an access role",
                &person.id.to_string(),
                role.word(),
            )?;
            Ok(person.id)
        })
        .await
}

/// Every access role that a person held or holds, with its days.
pub async fn grants(app: &App, _: Permit<WriteAssignment>, code: &str) -> Result<Vec<(AccessRole, Span)>> {
    let code = code.to_owned();
    app.store
        .read(move |r| -> Result<_> {
            let person = by_code(r, &code)?;
            Ok(rows::grants_of(r, person.id)?)
        })
        .await
}

/// Shuts a person out: no sign-in, and every open session ends. Their history stays.
pub async fn disable(app: &App, permit: Permit<WriteAssignment>, code: &str) -> Result<PersonId> {
    let (now, ids, code) = (app.now(), app.ids.clone(), code.to_owned());
    app.store
        .write(move |tx| -> Result<PersonId> {
            let person = by_code(tx, &code)?;
            let id = person.id;
            store::people::put_person(tx, &Person { state: PersonState::Disabled, ..person }, now)?;
            rows::end_sessions_of(tx, id, &[])?;
            audit::note(tx, &ids, now, permit.by(), "disabled a person", &id.to_string(), "")?;
            Ok(id)
        })
        .await
}
