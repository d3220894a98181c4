//! The pages: server-rendered, usable without script.
//!
//! [`view`] holds what each page shows, already decided; templates only arrange it. [`mod@format`] writes every number
//! and date, [`svg`] draws what needs no script.

pub mod accounts;
pub mod alert;
pub(crate) mod arrange;
pub mod beside;
pub mod calendars;
pub mod case;
pub mod chain;
pub mod channels;
pub mod decision;
pub mod deliveries;
pub mod erasure;
pub(crate) mod filters;
pub mod format;
pub mod forms;
pub mod forwarding;
pub mod health;
pub mod keys;
pub mod me;
pub mod metric;
pub mod notes;
pub mod people;
pub mod question;
pub mod records;
pub mod rules;
pub mod session;
pub mod sign_in;
pub mod silence;
pub mod study;
pub mod support;
pub mod svg;
pub mod tap;
pub mod team;
pub mod today;
pub mod together;
pub mod view;
