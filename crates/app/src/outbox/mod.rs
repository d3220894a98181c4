//! Sends what waits in the outbox: at least once, in order for each target, tried for 75 hours and then parked, never dropped.
//!
//! A use case calls [`queue`] inside its transaction and wakes `app.post` after the commit. What is queued names its
//! kind (how it leaves), its target (to whom; one target's deliveries keep their order, and one that hangs holds up
//! nobody else) and, where it must not be said twice, a word of its own.
//!
//! To add a way out: name it in [`domain::outbox::Kind`], write a module here with the struct that is its payload and a
//! `send` that gives a [`Tried`], and give it a line in [`send`] and in [`Couriers::kinds`]. Rounds, leases, waiting,
//! parking, the log and its page know every kind.

pub mod log;
pub mod mail;
mod statements;
pub mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use connect::http::Client;
use connect::mail::Mailer;
use domain::outbox::{Kind, State, Then, Tried, then};
use domain::time::Instant;
use serde::Serialize;
use store::db::{Engine, Tx};
use store::outbox::{Delivery, New, Queue, Try};
use tokio::task::JoinSet;

use crate::notify::Teller;
use crate::{App, Error, Ids, Result};

/// Seconds for which one server holds a delivery: longer than any try takes.
const LEASE: i64 = 120;
/// How many deliveries of one kind are under way at once.
const AT_ONCE: usize = 8;
/// Days for which what was sent is kept for the log.
const KEPT_DAYS: i64 = 30;

/// By what deliveries leave.
#[derive(Debug, Clone)]
pub struct Couriers {
    /// The mail server; without one, mail waits.
    pub mail: Option<Mailer>,
    /// HTTP to addresses that somebody named.
    pub web: Client,
}

impl Couriers {
    /// The kinds that can leave now; the others wait.
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        let mail = self.mail.is_some();
        Kind::ALL.iter().copied().filter(move |kind| mail || *kind != Kind::Mail)
    }
}

/// Queues something in the transaction of what it tells. `Ok(false)` where its word of `once` was queued before.
pub fn queue(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    kind: Kind,
    target: &str,
    once: Option<&str>,
    payload: &impl Serialize,
) -> Result<bool> {
    let payload = serde_json::to_string(payload).map_err(Error::internal)?;
    let new = New { id: ids.next(now), kind, target, once, payload: &payload, at: now };
    Ok(store::outbox::queue(tx, &new)?)
}

/// Takes what is due of one kind.
async fn take(app: &App, kind: Kind, limit: usize) -> Result<Vec<Delivery>> {
    let (now, limit) = (app.now(), u32::try_from(limit).unwrap_or(u32::MAX));
    app.store
        .write(move |tx: &mut Tx| -> Result<Vec<Delivery>> {
            Ok(store::outbox::lease(tx, &[kind], now, now.plus_seconds(LEASE), limit)?)
        })
        .await
}

/// Tries one delivery, and notes what became of it.
async fn carry(app: App, couriers: Couriers, delivery: Delivery) -> Result<()> {
    let began = app.now();
    let tried = send(&app, &couriers, &delivery).await;
    let now = app.now();
    let outcome = match &tried {
        Tried::Sent(_) => "sent",
        Tried::Later(..) => "later",
        Tried::Never(_) => "refused",
        Tried::Gone(_) => "gone",
        Tried::Withdrawn(_) => "withdrawn",
    };
    let one = Try {
        number: delivery.attempts,
        at: now,
        millis: (now.micros() - began.micros()).max(0) / 1000,
        outcome: outcome.to_owned(),
        words: tried.words().to_owned(),
    };
    let what = then(delivery.id, delivery.attempts, delivery.waited, &tried);
    if let Then::Parked(why) | Then::ParkedWithAll(why) = &what {
        tracing::warn!(delivery = %delivery.id, target = delivery.target, why, "a delivery was parked");
    }
    let teller = Teller::at(&app.ids, now, &app.settings);
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            let id = delivery.id;
            store::outbox::add_try(tx, id, &one)?;
            match &what {
                Then::Sent => store::outbox::end(tx, id, State::Sent, now, None)?,
                Then::Again(wait) => store::outbox::retry(tx, id, now, *wait, &one.words)?,
                Then::Parked(why) => store::outbox::end(tx, id, State::Parked, now, Some(why))?,
                Then::Withdrawn(why) => store::outbox::end(tx, id, State::Withdrawn, now, Some(why))?,
                Then::ParkedWithAll(why) => {
                    store::outbox::park_target(tx, &delivery.target, now, why)?;
                    crate::webhooks::gone(tx, &teller, &delivery.target, why)?;
                }
            }
            Ok(())
        })
        .await
}

/// Sends one delivery by its courier.
async fn send(app: &App, couriers: &Couriers, delivery: &Delivery) -> Tried {
    match delivery.kind {
        Kind::Mail => mail::send(app, couriers, delivery).await,
        Kind::Statements => statements::send(app, couriers, delivery).await,
        Kind::Webhook => webhook::send(app, couriers, delivery).await,
    }
}

/// One round: takes what is due, tries it, and waits for all of it. Gives how many were tried.
pub async fn deliver(app: &App, couriers: &Couriers) -> Result<usize> {
    let mut under_way = JoinSet::new();
    for kind in couriers.kinds() {
        for delivery in take(app, kind, 20).await? {
            under_way.spawn(carry(app.clone(), couriers.clone(), delivery));
        }
    }
    let count = under_way.len();
    while let Some(done) = under_way.join_next().await {
        done.map_err(Error::internal)??;
    }
    Ok(count)
}

/// Frees what was on its way when the last server over an embedded database died. No other server can have it: over PostgreSQL one
/// could, and there leases run out.
async fn take_over(app: &App) -> Result<()> {
    match app.store.engine() {
        Engine::Sqlite => {
            app.store.write(|tx| -> Result<_> { Ok(store::outbox::end_leases(tx)?) }).await?;
        }
        Engine::Postgres => {}
    }
    Ok(())
}

/// Sends what waits for as long as the server runs. One that hangs keeps none of another target waiting.
pub async fn run(app: App, couriers: Couriers) {
    if let Err(error) = take_over(&app).await {
        tracing::error!(%error, "what was on its way before waits until its lease ends");
    }
    let mut under_way: JoinSet<(Kind, Result<()>)> = JoinSet::new();
    let mut busy: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut swept = None;
    loop {
        for kind in couriers.kinds() {
            let count = busy.entry(kind).or_default();
            let room = AT_ONCE.saturating_sub(*count);
            if room == 0 {
                continue;
            }
            match take(&app, kind, room).await {
                Ok(taken) => {
                    *count += taken.len();
                    for delivery in taken {
                        let carried = carry(app.clone(), couriers.clone(), delivery);
                        under_way.spawn(async move { (kind, carried.await) });
                    }
                }
                Err(error) => tracing::error!(%error, "the outbox failed and will be tried again"),
            }
        }
        let today = app.today();
        if swept != Some(today) {
            let before = app.now().plus_seconds(-KEPT_DAYS * 86_400);
            match app.store.write(move |tx| -> Result<_> { Ok(store::outbox::sweep(tx, before)?) }).await {
                Ok(_) => swept = Some(today),
                Err(error) => tracing::error!(%error, "old deliveries could not be swept"),
            }
        }
        tokio::select! {
            Some(done) = under_way.join_next(), if !under_way.is_empty() => match done {
                Ok((kind, carried)) => {
                    let count = busy.entry(kind).or_default();
                    *count = count.saturating_sub(1);
                    if let Err(error) = carried {
                        tracing::error!(%error, "what became of a delivery could not be noted; it will be tried again");
                        // Not at once: a database that is full must not turn into a storm of mail.
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                }
                // Only a fault of ours ends a task so. Its lease runs out, and its place with it.
                Err(error) => {
                    tracing::error!(%error, "a delivery broke off");
                    busy.clear();
                }
            },
            () = app.post.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
    }
}

/// How the outbox stands, for the pages and commands that look after the server.
pub async fn state(app: &App) -> Result<Queue> {
    app.store.read(|r| -> Result<_> { Ok(store::outbox::queue_state(r)?) }).await
}
