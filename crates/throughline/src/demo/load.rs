//! Loads a demo world, in an order in which whatever is referred to is there already.
//!
//! Positions in the world become ids in [`Known`]. Rows go in through the functions that real data takes; episodes,
//! standings and roll-ups are made by the engine from what was loaded.

mod case;
mod learning;
mod people;
mod supports;
mod talks;
mod work;

use std::sync::Arc;

use app::access::Persona;
use app::{App, Ids};
use demo::World;
use domain::ids::{FeedId, InterventionId, JobRoleId, MetricId, PersonId, UnitId};
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
    supports: Vec<InterventionId>,
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
    // Statements need no database until they are taken in, so they are built while the numbers go in.
    let statements = tokio::task::spawn_blocking({
        let hand = hand.clone();
        move || timed("statements built", || learning::build(&hand))
    });
    let numbers = app.store.write({
        let hand = hand.clone();
        move |tx| -> app::Result<Known> {
            let mut known = Known::default();
            timed("people", || people::load(tx, &hand, &mut known))?;
            timed("definitions", || work::define(tx, &hand, &mut known))?;
            timed("observations", || work::observe(tx, &hand, &known))?;
            timed("units", || work::roll_up(tx, &known.definitions))?;
            Ok(known)
        }
    });
    let known = numbers.await?;
    let known = app.store.write({
        let (hand, settings, mut known) = (hand.clone(), app.settings.clone(), known);
        move |tx| -> app::Result<Known> {
            timed("alerts", || app::alerts::evaluate_history(tx, &hand.ids, hand.now, &settings))?;
            timed("silent feeds", || app::alerts::watch_feeds(tx, &hand.ids, hand.now, &settings))?;
            timed("supports", || supports::load(tx, &hand, &mut known))?;
            timed("talks", || talks::load(tx, &hand, &known))?;
            talks::proposals(tx, &hand, &known)?;
            case::load(tx, &hand, &known)?;
            Ok(known)
        }
    });
    let known = known.await?;
    let batches = statements.await.map_err(app::Error::internal)??;
    let timer = Timer::start("statements");
    learning::accept(app, batches).await?;
    timer.end();
    let timer = Timer::start("studies");
    app::studies::read_due(app, u32::MAX).await?;
    timer.end();
    Ok(people::personas(&hand, &known))
}

/// Runs a part of the loading and says how long it took.
fn timed<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let timer = Timer::start(what);
    let value = work();
    timer.end();
    value
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
