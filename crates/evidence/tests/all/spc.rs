//! Process-behaviour charts: reference numbers and false alarms.

use crate::common::{Csv, agree, golden};
use evidence::spc::{
    BaselineRule, Cusum, LimitRule, Rules, Side, Signal, Watch, baseline, chart, charts, limits, split_common,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    evidence::dist::normal_quantile(rng.random_range(1e-12..1.0))
}

#[test]
fn nist_flow_rate() {
    let series = Csv::shipped("nist_individuals.csv").maybe("x");
    let l = limits(&series, &LimitRule::default()).unwrap();
    let hand = golden("g19_spc_xmr", "hand", "XmR");
    agree("centre", l.center, hand["mean"].as_f64().unwrap(), 1e-12);
    agree("range", l.mean_range, hand["mrbar"].as_f64().unwrap(), 1e-11);
    agree("upper", l.upper, hand["ucl_2.66"].as_f64().unwrap(), 1e-11);
    agree("lower", l.lower, hand["lcl_2.66"].as_f64().unwrap(), 1e-11);
    assert_eq!(l.autocorrelation, 0.0);
    assert_eq!(l.run_length(8), 8);
}

#[test]
fn refuses_what_it_cannot_judge() {
    let rule = LimitRule::default();
    for bad in [
        vec![],
        vec![Some(1.0); 20],
        vec![Some(f64::INFINITY); 20],
        vec![None; 20],
        (0..40).map(|i| (i % 2 == 0).then_some(f64::from(i))).collect(),
    ] {
        assert!(limits(&bad, &rule).reason().is_some());
    }
}

#[test]
fn rules_fire_where_they_should() {
    let mut series: Vec<Option<f64>> = (0..26).map(|i| Some(if i % 2 == 0 { 9.0 } else { 11.0 })).collect();
    series.extend([Some(10.5); 7]);
    series.push(None);
    series.push(Some(10.5));
    series.push(Some(3.0));
    let found = chart(&series, 0..26, &LimitRule::default(), &Rules::default()).unwrap();
    assert_eq!(found.signals.len(), 2);
    assert_eq!(found.signals[0].0, 34);
    assert_eq!(found.signals[0].1.run, Some(Signal::Run { side: Side::High, length: 8, since: 26 }));
    assert_eq!(found.signals[1].1.beyond, Some(Signal::Beyond { side: Side::Low }));
    // A cumulative sum names the beginning of the change.
    let rules = Rules { beyond: false, run: None, cusum: Some(Cusum::default()), side: Some(Side::Low) };
    let mut series: Vec<Option<f64>> = (0..26).map(|i| Some(if i % 2 == 0 { 9.0 } else { 11.0 })).collect();
    series.extend((0..12).map(|i| Some(if i < 4 { 10.0 } else { 7.0 })));
    let found = chart(&series, 0..26, &LimitRule::default(), &rules).unwrap();
    let Some(Signal::Cusum { since, side, .. }) = found.signals[0].1.cusum else { panic!("no signal") };
    assert_eq!((since, side), (30, Side::Low));
}

#[test]
fn baselines_stay_clear_of_what_they_judge() {
    let rule = BaselineRule::default();
    assert_eq!(baseline(60, 0, &rule), 26..52);
    assert_eq!(baseline(30, 0, &rule), 0..26);
    assert_eq!(baseline(30, 20, &rule), 20..30);
    assert_eq!(baseline(20, 20, &rule), 20..20);
}

/// Stable people rarely turn red, with and without autocorrelation; a sustained
/// drop of 1.5 sigma is mostly seen within eight weeks.
#[test]
fn false_alarms_and_power() {
    for rho in [0.0, 0.5] {
        let mut rng = ChaCha8Rng::seed_from_u64(19);
        let (mut xmr, mut cusum, mut weeks, mut caught, people) = (0, 0, 0, 0, 2000);
        for _ in 0..people {
            let mut x = normal(&mut rng);
            let mut series = Vec::new();
            for _ in 0..52 {
                series.push(Some(x));
                x = rho * x + (1.0_f64 - rho * rho).sqrt() * normal(&mut rng);
            }
            let l = limits(&series[..26], &LimitRule::default()).unwrap();
            let mut a = Watch::new(l, Rules { side: Some(Side::Low), ..Rules::default() }, 26);
            let one_sided =
                Rules { beyond: false, run: None, cusum: Some(Cusum::default()), side: Some(Side::Low) };
            let mut b = Watch::new(l, one_sided, 26);
            let mut c = Watch::new(l, one_sided, 26);
            let mut seen = false;
            for (i, v) in series[26..].iter().enumerate() {
                weeks += 1;
                xmr += usize::from(!a.push(*v).is_empty());
                cusum += usize::from(!b.push(*v).is_empty());
                if i < 8 {
                    seen |= !c.push(v.map(|v| v - 1.5)).is_empty();
                }
            }
            caught += usize::from(seen);
        }
        let share = |n: usize| n as f64 / f64::from(weeks);
        println!(
            "rho {rho}: XmR {:.4}, CUSUM {:.4}, caught {:.2}",
            share(xmr),
            share(cusum),
            caught as f64 / f64::from(people)
        );
        assert!(share(xmr) < if rho == 0.0 { 0.02 } else { 0.04 });
        assert!(share(cusum) < if rho == 0.0 { 0.02 } else { 0.06 });
        assert!(caught as f64 / f64::from(people) > if rho == 0.0 { 0.7 } else { 0.4 });
    }
}

#[test]
fn what_hits_everyone_is_common() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let series: Vec<Vec<Option<f64>>> = (0..40)
        .map(|p| {
            (0..60)
                .map(|t| {
                    let dip = if t == 50 { -9.0 } else { 0.0 };
                    Some(100.0 + f64::from(p) + dip + normal(&mut rng))
                })
                .collect()
        })
        .collect();
    let slices: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
    let split = split_common(&slices, 0..26, 8);
    let unit = chart(&split.common, 0..26, &LimitRule::default(), &Rules::default()).unwrap();
    let fired: Vec<usize> = unit.signals.iter().map(|s| s.0).collect();
    assert!(fired.contains(&50) && fired.len() <= 2, "{fired:?}");
    let own: Vec<&[Option<f64>]> = split.own.iter().map(Vec::as_slice).collect();
    let rules = Rules { run: None, ..Rules::default() };
    let red_at_50 = charts(&own, 0..26, &LimitRule::default(), &rules)
        .into_iter()
        .filter(|c| c.as_ref().unwrap().signals.iter().any(|s| s.0 == 50))
        .count();
    assert!(red_at_50 <= 2, "{red_at_50}");
}
