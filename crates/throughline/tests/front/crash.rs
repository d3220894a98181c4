//! What was acknowledged survives: a server that is killed at any moment and started again has every statement it said it had.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::TempDir;

use crate::binary::{Running, ran};

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

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = TempDir::new();
    let (code, out, err) =
        ran(folder.path(), &["key", "create", "--name", "LMS", "--scope", "all", "--data", "data"]);
    assert_eq!(code, 0, "{err}");
    let word = |name: &str| out.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().to_owned();
    let (key, secret) = (word("key"), word("secret"));
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
