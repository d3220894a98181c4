//! `throughline serve`: everything that runs while the server does.

use std::future::Future;
use std::io::Write;

use anyhow::Context;
use app::App;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::{admin, opened};

/// Runs the server until it is told to stop.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let store = opened::store(&config).await?;
    let applied = store.migrate(app::Clock::System.now()).await?;
    for name in applied {
        tracing::info!(name, "applied a migration");
    }
    let listener = listen(&config).await?;
    let address = listener.local_addr()?;
    let app = opened::app(&config, store, opened::public_url(&config, address), false)?;
    if let Some(link) = app::access::set_up_link(&app).await? {
        eprintln!(
            "Nobody can sign in yet. This link works once and for one day; it makes the first person:\n  {link}"
        );
    }
    until_stopped(&config, app, listener).await
}

/// Opens the listening socket.
pub(crate) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", config.listen))
}

/// Answers, works and sends until the process is told to stop; then closes the database.
pub(crate) async fn until_stopped(config: &Config, app: App, listener: TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let options = web::Options {
        connections: config.connections,
        proxies: config.proxies.clone(),
        xapi_version: config.xapi_version,
        xapi_origins: config.xapi_origins.clone(),
        ..web::Options::default()
    };
    let couriers = app::outbox::Couriers {
        mail: config.mail.as_ref().map(connect::mail::Mailer::connect).transpose()?,
        web: connect::http::Client::new(config.outbound.clone())?,
    };
    if couriers.mail.is_none() {
        tracing::warn!("mail is not configured: people are told on screen only");
    }
    let stop = stop_signal()?;
    let mut work = tokio::task::JoinSet::new();
    work.spawn(app::pipeline::run(app.clone()));
    work.spawn(app::statements::run_index(app.clone()));
    work.spawn(app::outbox::run(app.clone(), couriers));
    if let Some(replies) = &config.replies {
        let listener = TcpListener::bind(replies.listen).await;
        let listener = listener.with_context(|| format!("cannot take replies on {}", replies.listen))?;
        work.spawn(app::replies::run(app.clone(), listener));
    }
    let commands =
        opened::socket(config).map(|path| admin::listen(app.clone(), config.clone(), path)).transpose()?;
    let serving = web::serve(app.clone(), listener, options, stop);
    println!("ready http://{address}");
    std::io::stdout().flush()?;
    let served = serving.await;
    tracing::info!("stopping");
    // What they have begun is either committed or undone: closing the database waits for what it has accepted.
    work.shutdown().await;
    if let Some(commands) = commands {
        commands.stop();
    }
    app.store.close().await;
    served.context("the listening socket failed")
}

/// Ready when the process is asked to stop: SIGTERM from a service manager, Ctrl-C from a person.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
