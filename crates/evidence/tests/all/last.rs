//! Mixed models, sensitivity to trends, and every method by its word.

use evidence::Reason;
use evidence::dense;
use evidence::honest::{EventPath, honest};
use evidence::methods::{Column, METHODS, Options, Table, run};
use evidence::mixed::mixed;
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

use crate::common::{Csv, agree, golden};

#[test]
fn sleep_study() {
    let Some(data) = Csv::reference("lme4__sleepstudy.csv") else { return };
    let subject: Vec<i64> = data.numbers("Subject").iter().map(|v| *v as i64).collect();
    let (y, days) = (data.numbers("Reaction"), data.numbers("Days"));
    let m = mixed(&y, ("Days", &days), &[], &dense(&subject).0).unwrap();
    let theirs = golden("g14_sleepstudy_mixed", "lme4", "lmer");
    for j in 0..2 {
        let key = ["(Intercept)", "Days"][j];
        agree(key, m.fixed[j].estimate, theirs["fixef"][key].as_f64().unwrap(), 1e-9);
        agree(key, m.fixed[j].std_error, theirs["se"][j].as_f64().unwrap(), 1e-4);
    }
    let ours = [m.intercept_sd, m.slope_sd, m.correlation, m.residual_sd];
    for (ours, theirs) in ours.iter().zip(theirs["sd"].as_array().unwrap()) {
        agree("sd", *ours, theirs.as_f64().unwrap(), 1e-3);
    }
    agree("criterion", m.criterion, theirs["REML"].as_f64().unwrap(), 1e-9);
    assert_eq!(m.fixed[1].df, theirs["kr_df"].as_f64());
    // Lines are drawn towards the common one: less spread than the lines fitted apart.
    assert_eq!(m.units.len(), 18);
    let spread = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (v.len() - 1) as f64).sqrt()
    };
    let slopes: Vec<f64> = m.units.iter().map(|u| u[1]).collect();
    assert!(spread(&slopes) < m.slope_sd);
    assert!(mixed(&y, ("Days", &vec![1.0; y.len()]), &[], &dense(&subject).0).reason().is_some());
}

#[test]
fn restaurants_hold_until_trends_differ_much() {
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/HonestDiD__BCdata_EventStudy.json"),
    )
    .unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let vector = |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
    let effects = vector(&file["betahat"]);
    let rows: Vec<f64> = file["sigma"].as_array().unwrap().iter().flat_map(vector).collect();
    let path = EventPath {
        event_times: vec![-5, -4, -3, -2, 0, 1, 2, 3],
        effects: DVector::from_vec(effects),
        vcov: DMatrix::from_row_slice(8, 8, &rows),
    };
    let h = honest(&path, &[0], &[0.5, 1.0, 1.5, 2.0]).unwrap();
    let original = golden("g20_honest_did_bc", "honestdid", "constructOriginalCS");
    agree("low", h.original.0, original[0]["lb"].as_f64().unwrap(), 1e-6);
    agree("high", h.original.1, original[0]["ub"].as_f64().unwrap(), 1e-6);
    // Near the authors' conditional interval, and never much inside it.
    let theirs = golden("g20_honest_did_bc", "honestdid", "relativeMagnitudes");
    for (w, t) in h.widened.iter().zip(theirs.as_array().unwrap()) {
        let (low, high) = (t["lb"].as_f64().unwrap(), t["ub"].as_f64().unwrap());
        println!("{w:?} {low} {high}");
        assert!((w.low - low).abs() < 0.06 && (w.high - high).abs() < 0.08, "{w:?} {low} {high}");
    }
    let breakdown = h.breakdown.unwrap();
    assert!((1.2..2.2).contains(&breakdown), "{breakdown}");
    assert!(honest(&path, &[9], &[]).reason().is_some());
}

fn table(text: &str) -> Table {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let columns = names.iter().enumerate().map(|(j, name)| {
        let numbers = rows.iter().map(|r| r[j].parse().ok()).collect();
        ((*name).to_owned(), Column::Numbers(numbers))
    });
    Table::new(columns.collect()).unwrap()
}

/// Twelve units over twelve periods in three waves, with a covariate and clusters.
fn small() -> Table {
    let mut text = "unit,time,first,on,branch,x,y\n".to_owned();
    let mut state = 7_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    for unit in 0..24 {
        let first = [0, 5, 7, 0][unit % 4];
        let level = noise();
        for time in 1..=12 {
            let on = u8::from(first > 0 && time >= first);
            let y = 10.0 * level + 0.3 * f64::from(time) + 2.0 * f64::from(on) + noise();
            let x = level + noise();
            text.push_str(&format!("{unit},{time},{first},{on},{},{x},{y}\n", unit / 2));
        }
    }
    table(&text)
}

fn everything() -> Options {
    Options {
        outcome: Some("y".into()),
        unit: Some("unit".into()),
        time: Some("time".into()),
        cohort: Some("first".into()),
        treated: vec!["on".into()],
        cluster: Some("branch".into()),
        covariates: vec!["x".into()],
        draws: Some(49),
        ..Options::default()
    }
}

#[test]
fn every_method_answers_or_refuses_and_repeats_itself() {
    let data = small();
    for method in METHODS {
        let mut options = everything();
        match method.name {
            "power" => options.plan.effect = Some(0.5),
            "benjamini-hochberg" => options.outcome = Some("on".into()),
            "event-study" | "imputation" | "bacon" => options.covariates.clear(),
            _ => {}
        }
        let report = run(method.name, &data, &options).unwrap_or_else(|e| panic!("{}: {e}", method.name));
        let again = run(method.name, &data, &options).unwrap();
        assert_eq!(report, again, "{}", method.name);
        assert!(!report.prose.is_empty() && report.method == method.name);
        let json = serde_json::to_string(&report).unwrap();
        assert!(!json.contains("null"), "{}: {json}", method.name);
        if report.cannot_say.is_some() {
            // One start, one series: these panels have more.
            let many = ["did", "interrupted-series", "structural-series"];
            assert!(many.contains(&method.name), "{}: {}", method.name, report.prose);
            assert!(report.rows.is_empty());
        } else {
            assert!(!report.rows.is_empty(), "{}", method.name);
            assert!(report.rows.iter().all(|r| r.estimate.is_none_or(f64::is_finite)));
        }
    }
}

#[test]
fn who_has_it_must_set_somebody_apart() {
    let options = Options {
        outcome: Some("y".into()),
        unit: Some("u".into()),
        time: Some("t".into()),
        treated: vec!["d".into()],
        ..Options::default()
    };
    let worlds = [
        ("all start at once", "u,t,y,d\n1,1,1,0\n1,2,3,1\n2,1,2,0\n2,2,2,1\n3,1,2,0\n3,2,2.5,1\n"),
        ("nobody was seen before", "u,t,y,d\n1,1,1,1\n1,2,3,1\n2,1,2,0\n2,2,2,0\n3,1,2,0\n3,2,2.5,0\n"),
        ("there is one unit", "u,t,y,d\n1,1,1,0\n1,2,2,1\n"),
    ];
    for (world, text) in worlds {
        for word in ["did", "twfe"] {
            let refusal = run(word, &table(text), &options).unwrap().cannot_say.unwrap();
            assert_eq!(refusal.reason, Reason::SetsNobodyApart { term: "d".into() }, "{word}, {world}");
            assert!(refusal.sentence.contains("sets nobody apart"), "{}", refusal.sentence);
        }
    }
}

/// Panels that no method can make sense of: a refusal or a request error, never a panic.
#[test]
fn nonsense_is_refused() {
    let header = "unit,time,first,on,branch,x,y\n";
    let rows = |f: &dyn Fn(u32, u32) -> String| {
        let lines: Vec<String> =
            (0..6).flat_map(|u| (1..5).map(move |t| (u, t))).map(|(u, t)| f(u, t)).collect();
        table(&format!("{header}{}", lines.join("\n")))
    };
    let worlds = [
        ("nobody treated", rows(&|u, t| format!("{u},{t},0,0,{u},{u},{}", u * t))),
        ("all treated at first", rows(&|u, t| format!("{u},{t},1,1,{u},{t},{}", u + t))),
        (
            "nothing varies",
            rows(&|u, t| format!("{u},{t},{},{},{u},1,5", 3 * (u % 2), (u % 2) * u32::from(t >= 3))),
        ),
        (
            "one cluster",
            rows(&|u, t| format!("{u},{t},{},{},1,{t},{}", 3 * (u % 2), (u % 2) * u32::from(t >= 3), u * t)),
        ),
        ("twice the same cell", rows(&|u, _| format!("{u},1,2,0,{u},{u},{u}"))),
        ("all missing", rows(&|_, _| ",,,,,,".into())),
        ("empty", table(header.trim_end())),
        ("one row", table(&format!("{header}1,1,1,1,1,1,1"))),
    ];
    for (name, world) in &worlds {
        for method in METHODS {
            if method.name == "power" {
                continue;
            }
            if let Ok(report) = run(method.name, world, &everything()) {
                let json = serde_json::to_string(&report).unwrap();
                assert!(!json.contains("null"), "{name}, {}: {json}", method.name);
                assert!(report.cannot_say.is_some() || !report.rows.is_empty(), "{name}, {}", method.name);
            }
        }
    }
    for method in METHODS {
        if method.name != "power" {
            assert!(run(method.name, &worlds[0].1, &Options::default()).is_err());
        }
    }
    assert!(run("guess", &worlds[0].1, &everything()).is_err());
    let infinite = Table::new(vec![("y".into(), Column::Numbers(vec![Some(f64::INFINITY)]))]);
    assert!(matches!(infinite, Err(Reason::NotFinite { .. })));
}
