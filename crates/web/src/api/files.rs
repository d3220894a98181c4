//! Whole files, as other systems export them: the same files that `throughline import` takes, while the server runs.
//!
//! With `?dry_run=true` nothing is written and the answer says what would change. A file with a bad line is refused whole,
//! and every bad line is listed with its reason.

use std::io::Cursor;

use app::imports::{self, Report};
use app::metrics::OnProblem;
use app::{App, Result};
use axum::extract::{FromRequest, Request, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::access::{Relation, SendObservations, SendTargets, WriteAssignment, WriteRules, permit};
use http::StatusCode;
use serde::Deserialize;

use crate::extract::{Query, Raw, media_type};
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// What may be asked of every file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
}

/// What may be asked of observations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedOfObservations {
    #[serde(default)]
    dry_run: bool,
    /// Take the good lines and list the others, instead of refusing all.
    #[serde(default)]
    skip_bad: bool,
}

/// A CSV file as the body.
#[derive(Debug)]
pub struct Csv(Cursor<Bytes>);

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, Problem> {
        body(request, state, &["text/csv", "application/csv"], "CSV, with the header Content-Type: text/csv")
            .await
            .map(Self)
    }
}

/// A TOML file as the body.
#[derive(Debug)]
pub struct Toml(Cursor<Bytes>);

impl<S: Send + Sync> FromRequest<S> for Toml {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, Problem> {
        let how = "TOML, with the header Content-Type: application/toml";
        body(request, state, &["application/toml"], how).await.map(Self)
    }
}

async fn body<S: Send + Sync>(
    request: Request,
    state: &S,
    taken: &[&str],
    how: &str,
) -> std::result::Result<Cursor<Bytes>, Problem> {
    if !taken.contains(&media_type(request.headers()).as_str()) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("Send {how}.")));
    }
    Ok(Cursor::new(Raw::from_request(request, state).await?.0))
}

fn told(report: Result<Report>) -> Answer {
    Ok(axum::Json(report?).into_response())
}

/// Org units.
pub async fn units(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteAssignment(()))?;
    told(imports::units(&app, &may, file, asked.dry_run).await)
}

/// People with their places, leaders and accounts.
pub async fn people(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteAssignment(()))?;
    told(imports::people(&app, &may, file, asked.dry_run).await)
}

/// Working calendars, single days and closures.
pub async fn calendars(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Toml(file): Toml,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteAssignment(()))?;
    told(imports::calendars(&app, &may, file, asked.dry_run).await)
}

/// Leave and part time.
pub async fn leave(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteAssignment(()))?;
    told(imports::leave(&app, &may, file, asked.dry_run).await)
}

/// Rules for reds.
pub async fn rules(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Toml(file): Toml,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteRules(()))?;
    told(imports::rules(&app, &may, file, asked.dry_run).await)
}

/// Metric definitions.
pub async fn metrics(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Toml(file): Toml,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, SendObservations(()))?;
    told(imports::metrics(&app, &may, file, "metrics.toml", asked.dry_run).await)
}

/// Observations, one a line.
pub async fn observations(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<AskedOfObservations>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, SendObservations(()))?;
    let on_problem = if asked.skip_bad { OnProblem::Skip } else { OnProblem::Refuse };
    told(imports::observations(&app, &may, file, "observations.csv", None, on_problem, asked.dry_run).await)
}

/// Targets of people, units, job roles and all.
pub async fn targets(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, SendTargets(()))?;
    told(imports::targets(&app, &may, file, "targets.csv", asked.dry_run).await)
}

/// What people have promised elsewhere.
pub async fn commitments(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Csv(file): Csv,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, SendTargets(()))?;
    told(imports::commitments(&app, &may, file, "commitments.csv", asked.dry_run).await)
}
