//! Power, permutation, expected recovery, and worlds in which nothing works.

use evidence::did::staggered::{Control, Options, staggered};
use evidence::grade::{Assignment, Check, Design, Grade, grade};
use evidence::permute::{Draws, reassign, sign_flip, two_groups};
use evidence::power::{
    Clustered, Schedule, Use, clustered_detectable, design_effect, rounds_factor, schedule_detectable,
    t_test_detectable, t_test_power, t_test_size,
};
use evidence::recovery::{Picked, before_after, beyond_recovery, expected_recovery, noise};
use evidence::{Answer, Panel, Row};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{Csv, agree, golden};

pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    evidence::dist::normal_quantile(rng.random_range(1e-12..1.0))
}

#[test]
fn power_and_detectable_effects() {
    let t = golden("g18_power_mde", "statsmodels", "TTestIndPower");
    agree("n", t_test_size(0.5, 0.8, 0.05).unwrap(), t["n_d0.5_p0.8"].as_f64().unwrap(), 1e-7);
    agree("n", t_test_size(0.2, 0.8, 0.05).unwrap(), t["n_d0.2_p0.8"].as_f64().unwrap(), 1e-7);
    agree("power", t_test_power(0.5, 64.0, 64.0, 0.05), t["power_n64_d0.5"].as_f64().unwrap(), 1e-9);
    let r = golden("g18_power_mde", "pwr", "pwr");
    let ours = t_test_detectable(1000.0, 1000.0, 0.8, 0.05).unwrap();
    agree("mde", ours, r["mde1000"].as_f64().unwrap(), 1e-4);
    agree("mde", ours, t["mde_n1000_p0.8"].as_f64().unwrap(), 1e-7);
    let ours = t_test_detectable(100.0, 300.0, 0.9, 0.05).unwrap();
    // Their solver stops at a power of 0.8999975.
    agree("mde", ours, t["mde_n100_r3_p0.9"].as_f64().unwrap(), 1e-5);
    let b = golden("g18_power_mde", "hand", "MDES");
    for (key, clusters, size, icc) in [
        ("J40_m20_icc0.05", 40, 20, 0.05),
        ("J250_m14_icc0.1", 250, 14, 0.1),
        ("J2500_m14_icc0.05", 2500, 14, 0.05),
        ("J20_m60_icc0.2", 20, 60, 0.2),
    ] {
        let design = Clustered { clusters, size, icc, treated: 0.5, power: 0.8, alpha: 0.05 };
        agree(key, clustered_detectable(&design).unwrap(), b[key]["mdes"].as_f64().unwrap(), 1e-9);
        agree(key, design_effect(size, icc), b[key]["deff"].as_f64().unwrap(), 1e-12);
    }
    let m = golden("g18_power_mde", "hand", "variance factor");
    for (key, before, after, rho) in [
        ("m1_r1_rho0.5", 1, 1, 0.5),
        ("m4_r4_rho0.3", 4, 4, 0.3),
        ("m12_r12_rho0.4", 12, 12, 0.4),
        ("m52_r26_rho0.2", 52, 26, 0.2),
    ] {
        for (name, how) in [("POST", Use::Post), ("DiD", Use::Difference), ("ANCOVA", Use::Ancova)] {
            agree(key, rounds_factor(how, before, after, rho), m[key][name].as_f64().unwrap(), 1e-9);
        }
    }
}

/// A schedule of one wave without memory is the closed form; one in waves with memory is what the estimator does.
#[test]
fn what_a_rollout_in_waves_could_see() {
    let half = Schedule {
        starts: (0..40).map(|i| (i % 2 == 0).then_some(26)).collect(),
        before: 26,
        after: 8,
        periods: 34,
        variance: 16.0,
        autocorrelation: 0.0,
    };
    let multiplier = |df| evidence::dist::t_quantile(0.975, df) + evidence::dist::t_quantile(0.8, df);
    let closed = multiplier(38.0) * (16.0 * rounds_factor(Use::Difference, 26, 8, 0.0) * (2.0 / 20.0)).sqrt();
    agree("one wave", schedule_detectable(&half).unwrap(), closed, 1e-12);

    let (groups, periods, rho, sd) = (24_usize, 20_usize, 0.5, 2.0);
    let starts: Vec<Option<usize>> =
        (0..groups).map(|i| [Some(8), Some(11), Some(14), None][i % 4]).collect();
    let waves = Schedule {
        starts: starts.clone(),
        before: 6,
        after: 6,
        periods,
        variance: sd * sd,
        autocorrelation: rho,
    };
    let detectable = schedule_detectable(&waves).unwrap();
    let (mut square, worlds) = (0.0, 400);
    for seed in 0..worlds {
        let mut rng = ChaCha8Rng::seed_from_u64(70_000 + seed);
        let mut rows = Vec::new();
        for (unit, start) in starts.iter().enumerate() {
            let level = 10.0 * normal(&mut rng);
            let mut e = normal(&mut rng);
            for time in 0..periods {
                if start.is_none_or(|s| time < s + 6) {
                    rows.push(Row {
                        unit: unit as u64,
                        time: time as i64,
                        value: level + 0.3 * time as f64 + sd * e,
                        cohort: start.map(|s| s as i64),
                        cluster: unit as u64,
                        weight: 1.0,
                    });
                }
                e = rho * e + (1.0 - rho * rho).sqrt() * normal(&mut rng);
            }
        }
        let panel = Panel::from_rows(&rows).unwrap();
        let how = Options { control: Control::NotYet, base_periods: 6, ..Options::default() };
        square += staggered(&panel, &how).unwrap().simple.unwrap().estimate.powi(2);
    }
    let simulated = multiplier(22.0) * (square / worlds as f64).sqrt();
    println!("seeds 70000 to {}: simulated {simulated:.3}, computed {detectable:.3}", 70_000 + worlds);
    agree("waves", detectable, simulated, 0.1);
    let alone = Schedule { starts: vec![Some(8); 6], ..waves.clone() };
    assert!(schedule_detectable(&alone).reason().is_some());
    assert!(schedule_detectable(&Schedule { starts: vec![None; 6], ..waves.clone() }).reason().is_some());
    assert!(schedule_detectable(&Schedule { starts: vec![Some(3); 3], ..waves }).reason().is_some());
}

#[test]
fn darwins_maize() {
    let Some(data) = Csv::reference("HistData__ZeaMays.csv") else { return };
    let p = sign_flip(&data.numbers("diff"), Draws::default()).unwrap();
    assert_eq!((p.as_extreme, p.arrangements, p.exact), (1726, 32768, true));
    let hand = golden("g16_permutation_darwin", "hand", "sign-flip");
    agree("p", p.p_value, hand["p_two"].as_f64().unwrap(), 1e-10);
}

#[test]
fn permutations_by_hand() {
    // Ranks 4 to 6 against 1 to 3: one arrangement of twenty on each side.
    let p = two_groups(
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        &[false, false, false, true, true, true],
        Draws::default(),
    )
    .unwrap();
    assert_eq!((p.as_extreme, p.same_side, p.arrangements), (2, 1, 20));
    // Six plants of which three start: the panel's twenty arrangements are gone through, whatever the seed.
    let plants: Vec<Row> = (0..6_u64)
        .flat_map(|unit| {
            (0..8_i64).map(move |time| Row {
                unit,
                time,
                value: unit as f64
                    + if unit >= 3 && time >= 4 {
                        10.0 + unit as f64
                    } else {
                        0.1 * (unit % 2) as f64 * time as f64
                    },
                cohort: (unit >= 3).then_some(4),
                cluster: unit,
                weight: 1.0,
            })
        })
        .collect();
    let plants = Panel::from_rows(&plants).unwrap();
    let mean =
        |p: &Panel| staggered(p, &Options::default()).estimate()?.simple.estimate().map(|e| e.estimate);
    let p = reassign(&plants, Draws { number: 99, seed: 5 }, mean).unwrap();
    assert_eq!((p.as_extreme, p.same_side, p.arrangements, p.exact), (2, 1, 20, true));
    assert_eq!(p, reassign(&plants, Draws { number: 500, seed: 6 }, mean).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let values: Vec<f64> = (0..60).map(|_| normal(&mut rng)).collect();
    let treated: Vec<bool> = (0..60).map(|i| i % 2 == 0).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| two_groups(&values, &treated, Draws { number: 2000, seed: 4 }).unwrap())
    };
    assert_eq!(run(1), run(2));
    assert!(two_groups(&values, &[true; 60], Draws::default()).reason().is_some());
    assert!(sign_flip(&[0.0; 5], Draws::default()).reason().is_some());
}

/// The world of `synthB`: people flagged for a bad eight weeks, coached without effect.
#[test]
fn coaching_that_does_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(202);
    let people: Vec<Vec<Option<f64>>> = (0..1500)
        .map(|_| {
            let level = 100.0 + 8.0 * normal(&mut rng);
            (0..40).map(|_| Some(level + 10.0 * normal(&mut rng))).collect()
        })
        .collect();
    let slices: Vec<&[Option<f64>]> = people.iter().map(|p| &p[..20]).collect();
    let learnt = noise(&slices).unwrap();
    assert!((learnt.between - 64.0).abs() < 8.0, "{learnt:?}");
    assert!((learnt.within - 100.0).abs() < 5.0 && learnt.autocorrelation.abs() < 0.05);
    let truth = 64.0 / (64.0 + 100.0 / 8.0);
    assert!((learnt.reliability(8) - truth).abs() < 0.03);

    let mean = |v: &[Option<f64>]| v.iter().flatten().sum::<f64>() / v.len() as f64;
    let mut windows: Vec<f64> = people.iter().map(|p| mean(&p[12..20])).collect();
    windows.sort_by(f64::total_cmp);
    let limit = windows[150];
    let picked: Vec<&Vec<Option<f64>>> = people.iter().filter(|p| mean(&p[12..20]) < limit).collect();
    let before: Vec<f64> = picked.iter().map(|p| mean(&p[12..20])).collect();
    let after: Vec<f64> = picked.iter().map(|p| mean(&p[20..28])).collect();
    let naive = before_after(&before, &after).unwrap();
    assert!(naive.conf_low > 0.0, "the naive number flatters: {naive:?}");
    let people: Vec<Picked<'_>> =
        picked.iter().map(|p| Picked { window: &p[12..20], after: &p[20..28] }).collect();
    let back = expected_recovery(&learnt, &people, 8).unwrap();
    assert!(back.change.conf_low < naive.estimate && naive.estimate < back.change.conf_high);
    assert!(back.lasting_share > 0.7 && back.lasting_share < 0.95);
    let left = beyond_recovery(&learnt, &people).unwrap();
    assert!(left.conf_low < 0.0 && 0.0 < left.conf_high, "{left:?}");
}

/// Noise with memory: the path comes back gradually, and its parameters are found.
#[test]
fn recovery_with_memory_is_gradual() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let people: Vec<Vec<Option<f64>>> = (0..1200)
        .map(|_| {
            let level = 50.0 + 3.0 * normal(&mut rng);
            let mut e = normal(&mut rng);
            (0..26)
                .map(|_| {
                    e = 0.6 * e + 0.8 * normal(&mut rng);
                    (rng.random_range(0.0..1.0) > 0.05).then_some(level + 4.0 * e)
                })
                .collect()
        })
        .collect();
    let slices: Vec<&[Option<f64>]> = people.iter().map(Vec::as_slice).collect();
    let learnt = noise(&slices).unwrap();
    assert!((learnt.autocorrelation - 0.6).abs() < 0.05, "{learnt:?}");
    assert!((learnt.within - 16.0).abs() < 2.0 && (learnt.between - 9.0).abs() < 2.0);
    let window = [Some(45.0), None, Some(44.0), Some(40.0)];
    let path = expected_recovery(&learnt, &[Picked { window: &window, after: &[] }], 10).unwrap().path;
    assert!(path.windows(2).all(|w| w[0].expected < w[1].expected));
    assert!(path[0].expected > 40.0 && path[9].expected < learnt.mean);
}

#[test]
fn world_b_reference_numbers() {
    let Some(data) = Csv::reference("synthB_regression_to_mean.csv") else { return };
    let (coached, y) = (data.numbers("coached"), data.numbers("y"));
    let people: Vec<(bool, &[f64])> =
        y.chunks(40).zip(coached.chunks(40)).map(|(y, c)| (c[0] > 0.5, y)).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let pick = |r: std::ops::Range<usize>| -> Vec<f64> {
        people.iter().filter(|p| p.0).map(|p| mean(&p.1[r.clone()])).collect()
    };
    let naive = before_after(&pick(12..20), &pick(20..28)).unwrap();
    let theirs = golden("g26_synthetic_B_rtm", "pyfixest", "naive pre/post");
    agree("naive", naive.estimate, theirs["post"]["est"].as_f64().unwrap(), 1e-7);
    let honest = before_after(&pick(0..12), &pick(20..28)).unwrap();
    assert!(honest.conf_low < 0.0 && 0.0 < honest.conf_high);
    let histories: Vec<Vec<Option<f64>>> =
        people.iter().map(|p| p.1.iter().map(|v| Some(*v)).collect()).collect();
    let slices: Vec<&[Option<f64>]> = histories.iter().map(|h| &h[..20]).collect();
    let learnt = noise(&slices).unwrap();
    agree("reliability", learnt.reliability(8), 0.836601, 0.02);
    let picked: Vec<Picked<'_>> = histories
        .iter()
        .zip(&people)
        .filter(|(_, p)| p.0)
        .map(|(h, _)| Picked { window: &h[12..20], after: &h[20..28] })
        .collect();
    let left = beyond_recovery(&learnt, &picked).unwrap();
    assert!(left.conf_low < 0.0 && 0.0 < left.conf_high, "{left:?}");
}

#[test]
fn placebos() {
    let panel = crate::did::world_a();
    let estimate = |p: &Panel| match staggered(p, &Options::default()) {
        Answer::Estimate(s) => s.simple.estimate().map(|e| e.estimate),
        Answer::CannotSay(_) => None,
    };
    let p = reassign(&panel, Draws { number: 99, seed: 3 }, estimate).unwrap();
    assert_eq!(p.as_extreme, 1, "{p:?}");
    let fake = panel.fake_start(4).unwrap();
    let fake = staggered(&fake, &Options { control: Control::NotYet, ..Options::default() }).unwrap();
    let fake = fake.simple.unwrap();
    assert!(fake.conf_low < 0.0 && 0.0 < fake.conf_high, "{fake:?}");
    let unknown = Design { pre_trend: Check::Unknown, ..Design::sound(Assignment::Staged, 9, 9) };
    assert_eq!(grade(&unknown).grade, Grade::C);
}
