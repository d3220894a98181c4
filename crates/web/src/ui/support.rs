//! Support results: every kind of support side by side, with its difference, its price and its grade; the failed ones too.

use app::App;
use app::chain::Chain;
use axum::extract::State;
use domain::access::{ReadStudyResult, Relation, permit};
use domain::interventions::Kind;
use domain::studies::verdict::Verdict;
use serde::Deserialize;

use super::chain::{evidence, reach, relative};
use super::format;
use super::view::{Choice, Grade, Place, Sort, SupportPage, SupportRow, SupportVerdict, kind_word};
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
    let metric_of = |c: &Chain| -> Option<String> {
        let id = c.study.as_ref().map(|s| s.study.metric).or(c.support.lanes.first().map(|l| l.1))?;
        words.metrics.values().find(|m| m.id == id).map(|m| m.name.clone())
    };
    let at_least = Grade::ALL.into_iter().find(|g| g.letter() == asked.grade);
    let mut rows: Vec<SupportRow> = chains
        .iter()
        .map(|c| {
            let support = &c.support.intervention;
            let reading = c.reading.as_ref();
            SupportRow {
                name: support.name.clone(),
                kind: support.kind,
                reach: reach(c, &words, today),
                href: c.study.as_ref().map(|s| format!("/chains/{}", s.study.id)),
                metric: metric_of(c).unwrap_or_default(),
                effect: reading.and_then(|r| relative(&r.outcome)),
                cannot_say: match reading {
                    None if c.study.is_none() => "No study yet".into(),
                    None => "Not read yet".into(),
                    Some(r) => r.outcome.cannot_say.clone().unwrap_or_default(),
                },
                evidence: evidence(reading, false),
                minutes: support.minutes,
                total: reading.map_or_else(String::new, |r| format::minutes(r.ledger.hours * 60.0)),
                verdict: match reading.map(|r| r.verdict) {
                    None | Some(Verdict::CannotTellYet) => SupportVerdict::CannotSay,
                    Some(Verdict::Helps) => SupportVerdict::Helps,
                    Some(Verdict::Harms | Verdict::DoesNotHelp) => SupportVerdict::CostsTime,
                    Some(Verdict::NoDifferenceWorthHaving) => SupportVerdict::NoDifference,
                },
                note: c.study.as_ref().and_then(|s| s.decisions.first()).map_or_else(String::new, |d| {
                    let day = format::short_date(d.at.day(&app.settings.zone), today);
                    format!("{}: decided {day}", d.choice.word())
                }),
                hours: reading.map_or(0.0, |r| r.ledger.hours),
                worth: None,
            }
        })
        .collect();
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
        headlines: Vec::new(),
        kinds,
        metrics,
        grades,
        sort,
        query,
        rows,
        waiting: Vec::new(),
        shell,
    };
    page::html(&page)
}
