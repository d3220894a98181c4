//! Past talks, answers and proposals, each with the episode that it belongs to.

use std::collections::HashMap;

use demo::{AnswerKind, ProposalState as Reply, SessionOutcome, SessionReason};
use domain::alerts::{Alert, Answer, Kind, Step};
use domain::coaching::{Action, CheckResult, Point, Proposal, ProposalState, Session, State, first_point};
use domain::ids::{MetricId, PersonId, SessionId, Subject};
use domain::time::{Day, Zone};
use store::coaching::Message;
use store::db::Tx;

use super::{Hand, Known};

/// An episode that began within so many days of what a talk was about is the one it was about.
const NEAR: i32 = 35;

/// The episodes of persons, by person and metric.
struct Episodes(HashMap<(PersonId, MetricId), Vec<Alert>>);

impl Episodes {
    fn read(tx: &mut Tx, known: &Known) -> app::Result<Self> {
        let mut all: HashMap<_, Vec<Alert>> = HashMap::new();
        for &metric in &known.metrics {
            for alert in store::alerts::of_metric(tx, metric)? {
                if let Subject::Person(person) = alert.subject {
                    all.entry((person, metric)).or_default().push(alert);
                }
            }
        }
        Ok(Self(all))
    }

    /// The episode of a kind that was known by a day and began nearest to another.
    fn nearest(
        &mut self,
        person: PersonId,
        metric: MetricId,
        kind: Kind,
        since: Day,
        by: Day,
    ) -> Option<&mut Alert> {
        let apart = |a: &Alert| a.since.days_since(since).abs();
        self.0
            .get_mut(&(person, metric))?
            .iter_mut()
            .filter(|a| a.kind == kind && a.opened_on <= by)
            .filter(|a| match kind {
                // A gap lasts: the talk falls into it.
                Kind::Gap => a.closed_on.is_none_or(|closed| by <= closed),
                _ => apart(a) <= NEAR,
            })
            .min_by_key(|a| (apart(a), a.id))
    }

    /// The newest open episode.
    fn open(&mut self, person: PersonId, metric: MetricId) -> Option<&mut Alert> {
        let all = self.0.get_mut(&(person, metric))?;
        all.iter_mut().filter(|a| !a.state.is_closed()).max_by_key(|a| (a.opened_on, a.id))
    }
}

/// Puts in answers, talks with their actions and messages, and proposals.
pub(super) fn load(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    let mut episodes = Episodes::read(tx, known)?;
    answers(tx, hand, known, &mut episodes)?;
    let (mut sessions, mut actions, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    for talk in &hand.world.sessions {
        let (session, action) = one(tx, hand, known, &mut episodes, talk)?;
        messages.extend(talk.messages.iter().map(|m| Message {
            thread: session.id.uuid(),
            id: hand.ids.next(hand.now),
            author: known.people[m.from.at()],
            at: m.at.min(hand.now),
            text: m.text.to_owned(),
        }));
        sessions.push(session);
        actions.extend(action);
    }
    store::coaching::put_sessions(tx, &sessions)?;
    store::coaching::put_actions(tx, &actions)?;
    store::coaching::add_messages(tx, &messages)?;
    Ok(())
}

/// What people said about changes in their own numbers.
fn answers(tx: &mut Tx, hand: &Hand, known: &Known, episodes: &mut Episodes) -> app::Result<()> {
    for said in &hand.world.answers {
        let (person, metric) = (known.people[said.person.at()], known.metrics[said.metric.at()]);
        let Some(alert) = episodes.open(person, metric) else { continue };
        let (answer, step) = match said.kind {
            AnswerKind::KnowWhy => (Answer::IKnowWhy, Step::See),
            AnswerKind::LikeHelp => (Answer::HelpPlease, Step::See),
            AnswerKind::DataWrong => (Answer::DataWrong, Step::Question),
        };
        let at = said.at.min(hand.now);
        alert.answer = Some(answer);
        alert.answer_note = Some(said.text.to_owned());
        alert.answered_at = Some(at);
        app::alerts::advance(tx, alert, &person.to_string(), step, said.text, at)?;
        store::alerts::put(tx, std::slice::from_ref(alert))?;
    }
    Ok(())
}

/// One talk and its action; its episode learns of it where it is still open.
fn one(
    tx: &mut Tx,
    hand: &Hand,
    known: &Known,
    episodes: &mut Episodes,
    talk: &demo::Session,
) -> app::Result<(Session, Option<Action>)> {
    let metric = &known.definitions[talk.metric.at()];
    let (person, leader) = (known.people[talk.person.at()], known.people[talk.leader.at()]);
    let opened_on = talk.opened.day(&Zone::UTC);
    let kind = match talk.reason {
        SessionReason::Shift => Some(Kind::Shift),
        SessionReason::Gap => Some(Kind::Gap),
        SessionReason::Regular => None,
    };
    let mut episode = kind.and_then(|kind| {
        episodes.nearest(person, metric.id, kind, talk.since.unwrap_or(opened_on), opened_on)
    });
    let agenda = match &episode {
        Some(alert) => first_point(alert.kind, alert.way, metric, alert.since, &alert.facts),
        None => Point {
            kind: "point".into(),
            title: match talk.reason {
                SessionReason::Regular => format!("{}: how it goes", metric.name),
                _ => format!("{}: what has changed", metric.name),
            },
            sub: String::new(),
            added_by: Some(leader),
        },
    };
    let both = talk.signed_by_leader.is_some() && talk.signed_by_person.is_some();
    let looked = talk.check.as_ref().and_then(|c| c.looked);
    let result = looked.map(|_| match (talk.outcome, talk.check.as_ref().and_then(|c| c.result)) {
        (SessionOutcome::DataWrong, _) => CheckResult::DataWrong,
        (_, Some(demo::CheckResult::Back)) => CheckResult::Recovered,
        _ => CheckResult::Continue,
    });
    let closed_at = looked.map(|day| Zone::UTC.at(day, 16, 0).min(hand.now));
    let state = match (both, result) {
        (_, Some(_)) => State::Closed,
        (true, None) => State::Agreed,
        (false, None) => State::Recorded,
    };
    if let Some(alert) = episode.as_deref_mut().filter(|a| !a.state.is_closed()) {
        let (by, at) = (leader.to_string(), talk.opened.min(hand.now));
        // What was tried and looked at is over: an episode that went on needs somebody again.
        let step = if state == State::Closed { Step::See } else { Step::Talk };
        app::alerts::advance(tx, alert, &by, step, "a talk was opened", at)?;
        if state == State::Agreed && alert.state == domain::alerts::State::Talked {
            let at = talk.signed_by_person.unwrap_or(talk.opened).min(hand.now);
            app::alerts::advance(tx, alert, &by, Step::Act, talk.we_try, at)?;
        }
        store::alerts::put(tx, std::slice::from_ref(alert))?;
    }
    let session = Session {
        id: hand.ids.next::<SessionId>(hand.now),
        person,
        leader,
        alert: episode.map(|a| a.id),
        metric: metric.id,
        state,
        agenda: vec![agenda],
        found: talk.going_on.to_owned(),
        agreed: talk.we_try.to_owned(),
        opened_at: talk.opened.min(hand.now),
        opened_on,
        person_signed: talk.signed_by_person.map(|at| at.min(hand.now)),
        leader_signed: talk.signed_by_leader.map(|at| at.min(hand.now)),
        closed_at,
        result,
        version: 2,
    };
    let action = talk.check.as_ref().map(|check| Action {
        id: hand.ids.next(hand.now),
        session: session.id,
        text: talk.action.as_ref().map_or(talk.we_try, |a| a.what).to_owned(),
        owner: talk.action.as_ref().map_or(person, |a| known.people[a.who.at()]),
        by: talk.action.as_ref().map(|a| a.by),
        check: check.on,
        result,
        closed_at,
    });
    Ok((session, action))
}

/// Supports that were offered to people, and what they said.
pub(super) fn proposals(tx: &mut Tx, hand: &Hand, known: &Known) -> app::Result<()> {
    let mut episodes = Episodes::read(tx, known)?;
    for p in &hand.world.proposals {
        let (person, metric) = (known.people[p.person.at()], known.metrics[p.metric.at()]);
        let proposal = Proposal {
            id: hand.ids.next(hand.now),
            person,
            intervention: known.supports[p.intervention.at()],
            session: None,
            alert: episodes.open(person, metric).map(|a| a.id),
            by: known.people[p.by.at()],
            at: p.at.min(hand.now),
            state: match p.state {
                Reply::Open => ProposalState::Proposed,
                Reply::Taken => ProposalState::Taken,
                Reply::Declined => ProposalState::Declined,
            },
            reason: p.reply.unwrap_or_default().to_owned(),
            answered_at: p.replied.map(|at| at.min(hand.now)),
        };
        store::coaching::put_proposal(tx, &proposal)?;
    }
    Ok(())
}
