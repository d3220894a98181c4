//! HTTP: the xAPI endpoints, the JSON API, the pages and their assets.
//!
//! It may use `app`, `domain` and `xapi`, and must never know SQL or statistics. One handler per URL: read the
//! request, call one `app` function, answer. What a page shows is a struct in [`ui::view`].

pub mod assets;
pub mod ui;
