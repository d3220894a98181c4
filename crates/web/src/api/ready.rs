//! Whether the server answers and its database does, for whatever restarts and balances servers.

use app::App;
use axum::extract::State;
use http::StatusCode;

use crate::problem::Answer;

/// 204 when a read of the database succeeds; 503 or 500 otherwise.
pub async fn get(State(app): State<App>) -> Answer<StatusCode> {
    app::access::answers(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}
