//! People and org: imports with a dry run, and whose account is whose.

mod roster;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Permit, WriteAssignment};
use domain::ids::{AccountId, JobRoleId, PersonId, UnitId};
use domain::people::{
    Account, JobRole, Membership, OrgUnit, Person, PersonState, Placement, ReportingLine, Span, cycle, lay,
};
use domain::time::{Day, Instant, Zone};
use store::db::Tx;
use store::people::Directory;
use store::pipeline::Key;

use crate::{App, Error, Fault, Ids, Result};

pub use roster::{Branch, Member, Roster, roster};

/// The pipeline step that follows up accounts whose person changed; its keys are accounts and who had them before.
pub const ACCOUNTS: &str = "accounts";

/// An org unit as it arrives, by codes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnitRow {
    /// Line of the file.
    pub line: u64,
    /// Unique code.
    pub code: String,
    /// Name as shown; where `None`, unchanged, and for a new unit its code.
    pub name: Option<String>,
    /// What the installation calls such a unit; where `None`, unchanged, and for a new unit "unit".
    pub kind: Option<String>,
    /// The code of the unit above; a root where `None`.
    pub parent: Option<String>,
    /// From when it hangs there; since ever where `None` and the unit is new, from today where it moves.
    pub from: Option<Day>,
    /// Until when; open where `None`.
    pub until: Option<Day>,
    /// IANA time zone; unchanged where `None`.
    pub zone: Option<String>,
}

/// A person as they arrive, by codes. Several rows of one person are several stretches of their history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PersonRow {
    /// Line of the file.
    pub line: u64,
    /// Unique code of the HR system.
    pub code: String,
    /// Name as shown; where `None`, unchanged, and for a new person their code.
    pub name: Option<String>,
    /// Mail address; unchanged where `None`.
    pub email: Option<String>,
    /// Code of the unit they work in.
    pub unit: Option<String>,
    /// Name of their job role, made when new.
    pub job_role: Option<String>,
    /// Code of the person they report to.
    pub leader: Option<String>,
    /// From when; today where `None`.
    pub from: Option<Day>,
    /// Until when; open where `None`.
    pub until: Option<Day>,
    /// Keys of their accounts in other systems.
    pub accounts: Vec<String>,
    /// Whether they still work here; unchanged where `None`.
    pub state: Option<PersonState>,
}

/// What an import would do, or did, to one thing.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Change {
    /// The line that asks for it.
    pub line: u64,
    /// Which thing: `person E17 Maya Lindqvist`.
    pub what: String,
    /// What happens to it: `new`, or `unit: B-01 to B-02 from 2026-03-01`.
    pub how: String,
}

/// The difference that an import makes.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Difference {
    /// What changes, in the order of the file.
    pub changes: Vec<Change>,
    /// How many rows change nothing.
    pub unchanged: usize,
    /// Whether it was applied.
    pub applied: bool,
}

/// What is to be written, once nothing speaks against it.
#[derive(Default)]
struct Plan {
    difference: Difference,
    faults: Vec<Fault>,
    units: Vec<OrgUnit>,
    placements: BTreeMap<UnitId, Vec<Placement>>,
    job_roles: Vec<JobRole>,
    persons: Vec<Person>,
    memberships: BTreeMap<PersonId, Vec<Membership>>,
    lines: BTreeMap<PersonId, Vec<ReportingLine>>,
    accounts: Vec<Account>,
    resolved: Vec<(AccountId, PersonId)>,
}

impl Plan {
    fn fault(&mut self, line: u64, column: &str, reason: impl std::fmt::Display) {
        self.faults.push(Fault::at(format!("line {line}, {column}"), reason));
    }
    fn change(&mut self, line: u64, what: String, how: String) {
        self.difference.changes.push(Change { line, what, how });
    }
}

/// Imports org units. With `dry_run` nothing is written and the difference says what would be.
pub async fn import_units(
    app: &App,
    permit: &Permit<WriteAssignment>,
    rows: Vec<UnitRow>,
    dry_run: bool,
) -> Result<Difference> {
    let today = app.now().day(&app.settings.zone);
    import(app, permit, dry_run, "units", move |tx, ids, now| {
        let directory = store::people::directory(tx)?;
        Ok(plan_units(&directory, &rows, today, |at| ids.next(at), now))
    })
    .await
}

/// Imports persons. With `dry_run` nothing is written and the difference says what would be.
pub async fn import_persons(
    app: &App,
    permit: &Permit<WriteAssignment>,
    rows: Vec<PersonRow>,
    dry_run: bool,
) -> Result<Difference> {
    let today = app.now().day(&app.settings.zone);
    import(app, permit, dry_run, "persons", move |tx, ids, now| {
        let directory = store::people::directory(tx)?;
        let keys: Vec<String> = rows
            .iter()
            .flat_map(|r| r.accounts.iter().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut accounts = store::people::accounts_by_key(tx, &keys)?;
        // Who wrote to us before they were in the staff list is found by their address.
        let mut by_mail = store::people::unresolved_by_mail(tx)?;
        let mut rows = rows;
        for row in &mut rows {
            let Some(email) = &row.email else { continue };
            for waiting in by_mail.remove(&domain::people::fold(email)).unwrap_or_default() {
                if !row.accounts.contains(&waiting.key) {
                    row.accounts.push(waiting.key.clone());
                }
                accounts.insert(waiting.key.clone(), waiting);
            }
        }
        Ok(plan_persons(&directory, &accounts, &rows, today, ids, now))
    })
    .await
}

async fn import(
    app: &App,
    permit: &Permit<WriteAssignment>,
    dry_run: bool,
    what: &'static str,
    plan: impl FnOnce(&mut Tx, &Ids, Instant) -> Result<Plan> + Send + 'static,
) -> Result<Difference> {
    let ids = app.ids.clone();
    let now = app.now();
    let by = permit.by().to_owned();
    let today = now.day(&app.settings.zone);
    let (difference, concerned) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(Difference, BTreeSet<PersonId>)> {
            let mut plan = plan(tx, &ids, now)?;
            // Whose leader changes, and the leaders of before and after.
            let mut concerned = BTreeSet::new();
            if !plan.faults.is_empty() {
                return Err(Error::Invalid(plan.faults));
            }
            if !dry_run && !plan.difference.changes.is_empty() {
                plan.difference.applied = true;
                for &person in plan.lines.keys() {
                    concerned.insert(person);
                    concerned.extend(store::people::leaders_on(tx, person, today)?.first());
                }
                apply(tx, &plan, now)?;
                for &person in plan.lines.keys() {
                    concerned.extend(store::people::leaders_on(tx, person, today)?.first());
                }
                let detail = format!("{} changes", plan.difference.changes.len());
                crate::audit::note(tx, &ids, now, &by, "people.import", what, &detail)?;
            }
            Ok((plan.difference, concerned))
        })
        .await?;
    crate::attention::leaders_changed(app, concerned);
    if difference.applied {
        app.work.notify_one();
    }
    Ok(difference)
}

fn apply(tx: &mut Tx, plan: &Plan, now: Instant) -> Result<()> {
    for unit in &plan.units {
        store::people::put_unit(tx, unit, now)?;
    }
    for (unit, placements) in &plan.placements {
        store::people::set_placements(tx, *unit, placements)?;
    }
    for role in &plan.job_roles {
        store::people::put_job_role(tx, role)?;
    }
    for person in &plan.persons {
        store::people::put_person(tx, person, now)?;
    }
    for (person, memberships) in &plan.memberships {
        store::people::set_memberships(tx, *person, memberships)?;
    }
    for (person, lines) in &plan.lines {
        store::people::set_reporting_lines(tx, *person, lines)?;
    }
    store::people::add_accounts(tx, &plan.accounts)?;
    for (account, person) in &plan.resolved {
        store::people::resolve_account(tx, *account, Some(*person), None, now)?;
        follow_up(tx, *account, None)?;
    }
    // Another unit may lie in another time zone, where days begin at another moment.
    let moved: Vec<PersonId> = plan.memberships.keys().copied().collect();
    let units: Vec<UnitId> = plan.units.iter().map(|u| u.id).collect();
    crate::learning::moved(tx, &moved, &units)?;
    // Where people and units moved, every unit's readings may differ.
    if !plan.placements.is_empty() || !plan.memberships.is_empty() {
        let mut keys = Vec::new();
        for metric in store::metrics::metrics(tx)? {
            if let Some((first, last)) = store::metrics::span(tx, metric.id)? {
                let cadence = metric.cadence.rolled();
                let mut period = first;
                while period <= last {
                    keys.push(Key { a: metric.id.uuid(), b: uuid::Uuid::nil(), day: period });
                    period = cadence.step(period, 1);
                }
            }
        }
        store::pipeline::ask(tx, crate::metrics::UNITS, keys)?;
    }
    Ok(())
}

/// Asks that what came from an account follows it from the person who had it.
fn follow_up(tx: &mut Tx, account: AccountId, before: Option<PersonId>) -> Result<()> {
    let b = before.map_or(uuid::Uuid::nil(), PersonId::uuid);
    let key = Key { a: account.uuid(), b, day: Day::from_number(0) };
    store::pipeline::ask(tx, ACCOUNTS, [key])?;
    Ok(())
}

fn arrow(field: &str, from: &str, to: &str) -> String {
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{field}: {} to {}", shown(from), shown(to))
}

/// The fields that differ, given as name, what was and what is, each in words.
pub(crate) fn differing<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> impl Iterator<Item = String> {
    fields.into_iter().filter(|(_, was, is)| was != is).map(|(field, was, is)| arrow(field, was, is))
}

fn plan_units(
    directory: &Directory,
    rows: &[UnitRow],
    today: Day,
    mut new_id: impl FnMut(Instant) -> UnitId,
    now: Instant,
) -> Plan {
    let mut plan = Plan::default();
    let known: BTreeMap<&str, &OrgUnit> = directory.units.iter().map(|u| (u.code.as_str(), u)).collect();
    let mut ids: BTreeMap<&str, UnitId> = known.iter().map(|(code, unit)| (*code, unit.id)).collect();
    for row in rows {
        if row.code.trim().is_empty() {
            plan.fault(
                row.line,
                "code",
                "a unit needs a code; give each unit a short one that stays the same",
            );
        } else {
            ids.entry(row.code.as_str()).or_insert_with(|| new_id(now));
        }
        if let Some(zone) = &row.zone
            && let Err(bad) = Zone::named(zone)
        {
            plan.fault(row.line, "timezone", bad);
        }
        if let (Some(from), Some(until)) = (row.from, row.until)
            && from >= until
        {
            plan.fault(
                row.line,
                "until",
                format!("{until} is not after {from}; the last day must come after the first"),
            );
        }
    }
    let names: BTreeMap<UnitId, &str> = ids.iter().map(|(code, id)| (*id, *code)).collect();
    let mut history: BTreeMap<UnitId, Vec<(Span, UnitId)>> = BTreeMap::new();
    for p in &directory.placements {
        history.entry(p.unit).or_default().push((p.span, p.parent));
    }
    let mut asked_by: BTreeMap<UnitId, u64> = BTreeMap::new();
    let mut latest: BTreeMap<&str, OrgUnit> = BTreeMap::new();
    for row in rows {
        let Some(&id) = ids.get(row.code.as_str()) else { continue };
        let before = latest.get(row.code.as_str()).or_else(|| known.get(row.code.as_str()).copied()).cloned();
        let old = before.as_ref();
        let next = OrgUnit {
            id,
            code: row.code.clone(),
            name: row
                .name
                .clone()
                .or_else(|| old.map(|b| b.name.clone()))
                .unwrap_or_else(|| row.code.clone()),
            kind: row.kind.clone().or_else(|| old.map(|b| b.kind.clone())).unwrap_or_else(|| "unit".into()),
            zone: row.zone.clone().or_else(|| old.and_then(|b| b.zone.clone())),
        };
        let what = format!("unit {} {}", row.code, next.name);
        let mut quiet = true;
        match &before {
            None => {
                plan.change(row.line, what.clone(), "new".into());
                quiet = false;
            }
            Some(old) => {
                for how in differing([
                    ("name", old.name.as_str(), next.name.as_str()),
                    ("kind", &old.kind, &next.kind),
                    ("timezone", old.zone.as_deref().unwrap_or(""), next.zone.as_deref().unwrap_or("")),
                ]) {
                    plan.change(row.line, what.clone(), how);
                    quiet = false;
                }
            }
        }
        latest.insert(row.code.as_str(), next);
        if let Some(parent) = &row.parent {
            match ids.get(parent.as_str()) {
                None => plan.fault(
                    row.line,
                    "parent",
                    format!("no unit has the code `{parent}`; add its row to this file, or correct the code"),
                ),
                Some(&up) => {
                    let old = history.get(&id).cloned().unwrap_or_default();
                    // A new unit has always hung there unless the file says since when.
                    let from = row.from.unwrap_or(if old.is_empty() { Day::from_number(0) } else { today });
                    let new = lay(&old, Span { from, until: row.until }, up);
                    if new != old {
                        if before.is_some() {
                            let was = old
                                .iter()
                                .rev()
                                .find(|(s, _)| s.holds(from))
                                .and_then(|(_, u)| names.get(u))
                                .copied();
                            plan.change(
                                row.line,
                                what,
                                format!("{} from {from}", arrow("parent", was.unwrap_or(""), parent)),
                            );
                        }
                        quiet = false;
                        asked_by.insert(id, row.line);
                        history.insert(id, new);
                    }
                }
            }
        }
        if quiet {
            plan.difference.unchanged += 1;
        }
    }
    plan.units = latest.into_values().collect();
    for &unit in asked_by.keys() {
        let placed = history[&unit].iter().map(|&(span, parent)| Placement { unit, parent, span }).collect();
        plan.placements.insert(unit, placed);
    }
    let links: Vec<(UnitId, UnitId, Span)> = history
        .iter()
        .flat_map(|(&unit, all)| all.iter().map(move |&(span, parent)| (unit, parent, span)))
        .collect();
    if let Some(circle) = cycle(&links) {
        let line = circle.iter().filter_map(|u| asked_by.get(u)).max().copied().unwrap_or(0);
        let path: Vec<&str> =
            circle.iter().chain(circle.first()).filter_map(|u| names.get(u).copied()).collect();
        let lines: Vec<String> = circle.iter().filter_map(|u| asked_by.get(u)).map(u64::to_string).collect();
        plan.fault(
            line,
            "parent",
            format!("the units would hang under one another in a circle: {} (lines {}); let one of them hang elsewhere", path.join(" under "), lines.join(", ")),
        );
    }
    plan
}

/// What holds for one person, each with the days on which it does.
type Dated<T> = Vec<(Span, T)>;

#[expect(clippy::too_many_lines, reason = "one row after another, each check beside what it is about")]
fn plan_persons(
    directory: &Directory,
    accounts: &BTreeMap<String, Account>,
    rows: &[PersonRow],
    today: Day,
    new_ids: &Ids,
    now: Instant,
) -> Plan {
    let mut plan = Plan::default();
    let known: BTreeMap<&str, &Person> = directory.persons.iter().map(|p| (p.code.as_str(), p)).collect();
    let mut ids: BTreeMap<&str, PersonId> = known.iter().map(|(code, p)| (*code, p.id)).collect();
    for row in rows.iter().filter(|r| !r.code.trim().is_empty()) {
        ids.entry(row.code.as_str()).or_insert_with(|| new_ids.next(now));
    }
    let codes: BTreeMap<PersonId, &str> = ids.iter().map(|(code, id)| (*id, *code)).collect();
    let units: BTreeMap<&str, UnitId> = directory.units.iter().map(|u| (u.code.as_str(), u.id)).collect();
    let unit_codes: BTreeMap<UnitId, &str> =
        directory.units.iter().map(|u| (u.id, u.code.as_str())).collect();
    let mut roles: BTreeMap<String, (JobRoleId, String)> =
        directory.job_roles.iter().map(|r| (r.code.clone(), (r.id, r.name.clone()))).collect();
    let mut emails: BTreeMap<String, PersonId> = directory
        .persons
        .iter()
        .filter_map(|p| p.email.as_ref().map(|e| (domain::people::fold(e), p.id)))
        .collect();

    let mut memberships: BTreeMap<PersonId, Dated<(UnitId, JobRoleId)>> = BTreeMap::new();
    for m in &directory.memberships {
        memberships.entry(m.person).or_default().push((m.span, (m.unit, m.job_role)));
    }
    let mut lines: BTreeMap<PersonId, Dated<PersonId>> = BTreeMap::new();
    for l in &directory.lines {
        lines.entry(l.person).or_default().push((l.span, l.leader));
    }
    let mut latest: BTreeMap<&str, Person> = BTreeMap::new();
    let mut moved: BTreeSet<PersonId> = BTreeSet::new();
    let mut led: BTreeMap<PersonId, u64> = BTreeMap::new();
    let mut taken: BTreeMap<&str, (PersonId, u64)> = BTreeMap::new();

    for row in rows {
        if row.code.trim().is_empty() {
            plan.fault(row.line, "code", "a person needs a code; use the number that the HR system gives");
            continue;
        }
        let id = ids[row.code.as_str()];
        let before = latest.get(row.code.as_str()).or_else(|| known.get(row.code.as_str()).copied()).cloned();
        let name = row
            .name
            .clone()
            .or_else(|| before.as_ref().map(|b| b.name.clone()))
            .unwrap_or_else(|| row.code.clone());
        let what = format!("person {} {name}", row.code);
        let mut quiet = true;
        let span = Span { from: row.from.unwrap_or(today), until: row.until };
        if span.until.is_some_and(|until| until <= span.from) {
            plan.fault(
                row.line,
                "until",
                format!(
                    "{} is not after {}; the last day must come after the first",
                    row.until.unwrap_or(today),
                    span.from
                ),
            );
            continue;
        }
        let email = row.email.clone().or_else(|| before.as_ref().and_then(|b| b.email.clone()));
        if let Some(address) = &row.email {
            if !address.contains('@') || address.contains(char::is_whitespace) {
                plan.fault(row.line, "email", format!("`{address}` is not a mail address"));
            }
            match emails.insert(domain::people::fold(address), id) {
                Some(other) if other != id => plan.fault(
                    row.line,
                    "email",
                    format!(
                        "`{address}` belongs to person {}; two persons cannot share a mail address",
                        codes.get(&other).copied().unwrap_or("?")
                    ),
                ),
                _ => {}
            }
        }
        let state = row.state.or(before.as_ref().map(|b| b.state)).unwrap_or(PersonState::Active);
        let next = Person { id, code: row.code.clone(), name, email, state };
        match &before {
            None => {
                plan.change(row.line, what.clone(), "new".into());
                quiet = false;
            }
            Some(old) => {
                for how in differing([
                    ("name", old.name.as_str(), next.name.as_str()),
                    ("email", old.email.as_deref().unwrap_or(""), next.email.as_deref().unwrap_or("")),
                    ("state", old.state.word(), next.state.word()),
                ]) {
                    plan.change(row.line, what.clone(), how);
                    quiet = false;
                }
            }
        }
        latest.insert(row.code.as_str(), next);

        if let Some(code) = &row.unit {
            let role_name = row.job_role.as_deref().map(str::trim).filter(|r| !r.is_empty());
            match (units.get(code.as_str()), role_name) {
                (None, _) => plan.fault(
                    row.line,
                    "unit",
                    format!("no unit has the code `{code}`; import the units first, or correct the code"),
                ),
                (Some(_), None) => plan.fault(
                    row.line,
                    "job_role",
                    "a person in a unit needs a job role; say what kind of work they do there",
                ),
                (Some(&unit), Some(name)) => {
                    let role_code = domain::people::fold(name).replace(' ', "_");
                    let role = match roles.get(&role_code) {
                        Some((role, _)) => *role,
                        None => {
                            let role = JobRole {
                                id: new_ids.next(now),
                                code: role_code.clone(),
                                name: name.to_owned(),
                            };
                            roles.insert(role_code, (role.id, role.name.clone()));
                            plan.change(row.line, format!("job role {name}"), "new".into());
                            let made = role.id;
                            plan.job_roles.push(role);
                            made
                        }
                    };
                    let old = memberships.get(&id).cloned().unwrap_or_default();
                    let new = lay(&old, span, (unit, role));
                    if new != old {
                        if before.is_some() {
                            let was = old
                                .iter()
                                .rev()
                                .find(|(s, _)| s.holds(span.from))
                                .and_then(|(_, (u, _))| unit_codes.get(u))
                                .copied();
                            plan.change(
                                row.line,
                                what.clone(),
                                format!("{} from {}", arrow("unit", was.unwrap_or(""), code), span.from),
                            );
                        }
                        quiet = false;
                        moved.insert(id);
                        memberships.insert(id, new);
                    }
                }
            }
        }
        if let Some(code) = &row.leader {
            match ids.get(code.as_str()) {
                None => plan.fault(
                    row.line,
                    "leader",
                    format!(
                        "no person has the code `{code}`; add their row to this file, or correct the code"
                    ),
                ),
                Some(&leader) if leader == id => plan.fault(
                    row.line,
                    "leader",
                    "a person cannot report to themselves; leave the leader out for whoever is at the top",
                ),
                Some(&leader) => {
                    let old = lines.get(&id).cloned().unwrap_or_default();
                    let new = lay(&old, span, leader);
                    if new != old {
                        if before.is_some() {
                            let was = old
                                .iter()
                                .rev()
                                .find(|(s, _)| s.holds(span.from))
                                .and_then(|(_, l)| codes.get(l))
                                .copied();
                            plan.change(
                                row.line,
                                what.clone(),
                                format!("{} from {}", arrow("leader", was.unwrap_or(""), code), span.from),
                            );
                        }
                        quiet = false;
                        led.insert(id, row.line);
                        lines.insert(id, new);
                    }
                }
            }
        }
        for key in &row.accounts {
            match taken.insert(key.as_str(), (id, row.line)) {
                Some((other, line)) if other != id => {
                    plan.fault(row.line, "accounts", format!("the account `{key}` is given to another person on line {line}; an account is one person's"));
                    continue;
                }
                Some(_) => continue,
                None => {}
            }
            match accounts.get(key) {
                Some(Account { person: Some(owner), .. }) if *owner == id => {}
                Some(Account { person: Some(owner), .. }) => plan.fault(
                    row.line,
                    "accounts",
                    format!(
                        "the account `{key}` belongs to person {}; release it there first",
                        codes.get(owner).copied().unwrap_or("?")
                    ),
                ),
                Some(waiting) => {
                    plan.change(row.line, what.clone(), format!("account {key}: was waiting for its person"));
                    plan.resolved.push((waiting.id, id));
                    quiet = false;
                }
                None => {
                    if before.is_some() {
                        plan.change(row.line, what.clone(), format!("account {key}: new"));
                    }
                    quiet = false;
                    plan.accounts.push(Account {
                        id: new_ids.next(now),
                        key: key.clone(),
                        display: None,
                        person: Some(id),
                        first_seen: now,
                    });
                }
            }
        }
        if quiet {
            plan.difference.unchanged += 1;
        }
    }

    let links: Vec<(PersonId, PersonId, Span)> = lines
        .iter()
        .flat_map(|(&person, all)| all.iter().map(move |&(span, leader)| (person, leader, span)))
        .collect();
    if let Some(circle) = cycle(&links) {
        let line = circle.iter().filter_map(|p| led.get(p)).max().copied().unwrap_or(0);
        let path: Vec<&str> =
            circle.iter().chain(circle.first()).filter_map(|p| codes.get(p).copied()).collect();
        let at: Vec<String> = circle.iter().filter_map(|p| led.get(p)).map(u64::to_string).collect();
        plan.fault(
            line,
            "leader",
            format!(
                "people would report to one another in a circle: {} (lines {}); correct one of the leaders",
                path.join(" to "),
                at.join(", ")
            ),
        );
    }
    plan.persons = latest.into_values().collect();
    for person in moved {
        let all = memberships[&person].iter().map(|&(span, (unit, job_role))| Membership {
            person,
            unit,
            job_role,
            span,
        });
        plan.memberships.insert(person, all.collect());
    }
    for person in led.into_keys() {
        let all = lines[&person].iter().map(|&(span, leader)| ReportingLine { person, leader, span });
        plan.lines.insert(person, all.collect());
    }
    plan
}

/// Accounts that wait for their person.
pub async fn waiting_accounts(
    app: &App,
    permit: &Permit<domain::access::ReadOperations>,
    limit: u32,
) -> Result<Vec<Account>> {
    let _ = permit;
    app.store.read(move |r| Ok::<_, Error>(store::people::unresolved_accounts(r, None, limit)?)).await
}

/// Says whose an account is, or takes that back. Everything that came from it follows.
pub async fn resolve(
    app: &App,
    permit: &Permit<domain::access::WriteProfile>,
    account: AccountId,
    person: Option<PersonId>,
) -> Result<()> {
    let now = app.now();
    let ids = app.ids.clone();
    let by = permit.by().to_owned();
    let by_person = permit.person();
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            let Some(before) = store::people::account(tx, account)? else {
                return Err(Error::NotFound("account"));
            };
            if let Some(person) = person
                && store::people::person(tx, person)?.is_none()
            {
                return Err(Error::NotFound("person"));
            }
            // Whoever had it loses what came from it.
            follow_up(tx, account, before.person)?;
            store::people::resolve_account(tx, account, person, by_person, now)?;
            let detail = person.map_or_else(|| "nobody".to_owned(), |p| p.to_string());
            crate::audit::note(tx, &ids, now, &by, "account.resolve", &account.to_string(), &detail)
        })
        .await?;
    app.work.notify_one();
    Ok(())
}

/// The id of a person by what somebody typed: their code.
pub async fn person_with_code(
    app: &App,
    _: &Permit<domain::access::WriteProfile>,
    code: &str,
) -> Result<Option<PersonId>> {
    let code = code.trim().to_owned();
    app.store
        .read(move |r| -> Result<Option<PersonId>> {
            Ok(store::people::person_by_code(r, &code)?.map(|p| p.id))
        })
        .await
}

/// The id of an org unit by what somebody typed: its code. Where units are is open to everybody who works here.
pub async fn unit_with_code(app: &App, code: &str) -> Result<Option<UnitId>> {
    let code = code.trim().to_owned();
    app.store
        .read(move |r| -> Result<Option<UnitId>> {
            Ok(store::people::unit_ids(r, std::slice::from_ref(&code))?.remove(&code))
        })
        .await
}
