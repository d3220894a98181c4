//! Where what I am told goes besides this server: chats and systems that I allowed.

use app::App;
use app::webhooks::{self, OwnAct};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::ids::EndpointId;
use domain::webhooks::{Format, Readers, State as Standing};
use http::{HeaderValue, header};
use serde::Deserialize;

use super::format::Moment;
use super::view::{ChannelRow, ChannelsPage};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    page_with(&app, &asker, None).await
}

/// The page, with the address of a feed that was just made.
async fn page_with(app: &App, asker: &Asker, feed: Option<String>) -> Answer {
    let viewer = asker.person()?;
    let own = webhooks::own(app, viewer).await?;
    let since = app::calendar::own_feed(app, viewer).await?;
    let rows = own.into_iter().map(|e| ChannelRow {
        id: e.id.to_string(),
        by: match e.format {
            Format::Standard => "Webhook",
            Format::Slack => "Slack",
            Format::Teams => "Teams",
        }
        .to_owned(),
        asked: e.state == Standing::Asked,
        on: e.state == Standing::On,
        state: match (e.state, e.readers) {
            (Standing::Asked, _) => "Asks you".to_owned(),
            (Standing::On, Readers::Alone) => "On. Only you read it".to_owned(),
            (Standing::On, Readers::Others) => "On. Others read it too".to_owned(),
            (Standing::Off, _) => format!("Off: {}", e.reason),
        },
        host: e.host().to_owned(),
        name: e.name,
    });
    let shell = page::shell(app, asker, "Where you are told").await?;
    let page = ChannelsPage {
        shell,
        rows: rows.collect(),
        feed_since: since.map(|at| Moment::of(at, &app.settings.zone)),
        feed,
    };
    page::html(&page)
}

/// Makes or ends one's own calendar feed. Its address is shown this once.
pub async fn feed(State(app): State<App>, asker: Asker, Form(form): Form<Deciding>) -> Answer {
    let viewer = asker.person()?;
    match form.what.as_str() {
        "make" => {
            let address = app::calendar::make_feed(&app, viewer).await?;
            page_with(&app, &asker, Some(address)).await
        }
        "end" => {
            app::calendar::end_feed(&app, viewer).await?;
            Ok(page::done("/channels", "The calendar's address works no longer."))
        }
        _ => Err(Problem::invalid("do", "choose one of make, end")),
    }
}

/// A private feed, as calendar programs fetch it.
pub async fn calendar(State(app): State<App>, Path(token): Path<String>) -> Answer {
    let text = app::calendar::feed(&app, &token).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// What is done with one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    #[serde(rename = "do")]
    what: String,
}

/// Allows, stops or tests one of one's own.
pub async fn decide(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<EndpointId>,
    Form(form): Form<Deciding>,
) -> Answer {
    let viewer = asker.person()?;
    let (act, said) = match form.what.as_str() {
        "alone" => (OwnAct::Allow(Readers::Alone), "Allowed. What you are told goes there too from now on."),
        "others" => {
            (OwnAct::Allow(Readers::Others), "Allowed. It says only that there is something for you.")
        }
        "stop" => (OwnAct::Stop, "Stopped. Nothing more goes there."),
        "test" => (OwnAct::Test, "A test is on its way."),
        _ => return Err(Problem::invalid("do", "choose one of alone, others, stop, test")),
    };
    webhooks::decide(&app, viewer, id, act).await?;
    Ok(page::done("/channels", said))
}
