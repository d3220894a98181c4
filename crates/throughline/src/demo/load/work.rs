//! What is counted: feeds, metrics, targets, commitments, and every observation with the moment at which it came.

use std::collections::BTreeMap;

use app::metrics::Definition;
use demo::{Aggregation as Adds, Direction as Better, Grain as About, Level as Speaks, TargetScope as For};
use domain::feeds::{Feed, Problem, Run};
use domain::ids::{FeedId, MetricId, RunId};
use domain::metrics::{Aggregation, Direction, Draft, Grain, Level, Metric, Quantity, accept};
use domain::targets::{Commitment, Target, TargetScope};
use domain::time::{Day, Instant, Zone};
use store::db::Tx;
use store::metrics::Observation;
use uuid::Uuid;

use super::{Hand, Known};

/// Who set what nobody is named for.
const BY: &str = "demo";

/// Puts in feeds, metrics with their definitions, targets and commitments.
pub(super) fn define(tx: &mut Tx, hand: &Hand, known: &mut Known) -> app::Result<()> {
    let world = &hand.world;
    for feed in &world.feeds {
        let id = hand.ids.next(hand.now);
        known.feeds.push(id);
        let feed = Feed {
            id,
            code: feed.code.to_owned(),
            name: feed.name.clone(),
            kind: feed.system.to_owned(),
            owner: Some(known.people[feed.owner.at()]),
            cadence: feed.cadence,
            lag_days: i32::from(feed.expected_lag_days),
        };
        store::feeds::put_feed(tx, &feed)?;
    }
    let first = world.observations.first().map_or(hand.now, |o| o.recorded).min(hand.now);
    let definitions: Vec<Definition> = world.metrics.iter().map(|m| definition(hand, m)).collect();
    app::metrics::define_in(tx, &hand.ids, first, BY, definitions)?;
    let all: BTreeMap<String, Metric> =
        store::metrics::metrics(tx)?.into_iter().map(|m| (m.code.clone(), m)).collect();
    known.definitions = world.metrics.iter().filter_map(|m| all.get(m.code)).cloned().collect();
    known.metrics = known.definitions.iter().map(|m| m.id).collect();
    targets(tx, hand, known)
}

fn definition(hand: &Hand, m: &demo::Metric) -> Definition {
    let metric = Metric {
        // Filled in where it is defined.
        id: MetricId::new(Uuid::nil()),
        version: 0,
        owner: None,
        feed: None,
        code: m.code.to_owned(),
        name: m.name.to_owned(),
        unit: m.unit.to_owned(),
        direction: match m.direction {
            Better::Higher => Direction::Up,
            Better::Lower => Direction::Down,
        },
        level: match m.level {
            Speaks::Business => Level::Business,
            Speaks::Performance => Level::Performance,
            Speaks::Solution => Level::Solution,
        },
        grain: match m.grain {
            About::Person => Grain::Person,
            About::Unit(_) => Grain::Unit,
        },
        aggregation: match m.aggregation {
            Adds::Sum => Aggregation::Sum,
            Adds::Mean => Aggregation::Mean,
            Adds::Ratio => Aggregation::Ratio,
        },
        cadence: m.cadence,
        decimals: m.decimals,
        guardrail: m.guardrail,
        source: hand.world.feeds[m.feed.at()].name.clone(),
        description: m.definition.to_owned(),
    };
    Definition {
        line: 0,
        metric,
        owner: Some(hand.world.people[m.owner.at()].code.clone()),
        feed: Some(hand.world.feeds[m.feed.at()].code.to_owned()),
        why: "first definition".into(),
    }
}

fn targets(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    let world = &hand.world;
    let mut versions: BTreeMap<(MetricId, TargetScope), i64> = BTreeMap::new();
    for t in &world.targets {
        let metric = known.metrics[t.metric.at()];
        let scope = match t.scope {
            For::JobRole(role) => TargetScope::JobRole(known.job_roles[role.at()]),
            For::Unit(unit) => TargetScope::Unit(known.units[unit.at()]),
        };
        let version = versions.entry((metric, scope)).or_default();
        *version += 1;
        let target = Target {
            id: hand.ids.next(hand.now),
            metric,
            scope,
            version: *version,
            level: t.level,
            tolerance: t.tolerance,
            window: u32::from(t.window_weeks),
            from: t.from,
            ended: false,
            set_by: known.people[t.set_by.at()].to_string(),
            set_at: morning(t.from).min(hand.now),
            why: t.why.to_owned(),
        };
        store::targets::add_target(tx, &target)?;
    }
    let mut versions: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for c in &world.commitments {
        let version = versions.entry((c.person.at(), c.metric.at())).or_default();
        *version += 1;
        let person = known.people[c.person.at()];
        let commitment = Commitment {
            id: hand.ids.next(hand.now),
            person,
            metric: known.metrics[c.metric.at()],
            version: *version,
            level: c.level,
            from: c.from,
            ended: false,
            set_by: person.to_string(),
            set_at: morning(c.from).min(hand.now),
            why: c.why.to_owned(),
        };
        store::targets::add_commitment(tx, &commitment)?;
    }
    Ok(())
}

fn morning(day: Day) -> Instant {
    Zone::UTC.at(day, 8, 0)
}

/// Puts in the arrivals and the readings that every observation makes. Gives the observations, each with the moment at which it
/// came, which are stored beside.
pub(super) fn observe(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<Vec<Observation>> {
    let world = &hand.world;
    let mut corrected: BTreeMap<(FeedId, Instant), i64> = BTreeMap::new();
    let mut rows = Vec::with_capacity(world.observations.len());
    for o in &world.observations {
        let metric = &known.definitions[o.metric().at()];
        let subject = match metric.grain {
            Grain::Person => known.people[o.subject as usize].uuid(),
            Grain::Unit => known.units[o.subject as usize].uuid(),
        };
        let quantity = Quantity { numerator: o.numerator, denominator: o.denominator };
        let (period, quantity) = accept(metric, Draft { day: o.period, quantity }, world.today)
            .map_err(|why| app::Error::invalid("observations", why))?;
        let received_at = o.recorded.min(hand.now);
        if let Some(feed) = metric.feed.filter(|_| o.revision > 1) {
            *corrected.entry((feed, received_at)).or_default() += 1;
        }
        rows.push(Observation {
            subject,
            metric: metric.id,
            period,
            revision: i64::from(o.revision),
            quantity,
            received_at,
            run: None,
        });
    }
    let runs = arrivals(tx, hand, known, &corrected)?;
    for (row, o) in rows.iter_mut().zip(&world.observations) {
        let feed = known.definitions[o.metric().at()].feed;
        row.run = feed.and_then(|feed| runs.get(&(feed, row.received_at))).copied();
    }
    rows.sort_unstable_by_key(|o| (o.subject, o.metric, o.period, o.revision));
    let metrics: BTreeMap<MetricId, Metric> = known.definitions.iter().map(|m| (m.id, m.clone())).collect();
    app::metrics::make_history(tx, &metrics, &rows)?;
    Ok(rows)
}

/// Puts in what came through each feed, and gives the runs by feed and moment.
fn arrivals(
    tx: &mut Tx,
    hand: &Hand,
    known: &Known,
    corrected: &BTreeMap<(FeedId, Instant), i64>,
) -> app::Result<BTreeMap<(FeedId, Instant), RunId>> {
    let mut runs = BTreeMap::new();
    for run in &hand.world.feed_runs {
        let id = hand.ids.next::<RunId>(hand.now);
        let feed = known.feeds[run.feed.at()];
        let at = run.at.min(hand.now);
        runs.insert((feed, at), id);
        let corrected = corrected.get(&(feed, at)).copied().unwrap_or(0);
        store::feeds::add_run(
            tx,
            &Run {
                id,
                feed,
                at,
                source: hand.world.feeds[run.feed.at()].system.to_owned(),
                accepted: (i64::from(run.rows) - corrected).max(0),
                unchanged: 0,
                corrected,
                refused: i64::from(run.set_aside),
                problems: problems(run),
            },
        )?;
    }
    Ok(runs)
}

fn problems(run: &demo::FeedRun) -> Vec<Problem> {
    let problem = |line: u64, column: &str, reason: &str| Problem {
        line,
        column: column.to_owned(),
        value: String::new(),
        reason: reason.to_owned(),
    };
    let failed = run.problem.map(|what| problem(0, "", what));
    let unknown = (run.set_aside > 0).then(|| {
        problem(
            1,
            "subject",
            "no person has this code or account; import the person first, or correct the code",
        )
    });
    failed.into_iter().chain(unknown).collect()
}
