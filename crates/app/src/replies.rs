//! Replies by mail: what a person answers to one of our mails goes into the thread that the mail was about.
//!
//! Each mail about an alert or a talk carries a reply address of its own, `replies+…@host`: which delivery it answers,
//! and a MAC over that. A reply counts only from the address of the person whom the mail was sent to, with their rights
//! of now. What no person wrote (holiday answers, bounces) is thrown away without an answer, so nothing can go in circles.

use connect::lmtp::{self, Arrived, Verdict};
use connect::reply;
use domain::access::{AnswerAlert, Lead, Relation, WriteCoaching, permit};
use domain::ids::{AlertId, DeliveryId, SessionId, Subject};
use domain::people::fold;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::outbox::mail::{Concern, QueuedMail};
use crate::signed::{Key, Purpose, from_base32, to_base32};
use crate::{App, Error, Result, access};

/// Whether a reply to a mail about this goes into a thread.
pub(crate) fn has_thread(concern: &Concern) -> bool {
    match concern.about.as_str() {
        "alert" => concern.path.starts_with("/alerts/"),
        "session" => true,
        _ => false,
    }
}

/// The address to which a reply to a delivery goes: that of the configuration with a token after a plus sign.
pub(crate) fn address(key: &Key, base: &str, delivery: DeliveryId) -> Option<String> {
    let (local, host) = base.split_once('@')?;
    let token = to_base32(&key.sign_short(Purpose::Reply, delivery.uuid().as_bytes()));
    Some(format!("{local}+{token}@{host}"))
}

/// Which delivery an address answers, if it is one of ours.
fn delivery_of(key: &Key, base: &str, to: &str) -> Option<DeliveryId> {
    let (local, host) = base.split_once('@')?;
    let (to_local, to_host) = to.trim().rsplit_once('@')?;
    if !to_host.eq_ignore_ascii_case(host) {
        return None;
    }
    let (before, token) = to_local.split_once('+')?;
    if !before.eq_ignore_ascii_case(local) {
        return None;
    }
    let bytes = from_base32(&token.to_ascii_lowercase())?;
    let says = key.open_short(Purpose::Reply, &bytes)?;
    Some(DeliveryId::new(Uuid::from_slice(says).ok()?))
}

/// The most bytes of a reply: words, not attachments.
const MOST: usize = 512 << 10;

/// Takes replies that a mail server hands over, for as long as the server runs.
pub async fn run(app: App, listener: TcpListener) {
    let config = lmtp::Config {
        hello: crate::outbox::mail::host(&app).to_owned(),
        most: MOST,
        timeout: std::time::Duration::from_secs(120),
    };
    lmtp::serve(listener, config, move |arrived| {
        let app = app.clone();
        async move { receive(&app, arrived).await }
    })
    .await;
}

/// What becomes of a mail that came for one of our reply addresses.
pub async fn receive(app: &App, arrived: Arrived) -> Verdict {
    match logged(app, &arrived).await {
        Ok(verdict) => verdict,
        Err(Error::Busy | Error::Internal(_)) => Verdict::Later("not now, try again later".into()),
        Err(Error::Denied(_)) => {
            Verdict::Refused("You may no longer write there. Sign in to see what concerns you now.".into())
        }
        Err(Error::Invalid(faults)) => {
            let why = faults.into_iter().map(|f| f.reason).collect::<Vec<_>>().join("; ");
            Verdict::Refused(format!("This reply was not kept: {why}."))
        }
        Err(error) => Verdict::Refused(format!("This reply was not kept: {error}.")),
    }
}

async fn logged(app: &App, arrived: &Arrived) -> Result<Verdict> {
    let gone = || {
        Verdict::Refused(
            "This reply address works no longer, or never did. Open the page from the mail and write there."
                .into(),
        )
    };
    let Some(base) = app.settings.replies.clone() else { return Ok(gone()) };
    let Some(key) = Key::read(app).await? else { return Ok(gone()) };
    let Some(id) = delivery_of(&key, &base, &arrived.to) else { return Ok(gone()) };
    let Some(reply) = reply::read(&arrived.data) else {
        return Ok(Verdict::Refused("This cannot be read as a mail.".into()));
    };
    // Returned mail has no sender. An answer to either would only make more of it.
    if let Some(why) = reply.machine.or_else(|| arrived.from.is_empty().then_some("returned mail")) {
        tracing::info!(delivery = %id, why, "a mail that no person wrote was thrown away");
        return Ok(Verdict::Taken);
    }
    let found = app.store.read(move |r| -> Result<_> { Ok(store::outbox::delivery(r, id)?) }).await?;
    let Some(delivery) = found else { return Ok(gone()) };
    let mail: QueuedMail = serde_json::from_str(&delivery.payload).map_err(Error::internal)?;
    let Some(concern) = mail.concern.filter(has_thread) else { return Ok(gone()) };
    if fold(&reply.from) != fold(&mail.to) {
        return Ok(Verdict::Refused(
            "A reply counts only from the address that the mail was sent to. Open the page from the mail and write there.".into(),
        ));
    }
    if reply.text.is_empty() {
        return Ok(Verdict::Refused(
            "There is nothing new in this reply. Write above the quoted mail.".into(),
        ));
    }
    // The mail server may hand over once more what it did not hear us take.
    let seen = crate::ids::secret_hash(&format!("{id} {} {}", reply.message_id, reply.text));
    let known = {
        let seen = seen.clone();
        app.store.read(move |r| -> Result<_> { Ok(store::outbox::reply_seen(r, &seen)?) }).await?
    };
    if known {
        return Ok(Verdict::Taken);
    }
    write(app, &concern, &reply.text, seen).await?;
    Ok(Verdict::Taken)
}

/// Writes into the thread as the person, with their rights of now, and notes in the same transaction that it was taken.
async fn write(app: &App, concern: &Concern, text: &str, seen: Vec<u8>) -> Result<()> {
    let who = access::who_is(app, concern.person).await?.ok_or(Error::NotFound("such person"))?;
    if concern.about == "alert" {
        let id = AlertId::new(concern.about_id);
        let alert = app.store.read(move |r| crate::alerts::held(r, id)).await?;
        let relation = match alert.subject {
            Subject::Person(person) => access::relation_to(app, &who, person).await?,
            Subject::Unit(_) => Relation::NONE,
        };
        let may = permit(&who, relation, AnswerAlert(id))?;
        return crate::coaching::say_on_alert(app, &may, text, Some(seen)).await;
    }
    let id = SessionId::new(concern.about_id);
    // Whether the talk exists is confidential: nobody learns more than "not here".
    let pair = crate::dashboard::session_people(app, id).await?;
    let (person, leader) = pair.ok_or(Error::NotFound("talk"))?;
    let relation = access::relation_to(app, &who, person).await?;
    let leads = relation.lead == Lead::Direct && leader == concern.person;
    let relation = Relation { coach: leads, ..relation };
    crate::coaching::say(app, &permit(&who, relation, WriteCoaching(id))?, text, Some(seen)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_delivery_and_to_no_other() {
        let key = Key::from_text("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc").unwrap();
        let (base, id) =
            ("replies@northwind.example", DeliveryId::new(Uuid::from_u128(0x0188_9C8F_3F1E_7000)));
        let to = address(&key, base, id).unwrap();
        let local = to.split('@').next().unwrap();
        assert!(local.len() <= 64, "RFC 5321 section 4.5.3.1.1: {local}");
        assert_eq!(delivery_of(&key, base, &to), Some(id));
        assert_eq!(delivery_of(&key, base, &to.to_uppercase()), Some(id), "mail servers may change the case");
        for n in 0..local.len() {
            let other = if &to[n..=n] == "0" { "1" } else { "0" };
            let bad = format!("{}{other}{}", &to[..n], &to[n + 1..]);
            assert_ne!(delivery_of(&key, base, &bad), Some(id), "{bad}");
        }
        for bad in ["", "@", "replies@northwind.example", "replies+@northwind.example", "x+y@z"] {
            assert_eq!(delivery_of(&key, base, bad), None);
        }
    }
}
