//! Statistics: numbers in, an estimate or a refusal out.
//!
//! # What it is
//!
//! Pure functions from plain numbers to an [`Answer`]: an [`Estimate`] with its
//! interval, or the [`Reason`] why there is none, as a sentence. A number never stands
//! for "unknown". The same input gives the same bytes, on any number of threads and for
//! any order of rows: sums run in a fixed order, random draws have a seed and a stream.
//!
//! # What it must not know
//!
//! People, xAPI, SQL, calendars, time zones, wording of pages. A period is an integer,
//! a unit is a number, and what a number means is the caller's business.
//!
//! # Where things are
//!
//! | question | module |
//! |---|---|
//! | is this movement unusual? | [`spc`] |
//! | did it work, started in waves? | [`did::staggered`] |
//! | did it work, one start? | [`did::two_by_two`], [`did::twfe`] |
//! | what is the familiar number made of? second opinions | [`did::bacon`], [`did::imputation`], [`did::sun_abraham`] |
//! | a randomised pilot, or volunteers | [`adjust`] |
//! | do two things move together, and on which level? | [`within`] |
//! | many results together, or watched | [`multiple`] |
//! | few treated units | [`synthetic`] |
//! | few clusters | [`wild`] |
//! | one site, no comparison | [`series`], [`structural`] |
//! | how wrong may parallel trends be? | [`honest`] |
//! | uneven histories | [`mixed`] |
//! | any of these by its word | [`methods`] |
//! | any linear model, fixed effects, clustered errors | [`regress`] |
//! | how much would have come back by itself? | [`recovery`] |
//! | how often would chance alone look like this? | [`permute`] |
//! | what could a study see at all? | [`power`] |
//! | how strong is the evidence? | [`grade`] |
//! | what is concluded? | [`verdict`] |
//!
//! # How to add an estimator
//!
//! 1. A module with one public function that returns an [`Answer`]. Its docstring says
//!    what it assumes, where the formula comes from, the units, and when it refuses.
//! 2. A test against reference software or a published table in `tests/all`, a test that
//!    it refuses nonsense, and, where it makes intervals, that they cover a known truth.
//! 3. Where data can be balanced or not, one path for each and a test that they agree.

pub mod adjust;
mod answer;
mod cluster;
pub mod did;
pub mod dist;
mod estimate;
pub mod grade;
pub mod honest;
mod logit;
pub mod methods;
pub mod mixed;
pub mod multiple;
mod optimise;
mod panel;
pub mod permute;
pub mod power;
pub mod recovery;
pub mod regress;
pub mod series;
pub mod spc;
pub mod structural;
pub mod synthetic;
pub mod verdict;
pub mod wild;
pub mod within;

pub use answer::{Answer, Reason};
pub use estimate::{CONFIDENCE, Estimate};
/// The engine's version, in every report and frozen result.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use panel::{Long, MAX_CELLS, Panel, Row, dense};
