//! What an evaluation knows before it looks at a metric's numbers.

use std::collections::{BTreeMap, BTreeSet};

use domain::alerts::series::{Aim, Rules};
use domain::alerts::whole::Member;
use domain::calendars::{Away, Calendar, share};
use domain::ids::{JobRoleId, MetricId, PersonId, Subject, UnitId};
use domain::metrics::{Aggregation, Grain, Metric};
use domain::people::{Membership, Person, Placement, Span};
use domain::targets::{Commitment, Place, Target, TargetScope, in_force};
use domain::time::{Cadence, Day, Instant, Zone};
use store::db::Read;
use store::metrics::Reading;
use store::people::Directory;
use uuid::Uuid;

use crate::Result;
use crate::attention::Quiet;
use crate::targets::Places;

/// Periods of history that are walked: more than a baseline, two accepted levels and a year to look back on.
pub(super) const HISTORY: i32 = 130;
/// The axis of periods begins at a multiple of so many, so that it does not move every week and decisions with it.
const AXIS_STEP: i32 = 26;

/// What an evaluation follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Numbers that have just come.
    Arrival,
    /// A history that was loaded at once.
    History,
}

/// What every metric's evaluation needs.
pub(super) struct World {
    pub(super) occasion: Occasion,
    pub(super) zone: Zone,
    pub(super) today: Day,
    pub(super) metrics: Vec<Metric>,
    placements: Vec<Placement>,
    memberships: BTreeMap<PersonId, Vec<Membership>>,
    /// Whether everybody's memberships, commitments and leave are here, or only those of [`World::meet`].
    everybody: bool,
    pub(super) places: Places,
    pub(super) targets: Vec<Target>,
    pub(super) commitments: BTreeMap<(PersonId, MetricId), Commitment>,
    calendars: BTreeMap<UnitId, Calendar>,
    closed: BTreeMap<UnitId, Vec<Span>>,
    away: BTreeMap<PersonId, Vec<Away>>,
    lags: BTreeMap<MetricId, i32>,
    rules: BTreeMap<MetricId, (Rules, String)>,
    pub(super) quiet: Quiet,
    pub(super) grace_hours: u32,
}

impl World {
    /// Everything but people; they come with [`World::meet`] or [`World::meet_everybody`].
    pub(super) fn read(
        r: &mut Read,
        now: Instant,
        settings: &crate::Settings,
        occasion: Occasion,
    ) -> Result<Self> {
        let today = now.day(&settings.zone);
        let metrics = store::metrics::metrics(r)?;
        let feeds: BTreeMap<_, _> = store::feeds::feeds(r)?.into_iter().map(|f| (f.id, f.lag_days)).collect();
        let ids: Vec<MetricId> = metrics.iter().map(|m| m.id).collect();
        let mut rules = BTreeMap::new();
        for metric in &metrics {
            rules.insert(metric.id, super::rules::in_force(r, Some(metric))?);
        }
        let placements = store::people::placements(r)?;
        let by_code: BTreeMap<String, Calendar> =
            store::calendars::calendars(r)?.into_iter().map(|c| (c.code.clone(), c)).collect();
        let calendars = store::calendars::calendars_of_units(r)?
            .into_iter()
            .filter_map(|(unit, code)| Some((unit, by_code.get(&code)?.clone())))
            .collect();
        let mut closed: BTreeMap<UnitId, Vec<Span>> = BTreeMap::new();
        for (unit, closure) in store::calendars::closures(r)? {
            closed.entry(unit).or_default().push(closure.span);
        }
        Ok(Self {
            occasion,
            zone: settings.zone.clone(),
            today,
            places: Places::of(today, [], &placements),
            placements,
            memberships: BTreeMap::new(),
            everybody: false,
            lags: metrics
                .iter()
                .map(|m| (m.id, m.feed.and_then(|f| feeds.get(&f).copied()).unwrap_or(7)))
                .collect(),
            targets: store::targets::targets(r, &ids)?,
            metrics,
            commitments: BTreeMap::new(),
            calendars,
            closed,
            away: BTreeMap::new(),
            rules,
            quiet: Quiet::on(r, today)?,
            grace_hours: settings.grace_hours,
        })
    }

    /// Brings in everybody.
    pub(super) fn meet_everybody(&mut self, r: &mut Read) -> Result<()> {
        if !self.everybody {
            let Directory { memberships, .. } = store::people::directory(r)?;
            let commitments = store::targets::commitments(r)?;
            let absences = store::calendars::away(r)?;
            self.bring_in(memberships, commitments, absences);
            self.everybody = true;
        }
        Ok(())
    }

    /// Brings in some people.
    pub(super) fn meet(&mut self, r: &mut Read, people: &[PersonId]) -> Result<()> {
        if !self.everybody {
            let memberships = store::people::memberships_of(r, people)?;
            let commitments = store::targets::commitments_of(r, people)?;
            let absences = store::calendars::away_of(r, people)?;
            self.bring_in(memberships, commitments, absences);
        }
        Ok(())
    }

    fn bring_in(
        &mut self,
        memberships: Vec<Membership>,
        commitments: Vec<Commitment>,
        absences: Vec<(PersonId, Away)>,
    ) {
        let fresh: BTreeSet<PersonId> = memberships.iter().map(|m| m.person).collect();
        self.memberships.retain(|person, _| !fresh.contains(person));
        for m in memberships {
            self.memberships.entry(m.person).or_default().push(m);
        }
        self.places = Places::of(self.today, self.memberships.values().flatten(), &self.placements);
        for c in commitments {
            // In order of version: the newest one that has begun stays.
            if c.from <= self.today {
                self.commitments.insert((c.person, c.metric), c);
            }
        }
        self.commitments.retain(|_, c| !c.ended);
        for (person, away) in absences {
            let spans = self.away.entry(person).or_default();
            if !spans.contains(&away) {
                spans.push(away);
            }
        }
    }

    /// The rules that hold for a metric, and their name in alerts.
    pub(super) fn rules(&self, metric: MetricId) -> (Rules, String) {
        self.rules.get(&metric).cloned().unwrap_or_else(|| (Rules::default(), super::rules::FIRST.into()))
    }

    /// Days after a period's end until its data are late.
    pub(super) fn lag(&self, metric: MetricId) -> i32 {
        self.lags.get(&metric).copied().unwrap_or(7)
    }

    /// The newest period of a metric whose data are due by today.
    pub(super) fn newest_due(&self, metric: &Metric) -> Day {
        let cadence = metric.cadence.rolled();
        let mut period = cadence.start(self.today);
        while cadence.step(period, 1).plus(self.lag(metric.id)) > self.today {
            period = cadence.step(period, -1);
        }
        period
    }

    /// A person as they are told: without an address where nothing is sent.
    pub(super) fn addressed(&self, person: Person) -> Person {
        match self.occasion {
            Occasion::Arrival => person,
            Occasion::History => Person { email: None, ..person },
        }
    }

    pub(super) fn place(&self, subject: Subject) -> Place {
        match subject {
            Subject::Person(p) => self.places.person(p),
            Subject::Unit(u) => self.places.unit(u),
        }
    }

    /// The groups above a subject, from the top down: organisation, region, branch.
    pub(super) fn groups(&self, subject: Subject) -> Vec<UnitId> {
        let mut groups = self.place(subject).units;
        if let Subject::Unit(unit) = subject {
            groups.retain(|u| *u != unit);
        }
        groups.reverse();
        groups
    }

    /// What share of a period a subject works, by the calendar of its place, closures, leave and part time.
    pub(super) fn worked(&self, subject: Subject, units: &[UnitId], from: Day, until: Day) -> f64 {
        let away = subject.person().and_then(|p| self.away.get(&p)).map_or(&[][..], Vec::as_slice);
        if away.is_empty() && self.calendars.is_empty() && self.closed.is_empty() {
            return 1.0;
        }
        let usual = Calendar::default();
        let calendar = units.iter().find_map(|u| self.calendars.get(u)).unwrap_or(&usual);
        let closed: Vec<Span> = units.iter().filter_map(|u| self.closed.get(u)).flatten().copied().collect();
        share(calendar, &closed, away, from, until)
    }

    /// Whether a person is on leave for all of a span.
    pub(super) fn on_leave(&self, subject: Subject, from: Day, until: Day) -> bool {
        let away = subject.person().and_then(|p| self.away.get(&p));
        away.is_some_and(|all| {
            all.iter().any(|a| a.share == 0.0 && a.span.overlaps(Span { from, until: Some(until) }))
        })
    }

    /// Where a new usual level begins for a person: changes of job role.
    pub(super) fn role_changes(&self, person: PersonId) -> Vec<Day> {
        let all = self.memberships.get(&person).map_or(&[][..], Vec::as_slice);
        all.windows(2).filter(|w| w[0].job_role != w[1].job_role).map(|w| w[1].span.from).collect()
    }

    /// A subject of a metric as the rules see it, and the target in force for it.
    pub(super) fn member<'a>(
        &'a self,
        metric: &Metric,
        axis: &Axis,
        subject: Subject,
        values: &[Option<f64>],
        restarts: Vec<usize>,
    ) -> (Member, Option<&'a Target>) {
        let place = self.place(subject);
        let target = in_force(&self.targets, metric.id, &place, self.today);
        let mut worked: Vec<f64> = (0..axis.periods)
            .map(|at| self.worked(subject, &place.units, axis.day(at), axis.day(at + 1)))
            .collect();
        if worked.iter().all(|&w| w == 1.0) {
            worked.clear();
        }
        let peers = match metric.grain {
            Grain::Person => place.job_role,
            // Units of one metric do the same kind of work.
            Grain::Unit => Some(JobRoleId::new(Uuid::nil())),
        };
        let member = Member {
            groups: self.groups(subject),
            values: values.to_vec(),
            worked,
            counts: metric.aggregation == Aggregation::Sum,
            peers,
            aim: target.map(|t| Aim { level: t.level, tolerance: t.tolerance, window: t.window as usize }),
            ramps: target.is_some_and(|t| matches!(t.scope, TargetScope::JobRole(_) | TargetScope::All)),
            restarts,
        };
        (member, target)
    }
}

/// The periods on which a metric is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    cadence: Cadence,
    pub(super) first: Day,
    last: Day,
    pub(super) periods: usize,
}

impl Axis {
    /// `None` for a metric without readings.
    pub(super) fn of(r: &mut Read, metric: &Metric) -> Result<Option<Self>> {
        let Some((first, last)) = store::metrics::span(r, metric.id)? else { return Ok(None) };
        let cadence = metric.cadence.rolled();
        let origin = cadence.start(Day::from_number(0));
        let steps = cadence.steps_between(origin, last) - HISTORY;
        let first = first.max(cadence.step(origin, steps - steps.rem_euclid(AXIS_STEP)));
        let periods = usize::try_from(cadence.steps_between(first, last) + 1).unwrap_or(0);
        Ok(Some(Self { cadence, first, last, periods }))
    }

    pub(super) fn day(&self, at: usize) -> Day {
        self.cadence.step(self.first, i32::try_from(at).unwrap_or(i32::MAX))
    }

    pub(super) fn position(&self, day: Day) -> Option<usize> {
        usize::try_from(self.cadence.steps_between(self.first, self.cadence.start(day)))
            .ok()
            .filter(|&at| at < self.periods)
    }
}

/// One subject's series.
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) values: Vec<Option<f64>>,
    /// Whether any of it was corrected.
    pub(super) corrected: bool,
}

/// The series of subjects of a metric, on one axis of periods.
pub(super) struct Matrix {
    pub(super) axis: Axis,
    pub(super) lines: Vec<Line>,
    /// Roll-ups of units, for saying what a common movement means in the metric's unit.
    pub(super) units: BTreeMap<UnitId, Vec<Option<f64>>>,
}

impl Matrix {
    /// Every subject's.
    pub(super) fn whole(r: &mut Read, metric: &Metric, axis: Axis) -> Result<Self> {
        let mut matrix = Self { axis, lines: Vec::new(), units: BTreeMap::new() };
        store::metrics::each_reading(r, metric.id, axis.first, axis.last, |reading| {
            matrix.add(metric.grain, &reading);
            Ok(())
        })?;
        Ok(matrix)
    }

    /// Those of some subjects and units.
    pub(super) fn some(r: &mut Read, metric: &Metric, axis: Axis, of: &[Uuid]) -> Result<Self> {
        let mut matrix = Self { axis, lines: Vec::new(), units: BTreeMap::new() };
        for reading in store::metrics::readings_of(r, of, &[metric.id], axis.first, axis.last)? {
            matrix.add(metric.grain, &reading);
        }
        Ok(matrix)
    }

    /// Readings come by subject.
    fn add(&mut self, grain: Grain, reading: &Reading) {
        let at =
            usize::try_from(self.axis.cadence.steps_between(self.axis.first, reading.period)).unwrap_or(0);
        let series = if reading.revision == 0 {
            self.units.entry(UnitId::new(reading.subject)).or_insert_with(|| vec![None; self.axis.periods])
        } else {
            if self.lines.last().is_none_or(|l| l.subject.uuid() != reading.subject) {
                let subject = match grain {
                    Grain::Person => Subject::Person(PersonId::new(reading.subject)),
                    Grain::Unit => Subject::Unit(UnitId::new(reading.subject)),
                };
                self.lines.push(Line { subject, values: vec![None; self.axis.periods], corrected: false });
            }
            let Some(line) = self.lines.last_mut() else { return };
            line.corrected |= reading.revision > 1;
            &mut line.values
        };
        if let Some(slot) = series.get_mut(at) {
            *slot = reading.quantity.value();
        }
    }
}
