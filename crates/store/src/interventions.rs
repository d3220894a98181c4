//! Interventions, their lanes, rollouts and uses.

use domain::ids::{InterventionId, PersonId};
use domain::time::Day;

use crate::db::{Error, Read, Tx};
use crate::params;

type Result<T> = std::result::Result<T, Error>;

/// An intervention's name.
pub fn name(r: &mut Read, id: InterventionId) -> Result<Option<String>> {
    r.query_one("SELECT name FROM intervention WHERE id = $1", params![id], |row| row.get(0))
}

/// Records that one person uses it from a day on, and who or what picked them.
pub fn add_use(tx: &mut Tx, person: PersonId, id: InterventionId, day: Day, picked_by: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO intervention_use (person_id, intervention_id, day, picked_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person_id, intervention_id, day) DO NOTHING",
        params![person, id, day, picked_by],
    )?;
    Ok(())
}
