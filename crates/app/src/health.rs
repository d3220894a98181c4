//! Is everything flowing? Feeds, what was refused, actors nobody is known for, the outbox and the pipeline.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadOperations};
use domain::alerts::{Alert, Kind};
use domain::feeds::{Feed, FeedPeriod, Run};
use domain::ids::{FeedId, MetricId, PersonId, UnitId};
use domain::metrics::Metric;
use domain::people::Account;
use domain::time::Day;
use store::jobs::Queue;

use crate::{App, Result};

/// Everything the page of data health shows. Counts and feeds; no values and no names of people.
#[derive(Debug, Clone)]
pub struct Health {
    /// Every feed with its newest arrivals and what came for its periods.
    pub feeds: Vec<FeedHealth>,
    /// Open alerts about silent feeds, with the unit's name.
    pub silent: Vec<(Alert, String)>,
    /// Metrics by id, for naming what a feed brings.
    pub metrics: BTreeMap<MetricId, Metric>,
    /// How many accounts wait for their person.
    pub unresolved_total: i64,
    /// The first of them, with how many statements wait.
    pub unresolved: Vec<(Account, i64)>,
    /// The outbox.
    pub queue: Queue,
    /// What the pipeline still has to do, by step.
    pub backlog: Vec<(String, i64)>,
    /// Open alerts in which somebody says that the data are wrong.
    pub in_question: i64,
}

/// One feed.
#[derive(Debug, Clone)]
pub struct FeedHealth {
    /// The feed.
    pub feed: Feed,
    /// Its newest arrivals, newest first.
    pub runs: Vec<Run>,
    /// What came for its newest periods, in order.
    pub periods: Vec<FeedPeriod>,
    /// The newest period for which anything came.
    pub newest: Option<Day>,
}

/// The feeds that a person answers for.
pub async fn feeds_owned(app: &App, person: PersonId) -> Result<Vec<FeedId>> {
    app.store
        .read(move |r| -> Result<Vec<FeedId>> {
            Ok(store::feeds::feeds(r)?
                .into_iter()
                .filter(|f| f.owner == Some(person))
                .map(|f| f.id)
                .collect())
        })
        .await
}

/// Reads how everything is.
pub async fn health(app: &App, _: Permit<ReadOperations>) -> Result<Health> {
    let today = app.today();
    app.store
        .read(move |r| -> Result<Health> {
            let metrics: BTreeMap<MetricId, Metric> =
                store::metrics::metrics(r)?.into_iter().map(|m| (m.id, m)).collect();
            let mut feeds = Vec::new();
            for feed in store::feeds::feeds(r)? {
                let runs = store::feeds::runs(r, feed.id, 40)?;
                let since = feed.cadence.rolled().step(feed.cadence.rolled().start(today), -26);
                let periods = store::feeds::periods(r, feed.id, since)?;
                let mut newest = periods.iter().filter(|p| p.received > 0).map(|p| p.period).max();
                if newest.is_none() {
                    for metric in metrics.values().filter(|m| m.feed == Some(feed.id)) {
                        newest = newest.max(store::metrics::span(r, metric.id)?.map(|s| s.1));
                    }
                }
                feeds.push(FeedHealth { feed, runs, periods, newest });
            }
            let units: BTreeMap<UnitId, String> =
                store::people::units(r)?.into_iter().map(|u| (u.id, u.name)).collect();
            let silent = store::alerts::open_of_units(r)?
                .into_iter()
                .filter(|a| a.kind == Kind::NoData)
                .map(|a| {
                    let name = a.subject.unit().and_then(|u| units.get(&u).cloned()).unwrap_or_default();
                    (a, name)
                })
                .collect();
            let accounts = store::people::unresolved_accounts(r, None, 20)?;
            let mut unresolved = Vec::with_capacity(accounts.len());
            for account in accounts {
                let waiting = store::people::statements_of(r, account.id)?;
                unresolved.push((account, waiting));
            }
            Ok(Health {
                feeds,
                silent,
                metrics,
                unresolved_total: store::people::unresolved_count(r)?,
                unresolved,
                queue: store::jobs::queue_state(r)?,
                backlog: store::pipeline::backlog(r)?,
                in_question: store::alerts::count_in_question(r)?,
            })
        })
        .await
}
