//! The `throughline` binary: configuration, wiring, commands.
//!
//! Each command is one module; what it does is a use case of `app`. Logs go to standard error, so that standard
//! output holds answers only: `serve` prints there one line, `ready http://…`, once it answers.

mod admin;
mod config;
mod demo;
mod doctor;
mod estimate;
mod import;
mod opened;
mod privacy;
mod records;
mod rules;
mod serve;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use store::db::Error as StoreError;

const AFTER: &str = "\
Configuration: flags win over variables, variables over the file, the file over what holds without any.
Every key of the file has a variable: mail.port is THROUGHLINE_MAIL_PORT. Unknown keys are errors.

Exit codes:
  0  done
  1  it failed; what failed is on standard error
  2  the command line or the configuration is wrong
  3  another server has the database open
  4  a check found something (doctor, migrate --check)";

const EXAMPLES: &str = "\
Examples:
  throughline serve --data /var/lib/throughline
      serves the embedded database in that folder on http://127.0.0.1:8080
  throughline serve --database postgres://throughline@db/throughline --listen 0.0.0.0:8080
  THROUGHLINE_DATABASE_FILE=/run/secrets/db throughline serve --config /etc/throughline.toml

The first start, when nobody can sign in yet, prints a link that works once: it makes the first person.";

/// What people learn, how they work and what the business gets, on one line.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, about, after_help = AFTER, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(subcommand)]
    command: Command,
}

/// Where the data and the configuration are.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// Configuration file (TOML) [variable: THROUGHLINE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded database; made when it is not there [default: throughline-data]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "database")]
    data: Option<PathBuf>,
    /// A PostgreSQL database instead, as postgres://USER@HOST/NAME
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = EXAMPLES)]
    Serve {
        /// Where to listen [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
    },
    /// Make an invented world to look at, and serve it
    #[command(after_help = demo::EXAMPLES)]
    Demo(demo::Demo),
    /// Bring in files: units, people, metrics, observations, targets, commitments, learning records, supports, rollouts, studies
    #[command(subcommand)]
    Import(import::Import),
    /// Give out learning records as NDJSON
    #[command(subcommand)]
    Export(records::Export),
    /// Export, import and try the rules for reds
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Make, list and end keys of machines
    #[command(subcommand)]
    Key(admin::Key),
    /// List people, let them in, shut them out, and give or take access roles
    #[command(subcommand)]
    Person(admin::Person),
    /// List what left the server, and send again what could not be sent
    #[command(subcommand)]
    Delivery(admin::Delivery),
    /// Say what is held about a person and would go, and erase it
    #[command(after_help = privacy::ERASE_HELP)]
    Erase(privacy::Person),
    /// Say what the rules of retention would take away, and take it away
    #[command(after_help = privacy::RETENTION_HELP)]
    Retention(privacy::Retention),
    /// Bring the database to this version; the server does it by itself when it starts
    Migrate {
        /// Only say what is missing; exit code 4 when something is
        #[arg(long)]
        check: bool,
    },
    /// Make every derived table again from what was received.
    ///
    /// Readings of periods and units, learning days, episodes and standings are emptied or followed up and computed anew from
    /// observations and statements. The result is the same as before, so it is safe at any time; stop the server first.
    #[command(after_help = "Exit codes: 0 done; 1 it failed and nothing was changed.")]
    Rebuild,
    /// Look at configuration, database, disk, clock and queues, and say what is wrong and what to do
    Doctor,
    /// Run a statistical method on a file, or compute an evidence pack again; no server needed
    Estimate(estimate::Estimate),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Needs neither configuration nor database.
    if let Command::Estimate(estimate) = &cli.command {
        return estimate::run(estimate).unwrap_or_else(|error| {
            eprintln!("throughline: {error:#}");
            ExitCode::FAILURE
        });
    }
    let listen = match &cli.command {
        Command::Serve { listen } => listen.clone(),
        Command::Demo(demo) => demo.listen.clone(),
        _ => None,
    };
    // The demo keeps away from the data of a real installation, wherever that is.
    let named = cli.place.data.is_some() || cli.place.database.is_some();
    let apart = matches!(cli.command, Command::Demo(_)) && !named;
    let flags = config::Flags {
        config: cli.place.config,
        data: if apart { Some(demo::folder()) } else { cli.place.data },
        database: cli.place.database,
        listen,
    };
    let vars = std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
    let config = match config::load(&flags, vars) {
        Ok(config) => config,
        Err(bad) => {
            eprintln!("throughline: {bad}");
            return ExitCode::from(2);
        }
    };
    if let Err(bad) = log_to_stderr(&config.log) {
        eprintln!("throughline: {bad}");
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("throughline: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve { .. } => serve::run(config).await.map(|()| ExitCode::SUCCESS),
            Command::Demo(demo) => demo::run(config, demo).await.map(|()| ExitCode::SUCCESS),
            Command::Import(command) => import::run(config, command).await,
            Command::Export(command) => records::export(config, command).await,
            Command::Rules(command) => rules::run(config, command).await,
            Command::Key(command) => admin::run(config, admin::Admin::Key(command)).await,
            Command::Person(command) => admin::run(config, admin::Admin::Person(command)).await,
            Command::Delivery(command) => admin::run(config, admin::Admin::Delivery(command)).await,
            Command::Erase(person) => privacy::erase(config, person).await,
            Command::Retention(command) => privacy::retention(config, command).await,
            Command::Migrate { check } => opened::migrate(config, check).await,
            Command::Rebuild => opened::rebuild(config).await,
            Command::Doctor => doctor::run(config).await,
            Command::Estimate(estimate) => estimate::run(&estimate),
        }
    });
    // A task that still waits for something must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result.unwrap_or_else(|error| {
        eprintln!("throughline: {error:#}");
        match error.downcast_ref::<StoreError>() {
            Some(StoreError::InUse { .. }) => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    })
}

fn log_to_stderr(level: &str) -> Result<(), config::Bad> {
    let filter = tracing_subscriber::EnvFilter::try_new(level).map_err(|e| {
        config::Bad::new("log", format!("`{level}` is no log level such as info or web=debug: {e}"))
    })?;
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
