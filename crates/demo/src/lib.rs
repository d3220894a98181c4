//! The demo world: two invented organisations, made from a seed and a day, always the same for the same two.
//!
//! It knows no SQL, no server and no clock. [`World`] is everything that a loader puts into an installation
//! through the same doors as real data; [`Truths`] is what was planted and must be found again by an honest reading.
//! The two are separate values, so that nothing planted can reach a page except through the numbers.
//!
//! Each part has one file: the organisation (`northwind`, `alder`), what is counted (`metrics`), the weekly numbers (`work`),
//! the shown branch (`harbour`), what was done to improve (`supports`), `learning`, `coaching`, how data arrives (`feeds`).
//! Chance comes from `noise`: every use and every subject has its own stream, so that tuning one thing moves nothing else.

use domain::time::Day;

mod alder;
mod build;
mod case;
mod coaching;
mod feeds;
mod harbour;
mod learning;
mod metrics;
mod names;
mod noise;
mod northwind;
mod personas;
mod supports;
mod text;
mod truths;
mod work;
mod world;

pub use truths::*;
pub use world::*;

/// Makes a world and, apart from it, what was planted in it.
///
/// The same seed, day and scale give the same world, byte for byte.
pub fn generate(seed: u64, today: Day, scale: Scale) -> (World, Truths) {
    let mut b = build::Build::new(seed, today, scale);
    let mut n = northwind::found(&mut b);
    let a = alder::found(&mut b);
    metrics::northwind(&mut b, &n);
    alder::metrics(&mut b, &a);
    let catalogue = learning::catalogue(&mut b);
    supports::deal_waves(&mut b, &mut n);
    metrics::northwind_targets(&mut b, &n);
    supports::interventions(&mut b, &n, &catalogue);
    supports::studies(&mut b, &n);
    alder::supports(&mut b, &a);
    let adoption = learning::adopt(&b, &n);
    let numbers = work::numbers(&mut b, &n, &adoption);
    work::observe(&mut b, &n, &numbers, &adoption);
    let days_off = alder::numbers(&mut b, &a);
    b.world.observations.sort_unstable_by_key(|o| (o.recorded, o.metric, o.subject, o.period, o.revision));
    let second_accounts = learning::events(&mut b, &n, &catalogue, &adoption);
    learning::planners(&mut b, &catalogue, &a.new_planners, alder::START);
    learning::sort(&mut b);
    coaching::write(&mut b, &n, &numbers);
    case::write(&mut b, &a);
    personas::write(&mut b, &n, &a);
    feeds::runs(&mut b, &n);
    let truths = truths::planted(&b, &n, &numbers, days_off, second_accounts);
    (b.world, truths)
}
