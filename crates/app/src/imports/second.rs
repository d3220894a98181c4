//! Lists of people, units, calendars and leave that an administrator brings in by browser: one asks, another one applies.
//!
//! The access matrix gives places, reporting lines and job roles to two administrators together. Whoever administers the
//! host needs no second one: `throughline import` is theirs.

use std::io::Cursor;

use domain::access::{Relation, Who, WriteAssignment, may_ask, permit, second};
use domain::ids::{ImportId, PersonId};
use domain::time::Instant;
use store::db::Tx;
use store::imports::Request;

use super::Report;
use crate::{App, Error, Fault, Result};

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Org units.
    Units,
    /// People with their places and leaders.
    People,
    /// Working calendars, single days and closures.
    Calendars,
    /// Leave and part time.
    Leave,
}

impl List {
    /// All of them, in the order in which they are brought in.
    pub const ALL: [Self; 4] = [Self::Units, Self::People, Self::Calendars, Self::Leave];

    /// Its word in forms and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::People => "people",
            Self::Calendars => "calendars",
            Self::Leave => "leave",
        }
    }
    /// Reads [`List::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.word() == word)
    }
}

/// A list that waits for a second administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: ImportId,
    /// What it holds.
    pub list: List,
    /// The file's name.
    pub name: String,
    /// Who asked.
    pub asked_by: PersonId,
    /// Who asked, by name.
    pub asked_by_name: String,
    /// When.
    pub asked_at: Instant,
}

/// A list that waits, with what it would change as things stand now.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The list.
    pub waiting: Waiting,
    /// What it would change, or why it cannot be applied any more.
    pub report: std::result::Result<Report, Vec<Fault>>,
    /// Whether the one who looks may apply it: they did not ask for it.
    pub may_apply: bool,
}

/// What a list would change. Whoever asks keeps nothing by it, so the host's permit is enough.
async fn look(app: &App, list: List, body: Vec<u8>) -> Result<Report> {
    let may = permit(&Who::Host, Relation::NONE, WriteAssignment(()))?;
    match list {
        List::Units => super::units(app, &may, Cursor::new(body), true).await,
        List::People => super::people(app, &may, Cursor::new(body), true).await,
        List::Calendars => super::calendars(app, &may, Cursor::new(body), true).await,
        List::Leave => super::leave(app, &may, Cursor::new(body), true).await,
    }
}

/// Looks at a list and keeps it for a second administrator where it would change anything.
pub async fn ask(
    app: &App,
    who: &Who,
    list: List,
    name: &str,
    body: Vec<u8>,
) -> Result<(Report, Option<ImportId>)> {
    let asked_by = may_ask::<WriteAssignment>(who)?;
    let report = look(app, list, body.clone()).await?;
    if report.changes.is_empty() {
        return Ok((report, None));
    }
    let (ids, now, by) = (app.ids.clone(), app.now(), who.label());
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let request =
        Request { id: ids.next(now), kind: list.word().into(), name, body, asked_by, asked_at: now };
    let id = request.id;
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            store::imports::add(tx, &request)?;
            crate::audit::note(tx, &ids, now, &by, "people.import.ask", &id.to_string(), &request.name)
        })
        .await?;
    Ok((report, Some(id)))
}

/// The lists that wait, oldest first.
pub async fn waiting(app: &App, who: &Who) -> Result<Vec<Waiting>> {
    may_ask::<WriteAssignment>(who)?;
    app.store
        .read(|r| -> Result<_> {
            let all = store::imports::requests(r)?;
            let names = store::people::names(r, &all.iter().map(|w| w.asked_by).collect::<Vec<_>>())?;
            Ok(all.into_iter().filter_map(|w| named(w, &names)).collect())
        })
        .await
}

/// `None` for a kind of list that is no more.
fn named(request: Request, names: &std::collections::BTreeMap<PersonId, String>) -> Option<Waiting> {
    Some(Waiting {
        list: List::from_word(&request.kind)?,
        asked_by_name: names.get(&request.asked_by).cloned().unwrap_or_default(),
        id: request.id,
        name: request.name,
        asked_by: request.asked_by,
        asked_at: request.asked_at,
    })
}

async fn held(app: &App, id: ImportId) -> Result<(Request, List)> {
    let found = app.store.read(move |r| -> Result<_> { Ok(store::imports::request(r, id)?) }).await?;
    let request = found.ok_or(Error::NotFound("import"))?;
    let list = List::from_word(&request.kind).ok_or(Error::NotFound("import"))?;
    Ok((request, list))
}

/// One list that waits, with what it would change now.
pub async fn show(app: &App, who: &Who, id: ImportId) -> Result<Shown> {
    let me = may_ask::<WriteAssignment>(who)?;
    let (request, list) = held(app, id).await?;
    let report = match look(app, list, request.body.clone()).await {
        Ok(report) => Ok(report),
        Err(Error::Invalid(faults)) => Err(faults),
        Err(error) => return Err(error),
    };
    let asked_by = request.asked_by;
    let names = app.store.read(move |r| -> Result<_> { Ok(store::people::names(r, &[asked_by])?) }).await?;
    let waiting = named(request, &names).ok_or(Error::NotFound("import"))?;
    Ok(Shown { may_apply: me != asked_by && report.is_ok(), waiting, report })
}

/// Applies what another administrator has asked for. Gives what it was.
pub async fn apply(app: &App, who: &Who, id: ImportId) -> Result<(List, Report)> {
    may_ask::<WriteAssignment>(who)?;
    let (request, list) = held(app, id).await?;
    let may = second(who, WriteAssignment(()), request.asked_by)?;
    let file = Cursor::new(request.body);
    let report = match list {
        List::Units => super::units(app, &may, file, false).await?,
        List::People => super::people(app, &may, file, false).await?,
        List::Calendars => super::calendars(app, &may, file, false).await?,
        List::Leave => super::leave(app, &may, file, false).await?,
    };
    // A list that is applied and still there would change nothing a second time.
    app.store.write(move |tx: &mut Tx| -> Result<_> { Ok(store::imports::delete(tx, id)?) }).await?;
    Ok((list, report))
}

/// Takes a list away without applying it. Gives what it was.
pub async fn withdraw(app: &App, who: &Who, id: ImportId) -> Result<List> {
    may_ask::<WriteAssignment>(who)?;
    let (_, list) = held(app, id).await?;
    let (ids, now, by) = (app.ids.clone(), app.now(), who.label());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            if !store::imports::delete(tx, id)? {
                return Err(Error::NotFound("import"));
            }
            crate::audit::note(tx, &ids, now, &by, "people.import.withdraw", &id.to_string(), "")
        })
        .await?;
    Ok(list)
}
