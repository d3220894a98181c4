//! Tells people: on screen and by mail, queued in the transaction of what they are told about.

use domain::access::Viewer;
use domain::ids::{AlertId, NotificationId};
use domain::outbox::Kind;
use domain::people::Person;
use domain::time::{Day, Instant};
use store::db::Tx;
use store::jobs::Notification;
use uuid::Uuid;

use crate::outbox::mail::{Concern, QueuedMail};
use crate::{App, Ids, Result, Settings, one_tap};

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

/// What a transaction needs at hand to tell somebody: the moment, new ids, and where this server is.
#[derive(Clone)]
pub struct Teller {
    /// Where new ids come from.
    pub ids: Ids,
    /// The moment.
    pub now: Instant,
    /// The organisation's day at that moment.
    pub today: Day,
    /// The address at which people reach the server.
    pub url: String,
}

impl Teller {
    /// At this moment.
    pub fn of(app: &App) -> Self {
        Self::at(&app.ids, app.now(), &app.settings)
    }
    /// At a moment.
    pub fn at(ids: &Ids, now: Instant, settings: &Settings) -> Self {
        Self { ids: ids.clone(), now, today: now.day(&settings.zone), url: settings.public_url.clone() }
    }

    /// Tells one person something that they did not ask for. Beyond [`domain::attention::A_DAY`] in 24 hours it is
    /// shown on screen, and its mail waits for the digest.
    pub fn tell_unasked(&self, tx: &mut Tx, person: &Person, telling: &Telling) -> Result<()> {
        let today = store::attention::unasked_since(tx, person.id, self.now.plus_seconds(-24 * 3600))?;
        let held = today >= domain::attention::A_DAY as i64;
        let quiet = Person { email: person.email.clone().filter(|_| !held), ..person.clone() };
        let id = self.post(tx, &quiet, telling)?;
        // Who gets no mail at all, such as about a loaded history, gets no digest of it either.
        store::attention::mark_unasked(tx, person.id, id, held && person.email.is_some())?;
        Ok(())
    }

    /// Tells one person: a notification on screen, and a mail where they have an address.
    pub fn tell(&self, tx: &mut Tx, person: &Person, telling: &Telling) -> Result<()> {
        self.post(tx, person, telling).map(|_| ())
    }

    fn post(&self, tx: &mut Tx, person: &Person, telling: &Telling) -> Result<NotificationId> {
        let id = self.ids.next::<NotificationId>(self.now);
        store::jobs::notify(
            tx,
            &Notification {
                person: person.id,
                id,
                at: self.now,
                about: telling.about.to_owned(),
                about_id: telling.about_id,
                text: telling.text.clone(),
                url: telling.path.clone(),
                seen_at: None,
            },
        )?;
        self.send_out(tx, person, telling)?;
        Ok(id)
    }

    /// Queues what leaves the server when somebody is told: a mail, and the same for the endpoints that they allowed.
    /// Without an address nothing leaves: they have none, or this is not to be said outside.
    fn send_out(&self, tx: &mut Tx, person: &Person, telling: &Telling) -> Result<()> {
        let Some(email) = &person.email else { return Ok(()) };
        let concern = Concern {
            person: person.id,
            about: telling.about.to_owned(),
            about_id: telling.about_id,
            path: telling.path.clone(),
        };
        let taps = match telling.about == "alert" && telling.path.starts_with("/alerts/") {
            true => one_tap::links(tx, self.now, &self.url, person.id, AlertId::new(telling.about_id))?,
            false => Vec::new(),
        };
        crate::webhooks::notice(tx, &self.ids, self.now, &concern, telling, &taps)?;
        let mut text = connect::mail::Plain::new()
            .paragraph(&format!("Hello {},", person.name))
            .paragraph(&telling.more)
            .link("Open it here:", &format!("{}{}", self.url, telling.path));
        for (words, url) in &taps {
            text = text.link(&format!("{words}:"), url);
        }
        if !taps.is_empty() {
            text = text.paragraph(
                "These links act for you, for two weeks, after one more tap. Keep this mail to yourself.",
            );
        }
        let text = text
            .paragraph("You get this mail because it is about your work or your team. Only you and the people named on that page can open it.")
            .finish();
        let mail = QueuedMail {
            to_name: person.name.clone(),
            to: email.clone(),
            subject: telling.text.clone(),
            text,
            concern: Some(concern),
            invitation: None,
        };
        crate::outbox::queue(
            tx,
            &self.ids,
            self.now,
            Kind::Mail,
            &format!("mail:{}", person.id),
            None,
            &mail,
        )?;
        Ok(())
    }
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
