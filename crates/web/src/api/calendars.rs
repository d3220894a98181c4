//! The working calendar of a unit, as the page shows it.

use app::App;
use app::calendars::of_unit;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::{ReadRules, Relation, permit};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::Query;
use crate::problem::Answer;
use crate::session::Asker;

/// Which unit.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Its code; the asker's own where it is left out.
    #[serde(default)]
    unit: Option<String>,
}

/// The calendar that holds in a unit, its closures, and the leave of those who work there as far as the asker may see it.
pub async fn get(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadRules(()))?;
    let found = of_unit(&app, &asker.who, &may, asked.unit.as_deref()).await?;
    let found = found.ok_or(app::Error::NotFound("org unit"))?;
    let closures: Vec<Value> = found
        .closures
        .iter()
        .map(|(unit, c)| {
            json!({ "unit": unit.code, "from": c.span.from, "until": c.span.until, "reason": c.reason })
        })
        .collect();
    let away: Vec<Value> = found
        .away
        .iter()
        .map(|a| {
            json!({
                "person": a.code, "name": a.name, "from": a.away.span.from, "until": a.away.span.until,
                "share": a.away.share,
            })
        })
        .collect();
    let calendar = json!({
        "code": found.from.as_ref().map(|_| &found.calendar.code), "name": found.calendar.name,
        "weekdays": found.calendar.weekdays, "days": found.calendar.days,
        "set_for": found.from.as_ref().map(|unit| &unit.code),
    });
    let answer = json!({
        "unit": found.unit.code, "name": found.unit.name,
        "above": found.above.iter().map(|u| &u.code).collect::<Vec<_>>(),
        "below": found.below.iter().map(|u| &u.code).collect::<Vec<_>>(),
        "calendar": calendar, "closures": closures, "leave": away,
    });
    Ok(axum::Json(answer).into_response())
}
