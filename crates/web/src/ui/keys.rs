//! Keys of machines: made, given another secret, ended.

use std::collections::{BTreeMap, BTreeSet};

use app::access::{self, ApiKey, NewKey};
use app::{App, Error};
use axum::extract::State;
use domain::access::{KeyScope, Permit, Relation, WriteKey, permit};
use domain::ids::KeyId;
use domain::time::Day;
use http::StatusCode;
use serde::Deserialize;

use super::format::Moment;
use super::view::{FormErrors, FreshKey, KeyForm, KeyRow, KeysPage, Place, ScopeChoice};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    page::html(&page_of(&app, &asker).await?)
}

fn may(asker: &Asker) -> Answer<Permit<WriteKey>> {
    Ok(permit(&asker.who, Relation::NONE, WriteKey(()))?)
}

async fn page_of(app: &App, asker: &Asker) -> Answer<KeysPage> {
    let keys = access::keys(app, may(asker)?).await?;
    let mut rows: Vec<KeyRow> = keys.iter().rev().map(|key| row(app, key)).collect();
    rows.sort_by_key(|row| !row.works);
    let mut shell = page::shell(app, asker, "Keys").await?;
    shell.here = Some(Place::Health);
    let scopes = KeyScope::ALL
        .iter()
        .map(|scope| ScopeChoice { word: scope.word(), what: what(*scope), set: false })
        .collect();
    Ok(KeysPage { shell, fresh: None, rows, scopes, form: KeyForm::default(), errors: FormErrors::NONE })
}

fn row(app: &App, key: &ApiKey) -> KeyRow {
    let (now, zone) = (app.now(), &app.settings.zone);
    let works = key.revoked.is_none() && key.expires.is_none_or(|end| end > now);
    KeyRow {
        id: key.id.to_string(),
        name: key.name.clone(),
        key: key.key.clone(),
        scopes: key.scopes.iter().map(|s| s.word()).collect(),
        actors: key.actors.as_ref().map(ToString::to_string).unwrap_or_default(),
        used: key.last_used.map(|at| Moment::of(at, zone)),
        ends: key.revoked.or(key.expires).map(|at| Moment::of(at, zone)),
        works,
        former_until: key.former_until.filter(|at| works && *at > now).map(|at| Moment::of(at, zone)),
    }
}

/// What a scope lets a machine do, in a few words.
const fn what(scope: KeyScope) -> &'static str {
    match scope {
        KeyScope::StatementsWrite => "Send statements",
        KeyScope::StatementsReadMine => "Read the statements it sent",
        KeyScope::StatementsRead => "Read every statement",
        KeyScope::State => "Keep and read what a course remembers of somebody",
        KeyScope::Profile => "Keep and read profiles of agents and activities",
        KeyScope::Define => "Say what activities are called",
        KeyScope::AllRead => "Read everything of xAPI",
        KeyScope::All => "Everything of xAPI",
        KeyScope::Metrics => "Send observations, read published results",
        KeyScope::People => "Read and write people, units and places",
        KeyScope::Webhooks => "Look after webhook endpoints, read what was sent to them",
        KeyScope::Operations => "Read how the server is",
    }
}

/// Makes a key and shows its secret, once.
pub async fn create(
    State(app): State<App>,
    asker: Asker,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Answer {
    let permit = may(&asker)?;
    let mut form = KeyForm::default();
    let mut errors = FormErrors::NONE;
    let mut scopes: BTreeSet<KeyScope> = BTreeSet::new();
    for (name, value) in fields {
        match (name.as_str(), name.strip_prefix("scope:").map(KeyScope::from_word)) {
            ("name", _) => form.name = value,
            ("actors", _) => form.actors = value,
            ("until", _) => form.until = value,
            (_, Some(Some(scope))) => drop(scopes.insert(scope)),
            _ => return Err(Problem::invalid(format!("form.{name}"), "there is no such field")),
        }
    }
    let actors = match form.actors.trim() {
        "" => None,
        text => text.parse().map_err(|fault| errors.add("actors", format!("{fault}"))).ok(),
    };
    let expires = match form.until.trim() {
        "" => None,
        text => match text.parse::<Day>() {
            Ok(day) => Some(app.settings.zone.start_of(day)),
            Err(fault) => {
                errors.add("until", fault.to_string());
                None
            }
        },
    };
    if errors.is_empty() {
        let new = NewKey { name: form.name.clone(), scopes: scopes.clone(), expires, actors };
        match access::create_key(&app, permit, new).await {
            Ok(made) => return fresh(&app, &asker, made).await,
            Err(Error::Invalid(faults)) => {
                for fault in faults {
                    let field = if fault.place == "expires" { "until".to_owned() } else { fault.place };
                    errors.add(field, fault.reason);
                }
            }
            Err(other) => return Err(other.into()),
        }
    }
    let mut page = page_of(&app, &asker).await?;
    for choice in &mut page.scopes {
        choice.set = scopes.iter().any(|s| s.word() == choice.word);
    }
    page::with_status(StatusCode::BAD_REQUEST, &KeysPage { form, errors, ..page })
}

async fn fresh(app: &App, asker: &Asker, (key, secret): (ApiKey, String)) -> Answer {
    let mut page = page_of(app, asker).await?;
    page.fresh = Some(FreshKey {
        name: key.name.clone(),
        key: key.key.clone(),
        secret,
        former_until: row(app, &key).former_until,
    });
    page::html(&page)
}

/// For how many days the former secret still works.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    overlap: u32,
}

/// Gives a key another secret and shows it, once.
pub async fn rotate(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<KeyId>,
    Form(form): Form<Overlap>,
) -> Answer {
    let made = access::rotate_key(&app, may(&asker)?, id, form.overlap).await?;
    fresh(&app, &asker, made).await
}

/// Ends a key at once.
pub async fn end(State(app): State<App>, asker: Asker, Path(id): Path<KeyId>) -> Answer {
    access::revoke_key(&app, may(&asker)?, id).await?;
    Ok(page::done("/keys", "That key no longer works."))
}
