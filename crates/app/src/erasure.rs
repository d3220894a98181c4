//! Erasing a person (GDPR, article 17): what that would do, doing it, and what came of it.
//!
//! Their statements go; what others said of them stays without them. Everything else that is about them alone goes too. What they
//! are counted in stays as it was, under a number that leads to nobody: values of metrics, places in units, days of learning with
//! activities that several people have to do with, frozen studies. What goes is overwritten in the files of the embedded database.
//!
//! One asks, another one does it: the matrix gives it to a privacy officer and a second person. Whoever administers the host needs
//! nobody else. It goes in strides, each of which can be repeated: what was interrupted is begun again and ends the same.

use std::collections::BTreeSet;

use domain::access::{Erase, Permit, Relation, Who, may_ask, permit, second};
use domain::figures::{count, plural};
use domain::ids::{ErasureId, PersonId};
use domain::people::{Account, Person, fold};
use serde::{Deserialize, Serialize};
use store::db::{Read, Tx};
use store::erasure as rows;
use store::statements as kept;
use store::statements::terms::{self, Term};

pub use store::erasure::{Kept, Request};

use crate::signed::Key;
use crate::statements::remove::{self, Nameless};
use crate::{App, Error, Result, audit};

/// Statements that one transaction takes away or changes.
const STRIDE: usize = 200;
/// Statements that are looked through in one go.
const LOOKED: i64 = 2_000;
/// With how many people an activity must have to do for days of learning with it to stay.
const COMMON: usize = domain::access::MIN_GROUP;
/// Requests that are shown.
const SHOWN: u32 = 100;

/// What erasing somebody would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Whom.
    pub person: Person,
    /// Their accounts in other systems.
    pub accounts: Vec<Account>,
    /// Statements of theirs, which go.
    pub statements: u64,
    /// Statements of others that name them, which stay without them.
    pub mentions: u64,
    /// What else goes.
    pub kept: Kept,
    /// What they are counted in, which stays without their name.
    pub held: store::access::Held,
    /// How many others have the same name: then it is not looked for in what others wrote.
    pub namesakes: i64,
}

impl Preview {
    /// What goes, a line each.
    pub fn goes(&self) -> Vec<String> {
        vec![
            "name, code, mail address, sign-in, access roles".to_owned(),
            plural(self.accounts.len(), "account in other systems", "accounts in other systems"),
            plural(self.statements, "statement", "statements"),
            format!("their name in {}", plural(self.mentions, "statement of others", "statements of others")),
            plural(self.kept.documents, "document of courses", "documents of courses"),
            format!(
                "{}, with everything written in them",
                plural(self.kept.talks_and_alerts, "alert or talk", "alerts and talks")
            ),
            plural(self.kept.targets, "target or commitment", "targets and commitments"),
            plural(self.kept.told, "notification or delivery", "notifications and deliveries"),
        ]
    }
    /// What stays, a line each.
    pub fn stays(&self) -> Vec<String> {
        vec![
            format!(
                "{} of {}",
                plural(self.held.values, "value", "values"),
                plural(self.held.metrics, "metric", "metrics")
            ),
            format!(
                "{}, less those of activities of fewer than five people",
                plural(self.held.learning, "day of learning", "days of learning")
            ),
            "places in units, for what units are counted by; studies as they were frozen".to_owned(),
        ]
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Statements of theirs that went.
    pub statements: u64,
    /// Statements that stay without them.
    pub mended: u64,
    /// Documents of theirs that went.
    pub documents: u64,
    /// Documents of others that stay without them.
    pub documents_mended: u64,
    /// Deliveries and waiting files that held something of them and went.
    pub deliveries: u64,
    /// Descriptions of activities that only they had to do with, which went.
    pub activities: u64,
    /// Days of learning that went, because fewer than five people have to do with the activity.
    pub learning_gone: u64,
    /// Days of learning that stay, under a number that leads to nobody.
    pub learning_stays: u64,
    /// Values of metrics that stay so.
    pub values_stay: u64,
    /// Whether their name was looked for in what others wrote; not where somebody else has the same.
    pub name_swept: bool,
}

impl Receipt {
    /// What went and what stays, a line each.
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "gone: {} of theirs; their ids stay used",
                plural(self.statements, "statement", "statements")
            ),
            format!(
                "kept without them: {} and {} of others",
                plural(self.mended, "statement", "statements"),
                plural(self.documents_mended, "document", "documents")
            ),
            format!("gone: {} of theirs", plural(self.documents, "document", "documents")),
            format!(
                "gone: {}",
                plural(self.deliveries, "delivery or waiting file", "deliveries and waiting files")
            ),
            format!(
                "gone: {} of activities that only they had to do with",
                plural(self.activities, "description", "descriptions")
            ),
            format!(
                "days of learning: {} gone, {} kept without a name",
                count(self.learning_gone),
                count(self.learning_stays)
            ),
            format!("kept without a name: {} of metrics", plural(self.values_stay, "value", "values")),
            match self.name_swept {
                true => "their name was taken out of what others wrote",
                false => "their name was not looked for in what others wrote: somebody else has the same, or it is too short",
            }
            .to_owned(),
        ]
    }
}

/// Whom, and everything by which they are found.
#[derive(Debug, Clone)]
struct Them {
    person: Person,
    accounts: Vec<Account>,
    nameless: Nameless,
    name_swept: bool,
}

/// How the outbox names a person.
fn mail_of(person: PersonId) -> String {
    format!("mail:{person}")
}

fn them(r: &mut Read, id: PersonId, public_url: &str) -> Result<Them> {
    let person = store::people::person(r, id)?.ok_or(Error::NotFound("person"))?;
    let accounts = store::people::accounts_of(r, id)?;
    let mut keys: BTreeSet<String> = accounts.iter().map(|a| a.key.clone()).collect();
    let mut words: BTreeSet<String> = person.email.iter().cloned().collect();
    for key in keys.clone() {
        match key.split_once(':').unwrap_or_default() {
            ("mbox", mailto) => words.insert(mailto.trim_start_matches("mailto:").to_owned()),
            ("mbox_sha1sum", hash) => words.insert(hash.to_owned()),
            ("openid", iri) => words.insert(iri.to_owned()),
            _ => false,
        };
    }
    for address in words.iter().filter(|word| word.contains('@')).cloned().collect::<Vec<_>>() {
        let mailto = format!("mailto:{address}");
        let hash = xapi::etag(mailto.as_bytes()).trim_matches('"').to_owned();
        keys.extend([format!("mbox:{mailto}"), format!("mbox_sha1sum:{hash}")]);
        words.insert(hash);
    }
    // One word may be anybody's: a name is looked for where it is the first and last name of nobody else.
    let name_swept = person.name.trim().contains(' ') && rows::namesakes(r, id)? == 0;
    if name_swept {
        words.insert(person.name.clone());
    }
    let instead = xapi::Agent {
        name: None,
        ifi: xapi::Ifi::Account { home_page: public_url.to_owned(), name: "erased".to_owned() },
    };
    let nameless = Nameless { keys, words: words.into_iter().collect(), instead: instead.to_json() };
    Ok(Them { person, accounts, nameless, name_swept })
}

/// The places of statements of accounts, and of statements that name them otherwise.
fn places(r: &mut Read, accounts: &[Account]) -> Result<(Vec<i64>, Vec<i64>)> {
    let own: Vec<Term> = accounts.iter().map(|a| Term::actor(a.id)).collect();
    let named: Vec<Term> = accounts.iter().flat_map(|a| [Term::party(a.id), Term::mention(a.id)]).collect();
    let own = terms::every(r, &own)?;
    let mut named = terms::every(r, &named)?;
    named.retain(|seq| own.binary_search(seq).is_err());
    Ok((own, named))
}

/// What erasing somebody would do, and nothing else.
pub async fn preview(app: &App, _: &Permit<Erase>, person: PersonId) -> Result<Preview> {
    look(app, person).await
}

async fn look(app: &App, person: PersonId) -> Result<Preview> {
    let url = app.settings.public_url.clone();
    app.store
        .read(move |r| -> Result<Preview> {
            let them = them(r, person, &url)?;
            let (own, named) = places(r, &them.accounts)?;
            let keys: Vec<String> = them.accounts.iter().map(|a| a.key.clone()).collect();
            Ok(Preview {
                statements: own.len() as u64,
                mentions: named.len() as u64,
                kept: rows::kept(r, person, &keys, &mail_of(person))?,
                held: store::access::held(r, person)?,
                namesakes: rows::namesakes(r, person)?,
                person: them.person,
                accounts: them.accounts,
            })
        })
        .await
}

/// Erases somebody at once, for whoever administers the host.
pub async fn erase(app: &App, may: &Permit<Erase>) -> Result<(ErasureId, Receipt)> {
    let (person, by, now, id) = (may.asked().0, may.by().to_owned(), app.now(), app.new_id::<ErasureId>());
    let waiting = app.store.read(move |r| -> Result<_> { Ok(rows::waiting(r, person)?) }).await?;
    let id = match waiting {
        Some(request) => request.id,
        None => {
            let request = new_request(id, person, &by, now, "");
            app.store.write(move |tx| -> Result<()> { Ok(rows::add(tx, &request)?) }).await?;
            id
        }
    };
    let receipt = carry_out(app, id, person, &by).await?;
    Ok((id, receipt))
}

fn new_request(id: ErasureId, person: PersonId, by: &str, at: domain::time::Instant, why: &str) -> Request {
    Request {
        id,
        person,
        asked_by: by.to_owned(),
        asked_at: at,
        why: why.to_owned(),
        done_by: None,
        done_at: None,
        receipt: None,
    }
}

/// Asks that somebody be erased: a privacy officer, or the person.
///
/// # Errors
/// [`Error::Conflict`] where it was asked for before, [`Error::Invalid`] without a reason.
pub async fn ask(app: &App, who: &Who, person: PersonId, why: &str) -> Result<ErasureId> {
    let me = who.person().map(|viewer| viewer.person);
    let own = Relation { same: me == Some(person), ..Relation::NONE };
    if permit(who, own, Erase(person)).is_err() {
        may_ask::<Erase>(who)?;
    }
    let why = why.trim().to_owned();
    if why.chars().count() < 3 || why.chars().count() > 300 || why.chars().any(char::is_control) {
        return Err(Error::invalid(
            "why",
            "say in a few words who wants it and why; it is forgotten once it is done",
        ));
    }
    let (now, ids, by, id) = (app.now(), app.ids.clone(), who.label(), app.new_id::<ErasureId>());
    app.store
        .write(move |tx: &mut Tx| -> Result<ErasureId> {
            if store::people::person(tx, person)?.is_none() {
                return Err(Error::NotFound("person"));
            }
            if rows::waiting(tx, person)?.is_some() {
                return Err(Error::Conflict(
                    "it was asked for already; a privacy officer has to do it now".into(),
                ));
            }
            rows::add(tx, &new_request(id, person, &by, now, &why))?;
            audit::note(tx, &ids, now, &by, "asked for an erasure", &person.to_string(), "")?;
            Ok(id)
        })
        .await
}

/// Every request, newest first, with the name of whom it is about and of who asked.
pub async fn requests(app: &App, who: &Who) -> Result<Vec<(Request, String, String)>> {
    may_ask::<Erase>(who)?;
    app.store
        .read(|r| -> Result<_> {
            let all = rows::requests(r, SHOWN)?;
            let askers = all.iter().filter_map(|one| one.asked_by.parse().ok());
            let ids: Vec<PersonId> = all.iter().map(|one| one.person).chain(askers).collect();
            let names = store::people::names(r, &ids)?;
            let name = |id: Option<PersonId>| id.and_then(|id| names.get(&id)).cloned();
            Ok(all
                .into_iter()
                .map(|one| {
                    let whom = name(Some(one.person)).unwrap_or_default();
                    let asker = name(one.asked_by.parse().ok()).unwrap_or_else(|| one.asked_by.clone());
                    (one, whom, asker)
                })
                .collect())
        })
        .await
}

async fn held(app: &App, id: ErasureId) -> Result<Request> {
    let found = app.store.read(move |r| -> Result<_> { Ok(rows::request(r, id)?) }).await?;
    found.ok_or(Error::NotFound("erasure"))
}

/// One request: what it would do while it waits, what it did once it is done, and whether the one who looks may do it.
pub async fn show(app: &App, who: &Who, id: ErasureId) -> Result<(Request, Option<Preview>, bool)> {
    let me = may_ask::<Erase>(who)?;
    let request = held(app, id).await?;
    let preview = match request.done_at {
        None => Some(look(app, request.person).await?),
        Some(_) => None,
    };
    let may_do = request.done_at.is_none() && request.asked_by != me.to_string();
    Ok((request, preview, may_do))
}

/// Does what somebody else has asked for.
///
/// # Errors
/// [`Error::Conflict`] where it is done already.
pub async fn apply(app: &App, who: &Who, id: ErasureId) -> Result<Receipt> {
    may_ask::<Erase>(who)?;
    let request = held(app, id).await?;
    // Whoever is no person, such as the host, is not the one who asks now.
    let first = request.asked_by.parse().unwrap_or(PersonId::new(uuid::Uuid::nil()));
    let may = second(who, Erase(request.person), first)?;
    if request.done_at.is_some() {
        return Err(Error::Conflict("this was done already".into()));
    }
    carry_out(app, id, request.person, may.by()).await
}

/// Takes a request back that waits.
pub async fn withdraw(app: &App, who: &Who, id: ErasureId) -> Result<()> {
    may_ask::<Erase>(who)?;
    let (now, ids, by) = (app.now(), app.ids.clone(), who.label());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            if !rows::withdraw(tx, id)? {
                return Err(Error::NotFound("erasure that waits"));
            }
            audit::note(tx, &ids, now, &by, "withdrew an erasure", &id.to_string(), "")
        })
        .await
}

/// Whom somebody names by their code.
///
/// # Errors
/// [`Error::Invalid`] where nobody has it.
pub async fn person_with_code(app: &App, code: &str) -> Result<PersonId> {
    crate::records::person_with_code(app, code).await
}

async fn carry_out(app: &App, id: ErasureId, person: PersonId, by: &str) -> Result<Receipt> {
    let url = app.settings.public_url.clone();
    let (them, key) = app
        .store
        .write(move |tx: &mut Tx| -> Result<_> { Ok((them(tx, person, &url)?, Key::of(tx)?)) })
        .await?;
    // Nobody signs in as them, and nothing is sent to them, from here on.
    let mut receipt = Receipt { name_swept: them.name_swept, ..Receipt::default() };
    let mut activities = BTreeSet::new();
    while crate::statements::take_in(app).await? {}
    let accounts = them.accounts.clone();
    let (own, mut named) = app.store.read(move |r| places(r, &accounts)).await?;
    for some in own.chunks(STRIDE) {
        let (some, key, now, zone) = (some.to_vec(), key.clone(), app.now(), app.settings.zone.clone());
        let removed = app
            .store
            .write(move |tx: &mut Tx| -> Result<_> {
                let removed = remove::remove(tx, &some, &key, now)?;
                crate::learning::make_final(tx, &zone, &removed.done)?;
                Ok(removed)
            })
            .await?;
        receipt.statements += removed.count;
        named.extend(removed.stay);
        activities.extend(removed.activities);
    }
    // What names them where no index looks: in a result, an extension, a title.
    let mut after = 0;
    loop {
        let words = them.nameless.words.clone();
        let found = app
            .store
            .read(move |r| -> Result<_> {
                let some = kept::kept(r, after, LOOKED)?;
                Ok(some.last().map(|last| (last.seq, remove::holding(&some, &words))))
            })
            .await?;
        let Some((last, holding)) = found else { break };
        named.extend(holding);
        after = last;
    }
    named.sort_unstable();
    named.dedup();
    for some in named.chunks(STRIDE) {
        let (some, nameless) = (some.to_vec(), them.nameless.clone());
        let mended = app
            .store
            .write(move |tx: &mut Tx| -> Result<_> { Ok(remove::unname(tx, &some, &nameless)?) })
            .await?;
        receipt.mended += mended;
    }
    let (now, ids, by) = (app.now(), app.ids.clone(), by.to_owned());
    let receipt = app
        .store
        .write(move |tx: &mut Tx| -> Result<Receipt> {
            let receipt = the_rest(tx, &them, activities, receipt)?;
            let text = serde_json::to_string(&receipt).map_err(Error::internal)?;
            rows::done(tx, id, &by, now, &text)?;
            audit::note(tx, &ids, now, &by, "erased a person", &person.to_string(), &text)?;
            Ok(receipt)
        })
        .await?;
    app.store.wipe(&rows::TOUCHED).await.map_err(|error| {
        tracing::error!(%error, %person, "what was erased may still lie in the files");
        Error::Conflict(format!(
            "everything is erased, but what was deleted may still lie in the files of the database ({error}); \
             `throughline erase {person} --for-good` does that part again"
        ))
    })?;
    Ok(receipt)
}

/// Everything but statements, in one transaction.
fn the_rest(tx: &mut Tx, them: &Them, activities: BTreeSet<String>, mut receipt: Receipt) -> Result<Receipt> {
    let Them { person, accounts, nameless, .. } = them;
    let mut alone = Vec::new();
    for iri in activities {
        if !terms::any(tx, &[Term::object(&iri), Term::related(&iri)])? {
            alone.push(iri);
        }
    }
    receipt.activities = rows::forget_activities(tx, &alone)?;
    let keys: Vec<String> = accounts.iter().map(|a| a.key.clone()).collect();
    receipt.documents = rows::kept(tx, person.id, &keys, "")?.documents.unsigned_abs();
    receipt.values_stay = store::access::held(tx, person.id)?.values.unsigned_abs();
    (receipt.learning_gone, receipt.learning_stays) = store::learning::keep_common(tx, person.id, COMMON)?;
    let words: Vec<&str> = nameless.words.iter().map(String::as_str).collect();
    let id = person.id.to_string();
    let holding: Vec<&str> = words.iter().copied().chain([id.as_str()]).collect();
    receipt.deliveries = rows::drop_holding(tx, &mail_of(person.id), &holding)?;
    rows::forget(tx, person.id, &keys, &person.code)?;
    receipt.documents_mended = rows::mend_documents(tx, &|text| {
        let mended = nameless.mend_json(text).or_else(|| nameless.mend(text))?;
        let etag = xapi::etag(mended.as_bytes());
        Some((mended, etag))
    })?;
    rows::sweep(tx, &words)?;
    let name = "Erased person";
    rows::unname(tx, person.id, &format!("erased-{}", person.id.uuid().simple()), name, &fold(name))?;
    Ok(receipt)
}
