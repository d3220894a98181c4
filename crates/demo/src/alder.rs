//! Alder Industrial: six plants with four lines each, and days on hand before and after the planning routine.

use domain::time::{Cadence, Day};

use crate::build::{ALDER_LMS, Build, ERP};
use crate::feeds;
use crate::metrics::*;
use crate::noise::{Dice, Use, WEEKS, ar1};
use crate::world::*;

pub(crate) const CHECKLIST: InterventionIx = InterventionIx(8);
pub(crate) const SALES_MEETING: InterventionIx = InterventionIx(9);
pub(crate) const FREIGHT_CLAUSE: InterventionIx = InterventionIx(10);
pub(crate) const DECISION_TABLE: InterventionIx = InterventionIx(11);
pub(crate) const ROUTINE: InterventionIx = InterventionIx(12);

/// Plants with the days on hand of their lines at the start: 17 on average, from 6 to 34.
const PLANTS: [(&str, [f64; 4]); 6] = [
    ("Ashby", [22.0, 19.0, 17.0, 18.0]),
    ("Brannock", [12.0, 21.0, 16.0, 15.0]),
    ("Corran", [6.0, 20.0, 25.0, 14.0]),
    ("Dunmore", [34.0, 21.0, 16.0, 13.0]),
    ("Elling", [17.0, 19.0, 15.0, 13.0]),
    ("Farrow", [9.0, 16.0, 17.0, 12.0]),
];
/// How many of them started first.
const WAVE_ONE: usize = 3;
/// The week of the start: a year of history before, half a year after.
pub(crate) const START: i32 = 52;
/// Where a supplier was on strike, from which week, for how many.
const STRIKE: (usize, i32, i32) = (2, 62, 5);
/// Where the decision table was taken up without being asked, and when.
const COPIED: (usize, i32) = (3, 70);

/// What the routine takes off days on hand once it is lived, as a share.
const ROUTINE_EFFECT: f64 = 0.474;
/// What came down everywhere by itself.
const COMMON_FALL: f64 = 2.0 / 17.0;

/// A factory.
pub(crate) struct Plant {
    pub(crate) unit: UnitIx,
    pub(crate) lines: [UnitIx; 4],
}

/// What the case needs to know about the organisation.
pub(crate) struct Alder {
    pub(crate) organisation: UnitIx,
    pub(crate) plants: Vec<Plant>,
    pub(crate) vp_operations: PersonIx,
    pub(crate) analyst: PersonIx,
    pub(crate) roles: Roles,
    /// Learning accounts of the planners in wave-one plants who had never seen the procedure.
    pub(crate) new_planners: Vec<AccountIx>,
    planning_owner: PersonIx,
    feeds: [FeedIx; 3],
}

/// Job roles at Alder Industrial.
#[derive(Clone, Copy)]
pub(crate) struct Roles {
    pub(crate) plant_manager: JobRoleIx,
    pub(crate) inventory_manager: JobRoleIx,
    pub(crate) planner: JobRoleIx,
    pub(crate) freight: JobRoleIx,
    pub(crate) floor: JobRoleIx,
    pub(crate) sales: JobRoleIx,
}

/// Builds the tree and the people.
pub(crate) fn found(b: &mut Build) -> Alder {
    let long_ago = b.weeks.monday(-700);
    let unit = |code: String, name: String, kind, parent| Unit {
        code,
        name,
        kind,
        parent,
        opened: long_ago,
        closed: None,
        merged_into: None,
        zone: None,
    };
    let organisation = b.unit(Unit {
        zone: Some("Europe/Dublin"),
        ..unit("alder".into(), "Alder Industrial".into(), UnitKind::Organisation, None)
    });
    let centre = b.unit(unit(
        "al-centre".into(),
        "Operations and sales office".into(),
        UnitKind::Department,
        Some(organisation),
    ));
    let executive = JobRoleIx::of(b.world.job_roles.iter().position(|r| r.code == "executive").unwrap_or(0));
    let analyst_role = b.job_role("performance_analyst", "Performance analyst");
    let roles = Roles {
        plant_manager: b.job_role("plant_manager", "Plant manager"),
        inventory_manager: b.job_role("inventory_manager", "Inventory manager"),
        planner: b.job_role("sales_inventory_planner", "Sales and inventory planner"),
        freight: b.job_role("freight_administrator", "Freight administrator"),
        floor: b.job_role("receiving", "Receiving and stores"),
        sales: b.job_role("sales_office", "Sales office"),
    };
    let hire = |b: &mut Build, name: Option<&str>, at: UnitIx, role, since: i32| {
        let name = name.map_or_else(|| b.next_name(), str::to_owned);
        let joined = b.weeks.monday(since);
        let person = b.alder_person(name, joined);
        let login = b.login(person);
        b.account(Some(person), AccountSystem::Erp, ERP, login);
        b.works(person, at, role, joined, None);
        (person, joined)
    };
    let (vp_operations, _) = hire(b, Some("Helen Marchetti"), centre, executive, -600);
    let (analyst, since) = hire(b, Some("Jonas Wirth"), centre, analyst_role, -220);
    b.reports(analyst, vp_operations, since, None);
    let (planning_owner, since) = hire(b, None, centre, roles.sales, -150);
    b.reports(planning_owner, vp_operations, since, None);
    for _ in 0..2 {
        let (person, since) = hire(b, None, centre, roles.sales, -180);
        b.reports(person, vp_operations, since, None);
    }
    let mut plants = Vec::new();
    let mut new_planners = Vec::new();
    for (i, (name, _)) in PLANTS.iter().enumerate() {
        let code = format!("al-{}", name.to_lowercase());
        let plant = b.unit(unit(code.clone(), format!("{name} plant"), UnitKind::Plant, Some(organisation)));
        let lines = [1, 2, 3, 4].map(|line| {
            b.unit(unit(format!("{code}-{line}"), format!("{name} line {line}"), UnitKind::Line, Some(plant)))
        });
        let (manager, since) = hire(b, None, plant, roles.plant_manager, -300);
        b.reports(manager, vp_operations, since, None);
        for role in [roles.inventory_manager, roles.freight, roles.floor, roles.floor] {
            let (person, since) = hire(b, None, plant, role, -120);
            b.reports(person, manager, since, None);
        }
        for (line, &unit) in lines.iter().enumerate() {
            // Two of four planners in each plant came after the procedure was last explained.
            let new = line < 2;
            let (person, since) =
                hire(b, None, unit, roles.planner, if new { 20 + 3 * line as i32 } else { -140 });
            b.reports(person, manager, since, None);
            let login = b.login(person);
            let lms = b.account(Some(person), AccountSystem::Lms, ALDER_LMS, login);
            if new && i < WAVE_ONE {
                new_planners.push(lms);
            }
        }
        plants.push(Plant { unit: plant, lines });
    }
    b.grant(vp_operations, AccessRole::Executive, organisation);
    b.grant(analyst, AccessRole::Analyst, organisation);
    b.grant(planning_owner, AccessRole::FeedOwner, organisation);
    let mut feed = |code, name: &str, system| {
        b.world.feeds.push(Feed {
            code,
            name: name.into(),
            system,
            unit: organisation,
            owner: planning_owner,
            cadence: Cadence::Day,
            expected_lag_days: 2,
            metrics: Vec::new(),
        });
        FeedIx::of(b.world.feeds.len() - 1)
    };
    let feeds = [
        feed("al-erp", "Plant system", "Plant ERP"),
        feed("al-planning", "Planning sheets", "Planning"),
        feed("al-freight", "Freight desk", "Freight"),
    ];
    Alder { organisation, plants, vp_operations, analyst, roles, new_planners, planning_owner, feeds }
}

/// Defines the metrics and their targets.
pub(crate) fn metrics(b: &mut Build, a: &Alder) {
    use Aggregation::{Mean, Ratio, Sum};
    use Level::{Business, Performance, Solution};
    let (line, plant) = (Grain::Unit(UnitKind::Line), Grain::Unit(UnitKind::Plant));
    let [erp, planning, freight] = a.feeds;
    let from =
        |feed, job_role| Source { organisation: a.organisation, job_role, owner: a.vp_operations, feed };
    let stock = b.metric(
        DAYS_ON_HAND,
        [
            "days_on_hand",
            "Days on hand",
            "days",
            "How long stock lies before it is used: stock divided by what a day uses.",
        ],
        (Business, line, Mean),
        from(erp, None),
    );
    stock.direction = Direction::Lower;
    stock.decimals = 1;
    let stops = b.metric(
        LINE_STOPS,
        [
            "line_stops",
            "Stops for missing material",
            "stops",
            "Times a line stood because material was not there.",
        ],
        (Business, line, Sum),
        from(erp, None),
    );
    stops.direction = Direction::Lower;
    stops.guardrail = true;
    b.metric(
        FORECAST,
        [
            "forecast_accuracy",
            "Forecast accuracy",
            "%",
            "Units used as forecast four weeks before, of all units used.",
        ],
        (Performance, line, Ratio),
        from(planning, Some(a.roles.planner)),
    );
    b.metric(
        FREIGHT_ON_TIME,
        [
            "freight_on_time",
            "On-time freight",
            "%",
            "Shipments that came on the agreed day, of all shipments.",
        ],
        (Performance, plant, Ratio),
        from(freight, Some(a.roles.freight)),
    );
    let premium = b.metric(
        PREMIUM_FREIGHT,
        ["premium_freight", "Premium freight", "%", "Shipments paid extra for speed, of all shipments."],
        (Performance, plant, Ratio),
        from(freight, Some(a.roles.freight)),
    );
    premium.direction = Direction::Lower;
    b.metric(
        INVENTORY,
        [
            "inventory_accuracy",
            "Inventory accuracy",
            "%",
            "Places whose cycle count agreed with the system, of all places counted.",
        ],
        (Performance, line, Ratio),
        from(erp, Some(a.roles.inventory_manager)),
    );
    for (metric, words, role) in [
        (
            CHECKLIST_USED,
            [
                "checklist_used",
                "Planning checklist used",
                "%",
                "Lines planned with the checklist, of all lines.",
            ],
            a.roles.planner,
        ),
        (
            SALES_MEETING_HELD,
            [
                "sales_meeting_held",
                "Weekly sales meeting held",
                "%",
                "Meetings with sales held, of those due.",
            ],
            a.roles.planner,
        ),
        (
            FREIGHT_CLAUSES,
            [
                "freight_clauses",
                "Freight vendors with the clause",
                "%",
                "Vendors whose contract has it, of all.",
            ],
            a.roles.freight,
        ),
        (
            DECISION_TABLE_USED,
            [
                "decision_table_used",
                "Decision table used",
                "%",
                "Stock moves looked up in the table, of a sample.",
            ],
            a.roles.floor,
        ),
    ] {
        let source = Source { owner: a.planning_owner, ..from(planning, Some(role)) };
        b.metric(metric, words, (Solution, plant, Ratio), source);
    }
    let from = b.weeks.monday(-20);
    for (metric, level, tolerance, why) in [
        (DAYS_ON_HAND, 3.0, 2.0, "Enough to run, and no more: three days, give or take two."),
        (LINE_STOPS, 0.5, 0.5, "Leaner stock must not stop lines: at most one a week on a line."),
        (FORECAST, 75.0, 5.0, "What the best line has held for a year."),
        (FREIGHT_ON_TIME, 88.0, 4.0, "As agreed with the vendors."),
        (PREMIUM_FREIGHT, 6.0, 3.0, "Paid speed is for the exception."),
        (INVENTORY, 92.0, 3.0, "Needed before anyone trusts the count."),
    ] {
        b.world.targets.push(Target {
            metric,
            scope: TargetScope::Unit(a.organisation),
            level,
            tolerance,
            window_weeks: 10,
            from,
            set_by: a.vp_operations,
            why,
        });
    }
}

/// Writes down the supports, their starts and the comparison.
pub(crate) fn supports(b: &mut Build, a: &Alder) {
    let performance = vec![FORECAST, FREIGHT_ON_TIME, PREMIUM_FREIGHT, INVENTORY];
    let blank = Intervention {
        code: "",
        name: "",
        kind: InterventionKind::Process,
        organisation: a.organisation,
        owner: a.planning_owner,
        description: "",
        behaviour: "",
        cause_box: CauseBox::Information,
        minutes_once: 0.0,
        minutes_weekly: 0.0,
        money: 0.0,
        hour_value: 55.0,
        assignment: Assignment::Planned,
        activities: Vec::new(),
        business: vec![DAYS_ON_HAND],
        performance: Vec::new(),
        solution: Vec::new(),
    };
    let lesson =
        b.world.activities.iter().position(|x| x.iri.ends_with("planning-procedure")).map(ActivityIx::of);
    b.world.interventions.extend([
        Intervention {
            code: "planning-checklist",
            name: "Planning checklist and leader feedback",
            kind: InterventionKind::JobAid,
            description: "One page for each planning round, looked at by the plant manager; six minutes for the six new planners.",
            behaviour: "Plans every line by the agreed procedure",
            minutes_weekly: 15.0,
            money: 1_200.0,
            activities: lesson.into_iter().collect(),
            performance: vec![FORECAST],
            solution: vec![CHECKLIST_USED],
            ..blank.clone()
        },
        Intervention {
            code: "weekly-sales-meeting",
            name: "Weekly meeting with sales, one shared sheet",
            description: "Twenty minutes, always the same day, always the same sheet.",
            behaviour: "Tells planning of a change before the order is in",
            cause_box: CauseBox::Resources,
            minutes_weekly: 20.0,
            performance: vec![FORECAST],
            solution: vec![SALES_MEETING_HELD],
            ..blank.clone()
        },
        Intervention {
            code: "freight-clause",
            name: "Freight clause and shared number",
            kind: InterventionKind::Incentive,
            description: "Vendors answer for late freight, and see the same number that we see.",
            cause_box: CauseBox::Incentives,
            money: 9_000.0,
            performance: vec![FREIGHT_ON_TIME, PREMIUM_FREIGHT],
            solution: vec![FREIGHT_CLAUSES],
            ..blank.clone()
        },
        Intervention {
            code: "material-decision-table",
            name: "Decision table at the scanner",
            kind: InterventionKind::JobAid,
            description: "Raw, in progress or finished: a table with a code to scan where the question comes up.",
            behaviour: "Books stock by the table, not by opinion",
            minutes_once: 1.0,
            money: 800.0,
            performance: vec![INVENTORY],
            solution: vec![DECISION_TABLE_USED],
            ..blank.clone()
        },
        Intervention {
            code: "planning-routine",
            name: "The planning routine",
            description: "Checklist with feedback, weekly meeting with sales, freight clause and decision table, started together.",
            minutes_weekly: 35.0,
            money: 11_000.0,
            performance,
            solution: vec![CHECKLIST_USED, SALES_MEETING_HELD, FREIGHT_CLAUSES, DECISION_TABLE_USED],
            ..blank
        },
    ]);
    let planned = b.weeks.today().monday().plus(28);
    for intervention in [CHECKLIST, SALES_MEETING, FREIGHT_CLAUSE, DECISION_TABLE, ROUTINE] {
        for (i, plant) in a.plants.iter().enumerate().take(5) {
            let (from, wave) = if i < WAVE_ONE { (b.weeks.monday(START), 1) } else { (planned, 2) };
            b.world.rollouts.push(Rollout { intervention, reach: Reach::Unit(plant.unit), from, wave });
        }
    }
    let (strike, copied) = (&a.plants[STRIKE.0], &a.plants[COPIED.0]);
    let plan = StudyPlan {
        code: "planning-routine",
        intervention: ROUTINE,
        hypothesis: "We believe that the planning routine for planners and plant managers will take five days or more off days on \
                     hand within 26 weeks, because the procedure is skipped and sales is heard late. We stop if line stops pass \
                     four a week in a plant.",
        outcome: DAYS_ON_HAND,
        beside: vec![
            FORECAST,
            FREIGHT_ON_TIME,
            PREMIUM_FREIGHT,
            INVENTORY,
            CHECKLIST_USED,
            SALES_MEETING_HELD,
            FREIGHT_CLAUSES,
            DECISION_TABLE_USED,
        ],
        guardrails: vec![LINE_STOPS],
        design: Design::StagedUnits,
        units: a.plants.iter().map(|p| p.unit).collect(),
        weeks_before: 26,
        weeks_after: 26,
        locked: b.weeks.monday(START - 1).plus(1),
        reading: b.weeks.monday(WEEKS as i32).plus(1),
        events: vec![
            StudyEvent {
                unit: strike.unit,
                from: b.weeks.monday(STRIKE.1),
                until: b.weeks.monday(STRIKE.1 + STRIKE.2),
                what: "A supplier of Corran was on strike for five weeks; half-made goods piled up.",
            },
            StudyEvent {
                unit: copied.unit,
                from: b.weeks.monday(COPIED.1),
                until: b.weeks.monday(WEEKS as i32),
                what: "Dunmore took up the decision table by itself, before its turn.",
            },
        ],
    };
    b.world.studies.push(plan);
}

/// How far something that starts in a week has come: nothing before, nearly all after three times `pace`.
fn lived(week: i32, start: i32, pace: f64) -> f64 {
    if week < start { 0.0 } else { 1.0 - (-f64::from(week - start + 1) / pace).exp() }
}

/// Writes the weekly numbers; gives the mean effect of the routine on days on hand over its 26 weeks, in days.
pub(crate) fn numbers(b: &mut Build, a: &Alder) -> f64 {
    let seed = b.seed();
    let mut rows = Vec::new();
    let (mut effect, mut count) = (0.0, 0usize);
    for (i, plant) in a.plants.iter().enumerate() {
        let mut dice = Dice::new(seed, Use::Alder, i);
        let (mut shared, mut planning) = ([0.0; WEEKS], [0.0; WEEKS]);
        ar1(&mut dice, 0.5, &mut shared);
        ar1(&mut dice, 0.4, &mut planning);
        let started = i < WAVE_ONE;
        let mut noise = [[0.0; WEEKS]; 4];
        noise.iter_mut().for_each(|series| ar1(&mut dice, 0.5, series));
        for week in 0..WEEKS {
            let w = week as i32;
            let on = |lag: i32, pace| if started { lived(w, START + lag, pace) } else { 0.0 };
            let fall = 1.0 - COMMON_FALL * (f64::from(w - 40) / 37.0).clamp(0.0, 1.0);
            let strike = i == STRIKE.0 && w >= STRIKE.1 && w < STRIKE.1 + STRIKE.2;
            let mut push = |metric: MetricIx, subject: UnitIx, numerator: f64, denominator: Option<f64>| {
                let period: Day = b.weeks.day(week);
                // Every ratio here is in per cent.
                let numerator = if denominator.is_some() { 100.0 * numerator } else { numerator };
                rows.push(Observation {
                    recorded: feeds::arrival(b, metric.at(), period.plus(6)),
                    numerator,
                    denominator,
                    subject: subject.0,
                    period,
                    metric: metric.0 as u16,
                    revision: 1,
                });
            };
            for (line, &unit) in plant.lines.iter().enumerate() {
                let usual = PLANTS[i].1[line] * fall;
                let taken = usual * ROUTINE_EFFECT * on(2, 3.2);
                if started && w >= START {
                    effect -= taken;
                    count += 1;
                }
                let spread = 0.4 + 0.05 * PLANTS[i].1[line];
                let piled = if strike { 6.5 } else { 0.0 };
                let days = usual - taken + piled + spread * (0.8 * noise[line][week] + 0.4 * shared[week]);
                push(DAYS_ON_HAND, unit, (days.max(0.5) * 10.0).round() / 10.0, None);
                let stops = (0..6).filter(|_| dice.chance(0.09)).count();
                push(LINE_STOPS, unit, stops as f64, None);
                let units = (900.0 + 60.0 * dice.normal_within(2.5)).round();
                let right = 0.605
                    + 0.03 * (f64::from(w) / 77.0)
                    + 0.11 * on(0, 2.5)
                    + 0.015 * planning[week]
                    + 0.02 * dice.normal_within(2.5);
                push(FORECAST, unit, (units * right).round(), Some(units));
                let counted = 60.0;
                let table = on(0, 3.0).max(if i == COPIED.0 { 0.6 * lived(w, COPIED.1, 3.0) } else { 0.0 });
                let agreed =
                    0.83 + 0.015 * (f64::from(w) / 77.0) + 0.065 * table + 0.03 * dice.normal_within(2.5);
                push(INVENTORY, unit, (counted * agreed).round().min(counted), Some(counted));
            }
            let shipments = 80.0 + dice.below(30) as f64;
            let on_time =
                0.78 + 0.02 * (f64::from(w) / 77.0) + 0.06 * on(2, 5.0) - if strike { 0.22 } else { 0.0 };
            let on_time = on_time + 0.025 * dice.normal_within(2.5);
            push(FREIGHT_ON_TIME, plant.unit, (shipments * on_time).round(), Some(shipments));
            let premium =
                0.12 - 0.045 * on(3, 5.0) + if strike { 0.09 } else { 0.0 } + 0.015 * dice.normal_within(2.5);
            push(PREMIUM_FREIGHT, plant.unit, (shipments * premium).round().max(0.0), Some(shipments));
            if started && w >= START {
                let using = |dice: &mut Dice, of: usize, share: f64| {
                    (0..of).filter(|_| dice.chance(share)).count() as f64
                };
                let settled = lived(w, START, 3.0);
                push(CHECKLIST_USED, plant.unit, using(&mut dice, 4, 0.88 * settled + 0.05), Some(4.0));
                push(SALES_MEETING_HELD, plant.unit, using(&mut dice, 1, 0.6 + 0.32 * settled), Some(1.0));
                let vendors = (f64::from(w - START) / 6.0).floor().min(if i == 0 { 3.0 } else { 2.0 });
                push(FREIGHT_CLAUSES, plant.unit, vendors, Some(3.0));
                push(DECISION_TABLE_USED, plant.unit, using(&mut dice, 40, 0.2 + 0.54 * settled), Some(40.0));
            } else if i == COPIED.0 && w >= COPIED.1 {
                let used = (40.0 * 0.45 * lived(w, COPIED.1, 3.0)).round();
                push(DECISION_TABLE_USED, plant.unit, used, Some(40.0));
            }
        }
    }
    b.world.observations.extend(rows);
    effect / count.max(1) as f64
}
