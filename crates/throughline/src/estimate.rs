//! `throughline estimate METHOD`: the statistics engine on a CSV file, without a server.
//!
//! The same functions and the same prose as the pages. Exit code 0 for an estimate,
//! 2 when the command line or the file is wrong, 3 when the data cannot answer.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use domain::studies::pack::Pack;
use evidence::did::staggered::Control;
use evidence::methods::{METHODS, Method, Options, Plan, Report, Table, run as run_method};
use evidence::regress::Errors;

use crate::table;

/// Options that all methods share; each method reads what its help names.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EstimateArgs {
    /// The data: Parquet, or CSV with a header line (`-` for standard input). Empty, NA and . are missing
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Column with the outcome
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Column that says who or what is observed repeatedly
    #[arg(long, value_name = "COLUMN")]
    unit: Option<String>,
    /// Column with the period
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Column with the unit's first treated period; empty or 0 for never
    #[arg(long, value_name = "COLUMN")]
    cohort: Option<String>,
    /// Columns that are 1 in treated rows and 0 otherwise
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    treated: Vec<String>,
    /// Column with what shares shocks (branch, class); the unit when not given
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    /// Further columns
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    covariates: Vec<String>,
    /// Column with weights
    #[arg(long, value_name = "COLUMN")]
    weights: Option<String>,
    /// Compare with units that never start, or with those that have not started yet
    #[arg(long, value_enum, value_name = "WHICH")]
    control_group: Option<ControlGroup>,
    /// Which uncertainty a regression reports
    #[arg(long, value_enum, value_name = "KIND")]
    errors: Option<ErrorKind>,
    /// Seed of random draws [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of random draws
    #[arg(long, value_name = "N")]
    draws: Option<usize>,
    /// First treated period of a single series
    #[arg(long, value_name = "PERIOD", allow_negative_numbers = true)]
    start: Option<i64>,
    /// Periods in a season (12 for months)
    #[arg(long, value_name = "N")]
    season: Option<usize>,
    /// Periods in a chart's baseline; the whole series when not given
    #[arg(long, value_name = "N")]
    baseline: Option<usize>,
    /// Periods before the start in which people may already react
    #[arg(long, value_name = "N", default_value_t = 0)]
    anticipation: u32,
    /// power: effect in standard deviations
    #[arg(long, value_name = "D")]
    effect: Option<f64>,
    /// power: people on each side
    #[arg(long, value_name = "N")]
    people: Option<f64>,
    /// power: groups in all
    #[arg(long, value_name = "N")]
    clusters: Option<usize>,
    /// power: people in each group
    #[arg(long, value_name = "N")]
    size: Option<usize>,
    /// power: share of the variance between groups
    #[arg(long, value_name = "SHARE")]
    icc: Option<f64>,
    /// power: share of groups treated [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    share: Option<f64>,
    /// power: wanted probability of seeing the effect [default: 0.8]
    #[arg(long, value_name = "P")]
    power: Option<f64>,
    /// power: significance [default: 0.05]
    #[arg(long, value_name = "P")]
    alpha: Option<f64>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ControlGroup {
    Never,
    Notyet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ErrorKind {
    Classical,
    Hc1,
    Hc2,
    Hc3,
    Cr1,
    Cr2,
    Cr3,
}

/// What is asked of `throughline estimate`.
#[derive(Clone, Debug)]
pub(crate) enum Estimate {
    /// A method with its options: one subcommand for each entry of [`METHODS`].
    Method {
        /// Which one.
        method: &'static Method,
        /// Its options.
        args: Box<EstimateArgs>,
    },
    /// An evidence pack to compute again.
    Pack {
        /// The file, or `-`.
        file: PathBuf,
        /// Print the pack as computed again instead of its sentences.
        json: bool,
    },
}

impl FromArgMatches for Estimate {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        if let Some(file) = matches.get_one::<PathBuf>("pack") {
            return Ok(Self::Pack { file: file.clone(), json: matches.get_flag("json") });
        }
        let found = matches
            .subcommand()
            .and_then(|(name, inner)| METHODS.iter().find(|m| m.name == name).map(|m| (m, inner)));
        let Some((method, inner)) = found else {
            return Err(clap::Error::raw(
                clap::error::ErrorKind::MissingSubcommand,
                "name a method or a --pack; `throughline estimate --help` lists the methods\n",
            ));
        };
        Ok(Self::Method { method, args: Box::new(EstimateArgs::from_arg_matches(inner)?) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Estimate {
    fn augment_args(cmd: Command) -> Command {
        let cmd = cmd
            .arg(
                Arg::new("pack")
                    .long("pack")
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Compute an evidence pack again from the data in it (`-` for standard input)"),
            )
            .arg(
                Arg::new("json")
                    .long("json")
                    .requires("pack")
                    .action(clap::ArgAction::SetTrue)
                    .help("With --pack: print the pack as computed again, to compare byte by byte"),
            )
            .args_conflicts_with_subcommands(true)
            .arg_required_else_help(true)
            .subcommand_value_name("METHOD")
            .subcommand_help_heading("Methods")
            .after_help(
                "Exit codes: 0 an estimate, or a pack that comes out the same; 1 a pack that does not; \
                 2 the command line or the file is wrong; 3 the data cannot answer.",
            );
        METHODS.iter().fold(cmd, |cmd, method| {
            cmd.subcommand(EstimateArgs::augment_args(Command::new(method.name)).about(method.summary).long_about(format!(
                "{}.\n\n{}\n\nExample:\n  throughline estimate {} {}\n\n\
                 Exit codes: 0 an estimate, 2 the command line or the file is wrong, 3 the data cannot answer.",
                method.summary, method.help, method.name, method.example
            )))
        })
    }

    fn augment_args_for_update(cmd: Command) -> Command {
        Self::augment_args(cmd)
    }
}

/// Runs what was asked and prints what it found.
///
/// # Errors
/// When the answer cannot be written.
pub(crate) fn run(estimate: &Estimate) -> anyhow::Result<ExitCode> {
    match estimate {
        Estimate::Method { method, args } => run_one(method.name, args),
        Estimate::Pack { file, json } => run_pack(file, *json),
    }
}

/// Computes a pack again and says whether it comes out the same.
fn run_pack(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let shown = file.display();
    let bytes = match bytes_of(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("throughline: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let pack = match Pack::from_bytes(&bytes) {
        Ok(pack) => pack,
        Err(fault) => {
            eprintln!("throughline: {shown}: {fault}");
            return Ok(ExitCode::from(2));
        }
    };
    let again = pack.again();
    let text = if json {
        String::from_utf8(again.bytes()).context("the pack as JSON")?
    } else {
        let mut text = again.prose.join("\n\n");
        text.push_str(&format!(
            "\n\nStudy {}, method {}, engine {}, seed {}; data {}\n",
            again.fixed.study, again.method, again.engine, again.seed, again.data_sha256
        ));
        text
    };
    print(text.trim_end())?;
    let differs = pack.differs(&again);
    match differs.as_slice() {
        [] => {
            if !json {
                print("Computed again from the data in it: the same bytes.")?;
            }
        }
        ["engine"] => {
            eprintln!(
                "throughline: {shown}: the same result; the pack was written by engine {}, this is {}",
                pack.engine, again.engine
            );
        }
        fields => {
            eprintln!(
                "throughline: {shown}: computed again from the data in it, {} comes out differently. \
                 What the file says there does not follow from its data.",
                fields.join(" and ")
            );
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(if again.result.outcome.estimate.is_some() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// A line on standard output. A reader that has seen enough is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

/// Runs a method and prints its report.
fn run_one(name: &str, args: &EstimateArgs) -> anyhow::Result<ExitCode> {
    let table = match (&args.data, name) {
        (None, "power") => Table::default(),
        (None, _) => {
            eprintln!(
                "throughline: Option --data: this method needs it. Name a CSV or Parquet file, or - for standard input."
            );
            return Ok(ExitCode::from(2));
        }
        (Some(path), _) => match read(path, args.cohort.as_deref()) {
            Ok(table) => table,
            Err(error) => {
                eprintln!("throughline: {error:#}");
                return Ok(ExitCode::from(2));
            }
        },
    };
    let report = match run_method(name, &table, &options(args)) {
        Ok(report) => report,
        Err(reason) => {
            eprintln!("throughline: {reason}");
            return Ok(ExitCode::from(2));
        }
    };
    let text = if args.json {
        serde_json::to_string_pretty(&report).context("the report as JSON")?
    } else {
        words(&report)
    };
    print(&text)?;
    Ok(if report.cannot_say.is_some() { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn options(args: &EstimateArgs) -> Options {
    Options {
        outcome: args.outcome.clone(),
        unit: args.unit.clone(),
        time: args.time.clone(),
        cohort: args.cohort.clone(),
        treated: args.treated.clone(),
        cluster: args.cluster.clone(),
        covariates: args.covariates.clone(),
        weights: args.weights.clone(),
        control_group: args.control_group.map(|c| match c {
            ControlGroup::Never => Control::Never,
            ControlGroup::Notyet => Control::NotYet,
        }),
        seed: args.seed,
        draws: args.draws,
        errors: args.errors.map(|e| match e {
            ErrorKind::Classical => Errors::Classical,
            ErrorKind::Hc1 => Errors::Hc1,
            ErrorKind::Hc2 => Errors::Hc2,
            ErrorKind::Hc3 => Errors::Hc3,
            ErrorKind::Cr1 => Errors::Cr1,
            ErrorKind::Cr2 => Errors::Cr2,
            ErrorKind::Cr3 => Errors::Cr3,
        }),
        start: args.start,
        season: args.season,
        baseline: args.baseline,
        anticipation: args.anticipation,
        plan: Plan {
            effect: args.effect,
            people: args.people,
            clusters: args.clusters,
            size: args.size,
            icc: args.icc,
            share: args.share,
            power: args.power,
            alpha: args.alpha,
        },
    }
}

fn read(path: &Path, cohort: Option<&str>) -> anyhow::Result<Table> {
    table::parse(bytes_of(path)?, cohort).with_context(|| path.display().to_string())
}

/// The bytes of a file, or of standard input for `-`.
fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    }
    Ok(bytes)
}

/// The report as text: sentences, table, remarks.
fn words(report: &Report) -> String {
    let mut out = format!("{}\n", report.prose);
    if !report.rows.is_empty() {
        let number = |v: Option<f64>| v.map_or(String::new(), significant);
        let mut table: Vec<[String; 7]> =
            vec![["", "estimate", "std. error", "statistic", "p", "95 % from", "to"].map(str::to_owned)];
        for row in &report.rows {
            let mut term = row.term.clone();
            for (label, value) in [("wave", row.group), ("period", row.time), ("event time", row.event_time)]
            {
                if let Some(value) = value.filter(|_| !term.starts_with("ATT(")) {
                    term.push_str(&format!(", {label} {value}"));
                }
            }
            table.push([
                term,
                number(row.estimate),
                number(row.std_error),
                number(row.statistic),
                number(row.p_value),
                number(row.conf_low),
                number(row.conf_high),
            ]);
        }
        // Columns that nothing fills are left out.
        let used: Vec<usize> =
            (0..7).filter(|&c| c == 0 || table[1..].iter().any(|r| !r[c].is_empty())).collect();
        let width = |c: usize| table.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..7).map(width).collect();
        for row in &table {
            out.push('\n');
            let mut line = String::new();
            for &c in &used {
                if c == 0 {
                    line.push_str(&format!("{:<w$}", row[c], w = widths[c]));
                } else {
                    line.push_str(&format!("  {:>w$}", row[c], w = widths[c]));
                }
            }
            out.push_str(line.trim_end());
        }
        out.push('\n');
    }
    if !report.weights.is_empty() {
        out.push_str("\nWeights\n");
        for weight in &report.weights {
            let group = weight.group.map_or(String::new(), |g| format!(", wave {g}"));
            out.push_str(&format!(
                "  {} {}{group}: {}\n",
                weight.of,
                weight.name,
                significant(weight.weight)
            ));
        }
    }
    let clusters = report.clusters.map_or(String::new(), |c| format!(" in {c} clusters"));
    out.push_str(&format!(
        "\n{} observations{clusters}. Method {}, version {}.",
        report.n, report.method, report.version
    ));
    for warning in &report.warnings {
        out.push_str(&format!("\nNote: {warning}"));
    }
    out
}

/// Six significant digits.
fn significant(v: f64) -> String {
    if v == 0.0 {
        return "0".into();
    }
    if v.abs() < 1e-4 {
        return format!("{v:.2e}");
    }
    let digits = (5 - v.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{v:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits() {
        let shown = [0.0, 1.0, 1234.5678, -0.25231487, 0.00001234].map(significant);
        assert_eq!(shown, ["0", "1", "1234.57", "-0.252315", "1.23e-5"]);
    }
}
