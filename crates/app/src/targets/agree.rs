//! Agreeing on a level: who set a target or promised a commitment, and that the other one agrees, in one tap.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadMetrics};
use domain::ids::{MetricId, PersonId};
use domain::time::Instant;
use store::db::{Read, Tx};
use uuid::Uuid;

use crate::notify::{Teller, Telling};
use crate::{App, Error, Result, Topic};

/// That somebody agreed to a level, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Their name.
    pub name: String,
    /// When.
    pub at: Instant,
}

/// Who agreed to which level.
pub(crate) fn agreed(r: &mut Read, levels: &[Uuid]) -> Result<BTreeMap<Uuid, Agreed>> {
    let rows = store::targets::agreements(r, levels)?;
    let people: Vec<PersonId> = rows.iter().map(|row| row.1).collect();
    let names = store::people::names(r, &people)?;
    Ok(rows
        .into_iter()
        .map(|(level, person, at)| {
            (level, Agreed { name: names.get(&person).cloned().unwrap_or_default(), at })
        })
        .collect())
}

/// Tells the other one of a person and their leader about a level that one of them has set.
pub(crate) fn tell_of_level(
    tx: &mut Tx,
    teller: &Teller,
    by: PersonId,
    person: PersonId,
    metric: MetricId,
    what: &str,
) -> Result<Option<PersonId>> {
    let metric = store::metrics::metric(tx, metric)?.ok_or(Error::NotFound("metric"))?;
    let leader = store::people::leaders_on(tx, person, teller.today)?.first().copied();
    let Some(other) = (if by == person { leader } else { Some(person) }) else { return Ok(None) };
    let (Some(who), Some(other)) = (store::people::person(tx, by)?, store::people::person(tx, other)?) else {
        return Ok(None);
    };
    let text = format!("{}: {} {what}", metric.name, who.name);
    let telling = Telling {
        about: "level",
        about_id: metric.id.uuid(),
        more: format!("{text}. The reason is on the metric's page, where you can agree."),
        text,
        path: format!("/people/{person}/metrics/{}", metric.id),
    };
    teller.tell(tx, &other, &telling)?;
    Ok(Some(other.id))
}

/// Agrees to a level that the other one has set: the person to their target, their leader to a commitment.
///
/// # Errors
/// [`Error::NotFound`] where it is no level of this person and metric, [`Error::Conflict`] for one's own.
pub async fn agree(app: &App, permit: &Permit<ReadMetrics>, metric: MetricId, level: Uuid) -> Result<()> {
    let person = permit.asked().0;
    let by = permit.person().ok_or(domain::access::Denied::Forbidden)?;
    let now = app.now();
    app.store
        .write(move |tx: &mut Tx| -> Result<()> {
            let own = domain::targets::TargetScope::Person(person);
            let target = store::targets::targets(tx, &[metric])?
                .into_iter()
                .find(|t| t.id.uuid() == level && t.scope == own);
            let promise = store::targets::commitments_of(tx, &[person])?
                .into_iter()
                .find(|c| c.metric == metric && c.id.uuid() == level);
            let set_by = match (&target, &promise) {
                (Some(t), _) => &t.set_by,
                (None, Some(c)) => &c.set_by,
                (None, None) => return Err(Error::NotFound("target or commitment")),
            };
            // Whoever set it has said so already; a promise is agreed by whoever reads it as their leader.
            if *set_by == by.to_string() || (target.is_some() && by != person) {
                return Err(Error::Conflict("this is for the other one to agree".into()));
            }
            Ok(store::targets::add_agreement(tx, level, by, now)?)
        })
        .await?;
    for topic in [Topic::Today, Topic::Team] {
        app.live.tell(person, topic);
        app.live.tell(by, topic);
    }
    Ok(())
}
