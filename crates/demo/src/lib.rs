//! The demo world: two invented organisations, made from a seed and a day, always the same for the same two.
//!
//! It knows no SQL, no server and no clock. [`World`] is everything that a loader puts into an installation
//! through the same doors as real data; [`Truths`] is what was planted and must be found again by an honest reading.
//! The two are separate values, so that nothing planted can reach a page except through the numbers.

mod truths;
mod world;

pub use truths::*;
pub use world::*;
