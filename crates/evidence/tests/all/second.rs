//! Decomposition, second opinions, adjustment, correlation, many results together.

use evidence::adjust::{cuped, difference, effect_on_treated, lin};
use evidence::did::bacon::{Kind, bacon};
use evidence::did::cell::Adjustment;
use evidence::did::imputation::imputation;
use evidence::did::sun_abraham::sun_abraham;
use evidence::did::twfe::twfe;
use evidence::multiple::{Correction, adjust, always_valid};
use evidence::within::{levels, mundlak, within_slope};
use evidence::{Estimate, Panel, Reason, Row, dense};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::common::{Csv, agree, golden};
use crate::design::normal;
use crate::did::{mpdta, world_a};

#[test]
fn bh_1995() {
    let p = Csv::shipped("bh1995_pvalues.csv").numbers("p");
    let r = golden("g17_bh_multiple_testing", "stats", "p.adjust");
    for (name, how) in [
        ("BH", Correction::BenjaminiHochberg),
        ("BY", Correction::BenjaminiYekutieli),
        ("holm", Correction::Holm),
    ] {
        for (ours, theirs) in adjust(&p, how).unwrap().iter().zip(r[name].as_array().unwrap()) {
            agree(name, *ours, theirs.as_f64().unwrap(), 1e-12);
        }
    }
    let found = |how| adjust(&p, how).unwrap().iter().filter(|p| **p <= 0.05).count();
    assert_eq!(found(Correction::BenjaminiHochberg), 4);
    assert_eq!(found(Correction::Bonferroni), 3);
    assert!(adjust(&[0.2, 1.2], Correction::Holm).reason().is_some());
}

/// Looking every week at nothing: the always-valid interval errs in at most one of twenty.
#[test]
fn peeking_is_allowed() {
    let (mut fooled, mut naive_fooled, worlds) = (0, 0, 300);
    for seed in 0..worlds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut sum, mut any, mut naive) = (0.0, false, false);
        for n in 1..=400_u32 {
            sum += normal(&mut rng);
            if n >= 20 && n % 10 == 0 {
                let nf = f64::from(n);
                let e = Estimate::normal("mean", sum / nf, 1.0 / nf.sqrt(), n as usize, None).unwrap();
                let (low, high) = always_valid(&e, nf / 400.0).unwrap();
                any |= low > 0.0 || high < 0.0;
                naive |= e.conf_low > 0.0 || e.conf_high < 0.0;
            }
        }
        fooled += u32::from(any);
        naive_fooled += u32::from(naive);
    }
    println!("fooled {fooled}, naive {naive_fooled} of {worlds}");
    assert!(u64::from(fooled) * 20 <= worlds && u64::from(naive_fooled) * 5 > worlds);
}

#[test]
fn goodman_bacon() {
    let b = bacon(&world_a()).unwrap();
    let theirs = golden("g25_synthetic_A_staggered", "diff-diff", "Bacon");
    for (name, kind) in [
        ("treated_vs_never", Kind::TreatedVsNever),
        ("earlier_vs_later", Kind::EarlierVsLater),
        ("later_vs_earlier", Kind::LaterVsEarlier),
    ] {
        let (weight, mean) = b.of(kind);
        agree(name, weight, theirs[name]["weight"].as_f64().unwrap(), 1e-6);
        agree(name, mean.unwrap(), theirs[name]["avg_est"].as_f64().unwrap(), 1e-6);
    }
    agree("twfe", b.twfe, twfe(&world_a()).unwrap().estimate, 1e-9);
    let Some((panel, _)) = mpdta() else { return };
    let b = bacon(&panel).unwrap();
    let theirs = golden("g08_mpdta_alternatives", "diff-diff", "Goodman-Bacon");
    agree("twfe", b.twfe, theirs["twfe"].as_f64().unwrap(), 1e-9);
    for c in theirs["comparisons"].as_array().unwrap() {
        let control = c["control"].as_i64();
        let ours = b
            .comparisons
            .iter()
            .find(|o| o.treated == c["treated"].as_i64().unwrap() && o.comparison == control)
            .unwrap();
        agree("estimate", ours.estimate, c["est"].as_f64().unwrap(), 1e-9);
        agree("weight", ours.weight, c["weight"].as_f64().unwrap(), 1e-9);
    }
}

#[test]
fn imputation_matches() {
    let ours = imputation(&world_a()).unwrap();
    let theirs = golden("g25_synthetic_A_staggered", "diff-diff", "ImputationDiD");
    agree("att", ours.overall.estimate, theirs["att"].as_f64().unwrap(), 1e-9);
    agree("se", ours.overall.std_error, theirs["se"].as_f64().unwrap(), 1e-6);
    let Some((panel, _)) = mpdta() else { return };
    let ours = imputation(&panel).unwrap();
    let theirs = golden("g08_mpdta_alternatives", "diff-diff", "ImputationDiD");
    agree("att", ours.overall.estimate, theirs["att"].as_f64().unwrap(), 1e-9);
    agree("se", ours.overall.std_error, theirs["se"].as_f64().unwrap(), 1e-6);
}

#[test]
fn sun_abraham_matches_fixest() {
    let Some(data) = Csv::reference("fixest__base_stagg.csv") else { return };
    let get = |name: &str| data.numbers(name);
    let (id, year, g, y, x) = (get("id"), get("year"), get("year_treated"), get("y"), get("x1"));
    let rows: Vec<Row> = (0..y.len())
        .map(|i| Row {
            unit: id[i] as u64,
            time: year[i] as i64,
            value: y[i],
            cohort: (g[i] < 1000.0).then_some(g[i] as i64),
            cluster: id[i] as u64,
            weight: 1.0,
        })
        .collect();
    let panel = Panel::from_rows(&rows).unwrap();
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by_key(|&i| (id[i] as u64, year[i] as i64));
    let x1: Vec<f64> = order.iter().map(|&i| x[i]).collect();
    for (spec, covariates) in [("no x1", vec![]), ("feols(y~x1", vec![("x1".to_owned(), x1)])] {
        let ours = sun_abraham(&panel, &covariates).unwrap();
        let theirs = golden("g07_sun_abraham_base_stagg", "fixest", spec);
        let att = &theirs["att"]["ATT"];
        agree("att", ours.overall.estimate, att["est"].as_f64().unwrap(), 1e-8);
        agree("se", ours.overall.std_error, att["se"].as_f64().unwrap(), 1e-8);
        for (e, part) in &ours.dynamic {
            let t = &theirs["period"][format!("year::{e}")];
            agree("event", part.estimate, t["est"].as_f64().unwrap(), 1e-7);
            agree("event", part.std_error, t["se"].as_f64().unwrap(), 1e-7);
        }
    }
}

#[test]
fn correlation_has_levels() {
    let Some(data) = Csv::reference("pingouin__rm_corr.csv") else { return };
    let subject: Vec<i64> = data.numbers("Subject").iter().map(|v| *v as i64).collect();
    let (x, y) = (data.numbers("pH"), data.numbers("PacO2"));
    let ours = levels(&x, &y, &dense(&subject).0, None).unwrap();
    let hand = golden("g13_rmcorr_bland1995", "hand", "within");
    let within = ours.within.unwrap();
    agree("r", within.r, hand["r"].as_f64().unwrap(), 1e-10);
    agree("p", within.p_value, hand["p"].as_f64().unwrap(), 1e-9);
    agree("slope", ours.slope, hand["slope_within"].as_f64().unwrap(), 1e-10);
    agree("between", ours.between.unwrap().r, hand["between_r_unweighted"].as_f64().unwrap(), 1e-9);
    agree("weighted", ours.between_weighted.unwrap(), hand["between_r_weighted"].as_f64().unwrap(), 1e-9);
    agree("pooled", ours.pooled.unwrap().r, hand["pooled_r"].as_f64().unwrap(), 1e-9);
    let psych = golden("g13_rmcorr_bland1995", "psych", "r.con");
    agree("low", within.conf_low, psych["ci_n38"][0].as_f64().unwrap(), 1e-9);
    agree("high", within.conf_high, psych["ci_n38"][1].as_f64().unwrap(), 1e-9);
}

#[test]
fn simpson_is_seen() {
    let Some(data) = Csv::reference("synthC_selection_simpson.csv") else { return };
    let ids = |name: &str| dense(&data.numbers(name).iter().map(|v| *v as i64).collect::<Vec<_>>()).0;
    let (person, branch) = (ids("person"), ids("branch"));
    let (x, y) = (data.numbers("minutes"), data.numbers("y"));
    let ours = levels(&x, &y, &person, Some(&branch)).unwrap();
    let close = |what: &str, ours: f64, theirs: f64| agree(what, ours, theirs, 1e-7);
    close("within", ours.within.unwrap().r, 0.1092653486851263);
    close("slope", ours.slope, 0.03005377912069138);
    close("persons", ours.between_within_groups.unwrap().unwrap().r, 0.9631441142744793);
    close("branches", ours.between_groups.unwrap().unwrap().r, -0.9336054874374244);
    close("between", ours.between.unwrap().r, -0.10457811451434361);
    close("pooled", ours.pooled.unwrap().r, -0.04342526587229825);
    let slope = within_slope(&x, &y, &person, &branch).unwrap();
    let theirs = golden("g27_synthetic_C_simpson", "pyfixest", "y~minutes|person");
    close("slope", slope.estimate, theirs["minutes"]["est"].as_f64().unwrap());
    let (se, n) = (theirs["minutes"]["se"].as_f64().unwrap(), 26000.0_f64);
    // fixest counts the constant, this pyfixest run may not.
    let ratio = (slope.std_error / se).powi(2);
    assert!((ratio - 1.0).abs() < 2.0 / n, "{ratio}");
    let m = mundlak(&x, &y, &person, &branch).unwrap();
    let theirs = golden("g27_synthetic_C_simpson", "statsmodels", "Mundlak");
    for (ours, name) in [("x", "minutes"), ("mean of x", "mp")] {
        let e = m.term(ours).unwrap();
        close(name, e.estimate, theirs[name]["est"].as_f64().unwrap());
        close(name, e.std_error, theirs[name]["se"].as_f64().unwrap());
    }
}

#[test]
fn randomised_pilot() {
    let Some(data) = Csv::reference("DAAG__nsw74demo.csv") else { return };
    let (y, x) = (data.numbers("re78"), data.numbers("re75"));
    let treated: Vec<bool> = data.numbers("trt").iter().map(|v| *v > 0.5).collect();
    let dim = difference(&y, &treated).unwrap();
    let theirs = golden("g01_nsw_experiment", "estimatr", "difference_in_means");
    for (key, ours) in
        [("est", dim.estimate), ("se", dim.std_error), ("df", dim.df.unwrap()), ("p", dim.p_value)]
    {
        agree(key, ours, theirs["dim"][key].as_f64().unwrap(), 1e-9);
    }
    agree("low", dim.conf_low, theirs["dim"]["ci"][0].as_f64().unwrap(), 1e-9);
    let adjusted = lin(&y, &treated, &[("re75".into(), x.clone())]).unwrap();
    agree("lin", adjusted.estimate, theirs["lin"]["est"].as_f64().unwrap(), 1e-9);
    agree("lin", adjusted.std_error, theirs["lin"]["se"].as_f64().unwrap(), 1e-8);
    let c = cuped(&y, &x, &treated).unwrap();
    let theirs = golden("g01_nsw_experiment", "hand", "CUPED");
    agree("theta", c.theta, theirs["theta"].as_f64().unwrap(), 1e-9);
    agree("ate", c.effect.estimate, theirs["ate"].as_f64().unwrap(), 1e-9);
    agree("se", c.effect.std_error, theirs["se_welch"].as_f64().unwrap(), 1e-9);
    agree("saved", c.variance_saved, theirs["var_reduction"].as_f64().unwrap(), 1e-6);
}

#[test]
fn volunteers_are_not_an_experiment() {
    let Some(data) = Csv::reference("DAAG__nsw74psid1.csv") else { return };
    let y = data.numbers("re78");
    let treated: Vec<bool> = data.numbers("trt").iter().map(|v| *v > 0.5).collect();
    let column = |name: &str, f: &dyn Fn(f64) -> f64| {
        (name.to_owned(), data.numbers(name).into_iter().map(f).collect::<Vec<f64>>())
    };
    let same = |v: f64| v;
    let mut x = vec![column("age", &same)];
    x.push(("age squared".into(), data.numbers("age").iter().map(|a| a * a).collect()));
    for name in ["educ", "marr", "nodeg", "black", "hisp"] {
        x.push(column(name, &same));
    }
    x.push(column("re74", &|v| v / 1000.0));
    x.push(column("re75", &|v| v / 1000.0));
    let theirs = golden("g02_lalonde_observational", "hand", "ATT");
    let run = |how| effect_on_treated(&y, &treated, &x, how).unwrap();
    let number = |key: &str| theirs[key].as_f64().unwrap();
    let aipw = run(Adjustment::DoublyRobust);
    agree("aipw", aipw.effect.estimate, number("aipw_att"), 1e-7);
    agree("aipw", aipw.effect.std_error, number("aipw_se_if"), 1e-7);
    agree("ipw", run(Adjustment::Weighting).effect.estimate, number("ipw_hajek_att"), 1e-7);
    agree("or", run(Adjustment::Regression).effect.estimate, number("outcome_reg_att"), 1e-7);
    agree("ess", aipw.effective_comparison, number("control_ess"), 1e-6);
    agree("max", aipw.largest_probability.unwrap(), number("max_ps_control"), 1e-6);
    agree("age", aipw.probability_model[1], theirs["ps_coef"]["age"].as_f64().unwrap(), 1e-6);
    assert!(aipw.naive < -15_000.0 && aipw.warnings.len() == 2);
    let mut perfect = x.clone();
    perfect.push(("told apart".into(), treated.iter().map(|t| f64::from(u8::from(*t))).collect()));
    let refused = effect_on_treated(&y, &treated, &perfect, Adjustment::DoublyRobust);
    assert!(refused.reason().is_some(), "{refused:?}");
    let e = cuped(&y, &vec![1.0; y.len()], &treated);
    assert!(matches!(e.reason(), Some(Reason::NoVariation { .. })));
}
