//! What Northwind Advisors did to improve performance, where it started when, and how each was to be read.

use crate::build::Build;
use crate::learning::{self, Catalogue};
use crate::metrics::*;
use crate::noise::{Dice, Use, WEEKS};
use crate::northwind::Northwind;
use crate::world::*;

pub(crate) const SECOND_QUESTION: InterventionIx = InterventionIx(0);
pub(crate) const LEGACY_COURSE: InterventionIx = InterventionIx(1);
pub(crate) const PROMPT_COACHING: InterventionIx = InterventionIx(2);
pub(crate) const WEBINAR: InterventionIx = InterventionIx(3);
pub(crate) const CALL_LIST: InterventionIx = InterventionIx(4);
pub(crate) const CALL_CARD: InterventionIx = InterventionIx(5);
pub(crate) const CALL_REVIEW: InterventionIx = InterventionIx(6);
pub(crate) const QUIET_BLOCKS: InterventionIx = InterventionIx(7);

/// First weeks of the four waves of the lesson.
pub(crate) const LESSON_WAVES: [i32; 4] = [44, 48, 52, 56];
const CALL_LIST_WAVES: [i32; 2] = [40, 46];
const COURSE_WAVES: [i32; 5] = [14, 19, 24, 29, 34];
/// Quiet blocks are under way: one wave has started, one lies ahead, and nobody has read anything yet.
const QUIET_WAVES: [i32; 2] = [WEEKS as i32 - 6, WEEKS as i32 + 4];
/// Weeks in which the webinar was held, on a Thursday.
pub(crate) const WEBINARS: [i32; 8] = [22, 28, 34, 42, 48, 54, 60, 66];
/// The week from which prompt talks were agreed.
pub(crate) const PROMPT_FROM: i32 = 24;

/// Deals steady branches to waves, region by region and by lot: `share.0` of every `share.1` start.
/// Harbour Street is not dealt.
fn deal(b: &Build, n: &Northwind, which: usize, share: (usize, usize), waves: &[i32]) -> Vec<(usize, i32)> {
    let mut dice = Dice::new(b.seed(), Use::Waves, which);
    let mut order = Vec::new();
    for region in 0..8 {
        let mut here: Vec<usize> = (0..n.branches.len())
            .filter(|&i| i != n.shown && n.branches[i].steady && n.branches[i].region == region)
            .collect();
        dice.shuffle(&mut here);
        order.extend(here);
    }
    let mut starts = Vec::new();
    for (k, branch) in order.into_iter().enumerate() {
        if k * share.0 % share.1 < share.0 {
            starts.push((branch, waves[starts.len() % waves.len()]));
        }
    }
    starts
}

/// Decides which branch starts what and when.
pub(crate) fn deal_waves(b: &mut Build, n: &mut Northwind) {
    for (branch, week) in deal(b, n, 0, (2, 3), &LESSON_WAVES) {
        n.branches[branch].lesson = Some(week);
    }
    for (branch, week) in deal(b, n, 1, (4, 9), &CALL_LIST_WAVES) {
        n.branches[branch].call_list = Some(week);
    }
    for (branch, week) in deal(b, n, 2, (2, 3), &COURSE_WAVES) {
        n.branches[branch].course = Some(week);
    }
    let shown = n.shown;
    n.branches[shown].call_list = Some(CALL_LIST_WAVES[0]);
    n.branches[shown].course = Some(COURSE_WAVES[2]);
    let mut dice = Dice::new(b.seed(), Use::Waves, 3);
    for (i, branch) in n.branches.iter_mut().enumerate() {
        branch.prompt = (i == shown || dice.chance(0.58)).then_some(PROMPT_FROM.max(branch.opened));
    }
}

/// Writes down the interventions; the order is that of the constants above.
pub(crate) fn interventions(b: &mut Build, n: &Northwind, c: &Catalogue) {
    let blank = Intervention {
        code: "",
        name: "",
        kind: InterventionKind::Lesson,
        organisation: n.organisation,
        owner: n.author,
        description: "",
        behaviour: "",
        cause_box: CauseBox::Knowledge,
        minutes_once: 0.0,
        minutes_weekly: 0.0,
        money: 0.0,
        hour_value: 210.0,
        assignment: Assignment::Planned,
        activities: Vec::new(),
        business: vec![BRANCH_REVENUE],
        performance: Vec::new(),
        solution: Vec::new(),
    };
    b.world.interventions.extend([
        Intervention {
            code: "second-question",
            name: "The second question",
            kind: InterventionKind::Lesson,
            description: "After a client's first answer, ask one more before you offer anything. Six minutes, then try it once.",
            behaviour: learning::BEHAVIOURS[0],
            minutes_once: 10.0,
            money: 7_500.0,
            assignment: Assignment::Lot,
            activities: vec![c.second_question, c.second_question_try],
            performance: vec![REVENUE_PER_HOUR],
            solution: vec![LESSON_DONE, LESSON_TRIED],
            ..blank.clone()
        },
        Intervention {
            code: "product-course",
            name: "Product knowledge course",
            kind: InterventionKind::Course,
            description: "The product course from the old curriculum: forty-five minutes at the screen, once.",
            behaviour: "",
            minutes_once: 45.0,
            money: 28_000.0,
            activities: vec![c.legacy_course],
            performance: vec![REVENUE_PER_HOUR],
            ..blank.clone()
        },
        Intervention {
            code: "talk-within-five-days",
            name: "Talk within five days of a change",
            kind: InterventionKind::Coaching,
            owner: n.coach_owner,
            description: "When a number changes, leader and team member talk within five days and agree one thing to try.",
            behaviour: "",
            cause_box: CauseBox::Information,
            minutes_once: 30.0,
            assignment: Assignment::PickedByNumbers,
            business: vec![],
            performance: vec![CONTACTS],
            ..blank.clone()
        },
        Intervention {
            code: "keep-going-webinar",
            name: "Keep going: the motivation webinar",
            kind: InterventionKind::Webinar,
            description: "An hour with a speaker for people in a low stretch with their calls. Seats are few.",
            behaviour: "",
            cause_box: CauseBox::Motives,
            minutes_once: 60.0,
            money: 24_000.0,
            assignment: Assignment::PickedByNumbers,
            activities: vec![c.webinar],
            performance: vec![CALLS],
            ..blank.clone()
        },
        Intervention {
            code: "call-list",
            name: "Call list in the customer records",
            kind: InterventionKind::Tool,
            owner: n.it,
            description: "Each morning the customer records propose whom to speak with today, and why.",
            behaviour: learning::BEHAVIOURS[1],
            cause_box: CauseBox::Resources,
            minutes_once: 5.0,
            money: 62_000.0,
            performance: vec![CONTACTS, ACCOUNTS],
            solution: vec![CALL_LIST_USED],
            ..blank.clone()
        },
        Intervention {
            code: "call-card",
            name: "Call opener card",
            kind: InterventionKind::JobAid,
            description: "One page to keep beside the phone, for calls that end early.",
            behaviour: learning::BEHAVIOURS[2],
            cause_box: CauseBox::Information,
            minutes_once: 2.0,
            money: 600.0,
            performance: vec![CALLS],
            ..blank.clone()
        },
        Intervention {
            code: "call-review",
            name: "Call review in pairs",
            kind: InterventionKind::Coaching,
            owner: n.coach_owner,
            description: "Two colleagues listen to one call of each and name one thing to keep and one to try.",
            behaviour: learning::BEHAVIOURS[2],
            minutes_weekly: 20.0,
            performance: vec![CALLS],
            ..blank.clone()
        },
        Intervention {
            code: "quiet-blocks",
            name: "Two quiet calling blocks a week",
            kind: InterventionKind::Process,
            owner: n.vp_branches,
            description: "Two fixed mornings without walk-in clients, in a room with a door.",
            behaviour: learning::BEHAVIOURS[2],
            cause_box: CauseBox::Resources,
            minutes_once: 15.0,
            assignment: Assignment::Lot,
            performance: vec![CALLS],
            ..blank
        },
    ]);
    for (what, waves, start) in [
        (SECOND_QUESTION, &LESSON_WAVES[..], (|x| x.lesson) as fn(&crate::northwind::Branch) -> Option<i32>),
        (LEGACY_COURSE, &COURSE_WAVES[..], |x| x.course),
        (CALL_LIST, &CALL_LIST_WAVES[..], |x| x.call_list),
    ] {
        for branch in &n.branches {
            if let Some(week) = start(branch) {
                let wave = waves.iter().position(|&w| w == week).map_or(0, |p| p as u16 + 1);
                let from = b.weeks.monday(week);
                b.world.rollouts.push(Rollout {
                    intervention: what,
                    reach: Reach::Unit(branch.unit),
                    from,
                    wave,
                });
            }
        }
    }
    quiet_blocks(b, n);
}

/// Starts of the support that is still being tried.
fn quiet_blocks(b: &mut Build, n: &Northwind) {
    for (branch, week) in deal(b, n, 4, (2, 3), &QUIET_WAVES) {
        b.world.rollouts.push(Rollout {
            intervention: QUIET_BLOCKS,
            reach: Reach::Unit(n.branches[branch].unit),
            from: b.weeks.monday(week),
            wave: QUIET_WAVES.iter().position(|&w| w == week).map_or(0, |p| p as u16 + 1),
        });
    }
}

/// Comparisons, fixed before the first start of each.
pub(crate) fn studies(b: &mut Build, n: &Northwind) {
    let steady: Vec<UnitIx> = n.branches.iter().filter(|x| x.steady).map(|x| x.unit).collect();
    let (weeks, last) = (b.weeks, WEEKS as i32);
    let staged =
        |code, intervention, hypothesis, outcome, first: i32, last_start: i32, weeks_after: u16| StudyPlan {
            code,
            intervention,
            hypothesis,
            outcome,
            beside: Vec::new(),
            guardrails: vec![COMPLAINTS],
            design: Design::StagedUnits,
            units: steady.clone(),
            weeks_before: 12,
            weeks_after,
            locked: weeks.monday(first - 2).plus(1),
            reading: weeks.monday((last_start + i32::from(weeks_after)).min(last)).plus(1),
            events: Vec::new(),
        };
    let mut studies = vec![
        StudyPlan {
            beside: vec![LESSON_DONE, LESSON_TRIED, BRANCH_REVENUE],
            // A second question takes time: neither clients nor calls are to pay for it.
            guardrails: vec![COMPLAINTS, CONTACTS],
            ..staged(
                "second-question",
                SECOND_QUESTION,
                "We believe that asking a second question before offering will raise revenue per hour of account managers \
                 within 22 weeks, because offers then fit better.",
                REVENUE_PER_HOUR,
                LESSON_WAVES[0],
                LESSON_WAVES[3],
                22,
            )
        },
        staged(
            "product-course",
            LEGACY_COURSE,
            "We believe that the product course raises revenue per hour of account managers within four weeks, because they \
             know more of what they sell.",
            REVENUE_PER_HOUR,
            COURSE_WAVES[0],
            COURSE_WAVES[4],
            4,
        ),
        StudyPlan {
            beside: vec![ACCOUNTS, CALL_LIST_USED],
            ..staged(
                "call-list",
                CALL_LIST,
                "We believe that a proposed call list each morning raises client contacts within 26 weeks, because finding \
                 whom to call takes the time that calling needs.",
                CONTACTS,
                CALL_LIST_WAVES[0],
                CALL_LIST_WAVES[1],
                26,
            )
        },
    ];
    studies.push(StudyPlan {
        guardrails: vec![COMPLAINTS, MEETINGS],
        reading: weeks.monday(QUIET_WAVES[1] + 8).plus(1),
        ..staged(
            "quiet-blocks",
            QUIET_BLOCKS,
            "We believe that two quiet mornings a week raise successful calls of account managers within 12 weeks, because calls \
             are cut short when clients walk in. We stop if complaints rise or fewer review meetings are held.",
            CALLS,
            QUIET_WAVES[0],
            QUIET_WAVES[1],
            12,
        )
    });
    let picked = |code, intervention, hypothesis, outcome, first: i32, weeks_after: u16| StudyPlan {
        design: Design::FlaggedPeople,
        units: Vec::new(),
        weeks_before: 4,
        guardrails: Vec::new(),
        ..staged(code, intervention, hypothesis, outcome, first, last, weeks_after)
    };
    studies.push(picked(
        "talk-within-five-days",
        PROMPT_COACHING,
        "We believe that a talk within five days of a change brings client contacts back sooner, because one thing to try is \
         agreed while it is fresh.",
        CONTACTS,
        PROMPT_FROM,
        6,
    ));
    studies.push(picked(
        "keep-going-webinar",
        WEBINAR,
        "We believe that people in a low stretch make more successful calls in the four weeks after the webinar, because they \
         feel encouraged.",
        CALLS,
        WEBINARS[0],
        4,
    ));
    b.world.studies.extend(studies);
}
