//! The delivery log: what left, what waits and what is parked, and sending again. Never what was said, only to whom and how it went.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadDeliveries, ReplayDeliveries};
use domain::ids::{DeliveryId, ForwardId, PersonId};
use store::db::{Read, Tx};
use store::outbox::{Delivery, Queue, TargetState, Try};

pub use store::outbox::Wanted;

use crate::{App, Error, Result, audit};

/// A delivery without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The delivery. Its payload is empty here.
    pub delivery: Delivery,
    /// To whom, in words.
    pub to: String,
    /// Its tries, in order.
    pub tries: Vec<Try>,
}

/// The log and how everything stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// How the outbox stands as a whole.
    pub queue: Queue,
    /// How each target stands for which something waits or is parked, with its name.
    pub targets: Vec<(TargetState, String)>,
    /// Deliveries, newest first.
    pub deliveries: Vec<Logged>,
}

/// Reads the log.
pub async fn read(app: &App, _: Permit<ReadDeliveries>, wanted: Wanted, limit: u32) -> Result<Log> {
    app.store
        .read(move |r| -> Result<Log> {
            let targets = store::outbox::targets(r, 50)?;
            let mut deliveries = store::outbox::deliveries(r, &wanted, limit)?;
            let ids: Vec<DeliveryId> = deliveries.iter().map(|d| d.id).collect();
            let mut tries = store::outbox::tries(r, &ids)?;
            let all = targets.iter().map(|t| &t.target).chain(deliveries.iter().map(|d| &d.target));
            let all: Vec<String> = all.cloned().collect();
            let names = names(r, &all)?;
            let named = |target: &str| names.get(target).cloned().unwrap_or_else(|| target.to_owned());
            Ok(Log {
                queue: store::outbox::queue_state(r)?,
                targets: targets.into_iter().map(|t| (t.clone(), named(&t.target))).collect(),
                deliveries: deliveries
                    .drain(..)
                    .map(|delivery| Logged {
                        to: named(&delivery.target),
                        tries: tries.remove(&delivery.id).unwrap_or_default(),
                        delivery: Delivery { payload: String::new(), ..delivery },
                    })
                    .collect(),
            })
        })
        .await
}

/// Targets in words: a person's mail address, an endpoint's name.
fn names(r: &mut Read, targets: &[String]) -> Result<BTreeMap<String, String>> {
    let mut found = crate::webhooks::names(r)?;
    for target in targets {
        if let Some(id) = target.strip_prefix("statements:").and_then(|id| id.parse::<ForwardId>().ok()) {
            if let Some(forward) = store::forwarding::forward(r, id)? {
                found.insert(target.clone(), forward.name);
            }
            continue;
        }
        let Some(id) = target.strip_prefix("mail:").and_then(|id| id.parse::<PersonId>().ok()) else {
            continue;
        };
        if let Some(person) = store::people::person(r, id)? {
            found.insert(target.clone(), person.email.unwrap_or(person.name));
        }
    }
    Ok(found)
}

/// Puts a parked delivery back into the queue.
///
/// # Errors
/// [`Error::NotFound`] where it is not parked.
pub async fn replay(app: &App, permit: &Permit<ReplayDeliveries>, id: DeliveryId) -> Result<()> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            if !store::outbox::replay(tx, id, now)? {
                return Err(Error::NotFound("parked delivery"));
            }
            audit::note(tx, &ids, now, &by, "sent again", &id.to_string(), "")
        })
        .await?;
    app.post.notify_one();
    Ok(())
}

/// Puts everything parked back into the queue. Gives how much that was.
pub async fn replay_all(app: &App, permit: &Permit<ReplayDeliveries>) -> Result<u64> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let count = app
        .store
        .write(move |tx: &mut Tx| -> Result<u64> {
            let count = store::outbox::replay_all(tx, None, now)?;
            if count > 0 {
                audit::note(tx, &ids, now, &by, "sent again", "everything parked", &count.to_string())?;
            }
            Ok(count)
        })
        .await?;
    app.post.notify_one();
    Ok(count)
}
