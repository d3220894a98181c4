//! Learning: the roll-up by day, and what pages show of it.
//!
//! The roll-up looks at what arrived, works out which days of which persons it touches, and makes those days again from the
//! statements. It never adds to a row, so late, repeated, corrected and voided input needs no case of its own.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Permit, ReadLearning, ReadOrgBoard};
use domain::ids::{AccountId, PersonId, UnitId};
use domain::learning::{LearningDay, Rules};
use domain::people::OrgTree;
use domain::time::{Day, Instant, Zone};
use store::db::{Read, Tx};
use store::learning::{self as rows, ZoneSpan};
use store::pipeline::{self, Key};
use uuid::Uuid;

use crate::people::ACCOUNTS;
use crate::{App, Result};

/// The pipeline step that rolls up learning: its position is the `seq` of the last statement it has seen, its keys are
/// a person and a day to be made again.
pub const LEARNING: &str = "learning";

/// Statements say when things happened, and some are wrong by centuries: outside of these years no day is made.
const YEARS: (i32, i32) = (-25_567, 84_006); // 1900-01-01 to 2200-01-01

/// The pipeline's step for learning: accounts whose person changed, statements that arrived, days that were asked for.
/// Does at most `limit` of each and gives how many it did; 0 when there is nothing to do.
pub async fn roll_up(app: &App, limit: u32) -> Result<usize> {
    let zone = app.settings.zone.clone();
    app.store
        .write(move |tx: &mut Tx| -> Result<usize> {
            let followed = follow_accounts(tx, limit)?;
            let position = pipeline::position(tx, LEARNING)?;
            let arrivals = rows::arrivals(tx, position, limit)?;
            let mut days = touched(tx, &zone, &arrivals)?;
            if let Some(last) = arrivals.last() {
                pipeline::set_position(tx, LEARNING, last.seq)?;
            }
            let asked = pipeline::asked(tx, LEARNING, limit)?;
            for key in &asked {
                days.entry(PersonId::new(key.a)).or_default().insert(key.day);
            }
            make_days(tx, &zone, &days)?;
            pipeline::done(tx, LEARNING, &asked)?;
            Ok(followed + arrivals.len() + asked.len())
        })
        .await
}

/// Empties the roll-up and makes it again from the statements: the same rows as before.
pub fn rebuild(tx: &mut Tx, organisation: &Zone) -> Result<()> {
    rows::clear(tx)?;
    for person in rows::active_persons(tx)? {
        let accounts = rows::accounts(tx, &[person])?.remove(&person).unwrap_or_default();
        let zones = Zones::of(tx, &[person], organisation)?;
        let mut days = BTreeSet::new();
        for &account in &accounts {
            for at in rows::moments(tx, account)? {
                days.extend(zones.days_around(person, at));
            }
        }
        make_days(tx, organisation, &BTreeMap::from([(person, days)]))?;
    }
    Ok(())
}

/// Asks for every day of accounts whose person changed, for who had them (`b` of the key) and who has them now.
fn follow_accounts(tx: &mut Tx, limit: u32) -> Result<usize> {
    let keys = pipeline::asked(tx, ACCOUNTS, limit)?;
    for key in &keys {
        let account = AccountId::new(key.a);
        let now = rows::persons(tx, &[account])?.remove(&account);
        let before = (!key.b.is_nil()).then(|| PersonId::new(key.b));
        let persons: BTreeSet<PersonId> = before.into_iter().chain(now).collect();
        if persons.is_empty() {
            continue;
        }
        let persons: Vec<PersonId> = persons.into_iter().collect();
        // Every day that it could be in any zone: the zone may be what changed.
        let moments = rows::moments(tx, account)?;
        let days: BTreeSet<Day> = moments.iter().flat_map(|&at| days_anywhere(at)).collect();
        for &person in &persons {
            let asked = days.iter().map(|&day| Key { a: person.uuid(), b: Uuid::nil(), day });
            pipeline::ask(tx, LEARNING, asked)?;
        }
    }
    pipeline::done(tx, ACCOUNTS, &keys)?;
    Ok(keys.len())
}

/// Which days of which persons arrivals touch: their own, and those of what they void.
fn touched(
    r: &mut Read,
    organisation: &Zone,
    arrivals: &[rows::Arrival],
) -> Result<BTreeMap<PersonId, BTreeSet<Day>>> {
    let mut done: BTreeSet<(AccountId, Instant)> =
        arrivals.iter().filter_map(|a| Some((a.account?, a.happened_at))).collect();
    let voided: Vec<Uuid> = arrivals.iter().filter_map(|a| a.voids).collect();
    if !voided.is_empty() {
        done.extend(rows::done_by(r, &voided)?);
    }
    let accounts: BTreeSet<AccountId> = done.iter().map(|(account, _)| *account).collect();
    let persons = rows::persons(r, &accounts.into_iter().collect::<Vec<_>>())?;
    let unique: BTreeSet<PersonId> = persons.values().copied().collect();
    let zones = Zones::of(r, &unique.into_iter().collect::<Vec<_>>(), organisation)?;
    let mut days: BTreeMap<PersonId, BTreeSet<Day>> = BTreeMap::new();
    for (account, at) in done {
        if let Some(&person) = persons.get(&account) {
            days.entry(person).or_default().extend(zones.days_around(person, at));
        }
    }
    Ok(days)
}

/// Makes days of persons again.
fn make_days(tx: &mut Tx, organisation: &Zone, days: &BTreeMap<PersonId, BTreeSet<Day>>) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let persons: Vec<PersonId> = days.keys().copied().collect();
    let accounts = rows::accounts(tx, &persons)?;
    let zones = Zones::of(tx, &persons, organisation)?;
    let reach = Rules::DEFAULT.longest_seconds;
    let mut made: Vec<LearningDay> = Vec::new();
    for (&person, days) in days {
        let mut list: Vec<Day> = days.iter().copied().collect();
        let kept = rows::final_days(tx, person, &list)?;
        list.retain(|day| !kept.contains(day));
        rows::drop_days(tx, person, &list)?;
        let Some(own) = accounts.get(&person) else { continue };
        let spans: Vec<_> =
            list.iter().map(|&day| (zones.start(person, day), zones.start(person, day.plus(1)))).collect();
        let around: Vec<_> = spans
            .iter()
            .map(|(from, until)| (from.plus_seconds(-reach), until.plus_seconds(reach)))
            .collect();
        let events = rows::events(tx, own, &around)?;
        for ((day, span), (from, until)) in list.into_iter().zip(spans).zip(around) {
            let low = events.partition_point(|e| e.at < from);
            let high = events.partition_point(|e| e.at < until);
            made.extend(domain::learning::day(person, day, span, &events[low..high], &Rules::DEFAULT));
        }
    }
    rows::add(tx, &made)?;
    Ok(())
}

/// Keeps the days as they are that statements touch which are about to be taken away.
pub(crate) fn make_final(
    tx: &mut Tx,
    organisation: &Zone,
    done: &BTreeSet<(AccountId, Instant)>,
) -> Result<()> {
    let accounts: BTreeSet<AccountId> = done.iter().map(|(account, _)| *account).collect();
    let persons = rows::persons(tx, &accounts.into_iter().collect::<Vec<_>>())?;
    let unique: BTreeSet<PersonId> = persons.values().copied().collect();
    let zones = Zones::of(tx, &unique.into_iter().collect::<Vec<_>>(), organisation)?;
    let days: BTreeSet<(PersonId, Day)> = done
        .iter()
        .filter_map(|(account, at)| Some((*persons.get(account)?, *at)))
        .flat_map(|(person, at)| zones.days_around(person, at).into_iter().map(move |day| (person, day)))
        .collect();
    rows::make_final(tx, days)?;
    Ok(())
}

/// The days that a moment could touch, whatever the time zone.
fn days_anywhere(at: Instant) -> impl Iterator<Item = Day> {
    let reach = Rules::DEFAULT.longest_seconds;
    let first = at.plus_seconds(-reach).day(&Zone::UTC).plus(-1);
    let last = at.plus_seconds(reach).day(&Zone::UTC).plus(1);
    (first.number()..=last.number()).filter(|n| (YEARS.0..YEARS.1).contains(n)).map(Day::from_number)
}

/// Where persons have worked, for telling their days apart.
struct Zones {
    organisation: Zone,
    spans: BTreeMap<PersonId, Vec<ZoneSpan>>,
    named: BTreeMap<String, Zone>,
}

impl Zones {
    fn of(r: &mut Read, persons: &[PersonId], organisation: &Zone) -> Result<Self> {
        let spans = if persons.is_empty() { BTreeMap::new() } else { rows::zones(r, persons)? };
        let names: BTreeSet<&str> = spans.values().flatten().filter_map(|s| s.zone.as_deref()).collect();
        let named = names.into_iter().filter_map(|n| Some((n.to_owned(), Zone::named(n).ok()?))).collect();
        Ok(Self { organisation: organisation.clone(), spans, named })
    }

    fn zone(&self, person: PersonId, day: Day) -> &Zone {
        self.spans
            .get(&person)
            .and_then(|spans| {
                spans.iter().rev().find(|s| s.from <= day && s.until.is_none_or(|until| day < until))
            })
            .and_then(|span| self.named.get(span.zone.as_deref()?))
            .unwrap_or(&self.organisation)
    }

    /// The first moment of a day of a person. A day lasts until the next one starts, also where they move to another zone.
    fn start(&self, person: PersonId, day: Day) -> Instant {
        self.zone(person, day).start_of(day)
    }

    /// The days to which a moment belongs or from which a session of it may reach.
    fn days_around(&self, person: PersonId, at: Instant) -> Vec<Day> {
        let reach = Rules::DEFAULT.longest_seconds;
        let (low, high) = (at.plus_seconds(-reach), at.plus_seconds(reach));
        days_anywhere(at)
            .filter(|&day| self.start(person, day) <= high && low < self.start(person, day.plus(1)))
            .collect()
    }
}

/// The day to which a moment belongs where a person works.
pub(crate) fn day_of(r: &mut Read, person: PersonId, organisation: &Zone, at: Instant) -> Result<Day> {
    let zones = Zones::of(r, &[person], organisation)?;
    let inside = |day: &Day| zones.start(person, *day) <= at && at < zones.start(person, day.plus(1));
    Ok(days_anywhere(at).find(inside).unwrap_or_else(|| at.day(organisation)))
}

/// What a person did with one activity over some days, for their page.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Done {
    /// With which activity.
    pub activity: String,
    /// What it is called, or its IRI where nobody has said.
    pub name: String,
    /// The last day.
    pub last: Day,
    /// Minutes spent.
    pub minutes: f64,
    /// Whether it was completed on one of the days.
    pub completed: bool,
    /// Whether it was passed on one of the days.
    pub passed: bool,
    /// The best score as a share.
    pub best_score: Option<f64>,
}

/// What a person did from a day up to and including another, the latest first.
pub async fn lately(app: &App, permit: &Permit<ReadLearning>, from: Day, to: Day) -> Result<Vec<Done>> {
    let person = permit.asked().0;
    app.store.read(move |r| lately_in(r, person, from, to)).await
}

/// [`lately`] inside a read, for pages that show more than this.
pub fn lately_in(r: &mut Read, person: PersonId, from: Day, to: Day) -> Result<Vec<Done>> {
    let days = rows::of_person(r, person, from, to)?;
    let iris: BTreeSet<String> = days.iter().map(|d| d.activity.clone()).collect();
    let mut names = store::activities::names(r, &iris.into_iter().collect::<Vec<_>>())?;
    let mut done: Vec<Done> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for d in days {
        let place = *places.entry(d.activity.clone()).or_insert_with(|| {
            done.push(Done {
                name: names.remove(&d.activity).unwrap_or_else(|| d.activity.clone()),
                activity: d.activity.clone(),
                last: d.day,
                minutes: 0.0,
                completed: false,
                passed: false,
                best_score: None,
            });
            done.len() - 1
        });
        let one = &mut done[place];
        one.minutes += d.minutes;
        one.completed |= d.completions > 0;
        one.passed |= d.passes > 0;
        one.best_score = match (one.best_score, d.best_score) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(done)
}

/// How far an activity has come in a unit by the end of a week.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Adoption {
    /// The Monday of the week.
    pub week: Day,
    /// How many work in the unit, or below it, at the end of the week.
    pub members: usize,
    /// How many of them have completed the activity by then.
    pub completed: usize,
}

impl Adoption {
    /// The share that has completed it; `None` for a unit without people.
    pub fn share(&self) -> Option<f64> {
        (self.members > 0).then(|| self.completed as f64 / self.members as f64)
    }
}

/// How an activity has come into use in units, week by week from the one of `from` to the one of `to`.
pub async fn adoption(
    app: &App,
    permit: &Permit<ReadOrgBoard>,
    activity: String,
    units: Vec<UnitId>,
    from: Day,
    to: Day,
) -> Result<BTreeMap<UnitId, Vec<Adoption>>> {
    let _ = permit;
    app.store
        .read(move |r| -> Result<_> {
            let directory = store::people::directory(r)?;
            adoption_in(r, &directory, &activity, &units, from, to)
        })
        .await
}

/// [`adoption`] inside a read, for pages that hold the directory already.
pub fn adoption_in(
    r: &mut Read,
    directory: &store::people::Directory,
    activity: &str,
    units: &[UnitId],
    from: Day,
    to: Day,
) -> Result<BTreeMap<UnitId, Vec<Adoption>>> {
    let completed = rows::first_completions(r, activity, to.monday().plus(6))?;
    let active: BTreeSet<PersonId> = directory
        .persons
        .iter()
        .filter(|p| p.state == domain::people::PersonState::Active)
        .map(|p| p.id)
        .collect();
    let mut all: BTreeMap<UnitId, Vec<Adoption>> = units.iter().map(|&u| (u, Vec::new())).collect();
    let mut week = from.monday();
    while week <= to.monday() {
        let end = week.plus(6);
        let tree = OrgTree::on(end, &directory.placements);
        let mut counts: BTreeMap<UnitId, (usize, usize)> = BTreeMap::new();
        for m in directory.memberships.iter().filter(|m| m.span.holds(end) && active.contains(&m.person)) {
            let has = completed.get(&m.person).is_some_and(|day| *day <= end);
            for unit in std::iter::once(m.unit).chain(tree.ancestors(m.unit)) {
                let count = counts.entry(unit).or_default();
                count.0 += 1;
                count.1 += usize::from(has);
            }
        }
        for (unit, weeks) in &mut all {
            let (members, completed) = counts.get(unit).copied().unwrap_or_default();
            weeks.push(Adoption { week, members, completed });
        }
        week = week.plus(7);
    }
    Ok(all)
}

/// Asks for every day of people to be made again, after they or their units moved to where another time zone may hold.
pub(crate) fn moved(tx: &mut Tx, persons: &[PersonId], units: &[UnitId]) -> Result<()> {
    let mut accounts: BTreeSet<AccountId> = rows::accounts_in(tx, units)?.into_iter().collect();
    accounts.extend(rows::accounts(tx, persons)?.into_values().flatten());
    let keys = accounts.into_iter().map(|a| Key { a: a.uuid(), b: Uuid::nil(), day: Day::from_number(0) });
    pipeline::ask(tx, ACCOUNTS, keys)?;
    Ok(())
}
