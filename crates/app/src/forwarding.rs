//! Statements go on to other record stores: queued here, sent by the outbox.
//!
//! A step of the pipeline reads statements after the place that each store has come to, filters them, and queues them in the
//! same transaction as the new place, a hundred a delivery. What one store has not taken yet is a handful of deliveries at most;
//! the rest waits as statements, so a store that is away for days costs nothing. Each store gets its statements in the order in
//! which they were stored, and a voiding statement goes wherever the one that it voids went.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Permit, ReadDeliveries, WriteForward};
use domain::forwarding::Filter;
use domain::ids::{AccountId, ForwardId, PersonId, UnitId};
use domain::outbox::Kind;
use domain::people::OrgTree;
use domain::time::Day;
use serde::{Deserialize, Serialize};
use store::db::{Read, Tx};
use store::forwarding::{Forward, Seen, Standing};
use uuid::Uuid;

use crate::{App, Error, Fault, Result, audit};

/// Statements in one delivery.
const TOGETHER: usize = 100;
/// Deliveries of one store that wait at once.
const AHEAD: i64 = 8;

/// What a delivery of statements holds: to whom, and which. Their texts are read when they are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QueuedStatements {
    /// The store.
    pub forward: ForwardId,
    /// In the order in which they were stored.
    pub ids: Vec<Uuid>,
}

/// How the outbox names a store.
pub(crate) fn target(id: ForwardId) -> String {
    format!("statements:{id}")
}

/// A record store as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewForward {
    /// What people call it.
    pub name: String,
    /// The address of its xAPI resources.
    pub url: String,
    /// The key that it gave us.
    pub key: String,
    /// The secret of that key.
    pub secret: String,
    /// The version that it speaks: `1.0.3` or `2.0.0`.
    pub version: String,
    /// Only these verbs.
    pub verbs: Vec<String>,
    /// Only these activities.
    pub activities: Vec<String>,
    /// Only people of the unit with this code; empty for any.
    pub unit: String,
    /// Whether what is here already goes there too.
    pub from_the_beginning: bool,
}

/// Sets one up.
///
/// # Errors
/// [`Error::Invalid`] with everything that is wrong.
pub async fn add(app: &App, permit: &Permit<WriteForward>, new: NewForward) -> Result<ForwardId> {
    let mut faults = Vec::new();
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 {
        faults.push(Fault::at("name", "say in 1 to 100 characters which store it is"));
    }
    let url = new.url.trim().trim_end_matches('/').to_owned();
    if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 500 || !xapi::is_iri(&url)
    {
        faults.push(Fault::at(
            "url",
            "write the address of its xAPI resources, such as https://lrs.example.com/xapi",
        ));
    }
    if new.key.is_empty() || new.key.contains(':') || new.key.chars().any(char::is_control) {
        faults.push(Fault::at("key", "give the key that the store gave you; it holds no colon"));
    }
    if !matches!(new.version.as_str(), "1.0.3" | "2.0.0") {
        faults.push(Fault::at("version", "choose 1.0.3 or 2.0.0"));
    }
    for (place, list) in [("verbs", &new.verbs), ("activities", &new.activities)] {
        for iri in list.iter().filter(|iri| !xapi::is_iri(iri)) {
            faults.push(Fault::at(
                place,
                format!(
                    "`{iri}` is no IRI; write one a line, such as http://adlnet.gov/expapi/verbs/completed"
                ),
            ));
        }
    }
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let id: ForwardId = app.new_id();
    let code = new.unit.trim().to_owned();
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            let unit = match code.as_str() {
                "" => None,
                code => {
                    let found = store::people::units(tx)?.into_iter().find(|u| u.code == code).map(|u| u.id);
                    if found.is_none() {
                        faults.push(Fault::at("unit", format!("no unit has the code `{code}`")));
                    }
                    found
                }
            };
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            let position = if new.from_the_beginning { 0 } else { store::statements::last_seq(tx)? };
            let filter = Filter { verbs: new.verbs, activities: new.activities, unit };
            let text = serde_json::to_string(&filter).map_err(Error::internal)?;
            let forward = Forward {
                id,
                name,
                url,
                key: new.key,
                secret: new.secret,
                version: new.version,
                filter,
                position,
                created: now,
            };
            store::forwarding::add(tx, &forward, &text)?;
            let detail = format!("{} at {}", forward.name, forward.url);
            audit::note(tx, &ids, now, &by, "set up forwarding", &id.to_string(), &detail)
        })
        .await?;
    app.work.notify_one();
    Ok(id)
}

/// Ends one. What waits for it is withdrawn when its turn comes.
///
/// # Errors
/// [`Error::NotFound`] where there is none.
pub async fn end(app: &App, permit: &Permit<WriteForward>, id: ForwardId) -> Result<()> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            if !store::forwarding::end(tx, id)? {
                return Err(Error::NotFound("record store"));
            }
            audit::note(tx, &ids, now, &by, "ended forwarding", &id.to_string(), "")
        })
        .await?;
    app.post.notify_one();
    Ok(())
}

/// Sends again what one store could not be sent. Gives how many deliveries that is.
pub async fn replay(app: &App, permit: &Permit<WriteForward>, id: ForwardId) -> Result<u64> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let count = app
        .store
        .write(move |tx: &mut Tx| -> Result<u64> {
            if store::forwarding::forward(tx, id)?.is_none() {
                return Err(Error::NotFound("record store"));
            }
            let count = store::outbox::replay_all(tx, Some(&target(id)), now)?;
            audit::note(tx, &ids, now, &by, "sent again", &id.to_string(), &count.to_string())?;
            Ok(count)
        })
        .await?;
    app.post.notify_one();
    Ok(count)
}

/// One store and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The store. Its secret is empty here.
    pub forward: Forward,
    /// The name of the unit that it is limited to.
    pub unit: Option<String>,
    /// How many statements it has not been looked at for.
    pub behind: i64,
    /// Its deliveries.
    pub standing: Standing,
}

/// All of them.
pub async fn states(app: &App, _: &Permit<ReadDeliveries>) -> Result<Vec<State>> {
    app.store.read(states_in).await
}

/// All of them, in a read of the caller's.
pub(crate) fn states_in(r: &mut Read) -> Result<Vec<State>> {
    let last = store::statements::last_seq(r)?;
    let forwards = store::forwarding::forwards(r)?;
    let mut states = Vec::with_capacity(forwards.len());
    for forward in forwards {
        let unit = match forward.filter.unit {
            None => None,
            Some(id) => store::people::units(r)?.into_iter().find(|u| u.id == id).map(|u| u.name),
        };
        states.push(State {
            unit,
            behind: (last - forward.position).max(0),
            standing: store::forwarding::standing(r, &target(forward.id))?,
            forward: Forward { secret: String::new(), ..forward },
        });
    }
    Ok(states)
}

/// The people of a unit and of those below it, on a day.
fn people_of(r: &mut Read, unit: UnitId, day: Day) -> Result<BTreeSet<PersonId>> {
    let directory = store::people::directory(r)?;
    let units = OrgTree::on(day, &directory.placements).subtree(unit);
    let here = directory.memberships.iter().filter(|m| m.span.holds(day) && units.contains(&m.unit));
    Ok(here.map(|m| m.person).collect())
}

/// Queues the next statements for each store. Gives how many were looked at; 0 when nothing is to do.
pub(crate) async fn queue_next(app: &App, limit: u32) -> Result<usize> {
    if app.store.read(|r| -> Result<_> { Ok(store::forwarding::forwards(r)?.is_empty()) }).await? {
        return Ok(0);
    }
    let (ids, now, today) = (app.ids.clone(), app.now(), app.today());
    let (looked_at, queued) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(usize, bool)> {
            let (mut looked_at, mut queued) = (0, false);
            for forward in store::forwarding::forwards(tx)? {
                let target = target(forward.id);
                let room = AHEAD - store::forwarding::waiting(tx, &target)?;
                if room <= 0 {
                    continue;
                }
                let most = limit.min(room as u32 * TOGETHER as u32);
                let next = store::forwarding::after(tx, forward.position, most)?;
                let Some(last) = next.last().map(|s| s.seq) else { continue };
                looked_at += next.len();
                let chosen = choose(tx, &forward.filter, &next, today)?;
                if !store::forwarding::advance(tx, forward.id, forward.position, last)? {
                    continue;
                }
                for some in chosen.chunks(TOGETHER) {
                    let ids_of = some.iter().map(|(_, id)| *id).collect();
                    let payload = QueuedStatements { forward: forward.id, ids: ids_of };
                    queued |= crate::outbox::queue(tx, &ids, now, Kind::Statements, &target, None, &payload)?;
                }
            }
            Ok((looked_at, queued))
        })
        .await?;
    if queued {
        app.post.notify_one();
    }
    Ok(looked_at)
}

/// Which of some statements pass a filter: place and id. One that voids another is judged as that other is.
pub(crate) fn choose(r: &mut Read, filter: &Filter, next: &[Seen], today: Day) -> Result<Vec<(i64, Uuid)>> {
    let targets: Vec<Uuid> = next.iter().filter_map(|s| s.voids).collect();
    let voided = if targets.is_empty() { BTreeMap::new() } else { store::forwarding::seen(r, &targets)? };
    let judged: Vec<(&Seen, Option<&Seen>)> =
        next.iter().map(|s| (s, s.voids.and_then(|id| voided.get(&id)))).collect();
    let people = match filter.unit {
        None => None,
        Some(unit) => {
            let accounts: Vec<AccountId> =
                judged.iter().filter_map(|(s, other)| other.unwrap_or(s).account).collect();
            Some((people_of(r, unit, today)?, store::forwarding::persons_of(r, &accounts)?))
        }
    };
    let in_unit = |seen: &Seen| {
        people.as_ref().is_some_and(|(people, persons)| {
            seen.account.and_then(|a| persons.get(&a)).is_some_and(|p| people.contains(p))
        })
    };
    let mut said: BTreeMap<i64, xapi::Said> = BTreeMap::new();
    if filter.asks_what_is_said() {
        let seqs: Vec<i64> = judged.iter().map(|(s, other)| other.unwrap_or(s).seq).collect();
        let kept = store::statements::kept_at(r, &seqs)?;
        said.extend(kept.iter().filter_map(|kept| Some((kept.seq, xapi::said(&kept.text)?))));
    }
    let nothing = xapi::Said::default();
    Ok(judged
        .into_iter()
        .filter(|(s, other)| {
            let about = other.unwrap_or(s);
            let said = said.get(&about.seq).unwrap_or(&nothing);
            filter.passes(&said.verb, said.activity.as_deref(), in_unit(about))
        })
        .map(|(s, _)| (s.seq, s.id))
        .collect())
}
