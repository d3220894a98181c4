//! `throughline rules`: the rules for reds as a file, and what a rule would have done.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use app::App;
use app::alerts::rules::{Tried, try_on_history};
use app::imports;
use clap::Subcommand;
use connect::csv::Limits;
use connect::rules::RuleDefinition;
use domain::access::{ReadRules, Who, WriteRules};
use domain::figures::plural;

use crate::config::Config;
use crate::import::{Refused, host, taken};
use crate::opened;

const EXAMPLES: &str = "\
Examples:
  throughline rules export > rules.toml
  throughline rules try calls --file rules.toml --weeks 52
  throughline rules import rules.toml

Exit codes: 0 done, 1 refused (what is wrong is listed), 2 the command line is wrong, 3 a server has the database open.";

/// Rules are versioned: a file that differs makes a new version, and each alert names the one that opened it.
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Rules {
    /// Print the rules in force as TOML
    Export,
    /// Set rules from TOML: [[rule]] with code (default, or a metric's), why, and [rule.parameters]
    Import {
        /// The file
        file: PathBuf,
        /// Say how many would change and keep nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Say how often a rule would have fired on the history of a metric, and keep nothing
    Try {
        /// The metric's code
        metric: String,
        /// A file of rules, of which the one for the metric is tried, else `default`; the rules in force without it
        #[arg(long)]
        file: Option<PathBuf>,
        /// On how many of the newest periods
        #[arg(long, default_value_t = 52)]
        weeks: usize,
    },
}

/// Runs one command.
pub(crate) async fn run(config: Config, command: Rules) -> anyhow::Result<ExitCode> {
    let store = opened::store(&config).await?;
    store.migrate(app::Clock::System.now()).await?;
    let app = opened::app(&config, store, opened::public_url(&config, config.listen), false)?;
    let done = perform(&app, command).await;
    app.store.close().await;
    Ok(crate::import::end(done?))
}

type Done = anyhow::Result<Result<String, Refused>>;

async fn perform(app: &App, command: Rules) -> Done {
    match command {
        Rules::Export => {
            let text = imports::rules_file(app, &host(ReadRules(()))?).await?;
            Ok(Ok(text))
        }
        Rules::Import { file, dry_run } => {
            let source = open(&file)?;
            let done = taken(imports::rules(app, &host(WriteRules(()))?, source, dry_run).await)?;
            if done.as_ref().is_ok_and(|done| done.applied && !done.changes.is_empty()) {
                eprintln!("looking at everything again by the new rules …");
                app::pipeline::settle(app).await?;
            }
            Ok(done.map(|done| {
                let lines: String = done.changes.iter().map(|c| format!("{}: {}\n", c.what, c.how)).collect();
                format!("{lines}{} changed\n", plural(done.changes.len(), "rule", "rules"))
            }))
        }
        Rules::Try { metric, file, weeks } => {
            let rules = match file.map(|file| read(&file)).transpose()? {
                None => imports::rules_in_force(app, &host(ReadRules(()))?).await?,
                Some(Ok(rules)) => rules,
                Some(Err(refused)) => return Ok(Err(refused)),
            };
            let code = metric.clone();
            let found = app
                .store
                .read(move |r| -> app::Result<_> { Ok(store::metrics::metric_by_code(r, &code)?) })
                .await?;
            let Some(metric) = found else {
                return Ok(Err(Refused(vec![format!("no metric has the code `{metric}`")])));
            };
            let named = |code: &str| rules.iter().find(|r| r.code == code);
            let Some(rule) = named(&metric.code).or_else(|| named("default")) else {
                let line = format!("the file has a rule neither for `{}` nor for `default`", metric.code);
                return Ok(Err(Refused(vec![line])));
            };
            let rules = match rule.rules() {
                Some(rules) => rules,
                None => app.store.read(|r| app::alerts::rules::in_force(r, None)).await?.0,
            };
            let tried =
                try_on_history(app, &Who::Host, &host(WriteRules(()))?, metric.id, rules, weeks).await;
            Ok(taken(tried)?.map(|tried| said(&tried)))
        }
    }
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(file).with_context(|| format!("cannot read {}", file.display()))?))
}

fn read(file: &Path) -> anyhow::Result<Result<Vec<RuleDefinition>, Refused>> {
    let read = connect::rules::read(open(file)?, &Limits::default());
    Ok(read.map_err(|problems| imports::faults(problems).into()))
}

fn said(tried: &Tried) -> String {
    let trial = &tried.trial;
    let mut text = format!(
        "{}: {} values in {} periods\n{} episodes, {:.2} in a hundred values, and {} told once for a whole group\n",
        tried.metric.name,
        trial.judged,
        tried.periods.len(),
        trial.fired.len(),
        trial.per_hundred(),
        trial.groups.len()
    );
    // Writing into a string cannot fail.
    if let Some(chance) = trial.chance {
        let _ = writeln!(
            text,
            "a plain threshold would have been red {} times; whoever is exactly on target is below it by more than the tolerance in {:.0} % of periods by chance alone",
            trial.plain,
            100.0 * chance
        );
    }
    for (period, count) in tried.periods.iter().zip(&tried.by_period).filter(|(_, count)| **count > 0) {
        let _ = writeln!(text, "{period}: {count}");
    }
    for team in tried.teams.iter().filter(|team| team.fired() > 0) {
        let leader = team.leader.as_deref().unwrap_or("several small teams");
        let most = team.by_period.iter().max().copied().unwrap_or(0);
        let _ = writeln!(
            text,
            "{leader}: {} for a team of {}, at most {most} in one period",
            team.fired(),
            team.people
        );
    }
    let _ = writeln!(
        text,
        "the rules in force: {}",
        plural(tried.by_period_now.iter().sum::<usize>(), "episode", "episodes")
    );
    text
}
