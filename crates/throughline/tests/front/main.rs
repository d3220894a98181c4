//! The front door: a real server on a real socket, on both databases, asked as its callers ask.
//!
//! One module per noun. To add one: a file here, `testkit::both_databases!` around its tests,
//! and [`harness::Server`] to start and ask.

mod access;
mod accounts;
mod bad_input;
mod binary;
mod calendar;
mod calendars;
mod commands;
mod company;
mod crash;
mod documents;
mod door;
mod erasure;
mod examples;
mod files;
mod forwarding;
mod harness;
mod keys;
mod live;
mod mail;
mod records;
mod reds;
mod replies;
mod rules;
mod search;
mod sign_in;
mod studies;
mod talk;
mod webhooks;
mod xapi;
mod xapi_clients;
