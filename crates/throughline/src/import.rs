//! `throughline import`: brings files into the database while no server has it open.
//!
//! Every kind of file is read whole before anything is written, and is written in one transaction: it is applied or it
//! is not. A dry run does the same and keeps nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use app::interventions::{NoteRow, StartRow};
use app::metrics::{Incoming, OnProblem};
use app::people::{Difference, PersonRow, UnitRow};
use app::{App, Error, studies};
use clap::{Args, Subcommand};
use connect::csv::{Dialect, Imported, Limits, Options, Problems};
use connect::definitions::{self, Definitions};
use domain::access::{Asked, Permit, Relation, SendObservations, Who, WriteAssignment, WriteStudy, permit};
use domain::ids::{InterventionId, MetricId};
use domain::interventions::{Intervention, State};
use domain::metrics::Metric;
use domain::studies::{Design, Hypothesis, Plan, Scale};
use domain::time::Cadence;

use crate::config::Config;
use crate::opened;

const EXAMPLES: &str = "\
Examples:
  throughline import units units.csv --dry-run
  throughline import people staff.csv
  throughline import metrics metrics.toml
  throughline import observations calls.csv
  throughline import observations panel.csv --subject-column fcode --period-column year --metric scrap=scrap
  throughline import interventions support.toml
  throughline import studies study.toml --lock

A file is applied whole or not at all. Exit codes: 0 done, 1 refused (what is wrong is listed), 2 the command line is
wrong, 3 a server has the database open: stop it first, or send the file to it.";

/// What every file import takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Source {
    /// The file
    file: PathBuf,
    /// Say what would change and keep nothing
    #[arg(long)]
    dry_run: bool,
}

/// Bring in files.
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Import {
    /// Org units from CSV: code, name, kind, parent, from, to
    Units(Source),
    /// People from CSV: code, name, email, unit, job_role, leader, from, to, accounts
    People(Source),
    /// Metric definitions from TOML
    Metrics(Source),
    /// Observations from CSV: metric, subject, period, value; or one metric a column
    Observations {
        #[command(flatten)]
        source: Source,
        /// The column that names the subject, for files with one metric a column
        #[arg(long, value_name = "HEADER", requires = "period_column", requires = "metric")]
        subject_column: Option<String>,
        /// The column that names the period, for files with one metric a column
        #[arg(long, value_name = "HEADER", requires = "subject_column")]
        period_column: Option<String>,
        /// A metric and its column, as CODE=HEADER, or CODE=NUMERATOR/DENOMINATOR; may be given more than once
        #[arg(long, value_name = "CODE=HEADER", value_parser = pair, requires = "subject_column")]
        metric: Vec<(String, String)>,
        /// Take the good rows and list the others
        #[arg(long)]
        skip_bad: bool,
    },
    /// Supports with rollout and notes from TOML
    Interventions(Source),
    /// Which units start when, from CSV: intervention, unit, from, wave, drawn
    Rollout(Source),
    /// Studies from TOML
    Studies {
        #[command(flatten)]
        source: Source,
        /// Lock them today: from then on they do not change
        #[arg(long)]
        lock: bool,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((code, header)) if !code.trim().is_empty() && !header.trim().is_empty() => {
            Ok((code.trim().to_owned(), header.trim().to_owned()))
        }
        _ => Err("write CODE=HEADER, such as scrap=scrap".into()),
    }
}

/// Why nothing was applied: the lines to print.
struct Refused(Vec<String>);

impl From<Problems> for Refused {
    fn from(problems: Problems) -> Self {
        let mut lines: Vec<String> = problems.listed.iter().map(ToString::to_string).collect();
        if problems.more > 0 {
            lines.push(format!("and {} more", problems.more));
        }
        Self(lines)
    }
}

type Done = anyhow::Result<Result<String, Refused>>;

/// Runs one import.
pub(crate) async fn run(config: Config, command: Import) -> anyhow::Result<ExitCode> {
    let store = opened::store(&config).await?;
    store.migrate(app::Clock::System.now()).await?;
    let app = opened::app(&config, store, opened::public_url(&config, config.listen), false)?;
    let done = perform(&app, command).await;
    app.store.close().await;
    Ok(match done? {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(Refused(lines)) => {
            for line in &lines {
                eprintln!("{line}");
            }
            eprintln!("throughline: nothing was applied");
            ExitCode::FAILURE
        }
    })
}

async fn perform(app: &App, command: Import) -> Done {
    let (said, dry_run) = match command {
        Import::Units(source) => (units(app, &source).await, source.dry_run),
        Import::People(source) => (people(app, &source).await, source.dry_run),
        Import::Metrics(source) => (metrics(app, &source).await, source.dry_run),
        Import::Observations { source, subject_column, period_column, metric, skip_bad } => {
            let wide = subject_column.zip(period_column).map(|(s, p)| wide(s, p, metric));
            (observations(app, &source, wide, skip_bad).await, source.dry_run)
        }
        Import::Interventions(source) => (interventions(app, &source).await, source.dry_run),
        Import::Rollout(source) => (rollout(app, &source).await, source.dry_run),
        Import::Studies { source, lock } => (define_studies(app, &source, lock).await, source.dry_run),
    };
    let mut said = said?;
    if let Ok(text) = &mut said {
        if dry_run {
            text.push_str("dry run: nothing was kept\n");
        } else {
            eprintln!("bringing roll-ups and readings up to date …");
            app::pipeline::settle(app).await?;
        }
    }
    Ok(said)
}

fn host<A: Asked>(asked: A) -> anyhow::Result<Permit<A>> {
    Ok(permit(&Who::Host, Relation::NONE, asked)?)
}

fn open(path: &Path) -> anyhow::Result<impl Read> {
    Ok(BufReader::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
}

/// A use case's answer: a refusal is listed, a fault of the machine is an error.
fn taken<T>(result: app::Result<T>) -> anyhow::Result<Result<T, Refused>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Invalid(faults)) => {
            Ok(Err(Refused(faults.iter().map(|f| format!("{}: {}", f.place, f.reason)).collect())))
        }
        Err(error @ (Error::Conflict(_) | Error::TooLarge(_))) => Ok(Err(Refused(vec![error.to_string()]))),
        Err(error) => Err(error.into()),
    }
}

/// How a file was read.
fn how(dialect: Option<&Dialect>) -> String {
    let Some(d) = dialect else { return String::new() };
    let mut text = format!("read as {:?}, separated by {:?}, {} rows\n", d.encoding, d.separator, d.rows);
    for column in &d.columns {
        if let Some(decimal) = column.decimal {
            text.push_str(&format!("  {}: decimals by {decimal:?}\n", column.header));
        }
    }
    if !d.totals.is_empty() {
        text.push_str(&format!(
            "  totals passed over on line {}\n",
            d.totals.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
        ));
    }
    if d.missing > 0 {
        text.push_str(&format!("  {} empty cells: no observation\n", d.missing));
    }
    for note in &d.notes {
        text.push_str(&format!("  {}: {}\n", note.column, note.text));
    }
    text
}

fn said(dialect: Option<&Dialect>, difference: &Difference) -> String {
    let mut text = how(dialect);
    for change in difference.changes.iter().take(100) {
        text.push_str(&format!("line {}: {}: {}\n", change.line, change.what, change.how));
    }
    if difference.changes.len() > 100 {
        text.push_str(&format!("and {} more\n", difference.changes.len() - 100));
    }
    text.push_str(&format!("{} changes, {} unchanged\n", difference.changes.len(), difference.unchanged));
    text
}

macro_rules! or_refuse {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused.into())),
        }
    };
}

async fn units(app: &App, source: &Source) -> Done {
    let (listed, dialect) =
        or_refuse!(connect::people::units(open(&source.file)?, &Options::default()).whole());
    let rows = listed
        .rows
        .into_iter()
        .map(|r| UnitRow {
            line: r.line,
            name: r.name.unwrap_or_else(|| r.code.clone()),
            code: r.code,
            kind: r.kind.unwrap_or_else(|| "unit".into()),
            parent: r.parent,
            from: r.from,
            until: r.until,
            zone: r.timezone,
        })
        .collect();
    let done =
        taken(app::people::import_units(app, &host(WriteAssignment(()))?, rows, source.dry_run).await)?;
    Ok(done.map(|difference| said(dialect.as_ref(), &difference)))
}

async fn people(app: &App, source: &Source) -> Done {
    let (listed, dialect) =
        or_refuse!(connect::people::people(open(&source.file)?, &Options::default()).whole());
    let rows = listed
        .rows
        .into_iter()
        .map(|r| PersonRow {
            line: r.line,
            name: r.name.unwrap_or_else(|| r.code.clone()),
            code: r.code,
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
    let done =
        taken(app::people::import_persons(app, &host(WriteAssignment(()))?, rows, source.dry_run).await)?;
    Ok(done.map(|difference| said(dialect.as_ref(), &difference)))
}

fn definitions_in(source: &Source) -> anyhow::Result<Result<Definitions, Refused>> {
    Ok(definitions::read(open(&source.file)?, &Limits::default()).map_err(Refused::from))
}

async fn metrics(app: &App, source: &Source) -> Done {
    let all = or_refuse!(definitions_in(source)?);
    if all.metrics.is_empty() {
        return Ok(Err(Refused(vec![format!("{} defines no [[metric]]", source.file.display())])));
    }
    let count = all.metrics.len();
    let list = all
        .metrics
        .into_iter()
        .map(|d| {
            let m = d.value;
            app::metrics::Definition {
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
                why: m.note.unwrap_or_else(|| format!("imported from {}", source.file.display())),
            }
        })
        .collect();
    if source.dry_run {
        return Ok(Ok(format!("{count} metrics are defined in the file\n")));
    }
    let done = taken(app::metrics::define(app, &host(SendObservations(()))?, list).await)?;
    Ok(done.map(|changed| format!("{count} metrics, {changed} new or changed\n")))
}

fn wide(subject: String, period: String, metrics: Vec<(String, String)>) -> connect::metrics::Wide {
    let metrics = metrics
        .into_iter()
        .map(|(metric, header)| {
            let (header, denominator) = match header.split_once('/') {
                Some((above, below)) => (above.to_owned(), Some(below.to_owned())),
                None => (header, None),
            };
            connect::metrics::WideMetric { metric, header, denominator }
        })
        .collect();
    connect::metrics::Wide { subject, period, metrics }
}

async fn observations(
    app: &App,
    source: &Source,
    wide: Option<connect::metrics::Wide>,
    skip_bad: bool,
) -> Done {
    let file = open(&source.file)?;
    let imported = match &wide {
        Some(map) => connect::metrics::wide(file, map, &Options::default()),
        None => connect::metrics::long(file, &Options::default()),
    };
    let Imported { rows, problems, dialect } = imported;
    let taken_apart = skip_bad && dialect.is_some();
    if !taken_apart && !problems.is_empty() {
        return Ok(Err(problems.into()));
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
    let on_problem = if skip_bad { OnProblem::Skip } else { OnProblem::Refuse };
    let name = source.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let may = host(SendObservations(()))?;
    let done = taken(app::metrics::record(app, &may, &name, items, on_problem, source.dry_run).await)?;
    Ok(done.map(|receipt| {
        let mut text = how(dialect.as_ref());
        for line in Refused::from(problems).0 {
            text.push_str(&format!("left out: {line}\n"));
        }
        for p in receipt.problems.iter().take(100) {
            text.push_str(&format!("left out: line {}, {} `{}`: {}\n", p.line, p.column, p.value, p.reason));
        }
        text.push_str(&format!(
            "{} new, {} corrected, {} unchanged\n",
            receipt.accepted, receipt.corrected, receipt.unchanged
        ));
        text
    }))
}

async fn interventions(app: &App, source: &Source) -> Done {
    let all = or_refuse!(definitions_in(source)?);
    if all.interventions.is_empty() {
        return Ok(Err(Refused(vec![format!("{} defines no [[intervention]]", source.file.display())])));
    }
    let count = all.interventions.len();
    let mut list = Vec::with_capacity(count);
    for d in all.interventions {
        let i = d.value;
        let starts = i.rollout.iter().map(|s| StartRow {
            place: format!("line {}", s.line),
            unit: s.value.unit.clone(),
            day: s.value.from,
            wave: s.value.wave,
            drawn: s.value.drawn,
        });
        let notes = i.notes.iter().map(|n| NoteRow {
            place: format!("line {}", n.line),
            unit: n.value.unit.clone(),
            from: n.value.from,
            until: n.value.until,
            reason: n.value.reason.clone(),
            leave_out: n.value.leave_out,
        });
        let (starts, notes) = (starts.collect(), notes.collect());
        let definition = app::interventions::Definition {
            place: format!("line {}", d.line),
            lanes: i.lanes.all().map(|(level, _, code)| (level, code.to_owned())).collect(),
            intervention: Intervention {
                id: app.new_id::<InterventionId>(),
                code: i.code,
                name: i.name,
                kind: i.kind,
                owner: None,
                org_unit: None,
                minutes: i.minutes,
                minutes_per: i.minutes_per,
                money: i.money,
                hour_value: i.hour_value,
                behaviour: i.behaviour,
                cause_box: i.cause_box,
                description: i.description,
                activity: i.activity,
                state: State::Active,
            },
            owner: i.owner,
            unit: i.unit,
        };
        list.push((definition, starts, notes));
    }
    let done =
        taken(app::interventions::define_whole(app, &host(WriteStudy(()))?, list, source.dry_run).await)?;
    Ok(done.map(|changed| format!("{count} supports, {changed} new or changed\n")))
}

async fn rollout(app: &App, source: &Source) -> Done {
    let (listed, dialect) =
        or_refuse!(connect::interventions::rollout(open(&source.file)?, &Options::default()).whole());
    let mut by_code: BTreeMap<String, Vec<StartRow>> = BTreeMap::new();
    for r in listed.rows {
        by_code.entry(r.intervention).or_default().push(StartRow {
            place: format!("line {}", r.line),
            unit: r.unit,
            day: r.from,
            wave: r.wave,
            drawn: r.drawn,
        });
    }
    let (supports, starts) = (by_code.len(), by_code.values().map(Vec::len).sum::<usize>());
    let may = host(WriteStudy(()))?;
    let done = taken(app::interventions::set_rollouts(app, &may, by_code, source.dry_run).await)?;
    Ok(done.map(|changed| {
        format!(
            "{}{starts} starts of {supports} supports, {changed} rollouts new or changed\n",
            how(dialect.as_ref())
        )
    }))
}

/// Weeks in one period, and how many periods before a start are used where nobody says.
fn window(cadence: Cadence) -> (f64, u32) {
    match cadence {
        Cadence::Day | Cadence::Week => (1.0, 12),
        Cadence::Month => (4.35, 12),
        Cadence::Quarter => (13.0, 4),
        Cadence::Year => (52.2, 2),
    }
}

async fn define_studies(app: &App, source: &Source, lock: bool) -> Done {
    let all = or_refuse!(definitions_in(source)?);
    if all.studies.is_empty() {
        return Ok(Err(Refused(vec![format!("{} defines no [[study]]", source.file.display())])));
    }
    let known = app.store.read(|r| -> app::Result<Vec<Metric>> { Ok(store::metrics::metrics(r)?) }).await?;
    let cadences: BTreeMap<String, Cadence> = known.into_iter().map(|m| (m.code, m.cadence)).collect();
    let today = app.today();
    let mut list = Vec::new();
    let mut refused = Vec::new();
    for d in all.studies {
        let s = d.value;
        let design = match s.design.as_deref() {
            None => Some(Design::Staged),
            Some(word) => Design::from_word(word),
        };
        let Some(design) = design else {
            let known = Design::ALL.iter().map(|d| d.word()).collect::<Vec<_>>().join(", ");
            refused.push(format!("line {}, design: not one of {known}", d.line));
            continue;
        };
        let (weeks, before) = window(cadences.get(&s.metric).copied().unwrap_or(Cadence::Week));
        let after = s.within_weeks.map_or(26.0 / weeks, |w| f64::from(w) / weeks).round().max(1.0) as u32;
        list.push(studies::Definition {
            place: format!("line {}", d.line),
            code: s.code,
            intervention: s.intervention,
            metric: s.metric,
            design,
            hypothesis: Hypothesis {
                sentence: String::new(),
                whom: s.whom,
                expected: s.by,
                within: Some(after),
                because: s.because,
                guardrail: None,
                stop_if: s.stop_if,
            },
            guardrail: s.guardrail,
            plan: Plan {
                before,
                after,
                units: Vec::new(),
                scale: match s.scale {
                    definitions::Scale::Plain => Scale::Plain,
                    definitions::Scale::Log => Scale::Log,
                },
                smallest: None,
            },
            units: Vec::new(),
            locked_on: lock.then_some(today),
            reading_day: s.reading,
        });
    }
    if !refused.is_empty() {
        return Ok(Err(Refused(refused)));
    }
    let count = list.len();
    let done = taken(studies::define(app, &host(WriteStudy(()))?, list, source.dry_run).await)?;
    Ok(done.map(|changed| format!("{count} studies, {changed} new or changed\n")))
}
