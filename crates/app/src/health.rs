//! Is everything flowing? Feeds, what was refused, actors nobody is known for, the outbox and the pipeline.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadOperations, ReadOwnFeeds};
use domain::alerts::{Alert, Kind};
use domain::feeds::{Feed, FeedPeriod, Run, answers_for};
use domain::ids::{MetricId, PersonId, UnitId};
use domain::metrics::Metric;
use domain::people::Account;
use domain::time::Day;
use store::outbox::Queue;

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
    /// Other record stores, and how each stands.
    pub forwards: Vec<crate::forwarding::State>,
    /// Open alerts in which somebody says that the data are wrong.
    pub in_question: i64,
    /// Metrics about whose data somebody asks and for which nobody answers.
    pub unasked: Vec<String>,
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

/// Whether a person answers for any feed or metric.
pub async fn answers_for_data(app: &App, person: PersonId) -> Result<bool> {
    let owns = app
        .store
        .read(move |r| -> Result<bool> {
            Ok(store::feeds::feeds(r)?.iter().any(|f| f.owner == Some(person)))
        })
        .await?;
    Ok(owns || !metrics_of(app, person).await?.is_empty())
}

/// The metrics for whose data a person answers, by name.
pub async fn metrics_of(app: &App, person: PersonId) -> Result<Vec<Metric>> {
    app.store
        .read(move |r| -> Result<Vec<Metric>> {
            let feeds = store::feeds::feeds(r)?;
            let mut metrics = store::metrics::metrics(r)?;
            metrics.retain(|m| answers_for(m, &feeds) == Some(person));
            metrics.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(metrics)
        })
        .await
}

/// A metric by its code, and who answers for its data.
pub async fn who_answers_for(app: &App, code: &str) -> Result<Option<(MetricId, Option<PersonId>)>> {
    let code = code.trim().to_owned();
    app.store
        .read(move |r| -> Result<_> {
            let feeds = store::feeds::feeds(r)?;
            Ok(store::metrics::metric_by_code(r, &code)?.map(|m| (m.id, answers_for(&m, &feeds))))
        })
        .await
}

/// Reads how everything is.
pub async fn health(app: &App, _: Permit<ReadOperations>) -> Result<Health> {
    read(app, None).await
}

/// Reads how the feeds are that somebody answers for. What concerns the whole server is left out.
pub async fn health_of(app: &App, permit: Permit<ReadOwnFeeds>) -> Result<Health> {
    read(app, Some(permit.asked().0)).await
}

async fn read(app: &App, owner: Option<PersonId>) -> Result<Health> {
    let today = app.today();
    app.store
        .read(move |r| -> Result<Health> {
            let all = store::feeds::feeds(r)?;
            let metrics: BTreeMap<MetricId, Metric> = store::metrics::metrics(r)?
                .into_iter()
                .filter(|m| owner.is_none() || answers_for(m, &all) == owner)
                .map(|m| (m.id, m))
                .collect();
            let mut feeds = Vec::new();
            for feed in all.iter().filter(|f| owner.is_none() || f.owner == owner).cloned() {
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
                .filter(|a| a.kind == Kind::NoData && metrics.contains_key(&a.metric))
                .map(|a| {
                    let name = a.subject.unit().and_then(|u| units.get(&u).cloned()).unwrap_or_default();
                    (a, name)
                })
                .collect();
            if owner.is_some() {
                let in_question =
                    store::alerts::in_question(r, &metrics.keys().copied().collect::<Vec<_>>())?;
                return Ok(Health {
                    feeds,
                    silent,
                    metrics,
                    unresolved_total: 0,
                    unresolved: Vec::new(),
                    queue: Queue::default(),
                    backlog: Vec::new(),
                    forwards: Vec::new(),
                    in_question: in_question.len() as i64,
                    unasked: Vec::new(),
                });
            }
            let questioned = store::alerts::in_question(r, &metrics.keys().copied().collect::<Vec<_>>())?;
            let unasked = metrics
                .values()
                .filter(|m| questioned.iter().any(|a| a.metric == m.id))
                .filter(|m| answers_for(m, &all).is_none())
                .map(|m| m.name.clone())
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
                queue: store::outbox::queue_state(r)?,
                backlog: store::pipeline::backlog(r)?,
                forwards: crate::forwarding::states_in(r)?,
                in_question: store::alerts::count_in_question(r)?,
                unasked,
            })
        })
        .await
}
