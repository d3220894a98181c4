//! Working calendars, closures, leave and part time: bring them in.

use std::collections::BTreeSet;

use domain::access::{Permit, WriteAssignment};
use domain::calendars::Calendar;
use domain::time::Day;
use store::db::Tx;

use crate::{App, Error, Fault, Result};

/// A span in which a unit does not work, by the unit's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The unit's code.
    pub unit: String,
    /// First day.
    pub from: Day,
    /// The day after the last one.
    pub until: Day,
    /// Why, in words.
    pub reason: String,
}

/// A span in which a person works less or not at all, by the person's code.
#[derive(Debug, Clone, PartialEq)]
pub struct Leave {
    /// Where it stands in what was sent.
    pub line: u64,
    /// The person's code.
    pub person: String,
    /// First day.
    pub from: Day,
    /// The day after the last one.
    pub until: Day,
    /// What share of the time is worked all the same.
    pub share: f64,
}

/// Takes calendars with the codes of their units, and closures. All or nothing; unknown units are listed.
/// Every metric is judged again with them. With `dry_run` nothing is kept.
pub async fn import_calendars(
    app: &App,
    permit: &Permit<WriteAssignment>,
    calendars: Vec<(Calendar, Vec<String>)>,
    closures: Vec<Closure>,
    dry_run: bool,
) -> Result<()> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| -> Result<()> {
        let named = calendars.iter().flat_map(|(_, units)| units).chain(closures.iter().map(|c| &c.unit));
        let codes: Vec<String> = named.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let units = store::people::unit_ids(tx, &codes)?;
        let unknown = |code: &&String| !units.contains_key(*code);
        let faults: Vec<Fault> = codes
            .iter()
            .filter(unknown)
            .map(|code| {
                let reason = "no org unit has this code; import the unit first, or correct the code";
                Fault::at(format!("unit `{code}`"), reason)
            })
            .collect();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if dry_run {
            return Ok(());
        }
        for (calendar, of) in &calendars {
            let of: Vec<_> = of.iter().filter_map(|code| units.get(code).copied()).collect();
            store::calendars::put_calendar(tx, calendar, &of)?;
        }
        for closure in &closures {
            if let Some(&unit) = units.get(&closure.unit) {
                store::calendars::put_closure(tx, unit, closure.from, closure.until, &closure.reason)?;
            }
        }
        let what = format!("{} calendars, {} closures", calendars.len(), closures.len());
        crate::audit::note(tx, &ids, now, &by, "calendars.import", "", &what)?;
        judge_again(tx)
    };
    app.store.write(work).await?;
    app.work.notify_one();
    Ok(())
}

/// Takes leave and part time. All or nothing; unknown people are listed with their lines. Gives how many spans it took.
/// Every metric is judged again with them. With `dry_run` nothing is kept.
pub async fn import_leave(
    app: &App,
    permit: &Permit<WriteAssignment>,
    rows: Vec<Leave>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| -> Result<usize> {
        let codes: Vec<String> =
            rows.iter().map(|r| r.person.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut persons = std::collections::BTreeMap::new();
        for some in codes.chunks(2_000) {
            persons.extend(store::people::person_ids(tx, some)?);
        }
        let faults: Vec<Fault> = rows
            .iter()
            .filter(|r| !persons.contains_key(&r.person))
            .map(|r| {
                let reason = "no person has this code; import the person first, or correct the code";
                Fault::at(format!("line {}, person `{}`", r.line, r.person), reason)
            })
            .collect();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if !dry_run {
            for row in &rows {
                if let Some(&person) = persons.get(&row.person) {
                    store::calendars::put_away(tx, person, row.from, row.until, row.share)?;
                }
            }
            crate::audit::note(tx, &ids, now, &by, "leave.import", "", &format!("{} spans", rows.len()))?;
            judge_again(tx)?;
        }
        Ok(rows.len())
    };
    let count = app.store.write(work).await?;
    app.work.notify_one();
    Ok(count)
}

fn judge_again(tx: &mut Tx) -> Result<()> {
    let keys: Vec<_> = store::metrics::metrics(tx)?.iter().map(|m| crate::alerts::whole(m.id)).collect();
    store::pipeline::ask(tx, crate::STANDING, keys)?;
    Ok(())
}
