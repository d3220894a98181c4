//! What is kept quiet: who answers for it, why, until when; and keeping quiet what one answers for, or administers.

use app::App;
use app::attention::Wanted;
use axum::extract::State;
use domain::access::{Denied, KeepQuiet, ReadRules, Relation, SilenceMetric, permit, permit_owner};
use domain::ids::SilenceId;
use domain::time::Day;
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
    let rows = app::attention::silences(app, &asker.who).await?;
    let row = |s: app::attention::Named| SilenceRow {
        covers: s.covers,
        reason: s.silence.reason,
        owner: s.owner,
        until: s.silence.until,
        end: s.may_end.then(|| format!("/silences/{}/end", s.silence.id)),
    };
    let widely = permit(&asker.who, Relation::NONE, KeepQuiet(())).is_ok();
    let metrics = if widely {
        app::alerts::rules::metrics(app, &permit(&asker.who, Relation::NONE, ReadRules(()))?).await?
    } else {
        app::health::metrics_of(app, viewer.person).await?
    };
    let status = forms::status(&form.errors);
    let form = (widely || !metrics.is_empty()).then(|| SilenceForm {
        widely,
        metrics: metrics.iter().map(|m| (m.code.clone(), m.name.clone())).collect(),
        until_max: Some(today.plus(domain::attention::SILENCE_DAYS)),
        ..form
    });
    let shell = page::shell(app, asker, "Kept quiet").await?;
    page::with_status(status, &SilencesPage { shell, rows: rows.into_iter().map(row).collect(), form })
}

/// What, where, until when, why, and who answers for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    #[serde(default)]
    pub(crate) metric: String,
    #[serde(default)]
    pub(crate) unit: String,
    #[serde(default)]
    pub(crate) person: String,
    #[serde(default)]
    pub(crate) owner: String,
    #[serde(default)]
    pub(crate) until: String,
    #[serde(default)]
    pub(crate) why: String,
}

/// Sets a silence: of whatever is named, for whoever administers; else of a metric, for whoever answers for it.
pub(crate) async fn quiet(app: &App, asker: &Asker, form: &Quiet) -> Answer<(SilenceId, Day)> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let until = || {
        forms::date("silence-until", &form.until)?
            .ok_or_else(|| Problem::invalid("silence-until", "choose a day"))
    };
    if let Ok(may) = permit(&asker.who, Relation::NONE, KeepQuiet(())) {
        let wanted = Wanted {
            person: given(&form.person),
            metric: given(&form.metric),
            unit: given(&form.unit),
            owner: given(&form.owner),
        };
        let until = until()?;
        return Ok((app::attention::silence_scope(app, &may, wanted, until, &form.why).await?, until));
    }
    // Others learn nothing, not even whether there is such a metric.
    let found = app::health::who_answers_for(app, &form.metric).await?;
    let (metric, owner) = found.ok_or(Denied::Hidden)?;
    let may = permit_owner(&asker.who, owner, SilenceMetric(metric))?;
    let unit = match given(&form.unit) {
        None => None,
        Some(code) => Some(app::people::unit_with_code(app, &code).await?.ok_or_else(|| {
            Problem::invalid(
                "silence-unit",
                format!("no unit has the code “{code}”; look it up in the list of units"),
            )
        })?),
    };
    let until = until()?;
    Ok((app::attention::silence_metric(app, &may, unit, until, &form.why).await?, until))
}

/// Keeps something quiet.
pub async fn set(State(app): State<App>, asker: Asker, Form(form): Form<Quiet>) -> Answer {
    match quiet(&app, &asker, &form).await {
        Ok((silence, until)) => {
            let said = format!("Quiet until {}.", format::day(until, app.today()));
            Ok(page::done_and_back("/silences", &said, &format!("/silences/{silence}/end")))
        }
        Err(problem) => {
            let errors: FormErrors = forms::form_errors(problem, str::to_owned)?;
            let typed = SilenceForm {
                chosen: form.metric,
                unit: form.unit,
                person: form.person,
                owner: form.owner,
                until: form.until,
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
    app::attention::end_silence(&app, &asker.who, id, true).await?;
    Ok(page::done_and_back("/silences", "No longer quiet.", &format!("/silences/{id}/again")))
}

/// Takes the early end of a silence back.
pub async fn again(State(app): State<App>, asker: Asker, Path(id): Path<SilenceId>) -> Answer {
    app::attention::end_silence(&app, &asker.who, id, false).await?;
    Ok(page::done_and_back("/silences", "Quiet again.", &format!("/silences/{id}/end")))
}
