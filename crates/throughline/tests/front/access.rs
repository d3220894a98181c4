//! The access matrix, walked over HTTP on both databases: every route by every kind of asker.
//!
//! [`lines`] says for each route which row of the matrix it stands for and how to ask. What must come of it is read from
//! the matrix, not from the code under test. A route without a line fails [`every_route_has_a_line`].

use std::collections::BTreeSet;

use domain::access::{Act, KeyScope, Principal, Resource, WriteAssignment, WriteKey, cell};
use domain::ids::KeyId;
use store::Store;

use crate::harness::{Answer, Client, Org, Server, host};

/// What a route is about.
enum About {
    /// Nobody in particular; anybody is let in.
    Open,
    /// Whoever asks; any signed-in person is let in, to their own.
    Own,
    /// A row of the matrix, of the person concerned (the member of [`Org`]) or of nobody in particular.
    Row(Resource, Act, Option<KeyScope>),
}

/// How to ask.
enum Ask {
    Get(String),
    Form(String, Vec<(&'static str, String)>),
    Json(&'static str, String, serde_json::Value),
    Delete(String),
    /// A stream; only its start is looked at.
    Stream(&'static str),
}

struct Line {
    method: &'static str,
    path: &'static str,
    about: About,
    ask: fn(&World) -> Ask,
}

/// Everything that requests need to name.
struct World {
    server: Server,
    org: Org,
    spare_keys: Vec<KeyId>,
    next_key: std::sync::atomic::AtomicUsize,
}

impl World {
    async fn make(store: Store) -> Self {
        let server = Server::start(store).await;
        let org = server.org().await;
        let mut spare_keys = Vec::new();
        for n in 0..20 {
            let new = app::access::NewKey {
                name: format!("spare {n}"),
                scopes: [KeyScope::Metrics].into(),
                expires: None,
            };
            spare_keys
                .push(app::access::create_key(&server.app, host(WriteKey(())), new).await.unwrap().0.id);
        }
        Self { server, org, spare_keys, next_key: Default::default() }
    }
    /// A key that nobody has ended yet.
    fn key(&self) -> KeyId {
        self.spare_keys
            [self.next_key.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % self.spare_keys.len()]
    }
    /// Somebody who stands to the member as a column of the matrix says; `None` where nobody can yet.
    async fn client(&self, principal: Principal) -> Option<Client> {
        let person = match principal {
            Principal::Anon => return Some(self.server.anonymous()),
            // There are no outside people yet, and nobody coaches whom they do not lead.
            Principal::External | Principal::Coach => return None,
            // Both are made by the walk itself.
            Principal::Api | Principal::Revoked => return None,
            Principal::Itself => self.org.member,
            Principal::LeadDirect => self.org.leader,
            Principal::LeadChain => self.org.top,
            Principal::LeadOther => self.org.other_leader,
            Principal::Exec => self.org.exec,
            Principal::Analyst => self.org.analyst,
            Principal::Author => self.org.author,
            Principal::Employee => self.org.peer,
            Principal::Admin => self.org.admin,
            Principal::Privacy => self.org.privacy,
        };
        Some(self.server.sign_in_as(person).await)
    }
    fn send(&self, client: &Client, line: &Line) -> Answer {
        match (line.ask)(self) {
            Ask::Get(path) => client.get(&path),
            Ask::Form(path, fields) => {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
                client.form(&path, &fields)
            }
            Ask::Json(method, path, body) => client.send(
                method,
                &path,
                &[("Content-Type", "application/json")],
                body.to_string().as_bytes(),
            ),
            Ask::Delete(path) => client.delete(&path),
            Ask::Stream(path) => {
                let events = client.events(path, &[]);
                Answer { status: events.status, headers: events.headers, body: Vec::new() }
            }
        }
    }
}

fn line(method: &'static str, path: &'static str, about: About, ask: fn(&World) -> Ask) -> Line {
    Line { method, path, about, ask }
}

/// One line per route, in the order of the route table.
fn lines() -> Vec<Line> {
    use About::*;
    use Act::*;
    use Resource::*;
    vec![
        line("GET", "/", Open, |_| Ask::Get("/".into())),
        line("GET", "/assets/{name}", Open, |_| Ask::Get(web::assets::url("app.css"))),
        line("GET", "/api/v1/ready", Open, |_| Ask::Get("/api/v1/ready".into())),
        line("GET", "/sign-in", Open, |_| Ask::Get("/sign-in".into())),
        line("POST", "/sign-in", Open, |_| {
            Ask::Form("/sign-in".into(), vec![("email", "x".into()), ("password", "x".into())])
        }),
        line("GET", "/set-up", Open, |_| Ask::Get("/set-up?token=x".into())),
        line("POST", "/set-up", Open, |_| {
            Ask::Form("/set-up?token=x".into(), vec![("password", "x".into())])
        }),
        line("GET", "/demo", Open, |_| Ask::Get("/demo".into())),
        line("POST", "/demo", Open, |w| {
            Ask::Form("/demo".into(), vec![("person", w.org.member.to_string())])
        }),
        line("POST", "/sign-out", Open, |_| Ask::Form("/sign-out".into(), vec![])),
        line("GET", "/api/v1/keys", Row(ApiKey, Write, None), |_| Ask::Get("/api/v1/keys".into())),
        line("POST", "/api/v1/keys", Row(ApiKey, Write, None), |_| {
            Ask::Json("POST", "/api/v1/keys".into(), serde_json::json!({"name": "x", "scopes": ["metrics"]}))
        }),
        line("DELETE", "/api/v1/keys/{id}", Row(ApiKey, Write, None), |w| {
            Ask::Delete(format!("/api/v1/keys/{}", w.key()))
        }),
        line("GET", "/live", Own, |_| Ask::Stream("/live")),
        line("GET", "/notifications", Own, |_| Ask::Get("/notifications".into())),
        line("POST", "/notifications/seen", Own, |_| Ask::Form("/notifications/seen".into(), vec![])),
        line("GET", "/me", Own, |_| Ask::Get("/me".into())),
        line("POST", "/me/password", Own, |_| {
            Ask::Form("/me/password".into(), vec![("old", "x".into()), ("new", "y".into())])
        }),
        line("POST", "/me/sessions/end", Own, |_| Ask::Form("/me/sessions/end".into(), vec![])),
    ]
}

/// What must come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    /// Nobody that this route knows: sign in first.
    SignIn,
    Denied,
}

/// Read from the matrix: what its cells say for a column, for somebody who is also an employee unless a machine.
fn expected(line: &Line, principal: Principal, scoped: bool) -> Expected {
    let api = line.path.starts_with("/api/");
    let xapi = line.path.starts_with("/xapi/");
    let known = match principal {
        Principal::Anon | Principal::Revoked => false,
        Principal::Api => api || xapi,
        _ => !xapi,
    };
    match &line.about {
        About::Open => Expected::Allowed,
        _ if !known => Expected::SignIn,
        About::Own => Expected::Allowed,
        About::Row(resource, act, scope) => {
            let columns = match principal {
                Principal::Api => vec![Principal::Api],
                other => vec![other, Principal::Employee],
            };
            let by_cells = columns.iter().map(|p| cell(*resource, *p)).any(|c| match act {
                Act::Read => c.read,
                Act::Aggregate => c.aggregate || c.read,
                Act::Write => c.write && !c.second_person,
            });
            let machine = principal == Principal::Api;
            let by_scope = !machine || (scoped && scope.is_some());
            if by_cells && by_scope { Expected::Allowed } else { Expected::Denied }
        }
    }
}

/// What came of it.
fn came(line: &Line, answer: &Answer) -> Expected {
    let to_sign_in = answer.status == 303 && answer.header("location").starts_with("/sign-in");
    let stream_ended = line.path == "/live" && answer.status == 204;
    match answer.status {
        401 => Expected::SignIn,
        _ if stream_ended || (to_sign_in && line.path != "/") => Expected::SignIn,
        403 => Expected::Denied,
        404 if !matches!(line.about, About::Open) => Expected::Denied,
        _ => Expected::Allowed,
    }
}

#[test]
fn every_route_has_a_line() {
    let have: BTreeSet<_> = lines().iter().map(|l| (l.method, l.path)).collect();
    let want: BTreeSet<_> = web::routes::all().iter().map(|r| (r.method.as_str(), r.path)).collect();
    let missing: Vec<_> = want.difference(&have).collect();
    let gone: Vec<_> = have.difference(&want).collect();
    assert!(missing.is_empty(), "routes that no access test asks for, add a line for each: {missing:#?}");
    assert!(gone.is_empty(), "lines for routes that are no more: {gone:#?}");
}

testkit::both_databases! {
    async fn every_route_keeps_to_the_matrix(store: Store) {
        let world = World::make(store).await;
        // Shut out while signed in: the session that they have must be worth nothing.
        let revoked = world.server.sign_in_as(world.org.gone).await;
        app::access::disable(&world.server.app, host(WriteAssignment(())), "gone").await.unwrap();
        let mut wrong = Vec::new();
        let mut asked = 0;
        for line in lines() {
            let scope = match &line.about {
                About::Row(_, _, scope) => *scope,
                _ => None,
            };
            for &principal in Principal::ALL {
                // A machine once with the scope that is asked for and once with another.
                let tries: Vec<(Client, bool)> = if principal == Principal::Revoked {
                    vec![(revoked.clone(), false)]
                } else if principal == Principal::Api {
                    let other = if scope == Some(KeyScope::State) { KeyScope::Profile } else { KeyScope::State };
                    let mut tries = vec![(world.server.key(&[other]).await, false)];
                    if let Some(scope) = scope {
                        tries.push((world.server.key(&[scope]).await, true));
                    }
                    tries
                } else {
                    world.client(principal).await.map(|c| (c, false)).into_iter().collect()
                };
                for (client, scoped) in tries {
                    let want = expected(&line, principal, scoped);
                    let answer = world.send(&client, &line);
                    asked += 1;
                    if came(&line, &answer) != want || answer.status >= 500 {
                        wrong.push(format!(
                            "{} {} for {principal} (scoped {scoped}): wanted {want:?}, got {} {}",
                            line.method, line.path, answer.status, answer.header("location")
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {asked} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(asked >= lines().len() * 13);
    }
}
