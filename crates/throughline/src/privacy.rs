//! `throughline erase` and `throughline retention`: what goes, what stays, and taking it away.

use std::fmt::Write as _;
use std::process::ExitCode;

use app::App;
use app::erasure::{self, Preview};
use clap::Args;
use domain::access::{ApplyRetention, Erase, ReadRetention};

use crate::config::Config;
use crate::import::{Refused, host};
use crate::opened;

pub(crate) const ERASE_HELP: &str = "\
Examples:
  throughline erase E1042            says what would go and what stays, and changes nothing
  throughline erase E1042 --for-good erases, and prints the receipt

Statements of theirs go and what others said of them stays without them; their ids stay used, so that nothing comes back by being
sent again. What they are counted in stays as it was, without a name. Take the person out of the staff list first, or the next import
makes them anew. After restoring a backup, erase again everybody whose receipt is younger than it. While a server has the embedded
database open, stop it first, or let two privacy officers do it on its page.
Exit codes: 0 done, 1 there is nobody of that code, 3 a server has the database open.";

pub(crate) const RETENTION_HELP: &str = "\
The rules are a file that retention_file of the configuration names, each with class (statements, state, profiles, deliveries), days
and why, and for statements verbs, activities and unit if it is to concern only some:

  [[rule]]
  class = \"statements\"
  days = 1095
  verbs = [\"http://adlnet.gov/expapi/verbs/experienced\"]
  why = \"Nobody needs to know for longer which pages were opened.\"

A running server applies them once a day. Exit codes: 0 done, 3 a server has the database open.";

/// Whom to erase.
#[derive(Debug, Clone, Args)]
pub(crate) struct Person {
    /// The person's code, or the id that a receipt names
    person: String,
    /// Do it; it cannot be undone
    #[arg(long)]
    for_good: bool,
}

/// What to do with the rules.
#[derive(Debug, Clone, Args)]
pub(crate) struct Retention {
    /// Take it away now
    #[arg(long)]
    apply: bool,
}

async fn open(config: &Config) -> anyhow::Result<App> {
    let store = opened::store(config).await?;
    store.migrate(app::Clock::System.now()).await?;
    opened::app(config, store, opened::public_url(config, config.listen), false)
}

/// Runs `throughline erase`.
pub(crate) async fn erase(config: Config, command: Person) -> anyhow::Result<ExitCode> {
    let app = open(&config).await?;
    let done = perform(&app, &command).await;
    app.store.close().await;
    Ok(crate::import::end(done?))
}

async fn perform(app: &App, command: &Person) -> anyhow::Result<Result<String, Refused>> {
    let person = match command.person.parse() {
        Ok(id) => id,
        Err(_) => match erasure::person_with_code(app, &command.person).await {
            Ok(id) => id,
            Err(app::Error::Invalid(faults)) => return Ok(Err(faults.into())),
            Err(error) => return Err(error.into()),
        },
    };
    let may = host(Erase(person))?;
    if !command.for_good {
        return Ok(Ok(said(&erasure::preview(app, &may, person).await?)));
    }
    let (id, receipt) = erasure::erase(app, &may).await?;
    let mut text = format!("erased {person}, receipt {id}\n");
    for line in receipt.lines() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    Ok(Ok(text))
}

fn said(preview: &Preview) -> String {
    let mut text = format!("{} ({})\nwould go\n", preview.person.name, preview.person.code);
    for line in preview.goes() {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("would stay, without a name\n");
    for line in preview.stays() {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("nothing was changed; --for-good erases\n");
    text
}

/// Runs `throughline retention`.
pub(crate) async fn retention(config: Config, command: Retention) -> anyhow::Result<ExitCode> {
    let app = open(&config).await?;
    let done = look(&app, &command).await;
    app.store.close().await;
    print!("{}", done?);
    Ok(ExitCode::SUCCESS)
}

async fn look(app: &App, command: &Retention) -> anyhow::Result<String> {
    let mut text = String::new();
    if app.settings.retention.is_empty() {
        text.push_str(
            "there is no rule: everything is kept; name a file in retention_file of the configuration\n",
        );
    }
    if command.apply {
        app::pipeline::settle(app).await?;
        for (rule, count) in app::retention::apply(app, &host(ApplyRetention(()))?).await? {
            let _ = writeln!(text, "{} after {} days: {count} went", rule.about(), rule.days);
        }
        return Ok(text);
    }
    let (due, _) = app::retention::look(app, &host(ReadRetention(()))?).await?;
    for app::retention::Due { rule, count, more, fault } in due {
        let _ = match fault {
            Some(fault) => writeln!(text, "{} after {} days: {fault}", rule.about(), rule.days),
            None => {
                let more = if more { " or more" } else { "" };
                writeln!(text, "{} after {} days: {count}{more} would go", rule.about(), rule.days)
            }
        };
    }
    Ok(text)
}
