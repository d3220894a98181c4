//! What pages have in common: rendering, the frame, going on to another page, and saying there what was done.

use app::App;
use askama::Template;
use axum::response::{IntoResponse, Response};
use domain::access::{AccessRole, Viewer};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::door::Surface;
use crate::problem::{Answer, Problem};
use crate::session::{self, Asker};
use crate::ui::view;

/// A page as an answer.
///
/// # Errors
/// When the template cannot be written, which is a fault of ours.
pub fn html<T: Template>(page: &T) -> Answer {
    with_status(StatusCode::OK, page)
}

/// A page under another status, such as a form with its faults.
///
/// # Errors
/// As [`html`].
pub fn with_status<T: Template>(status: StatusCode, page: &T) -> Answer {
    let text = page.render().map_err(Problem::internal)?;
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

/// Goes on to another page of this server after a form was done.
pub fn go_to(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// Goes on to another page, which then says in a few words what was done.
pub fn done(path: &str, what: &str) -> Response {
    let mut response = go_to(path);
    let text: String = form_urlencoded::byte_serialize(what.as_bytes()).collect();
    let cookie = format!("{TOAST}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// As [`done`], and the next page offers to take it back by a form to `undo`.
pub fn done_and_back(path: &str, what: &str, undo: &str) -> Response {
    done(path, &format!("{what}\n{undo}"))
}

/// The cookie that carries "what was just done" to the next page, which takes it away.
const TOAST: &str = "throughline-done";

fn toast(headers: &HeaderMap) -> Option<view::Toast> {
    let value = session::read_cookie(headers, TOAST)?;
    let (text, _) = form_urlencoded::parse(value.as_bytes()).next()?;
    let (text, undo) = text.split_once('\n').map_or((&*text, None), |(text, undo)| (text, Some(undo)));
    let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    // A form goes to this server or nowhere, whatever a cookie says.
    let undo = undo.filter(|path| local(path) == *path && *path != "/").map(str::to_owned);
    (!text.is_empty()).then_some(view::Toast { text, undo })
}

/// Takes the cookie away once a page has shown it.
pub(crate) fn clear_toast(headers: &HeaderMap, surface: Surface, response: &Response) -> Option<HeaderValue> {
    session::read_cookie(headers, TOAST)?;
    let shown =
        surface == Surface::Page && response.status() == StatusCode::OK && !headers.contains_key("x-live");
    shown.then(|| HeaderValue::from_static("throughline-done=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"))
}

/// The frame of a page for whoever asks. Pages with personal data set its `sight`, pages of a place its `here`.
///
/// # Errors
/// When the database cannot be read.
pub async fn shell(app: &App, asker: &Asker, title: impl Into<String>) -> Answer<view::Shell> {
    let mut shell = view::Shell::bare(title, app.today());
    if app.settings.demo {
        shell.demo = Some(app.settings.name.clone());
    }
    shell.toast = toast(&asker.headers);
    let Some(viewer) = asker.who.person() else { return Ok(shell) };
    let badge = app::access::badge(app, viewer).await?;
    shell.places = places(viewer);
    if badge.answers_for_data && !shell.places.contains(&view::Place::Health) && shell.places.len() < 5 {
        shell.places.push(view::Place::Health);
    }
    shell.unseen = Some(badge.unseen);
    shell.viewer = Some(view::Viewer { name: viewer.name.clone(), job_role: badge.job_role });
    Ok(shell)
}

/// A person's places, at most five, the first page first.
pub fn places(viewer: &Viewer) -> Vec<view::Place> {
    use view::Place::*;
    let holds = |role| viewer.roles.contains(&role);
    let mut places = Vec::new();
    if holds(AccessRole::Executive) {
        places.extend([Chains, Support]);
        if !viewer.reports.is_empty() {
            places.extend([Team, Coaching]);
        }
        places.push(MyOwn);
    } else if !viewer.reports.is_empty() {
        places.extend([Team, Coaching, Chains, Support, MyOwn]);
    } else if holds(AccessRole::Analyst) || holds(AccessRole::Author) {
        places.extend([Chains, Support, Cases, MyOwn]);
    } else if holds(AccessRole::Admin) {
        places.extend([Health, People, Chains, MyOwn]);
    } else if holds(AccessRole::Privacy) {
        places.extend([Health, Chains, MyOwn]);
    } else {
        places.extend([Today, Coaching, Chains]);
    }
    if holds(AccessRole::Admin) && !places.contains(&Health) && places.len() < 5 {
        places.push(Health);
    }
    places
}

/// To the sign-in page, and back from there where that makes sense.
pub(crate) fn to_sign_in(method: &Method, headers: &HeaderMap, path: &str) -> Response {
    // A fragment or a stream is not a page that anybody wants to come back to.
    let page = headers
        .get(header::ACCEPT)
        .is_none_or(|a| a.to_str().is_ok_and(|a| a.contains("html") || a.contains("*/*")));
    if method == Method::GET && page && path != "/" && path != "/live" {
        let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        return go_to(&format!("/sign-in?next={next}"));
    }
    if path == "/live" {
        // EventSource follows no form; it is told to stop asking.
        return StatusCode::NO_CONTENT.into_response();
    }
    go_to("/sign-in")
}

/// An address of this server to go on to after sign-in; anything else is the first page.
pub fn local(next: &str) -> &str {
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if next.starts_with('/') && !next.starts_with("//") && plain && next.len() <= 500 { next } else { "/" }
}

/// A problem as a page. It knows nobody, so that it can always be shown.
pub(crate) async fn problem(app: &App, problem: &Problem) -> Response {
    let mut shell = view::Shell::bare(problem.title, app.today());
    if app.settings.demo {
        shell.demo = Some(app.settings.name.clone());
    }
    let page = view::ProblemPage {
        shell,
        code: problem.status.as_u16(),
        title: problem.title.to_owned(),
        reason: match problem.errors.as_slice() {
            [] => problem.detail.clone(),
            faults => {
                faults.iter().map(|f| format!("{}: {}", f.place, f.reason)).collect::<Vec<_>>().join(". ")
            }
        },
        remedy: match problem.status.as_u16() {
            400 => "Go back, put it right and send it again. Nothing was changed.".to_owned(),
            _ => String::new(),
        },
        ways: vec![view::Link::new("To my first page", "/")],
        reference: String::new(),
    };
    match with_status(problem.status, &page) {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_addresses_of_this_server_are_gone_on_to() {
        for ok in ["/today", "/people/person_1/metrics/m?x=1#y"] {
            assert_eq!(local(ok), ok);
        }
        for not in [
            "",
            "today",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/a b",
            "/a\nb",
            "javascript:x",
        ] {
            assert_eq!(local(not), "/", "{not}");
        }
    }
}
