//! Who is here and where they belong, for whoever administers: no numbers, no talks.

use std::collections::BTreeMap;

use domain::access::{Permit, WriteProfile};
use domain::ids::UnitId;
use domain::people::{OrgTree, OrgUnit, Person, PersonState, fold};
use domain::time::Day;

use crate::{App, Result};

/// One person with their place today.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// The name of their unit; the last one where they have left.
    pub unit: String,
    /// Their job role there.
    pub job_role: String,
    /// Whom they report to.
    pub leader: String,
    /// How many accounts are theirs.
    pub accounts: usize,
    /// The first day on which they have no place any more.
    pub left: Option<Day>,
}

/// One unit in the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// How deep it hangs, 0 for a root.
    pub depth: usize,
    /// The unit.
    pub unit: OrgUnit,
    /// How many people work in it and below today.
    pub people: usize,
}

/// People and units as the page shows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    /// How many active people there are.
    pub total: usize,
    /// How many were found.
    pub found: usize,
    /// Those found, by name, from the place asked for.
    pub rows: Vec<Member>,
    /// The tree, depth first, by code.
    pub units: Vec<Branch>,
    /// Accounts that wait for their person.
    pub waiting: i64,
}

/// Finds people by a part of their name, code or mail address; an empty text finds everybody.
pub async fn roster(
    app: &App,
    _: &Permit<WriteProfile>,
    text: &str,
    skip: usize,
    limit: usize,
) -> Result<Roster> {
    let today = app.today();
    let text = fold(text.trim());
    app.store
        .read(move |r| -> Result<Roster> {
            let mut directory = store::people::directory(r)?;
            let tree = OrgTree::on(today, &directory.placements);
            let mut here: BTreeMap<UnitId, usize> = BTreeMap::new();
            for m in directory.memberships.iter().filter(|m| m.span.holds(today)) {
                for unit in std::iter::once(m.unit).chain(tree.ancestors(m.unit)) {
                    *here.entry(unit).or_default() += 1;
                }
            }
            let total = directory.persons.iter().filter(|p| p.state == PersonState::Active).count();
            let names: BTreeMap<_, _> = directory.persons.iter().map(|p| (p.id, p.name.clone())).collect();
            let units: BTreeMap<_, _> = directory.units.iter().map(|u| (u.id, u.name.clone())).collect();
            let roles: BTreeMap<_, _> = directory.job_roles.iter().map(|j| (j.id, j.name.clone())).collect();
            let mut found = std::mem::take(&mut directory.persons);
            found.retain(|p| {
                let holds = |field: &str| fold(field).contains(&text);
                holds(&p.name) || holds(&p.code) || p.email.as_deref().is_some_and(holds)
            });
            found.sort_by_cached_key(|p| (fold(&p.name), p.id));
            let count = found.len();
            let mut rows = Vec::new();
            for person in found.into_iter().skip(skip).take(limit) {
                let held = directory.memberships.iter().filter(|m| m.person == person.id);
                let place = held.max_by_key(|m| (m.span.holds(today), m.span.from));
                let leader = directory
                    .lines
                    .iter()
                    .find(|l| l.person == person.id && l.span.holds(today))
                    .map(|l| l.leader);
                rows.push(Member {
                    unit: place.and_then(|m| units.get(&m.unit)).cloned().unwrap_or_default(),
                    job_role: place.and_then(|m| roles.get(&m.job_role)).cloned().unwrap_or_default(),
                    leader: leader.and_then(|l| names.get(&l)).cloned().unwrap_or_default(),
                    accounts: store::people::accounts_of(r, person.id)?.len(),
                    left: place.and_then(|m| m.span.until).filter(|until| *until <= today),
                    person,
                });
            }
            Ok(Roster {
                total,
                found: count,
                rows,
                units: branches(&directory.units, &tree, &here),
                waiting: store::people::unresolved_count(r)?,
            })
        })
        .await
}

/// The tree, depth first; units that hang nowhere are roots.
fn branches(units: &[OrgUnit], tree: &OrgTree, here: &BTreeMap<UnitId, usize>) -> Vec<Branch> {
    let by_id: BTreeMap<UnitId, &OrgUnit> = units.iter().map(|u| (u.id, u)).collect();
    let mut next: Vec<(usize, UnitId)> =
        units.iter().rev().filter(|u| tree.parent(u.id).is_none()).map(|u| (0, u.id)).collect();
    let mut all = Vec::with_capacity(units.len());
    while let Some((depth, id)) = next.pop() {
        let Some(unit) = by_id.get(&id) else { continue };
        all.push(Branch { depth, unit: (*unit).clone(), people: here.get(&id).copied().unwrap_or_default() });
        let mut below: Vec<UnitId> = tree.children(id).to_vec();
        below.sort_by_key(|u| std::cmp::Reverse(by_id.get(u).map(|u| &u.code)));
        next.extend(below.into_iter().map(|u| (depth + 1, u)));
    }
    all
}
