//! A person's metric with its chart, its targets and commitments, and what can be said about it.

use app::App;
use app::dashboard::{self, MetricRead};
use app::targets::{Level, commit, set_own};
use axum::extract::State;
use domain::access::{ReadMetrics, Relation, SetTarget, permit};
use domain::alerts::{Kind, Standing, State as AlertState};
use domain::ids::{CommitmentId, MetricId, PersonId, TargetId};
use domain::targets::{TargetScope, deviation, missed_by_chance};
use domain::time::Day;
use serde::Deserialize;

use super::arrange::{
    alert_facts, answer_words, control_chart, episode_status, first_name, headline, looked, me, sight, spark,
    status, towards,
};
use super::format::{self, Style};
use super::forms::{form_errors, number};
use super::view::{
    EpisodeRow, Fact, LevelForm, LevelKind, LevelRow, Link, MetricPage, OpenAlert, RelatedMetric, Status,
    Window,
};
use crate::extract::{Form, Path, Query};
use crate::page;
use crate::problem::Answer;
use crate::session::Asker;

/// What the page can be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    weeks: Option<u16>,
}

const WINDOWS: [u16; 3] = [26, 52, 104];

/// The page.
pub async fn show(
    State(app): State<App>,
    asker: Asker,
    Path((person, metric)): Path<(PersonId, MetricId)>,
    Query(asked): Query<Asked>,
) -> Answer {
    page_of(&app, &asker, person, metric, asked.weeks, Typed::default()).await
}

/// A form of the page as it was typed, with its faults.
#[derive(Default)]
struct Typed {
    target: bool,
    form: LevelForm,
}

async fn page_of(
    app: &App,
    asker: &Asker,
    person: PersonId,
    metric: MetricId,
    weeks: Option<u16>,
    typed: Typed,
) -> Answer {
    let (may, relation) = towards(app, &asker.who, person, ReadMetrics(person)).await?;
    let weeks = weeks.filter(|w| WINDOWS.contains(w)).unwrap_or(52);
    let read = dashboard::metric(app, &may, metric, i32::from(weeks)).await?;
    app::access::log_look(app, &asker.who, person, &format!("metric “{}”", read.metric.name), relation)
        .await?;
    let may_set = permit(&asker.who, relation, SetTarget(person)).is_ok() && !relation.same;
    let mut shell = page::shell(app, asker, read.metric.name.clone()).await?;
    shell.sight = Some(sight(&read, me(asker)?));
    if let (true, Some(sight)) = (relation.same, &mut shell.sight) {
        sight.looked = looked(app, asker).await?;
    }
    let mut page = arrange(shell, &read, relation, may_set, weeks, app.today());
    if typed.form.errors.is_empty() {
        return page::html(&page);
    }
    let shown = if typed.target { &mut page.target } else { &mut page.commitment };
    if let Some(form) = shown {
        *form = LevelForm { hint: form.hint.clone(), ..typed.form };
    }
    page::with_status(http::StatusCode::BAD_REQUEST, &page)
}

fn href(read: &MetricRead) -> String {
    format!("/people/{}/metrics/{}", read.person.id, read.metric.id)
}

fn arrange(
    shell: super::view::Shell,
    read: &MetricRead,
    relation: Relation,
    may_set: bool,
    weeks: u16,
    today: Day,
) -> MetricPage {
    let style = Style::of_metric(&read.metric);
    let href = href(read);
    let open = read.alerts.iter().find(|a| !a.state.is_closed());
    let stand = read.stand.as_ref();
    let status = stand.map_or(Status::NoData, |s| status(s, &read.metric));
    let finding = match open {
        Some(a) => format::capital(&headline(a, &read.metric, today)),
        None => match stand.map(|s| s.state) {
            Some(Standing::Usual) => "Within the usual range".to_owned(),
            Some(Standing::Recovered) => "Back within the usual range".to_owned(),
            Some(Standing::ChangedHigher | Standing::ChangedLower) => "Changed for the better".to_owned(),
            Some(Standing::DataLate) => "The newest data have not come yet".to_owned(),
            Some(Standing::TooFew) if stand.is_some_and(|s| s.usual.is_some()) => {
                "New here: the range is that of others in the same work".to_owned()
            }
            Some(Standing::TooFew) => "Too few weeks for a usual range".to_owned(),
            _ => "No data yet".to_owned(),
        },
    };
    let (can_say, cannot_say) = says(read, open, &style, today);
    let level_hint = match stand.and_then(|s| s.usual) {
        Some((_, low, high)) => {
            format!("{}. The usual range is {}.", read.metric.name, style.range(low.max(0.0), high))
        }
        None => format!("{}.", read.metric.name),
    };
    let chance = stand.and_then(|s| {
        let (usual, target) = (s.usual?, s.target?);
        let missed = missed_by_chance(usual.0, deviation(usual), target, read.metric.direction)?;
        Some(format!(
            "The target of {} is missed in {} of {}s by chance alone, as long as the level stays as it is.",
            style.number(target.0),
            format::percent(missed),
            read.metric.cadence.rolled().word()
        ))
    });
    let number =
        |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.*}", usize::from(read.metric.decimals)));
    MetricPage {
        crumbs: if relation.same {
            vec![Link::new("Today", "/today"), Link::new(&read.metric.name, &href)]
        } else {
            vec![Link::new("My team", "/team"), Link::new(&read.metric.name, &href)]
        },
        name: read.metric.name.clone(),
        lead: format!(
            "{} {}, every {}.",
            if read.metric.description.is_empty() {
                String::new()
            } else {
                format!("{}.", read.metric.description.trim_end_matches('.'))
            },
            read.person.name,
            read.metric.cadence.rolled().word()
        )
        .trim()
        .to_owned(),
        windows: WINDOWS
            .iter()
            .map(|w| Window {
                label: format!("{w} weeks"),
                href: format!("{href}?weeks={w}"),
                current: *w == weeks,
            })
            .collect(),
        chart: control_chart(read, None, format!("{}: {}", read.metric.name, finding.to_lowercase()), today),
        finding,
        status,
        can_say,
        cannot_say,
        levels: levels(read, &style, relation, today),
        chance: chance.unwrap_or_default(),
        commitment: relation.same.then(|| LevelForm {
            level: number(stand.and_then(|s| s.commitment)),
            hint: level_hint.clone(),
            ..LevelForm::default()
        }),
        target: may_set.then(|| LevelForm {
            level: number(stand.and_then(|s| s.target).map(|t| t.0)),
            tolerance: number(stand.and_then(|s| s.target).map(|t| t.1)),
            hint: level_hint,
            ..LevelForm::default()
        }),
        alert: open.map(|a| OpenAlert {
            href: format!("/alerts/{}", a.id),
            may_answer: relation.same && a.answer.is_none(),
            text: answer_words(a).unwrap_or_else(|| "Not answered yet.".into()),
        }),
        episodes: read
            .alerts
            .iter()
            .map(|a| EpisodeRow {
                href: format!("/alerts/{}", a.id),
                status: episode_status(a),
                text: match (a.closed_on, a.state) {
                    (Some(day), AlertState::Recovered) => format!(
                        "Since {}, back on {}.",
                        format::date(a.since, today),
                        format::date(day, today)
                    ),
                    (Some(day), AlertState::Accepted) => format!(
                        "Since {}; taken as usual on {}.",
                        format::date(a.since, today),
                        format::date(day, today)
                    ),
                    (Some(day), _) => format!("Closed on {}: the data were wrong.", format::date(day, today)),
                    _ => alert_facts(a, &read.metric, today),
                },
            })
            .collect(),
        related: read
            .beside
            .iter()
            .map(|(m, cell)| RelatedMetric {
                name: m.name.clone(),
                href: format!("/people/{}/metrics/{}", read.person.id, m.id),
                note: super::arrange::status(&cell.stand, m).word().to_lowercase(),
                style: Style::of_metric(m),
                value: cell.stand.value,
                spark: spark(cell, m, 16),
            })
            .collect(),
        about: about(read, today),
        href,
        shell,
    }
}

/// What can be said from the numbers, and what cannot.
fn says(
    read: &MetricRead,
    open: Option<&domain::alerts::Alert>,
    style: &Style,
    today: Day,
) -> (Vec<String>, Vec<String>) {
    let period = read.metric.cadence.rolled().word();
    let mut can = Vec::new();
    let mut cannot = Vec::new();
    match open {
        Some(a) => {
            can.push(alert_facts(a, &read.metric, today));
            if a.facts.without_common {
                can.push(format!("What moved everybody in the same {period}s was taken out first, so this is not the season and not the market."));
            }
            if a.facts.borrowed > 0 {
                can.push(format!(
                    "The usual range is borrowed from {} others in the same work, until there is a history to draw it from.",
                    a.facts.borrowed
                ));
            }
            if a.kind == Kind::Gap {
                cannot.push("Whether the target is right: a level that stays for months may say more about the target than about the work.".into());
            }
            cannot.push(
                "Why. The chart shows that something changed, not what; that is what a talk is for.".into(),
            );
        }
        None => {
            if let Some((mean, low, high)) = read.stand.as_ref().and_then(|s| s.usual) {
                can.push(format!(
                    "The usual range is {}, around {}. Values inside it are routine variation.",
                    style.range(low.max(0.0), high),
                    style.number(mean)
                ));
            }
            if let Some(s) = read.stand.as_ref().filter(|s| s.state == Standing::TooFew && s.usual.is_some())
            {
                can.push(format!(
                    "There are too few {period}s for a range of one's own, so this is the {}.",
                    s.detail
                ));
            }
            cannot.push(format!("Anything about a single {period}: one value inside the usual range, high or low, means nothing by itself."));
        }
    }
    let since_talk =
        read.sessions.first().and_then(|s| read.actions.iter().find(|a| a.session == s.id).map(|a| (s, a)));
    if let Some((session, action)) = since_talk {
        can.push(format!(
            "After the talk on {}: {} The next look is on {}.",
            format::date(session.opened_on, today),
            sentence(&action.text),
            format::date(action.check, today)
        ));
    }
    (can, cannot)
}

fn sentence(text: &str) -> String {
    let text = format::capital(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// "Daniel: agreed in March"; whoever set it through a file or a system is called so.
fn who_why(read: &MetricRead, by: &str, why: &str) -> String {
    let name = by.parse::<PersonId>().ok().and_then(|id| read.set_by.get(&id));
    let who = name.map_or_else(|| "From a file or system".to_owned(), |name| first_name(name));
    format!("{who}: {why}")
}

fn levels(read: &MetricRead, style: &Style, relation: Relation, today: Day) -> Vec<LevelRow> {
    let direct = relation.lead == domain::access::Lead::Direct;
    let agreed = |id| {
        read.agreed.get(&id).map_or_else(String::new, |a| {
            format!("Agreed by {}, {}", a.name, format::date(a.at.day(&domain::time::Zone::UTC), today))
        })
    };
    // The newest of each is the one to agree to; what was before is history.
    let newest_target =
        read.targets.iter().find(|t| t.scope == TargetScope::Person(read.person.id)).filter(|t| !t.ended);
    let newest_promise = read.commitments.first().filter(|c| !c.ended);
    let open = |id, shown: String, mine: bool| (mine && !read.agreed.contains_key(&id)).then_some(shown);
    let mut rows: Vec<LevelRow> = read
        .targets
        .iter()
        .map(|t| LevelRow {
            from: t.from,
            kind: LevelKind::Target,
            level: (!t.ended).then_some(t.level),
            tolerance: Some(t.tolerance).filter(|x| *x > 0.0),
            style: style.clone(),
            who_why: who_why(read, &t.set_by, &t.why),
            agreed: agreed(t.id.uuid()),
            to_agree: open(
                t.id.uuid(),
                t.id.to_string(),
                relation.same && newest_target.is_some_and(|n| n.id == t.id),
            ),
        })
        .chain(read.commitments.iter().map(|c| LevelRow {
            from: c.from,
            kind: LevelKind::Commitment,
            level: (!c.ended).then_some(c.level),
            tolerance: None,
            style: style.clone(),
            who_why: who_why(read, &c.set_by, &c.why),
            agreed: agreed(c.id.uuid()),
            to_agree: open(
                c.id.uuid(),
                c.id.to_string(),
                direct && newest_promise.is_some_and(|n| n.id == c.id),
            ),
        }))
        .collect();
    rows.sort_by_key(|r| std::cmp::Reverse(r.from));
    rows
}

/// Which level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agree {
    level: String,
}

/// The other one agrees to a target or a commitment.
pub async fn agree(
    State(app): State<App>,
    asker: Asker,
    Path((person, metric)): Path<(PersonId, MetricId)>,
    Form(form): Form<Agree>,
) -> Answer {
    let (may, _) = towards(&app, &asker.who, person, ReadMetrics(person)).await?;
    let target = form.level.parse::<TargetId>().map(|id| id.uuid());
    let Ok(level) = target.or_else(|_| form.level.parse::<CommitmentId>().map(|id| id.uuid())) else {
        return Err(crate::problem::Problem::invalid("level", "not the id of a target or a commitment"));
    };
    app::targets::agree(&app, &may, metric, level).await?;
    Ok(page::done(&format!("/people/{person}/metrics/{metric}"), "Agreed."))
}

fn about(read: &MetricRead, today: Day) -> Vec<Fact> {
    let m = &read.metric;
    let mut facts = vec![Fact::new(
        "What it counts",
        if m.description.is_empty() { m.name.clone() } else { m.description.clone() },
    )];
    if let Some(feed) = &read.feed {
        facts.push(Fact::new("Comes from", feed.clone()));
    }
    if let Some(last) = read.readings.last() {
        let mut text = format!("{} of {}", m.cadence.rolled().word(), format::date(last.period, today));
        if last.revision > 1 {
            text.push_str(", corrected since");
        }
        facts.push(Fact::new("Newest", text));
    }
    if let Some(owner) = &read.owner {
        facts.push(Fact::new("Who answers for it", owner.clone()));
    }
    facts.push(Fact::new("Definition", format!("version {}", m.version)));
    facts
}

/// A commitment as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentForm {
    level: String,
    #[serde(default)]
    why: String,
}

/// The person sets their own commitment.
pub async fn set_commitment(
    State(app): State<App>,
    asker: Asker,
    Path((person, metric)): Path<(PersonId, MetricId)>,
    Form(form): Form<CommitmentForm>,
) -> Answer {
    if me(&asker)? != person {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let set = async {
        let level = Level {
            level: number("level", &form.level)?,
            tolerance: 0.0,
            window: 1,
            from: None,
            ended: false,
            why: form.why.clone(),
        };
        commit(&app, person, metric, level).await?;
        Ok(())
    };
    if let Err(problem) = set.await {
        let errors = form_errors(problem, str::to_owned)?;
        let typed = LevelForm { level: form.level, why: form.why, errors, ..LevelForm::default() };
        return page_of(&app, &asker, person, metric, None, Typed { target: false, form: typed }).await;
    }
    Ok(page::done(&format!("/people/{person}/metrics/{metric}"), "Your commitment is set."))
}

/// A target as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetForm {
    level: String,
    #[serde(default)]
    tolerance: String,
    #[serde(default)]
    why: String,
}

/// The leader sets a person's target.
pub async fn set_target(
    State(app): State<App>,
    asker: Asker,
    Path((person, metric)): Path<(PersonId, MetricId)>,
    Form(form): Form<TargetForm>,
) -> Answer {
    let (may, relation) = towards(&app, &asker.who, person, SetTarget(person)).await?;
    if relation.same {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let set = async {
        let tolerance =
            if form.tolerance.trim().is_empty() { 0.0 } else { number("tolerance", &form.tolerance)? };
        let level = Level {
            level: number("level", &form.level)?,
            tolerance,
            window: 8,
            from: None,
            ended: false,
            why: form.why.clone(),
        };
        set_own(&app, std::slice::from_ref(&may), metric, level).await?;
        Ok(())
    };
    if let Err(problem) = set.await {
        let field = |place: &str| match place {
            "level" | "why" => format!("target-{place}"),
            other => other.to_owned(),
        };
        let errors = form_errors(problem, field)?;
        let typed = LevelForm {
            level: form.level,
            tolerance: form.tolerance,
            why: form.why,
            errors,
            ..LevelForm::default()
        };
        return page_of(&app, &asker, person, metric, None, Typed { target: true, form: typed }).await;
    }
    Ok(page::done(
        &format!("/people/{person}/metrics/{metric}"),
        "The target is set; the history keeps the old one.",
    ))
}
