//! Erasures: asked for, looked at, done by a second one; and how long what is kept.

use app::App;
use app::erasure::{self as cases, Receipt};
use axum::extract::State;
use domain::access::{Erase, ReadRetention, Relation, may_ask, permit};
use domain::ids::ErasureId;
use serde::Deserialize;

use super::format::Moment;
use super::view::{ErasurePage, ErasureRow, ErasuresPage, Place, RetentionPage, RetentionRow, WentRow};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// Every request.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let zone = app.settings.zone.clone();
    let rows = cases::requests(&app, &asker.who).await?.into_iter().map(|(one, whom, asker)| ErasureRow {
        href: format!("/erasures/{}", one.id),
        whom,
        asked_by: asker,
        asked_at: Moment::of(one.asked_at, &zone),
        why: one.why,
        done_at: one.done_at.map(|at| Moment::of(at, &zone)),
    });
    let rows = rows.collect();
    let mut shell = page::shell(&app, &asker, "Erasures").await?;
    shell.here = Some(Place::Health);
    page::html(&ErasuresPage { shell, rows })
}

/// Whom, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    person: String,
    why: String,
}

/// Asks for one.
pub async fn ask(State(app): State<App>, asker: Asker, Form(asked): Form<Asked>) -> Answer {
    // Whoever may not ask for anybody learns nothing of who is there.
    may_ask::<Erase>(&asker.who)?;
    let person = cases::person_with_code(&app, &asked.person).await?;
    let id = cases::ask(&app, &asker.who, person, &asked.why).await?;
    Ok(page::go_to(&format!("/erasures/{id}")))
}

/// Why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    why: String,
}

/// Asks for one's own.
pub async fn ask_own(State(app): State<App>, asker: Asker, Form(own): Form<Own>) -> Answer {
    let person = asker.person()?.person;
    cases::ask(&app, &asker.who, person, &own.why).await?;
    Ok(page::done("/me", "You have asked to be erased. A privacy officer looks at it and does it."))
}

/// One request.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<ErasureId>) -> Answer {
    let (request, preview, may_do) = cases::show(&app, &asker.who, id).await?;
    let receipt = request.receipt.as_deref().and_then(|text| serde_json::from_str::<Receipt>(text).ok());
    let mut shell = page::shell(&app, &asker, "Erasure").await?;
    shell.here = Some(Place::Health);
    page::html(&ErasurePage {
        shell,
        id: id.to_string(),
        person: request.person.to_string(),
        name: preview.as_ref().map(|p| p.person.name.clone()).unwrap_or_default(),
        why: request.why,
        asked_at: Moment::of(request.asked_at, &app.settings.zone),
        done_at: request.done_at.map(|at| Moment::of(at, &app.settings.zone)),
        goes: preview.as_ref().map(|p| p.goes()).unwrap_or_default(),
        stays: preview.as_ref().map(|p| p.stays()).unwrap_or_default(),
        namesake: preview.is_some_and(|p| p.namesakes > 0),
        receipt: receipt.map(|receipt| receipt.lines()).unwrap_or_default(),
        may_do,
    })
}

/// Does what another one asked for.
pub async fn apply(State(app): State<App>, asker: Asker, Path(id): Path<ErasureId>) -> Answer {
    cases::apply(&app, &asker.who, id).await?;
    Ok(page::done(&format!("/erasures/{id}"), "Erased. This page is the receipt."))
}

/// Takes one back.
pub async fn withdraw(State(app): State<App>, asker: Asker, Path(id): Path<ErasureId>) -> Answer {
    cases::withdraw(&app, &asker.who, id).await?;
    Ok(page::done("/erasures", "Withdrawn. Nothing was erased."))
}

/// How long what is kept.
pub async fn retention(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadRetention(()))?;
    let (due, past) = app::retention::look(&app, &may).await?;
    let zone = app.settings.zone.clone();
    let rows = due.into_iter().map(|due| RetentionRow {
        about: due.rule.about(),
        days: due.rule.days,
        why: due.rule.why.clone(),
        count: due.count,
        more: due.more,
        fault: due.fault,
    });
    let past = past.into_iter().map(|(at, what, how)| WentRow { at: Moment::of(at, &zone), what, how });
    page::html(&RetentionPage {
        rows: rows.collect(),
        past: past.collect(),
        shell: page::shell(&app, &asker, "How long what is kept").await?,
    })
}
