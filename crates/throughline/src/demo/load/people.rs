//! The organisation, its people, and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use app::access::Persona;
use demo::{AccessRole as Role, UnitKind};
use domain::access::AccessRole;
use domain::ids::PersonId;
use domain::people::{
    Account, JobRole, Membership, OrgUnit, Person, PersonState, Placement, ReportingLine, Span,
};
use domain::time::Day;
use store::db::Tx;

use super::{Hand, Known};

/// Puts in units, job roles, people, accounts, memberships, reporting lines, absences and access roles.
pub(super) fn load(tx: &mut Tx, hand: &Hand, known: &mut Known) -> app::Result<()> {
    let world = &hand.world;
    known.units = world.units.iter().map(|_| hand.ids.next(hand.now)).collect();
    known.job_roles = world.job_roles.iter().map(|_| hand.ids.next(hand.now)).collect();
    known.people = world.people.iter().map(|_| hand.ids.next(hand.now)).collect();
    units(tx, hand, known)?;
    for (role, &id) in world.job_roles.iter().zip(&known.job_roles) {
        let role = JobRole { id, code: role.code.to_owned(), name: role.name.to_owned() };
        store::people::put_job_role(tx, &role)?;
    }
    for (person, &id) in world.people.iter().zip(&known.people) {
        let gone = person.left.is_some_and(|day| day <= world.today);
        let person = Person {
            id,
            code: person.code.clone(),
            name: person.name.clone(),
            email: Some(person.email.clone()),
            state: if gone { PersonState::Disabled } else { PersonState::Active },
        };
        store::people::put_person(tx, &person, hand.now)?;
    }
    let accounts: Vec<Account> = world
        .accounts
        .iter()
        .map(|account| Account {
            id: hand.ids.next(hand.now),
            key: format!("account:{}|{}", account.home_page, account.name),
            display: None,
            person: account.person.map(|p| known.people[p.at()]),
            first_seen: hand.now,
        })
        .collect();
    store::people::add_accounts(tx, &accounts)?;
    places(tx, hand, known)?;
    for absence in &world.absences {
        store::calendars::put_away(tx, known.people[absence.person.at()], absence.from, absence.until, 0.0)?;
    }
    // An access role holds for the whole installation here; who answers for a feed stands with the feed.
    let mut grants: BTreeSet<(PersonId, AccessRole, Day)> = BTreeSet::new();
    for grant in &world.grants {
        let role = match grant.role {
            Role::Executive => AccessRole::Executive,
            Role::Analyst => AccessRole::Analyst,
            Role::Author => AccessRole::Author,
            Role::Admin => AccessRole::Admin,
            Role::Privacy => AccessRole::Privacy,
            Role::FeedOwner => continue,
        };
        grants.insert((known.people[grant.person.at()], role, world.people[grant.person.at()].joined));
    }
    for (person, role, from) in grants {
        store::access::add_grant(tx, person, role, from)?;
    }
    Ok(())
}

fn units(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    for (unit, &id) in hand.world.units.iter().zip(&known.units) {
        let kind = match unit.kind {
            UnitKind::Organisation => "organisation",
            UnitKind::Region => "region",
            UnitKind::Branch => "branch",
            UnitKind::Plant => "plant",
            UnitKind::Line => "line",
            UnitKind::Department => "department",
        };
        let row = OrgUnit {
            id,
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: kind.into(),
            zone: unit.zone.map(str::to_owned),
        };
        store::people::put_unit(tx, &row, hand.now)?;
        if let Some(parent) = unit.parent {
            let span = Span { from: unit.opened, until: unit.closed };
            let placement = Placement { unit: id, parent: known.units[parent.at()], span };
            store::people::set_placements(tx, id, &[placement])?;
        }
    }
    Ok(())
}

/// Who works where and who leads whom.
fn places(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    let mut memberships: BTreeMap<usize, Vec<Membership>> = BTreeMap::new();
    for m in &hand.world.memberships {
        memberships.entry(m.person.at()).or_default().push(Membership {
            person: known.people[m.person.at()],
            unit: known.units[m.unit.at()],
            job_role: known.job_roles[m.job_role.at()],
            span: Span { from: m.from, until: m.until },
        });
    }
    for (person, held) in memberships {
        store::people::set_memberships(tx, known.people[person], &held)?;
    }
    let mut lines: BTreeMap<usize, Vec<ReportingLine>> = BTreeMap::new();
    for l in &hand.world.reporting_lines {
        lines.entry(l.person.at()).or_default().push(ReportingLine {
            person: known.people[l.person.at()],
            leader: known.people[l.leader.at()],
            span: Span { from: l.from, until: l.until },
        });
    }
    for (person, held) in lines {
        store::people::set_reporting_lines(tx, known.people[person], &held)?;
    }
    Ok(())
}

/// The one-click sign-ins.
pub(super) fn personas(hand: &Hand, known: &Known) -> Vec<Persona> {
    hand.world
        .personas
        .iter()
        .map(|p| Persona {
            person: known.people[p.person.at()],
            name: hand.world.people[p.person.at()].name.clone(),
            title: p.title.to_owned(),
            place: p.place.clone(),
            sees: p.sees.to_owned(),
        })
        .collect()
}
