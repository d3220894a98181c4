//! Every answer that is not a success, from one match: problem+json (RFC 9457) for machines, a page for people.

use app::{Error, Fault};
use axum::response::{IntoResponse, Response};
use domain::access::Denied;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// Why a request was not done, as the one who sent it may know.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// A stable name of the kind of problem, as a URN.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "number")]
    pub status: StatusCode,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// Each fault with its place; empty where the whole request is meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Seconds after which to try again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

fn number<S: serde::Serializer>(status: &StatusCode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u16(status.as_u16())
}

/// What a handler gives.
pub type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    /// A problem of a status, with what happened and what to do about it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (kind, title) = match status {
            StatusCode::BAD_REQUEST => ("urn:throughline:problem:invalid", "What was sent has faults"),
            StatusCode::UNAUTHORIZED => ("urn:throughline:problem:sign-in", "Sign in first"),
            StatusCode::FORBIDDEN => ("urn:throughline:problem:forbidden", "Not for you"),
            StatusCode::NOT_FOUND => ("urn:throughline:problem:not-found", "Nothing here"),
            StatusCode::METHOD_NOT_ALLOWED => ("urn:throughline:problem:method", "Not done this way"),
            StatusCode::REQUEST_TIMEOUT => ("urn:throughline:problem:timeout", "It took too long"),
            StatusCode::CONFLICT => ("urn:throughline:problem:conflict", "It clashes with what is there"),
            StatusCode::PRECONDITION_FAILED => ("urn:throughline:problem:outdated", "Somebody was faster"),
            StatusCode::PAYLOAD_TOO_LARGE => ("urn:throughline:problem:too-large", "Too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("urn:throughline:problem:media-type", "Another content type is needed")
            }
            StatusCode::TOO_MANY_REQUESTS => ("urn:throughline:problem:too-many", "Too many tries"),
            StatusCode::SERVICE_UNAVAILABLE => ("urn:throughline:problem:busy", "Busy just now"),
            s if s.is_client_error() => ("urn:throughline:problem:refused", "The request was refused"),
            _ => ("urn:throughline:problem:internal", "Something went wrong on the server"),
        };
        Self { kind, title, status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }
    /// One fault at one place.
    pub fn invalid(place: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Error::invalid(place, reason).into()
    }
    /// There is no such thing, or none that the one who asks may know of.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is nothing at this address, or nothing that you may see. Check the address, or start again from the first page.",
        )
    }
    /// A fault of the server: the cause goes to the log, never to the caller.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server could not do this. Nothing was changed. Try again; if it stays, tell whoever runs this server.",
        )
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(Denied::SignIn) => Self::new(
                StatusCode::UNAUTHORIZED,
                "Nobody is signed in, or the session has ended. Sign in and repeat.",
            ),
            Error::Denied(Denied::Forbidden) => Self::new(
                StatusCode::FORBIDDEN,
                "You may not see or do this. If your work needs it, ask whoever runs this server for the access role.",
            ),
            Error::Denied(Denied::Hidden) => Self::not_found(),
            Error::Limited(why) => Self::new(StatusCode::FORBIDDEN, why),
            Error::NotFound(what) => {
                let mut problem = Self::not_found();
                problem.detail = format!("There is no {what} here, or none that you may see.");
                problem
            }
            Error::Invalid(faults) => {
                let detail = match faults.len() {
                    1 => "One thing is to be put right; nothing was changed.".to_owned(),
                    n => format!("{n} things are to be put right; nothing was changed."),
                };
                Self { errors: faults, ..Self::new(StatusCode::BAD_REQUEST, detail) }
            }
            Error::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            Error::TooLarge(why) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, why),
            Error::TooMany(seconds) => Self {
                retry_after: Some(seconds),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    format!("Too many tries. Wait {seconds} seconds and try again."),
                )
            },
            Error::Busy => Self {
                retry_after: Some(1),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Trying again is safe.")
            },
            Error::Internal(cause) => Self::internal(chain(cause.as_ref())),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Error::from(denied).into()
    }
}

/// An error with everything that caused it, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Answers as problem+json and carries the problem along, so that the door can show it as a page where people look.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json; charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Throughline\", charset=\"UTF-8\""),
            );
        }
        response.extensions_mut().insert(self);
        response
    }
}
