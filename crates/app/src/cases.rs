//! Cases: read them with their files.

use domain::access::{Permit, ReadStudyResult};
use domain::cases::Case;
use domain::ids::CaseId;

use crate::{App, Error, Result};

/// Every case, newest first.
pub async fn list(app: &App, _: Permit<ReadStudyResult>) -> Result<Vec<Case>> {
    app.store.read(|r| -> Result<Vec<Case>> { Ok(store::cases::cases(r)?) }).await
}

/// One case, and the name of its business metric.
pub async fn case(app: &App, _: Permit<ReadStudyResult>, id: CaseId) -> Result<(Case, Option<String>)> {
    app.store
        .read(move |r| -> Result<(Case, Option<String>)> {
            let case = store::cases::case(r, id)?.ok_or(Error::NotFound("case"))?;
            let metric =
                case.metric.map(|m| store::metrics::metric(r, m)).transpose()?.flatten().map(|m| m.name);
            Ok((case, metric))
        })
        .await
}
