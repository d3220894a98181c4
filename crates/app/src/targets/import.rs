//! Targets and commitments from files: compared with what holds, then added as versions, all of them or none.

use std::collections::{BTreeMap, BTreeSet};

use connect::targets::{CommitmentRow, ScopeCode, TargetRow};
use domain::access::{Permit, SendTargets};
use domain::ids::{MetricId, PersonId};
use domain::metrics::{Grain, Metric};
use domain::targets::{Commitment, Target, TargetScope, version_on};
use domain::time::{Day, Instant};
use store::db::{Read, Tx};

use super::{Level, ask_standing, check};
use crate::interventions::attempt;
use crate::people::{Change, Difference};
use crate::{App, Error, Fault, Ids, Result};

/// Who sends, when, from what, and into what.
struct Sender {
    ids: Ids,
    now: Instant,
    today: Day,
    by: String,
    /// What the rows come from, for the reason of those that give none.
    source: String,
}

impl Sender {
    fn of(app: &App, permit: &Permit<SendTargets>, source: &str) -> Self {
        let now = app.now();
        Self {
            ids: app.ids.clone(),
            now,
            today: now.day(&app.settings.zone),
            by: permit.by().to_owned(),
            source: source.to_owned(),
        }
    }
    fn why(&self, row: Option<&String>) -> String {
        row.cloned().unwrap_or_else(|| format!("imported from {}", self.source))
    }
    /// From when a row holds that does not say it: the running period of the metric.
    fn from(&self, row: Option<Day>, metric: &Metric) -> Day {
        row.unwrap_or_else(|| metric.cadence.rolled().start(self.today))
    }
}

/// Adds the targets of a file as versions, with who and why. Rows that change nothing add none.
///
/// A tolerance or window that a row does not give stays as it was; a new target tolerates nothing and looks at four periods.
pub async fn import_targets(
    app: &App,
    permit: &Permit<SendTargets>,
    rows: Vec<TargetRow>,
    source: &str,
    dry_run: bool,
) -> Result<Difference> {
    let sender = Sender::of(app, permit, source);
    attempt(app, dry_run, move |tx| {
        let (fresh, difference) = plan_targets(tx, &sender, &rows)?;
        for target in &fresh {
            store::targets::add_target(tx, target)?;
        }
        let metrics = fresh.iter().map(|t| t.metric).collect();
        wrote(tx, &sender, "targets.import", metrics, difference, dry_run)
    })
    .await
}

/// Adds the commitments of a file as versions, with who and why. Rows that change nothing add none.
pub async fn import_commitments(
    app: &App,
    permit: &Permit<SendTargets>,
    rows: Vec<CommitmentRow>,
    source: &str,
    dry_run: bool,
) -> Result<Difference> {
    let sender = Sender::of(app, permit, source);
    attempt(app, dry_run, move |tx| {
        let (fresh, difference) = plan_commitments(tx, &sender, &rows)?;
        for commitment in &fresh {
            store::targets::add_commitment(tx, commitment)?;
        }
        let metrics = fresh.iter().map(|c| c.metric).collect();
        wrote(tx, &sender, "commitments.import", metrics, difference, dry_run)
    })
    .await
}

/// Asks for what follows from new versions, and writes down that they came.
fn wrote(
    tx: &mut Tx,
    sender: &Sender,
    what: &str,
    metrics: BTreeSet<MetricId>,
    difference: Difference,
    dry_run: bool,
) -> Result<Difference> {
    for metric in metrics {
        ask_standing(tx, metric)?;
    }
    if !difference.changes.is_empty() {
        let detail = format!("{} changes", difference.changes.len());
        crate::audit::note(tx, &sender.ids, sender.now, &sender.by, what, &sender.source, &detail)?;
    }
    Ok(Difference { applied: !dry_run && !difference.changes.is_empty(), ..difference })
}

fn metrics_by_code(r: &mut Read) -> Result<BTreeMap<String, Metric>> {
    Ok(store::metrics::metrics(r)?.into_iter().map(|m| (m.code.clone(), m)).collect())
}

fn persons_by_code<'a>(
    r: &mut Read,
    codes: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, PersonId>> {
    let codes: Vec<String> = codes.collect::<BTreeSet<_>>().into_iter().cloned().collect();
    Ok(store::people::person_ids(r, &codes)?)
}

/// A metric by its code, or the fault that there is none.
fn metric<'a>(
    known: &'a BTreeMap<String, Metric>,
    line: u64,
    code: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'a Metric> {
    let found = known.get(code);
    if found.is_none() {
        faults.push(Fault::at(
            format!("line {line}, metric"),
            format!("no metric has the code `{code}`; define it first, or correct the code"),
        ));
    }
    found
}

/// The faults of a level, named by the line.
fn sound(line: u64, level: &Level, faults: &mut Vec<Fault>) -> bool {
    match check(level) {
        Err(Error::Invalid(found)) => {
            faults
                .extend(found.into_iter().map(|f| Fault::at(format!("line {line}, {}", f.place), f.reason)));
            false
        }
        _ => true,
    }
}

fn plan_targets(r: &mut Read, sender: &Sender, rows: &[TargetRow]) -> Result<(Vec<Target>, Difference)> {
    let metrics = metrics_by_code(r)?;
    let persons = persons_by_code(
        r,
        rows.iter().filter_map(|row| match &row.scope {
            ScopeCode::Person(code) => Some(code),
            _ => None,
        }),
    )?;
    let units: BTreeMap<String, _> = store::people::units(r)?.into_iter().map(|u| (u.code, u.id)).collect();
    let roles: BTreeMap<String, _> =
        store::people::job_roles(r)?.into_iter().map(|role| (role.code, role.id)).collect();
    let asked: Vec<MetricId> = rows
        .iter()
        .filter_map(|row| metrics.get(&row.metric).map(|m| m.id))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut held: BTreeMap<(MetricId, TargetScope), Vec<Target>> = BTreeMap::new();
    for target in store::targets::targets(r, &asked)? {
        held.entry((target.metric, target.scope)).or_default().push(target);
    }
    let (mut fresh, mut difference, mut faults) = (Vec::new(), Difference::default(), Vec::new());
    for row in rows {
        let Some(metric) = metric(&metrics, row.line, &row.metric, &mut faults) else { continue };
        let (scope, whom) = match &row.scope {
            ScopeCode::All => (Some(TargetScope::All), "all".to_owned()),
            ScopeCode::Person(code) => {
                (persons.get(code).copied().map(TargetScope::Person), format!("person {code}"))
            }
            ScopeCode::Unit(code) => {
                (units.get(code).copied().map(TargetScope::Unit), format!("unit {code}"))
            }
            ScopeCode::JobRole(name) => {
                let code = domain::people::fold(name).replace(' ', "_");
                (roles.get(&code).copied().map(TargetScope::JobRole), format!("job role {name}"))
            }
        };
        let Some(scope) = scope else {
            let reason = format!("there is no {whom}; import it first, or correct the code");
            faults.push(Fault::at(format!("line {}, subject", row.line), reason));
            continue;
        };
        if metric.grain == Grain::Unit && matches!(scope, TargetScope::Person(_) | TargetScope::JobRole(_)) {
            let reason = format!("`{}` is measured for org units; name a unit, or all", metric.code);
            faults.push(Fault::at(format!("line {}, scope", row.line), reason));
            continue;
        }
        let versions = held.entry((metric.id, scope)).or_default();
        let from = sender.from(row.from, metric);
        let now = version_on(versions, from, |t| (t.from, t.version)).filter(|t| !t.ended);
        let level = Level {
            level: row.level.or(now.map(|t| t.level)).unwrap_or(0.0),
            tolerance: row.tolerance.or(now.map(|t| t.tolerance)).unwrap_or(0.0),
            window: row.window.or(now.map(|t| t.window)).unwrap_or(4),
            from: Some(from),
            ended: row.ended,
            why: sender.why(row.why.as_ref()),
        };
        if !sound(row.line, &level, &mut faults) {
            continue;
        }
        let same = match now {
            None => row.ended,
            Some(t) => {
                !row.ended && (t.level, t.tolerance, t.window) == (level.level, level.tolerance, level.window)
            }
        };
        if same {
            difference.unchanged += 1;
            continue;
        }
        let words = |level: f64, tolerance: f64, window: u32| format!("{level} ± {tolerance} over {window}");
        let was = now.map(|t| words(t.level, t.tolerance, t.window));
        let is = (!row.ended).then(|| words(level.level, level.tolerance, level.window));
        difference.changes.push(Change {
            line: row.line,
            what: format!("target of {} for {whom}", metric.code),
            how: step(was, is, from),
        });
        let target = Target {
            id: sender.ids.next(sender.now),
            metric: metric.id,
            scope,
            version: versions.iter().map(|t| t.version).max().unwrap_or(0) + 1,
            level: level.level,
            tolerance: level.tolerance,
            window: level.window,
            from,
            ended: level.ended,
            set_by: sender.by.clone(),
            set_at: sender.now,
            why: level.why.trim().to_owned(),
        };
        versions.push(target.clone());
        fresh.push(target);
    }
    if faults.is_empty() { Ok((fresh, difference)) } else { Err(Error::Invalid(faults)) }
}

fn plan_commitments(
    r: &mut Read,
    sender: &Sender,
    rows: &[CommitmentRow],
) -> Result<(Vec<Commitment>, Difference)> {
    let metrics = metrics_by_code(r)?;
    let persons = persons_by_code(r, rows.iter().map(|row| &row.person))?;
    let mut held: BTreeMap<(PersonId, MetricId), Vec<Commitment>> = BTreeMap::new();
    let whose: Vec<PersonId> = persons.values().copied().collect();
    for some in whose.chunks(2_000) {
        for commitment in store::targets::commitments_of(r, some)? {
            held.entry((commitment.person, commitment.metric)).or_default().push(commitment);
        }
    }
    let (mut fresh, mut difference, mut faults) = (Vec::new(), Difference::default(), Vec::new());
    for row in rows {
        let found = metric(&metrics, row.line, &row.metric, &mut faults);
        let person = persons.get(&row.person).copied();
        if person.is_none() {
            faults.push(crate::interventions::no_person(&format!("line {}, person", row.line), &row.person));
        }
        let (Some(metric), Some(person)) = (found, person) else { continue };
        if metric.grain != Grain::Person {
            let reason =
                format!("`{}` is measured for org units, and only a person can promise", metric.code);
            faults.push(Fault::at(format!("line {}, metric", row.line), reason));
            continue;
        }
        let versions = held.entry((person, metric.id)).or_default();
        let from = sender.from(row.from, metric);
        let now = version_on(versions, from, |c| (c.from, c.version)).filter(|c| !c.ended);
        let level = Level {
            level: row.level.or(now.map(|c| c.level)).unwrap_or(0.0),
            tolerance: 0.0,
            window: 1,
            from: Some(from),
            ended: row.ended,
            why: sender.why(row.why.as_ref()),
        };
        if !sound(row.line, &level, &mut faults) {
            continue;
        }
        let same = now.map_or(row.ended, |c| !row.ended && c.level == level.level);
        if same {
            difference.unchanged += 1;
            continue;
        }
        difference.changes.push(Change {
            line: row.line,
            what: format!("commitment of person {} on {}", row.person, metric.code),
            how: step(now.map(|c| c.level.to_string()), (!row.ended).then(|| level.level.to_string()), from),
        });
        let commitment = Commitment {
            id: sender.ids.next(sender.now),
            person,
            metric: metric.id,
            version: versions.iter().map(|c| c.version).max().unwrap_or(0) + 1,
            level: level.level,
            from,
            ended: level.ended,
            set_by: sender.by.clone(),
            set_at: sender.now,
            why: level.why.trim().to_owned(),
        };
        versions.push(commitment.clone());
        fresh.push(commitment);
    }
    if faults.is_empty() { Ok((fresh, difference)) } else { Err(Error::Invalid(faults)) }
}

/// "new: 42 from 2026-03-02", "40 to 42 from 2026-03-02", "ends on 2026-03-02: 42".
fn step(was: Option<String>, is: Option<String>, from: Day) -> String {
    match (was, is) {
        (Some(was), Some(is)) => format!("{was} to {is} from {from}"),
        (None, Some(is)) => format!("new: {is} from {from}"),
        (Some(was), None) => format!("{was} ends on {from}"),
        (None, None) => format!("none from {from}"),
    }
}
