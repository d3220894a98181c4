//! Statements one after the other in the order in which they were stored, for taking them out as a whole.

use domain::ids::AccountId;
use uuid::Uuid;

use super::Result;
use super::terms::{Search, Tail, Term};
use crate::db::{Read, Value};
use crate::params;

/// Which statements a scan gives. Voided ones are among them, with those that voided them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scan {
    /// Those of these actors; empty for any.
    pub actors: Option<Vec<AccountId>>,
    /// Those with this verb.
    pub verb: Option<String>,
    /// Those about this activity.
    pub activity: Option<String>,
    /// Those later in the order than this.
    pub after: i64,
    /// Those no later than this.
    pub up_to: i64,
    /// At most so many.
    pub limit: u32,
}

impl Scan {
    /// Its conditions, each as the terms of which a statement must have one.
    fn conditions(&self) -> Vec<Vec<Term>> {
        let actors =
            self.actors.as_ref().map(|all| all.iter().map(|&account| Term::actor(account)).collect());
        let verb = self.verb.as_ref().map(|iri| vec![Term::verb(iri)]);
        let activity = self.activity.as_ref().map(|iri| vec![Term::object(iri)]);
        [actors, verb, activity].into_iter().flatten().collect()
    }
}

/// The next statements: place in the order and id.
pub fn scan(r: &mut Read, scan: &Scan) -> Result<Vec<(i64, Uuid)>> {
    let conditions = scan.conditions();
    let limit = scan.limit as usize;
    if conditions.is_empty() {
        return r.query(
            "SELECT seq, id FROM statement WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
            params![scan.after, scan.up_to, i64::from(scan.limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
    }
    let tail = Tail::read(r, &conditions.iter().flatten().copied().collect())?;
    let mut search = Search::new(&conditions, &tail, true);
    let (mut found, mut at) = (Vec::new(), scan.after + 1);
    // A place whose statement was taken away gives nothing, so there may have to be more of them.
    while found.len() < limit {
        let seqs = search.take(r, at, scan.up_to, limit - found.len())?;
        let Some(&last) = seqs.last() else { break };
        at = last + 1;
        found.extend(r.query(
            "SELECT seq, id FROM statement WHERE seq = ANY($1) ORDER BY seq",
            params![Value::list(seqs)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?);
    }
    Ok(found)
}
