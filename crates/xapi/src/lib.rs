//! The `xapi` crate.
