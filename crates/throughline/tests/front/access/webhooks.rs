//! The lines of webhooks and of a person's own channels.

use domain::access::{Act, KeyScope, Resource};
use domain::ids::EndpointId;

use super::{About, Ask, Line, get, lacks, line};

/// An endpoint that does not exist.
fn no_endpoint() -> EndpointId {
    EndpointId::new(uuid::Uuid::nil())
}

/// Does something with an endpoint that does not exist.
fn webhook(path: &'static str) -> Line {
    let about = About::Row(Resource::Webhook, Act::Write, Some(KeyScope::Webhooks));
    lacks(
        "endpoint",
        line("POST", path, about, move |_| {
            let path = path.replace("{id}", &no_endpoint().to_string());
            Ask::Json("POST", path, serde_json::Value::Null)
        }),
    )
}

/// One line per route.
pub(super) fn lines() -> Vec<Line> {
    use About::*;
    use Act::*;
    use Resource::*;
    vec![
        get("/api/v1/webhooks", Row(Webhook, Read, Some(KeyScope::Webhooks))),
        line("POST", "/api/v1/webhooks", Row(Webhook, Write, Some(KeyScope::Webhooks)), |_| {
            let new = serde_json::json!({"name": "x", "url": "https://hooks.northwind.example/x"});
            Ask::Json("POST", "/api/v1/webhooks".into(), new)
        }),
        lacks(
            "endpoint",
            line("DELETE", "/api/v1/webhooks/{id}", Row(Webhook, Write, Some(KeyScope::Webhooks)), |_| {
                Ask::Delete(format!("/api/v1/webhooks/{}", no_endpoint()))
            }),
        ),
        line("GET", "/api/v1/webhooks/{id}/deliveries", Row(Webhook, Read, Some(KeyScope::Webhooks)), |_| {
            Ask::Get(format!("/api/v1/webhooks/{}/deliveries", no_endpoint()))
        }),
        webhook("/api/v1/webhooks/{id}/rotate"),
        webhook("/api/v1/webhooks/{id}/test"),
        webhook("/api/v1/webhooks/{id}/replay"),
        line("POST", "/channels/{id}", Theirs, |_| {
            Ask::Form(format!("/channels/{}", no_endpoint()), vec![("do", "stop".into())])
        }),
    ]
}
