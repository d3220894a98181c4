//! Pages for those who run the installation: keys, accounts.

use askama::Template;
use web::ui::view::*;

use crate::Pages;
use crate::sample::{at, day, shell};

fn admin(title: &str) -> Shell {
    let mut shell = shell(
        title,
        "Farah Siddiqui",
        "IT operations",
        &[Place::Health, Place::Chains, Place::MyOwn],
        Place::Health,
    );
    shell.sight = None;
    shell
}

fn keys_page() -> KeysPage {
    let choice = |word, what| ScopeChoice { word, what, set: word == "statements/write" };
    KeysPage {
        shell: admin("Keys"),
        fresh: None,
        rows: vec![
            KeyRow {
                id: "key_1".to_owned(),
                name: "Learning system, statements".to_owned(),
                key: "tl-8rQm2vTyC0bLxW5sN1aE".to_owned(),
                scopes: vec!["statements/write", "statements/read/mine"],
                actors: "*@northwind.example".to_owned(),
                used: Some(at("2026-03-18", 8, 50)),
                ends: Some(at("2027-01-01", 0, 0)),
                works: true,
                former_until: Some(at("2026-03-25", 9, 0)),
            },
            KeyRow {
                id: "key_2".to_owned(),
                name: "Course on objections".to_owned(),
                key: "tl-Q0aZ7xKd4uMfR9pHs2Wc".to_owned(),
                scopes: vec!["all"],
                actors: String::new(),
                used: None,
                ends: Some(at("2026-02-01", 14, 2)),
                works: false,
                former_until: None,
            },
        ],
        scopes: vec![
            choice("statements/write", "Send statements"),
            choice("statements/read/mine", "Read the statements it sent"),
            choice("all", "Everything of xAPI"),
        ],
        form: KeyForm::default(),
        errors: FormErrors::NONE,
    }
}

fn accounts_page() -> AccountsPage {
    let waiting = |id: &str, key: &str, statements, likely: &[(&str, &str)]| UnresolvedActor {
        id: id.to_owned(),
        key: key.to_owned(),
        statements,
        likely: likely.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect(),
    };
    AccountsPage {
        shell: admin("Accounts"),
        total: 42,
        waiting: vec![
            waiting(
                "account_1",
                "https://lms.northwind.example · h.novak",
                214,
                &[("person_1", "Hana Novak (E1077)")],
            ),
            waiting("account_2", "guest-0c19f2a77b@courses.example", 3, &[]),
        ],
        more: Some("/accounts?after=account_2".to_owned()),
        said: vec![SaidRow {
            id: "account_3".to_owned(),
            key: "maya.lindqvist@private.example".to_owned(),
            person: "Maya Lindqvist".to_owned(),
            code: "E1042".to_owned(),
            at: at("2026-03-17", 16, 40),
            how: "by hand",
        }],
    }
}

fn officer(title: &str) -> Shell {
    let mut shell =
        shell(title, "Ines Ferreira", "Privacy officer", &[Place::Health, Place::MyOwn], Place::Health);
    shell.sight = None;
    shell
}

fn erasures_page() -> ErasuresPage {
    ErasuresPage {
        shell: officer("Erasures"),
        rows: vec![
            ErasureRow {
                href: "/erasures/erasure_2".to_owned(),
                whom: "Hana Novak".to_owned(),
                asked_by: "Hana Novak".to_owned(),
                asked_at: at("2026-03-17", 16, 40),
                why: "I leave at the end of the month".to_owned(),
                done_at: None,
            },
            ErasureRow {
                href: "/erasures/erasure_1".to_owned(),
                whom: "Erased person".to_owned(),
                asked_by: "Ines Ferreira".to_owned(),
                asked_at: at("2026-02-02", 9, 5),
                why: String::new(),
                done_at: Some(at("2026-02-03", 10, 12)),
            },
        ],
    }
}

fn erasure_page() -> ErasurePage {
    let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    ErasurePage {
        shell: officer("Erasure"),
        id: "erasure_01kj3wq8x0f4rbyq2a1m0v5d7e".to_owned(),
        person: "person_01kj3wq8x0f4rbyq2a1m0v5d7e".to_owned(),
        name: "Hana Novak".to_owned(),
        why: "I leave at the end of the month".to_owned(),
        asked_at: at("2026-03-17", 16, 40),
        done_at: None,
        goes: lines(&[
            "name, code, mail address, sign-in, access roles",
            "2 accounts in other systems",
            "1,204 statements",
            "their name in 38 statements of others",
            "4 documents of courses",
        ]),
        stays: lines(&[
            "312 values of 4 metrics",
            "88 days of learning, less those of activities of fewer than five people",
        ]),
        namesake: true,
        receipt: Vec::new(),
        may_do: true,
    }
}

fn retention_page() -> RetentionPage {
    RetentionPage {
        shell: officer("How long what is kept"),
        rows: vec![
            RetentionRow {
                about: "statements with the verb http://adlnet.gov/expapi/verbs/experienced".to_owned(),
                days: 1095,
                why: "Nobody needs to know for longer which pages were opened.".to_owned(),
                count: 48_211,
                more: true,
                fault: None,
            },
            RetentionRow {
                about: "statements of people in B-99".to_owned(),
                days: 365,
                why: "Agreed for the pilot.".to_owned(),
                count: 0,
                more: false,
                fault: Some("no unit has the code `B-99`".to_owned()),
            },
        ],
        past: vec![WentRow {
            at: at("2026-03-18", 0, 1),
            what: "state after 365 days".to_owned(),
            how: "12 went".to_owned(),
        }],
    }
}

fn rules_page() -> RulesPage {
    let row = |code: &str, name: &str, differs: &[&str], version, why: &str| RuleRow {
        href: format!("/rules/{code}"),
        name: name.to_owned(),
        code: code.to_owned(),
        differs: differs.iter().map(|d| (*d).to_owned()).collect(),
        version,
        by: "Jonas Weber".to_owned(),
        at: (version > 0).then(|| at("2026-03-11", 14, 20)),
        why: why.to_owned(),
    };
    RulesPage {
        shell: admin("Rules for reds"),
        rows: vec![
            row(
                "default",
                "Every metric without a rule of its own",
                &[],
                0,
                "what holds before anybody set a rule",
            ),
            row(
                "calls",
                "Successful calls",
                &["interval 3.5 instead of 2.8", "baseline 39 instead of 26"],
                3,
                "The new phones make weeks more uneven; fewer alarms until summer.",
            ),
        ],
        others: vec![("/rules/on-time".to_owned(), "Delivered on time".to_owned())],
        may_write: true,
        file: "[[rule]]\ncode = \"calls\"\nwhy = \"fewer alarms\"\n[rule.parameters]\ninterval = 3.5\n"
            .to_owned(),
        changes: Some(vec![ChangeRow {
            line: 1,
            what: "rule calls".to_owned(),
            how: "interval: 2.8 to 3.5".to_owned(),
        }]),
        faults: Vec::new(),
    }
}

fn rule_page(tried: bool) -> RulePage {
    let field = |name, label, hint, value: &str, first: &str| ParameterField {
        name,
        label,
        hint,
        value: value.to_owned(),
        first: first.to_owned(),
    };
    let team = |name: &str, people, by_period: [u64; 8]| TeamTrial {
        name: name.to_owned(),
        people,
        by_period: by_period.iter().cycle().take(52).copied().collect(),
    };
    let weeks = |n: i32| day("2025-03-17").plus(7 * n);
    let trial = TrialView {
        metric: "Successful calls".to_owned(),
        span: (weeks(0), weeks(51)),
        judged: 12_480,
        alerts: 58,
        per_hundred: 0.46,
        now: 71,
        groups: 2,
        chance: Some((3_120, 25.0)),
        periods: (0..52).map(|n| (weeks(n), u64::from(n % 5 == 0) * 3, u64::from(n % 4 == 0) * 3)).collect(),
        teams: vec![
            team("Daniel Osei", 9, [0, 1, 0, 0, 2, 0, 0, 0]),
            team("A team", 12, [0, 0, 1, 0, 0, 0, 0, 1]),
            team("Seven small teams together", 24, [1, 0, 0, 0, 0, 0, 1, 0]),
        ],
        named: vec![NamedTrial {
            name: "Maya Lindqvist".to_owned(),
            what: "lower than usual",
            opened: day("2026-02-23"),
            closed: None,
        }],
    };
    RulePage {
        shell: admin("Rules for reds"),
        href: "/rules/calls".to_owned(),
        metric: "Successful calls".to_owned(),
        lead: "This metric has a rule of its own.".to_owned(),
        may_write: true,
        groups: vec![
            ParameterGroup {
                title: "When something is said",
                fields: vec![
                    field(
                        "slack",
                        "Slack of the sum",
                        "In standard deviations. Larger: small changes are let go.",
                        "0.75",
                        "0.75",
                    ),
                    field(
                        "interval",
                        "How far the sum may run",
                        "In standard deviations. Larger: fewer false alarms, seen later.",
                        "3.5",
                        "2.8",
                    ),
                ],
            },
            ParameterGroup {
                title: "What is usual",
                fields: vec![field(
                    "baseline",
                    "Weeks in a baseline",
                    "Longer: steadier, and slower to learn a new level.",
                    "39",
                    "26",
                )],
            },
        ],
        why: String::new(),
        weeks: "52".to_owned(),
        metrics: Vec::new(),
        trial: tried.then_some(trial),
        versions: vec![
            VersionRow {
                version: 2,
                by: "Jonas Weber".to_owned(),
                at: Some(at("2026-03-11", 14, 20)),
                why: "The new phones make weeks more uneven.".to_owned(),
                how: "interval 3.5 instead of 3".to_owned(),
                back: None,
            },
            VersionRow {
                version: 1,
                by: "Jonas Weber".to_owned(),
                at: Some(at("2026-02-02", 9, 5)),
                why: "A first try.".to_owned(),
                how: "a rule of its own".to_owned(),
                back: Some("/rules/calls/versions/1".to_owned()),
            },
        ],
        errors: FormErrors::NONE,
    }
}

fn calendars_page() -> CalendarsPage {
    let monday = day("2026-03-09");
    let cell = |day: domain::time::Day| {
        let weekday = day.days_since(day.monday());
        let (worked, why) = match day.days_since(monday) {
            14 | 15 => (0.0, "rebuilding of floor 2"),
            28 => (0.0, "a day that differs"),
            37 => (0.5, "a day that differs"),
            _ => (f64::from(u8::from(weekday < 5)), ""),
        };
        DayCell { day, worked, why: why.to_owned(), today: day == self::day("2026-03-18") }
    };
    let weeks = (0..9).map(|n| monday.plus(7 * n));
    CalendarsPage {
        shell: admin("Working calendar"),
        unit: Some(UnitView {
            name: "Harbour Street".to_owned(),
            code: "B-01".to_owned(),
            above: vec![Link::new("Northwind Advisors", "/calendars"), Link::new("South", "/calendars")],
            below: Vec::new(),
            week: "Monday to Friday".to_owned(),
            calendar: Some(("south".to_owned(), "South".to_owned())),
            inherited: Some(Link::new("South", "/calendars")),
            weeks: weeks
                .map(|monday| WeekRow { monday, days: (0..7).map(|d| cell(monday.plus(d))).collect() })
                .collect(),
            days: vec![
                DayRow { day: day("2026-04-06"), what: "off".to_owned() },
                DayRow { day: day("2026-04-15"), what: "worked to 50\u{202f}%".to_owned() },
            ],
            closures: vec![ClosureRow {
                from: day("2026-03-23"),
                to: day("2026-03-24"),
                reason: "rebuilding of floor 2".to_owned(),
                unit: "Harbour Street".to_owned(),
                code: "B-01".to_owned(),
            }],
            away: vec![AwayRow {
                name: "Maya Lindqvist".to_owned(),
                code: "E1042".to_owned(),
                from: day("2026-03-23"),
                to: day("2026-04-03"),
                what: "works 60\u{202f}%".to_owned(),
            }],
            more_away: 0,
        }),
        may_ask: true,
        waiting: vec![Link::new("rebuilding of floor 3, Elif Aydin, today, 08:12", "/import")],
        typed: TypedEdit::default(),
        errors: FormErrors::NONE,
    }
}

/// All of them, by name.
pub(crate) fn pages() -> Result<Pages, askama::Error> {
    let mut fresh = keys_page();
    fresh.fresh = Some(FreshKey {
        name: "Learning system, statements".to_owned(),
        key: "tl-8rQm2vTyC0bLxW5sN1aE".to_owned(),
        secret: "V2k0b3lTd1pQ9xF7hJ5nM4cR8uE6aY1gZ0sLqXiOtBw".to_owned(),
        former_until: Some(at("2026-03-25", 9, 0)),
    });
    let mut faulty = keys_page();
    faulty.rows.clear();
    faulty.errors.add("name", "Say in 1 to 100 characters what the key is for");
    faulty.errors.add("scopes", "A key without a scope may do nothing; choose at least one");
    let done = ErasurePage {
        done_at: Some(at("2026-03-18", 10, 12)),
        name: String::new(),
        why: String::new(),
        receipt: vec![
            "gone: 1,204 statements of theirs; their ids stay used".to_owned(),
            "kept without them: 38 statements and 1 document of others".to_owned(),
        ],
        ..erasure_page()
    };
    let mut rule_faulty = rule_page(false);
    rule_faulty.errors.add("interval", "“soon” is not a number; write it like 42 or 42.5");
    rule_faulty.errors.add("why", "Say in a few words why, in at most 1,000 characters");
    let mut closing = calendars_page();
    closing.typed = TypedEdit {
        form: "closure",
        from: "2026-04-02".to_owned(),
        to: "2026-04-01".to_owned(),
        ..TypedEdit::default()
    };
    closing
        .errors
        .add("closure-to", "The last day lies before the first, 2026-04-02; set the later day as the last");
    let nothing = CalendarsPage { unit: None, may_ask: false, waiting: Vec::new(), ..calendars_page() };
    Ok(Pages::from([
        ("rules", rules_page().render()?),
        ("rule", rule_page(false).render()?),
        ("rule-tried", rule_page(true).render()?),
        ("rule-faulty", rule_faulty.render()?),
        ("calendars", calendars_page().render()?),
        ("calendars-faulty", closing.render()?),
        ("calendars-none", nothing.render()?),
        ("accounts", accounts_page().render()?),
        ("erasure", erasure_page().render()?),
        ("erasure-done", done.render()?),
        ("erasures", erasures_page().render()?),
        ("retention", retention_page().render()?),
        ("keys", keys_page().render()?),
        ("keys-fresh", fresh.render()?),
        ("keys-faulty", faulty.render()?),
    ]))
}
