//! Methods that compare units over time.

use nalgebra::DMatrix;

use super::report::{Report, Weight, against_zero, chance, interval, short};
use super::table::{Loaded, Table, complete, first, flags, need, panel};
use super::{Options, Stop};
use crate::answer::{Answer, Reason};
use crate::did::bacon::Kind;
use crate::did::staggered::{self, Base, Control, Staggered};
use crate::did::{self, twfe};
use crate::honest::{EventPath, honest as honest_intervals};
use crate::panel::dense;
use crate::regress::{Errors, Fit, Regression, fit};
use crate::synthetic::{Mixture, synthetic as mixture_effect};

type Done = Result<(), Stop>;

fn load(report: &mut Report, table: &Table, options: &Options) -> Result<Loaded, Stop> {
    let loaded = panel(table, options)?;
    report.n = loaded.panel.observed();
    report.warnings.extend(loaded.warnings.iter().cloned());
    Ok(loaded)
}

/// Covariates as they were when each unit was first seen.
fn baseline_covariates(
    table: &Table,
    options: &Options,
    loaded: &Loaded,
) -> Result<Option<DMatrix<f64>>, Stop> {
    if options.covariates.is_empty() {
        return Ok(None);
    }
    let long = loaded.panel.long();
    let mut x = DMatrix::zeros(loaded.panel.units(), options.covariates.len());
    for (j, name) in options.covariates.iter().enumerate() {
        let values = table.numbers(name)?;
        for (&unit, &row) in long.unit.iter().zip(&loaded.order).rev() {
            x[(unit as usize, j)] = values[row].unwrap_or(f64::NAN);
        }
    }
    Ok(Some(x))
}

fn run_staggered(
    report: &mut Report,
    table: &Table,
    options: &Options,
    base: Base,
) -> Result<Staggered, Stop> {
    let loaded = load(report, table, options)?;
    let result = staggered::staggered(
        &loaded.panel,
        &staggered::Options {
            control: options.control_group.unwrap_or(Control::Never),
            base,
            anticipation: options.anticipation,
            covariates: baseline_covariates(table, options, &loaded)?,
            ..staggered::Options::default()
        },
    )
    .into_result()?;
    report.warnings.extend(result.warnings.iter().cloned());
    report.clusters = Some(result.clusters);
    Ok(result)
}

pub(super) fn callaway_santanna(report: &mut Report, table: &Table, options: &Options) -> Done {
    let s = run_staggered(report, table, options, Base::Varying)?;
    let simple = s.simple.clone().into_result()?;
    let n = report.n;
    report.add(&simple);
    for (term, aggregate) in [("dynamic", &s.dynamic), ("group", &s.group), ("calendar", &s.calendar)] {
        if let Some(row) = report.add_answer(term, &aggregate.overall) {
            row.term = format!("{term} overall");
        }
        for (key, part) in &aggregate.parts {
            if let Some(row) = report.add_answer(&format!("{term} {key}"), part) {
                match term {
                    "dynamic" => row.event_time = Some(*key),
                    "group" => row.group = Some(*key),
                    _ => row.time = Some(*key),
                }
                row.term = term.into();
            }
        }
    }
    for cell in &s.cells {
        let name = format!("ATT({}, {})", cell.group, cell.time);
        if let Some(row) = report.add_answer(&name, &cell.effect) {
            row.group = Some(cell.group);
            row.time = Some(cell.time);
            row.event_time = Some(cell.event_time);
        }
    }
    report.n = n;
    let with = match options.control_group.unwrap_or(Control::Never) {
        Control::Never => "units that never started",
        Control::NotYet => "units that had not started",
    };
    report
        .say(format!("Since their start, treated units changed by {} more than {with}.", interval(&simple)));
    report.say(against_zero(&simple));
    match &s.pre_trend {
        None => report.say("Whether both moved alike before could not be checked."),
        Some(p) if p.p_value < 0.05 => report.say(format!(
            "Before the start the two did not move alike ({}), so this is not a fair comparison.",
            chance(p.p_value)
        )),
        Some(p) => report.say(format!(
            "Before the start the two moved alike as far as can be seen ({}).",
            chance(p.p_value)
        )),
    }
    report.say(format!(
        "{} units in {} clusters, {} with and {} without treatment.",
        s.units, s.clusters, s.clusters_by_side.0, s.clusters_by_side.1
    ));
    Ok(())
}

/// Adds the fit's rows; the first of `main` is put in words.
fn regression(report: &mut Report, fit: &Fit, main: &str, words: &str) {
    for e in &fit.estimates {
        report.add(e);
    }
    for name in &fit.dropped {
        report
            .warnings
            .push(format!("{name} is left out: it says nothing that the other columns do not already say."));
    }
    if let Some(g) = fit.clusters.filter(|g| *g < 20) {
        report.warnings.push(format!("{g} clusters are few for these errors; run wild-bootstrap as well."));
    }
    if let Some(e) = fit.term(main) {
        let sentence = format!("{words} {}; {}.", interval(e), chance(e.p_value));
        report.say(sentence);
        report.say(against_zero(e));
    }
}

pub(super) fn did(report: &mut Report, table: &Table, options: &Options) -> Done {
    let words = "The treated changed more than the comparison by";
    if options.unit.is_some() {
        let loaded = load(report, table, options)?;
        let starts = loaded.panel.cohort_sizes();
        let last = *loaded.panel.times().last().unwrap_or(&0);
        if starts.keys().filter(|g| **g <= last).count() > 1 {
            return Err(Stop::Refusal(Reason::bad(
                "The starts",
                "there is more than one, and this method compares as if there were one",
                "Use callaway-santanna.",
            )));
        }
        return two_way(report, table, options);
    }
    let y = table.numbers(need(&options.outcome, "--outcome")?)?;
    let name = first(&options.treated, "--treated")?;
    let d = table.numbers(name)?;
    let time = table.times(need(&options.time, "--time")?)?;
    let cluster = options.cluster.as_deref().map(|c| table.ids(c)).transpose()?;
    let covariates = options
        .covariates
        .iter()
        .map(|c| Ok((c.clone(), table.numbers(c)?)))
        .collect::<Result<Vec<_>, Stop>>()?;
    let kept = complete(
        table.rows(),
        &[
            &|i| y[i].is_some() && d[i].is_some() && time[i].is_some(),
            &|i| cluster.as_ref().is_none_or(|c| c.0[i].is_some()),
            &|i| covariates.iter().all(|c| c.1[i].is_some()),
        ],
    );
    report.warnings.extend(kept.warning);
    let mut periods: Vec<i64> = kept.rows.iter().filter_map(|&i| time[i]).collect();
    periods.sort_unstable();
    periods.dedup();
    if periods.len() != 2 {
        return Err(Stop::Refusal(Reason::bad(
            "The periods",
            format!("there are {}, and without --unit exactly two are needed", periods.len()),
            "Name the unit, or keep one period before and one after.",
        )));
    }
    let outcome: Vec<f64> = kept.rows.iter().filter_map(|&i| y[i]).collect();
    let treated = flags(table, name, &kept.rows)?;
    let after: Vec<bool> = kept.rows.iter().map(|&i| time[i] == Some(periods[1])).collect();
    let covariates: Vec<(String, Vec<f64>)> =
        covariates.into_iter().map(|(n, v)| (n, kept.rows.iter().filter_map(|&i| v[i]).collect())).collect();
    let ids = cluster.map(|c| dense(&kept.rows.iter().map(|&i| c.0[i]).collect::<Vec<_>>()).0);
    let errors = options.errors.unwrap_or(if ids.is_some() { Errors::Cr1 } else { Errors::Hc1 });
    let fit =
        did::two_by_two(&outcome, &treated, &after, &covariates, ids.as_deref(), errors).into_result()?;
    regression(report, &fit, "treated:after", words);
    Ok(())
}

pub(super) fn two_way(report: &mut Report, table: &Table, options: &Options) -> Done {
    let y = table.numbers(need(&options.outcome, "--outcome")?)?;
    let (unit, _) = table.ids(need(&options.unit, "--unit")?)?;
    let time = table.times(need(&options.time, "--time")?)?;
    let (cluster, _) = match &options.cluster {
        Some(name) => table.ids(name)?,
        None => (unit.clone(), vec![]),
    };
    let weight = options.weights.as_deref().map(|w| table.numbers(w)).transpose()?;
    let mut columns: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    if options.treated.is_empty() {
        let name = need(&options.cohort, "--treated or --cohort")?;
        let start = table.numbers(name)?;
        let treated = time
            .iter()
            .zip(start)
            .map(|(t, g)| {
                let on = |t: i64| g.is_some_and(|g| g != 0.0 && t as f64 >= g);
                t.map(|t| f64::from(u8::from(on(t))))
            })
            .collect();
        columns.push(("treated".into(), treated));
    }
    for name in options.treated.iter().chain(&options.covariates) {
        columns.push((name.clone(), table.numbers(name)?.to_vec()));
    }
    let kept = complete(
        table.rows(),
        &[
            &|i| y[i].is_some() && unit[i].is_some() && time[i].is_some() && cluster[i].is_some(),
            &|i| weight.is_none_or(|w| w[i].is_some()),
            &|i| columns.iter().all(|c| c.1[i].is_some()),
        ],
    );
    report.warnings.extend(kept.warning);
    let rows = &kept.rows;
    let main = columns[0].0.clone();
    let columns =
        columns.into_iter().map(|(n, v)| (n, rows.iter().filter_map(|&i| v[i]).collect())).collect();
    let outcome: Vec<f64> = rows.iter().filter_map(|&i| y[i]).collect();
    let ids = |v: &[Option<u32>]| dense(&rows.iter().map(|&i| v[i]).collect::<Vec<_>>()).0;
    let (unit, cluster) = (ids(&unit), ids(&cluster));
    let (period, _) = dense(&rows.iter().map(|&i| time[i]).collect::<Vec<_>>());
    let weights: Option<Vec<f64>> = weight.map(|w| rows.iter().filter_map(|&i| w[i]).collect());
    let fit = fit(&Regression {
        outcome: &outcome,
        columns,
        absorb: vec![&unit, &period],
        cluster: Some(&cluster),
        weights: weights.as_deref(),
        errors: options.errors.unwrap_or(Errors::Cr1),
    })
    .into_result()
    .map_err(|reason| match reason {
        Reason::Collinear { term } if term == main => Reason::SetsNobodyApart { term },
        other => other,
    })?;
    let words = format!("Within units, and beyond what moved everybody, {main} goes with a change of");
    regression(report, &fit, &main, &words);
    if report.method == "twfe" {
        report.say("With starts in waves this number can mislead; see bacon and callaway-santanna.");
    }
    Ok(())
}

pub(super) fn event_study(report: &mut Report, table: &Table, options: &Options) -> Done {
    let loaded = load(report, table, options)?;
    let span = loaded.panel.times().len() as u32;
    let study = twfe::event_study(&loaded.panel, span, span).into_result()?;
    for (e, estimate) in study.event_times.iter().zip(&study.estimates) {
        report.add(estimate).event_time = Some(*e);
    }
    let before = study.event_times.iter().zip(&study.estimates).filter(|(e, _)| **e < -1);
    let off = before.clone().filter(|(_, e)| e.p_value < 0.05).count();
    report.say(format!(
        "Effects by period since the start, against the period before it. Of {} periods before, {off} differ from zero at 5 %.",
        before.count()
    ));
    if let Some((_, e)) = study.event_times.iter().zip(&study.estimates).find(|(e, _)| **e == 0) {
        report.say(format!("At the start: {}.", interval(e)));
    }
    Ok(())
}

pub(super) fn sun_abraham(report: &mut Report, table: &Table, options: &Options) -> Done {
    let loaded = load(report, table, options)?;
    let covariates = options
        .covariates
        .iter()
        .map(|name| {
            let values = table.numbers(name)?;
            Ok((name.clone(), loaded.order.iter().filter_map(|&i| values[i]).collect()))
        })
        .collect::<Result<Vec<_>, Stop>>()?;
    let s = did::sun_abraham::sun_abraham(&loaded.panel, &covariates).into_result()?;
    report.add(&s.overall);
    for (e, estimate) in &s.dynamic {
        report.add(estimate).event_time = Some(*e);
    }
    for e in &s.covariates {
        report.add(e);
    }
    report.say(format!(
        "Averaged over treated observations: {}; {}.",
        interval(&s.overall),
        chance(s.overall.p_value)
    ));
    report.say(against_zero(&s.overall));
    Ok(())
}

pub(super) fn imputation(report: &mut Report, table: &Table, options: &Options) -> Done {
    let loaded = load(report, table, options)?;
    let n = report.n;
    let s = did::imputation::imputation(&loaded.panel).into_result()?;
    report.warnings.extend(s.warnings.iter().cloned());
    report.add(&s.overall);
    for (e, answer) in &s.dynamic {
        if let Some(row) = report.add_answer(&format!("event {e}"), answer) {
            row.event_time = Some(*e);
        }
    }
    report.n = n;
    report.say(format!(
        "Treated observations lie {} above what untreated ones predict; {}.",
        interval(&s.overall),
        chance(s.overall.p_value)
    ));
    report.say(against_zero(&s.overall));
    Ok(())
}

pub(super) fn bacon(report: &mut Report, table: &Table, options: &Options) -> Done {
    let loaded = load(report, table, options)?;
    let b = did::bacon::bacon(&loaded.panel).into_result()?;
    report.value("twfe", b.twfe);
    for (name, kind) in [
        ("treated vs never", Kind::TreatedVsNever),
        ("earlier vs later", Kind::EarlierVsLater),
        ("later vs earlier", Kind::LaterVsEarlier),
        ("treated vs always", Kind::TreatedVsAlways),
    ] {
        let (weight, mean) = b.of(kind);
        if let Some(mean) = mean {
            report.value(name, mean);
            report.weights.push(Weight { of: "kind".into(), name: name.into(), group: None, weight });
        }
    }
    for c in &b.comparisons {
        let other = c.comparison.map_or("never".into(), |g| g.to_string());
        let name = format!("{} vs {other}", c.treated);
        report.value(name.clone(), c.estimate).group = Some(c.treated);
        report.weights.push(Weight {
            of: "comparison".into(),
            name,
            group: Some(c.treated),
            weight: c.weight,
        });
    }
    let forbidden = b.forbidden_weight();
    report.say(format!(
        "Of the two-way fixed-effects number {}, {:.0} % rests on comparisons with units that were already treated.",
        short(b.twfe),
        100.0 * forbidden
    ));
    if forbidden > 0.05 {
        report.say("Use callaway-santanna instead.");
    }
    Ok(())
}

pub(super) fn synthetic(report: &mut Report, table: &Table, options: &Options) -> Done {
    let loaded = load(report, table, options)?;
    let kind =
        if report.method == "synthetic-did" { Mixture::SyntheticDid } else { Mixture::SyntheticControl };
    let s = mixture_effect(&loaded.panel, kind, options.draws_or(200)).into_result()?;
    report.warnings.extend(s.warnings.iter().cloned());
    match &s.estimate {
        Answer::Estimate(e) => {
            report.add(e);
            report.say(format!(
                "Against the mixture, the treated changed by {}; the interval comes from {} placebo groups.",
                interval(e),
                s.placebos.len()
            ));
            report.say(against_zero(e));
        }
        Answer::CannotSay(reason) => {
            report.value("ATT", s.effect);
            report.warnings.push(format!("No interval. {reason}"));
            report.say(format!(
                "Against the mixture, the treated changed by {}; no interval can be given.",
                short(s.effect)
            ));
        }
    }
    let many = s.weights.len() > 1;
    for wave in &s.weights {
        if many {
            report.value("wave", wave.effect).group = Some(wave.start);
        }
        let group = Some(wave.start);
        for (unit, weight) in wave.units.iter().filter(|(_, w)| *w > 0.0) {
            report.weights.push(Weight {
                of: "unit".into(),
                name: loaded.unit_names[*unit as usize].clone(),
                group,
                weight: *weight,
            });
        }
        for (period, weight) in wave.periods.iter().filter(|(_, w)| *w > 0.0) {
            report.weights.push(Weight {
                of: "period".into(),
                name: period.to_string(),
                group,
                weight: *weight,
            });
        }
    }
    Ok(())
}

pub(super) fn honest(report: &mut Report, table: &Table, options: &Options) -> Done {
    let s = run_staggered(report, table, options, Base::Universal)?;
    let last = s.dynamic.parts.iter().map(|p| p.0).max().unwrap_or(0);
    let window = last.clamp(0, 3);
    // As many periods before as after are enough to learn how trends differ.
    let (event_times, effects, vcov) = s.dynamic.covariance(|e| (-9..=window).contains(&e));
    let post: Vec<i64> = event_times.iter().copied().filter(|e| *e >= 0).collect();
    let path = EventPath { event_times, effects, vcov };
    let h = honest_intervals(&path, &post, &[0.5, 1.0, 1.5, 2.0]).into_result()?;
    let value: f64 = post
        .iter()
        .filter_map(|e| path.event_times.iter().position(|t| t == e))
        .map(|j| path.effects[j] / post.len() as f64)
        .sum();
    let row = report.value("average of the first periods", value);
    (row.conf_low, row.conf_high) = (Some(h.original.0), Some(h.original.1));
    for w in &h.widened {
        let row = report.value(format!("trends differing up to {} times", w.times), value);
        (row.conf_low, row.conf_high) = (Some(w.low), Some(w.high));
    }
    match h.breakdown {
        Some(b) => {
            report.value("breakdown", b);
            report.say(format!(
                "The effect over the first {} periods holds unless trends differed {} times as much after the start as they ever did before.",
                post.len(),
                short(b)
            ));
        }
        None => report.say(
            "Even if trends had gone on exactly alike, the interval would include no difference; there is nothing to break.",
        ),
    }
    Ok(())
}
