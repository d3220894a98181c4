//! Where what I am told goes besides this server: chats and systems that I allowed.

use app::App;
use app::webhooks::{self, OwnAct};
use axum::extract::State;
use domain::ids::EndpointId;
use domain::webhooks::{Format, Readers, State as Standing};
use serde::Deserialize;

use super::view::{ChannelRow, ChannelsPage};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    let own = webhooks::own(&app, asker.person()?).await?;
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
    let shell = page::shell(&app, &asker, "Where you are told").await?;
    page::html(&ChannelsPage { shell, rows: rows.collect() })
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
