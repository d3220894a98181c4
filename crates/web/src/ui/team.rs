//! My team: who needs the leader today, everybody by name, checks that are due.

use app::App;
use app::attention::A_DAY as BUDGET;
use app::dashboard::{self, Board, Stand};
use axum::extract::State;
use domain::access::{Denied, ReadTeamBoard, Relation, Viewer, permit};
use domain::alerts::{Alert, State as AlertState};
use domain::coaching::{ProposalState, State as SessionState};
use domain::ids::{MetricId, PersonId};
use domain::metrics::Direction;
use domain::time::Day;
use serde::Deserialize;

use super::arrange::{
    alert_facts, answer_words, episode_status, first_name, periods, recovery_chart, spark, status,
};
use super::format::{self, Style};
use super::view::{
    AlsoOpen, Board as BoardView, BoardCell, BoardRow, CheckDue, Link, Place, Sight, Status, TeamAlert,
    TeamPage, ThresholdRow,
};
use crate::extract::Query;
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// What the page can be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    by: String,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let viewer = asker.person()?.clone();
    if viewer.reports.is_empty() {
        return Err(Denied::Forbidden.into());
    }
    // A leader's own team: they stand to themselves as its leader.
    let may = permit(&asker.who, Relation { same: true, ..Relation::NONE }, ReadTeamBoard(()))?;
    let board = dashboard::team(&app, may, &viewer).await?;
    let others: Vec<PersonId> = viewer.reports.iter().copied().collect();
    app::access::log_looks(&app, &asker.who, &others, "the team board").await?;
    let today = app.today();
    let mut shell = page::shell(&app, &asker, "My team").await?;
    shell.here = Some(Place::Team);
    shell.sight = Some(Sight {
        who: format!(
            "You see these metrics for your {} because you lead them.",
            format::plural(board.people.len() as u64, "person", "people")
        ),
        looked: "Each of them sees that you looked.".into(),
        link: Some(Link::new("My data", "/me")),
    });
    page::html(&arrange(shell, &board, &viewer, today, asked.by == "threshold"))
}

/// Whether an alert asks the leader: nobody has it in hand, it is not quiet, and the person had it first for long enough.
fn needs_leader(board: &Board, alert: &Alert, today: Day) -> bool {
    alert.needs_somebody(today)
        && matches!(alert.state, AlertState::New | AlertState::Seen)
        && alert.hand.is_none()
        && !board.held.holds(alert.id)
}

fn worse_than_target(stand: &Stand, direction: Direction) -> bool {
    match (stand.value, stand.target) {
        // What a plain threshold does: no tolerance, no history.
        (Some(value), Some((level, tolerance))) => match direction {
            Direction::Up => value < level,
            Direction::Down => value > level,
            Direction::Near => (value - level).abs() > tolerance,
        },
        _ => false,
    }
}

fn arrange(
    shell: super::view::Shell,
    board: &Board,
    viewer: &Viewer,
    today: Day,
    by_threshold: bool,
) -> TeamPage {
    let metric = |id: MetricId| board.metrics.iter().find(|m| m.id == id);
    let name = |id: PersonId| board.people.iter().find(|p| p.id == id).map_or("", |p| p.name.as_str());
    let needing: Vec<&Alert> = board.alerts.iter().filter(|a| needs_leader(board, a, today)).collect();
    let needing_people: std::collections::BTreeSet<PersonId> =
        needing.iter().filter_map(|a| a.subject.person()).collect();
    let look = |s: Status| s.worth_a_look() || s == Status::InQuestion;
    let usual = board
        .people
        .iter()
        .filter(|p| {
            board
                .metrics
                .iter()
                .all(|m| board.cells.get(&(p.id, m.id)).is_none_or(|c| !look(status(&c.stand, m))))
        })
        .count();
    let mut below: Vec<ThresholdRow> = Vec::new();
    let mut below_people = std::collections::BTreeSet::new();
    for person in &board.people {
        for m in &board.metrics {
            let Some(cell) = board.cells.get(&(person.id, m.id)) else { continue };
            if let (true, Some(value), Some((target, _))) =
                (worse_than_target(&cell.stand, m.direction), cell.stand.value, cell.stand.target)
            {
                below_people.insert(person.id);
                below.push(ThresholdRow {
                    person: person.name.clone(),
                    metric: m.name.clone(),
                    href: metric_href(person.id, m.id),
                    style: Style::of_metric(m),
                    value,
                    target,
                    status: status(&cell.stand, m),
                });
            }
        }
    }
    TeamPage {
        shell,
        unit: board.unit.clone().unwrap_or_default(),
        people: board.people.len() as u32,
        needing: needing_people.len() as u32,
        usual: usual as u32,
        below_target: below_people.len() as u32,
        alerts: needing.iter().take(BUDGET).filter_map(|a| team_alert(board, a, today)).collect(),
        threshold: by_threshold.then_some(below),
        board: BoardView {
            metrics: board
                .metrics
                .iter()
                .map(|m| Link::new(m.name.clone(), format!("/team/metrics/{}", m.id)))
                .collect(),
            rows: board
                .people
                .iter()
                .map(|p| BoardRow {
                    person: p.name.clone(),
                    href: None,
                    cells: board.metrics.iter().map(|m| board_cell(board, p.id, m)).collect(),
                })
                .collect(),
        },
        data_notes: data_notes(board),
        budget: BUDGET as u32,
        checks: checks(board, viewer, today),
        also: board
            .proposals
            .iter()
            .filter(|p| p.by == viewer.person && p.state == ProposalState::Declined)
            .filter(|p| {
                p.answered_at.is_some_and(|at| today.days_since(at.day(&domain::time::Zone::UTC)) <= 30)
            })
            .take(3)
            .map(|p| AlsoOpen {
                text: format!(
                    "{} declined “{}”",
                    first_name(name(p.person)),
                    board.supports.get(&p.intervention).map_or("", String::as_str)
                ),
                sub: format!("“{}”", p.reason),
                action: "Open the talks".into(),
                href: "/coaching".into(),
            })
            .chain(board.alerts.iter().filter(|a| a.hand == Some(viewer.person)).map(|a| AlsoOpen {
                text: format!(
                    "{}: {}",
                    name(a.subject.person().unwrap_or(viewer.person)),
                    metric(a.metric).map_or("", |m| m.name.as_str())
                ),
                sub: "You have it in hand".into(),
                action: "Open".into(),
                href: format!("/alerts/{}", a.id),
            }))
            .chain(needing.iter().skip(BUDGET).map(|a| AlsoOpen {
                text: format!(
                    "{}: {}",
                    name(a.subject.person().unwrap_or(viewer.person)),
                    metric(a.metric).map_or("", |m| m.name.as_str())
                ),
                sub: "Waits: at most five items a day".into(),
                action: "Open".into(),
                href: format!("/alerts/{}", a.id),
            }))
            .collect(),
    }
}

fn metric_href(person: PersonId, metric: MetricId) -> String {
    format!("/people/{person}/metrics/{metric}")
}

fn board_cell(board: &Board, person: PersonId, m: &domain::metrics::Metric) -> BoardCell {
    let cell = board.cells.get(&(person, m.id));
    BoardCell {
        href: metric_href(person, m.id),
        style: Style::of_metric(m),
        value: cell.and_then(|c| c.stand.value),
        status: cell.map_or(Status::NoData, |c| status(&c.stand, m)),
        spark: cell.map(|c| spark(c, m, 12)).unwrap_or_default(),
    }
}

fn team_alert(board: &Board, alert: &Alert, today: Day) -> Option<TeamAlert> {
    let metric = board.metrics.iter().find(|m| m.id == alert.metric)?;
    let person = alert.subject.person()?;
    let cell = board.cells.get(&(person, metric.id))?;
    let style = Style::of_metric(metric);
    let tried = board
        .sessions
        .iter()
        .filter(|s| s.person == person && s.metric == metric.id && s.state != SessionState::Open)
        .map(|s| s.agreed.clone())
        .chain(
            board
                .proposals
                .iter()
                .filter(|p| p.person == person && p.state == ProposalState::Taken)
                .filter_map(|p| board.supports.get(&p.intervention).cloned()),
        )
        .filter(|t| !t.is_empty())
        .take(3)
        .collect();
    Some(TeamAlert {
        href: format!("/alerts/{}", alert.id),
        person: board.people.iter().find(|p| p.id == person)?.name.clone(),
        metric: metric.name.clone(),
        status: episode_status(alert),
        since: alert.since,
        lasts: format::periods(periods(metric, alert.since, today), metric.cadence),
        answer: answer_words(alert),
        facts: alert_facts(alert, metric, today),
        tried,
        spark: spark(cell, metric, 16),
        style,
    })
}

/// A sentence for each person whose data are late: nothing is held against anybody.
fn data_notes(board: &Board) -> Vec<String> {
    let mut notes = Vec::new();
    for person in &board.people {
        let late: Vec<(&str, &str)> = board
            .metrics
            .iter()
            .filter_map(|m| Some((m, board.cells.get(&(person.id, m.id))?)))
            .filter(|(m, c)| matches!(status(&c.stand, m), Status::DataLate | Status::NoData))
            .map(|(m, c)| (m.name.as_str(), c.stand.detail.as_str()))
            .collect();
        if let Some((_, detail)) = late.first() {
            let names: Vec<String> = late.iter().map(|l| l.0.to_lowercase()).collect();
            let late_by = if detail.is_empty() { "missing".to_owned() } else { (*detail).to_owned() };
            notes.push(format!(
                "{} of {}: {late_by}. The feed's owner is told; nothing is held against anybody.",
                format::capital(&format::names(&names)),
                person.name
            ));
        }
    }
    notes
}

fn checks(board: &Board, viewer: &Viewer, today: Day) -> Vec<CheckDue> {
    let mut checks = Vec::new();
    for session in
        board.sessions.iter().filter(|s| s.leader == viewer.person && s.state == SessionState::Agreed)
    {
        let Some(action) = board.actions.iter().find(|a| a.session == session.id && a.closed_at.is_none())
        else {
            continue;
        };
        if action.check > today.plus(dashboard::CHECK_AHEAD) {
            continue;
        }
        let Some(metric) = board.metrics.iter().find(|m| m.id == session.metric) else { continue };
        let Some(person) = board.people.iter().find(|p| p.id == session.person) else { continue };
        let style = Style::of_metric(metric);
        let now = board.cells.get(&(person.id, metric.id));
        let text = match now.and_then(|c| c.stand.value.zip(c.stand.usual)) {
            Some((value, (_, low, high))) => format!(
                "Talked on {}. Newest {}; the usual range is {}. Agreed: {}",
                format::short_date(session.opened_on, today),
                style.value(value),
                style.range(low.max(0.0), high),
                session.agreed
            ),
            None => format!(
                "Talked on {}. Agreed: {}",
                format::short_date(session.opened_on, today),
                session.agreed
            ),
        };
        checks.push(CheckDue {
            href: format!("/sessions/{}/check", session.id),
            person: person.name.clone(),
            metric: metric.name.to_lowercase(),
            due: action.check,
            text,
            chart: board
                .checks
                .iter()
                .find(|c| c.session == session.id && c.way.is_some())
                .map(|c| recovery_chart(c, metric, today)),
        });
    }
    checks.sort_by_key(|c| c.due);
    checks
}
