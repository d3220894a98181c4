//! SQLite's write-ahead log, copied into the file beside the writer.
//!
//! A checkpoint waits for the disk several times, and by default whoever commits runs it. Here a thread with a connection of its own
//! does it, so that nobody who waits for a commit waits for that as well. The log can only begin anew where all of it is copied and
//! nobody writes; under a load that never ends the writer therefore copies the rest itself once the log is long.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

/// New pages in the log after which they are copied: 16 MiB.
const SOME: c_int = 4_000;
/// Pages in the log with which the writer copies what is left and begins anew: 128 MiB.
const MANY: c_int = 32_000;
/// After how long without a copy the log gives its disk space back.
const REST: Duration = Duration::from_secs(2);

/// The thread that copies; it ends with the writer's connection.
pub(super) struct Copying(JoinHandle<()>);

impl Copying {
    /// Starts it for a writer, with a connection of its own. Neither checkpoints by itself.
    pub(super) fn beside(writer: &mut Connection, own: Connection) -> std::io::Result<Self> {
        let copied = Arc::new(AtomicI32::new(0));
        let (wake, woken) = mpsc::sync_channel(1);
        let hook = hook(copied.clone(), wake);
        writer
            .wal_hook(Some(hook))
            .and_then(|()| own.busy_timeout(Duration::ZERO))
            .map_err(std::io::Error::other)?;
        let thread = std::thread::Builder::new().name("sqlite-log".to_owned()).spawn(move || {
            let mut rests = true;
            loop {
                let next = match rests {
                    true => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    false => woken.recv_timeout(REST),
                };
                let mode = match next {
                    Ok(()) => CheckpointMode::PASSIVE,
                    Err(RecvTimeoutError::Timeout) => CheckpointMode::TRUNCATE,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                let done = own.wal_checkpoint_v2(DEFAULT_NAME, mode);
                // Somebody reads or copies just now: there will be another time.
                let busy =
                    |e: &rusqlite::Error| e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
                rests = next.is_err() && !done.as_ref().is_err_and(busy);
                match done {
                    Ok((_, done)) => copied.store(done.max(0), Ordering::Relaxed),
                    Err(error) if !busy(&error) => {
                        tracing::warn!(%error, "the log of the database could not be copied into it");
                    }
                    Err(_) => {}
                }
            }
        })?;
        Ok(Self(thread))
    }

    /// Takes the hook from the writer and waits until the thread has ended.
    pub(super) fn end(self, writer: &mut Connection) {
        let none: Option<fn(&mut Wal, c_int) -> rusqlite::Result<()>> = None;
        if writer.wal_hook(none).is_ok() && self.0.join().is_err() {
            tracing::error!("the thread that copies the log did not end well");
        }
    }
}

/// What the writer does after each commit; `pages` are in the log then.
fn hook(
    copied: Arc<AtomicI32>,
    wake: SyncSender<()>,
) -> impl FnMut(&mut Wal, c_int) -> rusqlite::Result<()> + Send + 'static {
    move |log, pages| {
        let before = copied.load(Ordering::Relaxed);
        // A log that begins anew is shorter than what was copied of the former one.
        let new = if pages < before { pages } else { pages - before };
        if pages >= MANY && log.checkpoint().is_ok() {
            copied.store(pages, Ordering::Relaxed);
        } else if new >= SOME {
            // Whoever is awake already need not be woken.
            let _ = wake.try_send(());
        }
        Ok(())
    }
}
