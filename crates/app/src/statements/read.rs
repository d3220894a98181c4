//! Reading statements, and what is known of agents and activities.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::access::{Permit, ReadOwnStatements, ReadStatements};
use domain::ids::KeyId;
use domain::time::Instant;
use store::db::Read;
use store::statements as rows;
use uuid::Uuid;
use xapi::{Format, Preferred};

use crate::{App, Error, Result};

/// The most statements in one answer.
const PAGE: u32 = 500;
/// About how many bytes of statements one answer holds; the first statement comes however long it is.
const PAGE_BYTES: usize = 8 << 20;

/// Which statements may be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader(Option<KeyId>);

impl Reader {
    /// Every statement.
    pub const fn any(_: &Permit<ReadStatements>) -> Self {
        Self(None)
    }
    /// Those that the key behind the permit sent.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no key behind it: then there are none of its own.
    pub fn own(permit: &Permit<ReadOwnStatements>) -> Result<Self> {
        permit.by().parse().map(|key| Self(Some(key))).map_err(|_| Error::NotFound("statement of your own"))
    }
    fn may(self, sent_by: Option<KeyId>) -> bool {
        self.0.is_none() || self.0 == sent_by
    }
}

/// Where a list goes on: after a place in the order, without what arrived since it was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The place in the order of the last statement given.
    pub from: i64,
    /// The last place in the order when the list was begun.
    pub up_to: i64,
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from, self.up_to)
    }
}
impl std::str::FromStr for Page {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let read = |part: &str| {
            part.parse::<u32>().ok().map(i64::from).or_else(|| part.parse().ok().filter(|n| *n >= 0))
        };
        text.split_once('-')
            .and_then(|(from, up_to)| Some(Self { from: read(from)?, up_to: read(up_to)? }))
            .ok_or_else(|| {
                Error::invalid(
                    "parameter more",
                    "this is not where a list goes on; use `more` as it was given",
                )
            })
    }
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which statements, and in which form.
    pub filter: xapi::Filter,
    /// Where to go on.
    pub page: Option<Page>,
    /// Languages for the canonical form.
    pub preferred: Preferred,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The statements as JSON, in order.
    pub statements: Vec<String>,
    /// Where the list goes on, if it does.
    pub next: Option<Page>,
    /// The data of their attachments, where asked for.
    pub attachments: Vec<rows::Attachment>,
    /// When the newest of them was stored; for one statement alone.
    pub stored_at: Option<Instant>,
    /// Through when everything stored could be found.
    pub through: Instant,
}

/// Finds statements.
pub async fn find(app: &App, reader: Reader, query: Query) -> Result<Found> {
    let through = app.intake.through(app.now());
    app.store.read(move |r| find_in(r, reader, query, through)).await
}

/// [`find`] for whoever has judged already what may be read, in a read of their own.
pub(crate) fn find_any_in(r: &mut Read, query: Query, through: Instant) -> Result<Found> {
    find_in(r, Reader(None), query, through)
}

fn find_in(r: &mut Read, reader: Reader, query: Query, through: Instant) -> Result<Found> {
    let filter = query.filter;
    let nothing = Found { statements: vec![], next: None, attachments: vec![], stored_at: None, through };
    let agent = match &filter.agent {
        None => None,
        Some(key) => {
            match store::people::accounts_by_key(r, &[key.as_str().to_owned()])?.into_values().next() {
                Some(account) => Some((account.id, filter.related_agents)),
                // Nobody has ever named them.
                None => return Ok(nothing),
            }
        }
    };
    let last = match query.page {
        Some(page) => page.up_to,
        None => rows::last_seq(r)?,
    };
    let mut up_to = match filter.until {
        Some(until) => last.min(rows::seq_at(r, Instant::from(until))?),
        None => last,
    };
    let mut after = match filter.since {
        Some(since) => rows::seq_at(r, Instant::from(since))?,
        None => 0,
    };
    match query.page {
        Some(page) if filter.ascending => after = after.max(page.from),
        Some(page) => up_to = up_to.min(page.from.saturating_sub(1)),
        None => {}
    }
    let limit = if filter.limit == 0 { PAGE } else { filter.limit.min(PAGE) };
    let wanted = rows::Wanted {
        agent,
        verb: filter.verb,
        activity: filter.activity.map(|iri| (iri, filter.related_activities)),
        registration: filter.registration,
        sent_by: reader.0,
        after,
        up_to,
        ascending: filter.ascending,
        limit,
        bytes: PAGE_BYTES,
    };
    let rows::Hits { hits, more } = rows::find(r, &wanted)?;
    let next = hits.last().filter(|_| more).map(|hit| Page { from: hit.seq, up_to: last });
    let ids: Vec<Uuid> = hits.iter().map(|hit| hit.id).collect();
    let mut statements: Vec<String> = hits.into_iter().map(|hit| hit.text).collect();
    shape(r, &mut statements, filter.format, &query.preferred)?;
    let attachments = if filter.attachments { rows::attachments(r, &ids)? } else { Vec::new() };
    Ok(Found { statements, next, attachments, ..nothing })
}

/// One statement by its id: one that is not voided or, with `voided`, one that is.
///
/// # Errors
/// [`Error::NotFound`] where there is none that may be read.
pub async fn one(
    app: &App,
    reader: Reader,
    id: Uuid,
    voided: bool,
    format: Format,
    attachments: bool,
    preferred: Preferred,
) -> Result<Found> {
    let through = app.intake.through(app.now());
    app.store
        .read(move |r| {
            let found = rows::one(r, id)?.filter(|s| s.voided == voided && reader.may(s.key));
            let Some(found) = found else {
                return Err(Error::NotFound(if voided {
                    "voided statement with this id"
                } else {
                    "statement with this id"
                }));
            };
            let mut statements = vec![found.exact];
            shape(r, &mut statements, format, &preferred)?;
            let attachments = if attachments { rows::attachments(r, &[id])? } else { Vec::new() };
            Ok(Found { statements, next: None, attachments, stored_at: Some(found.stored_at), through })
        })
        .await
}

/// Brings stored texts into the form asked for.
fn shape(r: &mut Read, statements: &mut [String], format: Format, preferred: &Preferred) -> Result<()> {
    match format {
        Format::Exact => {}
        Format::Ids => {
            for text in statements {
                *text = xapi::ids_format(text).ok_or_else(unreadable)?;
            }
        }
        Format::Canonical => {
            // The definition of each activity is looked up when it is first met.
            let known: RefCell<BTreeMap<String, Option<String>>> = RefCell::default();
            let r = RefCell::new(r);
            let failed: RefCell<Option<store::db::Error>> = RefCell::default();
            let definition = |iri: &str| -> Option<Cow<'_, str>> {
                if let Some(found) = known.borrow().get(iri) {
                    return found.clone().map(Cow::Owned);
                }
                let found = match store::activities::definitions(&mut r.borrow_mut(), &[iri]) {
                    Ok(mut found) => found.remove(iri),
                    Err(error) => {
                        failed.borrow_mut().get_or_insert(error);
                        None
                    }
                };
                known.borrow_mut().insert(iri.to_owned(), found.clone());
                found.map(Cow::Owned)
            };
            for text in statements {
                *text = xapi::canonical_format(text, preferred, &definition).ok_or_else(unreadable)?;
            }
            if let Some(error) = failed.into_inner() {
                return Err(error.into());
            }
        }
    }
    Ok(())
}

fn unreadable() -> Error {
    Error::internal("a stored statement is no JSON")
}

/// The Person object of an agent: every identifier and name of the same person.
pub async fn person(app: &App, _: &Permit<ReadStatements>, agent: xapi::Agent) -> Result<String> {
    app.store
        .read(move |r| -> Result<String> {
            let key = agent.ifi.key();
            let account = store::people::accounts_by_key(r, &[key.as_str().to_owned()])?.into_values().next();
            let Some(account) = account else { return Ok(xapi::person_json([&agent])) };
            let same = match account.person {
                Some(person) => store::people::accounts_of(r, person)?,
                None => vec![account],
            };
            let own = xapi::Agent { name: None, ..agent };
            let others = same.into_iter().filter_map(|a| {
                let ifi = a.key.parse::<xapi::IfiKey>().ok()?.ifi();
                Some(xapi::Agent { name: a.display, ifi })
            });
            let all: Vec<xapi::Agent> = std::iter::once(own).chain(others).collect();
            Ok(xapi::person_json(&all))
        })
        .await
}

/// The Activity object of an IRI with what is known of it.
pub async fn activity(app: &App, _: &Permit<ReadStatements>, iri: String) -> Result<String> {
    app.store
        .read(move |r| -> Result<String> {
            let known = store::activities::definitions(r, &[&iri])?;
            Ok(xapi::activity_json(&iri, known.get(&iri).map(String::as_str)))
        })
        .await
}
