//! Least squares and fixed effects against reference software.

use crate::common::{Csv, agree, golden};
use evidence::dense;
use evidence::regress::{Errors, Fit, Regression, fit};

fn jtrain(errors: Errors) -> Fit {
    let data = Csv::shipped("wooldridge__jtrain.csv");
    let y = data.maybe("lscrap");
    let rows: Vec<usize> = (0..y.len()).filter(|&i| y[i].is_some()).collect();
    let pick = |name: &str| -> Vec<f64> {
        let v = data.maybe(name);
        rows.iter().map(|&i| v[i].expect("value")).collect()
    };
    let outcome = pick("lscrap");
    let firms: Vec<i64> = pick("fcode").iter().map(|&v| v as i64).collect();
    let (firm, _) = dense(&firms);
    fit(&Regression {
        outcome: &outcome,
        columns: ["d88", "d89", "grant", "grant_1"].iter().map(|&n| (n.to_owned(), pick(n))).collect(),
        absorb: vec![&firm],
        cluster: Some(&firm),
        weights: None,
        errors,
    })
    .unwrap()
}

#[test]
fn training_grants_and_scrap() {
    for (errors, implementation, spec) in
        [(Errors::Classical, "fixest", "iid"), (Errors::Cr1, "fixest", "cluster fcode")]
    {
        let ours = jtrain(errors);
        let theirs = golden("g03_jtrain_scrap_fe", implementation, spec);
        assert_eq!(ours.n, 162);
        for term in ["d88", "d89", "grant", "grant_1"] {
            let e = ours.term(term).expect(term);
            agree(term, e.estimate, theirs[term]["est"].as_f64().unwrap(), 1e-9);
            agree(term, e.std_error, theirs[term]["se"].as_f64().unwrap(), 1e-9);
            agree(term, e.p_value, theirs[term]["p"].as_f64().unwrap(), 1e-8);
        }
    }
    let ours = jtrain(Errors::Cr2);
    let theirs = golden("g03_jtrain_scrap_fe", "plm", "CR2");
    for j in 0..4 {
        let e = &ours.estimates[j];
        agree(&e.term, e.std_error, theirs["se"][j].as_f64().unwrap(), 1e-8);
        agree(&e.term, e.df.unwrap(), theirs["df"][j].as_f64().unwrap(), 1e-6);
        agree(&e.term, e.p_value, theirs["p"][j].as_f64().unwrap(), 1e-6);
    }
    // pyfixest multiplies the clustered jackknife by (G/(G−1))² · (N−1)/(N−K); ours is
    // the published formula, with (G−1)/G.
    let ours = jtrain(Errors::Cr3);
    let theirs = golden("g03_jtrain_scrap_fe", "pyfixest", "CRV3");
    let factor = 54.0 / 53.0 * (161.0_f64 / 157.0).sqrt();
    for term in ["d88", "d89", "grant", "grant_1"] {
        let e = ours.term(term).expect(term);
        agree(term, e.std_error * factor, theirs[term]["se"].as_f64().unwrap(), 1e-9);
    }
    let published = jtrain(Errors::Classical);
    assert_eq!(format!("{:.3}", published.r2_within), "0.201");
}

#[test]
fn job_training_experiment() {
    let Some(data) = Csv::reference("DAAG__nsw74demo.csv") else { return };
    let y = data.numbers("re78");
    let run = |errors| {
        fit(&Regression {
            outcome: &y,
            columns: vec![("trt".into(), data.numbers("trt"))],
            absorb: vec![],
            cluster: None,
            weights: None,
            errors,
        })
        .unwrap()
    };
    for (errors, spec) in [
        (Errors::Classical, "nonrobust ("),
        (Errors::Hc1, "cov_type=HC1"),
        (Errors::Hc2, "cov_type=HC2"),
        (Errors::Hc3, "cov_type=HC3"),
    ] {
        let theirs = golden("g01_nsw_experiment", "statsmodels", spec);
        let ours = run(errors);
        let e = ours.term("trt").unwrap();
        agree("estimate", e.estimate, theirs["trt"]["est"].as_f64().unwrap(), 1e-9);
        agree("error", e.std_error, theirs["trt"]["se"].as_f64().unwrap(), 1e-9);
    }
}

#[test]
fn minimum_wage_two_way() {
    let Some(data) = Csv::reference("did__mpdta.csv") else { return };
    let y = data.numbers("lemp");
    let year = data.numbers("year");
    let first = data.numbers("first.treat");
    let post: Vec<f64> =
        year.iter().zip(&first).map(|(&t, &g)| f64::from(u8::from(g > 0.0 && t >= g))).collect();
    let ids = |v: &[f64]| dense(&v.iter().map(|&x| x as i64).collect::<Vec<_>>()).0;
    let (county, years) = (ids(&data.numbers("countyreal")), ids(&year));
    let ours = fit(&Regression {
        outcome: &y,
        columns: vec![("post".into(), post)],
        absorb: vec![&county, &years],
        cluster: Some(&county),
        weights: None,
        errors: Errors::Cr1,
    })
    .unwrap();
    let theirs = golden("g08_mpdta_alternatives", "fixest", "TWFE");
    let e = ours.term("post").unwrap();
    agree("estimate", e.estimate, theirs["post"]["est"].as_f64().unwrap(), 1e-9);
    agree("error", e.std_error, theirs["post"]["se"].as_f64().unwrap(), 1e-9);
    agree("p", e.p_value, theirs["post"]["p"].as_f64().unwrap(), 1e-8);
}

#[test]
fn beer_tax_follows_fixest() {
    let Some(data) = Csv::reference("AER__Fatalities.csv") else { return };
    let (fatal, pop) = (data.numbers("fatal"), data.numbers("pop"));
    let y: Vec<f64> = fatal.iter().zip(&pop).map(|(f, p)| 10_000.0 * f / p).collect();
    let states: Vec<&str> = data.text("state").iter().map(String::as_str).collect();
    let years: Vec<&str> = data.text("year").iter().map(String::as_str).collect();
    let (state, year) = (dense(&states).0, dense(&years).0);
    let ours = fit(&Regression {
        outcome: &y,
        columns: vec![("beertax".into(), data.numbers("beertax"))],
        absorb: vec![&state, &year],
        cluster: Some(&state),
        weights: None,
        errors: Errors::Cr1,
    })
    .unwrap();
    let theirs = golden("g15_wild_cluster_bootstrap", "fixest", "feols");
    let e = ours.term("beertax").unwrap();
    agree("estimate", e.estimate, theirs["beertax"]["est"].as_f64().unwrap(), 1e-9);
    agree("error", e.std_error, theirs["beertax"]["se"].as_f64().unwrap(), 1e-8);
    agree("p", e.p_value, theirs["beertax"]["p"].as_f64().unwrap(), 1e-8);
}
