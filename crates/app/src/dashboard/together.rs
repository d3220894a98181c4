//! One metric across a team: each person beside their own usual range, how far apart the values are, and the season.

use domain::access::{Permit, ReadTeamBoard, Viewer};
use domain::ids::{MetricId, PersonId};
use domain::metrics::{Aggregation, Grain, Metric, Quantity};
use domain::people::Person;
use domain::time::{Cadence, Day};
use store::alerts::Stand;
use store::metrics::Reading;
use uuid::Uuid;

use crate::{App, Error, Result};

/// Periods of the small drawings.
pub(crate) const SMALL: i32 = 26;
/// Periods of which values are counted, and looked at for holes and corrections.
pub const RECENT: usize = 12;

/// One person of a team on one metric.
#[derive(Debug, Clone)]
pub struct Teammate {
    /// Who.
    pub person: Person,
    /// Where they stand.
    pub stand: Stand,
    /// The newest [`SMALL`] periods, oldest first, with holes.
    pub values: Vec<Option<f64>>,
    /// How many of the newest [`RECENT`] periods came late or were corrected.
    pub mended: usize,
}

impl Teammate {
    /// The newest [`RECENT`] periods, with holes.
    pub fn recent(&self) -> &[Option<f64>] {
        &self.values[self.values.len().saturating_sub(RECENT)..]
    }
}

/// A team on one metric.
#[derive(Debug, Clone)]
pub struct Together {
    /// The metric.
    pub metric: Metric,
    /// The viewer's unit.
    pub unit: Option<String>,
    /// Everybody with data, by name.
    pub people: Vec<Teammate>,
    /// The first period of the small drawings.
    pub first: Day,
    /// What the team as a whole did in each period of the last year: a mean of its people, or its ratio.
    pub year: Vec<(Day, Option<f64>)>,
    /// The same a year before, under the periods of now; empty where nothing is known from then.
    pub before: Vec<(Day, Option<f64>)>,
}

/// Periods in a year.
const fn a_year(cadence: Cadence) -> i32 {
    match cadence {
        Cadence::Day => 364,
        Cadence::Week => 52,
        Cadence::Month => 12,
        Cadence::Quarter => 4,
        Cadence::Year => 1,
    }
}

/// Reads one metric of everybody who reports to the viewer.
///
/// # Errors
/// [`Error::NotFound`] where it is no metric of persons, or nobody in the team has data for it.
pub async fn together(
    app: &App,
    _: &Permit<ReadTeamBoard>,
    viewer: &Viewer,
    metric: MetricId,
) -> Result<Together> {
    let (ids, unit): (Vec<PersonId>, _) = (viewer.reports.iter().copied().collect(), viewer.unit);
    app.store
        .read(move |r| -> Result<Together> {
            let none = || Error::NotFound("metric of the team");
            let metric = store::metrics::metric(r, metric)?.filter(|m| m.grain == Grain::Person);
            let metric = metric.ok_or_else(none)?;
            let subjects: Vec<Uuid> = ids.iter().map(|p| p.uuid()).collect();
            let mut stands = store::alerts::stands(r, &subjects)?;
            stands.retain(|s| s.metric == metric.id);
            let cadence = metric.cadence.rolled();
            let last = stands.iter().filter_map(|s| s.period).max().ok_or_else(none)?;
            let (first, year) = (cadence.step(last, 1 - SMALL), a_year(cadence));
            let oldest = cadence.step(last, 1 - (2 * year).max(SMALL));
            let readings = store::metrics::readings_of(r, &subjects, &[metric.id], oldest, last)?;
            let mut people = Vec::with_capacity(stands.len());
            for stand in stands {
                let Some(person) = store::people::person(r, PersonId::new(stand.subject))? else { continue };
                let own: Vec<&Reading> = readings.iter().filter(|x| x.subject == stand.subject).collect();
                let mut values = vec![None; SMALL as usize];
                let mut mended = 0;
                for reading in &own {
                    let at = usize::try_from(cadence.steps_between(first, reading.period)).ok();
                    let Some(at) = at.filter(|at| *at < values.len()) else { continue };
                    values[at] = reading.quantity.value();
                    let lately = at + RECENT >= values.len();
                    mended += usize::from(lately && (reading.late || reading.revision > 1));
                }
                people.push(Teammate { person, stand, values, mended });
            }
            people.sort_by_cached_key(|p| (domain::people::fold(&p.person.name), p.person.id));
            let mean = |period: Day| {
                let of: Vec<Quantity> =
                    readings.iter().filter(|x| x.period == period).map(|x| x.quantity).collect();
                (period, all_of(metric.aggregation, &of))
            };
            let periods = (1 - year..=0).map(|n| cadence.step(last, n));
            let then = |period: Day| (period, mean(cadence.step(period, -year)).1);
            let mut before: Vec<(Day, Option<f64>)> = periods.clone().map(then).collect();
            if before.iter().all(|(_, value)| value.is_none()) {
                before.clear();
            }
            Ok(Together {
                unit: unit.map(|u| store::people::unit(r, u)).transpose()?.flatten().map(|u| u.name),
                year: periods.map(mean).collect(),
                people,
                first,
                before,
                metric,
            })
        })
        .await
}

/// What several people's quantities of one period come to: a ratio is divided last, everything else is a mean of people.
fn all_of(aggregation: Aggregation, quantities: &[Quantity]) -> Option<f64> {
    if aggregation == Aggregation::Ratio {
        let sum = |part: fn(&Quantity) -> f64| quantities.iter().map(part).sum::<f64>();
        let denominator = sum(|q| q.denominator.unwrap_or(0.0));
        return Quantity { numerator: sum(|q| q.numerator), denominator: Some(denominator) }.value();
    }
    let values: Vec<f64> = quantities.iter().filter_map(|q| q.value()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_divided_last_and_silence_is_not_zero() {
        let ratio = |numerator, d| Quantity { numerator, denominator: Some(d) };
        assert_eq!(all_of(Aggregation::Ratio, &[ratio(1.0, 1.0), ratio(1.0, 3.0)]), Some(0.5));
        assert_eq!(all_of(Aggregation::Sum, &[Quantity::plain(40.0), Quantity::plain(30.0)]), Some(35.0));
        assert_eq!(all_of(Aggregation::Ratio, &[ratio(0.0, 0.0)]), None);
        assert_eq!(all_of(Aggregation::Sum, &[]), None);
    }
}
