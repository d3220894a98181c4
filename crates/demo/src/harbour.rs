//! The last ten weeks of Harbour Street, planned so that two of nine people need their leader and seven do not.

use crate::metrics::*;
use crate::noise::{Dice, Use};
use crate::world::MetricIx;

/// Weeks at the end whose readings are planned.
pub(crate) const PLANNED: usize = 10;

/// Relative weekly spread of the nine, by metric.
const SPREAD: [f64; WORK] = [0.07, 0.072, 0.12, 0.15, 0.045, 0.07];

/// The relative weekly spread of one of the nine; it is wider where the level is a handful.
pub(crate) fn spread(who: usize, metric: usize) -> f64 {
    if who == RAFAEL && metric == MEETINGS.at() { 0.22 } else { SPREAD[metric] }
}

const AMARA: usize = 0;
const EMEKA: usize = 3;
const HANA: usize = 4;
const INES: usize = 5;
const MAYA: usize = 6;
const RAFAEL: usize = 7;
const YUSUF: usize = 8;

/// The positions of those who need their leader: a shift, then a gap.
pub(crate) const NEED_LEADER: [(usize, MetricIx); 2] = [(MAYA, CALLS), (RAFAEL, MEETINGS)];
/// Whose data is late.
pub(crate) const DATA_LATE: (usize, MetricIx) = (YUSUF, CALLS);
/// How many of the nine are below a target in the last week, whatever their usual range.
pub(crate) const BELOW_TARGET: usize = 5;

/// Whether a reading of the nine has not arrived yet; `ago` is 0 for the last week.
pub(crate) fn missing(who: usize, metric: usize, ago: usize) -> bool {
    who == DATA_LATE.0 && metric == DATA_LATE.1.at() && ago < 2
}

/// Distance from the own level in own spreads, where it is planned. `ago` is 0 for the last week.
pub(crate) fn planned(seed: u64, who: usize, metric: usize, ago: usize) -> Option<f64> {
    if ago >= PLANNED {
        return None;
    }
    let mut dice = Dice::new(seed, Use::Shown, (who * WORK + metric) * PLANNED + ago);
    let flip = Dice::new(seed, Use::Shown, usize::MAX - (who * WORK + metric)).below(2);
    // Up and down in turn, so that no run on one side of the middle arises.
    // Small whole numbers need a little more to move at all.
    let whole = metric == MEETINGS.at() || metric == ACCOUNTS.at();
    let calm = match ((ago + flip).is_multiple_of(2), whole) {
        (true, false) => dice.between(0.4, 0.95),
        (false, false) => dice.between(-0.75, -0.3),
        (true, true) => dice.between(0.9, 1.0),
        (false, true) => dice.between(-0.7, -0.6),
    };
    let is = |w: usize, m: MetricIx| who == w && metric == m.at();
    Some(match ago {
        // Since four weeks: about 31 calls instead of 40.
        0..4 if is(MAYA, CALLS) => [-3.3, -2.8, -3.4, -3.0][ago] + 0.1 * calm,
        // Low for four weeks, then a talk, then back.
        6..10 if is(HANA, CONTACTS) => -2.3 + 0.2 * calm,
        0..6 if is(HANA, CONTACTS) => 0.3 + 0.4 * calm,
        // One ordinary low week each: nothing to talk about.
        0 if is(AMARA, CONTACTS) || is(EMEKA, CALLS) || is(INES, REVENUE_PER_HOUR) => -2.0,
        // Four meetings a week, steadily; three and five occur.
        _ if is(RAFAEL, MEETINGS) => [0.0, -1.0, 0.1, 1.2, -1.0, 1.2, 0.0, -1.0, 0.1, 0.0][ago],
        _ => calm,
    })
}
