//! Supports and the published results of studies, as JSON: what the pages show, never rows of persons.

use app::App;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{ReadStudyData, ReadStudyResult, Relation, permit};
use domain::ids::{MetricId, StudyId};
use domain::studies::{Reading, draw, portfolio, prose};
use http::header;
use serde_json::{Value, json};

use crate::extract::Path;
use crate::problem::Answer;
use crate::session::Asker;

/// Every support with its studies' newest results.
pub async fn interventions(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (chains, words) = app::chain::list(&app, &may).await?;
    let readings: Vec<Option<&Reading>> = chains.iter().map(|c| c.reading.as_ref()).collect();
    let shown: Vec<Value> = chains
        .iter()
        .zip(portfolio::judge(&readings))
        .map(|(c, judged)| {
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
                "hours": c.reading.as_ref().map(|r| r.ledger.hours),
                "money": c.reading.as_ref().map(|r| r.ledger.money),
                "gain": c.reading.as_ref().and_then(|r| r.ledger.gain),
                "verdict_among_all": judged.map(|j| prose::word(j.verdict)),
                "stands_among_all": judged.and_then(|j| j.stands),
                "proposal": judged.and_then(|j| j.proposal),
            })
        })
        .collect();
    Ok(axum::Json(json!({ "interventions": shown })).into_response())
}

/// One study: the hypothesis, where it is, what was changed since the lock, the newest reading and the decisions.
pub async fn study(State(app): State<App>, asker: Asker, Path(id): Path<StudyId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let stand = app::studies::published(&app, &may, id).await?;
    let reading = stand.answer.as_ref().map(app::studies::reading).transpose()?;
    let study = &stand.study;
    let code = |id: Option<MetricId>| stand.metrics.iter().find(|m| Some(m.id) == id).map(|m| m.code.clone());
    let decisions: Vec<Value> = stand
        .decisions
        .iter()
        .map(|d| json!({ "decision": d.choice, "reason": d.why, "at": d.at, "input_hash": d.input_hash }))
        .collect();
    let amendments: Vec<Value> = stand
        .amendments
        .iter()
        .map(|a| json!({ "number": a.number, "at": a.at, "changes": a.changes, "reason": a.why }))
        .collect();
    let draws: Vec<Value> = stand
        .draws
        .iter()
        .map(|d| {
            json!({
                "number": d.number,
                "seed": format!("{:016x}", d.seed),
                "request": d.request,
                "at": d.at,
                "applied_at": d.applied_at,
                "drawn": draw::draw(&d.request, d.seed),
            })
        })
        .collect();
    let answer = stand.answer.as_ref().map(|a| {
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
    let h = &study.hypothesis;
    Ok(axum::Json(json!({
        "id": study.id,
        "code": study.code,
        "intervention": study.intervention,
        "stage": stand.stage,
        "metric": code(Some(study.metric)),
        "design": study.design,
        "hypothesis": h.sentence,
        "whom": h.whom,
        "by": h.expected,
        "within": h.within,
        "because": h.because,
        "guardrails": h.guardrails.iter().filter_map(|g| code(Some(*g))).collect::<Vec<_>>(),
        "stop_if": h.stop_if,
        "before": study.plan.before,
        "after": study.plan.after,
        "scale": study.plan.scale,
        "smallest": study.plan.smallest,
        "locked_on": study.locked_on,
        "first_start": stand.first_start,
        "reading_day": study.reading_day,
        "amendments": amendments,
        "draws": draws,
        "answer": answer,
        "reading": reading,
        "decisions": decisions,
    }))
    .into_response())
}

/// The evidence pack of the newest reading, as a file that `throughline estimate --pack` computes again.
pub async fn pack(State(app): State<App>, asker: Asker, Path(id): Path<StudyId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let rows = permit(&asker.who, Relation::NONE, ReadStudyData(id)).ok();
    let file = app::studies::pack(&app, &may, rows.as_ref(), id).await?;
    // Codes are plain words; anything else would end the header.
    let name: String = file
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, file.bytes).into_response())
}
