//! Getting in and out.

use app::{App, access};
use axum::extract::State;
use axum::response::Response;
use domain::access::Who;
use http::{HeaderName, HeaderValue, header};
use serde::Deserialize;

use crate::extract::Form;
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::{self, Asker, Peer};

/// The first page of whoever comes.
pub async fn home(State(app): State<App>, asker: Asker) -> Response {
    match &asker.who {
        Who::Person(viewer) => {
            page::go_to(page::places(viewer).first().map_or("/today", |place| place.href()))
        }
        _ if app.settings.demo => page::go_to("/personas"),
        _ => page::go_to("/sign-in"),
    }
}

/// What the sign-in form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Signs in and goes on.
pub async fn sign_in(State(app): State<App>, Peer(from): Peer, Form(form): Form<SignIn>) -> Answer {
    let token = access::sign_in(&app, &form.name, &form.password, from).await?;
    with_session(&app, page::local(&form.next), &token)
}

/// Goes on with a new session.
pub(super) fn with_session(app: &App, path: &str, token: &str) -> Answer {
    let mut response = page::go_to(path);
    let cookie = session::start(app, token).ok_or_else(|| Problem::internal("a secret that is no header"))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Signs out, here and in the browser.
pub async fn sign_out(State(app): State<App>, asker: Asker) -> Answer {
    if let Some(token) = &asker.session {
        access::sign_out(&app, token).await?;
    }
    let mut response = page::go_to("/");
    if let Some(cookie) = session::end(&app) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""),
    );
    Ok(response)
}
