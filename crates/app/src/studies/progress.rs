//! While a study runs: who uses the support, by job role and unit; never who.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{MIN_GROUP, Permit, ReadStudy};
use domain::ids::{JobRoleId, PersonId, UnitId};
use domain::people::OrgTree;
use store::db::Read;

use crate::{App, Error, Result};

/// How many of a group use it. Groups below the smallest that may be shown are not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The unit's name; empty for all units together.
    pub unit: String,
    /// The job role's name.
    pub job_role: String,
    /// Which wave the unit started in; 0 for all units together.
    pub wave: i64,
    /// People there today.
    pub people: u32,
    /// Of them, how many have used it at least once.
    pub used: u32,
}

/// Who uses it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adoption {
    /// By job role over all units that started, by name.
    pub roles: Vec<Adopted>,
    /// By unit and job role, by name.
    pub units: Vec<Adopted>,
    /// Groups that are too small to be shown.
    pub withheld: usize,
    /// Whether use is known at all: it has an activity that records it, or single uses.
    pub known: bool,
}

/// Reads who uses the support of a study, where it has started.
pub async fn adoption(app: &App, permit: &Permit<ReadStudy>) -> Result<Adoption> {
    let id = permit.asked().0;
    let today = app.today();
    app.store
        .read(move |r| -> Result<Adoption> {
            let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
            adoption_in(r, &study, today)
        })
        .await
}

fn adoption_in(r: &mut Read, study: &domain::studies::Study, today: domain::time::Day) -> Result<Adoption> {
    let support =
        store::interventions::intervention(r, study.intervention)?.ok_or(Error::NotFound("support"))?;
    let mut used: BTreeSet<PersonId> = store::interventions::uses(r, support.id)?
        .into_iter()
        .filter(|u| u.given && u.day <= today)
        .map(|u| u.person)
        .collect();
    if let Some(activity) = &support.activity {
        used.extend(store::learning::first_completions(r, activity, today)?.into_keys());
    }
    let known = support.activity.is_some() || !used.is_empty();
    let starts = store::interventions::starts(r, support.id)?;
    let directory = store::people::directory(r)?;
    let tree = OrgTree::on(today, &directory.placements);
    let roles: BTreeMap<JobRoleId, &str> =
        directory.job_roles.iter().map(|j| (j.id, j.name.as_str())).collect();
    let names: BTreeMap<UnitId, &str> = directory.units.iter().map(|u| (u.id, u.name.as_str())).collect();
    let mut here: BTreeMap<UnitId, Vec<(PersonId, JobRoleId)>> = BTreeMap::new();
    for m in directory.memberships.iter().filter(|m| m.span.holds(today)) {
        here.entry(m.unit).or_default().push((m.person, m.job_role));
    }
    let mut adoption = Adoption { known, ..Adoption::default() };
    let mut all: BTreeMap<JobRoleId, (u32, u32)> = BTreeMap::new();
    for start in starts.iter().filter(|s| s.day <= today) {
        let mut of_unit: BTreeMap<JobRoleId, (u32, u32)> = BTreeMap::new();
        for below in tree.subtree(start.unit) {
            for (person, role) in here.get(&below).map_or(&[][..], Vec::as_slice) {
                let count = of_unit.entry(*role).or_default();
                count.0 += 1;
                count.1 += u32::from(used.contains(person));
            }
        }
        for (role, (people, used)) in of_unit {
            let sum = all.entry(role).or_default();
            *sum = (sum.0 + people, sum.1 + used);
            if (people as usize) < MIN_GROUP {
                adoption.withheld += 1;
                continue;
            }
            adoption.units.push(Adopted {
                unit: names.get(&start.unit).map_or_else(String::new, |n| (*n).to_owned()),
                job_role: roles.get(&role).map_or_else(String::new, |n| (*n).to_owned()),
                wave: start.wave,
                people,
                used,
            });
        }
    }
    for (role, (people, used)) in all {
        if (people as usize) < MIN_GROUP {
            adoption.withheld += 1;
            continue;
        }
        adoption.roles.push(Adopted {
            unit: String::new(),
            job_role: roles.get(&role).map_or_else(String::new, |n| (*n).to_owned()),
            wave: 0,
            people,
            used,
        });
    }
    adoption.units.sort_by(|a, b| (&a.unit, &a.job_role).cmp(&(&b.unit, &b.job_role)));
    adoption.roles.sort_by(|a, b| a.job_role.cmp(&b.job_role));
    Ok(adoption)
}
