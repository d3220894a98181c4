//! The access matrix, walked over HTTP on both databases: every route by every kind of asker.
//!
//! [`lines`] says for each route which row of the matrix it stands for and how to ask. What must come of it is read from
//! the matrix, not from the code under test. A route without a line fails [`every_route_has_a_line`].

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::metrics::{Incoming, OnProblem};
use domain::access::{
    Act, KeyScope, Principal, Resource, SendObservations, Who, WriteAssignment, WriteKey, cell, scope,
};
use domain::ids::{
    AccountId, AlertId, CaseId, DeliveryId, ForwardId, ImportId, InterventionId, KeyId, MetricId, ProposalId,
    SilenceId, StudyId, TargetId,
};
use domain::metrics::Quantity;
use domain::time::Day;
use store::Store;
use web::routes::May;

use crate::company::{calls as calls_metric, noise};
use crate::harness::{Answer, Client, Org, Server, host};

mod privacy;
mod webhooks;

/// What a route is about.
enum About {
    /// Nobody in particular; anybody is let in.
    Open,
    /// Whoever asks; any signed-in person is let in, to their own.
    Own,
    /// A row of the matrix, of the person concerned (the member of [`Org`]) or of nobody in particular.
    Row(Resource, Act, Option<KeyScope>),
    /// A row of the matrix of which the use case lets in only some: what one of the two in a talk or an alert does.
    Part(Resource, Act, &'static [Principal]),
    /// A row of the matrix, and besides whoever answers for the metric, whom no column names: the analyst of [`Org`].
    Keeps(Resource, Act),
    /// A row of the matrix, and besides the executive, who decides on what the matrix says who writes.
    Decides(Resource, Act),
    /// A row of the matrix about anybody at once, which only machines with the scope may touch.
    Sent(Resource, Act, KeyScope),
    /// A row of the matrix that two change together; one alone asks for it, or looks at what was asked.
    Asked(Resource),
    /// Something that none of the askers has: nobody may learn whether it exists.
    Theirs,
    /// A machine whose scope is for xAPI.
    Xapi,
}

/// How to ask.
enum Ask {
    Get(String),
    Form(String, Vec<(&'static str, String)>),
    Json(&'static str, String, serde_json::Value),
    /// A file: address, media type, text.
    File(&'static str, &'static str, &'static str),
    Delete(String),
    /// A stream; only its start is looked at.
    Stream(&'static str),
}

struct Line {
    method: &'static str,
    path: &'static str,
    about: About,
    ask: Box<dyn Fn(&World) -> Ask>,
    /// What the request names that does not exist: only who was let in is told so.
    missing: Option<&'static str>,
}

/// Everything that requests need to name.
struct World {
    server: Server,
    org: Org,
    metric: MetricId,
    /// About the member.
    alert: AlertId,
    /// Where the leader's talk with the member about it is.
    talk: String,
    spare_keys: Vec<KeyId>,
    /// Stays good.
    kept_key: KeyId,
    next_key: AtomicUsize,
}

/// A year of calls for everybody, in which the member's last four weeks are lower.
async fn calls(server: &Server) -> MetricId {
    let app = &server.app;
    let definition = calls_metric(server, "analyst");
    app::metrics::define(app, &host(SendObservations(())), vec![definition], false).await.unwrap();
    let newest: Day = "2026-03-02".parse().unwrap();
    let codes = "member peer gone other leader other-leader top exec analyst author admin privacy";
    let mut rows = Vec::new();
    for (n, code) in codes.split(' ').enumerate() {
        for week in 0..50 {
            let lower = if code == "member" && week >= 46 { 25.0 } else { 0.0 };
            rows.push(Incoming {
                line: rows.len() as u64 + 2,
                metric: "calls".into(),
                subject: code.into(),
                day: newest.plus(7 * (week - 49)),
                quantity: Quantity::plain(40.0 + 8.0 * noise(n, week) - lower),
            });
        }
    }
    app::metrics::record(app, &host(SendObservations(())), "calls.csv", rows, OnProblem::Refuse, false)
        .await
        .unwrap();
    app::pipeline::settle(app).await.unwrap();
    let found = app
        .store
        .read(|r| -> app::Result<_> { Ok(store::metrics::metric_by_code(r, "calls")?) })
        .await
        .unwrap();
    found.expect("the metric").id
}

impl World {
    async fn make(store: Store) -> Self {
        let server = Server::start(store).await;
        let org = server.org().await;
        let mut spare_keys = Vec::new();
        for n in 0..41 {
            let new = app::access::NewKey {
                name: format!("spare {n}"),
                scopes: [KeyScope::Metrics].into(),
                expires: None,
                actors: None,
            };
            spare_keys
                .push(app::access::create_key(&server.app, host(WriteKey(())), new).await.unwrap().0.id);
        }
        let kept_key = spare_keys.remove(0);
        let metric = calls(&server).await;
        let everyone = scope(&Who::Host, Resource::RedAlert, None);
        let open = server
            .app
            .store
            .read(move |r| -> app::Result<_> { Ok(store::alerts::open(r, &everyone)?) })
            .await
            .unwrap();
        let alert = open
            .iter()
            .find(|a| a.subject.person() == Some(org.member))
            .expect("an alert about the member")
            .id;
        let leader = server.sign_in_as(org.leader).await;
        let talk =
            leader.form(&format!("/alerts/{alert}/talk"), &[]).expect(303).header("location").to_owned();
        assert!(talk.starts_with("/sessions/"), "{talk}");
        Self { server, org, metric, alert, talk, spare_keys, kept_key, next_key: AtomicUsize::new(0) }
    }
    /// A key that nobody has ended yet.
    fn key(&self) -> KeyId {
        self.spare_keys[self.next_key.fetch_add(1, Ordering::SeqCst) % self.spare_keys.len()]
    }
    /// Somebody who stands to the member as a column of the matrix says; `None` where nobody can yet.
    async fn client(&self, principal: Principal) -> Option<Client> {
        let person = match principal {
            Principal::Anon => return Some(self.server.anonymous()),
            // There are no outside people yet, and the coach is the direct leader.
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
            Ask::Json(method, path, body) => {
                let xapi = ("X-Experience-API-Version", if path.starts_with("/xapi") { "1.0.3" } else { "" });
                let headers = [("Content-Type", "application/json"), xapi];
                let body = if body.is_null() { String::new() } else { body.to_string() };
                client.send(method, &path, &headers, body.as_bytes())
            }
            Ask::File(path, media, text) => {
                client.send("POST", path, &[("Content-Type", media)], text.as_bytes())
            }
            Ask::Delete(path) => client.delete(&path),
            Ask::Stream(path) => {
                let events = client.events(path, &[]);
                Answer { status: events.status, headers: events.headers, body: Vec::new() }
            }
        }
    }
}

fn line(
    method: &'static str,
    path: &'static str,
    about: About,
    ask: impl Fn(&World) -> Ask + 'static,
) -> Line {
    Line { method, path, about, ask: Box::new(ask), missing: None }
}

/// Asks for a path that has nothing variable in it.
fn get(path: &'static str, about: About) -> Line {
    line("GET", path, about, move |_| Ask::Get(path.into()))
}

/// Sends a file.
fn file(path: &'static str, about: About, text: &'static str) -> Line {
    let media = if path.ends_with(".toml") { "application/toml" } else { "text/csv" };
    line("POST", path, about, move |_| Ask::File(path, media, text))
}

/// Sends a form under the member's alert.
fn alert(path: &'static str, about: About, fields: &'static [(&'static str, &'static str)]) -> Line {
    line("POST", path, about, move |w| {
        Ask::Form(
            path.replace("{id}", &w.alert.to_string()),
            fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect(),
        )
    })
}

/// Sends a form under the leader's talk with the member.
fn talk(path: &'static str, about: About, fields: &'static [(&'static str, &'static str)]) -> Line {
    line("POST", path, about, move |w| {
        Ask::Form(
            path.replace("/sessions/{id}", &w.talk),
            fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect(),
        )
    })
}

/// A study that does not exist.
fn no_study() -> StudyId {
    StudyId::new(uuid::Uuid::nil())
}

/// The address of a list that does not wait.
fn no_import(rest: &str) -> String {
    format!("/people/imports/{}{rest}", ImportId::new(uuid::Uuid::nil()))
}

/// Names something that does not exist.
fn lacks(what: &'static str, line: Line) -> Line {
    Line { missing: Some(what), ..line }
}

/// Proposes a support that does not exist.
fn no_support(line: Line) -> Line {
    let ask = line.ask;
    let support = InterventionId::new(uuid::Uuid::nil()).to_string();
    let with = move |w: &World| match ask(w) {
        Ask::Form(path, _) => Ask::Form(path, vec![("support", support.clone())]),
        other => other,
    };
    Line { ask: Box::new(with), missing: Some("support"), ..line }
}

/// Asks for a study that is not there.
fn study(
    method: &'static str,
    path: &'static str,
    act: Act,
    fields: &'static [(&'static str, &'static str)],
) -> Line {
    line(method, path, About::Row(Resource::StudyDefinition, act, None), move |_| {
        let path = path.replace("{id}", &no_study().to_string());
        match method {
            "GET" => Ask::Get(path),
            _ => Ask::Form(path, fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect()),
        }
    })
}

/// Names a co-coach whom nobody asked for.
fn nobody(line: Line) -> Line {
    let ask = line.ask;
    let guest = domain::ids::PersonId::new(uuid::Uuid::nil()).to_string();
    let with = move |w: &World| match ask(w) {
        Ask::Form(path, _) => Ask::Form(path, vec![("guest", guest.clone())]),
        other => other,
    };
    Line { ask: Box::new(with), missing: Some("co-coach"), ..line }
}

const MEMBER: &[Principal] = &[Principal::Itself];
const LEADER: &[Principal] = &[Principal::LeadDirect];
/// Those who lead a team of their own; it is their own team that they see.
const LEADERS: &[Principal] = &[Principal::LeadDirect, Principal::LeadChain, Principal::LeadOther];

/// One line per route, in the order of the route table.
fn lines() -> Vec<Line> {
    use About::*;
    use Act::*;
    use Resource::*;
    let metric = |w: &World| format!("/people/{}/metrics/{}", w.org.member, w.metric);
    let mut lines = vec![
        get("/", Open),
        line("GET", "/assets/{name}", Open, |_| Ask::Get(web::assets::url("app.css"))),
        get("/api/v1/ready", Open),
        get("/sign-in", Open),
        line("POST", "/sign-in", Open, |_| {
            Ask::Form("/sign-in".into(), vec![("email", "x".into()), ("password", "x".into())])
        }),
        get("/set-up", Open),
        line("POST", "/set-up", Open, |_| {
            Ask::Form("/set-up?token=x".into(), vec![("password", "x".into())])
        }),
        get("/demo", Open),
        line("POST", "/demo", Open, |w| {
            Ask::Form("/demo".into(), vec![("person", w.org.member.to_string())])
        }),
        line("POST", "/sign-out", Open, |_| Ask::Form("/sign-out".into(), vec![])),
        line("GET", "/calendar/{token}", Open, |_| Ask::Get("/calendar/x".into())),
        line("GET", "/tap/{token}", Open, |_| Ask::Get("/tap/x".into())),
        line("POST", "/tap/{token}", Open, |_| Ask::Form("/tap/x".into(), vec![])),
        get("/api/v1/keys", Row(ApiKey, Write, None)),
        line("POST", "/api/v1/keys", Row(ApiKey, Write, None), |_| {
            Ask::Json("POST", "/api/v1/keys".into(), serde_json::json!({"name": "x", "scopes": ["metrics"]}))
        }),
        line("DELETE", "/api/v1/keys/{id}", Row(ApiKey, Write, None), |w| {
            Ask::Delete(format!("/api/v1/keys/{}", w.key()))
        }),
        line("POST", "/api/v1/keys/{id}/rotate", Row(ApiKey, Write, None), |w| {
            let path = format!("/api/v1/keys/{}/rotate", w.kept_key);
            Ask::Json("POST", path, serde_json::json!({"overlap_days": 1}))
        }),
        line("POST", "/api/v1/observations", Row(MetricValue, Write, Some(KeyScope::Metrics)), |_| {
            Ask::Json("POST", "/api/v1/observations".into(), serde_json::json!({"observations": []}))
        }),
        file("/api/v1/units.csv", Row(Assignment, Write, Some(KeyScope::People)), "code\n"),
        file("/api/v1/people.csv", Row(Assignment, Write, Some(KeyScope::People)), "code\n"),
        file("/api/v1/calendars.toml", Row(Assignment, Write, Some(KeyScope::People)), ""),
        file("/api/v1/leave.csv", Row(Assignment, Write, Some(KeyScope::People)), "person,from,to\n"),
        get("/api/v1/rules", Row(StudyDefinition, Read, None)),
        line("POST", "/api/v1/rules", Row(StudyDefinition, Write, None), |_| {
            let rule =
                serde_json::json!({"code": "default", "why": "a test", "parameters": {"interval": 3.0}});
            Ask::Json("POST", "/api/v1/rules?dry_run=true".into(), rule)
        }),
        get("/api/v1/rules.toml", Row(StudyDefinition, Read, None)),
        file("/api/v1/rules.toml", Row(StudyDefinition, Write, None), ""),
        line("POST", "/api/v1/rules/try", Row(StudyDefinition, Write, None), |_| {
            Ask::Json("POST", "/api/v1/rules/try".into(), serde_json::json!({"metric": "calls", "weeks": 4}))
        }),
        lacks(
            "version of the rule",
            line(
                "POST",
                "/api/v1/rules/{code}/versions/{version}",
                Row(StudyDefinition, Write, None),
                |_| {
                    let path = "/api/v1/rules/default/versions/7".into();
                    Ask::Json("POST", path, serde_json::Value::Null)
                },
            ),
        ),
        get("/api/v1/calendars", Row(StudyDefinition, Read, None)),
        get("/api/v1/silences", Own),
        line("POST", "/api/v1/silences", Row(Connector, Write, None), |_| {
            let quiet = serde_json::json!({"unit": "B-99", "until": "2026-04-01", "why": "a test"});
            Ask::Json("POST", "/api/v1/silences".into(), quiet)
        }),
        line("DELETE", "/api/v1/silences/{id}", Theirs, |_| {
            Ask::Delete(format!("/api/v1/silences/{}", SilenceId::new(uuid::Uuid::nil())))
        }),
        line("POST", "/api/v1/silences/{id}/again", Theirs, |_| {
            let path = format!("/api/v1/silences/{}/again", SilenceId::new(uuid::Uuid::nil()));
            Ask::Json("POST", path, serde_json::Value::Null)
        }),
        file("/api/v1/metrics.toml", Row(MetricValue, Write, Some(KeyScope::Metrics)), ""),
        file(
            "/api/v1/observations.csv",
            Row(MetricValue, Write, Some(KeyScope::Metrics)),
            "metric,subject,period,value\n",
        ),
        file("/api/v1/targets.csv", Sent(Target, Write, KeyScope::Metrics), "metric,level\n"),
        file("/api/v1/commitments.csv", Sent(Target, Write, KeyScope::Metrics), "person,metric,level\n"),
        // Machines see groups only where their scope says so, as the published views do.
        get("/api/v1/metrics", Row(OrgBoard, Aggregate, Some(KeyScope::Metrics))),
        get("/api/v1/today", Own),
        get("/api/v1/team", Part(TeamBoard, Aggregate, LEADERS)),
        line("GET", "/api/v1/people/{person}/metrics", Row(MetricValue, Read, None), |w| {
            Ask::Get(format!("/api/v1/people/{}/metrics", w.org.member))
        }),
        line("GET", "/api/v1/people/{person}/metrics/{metric}", Row(MetricValue, Read, None), move |w| {
            Ask::Get("/api/v1".to_owned() + &metric(w))
        }),
        line("GET", "/api/v1/alerts/{id}", Row(RedAlert, Read, None), |w| {
            Ask::Get(format!("/api/v1/alerts/{}", w.alert))
        }),
        get("/api/v1/sessions", Own),
        line("GET", "/api/v1/sessions/{id}", Row(CoachingShared, Read, None), |w| {
            Ask::Get("/api/v1".to_owned() + &w.talk)
        }),
        get("/api/v1/health", Row(Operations, Read, Some(KeyScope::Operations))),
        get("/api/v1/interventions", Row(StudyResult, Read, Some(KeyScope::Metrics))),
        lacks(
            "study",
            line("GET", "/api/v1/studies/{id}", Row(StudyResult, Read, Some(KeyScope::Metrics)), |_| {
                Ask::Get(format!("/api/v1/studies/{}", no_study()))
            }),
        ),
        lacks(
            "study",
            line("GET", "/api/v1/studies/{id}/pack", Row(StudyResult, Read, Some(KeyScope::Metrics)), |_| {
                Ask::Get(format!("/api/v1/studies/{}/pack", no_study()))
            }),
        ),
        line("GET", "/live", Own, |_| Ask::Stream("/live")),
        get("/notifications", Own),
        line("POST", "/notifications/seen", Own, |_| Ask::Form("/notifications/seen".into(), vec![])),
        get("/today", Own),
        get("/team", Part(TeamBoard, Aggregate, LEADERS)),
        line("GET", "/team/metrics/{metric}", Part(TeamBoard, Aggregate, LEADERS), |w| {
            Ask::Get(format!("/team/metrics/{}", w.metric))
        }),
        line("POST", "/team/metrics/{metric}/target", Part(TeamBoard, Aggregate, LEADERS), |w| {
            let fields = vec![("level", "40".into()), ("why", "a test".into())];
            Ask::Form(format!("/team/metrics/{}/target", w.metric), fields)
        }),
        get("/coaching", Own),
        get("/cases", Row(StudyResult, Read, None)),
        lacks(
            "case",
            line("GET", "/cases/{id}", Row(StudyResult, Read, None), |_| {
                Ask::Get(format!("/cases/{}", CaseId::new(uuid::Uuid::nil())))
            }),
        ),
        // An account is nobody's yet, or not theirs to give away: nobody is the person concerned.
        get("/accounts", Part(Profile, Write, &[Principal::Admin])),
        lacks(
            "account",
            line("POST", "/accounts/{id}/link", Part(Profile, Write, &[Principal::Admin]), |w| {
                let account = AccountId::new(uuid::Uuid::nil());
                Ask::Form(format!("/accounts/{account}/link"), vec![("person", w.org.member.to_string())])
            }),
        ),
        lacks(
            "account",
            line("POST", "/accounts/{id}/release", Part(Profile, Write, &[Principal::Admin]), |_| {
                Ask::Form(format!("/accounts/{}/release", AccountId::new(uuid::Uuid::nil())), vec![])
            }),
        ),
        get("/forwarding", Row(Webhook, Metadata, None)),
        line("POST", "/forwarding", Row(Connector, Write, None), |_| {
            let fields = [
                ("name", "x"),
                ("url", "https://lrs.example"),
                ("key", "k"),
                ("secret", "s"),
                ("version", "1.0.3"),
            ];
            Ask::Form("/forwarding".into(), fields.map(|(n, v)| (n, v.to_owned())).to_vec())
        }),
        lacks(
            "record store",
            line("POST", "/forwarding/{id}/again", Row(Connector, Write, None), |_| {
                Ask::Form(format!("/forwarding/{}/again", ForwardId::new(uuid::Uuid::nil())), vec![])
            }),
        ),
        lacks(
            "record store",
            line("POST", "/forwarding/{id}/end", Row(Connector, Write, None), |_| {
                Ask::Form(format!("/forwarding/{}/end", ForwardId::new(uuid::Uuid::nil())), vec![])
            }),
        ),
        get("/keys", Row(ApiKey, Write, None)),
        line("POST", "/keys", Row(ApiKey, Write, None), |_| {
            Ask::Form("/keys".into(), vec![("name", "x".into()), ("scope:metrics", "on".into())])
        }),
        line("POST", "/keys/{id}/rotate", Row(ApiKey, Write, None), |w| {
            Ask::Form(format!("/keys/{}/rotate", w.kept_key), vec![("overlap", "7".into())])
        }),
        line("POST", "/keys/{id}/end", Row(ApiKey, Write, None), |w| {
            Ask::Form(format!("/keys/{}/end", w.key()), vec![])
        }),
        get("/health", Keeps(Operations, Read)),
        // The account is nobody's yet, so nobody is the person concerned.
        lacks(
            "account",
            line("POST", "/health/account", Part(Profile, Write, &[Principal::Admin]), |w| {
                let account = AccountId::new(uuid::Uuid::nil()).to_string();
                let fields =
                    vec![("account", account), ("person", w.org.member.to_string()), ("do", "link".into())];
                Ask::Form("/health/account".into(), fields)
            }),
        ),
        get("/questions", Own),
        line("POST", "/questions/{id}", Theirs, |_| {
            let id = AlertId::new(uuid::Uuid::nil());
            Ask::Form(format!("/questions/{id}"), vec![("data", "right".into()), ("note", "a test".into())])
        }),
        get("/channels", Own),
        line("POST", "/channels/calendar", Own, |_| {
            Ask::Form("/channels/calendar".into(), vec![("do", "end".into())])
        }),
        get("/deliveries", Row(Webhook, Metadata, None)),
        line("POST", "/deliveries/replay", Row(Connector, Write, None), |_| {
            Ask::Form("/deliveries/replay".into(), vec![])
        }),
        lacks(
            "parked delivery",
            line("POST", "/deliveries/{id}/replay", Row(Connector, Write, None), |_| {
                let id = DeliveryId::new(uuid::Uuid::nil());
                Ask::Form(format!("/deliveries/{id}/replay"), vec![])
            }),
        ),
        get("/people", Part(Profile, Write, &[Principal::Admin])),
        line("POST", "/people/import", Asked(Assignment), |_| {
            let body = "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nunits\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"u.csv\"\r\n\r\ncode\n\r\n--b--\r\n";
            Ask::File("/people/import", "multipart/form-data; boundary=b", body)
        }),
        lacks("import", line("GET", "/people/imports/{id}", Asked(Assignment), |_| Ask::Get(no_import("")))),
        lacks(
            "import",
            line("POST", "/people/imports/{id}/apply", Asked(Assignment), |_| {
                Ask::Form(no_import("/apply"), vec![])
            }),
        ),
        lacks(
            "import",
            line("POST", "/people/imports/{id}/withdraw", Asked(Assignment), |_| {
                Ask::Form(no_import("/withdraw"), vec![])
            }),
        ),
        line("GET", "/people/{person}/metrics/{metric}", Row(MetricValue, Read, None), move |w| {
            Ask::Get(metric(w))
        }),
        line("POST", "/people/{person}/metrics/{metric}/commitment", Part(Target, Read, MEMBER), move |w| {
            Ask::Form(metric(w) + "/commitment", vec![("level", "42".into()), ("why", "a test".into())])
        }),
        line("POST", "/people/{person}/metrics/{metric}/target", Row(Target, Write, None), move |w| {
            Ask::Form(metric(w) + "/target", vec![("level", "42".into()), ("why", "a test".into())])
        }),
        lacks(
            "target or commitment",
            line("POST", "/people/{person}/metrics/{metric}/agree", Row(MetricValue, Read, None), move |w| {
                Ask::Form(metric(w) + "/agree", vec![("level", TargetId::new(uuid::Uuid::nil()).to_string())])
            }),
        ),
        line("GET", "/alerts/{id}", Row(RedAlert, Read, None), |w| Ask::Get(format!("/alerts/{}", w.alert))),
        alert(
            "/alerts/{id}/answer",
            Part(Rectification, Write, MEMBER),
            &[("answer", "know"), ("text", "a test")],
        ),
        alert("/alerts/{id}/talk", Part(CoachingShared, Write, LEADER), &[]),
        alert("/alerts/{id}/wait", Part(Rectification, Write, LEADER), &[("until", "2026-04-01")]),
        alert("/alerts/{id}/wrong", Part(Rectification, Write, LEADER), &[("text", "a test")]),
        alert("/alerts/{id}/accept", Part(Rectification, Write, LEADER), &[("why", "a test")]),
        alert("/alerts/{id}/hand", Part(Rectification, Write, LEADER), &[]),
        alert(
            "/alerts/{id}/silence",
            Part(Rectification, Write, LEADER),
            &[("until", "2026-04-01"), ("why", "a test")],
        ),
        alert("/alerts/{id}/undo", Row(Rectification, Write, None), &[]),
        get("/silences", Own),
        line("POST", "/silences", Row(Connector, Write, None), |_| {
            let fields =
                vec![("unit", "B-99".into()), ("until", "2026-04-01".into()), ("why", "a test".into())];
            Ask::Form("/silences".into(), fields)
        }),
        line("POST", "/silences/{id}/again", Theirs, |_| {
            Ask::Form(format!("/silences/{}/again", SilenceId::new(uuid::Uuid::nil())), vec![])
        }),
        get("/rules", Row(StudyDefinition, Read, None)),
        line("POST", "/rules", Row(StudyDefinition, Write, None), |_| {
            Ask::Form("/rules".into(), vec![("text", String::new()), ("do", "look".into())])
        }),
        line("GET", "/rules/{code}", Row(StudyDefinition, Read, None), |_| Ask::Get("/rules/calls".into())),
        line("POST", "/rules/{code}", Row(StudyDefinition, Write, None), |_| {
            // Without its parameters it is no rule; whoever may write is told so.
            Ask::Form("/rules/calls".into(), vec![("do", "set".into())])
        }),
        lacks(
            "version of the rule",
            line("POST", "/rules/{code}/versions/{version}", Row(StudyDefinition, Write, None), |_| {
                Ask::Form("/rules/default/versions/7".into(), vec![])
            }),
        ),
        get("/calendars", Row(StudyDefinition, Read, None)),
        line("POST", "/calendars/closure", Asked(Assignment), |_| {
            Ask::Form("/calendars/closure".into(), vec![("unit", "B-01".into())])
        }),
        line("POST", "/calendars/day", Asked(Assignment), |_| {
            let fields = vec![("unit", "B-01".into()), ("calendar", "south".into())];
            Ask::Form("/calendars/day".into(), fields)
        }),
        line("POST", "/calendars/leave", Asked(Assignment), |_| {
            Ask::Form("/calendars/leave".into(), vec![("unit", "B-01".into())])
        }),
        line("POST", "/silences/{id}/end", Theirs, |_| {
            Ask::Form(format!("/silences/{}/end", SilenceId::new(uuid::Uuid::nil())), vec![])
        }),
        no_support(alert("/alerts/{id}/propose", Part(CoachingShared, Write, LEADER), &[])),
        alert("/alerts/{id}/message", Row(Rectification, Write, None), &[("text", "a test")]),
        line("GET", "/sessions/{id}", Row(CoachingShared, Read, None), |w| Ask::Get(w.talk.clone())),
        talk("/sessions/{id}/point", Row(CoachingShared, Write, None), &[("text", "a test")]),
        talk(
            "/sessions/{id}/record",
            Row(CoachingShared, Write, None),
            &[("going_on", "a test"), ("we_try", "a test"), ("look_again", "2026-04-15")],
        ),
        talk("/sessions/{id}/agree", Row(CoachingShared, Write, None), &[]),
        no_support(talk("/sessions/{id}/propose", Part(CoachingShared, Write, LEADER), &[])),
        talk("/sessions/{id}/message", Row(CoachingShared, Write, None), &[("text", "a test")]),
        // Let in, and told that their notes are locked.
        talk("/sessions/{id}/guest", Row(CoachingShared, Write, None), &[("code", "nobody")]),
        nobody(talk("/sessions/{id}/guest/agree", Row(CoachingShared, Write, None), &[])),
        nobody(talk("/sessions/{id}/guest/end", Row(CoachingShared, Write, None), &[])),
        talk("/sessions/{id}/note", Row(CoachingShared, Write, None), &[("text", "a test")]),
        talk("/sessions/{id}/check", Row(CoachingShared, Write, None), &[("outcome", "continue")]),
        lacks(
            "support",
            line("POST", "/suggestions/answer", Own, |_| {
                let support = InterventionId::new(uuid::Uuid::nil()).to_string();
                Ask::Form("/suggestions/answer".into(), vec![("answer", "take".into()), ("support", support)])
            }),
        ),
        line("POST", "/proposals/{id}/answer", Theirs, |_| {
            let id = ProposalId::new(uuid::Uuid::nil());
            Ask::Form(format!("/proposals/{id}/answer"), vec![("answer", "take".into())])
        }),
        get("/chains", Row(StudyResult, Read, None)),
        lacks(
            "study",
            line("GET", "/chains/{id}", Row(StudyResult, Read, None), |_| {
                Ask::Get(format!("/chains/{}", no_study()))
            }),
        ),
        lacks(
            "study",
            line("POST", "/chains/{id}/decide", Decides(StudyDefinition, Write), |_| {
                let fields = vec![("decision", "watch".into()), ("reason", "a test".into())];
                Ask::Form(format!("/chains/{}/decide", no_study()), fields)
            }),
        ),
        get("/studies/new", Row(StudyDefinition, Write, None)),
        line("POST", "/studies", Row(StudyDefinition, Write, None), |_| {
            // What is typed is no study; whoever may write is told so.
            Ask::Form("/studies".into(), vec![])
        }),
        lacks("study", study("GET", "/studies/{id}", Read, &[])),
        lacks("study", study("POST", "/studies/{id}", Write, &[])),
        lacks("study", study("POST", "/studies/{id}/lock", Write, &[])),
        lacks(
            "study",
            study(
                "POST",
                "/studies/{id}/draw",
                Write,
                &[
                    ("shape", "waves"),
                    ("kind", "branch"),
                    ("waves", "2"),
                    ("first", "2026-05-04"),
                    ("weeks", "4"),
                ],
            ),
        ),
        lacks("study", study("POST", "/studies/{id}/rollout", Write, &[("draw", "1")])),
        get("/support", Row(StudyResult, Read, None)),
        get("/learning-and-work", Row(StudyResult, Read, None)),
        get("/me", Own),
        line("POST", "/me/password", Own, |_| {
            Ask::Form("/me/password".into(), vec![("old", "x".into()), ("new", "y".into())])
        }),
        get("/me/notes", Own),
        line("POST", "/me/notes", Own, |_| Ask::Form("/me/notes".into(), vec![("phrase", "short".into())])),
        line("POST", "/me/notes/recover", Own, |_| {
            Ask::Form("/me/notes/recover".into(), vec![("code", "x".into()), ("phrase", "y".into())])
        }),
        line("POST", "/me/notes/start-over", Own, |_| Ask::Form("/me/notes/start-over".into(), vec![])),
        line("POST", "/me/sessions/end", Own, |_| Ask::Form("/me/sessions/end".into(), vec![])),
    ];
    lines.extend(privacy::lines());
    lines.extend(webhooks::lines());
    // xAPI has few rules of its own: a key with a scope for it, and never a cookie.
    for route in web::routes::all().iter().filter(|r| r.path.starts_with("/xapi")) {
        let (method, path) = (route.method.as_str(), route.path);
        let about = if route.may == May::Key { Xapi } else { Open };
        lines.push(line(method, path, about, move |_| {
            Ask::Json(method, path.into(), serde_json::Value::Null)
        }));
    }
    lines
}

/// What must come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    /// Nobody that this route knows: sign in first.
    SignIn,
    Denied,
}

/// What the cells of the columns that hold for somebody say.
fn by_matrix(resource: Resource, act: Act, principal: Principal) -> bool {
    // The direct leader opened the talk, so they are its coach; whoever leads sees their own team as themselves.
    let columns = match (principal, resource) {
        (Principal::Api, _) => vec![Principal::Api],
        (Principal::LeadDirect, Resource::CoachingShared) => {
            vec![Principal::LeadDirect, Principal::Coach, Principal::Employee]
        }
        (other, Resource::TeamBoard) => vec![other, Principal::Itself, Principal::Employee],
        (other, _) => vec![other, Principal::Employee],
    };
    columns.iter().map(|p| cell(resource, *p)).any(|c| match act {
        Act::Read => c.read,
        Act::Aggregate => c.aggregate || c.read,
        Act::Pseudonymised => c.pseudonymised || c.read,
        Act::Write => c.write && !c.second_person,
        Act::Metadata => c.metadata || c.read,
        Act::Job => c.privacy_job,
    })
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
        // A machine has nothing of its own.
        About::Own if principal == Principal::Api => Expected::Denied,
        About::Own => Expected::Allowed,
        About::Theirs => Expected::Denied,
        About::Asked(resource) => {
            let may = cell(*resource, principal).write && principal != Principal::Itself;
            if may { Expected::Allowed } else { Expected::Denied }
        }
        About::Sent(resource, act, _) => {
            let machine = principal == Principal::Api && scoped && by_matrix(*resource, *act, principal);
            if machine { Expected::Allowed } else { Expected::Denied }
        }
        About::Xapi if scoped => Expected::Allowed,
        About::Xapi => Expected::Denied,
        About::Keeps(..) if principal == Principal::Analyst => Expected::Allowed,
        About::Keeps(resource, act) => {
            let by_cells = by_matrix(*resource, *act, principal) && principal != Principal::Api;
            if by_cells { Expected::Allowed } else { Expected::Denied }
        }
        About::Decides(resource, act) => {
            let by_cells = by_matrix(*resource, *act, principal) || principal == Principal::Exec;
            if by_cells && principal != Principal::Api { Expected::Allowed } else { Expected::Denied }
        }
        About::Part(resource, act, some) => {
            // The use case may let in fewer than the matrix, never more.
            let narrowed = some.contains(&principal);
            assert!(!narrowed || by_matrix(*resource, *act, principal), "{} widens the matrix", line.path);
            if narrowed { Expected::Allowed } else { Expected::Denied }
        }
        About::Row(resource, act, scope) => {
            let by_cells = by_matrix(*resource, *act, principal);
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
        404 if line.missing.is_some_and(|what| answer.text().contains(what)) => Expected::Allowed,
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
                About::Sent(_, _, scope) => Some(*scope),
                About::Xapi => Some(KeyScope::All),
                _ => None,
            };
            for &principal in Principal::ALL {
                // A machine once with the scope that is asked for and once with another.
                let tries: Vec<(Client, bool)> = if principal == Principal::Revoked {
                    vec![(revoked.clone(), false)]
                } else if principal == Principal::Api {
                    let other = if scope == Some(KeyScope::Operations) { KeyScope::Metrics } else { KeyScope::Operations };
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
                    // POST without a form is no method of these resources, for anybody.
                    if matches!(line.about, About::Xapi) && answer.status == 405 && want != Expected::SignIn {
                        continue;
                    }
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
