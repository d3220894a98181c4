//! Coaching: the list of one's talks, and one talk with its agenda, two lines, an action and a check.

use app::App;
use app::dashboard::{self, SessionRead, Talks};
use axum::extract::State;
use domain::access::{
    Asked, Lead, OpenCoaching, Permit, ReadCoaching, ReadMetrics, Relation, WriteCoaching, permit,
};
use domain::coaching::{CheckResult, Record as Agreement, Session, State as SessionState};
use domain::ids::{PersonId, SessionId};
use domain::time::Day;
use serde::Deserialize;

use super::arrange::{first_name, me, moment, recovery_chart, support_option};
use super::format;
use super::forms::{self, Propose, Text, date};
use super::view::{
    AgendaItem, CoachingPage, EarlierTalk, Fact, FormErrors, GuestRow, LastCheck, Link, Place, Record,
    RecordForm, SessionPage, Sight, Signature, TalkRow,
};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// The list.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?.clone();
    let talks = dashboard::talks(&app, &viewer).await?;
    let mut shell = page::shell(&app, &asker, "Coaching").await?;
    shell.here = Some(Place::Coaching);
    shell.sight = Some(Sight {
        who: "You and the other one of each talk can see it; nobody else.".into(),
        looked: String::new(),
        link: Some(Link::new("My data", "/me")),
    });
    let today = app.today();
    let row = |s: &Session| talk_row(s, &talks, viewer.person, today);
    page::html(&CoachingPage {
        open: talks.sessions.iter().filter(|s| s.state != SessionState::Closed).map(row).collect(),
        closed: talks.sessions.iter().filter(|s| s.state == SessionState::Closed).take(50).map(row).collect(),
        shell,
    })
}

fn talk_row(s: &Session, talks: &Talks, me: PersonId, today: Day) -> TalkRow {
    let other = if s.person == me { s.leader } else { s.person };
    let name = talks.names.get(&other).cloned().unwrap_or_default();
    let mine = if s.person == me { s.person_signed } else { s.leader_signed };
    let action = talks.actions.iter().find(|a| a.session == s.id);
    let overdue = action.is_some_and(|a| a.closed_at.is_none() && a.check < today);
    let of_two = s.person == me || s.leader == me;
    let waits = match s.state {
        _ if !of_two => false,
        SessionState::Open => true,
        SessionState::Recorded => mine.is_none(),
        SessionState::Agreed => overdue && s.leader == me,
        SessionState::Closed => false,
    };
    let when = match s.state {
        SessionState::Open => format!("Opened {}", format::day(s.opened_on, today)),
        SessionState::Recorded if mine.is_none() => "Waits for you to sign".into(),
        SessionState::Recorded => format!("{} to sign", first_name(&name)),
        SessionState::Agreed | SessionState::Closed => format::day(s.opened_on, today),
    };
    let next = match (s.state, action) {
        (SessionState::Agreed, Some(a)) if overdue => {
            format!("The look on {} is overdue", format::day(a.check, today))
        }
        (SessionState::Agreed, Some(a)) => format!("Look again on {}", format::day(a.check, today)),
        (SessionState::Closed, _) => match s.result {
            Some(CheckResult::Recovered) => "Recovered".into(),
            Some(CheckResult::DataWrong) => "The data were wrong".into(),
            _ => "Closed".into(),
        },
        _ => String::new(),
    };
    let metric = talks.metrics.get(&s.metric).cloned().unwrap_or_default();
    let about = if s.agreed.is_empty() { metric } else { format!("{metric}: {}", s.agreed) };
    TalkRow { href: format!("/sessions/{}", s.id), with: name, about, when, next, waits }
}

/// Asks for a permit on a session. The leader who opened it is its coach for as long as they lead the person.
pub(crate) async fn on<A: Asked>(
    app: &App,
    asker: &Asker,
    id: SessionId,
    asked: A,
) -> Result<(Permit<A>, Relation, PersonId), Problem> {
    // Whether it exists is confidential: nobody learns more than "not here".
    let Some((person, leader)) = dashboard::session_people(app, id).await? else {
        return Err(Problem::not_found());
    };
    let mut relation = app::access::relation_to(app, &asker.who, person).await?;
    let viewer = asker.person()?.person;
    relation.coach =
        relation.lead == Lead::Direct && viewer == leader || app::coaching::is_guest(app, id, viewer).await?;
    Ok((permit(&asker.who, relation, asked)?, relation, person))
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<SessionId>) -> Answer {
    page_of(&app, &asker, id, None).await
}

async fn page_of(app: &App, asker: &Asker, id: SessionId, typed: Option<RecordForm>) -> Answer {
    page_with(app, asker, id, typed, None).await
}

async fn page_with(
    app: &App,
    asker: &Asker,
    id: SessionId,
    typed: Option<RecordForm>,
    typed_guest: Option<FormErrors>,
) -> Answer {
    let (may, relation, person) = on(app, asker, id, ReadCoaching(id)).await?;
    let read = dashboard::session(app, &may).await?;
    app::access::log_look(
        app,
        &asker.who,
        person,
        &format!("talk about “{}”", read.read.metric.name),
        relation,
    )
    .await?;
    let supports = match permit(&asker.who, relation, ReadMetrics(person)) {
        Ok(metrics) => dashboard::supports(app, &metrics, read.session.metric).await?.0,
        Err(_) => Vec::new(),
    };
    let today = app.today();
    let zone = &app.settings.zone;
    let viewer = me(asker)?;
    let notes = super::notes::card(app, asker, &may, &format!("/sessions/{id}")).await?;
    let mut shell = page::shell(app, asker, "Talk").await?;
    shell.here = Some(Place::Coaching);
    let other = if relation.same { &read.leader } else { &read.read.person.name };
    shell.sight = Some(Sight {
        who: match read.guests.iter().filter(|g| g.admitted()).count() {
            0 => format!("You and {other} can see this talk; nobody else."),
            _ => "The two of you and your co-coach can see this talk; nobody else.".to_owned(),
        },
        looked: String::new(),
        link: Some(Link::new("My data", "/me")),
    });
    let status = if typed.is_some() || typed_guest.is_some() {
        http::StatusCode::BAD_REQUEST
    } else {
        http::StatusCode::OK
    };
    let session = &read.session;
    let of_two = session.person == viewer || session.leader == viewer;
    let signed = if session.person == viewer { session.person_signed } else { session.leader_signed };
    let page = SessionPage {
        href: format!("/sessions/{id}"),
        crumbs: vec![Link::new("Coaching", "/coaching"), Link::new("Talk", format!("/sessions/{id}"))],
        person: read.read.person.name.clone(),
        leader: read.leader.clone(),
        first_name: first_name(if relation.same { &read.leader } else { &read.read.person.name }),
        title: format!("1:1 with {}, {}", first_name(other), format::long_day(session.opened_on, today)),
        when: format!("About {}", read.read.metric.name.to_lowercase()),
        agenda: agenda(&read, relation),
        record: match session.state {
            SessionState::Open if !of_two => {
                Record::Waiting("The two of them write here what they agree.".into())
            }
            _ if !of_two => Record::Written(written(&read, today)),
            _ => record(&read, relation, typed, today),
        },
        signatures: [(&read.read.person.name, session.person_signed), (&read.leader, session.leader_signed)]
            .into_iter()
            .filter(|_| session.state != SessionState::Open)
            .map(|(name, at)| Signature { name: name.clone(), at: at.map(|at| moment(at, zone)) })
            .collect(),
        can_sign: of_two && session.state == SessionState::Recorded && signed.is_none(),
        supports: if session.state == SessionState::Closed {
            Vec::new()
        } else {
            supports.iter().map(|m| support_option(m, &read.read.metric)).collect()
        },
        can_propose: relation.lead == Lead::Direct,
        last_check: read.check.as_ref().map(|check| LastCheck {
            title: format!(
                "{}, after the talk on {}",
                read.read.metric.name,
                format::short_date(check.talk, today)
            ),
            verdict: check.way.as_ref().map_or_else(
                || "Too few people with a history here to say what would come without doing anything.".into(),
                |way| way.came(read.read.metric.better()).words().into(),
            ),
            chart: recovery_chart(check, &read.read.metric, today),
        }),
        earlier: read
            .read
            .sessions
            .iter()
            .filter(|s| s.id != id && s.leader == session.leader)
            .take(5)
            .map(|s| EarlierTalk {
                day: s.opened_on,
                href: format!("/sessions/{}", s.id),
                text: s.agreed.clone(),
            })
            .collect(),
        thread: forms::thread(&read.messages, &read.names, zone),
        notes,
        guests: guests(&read, viewer),
        can_invite: of_two && session.state != SessionState::Closed,
        guest_errors: typed_guest.unwrap_or(FormErrors::NONE),
        can_write: session.state != SessionState::Closed,
        shell,
    };
    page::with_status(status, &page)
}

/// The co-coaches as the page shows them.
fn guests(read: &SessionRead, viewer: PersonId) -> Vec<GuestRow> {
    let of_two = read.session.person == viewer || read.session.leader == viewer;
    let row = |g: &domain::coaching::Guest| GuestRow {
        id: g.person.to_string(),
        name: read.names.get(&g.person).cloned().unwrap_or_default(),
        admitted: g.admitted(),
        to_agree: of_two && !g.admitted() && g.invited_by != viewer,
        may_end: of_two,
    };
    read.guests.iter().map(row).collect()
}

fn agenda(read: &SessionRead, relation: Relation) -> Vec<AgendaItem> {
    let open = read.session.alert.filter(|_| relation.same || relation.lead == Lead::Direct);
    read.session
        .agenda
        .iter()
        .map(|p| AgendaItem {
            icon: match p.kind.as_str() {
                "shift" => "shift",
                "gap" => "gap",
                "check" => "check",
                "support" => "support",
                _ => "coach",
            },
            title: p.title.clone(),
            sub: p.sub.clone(),
            link: open
                .filter(|_| matches!(p.kind.as_str(), "shift" | "gap"))
                .map(|a| Link::new("Open", format!("/alerts/{a}"))),
            added_by: p.added_by.map(|by| read.names.get(&by).cloned().unwrap_or_default()),
            settled: None,
        })
        .collect()
}

fn record(read: &SessionRead, relation: Relation, typed: Option<RecordForm>, today: Day) -> Record {
    let session = &read.session;
    match session.state {
        SessionState::Agreed | SessionState::Closed => Record::Written(written(read, today)),
        SessionState::Recorded
            if typed.is_none()
                && session.person_signed.or(session.leader_signed).is_some()
                && signed_by_other(read, relation) =>
        {
            Record::Written(written(read, today))
        }
        _ => Record::Form(typed.unwrap_or_else(|| RecordForm {
            going_on: session.found.clone(),
            we_try: session.agreed.clone(),
            leader_does: read.action.as_ref().is_some_and(|a| a.owner == session.leader),
            by: read.action.as_ref().and_then(|a| a.by),
            look_again: Some(read.action.as_ref().map_or(today.plus(28), |a| a.check)),
            hint: hint(read),
            errors: FormErrors::NONE,
        })),
    }
}

/// Whether the other one has signed what stands now, so that it waits for this one's signature rather than for a change.
fn signed_by_other(read: &SessionRead, relation: Relation) -> bool {
    if relation.same { read.session.leader_signed.is_some() } else { read.session.person_signed.is_some() }
}

/// What change could be seen in four weeks: the mean of four periods against the usual variation.
fn hint(read: &SessionRead) -> String {
    let usual = read.read.stand.as_ref().and_then(|s| s.usual);
    match usual {
        Some((mean, low, high)) if high > low => {
            // A mean of four is seen from two of its standard errors on, each half a week's deviation.
            let seen = domain::targets::deviation((mean, low, high));
            let style = format::Style::of_metric(&read.read.metric);
            format!(
                "Four weeks from now is soon enough to see a change of {} a week or more.",
                style.value(seen)
            )
        }
        _ => "Four weeks are usually enough to see whether something changed.".into(),
    }
}

fn written(read: &SessionRead, today: Day) -> Vec<Fact> {
    let session = &read.session;
    let mut facts = vec![
        Fact::new("What is going on", session.found.clone()),
        Fact::new("What we try", session.agreed.clone()),
    ];
    if let Some(action) = &read.action {
        let who = if action.owner == session.leader { &read.leader } else { &read.read.person.name };
        facts.push(Fact::new("Who does it", who.clone()));
        if let Some(by) = action.by {
            facts.push(Fact::new("By", format::day(by, today)));
        }
        facts.push(Fact::new("Look again", format::day(action.check, today)));
        if let Some(result) = action.result {
            let words = match result {
                CheckResult::Recovered => "Recovered",
                CheckResult::Continue => "Not yet back; looked at again later",
                CheckResult::DataWrong => "The data were wrong",
            };
            facts.push(Fact::new("At the last look", words));
        }
    }
    facts
}

async fn writing(app: &App, asker: &Asker, id: SessionId) -> Result<Permit<WriteCoaching>, Problem> {
    Ok(on(app, asker, id, WriteCoaching(id)).await?.0)
}

/// Adds a point to the agenda.
pub async fn point(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Text>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    app::coaching::add_point(&app, &may, &form.text).await?;
    Ok(page::done(&format!("/sessions/{id}"), "Added to the agenda."))
}

/// What was agreed, as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordText {
    #[serde(default)]
    going_on: String,
    #[serde(default)]
    we_try: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    look_again: String,
    #[serde(default, rename = "do")]
    what: String,
}

/// Records two lines, an action and a check; signs at once unless it is only saved.
pub async fn record_form(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<RecordText>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    if !matches!(form.who.as_str(), "" | "person" | "leader") {
        return Err(Problem::invalid("who", "choose who does it: person or leader"));
    }
    if !matches!(form.what.as_str(), "" | "agree" | "save") {
        return Err(Problem::invalid("do", "choose agree or save"));
    }
    let today = app.today();
    let (by, check) = (date("by", &form.by), date("look_again", &form.look_again));
    let mut errors = FormErrors::NONE;
    if let Err(problem) = &by {
        let reason = problem.errors.first().map_or(&problem.detail, |fault| &fault.reason);
        errors.add("by", reason.clone());
    }
    if !matches!(check, Ok(Some(_))) {
        errors.add("look_again", "Choose the day on which you look at the metric again.");
    }
    let agreement = Agreement {
        found: form.going_on.clone(),
        agreed: form.we_try.clone(),
        leader_does: form.who == "leader",
        by: by.as_ref().ok().copied().flatten(),
        check: check.as_ref().ok().copied().flatten().unwrap_or_else(|| today.plus(28)),
    };
    for (field, text) in domain::coaching::check_record(&agreement, today) {
        errors.add(field, text);
    }
    if !errors.is_empty() {
        let typed = RecordForm {
            going_on: form.going_on,
            we_try: form.we_try,
            leader_does: agreement.leader_does,
            by: agreement.by,
            look_again: check.ok().flatten(),
            hint: String::new(),
            errors,
        };
        return page_of(&app, &asker, id, Some(typed)).await;
    }
    let sign = form.what != "save";
    app::coaching::record(&app, &may, agreement, sign).await?;
    let said = if sign { "Recorded, and sent to be agreed to." } else { "Saved." };
    Ok(page::done(&format!("/sessions/{id}#record"), said))
}

/// Signs what was recorded.
pub async fn agree(State(app): State<App>, asker: Asker, Path(id): Path<SessionId>) -> Answer {
    let may = writing(&app, &asker, id).await?;
    app::coaching::sign(&app, &may).await?;
    Ok(page::done(&format!("/sessions/{id}#record"), "Signed. The check stands on the metric's chart."))
}

/// The leader proposes a support.
pub async fn propose(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Propose>,
) -> Answer {
    let (_, relation, person) = on(&app, &asker, id, WriteCoaching(id)).await?;
    if relation.lead != Lead::Direct {
        return Err(domain::access::Denied::Forbidden.into());
    }
    let may = permit(&asker.who, relation, OpenCoaching(person))?;
    app::coaching::propose(&app, &may, form.support, Some(id), None).await?;
    Ok(page::done(&format!("/sessions/{id}"), "Proposed. It can be taken, swapped or declined."))
}

/// A message in the talk.
pub async fn message(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Text>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    app::coaching::say(&app, &may, &form.text, None).await?;
    Ok(page::done(&format!("/sessions/{id}#thread"), "Sent."))
}

/// Whom to bring in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    #[serde(default)]
    code: String,
}

/// One of the two asks for a co-coach.
pub async fn invite(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Invite>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    if let Err(error) = app::coaching::invite(&app, &may, &form.code).await {
        let errors = forms::form_errors(error.into(), |_| "guest".to_owned())?;
        return page_with(&app, &asker, id, None, Some(errors)).await;
    }
    Ok(page::done(&format!("/sessions/{id}#guests"), "Asked. The other one of you must agree."))
}

/// Which co-coach.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    guest: PersonId,
}

/// The other one agrees to a co-coach.
pub async fn admit(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Which>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    app::coaching::admit(&app, &may, form.guest).await?;
    Ok(page::done(&format!("/sessions/{id}#guests"), "Agreed. They can read along from now."))
}

/// Either of the two ends it.
pub async fn dismiss(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Which>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    app::coaching::dismiss(&app, &may, form.guest).await?;
    Ok(page::done(&format!("/sessions/{id}#guests"), "Ended. They see nothing more."))
}

/// Writes one's own note, which nobody else can read.
pub async fn note(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Text>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    let token = asker.session.as_deref().unwrap_or_default();
    app::notes::write(&app, &may, token, &form.text).await?;
    Ok(page::done(&format!("/sessions/{id}#note"), "Sealed. Only you can read it."))
}

/// How the check ended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    outcome: String,
}

/// Settles the check.
pub async fn check(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<SessionId>,
    Form(form): Form<Outcome>,
) -> Answer {
    let may = writing(&app, &asker, id).await?;
    let (result, said) = match form.outcome.as_str() {
        "recovered" => (CheckResult::Recovered, "Closed as recovered."),
        "continue" => (CheckResult::Continue, "Looked at again in four weeks."),
        _ => return Err(Problem::invalid("outcome", "choose recovered or continue")),
    };
    app::coaching::settle_check(&app, &may, result).await?;
    Ok(page::done("/team", said))
}
