//! Who is asking, and how they got in.
//!
//! [`sign_in`] turns a password into a session, [`who_from_session`] and [`who_from_key`] turn what a request carries
//! into somebody with today's rights, [`relation`] says how they stand to a person. Rights are read each time:
//! a grant that ends, a changed reporting line or a disabled person acts on the very next request.

mod guard;
mod keys;
mod links;
mod personas;
mod roles;
mod sessions;

pub use guard::Guard;
pub use keys::{LONGEST_OVERLAP, NewKey, Verified, create_key, keys, revoke_key, rotate_key, who_from_key};
pub use links::{FirstPerson, Invitation, LinkFor, accept_invitation, invite, link_for, set_up, set_up_link};
pub use personas::{Persona, personas, set_personas};
pub use roles::{disable, give_role, grants, take_role};
pub use sessions::{
    change_password, end_other_sessions, open_session, session_holds, sessions, sign_in, sign_in_as_persona,
    sign_out, who_from_session, who_is,
};

pub use store::access::{ApiKey, Held, WebSession};
pub use store::audit::Look;

use domain::access::{Permit, ReadAccessLog, Relation, Scope, Viewer, Who};
use domain::ids::{AuditId, PersonId};
use domain::people::Person;
use domain::time::Day;
use store::db::Read;

use crate::{App, Result};

impl App {
    /// Today, where the organisation is: the day on which grants and reporting lines are read.
    pub fn today(&self) -> Day {
        self.now().day(&self.settings.zone)
    }
}

/// How somebody stands to a person today: the same, their leader, a leader further up, or neither.
///
/// Being the coach in a session is not known here; `coaching` adds it.
pub fn relation(r: &mut Read, who: &Who, subject: PersonId, today: Day) -> Result<Relation> {
    let Some(viewer) = who.person() else { return Ok(Relation::NONE) };
    if viewer.person == subject {
        return Ok(Relation { same: true, ..Relation::NONE });
    }
    let leaders = store::people::leaders_on(r, subject, today)?;
    Ok(Relation::of(viewer, subject, &leaders))
}

/// [`relation`], for callers that have no transaction open.
pub async fn relation_to(app: &App, who: &Who, subject: PersonId) -> Result<Relation> {
    let (who, today) = (who.clone(), app.today());
    app.store.read(move |r| relation(r, &who, subject, today)).await
}

/// Records that somebody looked at a person's data, so that the person can see it. Looking at one's own is not recorded.
///
/// Waits until the record is durable: a look that is answered is a look that is written.
/// `what` is in words, as the person will read it: `metric "Successful calls"`.
pub async fn log_look(app: &App, who: &Who, subject: PersonId, what: &str, relation: Relation) -> Result<()> {
    let Some(viewer) = who.person().filter(|v| v.person != subject) else { return Ok(()) };
    let at = app.now();
    let look = Look {
        subject,
        at,
        viewer: viewer.person,
        what: what.to_owned(),
        relation: in_words(relation).to_owned(),
    };
    let id: AuditId = app.new_id();
    app.store.write(move |tx| Ok(store::audit::add_looks(tx, &[(id, look)])?)).await
}

/// Records that whoever answers for a feed looked at what was said about a person's data.
pub async fn log_look_as_owner(app: &App, who: &Who, subject: PersonId, what: &str) -> Result<()> {
    let Some(viewer) = who.person().filter(|v| v.person != subject) else { return Ok(()) };
    let relation = "answers for the data".to_owned();
    let look = Look { subject, at: app.now(), viewer: viewer.person, what: what.to_owned(), relation };
    let id: AuditId = app.new_id();
    app.store.write(move |tx| Ok(store::audit::add_looks(tx, &[(id, look)])?)).await
}

/// Records that somebody looked at several people at once, such as on the team board, in one write.
pub async fn log_looks(app: &App, who: &Who, subjects: &[PersonId], what: &str) -> Result<()> {
    let Some(viewer) = who.person() else { return Ok(()) };
    let at = app.now();
    let looks: Vec<(AuditId, Look)> = subjects
        .iter()
        .filter(|s| **s != viewer.person)
        .map(|&subject| {
            let lead = if viewer.reports.contains(&subject) {
                domain::access::Lead::Direct
            } else {
                domain::access::Lead::None
            };
            let relation = in_words(Relation { lead, ..Relation::NONE }).to_owned();
            (app.new_id(), Look { subject, at, viewer: viewer.person, what: what.to_owned(), relation })
        })
        .collect();
    app.store.write(move |tx| Ok(store::audit::add_looks(tx, &looks)?)).await
}

/// How somebody stands to a person, as that person reads it.
const fn in_words(relation: Relation) -> &'static str {
    use domain::access::Lead;
    match (relation.same, relation.lead, relation.coach) {
        (true, ..) => "yourself",
        (_, Lead::Direct, _) => "your leader",
        (_, _, true) => "your coach",
        (_, Lead::Chain, _) => "a leader further up",
        _ => "by access role",
    }
}

/// Who looked at a person's data, newest first, each with their name.
pub async fn looks(app: &App, permit: Permit<ReadAccessLog>, limit: u32) -> Result<Vec<(Look, String)>> {
    let subject = permit.asked().0;
    app.store
        .read(move |r| {
            let looks = store::audit::looks_at(r, subject, limit)?;
            let ids: Vec<PersonId> = looks.iter().map(|l| l.viewer).collect();
            let names = store::people::names(r, &ids)?;
            Ok(looks
                .into_iter()
                .map(|look| {
                    let name = names.get(&look.viewer).cloned().unwrap_or_else(|| look.viewer.to_string());
                    (look, name)
                })
                .collect())
        })
        .await
}

/// A secret of 256 bits as text that fits in a URL and a cookie.
fn fresh_secret() -> Result<String> {
    crate::ids::secret().map_err(|e| crate::Error::internal(e.to_string()))
}

/// Whether the database answers.
pub async fn answers(app: &App) -> Result<()> {
    app.store
        .read(|r| -> Result<()> {
            store::people::person_count(r).map(|_| ())?;
            Ok(())
        })
        .await
}

/// What the frame of a page says about the person signed in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Badge {
    /// Their job role today, or the access role they hold where they have none; may be empty.
    pub job_role: String,
    /// How much they were told and have not seen.
    pub unseen: u32,
    /// Whether they answer for a feed or metric.
    pub answers_for_data: bool,
}

/// Reads the badge of the person signed in.
pub async fn badge(app: &App, viewer: &Viewer) -> Result<Badge> {
    let (person, today) = (viewer.person, app.today());
    let (job_role, unseen) = app
        .store
        .read(move |r| -> Result<_> {
            let unseen = store::jobs::unseen(r, person)?;
            let Some(membership) = store::people::membership_on(r, person, today)? else {
                return Ok((None, unseen));
            };
            let roles = store::people::job_roles(r)?;
            Ok((roles.into_iter().find(|role| role.id == membership.job_role).map(|role| role.name), unseen))
        })
        .await?;
    let by_access = || viewer.roles.iter().next().map(|role| access_role_word(*role).to_owned());
    let unseen = u32::try_from(unseen).unwrap_or(u32::MAX);
    Ok(Badge {
        job_role: job_role.or_else(by_access).unwrap_or_default(),
        unseen,
        answers_for_data: crate::health::answers_for_data(app, person).await?,
    })
}

/// An access role as pages show it.
const fn access_role_word(role: domain::access::AccessRole) -> &'static str {
    use domain::access::AccessRole::*;
    match role {
        Executive => "Executive",
        Analyst => "Performance analyst",
        Author => "Author",
        Admin => "Runs this installation",
        Privacy => "Privacy officer",
    }
}

/// What is held about the person who asks, and who leads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// How much of what.
    pub held: Held,
    /// Their mail address.
    pub email: Option<String>,
    /// Their leaders today, nearest first, by name.
    pub leaders: Vec<String>,
    /// Where they are signed in.
    pub sessions: usize,
}

/// Reads what the person who asks may know of what is held about them.
pub async fn own(app: &App, viewer: &Viewer) -> Result<Own> {
    let (person, today) = (viewer.person, app.today());
    let sessions = sessions(app, viewer).await?.len();
    app.store
        .read(move |r| -> Result<_> {
            let ids = store::people::leaders_on(r, person, today)?;
            let names = store::people::names(r, &ids)?;
            Ok(Own {
                held: store::access::held(r, person)?,
                email: store::people::person(r, person)?.and_then(|p| p.email),
                leaders: ids.iter().filter_map(|id| names.get(id).cloned()).collect(),
                sessions,
            })
        })
        .await
}

/// Whether anybody can sign in with a password.
pub async fn anybody_can_sign_in(app: &App) -> Result<bool> {
    app.store.read(|r| -> Result<_> { Ok(store::access::any_password(r)?) }).await
}

/// When the newest act was noted, to compare with the clock.
pub async fn newest_note(app: &App) -> Result<Option<domain::time::Instant>> {
    app.store.read(|r| -> Result<_> { Ok(store::access::newest_note(r)?) }).await
}

/// People by name, the disabled ones too, for whoever administers the host.
pub async fn people_for_host(app: &App, scope: Scope, name_holds: &str) -> Result<Vec<Person>> {
    let wanted = domain::people::fold(name_holds);
    app.store
        .read(move |r| -> Result<_> {
            let mut all = store::people::directory(r)?.persons;
            all.retain(|p| scope.holds(p.id) && domain::people::fold(&p.name).contains(&wanted));
            Ok(all)
        })
        .await
}
