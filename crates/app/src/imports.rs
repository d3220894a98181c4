//! Files as people have them: each is read whole, compared with what is there, and applied whole or not at all.
//!
//! The command line, the API and the page of people bring the same files here, so that a file means the same everywhere.
//! What a file must look like is `connect`'s; what its rows may change is decided by the noun concerned.

pub mod second;

use std::io::Read;

use connect::csv::{Dialect, Imported, Limits, Options, Problems};
use connect::definitions::{self, Definitions};
pub use connect::metrics::{Wide, WideMetric};
use connect::rules::RuleDefinition;
use domain::access::{Permit, ReadRules, SendObservations, SendTargets, WriteAssignment, WriteRules};
use domain::figures::plural;
use domain::ids::MetricId;
use domain::metrics::Metric;
use serde::Serialize;

use crate::metrics::{Incoming, OnProblem};
use crate::people::{Change, Difference, PersonRow, UnitRow};
use crate::{App, Error, Fault, Result};

/// What a file would change, or did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether anything was written.
    pub applied: bool,
    /// The outcome in a few words: `12 changes, 3 unchanged`.
    pub summary: String,
    /// What changes, in the order of the file; of observations, the corrections.
    pub changes: Vec<Change>,
    /// How many rows change nothing.
    pub unchanged: usize,
    /// Rows that were left out because the sender asked for the good ones only.
    pub left_out: Vec<Fault>,
    /// How the file was read; `None` for definitions.
    pub read: Option<Dialect>,
}

impl Report {
    fn of(difference: Difference, read: Option<Dialect>) -> Self {
        let Difference { changes, unchanged, applied } = difference;
        let summary = format!("{}, {unchanged} unchanged", plural(changes.len(), "change", "changes"));
        Self { applied, summary, changes, unchanged, left_out: Vec::new(), read }
    }
}

/// Why a file is refused, each fault with its line.
pub fn faults(problems: Problems) -> Vec<Fault> {
    let mut faults: Vec<Fault> = problems
        .listed
        .into_iter()
        .map(|p| {
            let place = match (p.line, &p.column) {
                (0, None) => "file".to_owned(),
                (0, Some(column)) => format!("column `{column}`"),
                (line, None) => format!("line {line}"),
                (line, Some(column)) => format!("line {line}, column `{column}`"),
            };
            let value = if p.value.is_empty() { String::new() } else { format!("`{}`: ", p.value) };
            Fault::at(place, format!("{value}{}; {}", p.reason, p.remedy))
        })
        .collect();
    if problems.more > 0 {
        faults.push(Fault::at("file", format!("and {} more; mend these first", problems.more)));
    }
    faults
}

/// Reads a file on a thread of its own: a long one takes seconds.
async fn reading<F, T>(file: F, read: impl FnOnce(F) -> T + Send + 'static) -> Result<T>
where
    F: Read + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(move || read(file)).await.map_err(Error::internal)
}

/// The rows of a file without a fault, and how it was read.
async fn whole<F, T>(
    file: F,
    read: impl FnOnce(F, &Options) -> Imported<T> + Send + 'static,
) -> Result<(T, Option<Dialect>)>
where
    F: Read + Send + 'static,
    T: Send + 'static,
{
    reading(file, move |f| read(f, &Options::default()).whole())
        .await?
        .map_err(|problems| Error::Invalid(faults(problems)))
}

/// Org units from CSV.
pub async fn units(
    app: &App,
    permit: &Permit<WriteAssignment>,
    file: impl Read + Send + 'static,
    dry_run: bool,
) -> Result<Report> {
    let (listed, read) = whole(file, connect::people::units).await?;
    let rows = listed
        .rows
        .into_iter()
        .map(|r| UnitRow {
            line: r.line,
            code: r.code,
            name: r.name,
            kind: r.kind,
            parent: r.parent,
            from: r.from,
            until: r.until,
            zone: r.timezone,
        })
        .collect();
    Ok(Report::of(crate::people::import_units(app, permit, rows, dry_run).await?, read))
}

/// People from CSV.
pub async fn people(
    app: &App,
    permit: &Permit<WriteAssignment>,
    file: impl Read + Send + 'static,
    dry_run: bool,
) -> Result<Report> {
    let (listed, read) = whole(file, connect::people::people).await?;
    let rows = listed
        .rows
        .into_iter()
        .map(|r| PersonRow {
            line: r.line,
            code: r.code,
            name: r.name,
            email: r.email,
            unit: r.unit,
            job_role: r.job_role,
            leader: r.leader,
            from: r.from,
            until: r.until,
            accounts: r.accounts.iter().map(connect::people::AccountRef::key).collect(),
            state: r.state,
        })
        .collect();
    Ok(Report::of(crate::people::import_persons(app, permit, rows, dry_run).await?, read))
}

/// Targets from CSV. `name` is what the history calls the file where a row gives no reason.
pub async fn targets(
    app: &App,
    permit: &Permit<SendTargets>,
    file: impl Read + Send + 'static,
    name: &str,
    dry_run: bool,
) -> Result<Report> {
    let (listed, read) = whole(file, connect::targets::targets).await?;
    Ok(Report::of(crate::targets::import_targets(app, permit, listed.rows, name, dry_run).await?, read))
}

/// Commitments from CSV. `name` is what the history calls the file where a row gives no reason.
pub async fn commitments(
    app: &App,
    permit: &Permit<SendTargets>,
    file: impl Read + Send + 'static,
    name: &str,
    dry_run: bool,
) -> Result<Report> {
    let (listed, read) = whole(file, connect::targets::commitments).await?;
    Ok(Report::of(crate::targets::import_commitments(app, permit, listed.rows, name, dry_run).await?, read))
}

/// Working calendars and closures from TOML.
pub async fn calendars(
    app: &App,
    permit: &Permit<WriteAssignment>,
    file: impl Read + Send + 'static,
    dry_run: bool,
) -> Result<Report> {
    let read = reading(file, |file| connect::calendars::calendars(file, &Limits::default())).await?;
    let all = read.map_err(|problems| Error::Invalid(faults(problems)))?;
    Ok(Report::of(crate::calendars::import_calendars(app, permit, all, dry_run).await?, None))
}

/// Leave and part time from CSV.
pub async fn leave(
    app: &App,
    permit: &Permit<WriteAssignment>,
    file: impl Read + Send + 'static,
    dry_run: bool,
) -> Result<Report> {
    let (listed, read) = whole(file, connect::calendars::leave).await?;
    Ok(Report::of(crate::calendars::import_leave(app, permit, listed.rows, dry_run).await?, read))
}

/// Rules for reds from TOML.
pub async fn rules(
    app: &App,
    permit: &Permit<WriteRules>,
    file: impl Read + Send + 'static,
    dry_run: bool,
) -> Result<Report> {
    let read = reading(file, |file| connect::rules::read(file, &Limits::default())).await?;
    let rules = read.map_err(|problems| Error::Invalid(faults(problems)))?;
    let changes = rules.into_iter().map(|rule| crate::alerts::rules::Change {
        rules: rule.rules(),
        code: rule.code,
        why: rule.why,
    });
    Ok(Report::of(crate::alerts::rules::set(app, permit, changes.collect(), dry_run).await?, None))
}

/// The rules in force as the file that [`rules`] reads.
pub async fn rules_in_force(app: &App, permit: &Permit<ReadRules>) -> Result<Vec<RuleDefinition>> {
    let rules = crate::alerts::rules::current(app, permit).await?.into_iter();
    Ok(rules
        .filter_map(|r| {
            Some(RuleDefinition { code: r.code, why: r.why, as_default: false, parameters: r.rules? })
        })
        .collect())
}

/// [`rules_in_force`] as text.
pub async fn rules_file(app: &App, permit: &Permit<ReadRules>) -> Result<String> {
    Ok(connect::rules::write(&rules_in_force(app, permit).await?))
}

/// Observations from CSV: one a line, or with `wide` one metric a column. `name` is what the feed's run is called.
pub async fn observations(
    app: &App,
    permit: &Permit<SendObservations>,
    file: impl Read + Send + 'static,
    name: &str,
    wide: Option<Wide>,
    on_problem: OnProblem,
    dry_run: bool,
) -> Result<Report> {
    let Imported { rows, problems, dialect } = reading(file, move |file| match &wide {
        Some(map) => connect::metrics::wide(file, map, &Options::default()),
        None => connect::metrics::long(file, &Options::default()),
    })
    .await?;
    // A file that cannot be opened as a table has no good rows to take.
    if !problems.is_empty() && (on_problem == OnProblem::Refuse || dialect.is_none()) {
        return Err(Error::Invalid(faults(problems)));
    }
    let items = rows
        .rows
        .iter()
        .map(|row| Incoming {
            line: row.line,
            metric: rows.metric(row).to_owned(),
            subject: rows.subject(row).to_owned(),
            day: row.period.start,
            quantity: row.quantity,
        })
        .collect();
    let receipt = crate::metrics::record(app, permit, name, items, on_problem, dry_run).await?;
    let mut left_out = faults(problems);
    left_out.extend(crate::metrics::faults(&receipt.problems));
    Ok(Report {
        applied: !dry_run,
        summary: format!(
            "{} new, {} corrected, {} unchanged",
            receipt.accepted, receipt.corrected, receipt.unchanged
        ),
        changes: receipt.corrections,
        unchanged: receipt.unchanged.unsigned_abs() as usize,
        left_out,
        read: dialect,
    })
}

/// Everything that a file of definitions holds, or why it cannot be read.
pub fn definitions(file: impl Read) -> Result<Definitions> {
    definitions::read(file, &Limits::default()).map_err(|problems| Error::Invalid(faults(problems)))
}

/// Metric definitions from TOML. `name` is what the history calls the file where a definition gives no reason.
pub async fn metrics(
    app: &App,
    permit: &Permit<SendObservations>,
    file: impl Read + Send + 'static,
    name: &str,
    dry_run: bool,
) -> Result<Report> {
    let all = reading(file, definitions).await??;
    if all.metrics.is_empty() {
        return Err(Error::invalid("file", format!("{name} defines no [[metric]]; give it at least one")));
    }
    let count = all.metrics.len();
    let list = all
        .metrics
        .into_iter()
        .map(|d| {
            let m = d.value;
            crate::metrics::Definition {
                line: d.line,
                metric: Metric {
                    id: app.new_id::<MetricId>(),
                    code: m.code,
                    version: 0,
                    name: m.name,
                    unit: m.unit,
                    direction: m.direction,
                    level: m.level,
                    grain: m.grain,
                    aggregation: m.aggregation,
                    cadence: m.cadence,
                    decimals: m.decimals,
                    guardrail: m.guardrail,
                    owner: None,
                    feed: None,
                    source: m.source,
                    description: m.description,
                },
                owner: m.owner,
                feed: m.feed,
                why: m.note.unwrap_or_else(|| format!("imported from {name}")),
            }
        })
        .collect();
    let changes = crate::metrics::define(app, permit, list, dry_run).await?;
    Ok(Report {
        applied: !dry_run && !changes.is_empty(),
        summary: format!("{}, {} new or changed", plural(count, "metric", "metrics"), changes.len()),
        unchanged: count - changes.len(),
        changes,
        left_out: Vec::new(),
        read: None,
    })
}
