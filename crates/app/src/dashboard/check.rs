//! The look at a metric after a talk: what came, and what would have come without doing anything.

use domain::coaching::{Action, Session};
use domain::ids::{PersonId, SessionId};
use domain::metrics::Metric;
use domain::people::OrgTree;
use domain::studies::{WINDOW, WayBack, way_back};
use domain::time::Day;
use store::db::Read;
use uuid::Uuid;

use crate::Result;

/// People in the same place from whose histories the way back is learnt: the nearest unit with so many of them.
const ENOUGH: usize = 20;
/// More add nothing that a chart could show.
const MOST: usize = 300;
/// Periods before the talk from which levels are learnt.
const HISTORY: i32 = 52;
/// Periods that the funnel reaches at most.
const LONGEST: i32 = 26;

/// One look after a talk.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRead {
    /// The talk it came out of.
    pub session: SessionId,
    /// The day of the talk.
    pub talk: Day,
    /// The day agreed for looking again.
    pub check: Day,
    /// The first period of `values`.
    pub first: Day,
    /// The person's values by period, with holes, up to the newest period that could have come.
    pub values: Vec<Option<f64>>,
    /// Position in `values` of the first period after the talk.
    pub at: usize,
    /// What was to be expected; `None` where too little is known to say.
    pub way: Option<WayBack>,
}

/// Reads the look that came out of a talk on a metric.
pub(super) fn check_of(
    r: &mut Read,
    session: &Session,
    action: &Action,
    metric: &Metric,
    today: Day,
) -> Result<CheckRead> {
    let cadence = metric.cadence.rolled();
    let newest = cadence.step(cadence.start(today), -1);
    // The period that the talk fell into is half before it; the next one is the first after it.
    let after = cadence.step(cadence.start(session.opened_on), 1);
    let first = cadence.step(after, -HISTORY);
    let until = cadence.step(after, LONGEST - 1).min(newest);
    let length = cadence.steps_between(first, until).max(HISTORY - 1) + 1;
    let peers = peers(r, session.person, today)?;
    let mut subjects: Vec<Uuid> = peers.iter().map(|p| p.uuid()).collect();
    subjects.push(session.person.uuid());
    let readings = store::metrics::readings_of(r, &subjects, &[metric.id], first, until)?;
    let history = |subject: Uuid| -> Vec<Option<f64>> {
        let mut values = vec![None; length as usize];
        let from = readings.partition_point(|x| x.subject < subject);
        for reading in readings[from..].iter().take_while(|x| x.subject == subject) {
            let at = cadence.steps_between(first, reading.period);
            if let Some(slot) = usize::try_from(at).ok().and_then(|at| values.get_mut(at)) {
                *slot = reading.quantity.value();
            }
        }
        values
    };
    let others: Vec<Vec<Option<f64>>> = peers.iter().map(|p| history(p.uuid())).collect();
    let mut values = history(session.person.uuid());
    let came = cadence.steps_between(first, cadence.step(until, 1)).max(0) as usize;
    values.truncate(came);
    let at = HISTORY as usize;
    let horizon = cadence.steps_between(after, cadence.start(action.check.max(until))) + 1;
    let way = way_back(&values, &others, at, horizon.clamp(1, LONGEST) as usize);
    let kept = at.saturating_sub(WINDOW).min(values.len());
    values.drain(..kept);
    Ok(CheckRead {
        session: session.id,
        talk: session.opened_on,
        check: action.check,
        first: cadence.step(first, kept as i32),
        at: at - kept,
        values,
        way,
    })
}

/// Others with the same job role in the nearest unit above a person that has enough of them.
fn peers(r: &mut Read, person: PersonId, today: Day) -> Result<Vec<PersonId>> {
    let Some(held) = store::people::membership_on(r, person, today)? else { return Ok(Vec::new()) };
    let tree = OrgTree::on(today, &store::people::placements(r)?);
    let mut found: Vec<PersonId> = Vec::new();
    for unit in std::iter::once(held.unit).chain(tree.ancestors(held.unit)) {
        found.clear();
        for below in tree.subtree(unit) {
            let members = store::people::members_on(r, below, today)?;
            found.extend(
                members.iter().filter(|(p, role)| p.id != person && *role == held.job_role).map(|m| m.0.id),
            );
            if found.len() >= MOST {
                break;
            }
        }
        if found.len() >= ENOUGH {
            break;
        }
    }
    found.sort_unstable();
    found.truncate(MOST);
    Ok(found)
}
