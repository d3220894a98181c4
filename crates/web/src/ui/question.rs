//! Questions about data: what somebody says is wrong, for whoever answers for the data, and their answer.

use app::App;
use app::alerts::Question;
use axum::extract::State;
use domain::access::{ReadOwnFeeds, SettleData, permit_owner};
use domain::ids::AlertId;
use serde::Deserialize;

use super::arrange::{first_name, moment};
use super::format;
use super::forms;
use super::view::{FormErrors, Link, Place, QuestionCard, QuestionsPage, Sight};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    page_of(&app, &asker, None).await
}

/// An answer as it was typed, with its faults.
struct Typed {
    alert: AlertId,
    note: String,
    errors: FormErrors,
}

async fn page_of(app: &App, asker: &Asker, typed: Option<Typed>) -> Answer {
    let viewer = asker.person()?;
    let may = permit_owner(&asker.who, Some(viewer.person), ReadOwnFeeds(viewer.person))?;
    let questions = app::alerts::questions(app, &may).await?;
    for question in &questions {
        let what = format!("what is said about the data of “{}”", question.metric.name);
        app::access::log_look_as_owner(app, &asker.who, question.person.id, &what).await?;
    }
    let mut shell = page::shell(app, asker, "Questions about data").await?;
    shell.here = Some(Place::Health);
    shell.sight = Some(Sight {
        who: "You see these because you answer for the data. The numbers themselves stay with the people."
            .into(),
        looked: "That you looked is shown to them.".into(),
        link: Some(Link::new("Data health", "/health")),
    });
    let status = typed.as_ref().map_or(http::StatusCode::OK, |t| forms::status(&t.errors));
    let today = app.today();
    let card = |q: &Question| {
        let typed = typed.as_ref().filter(|t| t.alert == q.alert);
        let cadence = q.metric.cadence.rolled();
        let span = if q.since == q.until {
            format!("{} of {}", format::capital(cadence.word()), format::date(q.since, today))
        } else {
            format!(
                "{}s from {} to {}",
                format::capital(cadence.word()),
                format::date(q.since, today),
                format::date(q.until, today)
            )
        };
        QuestionCard {
            id: q.alert.to_string(),
            href: format!("/questions/{}", q.alert),
            title: format!("{} of {}", q.metric.name, q.person.name),
            first_name: first_name(&q.person.name),
            code: q.person.code.clone(),
            span,
            source: q.feed.clone().unwrap_or_else(|| q.metric.source.clone()),
            said: q.said.clone(),
            at: q.at.map(|at| moment(at, &app.settings.zone)),
            note: typed.map_or_else(String::new, |t| t.note.clone()),
            errors: typed.map_or(FormErrors::NONE, |t| t.errors.clone()),
        }
    };
    page::with_status(status, &QuestionsPage { shell, questions: questions.iter().map(card).collect() })
}

/// What was found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    data: String,
    #[serde(default)]
    note: String,
}

/// Whoever answers for the data says whether they were wrong.
pub async fn settle(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Found>,
) -> Answer {
    let owner = app::alerts::owner_of(&app, id).await?;
    let may = permit_owner(&asker.who, owner, SettleData(id))?;
    let wrong = match form.data.as_str() {
        "wrong" => true,
        "right" => false,
        _ => return Err(Problem::invalid("data", "choose right or wrong")),
    };
    if let Err(error) = app::alerts::settle(&app, &may, wrong, &form.note).await {
        let errors = forms::form_errors(error.into(), |_| format!("note-{id}"))?;
        return page_of(&app, &asker, Some(Typed { alert: id, note: form.note, errors })).await;
    }
    let said = if wrong {
        "Said: the data were wrong. The alert is closed; send the corrected values when you have them."
    } else {
        "Said: the data are right. The alert goes on."
    };
    Ok(page::done("/questions", said))
}
