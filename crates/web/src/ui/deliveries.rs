//! The delivery log: what left the server, what waits, what is parked.

use app::App;
use app::outbox::log::{self, Wanted};
use axum::extract::State;
use domain::access::{ReadDeliveries, Relation, ReplayDeliveries, permit};
use domain::ids::DeliveryId;
use domain::outbox::{Kind, State as Standing};
use serde::Deserialize;

use super::format;
use super::view::{DeliveriesPage, DeliveryRow, Place, Status, TargetRow};
use crate::extract::{Form, Path, Query};
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;
use crate::ui::format::Moment;

/// How many deliveries one page shows.
const SHOWN: u32 = 50;

/// What the page is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    state: Option<Standing>,
    #[serde(default)]
    before: Option<DeliveryId>,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(which): Query<Which>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadDeliveries(()))?;
    let wanted = Wanted { state: which.state, before: which.before, ..Wanted::default() };
    let log = log::read(&app, may, wanted, SHOWN).await?;
    let zone = &app.settings.zone;
    let may_send = permit(&asker.who, Relation::NONE, ReplayDeliveries(())).is_ok();
    let mut shell = page::shell(&app, &asker, "Delivery log").await?;
    shell.here = Some(Place::Health);
    let oldest_shown = log.deliveries.last().map(|l| l.delivery.id);
    let full = log.deliveries.len() as u32 == SHOWN;
    let targets = log.targets.into_iter().map(|(t, name)| TargetRow {
        name,
        by: by(t.kind).to_owned(),
        waiting: t.waiting.unsigned_abs(),
        parked: t.parked.unsigned_abs(),
        oldest: t.oldest.map(|at| Moment::of(at, zone)),
    });
    let rows = log.deliveries.into_iter().map(|l| {
        let d = l.delivery;
        let (status, words) = match d.state {
            Standing::Sent => (Status::Usual, "Sent"),
            Standing::Waiting if d.attempts == 0 => (Status::NoData, "Waits"),
            Standing::Waiting => (Status::DataLate, "Tried again"),
            Standing::Parked => (Status::OffTarget, "Parked"),
            Standing::Withdrawn => (Status::NoData, "Withdrawn"),
        };
        DeliveryRow {
            id: d.id.to_string(),
            queued: Moment::of(d.created_at, zone),
            by: by(d.kind).to_owned(),
            to: l.to,
            status,
            status_words: words.to_owned(),
            next: (d.state == Standing::Waiting && d.attempts > 0).then(|| Moment::of(d.next_at, zone)),
            said: l.tries.last().map(|t| t.words.clone()).unwrap_or_default(),
            tries: l
                .tries
                .iter()
                .map(|t| (Moment::of(t.at, zone), t.outcome.clone(), t.words.clone()))
                .collect(),
            again: may_send && d.state == Standing::Parked,
        }
    });
    let q = &log.queue;
    let page = DeliveriesPage {
        waiting: q.waiting.unsigned_abs(),
        parked: q.parked.unsigned_abs(),
        oldest: q.oldest.map(|at| Moment::of(at, zone)),
        state: which.state.map_or("", Standing::word),
        targets: targets.collect(),
        rows: rows.collect(),
        older: oldest_shown.filter(|_| full).map(|id| {
            let state = which.state.map_or_else(String::new, |s| format!("state={s}&"));
            format!("/deliveries?{state}before={id}")
        }),
        may_send,
        shell,
    };
    page::html(&page)
}

/// How it leaves, in words.
const fn by(kind: Kind) -> &'static str {
    match kind {
        Kind::Mail => "Mail",
        Kind::Webhook => "Webhook",
        Kind::Statements => "Statements",
    }
}

/// Sends one parked delivery again.
pub async fn replay(State(app): State<App>, asker: Asker, Path(id): Path<DeliveryId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReplayDeliveries(()))?;
    log::replay(&app, &may, id).await?;
    Ok(page::done("/deliveries", "It is tried again now."))
}

/// A form without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Sends everything parked again.
pub async fn replay_all(State(app): State<App>, asker: Asker, Form(_): Form<Nothing>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReplayDeliveries(()))?;
    let count = log::replay_all(&app, &may).await?;
    let what = match count {
        0 => "Nothing was parked.".to_owned(),
        n => format!("{} tried again now.", format::plural(n, "delivery is", "deliveries are")),
    };
    Ok(page::done("/deliveries", &what))
}
