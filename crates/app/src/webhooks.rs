//! Webhook endpoints: made by a machine with the scope or by whoever administers the host, allowed by the person whose notices they get.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadDeliveries, ReadWebhooks, Viewer, WriteWebhooks};
use domain::ids::{EndpointId, PersonId};
use domain::outbox::Kind;
use domain::people::PersonState;
use domain::time::Instant;
use domain::webhooks::{Endpoint, Event, Format, OLD_SECRET_HOLDS, Readers, State};
use serde_json::{Value, json};
use store::db::{Read, Tx};

use crate::notify::{Teller, Telling};
use crate::outbox::log::{Log, Wanted};
use crate::outbox::mail::Concern;
use crate::outbox::webhook::QueuedHook;
use crate::{App, Error, Fault, Ids, Result, audit, outbox};

/// The most endpoints of an installation: each is asked at every notice.
const MOST: usize = 500;

/// An endpoint as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEndpoint {
    /// What it is, in words.
    pub name: String,
    /// Where to send.
    pub url: String,
    /// In which form.
    pub format: Format,
    /// The code of the person whose notices it gets; `None` for facts about nobody in particular.
    pub person: Option<String>,
}

fn random() -> Result<Vec<u8>> {
    let mut bytes = vec![0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(e.to_string()))?;
    Ok(bytes)
}

/// Makes an endpoint. Gives it with its secret as it is shown this once.
///
/// An endpoint of a person is told nothing until that person allows it; they are asked at once.
///
/// # Errors
/// [`Error::Invalid`] with every fault at once.
pub async fn create(
    app: &App,
    permit: &Permit<WriteWebhooks>,
    new: NewEndpoint,
) -> Result<(Endpoint, String)> {
    let mut faults = Vec::new();
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        faults.push(Fault::at("name", "say in 1 to 100 characters what the endpoint is"));
    }
    let url = new.url.trim().to_owned();
    // Whether its host is public is asked each time something is sent; here only what can never be right is refused.
    if let Err(error) = connect::http::is_address(&url) {
        faults.push(Fault::at("url", error));
    } else if url.len() > 2000 {
        faults.push(Fault::at("url", "longer than 2,000 characters"));
    }
    let secret = random()?;
    let (teller, by) = (Teller::of(app), permit.by().to_owned());
    let (fresh, shown) = (secret.clone(), name.clone());
    let endpoint = app
        .store
        .write(move |tx: &mut Tx| -> Result<Endpoint> {
            let person = match &new.person {
                Some(code) => {
                    let found = store::people::person_by_code(tx, code)?;
                    if found.as_ref().is_none_or(|p| p.state != PersonState::Active) {
                        faults.push(Fault::at("person", format!("nobody who works here has the code `{code}`")));
                    }
                    found
                }
                None => None,
            };
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            if store::webhooks::all(tx)?.len() >= MOST {
                return Err(Error::Conflict(format!("there are {MOST} endpoints already; take one away first")));
            }
            let endpoint = Endpoint {
                id: teller.ids.next(teller.now),
                name: shown,
                url,
                format: new.format,
                person: person.as_ref().map(|p| p.id),
                readers: Readers::Others,
                state: if person.is_some() { State::Asked } else { State::On },
                reason: String::new(),
                secret: fresh,
                old_secret: None,
                created: teller.now,
                created_by: by.clone(),
            };
            store::webhooks::put(tx, &endpoint)?;
            let detail = format!("{} at {}", endpoint.name, endpoint.host());
            audit::note(
                tx,
                &teller.ids,
                teller.now,
                &by,
                "made a webhook endpoint",
                &endpoint.id.to_string(),
                &detail,
            )?;
            if let Some(person) = person {
                let telling = Telling {
                    about: "channel",
                    about_id: endpoint.id.uuid(),
                    text: format!("“{}” asks to get what you are told", endpoint.name),
                    more: format!(
                        "“{}” at {} asks to get what you are told here. Nothing is sent there until you allow it.",
                        endpoint.name,
                        endpoint.host()
                    ),
                    path: "/channels".into(),
                };
                teller.tell(tx, &person, &telling)?;
            }
            Ok(endpoint)
        })
        .await?;
    app.post.notify_one();
    Ok((endpoint, connect::webhook::shown_secret(&secret)))
}

/// Every endpoint with its person's name, oldest first.
pub async fn list(app: &App, _: &Permit<ReadDeliveries>) -> Result<Vec<(Endpoint, Option<String>)>> {
    app.store
        .read(|r| -> Result<_> {
            let all = store::webhooks::all(r)?;
            let people: Vec<PersonId> = all.iter().filter_map(|e| e.person).collect();
            let names = store::people::names(r, &people)?;
            let named = |e: &Endpoint| e.person.and_then(|p| names.get(&p).cloned());
            Ok(all.iter().map(|e| (e.clone(), named(e))).collect())
        })
        .await
}

async fn change<T: Send + 'static>(
    app: &App,
    id: EndpointId,
    act: impl FnOnce(&mut Tx, &Ids, Instant, Endpoint) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (now, ids) = (app.now(), app.ids.clone());
    let done = app
        .store
        .write(move |tx: &mut Tx| -> Result<T> {
            let endpoint = store::webhooks::endpoint(tx, id)?.ok_or(Error::NotFound("endpoint"))?;
            act(tx, &ids, now, endpoint)
        })
        .await?;
    app.post.notify_one();
    Ok(done)
}

/// Takes an endpoint away. What waits for it is withdrawn when its turn comes.
///
/// # Errors
/// [`Error::NotFound`] where there is none.
pub async fn remove(app: &App, permit: &Permit<WriteWebhooks>, id: EndpointId) -> Result<()> {
    let by = permit.by().to_owned();
    change(app, id, move |tx, ids, now, endpoint| {
        store::webhooks::remove(tx, id)?;
        audit::note(tx, ids, now, &by, "took away a webhook endpoint", &id.to_string(), &endpoint.name)
    })
    .await
}

/// Gives an endpoint a new secret, shown this once. The old one signs too for a day.
///
/// # Errors
/// [`Error::NotFound`] where there is no such endpoint.
pub async fn rotate(app: &App, permit: &Permit<WriteWebhooks>, id: EndpointId) -> Result<String> {
    let (by, secret) = (permit.by().to_owned(), random()?);
    let fresh = secret.clone();
    change(app, id, move |tx, ids, now, mut endpoint| {
        let old = std::mem::replace(&mut endpoint.secret, fresh);
        endpoint.old_secret = Some((old, now.plus_seconds(OLD_SECRET_HOLDS)));
        store::webhooks::put(tx, &endpoint)?;
        audit::note(tx, ids, now, &by, "changed a webhook secret", &id.to_string(), "")
    })
    .await?;
    Ok(connect::webhook::shown_secret(&secret))
}

/// Sends a test to an endpoint that is not off.
///
/// # Errors
/// [`Error::NotFound`] where there is no such endpoint, [`Error::Conflict`] where it is off.
pub async fn test(app: &App, _: &Permit<WriteWebhooks>, id: EndpointId) -> Result<()> {
    change(app, id, |tx, ids, now, endpoint| queue_test(tx, ids, now, &endpoint)).await
}

fn queue_test(tx: &mut Tx, ids: &Ids, now: Instant, endpoint: &Endpoint) -> Result<()> {
    if endpoint.state == State::Off {
        return Err(Error::Conflict(format!("this endpoint is off: {}", endpoint.reason)));
    }
    let hook = QueuedHook {
        endpoint: endpoint.id,
        event: Event::Test.word().into(),
        text: "This is a test: notices reach you here.".into(),
        more: String::new(),
        path: String::new(),
        data: json!({ "endpoint": endpoint.id.to_string() }),
        taps: Vec::new(),
        concern: None,
    };
    outbox::queue(tx, ids, now, Kind::Webhook, &endpoint.target(), None, &hook)?;
    Ok(())
}

/// Turns an endpoint that went off by itself on again, and sends what was parked for it.
///
/// # Errors
/// [`Error::NotFound`] where there is no such endpoint, [`Error::Conflict`] where its person stopped it.
pub async fn replay(app: &App, permit: &Permit<WriteWebhooks>, id: EndpointId) -> Result<u64> {
    let by = permit.by().to_owned();
    change(app, id, move |tx, ids, now, mut endpoint| {
        if endpoint.state == State::Off && endpoint.reason == STOPPED {
            return Err(Error::Conflict("its person stopped it; only they can allow it again".into()));
        }
        if endpoint.state == State::Off {
            (endpoint.state, endpoint.reason) = (State::On, String::new());
            store::webhooks::put(tx, &endpoint)?;
        }
        let count = store::outbox::replay_all(tx, Some(&endpoint.target()), now)?;
        audit::note(tx, ids, now, &by, "sent again", &id.to_string(), &count.to_string())?;
        Ok(count)
    })
    .await
}

/// What was sent to an endpoint, newest first.
pub async fn log(
    app: &App,
    _: &Permit<ReadWebhooks>,
    may: Permit<ReadDeliveries>,
    id: EndpointId,
) -> Result<Log> {
    let wanted = Wanted { target: Some(domain::webhooks::target(id)), ..Wanted::default() };
    outbox::log::read(app, may, wanted, 200).await
}

/// Why an endpoint is off that its person stopped.
const STOPPED: &str = "stopped by its person";

/// The endpoints that ask for or get what the person who asks is told.
pub async fn own(app: &App, viewer: &Viewer) -> Result<Vec<Endpoint>> {
    let person = viewer.person;
    app.store.read(move |r| -> Result<_> { Ok(store::webhooks::of_person(r, person)?) }).await
}

/// What a person does with an endpoint of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAct {
    /// Allows it, and says who reads it.
    Allow(Readers),
    /// Stops it.
    Stop,
    /// Sends a test.
    Test,
}

/// A person allows, stops or tests an endpoint of their own.
///
/// # Errors
/// [`Error::NotFound`] where it is not theirs.
pub async fn decide(app: &App, viewer: &Viewer, id: EndpointId, what: OwnAct) -> Result<()> {
    let (person, by) = (viewer.person, viewer.person.to_string());
    change(app, id, move |tx, ids, now, mut endpoint| {
        if endpoint.person != Some(person) {
            return Err(Error::NotFound("endpoint"));
        }
        let word = match what {
            OwnAct::Test => return queue_test(tx, ids, now, &endpoint),
            OwnAct::Allow(readers) => {
                (endpoint.state, endpoint.readers, endpoint.reason) = (State::On, readers, String::new());
                "allowed a webhook endpoint"
            }
            OwnAct::Stop => {
                (endpoint.state, endpoint.reason) = (State::Off, STOPPED.into());
                "stopped a webhook endpoint"
            }
        };
        store::webhooks::put(tx, &endpoint)?;
        audit::note(tx, ids, now, &by, word, &id.to_string(), endpoint.readers.word())
    })
    .await
}

/// Queues what a person was told for their endpoints, in the transaction of the telling.
pub(crate) fn notice(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    concern: &Concern,
    telling: &Telling,
    taps: &[(String, String)],
) -> Result<()> {
    for endpoint in store::webhooks::of_person(tx, concern.person)? {
        if endpoint.state != State::On {
            continue;
        }
        let hook = QueuedHook {
            endpoint: endpoint.id,
            event: Event::Notice.word().into(),
            text: telling.text.clone(),
            more: telling.more.clone(),
            path: telling.path.clone(),
            data: json!({ "about": telling.about }),
            taps: if endpoint.readers == Readers::Alone { taps.to_vec() } else { Vec::new() },
            concern: Some(concern.clone()),
        };
        outbox::queue(tx, ids, now, Kind::Webhook, &endpoint.target(), None, &hook)?;
    }
    Ok(())
}

/// Queues a fact about nobody in particular for the endpoints of nobody, in the transaction of the fact.
pub(crate) fn announce(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    event: Event,
    text: &str,
    path: &str,
    data: &Value,
) -> Result<()> {
    for endpoint in store::webhooks::of_nobody(tx)?.into_iter().filter(|e| e.state == State::On) {
        let hook = QueuedHook {
            endpoint: endpoint.id,
            event: event.word().into(),
            text: text.to_owned(),
            more: String::new(),
            path: path.to_owned(),
            data: data.clone(),
            taps: Vec::new(),
            concern: None,
        };
        outbox::queue(tx, ids, now, Kind::Webhook, &endpoint.target(), None, &hook)?;
    }
    Ok(())
}

/// Turns off an endpoint that says it is no more, and tells its person, or whoever runs the installation where it is nobody's.
pub(crate) fn gone(tx: &mut Tx, teller: &Teller, target: &str, why: &str) -> Result<()> {
    let id = target.strip_prefix("webhook:").and_then(|id| id.parse::<EndpointId>().ok());
    let Some(mut endpoint) = id.map(|id| store::webhooks::endpoint(tx, id)).transpose()?.flatten() else {
        return Ok(());
    };
    if endpoint.state == State::Off {
        return Ok(());
    }
    (endpoint.state, endpoint.reason) = (State::Off, format!("it says that it is no more: {why}"));
    store::webhooks::put(tx, &endpoint)?;
    let told = match endpoint.person {
        Some(person) => vec![person],
        None => store::access::holders_on(tx, domain::access::AccessRole::Admin, teller.today)?,
    };
    let telling = Telling {
        about: "channel",
        about_id: endpoint.id.uuid(),
        text: format!("“{}” is off: it says that it is no more", endpoint.name),
        more: format!(
            "“{}” at {} says that it is no more, so nothing is sent there.",
            endpoint.name,
            endpoint.host()
        ),
        path: if endpoint.person.is_some() { "/channels".into() } else { "/deliveries".into() },
    };
    for person in told {
        if let Some(person) = store::people::person(tx, person)? {
            teller.tell(tx, &person, &telling)?;
        }
    }
    audit::note(
        tx,
        &teller.ids,
        teller.now,
        "host",
        "turned off a webhook endpoint",
        &endpoint.id.to_string(),
        why,
    )
}

/// Endpoints by their place in the outbox, in words.
pub(crate) fn names(r: &mut Read) -> Result<BTreeMap<String, String>> {
    let all = store::webhooks::all(r)?;
    Ok(all.into_iter().map(|e| (e.target(), format!("{} at {}", e.name, e.host()))).collect())
}
