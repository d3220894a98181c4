//! How well and how fast reds are decided, on generated worlds with known truth; prints JSON.
//!
//! `cargo xtask bench alerts` runs it on a release build. The first part judges series in memory: false signals, how
//! soon a sustained drop is seen, how many are told about a dip that hits everyone. The second fills an embedded database
//! with a large organisation, and times a whole evaluation and that of one observation. Its folder is the first argument;
//! `--people N` makes another size.

use std::path::PathBuf;

use app::metrics::{Incoming, OnProblem};
use app::{App, Clock, Ids, Settings};
use domain::access::{Permit, Relation, SendObservations, Who, permit};
use domain::alerts::Way;
use domain::alerts::series::{Found, Rules};
use domain::alerts::whole::{Judged, Member, judge};
use domain::ids::{JobRoleId, MetricId, PersonId, UnitId};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::people::{JobRole, Membership, OrgUnit, Person, PersonState, Placement, Span};
use domain::time::{Cadence, Day, Zone};
use store::Store;
use store::db::{Options, Place, Tx};
use store::metrics::Reading;
use uuid::Uuid;

/// Weeks behind the first judged one.
const BASELINE: usize = 26;
const JUDGED: usize = 52;
/// False signals in a hundred person-weeks that are put up with.
const MOST_FALSE: f64 = 0.6;
const METRICS: usize = 6;
const WEEKS: i32 = 78;

/// Random numbers from a fixed seed.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
    /// Standard normal, by the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
    fn stable(&mut self, periods: usize, rho: f64) -> Vec<f64> {
        let mut last = self.normal();
        (0..periods)
            .map(|_| {
                last = rho * last + (1.0 - rho * rho).sqrt() * self.normal();
                last
            })
            .collect()
    }
}

fn unit(n: usize) -> UnitId {
    UnitId::new(Uuid::from_u128(0x1000_0000 + n as u128))
}

/// People in branches of eight in twenty regions, each with a level and a spread of their own; and the spreads.
fn people(seed: u64, count: usize, periods: usize, rho: f64) -> (Vec<Member>, Vec<f64>) {
    let mut dice = Dice(seed);
    (0..count)
        .map(|i| {
            let level = 100.0 * (0.2 * dice.normal()).exp();
            let sigma = 0.1 * level * (0.25 * dice.normal()).exp();
            let values = dice.stable(periods, rho).into_iter().map(|v| Some(level + sigma * v)).collect();
            let groups = vec![unit(0), unit(1 + i / 8 % 20), unit(100 + i / 8)];
            (Member { groups, values, ..Member::default() }, sigma)
        })
        .unzip()
}

fn judged(members: &[Member]) -> Judged {
    judge(members, Direction::Up, &Rules::default(), None)
}

fn opened(found: &Found, from: usize) -> usize {
    found.episodes.iter().filter(|e| e.opened >= from).count()
}

/// Episodes in a hundred judged person-weeks of people with whom nothing happens.
fn false_signals(rho: f64) -> f64 {
    let count = 4_000;
    let (members, _) = people(7, count, BASELINE + JUDGED, rho);
    let signals: usize = judged(&members).found.iter().map(|f| opened(f, BASELINE)).sum();
    100.0 * signals as f64 / (count * JUDGED) as f64
}

/// The same of newcomers in their first half-year, who borrow from their peers.
fn false_signals_of_newcomers(rho: f64) -> f64 {
    let (count, periods) = (4_000, 78);
    let (mut members, _) = people(19, count, periods, rho);
    let mut weeks = 0;
    for (i, member) in members.iter_mut().enumerate() {
        member.peers = Some(JobRoleId::new(Uuid::from_u128(1)));
        if i % 8 == 0 {
            member.values[..52].fill(None);
            weeks += periods - 52;
        }
    }
    let signals: usize = judged(&members).found.iter().step_by(8).map(|f| opened(f, 52)).sum();
    100.0 * signals as f64 / weeks as f64
}

/// One person in so many drops. It shares no factor with the size of a branch or the number of regions, so that those who
/// drop are spread over all of them: what many of a group do in the same week is a movement of the group, and told as one.
const DROPS: usize = 41;

/// Of people whose level drops by so many of their standard deviations, which share is seen within eight weeks.
fn drops_seen(rho: f64, sigmas: f64) -> f64 {
    let (mut members, spreads) = people(11, 40_000, BASELINE + 8, rho);
    for (member, sigma) in members.iter_mut().zip(&spreads).step_by(DROPS) {
        member.values[BASELINE..].iter_mut().flatten().for_each(|v| *v -= sigmas * sigma);
    }
    let lower = |f: &&Found| f.episodes.iter().any(|e| e.opened >= BASELINE && e.way == Way::Lower);
    let found = judged(&members).found;
    let dropped = found.iter().step_by(DROPS);
    dropped.clone().filter(lower).count() as f64 / dropped.len() as f64
}

/// What no rule can exceed at the same rate of false signals: the most powerful test of eight weeks against the 26 before
/// (Neyman and Pearson), told in which week the drop would begin, how large it is, how wide the noise is and how alike
/// neighbours are. Only the centre it must take from the 26 weeks, as everybody must.
fn told_the_week(rho: f64, sigmas: f64) -> f64 {
    const SERIES: usize = 20_000;
    let mut dice = Dice(29);
    let mut contrast = |drop: f64| -> Vec<f64> {
        let one = |dice: &mut Dice| {
            let mut series = dice.stable(BASELINE + 8, rho);
            series[BASELINE..].iter_mut().for_each(|v| *v -= drop);
            generalised_contrast(&series, rho)
        };
        (0..SERIES).map(|_| one(&mut dice)).collect()
    };
    let mut stable = contrast(0.0);
    stable.sort_by(f64::total_cmp);
    let limit = stable[((1.0 - 8.0 * MOST_FALSE / 100.0) * SERIES as f64) as usize];
    contrast(sigmas).iter().filter(|c| **c > limit).count() as f64 / SERIES as f64
}

/// How far the newest eight weeks lie below those before, by generalised least squares with a known autocorrelation.
fn generalised_contrast(series: &[f64], rho: f64) -> f64 {
    let scale = (1.0 - rho * rho).sqrt();
    let (mut ones, mut both, mut level, mut drop, mut steps) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, &value) in series.iter().enumerate() {
        let (value, one) = if at == 0 {
            (value, 1.0)
        } else {
            ((value - rho * series[at - 1]) / scale, (1.0 - rho) / scale)
        };
        let step = match at {
            at if at < BASELINE => 0.0,
            BASELINE => 1.0 / scale,
            _ => (1.0 - rho) / scale,
        };
        ones += one * one;
        both += one * step;
        steps += step * step;
        level += one * value;
        drop += step * value;
    }
    (both * level / ones - drop) / (steps - both * both / ones).sqrt()
}

/// A dip of a tenth for three weeks that hits everyone: how many groups are told, how many people more than usual.
fn dip() -> serde_json::Value {
    let at = 50;
    let run = |dipped: bool| {
        let (mut members, _) = people(17, 1_000, 60, 0.0);
        if dipped {
            for member in &mut members {
                member.values[at..at + 3].iter_mut().flatten().for_each(|v| *v *= 0.9);
            }
        }
        judged(&members)
    };
    let (with, without) = (run(true), run(false));
    let told = |j: &Judged| -> usize {
        let worth = |f: &Found| {
            let big =
                f.episodes.iter().filter(|e| (e.level - e.usual.0).abs() >= Rules::default().unit_min_effect);
            big.filter(|e| (at..at + 8).contains(&e.opened)).count()
        };
        j.groups.iter().map(|(_, f)| worth(f)).sum()
    };
    let blamed = |j: &Judged| -> usize { j.found.iter().map(|f| opened(f, at)).sum() };
    serde_json::json!({
        "people": 1_000, "alerts_about_groups": told(&with), "without_the_dip": told(&without),
        "people_alerted": blamed(&with), "people_alerted_without_the_dip": blamed(&without),
    })
}

/// One branch in 21 moves for 20 weeks: episodes in a hundred person-weeks of its people, and of the others.
fn branches_that_move(factor: impl Fn(usize) -> f64) -> serde_json::Value {
    let (from, weeks) = (50, 20);
    let (mut members, _) = people(31, 16_000, from + weeks, 0.0);
    let moves = |i: usize| (i / 8).is_multiple_of(21);
    for (_, member) in members.iter_mut().enumerate().filter(|(i, _)| moves(*i)) {
        member.values[from..].iter_mut().flatten().enumerate().for_each(|(k, v)| *v *= factor(k));
    }
    let found = judged(&members).found;
    let rate = |of: bool| {
        let of = found.iter().enumerate().filter(|(i, _)| moves(*i) == of);
        let signals: usize = of.clone().map(|(_, f)| opened(f, from)).sum();
        round(100.0 * signals as f64 / (of.count() * weeks) as f64)
    };
    serde_json::json!({ "its_people": rate(true), "the_others": rate(false) })
}

#[tokio::main]
async fn main() {
    let mut folder = std::env::temp_dir().join("throughline-reds");
    let mut count = 28_000;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--people" => count = words.next().and_then(|n| n.parse().ok()).expect("--people takes a number"),
            _ => folder = PathBuf::from(word),
        }
    }
    let rules = serde_json::json!({
        "false_signals_per_100_person_weeks": {
            "independent": round(false_signals(0.0)), "autocorrelation_0.4": round(false_signals(0.4)),
            "newcomers_independent": round(false_signals_of_newcomers(0.0)),
            "newcomers_autocorrelation_0.4": round(false_signals_of_newcomers(0.4)),
        },
        "drop_seen_within_8_weeks": {
            "1.5_sigma": round(drops_seen(0.0, 1.5)), "1.5_sigma_autocorrelation_0.4": round(drops_seen(0.4, 1.5)),
            "2_sigma_autocorrelation_0.4": round(drops_seen(0.4, 2.0)),
        },
        "drop_seen_by_a_test_that_is_told_the_week": {
            "1.5_sigma": round(told_the_week(0.0, 1.5)), "1.5_sigma_autocorrelation_0.4": round(told_the_week(0.4, 1.5)),
        },
        "dip_that_hits_everyone": dip(),
        "told_per_100_person_weeks_where_one_branch_in_21": {
            "does_a_fifth_less_for_two_weeks": branches_that_move(|k| if k < 2 { 0.8 } else { 1.0 }),
            "does_a_tenth_less_for_good": branches_that_move(|_| 0.9),
            "does_6_percent_less_for_good": branches_that_move(|_| 0.94),
            "falls_by_1_percent_a_week": branches_that_move(|k| 1.0 - 0.01 * k as f64),
        },
    });
    let speed = large(&folder, count).await;
    println!("{}", serde_json::json!({ "rules": rules, "speed": speed }));
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// A large organisation in an embedded database: how long everything takes, and how long one observation.
async fn large(folder: &std::path::Path, count: usize) -> serde_json::Value {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder for the database");
    let place = Place::Sqlite(folder.join("throughline.db"));
    let store = Store::open(place, Options::default()).await.expect("a database");
    let today = Day::of(2026, 3, 18).expect("a day");
    let clock = Clock::at(Zone::UTC.at(today, 12, 0));
    store.migrate(clock.now()).await.expect("a schema");
    let app = App::new(store, clock, Ids::seeded(1), Settings::default());
    let started = tokio::time::Instant::now();
    let metrics = fill(&app, count, today).await;
    let filled = started.elapsed();

    let keys: Vec<_> = metrics
        .iter()
        .map(|m| store::pipeline::Key { a: Uuid::nil(), b: m.uuid(), day: Day::from_number(0) })
        .collect();
    app.store
        .write(move |tx: &mut Tx| -> app::Result<()> { Ok(store::pipeline::ask(tx, app::STANDING, keys)?) })
        .await
        .expect("work for the pipeline");
    let started = tokio::time::Instant::now();
    while app::alerts::evaluate(&app, 5_000).await.expect("an evaluation") > 0 {}
    let whole = started.elapsed();

    let may: Permit<SendObservations> =
        permit(&Who::Host, Relation::NONE, SendObservations(())).expect("the host may");
    let (mut standing, mut units) = (Vec::new(), Vec::new());
    for i in 0..21 {
        let row = Incoming {
            line: 1,
            metric: format!("m{}", i % METRICS),
            subject: format!("p{:05}", (i * 997) % count),
            day: today.monday().plus(-7),
            quantity: Quantity::plain(60.0 + i as f64),
        };
        app::metrics::record(&app, &may, "one", vec![row], OnProblem::Refuse, false).await.expect("a row");
        let started = tokio::time::Instant::now();
        app::metrics::roll_up_units(&app, 5_000).await.expect("units");
        units.push(started.elapsed().as_secs_f64() * 1e3);
        let started = tokio::time::Instant::now();
        app::alerts::evaluate(&app, 5_000).await.expect("an evaluation");
        standing.push(started.elapsed().as_secs_f64() * 1e3);
    }
    app.store.close().await;
    let _ = std::fs::remove_dir_all(folder);
    let middle = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        (round(all[all.len() / 2]), round(all[all.len() - 1]))
    };
    let ((standing, standing_most), (units, units_most)) = (middle(&mut standing), middle(&mut units));
    serde_json::json!({
        "people": count, "metrics": METRICS, "weeks": WEEKS,
        "filled_s": round(filled.as_secs_f64()), "whole_evaluation_s": round(whole.as_secs_f64()),
        "one_observation_evaluated_ms": { "p50": standing, "most": standing_most },
        "its_units_rolled_up_ms": { "p50": units, "most": units_most },
    })
}

/// Puts in the organisation and the readings of every week. Gives the metrics.
async fn fill(app: &App, count: usize, today: Day) -> Vec<MetricId> {
    let now = app.now();
    let ids = app.ids.clone();
    let long_ago = today.plus(-2_000);
    let org = move |tx: &mut Tx| -> app::Result<(Vec<PersonId>, Vec<MetricId>)> {
        let branches = count.div_ceil(8);
        let top = unit(0);
        let node = |id: UnitId, code: String| OrgUnit {
            id,
            name: code.clone(),
            code,
            kind: "unit".into(),
            zone: None,
        };
        store::people::put_unit(tx, &node(top, "top".into()), now)?;
        let hang = |unit, parent| [Placement { unit, parent, span: Span::since(long_ago) }];
        for region in 0..20 {
            store::people::put_unit(tx, &node(unit(1 + region), format!("r{region}")), now)?;
            store::people::set_placements(tx, unit(1 + region), &hang(unit(1 + region), top))?;
        }
        for branch in 0..branches {
            let id = unit(100 + branch);
            store::people::put_unit(tx, &node(id, format!("b{branch}")), now)?;
            store::people::set_placements(tx, id, &hang(id, unit(1 + branch % 20)))?;
        }
        let role = JobRole { id: ids.next(now), code: "am".into(), name: "Account manager".into() };
        store::people::put_job_role(tx, &role)?;
        let mut people = Vec::with_capacity(count);
        for i in 0..count {
            let id: PersonId = ids.next(now);
            let code = format!("p{i:05}");
            let person = Person { id, name: code.clone(), code, email: None, state: PersonState::Active };
            store::people::put_person(tx, &person, now)?;
            let held = Membership {
                person: id,
                unit: unit(100 + i / 8),
                job_role: role.id,
                span: Span::since(long_ago),
            };
            store::people::set_memberships(tx, id, &[held])?;
            people.push(id);
        }
        let mut metrics = Vec::new();
        for i in 0..METRICS {
            let metric = Metric {
                id: ids.next(now),
                code: format!("m{i}"),
                version: 1,
                name: format!("Metric {i}"),
                unit: "a week".into(),
                direction: Direction::Up,
                level: Level::Performance,
                grain: Grain::Person,
                aggregation: Aggregation::Sum,
                cadence: Cadence::Week,
                decimals: 0,
                guardrail: false,
                owner: None,
                feed: None,
                source: String::new(),
                description: String::new(),
            };
            store::metrics::add_version(tx, &metric, "bench", now, "")?;
            metrics.push(metric.id);
        }
        Ok((people, metrics))
    };
    let (people_ids, metrics) = app.store.write(org).await.expect("an organisation");
    for (m, &metric) in metrics.iter().enumerate() {
        let ids = people_ids.clone();
        let load = move |tx: &mut Tx| -> app::Result<()> {
            let (members, _) = people(101 + m as u64, ids.len(), WEEKS as usize, 0.2);
            let first = today.monday().plus(-7 * WEEKS);
            for (some, members) in ids.chunks(1_000).zip(members.chunks(1_000)) {
                let mut readings = Vec::with_capacity(some.len() * WEEKS as usize);
                for (person, member) in some.iter().zip(members) {
                    readings.extend(member.values.iter().zip(0..).map(|(v, week)| Reading {
                        subject: person.uuid(),
                        metric,
                        period: first.plus(7 * week),
                        quantity: Quantity::plain(v.unwrap_or_default()),
                        contributors: 1,
                        revision: 1,
                        late: false,
                    }));
                }
                store::metrics::put_readings(tx, &readings)?;
            }
            Ok(())
        };
        app.store.write(load).await.expect("readings");
    }
    metrics
}
