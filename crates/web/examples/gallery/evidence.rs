//! Pages about evidence, data and the front door.

use askama::Template;
use domain::interventions::{CauseBox, Kind};
use domain::time::{Cadence, Day};
use web::ui::format::Style;
use web::ui::svg::{ByPeriod, DayState, DealtAgain, Interval};
use web::ui::view::*;

use super::Pages;
use super::sample::*;

const WEEKS: u32 = 78;

fn start() -> Day {
    day("2024-09-23")
}

fn axis() -> TimeAxis {
    let mark = |on: &str, label: &str, planned| Event {
        day: day(on),
        label: label.to_owned(),
        kind: EventKind::Ours,
        planned,
    };
    TimeAxis {
        from: start(),
        to: day("2026-04-27"),
        today: today(),
        marks: vec![mark("2025-09-15", "Wave 1", false), mark("2026-04-13", "Wave 2", true)],
    }
}

/// Three units and their mean, which move by `change` in the half year after week 51.
fn group(name: &str, seed: u32, level: f64, change: f64, spread: f64) -> Group {
    let path =
        move |base: f64| move |i: u32| base + change * (f64::from(i.saturating_sub(51)) / 20.0).min(1.0);
    let mut units: Vec<Vec<Reading>> = (0..3)
        .map(|u| {
            let base = level + spread * 2.0 * (f64::from(u) - 1.0);
            weeks(seed + u, start(), WEEKS, path(base), spread)
        })
        .collect();
    if change < -5.0 {
        for reading in &mut units[2][62..67] {
            reading.marked = true;
        }
    }
    let mean = (0..WEEKS as usize)
        .map(|i| {
            let sum: f64 = units.iter().filter_map(|u| u[i].value).sum();
            Reading::new(units[0][i].start, Some(sum / 3.0))
        })
        .collect();
    Group { name: name.to_owned(), mean, units }
}

fn timing() -> Timing {
    let at = |n: i64| {
        let at =
            if n < 0 { 0.3 * noise(5, n.unsigned_abs() as u32) } else { -7.0 * (n as f64 / 12.0).min(1.0) };
        (n, Interval { at, lo: at - 2.4, hi: at + 2.4 })
    };
    let points: Vec<(i64, Interval)> = (-12..26).map(at).collect();
    let style = Style::of("days", 1);
    Timing {
        table: ChartTable {
            caption: "Days on hand by weeks since the start".to_owned(),
            heads: ["Weeks since", "Difference", "Likely"].map(str::to_owned).to_vec(),
            rows: vec![vec!["0".to_owned(), "−0.1 days".to_owned(), "−2.5 to +2.3".to_owned()]],
        },
        drawing: ByPeriod {
            points,
            ticks: [(0.0, "0"), (-5.0, "−5"), (-10.0, "−10")].map(|(t, w)| (t, w.to_owned())).to_vec(),
            foot: "weeks since the start".to_owned(),
        },
        placebo: vec![
            ("The real start".to_owned(), effect(style.clone(), -7.1, -9.8, -4.4, None, -1)),
            ("A made-up start before it".to_owned(), effect(style, 0.4, -1.9, 2.7, None, -1)),
        ],
        placebo_words: "At the made-up start nothing had happened, and nothing is seen: the method does not find differences that are not there.".to_owned(),
        dealt: Some((
            DealtAgain {
                came: -7.1,
                again: (0..20).map(|n| 9.0 * noise(9, n)).chain([-7.1]).collect(),
                ticks: [(0.0, "0"), (-5.0, "−5"), (5.0, "+5")].map(|(t, w)| (t, w.to_owned())).to_vec(),
                label: "what came, −7.1 days".to_owned(),
            },
            "Each dot is the same comparison for all 20 ways of dealing as many starts, the real one among them. 1 of 20 are as far from zero as what came, −7.1 days.".to_owned(),
        )),
    }
}

struct LaneSpec<'a> {
    name: &'a str,
    style: Style,
    now: &'a str,
    now_note: &'a str,
    note: &'a str,
    text: &'a str,
    effect: Option<Effect>,
    evidence: Option<Evidence>,
    groups: (f64, f64, f64, f64),
    target: Option<(f64, f64)>,
    tall: bool,
}

fn lane(spec: LaneSpec<'_>, seed: u32) -> LaneRow {
    let (level, treated, compared, spread) = spec.groups;
    LaneRow {
        path: None,
        href: None,
        now: spec.now.to_owned(),
        now_note: spec.now_note.to_owned(),
        note: spec.note.to_owned(),
        effect: spec.effect,
        evidence: spec.evidence,
        text: spec.text.to_owned(),
        lane: Lane {
            name: spec.name.to_owned(),
            sentence: format!("{} in wave-1 plants and later plants, 78 weeks.", spec.name),
            style: spec.style,
            cadence: Cadence::Week,
            kind: LaneKind::Lines,
            treated: Some(group("wave-1 plants", seed, level, treated, spread)),
            compare: Some(group("later plants", seed + 10, level, compared, spread)),
            target: spec.target,
            target_label: if spec.tall { "Target 3 ± 2 days".to_owned() } else { String::new() },
            left_out: if spec.tall {
                vec![LeftOut {
                    from: day("2025-12-01"),
                    to: day("2026-01-05"),
                    reason: "Supplier strike at Corran: five weeks left out".to_owned(),
                }]
            } else {
                vec![]
            },
            tall: spec.tall,
        },
    }
}

fn bars(name: &str, now: &str, now_note: &str, note: &str, text: &str, seed: u32, level: f64) -> LaneRow {
    let mean = weeks(
        seed,
        start(),
        WEEKS,
        |i| if i < 51 { 0.0 } else { level * (f64::from(i - 50) / 6.0).min(1.0) },
        0.03,
    )
    .into_iter()
    .enumerate()
    .map(|(i, r)| Reading { value: if i < 51 { None } else { r.value.map(|v| v.clamp(0.0, 1.0)) }, ..r })
    .collect();
    LaneRow {
        path: None,
        href: None,
        now: now.to_owned(),
        now_note: now_note.to_owned(),
        note: note.to_owned(),
        effect: None,
        evidence: None,
        text: text.to_owned(),
        lane: Lane {
            name: name.to_owned(),
            sentence: format!("Use of {name} since September."),
            style: Style::share(0),
            cadence: Cadence::Week,
            kind: LaneKind::Bars,
            treated: Some(Group { name: "in use".to_owned(), mean, units: vec![] }),
            compare: None,
            target: None,
            target_label: String::new(),
            left_out: vec![],
            tall: false,
        },
    }
}

fn chain_page() -> ChainPage {
    let b = || Some(graded(Grade::B, "staged by plant"));
    let days = || Style::of("days", 1);
    let sections = vec![
        LaneSection {
            title: "Business metric".to_owned(),
            owner: "owned by Operations".to_owned(),
            rows: vec![
                lane(
                    LaneSpec {
                        name: "Days on hand",
                        style: days(),
                        now: "8.1",
                        now_note: "from 17.2",
                        note: "Target 3, give or take 2. Finance ledger, weekly.",
                        text: "Plants started at planned dates, three against three. Not A: plants were not drawn by lot. With Corran’s strike weeks counted the grade would be C.",
                        effect: Some(effect(days(), -7.1, -9.8, -4.4, None, -1)),
                        evidence: b(),
                        groups: (17.2, -9.1, -2.0, 1.3),
                        target: Some((1.0, 5.0)),
                        tall: true,
                    },
                    1,
                ),
                lane(
                    LaneSpec {
                        name: "Stops for missing material",
                        style: Style::plain(1),
                        now: "2.2",
                        now_note: "a week",
                        note: "Guardrail: must not pass 4.",
                        text: "Leaner stock has not stopped lines more often.",
                        effect: Some(effect(Style::plain(1), 0.1, -0.5, 0.7, None, -1)),
                        evidence: None,
                        groups: (2.2, 0.1, 0.0, 0.3),
                        target: Some((0.0, 4.0)),
                        tall: false,
                    },
                    30,
                ),
            ],
        },
        LaneSection {
            title: "Performance metrics".to_owned(),
            owner: "owned by the plant managers".to_owned(),
            rows: vec![
                lane(
                    LaneSpec {
                        name: "Forecast accuracy",
                        style: Style::share(0),
                        now: "75 %",
                        now_note: "from 61 %",
                        note: "Sales and inventory planner",
                        text: "Moves about 3 weeks before days on hand does.",
                        effect: Some(effect(Style::share(0), 0.11, 0.07, 0.15, None, 1)),
                        evidence: b(),
                        groups: (0.61, 0.14, 0.03, 0.012),
                        target: Some((0.75, 0.85)),
                        tall: false,
                    },
                    50,
                ),
                lane(
                    LaneSpec {
                        name: "Inventory accuracy",
                        style: Style::share(0),
                        now: "91 %",
                        now_note: "from 83 %",
                        note: "Inventory manager, cycle counts",
                        text: "Dunmore took up the decision table by itself in January, so the groups are no longer clean.",
                        effect: Some(effect(Style::share(0), 0.06, 0.02, 0.10, None, 1)),
                        evidence: Some(graded(Grade::C, "adjusted comparison")),
                        groups: (0.83, 0.08, 0.03, 0.012),
                        target: Some((0.95, 1.0)),
                        tall: false,
                    },
                    70,
                ),
            ],
        },
        LaneSection {
            title: "Solution metrics".to_owned(),
            owner: "is the support used by the roles it is for?".to_owned(),
            rows: vec![
                bars(
                    "Planning checklist",
                    "86 %",
                    "of weeks",
                    "Job aid. 12 of 12 lines",
                    "For cause 1: the agreed procedure was not followed. With it, a 6-minute lesson for 6 new planners.",
                    90,
                    0.86,
                ),
                bars(
                    "Weekly sales meeting",
                    "91 %",
                    "held",
                    "Process. 20 minutes, one shared sheet",
                    "For cause 2: late and poor talk with sales.",
                    91,
                    0.91,
                ),
            ],
        },
    ];
    let node = |over: &str, title: &str, sub: &str, next: Option<Evidence>| LinkNode {
        over: over.to_owned(),
        title: title.to_owned(),
        sub: sub.to_owned(),
        next,
    };
    let other = |what: &str, looked_at: &str, changes: &str| Explanation {
        what: what.to_owned(),
        looked_at: looked_at.to_owned(),
        changes: changes.to_owned(),
    };
    let ledger = |text: &str, amount: &str, range: &str, sum| LedgerRow {
        text: text.to_owned(),
        amount: amount.to_owned(),
        range: range.to_owned(),
        sum,
    };
    let mut shell = executive("Days on hand", Place::Chains);
    shell.sight = Some(Sight {
        who: "You, plant managers and the case team can see this page. No single person appears on it."
            .to_owned(),
        looked: "Smallest group shown: one plant.".to_owned(),
        link: None,
    });
    ChainPage {
        shell,
        href: "/chain".to_owned(),
        crumbs: vec![Link::new("Chains", "/chains"), Link::new("Days on hand", "")],
        title: "Days on hand fell further in the plants with the new planning routine".to_owned(),
        lead: "Business metric to work to support, on one time axis. Alder Industrial, 6 plants, 78 weeks to Sunday 15 March 2026.".to_owned(),
        pack: Some(Link::new("Evidence pack", "/chain/pack")),
        print_line: "evidence pack 7f3a-91c2 · method: staged comparison, pre-period adjusted".to_owned(),
        verdict: Verdict {
            label: "Estimated difference the routine made".to_owned(),
            effect: Some(effect(days(), -7.1, -9.8, -4.4, Some(-9.1), -1)),
            cannot_say: String::new(),
            evidence: Evidence {
                why: vec![
                    GradeRule { met: true, text: "Plants started at dates fixed beforehand.".to_owned() },
                    GradeRule { met: false, text: "Which plants came first was not drawn by lot: not A.".to_owned() },
                ],
                ..graded(Grade::B, "staged by plant")
            },
            explanation: "Wave-1 plants went from 17.2 to 8.1 days. The hollow mark, −9.1, is that plain before–after. Later plants came down by 2.0 with no new routine, so 2.0 of the 9.1 is not counted.".to_owned(),
            guardrails: "Of what must not get worse, stops for missing material is not seen to be worse.".to_owned(),
            limits: vec!["It does not say which of the four kinds of support did how much.".to_owned()],
        },
        decision: Some(DecisionCard {
            title: "Your decision: wave 2".to_owned(),
            due: Some(day("2026-03-27")),
            text: "Dunmore and Elling are planned for 13 April. Farrow stays as comparison until August.".to_owned(),
            facts: vec![
                DecisionFact { name: "Cash freed so far, 3 plants".to_owned(), value: "€2.0 m".to_owned(), range: "1.2 to 2.8".to_owned(), status: None },
                DecisionFact { name: "Time it takes people".to_owned(), value: "61 hours a month".to_owned(), range: String::new(), status: None },
                DecisionFact { name: "Guardrail: stops for missing material".to_owned(), value: String::new(), range: String::new(), status: Some((Status::Usual, "Not worse".to_owned())) },
            ],
            can_decide: true,
            study: Some(Link::new("The study, step by step", "/study-running")),
            next: Some(NextUnits { words: "3 plants have not started yet".to_owned(), from: day("2026-04-13") }),
            taken: vec![],
        }),
        links: vec![
            node("Support is used", "Checklist in 86 % of weeks", "Weekly sales meeting held in 91 %", Some(graded(Grade::B, "staged by plant"))),
            node("Work changes", "Forecasts 11 points closer", "likely +7 to +15", Some(graded(Grade::C, "adjusted only"))),
            node("Business gets", "7.1 days less stock", "likely 4.4 to 9.8", None),
        ],
        axis: Some(axis()),
        timing: Some(timing()),
        treated: "Wave-1 plants (Ashby, Brannock, Corran)".to_owned(),
        compared: "Later plants, for comparison".to_owned(),
        rollout: "Rollout: wave 1, 15 Sep; wave 2, 13 Apr".to_owned(),
        sections,
        foot: "Thin lines are plants, thick lines the middle of three.".to_owned(),
        explanations: vec![
            other("Plants at their worst drift back", "Later plants, same weeks; expected recovery from 52 weeks before", "2.0 days taken off the plain before–after"),
            other("Supplier strike at Corran", "With and without the 5 weeks", "−7.1 without, −6.2 with; grade would drop to C"),
            other("Only six plants", "Every way of picking three of six", "1 of 20 picks gives a gap this large; the range above reflects it"),
        ],
        ledger: vec![
            ledger("Weekly meeting, 24 people", "48 h", "", false),
            ledger("Checklist, 12 planners", "12 h", "", false),
            ledger("Spent each month", "61 h", "", true),
            ledger("Less recounting and expediting", "−94 h", "−140 to −50", false),
        ],
        ledger_note: "The two-day course first asked for would have taken 1,150 hours.".to_owned(),
    }
}

/// Three yearly readings, one wave, nothing planned, no decision.
fn yearly_chain_page() -> ChainPage {
    let years = ["1987-01-01", "1988-01-01", "1989-01-01"].map(day);
    let group = |name: &str, values: [f64; 3]| Group {
        name: name.to_owned(),
        mean: years.iter().zip(values).map(|(start, v)| Reading::new(*start, Some(v))).collect(),
        units: vec![],
    };
    let mut page = chain_page();
    page.title = "Scrap was lower in firms with a training grant".to_owned();
    page.decision = None;
    page.links.clear();
    page.ledger.clear();
    page.axis = Some(TimeAxis {
        from: years[0],
        to: day("1990-01-01"),
        today: today(),
        marks: vec![Event {
            day: years[1],
            label: "Grants".to_owned(),
            kind: EventKind::Ours,
            planned: false,
        }],
    });
    page.sections.truncate(1);
    page.sections[0].rows.truncate(1);
    let row = &mut page.sections[0].rows[0];
    row.lane = Lane {
        name: "Scrap rate".to_owned(),
        style: Style::of("per 100 items", 2),
        cadence: Cadence::Year,
        treated: Some(group("firms with a grant in 1988", [5.1, 4.4, 3.9])),
        compare: Some(group("other firms", [4.2, 4.0, 3.9])),
        target: None,
        target_label: String::new(),
        left_out: vec![],
        ..row.lane.clone()
    };
    page
}

struct SupportSpec<'a>(
    &'a str,
    Kind,
    &'a str,
    &'a str,
    Option<(f64, f64, f64, Option<f64>)>,
    Grade,
    &'a str,
    f64,
    f64,
    SupportVerdict,
    &'a str,
    Option<(f64, f64, f64)>,
);

fn support_row(s: SupportSpec<'_>) -> SupportRow {
    SupportRow {
        name: s.0.to_owned(),
        kind: s.1,
        reach: s.2.to_owned(),
        href: Some("/chain".to_owned()),
        metric: s.3.to_owned(),
        effect: s.4.map(|(at, lo, hi, naive)| effect(Style::relative(1), at, lo, hi, naive, 1)),
        cannot_say: if s.4.is_none() { "too few branches yet".to_owned() } else { String::new() },
        evidence: graded(s.5, s.6),
        minutes: s.7,
        total: format!("{} a quarter", web::ui::format::minutes(s.8 * 60.0)),
        verdict: s.9,
        note: s.10.to_owned(),
        hours: s.8,
        worth: s.11.map(|(at, lo, hi)| Interval { at, lo, hi }),
    }
}

fn support_page() -> SupportPage {
    let choice =
        |value: &str, label: &str, set| Choice { value: value.to_owned(), label: label.to_owned(), set };
    let head = |label: &str, number: &str, unit: &str, text: &str| Headline {
        label: label.to_owned(),
        number: number.to_owned(),
        unit: unit.to_owned(),
        text: text.to_owned(),
    };
    let mut shell = executive("Support results", Place::Support);
    shell.sight = Some(Sight {
        who: "You, analysts and authors can see this page.".to_owned(),
        looked: "Groups under 5 people are not shown.".to_owned(),
        link: None,
    });
    use SupportVerdict::*;
    SupportPage {
        shell,
        organisation: "Northwind Advisors, 120 branches".to_owned(),
        span: "last 26 weeks to 15 March".to_owned(),
        headlines: vec![
            head("Would give time back", "1,840 h", "a quarter", "By retiring the 45-minute product course. It takes 1.0 % of revenue per hour in its month and shows no gain later."),
            head("Helps most for its minutes", "+3.0 %", "for 6 minutes", "“The second question”: revenue per hour, likely 1.6 to 4.4 % more. Staged over 60 branches, grade B."),
            head("Only looks as if it helps", "+0.2 %", "looks like +20 %", "The webinar: people join it in a low stretch and would recover anyway. Against others in a low stretch: −1.9 to +2.3 %."),
        ],
        kinds: vec![choice("", "All kinds", true), choice("lesson", "Lesson", false)],
        metrics: vec![choice("", "Any metric", true)],
        grades: vec![choice("E", "E", true), choice("B", "B", false)],
        sort: Sort::Difference,
        query: String::new(),
        rows: vec![
            support_row(SupportSpec("Call-list tool", Kind::Tool, "40 branches", "Client contacts", Some((0.051, 0.039, 0.063, Some(0.068))), Grade::B, "staged", 0.0, 12.0, Helps, "Scale: decided 2 Mar", Some((1450.0, 900.0, 2000.0)))),
            support_row(SupportSpec("The second question", Kind::Lesson, "60 branches", "Revenue per hour", Some((0.03, 0.016, 0.044, Some(0.052))), Grade::B, "staged", 6.0, 44.0, Helps, "", Some((1720.0, 920.0, 2520.0)))),
            support_row(SupportSpec("Call opener card", Kind::JobAid, "22 branches", "Successful calls", None, Grade::C, "adjusted", 2.0, 6.0, CannotSay, "Readable in about 5 weeks", None)),
            support_row(SupportSpec("Motivational webinar", Kind::Event, "people in a low stretch", "The metric that was low", Some((0.002, -0.019, 0.023, Some(0.2))), Grade::B, "compared", 60.0, 310.0, NoDifference, "Stop: proposed", Some((40.0, -330.0, 410.0)))),
            support_row(SupportSpec("Legacy product course", Kind::Course, "112 branches", "Revenue per hour", Some((-0.01, -0.017, -0.003, Some(0.004))), Grade::B, "staged", 45.0, 1840.0, CostsTime, "Retire: needs you", Some((-560.0, -950.0, -170.0)))),
        ],
        waiting: vec![Waiting { title: "Retire the legacy product course?".to_owned(), text: "Proposed by the time ledger on 9 March, grade B. 3 branches asked to keep a 5-minute reference card from it.".to_owned(), link: Link::new("Look at its chain and decide", "/chain"), decide: Some("/chain/decide".to_owned()) }],
    }
}

fn health_page() -> HealthPage {
    let days = |missing: usize| {
        (0..28)
            .map(|i| {
                if i >= 28 - missing {
                    DayState::Missing
                } else if i % 7 >= 5 {
                    DayState::NotExpected
                } else if i == 9 {
                    DayState::Late
                } else {
                    DayState::Came
                }
            })
            .collect()
    };
    let feed = |name: &str, brings: &str, rows, missing: usize| FeedRow {
        name: name.to_owned(),
        href: Some("/health".to_owned()),
        brings: brings.to_owned(),
        days: days(missing),
        newest: Some(if missing > 0 { at("2026-03-09", 6, 5) } else { at("2026-03-18", 4, 12) }),
        rows,
        status: if missing > 0 { Status::DataLate } else { Status::Usual },
        status_words: if missing > 0 { format!("{missing} days late") } else { "On time".to_owned() },
    };
    let fact = |name: &str, status, words: &str, sub: &str| ServerFact {
        name: name.to_owned(),
        status,
        words: words.to_owned(),
        sub: sub.to_owned(),
    };
    let mut shell = integrator("Data health", Place::Health);
    shell.sight = Some(Sight {
        who: "IT sees feeds and counts. Names and values of people stay hidden here.".to_owned(),
        ..Sight::default()
    });
    HealthPage {
        shell,
        ways: vec![Link::new("Keys", "/keys")],
        at: at("2026-03-18", 8, 52),
        whole: true,
        questions: 0,
        troubles: vec![FeedTrouble {
            status: Status::DataLate,
            status_words: "Data late, 9 days".to_owned(),
            touches: "Quay Lane and Mill Lane, 17 people".to_owned(),
            title: "Call system stopped sending on 9 March".to_owned(),
            text: "The key expired: “401, token not valid after 2026-03-09”. 9 nights can be fetched again once it is renewed; nothing is lost.".to_owned(),
            ways: vec![Link::new("Open the feed", "/health")],
        }],
        span: (day("2026-02-19"), today()),
        feeds: vec![feed("Branch finance", "revenue, assets", 5430, 0), feed("Call system, Quay Lane and Mill Lane", "successful calls", 0, 9), feed("Learning records", "statements", 3106, 0)],
        set_aside: vec![
            SetAside { reason: "Unknown branch code “HB-07”".to_owned(), rows: 31, feed: "customer records. Opened 2 March?".to_owned(), way: Some(Link::new("Look", "/health")) },
            SetAside { reason: "Week not closed yet".to_owned(), rows: 4, feed: "come by themselves on Monday".to_owned(), way: None },
        ],
        unresolved_total: 3,
        unresolved: vec![
            UnresolvedActor { id: "account_1".to_owned(), key: "https://lms.example.com · h.novak".to_owned(), statements: 14, likely: vec![("p1".to_owned(), "Hana Novak".to_owned())] },
            UnresolvedActor { id: "account_2".to_owned(), key: "mailto:y.demir@example.com".to_owned(), statements: 1, likely: vec![] },
        ],
        server: vec![fact("Database", Status::Usual, "148 MB, one writer", "Embedded SQLite"), fact("Mail", Status::Usual, "212 sent, 0 waiting", "2 bounced"), fact("Evaluation", Status::Usual, "5,400 checks in 1.8 s", "Last 06:10. 4 alerts opened, 0 failed")],
    }
}

fn case_page() -> CasePage {
    let step = |label: &str, state| Step { label: label.to_owned(), state, href: None };
    let chosen = |kind, name: &str, time: &str| ChosenSupport {
        kind,
        name: name.to_owned(),
        time: time.to_owned(),
        href: None,
    };
    let cause = |key: &str, name: &str, boxes: &[CauseBox], evidence: &str, share, supports| Cause {
        key: key.to_owned(),
        name: name.to_owned(),
        boxes: boxes.to_vec(),
        evidence: evidence.to_owned(),
        share: Some(share),
        supports,
    };
    let voice = |key: &str, name: &str, mid: f64| PanelRow {
        key: key.to_owned(),
        name: name.to_owned(),
        voices: (0..8).map(|i| (mid + 12.0 * noise(mid as u32, i)).max(0.0)).collect(),
        mid,
        q1: mid - 5.0,
        q3: mid + 5.0,
    };
    let mut shell = shell(
        "Too much stock",
        "Jonas Wirth",
        "Performance analyst",
        &[Place::Cases, Place::Chains, Place::Support],
        Place::Cases,
    );
    shell.sight = Some(Sight {
        who: "The case team and Helen Marchetti can see this page.".to_owned(),
        looked: "Interview notes: the case team only.".to_owned(),
        link: None,
    });
    CasePage {
        shell,
        crumbs: vec![Link::new("Cases", "/cases"), Link::new("Too much stock, and the wrong stock", "")],
        title: "Too much stock, and the wrong stock".to_owned(),
        lead: "Alder Industrial. Asked for by Helen Marchetti, VP Operations, on 2 June 2025. Team: Jonas Wirth with three plants.".to_owned(),
        chain: Some("/chain".to_owned()),
        steps: vec![step("Request", StepState::Done), step("Problem", StepState::Done), step("Interviews", StepState::Done), step("Causes", StepState::Done), step("Support", StepState::Now), step("Measure", StepState::Next)],
        request: Some(("Can you train them in inventory management?".to_owned(), "Helen Marchetti, 2 June 2025".to_owned())),
        request_note: "A request is a start, not an order. Three questions came back the same day; Helen confirmed the problem below on 4 June.".to_owned(),
        problem: vec![Fact::new("Should be", "3 days on hand, give or take 2"), Fact::new("Is", "17 days on average, 6 to 34 by line"), Fact::new("Solved when", "8 of 10 weeks within 1 to 5 days, in 5 of 6 plants, with no more line stops"), Fact::new("Worth", "about €9 m tied up (7 to 11, finance)")],
        confirmed: true,
        heat: Some(HeatTable {
            title: "People or system? Days on hand by plant and line".to_owned(),
            heads: ["Line 1", "Line 2", "Line 3", "Line 4"].map(str::to_owned).to_vec(),
            rows: vec![("Ashby".to_owned(), vec![Some(22.0), Some(19.0), Some(17.0), Some(18.0)]), ("Corran".to_owned(), vec![Some(6.0), Some(20.0), Some(25.0), None]), ("Dunmore".to_owned(), vec![Some(34.0), Some(21.0), Some(16.0), Some(13.0)])],
            style: Style::plain(0),
            target: 3.0,
            text: "High everywhere and uneven within plants: no single plant, line or shift stands out. That speaks for the system more than for people.".to_owned(),
        }),
        interviews: vec![Interview { who: "Sales and inventory planner, Ashby".to_owned(), said: "Sales is heard after the plan is made.".to_owned() }, Interview { who: "Floor, receiving, Corran".to_owned(), said: "What is finished is a matter of opinion.".to_owned() }],
        quotes: vec![("Sales never tells us before the order is in.".to_owned(), "Sales and inventory planner, two plants".to_owned()), ("We send the forecast every Thursday. Nobody opens it.".to_owned(), "Sales office".to_owned())],
        causes: vec![
            cause("1", "Agreed planning procedure is not followed", &[CauseBox::Information, CauseBox::Incentives, CauseBox::Knowledge], "7 of 11 talks, planning logs", 38.0, vec![chosen(Kind::JobAid, "Checklist in the planning sheet", "3 min a week"), chosen(Kind::Lesson, "Lesson, for 6 new planners only", "6 min once")]),
            cause("2", "Talk with sales is late and poor", &[CauseBox::Resources], "forecast dates, 6 talks", 27.0, vec![chosen(Kind::Process, "Fixed weekly meeting, one shared sheet", "20 min a week")]),
            cause("3", "Nobody answers for late freight", &[CauseBox::Incentives], "contracts, 4 talks", 20.0, vec![]),
        ],
        panel: Some(PanelChart { sentence: "The panel puts most of the gap on the procedure, then on talk with sales.".to_owned(), rows: vec![voice("1", "Agreed planning procedure is not followed", 38.0), voice("2", "Talk with sales is late and poor", 27.0), voice("3", "Nobody answers for late freight", 20.0)] }),
        panel_note: "8 people, each alone first; frozen 8 July 2025".to_owned(),
        lesson_share: Some(("6 people".to_owned(), "One sliver of one of four causes, about 4 % of the gap. The course first asked for would have taken 144 people two days: 1,150 hours.".to_owned())),
        hypothesis: Some(("We believe the planning routine for planners and plant managers will move days on hand by −5 or more within 26 weeks, because the procedure is skipped and sales is heard late. We stop if line stops pass 4 a week.".to_owned(), day("2025-09-09"))),
    }
}

fn demo_page() -> DemoPage {
    let persona = |name: &str, job_role: &str, place: &str, see: &str| Persona {
        id: name.to_lowercase(),
        name: name.to_owned(),
        job_role: job_role.to_owned(),
        place: place.to_owned(),
        see: see.to_owned(),
    };
    let stop = |text: &str| TourStop {
        person: "daniel".to_owned(),
        next: "/team".to_owned(),
        text: text.to_owned(),
    };
    let mut shell = Shell::bare("Demo", today());
    shell.demo = None;
    DemoPage {
        shell,
        personas: vec![
            persona(
                "Maya Lindqvist",
                "Account manager",
                "Northwind Advisors, Harbour Street",
                "One metric changed. She sees it before her leader does.",
            ),
            persona(
                "Daniel Osei",
                "Branch leader",
                "Northwind Advisors, Harbour Street",
                "2 of 9 people need him. A plain threshold would show 5.",
            ),
            persona(
                "Renata Duarte",
                "VP Branches",
                "Northwind Advisors, 120 branches",
                "A lesson that helps, a course that does not, a webinar that only looks as if it does.",
            ),
            persona(
                "Jonas Wirth",
                "Performance analyst",
                "Alder Industrial, 6 plants",
                "“Can you train them?” A request that ends mostly without training.",
            ),
            persona(
                "Farah Siddiqui",
                "IT integrator",
                "Northwind Advisors",
                "One call feed is late. She hears of it; the branch is not blamed.",
            ),
            persona(
                "Helen Marchetti",
                "VP Operations",
                "Alder Industrial, 6 plants",
                "Days on hand fell. By how much, and how sure is that?",
            ),
        ],
        tour: vec![
            stop("Who needs me today"),
            stop("A two-line coaching record"),
            stop("The chain of evidence"),
        ],
    }
}

fn people_pages() -> (PeoplePage, ImportPage) {
    let row = |name: &str, state: &str| PersonRow {
        name: name.to_owned(),
        code: "40213".to_owned(),
        unit: "Harbour Street".to_owned(),
        job_role: "Account manager".to_owned(),
        leader: "Daniel Osei".to_owned(),
        accounts: 2,
        state: state.to_owned(),
    };
    let unit = |depth, name: &str, kind: &str, people| UnitRow {
        depth,
        name: name.to_owned(),
        code: name.to_lowercase(),
        kind: kind.to_owned(),
        people,
    };
    let people = PeoplePage {
        shell: integrator("People", Place::People),
        q: String::new(),
        total: 1028,
        rows: vec![
            row("Amara Nwosu", ""),
            row("Benedikt Haas", "disabled"),
            row("Chiara Lombardi", "left 30 Nov 2025"),
        ],
        more: Some("/people?page=2".to_owned()),
        units: vec![
            unit(0, "Northwind Advisors", "organisation", 1028),
            unit(1, "Coast", "region", 131),
            unit(2, "Harbour Street", "branch", 10),
        ],
        kinds: vec![("people".to_owned(), "People".to_owned()), ("units".to_owned(), "Org units".to_owned())],
        waiting: vec![Link::new("people-2026-03.csv, Elif Aydin, today, 12:04", "/people/imports/x")],
        accounts_waiting: 3,
        errors: FormErrors::NONE,
    };
    let import = ImportPage {
        shell: integrator("Import", Place::People),
        file: "people-2026-03.csv".to_owned(),
        href: Some("/people/imports/x".to_owned()),
        asked: "Elif Aydin, today, 12:04".to_owned(),
        back: Link::new("People", "/people"),
        may_apply: true,
        changes: vec![ChangeRow {
            line: 12,
            what: "person 40213 Ada Brook".to_owned(),
            how: "unit: HB-01 to HB-02 from 2026-03-01".to_owned(),
        }],
        total: 12,
        faults: vec![LineFault {
            place: "line 17, column `unit`".to_owned(),
            reason: "The unit “HB-07” is not known. Import units first, or mend the code.".to_owned(),
        }],
    };
    (people, import)
}

/// All of them, by name.
pub(crate) fn pages() -> Result<Pages, askama::Error> {
    let mut errors = FormErrors::NONE;
    errors.add("email", "This address and password do not go together");
    let sign_in = SignInPage {
        shell: Shell::bare("Sign in", today()),
        email: "maya@example.com".to_owned(),
        next: String::new(),
        errors,
        note: String::new(),
    };
    let set_up = SetUpPage {
        shell: Shell::bare("Set up", today()),
        action: "/welcome/abc".to_owned(),
        first: true,
        name: String::new(),
        email: String::new(),
        shortest: 12,
        errors: FormErrors::NONE,
    };
    let (people, import) = people_pages();
    let chains = ChainsPage {
        shell: executive("Chains", Place::Chains),
        running: vec![RunningRow {
            href: "/study".to_owned(),
            name: "Two quiet calling blocks a week".to_owned(),
            reach: "Wave 1 of 2, 34 branches".to_owned(),
            adoption: "212 of 249, 85 in a hundred".to_owned(),
            guardrails: vec![
                (Status::Usual, "Complaints: not seen to be worse".to_owned()),
                (Status::OffTarget, "Review meetings held: worse".to_owned()),
            ],
            data: (Status::Usual, "98 in a hundred arrived".to_owned()),
            readable: "in 12 weeks, 9 June".to_owned(),
        }],
        rows: vec![ChainRow {
            href: "/chain".to_owned(),
            title: "Days on hand fell further in the plants with the new planning routine".to_owned(),
            support: "Planning routine, 3 of 6 plants".to_owned(),
            metric: "Days on hand".to_owned(),
            effect: Some(effect(Style::of("days", 1), -7.1, -9.8, -4.4, None, -1)),
            evidence: graded(Grade::B, "staged by plant"),
            next: "Decision due 27 March".to_owned(),
        }],
        write: true,
    };
    let mut picked = chain_page();
    picked.axis = None;
    picked.title =
        "The webinar looks better than it is: no evidence of a difference in successful calls".to_owned();
    picked.rollout = "Given to single people".to_owned();
    picked.sections.remove(0);
    picked.sections.truncate(1);
    picked.sections[0].rows.truncate(1);
    picked.sections[0].rows[0].path = Some(picked_chart());
    let mut cannot = chain_page();
    cannot.verdict.effect = None;
    cannot.verdict.cannot_say =
        "Two branches so far; four are needed before a range can be given.".to_owned();
    cannot.decision = None;
    let cases = CasesPage {
        shell: executive("Cases", Place::Cases),
        rows: vec![CaseRow {
            href: "/case".to_owned(),
            title: "Too much stock, and the wrong stock".to_owned(),
            sub: "Alder Industrial, asked by Helen Marchetti".to_owned(),
            step: "Support".to_owned(),
            next: "Wave 2 on 13 April".to_owned(),
        }],
    };
    Ok(Pages::from([
        ("chain", chain_page().render()?),
        ("chain-cannot", cannot.render()?),
        ("chain-picked", picked.render()?),
        ("chain-yearly", yearly_chain_page().render()?),
        ("chains", chains.render()?),
        ("support", support_page().render()?),
        ("health", health_page().render()?),
        ("people", people.render()?),
        ("import", import.render()?),
        ("case", case_page().render()?),
        ("cases", cases.render()?),
        ("demo", demo_page().render()?),
        ("sign-in", sign_in.render()?),
        ("set-up", set_up.render()?),
        ("problem-404", ProblemPage::not_found(member("Not found", Place::Today)).render()?),
        ("problem-500", ProblemPage::fault(Shell::bare("Fault", today()), "0198-7af3").render()?),
    ]))
}
