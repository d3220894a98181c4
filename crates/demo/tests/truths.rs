//! Twenty seeds: can an honest reading of the numbers reach each planted conclusion? Quick estimators of our own, so that
//! the world is judged apart from the engine that it is shown with.

use std::collections::HashMap;

use demo::*;
use domain::time::Day;

const WEEKS: usize = 78;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

fn today() -> Day {
    Day::of(2026, 3, 18).unwrap()
}

struct Panel<'a> {
    world: &'a World,
    first: Day,
}

impl<'a> Panel<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, first: world.today.monday().plus(-7 * WEEKS as i32) }
    }
    fn week(&self, day: Day) -> usize {
        (day.days_since(self.first) / 7) as usize
    }
    fn intervention(&self, code: &str) -> InterventionIx {
        InterventionIx::of(self.world.interventions.iter().position(|m| m.code == code).unwrap())
    }
    /// The newest revision for each subject and week, numerator and denominator.
    fn rows(&self, metric: MetricIx) -> HashMap<(u32, usize), (f64, f64)> {
        let mut rows = HashMap::new();
        for row in self.world.observations.iter().filter(|o| o.metric() == metric) {
            rows.insert(
                (row.subject, self.week(row.period)),
                (row.numerator, row.denominator.unwrap_or(1.0)),
            );
        }
        rows
    }
    /// The unit of each person today, or the last one.
    fn unit_of(&self) -> HashMap<u32, UnitIx> {
        self.world.memberships.iter().map(|m| (m.person.0, m.unit)).collect()
    }
    /// Numerators over denominators for each unit and week.
    fn units(&self, metric: MetricIx) -> HashMap<(UnitIx, usize), f64> {
        let mut of = self.unit_of();
        if self.world.metrics[metric.at()].grain != Grain::Person {
            for (i, unit) in self.world.units.iter().enumerate() {
                let up = if unit.kind == UnitKind::Line { unit.parent.unwrap() } else { UnitIx::of(i) };
                of.insert(i as u32, up);
            }
        }
        let mut sums: HashMap<(UnitIx, usize), (f64, f64)> = HashMap::new();
        for ((subject, week), (n, d)) in self.rows(metric) {
            let sum = sums.entry((of[&subject], week)).or_default();
            sum.0 += n;
            sum.1 += d;
        }
        sums.into_iter().map(|(key, (n, d))| (key, n / d)).collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Estimate {
    value: f64,
    error: f64,
}

impl Estimate {
    fn low(self) -> f64 {
        self.value - 1.96 * self.error
    }
    fn high(self) -> f64 {
        self.value + 1.96 * self.error
    }
}

/// Group-time differences against units not yet started (Callaway and Sant'Anna 2021), averaged over `after` weeks;
/// as a share of the level before, the base being the mean of `before` weeks.
fn staged(panel: &Panel, study: &StudyPlan, before: usize, weeks: std::ops::Range<usize>) -> Estimate {
    let values = panel.units(study.outcome);
    let start: HashMap<UnitIx, usize> = panel
        .world
        .rollouts
        .iter()
        .filter(|r| r.intervention == study.intervention && r.from <= panel.world.today)
        .filter_map(|r| match r.reach {
            Reach::Unit(unit) => Some((unit, panel.week(r.from))),
            Reach::Person(_) => None,
        })
        .collect();
    let mut groups: Vec<usize> = study.units.iter().filter_map(|u| start.get(u).copied()).collect();
    groups.sort_unstable();
    groups.dedup();
    let y = |unit: UnitIx, week: usize| values[&(unit, week)];
    let base = |unit: UnitIx, g: usize| (g - before..g).map(|w| y(unit, w)).sum::<f64>() / before as f64;
    let (mut total, mut weight, mut level) = (0.0, 0.0, 0.0);
    let mut influence: HashMap<UnitIx, f64> = HashMap::new();
    for &g in &groups {
        let treated: Vec<UnitIx> = study.units.iter().copied().filter(|u| start.get(u) == Some(&g)).collect();
        for week in weeks.clone().map(|e| g + e).filter(|&w| w < WEEKS) {
            let others: Vec<UnitIx> =
                study.units.iter().copied().filter(|u| start.get(u).is_none_or(|&s| s > week)).collect();
            let change =
                |units: &[UnitIx]| -> Vec<f64> { units.iter().map(|&u| y(u, week) - base(u, g)).collect() };
            let (a, b) = (change(&treated), change(&others));
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            let w = treated.len() as f64;
            total += w * (mean(&a) - mean(&b));
            weight += w;
            level += treated.iter().map(|&u| base(u, g)).sum::<f64>();
            for (u, x) in treated.iter().zip(&a) {
                *influence.entry(*u).or_default() += w * (x - mean(&a)) / a.len() as f64;
            }
            for (u, x) in others.iter().zip(&b) {
                *influence.entry(*u).or_default() -= w * (x - mean(&b)) / b.len() as f64;
            }
        }
    }
    let level = level / weight;
    let variance: f64 = influence.values().map(|x| (x / weight).powi(2)).sum();
    Estimate { value: total / weight / level, error: variance.sqrt() / level }
}

/// People picked and given it against people picked and not given it: the difference of their changes, as a share of each
/// one's own level; and the plain before–after number of the first.
fn flagged(panel: &Panel, study: &StudyPlan, drop_window: bool) -> (Estimate, f64, usize, usize) {
    let rows = panel.rows(study.outcome);
    let after = study.weeks_after as usize;
    let (mut with, mut without, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    for pick in panel.world.picks.iter().filter(|p| p.intervention == study.intervention) {
        let flagged = panel.week(pick.flagged);
        let mean = |range: std::ops::Range<usize>| {
            let known: Vec<f64> =
                range.filter_map(|w| rows.get(&(pick.person.0, w))).map(|r| r.0 / r.1).collect();
            (known.len() >= 2).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        if flagged + after >= WEEKS || flagged < 20 {
            continue;
        }
        let (Some(usual), Some(then)) =
            (mean(flagged.saturating_sub(20)..flagged - 5), mean(flagged + 1..flagged + 1 + after))
        else {
            continue;
        };
        let Some(before) = mean(flagged + 1 - 4..flagged + 1) else { continue };
        let change = if drop_window { (then - usual) / usual } else { (then - before) / usual };
        if pick.started.is_some() {
            with.push(change);
            naive.push((then - before) / before);
        } else {
            without.push(change);
        }
    }
    let moments = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let var = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (v.len() - 1) as f64;
        (mean, var / v.len() as f64)
    };
    let ((a, va), (b, vb)) = (moments(&with), moments(&without));
    let naive = naive.iter().sum::<f64>() / naive.len() as f64;
    (Estimate { value: a - b, error: (va + vb).sqrt() }, naive, with.len(), without.len())
}

/// Whether a CUSUM (k 0.75, h 3) or limits at 2.66 mean moving ranges signal low in the last eight weeks, or a run of eight
/// lies below the middle, against the 26 weeks before.
fn changed(series: &[Option<f64>]) -> bool {
    let known: Vec<f64> = series.iter().flatten().copied().collect();
    let (old, new) = known.split_at(known.len() - 8);
    let old = &old[old.len() - 26..];
    let mean = old.iter().sum::<f64>() / 26.0;
    let range = old.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / 25.0;
    let sigma = (range / 1.128).max(1e-9);
    let mut sum: f64 = 0.0;
    let mut cusum = false;
    for x in new {
        sum = (sum + (mean - x) / sigma - 0.75).max(0.0);
        cusum |= sum > 3.0;
    }
    let beyond = new.iter().any(|x| mean - x > 2.66 * range);
    let run = new.iter().all(|&x| x < mean);
    cusum || beyond || run
}

fn series(rows: &HashMap<(u32, usize), (f64, f64)>, person: PersonIx) -> Vec<Option<f64>> {
    (0..WEEKS).map(|w| rows.get(&(person.0, w)).map(|r| r.0 / r.1)).collect()
}

/// The level agreed for a person in the last week.
fn target(world: &World, metric: MetricIx, unit: UnitIx) -> &Target {
    let newest = |scope: &dyn Fn(&TargetScope) -> bool| {
        world.targets.iter().rfind(|t| t.metric == metric && scope(&t.scope) && t.from <= world.today)
    };
    newest(&|s| *s == TargetScope::Unit(unit))
        .or_else(|| newest(&|s| matches!(s, TargetScope::JobRole(_))))
        .unwrap()
}

#[test]
fn every_planted_conclusion_can_be_reached() {
    let mut tally: Vec<(&str, usize)> = Vec::new();
    let mut count = |what: &'static str, yes: bool| {
        let at = tally.iter().position(|t| t.0 == what).unwrap_or_else(|| {
            tally.push((what, 0));
            tally.len() - 1
        });
        tally[at].1 += usize::from(yes);
    };
    for seed in SEEDS {
        let (world, truths) = generate(seed, today(), Scale::Shown);
        let panel = Panel::new(&world);
        let study = |code: &str| world.studies.iter().find(|s| s.code == code).unwrap();
        let truth = |code: &str| {
            let what = panel.intervention(code);
            truths.effects.iter().find(|e| e.intervention == what).unwrap().size
        };
        let shown = |what: &str, e: Estimate, truth: f64| {
            println!(
                "seed {seed:2} {what:28} {:+.4} ({:+.4} to {:+.4}) truth {truth:+.4}",
                e.value,
                e.low(),
                e.high()
            );
        };
        for before in [1, 8] {
            let name = |a: &'static str, b: &'static str| if before == 1 { a } else { b };
            let e = staged(&panel, study("second-question"), before, 0..22);
            shown("lesson", e, truth("second-question"));
            count(name("lesson helps, one base week", "lesson helps"), e.low() > 0.0);
            let e = staged(&panel, study("call-list"), before, 0..26);
            shown("call list", e, truth("call-list"));
            count(name("call list helps, one base week", "call list helps"), e.low() > 0.0);
            let e = staged(&panel, study("product-course"), before, 0..4);
            shown("course, its month", e, truth("product-course"));
            count(name("course costs, one base week", "course costs"), e.high() < 0.0);
            let e = staged(&panel, study("product-course"), before, 4..12);
            shown("course, later", e, 0.0);
            count(name("course no gain later, one base week", "course no gain later"), e.low() < 0.0);
        }
        for drop in [false, true] {
            let name = |a: &'static str, b: &'static str| if drop { b } else { a };
            let (e, naive, with, without) = flagged(&panel, study("keep-going-webinar"), drop);
            shown("webinar", e, 0.0);
            println!("        plain before-after {naive:+.3}, {with} with, {without} without");
            count(
                name("webinar no difference", "webinar no difference, window dropped"),
                e.low() < 0.0 && e.high() > 0.0,
            );
            count(
                name("webinar looks like +20 %", "webinar looks like +20 % (2)"),
                (0.15..0.26).contains(&naive),
            );
            let (e, naive, with, without) = flagged(&panel, study("talk-within-five-days"), drop);
            shown("prompt talk", e, truth("talk-within-five-days"));
            println!("        plain before-after {naive:+.3}, {with} with, {without} without");
            count(name("prompt talk helps", "prompt talk helps, window dropped"), e.low() > 0.0);
        }
        let plan = study("planning-routine");
        let e = staged(&panel, plan, 26, 0..26);
        shown("routine, share of level", e, truth("planning-routine") / 17.0);
        count("planning routine helps", e.high() < 0.0);

        let team = world.units.iter().position(|u| u.name == "Harbour Street").map(UnitIx::of).unwrap();
        let members: Vec<PersonIx> = world
            .memberships
            .iter()
            .filter(|m| m.unit == team && world.job_roles[m.job_role.at()].code == "account_manager")
            .map(|m| m.person)
            .collect();
        assert_eq!(members.len(), 9);
        let rows: Vec<_> = (0..6).map(|m| panel.rows(MetricIx::of(m))).collect();
        let (mut shifts, mut gaps, mut below) = (Vec::new(), Vec::new(), 0);
        for &person in &members {
            let mut any = false;
            for metric in (0..6).map(MetricIx::of) {
                let own = series(&rows[metric.at()], person);
                let t = target(&world, metric, team);
                if changed(&own) {
                    shifts.push((person, metric));
                }
                let window: Vec<f64> =
                    own[WEEKS - t.window_weeks as usize..].iter().flatten().copied().collect();
                if window.iter().filter(|&&x| x < t.level - t.tolerance).count() * 10 >= window.len() * 8 {
                    gaps.push((person, metric));
                }
                any |= own[WEEKS - 1].is_some_and(|x| x < t.level);
            }
            below += usize::from(any);
        }
        let hana = members.iter().find(|p| world.people[p.at()].name == "Hana Novak").unwrap();
        shifts.retain(|(p, m)| !(p == hana && m.at() == 0));
        if seed == 1 {
            let plants = panel.units(plan.outcome);
            for week in [10, 51, 55, 60, 64, 77] {
                let line: Vec<String> =
                    plan.units.iter().map(|&u| format!("{:5.1}", plants[&(u, week)])).collect();
                println!("week {week:2} days on hand {}", line.join(" "));
            }
        }
        if shifts != truths.need_leader[..1]
            || gaps != truths.need_leader[1..]
            || below != truths.plain_threshold_reds
        {
            println!("seed {seed:2} shifts {shifts:?} gaps {gaps:?} below {below}");
        }
        count(
            "two of nine need their leader",
            shifts == truths.need_leader[..1] && gaps == truths.need_leader[1..],
        );
        count("five below a plain threshold", below == truths.plain_threshold_reds);
    }
    println!("\nof {} seeds:", SEEDS.count());
    for (what, times) in &tally {
        println!("  {times:2}  {what}");
    }
    for (what, times) in tally {
        assert!(times >= 19, "{what}: reached in {times} of 20 seeds");
    }
}
