//! Writing statements: one transaction for all that were delivered together, a few SQL statements for all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{AccountId, KeyId};
use domain::people::Account;
use domain::time::Instant;
use store::activities::Activity;
use store::db::Tx;
use store::statements::terms::{self, By, Postings};
use store::statements::{self as rows, Known};
use uuid::Uuid;
use xapi::{AgentRole, Index};

use super::{Prepared, Source};
use crate::signed::Key;
use crate::{Clock, Error, Ids, Result};

/// What storage itself answers: it breaks the transaction for everybody in it.
pub(super) type Stored<T> = std::result::Result<T, store::db::Error>;

/// The statements of one request: stored together or not at all.
pub(super) struct Delivery {
    key: Option<KeyId>,
    define: bool,
    entered: Instant,
    statements: Vec<Prepared>,
}

impl Delivery {
    pub(super) fn new(source: &Source, entered: Instant, statements: Vec<Prepared>) -> Self {
        Self { key: source.key, define: source.define, entered, statements }
    }
    pub(super) fn len(&self) -> usize {
        self.statements.len()
    }
}

/// Writes deliveries in their order and says of each whether it is stored. The caller's transaction decides whether they are kept.
pub(super) fn write(
    tx: &mut Tx,
    clock: &Clock,
    ids: &Ids,
    deliveries: &[Delivery],
) -> Stored<Vec<Result<()>>> {
    let counter = rows::lock(tx)?;
    let Decided { outcomes, fresh } = decide(tx, deliveries)?;
    if fresh.is_empty() {
        return Ok(outcomes);
    }
    let entered = deliveries.iter().map(|d| d.entered).max();
    let now = clock.now().max(entered.unwrap_or(counter.stored_at));
    let first = now.micros().max(counter.stored_at.micros() + 1);
    let accounts = accounts(tx, ids, now, &fresh)?;
    define(tx, now, &fresh)?;
    let new_ids: Vec<Uuid> = fresh.iter().map(|(_, one)| one.id).collect();
    let waited = rows::waited_for(tx, &new_ids)?;
    let voided: BTreeSet<Uuid> = waited.iter().filter(|w| w.voids).map(|w| w.target).collect();

    let mut all = Vec::with_capacity(fresh.len());
    let mut postings = Postings::default();
    let mut acted: BTreeSet<AccountId> = BTreeSet::new();
    for (n, (delivery, one)) in fresh.iter().enumerate() {
        let stored_at = Instant::from_micros(first + n as i64);
        let place = Place {
            id: one.id,
            seq: counter.seq + 1 + n as i64,
            stored_at,
            happened_at: one.index.timestamp.map_or(stored_at, Instant::from),
            key: delivery.key,
            alone: one.alone,
        };
        let is_voided = one.index.voids.is_none() && voided.contains(&one.id);
        let row = rows::Row { voided: is_voided, ..row(place, &one.index, &accounts, one.body.clone()) };
        row.postings(By::Own, row.seq, &mut postings);
        acted.extend(row.account);
        all.push(row);
    }
    rows::add(tx, &all)?;
    refer(tx, &all, &waited, &mut postings)?;
    terms::note(tx, counter.seq + 1, postings)?;
    let kept: Vec<&rows::Attachment> = fresh.iter().flat_map(|(_, one)| &one.attachments).collect();
    if !kept.is_empty() {
        rows::add_attachments(tx, &kept)?;
    }
    let voids: Vec<Uuid> = fresh.iter().filter_map(|(_, one)| one.index.voids).collect();
    if !voids.is_empty() {
        rows::void(tx, &voids)?;
    }
    for known in accounts.values().filter(|known| known.acted) {
        acted.remove(&known.id);
    }
    if !acted.is_empty() {
        rows::note_acted(tx, &acted.into_iter().collect::<Vec<_>>())?;
    }
    let stored_at = Instant::from_micros(first + all.len() as i64 - 1);
    rows::set_counter(tx, rows::Counter { seq: counter.seq + all.len() as i64, stored_at })?;
    Ok(outcomes)
}

/// What is decided of deliveries before anything is written.
struct Decided<'a> {
    /// Of each delivery, in order.
    outcomes: Vec<Result<()>>,
    /// The statements that are new, each with its delivery.
    fresh: Vec<(&'a Delivery, &'a Prepared)>,
}

/// Which deliveries are taken, and which of their statements are new. An id means for ever what it meant first.
fn decide<'a>(tx: &mut Tx, deliveries: &'a [Delivery]) -> Stored<Decided<'a>> {
    let given: Vec<Uuid> =
        deliveries.iter().flat_map(|d| &d.statements).filter(|one| one.given).map(|one| one.id).collect();
    let known = if given.is_empty() { BTreeMap::new() } else { rows::texts(tx, &given)? };
    let gone = if given.is_empty() { Gone::default() } else { Gone::read(tx, &given)? };
    let mut taken: HashMap<Uuid, &Prepared> = HashMap::with_capacity(given.len());
    let mut fresh = Vec::with_capacity(given.len());
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        // Whether one of its id was here before, and if so whether it said the same.
        let before = |one: &Prepared| -> Option<bool> {
            let text = known.get(&one.id).or_else(|| taken.get(&one.id).map(|first| &first.raw));
            text.map(|text| xapi::same_meaning(text, &one.raw)).or_else(|| gone.same(one.id, &one.raw))
        };
        let clash = delivery.statements.iter().find(|one| one.given && before(one) == Some(false));
        if let Some(Prepared { id, .. }) = clash {
            outcomes.push(Err(Error::Conflict(format!(
                "a statement with the id {id} is here already and says something else; \
                 a statement never changes: send the new one under a new id, and void the old one if it was wrong"
            ))));
            continue;
        }
        let new: Vec<&Prepared> = delivery.statements.iter().filter(|one| before(one).is_none()).collect();
        for one in new {
            taken.insert(one.id, one);
            fresh.push((delivery, one));
        }
        outcomes.push(Ok(()));
    }
    Ok(Decided { outcomes, fresh })
}

/// Statements that were taken away: their ids are used for ever.
#[derive(Default)]
struct Gone {
    meanings: BTreeMap<Uuid, Vec<u8>>,
    key: Option<Key>,
}

impl Gone {
    fn read(tx: &mut Tx, ids: &[Uuid]) -> Stored<Self> {
        let meanings = rows::gone(tx, ids)?;
        let key = if meanings.is_empty() { None } else { super::remove::meaning_key(tx)? };
        Ok(Self { meanings, key })
    }
    /// Whether the statement of an id that was taken away said the same; `None` where none was.
    fn same(&self, id: Uuid, raw: &str) -> Option<bool> {
        let meaning = self.meanings.get(&id)?;
        Some(self.key.as_ref().is_some_and(|key| super::remove::meaning(key, raw) == *meaning))
    }
}

/// Lets statements be found by what those say that they are about, whichever of them came first.
fn refer(tx: &mut Tx, all: &[rows::Row], waited: &[rows::Waited], postings: &mut Postings) -> Stored<()> {
    let mut pairs: BTreeSet<(i64, Uuid)> = waited.iter().map(|w| (w.seq, w.target)).collect();
    for row in all {
        if let Some(target) = row.refers_to {
            pairs.extend(rows::add_refs(tx, row.seq, row.id, target)?);
        }
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let here: HashMap<Uuid, &rows::Row> = all.iter().map(|row| (row.id, row)).collect();
    let elsewhere: BTreeSet<Uuid> =
        pairs.iter().map(|(_, target)| *target).filter(|id| !here.contains_key(id)).collect();
    let stored = stored_rows(tx, &elsewhere.into_iter().collect::<Vec<_>>())?;
    for (seq, target) in pairs {
        if let Some(row) = here.get(&target).copied().or_else(|| stored.get(&target)) {
            row.postings(By::Reference, seq, postings);
        }
    }
    Ok(())
}

/// What those of some statements say that were stored before, as far as they are found by it.
pub(super) fn stored_rows(tx: &mut Tx, ids: &[Uuid]) -> Stored<HashMap<Uuid, rows::Row>> {
    let mut all = HashMap::new();
    for (id, text) in rows::texts(tx, ids)? {
        let nowhen = Instant::from_micros(0);
        let place = Place { id, seq: 0, stored_at: nowhen, happened_at: nowhen, key: None, alone: false };
        all.extend(stored_row(tx, place, &text)?.map(|row| (id, row)));
    }
    Ok(all)
}

/// What a stored statement is found by, read from its text; `None` where that cannot be read.
pub(super) fn stored_row(tx: &mut Tx, place: Place, text: &str) -> Stored<Option<rows::Row>> {
    let Some(statement) = xapi::read_stored(text) else {
        tracing::warn!(id = %place.id, "a stored statement cannot be read; it is not found by what it says");
        return Ok(None);
    };
    let index = xapi::index(&statement);
    let keys: Vec<String> = index.agents.iter().map(|agent| agent.key.as_str().to_owned()).collect();
    let accounts = rows::known_accounts(tx, &keys)?;
    let place = Place { alone: matches!(statement.actor, xapi::Actor::Agent(_)), ..place };
    Ok(Some(row(place, &index, &accounts, rows::Body::default())))
}

/// Empties the index and notes again, from the statements themselves, what each is found by.
pub fn rebuild(tx: &mut Tx) -> Stored<()> {
    const GO: i64 = 1_000;
    terms::clear(tx)?;
    let mut after = 0;
    loop {
        let some = rows::kept(tx, after, GO)?;
        let (Some(first), Some(last)) = (some.first().map(|k| k.seq), some.last().map(|k| k.seq)) else {
            return Ok(());
        };
        let mut postings = Postings::default();
        for kept in some {
            if let Some(row) = stored_row(tx, Place::of(&kept), &kept.text)? {
                row.postings(By::Own, kept.seq, &mut postings);
            }
        }
        let pairs = rows::refs(tx, first, last)?;
        let targets: BTreeSet<Uuid> = pairs.iter().map(|(_, target)| *target).collect();
        let targets = stored_rows(tx, &targets.into_iter().collect::<Vec<_>>())?;
        for (seq, target) in pairs {
            if let Some(row) = targets.get(&target) {
                row.postings(By::Reference, seq, &mut postings);
            }
        }
        terms::note(tx, first, postings)?;
        after = last;
    }
}

/// Where and when a statement is stored.
pub(super) struct Place {
    pub(super) id: Uuid,
    pub(super) seq: i64,
    pub(super) stored_at: Instant,
    pub(super) happened_at: Instant,
    pub(super) key: Option<KeyId>,
    /// Whether the actor is one agent rather than a group.
    pub(super) alone: bool,
}

impl Place {
    pub(super) fn of(kept: &rows::Kept) -> Self {
        let rows::Kept { seq, id, stored_at, happened_at, key, .. } = *kept;
        Self { id, seq, stored_at, happened_at, key, alone: false }
    }
}

/// The row of a statement.
fn row(place: Place, index: &Index, accounts: &BTreeMap<String, Known>, body: rows::Body) -> rows::Row {
    let mut account = None;
    let mut agents: BTreeMap<AccountId, bool> = BTreeMap::new();
    for agent in &index.agents {
        if let Some(&Known { id, .. }) = accounts.get(agent.key.as_str()) {
            *agents.entry(id).or_default() |= agent.direct;
            if agent.role == AgentRole::Actor && !agent.member {
                account = Some(id);
            }
        }
    }
    let mut activities: BTreeMap<String, bool> = BTreeMap::new();
    for activity in &index.activities {
        *activities.entry(activity.iri.clone()).or_default() |= activity.direct;
    }
    rows::Row {
        id: place.id,
        seq: place.seq,
        stored_at: place.stored_at,
        happened_at: place.happened_at,
        account: account.filter(|_| place.alone),
        verb: index.verb.clone(),
        registration: index.registration,
        refers_to: index.refers_to,
        voids: index.voids.is_some(),
        voided: false,
        key: place.key,
        body,
        agents: agents.into_iter().collect(),
        activities: activities.into_iter().collect(),
    }
}

/// The accounts of every agent that statements name; new ones are added, and are a person's at once where the address is.
fn accounts(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    fresh: &[(&Delivery, &Prepared)],
) -> Stored<BTreeMap<String, Known>> {
    let mut named: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for agent in fresh.iter().flat_map(|(_, one)| &one.index.agents) {
        let name = named.entry(agent.key.as_str()).or_default();
        *name = name.or(agent.name.as_deref());
    }
    let keys: Vec<String> = named.keys().map(|&key| key.to_owned()).collect();
    let mut found = rows::known_accounts(tx, &keys)?;
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
    found.extend(rows::known_accounts(tx, &missing)?);
    Ok(found)
}

/// A name as it is kept for showing: without NUL, and not longer than a line.
fn shown(name: &str) -> String {
    name.chars().filter(|c| *c != '\0').take(200).collect()
}

/// Adds what statements say of activities to what is known.
fn define(tx: &mut Tx, now: Instant, fresh: &[(&Delivery, &Prepared)]) -> Stored<()> {
    let may = fresh.iter().filter(|(delivery, _)| delivery.define);
    let seen: Vec<&xapi::ActivitySeen> = may.flat_map(|(_, one)| &one.index.definitions).collect();
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
