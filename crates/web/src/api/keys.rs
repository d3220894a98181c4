//! Keys of machines.

use std::collections::BTreeSet;

use app::App;
use app::access::{self, ApiKey, NewKey};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::{KeyScope, Relation, WriteKey, permit};
use domain::actors::ActorPattern;
use domain::ids::KeyId;
use domain::time::Instant;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::extract::{Json, Path};
use crate::problem::Answer;
use crate::session::Asker;

/// A key without its secret.
#[derive(Debug, Serialize)]
struct Key {
    id: KeyId,
    name: String,
    key: String,
    scopes: BTreeSet<KeyScope>,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
    last_used: Option<String>,
    actors: Option<ActorPattern>,
    former_secret_until: Option<String>,
}

impl From<ApiKey> for Key {
    fn from(key: ApiKey) -> Self {
        let shown = |at: Option<Instant>| at.map(|at| at.to_string());
        Self {
            id: key.id,
            name: key.name,
            key: key.key,
            scopes: key.scopes,
            created: key.created.to_string(),
            expires: shown(key.expires),
            revoked: shown(key.revoked),
            last_used: shown(key.last_used),
            actors: key.actors,
            former_secret_until: shown(key.former_until),
        }
    }
}

/// Every key, oldest first.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let permit = permit(&asker.who, Relation::NONE, WriteKey(()))?;
    let keys: Vec<Key> = access::keys(&app, permit).await?.into_iter().map(Key::from).collect();
    Ok(axum::Json(serde_json::json!({ "keys": keys })).into_response())
}

/// A key as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    name: String,
    scopes: BTreeSet<KeyScope>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    actors: Option<ActorPattern>,
}

/// Makes a key. The secret is in this answer and nowhere else.
pub async fn create(State(app): State<App>, asker: Asker, Json(wanted): Json<Wanted>) -> Answer {
    let permit = permit(&asker.who, Relation::NONE, WriteKey(()))?;
    let expires = wanted.expires.map(|text| text.parse::<Instant>()).transpose();
    let expires = expires.map_err(|fault| app::Error::invalid("body.expires", fault))?;
    let new = NewKey { name: wanted.name, scopes: wanted.scopes, expires, actors: wanted.actors };
    let (key, secret) = access::create_key(&app, permit, new).await?;
    let mut shown = serde_json::json!(Key::from(key));
    shown["secret"] = secret.into();
    Ok((StatusCode::CREATED, axum::Json(shown)).into_response())
}

/// For how long the former secret still works.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    #[serde(default = "a_week")]
    overlap_days: u32,
}

const fn a_week() -> u32 {
    7
}

/// Gives a key another secret. It is in this answer and nowhere else.
pub async fn rotate(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<KeyId>,
    Json(overlap): Json<Overlap>,
) -> Answer {
    let permit = permit(&asker.who, Relation::NONE, WriteKey(()))?;
    let (key, secret) = access::rotate_key(&app, permit, id, overlap.overlap_days).await?;
    let mut shown = serde_json::json!(Key::from(key));
    shown["secret"] = secret.into();
    Ok(axum::Json(shown).into_response())
}

/// Ends a key at once.
pub async fn revoke(State(app): State<App>, asker: Asker, Path(id): Path<KeyId>) -> Answer<Response> {
    let permit = permit(&asker.who, Relation::NONE, WriteKey(()))?;
    access::revoke_key(&app, permit, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
