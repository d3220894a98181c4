//! Minutes of learning beside the work: what goes together, within people and between them. It says nothing of why.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadStudyResult};
use domain::ids::{MetricId, PersonId, UnitId};
use domain::metrics::{Grain, Level, Metric};
use domain::studies::together::{self, Pair};
use domain::time::Day;
use store::db::Read;
use uuid::Uuid;

use crate::{App, Error, Result};

/// Periods that are looked at.
const PERIODS: i32 = 52;

/// What is shown on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct MinutesBeside {
    /// Metrics to choose from: those of persons' work, by name.
    pub metrics: Vec<Metric>,
    /// The one that was looked at; `None` where there is none.
    pub metric: Option<Metric>,
    /// First and last period.
    pub window: (Day, Day),
    /// What goes together, or why it cannot be said; `None` where no metric was looked at.
    pub found: Option<std::result::Result<together::Together, String>>,
}

/// Reads learning minutes beside one metric of work, over the last year.
pub async fn minutes_beside(
    app: &App,
    permit: &Permit<ReadStudyResult>,
    metric: Option<MetricId>,
) -> Result<MinutesBeside> {
    let _ = permit;
    let today = app.today();
    let (mut read, pairs) = app
        .store
        .read(move |r| -> Result<(MinutesBeside, Vec<Pair>)> {
            let mut metrics = store::metrics::metrics(r)?;
            metrics.retain(|m| m.grain == Grain::Person && m.level != Level::Solution);
            metrics.sort_by_cached_key(|m| domain::people::fold(&m.name));
            let chosen = match metric {
                Some(id) => Some(metrics.iter().find(|m| m.id == id).ok_or(Error::NotFound("metric"))?),
                None => metrics.iter().find(|m| m.level == Level::Performance).or(metrics.first()),
            };
            let chosen = chosen.cloned();
            let (window, pairs) = match &chosen {
                Some(metric) => pairs(r, metric, today)?,
                None => ((today, today), Vec::new()),
            };
            Ok((MinutesBeside { metrics, metric: chosen, window, found: None }, pairs))
        })
        .await?;
    if read.metric.is_some() {
        let found =
            tokio::task::spawn_blocking(move || together::together(&pairs)).await.map_err(Error::internal)?;
        read.found = Some(found.into_result().map_err(|reason| reason.sentence()));
    }
    Ok(read)
}

/// One pair for each person and period in which the metric was observed, of people who have learnt anything at all here:
/// for the others it is not known whether their learning is recorded.
fn pairs(r: &mut Read, metric: &Metric, today: Day) -> Result<((Day, Day), Vec<Pair>)> {
    let cadence = metric.cadence.rolled();
    let last = cadence.step(cadence.start(today), -1);
    let first = cadence.step(last, 1 - PERIODS);
    let end = cadence.step(last, 1);
    let mut minutes: BTreeMap<PersonId, BTreeMap<Day, f64>> = BTreeMap::new();
    for (person, day, spent) in store::learning::minutes(r, first, end.plus(-1))? {
        *minutes.entry(person).or_default().entry(cadence.start(day)).or_default() += spent;
    }
    let units: BTreeMap<Uuid, UnitId> =
        store::people::places_on(r, last)?.into_iter().map(|(person, unit)| (person.uuid(), unit)).collect();
    let mut groups: BTreeMap<UnitId, u32> = BTreeMap::new();
    let mut pairs = Vec::new();
    // The values of one subject follow one another, so each is looked up once.
    let mut people = 0;
    type Known<'a> = (u32, &'a BTreeMap<Day, f64>);
    let mut held: Option<(Uuid, Option<Known>)> = None;
    store::metrics::each_value(r, metric.id, first, last, |subject, period, value| {
        if held.is_none_or(|(of, _)| of != subject) {
            let known =
                minutes.get(&PersonId::new(subject)).zip(units.get(&subject)).map(|(learnt, unit)| {
                    people += 1;
                    let next = groups.len() as u32;
                    (*groups.entry(*unit).or_insert(next), learnt)
                });
            held = Some((subject, known));
        }
        if let Some((_, Some((group, learnt)))) = held {
            pairs.push((people, group, learnt.get(&period).copied().unwrap_or(0.0), value));
        }
    })?;
    Ok(((first, last), pairs))
}
