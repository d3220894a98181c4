//! A company in which one person's numbers have shifted: four teams of five with their leaders, a year of weeks,
//! an alert about `p3`, and two kinds of support that fit.

use app::metrics::{Definition, Incoming, OnProblem};
use app::pipeline;
use domain::access::{AccessRole, SendObservations, WriteAssignment};
use domain::ids::{AlertId, InterventionId, MetricId, PersonId, SessionId};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::time::{Cadence, Day};
use store::Store;

use crate::harness::{Answer, Client, Server, host, person};

/// Weeks of history; the newest began on 2026-03-09 and is complete at the server's moment.
const WEEKS: i32 = 50;
const PEOPLE: usize = 20;
const NAMES: [&str; PEOPLE] = [
    "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15",
    "p16", "p17", "p18", "p19",
];
const LEADERS: [&str; 4] = ["lead0", "lead1", "lead2", "lead3"];

/// The company, its server, and somebody for every side of the story.
pub(crate) struct Company {
    pub(crate) server: Server,
    /// Whose numbers shifted.
    pub(crate) maya: PersonId,
    pub(crate) metric: MetricId,
    /// The alert about the shift.
    pub(crate) alert: AlertId,
    /// A lesson and a job aid.
    pub(crate) lesson: InterventionId,
    pub(crate) aid: InterventionId,
}

/// Noise between −1 and 1 that looks random and is the same in every run.
pub(crate) fn noise(person: usize, week: i32) -> f64 {
    let x = (person as u64 * 1_000_003 + week as u64 * 7_919).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let a = ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24);
    2.0 * a - 1.0
}

fn week(number: i32) -> Day {
    "2026-03-09".parse::<Day>().unwrap().plus(7 * (number + 1 - WEEKS))
}

impl Company {
    /// The company with its alert open and nothing done about it yet.
    pub(crate) async fn start(store: Store) -> Self {
        Self::start_with(Server::start(store).await, |_| None).await
    }

    /// The same on a server of the test's own, with other mail addresses for some.
    pub(crate) async fn start_with(server: Server, email: impl Fn(&str) -> Option<&'static str>) -> Self {
        let app = server.app.clone();
        let unit = app::people::UnitRow {
            line: 2,
            code: "B-01".into(),
            name: Some("Harbour Street".into()),
            kind: Some("branch".into()),
            ..Default::default()
        };
        app::people::import_units(&app, &host(WriteAssignment(())), vec![unit], false).await.unwrap();
        let mut rows =
            vec![person("boss", None), person("admin", None), person("exec", None), person("keeper", None)];
        rows.extend(LEADERS.iter().map(|l| person(l, Some("boss"))));
        rows.extend(NAMES.iter().enumerate().map(|(i, p)| person(p, Some(LEADERS[i / 5]))));
        for row in &mut rows {
            if let Some(other) = email(&row.code) {
                row.email = Some(other.into());
            }
        }
        server.people(rows).await;
        for (code, role) in [("admin", AccessRole::Admin), ("exec", AccessRole::Executive)] {
            app::access::give_role(&app, host(WriteAssignment(())), code, role).await.unwrap();
        }
        let may = host(SendObservations(()));
        app::metrics::define(&app, &may, vec![calls(&server, "keeper")], false).await.unwrap();
        let metric = app
            .store
            .read(|r| -> app::Result<_> { Ok(store::metrics::metric_by_code(r, "calls")?.unwrap().id) })
            .await
            .unwrap();
        let mut rows = Vec::new();
        for (i, name) in NAMES.iter().enumerate() {
            for w in 0..WEEKS {
                let value = 40.0 + 8.0 * noise(i, w);
                // Nothing in the weeks before hints at it, so that four weeks are four weeks.
                let value = match WEEKS - w {
                    1..=4 if i == 3 => value - 25.0,
                    5..=8 if i == 3 => value.max(40.0),
                    _ => value,
                };
                rows.push(Incoming {
                    line: rows.len() as u64 + 2,
                    metric: "calls".into(),
                    subject: (*name).into(),
                    day: week(w),
                    quantity: Quantity::plain(value.round()),
                });
            }
        }
        app::metrics::record(&app, &may, "calls.csv", rows, OnProblem::Refuse, false).await.unwrap();
        pipeline::settle(&app).await.unwrap();
        let lesson = support(&server, metric, "opening", "A better opening", "lesson").await;
        let aid = support(&server, metric, "script", "The call script", "job_aid").await;
        let maya = server.id_of("p3").await;
        let alerts = app
            .store
            .read(move |r| -> app::Result<_> {
                Ok(store::alerts::of_subject(r, domain::ids::Subject::Person(maya), Some(metric))?)
            })
            .await
            .unwrap();
        assert_eq!(alerts.len(), 1, "{alerts:#?}");
        Self { maya, metric, alert: alerts[0].id, lesson, aid, server }
    }

    /// The newest four weeks of others are reported anew, much lower.
    pub(crate) async fn lower(&self, people: impl IntoIterator<Item = usize>) {
        let low = |person: usize| {
            (WEEKS - 4..WEEKS).map(move |w| Incoming {
                line: w as u64,
                metric: "calls".into(),
                subject: NAMES[person].into(),
                day: week(w),
                quantity: Quantity::plain((40.0 + 8.0 * noise(person, w) - 25.0).round()),
            })
        };
        let rows = people.into_iter().flat_map(low).collect();
        let (app, may) = (&self.server.app, host(SendObservations(())));
        app::metrics::record(app, &may, "mended.csv", rows, OnProblem::Refuse, false).await.unwrap();
        pipeline::settle(app).await.unwrap();
    }

    /// A browser in which somebody is signed in, by their code.
    pub(crate) async fn browser(&self, code: &'static str) -> Client {
        self.server.sign_in_as(self.server.id_of(code).await).await
    }
    /// The page of the alert.
    pub(crate) fn alert_page(&self) -> String {
        format!("/alerts/{}", self.alert)
    }
    /// The page of the metric that shifted.
    pub(crate) fn metric_page(&self) -> String {
        format!("/people/{}/metrics/{}", self.maya, self.metric)
    }
    /// The leader opens the talk from the alert. Gives the page of the session.
    pub(crate) fn talk(&self, leader: &Client) -> String {
        let answer = leader.form(&format!("{}/talk", self.alert_page()), &[]).expect(303);
        let page = answer.header("location").to_owned();
        let id = page.strip_prefix("/sessions/").expect("goes to the session");
        id.parse::<SessionId>().expect("a session's id");
        page
    }
    /// What somebody was told, newest first, as the page lists it.
    pub(crate) async fn told(&self, code: &'static str) -> String {
        self.browser(code).await.get("/notifications").expect(200).text()
    }
    /// How many rows each table has that a request of these stories could change.
    pub(crate) async fn counts(&self) -> Vec<(String, i64)> {
        counts(&self.server).await
    }
}

/// How many rows each table of the database has. Who looked is left out: looking is no change.
pub(crate) async fn counts(server: &Server) -> Vec<(String, i64)> {
    let tables = [
        "org_unit",
        "person",
        "account",
        "membership",
        "reporting_line",
        "access_grant",
        "password",
        "web_session",
        "one_use_link",
        "api_key",
        "audit_log",
        "feed",
        "feed_run",
        "metric",
        "metric_version",
        "observation",
        "metric_period",
        "target",
        "commitment",
        "standing",
        "alert",
        "alert_event",
        "notification",
        "outbox",
        "pipeline_key",
        "setting",
        "statement",
        "activity",
        "document",
        "learning_day",
        "intervention",
        "rollout",
        "intervention_use",
        "study",
        "study_answer",
        "decision",
        "coaching_session",
        "coaching_action",
        "message",
        "proposal",
    ];
    server
        .app
        .store
        .read(move |r| -> app::Result<_> {
            let mut all = Vec::new();
            for table in tables {
                let rows: Vec<i64> =
                    r.query(format!("SELECT COUNT(*) FROM {table}"), store::params![], |row| row.get(0))?;
                all.push((table.to_owned(), rows[0]));
            }
            // Changes of rows that are there already count as well.
            for (table, column) in [("alert", "version"), ("coaching_session", "version")] {
                let text = format!("SELECT CAST(COALESCE(SUM({column}), 0) AS BIGINT) FROM {table}");
                let rows: Vec<i64> = r.query(&text, store::params![], |row| row.get(0))?;
                all.push((format!("{table}.{column}"), rows[0]));
            }
            Ok(all)
        })
        .await
        .unwrap()
}

/// The rows of the tables on a page, as HTML.
pub(crate) fn table_rows(page: &Answer) -> Vec<String> {
    let text = page.text();
    text.split("<tr>").skip(1).map(|row| row.split("</tr>").next().unwrap_or_default().to_owned()).collect()
}

/// The metric of these stories, weekly calls of a person, with whoever answers for it.
pub(crate) fn calls(server: &Server, owner: &str) -> Definition {
    Definition {
        line: 1,
        metric: Metric {
            id: server.app.new_id(),
            code: "calls".into(),
            version: 0,
            name: "Successful calls".into(),
            unit: "calls".into(),
            direction: Direction::Up,
            level: Level::Performance,
            grain: Grain::Person,
            aggregation: Aggregation::Sum,
            cadence: Cadence::Week,
            decimals: 0,
            guardrail: false,
            owner: None,
            feed: None,
            source: "The phone system".into(),
            description: "Calls that ended with an appointment".into(),
        },
        owner: Some(owner.into()),
        feed: Some("calls".into()),
        why: "first definition".into(),
    }
}

async fn support(
    server: &Server,
    metric: MetricId,
    code: &'static str,
    name: &'static str,
    kind: &'static str,
) -> InterventionId {
    let app = &server.app;
    let (id, now) = (app.new_id::<InterventionId>(), app.now());
    app.store
        .write(move |tx| -> app::Result<()> {
            tx.execute(
                "INSERT INTO intervention (id, code, name, kind, minutes, minutes_per, money, behaviour, cause_box,
                     description, state, created_at)
                 VALUES ($1, $2, $3, $4, 6.0, 'person', 0.0, 'opens with a question', 'knowledge', 'One page', 'active', $5)",
                store::params![id, code, name, kind, now],
            )?;
            tx.execute(
                "INSERT INTO intervention_metric (intervention_id, metric_id, lane, position) VALUES ($1, $2, 'performance', 0)",
                store::params![id, metric],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    id
}
