//! Metrics: define them, take observations in, roll them up.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Permit, ReadOrgBoard, SendObservations};
use domain::feeds::{Problem, Run};
use domain::ids::{FeedId, MetricId, RunId};
use domain::metrics::{Draft, Grain, Leaf, Metric, Quantity, accept, over_time, up_the_tree};
use domain::people::{Membership, OrgTree};
use domain::time::{Cadence, Day, Instant};
use store::db::{Read, Tx};
pub use store::metrics::Version;
use store::metrics::{Observation, Reading};
use store::people::Directory;
use store::pipeline::Key;
use uuid::Uuid;

use crate::interventions::attempt;
use crate::people::Change;
use crate::{App, Error, Fault, Result};

/// The pipeline step that rolls readings up to units; its keys are metric and period.
pub const UNITS: &str = "units";

/// One observation as it arrives: everything by the codes of the systems it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// Where it stands in what was sent: a line of a file, or an item counted from 1.
    pub line: u64,
    /// The metric's code.
    pub metric: String,
    /// The person's or unit's code, or the key of one of the person's accounts.
    pub subject: String,
    /// Any day of its period.
    pub day: Day,
    /// The number.
    pub quantity: Quantity,
}

/// What to do with a batch that holds bad rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnProblem {
    /// Refuse the whole batch and list the rows. Nothing is half-applied.
    #[default]
    Refuse,
    /// Take the good rows and list the others.
    Skip,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Receipt {
    /// The run that was recorded; `None` where nothing was applied or no feed is concerned.
    pub run: Option<RunId>,
    /// New observations.
    pub accepted: i64,
    /// There already, with the same value.
    pub unchanged: i64,
    /// Corrections: a new revision was added.
    pub corrected: i64,
    /// The corrections, each with what was and what is; the first [`LISTED`] of them.
    pub corrections: Vec<Change>,
    /// Rows refused, with reasons.
    pub problems: Vec<Problem>,
}

/// So many corrections are listed one by one; the others are counted.
pub const LISTED: usize = 1_000;

/// At most so many observations in one batch; a longer file is sent in several.
pub const BATCH_MAX: usize = 2_000_000;

/// Takes a batch of observations in: idempotent by metric, subject and period; a different value is a correction.
///
/// With `dry_run` nothing is written and the receipt says what would have been.
pub async fn record(
    app: &App,
    permit: &Permit<SendObservations>,
    source: &str,
    items: Vec<Incoming>,
    on_problem: OnProblem,
    dry_run: bool,
) -> Result<Receipt> {
    if items.len() > BATCH_MAX {
        return Err(Error::TooLarge(format!(
            "{} observations in one batch; send at most {BATCH_MAX}",
            items.len()
        )));
    }
    let now = app.now();
    let source = source.to_owned();
    let by = permit.by().to_owned();
    let zone = app.settings.zone.clone();
    let ids = app.ids.clone();
    let work = move |tx: &mut Tx| -> Result<Receipt> {
        let (rows, mut problems) = resolve(tx, &items, now, &zone)?;
        if !problems.is_empty() && on_problem == OnProblem::Refuse {
            return Err(Error::Invalid(faults(&problems)));
        }
        let mut receipt = Receipt::default();
        let Compared { fresh, unchanged, corrected, corrections } = compare(tx, &items, &rows, now)?;
        receipt.unchanged = unchanged;
        receipt.corrected = corrected;
        receipt.corrections = corrections;
        receipt.accepted = fresh.len() as i64 - corrected;
        if !dry_run {
            // One run for each feed concerned, so that the health of each is seen by itself.
            let metrics: BTreeMap<MetricId, &Metric> =
                rows.iter().map(|r| (r.metric.id, &r.metric)).collect();
            let feeds: BTreeSet<_> = metrics.values().filter_map(|m| m.feed).collect();
            let mut fresh = fresh;
            for feed in feeds {
                let run = ids.next::<RunId>(now);
                let mut counted = [0_i64; 2];
                for o in fresh.iter_mut().filter(|o| metrics[&o.metric].feed == Some(feed)) {
                    o.run = Some(run);
                    counted[usize::from(o.revision > 1)] += 1;
                }
                let sent = rows.iter().filter(|r| r.metric.feed == Some(feed)).count() as i64;
                store::feeds::add_run(
                    tx,
                    &Run {
                        id: run,
                        feed,
                        at: now,
                        source: source.clone(),
                        accepted: counted[0],
                        unchanged: sent - counted[0] - counted[1],
                        corrected: counted[1],
                        refused: problems.len() as i64,
                        problems: problems.iter().take(100).cloned().collect(),
                    },
                )?;
                receipt.run = Some(run);
            }
            let metrics: BTreeMap<MetricId, Metric> =
                metrics.into_iter().map(|(id, m)| (id, m.clone())).collect();
            write(tx, &metrics, &fresh)?;
            crate::audit::note(
                tx,
                &ids,
                now,
                &by,
                "observations.record",
                &source,
                &format!("{} new, {} corrected", receipt.accepted, corrected),
            )?;
        }
        receipt.problems = std::mem::take(&mut problems);
        Ok(receipt)
    };
    let receipt = app.store.write(work).await?;
    app.work.notify_one();
    Ok(receipt)
}

pub(crate) fn faults(problems: &[Problem]) -> Vec<Fault> {
    problems
        .iter()
        .map(|p| Fault::at(format!("line {}, {}", p.line, p.column), format!("`{}`: {}", p.value, p.reason)))
        .collect()
}

/// A row whose codes are known and whose value is acceptable.
struct Row {
    /// Its place among what was sent.
    item: usize,
    metric: Metric,
    subject: Uuid,
    period: Day,
    quantity: Quantity,
}

fn resolve(
    tx: &mut Read,
    items: &[Incoming],
    now: Instant,
    zone: &domain::time::Zone,
) -> Result<(Vec<Row>, Vec<Problem>)> {
    let distinct = |pick: fn(&Incoming) -> &String| -> Vec<String> {
        items.iter().map(pick).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    };
    let metrics: BTreeMap<String, Metric> =
        store::metrics::metrics(tx)?.into_iter().map(|m| (m.code.clone(), m)).collect();
    let codes = distinct(|i| &i.subject);
    let mut persons: BTreeMap<String, Uuid> =
        store::people::person_ids(tx, &codes)?.into_iter().map(|(c, id)| (c, id.uuid())).collect();
    let units: BTreeMap<String, Uuid> =
        store::people::unit_ids(tx, &codes)?.into_iter().map(|(c, id)| (c, id.uuid())).collect();
    let unknown: Vec<String> = codes.into_iter().filter(|c| !persons.contains_key(c)).collect();
    let accounts = store::people::accounts_by_key(tx, &unknown)?;
    persons.extend(accounts.into_iter().filter_map(|(key, a)| a.person.map(|p| (key, p.uuid()))));
    let zones: Vec<domain::time::Zone> =
        store::people::units(tx)?.iter().filter_map(|u| u.own_zone()).collect();
    // A period is refused only when it has begun nowhere in the organisation yet.
    let today =
        zones.iter().map(|z| now.day(z)).chain([now.day(zone)]).max().unwrap_or_else(|| now.day(zone));

    let mut rows = Vec::with_capacity(items.len());
    let mut problems = Vec::new();
    let mut seen: BTreeMap<(MetricId, Uuid, Day), u64> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let mut refuse = |column: &str, value: String, reason: String| {
            problems.push(Problem {
                line: item.line,
                column: column.into(),
                value: value.chars().take(80).collect(),
                reason,
            });
        };
        let Some(metric) = metrics.get(&item.metric) else {
            refuse(
                "metric",
                item.metric.clone(),
                "no metric has this code; define it first, or correct the code".into(),
            );
            continue;
        };
        let subject = match metric.grain {
            Grain::Person => persons.get(&item.subject),
            Grain::Unit => units.get(&item.subject),
        };
        let Some(&subject) = subject else {
            let what = match metric.grain {
                Grain::Person => {
                    "no person has this code or account; import the person first, or correct the code"
                }
                Grain::Unit => "no org unit has this code; import the unit first, or correct the code",
            };
            refuse("subject", item.subject.clone(), what.into());
            continue;
        };
        let (period, quantity) = match accept(metric, Draft { day: item.day, quantity: item.quantity }, today)
        {
            Ok(accepted) => accepted,
            Err(reason) => {
                let column = if matches!(reason, domain::metrics::Refusal::InFuture { .. }) {
                    "period"
                } else {
                    "value"
                };
                refuse(column, item.day.to_string(), reason.to_string());
                continue;
            }
        };
        if let Some(first) = seen.insert((metric.id, subject, period), item.line) {
            refuse(
                "period",
                item.day.to_string(),
                format!(
                    "the same metric, subject and period stands on line {first} already; keep one of the two"
                ),
            );
            continue;
        }
        rows.push(Row { item: at, metric: metric.clone(), subject, period, quantity });
    }
    Ok((rows, problems))
}

/// What a batch would change.
#[derive(Default)]
struct Compared {
    /// The rows that are new or different, as the revisions they become.
    fresh: Vec<Observation>,
    unchanged: i64,
    corrected: i64,
    /// The first corrections in words.
    corrections: Vec<Change>,
}

fn compare(r: &mut Read, items: &[Incoming], rows: &[Row], now: Instant) -> Result<Compared> {
    let mut found = Compared::default();
    let (Some(first), Some(last)) =
        (rows.iter().map(|r| r.period).min(), rows.iter().map(|r| r.period).max())
    else {
        return Ok(found);
    };
    let subjects: Vec<Uuid> = rows.iter().map(|r| r.subject).collect::<BTreeSet<_>>().into_iter().collect();
    let metrics: Vec<MetricId> =
        rows.iter().map(|r| r.metric.id).collect::<BTreeSet<_>>().into_iter().collect();
    let known = store::metrics::newest_revisions(r, &subjects, &metrics, first, last)?;
    found.fresh.reserve(rows.len());
    for row in rows {
        let revision = match known.get(&(row.subject, row.metric.id, row.period)) {
            Some((_, quantity)) if *quantity == row.quantity => {
                found.unchanged += 1;
                continue;
            }
            Some((revision, was)) => {
                found.corrected += 1;
                if found.corrections.len() < LISTED {
                    let item = &items[row.item];
                    found.corrections.push(Change {
                        line: item.line,
                        what: format!("{} of {} for {}", item.metric, item.subject, row.period),
                        how: format!("{} to {}", in_words(*was), in_words(row.quantity)),
                    });
                }
                revision + 1
            }
            None => 1,
        };
        found.fresh.push(Observation {
            subject: row.subject,
            metric: row.metric.id,
            period: row.period,
            revision,
            quantity: row.quantity,
            received_at: now,
            run: None,
        });
    }
    found.fresh.sort_by_key(|o| (o.subject, o.metric, o.period, o.revision));
    Ok(found)
}

/// "12", or both parts of a ratio: "3/12".
fn in_words(quantity: Quantity) -> String {
    match quantity.denominator {
        None => quantity.numerator.to_string(),
        Some(below) => format!("{}/{below}", quantity.numerator),
    }
}

/// Appends observations (sorted by subject, metric, period and revision), writes the readings they make,
/// and asks for what is above them.
pub fn write(tx: &mut Tx, metrics: &BTreeMap<MetricId, Metric>, observations: &[Observation]) -> Result<()> {
    let readings = append(tx, metrics, observations)?;
    let above: BTreeSet<Key> =
        readings.iter().map(|r| Key { a: r.metric.uuid(), b: Uuid::nil(), day: r.period }).collect();
    store::pipeline::ask(tx, UNITS, above)?;
    store::pipeline::ask(tx, crate::STANDING, standing_of(&readings))?;
    Ok(())
}

/// The standings that readings concern: each with its period, or a metric as a whole where many came.
fn standing_of(readings: &[Reading]) -> BTreeSet<Key> {
    let mut count: BTreeMap<MetricId, usize> = BTreeMap::new();
    for r in readings {
        *count.entry(r.metric).or_default() += 1;
    }
    let key = |r: &Reading| match count[&r.metric] <= crate::alerts::FEW {
        true => Key { a: r.subject, b: r.metric.uuid(), day: r.period },
        false => crate::alerts::whole(r.metric),
    };
    readings.iter().map(key).collect()
}

/// Appends observations and writes the readings they make, which it gives.
fn append(
    tx: &mut Tx,
    metrics: &BTreeMap<MetricId, Metric>,
    observations: &[Observation],
) -> Result<Vec<Reading>> {
    store::metrics::add_observations(tx, observations)?;
    // A week of days is made from all of its days, also those that came before.
    let mut whole: Vec<Observation> = Vec::with_capacity(observations.len());
    let mut weeks: BTreeSet<(Uuid, MetricId, Day)> = BTreeSet::new();
    for o in observations {
        if metrics.get(&o.metric).is_some_and(|metric| metric.cadence == Cadence::Day) {
            weeks.insert((o.subject, o.metric, Cadence::Week.start(o.period)));
        } else {
            whole.push(*o);
        }
    }
    for (subject, metric, week) in weeks {
        whole.extend(store::metrics::observations(tx, subject, metric, week, week.plus(6))?);
    }
    let readings = readings_of(metrics, &lags(tx)?, &whole);
    store::metrics::put_readings(tx, &readings)?;
    Ok(readings)
}

/// The readings that observations make, by metric, subject and period. Those of one subject and metric follow one another,
/// by period and revision, and weeks of days are whole.
fn readings_of(
    metrics: &BTreeMap<MetricId, Metric>,
    lags: &Lags,
    observations: &[Observation],
) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::with_capacity(observations.len());
    let period_of = |o: &Observation, metric: &Metric| metric.cadence.rolled().start(o.period);
    for same in observations.chunk_by(|a, b| (a.subject, a.metric) == (b.subject, b.metric)) {
        let Some(metric) = same.first().and_then(|o| metrics.get(&o.metric)) else { continue };
        for revisions in same.chunk_by(|a, b| period_of(a, metric) == period_of(b, metric)) {
            if metric.cadence == Cadence::Day {
                readings.extend(week_of_days(metric, revisions, lags));
            } else {
                readings.extend(revisions.last().map(|o| reading_of(metric, o, lags)));
            }
        }
    }
    readings.sort_unstable_by_key(|r| (r.metric, r.subject, r.period));
    readings
}

/// Days after a period's end until a metric's data are late, by metric; metrics without a feed are never late.
type Lags = BTreeMap<MetricId, i32>;

fn lags(r: &mut Read) -> Result<Lags> {
    let feeds: BTreeMap<_, _> = store::feeds::feeds(r)?.into_iter().map(|f| (f.id, f.lag_days)).collect();
    Ok(store::metrics::metrics(r)?
        .into_iter()
        .filter_map(|m| m.feed.and_then(|f| feeds.get(&f).copied()).map(|lag| (m.id, lag)))
        .collect())
}

fn is_late(metric: &Metric, period: Day, first_received: Instant, lags: &Lags) -> bool {
    lags.get(&metric.id).is_some_and(|&lag| {
        first_received.day(&domain::time::Zone::UTC) > metric.cadence.step(period, 1).plus(lag)
    })
}

fn reading_of(metric: &Metric, o: &Observation, lags: &Lags) -> Reading {
    Reading {
        subject: o.subject,
        metric: o.metric,
        period: o.period,
        quantity: o.quantity,
        contributors: 1,
        revision: o.revision,
        late: o.revision == 1 && is_late(metric, o.period, o.received_at, lags),
    }
}

/// The week of a metric that is observed by the day, from every revision of its days by day and revision.
fn week_of_days(metric: &Metric, revisions: &[Observation], lags: &Lags) -> Option<Reading> {
    let days: Vec<&Observation> =
        revisions.chunk_by(|a, b| a.period == b.period).filter_map(<[Observation]>::last).collect();
    let first = days.first()?;
    let quantities: Vec<Quantity> = days.iter().map(|o| o.quantity).collect();
    over_time(metric.aggregation, &quantities).map(|quantity| Reading {
        subject: first.subject,
        metric: metric.id,
        period: Cadence::Week.start(first.period),
        quantity,
        contributors: 1,
        revision: days.iter().map(|o| o.revision).max().unwrap_or(1),
        late: days.iter().any(|o| o.revision == 1 && is_late(metric, o.period, o.received_at, lags)),
    })
}

/// The pipeline's step for units: takes what was asked, recomputes every unit's reading of those metrics and periods,
/// and what came for them through their feeds. Gives how many keys it did; 0 when there is nothing to do.
pub async fn roll_up_units(app: &App, limit: u32) -> Result<usize> {
    app.store
        .write(move |tx: &mut Tx| -> Result<usize> {
            let keys = store::pipeline::asked(tx, UNITS, limit)?;
            if keys.is_empty() {
                return Ok(0);
            }
            let directory = store::people::directory(tx)?;
            let metrics: BTreeMap<MetricId, Metric> =
                store::metrics::metrics(tx)?.into_iter().map(|m| (m.id, m)).collect();
            let mut periods: BTreeMap<MetricId, BTreeSet<Day>> = BTreeMap::new();
            for key in &keys {
                periods.entry(MetricId::new(key.a)).or_default().insert(key.day);
            }
            units(tx, &directory, &metrics, &periods)?;
            store::pipeline::done(tx, UNITS, &keys)?;
            Ok(keys.len())
        })
        .await
}

/// Recomputes every unit's reading of some metrics and periods, and then what came through each of their feeds.
fn units(
    tx: &mut Tx,
    directory: &Directory,
    metrics: &BTreeMap<MetricId, Metric>,
    periods: &BTreeMap<MetricId, BTreeSet<Day>>,
) -> Result<()> {
    for (id, days) in periods {
        if let Some(metric) = metrics.get(id) {
            units_of(tx, directory, metric, days)?;
        }
    }
    all_that_came(tx, metrics, periods)
}

/// What came through each feed for some periods of some metrics.
fn all_that_came(
    tx: &mut Tx,
    metrics: &BTreeMap<MetricId, Metric>,
    periods: &BTreeMap<MetricId, BTreeSet<Day>>,
) -> Result<()> {
    let mut feeds: BTreeMap<FeedId, (Day, Day)> = BTreeMap::new();
    for (id, days) in periods {
        let feed = metrics.get(id).and_then(|metric| metric.feed);
        if let (Some(feed), Some(&first), Some(&last)) = (feed, days.first(), days.last()) {
            let span = feeds.entry(feed).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
    }
    for (feed, (first, last)) in feeds {
        what_came(tx, feed, first, last)?;
    }
    Ok(())
}

/// Recomputes every unit's reading of one metric for some periods; writes and takes away only what differs.
fn units_of(tx: &mut Tx, directory: &Directory, metric: &Metric, periods: &BTreeSet<Day>) -> Result<()> {
    let (Some(&first), Some(&last)) = (periods.first(), periods.last()) else { return Ok(()) };
    let mut above = Above::new(directory, metric);
    let mut known: BTreeMap<(Uuid, Day), Reading> = BTreeMap::new();
    store::metrics::each_reading(tx, metric.id, first, last, |reading| {
        if !periods.contains(&reading.period) {
            return Ok(());
        }
        // Revision 0 is a unit's roll-up, which is what is being made here.
        if reading.revision == 0 {
            known.insert((reading.subject, reading.period), reading);
        } else {
            above.add(&reading);
        }
        Ok(())
    })?;
    let mut readings = above.readings(periods);
    readings.retain(|reading| known.remove(&(reading.subject, reading.period)).as_ref() != Some(reading));
    store::metrics::drop_readings(tx, metric.id, known.into_keys())?;
    store::metrics::put_readings(tx, &readings)?;
    Ok(())
}

/// What is above the readings of one metric: those of units, from what was observed in them.
struct Above<'a> {
    metric: &'a Metric,
    directory: &'a Directory,
    memberships: BTreeMap<Uuid, Vec<&'a Membership>>,
    leaves: BTreeMap<Day, Vec<Leaf>>,
}

impl<'a> Above<'a> {
    fn new(directory: &'a Directory, metric: &'a Metric) -> Self {
        let mut memberships: BTreeMap<Uuid, Vec<&Membership>> = BTreeMap::new();
        if metric.grain == Grain::Person {
            for m in &directory.memberships {
                memberships.entry(m.person.uuid()).or_default().push(m);
            }
        }
        Self { metric, directory, memberships, leaves: BTreeMap::new() }
    }

    /// Counts an observed reading where its subject belongs in its period.
    fn add(&mut self, reading: &Reading) {
        let (unit, own) = match self.metric.grain {
            Grain::Unit => (Some(domain::ids::UnitId::new(reading.subject)), true),
            Grain::Person => {
                let held = self.memberships.get(&reading.subject);
                let place = held.and_then(|all| all.iter().rev().find(|m| m.span.holds(reading.period)));
                // Whoever joined inside the period counts where they joined.
                let place = place.or_else(|| {
                    let end = self.metric.cadence.rolled().step(reading.period, 1);
                    held.and_then(|all| {
                        all.iter().find(|m| m.span.from >= reading.period && m.span.from < end)
                    })
                });
                (place.map(|m| m.unit), false)
            }
        };
        if let Some(unit) = unit {
            let leaf = Leaf { unit, own, quantity: reading.quantity };
            self.leaves.entry(reading.period).or_default().push(leaf);
        }
    }

    /// Every unit's reading of some periods, by subject and period.
    fn readings(self, periods: &BTreeSet<Day>) -> Vec<Reading> {
        let placements = &self.directory.placements;
        let changes: BTreeSet<Day> =
            placements.iter().flat_map(|p| [Some(p.span.from), p.span.until]).flatten().collect();
        let mut tree: Option<(Day, OrgTree)> = None;
        let mut readings = Vec::new();
        for &period in periods {
            // The tree changes only where a placement starts or ends.
            let as_of = changes.range(..=period).next_back().copied().unwrap_or(period);
            if tree.as_ref().is_none_or(|(day, _)| *day != as_of) {
                tree = Some((as_of, OrgTree::on(as_of, placements)));
            }
            let Some((_, tree)) = &tree else { continue };
            let leaves = self.leaves.get(&period).map_or(&[][..], Vec::as_slice);
            for (unit, (quantity, contributors)) in up_the_tree(self.metric.aggregation, leaves, tree) {
                readings.push(Reading {
                    subject: unit.uuid(),
                    metric: self.metric.id,
                    period,
                    quantity,
                    contributors,
                    revision: 0,
                    late: false,
                });
            }
        }
        readings.sort_by_key(|r| (r.subject, r.period));
        readings
    }
}

/// What came through a feed for each period of a span, over everything that the feed brings.
///
/// As many readings are expected as came in the fullest of the eight periods before.
fn what_came(tx: &mut Tx, feed: FeedId, first: Day, last: Day) -> Result<()> {
    const BEFORE: usize = 8;
    let metrics = store::metrics::metrics_of_feed(tx, feed)?;
    let Some(cadence) = metrics.first().map(|m| m.cadence.rolled()) else { return Ok(()) };
    let ids: Vec<MetricId> = metrics.iter().filter(|m| m.cadence.rolled() == cadence).map(|m| m.id).collect();
    let counted = store::metrics::counts_by_period(tx, &ids, cadence.step(first, -(BEFORE as i32)), last)?;
    let mut periods = Vec::new();
    for (i, &(period, received, late, corrected)) in counted.iter().enumerate() {
        if period >= first {
            let before = counted[i.saturating_sub(BEFORE)..i].iter().map(|c| c.1).max().unwrap_or(received);
            periods.push(domain::feeds::FeedPeriod {
                feed,
                period,
                expected: before.max(received),
                received,
                late,
                corrected,
            });
        }
    }
    store::feeds::put_periods(tx, &periods)?;
    Ok(())
}

/// Empties the roll-ups and makes them again from the observations: the same bytes as before.
pub fn rebuild(tx: &mut Tx) -> Result<()> {
    let metrics = store::metrics::metrics(tx)?.into_iter().map(|m| (m.id, m)).collect();
    let mut newest = Vec::new();
    store::metrics::each_newest(tx, |o| {
        newest.push(o);
        Ok(())
    })?;
    make_history(tx, &metrics, &newest)
}

/// Puts the readings that a whole history of observations makes (sorted like [`write`]'s) in the place of all that there are,
/// those of units among them. Whoever brings a history stores its observations too, and reviews it:
/// [`crate::alerts::review_history`].
pub fn make_history(
    tx: &mut Tx,
    metrics: &BTreeMap<MetricId, Metric>,
    observations: &[Observation],
) -> Result<()> {
    let observed = readings_of(metrics, &lags(tx)?, observations);
    let directory = store::people::directory(tx)?;
    let mut periods: BTreeMap<MetricId, BTreeSet<Day>> = BTreeMap::new();
    let mut all = Vec::with_capacity(observed.len() + observed.len() / 4);
    for readings in observed.chunk_by(|a, b| a.metric == b.metric) {
        let Some(metric) = readings.first().and_then(|r| metrics.get(&r.metric)) else { continue };
        let mut above = Above::new(&directory, metric);
        readings.iter().for_each(|reading| above.add(reading));
        let days: BTreeSet<Day> = readings.iter().map(|r| r.period).collect();
        let made = above.readings(&days);
        all.extend_from_slice(readings);
        all.extend(made);
        periods.insert(metric.id, days);
    }
    all.sort_by_key(|r| (r.metric, r.subject, r.period));
    store::metrics::replace_readings(tx, &all)?;
    all_that_came(tx, metrics, &periods)
}

/// Every metric in force with the versions of its definition, newest first.
pub async fn list(app: &App, _: &Permit<ReadOrgBoard>) -> Result<Vec<(Metric, Vec<Version>)>> {
    app.store
        .read(|r| -> Result<_> {
            let mut all = Vec::new();
            for metric in store::metrics::metrics(r)? {
                let versions = store::metrics::versions(r, metric.id)?;
                all.push((metric, versions));
            }
            Ok(all)
        })
        .await
}

/// A definition as it arrives, with codes instead of ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The line it starts on, or its place from 1.
    pub line: u64,
    /// Everything but the ids, which are filled in; `version` is ignored.
    pub metric: Metric,
    /// The owner's code.
    pub owner: Option<String>,
    /// The feed's code.
    pub feed: Option<String>,
    /// Why this version, in words.
    pub why: String,
}

/// Defines metrics, or adds a version where a definition differs from the one in force. Gives what changed; with `dry_run`
/// what would have, and nothing is kept.
///
/// What an observation means must not change under it: grain, aggregation and cadence of a metric that has observations stay.
pub async fn define(
    app: &App,
    permit: &Permit<SendObservations>,
    definitions: Vec<Definition>,
    dry_run: bool,
) -> Result<Vec<Change>> {
    let now = app.now();
    let ids = app.ids.clone();
    let by = permit.by().to_owned();
    attempt(app, dry_run, move |tx| define_in(tx, &ids, now, &by, definitions)).await
}

/// [`define`] inside a transaction.
pub fn define_in(
    tx: &mut Tx,
    ids: &crate::Ids,
    now: Instant,
    by: &str,
    definitions: Vec<Definition>,
) -> Result<Vec<Change>> {
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    for d in definitions {
        let place = |field: &str| format!("line {}, metric {}, {field}", d.line, d.metric.code);
        let owner = match &d.owner {
            None => None,
            Some(code) => match store::people::person_by_code(tx, code)? {
                Some(person) => Some(person.id),
                None => {
                    faults.push(Fault::at(
                        place("owner"),
                        format!("no person has the code `{code}`; import the person first"),
                    ));
                    None
                }
            },
        };
        let feed = match &d.feed {
            None => None,
            Some(code) => match store::feeds::feed_by_code(tx, code)? {
                Some(feed) => Some(feed.id),
                None => {
                    let feed = domain::feeds::Feed {
                        id: ids.next(now),
                        code: code.clone(),
                        name: code.clone(),
                        kind: "file".into(),
                        owner,
                        cadence: d.metric.cadence,
                        lag_days: 7,
                    };
                    store::feeds::put_feed(tx, &feed)?;
                    Some(feed.id)
                }
            },
        };
        let known = store::metrics::metric_by_code(tx, &d.metric.code)?;
        let (id, version) = known.as_ref().map_or_else(|| (ids.next(now), 0), |m| (m.id, m.version));
        let next = Metric { id, version: version + 1, owner, feed, ..d.metric.clone() };
        if let Some(known) = &known {
            if (Metric { version: next.version, ..known.clone() }) == next {
                continue;
            }
            let meaning = |m: &Metric| (m.grain, m.aggregation, m.cadence);
            if meaning(known) != meaning(&next) && store::metrics::span(tx, id)?.is_some() {
                faults.push(Fault::at(
                    place("grain, aggregation, cadence"),
                    "these cannot change once there are observations, or old numbers would mean something else; define a new metric with its own code",
                ));
                continue;
            }
        }
        store::metrics::add_version(tx, &next, by, now, &d.why)?;
        let how = match &known {
            None => "new".to_owned(),
            Some(known) => format!("version {}, {}", next.version, differing(known, &next).join(", ")),
        };
        changes.push(Change { line: d.line, what: format!("metric {} {}", next.code, next.name), how });
    }
    if faults.is_empty() { Ok(changes) } else { Err(Error::Invalid(faults)) }
}

/// What differs between two versions of a definition, in words.
fn differing(old: &Metric, new: &Metric) -> Vec<String> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let decimals = [old.decimals, new.decimals].map(|n| n.to_string());
    let mut all: Vec<String> = crate::people::differing([
        ("name", old.name.as_str(), new.name.as_str()),
        ("unit", &old.unit, &new.unit),
        ("direction", old.direction.word(), new.direction.word()),
        ("level", old.level.word(), new.level.word()),
        ("grain", old.grain.word(), new.grain.word()),
        ("aggregation", old.aggregation.word(), new.aggregation.word()),
        ("cadence", old.cadence.word(), new.cadence.word()),
        ("decimals", &decimals[0], &decimals[1]),
        ("guardrail", yes(old.guardrail), yes(new.guardrail)),
        ("source", &old.source, &new.source),
        ("description", &old.description, &new.description),
    ])
    .collect();
    for (field, same) in [("owner", old.owner == new.owner), ("feed", old.feed == new.feed)] {
        if !same {
            all.push(format!("another {field}"));
        }
    }
    all
}
