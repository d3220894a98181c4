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
    Ok(Pages::from([
        ("accounts", accounts_page().render()?),
        ("keys", keys_page().render()?),
        ("keys-fresh", fresh.render()?),
        ("keys-faulty", faulty.render()?),
    ]))
}
