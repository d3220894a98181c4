//! Statements that are taken away, and those in which somebody is named no longer.
//!
//! In the place of one that goes stay its id and a keyed hash of what it meant, so that a sender who repeats it is answered as if
//! it were here, and nobody brings it back. One that voids another is never taken away: what it voids must stay voided.

use std::collections::{BTreeSet, HashMap};

use domain::ids::AccountId;
use domain::time::Instant;
use store::db::Tx;
use store::statements::terms::{self, By, Postings};
use store::statements::{self as rows, Kept};
use uuid::Uuid;

use super::write::{Place, Stored, stored_row, stored_rows};
use crate::signed::{Key, Purpose};

/// What a statement means, as it is kept when the statement goes.
pub(super) fn meaning(key: &Key, text: &str) -> Vec<u8> {
    key.mac(Purpose::Meaning, &xapi::fingerprint(text).unwrap_or_default())
}

/// The key of [`meaning`], where there is one.
pub(super) fn meaning_key(tx: &mut Tx) -> Stored<Option<Key>> {
    Key::find(tx).map_err(|e| store::db::Error::BadValue {
        place: "the installation's key".to_owned(),
        reason: e.to_string(),
    })
}

/// What became of some statements that were to go.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    /// How many went.
    pub(crate) count: u64,
    /// Places of those that stay, because they void others.
    pub(crate) stay: Vec<i64>,
    /// By whom and when those were done that went.
    pub(crate) done: BTreeSet<(AccountId, Instant)>,
    /// What those named that went.
    pub(crate) activities: BTreeSet<String>,
}

/// Takes the statements at some places away. What waits for the index must have been taken in before.
pub(crate) fn remove(tx: &mut Tx, seqs: &[i64], key: &Key, now: Instant) -> Stored<Removed> {
    let mut removed = Removed::default();
    let mut postings = Postings::default();
    let mut rows_of: HashMap<Uuid, rows::Row> = HashMap::new();
    let mut gone = Vec::new();
    let mut places = Vec::new();
    for kept in rows::kept_at(tx, seqs)? {
        let row = stored_row(tx, Place::of(&kept), &kept.text)?;
        if row.as_ref().is_some_and(|row| row.voids) {
            removed.stay.push(kept.seq);
            continue;
        }
        gone.push(rows::Gone { id: kept.id, meaning: meaning(key, &kept.text) });
        places.push(kept.seq);
        if let Some(row) = row {
            row.postings(By::Own, kept.seq, &mut postings);
            removed.done.extend(row.account.map(|account| (account, kept.happened_at)));
            removed.activities.extend(row.activities.iter().map(|(iri, _)| iri.clone()));
            rows_of.insert(kept.id, row);
        }
    }
    if gone.is_empty() {
        return Ok(removed);
    }
    let ids: Vec<Uuid> = gone.iter().map(|one| one.id).collect();
    // Nobody finds others any more by what these said, unless something else that they are about says it too.
    let sources: Vec<(i64, Uuid)> = rows::sources_of(tx, &ids)?;
    for (seq, target) in &sources {
        if let Some(row) = rows_of.get(target) {
            row.postings(By::Reference, *seq, &mut postings);
        }
    }
    postings_by_reference(tx, &places, &[], &mut postings)?;
    let others: BTreeSet<i64> = sources.iter().map(|(seq, _)| *seq).filter(|s| !places.contains(s)).collect();
    let mut still = Postings::default();
    postings_by_reference(tx, &others.into_iter().collect::<Vec<_>>(), &ids, &mut still)?;
    postings.subtract(&still);
    terms::forget(tx, postings)?;
    rows::remove(tx, &gone, now)?;
    removed.count = gone.len() as u64;
    Ok(removed)
}

/// What statements at some places are found by through those that they are about, but for some of those.
fn postings_by_reference(tx: &mut Tx, seqs: &[i64], but: &[Uuid], to: &mut Postings) -> Stored<()> {
    let pairs = rows::targets_of(tx, seqs)?;
    let targets: BTreeSet<Uuid> = pairs.iter().map(|(_, id)| *id).filter(|id| !but.contains(id)).collect();
    let targets = stored_rows(tx, &targets.into_iter().collect::<Vec<_>>())?;
    for (seq, target) in pairs {
        if let Some(row) = targets.get(&target) {
            row.postings(By::Reference, seq, to);
        }
    }
    Ok(())
}

/// Somebody who is named no longer.
#[derive(Debug, Clone)]
pub(crate) struct Nameless {
    /// The keys of their accounts.
    pub(crate) keys: BTreeSet<String>,
    /// What stands in the place of their name and addresses, wherever in a text.
    pub(crate) words: Vec<String>,
    /// The agent in their place, as JSON.
    pub(crate) instead: String,
}

impl Nameless {
    /// A text without their names and addresses; `None` where it holds none.
    pub(crate) fn mend(&self, text: &str) -> Option<String> {
        let mut mended: Option<String> = None;
        for word in &self.words {
            let now = mended.as_deref().unwrap_or(text);
            if let Some(without) = replaced(now, word) {
                mended = Some(without);
            }
        }
        mended
    }
    /// JSON without them; `None` where it is none or does not name them.
    pub(crate) fn mend_json(&self, text: &str) -> Option<String> {
        let them = |key: &str| self.keys.contains(key);
        let mended = xapi::without(text, &them, &self.instead, &|word| self.mend(word))?;
        let named = mended != xapi::without(text, &|_| false, "", &|_| None)?;
        named.then_some(mended)
    }
}

/// A text with a word gone, however its letters of ASCII are written; `None` where it does not hold it.
fn replaced(text: &str, word: &str) -> Option<String> {
    let (low, needle) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in low.match_indices(&needle) {
        out.push_str(&text[from..at]);
        out.push_str(store::erasure::GONE);
        from = at + needle.len();
    }
    (from > 0).then(|| out + &text[from..])
}

/// Takes somebody's name out of the statements at some places. Gives how many named them.
pub(crate) fn unname(tx: &mut Tx, seqs: &[i64], nameless: &Nameless) -> Stored<u64> {
    let mut count = 0;
    let mut postings = Postings::default();
    let mut still = Postings::default();
    let dictionary = tx.dictionary()?;
    for kept in rows::kept_at(tx, seqs)? {
        let Some(text) = nameless.mend_json(&kept.text) else { continue };
        let sources = rows::sources_of(tx, &[kept.id])?;
        let mut account = None;
        for (text, to) in [(&kept.text, &mut postings), (&text, &mut still)] {
            let Some(row) = stored_row(tx, Place::of(&kept), text)? else { continue };
            row.postings(By::Own, kept.seq, to);
            for (seq, _) in &sources {
                row.postings(By::Reference, *seq, to);
            }
            account = row.account;
        }
        rows::rewrite(tx, kept.id, account, &rows::Body::as_it_is(&dictionary, &text)?)?;
        count += 1;
    }
    postings.subtract(&still);
    terms::forget(tx, postings)?;
    Ok(count)
}

/// The places of those of some statements that hold any of somebody's names and addresses.
pub(crate) fn holding(some: &[Kept], words: &[String]) -> Vec<i64> {
    let words: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    some.iter()
        .filter(|kept| {
            let text = kept.text.to_ascii_lowercase();
            words.iter().any(|word| text.contains(word.as_str()))
        })
        .map(|kept| kept.seq)
        .collect()
}
