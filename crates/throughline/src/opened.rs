//! Opening the database and building the use cases over it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use app::{App, Clock, Ids, Settings};
use store::db::{Options, Place, Store};

use crate::config::Config;

/// Opens the database. The folder of an embedded one is made for this account alone.
pub(crate) async fn store(config: &Config) -> anyhow::Result<Store> {
    store_with(config, Options::default()).await
}

/// [`store`] with other sizes and promises than a server's.
pub(crate) async fn store_with(config: &Config, options: Options) -> anyhow::Result<Store> {
    if let Place::Sqlite(path) = &config.place
        && let Some(folder) = path.parent()
    {
        make_folder(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    Ok(Store::open(config.place.clone(), options).await?)
}

fn make_folder(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The use cases over an open database.
pub(crate) fn app(config: &Config, store: Store, public_url: String, demo: bool) -> anyhow::Result<App> {
    let ids = Ids::random().map_err(|e| anyhow::anyhow!("the system gives no randomness: {e}"))?;
    let settings = Settings {
        name: config.name.clone(),
        zone: config.zone.clone(),
        public_url,
        demo,
        sessions: config.sessions,
        // In the demo everybody is the same visitor, who would wait a day for what they just did.
        grace_hours: config.grace_hours.unwrap_or(if demo { 0 } else { 24 }),
        replies: config.replies.as_ref().map(|r| r.address.clone()),
        retention: config.retention.clone(),
    };
    Ok(App::new(store, Clock::System, ids, settings))
}

/// How people reach the server where the configuration says nothing: as it listens.
pub(crate) fn public_url(config: &Config, listening: std::net::SocketAddr) -> String {
    config.public_url.clone().unwrap_or_else(|| format!("http://{listening}"))
}

/// Where a running server takes commands: a socket beside the embedded database, for this account alone.
pub(crate) fn socket(config: &Config) -> Option<PathBuf> {
    match &config.place {
        Place::Sqlite(path) => Some(path.with_extension("sock")),
        Place::Postgres(_) => None,
    }
}

/// Brings the database to this version, or says what is missing.
pub(crate) async fn migrate(config: Config, check: bool) -> anyhow::Result<ExitCode> {
    let store = store(&config).await?;
    let code = if check {
        let missing = store.pending_migrations().await?;
        for name in &missing {
            println!("missing {name}");
        }
        if missing.is_empty() {
            println!("nothing is missing");
            ExitCode::SUCCESS
        } else {
            ExitCode::from(4)
        }
    } else {
        let done = store.migrate(Clock::System.now()).await?;
        for name in &done {
            println!("applied {name}");
        }
        if done.is_empty() {
            println!("nothing was missing");
        }
        ExitCode::SUCCESS
    };
    store.close().await;
    Ok(code)
}

/// Makes every derived table again from what was received.
pub(crate) async fn rebuild(config: Config) -> anyhow::Result<ExitCode> {
    let store = store(&config).await?;
    let app = app(&config, store, String::new(), false)?;
    let zone = config.zone.clone();
    eprintln!("Making the index of statements again …");
    app.store.write(app::statements::rebuild).await?;
    while app::statements::take_in(&app).await? {}
    eprintln!("Making readings of periods and units again …");
    app.store.write(app::metrics::rebuild).await?;
    eprintln!("Making learning days again …");
    app.store.write(move |tx| app::learning::rebuild(tx, &zone)).await?;
    eprintln!("Following up standings, episodes and studies …");
    app::alerts::new_day(&app).await?;
    app::pipeline::settle(&app).await?;
    app.store.close().await;
    println!("rebuilt");
    Ok(ExitCode::SUCCESS)
}
