//! Minutes of learning beside the work: what goes together, with its caveat and the better design one click away.

use app::App;
use axum::extract::State;
use domain::access::{ReadStudyResult, Relation, WriteStudy, permit};
use serde::Deserialize;

use super::format::{self, Style};
use super::svg::Interval;
use super::view::{BesidePage, BesideRow, Choice, Effect, Link, Place};
use crate::extract::Query;
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// Which metric.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asked {
    metric: String,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let metric = match asked.metric.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Problem::invalid("metric", "choose a metric of the list"))?),
    };
    let read = app::studies::minutes_beside(&app, &may, metric).await?;
    let mut shell = page::shell(&app, &asker, "Learning beside the work").await?;
    shell.here = Some(Place::Support);
    let today = app.today();
    let name = read.metric.as_ref().map_or_else(String::new, |m| m.name.to_lowercase());
    let found = read.found.as_ref().and_then(|f| f.as_ref().ok());
    let rows = found.map_or_else(Vec::new, |f| {
        f.by_level()
            .into_iter()
            .map(|(level, compares, r)| BesideRow {
                level: level.into(),
                compares: compares.into(),
                effect: r.map(|r| Effect {
                    style: Style::plain(2),
                    interval: Interval { at: r.r, lo: r.conf_low, hi: r.conf_high },
                    naive: None,
                    better: 0,
                }),
            })
            .collect()
    });
    let better = match &read.metric {
        Some(m) if permit(&asker.who, Relation::NONE, WriteStudy(())).is_ok() => {
            Link::new("Ask it properly: write a hypothesis", format!("/studies/new?metric={}", m.id))
        }
        _ => Link::new("What was started in waves, and what it changed", "/support"),
    };
    let page = BesidePage {
        crumbs: vec![
            Link::new("Support results", "/support"),
            Link::new("Learning beside the work", "/learning-and-work"),
        ],
        title: match (found, &read.metric) {
            (Some(f), _) => f.finding(&name),
            (None, Some(_)) => format!("It cannot be said whether learning and {name} go together"),
            (None, None) => "No metric of persons’ work is defined yet".into(),
        },
        lead: found.map_or_else(String::new, |f| {
            format!(
                "{}, {} to {}.",
                format::plural(f.pairs as u64, "person and period", "persons and periods"),
                format::date(read.window.0, today),
                format::date(read.window.1, today)
            )
        }),
        cannot_say: match &read.found {
            Some(Err(reason)) => reason.clone(),
            _ => String::new(),
        },
        metrics: read
            .metrics
            .iter()
            .map(|m| Choice {
                value: m.id.to_string(),
                label: m.name.clone(),
                set: read.metric.as_ref().is_some_and(|x| x.id == m.id),
            })
            .collect(),
        rows,
        caveats: found.map_or_else(Vec::new, |f| f.caveats.iter().map(|c| (*c).to_owned()).collect()),
        better,
        shell,
    };
    page::html(&page)
}
