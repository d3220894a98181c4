//! Deliveries by mail.

use connect::calendar::{Entry, Invitation, Method};
use connect::mail::{Letter, MailError};
use domain::ids::{AlertId, PersonId, SessionId, Subject};
use domain::outbox::Tried;
use domain::people::PersonState;
use domain::time::Day;
use serde::{Deserialize, Serialize};
use store::db::Read;
use store::outbox::Delivery;
use uuid::Uuid;

use super::Couriers;
use crate::calendar::QueuedInvitation;
use crate::{App, Result};

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
    /// For whom, and about what, so that it can be asked again when it leaves whether they still have the right.
    #[serde(default)]
    pub concern: Option<Concern>,
    /// An invitation that goes with it.
    #[serde(default)]
    pub invitation: Option<QueuedInvitation>,
}

/// Whom something is about to be told, and about what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    /// Whom.
    pub person: PersonId,
    /// About what: `alert`, `session`, `feed`.
    pub about: String,
    /// Which one.
    pub about_id: Uuid,
    /// Where on this server.
    pub path: String,
}

impl Concern {
    /// Why the person is not to be told any more, if so. Rights are asked for at the moment of sending: who has left, no
    /// longer leads the person of an alert, or no longer has part in a talk, hears nothing of it.
    pub async fn lapsed(&self, app: &App) -> Result<Option<String>> {
        let (concern, today) = (self.clone(), app.today());
        app.store
            .read(move |r| -> Result<Option<String>> {
                let person = store::people::person(r, concern.person)?;
                if person.is_none_or(|p| p.state != PersonState::Active) {
                    return Ok(Some("the person can no longer sign in".into()));
                }
                if concern.about == "session" {
                    return talk_lapsed(r, SessionId::new(concern.about_id), concern.person, today);
                }
                if concern.about != "alert" || !concern.path.starts_with("/alerts/") {
                    return Ok(None);
                }
                let Some(alert) = store::alerts::alert(r, AlertId::new(concern.about_id))? else {
                    return Ok(Some("what it was about is gone".into()));
                };
                let Subject::Person(_) = alert.subject else { return Ok(None) };
                let concerned = crate::alerts::concerned(r, alert.subject, today)?;
                Ok((!concerned.contains(&concern.person))
                    .then(|| "the alert no longer concerns this person".into()))
            })
            .await
    }
}

/// Why a talk is no longer somebody's to hear of, if so: it is the person's own, that of the leader who opened it for as
/// long as they lead the person, and that of a co-coach whom both let in.
fn talk_lapsed(r: &mut Read, id: SessionId, who: PersonId, today: Day) -> Result<Option<String>> {
    let Some(session) = store::coaching::session(r, id)? else {
        return Ok(Some("what it was about is gone".into()));
    };
    let leads = session.leader == who && store::people::leaders_on(r, session.person, today)?.contains(&who);
    let guest = store::coaching::guests(r, id)?.iter().any(|g| g.person == who && g.admitted());
    Ok((session.person != who && !leads && !guest).then(|| "the talk no longer concerns this person".into()))
}

/// Sends one mail.
pub(super) async fn send(app: &App, couriers: &Couriers, delivery: &Delivery) -> Tried {
    let Some(mailer) = &couriers.mail else {
        return Tried::Later("no mail server is configured".into(), None);
    };
    let mail: QueuedMail = match serde_json::from_str(&delivery.payload) {
        Ok(mail) => mail,
        Err(error) => return Tried::Never(format!("the mail cannot be read: {error}")),
    };
    if let Some(concern) = &mail.concern {
        match concern.lapsed(app).await {
            Ok(None) => {}
            Ok(Some(why)) => return Tried::Withdrawn(why),
            Err(error) => return Tried::Later(error.to_string(), None),
        }
    }
    let reply_to = match reply_address(app, &mail, delivery).await {
        Ok(address) => address,
        Err(error) => return Tried::Later(error.to_string(), None),
    };
    let calendar = mail.invitation.as_ref().map(|i| {
        let entry = Entry {
            uid: format!("{}@{}", i.uid, host(app)),
            sequence: i.sequence,
            stamp: delivery.created_at,
            day: i.day,
            summary: i.summary.clone(),
            description: String::new(),
            url: format!("{}{}", app.settings.public_url, i.path),
            invitation: Some(Invitation {
                organizer: mailer.address(),
                name: mail.to_name.clone(),
                attendee: mail.to.clone(),
            }),
        };
        let method = if i.cancel { Method::Cancel } else { Method::Request };
        (method, connect::calendar::write(method, &app.settings.name, &[entry]))
    });
    let letter = Letter {
        calendar,
        to_name: mail.to_name,
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        html: None,
        // The same for every try, so that a receiver can tell a repetition.
        message_id: format!("<{}@{}>", delivery.id, host(app)),
        reply_to,
        in_reply_to: None,
        list_id: None,
        automatic: true,
        date: delivery.created_at,
    };
    match mailer.send(letter).await {
        Ok(sent) => Tried::Sent(sent.words),
        Err(error @ (MailError::Later(_) | MailError::Setup(_))) => Tried::Later(error.to_string(), None),
        Err(error) => Tried::Never(error.to_string()),
    }
}

/// Where a reply to a mail goes, where it is about something that has a thread and replies are taken at all.
async fn reply_address(app: &App, mail: &QueuedMail, delivery: &Delivery) -> Result<Option<String>> {
    let Some(base) = &app.settings.replies else { return Ok(None) };
    if !mail.concern.as_ref().is_some_and(crate::replies::has_thread) {
        return Ok(None);
    }
    let key = app.store.write(crate::signed::Key::of).await?;
    Ok(crate::replies::address(&key, base, delivery.id))
}

/// The server's name, for the ids of messages.
pub(crate) fn host(app: &App) -> &str {
    let host = app.settings.public_url.split("://").nth(1).unwrap_or("localhost");
    host.split([':', '/']).next().filter(|h| !h.is_empty()).unwrap_or("localhost")
}
