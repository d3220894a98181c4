//! Statistics: numbers in, an estimate or a refusal out.

mod answer;
mod cluster;
pub mod dist;
mod estimate;
mod panel;
pub mod regress;
pub mod spc;

pub use answer::{Answer, Reason};
pub use estimate::{CONFIDENCE, Estimate};
pub use panel::{Long, MAX_CELLS, Panel, Row, dense};
