//! Pages for those who run the installation: keys, accounts.

use askama::Template;
use web::ui::view::*;

use crate::Pages;
use crate::sample::{at, shell};

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
            "1204 statements",
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
            "1204 statements of theirs went; their ids stay used".to_owned(),
            "38 statements and 1 documents of others stay without them".to_owned(),
        ],
        ..erasure_page()
    };
    Ok(Pages::from([
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
