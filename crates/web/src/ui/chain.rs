//! Chains of evidence: the list and one chain. Only stored readings are shown, never persons.

use std::collections::BTreeSet;

use app::App;
use app::chain::{Chain, Which, Words};
use app::studies::Outcome;
use axum::extract::State;
use domain::access::{
    DecideStudy, ReadStudy, ReadStudyData, ReadStudyResult, Relation, WriteStudy, permit, permit_decision,
};
use domain::ids::MetricId;
use domain::metrics::{Aggregation, Level, Metric};
use domain::studies::{self, Design, Guard, Reading, Scale, prose};
use domain::time::{Cadence, Day};

use super::decision::{choice, decided};
use super::format::{self, Style};
use super::svg::{ByPeriod, DealtAgain, Interval, effect_domain, ticks};
use super::view::{
    ChainPage, ChainRow, ChainsPage, ChartTable, DecisionCard, DecisionFact, Effect, Event, EventKind,
    Evidence, Expected, Explanation, Grade, GradeRule, Group, Lane, LaneKind, LaneRow, LaneSection,
    LedgerRow, LeftOut, Link, LinkNode, NextUnits, Place, RecoveryChart, RunningRow, Status, TimeAxis,
    Timing, Verdict,
};
use crate::extract::Path;
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The list.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (chains, words) = app::chain::list(&app, &may).await?;
    let mut shell = page::shell(&app, &asker, "Chains").await?;
    shell.here = Some(Place::Chains);
    let mut running: Vec<(Day, RunningRow)> = Vec::new();
    let mut unread = BTreeSet::new();
    for c in &chains {
        let Some(study) = c.study.as_ref().filter(|s| s.decisions.is_empty()) else { continue };
        let started = c.support.starts.iter().any(|s| s.day <= app.today());
        let day = study.study.reading_day.filter(|day| started && *day > app.today());
        // Who may only read results sees what has one.
        let may = permit(&asker.who, Relation::NONE, ReadStudy(study.study.id)).ok();
        if let (Some(day), Some(may)) = (day, may) {
            let adoption = app::studies::adoption(&app, &may).await?;
            unread.insert(study.study.id);
            running.push((day, under_way(c, study, &adoption, &words, day, app.today())));
        }
    }
    running.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let mut rows: Vec<(Option<Day>, ChainRow)> = chains
        .iter()
        .filter(|c| c.study.as_ref().is_none_or(|s| !unread.contains(&s.study.id)))
        .filter_map(|c| {
            let study = c.study.as_ref()?;
            let metric = words.metrics.values().find(|m| m.id == study.study.metric)?;
            let row = ChainRow {
                href: match c.reading {
                    Some(_) => format!("/chains/{}", study.study.id),
                    None => format!("/studies/{}", study.study.id),
                },
                title: title(c, metric),
                support: format!("{}, {}", c.support.intervention.name, reach(c, &words, app.today())),
                metric: metric.name.clone(),
                effect: c.reading.as_ref().and_then(|r| effect(r, &r.outcome, metric)),
                evidence: evidence(c.reading.as_ref(), false),
                next: match (study.decisions.first(), study.study.reading_day) {
                    (Some(d), _) => {
                        format!(
                            "Decided {}: {}",
                            format::short_date(d.at.day(&app.settings.zone), app.today()),
                            choice(d.choice)
                        )
                    }
                    (None, Some(day)) if c.reading.is_some() && day <= app.today() => {
                        format!("To decide since {}", format::short_date(day, app.today()))
                    }
                    (None, Some(day)) if day > app.today() => {
                        format!("To be read {}", format::short_date(day, app.today()))
                    }
                    _ => String::new(),
                },
            };
            Some((c.reading.as_ref().map(|r| r.up_to), row))
        })
        .collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.title.cmp(&b.1.title)));
    page::html(&ChainsPage {
        shell,
        running: running.into_iter().map(|r| r.1).collect(),
        rows: rows.into_iter().map(|r| r.1).collect(),
        write: permit(&asker.who, Relation::NONE, WriteStudy(())).is_ok(),
    })
}

/// A study under way, as its row says it.
fn under_way(
    c: &Chain,
    study: &Outcome,
    adoption: &app::studies::Adoption,
    words: &Words,
    day: Day,
    today: Day,
) -> RunningRow {
    let wave = |begun: bool| {
        c.support.starts.iter().filter(|s| !begun || s.day <= today).map(|s| s.wave).max().unwrap_or(0)
    };
    let (used, people) = adoption.roles.iter().fold((0, 0), |(u, p), a| (u + a.used, p + a.people));
    let weeks = (day.days_since(today) + 6).div_euclid(7);
    let covered = c.reading.as_ref().and_then(|r| {
        let health = r.outcome.health.iter().find(|h| h.kind == studies::Check::Coverage)?;
        health.numbers.first().copied()
    });
    RunningRow {
        href: format!("/studies/{}", study.study.id),
        name: c.support.intervention.name.clone(),
        reach: format!("Wave {} of {}, {}", wave(true), wave(false), reach(c, words, today)),
        adoption: match people {
            _ if !adoption.known => "Nothing records it".to_owned(),
            0 => "Too few to show".to_owned(),
            _ => format!("{used} of {people}, {} in a hundred", (100 * used + people / 2) / people),
        },
        guardrails: c.reading.as_ref().map_or_else(Vec::new, |r| {
            guards(r, &study.study.hypothesis.guardrails, words.metrics.values())
                .into_iter()
                .map(|(name, status, said)| (status, format!("{name}: {}", said.to_lowercase())))
                .collect()
        }),
        data: match covered {
            None => (Status::TooFew, "nothing read yet".to_owned()),
            Some(share) => (
                if share >= 0.8 { Status::Usual } else { Status::DataLate },
                format!("{:.0} in a hundred arrived", 100.0 * share),
            ),
        },
        readable: format!(
            "in {}, {}",
            format::plural(weeks, "week", "weeks"),
            format::short_date(day, today)
        ),
    }
}

pub(super) fn which(id: &str) -> Answer<Which> {
    if let Ok(study) = id.parse() {
        return Ok(Which::Study(study));
    }
    id.parse().map(Which::Support).map_err(|_| Problem::not_found())
}

/// One chain, by its study or by its support.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<String>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (chain, words) = app::chain::chain(&app, &may, which(&id)?).await?;
    let can_decide = permit_decision(&asker.who, DecideStudy(())).is_ok();
    let metric = match (&chain.study, &chain.reading) {
        (Some(s), _) => words.metrics.values().find(|m| m.id == s.study.metric).cloned(),
        (None, _) => chain
            .support
            .lanes
            .first()
            .and_then(|(_, id)| words.metrics.values().find(|m| m.id == *id).cloned()),
    };
    let Some(metric) = metric else { return Err(Problem::not_found()) };
    let mut shell = page::shell(&app, &asker, chain.support.intervention.name.clone()).await?;
    shell.here = Some(Place::Chains);
    let today = app.today();
    let title = title(&chain, &metric);
    let href = format!("/chains/{id}");
    let reading = chain.reading.as_ref();
    let lead = lead(&chain, &words, &metric, today);
    let print_line = chain.study.as_ref().and_then(|s| s.answer.as_ref()).map_or_else(
        || "not read yet".to_owned(),
        |a| {
            format!(
                "reading {} · method {} · data {}",
                a.number,
                a.version,
                &a.input_hash[..12.min(a.input_hash.len())]
            )
        },
    );
    let pack = match &chain.study {
        Some(s) => {
            let rows = permit(&asker.who, Relation::NONE, ReadStudyData(s.study.id)).ok();
            let has = app::studies::has_pack(&app, &may, rows.as_ref(), s.study.id).await?;
            has.then(|| Link::new("Evidence pack", format!("/api/v1/studies/{}/pack", s.study.id)))
        }
        None => None,
    };
    // What a decision to scale would start, where there is anything left.
    let next = match &chain.study {
        Some(s) if can_decide => {
            let (kind, waiting) = app::studies::waiting(&app, &may, s.study.id).await?;
            (waiting > 0).then(|| NextUnits {
                words: format!(
                    "{} not started yet",
                    format::plural(
                        waiting as u64,
                        &format!("{kind} has"),
                        &format!("{} have", plural_of(&kind))
                    )
                ),
                from: today.plus(14).monday().plus(7),
            })
        }
        _ => None,
    };
    let decision = chain.study.as_ref().map(|s| {
        let taken = s.decisions.iter().map(|d| {
            let who = words.people.get(&d.by).cloned().unwrap_or_else(|| "Somebody".into());
            decided(d, &who, d.at.day(&app.settings.zone), today)
        });
        DecisionCard {
            title: "Decision".into(),
            due: s.study.reading_day.filter(|_| s.decisions.is_empty()),
            text: hypothesis(s, &chain, &metric, &words),
            study: Some(Link::new("The study, step by step", format!("/studies/{}", s.study.id))),
            next: next.clone(),
            facts: facts(&chain, &words),
            can_decide: can_decide && reading.is_some(),
            taken: taken.collect(),
        }
    });
    // People are picked one by one: their lanes count the time since the pick.
    let picked = reading.is_some_and(|r| r.design == Design::Picked);
    let axis = (!picked).then(|| axis(&chain, today));
    let page = ChainPage {
        crumbs: vec![Link::new("Chains", "/chains"), Link::new(&chain.support.intervention.name, &href)],
        verdict: verdict(&chain, &metric, &words),
        links: reading.map_or_else(Vec::new, |r| links(r, &chain, &words)),
        treated: "With it".into(),
        compared: reading
            .filter(|r| r.outcome.compared > 0)
            .map_or_else(String::new, |_| "To compare with".into()),
        rollout: rollout(&chain, today),
        sections: reading.map_or_else(Vec::new, |r| sections(r, &words, today)),
        foot: reading.map_or_else(String::new, |r| foot(r, &words)),
        timing: reading.and_then(|r| timing(r, &metric)),
        explanations: reading.map_or_else(Vec::new, |r| explanations(r, &metric)),
        ledger: reading.map_or_else(Vec::new, |r| ledger(r, &chain, &metric)),
        ledger_note: String::new(),
        pack,
        href,
        title,
        lead,
        print_line,
        decision,
        axis,
        shell,
    };
    page::html(&page)
}

/// The sentence that the study rests on.
fn hypothesis(s: &Outcome, chain: &Chain, metric: &Metric, words: &Words) -> String {
    let h = &s.study.hypothesis;
    let style = style(metric, s.study.plan.scale);
    let name = |id| words.metrics.values().find(|m| m.id == id).map(|m| m.name.to_lowercase());
    let named = prose::Named {
        support: &chain.support.intervention.name,
        metric: &metric.name.to_lowercase(),
        by: h.expected.map(|by| style.effect(by, by - by.abs() / 5.0, by + by.abs() / 5.0)),
        within: h.within.map(|n| format::periods(n, metric.cadence)),
        guardrails: h.guardrails.iter().filter_map(|g| name(*g)).collect(),
    };
    prose::hypothesis(h, &named)
}

/// How effects on a metric are written.
pub(crate) fn style(metric: &Metric, scale: Scale) -> Style {
    prose::style(scale, Style::of_metric(metric))
}

pub(crate) fn grade(grade: domain::studies::grade::Grade) -> Grade {
    use domain::studies::grade::Grade::{A, B, C, D, E};
    match grade {
        A => Grade::A,
        B => Grade::B,
        C => Grade::C,
        D => Grade::D,
        E => Grade::E,
    }
}

fn number(n: studies::Number) -> Interval {
    Interval { at: n.value, lo: n.low, hi: n.high }
}

fn effect(reading: &Reading, e: &studies::Effect, metric: &Metric) -> Option<Effect> {
    Some(Effect {
        style: style(metric, reading.scale),
        interval: number(e.estimate?),
        naive: e.naive.map(|n| n.value),
        better: e.better,
    })
}

/// The effect as a share of the level before, so that different metrics share an axis.
pub(crate) fn relative(e: &studies::Effect) -> Option<Effect> {
    let share = e.share?;
    let naive = match (e.naive, e.estimate, e.before) {
        (Some(n), Some(est), Some(_)) if est.value != 0.0 => Some(n.value * share.value / est.value),
        _ => None,
    };
    Some(Effect { style: Style::relative(1), interval: number(share), naive, better: e.better })
}

pub(crate) fn evidence(reading: Option<&Reading>, why: bool) -> Evidence {
    match reading {
        None => Evidence { grade: Grade::E, design: "not read yet".into(), why: Vec::new() },
        Some(r) => of_effect(r, &r.outcome, why),
    }
}

fn of_effect(r: &Reading, e: &studies::Effect, why: bool) -> Evidence {
    let rules = e.rules.iter().map(|(_, met, text)| GradeRule { met: *met, text: text.clone() });
    Evidence {
        grade: grade(e.grade),
        design: if e.estimate.is_some() {
            prose::design(r.design, r.drawn).into()
        } else {
            "before and after only".into()
        },
        why: if why { rules.collect() } else { Vec::new() },
    }
}

fn title(chain: &Chain, metric: &Metric) -> String {
    let name = &chain.support.intervention.name;
    match &chain.reading {
        Some(r) => prose::finding(r, name, &metric.name.to_lowercase()),
        None => format!("{name}: not read yet"),
    }
}

/// "40 branches", "312 people"; never who.
pub(crate) fn reach(chain: &Chain, words: &Words, today: Day) -> String {
    let started: Vec<_> = chain.support.starts.iter().filter(|s| s.day <= today).collect();
    let kind = started.first().and_then(|s| words.units.get(&s.unit)).map(|u| u.1.clone());
    match (kind, chain.support.people) {
        (Some(kind), _) => format::plural(started.len() as u64, &kind, &plural_of(&kind)),
        (None, 0) => "not started".to_owned(),
        (None, n) if (n as usize) < domain::access::MIN_GROUP => "a few people".to_owned(),
        (None, n) => format::plural(n as u64, "person", "people"),
    }
}

fn plural_of(kind: &str) -> String {
    match kind.strip_suffix("ch").or_else(|| kind.strip_suffix('s')) {
        Some(_) => format!("{kind}es"),
        None => match kind.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{kind}s"),
        },
    }
}

fn lead(chain: &Chain, words: &Words, metric: &Metric, today: Day) -> String {
    let what =
        format!("Business metric to work to support, on one time axis. {}", reach(chain, words, today));
    match &chain.reading {
        Some(r) => {
            let last = metric.cadence.rolled().step(r.up_to, 1).plus(-1);
            format!("{what}, numbers up to {}.", format::date(last, today))
        }
        None => format!("{what}."),
    }
}

fn verdict(chain: &Chain, metric: &Metric, words: &Words) -> Verdict {
    let label = format!("Estimated difference in {}", metric.name.to_lowercase());
    let Some(r) = &chain.reading else {
        return Verdict {
            label,
            effect: None,
            cannot_say: "It is read when a whole period after the first start has come in.".into(),
            evidence: evidence(None, false),
            explanation: String::new(),
            guardrails: String::new(),
            limits: Vec::new(),
        };
    };
    Verdict {
        label,
        effect: effect(r, &r.outcome, metric),
        cannot_say: r.outcome.cannot_say.clone().unwrap_or_default(),
        evidence: of_effect(r, &r.outcome, true),
        explanation: prose::explanation(r, Style::of_metric(metric)),
        guardrails: prose::guardrails(r, &|code| {
            words.metrics.get(code).map_or_else(|| code.to_owned(), |m| m.name.clone())
        }),
        limits: prose::limits(r),
    }
}

fn facts(chain: &Chain, words: &Words) -> Vec<DecisionFact> {
    let Some(r) = &chain.reading else { return Vec::new() };
    let mut facts = vec![DecisionFact {
        name: "Time it took people".into(),
        value: format::minutes(r.ledger.hours * 60.0),
        range: String::new(),
        status: None,
    }];
    let named = chain.study.as_ref().map_or(&[][..], |s| &s.study.hypothesis.guardrails);
    for (name, status, said) in guards(r, named, words.metrics.values()) {
        facts.push(DecisionFact {
            name: format!("Guardrail: {}", name.to_lowercase()),
            value: String::new(),
            range: String::new(),
            status: Some((status, said)),
        });
    }
    facts
}

/// Every guardrail of a reading: its name, its status and the words for it. One that was named and has no data is there too.
pub(crate) fn guards<'a>(
    r: &Reading,
    named: &[MetricId],
    metrics: impl Iterator<Item = &'a Metric> + Clone,
) -> Vec<(String, Status, String)> {
    let name = |e: &studies::Effect| metrics.clone().find(|m| m.code == e.metric).map(|m| m.name.clone());
    let read = r.guardrails().map(|e| {
        let status = match e.guard() {
            Guard::Worse => Status::OffTarget,
            Guard::NotWorse => Status::Usual,
            Guard::CannotSay => Status::TooFew,
        };
        (name(e).unwrap_or_else(|| e.metric.clone()), status, e.guard().words().to_owned())
    });
    let unread = metrics
        .clone()
        .filter(|m| named.contains(&m.id) && r.guardrails().all(|e| e.metric != m.code))
        .map(|m| (m.name.clone(), Status::NoData, "No data".to_owned()));
    read.chain(unread).collect()
}

/// Support → work → business, each arrow with the grade of what it leads to.
fn links(r: &Reading, chain: &Chain, words: &Words) -> Vec<LinkNode> {
    let all: Vec<&studies::Effect> =
        std::iter::once(&r.outcome).chain(&r.others).filter(|e| !e.guardrail).collect();
    let first = |level: Level| all.iter().find(|e| e.lane == level).copied();
    let mut nodes = Vec::new();
    let (work, business) = (first(Level::Performance), first(Level::Business));
    let used = first(Level::Solution);
    nodes.push(LinkNode {
        over: "Support is used".into(),
        title: match used.and_then(|e| Some((e.now?, words.metrics.get(&e.metric)?))) {
            Some((now, m)) => format!("{}: {}", m.name, Style::of_metric(m).value(now)),
            None => chain.support.intervention.name.clone(),
        },
        sub: String::new(),
        next: work.or(business).map(|e| of_effect(r, e, false)),
    });
    for (over, node, next) in
        [("Work changes", work, business.filter(|_| work.is_some())), ("Business gets", business, None)]
    {
        let Some(metric) = node.and_then(|e| words.metrics.get(&e.metric)) else { continue };
        let shown = node.and_then(|e| effect(r, e, metric));
        nodes.push(LinkNode {
            over: over.into(),
            title: shown.as_ref().map_or_else(
                || format!("{}: cannot say yet", metric.name),
                |e| format!("{}: {}", metric.name, e.words()),
            ),
            sub: shown.map_or_else(String::new, |e| format!("likely {}", e.range())),
            next: next.map(|e| of_effect(r, e, false)),
        });
    }
    nodes
}

fn axis(chain: &Chain, today: Day) -> TimeAxis {
    let mut from = today.plus(-364);
    let mut to = today;
    if let Some(r) = &chain.reading {
        let all = std::iter::once(&r.outcome).chain(&r.others);
        if let Some(first) = all.clone().filter_map(|e| e.lines.first).min() {
            from = first;
        }
        let ends = all.filter_map(|e| {
            let cadence = e.lines.cadence?;
            Some(cadence.step(e.lines.first?, e.lines.treated.len().max(1) as i32))
        });
        to = ends.max().unwrap_or(today);
    }
    let mut marks: Vec<Event> = Vec::new();
    for s in &chain.support.starts {
        let label = format!("Wave {}", s.wave);
        match marks.iter_mut().find(|m| m.label == label) {
            Some(mark) => mark.day = mark.day.min(s.day),
            None => marks.push(Event { day: s.day, label, kind: EventKind::Ours, planned: s.day > today }),
        }
    }
    marks.sort_by_key(|m| m.day);
    if let Some(last) = marks.last() {
        // Room for planned starts, but not for those years away.
        if last.day > to && last.day < to.plus(200) {
            to = last.day.plus(14);
        }
    }
    marks.retain(|m| m.day >= from && m.day <= to);
    // Numbers end a little before today; where they ended years ago, today is not on the axis.
    let today = if today <= to.plus(62) { today.min(to) } else { today };
    TimeAxis { from, to, today, marks }
}

fn rollout(chain: &Chain, today: Day) -> String {
    let mut waves: Vec<(i64, Day)> = Vec::new();
    for s in &chain.support.starts {
        match waves.iter_mut().find(|w| w.0 == s.wave) {
            Some(w) => w.1 = w.1.min(s.day),
            None => waves.push((s.wave, s.day)),
        }
    }
    waves.sort_by_key(|w| w.1);
    if waves.is_empty() {
        return "Given to single people".into();
    }
    let said: Vec<String> = waves
        .iter()
        .take(6)
        .map(|(wave, day)| format!("wave {wave}, {}", format::short_date(*day, today)))
        .collect();
    format!("Rollout: {}", said.join("; "))
}

fn sections(r: &Reading, words: &Words, today: Day) -> Vec<LaneSection> {
    let mut sections = Vec::new();
    for (level, title, owner) in [
        (Level::Business, "Business metric", "what the business gets"),
        (Level::Performance, "Performance metrics", "how the work goes"),
        (Level::Solution, "Solution metrics", "is the support used?"),
    ] {
        let rows: Vec<LaneRow> = std::iter::once(&r.outcome)
            .chain(&r.others)
            .filter(|e| e.lane == level)
            .filter_map(|e| Some(row(r, e, words.metrics.get(&e.metric)?, words, today)))
            .collect();
        if !rows.is_empty() {
            sections.push(LaneSection { title: title.into(), owner: owner.into(), rows });
        }
    }
    sections
}

fn row(r: &Reading, e: &studies::Effect, metric: &Metric, words: &Words, today: Day) -> LaneRow {
    let written = Style::of_metric(metric);
    let style = written.clone().for_mean(e.now.or(e.before).unwrap_or_default());
    let cadence = e.lines.cadence.unwrap_or(Cadence::Week);
    let first = e.lines.first.unwrap_or(r.up_to);
    let line = |values: &[Option<f64>], gaps: &[(u32, u32, String)]| -> Vec<super::view::Reading> {
        values
            .iter()
            .enumerate()
            .map(|(t, v)| super::view::Reading {
                start: cadence.step(first, t as i32),
                value: *v,
                marked: gaps.iter().any(|g| (g.0 as usize..g.1 as usize).contains(&t)),
            })
            .collect()
    };
    let group = |name: &str, mean: &[Option<f64>], treated: bool| {
        mean.iter().any(Option::is_some).then(|| Group {
            name: name.into(),
            mean: line(mean, &[]),
            units: e
                .lines
                .units
                .iter()
                .filter(|u| u.treated == treated)
                .map(|u| line(&u.values, &u.gaps))
                .collect(),
        })
    };
    let mut left_out: Vec<LeftOut> = Vec::new();
    for (from, to, reason) in e.lines.units.iter().flat_map(|u| &u.gaps) {
        let span = LeftOut {
            from: cadence.step(first, *from as i32),
            to: cadence.step(first, *to as i32),
            reason: format!("{reason}: left out"),
        };
        if !left_out.contains(&span) {
            left_out.push(span);
        }
    }
    let target = words.targets.get(&e.metric).copied();
    let aim = target.map_or_else(|| written.clone(), |t| written.clone().exact_for(&[t.0, t.1]));
    // What was never below zero has no target there either.
    let seen = || e.lines.treated.iter().chain(&e.lines.compared).flatten();
    let floor = if seen().all(|v| *v >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
    let note = match target {
        Some((level, tolerance)) if tolerance > 0.0 => {
            format!("Target {}, give or take {}. {}", aim.number(level), aim.number(tolerance), metric.source)
        }
        Some((level, _)) => format!("Target {}. {}", aim.number(level), metric.source),
        None => metric.source.clone(),
    };
    let solution = e.lane == Level::Solution;
    let shown = effect(r, e, metric).filter(|_| !solution);
    let sentence = match (&shown, e.now) {
        (Some(s), _) => format!("{}: {} with it, likely {}.", metric.name, s.words(), s.range()),
        (None, Some(now)) => format!("{} is now {}.", metric.name, style.value(now)),
        (None, None) => format!("{}: no data yet.", metric.name),
    };
    let text = if e.lines.withheld {
        format!("Groups of fewer than {} people are not shown.", domain::access::MIN_GROUP)
    } else if solution {
        metric.description.clone()
    } else {
        prose::sentence(e, prose::design(r.design, r.drawn))
    };
    LaneRow {
        href: None,
        now: e.now.map_or_else(|| "–".to_owned(), |v| style.number(v)),
        now_note: e.before.map_or_else(String::new, |b| format!("from {}", style.number(b))),
        note: note.trim().to_owned(),
        lane: Lane {
            name: metric.name.clone(),
            sentence: sentence.clone(),
            style: style.clone(),
            cadence,
            kind: if solution { LaneKind::Bars } else { LaneKind::Lines },
            treated: group("with it", &e.lines.treated, true),
            compare: group("to compare with", &e.lines.compared, false).filter(|_| !solution),
            target: target
                .filter(|t| t.1 > 0.0)
                .map(|(level, tolerance)| ((level - tolerance).max(floor), level + tolerance)),
            target_label: target.filter(|t| t.1 > 0.0).map_or_else(String::new, |(level, tolerance)| {
                format!("Target {} ± {}", aim.number(level), aim.value(tolerance))
            }),
            left_out,
            tall: e.lane == Level::Business,
        },
        path: path(e, metric, &sentence, today),
        effect: shown,
        evidence: (!solution).then(|| of_effect(r, e, false)),
        text,
    }
}

/// Both sides by the time since people were picked, on the funnel of what would have come by itself.
fn path(e: &studies::Effect, metric: &Metric, sentence: &str, today: Day) -> Option<RecoveryChart> {
    let way = e.recovery.as_ref()?;
    let cadence = e.lines.cadence?;
    // Any day stands for the pick: the axis counts from it.
    let since = cadence.start(today);
    let on = |period: i32| cadence.step(since, period);
    let line = |of: fn(&studies::PathPoint) -> Option<f64>| -> Vec<super::view::Reading> {
        let all = way.path.iter().map(|p| super::view::Reading::new(on(p.period), of(p)));
        all.skip_while(|r| r.value.is_none()).collect()
    };
    Some(RecoveryChart {
        name: metric.name.clone(),
        sentence: sentence.to_owned(),
        style: Style::of_metric(metric),
        cadence,
        today,
        readings: line(|p| p.given),
        compare: line(|p| p.not_given),
        since: Some(since),
        expected: way
            .path
            .iter()
            .filter_map(|p| {
                let n = p.expected?;
                Some(Expected { start: on(p.period), lo: n.low, mid: n.value, hi: n.high })
            })
            .collect(),
        usual: None,
        events: vec![Event { day: since, label: "Picked".into(), kind: EventKind::Ours, planned: false }],
    })
}

fn foot(r: &Reading, words: &Words) -> String {
    let per = |e: &studies::Effect| {
        words
            .metrics
            .get(&e.metric)
            .is_some_and(|m| m.aggregation == Aggregation::Sum && e.lines.treated.len() > 1)
    };
    let mut text = match r.design {
        Design::Picked => {
            "Lines are means of everybody picked, by the time since the pick, with what everybody shared taken out; \
             single people are never drawn."
                .to_owned()
        }
        _ => "Thin lines are single units, thick lines their mean.".to_owned(),
    };
    if per(&r.outcome) {
        text.push_str(" Counts are for each person.");
    }
    text
}

/// When the difference came, and the made-up start beside the real one.
fn timing(r: &Reading, metric: &Metric) -> Option<Timing> {
    let outcome = &r.outcome;
    if outcome.by_period.len() < 2 {
        return None;
    }
    let style = style(metric, r.scale);
    let points: Vec<(i64, Interval)> = outcome.by_period.iter().map(|(at, n)| (*at, number(*n))).collect();
    let (lo, hi) = effect_domain(points.iter().map(|(_, i)| (*i, None)));
    let marks = ticks(lo, hi, 4);
    let step = marks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
    let word = outcome.lines.cadence.unwrap_or(Cadence::Week).word();
    let shown = |n: studies::Number| Effect {
        style: style.clone(),
        interval: number(n),
        naive: None,
        better: outcome.better,
    };
    let fake = outcome.health.iter().find(|h| h.kind == studies::Check::FakeStart).and_then(|h| {
        match h.numbers.as_slice() {
            [value, low, high] => Some((studies::Number { value: *value, low: *low, high: *high }, h.met)),
            _ => None,
        }
    });
    let mut placebo = Vec::new();
    let mut placebo_words = String::new();
    if let (Some(real), Some((fake, met))) = (outcome.estimate, fake) {
        placebo.push(("The real start".to_owned(), shown(real)));
        placebo.push(("A made-up start before it".to_owned(), shown(fake)));
        placebo_words = match met {
            Some(true) => "At the made-up start nothing had happened, and nothing is seen: the method does not find differences that are not there.".to_owned(),
            _ => "At the made-up start nothing had happened, and yet a difference is seen: the two sides were on different ways, so do not trust this one.".to_owned(),
        };
    }
    Some(Timing {
        table: ChartTable {
            caption: format!("{} by {word}s since the start", metric.name),
            heads: vec![format!("{}s since", format::capital(word)), "Difference".into(), "Likely".into()],
            rows: points
                .iter()
                .map(|(at, i)| {
                    vec![
                        format::decimal(*at as f64, 0),
                        style.effect(i.at, i.lo, i.hi),
                        style.effect_range(i.lo, i.hi),
                    ]
                })
                .collect(),
        },
        drawing: ByPeriod {
            points,
            ticks: marks
                .iter()
                .map(|t| (*t, if *t == 0.0 { "0".to_owned() } else { style.tick(*t, step) }))
                .collect(),
            foot: format!("{word}s since the start"),
        },
        placebo,
        placebo_words,
        dealt: outcome.dealt.as_ref().map(|d| dealt(d, &style)),
    })
}

/// The picture of chance, and what it says.
fn dealt(d: &studies::Dealt, style: &Style) -> (DealtAgain, String) {
    let ends = d.again.iter().chain([&d.came, &0.0]);
    let (lo, hi) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    let marks = ticks(lo, hi, 6);
    let step = marks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
    let said = style.effect(d.came, d.came - step / 10.0, d.came + step / 10.0);
    let ways = if d.all {
        format!("all {} ways of dealing as many starts, the real one among them", d.again.len())
    } else {
        format!("as many starts dealt by lot to any of the units, {} times", d.again.len())
    };
    let words = format!(
        "Each dot is the same comparison for {ways}. {} of {} are as far from zero as what came, {said}.",
        d.as_far(),
        d.again.len()
    );
    let drawing = DealtAgain {
        came: d.came,
        again: d.again.clone(),
        ticks: marks
            .iter()
            .map(|t| (*t, if *t == 0.0 { "0".to_owned() } else { style.tick(*t, step) }))
            .collect(),
        label: format!("what came, {said}"),
    };
    (drawing, words)
}

fn explanations(r: &Reading, metric: &Metric) -> Vec<Explanation> {
    prose::explanations(r, Style::of_metric(metric))
        .into_iter()
        .map(|(what, looked_at, changes)| Explanation { what, looked_at, changes })
        .collect()
}

fn ledger(r: &Reading, chain: &Chain, metric: &Metric) -> Vec<LedgerRow> {
    let l = &r.ledger;
    let support = &chain.support.intervention;
    let row = |text: String, amount: String| LedgerRow { text, amount, range: String::new(), sum: false };
    let people = if (l.people as usize) < domain::access::MIN_GROUP {
        support.name.clone()
    } else {
        format!("{}, {}", support.name, format::plural(u64::from(l.people), "person", "people"))
    };
    let mut rows = vec![row(people, format::minutes(l.hours * 60.0))];
    let money = Style::money("€", 0);
    if l.money > 0.0 {
        rows.push(row("Money spent".into(), money.value(l.money)));
    }
    if let Some(cost) = l.cost {
        rows.push(LedgerRow {
            sum: true,
            ..row("Cost in all, hours at their value".into(), money.value(cost))
        });
    }
    let unit = metric.unit.trim();
    let per_hour = unit.strip_prefix('€').is_some();
    if let Some(gain) = l.gain {
        let style = if per_hour { money.clone() } else { Style::of_metric(metric) };
        rows.push(LedgerRow {
            text: format!("Difference in all, {}", metric.name.to_lowercase()),
            amount: style.effect(gain.value, gain.low, gain.high),
            range: style.effect_range(gain.low, gain.high),
            sum: false,
        });
        if let Some(cost) = l.cost.filter(|_| per_hour && metric.better() > 0) {
            rows.push(LedgerRow {
                text: "Left over".into(),
                amount: money.effect(gain.value - cost, gain.low - cost, gain.high - cost),
                range: money.effect_range(gain.low - cost, gain.high - cost),
                sum: true,
            });
        }
    }
    rows
}
