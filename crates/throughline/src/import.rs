//! `throughline import`: brings files into the database while no server has it open.
//!
//! Every kind of file is read whole before anything is written, and is written in one transaction: it is applied or it
//! is not. A dry run does the same and keeps nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::imports::{self, Report, Wide, WideMetric};
use app::interventions::{NoteRow, StartRow};
use app::metrics::OnProblem;
use app::{App, Error, Fault, studies};
use clap::{Args, Subcommand};
use connect::csv::{Dialect, Options};
use connect::definitions;
use domain::access::{
    Asked, Permit, Relation, SendObservations, SendTargets, Who, WriteAssignment, WriteStudy, permit,
};
use domain::figures::plural;
use domain::ids::InterventionId;
use domain::interventions::{Intervention, State};
use domain::metrics::Metric;
use domain::studies::{Design, Hypothesis, Plan, Scale};
use domain::time::Cadence;

use crate::config::Config;
use crate::{opened, records};

const EXAMPLES: &str = "\
Examples:
  throughline import units units.csv --dry-run
  throughline import people staff.csv
  throughline import metrics metrics.toml
  throughline import observations calls.csv
  throughline import observations panel.csv --subject-column fcode --period-column year --metric scrap=scrap
  throughline import targets targets.csv --dry-run
  throughline import commitments promises.csv
  throughline import calendars calendars.toml
  throughline import leave leave.csv --dry-run
  throughline import interventions support.toml
  throughline import studies study.toml --lock
  throughline import statements records.ndjson.zst

A file is applied whole or not at all; learning records go in batch by batch and go on where they stopped. Exit codes: 0 done, 1 refused (what is wrong is listed), 2 the command line is
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

impl Source {
    /// What histories and runs call it.
    fn name(&self) -> String {
        self.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    }
}

/// Bring in files.
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Import {
    #[command(flatten)]
    Whole(Whole),
    /// Learning records from NDJSON, one statement a line, packed as .gz or .zst or not
    #[command(after_help = records::IMPORT_HELP)]
    Statements(records::Import),
}

/// Files that are applied whole or not at all.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Whole {
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
    /// Targets from CSV: metric, scope, subject, level, tolerance, window, from, ended, why
    Targets(Source),
    /// What people have promised, from CSV: person, metric, level, from, ended, why
    Commitments(Source),
    /// Working calendars with holidays, and closures of units, from TOML: [[calendar]], [[closure]]
    Calendars(Source),
    /// Leave and part time from CSV: person, from, to, share
    Leave(Source),
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

impl Whole {
    fn source(&self) -> &Source {
        match self {
            Self::Units(source)
            | Self::People(source)
            | Self::Metrics(source)
            | Self::Observations { source, .. }
            | Self::Targets(source)
            | Self::Commitments(source)
            | Self::Calendars(source)
            | Self::Leave(source)
            | Self::Interventions(source)
            | Self::Rollout(source)
            | Self::Studies { source, .. } => source,
        }
    }
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
pub(crate) struct Refused(pub(crate) Vec<String>);

impl From<Vec<Fault>> for Refused {
    fn from(faults: Vec<Fault>) -> Self {
        Self(faults.iter().map(|f| format!("{}: {}", f.place, f.reason)).collect())
    }
}

type Done = anyhow::Result<Result<String, Refused>>;

/// Runs one import.
pub(crate) async fn run(config: Config, command: Import) -> anyhow::Result<ExitCode> {
    let store = opened::store(&config).await?;
    store.migrate(app::Clock::System.now()).await?;
    let app = opened::app(&config, store, opened::public_url(&config, config.listen), false)?;
    let done = match command {
        Import::Statements(import) => {
            let done = records::import(&app, &import).await;
            app.store.close().await;
            return done;
        }
        Import::Whole(command) => perform(&app, command).await,
    };
    app.store.close().await;
    let done = done?;
    let refused = done.is_err();
    let code = end(done);
    if refused {
        eprintln!("throughline: nothing was applied");
    }
    Ok(code)
}

/// Says what was done, or line by line why it was not.
pub(crate) fn end(done: Result<String, Refused>) -> ExitCode {
    match done {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(Refused(lines)) => {
            for line in &lines {
                eprintln!("{line}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn perform(app: &App, command: Whole) -> Done {
    let source = command.source().clone();
    let (name, dry_run) = (source.name(), source.dry_run);
    let said = match command {
        Whole::Units(_) => {
            let may = host(WriteAssignment(()))?;
            shown(imports::units(app, &may, open(&source.file)?, dry_run).await)
        }
        Whole::People(_) => {
            let may = host(WriteAssignment(()))?;
            shown(imports::people(app, &may, open(&source.file)?, dry_run).await)
        }
        Whole::Metrics(_) => {
            let may = host(SendObservations(()))?;
            shown(imports::metrics(app, &may, open(&source.file)?, &name, dry_run).await)
        }
        Whole::Observations { subject_column, period_column, metric, skip_bad, .. } => {
            let may = host(SendObservations(()))?;
            let wide = subject_column.zip(period_column).map(|(s, p)| wide(s, p, metric));
            let on_problem = if skip_bad { OnProblem::Skip } else { OnProblem::Refuse };
            let file = open(&source.file)?;
            shown(imports::observations(app, &may, file, &name, wide, on_problem, dry_run).await)
        }
        Whole::Targets(_) => {
            let may = host(SendTargets(()))?;
            shown(imports::targets(app, &may, open(&source.file)?, &name, dry_run).await)
        }
        Whole::Commitments(_) => {
            let may = host(SendTargets(()))?;
            shown(imports::commitments(app, &may, open(&source.file)?, &name, dry_run).await)
        }
        Whole::Calendars(_) => calendars(app, &source).await,
        Whole::Leave(_) => leave(app, &source).await,
        Whole::Interventions(_) => interventions(app, &source).await,
        Whole::Rollout(_) => rollout(app, &source).await,
        Whole::Studies { lock, .. } => define_studies(app, &source, lock).await,
    };
    let mut said = said?;
    if let Ok(text) = &mut said {
        if dry_run {
            text.push_str("dry run: nothing was kept\n");
        } else {
            settle(app).await?;
        }
    }
    Ok(said)
}

/// Brings everything derived up to date, and says how far it is.
async fn settle(app: &App) -> anyhow::Result<()> {
    eprintln!("bringing roll-ups and readings up to date …");
    let (mut done, mut said) = (0, Instant::now());
    loop {
        match app::pipeline::round(app).await? {
            0 => return Ok(()),
            n => done += n,
        }
        if said.elapsed() >= EVERY {
            said = Instant::now();
            eprintln!("  {done} done");
        }
    }
}

pub(crate) fn host<A: Asked>(asked: A) -> anyhow::Result<Permit<A>> {
    Ok(permit(&Who::Host, Relation::NONE, asked)?)
}

/// How often a long import says how far it is.
const EVERY: Duration = Duration::from_secs(1);

/// A file that says on standard error how much of it is read, where that takes longer than [`EVERY`].
struct Told<R> {
    file: R,
    /// Bytes in all; 0 where nobody knows, as of a pipe.
    size: u64,
    read: u64,
    said: Instant,
    /// Whether anything was said, so that the end is worth a word.
    any: bool,
}

impl<R: Read> Read for Told<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(into)?;
        self.read += n as u64;
        if n == 0 && self.any {
            eprintln!("read; comparing with what is there and writing …");
        } else if self.said.elapsed() >= EVERY {
            (self.said, self.any) = (Instant::now(), true);
            match self.size {
                0 => eprintln!("reading, {} MB", self.read / 1_000_000),
                size => eprintln!("reading, {} % of {} MB", self.read * 100 / size, size / 1_000_000),
            }
        }
        Ok(n)
    }
}

fn open(path: &Path) -> anyhow::Result<impl Read + Send + 'static> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let about = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if about.is_dir() {
        anyhow::bail!("cannot read {}: it is a folder; name a file in it", path.display());
    }
    let size = about.len();
    Ok(Told { file: BufReader::new(file), size, read: 0, said: Instant::now(), any: false })
}

/// A use case's answer: a refusal is listed, a fault of the machine is an error.
pub(crate) fn taken<T>(result: app::Result<T>) -> anyhow::Result<Result<T, Refused>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Invalid(faults)) => Ok(Err(faults.into())),
        Err(error @ (Error::Conflict(_) | Error::TooLarge(_))) => Ok(Err(Refused(vec![error.to_string()]))),
        Err(error) => Err(error.into()),
    }
}

/// How a file was read.
fn how(dialect: Option<&Dialect>) -> String {
    let Some(d) = dialect else { return String::new() };
    let mut text =
        format!("read as {}, separated by {}, {}\n", d.encoding, d.separator, plural(d.rows, "row", "rows"));
    for column in &d.columns {
        if let Some(decimal) = column.decimal {
            text.push_str(&format!("  {}: decimals after {decimal}\n", column.header));
        }
    }
    if !d.totals.is_empty() {
        text.push_str(&format!(
            "  totals passed over on line {}\n",
            d.totals.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
        ));
    }
    if d.missing > 0 {
        let cells = plural(d.missing, "empty cell", "empty cells");
        text.push_str(&format!("  {cells}: no observation\n"));
    }
    for note in &d.notes {
        text.push_str(&format!("  {}: {}\n", note.column, note.text));
    }
    text
}

/// What a file would change, or did, as lines.
fn shown(done: app::Result<Report>) -> Done {
    let report = match taken(done)? {
        Ok(report) => report,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut text = how(report.read.as_ref());
    for fault in &report.left_out {
        text.push_str(&format!("left out: {}: {}\n", fault.place, fault.reason));
    }
    for change in report.changes.iter().take(100) {
        text.push_str(&format!("line {}: {}: {}\n", change.line, change.what, change.how));
    }
    if report.changes.len() > 100 {
        text.push_str(&format!("and {} more\n", report.changes.len() - 100));
    }
    text.push_str(&report.summary);
    text.push('\n');
    Ok(Ok(text))
}

macro_rules! or_refuse {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused.into())),
        }
    };
}

fn wide(subject: String, period: String, metrics: Vec<(String, String)>) -> Wide {
    let metrics = metrics
        .into_iter()
        .map(|(metric, header)| {
            let (header, denominator) = match header.split_once('/') {
                Some((above, below)) => (above.to_owned(), Some(below.to_owned())),
                None => (header, None),
            };
            WideMetric { metric, header, denominator }
        })
        .collect();
    Wide { subject, period, metrics }
}

async fn calendars(app: &App, source: &Source) -> Done {
    let may = host(WriteAssignment(()))?;
    shown(imports::calendars(app, &may, open(&source.file)?, source.dry_run).await)
}

async fn leave(app: &App, source: &Source) -> Done {
    let may = host(WriteAssignment(()))?;
    shown(imports::leave(app, &may, open(&source.file)?, source.dry_run).await)
}

async fn interventions(app: &App, source: &Source) -> Done {
    let all = or_refuse!(taken(imports::definitions(open(&source.file)?))?);
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
    Ok(done.map(|changed| format!("{}, {changed} new or changed\n", plural(count, "support", "supports"))))
}

async fn rollout(app: &App, source: &Source) -> Done {
    let read = connect::interventions::rollout(open(&source.file)?, &Options::default()).whole();
    let (listed, dialect) = or_refuse!(read.map_err(imports::faults));
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
            "{}{} of {}, {} new or changed\n",
            how(dialect.as_ref()),
            plural(starts, "start", "starts"),
            plural(supports, "support", "supports"),
            plural(changed, "rollout", "rollouts"),
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
    let all = or_refuse!(taken(imports::definitions(open(&source.file)?))?);
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
        if let Some(day) = s.locked.filter(|day| *day > today) {
            refused.push(format!(
                "line {}, locked: {day} is still to come; write the day on which it was fixed",
                d.line
            ));
            continue;
        }
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
                guardrails: Vec::new(),
                stop_if: s.stop_if,
            },
            guardrails: s.guardrails,
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
            locked_on: s.locked.or(lock.then_some(today)),
            reading_day: s.reading,
        });
    }
    if !refused.is_empty() {
        return Ok(Err(Refused(refused)));
    }
    let count = list.len();
    let done = taken(studies::define(app, &host(WriteStudy(()))?, list, source.dry_run).await)?;
    Ok(done.map(|changed| format!("{}, {changed} new or changed\n", plural(count, "study", "studies"))))
}
