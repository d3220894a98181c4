//! Statements one after the other in the order in which they were stored, for taking them out as a whole.

use domain::ids::AccountId;
use uuid::Uuid;

use super::Result;
use crate::db::{Read, Value};

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

/// The next statements: place in the order and id.
pub fn scan(r: &mut Read, scan: &Scan) -> Result<Vec<(i64, Uuid)>> {
    let mut sql = String::from("SELECT seq, id FROM statement WHERE seq > $1 AND seq <= $2");
    let mut params: Vec<Value> = vec![scan.after.into(), scan.up_to.into()];
    let mut and = |condition: &str, value: Value| {
        params.push(value);
        sql.push_str(&format!(" AND {}", condition.replace('?', &format!("${}", params.len()))));
    };
    if let Some(actors) = &scan.actors {
        and("account_id = ANY(?)", Value::list(actors.iter().copied()));
    }
    // Led by the order: `|| ''` keeps a database from leading with an index that would have to be sorted.
    if let Some(verb) = &scan.verb {
        and("verb || '' = ?", verb.as_str().into());
    }
    if let Some(activity) = &scan.activity {
        and("activity || '' = ?", activity.as_str().into());
    }
    params.push(i64::from(scan.limit).into());
    sql.push_str(&format!(" ORDER BY seq LIMIT ${}", params.len()));
    r.query(&sql, params, |row| Ok((row.get(0)?, row.get(1)?)))
}
