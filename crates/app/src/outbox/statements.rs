//! Deliveries of statements to other record stores, by xAPI over HTTP.

use connect::record_store::{self, Answer, RecordStore};
use domain::outbox::Tried;
use store::forwarding::Forward;
use store::outbox::Delivery;
use store::statements::Attachment;
use uuid::Uuid;
use xapi::OutPart;

use super::Couriers;
use crate::forwarding::QueuedStatements;
use crate::{App, Result};

/// A statement as it leaves: its id and text, with the data of its attachments.
struct Leaving {
    id: Uuid,
    text: String,
    attachments: Vec<Attachment>,
}

/// The store and the statements that still are here, in order; `None` where the store is no longer forwarded to.
async fn read(app: &App, queued: &QueuedStatements) -> Result<Option<(Forward, Vec<Leaving>)>> {
    let QueuedStatements { forward, ids } = queued.clone();
    app.store
        .read(move |r| -> Result<_> {
            let Some(forward) = store::forwarding::forward(r, forward)? else { return Ok(None) };
            let mut texts = store::statements::texts(r, &ids)?;
            let mut leaving = Vec::with_capacity(ids.len());
            for id in ids {
                // What was erased meanwhile goes nowhere.
                let Some(text) = texts.remove(&id) else { continue };
                let attachments = match text.contains("\"attachments\"") {
                    true => store::statements::attachments(r, &[id])?,
                    false => Vec::new(),
                };
                leaving.push(Leaving { id, text, attachments });
            }
            Ok(Some((forward, leaving)))
        })
        .await
}

/// Sends one delivery.
pub(super) async fn send(app: &App, couriers: &Couriers, delivery: &Delivery) -> Tried {
    let queued: QueuedStatements = match serde_json::from_str(&delivery.payload) {
        Ok(queued) => queued,
        Err(error) => return Tried::Never(format!("the delivery cannot be read: {error}")),
    };
    let (forward, statements) = match read(app, &queued).await {
        Ok(Some(found)) => found,
        Ok(None) => return Tried::Withdrawn("nothing is forwarded there any more".into()),
        Err(error) => return Tried::Later(error.to_string(), None),
    };
    if statements.is_empty() {
        return Tried::Withdrawn("the statements were erased".into());
    }
    let store = RecordStore {
        url: &forward.url,
        key: &forward.key,
        secret: &forward.secret,
        version: &forward.version,
    };
    let count = statements.len();
    // Pieces yet to be sent, the first last. One that is refused is halved until the statement at fault stands alone.
    let mut pieces: Vec<&[Leaving]> = vec![&statements];
    let mut refused: Vec<String> = Vec::new();
    while let Some(piece) = pieces.pop() {
        let texts: Vec<&str> = piece.iter().map(|s| s.text.as_str()).collect();
        let attachments = piece.iter().flat_map(|s| &s.attachments);
        let parts: Vec<OutPart<'_>> = attachments
            .map(|a| OutPart { sha2: &a.sha2, content_type: &a.content_type, data: &a.body })
            .collect();
        match record_store::send(&couriers.web, store, &texts, &parts).await {
            Answer::Taken => {}
            Answer::Later(why, wait) => return Tried::Later(why, wait),
            Answer::Gone(why) => return Tried::Gone(why),
            Answer::Refused(why) => match piece {
                [one] => refused.push(format!("{}: {why}", one.id)),
                many => {
                    let (first, second) = many.split_at(many.len() / 2);
                    pieces.extend([second, first]);
                }
            },
        }
    }
    match refused.as_slice() {
        [] => Tried::Sent(format!("{count} statements taken")),
        some => {
            let shown: Vec<&str> = some.iter().take(3).map(String::as_str).collect();
            Tried::Never(format!("{} of {count} statements refused: {}", some.len(), shown.join("; ")))
        }
    }
}
