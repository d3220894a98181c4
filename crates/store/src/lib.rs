//! Everything that is kept, and the only crate with SQL.
//!
//! [`db`] is the engine room: it alone knows which database is underneath.
//! Every other module is a noun: plain functions over `&mut db::Read` or `&mut db::Tx` that hold its SQL.
//! This crate knows nothing of HTTP and of who may do what.
//!
//! To add a table: a numbered file in `migrations/`, a line in `db/migrate.rs`, functions in the noun's file,
//! and a test in `tests/` that runs on both databases.

pub mod access;
pub mod activities;
pub mod alerts;
pub mod attention;
pub mod audit;
pub mod calendar;
pub mod calendars;
pub mod cases;
pub mod coaching;
pub mod db;
pub mod documents;
pub mod erasure;
pub mod feeds;
pub mod forwarding;
pub mod imports;
pub mod interventions;
pub mod jobs;
pub mod learning;
pub mod metrics;
pub mod movements;
pub mod notes;
pub mod outbox;
pub mod people;
pub mod pipeline;
pub mod statements;
pub mod studies;
pub mod targets;
mod varint;
pub mod webhooks;

pub use db::Store;
