//! Mail from an alert to the mailbox, through the outbox and a real SMTP server.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use app::outbox::log::{self, Wanted};
use app::outbox::{Couriers, deliver, state};
use connect::mail::{Config, Mailer, Tls};
use domain::access::{ReadDeliveries, ReplayDeliveries};
use domain::outbox::State;
use store::Store;

use crate::company::Company;
use crate::harness::{Server, host};

/// A running `smtp_sink.py` of `connect`; it ends with this value.
pub(crate) struct Sink {
    child: Child,
    pub(crate) port: u16,
    folder: testkit::TempDir,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let python = std::env::var("THROUGHLINE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let folder = testkit::TempDir::new();
        let mut child = Command::new(&python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../connect/tests/smtp_sink.py"))
            .arg("--out")
            .arg(folder.path().join("letters"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("{python} does not start ({e}): run the tests with `cargo xtask test`")
            });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("ready ").and_then(|p| p.parse().ok()).unwrap_or_else(|| {
            panic!("the SMTP server of the tests did not start: `cargo xtask test` installs aiosmtpd for {python}")
        });
        Self { child, port, folder }
    }

    fn couriers(&self) -> Couriers {
        couriers(self.port)
    }

    /// Receiver and text of every letter that was taken, in order.
    pub(crate) fn letters(&self) -> Vec<(String, String)> {
        let kept = std::fs::read_to_string(self.folder.path().join("letters")).unwrap_or_default();
        kept.lines()
            .map(|line| {
                let letter: serde_json::Value = serde_json::from_str(line).unwrap();
                // Soft line breaks of quoted-printable are no part of the text.
                let text = letter["data"].as_str().unwrap().replace("=\r\n", "");
                (letter["to"][0].as_str().unwrap().to_owned(), text)
            })
            .collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mailer(port: u16) -> Mailer {
    Mailer::connect(&Config {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        credentials: None,
        from: "Throughline <throughline@northwind.example>".into(),
        hello: Some("throughline.northwind.example".into()),
        authorities: None,
        timeout: Duration::from_secs(10),
    })
    .unwrap()
}

fn couriers(port: u16) -> Couriers {
    Couriers { mail: Some(mailer(port)), web: connect::http::Client::new(Default::default()).unwrap() }
}

/// The delivery log, newest first.
async fn logged(app: &app::App, wanted: Wanted) -> Vec<log::Logged> {
    log::read(app, host(ReadDeliveries(())), wanted, 100).await.unwrap().deliveries
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

testkit::both_databases! {
    async fn an_alert_reaches_the_two_mailboxes_and_says_no_more_than_it_should(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let sink = Sink::start();
        assert_eq!(state(app).await.unwrap().waiting, 2);
        assert_eq!(deliver(app, &Couriers { mail: None, ..sink.couriers() }).await.unwrap(), 0, "without a mail server everything waits");
        assert_eq!(deliver(app, &sink.couriers()).await.unwrap(), 2);
        assert_eq!(deliver(app, &sink.couriers()).await.unwrap(), 0, "once each");
        let mut letters = sink.letters();
        letters.sort();
        let [(leaders, to_leader), (mayas, to_maya)] = &letters[..] else { panic!("{letters:#?}") };
        assert_eq!((leaders.as_str(), mayas.as_str()), ("lead0@northwind.example", "p3@northwind.example"));
        assert!(to_maya.contains("Subject: Successful calls: lower than usual"), "{to_maya}");
        assert!(to_leader.contains("Subject: Successful calls: lower than usual for P3 Example"), "{to_leader}");
        let link = format!("{}{}", app.settings.public_url, c.alert_page());
        for (who, text) in [("P3 Example", to_maya), ("Lead0 Example", to_leader)] {
            assert!(text.contains(&format!("Hello {who},")), "{text}");
            assert!(text.contains(&link), "{text}");
            // Links instead of values: a mailbox is not as well kept as the page.
            let body = text.split("\r\n\r\n").skip(1).collect::<Vec<_>>().join("\n").replace(&link, "");
            let taps = format!("{}/tap/", app.settings.public_url);
            assert_eq!(body.matches(&taps).count(), if who == "P3 Example" { 2 } else { 3 }, "{body}");
            let body: String = body.lines().filter(|l| !l.starts_with(&taps)).collect();
            let body = body.replace("P3", "").replace("Lead0", "");
            assert!(!body.chars().any(|x| x.is_ascii_digit()), "{body}");
        }
        assert!(!to_maya.contains("Lead0"), "{to_maya}");
        // Where the link leads, its two receivers may go, and nobody whom it is forwarded to.
        for (code, status) in [("p3", 200), ("lead0", 200), ("p4", 403), ("boss", 403)] {
            c.browser(code).await.get(&c.alert_page()).expect(status);
        }

        // What they do next goes out the same way, in the order in which it happened.
        let leader = c.browser("lead0").await;
        let talk = c.talk(&leader);
        leader.form(&format!("{talk}/message"), &[("text", "Private: 15 instead of 40")]).expect(303);
        while deliver(app, &sink.couriers()).await.unwrap() > 0 {}
        let subjects: Vec<String> = sink.letters().into_iter().skip(2).map(|(to, text)| {
            assert_eq!(to, "p3@northwind.example");
            assert!(!text.contains("instead of 40"), "the message stays on the server");
            text.lines().find_map(|l| l.strip_prefix("Subject: ").map(str::to_owned)).unwrap()
        }).collect();
        assert_eq!(subjects, ["Lead0 Example opened a talk about successful calls", "Lead0 Example wrote in your talk"]);
    }

    async fn while_the_mail_server_is_down_mail_waits_and_then_goes(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let down = couriers(closed_port());
        assert_eq!(deliver(app, &down).await.unwrap(), 2);
        let queue = state(app).await.unwrap();
        assert_eq!((queue.waiting, queue.parked), (2, 0));
        assert!(queue.last_error.is_some());
        assert_eq!(deliver(app, &down).await.unwrap(), 0, "not at once again");
        c.server.advance(domain::outbox::wait_after(1));
        assert_eq!(deliver(app, &down).await.unwrap(), 2, "again after a while");
        c.server.advance(domain::outbox::wait_after(2));
        let sink = Sink::start();
        assert_eq!(deliver(app, &sink.couriers()).await.unwrap(), 2);
        assert_eq!(sink.letters().len(), 2);
        assert_eq!(state(app).await.unwrap(), store::outbox::Queue::default());
    }

    async fn a_mail_server_that_is_down_for_a_day_loses_nothing_and_nothing_is_said_twice(store: Store) {
        let c = Company::start(store).await;
        let app = &c.server.app;
        let down = couriers(closed_port());
        for hour in 0..24 {
            if hour == 3 {
                let leader = c.browser("lead0").await;
                let talk = c.talk(&leader);
                leader.form(&format!("{talk}/message"), &[("text", "three hours later")]).expect(303);
            }
            // The same evaluation comes round again and again meanwhile, as a restart would have it.
            app::alerts::new_day(app).await.unwrap();
            app::pipeline::settle(app).await.unwrap();
            deliver(app, &down).await.unwrap();
            c.server.advance(3600);
        }
        let queue = state(app).await.unwrap();
        assert_eq!((queue.waiting, queue.parked), (4, 0), "{queue:?}");
        // The log says what was tried and why it did not go.
        let tried = logged(app, Wanted { state: Some(State::Waiting), ..Wanted::default() }).await;
        assert!(tried.iter().filter(|l| l.tries.len() >= 5).count() == 2, "the first of each mailbox: {tried:#?}");
        assert!(tried.iter().flat_map(|l| &l.tries).all(|t| t.outcome == "later" && !t.words.is_empty()));
        c.browser("admin").await.get("/deliveries").expect(200).contains("Tried again");
        // It is there again, and breaks off once more in the middle: a lease that nobody ends runs out.
        let sink = Sink::start();
        c.server.advance(4 * 3600);
        let now = app.now();
        let held = app.store.write(move |tx| -> app::Result<_> {
            Ok(store::outbox::lease(tx, &[domain::outbox::Kind::Mail], now, now.plus_seconds(120), 1)?)
        }).await.unwrap();
        assert_eq!(held.len(), 1);
        deliver(app, &sink.couriers()).await.unwrap();
        c.server.advance(121);
        while deliver(app, &sink.couriers()).await.unwrap() > 0 {}
        let letters = sink.letters();
        let mut subjects: Vec<(String, String)> = letters.iter().map(|(to, text)| {
            (to.clone(), text.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap().to_owned())
        }).collect();
        let mayas: Vec<&str> = subjects.iter().filter(|s| s.0.starts_with("p3")).map(|s| s.1.as_str()).collect();
        assert_eq!(mayas, [
            "Successful calls: lower than usual",
            "Lead0 Example opened a talk about successful calls",
            "Lead0 Example wrote in your talk",
        ], "in the order in which it happened");
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), letters.len(), "nothing twice: {subjects:?}");
        assert_eq!(letters.len(), 4);
        assert_eq!(state(app).await.unwrap(), store::outbox::Queue::default());
    }

    async fn a_server_that_is_killed_between_evaluation_and_notice_tells_once(store: Store) {
        let settings = app::Settings { grace_hours: 24, ..crate::harness::settings() };
        let server = Server::start_with(store, settings, web::Options::default()).await;
        let c = Company::start_with(server, |_| None).await;
        let first = &c.server.app;
        // Killed: nothing of it was in memory only. Another server over the same database goes on.
        let again = || app::App::new(first.store.clone(), first.clock.clone(), app::Ids::random().unwrap(), (*first.settings).clone());
        let second = again();
        app::alerts::new_day(&second).await.unwrap();
        app::pipeline::settle(&second).await.unwrap();
        let sink = Sink::start();
        while deliver(&second, &sink.couriers()).await.unwrap() > 0 {}
        assert_eq!(sink.letters().len(), 1, "the person alone, once");
        c.server.advance(25 * 3600);
        let third = again();
        assert_eq!(app::attention::tell_who_waits(&third).await.unwrap(), 1);
        assert_eq!(app::attention::tell_who_waits(&again()).await.unwrap(), 0);
        app::pipeline::settle(&third).await.unwrap();
        while deliver(&third, &sink.couriers()).await.unwrap() > 0 {}
        let to: Vec<String> = sink.letters().into_iter().map(|l| l.0).collect();
        assert_eq!(to, ["p3@northwind.example", "lead0@northwind.example"]);
    }

    async fn what_is_refused_for_good_is_parked_and_the_rest_goes_on(store: Store) {
        let server = Server::start(store).await;
        let c = Company::start_with(server, |code| match code {
            "lead0" => Some("refused@northwind.example"),
            "p3" => Some("later@northwind.example"),
            _ => None,
        })
        .await;
        let app = &c.server.app;
        let sink = Sink::start();
        assert_eq!(deliver(app, &sink.couriers()).await.unwrap(), 2);
        let queue = state(app).await.unwrap();
        assert_eq!((queue.waiting, queue.parked), (1, 1), "refused is parked, greylisted is tried again");
        let parked = logged(app, Wanted { state: Some(State::Parked), ..Wanted::default() }).await;
        assert!(parked[0].delivery.last_error.as_deref().unwrap().contains("No such person here"), "{parked:?}");
        let health = c.browser("admin").await.get("/health").expect(200);
        assert!(health.text().contains("No such person here"), "{}", health.text());
        // Once the address is right again, it can be sent once more.
        log::replay(app, &host(ReplayDeliveries(())), parked[0].delivery.id).await.unwrap();
        assert_eq!(state(app).await.unwrap().parked, 0);
        // Greylisted for 75 hours is parked as well, never dropped.
        for _ in 0..60 {
            c.server.advance(4 * 3600);
            deliver(app, &sink.couriers()).await.unwrap();
        }
        let queue = state(app).await.unwrap();
        assert_eq!((queue.waiting, queue.parked), (0, 2), "{queue:?}");
        assert!(sink.letters().is_empty());
    }
}
