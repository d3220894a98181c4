//! Times the engine on a made-up rollout: people by weeks, twelve waves, branches as clusters.
//!
//! `cargo run --release -p evidence --example speed [PEOPLE WEEKS BRANCHES]` prints one JSON
//! line for each job: wall seconds (best of three) and the estimate. Data making is not timed.

use std::time::Instant;

use evidence::did::staggered::{Options, staggered};
use evidence::did::sun_abraham::sun_abraham;
use evidence::did::twfe::{event_study, twfe};
use evidence::permute::Draws;
use evidence::spc::{LimitRule, Rules, charts};
use evidence::synthetic::{Mixture, synthetic};
use evidence::within::levels;
use evidence::{Answer, Panel};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Sum of four uniform numbers: near enough to normal, and quick.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..4).map(|_| rng.random::<f64>()).sum::<f64>() * 1.732 - 3.464
}

fn time(job: &str, run: impl Fn() -> String) {
    let mut best = f64::INFINITY;
    let mut said = String::new();
    for _ in 0..3 {
        let start = Instant::now();
        said = run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{{\"job\":\"{job}\",\"seconds\":{best:.3},\"result\":\"{said}\"}}");
}

fn say<T>(answer: Answer<T>, show: impl Fn(T) -> String) -> String {
    match answer {
        Answer::Estimate(value) => show(value),
        Answer::CannotSay(reason) => reason.sentence(),
    }
}

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |i: usize, default: usize| given.get(i).copied().unwrap_or(default);
    let (people, weeks, branches) = (at(0, 35_000), at(1, 156), at(2, 2_500));
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_121);
    let wave: Vec<Option<i64>> = (0..branches)
        .map(|_| {
            let k = rng.random_range(0..15);
            (k < 12).then_some((weeks as i64) / 4 + k * (weeks as i64) / 24)
        })
        .collect();
    let branch: Vec<u64> = (0..people).map(|i| (i * branches / people) as u64).collect();
    let cohorts: Vec<Option<i64>> = branch.iter().map(|&b| wave[b as usize]).collect();
    let level: Vec<f64> = (0..people).map(|_| 100.0 + 12.0 * noise(&mut rng)).collect();
    let mut values = Vec::with_capacity(people * weeks);
    let mut minutes = Vec::with_capacity(people * weeks);
    for t in 0..weeks {
        let shocks: Vec<f64> = (0..branches).map(|_| 1.5 * noise(&mut rng)).collect();
        for i in 0..people {
            let since = cohorts[i].map_or(-1, |g| t as i64 - g);
            let effect = if since >= 0 { ((since + 1) as f64 / 8.0).min(1.0) * 2.5 } else { 0.0 };
            let m = 20.0 * rng.random::<f64>();
            minutes.push(m);
            values.push(
                level[i]
                    + 0.05 * t as f64
                    + shocks[branch[i] as usize]
                    + effect
                    + 0.02 * m
                    + 8.0 * noise(&mut rng),
            );
        }
    }
    let times: Vec<i64> = (0..weeks as i64).collect();
    let panel = match Panel::from_matrix(times, values, cohorts, &branch) {
        Ok(panel) => panel,
        Err(reason) => {
            eprintln!("{reason}");
            return;
        }
    };
    time("twfe, clustered", || say(twfe(&panel), |e| format!("{:.6} ({:.6})", e.estimate, e.std_error)));
    time("event study, 48 coefficients", || {
        say(event_study(&panel, 24, 24), |e| format!("{} coefficients", e.estimates.len()))
    });
    time("callaway-santanna, all cells and aggregates", || {
        say(staggered(&panel, &Options::default()), |s| {
            let cells = s.cells.len();
            say(s.simple, |e| format!("{:.6} ({:.6}), {cells} cells", e.estimate, e.std_error))
        })
    });
    time("sun-abraham", || {
        say(sun_abraham(&panel, &[]), |s| format!("{:.6} ({:.6})", s.overall.estimate, s.overall.std_error))
    });
    // Long columns, ordered by week; people as ids.
    let person: Vec<u32> = (0..weeks).flat_map(|_| 0..people as u32).collect();
    let outcome: Vec<f64> = (0..weeks).flat_map(|t| panel.period(t).to_vec()).collect();
    time("within and between r", || {
        say(levels(&minutes, &outcome, &person, None), |l| say(l.within, |c| format!("{:.6}", c.r)))
    });
    let series: Vec<Vec<Option<f64>>> =
        (0..people).map(|i| (0..weeks).map(|t| panel.value(i, t)).collect()).collect();
    let slices: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
    time("xmr limits and two rules", || {
        let found = charts(&slices, 0..26.min(weeks), &LimitRule::default(), &Rules::default());
        let signals: usize =
            found.iter().map(|c| if let Answer::Estimate(c) = c { c.signals.len() } else { 0 }).sum();
        format!("{signals} signals")
    });
    drop((series, outcome, person, minutes));
    // One treated branch against the mean of every other.
    let mut means = vec![0.0; branches * weeks];
    let mut count = vec![0.0; branches];
    for &b in &branch {
        count[b as usize] += 1.0;
    }
    for t in 0..weeks {
        for (v, &b) in panel.period(t).iter().zip(&branch) {
            means[t * branches + b as usize] += v / count[b as usize];
        }
    }
    let ids: Vec<u64> = (0..branches as u64).collect();
    let start = weeks as i64 * 2 / 3;
    let one: Vec<Option<i64>> = (0..branches).map(|b| (b == 0).then_some(start)).collect();
    if let Ok(few) = Panel::from_matrix((0..weeks as i64).collect(), means, one, &ids) {
        let none = Draws { number: 0, seed: 1 };
        time("synthetic did, point", || {
            say(synthetic(&few, Mixture::SyntheticDid, none), |s| format!("{:.6}", s.effect))
        });
    }
}
