//! A draw of who starts when, as it is recorded: request and seed give it again ([`super::planning::draw`]).

use serde::{Deserialize, Serialize};

use super::planning;
pub use super::planning::{Candidate, Shape};
use crate::time::Day;

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// How units start.
    pub shape: Shape,
    /// Into how many waves, for [`Shape::Waves`].
    pub waves: u32,
    /// The day on which the first wave starts.
    pub first: Day,
    /// Days between waves.
    pub every: u32,
    /// The units. Their order here does not matter.
    pub units: Vec<Candidate>,
}

/// One unit's place in a draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The unit's code.
    pub code: String,
    /// Which wave, from 1; 0 waits until it was read.
    pub wave: i64,
    /// From which day; `None` for those who wait.
    pub day: Option<Day>,
}

/// Most waves of a draw.
pub const MOST_WAVES: u32 = 26;

/// What is wrong with a request, by the name of its field.
pub fn check(request: &Request, today: Day) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    if request.first <= today {
        faults.push((
            "first",
            format!("{} is not after today; what has begun cannot be drawn.", request.first),
        ));
    } else if request.first > today.plus(730) {
        faults.push(("first", "That is more than two years away; choose an earlier day.".to_owned()));
    }
    if !(1..=MOST_WAVES).contains(&request.waves) {
        faults.push(("waves", format!("{} waves; give from 1 to {MOST_WAVES}.", request.waves)));
    }
    if !(1..=366).contains(&request.every) {
        faults.push(("every", "Give from 1 to 52 weeks between waves.".to_owned()));
    }
    let least = if request.shape == Shape::Waves { request.waves.max(1) as usize } else { 2 };
    if request.units.len() < least {
        faults.push((
            "kind",
            format!("{} units are left to draw from; it takes {least}.", request.units.len()),
        ));
    }
    faults
}

/// Draws. The same request and seed give the same waves, in whatever order units come. Those who wait come last.
pub fn draw(request: &Request, seed: u64) -> Vec<Drawn> {
    let placed = planning::draw(&request.units, request.shape, request.waves.max(1), seed);
    let mut drawn: Vec<Drawn> = placed
        .into_iter()
        .map(|p| Drawn {
            code: p.code,
            wave: i64::from(p.wave),
            day: (p.wave > 0).then(|| request.first.plus(((p.wave - 1) * request.every) as i32)),
        })
        .collect();
    drawn.sort_by_key(|d| d.wave == 0);
    drawn
}

/// A recorded draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Of which study.
    pub study: crate::ids::StudyId,
    /// Counted from 1.
    pub number: i64,
    /// The seed.
    pub seed: u64,
    /// What was drawn.
    pub request: Request,
    /// When.
    pub at: crate::time::Instant,
    /// By whom.
    pub by: crate::ids::PersonId,
    /// When its waves became the rollout; `None` while it is a proposal.
    pub applied_at: Option<crate::time::Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(shape: Shape, waves: u32, units: usize) -> Request {
        Request {
            shape,
            waves,
            first: "2026-04-06".parse().unwrap(),
            every: 28,
            units: (0..units)
                .map(|n| Candidate {
                    code: format!("B{n:03}"),
                    stratum: format!("R{}", n % 3),
                    level: Some(n as f64),
                })
                .collect(),
        }
    }

    #[test]
    fn waves_have_their_days_and_those_who_wait_have_none() {
        let drawn = draw(&request(Shape::Waves, 4, 41), 7);
        let sizes: Vec<usize> = (1..=4).map(|w| drawn.iter().filter(|d| d.wave == w).count()).collect();
        assert_eq!(sizes, [11, 10, 10, 10]);
        assert_eq!(drawn[0].day.unwrap().to_string(), "2026-04-06");
        assert_eq!(drawn[40].day.unwrap().to_string(), "2026-06-29");
        let half = draw(&request(Shape::Half, 2, 9), 7);
        assert_eq!(half.iter().filter(|d| d.day.is_none()).count(), 4);
        assert!(half.iter().all(|d| d.day.is_none() == (d.wave == 0)));
        assert_eq!(half[8].wave, 0, "those who wait come last");
        let read: Request =
            serde_json::from_str(&serde_json::to_string(&request(Shape::Half, 2, 9)).unwrap()).unwrap();
        assert_eq!(draw(&read, 7), half, "as it was kept");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_its_field() {
        let today: Day = "2026-03-18".parse().unwrap();
        let fields = |r: &Request| check(r, today).iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(fields(&request(Shape::Waves, 4, 41)), Vec::<&str>::new());
        let late = Request { first: today, every: 0, ..request(Shape::Waves, 0, 0) };
        assert_eq!(fields(&late), ["first", "waves", "every", "kind"]);
        assert_eq!(draw(&request(Shape::Waves, 3, 0), 1), []);
    }
}
