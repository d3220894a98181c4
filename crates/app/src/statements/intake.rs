//! The door through which statements are stored: whoever waits together is written together.
//!
//! A commit costs the same for one statement as for a thousand, so requests that arrive while one is under way gather and share the
//! next: groups grow with the load by themselves. On both databases one group at a time holds the counter, so no request ever waits in
//! line for its row lock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::Instant;
use tokio::sync::oneshot;

use super::write::{self, Delivery};
use super::{Prepared, Source};
use crate::{App, Error, Result};

/// Statements that one transaction takes, unless a single request holds more.
const GROUP: usize = 16_000;
/// Statements from which on a group begins a transaction of its own.
const MANY: usize = 500;

/// Who is storing statements: what waits for the next transaction, and since when somebody is writing.
#[derive(Debug, Clone, Default)]
pub struct Intake(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    since: BTreeMap<u64, Instant>,
    waiting: VecDeque<Waiting>,
    running: bool,
    last: Option<Last>,
}

/// How the last group went.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// Requests that were in it or came meanwhile.
    senders: usize,
    /// How long it took.
    took: Duration,
    /// When it ended.
    at: std::time::Instant,
}

struct Waiting {
    delivery: Delivery,
    reply: oneshot::Sender<Result<()>>,
    /// Readers count it as written once this is dropped.
    _writing: Writing,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Waiting({})", self.delivery.len())
    }
}

/// A writer, until it is dropped.
struct Writing(Intake, u64);

impl Intake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, now: Instant) -> Writing {
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        state.since.insert(number, now);
        Writing(self.clone(), number)
    }

    /// Through when everything stored can be read: `X-Experience-API-Consistent-Through`. Ask before reading.
    pub fn through(&self, now: Instant) -> Instant {
        self.state().since.values().copied().min().map_or(now, |oldest| oldest.min(now))
    }

    /// The last group, where it is worth waiting for those who were in it.
    fn worth_waiting(&self) -> Option<Last> {
        let state = self.state();
        state.last.filter(|last| {
            last.senders > 1
                && last.took >= SLOW
                && state.waiting.len() < last.senders
                && last.at.elapsed() < last.took
        })
    }

    /// Waits until as many requests wait as there were at the last time, but no longer than a quarter of what that took, and than [`SLOW`].
    fn gather(&self, last: Last) {
        let short = |state: &mut State| state.waiting.len() < last.senders;
        let waited = self.0.1.wait_timeout_while(self.state(), (last.took / 4).min(SLOW), short);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn note(&self, count: usize, began: std::time::Instant) {
        let mut state = self.state();
        let (senders, took) = (count + state.waiting.len(), began.elapsed());
        state.last = Some(Last { senders, took, at: began + took });
    }

    /// What is to be written next; `None` where nothing waits, and then nobody is writing any more.
    fn group(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        let (mut group, mut statements) = (Vec::new(), 0);
        while let Some(next) = state.waiting.front() {
            statements += next.delivery.len();
            if statements > GROUP && !group.is_empty() {
                break;
            }
            group.extend(state.waiting.pop_front());
        }
        state.running = !group.is_empty();
        state.running.then_some(group)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.state().since.remove(&self.1);
    }
}

/// Waits until statements are stored, or refused. Somebody who stops waiting does not stop them.
pub(super) async fn store(app: &App, source: &Source, all: Vec<Prepared>) -> Result<()> {
    let now = app.now();
    let (reply, answer) = oneshot::channel();
    let waiting =
        Waiting { delivery: Delivery::new(source, now, all), reply, _writing: app.intake.enter(now) };
    let begin = {
        let mut state = app.intake.state();
        state.waiting.push_back(waiting);
        !std::mem::replace(&mut state.running, true)
    };
    app.intake.0.1.notify_one();
    if begin {
        tokio::spawn(drain(app.clone()));
    }
    answer.await.unwrap_or_else(|_| Err(Error::Busy))
}

/// From how long a commit takes on it is worth waiting for those who were just answered to send again, and how long at most.
const SLOW: Duration = Duration::from_millis(1);

/// Writes group after group until nothing waits.
///
/// Senders who wait for their answer before they send again come back together a little after a commit. Whoever of them is first
/// would have a commit alone and all others the next; so a group waits for as many as there were at the last one, a quarter of
/// what a commit takes at most. Nobody waits for anybody where there is but one sender, or where commits take no time.
async fn drain(app: App) {
    loop {
        if let Some(last) = app.intake.worth_waiting() {
            let intake = app.intake.clone();
            // Nothing can go wrong in it but the end of the server.
            let _ = tokio::task::spawn_blocking(move || intake.gather(last)).await;
        }
        let Some(group) = app.intake.group() else { return };
        let (deliveries, waiting): (Vec<Delivery>, Vec<_>) =
            group.into_iter().map(|w| (w.delivery, (w.reply, w._writing))).unzip();
        let count = deliveries.len();
        let began = std::time::Instant::now();
        let deliveries: Arc<[Delivery]> = deliveries.into();
        let outcomes = write_group(&app, &deliveries).await;
        app.intake.note(count, began);
        app.index.notify_one();
        for ((reply, writing), outcome) in waiting.into_iter().zip(outcomes) {
            drop(writing);
            // Somebody who no longer waits has nothing to be told.
            let _ = reply.send(outcome);
        }
        // Giving thousands of texts back takes a while, and the next group need not wait for it.
        tokio::spawn(async move { drop(deliveries) });
    }
}

/// Writes deliveries in one transaction. One that breaks the transaction does not break it for the others.
async fn write_group(app: &App, deliveries: &Arc<[Delivery]>) -> Vec<Result<()>> {
    use store::db::Error as Failed;
    let failed = match write_some(app, deliveries, 0..deliveries.len()).await {
        Ok(outcomes) => return outcomes,
        Err(failed) => failed,
    };
    let shared = matches!(
        failed,
        Failed::Busy { .. } | Failed::Broken { .. } | Failed::Closed | Failed::Corrupt { .. }
    );
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for at in 0..deliveries.len() {
        if shared || deliveries.len() == 1 {
            outcomes.push(Err(failed.clone().into()));
            continue;
        }
        match write_some(app, deliveries, at..at + 1).await {
            Ok(one) => outcomes.extend(one),
            Err(own) => outcomes.push(Err(own.into())),
        }
    }
    outcomes
}

async fn write_some(
    app: &App,
    deliveries: &Arc<[Delivery]>,
    which: std::ops::Range<usize>,
) -> Result<Vec<Result<()>>, store::db::Error> {
    let many = deliveries.get(which.clone()).into_iter().flatten().map(Delivery::len).sum::<usize>() >= MANY;
    let (deliveries, clock, ids) = (deliveries.clone(), app.clock.clone(), app.ids.clone());
    let work = move |tx: &mut store::db::Tx| {
        write::write(tx, &clock, &ids, deliveries.get(which).unwrap_or_default())
    };
    if many { app.store.write_many(work).await } else { app.store.write(work).await }
}
