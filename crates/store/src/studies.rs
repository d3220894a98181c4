//! Studies, the frozen data and answers of their readings, and decisions.

use domain::ids::{InterventionId, MetricId, StudyId};
use domain::studies::draw::{Recorded, Request};
use domain::studies::workflow::{Amendment, Change};
use domain::studies::{Choice, Decision, Design, Hypothesis, Plan, Study};
use domain::time::{Day, Instant};

use crate::db::{Error, Read, Row, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const COLUMNS: &str =
    "SELECT id, code, intervention_id, metric_id, design, hypothesis, plan, locked_on, reading_day,
    created_at, created_by FROM study ";

fn bad(place: &str, reason: impl std::fmt::Display) -> Error {
    Error::BadValue { place: place.into(), reason: reason.to_string() }
}

fn read_study(row: &Row) -> Result<Study> {
    let (hypothesis, plan): (String, String) = (row.get(5)?, row.get(6)?);
    Ok(Study {
        id: row.get(0)?,
        code: row.get(1)?,
        intervention: row.get(2)?,
        metric: row.get(3)?,
        design: row.word(4, Design::from_word)?,
        hypothesis: serde_json::from_str::<Hypothesis>(&hypothesis)
            .map_err(|e| bad("study.hypothesis", e))?,
        plan: serde_json::from_str::<Plan>(&plan).map_err(|e| bad("study.plan", e))?,
        locked_on: row.get(7)?,
        reading_day: row.get(8)?,
        created_at: row.get(9)?,
        created_by: row.get(10)?,
    })
}

/// Every study, by code.
pub fn studies(r: &mut Read) -> Result<Vec<Study>> {
    r.query([COLUMNS, "ORDER BY code"].concat(), params![], read_study)
}

/// One study.
pub fn study(r: &mut Read, id: StudyId) -> Result<Option<Study>> {
    r.query_one([COLUMNS, "WHERE id = $1"].concat(), params![id], read_study)
}

/// One study by code.
pub fn study_by_code(r: &mut Read, code: &str) -> Result<Option<Study>> {
    r.query_one([COLUMNS, "WHERE code = $1"].concat(), params![code], read_study)
}

/// The studies of an intervention, the newest first.
pub fn of_intervention(r: &mut Read, id: InterventionId) -> Result<Vec<Study>> {
    r.query(
        [COLUMNS, "WHERE intervention_id = $1 ORDER BY created_at DESC, code"].concat(),
        params![id],
        read_study,
    )
}

/// Writes a study over the one with the same code.
pub fn put(tx: &mut Tx, s: &Study) -> Result<()> {
    let hypothesis = serde_json::to_string(&s.hypothesis).map_err(|e| bad("study.hypothesis", e))?;
    let plan = serde_json::to_string(&s.plan).map_err(|e| bad("study.plan", e))?;
    tx.execute(
        "INSERT INTO study (id, code, intervention_id, metric_id, design, hypothesis, plan, locked_on, reading_day,
             created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (code) DO UPDATE SET intervention_id = excluded.intervention_id, metric_id = excluded.metric_id,
             design = excluded.design, hypothesis = excluded.hypothesis, plan = excluded.plan,
             locked_on = excluded.locked_on, reading_day = excluded.reading_day",
        params![
            s.id,
            &s.code,
            s.intervention,
            s.metric,
            s.design.word(),
            hypothesis,
            plan,
            s.locked_on,
            s.reading_day,
            s.created_at,
            &s.created_by
        ],
    )?;
    Ok(())
}

/// What was changed after the lock of a study, oldest first.
pub fn amendments(r: &mut Read, study: StudyId) -> Result<Vec<Amendment>> {
    r.query(
        "SELECT study_id, number, at, by_id, changes, why FROM study_amendment WHERE study_id = $1 ORDER BY number",
        params![study],
        |row| {
            let changes: String = row.get(4)?;
            Ok(Amendment {
                study: row.get(0)?,
                number: row.get(1)?,
                at: row.get(2)?,
                by: row.get(3)?,
                changes: serde_json::from_str::<Vec<Change>>(&changes)
                    .map_err(|e| bad("study_amendment.changes", e))?,
                why: row.get(5)?,
            })
        },
    )
}

/// Adds an amendment.
pub fn add_amendment(tx: &mut Tx, a: &Amendment) -> Result<()> {
    let changes = serde_json::to_string(&a.changes).map_err(|e| bad("study_amendment.changes", e))?;
    tx.execute(
        "INSERT INTO study_amendment (study_id, number, at, by_id, changes, why) VALUES ($1, $2, $3, $4, $5, $6)",
        params![a.study, a.number, a.at, a.by, changes, &a.why],
    )?;
    Ok(())
}

/// The draws of a study's rollout, newest first.
pub fn draws(r: &mut Read, study: StudyId) -> Result<Vec<Recorded>> {
    r.query(
        "SELECT study_id, number, seed, request, at, by_id, applied_at FROM rollout_draw WHERE study_id = $1
         ORDER BY number DESC",
        params![study],
        |row| {
            let (seed, request): (String, String) = (row.get(2)?, row.get(3)?);
            Ok(Recorded {
                study: row.get(0)?,
                number: row.get(1)?,
                seed: u64::from_str_radix(&seed, 16).map_err(|e| bad("rollout_draw.seed", e))?,
                request: serde_json::from_str::<Request>(&request)
                    .map_err(|e| bad("rollout_draw.request", e))?,
                at: row.get(4)?,
                by: row.get(5)?,
                applied_at: row.get(6)?,
            })
        },
    )
}

/// Writes a draw; of one that is there only whether it was applied changes.
pub fn put_draw(tx: &mut Tx, d: &Recorded) -> Result<()> {
    let request = serde_json::to_string(&d.request).map_err(|e| bad("rollout_draw.request", e))?;
    tx.execute(
        "INSERT INTO rollout_draw (study_id, number, seed, request, at, by_id, applied_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (study_id, number) DO UPDATE SET applied_at = excluded.applied_at",
        params![d.study, d.number, format!("{:016x}", d.seed), request, d.at, d.by, d.applied_at],
    )?;
    Ok(())
}

/// One reading as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Of which study.
    pub study: StudyId,
    /// Counted from 1.
    pub number: i64,
    /// When it was read.
    pub at: Instant,
    /// The first day of the newest period in it.
    pub up_to: Day,
    /// SHA-256 of the frozen input.
    pub input_hash: String,
    /// The method in one word.
    pub method: String,
    /// The version of the method.
    pub version: String,
    /// The reading as JSON, exactly as it was written.
    pub answer: String,
    /// The grade's letter.
    pub grade: String,
    /// The verdict in one word.
    pub verdict: String,
}

const ANSWER: &str = "SELECT study_id, number, at, up_to, input_hash, method, version, answer, grade, verdict
    FROM study_answer a ";

fn read_answer(row: &Row) -> Result<Answered> {
    Ok(Answered {
        study: row.get(0)?,
        number: row.get(1)?,
        at: row.get(2)?,
        up_to: row.get(3)?,
        input_hash: row.get(4)?,
        method: row.get(5)?,
        version: row.get(6)?,
        answer: row.get(7)?,
        grade: row.get(8)?,
        verdict: row.get(9)?,
    })
}

/// The newest reading of a study.
pub fn newest_answer(r: &mut Read, study: StudyId) -> Result<Option<Answered>> {
    r.query_one(
        [ANSWER, "WHERE study_id = $1 ORDER BY number DESC LIMIT 1"].concat(),
        params![study],
        read_answer,
    )
}

/// The newest reading of every study.
pub fn newest_answers(r: &mut Read) -> Result<Vec<Answered>> {
    r.query(
        [
            ANSWER,
            "WHERE number = (SELECT MAX(b.number) FROM study_answer b WHERE b.study_id = a.study_id) ORDER BY study_id",
        ]
        .concat(),
        params![],
        read_answer,
    )
}

/// Every study with the metric that decides.
pub fn deciding_metrics(r: &mut Read) -> Result<Vec<(StudyId, MetricId)>> {
    r.query("SELECT id, metric_id FROM study ORDER BY id", params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The newest period of a metric that has readings, not later than a day.
pub fn newest_period(r: &mut Read, metric: MetricId, until: Day) -> Result<Option<Day>> {
    let newest: Option<Option<Day>> = r.query_one(
        "SELECT MAX(period) FROM metric_period WHERE metric_id = $1 AND period <= $2",
        params![metric, until],
        |row| row.get(0),
    )?;
    Ok(newest.flatten())
}

/// Adds a reading with its frozen input.
pub fn add_answer(tx: &mut Tx, answer: &Answered, input: &[u8]) -> Result<()> {
    tx.execute(
        "INSERT INTO study_answer (study_id, number, at, up_to, input_hash, input, method, version, answer, grade, verdict)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            answer.study,
            answer.number,
            answer.at,
            answer.up_to,
            &answer.input_hash,
            input.to_vec(),
            &answer.method,
            &answer.version,
            &answer.answer,
            &answer.grade,
            &answer.verdict
        ],
    )?;
    Ok(())
}

/// The frozen input of one reading.
pub fn input(r: &mut Read, study: StudyId, number: i64) -> Result<Option<Vec<u8>>> {
    r.query_one(
        "SELECT input FROM study_answer WHERE study_id = $1 AND number = $2",
        params![study, number],
        |row| row.get(0),
    )
}

/// The decisions on a study, newest first.
pub fn decisions(r: &mut Read, study: StudyId) -> Result<Vec<Decision>> {
    r.query(
        "SELECT id, study_id, choice, why, by_id, at, input_hash FROM decision WHERE study_id = $1 ORDER BY at DESC, id DESC",
        params![study],
        read_decision,
    )
}

/// Every decision, newest first.
pub fn all_decisions(r: &mut Read) -> Result<Vec<Decision>> {
    r.query(
        "SELECT id, study_id, choice, why, by_id, at, input_hash FROM decision ORDER BY at DESC, id DESC",
        params![],
        read_decision,
    )
}

fn read_decision(row: &Row) -> Result<Decision> {
    Ok(Decision {
        id: row.get(0)?,
        study: row.get(1)?,
        choice: row.word(2, Choice::from_word)?,
        why: row.get(3)?,
        by: row.get(4)?,
        at: row.get(5)?,
        input_hash: row.get(6)?,
    })
}

/// Adds a decision.
pub fn add_decision(tx: &mut Tx, d: &Decision) -> Result<()> {
    tx.execute(
        "INSERT INTO decision (id, study_id, choice, why, by_id, at, input_hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![d.id, d.study, d.choice.word(), &d.why, d.by, d.at, &d.input_hash],
    )?;
    Ok(())
}
