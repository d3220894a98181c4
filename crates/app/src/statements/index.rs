//! The index by which statements are found, kept off the path on which they are acknowledged.
//!
//! What waits is taken in by strides that grow with the load: all that came in a second or so. Each stride is cut into slices, each a
//! transaction of its own, so that nobody who stores statements waits long; readers find whatever waits all the same.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use store::db::pack;
use store::statements::{self as rows, terms};

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

/// How many actors must have something in common before it is learnt.
const SHARED_BY: usize = 5;

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
    let bytes = tokio::task::spawn_blocking(move || pack::learn(&shared(&samples)))
        .await
        .map_err(crate::Error::internal)?;
    // What cannot be learnt is written down as well: nothing in common, and not to be tried again soon.
    let (bytes, now) = (bytes.unwrap_or_default(), app.now());
    app.store.write(move |tx| -> Result<()> { Ok(pack::add(tx, &bytes, last, now)?) }).await?;
    app.store.look_for_dictionary();
    Ok(())
}

/// Texts without whatever fewer than [`SHARED_BY`] actors share, and without anybody's name or address: a dictionary outlives the
/// statements it was learnt from, so it must hold nothing by which somebody could be found who is erased.
fn shared(samples: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let texts: Vec<&str> = samples.iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect();
    let mut by: HashMap<String, BTreeSet<u64>> = HashMap::new();
    for text in &texts {
        xapi::each_string(text, |actor, string| {
            let mut hash = std::hash::DefaultHasher::new();
            actor.hash(&mut hash);
            let actors = by.entry(string.to_owned()).or_default();
            if actors.len() < SHARED_BY {
                actors.insert(hash.finish());
            }
        });
    }
    let word = |string: &str| {
        let shared = by.get(string).is_some_and(|actors| actors.len() >= SHARED_BY);
        (!shared).then(String::new)
    };
    texts
        .iter()
        .filter_map(|text| xapi::without(text, &|_| false, "", &word))
        .map(String::into_bytes)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_learnt_from_what_several_people_share() {
        let statement = |n: usize| {
            format!(
                r#"{{"actor":{{"name":"Person {n}","account":{{"homePage":"https://hr.example","name":"E{n}"}}}},"verb":{{"id":"http://v.example/did"}},"context":{{"instructor":{{"name":"Jo Boss","mbox":"mailto:jo@boss.example"}}}},"result":{{"response":"my own words {}"}},"n":{n}}}"#,
                n / 4
            )
            .into_bytes()
        };
        let samples: Vec<Vec<u8>> = (0..12).map(statement).collect();
        let text = String::from_utf8(shared(&samples).concat()).unwrap();
        for kept in ["http://v.example/did", "https://hr.example", "\"instructor\""] {
            assert_eq!(text.matches(kept).count(), 12, "{kept}: {text}");
        }
        for left_out in ["Person", "E1", "Jo Boss", "jo@boss", "my own words"] {
            assert!(!text.contains(left_out), "{left_out}: {text}");
        }
    }
}
