//! Targets and commitments: set them with a reason, and find the one in force.

mod agree;
mod import;

use std::collections::BTreeMap;

use domain::access::{Asked, Permit, SetTarget};
use domain::ids::{JobRoleId, MetricId, PersonId, UnitId};
use domain::metrics::Grain;
use domain::people::{Membership, Placement};
use domain::targets::{Commitment, Place, Target, TargetScope};
use domain::time::Day;
use store::db::{Read, Tx};
use store::people::Directory;

use crate::notify::Teller;
use crate::{App, Error, Result};

pub(crate) use agree::agreed;
pub use agree::{Agreed, agree};
pub use import::{import_commitments, import_targets};

/// A level to be set, with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// In the metric's unit.
    pub level: f64,
    /// Allowed distance from the level; ignored for commitments.
    pub tolerance: f64,
    /// On how many periods it is judged; ignored for commitments.
    pub window: u32,
    /// From which day; today where `None`.
    pub from: Option<Day>,
    /// Ends the target or commitment instead of setting one.
    pub ended: bool,
    /// Why, in words.
    pub why: String,
}

/// No metric is larger; what is, was mistyped.
const LARGEST: f64 = 1e15;
/// Most characters of a reason.
const WHY_MAX: usize = 1_000;

fn check(level: &Level) -> Result<()> {
    let finite = |name: &str, x: f64| {
        if x.is_finite() && x.abs() <= LARGEST {
            Ok(())
        } else {
            Err(Error::invalid(name, "not a number that a metric could have; give one in the metric's unit"))
        }
    };
    finite("level", level.level)?;
    finite("tolerance", level.tolerance)?;
    if level.tolerance < 0.0 {
        return Err(Error::invalid(
            "tolerance",
            format!("{} is negative; the tolerated distance is zero or more", level.tolerance),
        ));
    }
    if level.window == 0 || level.window > 520 {
        return Err(Error::invalid("window", format!("{} periods; give from 1 to 520", level.window)));
    }
    if level.why.trim().is_empty() {
        return Err(Error::invalid(
            "why",
            "say in a few words why, so that whoever reads the history understands it",
        ));
    }
    if level.why.chars().count() > WHY_MAX {
        return Err(Error::invalid("why", format!("at most {WHY_MAX} characters; say it shorter")));
    }
    Ok(())
}

/// Sets the same target for each person whom a permit is about, for all or for none, and tells them: a new version for
/// the metric and the person, with who and why. Old versions stay.
///
/// Targets of units, job roles and all are set by imports and commands.
pub async fn set_own(
    app: &App,
    permits: &[Permit<SetTarget>],
    metric: MetricId,
    level: Level,
) -> Result<Vec<Target>> {
    check(&level)?;
    let teller = Teller::of(app);
    let permits = permits.to_vec();
    let what = if level.ended { "ended your target" } else { "set your target" };
    let (targets, told) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(Vec<Target>, Vec<PersonId>)> {
            let (mut targets, mut told) = (Vec::new(), Vec::new());
            for permit in &permits {
                let person = permit.asked().0;
                targets.push(put(tx, &teller, permit.by(), metric, TargetScope::Person(person), &level)?);
                if let Some(by) = permit.person() {
                    told.extend(agree::tell_of_level(tx, &teller, by, person, metric, what)?);
                }
            }
            Ok((targets, told))
        })
        .await?;
    tell_pages(app, told);
    Ok(targets)
}

/// After the commit of a level: whoever was told of it sees it in open pages.
fn tell_pages(app: &App, told: Vec<PersonId>) {
    app.work.notify_one();
    app.post.notify_one();
    for person in told {
        app.live.tell(person, crate::Topic::Notifications);
        app.live.tell(person, crate::Topic::Today);
    }
}

/// Sets a target for any scope.
pub async fn set<A: Asked>(
    app: &App,
    permit: &Permit<A>,
    metric: MetricId,
    scope: TargetScope,
    level: Level,
) -> Result<Target> {
    check(&level)?;
    let (teller, by) = (Teller::of(app), permit.by().to_owned());
    let target = app
        .store
        .write(move |tx: &mut Tx| -> Result<Target> { put(tx, &teller, &by, metric, scope, &level) })
        .await?;
    app.work.notify_one();
    Ok(target)
}

fn put(
    tx: &mut Tx,
    at: &Teller,
    by: &str,
    metric: MetricId,
    scope: TargetScope,
    level: &Level,
) -> Result<Target> {
    let Some(found) = store::metrics::metric(tx, metric)? else {
        return Err(Error::NotFound("metric"));
    };
    if matches!(scope, TargetScope::Person(_)) && found.grain != Grain::Person {
        return Err(Error::NotFound("metric of a person"));
    }
    let target = Target {
        id: at.ids.next(at.now),
        metric,
        scope,
        version: store::targets::newest_version(tx, metric, scope)? + 1,
        level: level.level,
        tolerance: level.tolerance,
        window: level.window,
        from: level.from.unwrap_or_else(|| found.cadence.rolled().start(at.today)),
        ended: level.ended,
        set_by: by.to_owned(),
        set_at: at.now,
        why: level.why.trim().to_owned(),
    };
    store::targets::add_target(tx, &target)?;
    ask_standing(tx, metric)?;
    crate::audit::note(tx, &at.ids, at.now, by, "target.set", &target.id.to_string(), &target.why)?;
    Ok(target)
}

/// A person promises a level, or takes the promise back. Only the person themselves makes one.
pub async fn commit(app: &App, person: PersonId, metric: MetricId, level: Level) -> Result<Commitment> {
    check(&Level { tolerance: 0.0, window: 1, ..level.clone() })?;
    let teller = Teller::of(app);
    let what = if level.ended { "took their commitment back" } else { "changed their commitment" };
    let (commitment, told) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(Commitment, Option<PersonId>)> {
            let Some(found) = store::metrics::metric(tx, metric)?.filter(|m| m.grain == Grain::Person) else {
                return Err(Error::NotFound("metric of a person"));
            };
            let versions = store::targets::commitments_of(tx, &[person])?;
            let newest = versions.iter().filter(|c| c.metric == metric).map(|c| c.version).max();
            let by = person.to_string();
            let commitment = Commitment {
                id: teller.ids.next(teller.now),
                person,
                metric,
                version: newest.unwrap_or(0) + 1,
                level: level.level,
                from: level.from.unwrap_or_else(|| found.cadence.rolled().start(teller.today)),
                ended: level.ended,
                set_by: by.clone(),
                set_at: teller.now,
                why: level.why.trim().to_owned(),
            };
            store::targets::add_commitment(tx, &commitment)?;
            ask_standing(tx, metric)?;
            let id = commitment.id.to_string();
            crate::audit::note(tx, &teller.ids, teller.now, &by, "commitment.set", &id, &commitment.why)?;
            let told = agree::tell_of_level(tx, &teller, person, person, metric, what)?;
            Ok((commitment, told))
        })
        .await?;
    tell_pages(app, told.into_iter().collect());
    Ok(commitment)
}

/// Asks for a review of everybody who has readings of a metric: a target may concern any of them.
fn ask_standing(tx: &mut Tx, metric: MetricId) -> Result<()> {
    let Some((_, last)) = store::metrics::span(tx, metric)? else { return Ok(()) };
    let mut keys = std::collections::BTreeSet::new();
    store::metrics::each_reading(tx, metric, last.plus(-400), last, |r| {
        keys.insert(store::pipeline::Key { a: r.subject, b: metric.uuid(), day: Day::from_number(0) });
        Ok(())
    })?;
    store::pipeline::ask(tx, crate::STANDING, keys)?;
    Ok(())
}

/// Where persons and units stand in the organisation on a day, for finding the target in force.
pub struct Places {
    persons: BTreeMap<PersonId, (UnitId, JobRoleId)>,
    tree: domain::people::OrgTree,
}

impl Places {
    /// From the directory, on a day.
    pub fn on(day: Day, directory: &Directory) -> Self {
        Self::of(day, &directory.memberships, &directory.placements)
    }
    /// From some persons' memberships, on a day.
    pub(crate) fn of<'a>(
        day: Day,
        memberships: impl IntoIterator<Item = &'a Membership>,
        placements: &[Placement],
    ) -> Self {
        let here = memberships.into_iter().filter(|m| m.span.holds(day));
        let persons = here.map(|m| (m.person, (m.unit, m.job_role))).collect();
        Self { persons, tree: domain::people::OrgTree::on(day, placements) }
    }
    /// The tree on that day.
    pub fn tree(&self) -> &domain::people::OrgTree {
        &self.tree
    }
    /// The unit and job role of a person on that day.
    pub fn of_person(&self, person: PersonId) -> Option<(UnitId, JobRoleId)> {
        self.persons.get(&person).copied()
    }
    /// A person's place.
    pub fn person(&self, person: PersonId) -> Place {
        let held = self.persons.get(&person);
        let units = held.map(|(unit, _)| std::iter::once(*unit).chain(self.tree.ancestors(*unit)).collect());
        Place {
            person: Some(person),
            units: units.unwrap_or_default(),
            job_role: held.map(|(_, role)| *role),
        }
    }
    /// A unit's place.
    pub fn unit(&self, unit: UnitId) -> Place {
        let units = std::iter::once(unit).chain(self.tree.ancestors(unit)).collect();
        Place { person: None, units, job_role: None }
    }
}

/// The place of one person on a day, without reading the whole directory.
pub fn place_of(r: &mut Read, person: PersonId, day: Day) -> Result<Place> {
    let held = store::people::membership_on(r, person, day)?;
    let tree = domain::people::OrgTree::on(day, &store::people::placements(r)?);
    Ok(Place {
        person: Some(person),
        units: held
            .map(|m| std::iter::once(m.unit).chain(tree.ancestors(m.unit)).collect())
            .unwrap_or_default(),
        job_role: held.map(|m| m.job_role),
    })
}
