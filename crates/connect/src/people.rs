//! People and org units from an HR list.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use domain::people::PersonState;
use domain::time::{Day, Zone};

use crate::csv::{Column, Imported, Kind, Options, Problem, Problems, Row, Table};
use crate::dated::{self, Dates, Link, Words};

/// The rows of a file, and which columns it has: a column that is absent says nothing, an empty cell says "none".
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The rows, in the order of the file.
    pub rows: Vec<T>,
    /// The names of the columns that are there.
    pub columns: HashSet<&'static str>,
}

impl<T> Listed<T> {
    /// True where the file has the column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains(column)
    }
}

/// One line of a people file. A person may have several lines for spans of days that do not overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// The line it stands on.
    pub line: u64,
    /// The HR system's code.
    pub code: String,
    /// Name as shown.
    pub name: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
    /// The code of the org unit.
    pub unit: Option<String>,
    /// The code or name of the job role.
    pub job_role: Option<String>,
    /// The code of the person they report to.
    pub leader: Option<String>,
    /// First day of unit, job role and leader.
    pub from: Option<Day>,
    /// The day after the last one (the file's `to` is the last day).
    pub until: Option<Day>,
    /// Their identities in other systems.
    pub accounts: Vec<AccountRef>,
    /// Active or disabled.
    pub state: Option<PersonState>,
}

/// An identity in another system, as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AccountRef {
    /// `mailto:maya@example.com`, in lower case.
    Mail(String),
    /// An xAPI account, `https://crm.example|maya`.
    Account {
        /// The system's home page, an IRI.
        home_page: String,
        /// The name in it.
        name: String,
    },
    /// A system known by a short name, `crm:maya`.
    System {
        /// The short name.
        system: String,
        /// The name in it.
        login: String,
    },
}

impl AccountRef {
    /// The identity key under which accounts are kept: `mbox:mailto:…` or `account:…|…`.
    pub fn key(&self) -> String {
        match self {
            AccountRef::Mail(address) => format!("mbox:mailto:{address}"),
            AccountRef::Account { home_page, name } => format!("account:{home_page}|{name}"),
            AccountRef::System { system, login } => format!("account:{system}|{login}"),
        }
    }

    /// Understands one identity; `None` where it is none of the three forms.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(address) = text.strip_prefix("mailto:") {
            return is_address(address).then(|| AccountRef::Mail(address.to_lowercase()));
        }
        if let Some((home_page, name)) = text.split_once('|') {
            let (home_page, name) = (home_page.trim(), name.trim());
            let iri = home_page.split_once(':').is_some_and(|(scheme, rest)| {
                !rest.is_empty() && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            });
            return (iri && !name.is_empty() && !home_page.contains(char::is_whitespace))
                .then(|| AccountRef::Account { home_page: home_page.to_owned(), name: name.to_owned() });
        }
        let (system, login) = text.split_once(':')?;
        let (system, login) = (system.trim(), login.trim());
        let short =
            !system.is_empty() && system.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        (short && !login.is_empty() && !login.starts_with("//"))
            .then(|| AccountRef::System { system: system.to_lowercase(), login: login.to_owned() })
    }
}

/// Whether a text can be a mail address: one `@`, something on both sides, no spaces, at most 254 characters.
pub fn is_address(text: &str) -> bool {
    text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'))
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        })
}

const NAME: &[&str] = &["full name", "display name", "bezeichnung"];
const FROM: &[&str] = &["valid from", "since", "start", "start date", "von", "ab", "gültig ab"];
const TO: &[&str] = &["valid to", "end", "end date", "last day", "bis", "gültig bis"];

/// Reads people: `code`, and any of `name`, `email`, `unit`, `job_role`, `leader`, `from`, `to`, `accounts`, `state`.
///
/// `accounts` holds several identities with `;` or `,` or line ends between them. Refused with their lines: codes that
/// overlap in time, persons who lead themselves, loops of leaders, an account named for two persons.
pub fn people(source: impl Read, options: &Options) -> Imported<Listed<PersonRow>> {
    let columns = vec![
        Column::key(
            "code",
            &["person", "person code", "employee", "employee id", "id", "personalnummer"],
            Kind::Text,
        ),
        Column::new("name", NAME, Kind::Text),
        Column::new("email", &["mail", "e-mail", "mail address", "email address"], Kind::Text),
        Column::new(
            "unit",
            &["unit code", "org unit", "branch", "department", "einheit", "abteilung"],
            Kind::Text,
        ),
        Column::new("job_role", &["role", "job", "job title", "position", "funktion"], Kind::Text),
        Column::new(
            "leader",
            &["leader code", "manager", "reports to", "supervisor", "vorgesetzter"],
            Kind::Text,
        ),
        Column::new("from", FROM, Kind::Day),
        Column::new("to", TO, Kind::Day),
        Column::new("accounts", &["account", "logins", "login", "identities"], Kind::Text),
        Column::new("state", &["status", "active", "aktiv"], Kind::Text),
    ];
    let names = ["code", "name", "email", "unit", "job_role", "leader", "from", "to", "accounts", "state"];
    let (listed, dialect, mut problems) = match read(source, columns, &names, options, |row| {
        let code = row.required(0);
        let email = own(row, 2);
        if email.as_deref().is_some_and(|e| !is_address(e)) {
            row.problem(2, "this is not a mail address", "write it like maya@example.com");
        }
        let dates = Dates::read(row, 6, 7);
        let state = state(row, 9);
        Some(PersonRow {
            line: row.line(),
            code: code?.to_owned(),
            name: own(row, 1),
            email,
            unit: own(row, 3),
            job_role: own(row, 4),
            leader: own(row, 5),
            from: dates.from,
            until: dates.until,
            accounts: accounts(row, 8),
            state,
        })
    }) {
        Ok(read) => read,
        Err(problems) => return refused(problems),
    };
    let links: Vec<Link<'_>> = listed
        .rows
        .iter()
        .map(|r| Link {
            line: r.line,
            code: &r.code,
            above: r.leader.as_deref(),
            dates: Dates { from: r.from, until: r.until },
        })
        .collect();
    dated::check(&links, &Words { code: "code", above: "leader" }, &mut problems);
    let mut whose: HashMap<&AccountRef, &PersonRow> = HashMap::new();
    for row in &listed.rows {
        for account in &row.accounts {
            let first = whose.entry(account).or_insert(row);
            if first.code != row.code {
                problems.push(Problem::new(
                    row.line,
                    Some("accounts"),
                    &account.key(),
                    format!("line {} gives this account to `{}`", first.line, first.code),
                    "an account belongs to one person: leave it out on one of the lines",
                ));
            }
        }
    }
    Imported { rows: listed, problems, dialect: Some(dialect) }
}

/// One line of an org unit file. A unit may have several lines for spans of days that do not overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRow {
    /// The line it stands on.
    pub line: u64,
    /// The HR system's code.
    pub code: String,
    /// Name as shown.
    pub name: Option<String>,
    /// What this installation calls such a unit: branch, plant, region.
    pub kind: Option<String>,
    /// The code of the unit above.
    pub parent: Option<String>,
    /// First day under that parent.
    pub from: Option<Day>,
    /// The day after the last one (the file's `to` is the last day).
    pub until: Option<Day>,
    /// The IANA name of its time zone, which exists.
    pub timezone: Option<String>,
    /// A short name for tight places.
    pub label: Option<String>,
}

/// Reads org units: `code`, and any of `name`, `kind`, `parent`, `from`, `to`, `timezone`, `label`.
///
/// Refused with their lines: codes that overlap in time, units above themselves, loops, unknown time zones.
pub fn units(source: impl Read, options: &Options) -> Imported<Listed<UnitRow>> {
    let columns = vec![
        Column::key("code", &["unit", "unit code", "org unit", "id", "einheit"], Kind::Text),
        Column::new("name", NAME, Kind::Text),
        Column::new("kind", &["type", "level", "art"], Kind::Text),
        Column::new("parent", &["parent code", "parent unit", "belongs to", "übergeordnet"], Kind::Text),
        Column::new("from", FROM, Kind::Day),
        Column::new("to", TO, Kind::Day),
        Column::new("timezone", &["time zone", "zone", "tz", "zeitzone"], Kind::Text),
        Column::new("label", &["short name", "kurzname"], Kind::Text),
    ];
    let names = ["code", "name", "kind", "parent", "from", "to", "timezone", "label"];
    let (listed, dialect, mut problems) = match read(source, columns, &names, options, |row| {
        let code = row.required(0);
        let dates = Dates::read(row, 4, 5);
        let timezone = own(row, 6);
        if timezone.as_deref().is_some_and(|name| Zone::named(name).is_err()) {
            row.problem(6, "there is no such time zone", "write its IANA name, such as Europe/Berlin");
        }
        Some(UnitRow {
            line: row.line(),
            code: code?.to_owned(),
            name: own(row, 1),
            kind: own(row, 2),
            parent: own(row, 3),
            from: dates.from,
            until: dates.until,
            timezone,
            label: own(row, 7),
        })
    }) {
        Ok(read) => read,
        Err(problems) => return refused(problems),
    };
    let links: Vec<Link<'_>> = listed
        .rows
        .iter()
        .map(|r| Link {
            line: r.line,
            code: &r.code,
            above: r.parent.as_deref(),
            dates: Dates { from: r.from, until: r.until },
        })
        .collect();
    dated::check(&links, &Words { code: "code", above: "parent" }, &mut problems);
    Imported { rows: listed, problems, dialect: Some(dialect) }
}

fn refused<T>(problems: Problems) -> Imported<Listed<T>> {
    Imported { rows: Listed { rows: Vec::new(), columns: HashSet::new() }, problems, dialect: None }
}

pub(crate) type Made<T> = (Listed<T>, crate::csv::Dialect, Problems);

/// Opens a table and keeps the sound rows.
pub(crate) fn read<T>(
    source: impl Read,
    columns: Vec<Column>,
    names: &[&'static str],
    options: &Options,
    mut make: impl FnMut(&mut Row<'_>) -> Option<T>,
) -> Result<Made<T>, Problems> {
    let table = Table::open(source, columns, options)?;
    let columns = names.iter().enumerate().filter(|(at, _)| table.has(*at)).map(|(_, name)| *name).collect();
    let mut rows = Vec::new();
    let (problems, dialect) = table.each(|row| {
        let made = make(row);
        rows.extend(made.filter(|_| row.is_sound()));
    });
    Ok((Listed { rows, columns }, dialect, problems))
}

/// Reports lines with the same key.
pub(crate) fn finish<T, K: std::hash::Hash + Eq>(
    made: Result<Made<T>, Problems>,
    key: impl Fn(&T) -> (u64, K),
    words: &str,
) -> Imported<Listed<T>> {
    let (listed, dialect, mut problems) = match made {
        Ok(made) => made,
        Err(problems) => return refused(problems),
    };
    let mut seen = HashMap::new();
    for row in &listed.rows {
        let (line, key) = key(row);
        if let Some(before) = seen.insert(key, line) {
            let reason = format!("{words} are the same as on line {before}");
            problems.push(Problem::new(line, None, "", reason, "leave one of the lines out"));
        }
    }
    Imported { rows: listed, problems, dialect: Some(dialect) }
}

pub(crate) fn own(row: &mut Row<'_>, column: usize) -> Option<String> {
    row.text(column).map(str::to_owned)
}

fn accounts(row: &mut Row<'_>, column: usize) -> Vec<AccountRef> {
    let mut accounts = Vec::new();
    for part in row.text(column).unwrap_or("").split([';', ',', '\n', '\r']).filter(|p| !p.trim().is_empty())
    {
        match AccountRef::parse(part) {
            Some(account) if accounts.contains(&account) => {}
            Some(account) => accounts.push(account),
            None => row.problem(
                column,
                format!("`{}` is not an account", crate::csv::cut(part.trim())),
                "write crm:maya, https://crm.example|maya or mailto:maya@example.com, with semicolons between several",
            ),
        }
    }
    accounts
}

fn state(row: &mut Row<'_>, column: usize) -> Option<PersonState> {
    let state = match row.text(column)?.to_lowercase().as_str() {
        "active" | "yes" | "true" | "1" | "aktiv" | "ja" => PersonState::Active,
        "disabled" | "inactive" | "no" | "false" | "0" | "left" | "inaktiv" | "nein" => PersonState::Disabled,
        _ => {
            row.problem(column, "this is not a state", "write active or disabled");
            return None;
        }
    };
    Some(state)
}

#[cfg(test)]
mod tests;
