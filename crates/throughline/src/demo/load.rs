//! Loads a demo world, in an order in which whatever is referred to is there already.
//!
//! Positions in the world become ids in [`Known`]. Rows go in through the functions that real data takes; episodes,
//! standings and roll-ups are made by the engine from what was loaded.

mod people;
mod work;

use std::sync::Arc;

use app::access::Persona;
use app::{App, Ids};
use demo::World;
use domain::ids::{FeedId, JobRoleId, MetricId, PersonId, UnitId};
use domain::metrics::Metric;
use domain::time::Instant;
use tracing::debug;

/// The ids of what has a position in the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    units: Vec<UnitId>,
    job_roles: Vec<JobRoleId>,
    people: Vec<PersonId>,
    feeds: Vec<FeedId>,
    metrics: Vec<MetricId>,
    /// The definitions as they were taken in.
    definitions: Vec<Metric>,
}

/// What every part of the loading needs.
#[derive(Clone)]
struct Hand {
    ids: Ids,
    now: Instant,
    world: Arc<World>,
}

/// Loads the world and gives the one-click sign-ins.
pub(super) async fn load(app: &App, world: World) -> app::Result<Vec<Persona>> {
    let hand = Hand { ids: app.ids.clone(), now: app.now(), world: Arc::new(world) };
    let known = app.store.write({
        let hand = hand.clone();
        move |tx| {
            let timer = Timer::start("people");
            let mut known = Known::default();
            people::load(tx, &hand, &mut known)?;
            timer.end();
            work::define(tx, &hand, &mut known)?;
            let timer = Timer::start("observations");
            work::observe(tx, &hand, &known)?;
            timer.end();
            Ok::<_, app::Error>(known)
        }
    });
    let known = known.await?;
    let timer = Timer::start("units");
    let definitions = known.definitions.clone();
    app.store.write(move |tx| work::roll_up(tx, &definitions)).await?;
    timer.end();
    let timer = Timer::start("alerts");
    let (ids, now, settings) = (hand.ids.clone(), hand.now, app.settings.clone());
    app.store.write(move |tx| app::alerts::evaluate_history(tx, &ids, now, &settings)).await?;
    timer.end();
    Ok(people::personas(&hand, &known))
}

/// Says how long a part of the loading took, to whoever wants to know.
pub(super) struct Timer(&'static str, tokio::time::Instant);

impl Timer {
    pub(super) fn start(what: &'static str) -> Self {
        Self(what, tokio::time::Instant::now())
    }
    pub(super) fn end(self) {
        debug!(part = self.0, milliseconds = self.1.elapsed().as_millis() as u64, "loaded");
    }
}
