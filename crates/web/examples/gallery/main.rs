//! Shows every page with sample data, for the eye and for the browser checks in `tests/browser`.
//!
//! `cargo run -p web --example gallery -- 127.0.0.1:8799` serves the pages with the same content security policy as
//! the server; `/` lists them.

mod evidence;
mod people;
mod records;
mod sample;
mod studies;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use web::assets;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Pages = BTreeMap<&'static str, String>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pages = evidence::pages()?.into_iter().chain(people::pages()?).chain(records::pages()?);
    let pages: Arc<Pages> = Arc::new(pages.chain(studies::pages()?).collect());
    let index = format!(
        "<!doctype html><html lang=\"en\"><title>Gallery</title><ul>{}</ul></html>",
        pages.keys().map(|name| format!("<li><a href=\"/{name}\">{name}</a></li>")).collect::<String>()
    );
    let app = Router::new()
        .route("/", get(move || async move { html(index) }))
        .route("/assets/{path}", get(asset))
        .route(
            "/{name}",
            get(move |Path(name): Path<String>| async move {
                pages.get(name.as_str()).map_or_else(
                    || StatusCode::NOT_FOUND.into_response(),
                    |page| html(page.clone()).into_response(),
                )
            }),
        );
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "ready http://{}", listener.local_addr()?)?;
    axum::serve(listener, app).await?;
    Ok(())
}

fn html(page: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)], page)
}

async fn asset(Path(path): Path<String>) -> Response {
    assets::get(&path).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |asset| {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, assets::CACHE_CONTROL),
                (header::ETAG, asset.etag),
            ];
            (headers, asset.bytes).into_response()
        },
    )
}
