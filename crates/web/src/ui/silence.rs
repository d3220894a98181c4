//! What is kept quiet: who answers for it, why, until when; and keeping a metric quiet that one answers for.

use app::App;
use axum::extract::State;
use domain::access::{SilenceMetric, permit_owner};
use domain::ids::{MetricId, SilenceId};
use serde::Deserialize;

use super::format;
use super::forms;
use super::view::{FormErrors, SilenceForm, SilenceRow, SilencesPage};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    page_of(&app, &asker, SilenceForm::default()).await
}

async fn page_of(app: &App, asker: &Asker, form: SilenceForm) -> Answer {
    let viewer = asker.person()?;
    let today = app.today();
    let rows = app::attention::silences(app, viewer).await?;
    let row = |s: app::attention::Named| SilenceRow {
        covers: s.covers,
        reason: s.silence.reason,
        owner: s.owner,
        until: s.silence.until,
        end: s.may_end.then(|| format!("/silences/{}/end", s.silence.id)),
    };
    let metrics = app::health::metrics_of(app, viewer.person).await?;
    let status = forms::status(&form.errors);
    let form = (!metrics.is_empty()).then(|| SilenceForm {
        metrics: metrics.iter().map(|m| (m.id.to_string(), m.name.clone())).collect(),
        until_max: Some(today.plus(domain::attention::SILENCE_DAYS)),
        ..form
    });
    let shell = page::shell(app, asker, "Kept quiet").await?;
    page::with_status(status, &SilencesPage { shell, rows: rows.into_iter().map(row).collect(), form })
}

/// Which metric, where, until when and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    metric: MetricId,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    why: String,
}

/// Whoever answers for a metric keeps it quiet.
pub async fn set(State(app): State<App>, asker: Asker, Form(form): Form<Quiet>) -> Answer {
    let owner = app::health::who_answers_for(&app, form.metric).await?;
    let may = permit_owner(&asker.who, owner, SilenceMetric(form.metric))?;
    let quiet = async {
        let unit = match form.unit.trim() {
            "" => None,
            code => Some(app::people::unit_with_code(&app, code).await?.ok_or_else(|| {
                Problem::invalid(
                    "silence-unit",
                    format!("no unit has the code “{code}”; look it up in the list of units"),
                )
            })?),
        };
        let until = forms::date("silence-until", &form.until)?
            .ok_or_else(|| Problem::invalid("silence-until", "choose a day"))?;
        Ok((app::attention::silence_metric(&app, &may, unit, until, &form.why).await?, until))
    };
    match quiet.await {
        Ok((silence, until)) => {
            let said = format!("Quiet until {}.", format::day(until, app.today()));
            Ok(page::done_and_back("/silences", &said, &format!("/silences/{silence}/end")))
        }
        Err(problem) => {
            let errors: FormErrors = forms::form_errors(problem, str::to_owned)?;
            let typed = SilenceForm {
                chosen: form.metric.to_string(),
                unit: form.unit,
                why: form.why,
                errors,
                ..SilenceForm::default()
            };
            page_of(&app, &asker, typed).await
        }
    }
}

/// Ends a silence before its time.
pub async fn end(State(app): State<App>, asker: Asker, Path(id): Path<SilenceId>) -> Answer {
    app::attention::end_silence(&app, asker.person()?, id).await?;
    Ok(page::done("/silences", "No longer quiet."))
}
