//! HTTP: the xAPI endpoints, the JSON API, the pages and their assets.
//!
//! It may use `app`, `domain` and `xapi`, and must never know SQL or statistics. One handler per URL: read the
//! request, call one `app` function, answer. What a page shows is a struct in [`ui::view`].
//!
//! To add an endpoint: write a handler in `api/NOUN.rs` or `ui/NOUN.rs` and give it one line in [`routes`].
//!
//! ```text
//! pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<AlertId>) -> Answer {
//!     let alert = app::alerts::read(&app, &asker.who, id).await?;
//!     let shell = page::shell(&app, &asker, "An alert").await?;
//!     page::html(&AlertPage { shell, ... })
//! }
//! ```
//!
//! [`extract`] has what a handler may take, [`problem`] what it may refuse with, [`session::Asker`] says who asks.
//! [`serve()`] is the accept loop; [`door`] does for every request what no handler should have to think of.

pub mod api;
pub mod assets;
pub mod cors;
pub mod door;
pub mod extract;
pub mod json;
mod live;
pub mod page;
pub mod problem;
pub mod routes;
mod serve;
pub mod session;
pub mod ui;

use std::sync::Arc;

use app::App;
use axum::extract::FromRef;
use tokio::sync::watch;

pub use serve::{Options, serve};

/// What every handler may depend on; most need only its [`App`].
#[derive(Clone)]
pub struct Server {
    /// The use cases.
    pub app: App,
    pub(crate) options: Arc<Options>,
    pub(crate) live: live::Seats,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Server {
    fn new(app: App, options: Options, stopping: watch::Receiver<bool>) -> Self {
        Self { app, options: Arc::new(options), live: live::Seats::default(), stopping }
    }
}

impl FromRef<Server> for App {
    fn from_ref(server: &Server) -> Self {
        server.app.clone()
    }
}
