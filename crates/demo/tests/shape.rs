//! What a world holds, that it is the same each time, and that nothing planted shows in its words.

use std::collections::HashSet;

use demo::*;
use domain::time::Day;

fn today() -> Day {
    Day::of(2026, 3, 18).unwrap()
}

/// A 64-bit FNV-1a of everything in a world.
fn fingerprint(world: &World) -> u64 {
    struct Hash(u64);
    impl std::io::Write for Hash {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    serde_json::to_writer(&mut hash, world).unwrap();
    hash.0
}

#[test]
fn the_same_seed_and_day_give_the_same_bytes() {
    let (one, truths) = generate(7, today(), Scale::Shown);
    let (again, truths_again) = generate(7, today(), Scale::Shown);
    assert_eq!(fingerprint(&one), fingerprint(&again));
    assert_eq!(serde_json::to_string(&truths).unwrap(), serde_json::to_string(&truths_again).unwrap());
    let (other, _) = generate(8, today(), Scale::Shown);
    assert_ne!(fingerprint(&one), fingerprint(&other));
}

#[test]
fn sizes_are_those_that_are_shown() {
    let (w, _) = generate(1, today(), Scale::Shown);
    let branches = w.units.iter().filter(|u| u.kind == UnitKind::Branch).count();
    println!(
        "branches {branches} people {} observations {} learning {} sessions {} picks {} rollouts {} runs {} targets {}",
        w.people.len(),
        w.observations.len(),
        w.learning.len(),
        w.sessions.len(),
        w.picks.len(),
        w.rollouts.len(),
        w.feed_runs.len(),
        w.targets.len()
    );
    assert_eq!(branches, 120);
    assert!((395_000..470_000).contains(&w.observations.len()), "{}", w.observations.len());
    assert!((24_000..31_000).contains(&w.learning.len()), "{}", w.learning.len());
    assert_eq!(w.absences.len(), w.absences.iter().map(|a| a.person).collect::<HashSet<_>>().len());
}

/// Every text of a world, one after the other.
fn words(world: &World) -> String {
    let mut slim = world.clone();
    slim.observations.clear();
    slim.learning.clear();
    serde_json::to_string(&slim).unwrap()
}

#[test]
fn nothing_planted_and_no_label_shows_in_the_words() {
    let (world, _) = generate(3, today(), Scale::Shown);
    let text = words(&world).to_lowercase();
    for word in [
        "planted",
        "true effect",
        "truth",
        "underperform",
        "poor performer",
        "at-risk",
        "learner",
        "trainee",
        "student",
        "ranking",
        "leaderboard",
        "roi ",
        "proven",
        "proves",
        "violation",
        "training need",
        "monitor",
        "lazy",
        "weak",
    ] {
        assert!(
            !text.contains(word),
            "{word}: {:?}",
            text.find(word).map(|at| &text[at.saturating_sub(60)..at + 60])
        );
    }
}

#[test]
fn rows_point_at_rows_that_are_there_and_at_the_right_time() {
    for seed in [1, 2] {
        let (w, _) = generate(seed, today(), Scale::Shown);
        let unique = |codes: Vec<&str>| codes.iter().collect::<HashSet<_>>().len() == codes.len();
        assert!(unique(w.units.iter().map(|u| u.code.as_str()).collect()));
        assert!(unique(w.people.iter().map(|p| p.code.as_str()).collect()));
        assert!(unique(w.people.iter().map(|p| p.email.as_str()).collect()));
        assert!(unique(w.people.iter().map(|p| p.name.as_str()).collect()));
        assert!(unique(w.activities.iter().map(|a| a.iri).collect()));
        assert!(unique(w.accounts.iter().map(|a| a.name.as_str()).filter(|n| n.starts_with("h.")).collect()));
        assert!(w.people.iter().all(|p| p.email.ends_with(".example")));
        for (i, unit) in w.units.iter().enumerate() {
            assert!(unit.parent.is_none_or(|p| p.at() < i), "{}", unit.code);
        }
        let mut spans = vec![Vec::new(); w.people.len()];
        for m in &w.memberships {
            let unit = &w.units[m.unit.at()];
            let person = &w.people[m.person.at()];
            assert!(m.from >= unit.opened && m.from >= person.joined, "{} in {}", person.name, unit.name);
            assert!(m.until.is_none_or(|u| u > m.from), "{} in {}", person.name, unit.name);
            assert!(
                unit.closed.is_none_or(|c| m.until.is_some_and(|u| u <= c)),
                "{} in {}",
                person.name,
                unit.name
            );
            spans[m.person.at()].push((m.from, m.until));
        }
        for mut span in spans {
            span.sort();
            assert!(!span.is_empty());
            assert!(span.windows(2).all(|p| p[0].1.is_some_and(|u| u <= p[1].0)), "{span:?}");
        }
        let mut lines = vec![Vec::new(); w.people.len()];
        for l in &w.reporting_lines {
            assert_ne!(l.person, l.leader);
            assert!(l.until.is_none_or(|u| u > l.from));
            assert!(w.people[l.leader.at()].joined <= l.from, "{}", w.people[l.leader.at()].name);
            lines[l.person.at()].push((l.from, l.until));
        }
        for mut span in lines {
            span.sort();
            assert!(span.windows(2).all(|p| p[0].1.is_some_and(|u| u <= p[1].0)), "{span:?}");
        }
        let now = domain::time::Zone::UTC.start_of(w.today);
        assert!(w.observations.is_sorted_by_key(|o| (o.recorded, o.metric, o.subject, o.period)));
        let mut seen = HashSet::new();
        for o in &w.observations {
            assert!(o.recorded < now && o.numerator.is_finite() && o.numerator >= 0.0);
            assert!(o.denominator.is_none_or(|d| d > 0.0));
            assert_eq!(o.period, o.period.monday());
            assert!(seen.insert((o.metric, o.subject, o.period, o.revision)), "{o:?}");
            match w.metrics[o.metric().at()].grain {
                Grain::Person => {
                    let p = &w.people[o.subject as usize];
                    assert!(
                        p.joined <= o.period && p.left.is_none_or(|l| l > o.period),
                        "{} {}",
                        p.name,
                        o.period
                    );
                }
                Grain::Unit(kind) => assert_eq!(w.units[o.subject as usize].kind, kind),
            }
        }
        assert!(w.learning.is_sorted_by_key(|e| e.at));
        assert!(w.learning.iter().all(|e| e.at < now));
        assert!(w.feed_runs.is_sorted_by_key(|r| r.at));
        assert!(w.feed_runs.iter().all(|r| r.at < now));
        assert!(w.sessions.is_sorted_by_key(|s| s.opened));
        for s in &w.sessions {
            assert!(s.opened < now && s.held < w.today && s.signed_by_person.is_none_or(|at| at < now));
            let led = w.reporting_lines.iter().any(|l| {
                l.person == s.person
                    && l.leader == s.leader
                    && l.from <= s.held
                    && l.until.is_none_or(|u| u > s.held)
            });
            assert!(led, "{} with {}", w.people[s.leader.at()].name, w.people[s.person.at()].name);
        }
        assert!(w.answers.iter().all(|a| a.at < now) && w.proposals.iter().all(|p| p.at < now));
        for case in &w.cases {
            assert_eq!((case.interviews.len(), case.causes.len(), case.panel.len()), (11, 4, 8));
            assert!(case.panel.iter().all(|v| v.shares.iter().sum::<u16>() == 100 && v.ranks.len() == 4));
        }
    }
}

#[test]
fn the_stories_of_the_talks_are_there() {
    let (w, truths) = generate(1, today(), Scale::Shown);
    assert!((270..360).contains(&w.sessions.len()), "{}", w.sessions.len());
    let overdue = w
        .sessions
        .iter()
        .filter_map(|s| s.check.as_ref())
        .filter(|c| c.looked.is_none() && c.on < w.today)
        .count();
    assert_eq!(overdue, 1);
    assert_eq!(w.sessions.iter().filter(|s| s.outcome == SessionOutcome::DataWrong).count(), 1);
    assert_eq!(w.proposals.iter().filter(|p| p.state == ProposalState::Declined).count(), 1);
    assert_eq!(w.accounts.iter().filter(|a| a.person.is_none()).count(), 3);
    for (account, _) in &truths.second_accounts {
        assert!(w.learning.iter().any(|e| e.account == *account));
    }
    assert_eq!(w.units.iter().filter(|u| u.merged_into.is_some()).count(), 1);
    assert_eq!(w.people.iter().filter(|p| p.left.is_some()).count(), 42);
    assert_eq!(w.personas.len(), 6);
    assert_eq!(w.activities.iter().filter(|a| a.kind == ActivityKind::Lesson && a.minutes <= 10).count(), 25);
    let late = |feed: &str| {
        let feed = w.feeds.iter().position(|f| f.code == feed).unwrap();
        w.feed_runs.iter().rev().find(|r| r.feed == FeedIx::of(feed)).unwrap().problem.is_some()
    };
    assert!(late("nw-calls-quay") && !late("nw-calls"));
}

#[test]
fn any_day_of_the_year_makes_a_world() {
    for day in ["2024-02-29", "2026-01-01", "2026-01-05", "2026-11-22", "2027-03-28", "2026-12-31"] {
        let today: Day = day.parse().unwrap();
        let (w, _) = generate(5, today, Scale::Shown);
        let newest = w.observations.iter().map(|o| o.period).max().unwrap();
        assert!(newest.plus(7) <= today && newest.plus(14) > today, "{day}: {newest}");
    }
}
