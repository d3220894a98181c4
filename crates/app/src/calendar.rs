//! Calendars: invitations for the days on which two people look again, and a private feed of them.

use connect::calendar::{self, Entry, Method};
use domain::access::Viewer;
use domain::coaching::{Action, Session};
use domain::ids::PersonId;
use domain::outbox::Kind;
use domain::people::PersonState;
use domain::time::{Day, Instant};
use serde::{Deserialize, Serialize};
use store::db::{Read, Tx};

use crate::ids::secret_hash;
use crate::notify::Teller;
use crate::outbox::mail::{Concern, QueuedMail};
use crate::{App, Error, Result};

/// An invitation as it waits in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedInvitation {
    /// What it is about, the same for every change.
    pub uid: String,
    /// Grows with every change.
    pub sequence: i64,
    /// The day.
    pub day: Day,
    /// One line.
    pub summary: String,
    /// Path on this server.
    pub path: String,
    /// Whether it takes the invitation back.
    pub cancel: bool,
}

/// How the calendar names a check: the metric, nobody's name and no number, since calendars are kept elsewhere.
fn summary(metric: &str) -> String {
    format!("Look again: {}", metric.to_lowercase())
}

/// Queues invitations to the check of a talk for both, or takes them back, in the transaction of the change.
pub(crate) fn invite(tx: &mut Tx, teller: &Teller, session: &Session, action: &Action) -> Result<()> {
    let metric = store::metrics::metric(tx, session.metric)?.map(|m| m.name).unwrap_or_default();
    let cancel = action.closed_at.is_some();
    let path = format!("/sessions/{}", session.id);
    for person in [session.person, session.leader] {
        let Some(person) = store::people::person(tx, person)?.filter(|p| p.state == PersonState::Active)
        else {
            continue;
        };
        let Some(email) = person.email.clone() else { continue };
        let text = if cancel {
            "The check that you agreed on is done. This takes it out of your calendar.".to_owned()
        } else {
            format!("You agreed to look again on {}. This puts it into your calendar.", action.check)
        };
        let mail = QueuedMail {
            to_name: person.name.clone(),
            to: email,
            subject: summary(&metric),
            text: connect::mail::Plain::new()
                .paragraph(&format!("Hello {},", person.name))
                .paragraph(&text)
                .link("Open it here:", &format!("{}{path}", teller.url))
                .finish(),
            concern: Some(Concern {
                person: person.id,
                about: "session".into(),
                about_id: session.id.uuid(),
                path: path.clone(),
            }),
            invitation: Some(QueuedInvitation {
                uid: action.id.to_string(),
                sequence: session.version,
                day: action.check,
                summary: summary(&metric),
                path: path.clone(),
                cancel,
            }),
        };
        crate::outbox::queue(
            tx,
            &teller.ids,
            teller.now,
            Kind::Mail,
            &format!("mail:{}", person.id),
            None,
            &mail,
        )?;
    }
    Ok(())
}

/// Makes a feed for the person who asks, and gives its secret address, this once. An older one stops working.
pub async fn make_feed(app: &App, viewer: &Viewer) -> Result<String> {
    let token = crate::ids::secret().map_err(|e| Error::internal(e.to_string()))?;
    let (person, hash, now) = (viewer.person, secret_hash(&token), app.now());
    app.store
        .write(move |tx| -> Result<_> { Ok(store::calendar::put_feed(tx, person, &hash, now)?) })
        .await?;
    Ok(format!("{}/calendar/{token}", app.settings.public_url))
}

/// Ends the feed of the person who asks.
pub async fn end_feed(app: &App, viewer: &Viewer) -> Result<()> {
    let person = viewer.person;
    app.store.write(move |tx| -> Result<_> { Ok(store::calendar::remove_feed(tx, person)?) }).await
}

/// Since when the person who asks has a feed, if they have one.
pub async fn own_feed(app: &App, viewer: &Viewer) -> Result<Option<Instant>> {
    let person = viewer.person;
    app.store.read(move |r| -> Result<_> { Ok(store::calendar::feed_of(r, person)?) }).await
}

/// What a feed holds: the open checks of its person's talks.
///
/// # Errors
/// [`Error::NotFound`] where there is no such feed, or its person may no longer sign in.
pub async fn feed(app: &App, token: &str) -> Result<String> {
    let (hash, app2) = (secret_hash(token), app.clone());
    app.store
        .read(move |r| -> Result<String> {
            let person = store::calendar::person_with_feed(r, &hash)?.ok_or(Error::NotFound("calendar"))?;
            let held = store::people::person(r, person)?;
            if held.is_none_or(|p| p.state != PersonState::Active) {
                return Err(Error::NotFound("calendar"));
            }
            let entries = entries(r, &app2, person)?;
            Ok(calendar::write(Method::Publish, &app2.settings.name, &entries))
        })
        .await
}

fn entries(r: &mut Read, app: &App, person: PersonId) -> Result<Vec<Entry>> {
    let host = crate::outbox::mail::host(app);
    let mut entries = Vec::new();
    for (session, action) in store::calendar::open_checks(r, person)? {
        let metric = store::metrics::metric(r, session.metric)?.map(|m| m.name).unwrap_or_default();
        entries.push(Entry {
            uid: format!("{}@{host}", action.id),
            sequence: session.version,
            stamp: app.now(),
            day: action.check,
            summary: summary(&metric),
            description: String::new(),
            url: format!("{}/sessions/{}", app.settings.public_url, session.id),
            invitation: None,
        });
    }
    Ok(entries)
}
