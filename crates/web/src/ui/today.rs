//! Today: a team member's first page.

use app::App;
use app::dashboard::{self, Board, Offered};
use axum::extract::State;
use domain::alerts::Alert;
use domain::coaching::{ProposalState, State as SessionState};
use domain::ids::ProposalId;
use domain::time::{Day, Zone};
use serde::Deserialize;

use super::arrange::{
    alert_facts, answer_words, episode_status, first_name, headline, me, moment, spark, status,
};
use super::format::{self, Style};
use super::view::{Coming, Link, MetricTile, OwnAlert, Place, Shell, Sight, SmallThing, TodayPage};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?.clone();
    let board = dashboard::own(&app, &viewer).await?;
    let leader = dashboard::leader_of(&app, viewer.person).await?;
    let today = app.today();
    let mut shell = page::shell(&app, &asker, "Today").await?;
    shell.here = Some(if viewer.reports.is_empty() { Place::Today } else { Place::MyOwn });
    let leader_name = leader.as_ref().map(|l| l.name.clone());
    shell.sight = Some(Sight {
        who: match &leader_name {
            Some(name) => format!("You and {name} can see these numbers."),
            None => "Only you can see these numbers.".into(),
        },
        looked: String::new(),
        link: Some(Link::new("My data: who looked", "/me")),
    });
    let hour = moment(app.now(), &app.settings.zone).hour;
    let greeting = match hour {
        5..=11 => "Good morning",
        12..=17 => "Good afternoon",
        _ => "Good evening",
    };
    let supports = dashboard::offered(&app).await?;
    page::html(&arrange(
        shell,
        &board,
        greeting,
        leader_name.as_deref(),
        &supports,
        &app.settings.zone,
        today,
    ))
}

fn arrange(
    shell: Shell,
    board: &Board,
    greeting: &str,
    leader: Option<&str>,
    supports: &[Offered],
    zone: &Zone,
    today: Day,
) -> TodayPage {
    let me = board.people.first();
    let tiles: Vec<MetricTile> = me
        .map(|p| {
            board
                .metrics
                .iter()
                .filter_map(|m| {
                    let cell = board.cells.get(&(p.id, m.id))?;
                    Some(MetricTile {
                        name: m.name.clone(),
                        href: format!("/people/{}/metrics/{}", p.id, m.id),
                        style: Style::of_metric(m),
                        value: cell.stand.value,
                        status: status(&cell.stand, m),
                        spark: spark(cell, m, 16),
                        target: cell.stand.target.map(|t| t.0),
                    })
                })
                .collect()
        })
        .unwrap_or_default();
    let mut alerts: Vec<&Alert> = board
        .alerts
        .iter()
        .filter(|a| a.needs_somebody(today) && !board.held.quiet.contains(&a.id))
        .collect();
    alerts.sort_by_key(|a| std::cmp::Reverse(a.opened_on));
    let numbers_to = board.cells.values().filter_map(|c| c.stand.period).max().map(|p| p.plus(6));
    let small_thing = board.proposals.iter().find(|p| p.state == ProposalState::Proposed).and_then(|p| {
        let offer = supports.iter().find(|o| o.id == p.intervention)?;
        Some(SmallThing {
            href: format!("/proposals/{}", p.id),
            kind: offer.kind,
            minutes: offer.minutes,
            name: offer.name.clone(),
            text: offer.description.clone(),
            from: leader.map_or_else(String::new, |l| format!("Proposed by {}", first_name(l))),
            elsewhere: None,
            evidence: None,
        })
    });
    TodayPage {
        greeting: greeting.to_owned(),
        first_name: me.map_or_else(String::new, |p| first_name(&p.name)),
        numbers_to,
        alerts: alerts.into_iter().take(5).filter_map(|a| own_alert(board, a, leader, zone, today)).collect(),
        tiles,
        small_thing,
        coming: coming(board, today),
        time: Vec::new(),
        shell,
    }
}

fn own_alert(
    board: &Board,
    alert: &Alert,
    leader: Option<&str>,
    zone: &Zone,
    today: Day,
) -> Option<OwnAlert> {
    let first = board.held.person_first.get(&alert.id);
    let person = alert.subject.person()?;
    let metric = board.metrics.iter().find(|m| m.id == alert.metric)?;
    let cell = board.cells.get(&(person, metric.id))?;
    let style = Style::of_metric(metric);
    let headline = headline(alert, metric, today);
    Some(OwnAlert {
        href: format!("/alerts/{}", alert.id),
        metric: metric.name.clone(),
        metric_href: format!("/people/{person}/metrics/{}", metric.id),
        status: episode_status(alert),
        headline,
        facts: alert_facts(alert, &style, today),
        spark: spark(cell, metric, 16),
        style,
        sees_first: first.is_some(),
        seen_by: match (leader.map(first_name), first) {
            (None, _) => String::new(),
            (Some(leader), None) => format!("{leader} sees the same page"),
            (Some(leader), Some(due)) => format!("{leader} is told on {}", moment(*due, zone).words(today)),
        },
        answered: answer_words(alert).map(|a| format!("You answered: {a}")),
        why: "With a usual range from your own 26 weeks, chance alone sets this off about once in 180 weeks for one metric. It says that something changed in the work, not what, and nothing about you.".into(),
    })
}

fn coming(board: &Board, today: Day) -> Vec<Coming> {
    let mut coming: Vec<(Day, Coming)> = Vec::new();
    for session in &board.sessions {
        let href = Some(format!("/sessions/{}", session.id));
        match session.state {
            SessionState::Open => coming.push((
                today,
                Coming {
                    icon: "coach",
                    title: "A talk is open".into(),
                    sub: "The agenda is drafted; add what matters to you.".into(),
                    href,
                },
            )),
            SessionState::Recorded => coming.push((
                today,
                Coming {
                    icon: "coach",
                    title: "A talk waits for a signature".into(),
                    sub: session.agreed.clone(),
                    href,
                },
            )),
            SessionState::Agreed => {
                if let Some(action) =
                    board.actions.iter().find(|a| a.session == session.id && a.closed_at.is_none())
                {
                    coming.push((
                        action.check,
                        Coming {
                            icon: "check",
                            title: format!("Look again on {}", format::day(action.check, today)),
                            sub: action.text.clone(),
                            href,
                        },
                    ));
                }
            }
            SessionState::Closed => {}
        }
    }
    coming.sort_by_key(|c| c.0);
    coming.into_iter().take(4).map(|c| c.1).collect()
}

/// The answer to a proposal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalAnswer {
    answer: String,
    #[serde(default)]
    reason: String,
}

/// The person takes, swaps or declines what was proposed.
pub async fn answer_proposal(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<ProposalId>,
    Form(form): Form<ProposalAnswer>,
) -> Answer {
    let state = match form.answer.as_str() {
        "take" => ProposalState::Taken,
        "swap" => ProposalState::Swapped,
        "decline" => ProposalState::Declined,
        _ => return Err(Problem::invalid("answer", "choose take, swap or decline")),
    };
    app::coaching::answer_proposal(&app, me(&asker)?, id, state, &form.reason).await?;
    let said = match state {
        ProposalState::Taken => "Taken. It is on your plan.",
        ProposalState::Swapped => "Said. Something else will be looked for.",
        _ => "Declined. Your reason was passed on.",
    };
    Ok(page::done("/today", said))
}
