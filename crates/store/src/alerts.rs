//! Alerts and their events, and where each subject stands.

use domain::access::{People, Scope};
use domain::alerts::{Alert, Answer, Facts, Kind, Standing, State, Way};
use domain::ids::{AlertId, MetricId, PersonId, RuleId, Subject, UnitId};
use domain::time::{Day, Instant};
use uuid::Uuid;

use crate::db::{Error, Read, Row, Tx, Value};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

const COLUMNS: &str = "SELECT id, subject_id, subject_kind, metric_id, kind, direction, state, since, opened_on, opened_at,
    closed_on, closed_at, snoozed_until, effect, facts, rule, within_id, previous_id, answer, answer_note, answered_at, version,
    hand_id FROM alert ";

fn read_alert(row: &Row) -> Result<Alert> {
    let subject: Uuid = row.get(1)?;
    let kind: String = row.get(2)?;
    let facts: String = row.get(14)?;
    let answer: Option<String> = row.get(18)?;
    Ok(Alert {
        id: row.get(0)?,
        subject: if kind == "person" {
            Subject::Person(PersonId::new(subject))
        } else {
            Subject::Unit(UnitId::new(subject))
        },
        metric: row.get(3)?,
        kind: row.word(4, Kind::from_word)?,
        way: row.word(5, Way::from_word)?,
        state: row.word(6, State::from_word)?,
        since: row.get(7)?,
        opened_on: row.get(8)?,
        opened_at: row.get(9)?,
        closed_on: row.get(10)?,
        closed_at: row.get(11)?,
        snoozed_until: row.get(12)?,
        effect: row.get(13)?,
        facts: serde_json::from_str::<Facts>(&facts)
            .map_err(|e| Error::BadValue { place: "alert.facts".into(), reason: e.to_string() })?,
        rule: row.get(15)?,
        within: row.get(16)?,
        previous: row.get(17)?,
        answer: answer.as_deref().and_then(Answer::from_word),
        answer_note: row.get(19)?,
        answered_at: row.get(20)?,
        version: row.get(21)?,
        hand: row.get(22)?,
    })
}

/// One alert.
pub fn alert(r: &mut Read, id: AlertId) -> Result<Option<Alert>> {
    r.query_one([COLUMNS, "WHERE id = $1"].concat(), params![id], read_alert)
}

/// Every alert of a metric, by subject and opening: what the evaluation compares with.
pub fn of_metric(r: &mut Read, metric: MetricId) -> Result<Vec<Alert>> {
    r.query(
        [COLUMNS, "WHERE metric_id = $1 ORDER BY subject_id, opened_on, id"].concat(),
        params![metric],
        read_alert,
    )
}

/// [`of_metric`] for some subjects.
pub fn of_metric_and(r: &mut Read, metric: MetricId, subjects: &[Uuid]) -> Result<Vec<Alert>> {
    r.query(
        [COLUMNS, "WHERE metric_id = $1 AND subject_id = ANY($2) ORDER BY subject_id, opened_on, id"]
            .concat(),
        params![metric, Value::list(subjects.iter().copied())],
        read_alert,
    )
}

/// Open alerts about persons in a scope, the largest effect first. For pages that say who needs whom.
pub fn open(r: &mut Read, scope: &Scope) -> Result<Vec<Alert>> {
    let select = [
        COLUMNS,
        "WHERE subject_kind = 'person' AND state IN ('new', 'seen', 'talked', 'acting', 'in_question')",
    ]
    .concat();
    let order = " ORDER BY effect DESC, id";
    match scope.people() {
        People::Everyone => r.query([&select, order].concat(), params![], read_alert),
        People::Only(set) => r.query(
            [&select, " AND subject_id = ANY($1)", order].concat(),
            params![Value::list(set.iter().copied())],
            read_alert,
        ),
    }
}

/// Open alerts about org units.
pub fn open_of_units(r: &mut Read) -> Result<Vec<Alert>> {
    r.query(
        [
            COLUMNS,
            "WHERE subject_kind = 'unit' AND state IN ('new', 'seen', 'talked', 'acting', 'in_question')
          ORDER BY opened_on DESC, effect DESC, id",
        ]
        .concat(),
        params![],
        read_alert,
    )
}

/// Alerts on some metrics whose data somebody says are wrong, the oldest question first. For who answers for the metrics.
pub fn in_question(r: &mut Read, metrics: &[MetricId]) -> Result<Vec<Alert>> {
    r.query(
        [COLUMNS, "WHERE state = 'in_question' AND metric_id = ANY($1) ORDER BY answered_at, id"].concat(),
        params![Value::list(metrics.iter().copied())],
        read_alert,
    )
}

/// Every alert of one subject, newest first; of one metric where one is given.
pub fn of_subject(r: &mut Read, subject: Subject, metric: Option<MetricId>) -> Result<Vec<Alert>> {
    let order = " ORDER BY opened_on DESC, id";
    match metric {
        None => r.query([COLUMNS, "WHERE subject_id = $1", order].concat(), params![subject], read_alert),
        Some(metric) => r.query(
            [COLUMNS, "WHERE subject_id = $1 AND metric_id = $2", order].concat(),
            params![subject, metric],
            read_alert,
        ),
    }
}

/// Adds an alert, or writes it over the one with the same id.
pub fn put(tx: &mut Tx, alerts: &[Alert]) -> Result<()> {
    let mut rows = Vec::with_capacity(alerts.len());
    for a in alerts {
        let facts = serde_json::to_string(&a.facts)
            .map_err(|e| Error::BadValue { place: "alert.facts".into(), reason: e.to_string() })?;
        let kind = match a.subject {
            Subject::Person(_) => "person",
            Subject::Unit(_) => "unit",
        };
        rows.push(params![
            a.subject,
            a.id,
            kind,
            a.metric,
            a.kind.word(),
            a.way.word(),
            a.state.word(),
            a.since,
            a.opened_on,
            a.opened_at,
            a.closed_on,
            a.closed_at,
            a.snoozed_until,
            a.effect,
            facts,
            &a.rule,
            a.within,
            a.previous,
            a.answer.map(Answer::word),
            a.answer_note.as_deref(),
            a.answered_at,
            a.version,
            a.hand
        ]);
    }
    tx.insert_many(
        "alert",
        &[
            "subject_id", "id", "subject_kind", "metric_id", "kind", "direction", "state", "since", "opened_on",
            "opened_at", "closed_on", "closed_at", "snoozed_until", "effect", "facts", "rule", "within_id",
            "previous_id", "answer", "answer_note", "answered_at", "version", "hand_id",
        ],
        rows,
        "ON CONFLICT (subject_id, id) DO UPDATE SET state = excluded.state, since = excluded.since,
             closed_on = excluded.closed_on, closed_at = excluded.closed_at, snoozed_until = excluded.snoozed_until,
             effect = excluded.effect, facts = excluded.facts, within_id = excluded.within_id,
             answer = excluded.answer, answer_note = excluded.answer_note, answered_at = excluded.answered_at,
             version = excluded.version, hand_id = excluded.hand_id",
    )?;
    Ok(())
}

/// One change of an episode's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Of which alert.
    pub alert: AlertId,
    /// The alert's version that it made, so counted from 1.
    pub number: i64,
    /// When.
    pub at: Instant,
    /// The state it came to.
    pub state: State,
    /// Who, as logs name them; `rule` for the numbers themselves.
    pub by: String,
    /// Why, in words; may be empty.
    pub note: String,
}

/// Adds events.
pub fn add_events(tx: &mut Tx, events: &[Event]) -> Result<()> {
    tx.insert_many(
        "alert_event",
        &["alert_id", "number", "at", "state", "by", "note"],
        events.iter().map(|e| params![e.alert, e.number, e.at, e.state.word(), &e.by, &e.note]),
        "",
    )?;
    Ok(())
}

/// The events of an alert, in order.
pub fn events(r: &mut Read, alert: AlertId) -> Result<Vec<Event>> {
    r.query(
        "SELECT alert_id, number, at, state, by, note FROM alert_event WHERE alert_id = $1 ORDER BY number",
        params![alert],
        |row| {
            Ok(Event {
                alert: row.get(0)?,
                number: row.get(1)?,
                at: row.get(2)?,
                state: row.word(3, State::from_word)?,
                by: row.get(4)?,
                note: row.get(5)?,
            })
        },
    )
}

/// Where one subject stands on one metric now.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    /// The person or unit.
    pub subject: Uuid,
    /// Which metric.
    pub metric: MetricId,
    /// In one word.
    pub state: Standing,
    /// The newest period with a value.
    pub period: Option<Day>,
    /// That value.
    pub value: Option<f64>,
    /// The usual range: centre, low, high.
    pub usual: Option<(f64, f64, f64)>,
    /// The target in force and its tolerance.
    pub target: Option<(f64, f64)>,
    /// The commitment in force.
    pub commitment: Option<f64>,
    /// Since when it stands so, where that can be said.
    pub since: Option<Day>,
    /// More in words, such as how long data are late; may be empty.
    pub detail: String,
}

fn read_stand(row: &Row) -> Result<Stand> {
    let (mean, low, high): (Option<f64>, Option<f64>, Option<f64>) = (row.get(5)?, row.get(6)?, row.get(7)?);
    let (level, tolerance): (Option<f64>, Option<f64>) = (row.get(8)?, row.get(9)?);
    Ok(Stand {
        subject: row.get(0)?,
        metric: row.get(1)?,
        state: row.word(2, Standing::from_word)?,
        period: row.get(3)?,
        value: row.get(4)?,
        usual: mean.zip(low).zip(high).map(|((m, l), h)| (m, l, h)),
        target: level.map(|l| (l, tolerance.unwrap_or(0.0))),
        commitment: row.get(10)?,
        since: row.get(11)?,
        detail: row.get(12)?,
    })
}

const STAND: &str = "SELECT subject_id, metric_id, state, period, value, usual_mean, usual_low, usual_high, target, tolerance,
    commitment, since, detail FROM standing ";

/// Where subjects stand on every metric they have.
pub fn stands(r: &mut Read, subjects: &[Uuid]) -> Result<Vec<Stand>> {
    r.query(
        [STAND, "WHERE subject_id = ANY($1) ORDER BY subject_id, metric_id"].concat(),
        params![Value::list(subjects.iter().copied())],
        read_stand,
    )
}

/// Where one subject stands on one metric.
pub fn stand(r: &mut Read, subject: Uuid, metric: MetricId) -> Result<Option<Stand>> {
    r.query_one(
        [STAND, "WHERE subject_id = $1 AND metric_id = $2"].concat(),
        params![subject, metric],
        read_stand,
    )
}

/// Writes where subjects stand over what was known.
pub fn put_stands(tx: &mut Tx, stands: &[Stand]) -> Result<()> {
    tx.insert_many(
        "standing",
        &[
            "subject_id",
            "metric_id",
            "state",
            "period",
            "value",
            "usual_mean",
            "usual_low",
            "usual_high",
            "target",
            "tolerance",
            "commitment",
            "since",
            "detail",
        ],
        stands.iter().map(|s| {
            params![
                s.subject,
                s.metric,
                s.state.word(),
                s.period,
                s.value,
                s.usual.map(|u| u.0),
                s.usual.map(|u| u.1),
                s.usual.map(|u| u.2),
                s.target.map(|t| t.0),
                s.target.map(|t| t.1),
                s.commitment,
                s.since,
                &s.detail
            ]
        }),
        "ON CONFLICT (subject_id, metric_id) DO UPDATE SET state = excluded.state, period = excluded.period,
             value = excluded.value, usual_mean = excluded.usual_mean, usual_low = excluded.usual_low,
             usual_high = excluded.usual_high, target = excluded.target, tolerance = excluded.tolerance,
             commitment = excluded.commitment, since = excluded.since, detail = excluded.detail",
    )?;
    Ok(())
}

/// One version of the rules, as configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleVersion {
    /// `default`, or the code of the metric for which it holds instead.
    pub code: String,
    /// Counted from 1.
    pub version: i64,
    /// The parameters, as JSON.
    pub params: String,
    /// Who set it, as logs name them.
    pub set_by: String,
    /// When.
    pub set_at: Instant,
    /// Why, in words.
    pub why: String,
}

const RULE: &str = "SELECT code, version, params, set_by, set_at, why FROM alert_rule ";

fn read_rule(row: &Row) -> Result<RuleVersion> {
    Ok(RuleVersion {
        code: row.get(0)?,
        version: row.get(1)?,
        params: row.get(2)?,
        set_by: row.get(3)?,
        set_at: row.get(4)?,
        why: row.get(5)?,
    })
}

/// The newest version of a rule.
pub fn rule(r: &mut Read, code: &str) -> Result<Option<RuleVersion>> {
    r.query_one([RULE, "WHERE code = $1 ORDER BY version DESC LIMIT 1"].concat(), params![code], read_rule)
}

/// Every version of every rule, by code, the newest first.
pub fn rules(r: &mut Read) -> Result<Vec<RuleVersion>> {
    r.query([RULE, "ORDER BY code, version DESC"].concat(), params![], read_rule)
}

/// Adds a version of a rule.
pub fn add_rule(tx: &mut Tx, id: RuleId, rule: &RuleVersion) -> Result<()> {
    tx.execute(
        "INSERT INTO alert_rule (id, code, version, kind, params, set_by, set_at, why)
         VALUES ($1, $2, $3, 'series', $4, $5, $6, $7)",
        params![id, &rule.code, rule.version, &rule.params, &rule.set_by, rule.set_at, &rule.why],
    )?;
    Ok(())
}

/// How many open alerts wait for an answer on whether their data are wrong.
pub fn count_in_question(r: &mut Read) -> Result<i64> {
    Ok(r.query_one("SELECT COUNT(*) FROM alert WHERE state = 'in_question'", params![], |row| row.get(0))?
        .unwrap_or(0))
}
