//! Support results: every kind of support side by side, with its difference, its price and its grade; the failed ones too.

use app::App;
use app::chain::Chain;
use axum::extract::State;
use domain::access::{DecideStudy, ReadStudyResult, Relation, permit, permit_decision};
use domain::interventions::{Kind, State as Offered};
use domain::metrics::Metric;
use domain::studies::Reading;
use domain::studies::portfolio::{self, Judged, Proposal};
use domain::studies::verdict::Verdict;
use domain::time::Day;
use serde::Deserialize;

use super::chain::{evidence, reach, relative};
use super::decision::choice;
use super::format;
use super::svg::Interval;
use super::view::{
    Choice, Grade, Headline, Link, Place, Sort, SupportPage, SupportRow, SupportVerdict, Waiting, kind_word,
};
use crate::extract::Query;
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// How the page is narrowed and sorted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asked {
    kind: String,
    metric: String,
    grade: String,
    sort: String,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (chains, words) = app::chain::list(&app, &may).await?;
    let mut shell = page::shell(&app, &asker, "Support results").await?;
    shell.here = Some(Place::Support);
    let today = app.today();
    let metric_of = |c: &Chain| -> Option<&Metric> {
        let id = c.study.as_ref().map(|s| s.study.metric).or(c.support.lanes.first().map(|l| l.1))?;
        words.metrics.values().find(|m| m.id == id)
    };
    let at_least = Grade::ALL.into_iter().find(|g| g.letter() == asked.grade);
    let shown: Vec<Option<&Reading>> = chains.iter().map(|c| c.reading.as_ref()).collect();
    let judged = portfolio::judge(&shown);
    let row = |c: &Chain, judged: Option<Judged>| -> SupportRow {
        let support = &c.support.intervention;
        let reading = c.reading.as_ref();
        let metric = metric_of(c);
        SupportRow {
            name: support.name.clone(),
            kind: support.kind,
            reach: reach(c, &words, today),
            href: c.study.as_ref().map(|s| match reading {
                Some(_) => format!("/chains/{}", s.study.id),
                None => format!("/studies/{}", s.study.id),
            }),
            metric: metric.map_or_else(String::new, |m| m.name.clone()),
            effect: reading.and_then(|r| relative(&r.outcome)),
            cannot_say: match reading {
                None if c.study.is_none() => "No study yet".into(),
                None => "Not read yet".into(),
                Some(r) => r.outcome.cannot_say.clone().unwrap_or_default(),
            },
            evidence: evidence(reading, false),
            minutes: support.minutes,
            total: reading.map_or_else(String::new, spent),
            verdict: match judged.map(|j| j.verdict) {
                None | Some(Verdict::CannotTellYet) => SupportVerdict::CannotSay,
                Some(Verdict::Helps) => SupportVerdict::Helps,
                Some(Verdict::Harms | Verdict::DoesNotHelp) => SupportVerdict::CostsTime,
                Some(Verdict::NoDifferenceWorthHaving) => SupportVerdict::NoDifference,
            },
            note: note(&app, c, judged, today),
            hours: reading.map_or(0.0, |r| r.ledger.hours),
            worth: reading.zip(metric).and_then(|(r, m)| worth(r, m, support.hour_value)),
        }
    };
    let mut rows: Vec<SupportRow> = chains.iter().zip(&judged).map(|(c, j)| row(c, *j)).collect();
    let headlines = headlines(&chains, &judged);
    let can_decide = permit_decision(&asker.who, DecideStudy(())).is_ok();
    let waiting = waiting(&app, &chains, &judged, today, can_decide);
    let mut names: Vec<String> = rows.iter().map(|r| r.metric.clone()).filter(|m| !m.is_empty()).collect();
    names.sort();
    names.dedup();
    rows.retain(|r| {
        (asked.kind.is_empty() || r.kind.word() == asked.kind)
            && (asked.metric.is_empty() || r.metric == asked.metric)
            && at_least.is_none_or(|g| r.evidence.grade <= g)
    });
    let sort = match asked.sort.as_str() {
        "evidence" => Sort::Evidence,
        "minutes" => Sort::Minutes,
        "name" => Sort::Name,
        _ => Sort::Difference,
    };
    // Supports without an estimate stand last, whatever the order.
    let gain =
        |r: &SupportRow| r.effect.as_ref().map_or(f64::NEG_INFINITY, |e| e.interval.at * f64::from(e.better));
    rows.sort_by(|a, b| {
        let by = match sort {
            Sort::Difference => gain(b).total_cmp(&gain(a)),
            Sort::Evidence => a.evidence.grade.cmp(&b.evidence.grade),
            Sort::Minutes => a.minutes.total_cmp(&b.minutes),
            Sort::Name => std::cmp::Ordering::Equal,
        };
        by.then_with(|| a.name.cmp(&b.name))
    });
    let choice = |value: &str, label: &str, set: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        set: value == set,
    };
    let all = |label: &str, set: &str| choice("", label, set);
    let kinds = std::iter::once(all("Every kind", &asked.kind))
        .chain(Kind::ALL.iter().map(|k| choice(k.word(), kind_word(*k), &asked.kind)))
        .collect();
    let metrics = std::iter::once(all("Every metric", &asked.metric))
        .chain(names.iter().map(|m| choice(m, m, &asked.metric)))
        .collect();
    let grades = std::iter::once(all("Every grade", &asked.grade))
        .chain(
            Grade::ALL.iter().map(|g| choice(g.letter(), &format!("{} or better", g.letter()), &asked.grade)),
        )
        .collect();
    let query: String = [("kind", &asked.kind), ("metric", &asked.metric), ("grade", &asked.grade)]
        .into_iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| {
            let v: String = form_urlencoded::byte_serialize(v.as_bytes()).collect();
            format!("{k}={v}&")
        })
        .collect();
    let newest = chains.iter().filter_map(|c| c.reading.as_ref()).map(|r| r.up_to).max();
    let page = SupportPage {
        organisation: app.settings.name.clone(),
        span: newest.map_or_else(
            || "nothing read yet".to_owned(),
            |d| format!("read up to the period of {}", format::date(d, today)),
        ),
        headlines,
        kinds,
        metrics,
        grades,
        sort,
        query,
        rows,
        waiting,
        shell,
    };
    page::html(&page)
}

/// "81 h, €7,500".
fn spent(r: &Reading) -> String {
    let hours = format::minutes(r.ledger.hours * 60.0);
    if r.ledger.money > 0.0 {
        format!("{hours}, {}", format::Style::money("€", 0).value(r.ledger.money))
    } else {
        hours
    }
}

/// The gain in the hours that it would pay for; `None` where it is not in money, or nobody said what an hour is worth.
fn worth(r: &Reading, metric: &Metric, hour_value: Option<f64>) -> Option<Interval> {
    let (gain, value) = (r.ledger.gain?, hour_value.filter(|v| *v > 0.0)?);
    let money = metric.unit.trim().starts_with('€') && metric.better() > 0;
    money.then_some(Interval { at: gain.value / value, lo: gain.low / value, hi: gain.high / value })
}

fn note(app: &App, c: &Chain, judged: Option<Judged>, today: Day) -> String {
    if let Some(d) = c.study.as_ref().and_then(|s| s.decisions.first()) {
        let day = format::short_date(d.at.day(&app.settings.zone), today);
        return format!("{}: decided {day}", format::capital(choice(d.choice)));
    }
    if c.reading.as_ref().is_some_and(|r| r.progress.is_some()) {
        return "Early look".into();
    }
    match judged {
        Some(j) if j.stands == Some(false) && c.reading.as_ref().is_some_and(|r| r.verdict != j.verdict) => {
            "May be chance, among all that is shown here".into()
        }
        Some(Judged { proposal: Some(Proposal::Retire), .. }) => "Proposed: retire".into(),
        Some(Judged { proposal: Some(Proposal::RetireOrChange), .. }) => "Proposed: change or retire".into(),
        _ => String::new(),
    }
}

/// Up to three findings: what is known, what would give time back, what only looks as if it helps.
fn headlines(chains: &[Chain], judged: &[Option<Judged>]) -> Vec<Headline> {
    let read: Vec<(&Chain, &Reading, Judged)> =
        chains.iter().zip(judged).filter_map(|(c, j)| Some((c, c.reading.as_ref()?, (*j)?))).collect();
    let mut cards = Vec::new();
    let names = |of: &[&(&Chain, &Reading, Judged)]| -> String {
        let names: Vec<&str> = of.iter().map(|x| x.0.support.intervention.name.as_str()).collect();
        format::names(&names)
    };
    if !read.is_empty() {
        let helps: Vec<_> = read.iter().filter(|x| x.2.verdict == Verdict::Helps).collect();
        cards.push(Headline {
            label: "Known to help".into(),
            number: helps.len().to_string(),
            unit: format!("of {} that were read", read.len()),
            text: match helps.len() {
                0 => "None stands yet, all of them taken together.".into(),
                _ => format!("{}. They stand with everything here taken together.", names(&helps)),
            },
        });
    }
    let idle: Vec<_> = read
        .iter()
        .filter(|x| x.2.proposal.is_some() && x.0.support.intervention.state == Offered::Active)
        .collect();
    if !idle.is_empty() {
        let hours: f64 = idle.iter().map(|x| x.1.ledger.hours).sum();
        cards.push(Headline {
            label: "Spent without a gain seen".into(),
            number: format::minutes(hours * 60.0),
            unit: "so far".into(),
            text: format!("{}.", names(&idle)),
        });
    }
    let flattered = read.iter().find(|x| {
        let better = f64::from(x.1.outcome.better);
        let looks = x.1.outcome.naive.is_some_and(|n| !n.holds_zero() && n.value * better > 0.0);
        looks && x.1.outcome.estimate.is_some_and(|e| e.holds_zero())
    });
    if let Some((chain, reading, _)) = flattered
        && let Some(effect) = relative(&reading.outcome)
    {
        cards.push(Headline {
            label: "Only looks as if it helps".into(),
            number: effect.words(),
            unit: format!("looks like {}", effect.naive_words()),
            text: format!(
                "{}: likely {}. The plain before–after is not an answer.",
                chain.support.intervention.name,
                effect.range()
            ),
        });
    }
    cards
}

/// Decisions that wait: read on their day and not decided, the costliest first.
fn waiting(
    app: &App,
    chains: &[Chain],
    judged: &[Option<Judged>],
    today: Day,
    can_decide: bool,
) -> Vec<Waiting> {
    let mut waiting: Vec<(f64, Waiting)> = chains
        .iter()
        .zip(judged)
        .filter_map(|(c, j)| {
            let (reading, study, judged) = (c.reading.as_ref()?, c.study.as_ref()?, (*j)?);
            let support = &c.support.intervention;
            if !study.decisions.is_empty() || reading.progress.is_some() || support.state != Offered::Active {
                return None;
            }
            let title = match judged.proposal? {
                Proposal::Retire => format!("Retire “{}”?", support.name),
                Proposal::RetireOrChange => format!("Change or retire “{}”?", support.name),
            };
            let read = study.answer.as_ref().map(|a| a.at.day(&app.settings.zone)).unwrap_or(today);
            let text = format!(
                "It has taken {}, and no gain was seen: {}. Grade {}, read on {}.",
                spent(reading),
                judged.verdict.words(),
                study.answer.as_ref().map_or("E", |a| a.grade.as_str()),
                format::date(read, today)
            );
            let link = Link::new("Look at its chain and decide", format!("/chains/{}", study.study.id));
            let decide = can_decide.then(|| format!("/chains/{}/decide", study.study.id));
            Some((reading.ledger.hours, Waiting { title, text, link, decide }))
        })
        .collect();
    waiting.sort_by(|a, b| b.0.total_cmp(&a.0));
    waiting.into_iter().take(3).map(|w| w.1).collect()
}
