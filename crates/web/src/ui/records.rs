//! Learning records of one person as they were received: one's own, or for a purpose somebody else's.

use app::App;
use app::records::{self as cases, Reading, Record, Wanted};
use axum::extract::State;
use domain::access::{ReadRecords, ReadRecordsAsJob, Relation, permit};
use domain::ids::AccountId;
use domain::time::Day;
use serde::Deserialize;

use super::format::{self, Moment};
use super::health::shown_key;
use super::view::{RecordRow, RecordsAsked, RecordsPage, Sight};
use crate::extract::Query;
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// What is asked for. Fields that were left empty count as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    person: String,
    why: String,
    account: Option<AccountId>,
    verb: String,
    activity: String,
    since: String,
    until: String,
    page: String,
}

fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn day(place: &str, text: &str) -> Answer<Option<Day>> {
    some(text).map(|t| t.parse::<Day>().map_err(|fault| Problem::invalid(place, fault))).transpose()
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let viewer = asker.person()?.person;
    let person = match some(&asked.person) {
        None => viewer,
        // Whoever may not ask for anybody learns nothing of who is there.
        Some(_) if permit(&asker.who, Relation::NONE, ReadRecordsAsJob(viewer)).is_err() => {
            return Err(domain::access::Denied::Forbidden.into());
        }
        Some(code) => cases::person_with_code(&app, &code).await?,
    };
    let own = person == viewer;
    let reading = if own {
        let same = Relation { same: true, ..Relation::NONE };
        Reading::own(&permit(&asker.who, same, ReadRecords(person))?)
    } else {
        let job = permit(&asker.who, Relation::NONE, ReadRecordsAsJob(person))?;
        Reading::for_a_purpose(&app, &asker.who, &job, &asked.why).await?
    };
    let wanted = Wanted {
        account: asked.account,
        verb: some(&asked.verb),
        activity: some(&asked.activity),
        since: day("query.since", &asked.since)?,
        until: day("query.until", &asked.until)?,
        page: some(&asked.page).map(|text| text.parse()).transpose()?,
    };
    let found = cases::read(&app, reading, wanted).await?;
    let mut shell = page::shell(&app, &asker, "Learning records").await?;
    let who =
        if own { "Only you can see your records here." } else { "They read that you looked, and what for." };
    shell.sight = Some(Sight { who: who.to_owned(), ..Sight::default() });
    let more = found.next.map(|next| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("person", &asked.person),
            ("why", &asked.why),
            ("verb", &asked.verb),
            ("activity", &asked.activity),
            ("since", &asked.since),
            ("until", &asked.until),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if let Some(account) = found.account {
            query.append_pair("account", &account.to_string());
        }
        format!("/records?{}", query.append_pair("page", &next.to_string()).finish())
    });
    let chosen = found.account;
    let accounts = found.accounts.iter().map(|a| (a.id.to_string(), shown_key(&a.key), Some(a.id) == chosen));
    page::html(&RecordsPage {
        shell,
        name: if own { String::new() } else { found.person.name.clone() },
        may_ask: permit(&asker.who, Relation::NONE, ReadRecordsAsJob(viewer)).is_ok(),
        asked: RecordsAsked {
            person: asked.person,
            why: asked.why,
            verb: asked.verb,
            activity: asked.activity,
            since: asked.since,
            until: asked.until,
        },
        accounts: accounts.collect(),
        rows: found.records.into_iter().map(|record| row(&app, record)).collect(),
        more,
    })
}

fn row(app: &App, record: Record) -> RecordRow {
    let counted = match &record.counted {
        None => "Nothing is counted from it".to_owned(),
        Some(day) => {
            let mut parts = vec![format::plural(day.statements.unsigned_abs(), "record", "records")];
            if day.minutes > 0.0 {
                parts.push(format::minutes(day.minutes));
            }
            if day.completions > 0 {
                parts.push(format::plural(day.completions.unsigned_abs(), "completion", "completions"));
            }
            if day.passes > 0 {
                parts.push(format::plural(day.passes.unsigned_abs(), "pass", "passes"));
            }
            format!("On {}: {}", format::date(day.day, app.today()), parts.join(", "))
        }
    };
    let verb = record.verb.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or(&record.verb);
    RecordRow {
        at: record.at.map(|at| Moment::of(at, &app.settings.zone)),
        verb: verb.to_owned(),
        activity: record.activity.unwrap_or_default(),
        counted,
        text: record.text,
    }
}
