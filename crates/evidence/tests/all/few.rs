//! Few treated units, few clusters, single series.

use evidence::permute::{Draws, exact_range, two_groups};
use evidence::series::{Series, interrupted};
use evidence::structural::{beyond_forecast, structural};
use evidence::synthetic::{Mixture, synthetic};
use evidence::wild::wild_bootstrap;
use evidence::{Panel, Row, dense};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::common::{Csv, agree, golden};
use crate::design::normal;

fn prop99() -> (Panel, Vec<String>) {
    let data = Csv::shipped("synthdid__california_prop99.csv");
    let names = data.text("State").to_vec();
    let (state, _) = dense(&names);
    let (year, y) = (data.numbers("Year"), data.numbers("PacksPerCapita"));
    let rows: Vec<Row> = (0..y.len())
        .map(|i| Row {
            unit: u64::from(state[i]),
            time: year[i] as i64,
            value: y[i],
            cohort: (names[i] == "California").then_some(1989),
            cluster: u64::from(state[i]),
            weight: 1.0,
        })
        .collect();
    let mut sorted = names;
    sorted.sort();
    sorted.dedup();
    (Panel::from_rows(&rows).unwrap(), sorted)
}

#[test]
fn proposition_99() {
    let (panel, names) = prop99();
    let few = Draws { number: 30, seed: 12 };
    let theirs = golden("g09_prop99_sdid", "synthdid", "synthdid/sc/did");
    for (mixture, key) in
        [(Mixture::SyntheticDid, "sdid"), (Mixture::SyntheticControl, "sc"), (Mixture::EqualWeights, "did")]
    {
        let ours = synthetic(&panel, mixture, few).unwrap();
        agree(key, ours.effect, theirs[key].as_f64().unwrap(), 1e-8);
        if mixture == Mixture::SyntheticDid {
            let order = theirs["control_order"].as_array().unwrap();
            for ((unit, w), (name, reference)) in
                ours.weights[0].units.iter().zip(order.iter().zip(theirs["omega"].as_array().unwrap()))
            {
                assert_eq!(names[*unit as usize], name.as_str().unwrap());
                assert!((w - reference.as_f64().unwrap()).abs() < 1e-8);
            }
            let error = ours.estimate.unwrap().std_error;
            assert!((5.0..14.0).contains(&error), "{error}");
            let again = synthetic(&panel, mixture, few).unwrap();
            assert_eq!(again.placebos, ours.placebos);
        }
    }
}

#[test]
fn beer_tax_with_few_states() {
    let Some(data) = Csv::reference("AER__Fatalities.csv") else { return };
    let (fatal, pop) = (data.numbers("fatal"), data.numbers("pop"));
    let y: Vec<f64> = fatal.iter().zip(&pop).map(|(f, p)| 10_000.0 * f / p).collect();
    let x = data.numbers("beertax");
    let states = data.text("state");
    let years: Vec<&str> = data.text("year").iter().map(String::as_str).collect();
    let mut names = states.to_vec();
    names.sort();
    names.dedup();
    let rows: Vec<usize> = (0..y.len()).filter(|&i| names[..10].contains(&states[i])).collect();
    let pick = |v: &[f64]| rows.iter().map(|&i| v[i]).collect::<Vec<_>>();
    let (state, _) = dense(&rows.iter().map(|&i| &states[i]).collect::<Vec<_>>());
    let (year, _) = dense(&rows.iter().map(|&i| years[i]).collect::<Vec<_>>());
    let draws = Draws { number: 1999, seed: 12 };
    let w = wild_bootstrap(&pick(&y), &pick(&x), &[], &[&state, &year], &state, draws).unwrap();
    assert_eq!((w.as_extreme, w.patterns, w.exact), (882, 1024, true));
    let hand = golden("g15_wild_cluster_bootstrap", "hand", "WCR");
    agree("beta", w.estimate, hand["beta"].as_f64().unwrap(), 1e-9);
    let small = ((70.0_f64 - 1.0) / (70.0 - 17.0)).sqrt();
    agree("se", w.std_error * small, hand["se_crv1"].as_f64().unwrap(), 1e-8);
    assert!(w.interval.0 < 0.0 && 0.0 < w.interval.1);
    let (state, _) = dense(states);
    let (year, _) = dense(&years);
    let all = wild_bootstrap(&y, &x, &[], &[&state, &year], &state, draws).unwrap();
    assert!((all.p_value - 0.10596).abs() < 0.025, "{}", all.p_value);
}

fn seatbelts() -> Option<(Vec<f64>, Vec<f64>, usize)> {
    let data = Csv::reference("datasets__Seatbelts.csv")?;
    let y = data.numbers("drivers").iter().map(|v| v.ln()).collect();
    let lp = data.numbers("PetrolPrice").iter().map(|v| v.ln()).collect();
    let start = data.numbers("law").iter().position(|v| *v > 0.5)?;
    Some((y, lp, start))
}

#[test]
fn seat_belts_interrupted() {
    let Some((y, lp, start)) = seatbelts() else { return };
    let ours = interrupted(&Series {
        outcome: &y,
        start,
        season: Some(12),
        covariates: vec![("lp".into(), lp)],
        lags: None,
    })
    .unwrap();
    let hac = golden("g11_seatbelts_its", "statsmodels", "NeweyWest");
    let classical = golden("g11_seatbelts_its", "statsmodels", "same OLS");
    let gls = golden("g11_seatbelts_its", "nlme", "gls");
    for (key, segment) in
        [("tpost", &ours.trend), ("t", &ours.before), ("lp", &ours.covariates[0]), ("law", &ours.level)]
    {
        agree(key, segment.estimate.estimate, hac[key]["est"].as_f64().unwrap(), 1e-8);
        agree(key, segment.hac, hac[key]["se"].as_f64().unwrap(), 1e-8);
        agree(key, segment.classical, classical[key]["se"].as_f64().unwrap(), 1e-8);
    }
    agree("gls", ours.level.gls, gls["law"].as_f64().unwrap(), 1e-5);
    agree("gls", ours.level.gls_error, gls["se"].as_f64().unwrap(), 1e-4);
    agree("rho", ours.autocorrelation, gls["rho"].as_f64().unwrap(), 1e-4);
    agree("widest", ours.level.estimate.std_error, ours.level.gls_error, 1e-12);
}

#[test]
fn seat_belts_structural() {
    let Some((y, lp, start)) = seatbelts() else { return };
    let law = (0..y.len()).map(|t| f64::from(u8::from(t >= start))).collect();
    let ours = structural(&Series {
        outcome: &y,
        start,
        season: Some(12),
        covariates: vec![("lp".into(), lp), ("law".into(), law)],
        lags: None,
    })
    .unwrap();
    let theirs = golden("g11_seatbelts_its", "statsmodels", "UnobservedComponents");
    let p = &theirs["params"];
    agree("law", ours.coefficients[1].estimate, p["beta.law"].as_f64().unwrap(), 1e-2);
    agree("lp", ours.coefficients[0].estimate, p["beta.lp"].as_f64().unwrap(), 1e-2);
    agree("irregular", ours.irregular, p["sigma2.irregular"].as_f64().unwrap(), 1e-2);
    agree("level", ours.level, p["sigma2.level"].as_f64().unwrap(), 5e-2);
    agree("error", ours.coefficients[1].std_error, theirs["bse"]["beta.law"].as_f64().unwrap(), 5e-2);
}

#[test]
fn vignette_of_causal_impact() {
    let data = Csv::shipped("causalimpact_vignette.csv");
    let y = data.numbers("y");
    let ours = beyond_forecast(&Series {
        outcome: &y,
        start: 70,
        season: None,
        covariates: vec![("x1".into(), data.numbers("x1"))],
        lags: None,
    })
    .unwrap();
    let theirs = golden("g12_causalimpact_vignette", "statsmodels", "MLE local level");
    agree("effect", ours.average.estimate, theirs["avg_effect"].as_f64().unwrap(), 1e-4);
    agree("forecast", ours.forecast, theirs["pred_mean"].as_f64().unwrap(), 1e-5);
    agree("beta", ours.model.coefficients[0].estimate, theirs["beta"].as_f64().unwrap(), 1e-3);
    // The Bayesian answer with its prior on a quiet level: 10.52 (0.36).
    assert!((ours.average.estimate - 10.52).abs() < 0.36);
    assert!((0.2..0.9).contains(&ours.average.std_error));
}

#[test]
fn refuses_short_or_flat_series() {
    let flat = vec![1.0; 40];
    let series = |outcome, start| Series { outcome, start, season: None, covariates: vec![], lags: None };
    assert!(interrupted(&series(&flat, 20)).reason().is_some());
    assert!(beyond_forecast(&series(&flat, 20)).reason().is_some());
    assert!(interrupted(&series(&flat[..5], 2)).reason().is_some());
    assert!(interrupted(&series(&flat, 39)).reason().is_some());
    let (panel, _) = prop99();
    let all = panel.with_cohorts(vec![Some(1989); panel.units()]);
    assert!(synthetic(&all, Mixture::SyntheticDid, Draws::default()).reason().is_some());
    let none = panel.with_cohorts(vec![None; panel.units()]);
    assert!(synthetic(&none, Mixture::SyntheticDid, Draws::default()).reason().is_some());
}

/// The ends are where the test itself turns: just inside it does not rule the effect out, just outside it does.
#[test]
fn the_exact_range_is_what_the_exact_test_does_not_rule_out() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for (treated, all) in [(3, 6), (3, 7), (4, 9), (5, 10), (2, 12)] {
        let flags: Vec<bool> = (0..all).map(|i| i < treated).collect();
        let values: Vec<f64> = flags.iter().map(|t| normal(&mut rng) + if *t { 2.0 } else { 0.0 }).collect();
        let range = exact_range(&values, &flags).unwrap();
        let ways = range.arrangements as f64;
        let side = (1.0 - range.confidence) / 2.0;
        assert!((side - 0.025_f64.max(1.0 / ways)).abs() < 1e-12);
        let rejected = |tau: f64| {
            let rest: Vec<f64> =
                values.iter().zip(&flags).map(|(v, t)| if *t { v - tau } else { *v }).collect();
            let p = two_groups(&rest, &flags, Draws::default()).unwrap();
            p.same_side as f64 <= side * ways + 1e-9
        };
        let step = 1e-6;
        assert!(rejected(range.low - step) && !rejected(range.low + step), "{treated} of {all}: {range:?}");
        assert!(rejected(range.high + step) && !rejected(range.high - step), "{treated} of {all}: {range:?}");
    }
    let few = exact_range(&[1.0, 2.0, 3.0, 4.0, 5.0], &[true, true, false, false, false]);
    assert!(few.reason().unwrap().sentence().contains("10 ways"), "{few:?}");
    assert!(exact_range(&[], &[]).reason().is_some());
}

/// Six groups, three of them treated: the widest of the ways to an interval holds the truth at least as often as it says.
#[test]
fn worlds_of_three_against_three() {
    let worlds = if std::env::var_os("THROUGHLINE_TEST_NIGHTLY").is_some() { 4_000 } else { 400 };
    let mut covered = 0;
    for seed in 70_000..70_000 + worlds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let values: Vec<f64> = (0..6).map(|i| normal(&mut rng) + if i < 3 { 2.0 } else { 0.0 }).collect();
        let range = exact_range(&values, &[true, true, true, false, false, false]).unwrap();
        covered += u64::from(range.low <= 2.0 && 2.0 <= range.high);
    }
    println!("seeds 70000 to {}: the exact range of 20 ways covers {covered} of {worlds}", 70_000 + worlds);
    // It says nine times in ten, and is exact.
    let slack = 3.5 * (0.09 / worlds as f64).sqrt();
    assert!((covered as f64 / worlds as f64 - 0.9).abs() < slack, "{covered} of {worlds}");
}
