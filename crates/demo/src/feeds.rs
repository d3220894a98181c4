//! When rows arrive, and what the feeds have to say about it.

use std::collections::BTreeMap;

use domain::time::{Day, Instant};

use crate::build::Build;
use crate::metrics::WORK;
use crate::northwind::Northwind;
use crate::world::*;

/// For how many of the last weeks the broken call feed has sent nothing.
pub(crate) const BROKEN_WEEKS: usize = 3;
/// Nights of arrival history kept for each feed.
const NIGHTS: i32 = 56;

/// The night run of a day in which rows of a metric come in.
pub(crate) fn arrival(b: &Build, metric: usize, day: Day) -> Instant {
    let feed = b.world.metrics[metric].feed;
    b.weeks.night(day, minute(feed))
}

fn minute(feed: FeedIx) -> i8 {
    (5 * feed.0 as i8 + 2) % 60
}

/// Writes the arrival history of the last weeks: one run a night, with as many rows as came in by it.
pub(crate) fn runs(b: &mut Build, n: &Northwind) {
    let from = b.weeks.today().plus(-NIGHTS);
    let start = b.weeks.night(from, 0);
    let quay: Vec<bool> = quiet_people(b, n);
    let mut rows: BTreeMap<(FeedIx, Instant), u32> = BTreeMap::new();
    for row in b.world.observations.iter().rev().take_while(|row| row.recorded >= start) {
        let metric = &b.world.metrics[row.metric().at()];
        let broken = row.metric().at() < WORK
            && metric.feed == n.feeds.calls
            && quay.get(row.subject as usize).copied().unwrap_or(false);
        let feed = if broken { n.feeds.calls_broken } else { metric.feed };
        *rows.entry((feed, b.weeks.night(day_of(row.recorded), minute(feed)))).or_default() += 1;
    }
    let mut statements: BTreeMap<Day, u32> = BTreeMap::new();
    for event in b.world.learning.iter().rev().take_while(|event| event.at >= start) {
        *statements.entry(day_of(event.at)).or_default() += 1;
    }
    let stopped = b.weeks.monday(crate::noise::WEEKS as i32 - BROKEN_WEEKS as i32);
    for index in 0..b.world.feeds.len() {
        let feed_ix = FeedIx::of(index);
        let mut day = from;
        while day < b.weeks.today() {
            let at = b.weeks.night(day, minute(feed_ix));
            let taken = rows.get(&(feed_ix, at)).copied().unwrap_or(0);
            let broken = feed_ix == n.feeds.calls_broken && day >= stopped;
            let (taken, problem) = if broken {
                (0, Some("401: the access token is not valid any more"))
            } else if feed_ix == n.feeds.lms {
                (taken + statements.get(&day).copied().unwrap_or(0), None)
            } else if feed_ix == n.feeds.hr {
                let moved = b.world.people.iter().filter(|p| p.joined == day || p.left == Some(day)).count();
                (moved as u32, None)
            } else {
                (taken, None)
            };
            // A few rows name a branch or a person that nobody knows.
            let set_aside = if feed_ix == n.feeds.crm && day.number() % 19 == 3 { 7 } else { 0 };
            b.world.feed_runs.push(FeedRun { feed: feed_ix, at, rows: taken, set_aside, problem });
            day = day.plus(1);
        }
    }
    b.world.feed_runs.sort_by_key(|run| (run.at, run.feed));
}

fn day_of(at: Instant) -> Day {
    at.day(&domain::time::Zone::UTC)
}

/// For each person, whether they work where the call feed broke.
fn quiet_people(b: &Build, n: &Northwind) -> Vec<bool> {
    let mut quiet = vec![false; b.world.people.len()];
    for member in &n.members {
        quiet[member.person.at()] = member.branch == n.broken_feed;
    }
    quiet
}
