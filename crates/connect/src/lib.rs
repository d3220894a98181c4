//! Other systems: files, HR lists, mail. Their forms become our values, and ours become theirs.
//!
//! Every importer is pure: bytes in, typed rows by external code out, each with the line it stood on,
//! beside a list of [`csv::Problem`]s and a [`csv::Dialect`] that says how the file was read.
//! Codes are not looked up here, nothing is decided about who may do what, and nothing is written:
//! that is `app`'s part. A file with any problem should not be applied at all.
//!
//! To add an importer: describe its columns as [`csv::Column`]s, open a [`csv::Table`], turn each [`csv::Row`]
//! into a plain row struct, and check what the file alone can show (duplicates, loops, reversed dates).

pub mod calendar;
pub mod calendars;
pub mod csv;
mod dated;
pub mod definitions;
pub mod http;
pub mod interventions;
pub mod lines;
pub mod lmtp;
pub mod mail;
pub mod metrics;
pub mod people;
pub mod record_store;
pub mod reply;
pub mod rules;
pub mod targets;
pub mod webhook;
