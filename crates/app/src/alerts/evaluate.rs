//! The pipeline's step for standings and alerts: reads series, asks `domain::alerts::whole`, and writes what follows.
//!
//! A metric is judged as a whole where many numbers came, once a day, and where its rules changed. Where few came, only
//! their subjects and those in the same small groups are looked at again, beside the movements that are kept of the
//! larger groups, as long as too few numbers came to move those.

use std::collections::{BTreeMap, BTreeSet};

use domain::alerts::movements::Values;
use domain::alerts::whole::{Judged, Member, Shared, judge, judge_again};
use domain::alerts::{Alert, Kind};
use domain::ids::{AlertId, MetricId, PersonId, Subject, UnitId};
use domain::metrics::{Grain, Metric};
use domain::time::{Day, Instant};
use store::alerts::{Event, Stand};
use store::db::{Read, Tx};
use store::movements::Movement;
use store::pipeline::Key;
use uuid::Uuid;

use super::reconcile::{About, Book};
use super::world::{Axis, Matrix, Occasion, World};
use crate::notify::{Teller, Telling};
use crate::{App, Ids, Result, Topic};

/// Up to so many numbers of one metric are looked at one by one; more of them, and the metric as a whole.
pub(crate) const FEW: usize = 64;
/// Groups up to this size are measured anew with each number that comes.
const SMALL: i64 = 64;
/// A larger group's movement stands until more than one in so many of the numbers behind it have come or changed.
const STANDS: u32 = 10;

/// Asks for a metric to be judged as a whole.
pub(crate) fn whole(metric: MetricId) -> Key {
    Key { a: Uuid::nil(), b: metric.uuid(), day: Day::from_number(0) }
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

/// What a review of one metric found, to be written.
pub struct Review {
    metric: MetricId,
    alerts: Vec<Alert>,
    events: Vec<Event>,
    opened: Vec<Alert>,
    stands: Vec<Stand>,
    /// What takes the place of everything kept about the metric; after a look at a few, only the movements are written.
    shared: Option<store::movements::Shared>,
    movements: Vec<Movement>,
}

/// The pipeline's step: evaluates what somebody's numbers or targets changed. Gives how many keys it did.
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
            let mut asked: BTreeMap<MetricId, Vec<Key>> = BTreeMap::new();
            for key in &keys {
                asked.entry(MetricId::new(key.b)).or_default().push(*key);
            }
            let mut world = World::read(tx, now, &settings, Occasion::Arrival)?;
            let teller = Teller::at(&ids, now, &settings);
            let mut done = Evaluated { keys: keys.len(), ..Evaluated::default() };
            for (id, keys) in asked {
                let Some(metric) = world.metrics.iter().find(|m| m.id == id).cloned() else {
                    store::pipeline::done(tx, crate::STANDING, &keys)?;
                    continue;
                };
                let few = !keys.iter().any(|k| k.a.is_nil()) && keys.len() <= FEW;
                let some = if few { again(tx, &mut world, &metric, &keys, &ids, now)? } else { None };
                let review = match some {
                    Some(review) => {
                        store::pipeline::done(tx, crate::STANDING, &keys)?;
                        Some(review)
                    }
                    None => {
                        world.meet_everybody(tx)?;
                        store::pipeline::done_for_b(tx, crate::STANDING, id.uuid())?;
                        review(tx, &world, &metric, &ids, now)?
                    }
                };
                if let Some(review) = review {
                    apply(tx, &world, &metric, review, &teller, &mut done)?;
                }
            }
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

/// Reviews every metric as a whole after a history was loaded; [`apply_history`] writes what is found.
///
/// Episodes are dated by the periods that opened and closed them rather than by now. Nobody gets mail about the past;
/// what opened with the newest period is told on screen.
pub fn review_history(
    r: &mut Read,
    ids: &Ids,
    now: Instant,
    settings: &crate::Settings,
) -> Result<Vec<Review>> {
    let mut world = World::read(r, now, settings, Occasion::History)?;
    world.meet_everybody(r)?;
    let mut all = Vec::new();
    for metric in &world.metrics {
        all.extend(review(r, &world, metric, ids, now)?);
    }
    Ok(all)
}

/// Writes what [`review_history`] found.
pub fn apply_history(
    tx: &mut Tx,
    reviews: Vec<Review>,
    ids: &Ids,
    now: Instant,
    settings: &crate::Settings,
) -> Result<Evaluated> {
    let world = World::read(tx, now, settings, Occasion::History)?;
    let teller = Teller::at(ids, now, settings);
    let mut done = Evaluated::default();
    for review in reviews {
        if let Some(metric) = world.metrics.iter().find(|m| m.id == review.metric) {
            apply(tx, &world, metric, review, &teller, &mut done)?;
        }
    }
    Ok(done)
}

/// Reviews a metric as a whole. `None` where it has no readings.
fn review(r: &mut Read, world: &World, metric: &Metric, ids: &Ids, now: Instant) -> Result<Option<Review>> {
    let Some(axis) = Axis::of(r, metric)? else { return Ok(None) };
    let matrix = Matrix::whole(r, metric, axis)?;
    let known = store::alerts::of_metric(r, metric.id)?;
    let before =
        store::movements::shared(r, metric.id)?.and_then(|s| serde_json::from_str::<Shared>(&s.shared).ok());
    let (rules, rule) = world.rules(metric.id);
    let judging = |members: &[Member]| judge(members, metric.direction, &rules, before.as_ref());
    let (mut found, judged) = bring_in_line(world, metric, &matrix, known, ids, now, judging);
    let shared = serde_json::to_string(&judged).map_err(crate::Error::internal)?;
    found.shared = Some(store::movements::Shared { metric: metric.id, first: axis.first, rule, shared });
    Ok(Some(found))
}

/// Looks again at the subjects of some keys, and at those in the same small groups.
/// `None` where the metric must be judged as a whole.
fn again(
    r: &mut Read,
    world: &mut World,
    metric: &Metric,
    keys: &[Key],
    ids: &Ids,
    now: Instant,
) -> Result<Option<Review>> {
    let Some(axis) = Axis::of(r, metric)? else { return Ok(None) };
    let (rules, rule) = world.rules(metric.id);
    let Some(kept) =
        store::movements::shared(r, metric.id)?.filter(|s| s.first == axis.first && s.rule == rule)
    else {
        return Ok(None);
    };
    let Ok(shared) = serde_json::from_str::<Shared>(&kept.shared) else { return Ok(None) };
    let subject = |id: Uuid| match metric.grain {
        Grain::Person => Subject::Person(PersonId::new(id)),
        Grain::Unit => Subject::Unit(UnitId::new(id)),
    };
    let mut subjects: BTreeSet<Uuid> = keys.iter().map(|k| k.a).collect();
    if metric.grain == Grain::Person {
        world.meet(r, &subjects.iter().copied().map(PersonId::new).collect::<Vec<_>>())?;
    }
    let above: BTreeSet<UnitId> = subjects.iter().flat_map(|&s| world.groups(subject(s))).collect();
    let mut movements: BTreeMap<UnitId, Movement> =
        store::movements::movements(r, metric.id, &above.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|m| (m.unit, m))
            .collect();
    for key in keys {
        let Some(at) = axis.position(key.day) else { continue };
        for group in world.groups(subject(key.a)) {
            if let Some(movement) = movements.get_mut(&group).filter(|m| m.subjects > SMALL)
                && moves(movement, at, rules.common_min)
            {
                return Ok(None);
            }
        }
    }
    let small: Vec<UnitId> = movements.values().filter(|m| m.subjects <= SMALL).map(|m| m.unit).collect();
    let below: BTreeSet<UnitId> = small.iter().flat_map(|u| world.places.tree().subtree(*u)).collect();
    let below: Vec<UnitId> = below.into_iter().collect();
    match metric.grain {
        Grain::Person => {
            let others = store::people::persons_in(r, &below, world.today)?;
            world.meet(r, &others)?;
            subjects.extend(others.iter().map(|p| p.uuid()));
        }
        Grain::Unit => subjects.extend(below.iter().map(|u| u.uuid())),
    }
    let of: Vec<Uuid> = subjects.iter().copied().chain(small.iter().map(|u| u.uuid())).collect();
    let matrix = Matrix::some(r, metric, axis, &of)?;
    let known = store::alerts::of_metric_and(r, metric.id, &of)?;
    let larger: BTreeMap<UnitId, Values> =
        movements.values().filter(|m| m.subjects > SMALL).map(|m| (m.unit, m.moved.clone())).collect();
    let judging = |members: &[Member]| judge_again(members, &larger, metric.direction, &rules, shared);
    let (mut found, _) = bring_in_line(world, metric, &matrix, known, ids, now, judging);
    movements.retain(|_, m| m.subjects > SMALL);
    found.movements.extend(movements.into_values());
    Ok(Some(found))
}

/// Notes one more number behind a movement, and says whether so many have come that it must be measured again.
fn moves(movement: &mut Movement, at: usize, least: usize) -> bool {
    let length = movement.moved.len().max(at + 1);
    movement.moved.resize(length, None);
    movement.reporting.resize(length, 0);
    movement.changed.resize(length, 0);
    movement.changed[at] += 1;
    let (reporting, changed) = (movement.reporting[at], movement.changed[at]);
    (reporting + changed) as usize >= least && changed * STANDS > reporting
}

/// Judges the subjects of a matrix and brings stored episodes in line. Gives what is to be written, and what they share.
fn bring_in_line(
    world: &World,
    metric: &Metric,
    matrix: &Matrix,
    known: Vec<Alert>,
    ids: &Ids,
    now: Instant,
    judging: impl FnOnce(&[Member]) -> Judged,
) -> (Review, Shared) {
    let mut before: BTreeMap<Subject, Vec<Alert>> = BTreeMap::new();
    for alert in known {
        before.entry(alert.subject).or_default().push(alert);
    }
    let (rules, rule) = world.rules(metric.id);
    let mut book = Book {
        metric,
        matrix,
        world,
        rules,
        rule,
        now,
        alerts: Vec::new(),
        events: Vec::new(),
        opened: Vec::new(),
    };
    let (members, targets): (Vec<Member>, Vec<_>) = matrix
        .lines
        .iter()
        .map(|line| {
            let before = before.get(&line.subject).map_or(&[][..], Vec::as_slice);
            world.member(
                metric,
                &matrix.axis,
                line.subject,
                &line.values,
                book.restarts(line.subject, before),
            )
        })
        .unzip();
    let mut judged = judging(&members);
    if metric.guardrail {
        let episodes = judged.found.iter_mut().flat_map(|f| &mut f.episodes);
        episodes.filter(|e| e.kind == Kind::Shift).for_each(|e| e.kind = Kind::Guardrail);
    }
    let mut stands = Vec::with_capacity(members.len());
    for (((line, member), target), found) in matrix.lines.iter().zip(&members).zip(targets).zip(&judged.found)
    {
        let about = About {
            subjects: 1,
            without_common: !member.groups.is_empty(),
            target,
            here: !world.place(line.subject).units.is_empty(),
            corrected: line.corrected,
        };
        let before = before.remove(&line.subject).unwrap_or_default();
        let after = book.reconcile(line.subject, before, found, &line.values, &about, ids);
        stands.push(book.stand(line.subject, &line.values, found, &after, target));
    }
    let mut movements = Vec::with_capacity(judged.groups.len());
    for (group, found) in judged.groups {
        let before = before.remove(&Subject::Unit(group.group)).unwrap_or_default();
        book.group(&group, found, before, ids);
        movements.push(Movement {
            metric: metric.id,
            unit: group.group,
            subjects: group.subjects as i64,
            changed: vec![0; group.reporting.len()],
            reporting: group.reporting.iter().map(|&n| u32::try_from(n).unwrap_or(u32::MAX)).collect(),
            moved: group.movement,
        });
    }
    let Book { alerts, events, opened, .. } = book;
    let review = Review { metric: metric.id, alerts, events, opened, stands, shared: None, movements };
    (review, judged.shared)
}

/// Writes what a review found, and tells those concerned.
fn apply(
    tx: &mut Tx,
    world: &World,
    metric: &Metric,
    review: Review,
    teller: &Teller,
    done: &mut Evaluated,
) -> Result<()> {
    let Review { alerts, events, opened, stands, shared, movements, .. } = review;
    done.changed.extend(alerts.iter().map(|a| a.id));
    store::alerts::put(tx, &alerts)?;
    store::alerts::add_events(tx, &events)?;
    store::alerts::put_stands(tx, &stands)?;
    match shared {
        Some(shared) => store::movements::replace(tx, &shared, &movements)?,
        None => store::movements::put_movements(tx, &movements)?,
    }
    for alert in &opened {
        announce(tx, world, metric, alert, teller, done)?;
    }
    for alert in &alerts {
        done.people.extend(super::concerned(tx, alert.subject, world.today)?);
    }
    Ok(())
}

/// Tells the person and their direct leader about a new episode; for a unit, the metric's owner.
fn announce(
    tx: &mut Tx,
    world: &World,
    metric: &Metric,
    alert: &Alert,
    teller: &Teller,
    done: &mut Evaluated,
) -> Result<()> {
    if world.quiet.over(tx, alert, world.today)?.is_some() {
        // What opens in the quiet is said when it ends, if it is still so then.
        if world.occasion == Occasion::Arrival {
            store::attention::wait_to_tell(tx, alert.id, crate::attention::tomorrow(teller.now))?;
        }
        return Ok(());
    }
    match alert.subject {
        Subject::Person(person) => {
            let Some(person) = store::people::person(tx, person)? else { return Ok(()) };
            let own = crate::attention::to_the_person(alert, metric);
            teller.tell_unasked(tx, &world.addressed(person.clone()), &own)?;
            done.people.insert(person.id);
            // The person first: their leader is told later, and that is whoever leads them then.
            if world.grace_hours > 0 && world.occasion == Occasion::Arrival {
                let due = teller.now.plus_seconds(i64::from(world.grace_hours) * 3600);
                return Ok(store::attention::wait_to_tell(tx, alert.id, due)?);
            }
            let leader = store::people::leaders_on(tx, person.id, world.today)?.first().copied();
            if let Some(leader) = leader.map(|l| store::people::person(tx, l)).transpose()?.flatten() {
                let telling = Telling {
                    about: "alert",
                    about_id: alert.id.uuid(),
                    text: format!(
                        "{}: {} for {}",
                        metric.name,
                        crate::attention::in_short(alert),
                        person.name
                    ),
                    more: format!(
                        "Something about {}'s work may need a talk. {} was told at the same time.",
                        person.name, person.name
                    ),
                    path: format!("/alerts/{}", alert.id),
                };
                teller.tell_unasked(tx, &world.addressed(leader.clone()), &telling)?;
                done.people.insert(leader.id);
            }
        }
        Subject::Unit(unit) => {
            let together = crate::attention::Together::read(tx, alert, metric, unit)?;
            together.announce(tx, teller, alert)?;
            if let Some(owner) = &together.owner {
                teller.tell_unasked(tx, &world.addressed(owner.clone()), &together.telling)?;
                done.people.insert(owner.id);
            }
        }
    }
    Ok(())
}
