//! What the chain pages and the page of all support read: definitions, stored readings, decisions. Nothing is computed here,
//! and nothing here says who.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadStudyResult};
use domain::ids::{InterventionId, PersonId, StudyId, UnitId};
use domain::metrics::Metric;
use domain::studies::Reading;
use domain::targets::{Place, TargetScope, in_force};
use store::db::Read;

use crate::interventions::Listed;
use crate::studies::Outcome;
use crate::{App, Error, Result};

/// One support with one study of it, if there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The support with its reach.
    pub support: Listed,
    /// The study with its newest answer and its decisions.
    pub study: Option<Outcome>,
    /// The newest reading.
    pub reading: Option<Reading>,
}

/// What several chains share: names and definitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Words {
    /// Metrics by code.
    pub metrics: BTreeMap<String, Metric>,
    /// Targets in force by metric's code: level and tolerance.
    pub targets: BTreeMap<String, (f64, f64)>,
    /// Names and kinds of units.
    pub units: BTreeMap<UnitId, (String, String)>,
    /// Names of those who decided or answer for something.
    pub people: BTreeMap<PersonId, String>,
}

/// Which chain is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// By its study.
    Study(StudyId),
    /// By its support: the newest study of it.
    Support(InterventionId),
}

/// Every chain with what its pages need, by the support's name. Supports without a study are there too.
pub async fn list(app: &App, permit: &Permit<ReadStudyResult>) -> Result<(Vec<Chain>, Words)> {
    let _ = permit;
    let today = app.today();
    app.store
        .read(move |r| -> Result<(Vec<Chain>, Words)> {
            let mut chains = Vec::new();
            for support in crate::interventions::list_in(r)? {
                let studies = store::studies::of_intervention(r, support.intervention.id)?;
                if studies.is_empty() {
                    chains.push(Chain { support: support.clone(), study: None, reading: None });
                }
                for study in studies {
                    chains.push(of(r, &support, study.id)?);
                }
            }
            let words = words(r, &chains, today)?;
            Ok((chains, words))
        })
        .await
}

/// One chain.
pub async fn chain(app: &App, permit: &Permit<ReadStudyResult>, which: Which) -> Result<(Chain, Words)> {
    let _ = permit;
    let today = app.today();
    app.store
        .read(move |r| -> Result<(Chain, Words)> {
            let (intervention, study) = match which {
                Which::Support(id) => (id, store::studies::of_intervention(r, id)?.first().map(|s| s.id)),
                Which::Study(id) => {
                    let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
                    (study.intervention, Some(id))
                }
            };
            let support = crate::interventions::list_in(r)?
                .into_iter()
                .find(|l| l.intervention.id == intervention)
                .ok_or(Error::NotFound("support"))?;
            let chain = match study {
                Some(id) => of(r, &support, id)?,
                None => Chain { support, study: None, reading: None },
            };
            let words = words(r, std::slice::from_ref(&chain), today)?;
            Ok((chain, words))
        })
        .await
}

fn of(r: &mut Read, support: &Listed, id: StudyId) -> Result<Chain> {
    let outcome = crate::studies::result_in(r, id)?;
    let reading = outcome.answer.as_ref().map(crate::studies::reading).transpose()?;
    Ok(Chain { support: support.clone(), study: Some(outcome), reading })
}

fn words(r: &mut Read, chains: &[Chain], today: domain::time::Day) -> Result<Words> {
    let metrics = store::metrics::metrics(r)?;
    let ids: Vec<_> = metrics.iter().map(|m| m.id).collect();
    let mut targets = store::targets::targets(r, &ids)?;
    // What a person has agreed for themselves is nobody else's business here.
    targets.retain(|t| !matches!(t.scope, TargetScope::Person(_)));
    let everywhere = Place { person: None, units: Vec::new(), job_role: None };
    let mut in_words = Words {
        units: store::people::units(r)?.into_iter().map(|u| (u.id, (u.name, u.kind))).collect(),
        ..Words::default()
    };
    for metric in metrics {
        // A target of all, or the one that every narrower scope agrees on.
        let of_metric: Vec<_> = targets.iter().filter(|t| t.metric == metric.id && !t.ended).collect();
        let level =
            in_force(&targets, metric.id, &everywhere, today).map(|t| (t.level, t.tolerance)).or_else(|| {
                let first = of_metric.first().map(|t| (t.level, t.tolerance))?;
                of_metric.iter().all(|t| (t.level, t.tolerance) == first).then_some(first)
            });
        if let Some(level) = level {
            in_words.targets.insert(metric.code.clone(), level);
        }
        in_words.metrics.insert(metric.code.clone(), metric);
    }
    let mut people: Vec<PersonId> = chains
        .iter()
        .flat_map(|c| {
            let decided = c.study.iter().flat_map(|s| s.decisions.iter().map(|d| d.by));
            decided.chain(c.support.intervention.owner)
        })
        .collect();
    people.sort_unstable();
    people.dedup();
    in_words.people = store::people::names(r, &people)?;
    Ok(in_words)
}
