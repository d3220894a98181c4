//! What holds for every request and every answer, whatever its route.
//!
//! Coming in: no TRACE, nothing that another site makes a browser send, no panic that takes more than its own request.
//! Going out: the security headers, and problems as a page where people look.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use tower::ServiceExt;

use crate::problem::Problem;
use crate::session::{self, Peer};
use crate::{Server, api, cors, page};

/// Which part of the server an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Pages and their forms.
    Page,
    /// The JSON API.
    Api,
    /// The xAPI endpoints.
    Xapi,
    /// Stylesheet, script and icons.
    Asset,
}

impl Surface {
    /// By the first part of the path.
    pub fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("api") => Self::Api,
            Some("xapi") => Self::Xapi,
            Some("assets") => Self::Asset,
            _ => Self::Page,
        }
    }
}

/// Answers one request.
pub(crate) async fn answer(
    server: Server,
    router: Router,
    peer: IpAddr,
    mut request: Request<Body>,
) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let surface = Surface::of(&path);
    let headers = request.headers().clone();
    let address = session::address(peer, &headers, &server.options.proxies);
    request.extensions_mut().insert(Peer(address));

    let host = request.uri().authority().map(|a| a.to_string());
    let origins = &server.options.xapi_origins;
    let preflight = (surface == Surface::Xapi).then(|| cors::preflight(origins, &method, &headers)).flatten();
    let response = match (preflight, refusal(&method, surface, &headers, host.as_deref())) {
        (Some(answer), _) => answer,
        (None, Some(problem)) => problem.into_response(),
        (None, None) => caught(router, request).await,
    };
    let mut response = shown(&server, surface, &method, &path, &headers, response).await;
    let clear = page::clear_toast(&headers, surface, &response);
    if let Some(clear) = clear {
        response.headers_mut().append(header::SET_COOKIE, clear);
    }
    if surface == Surface::Xapi {
        if !response.headers().contains_key(api::xapi::VERSION) {
            // Refused before anybody looked for the version: what the address expects.
            let (_, version) = api::xapi::mount(&path, server.options.xapi_version);
            let value = HeaderValue::from_static(version.header_value());
            response.headers_mut().insert(api::xapi::VERSION, value);
        }
        cors::allow(origins, &headers, response.headers_mut());
    }
    protect(&server, surface, response.headers_mut());
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response
}

/// Runs the routes so that a panic ends one request and tells the caller nothing.
async fn caught(router: Router, request: Request<Body>) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    match AssertUnwindSafe(router.oneshot(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Problem::internal(format!("a handler of {what} panicked: {message}")).into_response()
        }
    }
}

/// What is refused before any route sees it.
fn refusal(method: &Method, surface: Surface, headers: &HeaderMap, host: Option<&str>) -> Option<Problem> {
    if method == Method::TRACE || method == Method::CONNECT {
        return Some(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "This server does not do TRACE or CONNECT.",
        ));
    }
    if method.is_safe() || surface == Surface::Xapi || same_site(headers, host) {
        return None;
    }
    Some(Problem::new(
        StatusCode::FORBIDDEN,
        "This request came from another site, or does not say where it came from. Open the page on this server and repeat it there.",
    ))
}

/// Whether a request that changes something comes from our own pages, or from something that is no browser
/// and carries no cookie that a browser could have been made to send.
fn same_site(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    match text(header::ORIGIN) {
        Some(origin) => {
            // HTTP/2 has no Host header; its authority is in the address.
            let here = host.or(text(header::HOST));
            here.is_some() && here == origin.split_once("://").map(|(_, host)| host)
        }
        None => !session::has_cookie(headers),
    }
}

/// Turns what is not ours into a problem, and a problem into a page where people look.
async fn shown(
    server: &Server,
    surface: Surface,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    mut response: Response,
) -> Response {
    if response.status().as_u16() < 400 {
        return response;
    }
    if response.extensions().get::<Problem>().is_none() {
        let plain = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_none_or(|v| v.as_bytes().starts_with(b"text/plain"));
        if !plain {
            return response;
        }
        response = ours(path, response).await;
    }
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| surface == Surface::Page) else {
        return response;
    };
    if problem.status == StatusCode::UNAUTHORIZED {
        return page::to_sign_in(method, headers, path);
    }
    let mut page = page::problem(&server.app, problem).await;
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// A refusal that the router or an extractor of its own made.
async fn ours(path: &str, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, 2_000).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut problem = match parts.status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            parts.status,
            format!("{path} does not take this method; the Allow header says which it takes."),
        ),
        status => Problem::new(status, text),
    };
    problem.status = parts.status;
    let mut response = problem.into_response();
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const DATA_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// The headers that every answer has. A handler may have set its own `Cache-Control`; nothing else is left to it.
fn protect(server: &Server, surface: Surface, headers: &mut HeaderMap) {
    let policy = match surface {
        Surface::Page => PAGE_POLICY,
        Surface::Api | Surface::Xapi | Surface::Asset => DATA_POLICY,
    };
    let set = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if server.app.settings.public_url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect::<HeaderMap>();
        refusal(&Method::POST, Surface::Page, &headers, None).is_none()
    }

    #[test]
    fn other_sites_cannot_make_a_browser_change_anything() {
        let cookie = ("cookie", "throughline=x");
        assert!(allowed(&[cookie, ("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[cookie, ("sec-fetch-site", "none")]));
        assert!(!allowed(&[cookie, ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[cookie, ("sec-fetch-site", "same-site")]), "a sibling host is another site");
        assert!(allowed(&[cookie, ("origin", "http://a:1"), ("host", "a:1")]));
        assert!(!allowed(&[cookie, ("origin", "http://b"), ("host", "a:1")]));
        assert!(!allowed(&[cookie, ("origin", "null"), ("host", "a:1")]));
        assert!(!allowed(&[cookie]), "a cookie without a word of where it comes from");
        assert!(allowed(&[]), "no browser, no cookie");
    }

    #[tokio::test]
    async fn a_panic_ends_one_request_and_tells_nothing() {
        async fn broken() -> &'static str {
            panic!("the inside of the server")
        }
        let router = Router::new().route("/", axum::routing::get(broken));
        let response = caught(router, Request::new(Body::empty())).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("inside"));
    }

    #[test]
    fn trace_is_refused_everywhere() {
        let none = HeaderMap::new();
        assert!(refusal(&Method::TRACE, Surface::Xapi, &none, None).is_some());
        assert!(refusal(&Method::GET, Surface::Page, &none, None).is_none());
        assert!(refusal(&Method::POST, Surface::Xapi, &none, None).is_none());
    }
}
