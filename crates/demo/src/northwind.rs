//! Northwind Advisors: regions, branches, leaders, account managers, and who came, went and moved.

use domain::time::{Cadence, Day};

use crate::build::{Build, CRM, LMS};
use crate::metrics::WORK;
use crate::names;
use crate::noise::{Dice, Use, WEEKS};
use crate::world::*;

const REGIONS: [(&str, Option<&str>); 8] = [
    ("Coast", None),
    ("Lakes", None),
    ("Midlands", None),
    ("Capital", None),
    ("North", None),
    ("South", None),
    ("Rhine", Some("Europe/Berlin")),
    ("Danube", Some("Europe/Vienna")),
];

/// Harbour Street, whose leader is the first one-click sign-in.
const SHOWN: usize = 0;
/// Quay Lane, whose call system stopped sending.
const BROKEN_FEED: usize = 1;
/// Mill Lane, merged into its neighbour.
const MERGED: (usize, usize) = (8, 30);
const MERGED_WEEK: i32 = 57;
/// Where the leader changed.
const NEW_LEADER: (usize, i32) = (24, 60);

/// The nine people of Harbour Street.
pub(crate) const SHOWN_TEAM: [&str; 9] = [
    "Amara Nwosu",
    "Benedikt Haas",
    "Chiara Lombardi",
    "Emeka Balogun",
    "Hana Novak",
    "Ines Ferreira",
    "Maya Lindqvist",
    "Rafael Ortega",
    "Yusuf Demir",
];

/// Feeds of Northwind Advisors.
pub(crate) struct Feeds {
    pub(crate) crm: FeedIx,
    pub(crate) calls: FeedIx,
    pub(crate) calls_broken: FeedIx,
    pub(crate) finance: FeedIx,
    pub(crate) hr: FeedIx,
    pub(crate) lms: FeedIx,
    pub(crate) comments: FeedIx,
}

/// A branch and what was decided for it.
pub(crate) struct Branch {
    pub(crate) unit: UnitIx,
    pub(crate) region: usize,
    /// The week it opened; negative for those that were there before.
    pub(crate) opened: i32,
    /// The leader today.
    pub(crate) leader: PersonIx,
    /// Positions in [`Northwind::members`], of those who ever worked here as their first branch.
    pub(crate) members: Vec<usize>,
    /// Opened well before the first week, not merged, data whole: takes part in comparisons.
    pub(crate) steady: bool,
    /// First week of the lesson, if it came here.
    pub(crate) lesson: Option<i32>,
    /// First week of the call list, if it came here.
    pub(crate) call_list: Option<i32>,
    /// First week of the legacy course, if it came here.
    pub(crate) course: Option<i32>,
    /// The week from which the leader talks within five days of a change.
    pub(crate) prompt: Option<i32>,
}

/// An account manager.
pub(crate) struct Member {
    pub(crate) person: PersonIx,
    pub(crate) branch: usize,
    /// First and one past the last week of work among the 78.
    pub(crate) weeks: (i32, i32),
    /// Started among the 78 weeks, not with the branch.
    pub(crate) joined_late: bool,
    /// Own usual level of each of the six metrics.
    pub(crate) level: [f64; WORK],
    /// The learning account.
    pub(crate) lms: AccountIx,
    /// Position among the nine of Harbour Street.
    pub(crate) shown: Option<usize>,
    /// Weeks away.
    pub(crate) away: Option<(i32, i32)>,
}

impl Member {
    /// Whether a week is one of work.
    pub(crate) fn works(&self, week: i32) -> bool {
        week >= self.weeks.0
            && week < self.weeks.1
            && !self.away.is_some_and(|(from, until)| week >= from && week < until)
    }
}

/// What the other parts need to know about the organisation.
pub(crate) struct Northwind {
    pub(crate) organisation: UnitIx,
    pub(crate) account_manager: JobRoleIx,
    pub(crate) vp_branches: PersonIx,
    pub(crate) it: PersonIx,
    pub(crate) privacy: PersonIx,
    pub(crate) author: PersonIx,
    pub(crate) coach_owner: PersonIx,
    pub(crate) feeds: Feeds,
    pub(crate) branches: Vec<Branch>,
    pub(crate) members: Vec<Member>,
    /// The branch of the first sign-in.
    pub(crate) shown: usize,
    pub(crate) broken_feed: usize,
}

impl Northwind {
    /// The branch in which a member works in a week: the other one after a merger.
    pub(crate) fn branch_of(&self, member: &Member, week: i32) -> usize {
        if member.branch == MERGED.0 && week >= MERGED_WEEK { MERGED.1 } else { member.branch }
    }
}

/// Usual levels of the six metrics, before people and branches differ.
const LEVELS: [f64; WORK] = [80.0, 41.0, 7.4, 4.8, 212.0, 410_000.0];
/// Spread of people around them.
const SPREAD: [f64; WORK] = [0.07, 0.07, 0.08, 0.09, 0.05, 0.10];

/// Levels of the nine of Harbour Street, in the order of [`SHOWN_TEAM`].
const SHOWN_LEVELS: [[f64; WORK]; 9] = [
    [77.0, 43.0, 7.9, 5.2, 214.0, 405_000.0],
    [86.0, 45.0, 7.7, 5.4, 221.0, 424_000.0],
    [82.0, 42.0, 8.2, 5.3, 209.0, 402_000.0],
    [83.0, 42.0, 7.8, 5.2, 218.0, 418_000.0],
    [84.0, 44.0, 8.0, 5.3, 212.0, 410_000.0],
    [88.0, 46.0, 8.3, 5.6, 210.0, 455_000.0],
    [85.0, 40.0, 7.9, 5.2, 216.0, 412_000.0],
    [84.0, 43.0, 3.9, 5.3, 224.0, 452_000.0],
    [83.0, 44.0, 7.8, 5.4, 215.0, 408_000.0],
];

/// Builds the tree, the people and their accounts.
pub(crate) fn found(b: &mut Build) -> Northwind {
    let long_ago = b.weeks.monday(-520);
    let organisation = b.unit(Unit {
        code: "northwind".into(),
        name: "Northwind Advisors".into(),
        kind: UnitKind::Organisation,
        parent: None,
        opened: long_ago,
        closed: None,
        merged_into: None,
        zone: Some("Europe/Dublin"),
    });
    let centre = b.unit(Unit {
        code: "nw-centre".into(),
        name: "Central services".into(),
        kind: UnitKind::Department,
        parent: Some(organisation),
        opened: long_ago,
        closed: None,
        merged_into: None,
        zone: None,
    });
    let staff = b.job_role("specialist", "Specialist");
    let executive = b.job_role("executive", "Executive");
    let branch_leader = b.job_role("branch_leader", "Branch leader");
    let account_manager = b.job_role("account_manager", "Account manager");

    let mut hq = |name: &str, role: JobRoleIx| {
        let person = b.northwind_person(name.into(), long_ago, None);
        b.works(person, centre, role, long_ago, None);
        person
    };
    let vp_branches = hq("Renata Duarte", executive);
    let it = hq("Farah Siddiqui", staff);
    let privacy = hq("Katrin Brandt", staff);
    let author = hq("Tom Achterberg", staff);
    let coach_owner = hq("Grainne Moloney", staff);
    let finance_owner = hq("Piotr Zielinski", staff);
    let crm_owner = hq("Leonie Fuchs", staff);
    let hr_owner = hq("Sandra Okoye", staff);
    for person in [it, privacy, author, coach_owner, finance_owner, crm_owner, hr_owner] {
        b.reports(person, vp_branches, long_ago, None);
    }
    for (person, role) in [
        (vp_branches, AccessRole::Executive),
        (it, AccessRole::Admin),
        (it, AccessRole::FeedOwner),
        (privacy, AccessRole::Privacy),
        (author, AccessRole::Author),
        (coach_owner, AccessRole::Author),
        (finance_owner, AccessRole::FeedOwner),
        (crm_owner, AccessRole::FeedOwner),
        (hr_owner, AccessRole::FeedOwner),
    ] {
        b.grant(person, role, organisation);
    }

    let mut n = Northwind {
        organisation,
        account_manager,
        vp_branches,
        it,
        privacy,
        author,
        coach_owner,
        feeds: feeds(b, organisation, [it, crm_owner, finance_owner, hr_owner, author]),
        branches: Vec::new(),
        members: Vec::new(),
        shown: SHOWN,
        broken_feed: BROKEN_FEED,
    };
    branches(b, &mut n, branch_leader, long_ago);
    b.world.feeds[n.feeds.calls_broken.at()].unit = n.branches[BROKEN_FEED].unit;
    changes(b, &mut n, branch_leader);
    absences(b, &mut n);
    n
}

fn feeds(b: &mut Build, organisation: UnitIx, [it, crm, finance, hr, author]: [PersonIx; 5]) -> Feeds {
    let mut feed = |code, name: &str, system, owner, expected_lag_days| {
        b.world.feeds.push(Feed {
            code,
            name: name.into(),
            system,
            unit: organisation,
            owner,
            cadence: Cadence::Day,
            expected_lag_days,
            metrics: Vec::new(),
        });
        FeedIx::of(b.world.feeds.len() - 1)
    };
    Feeds {
        crm: feed("nw-crm", "Customer records", "CRM", crm, 2),
        calls: feed("nw-calls", "Call system", "Call tracking", it, 2),
        calls_broken: feed("nw-calls-quay", "Call system, Quay Lane", "Call tracking", it, 2),
        finance: feed("nw-finance", "Branch finance", "Finance ledger", finance, 2),
        hr: feed("nw-hr", "People and branches", "HR", hr, 1),
        lms: feed("nw-lms", "Learning records", "LMS", author, 1),
        comments: feed("nw-comments", "Customer comments", "Mail and form", crm, 2),
    }
}

fn branches(b: &mut Build, n: &mut Northwind, branch_leader: JobRoleIx, long_ago: Day) {
    let count = match b.world.scale {
        Scale::Shown => 120,
        Scale::Full => 3_500,
    };
    let regions: Vec<UnitIx> = REGIONS
        .iter()
        .enumerate()
        .map(|(i, (name, zone))| {
            b.unit(Unit {
                code: format!("nw-r{}", i + 1),
                name: format!("{name} region"),
                kind: UnitKind::Region,
                parent: Some(n.organisation),
                opened: long_ago,
                closed: None,
                merged_into: None,
                zone: *zone,
            })
        })
        .collect();
    for i in 0..count {
        // Every fourth branch belongs to the expansion, apart from those with a story of their own.
        let new = i % 4 == 3;
        let region = (i + i / REGIONS.len()) % REGIONS.len();
        let opened = if new { ((i / 4) * (WEEKS - 6) / (count / 4)) as i32 + 1 } else { -520 };
        let name = match i {
            SHOWN => "Harbour Street".to_owned(),
            BROKEN_FEED => "Quay Lane".to_owned(),
            _ if i == MERGED.0 => "Mill Lane".to_owned(),
            _ => names::branch(i),
        };
        let merged = i == MERGED.0;
        let unit = b.unit(Unit {
            code: format!("nw-b{:04}", i + 1),
            name,
            kind: UnitKind::Branch,
            parent: Some(regions[region]),
            opened: b.weeks.monday(opened),
            closed: merged.then(|| b.weeks.monday(MERGED_WEEK)),
            merged_into: None,
            zone: None,
        });
        let start = b.weeks.monday(opened.max(-450));
        let leader = if i == SHOWN { "Daniel Osei".to_owned() } else { b.next_name() };
        let leader = b.northwind_person(leader, start, None);
        let until = merged.then(|| b.weeks.monday(MERGED_WEEK));
        b.works(leader, unit, branch_leader, start, until);
        b.reports(leader, n.vp_branches, start, None);
        n.branches.push(Branch {
            unit,
            region,
            opened,
            leader,
            members: Vec::new(),
            steady: !new && i != MERGED.0 && i != MERGED.1 && i != BROKEN_FEED,
            lesson: None,
            call_list: None,
            course: None,
            prompt: None,
        });
        let size = match (i, b.world.scale) {
            (SHOWN, _) => SHOWN_TEAM.len(),
            (_, Scale::Shown) => 6 + (i * 7 + i / 4) % 4,
            (_, Scale::Full) => 6 + i % 3,
        };
        for position in 0..size {
            let shown = (i == SHOWN).then_some(position);
            let name = shown.map_or_else(|| b.next_name(), |p| SHOWN_TEAM[p].to_owned());
            hire(b, n, name, i, opened, shown);
        }
    }
    // The merger: everyone moves to the neighbour, whose leader leads on.
    let (gone, stays) = (n.branches[MERGED.0].unit, n.branches[MERGED.1].unit);
    b.world.units[gone.at()].merged_into = Some(stays);
}

/// Adds an account manager who starts in a week (negative: before the first).
fn hire(
    b: &mut Build,
    n: &mut Northwind,
    name: String,
    branch: usize,
    week: i32,
    shown: Option<usize>,
) -> usize {
    let index = n.members.len();
    let mut dice = Dice::new(b.seed(), Use::Levels, index);
    let mut level = [0.0; WORK];
    let mut of_branch = Dice::new(b.seed(), Use::Branches, branch);
    // What makes one good at one thing helps a little with the next.
    let common = 0.5 * dice.normal_within(2.0);
    for (m, value) in level.iter_mut().enumerate() {
        let here = 0.3 * of_branch.normal_within(2.0);
        let own = 0.75 * dice.normal_within(2.2);
        *value = LEVELS[m] * (1.0 + SPREAD[m] * (common + here + own));
    }
    if let Some(position) = shown {
        level = SHOWN_LEVELS[position];
    }
    let joined = if week <= 0 { b.weeks.monday(-10 - dice.below(400) as i32) } else { b.weeks.monday(week) };
    let person = b.northwind_person(name, joined, None);
    let login = b.login(person);
    b.account(Some(person), AccountSystem::Crm, CRM, login.clone());
    let lms = b.account(Some(person), AccountSystem::Lms, LMS, login);
    let (unit, leader) = (n.branches[branch].unit, n.branches[branch].leader);
    if branch == MERGED.0 {
        let moved = b.weeks.monday(MERGED_WEEK);
        b.works(person, unit, n.account_manager, joined, Some(moved));
        b.reports(person, leader, joined, Some(moved));
    } else {
        b.works(person, unit, n.account_manager, joined, None);
        b.reports(person, leader, joined, None);
    }
    n.members.push(Member {
        person,
        branch,
        weeks: (week.max(0), WEEKS as i32),
        joined_late: false,
        level,
        lms,
        shown,
        away: None,
    });
    n.branches[branch].members.push(index);
    index
}

/// Second steps of people from the merged branch, forty leavers with their successors, a new leader.
fn changes(b: &mut Build, n: &mut Northwind, branch_leader: JobRoleIx) {
    let moved = b.weeks.monday(MERGED_WEEK);
    let (stays, stays_leader) = (n.branches[MERGED.1].unit, n.branches[MERGED.1].leader);
    for index in n.branches[MERGED.0].members.clone() {
        let person = n.members[index].person;
        b.works(person, stays, n.account_manager, moved, None);
        b.reports(person, stays_leader, moved, None);
    }
    // Its leader retired with the merger.
    let former = n.branches[MERGED.0].leader;
    b.world.people[former.at()].left = Some(moved);
    end_work(b, former, moved);

    let mut dice = Dice::new(b.seed(), Use::Changes, 0);
    let (mut left, step) = (0, (n.branches.len() / 60).max(1));
    for branch in (2..n.branches.len()).step_by(step) {
        if left == 40 || branch == MERGED.0 || branch == MERGED.1 || n.branches[branch].opened > 30 {
            continue;
        }
        let week = (n.branches[branch].opened.max(0) + 6 + dice.below(30) as i32 * 2).min(70);
        let index = *dice.pick(&n.branches[branch].members);
        if n.members[index].weeks.1 != WEEKS as i32 {
            continue;
        }
        leave(b, n, index, week);
        let name = b.next_name();
        let successor = hire(b, n, name, branch, week + 2, None);
        // The clients stay, so the level nearly does.
        let inherited = n.members[index].level.map(|l| l * 0.99);
        n.members[successor].level = inherited;
        n.members[successor].joined_late = true;
        left += 1;
    }

    let (branch, week) = NEW_LEADER;
    if branch < n.branches.len() {
        let from = b.weeks.monday(week);
        let old = n.branches[branch].leader;
        b.world.people[old.at()].left = Some(from);
        end_work(b, old, from);
        let name = b.next_name();
        let new = b.northwind_person(name, from, None);
        b.works(new, n.branches[branch].unit, branch_leader, from, None);
        b.reports(new, n.vp_branches, from, None);
        for index in n.branches[branch].members.clone() {
            let person = n.members[index].person;
            let led = b
                .world
                .reporting_lines
                .iter()
                .any(|l| l.person == person && l.leader == old && l.until.is_none());
            if led {
                let line =
                    b.world.reporting_lines.iter_mut().find(|l| l.person == person && l.until.is_none());
                let start = line.map_or(from, |line| {
                    line.until = Some(from.max(line.from.plus(1)));
                    from.max(line.from.plus(1))
                });
                b.reports(person, new, start, None);
            }
        }
        n.branches[branch].leader = new;
    }
}

fn leave(b: &mut Build, n: &mut Northwind, index: usize, week: i32) {
    n.members[index].weeks.1 = week;
    let day = b.weeks.monday(week);
    let person = n.members[index].person;
    b.world.people[person.at()].left = Some(day);
    end_work(b, person, day);
}

fn end_work(b: &mut Build, person: PersonIx, day: Day) {
    for membership in b.world.memberships.iter_mut().filter(|m| m.person == person && m.until.is_none()) {
        membership.until = Some(day);
    }
    for line in b.world.reporting_lines.iter_mut().filter(|l| l.person == person && l.until.is_none()) {
        line.until = Some(day);
    }
}

/// One in fourteen is away for one to five weeks, nobody at Harbour Street.
fn absences(b: &mut Build, n: &mut Northwind) {
    let seed = b.seed();
    for (index, member) in n.members.iter_mut().enumerate() {
        let mut dice = Dice::new(seed, Use::Absence, index);
        let room = member.weeks.1 - member.weeks.0 - 12;
        if member.shown.is_some() || room < 10 || !dice.chance(1.0 / 14.0) {
            continue;
        }
        let from = member.weeks.0 + 6 + dice.below(room as usize) as i32;
        let until = (from + 1 + dice.below(5) as i32).min(member.weeks.1);
        member.away = Some((from, until));
        b.world.absences.push(Absence {
            person: member.person,
            from: b.weeks.monday(from),
            until: b.weeks.monday(until),
        });
    }
}
