//! Finding statements: those that match, and those that are about one that matches, by key order.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AccountId, KeyId};
use domain::time::Instant;
use uuid::Uuid;

use super::terms::{self, Search, Tail, Term};
use super::{Result, text};
use crate::db::{Read, Value};
use crate::params;

/// Which statements a reader wants. Voided ones are never among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Those that name this account, as actor or object, or anywhere where `true`.
    pub agent: Option<(AccountId, bool)>,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity, or that name it anywhere where `true`.
    pub activity: Option<(String, bool)>,
    /// Those of this attempt or enrolment.
    pub registration: Option<Uuid>,
    /// Those that this key sent.
    pub sent_by: Option<KeyId>,
    /// Those later in the order than this.
    pub after: i64,
    /// Those no later than this.
    pub up_to: i64,
    /// Oldest first.
    pub ascending: bool,
    /// At most so many.
    pub limit: u32,
    /// At most about so many bytes; the first comes however long it is.
    pub bytes: usize,
}

/// A statement that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the order.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// Its text.
    pub text: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// In order.
    pub hits: Vec<Hit>,
    /// Whether there are more.
    pub more: bool,
}

/// Places that are looked up in one go.
const GO: usize = 128;

/// Finds statements by key order: those that match, and those that are about one that matches.
pub fn find(r: &mut Read, wanted: &Wanted) -> Result<Hits> {
    let (mut at, end) = match wanted.ascending {
        true => (wanted.after + 1, wanted.up_to),
        false => (wanted.up_to, wanted.after + 1),
    };
    let mut matches = Matches::new(r, wanted)?;
    let mut found = Hits::default();
    let mut bytes = 0;
    loop {
        let most = (wanted.limit as usize + 1 - found.hits.len()).min(GO);
        let rows = match &mut matches {
            Some(matches) => {
                let seqs = matches.take(r, at, end, most)?;
                let Some(&last) = seqs.last() else { return Ok(found) };
                at = if wanted.ascending { last + 1 } else { last - 1 };
                lines(r, &seqs, wanted.ascending)?
            }
            None => {
                let rows = every_line(r, at, end, most, wanted.ascending)?;
                let Some(last) = rows.last() else { return Ok(found) };
                at = if wanted.ascending { last.seq + 1 } else { last.seq - 1 };
                rows
            }
        };
        for line in rows {
            if found.hits.len() == wanted.limit as usize {
                found.more = true;
                return Ok(found);
            }
            let text = text(r, &line.body, line.stored_at)?;
            if !found.hits.is_empty() && bytes + text.len() > wanted.bytes {
                found.more = true;
                return Ok(found);
            }
            bytes += text.len();
            found.hits.push(Hit { seq: line.seq, id: line.id, text });
        }
    }
}

/// A statement that is not voided, as it lies in the table.
struct Line {
    seq: i64,
    id: Uuid,
    stored_at: Instant,
    body: Vec<u8>,
}

fn read_line(row: &crate::db::Row<'_>) -> Result<Line> {
    Ok(Line { seq: row.get(0)?, id: row.get(1)?, stored_at: row.get(2)?, body: row.get(3)? })
}

/// Those of some places that are not voided, in order.
fn lines(r: &mut Read, seqs: &[i64], ascending: bool) -> Result<Vec<Line>> {
    let mut lines = r.query(
        "SELECT seq, id, stored_at, body FROM statement WHERE seq = ANY($1) AND NOT voided",
        params![Value::list(seqs.iter().copied())],
        read_line,
    )?;
    lines.sort_unstable_by_key(|line| if ascending { line.seq } else { -line.seq });
    Ok(lines)
}

/// Those from one place to another that are not voided, in order, with nothing else asked of them.
fn every_line(r: &mut Read, at: i64, end: i64, most: usize, ascending: bool) -> Result<Vec<Line>> {
    let sql = if ascending {
        "SELECT seq, id, stored_at, body FROM statement WHERE seq >= $1 AND seq <= $2 AND NOT voided
         ORDER BY seq LIMIT $3"
    } else {
        "SELECT seq, id, stored_at, body FROM statement WHERE seq <= $1 AND seq >= $2 AND NOT voided
         ORDER BY seq DESC LIMIT $3"
    };
    r.query(sql, params![at, end, most as i64], read_line)
}

/// The conditions of a filter on what a statement says, each as the terms of which one must hold.
fn conditions(wanted: &Wanted) -> Vec<Vec<Term>> {
    let mut all = Vec::new();
    if let Some(registration) = wanted.registration {
        all.push(vec![Term::registration(registration)]);
    }
    if let Some((account, anywhere)) = wanted.agent {
        let mut terms = vec![Term::actor(account), Term::party(account)];
        terms.extend(anywhere.then(|| Term::mention(account)));
        all.push(terms);
    }
    if let Some((iri, anywhere)) = &wanted.activity {
        let mut terms = vec![Term::object(iri)];
        terms.extend(anywhere.then(|| Term::related(iri)));
        all.push(terms);
    }
    if let Some(verb) = &wanted.verb {
        all.push(vec![Term::verb(verb)]);
    }
    all
}

/// The places that match, themselves or by reference.
struct Matches {
    own: Search,
    referring: Option<Referring>,
    ascending: bool,
}

/// Statements that are about one that matches.
struct Referring {
    search: Search,
    /// Finds whether one statement alone meets every condition.
    alone: Search,
    /// What was decided of each place.
    decided: BTreeMap<i64, bool>,
}

impl Matches {
    /// `None` where nothing is asked of statements but their place.
    fn new(r: &mut Read, wanted: &Wanted) -> Result<Option<Self>> {
        let said = conditions(wanted);
        let sent: Vec<Vec<Term>> = wanted.sent_by.map(|key| vec![Term::sent_by(key)]).into_iter().collect();
        let own: Vec<Vec<Term>> = said.iter().chain(&sent).cloned().collect();
        if own.is_empty() {
            return Ok(None);
        }
        let referring: Vec<Vec<Term>> = terms::by_reference(&said).into_iter().chain(sent).collect();
        let all: BTreeSet<Term> = own.iter().chain(&referring).flatten().copied().collect();
        let tail = Tail::read(r, &all)?;
        let ascending = wanted.ascending;
        // Few statements are about others, so mostly there are none that are about one that matches.
        let none = said.is_empty() || referring.iter().any(|condition| tail.lacks(condition));
        let referring = (!none).then(|| Referring {
            search: Search::new(&referring, &tail, ascending),
            alone: Search::new(&said, &tail, ascending),
            decided: BTreeMap::new(),
        });
        Ok(Some(Self { own: Search::new(&own, &tail, ascending), referring, ascending }))
    }

    /// Up to `most` places from `at` on, no further than `end`, in order.
    fn take(&mut self, r: &mut Read, at: i64, end: i64, most: usize) -> Result<Vec<i64>> {
        let mut all = self.own.take(r, at, end, most)?;
        let Some(referring) = &mut self.referring else { return Ok(all) };
        let mut next = at;
        let mut found = Vec::new();
        while found.len() < most {
            let some = referring.search.take(r, next, end, most)?;
            let Some(&last) = some.last() else { break };
            next = if self.ascending { last + 1 } else { last - 1 };
            for seq in some {
                if referring.holds(r, seq)? {
                    found.push(seq);
                }
            }
        }
        all.extend(found);
        all.sort_unstable_by_key(|&seq| if self.ascending { seq } else { -seq });
        all.dedup();
        all.truncate(most);
        Ok(all)
    }
}

impl Referring {
    /// Whether one of the statements that a statement is about meets every condition by itself.
    fn holds(&mut self, r: &mut Read, seq: i64) -> Result<bool> {
        if let Some(&decided) = self.decided.get(&seq) {
            return Ok(decided);
        }
        let targets: Vec<i64> = r.query(
            "SELECT t.seq FROM statement_ref x JOIN statement t ON t.id = x.target_id WHERE x.seq = $1",
            params![seq],
            |row| row.get(0),
        )?;
        // Where there is but one, everything that holds by reference holds of it.
        let mut holds = targets.len() == 1;
        for target in targets {
            holds = holds || self.alone.near(r, target)? == Some(target);
        }
        self.decided.insert(seq, holds);
        Ok(holds)
    }
}
