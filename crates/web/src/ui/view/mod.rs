//! What each page shows, as plain data that is already decided: one struct a page, each an askama template.
//!
//! A handler reads, asks `app`, fills the struct and renders it. Views hold raw numbers together with a
//! [`Style`](super::format::Style), days as `Day`, moments as [`Moment`](super::format::Moment) in the viewer's zone;
//! the template writes them. Sentences that are findings (titles, leads) come as text from whoever knows the facts.
//!
//! Forms are plain POST forms. Each struct's docstring names the address and the fields its forms send.
//! Nothing here knows HTTP, storage or rights.

mod accounts;
mod alert;
mod beside;
mod calendars;
mod case;
mod chain;
mod channels;
mod chart;
mod coaching;
mod deliveries;
mod door;
mod erasure;
mod forwarding;
mod health;
mod keys;
mod me;
mod metric;
mod notes;
mod parts;
mod people;
mod problem;
mod question;
mod records;
mod rules;
mod session;
mod shell;
mod silence;
mod status;
mod study;
mod support;
mod tap;
mod team;
mod today;
mod together;

pub use accounts::*;
pub use alert::*;
pub use beside::*;
pub use calendars::*;
pub use case::*;
pub use chain::*;
pub use channels::*;
pub use chart::*;
pub use coaching::*;
pub use deliveries::*;
pub use door::*;
pub use erasure::*;
pub use forwarding::*;
pub use health::*;
pub use keys::*;
pub use me::*;
pub use metric::*;
pub use notes::*;
pub use parts::*;
pub use people::*;
pub use problem::*;
pub use question::*;
pub use records::*;
pub use rules::*;
pub use session::*;
pub use shell::*;
pub use silence::*;
pub use status::*;
pub use study::*;
pub use support::*;
pub use tap::*;
pub use team::*;
pub use today::*;
pub use together::*;
