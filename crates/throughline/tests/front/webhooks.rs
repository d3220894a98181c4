//! Webhooks, chat and one-tap links, against a receiver on a real socket that can fail in every way that receivers do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::outbox::log::{self, Wanted};
use app::outbox::{Couriers, deliver};
use base64::Engine;
use connect::http::{Client as Http, Config};
use domain::access::{KeyScope, ReadDeliveries, WriteAssignment};
use domain::outbox::State;
use serde_json::{Value, json};
use store::Store;

use crate::company::Company;
use crate::harness::{Client, host};

/// One request as it came.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver. What it answers is the first part of the path: `/200/…`, `/429/…`; `/hang/…` never answers.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    /// Answers this instead, whatever the path.
    instead: Arc<Mutex<Option<u16>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, instead) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None)));
        let (kept, other) = (got.clone(), instead.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, other) = (kept.clone(), other.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    let mut line = String::new();
                    let _ = reader.read_line(&mut line);
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    let mut headers = Vec::new();
                    loop {
                        line.clear();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                            break;
                        }
                        if let Some((n, v)) = line.trim_end().split_once(':') {
                            headers.push((n.to_ascii_lowercase(), v.trim().to_owned()));
                        }
                    }
                    let length = headers
                        .iter()
                        .find(|(n, _)| n == "content-length")
                        .map_or(0, |(_, v)| v.parse().unwrap());
                    let mut body = vec![0; length];
                    let _ = reader.read_exact(&mut body);
                    kept.lock().unwrap().push(Got { path: path.clone(), headers, body });
                    let instead = *other.lock().unwrap();
                    let status = instead.map_or_else(
                        || path.split('/').nth(1).unwrap_or_default().to_owned(),
                        |s: u16| s.to_string(),
                    );
                    if status == "hang" {
                        std::thread::sleep(Duration::from_secs(60));
                    }
                    let wait = if status == "429" { "Retry-After: 600\r\n" } else { "" };
                    let _ = reader.get_mut().write_all(
                        format!(
                            "HTTP/1.1 {status} So\r\n{wait}Content-Length: 2\r\nConnection: close\r\n\r\nok"
                        )
                        .as_bytes(),
                    );
                });
            }
        });
        Self { port, got, instead }
    }
    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
    fn answers(&self, status: Option<u16>) {
        *self.instead.lock().unwrap() = status;
    }
}

/// Reaches this machine, as the configuration would have to allow.
fn couriers() -> Couriers {
    let allow = vec!["127.0.0.1".parse().unwrap()];
    let web = Http::new(Config { allow, timeout: Duration::from_millis(700), ..Config::default() }).unwrap();
    Couriers { mail: None, web }
}

/// Sends until nothing is due.
async fn settle(app: &app::App, couriers: &Couriers) {
    while deliver(app, couriers).await.unwrap() > 0 {}
}

fn make(api: &Client, body: Value) -> (String, Vec<u8>) {
    let made = api.post("/api/v1/webhooks", &body).expect(201).json();
    let secret = made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
    let secret = base64::engine::general_purpose::STANDARD.decode(secret).unwrap();
    (made["id"].as_str().unwrap().to_owned(), secret)
}

/// The states of what was queued for an endpoint, oldest first, with the words of the last try.
async fn states(app: &app::App, id: &str) -> Vec<(State, String)> {
    let wanted = Wanted { target: Some(format!("webhook:{id}")), ..Wanted::default() };
    let mut all = log::read(app, host(ReadDeliveries(())), wanted, 100).await.unwrap().deliveries;
    all.reverse();
    all.into_iter()
        .map(|l| (l.delivery.state, l.tries.last().map(|t| t.words.clone()).unwrap_or_default()))
        .collect()
}

/// Somebody writes on the alert, so that the other side of it is told.
fn say(c: &Company, by: &Client, text: &str) {
    by.form(&format!("{}/message", c.alert_page()), &[("text", text)]).expect(303);
}

testkit::both_databases! {
    async fn an_endpoint_of_a_person_is_told_after_they_allow_it_and_what_they_may_see(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let api = c.server.key(&[KeyScope::Webhooks]).await;
        let (receiver, couriers) = (Receiver::start(), couriers());
        let (id, secret) = make(&api, json!({"name": "Desk", "url": receiver.url("/200/desk?key=s3cret"), "person": "lead0"}));
        let list = api.get("/api/v1/webhooks").expect(200);
        assert!(!list.text().contains("s3cret") && !list.text().contains("whsec_"), "{}", list.text());

        // Not before its person says so.
        let (leader, maya) = (c.browser("lead0").await, c.browser("p3").await);
        assert!(c.told("lead0").await.contains("Desk"), "asked");
        say(&c, &maya, "one");
        settle(app, &couriers).await;
        assert!(receiver.got().is_empty(), "{:?}", receiver.got());
        maya.form(&format!("/channels/{id}"), &[("do", "alone")]).expect(404);
        leader.form(&format!("/channels/{id}"), &[("do", "alone")]).expect(303);
        leader.get("/channels").expect(200).contains("On. Only you read it");
        say(&c, &maya, "Private: fifteen of forty");
        settle(app, &couriers).await;

        // The standard form: signed, and no more than the page's own sentence.
        let got = receiver.got();
        let [one] = &got[..] else { panic!("{got:#?}") };
        assert_eq!(one.path, "/200/desk?key=s3cret");
        let told = one.json();
        assert_eq!(told["type"], "notice.created");
        assert_eq!(told["data"]["text"], "P3 Example wrote about an alert");
        assert_eq!(told["data"]["url"], format!("{}{}", app.settings.public_url, c.alert_page()));
        assert!(!String::from_utf8_lossy(&one.body).contains("fifteen"), "the message stays on the server");
        let at: i64 = one.header("webhook-timestamp").parse().unwrap();
        let at = domain::time::Instant::from_micros(at * 1_000_000);
        let expected = connect::webhook::signatures(one.header("webhook-id"), at, &one.body, &[&secret]);
        assert_eq!(one.header("webhook-signature"), expected);
        assert!(one.header("webhook-id").starts_with("delivery_"));

        // Where others read too, only that there is something.
        leader.form(&format!("/channels/{id}"), &[("do", "others")]).expect(303);
        say(&c, &maya, "two");
        settle(app, &couriers).await;
        let told = receiver.got().last().unwrap().json();
        assert_eq!(told["data"]["text"], "There is something for you.");
        assert!(!told.to_string().contains("P3"), "{told}");

        // After a rotation both secrets sign for a day, then the new one alone.
        let rotated = api.post(&format!("/api/v1/webhooks/{id}/rotate"), &json!({})).expect(200).json();
        assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"));
        let signatures = |n: usize| receiver.got()[n].header("webhook-signature").split(' ').count();
        leader.form(&format!("/channels/{id}"), &[("do", "test")]).expect(303);
        settle(app, &couriers).await;
        c.server.advance(86_401);
        api.post(&format!("/api/v1/webhooks/{id}/test"), &json!({})).expect(202);
        settle(app, &couriers).await;
        assert_eq!((signatures(2), signatures(3)), (2, 1));
        assert_eq!(receiver.got()[3].json()["type"], "webhook.test");

        // Who no longer leads hears nothing more, not even what waited already.
        let maya = c.browser("p3").await;
        receiver.answers(Some(503));
        say(&c, &maya, "three");
        settle(app, &couriers).await;
        receiver.answers(None);
        let before = receiver.got().len();
        let mut moved = crate::harness::person("p3", Some("lead1"));
        moved.from = Some(app.today());
        app::people::import_persons(app, &host(WriteAssignment(())), vec![moved], false).await.unwrap();
        c.server.advance(3600);
        settle(app, &couriers).await;
        assert_eq!(receiver.got().len(), before, "nothing was sent");
        let last = states(app, &id).await.pop().unwrap();
        assert_eq!(last, (State::Withdrawn, "the alert no longer concerns this person".into()));
        // And one that its person stopped gets nothing.
        let leader = c.browser("lead0").await;
        leader.form(&format!("/channels/{id}"), &[("do", "stop")]).expect(303);
        api.post(&format!("/api/v1/webhooks/{id}/test"), &json!({})).expect(409);
        api.post(&format!("/api/v1/webhooks/{id}/replay"), &json!({})).expect(409);
    }

    async fn receivers_that_fail_lose_nothing_and_hold_up_nobody(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let api = c.server.key(&[KeyScope::Webhooks]).await;
        let (receiver, couriers) = (Receiver::start(), couriers());
        let ends = |name: &str| make(&api, json!({"name": name, "url": receiver.url(&format!("/{name}/x"))})).0;
        let (good, hang, fault, gone, busy) = (ends("200"), ends("hang"), ends("500"), ends("410"), ends("429"));
        let all = [&good, &hang, &fault, &gone, &busy];
        let test = |id: &str| api.post(&format!("/api/v1/webhooks/{id}/test"), &json!({})).expect(202);
        // Two each: order is kept behind one that fails.
        for id in all {
            test(id);
            test(id);
        }
        deliver(app, &couriers).await.unwrap();
        deliver(app, &couriers).await.unwrap();
        use State::*;
        let of = async |id: &str| states(app, id).await.into_iter().map(|s| s.0).collect::<Vec<_>>();
        assert_eq!(of(&good).await, [Sent, Sent], "nobody waits for the others");
        assert_eq!(of(&hang).await, [Waiting, Waiting]);
        assert_eq!(of(&fault).await, [Waiting, Waiting]);
        assert_eq!(of(&busy).await, [Waiting, Waiting]);
        assert_eq!(of(&gone).await, [Parked, Parked], "410 parks all of it");
        assert!(states(app, &hang).await[0].1.contains("no answer within"));
        let tries = |name: &str| receiver.got().iter().filter(|g| g.path == format!("/{name}/x")).count();
        assert_eq!((tries("hang"), tries("500"), tries("410"), tries("429")), (1, 1, 1, 1));
        // The endpoint that is no more is off, and whoever runs the installation is told.
        assert!(c.told("admin").await.contains("it says that it is no more"), "{}", c.told("admin").await);
        api.post(&format!("/api/v1/webhooks/{gone}/test"), &json!({})).expect(409);
        // 429 is asked again when it said, not before; 500 sooner.
        c.server.advance(120);
        deliver(app, &couriers).await.unwrap();
        assert_eq!((tries("500"), tries("429")), (2, 1));
        c.server.advance(481);
        deliver(app, &couriers).await.unwrap();
        assert_eq!(tries("429"), 2);

        // A clock that is set back a year holds up nothing for long, and one that is set forward gives up on nothing.
        c.server.advance(-365 * 86_400);
        let before = tries("500");
        deliver(app, &couriers).await.unwrap();
        assert_eq!(tries("500"), before + 1, "what seemed due next year is due");
        c.server.advance(2 * 365 * 86_400);
        deliver(app, &couriers).await.unwrap();
        assert_eq!(of(&fault).await, [Waiting, Waiting], "two years by the clock are no 75 hours of trying");

        // A server that dies in the middle of sending: the lease runs out, and it is sent again under the same id.
        let (app2, now) = (app.clone(), app.now());
        receiver.answers(Some(200));
        c.server.advance(86_400);
        let leased = app2.store.write(move |tx| -> app::Result<_> {
            let now = now.plus_seconds(86_400);
            Ok(store::outbox::lease(tx, &[domain::outbox::Kind::Webhook], now, now.plus_seconds(120), 100)?)
        }).await.unwrap();
        assert_eq!(leased.len(), 3, "the first of each target: {leased:#?}");
        assert_eq!(deliver(app, &couriers).await.unwrap(), 0, "they are held");
        c.server.advance(121);
        settle(app, &couriers).await;
        for id in [&hang, &fault, &busy] {
            assert_eq!(of(id).await, [Sent, Sent]);
        }
        let ids: Vec<String> = receiver.got().iter().filter(|g| g.path == "/500/x").map(|g| g.header("webhook-id").to_owned()).collect();
        let (first, second) = (ids.first().unwrap(), ids.last().unwrap());
        assert!(first != second && ids.iter().filter(|i| *i == second).count() == 1, "{ids:?}");
        assert!(ids.is_sorted(), "in the order in which they were queued: {ids:?}");
        // Once it is there again, what was parked can be sent, by the API or from the page.
        let again = api.post(&format!("/api/v1/webhooks/{gone}/replay"), &json!({})).expect(200).json();
        assert_eq!(again["again"], 2);
        settle(app, &couriers).await;
        assert_eq!(of(&gone).await, [Sent, Sent]);
        let log = api.get(&format!("/api/v1/webhooks/{gone}/deliveries")).expect(200).json();
        assert_eq!(log["deliveries"][1]["tries"][0]["outcome"], "gone", "{log}");
        let page = c.browser("admin").await.get("/deliveries").expect(200).text();
        assert!(page.contains("Everything has left") || page.contains("waits"), "{page}");
        assert!(page.contains("410 at 127.0.0.1"), "{page}");
    }

    async fn nothing_is_sent_to_addresses_that_are_not_public(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let api = c.server.key(&[KeyScope::Webhooks]).await;
        let receiver = Receiver::start();
        let strict = Couriers { mail: None, web: Http::new(Config::default()).unwrap() };
        let (id, _) = make(&api, json!({"name": "Inside", "url": receiver.url("/200/x")}));
        let (named, _) = make(&api, json!({"name": "Named", "url": format!("https://localhost:{}/x", receiver.port)}));
        for id in [&id, &named] {
            api.post(&format!("/api/v1/webhooks/{id}/test"), &json!({})).expect(202);
        }
        deliver(app, &strict).await.unwrap();
        assert!(receiver.got().is_empty());
        for id in [&id, &named] {
            let (state, why) = states(app, id).await.pop().unwrap();
            assert_eq!(state, State::Parked);
            assert!(why.contains("no public address") && why.contains("outbound.allow"), "{why}");
        }
        for bad in ["", "x", "file:///etc/passwd", "gopher://x/", "https://me:word@example.com/"] {
            let refused = api.post("/api/v1/webhooks", &json!({"name": "Bad", "url": bad})).expect(400);
            assert_eq!(refused.faults()[0].0, "url", "{bad}");
        }
        let refused = api.post("/api/v1/webhooks", &json!({"name": "", "url": "x", "person": "nobody"})).expect(400);
        assert_eq!(refused.faults().len(), 3, "{:?}", refused.faults());
    }

    async fn chats_get_blocks_and_cards_with_links_that_act_with_one_tap(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let api = c.server.key(&[KeyScope::Webhooks]).await;
        let (receiver, couriers) = (Receiver::start(), couriers());
        let leader = c.browser("lead0").await;
        for format in ["slack", "teams"] {
            let body = json!({"name": format, "url": receiver.url(&format!("/200/{format}")), "format": format, "person": "lead0"});
            let (id, _) = make(&api, body);
            leader.form(&format!("/channels/{id}"), &[("do", "alone")]).expect(303);
        }
        say(&c, &c.browser("p3").await, "one");
        settle(app, &couriers).await;
        let got = receiver.got();
        let by = |path: &str| got.iter().rfind(|g| g.path == path).unwrap().json();
        let (slack, teams) = (by("/200/slack"), by("/200/teams"));
        assert!(got.iter().all(|g| g.header("webhook-signature").is_empty()));
        let buttons = slack["blocks"].as_array().unwrap().iter().find(|b| b["type"] == "actions").unwrap()["elements"].clone();
        let words: Vec<&str> = buttons.as_array().unwrap().iter().map(|b| b["text"]["text"].as_str().unwrap()).collect();
        assert_eq!(words, ["Open", "I have seen it", "Not now, wait a week", "The data are wrong"]);
        let card = &teams["attachments"][0]["content"];
        assert_eq!((card["type"].as_str(), card["actions"].as_array().unwrap().len()), (Some("AdaptiveCard"), 4));

        // A scanner fetches every link, more than once: nothing changes.
        let taps: Vec<String> = buttons.as_array().unwrap()[1..].iter().map(|b| {
            b["url"].as_str().unwrap().strip_prefix(&app.settings.public_url).unwrap().to_owned()
        }).collect();
        let anyone = c.server.anonymous();
        let alert = || {
            let id = c.alert;
            app.store.read(move |r| -> app::Result<_> { Ok(store::alerts::alert(r, id)?.unwrap()) })
        };
        let before = alert().await.unwrap();
        for tap in taps.iter().chain(&taps) {
            let page = anyone.get(tap).expect(200);
            assert!(!page.text().contains("P3") && page.text().contains("Successful calls"), "{}", page.text());
            assert_eq!(page.header("cache-control"), "no-store");
            anyone.send("HEAD", tap, &[], b"");
        }
        assert_eq!(alert().await.unwrap(), before);
        // The button acts, as the person and with their rights of now; twice is as once.
        anyone.form(&taps[1], &[]).expect(200).contains("It waits a week");
        anyone.form(&taps[1], &[]).expect(200);
        assert_eq!(alert().await.unwrap().snoozed_until, Some(app.today().plus(7)));
        let refused = anyone.form(&taps[2], &[]).expect(400);
        assert!(refused.text().contains("what is wrong"), "{}", refused.text());
        anyone.form(&taps[2], &[("note", "the call system was down")]).expect(200).contains("held until");
        assert_eq!(alert().await.unwrap().answer, Some(domain::alerts::Answer::DataWrong));
        // A damaged link, another's link and one that has ended do nothing.
        let damaged = format!("{}A", &taps[0][..taps[0].len() - 1]);
        for bad in [damaged.as_str(), "/tap/x", "/tap/AAAA"] {
            anyone.get(bad).expect(404);
            anyone.form(bad, &[]).expect(404);
        }
        app::access::disable(app, host(WriteAssignment(())), "lead0").await.unwrap();
        anyone.form(&taps[0], &[]).expect(403);
        c.server.advance(15 * 86_400);
        anyone.get(&taps[0]).expect(404);
        anyone.form(&taps[0], &[]).expect(404);
    }
}
