//! The `evidence` crate.
