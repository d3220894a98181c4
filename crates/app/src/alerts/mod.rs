//! Alerts: evaluate the numbers, and what people do with an episode.

mod evaluate;
mod feeds;
mod questions;
mod reconcile;
pub mod rules;
mod world;

use domain::access::{AnswerAlert, Permit, ReadAlert};
use domain::alerts::{Alert, Answer, State, Step, step};
use domain::ids::{AlertId, PersonId, Subject};
use domain::time::{Day, Instant};
use store::alerts::Event;
use store::db::{Read, Tx};

pub use evaluate::{Evaluated, Review, apply_history, evaluate, review_history};
pub(crate) use evaluate::{FEW, whole};
pub use feeds::{new_day, watch_feeds};
pub use questions::{Question, owner_of, questions, settle};

use crate::notify::{Teller, Telling};
use crate::{App, Error, Result, Topic};

/// Moves an alert by a step and notes who and why. The caller writes the alert.
pub fn advance(tx: &mut Tx, alert: &mut Alert, by: &str, what: Step, note: &str, now: Instant) -> Result<()> {
    let next = step(alert.state, what).map_err(|e| Error::Conflict(e.to_string()))?;
    if next == alert.state && note.is_empty() {
        return Ok(());
    }
    alert.state = next;
    alert.version += 1;
    if next.is_closed() {
        alert.closed_at = Some(now);
    }
    store::alerts::add_events(
        tx,
        &[Event {
            alert: alert.id,
            number: alert.version,
            at: now,
            state: next,
            by: by.to_owned(),
            note: note.to_owned(),
        }],
    )?;
    Ok(())
}

/// Reads an alert for change.
pub(crate) fn held(r: &mut Read, id: AlertId) -> Result<Alert> {
    store::alerts::alert(r, id)?.ok_or(Error::NotFound("alert"))
}

/// Whom an alert concerns: its person and their direct leader today.
pub(crate) fn concerned(r: &mut Read, subject: Subject, today: Day) -> Result<Vec<PersonId>> {
    Ok(match subject {
        Subject::Person(person) => {
            let leader = store::people::leaders_on(r, person, today)?.first().copied();
            std::iter::once(person).chain(leader).collect()
        }
        Subject::Unit(_) => Vec::new(),
    })
}

pub(crate) async fn change(
    app: &App,
    id: AlertId,
    act: impl FnOnce(&mut Tx, &mut Alert, &Teller) -> Result<()> + Send + 'static,
) -> Result<Alert> {
    let teller = Teller::of(app);
    let (alert, people) = app
        .store
        .write(move |tx: &mut Tx| -> Result<(Alert, Vec<PersonId>)> {
            let mut alert = held(tx, id)?;
            act(tx, &mut alert, &teller)?;
            store::alerts::put(tx, std::slice::from_ref(&alert))?;
            ask_standing(tx, &alert)?;
            let people = concerned(tx, alert.subject, teller.today)?;
            Ok((alert, people))
        })
        .await?;
    app.work.notify_one();
    app.post.notify_one();
    for person in people {
        for topic in [Topic::Alert, Topic::Today, Topic::Team, Topic::Notifications] {
            app.live.tell(person, topic);
        }
    }
    Ok(alert)
}

fn ask_standing(tx: &mut Tx, alert: &Alert) -> Result<()> {
    let key =
        store::pipeline::Key { a: alert.subject.uuid(), b: alert.metric.uuid(), day: Day::from_number(0) };
    store::pipeline::ask(tx, crate::STANDING, [key])?;
    Ok(())
}

/// Somebody concerned looked at an alert: it is seen, and their notification about it with it.
pub async fn see(app: &App, permit: &Permit<ReadAlert>) -> Result<()> {
    let id = permit.asked().0;
    let by = permit.by().to_owned();
    let person = permit.person();
    let now = app.now();
    let state = app.store.read(move |r| Ok::<_, Error>(held(r, id)?.state)).await?;
    if state == State::New {
        change(app, id, move |tx, alert, at| advance(tx, alert, &by, Step::See, "", at.now)).await?;
    }
    if let Some(person) = person {
        app.store
            .write(move |tx: &mut Tx| -> Result<u64> {
                Ok(store::jobs::mark_seen(tx, person, Some(id.uuid()), now)?)
            })
            .await?;
    }
    Ok(())
}

/// The person says why, asks for help, or says that the data are wrong. Their leader sees it; wrong data go to the feed's owner.
pub async fn answer(app: &App, permit: &Permit<AnswerAlert>, answer: Answer, note: &str) -> Result<Alert> {
    let note = note.trim().to_owned();
    if note.chars().count() > 1_000 {
        return Err(Error::invalid("note", "longer than 1,000 characters; say it in a few sentences"));
    }
    if answer == Answer::DataWrong && note.is_empty() {
        return Err(Error::invalid(
            "note",
            "say in one line what is wrong with the data, so that the feed's owner can look",
        ));
    }
    let by = permit.by().to_owned();
    let by_person = permit.person();
    change(app, permit.asked().0, move |tx, alert, teller| {
        if alert.state.is_closed() {
            return Err(Error::Conflict(format!(
                "this alert is {} already, so there is nothing to answer",
                alert.state
            )));
        }
        alert.answer = Some(answer);
        alert.answer_note = (!note.is_empty()).then(|| note.clone());
        alert.answered_at = Some(teller.now);
        // Who has answered no longer has it for themselves.
        store::attention::end_grace(tx, alert.id)?;
        let what = if answer == Answer::DataWrong { Step::Question } else { Step::See };
        advance(tx, alert, &by, what, if note.is_empty() { answer.word() } else { &note }, teller.now)?;
        let metric = store::metrics::metric(tx, alert.metric)?.ok_or(Error::NotFound("metric"))?;
        let own_page = format!("/alerts/{}", alert.id);
        let mut told: Vec<(PersonId, String, String)> = Vec::new();
        let name = match alert.subject {
            Subject::Person(p) => store::people::person(tx, p)?.map(|p| p.name).unwrap_or_default(),
            Subject::Unit(u) => store::people::unit(tx, u)?.map(|u| u.name).unwrap_or_default(),
        };
        if answer == Answer::DataWrong {
            let owner = domain::feeds::answers_for(&metric, &store::feeds::feeds(tx)?);
            // Not of whom: mail and lists are read over shoulders, and the page of questions says it.
            let text = format!("{}: somebody says that the data are wrong", metric.name);
            told.extend(owner.map(|o| (o, text, "/questions".to_owned())));
        }
        for person in concerned(tx, alert.subject, teller.today)? {
            if Some(person) != by_person {
                told.push((person, format!("{}: {name} answered", metric.name), own_page.clone()));
            }
        }
        for (person, text, path) in told {
            if let Some(person) = store::people::person(tx, person)? {
                let telling = Telling {
                    about: "alert",
                    about_id: alert.id.uuid(),
                    more: format!("{text}."),
                    text,
                    path,
                };
                teller.tell(tx, &person, &telling)?;
            }
        }
        Ok(())
    })
    .await
}

/// Not before a day: the alert stays open but asks for nobody until then.
pub async fn snooze(app: &App, permit: &Permit<AnswerAlert>, until: Day) -> Result<Alert> {
    let today = app.now().day(&app.settings.zone);
    if until <= today || until > today.plus(92) {
        return Err(Error::invalid(
            "until",
            format!("{until} is not within the next three months; choose a day after {today}"),
        ));
    }
    let by = permit.by().to_owned();
    change(app, permit.asked().0, move |tx, alert, at| {
        alert.snoozed_until = Some(until);
        advance(tx, alert, &by, Step::See, &format!("waits until {until}"), at.now)
    })
    .await
}

/// The new level is taken as usual; the next range is drawn from it.
pub async fn accept(app: &App, permit: &Permit<AnswerAlert>, note: &str) -> Result<Alert> {
    let by = permit.by().to_owned();
    let note = note.trim().to_owned();
    change(app, permit.asked().0, move |tx, alert, at| {
        let metric = store::metrics::metric(tx, alert.metric)?.ok_or(Error::NotFound("metric"))?;
        alert.closed_on = Some(metric.cadence.rolled().start(at.today));
        advance(tx, alert, &by, Step::Accept, &note, at.now)
    })
    .await
}
