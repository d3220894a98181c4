//! Pages about people and their work.

use askama::Template;
use domain::interventions::Kind;
use web::ui::format::Style;
use web::ui::view::*;

use super::Pages;
use super::sample::*;

const METRICS: [(&str, &str, f64, f64, f64); 6] = [
    ("Client contacts made", "Contacts", 84.0, 9.0, 75.0),
    ("Successful calls", "Calls", 40.0, 8.0, 42.0),
    ("Review meetings held", "Meetings", 6.4, 2.2, 6.0),
    ("New accounts opened", "Accounts", 2.6, 1.6, 3.0),
    ("Revenue per hour", "Revenue / h", 205.0, 22.0, 200.0),
    ("Assets gathered", "Assets", 400_000.0, 90_000.0, 380_000.0),
];

fn style(metric: usize) -> Style {
    match metric {
        4 => Style::money("€", 0),
        5 => Style::millions("€", 2),
        _ => Style::plain(0),
    }
}

fn tile(metric: usize, status: Status) -> MetricTile {
    let (name, _, level, spread, target) = METRICS[metric];
    let look = status.worth_a_look();
    let spark = if look { calls_spark() } else { spark(metric as u32 + 40, 16, level, spread, Some(target)) };
    MetricTile {
        name: name.to_owned(),
        href: "/metric".to_owned(),
        style: style(metric),
        value: spark.values.last().copied().flatten(),
        status,
        spark,
        target: Some(target),
    }
}

fn own_alert() -> OwnAlert {
    OwnAlert {
        href: "/alert".to_owned(),
        metric: "Successful calls".to_owned(),
        metric_href: "/metric".to_owned(),
        status: Status::ChangedLower,
        headline: "lower for four weeks".to_owned(),
        facts: "About 31 a week since 16 February. Your usual range is 32 to 48, around 40.".to_owned(),
        style: Style::plain(0),
        spark: calls_spark(),
        sees_first: true,
        seen_by: "Daniel sees it on Fri 20 March".to_owned(),
        answered: None,
        why: "Four weeks in a row sat at the low edge of your own usual range. With 36 weeks of history, chance alone \
              does this about once in 180 weeks. It says that something changed, not what or why."
            .to_owned(),
    }
}

fn today_page() -> TodayPage {
    let mut tiles: Vec<MetricTile> = (0..6).map(|m| tile(m, Status::Usual)).collect();
    tiles[1] = tile(1, Status::ChangedLower);
    tiles.swap(0, 1);
    TodayPage {
        shell: member("Today", Place::Today),
        greeting: "Good morning".to_owned(),
        first_name: "Maya".to_owned(),
        numbers_to: Some(day("2026-03-15")),
        alerts: vec![own_alert()],
        tiles,
        small_thing: Some(SmallThing {
            href: "/proposal".to_owned(),
            support: None,
            kind: Kind::Lesson,
            minutes: 6.0,
            name: "The second question".to_owned(),
            text: "After a client’s first answer, ask one more before you offer anything.".to_owned(),
            why: "For successful calls: lower for four weeks.".to_owned(),
            from: "Proposed by Daniel".to_owned(),
            elsewhere: Some(effect(Style::relative(1), 0.03, 0.016, 0.044, None, 1)),
            elsewhere_on: "on revenue per hour".to_owned(),
            evidence: Some(graded(Grade::B, "staged")),
        }),
        coming: vec![
            Coming {
                icon: "coach",
                title: "1:1 with Daniel".to_owned(),
                sub: "Fri 20 March, 10:00. Agenda is drafted.".to_owned(),
                href: Some("/session".to_owned()),
            },
            Coming {
                icon: "check",
                title: "Review meetings: look again".to_owned(),
                sub: "Fri 17 April".to_owned(),
                href: None,
            },
            Coming {
                icon: "contract",
                title: "Licence refresher".to_owned(),
                sub: "Mandated, due 30 April, 25 min".to_owned(),
                href: None,
            },
        ],
        time: vec![
            TimeLine { name: "Optional support".to_owned(), minutes: 18.0 },
            TimeLine { name: "Mandated".to_owned(), minutes: 0.0 },
            TimeLine { name: "Given back by a retired course".to_owned(), minutes: 45.0 },
        ],
    }
}

fn board() -> Board {
    let names = [
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
    let rows = names.iter().enumerate().map(|(p, name)| BoardRow {
        person: (*name).to_owned(),
        href: None,
        cells: (0..6)
            .map(|m| {
                let (_, _, level, spread, target) = METRICS[m];
                let status = match (p, m) {
                    (4, 0) => Status::Recovered,
                    (6, 1) => Status::ChangedLower,
                    (7, 2) => Status::OffTarget,
                    (8, 0..=2) => Status::DataLate,
                    (1, 5) => Status::TooFew,
                    _ => Status::Usual,
                };
                let mut drawn = spark((p * 7 + m) as u32, 12, level, spread, None);
                if status == Status::ChangedLower {
                    drawn = calls_spark();
                }
                if status == Status::OffTarget {
                    drawn.target = Some(target * 1.4);
                    drawn.look_from = Some(0);
                }
                if status == Status::DataLate {
                    drawn.values[10] = None;
                    drawn.values[11] = None;
                }
                let value = drawn.values.iter().rev().flatten().next().copied();
                BoardCell { href: "/metric".to_owned(), style: style(m), value, status, spark: drawn }
            })
            .collect(),
    });
    Board { metrics: METRICS.map(|m| Link::new(m.1, "/together")).to_vec(), rows: rows.collect() }
}

/// One metric across the team; of fewer than five people, without names.
fn together_page(people: usize) -> TogetherPage {
    let names = ["Amara", "Benedikt", "Chiara", "Emeka", "Hana", "Ines", "Maya", "Rafael", "Yusuf"];
    let named = people >= 5;
    let first = day("2025-09-15");
    let panel = |n: usize| {
        let calls = n == 6;
        let mut readings =
            weeks(n as u32 * 3 + 2, first, 26, |i| if calls && i >= 22 { 30.0 } else { 40.0 }, 3.0);
        if n == 8 {
            readings[24].value = None;
        }
        SmallPanel {
            name: if named { names[n].to_owned() } else { String::new() },
            readings,
            usual: Some((31.0, 49.0)),
            from: calls.then(|| day("2026-02-16")),
        }
    };
    let panels: Vec<SmallPanel> = (0..people).map(panel).collect();
    let values: Vec<f64> =
        panels.iter().flat_map(|p| p.readings[14..].iter().filter_map(|r| r.value)).collect();
    let row = |n: usize| TogetherRow {
        person: named.then(|| Link::new(names[n], "/metric")),
        status: if n == 6 { Status::ChangedLower } else { Status::Usual },
        usual: "31 to 49".to_owned(),
        newest: "39".to_owned(),
        target: "42".to_owned(),
        missed: "75 %".to_owned(),
        came: if n == 8 { "11 of 12, 1 late or corrected" } else { "12 of 12" }.to_owned(),
    };
    let mut season = calls_chart();
    season.before = weeks(9, day("2025-07-07"), 36, |_| 37.0, 2.0);
    (season.phases, season.target, season.commitment, season.change_from) = (Vec::new(), None, None, None);
    season.events.clear();
    season.readings.iter_mut().for_each(|r| r.marked = false);
    TogetherPage {
        shell: leader("Successful calls", Place::Team),
        href: "/together".to_owned(),
        crumbs: vec![Link::new("My team", "/team"), Link::new("Successful calls", "/together")],
        title: if named {
            "Successful calls: one of 9 people is worth a look".to_owned()
        } else {
            "Successful calls: everybody within their usual range".to_owned()
        },
        lead: "Harbour Street compared with itself: each person beside their own past, the team beside its own season. Nothing here orders people.".to_owned(),
        metrics: METRICS.map(|m| (Link::new(m.1, "/together"), m.1 == "Calls")).to_vec(),
        named,
        spread: SpreadChart::of("Successful calls", Style::plain(0), &values, Some(42.0), "weeks"),
        panels: PanelsChart {
            name: "Successful calls".to_owned(),
            sentence: format!("Successful calls of {people} people, each beside their own usual range."),
            today: today(),
            style: Style::of("calls", 0),
            cadence: domain::time::Cadence::Week,
            target: Some(42.0),
            panels,
        },
        season,
        season_says: "In the last quarter of a year the team’s successful calls were 38 on average, against 37 in the same weeks a year before. What comes back every year is the season, and nobody’s doing.".to_owned(),
        rows: (0..people).map(row).collect(),
        looked_at: "12 weeks".to_owned(),
        example: "40".to_owned(),
        target: TargetTry {
            level: "40".to_owned(),
            tried: "A target of 40 would be missed in 50 % of weeks by chance alone while everybody stays as they are, and in 50 % even by somebody who is exactly on it. An alert does not go by single weeks.".to_owned(),
            ..TargetTry::default()
        },
    }
}

fn team_page() -> TeamPage {
    TeamPage {
        shell: leader("My team", Place::Team),
        unit: "Harbour Street branch".to_owned(),
        people: 9,
        needing: 2,
        usual: 7,
        below_target: 5,
        alerts: vec![
            TeamAlert {
                href: "/alert".to_owned(),
                person: "Maya Lindqvist".to_owned(),
                metric: "Successful calls".to_owned(),
                status: Status::ChangedLower,
                since: day("2026-02-16"),
                lasts: "4 weeks".into(),
                answer: Some("I’d like help".to_owned()),
                facts: "About 31 a week; the usual range is 32 to 48. Contacts made did not change, so fewer of the \
                        calls succeed."
                    .to_owned(),
                tried: vec![],
                style: Style::plain(0),
                spark: calls_spark(),
            },
            TeamAlert {
                href: "/alert".to_owned(),
                person: "Rafael Ortega".to_owned(),
                metric: "Review meetings held".to_owned(),
                status: Status::OffTarget,
                since: day("2025-10-13"),
                lasts: "22 weeks".into(),
                answer: None,
                facts: "About 4 a week against a target of 6. Nothing changed: the level is steady.".to_owned(),
                tried: vec!["call-list tool (Nov)".to_owned(), "route planning (Jan)".to_owned()],
                style: Style::plain(0),
                spark: web::ui::svg::Spark {
                    look_from: Some(0),
                    target: Some(6.0),
                    ..spark(91, 22, 4.0, 2.0, Some(6.0))
                },
            },
        ],
        threshold: None,
        board: board(),
        data_notes: vec![
            "The call feed for Yusuf’s desk is 9 days late. IT has it; nothing is held against him.".to_owned(),
        ],
        budget: 5,
        checks: vec![CheckDue {
            href: "/check".to_owned(),
            person: "Hana Novak".to_owned(),
            metric: "client contacts".to_owned(),
            due: day("2026-03-20"),
            text: "Talked on 20 February. It came back about a week sooner than we would expect without doing \
                   anything. One case says little; it counts towards the whole."
                .to_owned(),
            chart: Some(recovery_chart()),
        }],
        also: vec![
            AlsoOpen {
                text: "Chiara declined “Call review”".to_owned(),
                sub: "“I already do this with Ines.”".to_owned(),
                action: "Reply".to_owned(),
                href: "/session".to_owned(),
            },
            AlsoOpen {
                text: "Benedikt proposes commitment 44".to_owned(),
                sub: String::new(),
                action: "Look".to_owned(),
                href: "/metric".to_owned(),
            },
        ],
    }
}

fn threshold_page() -> TeamPage {
    let row = |person: &str, metric: &str, value, target, status| ThresholdRow {
        person: person.to_owned(),
        metric: metric.to_owned(),
        href: "/metric".to_owned(),
        style: Style::plain(0),
        value,
        target,
        status,
    };
    TeamPage {
        threshold: Some(vec![
            row("Amara Nwosu", "Successful calls", 35.0, 42.0, Status::Usual),
            row("Emeka Balogun", "Successful calls", 39.0, 42.0, Status::Usual),
            row("Maya Lindqvist", "Successful calls", 30.0, 42.0, Status::ChangedLower),
            row("Rafael Ortega", "Review meetings held", 4.0, 6.0, Status::OffTarget),
        ]),
        ..team_page()
    }
}

fn metric_page() -> MetricPage {
    let related = |name: &str, note: &str, seed| RelatedMetric {
        name: name.to_owned(),
        href: "/metric".to_owned(),
        note: note.to_owned(),
        style: Style::plain(0),
        value: Some(84.0),
        spark: spark(seed, 16, 84.0, 9.0, None),
    };
    let level = |from: &str, kind, level, who_why: &str| LevelRow {
        from: day(from),
        kind,
        level: Some(level),
        tolerance: None,
        style: Style::plain(0),
        who_why: who_why.to_owned(),
        agreed: String::new(),
        to_agree: None,
    };
    let mut errors = FormErrors::NONE;
    errors.add("why", "Say in a few words why the commitment changes");
    MetricPage {
        shell: member("Successful calls", Place::Today),
        href: "/metric".to_owned(),
        crumbs: vec![Link::new("Today", "/today"), Link::new("Successful calls", "")],
        name: "Successful calls".to_owned(),
        lead: "Calls a week that end with an agreed next step. Maya Lindqvist, weekly, from the call system.".to_owned(),
        windows: ["13 weeks", "36 weeks", "78 weeks"]
            .map(|w| Window { label: w.to_owned(), href: "/metric".to_owned(), current: w == "36 weeks" })
            .to_vec(),
        finding: "Lower since the week of 16 February".to_owned(),
        status: Status::ChangedLower,
        chart: calls_chart(),
        can_say: vec![
            "The level went from about 40 to about 31 calls a week. Four weeks in a row at the low edge come up by \
             chance about once in 180 weeks."
                .to_owned(),
            "This is a shift: something changed. A gap would be a steady distance from the target of 42.".to_owned(),
        ],
        cannot_say: vec![
            "Why it happened, or that it will last. After a low stretch, numbers usually drift back part of the way. \
             We would expect about 34 next week with nothing done."
                .to_owned(),
            "So a better week after a talk is, on its own, no sign that the talk did it.".to_owned(),
        ],
        levels: vec![
            level("2026-01-12", LevelKind::Commitment, 38.0, "Maya: two accounts moved to Ines"),
            level("2025-10-01", LevelKind::Target, 42.0, "Daniel, agreed with the team"),
            level("2025-04-01", LevelKind::Target, 38.0, "Daniel, yearly review"),
        ],
        chance: "The target of 42 is missed in 77 % of weeks by chance alone, as long as the level stays as it is."
            .to_owned(),
        commitment: Some(LevelForm {
            level: "38".to_owned(),
            hint: "Successful calls a week. Target 42. Last 13 weeks: 29 to 45.".to_owned(),
            errors,
            ..LevelForm::default()
        }),
        target: None,
        alert: Some(OpenAlert {
            href: "/alert".to_owned(),
            may_answer: true,
            text: "Daniel sees this on Friday 20 March, with your answer if you gave one.".to_owned(),
        }),
        episodes: vec![
            EpisodeRow {
                href: "/alert".to_owned(),
                status: Status::ChangedLower,
                text: "Open since 16 March".to_owned(),
            },
            EpisodeRow {
                href: "/alert".to_owned(),
                status: Status::InQuestion,
                text: "Closed 12 December: a week was missing from the call system".to_owned(),
            },
        ],
        related: vec![
            related("Client contacts made", "feeds this; usual range", 40),
            related("Review meetings held", "follows in about 2 weeks", 42),
        ],
        about: vec![
            Fact::new("Counts", "calls of 2 min or more with a next step set"),
            Fact::new("Source", "call system, nightly"),
            Fact::new("Newest", "Sun 15 March, on time"),
            Fact::new("Version", "3, since 1 Sep 2025"),
        ],
    }
}

/// A metric without a single reading.
fn new_metric_page() -> MetricPage {
    let mut page = metric_page();
    page.name = "Sehr lange Bezeichnung einer Kennzahl für Rückrufquote-und-Wiedervorlagequalität".to_owned();
    page.finding = "Too few weeks for a usual range".to_owned();
    page.status = Status::TooFew;
    page.chart.readings.clear();
    page.chart.phases.clear();
    page.chart.target = None;
    page.chart.commitment = None;
    page.chart.change_from = None;
    page.chart.events.clear();
    page.levels.clear();
    page.commitment = None;
    page.alert = None;
    page.episodes.clear();
    page.related.clear();
    page
}

/// Large money, a target band, two levels, a welcome change and many events.
fn crowded_metric_page() -> MetricPage {
    let mut page = metric_page();
    let from = day("2024-09-16");
    page.name = "Assets gathered".to_owned();
    page.finding = "Higher since the week of 20 October".to_owned();
    page.status = Status::BetterHigher;
    page.alert = None;
    page.commitment = None;
    page.target =
        Some(LevelForm { level: "400000".to_owned(), tolerance: "40000".to_owned(), ..LevelForm::default() });
    let change = day("2025-10-20");
    let level = |i: u32| if i >= 57 { 520_000.0 } else { 400_000.0 };
    let event =
        |on: &str, label: &str, kind, planned| Event { day: day(on), label: label.to_owned(), kind, planned };
    page.chart = ControlChart {
        name: "Assets gathered".to_owned(),
        style: Style::money("€", 0),
        readings: weeks(9, from, 78, level, 60_000.0),
        phases: vec![
            Phase { from, to: change, mean: 400_000.0, lo: 250_000.0, hi: 550_000.0 },
            Phase { from: change, to: day("2026-03-16"), mean: 520_000.0, lo: 370_000.0, hi: 670_000.0 },
        ],
        target: Some(400_000.0),
        target_band: Some((360_000.0, 440_000.0)),
        commitment: None,
        before: Vec::new(),
        change_from: None,
        events: vec![
            event("2025-09-15", "Call-list tool", EventKind::Ours, false),
            event("2025-09-29", "Talk", EventKind::Ours, false),
            event("2025-10-06", "The second question", EventKind::Ours, false),
            event("2025-10-20", "Branches merged", EventKind::Happened, false),
            event("2025-10-27", "Check", EventKind::Ours, false),
            event("2026-04-20", "Check", EventKind::Ours, true),
        ],
        ..page.chart
    };
    page
}

fn supports() -> Vec<SupportOption> {
    let option = |id: &str,
                  kind,
                  minutes,
                  per: &str,
                  name: &str,
                  why: &str,
                  e: Option<(f64, f64, f64)>,
                  grade,
                  design: &str| {
        SupportOption {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            minutes,
            per: per.to_owned(),
            why: why.to_owned(),
            elsewhere: e.map(|(at, lo, hi)| effect(Style::plain(1), at, lo, hi, None, 1)),
            elsewhere_on: String::new(),
            evidence: Some(graded(grade, design)),
            href: Some("/chain".to_owned()),
            proposed: false,
        }
    };
    vec![
        option(
            "a",
            Kind::Process,
            0.0,
            "",
            "Two quiet calling blocks a week",
            "For a cause in the environment: interruptions since the desk move on 12 February.",
            Some((2.6, 0.4, 4.8)),
            Grade::C,
            "adjusted",
        ),
        option(
            "b",
            Kind::JobAid,
            2.0,
            "once",
            "Call opener card",
            "For calls that end early: one page to keep beside the phone.",
            Some((1.1, -0.6, 2.8)),
            Grade::D,
            "before–after",
        ),
        option(
            "c",
            Kind::Lesson,
            6.0,
            "once",
            "The second question",
            "For short calls: ask once more before offering. Then try it at work.",
            None,
            Grade::B,
            "staged",
        ),
    ]
}

fn thread() -> Vec<Message> {
    let message = |author: Option<&str>, at, text: &str| Message {
        author: author.map(str::to_owned),
        at,
        text: text.to_owned(),
    };
    vec![
        message(None, at("2026-03-16", 6, 10), "Seen from four weeks of data. Maya told first."),
        message(
            Some("Maya Lindqvist"),
            at("2026-03-17", 16, 22),
            "I’d like help. Since the desk move I sit by the entrance, and I cut calls short when people wait.",
        ),
        message(
            Some("Daniel Osei"),
            at("2026-03-18", 8, 44),
            "Thanks, that makes sense. Let’s look at the desk first on Friday.",
        ),
    ]
}

fn alert_page(next: NextStep, shell: Shell) -> AlertPage {
    let step = |label: &str, state| Step { label: label.to_owned(), state, href: None };
    AlertPage {
        shell,
        href: "/alert".to_owned(),
        crumbs: vec![Link::new("My team", "/team"), Link::new("Maya Lindqvist", ""), Link::new("Successful calls", "")],
        first_name: "Maya".to_owned(),
        title: "Maya’s successful calls have been lower for four weeks".to_owned(),
        lead: "About 31 a week since 16 February; the usual range is 32 to 48.".to_owned(),
        status: Status::ChangedLower,
        steps: vec![
            step("New, Mon 16", StepState::Done),
            step("Seen by Maya, Mon 16", StepState::Done),
            step("Answered, Tue 17", StepState::Done),
            step("Talk", StepState::Now),
            step("Acting", StepState::Next),
            step("Recovered, accepted, or wrong data", StepState::Next),
        ],
        metric_href: "/metric".to_owned(),
        chart: calls_chart(),
        facts: vec![
            Fact::new("Changed with it", "Time per call: 6.1 to 4.2 minutes"),
            Fact::new("Did not change", "Contacts made, working days, client mix"),
            Fact::new("Tried so far", "Nothing yet"),
        ],
        supports: supports(),
        can_propose: matches!(next, NextStep::Lead(_)),
        not_offered: "The motivational webinar is not offered: no difference was seen.".to_owned(),
        why: "Rule: change in a weekly metric (version 4, agreed 3 Nov 2025). You lead Maya’s branch. She had two \
              working days to see it first. False signals of this rule: about 1 in 180 person-weeks."
            .to_owned(),
        history: vec![
            EpisodeLine { at: at("2026-03-16", 6, 10), text: "Opened by the rule".to_owned() },
            EpisodeLine { at: at("2026-03-16", 9, 12), text: "Seen, Maya Lindqvist".to_owned() },
            EpisodeLine {
                at: at("2026-03-17", 16, 22),
                text: "Seen, Maya Lindqvist: since the desk move I sit by the entrance".to_owned(),
            },
        ],
        before: Some(Link::new("The episode before: since 3 Nov 2025, recovered", "/alert")),
        next,
        thread: thread(),
        can_write: true,
    }
}

fn session_page(record: Record) -> SessionPage {
    let item = |icon, title: &str, sub: &str, link: Option<Link>| AgendaItem {
        icon,
        title: title.to_owned(),
        sub: sub.to_owned(),
        link,
        added_by: None,
        settled: None,
    };
    SessionPage {
        shell: leader("1:1 with Maya", Place::Coaching),
        href: "/session".to_owned(),
        crumbs: vec![
            Link::new("Coaching", "/coaching"),
            Link::new("Maya and Daniel", ""),
            Link::new("Friday 20 March", ""),
        ],
        person: "Maya Lindqvist".to_owned(),
        leader: "Daniel Osei".to_owned(),
        first_name: "Maya".to_owned(),
        title: "1:1 with Maya, Friday 20 March".to_owned(),
        when: "30 min, 10:00".to_owned(),
        agenda: vec![
            item(
                "shift",
                "Successful calls are lower since 16 February",
                "About 31 a week; usual 32 to 48. Time per call 6.1 to 4.2 min. Maya: “I sit by the entrance since the desk move.”",
                Some(Link::new("Open", "/alert")),
            ),
            AgendaItem {
                settled: Some("Done".to_owned()),
                ..item(
                    "check",
                    "From last time: book meetings while still on the phone",
                    "Agreed 20 February. Maya: used it, “works when I have the calendar open”.",
                    None,
                )
            },
            item(
                "rise",
                "Going well: client contacts",
                "84 last week, third week above target.",
                Some(Link::new("Open", "/metric")),
            ),
            AgendaItem {
                added_by: Some("Maya Lindqvist".to_owned()),
                ..item("", "Friday hours in April", "", None)
            },
        ],
        record,
        signatures: vec![
            Signature { name: "Daniel".to_owned(), at: Some(at("2026-03-18", 10, 21)) },
            Signature { name: "Maya".to_owned(), at: None },
        ],
        can_sign: false,
        supports: supports(),
        can_propose: true,
        last_check: Some(LastCheck {
            title: "Review meetings, after the talk on 20 February".to_owned(),
            chart: recovery_chart(),
            verdict: "Near the upper edge of what would come anyway. Worth keeping, too little to say more."
                .to_owned(),
        }),
        earlier: vec![
            EarlierTalk {
                day: day("2026-02-20"),
                href: "/session".to_owned(),
                text: "Book meetings on the phone. Done.".to_owned(),
            },
            EarlierTalk {
                day: day("2025-12-12"),
                href: "/session".to_owned(),
                text: "Data was wrong: a week missing. Closed.".to_owned(),
            },
        ],
        guests: vec![GuestRow {
            id: "b".to_owned(),
            name: "Amara Nwosu".to_owned(),
            admitted: false,
            to_agree: true,
            may_end: true,
        }],
        can_invite: true,
        guest_errors: FormErrors::NONE,
        notes: NotesCard::Open { text: "Ask about the desk without leading.".to_owned() },
        thread: thread(),
        can_write: true,
    }
}

/// All of them, by name.
pub(crate) fn pages() -> Result<Pages, askama::Error> {
    let record = Record::Form(RecordForm {
        going_on: "Calls are cut short since the desk move; not a question of skill.".to_owned(),
        we_try: "Two quiet calling blocks, Tue and Thu 9 to 11, in the back room.".to_owned(),
        leader_does: true,
        by: Some(day("2026-03-23")),
        look_again: Some(day("2026-04-17")),
        hint: "Four weeks from now is soon enough to see a change of 6 calls a week or more.".to_owned(),
        errors: FormErrors::NONE,
    });
    let written = Record::Written(vec![
        Fact::new("What is going on", "Calls are cut short since the desk move; not a question of skill."),
        Fact::new("What we try", "Two quiet calling blocks, Tue and Thu 9 to 11."),
        Fact::new("Who, by when", "Daniel, Mon 23 March"),
        Fact::new("Look again", "Fri 17 April"),
        Fact::new("Who may read it", "Both of you"),
    ]);
    let answer = NextStep::Answer(AnswerForm {
        chosen: "help".to_owned(),
        suggestions: vec!["Time per call fell from 6.1 to 4.2 minutes in the same week.".to_owned()],
        note: "Daniel sees this on Friday 20 March, with your answer if you gave one.".to_owned(),
        ..AnswerForm::default()
    });
    let lead = NextStep::Lead(LeadForm {
        session_href: None,
        note: "You already meet on Friday 20 March at 10:00.".to_owned(),
        in_hand: false,
        open: String::new(),
        until: Some(day("2026-04-01")),
        until_max: Some(day("2026-06-01")),
        errors: FormErrors::NONE,
    });
    let empty = TodayPage {
        alerts: vec![],
        tiles: vec![],
        small_thing: None,
        coming: vec![],
        time: vec![],
        ..today_page()
    };
    let mut calm = today_page();
    calm.alerts.clear();
    calm.tiles[0] = tile(1, Status::Usual);
    calm.small_thing = None;
    calm.shell.toast = Some(Toast { text: "Sent to Daniel.".to_owned(), undo: Some("/undo".to_owned()) });
    let mut nobody = team_page();
    nobody.needing = 0;
    nobody.usual = 9;
    nobody.alerts.clear();
    nobody.checks.clear();
    let talk = |with: &str, about: &str, when: &str, next: &str, waits| TalkRow {
        href: "/session".to_owned(),
        with: with.to_owned(),
        about: about.to_owned(),
        when: when.to_owned(),
        next: next.to_owned(),
        waits,
    };
    let coaching = CoachingPage {
        shell: leader("Coaching", Place::Coaching),
        open: vec![
            talk(
                "Maya Lindqvist",
                "Successful calls are lower",
                "Fri 20 March, 10:00",
                "Agenda is drafted",
                true,
            ),
            talk("Hana Novak", "Client contacts", "Check on Fri 20 March", "", false),
        ],
        closed: vec![talk(
            "Emeka Balogun",
            "Assets gathered",
            "Fri 20 February",
            "Book meetings on the phone. Done.",
            false,
        )],
    };
    let me = MyDataPage {
        shell: member("My data", Place::Today),
        held: vec![HeldRow {
            what: "Six weekly metrics".to_owned(),
            source: "call system, customer records".to_owned(),
            amount: "78 weeks".to_owned(),
        }],
        sees: vec![
            SeesRow {
                who: "You".to_owned(),
                what: "Everything about you".to_owned(),
                why: "It is yours".to_owned(),
            },
            SeesRow {
                who: "Daniel Osei".to_owned(),
                what: "Your six metrics, alerts about them, your talks with him".to_owned(),
                why: "He leads you since 1 May 2024".to_owned(),
            },
        ],
        looks: vec![LookRow {
            at: at("2026-03-16", 9, 12),
            who: "Daniel Osei".to_owned(),
            what: "Successful calls".to_owned(),
        }],
        downloads: vec![Link::new("Everything, as CSV", "/me/export")],
        wrong: "Open the metric and choose “Data is wrong”; or tell Farah Siddiqui, who runs the feeds."
            .to_owned(),
    };
    let questions = QuestionsPage {
        shell: leader("Questions about data", Place::Health),
        questions: vec![QuestionCard {
            id: "a".to_owned(),
            href: "/questions/a".to_owned(),
            title: "Successful calls of Maya Lindqvist".to_owned(),
            first_name: "Maya".to_owned(),
            code: "P-0107".to_owned(),
            span: "Weeks from 16 February to 9 March".to_owned(),
            source: "Call system".to_owned(),
            said: "The calls of the new line are missing.".to_owned(),
            at: Some(at("2026-03-17", 16, 22)),
            note: String::new(),
            errors: FormErrors::NONE,
        }],
    };
    let notes = |state, code: Option<&str>| NotesPage {
        shell: member("Private notes", Place::Today),
        state,
        back: "/session".to_owned(),
        code: code.map(str::to_owned),
        errors: FormErrors::NONE,
    };
    let silences = SilencesPage {
        shell: leader("Kept quiet", Place::Team),
        rows: vec![SilenceRow {
            covers: "Successful calls of Maya Lindqvist".to_owned(),
            reason: "The phones are being replaced.".to_owned(),
            owner: "Daniel Osei".to_owned(),
            until: day("2026-04-01"),
            end: Some("/silences/a/end".to_owned()),
        }],
        form: Some(SilenceForm {
            widely: true,
            metrics: vec![("calls".to_owned(), "Successful calls".to_owned())],
            until_max: Some(day("2026-09-17")),
            ..SilenceForm::default()
        }),
    };
    let notifications = NotificationsPage {
        shell: member("Notifications", Place::Today),
        rows: vec![
            NotificationRow {
                href: "/alert".to_owned(),
                text: "Successful calls are lower since 16 February".to_owned(),
                at: at("2026-03-16", 6, 10),
                new: true,
            },
            NotificationRow {
                href: "/session".to_owned(),
                text: "Daniel wrote to you".to_owned(),
                at: at("2026-03-18", 8, 44),
                new: false,
            },
        ],
    };
    Ok(Pages::from([
        ("today", today_page().render()?),
        ("today-calm", calm.render()?),
        ("today-empty", empty.render()?),
        ("team", team_page().render()?),
        ("together", together_page(9).render()?),
        ("together-few", together_page(3).render()?),
        ("team-threshold", threshold_page().render()?),
        ("team-nobody", nobody.render()?),
        ("metric", metric_page().render()?),
        ("metric-new", new_metric_page().render()?),
        ("metric-crowded", crowded_metric_page().render()?),
        ("alert", alert_page(lead, leader("Successful calls, Maya", Place::Team)).render()?),
        ("alert-own", alert_page(answer, member("Successful calls", Place::Today)).render()?),
        ("session", session_page(record).render()?),
        ("session-written", session_page(written).render()?),
        ("coaching", coaching.render()?),
        ("me", me.render()?),
        ("notifications", notifications.render()?),
        ("questions", questions.render()?),
        ("silences", silences.render()?),
        ("notes-first", notes(NotesState::None, None).render()?),
        ("notes-code", notes(NotesState::Open, Some("3f7k-9d2m-xq40-1vht-8c5e-ra6n-bz7p-w0gj")).render()?),
        ("notes-locked", notes(NotesState::Locked, None).render()?),
    ]))
}
