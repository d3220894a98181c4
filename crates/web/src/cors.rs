//! Which other sites' scripts may use `/xapi`: those that the configuration names, and nobody else.
//!
//! Content that runs in a browser sends its own key in `Authorization`, never a cookie, so no answer allows credentials:
//! a browser that was tricked has nothing to send.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::problem::Problem;

/// What scripts may send.
const METHODS: &str = "GET, HEAD, PUT, POST, DELETE";
const SEND: &str =
    "Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, X-Experience-API-Version";
/// What scripts may read of an answer besides what every script may.
const READ: &str =
    "ETag, Last-Modified, Retry-After, X-Experience-API-Version, X-Experience-API-Consistent-Through";
/// Seconds for which a browser may remember the answer to a preflight.
const REMEMBER: &str = "7200";

/// Whether an entry of the list can be an origin: scheme, host and, where it is not the usual one, port.
pub fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    host.is_some_and(|h| {
        !h.is_empty() && h.bytes().all(|b| b.is_ascii_graphic() && !b"/?#\"<>*,@\\".contains(&b))
    })
}

fn asks_from(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN)?.to_str().ok()
}

fn is_allowed(allowed: &[String], origin: &str) -> bool {
    allowed.iter().any(|one| one.eq_ignore_ascii_case(origin))
}

/// The answer to a browser that asks whether a script may send a request (Fetch, 4.8); `None` where it asks no such thing.
pub(crate) fn preflight(allowed: &[String], method: &Method, headers: &HeaderMap) -> Option<Response> {
    let wanted = HeaderName::from_static("access-control-request-method");
    if method != Method::OPTIONS || !headers.contains_key(wanted) {
        return None;
    }
    let origin = asks_from(headers)?;
    if !is_allowed(allowed, origin) {
        let detail = format!(
            "Scripts from {} may not use this server. Whoever runs it can add that address to xapi.origins.",
            origin.escape_debug()
        );
        return Some(Problem::new(StatusCode::FORBIDDEN, detail).into_response());
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, SEND),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBER),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

/// Lets a script of an allowed site read an answer, and tells caches that answers differ by site.
pub(crate) fn allow(allowed: &[String], asked: &HeaderMap, answer: &mut HeaderMap) {
    if allowed.is_empty() {
        return;
    }
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
    let origin =
        asked.get(header::ORIGIN).filter(|_| asks_from(asked).is_some_and(|o| is_allowed(allowed, o)));
    if let Some(origin) = origin {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for good in ["https://content.example", "http://127.0.0.1:4000", "https://[::1]:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "*",
            "null",
            "content.example",
            "https://",
            "https://a/",
            "https://*.a",
            "https://u@a",
            "ftp://a",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn only_a_preflight_is_answered() {
        let allowed = ["https://content.example".to_owned()];
        let mut headers = HeaderMap::new();
        assert!(preflight(&allowed, &Method::OPTIONS, &headers).is_none());
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://content.example"));
        assert!(preflight(&allowed, &Method::OPTIONS, &headers).is_none());
        headers.insert("access-control-request-method", HeaderValue::from_static("PUT"));
        assert!(preflight(&allowed, &Method::PUT, &headers).is_none());
        let status = |allowed: &[String]| preflight(allowed, &Method::OPTIONS, &headers).map(|r| r.status());
        assert_eq!(status(&allowed), Some(StatusCode::NO_CONTENT));
        assert_eq!(status(&[]), Some(StatusCode::FORBIDDEN));
    }
}
