//! Cases: the list, and one case with its problem statement, voices, causes and support.

use app::App;
use axum::extract::State;
use domain::access::{ReadStudyResult, Relation, permit};
use domain::cases::{Case, lesson_share, middle};
use domain::ids::CaseId;
use domain::time::Day;

use super::format;
use super::view::{
    CasePage, CaseRow, CasesPage, Cause, ChosenSupport, Fact, Interview, Link, PanelChart, PanelRow, Place,
    Shell, Step, StepState,
};
use crate::extract::Path;
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// The list.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let cases = app::cases::list(&app, may).await?;
    let mut shell = page::shell(&app, &asker, "Cases").await?;
    shell.here = Some(Place::Cases);
    let today = app.today();
    let rows = cases
        .into_iter()
        .map(|c| CaseRow {
            href: format!("/cases/{}", c.id),
            sub: format!("{}. Asked by: {}", c.file.organisation, c.file.requested_by),
            step: STEPS[stage(&c)].to_owned(),
            next: match c.closed_on {
                Some(day) => format!("Closed {}", format::date(day, today)),
                None => format!("Solved when: {}", c.file.solved_when),
            },
            title: c.title,
        })
        .collect();
    page::html(&CasesPage { shell, rows })
}

/// One case.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<CaseId>) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadStudyResult(()))?;
    let (case, metric) = app::cases::case(&app, may, id).await?;
    let mut shell = page::shell(&app, &asker, case.title.clone()).await?;
    shell.here = Some(Place::Cases);
    page::html(&arrange(shell, &case, metric, app.today()))
}

const STEPS: [&str; 7] =
    ["Request", "Problem statement", "Interviews", "Causes", "Panel", "Support", "Measured"];

/// How far a case has come, as a position in [`STEPS`].
fn stage(case: &Case) -> usize {
    let f = &case.file;
    if case.closed_on.is_some() {
        6
    } else if f.causes.iter().any(|c| !c.supports.is_empty()) {
        5
    } else if f.causes.iter().any(|c| !c.votes.is_empty()) {
        4
    } else if !f.causes.is_empty() {
        3
    } else if !f.interviews.is_empty() {
        2
    } else {
        1
    }
}

fn arrange(shell: Shell, case: &Case, metric: Option<String>, today: Day) -> CasePage {
    let f = &case.file;
    let stage = stage(case);
    let ranked = f.causes.iter().any(|c| !c.votes.is_empty());
    let mut problem = vec![
        Fact::new("Should be", f.should_be.clone()),
        Fact::new("Is", f.is_now.clone()),
        Fact::new("Solved when", f.solved_when.clone()),
    ];
    if let Some(metric) = metric {
        problem.insert(0, Fact::new("Measured by", metric));
    }
    if !f.worth.is_empty() {
        problem.push(Fact::new("Worth", f.worth.clone()));
    }
    let voices = f.causes.iter().map(|c| c.votes.len()).max().unwrap_or(0) as u64;
    CasePage {
        crumbs: vec![Link::new("Cases", "/cases"), Link::new(&case.title, format!("/cases/{}", case.id))],
        title: case.title.clone(),
        lead: format!("{}. Opened {}.", f.organisation, format::date(case.opened_on, today)),
        chain: f.causes.iter().flat_map(|c| &c.supports).find_map(|s| s.intervention).map(|i| format!("/chains/{i}")),
        steps: STEPS
            .iter()
            .enumerate()
            .map(|(i, label)| Step {
                label: (*label).to_owned(),
                state: match i.cmp(&stage) {
                    std::cmp::Ordering::Less => StepState::Done,
                    std::cmp::Ordering::Equal => StepState::Now,
                    std::cmp::Ordering::Greater => StepState::Next,
                },
                href: None,
            })
            .collect(),
        request: (!f.request.is_empty()).then(|| (f.request.clone(), f.requested_by.clone())),
        request_note: "A request is a start, not an order: what is the problem, how would we know that it is solved, and whom should we hear?".into(),
        problem,
        confirmed: f.confirmed,
        heat: None,
        interviews: f.interviews.iter().map(|i| Interview { who: i.who.clone(), said: i.said.clone() }).collect(),
        quotes: f
            .contradictions
            .iter()
            .flat_map(|(a, b)| [(a.said.clone(), a.who.clone()), (b.said.clone(), b.who.clone())])
            .collect(),
        causes: f
            .causes
            .iter()
            .enumerate()
            .map(|(i, c)| Cause {
                key: (i + 1).to_string(),
                name: c.text.clone(),
                boxes: c.boxes.clone(),
                evidence: c.evidence.clone(),
                share: middle(&c.votes).map(|m| m.1),
                supports: c
                    .supports
                    .iter()
                    .map(|s| ChosenSupport {
                        kind: s.kind,
                        name: s.name.clone(),
                        time: s.time.clone(),
                        href: s.intervention.map(|i| format!("/chains/{i}")),
                    })
                    .collect(),
            })
            .collect(),
        panel: ranked.then(|| PanelChart {
            sentence: "What each member of the panel thinks each cause explains of the gap.".into(),
            rows: f
                .causes
                .iter()
                .enumerate()
                .filter_map(|(i, c)| {
                    let (q1, mid, q3) = middle(&c.votes)?;
                    Some(PanelRow { key: (i + 1).to_string(), name: c.text.clone(), voices: c.votes.clone(), mid, q1, q3 })
                })
                .collect(),
        }),
        panel_note: f.frozen.map_or_else(String::new, |day| {
            format!("{}, each alone first; frozen {}", format::plural(voices, "person", "people"), format::date(day, today))
        }),
        lesson_share: lesson_share(&f.causes).map(|share| {
            (format::percent(share / 100.0), "of what was chosen is a lesson; the rest changes how the work is done".to_owned())
        }),
        hypothesis: None,
        shell,
    }
}
