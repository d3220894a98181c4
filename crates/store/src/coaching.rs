//! Coaching sessions, their actions, messages and proposals.

use domain::coaching::{Action, CheckResult, Guest, Point, Proposal, ProposalState, Session, State};
use domain::ids::{MessageId, MetricId, PersonId, ProposalId, SessionId};
use domain::time::{Day, Instant};
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const SESSION: &str = "SELECT id, person_id, leader_id, alert_id, metric_id, state, agenda, found, agreed, opened_at, opened_on,
    person_signed_at, leader_signed_at, closed_at, result, version FROM coaching_session ";

fn read_session(row: &Row) -> Result<Session> {
    let agenda: String = row.get(6)?;
    let result: Option<String> = row.get(14)?;
    Ok(Session {
        id: row.get(0)?,
        person: row.get(1)?,
        leader: row.get(2)?,
        alert: row.get(3)?,
        metric: row.get(4)?,
        state: row.word(5, State::from_word)?,
        agenda: serde_json::from_str::<Vec<Point>>(&agenda).map_err(|e| Error::BadValue {
            place: "coaching_session.agenda".into(),
            reason: e.to_string(),
        })?,
        found: row.get(7)?,
        agreed: row.get(8)?,
        opened_at: row.get(9)?,
        opened_on: row.get(10)?,
        person_signed: row.get(11)?,
        leader_signed: row.get(12)?,
        closed_at: row.get(13)?,
        result: result.as_deref().and_then(CheckResult::from_word),
        version: row.get(15)?,
    })
}

/// One session.
pub fn session(r: &mut Read, id: SessionId) -> Result<Option<Session>> {
    r.query_one([SESSION, "WHERE id = $1"].concat(), params![id], read_session)
}

/// The sessions in which somebody is one of the two, newest first.
pub fn sessions_with(r: &mut Read, person: PersonId, limit: u32) -> Result<Vec<Session>> {
    r.query(
        [SESSION, "WHERE person_id = $1 OR leader_id = $1 ORDER BY opened_at DESC, id DESC LIMIT $2"]
            .concat(),
        params![person, i64::from(limit)],
        read_session,
    )
}

/// The sessions to which somebody is admitted as co-coach, newest first.
pub fn sessions_as_guest(r: &mut Read, person: PersonId) -> Result<Vec<Session>> {
    r.query(
        [
            SESSION,
            "WHERE id IN (SELECT session_id FROM coaching_guest
                WHERE person_id = $1 AND agreed_at IS NOT NULL AND ended_at IS NULL) ORDER BY opened_at DESC, id DESC",
        ]
        .concat(),
        params![person],
        read_session,
    )
}

/// Everybody who was ever asked for as co-coach of a session, in the order of asking.
pub fn guests(r: &mut Read, session: SessionId) -> Result<Vec<Guest>> {
    r.query(
        "SELECT session_id, person_id, invited_by, invited_at, agreed_at, ended_at FROM coaching_guest
         WHERE session_id = $1 ORDER BY invited_at, person_id",
        params![session],
        |row| {
            Ok(Guest {
                session: row.get(0)?,
                person: row.get(1)?,
                invited_by: row.get(2)?,
                invited_at: row.get(3)?,
                agreed_at: row.get(4)?,
                ended_at: row.get(5)?,
            })
        },
    )
}

/// Adds a co-coach, or writes over the one of the same session and person.
pub fn put_guest(tx: &mut Tx, g: &Guest) -> Result<()> {
    tx.execute(
        "INSERT INTO coaching_guest (session_id, person_id, invited_by, invited_at, agreed_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (session_id, person_id) DO UPDATE SET invited_by = excluded.invited_by,
             invited_at = excluded.invited_at, agreed_at = excluded.agreed_at, ended_at = excluded.ended_at",
        params![g.session, g.person, g.invited_by, g.invited_at, g.agreed_at, g.ended_at],
    )?;
    Ok(())
}

/// The sessions about one person's work on one metric, newest first.
pub fn sessions_about(r: &mut Read, person: PersonId, metric: MetricId) -> Result<Vec<Session>> {
    r.query(
        [SESSION, "WHERE person_id = $1 AND metric_id = $2 ORDER BY opened_at DESC, id DESC"].concat(),
        params![person, metric],
        read_session,
    )
}

/// Adds sessions, or writes them over those with the same id.
pub fn put_sessions(tx: &mut Tx, sessions: &[Session]) -> Result<()> {
    let mut rows = Vec::with_capacity(sessions.len());
    for s in sessions {
        let agenda = serde_json::to_string(&s.agenda).map_err(|e| Error::BadValue {
            place: "coaching_session.agenda".into(),
            reason: e.to_string(),
        })?;
        rows.push(params![
            s.person,
            s.id,
            s.leader,
            s.alert,
            s.metric,
            s.state.word(),
            agenda,
            &s.found,
            &s.agreed,
            s.opened_at,
            s.opened_on,
            s.person_signed,
            s.leader_signed,
            s.closed_at,
            s.result.map(CheckResult::word),
            s.version
        ]);
    }
    tx.insert_many(
        "coaching_session",
        &[
            "person_id", "id", "leader_id", "alert_id", "metric_id", "state", "agenda", "found", "agreed", "opened_at",
            "opened_on", "person_signed_at", "leader_signed_at", "closed_at", "result", "version",
        ],
        rows,
        "ON CONFLICT (person_id, id) DO UPDATE SET state = excluded.state, agenda = excluded.agenda, found = excluded.found,
             agreed = excluded.agreed, person_signed_at = excluded.person_signed_at,
             leader_signed_at = excluded.leader_signed_at, closed_at = excluded.closed_at, result = excluded.result,
             version = excluded.version",
    )?;
    Ok(())
}

fn read_action(row: &Row) -> Result<Action> {
    let result: Option<String> = row.get(6)?;
    Ok(Action {
        id: row.get(0)?,
        session: row.get(1)?,
        text: row.get(2)?,
        owner: row.get(3)?,
        by: row.get(4)?,
        check: row.get(5)?,
        result: result.as_deref().and_then(CheckResult::from_word),
        closed_at: row.get(7)?,
    })
}

/// The actions of sessions, by session and check day.
pub fn actions(r: &mut Read, sessions: &[SessionId]) -> Result<Vec<Action>> {
    r.query(
        "SELECT id, session_id, text, owner_id, by_day, check_day, result, closed_at FROM coaching_action
         WHERE session_id = ANY($1) ORDER BY session_id, check_day, id",
        params![Value::list(sessions.iter().copied())],
        read_action,
    )
}

/// Adds actions, or writes them over those with the same id.
pub fn put_actions(tx: &mut Tx, actions: &[Action]) -> Result<()> {
    tx.insert_many(
        "coaching_action",
        &["session_id", "id", "text", "owner_id", "by_day", "check_day", "state", "result", "closed_at"],
        actions.iter().map(|a| {
            let state = if a.closed_at.is_some() { "closed" } else { "open" };
            params![a.session, a.id, &a.text, a.owner, a.by, a.check, state, a.result.map(CheckResult::word), a.closed_at]
        }),
        "ON CONFLICT (session_id, id) DO UPDATE SET text = excluded.text, owner_id = excluded.owner_id, by_day = excluded.by_day,
             check_day = excluded.check_day, state = excluded.state, result = excluded.result, closed_at = excluded.closed_at",
    )?;
    Ok(())
}

/// A check that is open: its session and its action.
pub fn open_checks(r: &mut Read, leader: PersonId) -> Result<Vec<(SessionId, Day)>> {
    r.query(
        "SELECT s.id, a.check_day FROM coaching_session s JOIN coaching_action a ON a.session_id = s.id
         WHERE s.leader_id = $1 AND s.state = 'agreed' AND a.state = 'open' ORDER BY a.check_day, s.id",
        params![leader],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// One message in a thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The alert or session it hangs on.
    pub thread: Uuid,
    /// Our id.
    pub id: MessageId,
    /// Who wrote it.
    pub author: PersonId,
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}

/// Adds messages.
pub fn add_messages(tx: &mut Tx, messages: &[Message]) -> Result<()> {
    tx.insert_many(
        "message",
        &["thread_id", "id", "author_id", "at", "text"],
        messages.iter().map(|m| params![m.thread, m.id, m.author, m.at, &m.text]),
        "",
    )?;
    Ok(())
}

/// The messages of a thread, in order.
pub fn messages(r: &mut Read, thread: Uuid) -> Result<Vec<Message>> {
    r.query(
        "SELECT thread_id, id, author_id, at, text FROM message WHERE thread_id = $1 ORDER BY at, id",
        params![thread],
        |row| {
            Ok(Message {
                thread: row.get(0)?,
                id: row.get(1)?,
                author: row.get(2)?,
                at: row.get(3)?,
                text: row.get(4)?,
            })
        },
    )
}

fn read_proposal(row: &Row) -> Result<Proposal> {
    Ok(Proposal {
        id: row.get(0)?,
        person: row.get(1)?,
        intervention: row.get(2)?,
        session: row.get(3)?,
        alert: row.get(4)?,
        by: row.get(5)?,
        at: row.get(6)?,
        state: row.word(7, ProposalState::from_word)?,
        reason: row.get(8)?,
        answered_at: row.get(9)?,
    })
}

const PROPOSAL: &str =
    "SELECT id, person_id, intervention_id, session_id, alert_id, proposed_by, at, state, reason, answered_at
    FROM proposal ";

/// What was proposed to persons, newest first.
pub fn proposals(r: &mut Read, persons: &[PersonId]) -> Result<Vec<Proposal>> {
    r.query(
        [PROPOSAL, "WHERE person_id = ANY($1) ORDER BY at DESC, id DESC"].concat(),
        params![Value::list(persons.iter().copied())],
        read_proposal,
    )
}

/// One proposal to a person.
pub fn proposal(r: &mut Read, person: PersonId, id: ProposalId) -> Result<Option<Proposal>> {
    r.query_one([PROPOSAL, "WHERE person_id = $1 AND id = $2"].concat(), params![person, id], read_proposal)
}

/// Adds a proposal, or writes over the one with the same id.
pub fn put_proposal(tx: &mut Tx, p: &Proposal) -> Result<()> {
    tx.execute(
        "INSERT INTO proposal (person_id, id, intervention_id, session_id, alert_id, proposed_by, at, state, reason, answered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (person_id, id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             answered_at = excluded.answered_at",
        params![p.person, p.id, p.intervention, p.session, p.alert, p.by, p.at, p.state.word(), &p.reason, p.answered_at],
    )?;
    Ok(())
}
