//! Statements in and out.
//!
//! [`accept`] takes statements that `xapi` has judged, prepares each as it will be kept, and hands them to intake, which writes what
//! waits together in one transaction ([`intake`]). [`find`] and [`one`] give back what was received. [`take_in`] keeps the index.
//!
//! Three promises hold because whoever adds statements holds the counter until the commit: `seq` follows the order of commits,
//! `stored` follows `seq`, and an id is decided on by one sender at a time. A fourth, that everything stored before
//! [`Intake::through`] can be read, holds because intake knows who is still writing.

use domain::access::{DefineActivities, Permit, SendStatements};
use domain::actors::ActorPattern;
use domain::ids::KeyId;
use domain::time::Instant;
use store::db::{Dictionary, Tx};
use store::statements as rows;
use uuid::Uuid;
use xapi::{AgentRole, Index, Received, Version};

use crate::{App, Clock, Error, Fault, Ids, Result};

pub mod bulk;
mod index;
mod intake;
mod learnt;
mod read;
pub(crate) mod remove;
mod write;
pub use index::{run as run_index, take_in};
pub use intake::Intake;
pub(crate) use read::find_any_in;
pub use read::{Found, Page, Query, Reader, activity, find, one, person};
pub use write::rebuild;

/// The longest identifier of an agent, verb or activity in bytes: PostgreSQL cannot index more than about 2,700.
pub const LONGEST_IDENTIFIER: usize = 2_000;

/// Who vouches for statements and what they may change besides being stored.
#[derive(Debug, Clone)]
pub struct Source {
    authority: xapi::Agent,
    authority_json: String,
    key: Option<KeyId>,
    define: bool,
    version: Version,
    actors: Option<ActorPattern>,
}

impl Source {
    /// The key behind the permit vouches: an account of this server with the key's id as its name.
    pub fn new(
        app: &App,
        permit: &Permit<SendStatements>,
        define: Option<&Permit<DefineActivities>>,
        version: Version,
    ) -> Self {
        let authority = xapi::Agent {
            name: None,
            ifi: xapi::Ifi::Account {
                home_page: app.settings.public_url.clone(),
                name: permit.by().to_owned(),
            },
        };
        Self {
            authority_json: authority.to_json(),
            authority,
            key: permit.by().parse().ok(),
            define: define.is_some(),
            version,
            actors: permit.actors().cloned(),
        }
    }
}

impl Source {
    /// Whoever administers the host vouches: for statements that come in a file.
    pub fn host(app: &App, permit: &Permit<SendStatements>, define: &Permit<DefineActivities>) -> Self {
        Self::new(app, permit, Some(define), Version::V1_0_3)
    }
    /// The same for statements of a version.
    fn by(&self, version: Version) -> Self {
        Self { version, ..self.clone() }
    }
}

/// The data of an attachment as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its hash, in lower-case hexadecimal.
    pub sha2: String,
    /// Its media type, where its part says so.
    pub content_type: Option<String>,
    /// The bytes.
    pub data: Vec<u8>,
}

/// Stores statements, all of them or none, and gives their ids in order.
///
/// One that is here already with the same meaning is accepted and changes nothing.
///
/// # Errors
/// [`Error::Conflict`] where one is here already with another meaning.
pub async fn accept(
    app: &App,
    source: Source,
    received: Vec<Received>,
    attached: Vec<Attached>,
) -> Result<Vec<Uuid>> {
    if received.is_empty() {
        return Ok(Vec::new());
    }
    let dictionary = app.store.dictionary().await?;
    let all = prepare(&source, &app.ids, app.now(), &dictionary, received, &attached)?;
    let ids = all.iter().map(|one| one.id).collect();
    intake::store(app, &source, all).await?;
    app.work.notify_one();
    Ok(ids)
}

/// Statements that are ready to be written by [`write_in`].
pub struct Ready {
    ids: Vec<Uuid>,
    delivery: write::Delivery,
}

/// Does what [`accept`] does before anything is written, for loading in bulk.
pub async fn ready(app: &App, source: &Source, received: Vec<Received>) -> Result<Ready> {
    let (now, dictionary) = (app.now(), app.store.dictionary().await?);
    let all = prepare(source, &app.ids, now, &dictionary, received, &[])?;
    let ids = all.iter().map(|one| one.id).collect();
    Ok(Ready { ids, delivery: write::Delivery::new(source, now, all) })
}

/// Writes what is ready inside a transaction of the caller's, and gives the ids in order. Nothing else may be adding statements to
/// a database that is read meanwhile: readers are not told of it by [`Intake`].
pub fn write_in(tx: &mut Tx, clock: &Clock, ids: &Ids, ready: Ready) -> Result<Vec<Uuid>> {
    let outcomes = write::write(tx, clock, ids, &[ready.delivery])?;
    outcomes.into_iter().collect::<Result<()>>()?;
    Ok(ready.ids)
}

/// A statement as it will be kept, and what it gives rise to.
struct Prepared {
    id: Uuid,
    /// Whether it came with its id, which may then be here already.
    given: bool,
    index: Index,
    /// Whether the actor is one agent rather than a group.
    alone: bool,
    raw: String,
    body: rows::Body,
    attachments: Vec<rows::Attachment>,
}

/// Puts the server's fields in place, works out what each statement gives rise to, and packs it;
/// refuses identifiers that no index can hold.
fn prepare(
    source: &Source,
    ids: &Ids,
    now: Instant,
    dictionary: &Dictionary,
    received: Vec<Received>,
    attached: &[Attached],
) -> Result<Vec<Prepared>> {
    let mut faults = Vec::new();
    let batch = received.len() > 1;
    let mut all = Vec::with_capacity(received.len());
    for (n, mut received) in received.into_iter().enumerate() {
        received.statement.authority = Some(xapi::Actor::Agent(source.authority.clone()));
        let index = xapi::index(&received.statement);
        let place = || if batch { format!("$[{n}]") } else { "$".to_owned() };
        if let Some(pattern) = &source.actors
            && let Some(actor) =
                index.agents.iter().find(|a| a.role == AgentRole::Actor && !pattern.matches(a.key.as_str()))
        {
            return Err(Error::Limited(format!(
                "{}.actor: this key may only send statements of actors like {pattern}, and {} is none; nothing was stored",
                place(),
                actor.key.as_str().chars().take(200).collect::<String>()
            )));
        }
        let names = index
            .agents
            .iter()
            .map(|a| ("an agent", a.key.as_str()))
            .chain(index.activities.iter().map(|a| ("an activity", a.iri.as_str())))
            .chain([("the verb", index.verb.as_str())]);
        for (what, name) in names {
            if name.len() > LONGEST_IDENTIFIER {
                faults.push(Fault::at(
                    place(),
                    format!(
                        "the identifier of {what} has {} bytes; send at most {LONGEST_IDENTIFIER}",
                        name.len()
                    ),
                ));
            } else if name.contains('\0') {
                faults.push(Fault::at(
                    place(),
                    format!("the identifier of {what} holds a NUL character; leave it out"),
                ));
            }
        }
        let id = index.id.unwrap_or_else(|| new_id(ids, now));
        let unstamped = received.unstamped(id, &source.authority_json, source.version);
        all.push(Prepared {
            id,
            given: index.id.is_some(),
            alone: matches!(received.statement.actor, xapi::Actor::Agent(_)),
            attachments: attachments(id, &received, attached),
            body: rows::Body::pack(dictionary, &unstamped)?,
            raw: received.raw,
            index,
        });
    }
    if faults.is_empty() { Ok(all) } else { Err(Error::Invalid(faults)) }
}

/// An id for a statement that came without one: in the order of time as all of ours, but of version 4, since the specification
/// (Data 4.4) knows no later than RFC 4122's version 5, and clients refuse what it does not know.
fn new_id(ids: &Ids, now: Instant) -> Uuid {
    const VERSION: u128 = 0xF << 76;
    let id = ids.next::<domain::ids::StatementId>(now).uuid().as_u128();
    Uuid::from_u128(id & !VERSION | 4 << 76)
}

/// The data that came with a statement.
fn attachments(id: Uuid, received: &Received, attached: &[Attached]) -> Vec<rows::Attachment> {
    if attached.is_empty() {
        return Vec::new();
    }
    let within = match &received.statement.object {
        xapi::Object::SubStatement(sub) => sub.attachments.as_slice(),
        _ => &[],
    };
    let named = received.statement.attachments.iter().chain(within);
    named
        .filter_map(|attachment| {
            let data = attached.iter().find(|a| a.sha2 == attachment.sha2)?;
            Some(rows::Attachment {
                statement: id,
                sha2: data.sha2.clone(),
                content_type: data.content_type.clone().unwrap_or_else(|| attachment.content_type.clone()),
                body: data.data.clone(),
            })
        })
        .collect()
}
