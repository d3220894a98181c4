//! Statements in and out.
//!
//! [`accept`] takes statements that `xapi` has judged, works out every row that they give rise to, and writes all of them in one
//! transaction. [`find`] and [`one`] give back what was received.
//!
//! Three promises hold because whoever adds statements holds the counter until the commit: `seq` follows the order of commits,
//! `stored` follows `seq`, and an id is decided on by one sender at a time. A fourth, that everything stored before
//! [`Intake::through`] can be read, holds because intake knows who is still writing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::{DefineActivities, Permit, SendStatements};
use domain::ids::{AccountId, KeyId};
use domain::people::Account;
use domain::time::Instant;
use store::activities::Activity;
use store::db::Tx;
use store::statements as rows;
use uuid::Uuid;
use xapi::{ActivityRole, AgentRole, Index, Received, ServerFields, Version};

use crate::{App, Clock, Error, Fault, Ids, Result};

mod read;
pub use read::{Found, Page, Query, Reader, activity, find, one, person};

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
        }
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

/// Who is writing, so that readers know through when they see everything.
#[derive(Debug, Clone, Default)]
pub struct Intake(Arc<Mutex<Writers>>);

#[derive(Debug, Default)]
struct Writers {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

/// A writer, until it is dropped.
struct Writing(Intake, u64);

impl Intake {
    fn enter(&self, now: Instant) -> Writing {
        let mut writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writers.next += 1;
        let number = writers.next;
        writers.since.insert(number, now);
        Writing(self.clone(), number)
    }

    /// Through when everything stored can be read: `X-Experience-API-Consistent-Through`. Ask before reading.
    pub fn through(&self, now: Instant) -> Instant {
        let writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writers.since.values().copied().min().map_or(now, |oldest| oldest.min(now))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).since.remove(&self.1);
    }
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
    let incoming = read_all(&source, received)?;
    let (store, clock, ids, intake) =
        (app.store.clone(), app.clock.clone(), app.ids.clone(), app.intake.clone());
    // On a task of its own, so that whoever waits can leave without intake losing sight of the write.
    let written = tokio::spawn(async move {
        let entered = clock.now();
        let _writing = intake.enter(entered);
        store.write(move |tx| write(tx, &source, entered, &clock, &ids, incoming, attached)).await
    });
    let ids = written.await.map_err(Error::internal)??;
    app.work.notify_one();
    Ok(ids)
}

/// [`accept`] inside a transaction of the caller's, for loading in bulk. Nothing else may be adding statements to a database
/// that is read meanwhile: readers are not told of it by [`Intake`].
pub fn accept_in(
    tx: &mut Tx,
    source: &Source,
    clock: &Clock,
    ids: &Ids,
    received: Vec<Received>,
) -> Result<Vec<Uuid>> {
    let incoming = read_all(source, received)?;
    write(tx, source, clock.now(), clock, ids, incoming, Vec::new())
}

/// A statement and what it gives rise to.
struct Incoming {
    received: Received,
    index: Index,
}

/// Puts the server's authority in place and works out the rows; refuses identifiers that no index can hold.
fn read_all(source: &Source, received: Vec<Received>) -> Result<Vec<Incoming>> {
    let mut faults = Vec::new();
    let batch = received.len() > 1;
    let mut all = Vec::with_capacity(received.len());
    for (n, mut received) in received.into_iter().enumerate() {
        received.statement.authority = Some(xapi::Actor::Agent(source.authority.clone()));
        let index = xapi::index(&received.statement);
        let place = || if batch { format!("$[{n}]") } else { "$".to_owned() };
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
        all.push(Incoming { received, index });
    }
    if faults.is_empty() { Ok(all) } else { Err(Error::Invalid(faults)) }
}

/// Writes statements in one go. The caller's transaction decides whether they are kept.
fn write(
    tx: &mut Tx,
    source: &Source,
    entered: Instant,
    clock: &Clock,
    ids: &Ids,
    incoming: Vec<Incoming>,
    attached: Vec<Attached>,
) -> Result<Vec<Uuid>> {
    let counter = rows::lock(tx)?;
    let now = clock.now().max(entered);
    let stored_at = now.max(Instant::from_micros(counter.stored_at.micros() + 1));

    let given: Vec<Uuid> = incoming.iter().filter_map(|i| i.index.id).collect();
    let known = if given.is_empty() { BTreeMap::new() } else { rows::texts(tx, &given)? };
    let mut answer = Vec::with_capacity(incoming.len());
    let mut fresh: Vec<(Uuid, Incoming)> = Vec::with_capacity(incoming.len());
    for one in incoming {
        let id = one.index.id.unwrap_or_else(|| new_id(ids, now));
        answer.push(id);
        match known.get(&id) {
            None => fresh.push((id, one)),
            Some(text) if xapi::same_meaning(text, &one.received.raw) => {}
            Some(_) => {
                return Err(Error::Conflict(format!(
                    "a statement with the id {id} is here already and says something else; \
                     a statement never changes: send the new one under a new id, and void the old one if it was wrong"
                )));
            }
        }
    }
    if fresh.is_empty() {
        return Ok(answer);
    }
    let accounts = accounts(tx, ids, now, &fresh)?;
    if source.define {
        define(tx, now, &fresh)?;
    }
    let new_ids: Vec<Uuid> = fresh.iter().map(|(id, _)| *id).collect();
    let voided: BTreeSet<Uuid> = rows::voided_before(tx, &new_ids)?.into_iter().collect();
    let mut all = Vec::with_capacity(fresh.len());
    let (mut voids, mut kept) = (Vec::new(), Vec::new());
    for (n, (id, one)) in fresh.into_iter().enumerate() {
        let fields = ServerFields {
            id,
            stored: stored_at.timestamp(),
            authority: &source.authority_json,
            version: source.version,
        };
        let exact = one.received.with_server_fields(&fields);
        keep_attachments(id, &one.received, &attached, &mut kept);
        voids.extend(one.index.voids);
        let happened_at = one.index.timestamp.map_or(stored_at, Instant::from);
        let is_voided = one.index.voids.is_none() && voided.contains(&id);
        let alone = matches!(one.received.statement.actor, xapi::Actor::Agent(_));
        let place =
            Place { id, seq: counter.seq + 1 + n as i64, stored_at, happened_at, key: source.key, alone };
        all.push(rows::Row { voided: is_voided, ..row(place, one.index, &accounts, exact) });
    }
    rows::add(tx, &all)?;
    if !kept.is_empty() {
        rows::add_attachments(tx, &kept)?;
    }
    for row in &all {
        if let Some(target) = row.refers_to {
            rows::add_refs(tx, row.seq, row.id, target)?;
        }
    }
    if !voids.is_empty() {
        rows::void(tx, &voids)?;
    }
    rows::set_counter(tx, rows::Counter { seq: counter.seq + all.len() as i64, stored_at })?;
    Ok(answer)
}

/// An id for a statement that came without one: in the order of time as all of ours, but of version 4, since the specification
/// (Data 4.4) knows no later than RFC 4122's version 5, and clients refuse what it does not know.
fn new_id(ids: &Ids, now: Instant) -> Uuid {
    const VERSION: u128 = 0xF << 76;
    let id = ids.next::<domain::ids::StatementId>(now).uuid().as_u128();
    Uuid::from_u128(id & !VERSION | 4 << 76)
}

/// Where and when a statement is stored.
struct Place {
    id: Uuid,
    seq: i64,
    stored_at: Instant,
    happened_at: Instant,
    key: Option<KeyId>,
    /// Whether the actor is one agent rather than a group.
    alone: bool,
}

/// The row of a statement.
fn row(place: Place, index: Index, accounts: &BTreeMap<String, AccountId>, exact: String) -> rows::Row {
    let mut account = None;
    let mut agents: BTreeMap<AccountId, bool> = BTreeMap::new();
    for agent in &index.agents {
        if let Some(&id) = accounts.get(agent.key.as_str()) {
            *agents.entry(id).or_default() |= agent.direct;
            if agent.role == AgentRole::Actor && !agent.member {
                account = Some(id);
            }
        }
    }
    let mut activities: BTreeMap<String, bool> = BTreeMap::new();
    let mut within = Vec::new();
    for activity in index.activities {
        if matches!(activity.role, ActivityRole::Parent | ActivityRole::Grouping)
            && index.activity.as_deref() != Some(&activity.iri)
            && !within.contains(&activity.iri)
        {
            within.push(activity.iri.clone());
        }
        *activities.entry(activity.iri).or_default() |= activity.direct;
    }
    rows::Row {
        id: place.id,
        seq: place.seq,
        stored_at: place.stored_at,
        happened_at: place.happened_at,
        account: account.filter(|_| place.alone),
        verb: index.verb,
        activity: index.activity,
        within,
        registration: index.registration,
        refers_to: index.refers_to,
        voids: index.voids.is_some(),
        voided: false,
        completion: index.completion,
        success: index.success,
        score: domain::learning::share(index.scaled, index.raw, index.min, index.max),
        duration_ms: index.duration_millis,
        key: place.key,
        exact,
        agents: agents.into_iter().collect(),
        activities: activities.into_iter().collect(),
    }
}

/// The accounts of every agent that statements name; new ones are added, and are a person's at once where the address is.
fn accounts(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    fresh: &[(Uuid, Incoming)],
) -> Result<BTreeMap<String, AccountId>> {
    let mut named: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for agent in fresh.iter().flat_map(|(_, one)| &one.index.agents) {
        let name = named.entry(agent.key.as_str()).or_default();
        *name = name.or(agent.name.as_deref());
    }
    let keys: Vec<String> = named.keys().map(|&key| key.to_owned()).collect();
    let known = store::people::accounts_by_key(tx, &keys)?;
    let mut found: BTreeMap<String, AccountId> = known.into_iter().map(|(key, a)| (key, a.id)).collect();
    let missing: Vec<String> = keys.into_iter().filter(|key| !found.contains_key(key)).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let address = |key: &str| key.strip_prefix("mbox:mailto:").map(domain::people::fold);
    let addresses: Vec<String> = missing.iter().filter_map(|key| address(key)).collect();
    let owners =
        if addresses.is_empty() { BTreeMap::new() } else { store::people::persons_by_email(tx, &addresses)? };
    let new: Vec<Account> = missing
        .iter()
        .map(|key| Account {
            id: ids.next(now),
            key: key.clone(),
            display: named.get(key.as_str()).copied().flatten().map(shown),
            person: address(key).and_then(|a| owners.get(&a).copied()),
            first_seen: now,
        })
        .collect();
    store::people::add_accounts(tx, &new)?;
    // Somebody else may have added one of them meanwhile: what is there counts.
    let added = store::people::accounts_by_key(tx, &missing)?;
    found.extend(added.into_iter().map(|(key, a)| (key, a.id)));
    Ok(found)
}

/// A name as it is kept for showing: without NUL, and not longer than a line.
fn shown(name: &str) -> String {
    name.chars().filter(|c| *c != '\0').take(200).collect()
}

/// Adds what statements say of activities to what is known.
fn define(tx: &mut Tx, now: Instant, fresh: &[(Uuid, Incoming)]) -> Result<()> {
    let seen: Vec<&xapi::ActivitySeen> = fresh.iter().flat_map(|(_, one)| &one.index.definitions).collect();
    if seen.is_empty() {
        return Ok(());
    }
    let iris: BTreeSet<&str> = seen.iter().map(|s| s.iri.as_str()).collect();
    let known = store::activities::definitions(tx, &iris.into_iter().collect::<Vec<_>>())?;
    let mut changed: BTreeMap<&str, Activity> = BTreeMap::new();
    let mut same: BTreeSet<(&str, &str)> = BTreeSet::new();
    for one in seen {
        if !same.insert((&one.iri, one.definition.json.as_str())) {
            continue;
        }
        let before = changed.get(one.iri.as_str()).map(|a| &a.definition).or_else(|| known.get(&one.iri));
        let after = match before {
            Some(before) if before == one.definition.json.as_str() => continue,
            before => xapi::merge_definition(before.map(String::as_str), one.definition.json.as_str()),
        };
        if before.is_some_and(|before| *before == after) {
            continue;
        }
        let name = xapi::activity_name(&after, &xapi::Preferred::from_header("en")).map(|name| shown(&name));
        changed.insert(&one.iri, Activity { iri: one.iri.clone(), name, definition: after });
    }
    if !changed.is_empty() {
        let changed: Vec<Activity> = changed.into_values().collect();
        store::activities::put(tx, &changed, now)?;
    }
    Ok(())
}

fn keep_attachments(id: Uuid, received: &Received, attached: &[Attached], kept: &mut Vec<rows::Attachment>) {
    if attached.is_empty() {
        return;
    }
    let within = match &received.statement.object {
        xapi::Object::SubStatement(sub) => sub.attachments.as_slice(),
        _ => &[],
    };
    for attachment in received.statement.attachments.iter().chain(within) {
        if let Some(data) = attached.iter().find(|a| a.sha2 == attachment.sha2) {
            kept.push(rows::Attachment {
                statement: id,
                sha2: data.sha2.clone(),
                content_type: data.content_type.clone().unwrap_or_else(|| attachment.content_type.clone()),
                body: data.data.clone(),
            });
        }
    }
}
