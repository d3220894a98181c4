//! Talks between leaders and team members: past ones from the numbers, those of Harbour Street one by one.

use domain::time::{Day, Instant};

use crate::build::Build;
use crate::metrics::*;
use crate::noise::{Dice, Use, WEEKS};
use crate::northwind::{Northwind, SHOWN_TEAM};
use crate::supports::*;
use crate::text;
use crate::work::Numbers;
use crate::world::*;

/// Writes all talks, answers and proposals.
pub(crate) fn write(b: &mut Build, n: &Northwind, numbers: &Numbers) {
    let mut sessions = prompt_talks(b, n);
    sessions.extend(other_talks(b, n, numbers));
    shown_branch(b, n, &mut sessions);
    sessions.sort_by_key(|s| (s.opened, s.person, s.metric));
    b.world.sessions = sessions;
    commitments(b, n);
}

/// Who led a person on a day.
fn leader_on(b: &Build, n: &Northwind, member: usize, day: Day) -> PersonIx {
    let person = n.members[member].person;
    b.world
        .reporting_lines
        .iter()
        .find(|l| l.person == person && l.from <= day && l.until.is_none_or(|until| until > day))
        .map_or(n.branches[n.members[member].branch].leader, |l| l.leader)
}

/// What a talk is about, before its words are chosen.
struct Occasion {
    member: usize,
    metric: MetricIx,
    reason: SessionReason,
    since: Option<Day>,
    opened: Instant,
    held: Day,
    /// Chance that the number was back on the check day.
    back: f64,
}

/// Every talk that followed a change in contacts within five days.
fn prompt_talks(b: &Build, n: &Northwind) -> Vec<Session> {
    let mut position = vec![usize::MAX; b.world.people.len()];
    for (index, member) in n.members.iter().enumerate() {
        position[member.person.at()] = index;
    }
    let mut out = Vec::new();
    for pick in b.world.picks.iter().filter(|p| p.intervention == PROMPT_COACHING) {
        let Some(held) = pick.started else { continue };
        let week = b.weeks.of(held);
        let occasion = Occasion {
            member: position[pick.person.at()],
            metric: pick.metric,
            reason: SessionReason::Shift,
            since: Some(pick.flagged.plus(-7)),
            opened: b.weeks.at(week, 0, 8, 20 + (out.len() % 40) as i8),
            held,
            back: 0.75,
        };
        out.push(talk(b, n, &occasion, out.len()));
    }
    out
}

/// Talks about other low stretches, about steady gaps, and regular ones.
fn other_talks(b: &Build, n: &Northwind, numbers: &Numbers) -> Vec<Session> {
    let mut out: Vec<Session> = Vec::new();
    let mut dice = Dice::new(b.seed(), Use::Coaching, usize::MAX);
    for (member, stretches) in numbers.stretches.iter().enumerate() {
        for stretch in stretches.iter().filter(|s| s.metric != CONTACTS && s.metric != CALLS) {
            let week = stretch.start + 3 + dice.below(3) as i32;
            let talked = dice.chance(0.55);
            if !talked || !n.members[member].works(week) || week >= WEEKS as i32 - 1 {
                continue;
            }
            let occasion = Occasion {
                member,
                metric: stretch.metric,
                reason: SessionReason::Shift,
                since: Some(b.weeks.monday(stretch.start)),
                opened: b.weeks.at(week, 1, 9, (member % 60) as i8),
                held: b.weeks.monday(week).plus(3),
                back: 0.7,
            };
            out.push(talk(b, n, &occasion, 10_000 + out.len()));
        }
    }
    let regular = n.branches.len() * 2 / 3;
    for k in 0..regular {
        let member = dice.below(n.members.len());
        let week = 20 + dice.below(WEEKS - 24) as i32;
        if n.members[member].shown.is_some() || !n.members[member].works(week) {
            continue;
        }
        let gap = k % 3 == 0;
        let occasion = Occasion {
            member,
            metric: MetricIx::of(dice.below(WORK)),
            reason: if gap { SessionReason::Gap } else { SessionReason::Regular },
            since: None,
            opened: b.weeks.at(week, 0, 10, (k % 60) as i8),
            held: b.weeks.monday(week).plus(4),
            back: 0.4,
        };
        out.push(talk(b, n, &occasion, 20_000 + k));
    }
    out
}

/// Chooses words, action, check and signatures for a talk.
fn talk(b: &Build, n: &Northwind, o: &Occasion, which: usize) -> Session {
    let mut dice = Dice::new(b.seed(), Use::Coaching, 1_000_000 + which);
    let person = n.members[o.member].person;
    let leader = leader_on(b, n, o.member, o.held);
    let words = *dice.pick(text::lines(o.metric, o.reason));
    let evening = b.weeks.at(b.weeks.of(o.held), i32::from(o.held.weekday()), 15, dice.below(50) as i8);
    let check_on = o.held.plus(28);
    let today = b.weeks.today();
    // Somebody looks within two days of the check day; nothing is left lying except at Harbour Street.
    let looked = check_on.plus(dice.below(3) as i32).min(today.plus(-1));
    let looked = (check_on < today).then_some(looked);
    let (back, partly, own) = (dice.chance(o.back), dice.chance(0.6), dice.chance(0.7));
    let result = looked.map(|_| match (back, partly) {
        (true, _) => CheckResult::Back,
        (_, true) => CheckResult::Partly,
        _ => CheckResult::NotYet,
    });
    let outcome = match result {
        Some(CheckResult::Back) => SessionOutcome::Recovered,
        Some(_) if o.reason == SessionReason::Gap => SessionOutcome::Accepted,
        _ => SessionOutcome::Acting,
    };
    let by = o.held.plus(7);
    let done = by.plus(dice.below(6) as i32 - 3);
    let signed = evening.plus_seconds(3_600 * (1 + dice.below(20) as i64));
    let mut messages = Vec::new();
    if dice.chance(0.3) {
        let (ask, reply) = *dice.pick(&text::MESSAGES);
        let first = o.opened.plus_seconds(3_600 + 60 * dice.below(120) as i64);
        messages.push(Message { from: leader, at: first, text: ask });
        messages.push(Message { from: person, at: first.plus_seconds(5_400), text: reply });
    }
    Session {
        leader,
        person,
        metric: o.metric,
        reason: o.reason,
        since: o.since,
        opened: o.opened,
        held: o.held,
        going_on: words.0,
        we_try: words.1,
        action: Some(Action {
            what: words.2,
            who: if own { person } else { leader },
            by,
            done: (done < today).then_some(done),
        }),
        check: Some(Check { on: check_on, looked, result }),
        outcome,
        signed_by_leader: Some(evening),
        signed_by_person: (signed.day(&domain::time::Zone::UTC) < today).then_some(signed),
        messages,
    }
}

/// The talks, answers and proposals that the leader of Harbour Street finds today.
fn shown_branch(b: &mut Build, n: &Northwind, sessions: &mut Vec<Session>) {
    let branch = &n.branches[n.shown];
    let leader = branch.leader;
    let who = |name: &str| {
        let position = SHOWN_TEAM.iter().position(|&p| p == name).unwrap_or(0);
        n.members[branch.members[position]].person
    };
    let weeks = b.weeks;
    let (today, last) = (weeks.today(), WEEKS as i32 - 1);
    let at = |day: Day, hour: i8, minute: i8| domain::time::Zone::UTC.at(day, hour, minute);
    // The last working day before today.
    let workday = |back: i32| {
        let mut day = today.plus(-back);
        while day.weekday() > 4 {
            day = day.plus(-1);
        }
        day
    };
    let past = |person,
                metric,
                reason,
                held: Day,
                words: (&'static str, &'static str, &'static str),
                check: Check,
                outcome| Session {
        leader,
        person,
        metric,
        reason,
        since: None,
        opened: at(held.plus(-2), 8, 40),
        held,
        going_on: words.0,
        we_try: words.1,
        action: Some(Action { what: words.2, who: person, by: held.plus(7), done: Some(held.plus(6)) }),
        check: Some(check),
        outcome,
        signed_by_leader: Some(at(held, 15, 10)),
        signed_by_person: Some(at(held, 16, 5)),
        messages: Vec::new(),
    };
    let friday = |week: i32| weeks.monday(week).plus(4);
    let this_friday = today.monday().plus(4);
    // Hana: low, a talk, back again; the check is due this week.
    let mut hana = past(
        who("Hana Novak"),
        CONTACTS,
        SessionReason::Shift,
        friday(last - 8),
        (
            "Three clients moved away in one month, and the mornings went to their papers.",
            "Papers of leavers go to Tuesday afternoon; mornings are for conversations again.",
            "Move the papers to Tuesday afternoons",
        ),
        Check { on: this_friday, looked: None, result: None },
        SessionOutcome::Acting,
    );
    hana.since = Some(weeks.monday(last - 9));
    hana.messages = vec![
        Message {
            from: leader,
            at: at(friday(last - 8).plus(-2), 9, 5),
            text: "I saw that contacts changed. Shall we look at your week together on Friday?",
        },
        Message {
            from: who("Hana Novak"),
            at: at(friday(last - 8).plus(-2), 11, 30),
            text: "Yes please. It is the papers of the three who moved, I think.",
        },
    ];
    sessions.push(hana);
    // Emeka: the check is three days overdue.
    sessions.push(past(
        who("Emeka Balogun"),
        ASSETS,
        SessionReason::Regular,
        today.plus(-38),
        (
            "Two large transfers come in once a quarter; in between it looks thin.",
            "Look at a whole quarter instead of single weeks, and ask both clients about standing orders.",
            "Ask both clients about a standing order",
        ),
        Check { on: today.plus(-3), looked: None, result: None },
        SessionOutcome::Acting,
    ));
    // Yusuf: once the data was wrong.
    let mut wrong = past(
        who("Yusuf Demir"),
        CALLS,
        SessionReason::Shift,
        friday(last - 14),
        (
            "A week of calls is missing in the system; the calls took place.",
            "Nothing to try: the feed's owner fetches the week again.",
            "Tell the feed's owner which week is missing",
        ),
        Check { on: friday(last - 12), looked: Some(friday(last - 12)), result: Some(CheckResult::Back) },
        SessionOutcome::DataWrong,
    );
    wrong.since = Some(weeks.monday(last - 15));
    sessions.push(wrong);
    // Rafael: what was tried before.
    sessions.push(past(
        who("Rafael Ortega"),
        MEETINGS,
        SessionReason::Gap,
        friday(last - 22),
        (
            "Most of his clients are forty minutes away by road, and two meetings fill a day.",
            "Plan one valley a day instead of the order of requests.",
            "Plan routes by valley for four weeks",
        ),
        Check { on: friday(last - 18), looked: Some(friday(last - 18)), result: Some(CheckResult::NotYet) },
        SessionOutcome::Accepted,
    ));
    sessions.push(past(
        who("Maya Lindqvist"),
        MEETINGS,
        SessionReason::Regular,
        friday(last - 11),
        (
            "Reviews are booked late, so weeks fill unevenly.",
            "Agree the next review while the client is still there.",
            "Book the next review before the end of each meeting",
        ),
        Check { on: friday(last - 7), looked: Some(friday(last - 7)), result: Some(CheckResult::Back) },
        SessionOutcome::Recovered,
    ));

    b.world.answers = vec![
        Answer {
            person: who("Maya Lindqvist"),
            metric: CALLS,
            kind: AnswerKind::LikeHelp,
            text: "Since the desk move I sit by the entrance, and I cut calls short when people wait.",
            at: at(workday(1), 16, 22),
        },
        Answer {
            person: who("Rafael Ortega"),
            metric: MEETINGS,
            kind: AnswerKind::KnowWhy,
            text: "My clients are forty minutes away by road; four meetings is what a week holds.",
            at: at(workday(2), 12, 10),
        },
    ];
    b.world.proposals = vec![
        Proposal {
            by: leader,
            person: who("Chiara Lombardi"),
            intervention: CALL_REVIEW,
            metric: CALLS,
            at: at(workday(6), 9, 15),
            state: ProposalState::Declined,
            reply: Some("Thank you. I already do this with Ines, every other Thursday."),
            replied: Some(at(workday(5), 13, 40)),
        },
        Proposal {
            by: leader,
            person: who("Rafael Ortega"),
            intervention: CALL_LIST,
            metric: MEETINGS,
            at: at(friday(last - 20), 10, 0),
            state: ProposalState::Taken,
            reply: Some("I'll try it on the days in the office."),
            replied: Some(at(friday(last - 20), 14, 0)),
        },
        Proposal {
            by: leader,
            person: who("Amara Nwosu"),
            intervention: CALL_CARD,
            metric: CALLS,
            at: at(workday(3), 10, 30),
            state: ProposalState::Open,
            reply: None,
            replied: None,
        },
    ];
}

/// Promises that some people made for themselves.
fn commitments(b: &mut Build, n: &Northwind) {
    let shown = &n.branches[n.shown];
    for (position, metric, versions) in [
        (
            1,
            CALLS,
            &[
                (42.0, 26, "Where I was last year, and it felt right."),
                (44.0, 76, "The call list gives me two more a week."),
            ][..],
        ),
        (6, CALLS, &[(40.0, 30, "What I reach in a usual week."), (38.0, 68, "Two accounts moved to Ines.")]),
        (5, ASSETS, &[(430_000.0, 40, "Two estates are being settled this year.")]),
        (2, MEETINGS, &[(7.0, 35, "One a day, and two on Thursdays.")]),
    ] {
        for &(level, week, why) in versions {
            b.world.commitments.push(Commitment {
                metric,
                person: n.members[shown.members[position]].person,
                level,
                from: b.weeks.monday(week),
                why,
            });
        }
    }
    for (index, member) in n.members.iter().enumerate() {
        let mut dice = Dice::new(b.seed(), Use::Commitments, index);
        if member.shown.is_some() || member.weeks.1 - member.weeks.0 < 30 || !dice.chance(0.16) {
            continue;
        }
        let metric = MetricIx::of(dice.below(WORK));
        let step = if metric == ASSETS { 10_000.0 } else { 1.0 };
        let level = (member.level[metric.at()] * dice.between(0.97, 1.06) / step).round() * step;
        let week = member.weeks.0 + 10 + dice.below(18) as i32;
        let person = member.person;
        let mut push = |level, week, why| {
            b.world.commitments.push(Commitment { metric, person, level, from: b.weeks.monday(week), why });
        };
        push(level, week, *dice.pick(&text::COMMITMENTS));
        if dice.chance(0.4) {
            let changed = level * if dice.chance(0.5) { 1.05 } else { 0.95 };
            push((changed / step).round() * step, week + 13, *dice.pick(&text::COMMITMENT_CHANGES));
        }
    }
}
