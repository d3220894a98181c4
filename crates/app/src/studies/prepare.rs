//! Before the start: the metric's history, what a rollout could show, and the draw of who starts when.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Permit, ReadStudy, WriteStudy};
use domain::ids::{StudyId, UnitId};
use domain::interventions::{Intervention, Start};
use domain::metrics::Metric;
use domain::people::{OrgTree, OrgUnit};
use domain::studies::draw::{self, Candidate, Drawn, Recorded, Request, Shape};
use domain::studies::planning::{Outlook, Readiness, Timing, outlooks, readiness};
use domain::studies::{Scale, Study};
use domain::time::{Day, Instant, Zone};
use store::db::{Read, Tx};

use crate::{App, Error, Fault, Ids, Result};

/// Periods of history that are looked at.
const HISTORY: i32 = 78;
/// Waves that the outlook of a rollout in waves has, and periods between them.
const WAVES: (usize, usize) = (4, 4);

/// What is known before the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Kinds of units that could be drawn, with how many of each have not started; the likeliest kind first.
    pub kinds: Vec<(String, usize)>,
    /// The kind that was looked at.
    pub kind: String,
    /// What was found about the metric's history, in the metric's unit.
    pub readiness: Readiness,
    /// What rollouts of some shapes could show, in the study's unit.
    pub outlooks: Vec<Outlook>,
    /// Whole periods since the newest value; `None` where none came.
    pub behind: Option<u32>,
}

/// A metric's past by unit.
struct Past {
    units: Vec<(Candidate, Vec<Option<f64>>)>,
    changed: bool,
}

/// Looks at the history of a study's metric and tries rollouts of a few shapes on it.
pub async fn prepare(app: &App, permit: &Permit<ReadStudy>, kind: Option<String>) -> Result<Prepared> {
    let id = permit.asked().0;
    let today = app.today();
    let zone = app.settings.zone.clone();
    let (kinds, kind, past, study) = app
        .store
        .read(move |r| -> Result<_> {
            let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
            let support = store::interventions::intervention(r, study.intervention)?
                .ok_or(Error::NotFound("support"))?;
            let metric = store::metrics::metric(r, study.metric)?.ok_or(Error::NotFound("metric"))?;
            let place = Place::read(r, &study, &support, today)?;
            let kinds = place.kinds();
            let kind = kind
                .filter(|k| kinds.iter().any(|(name, _)| name == k))
                .or_else(|| kinds.first().map(|k| k.0.clone()))
                .unwrap_or_default();
            let past = past(r, &metric, &place, &kind, today, &zone)?;
            Ok((kinds, kind, past, study))
        })
        .await?;
    let (readiness, outlooks, behind) = tokio::task::spawn_blocking(move || {
        let log = study.plan.scale == Scale::Log;
        let plain: Vec<&[Option<f64>]> = past.units.iter().map(|u| u.1.as_slice()).collect();
        let scaled: Vec<Vec<Option<f64>>> = plain
            .iter()
            .map(|h| h.iter().map(|v| if log { v.filter(|v| *v > 0.0).map(f64::ln) } else { *v }).collect())
            .collect();
        let scaled: Vec<&[Option<f64>]> = scaled.iter().map(Vec::as_slice).collect();
        let timing = Timing {
            before: study.plan.before as usize,
            after: study.plan.after as usize,
            gap: WAVES.1,
            waves: WAVES.0,
        };
        let wanted = study.hypothesis.expected.map(|by| if log { by.max(-0.99).ln_1p() } else { by });
        let mut all = outlooks(&scaled, timing, wanted);
        for seen in all.iter_mut().filter(|_| log).flat_map(|o| o.by_period.iter_mut().flatten()) {
            *seen = seen.exp_m1();
        }
        let newest = plain.iter().filter_map(|h| h.iter().rposition(Option::is_some)).max();
        let behind = newest.zip(plain.first()).map(|(n, h)| (h.len() - 1 - n) as u32);
        (readiness(&plain, past.changed), all, behind)
    })
    .await
    .map_err(Error::internal)?;
    Ok(Prepared { kinds, kind, readiness, outlooks, behind })
}

/// Where a support may start: the units of its place, and those that have started.
struct Place {
    units: Vec<OrgUnit>,
    tree: OrgTree,
    inside: BTreeSet<UnitId>,
    started: BTreeMap<UnitId, Start>,
}

impl Place {
    fn read(r: &mut Read, study: &Study, support: &Intervention, today: Day) -> Result<Self> {
        let units = store::people::units(r)?;
        let tree = OrgTree::on(today, &store::people::placements(r)?);
        let inside = match support.org_unit {
            _ if !study.plan.units.is_empty() => study.plan.units.iter().copied().collect(),
            Some(root) => tree.subtree(root),
            None => units.iter().map(|u| u.id).collect(),
        };
        let started = store::interventions::starts(r, support.id)?.into_iter().map(|s| (s.unit, s)).collect();
        Ok(Self { units, tree, inside, started })
    }
    /// Kinds of units inside, with how many have not started; the kind that started comes first, then the most numerous.
    fn kinds(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut before: BTreeSet<&str> = BTreeSet::new();
        for u in self.units.iter().filter(|u| self.inside.contains(&u.id)) {
            if self.started.contains_key(&u.id) {
                before.insert(&u.kind);
            }
            *counts.entry(&u.kind).or_default() += usize::from(!self.started.contains_key(&u.id));
        }
        let mut kinds: Vec<(String, usize)> = counts.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
        kinds.sort_by_key(|(k, n)| (!before.contains(k.as_str()), std::cmp::Reverse(*n), k.clone()));
        kinds
    }
    /// Units of a kind, started or not.
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &OrgUnit> {
        self.units.iter().filter(move |u| u.kind == kind && self.inside.contains(&u.id))
    }
    fn stratum(&self, unit: UnitId) -> String {
        let above = self.tree.parent(unit);
        above.and_then(|p| self.units.iter().find(|u| u.id == p)).map_or_else(String::new, |u| u.code.clone())
    }
}

fn past(r: &mut Read, metric: &Metric, place: &Place, kind: &str, today: Day, zone: &Zone) -> Result<Past> {
    let cadence = metric.cadence.rolled();
    let newest = cadence.step(cadence.start(today), -1);
    let from = cadence.step(newest, 1 - HISTORY);
    let units: Vec<&OrgUnit> = place.of_kind(kind).collect();
    let subjects: Vec<uuid::Uuid> = units.iter().map(|u| u.id.uuid()).collect();
    let readings = store::metrics::readings_of(r, &subjects, &[metric.id], from, newest)?;
    // Periods before anything was measured are no holes.
    let first = readings.iter().map(|x| x.period).min().unwrap_or(from);
    let periods = cadence.steps_between(first, newest) + 1;
    let histories = units
        .iter()
        .map(|u| {
            let mut values = vec![None; periods.max(0) as usize];
            let at = readings.partition_point(|x| x.subject < u.id.uuid());
            for reading in readings[at..].iter().take_while(|x| x.subject == u.id.uuid()) {
                let t = cadence.steps_between(first, reading.period);
                if let Some(slot) = usize::try_from(t).ok().and_then(|t| values.get_mut(t)) {
                    *slot = reading.quantity.value();
                }
            }
            let recent: Vec<f64> = values.iter().rev().take(12).flatten().copied().collect();
            let level = (!recent.is_empty()).then(|| recent.iter().sum::<f64>() / recent.len() as f64);
            (Candidate { code: u.code.clone(), stratum: place.stratum(u.id), level }, values)
        })
        .collect();
    let changed =
        store::metrics::versions(r, metric.id)?.iter().any(|v| v.version > 1 && v.set_at.day(zone) >= first);
    Ok(Past { units: histories, changed })
}

/// How a rollout is to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its shape.
    pub shape: Shape,
    /// The kind of units that start.
    pub kind: String,
    /// Into how many waves.
    pub waves: u32,
    /// The first wave's day.
    pub first: Day,
    /// Weeks between waves.
    pub weeks: u32,
}

/// Draws who starts when and records the draw. Nothing starts by it: [`apply`] makes it the rollout.
pub async fn propose(app: &App, permit: &Permit<WriteStudy>, id: StudyId, wanted: Wanted) -> Result<i64> {
    let by = permit.person().ok_or_else(a_person)?;
    let (now, ids, actor) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let (today, zone) = (app.today(), app.settings.zone.clone());
    app.store
        .write(move |tx: &mut Tx| -> Result<i64> {
            let study = store::studies::study(tx, id)?.ok_or(Error::NotFound("study"))?;
            let recorded = record(tx, &ids, (now, today, &zone), &study, by, &wanted)?;
            let detail = format!("draw {}, seed {:016x}", recorded.number, recorded.seed);
            crate::audit::note(tx, &ids, now, &actor, "study.draw", &study.code, &detail)?;
            Ok(recorded.number)
        })
        .await
}

fn a_person() -> Error {
    Error::invalid("draw", "a draw is a person's; sign in and draw on the page")
}

/// Draws among the units of a kind that have not started, and keeps seed and request.
fn record(
    tx: &mut Tx,
    ids: &Ids,
    (now, today, zone): (Instant, Day, &Zone),
    study: &Study,
    by: domain::ids::PersonId,
    wanted: &Wanted,
) -> Result<Recorded> {
    let support =
        store::interventions::intervention(tx, study.intervention)?.ok_or(Error::NotFound("support"))?;
    let metric = store::metrics::metric(tx, study.metric)?.ok_or(Error::NotFound("metric"))?;
    let place = Place::read(tx, study, &support, today)?;
    let waiting: BTreeSet<&str> = place
        .of_kind(&wanted.kind)
        .filter(|u| place.started.get(&u.id).is_none_or(|s| s.day > today))
        .map(|u| u.code.as_str())
        .collect();
    let past = past(tx, &metric, &place, &wanted.kind, today, zone)?;
    let request = Request {
        shape: wanted.shape,
        waves: wanted.waves,
        first: wanted.first,
        every: wanted.weeks.saturating_mul(7),
        units: past.units.into_iter().map(|u| u.0).filter(|l| waiting.contains(l.code.as_str())).collect(),
    };
    let faults = draw::check(&request, today);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults.into_iter().map(|(f, why)| Fault::at(f, why)).collect()));
    }
    let recorded = Recorded {
        study: study.id,
        number: store::studies::draws(tx, study.id)?.len() as i64 + 1,
        seed: ids.next::<StudyId>(now).uuid().as_u64_pair().1,
        request,
        at: now,
        by,
        applied_at: None,
    };
    store::studies::put_draw(tx, &recorded)?;
    Ok(recorded)
}

/// Makes a recorded draw the rollout. What has started stays as it is; waves count on from it.
pub async fn apply(app: &App, permit: &Permit<WriteStudy>, id: StudyId, number: i64) -> Result<usize> {
    let (now, ids, actor) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let today = app.today();
    app.store
        .write(move |tx: &mut Tx| -> Result<usize> {
            let study = store::studies::study(tx, id)?.ok_or(Error::NotFound("study"))?;
            let recorded = store::studies::draws(tx, id)?
                .into_iter()
                .find(|d| d.number == number)
                .ok_or(Error::NotFound("draw"))?;
            let started = start_by(tx, &study, &recorded, now, today)?;
            let detail = format!("draw {number}: {started} units");
            crate::audit::note(tx, &ids, now, &actor, "support.rollout", &study.code, &detail)?;
            Ok(started)
        })
        .await
}

fn start_by(tx: &mut Tx, study: &Study, recorded: &Recorded, now: Instant, today: Day) -> Result<usize> {
    if recorded.request.first <= today {
        return Err(Error::Conflict(format!(
            "this draw starts on {}, which is not after today; draw again with a later day",
            recorded.request.first
        )));
    }
    let drawn = draw::draw(&recorded.request, recorded.seed);
    let codes: Vec<String> = drawn.iter().map(|d| d.code.clone()).collect();
    let units = store::people::unit_ids(tx, &codes)?;
    // What has begun stays; what was only planned gives way to the draw.
    let mut starts: Vec<Start> = store::interventions::starts(tx, study.intervention)?;
    starts.retain(|s| s.day <= today);
    let begun = starts.iter().map(|s| s.wave).max().unwrap_or(0);
    let mut count = 0;
    for Drawn { code, wave, day } in drawn {
        // Whoever waits has no day.
        let (Some(day), Some(&unit)) = (day, units.get(&code)) else { continue };
        if starts.iter().all(|s| s.unit != unit) {
            starts.push(Start { unit, day, wave: begun + wave, drawn: true });
            count += 1;
        }
    }
    starts.sort_by_key(|s| (s.day, s.unit));
    store::interventions::set_starts(tx, study.intervention, &starts)?;
    store::studies::put_draw(tx, &Recorded { applied_at: Some(now), ..recorded.clone() })?;
    Ok(count)
}

/// The units of a decision to scale: all of the kind that started and have not yet, in waves by lot.
pub(super) fn schedule(
    tx: &mut Tx,
    ids: &Ids,
    (now, today, zone): (Instant, Day, &Zone),
    study: &Study,
    by: domain::ids::PersonId,
    next: &super::Next,
) -> Result<usize> {
    let support =
        store::interventions::intervention(tx, study.intervention)?.ok_or(Error::NotFound("support"))?;
    let place = Place::read(tx, study, &support, today)?;
    let Some((kind, waiting)) = place.kinds().into_iter().next().filter(|_| !place.started.is_empty()) else {
        return Err(Error::invalid(
            "from",
            "this support is given to single people, not started by units; give it to more of them instead",
        ));
    };
    if waiting == 0 {
        return Ok(0);
    }
    // One wave is a draw of its own kind: everybody who waits starts on the day.
    let shape = Shape::Waves;
    let wanted = Wanted { shape, kind, waves: next.waves, first: next.from, weeks: next.weeks };
    let recorded = record(tx, ids, (now, today, zone), study, by, &wanted)?;
    start_by(tx, study, &recorded, now, today)
}

/// How many units could still start: what a decision to scale would schedule.
pub(super) fn waiting(
    r: &mut Read,
    study: &Study,
    support: &Intervention,
    today: Day,
) -> Result<(String, usize)> {
    let place = Place::read(r, study, support, today)?;
    let first = place.kinds().into_iter().next().filter(|_| !place.started.is_empty());
    Ok(first.unwrap_or_default())
}
