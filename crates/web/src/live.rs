//! `/live`: tells a person's open pages that something changed, as server-sent events.
//!
//! An event carries a name and no data: the page asks again, with its own rights. Nothing is kept for pages that are
//! away; one that comes back (`Last-Event-ID`), or that was too slow, is told that everything may have changed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::{Topic, access};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::access::Denied;
use domain::ids::PersonId;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::Server;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// How many live streams one person may have open: a few devices with a few tabs each.
const SEATS: usize = 24;

/// How many live streams each person has open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<PersonId, usize>>>);

/// One open stream; gives its place back when it ends.
struct Seat {
    seats: Seats,
    person: PersonId,
}

impl Seats {
    fn take(&self, person: PersonId) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(person).or_default();
        if *count >= SEATS {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), person })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.person);
            }
        }
    }
}

const EVERYTHING: [Topic; 5] =
    [Topic::Today, Topic::Team, Topic::Alert, Topic::Session, Topic::Notifications];

struct Listening {
    server: Server,
    token: String,
    person: PersonId,
    changes: tokio::sync::broadcast::Receiver<app::Change>,
    check: Interval,
    waiting: Vec<Topic>,
    _seat: Seat,
}

/// The stream of one page.
pub(crate) async fn stream(State(server): State<Server>, asker: Asker, headers: HeaderMap) -> Answer {
    let person = asker.person()?.person;
    let Some(token) = asker.session else { return Err(Denied::SignIn.into()) };
    let Some(seat) = server.live.take(person) else {
        return Err(Problem::from(app::Error::TooMany(30)));
    };
    let changes = server.app.live.listen();
    let mut check = interval(server.options.live_check);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check.reset();
    let waiting = if headers.contains_key("last-event-id") { EVERYTHING.to_vec() } else { Vec::new() };
    let server_moment = server.app.now().micros().to_string();
    let start = Listening { server, token, person, changes, check, waiting, _seat: seat };
    // At once an id without an event: a page that has heard of nothing yet still says that it comes back.
    let here = Event::default().id(server_moment);
    let events = stream::once(async move { Ok::<_, Infallible>(here) }).chain(stream::unfold(
        start,
        |mut at| async move {
            let topic = next(&mut at).await?;
            let id = at.server.app.now().micros().to_string();
            // An event without data is not delivered by browsers.
            Some((Ok::<_, Infallible>(Event::default().event(topic.word()).id(id).data(topic.word())), at))
        },
    ));
    let response: Response =
        Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response();
    Ok(response)
}

/// The next thing to tell; `None` when the session has ended or the server stops.
async fn next(at: &mut Listening) -> Option<Topic> {
    loop {
        if let Some(topic) = at.waiting.pop() {
            return Some(topic);
        }
        tokio::select! {
            change = at.changes.recv() => match change {
                Ok(change) if change.person == at.person => return Some(change.topic),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => at.waiting = EVERYTHING.to_vec(),
                Err(RecvError::Closed) => return None,
            },
            _ = at.check.tick() => match access::session_holds(&at.server.app, &at.token).await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => tracing::warn!(%error, "a live stream could not ask whether its session holds"),
            },
            () = told_to_stop(&mut at.server.stopping) => return None,
        }
    }
}

async fn told_to_stop(stopping: &mut tokio::sync::watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
