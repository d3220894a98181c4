//! What is decided on a study's reading: the form, and how a decision is said.

use app::App;
use axum::extract::State;
use domain::access::{DecideStudy, ReadStudyResult, Relation, permit, permit_decision};
use domain::studies::{Choice, Decision};
use domain::time::Day;
use serde::Deserialize;

use super::chain::which;
use super::format;
use super::forms::date;
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The decision form. What says from when counts where the decision is to scale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    decision: String,
    reason: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    waves: String,
    #[serde(default)]
    weeks: String,
}

/// Records what was decided on the newest reading.
pub async fn record(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
    Form(form): Form<Deciding>,
) -> Answer {
    let may = permit_decision(&asker.who, DecideStudy(()))?;
    let read = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let Some(choice) = Choice::from_word(&form.decision) else {
        return Err(Problem::invalid("decision", "choose scale, adapt, stop or watch"));
    };
    let (chain, _) = app::chain::chain(&app, &read, which(&id)?).await?;
    let Some(study) = chain.study else { return Err(Problem::not_found()) };
    let next = match (choice, date("from", &form.from)?) {
        (Choice::Scale, Some(from)) => {
            let number = |field: &str, text: &str, else_: u32| match text.trim() {
                "" => Ok(else_),
                text => text.parse().map_err(|_| Problem::invalid(field, "give a whole number")),
            };
            let (waves, weeks) = (number("waves", &form.waves, 1)?, number("weeks", &form.weeks, 4)?);
            Some(app::studies::Next { from, waves, weeks })
        }
        _ => None,
    };
    let (_, scheduled) = app::studies::decide(&app, &may, study.study.id, choice, form.reason, next).await?;
    let said = match scheduled {
        0 => "Recorded, with your reason.".to_owned(),
        n => format!(
            "Recorded. {} scheduled, in an order by lot.",
            format::plural(n as u64, "unit is", "units are")
        ),
    };
    Ok(page::done(&format!("/chains/{id}"), &said))
}

/// What was decided, by whom, when and why.
pub(crate) fn decided(d: &Decision, who: &str, day: Day, today: Day) -> String {
    let (what, day) = (format::capital(choice(d.choice)), format::short_date(day, today));
    format!("{what}: {who} decided on {day}. {}", d.why)
}

pub(crate) fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Scale => "scale",
        Choice::Adapt => "adapt",
        Choice::Stop => "stop",
        Choice::Watch => "keep watching",
    }
}
