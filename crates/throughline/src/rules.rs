//! `throughline rules`: the rules for reds as a file, and what a rule would have done.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use app::App;
use app::alerts::rules::{Change, Tried, current, set, try_on_history};
use clap::Subcommand;
use connect::csv::Limits;
use connect::rules::RuleDefinition;
use domain::access::{ReadRules, Relation, Resource, Who, WriteRules, permit, scope};
use domain::metrics::Metric;

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
            let rules = in_force(app).await?;
            Ok(Ok(connect::rules::write(&rules)))
        }
        Rules::Import { file, dry_run } => {
            let rules = match read(&file)? {
                Ok(rules) => rules,
                Err(refused) => return Ok(Err(refused)),
            };
            let changes = rules.into_iter().map(|r| Change { code: r.code, rules: r.parameters, why: r.why });
            let done = taken(set(app, &host(WriteRules(()))?, changes.collect(), dry_run).await)?;
            if done.is_ok() && !dry_run {
                eprintln!("looking at everything again by the new rules …");
                app::pipeline::settle(app).await?;
            }
            Ok(done.map(|changed| format!("{changed} rules changed\n")))
        }
        Rules::Try { metric, file, weeks } => {
            let rules = match file.map(|file| read(&file)).transpose()? {
                None => in_force(app).await?,
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
            let everyone = scope(&Who::Host, Resource::RedAlert, None);
            let may = permit(&Who::Host, Relation::NONE, ReadRules(()))?;
            let tried = try_on_history(app, &may, everyone, metric.id, rule.parameters, weeks).await;
            Ok(taken(tried)?.map(|tried| said(&metric, &tried)))
        }
    }
}

async fn in_force(app: &App) -> anyhow::Result<Vec<RuleDefinition>> {
    let rules = current(app, &host(ReadRules(()))?).await?;
    Ok(rules.into_iter().map(|r| RuleDefinition { code: r.code, why: r.why, parameters: r.rules }).collect())
}

fn read(file: &PathBuf) -> anyhow::Result<Result<Vec<RuleDefinition>, Refused>> {
    let source = BufReader::new(File::open(file).with_context(|| format!("cannot read {}", file.display()))?);
    let read = connect::rules::read(source, &Limits::default());
    Ok(read.map_err(|problems| app::imports::faults(problems).into()))
}

fn said(metric: &Metric, tried: &Tried) -> String {
    let trial = &tried.trial;
    let mut text = format!(
        "{}: {} values in {} periods\n{} episodes, {:.2} in a hundred values, and {} told once for a whole group\n",
        metric.name,
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
    let busiest = tried.by_unit.values().max().copied().unwrap_or(0);
    let _ = writeln!(text, "{} units concerned, at most {busiest} in one", tried.by_unit.len());
    text
}
