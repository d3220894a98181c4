//! How long what is kept: rules of the configuration, what they would take away now, and taking it away, once a day.
//!
//! What was counted from statements stays: the days of learning that they touched are final from then on. Each rule looks at every
//! statement once, when it has the age; how far it has come is noted with what it took away.

use domain::access::{ApplyRetention, Permit, ReadRetention};
use domain::forwarding::Filter;
use domain::retention::{Class, Rule};
use domain::time::Instant;
use store::db::{Read, Tx};
use store::{documents, outbox, pipeline, statements as rows};

use crate::signed::Key;
use crate::statements::remove;
use crate::{App, Error, Result, audit, forwarding, learning};

/// Statements that one transaction looks at.
const STRIDE: u32 = 1_000;
/// Statements that a look goes through at most.
const LOOKED: i64 = 50_000;
/// The act by which the audit log knows what went.
const ACT: &str = "retention";

/// What a rule would take away now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: Rule,
    /// How much that is.
    pub count: u64,
    /// Whether there may be more: the look ended before everything was looked at.
    pub more: bool,
    /// What keeps the rule from being applied.
    pub fault: Option<String>,
}

/// What rules took away before: when, what, how much.
pub type Past = Vec<(Instant, String, String)>;

/// What each rule would take away now, and what they took away lately. Changes nothing.
pub async fn look(app: &App, _: &Permit<ReadRetention>) -> Result<(Vec<Due>, Past)> {
    let (settings, now, today) = (app.settings.clone(), app.now(), app.today());
    app.store
        .read(move |r| -> Result<_> {
            let mut all = Vec::with_capacity(settings.retention.len());
            for rule in &settings.retention {
                let before = limit(rule, now);
                let (count, more, fault) = match (rule.class, owners(rule.class)) {
                    (Class::Deliveries, _) => (outbox::older(r, before)?.unsigned_abs(), false, None),
                    (_, Some(owners)) => {
                        (documents::older(r, owners, &rule.activities, before)?.unsigned_abs(), false, None)
                    }
                    _ => match filter(r, rule)? {
                        None => (0, false, Some(format!("no unit has the code `{}`", rule.unit))),
                        Some(filter) => {
                            let (from, to) = span(r, rule, before)?;
                            let last = to.min(from + LOOKED);
                            let (mut at, mut count) = (from, 0);
                            while let Some(next) = next(r, at, last)? {
                                at = next.last().map_or(last, |seen| seen.seq);
                                let chosen = forwarding::choose(r, &filter, &next, today)?;
                                // One that voids another stays.
                                let voids: Vec<i64> =
                                    next.iter().filter(|s| s.voids.is_some()).map(|s| s.seq).collect();
                                count += chosen.iter().filter(|(seq, _)| !voids.contains(seq)).count() as u64;
                            }
                            (count, last < to, None)
                        }
                    },
                };
                all.push(Due { rule: rule.clone(), count, more, fault });
            }
            Ok((all, store::audit::notes_of(r, ACT, 30)?))
        })
        .await
}

/// Takes away what the rules do not let stay. Gives for each rule how much that was.
pub async fn apply(app: &App, may: &Permit<ApplyRetention>) -> Result<Vec<(Rule, u64)>> {
    let mut all = Vec::with_capacity(app.settings.retention.len());
    for rule in app.settings.retention.clone() {
        let count = match rule.class {
            Class::Statements => statements(app, &rule).await?,
            _ => others(app, &rule).await?,
        };
        if count > 0 {
            let (now, ids, by) = (app.now(), app.ids.clone(), may.by().to_owned());
            let subject = format!("{} after {} days", rule.about(), rule.days);
            app.store
                .write(move |tx| -> Result<()> {
                    audit::note(tx, &ids, now, &by, ACT, &subject, &format!("{count} went"))
                })
                .await?;
        }
        all.push((rule, count));
    }
    Ok(all)
}

/// The kinds of documents of a class, where it is one of documents.
const fn owners(class: Class) -> Option<&'static [&'static str]> {
    match class {
        Class::State => Some(&["state"]),
        Class::Profiles => Some(&["agent", "activity"]),
        Class::Statements | Class::Deliveries => None,
    }
}

/// Before which moment something must be for a rule.
fn limit(rule: &Rule, now: Instant) -> Instant {
    now.plus_seconds(-i64::from(rule.days) * 86_400)
}

async fn others(app: &App, rule: &Rule) -> Result<u64> {
    let (rule, before) = (rule.clone(), limit(rule, app.now()));
    app.store
        .write(move |tx: &mut Tx| -> Result<u64> {
            Ok(match owners(rule.class) {
                Some(owners) => documents::drop_older(tx, owners, &rule.activities, before)?,
                None => outbox::drop_older(tx, before)?,
            })
        })
        .await
}

/// How a rule's place is noted: by what it says, so that one that is changed begins anew.
fn setting(rule: &Rule) -> Result<String> {
    let text = serde_json::to_string(rule).map_err(Error::internal)?;
    Ok(format!("retention:{}", xapi::sha2_of(text.as_bytes(), 64).unwrap_or_default()))
}

/// After which place a rule looks, and up to which: nothing that is not counted yet.
fn span(r: &mut Read, rule: &Rule, before: Instant) -> Result<(i64, i64)> {
    let from = pipeline::setting(r, &setting(rule)?)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let to = rows::seq_at(r, before)?.min(pipeline::position(r, learning::LEARNING)?);
    Ok((from, to))
}

/// What a rule asks of statements; `None` where its unit is not there.
fn filter(r: &mut Read, rule: &Rule) -> Result<Option<Filter>> {
    let unit = match rule.unit.as_str() {
        "" => None,
        code => match store::people::unit_ids(r, &[code.to_owned()])?.remove(code) {
            None => return Ok(None),
            found => found,
        },
    };
    Ok(Some(Filter { verbs: rule.verbs.clone(), activities: rule.activities.clone(), unit }))
}

/// The next statements after a place, no further than another; `None` where there are none.
fn next(r: &mut Read, at: i64, to: i64) -> Result<Option<Vec<store::forwarding::Seen>>> {
    let mut some = store::forwarding::after(r, at, STRIDE)?;
    some.retain(|seen| seen.seq <= to);
    Ok((!some.is_empty()).then_some(some))
}

async fn statements(app: &App, rule: &Rule) -> Result<u64> {
    while crate::statements::take_in(app).await? {}
    let mut count = 0;
    loop {
        let (rule, now, today, zone) = (rule.clone(), app.now(), app.today(), app.settings.zone.clone());
        let step = app
            .store
            .write(move |tx: &mut Tx| -> Result<Option<u64>> {
                let Some(filter) = filter(tx, &rule)? else {
                    tracing::warn!(unit = rule.unit, "a rule of retention names a unit that is not there");
                    return Ok(None);
                };
                let (from, to) = span(tx, &rule, limit(&rule, now))?;
                let Some(next) = next(tx, from, to)? else { return Ok(None) };
                let last = next.last().map_or(to, |seen| seen.seq);
                let chosen: Vec<i64> =
                    forwarding::choose(tx, &filter, &next, today)?.into_iter().map(|(seq, _)| seq).collect();
                let key = Key::of(tx)?;
                let removed = remove::remove(tx, &chosen, &key, now)?;
                learning::make_final(tx, &zone, &removed.done)?;
                pipeline::set_setting(tx, &setting(&rule)?, &last.to_string())?;
                Ok(Some(removed.count))
            })
            .await?;
        match step {
            Some(some) => count += some,
            None => return Ok(count),
        }
    }
}
