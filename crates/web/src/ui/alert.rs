//! An alert: what changed, since when, what was tried, and the next step of whoever looks.

use app::App;
use app::dashboard::{self, AlertRead};
use axum::extract::State;
use domain::access::{AnswerAlert, OpenCoaching, ReadAlert, ReadMetrics, Relation, permit};
use domain::alerts::{Alert, Answer as Reply, Kind, State as AlertState};
use domain::ids::{AlertId, PersonId, Subject};
use domain::time::{Cadence, Day, Zone};
use serde::Deserialize;

use super::arrange::{
    alert_facts, answer_words, control_chart, episode_status, first_name, headline, looked, me, sight,
    status, support_option, towards,
};
use super::format::{self, Style};
use super::forms::{self, Propose, Text, Why};
use super::view::{
    AlertPage, AnswerForm, EpisodeLine, Fact, FormErrors, LeadForm, Link, NextStep, Step, StepState,
};
use crate::extract::{Form, Path, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// What the page can be asked: the choice that a link sets in the person's form, and the leader's form that it opens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    open: String,
}

async fn subject(app: &App, id: AlertId) -> Result<PersonId, Problem> {
    match dashboard::alert_subject(app, id).await? {
        Some(Subject::Person(person)) => Ok(person),
        _ => Err(Problem::not_found()),
    }
}

/// The page.
pub async fn show(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Query(asked): Query<Asked>,
) -> Answer {
    if let Some(Subject::Unit(_)) = dashboard::alert_subject(&app, id).await? {
        return unit_page(&app, &asker, id).await;
    }
    page_of(&app, &asker, id, Typed { choice: asked.answer, open: asked.open, ..Typed::default() }).await
}

/// What moved everybody in a unit: told once, at the level where it is common. It holds groups, never one person.
async fn unit_page(app: &App, asker: &Asker, id: AlertId) -> Answer {
    let may = permit(&asker.who, Relation::NONE, domain::access::ReadOrgBoard(()))?;
    let read = dashboard::unit_alert(app, may, id).await?;
    let today = app.today();
    let what = headline(&read.alert, &read.metric, today);
    let mut shell = page::shell(app, asker, read.metric.name.clone()).await?;
    shell.sight = Some(super::view::Sight {
        who: format!(
            "Everybody who works here can see this page. It shows {} together, no single person.",
            format::plural(read.alert.facts.subjects.unsigned_abs(), "subject", "subjects")
        ),
        looked: String::new(),
        link: None,
    });
    let chart = unit_chart(&read, format!("{} across {}: {what}", read.metric.name, read.unit), today);
    let closed = read.alert.state.is_closed();
    page::html(&AlertPage {
        href: format!("/alerts/{id}"),
        crumbs: vec![Link::new(read.unit.clone(), "/"), Link::new("Alert", format!("/alerts/{id}"))],
        first_name: read.unit.clone(),
        title: format!("{}: {} {what}", read.unit, read.metric.name.to_lowercase()),
        lead: alert_facts(&read.alert, &read.metric, today),
        status: episode_status(&read.alert),
        steps: steps(&read.alert, &read.events, &app.settings.zone, today),
        metric_href: format!("/alerts/{id}"),
        chart,
        facts: vec![
            Fact::new("Where", read.unit.clone()),
            Fact::new("How many moved together", format::count(read.alert.facts.subjects.unsigned_abs())),
            Fact::new("What it does to people", "Taken out before anybody's own numbers are judged"),
        ],
        supports: Vec::new(),
        can_propose: false,
        not_offered: String::new(),
        why: why(&read.alert, read.metric.cadence),
        history: Vec::new(),
        before: None,
        next: NextStep::Nothing(if closed {
            "It is over.".into()
        } else {
            "It is told once, to whoever answers for the metric. Nobody's own usual range is judged by it."
                .into()
        }),
        thread: Vec::new(),
        can_write: false,
        shell,
    })
}

fn unit_chart(read: &dashboard::UnitAlertRead, sentence: String, today: Day) -> super::view::ControlChart {
    let a = &read.alert;
    let marked = |period: Day| period >= a.since && a.closed_on.is_none_or(|c| period <= c);
    let readings: Vec<super::view::Reading> = read
        .readings
        .iter()
        .map(|x| super::view::Reading {
            start: x.period,
            value: x.quantity.value(),
            marked: marked(x.period),
        })
        .collect();
    let ends = readings.first().zip(readings.last());
    let phase = ends.map(|(first, last)| super::view::Phase {
        from: first.start,
        to: read.metric.cadence.rolled().step(last.start, 1),
        mean: a.facts.usual,
        lo: a.facts.usual_low,
        hi: a.facts.usual_high,
    });
    super::view::ControlChart {
        name: read.metric.name.clone(),
        sentence,
        style: Style::of_metric(&read.metric),
        cadence: read.metric.cadence.rolled(),
        today,
        phases: phase.into_iter().collect(),
        readings,
        target: None,
        target_band: None,
        commitment: None,
        before: Vec::new(),
        change_from: Some(a.since),
        events: Vec::new(),
    }
}

/// What somebody typed into a form of the page, and what was wrong with it.
#[derive(Default)]
struct Typed {
    choice: String,
    open: String,
    text: Option<String>,
    errors: FormErrors,
}

/// The page once more, with what was typed and its faults. What is no fault of the form stays a problem.
async fn again(
    app: &App,
    asker: &Asker,
    id: AlertId,
    problem: Problem,
    field: impl Fn(&str) -> String,
    choice: &str,
    text: &str,
) -> Answer {
    let errors = forms::form_errors(problem, field)?;
    page_of(
        app,
        asker,
        id,
        Typed { choice: choice.to_owned(), text: Some(text.to_owned()), errors, open: String::new() },
    )
    .await
}

async fn page_of(app: &App, asker: &Asker, id: AlertId, typed: Typed) -> Answer {
    let person = subject(app, id).await?;
    let (may, relation) = towards(app, &asker.who, person, ReadAlert(id)).await?;
    let read = dashboard::alert(app, &may).await?;
    app::access::log_look(
        app,
        &asker.who,
        person,
        &format!("alert about “{}”", read.read.metric.name),
        relation,
    )
    .await?;
    app::alerts::see(app, &may).await?;
    let metrics = permit(&asker.who, relation, ReadMetrics(person))?;
    let (matched, withheld) = dashboard::supports(app, &metrics, read.alert.metric).await?;
    let mut shell = page::shell(app, asker, read.read.metric.name.clone()).await?;
    shell.sight = Some(sight(&read.read, me(asker)?));
    if let (true, Some(sight)) = (relation.same, &mut shell.sight) {
        sight.looked = looked(app, asker).await?;
    }
    let status_code = forms::status(&typed.errors);
    let today = app.today();
    let style = Style::of_metric(&read.read.metric);
    let name = first_name(&read.read.person.name);
    let what = headline(&read.alert, &read.read.metric, today);
    let metric_href = format!("/people/{person}/metrics/{}", read.read.metric.id);
    let title = if relation.same {
        format!("Your {} have been {what}", read.read.metric.name.to_lowercase())
    } else {
        format!("{name}: {} {what}", read.read.metric.name.to_lowercase())
    };
    let page = AlertPage {
        href: format!("/alerts/{id}"),
        crumbs: vec![
            if relation.same { Link::new("Today", "/today") } else { Link::new("My team", "/team") },
            Link::new(read.read.metric.name.clone(), metric_href.clone()),
            Link::new("Alert", format!("/alerts/{id}")),
        ],
        first_name: name,
        title,
        lead: alert_facts(&read.alert, &read.read.metric, today),
        status: episode_status(&read.alert),
        steps: steps(&read.alert, &read.events, &app.settings.zone, today),
        chart: control_chart(
            &read.read,
            Some(&read.alert),
            format!("{}: {what}", read.read.metric.name),
            today,
        ),
        metric_href,
        facts: facts(&read, &style, today),
        can_propose: !relation.same && may_open(asker, relation, person) && !read.alert.state.is_closed(),
        supports: if read.alert.state.is_closed() {
            Vec::new()
        } else {
            matched.iter().map(|m| support_option(m, &read.read.metric)).collect()
        },
        not_offered: match withheld.as_slice() {
            [] => String::new(),
            names => format!(
                "Not offered, because a fair comparison found no difference worth having: {}.",
                format::names(names)
            ),
        },
        why: why(&read.alert, read.read.metric.cadence),
        history: history(&read, &app.settings.zone),
        before: before(&read, today),
        next: next(&read, relation, typed, &app.settings.zone, today),
        thread: forms::thread(&read.messages, &read.names, &app.settings.zone),
        can_write: true,
        shell,
    };
    page::with_status(status_code, &page)
}

/// A direct leader who opens a talk becomes its coach.
fn coach(relation: Relation) -> Relation {
    Relation { coach: relation.lead == domain::access::Lead::Direct, ..relation }
}

fn may_open(asker: &Asker, relation: Relation, person: PersonId) -> bool {
    permit(&asker.who, coach(relation), OpenCoaching(person)).is_ok()
}

fn steps(alert: &Alert, events: &[dashboard::Event], zone: &Zone, today: Day) -> Vec<Step> {
    use AlertState::{Accepted, Acting, InQuestion, New, Recovered, Seen, Talked, WrongData};
    let at = |state: AlertState| {
        events.iter().find(|e| e.state == state).map(|e| format::short_date(e.at.day(zone), today))
    };
    let now = alert.state;
    let rank = |s: AlertState| match s {
        New => 0,
        Seen | InQuestion => 1,
        Talked => 2,
        Acting => 3,
        Recovered | Accepted | WrongData => 4,
    };
    let label =
        |words: &str, day: Option<String>| day.map_or_else(|| words.to_owned(), |d| format!("{words}, {d}"));
    let last = match now {
        Recovered => label("Recovered", at(Recovered)),
        Accepted => label("Taken as usual", at(Accepted)),
        WrongData => label("Data were wrong", at(WrongData)),
        _ => "Recovered, or taken as usual".into(),
    };
    [
        (0, label("New", at(New))),
        (
            1,
            if now == InQuestion {
                label("Data in question", at(InQuestion))
            } else {
                label("Seen", at(Seen))
            },
        ),
        (2, label("Talked", at(Talked))),
        (3, label("Trying something", at(Acting))),
        (4, last),
    ]
    .into_iter()
    .map(|(n, label)| Step {
        label,
        state: match n.cmp(&rank(now)) {
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => StepState::Now,
            std::cmp::Ordering::Greater => StepState::Next,
        },
        href: None,
    })
    .collect()
}

fn facts(read: &AlertRead, style: &Style, today: Day) -> Vec<Fact> {
    let f = &read.alert.facts;
    let mut facts = Vec::new();
    if matches!(read.alert.kind, Kind::Shift | Kind::Guardrail) && f.usual.abs() > 1e-9 {
        let change = (f.level - f.usual) / f.usual;
        facts.push(Fact::new(
            "How much",
            format!(
                "{} against a usual {} ({})",
                style.number(f.level),
                style.number(f.usual),
                Style::relative(0).effect(change, change, change)
            ),
        ));
    }
    let (moved, still) = moved_and_still(read);
    if !moved.is_empty() {
        facts.push(Fact::new("Changed with it", format::capital(&format::names(&moved))));
    }
    if !still.is_empty() {
        facts.push(Fact::new("Did not change", format::capital(&format::names(&still))));
    }
    if f.without_common {
        facts.push(Fact::new(
            "Taken out first",
            format!("What moved everybody in the same {}s", read.read.metric.cadence.rolled().word()),
        ));
    }
    let tried: Vec<String> = read
        .read
        .sessions
        .iter()
        .filter(|s| !s.agreed.is_empty())
        .take(3)
        .map(|s| format!("{} ({})", s.agreed, format::short_date(s.opened_on, today)))
        .collect();
    facts.push(Fact::new(
        "Tried so far",
        if tried.is_empty() { "Nothing yet".to_owned() } else { tried.join("; ") },
    ));
    if let Some(answer) = answer_words(&read.alert) {
        facts.push(Fact::new("Answer", answer));
    }
    if let Some(checked) = checked(read) {
        facts.push(checked);
    }
    facts
}

/// Why an open alert asks for nobody now, in a sentence; empty where it does.
fn standing_by(read: &AlertRead, today: Day) -> String {
    let name = |id: PersonId| read.names.get(&id).map_or_else(|| "Somebody".to_owned(), Clone::clone);
    let alert = &read.alert;
    if let Some(s) = &read.silence {
        return format!("Quiet until {}, says {}: {}", format::day(s.until, today), name(s.owner), s.reason);
    }
    if let Some(until) = alert.snoozed_until.filter(|u| *u > today) {
        return format!("Waits until {}.", format::day(until, today));
    }
    alert.hand.map_or_else(String::new, |id| format!("{} has it in hand.", name(id)))
}

/// What happened to the episode, in order, with who and why.
fn history(read: &AlertRead, zone: &Zone) -> Vec<EpisodeLine> {
    use AlertState::{Accepted, Acting, InQuestion, New, Recovered, Seen, Talked, WrongData};
    read.events
        .iter()
        .map(|e| {
            let word = match e.state {
                New => "Opened by the rule",
                Seen => "Seen",
                Talked => "A talk was opened",
                Acting => "Agreed what to try",
                InQuestion => "Data in question",
                Recovered => "Ended: recovered",
                Accepted => "Ended: taken as usual",
                WrongData => "Ended: the data were wrong",
            };
            let who = e.by.parse().ok().and_then(|id: PersonId| read.names.get(&id));
            let mut text = word.to_owned();
            if let Some(who) = who {
                text.push_str(&format!(", {who}"));
            }
            // What two agreed stays theirs, also from whoever leads the person later.
            if !e.note.is_empty() && e.state != Acting {
                text.push_str(&format!(": {}", e.note));
            }
            EpisodeLine { at: format::Moment::of(e.at, zone), text }
        })
        .collect()
}

/// The episode before this one, if there was one.
fn before(read: &AlertRead, today: Day) -> Option<Link> {
    let before = read.alert.previous.and_then(|id| read.read.alerts.iter().find(|a| a.id == id))?;
    let ended = match before.state {
        AlertState::Recovered => "recovered",
        AlertState::Accepted => "taken as usual",
        AlertState::WrongData => "the data were wrong",
        _ => "still open",
    };
    let since = format::date(before.since, today);
    Some(Link::new(format!("The episode before: since {since}, {ended}"), format!("/alerts/{}", before.id)))
}

/// What whoever answers for the data found, once they have looked.
fn checked(read: &AlertRead) -> Option<Fact> {
    let at = read.events.iter().rposition(|e| e.state == AlertState::InQuestion)?;
    let found = read.events.get(at + 1).filter(|e| e.by != "rule" && !e.note.is_empty())?;
    let word = match found.state {
        AlertState::WrongData => "They were wrong",
        AlertState::Seen => "They are right",
        _ => return None,
    };
    let who = found.by.parse().ok().and_then(|id: PersonId| read.names.get(&id));
    let who = who.map_or_else(String::new, |name| format!(" ({name})"));
    Some(Fact::new("Data checked", format!("{word}: {}{who}", found.note)))
}

fn why(alert: &Alert, cadence: Cadence) -> String {
    let (word, history) = (cadence.rolled().word(), format::periods(alert.facts.history, cadence));
    let mut rule = match alert.rule.rsplit_once(' ') {
        Some((_, "0")) | None => format!("The rule that Throughline comes with, from {history} of history."),
        Some((code, version)) => format!("Rule “{code}”, version {version}, from {history} of history."),
    };
    if alert.facts.borrowed > 0 {
        rule.push_str(&format!(
            " That is too few for a range of one's own, so it is borrowed from {} others in the same work.",
            alert.facts.borrowed
        ));
    }
    if alert.kind == Kind::Guardrail {
        rule.push_str(" This metric is a guardrail: it must not get worse while another improves.");
    }
    match alert.kind {
        Kind::Gap => format!(
            "{rule} The mean over the target's window is off target by more than the tolerance and by more than chance would move it. One low {word} does not do that."
        ),
        _ => format!(
            "{rule} The values together left the usual range of the {word}s before (a cumulative sum). Chance alone does that about once in 180 {word}s for one metric. A plain “below target” rule would have spoken up far more often."
        ),
    }
}

fn next(read: &AlertRead, relation: Relation, typed: Typed, zone: &Zone, today: Day) -> NextStep {
    let alert = &read.alert;
    if alert.state.is_closed() {
        return NextStep::Nothing(match alert.state {
            AlertState::Recovered => "It is over: the numbers came back.".into(),
            AlertState::Accepted => "It is over: the new level is taken as usual.".into(),
            _ => "It is over: the data were wrong.".into(),
        });
    }
    if relation.same {
        let chosen = match (typed.choice.as_str(), alert.answer) {
            ("know" | "help" | "wrong", _) => typed.choice.clone(),
            (_, Some(Reply::IKnowWhy)) => "know".into(),
            (_, Some(Reply::HelpPlease)) => "help".into(),
            (_, Some(Reply::DataWrong)) => "wrong".into(),
            _ => String::new(),
        };
        let leader =
            read.read.leader.as_ref().map_or_else(|| "Nobody else".to_owned(), |l| first_name(&l.name));
        return NextStep::Answer(AnswerForm {
            chosen,
            text: typed.text.or_else(|| alert.answer_note.clone()).unwrap_or_default(),
            suggestions: beside_it(read, today),
            note: match (&read.silence, read.person_first) {
                (Some(_), _) => standing_by(read, today),
                (None, Some(due)) => format!(
                    "You see this first. {leader} is told on {}, or as soon as you answer.",
                    format::Moment::of(due, zone).words(today)
                ),
                (None, None) => format!("{leader} sees this page too, with your answer."),
            },
            errors: typed.errors,
        });
    }
    let open = read
        .read
        .sessions
        .iter()
        .find(|s| s.alert == Some(alert.id) && s.state != domain::coaching::State::Closed);
    NextStep::Lead(LeadForm {
        session_href: open.map(|s| format!("/sessions/{}", s.id)),
        note: standing_by(read, today),
        in_hand: alert.hand.is_some(),
        open: typed.open,
        until: Some(today.plus(7)),
        until_max: Some(today.plus(92)),
        errors: typed.errors,
    })
}

/// The other metrics of the same person: which changed too, each with its status, and which are as usual.
fn moved_and_still(read: &AlertRead) -> (Vec<String>, Vec<String>) {
    let (mut moved, mut still) = (Vec::new(), Vec::new());
    for (metric, cell) in &read.read.beside {
        let s = status(&cell.stand, metric);
        if s.worth_a_look() {
            moved.push(format!("{} ({})", metric.name.to_lowercase(), s.word().to_lowercase()));
        } else if s == super::view::Status::Usual {
            still.push(metric.name.to_lowercase());
        }
    }
    (moved, still)
}

/// What else happened about the time when it changed: facts that a reason may be found in, not reasons.
fn beside_it(read: &AlertRead, today: Day) -> Vec<String> {
    let since = read.alert.since;
    let mut said = Vec::new();
    let (moved, still) = moved_and_still(read);
    if !moved.is_empty() {
        said.push(format!("{} changed too.", format::capital(&format::names(&moved))));
    }
    if !still.is_empty() {
        said.push(format!("{} did not change.", format::capital(&format::names(&still))));
    }
    // Six weeks before it until two after: later cannot be why, much earlier hardly.
    let about = |day: Day| day >= since.plus(-42) && day <= since.plus(14);
    for (day, name) in read.read.starts.iter().filter(|(day, _)| about(*day)) {
        said.push(format!("“{name}” started on {}.", format::date(*day, today)));
    }
    for target in read.read.targets.iter().filter(|t| about(t.from) && !t.ended) {
        let style = Style::of_metric(&read.read.metric);
        said.push(format!(
            "The target became {} on {}.",
            style.number(target.level),
            format::date(target.from, today)
        ));
    }
    said.truncate(5);
    said
}

/// The person's answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerText {
    answer: String,
    #[serde(default)]
    text: String,
}

/// The person says why, asks for help, or says that the data are wrong.
pub async fn answer(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<AnswerText>,
) -> Answer {
    let person = subject(&app, id).await?;
    let (may, relation) = towards(&app, &asker.who, person, AnswerAlert(id)).await?;
    if !relation.same {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let reply = match form.answer.as_str() {
        "know" => Reply::IKnowWhy,
        "help" => Reply::HelpPlease,
        "wrong" => Reply::DataWrong,
        _ => return Err(Problem::invalid("answer", "choose one of the three")),
    };
    if let Err(error) = app::alerts::answer(&app, &may, reply, &form.text).await {
        let field = |_: &str| "text-answer".to_owned();
        return again(&app, &asker, id, error.into(), field, &form.answer, &form.text).await;
    }
    let said = match reply {
        Reply::DataWrong => "Said. The alert is held until the data are checked.",
        _ => "Said. Your leader sees it on this page.",
    };
    Ok(page::done(&format!("/alerts/{id}"), said))
}

/// The leader opens a talk and goes there.
pub async fn talk(State(app): State<App>, asker: Asker, Path(id): Path<AlertId>) -> Answer {
    let person = subject(&app, id).await?;
    let (may_read, relation) = towards(&app, &asker.who, person, ReadAlert(id)).await?;
    let may = permit(&asker.who, coach(relation), OpenCoaching(person))?;
    if relation.same {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let read = dashboard::alert(&app, &may_read).await?;
    let session = app::coaching::open(&app, &may, Some(id), read.alert.metric).await?;
    Ok(page::go_to(&format!("/sessions/{session}")))
}

/// Not before a day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    until: String,
    #[serde(default)]
    why: String,
}

/// What only the leader does to an alert.
async fn as_leader(
    app: &App,
    asker: &Asker,
    id: AlertId,
) -> Result<domain::access::Permit<AnswerAlert>, Problem> {
    let person = subject(app, id).await?;
    let (may, relation) = towards(app, &asker.who, person, AnswerAlert(id)).await?;
    if relation.same { Err(domain::access::Denied::Forbidden.into()) } else { Ok(may) }
}

/// The leader waits until a day.
pub async fn wait(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Wait>,
) -> Answer {
    let may = as_leader(&app, &asker, id).await?;
    let waits = async {
        let until =
            forms::date("until", &form.until)?.ok_or_else(|| Problem::invalid("until", "choose a day"))?;
        let why = forms::reason("wait-why", &form.why, "why waiting is right")?;
        app::alerts::snooze(&app, &may, until).await?;
        app::coaching::say_on_alert(&app, &may, why, None).await?;
        Ok(until)
    };
    let until = match waits.await {
        Ok(until) => until,
        Err(problem) => return again(&app, &asker, id, problem, str::to_owned, "", "").await,
    };
    let said = format!("It waits until {}.", format::day(until, app.today()));
    Ok(page::done_and_back("/team", &said, &format!("/alerts/{id}/undo")))
}

/// The leader says that the data are wrong.
pub async fn wrong(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Text>,
) -> Answer {
    let may = as_leader(&app, &asker, id).await?;
    if let Err(error) = app::alerts::answer(&app, &may, Reply::DataWrong, &form.text).await {
        let field = |_: &str| "wrong-text".to_owned();
        return again(&app, &asker, id, error.into(), field, "", "").await;
    }
    Ok(page::done(&format!("/alerts/{id}"), "Said. The alert is held until the data are checked."))
}

/// The leader takes the new level as usual.
pub async fn accept(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Why>,
) -> Answer {
    let may = as_leader(&app, &asker, id).await?;
    let why = match forms::reason("accept-why", &form.why, "why this level is the usual one now") {
        Ok(why) => why,
        Err(problem) => return again(&app, &asker, id, problem, str::to_owned, "", "").await,
    };
    app::alerts::accept(&app, &may, why).await?;
    let said = "Taken as usual. The next range is drawn from this level.";
    Ok(page::done_and_back("/team", said, &format!("/alerts/{id}/undo")))
}

/// The leader has it in hand.
pub async fn hand(State(app): State<App>, asker: Asker, Path(id): Path<AlertId>) -> Answer {
    let may = as_leader(&app, &asker, id).await?;
    app::attention::take_in_hand(&app, &may).await?;
    let said = "You have it in hand. It stays on your board under “Also open”.";
    Ok(page::done_and_back("/team", said, &format!("/alerts/{id}/undo")))
}

/// Takes back what the asker did last.
pub async fn undo(State(app): State<App>, asker: Asker, Path(id): Path<AlertId>) -> Answer {
    let person = subject(&app, id).await?;
    let (may, _) = towards(&app, &asker.who, person, AnswerAlert(id)).await?;
    app::attention::take_back(&app, &may).await?;
    Ok(page::done(&format!("/alerts/{id}"), "Taken back."))
}

/// Quiet until a day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    until: String,
    #[serde(default)]
    why: String,
}

/// The leader keeps the metric of this person quiet until a day.
pub async fn silence(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Quiet>,
) -> Answer {
    let may = as_leader(&app, &asker, id).await?;
    let quiet = async {
        let until = forms::date("silence-until", &form.until)?
            .ok_or_else(|| Problem::invalid("silence-until", "choose a day"))?;
        Ok((app::attention::silence_person(&app, &may, until, &form.why).await?, until))
    };
    match quiet.await {
        Ok((silence, until)) => {
            let said = format!("Quiet until {}. The person sees why.", format::day(until, app.today()));
            Ok(page::done_and_back("/team", &said, &format!("/silences/{silence}/end")))
        }
        Err(problem) => again(&app, &asker, id, problem, str::to_owned, "", "").await,
    }
}

/// The leader proposes a support.
pub async fn propose(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Propose>,
) -> Answer {
    let person = subject(&app, id).await?;
    let (_, relation) = towards(&app, &asker.who, person, ReadAlert(id)).await?;
    if relation.same {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let may = permit(&asker.who, coach(relation), OpenCoaching(person))?;
    app::coaching::propose(&app, &may, form.support, None, Some(id)).await?;
    Ok(page::done(&format!("/alerts/{id}"), "Proposed. It can be taken, swapped or declined."))
}

/// A message on the alert.
pub async fn message(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<AlertId>,
    Form(form): Form<Text>,
) -> Answer {
    let person = subject(&app, id).await?;
    let (may, _) = towards(&app, &asker.who, person, AnswerAlert(id)).await?;
    app::coaching::say_on_alert(&app, &may, &form.text, None).await?;
    Ok(page::done(&format!("/alerts/{id}#thread"), "Sent."))
}
