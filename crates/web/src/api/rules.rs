//! The rules for reds, as the page shows, tries and sets them.

use app::App;
use app::alerts::rules::{self, Change, DEFAULT};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{ReadRules, Relation, WriteRules, permit};
use domain::alerts::series::Rules;
use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::{Json, Path, Query};
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// Every version of every rule, by code, the newest first.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadRules(()))?;
    let all: Vec<Value> = rules::history(&app, &may)
        .await?
        .iter()
        .map(|rule| {
            json!({
                "code": rule.code, "version": rule.version, "parameters": rule.rules, "set_by": rule.set_by,
                "set_at": rule.set_at.map(|at| at.to_string()), "why": rule.why,
            })
        })
        .collect();
    Ok(axum::Json(json!({ "rules": all })).into_response())
}

/// The rules in force as the file that brings them in.
pub async fn file(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadRules(()))?;
    let text = app::imports::rules_file(&app, &may).await?;
    Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], text).into_response())
}

/// A rule as it is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    code: String,
    why: String,
    /// Parameters that are not named are as delivered; `null` lets a metric go by the default.
    parameters: Option<Rules>,
}

/// What may be asked of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    dry_run: bool,
}

/// Sets one rule.
pub async fn set(
    State(app): State<App>,
    asker: Asker,
    Query(asked): Query<Asked>,
    Json(wanted): Json<Wanted>,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteRules(()))?;
    let change = Change { code: wanted.code, rules: wanted.parameters, why: wanted.why };
    let done = rules::set(&app, &may, vec![change], asked.dry_run).await?;
    Ok(axum::Json(done).into_response())
}

/// Goes back to a version.
pub async fn back(
    State(app): State<App>,
    asker: Asker,
    Path((code, version)): Path<(String, i64)>,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteRules(()))?;
    Ok(axum::Json(rules::back_to(&app, &may, &code, version).await?).into_response())
}

/// A rule to be tried.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The metric's code.
    metric: String,
    #[serde(default = "a_year")]
    weeks: usize,
    /// As delivered where it is left out.
    #[serde(default)]
    parameters: Rules,
}

const fn a_year() -> usize {
    52
}

/// Says what a rule would have done. Nothing is kept.
pub async fn try_it(State(app): State<App>, asker: Asker, Json(trial): Json<Trial>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteRules(()))?;
    let read = permit(&asker.who, Relation::NONE, ReadRules(()))?;
    if !(1..=rules::MOST_PERIODS).contains(&trial.weeks) {
        let fault = format!("give a whole number from 1 to {}", rules::MOST_PERIODS);
        return Err(Problem::invalid("body.weeks", fault));
    }
    let metrics = rules::metrics(&app, &read).await?;
    let Some(metric) = metrics.iter().find(|m| m.code == trial.metric) else {
        let fault =
            format!("no metric has the code `{}`; `{DEFAULT}` is tried on one of them too", trial.metric);
        return Err(Problem::invalid("body.metric", fault));
    };
    let tried =
        rules::try_on_history(&app, &asker.who, &may, metric.id, trial.parameters, trial.weeks).await?;
    let period = |at: usize| at.checked_sub(tried.first).and_then(|at| tried.periods.get(at));
    let teams = tried.teams.iter().map(|team| {
        json!({ "leader": team.leader, "teams": team.teams, "people": team.people, "by_period": team.by_period })
    });
    let named = tried.named.iter().map(|(name, fired)| {
        json!({
            "about": name, "kind": fired.kind, "way": fired.way, "opened": period(fired.opened),
            "closed": fired.closed.and_then(period),
        })
    });
    let answer = json!({
        "metric": tried.metric.code, "judged": tried.trial.judged, "alerts": tried.trial.fired.len(),
        "per_hundred": tried.trial.per_hundred(), "groups": tried.trial.groups.len(),
        "plain_threshold": tried.trial.plain, "red_by_chance": tried.trial.chance,
        "periods": tried.periods, "by_period": tried.by_period, "by_period_in_force": tried.by_period_now,
        "teams": teams.collect::<Vec<_>>(), "named": named.collect::<Vec<_>>(),
    });
    Ok(axum::Json(answer).into_response())
}
