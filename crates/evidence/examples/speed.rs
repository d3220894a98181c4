//! Times the engine on a made-up rollout: people by weeks, twelve waves, branches as clusters.
//!
//! `speed make DIR PEOPLE WEEKS BRANCHES` writes the panel as plain little-endian columns that other programs can read
//! too: `y.f64` and `minutes.f64` week by week, `cohort.i32` (0 for never) and `branch.i32` by person, `shape.json`.
//! `speed JOB DIR` reads it and prints one JSON line: wall seconds (best of three), the process' largest memory in MiB,
//! and the estimate. Reading is not timed. `cargo xtask bench evidence` runs both, with other packages beside them.

use std::path::Path;
use std::time::Instant;

use evidence::did::staggered::{Options, staggered};
use evidence::did::sun_abraham::sun_abraham;
use evidence::did::twfe::{event_study, twfe};
use evidence::permute::Draws;
use evidence::spc::{LimitRule, Rules, charts};
use evidence::synthetic::{Mixture, synthetic};
use evidence::within::levels;
use evidence::{Answer, Estimate, Panel};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Fail = Box<dyn std::error::Error>;

/// Sum of four uniform numbers: near enough to normal, and quick.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..4).map(|_| rng.random::<f64>()).sum::<f64>() * 1.732 - 3.464
}

fn make(folder: &Path, people: usize, weeks: usize, branches: usize) -> Result<(), Fail> {
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_121);
    let wave: Vec<i32> = (0..branches)
        .map(|_| {
            let k = rng.random_range(0..15);
            if k < 12 { (weeks / 4) as i32 + k * (weeks / 24).max(1) as i32 } else { 0 }
        })
        .collect();
    let branch: Vec<i32> = (0..people).map(|i| (i * branches / people) as i32).collect();
    let cohort: Vec<i32> = branch.iter().map(|&b| wave[b as usize]).collect();
    let level: Vec<f64> = (0..people).map(|_| 100.0 + 12.0 * noise(&mut rng)).collect();
    let (mut y, mut minutes) = (Vec::new(), Vec::new());
    for t in 0..weeks {
        let shocks: Vec<f64> = (0..branches).map(|_| 1.5 * noise(&mut rng)).collect();
        for i in 0..people {
            let since = if cohort[i] > 0 { t as i32 - cohort[i] } else { -1 };
            let effect = if since >= 0 { (f64::from(since + 1) / 8.0).min(1.0) * 2.5 } else { 0.0 };
            let m: f64 = 20.0 * rng.random::<f64>();
            let value = level[i] + 0.05 * t as f64 + shocks[branch[i] as usize] + effect + 0.02 * m;
            minutes.extend(m.to_le_bytes());
            y.extend((value + 8.0 * noise(&mut rng)).to_le_bytes());
        }
    }
    let whole = |v: &[i32]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("y.f64"), y)?;
    std::fs::write(folder.join("minutes.f64"), minutes)?;
    std::fs::write(folder.join("cohort.i32"), whole(&cohort))?;
    std::fs::write(folder.join("branch.i32"), whole(&branch))?;
    let shape = format!("{{\"people\":{people},\"weeks\":{weeks},\"branches\":{branches}}}");
    Ok(std::fs::write(folder.join("shape.json"), shape)?)
}

fn reals(path: &Path) -> Result<Vec<f64>, Fail> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.as_chunks().0.iter().map(|c| f64::from_le_bytes(*c)).collect())
}

fn wholes(path: &Path) -> Result<Vec<i32>, Fail> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.as_chunks().0.iter().map(|c| i32::from_le_bytes(*c)).collect())
}

/// The largest memory that this process has held, in MiB; 0 where the system does not say.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// What a job found: a value and its error, where it has one.
type Found = Result<(f64, Option<f64>), String>;

fn found<T>(answer: Answer<T>, pick: impl Fn(T) -> (f64, Option<f64>)) -> Found {
    answer.into_result().map(pick).map_err(|reason| reason.sentence())
}

fn time(run: impl Fn() -> Found) -> Result<(), Fail> {
    let mut best = f64::INFINITY;
    let mut last = Err(String::new());
    for _ in 0..3 {
        let start = Instant::now();
        last = run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let (estimate, error) = last?;
    let error = error.map_or(String::new(), |e| format!(",\"std_error\":{e}"));
    println!(
        "{{\"seconds\":{best:.4},\"peak_mib\":{:.0},\"estimate\":{estimate}{error},\"version\":\"{}\"}}",
        peak_mib(),
        evidence::VERSION
    );
    Ok(())
}

fn job(name: &str, folder: &Path) -> Result<(), Fail> {
    let cohorts: Vec<Option<i64>> =
        wholes(&folder.join("cohort.i32"))?.into_iter().map(|g| (g > 0).then_some(i64::from(g))).collect();
    let branch: Vec<u64> = wholes(&folder.join("branch.i32"))?.into_iter().map(|b| b as u64).collect();
    let y = reals(&folder.join("y.f64"))?;
    let (people, weeks) = (cohorts.len(), y.len() / cohorts.len());
    let simple = |e: Estimate| (e.estimate, Some(e.std_error));
    match name {
        "within-between" => {
            let minutes = reals(&folder.join("minutes.f64"))?;
            let person: Vec<u32> = (0..weeks).flat_map(|_| 0..people as u32).collect();
            return time(|| {
                let l = levels(&minutes, &y, &person, None).into_result().map_err(|r| r.sentence())?;
                found(l.within, |c| (c.r, None))
            });
        }
        "xmr" => {
            let series: Vec<Vec<Option<f64>>> =
                (0..people).map(|i| (0..weeks).map(|t| Some(y[t * people + i])).collect()).collect();
            let slices: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
            return time(|| {
                let found = charts(&slices, 0..52.min(weeks), &LimitRule::default(), &Rules::default());
                let fired = |c: Answer<evidence::spc::Chart>| c.estimate().map_or(0, |c| c.signals.len());
                Ok((found.into_iter().map(fired).sum::<usize>() as f64, None))
            });
        }
        _ => {}
    }
    let times: Vec<i64> = (0..weeks as i64).collect();
    if let Some(placebos) = name.strip_prefix("synthetic-did") {
        let placebos = placebos.strip_prefix('-').and_then(|n| n.parse().ok()).unwrap_or(0);
        return one_branch(&y, &cohorts, &branch, weeks, placebos);
    }
    let panel = Panel::from_matrix(times, y, cohorts, &branch).map_err(|r| r.sentence())?;
    match name {
        "twfe" => time(|| found(twfe(&panel), simple)),
        "event-study" => time(|| {
            found(event_study(&panel, 24, 24), |s| {
                let at = s.event_times.iter().position(|e| *e == 0).unwrap_or(0);
                (s.estimates[at].estimate, Some(s.estimates[at].std_error))
            })
        }),
        "callaway-santanna" => time(|| {
            let s = staggered(&panel, &Options::default()).into_result().map_err(|r| r.sentence())?;
            found(s.simple, simple)
        }),
        "sun-abraham" => time(|| found(sun_abraham(&panel, &[]), |s| simple(s.overall))),
        other => Err(format!("there is no job `{other}`").into()),
    }
}

/// One branch that starts at two thirds, against every branch that never starts or starts later than the data.
fn one_branch(
    y: &[f64],
    cohorts: &[Option<i64>],
    branch: &[u64],
    weeks: usize,
    placebos: usize,
) -> Result<(), Fail> {
    let (people, branches) = (cohorts.len(), branch.iter().max().map_or(0, |b| *b as usize + 1));
    let mut count = vec![0.0; branches];
    for &b in branch {
        count[b as usize] += 1.0;
    }
    let mut means = vec![0.0; branches * weeks];
    for t in 0..weeks {
        for (v, &b) in y[t * people..(t + 1) * people].iter().zip(branch) {
            means[t * branches + b as usize] += v / count[b as usize];
        }
    }
    let ids: Vec<u64> = (0..branches as u64).collect();
    let start = weeks as i64 * 2 / 3;
    let one: Vec<Option<i64>> = (0..branches).map(|b| (b == 0).then_some(start)).collect();
    let panel =
        Panel::from_matrix((0..weeks as i64).collect(), means, one, &ids).map_err(|r| r.sentence())?;
    let draws = Draws { number: placebos, seed: 1 };
    time(|| {
        found(synthetic(&panel, Mixture::SyntheticDid, draws), |s| {
            (s.effect, s.estimate.estimate().map(|e| e.std_error))
        })
    })
}

fn main() -> Result<(), Fail> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", folder, people, weeks, branches] => {
            make(Path::new(folder), people.parse()?, weeks.parse()?, branches.parse()?)
        }
        [name, folder] => job(name, Path::new(folder)),
        _ => Err("speed make DIR PEOPLE WEEKS BRANCHES, or speed JOB DIR".into()),
    }
}
