//! Data health: is everything flowing, and what needs someone.

use std::collections::BTreeMap;

use app::App;
use app::health::{FeedHealth, Health};
use axum::extract::State;
use domain::access::{
    Erase, ReadDeliveries, ReadOperations, ReadOwnFeeds, ReadRecordsAsJob, ReadRetention, Relation, WriteKey,
    WriteProfile, may_ask, permit, permit_owner,
};
use domain::ids::{AccountId, PersonId};
use domain::time::Day;
use serde::Deserialize;

use super::arrange::moment;
use super::format;
use super::svg::DayState;
use super::view::{
    FeedRow, FeedTrouble, HealthPage, Link, Place, ServerFact, SetAside, Status, UnresolvedActor,
};
use crate::extract::Form;
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// How many periods the day rows show.
const SHOWN: i32 = 26;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?.person;
    let answers = app::health::answers_for_data(&app, viewer).await?;
    let own = permit_owner(&asker.who, Some(viewer), ReadOwnFeeds(viewer))?;
    let questions = app::alerts::questions(&app, &own).await?.len() as u64;
    let (health, whole) = match permit(&asker.who, Relation::NONE, ReadOperations(())) {
        Ok(may) => (app::health::health(&app, may).await?, true),
        Err(_) if answers => (app::health::health_of(&app, own).await?, false),
        Err(denied) => return Err(denied.into()),
    };
    let mut shell = page::shell(&app, &asker, "Data health").await?;
    shell.here = Some(Place::Health);
    page::html(&HealthPage { questions, ways: ways(&asker), ..arrange(&app, shell, &health, whole) })
}

/// The other pages about running the installation that somebody may open.
fn ways(asker: &Asker) -> Vec<Link> {
    let mut ways = Vec::new();
    if permit(&asker.who, Relation::NONE, WriteKey(())).is_ok() {
        ways.push(Link::new("Keys", "/keys"));
    }
    if permit(&asker.who, Relation::NONE, ReadDeliveries(())).is_ok() {
        ways.push(Link::new("Forwarding", "/forwarding"));
    }
    if permit(&asker.who, Relation::NONE, WriteProfile(())).is_ok() {
        ways.push(Link::new("Accounts", "/accounts"));
    }
    ways.push(Link::new("Rules for reds", "/rules"));
    ways.push(Link::new("Working calendars", "/calendars"));
    ways.push(Link::new("Kept quiet", "/silences"));
    if asker.person().is_ok_and(|v| permit(&asker.who, Relation::NONE, ReadRecordsAsJob(v.person)).is_ok()) {
        ways.push(Link::new("Learning records", "/records"));
    }
    if may_ask::<Erase>(&asker.who).is_ok() {
        ways.push(Link::new("Erasures", "/erasures"));
    }
    if permit(&asker.who, Relation::NONE, ReadRetention(())).is_ok() {
        ways.push(Link::new("How long what is kept", "/retention"));
    }
    ways
}

fn arrange(app: &App, shell: super::view::Shell, health: &Health, whole: bool) -> HealthPage {
    let today = app.today();
    let at = moment(app.now(), &app.settings.zone);
    let from = domain::time::Cadence::Week.step(today.monday(), -SHOWN);
    let mut set_aside: BTreeMap<(String, String), u64> = BTreeMap::new();
    for feed in &health.feeds {
        for problem in feed.runs.iter().flat_map(|r| &r.problems) {
            *set_aside.entry((problem.reason.clone(), feed.feed.name.clone())).or_default() += 1;
        }
    }
    HealthPage {
        at,
        whole,
        questions: 0,
        troubles: troubles(health, today),
        span: (from, today),
        feeds: health.feeds.iter().map(|f| feed_row(app, health, f, today)).collect(),
        set_aside: set_aside
            .into_iter()
            .map(|((reason, feed), rows)| SetAside { reason, rows, feed, way: None })
            .collect(),
        unresolved_total: health.unresolved_total.unsigned_abs(),
        unresolved: health
            .unresolved
            .iter()
            .map(|(account, statements)| UnresolvedActor {
                id: account.id.to_string(),
                key: shown_key(&account.key),
                statements: statements.unsigned_abs(),
                likely: Vec::new(),
            })
            .collect(),
        server: if whole { server(health, app, today) } else { Vec::new() },
        ways: Vec::new(),
        shell,
    }
}

/// An identity key as people read it: `https://lms.example · h.novak`.
pub(super) fn shown_key(key: &str) -> String {
    let rest = key.split_once(':').map_or(key, |(_, rest)| rest);
    rest.replace('|', " · ").trim_start_matches("mailto:").to_owned()
}

fn troubles(health: &Health, today: Day) -> Vec<FeedTrouble> {
    health
        .silent
        .iter()
        .map(|(alert, unit)| {
            let metric = health.metrics.get(&alert.metric);
            let feed = metric.and_then(|m| m.feed).and_then(|f| health.feeds.iter().find(|x| x.feed.id == f));
            let days = today.days_since(alert.since).max(1);
            FeedTrouble {
                status: Status::DataLate,
                status_words: format!("No data, {}", format::plural(u64::from(days.unsigned_abs()), "day", "days")),
                touches: format!("{unit}, {}", format::plural(alert.facts.subjects.unsigned_abs(), "person", "people")),
                title: format!(
                    "{}: nothing from {unit} since {}",
                    feed.map_or_else(|| "A feed".to_owned(), |f| f.feed.name.clone()),
                    format::date(alert.since, today)
                ),
                text: "Its owner was told; the people there were not, and nothing is held against them. When the data come again, everything is counted after the fact.".into(),
                ways: Vec::<Link>::new(),
            }
        })
        .collect()
}

fn feed_row(app: &App, health: &Health, feed: &FeedHealth, today: Day) -> FeedRow {
    let cadence = feed.feed.cadence.rolled();
    let mut days = Vec::with_capacity(SHOWN as usize);
    let mut period = cadence.step(cadence.start(today), -SHOWN);
    let begun = feed.periods.iter().map(|p| p.period).min();
    while period < cadence.start(today) {
        let came = feed.periods.iter().find(|p| p.period == period);
        days.push(match came {
            Some(p) if p.received == 0 => DayState::Missing,
            Some(p) if p.late * 5 > p.received => DayState::Late,
            Some(_) => DayState::Came,
            None if begun.is_none_or(|b| period < b) || feed.feed.due(period) > today => {
                DayState::NotExpected
            }
            None => DayState::Missing,
        });
        period = cadence.step(period, 1);
    }
    let newest_run = feed.runs.first();
    let due = {
        let mut due = cadence.start(today);
        while feed.feed.due(due) > today {
            due = cadence.step(due, -1);
        }
        due
    };
    let (status, status_words) = match feed.newest {
        // A feed of persons or sign-ins brings no readings: its newest arrival says how it is.
        None => match newest_run {
            None => (Status::NoData, "Nothing yet".to_owned()),
            Some(run) if run.accepted == 0 && run.refused > 0 => (Status::DataLate, "Refused".to_owned()),
            Some(_) => (Status::Usual, "On time".to_owned()),
        },
        Some(newest) if newest < due => {
            let days = today.days_since(feed.feed.due(cadence.step(newest, 1))).max(1);
            (
                Status::DataLate,
                format!("{} late", format::plural(u64::from(days.unsigned_abs()), "day", "days")),
            )
        }
        Some(_)
            if health.silent.iter().any(|(a, _)| {
                health.metrics.get(&a.metric).is_some_and(|m| m.feed == Some(feed.feed.id))
            }) =>
        {
            (Status::DataLate, "Partly silent".to_owned())
        }
        Some(_) => (Status::Usual, "On time".to_owned()),
    };
    let brings: Vec<String> = health
        .metrics
        .values()
        .filter(|m| m.feed == Some(feed.feed.id))
        .map(|m| m.name.to_lowercase())
        .collect();
    FeedRow {
        name: feed.feed.name.clone(),
        href: None,
        brings: if brings.is_empty() { feed.feed.kind.clone() } else { format::names(&brings) },
        days,
        newest: newest_run.map(|r| moment(r.at, &app.settings.zone)),
        rows: newest_run.map_or(0, |r| (r.accepted + r.unchanged + r.corrected).unsigned_abs()),
        status,
        status_words,
    }
}

fn server(health: &Health, app: &App, today: Day) -> Vec<ServerFact> {
    let q = &health.queue;
    let mail = if q.parked > 0 {
        (
            Status::DataLate,
            format!(
                "{} could not be sent",
                format::plural(q.parked.unsigned_abs(), "delivery", "deliveries")
            ),
        )
    } else if q.waiting > 0 {
        (
            Status::Usual,
            format!("{} waiting", format::plural(q.waiting.unsigned_abs(), "delivery", "deliveries")),
        )
    } else {
        (Status::Usual, "Nothing waits".to_owned())
    };
    let waits: i64 = health.backlog.iter().map(|b| b.1).sum();
    let mut facts = vec![
        ServerFact {
            name: "What leaves the server".into(),
            status: mail.0,
            words: mail.1,
            sub: match (&q.last_error, q.oldest) {
                (Some(error), _) => error.clone(),
                (None, Some(oldest)) => {
                    format!("Oldest: {}", moment(oldest, &app.settings.zone).words(today))
                }
                (None, None) => String::new(),
            },
        },
        ServerFact {
            name: "Evaluation".into(),
            status: if waits == 0 { Status::Usual } else { Status::DataLate },
            words: if waits == 0 {
                "Up to date".into()
            } else {
                format!("{} to do", format::count(waits.unsigned_abs()))
            },
            sub: String::new(),
        },
        ServerFact {
            name: "Data in question".into(),
            status: if health.in_question == 0 { Status::Usual } else { Status::InQuestion },
            words: if health.in_question == 0 {
                "None".into()
            } else {
                format::plural(
                    health.in_question.unsigned_abs(),
                    "alert waits for an answer",
                    "alerts wait for an answer",
                )
            },
            sub: if health.unasked.is_empty() {
                String::new()
            } else {
                format!("Nobody answers for {}: name an owner", format::names(&health.unasked))
            },
        },
    ];
    facts.extend(health.forwards.iter().map(|state| {
        let (status, words) = super::forwarding::standing(state);
        ServerFact {
            name: format!("Forwarding to {}", state.forward.name),
            status,
            words,
            sub: state.standing.last_error.clone().unwrap_or_default(),
        }
    }));
    facts
}

/// Whose an account is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linking {
    account: AccountId,
    person: String,
    #[serde(rename = "do")]
    what: String,
}

/// Says whose an account is; everything that came from it follows.
pub async fn link_account(State(app): State<App>, asker: Asker, Form(form): Form<Linking>) -> Answer {
    // Linking accounts changes who a record belongs to; the matrix lets an administrator ask for it, with a second person
    // for access roles only.
    let may = permit(&asker.who, Relation::NONE, domain::access::WriteProfile(()))?;
    if form.what != "link" {
        return Err(Problem::invalid("do", "only `link` is known"));
    }
    let person = match form.person.trim().parse::<PersonId>() {
        Ok(id) => Some(id),
        Err(_) => app::people::person_with_code(&app, &may, &form.person).await?,
    };
    let Some(person) = person else {
        return Err(Problem::invalid(
            "person",
            format!("nobody has the code “{}”; look it up in the staff list", form.person.trim()),
        ));
    };
    app::people::resolve(&app, &may, form.account, Some(person)).await?;
    Ok(page::done("/health", "Linked. Everything that came from this account is counted again."))
}
