//! Deliveries to webhook endpoints.

use bytes::Bytes;
use connect::http::HttpError;
use connect::webhook::{self, Message};
use domain::ids::EndpointId;
use domain::outbox::Tried;
use domain::webhooks::{Endpoint, Event, Format, Readers, State};
use http::{Request, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::outbox::Delivery;

use super::Couriers;
use super::mail::Concern;
use crate::{App, Result};

/// What waits for an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedHook {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// The event's name: [`Event::word`].
    pub event: String,
    /// One sentence.
    pub text: String,
    /// What may be added; may be empty.
    pub more: String,
    /// Path on this server; empty where there is none.
    pub path: String,
    /// What the standard form carries besides.
    pub data: Value,
    /// What can be done with one tap: words and address. Only for whoever reads alone.
    pub taps: Vec<(String, String)>,
    /// For whom, where it is a person's.
    pub concern: Option<Concern>,
}

/// Sends to one endpoint.
pub(super) async fn send(app: &App, couriers: &Couriers, delivery: &Delivery) -> Tried {
    let hook: QueuedHook = match serde_json::from_str(&delivery.payload) {
        Ok(hook) => hook,
        Err(error) => return Tried::Never(format!("what is to be sent cannot be read: {error}")),
    };
    let endpoint = match asked(app, &hook).await {
        Ok(Ok(endpoint)) => endpoint,
        Ok(Err(why)) => return Tried::Withdrawn(why),
        Err(error) => return Tried::Later(error.to_string(), None),
    };
    let (id, now) = (delivery.id.to_string(), app.now());
    let body = body(app, &endpoint, &hook, delivery).to_string();
    let mut request = Request::post(&endpoint.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Throughline/", env!("CARGO_PKG_VERSION")));
    if endpoint.format == Format::Standard {
        request =
            request.header("webhook-id", &id).header("webhook-timestamp", webhook::seconds(now)).header(
                "webhook-signature",
                webhook::signatures(&id, now, body.as_bytes(), &endpoint.signing(now)),
            );
    }
    let request = match request.body(Bytes::from(body)) {
        Ok(request) => request,
        Err(error) => return Tried::Never(format!("the address cannot be used: {error}")),
    };
    match couriers.web.send(request).await {
        Ok(reply) if reply.is_success() => Tried::Sent(reply.words()),
        // 410 says so in every form (Standard Webhooks); Slack says 404 of a webhook that was taken away.
        Ok(reply) if reply.status == 410 || (reply.status == 404 && endpoint.format == Format::Slack) => {
            Tried::Gone(reply.words())
        }
        Ok(reply) => Tried::Later(reply.words(), reply.retry_after()),
        Err(HttpError::Address(why)) => Tried::Never(why),
        Err(error) => Tried::Later(error.to_string(), None),
    }
}

/// The endpoint, if it may be told this now; else why not.
async fn asked(app: &App, hook: &QueuedHook) -> Result<std::result::Result<Endpoint, String>> {
    let id = hook.endpoint;
    let endpoint = app.store.read(move |r| -> Result<_> { Ok(store::webhooks::endpoint(r, id)?) }).await?;
    let Some(endpoint) = endpoint else { return Ok(Err("the endpoint was taken away".into())) };
    let test = hook.event == Event::Test.word();
    if endpoint.state == State::Off || (endpoint.state == State::Asked && !test) {
        return Ok(Err(format!("the endpoint is {}", endpoint.state)));
    }
    if let Some(concern) = &hook.concern {
        if endpoint.person != Some(concern.person) {
            return Ok(Err("the endpoint is somebody else's now".into()));
        }
        if let Some(why) = concern.lapsed(app).await? {
            return Ok(Err(why));
        }
    }
    Ok(Ok(endpoint))
}

/// What is sent. Where others read too, nothing but that there is something.
fn body(app: &App, endpoint: &Endpoint, hook: &QueuedHook, delivery: &Delivery) -> Value {
    let others = hook.concern.is_some() && endpoint.readers == Readers::Others;
    let url = |path: &str| format!("{}{path}", app.settings.public_url);
    let (text, more, path) = match others {
        true => ("There is something for you.".to_owned(), String::new(), "/notifications".to_owned()),
        false => (hook.text.clone(), hook.more.clone(), hook.path.clone()),
    };
    if endpoint.format == Format::Standard {
        let mut data = if others { json!({}) } else { hook.data.clone() };
        if hook.concern.is_some() {
            data["text"] = text.into();
            data["url"] = url(&path).into();
        }
        return webhook::standard(&hook.event, delivery.created_at, &data);
    }
    let mut buttons = Vec::new();
    if !path.is_empty() {
        buttons.push(("Open".to_owned(), url(&path)));
    }
    if !others {
        buttons.extend(hook.taps.iter().cloned());
    }
    let message = Message { text, more, from: app.settings.name.clone(), buttons };
    match endpoint.format {
        Format::Teams => webhook::teams(&message),
        _ => webhook::slack(&message),
    }
}
