//! What people did with lessons and courses, as real statements: built as JSON, judged, and taken in like any other.

use std::fmt::Write as _;

use app::statements::{self, Ready, Source};
use app::{App, Error};
use demo::{ActivityKind, LearningEvent};
use domain::access::{DefineActivities, Permit, Relation, SendStatements, Who, permit};
use store::db::Tx;
use xapi::{Limits, Received, Version, parse_statements};

use super::Hand;

/// Statements in one batch.
const BATCH: usize = 5_000;
/// The version of the protocol that they are written in.
const VERSION: Version = Version::V1_0_3;

/// Builds every statement and holds it to the rules. Needs no database, so it can go on beside the loading of numbers.
pub(super) fn build(hand: &Hand) -> app::Result<Vec<Vec<Received>>> {
    let world = &hand.world;
    let text = |t: &str| serde_json::Value::from(t).to_string();
    let actors: Vec<String> = world
        .accounts
        .iter()
        .map(|a| {
            let (home_page, name) = (text(a.home_page), text(&a.name));
            format!(r#"{{"objectType":"Agent","account":{{"homePage":{home_page},"name":{name}}}}}"#)
        })
        .collect();
    let objects: Vec<String> = world
        .activities
        .iter()
        .map(|a| {
            let (iri, name, about, kind) =
                (text(a.iri), text(a.name), text(a.description), text(kind(a.kind)));
            format!(
                r#"{{"id":{iri},"definition":{{"name":{{"en":{name}}},"description":{{"en":{about}}},"type":{kind}}}}}"#
            )
        })
        .collect();
    let limits = Limits { body_bytes: usize::MAX, statements: BATCH, ..Limits::default() };
    world
        .learning
        .chunks(BATCH)
        .map(|events| {
            let mut body = String::with_capacity(events.len() * 500);
            for event in events {
                body.push(if body.is_empty() { '[' } else { ',' });
                write_statement(&mut body, event, &actors, &objects, hand);
            }
            body.push(']');
            parse_statements(body.as_bytes(), VERSION, limits).map_err(|faults| {
                let first = faults.first().map(ToString::to_string).unwrap_or_default();
                Error::invalid("statements", format!("{} faults, the first: {first}", faults.len()))
            })
        })
        .collect()
}

fn write_statement(
    to: &mut String,
    event: &LearningEvent,
    actors: &[String],
    objects: &[String],
    hand: &Hand,
) {
    let (actor, object) = (&actors[event.account.at()], &objects[event.activity.at()]);
    let (verb, word) = (event.verb.iri(), event.verb.word());
    let at = event.at.min(hand.now).timestamp();
    // Writing into a string cannot fail.
    let _ = write!(
        to,
        r#"{{"actor":{actor},"verb":{{"id":"{verb}","display":{{"en":"{word}"}}}},"object":{object},"timestamp":"{at}""#
    );
    let mut result = Vec::new();
    result.extend(event.completion.map(|c| format!(r#""completion":{c}"#)));
    result.extend(event.success.map(|s| format!(r#""success":{s}"#)));
    result.extend(event.score.map(|s| format!(r#""score":{{"scaled":{:.2}}}"#, s.clamp(0.0, 1.0))));
    result.extend(event.seconds.map(|s| format!(r#""duration":"PT{s}S""#)));
    if !result.is_empty() {
        let _ = write!(to, r#","result":{{{}}}"#, result.join(","));
    }
    to.push('}');
}

/// The activity type in the vocabulary of the protocol's authors.
const fn kind(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Lesson | ActivityKind::Cmi5 => "http://adlnet.gov/expapi/activities/lesson",
        ActivityKind::Course | ActivityKind::Scorm => "http://adlnet.gov/expapi/activities/course",
        ActivityKind::TryIt => "http://adlnet.gov/expapi/activities/performance",
        ActivityKind::Webinar => "http://adlnet.gov/expapi/activities/meeting",
        ActivityKind::Mandated => "http://adlnet.gov/expapi/activities/assessment",
    }
}

/// Prepares statements as they will be kept. Needs no numbers, so it too can go on beside their loading.
pub(super) async fn ready(app: &App, batches: Vec<Vec<Received>>) -> app::Result<Vec<Ready>> {
    let send: Permit<SendStatements> = permit(&Who::Host, Relation::NONE, SendStatements(()))?;
    let define: Permit<DefineActivities> = permit(&Who::Host, Relation::NONE, DefineActivities(()))?;
    let source = Source::new(app, &send, Some(&define), VERSION);
    let mut all = Vec::with_capacity(batches.len());
    for batch in batches {
        all.push(statements::ready(app, &source, batch).await?);
    }
    Ok(all)
}

/// Takes the statements in and rolls them up by person and day.
pub(super) async fn accept(app: &App, batches: Vec<Ready>) -> app::Result<()> {
    // One after another, so that whoever else writes need not wait for all of them.
    for batch in batches {
        let (clock, ids) = (app.clock.clone(), app.ids.clone());
        let write = move |tx: &mut Tx| -> app::Result<()> {
            statements::write_in(tx, &clock, &ids, batch)?;
            Ok(())
        };
        app.store.write(write).await?;
    }
    // First, so that each day's statements are found by the index and not by a look through all that waits.
    while statements::take_in(app).await? {}
    while app::learning::roll_up(app, u32::MAX).await? > 0 {}
    Ok(())
}
