//! Whose records are these: the review list of accounts, with a way back.

use app::App;
use axum::extract::State;
use domain::access::{Permit, Relation, WriteProfile, permit};
use domain::ids::{AccountId, PersonId};
use serde::Deserialize;

use super::format::Moment;
use super::health::shown_key;
use super::view::{AccountsPage, Place, SaidRow, UnresolvedActor};
use crate::extract::{Form, Path, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// Where the list goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct From {
    #[serde(default)]
    after: Option<AccountId>,
}

/// Whoever may change contacts may say whose an account is.
fn may(asker: &Asker) -> Answer<Permit<WriteProfile>> {
    Ok(permit(&asker.who, Relation::NONE, WriteProfile(()))?)
}

/// The page.
pub async fn list(State(app): State<App>, asker: Asker, Query(from): Query<From>) -> Answer {
    let review = app::accounts::review(&app, &may(&asker)?, from.after).await?;
    let zone = &app.settings.zone;
    let mut shell = page::shell(&app, &asker, "Accounts").await?;
    shell.here = Some(Place::Health);
    let waiting = review.waiting.into_iter().map(|one| UnresolvedActor {
        id: one.account.id.to_string(),
        key: shown_key(&one.account.key),
        statements: one.statements.unsigned_abs(),
        likely: one
            .likely
            .into_iter()
            .map(|p| (p.id.to_string(), format!("{} ({})", p.name, p.code)))
            .collect(),
    });
    let said = review.said.into_iter().map(|one| SaidRow {
        id: one.account.id.to_string(),
        key: shown_key(&one.account.key),
        person: one.person.name,
        code: one.person.code,
        at: Moment::of(one.at, zone),
        how: if one.by_hand { "by hand" } else { "by the staff list" },
    });
    page::html(&AccountsPage {
        shell,
        total: review.total.unsigned_abs(),
        waiting: waiting.collect(),
        more: review.more.map(|last| format!("/accounts?after={last}")),
        said: said.collect(),
    })
}

/// Whose an account is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    person: String,
}

/// Says whose an account is; everything that came from it follows.
pub async fn link(
    State(app): State<App>,
    asker: Asker,
    Path(account): Path<AccountId>,
    Form(form): Form<Whose>,
) -> Answer {
    let may = may(&asker)?;
    let person = match form.person.trim().parse::<PersonId>() {
        Ok(id) => Some(id),
        Err(_) => app::people::person_with_code(&app, &may, &form.person).await?,
    };
    let Some(person) = person else {
        return Err(Problem::invalid(
            "person",
            format!("nobody has the code “{}”; look it up in the staff list", form.person.trim()),
        ));
    };
    app::people::resolve(&app, &may, account, Some(person)).await?;
    Ok(page::done("/accounts", "Linked. Everything that came from this account is counted again."))
}

/// Takes that back; the account waits again.
pub async fn release(State(app): State<App>, asker: Asker, Path(account): Path<AccountId>) -> Answer {
    app::people::resolve(&app, &may(&asker)?, account, None).await?;
    Ok(page::done("/accounts", "Taken back. The account waits again, and its records are nobody’s."))
}
