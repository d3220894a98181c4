//! Missing data is its own state: it goes to the feed's owner, never to the people whose numbers are missing.

use std::collections::{BTreeMap, BTreeSet};

use domain::alerts::{Alert, Facts, Kind, State, Way};
use domain::feeds::Feed;
use domain::ids::{MetricId, PersonId, Subject, UnitId};
use domain::metrics::{Grain, Metric};
use domain::time::{Day, Instant};
use store::alerts::Event;
use store::db::Tx;
use uuid::Uuid;

use super::world::{Occasion, World};
use crate::notify::{Teller, Telling};
use crate::{App, Ids, Result, Topic};

/// A unit is silent when so many of its subjects are.
const SILENT_SHARE: f64 = 0.8;
/// Fewest silent subjects for an alert; fewer may be single people who are away.
const SILENT_MIN: usize = 3;

/// What changes by the calendar alone: data that have become late, for standings and for the owners of feeds.
pub async fn new_day(app: &App) -> Result<()> {
    let ids = app.ids.clone();
    let now = app.now();
    let settings = app.settings.clone();
    let owners = app
        .store
        .write(move |tx: &mut Tx| -> Result<BTreeSet<PersonId>> {
            // Standings depend on the day.
            let metrics = store::metrics::metrics(tx)?;
            let keys: Vec<_> = metrics.iter().map(|m| super::whole(m.id)).collect();
            store::pipeline::ask(tx, crate::STANDING, keys)?;
            watch(tx, &metrics, &ids, now, &settings)
        })
        .await?;
    app.work.notify_one();
    app.post.notify_one();
    for owner in owners {
        app.live.tell(owner, Topic::Notifications);
    }
    Ok(())
}

/// Opens and closes the alerts about silent feeds, as every day does; for whoever loads a history at once.
pub fn watch_feeds(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    settings: &crate::Settings,
) -> Result<BTreeSet<PersonId>> {
    let metrics = store::metrics::metrics(tx)?;
    watch(tx, &metrics, ids, now, settings)
}

/// Opens and closes the alerts about silent feeds. Gives whom it told.
fn watch(
    tx: &mut Tx,
    metrics: &[Metric],
    ids: &Ids,
    now: Instant,
    settings: &crate::Settings,
) -> Result<BTreeSet<PersonId>> {
    let teller = Teller::at(ids, now, settings);
    let today = teller.today;
    let mut world = World::read(tx, now, settings, Occasion::Arrival)?;
    world.meet_everybody(tx)?;
    let units = store::people::units(tx)?;
    let mut told = BTreeSet::new();
    for feed in store::feeds::feeds(tx)? {
        let Some(metric) = metrics.iter().find(|m| m.feed == Some(feed.id)) else { continue };
        let silent = silent_units(tx, &feed, metric, &world)?;
        let known: Vec<Alert> = store::alerts::of_metric(tx, metric.id)?
            .into_iter()
            .filter(|a| a.kind == Kind::NoData && !a.state.is_closed())
            .collect();
        for mut alert in
            known.iter().filter(|a| a.subject.unit().is_none_or(|u| !silent.contains_key(&u))).cloned()
        {
            super::advance(tx, &mut alert, "rule", domain::alerts::Step::Recover, "data came again", now)?;
            alert.closed_on = Some(today);
            store::alerts::put(tx, &[alert])?;
        }
        for (unit, (since, count)) in silent {
            if known.iter().any(|a| a.subject == Subject::Unit(unit)) {
                continue;
            }
            let alert = no_data(ids, now, today, unit, metric.id, since, count);
            store::alerts::put(tx, std::slice::from_ref(&alert))?;
            let event = Event {
                alert: alert.id,
                number: 1,
                at: now,
                state: State::New,
                by: "rule".into(),
                note: String::new(),
            };
            store::alerts::add_events(tx, &[event])?;
            let place = units.iter().find(|u| u.id == unit);
            let name = place.map(|u| u.name.clone()).unwrap_or_default();
            let text = format!("{}: no data from {name} since {since}", feed.name);
            let data = serde_json::json!({
                "feed": feed.code, "unit": place.map(|u| &u.code), "since": since.to_string(),
            });
            let silent = domain::webhooks::Event::FeedSilent;
            crate::webhooks::announce(tx, ids, now, silent, &text, "/health", &data)?;
            let Some(owner) = feed.owner.map(|o| store::people::person(tx, o)).transpose()?.flatten() else {
                continue;
            };
            let telling = Telling {
                about: "feed",
                about_id: alert.id.uuid(),
                more: format!("{text}. Nothing is held against the people there; please look at the feed."),
                text,
                path: "/health".into(),
            };
            teller.tell_unasked(tx, &owner, &telling)?;
            told.insert(owner.id);
        }
    }
    Ok(told)
}

fn no_data(
    ids: &Ids,
    now: Instant,
    today: Day,
    unit: UnitId,
    metric: MetricId,
    since: Day,
    count: usize,
) -> Alert {
    Alert {
        id: ids.next(now),
        subject: Subject::Unit(unit),
        metric,
        kind: Kind::NoData,
        way: Way::Lower,
        state: State::New,
        since,
        opened_on: today,
        opened_at: now,
        closed_on: None,
        closed_at: None,
        snoozed_until: None,
        hand: None,
        effect: 0.0,
        facts: Facts {
            level: 0.0,
            last: 0.0,
            usual: 0.0,
            usual_low: 0.0,
            usual_high: 0.0,
            target: None,
            tolerance: None,
            periods: 0,
            history: 0,
            borrowed: 0,
            without_common: false,
            subjects: count as i64,
        },
        rule: "no_data 1".into(),
        within: None,
        previous: None,
        answer: None,
        answer_note: None,
        answered_at: None,
        version: 1,
    }
}

/// The widest units in which a feed has fallen silent: since which period, and for how many subjects.
fn silent_units(
    tx: &mut Tx,
    feed: &Feed,
    metric: &Metric,
    world: &World,
) -> Result<BTreeMap<UnitId, (Day, usize)>> {
    let (places, today) = (&world.places, world.today);
    let cadence = metric.cadence.rolled();
    let Some((_, last)) = store::metrics::span(tx, metric.id)? else { return Ok(BTreeMap::new()) };
    let mut due = cadence.start(today);
    // A feed may run every night and bring weeks: what is due is the metric's period, not the feed's.
    while cadence.step(due, 1).plus(feed.lag_days) > today {
        due = cadence.step(due, -1);
    }
    let mut newest: BTreeMap<Uuid, Day> = BTreeMap::new();
    store::metrics::each_reading(tx, metric.id, cadence.step(last, -12), last, |r| {
        if r.revision > 0 {
            let day = newest.entry(r.subject).or_insert(r.period);
            *day = (*day).max(r.period);
        }
        Ok(())
    })?;
    // For each unit and those above it: how many subjects are expected, how many are silent, since when.
    let mut counted: BTreeMap<UnitId, (usize, usize, Day)> = BTreeMap::new();
    for (subject, period) in newest {
        let subject = match metric.grain {
            Grain::Person => Subject::Person(PersonId::new(subject)),
            Grain::Unit => Subject::Unit(UnitId::new(subject)),
        };
        let units = world.place(subject).units;
        // Nothing is expected of a closed week, nor of somebody on leave.
        if period < due && world.worked(subject, &units, due, cadence.step(due, 1)) <= 0.0 {
            continue;
        }
        let silent = period < due;
        for unit in units {
            let entry = counted.entry(unit).or_insert((0, 0, due));
            entry.0 += 1;
            if silent {
                entry.1 += 1;
                entry.2 = entry.2.min(cadence.step(period, 1));
            }
        }
    }
    let is_silent = |unit: UnitId| {
        counted.get(&unit).is_some_and(|&(all, silent, _)| {
            silent >= SILENT_MIN && silent as f64 >= SILENT_SHARE * all as f64
        })
    };
    Ok(counted
        .iter()
        .filter(|(unit, _)| is_silent(**unit) && !places.tree().ancestors(**unit).into_iter().any(is_silent))
        .map(|(&unit, &(_, silent, since))| (unit, (since, silent)))
        .collect())
}
