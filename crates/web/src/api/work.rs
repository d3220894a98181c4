//! What the pages about people's work show, as JSON: the same use cases, the same access, the same entry in the list of looks.

use std::collections::BTreeMap;

use app::dashboard::{self, Board, MetricRead, Stand};
use app::{App, metrics as definitions};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{
    Denied, ReadAlert, ReadCoaching, ReadMetrics, ReadOperations, ReadOrgBoard, ReadTeamBoard, Relation,
    permit,
};
use domain::alerts::Alert;
use domain::coaching::{Action, Session};
use domain::ids::{AlertId, MetricId, PersonId, SessionId, Subject};
use domain::metrics::Metric;
use domain::targets::{Commitment, Target};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::{Path, Query};
use crate::problem::{Answer, Problem};
use crate::session::Asker;
use crate::ui::arrange::towards;
use crate::ui::session::on;

fn answer(value: Value) -> Answer {
    Ok(axum::Json(value).into_response())
}

/// A definition.
fn metric(m: &Metric) -> Value {
    json!({
        "id": m.id, "code": m.code, "version": m.version, "name": m.name, "unit": m.unit,
        "direction": m.direction, "level": m.level, "grain": m.grain, "aggregation": m.aggregation,
        "cadence": m.cadence, "decimals": m.decimals, "guardrail": m.guardrail,
        "source": m.source, "description": m.description,
    })
}

/// Where a person stands on a metric.
fn stand(s: &Stand) -> Value {
    json!({
        "metric": s.metric, "state": s.state, "period": s.period, "value": s.value,
        "usual": s.usual.map(|(centre, low, high)| json!({ "centre": centre, "low": low, "high": high })),
        "target": s.target.map(|(level, tolerance)| json!({ "level": level, "tolerance": tolerance })),
        "commitment": s.commitment, "since": s.since, "detail": s.detail,
    })
}

fn alert_json(a: &Alert) -> Value {
    json!({
        "id": a.id, "about": a.subject, "metric": a.metric, "kind": a.kind, "way": a.way, "state": a.state,
        "since": a.since, "opened_at": a.opened_at.to_string(), "closed_on": a.closed_on,
        "snoozed_until": a.snoozed_until, "effect": a.effect, "facts": a.facts, "rule": a.rule,
        "within": a.within, "previous": a.previous, "answer": a.answer, "answer_note": a.answer_note,
    })
}

fn session_json(s: &Session, actions: &[Action]) -> Value {
    let action = actions.iter().find(|a| a.session == s.id).map(
        |a| json!({ "text": a.text, "owner": a.owner, "by": a.by, "check": a.check, "result": a.result }),
    );
    json!({
        "id": s.id, "person": s.person, "leader": s.leader, "alert": s.alert, "metric": s.metric,
        "state": s.state, "opened_on": s.opened_on, "found": s.found, "agreed": s.agreed, "action": action,
        "person_signed": s.person_signed.map(|at| at.to_string()),
        "leader_signed": s.leader_signed.map(|at| at.to_string()),
        "closed_at": s.closed_at.map(|at| at.to_string()), "result": s.result,
    })
}

fn target(t: &Target) -> Value {
    json!({
        "scope": t.scope, "version": t.version, "level": t.level, "tolerance": t.tolerance,
        "window": t.window, "from": t.from, "ended": t.ended, "set_by": t.set_by,
        "set_at": t.set_at.to_string(), "why": t.why,
    })
}

fn commitment(c: &Commitment) -> Value {
    json!({
        "version": c.version, "level": c.level, "from": c.from, "ended": c.ended, "set_by": c.set_by,
        "set_at": c.set_at.to_string(), "why": c.why,
    })
}

fn board(board: &Board) -> Value {
    let people: Vec<Value> = board
        .people
        .iter()
        .map(|p| {
            let stands: Vec<Value> = board
                .metrics
                .iter()
                .filter_map(|m| board.cells.get(&(p.id, m.id)))
                .map(|cell| stand(&cell.stand))
                .collect();
            json!({ "id": p.id, "name": p.name, "standing": stands })
        })
        .collect();
    json!({
        "people": people,
        "metrics": board.metrics.iter().map(metric).collect::<Vec<_>>(),
        "alerts": board.alerts.iter().map(alert_json).collect::<Vec<_>>(),
        "sessions": board.sessions.iter().map(|s| session_json(s, &board.actions)).collect::<Vec<_>>(),
    })
}

/// Every metric with the versions of its definition: who set each, and why.
pub async fn metrics(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadOrgBoard(()))?;
    let all: Vec<Value> = definitions::list(&app, &may)
        .await?
        .iter()
        .map(|(m, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|v| json!({ "version": v.version, "set_by": v.set_by, "set_at": v.set_at.to_string(), "why": v.why }))
                .collect();
            let mut shown = metric(m);
            shown["versions"] = versions.into();
            shown
        })
        .collect();
    answer(json!({ "metrics": all }))
}

/// One's own board, as on Today.
pub async fn today(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?;
    answer(board(&dashboard::own(&app, viewer).await?))
}

/// Everybody who reports to the one who asks, as on My team.
pub async fn team(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?.clone();
    if viewer.reports.is_empty() {
        return Err(Denied::Forbidden.into());
    }
    let may = permit(&asker.who, Relation { same: true, ..Relation::NONE }, ReadTeamBoard(()))?;
    let read = dashboard::team(&app, may, &viewer).await?;
    let others: Vec<PersonId> = viewer.reports.iter().copied().collect();
    app::access::log_looks(&app, &asker.who, &others, "the team board").await?;
    answer(board(&read))
}

/// Where a person stands on each of their metrics.
pub async fn person(State(app): State<App>, asker: Asker, Path(id): Path<PersonId>) -> Answer {
    let (may, relation) = towards(&app, &asker.who, id, ReadMetrics(id)).await?;
    let (who, metrics, stands) = dashboard::person(&app, &may).await?;
    app::access::log_look(&app, &asker.who, id, "all metrics", relation).await?;
    answer(json!({
        "person": { "id": who.id, "name": who.name },
        "metrics": metrics.iter().map(metric).collect::<Vec<_>>(),
        "standing": stands.iter().map(stand).collect::<Vec<_>>(),
    }))
}

/// What may be asked of one metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedOfMetric {
    /// How many periods up to the newest; 52 where nobody says.
    periods: Option<u16>,
}

fn one_metric(read: &MetricRead) -> Value {
    let readings: Vec<Value> = read
        .readings
        .iter()
        .map(|r| {
            json!({
                "period": r.period, "value": r.quantity.value(), "numerator": r.quantity.numerator,
                "denominator": r.quantity.denominator, "revision": r.revision, "late": r.late,
            })
        })
        .collect();
    json!({
        "person": { "id": read.person.id, "name": read.person.name },
        "metric": metric(&read.metric),
        "standing": read.stand.as_ref().map(stand),
        "readings": readings,
        "targets": read.targets.iter().map(target).collect::<Vec<_>>(),
        "commitments": read.commitments.iter().map(commitment).collect::<Vec<_>>(),
        "alerts": read.alerts.iter().map(alert_json).collect::<Vec<_>>(),
        "sessions": read.sessions.iter().map(|s| session_json(s, &read.actions)).collect::<Vec<_>>(),
    })
}

/// One metric of one person: readings, targets and commitments with every version, alerts.
pub async fn person_metric(
    State(app): State<App>,
    asker: Asker,
    Path((id, metric)): Path<(PersonId, MetricId)>,
    Query(asked): Query<AskedOfMetric>,
) -> Answer {
    let (may, relation) = towards(&app, &asker.who, id, ReadMetrics(id)).await?;
    let periods = asked.periods.unwrap_or(52);
    if !(1..=520).contains(&periods) {
        return Err(Problem::invalid("query.periods", "give a whole number from 1 to 520"));
    }
    let read = dashboard::metric(&app, &may, metric, i32::from(periods)).await?;
    let what = format!("metric “{}”", read.metric.name);
    app::access::log_look(&app, &asker.who, id, &what, relation).await?;
    answer(one_metric(&read))
}

fn named(names: &BTreeMap<PersonId, String>, by: &str) -> Option<String> {
    by.parse::<PersonId>().ok().and_then(|id| names.get(&id).cloned())
}

/// One alert with what happened to it. An alert about a unit holds groups, never one person.
pub async fn alert(State(app): State<App>, asker: Asker, Path(id): Path<AlertId>) -> Answer {
    let person = match dashboard::alert_subject(&app, id).await? {
        Some(Subject::Person(person)) => person,
        Some(Subject::Unit(_)) => {
            let may = permit(&asker.who, Relation::NONE, ReadOrgBoard(()))?;
            let read = dashboard::unit_alert(&app, may, id).await?;
            let mut shown = alert_json(&read.alert);
            shown["unit"] = read.unit.into();
            return answer(shown);
        }
        None => return Err(Problem::not_found()),
    };
    let (may, relation) = towards(&app, &asker.who, person, ReadAlert(id)).await?;
    let read = dashboard::alert(&app, &may).await?;
    let what = format!("alert on “{}”", read.read.metric.name);
    app::access::log_look(&app, &asker.who, person, &what, relation).await?;
    let events: Vec<Value> = read
        .events
        .iter()
        .map(|e| json!({ "at": e.at.to_string(), "state": e.state, "by": named(&read.names, &e.by), "note": e.note }))
        .collect();
    let messages: Vec<Value> = read
        .messages
        .iter()
        .map(|m| json!({ "at": m.at.to_string(), "by": read.names.get(&m.author), "text": m.text }))
        .collect();
    let mut shown = alert_json(&read.alert);
    shown["events"] = events.into();
    shown["messages"] = messages.into();
    answer(shown)
}

/// One's own talks, newest first.
pub async fn sessions(State(app): State<App>, asker: Asker) -> Answer {
    let talks = dashboard::talks(&app, asker.person()?).await?;
    let all: Vec<Value> = talks.sessions.iter().map(|s| session_json(s, &talks.actions)).collect();
    answer(json!({ "sessions": all }))
}

/// One talk, for the two whose it is.
pub async fn session(State(app): State<App>, asker: Asker, Path(id): Path<SessionId>) -> Answer {
    let (may, relation, person) = on(&app, &asker, id, ReadCoaching(id)).await?;
    let read = dashboard::session(&app, &may).await?;
    let what = format!("talk about “{}”", read.read.metric.name);
    app::access::log_look(&app, &asker.who, person, &what, relation).await?;
    let messages: Vec<Value> = read
        .messages
        .iter()
        .map(|m| json!({ "at": m.at.to_string(), "by": read.names.get(&m.author), "text": m.text }))
        .collect();
    let actions: Vec<Action> = read.action.into_iter().collect();
    let mut shown = session_json(&read.session, &actions);
    shown["agenda"] = json!(read.session.agenda);
    shown["messages"] = messages.into();
    answer(shown)
}

/// Is everything flowing: feeds, queues, what waits. Counts, no values and no names of people.
pub async fn health(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadOperations(()))?;
    let health = app::health::health(&app, may).await?;
    let feeds: Vec<Value> = health
        .feeds
        .iter()
        .map(|f| {
            let run = f.runs.first().map(|r| {
                json!({
                    "at": r.at.to_string(), "source": r.source, "accepted": r.accepted,
                    "corrected": r.corrected, "unchanged": r.unchanged, "refused": r.refused,
                })
            });
            json!({
                "code": f.feed.code, "name": f.feed.name, "cadence": f.feed.cadence,
                "late_after_days": f.feed.lag_days, "newest": f.newest, "last_run": run,
            })
        })
        .collect();
    let backlog: BTreeMap<&str, i64> = health.backlog.iter().map(|(step, n)| (step.as_str(), *n)).collect();
    answer(json!({
        "feeds": feeds,
        "silent": health.silent.len(),
        "actors_waiting": health.unresolved_total,
        "data_in_question": health.in_question,
        "outbox": {
            "waiting": health.queue.waiting, "parked": health.queue.parked,
        },
        "pipeline_backlog": backlog,
    }))
}
