//! Statements by the million: taken in from files and given out to them.
//!
//! Taking in uses the same core as a request does: each line is a delivery of its own, made ready by whoever reads the file while
//! those before it are written, a batch a transaction. The same transaction notes how far it came, so that what was interrupted
//! goes on where it stopped and nothing is taken twice.

use std::sync::Arc;

use domain::access::{Permit, ReadStatements};
use domain::ids::AccountId;
use domain::time::Instant;
use serde::{Deserialize, Serialize};
use store::db::{Dictionary, Tx};
use store::statements::{self as rows, Scan};
use uuid::Uuid;
use xapi::{IfiKey, Limits, Received, Version};

use super::write::{self, Delivery};
use super::{Source, prepare};
use crate::{App, Error, Ids, Result};

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

/// Lines of one file that are taken in together.
pub struct Batch {
    /// Whoever vouches for them, with the version that the last line came by.
    source: Source,
    ids: Ids,
    now: Instant,
    dictionary: Arc<Dictionary>,
    /// The lines that can be taken, and their statements.
    lines: Vec<u64>,
    ready: Vec<Delivery>,
    /// Lines that hold none.
    pub bad: Vec<BadLine>,
    /// The last line that was looked at.
    pub line: u64,
}

impl Batch {
    /// An empty one that goes on after a line. The version is what its lines are likely to come by.
    pub async fn new(app: &App, source: &Source, after: u64, likely: Version) -> Result<Self> {
        Ok(Self {
            source: source.by(likely),
            ids: app.ids.clone(),
            now: app.now(),
            dictionary: app.store.dictionary().await?,
            lines: Vec::new(),
            ready: Vec::new(),
            bad: Vec::new(),
            line: after,
        })
    }
    /// How many statements it holds.
    pub fn len(&self) -> usize {
        self.ready.len()
    }
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
    /// The version that the last line came by.
    pub fn version(&self) -> Version {
        self.source.version
    }
    /// Reads a line and makes its statement ready, or notes everything that is wrong with it.
    ///
    /// # Errors
    /// Where making it ready fails for another reason than what the line says.
    pub fn add(&mut self, line: u64, text: &[u8], limits: Limits) -> Result<()> {
        self.line = line;
        let (version, received) = match read_line(text, self.source.version, limits) {
            Ok(read) => read,
            Err(why) => {
                self.bad.push(BadLine { line, why });
                return Ok(());
            }
        };
        self.source.version = version;
        match prepare(&self.source, &self.ids, self.now, &self.dictionary, vec![received], &[]) {
            Ok(statement) => {
                self.lines.push(line);
                self.ready.push(Delivery::new(&self.source, self.now, statement));
            }
            Err(error @ (Error::Invalid(_) | Error::Limited(_))) => {
                self.bad.push(BadLine { line, why: vec![error.to_string()] });
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}

/// Reads one line: by the version that the lines before came by, or else by the other.
///
/// # Errors
/// Everything that is wrong with it, as the version says that it names itself.
fn read_line(text: &[u8], likely: Version, limits: Limits) -> Result<(Version, Received), Vec<String>> {
    let other = match likely {
        Version::V1_0_3 => Version::V2_0,
        Version::V2_0 => Version::V1_0_3,
    };
    let mut first = Vec::new();
    for version in [likely, other] {
        match xapi::parse_statements(text, version, limits) {
            Ok(mut one) if one.len() == 1 && text.first() == Some(&b'{') => {
                return Ok((version, one.remove(0)));
            }
            Ok(_) => return Err(vec!["a line holds one statement, not a list of them".to_owned()]),
            Err(faults) if first.is_empty() => first = faults,
            Err(_) => {}
        }
    }
    Err(first.iter().map(ToString::to_string).collect())
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

/// Why a transaction kept nothing.
enum Undone {
    /// One of the lines cannot be taken, and lines are not to be passed over: which of the batch, and why.
    Refused(usize, BadLine),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes in as much of a batch as can be, and notes how far the file is. Gives that, and the lines that could not be taken.
///
/// With `pass_over`, every good line of the batch is taken; without, those before the first bad one.
///
/// # Errors
/// Where the database fails; bad lines are no error here.
pub async fn take(
    app: &App,
    file: &str,
    before: Taken,
    batch: Batch,
    pass_over: bool,
) -> Result<(Taken, Vec<BadLine>)> {
    let Batch { lines, ready, mut bad, line: mut end, .. } = batch;
    let mut count = ready.len();
    if let Some(first) = bad.first().filter(|_| !pass_over) {
        count = lines.partition_point(|&line| line < first.line);
        end = first.line - 1;
    }
    let batch = Arc::new((lines, ready));
    loop {
        let (clock, ids, key) = (app.clock.clone(), app.ids.clone(), setting(file));
        let (shared, passed_over) = (batch.clone(), if pass_over { bad.len() } else { 0 });
        let written = app
            .store
            .write_many(move |tx: &mut Tx| -> Result<(Taken, Vec<BadLine>), Undone> {
                let (lines, ready) = &*shared;
                let last = rows::last_seq(tx)?;
                let outcomes = write::write(tx, &clock, &ids, &ready[..count])?;
                let mut refused = Vec::new();
                for (n, outcome) in outcomes.into_iter().enumerate() {
                    if let Err(error) = outcome {
                        let bad = BadLine { line: lines[n], why: vec![error.to_string()] };
                        if !pass_over {
                            return Err(Undone::Refused(n, bad));
                        }
                        refused.push(bad);
                    }
                }
                let new = (rows::last_seq(tx)? - last).unsigned_abs();
                let taken = Taken {
                    line: end,
                    new: before.new + new,
                    known: before.known + (count - refused.len()) as u64 - new,
                    bad: before.bad + (refused.len() + passed_over) as u64,
                };
                let text = serde_json::to_string(&taken).map_err(Error::internal)?;
                store::pipeline::set_setting(tx, &key, &text)?;
                Ok((taken, refused))
            })
            .await;
        match written {
            Ok((taken, mut refused)) => {
                app.work.notify_one();
                // Giving back thousands of statements' memory takes as long as a tenth of writing them.
                tokio::task::spawn_blocking(move || drop(batch));
                bad.append(&mut refused);
                bad.sort_by_key(|b| b.line);
                return Ok((taken, bad));
            }
            // Those before it are taken alone.
            Err(Undone::Refused(at, line)) => {
                (count, end) = (at, line.line - 1);
                bad = vec![line];
            }
            Err(Undone::Failed(error)) => return Err(error),
        }
    }
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
        let version = |text, likely| read_line(text, likely, Limits::default()).unwrap().0;
        let plain = br#"{"actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"x:v"},"object":{"id":"x:a"}}"#;
        assert_eq!(version(plain, Version::V2_0), Version::V2_0);
        let new = br#"{"version":"2.0.0","actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"x:v"},"object":{"id":"x:a"}}"#;
        assert_eq!(version(new, Version::V1_0_3), Version::V2_0);
        for bad in [&b"[]"[..], b"", b"{}", b"x", b"[{}]"] {
            assert!(!read_line(bad, Version::V1_0_3, Limits::default()).unwrap_err().is_empty());
        }
    }
}
