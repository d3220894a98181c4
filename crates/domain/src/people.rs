//! Persons, their accounts, and where they work: org units in a dated tree, dated memberships and reporting lines.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, JobRoleId, PersonId, UnitId};
use crate::time::{Day, Instant, Zone};

worded! {
    /// Whether a person may sign in and is counted.
    pub enum PersonState {
        /// Works here.
        Active = "active",
        /// Has left or is shut out: no sign-in, no alerts; history stays.
        Disabled = "disabled",
    }
}

/// A human. May have several accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Our id.
    pub id: PersonId,
    /// The code that the HR system uses, unique.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// Where mail goes; `None` where there is no mail.
    pub email: Option<String>,
    /// Active or disabled.
    pub state: PersonState,
}

/// One identity in one system, with the person it belongs to once somebody or something has said so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Our id.
    pub id: AccountId,
    /// The identity key, such as `mbox:mailto:a@example.com` or `account:https://crm.example|maya`.
    pub key: String,
    /// A name that came with it.
    pub display: Option<String>,
    /// Whose it is; `None` waits in the review list.
    pub person: Option<PersonId>,
    /// When it first appeared.
    pub first_seen: Instant,
}

/// A branch, plant, line, department, region or the organisation itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrgUnit {
    /// Our id.
    pub id: UnitId,
    /// The code that the HR system uses, unique.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// What this installation calls such a unit: `branch`, `plant`, `region`…
    pub kind: String,
    /// IANA time zone; the organisation's where `None`.
    pub zone: Option<String>,
}

impl OrgUnit {
    /// Its own time zone, if it has one that is known.
    pub fn own_zone(&self) -> Option<Zone> {
        self.zone.as_deref().and_then(|name| Zone::named(name).ok())
    }
}

/// A kind of work; not a permission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRole {
    /// Our id.
    pub id: JobRoleId,
    /// Unique code.
    pub code: String,
    /// Name as shown.
    pub name: String,
}

/// Days from `from` up to, not including, `until`. Open at the end where `until` is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// The day after the last one.
    pub until: Option<Day>,
}

impl Span {
    /// Open at the end.
    pub const fn since(from: Day) -> Self {
        Self { from, until: None }
    }
    /// Whether the day lies inside.
    pub fn holds(self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
    /// Whether the two share a day.
    pub fn overlaps(self, other: Span) -> bool {
        self.until.is_none_or(|until| other.from < until) && other.until.is_none_or(|until| self.from < until)
    }
}

/// A unit hangs under a parent for a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// The unit.
    pub unit: UnitId,
    /// What it hangs under.
    pub parent: UnitId,
    /// When.
    pub span: Span,
}

/// A person works in a unit, in a job role, for a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub unit: UnitId,
    /// As what.
    pub job_role: JobRoleId,
    /// When.
    pub span: Span,
}

/// A person reports to a leader for a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReportingLine {
    /// Who reports.
    pub person: PersonId,
    /// To whom.
    pub leader: PersonId,
    /// When.
    pub span: Span,
}

/// The org tree as it was on one day.
#[derive(Debug, Clone, Default)]
pub struct OrgTree {
    parent: BTreeMap<UnitId, UnitId>,
    children: BTreeMap<UnitId, Vec<UnitId>>,
}

impl OrgTree {
    /// The tree on a day. Placements outside the day are left out; of two on the same day the later start wins.
    pub fn on(day: Day, placements: &[Placement]) -> Self {
        let mut newest: BTreeMap<UnitId, &Placement> = BTreeMap::new();
        for p in placements.iter().filter(|p| p.span.holds(day)) {
            match newest.get(&p.unit) {
                Some(other) if other.span.from >= p.span.from => {}
                _ => {
                    newest.insert(p.unit, p);
                }
            }
        }
        let parent: BTreeMap<UnitId, UnitId> = newest.values().map(|p| (p.unit, p.parent)).collect();
        let mut children: BTreeMap<UnitId, Vec<UnitId>> = BTreeMap::new();
        for (&unit, &up) in &parent {
            children.entry(up).or_default().push(unit);
        }
        Self { parent, children }
    }

    /// The unit above, if any.
    pub fn parent(&self, unit: UnitId) -> Option<UnitId> {
        self.parent.get(&unit).copied()
    }

    /// Every unit above, nearest first. Ends at a root, or where a cycle would close (import refuses cycles, so this is a belt).
    pub fn ancestors(&self, unit: UnitId) -> Vec<UnitId> {
        let mut seen = BTreeSet::from([unit]);
        let mut up = Vec::new();
        let mut at = unit;
        while let Some(next) = self.parent(at) {
            if !seen.insert(next) {
                break;
            }
            up.push(next);
            at = next;
        }
        up
    }

    /// The units directly below, by id.
    pub fn children(&self, unit: UnitId) -> &[UnitId] {
        self.children.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// The unit and everything below it.
    pub fn subtree(&self, unit: UnitId) -> BTreeSet<UnitId> {
        let mut all = BTreeSet::new();
        let mut waiting = vec![unit];
        while let Some(next) = waiting.pop() {
            if all.insert(next) {
                waiting.extend(self.children(next));
            }
        }
        all
    }
}

/// The first cycle that a set of "child hangs under parent" links would close on some day, as the links that form it.
///
/// Checked on every day on which a link starts, since the tree changes only there.
pub fn cycle<K: Copy + Ord>(links: &[(K, K, Span)]) -> Option<Vec<K>> {
    let days: BTreeSet<Day> = links.iter().map(|l| l.2.from).collect();
    for day in days {
        let up: BTreeMap<K, K> = links.iter().filter(|l| l.2.holds(day)).map(|l| (l.0, l.1)).collect();
        let mut clear: BTreeSet<K> = BTreeSet::new();
        for &start in up.keys() {
            let mut path = Vec::new();
            let mut at = start;
            loop {
                if clear.contains(&at) {
                    break;
                }
                if let Some(i) = path.iter().position(|&p| p == at) {
                    return Some(path[i..].to_vec());
                }
                path.push(at);
                match up.get(&at) {
                    Some(&next) => at = next,
                    None => break,
                }
            }
            clear.extend(path);
        }
    }
    None
}

/// Lays a value over a span of a history: what was there gives way inside the span and stays outside it.
///
/// Neighbours with the same value become one, so that laying what is already there changes nothing.
pub fn lay<T: PartialEq + Clone>(history: &[(Span, T)], span: Span, value: T) -> Vec<(Span, T)> {
    let mut pieces: Vec<(Span, T)> = Vec::with_capacity(history.len() + 2);
    for (old, kept) in history {
        if !old.overlaps(span) {
            pieces.push((*old, kept.clone()));
            continue;
        }
        if old.from < span.from {
            pieces.push((Span { from: old.from, until: Some(span.from) }, kept.clone()));
        }
        if let Some(until) = span.until
            && old.until.is_none_or(|end| until < end)
        {
            pieces.push((Span { from: until, until: old.until }, kept.clone()));
        }
    }
    pieces.push((span, value));
    pieces.sort_by_key(|(s, _)| s.from);
    let mut joined: Vec<(Span, T)> = Vec::with_capacity(pieces.len());
    for (next, value) in pieces {
        match joined.last_mut() {
            Some((last, held)) if *held == value && last.until == Some(next.from) => last.until = next.until,
            _ => joined.push((next, value)),
        }
    }
    joined
}

/// Text as compared and searched: lower case by Unicode, spaces trimmed and single.
///
/// Done here and kept in a column of its own, because `LOWER` is ASCII only on SQLite.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn unit(n: u128) -> UnitId {
        UnitId::new(Uuid::from_u128(n))
    }
    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_tree_depends_on_the_day() {
        let moved = day("2026-02-01");
        let placements = [
            Placement {
                unit: unit(2),
                parent: unit(1),
                span: Span { from: day("2025-01-01"), until: Some(moved) },
            },
            Placement { unit: unit(2), parent: unit(3), span: Span::since(moved) },
            Placement { unit: unit(4), parent: unit(2), span: Span::since(day("2025-01-01")) },
        ];
        assert_eq!(OrgTree::on(day("2026-01-31"), &placements).ancestors(unit(4)), [unit(2), unit(1)]);
        let later = OrgTree::on(moved, &placements);
        assert_eq!(later.ancestors(unit(4)), [unit(2), unit(3)]);
        assert_eq!(later.subtree(unit(3)), BTreeSet::from([unit(2), unit(3), unit(4)]));
        assert_eq!(later.subtree(unit(1)), BTreeSet::from([unit(1)]));
    }

    #[test]
    fn a_cycle_is_found_on_the_day_it_closes() {
        let links = [
            (1, 2, Span { from: day("2025-01-01"), until: Some(day("2025-06-01")) }),
            (2, 1, Span::since(day("2025-06-01"))),
        ];
        assert_eq!(cycle(&links), None, "the two never hold together");
        let links = [(1, 2, Span::since(day("2025-01-01"))), (2, 1, Span::since(day("2025-06-01")))];
        assert_eq!(cycle(&links).map(|c| c.len()), Some(2));
        assert_eq!(cycle(&[(7, 7, Span::since(day("2025-01-01")))]), Some(vec![7]));
    }

    #[test]
    fn laying_what_is_there_changes_nothing() {
        let span = |from, until: Option<&str>| Span { from: day(from), until: until.map(day) };
        let history = vec![(span("2025-01-01", Some("2025-06-01")), 'a'), (span("2025-06-01", None), 'b')];
        assert_eq!(lay(&history, span("2025-07-01", None), 'b'), history);
        assert_eq!(lay(&history, span("2025-02-01", Some("2025-03-01")), 'a'), history);
        assert_eq!(
            lay(&history, span("2025-05-01", Some("2025-07-01")), 'c'),
            [
                (span("2025-01-01", Some("2025-05-01")), 'a'),
                (span("2025-05-01", Some("2025-07-01")), 'c'),
                (span("2025-07-01", None), 'b')
            ]
        );
    }

    #[test]
    fn folding_is_unicode() {
        assert_eq!(fold("  Änne   ØSTERBERG "), "änne østerberg");
    }
}
