//! Persons, accounts, org units, memberships and reporting lines.

use std::collections::BTreeMap;

use domain::access::{People, Scope};
use domain::ids::{AccountId, JobRoleId, PersonId, UnitId};
use domain::people::{
    Account, JobRole, Membership, OrgUnit, Person, PersonState, Placement, ReportingLine, Span, fold,
};
use domain::time::{Day, Instant};

use crate::db::{Error, FromValue, Read, Row, Tx, Value};
use crate::params;
use crate::statements::terms::{self, Term};

type Result<T> = std::result::Result<T, Error>;

/// The whole directory, for imports and for the pipeline. 28,000 people are a few megabytes.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Every org unit, by code.
    pub units: Vec<OrgUnit>,
    /// Where units hang, over time.
    pub placements: Vec<Placement>,
    /// Every job role, by code.
    pub job_roles: Vec<JobRole>,
    /// Every person, by code.
    pub persons: Vec<Person>,
    /// Where persons work, over time.
    pub memberships: Vec<Membership>,
    /// Who reports to whom, over time.
    pub lines: Vec<ReportingLine>,
}

/// Reads the whole directory.
pub fn directory(r: &mut Read) -> Result<Directory> {
    Ok(Directory {
        units: units(r)?,
        placements: placements(r)?,
        job_roles: job_roles(r)?,
        persons: r.query("SELECT id, code, name, email, state FROM person ORDER BY code", params![], read_person)?,
        memberships: r.query(
            "SELECT person_id, unit_id, job_role_id, from_day, until_day FROM membership ORDER BY person_id, from_day",
            params![],
            read_membership,
        )?,
        lines: r.query(
            "SELECT person_id, leader_id, from_day, until_day FROM reporting_line ORDER BY person_id, from_day",
            params![],
            |row| {
                Ok(ReportingLine { person: row.get(0)?, leader: row.get(1)?, span: Span { from: row.get(2)?, until: row.get(3)? } })
            },
        )?,
    })
}

fn read_person(row: &Row) -> Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        state: row.word(4, PersonState::from_word)?,
    })
}

fn read_unit(row: &Row) -> Result<OrgUnit> {
    Ok(OrgUnit {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        kind: row.get(3)?,
        zone: row.get(4)?,
    })
}

fn read_membership(row: &Row) -> Result<Membership> {
    Ok(Membership {
        person: row.get(0)?,
        unit: row.get(1)?,
        job_role: row.get(2)?,
        span: Span { from: row.get(3)?, until: row.get(4)? },
    })
}

/// Every org unit, by code.
pub fn units(r: &mut Read) -> Result<Vec<OrgUnit>> {
    r.query("SELECT id, code, name, kind, zone FROM org_unit ORDER BY code", params![], read_unit)
}

/// One org unit.
pub fn unit(r: &mut Read, id: UnitId) -> Result<Option<OrgUnit>> {
    r.query_one("SELECT id, code, name, kind, zone FROM org_unit WHERE id = $1", params![id], read_unit)
}

/// Every placement, by unit and start.
pub fn placements(r: &mut Read) -> Result<Vec<Placement>> {
    r.query(
        "SELECT unit_id, parent_id, from_day, until_day FROM org_placement ORDER BY unit_id, from_day",
        params![],
        |row| {
            Ok(Placement {
                unit: row.get(0)?,
                parent: row.get(1)?,
                span: Span { from: row.get(2)?, until: row.get(3)? },
            })
        },
    )
}

/// Every job role, by code.
pub fn job_roles(r: &mut Read) -> Result<Vec<JobRole>> {
    r.query("SELECT id, code, name FROM job_role ORDER BY code", params![], |row| {
        Ok(JobRole { id: row.get(0)?, code: row.get(1)?, name: row.get(2)? })
    })
}

/// One person.
pub fn person(r: &mut Read, id: PersonId) -> Result<Option<Person>> {
    r.query_one("SELECT id, code, name, email, state FROM person WHERE id = $1", params![id], read_person)
}

/// One person by the code of the HR system.
pub fn person_by_code(r: &mut Read, code: &str) -> Result<Option<Person>> {
    r.query_one("SELECT id, code, name, email, state FROM person WHERE code = $1", params![code], read_person)
}

/// One person by mail address, whatever its case.
pub fn person_by_email(r: &mut Read, email: &str) -> Result<Option<Person>> {
    r.query_one(
        "SELECT id, code, name, email, state FROM person WHERE email_fold = $1",
        params![fold(email)],
        read_person,
    )
}

/// The active persons of a scope whose name holds a text, by name; at most `limit`, after the name and id given.
pub fn persons(
    r: &mut Read,
    scope: &Scope,
    name_holds: &str,
    after: Option<(&str, PersonId)>,
    limit: u32,
) -> Result<Vec<Person>> {
    let (after_name, after_id) =
        after.map_or((String::new(), PersonId::new(uuid::Uuid::nil())), |(n, id)| (fold(n), id));
    // The folded text is compared by position, not with LIKE, so that % and _ are plain characters.
    let holds = fold(name_holds);
    let select = "SELECT id, code, name, email, state FROM person
         WHERE state = 'active' AND (name_fold > $1 OR (name_fold = $1 AND id > $2))
           AND ($3 = '' OR REPLACE(name_fold, $3, '') <> name_fold)";
    let limit = i64::from(limit);
    match scope.people() {
        People::Everyone => {
            let sql = [select, " ORDER BY name_fold, id LIMIT $4"].concat();
            r.query(&sql, params![after_name, after_id, holds, limit], read_person)
        }
        People::Only(set) => {
            let sql = [select, " AND id = ANY($5) ORDER BY name_fold, id LIMIT $4"].concat();
            let only = Value::list(set.iter().copied());
            r.query(&sql, params![after_name, after_id, holds, limit, only], read_person)
        }
    }
}

/// Names of persons, for pages that show them beside something else.
pub fn names(r: &mut Read, ids: &[PersonId]) -> Result<BTreeMap<PersonId, String>> {
    let ids = Value::list(ids.iter().copied());
    let rows = r.query("SELECT id, name FROM person WHERE id = ANY($1)", params![ids], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// Where a person works on a day.
pub fn membership_on(r: &mut Read, person: PersonId, day: Day) -> Result<Option<Membership>> {
    r.query_one(
        "SELECT person_id, unit_id, job_role_id, from_day, until_day FROM membership
         WHERE person_id = $1 AND from_day <= $2 AND (until_day IS NULL OR until_day > $2)
         ORDER BY from_day DESC LIMIT 1",
        params![person, day],
        read_membership,
    )
}

/// In which unit each person works on a day.
pub fn places_on(r: &mut Read, day: Day) -> Result<Vec<(PersonId, UnitId)>> {
    r.query(
        "SELECT person_id, unit_id FROM membership WHERE from_day <= $1 AND (until_day IS NULL OR until_day > $1)
         ORDER BY person_id",
        params![day],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Where some persons work, over time, by person and start.
pub fn memberships_of(r: &mut Read, persons: &[PersonId]) -> Result<Vec<Membership>> {
    r.query(
        "SELECT person_id, unit_id, job_role_id, from_day, until_day FROM membership
         WHERE person_id = ANY($1) ORDER BY person_id, from_day",
        params![Value::list(persons.iter().copied())],
        read_membership,
    )
}

/// Who works directly in any of some units on a day.
pub fn persons_in(r: &mut Read, units: &[UnitId], day: Day) -> Result<Vec<PersonId>> {
    r.query(
        "SELECT DISTINCT person_id FROM membership
         WHERE unit_id = ANY($1) AND from_day <= $2 AND (until_day IS NULL OR until_day > $2) ORDER BY person_id",
        params![Value::list(units.iter().copied()), day],
        |row| row.get(0),
    )
}

/// Who works directly in a unit on a day, by name.
pub fn members_on(r: &mut Read, unit: UnitId, day: Day) -> Result<Vec<(Person, JobRoleId)>> {
    r.query(
        "SELECT p.id, p.code, p.name, p.email, p.state, m.job_role_id
         FROM membership m JOIN person p ON p.id = m.person_id
         WHERE m.unit_id = $1 AND m.from_day <= $2 AND (m.until_day IS NULL OR m.until_day > $2) AND p.state = 'active'
         ORDER BY p.name_fold, p.id",
        params![unit, day],
        |row| Ok((read_person(row)?, row.get(5)?)),
    )
}

/// A person's leaders on a day, nearest first. Stops where a line would close a circle.
pub fn leaders_on(r: &mut Read, person: PersonId, day: Day) -> Result<Vec<PersonId>> {
    let mut up: Vec<PersonId> = Vec::new();
    let mut at = person;
    while let Some(leader) = r.query_one(
        "SELECT leader_id FROM reporting_line
         WHERE person_id = $1 AND from_day <= $2 AND (until_day IS NULL OR until_day > $2)
         ORDER BY from_day DESC LIMIT 1",
        params![at, day],
        |row| row.get(0),
    )? {
        if leader == person || up.contains(&leader) {
            break;
        }
        up.push(leader);
        at = leader;
    }
    Ok(up)
}

/// Everybody's direct leader on a day.
pub fn leaders_of_all(r: &mut Read, day: Day) -> Result<BTreeMap<PersonId, PersonId>> {
    // Of two lines at once the later one holds, as in [`leaders_on`]: it comes last and stays.
    let lines = r.query(
        "SELECT person_id, leader_id FROM reporting_line
         WHERE from_day <= $1 AND (until_day IS NULL OR until_day > $1) ORDER BY from_day",
        params![day],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(lines.into_iter().collect())
}

/// Active people whose direct leader somebody is on a day, by name. Of two lines at once the later one holds, as in
/// [`leaders_on`].
pub fn reports_on(r: &mut Read, leader: PersonId, day: Day) -> Result<Vec<Person>> {
    r.query(
        "SELECT p.id, p.code, p.name, p.email, p.state
         FROM reporting_line l JOIN person p ON p.id = l.person_id
         WHERE l.leader_id = $1 AND l.from_day <= $2 AND (l.until_day IS NULL OR l.until_day > $2) AND p.state = 'active'
           AND NOT EXISTS (
             SELECT 1 FROM reporting_line n WHERE n.person_id = l.person_id AND n.from_day > l.from_day
               AND n.from_day <= $2 AND (n.until_day IS NULL OR n.until_day > $2))
         ORDER BY p.name_fold, p.id",
        params![leader, day],
        read_person,
    )
}

/// Adds a unit, or changes its name, kind and zone. Tells whether anything changed.
pub fn put_unit(tx: &mut Tx, unit: &OrgUnit, at: Instant) -> Result<bool> {
    Ok(tx.execute(
        "INSERT INTO org_unit (id, code, name, kind, zone, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, zone = excluded.zone
         WHERE org_unit.name <> excluded.name OR org_unit.kind <> excluded.kind
            OR COALESCE(org_unit.zone, '') <> COALESCE(excluded.zone, '')",
        params![unit.id, &unit.code, &unit.name, &unit.kind, unit.zone.as_deref(), at],
    )? > 0)
}

/// Adds a job role, or changes its name.
pub fn put_job_role(tx: &mut Tx, role: &JobRole) -> Result<()> {
    tx.execute(
        "INSERT INTO job_role (id, code, name) VALUES ($1, $2, $3) ON CONFLICT (code) DO UPDATE SET name = excluded.name",
        params![role.id, &role.code, &role.name],
    )?;
    Ok(())
}

/// Adds a person, or changes their name, mail address and state.
pub fn put_person(tx: &mut Tx, person: &Person, at: Instant) -> Result<()> {
    tx.execute(
        "INSERT INTO person (id, code, name, name_fold, email, email_fold, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold,
             email = excluded.email, email_fold = excluded.email_fold, state = excluded.state",
        params![
            person.id,
            &person.code,
            &person.name,
            fold(&person.name),
            person.email.as_deref(),
            person.email.as_deref().map(fold),
            person.state.word(),
            at
        ],
    )?;
    Ok(())
}

/// Replaces the placements of a unit by these.
pub fn set_placements(tx: &mut Tx, unit: UnitId, placements: &[Placement]) -> Result<()> {
    tx.execute("DELETE FROM org_placement WHERE unit_id = $1", params![unit])?;
    for p in placements {
        tx.execute(
            "INSERT INTO org_placement (unit_id, from_day, until_day, parent_id) VALUES ($1, $2, $3, $4)",
            params![unit, p.span.from, p.span.until, p.parent],
        )?;
    }
    Ok(())
}

/// Replaces the memberships of a person by these.
pub fn set_memberships(tx: &mut Tx, person: PersonId, memberships: &[Membership]) -> Result<()> {
    tx.execute("DELETE FROM membership WHERE person_id = $1", params![person])?;
    for m in memberships {
        tx.execute(
            "INSERT INTO membership (person_id, from_day, until_day, unit_id, job_role_id) VALUES ($1, $2, $3, $4, $5)",
            params![person, m.span.from, m.span.until, m.unit, m.job_role],
        )?;
    }
    Ok(())
}

/// Replaces the reporting lines of a person by these.
pub fn set_reporting_lines(tx: &mut Tx, person: PersonId, lines: &[ReportingLine]) -> Result<()> {
    tx.execute("DELETE FROM reporting_line WHERE person_id = $1", params![person])?;
    for l in lines {
        tx.execute(
            "INSERT INTO reporting_line (person_id, from_day, until_day, leader_id) VALUES ($1, $2, $3, $4)",
            params![person, l.span.from, l.span.until, l.leader],
        )?;
    }
    Ok(())
}

fn read_account(row: &Row) -> Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        key: row.get(1)?,
        display: row.get(2)?,
        person: row.get(3)?,
        first_seen: row.get(4)?,
    })
}

/// So many codes are looked up in one question; longer lists are asked for in parts.
const AT_ONCE: usize = 2_000;

/// The accounts with these keys, by key.
pub fn accounts_by_key(r: &mut Read, keys: &[String]) -> Result<BTreeMap<String, Account>> {
    let mut found = BTreeMap::new();
    for some in keys.chunks(AT_ONCE) {
        let rows = r.query(
            "SELECT id, key, display, person_id, first_seen_at FROM account WHERE key = ANY($1)",
            params![Value::list(some)],
            read_account,
        )?;
        found.extend(rows.into_iter().map(|a| (a.key.clone(), a)));
    }
    Ok(found)
}

/// The persons with these mail addresses, by address as [`fold`] writes it.
pub fn persons_by_email(r: &mut Read, folded: &[String]) -> Result<BTreeMap<String, PersonId>> {
    let rows = r.query(
        "SELECT email_fold, id FROM person WHERE email_fold = ANY($1)",
        params![Value::list(folded)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// A person's accounts, by key.
pub fn accounts_of(r: &mut Read, person: PersonId) -> Result<Vec<Account>> {
    r.query(
        "SELECT id, key, display, person_id, first_seen_at FROM account WHERE person_id = $1 ORDER BY key",
        params![person],
        read_account,
    )
}

/// Accounts that belong to nobody yet and did something, oldest first; at most `limit`, after the account given.
/// Those only mentioned, as an instructor or an authority is, do not wait for anybody.
pub fn unresolved_accounts(r: &mut Read, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>> {
    let after = after.unwrap_or(AccountId::new(uuid::Uuid::nil()));
    r.query(
        "SELECT id, key, display, person_id, first_seen_at FROM account
         WHERE person_id IS NULL AND id > $1 AND acted
         ORDER BY id LIMIT $2",
        params![after, i64::from(limit)],
        read_account,
    )
}

/// Accounts that are a mail address and belong to nobody yet, by the address as [`fold`] writes it.
pub fn unresolved_by_mail(r: &mut Read) -> Result<BTreeMap<String, Vec<Account>>> {
    let rows = r.query(
        "SELECT id, key, display, person_id, first_seen_at FROM account
         WHERE person_id IS NULL AND key >= 'mbox:' AND key < 'mbox;' ORDER BY key",
        params![],
        read_account,
    )?;
    let mut by_mail: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for account in rows {
        let address = account.key.strip_prefix("mbox:mailto:").unwrap_or_default();
        by_mail.entry(fold(address)).or_default().push(account);
    }
    Ok(by_mail)
}

/// An account about which somebody or an import said whose it is: the account, the person, when, and by whom.
pub type Resolved = (Account, Person, Instant, Option<PersonId>);

/// Accounts about which somebody or an import said whose they are, newest first.
pub fn resolved_accounts(r: &mut Read, limit: u32) -> Result<Vec<Resolved>> {
    r.query(
        "SELECT a.id, a.key, a.display, a.person_id, a.first_seen_at, a.resolved_at, a.resolved_by,
                p.id, p.code, p.name, p.email, p.state
         FROM account a JOIN person p ON p.id = a.person_id
         WHERE a.resolved_at IS NOT NULL ORDER BY a.resolved_at DESC, a.id LIMIT $1",
        params![i64::from(limit)],
        |row| {
            let person = Person {
                id: row.get(7)?,
                code: row.get(8)?,
                name: row.get(9)?,
                email: row.get(10)?,
                state: row.word(11, PersonState::from_word)?,
            };
            Ok((read_account(row)?, person, row.get(5)?, row.get(6)?))
        },
    )
}

/// Persons with one of these codes, names or mail addresses, the latter two as [`fold`] writes them.
pub fn persons_like(r: &mut Read, codes: &[String], folded: &[String]) -> Result<Vec<Person>> {
    r.query(
        "SELECT id, code, name, email, state FROM person
         WHERE code = ANY($1) OR name_fold = ANY($2) OR email_fold = ANY($2) ORDER BY name_fold, id",
        params![Value::list(codes), Value::list(folded)],
        read_person,
    )
}

/// How many accounts belong to nobody yet and did something.
pub fn unresolved_count(r: &mut Read) -> Result<i64> {
    Ok(r.query_one("SELECT COUNT(*) FROM account WHERE person_id IS NULL AND acted", params![], |row| {
        row.get(0)
    })?
    .unwrap_or(0))
}

/// Adds accounts that are new; those whose key is known stay as they are.
pub fn add_accounts(tx: &mut Tx, accounts: &[Account]) -> Result<()> {
    for a in accounts {
        tx.execute(
            "INSERT INTO account (id, key, display, person_id, first_seen_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (key) DO NOTHING",
            params![a.id, &a.key, a.display.as_deref(), a.person, a.first_seen],
        )?;
    }
    Ok(())
}

/// Says whose an account is, or that nobody knows. `Ok(false)` where there is no such account.
pub fn resolve_account(
    tx: &mut Tx,
    id: AccountId,
    person: Option<PersonId>,
    by: Option<PersonId>,
    at: Instant,
) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE account SET person_id = $2, resolved_at = $3, resolved_by = $4 WHERE id = $1",
        params![id, person, at, by],
    )? > 0)
}

/// One account.
pub fn account(r: &mut Read, id: AccountId) -> Result<Option<Account>> {
    r.query_one(
        "SELECT id, key, display, person_id, first_seen_at FROM account WHERE id = $1",
        params![id],
        read_account,
    )
}

/// How many persons there are; 0 in a new installation.
pub fn person_count(r: &mut Read) -> Result<i64> {
    Ok(r.query_one("SELECT COUNT(*) FROM person", params![], |row| row.get(0))?.unwrap_or(0))
}

/// The ids of persons by the code of the HR system.
pub fn person_ids(r: &mut Read, codes: &[String]) -> Result<BTreeMap<String, PersonId>> {
    ids_by_code(r, "SELECT code, id FROM person WHERE code = ANY($1)", codes)
}

/// The ids of units by code.
pub fn unit_ids(r: &mut Read, codes: &[String]) -> Result<BTreeMap<String, UnitId>> {
    ids_by_code(r, "SELECT code, id FROM org_unit WHERE code = ANY($1)", codes)
}

fn ids_by_code<T: FromValue>(
    r: &mut Read,
    sql: &'static str,
    codes: &[String],
) -> Result<BTreeMap<String, T>> {
    let mut found = BTreeMap::new();
    for some in codes.chunks(AT_ONCE) {
        let rows: Vec<(String, T)> =
            r.query(sql, params![Value::list(some)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.extend(rows);
    }
    Ok(found)
}

/// How many statements an account is the actor of.
pub fn statements_of(r: &mut Read, account: AccountId) -> Result<i64> {
    Ok(terms::every(r, &[Term::actor(account)])?.len() as i64)
}
