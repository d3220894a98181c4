//! The finished case file: from a request to causes and the support that fits each.

use domain::cases::{Case, Cause, Chosen, File, Interview};
use store::db::Tx;

use super::{Hand, Known, supports};

/// Puts in the cases.
pub(super) fn load(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    for case in &hand.world.cases {
        put(tx, hand, known, case)?;
    }
    Ok(())
}

fn put(tx: &mut Tx, hand: &Hand, known: &Known, case: &demo::Case) -> app::Result<()> {
    let world = &hand.world;
    let metric = store::metrics::metric_by_code(tx, world.metrics[case.problem.metric.at()].code)?;
    let who = |i: &demo::Interview| {
        let place = i.unit.map(|u| format!(", {}", world.units[u.at()].name)).unwrap_or_default();
        format!("{}{place}", i.voice)
    };
    let voice = |i: &demo::Interview| Interview { who: who(i), said: i.said.to_owned() };
    let role = |person: demo::PersonIx| {
        let held = world.memberships.iter().rev().find(|m| m.person == person);
        held.map_or_else(String::new, |m| world.job_roles[m.job_role.at()].name.to_owned())
    };
    let causes = case.causes.iter().enumerate().map(|(n, c)| {
        let support = &world.interventions[c.support.at()];
        let minutes = if support.minutes_weekly > 0.0 {
            format!("{} min a week", support.minutes_weekly)
        } else {
            format!("{} min once", support.minutes_once)
        };
        Cause {
            text: c.what.to_owned(),
            boxes: c.boxes.iter().map(|b| supports::cause_box(*b)).collect(),
            evidence: c.evidence_for.to_owned(),
            votes: case.panel.iter().filter_map(|v| v.shares.get(n)).map(|share| f64::from(*share)).collect(),
            supports: vec![Chosen {
                intervention: known.supports.get(c.support.at()).copied(),
                kind: supports::kind(support.kind),
                name: support.name.to_owned(),
                time: minutes,
            }],
        }
    });
    let pair = |c: &demo::Contradiction| {
        let at = |n: u16| case.interviews.get(usize::from(n)).map(voice).unwrap_or_default();
        (at(c.one), at(c.other))
    };
    let file = File {
        organisation: world.units[case.organisation.at()].name.clone(),
        request: case.request.to_owned(),
        requested_by: role(case.requested_by),
        should_be: case.problem.should_be.to_owned(),
        is_now: case.problem.is.to_owned(),
        solved_when: case.problem.solved_when.to_owned(),
        worth: case.problem.worth.to_owned(),
        confirmed: true,
        interviews: case.interviews.iter().map(voice).collect(),
        contradictions: case.contradictions.iter().map(pair).collect(),
        causes: causes.collect(),
        frozen: Some(case.panel_frozen),
    };
    let case = Case {
        id: hand.ids.next(hand.now),
        code: case.code.to_owned(),
        title: case.title.to_owned(),
        metric: metric.map(|m| m.id),
        opened_on: case.requested,
        closed_on: case.closed,
        file,
    };
    Ok(store::cases::put_case(tx, &case)?)
}
