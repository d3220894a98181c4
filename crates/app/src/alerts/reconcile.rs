//! From what the numbers show to stored episodes and standings.

use domain::alerts::movements::Common;
use domain::alerts::series::{End, Episode, Found, Rules};
use domain::alerts::{Alert, Facts, Kind, Standing, State, Way};
use domain::ids::{AlertId, Subject};
use domain::metrics::Metric;
use domain::targets::Target;
use domain::time::{Day, Instant};
use store::alerts::{Event, Stand};

use super::world::{Matrix, Occasion, World};
use crate::Ids;

/// Periods for which an open episode that was not known before is news. An older one is history that was brought in late.
const NEWS: usize = 6;
/// Periods without anything after which data are no longer late but gone.
const LONG: i32 = 9;

/// What reconciling needs to know about a subject besides its series.
pub(super) struct About<'a> {
    pub(super) subjects: i64,
    pub(super) without_common: bool,
    pub(super) target: Option<&'a Target>,
    /// Whether the subject still has a place in the organisation.
    pub(super) here: bool,
    /// Whether any of its numbers were corrected.
    pub(super) corrected: bool,
}

/// Collects what an evaluation changes.
pub(super) struct Book<'a> {
    pub(super) metric: &'a Metric,
    pub(super) matrix: &'a Matrix,
    pub(super) world: &'a World,
    pub(super) rules: Rules,
    pub(super) rule: String,
    pub(super) now: Instant,
    pub(super) alerts: Vec<Alert>,
    pub(super) events: Vec<Event>,
    /// Those that opened in the newest periods, which somebody is told about.
    pub(super) opened: Vec<Alert>,
}

impl Book<'_> {
    /// Where a new usual level begins: a change of job role, and levels that somebody accepted.
    pub(super) fn restarts(&self, subject: Subject, before: &[Alert]) -> Vec<usize> {
        let accepted = before.iter().filter(|a| a.state == State::Accepted).filter_map(|a| a.closed_on);
        let changes = subject.person().map(|p| self.world.role_changes(p)).unwrap_or_default();
        accepted.chain(changes).filter_map(|day| self.matrix.axis.position(day)).collect()
    }

    /// When a period's value was there to be judged: now, or for a loaded history the morning after the period.
    fn known_at(&self, period: usize) -> Instant {
        match self.world.occasion {
            Occasion::Arrival => self.now,
            Occasion::History => {
                let next = self.matrix.axis.day(period + 1);
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
    pub(super) fn reconcile(
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
            let opened = self.matrix.axis.day(episode.opened);
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
                // Every episode ends in the state that says why.
                let (state, why) = if about.corrected {
                    (State::WrongData, "corrected data no longer show it")
                } else if alert.rule != self.rule {
                    (State::Accepted, "the rules changed, and by them it lies within what is usual")
                } else {
                    (State::Accepted, "measured again beside the others, it lies within what is usual")
                };
                self.close(&mut alert, state, None, why);
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
        let opened_on = self.matrix.axis.day(episode.opened);
        let opened_at = self.known_at(episode.opened);
        let mut alert = Alert {
            id: ids.next(self.now),
            subject,
            metric: self.metric.id,
            kind: episode.kind,
            way: episode.way,
            state: State::New,
            since: self.matrix.axis.day(episode.since),
            opened_on,
            opened_at,
            closed_on: None,
            closed_at: None,
            snoozed_until: None,
            effect: episode.effect,
            facts,
            rule: self.rule.clone(),
            within: None,
            previous,
            answer: None,
            answer_note: None,
            answered_at: None,
            hand: None,
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
            alert.closed_on = Some(self.matrix.axis.day(at));
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
        } else if episode.opened + self.news() >= self.matrix.axis.periods {
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
        let since = self.matrix.axis.day(episode.since);
        let fresh = (alert.effect, &alert.facts, alert.since) != (episode.effect, &facts, since);
        (alert.effect, alert.facts, alert.since) = (episode.effect, facts, since);
        match episode.closed {
            Some((at, end)) => {
                let state = if end == End::Recovered { State::Recovered } else { State::Accepted };
                self.close(alert, state, Some(self.matrix.axis.day(at)), "");
            }
            None if fresh => self.alerts.push(alert.clone()),
            None => {}
        }
    }

    fn close(&mut self, alert: &mut Alert, state: State, on: Option<Day>, note: &str) {
        alert.state = state;
        alert.closed_on =
            on.or_else(|| Some(self.matrix.axis.day(self.matrix.axis.periods.saturating_sub(1))));
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
            borrowed: episode.borrowed as i64,
            without_common: about.without_common,
            subjects: about.subjects,
        }
    }

    /// Brings in line what moved a group together, at the group's own level.
    pub(super) fn group(&mut self, group: &Common, mut found: Found, before: Vec<Alert>, ids: &Ids) {
        // A movement is a share of the usual level; a unit is only spoken of when its worse side moves by enough.
        found
            .episodes
            .retain(|e| e.kind == Kind::Shift && (e.level - e.usual.0).abs() >= self.rules.unit_min_effect);
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
            corrected: false,
        };
        self.reconcile(Subject::Unit(group.group), before, &found, &raw, &about, ids);
    }

    pub(super) fn stand(
        &self,
        subject: Subject,
        raw: &[Option<f64>],
        found: &Found,
        alerts: &[Alert],
        target: Option<&Target>,
    ) -> Stand {
        let newest = raw.iter().rposition(Option::is_some);
        let period = newest.map(|at| self.matrix.axis.day(at));
        let cadence = self.metric.cadence.rolled();
        let due = self.world.newest_due(self.metric);
        let units = self.world.place(subject).units;
        // What the calendar does not expect is not late: a closed week, a week on leave.
        let mut expected = due;
        let mut behind = 0;
        while period.is_none_or(|p| p < expected) && behind < LONG {
            let end = cadence.step(expected, 1);
            behind += i32::from(self.world.worked(subject, &units, expected, end) > 0.0);
            expected = cadence.step(expected, -1);
            if cadence.steps_between(expected, due) > 2 * LONG {
                break;
            }
        }
        let away = self.world.on_leave(subject, due, cadence.step(due, 1));
        let open = |kind: Kind| alerts.iter().find(|a| a.kind == kind && !a.state.is_closed());
        let recently = |a: &&Alert| {
            a.state == State::Recovered
                && a.closed_on
                    .zip(period)
                    .is_some_and(|(c, p)| cadence.steps_between(c, p) < self.rules.show_recovered as i32)
        };
        let (state, since, detail) = if away && period.is_none_or(|p| p < due) {
            (Standing::Away, None, String::new())
        } else if behind >= LONG {
            (Standing::NoData, period, String::new())
        } else if behind >= 1 {
            let due_day = cadence.step(period.unwrap_or(due), 2).plus(self.world.lag(self.metric.id));
            let days = self.world.today.days_since(due_day).max(1);
            (Standing::DataLate, period, format!("{days} {} late", if days == 1 { "day" } else { "days" }))
        } else if let Some(a) = alerts.iter().find(|a| a.state == State::InQuestion) {
            (Standing::InQuestion, Some(a.since), String::new())
        } else if let Some(a) = open(Kind::Shift).or_else(|| open(Kind::Guardrail)) {
            let state = if a.way == Way::Lower { Standing::ChangedLower } else { Standing::ChangedHigher };
            (state, Some(a.since), String::new())
        } else if let Some(a) = open(Kind::Gap) {
            (Standing::OffTarget, Some(a.since), String::new())
        } else if let Some(a) = alerts.iter().find(recently) {
            (Standing::Recovered, a.closed_on, String::new())
        } else if found.usual.is_none() {
            (Standing::TooFew, None, String::new())
        } else if found.borrowed > 0 {
            (Standing::TooFew, None, format!("range of {} others in the same work", found.borrowed))
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
