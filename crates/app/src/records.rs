//! Learning records of one person as they were received, with what the roll-ups made of each.
//!
//! A person reads their own. Anybody else needs a purpose: it is written down and shown to the person before anything is answered,
//! and there is no looking around without naming whom.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadRecords, ReadRecordsAsJob, Relation, Who};
use domain::ids::{AccountId, PersonId};
use domain::learning::LearningDay;
use domain::people::{Account, Person};
use domain::time::{Day, Instant};
use store::db::Read;

use crate::statements::{self, Page};
use crate::{App, Error, Result, access};

/// Records on one page.
const SHOWN: u32 = 25;

/// Proof that one person's records may be read.
#[derive(Debug)]
pub struct Reading(PersonId);

impl Reading {
    /// One's own.
    pub const fn own(permit: &Permit<ReadRecords>) -> Self {
        Self(permit.asked().0)
    }
    /// Somebody else's, for a purpose. It is in the log, and in what the person sees, before this answers.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a purpose in a few words.
    pub async fn for_a_purpose(
        app: &App,
        who: &Who,
        permit: &Permit<ReadRecordsAsJob>,
        purpose: &str,
    ) -> Result<Self> {
        let (purpose, person) = (purpose.trim().to_owned(), permit.asked().0);
        if purpose.chars().count() < 5 || purpose.chars().count() > 300 {
            return Err(Error::invalid(
                "why",
                "say in a few words what the look is for; the person reads it",
            ));
        }
        let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
        let detail = purpose.clone();
        app.store
            .write(move |tx| -> Result<()> {
                crate::audit::note(tx, &ids, now, &by, "read learning records", &person.to_string(), &detail)
            })
            .await?;
        access::log_look(app, who, person, &format!("learning records: {purpose}"), Relation::NONE).await?;
        Ok(Self(person))
    }
}

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of this account; of the first where none is named.
    pub account: Option<AccountId>,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity.
    pub activity: Option<String>,
    /// Those stored on this day or later.
    pub since: Option<Day>,
    /// Those stored on this day or before.
    pub until: Option<Day>,
    /// Where the list goes on.
    pub page: Option<Page>,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// As it was received, with what the server added.
    pub text: String,
    /// Its verb.
    pub verb: String,
    /// The activity it is about.
    pub activity: Option<String>,
    /// When it happened.
    pub at: Option<Instant>,
    /// What everything of that person, day and activity came to; `None` where nothing was counted.
    pub counted: Option<LearningDay>,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct Records {
    /// Whose.
    pub person: Person,
    /// Their accounts.
    pub accounts: Vec<Account>,
    /// Which of them these are of.
    pub account: Option<AccountId>,
    /// The records, newest first.
    pub records: Vec<Record>,
    /// Where the list goes on.
    pub next: Option<Page>,
}

/// Reads a page.
pub async fn read(app: &App, reading: Reading, wanted: Wanted) -> Result<Records> {
    let (zone, through) = (app.settings.zone.clone(), app.intake.through(app.now()));
    app.store
        .read(move |r: &mut Read| -> Result<Records> {
            let person = store::people::person(r, reading.0)?.ok_or(Error::NotFound("person"))?;
            let accounts = store::people::accounts_of(r, person.id)?;
            let account = match wanted.account {
                Some(id) => Some(accounts.iter().find(|a| a.id == id).ok_or(Error::NotFound("account"))?),
                None => accounts.first(),
            };
            let Some(key) = account.and_then(|a| a.key.parse().ok()) else {
                return Ok(Records { person, accounts, account: None, records: vec![], next: None });
            };
            let filter = xapi::Filter {
                agent: Some(key),
                verb: wanted.verb,
                activity: wanted.activity,
                since: wanted.since.map(|day| zone.start_of(day).timestamp()),
                until: wanted.until.map(|day| zone.start_of(day.plus(1)).timestamp()),
                limit: SHOWN,
                ..xapi::Filter::default()
            };
            let query = statements::Query { filter, page: wanted.page, ..statements::Query::default() };
            let found = statements::find_any_in(r, query, through)?;
            let mut days: BTreeMap<Day, Vec<LearningDay>> = BTreeMap::new();
            let mut records = Vec::with_capacity(found.statements.len());
            for text in found.statements {
                let Some(statement) = xapi::read_stored(&text) else { continue };
                let index = xapi::index(&statement);
                let at = index.timestamp.map(Instant::from);
                let counted = match (at, &index.activity) {
                    (Some(at), Some(activity)) => {
                        let day = crate::learning::day_of(r, person.id, &zone, at)?;
                        if let std::collections::btree_map::Entry::Vacant(e) = days.entry(day) {
                            e.insert(store::learning::of_person(r, person.id, day, day)?);
                        }
                        days.get(&day).and_then(|rows| rows.iter().find(|d| d.activity == *activity)).cloned()
                    }
                    _ => None,
                };
                records.push(Record { verb: index.verb, activity: index.activity, at, counted, text });
            }
            let account = account.map(|a| a.id);
            Ok(Records { person, accounts, account, records, next: found.next })
        })
        .await
}

/// Whom somebody names by their code.
///
/// # Errors
/// [`Error::Invalid`] where nobody has it.
pub async fn person_with_code(app: &App, code: &str) -> Result<PersonId> {
    let code = code.trim().to_owned();
    app.store
        .read(move |r| -> Result<PersonId> {
            let found = store::people::person_by_code(r, &code)?;
            found
                .map(|p| p.id)
                .ok_or_else(|| Error::invalid("person", format!("nobody has the code `{code}`")))
        })
        .await
}
