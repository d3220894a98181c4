//! Statements by the million: taken in from files and given out to them.
//!
//! Taking in uses the same core as a request does ([`super::ready`], [`super::write_in`]), a batch a transaction, and notes in the same
//! transaction how far it came, so that what was interrupted goes on where it stopped and nothing is taken twice.

use std::collections::HashSet;

use domain::access::{Permit, ReadStatements};
use domain::ids::AccountId;
use domain::time::Instant;
use serde::{Deserialize, Serialize};
use store::db::Tx;
use store::statements::{self as rows, Scan};
use uuid::Uuid;
use xapi::{IfiKey, Limits, Received, Version};

use super::Source;
use crate::{App, Error, Result};

/// How far a file was taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The last line that is done with.
    pub line: u64,
    /// Statements that were new.
    pub new: u64,
    /// Statements that were here already.
    pub known: u64,
    /// Lines that were passed over.
    pub bad: u64,
}

/// A line that holds no statement that can be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Which line.
    pub line: u64,
    /// Everything that is wrong with it.
    pub why: Vec<String>,
}

/// Statements of one file that are taken in together.
#[derive(Debug)]
pub struct Batch {
    /// In the order of their lines.
    received: Vec<(u64, Received)>,
    ids: HashSet<Uuid>,
    version: Version,
    /// Lines that hold none.
    pub bad: Vec<BadLine>,
    /// The last line that was looked at.
    pub line: u64,
}

impl Batch {
    /// An empty one. Its statements came by one version.
    pub fn new(version: Version) -> Self {
        Self { received: Vec::new(), ids: HashSet::new(), version, bad: Vec::new(), line: 0 }
    }
    /// How many statements it holds.
    pub fn len(&self) -> usize {
        self.received.len()
    }
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }
    /// Adds one. Gives it back where it must begin a batch of its own: it came by another version, or repeats an id.
    pub fn add(&mut self, read: Read) -> Option<Read> {
        let id = read.received.statement.id;
        if read.version != self.version || id.is_some_and(|id| self.ids.contains(&id)) {
            return Some(read);
        }
        self.ids.extend(id);
        self.line = read.line;
        self.received.push((read.line, read.received));
        None
    }
}

/// A statement that was read from a line.
#[derive(Debug)]
pub struct Read {
    /// Which line.
    pub line: u64,
    /// The version it came by.
    pub version: Version,
    received: Received,
}

/// Reads one line: by the version that the lines before came by, or else by the other.
///
/// # Errors
/// Everything that is wrong with it, as the version says that it names itself.
pub fn read_line(line: u64, text: &[u8], likely: Version, limits: Limits) -> Result<Read, BadLine> {
    let other = match likely {
        Version::V1_0_3 => Version::V2_0,
        Version::V2_0 => Version::V1_0_3,
    };
    let bad = |why: Vec<String>| BadLine { line, why };
    let mut first = Vec::new();
    for version in [likely, other] {
        match xapi::parse_statements(text, version, limits) {
            Ok(mut one) if one.len() == 1 && text.first() == Some(&b'{') => {
                return Ok(Read { line, version, received: one.remove(0) });
            }
            Ok(_) => return Err(bad(vec!["a line holds one statement, not a list of them".to_owned()])),
            Err(faults) if first.is_empty() => first = faults,
            Err(_) => {}
        }
    }
    Err(bad(first.iter().map(ToString::to_string).collect()))
}

fn setting(file: &str) -> String {
    format!("import:{file}")
}

/// How far a file was taken in before; `file` is a hash of what identifies it.
pub async fn taken_before(app: &App, file: &str) -> Result<Taken> {
    let key = setting(file);
    let found = app.store.read(move |r| -> Result<_> { Ok(store::pipeline::setting(r, &key)?) }).await?;
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Forgets how far a file was taken in.
pub async fn forget(app: &App, file: &str) -> Result<()> {
    let (key, none) = (setting(file), serde_json::to_string(&Taken::default()).map_err(Error::internal)?);
    app.store.write(move |tx| -> Result<()> { Ok(store::pipeline::set_setting(tx, &key, &none)?) }).await
}

/// Takes in a batch and notes how far the file is.
///
/// # Errors
/// Where one of its statements cannot be taken: nothing of the batch was. [`take_some`] then finds which.
async fn take(
    app: &App,
    source: &Source,
    file: &str,
    before: Taken,
    batch: Vec<Received>,
    line: u64,
) -> Result<Taken> {
    let (clock, ids, key) = (app.clock.clone(), app.ids.clone(), setting(file));
    let count = batch.len() as u64;
    let ready = super::ready(app, source, batch).await?;
    let taken = app
        .store
        .write_many(move |tx: &mut Tx| -> Result<Taken> {
            let last = rows::last_seq(tx)?;
            super::write_in(tx, &clock, &ids, ready)?;
            let new = (rows::last_seq(tx)? - last).unsigned_abs();
            let taken = Taken { line, new: before.new + new, known: before.known + count - new, ..before };
            let text = serde_json::to_string(&taken).map_err(Error::internal)?;
            store::pipeline::set_setting(tx, &key, &text)?;
            Ok(taken)
        })
        .await?;
    app.work.notify_one();
    Ok(taken)
}

/// Takes in as much of a batch as can be. Gives how far the file is, and the lines that could not be taken.
///
/// With `pass_over`, every good line of the batch is taken; without, those before the first bad one.
///
/// # Errors
/// Where the database fails; bad lines are no error here.
pub async fn take_some(
    app: &App,
    source: &Source,
    file: &str,
    before: Taken,
    batch: Batch,
    pass_over: bool,
) -> Result<(Taken, Vec<BadLine>)> {
    let Batch { received, mut bad, line: end, version, .. } = batch;
    let source = source.by(version);
    let first_bad = bad.first().map(|b| b.line);
    let mut taken = before;
    let mut refused = Vec::new();
    let (good, end) = match first_bad {
        Some(first) if !pass_over => {
            (received.into_iter().filter(|(line, _)| *line < first).collect::<Vec<_>>(), first - 1)
        }
        _ => (received, end),
    };
    // Pieces yet to be taken, the earliest last. One that is refused is halved until the line at fault stands alone.
    let mut pieces: Vec<(Vec<(u64, Received)>, u64)> = vec![(good, end)];
    while let Some((piece, to)) = pieces.pop() {
        let statements = piece.iter().map(|(_, received)| received.clone()).collect();
        match take(app, &source, file, taken, statements, to).await {
            Ok(now) => taken = now,
            Err(error @ (Error::Conflict(_) | Error::Invalid(_) | Error::Limited(_))) => {
                let mut first = piece;
                if first.len() == 1 {
                    refused.push(BadLine { line: first[0].0, why: vec![error.to_string()] });
                    if !pass_over {
                        return Ok((taken, refused));
                    }
                    taken.bad += 1;
                    continue;
                }
                let second = first.split_off(first.len() / 2);
                let middle = second[0].0 - 1;
                pieces.push((second, to));
                pieces.push((first, middle));
            }
            Err(other) => return Err(other),
        }
    }
    if pass_over {
        taken.bad += bad.len() as u64;
        refused.append(&mut bad);
        refused.sort_by_key(|b| b.line);
        // What is known of the last lines must not depend on whether the batch ended with a good one.
        taken = take(app, &source, file, Taken { line: end, ..taken }, Vec::new(), end).await?;
        return Ok((taken, refused));
    }
    refused.append(&mut bad);
    Ok((taken, refused))
}

/// What is given out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Those of this actor.
    pub actor: Option<String>,
    /// Those of the person with this code.
    pub person: Option<String>,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity.
    pub activity: Option<String>,
    /// Those stored after this moment.
    pub since: Option<String>,
    /// Those stored at or before this moment.
    pub until: Option<String>,
}

/// Where giving out stands: the last place in the order that was given, and the last that will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The last place that was given.
    pub from: i64,
    /// The last place when it was begun.
    pub up_to: i64,
}

/// An actor as people write one: a mail address, `home page|name`, an OpenID, the hash of an address, or our own key of one.
///
/// # Errors
/// [`Error::Invalid`] where it is none of these.
pub fn actor_key(text: &str) -> Result<IfiKey> {
    let text = text.trim();
    let is_hash = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let written = match text {
        _ if text.parse::<IfiKey>().is_ok() => text.to_owned(),
        _ if text.contains('|') => format!("account:{text}"),
        _ if is_hash => format!("mbox_sha1sum:{text}"),
        _ if text.contains("://") => format!("openid:{text}"),
        _ => format!("mbox:mailto:{}", text.trim_start_matches("mailto:")),
    };
    written.parse().map_err(|_| {
        Error::invalid("actor", "write a mail address, an account as https://lms.example|name, or an OpenID")
    })
}

/// The accounts that a selection means; `None` for any.
pub(super) fn accounts_of(
    r: &mut store::db::Read,
    person: Option<&str>,
    actor: Option<&str>,
) -> Result<Option<Vec<AccountId>>> {
    let mut accounts: Option<Vec<AccountId>> = None;
    if let Some(code) = person {
        let person = store::people::person_by_code(r, code)?
            .ok_or_else(|| Error::invalid("person", format!("nobody has the code `{code}`")))?;
        let of_person = store::people::accounts_of(r, person.id)?;
        accounts = Some(of_person.into_iter().map(|account| account.id).collect());
    }
    if let Some(actor) = actor {
        let key = actor_key(actor)?.into_string();
        let found = store::people::accounts_by_key(r, &[key])?.into_values().next().map(|account| account.id);
        accounts = Some(match accounts {
            None => found.into_iter().collect(),
            Some(of_person) => of_person.into_iter().filter(|id| Some(*id) == found).collect(),
        });
    }
    Ok(accounts)
}

/// A moment as people write one: with a time, or a day alone, which begins at midnight of the installation's zone.
fn moment(app: &App, place: &str, text: &str) -> Result<Instant> {
    text.parse::<Instant>()
        .ok()
        .or_else(|| text.parse().ok().map(|day| app.settings.zone.start_of(day)))
        .ok_or_else(|| {
            Error::invalid(place, "write a day such as 2026-03-18, or a moment such as 2026-03-18T09:00:00Z")
        })
}

/// The places in the order that a selection lies between, now.
pub async fn span(app: &App, _: &Permit<ReadStatements>, selection: &Selection) -> Result<Span> {
    let since = selection.since.as_deref().map(|text| moment(app, "since", text)).transpose()?;
    let until = selection.until.as_deref().map(|text| moment(app, "until", text)).transpose()?;
    app.store
        .read(move |r| -> Result<Span> {
            let from = match since {
                Some(since) => rows::seq_at(r, since)?,
                None => 0,
            };
            let last = rows::last_seq(r)?;
            let up_to = match until {
                Some(until) => last.min(rows::seq_at(r, until)?),
                None => last,
            };
            Ok(Span { from, up_to })
        })
        .await
}

/// The next statements of a selection as they were received, and how far that is. None are left where the span is used up.
pub async fn next(
    app: &App,
    _: &Permit<ReadStatements>,
    selection: Selection,
    span: Span,
    limit: u32,
) -> Result<(Vec<String>, Span)> {
    app.store
        .read(move |r| -> Result<_> {
            let actors = accounts_of(r, selection.person.as_deref(), selection.actor.as_deref())?;
            let scan = Scan {
                actors,
                verb: selection.verb,
                activity: selection.activity,
                after: span.from,
                up_to: span.up_to,
                limit,
            };
            let found = rows::scan(r, &scan)?;
            let ids: Vec<Uuid> = found.iter().map(|(_, id)| *id).collect();
            let mut texts = rows::texts(r, &ids)?;
            let from = match found.last() {
                Some((seq, _)) if found.len() == limit as usize => *seq,
                _ => span.up_to,
            };
            Ok((ids.iter().filter_map(|id| texts.remove(id)).collect(), Span { from, ..span }))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_are_read_as_people_write_them() {
        for (text, want) in [
            ("maya@northwind.example", "mbox:mailto:maya@northwind.example"),
            ("mailto:maya@northwind.example", "mbox:mailto:maya@northwind.example"),
            ("https://lms.example|h.novak", "account:https://lms.example|h.novak"),
            ("account:https://lms.example|h.novak", "account:https://lms.example|h.novak"),
            ("https://me.example/", "openid:https://me.example/"),
        ] {
            assert_eq!(actor_key(text).unwrap().as_str(), want);
        }
        assert!(actor_key("maya").is_err());
    }

    #[test]
    fn a_line_is_read_by_either_version() {
        let plain = br#"{"actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"x:v"},"object":{"id":"x:a"}}"#;
        assert_eq!(read_line(1, plain, Version::V2_0, Limits::default()).unwrap().version, Version::V2_0);
        let new = br#"{"version":"2.0.0","actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"x:v"},"object":{"id":"x:a"}}"#;
        assert_eq!(read_line(1, new, Version::V1_0_3, Limits::default()).unwrap().version, Version::V2_0);
        for bad in [&b"[]"[..], b"", b"{}", b"x", b"[{}]"] {
            assert!(!read_line(7, bad, Version::V1_0_3, Limits::default()).unwrap_err().why.is_empty());
        }
    }
}
