//! The talk: open it from a red, record two lines and an action, sign, look again.

mod guests;

use domain::access::{AnswerAlert, OpenCoaching, Permit, Viewer, WriteCoaching};
use domain::alerts::Step;
use domain::coaching::{
    Action, CheckResult, Point, Proposal, ProposalState, Record, Session, State, check_record, first_point,
};
use domain::ids::{AlertId, InterventionId, MetricId, PersonId, ProposalId, SessionId, Subject};
use domain::people::Person;
use domain::time::Instant;
use store::coaching::Message;
use store::db::{Read, Tx};
use uuid::Uuid;

use crate::alerts::advance;
use crate::notify::{Teller, Telling};
use crate::{App, Error, Fault, Result, Topic};

pub use guests::{admit, dismiss, invite, is_guest};

/// Most characters of a message.
const MESSAGE_MAX: usize = 4_000;

async fn write<T: Send + 'static>(
    app: &App,
    act: impl FnOnce(&mut Tx, &Teller) -> Result<(T, Vec<PersonId>)> + Send + 'static,
) -> Result<T> {
    let teller = Teller::of(app);
    let (value, people) = app.store.write(move |tx: &mut Tx| act(tx, &teller)).await?;
    for person in people {
        for topic in [Topic::Session, Topic::Alert, Topic::Today, Topic::Team, Topic::Notifications] {
            app.live.tell(person, topic);
        }
    }
    app.post.notify_one();
    app.work.notify_one();
    Ok(value)
}

/// Reads a session for change.
pub fn held(r: &mut Read, id: SessionId) -> Result<Session> {
    store::coaching::session(r, id)?.ok_or(Error::NotFound("coaching session"))
}

fn person(r: &mut Read, id: PersonId) -> Result<Person> {
    store::people::person(r, id)?.ok_or(Error::NotFound("person"))
}

/// Opens a talk about an alert or a metric. Where one about the same alert is open, that one is given.
pub async fn open(
    app: &App,
    permit: &Permit<OpenCoaching>,
    alert: Option<AlertId>,
    metric: MetricId,
) -> Result<SessionId> {
    let about = permit.asked().0;
    let leader = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    write(app, move |tx, teller| {
        let mut agenda = Vec::new();
        let metric = store::metrics::metric(tx, metric)?.ok_or(Error::NotFound("metric"))?;
        // What was agreed with an earlier leader stays between those two.
        let mut earlier = store::coaching::sessions_about(tx, about, metric.id)?;
        earlier.retain(|s| s.leader == leader);
        if let Some(id) = alert {
            if let Some(open) =
                earlier.iter().find(|s| s.alert == Some(id) && s.leader == leader && s.state != State::Closed)
            {
                return Ok((open.id, Vec::new()));
            }
            let mut alert = crate::alerts::held(tx, id)?;
            if alert.subject != Subject::Person(about) {
                return Err(Error::NotFound("alert"));
            }
            agenda.push(first_point(alert.kind, alert.way, &metric, alert.since, &alert.facts));
            if let Some(answer) = alert.answer {
                let title = match answer {
                    domain::alerts::Answer::IKnowWhy => "They know the reason",
                    domain::alerts::Answer::HelpPlease => "They would like help",
                    domain::alerts::Answer::DataWrong => "They say that the data are wrong",
                };
                let sub = alert.answer_note.clone().unwrap_or_default();
                agenda.push(Point { kind: "point".into(), title: title.into(), sub, added_by: Some(about) });
            }
            advance(tx, &mut alert, &leader.to_string(), Step::Talk, "a talk was opened", teller.now)?;
            store::alerts::put(tx, &[alert])?;
        }
        agenda.extend(what_was_tried(tx, about, leader, &earlier)?);
        let session = Session {
            id: teller.ids.next(teller.now),
            person: about,
            leader,
            alert,
            metric: metric.id,
            state: State::Open,
            agenda,
            found: String::new(),
            agreed: String::new(),
            opened_at: teller.now,
            opened_on: teller.today,
            person_signed: None,
            leader_signed: None,
            closed_at: None,
            result: None,
            version: 1,
        };
        store::coaching::put_sessions(tx, std::slice::from_ref(&session))?;
        let by = person(tx, leader)?.name;
        tell_other(
            tx,
            teller,
            &session,
            about,
            &format!("{by} opened a talk about {}", metric.name.to_lowercase()),
        )?;
        Ok((session.id, vec![about, leader]))
    })
    .await
}

/// What earlier talks of these two tried and how it went, and what was proposed: points for the agenda.
fn what_was_tried(
    r: &mut Read,
    about: PersonId,
    leader: PersonId,
    earlier: &[Session],
) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    let ids: Vec<SessionId> = earlier.iter().map(|s| s.id).collect();
    let actions = store::coaching::actions(r, &ids)?;
    for session in earlier.iter().take(2) {
        for action in actions.iter().filter(|a| a.session == session.id) {
            let went = match action.result {
                Some(CheckResult::Recovered) => "It came back.",
                Some(CheckResult::Continue) => "Not yet back at the last look.",
                Some(CheckResult::DataWrong) => "The data were wrong.",
                None => "The check is still open.",
            };
            points.push(Point {
                kind: "check".into(),
                title: format!("Tried after the talk on {}: {}", session.opened_on, action.text),
                sub: went.into(),
                added_by: None,
            });
        }
    }
    let proposals = store::coaching::proposals(r, &[about])?;
    for proposal in proposals.into_iter().filter(|p| p.by == leader).take(3) {
        let Some(name) = store::interventions::name(r, proposal.intervention)? else { continue };
        let sub = match proposal.state {
            ProposalState::Proposed => "Proposed, not answered yet.".to_owned(),
            ProposalState::Taken => "Taken.".to_owned(),
            ProposalState::Swapped => format!("Swapped: {}", proposal.reason),
            ProposalState::Declined => format!("Declined: {}", proposal.reason),
        };
        points.push(Point { kind: "support".into(), title: format!("Support: {name}"), sub, added_by: None });
    }
    Ok(points)
}

fn tell_other(tx: &mut Tx, teller: &Teller, session: &Session, to: PersonId, text: &str) -> Result<()> {
    let to = person(tx, to)?;
    let telling = Telling {
        about: "session",
        about_id: session.id.uuid(),
        text: text.to_owned(),
        more: format!("{text}. The agenda is drafted; add what matters to you."),
        path: format!("/sessions/{}", session.id),
    };
    teller.tell(tx, &to, &telling)
}

fn other(session: &Session, one: PersonId) -> PersonId {
    if one == session.person { session.leader } else { session.person }
}

fn signer(permit: &Permit<WriteCoaching>, session: &Session) -> Result<PersonId> {
    permit
        .person()
        .filter(|p| *p == session.person || *p == session.leader)
        .ok_or(Error::Denied(domain::access::Denied::Hidden))
}

/// Who writes into the talk: one of the two, or a co-coach whom both let in.
fn writer(r: &mut Read, permit: &Permit<WriteCoaching>, session: &Session) -> Result<PersonId> {
    match permit.person() {
        Some(who) if guests::admitted(r, session.id, who)? => Ok(who),
        _ => signer(permit, session),
    }
}

/// Adds a point to the agenda.
pub async fn add_point(app: &App, permit: &Permit<WriteCoaching>, text: &str) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    let text = line("text", text)?;
    write(app, move |tx, _| {
        let mut session = held(tx, id)?;
        let by = writer(tx, &permit, &session)?;
        if session.state == State::Closed {
            return Err(Error::Conflict("this talk is closed; open a new one to add points".into()));
        }
        if session.agenda.len() >= 30 {
            return Err(Error::invalid("text", "30 points are on the agenda already; a talk holds no more"));
        }
        session.agenda.push(Point {
            kind: "point".into(),
            title: text.clone(),
            sub: String::new(),
            added_by: Some(by),
        });
        session.version += 1;
        store::coaching::put_sessions(tx, std::slice::from_ref(&session))?;
        Ok(((), vec![session.person, session.leader]))
    })
    .await
}

fn line(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, "write a few words first"));
    }
    if text.chars().count() > domain::coaching::LINE_MAX {
        return Err(Error::invalid(
            field,
            format!("at most {} characters; say it shorter", domain::coaching::LINE_MAX),
        ));
    }
    Ok(text.to_owned())
}

/// Records two lines, an action and a check. With `sign` the writer signs it at once; the other one signs by [`sign`].
///
/// A change after a signature takes both signatures away: nobody has signed what they have not read.
pub async fn record(app: &App, permit: &Permit<WriteCoaching>, record: Record, sign: bool) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    write(app, move |tx, teller| {
        let mut session = held(tx, id)?;
        let by = signer(&permit, &session)?;
        if matches!(session.state, State::Agreed | State::Closed) {
            return Err(Error::Conflict(
                "both have signed this already; what was agreed stays as it is".into(),
            ));
        }
        let faults = check_record(&record, teller.today);
        if !faults.is_empty() {
            return Err(Error::Invalid(
                faults.into_iter().map(|(field, why)| Fault::at(field, why)).collect(),
            ));
        }
        session.found = record.found.trim().to_owned();
        session.agreed = record.agreed.trim().to_owned();
        (session.person_signed, session.leader_signed) = (None, None);
        session.state = State::Recorded;
        session.version += 1;
        let action = store::coaching::actions(tx, &[id])?.into_iter().next();
        let action = Action {
            id: action.map_or_else(|| teller.ids.next(teller.now), |a| a.id),
            session: id,
            text: session.agreed.clone(),
            owner: if record.leader_does { session.leader } else { session.person },
            by: record.by,
            check: record.check,
            result: None,
            closed_at: None,
        };
        store::coaching::put_actions(tx, &[action])?;
        if sign {
            put_signature(&mut session, by, teller.now);
            let name = person(tx, by)?.name;
            tell_other(
                tx,
                teller,
                &session,
                other(&session, by),
                &format!("{name} recorded your talk and asks you to sign"),
            )?;
        }
        store::coaching::put_sessions(tx, std::slice::from_ref(&session))?;
        Ok(((), vec![session.person, session.leader]))
    })
    .await
}

fn put_signature(session: &mut Session, by: PersonId, now: Instant) {
    if by == session.person {
        session.person_signed = Some(now);
    } else {
        session.leader_signed = Some(now);
    }
}

/// Signs what is recorded. With both signatures it is agreed, and its check stands on the metric's chart.
pub async fn sign(app: &App, permit: &Permit<WriteCoaching>) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    write(app, move |tx, teller| {
        let mut session = held(tx, id)?;
        let by = signer(&permit, &session)?;
        match session.state {
            State::Open => {
                return Err(Error::Conflict("nothing is recorded yet; write the two lines first".into()));
            }
            State::Agreed | State::Closed => return Ok(((), Vec::new())),
            State::Recorded => {}
        }
        put_signature(&mut session, by, teller.now);
        session.version += 1;
        if session.person_signed.is_some() && session.leader_signed.is_some() {
            session.state = State::Agreed;
            if let Some(alert) = session.alert {
                let mut alert = crate::alerts::held(tx, alert)?;
                // An episode that ended meanwhile stays ended.
                if !alert.state.is_closed() && alert.state != domain::alerts::State::InQuestion {
                    advance(tx, &mut alert, &by.to_string(), Step::Act, "", teller.now)?;
                    store::alerts::put(tx, &[alert])?;
                }
            }
            let name = person(tx, by)?.name;
            tell_other(tx, teller, &session, other(&session, by), &format!("{name} signed what you agreed"))?;
        }
        store::coaching::put_sessions(tx, std::slice::from_ref(&session))?;
        if session.state == State::Agreed {
            for action in store::coaching::actions(tx, &[id])?.iter().filter(|a| a.closed_at.is_none()) {
                crate::calendar::invite(tx, teller, &session, action)?;
            }
        }
        Ok(((), vec![session.person, session.leader]))
    })
    .await
}

/// Settles a check: the metric came back, or it is looked at again in four weeks.
pub async fn settle_check(app: &App, permit: &Permit<WriteCoaching>, result: CheckResult) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    write(app, move |tx, teller| {
        let mut session = held(tx, id)?;
        signer(&permit, &session)?;
        if matches!(session.state, State::Open | State::Recorded) {
            return Err(Error::Conflict("both sign what is agreed before it can be checked".into()));
        }
        let Some(mut action) =
            store::coaching::actions(tx, &[id])?.into_iter().find(|a| a.closed_at.is_none())
        else {
            return Err(Error::Conflict("this talk has no open check".into()));
        };
        action.result = Some(result);
        if result == CheckResult::Continue {
            action.check = action.check.max(teller.today).plus(28);
        } else {
            action.closed_at = Some(teller.now);
            session.state = State::Closed;
            session.closed_at = Some(teller.now);
        }
        session.result = Some(result);
        session.version += 1;
        crate::calendar::invite(tx, teller, &session, &action)?;
        store::coaching::put_actions(tx, &[action])?;
        store::coaching::put_sessions(tx, std::slice::from_ref(&session))?;
        Ok(((), vec![session.person, session.leader]))
    })
    .await
}

fn message_text(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "write a few words first"));
    }
    if text.chars().count() > MESSAGE_MAX {
        return Err(Error::invalid(
            "text",
            format!("at most {MESSAGE_MAX} characters; say it in several messages"),
        ));
    }
    Ok(text.to_owned())
}

/// Notes that a message came by mail, so that it is written once however often a mail server hands it over. `false` where
/// it was written before.
fn first_time(tx: &mut Tx, once: Option<&[u8]>, now: Instant) -> Result<bool> {
    let Some(once) = once else { return Ok(true) };
    if store::outbox::reply_seen(tx, once)? {
        return Ok(false);
    }
    store::outbox::see_reply(tx, once, now)?;
    Ok(true)
}

/// Writes into a session's thread; the other one is told. With `once`, no second time.
pub async fn say(app: &App, permit: &Permit<WriteCoaching>, text: &str, once: Option<Vec<u8>>) -> Result<()> {
    let id = permit.asked().0;
    let permit = permit.clone();
    let text = message_text(text)?;
    write(app, move |tx, teller| {
        if !first_time(tx, once.as_deref(), teller.now)? {
            return Ok(((), Vec::new()));
        }
        let session = held(tx, id)?;
        let by = writer(tx, &permit, &session)?;
        if session.state == State::Closed {
            return Err(Error::Conflict("this talk is closed; open a new one to go on".into()));
        }
        let message =
            Message { thread: id.uuid(), id: teller.ids.next(teller.now), author: by, at: teller.now, text };
        store::coaching::add_messages(tx, &[message])?;
        let name = person(tx, by)?.name;
        let mut all = vec![session.person, session.leader];
        all.extend(store::coaching::guests(tx, id)?.into_iter().filter(|g| g.admitted()).map(|g| g.person));
        for &to in all.iter().filter(|p| **p != by) {
            tell_other(tx, teller, &session, to, &format!("{name} wrote in your talk"))?;
        }
        Ok(((), all))
    })
    .await
}

/// Writes into an alert's thread; the other one concerned is told. With `once`, no second time.
pub async fn say_on_alert(
    app: &App,
    permit: &Permit<AnswerAlert>,
    text: &str,
    once: Option<Vec<u8>>,
) -> Result<()> {
    let id = permit.asked().0;
    let by = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    let text = message_text(text)?;
    write(app, move |tx, teller| {
        if !first_time(tx, once.as_deref(), teller.now)? {
            return Ok(((), Vec::new()));
        }
        let alert = crate::alerts::held(tx, id)?;
        let message =
            Message { thread: id.uuid(), id: teller.ids.next(teller.now), author: by, at: teller.now, text };
        store::coaching::add_messages(tx, &[message])?;
        let people = crate::alerts::concerned(tx, alert.subject, teller.today)?;
        let name = person(tx, by)?.name;
        for &to in people.iter().filter(|p| **p != by) {
            let to = person(tx, to)?;
            let telling = Telling {
                about: "alert",
                about_id: id.uuid(),
                text: format!("{name} wrote about an alert"),
                more: format!("{name} wrote to you."),
                path: format!("/alerts/{id}"),
            };
            teller.tell(tx, &to, &telling)?;
        }
        Ok(((), people))
    })
    .await
}

/// The messages of a thread.
pub fn thread(r: &mut Read, thread: Uuid) -> Result<Vec<Message>> {
    Ok(store::coaching::messages(r, thread)?)
}

/// Offers a support to a person, who may take, swap or decline it.
pub async fn propose(
    app: &App,
    permit: &Permit<OpenCoaching>,
    intervention: InterventionId,
    session: Option<SessionId>,
    alert: Option<AlertId>,
) -> Result<ProposalId> {
    let to = permit.asked().0;
    let by = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    write(app, move |tx, teller| {
        let Some(name) = store::interventions::name(tx, intervention)? else {
            return Err(Error::NotFound("support"));
        };
        let waiting = store::coaching::proposals(tx, &[to])?;
        if let Some(same) =
            waiting.iter().find(|p| p.intervention == intervention && p.state == ProposalState::Proposed)
        {
            return Ok((same.id, Vec::new()));
        }
        let proposal = Proposal {
            id: teller.ids.next(teller.now),
            person: to,
            intervention,
            session,
            alert,
            by,
            at: teller.now,
            state: ProposalState::Proposed,
            reason: String::new(),
            answered_at: None,
        };
        store::coaching::put_proposal(tx, &proposal)?;
        let (to, from) = (person(tx, to)?, person(tx, by)?);
        let telling = Telling {
            about: "proposal",
            about_id: proposal.id.uuid(),
            text: format!("{} proposes: {name}", from.name),
            more: format!(
                "{} proposes: {name}. You may take it, swap it or decline it with a reason.",
                from.name
            ),
            path: "/today".into(),
        };
        teller.tell(tx, &to, &telling)?;
        Ok((proposal.id, vec![to.id, by]))
    })
    .await
}

/// For so many days what somebody answered to a suggestion is not suggested again.
pub const ASKED_AGAIN_AFTER: i32 = 28;

/// The person answers a support that nobody proposed and that only fits: takes it, or passes on it for some weeks.
/// What they take is seen where their leader sees what was tried; what they pass on is seen by nobody.
pub async fn answer_suggestion(
    app: &App,
    viewer: &Viewer,
    intervention: InterventionId,
    answer: ProposalState,
) -> Result<()> {
    let who = viewer.person;
    if answer == ProposalState::Proposed {
        return Err(Error::invalid("answer", "choose take, swap or decline"));
    }
    write(app, move |tx, teller| {
        if store::interventions::name(tx, intervention)?.is_none() {
            return Err(Error::NotFound("support"));
        }
        let since = teller.today.plus(-ASKED_AGAIN_AFTER);
        let known = store::coaching::proposals(tx, &[who])?;
        let same = |p: &&Proposal| p.intervention == intervention && p.state == answer;
        if known.iter().filter(same).any(|p| p.at.day(&domain::time::Zone::UTC) >= since) {
            return Ok(((), Vec::new()));
        }
        let proposal = Proposal {
            id: teller.ids.next(teller.now),
            person: who,
            intervention,
            session: None,
            alert: None,
            by: who,
            at: teller.now,
            state: answer,
            reason: String::new(),
            answered_at: Some(teller.now),
        };
        store::coaching::put_proposal(tx, &proposal)?;
        if answer == ProposalState::Taken {
            store::interventions::add_use(tx, who, intervention, teller.today, "own choice")?;
        }
        Ok(((), vec![who]))
    })
    .await
}

/// The person answers a proposal. Declining and swapping need a reason.
pub async fn answer_proposal(
    app: &App,
    who: PersonId,
    id: ProposalId,
    answer: ProposalState,
    reason: &str,
) -> Result<()> {
    let reason = reason.trim().to_owned();
    if matches!(answer, ProposalState::Declined | ProposalState::Swapped) && reason.is_empty() {
        return Err(Error::invalid("reason", "say in one line why, so that the next proposal fits better"));
    }
    if reason.chars().count() > domain::coaching::LINE_MAX {
        return Err(Error::invalid("reason", format!("at most {} characters", domain::coaching::LINE_MAX)));
    }
    if answer == ProposalState::Proposed {
        return Err(Error::invalid("answer", "choose take, swap or decline"));
    }
    write(app, move |tx, teller| {
        let mut proposal = store::coaching::proposal(tx, who, id)?.ok_or(Error::NotFound("proposal"))?;
        if proposal.state != ProposalState::Proposed {
            return Err(Error::Conflict(format!("this proposal is {} already", proposal.state)));
        }
        proposal.state = answer;
        proposal.reason = reason.clone();
        proposal.answered_at = Some(teller.now);
        store::coaching::put_proposal(tx, &proposal)?;
        if answer == ProposalState::Taken {
            store::interventions::add_use(tx, who, proposal.intervention, teller.today, "proposal")?;
        }
        let name = store::interventions::name(tx, proposal.intervention)?.unwrap_or_default();
        let (me, to) = (person(tx, who)?, person(tx, proposal.by)?);
        let word = match answer {
            ProposalState::Taken => "takes",
            ProposalState::Swapped => "would rather have something else than",
            _ => "declined",
        };
        let telling = Telling {
            about: "proposal",
            about_id: id.uuid(),
            text: format!("{} {word} {name}", me.name),
            more: if reason.is_empty() {
                format!("{} {word} {name}.", me.name)
            } else {
                format!("{} {word} {name}: {reason}", me.name)
            },
            path: "/team".into(),
        };
        teller.tell(tx, &to, &telling)?;
        Ok(((), vec![who, proposal.by]))
    })
    .await
}
