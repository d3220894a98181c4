//! What is kept quiet, as the page shows and sets it.

use app::App;
use app::attention::Named;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::ids::SilenceId;
use http::StatusCode;
use serde_json::{Value, json};

use crate::extract::{Json, Path};
use crate::problem::Answer;
use crate::session::Asker;
use crate::ui::silence::{Quiet, quiet};

fn shown(named: &Named) -> Value {
    let s = &named.silence;
    json!({
        "id": s.id, "covers": named.covers, "person": s.person, "metric": s.metric, "unit": s.unit,
        "owner": s.owner, "owner_name": named.owner, "why": s.reason, "set_at": s.set_at.to_string(),
        "until": s.until, "may_end": named.may_end,
    })
}

/// The silences that concern whoever asks.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let all: Vec<Value> = app::attention::silences(&app, &asker.who).await?.iter().map(shown).collect();
    Ok(axum::Json(json!({ "silences": all })).into_response())
}

/// Keeps something quiet.
pub async fn set(State(app): State<App>, asker: Asker, Json(wanted): Json<Quiet>) -> Answer {
    let (id, until) = quiet(&app, &asker, &wanted).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "id": id, "until": until }))).into_response())
}

/// Ends a silence before its time.
pub async fn end(State(app): State<App>, asker: Asker, Path(id): Path<SilenceId>) -> Answer {
    app::attention::end_silence(&app, &asker.who, id, true).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes the early end of a silence back.
pub async fn again(State(app): State<App>, asker: Asker, Path(id): Path<SilenceId>) -> Answer {
    app::attention::end_silence(&app, &asker.who, id, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
