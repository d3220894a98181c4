//! Other record stores: set up, looked after, ended.

use app::forwarding::{self as cases, NewForward};
use app::{App, Error};
use axum::extract::State;
use domain::access::{Permit, ReadDeliveries, Relation, WriteForward, permit};
use domain::ids::ForwardId;
use http::StatusCode;
use serde::Deserialize;

use super::format::{self, Moment};
use super::view::{FormErrors, ForwardForm, ForwardRow, ForwardingPage, Place, Status};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// The page.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    page::html(&page_of(&app, &asker).await?)
}

fn may(asker: &Asker) -> Answer<Permit<WriteForward>> {
    Ok(permit(&asker.who, Relation::NONE, WriteForward(()))?)
}

async fn page_of(app: &App, asker: &Asker) -> Answer<ForwardingPage> {
    let read = permit(&asker.who, Relation::NONE, ReadDeliveries(()))?;
    let states = cases::states(app, &read).await?;
    let mut shell = page::shell(app, asker, "Forwarding").await?;
    shell.here = Some(Place::Health);
    Ok(ForwardingPage {
        shell,
        rows: states.iter().map(|state| row(app, state)).collect(),
        may_change: may(asker).is_ok(),
        form: ForwardForm::default(),
        errors: FormErrors::NONE,
    })
}

/// How a store is, in an icon and words; `None` in the words means that nothing is to be said.
pub(super) fn standing(state: &cases::State) -> (Status, String) {
    let (behind, standing) = (state.behind.unsigned_abs(), &state.standing);
    if standing.parked > 0 {
        let words =
            format::plural(standing.parked.unsigned_abs(), "delivery given up", "deliveries given up");
        (Status::OffTarget, words)
    } else if standing.waiting > 0 && standing.last_error.is_some() {
        (Status::DataLate, "Tried again".to_owned())
    } else if behind > 1_000 {
        (Status::DataLate, format!("{} behind", format::count(behind)))
    } else if behind > 0 || standing.waiting > 0 {
        (Status::Usual, "Under way".to_owned())
    } else {
        (Status::Usual, "Up to date".to_owned())
    }
}

fn row(app: &App, state: &cases::State) -> ForwardRow {
    let zone = &app.settings.zone;
    let (status, status_words) = standing(state);
    let filter = &state.forward.filter;
    let last = |iri: &String| iri.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or(iri).to_owned();
    let mut what = Vec::new();
    if !filter.verbs.is_empty() {
        what.push(format!("verb {}", filter.verbs.iter().map(last).collect::<Vec<_>>().join(" or ")));
    }
    if !filter.activities.is_empty() {
        what.push(format!("about {}", filter.activities.join(" or ")));
    }
    if let Some(unit) = &state.unit {
        what.push(format!("people of {unit}"));
    }
    let what =
        if what.is_empty() { "Every statement".to_owned() } else { format!("Only: {}", what.join("; ")) };
    ForwardRow {
        id: state.forward.id.to_string(),
        name: state.forward.name.clone(),
        url: state.forward.url.clone(),
        what: format!("{what}. Sent as xAPI {}.", state.forward.version),
        status,
        status_words,
        oldest: state.standing.oldest.map(|at| Moment::of(at, zone)),
        sent: state.standing.sent.map(|at| Moment::of(at, zone)),
        parked: state.standing.parked.unsigned_abs(),
        last_error: state.standing.last_error.clone().unwrap_or_default(),
    }
}

/// A store as the form sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    name: String,
    url: String,
    key: String,
    secret: String,
    version: String,
    #[serde(default)]
    verbs: String,
    #[serde(default)]
    activities: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    from: String,
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Sets one up.
pub async fn add(State(app): State<App>, asker: Asker, Form(form): Form<Wanted>) -> Answer {
    let may = may(&asker)?;
    let beginning = form.from == "beginning";
    let new = NewForward {
        name: form.name.clone(),
        url: form.url.clone(),
        key: form.key.clone(),
        secret: form.secret,
        version: form.version.clone(),
        verbs: lines(&form.verbs),
        activities: lines(&form.activities),
        unit: form.unit.clone(),
        from_the_beginning: beginning,
    };
    match cases::add(&app, &may, new).await {
        Ok(_) => Ok(page::done("/forwarding", "Set up. The first statements leave in a moment.")),
        Err(Error::Invalid(faults)) => {
            let mut errors = FormErrors::NONE;
            for fault in faults {
                errors.add(fault.place, fault.reason);
            }
            let form = ForwardForm {
                name: form.name,
                url: form.url,
                key: form.key,
                version: form.version,
                verbs: form.verbs,
                activities: form.activities,
                unit: form.unit,
                beginning,
            };
            let page = page_of(&app, &asker).await?;
            page::with_status(StatusCode::BAD_REQUEST, &ForwardingPage { form, errors, ..page })
        }
        Err(other) => Err(other.into()),
    }
}

/// Sends again what was given up.
pub async fn again(State(app): State<App>, asker: Asker, Path(id): Path<ForwardId>) -> Answer {
    let count = cases::replay(&app, &may(&asker)?, id).await?;
    let what =
        format!("{} sent again.", format::capital(&format::plural(count, "delivery is", "deliveries are")));
    Ok(page::done("/forwarding", &what))
}

/// Ends one.
pub async fn end(State(app): State<App>, asker: Asker, Path(id): Path<ForwardId>) -> Answer {
    cases::end(&app, &may(&asker)?, id).await?;
    Ok(page::done("/forwarding", "Nothing goes there any more."))
}
