//! Links that act with one tap. Opening one asks; only the button acts.

use app::App;
use app::one_tap::{self, Act, Offer};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};
use serde::Deserialize;

use super::view::{FormErrors, Link, Shell, TapPage};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};

/// Asks whether to do it. Changes nothing, however often and by whomever it is opened.
pub async fn show(State(app): State<App>, Path(token): Path<String>) -> Answer {
    let offer = one_tap::offer(&app, &token).await?;
    kept_apart(page::html(&ask(&app, &offer, FormErrors::NONE)))
}

fn ask(app: &App, offer: &Offer, errors: FormErrors) -> TapPage {
    let (heading, lead) = match offer.act {
        _ if offer.over => ("It is over already".to_owned(), "Nothing needs doing.".to_owned()),
        Act::Seen => {
            ("Mark it as seen?".to_owned(), "It stays open; the page shows that you have seen it.".to_owned())
        }
        Act::Wait => (
            "Wait a week?".to_owned(),
            format!(
                "It asks for nobody until {}.",
                super::format::day(app.today().plus(one_tap::WAITS), app.today())
            ),
        ),
        Act::Wrong => (
            "Say that the data are wrong?".to_owned(),
            "Whoever answers for the data is told, and it is held until they have looked.".to_owned(),
        ),
    };
    TapPage {
        shell: Shell::bare(heading.clone(), app.today()),
        heading,
        about: offer.metric.clone(),
        lead,
        button: if offer.over { String::new() } else { offer.act.words().to_owned() },
        note: offer.act == Act::Wrong && !offer.over,
        errors,
        way: Link::new("Open it (you may have to sign in)", offer.path.clone()),
    }
}

/// What the button sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
    #[serde(default)]
    note: String,
}

/// Does it.
pub async fn act(State(app): State<App>, Path(token): Path<String>, Form(form): Form<Tap>) -> Answer {
    let offer = match one_tap::act(&app, &token, &form.note).await {
        Ok(offer) => offer,
        Err(app::Error::Invalid(faults)) => {
            let mut errors = FormErrors::NONE;
            for fault in faults {
                errors.add("note", fault.reason);
            }
            let offer = one_tap::offer(&app, &token).await?;
            let page = page::with_status(http::StatusCode::BAD_REQUEST, &ask(&app, &offer, errors));
            return kept_apart(page);
        }
        Err(other) => return Err(other.into()),
    };
    let heading = match offer.act {
        _ if offer.over => "It is over already",
        Act::Seen => "Seen",
        Act::Wait => "It waits a week",
        Act::Wrong => "Said. It is held until the data are checked.",
    };
    let page = TapPage {
        shell: Shell::bare(heading, app.today()),
        heading: heading.to_owned(),
        about: offer.metric.clone(),
        lead: "You can close this page.".to_owned(),
        button: String::new(),
        note: false,
        errors: FormErrors::NONE,
        way: Link::new("Open it (you may have to sign in)", offer.path),
    };
    kept_apart(page::html(&page))
}

/// The address is a key: it goes to nobody else and into no cache.
fn kept_apart(answer: Answer) -> Answer<Response> {
    let mut response = answer.map_err(|problem: Problem| problem)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}
