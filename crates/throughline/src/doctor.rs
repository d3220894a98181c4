//! `throughline doctor`: looks at everything that can be wrong with an installation, and says what to do.

use std::process::ExitCode;

use app::App;
use store::db::{Engine, Place};

use crate::admin::{self, Admin, Said};
use crate::config::Config;

/// Below this many free bytes a disk is called full soon.
const ROOM: u64 = 1 << 30;

/// One line of the answer.
struct Line {
    good: bool,
    what: &'static str,
    text: String,
}

fn good(what: &'static str, text: impl Into<String>) -> Line {
    Line { good: true, what, text: text.into() }
}
fn bad(what: &'static str, text: impl Into<String>) -> Line {
    Line { good: false, what, text: text.into() }
}

/// Looks here, or lets the server that has the database open look.
pub(crate) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    admin::run(config, Admin::Doctor).await
}

/// Looks at an open installation.
pub(crate) async fn look(app: &App, config: &Config) -> anyhow::Result<Said> {
    let mut lines = vec![good("version", env!("CARGO_PKG_VERSION"))];
    lines.push(match &config.file {
        Some(path) => good("config", path.display().to_string()),
        None => good("config", "no file; variables, flags and defaults"),
    });
    lines.extend(doors(config));
    lines.extend(database(app, config).await?);
    lines.push(mail(config));
    lines.push(outbox(app).await?);
    lines.push(people(app).await?);
    let found = lines.iter().any(|line| !line.good);
    let mut text = String::new();
    for Line { good, what, text: said } in lines {
        text.push_str(&format!("{}  {what:<11} {said}\n", if good { "ok  " } else { "look" }));
    }
    Ok(Said { text, found })
}

fn doors(config: &Config) -> Vec<Line> {
    let tls = config.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    let listens = if config.listen.ip().is_loopback() || tls {
        good("address", format!("listens on {}", config.listen))
    } else {
        bad(
            "address",
            format!(
                "listens on {} without TLS: put a reverse proxy with TLS before it and set public_url to its https address",
                config.listen
            ),
        )
    };
    let mut lines = vec![listens];
    if tls && config.proxies.is_empty() {
        lines.push(bad(
            "proxies",
            "public_url is https, so a proxy stands before the server, but trusted_proxies is empty: everybody seems to come \
             from one address, and wrong sign-ins are counted together; name the proxy's IP address",
        ));
    }
    lines
}

async fn database(app: &App, config: &Config) -> anyhow::Result<Vec<Line>> {
    let mut lines = vec![good("database", app.store.place())];
    let missing = app.store.pending_migrations().await?;
    lines.push(if missing.is_empty() {
        good("migrations", "all applied")
    } else {
        bad("migrations", format!("missing: {}; run throughline migrate", missing.join(", ")))
    });
    let damage = app.store.check().await?;
    lines.push(if damage.is_empty() {
        good("integrity", "no damage found")
    } else {
        bad("integrity", format!("{}; stop, check the disk, and restore a backup", damage.join("; ")))
    });
    if let (Engine::Sqlite, Place::Sqlite(path)) = (app.store.engine(), &config.place) {
        let size = std::fs::metadata(path).map_or(0, |m| m.len());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
        let room = rustix::fs::statvfs(folder).map(|s| s.f_bavail.saturating_mul(s.f_frsize));
        lines.push(match room {
            Ok(free) if free < ROOM.max(size) => bad(
                "disk",
                format!(
                    "{} MiB free for a database of {} MiB; make room before it is full",
                    free >> 20,
                    size >> 20
                ),
            ),
            Ok(free) => good("disk", format!("{} MiB free, the database has {} MiB", free >> 20, size >> 20)),
            Err(error) => bad("disk", format!("cannot ask for its room: {error}")),
        });
    }
    let newest = app::access::newest_note(app).await?;
    lines.push(match newest {
        Some(at) if at > app.now().plus_seconds(60) => bad(
            "clock",
            format!(
                "it is {} here, but something is noted at {at}: the clock went back; set it right",
                app.now()
            ),
        ),
        _ => good("clock", app.now().to_string()),
    });
    Ok(lines)
}

fn mail(config: &Config) -> Line {
    match &config.mail {
        None => bad("mail", "not configured: people are told on screen only; set mail.host and mail.from"),
        Some(mail) => match connect::mail::Mailer::connect(mail) {
            Ok(_) => good("mail", format!("{}:{} as {}", mail.host, mail.port, mail.from)),
            Err(error) => bad("mail", error.to_string()),
        },
    }
}

async fn outbox(app: &App) -> anyhow::Result<Line> {
    let queue = app::outbox::state(app).await?;
    let error = queue.last_error.map_or_else(String::new, |e| format!("; the newest failure said: {e}"));
    let oldest = queue.oldest.map_or(0, |at| app.now().seconds_since(at) / 60);
    Ok(if queue.parked > 0 {
        bad("outbox", format!("{} deliveries could not be made and are parked{error}", queue.parked))
    } else if oldest > 60 {
        bad("outbox", format!("{} deliveries wait, the oldest for {oldest} minutes{error}", queue.waiting))
    } else {
        good("outbox", format!("{} waiting, none parked", queue.waiting))
    })
}

async fn people(app: &App) -> anyhow::Result<Line> {
    Ok(if app::access::anybody_can_sign_in(app).await? {
        good("people", "somebody can sign in")
    } else {
        bad("people", "nobody can sign in yet: start the server and follow the link that it prints")
    })
}
