//! Statements go on to another record store, over real HTTP: another server of ours, and receivers that misbehave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::forwarding::{self, NewForward};
use app::outbox::{Couriers, deliver};
use domain::access::{KeyScope, ReadDeliveries, WriteForward};
use domain::ids::ForwardId;
use serde_json::{Value, json};
use store::Store;

use crate::harness::{Client, Server, host};

fn couriers() -> Couriers {
    let config = connect::http::Config {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        timeout: Duration::from_millis(700),
        ..connect::http::Config::default()
    };
    Couriers { mail: None, web: connect::http::Client::new(config).unwrap() }
}

/// A receiver that answers each request by its number, and keeps the bodies. An empty answer is none at all.
struct Receiver {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start(answer: impl Fn(usize, &Value) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bodies: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (kept, count, answer) = (bodies.clone(), AtomicUsize::new(0), Arc::new(answer));
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(mut socket) = socket else { return };
                let (kept, n, answer) = (kept.clone(), count.fetch_add(1, Ordering::SeqCst), answer.clone());
                std::thread::spawn(move || {
                    let (mut text, mut piece) = (Vec::new(), [0; 8192]);
                    let body = loop {
                        let Ok(n @ 1..) = socket.read(&mut piece) else { return };
                        text.extend_from_slice(&piece[..n]);
                        let Some(end) = text.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                        let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
                        let length: usize = head
                            .split("content-length: ")
                            .nth(1)
                            .unwrap()
                            .lines()
                            .next()
                            .unwrap()
                            .parse()
                            .unwrap();
                        assert!(
                            head.contains("authorization: basic dxm6c2vjcmv0")
                                && head.contains("x-experience-api-version: 1.0.3"),
                            "{head}"
                        );
                        if text.len() >= end + 4 + length {
                            break text[end + 4..].to_vec();
                        }
                    };
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let said = answer(n, &body);
                    if said.is_empty() {
                        std::thread::sleep(Duration::from_secs(3));
                        return;
                    }
                    kept.lock().unwrap().push(body);
                    let _ = socket.write_all(
                        format!("HTTP/1.1 {said}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                            .as_bytes(),
                    );
                });
            }
        });
        Self { address, bodies }
    }
    /// The ids of every statement that was taken, in order.
    fn ids(&self) -> Vec<String> {
        let bodies = self.bodies.lock().unwrap();
        bodies
            .iter()
            .flat_map(|b| b.as_array().unwrap())
            .map(|s| s["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn to(address: SocketAddr, path: &str) -> NewForward {
    NewForward {
        name: "Group store".into(),
        url: format!("http://{address}{path}"),
        key: "us".into(),
        secret: "secret".into(),
        version: "1.0.3".into(),
        ..NewForward::default()
    }
}

async fn set_up(server: &Server, new: NewForward) -> ForwardId {
    forwarding::add(&server.app, &host(WriteForward(())), new).await.unwrap()
}

fn send(lms: &Client, statements: &Value) -> Vec<String> {
    let headers = [("X-Experience-API-Version", "1.0.3"), ("Content-Type", "application/json")];
    let answer =
        lms.send("POST", "/xapi/statements", &headers, statements.to_string().as_bytes()).expect(200);
    serde_json::from_value(answer.json()).unwrap()
}

fn statement(who: &str, verb: &str) -> Value {
    json!({
        "actor": {"mbox": format!("mailto:{who}@northwind.example")},
        "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}")},
        "object": {"id": "https://learn.northwind.example/lessons/1"}
    })
}

/// Queues what is to go and tries it once.
async fn go(server: &Server) -> usize {
    app::pipeline::settle(&server.app).await.unwrap();
    deliver(&server.app, &couriers()).await.unwrap()
}

async fn state(server: &Server) -> forwarding::State {
    forwarding::states(&server.app, &host(ReadDeliveries(()))).await.unwrap().remove(0)
}

testkit::both_databases! {
    async fn another_store_gets_everything_in_order_and_voiding_too(store: Store) {
        let server = Server::start(store).await;
        let receiver = Receiver::start(|_, _| "200 OK".into());
        let lms = server.key(&[KeyScope::All]).await;
        send(&lms, &json!([statement("before", "completed")]));
        set_up(&server, to(receiver.address, "/xapi/")).await;
        let many: Vec<Value> = (0..250).map(|n| statement(&format!("p{n}"), "completed")).collect();
        let ids = send(&lms, &json!(many));
        let void = json!({
            "actor": {"mbox": "mailto:admin@northwind.example"}, "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": ids[0]}
        });
        let voiding = send(&lms, &json!([void]));
        while go(&server).await > 0 {}
        assert_eq!(receiver.ids(), [ids, voiding].concat(), "in order, from the moment on, the voided one as well");
        let now = state(&server).await;
        assert_eq!((now.behind, now.standing.waiting, now.standing.parked), (0, 0, 0));
    }

    async fn filters_choose_by_verb_activity_and_unit(store: Store) {
        let server = Server::start(store).await;
        server.org().await;
        let receiver = Receiver::start(|_, _| "200 OK".into());
        let mut new = to(receiver.address, "");
        new.verbs = vec!["http://adlnet.gov/expapi/verbs/completed".into()];
        new.activities = vec!["https://learn.northwind.example/lessons/1".into()];
        new.unit = "B-01".into();
        set_up(&server, new).await;
        let lms = server.key(&[KeyScope::All]).await;
        let ids = send(&lms, &json!([
            statement("member", "completed"), statement("member", "failed"), statement("stranger", "completed"), statement("peer", "completed")
        ]));
        let void = |id: &str| json!({
            "actor": {"mbox": "mailto:x@northwind.example"}, "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": id}
        });
        let voids = send(&lms, &json!([void(&ids[0]), void(&ids[1])]));
        while go(&server).await > 0 {}
        assert_eq!(receiver.ids(), [ids[0].clone(), ids[3].clone(), voids[0].clone()]);
        let mut wrong = to(receiver.address, "");
        wrong.unit = "B-99".into();
        wrong.verbs = vec!["completed".into()];
        wrong.name = String::new();
        let told = forwarding::add(&server.app, &host(WriteForward(())), wrong).await.unwrap_err().to_string();
        assert!(["name:", "verbs:", "unit:"].iter().all(|place| told.contains(place)), "{told}");
    }

    async fn a_store_that_fails_is_tried_again_and_loses_nothing(store: Store) {
        let server = Server::start(store).await;
        // It fails, hangs, asks for patience, and then takes what it is sent.
        let receiver = Receiver::start(|n, _| match n {
            0 => "500 Internal Server Error".into(),
            1 => String::new(),
            2 => "429 Too Many Requests\r\nRetry-After: 7200".into(),
            3 => "401 Unauthorized".into(),
            _ => "204 No Content".into(),
        });
        set_up(&server, to(receiver.address, "")).await;
        let lms = server.key(&[KeyScope::All]).await;
        let first = send(&lms, &json!([statement("member", "completed")]));
        assert_eq!(go(&server).await, 1);
        let now = state(&server).await;
        assert!(now.standing.last_error.unwrap().starts_with("500"));
        assert_eq!((now.standing.waiting, now.standing.parked), (1, 0));
        // What comes meanwhile waits behind it.
        let second = send(&lms, &json!([statement("peer", "completed")]));
        assert_eq!(go(&server).await, 0, "not before its time");
        server.advance(31);
        assert_eq!(go(&server).await, 1);
        assert!(state(&server).await.standing.last_error.unwrap().contains("no answer within"));
        server.advance(61);
        assert_eq!(go(&server).await, 1);
        server.advance(7_100);
        assert_eq!(go(&server).await, 0, "it asked for two hours");
        server.advance(200);
        assert_eq!(go(&server).await, 1);
        assert!(state(&server).await.standing.last_error.unwrap().starts_with("401"));
        server.advance(4 * 3600);
        while go(&server).await > 0 {}
        let taken = receiver.ids();
        assert_eq!(taken[taken.len() - 2..], [first[0].clone(), second[0].clone()]);
        assert_eq!(state(&server).await.standing.last_error, None);
    }

    async fn what_a_store_never_takes_is_parked_with_the_reason_and_sent_again_by_hand(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let mended = Arc::new(AtomicUsize::new(0));
        let is_mended = mended.clone();
        // It refuses every batch that holds what peer did.
        let receiver = Receiver::start(move |_, body| {
            let bad = body.to_string().contains("peer@") && is_mended.load(Ordering::SeqCst) == 0;
            if bad { "409 Conflict".into() } else { "200 OK".into() }
        });
        let id = set_up(&server, to(receiver.address, "")).await;
        let lms = server.key(&[KeyScope::All]).await;
        let ids = send(&lms, &json!([statement("member", "completed"), statement("peer", "completed"), statement("leader", "completed")]));
        go(&server).await;
        let now = state(&server).await;
        let why = now.standing.last_error.unwrap();
        assert!(why.contains("1 of 3") && why.contains(&ids[1]) && why.contains("409"), "{why}");
        assert_eq!(now.standing.parked, 1);
        // The one at fault holds up nobody else.
        let after = send(&lms, &json!([statement("member", "failed")]));
        go(&server).await;
        assert!(receiver.ids().contains(&after[0]) && receiver.ids().contains(&ids[2]));
        let admin = server.sign_in_as(org.admin).await;
        let page = admin.get("/forwarding").expect(200).text();
        assert!(page.contains("1 delivery given up") && page.contains("409"), "{page}");
        admin.get("/health").expect(200).contains("Group store");
        mended.store(1, Ordering::SeqCst);
        admin.form(&format!("/forwarding/{id}/again"), &[]).expect(303);
        while go(&server).await > 0 {}
        assert!(receiver.ids().contains(&ids[1]));
        admin.get("/forwarding").expect(200).contains("Every record store is up to date");
    }

    async fn a_store_that_is_gone_parks_everything_and_an_ended_one_gets_nothing(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let receiver = Receiver::start(|_, _| "410 Gone".into());
        let admin = server.sign_in_as(org.admin).await;
        let faulty = admin.form("/forwarding", &[("name", ""), ("url", "lrs"), ("key", ""), ("secret", "s"), ("version", "3"), ("unit", "B-99")]).expect(400).text();
        for field in ["name", "url", "key", "version", "unit"] {
            assert!(faulty.contains(&format!("href=\"#{field}\"")), "{field}: {faulty}");
        }
        assert!(!faulty.contains("value=\"s\""), "a secret is not shown");
        let url = format!("http://{}", receiver.address);
        admin.form("/forwarding", &[("name", "Old store"), ("url", &url), ("key", "us"), ("secret", "secret"), ("version", "1.0.3"), ("from", "now")]).expect(303);
        let lms = server.key(&[KeyScope::All]).await;
        let many: Vec<Value> = (0..150).map(|n| statement(&format!("p{n}"), "completed")).collect();
        send(&lms, &json!(many));
        go(&server).await;
        let now = state(&server).await;
        assert_eq!((now.standing.waiting, now.standing.parked), (0, 2), "{now:?}");
        let page = admin.get("/forwarding").expect(200).text();
        assert!(!page.contains("value=\"secret\""), "{page}");
        admin.form(&format!("/forwarding/{}/again", now.forward.id), &[]).expect(303);
        admin.form(&format!("/forwarding/{}/end", now.forward.id), &[]).expect(303);
        while go(&server).await > 0 {}
        assert_eq!(receiver.bodies.lock().unwrap().len(), 1, "nothing was sent after the end");
        admin.get("/forwarding").expect(200).contains("Nothing is forwarded");
    }

    async fn another_server_of_ours_takes_what_is_forwarded(store: Store) {
        let server = Server::start(store).await;
        let folder = testkit::TempDir::new();
        let place = store::db::Place::Sqlite(folder.path().join("other.db"));
        let other = Store::open(place, store::db::Options::default()).await.unwrap();
        other.migrate("2026-03-18T09:00:00Z".parse().unwrap()).await.unwrap();
        let other = Server::start(other).await;
        let (key, secret) = other.key_pair(&[KeyScope::All]).await;
        let lms = server.key(&[KeyScope::All]).await;
        let ids = send(&lms, &json!([statement("member", "completed"), statement("peer", "completed")]));
        let new = NewForward { key: key.clone(), secret: secret.clone(), from_the_beginning: true, ..to(other.address, "/xapi") };
        set_up(&server, new).await;
        while go(&server).await > 0 {}
        let reader = other.anonymous().with_basic(&key, &secret);
        for id in ids {
            let got = reader.send("GET", &format!("/xapi/statements?statementId={id}"), &[("X-Experience-API-Version", "1.0.3")], b"").expect(200);
            assert_eq!(got.json()["verb"]["id"], "http://adlnet.gov/expapi/verbs/completed");
        }
    }
}
