//! `throughline import statements` and `throughline export statements`: learning records by the million.
//!
//! Reading and judging runs on a thread of its own, beside the database's. What is said meanwhile goes to standard error.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use app::App;
use app::statements::Source;
use app::statements::bulk::{self, BadLine, Batch, Selection, Span, Taken};
use clap::{Args, Subcommand};
use connect::lines::{self, Lines, Packing};
use domain::access::{DefineActivities, ReadStatements, SendStatements};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use xapi::{Limits, Version};

use crate::config::Config;
use crate::import::host;
use crate::opened;

pub(crate) const IMPORT_HELP: &str = "\
Statements go in by the rules of /xapi, some thousand a transaction. What is interrupted, by Ctrl-C or by a line at fault, goes
on where it stopped when the same command runs again; a file that has grown since is taken from where it ended.
A statement that is here already changes nothing. Exit codes: 0 done, 1 a line is at fault (what is wrong is listed),
3 a server has the database open.";

const EXPORT_HELP: &str = "\
Examples:
  throughline export statements records.ndjson.zst
  throughline export statements maya.ndjson --person E1042 --since 2026-01-01
  throughline export statements - --verb http://adlnet.gov/expapi/verbs/completed | head

Statements come in the order in which they were stored, as they were received; voided ones and those that voided them are among
them. What is interrupted goes on where it stopped when the same command runs again.";

/// What a file of statements is taken in with.
#[derive(Debug, Clone, Args)]
pub(crate) struct Import {
    /// The file: NDJSON, packed with gzip or Zstandard or not
    file: PathBuf,
    /// Say what is wrong with it and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Take the good lines and list the others
    #[arg(long)]
    skip_bad: bool,
    /// Begin at the first line, whatever was taken before
    #[arg(long)]
    again: bool,
}

/// What can be given out.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Export {
    /// Learning records as NDJSON, one statement a line
    #[command(after_help = EXPORT_HELP)]
    Statements {
        /// The file to write, packed as .gz or .zst if it is named so; - for standard output
        file: PathBuf,
        /// Only those of this actor: a mail address, or an account as https://lms.example|name
        #[arg(long)]
        actor: Option<String>,
        /// Only those of the person with this code
        #[arg(long, value_name = "CODE")]
        person: Option<String>,
        /// Only those with this verb
        #[arg(long, value_name = "IRI")]
        verb: Option<String>,
        /// Only those about this activity
        #[arg(long, value_name = "IRI")]
        activity: Option<String>,
        /// Only those stored after this day or moment
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only those stored at or before this day or moment
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

/// Statements in one batch, and about how many bytes of them. The index of ids is touched all over, so the more share a commit the
/// fewer of its pages are written for each.
const BATCH: usize = 12_000;
const BATCH_BYTES: usize = 16 << 20;
/// Batches that are read ahead, so that reading goes on while what came before is indexed.
const AHEAD: usize = 2;
/// Statements that are indexed together.
const INDEXED: u64 = 100_000;
/// Faulty lines that are listed.
const LISTED: usize = 100;

/// Says now and then how far it is, where somebody watches.
struct Progress {
    began: Instant,
    said: Instant,
    shown: bool,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self { began: now, said: now, shown: std::io::stderr().is_terminal() }
    }
    fn say(&mut self, done: u64, share: Option<f64>) {
        if !self.shown || self.said.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.said += self.said.elapsed();
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let share = share.map_or_else(String::new, |share| format!(", {:.0} % of the file", 100.0 * share));
        eprint!("\r{done} statements{share}, {rate:.0} a second   ");
    }
    /// The closing words: how long, and how many a second.
    fn close(&self, done: u64) -> String {
        if self.shown {
            eprint!("\r\x1b[K");
        }
        let seconds = self.began.elapsed().as_secs_f64();
        format!("in {seconds:.1} s ({:.0} a second)", done as f64 / seconds.max(0.001))
    }
}

/// What the reading thread hands over.
enum Handed {
    /// A batch, and how much of the file was read.
    Batch(Box<Batch>, u64),
    /// The file cannot be read on.
    Broken(lines::Broken),
}

/// What identifies a file for going on with it: where it is and how it begins.
fn name_of(path: &Path) -> anyhow::Result<String> {
    let place = path.canonicalize().with_context(|| format!("cannot read {}", path.display()))?;
    let mut first = Vec::new();
    // A first line that is too long is found again, and named, when the file is read.
    let _ = lines_of(path)?.next(&mut first);
    first.extend_from_slice(place.as_os_str().as_encoded_bytes());
    xapi::sha2_of(&first, 64).context("SHA-256 has 64 digits")
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

fn lines_of(path: &Path) -> anyhow::Result<Lines> {
    Lines::new(open(path)?, Limits::default().statement_bytes)
        .with_context(|| format!("cannot read {}", path.display()))
}

/// Reads lines into batches and hands them over, until the file ends or nobody takes them any more.
async fn read(
    app: App,
    source: Source,
    mut lines: Lines,
    after: u64,
    to: mpsc::Sender<Handed>,
) -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut batch = Batch::new(&app, &source, after, Version::V1_0_3).await?;
    let mut bytes = 0;
    loop {
        let broken = match lines.next(&mut text) {
            Ok(true) => None,
            Ok(false) => break,
            Err(broken) => Some(broken),
        };
        if let Some(broken) = broken {
            let _ = to.send(Handed::Batch(Box::new(batch), lines.read_so_far())).await;
            let _ = to.send(Handed::Broken(broken)).await;
            return Ok(());
        }
        let line = lines.line();
        if line <= after || text.iter().all(u8::is_ascii_whitespace) {
            batch.line = batch.line.max(line);
            continue;
        }
        batch.add(line, &text, Limits::default())?;
        bytes += text.len();
        if batch.len() + batch.bad.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            let next = Batch::new(&app, &source, line, batch.version()).await?;
            let full = std::mem::replace(&mut batch, next);
            if to.send(Handed::Batch(Box::new(full), lines.read_so_far())).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = to.send(Handed::Batch(Box::new(batch), lines.read_so_far())).await;
    Ok(())
}

/// Takes in a file.
pub(crate) async fn import(app: &App, import: &Import) -> anyhow::Result<ExitCode> {
    let size = open(&import.file)?.metadata()?.len().max(1);
    let name = name_of(&import.file)?;
    if import.again {
        bulk::forget(app, &name).await?;
    }
    let before = if import.dry_run { Taken::default() } else { bulk::taken_before(app, &name).await? };
    if before.line > 0 {
        eprintln!("Going on after line {}, where it stopped before; --again begins anew.", before.line);
    }
    let source = Source::host(app, &host(SendStatements(()))?, &host(DefineActivities(()))?);
    let lines = lines_of(&import.file)?;
    let (to, mut batches) = mpsc::channel(AHEAD);
    let reading = read(app.clone(), source, lines, before.line, to);
    let runtime = tokio::runtime::Handle::current();
    let reader = tokio::task::spawn_blocking(move || runtime.block_on(reading));

    let mut taken = before;
    let (mut looked_at, mut index_at) = (0_u64, before.new + 1);
    let mut bad: Vec<BadLine> = Vec::new();
    let mut more_bad = 0;
    let mut broken = None;
    let mut progress = Progress::new();
    while let Some(handed) = batches.recv().await {
        let (batch, read_so_far) = match handed {
            Handed::Batch(batch, read_so_far) => (batch, read_so_far),
            Handed::Broken(why) => {
                broken = Some(why);
                break;
            }
        };
        looked_at += batch.len() as u64;
        let found = if import.dry_run {
            batch.bad
        } else {
            let (now, found) = bulk::take(app, &name, taken, *batch, import.skip_bad).await?;
            taken = now;
            // The first are indexed at once, so that what they have in common is learnt before most are packed.
            if taken.new >= index_at {
                while app::statements::take_in(app).await? {}
                index_at = taken.new + INDEXED;
            }
            found
        };
        let stop = !found.is_empty() && !import.skip_bad && !import.dry_run;
        for one in found {
            if bad.len() < LISTED { bad.push(one) } else { more_bad += 1 }
        }
        progress.say(looked_at, Some(read_so_far as f64 / size as f64));
        if stop {
            break;
        }
    }
    drop(batches);
    reader.await??;
    let pace = progress.close(looked_at);
    for one in &bad {
        for why in &one.why {
            eprintln!("line {}: {why}", one.line);
        }
    }
    if more_bad > 0 {
        eprintln!("and {more_bad} more lines");
    }
    if let Some(why) = &broken {
        eprintln!("throughline: {} cannot be read on: {why}", import.file.display());
    }
    if import.dry_run {
        println!(
            "{looked_at} statements can be taken, {} lines cannot; dry run: nothing was kept",
            bad.len() + more_bad
        );
    } else {
        let (new, known) = (taken.new - before.new, taken.known - before.known);
        println!("{new} new, {known} here already, {} passed over, {pace}", taken.bad - before.bad);
    }
    let failed = broken.is_some() || (!bad.is_empty() && !import.skip_bad);
    if failed && !import.dry_run {
        eprintln!(
            "throughline: everything up to line {} is in; put the rest right and run this again",
            taken.line
        );
    }
    if taken.new > before.new {
        eprintln!("bringing index and roll-ups up to date …");
        while app::statements::take_in(app).await? {}
        app::pipeline::settle(app).await?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Statements that are given out in one piece: one transaction, one packed piece of the file.
const PIECE: u32 = 5_000;

/// How far an export is, kept beside its file until it is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Journal {
    selection: Selection,
    span: Span,
    bytes: u64,
    count: u64,
}

/// Gives out statements.
pub(crate) async fn export(config: Config, command: Export) -> anyhow::Result<ExitCode> {
    let Export::Statements { file, actor, person, verb, activity, since, until } = command;
    let selection = Selection { actor, person, verb, activity, since, until };
    let store = opened::store(&config).await?;
    let app = opened::app(&config, store, opened::public_url(&config, config.listen), false)?;
    let done = if file.as_os_str() == "-" {
        to_standard_output(&app, selection).await
    } else {
        to_file(&app, selection, &file).await
    };
    app.store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn to_standard_output(app: &App, selection: Selection) -> anyhow::Result<()> {
    let may = host(ReadStatements(()))?;
    let mut span = bulk::span(app, &may, &selection).await?;
    while span.from < span.up_to {
        let (texts, now) = bulk::next(app, &may, selection.clone(), span, PIECE).await?;
        span = now;
        let mut out = std::io::stdout().lock();
        for text in texts {
            // Whoever reads may have seen enough: `| head` is no failure.
            if let Err(error) = writeln!(out, "{text}") {
                return if error.kind() == std::io::ErrorKind::BrokenPipe {
                    Ok(())
                } else {
                    Err(error.into())
                };
            }
        }
    }
    Ok(())
}

/// A name beside a file's.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

async fn to_file(app: &App, selection: Selection, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} is there already; choose another name or move it away", file.display());
    }
    let (part, notes) = (beside(file, ".part"), beside(file, ".part.json"));
    let may = host(ReadStatements(()))?;
    let mut journal = match resumed(&part, &notes)? {
        Some(journal) if journal.selection == selection => {
            eprintln!("Going on after {} statements, where it stopped before.", journal.count);
            journal
        }
        Some(_) => bail!(
            "{} holds another selection that was interrupted; remove it, or ask for the same again",
            part.display()
        ),
        None => {
            let span = bulk::span(app, &may, &selection).await?;
            // Statements name people: nobody else on this machine need read them.
            private(&part)?;
            Journal { selection, span, bytes: 0, count: 0 }
        }
    };
    let total = (journal.span.up_to - journal.span.from).max(1) as f64;
    let begun = journal.span.from;
    let packing = Packing::of_name(file);
    let before = journal.count;
    let mut progress = Progress::new();
    while journal.span.from < journal.span.up_to {
        let (texts, span) = bulk::next(app, &may, journal.selection.clone(), journal.span, PIECE).await?;
        journal.span = span;
        journal.count += texts.len() as u64;
        if !texts.is_empty() {
            let part = part.clone();
            let appended = tokio::task::spawn_blocking(move || {
                lines::append(File::options().append(true).open(&part)?, packing, &texts)
            });
            journal.bytes = appended.await??;
        }
        let text = serde_json::to_vec(&journal)?;
        let fresh = beside(&notes, ".new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, &notes)?;
        let share = (span.from - begun) as f64 / total;
        progress.say(journal.count, Some(share));
    }
    std::fs::rename(&part, file).with_context(|| format!("cannot name {}", file.display()))?;
    let _ = std::fs::remove_file(&notes);
    println!("{} statements {}", journal.count, progress.close(journal.count - before));
    Ok(())
}

fn private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// What an interrupted export left: its notes, with its file cut back to what they know of.
fn resumed(part: &Path, notes: &Path) -> anyhow::Result<Option<Journal>> {
    let mut text = String::new();
    match File::open(notes) {
        Ok(mut file) => file.read_to_string(&mut text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let journal: Journal =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged; remove it", notes.display()))?;
    let file =
        File::options().write(true).open(part).with_context(|| format!("cannot open {}", part.display()))?;
    if file.metadata()?.len() < journal.bytes {
        bail!("{} is shorter than it was; remove it and {}", part.display(), notes.display());
    }
    file.set_len(journal.bytes)?;
    Ok(Some(journal))
}
