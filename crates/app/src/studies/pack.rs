//! The evidence pack of a reading, for whoever wants to compute it again.

use domain::access::{Denied, MIN_GROUP, Permit, ReadStudyData, ReadStudyResult};
use domain::ids::StudyId;
use domain::studies::Input;
use domain::studies::pack::Pack;

use crate::{App, Error, Result};

/// A pack as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Whether frozen data speak of persons, or of groups so small that they could.
fn speaks_of_persons(input: &Input) -> bool {
    input.lanes.iter().any(|lane| {
        !lane.episodes.is_empty()
            || lane.personal && lane.members.iter().any(|m| m.people.is_none_or(|p| (p as usize) < MIN_GROUP))
    })
}

/// Whether [`pack`] has a file for whoever asks.
pub async fn has_pack(
    app: &App,
    _: &Permit<ReadStudyResult>,
    rows: Option<&Permit<ReadStudyData>>,
    id: StudyId,
) -> Result<bool> {
    let frozen = app
        .store
        .read(move |r| -> Result<_> {
            let Some(answer) = store::studies::newest_answer(r, id)? else { return Ok(None) };
            Ok(store::studies::input(r, id, answer.number)?)
        })
        .await?;
    let input = frozen.and_then(|bytes| Input::from_bytes(&bytes));
    Ok(input.is_some_and(|input| rows.is_some() || !speaks_of_persons(&input)))
}

/// Writes the pack of the newest reading of a study. Data that speak of persons, pseudonymised as they are, are for those
/// who may read a study's rows; whole units are for whoever may read its result.
pub async fn pack(
    app: &App,
    result: &Permit<ReadStudyResult>,
    rows: Option<&Permit<ReadStudyData>>,
    id: StudyId,
) -> Result<File> {
    let _ = result;
    let may_rows = rows.is_some();
    let (study, support, metrics, number, frozen) = app
        .store
        .read(move |r| -> Result<_> {
            let study = store::studies::study(r, id)?.ok_or(Error::NotFound("study"))?;
            let answer =
                store::studies::newest_answer(r, id)?.ok_or(Error::NotFound("reading of this study"))?;
            let frozen =
                store::studies::input(r, id, answer.number)?.ok_or(Error::NotFound("frozen data"))?;
            let support = store::interventions::name(r, study.intervention)?.unwrap_or_default();
            let metrics = store::metrics::metrics(r)?;
            Ok((study, support, metrics, answer.number, frozen))
        })
        .await?;
    let input = Input::from_bytes(&frozen).ok_or_else(|| {
        Error::Conflict("this reading was frozen by another version; read the study again".into())
    })?;
    if speaks_of_persons(&input) && !may_rows {
        return Err(Denied::Forbidden.into());
    }
    let name = format!("{}-reading-{number}.json", study.code);
    let bytes = tokio::task::spawn_blocking(move || Pack::new(&study, &support, &metrics, &input).bytes())
        .await
        .map_err(Error::internal)?;
    Ok(File { name, bytes })
}
