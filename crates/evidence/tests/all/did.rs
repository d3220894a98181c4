//! Difference-in-differences against reference software and known truth.

use evidence::did::cell::Adjustment;
use evidence::did::staggered::{Aggregate, Base, Control, Options, Staggered, staggered};
use evidence::did::twfe::{event_study, twfe};
use evidence::did::two_by_two;
use evidence::regress::{Errors, Regression, fit};
use evidence::{Answer, Panel, Reason, Row, dense};
use nalgebra::DMatrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::common::{Csv, agree, golden};

pub(crate) fn mpdta() -> Option<(Panel, DMatrix<f64>)> {
    let data = Csv::reference("did__mpdta.csv")?;
    let (unit, time, y) = (data.numbers("countyreal"), data.numbers("year"), data.numbers("lemp"));
    let (first, x) = (data.numbers("first.treat"), data.numbers("lpop"));
    let rows: Vec<Row> = (0..y.len())
        .map(|i| Row {
            unit: unit[i] as u64,
            time: time[i] as i64,
            value: y[i],
            cohort: (first[i] > 0.0).then_some(first[i] as i64),
            cluster: unit[i] as u64,
            weight: 1.0,
        })
        .collect();
    let panel = Panel::from_rows(&rows).unwrap();
    let mut covariates = DMatrix::zeros(panel.units(), 1);
    for i in 0..y.len() {
        let at = panel.unit_names().partition_point(|&u| u < unit[i] as u64);
        covariates[(at, 0)] = x[i];
    }
    Some((panel, covariates))
}

pub(crate) fn world_a() -> Panel {
    let data = Csv::shipped("synthA_staggered.csv");
    let get = |name: &str| data.numbers(name);
    let (p, b, t, g, y) = (get("person"), get("branch"), get("week"), get("first_treat"), get("y"));
    let rows: Vec<Row> = (0..y.len())
        .map(|i| Row {
            unit: p[i] as u64,
            time: t[i] as i64,
            value: y[i],
            cohort: (g[i] > 0.0).then_some(g[i] as i64),
            cluster: b[i] as u64,
            weight: 1.0,
        })
        .collect();
    Panel::from_rows(&rows).unwrap()
}

#[track_caller]
fn same(what: &str, ours: &Answer<evidence::Estimate>, att: &Value, se: &Value, tolerance: f64) {
    let ours = ours.as_ref().unwrap();
    agree(what, ours.estimate, att.as_f64().unwrap(), tolerance);
    agree(what, ours.std_error, se.as_f64().unwrap(), tolerance);
}

#[track_caller]
fn same_parts(what: &str, ours: &Aggregate, theirs: &Value, tolerance: f64) {
    same(what, &ours.overall, &theirs["att"], &theirs["se"], tolerance);
    for (j, (key, part)) in ours.parts.iter().enumerate() {
        assert_eq!(*key, theirs["egt"][j].as_f64().unwrap() as i64);
        same(&format!("{what} {key}"), part, &theirs["att_egt"][j], &theirs["se_egt"][j], tolerance);
    }
}

#[track_caller]
fn same_everything(ours: &Staggered, theirs: &Value, tolerance: f64) {
    for (cell, theirs) in ours.cells.iter().zip(theirs["att_gt"].as_array().unwrap()) {
        assert_eq!((cell.group, cell.time), (theirs["g"].as_i64().unwrap(), theirs["t"].as_i64().unwrap()));
        same("cell", &cell.effect, &theirs["att"], &theirs["se"], tolerance);
    }
    same("simple", &ours.simple, &theirs["simple"]["att"], &theirs["simple"]["se"], tolerance);
    same_parts("group", &ours.group, &theirs["group"], tolerance);
    same_parts("dynamic", &ours.dynamic, &theirs["dynamic"], tolerance);
    same_parts("calendar", &ours.calendar, &theirs["calendar"], tolerance);
}

#[test]
fn minimum_wage_group_time() {
    let Some((panel, x)) = mpdta() else { return };
    let run = |options: Options| staggered(&panel, &options).unwrap();
    let theirs = |spec| golden("g06_mpdta_callaway_santanna", "csdid", spec);
    same_everything(&run(Options::default()), &theirs("lemp~1', reg, nevertreated"), 1e-9);
    let not_yet = Options { control: Control::NotYet, ..Options::default() };
    same_everything(&run(not_yet), &theirs("lemp~1', dr, notyettreated"), 1e-9);
    let covariates = Options { covariates: Some(x), ..Options::default() };
    same_everything(&run(covariates.clone()), &theirs("lemp~lpop', dr, nevertreated"), 1e-6);
    // The three adjustments agree closely on these data.
    for adjustment in [Adjustment::Regression, Adjustment::Weighting] {
        let other = run(Options { adjustment, ..covariates.clone() }).simple.unwrap();
        assert!((other.estimate + 0.0418).abs() < 0.001 && (other.std_error - 0.0115).abs() < 0.001);
    }
}

#[test]
fn known_truth_under_staggering() {
    let panel = world_a();
    let s = staggered(&panel, &Options::default()).unwrap();
    let theirs = golden("g25_synthetic_A_staggered", "csdid", "clustervar=branch");
    same("simple", &s.simple, &theirs["simple"], &theirs["se"], 1e-9);
    let theirs = golden("g25_synthetic_A_staggered", "diff-diff", "CallawaySantAnna");
    for (key, part) in &s.dynamic.parts {
        let t = &theirs["event"][key.to_string()];
        let part = part.as_ref().unwrap();
        agree("event", part.estimate, t["att"].as_f64().unwrap(), 1e-9);
        let ratio = (120.0_f64 / 119.0).sqrt();
        agree("event", part.std_error * ratio, t["se"].as_f64().unwrap(), 1e-6);
    }
    let pre = s.pre_trend.unwrap();
    assert!(pre.p_value > 0.01, "{pre:?}");
    let simple = s.simple.unwrap();
    assert!(simple.conf_low < 3.282 && 3.282 < simple.conf_high);
    // The familiar estimator misses; fixest's K counts the 24 weeks, this pyfixest run did not.
    let naive = twfe(&panel).unwrap();
    let theirs = golden("g25_synthetic_A_staggered", "pyfixest", "TWFE");
    agree("twfe", naive.estimate, theirs["treated"]["est"].as_f64().unwrap(), 1e-9);
    let se = theirs["treated"]["se"].as_f64().unwrap();
    let factor = (naive.std_error / se).powi(2);
    let n = panel.observed() as f64;
    let k = |k: f64| (n - 2.0) / (n - k);
    assert!([1.0, k(25.0), (n - 24.0) / (n - 25.0)].iter().any(|f| (f - factor).abs() < 1e-9), "{factor}");
    assert!(naive.conf_high < 3.282);
}

#[test]
fn house_prices_two_by_two() {
    let Some(data) = Csv::reference("wooldridge__kielmc.csv") else { return };
    let flag = |name: &str| data.numbers(name).iter().map(|&v| v > 0.5).collect::<Vec<_>>();
    let ours =
        two_by_two(&data.numbers("rprice"), &flag("nearinc"), &flag("y81"), &[], None, Errors::Classical)
            .unwrap();
    let theirs = golden("g23_did_2x2", "fixest", "rprice");
    let e = ours.term("treated:after").unwrap();
    agree("estimate", e.estimate, theirs["y81nrinc"]["est"].as_f64().unwrap(), 1e-9);
    agree("error", e.std_error, theirs["y81nrinc"]["se"].as_f64().unwrap(), 1e-9);
    agree("p", e.p_value, theirs["y81nrinc"]["p"].as_f64().unwrap(), 1e-8);
}

/// A random panel; `holes` is the share of cells left out.
fn random_panel(seed: u64, holes: f64) -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::new();
    for unit in 0..60_u64 {
        let cohort = [None, Some(4), Some(6), Some(9)][rng.random_range(0..4)];
        let level: f64 = rng.random_range(0.0..5.0);
        let weight = rng.random_range(0.5..2.0);
        for time in 0..12_i64 {
            let effect = if cohort.is_some_and(|g| time >= g) { 1.0 } else { 0.0 };
            let value = level + 0.2 * time as f64 + effect + rng.random_range(-1.0..1.0);
            if rng.random_range(0.0..1.0) >= holes {
                rows.push(Row { unit, time, value, cohort, cluster: unit / 3, weight });
            }
        }
    }
    rows
}

/// The one-pass path and alternating projections give the same numbers.
#[test]
fn complete_and_general_paths_agree() {
    for seed in 0..6 {
        for (weighted, holes) in [(false, 0.0), (true, 0.0), (false, 0.2), (true, 0.2)] {
            let mut rows = random_panel(seed, holes);
            if !weighted {
                rows.iter_mut().for_each(|r| r.weight = 1.0);
            }
            let panel = Panel::from_rows(&rows).unwrap();
            assert_eq!(panel.is_complete(), holes == 0.0);
            let ours = twfe(&panel).unwrap();
            // By hand: dummies for units and periods, and no shortcut.
            let y: Vec<f64> = rows.iter().map(|r| r.value).collect();
            let x: Vec<f64> =
                rows.iter().map(|r| f64::from(u8::from(r.cohort.is_some_and(|g| r.time >= g)))).collect();
            let unit = dense(&rows.iter().map(|r| r.unit).collect::<Vec<_>>()).0;
            let time = dense(&rows.iter().map(|r| r.time).collect::<Vec<_>>()).0;
            let cluster = dense(&rows.iter().map(|r| r.cluster).collect::<Vec<_>>()).0;
            let weights: Vec<f64> = rows.iter().map(|r| r.weight).collect();
            let mut columns = vec![("treated".to_owned(), x)];
            for t in 1..12 {
                let dummy = time.iter().map(|&s| f64::from(u8::from(s == t))).collect();
                columns.push((format!("time {t}"), dummy));
            }
            let slow = fit(&Regression {
                outcome: &y,
                columns,
                absorb: vec![&unit],
                cluster: Some(&cluster),
                weights: Some(&weights),
                errors: Errors::Cr1,
            })
            .unwrap();
            let slow = slow.term("treated").unwrap();
            agree("estimate", ours.estimate, slow.estimate, 1e-9);
            agree("error", ours.std_error, slow.std_error, 1e-9);
        }
    }
}

/// Sums by wave and cluster and sums over units give the same effects and errors.
#[test]
fn sums_by_block_and_by_unit_agree() {
    for seed in 20..24 {
        let rows = random_panel(seed, 0.0);
        let mut holed = rows.clone();
        // Started before the data begin, so that it takes no part; seen once, so that the panel has holes.
        holed.push(Row { unit: 999, time: 3, value: 1.0, cohort: Some(-9), cluster: 0, weight: 1.0 });
        let (complete, holed) = (Panel::from_rows(&rows).unwrap(), Panel::from_rows(&holed).unwrap());
        assert!(complete.is_complete() && !holed.is_complete());
        for control in [Control::Never, Control::NotYet] {
            for (base, base_periods) in [(Base::Varying, 1), (Base::Varying, 3), (Base::Universal, 1)] {
                let how = Options { control, base, base_periods, ..Options::default() };
                let (quick, slow) = (staggered(&complete, &how).unwrap(), staggered(&holed, &how).unwrap());
                assert_eq!(quick.cells.len(), slow.cells.len());
                let pairs = quick.cells.iter().map(|c| &c.effect).zip(slow.cells.iter().map(|c| &c.effect));
                for (a, b) in
                    pairs.chain([(&quick.simple, &slow.simple), (&quick.group.overall, &slow.group.overall)])
                {
                    let (a, b) = (a.as_ref().unwrap(), b.as_ref().unwrap());
                    agree(&a.term, a.estimate, b.estimate, 1e-9);
                    agree(&a.term, a.std_error, b.std_error, 1e-9);
                }
            }
        }
    }
}

/// Order of rows, and names of units, change nothing, to the last bit.
#[test]
fn order_does_not_matter() {
    let rows = random_panel(3, 0.1);
    let mut shuffled = rows.clone();
    shuffled.reverse();
    shuffled.rotate_left(100);
    let run = |rows: &[Row]| {
        let panel = Panel::from_rows(rows).unwrap();
        let s = staggered(&panel, &Options { control: Control::NotYet, ..Options::default() }).unwrap();
        (twfe(&panel).unwrap(), s.simple.unwrap(), s.dynamic.overall.unwrap())
    };
    assert_eq!(run(&rows), run(&shuffled));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(run(&rows), one.install(|| run(&rows)));
}

/// With one wave, all of them are the same comparison.
#[test]
fn one_wave_one_answer() {
    let mut rows = random_panel(11, 0.0);
    rows.retain(|r| r.cohort.is_none_or(|g| g == 6));
    rows.iter_mut().for_each(|r| r.weight = 1.0);
    let panel = Panel::from_rows(&rows).unwrap();
    let universal = Options { base: Base::Universal, ..Options::default() };
    let s = staggered(&panel, &universal).unwrap();
    let e = event_study(&panel, 20, 20).unwrap();
    assert_eq!(e.event_times.len(), 11);
    for ((key, part), (time, other)) in s.dynamic.parts.iter().zip(e.event_times.iter().zip(&e.estimates)) {
        assert_eq!(key, time);
        agree("event", part.as_ref().unwrap().estimate, other.estimate, 1e-9);
    }
}

#[test]
fn refuses_what_cannot_be_compared() {
    let rows = random_panel(5, 0.0);
    let with = |f: &dyn Fn(&mut Row)| {
        let mut rows = rows.clone();
        rows.iter_mut().for_each(f);
        Panel::from_rows(&rows).unwrap()
    };
    let reason = |p: &Panel| {
        let s = staggered(p, &Options::default());
        assert!(twfe(p).reason().is_some(), "{:?}", twfe(p));
        s.reason().unwrap().clone()
    };
    assert_eq!(reason(&with(&|r| r.cohort = None)), Reason::NoTreated);
    assert_eq!(reason(&with(&|r| r.cohort = Some(-3))), Reason::NoPrePeriod);
    assert_eq!(reason(&with(&|r| r.cohort = Some(6))), Reason::NoComparison);
    assert_eq!(reason(&with(&|r| r.cluster = 0)), Reason::TooFewClusters { have: 1, need: 2 });
    let mut doubled = rows.clone();
    doubled.push(rows[0]);
    assert!(matches!(Panel::from_rows(&doubled), Err(Reason::DuplicateCell { .. })));
    assert_eq!(Panel::from_rows(&[]), Err(Reason::Empty));
    let mut bad = rows;
    bad[3].value = f64::NAN;
    assert!(matches!(Panel::from_rows(&bad), Err(Reason::NotFinite { .. })));
}
