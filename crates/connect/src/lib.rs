//! The `connect` crate.
