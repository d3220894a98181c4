//! Supports and the published results of studies, as JSON: what the pages show, never rows of persons.

use app::App;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{ReadStudyResult, Relation, permit};
use domain::ids::StudyId;
use serde_json::{Value, json};

use crate::extract::Path;
use crate::problem::Answer;
use crate::session::Asker;

/// Every support with its studies' newest results.
pub async fn interventions(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (chains, words) = app::chain::list(&app, &may).await?;
    let shown: Vec<Value> = chains
        .iter()
        .map(|c| {
            let support = &c.support.intervention;
            let metric = c
                .study
                .as_ref()
                .and_then(|s| words.metrics.values().find(|m| m.id == s.study.metric))
                .map(|m| m.code.clone());
            json!({
                "id": support.id,
                "code": support.code,
                "name": support.name,
                "kind": support.kind,
                "minutes": support.minutes,
                "minutes_per": support.minutes_per,
                "state": support.state,
                "units_started": c.support.starts.iter().filter(|s| s.day <= app.today()).count(),
                "study": c.study.as_ref().map(|s| s.study.id),
                "metric": metric,
                "verdict": c.study.as_ref().and_then(|s| s.answer.as_ref()).map(|a| a.verdict.clone()),
                "grade": c.study.as_ref().and_then(|s| s.answer.as_ref()).map(|a| a.grade.clone()),
                "estimate": c.reading.as_ref().and_then(|r| r.outcome.estimate),
                "share": c.reading.as_ref().and_then(|r| r.outcome.share),
                "before_after": c.reading.as_ref().and_then(|r| r.outcome.naive),
            })
        })
        .collect();
    Ok(axum::Json(json!({ "interventions": shown })).into_response())
}

/// One study with its newest reading and its decisions.
pub async fn study(State(app): State<App>, asker: Asker, Path(id): Path<StudyId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let outcome = app::studies::result(&app, &may, id).await?;
    let reading = outcome.answer.as_ref().map(app::studies::reading).transpose()?;
    let study = &outcome.study;
    let decisions: Vec<Value> = outcome
        .decisions
        .iter()
        .map(|d| json!({ "decision": d.choice, "reason": d.why, "at": d.at, "input_hash": d.input_hash }))
        .collect();
    let answer = outcome.answer.as_ref().map(|a| {
        json!({
            "number": a.number,
            "read_at": a.at,
            "up_to": a.up_to,
            "input_hash": a.input_hash,
            "method": a.method,
            "version": a.version,
            "grade": a.grade,
            "verdict": a.verdict,
        })
    });
    Ok(axum::Json(json!({
        "id": study.id,
        "code": study.code,
        "intervention": study.intervention,
        "design": study.design,
        "because": study.hypothesis.because,
        "hypothesis": study.hypothesis.sentence,
        "locked_on": study.locked_on,
        "reading_day": study.reading_day,
        "answer": answer,
        "reading": reading,
        "decisions": decisions,
    }))
    .into_response())
}
