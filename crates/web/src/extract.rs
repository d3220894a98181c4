//! What handlers take from a request: [`Json`], [`Form`], [`Query`], [`Path`], [`Raw`].
//!
//! Each refuses with a [`Problem`] that names the place. Types that are read should say `#[serde(deny_unknown_fields)]`.

use std::collections::HashSet;

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::json;
use crate::problem::Problem;
use crate::serve::Dawdled;

/// How many bytes the body of a request may have; the route table says.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub usize);

/// The whole body as it came, within the route's limit.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let limit = request.extensions().get::<Limit>().map_or(0, |l| l.0);
        let length =
            request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
        if length.is_some_and(|n: u64| n > limit as u64) {
            return Err(too_large(limit));
        }
        let mut body = request.into_body();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
                while let Some(at) = cause {
                    if at.is::<Dawdled>() {
                        return Problem::new(
                            StatusCode::REQUEST_TIMEOUT,
                            "The body did not arrive in time. Nothing was changed; send it again.",
                        );
                    }
                    cause = at.source();
                }
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "The body broke off or is not framed as HTTP asks. Nothing was changed; send it again.",
                )
            })?;
            if let Ok(data) = frame.into_data() {
                if whole.len() + data.len() > limit {
                    return Err(too_large(limit));
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok(Self(whole.freeze()))
    }
}

/// Says how much is taken, in the unit that fits.
pub(crate) fn too_large(limit: usize) -> Problem {
    let size = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{} KiB", limit >> 10) };
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The body is larger than the {size} that this address takes. Send it in smaller parts."),
    )
}

/// The media type of a body, in lower case and without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A JSON body, read strictly; see [`crate::json`].
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = media_type(request.headers());
        if media != "application/json" && !(media.starts_with("application/") && media.ends_with("+json")) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send JSON, with the header Content-Type: application/json.",
            ));
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        json::parse(&body).map(Self).map_err(|fault| app::Error::Invalid(vec![fault]).into())
    }
}

/// The fields of an HTML form. A field given twice is refused unless the type takes it as a list.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if media_type(request.headers()) != "application/x-www-form-urlencoded" {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send a form, with the header Content-Type: application/x-www-form-urlencoded.",
            ));
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        pairs(&body, "form").map(Self)
    }
}

/// The part of the address after the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        pairs(parts.uri.query().unwrap_or_default().as_bytes(), "query").map(Self)
    }
}

fn pairs<T: DeserializeOwned>(text: &[u8], whole: &str) -> Result<T, Problem> {
    let mut seen = HashSet::new();
    for (name, value) in form_urlencoded::parse(text) {
        if let Some(c) = json::control(&name).or_else(|| json::control(&value)) {
            let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(Problem::invalid(format!("{whole}.{name}"), json::no_control(c)));
        }
        if !seen.insert(name.to_string()) {
            return Err(Problem::invalid(format!("{whole}.{name}"), "given twice; give it once"));
        }
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let place = match error.path().to_string().as_str() {
            "." => whole.to_owned(),
            path => format!("{whole}.{path}"),
        };
        Problem::invalid(place, error.inner())
    })
}

/// The variable parts of the address. What cannot be read is an address that does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => {
                let mut problem = Problem::not_found();
                problem.detail = format!("There is nothing at this address: {error}");
                Err(problem)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        level: f64,
        #[serde(default)]
        why: String,
    }

    fn fault(text: &str) -> String {
        pairs::<Fields>(text.as_bytes(), "form").unwrap_err().errors.remove(0).place
    }

    #[test]
    fn forms_name_the_field() {
        let fields: Fields = pairs(b"level=1.5&why=a+b%20c", "form").unwrap();
        assert_eq!((fields.level, fields.why.as_str()), (1.5, "a b c"));
        assert_eq!(fault("level=x"), "form.level");
        assert_eq!(fault("level=1&level=2"), "form.level");
        assert_eq!(fault("level=1&colour=red"), "form.colour");
        assert_eq!(fault("why=x"), "form");
    }
}
