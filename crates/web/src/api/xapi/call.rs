//! A request to a resource, read once for all of them, and what is said when it is refused.

use app::App;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::access::{Asked, Permit, Relation, Who, permit};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use xapi::{Fault, Faults, Preferred, Version};

use super::mount;
use crate::Server;
use crate::extract::Raw;
use crate::problem::Problem;
use crate::session::Asker;

/// The header with the version that is spoken.
pub(crate) const VERSION: HeaderName = HeaderName::from_static(Version::HEADER);

/// A request to a resource, whether it came as itself or as a form (1.0.3, Communication 1.3).
pub struct Call {
    /// The use cases.
    pub app: App,
    /// GET, PUT, POST or DELETE; HEAD is GET here.
    pub method: Method,
    /// The version that is spoken.
    pub version: Version,
    /// The address under which the resource stands.
    pub mount: &'static str,
    /// The parameters.
    pub pairs: Vec<(String, String)>,
    /// The headers, those of a form in the place of the request's own.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    who: Who,
}

/// Why a call is not done.
#[derive(Debug)]
pub enum Refusal {
    /// What was sent breaks rules of the specification.
    Faults(Faults),
    /// Anything else.
    Problem(Box<Problem>),
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}
impl From<app::Error> for Refusal {
    fn from(error: app::Error) -> Self {
        Problem::from(error).into()
    }
}
impl From<domain::access::Denied> for Refusal {
    fn from(denied: domain::access::Denied) -> Self {
        Problem::from(denied).into()
    }
}

/// A problem with the faults as `xapi` tells them.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    errors: &'a [Fault],
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let faults = match self {
            Self::Problem(problem) => return problem.into_response(),
            Self::Faults(faults) => faults,
        };
        let detail = match faults.as_slice() {
            [one] => one.to_string(),
            many => format!("{} things are to be put right; nothing was changed.", many.len()),
        };
        let told = Told {
            kind: "urn:throughline:problem:xapi",
            title: "What was sent does not meet the specification",
            status: 400,
            detail,
            errors: &faults,
        };
        let body = serde_json::to_vec(&told).unwrap_or_default();
        let mut response = (StatusCode::BAD_REQUEST, body).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json; charset=utf-8"),
        );
        response
    }
}

/// What a handler of a resource gives.
pub(super) type Given = Result<Response, Refusal>;

/// Puts the version on an answer.
pub(super) fn versioned(version: Version, given: Given) -> Response {
    let mut response = given.into_response();
    response.headers_mut().insert(VERSION, HeaderValue::from_static(version.header_value()));
    response
}

/// Whether a request is a form that stands for another: the key may then be in the form.
pub(crate) fn is_form(request: &Request) -> bool {
    request.method() == Method::POST
        && form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .any(|(name, _)| name == "method")
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

impl FromRequest<Server> for Call {
    type Rejection = Response;
    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let (mount, expected) = mount(request.uri().path(), server.options.xapi_version);
        Self::read(request, server, mount, expected).await.map_err(|(version, r)| versioned(version, Err(r)))
    }
}

impl Call {
    async fn read(
        request: Request,
        server: &Server,
        mount: &'static str,
        expected: Version,
    ) -> Result<Self, (Version, Refusal)> {
        let refuse = |r: Refusal| (expected, r);
        let app = server.app.clone();
        let form = is_form(&request);
        let mut pairs_of_url = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let mut method = request.method().clone();
        let mut headers = request.headers().clone();
        let asker = request.extensions().get::<Asker>().map(|a| a.who.clone());
        let Raw(mut body) = Raw::from_request(request, server).await.map_err(|p| refuse(p.into()))?;
        let spoken = |headers: &HeaderMap| {
            let text = headers.get(VERSION).map(|v| v.to_str().unwrap_or("?"));
            Version::from_header(text, expected)
        };
        if form && spoken(&headers).ok() != Some(Version::V2_0) {
            let told = xapi::alternate_request(&pairs_of_url, pairs(&body)).map_err(|f| refuse(f.into()))?;
            for (name, value) in told.headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    headers.insert(name, value);
                }
            }
            if headers.get(header::CONTENT_TYPE).is_none_or(is_form_type) {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            method = Method::from_bytes(told.method.as_bytes()).unwrap_or(Method::GET);
            pairs_of_url = told.parameters;
            body = told.content.map(Bytes::from).unwrap_or_default();
        }
        let version = spoken(&headers).map_err(|f| refuse(f.into()))?;
        if form && version == Version::V2_0 {
            let what = "xAPI 2.0 takes no requests written as forms";
            let fault = Fault::new(&xapi::rules::ALTERNATE_REQUEST, version, "parameter method", what);
            return Err((version, vec![fault].into()));
        }
        let who = match asker.filter(|who| *who != Who::Anonymous) {
            Some(who) => who,
            None => {
                crate::session::find(&app, crate::routes::May::Key, &headers)
                    .await
                    .map_err(|p| (version, p.into()))?
                    .who
            }
        };
        if who == Who::Anonymous {
            return Err((version, domain::access::Denied::SignIn.into()));
        }
        if method == Method::HEAD {
            method = Method::GET;
        }
        Ok(Self { app, method, version, mount, pairs: pairs_of_url, headers, body, who })
    }

    /// A permit for what the key may do.
    pub(super) fn permit<A: Asked>(&self, asked: A) -> Result<Permit<A>, domain::access::Denied> {
        permit(&self.who, Relation::NONE, asked)
    }

    /// A header as text; what is no text counts as empty.
    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap_or_default())
    }

    /// The media type of the body.
    pub(super) fn content_type(&self) -> &str {
        self.header(header::CONTENT_TYPE).unwrap_or_default()
    }

    /// The languages that the sender wants.
    pub(super) fn preferred(&self) -> Preferred {
        self.header(header::ACCEPT_LANGUAGE).map(Preferred::from_header).unwrap_or_default()
    }

    /// A method that the resource does not take.
    pub(super) fn no_such_method(&self) -> Refusal {
        let detail = format!("{} is not done to this resource.", self.method);
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into()
    }
}

fn is_form_type(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|v| v.trim_start().starts_with("application/x-www-form-urlencoded"))
}

/// An answer with a body of JSON.
pub(super) fn json(body: impl Into<axum::body::Body>) -> Response {
    typed("application/json", body)
}

/// An answer with a body of some type.
pub(super) fn typed(content_type: &str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(body.into());
    let value = HeaderValue::from_str(content_type);
    let value = value.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// An answer that only says that it is done.
pub(super) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A moment as HTTP writes it in `Last-Modified` (RFC 9110, 5.6.7).
pub(super) fn http_date(at: domain::time::Instant) -> Option<HeaderValue> {
    HeaderValue::try_from(at.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants() {
        let at = "2026-03-08T08:41:07.5Z".parse().unwrap();
        assert_eq!(http_date(at).unwrap(), "Sun, 08 Mar 2026 08:41:07 GMT");
    }
}
