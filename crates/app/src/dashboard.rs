//! What pages show, read in one go from roll-ups and derived tables. Arranges nothing and writes nothing.

mod check;
mod together;

use std::collections::{BTreeMap, BTreeSet};

pub use check::CheckRead;
use domain::access::{
    Permit, ReadAlert, ReadCoaching, ReadMetrics, ReadTeamBoard, Resource, Scope, Viewer, Who, scope,
};
use domain::alerts::{Alert, Standing};
use domain::coaching::{Action, Proposal, Session, State};
use domain::ids::{InterventionId, MetricId, PersonId, SessionId, Subject};
use domain::metrics::{Grain, Metric};
use domain::people::Person;
use domain::targets::{Commitment, Target};
use domain::time::Day;
pub use store::alerts::{Event, Stand};
pub use store::coaching::Message;
use store::db::Read;
pub use store::interventions::Offered;
pub use store::metrics::Reading;
pub use together::{RECENT, Teammate, Together, together};
use uuid::Uuid;

use crate::{App, Error, Result};

/// Weeks on a board's and a tile's small drawings.
pub const SPARK: i32 = 16;

/// One metric of one person as boards and tiles need it.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Where it stands.
    pub stand: Stand,
    /// The newest periods, oldest first, with holes.
    pub values: Vec<Option<f64>>,
    /// The first period of `values`.
    pub first: Day,
}

/// Several people on several metrics.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The people, by name.
    pub people: Vec<Person>,
    /// The metrics that any of them has, in a fixed order: by level, then by code.
    pub metrics: Vec<Metric>,
    /// One cell for each person and metric that has data.
    pub cells: BTreeMap<(PersonId, MetricId), Cell>,
    /// Open alerts about them, the largest effect first.
    pub alerts: Vec<Alert>,
    /// Which of those ask nobody but their person for now.
    pub held: crate::attention::Held,
    /// What was proposed to them, newest first.
    pub proposals: Vec<Proposal>,
    /// Names of the supports in `proposals`.
    pub supports: BTreeMap<InterventionId, String>,
    /// Talks with the viewer, newest first.
    pub sessions: Vec<Session>,
    /// The actions of those talks.
    pub actions: Vec<Action>,
    /// The looks that are due within a week.
    pub checks: Vec<CheckRead>,
    /// The viewer's unit.
    pub unit: Option<String>,
}

/// A look is shown from so many days before its day.
pub const CHECK_AHEAD: i32 = 7;

/// A person's direct leader today.
pub async fn leader_of(app: &App, person: PersonId) -> Result<Option<Person>> {
    let today = app.today();
    app.store
        .read(move |r| -> Result<Option<Person>> {
            let leader = store::people::leaders_on(r, person, today)?.first().copied();
            Ok(leader.map(|l| store::people::person(r, l)).transpose()?.flatten())
        })
        .await
}

/// The leader's board: everybody who reports to them, by name.
pub async fn team(app: &App, _: Permit<ReadTeamBoard>, viewer: &Viewer) -> Result<Board> {
    let list = scope(&Who::Person(viewer.clone()), Resource::RedAlert, None);
    board(app, viewer, viewer.reports.iter().copied().collect(), list).await
}

/// One's own board.
pub async fn own(app: &App, viewer: &Viewer) -> Result<Board> {
    let list = scope(&Who::Person(viewer.clone()), Resource::RedAlert, None);
    board(app, viewer, vec![viewer.person], list).await
}

/// The talks that somebody may still read: about themselves, or with people whom they lead today.
fn own_talks(mut sessions: Vec<Session>, me: PersonId, reports: &BTreeSet<PersonId>) -> Vec<Session> {
    sessions.retain(|s| s.person == me || reports.contains(&s.person));
    sessions
}

async fn board(app: &App, viewer: &Viewer, ids: Vec<PersonId>, list: Scope) -> Result<Board> {
    let (me, _today) = (viewer.person, app.today());
    let unit = viewer.unit;
    let reports = viewer.reports.clone();
    let today = app.today();
    app.store
        .read(move |r| -> Result<Board> {
            let mut people: Vec<Person> = Vec::with_capacity(ids.len());
            for &id in &ids {
                people.extend(store::people::person(r, id)?);
            }
            people.sort_by_cached_key(|p| (domain::people::fold(&p.name), p.id));
            let subjects: Vec<Uuid> = ids.iter().map(|p| p.uuid()).collect();
            let stands = store::alerts::stands(r, &subjects)?;
            let mut metrics = store::metrics::metrics(r)?;
            metrics.retain(|m| m.grain == Grain::Person && stands.iter().any(|s| s.metric == m.id));
            metrics.sort_by_key(|m| (m.level != domain::metrics::Level::Performance, m.code.clone()));
            let cells = cells(r, &metrics, stands)?;
            let alerts: Vec<Alert> = store::alerts::open(r, &list)?
                .into_iter()
                .filter(|a| a.subject.person().is_some_and(|p| ids.contains(&p)))
                .collect();
            let proposals = store::coaching::proposals(r, &ids)?;
            let mut supports = BTreeMap::new();
            for p in &proposals {
                if let Some(name) = store::interventions::name(r, p.intervention)? {
                    supports.insert(p.intervention, name);
                }
            }
            let sessions = own_talks(store::coaching::sessions_with(r, me, 60)?, me, &reports);
            let session_ids: Vec<SessionId> = sessions.iter().map(|s| s.id).collect();
            let actions = store::coaching::actions(r, &session_ids)?;
            let mut checks = Vec::new();
            for session in sessions.iter().filter(|s| s.leader == me && s.state == State::Agreed) {
                let due = |a: &&Action| {
                    a.session == session.id && a.closed_at.is_none() && a.check <= today.plus(CHECK_AHEAD)
                };
                if let Some(action) = actions.iter().find(due)
                    && let Some(metric) = metrics.iter().find(|m| m.id == session.metric)
                {
                    checks.push(check::check_of(r, session, action, metric, today)?);
                }
            }
            Ok(Board {
                held: crate::attention::Held::read(r, &alerts, today)?,
                people,
                metrics,
                cells,
                alerts,
                proposals,
                supports,
                actions,
                checks,
                sessions,
                unit: unit.map(|u| store::people::unit(r, u)).transpose()?.flatten().map(|u| u.name),
            })
        })
        .await
}

fn cells(
    r: &mut Read,
    metrics: &[Metric],
    stands: Vec<Stand>,
) -> Result<BTreeMap<(PersonId, MetricId), Cell>> {
    let mut cells = BTreeMap::new();
    for metric in metrics {
        let cadence = metric.cadence.rolled();
        let of: Vec<&Stand> = stands.iter().filter(|s| s.metric == metric.id).collect();
        // One axis for everybody, so that the same week stands under the same week.
        let Some(last) = of.iter().filter_map(|s| s.period).max() else { continue };
        let first = cadence.step(last, 1 - SPARK);
        let subjects: Vec<Uuid> = of.iter().map(|s| s.subject).collect();
        let readings = store::metrics::readings_of(r, &subjects, &[metric.id], first, last)?;
        for stand in of {
            let mut values = vec![None; SPARK as usize];
            for reading in readings.iter().filter(|x| x.subject == stand.subject) {
                let at = usize::try_from(cadence.steps_between(first, reading.period)).unwrap_or(0);
                if let Some(slot) = values.get_mut(at) {
                    *slot = reading.quantity.value();
                }
            }
            cells.insert(
                (PersonId::new(stand.subject), metric.id),
                Cell { stand: stand.clone(), values, first },
            );
        }
    }
    Ok(cells)
}

/// A person with the metrics that they have and where they stand on each, by level and code.
pub async fn person(app: &App, permit: &Permit<ReadMetrics>) -> Result<(Person, Vec<Metric>, Vec<Stand>)> {
    let id = permit.asked().0;
    app.store
        .read(move |r| -> Result<_> {
            let person = store::people::person(r, id)?.ok_or(Error::NotFound("person"))?;
            let stands = store::alerts::stands(r, &[id.uuid()])?;
            let mut metrics = store::metrics::metrics(r)?;
            metrics.retain(|m| m.grain == Grain::Person && stands.iter().any(|s| s.metric == m.id));
            metrics.sort_by_key(|m| (m.level != domain::metrics::Level::Performance, m.code.clone()));
            Ok((person, metrics, stands))
        })
        .await
}

/// One metric of one person, with everything its page and an alert's page show.
#[derive(Debug, Clone)]
pub struct MetricRead {
    /// Whose.
    pub person: Person,
    /// Their direct leader today.
    pub leader: Option<Person>,
    /// The metric.
    pub metric: Metric,
    /// Its owner's name.
    pub owner: Option<String>,
    /// The feed's name.
    pub feed: Option<String>,
    /// Readings in the window, in order, without holes filled.
    pub readings: Vec<Reading>,
    /// The window: first and last period.
    pub window: (Day, Day),
    /// Where it stands.
    pub stand: Option<Stand>,
    /// Every version of the targets that ever concerned the person, newest first.
    pub targets: Vec<Target>,
    /// Every version of their commitments, newest first.
    pub commitments: Vec<Commitment>,
    /// Names of whoever set those targets and commitments.
    pub set_by: BTreeMap<PersonId, String>,
    /// Who agreed to which of those.
    pub agreed: BTreeMap<Uuid, crate::targets::Agreed>,
    /// Every alert on it, newest first.
    pub alerts: Vec<Alert>,
    /// Every talk about it that the reader has part in, newest first.
    pub sessions: Vec<Session>,
    /// The actions of those talks.
    pub actions: Vec<Action>,
    /// The person's other metrics, for what changed with it.
    pub beside: Vec<(Metric, Cell)>,
    /// Starts of supports for the person's unit or for themselves in the window: day and name.
    pub starts: Vec<(Day, String)>,
}

/// Reads one metric of one person over so many periods up to the newest.
pub async fn metric(
    app: &App,
    permit: &Permit<ReadMetrics>,
    metric: MetricId,
    periods: i32,
) -> Result<MetricRead> {
    let (person, reader) = (permit.asked().0, permit.person());
    let today = app.today();
    app.store.read(move |r| metric_in(r, person, metric, periods, today, reader)).await
}

/// A talk is between two: whoever else reads the metric, such as a later leader, gets none of it.
fn metric_in(
    r: &mut Read,
    id: PersonId,
    metric: MetricId,
    periods: i32,
    today: Day,
    reader: Option<PersonId>,
) -> Result<MetricRead> {
    let person = store::people::person(r, id)?.ok_or(Error::NotFound("person"))?;
    let metric = store::metrics::metric(r, metric)?
        .filter(|m| m.grain == Grain::Person)
        .ok_or(Error::NotFound("metric"))?;
    let stands = store::alerts::stands(r, &[id.uuid()])?;
    let stand = stands.iter().find(|s| s.metric == metric.id).cloned();
    let cadence = metric.cadence.rolled();
    let last = stand.as_ref().and_then(|s| s.period).unwrap_or_else(|| cadence.start(today));
    // Up to the newest period that could have come, so that missing ones are seen as missing.
    let newest = cadence.step(cadence.start(today), -1).max(last);
    let first = cadence.step(newest, 1 - periods);
    let readings = store::metrics::readings(r, id.uuid(), metric.id, first, newest)?;
    let leader = store::people::leaders_on(r, id, today)?.first().copied();
    let place = crate::targets::place_of(r, id, today)?;
    let concerns = |t: &Target| match t.scope {
        domain::targets::TargetScope::Person(p) => p == id,
        domain::targets::TargetScope::Unit(u) => place.units.contains(&u),
        domain::targets::TargetScope::JobRole(j) => place.job_role == Some(j),
        domain::targets::TargetScope::All => true,
    };
    let mut targets: Vec<Target> =
        store::targets::targets(r, &[metric.id])?.into_iter().filter(concerns).collect();
    targets.sort_by_key(|t| std::cmp::Reverse((t.from, t.version)));
    let mut commitments: Vec<Commitment> =
        store::targets::commitments_of(r, &[id])?.into_iter().filter(|c| c.metric == metric.id).collect();
    commitments.sort_by_key(|c| std::cmp::Reverse(c.version));
    let set_by: BTreeSet<PersonId> = targets
        .iter()
        .map(|t| &t.set_by)
        .chain(commitments.iter().map(|c| &c.set_by))
        .filter_map(|by| by.parse().ok())
        .collect();
    let levels: Vec<Uuid> =
        targets.iter().map(|t| t.id.uuid()).chain(commitments.iter().map(|c| c.id.uuid())).collect();
    let agreed = crate::targets::agreed(r, &levels)?;
    let mut sessions = store::coaching::sessions_about(r, id, metric.id)?;
    sessions.retain(|s| Some(s.person) == reader || Some(s.leader) == reader);
    let session_ids: Vec<SessionId> = sessions.iter().map(|s| s.id).collect();
    let mut others = store::metrics::metrics(r)?;
    others
        .retain(|m| m.id != metric.id && m.grain == Grain::Person && stands.iter().any(|s| s.metric == m.id));
    let other_cells = cells(r, &others, stands)?;
    let beside = others
        .into_iter()
        .filter_map(|m| other_cells.get(&(id, m.id)).cloned().map(|cell| (m, cell)))
        .collect();
    let feeds = store::feeds::feeds(r)?;
    Ok(MetricRead {
        leader: leader.map(|l| store::people::person(r, l)).transpose()?.flatten(),
        owner: metric.owner.map(|o| store::people::person(r, o)).transpose()?.flatten().map(|p| p.name),
        feed: metric.feed.and_then(|f| feeds.iter().find(|x| x.id == f)).map(|f| f.name.clone()),
        readings,
        window: (first, newest),
        stand,
        targets,
        commitments,
        set_by: store::people::names(r, &Vec::from_iter(set_by))?,
        agreed,
        alerts: store::alerts::of_subject(r, Subject::Person(id), Some(metric.id))?,
        actions: store::coaching::actions(r, &session_ids)?,
        sessions,
        beside,
        starts: store::interventions::starts_for(r, id, &place.units, first, newest.plus(120))?,
        person,
        metric,
    })
}

/// An alert with everything its page shows.
#[derive(Debug, Clone)]
pub struct AlertRead {
    /// The alert.
    pub alert: Alert,
    /// Its metric for its person.
    pub read: MetricRead,
    /// What happened to it, in order.
    pub events: Vec<Event>,
    /// Names of those in `events` and `messages`.
    pub names: BTreeMap<PersonId, String>,
    /// Messages on it.
    pub messages: Vec<Message>,
    /// What was proposed to the person, newest first.
    pub proposals: Vec<Proposal>,
    /// What keeps it quiet, if anything does.
    pub silence: Option<domain::attention::Silence>,
    /// Until when the person has it for themselves.
    pub person_first: Option<domain::time::Instant>,
}

/// An alert about an org unit: what moved its people together, at the level where it is common.
#[derive(Debug, Clone)]
pub struct UnitAlertRead {
    /// The alert.
    pub alert: Alert,
    /// The unit's name.
    pub unit: String,
    /// The metric.
    pub metric: Metric,
    /// The unit's readings over the last year, in order.
    pub readings: Vec<Reading>,
    /// What happened to it, in order.
    pub events: Vec<Event>,
}

/// Reads an alert about a unit. A unit of fewer people than the smallest group that may be shown has none.
pub async fn unit_alert(
    app: &App,
    _: Permit<domain::access::ReadOrgBoard>,
    id: domain::ids::AlertId,
) -> Result<UnitAlertRead> {
    let today = app.today();
    app.store
        .read(move |r| -> Result<UnitAlertRead> {
            let alert = crate::alerts::held(r, id)?;
            let Subject::Unit(unit) = alert.subject else { return Err(Error::NotFound("alert")) };
            let metric = store::metrics::metric(r, alert.metric)?.ok_or(Error::NotFound("metric"))?;
            let cadence = metric.cadence.rolled();
            let first = cadence.step(cadence.start(today), -52);
            let mut readings = store::metrics::readings(r, unit.uuid(), metric.id, first, today)?;
            if metric.grain == Grain::Person {
                readings.retain(|x| x.contributors >= domain::access::MIN_GROUP as i64);
            }
            Ok(UnitAlertRead {
                unit: store::people::unit(r, unit)?.map(|u| u.name).unwrap_or_default(),
                events: store::alerts::events(r, id)?,
                alert,
                metric,
                readings,
            })
        })
        .await
}

/// Whom an alert is about; `None` where it is about a unit, or is not there.
pub async fn alert_subject(app: &App, id: domain::ids::AlertId) -> Result<Option<Subject>> {
    app.store
        .read(move |r| -> Result<Option<Subject>> { Ok(store::alerts::alert(r, id)?.map(|a| a.subject)) })
        .await
}

/// Reads an alert about a person.
pub async fn alert(app: &App, permit: &Permit<ReadAlert>) -> Result<AlertRead> {
    let (id, reader) = (permit.asked().0, permit.person());
    let today = app.today();
    app.store
        .read(move |r| -> Result<AlertRead> {
            let alert = crate::alerts::held(r, id)?;
            let Subject::Person(person) = alert.subject else { return Err(Error::NotFound("alert")) };
            let read = metric_in(r, person, alert.metric, 52, today, reader)?;
            let events = store::alerts::events(r, id)?;
            let messages = store::coaching::messages(r, id.uuid())?;
            let mut people: Vec<PersonId> = events.iter().filter_map(|e| e.by.parse().ok()).collect();
            people.extend(messages.iter().map(|m| m.author));
            people.extend(alert.hand);
            let silence = crate::attention::Quiet::on(r, today)?.over(r, &alert, today)?.cloned();
            people.extend(silence.as_ref().map(|s| s.owner));
            Ok(AlertRead {
                silence,
                person_first: store::attention::in_grace(r, &[id])?.remove(&id),
                names: store::people::names(r, &people)?,
                proposals: store::coaching::proposals(r, &[person])?,
                alert,
                read,
                events,
                messages,
            })
        })
        .await
}

/// A coaching session with everything its page shows.
#[derive(Debug, Clone)]
pub struct SessionRead {
    /// The session.
    pub session: Session,
    /// Its action, once one is recorded.
    pub action: Option<Action>,
    /// The person and their metric.
    pub read: MetricRead,
    /// The leader's name.
    pub leader: String,
    /// Messages on it.
    pub messages: Vec<Message>,
    /// Names of whoever wrote.
    pub names: BTreeMap<PersonId, String>,
    /// Co-coaches who are asked for or let in.
    pub guests: Vec<domain::coaching::Guest>,
    /// What was proposed to the person, newest first.
    pub proposals: Vec<Proposal>,
    /// The look that came out of this talk, or of the last one of the same two about the metric.
    pub check: Option<CheckRead>,
}

/// The two people of a session, for finding out how somebody stands to it.
pub async fn session_people(app: &App, id: SessionId) -> Result<Option<(PersonId, PersonId)>> {
    app.store
        .read(move |r| -> Result<Option<(PersonId, PersonId)>> {
            Ok(store::coaching::session(r, id)?.map(|s| (s.person, s.leader)))
        })
        .await
}

/// Reads a coaching session.
pub async fn session(app: &App, permit: &Permit<ReadCoaching>) -> Result<SessionRead> {
    let (id, reader) = (permit.asked().0, permit.person());
    let today = app.today();
    app.store
        .read(move |r| -> Result<SessionRead> {
            let session = crate::coaching::held(r, id)?;
            let read = metric_in(r, session.person, session.metric, 52, today, reader)?;
            let messages = store::coaching::messages(r, id.uuid())?;
            let mut people: Vec<PersonId> = messages.iter().map(|m| m.author).collect();
            people.extend([session.person, session.leader]);
            people.extend(session.agenda.iter().filter_map(|p| p.added_by));
            let mut guests = store::coaching::guests(r, id)?;
            guests.retain(|g| g.ended_at.is_none());
            people.extend(guests.iter().map(|g| g.person));
            let names = store::people::names(r, &people)?;
            // Talks come newest first.
            let talk = read
                .sessions
                .iter()
                .filter(|s| s.leader == session.leader && s.agreed_by_both())
                .find(|s| s.id == session.id || s.opened_at < session.opened_at);
            let looked = talk.and_then(|s| Some((s, read.actions.iter().find(|a| a.session == s.id)?)));
            let check = match looked {
                Some((talk, action)) => Some(check::check_of(r, talk, action, &read.metric, today)?),
                None => None,
            };
            Ok(SessionRead {
                check,
                action: store::coaching::actions(r, &[id])?.into_iter().next(),
                leader: names.get(&session.leader).cloned().unwrap_or_default(),
                proposals: store::coaching::proposals(r, &[session.person])?,
                session,
                read,
                messages,
                names,
                guests,
            })
        })
        .await
}

/// The talks of a viewer, newest first, with their actions, metrics and the names of the others.
#[derive(Debug, Clone)]
pub struct Talks {
    /// The talks.
    pub sessions: Vec<Session>,
    /// Their actions.
    pub actions: Vec<Action>,
    /// Their metrics' names.
    pub metrics: BTreeMap<MetricId, String>,
    /// Names of everybody in them.
    pub names: BTreeMap<PersonId, String>,
}

/// Reads the talks of a viewer. Only the two of a talk, and whom both let in, ever see it in a list.
pub async fn talks(app: &App, viewer: &Viewer) -> Result<Talks> {
    let me = viewer.person;
    let reports = viewer.reports.clone();
    app.store
        .read(move |r| -> Result<Talks> {
            let mut sessions = own_talks(store::coaching::sessions_with(r, me, 200)?, me, &reports);
            sessions.extend(store::coaching::sessions_as_guest(r, me)?);
            let ids: Vec<SessionId> = sessions.iter().map(|s| s.id).collect();
            let people: Vec<PersonId> = sessions.iter().flat_map(|s| [s.person, s.leader]).collect();
            Ok(Talks {
                actions: store::coaching::actions(r, &ids)?,
                metrics: store::metrics::metrics(r)?.into_iter().map(|m| (m.id, m.name)).collect(),
                names: store::people::names(r, &people)?,
                sessions,
            })
        })
        .await
}

/// Whether a standing is calm: nothing that anybody should look at.
pub const fn is_calm(standing: Standing) -> bool {
    matches!(standing, Standing::Usual | Standing::Recovered | Standing::Away)
}

/// A support matched to a metric.
#[derive(Debug, Clone)]
pub struct Matched {
    /// What is offered.
    pub offer: Offered,
    /// Whether it was proposed to the person and waits.
    pub proposed: bool,
    /// What the newest reading of it found: about this metric where it looked at it, else about the one that decided.
    pub elsewhere: Option<(domain::studies::Effect, String)>,
}

/// Supports that fit a metric of a person, at least one not a lesson, and the names of those that are not offered
/// because they were found not to help.
pub async fn supports(
    app: &App,
    permit: &Permit<ReadMetrics>,
    metric: MetricId,
) -> Result<(Vec<Matched>, Vec<String>)> {
    use domain::coaching::{Known, Offer, ProposalState, match_supports};
    let person = permit.asked().0;
    let today = app.today();
    app.store
        .read(move |r| -> Result<(Vec<Matched>, Vec<String>)> {
            let place = crate::targets::place_of(r, person, today)?;
            let mut offered = store::interventions::offered(r)?;
            offered.retain(|o| o.org_unit.is_none_or(|u| place.units.contains(&u)));
            let known = |o: &Offered| match o.known.as_ref().map(|k| k.0.as_str()) {
                Some("helps") => Known::Helps,
                Some("does_not_help" | "harms" | "no_difference") => Known::NotHelping,
                _ => Known::Unknown,
            };
            let offers: Vec<Offer> = offered
                .iter()
                .map(|o| Offer {
                    intervention: o.id,
                    kind: o.kind,
                    minutes: o.minutes,
                    about_metric: o.metrics.contains(&metric),
                    known: known(o),
                })
                .collect();
            let (chosen, withheld) = match_supports(&offers, 3);
            let waiting: Vec<InterventionId> = store::coaching::proposals(r, &[person])?
                .into_iter()
                .filter(|p| p.state == ProposalState::Proposed)
                .map(|p| p.intervention)
                .collect();
            let find = |id: &InterventionId| offered.iter().find(|o| o.id == *id).cloned();
            let mut matched = Vec::with_capacity(chosen.len());
            for offer in chosen.iter().filter_map(find) {
                let elsewhere = found_elsewhere(r, offer.id, metric)?;
                matched.push(Matched { proposed: waiting.contains(&offer.id), offer, elsewhere });
            }
            Ok((matched, withheld.iter().filter_map(find).map(|o| o.name).collect()))
        })
        .await
}

/// What the newest reading of a support found about a metric, or else about the one that decided, with its name.
fn found_elsewhere(
    r: &mut Read,
    support: InterventionId,
    metric: MetricId,
) -> Result<Option<(domain::studies::Effect, String)>> {
    for study in store::studies::of_intervention(r, support)? {
        let Some(answer) = store::studies::newest_answer(r, study.id)? else { continue };
        let reading = crate::studies::reading(&answer)?;
        let code = store::metrics::metric(r, metric)?.map(|m| m.code).unwrap_or_default();
        let about = reading.others.into_iter().find(|e| e.metric == code).unwrap_or(reading.outcome);
        let name = store::metrics::metric_by_code(r, &about.metric)?.map(|m| m.name).unwrap_or_default();
        return Ok(Some((about, name)));
    }
    Ok(None)
}

/// Every support that is offered, for naming what was proposed.
pub async fn offered(app: &App) -> Result<Vec<Offered>> {
    app.store.read(|r| -> Result<Vec<Offered>> { Ok(store::interventions::offered(r)?) }).await
}
