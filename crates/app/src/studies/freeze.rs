//! Gathers everything that one reading of a study looks at.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{MetricId, PersonId, UnitId};
use domain::interventions::{DRAWN, Intervention, MinutesPer, Note, Start, Use};
use domain::metrics::{Aggregation, Grain, Level, Metric};
use domain::people::OrgTree;
use domain::studies::{Cost, Design, Episode, Gap, Input, LaneInput, METHOD, Member, Study, kept};
use domain::time::{Cadence, Day, Zone};
use store::db::Read;
use store::metrics::Reading;
use store::people::Directory;
use uuid::Uuid;

use crate::{Error, Result};

/// Periods before the window that a chart shows, and that usual levels are learnt from.
const HISTORY: i32 = 26;
/// At most so many periods in one reading.
const LONGEST: i32 = 260;

struct Scene<'a> {
    study: &'a Study,
    directory: Directory,
    tree: OrgTree,
    starts: BTreeMap<UnitId, Start>,
    notes: Vec<Note>,
    uses: Vec<Use>,
    today: Day,
    zone: &'a Zone,
}

/// Freezes what a study looks at: whole periods up to yesterday's.
pub fn freeze(r: &mut Read, study: &Study, today: Day, zone: &Zone) -> Result<Input> {
    let support =
        store::interventions::intervention(r, study.intervention)?.ok_or(Error::NotFound("support"))?;
    let metrics: BTreeMap<MetricId, Metric> =
        store::metrics::metrics(r)?.into_iter().map(|m| (m.id, m)).collect();
    let outcome = metrics.get(&study.metric).ok_or(Error::NotFound("metric"))?;
    let directory = store::people::directory(r)?;
    let scene = Scene {
        study,
        tree: OrgTree::on(today, &directory.placements),
        directory,
        starts: store::interventions::starts(r, support.id)?.into_iter().map(|s| (s.unit, s)).collect(),
        notes: store::interventions::notes(r, support.id)?,
        uses: store::interventions::uses(r, support.id)?,
        today,
        zone,
    };

    // The deciding metric first, then the lanes from the business down, then the guardrails.
    let mut wanted: Vec<(MetricId, Level)> = Vec::new();
    let mut lanes = store::interventions::lanes(r, support.id)?;
    lanes.sort_by_key(|l| (l.lane, l.position));
    let decides = lanes.iter().find(|l| l.metric == study.metric).map_or(outcome.level, |l| l.lane);
    wanted.push((study.metric, decides));
    wanted.extend(lanes.iter().map(|l| (l.metric, l.lane)));
    wanted.extend(study.hypothesis.guardrails.iter().filter_map(|g| metrics.get(g)).map(|m| (m.id, m.level)));
    let mut seen = BTreeSet::new();
    wanted.retain(|(metric, _)| seen.insert(*metric));

    let mut inputs = Vec::with_capacity(wanted.len());
    for (id, level) in wanted {
        let Some(metric) = metrics.get(&id) else { continue };
        let first = inputs.is_empty();
        let lane = match study.design {
            Design::Picked if metric.grain == Grain::Unit && !first => None,
            Design::Picked => scene.persons(r, metric, level, outcome.cadence.rolled(), first)?,
            Design::Staged | Design::BeforeAfter => {
                scene.units(r, metric, level, outcome.cadence.rolled(), first)?
            }
        };
        match lane {
            Some(lane) => inputs.push(lane),
            None if first => {
                return Err(Error::Conflict(format!(
                    "there are no observations of {} yet, or nothing has a start; bring them in first",
                    outcome.name
                )));
            }
            None => {}
        }
    }
    let up_to = inputs.first().map_or(today, |l| l.cadence.step(l.first, l.periods.saturating_sub(1) as i32));
    let end = inputs.first().map_or(today, |l| l.cadence.step(l.first, l.periods as i32));
    let first_start = match study.design {
        Design::Picked => scene.uses.iter().map(|u| u.day).min(),
        _ => scene.starts.values().map(|s| s.day).min(),
    };
    let drawn = match study.design {
        Design::Picked => !scene.uses.is_empty() && scene.uses.iter().all(|u| u.picked_by == DRAWN),
        _ => !scene.starts.is_empty() && scene.starts.values().all(|s| s.drawn),
    };
    let progress = study.reading_day.filter(|day| today < *day).zip(first_start).and_then(|(day, start)| {
        let planned = f64::from(day.number() - start.number());
        let passed = f64::from(end.number() - start.number());
        // Six digits are plenty for a share, and the same in every frozen file.
        (planned > 0.0).then(|| kept((passed / planned * 1e6).round() / 1e6).clamp(0.01, 1.0))
    });
    Ok(Input {
        method: METHOD,
        study: study.code.clone(),
        design: study.design,
        scale: study.plan.scale,
        drawn,
        locked_before_start: domain::studies::workflow::fixed_before_start(
            study,
            first_start,
            store::studies::amendments(r, study.id)?.into_iter().map(|a| (a.at.day(zone), a.changes)),
        ),
        smallest: study.plan.smallest,
        progress,
        up_to,
        lanes: inputs,
        cost: scene.cost(&support, end),
    })
}

/// Periods of one cadence that cover about as long as `n` of another.
fn as_long(n: u32, of: Cadence, here: Cadence) -> u32 {
    if of == here {
        return n;
    }
    let days = |c: Cadence| match c {
        Cadence::Day => 1.0,
        Cadence::Week => 7.0,
        Cadence::Month => 30.4,
        Cadence::Quarter => 91.3,
        Cadence::Year => 365.25,
    };
    (f64::from(n) * days(of) / days(here)).round().max(1.0) as u32
}

impl Scene<'_> {
    fn definition_changed(&self, r: &mut Read, metric: &Metric, from: Day, until: Day) -> Result<bool> {
        Ok(store::metrics::versions(r, metric.id)?.iter().any(|v| {
            let day = v.set_at.day(self.zone);
            v.version > 1 && day >= from && day < until
        }))
    }

    fn lane(&self, metric: &Metric, lane: Level, of: Cadence, first: Day, periods: u32) -> LaneInput {
        let cadence = metric.cadence.rolled();
        LaneInput {
            metric: metric.code.clone(),
            lane,
            better: metric.better(),
            guardrail: metric.guardrail || self.study.hypothesis.guardrails.contains(&metric.id),
            cadence,
            first,
            periods,
            before: as_long(self.study.plan.before, of, cadence),
            after: as_long(self.study.plan.after, of, cadence),
            definition_changed: false,
            personal: metric.grain == Grain::Person,
            exposure: None,
            members: Vec::new(),
            episodes: Vec::new(),
        }
    }

    /// The units that take part, each with the unit that decides its start and shares its shocks.
    fn taking_part(&self) -> Vec<(UnitId, UnitId)> {
        let kinds: BTreeMap<UnitId, &str> =
            self.directory.units.iter().map(|u| (u.id, u.kind.as_str())).collect();
        let rolled: BTreeSet<&str> = self.starts.keys().filter_map(|u| kinds.get(u).copied()).collect();
        let chosen: Vec<UnitId> = if self.study.plan.units.is_empty() {
            let support = self.starts.keys().next();
            // Beside the rollout: the same kinds under the same root.
            let root = support.map(|u| self.tree.ancestors(*u).last().copied().unwrap_or(*u));
            self.directory
                .units
                .iter()
                .filter(|u| rolled.contains(u.kind.as_str()))
                .filter(|u| {
                    self.starts.contains_key(&u.id)
                        || self.tree.ancestors(u.id).last().copied().unwrap_or(u.id) == root.unwrap_or(u.id)
                        || self.tree.parent(u.id).is_none()
                })
                .map(|u| u.id)
                .collect()
        } else {
            self.study.plan.units.clone()
        };
        let mut all: Vec<(UnitId, UnitId)> = chosen
            .into_iter()
            .map(|unit| {
                let path: Vec<UnitId> = std::iter::once(unit).chain(self.tree.ancestors(unit)).collect();
                let with_start = path.iter().find(|u| self.starts.contains_key(u));
                let of_kind = path.iter().find(|u| kinds.get(u).is_some_and(|kind| rolled.contains(kind)));
                (unit, *with_start.or(of_kind).unwrap_or(&unit))
            })
            .collect();
        all.sort_unstable();
        all
    }

    fn units(
        &self,
        r: &mut Read,
        metric: &Metric,
        level: Level,
        of: Cadence,
        decides: bool,
    ) -> Result<Option<LaneInput>> {
        let cadence = metric.cadence.rolled();
        let last = cadence.step(cadence.start(self.today), -1);
        let taking_part = self.taking_part();
        let subjects: Vec<Uuid> = taking_part.iter().map(|(u, _)| u.uuid()).collect();
        let earliest = self.starts.values().map(|s| s.day).min();
        let before = as_long(self.study.plan.before, of, cadence) as i32;
        let from = earliest.map_or_else(
            || cadence.step(last, -HISTORY),
            |day| cadence.step(cadence.start(day), -before.max(HISTORY)),
        );
        let from = from.max(cadence.step(last, -LONGEST));
        let readings = store::metrics::readings_of(r, &subjects, &[metric.id], from, last)?;
        let (Some(first), Some(newest)) =
            (readings.iter().map(|x| x.period).min(), readings.iter().map(|x| x.period).max())
        else {
            return Ok(None);
        };
        if decides && self.starts.is_empty() {
            return Ok(None);
        }
        let periods = (cadence.steps_between(first, newest) + 1).max(1) as u32;
        let mut lane = self.lane(metric, level, of, first, periods);
        lane.definition_changed = self.definition_changed(r, metric, first, cadence.step(newest, 1))?;
        let names: BTreeMap<UnitId, &str> =
            self.directory.units.iter().map(|u| (u.id, u.name.as_str())).collect();
        let clusters: BTreeMap<UnitId, u32> =
            taking_part.iter().map(|(_, c)| *c).collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let mut exposure = 0.0;
        let mut of_unit: BTreeMap<Uuid, Vec<&Reading>> = BTreeMap::new();
        for reading in &readings {
            of_unit.entry(reading.subject).or_default().push(reading);
        }
        for (unit, cluster) in &taking_part {
            let start = self.starts.get(cluster).filter(|s| s.day < self.today);
            let at = start.map(|s| cadence.steps_between(first, cadence.start(s.day)));
            let mut member = Member {
                name: names.get(unit).map_or_else(String::new, |n| (*n).to_owned()),
                cluster: clusters.get(cluster).copied().unwrap_or_default(),
                start: at,
                wave: start.map_or(0, |s| s.wave),
                people: None,
                values: vec![None; periods as usize],
                gaps: self.gaps(*unit, cadence, first, periods),
            };
            for reading in of_unit.get(&unit.uuid()).map_or(&[][..], Vec::as_slice) {
                let t = cadence.steps_between(first, reading.period);
                member.values[t as usize] = reading.quantity.value().map(kept);
                if metric.grain == Grain::Person {
                    let people = u32::try_from(reading.contributors).unwrap_or_default();
                    member.people = Some(member.people.map_or(people, |p| p.min(people)));
                }
                if at.is_some_and(|g| t >= g && t < g + lane.after as i32) {
                    exposure += reading.quantity.denominator.unwrap_or(1.0);
                }
            }
            lane.members.push(member);
        }
        if decides && matches!(metric.aggregation, Aggregation::Sum | Aggregation::Ratio) {
            lane.exposure = Some(kept(exposure));
        }
        Ok(Some(lane))
    }

    fn gaps(&self, unit: UnitId, cadence: Cadence, first: Day, periods: u32) -> Vec<Gap> {
        let above = self.tree.ancestors(unit);
        self.notes
            .iter()
            .filter(|n| n.unit == unit || above.contains(&n.unit))
            .filter_map(|n| {
                let from = cadence.steps_between(first, cadence.start(n.from)).max(0);
                let until = cadence.steps_between(first, cadence.start(n.until.plus(-1))) + 1;
                let until = until.min(periods as i32);
                (from < until).then(|| Gap {
                    from: from as u32,
                    until: until as u32,
                    reason: n.reason.clone(),
                    leave_out: n.leave_out,
                })
            })
            .collect()
    }

    fn persons(
        &self,
        r: &mut Read,
        metric: &Metric,
        level: Level,
        of: Cadence,
        decides: bool,
    ) -> Result<Option<LaneInput>> {
        if metric.grain == Grain::Unit {
            return Ok(None);
        }
        let cadence = metric.cadence.rolled();
        let last = cadence.step(cadence.start(self.today), -1);
        let Some(earliest) = self.uses.iter().map(|u| u.day).min() else { return Ok(None) };
        let before = as_long(self.study.plan.before, of, cadence) as i32;
        let from = cadence.step(cadence.start(earliest), -before - HISTORY);
        let from = from.max(cadence.step(last, -LONGEST));
        let mut readings: BTreeMap<Uuid, Vec<Reading>> = BTreeMap::new();
        store::metrics::each_reading(r, metric.id, from, last, |reading| {
            // Revision 0 is a unit's roll-up.
            if reading.revision > 0 {
                readings.entry(reading.subject).or_default().push(reading);
            }
            Ok(())
        })?;
        let first = readings.values().flatten().map(|x| x.period).min();
        let newest = readings.values().flatten().map(|x| x.period).max();
        let (Some(first), Some(newest)) = (first, newest) else { return Ok(None) };
        let periods = (cadence.steps_between(first, newest) + 1).max(1) as u32;
        let mut lane = self.lane(metric, level, of, first, periods);
        lane.definition_changed = self.definition_changed(r, metric, first, cadence.step(newest, 1))?;
        let place: BTreeMap<Uuid, UnitId> =
            self.directory.memberships.iter().map(|m| (m.person.uuid(), m.unit)).collect();
        let clusters: BTreeMap<UnitId, u32> =
            place.values().copied().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let mut number: BTreeMap<PersonId, u32> = BTreeMap::new();
        for (subject, all) in &readings {
            let mut member = Member {
                cluster: place.get(subject).and_then(|u| clusters.get(u)).copied().unwrap_or(u32::MAX),
                values: vec![None; periods as usize],
                ..Member::default()
            };
            for reading in all {
                member.values[cadence.steps_between(first, reading.period) as usize] =
                    reading.quantity.value().map(kept);
            }
            number.insert(PersonId::new(*subject), lane.members.len() as u32);
            lane.members.push(member);
        }
        let mut exposure = 0.0;
        for u in &self.uses {
            let Some(&member) = number.get(&u.person) else { continue };
            let at = cadence.steps_between(first, cadence.start(u.day));
            lane.episodes.push(Episode { member, at, given: u.given });
            for reading in readings.get(&u.person.uuid()).map_or(&[][..], Vec::as_slice) {
                let t = cadence.steps_between(first, reading.period);
                if u.given && t >= at && t < at + lane.after as i32 {
                    exposure += reading.quantity.denominator.unwrap_or(1.0);
                }
            }
        }
        lane.episodes.sort_by_key(|e| (e.at, e.member));
        if decides && matches!(metric.aggregation, Aggregation::Sum | Aggregation::Ratio) {
            lane.exposure = Some(kept(exposure));
        }
        Ok((!lane.episodes.is_empty()).then_some(lane))
    }

    /// What it has cost up to the end of the data.
    fn cost(&self, support: &Intervention, end: Day) -> Cost {
        let weeks = |from: Day| f64::from(end.days_since(from).max(0)) / 7.0;
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        let (mut person_weeks, mut unit_weeks, mut units) = (0.0, 0.0, 0.0);
        for start in self.starts.values().filter(|s| s.day < end) {
            units += 1.0;
            unit_weeks += weeks(start.day);
            let under = self.tree.subtree(start.unit);
            for m in self.directory.memberships.iter().filter(|m| under.contains(&m.unit)) {
                let from = m.span.from.max(start.day);
                let until = m.span.until.map_or(end, |u| u.min(end));
                if from < until {
                    people.insert(m.person);
                    person_weeks += f64::from(until.days_since(from)) / 7.0;
                }
            }
        }
        let rolled_out = people.len() as f64;
        let given: Vec<&Use> = self.uses.iter().filter(|u| u.given && u.day < end).collect();
        people.extend(given.iter().map(|u| u.person));
        let times = match support.minutes_per {
            MinutesPer::Person => rolled_out + given.len() as f64,
            MinutesPer::PersonWeek => person_weeks + given.iter().map(|u| weeks(u.day)).sum::<f64>(),
            MinutesPer::UnitWeek => unit_weeks,
            MinutesPer::Unit => units,
        };
        Cost {
            minutes: kept(support.minutes * times),
            people: people.len() as u32,
            money: support.money,
            hour_value: support.hour_value,
        }
    }
}
