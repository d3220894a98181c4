//! From readings to episodes and standings: reads a metric's series, asks `domain::alerts::series`, and writes what follows.

use std::collections::{BTreeMap, BTreeSet};

use domain::alerts::series::{Aim, Common, End, Episode, Found, Placed, Rules, Series, walk, without_common};
use domain::alerts::{Alert, Facts, Kind, Standing, State, Way};
use domain::ids::{AlertId, MetricId, PersonId, Subject, UnitId};
use domain::metrics::{Grain, Metric};
use domain::people::{Person, Span};
use domain::targets::{Commitment, Place, Target, in_force};
use domain::time::{Day, Instant, Zone};
use store::alerts::{Event, Stand};
use store::db::{Read, Tx};
use store::people::Directory;
use uuid::Uuid;

use crate::attention::Quiet;
use crate::notify::{Telling, tell_unasked};
use crate::targets::Places;
use crate::{App, Ids, Result, Topic};

/// Periods of history that are walked: more than a baseline, two accepted levels and a year to look back on.
const HISTORY: i32 = 130;

/// Periods for which an open episode that was not known before is news. An older one is history that was brought in late.
const NEWS: usize = 6;

/// The rules in force, and their name in alerts.
pub fn rules(r: &mut Read) -> Result<(Rules, String)> {
    match store::alerts::rule(r, "default")? {
        Some(found) => {
            let rules = serde_json::from_str(&found.params).map_err(crate::Error::internal)?;
            Ok((rules, format!("default {}", found.version)))
        }
        None => Ok((Rules::default(), "default 1".into())),
    }
}

/// What an evaluation changed.
#[derive(Debug, Clone, Default)]
pub struct Evaluated {
    /// Keys that were done.
    pub keys: usize,
    /// Alerts that opened or closed.
    pub changed: Vec<AlertId>,
    /// Whose pages should look again.
    pub people: BTreeSet<PersonId>,
}

/// The pipeline's step: evaluates every metric for which somebody's numbers or targets changed. Gives how many keys it did.
pub async fn evaluate(app: &App, limit: u32) -> Result<usize> {
    let ids = app.ids.clone();
    let now = app.now();
    let settings = app.settings.clone();
    let done = app
        .store
        .write(move |tx: &mut Tx| -> Result<Evaluated> {
            let keys = store::pipeline::asked(tx, crate::STANDING, limit)?;
            if keys.is_empty() {
                return Ok(Evaluated::default());
            }
            let wanted: BTreeSet<MetricId> = keys.iter().map(|k| MetricId::new(k.b)).collect();
            let world = World::read(tx, now, &settings)?;
            let mut done = Evaluated::default();
            for metric in world.metrics.iter().filter(|m| wanted.contains(&m.id)) {
                evaluate_in(tx, &world, metric, &ids, now, &settings.public_url, &mut done)?;
            }
            // Every key of these metrics is done: a metric is evaluated as a whole, since what is common concerns everybody.
            for metric in &wanted {
                store::pipeline::done_for_b(tx, crate::STANDING, metric.uuid())?;
            }
            done.keys = keys.len();
            Ok(done)
        })
        .await?;
    for &person in &done.people {
        for topic in [Topic::Alert, Topic::Today, Topic::Team, Topic::Notifications] {
            app.live.tell(person, topic);
        }
    }
    if !done.changed.is_empty() {
        app.post.notify_one();
    }
    Ok(done.keys)
}

/// Evaluates every metric inside a transaction after a history was loaded.
///
/// Episodes are dated by the periods that opened and closed them rather than by now. Nobody gets mail about the past;
/// what opened with the newest period is told on screen.
pub fn evaluate_history(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    settings: &crate::Settings,
) -> Result<Evaluated> {
    let world = World { occasion: Occasion::History, ..World::read(tx, now, settings)? };
    let mut done = Evaluated::default();
    for metric in &world.metrics {
        evaluate_in(tx, &world, metric, ids, now, &settings.public_url, &mut done)?;
    }
    Ok(done)
}

/// What an evaluation follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Numbers that have just come.
    Arrival,
    /// A history that was loaded at once.
    History,
}

/// What every metric's evaluation needs.
struct World {
    occasion: Occasion,
    zone: Zone,
    today: Day,
    metrics: Vec<Metric>,
    directory: Directory,
    places: Places,
    targets: Vec<Target>,
    commitments: BTreeMap<(PersonId, MetricId), Commitment>,
    absences: BTreeMap<PersonId, Vec<Span>>,
    lags: BTreeMap<MetricId, i32>,
    rules: Rules,
    rule: String,
    quiet: Quiet,
    grace_hours: u32,
}

impl World {
    fn read(tx: &mut Read, now: Instant, settings: &crate::Settings) -> Result<Self> {
        let today = now.day(&settings.zone);
        let metrics = store::metrics::metrics(tx)?;
        let directory = store::people::directory(tx)?;
        let feeds: BTreeMap<_, _> =
            store::feeds::feeds(tx)?.into_iter().map(|f| (f.id, f.lag_days)).collect();
        let ids: Vec<MetricId> = metrics.iter().map(|m| m.id).collect();
        let (rules, rule) = rules(tx)?;
        let mut commitments = BTreeMap::new();
        for c in store::targets::commitments(tx)? {
            // In order of version: the newest one that has begun stays.
            if c.from <= today {
                commitments.insert((c.person, c.metric), c);
            }
        }
        commitments.retain(|_, c| !c.ended);
        let mut absences: BTreeMap<PersonId, Vec<Span>> = BTreeMap::new();
        for (person, span) in store::people::absences(tx)? {
            absences.entry(person).or_default().push(span);
        }
        Ok(Self {
            occasion: Occasion::Arrival,
            zone: settings.zone.clone(),
            today,
            places: Places::on(today, &directory),
            lags: metrics
                .iter()
                .map(|m| (m.id, m.feed.and_then(|f| feeds.get(&f).copied()).unwrap_or(7)))
                .collect(),
            targets: store::targets::targets(tx, &ids)?,
            metrics,
            directory,
            commitments,
            absences,
            rules,
            rule,
            quiet: Quiet::on(tx, today)?,
            grace_hours: settings.grace_hours,
        })
    }

    /// The newest period of a metric whose data are due by today.
    fn newest_due(&self, metric: &Metric) -> Day {
        let cadence = metric.cadence.rolled();
        let lag = self.lags.get(&metric.id).copied().unwrap_or(7);
        let mut period = cadence.start(self.today);
        while cadence.step(period, 1).plus(lag) > self.today {
            period = cadence.step(period, -1);
        }
        period
    }

    /// A person as they are told: without an address where nothing is sent.
    fn addressed(&self, person: Person) -> Person {
        match self.occasion {
            Occasion::Arrival => person,
            Occasion::History => Person { email: None, ..person },
        }
    }

    fn place(&self, subject: Subject) -> Place {
        match subject {
            Subject::Person(p) => self.places.person(p),
            Subject::Unit(u) => self.places.unit(u),
        }
    }
}

/// The series of every subject of a metric, on one axis of periods.
struct Matrix {
    first: Day,
    periods: usize,
    subjects: Vec<(Subject, Vec<Option<f64>>)>,
    /// Roll-ups of units, for saying what a common movement means in the metric's unit.
    units: BTreeMap<UnitId, Vec<Option<f64>>>,
}

impl Matrix {
    fn read(r: &mut Read, metric: &Metric) -> Result<Option<Self>> {
        let Some((first, last)) = store::metrics::span(r, metric.id)? else { return Ok(None) };
        let cadence = metric.cadence.rolled();
        let first = first.max(cadence.step(last, -HISTORY));
        let periods = usize::try_from(cadence.steps_between(first, last) + 1).unwrap_or(0);
        let mut all: BTreeMap<(bool, Uuid), Vec<Option<f64>>> = BTreeMap::new();
        store::metrics::each_reading(r, metric.id, first, last, |reading| {
            let at = usize::try_from(cadence.steps_between(first, reading.period)).unwrap_or(0);
            let series =
                all.entry((reading.revision == 0, reading.subject)).or_insert_with(|| vec![None; periods]);
            if let Some(slot) = series.get_mut(at) {
                *slot = reading.quantity.value();
            }
            Ok(())
        })?;
        let mut matrix = Self { first, periods, subjects: Vec::new(), units: BTreeMap::new() };
        for ((rolled, subject), series) in all {
            match (rolled, metric.grain) {
                (true, _) => {
                    matrix.units.insert(UnitId::new(subject), series);
                }
                (false, Grain::Person) => {
                    matrix.subjects.push((Subject::Person(PersonId::new(subject)), series))
                }
                (false, Grain::Unit) => matrix.subjects.push((Subject::Unit(UnitId::new(subject)), series)),
            }
        }
        Ok(Some(matrix))
    }
    fn day(&self, metric: &Metric, at: usize) -> Day {
        metric.cadence.rolled().step(self.first, at as i32)
    }
    fn position(&self, metric: &Metric, day: Day) -> Option<usize> {
        usize::try_from(metric.cadence.rolled().steps_between(self.first, day))
            .ok()
            .filter(|&at| at < self.periods)
    }
}

fn evaluate_in(
    tx: &mut Tx,
    world: &World,
    metric: &Metric,
    ids: &Ids,
    now: Instant,
    url: &str,
    done: &mut Evaluated,
) -> Result<()> {
    let Some(matrix) = Matrix::read(tx, metric)? else { return Ok(()) };
    let mut known: BTreeMap<Subject, Vec<Alert>> = BTreeMap::new();
    for alert in store::alerts::of_metric(tx, metric.id)? {
        known.entry(alert.subject).or_default().push(alert);
    }
    // Groups from the top down: organisation, region, branch.
    let placed: Vec<Placed<UnitId>> = matrix
        .subjects
        .iter()
        .map(|(subject, values)| {
            let mut groups = world.place(*subject).units;
            if let Subject::Unit(unit) = subject {
                groups.retain(|u| u != unit);
            }
            groups.reverse();
            Placed { groups, values: values.clone() }
        })
        .collect();
    let (own, common) = without_common(&placed, &world.rules);
    let mut book = Book {
        metric,
        matrix: &matrix,
        world,
        now,
        alerts: Vec::new(),
        events: Vec::new(),
        opened: Vec::new(),
    };
    let mut stands = Vec::with_capacity(matrix.subjects.len());
    for (((subject, raw), own), placed) in matrix.subjects.iter().zip(&own).zip(&placed) {
        let place = world.place(*subject);
        let target = in_force(&world.targets, metric.id, &place, world.today);
        let aim = target.map(|t| Aim { level: t.level, tolerance: t.tolerance, window: t.window as usize });
        let before = known.remove(subject).unwrap_or_default();
        let restarts = book.restarts(*subject, &before);
        let series = Series { raw, own, direction: metric.direction, aim, restarts: &restarts };
        let found = walk(&series, &world.rules);
        let about = About {
            subjects: 1,
            without_common: !placed.groups.is_empty(),
            target,
            here: !place.units.is_empty(),
        };
        let after = book.reconcile(*subject, before, &found, raw, &about, ids);
        stands.push(book.stand(*subject, raw, &found, &after, target));
    }
    for group in &common {
        let before = known.remove(&Subject::Unit(group.group)).unwrap_or_default();
        book.group(group, before, ids);
    }
    let Book { alerts, events, opened, .. } = book;
    done.changed.extend(alerts.iter().map(|a| a.id));
    store::alerts::put(tx, &alerts)?;
    store::alerts::add_events(tx, &events)?;
    store::alerts::put_stands(tx, &stands)?;
    for alert in &opened {
        announce(tx, world, metric, alert, ids, now, url, done)?;
    }
    for alert in &alerts {
        done.people.extend(super::concerned(tx, alert.subject, world.today)?);
    }
    Ok(())
}

/// What reconciling needs to know about a subject besides its series.
struct About<'a> {
    subjects: i64,
    without_common: bool,
    target: Option<&'a Target>,
    /// Whether the subject still has a place in the organisation.
    here: bool,
}

/// Collects what an evaluation changes.
struct Book<'a> {
    metric: &'a Metric,
    matrix: &'a Matrix,
    world: &'a World,
    now: Instant,
    alerts: Vec<Alert>,
    events: Vec<Event>,
    /// Those that opened in the newest periods, which somebody is told about.
    opened: Vec<Alert>,
}

impl Book<'_> {
    /// Where a new usual level begins: a change of job role, and levels that somebody accepted.
    fn restarts(&self, subject: Subject, before: &[Alert]) -> Vec<usize> {
        let mut days: Vec<Day> =
            before.iter().filter(|a| a.state == State::Accepted).filter_map(|a| a.closed_on).collect();
        if let Subject::Person(person) = subject {
            let all: Vec<_> =
                self.world.directory.memberships.iter().filter(|m| m.person == person).collect();
            days.extend(all.windows(2).filter(|w| w[0].job_role != w[1].job_role).map(|w| w[1].span.from));
        }
        let cadence = self.metric.cadence.rolled();
        days.into_iter().filter_map(|d| self.matrix.position(self.metric, cadence.start(d))).collect()
    }

    /// When a period's value was there to be judged: now, or for a loaded history the morning after the period.
    fn known_at(&self, period: usize) -> Instant {
        match self.world.occasion {
            Occasion::Arrival => self.now,
            Occasion::History => {
                let next = self.matrix.day(self.metric, period + 1);
                self.world.zone.at(next.plus(1), 6, 0).min(self.now)
            }
        }
    }

    /// For how many periods an open episode is news.
    fn news(&self) -> usize {
        match self.world.occasion {
            Occasion::Arrival => NEWS,
            Occasion::History => 1,
        }
    }

    /// Brings the stored episodes of a subject in line with those that the numbers show. Gives all of them.
    fn reconcile(
        &mut self,
        subject: Subject,
        before: Vec<Alert>,
        found: &Found,
        raw: &[Option<f64>],
        about: &About,
        ids: &Ids,
    ) -> Vec<Alert> {
        let mut left: Vec<Alert> = before.into_iter().filter(|a| a.kind != Kind::NoData).collect();
        let mut after: Vec<Alert> = Vec::with_capacity(found.episodes.len());
        for episode in &found.episodes {
            let opened = self.matrix.day(self.metric, episode.opened);
            let same =
                left.iter().position(|a| a.kind == episode.kind && a.opened_on == opened).or_else(|| {
                    left.iter().position(|a| {
                        a.kind == episode.kind && !a.state.is_closed() && episode.closed.is_none()
                    })
                });
            let facts = self.facts(episode, raw, about);
            match same {
                Some(i) => {
                    let mut alert = left.remove(i);
                    self.follow(&mut alert, episode, facts);
                    after.push(alert);
                }
                None => {
                    let previous = after.iter().rev().find(|a| a.kind == episode.kind).map(|a| a.id);
                    after.push(self.open(subject, episode, facts, previous, ids));
                }
            }
        }
        for mut alert in left {
            if !alert.state.is_closed() {
                self.close(&mut alert, State::WrongData, None, "corrected data no longer show it");
            }
            after.push(alert);
        }
        if !about.here {
            for alert in after.iter_mut().filter(|a| !a.state.is_closed()) {
                self.close(alert, State::Accepted, None, "no longer works here");
            }
        }
        after
    }

    fn open(
        &mut self,
        subject: Subject,
        episode: &Episode,
        facts: Facts,
        previous: Option<AlertId>,
        ids: &Ids,
    ) -> Alert {
        let opened_on = self.matrix.day(self.metric, episode.opened);
        let opened_at = self.known_at(episode.opened);
        let mut alert = Alert {
            id: ids.next(self.now),
            subject,
            metric: self.metric.id,
            kind: episode.kind,
            way: episode.way,
            state: State::New,
            since: self.matrix.day(self.metric, episode.since),
            opened_on,
            opened_at,
            closed_on: None,
            closed_at: None,
            snoozed_until: None,
            hand: None,
            effect: episode.effect,
            facts,
            rule: self.world.rule.clone(),
            within: None,
            previous,
            answer: None,
            answer_note: None,
            answered_at: None,
            version: 1,
        };
        self.events.push(Event {
            alert: alert.id,
            number: 1,
            at: opened_at,
            state: State::New,
            by: "rule".into(),
            note: String::new(),
        });
        if let Some((at, end)) = episode.closed {
            let state = if end == End::Recovered { State::Recovered } else { State::Accepted };
            alert.state = state;
            alert.closed_on = Some(self.matrix.day(self.metric, at));
            let closed_at = self.known_at(at);
            alert.closed_at = Some(closed_at);
            alert.version = 2;
            self.events.push(Event {
                alert: alert.id,
                number: 2,
                at: closed_at,
                state,
                by: "rule".into(),
                note: String::new(),
            });
        } else if episode.opened + self.news() >= self.matrix.periods {
            // What the numbers say about long ago is history, not news.
            self.opened.push(alert.clone());
        }
        self.alerts.push(alert.clone());
        alert
    }

    fn follow(&mut self, alert: &mut Alert, episode: &Episode, facts: Facts) {
        if alert.state.is_closed() {
            return;
        }
        let since = self.matrix.day(self.metric, episode.since);
        let fresh = (alert.effect, &alert.facts, alert.since) != (episode.effect, &facts, since);
        (alert.effect, alert.facts, alert.since) = (episode.effect, facts, since);
        match episode.closed {
            Some((at, end)) => {
                let state = if end == End::Recovered { State::Recovered } else { State::Accepted };
                self.close(alert, state, Some(self.matrix.day(self.metric, at)), "");
            }
            None if fresh => self.alerts.push(alert.clone()),
            None => {}
        }
    }

    fn close(&mut self, alert: &mut Alert, state: State, on: Option<Day>, note: &str) {
        alert.state = state;
        alert.closed_on =
            on.or_else(|| Some(self.matrix.day(self.metric, self.matrix.periods.saturating_sub(1))));
        alert.closed_at = Some(self.now);
        alert.version += 1;
        self.events.push(Event {
            alert: alert.id,
            number: alert.version,
            at: self.now,
            state,
            by: "rule".into(),
            note: note.into(),
        });
        self.alerts.retain(|a| a.id != alert.id);
        self.alerts.push(alert.clone());
    }

    fn facts(&self, episode: &Episode, raw: &[Option<f64>], about: &About) -> Facts {
        let until = episode.closed.map_or(raw.len(), |(at, _)| at + 1);
        let (usual, usual_low, usual_high) = episode.usual;
        let last = raw[..until].iter().rev().flatten().next().copied().unwrap_or(episode.level);
        Facts {
            level: episode.level,
            last,
            usual,
            usual_low,
            usual_high,
            target: about.target.map(|t| t.level),
            tolerance: about.target.map(|t| t.tolerance),
            periods: (until - episode.since) as i64,
            history: episode.history as i64,
            without_common: about.without_common,
            subjects: about.subjects,
        }
    }

    /// Judges what moved a group together, at the group's own level.
    fn group(&mut self, group: &Common<UnitId>, before: Vec<Alert>, ids: &Ids) {
        // A movement is a share of the usual level; a unit is only spoken of when its worse side moves by enough.
        let series = Series {
            raw: &group.movement,
            own: &group.movement,
            direction: self.metric.direction,
            aim: None,
            restarts: &[],
        };
        let mut found = walk(&series, &self.world.rules);
        found.episodes.retain(|e| {
            e.kind == Kind::Shift && (e.level - e.usual.0).abs() >= self.world.rules.unit_min_effect
        });
        let rolled = self.matrix.units.get(&group.group);
        let usual = rolled.and_then(|s| {
            let mut seen: Vec<f64> = s.iter().flatten().copied().collect();
            seen.sort_unstable_by(f64::total_cmp);
            seen.get(seen.len() / 2).copied()
        });
        let usual = usual.unwrap_or(1.0);
        for e in &mut found.episodes {
            // From shares to the metric's unit.
            let at = |share: f64| usual * (1.0 + share);
            e.level = at(e.level);
            e.usual = (at(e.usual.0), at(e.usual.1), at(e.usual.2));
        }
        let raw: Vec<Option<f64>> = group.movement.iter().map(|m| m.map(|m| usual * (1.0 + m))).collect();
        let about = About {
            subjects: group.subjects as i64,
            without_common: group.depth > 0,
            target: None,
            here: true,
        };
        self.reconcile(Subject::Unit(group.group), before, &found, &raw, &about, ids);
    }

    fn stand(
        &self,
        subject: Subject,
        raw: &[Option<f64>],
        found: &Found,
        alerts: &[Alert],
        target: Option<&Target>,
    ) -> Stand {
        let newest = raw.iter().rposition(Option::is_some);
        let period = newest.map(|at| self.matrix.day(self.metric, at));
        let cadence = self.metric.cadence.rolled();
        let due = self.world.newest_due(self.metric);
        let behind = period.map_or(i32::MAX, |p| cadence.steps_between(p, due));
        let away = subject.person().and_then(|p| self.world.absences.get(&p)).is_some_and(|all| {
            let span = Span { from: due, until: Some(cadence.step(due, 1)) };
            all.iter().any(|a| a.overlaps(span))
        });
        let open = |kind: Kind| alerts.iter().find(|a| a.kind == kind && !a.state.is_closed());
        let recently = |a: &&Alert| {
            a.state == State::Recovered
                && a.closed_on.zip(period).is_some_and(|(c, p)| {
                    cadence.steps_between(c, p) < self.world.rules.show_recovered as i32
                })
        };
        let (state, since, detail) = if behind >= 1 && away {
            (Standing::Away, None, String::new())
        } else if behind >= 9 {
            (Standing::NoData, period, String::new())
        } else if behind >= 1 {
            let due_day = cadence
                .step(period.unwrap_or(due), 2)
                .plus(self.world.lags.get(&self.metric.id).copied().unwrap_or(7));
            let days = self.world.today.days_since(due_day).max(1);
            (Standing::DataLate, period, format!("{days} {} late", if days == 1 { "day" } else { "days" }))
        } else if let Some(a) = alerts.iter().find(|a| a.state == State::InQuestion) {
            (Standing::InQuestion, Some(a.since), String::new())
        } else if let Some(a) = open(Kind::Shift) {
            let state = if a.way == Way::Lower { Standing::ChangedLower } else { Standing::ChangedHigher };
            (state, Some(a.since), String::new())
        } else if let Some(a) = open(Kind::Gap) {
            (Standing::OffTarget, Some(a.since), String::new())
        } else if let Some(a) = alerts.iter().find(recently) {
            (Standing::Recovered, a.closed_on, String::new())
        } else if found.usual.is_none() {
            (Standing::TooFew, None, String::new())
        } else if found.better {
            let up = self.metric.direction != domain::metrics::Direction::Down;
            (if up { Standing::ChangedHigher } else { Standing::ChangedLower }, None, "for the better".into())
        } else {
            (Standing::Usual, None, String::new())
        };
        let commitment = subject.person().and_then(|p| self.world.commitments.get(&(p, self.metric.id)));
        Stand {
            subject: subject.uuid(),
            metric: self.metric.id,
            state,
            period,
            value: newest.and_then(|at| raw[at]),
            usual: found.usual,
            target: target.map(|t| (t.level, t.tolerance)),
            commitment: commitment.map(|c| c.level),
            since,
            detail,
        }
    }
}

/// Tells the person and their direct leader about a new episode; for a unit, the metric's owner.
#[expect(clippy::too_many_arguments, reason = "a transaction's context and what it is about")]
fn announce(
    tx: &mut Tx,
    world: &World,
    metric: &Metric,
    alert: &Alert,
    ids: &Ids,
    now: Instant,
    url: &str,
    done: &mut Evaluated,
) -> Result<()> {
    let what = match (alert.kind, alert.way) {
        (Kind::Gap, _) => "off target, steady",
        (_, Way::Lower) => "lower than usual",
        (_, Way::Higher) => "higher than usual",
    };
    if world.quiet.over(tx, alert, world.today)?.is_some() {
        return Ok(());
    }
    let path = format!("/alerts/{}", alert.id);
    let mut telling =
        Telling { about: "alert", about_id: alert.id.uuid(), text: String::new(), more: String::new(), path };
    match alert.subject {
        Subject::Person(person) => {
            let Some(person) = store::people::person(tx, person)? else { return Ok(()) };
            telling.text = format!("{}: {what}", metric.name);
            telling.more = format!(
                "Something about your {} is worth a look: {what}. You see it first; you can say why, ask for help, or say that the data are wrong.",
                metric.name.to_lowercase()
            );
            tell_unasked(tx, ids, now, url, &world.addressed(person.clone()), &telling)?;
            done.people.insert(person.id);
            // The person first: their leader is told later, and that is whoever leads them then.
            if world.grace_hours > 0 && world.occasion == Occasion::Arrival {
                let due = now.plus_seconds(i64::from(world.grace_hours) * 3600);
                return Ok(store::attention::wait_for_leader(tx, alert.id, due)?);
            }
            let leader = store::people::leaders_on(tx, person.id, world.today)?.first().copied();
            if let Some(leader) = leader.map(|l| store::people::person(tx, l)).transpose()?.flatten() {
                telling.text = format!("{}: {what} for {}", metric.name, person.name);
                telling.more = format!(
                    "Something about {}'s work may need a talk. {} was told at the same time.",
                    person.name, person.name
                );
                tell_unasked(tx, ids, now, url, &world.addressed(leader.clone()), &telling)?;
                done.people.insert(leader.id);
            }
        }
        Subject::Unit(unit) => {
            let place = store::people::unit(tx, unit)?;
            let name = place.as_ref().map(|u| u.name.clone()).unwrap_or_default();
            telling.text = format!("{}: {what} across {name}", metric.name);
            let data = serde_json::json!({
                "metric": metric.code, "unit": place.map(|u| u.code), "kind": alert.kind.word(),
                "way": alert.way.word(), "since": alert.since.to_string(), "subjects": alert.facts.subjects,
            });
            let moved = domain::webhooks::Event::UnitAlert;
            crate::webhooks::announce(tx, ids, now, moved, &telling.text, &telling.path, &data)?;
            let Some(owner) = metric.owner.map(|o| store::people::person(tx, o)).transpose()?.flatten()
            else {
                return Ok(());
            };
            telling.more = format!(
                "This moved for {} subjects together, so it is told once, at the level where it is common. Nobody's own usual range is judged by it.",
                alert.facts.subjects
            );
            tell_unasked(tx, ids, now, url, &world.addressed(owner.clone()), &telling)?;
            done.people.insert(owner.id);
        }
    }
    Ok(())
}
