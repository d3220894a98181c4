//! A real server on a real socket, a small HTTP client, and a small organisation to ask for.
//!
//! ```text
//! testkit::both_databases! {
//!     async fn a_leader_sees_the_team(store: Store) {
//!         let server = Server::start(store).await;
//!         let org = server.org().await;
//!         let daniel = server.sign_in_as(org.leader).await;
//!         daniel.get("/team").expect(200).contains("Maya");
//!     }
//! }
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use app::access::NewKey;
use app::people::PersonRow;
use app::{App, Clock, Ids, Settings};
use base64::Engine;
use domain::access::{AccessRole, Asked, KeyScope, Permit, Relation, Who, WriteAssignment, WriteKey, permit};
use domain::ids::PersonId;
use domain::time::{Day, Instant};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The moment at which the clock of a test server stands: a Wednesday morning.
pub(crate) const NOW: &str = "2026-03-18T09:00:00Z";

/// A running server.
pub(crate) struct Server {
    /// Its use cases, to bring about what a test needs.
    pub(crate) app: App,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

/// Settings of a server that is no demo.
pub(crate) fn settings() -> Settings {
    Settings { name: "Northwind Advisors".into(), ..Settings::default() }
}

impl Server {
    /// A server over a fresh database.
    pub(crate) async fn start(store: Store) -> Self {
        Self::start_with(store, settings(), web::Options::default()).await
    }

    /// A server with settings and limits of its own.
    pub(crate) async fn start_with(store: Store, settings: Settings, options: web::Options) -> Self {
        let now: Instant = NOW.parse().unwrap();
        let app = App::new(store, Clock::at(now), Ids::seeded(7), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = app.clone();
        tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            web::serve(running, listener, options, stopped).await.unwrap();
        });
        Self { app, address, stop: Some(stop) }
    }

    /// Tells the server to stop, as SIGTERM does.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Moves the clock by seconds.
    pub(crate) fn advance(&self, seconds: i64) {
        self.app.clock.set(self.app.now().plus_seconds(seconds));
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Client {
        Client { address: self.address, credential: Credential::None }
    }

    /// A browser in which a person is signed in.
    pub(crate) async fn sign_in_as(&self, person: PersonId) -> Client {
        let token = app::access::open_session(&self.app, person).await.unwrap();
        Client { address: self.address, credential: Credential::Cookie(format!("throughline={token}")) }
    }

    /// A machine with a new key.
    pub(crate) async fn key(&self, scopes: &[KeyScope]) -> Client {
        let (key, secret) = self.key_pair(scopes).await;
        self.anonymous().with_basic(&key, &secret)
    }

    /// A new key and its secret, for clients that are not ours.
    pub(crate) async fn key_pair(&self, scopes: &[KeyScope]) -> (String, String) {
        let new = NewKey {
            name: "Test".into(),
            scopes: scopes.iter().copied().collect(),
            expires: None,
            actors: None,
        };
        let (key, secret) = app::access::create_key(&self.app, host(WriteKey(())), new).await.unwrap();
        (key.key, secret)
    }

    /// Adds people; see [`person`].
    pub(crate) async fn people(&self, rows: Vec<PersonRow>) {
        app::people::import_persons(&self.app, &host(WriteAssignment(())), rows, false).await.unwrap();
    }

    /// The id of a person by their code.
    pub(crate) async fn id_of(&self, code: &'static str) -> PersonId {
        let found = self
            .app
            .store
            .read(move |r| -> app::Result<_> { Ok(store::people::person_by_code(r, code)?) })
            .await
            .unwrap();
        found.unwrap_or_else(|| panic!("no person {code}")).id
    }

    /// A small organisation with somebody for every column of the access matrix.
    pub(crate) async fn org(&self) -> Org {
        let persons = [
            "top",
            "leader",
            "member",
            "peer",
            "other-leader",
            "other",
            "exec",
            "analyst",
            "author",
            "admin",
            "privacy",
        ];
        let leads = |code: &str| match code {
            "leader" | "other-leader" => Some("top"),
            "member" | "peer" => Some("leader"),
            "other" => Some("other-leader"),
            _ => None,
        };
        let mut rows: Vec<PersonRow> = persons.iter().map(|code| person(code, leads(code))).collect();
        rows.push(person("gone", Some("leader")));
        app::people::import_units(
            &self.app,
            &host(WriteAssignment(())),
            vec![app::people::UnitRow {
                line: 2,
                code: "B-01".into(),
                name: Some("Harbour Street".into()),
                kind: Some("branch".into()),
                ..Default::default()
            }],
            false,
        )
        .await
        .unwrap();
        self.people(rows).await;
        for (code, role) in [
            ("exec", AccessRole::Executive),
            ("analyst", AccessRole::Analyst),
            ("author", AccessRole::Author),
            ("admin", AccessRole::Admin),
            ("privacy", AccessRole::Privacy),
        ] {
            app::access::give_role(&self.app, host(WriteAssignment(())), code, role).await.unwrap();
        }
        Org {
            top: self.id_of("top").await,
            leader: self.id_of("leader").await,
            member: self.id_of("member").await,
            peer: self.id_of("peer").await,
            other_leader: self.id_of("other-leader").await,
            other: self.id_of("other").await,
            exec: self.id_of("exec").await,
            analyst: self.id_of("analyst").await,
            author: self.id_of("author").await,
            admin: self.id_of("admin").await,
            privacy: self.id_of("privacy").await,
            gone: self.id_of("gone").await,
        }
    }
}

/// The people of [`Server::org`]. All work in the branch `B-01` since 2024.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Org {
    /// Leads both leaders.
    pub(crate) top: PersonId,
    /// Leads `member`, `peer` and `gone`.
    pub(crate) leader: PersonId,
    /// A team member.
    pub(crate) member: PersonId,
    /// Another member of the same team.
    pub(crate) peer: PersonId,
    /// Leads `other`.
    pub(crate) other_leader: PersonId,
    /// A member of another team.
    pub(crate) other: PersonId,
    /// Holds the executive access role and leads nobody, as the next four.
    pub(crate) exec: PersonId,
    /// Holds the analyst access role.
    pub(crate) analyst: PersonId,
    /// Holds the author access role.
    pub(crate) author: PersonId,
    /// Holds the admin access role.
    pub(crate) admin: PersonId,
    /// Holds the privacy access role.
    pub(crate) privacy: PersonId,
    /// Works here still; for tests that shut somebody out.
    pub(crate) gone: PersonId,
}

/// A person as an import brings them: works in `B-01` since 2024, code and address from the name.
pub(crate) fn person(code: &str, leader: Option<&str>) -> PersonRow {
    PersonRow {
        line: 2,
        code: code.into(),
        name: Some(format!("{}{} Example", code[..1].to_uppercase(), &code[1..])),
        email: Some(format!("{code}@northwind.example")),
        unit: Some("B-01".into()),
        job_role: Some("Account manager".into()),
        leader: leader.map(str::to_owned),
        from: Day::of(2024, 1, 1),
        ..Default::default()
    }
}

/// A permit of whoever administers the host.
pub(crate) fn host<A: Asked>(asked: A) -> Permit<A> {
    permit(&Who::Host, Relation::NONE, asked).unwrap()
}

/// Nobody in particular, at a server that runs elsewhere.
pub(crate) fn client(address: SocketAddr) -> Client {
    Client { address, credential: Credential::None }
}

/// What a client shows of itself.
#[derive(Clone)]
enum Credential {
    None,
    Cookie(String),
    Basic(String),
}

/// A small HTTP/1.1 client: one connection a request, no redirects followed.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    credential: Credential,
}

impl Client {
    /// The same with a Basic key.
    pub(crate) fn with_basic(&self, key: &str, secret: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}"));
        Self { address: self.address, credential: Credential::Basic(format!("Basic {pair}")) }
    }
    /// The same with a cookie, as `name=value`.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        Self { address: self.address, credential: Credential::Cookie(cookie.to_owned()) }
    }
    /// The session cookie as `name=value`, if there is one.
    pub(crate) fn cookie(&self) -> Option<&str> {
        match &self.credential {
            Credential::Cookie(cookie) => Some(cookie),
            _ => None,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"")
    }
    /// A form as a browser sends it.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let text: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", quoted(n), quoted(v))).collect();
        self.send(
            "POST",
            path,
            &[("Content-Type", "application/x-www-form-urlencoded")],
            text.join("&").as_bytes(),
        )
    }
    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }
    /// Any request. A signed-in browser says `Sec-Fetch-Site: same-origin` unless the headers say something else.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut socket = self.open(method, path, headers, Some(body.len()));
        // A server that refuses early may close before everything is sent; its answer is still there to read.
        let _ = socket.write_all(body);
        read_answer(&mut BufReader::new(socket))
    }

    /// A stream of server-sent events.
    pub(crate) fn events(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let mut reader = BufReader::new(self.open("GET", path, headers, None));
        let (status, headers) = read_head(&mut reader);
        Events { status, headers, reader }
    }

    fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        match &self.credential {
            Credential::None => {}
            Credential::Cookie(cookie) => {
                let _ = write!(head, "Cookie: {cookie}\r\n");
                if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("sec-fetch-site")) {
                    head.push_str("Sec-Fetch-Site: same-origin\r\n");
                }
            }
            Credential::Basic(value) => {
                let _ = write!(head, "Authorization: {value}\r\n");
            }
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(length) = length.filter(|&n| n > 0 || method != "GET") {
            let _ = write!(head, "Content-Length: {length}\r\n");
        }
        head.push_str("\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        socket
    }
}

/// A field of a form as it goes over the wire.
fn quoted(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

fn read_head(reader: &mut impl BufRead) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut headers = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            return (status, headers);
        }
        if let Some((name, value)) = line.trim_end().split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

/// Reads one answer to the end of its connection.
pub(crate) fn read_answer(reader: &mut impl BufRead) -> Answer {
    let (status, headers) = read_head(reader);
    let mut body = Vec::new();
    if headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            body.extend_from_slice(&chunk[..size]);
        }
    } else {
        // A server that refused a large body may reset the connection after its answer.
        let _ = reader.read_to_end(&mut body);
    }
    Answer { status, headers, body }
}

impl Answer {
    /// The first header of this name, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {}", self.text()))
    }
    /// Asserts the status, and shows the answer where it is another.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }
    /// Asserts that the body holds a text.
    #[track_caller]
    pub(crate) fn contains(self, text: &str) -> Self {
        assert!(self.text().contains(text), "no {text:?} in\n{}", self.text());
        self
    }
    /// The cookies that it sets, as `name=value`, by name.
    pub(crate) fn cookies(&self) -> BTreeSet<String> {
        let set = self.headers.iter().filter(|(n, _)| n == "set-cookie");
        set.map(|(_, v)| v.split(';').next().unwrap_or_default().to_owned()).collect()
    }
    /// The place of each fault in a problem, and its reason.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|e| {
                (
                    e["place"].as_str().unwrap_or_default().to_owned(),
                    e["reason"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }
}

/// An open stream of server-sent events.
pub(crate) struct Events {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
}

impl Events {
    /// The name of the next event; `None` when the stream has ended.
    pub(crate) fn next(&mut self) -> Option<String> {
        self.field("event:")
    }
    /// The next id, of an event or alone.
    pub(crate) fn id(&mut self) -> Option<String> {
        self.field("id:")
    }
    fn field(&mut self, name: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            match self.reader.read_line(&mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            if let Some(text) = line.strip_prefix(name) {
                return Some(text.trim().to_owned());
            }
        }
    }
}
