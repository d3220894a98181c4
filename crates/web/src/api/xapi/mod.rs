//! The resources of xAPI (IEEE 9274.1.1 and 1.0.3) under `/xapi`, `/xapi/1.0.3` and `/xapi/2.0`.
//!
//! The three differ only in the version whose clause a request without a version header is told; every one speaks both.
//! What `/xapi` itself expects is set by whoever runs the server.
//! A [`Call`] is a request with its version, its parameters and who sends it, whichever way it was written;
//! what goes wrong is told with every fault, its place and its clause.

mod call;
mod documents;
mod statements;

pub use call::{Call, Refusal};
pub(crate) use call::{VERSION, is_form};
pub use documents::{activity_profile, agent_profile, state};
pub use statements::{activities, agents, statements};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use xapi::Version;

/// The addresses that stand for one version, and which.
const MOUNTS: [(&str, Version); 2] = [("/xapi/1.0.3", Version::V1_0_3), ("/xapi/2.0", Version::V2_0)];

/// The mount of a path and the version it expects; `default` is what `/xapi` expects.
pub(crate) fn mount(path: &str, default: Version) -> (&'static str, Version) {
    MOUNTS
        .into_iter()
        .find(|(mount, _)| {
            path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .unwrap_or(("/xapi", default))
}

/// What this server speaks; asked before anything else, so it needs neither a key nor a version (Communication 2.8).
pub async fn about() -> Response {
    let body = r#"{"version":["1.0.0","1.0.1","1.0.2","1.0.3","2.0.0"],"extensions":{}}"#;
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        for (path, want) in [
            ("/xapi/statements", ("/xapi", Version::V2_0)),
            ("/xapi/2.0/statements", ("/xapi/2.0", Version::V2_0)),
            ("/xapi/1.0.3/activities/state", ("/xapi/1.0.3", Version::V1_0_3)),
            ("/xapi/2.01", ("/xapi", Version::V2_0)),
        ] {
            assert_eq!(mount(path, Version::V2_0), want, "{path}");
        }
    }
}
