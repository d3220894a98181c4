//! Arranges the page of one study.

use app::App;
use app::studies::{Adoption, Prepared, Standing};
use domain::access::{MIN_GROUP, ReadStudy, Relation, permit};
use domain::ids::{MetricId, StudyId};
use domain::metrics::Metric;
use domain::studies::draw::{self, Shape};
use domain::studies::workflow::Stage;
use domain::studies::{Design, Reading, Scale, prose};
use domain::time::Day;

use super::{Back, Typed, ahead, form, may_write};
use crate::page as pages;
use crate::problem::{Answer, Problem};
use crate::session::Asker;
use crate::ui::chain::{guards, style};
use crate::ui::decision::{choice, decided};
use crate::ui::format::{self, Moment, Style};
use crate::ui::view::{
    AdoptionRow, AmendmentRow, BeforeStart, Choice, DrawForm, DrawRow, During, Fact, FormErrors, Link, Place,
    ShapeRow, Status, Step, StepState, StudyPage, WaveRow, shape_words,
};

/// The page, with a form that came back if one did.
pub(super) async fn show(app: &App, asker: &Asker, id: StudyId, back: Back) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudy(id))?;
    let stand = app::studies::standing(app, &may).await?;
    let can_write = may_write(asker);
    let today = app.today();
    let Some(metric) = stand.metrics.iter().find(|m| m.id == stand.study.metric) else {
        return Err(Problem::not_found());
    };
    let started = stand.first_start.is_some_and(|day| day <= today);
    let prepared = match (started, stand.study.design) {
        (false, Design::Staged | Design::BeforeAfter) => Some(app::studies::prepare(app, &may, None).await?),
        _ => None,
    };
    let adoption = if started { Some(app::studies::adoption(app, &may).await?) } else { None };
    let reading = stand.answer.as_ref().map(app::studies::reading).transpose()?;
    let faulty = back.hypothesis.is_some() || back.draw.is_some();
    let status = if faulty { http::StatusCode::BAD_REQUEST } else { http::StatusCode::OK };
    let mut shell = pages::shell(app, asker, stand.support.name.clone()).await?;
    shell.here = Some(Place::Chains);
    let zone = &app.settings.zone;
    let href = format!("/studies/{id}");
    let came_back = back.hypothesis.is_some();
    let hypothesis = can_write.then(|| {
        let (typed, errors) = back
            .hypothesis
            .unwrap_or_else(|| (Typed::of(&app::studies::Draft::of(&stand.study)), FormErrors::NONE));
        let mut form = form(&typed, &stand.metrics, errors, href.clone());
        form.support.clone_from(&stand.support.name);
        form.support_id = stand.support.id.to_string();
        form.locked = stand.study.locked_on.is_some();
        form
    });
    let page = StudyPage {
        crumbs: vec![
            Link::new("Chains", "/chains"),
            Link::new(&stand.support.name, format!("/chains/{id}")),
            Link::new("Study", &href),
        ],
        title: title(&stand, today),
        stage: stand.stage,
        steps: steps(&stand, today),
        sentence: sentence(&stand, metric),
        fixed: fixed(&stand, metric, today),
        chain: (started || stand.answer.is_some())
            .then(|| Link::new("Chain of evidence", format!("/chains/{id}"))),
        form_open: came_back || stand.stage == Stage::Draft,
        form: hypothesis,
        can_lock: can_write && stand.study.locked_on.is_none() && stand.missing.is_empty(),
        missing: stand.missing.iter().map(|(field, text)| ((*field).to_owned(), text.clone())).collect(),
        amendments: stand
            .amendments
            .iter()
            .map(|a| AmendmentRow {
                who: name(&stand, a.by),
                at: Moment::of(a.at, zone),
                what: a
                    .changes
                    .iter()
                    .map(|c| {
                        format!("{}: {} became {}", c.field.words(), quoted(&c.before), quoted(&c.after))
                    })
                    .collect(),
                why: a.why.clone(),
            })
            .collect(),
        before: prepared.map(|p| before(&stand, metric, &p, can_write, back.draw, app, today)),
        waves: stand
            .waves
            .iter()
            .map(|w| WaveRow {
                name: format!("Wave {}", w.wave),
                day: w.day,
                units: format::plural(w.units as u64, "unit", "units"),
                drawn: w.drawn,
                started: w.day <= today,
            })
            .collect(),
        during: adoption.map(|a| during(&stand, metric, reading.as_ref(), &a, today)),
        decisions: stand
            .decisions
            .iter()
            .map(|d| decided(d, &name(&stand, d.by), d.at.day(zone), today))
            .collect(),
        href,
        shell,
    };
    pages::with_status(status, &page)
}

fn name(stand: &Standing, person: domain::ids::PersonId) -> String {
    stand.names.get(&person).cloned().unwrap_or_else(|| "Somebody".into())
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") }
}

/// The names of the guardrails.
fn guardrails(stand: &Standing) -> Vec<String> {
    let name = |id: &MetricId| stand.metrics.iter().find(|m| m.id == *id).map(|m| m.name.clone());
    stand.study.hypothesis.guardrails.iter().filter_map(name).collect()
}

fn title(stand: &Standing, today: Day) -> String {
    let support = &stand.support.name;
    match (stand.stage, stand.study.reading_day) {
        (Stage::Draft, _) => format!("{support}: a hypothesis to finish"),
        (Stage::Locked, _) => match stand.first_start {
            Some(day) => format!("{support} starts on {}", format::date(day, today)),
            None => format!("{support} is locked; who starts when is open"),
        },
        (Stage::Running, Some(day)) => {
            format!("{support} is running, to be read on {}", format::date(day, today))
        }
        (Stage::Running, None) => format!("{support} is running"),
        (Stage::Read, _) => format!("{support} was read; a decision is due"),
        (Stage::Decided, _) => match stand.decisions.first() {
            Some(d) => format!("{support}: decided to {}", choice(d.choice)),
            None => format!("{support}: decided"),
        },
    }
}

fn steps(stand: &Standing, today: Day) -> Vec<Step> {
    let at =
        |day: Option<Day>| day.map_or_else(String::new, |d| format!(", {}", format::short_date(d, today)));
    let labels = [
        (Stage::Draft, "Draft".to_owned()),
        (Stage::Locked, format!("Locked{}", at(stand.study.locked_on))),
        (Stage::Running, format!("Running{}", at(stand.first_start))),
        (Stage::Read, format!("Read{}", at(stand.study.reading_day))),
        (Stage::Decided, "Decided".to_owned()),
    ];
    labels
        .into_iter()
        .map(|(stage, label)| Step {
            label,
            state: match stage.cmp(&stand.stage) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Now,
                std::cmp::Ordering::Greater => StepState::Next,
            },
            href: None,
        })
        .collect()
}

fn effect_style(stand: &Standing, metric: &Metric) -> Style {
    style(metric, stand.study.plan.scale)
}

fn sentence(stand: &Standing, metric: &Metric) -> String {
    let h = &stand.study.hypothesis;
    let style = effect_style(stand, metric);
    let named = prose::Named {
        support: &stand.support.name,
        metric: &metric.name.to_lowercase(),
        by: h.expected.map(|by| style.effect(by, by - by.abs() / 5.0, by + by.abs() / 5.0)),
        within: h.within.map(|n| format::periods(n, metric.cadence)),
        guardrails: guardrails(stand).iter().map(|g| g.to_lowercase()).collect(),
    };
    prose::hypothesis(h, &named)
}

fn fixed(stand: &Standing, metric: &Metric, today: Day) -> Vec<Fact> {
    let (study, plan) = (&stand.study, &stand.study.plan);
    let word = metric.cadence.rolled().word();
    let mut facts = vec![
        Fact::new("Metric", metric.name.clone()),
        Fact::new("Window", format!("{} {word}s before, {} after the start", plan.before, plan.after)),
        Fact::new(
            "Population",
            match plan.units.len() {
                0 => "Units of the rollout and all of the same kind beside them".to_owned(),
                n => format::plural(n as u64, "chosen unit", "chosen units"),
            },
        ),
        Fact::new(
            "Method",
            format!(
                "{}{}",
                format::capital(prose::design(
                    study.design,
                    stand.waves.iter().any(|w| w.drawn) && stand.waves.iter().all(|w| w.drawn)
                )),
                if plan.scale == Scale::Log { ", as shares" } else { "" }
            ),
        ),
        Fact::new(
            "Guardrails",
            match guardrails(stand).as_slice() {
                [] => "None yet".to_owned(),
                all => prose::listed(all, "and"),
            },
        ),
        Fact::new(
            "Read on",
            study.reading_day.map_or_else(|| "Not fixed yet".to_owned(), |d| format::date(d, today)),
        ),
    ];
    if let Some(day) = study.locked_on {
        let amended = match stand.amendments.len() {
            0 => String::new(),
            n => format!(", amended {}", if n == 1 { "once".to_owned() } else { format!("{n} times") }),
        };
        facts.push(Fact::new("Locked", format!("{}{amended}", format::date(day, today))));
    }
    facts
}

fn before(
    stand: &Standing,
    metric: &Metric,
    prepared: &Prepared,
    can_write: bool,
    back: Option<DrawForm>,
    app: &App,
    today: Day,
) -> BeforeStart {
    let word = metric.cadence.rolled().word();
    let style = effect_style(stand, metric);
    let hoped = stand.study.hypothesis.expected;
    let size = |d: f64| {
        let text = style.effect(d, 0.0, d);
        format!("± {}", text.trim_start_matches('+'))
    };
    // Some of the periods are enough to see how it goes.
    let horizons: Vec<usize> = [4, 8, 12, 26, 52]
        .into_iter()
        .filter(|n| prepared.outlooks.iter().any(|o| o.by_period.len() >= *n))
        .collect();
    let shapes = prepared
        .outlooks
        .iter()
        .map(|o| {
            let (name, why) = shape_words(o.shape);
            let when = match (&o.cannot_say, o.readable_after, hoped) {
                (Some(reason), ..) => reason.sentence(),
                (None, Some(n), _) => {
                    format!("{} after the first start", format::periods(n, metric.cadence))
                }
                (None, None, Some(_)) => "Not within the plan".to_owned(),
                (None, None, None) => String::new(),
            };
            ShapeRow {
                name: name.to_owned(),
                why: why.to_owned(),
                seen: horizons
                    .iter()
                    .map(|n| o.by_period.get(n - 1).copied().flatten().map_or_else(|| "–".to_owned(), size))
                    .collect(),
                when,
            }
        })
        .collect();
    let zone = &app.settings.zone;
    let draws = stand
        .draws
        .iter()
        .map(|d| {
            let drawn = draw::draw(&d.request, d.seed);
            let mut waves: Vec<(String, String)> = Vec::new();
            for of_wave in drawn.chunk_by(|a, b| a.wave == b.wave) {
                let units: Vec<&str> = of_wave.iter().map(|x| x.code.as_str()).collect();
                let name = match of_wave[0].day {
                    Some(day) => format!("Wave {}, {}", of_wave[0].wave, format::day(day, today)),
                    None => "Waits until it was read".to_owned(),
                };
                let count = format::plural(units.len() as u64, "unit", "units");
                waves.push((name, format!("{count}: {}", units.join(", "))));
            }
            DrawRow {
                number: d.number,
                text: format!(
                    "{}, drawn by {} {}.",
                    shape_words(d.request.shape).0,
                    name(stand, d.by),
                    Moment::of(d.at, zone).words(today)
                ),
                seed: format!("{:016x}", d.seed),
                waves,
                applied: d.applied_at.map_or_else(String::new, |at| {
                    format!("The rollout since {}", format::short_date(at.day(zone), today))
                }),
                can_apply: can_write && d.request.first > today,
            }
        })
        .collect();
    let form = can_write.then(|| {
        // What was typed, or what was drawn last, so that drawing once more is one click.
        let typed = back.unwrap_or_else(|| {
            let (last, soonest) = (stand.draws.first().map(|d| &d.request), ahead(today));
            let chosen =
                |shape: Shape| Choice { value: shape.word().into(), label: String::new(), set: true };
            DrawForm {
                shapes: last.map(|r| chosen(r.shape)).into_iter().collect(),
                waves: last.map_or(4, |r| r.waves).to_string(),
                first: last.map_or(soonest, |r| r.first.max(soonest)).to_string(),
                weeks: last.map_or(4, |r| r.every / 7).to_string(),
                ..DrawForm::default()
            }
        });
        let shape = typed.shapes.first().map(|s| s.value.clone()).unwrap_or_default();
        let kind = typed.kinds.first().map_or_else(|| prepared.kind.clone(), |k| k.value.clone());
        DrawForm {
            shapes: [Shape::Waves, Shape::Half, Shape::Pairs, Shape::Few]
                .map(|s| Choice {
                    value: s.word().into(),
                    label: shape_words(s).0.into(),
                    set: s.word() == shape,
                })
                .to_vec(),
            kinds: prepared
                .kinds
                .iter()
                .map(|(name, n)| Choice {
                    value: name.clone(),
                    label: format!("{name} ({n} not in the rollout yet)"),
                    set: *name == kind,
                })
                .collect(),
            ..typed
        }
    });
    BeforeStart {
        findings: findings(prepared, metric),
        horizons: horizons.iter().map(|n| format!("after {n} {word}s")).collect(),
        shapes,
        hoped: hoped.map_or_else(
            || "Say by how much, and the page says by when that could be seen.".to_owned(),
            |h| format!("Hoped for: {}.", style.effect(h, h - h.abs() / 5.0, h + h.abs() / 5.0)),
        ),
        draw: form,
        draws,
    }
}

/// The questions asked of the history, each with its answer.
fn findings(prepared: &Prepared, metric: &Metric) -> Vec<(Status, String, String)> {
    let ready = &prepared.readiness;
    let plain = Style::of_metric(metric);
    let word = metric.cadence.rolled().word();
    let mut findings: Vec<(Status, String, String)> = ready
        .rules
        .iter()
        .map(|(name, met, text)| {
            let text = match (*name, ready.noise, ready.level) {
                // How much it moves by itself is worth a number.
                ("noise", Some(noise), Some(level)) => format!(
                    "A unit moves by about {} from {word} to {word}, around {}.",
                    plain.value(noise),
                    plain.value(level)
                ),
                _ => text.clone(),
            };
            (if *met { Status::Usual } else { Status::InQuestion }, format::capital(name), text)
        })
        .collect();
    findings.push(match prepared.behind {
        None => (Status::NoData, "Cadence".into(), "No value has come in at all.".into()),
        Some(0) => (Status::Usual, "Cadence".into(), format!("Comes by the {word}, and is up to date.")),
        Some(n) => (
            Status::DataLate,
            "Cadence".into(),
            format!("The newest value is {} behind.", format::periods(n, metric.cadence)),
        ),
    });
    findings
}

fn during(
    stand: &Standing,
    metric: &Metric,
    reading: Option<&Reading>,
    adoption: &Adoption,
    today: Day,
) -> During {
    let mut facts: Vec<(String, Status, String)> = Vec::new();
    if let Some(day) = stand.study.reading_day {
        let weeks = (day.days_since(today) + 6).div_euclid(7);
        facts.push(match weeks {
            n if n > 0 => (
                "Time to readable".into(),
                Status::TooFew,
                format!("{}, on {}", format::plural(n, "week", "weeks"), format::date(day, today)),
            ),
            _ => (
                "Time to readable".into(),
                Status::Recovered,
                format!("Readable since {}", format::date(day, today)),
            ),
        });
    }
    let mut look = String::new();
    if let Some(r) = reading {
        let covered = r.outcome.health.iter().find(|h| h.kind == domain::studies::Check::Coverage);
        if let Some(share) = covered.and_then(|h| h.numbers.first()) {
            let status = if *share >= 0.8 { Status::Usual } else { Status::DataLate };
            let last = metric.cadence.rolled().step(r.up_to, 1).plus(-1);
            facts.push((
                "Data".into(),
                status,
                format!("{:.0} in a hundred arrived, up to {}", share * 100.0, format::date(last, today)),
            ));
        }
        for (name, status, words) in guards(r, &stand.study.hypothesis.guardrails, stand.metrics.iter()) {
            facts.push((format!("Guardrail: {}", name.to_lowercase()), status, words));
        }
        if let (Some(early), Some(e)) = (r.progress, r.outcome.estimate) {
            let style = effect_style(stand, metric);
            look = format!(
                "Early look, at {:.0} in a hundred of the planned time: {}, somewhere between {}. It is read on {}.",
                early * 100.0,
                style.effect(e.value, e.low, e.high),
                style.effect_range(e.low, e.high),
                stand.study.reading_day.map_or_else(|| "its day".to_owned(), |d| format::date(d, today)),
            );
        }
    }
    let row = |a: &app::studies::Adopted| AdoptionRow {
        unit: a.unit.clone(),
        job_role: a.job_role.clone(),
        wave: a.wave,
        people: a.people,
        used: a.used,
    };
    let withheld = match (adoption.known, adoption.withheld) {
        (false, _) => {
            "Nothing records its use: name an activity for the support, or bring in its single uses."
                .to_owned()
        }
        (true, 0) if adoption.roles.is_empty() => "It was not started by units.".to_owned(),
        (true, 0) => String::new(),
        (true, n) => format!(
            "{} of fewer than {MIN_GROUP} people {} not shown.",
            format::plural(n as u64, "group", "groups"),
            if n == 1 { "is" } else { "are" }
        ),
    };
    During {
        facts,
        look,
        roles: if adoption.known { adoption.roles.iter().map(row).collect() } else { Vec::new() },
        units: if adoption.known { adoption.units.iter().map(row).collect() } else { Vec::new() },
        withheld,
    }
}
