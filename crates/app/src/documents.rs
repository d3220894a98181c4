//! Documents of the state and profile resources: small things that content keeps between sessions.
//!
//! A write is decided on what is stored at that moment and lands only if that is still so; otherwise it is decided again.

use domain::access::{Permit, ReadDocuments, ReadState, WriteDocuments, WriteState};
use domain::actors::ActorPattern;
use domain::time::Instant;
use store::db::Tx;
use store::documents::{self as rows, Place};
use xapi::{Document, DocumentQuery, Faults, Preconditions, Refusal, Resource, Version, Write};

use crate::{App, Error, Fault, Result};

/// How often a write that met another one is decided again.
const TRIES: u32 = 5;
/// The most bytes of what names a document: PostgreSQL cannot index more than about 2,700.
const LONGEST_PLACE: usize = 2_000;

/// Proof that documents of a resource may be read.
#[derive(Debug)]
pub enum MayRead<'a> {
    /// State documents.
    State(&'a Permit<ReadState>),
    /// Profile documents.
    Profile(&'a Permit<ReadDocuments>),
}

/// Proof that documents of a resource may be written.
#[derive(Debug)]
pub enum MayWrite<'a> {
    /// State documents.
    State(&'a Permit<WriteState>),
    /// Profile documents.
    Profile(&'a Permit<WriteDocuments>),
}

impl MayRead<'_> {
    const fn actors(&self) -> Option<&ActorPattern> {
        match self {
            Self::State(permit) => permit.actors(),
            Self::Profile(permit) => permit.actors(),
        }
    }
    const fn covers(&self, resource: Resource) -> bool {
        matches!((self, resource), (Self::State(_), Resource::State))
            || matches!(
                (self, resource),
                (Self::Profile(_), Resource::AgentProfile | Resource::ActivityProfile)
            )
    }
}
impl MayWrite<'_> {
    const fn actors(&self) -> Option<&ActorPattern> {
        match self {
            Self::State(permit) => permit.actors(),
            Self::Profile(permit) => permit.actors(),
        }
    }
    const fn covers(&self, resource: Resource) -> bool {
        matches!((self, resource), (Self::State(_), Resource::State))
            || matches!(
                (self, resource),
                (Self::Profile(_), Resource::AgentProfile | Resource::ActivityProfile)
            )
    }
}

/// A document as it is given back.
pub type Stored = rows::Document;

/// A document as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Why a document was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// What was sent cannot be stored or merged; every fault.
    #[error("what was sent cannot be stored")]
    Faulty(Faults),
    /// It clashes with what is stored.
    #[error(transparent)]
    Refused(Refusal),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<store::db::Error> for NotWritten {
    fn from(error: store::db::Error) -> Self {
        Self::Other(error.into())
    }
}

fn place(resource: Resource, query: &DocumentQuery, actors: Option<&ActorPattern>) -> Result<Place> {
    if let (Some(pattern), Some(agent)) = (actors, &query.agent)
        && !pattern.matches(agent.as_str())
    {
        return Err(Error::Limited(format!("parameter agent: this key is for actors like {pattern} only")));
    }
    let registration = query.registration.map(|r| r.hyphenated().to_string());
    let place = Place {
        owner: match resource {
            Resource::State => "state",
            Resource::AgentProfile => "agent",
            Resource::ActivityProfile => "activity",
        },
        activity: query.activity.clone().unwrap_or_default(),
        agent: query.agent.as_ref().map(|a| a.as_str().to_owned()).unwrap_or_default(),
        // Naming a document without a registration means the one that has none.
        registration: match (&query.id, registration) {
            (Some(_), None) => Some(String::new()),
            (_, registration) => registration,
        },
    };
    let length = place.activity.len() + place.agent.len() + query.id.as_ref().map_or(0, String::len);
    if length > LONGEST_PLACE {
        return Err(Error::Invalid(vec![Fault::at(
            "parameters",
            format!("activity, agent and id have {length} bytes together; send at most {LONGEST_PLACE}"),
        )]));
    }
    if place.agent.contains('\0') {
        return Err(Error::invalid("parameter agent", "it holds a NUL character; leave it out"));
    }
    Ok(place)
}

fn forbidden() -> Error {
    domain::access::Denied::Forbidden.into()
}

/// One document.
///
/// # Errors
/// [`Error::NotFound`] where there is none.
pub async fn document(
    app: &App,
    may: MayRead<'_>,
    resource: Resource,
    query: DocumentQuery,
) -> Result<Stored> {
    if !may.covers(resource) {
        return Err(forbidden());
    }
    let place = place(resource, &query, may.actors())?;
    let name = query.id.unwrap_or_default();
    let found = app.store.read(move |r| -> Result<_> { Ok(rows::document(r, &place, &name)?) }).await?;
    found.ok_or(Error::NotFound("document"))
}

/// The ids of the documents of a setting, and when the newest of them was written.
pub async fn names(
    app: &App,
    may: MayRead<'_>,
    resource: Resource,
    query: DocumentQuery,
) -> Result<(Vec<String>, Option<Instant>)> {
    if !may.covers(resource) {
        return Err(forbidden());
    }
    let place = place(resource, &query, may.actors())?;
    let since = query.since.map(Instant::from);
    app.store.read(move |r| -> Result<_> { Ok(rows::names(r, &place, since)?) }).await
}

/// What is to be done to which document.
#[derive(Debug, Clone)]
pub struct Change {
    /// The resource it belongs to.
    pub resource: Resource,
    /// Put, merge or delete.
    pub act: Write,
    /// Which document.
    pub query: DocumentQuery,
    /// What was sent; empty for a deletion.
    pub sent: Sent,
    /// What the sender knows of the document.
    pub preconditions: Preconditions,
    /// The version that is spoken.
    pub version: Version,
}

/// Puts, merges or deletes one document, or deletes all states of a setting where the query names none.
pub async fn write(app: &App, may: MayWrite<'_>, change: Change) -> Result<(), NotWritten> {
    let Change { resource, act, query, sent, preconditions, version } = change;
    if !may.covers(resource) {
        return Err(forbidden().into());
    }
    let place = place(resource, &query, may.actors())?;
    let now = app.now();
    let Some(name) = query.id else {
        app.store.write(move |tx| -> Result<()> { Ok(rows::delete_all(tx, &place)?) }).await?;
        return Ok(());
    };
    let work = std::sync::Arc::new((place, name, sent, preconditions));
    for _ in 0..TRIES {
        let work = work.clone();
        let done = app
            .store
            .write(move |tx: &mut Tx| -> Result<bool, NotWritten> {
                let (place, name, sent, preconditions) = &*work;
                let stored = rows::document(tx, place, name)?;
                let tag = stored.as_ref().map(|d| d.etag.as_str());
                xapi::may_write(resource, act, preconditions, tag, version).map_err(NotWritten::Refused)?;
                let sending = Document { content_type: &sent.content_type, content: &sent.content };
                let content = match act {
                    Write::Delete => {
                        return Ok(match tag {
                            None => true,
                            Some(tag) => rows::delete(tx, place, name, tag)?,
                        });
                    }
                    Write::Put => {
                        xapi::check_document(sending, version).map_err(NotWritten::Faulty)?;
                        sent.content.clone()
                    }
                    Write::Post => {
                        let before = stored
                            .as_ref()
                            .map(|d| Document { content_type: &d.content_type, content: &d.body });
                        xapi::merge_document(before, sending, version).map_err(NotWritten::Faulty)?
                    }
                };
                let document = Stored {
                    content_type: sent.content_type.clone(),
                    etag: xapi::etag(&content),
                    updated_at: now,
                    body: content,
                };
                Ok(rows::put(tx, place, name, &document, tag)?)
            })
            .await?;
        if done {
            return Ok(());
        }
    }
    Err(Error::Busy.into())
}
