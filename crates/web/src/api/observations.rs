//! Observations in batches, as other systems send them.

use app::App;
use app::metrics::{Incoming, OnProblem};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{Relation, SendObservations, permit};
use domain::metrics::Quantity;
use domain::time::Day;
use serde::Deserialize;
use serde_json::json;

use crate::extract::Json;
use crate::problem::Answer;
use crate::session::Asker;

/// A batch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Its observations, at most [`app::metrics::BATCH_MAX`].
    observations: Vec<Item>,
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
    /// Take the good items and list the others, instead of refusing all.
    #[serde(default)]
    skip_bad: bool,
}

/// One observation: a value, or both parts of a ratio.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    metric: String,
    subject: String,
    period: Day,
    value: Option<f64>,
    numerator: Option<f64>,
    denominator: Option<f64>,
}

/// Takes a batch: idempotent by metric, subject and period; a different value is a correction. Refused items are named
/// by their place, and nothing of a refused batch is kept.
pub async fn record(State(app): State<App>, asker: Asker, Json(batch): Json<Batch>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, SendObservations(()))?;
    let mut items = Vec::with_capacity(batch.observations.len());
    let mut faults = Vec::new();
    for (n, item) in batch.observations.into_iter().enumerate() {
        let quantity = match (item.value, item.numerator, item.denominator) {
            (Some(value), None, None) => Quantity::plain(value),
            (None, Some(numerator), Some(below)) => Quantity { numerator, denominator: Some(below) },
            _ => {
                let reason = "send `value`, or `numerator` and `denominator`";
                faults.push(app::Fault::at(format!("body.observations[{n}]"), reason));
                continue;
            }
        };
        items.push(Incoming {
            line: n as u64 + 1,
            metric: item.metric,
            subject: item.subject,
            day: item.period,
            quantity,
        });
    }
    if !faults.is_empty() {
        return Err(app::Error::Invalid(faults).into());
    }
    let on_problem = if batch.skip_bad { OnProblem::Skip } else { OnProblem::Refuse };
    let receipt = app::metrics::record(&app, &may, "api", items, on_problem, batch.dry_run)
        .await
        .map_err(named_by_item)?;
    let refused: Vec<_> = receipt
        .problems
        .iter()
        .map(|p| {
            let place = format!("body.observations[{}].{}", p.line.saturating_sub(1), p.column);
            json!({ "place": place, "value": p.value, "reason": p.reason })
        })
        .collect();
    let receipt = json!({
        "accepted": receipt.accepted,
        "corrected": receipt.corrected,
        "unchanged": receipt.unchanged,
        "refused": refused,
        "applied": !batch.dry_run,
    });
    Ok(axum::Json(receipt).into_response())
}

/// Places of items instead of lines of a file.
fn named_by_item(error: app::Error) -> app::Error {
    let app::Error::Invalid(faults) = error else { return error };
    let named = faults.into_iter().map(|fault| {
        let at = fault.place.strip_prefix("line ").and_then(|rest| rest.split_once(", "));
        match at.and_then(|(line, column)| Some((line.parse::<u64>().ok()?, column))) {
            Some((line, column)) => app::Fault {
                place: format!("body.observations[{}].{column}", line.saturating_sub(1)),
                reason: fault.reason,
            },
            None => fault,
        }
    });
    app::Error::Invalid(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_named_by_their_place() {
        let fault = app::Fault::at("line 3, metric", "`x`: unknown");
        let app::Error::Invalid(faults) = named_by_item(app::Error::Invalid(vec![fault])) else { panic!() };
        assert_eq!(faults[0].place, "body.observations[2].metric");
    }
}
