//! What is broken, hostile or absurd is refused with 4xx at every route that takes something, and changes nothing.
//!
//! The walk reads the route table, so a new route is in it from its first day. [`FIELDS`] adds to the general corpus what a
//! form takes and what must not pass for each of its fields.

use domain::access::KeyScope;
use store::Store;
use web::routes::{May, RouteInfo};

use crate::company::Company;
use crate::harness::{Answer, Client, Server};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Forms that do something without a body: whatever comes with them is not read.
const WITHOUT_BODY: &[&str] = &[
    "/people/imports/{id}/apply",
    "/people/imports/{id}/withdraw",
    "/sign-out",
    "/notifications/seen",
    "/alerts/{id}/talk",
    "/sessions/{id}/agree",
    "/me/sessions/end",
    "/erasures/{id}/apply",
    "/erasures/{id}/withdraw",
    "/alerts/{id}/hand",
    "/alerts/{id}/undo",
    "/silences/{id}/end",
    "/studies/{id}/lock",
    "/accounts/{id}/release",
    "/forwarding/{id}/again",
    "/forwarding/{id}/end",
    "/keys/{id}/end",
    "/deliveries/{id}/replay",
    "/api/v1/webhooks/{id}/rotate",
    "/api/v1/webhooks/{id}/test",
    "/api/v1/webhooks/{id}/replay",
];

const DAYS: &[&str] = &[
    "2026-02-30",
    "2026-13-01",
    "0000-00-00",
    "-1",
    "tomorrow",
    "99999999-01-01",
    "2026-01-01T00:00:00Z",
    "NaN",
];
const NUMBERS: &[&str] =
    &["", "NaN", "inf", "-Infinity", "1e999", "1e300", "0x10", "1,2,3", "--5", "five", "1_000", "٣"];
const IDS: &[&str] = &[
    "",
    "x",
    "person_00000000000000000000000000",
    "support_",
    "support_zzzz",
    "support_00000000000000000000000000",
    "'; DROP TABLE person",
    "0",
];
const CHOICES: &[&str] = &["", "x", "NaN", "null", "TAKE", "know\n"];
const NO_LINES: &[&str] = &["", "  ", "a\u{0}b", "a\u{7}b", "\u{1b}[31mred"];

/// A form: what passes, and for each field what must not.
type Fields = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static [&'static str])],
);

const FIELDS: &[Fields] = &[
    (
        "/people/{person}/metrics/{metric}/commitment",
        &[("level", "42"), ("why", "agreed")],
        &[("level", NUMBERS), ("why", NO_LINES)],
    ),
    (
        "/people/{person}/metrics/{metric}/target",
        &[("level", "42"), ("tolerance", "2"), ("why", "agreed")],
        &[("level", NUMBERS), ("tolerance", &["NaN", "-1", "inf", "1e300", "x"]), ("why", NO_LINES)],
    ),
    (
        "/alerts/{id}/answer",
        &[("answer", "wrong"), ("text", "x")],
        &[("answer", CHOICES), ("text", NO_LINES)],
    ),
    ("/alerts/{id}/wait", &[("until", "2026-03-25"), ("why", "x")], &[("until", DAYS), ("why", NO_LINES)]),
    ("/alerts/{id}/wrong", &[("text", "x")], &[("text", NO_LINES)]),
    ("/alerts/{id}/accept", &[("why", "x")], &[("why", NO_LINES)]),
    ("/alerts/{id}/propose", &[("support", "")], &[("support", IDS)]),
    ("/alerts/{id}/message", &[("text", "x")], &[("text", NO_LINES)]),
    ("/sessions/{id}/point", &[("text", "x")], &[("text", NO_LINES)]),
    ("/sessions/{id}/message", &[("text", "x")], &[("text", NO_LINES)]),
    ("/sessions/{id}/propose", &[("support", "")], &[("support", IDS)]),
    ("/sessions/{id}/check", &[("outcome", "continue")], &[("outcome", CHOICES)]),
    (
        "/sessions/{id}/record",
        &[
            ("going_on", "x"),
            ("we_try", "y"),
            ("who", "person"),
            ("by", ""),
            ("look_again", "2026-04-15"),
            ("do", "save"),
        ],
        &[
            ("going_on", NO_LINES),
            ("we_try", NO_LINES),
            ("by", DAYS),
            ("look_again", DAYS),
            ("who", &["nobody", "x"]),
            ("do", &["publish"]),
        ],
    ),
    (
        "/proposals/{id}/answer",
        &[("answer", "take"), ("reason", "")],
        &[("answer", CHOICES), ("reason", &["a\u{0}b"])],
    ),
    ("/me/erasure", &[("why", "I leave")], &[("why", NO_LINES)]),
    (
        "/erasures",
        &[("person", "p3"), ("why", "They leave")],
        &[("person", &["", "nobody"]), ("why", NO_LINES)],
    ),
    ("/me/password", &[("old", "x"), ("new", "y")], &[("new", &["", "short", "a\u{0}b"])]),
];

/// Bodies that no route takes, each under its content type.
fn corpus() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let text = |name, kind, body: &str| (name, kind, body.as_bytes().to_vec());
    let mut all = vec![
        text("nothing", JSON, ""),
        text("nothing", FORM, "nothing=here"),
        text("half an object", JSON, "{\"name\": "),
        text("half a list", JSON, "[1, 2"),
        text("no JSON", JSON, "nul"),
        text("a form as JSON", JSON, "name=x"),
        text("JSON as a form", FORM, "{\"text\":\"x\"}"),
        text("a key twice", JSON, "{\"name\":\"a\",\"name\":\"b\"}"),
        text(
            "a field twice",
            FORM,
            "text=a&text=b&answer=a&answer=b&support=a&support=b&level=1&level=1&why=a&why=b&until=1&until=1&outcome=1&outcome=1&old=1&old=1",
        ),
        text("unknown keys", JSON, "{\"__proto__\":{},\"colour\":\"red\"}"),
        text("an unknown field", FORM, "text=x&why=x&colour=red"),
        text("wrong types", JSON, "{\"name\":{\"a\":[]},\"scopes\":5,\"text\":null}"),
        text("a number", JSON, "5"),
        text("a list of lists", JSON, "[[[]],{}]"),
        text("not a number", JSON, "{\"level\":NaN}"),
        text("infinite", JSON, "{\"level\":1e999,\"expires\":\"2026-02-30T25:00:00Z\"}"),
        text(
            "a huge integer",
            JSON,
            "{\"level\":123456789012345678901234567890123456789012345678901234567890}",
        ),
        text("a NUL", JSON, "{\"name\":\"a\\u0000b\",\"scopes\":[\"metrics\"]}"),
        text("half a surrogate", JSON, "{\"name\":\"\\ud800\",\"scopes\":[\"metrics\"]}"),
        text("control characters in a form", FORM, "text=%00%07&why=%00"),
        text("broken percent signs", FORM, "%=%zz&%%%&text=%u0041"),
        ("bytes that are no text", JSON, vec![0xff, 0xfe, 0x00, 0x7b, 0x7d]),
        ("bytes that are no text", FORM, vec![0x74, 0x3d, 0xff, 0xfe, 0x00]),
        ("deeply nested", JSON, b"[".repeat(50_000)),
        text("a spreadsheet", "text/csv", "a;b\n1;2\n"),
        text("no content type that is known", "x/y; charset=;;", "text=x"),
        text(
            "a file",
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nx\r\n--b--\r\n",
        ),
        text("an empty content type", "", "text=x"),
    ];
    all.push(("many fields", FORM, "a=1&".repeat(8_000).into_bytes()));
    all
}

/// The address of a route, with ids that are there.
struct Ids {
    person: String,
    metric: String,
    alert: String,
    session: String,
    proposal: String,
    key: String,
}

impl Ids {
    fn address(&self, path: &str) -> String {
        let id = match path.split('/').nth(1) {
            Some("alerts") => &self.alert,
            Some("sessions") => &self.session,
            Some("proposals") => &self.proposal,
            Some("api") => &self.key,
            _ => "nothing",
        };
        let path = path.replace("{person}", &self.person).replace("{metric}", &self.metric);
        let mut full = path.replace("{id}", id);
        while let Some(start) = full.find('{') {
            let end = full[start..].find('}').expect("a closing brace") + start;
            full.replace_range(start..=end, "nothing");
        }
        full
    }
}

struct Walk {
    company: Company,
    ids: Ids,
    /// Who is let in, of each kind.
    people: Vec<Client>,
    machine: Client,
    wrong: Vec<String>,
    asked: usize,
}

impl Walk {
    async fn start(store: Store) -> Self {
        let company = Company::start(store).await;
        let (maya, leader, admin) =
            (company.browser("p3").await, company.browser("lead0").await, company.browser("admin").await);
        // Seen already, so that a page shown with its faults changes nothing.
        for who in [&maya, &leader] {
            who.get(&company.alert_page()).expect(200);
        }
        let session = company.talk(&leader);
        leader
            .form(&format!("{}/propose", company.alert_page()), &[("support", &company.aid.to_string())])
            .expect(303);
        let today = maya.get("/today").expect(200).text();
        let at = today.find("/proposals/").expect("a proposal") + "/proposals/".len();
        let machine = company.server.key(KeyScope::ALL).await;
        let keys = admin.get("/api/v1/keys").expect(200).json();
        let ids = Ids {
            person: company.maya.to_string(),
            metric: company.metric.to_string(),
            alert: company.alert.to_string(),
            session: session.trim_start_matches("/sessions/").to_owned(),
            proposal: today[at..].split('/').next().unwrap().to_owned(),
            key: keys["keys"][0]["id"].as_str().unwrap().to_owned(),
        };
        Self { company, ids, people: vec![maya, leader, admin], machine, wrong: Vec::new(), asked: 0 }
    }

    fn clients(&self, may: May) -> Vec<Client> {
        match may {
            May::Anyone => vec![self.company.server.anonymous(), self.people[0].clone()],
            May::Key => vec![self.machine.clone()],
            May::PersonOrKey => self.people.iter().chain([&self.machine]).cloned().collect(),
            May::Person => self.people.clone(),
        }
    }

    fn check(&mut self, what: &str, route: &RouteInfo, answer: &Answer, fine: impl Fn(u16) -> bool) {
        self.asked += 1;
        if !fine(answer.status) {
            let text: String = answer.text().chars().take(300).collect();
            self.wrong.push(format!("{} {}: {what}: {} {text}", route.method, route.path, answer.status));
        }
    }

    fn end(&self) {
        assert!(
            self.wrong.is_empty(),
            "{} of {} requests:\n{}",
            self.wrong.len(),
            self.asked,
            self.wrong.join("\n")
        );
    }
}

fn refused(status: u16) -> bool {
    (400..500).contains(&status)
}

fn taking() -> impl Iterator<Item = &'static RouteInfo> {
    web::routes::all().iter().filter(|r| r.method.as_str() != "GET")
}

testkit::both_databases! {
    async fn nothing_broken_is_taken_anywhere(store: Store) {
        let mut walk = Walk::start(store).await;
        let before = walk.company.counts().await;
        for route in taking().filter(|r| r.method.as_str() != "DELETE" && !WITHOUT_BODY.contains(&r.path)) {
            let address = walk.ids.address(route.path);
            for client in walk.clients(route.may) {
                for (name, kind, body) in corpus() {
                    let headers = [("Content-Type", kind), ("X-Experience-API-Version", if route.path.starts_with("/xapi") { "1.0.3" } else { "" })];
                    let answer = client.send(route.method.as_str(), &address, &headers, &body);
                    walk.check(name, route, &answer, refused);
                }
            }
            let after = walk.company.counts().await;
            assert_eq!(before, after, "{} {} changed something", route.method, route.path);
        }
        walk.end();
    }

    async fn every_field_of_a_form_has_its_bounds(store: Store) {
        let mut walk = Walk::start(store).await;
        let before = walk.company.counts().await;
        for (path, good, bad) in FIELDS {
            let route = taking().find(|r| r.path == *path).unwrap_or_else(|| panic!("no route {path}; take it out of FIELDS"));
            let address = walk.ids.address(path);
            let long = "x".repeat(5_000);
            for (field, values) in *bad {
                for value in values.iter().copied().chain([long.as_str()]) {
                    let fields: Vec<(&str, &str)> =
                        good.iter().map(|&(n, v)| if n == *field { (n, value) } else { (n, v) }).collect();
                    for client in walk.clients(route.may) {
                        let answer = client.form(&address, &fields);
                        let shown: String = value.chars().take(40).collect();
                        walk.check(&format!("{field} = {shown:?}"), route, &answer, refused);
                    }
                }
            }
            // A field that nobody knows spoils a form that is good otherwise.
            let mut more = good.to_vec();
            more.push(("colour", "red"));
            for client in walk.clients(route.may) {
                let answer = client.form(&address, &more);
                walk.check("an unknown field", route, &answer, refused);
            }
            assert_eq!(before, walk.company.counts().await, "{path} changed something");
        }
        walk.end();
    }

    async fn ids_that_are_none_and_bodies_that_are_too_large(store: Store) {
        let mut walk = Walk::start(store).await;
        let before = walk.company.counts().await;
        let made_up = [
            "x", "0", "-1", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "alert_00000000000000000000000000",
            "session_7zzzzzzzzzzzzzzzzzzzzzzzzz", "alert_8zzzzzzzzzzzzzzzzzzzzzzzzz", "%27%20OR%201%3D1", "NaN",
        ];
        for route in web::routes::all().iter().filter(|r| r.path.contains('{') && r.path != "/assets/{name}") {
            for id in made_up.iter().map(|s| (*s).to_owned()).chain(["a".repeat(3_000)]) {
                let mut address = route.path.to_owned();
                while let Some(start) = address.find('{') {
                    let end = address[start..].find('}').expect("a closing brace") + start;
                    address.replace_range(start..=end, &id);
                }
                for client in walk.clients(route.may) {
                    let answer = client.send(route.method.as_str(), &address, &[("Content-Type", FORM)], b"");
                    walk.check(&id, route, &answer, refused);
                }
            }
        }
        for route in taking().filter(|r| !WITHOUT_BODY.contains(&r.path) && r.method.as_str() != "DELETE") {
            let address = walk.ids.address(route.path);
            let body = b"a".repeat(route.limit + 1);
            let client = walk.clients(route.may).remove(0);
            let answer = client.send(route.method.as_str(), &address, &[("Content-Type", FORM)], &body);
            // Too large counts for whoever may ask at all; others hear that first.
            walk.check("too large", route, &answer, |s| s == 413);
        }
        assert_eq!(before, walk.company.counts().await);
        walk.end();
    }

    async fn no_question_breaks_a_page(store: Store) {
        let mut walk = Walk::start(store).await;
        let questions = [
            "weeks=NaN", "weeks=-1", "weeks=99999999999", "weeks=52&weeks=26", "by=%00", "by=x", "answer=%00", "answer=x",
            "%ff=%fe", "a=1", "=", "&&&", "weeks", "next=//evil.example", "token=%00", "q=%00", "since=2026-02-30", "limit=1e99",
        ];
        for route in web::routes::all().iter().filter(|r| r.method.as_str() == "GET" && r.path != "/live") {
            let address = walk.ids.address(route.path);
            for question in questions {
                for client in walk.clients(route.may) {
                    let answer = client.get(&format!("{address}?{question}"));
                    walk.check(question, route, &answer, |s| s < 500);
                }
            }
        }
        walk.end();
    }
}

/// Bombs at the door of statements: small to send, large to read.
fn bombs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let part = "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: 00\r\n\r\nx\r\n";
    let parts =
        format!("--b\r\nContent-Type: application/json\r\n\r\n[]\r\n{}--b--\r\n", part.repeat(10_000));
    let statement = |result: &str| {
        format!(
            "{{\"actor\":{{\"mbox\":\"mailto:a@b.example\"}},\"verb\":{{\"id\":\"http://v.example/did\"}},\
             \"object\":{{\"id\":\"http://a.example/1\"}},\"result\":{{\"score\":{{\"raw\":{result}}}}}}}"
        )
        .into_bytes()
    };
    // Ten bytes of a gzip header and what no gzip holds: nothing here is unpacked, so it is no text.
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xed; 4_096]].concat();
    vec![
        ("ten thousand parts", "multipart/mixed; boundary=b", parts.into_bytes()),
        ("a packed body", JSON, packed),
        ("a bomb of brackets", JSON, b"[".repeat(1 << 20)),
        ("a bomb of objects", JSON, b"{\"a\":".repeat(1 << 18)),
        ("a number beyond a double", JSON, statement(&format!("1{}", "0".repeat(400)))),
        ("an exponent beyond everything", JSON, statement("1e999999999999999999999")),
        ("half a surrogate", JSON, statement("\"\\udfff\"")),
        ("a NUL between", JSON, b"[\0]".to_vec()),
        ("a byte order mark", JSON, b"\xef\xbb\xbf[]".to_vec()),
        ("no text", JSON, b"[\"\xc3\x28\"]".to_vec()),
    ]
}

testkit::both_databases! {
    async fn bombs_at_the_door_of_statements_are_refused_with_their_place(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[domain::access::KeyScope::All]).await;
        for version in ["1.0.3", "2.0.0"] {
            for (what, kind, body) in bombs() {
                for encoding in ["", "gzip"] {
                    let headers =
                        [("Content-Type", kind), ("X-Experience-API-Version", version), ("Content-Encoding", encoding)];
                    let answer = lms.send("POST", "/xapi/statements", &headers, &body);
                    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
                    if answer.status == 400 {
                        let told = answer.json();
                        let faults = told["errors"].as_array().expect("faults");
                        let placed = |f: &serde_json::Value| f["path"].as_str().is_some_and(|path| !path.is_empty());
                        assert!(faults.iter().all(placed) && !faults.is_empty(), "{what}: {told}");
                    }
                }
            }
        }
    }
}
