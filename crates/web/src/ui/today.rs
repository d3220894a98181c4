//! Today: a team member's first page.

use app::App;
use app::dashboard::{self, Board, Matched};
use axum::extract::State;
use domain::access::{ReadMetrics, Relation, permit};
use domain::alerts::Alert;
use domain::coaching::{ProposalState, State as SessionState};
use domain::ids::{InterventionId, ProposalId};
use domain::time::{Day, Zone};
use serde::Deserialize;

use super::arrange::{
    alert_facts, answer_words, episode_status, first_name, headline, looked, me, moment, spark, status,
    support_option,
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
    let seen = looked(&app, &asker).await?;
    let hour = moment(app.now(), &app.settings.zone).hour;
    let greeting = match hour {
        5..=11 => "Good morning",
        12..=17 => "Good afternoon",
        _ => "Good evening",
    };
    let small_thing = small_thing(&app, &asker, &board, leader_name.as_deref(), today).await?;
    shell.sight.iter_mut().for_each(|s| s.looked.clone_from(&seen));
    page::html(&arrange(
        shell,
        &board,
        greeting,
        leader_name.as_deref(),
        small_thing,
        &app.settings.zone,
        today,
    ))
}

/// The one thing to try: what was proposed and waits; else what fits best where something has changed, or stays off
/// target, unless it was answered in the last weeks.
async fn small_thing(
    app: &App,
    asker: &Asker,
    board: &Board,
    leader: Option<&str>,
    today: Day,
) -> Result<Option<SmallThing>, Problem> {
    let viewer = asker.person()?;
    let waits = board.proposals.iter().find(|p| p.state == ProposalState::Proposed);
    // What it is for: the alert that it was proposed about, else the newest one, else a metric that needs it.
    let alerts = board.alerts.iter().filter(|a| a.answer != Some(domain::alerts::Answer::DataWrong));
    let about = waits
        .and_then(|p| board.alerts.iter().find(|a| Some(a.id) == p.alert))
        .or_else(|| alerts.max_by_key(|a| a.opened_on));
    let off = board.cells.iter().find(|(_, c)| c.stand.state == domain::alerts::Standing::OffTarget);
    let Some(metric) = about.map(|a| a.metric).or(off.map(|((_, m), _)| *m)) else {
        return Ok(match waits {
            Some(p) => offered(app, p, leader).await?,
            None => None,
        });
    };
    let Some(metric) = board.metrics.iter().find(|m| m.id == metric) else { return Ok(None) };
    let same = Relation { same: true, ..Relation::NONE };
    let may = permit(&asker.who, same, ReadMetrics(viewer.person))?;
    let why = match about {
        Some(alert) => format!("For {}: {}.", metric.name.to_lowercase(), headline(alert, metric, today)),
        None => format!("For {}: off target.", metric.name.to_lowercase()),
    };
    let (matched, _) = dashboard::supports(app, &may, metric.id).await?;
    let from_matched = |m: &Matched| {
        let option = support_option(m, metric);
        SmallThing {
            href: "/suggestions".into(),
            support: Some(option.id),
            kind: option.kind,
            minutes: option.minutes,
            name: option.name,
            text: option.why,
            why: why.clone(),
            from: "Nobody proposed this; it fits. If you take it, your leader sees it where they see what was tried. If you pass, nobody does.".into(),
            elsewhere: option.elsewhere,
            elsewhere_on: option.elsewhere_on,
            evidence: option.evidence,
        }
    };
    if let Some(proposal) = waits {
        let known = matched.iter().find(|m| m.offer.id == proposal.intervention).map(from_matched);
        return Ok(match (known, offered(app, proposal, leader).await?) {
            (Some(known), Some(bare)) => Some(SmallThing { why, ..bare }).map(|thing| SmallThing {
                elsewhere: known.elsewhere,
                elsewhere_on: known.elsewhere_on,
                evidence: known.evidence,
                ..thing
            }),
            (_, bare) => bare,
        });
    }
    let since = today.plus(-app::coaching::ASKED_AGAIN_AFTER);
    let lately: Vec<_> = board.proposals.iter().filter(|p| p.at.day(&Zone::UTC) >= since).collect();
    // One thing at a time: who has just taken something, or wants none now, is left alone.
    let left_alone = |p: &&&domain::coaching::Proposal| {
        p.state == ProposalState::Taken || (p.state == ProposalState::Declined && p.by == viewer.person)
    };
    if lately.iter().any(|p| left_alone(&p)) {
        return Ok(None);
    }
    let fresh = |m: &&Matched| !lately.iter().any(|p| p.intervention == m.offer.id);
    let fits = |m: &&Matched| m.offer.metrics.contains(&metric.id);
    Ok(matched.iter().filter(fits).find(fresh).map(from_matched))
}

/// A proposal that waits, as its card.
async fn offered(
    app: &App,
    proposal: &domain::coaching::Proposal,
    leader: Option<&str>,
) -> Result<Option<SmallThing>, Problem> {
    let all = dashboard::offered(app).await?;
    Ok(all.into_iter().find(|o| o.id == proposal.intervention).map(|offer| SmallThing {
        href: format!("/proposals/{}", proposal.id),
        support: None,
        kind: offer.kind,
        minutes: offer.minutes,
        name: offer.name,
        text: offer.description,
        why: String::new(),
        from: leader.map_or_else(String::new, |l| format!("Proposed by {}", first_name(l))),
        elsewhere: None,
        elsewhere_on: String::new(),
        evidence: None,
    }))
}

fn arrange(
    shell: Shell,
    board: &Board,
    greeting: &str,
    leader: Option<&str>,
    small_thing: Option<SmallThing>,
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
        facts: alert_facts(alert, metric, today),
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

/// The answer to what only fits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestionAnswer {
    answer: String,
    support: InterventionId,
}

fn answer_of(word: &str) -> Result<ProposalState, Problem> {
    match word {
        "take" => Ok(ProposalState::Taken),
        "swap" => Ok(ProposalState::Swapped),
        "decline" => Ok(ProposalState::Declined),
        _ => Err(Problem::invalid("answer", "choose take, swap or decline")),
    }
}

/// The person takes, swaps or passes on what nobody proposed and that only fits.
pub async fn answer_suggestion(
    State(app): State<App>,
    asker: Asker,
    Form(form): Form<SuggestionAnswer>,
) -> Answer {
    let state = answer_of(&form.answer)?;
    app::coaching::answer_suggestion(&app, asker.person()?, form.support, state).await?;
    let said = match state {
        ProposalState::Taken => "Taken. It stands on the metric's chart from today.",
        ProposalState::Swapped => "Here is what fits next.",
        _ => "Not now. Nothing is suggested for four weeks.",
    };
    Ok(page::done("/today", said))
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
    let state = answer_of(&form.answer)?;
    app::coaching::answer_proposal(&app, me(&asker)?, id, state, &form.reason).await?;
    let said = match state {
        ProposalState::Taken => "Taken. It is on your plan.",
        ProposalState::Swapped => "Said. Something else will be looked for.",
        _ => "Declined. Your reason was passed on.",
    };
    Ok(page::done("/today", said))
}
