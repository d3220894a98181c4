//! Difference-in-differences: what changed where something started, less what
//! changed where it had not.
//!
//! [`two_by_two`] for one start and two groups; [`twfe()`](twfe::twfe) for the familiar
//! two-way fixed effects; [`staggered()`](staggered::staggered) (Callaway and Sant'Anna
//! 2021) for rollouts in waves, which is the one to trust when effects differ or grow.

pub mod bacon;
pub mod cell;
pub mod imputation;
pub mod staggered;
pub mod sun_abraham;
pub mod twfe;

use crate::answer::{Answer, Reason};
use crate::regress::{Errors, Fit, Regression, fit};

/// Two groups, before and after: outcome on group, period and their product.
///
/// The term `treated:after` is the change in the treated group less the change in
/// the comparison group. *Assumes* that both would have changed alike. Rows may be a
/// panel or repeated cross-sections; covariates are added as they are.
/// *Refuses* when one of the four cells is empty, and as [`fit`] does.
pub fn two_by_two(
    outcome: &[f64],
    treated: &[bool],
    after: &[bool],
    covariates: &[(String, Vec<f64>)],
    cluster: Option<&[u32]>,
    errors: Errors,
) -> Answer<Fit> {
    if treated.len() != outcome.len() || after.len() != outcome.len() {
        return Answer::CannotSay(Reason::bad(
            "The comparison",
            "group, period and outcome have different lengths",
            "Give one value for each observation.",
        ));
    }
    let count = |d: bool, p: bool| treated.iter().zip(after).filter(|&(&t, &a)| t == d && a == p).count();
    if count(true, true) == 0 {
        return Answer::CannotSay(Reason::NoTreated);
    }
    if count(true, false) == 0 {
        return Answer::CannotSay(Reason::NoPrePeriod);
    }
    if count(false, true) == 0 || count(false, false) == 0 {
        return Answer::CannotSay(Reason::NoComparison);
    }
    let number = |b: &bool| f64::from(u8::from(*b));
    let mut columns = vec![
        ("after".to_owned(), after.iter().map(number).collect()),
        ("treated".to_owned(), treated.iter().map(number).collect()),
        (
            "treated:after".to_owned(),
            treated.iter().zip(after).map(|(t, a)| number(&(*t && *a))).collect::<Vec<f64>>(),
        ),
    ];
    columns.extend(covariates.iter().cloned());
    fit(&Regression { outcome, columns, absorb: vec![], cluster, weights: None, errors })
}
