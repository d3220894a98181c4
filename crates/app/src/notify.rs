//! Tells people: on screen and by mail, queued in the transaction of what they are told about.

use domain::access::Viewer;
use domain::ids::{DeliveryId, NotificationId};
use domain::people::Person;
use domain::time::Instant;
use serde::{Deserialize, Serialize};
use store::db::Tx;
use store::jobs::Notification;
use uuid::Uuid;

use crate::{App, Ids, Result};

/// A mail as it waits in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedMail {
    /// The receiver's name.
    pub to_name: String,
    /// The receiver's address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text. Carries a link rather than personal values.
    pub text: String,
}

/// What somebody is told.
#[derive(Debug, Clone)]
pub struct Telling<'a> {
    /// About what: `alert`, `session`, `feed`.
    pub about: &'a str,
    /// Which one.
    pub about_id: Uuid,
    /// One sentence for the screen and the mail's subject.
    pub text: String,
    /// What the mail adds, in whole sentences.
    pub more: String,
    /// Path on this server.
    pub path: String,
}

/// Tells one person: a notification on screen, and a mail where they have an address.
pub fn tell(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    public_url: &str,
    person: &Person,
    telling: &Telling,
) -> Result<()> {
    store::jobs::notify(
        tx,
        &Notification {
            person: person.id,
            id: ids.next::<NotificationId>(now),
            at: now,
            about: telling.about.to_owned(),
            about_id: telling.about_id,
            text: telling.text.clone(),
            url: telling.path.clone(),
            seen_at: None,
        },
    )?;
    if let Some(email) = &person.email {
        let text = connect::mail::Plain::new()
            .paragraph(&format!("Hello {},", person.name))
            .paragraph(&telling.more)
            .link("Open it here:", &format!("{public_url}{}", telling.path))
            .paragraph("You get this mail because it is about your work or your team. Only you and the people named on that page can open it.")
            .finish();
        let mail = QueuedMail {
            to_name: person.name.clone(),
            to: email.clone(),
            subject: telling.text.clone(),
            text,
        };
        let payload = serde_json::to_string(&mail).map_err(crate::Error::internal)?;
        store::jobs::queue(
            tx,
            ids.next::<DeliveryId>(now),
            "mail",
            &format!("mail:{}", person.id),
            &payload,
            now,
        )?;
    }
    Ok(())
}

/// What the person who asks was told, newest first.
pub async fn told(app: &App, viewer: &Viewer, limit: u32) -> Result<Vec<Notification>> {
    let person = viewer.person;
    app.store.read(move |r| -> Result<_> { Ok(store::jobs::notifications(r, person, limit)?) }).await
}

/// Marks everything that the person who asks was told as seen.
pub async fn mark_seen(app: &App, viewer: &Viewer) -> Result<()> {
    let (person, now) = (viewer.person, app.now());
    app.store
        .write(move |tx| -> Result<()> {
            store::jobs::mark_seen(tx, person, None, now)?;
            Ok(())
        })
        .await?;
    app.live.tell(person, crate::Topic::Notifications);
    Ok(())
}
