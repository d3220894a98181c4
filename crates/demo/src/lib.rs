//! The `demo` crate.
