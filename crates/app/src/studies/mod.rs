//! Studies: write down what is believed, lock it, read the data, decide.

mod beside;
mod freeze;
mod pack;
mod prepare;
mod progress;
mod workflow;

use std::collections::BTreeMap;

use domain::access::{DecideStudy, Permit, ReadStudyResult, WriteStudy};
use domain::ids::{InterventionId, PersonId, StudyId};
use domain::interventions::{Intervention, State};
use domain::studies::{Choice, Decision, Design, Hypothesis, Input, METHOD, Plan, Reading, Study};
use domain::time::{Day, Instant};
use store::db::{Read, Tx};
use store::studies::Answered;

use crate::interventions::{attempt, no_metric, no_unit};
use crate::{App, Error, Fault, Ids, Result};

pub use beside::{MinutesBeside, minutes_beside};
pub use freeze::freeze;
pub use pack::{File, has_pack, pack};
pub use prepare::{Prepared, Wanted, apply, prepare, propose};
pub use progress::{Adopted, Adoption, adoption};
pub use workflow::{
    Choices, Draft, Standing, Wave, change, choices, create, first_start, lock, published, standing,
};

/// A study as it arrives, with codes instead of ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Where it stands in what was sent, for faults: `line 12`.
    pub place: String,
    /// Unique code.
    pub code: String,
    /// The support's code.
    pub intervention: String,
    /// The code of the metric that decides.
    pub metric: String,
    /// How it compares.
    pub design: Design,
    /// What is believed; its guardrails are filled in from [`Self::guardrails`].
    pub hypothesis: Hypothesis,
    /// The codes of the metrics that must not get worse.
    pub guardrails: Vec<String>,
    /// What is compared with what; its units are filled in from [`Self::units`].
    pub plan: Plan,
    /// The codes of the units that take part; empty means those of the rollout and all of the same kind beside them.
    pub units: Vec<String>,
    /// The day on which hypothesis and plan were fixed; `None` leaves a draft.
    pub locked_on: Option<Day>,
    /// The day fixed for reading it.
    pub reading_day: Option<Day>,
}

/// Defines studies, each over the draft with the same code. A locked study does not change. Gives how many changed.
pub async fn define(
    app: &App,
    permit: &Permit<WriteStudy>,
    definitions: Vec<Definition>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| define_in(tx, &ids, now, &by, &definitions)).await
}

/// [`define`] inside a transaction.
pub fn define_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    definitions: &[Definition],
) -> Result<usize> {
    let mut faults = Vec::new();
    let mut changed = 0;
    for d in definitions {
        let known = store::studies::study_by_code(tx, &d.code)?;
        let support = store::interventions::intervention_by_code(tx, &d.intervention)?;
        if support.is_none() {
            faults.push(Fault::at(
                &d.place,
                format!("no support has the code `{}`; define it first, or correct the code", d.intervention),
            ));
        }
        let mut metric = |code: &str| -> Result<Option<domain::ids::MetricId>> {
            let found = store::metrics::metric_by_code(tx, code)?.map(|m| m.id);
            if found.is_none() {
                faults.push(no_metric(&d.place, code));
            }
            Ok(found)
        };
        let outcome = metric(&d.metric)?;
        let mut guardrails = Vec::new();
        for code in &d.guardrails {
            guardrails.extend(metric(code)?);
        }
        let found = store::people::unit_ids(tx, &d.units)?;
        faults.extend(d.units.iter().filter(|c| !found.contains_key(*c)).map(|c| no_unit(&d.place, c)));
        if d.plan.before == 0 || d.plan.after == 0 || d.plan.before > 520 || d.plan.after > 520 {
            faults.push(Fault::at(
                &d.place,
                "the windows before and after the start need 1 to 520 periods each",
            ));
        }
        for (name, number) in [("by", d.hypothesis.expected), ("smallest", d.plan.smallest)] {
            if number.is_some_and(|n| !n.is_finite()) {
                faults.push(Fault::at(&d.place, format!("{name} is not a finite number")));
            }
        }
        let (Some(support), Some(metric), true) = (support, outcome, faults.is_empty()) else { continue };
        let mut units: Vec<_> = found.into_values().collect();
        units.sort_unstable();
        let study = Study {
            id: known.as_ref().map_or_else(|| ids.next(now), |k| k.id),
            code: d.code.clone(),
            intervention: support.id,
            metric,
            design: d.design,
            hypothesis: Hypothesis { guardrails, ..d.hypothesis.clone() },
            plan: Plan { units, ..d.plan.clone() },
            locked_on: d.locked_on.or(known.as_ref().and_then(|k| k.locked_on)),
            reading_day: d.reading_day,
            created_at: known.as_ref().map_or(now, |k| k.created_at),
            created_by: known.as_ref().map_or_else(|| by.to_owned(), |k| k.created_by.clone()),
        };
        if known.as_ref() == Some(&study) {
            continue;
        }
        if let Some(day) = known.as_ref().and_then(|k| k.locked_on) {
            faults.push(Fault::at(
                &d.place,
                format!("the study `{}` was locked on {day} and does not change any more; write a new one with its own code", d.code),
            ));
            continue;
        }
        store::studies::put(tx, &study)?;
        crate::audit::note(tx, ids, now, by, "study.define", &study.code, study.design.word())?;
        changed += 1;
    }
    if faults.is_empty() { Ok(changed) } else { Err(Error::Invalid(faults)) }
}

/// Freezes the data as they are and reads them. The same data give the reading that is there already.
pub async fn estimate(app: &App, permit: &Permit<WriteStudy>, id: StudyId) -> Result<Answered> {
    read_now(app, id, permit.by().to_owned()).await
}

/// The pipeline's step: reads studies whose deciding metric has a period that was not looked at yet, at most `limit` of
/// them and each once per period. Gives how many it looked at.
pub async fn read_due(app: &App, limit: u32) -> Result<usize> {
    let today = app.now().day(&app.settings.zone);
    let due = app
        .store
        .read(move |r| -> Result<Vec<(StudyId, Day)>> {
            let studies = store::studies::deciding_metrics(r)?;
            // Roll-ups that are still being made would be frozen half-done.
            if studies.is_empty() || !store::pipeline::asked(r, crate::metrics::UNITS, 1)?.is_empty() {
                return Ok(Vec::new());
            }
            let metrics: BTreeMap<_, _> =
                store::metrics::metrics(r)?.into_iter().map(|m| (m.id, m.cadence.rolled())).collect();
            let mut due = Vec::new();
            for (study, metric) in studies {
                let Some(cadence) = metrics.get(&metric) else { continue };
                let last = cadence.step(cadence.start(today), -1);
                let looked = store::pipeline::position(r, &step(study))?;
                if let Some(newest) = store::studies::newest_period(r, metric, last)?
                    && i64::from(newest.number()) > looked
                {
                    due.push((study, newest));
                }
                if due.len() >= limit as usize {
                    break;
                }
            }
            Ok(due)
        })
        .await?;
    for &(study, newest) in &due {
        match read_now(app, study, "schedule".into()).await {
            Ok(_) => {}
            // Nothing has started yet, or the study is gone: the next period is time enough.
            Err(Error::Conflict(_) | Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        app.store
            .write(move |tx: &mut Tx| -> Result<()> {
                Ok(store::pipeline::set_position(tx, &step(study), i64::from(newest.number()))?)
            })
            .await?;
    }
    Ok(due.len())
}

/// Where the pipeline remembers up to which period it has looked at a study.
fn step(study: StudyId) -> String {
    format!("study {study}")
}

async fn read_now(app: &App, id: StudyId, by: String) -> Result<Answered> {
    let now = app.now();
    let today = now.day(&app.settings.zone);
    let zone = app.settings.zone.clone();
    let (input, last) = app
        .store
        .read(move |r| -> Result<(Input, Option<Answered>)> {
            let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
            Ok((freeze(r, &study, today, &zone)?, store::studies::newest_answer(r, id)?))
        })
        .await?;
    let bytes = input.bytes();
    let hash = Input::hash(&bytes);
    if let Some(last) = &last
        && last.input_hash == hash
    {
        return Ok(last.clone());
    }
    let reading =
        tokio::task::spawn_blocking(move || domain::studies::read(&input)).await.map_err(Error::internal)?;
    let answer = Answered {
        study: id,
        number: last.map_or(1, |l| l.number + 1),
        at: now,
        up_to: reading.up_to,
        input_hash: hash,
        method: reading.design.word().to_owned(),
        version: METHOD.to_string(),
        answer: serde_json::to_string(&reading).map_err(Error::internal)?,
        grade: format!("{:?}", reading.outcome.grade),
        verdict: domain::studies::prose::word(reading.verdict).to_owned(),
    };
    let kept = answer.clone();
    let ids = app.ids.clone();
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            store::studies::add_answer(tx, &kept, &bytes)?;
            let detail = format!("reading {}, grade {}, {}", kept.number, kept.grade, kept.verdict);
            crate::audit::note(tx, &ids, now, &by, "study.read", &id.to_string(), &detail)
        })
        .await?;
    Ok(answer)
}

/// The reading inside an answer.
pub fn reading(answer: &Answered) -> Result<Reading> {
    serde_json::from_str(&answer.answer).map_err(Error::internal)
}

/// A study with its newest reading and its decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The study.
    pub study: Study,
    /// The newest reading, if it was read.
    pub answer: Option<Answered>,
    /// Decisions, newest first.
    pub decisions: Vec<Decision>,
}

/// A study's published result: never rows of persons.
pub async fn result(app: &App, permit: &Permit<ReadStudyResult>, id: StudyId) -> Result<Outcome> {
    let _ = permit;
    app.store.read(move |r| result_in(r, id)).await
}

/// [`result`] inside a read.
pub fn result_in(r: &mut Read, id: StudyId) -> Result<Outcome> {
    let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
    Ok(Outcome {
        answer: store::studies::newest_answer(r, id)?,
        decisions: store::studies::decisions(r, id)?,
        study,
    })
}

/// What a decision to scale schedules: all units of the kind that have not started, in waves by lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The day on which the first of them start.
    pub from: Day,
    /// In how many waves.
    pub waves: u32,
    /// Weeks between waves.
    pub weeks: u32,
}

/// Records what was decided on the newest reading, with the reason. A decision to scale schedules the next units at once,
/// where it says from when; a decision to stop retires the support, and what was only planned does not start. Gives the decision and how many units it scheduled.
pub async fn decide(
    app: &App,
    permit: &Permit<DecideStudy>,
    id: StudyId,
    choice: Choice,
    why: String,
    next: Option<Next>,
) -> Result<(Decision, usize)> {
    let by: PersonId =
        permit.person().ok_or_else(|| Error::internal("a permit to decide without a person"))?;
    let why = why.trim().to_owned();
    if why.is_empty() {
        return Err(Error::invalid(
            "reason",
            "say in a few words why, so that whoever reads it later understands it",
        ));
    }
    if why.chars().count() > 2_000 {
        return Err(Error::invalid("reason", "at most 2,000 characters; put the rest into the case"));
    }
    let (now, ids, actor) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let (today, zone) = (app.today(), app.settings.zone.clone());
    let (decision, scheduled) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(Decision, usize)> {
            let study = store::studies::study(tx, id)?.ok_or(Error::NotFound("study"))?;
            let Some(answer) = store::studies::newest_answer(tx, id)? else {
                return Err(Error::Conflict("nothing was read yet, so there is nothing to decide on".into()));
            };
            let decision = Decision {
                id: ids.next(now),
                study: id,
                choice,
                why,
                by,
                at: now,
                input_hash: answer.input_hash,
            };
            store::studies::add_decision(tx, &decision)?;
            let scheduled = match next.filter(|_| choice == Choice::Scale) {
                Some(next) => prepare::schedule(tx, &ids, (now, today, &zone), &study, by, &next)?,
                None => 0,
            };
            if choice == Choice::Stop {
                retire(tx, now, today, study.intervention)?;
            }
            let mut detail = format!("{}: {}", choice.word(), decision.why);
            if scheduled > 0 {
                detail.push_str(&format!(" ({scheduled} units scheduled)"));
            }
            crate::audit::note(tx, &ids, now, &actor, "study.decide", &study.code, &detail)?;
            Ok((decision, scheduled))
        })
        .await?;
    if scheduled > 0 {
        app.work.notify_one();
    }
    Ok((decision, scheduled))
}

/// A support is no longer offered, and what has not started does not start; its history stays.
fn retire(tx: &mut Tx, now: Instant, today: Day, id: InterventionId) -> Result<()> {
    let support = store::interventions::intervention(tx, id)?.ok_or(Error::NotFound("support"))?;
    let mut starts = store::interventions::starts(tx, id)?;
    if starts.iter().any(|s| s.day > today) {
        starts.retain(|s| s.day <= today);
        store::interventions::set_starts(tx, id, &starts)?;
    }
    let retired = Intervention { state: State::Retired, ..support };
    Ok(store::interventions::put(tx, &retired, now)?)
}

/// The kind of units that could still start and how many of them there are: what a decision to scale would schedule.
pub async fn waiting(app: &App, permit: &Permit<ReadStudyResult>, id: StudyId) -> Result<(String, usize)> {
    let _ = permit;
    let today = app.today();
    app.store
        .read(move |r| -> Result<(String, usize)> {
            let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
            let support = store::interventions::intervention(r, study.intervention)?
                .ok_or(Error::NotFound("support"))?;
            prepare::waiting(r, &study, &support, today)
        })
        .await
}
