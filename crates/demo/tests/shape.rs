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
