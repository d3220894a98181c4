//! The embedded files, under names that change with their content.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::assets;
use crate::extract::Path;
use crate::problem::{Answer, Problem};

/// One file.
pub async fn get(Path(name): Path<String>, headers: HeaderMap) -> Answer {
    let asset = assets::get(&name).ok_or_else(Problem::not_found)?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == asset.etag.as_bytes());
    let mut response: Response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { asset.bytes.into_response() };
    let set = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::ETAG, asset.etag),
        (header::CACHE_CONTROL, assets::CACHE_CONTROL),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
