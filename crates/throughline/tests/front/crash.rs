//! What was acknowledged survives: a server that is killed at any moment and started again has every statement it said it had,
//! and tells everybody once what they have to be told.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::time::{Cadence, Zone};
use serde_json::{Value, json};
use testkit::TempDir;

use crate::binary::{Running, ran};
use crate::company::noise;
use crate::mail::Sink;

const HEADERS: [(&str, &str); 2] =
    [("X-Experience-API-Version", "1.0.3"), ("Content-Type", "application/json")];

fn statement(n: u64) -> Value {
    json!({
        "id": format!("01900000-0000-4000-8000-{n:012x}"),
        "actor": {"account": {"homePage": "https://lms.example", "name": format!("p{}", n % 7)}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": format!("https://learn.example/{}", n % 5)}
    })
}

fn number(statement: &Value) -> u64 {
    u64::from_str_radix(&statement["id"].as_str().unwrap()[24..], 16).unwrap()
}

/// A new key and its secret.
fn key(folder: &Path, scope: &str) -> (String, String) {
    let (code, out, err) =
        ran(folder, &["key", "create", "--name", "LMS", "--scope", scope, "--data", "data"]);
    assert_eq!(code, 0, "{err}");
    let word = |name: &str| out.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().to_owned();
    (word("key"), word("secret"))
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = TempDir::new();
    let (key, secret) = key(folder.path(), "all");
    let next = AtomicU64::new(1);
    let acknowledged = Mutex::new(Vec::<u64>::new());
    for round in 0..4_u64 {
        let server = Running::start(folder.path(), &["--data", "data"]);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let client = server.client().with_basic(&key, &secret);
                    while !stop.load(Ordering::SeqCst) {
                        let first = next.fetch_add(20, Ordering::SeqCst);
                        let batch: Vec<u64> = (first..first + 1 + first % 20).collect();
                        let body =
                            Value::from(batch.iter().map(|&n| statement(n)).collect::<Vec<_>>()).to_string();
                        // The one that is under way when the server dies has no answer.
                        let send = || client.send("POST", "/xapi/statements", &HEADERS, body.as_bytes());
                        match std::panic::catch_unwind(send) {
                            Ok(answer) if answer.status == 200 => acknowledged.lock().unwrap().extend(batch),
                            _ => return,
                        }
                    }
                });
            }
            // Longer than what waits gathers before it is taken in, in every other round.
            std::thread::sleep(Duration::from_millis(400 + 1_100 * (round % 2)));
            server.kill();
            stop.store(true, Ordering::SeqCst);
        });
    }
    let server = Running::start(folder.path(), &["--data", "data"]);
    let client = server.client().with_basic(&key, &secret);
    let mut wanted = acknowledged.into_inner().unwrap();
    wanted.sort_unstable();
    assert!(wanted.len() > 50, "{}", wanted.len());
    let mut kept = Vec::new();
    let mut stored = Vec::new();
    for person in 0..7 {
        let agent = format!(
            "%7B%22account%22:%7B%22homePage%22:%22https://lms.example%22,%22name%22:%22p{person}%22%7D%7D"
        );
        let mut path = format!("/xapi/statements?ascending=true&limit=200&agent={agent}");
        while !path.is_empty() {
            let page = client.send("GET", &path, &HEADERS[..1], b"").expect(200).json();
            for one in page["statements"].as_array().unwrap() {
                assert_eq!(number(one) % 7, person);
                kept.push(number(one));
                stored.push(one["stored"].as_str().unwrap().to_owned());
            }
            path = page["more"].as_str().unwrap().to_owned();
        }
    }
    kept.sort_unstable();
    let missing: Vec<&u64> = wanted.iter().filter(|n| kept.binary_search(n).is_err()).collect();
    assert_eq!(missing, Vec::<&u64>::new(), "acknowledged and lost");
    let before = kept.len();
    kept.dedup();
    assert_eq!(kept.len(), before, "none is there twice");
    // A batch is there as a whole or not at all.
    for first in (1..next.load(Ordering::SeqCst)).step_by(20) {
        let size = 1 + first % 20;
        let here = (first..first + size).filter(|n| kept.binary_search(n).is_ok()).count() as u64;
        assert!(here == 0 || here == size, "{here} of {size} from {first} on");
    }
    stored.sort_unstable();
    stored.dedup();
    assert_eq!(stored.len(), before, "every statement has a moment of its own");
    let (code, out, _) = ran(folder.path(), &["doctor", "--data", "data"]);
    assert!(out.contains("ok    integrity"), "{code} {out}");
}

/// Eleven people of one team and their leader, a year of weeks up to this one. The newest weeks, in which the first person's calls
/// have fallen, are given back as a file.
fn a_team(folder: &Path) -> String {
    let mut people = "code,name,email,unit,job_role,leader,from\n\
        lead,Lea Example,lead@northwind.example,B-01,Branch leader,,2020-01-01\n"
        .to_owned();
    let head = "metric,subject,period,value\n";
    let (mut before, mut newest) = (head.to_owned(), head.to_owned());
    let this_week = Cadence::Week.start(app::Clock::System.now().day(&Zone::UTC));
    for person in 0..11 {
        people.push_str(&format!(
            "p{person},P{person} Example,p{person}@northwind.example,B-01,Account manager,lead,2020-01-01\n"
        ));
        for week in 0..50 {
            let (to, fall) = if week < 46 { (&mut before, 0.0) } else { (&mut newest, 25.0) };
            let value = 40.0 + 8.0 * noise(person, week) - if person == 0 { fall } else { 0.0 };
            to.push_str(&format!("calls,p{person},{},{}\n", this_week.plus(7 * (week - 50)), value.round()));
        }
    }
    let calls = "[[metric]]\ncode = \"calls\"\nname = \"Successful calls\"\nunit = \"calls\"\ndirection = \"up\"\n\
        level = \"performance\"\ngrain = \"person\"\naggregation = \"sum\"\ncadence = \"week\"\nowner = \"lead\"\n";
    for (what, name, text) in [
        ("units", "units.csv", "code,name,kind\nB-01,Harbour Street,branch\n"),
        ("people", "people.csv", people.as_str()),
        ("metrics", "metrics.toml", calls),
        ("observations", "observations.csv", before.as_str()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
        let (code, out, err) = ran(folder, &["import", what, name, "--data", "data"]);
        assert_eq!(code, 0, "{what}: {out}{err}");
    }
    newest
}

#[test]
fn who_is_to_be_told_is_told_once_by_a_server_that_is_killed_again_and_again() {
    let folder = TempDir::new();
    let sink = Sink::start();
    let newest = a_team(folder.path());
    let settings = format!(
        "[attention]\ngrace_hours = 0\n\n[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"Throughline <throughline@northwind.example>\"\n",
        sink.port
    );
    std::fs::write(folder.path().join("throughline.toml"), settings).unwrap();
    let (key, secret) = key(folder.path(), "metrics");
    let serve = ["--data", "data", "--config", "throughline.toml"];
    // As soon as the numbers are acknowledged, while they are judged, between that and the mail, and after it.
    for wait in [0, 5, 15, 30, 60, 120, 250, 500] {
        let server = Running::start(folder.path(), &serve);
        if wait == 0 {
            let client = server.client().with_basic(&key, &secret);
            let headers = [("Content-Type", "text/csv")];
            client.send("POST", "/api/v1/observations.csv", &headers, newest.as_bytes()).expect(200);
        }
        std::thread::sleep(Duration::from_millis(wait));
        server.kill();
    }
    let _server = Running::start(folder.path(), &serve);
    let told = || {
        let mut told: Vec<(String, String, String)> = sink
            .letters()
            .into_iter()
            .map(|(to, text)| {
                let line = |head: &str| {
                    text.lines().find_map(|l| l.strip_prefix(head)).unwrap_or_default().to_owned()
                };
                (to, line("Subject: "), line("Message-ID: "))
            })
            .collect();
        told.sort();
        // A letter that the mail server had taken when the sender died is sent again under the same id, and shown once.
        told.dedup();
        told
    };
    let end = Instant::now() + Duration::from_secs(60);
    while told().len() < 2 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(1));
    let told = told();
    let said: Vec<(&str, &str)> =
        told.iter().map(|(to, subject, _)| (to.as_str(), subject.as_str())).collect();
    assert_eq!(
        said,
        [
            ("lead@northwind.example", "Successful calls: lower than usual for P0 Example"),
            ("p0@northwind.example", "Successful calls: lower than usual"),
        ]
    );
}
