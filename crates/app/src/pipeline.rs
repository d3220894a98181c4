//! One explicit loop over the steps that turn what arrived into what is understood.
//!
//! Each step reads what the step before it wrote, does a bounded amount, and says how much it did.
//! The loop wakes on a commit and on a timer, goes round until no step has anything to do, and waits again.

use std::time::Duration;

use domain::access::{ApplyRetention, Relation, Who, permit};

use crate::{App, Result};

/// Keys that one step takes at a time.
const LIMIT: u32 = 5_000;

/// Statements that the learning step looks at in one go: few, so that new ones need not wait long for the database.
const STATEMENTS: u32 = 1_000;

/// How long what arrives under load gathers between two rounds, so that rounds stay few.
const GATHER: Duration = Duration::from_millis(50);

/// One round over every step. Gives how much was done; 0 when everything is up to date.
pub async fn round(app: &App) -> Result<usize> {
    let learning = crate::learning::roll_up(app, STATEMENTS).await?;
    let units = crate::metrics::roll_up_units(app, LIMIT).await?;
    let standing = crate::alerts::evaluate(app, LIMIT).await?;
    let studies = crate::studies::read_due(app, 1).await?;
    let forwarded = crate::forwarding::queue_next(app, STATEMENTS).await?;
    Ok(learning + units + standing + studies + forwarded)
}

/// Goes round until everything is up to date.
pub async fn settle(app: &App) -> Result<()> {
    while round(app).await? > 0 {}
    Ok(())
}

/// What becomes due without anything arriving: leaders who are told after their people, and digests.
pub async fn by_the_clock_alone(app: &App) -> Result<()> {
    crate::attention::tell_who_waits(app).await?;
    crate::attention::send_digests(app).await?;
    Ok(())
}

/// What every day brings: data that are late by now, and what has become too old to be kept.
async fn new_day(app: &App) -> Result<()> {
    crate::alerts::new_day(app).await?;
    let may = permit(&Who::Host, Relation::NONE, ApplyRetention(()))?;
    crate::retention::apply(app, &may).await?;
    Ok(())
}

/// Runs for as long as the server does. A failed round is logged and tried again.
pub async fn run(app: App) {
    // What changes by the clock alone: data that become late, snoozes that end.
    let by_the_clock = Duration::from_secs(60);
    let mut last_day = None;
    loop {
        match round(&app).await {
            Ok(0) => {}
            Ok(done) => {
                if done < STATEMENTS as usize {
                    tokio::time::sleep(GATHER).await;
                }
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "a pipeline round failed and will be tried again");
                tokio::time::sleep(Duration::from_secs(5)).await;
                continue;
            }
        }
        let today = app.now().day(&app.settings.zone);
        if last_day != Some(today) {
            match new_day(&app).await {
                Ok(()) => last_day = Some(today),
                Err(error) => {
                    tracing::error!(%error, "the daily look at what is due failed and will be tried again")
                }
            }
            continue;
        }
        if let Err(error) = by_the_clock_alone(&app).await {
            tracing::error!(%error, "what is due by the clock could not be told and will be tried again");
        }
        tokio::select! {
            () = app.work.notified() => {}
            () = tokio::time::sleep(by_the_clock) => {}
        }
    }
}
