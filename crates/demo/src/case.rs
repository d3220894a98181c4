//! The finished performance analysis at Alder Industrial: request, problem, voices, causes, panel.

use domain::time::Day;

use crate::alder::*;
use crate::build::Build;
use crate::metrics::*;
use crate::world::*;

/// Writes the case file.
pub(crate) fn write(b: &mut Build, a: &Alder) {
    let asked = START - 15;
    let day = |week: i32, weekday: i32| -> Day { b.weeks.monday(week).plus(weekday) };
    let r = a.roles;
    let plant = |i: usize| Some(a.plants[i].unit);
    use VoiceLevel::{Executive, Floor, Manager, Specialist};
    let talk = |voice, job_role, unit, level, on, said, named, speaks_for: &[u16]| Interview {
        voice,
        job_role,
        unit,
        level,
        on,
        said,
        named,
        speaks_for: speaks_for.to_vec(),
    };
    let interviews = vec![
        talk(
            "VP Operations",
            None,
            None,
            Executive,
            day(asked, 2),
            "We have stock everywhere and still stop for missing parts. Seventeen days on average, and it should be three.",
            "Plant managers, sales office",
            &[],
        ),
        talk(
            "Plant manager, Ashby",
            Some(r.plant_manager),
            plant(0),
            Manager,
            day(asked + 1, 0),
            "There is an agreed procedure and it worked. When it gets busy it is the first thing to go, and nobody asks.",
            "Planners",
            &[0],
        ),
        talk(
            "Plant manager, Corran",
            Some(r.plant_manager),
            plant(2),
            Manager,
            day(asked + 1, 1),
            "My planners know how. I see the result at month end, when it is too late to say anything about it.",
            "Freight administrator",
            &[0],
        ),
        talk(
            "Sales and inventory planner, Ashby",
            Some(r.planner),
            plant(0),
            Specialist,
            day(asked + 1, 3),
            "Sales never tells us before the order is in. So I add a week of safety on everything.",
            "Sales office",
            &[1],
        ),
        talk(
            "Sales and inventory planner, Dunmore",
            Some(r.planner),
            plant(3),
            Specialist,
            day(asked + 2, 0),
            "I started in spring. I was shown the screens; I heard of the procedure from you just now.",
            "Sales office",
            &[0, 1],
        ),
        talk(
            "Sales office",
            Some(r.sales),
            None,
            Specialist,
            day(asked + 2, 1),
            "We send the forecast every Thursday. Nobody opens it: I can see that in the folder.",
            "Planners",
            &[1],
        ),
        talk(
            "Freight administrator, Corran",
            Some(r.freight),
            plant(2),
            Specialist,
            day(asked + 2, 2),
            "One vendor in three comes late, and it costs them nothing. I order early so that late is still in time.",
            "Purchasing",
            &[2],
        ),
        talk(
            "Freight administrator, Farrow",
            Some(r.freight),
            plant(5),
            Specialist,
            day(asked + 2, 4),
            "We pay for express twice a week. There is no line for it in the contract, so nobody adds it up.",
            "Inventory manager",
            &[2],
        ),
        talk(
            "Inventory manager, Brannock",
            Some(r.inventory_manager),
            plant(1),
            Manager,
            day(asked + 3, 0),
            "My counts are right. What is on the shelf is not what they told me it is.",
            "Receiving",
            &[3],
        ),
        talk(
            "Receiving and stores",
            Some(r.floor),
            None,
            Floor,
            day(asked + 3, 1),
            "If I scan it as finished it leaves my count. So I do.",
            "",
            &[3],
        ),
        talk(
            "Receiving and stores",
            Some(r.floor),
            None,
            Floor,
            day(asked + 3, 3),
            "Ask three of us whether a painted frame is in progress or finished, and you get three answers.",
            "",
            &[3, 0],
        ),
    ];
    let cause = |what, boxes: &[CauseBox], evidence_for, evidence_against, metric, support, lesson_share| {
        Cause { what, boxes: boxes.to_vec(), evidence_for, evidence_against, metric, support, lesson_share }
    };
    use CauseBox::{Incentives, Information, Knowledge, Resources};
    let causes = vec![
        cause(
            "The agreed planning procedure is not followed",
            &[Information, Incentives, Knowledge],
            "Planning logs: used in four weeks of ten; skipping it has no consequence; six new planners never saw it.",
            "Two lines that follow it still lie above ten days.",
            FORECAST,
            CHECKLIST,
            0.12,
        ),
        cause(
            "Talk with sales is late and poor",
            &[Resources],
            "Forecast files are opened in one week of five; changes come four days after the order on average.",
            "Sales sends what was agreed, on the agreed day.",
            FORECAST,
            SALES_MEETING,
            0.0,
        ),
        cause(
            "Nobody answers for late freight",
            &[Incentives],
            "One shipment in five is late; no contract says what follows from it.",
            "At Elling freight is on time nine times in ten without a clause.",
            FREIGHT_ON_TIME,
            FREIGHT_CLAUSE,
            0.0,
        ),
        cause(
            "Raw, in progress or finished is a matter of opinion",
            &[Information],
            "Cycle counts disagree with the system in one place of six, most often about the state of a part.",
            "Counting errors of the usual kind make up about a third of it.",
            INVENTORY,
            DECISION_TABLE,
            0.0,
        ),
    ];
    let vote = |voice, ranks: [u16; 4], shares: [u16; 4]| PanelVote {
        voice,
        ranks: ranks.to_vec(),
        shares: shares.to_vec(),
    };
    let panel = vec![
        vote("Plant manager", [1, 2, 3, 4], [40, 30, 18, 12]),
        vote("Plant manager", [1, 2, 4, 3], [45, 25, 10, 20]),
        vote("Sales and inventory planner", [2, 1, 3, 4], [28, 42, 18, 12]),
        vote("Sales and inventory planner", [1, 2, 3, 4], [38, 32, 16, 14]),
        vote("Freight administrator", [2, 3, 1, 4], [28, 22, 38, 12]),
        vote("Inventory manager", [1, 3, 4, 2], [36, 20, 16, 28]),
        vote("Sales office", [1, 2, 3, 4], [44, 26, 18, 12]),
        vote("Receiving and stores", [2, 3, 4, 1], [28, 22, 14, 36]),
    ];
    let case = Case {
        code: "too-much-stock",
        title: "Too much stock, and the wrong stock",
        organisation: a.organisation,
        request: "Can you train them in inventory management?",
        requested_by: a.vp_operations,
        requested: day(asked, 0),
        analyst: a.analyst,
        problem: Problem {
            metric: DAYS_ON_HAND,
            should_be: "3 days on hand, give or take 2",
            is: "17 days on average, 6 to 34 by line",
            solved_when: "Eight of ten weeks within 1 to 5 days, in five of six plants, with no more line stops",
            worth: "About €9 m tied up (7 to 11, finance)",
            confirmed: day(asked, 2),
        },
        interviews,
        contradictions: vec![
            Contradiction { one: 3, other: 5, about: "Whether planning hears from sales in time" },
            Contradiction { one: 1, other: 4, about: "Whether planners know the procedure" },
            Contradiction { one: 8, other: 9, about: "Whether the counts can be trusted" },
        ],
        causes,
        panel,
        panel_frozen: day(asked + 5, 1),
        closed: Some(b.weeks.monday(crate::noise::WEEKS as i32 - 1).plus(2)),
    };
    b.world.cases.push(case);
}
