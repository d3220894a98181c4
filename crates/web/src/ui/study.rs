//! A study on its way: write the sentence, lock it, draw who starts when, watch it run.

mod page;

use std::collections::{BTreeMap, BTreeSet};

use app::App;
use app::studies::{Draft, Wanted};
use axum::extract::State;
use domain::access::{Permit, ReadStudy, Relation, WriteStudy, permit};
use domain::ids::{InterventionId, MetricId, StudyId, UnitId};
use domain::metrics::Metric;
use domain::studies::draw::Shape;
use domain::studies::{Design, Scale};
use domain::time::Day;
use serde::Deserialize;

use super::format;
use super::forms::{self, form_errors};
use super::view::{Choice, DrawForm, FormErrors, HypothesisForm, Link, NewStudyPage, Place};
use crate::extract::{Form, Path, Query};
use crate::page as pages;
use crate::problem::Answer;
use crate::session::Asker;

/// Which support a new hypothesis is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    support: String,
    metric: String,
}

/// The sentence as typed. Everything is text, so that what is wrong is said beside its field.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Typed {
    support: String,
    metric: String,
    design: String,
    whom: String,
    by: String,
    within: String,
    because: String,
    stop_if: String,
    before: String,
    after: String,
    scale: String,
    smallest: String,
    reading: String,
    why: String,
    /// What is ticked: fields `guardrail:` and the metric.
    #[serde(flatten, deserialize_with = "ticked")]
    guardrails: BTreeSet<String>,
}

/// The ticked guardrails; any other field is none of the form's.
fn ticked<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeSet<String>, D::Error> {
    BTreeMap::<String, String>::deserialize(from)?
        .into_keys()
        .map(|name| match name.strip_prefix("guardrail:") {
            Some(metric) => Ok(metric.to_owned()),
            None => Err(serde::de::Error::custom(format!("there is no field `{name}`"))),
        })
        .collect()
}

/// The empty form.
pub async fn new(State(app): State<App>, asker: Asker, Query(about): Query<About>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let typed = Typed {
        support: about.support,
        metric: about.metric,
        before: "12".into(),
        after: "26".into(),
        ..Typed::default()
    };
    new_page(&app, &asker, &may, typed, FormErrors::NONE).await
}

async fn new_page(
    app: &App,
    asker: &Asker,
    may: &Permit<WriteStudy>,
    typed: Typed,
    errors: FormErrors,
) -> Answer {
    let offered = app::studies::choices(app, may).await?;
    let mut shell = pages::shell(app, asker, "A new hypothesis").await?;
    shell.here = Some(Place::Chains);
    let status = forms::status(&errors);
    let mut form = form(&typed, &offered.metrics, errors, "/studies".into());
    form.supports = offered
        .supports
        .iter()
        .map(|s| Choice {
            value: s.id.to_string(),
            label: s.name.clone(),
            set: s.id.to_string() == typed.support,
        })
        .collect();
    let page = NewStudyPage {
        crumbs: vec![Link::new("Chains", "/chains"), Link::new("A new hypothesis", "/studies/new")],
        form,
        shell,
    };
    pages::with_status(status, &page)
}

/// Writes down a new draft.
pub async fn create(State(app): State<App>, asker: Asker, Form(typed): Form<Typed>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let draft = match draft(&typed, &[]) {
        Ok(draft) => draft,
        Err(errors) => return new_page(&app, &asker, &may, typed, errors).await,
    };
    match app::studies::create(&app, &may, draft).await {
        Ok(id) => {
            Ok(pages::done(&format!("/studies/{id}"), "Written down. It is a draft until it is locked."))
        }
        Err(error) => {
            let errors = form_errors(error.into(), str::to_owned)?;
            new_page(&app, &asker, &may, typed, errors).await
        }
    }
}

/// What a form says, or what is wrong with it.
fn draft(typed: &Typed, units: &[UnitId]) -> Result<Draft, FormErrors> {
    let mut errors = FormErrors::NONE;
    let mut number = |field: &str, text: &str| -> Option<f64> {
        if text.trim().is_empty() {
            return None;
        }
        match forms::number(field, text) {
            Ok(n) => Some(n),
            Err(problem) => {
                let reason = problem.errors.first().map_or(&problem.detail, |fault| &fault.reason);
                errors.add(field, format::capital(reason));
                None
            }
        }
    };
    let (by, smallest) = (number("by", &typed.by), number("smallest", &typed.smallest));
    let mut count = |field: &str, text: &str| -> Option<u32> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let found = text.parse().ok();
        if found.is_none() {
            errors.add(field, "Give a whole number of periods, such as 12.");
        }
        found
    };
    let within = count("within", &typed.within);
    let (before, after) = (count("before", &typed.before), count("after", &typed.after));
    for (field, text) in [("before", &typed.before), ("after", &typed.after)] {
        if text.trim().is_empty() {
            errors.add(field, "Say over how many periods.");
        }
    }
    let support: Option<InterventionId> = typed.support.parse().ok();
    if support.is_none() {
        errors.add("support", "Choose the support that this is about.");
    }
    let metric: Option<MetricId> = typed.metric.parse().ok();
    if metric.is_none() {
        errors.add("metric", "Choose the metric that it should move.");
    }
    let guardrails: Vec<MetricId> = typed.guardrails.iter().filter_map(|g| g.parse().ok()).collect();
    if guardrails.len() < typed.guardrails.len() {
        errors.add("guardrails", "Choose metrics of the list.");
    }
    let design = Design::from_word(&typed.design);
    if design.is_none() && !typed.design.is_empty() {
        errors.add("design", "Choose how it is compared.");
    }
    let scale = Scale::from_word(&typed.scale);
    if scale.is_none() && !typed.scale.is_empty() {
        errors.add("scale", "Choose a scale of the list.");
    }
    let reading_day = match forms::date("reading", &typed.reading) {
        Ok(day) => day,
        Err(_) => {
            errors.add("reading", "This is not a day; write it like 2026-06-12.");
            None
        }
    };
    let (Some(support), Some(metric), true) = (support, metric, errors.is_empty()) else {
        return Err(errors);
    };
    Ok(Draft {
        support,
        metric,
        guardrails,
        design: design.unwrap_or(Design::Staged),
        whom: typed.whom.clone(),
        by,
        within,
        because: typed.because.clone(),
        stop_if: typed.stop_if.clone(),
        before: before.unwrap_or(12),
        after: after.unwrap_or(26),
        scale: scale.unwrap_or(Scale::Plain),
        smallest,
        reading_day,
        units: units.to_vec(),
    })
}

impl Typed {
    /// What a study says now, as it would be typed.
    fn of(draft: &Draft) -> Self {
        let number = |n: Option<f64>| n.map_or_else(String::new, |n| n.to_string());
        Self {
            support: draft.support.to_string(),
            metric: draft.metric.to_string(),
            guardrails: draft.guardrails.iter().map(MetricId::to_string).collect(),
            design: draft.design.word().into(),
            whom: draft.whom.clone(),
            by: number(draft.by),
            within: draft.within.map_or_else(String::new, |n| n.to_string()),
            because: draft.because.clone(),
            stop_if: draft.stop_if.clone(),
            before: draft.before.to_string(),
            after: draft.after.to_string(),
            scale: draft.scale.word().into(),
            smallest: number(draft.smallest),
            reading: draft.reading_day.map_or_else(String::new, |d| d.to_string()),
            why: String::new(),
        }
    }
}

fn form(typed: &Typed, metrics: &[Metric], errors: FormErrors, action: String) -> HypothesisForm {
    let metric = |m: &Metric, set: bool| Choice { value: m.id.to_string(), label: m.name.clone(), set };
    let ticked = |m: &Metric| typed.guardrails.contains(&m.id.to_string());
    // What is known as a guardrail, or is one here, comes first.
    let (guardrails, others): (Vec<&Metric>, Vec<&Metric>) = metrics
        .iter()
        .filter(|m| m.id.to_string() != typed.metric || ticked(m))
        .partition(|m| m.guardrail || ticked(m));
    let boxes = |all: Vec<&Metric>| all.into_iter().map(|m| metric(m, ticked(m))).collect();
    let chosen = metrics.iter().find(|m| m.id.to_string() == typed.metric);
    let choice = |value: &str, label: &str, set: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        set: value == set,
    };
    HypothesisForm {
        action,
        supports: Vec::new(),
        support: String::new(),
        support_id: typed.support.clone(),
        metrics: metrics.iter().map(|m| metric(m, m.id.to_string() == typed.metric)).collect(),
        guardrails: boxes(guardrails),
        others: boxes(others),
        designs: [
            (Design::Staged, "Units that start, with units that have not yet"),
            (Design::Picked, "People picked, with people picked alike"),
            (Design::BeforeAfter, "Before and after only: the weakest"),
        ]
        .map(|(d, label)| choice(d.word(), label, &typed.design))
        .to_vec(),
        scales: [(Scale::Plain, "In the metric’s unit"), (Scale::Log, "As shares")]
            .map(|(s, label)| choice(s.word(), label, &typed.scale))
            .to_vec(),
        whom: typed.whom.clone(),
        by: typed.by.clone(),
        unit: chosen.map_or_else(String::new, |m| {
            if typed.scale == "log" { "as a share".into() } else { m.unit.clone() }
        }),
        within: typed.within.clone(),
        periods: chosen.map_or_else(|| "periods".into(), |m| format!("{}s", m.cadence.rolled().word())),
        because: typed.because.clone(),
        stop_if: typed.stop_if.clone(),
        before: typed.before.clone(),
        after: typed.after.clone(),
        smallest: typed.smallest.clone(),
        reading: typed.reading.clone(),
        locked: false,
        why: typed.why.clone(),
        errors,
    }
}

/// A form that came back with faults.
#[derive(Default)]
struct Back {
    hypothesis: Option<(Typed, FormErrors)>,
    draw: Option<DrawForm>,
}

/// One study.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<StudyId>) -> Answer {
    page::show(&app, &asker, id, Back::default()).await
}

/// Changes a draft, or amends what is locked.
pub async fn change(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<StudyId>,
    Form(typed): Form<Typed>,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let read = permit(&asker.who, Relation::NONE, ReadStudy(id))?;
    let held = app::studies::standing(&app, &read).await?.study;
    let back = |typed, errors| Back { hypothesis: Some((typed, errors)), draw: None };
    let draft = match draft(&typed, &held.plan.units) {
        Ok(draft) => draft,
        Err(errors) => return page::show(&app, &asker, id, back(typed, errors)).await,
    };
    match app::studies::change(&app, &may, id, draft, typed.why.clone()).await {
        Ok(_) => Ok(pages::done(&format!("/studies/{id}"), "Saved.")),
        Err(error) => {
            let errors = form_errors(error.into(), str::to_owned)?;
            page::show(&app, &asker, id, back(typed, errors)).await
        }
    }
}

/// Locks a draft.
pub async fn lock(State(app): State<App>, asker: Asker, Path(id): Path<StudyId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let read = permit(&asker.who, Relation::NONE, ReadStudy(id))?;
    match app::studies::lock(&app, &may, id).await {
        Ok(_) => {
            Ok(pages::done(&format!("/studies/{id}"), "Locked. From now on it changes only in the open."))
        }
        Err(error) => {
            let errors = form_errors(error.into(), str::to_owned)?;
            let held = app::studies::standing(&app, &read).await?.study;
            let typed = Typed::of(&Draft::of(&held));
            page::show(&app, &asker, id, Back { hypothesis: Some((typed, errors)), draw: None }).await
        }
    }
}

/// The draw as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drawing {
    shape: String,
    kind: String,
    waves: String,
    first: String,
    weeks: String,
}

/// Draws who starts when; a proposal.
pub async fn draw(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<StudyId>,
    Form(typed): Form<Drawing>,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let mut errors = FormErrors::NONE;
    let shape = Shape::from_word(&typed.shape).unwrap_or_else(|| {
        errors.add("shape", "Choose a shape of the list.");
        Shape::Waves
    });
    let mut number = |field: &str, text: &str| -> u32 {
        text.trim().parse().unwrap_or_else(|_| {
            errors.add(field, "Give a whole number.");
            1
        })
    };
    let (waves, weeks) = (number("waves", &typed.waves), number("every", &typed.weeks));
    let first = match forms::date("first", &typed.first) {
        Ok(Some(day)) => day,
        _ => {
            errors.add("first", "Choose the day on which the first of them start.");
            app.today()
        }
    };
    if errors.is_empty() {
        let wanted = Wanted { shape, kind: typed.kind.clone(), waves, first, weeks };
        match app::studies::propose(&app, &may, id, wanted).await {
            Ok(number) => {
                let said = format!("Draw {number} is recorded. Nothing starts by it yet.");
                return Ok(pages::done(&format!("/studies/{id}#rollout"), &said));
            }
            Err(error) => errors = form_errors(error.into(), str::to_owned)?,
        }
    }
    let back = DrawForm {
        shapes: vec![Choice { value: typed.shape, label: String::new(), set: true }],
        kinds: vec![Choice { value: typed.kind.clone(), label: typed.kind.clone(), set: true }],
        waves: typed.waves,
        first: typed.first,
        weeks: typed.weeks,
        errors,
    };
    page::show(&app, &asker, id, Back { hypothesis: None, draw: Some(back) }).await
}

/// Which draw.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applying {
    draw: i64,
}

/// Makes a draw the rollout.
pub async fn rollout(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<StudyId>,
    Form(form): Form<Applying>,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteStudy(()))?;
    let units = app::studies::apply(&app, &may, id, form.draw).await?;
    let said = format!("{} in the rollout.", format::plural(units as u64, "unit is", "units are"));
    Ok(pages::done(&format!("/studies/{id}"), &said))
}

/// The day as forms write it, four weeks ahead on a Monday: a sensible first start.
fn ahead(today: Day) -> Day {
    today.plus(28).monday()
}

/// Whether the one who asks may write studies.
fn may_write(asker: &Asker) -> bool {
    permit(&asker.who, Relation::NONE, WriteStudy(())).is_ok()
}
