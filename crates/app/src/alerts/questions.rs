//! "Data is wrong": the question goes to whoever answers for the data, the alert is held, and the answer comes back.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadOwnFeeds, SettleData};
use domain::alerts::{Alert, Step};
use domain::feeds::answers_for;
use domain::ids::{AlertId, PersonId, Subject};
use domain::metrics::Metric;
use domain::people::Person;
use domain::time::{Day, Instant};
use store::db::Read;

use super::{advance, change, concerned};
use crate::notify::Telling;
use crate::{App, Error, Result};

/// Most characters of an answer.
const NOTE_MAX: usize = 1_000;

/// A question about data, as whoever answers for the data sees it: whose, which weeks, and what was said. No values.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The alert that is held.
    pub alert: AlertId,
    /// The metric.
    pub metric: Metric,
    /// The feed's name.
    pub feed: Option<String>,
    /// Whose numbers they are.
    pub person: Person,
    /// The first period of the change.
    pub since: Day,
    /// The newest period that was judged.
    pub until: Day,
    /// What was said to be wrong.
    pub said: String,
    /// When.
    pub at: Option<Instant>,
}

/// Who answers for the data of an alert; `None` where nobody does, or the alert is not there.
pub async fn owner_of(app: &App, id: AlertId) -> Result<Option<PersonId>> {
    app.store
        .read(move |r| -> Result<_> {
            let Some(alert) = store::alerts::alert(r, id)? else { return Ok(None) };
            let feeds = store::feeds::feeds(r)?;
            Ok(store::metrics::metric(r, alert.metric)?.and_then(|m| answers_for(&m, &feeds)))
        })
        .await
}

/// The open questions about data that somebody answers for, the oldest first.
pub async fn questions(app: &App, permit: &Permit<ReadOwnFeeds>) -> Result<Vec<Question>> {
    let owner = permit.asked().0;
    app.store.read(move |r| asked_of(r, owner)).await
}

fn asked_of(r: &mut Read, owner: PersonId) -> Result<Vec<Question>> {
    let feeds = store::feeds::feeds(r)?;
    let metrics: BTreeMap<_, Metric> = store::metrics::metrics(r)?
        .into_iter()
        .filter(|m| answers_for(m, &feeds) == Some(owner))
        .map(|m| (m.id, m))
        .collect();
    let ids: Vec<_> = metrics.keys().copied().collect();
    let mut questions = Vec::new();
    for alert in store::alerts::in_question(r, &ids)? {
        let Subject::Person(person) = alert.subject else { continue };
        let (Some(metric), Some(person)) = (metrics.get(&alert.metric), store::people::person(r, person)?)
        else {
            continue;
        };
        let cadence = metric.cadence.rolled();
        let later = i32::try_from(alert.facts.periods - 1).unwrap_or(0);
        questions.push(Question {
            alert: alert.id,
            metric: metric.clone(),
            feed: feeds.iter().find(|f| Some(f.id) == metric.feed).map(|f| f.name.clone()),
            person,
            since: alert.since,
            until: cadence.step(alert.since, later.max(0)),
            said: alert.answer_note.unwrap_or_default(),
            at: alert.answered_at,
        });
    }
    Ok(questions)
}

/// Whoever answers for the data says whether they were wrong. The person and their leader are told.
///
/// Wrong data close the alert; data that were right let it go on where it was seen.
///
/// # Errors
/// [`Error::Invalid`] without a word of what was found, [`Error::Conflict`] where nothing is in question any more.
pub async fn settle(app: &App, permit: &Permit<SettleData>, wrong: bool, note: &str) -> Result<Alert> {
    let note = note.trim().to_owned();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        return Err(Error::invalid(
            "note",
            format!("say in a line what you found, at most {NOTE_MAX} characters; the person reads it"),
        ));
    }
    let by = permit.by().to_owned();
    let owner = permit.person();
    change(app, permit.asked().0, move |tx, alert, teller| {
        if alert.state != domain::alerts::State::InQuestion {
            return Err(Error::Conflict(
                "nobody asks about these data any more; look at the list again".into(),
            ));
        }
        let metric = store::metrics::metric(tx, alert.metric)?.ok_or(Error::NotFound("metric"))?;
        let what = if wrong { Step::DataWrong } else { Step::DataRight };
        advance(tx, alert, &by, what, &note, teller.now)?;
        if wrong {
            alert.closed_on = Some(metric.cadence.rolled().start(teller.today));
        }
        let found = if wrong { "the data were wrong" } else { "the data are right" };
        for person in concerned(tx, alert.subject, teller.today)?.into_iter().filter(|p| Some(*p) != owner) {
            let Some(person) = store::people::person(tx, person)? else { continue };
            let text = format!("{}: {found}", metric.name);
            let telling = Telling {
                about: "alert",
                about_id: alert.id.uuid(),
                more: format!(
                    "{text}. Whoever answers for the data has looked and says why on the alert's page."
                ),
                text,
                path: format!("/alerts/{}", alert.id),
            };
            teller.tell(tx, &person, &telling)?;
        }
        Ok(())
    })
    .await
}
