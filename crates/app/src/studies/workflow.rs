//! Write a hypothesis as a sentence, change it while it is a draft, amend it afterwards for everybody to see.

use domain::access::{Permit, ReadStudy, ReadStudyResult, WriteStudy};
use domain::ids::{InterventionId, MetricId, PersonId, StudyId, UnitId};
use domain::interventions::{Intervention, State};
use domain::metrics::Metric;
use domain::studies::draw::Recorded;
use domain::studies::workflow::{self, Amendment, Stage};
use domain::studies::{Decision, Design, Hypothesis, Plan, Scale, Study};
use domain::time::Day;
use store::db::{Read, Tx};
use store::studies::Answered;

use crate::{App, Error, Fault, Result};

/// A study as somebody writes it on the page: ids instead of codes, and holes where nothing was said yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Which support.
    pub support: InterventionId,
    /// Which metric decides.
    pub metric: MetricId,
    /// Which metrics must not get worse.
    pub guardrails: Vec<MetricId>,
    /// How it compares.
    pub design: Design,
    /// For whom or where, in words.
    pub whom: String,
    /// By how much.
    pub by: Option<f64>,
    /// Within how many periods.
    pub within: Option<u32>,
    /// Why, in words.
    pub because: String,
    /// When it is stopped, in words.
    pub stop_if: String,
    /// Periods before the start.
    pub before: u32,
    /// Periods from the start on.
    pub after: u32,
    /// On which scale.
    pub scale: Scale,
    /// The smallest difference worth having.
    pub smallest: Option<f64>,
    /// The day for reading it.
    pub reading_day: Option<Day>,
    /// Units that take part; empty means those of the rollout and all of the same kind beside them.
    pub units: Vec<UnitId>,
}

impl Draft {
    /// What a study says now.
    pub fn of(study: &Study) -> Self {
        let (h, plan) = (&study.hypothesis, &study.plan);
        Self {
            support: study.intervention,
            metric: study.metric,
            guardrails: h.guardrails.clone(),
            design: study.design,
            whom: h.whom.clone(),
            by: h.expected,
            within: h.within,
            because: h.because.clone(),
            stop_if: h.stop_if.clone(),
            before: plan.before,
            after: plan.after,
            scale: plan.scale,
            smallest: plan.smallest,
            reading_day: study.reading_day,
            units: plan.units.clone(),
        }
    }
    /// The study with these words in it. A sentence that somebody wrote as a whole stays until a part of it changes.
    fn over(&self, study: &Study) -> Study {
        let next = Study {
            metric: self.metric,
            design: self.design,
            hypothesis: Hypothesis {
                sentence: study.hypothesis.sentence.clone(),
                whom: self.whom.trim().to_owned(),
                expected: self.by,
                within: self.within,
                because: self.because.trim().to_owned(),
                guardrails: self.guardrails.clone(),
                stop_if: self.stop_if.trim().to_owned(),
            },
            plan: Plan {
                before: self.before,
                after: self.after,
                units: self.units.clone(),
                scale: self.scale,
                smallest: self.smallest,
            },
            reading_day: self.reading_day,
            ..study.clone()
        };
        let (a, b) = (&study.hypothesis, &next.hypothesis);
        let same = study.metric == next.metric
            && (&a.whom, a.expected, a.within, &a.because, &a.stop_if)
                == (&b.whom, b.expected, b.within, &b.because, &b.stop_if);
        if same {
            next
        } else {
            Study { hypothesis: Hypothesis { sentence: String::new(), ..next.hypothesis }, ..next }
        }
    }
}

/// What a new hypothesis can be about.
#[derive(Debug, Clone, PartialEq)]
pub struct Choices {
    /// Supports that are offered, by name.
    pub supports: Vec<Intervention>,
    /// Metrics, by name.
    pub metrics: Vec<Metric>,
}

/// Reads what a new hypothesis can be about.
pub async fn choices(app: &App, permit: &Permit<WriteStudy>) -> Result<Choices> {
    let _ = permit;
    app.store
        .read(|r| -> Result<Choices> {
            let mut supports = store::interventions::interventions(r)?;
            supports.retain(|s| s.state == State::Active);
            let mut metrics = store::metrics::metrics(r)?;
            metrics.sort_by_cached_key(|m| domain::people::fold(&m.name));
            Ok(Choices { supports, metrics })
        })
        .await
}

fn faults(list: Vec<(&'static str, String)>) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid(list.into_iter().map(|(field, why)| Fault::at(field, why)).collect()))
}

/// What the draft names must be there.
fn known(r: &mut Read, draft: &Draft) -> Result<Intervention> {
    let support = store::interventions::intervention(r, draft.support)?
        .ok_or_else(|| Error::invalid("support", "There is no such support; choose one of the list."))?;
    let guardrails = draft.guardrails.iter().map(|g| ("guardrails", *g));
    for (field, metric) in std::iter::once(("metric", draft.metric)).chain(guardrails) {
        if store::metrics::metric(r, metric)?.is_none() {
            return Err(Error::invalid(field, "There is no such metric; choose one of the list."));
        }
    }
    for unit in &draft.units {
        if store::people::unit(r, *unit)?.is_none() {
            return Err(Error::invalid("units", "One of these units is not there any more; choose again."));
        }
    }
    Ok(support)
}

/// Writes down a new draft. Its code is made of the support's.
pub async fn create(app: &App, permit: &Permit<WriteStudy>, draft: Draft) -> Result<StudyId> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    app.store
        .write(move |tx: &mut Tx| -> Result<StudyId> {
            let support = known(tx, &draft)?;
            let mut code = support.code.clone();
            let mut number = 1;
            while store::studies::study_by_code(tx, &code)?.is_some() {
                number += 1;
                code = format!("{}-{number}", support.code);
            }
            let blank = Study {
                id: ids.next(now),
                code,
                intervention: support.id,
                metric: draft.metric,
                design: draft.design,
                hypothesis: Hypothesis::default(),
                plan: Plan::default(),
                locked_on: None,
                reading_day: None,
                created_at: now,
                created_by: by.clone(),
            };
            let study = draft.over(&blank);
            faults(workflow::check(&study))?;
            store::studies::put(tx, &study)?;
            crate::audit::note(tx, &ids, now, &by, "study.define", &study.code, study.design.word())?;
            Ok(study.id)
        })
        .await
}

/// Changes a study. A draft simply changes; a locked one is amended: what, when, by whom and why stay beside it.
pub async fn change(
    app: &App,
    permit: &Permit<WriteStudy>,
    id: StudyId,
    draft: Draft,
    why: String,
) -> Result<Study> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let person = permit.person();
    let why = why.trim().to_owned();
    app.store
        .write(move |tx: &mut Tx| -> Result<Study> {
            let held = store::studies::study(tx, id)?.ok_or(Error::NotFound("study"))?;
            let support = known(tx, &draft)?;
            if support.id != held.intervention {
                return Err(Error::invalid(
                    "support",
                    "A study stays with its support; write a new one for another.",
                ));
            }
            let next = draft.over(&held);
            faults(workflow::check(&next))?;
            if next == held {
                return Ok(held);
            }
            if held.locked_on.is_none() {
                store::studies::put(tx, &next)?;
                crate::audit::note(tx, &ids, now, &by, "study.define", &next.code, next.design.word())?;
                return Ok(next);
            }
            let by_id: PersonId = person.ok_or_else(|| {
                Error::invalid("why", "a locked study is amended by a person; sign in and do it on the page")
            })?;
            if why.is_empty() {
                return Err(Error::invalid(
                    "why",
                    "This is locked. Say why it changes; whoever reads the result sees it.",
                ));
            }
            if why.chars().count() > 1_000 {
                return Err(Error::invalid("why", "At most 1,000 characters; say it shorter."));
            }
            let names: std::collections::BTreeMap<MetricId, String> =
                store::metrics::metrics(tx)?.into_iter().map(|m| (m.id, m.name)).collect();
            let name = |m: MetricId| names.get(&m).cloned().unwrap_or_default();
            let amendment = Amendment {
                study: id,
                number: store::studies::amendments(tx, id)?.len() as i64 + 1,
                at: now,
                by: by_id,
                changes: workflow::changes(&held, &next, &name),
                why: why.clone(),
            };
            store::studies::put(tx, &next)?;
            store::studies::add_amendment(tx, &amendment)?;
            crate::audit::note(tx, &ids, now, &by, "study.amend", &next.code, &why)?;
            Ok(next)
        })
        .await
}

/// Locks a draft: from today on it only changes in the open. What is missing is named by its field.
pub async fn lock(app: &App, permit: &Permit<WriteStudy>, id: StudyId) -> Result<Study> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let today = now.day(&app.settings.zone);
    app.store
        .write(move |tx: &mut Tx| -> Result<Study> {
            let study = store::studies::study(tx, id)?.ok_or(Error::NotFound("study"))?;
            if study.locked_on.is_some() {
                return Ok(study);
            }
            faults(workflow::to_lock(&study, first_start(tx, &study)?, today))?;
            let study = Study { locked_on: Some(today), ..study };
            store::studies::put(tx, &study)?;
            crate::audit::note(tx, &ids, now, &by, "study.lock", &study.code, "")?;
            Ok(study)
        })
        .await
}

/// The day on which the first unit or person of a study starts, planned or past.
pub fn first_start(r: &mut Read, study: &Study) -> Result<Option<Day>> {
    Ok(match study.design {
        Design::Picked => {
            store::interventions::uses(r, study.intervention)?.iter().filter(|u| u.given).map(|u| u.day).min()
        }
        Design::Staged | Design::BeforeAfter => {
            store::interventions::starts(r, study.intervention)?.iter().map(|s| s.day).min()
        }
    })
}

/// Everything that the page of one study needs to say where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The study.
    pub study: Study,
    /// Its support.
    pub support: Intervention,
    /// Every metric, for names and for choosing.
    pub metrics: Vec<Metric>,
    /// Where it is.
    pub stage: Stage,
    /// The first start, planned or past.
    pub first_start: Option<Day>,
    /// Starts: waves with their day, how many units, and how many of them came from a draw.
    pub waves: Vec<Wave>,
    /// The newest reading.
    pub answer: Option<Answered>,
    /// Decisions, newest first.
    pub decisions: Vec<Decision>,
    /// What was changed after the lock, oldest first.
    pub amendments: Vec<Amendment>,
    /// Draws of the rollout, newest first.
    pub draws: Vec<Recorded>,
    /// Names of whoever amended, drew or decided.
    pub names: std::collections::BTreeMap<PersonId, String>,
    /// What is still missing before it can be locked.
    pub missing: Vec<(&'static str, String)>,
}

/// Units that start together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wave {
    /// Counted from 1.
    pub wave: i64,
    /// The first day of any of them.
    pub day: Day,
    /// How many.
    pub units: usize,
    /// Whether all of them came from a draw.
    pub drawn: bool,
}

/// Reads where a study is.
pub async fn standing(app: &App, permit: &Permit<ReadStudy>) -> Result<Standing> {
    let id = permit.asked().0;
    let today = app.today();
    app.store.read(move |r| standing_in(r, id, today)).await
}

/// The same for whoever may read published results, machines too: nothing of it is about a person.
pub async fn published(app: &App, permit: &Permit<ReadStudyResult>, id: StudyId) -> Result<Standing> {
    let _ = permit;
    let today = app.today();
    app.store.read(move |r| standing_in(r, id, today)).await
}

fn standing_in(r: &mut Read, id: StudyId, today: Day) -> Result<Standing> {
    let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
    let support =
        store::interventions::intervention(r, study.intervention)?.ok_or(Error::NotFound("support"))?;
    let answer = store::studies::newest_answer(r, id)?;
    let decisions = store::studies::decisions(r, id)?;
    let amendments = store::studies::amendments(r, id)?;
    let draws = store::studies::draws(r, id)?;
    let first_start = first_start(r, &study)?;
    let mut waves: Vec<Wave> = Vec::new();
    for s in store::interventions::starts(r, study.intervention)? {
        match waves.iter_mut().find(|w| w.wave == s.wave) {
            Some(w) => {
                *w = Wave { day: w.day.min(s.day), units: w.units + 1, drawn: w.drawn && s.drawn, ..*w };
            }
            None => waves.push(Wave { wave: s.wave, day: s.day, units: 1, drawn: s.drawn }),
        }
    }
    waves.sort_by_key(|w| (w.day, w.wave));
    let mut people: Vec<PersonId> = amendments
        .iter()
        .map(|a| a.by)
        .chain(draws.iter().map(|d| d.by))
        .chain(decisions.iter().map(|d| d.by))
        .collect();
    people.sort_unstable();
    people.dedup();
    Ok(Standing {
        stage: workflow::stage(&study, first_start, today, answer.is_some(), !decisions.is_empty()),
        missing: if study.locked_on.is_none() {
            workflow::to_lock(&study, first_start, today)
        } else {
            Vec::new()
        },
        names: store::people::names(r, &people)?,
        metrics: {
            let mut all = store::metrics::metrics(r)?;
            all.sort_by_cached_key(|m| domain::people::fold(&m.name));
            all
        },
        support,
        first_start,
        waves,
        answer,
        decisions,
        amendments,
        draws,
        study,
    })
}
