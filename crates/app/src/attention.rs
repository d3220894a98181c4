//! Attention: the person first and their leader after a time, at most five things a day, and what is kept quiet.
//!
//! An alert about a person is theirs alone for as long as the organisation says; then it is told to whoever leads them
//! at that moment, and to nobody further up. More than [`A_DAY`] things that nobody asked for wait for one mail.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{AnswerAlert, KeepQuiet, Permit, Relation, SilenceMetric, Viewer, Who, permit};
use domain::alerts::{Alert, Kind, State, Way};
use domain::attention::{Silence, check_silence};
use domain::ids::{AlertId, MetricId, PersonId, SilenceId, Subject, UnitId};
use domain::metrics::Metric;
use domain::people::Person;
use domain::time::{Day, Instant};
use store::db::{Read, Tx};

use crate::notify::{Teller, Telling};
use crate::{App, Error, Fault, Result, Topic};

pub use domain::attention::A_DAY;

/// For how long what waits for a digest waits at most; what a day is, without asking where somebody lives.
const A_DAYS_SECONDS: i64 = 24 * 3600;

/// What is quiet on a day, for judging alerts.
#[derive(Debug, Clone, Default)]
pub struct Quiet(Vec<Silence>);

impl Quiet {
    /// The silences in force on a day.
    pub fn on(r: &mut Read, today: Day) -> Result<Self> {
        Ok(Self(store::attention::silences(r, today)?))
    }
    /// The silence that keeps an alert quiet, if one does.
    pub fn over(&self, r: &mut Read, alert: &Alert, today: Day) -> Result<Option<&Silence>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // The place in the organisation is only read where a silence asks for it.
        let units: Vec<UnitId> = match alert.subject {
            _ if self.0.iter().all(|s| s.unit.is_none()) => Vec::new(),
            Subject::Person(person) => crate::targets::place_of(r, person, today)?.units,
            Subject::Unit(unit) => vec![unit],
        };
        Ok(self.0.iter().find(|s| s.covers(alert.subject.person(), &units, alert.metric)))
    }
}

/// What leaders need to know about alerts besides what they say: which are quiet, and which the person has for themselves.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Alerts that are kept quiet.
    pub quiet: BTreeSet<AlertId>,
    /// Alerts of which the leader is told later, and when.
    pub person_first: BTreeMap<AlertId, Instant>,
}

impl Held {
    /// Reads it for some alerts.
    pub fn read(r: &mut Read, alerts: &[Alert], today: Day) -> Result<Self> {
        let silences = Quiet::on(r, today)?;
        let mut quiet = BTreeSet::new();
        for alert in alerts {
            if silences.over(r, alert, today)?.is_some() {
                quiet.insert(alert.id);
            }
        }
        let people = alerts.iter().filter(|a| a.subject.person().is_some());
        let ids: Vec<AlertId> = people.map(|a| a.id).collect();
        Ok(Self { quiet, person_first: store::attention::in_grace(r, &ids)? })
    }
    /// Whether an alert asks nobody but its person for now.
    pub fn holds(&self, alert: AlertId) -> bool {
        self.quiet.contains(&alert) || self.person_first.contains_key(&alert)
    }
}

/// Says that somebody has an alert in hand, so that it no longer asks for anybody.
pub async fn take_in_hand(app: &App, permit: &Permit<AnswerAlert>) -> Result<Alert> {
    let by = permit.by().to_owned();
    let person = permit.person();
    crate::alerts::change(app, permit.asked().0, move |tx, alert, at| {
        // Said once: whoever has it in hand says nothing new by saying so again.
        if person.is_some() && alert.hand == person && !alert.state.is_closed() {
            return Ok(());
        }
        alert.hand = person;
        crate::alerts::advance(tx, alert, &by, domain::alerts::Step::See, "has it in hand", at.now)
    })
    .await
}

/// Takes back what the same person did last to an alert: a wait, an accepted level, wrong data, or having it in hand.
///
/// # Errors
/// [`Error::Conflict`] where somebody else, or the numbers, did something since.
pub async fn take_back(app: &App, permit: &Permit<AnswerAlert>) -> Result<Alert> {
    let by = permit.by().to_owned();
    crate::alerts::change(app, permit.asked().0, move |tx, alert, at| {
        let events = store::alerts::events(tx, alert.id)?;
        let mine = events.last().is_some_and(|e| e.by == by);
        let before = events.iter().rev().nth(1).map(|e| e.state);
        let next = domain::alerts::taken_back(alert.state, before.filter(|_| mine))
            .map_err(|e| Error::Conflict(e.to_string()))?;
        if alert.state == State::InQuestion {
            (alert.answer, alert.answer_note, alert.answered_at) = (None, None, None);
        }
        alert.state = next;
        (alert.closed_on, alert.closed_at) = (None, None);
        (alert.snoozed_until, alert.hand) = (None, None);
        alert.version += 1;
        let event = store::alerts::Event {
            alert: alert.id,
            number: alert.version,
            at: at.now,
            state: next,
            by: by.clone(),
            note: "took the last step back".into(),
        };
        store::alerts::add_events(tx, &[event])?;
        Ok(())
    })
    .await
}

fn faults(until: Day, reason: &str, today: Day) -> Result<()> {
    let faults = check_silence(until, reason, today);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid(faults.into_iter().map(|(field, why)| Fault::at(field, why)).collect()))
}

/// Keeps a metric of the person of an alert quiet until a day. Nobody is told about it until then; the person sees it.
pub async fn silence_person(
    app: &App,
    permit: &Permit<AnswerAlert>,
    until: Day,
    reason: &str,
) -> Result<SilenceId> {
    let owner = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    let alert = permit.asked().0;
    let (person, metric) = app
        .store
        .read(move |r| -> Result<_> {
            let alert = crate::alerts::held(r, alert)?;
            Ok((alert.subject.person().ok_or(Error::NotFound("alert"))?, alert.metric))
        })
        .await?;
    set(app, owner, (Some(person), Some(metric), None), until, reason).await
}

/// Keeps a metric quiet until a day, everywhere or in one unit and below.
pub async fn silence_metric(
    app: &App,
    permit: &Permit<SilenceMetric>,
    unit: Option<UnitId>,
    until: Day,
    reason: &str,
) -> Result<SilenceId> {
    let owner = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    set(app, owner, (None, Some(permit.asked().0), unit), until, reason).await
}

async fn set(
    app: &App,
    owner: PersonId,
    (person, metric, unit): (Option<PersonId>, Option<MetricId>, Option<UnitId>),
    until: Day,
    reason: &str,
) -> Result<SilenceId> {
    faults(until, reason, app.today())?;
    let (ids, now) = (app.ids.clone(), app.now());
    let silence = Silence {
        id: ids.next(now),
        person,
        metric,
        unit,
        owner,
        reason: reason.trim().to_owned(),
        set_at: now,
        until,
        ended_at: None,
    };
    let id = silence.id;
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            store::attention::add_silence(tx, &silence)?;
            let by = owner.to_string();
            crate::audit::note(tx, &ids, now, &by, "silence.set", &id.to_string(), &silence.reason)
        })
        .await?;
    for concerned in person.into_iter().chain([owner]) {
        for topic in [Topic::Alert, Topic::Today, Topic::Team] {
            app.live.tell(concerned, topic);
        }
    }
    Ok(id)
}

/// What an administrator keeps quiet: at least one of person, metric and unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// A person's code.
    pub person: Option<String>,
    /// A metric's code.
    pub metric: Option<String>,
    /// A unit's code; everything below it is meant too.
    pub unit: Option<String>,
    /// The code of who answers for it; whoever asks where it is left out.
    pub owner: Option<String>,
}

/// Keeps something quiet until a day, for whoever administers what leaves the server.
///
/// # Errors
/// [`Error::Invalid`] where nothing is named, where something named is not there, and where the day or the reason cannot be used.
pub async fn silence_scope(
    app: &App,
    permit: &Permit<KeepQuiet>,
    wanted: Wanted,
    until: Day,
    reason: &str,
) -> Result<SilenceId> {
    let me = permit.person();
    let read = move |r: &mut Read| -> Result<_> {
        let mut faults = Vec::new();
        let mut person = |r: &mut Read, field: &str, code: &Option<String>| -> Result<Option<PersonId>> {
            let Some(code) = code else { return Ok(None) };
            let found = store::people::person_by_code(r, code)?.map(|p| p.id);
            if found.is_none() {
                faults.push(Fault::at(
                    field,
                    format!("no person has the code “{code}”; look it up in the list of people"),
                ));
            }
            Ok(found)
        };
        let who = person(r, "silence-person", &wanted.person)?;
        let owner = person(r, "silence-owner", &wanted.owner)?.or(me);
        let mut metric = None;
        if let Some(code) = &wanted.metric {
            metric = store::metrics::metric_by_code(r, code)?.map(|m| m.id);
            if metric.is_none() {
                faults.push(Fault::at(
                    "silence-metric",
                    format!("no metric has the code “{code}”; choose one of the list"),
                ));
            }
        }
        let mut unit = None;
        if let Some(code) = &wanted.unit {
            unit = store::people::unit_ids(r, std::slice::from_ref(code))?.remove(code);
            if unit.is_none() {
                faults.push(Fault::at(
                    "silence-unit",
                    format!("no unit has the code “{code}”; look it up in the list of units"),
                ));
            }
        }
        if wanted.person.is_none() && wanted.metric.is_none() && wanted.unit.is_none() {
            faults.push(Fault::at(
                "silence-unit",
                "name a unit, a metric or a person; everything everywhere is not kept quiet",
            ));
        }
        if owner.is_none() && wanted.owner.is_none() {
            faults.push(Fault::at("silence-owner", "name who answers for it"));
        }
        match owner {
            Some(owner) if faults.is_empty() => Ok((owner, (who, metric, unit))),
            _ => Err(Error::Invalid(faults)),
        }
    };
    let (owner, scope) = app.store.read(read).await?;
    set(app, owner, scope, until, reason).await
}

/// A silence with the names that a page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The silence.
    pub silence: Silence,
    /// What it covers: "Successful calls of Maya Lindqvist".
    pub covers: String,
    /// Who answers for it.
    pub owner: String,
    /// Whether the viewer may end it.
    pub may_end: bool,
}

/// Whoever set it, who leads its person now, and whoever administers what leaves the server.
fn may_end(who: &Who, viewer: &Viewer, silence: &Silence) -> bool {
    silence.owner == viewer.person
        || silence.person.is_some_and(|p| viewer.reports.contains(&p))
        || administers(who)
}

fn administers(who: &Who) -> bool {
    permit(who, Relation::NONE, KeepQuiet(())).is_ok()
}

/// The silences that concern somebody: that they set, that cover them or whom they lead; all for whoever administers.
pub async fn silences(app: &App, who: &Who) -> Result<Vec<Named>> {
    let viewer = who.person().ok_or(domain::access::Denied::Forbidden)?.clone();
    let (who, today) = (who.clone(), app.today());
    app.store
        .read(move |r| -> Result<Vec<Named>> {
            let all = store::attention::silences(r, today)?;
            if all.is_empty() {
                return Ok(Vec::new());
            }
            let mut mine = Vec::new();
            for person in std::iter::once(viewer.person).chain(viewer.reports.iter().copied()) {
                mine.push((person, crate::targets::place_of(r, person, today)?.units));
            }
            let mut named = Vec::new();
            for silence in all {
                let covers = |(person, units): &(PersonId, Vec<UnitId>)| {
                    silence.person.is_none_or(|p| p == *person)
                        && silence.unit.is_none_or(|u| units.contains(&u))
                };
                let may_end = may_end(&who, &viewer, &silence);
                if !may_end && !mine.iter().any(covers) {
                    continue;
                }
                let metric = silence.metric.map(|m| store::metrics::metric(r, m)).transpose()?.flatten();
                let unit = silence.unit.map(|u| store::people::unit(r, u)).transpose()?.flatten();
                let people: Vec<PersonId> = silence.person.into_iter().chain([silence.owner]).collect();
                let names = store::people::names(r, &people)?;
                let what = metric.map_or_else(|| "Every metric".to_owned(), |m| m.name);
                let covers = match (silence.person.and_then(|p| names.get(&p)), unit) {
                    (Some(name), Some(unit)) => format!("{what} of {name} in {}", unit.name),
                    (Some(name), None) => format!("{what} of {name}"),
                    (None, Some(unit)) => format!("{what} in {}", unit.name),
                    (None, None) => format!("{what}, everywhere"),
                };
                named.push(Named {
                    covers,
                    owner: names.get(&silence.owner).cloned().unwrap_or_default(),
                    may_end,
                    silence,
                });
            }
            Ok(named)
        })
        .await
}

/// Ends a silence before its time, or takes such an end back while the silence would still hold.
///
/// # Errors
/// [`Error::NotFound`] for who may not, whether or not there is one; [`Error::Conflict`] where its last day is over.
pub async fn end_silence(app: &App, who: &Who, id: SilenceId, end: bool) -> Result<()> {
    let viewer = who.person().ok_or(domain::access::Denied::Forbidden)?.clone();
    let (who, now, ids, today) = (who.clone(), app.now(), app.ids.clone(), app.today());
    let person = app
        .store
        .write(move |tx: &mut Tx| -> Result<Option<PersonId>> {
            let silence = store::attention::silence(tx, id)?
                .filter(|s| may_end(&who, &viewer, s))
                .ok_or(Error::NotFound("silence"))?;
            let by = viewer.person.to_string();
            if end {
                store::attention::end_silence(tx, id, now)?;
                crate::audit::note(tx, &ids, now, &by, "silence.ended", &id.to_string(), "")?;
            } else {
                if silence.until < today {
                    return Err(Error::Conflict("its last quiet day is over; set another one".into()));
                }
                store::attention::resume_silence(tx, id)?;
                crate::audit::note(tx, &ids, now, &by, "silence.resumed", &id.to_string(), "")?;
            }
            Ok(silence.person)
        })
        .await?;
    app.work.notify_one();
    if let Some(person) = person {
        for topic in [Topic::Alert, Topic::Today, Topic::Team] {
            app.live.tell(person, topic);
        }
    }
    Ok(())
}

/// A day after a moment.
pub(crate) fn tomorrow(now: Instant) -> Instant {
    now.plus_seconds(A_DAYS_SECONDS)
}

/// What an alert says, in a few words after the metric's name.
pub(crate) const fn in_short(alert: &Alert) -> &'static str {
    match (alert.kind, alert.way) {
        (Kind::Gap, _) => "off target, steady",
        (Kind::Guardrail, Way::Lower) => "a guardrail moved, lower than usual",
        (Kind::Guardrail, Way::Higher) => "a guardrail moved, higher than usual",
        (_, Way::Lower) => "lower than usual",
        (_, Way::Higher) => "higher than usual",
    }
}

/// How the person whom an alert is about is told.
pub(crate) fn to_the_person(alert: &Alert, metric: &Metric) -> Telling<'static> {
    let what = in_short(alert);
    Telling {
        about: "alert",
        about_id: alert.id.uuid(),
        text: format!("{}: {what}", metric.name),
        more: format!(
            "Something about your {} is worth a look: {what}. You see it first; you can say why, ask for help, or say that the data are wrong.",
            metric.name.to_lowercase()
        ),
        path: format!("/alerts/{}", alert.id),
    }
}

/// What moved many together, as its metric's owner is told.
pub(crate) struct Together {
    metric: String,
    unit: Option<String>,
    /// Who answers for the metric, where somebody does.
    pub(crate) owner: Option<Person>,
    pub(crate) telling: Telling<'static>,
}

impl Together {
    pub(crate) fn read(r: &mut Read, alert: &Alert, metric: &Metric, unit: UnitId) -> Result<Self> {
        let place = store::people::unit(r, unit)?;
        let (code, name) = place.map(|u| (u.code, u.name)).unzip();
        Ok(Self {
            metric: metric.code.clone(),
            unit: code,
            owner: metric.owner.map(|o| store::people::person(r, o)).transpose()?.flatten(),
            telling: Telling {
                about: "alert",
                about_id: alert.id.uuid(),
                text: format!("{}: {} across {}", metric.name, in_short(alert), name.unwrap_or_default()),
                more: format!(
                    "This moved for {} subjects together, so it is told once, at the level where it is common. Nobody's own usual range is judged by it.",
                    alert.facts.subjects
                ),
                path: format!("/alerts/{}", alert.id),
            },
        })
    }
    /// Tells the programs that listen.
    pub(crate) fn announce(&self, tx: &mut Tx, teller: &Teller, alert: &Alert) -> Result<()> {
        let data = serde_json::json!({
            "metric": self.metric, "unit": self.unit, "kind": alert.kind.word(),
            "way": alert.way.word(), "since": alert.since.to_string(), "subjects": alert.facts.subjects,
        });
        let (moved, telling) = (domain::webhooks::Event::UnitAlert, &self.telling);
        crate::webhooks::announce(tx, &teller.ids, teller.now, moved, &telling.text, &telling.path, &data)
    }
}

/// Tells those who wait to be told: leaders whose people have had an alert to themselves for long enough, and everybody whom a
/// silence kept from hearing of one. Gives how many alerts were due.
///
/// Whoever leads the person now is told. An alert that ended, waits or is in question needs nobody to be told; of one that is kept
/// quiet nobody hears before the silence ends, and then the person as well where they have not heard of it.
pub async fn tell_who_waits(app: &App) -> Result<usize> {
    let teller = Teller::of(app);
    let (now, today) = (teller.now, teller.today);
    let due = app.store.read(move |r| Ok::<_, Error>(store::attention::graces_due(r, now)?)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let (count, told) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(usize, Vec<PersonId>)> {
            let due = store::attention::graces_due(tx, now)?;
            let quiet = Quiet::on(tx, today)?;
            let mut told = Vec::new();
            for &id in &due {
                let Some(alert) = store::alerts::alert(tx, id)? else {
                    store::attention::end_grace(tx, id)?;
                    continue;
                };
                if !alert.state.is_closed() && quiet.over(tx, &alert, today)?.is_some() {
                    // Every day anew, since a silence may be ended before its time.
                    store::attention::wait_longer(tx, id, tomorrow(now))?;
                    continue;
                }
                store::attention::end_grace(tx, id)?;
                let Some(metric) = store::metrics::metric(tx, alert.metric)? else { continue };
                match alert.subject {
                    Subject::Person(person) => {
                        tell_both(tx, &teller, &alert, &metric, person, &mut told)?;
                    }
                    Subject::Unit(unit) if alert.needs_somebody(today) => {
                        let together = Together::read(tx, &alert, &metric, unit)?;
                        together.announce(tx, &teller, &alert)?;
                        if let Some(owner) = &together.owner {
                            teller.tell_unasked(tx, owner, &together.telling)?;
                            told.push(owner.id);
                        }
                    }
                    Subject::Unit(_) => {}
                }
            }
            Ok((due.len(), told))
        })
        .await?;
    app.post.notify_one();
    for person in told {
        for topic in [Topic::Alert, Topic::Team, Topic::Notifications] {
            app.live.tell(person, topic);
        }
    }
    Ok(count)
}

/// Tells a person who has not heard of an alert about them, and whoever leads them now. Adds whose pages change.
fn tell_both(
    tx: &mut Tx,
    teller: &Teller,
    alert: &Alert,
    metric: &Metric,
    person: PersonId,
    told: &mut Vec<PersonId>,
) -> Result<()> {
    let Some(person) = store::people::person(tx, person)? else { return Ok(()) };
    let waits = !alert.needs_somebody(teller.today);
    let heard = store::attention::has_heard(tx, person.id, alert.id)?;
    if !waits && !heard {
        teller.tell_unasked(tx, &person, &to_the_person(alert, metric))?;
        told.push(person.id);
    }
    let leader = store::people::leaders_on(tx, person.id, teller.today)?.first().copied();
    let Some(leader) = leader.map(|l| store::people::person(tx, l)).transpose()?.flatten() else {
        return Ok(());
    };
    told.push(leader.id);
    if waits {
        return Ok(());
    }
    let telling = Telling {
        about: "alert",
        about_id: alert.id.uuid(),
        text: format!("{}: worth a look for {}", metric.name, person.name),
        more: format!(
            "Something about {}'s work may need a talk. They were told {}.",
            person.name,
            if heard { "first" } else { "at the same time" }
        ),
        path: format!("/alerts/{}", alert.id),
    };
    teller.tell_unasked(tx, &leader, &telling)
}

/// Sends everybody for whom something waited a day one mail with all of it. Gives to how many.
pub async fn send_digests(app: &App) -> Result<usize> {
    let teller = Teller::of(app);
    let before = teller.now.plus_seconds(-A_DAYS_SECONDS);
    let due = app.store.read(move |r| Ok::<_, Error>(store::attention::digests_due(r, before)?)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let told = app
        .store
        .write(move |tx: &mut Tx| -> Result<Vec<PersonId>> {
            let mut told = Vec::new();
            for person in store::attention::digests_due(tx, before)? {
                let texts = store::attention::take_held(tx, person)?;
                let Some(person) = store::people::person(tx, person)?.filter(|_| !texts.is_empty()) else {
                    continue;
                };
                let many = texts.len();
                let telling = Telling {
                    about: "digest",
                    about_id: person.id.uuid(),
                    text: format!(
                        "{many} more {} waiting for you",
                        if many == 1 { "thing is" } else { "things are" }
                    ),
                    more: format!(
                        "At most {A_DAY} things a day come by themselves; these came on top. {}.",
                        texts.join(". ")
                    ),
                    path: "/notifications".into(),
                };
                teller.tell(tx, &person, &telling)?;
                told.push(person.id);
            }
            Ok(told)
        })
        .await?;
    app.post.notify_one();
    for person in &told {
        app.live.tell(*person, Topic::Notifications);
    }
    Ok(told.len())
}

/// Tells the open pages of everybody whose leader changes, and of both leaders, that something changed.
pub fn leaders_changed(app: &App, people: impl IntoIterator<Item = PersonId>) {
    for person in people {
        for topic in [Topic::Team, Topic::Today, Topic::Alert, Topic::Session] {
            app.live.tell(person, topic);
        }
    }
}
