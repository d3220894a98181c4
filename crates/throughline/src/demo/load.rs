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
use store::db::Tx;
use store::metrics::Observation;
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
    // Statements need no database until they are taken in, so they are made while the numbers go in. What goes on beside the
    // writing of numbers has its own sequence of ids, so that the same world has the same addresses whichever is done first.
    let statements = tokio::spawn({
        let ids = Ids::seeded(hand.world.seed.wrapping_add(2));
        let (hand, app) = (hand.clone(), App { ids, ..app.clone() });
        async move {
            let build = move || timed("statements built", || learning::build(&hand));
            let built = tokio::task::spawn_blocking(build).await.map_err(app::Error::internal)??;
            let timer = Timer::start("statements ready");
            let ready = learning::ready(&app, built).await?;
            timer.end();
            Ok::<_, app::Error>(ready)
        }
    });
    let numbers = app.store.write({
        let hand = hand.clone();
        move |tx| -> app::Result<(Known, Vec<Observation>)> {
            let mut known = Known::default();
            timed("people", || people::load(tx, &hand, &mut known))?;
            timed("definitions", || work::define(tx, &hand, &mut known))?;
            let observations = timed("readings", || work::observe(tx, &hand, &known))?;
            timed("supports", || supports::load(tx, &hand, &mut known))?;
            Ok((known, observations))
        }
    });
    let (known, observations) = numbers.await?;
    // Now there are readings for alerts and studies; what nobody waits for is written while they read.
    let rest = async {
        let write = move |tx: &mut Tx| -> app::Result<()> {
            timed("observations", || Ok(store::metrics::add_observations(tx, &observations)?))
        };
        app.store.write(write).await?;
        let batches = statements.await.map_err(app::Error::internal)??;
        let timer = Timer::start("statements");
        learning::accept(app, batches).await?;
        timer.end();
        Ok::<_, app::Error>(())
    };
    let (_, known, ()) = tokio::try_join!(rest, alerts(app, &hand, known), studies(app))?;
    Ok(people::personas(&hand, &known))
}

/// Finds the episodes in what was loaded, and puts in what people did about them.
async fn alerts(app: &App, hand: &Hand, known: Known) -> app::Result<Known> {
    let hand = Hand { ids: Ids::seeded(hand.world.seed.wrapping_add(1)), ..hand.clone() };
    let (ids, settings, now) = (hand.ids.clone(), app.settings.clone(), hand.now);
    let reviews = app
        .store
        .read(move |r| timed("reviews", || app::alerts::review_history(r, &ids, now, &settings)))
        .await?;
    let settings = app.settings.clone();
    app.store
        .write(move |tx| -> app::Result<Known> {
            timed("alerts", || app::alerts::apply_history(tx, reviews, &hand.ids, now, &settings))?;
            timed("silent feeds", || app::alerts::watch_feeds(tx, &hand.ids, now, &settings))?;
            timed("talks", || talks::load(tx, &hand, &known))?;
            talks::proposals(tx, &hand, &known)?;
            case::load(tx, &hand, &known)?;
            Ok(known)
        })
        .await
}

/// Reads the studies whose day has come.
async fn studies(app: &App) -> app::Result<()> {
    let app = App { ids: Ids::seeded(u64::MAX), ..app.clone() };
    let timer = Timer::start("studies");
    app::studies::read_due(&app, u32::MAX).await?;
    timer.end();
    Ok(())
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
