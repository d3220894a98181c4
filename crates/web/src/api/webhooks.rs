//! Webhook endpoints, for machines with the scope.

use app::App;
use app::webhooks::{self, NewEndpoint};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::{Permit, ReadDeliveries, ReadWebhooks, Relation, WriteWebhooks, permit};
use domain::ids::EndpointId;
use domain::webhooks::{Endpoint, Format};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::{Json, Path};
use crate::problem::Answer;
use crate::session::Asker;

/// An endpoint without its secret and without the path of its address, which may be one.
fn shown(endpoint: &Endpoint) -> Value {
    json!({
        "id": endpoint.id,
        "name": endpoint.name,
        "host": endpoint.host(),
        "format": endpoint.format,
        "person": endpoint.person,
        "readers": endpoint.readers,
        "state": endpoint.state,
        "reason": endpoint.reason,
        "created": endpoint.created.to_string(),
    })
}

fn writing(asker: &Asker) -> Answer<Permit<WriteWebhooks>> {
    Ok(permit(&asker.who, Relation::NONE, WriteWebhooks(()))?)
}

/// Every endpoint, oldest first.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    permit(&asker.who, Relation::NONE, ReadWebhooks(()))?;
    let may = permit(&asker.who, Relation::NONE, ReadDeliveries(()))?;
    let all: Vec<Value> = webhooks::list(&app, &may).await?.iter().map(|(e, _)| shown(e)).collect();
    Ok(axum::Json(json!({ "webhooks": all })).into_response())
}

/// An endpoint as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    name: String,
    url: String,
    #[serde(default)]
    format: Option<Format>,
    #[serde(default)]
    person: Option<String>,
}

/// Makes an endpoint. The secret is in this answer and nowhere else.
pub async fn create(State(app): State<App>, asker: Asker, Json(wanted): Json<Wanted>) -> Answer {
    let may = writing(&asker)?;
    let new = NewEndpoint {
        name: wanted.name,
        url: wanted.url,
        format: wanted.format.unwrap_or(Format::Standard),
        person: wanted.person,
    };
    let (endpoint, secret) = webhooks::create(&app, &may, new).await?;
    let mut answer = shown(&endpoint);
    answer["secret"] = secret.into();
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// Takes an endpoint away.
pub async fn remove(State(app): State<App>, asker: Asker, Path(id): Path<EndpointId>) -> Answer<Response> {
    webhooks::remove(&app, &writing(&asker)?, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gives it a new secret, in this answer and nowhere else. The old one signs too for a day.
pub async fn rotate(State(app): State<App>, asker: Asker, Path(id): Path<EndpointId>) -> Answer {
    let secret = webhooks::rotate(&app, &writing(&asker)?, id).await?;
    Ok(axum::Json(json!({ "secret": secret })).into_response())
}

/// Sends a test.
pub async fn test(State(app): State<App>, asker: Asker, Path(id): Path<EndpointId>) -> Answer<Response> {
    webhooks::test(&app, &writing(&asker)?, id).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Turns it on again where it went off by itself, and sends again what is parked.
pub async fn replay(State(app): State<App>, asker: Asker, Path(id): Path<EndpointId>) -> Answer {
    let count = webhooks::replay(&app, &writing(&asker)?, id).await?;
    Ok(axum::Json(json!({ "again": count })).into_response())
}

/// What was sent to it, newest first, with every try.
pub async fn deliveries(State(app): State<App>, asker: Asker, Path(id): Path<EndpointId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadWebhooks(()))?;
    let log = permit(&asker.who, Relation::NONE, ReadDeliveries(()))?;
    let log = webhooks::log(&app, &may, log, id).await?;
    let all: Vec<Value> = log
        .deliveries
        .iter()
        .map(|l| {
            let tries: Vec<Value> = l
                .tries
                .iter()
                .map(|t| {
                    json!({ "at": t.at.to_string(), "millis": t.millis, "outcome": t.outcome, "words": t.words })
                })
                .collect();
            json!({
                "id": l.delivery.id,
                "queued": l.delivery.created_at.to_string(),
                "state": l.delivery.state,
                "tries": tries,
            })
        })
        .collect();
    Ok(axum::Json(json!({ "deliveries": all })).into_response())
}
