//! What each page shows, as plain data that is already decided: one struct a page, each an askama template.
//!
//! A handler reads, asks `app`, fills the struct and renders it. Views hold raw numbers together with a
//! [`Style`](super::format::Style), days as `Day`, moments as [`Moment`](super::format::Moment) in the viewer's zone;
//! the template writes them. Sentences that are findings (titles, leads) come as text from whoever knows the facts.
//!
//! Forms are plain POST forms. Each struct's docstring names the address and the fields its forms send.
//! Nothing here knows HTTP, storage or rights.

mod alert;
mod chart;
mod coaching;
mod metric;
mod parts;
mod problem;
mod session;
mod shell;
mod status;
mod team;
mod today;

pub use alert::*;
pub use chart::*;
pub use coaching::*;
pub use metric::*;
pub use parts::*;
pub use problem::*;
pub use session::*;
pub use shell::*;
pub use status::*;
pub use team::*;
pub use today::*;
