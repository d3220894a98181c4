//! Methods for one point in time, one series, correlation, chance and charts.

use super::report::{Report, ReportRow, against_zero, chance, interval, short};
use super::table::{Table, complete, first, flags, missing, need, panel};
use super::{Options, Stop};
use crate::adjust;
use crate::answer::{Answer, Reason};
use crate::did::cell::Adjustment;
use crate::did::staggered::{self, staggered as run_staggered};
use crate::mixed::mixed as fit_mixed;
use crate::multiple::{Correction, adjust as correct};
use crate::panel::dense;
use crate::permute;
use crate::power as plan;
use crate::regress::{Errors, Regression, fit};
use crate::series::{Series, interrupted as run_interrupted};
use crate::spc;
use crate::structural::beyond_forecast;
use crate::wild::wild_bootstrap;
use crate::within::{Correlation, levels, within_slope};

type Done = Result<(), Stop>;

/// Named columns restricted to complete rows, and the rows.
struct Columns {
    rows: Vec<usize>,
    outcome: Vec<f64>,
    columns: Vec<(String, Vec<f64>)>,
}

/// Outcome and the named columns, rows with anything missing left out.
fn columns(
    report: &mut Report,
    table: &Table,
    outcome: &str,
    names: &[String],
    also: &dyn Fn(usize) -> bool,
) -> Result<Columns, Stop> {
    let y = table.numbers(outcome)?;
    let raw = names.iter().map(|n| Ok((n.clone(), table.numbers(n)?))).collect::<Result<Vec<_>, Stop>>()?;
    let kept =
        complete(table.rows(), &[&|i| y[i].is_some(), &|i| raw.iter().all(|c| c.1[i].is_some()), also]);
    report.warnings.extend(kept.warning);
    report.n = kept.rows.len();
    Ok(Columns {
        outcome: kept.rows.iter().filter_map(|&i| y[i]).collect(),
        columns: raw
            .into_iter()
            .map(|(n, v)| (n, kept.rows.iter().filter_map(|&i| v[i]).collect()))
            .collect(),
        rows: kept.rows,
    })
}

fn named(options: &Options) -> Result<&str, Stop> {
    need(&options.outcome, "--outcome")
}

pub(super) fn ols(report: &mut Report, table: &Table, options: &Options) -> Done {
    let cluster = options.cluster.as_deref().map(|c| table.ids(c)).transpose()?;
    let weight = options.weights.as_deref().map(|w| table.numbers(w)).transpose()?;
    let names: Vec<String> = options.treated.iter().chain(&options.covariates).cloned().collect();
    let main = first(&names, "--treated or --covariates")?.to_owned();
    let data = columns(report, table, named(options)?, &names, &|i| {
        cluster.as_ref().is_none_or(|c| c.0[i].is_some()) && weight.is_none_or(|w| w[i].is_some())
    })?;
    let ids = cluster.map(|c| dense(&data.rows.iter().map(|&i| c.0[i]).collect::<Vec<_>>()).0);
    let weights: Option<Vec<f64>> = weight.map(|w| data.rows.iter().filter_map(|&i| w[i]).collect());
    let errors = options.errors.unwrap_or(if ids.is_some() { Errors::Cr1 } else { Errors::Hc1 });
    let fitted = fit(&Regression {
        outcome: &data.outcome,
        columns: data.columns,
        absorb: vec![],
        cluster: ids.as_deref(),
        weights: weights.as_deref(),
        errors,
    })
    .into_result()?;
    for e in &fitted.estimates {
        report.add(e);
    }
    for name in &fitted.dropped {
        report
            .warnings
            .push(format!("{name} is left out: it says nothing that the other columns do not already say."));
    }
    if let Some(e) = fitted.term(&main) {
        report.say(format!(
            "One more of {main} goes with {} more of the outcome, the other columns held; {}.",
            interval(e),
            chance(e.p_value)
        ));
        report.say("What goes together need not be cause and effect.");
    }
    Ok(())
}

pub(super) fn cuped(report: &mut Report, table: &Table, options: &Options) -> Done {
    let treated = first(&options.treated, "--treated")?;
    let d = table.numbers(treated)?;
    first(&options.covariates, "--covariates")?;
    let data = columns(report, table, named(options)?, &options.covariates[..1], &|i| d[i].is_some())?;
    let groups = flags(table, treated, &data.rows)?;
    let naive = adjust::difference(&data.outcome, &groups).into_result()?;
    let c = adjust::cuped(&data.outcome, &data.columns[0].1, &groups).into_result()?;
    report.add(&c.effect);
    report.add(&naive).term = "treated, unadjusted".into();
    if let Answer::Estimate(e) = adjust::lin(&data.outcome, &groups, &data.columns) {
        report.add(&e).term = "treated, regression with products".into();
    }
    report.value("theta", c.theta);
    report.value("variance saved", c.variance_saved);
    report.say(format!(
        "Treated less comparison: {}; {}. The earlier value saved {:.1} % of the variance.",
        interval(&c.effect),
        chance(c.effect.p_value),
        100.0 * c.variance_saved
    ));
    report.say(against_zero(&c.effect));
    Ok(())
}

pub(super) fn volunteers(report: &mut Report, table: &Table, options: &Options) -> Done {
    let treated = first(&options.treated, "--treated")?;
    let d = table.numbers(treated)?;
    first(&options.covariates, "--covariates")?;
    let data = columns(report, table, named(options)?, &options.covariates, &|i| d[i].is_some())?;
    let groups = flags(table, treated, &data.rows)?;
    let how = if report.method == "ipw" { Adjustment::Weighting } else { Adjustment::DoublyRobust };
    let a = adjust::effect_on_treated(&data.outcome, &groups, &data.columns, how).into_result()?;
    report.add(&a.effect);
    report.value("unadjusted difference", a.naive);
    report.value("effective comparison units", a.effective_comparison);
    if let Some(p) = a.largest_probability {
        report.value("largest probability among comparison units", p);
    }
    let names = std::iter::once("constant").chain(data.columns.iter().map(|c| c.0.as_str()));
    for (name, value) in names.zip(&a.probability_model) {
        report.value(format!("probability model: {name}"), *value);
    }
    report.warnings.extend(a.warnings.iter().cloned());
    report.say(format!(
        "Adjusted for what is known, the treated differ by {}; {}. Unadjusted they differ by {}.",
        interval(&a.effect),
        chance(a.effect.p_value),
        short(a.naive)
    ));
    report.say(format!(
        "{:.0} of {} comparison units really count. Whoever chose for themselves may differ in ways that are not known.",
        a.effective_comparison, a.comparison
    ));
    Ok(())
}

/// Columns of a single series in order of time.
struct Single {
    outcome: Vec<f64>,
    covariates: Vec<(String, Vec<f64>)>,
    start: usize,
}

fn single(report: &mut Report, table: &Table, options: &Options) -> Result<Single, Stop> {
    let time = match &options.time {
        Some(name) => table.times(name)?,
        None => (0..table.rows() as i64).map(Some).collect(),
    };
    let data = columns(report, table, named(options)?, &options.covariates, &|i| time[i].is_some())?;
    let mut order: Vec<usize> = (0..data.rows.len()).collect();
    order.sort_by_key(|&r| time[data.rows[r]]);
    let times: Vec<i64> = order.iter().filter_map(|&r| time[data.rows[r]]).collect();
    if let Some(w) = times.windows(2).find(|w| w[0] == w[1]) {
        return Err(Stop::Refusal(Reason::bad(
            format!("Period {}", w[0]),
            "there is more than one value",
            "This method takes one series; keep one value for each period.",
        )));
    }
    if times.windows(2).any(|w| w[1] - w[0] != times[1] - times[0]) {
        report
            .warnings
            .push("The periods are not evenly spaced; the method takes them one after the other.".into());
    }
    let start = if let Some(start) = options.start {
        times.partition_point(|t| *t < start)
    } else {
        let name = first(&options.treated, "--start or --treated")?;
        let treated = flags(table, name, &data.rows)?;
        order.iter().position(|&r| treated[r]).ok_or(Stop::Refusal(Reason::NoTreated))?
    };
    let sorted = |v: &[f64]| order.iter().map(|&r| v[r]).collect::<Vec<f64>>();
    Ok(Single {
        outcome: sorted(&data.outcome),
        covariates: data.columns.iter().map(|(n, v)| (n.clone(), sorted(v))).collect(),
        start,
    })
}

pub(super) fn interrupted(report: &mut Report, table: &Table, options: &Options) -> Done {
    let s = single(report, table, options)?;
    let r = run_interrupted(&Series {
        outcome: &s.outcome,
        start: s.start,
        season: options.season,
        covariates: s.covariates,
        lags: None,
    })
    .into_result()?;
    for segment in [&r.level, &r.trend, &r.before].into_iter().chain(&r.covariates) {
        report.add(&segment.estimate);
    }
    for (name, value) in [
        ("jump, classical error", r.level.classical),
        ("jump, autocorrelation-robust error", r.level.hac),
        ("jump, AR(1) error", r.level.gls_error),
        ("jump, AR(1) estimate", r.level.gls),
        ("autocorrelation", r.autocorrelation),
    ] {
        report.value(name, value);
    }
    let e = &r.level.estimate;
    report.say(format!(
        "At the start the series jumped by {}; {}. The interval uses the widest of three errors.",
        interval(e),
        chance(e.p_value)
    ));
    report.say("Without a comparison, anything else that happened then would look the same (grade D).");
    Ok(())
}

pub(super) fn structural(report: &mut Report, table: &Table, options: &Options) -> Done {
    let s = single(report, table, options)?;
    let b = beyond_forecast(&Series {
        outcome: &s.outcome,
        start: s.start,
        season: options.season,
        covariates: s.covariates,
        lags: None,
    })
    .into_result()?;
    report.add(&b.average);
    report.add(&b.cumulative);
    report.value("average forecast", b.forecast);
    for e in &b.model.coefficients {
        report.add(e);
    }
    report.value("variance of the noise", b.model.irregular);
    report.value("variance of the level's step", b.model.level);
    if options.season.is_some() {
        report.value("variance of the seasons' drift", b.model.seasonal);
    }
    report.n = s.outcome.len();
    report.say(format!(
        "After the start the series lay {} above its forecast of {} on average; {}.",
        interval(&b.average),
        short(b.forecast),
        chance(b.average.p_value)
    ));
    report.say("Without a comparison, anything else that happened then would look the same (grade D).");
    Ok(())
}

pub(super) fn rmcorr(report: &mut Report, table: &Table, options: &Options) -> Done {
    let unit = table.ids(need(&options.unit, "--unit")?)?.0;
    let group = options.cluster.as_deref().map(|c| table.ids(c)).transpose()?;
    let x_name = first(&options.covariates, "--covariates")?.to_owned();
    let data = columns(report, table, named(options)?, &options.covariates[..1], &|i| {
        unit[i].is_some() && group.as_ref().is_none_or(|g| g.0[i].is_some())
    })?;
    let ids = |v: &[Option<u32>]| dense(&data.rows.iter().map(|&i| v[i]).collect::<Vec<_>>()).0;
    let unit = ids(&unit);
    let group = group.map(|g| ids(&g.0));
    let x = &data.columns[0].1;
    let l = levels(x, &data.outcome, &unit, group.as_deref()).into_result()?;
    let mut add = |term: &str, answer: &Answer<Correlation>| match answer {
        Answer::Estimate(c) => report.rows.push(ReportRow {
            term: term.into(),
            estimate: Some(c.r),
            p_value: Some(c.p_value),
            conf_low: Some(c.conf_low),
            conf_high: Some(c.conf_high),
            ..ReportRow::default()
        }),
        Answer::CannotSay(reason) => report.warnings.push(format!("{term}: {reason}")),
    };
    add("within units", &l.within);
    add("between units", &l.between);
    if let Some(c) = &l.between_within_groups {
        add("between units inside groups", c);
    }
    if let Some(c) = &l.between_groups {
        add("between groups", c);
    }
    add("all together", &l.pooled);
    if let Some(r) = l.between_weighted {
        report.value("between units, weighted", r);
    }
    let cluster = group.as_deref().unwrap_or(&unit);
    match within_slope(x, &data.outcome, &unit, cluster) {
        Answer::Estimate(e) => {
            report.add(&e).term = "slope within units".into();
        }
        Answer::CannotSay(reason) => report.warnings.push(format!("Slope: {reason}")),
    }
    report.n = l.n;
    if let Answer::Estimate(w) = &l.within {
        report.say(format!(
            "Within one and the same unit, {x_name} and the outcome correlate at {} (95 % interval {} to {}).",
            short(w.r), short(w.conf_low), short(w.conf_high)
        ));
        if let Answer::Estimate(p) = &l.pooled
            && p.r * w.r < 0.0
        {
            report.say(format!(
                "All thrown together it is {}, with the opposite sign: units differ in ways that have nothing to do with {x_name}.",
                short(p.r)
            ));
        }
    }
    report.say("What moves together need not be cause and effect.");
    Ok(())
}

pub(super) fn mixed(report: &mut Report, table: &Table, options: &Options) -> Done {
    let unit = table.ids(need(&options.unit, "--unit")?)?.0;
    let mut names: Vec<String> = options.time.iter().cloned().collect();
    names.extend(options.covariates.iter().cloned());
    let slope = first(&names, "--time or --covariates")?.to_owned();
    let data = columns(report, table, named(options)?, &names, &|i| unit[i].is_some())?;
    let unit = dense(&data.rows.iter().map(|&i| unit[i]).collect::<Vec<_>>()).0;
    let m =
        fit_mixed(&data.outcome, (&slope, &data.columns[0].1), &data.columns[1..], &unit).into_result()?;
    for e in &m.fixed {
        report.add(e);
    }
    for (name, value) in [
        ("standard deviation of constants", m.intercept_sd),
        ("standard deviation of slopes", m.slope_sd),
        ("correlation of constants and slopes", m.correlation),
        ("standard deviation of the noise", m.residual_sd),
        ("REML criterion", m.criterion),
    ] {
        report.value(name, value);
    }
    let e = &m.fixed[1];
    report.say(format!(
        "One more of {slope} goes with {} on average; units differ around that with a standard deviation of {}.",
        interval(e),
        short(m.slope_sd)
    ));
    Ok(())
}

pub(super) fn permutation(report: &mut Report, table: &Table, options: &Options) -> Done {
    let draws = options.draws_or(9_999);
    let is_panel = options.unit.is_some() && options.time.is_some();
    let (result, question) = if is_panel {
        let loaded = panel(table, options)?;
        report.warnings.extend(loaded.warnings.iter().cloned());
        report.n = loaded.panel.observed();
        report.clusters = Some(loaded.panel.clusters());
        let how = staggered::Options {
            control: options.control_group.unwrap_or(staggered::Control::Never),
            ..staggered::Options::default()
        };
        let fewer = options.draws_or(999);
        let result = permute::reassign(&loaded.panel, fewer, |p| {
            let found = run_staggered(p, &how).estimate()?;
            Some(found.simple.estimate()?.estimate)
        });
        (result, "start dates were dealt out anew")
    } else if let Some(name) = options.treated.first() {
        let d = table.numbers(name)?;
        let data = columns(report, table, named(options)?, &[], &|i| d[i].is_some())?;
        let groups = flags(table, name, &data.rows)?;
        (permute::two_groups(&data.outcome, &groups, draws), "group labels were dealt out anew")
    } else {
        let data = columns(report, table, named(options)?, &[], &|_| true)?;
        (permute::sign_flip(&data.outcome, draws), "signs were flipped")
    };
    let p = result.into_result()?;
    report.value("observed", p.observed).p_value = Some(p.p_value);
    report.value("arrangements at least as extreme", p.as_extreme as f64);
    report.value("arrangements", p.arrangements as f64);
    report.say(format!(
        "Observed: {}. When {question}, {} of {} arrangements were at least as extreme{}: {}.",
        short(p.observed),
        p.as_extreme,
        p.arrangements,
        if p.exact { " (all there are)" } else { "" },
        chance(p.p_value)
    ));
    Ok(())
}

pub(super) fn wild(report: &mut Report, table: &Table, options: &Options) -> Done {
    let main = first(&options.treated, "--treated")?.to_owned();
    let cluster = table.ids(need(&options.cluster, "--cluster")?)?.0;
    let unit = options.unit.as_deref().map(|u| table.ids(u)).transpose()?;
    let time = options.time.as_deref().map(|t| table.ids(t)).transpose()?;
    let names: Vec<String> = std::iter::once(main.clone())
        .chain(options.treated[1..].iter().cloned())
        .chain(options.covariates.iter().cloned())
        .collect();
    let data = columns(report, table, named(options)?, &names, &|i| {
        cluster[i].is_some()
            && unit.as_ref().is_none_or(|u| u.0[i].is_some())
            && time.as_ref().is_none_or(|t| t.0[i].is_some())
    })?;
    let ids = |v: &[Option<u32>]| dense(&data.rows.iter().map(|&i| v[i]).collect::<Vec<_>>()).0;
    let cluster = ids(&cluster);
    let effects: Vec<Vec<u32>> = unit.iter().chain(&time).map(|e| ids(&e.0)).collect();
    let absorb: Vec<&[u32]> = effects.iter().map(Vec::as_slice).collect();
    let controls: Vec<Vec<f64>> = data.columns[1..].iter().map(|c| c.1.clone()).collect();
    let w = wild_bootstrap(
        &data.outcome,
        &data.columns[0].1,
        &controls,
        &absorb,
        &cluster,
        options.draws_or(9_999),
    )
    .into_result()?;
    let finite = |v: f64| v.is_finite().then_some(v);
    report.rows.push(ReportRow {
        term: main.clone(),
        estimate: Some(w.estimate),
        std_error: Some(w.std_error),
        statistic: Some(w.statistic),
        p_value: Some(w.p_value),
        conf_low: finite(w.interval.0),
        conf_high: finite(w.interval.1),
        ..ReportRow::default()
    });
    report.clusters = Some(w.clusters);
    if !(w.interval.0.is_finite() && w.interval.1.is_finite()) {
        report
            .warnings
            .push("The interval has no end on one side: the clusters are too few to bound it.".into());
    }
    report.say(format!(
        "One more of {main} goes with {}; {} of {} sign patterns of {} clusters are at least as extreme: {}.",
        short(w.estimate),
        w.as_extreme,
        w.patterns,
        w.clusters,
        chance(w.p_value)
    ));
    Ok(())
}

pub(super) fn power(report: &mut Report, options: &Options) -> Done {
    let p = &options.plan;
    let (power, alpha) = (p.power.unwrap_or(0.8), p.alpha.unwrap_or(0.05));
    if let (Some(clusters), Some(size), Some(icc)) = (p.clusters, p.size, p.icc) {
        let d = plan::clustered_detectable(&plan::Clustered {
            clusters,
            size,
            icc,
            treated: p.share.unwrap_or(0.5),
            power,
            alpha,
        })
        .into_result()?;
        report.value("smallest effect that could be seen", d);
        report.value("design effect", plan::design_effect(size, icc));
        report.say(format!(
            "With {clusters} groups of {size}, an effect of {} standard deviations would be seen {:.0} % of the time; a smaller one less often.",
            short(d), 100.0 * power
        ));
    } else if let Some(people) = p.people {
        if let Some(effect) = p.effect {
            let value = plan::t_test_power(effect, people, people, alpha);
            report.value("power", value);
            report.say(format!(
                "With {people} people on each side, an effect of {} standard deviations would be seen {:.0} % of the time.",
                short(effect), 100.0 * value
            ));
        } else {
            let d = plan::t_test_detectable(people, people, power, alpha).into_result()?;
            report.value("smallest effect that could be seen", d);
            report.say(format!(
                "With {people} people on each side, an effect of {} standard deviations would be seen {:.0} % of the time.",
                short(d), 100.0 * power
            ));
        }
    } else if let Some(effect) = p.effect {
        let n = plan::t_test_size(effect, power, alpha).into_result()?;
        report.value("people on each side", n);
        report.say(format!(
            "To see an effect of {} standard deviations {:.0} % of the time, {} people are needed on each side.",
            short(effect), 100.0 * power, n.ceil()
        ));
    } else {
        return Err(missing("--effect, --people, or --clusters --size --icc"));
    }
    Ok(())
}

pub(super) fn chart(report: &mut Report, table: &Table, options: &Options) -> Done {
    let y = table.numbers(named(options)?)?;
    let time = match &options.time {
        Some(name) => table.times(name)?,
        None => (0..table.rows() as i64).map(Some).collect(),
    };
    let (unit, names) = match &options.unit {
        Some(name) => table.ids(name)?,
        None => (vec![Some(0); table.rows()], vec![String::new()]),
    };
    let mut series: Vec<Vec<(i64, f64)>> = vec![Vec::new(); names.len()];
    for i in 0..table.rows() {
        if let (Some(u), Some(t), Some(v)) = (unit[i], time[i], y[i]) {
            series[u as usize].push((t, v));
        }
    }
    let cumulative = report.method == "cusum";
    let rules = if cumulative {
        spc::Rules { beyond: false, run: None, cusum: Some(spc::Cusum::default()), side: None }
    } else {
        spc::Rules::default()
    };
    let (mut charted, mut fired) = (0, 0);
    let mut refusal = None;
    for (name, mut points) in names.iter().zip(series) {
        points.sort_by_key(|p| p.0);
        let label = |term: &str| {
            if name.is_empty() { term.to_owned() } else { format!("{name}: {term}") }
        };
        if let Some(w) = points.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(Stop::Refusal(Reason::bad(
                label(&format!("period {}", w[0].0)),
                "there is more than one value",
                "Keep one value for each period, or name --unit.",
            )));
        }
        let Some(origin) = points.first().map(|p| p.0) else { continue };
        let span = points.last().map_or(0, |p| p.0 - origin) as usize + 1;
        if span > 10 * points.len() + 1000 {
            report.warnings.push(format!("{} is left out: its periods lie too far apart.", label("series")));
            continue;
        }
        // Gaps between periods are gaps, not neighbours.
        let mut values = vec![None; span];
        for (t, v) in &points {
            values[(t - origin) as usize] = Some(*v);
        }
        // Without a baseline option the whole series sets the limits and is judged by them.
        let window = options.baseline.unwrap_or(span).min(span);
        let limits = match spc::limits(&values[..window], &spc::LimitRule::default()) {
            Answer::Estimate(limits) => limits,
            Answer::CannotSay(reason) => {
                report.warnings.push(format!("{} {reason}", label("not charted.")));
                refusal = Some(reason);
                continue;
            }
        };
        charted += 1;
        report.n += points.len();
        for (term, value) in [
            ("centre", limits.center),
            ("lower limit", limits.lower),
            ("upper limit", limits.upper),
            ("mean moving range", limits.mean_range),
            ("upper range limit", limits.range_upper),
            ("sigma", limits.sigma),
            ("autocorrelation allowed for", limits.autocorrelation),
        ] {
            report.value(label(term), value);
        }
        let from = if window == span { 0 } else { window };
        let mut watch = spc::Watch::new(limits, rules, from);
        for (at, value) in values.iter().enumerate().skip(from) {
            for signal in watch.push(*value).iter() {
                fired += 1;
                let term = match signal {
                    spc::Signal::Beyond { .. } => "beyond the limits".to_owned(),
                    spc::Signal::Run { length, .. } => format!("{length} in a row on one side"),
                    spc::Signal::Cusum { sum, since, .. } => {
                        format!("cumulative sum {sum:.2}, since period {}", origin + since as i64)
                    }
                };
                let side = match signal.side() {
                    spc::Side::High => "high",
                    spc::Side::Low => "low",
                };
                let row = report.value(label(&format!("{term}, {side}")), value.unwrap_or(limits.center));
                row.time = Some(origin + at as i64);
            }
        }
    }
    if charted == 0 {
        return Err(Stop::Refusal(refusal.unwrap_or(Reason::Empty)));
    }
    report.say(format!(
        "{charted} series charted, {fired} signals. What stays inside its limits is routine variation and calls for nothing."
    ));
    Ok(())
}

pub(super) fn benjamini_hochberg(report: &mut Report, table: &Table, options: &Options) -> Done {
    let data = columns(report, table, named(options)?, &[], &|_| true)?;
    let adjusted = correct(&data.outcome, Correction::BenjaminiHochberg).into_result()?;
    for ((row, p), a) in data.rows.iter().zip(&data.outcome).zip(&adjusted) {
        let line = report.value(format!("row {}", row + 1), *a);
        line.p_value = Some(*p);
    }
    let found = adjusted.iter().filter(|a| **a <= 0.05).count();
    report.say(format!(
        "Of {} results shown together, {found} hold at a false discovery rate of 5 %.",
        adjusted.len()
    ));
    Ok(())
}
