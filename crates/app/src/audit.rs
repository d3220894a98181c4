//! Who changed what, written in the transaction of the change.

use domain::ids::AuditId;
use domain::time::Instant;
use store::db::Tx;

use crate::{Ids, Result};

/// Notes an act in the audit log.
pub fn note(
    tx: &mut Tx,
    ids: &Ids,
    at: Instant,
    actor: &str,
    act: &str,
    subject: &str,
    detail: &str,
) -> Result<()> {
    store::audit::note(tx, ids.next::<AuditId>(at), at, actor, act, subject, detail)?;
    Ok(())
}
