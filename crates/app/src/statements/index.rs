//! The index by which statements are found, kept off the path on which they are acknowledged.
//!
//! What waits is taken in by strides that grow with the load: all that came in a second or so. Each stride is cut into slices, each a
//! transaction of its own, so that nobody who stores statements waits long; readers find whatever waits all the same.

use std::time::Duration;

use store::db::pack;
use store::statements::{self as rows, terms};

use super::learnt;
use crate::{App, Result};

/// How long what waits gathers before it is taken in.
const GATHER: Duration = Duration::from_millis(1_000);
/// Bytes of postings that one stride takes: about 100,000 statements.
const STRIDE: usize = 4 << 20;
/// Terms that one transaction takes.
const SLICE: usize = 1_000;
/// From how many statements on a dictionary is worth learning, and after how many times as many again.
const LEARN_FROM: i64 = 2_000;
const LEARN_AGAIN: i64 = 16;
/// Statements that a dictionary is learnt from.
const SAMPLES: i64 = 2_000;

/// Takes in what waits. Gives whether there was anything.
pub async fn take_in(app: &App) -> Result<bool> {
    let mut stride = app.store.read(|r| -> Result<_> { Ok(terms::waiting(r, STRIDE)?) }).await?;
    if stride.is_empty() {
        return Ok(false);
    }
    loop {
        let slice = stride.slice(SLICE);
        let finished = stride.finished();
        let last = finished.is_some();
        app.store
            .write(move |tx| -> Result<()> {
                terms::take_in(tx, &slice)?;
                if let Some(rows) = finished {
                    terms::drop_waiting(tx, &rows)?;
                }
                Ok(())
            })
            .await?;
        if last {
            break;
        }
    }
    learn(app).await?;
    Ok(true)
}

/// Learns what statements have in common where there are enough more of them than at the last time.
async fn learn(app: &App) -> Result<()> {
    let (last, learnt) =
        app.store.read(|r| -> Result<_> { Ok((rows::last_seq(r)?, pack::learnt_from(r)?)) }).await?;
    if last < LEARN_FROM.max(learnt.saturating_mul(LEARN_AGAIN)) {
        return Ok(());
    }
    let samples = app.store.read(|r| -> Result<_> { Ok(rows::samples(r, SAMPLES)?) }).await?;
    let bytes = tokio::task::spawn_blocking(move || pack::learn(&learnt::from(&samples)))
        .await
        .map_err(crate::Error::internal)?;
    // What cannot be learnt is written down as well: nothing in common, and not to be tried again soon.
    let (bytes, now) = (bytes.unwrap_or_default(), app.now());
    app.store.write(move |tx| -> Result<()> { Ok(pack::add(tx, &bytes, last, now)?) }).await?;
    app.store.look_for_dictionary();
    Ok(())
}

/// Runs for as long as the server does. A failed stride is logged and tried again.
pub async fn run(app: App) {
    loop {
        match take_in(&app).await {
            Ok(true) => {}
            Ok(false) => app.index.notified().await,
            Err(error) => {
                tracing::error!(%error, "statements could not be taken into the index; trying again")
            }
        }
        tokio::time::sleep(GATHER).await;
    }
}
