//! Sends what waits in the outbox: at least once, in order for each receiver, tried for 75 hours and then parked, never dropped.

use connect::mail::{Letter, MailError, Mailer};
use domain::time::Instant;
use store::db::Tx;
use store::jobs::Delivery;

use crate::notify::QueuedMail;
use crate::{App, Error, Result};

/// Seconds from the first try until a delivery is parked: 75 hours.
const GIVE_UP_AFTER: i64 = 75 * 3600;
/// Seconds for which one server holds a delivery.
const LEASE: i64 = 120;

/// Seconds until the next try after a number of tries: 30 s, 1 min, 2 min … at most 4 hours.
pub fn wait_after(attempts: i64) -> i64 {
    let doubled = 30_i64.saturating_mul(1 << attempts.clamp(1, 10).saturating_sub(1));
    doubled.min(4 * 3600)
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    Sent,
    Again(Instant, String),
    Parked(String),
}

fn after(delivery: &Delivery, now: Instant, tried: std::result::Result<(), (bool, String)>) -> After {
    match tried {
        Ok(()) => After::Sent,
        Err((false, why)) => After::Parked(why),
        Err((true, why)) if now.seconds_since(delivery.created_at) >= GIVE_UP_AFTER => {
            After::Parked(format!("given up after {} tries in 75 hours: {why}", delivery.attempts))
        }
        Err((true, why)) => After::Again(now.plus_seconds(wait_after(delivery.attempts)), why),
    }
}

/// One round: takes what is due, sends it, and notes what became of each. Gives how many were tried.
pub async fn deliver(app: &App, mailer: Option<&Mailer>) -> Result<usize> {
    // Without a mail server nothing is taken: mail waits until one is configured.
    let Some(mailer) = mailer else { return Ok(0) };
    let now = app.now();
    let taken = app
        .store
        .write(move |tx: &mut Tx| -> Result<Vec<Delivery>> {
            Ok(store::jobs::lease(tx, now, now.plus_seconds(LEASE), 20)?)
        })
        .await?;
    for delivery in &taken {
        let tried = send(app, mailer, delivery).await;
        let now = app.now();
        let then = after(delivery, now, tried);
        let id = delivery.id;
        if let After::Parked(why) = &then {
            tracing::warn!(delivery = %id, why, "a delivery was parked");
        }
        app.store
            .write(move |tx: &mut Tx| -> Result<()> {
                match then {
                    After::Sent => store::jobs::sent(tx, id, now)?,
                    After::Again(at, why) => store::jobs::retry(tx, id, at, &why)?,
                    After::Parked(why) => store::jobs::park(tx, id, now, &why)?,
                }
                Ok(())
            })
            .await?;
    }
    Ok(taken.len())
}

/// Sends one delivery. The error says whether trying again may help.
async fn send(app: &App, mailer: &Mailer, delivery: &Delivery) -> std::result::Result<(), (bool, String)> {
    if delivery.kind != "mail" {
        return Err((false, format!("this server does not know how to send `{}`", delivery.kind)));
    }
    let mail: QueuedMail = serde_json::from_str(&delivery.payload).map_err(|e| (false, e.to_string()))?;
    let host = app.settings.public_url.split("://").nth(1).unwrap_or("localhost");
    let host = host.split([':', '/']).next().unwrap_or("localhost");
    let letter = Letter {
        to_name: mail.to_name,
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        html: None,
        // The same for every try, so that a receiver can tell a repetition.
        message_id: format!("<{}@{host}>", delivery.id),
        in_reply_to: None,
        list_id: None,
        automatic: true,
        date: delivery.created_at,
    };
    mailer.send(letter).await.map(|_| ()).map_err(|e| (matches!(e, MailError::Later(_)), e.to_string()))
}

/// How the outbox stands, for the pages and commands that look after the server.
pub async fn state(app: &App) -> Result<store::jobs::Queue> {
    app.store.read(|r| -> Result<_> { Ok(store::jobs::queue_state(r)?) }).await
}

/// Puts a parked delivery back into the queue.
pub async fn replay(app: &App, id: domain::ids::DeliveryId) -> Result<()> {
    let now = app.now();
    let found =
        app.store.write(move |tx: &mut Tx| -> Result<bool> { Ok(store::jobs::replay(tx, id, now)?) }).await?;
    app.post.notify_one();
    if found { Ok(()) } else { Err(Error::NotFound("parked delivery")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(attempts: i64) -> Delivery {
        Delivery {
            id: crate::Ids::seeded(1).next(Instant::from_micros(0)),
            kind: "mail".into(),
            order_key: "k".into(),
            payload: "{}".into(),
            attempts,
            created_at: Instant::from_micros(0),
            last_error: None,
        }
    }

    #[test]
    fn a_delivery_is_tried_for_75_hours_and_then_parked() {
        let mut now = Instant::from_micros(0);
        let mut attempts = 0;
        loop {
            attempts += 1;
            match after(&delivery(attempts), now, Err((true, "greylisted".into()))) {
                After::Again(at, _) => {
                    assert!(at > now);
                    now = at;
                }
                After::Parked(why) => {
                    assert!(why.contains("75 hours"));
                    break;
                }
                After::Sent => unreachable!(),
            }
        }
        assert!(now.seconds_since(Instant::from_micros(0)) >= GIVE_UP_AFTER);
        assert!((20..60).contains(&attempts), "{attempts} tries");
    }

    #[test]
    fn what_the_receiver_refuses_for_good_is_parked_at_once() {
        let then = after(&delivery(1), Instant::from_micros(0), Err((false, "no such mailbox".into())));
        assert_eq!(then, After::Parked("no such mailbox".into()));
    }
}
