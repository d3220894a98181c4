//! Interventions: define them, set their rollout, note what else happened, record to whom they were given, list them.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadStudyResult, WriteStudy};
use domain::ids::{InterventionId, MetricId, PersonId, UnitId};
use domain::interventions::{Intervention, Lane, Note, Start, Use};
use domain::metrics::Level;
use domain::time::{Day, Instant};
use store::db::{Read, Tx};

use crate::{App, Error, Fault, Ids, Result};

/// An intervention as it arrives, with codes instead of ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Where it stands in what was sent, for faults: `line 12`.
    pub place: String,
    /// Everything but the ids, which are filled in.
    pub intervention: Intervention,
    /// The owner's code.
    pub owner: Option<String>,
    /// The code of the unit whose people it is for.
    pub unit: Option<String>,
    /// The metrics of its lanes, by code, in order.
    pub lanes: Vec<(Level, String)>,
}

/// One unit's start, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRow {
    /// Where it stands in what was sent.
    pub place: String,
    /// The unit's code.
    pub unit: String,
    /// From which day.
    pub day: Day,
    /// Which wave, from 1.
    pub wave: i64,
    /// Whether the order came from a recorded random draw.
    pub drawn: bool,
}

/// A span of days in which a unit is no fair comparison, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// Where it stands in what was sent.
    pub place: String,
    /// The unit's code.
    pub unit: String,
    /// First day.
    pub from: Day,
    /// The day after the last one.
    pub until: Day,
    /// What happened, in words.
    pub reason: String,
    /// Whether studies leave the span out.
    pub leave_out: bool,
}

/// A single use, or a person picked alike who was not given it, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseRow {
    /// Where it stands in what was sent.
    pub place: String,
    /// The person's code.
    pub person: String,
    /// The day it was given, or could have been.
    pub day: Day,
    /// Whether it was given.
    pub given: bool,
    /// How the person came to be on the list.
    pub picked_by: String,
}

/// Defines interventions, each over the one with the same code. Gives how many changed.
pub async fn define(
    app: &App,
    permit: &Permit<WriteStudy>,
    definitions: Vec<Definition>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| define_in(tx, &ids, now, &by, &definitions)).await
}

/// [`define`] inside a transaction.
pub fn define_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    definitions: &[Definition],
) -> Result<usize> {
    let mut faults = Vec::new();
    let mut changed = 0;
    for d in definitions {
        let known = store::interventions::intervention_by_code(tx, &d.intervention.code)?;
        let id = known.as_ref().map_or_else(|| ids.next(now), |k| k.id);
        let owner = match &d.owner {
            None => None,
            Some(code) => {
                let found = store::people::person_by_code(tx, code)?.map(|p| p.id);
                if found.is_none() {
                    faults.push(no_person(&d.place, code));
                }
                found
            }
        };
        let org_unit = match &d.unit {
            None => None,
            Some(code) => {
                let found = store::people::unit_ids(tx, std::slice::from_ref(code))?.remove(code);
                if found.is_none() {
                    faults.push(no_unit(&d.place, code));
                }
                found
            }
        };
        let mut lanes = Vec::with_capacity(d.lanes.len());
        for (position, (lane, code)) in d.lanes.iter().enumerate() {
            match store::metrics::metric_by_code(tx, code)? {
                Some(m) => lanes.push(Lane { metric: m.id, lane: *lane, position: position as i64 }),
                None => faults.push(no_metric(&d.place, code)),
            }
        }
        for (name, amount) in [("minutes", d.intervention.minutes), ("money", d.intervention.money)] {
            if !amount.is_finite() || amount < 0.0 {
                faults.push(Fault::at(&d.place, format!("{name} is {amount}; give a number, 0 or more")));
            }
        }
        if !faults.is_empty() {
            continue;
        }
        let next = Intervention { id, owner, org_unit, ..d.intervention.clone() };
        let mut held = store::interventions::lanes(tx, id)?;
        let mut wanted = lanes.clone();
        for list in [&mut held, &mut wanted] {
            list.sort_by_key(|l| l.metric);
        }
        if known.as_ref() == Some(&next) && held == wanted {
            continue;
        }
        store::interventions::put(tx, &next, now)?;
        store::interventions::set_lanes(tx, id, &lanes)?;
        crate::audit::note(tx, ids, now, by, "support.define", &next.code, &next.name)?;
        changed += 1;
    }
    if faults.is_empty() { Ok(changed) } else { Err(Error::Invalid(faults)) }
}

/// Sets which units start when; the whole rollout of the intervention at once. Gives whether anything changed.
pub async fn set_rollout(
    app: &App,
    permit: &Permit<WriteStudy>,
    code: String,
    rows: Vec<StartRow>,
    dry_run: bool,
) -> Result<bool> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| set_rollout_in(tx, &ids, now, &by, &code, &rows)).await
}

/// [`set_rollout`] inside a transaction.
pub fn set_rollout_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    code: &str,
    rows: &[StartRow],
) -> Result<bool> {
    let id = by_code(tx, code)?.id;
    let codes: Vec<String> = rows.iter().map(|r| r.unit.clone()).collect();
    let units = store::people::unit_ids(tx, &codes)?;
    let mut faults = Vec::new();
    let mut starts: BTreeMap<UnitId, Start> = BTreeMap::new();
    for row in rows {
        match units.get(&row.unit) {
            None => faults.push(no_unit(&row.place, &row.unit)),
            Some(&unit) => {
                let start = Start { unit, day: row.day, wave: row.wave, drawn: row.drawn };
                if starts.insert(unit, start).is_some() {
                    faults.push(Fault::at(
                        &row.place,
                        format!("the unit `{}` starts twice; give each unit one start", row.unit),
                    ));
                }
            }
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut starts: Vec<Start> = starts.into_values().collect();
    starts.sort_by_key(|s| (s.day, s.unit));
    if store::interventions::starts(tx, id)? == starts {
        return Ok(false);
    }
    store::interventions::set_starts(tx, id, &starts)?;
    crate::audit::note(tx, ids, now, by, "support.rollout", code, &format!("{} units", starts.len()))?;
    Ok(true)
}

/// Notes what else happened in a unit for a span of days. Idempotent by unit and first day.
pub async fn note(
    app: &App,
    permit: &Permit<WriteStudy>,
    code: String,
    rows: Vec<NoteRow>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| note_in(tx, &ids, now, &by, &code, &rows)).await
}

/// [`note`] inside a transaction.
pub fn note_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    code: &str,
    rows: &[NoteRow],
) -> Result<usize> {
    let id = by_code(tx, code)?.id;
    let held = store::interventions::notes(tx, id)?;
    let codes: Vec<String> = rows.iter().map(|r| r.unit.clone()).collect();
    let units = store::people::unit_ids(tx, &codes)?;
    let mut faults = Vec::new();
    let mut fresh = Vec::new();
    for row in rows {
        let Some(&unit) = units.get(&row.unit) else {
            faults.push(no_unit(&row.place, &row.unit));
            continue;
        };
        if row.until <= row.from {
            faults
                .push(Fault::at(&row.place, "the span ends before it begins; set the later day as its end"));
        }
        if row.reason.trim().is_empty() {
            faults.push(Fault::at(&row.place, "say in a few words what happened"));
        }
        let note = Note {
            unit,
            from: row.from,
            until: row.until,
            reason: row.reason.trim().to_owned(),
            leave_out: row.leave_out,
        };
        if !held.contains(&note) {
            fresh.push(note);
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    for note in &fresh {
        store::interventions::put_note(tx, id, note)?;
        crate::audit::note(tx, ids, now, by, "support.note", code, &note.reason)?;
    }
    Ok(fresh.len())
}

/// Records to whom it was given, and who was picked alike and not given it. Idempotent by person and day.
pub async fn record_use(
    app: &App,
    permit: &Permit<WriteStudy>,
    code: String,
    rows: Vec<UseRow>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| record_use_in(tx, &ids, now, &by, &code, &rows)).await
}

/// [`record_use`] inside a transaction.
pub fn record_use_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    code: &str,
    rows: &[UseRow],
) -> Result<usize> {
    let id = by_code(tx, code)?.id;
    let codes: Vec<String> = rows.iter().map(|r| r.person.clone()).collect();
    let persons = store::people::person_ids(tx, &codes)?;
    let held: BTreeMap<(PersonId, Day), Use> =
        store::interventions::uses(tx, id)?.into_iter().map(|u| ((u.person, u.day), u)).collect();
    let mut faults = Vec::new();
    let mut fresh: BTreeMap<(PersonId, Day), Use> = BTreeMap::new();
    for row in rows {
        let Some(&person) = persons.get(&row.person) else {
            faults.push(no_person(&row.place, &row.person));
            continue;
        };
        let next = Use { person, day: row.day, given: row.given, picked_by: row.picked_by.trim().to_owned() };
        if held.get(&(person, row.day)) != Some(&next) {
            fresh.insert((person, row.day), next);
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let fresh: Vec<Use> = fresh.into_values().collect();
    store::interventions::put_uses(tx, id, &fresh)?;
    if !fresh.is_empty() {
        crate::audit::note(tx, ids, now, by, "support.use", code, &format!("{} records", fresh.len()))?;
    }
    Ok(fresh.len())
}

/// Supports with all that belongs to them: the definition, its starts and its notes.
pub type Whole = (Definition, Vec<StartRow>, Vec<NoteRow>);

/// [`define`], [`set_rollout`] and [`note`] at once, or nothing of it. A support without starts keeps those it has.
/// Gives how many definitions changed.
pub async fn define_whole(
    app: &App,
    permit: &Permit<WriteStudy>,
    list: Vec<Whole>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| {
        let mut changed = 0;
        for (definition, starts, notes) in list {
            let code = definition.intervention.code.clone();
            changed += define_in(tx, &ids, now, &by, &[definition])?;
            if !starts.is_empty() {
                set_rollout_in(tx, &ids, now, &by, &code, &starts)?;
            }
            note_in(tx, &ids, now, &by, &code, &notes)?;
        }
        Ok(changed)
    })
    .await
}

/// [`set_rollout`] of several supports by code at once, or of none. Gives how many changed.
pub async fn set_rollouts(
    app: &App,
    permit: &Permit<WriteStudy>,
    rollouts: BTreeMap<String, Vec<StartRow>>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    attempt(app, dry_run, move |tx| {
        let mut changed = 0;
        for (code, rows) in &rollouts {
            changed += usize::from(set_rollout_in(tx, &ids, now, &by, code, rows)?);
        }
        Ok(changed)
    })
    .await
}

/// An intervention as listed, with its reach. Never says who.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The intervention.
    pub intervention: Intervention,
    /// Its lanes.
    pub lanes: Vec<(Level, MetricId)>,
    /// Its starts, by day.
    pub starts: Vec<Start>,
    /// Times it was given to single persons.
    pub uses: i64,
    /// To how many persons.
    pub people: i64,
}

/// Every intervention with its reach, by name.
pub async fn list(app: &App, permit: &Permit<ReadStudyResult>) -> Result<Vec<Listed>> {
    let _ = permit;
    app.store.read(list_in).await
}

/// [`list`] inside a read.
pub fn list_in(r: &mut Read) -> Result<Vec<Listed>> {
    let mut starts: BTreeMap<InterventionId, Vec<Start>> = BTreeMap::new();
    for (id, start) in store::interventions::all_starts(r)? {
        starts.entry(id).or_default().push(start);
    }
    let counts: BTreeMap<InterventionId, (i64, i64)> =
        store::interventions::use_counts(r)?.into_iter().map(|(id, n, p)| (id, (n, p))).collect();
    let mut listed = Vec::new();
    for intervention in store::interventions::interventions(r)? {
        let id = intervention.id;
        let (uses, people) = counts.get(&id).copied().unwrap_or_default();
        listed.push(Listed {
            lanes: store::interventions::lanes(r, id)?.iter().map(|l| (l.lane, l.metric)).collect(),
            starts: starts.remove(&id).unwrap_or_default(),
            intervention,
            uses,
            people,
        });
    }
    Ok(listed)
}

fn by_code(r: &mut Read, code: &str) -> Result<Intervention> {
    store::interventions::intervention_by_code(r, code)?.ok_or_else(|| {
        Error::invalid(
            "intervention",
            format!("no support has the code `{code}`; define it first, or correct the code"),
        )
    })
}

pub(crate) fn no_person(place: &str, code: &str) -> Fault {
    Fault::at(place, format!("no person has the code `{code}`; import the person first, or correct the code"))
}
pub(crate) fn no_unit(place: &str, code: &str) -> Fault {
    Fault::at(place, format!("no org unit has the code `{code}`; import the unit first, or correct the code"))
}
pub(crate) fn no_metric(place: &str, code: &str) -> Fault {
    Fault::at(place, format!("no metric has the code `{code}`; define it first, or correct the code"))
}

/// Runs a change, or only says what it would give and keeps nothing of it.
pub(crate) async fn attempt<T: Send + 'static>(
    app: &App,
    dry_run: bool,
    work: impl FnOnce(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    enum Undone<T> {
        Dry(T),
        Failed(Error),
    }
    impl<T> From<store::db::Error> for Undone<T> {
        fn from(error: store::db::Error) -> Self {
            Undone::Failed(error.into())
        }
    }
    let done = app
        .store
        .write(move |tx: &mut Tx| match work(tx) {
            Ok(value) if dry_run => Err(Undone::Dry(value)),
            Ok(value) => Ok(value),
            Err(error) => Err(Undone::Failed(error)),
        })
        .await;
    match done {
        Ok(value) => {
            app.work.notify_one();
            Ok(value)
        }
        Err(Undone::Dry(value)) => Ok(value),
        Err(Undone::Failed(error)) => Err(error),
    }
}
