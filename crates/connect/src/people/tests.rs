//! HR lists by value.

use super::*;

fn problems(found: &Problems) -> Vec<String> {
    found.listed.iter().map(ToString::to_string).collect()
}

#[test]
fn a_list_from_hr() {
    let file = "Personalnummer;Name;E-Mail;Einheit;Job Title;Manager;von;bis;Logins;Status\r\n\
        p1;Änne Østerberg;anne@example.com;b1;Branch leader;;01.01.2024;;mailto:Anne@Example.com;aktiv\r\n\
        p2;Maya;maya@example.com;b1;Account manager;p1;15.02.2024;31.12.2025;\"crm:maya; https://lms.example|m.y\";left\r\n";
    let read = people(file.as_bytes(), &Options::default());
    assert_eq!(problems(&read.problems), [""; 0]);
    assert_eq!(read.rows.columns.len(), 10);
    let [anne, maya] = &read.rows.rows[..] else { panic!("two rows") };
    assert_eq!(anne.accounts, [AccountRef::Mail("anne@example.com".into())]);
    assert_eq!((anne.until, anne.state), (None, Some(PersonState::Active)));
    assert_eq!(
        *maya,
        PersonRow {
            line: 3,
            code: "p2".into(),
            name: Some("Maya".into()),
            email: Some("maya@example.com".into()),
            unit: Some("b1".into()),
            job_role: Some("Account manager".into()),
            leader: Some("p1".into()),
            from: Day::of(2024, 2, 15),
            until: Day::of(2026, 1, 1),
            accounts: vec![
                AccountRef::System { system: "crm".into(), login: "maya".into() },
                AccountRef::Account { home_page: "https://lms.example".into(), name: "m.y".into() },
            ],
            state: Some(PersonState::Disabled),
        }
    );
    let some = people("code,name\np1,A\n".as_bytes(), &Options::default()).rows;
    assert!(some.has("name") && !some.has("leader"));
}

#[test]
fn what_the_file_alone_can_show() {
    let file = "code,leader,from,to,accounts,state,email\n\
        a,b,,,crm:a,,\n\
        b,c,,,crm:a,,\n\
        c,a,,,,,\n\
        d,d,,,,,\n\
        x,,,,,,\n\
        e,,2026-03-18,2026-03-17,,,\n\
        f,,,,nonsense,maybe,not an address\n\
        x,,,,,,\n";
    assert_eq!(
        problems(&people(file.as_bytes(), &Options::default()).problems),
        [
            "line 7, column `to`, `2026-03-17`: the last day lies before the first, 2026-03-18; set the later day as the last",
            "line 8, column `email`, `not an address`: this is not a mail address; write it like maya@example.com",
            "line 8, column `state`, `maybe`: this is not a state; write active or disabled",
            "line 8, column `accounts`, `nonsense`: `nonsense` is not an account; write crm:maya, https://crm.example|maya or mailto:maya@example.com, with semicolons between several",
            "line 2, column `leader`, `b`: the links form a loop: a (line 2) → b (line 3) → c (line 4) → a; change the leader on one of these lines",
            "line 5, column `leader`, `d`: `d` is its own leader; name another one, or leave the cell empty",
            "line 9, column `code`, `x`: this is there already on line 6, for days that overlap; leave one of the lines out, or give them days that do not overlap",
            "line 3, column `accounts`, `account:crm|a`: line 2 gives this account to `a`; an account belongs to one person: leave it out on one of the lines",
        ]
    );
}

#[test]
fn who_led_whom_may_change_round_but_not_at_once() {
    let turn = |to: &str| {
        let file = format!(
            "code,leader,from,to\na,b,2024-01-01,{to}\nb,a,2025-01-01,\na,,2025-07-01,\nb,,2023-01-01,2024-12-31\n"
        );
        problems(&people(file.as_bytes(), &Options::default()).problems)
    };
    assert_eq!(turn("2024-12-31"), [""; 0]);
    assert_eq!(
        turn("2025-01-01"),
        [
            "line 3, column `leader`, `a`: the links form a loop: b (line 3) → a (line 2) → b; change the leader on one of these lines"
        ]
    );
}

#[test]
fn a_chain_without_end_is_cut() {
    let mut file = "code,leader\n".to_owned();
    for n in 0..50_000 {
        file.push_str(&format!("p{n},p{}\n", n + 1));
    }
    let read = people(file.as_bytes(), &Options::default());
    assert_eq!(read.problems.count(), 1);
    assert!(read.problems.listed[0].reason.contains("more than 100 levels"));
}

#[test]
fn units_in_a_dated_tree() {
    let file = "code,name,kind,parent,from,to,timezone,label\n\
        org,Nordlicht,company,,,,Europe/Berlin,\n\
        b1,Branch 1,branch,org,2024-01-01,2024-12-31,,B1\n\
        b1,Branch 1,branch,north,2025-01-01,,,B1\n\
        north,North,region,org,,,Mars/Olympus,\n";
    let read = units(file.as_bytes(), &Options::default());
    assert_eq!(
        problems(&read.problems),
        [
            "line 5, column `timezone`, `Mars/Olympus`: there is no such time zone; write its IANA name, such as Europe/Berlin"
        ]
    );
    assert_eq!(read.rows.rows.len(), 3);
    assert_eq!(
        (read.rows.rows[1].parent.as_deref(), read.rows.rows[1].until),
        (Some("org"), Day::of(2025, 1, 1))
    );
    let looped = units("code,parent\nx,y\ny,x\n".as_bytes(), &Options::default());
    assert_eq!(
        problems(&looped.problems),
        [
            "line 2, column `parent`, `y`: the links form a loop: x (line 2) → y (line 3) → x; change the parent on one of these lines"
        ]
    );
}

#[test]
fn identities_as_people_write_them() {
    let key = |text: &str| AccountRef::parse(text).map(|a| a.key());
    assert_eq!(key(" CRM:maya ").as_deref(), Some("account:crm|maya"));
    assert_eq!(key("https://crm.example/x|maya").as_deref(), Some("account:https://crm.example/x|maya"));
    assert_eq!(key("mailto:Maya@Example.com").as_deref(), Some("mbox:mailto:maya@example.com"));
    for bad in ["", "maya", "https://crm.example", "crm:", "|maya", "crm|maya", "mailto:maya", ":x"] {
        assert_eq!(key(bad), None, "{bad}");
    }
}
