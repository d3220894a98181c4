//! A study from the sentence to the decision, through pages and API: draft, lock, draw, run, amend, read, scale.

use app::interventions::Definition as Support;
use app::metrics::{Definition, Incoming, OnProblem};
use app::pipeline;
use domain::access::{AccessRole, SendObservations, WriteAssignment, WriteStudy};
use domain::ids::{InterventionId, MetricId};
use domain::interventions::{CauseBox, Intervention, Kind, MinutesPer, State};
use domain::metrics::{Aggregation, Direction, Grain, Level, Metric, Quantity};
use domain::time::{Cadence, Day};
use store::Store;

use crate::harness::{Client, Server, host, person};

/// Branches of five people each.
const BRANCHES: usize = 16;
/// Weeks of history; the newest began on 2026-03-09 and is complete at the server's moment.
const WEEKS: i32 = 50;

fn week(number: i32) -> Day {
    "2026-03-09".parse::<Day>().unwrap().plus(7 * (number + 1 - WEEKS))
}

/// Noise between −1 and 1 that looks random and is the same in every run.
fn noise(a: usize, b: i32) -> f64 {
    let x = (a as u64 * 1_000_003 + b as u64 * 7_919 + 11).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let v = ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24);
    2.0 * v - 1.0
}

struct Place {
    server: Server,
    support: InterventionId,
    calls: MetricId,
    complaints: MetricId,
    rework: MetricId,
    analyst: Client,
    member: Client,
    exec: Client,
}

fn metric(server: &Server, code: &str, name: &str, direction: Direction, guardrail: bool) -> Definition {
    Definition {
        line: 1,
        metric: Metric {
            id: server.app.new_id(),
            code: code.into(),
            version: 0,
            name: name.into(),
            unit: code.into(),
            direction,
            level: Level::Performance,
            grain: Grain::Person,
            aggregation: Aggregation::Mean,
            cadence: Cadence::Week,
            decimals: 0,
            guardrail,
            owner: None,
            feed: None,
            source: "test".into(),
            description: String::new(),
        },
        owner: Some("boss".into()),
        feed: Some("calls".into()),
        why: "first definition".into(),
    }
}

impl Place {
    async fn start(store: Store) -> Self {
        let server = Server::start(store).await;
        let app = server.app.clone();
        let unit = |code: String, kind: &str, parent: Option<&str>| app::people::UnitRow {
            line: 2,
            name: Some(format!("Branch {code}")),
            code,
            kind: Some(kind.into()),
            parent: parent.map(str::to_owned),
            ..Default::default()
        };
        let mut units = vec![
            unit("B-01".into(), "head office", None),
            unit("north".into(), "region", Some("B-01")),
            unit("south".into(), "region", Some("B-01")),
        ];
        for b in 0..BRANCHES {
            let region = if b.is_multiple_of(2) { "north" } else { "south" };
            units.push(unit(format!("br{b:02}"), "branch", Some(region)));
        }
        app::people::import_units(&app, &host(WriteAssignment(())), units, false).await.unwrap();
        let mut rows = vec![person("boss", None), person("analyst", None)];
        for b in 0..BRANCHES {
            for p in 0..5 {
                let mut row = person(&format!("w{b:02}x{p}"), Some("boss"));
                row.unit = Some(format!("br{b:02}"));
                rows.push(row);
            }
        }
        server.people(rows).await;
        app::access::give_role(&app, host(WriteAssignment(())), "analyst", AccessRole::Analyst)
            .await
            .unwrap();
        app::access::give_role(&app, host(WriteAssignment(())), "boss", AccessRole::Executive).await.unwrap();
        let may = host(SendObservations(()));
        let definitions = vec![
            metric(&server, "calls", "Successful calls", Direction::Up, false),
            metric(&server, "complaints", "Complaints", Direction::Down, true),
            metric(&server, "rework", "Rework", Direction::Down, false),
        ];
        app::metrics::define(&app, &may, definitions, false).await.unwrap();
        let support = Support {
            place: "test".into(),
            intervention: Intervention {
                id: InterventionId::new(uuid::Uuid::nil()),
                code: "lesson".into(),
                name: "The second question".into(),
                kind: Kind::Lesson,
                owner: None,
                org_unit: None,
                minutes: 6.0,
                minutes_per: MinutesPer::Person,
                money: 100.0,
                hour_value: Some(40.0),
                behaviour: "asks once more".into(),
                cause_box: CauseBox::Knowledge,
                description: String::new(),
                activity: None,
                state: State::Active,
            },
            owner: None,
            unit: None,
            lanes: vec![(Level::Performance, "calls".into())],
        };
        app::interventions::define(&app, &host(WriteStudy(())), vec![support], false).await.unwrap();
        let (support, calls, complaints, rework) = app
            .store
            .read(|r| -> app::Result<_> {
                Ok((
                    store::interventions::intervention_by_code(r, "lesson")?.unwrap().id,
                    store::metrics::metric_by_code(r, "calls")?.unwrap().id,
                    store::metrics::metric_by_code(r, "complaints")?.unwrap().id,
                    store::metrics::metric_by_code(r, "rework")?.unwrap().id,
                ))
            })
            .await
            .unwrap();
        let analyst = server.sign_in_as(server.id_of("analyst").await).await;
        let member = server.sign_in_as(server.id_of("w03x1").await).await;
        let exec = server.sign_in_as(server.id_of("boss").await).await;
        let place = Self { server, support, calls, complaints, rework, analyst, member, exec };
        place.observe(0..WEEKS, |_, _| 0.0).await;
        place
    }

    /// Numbers of everybody for some weeks; `more` is what a branch has on top in a week.
    async fn observe(&self, weeks: std::ops::Range<i32>, more: impl Fn(usize, i32) -> f64) {
        let mut rows = Vec::new();
        for b in 0..BRANCHES {
            for p in 0..5 {
                for w in weeks.clone() {
                    for (metric, level) in [("calls", 40.0), ("complaints", 2.0)] {
                        let n = noise(b * 5 + p, w) * level / 20.0 + noise(b, w + 1_000) * level / 40.0;
                        let extra = if metric == "calls" { more(b, w) } else { 0.0 };
                        rows.push(Incoming {
                            line: rows.len() as u64 + 2,
                            metric: metric.into(),
                            subject: format!("w{b:02}x{p}"),
                            day: week(w),
                            quantity: Quantity::plain(level + n + extra),
                        });
                    }
                }
            }
        }
        let may = host(SendObservations(()));
        app::metrics::record(&self.server.app, &may, "calls.csv", rows, OnProblem::Refuse, false)
            .await
            .unwrap();
        pipeline::settle(&self.server.app).await.unwrap();
    }

    /// Weeks go by; whoever was signed in signs in again.
    async fn later(&mut self, weeks: i64) {
        self.server.advance(weeks * 7 * 86_400);
        self.analyst = self.server.sign_in_as(self.server.id_of("analyst").await).await;
        self.exec = self.server.sign_in_as(self.server.id_of("boss").await).await;
        self.member = self.server.sign_in_as(self.server.id_of("w03x1").await).await;
    }

    fn sentence<'a>(&'a self, ids: &'a [String; 4]) -> Vec<(&'a str, &'a str)> {
        vec![
            ("support", &ids[0]),
            ("metric", &ids[1]),
            (&ids[2], "on"),
            (&ids[3], "on"),
            ("design", "staged"),
            ("whom", "account managers, all branches"),
            ("by", "4"),
            ("within", "8"),
            ("because", "offers fit better"),
            ("stop_if", ""),
            ("before", "12"),
            ("after", "8"),
            ("scale", "plain"),
            ("smallest", "1"),
            ("reading", "2026-06-29"),
        ]
    }
    fn ids(&self) -> [String; 4] {
        [
            self.support.to_string(),
            self.calls.to_string(),
            format!("guardrail:{}", self.complaints),
            format!("guardrail:{}", self.rework),
        ]
    }
}

testkit::both_databases! {
    async fn from_the_sentence_to_the_decision(store: Store) {
        let mut place = Place::start(store).await;
        let ids = place.ids();
        let (analyst, member) = (place.analyst.clone(), place.member.clone());

        // The sentence.
        analyst.get("/studies/new").expect(200).contains("We believe").contains("The second question");
        member.get("/studies/new").expect(403);
        let mut bare = place.sentence(&ids);
        for field in &mut bare {
            if matches!(field.0, "because" | "reading") {
                field.1 = "";
            }
        }
        bare.retain(|field| !field.0.starts_with("guardrail:"));
        let path = analyst.form("/studies", &bare).expect(303).header("location").to_owned();
        assert!(path.starts_with("/studies/study_"), "{path}");
        let draft = analyst.get(&path).expect(200);
        draft
            .contains("a hypothesis to finish")
            .contains("We believe The second question for account managers, all branches will move successful calls")
            .contains("Before it can be locked")
            .contains("Can this metric carry it?")
            .contains("50 periods of history")
            .contains("16 units have a history")
            .contains("Comes by the week, and is up to date.")
            .contains("What could be seen, and by when");
        // What is missing is said by its field, and nothing was locked.
        analyst.form(&format!("{path}/lock"), &[]).expect(400).contains("Name a metric that must not get worse");
        analyst.form(&path, &place.sentence(&ids)).expect(303);
        member.form(&format!("{path}/lock"), &[]).expect(403);
        analyst.form(&format!("{path}/lock"), &[]).expect(303);
        let locked = analyst.get(&path).expect(200).contains("is locked; who starts when is open").text();
        assert!(locked.contains("We stop if it makes complaints or rework worse."), "{locked}");
        assert!(locked.contains("Complaints and Rework"), "{locked}");

        // The draw.
        let drawing = |kind: &'static str, first: &'static str| {
            [("shape", "waves"), ("kind", kind), ("waves", "2"), ("first", first), ("weeks", "4")]
        };
        analyst.form(&format!("{path}/draw"), &drawing("branch", "2026-03-01")).expect(400).contains("not after today");
        analyst.form(&format!("{path}/draw"), &drawing("nothing", "2026-04-06")).expect(400).contains("left to draw from");
        analyst.form(&format!("{path}/draw"), &drawing("branch", "2026-04-06")).expect(303);
        analyst.form(&format!("{path}/draw"), &drawing("branch", "2026-04-06")).expect(303);
        let page = analyst.get(&path).expect(200).contains("Draw 2.").contains("8 units:").text();
        assert!(page.contains("Seed"), "{page}");
        analyst.form(&format!("{path}/rollout"), &[("draw", "9")]).expect(404);
        analyst.form(&format!("{path}/rollout"), &[("draw", "1")]).expect(303);
        analyst.get(&path).expect(200).contains("starts on 6 April").contains("by lot");

        // The draw can be made again from what the API gives.
        let key = place.server.key(&[domain::access::KeyScope::Metrics]).await;
        let api = format!("/api/v1{path}");
        let study = key.get(&api).expect(200).json();
        assert_eq!(study["stage"], "locked");
        assert_eq!(study["draws"][1]["number"], 1);
        let request = serde_json::from_value(study["draws"][1]["request"].clone()).unwrap();
        let again = domain::studies::draw::draw(&request, u64::from_str_radix(study["draws"][1]["seed"].as_str().unwrap(), 16).unwrap());
        assert_eq!(serde_json::to_value(&again).unwrap(), study["draws"][1]["drawn"]);
        let first: Vec<usize> = again
            .iter()
            .filter(|d| d.wave == 1)
            .map(|d| d.code.trim_start_matches("br").parse().unwrap())
            .collect();
        assert_eq!(first.len(), 8);
        assert_eq!(first.iter().filter(|b| b.is_multiple_of(2)).count(), 4, "half of each region");

        // It runs: eight weeks later, four more calls in the branches that started.
        let waves = |b: usize| if first.contains(&b) { 0 } else { 4 };
        place.later(8).await;
        let analyst = place.analyst.clone();
        let start = WEEKS + 3;
        let more = |b: usize, w: i32| if w >= start + waves(b) { 4.0 } else { 0.0 };
        place.observe(WEEKS..WEEKS + 8, more).await;
        pipeline::settle(&place.server.app).await.unwrap();
        analyst
            .get(&path)
            .expect(200)
            .contains("is running, to be read on 29 June")
            .contains("Time to readable")
            .contains("Early look")
            .contains("Guardrail: complaints")
            .contains("Guardrail: rework")
            .contains("No data")
            .contains("Nothing records its use");
        let study = key.get(&api).expect(200).json();
        assert_eq!(study["stage"], "running");
        assert_eq!(study["guardrails"], serde_json::json!(["complaints", "rework"]));
        // What is under way stands on one board.
        analyst
            .get("/chains")
            .expect(200)
            .contains("Under way")
            .contains("Complaints: not seen to be worse")
            .contains("Rework: no data")
            .contains("Nothing records it");
        let early = study["reading"]["progress"].as_f64().unwrap();
        assert!((0.1..0.9).contains(&early), "{early}");
        let width = |s: &serde_json::Value| {
            let e = &s["reading"]["outcome"]["estimate"];
            e["high"].as_f64().unwrap() - e["low"].as_f64().unwrap()
        };
        let wide = width(&study);

        // Changes after the lock are amendments, with a reason.
        let mut later = place.sentence(&ids);
        later.last_mut().unwrap().1 = "2026-07-06";
        analyst.form(&path, &later).expect(400).contains("Say why it changes");
        later.push(("why", "the second wave started late <b>"));
        later.retain(|field| field.0 != ids[3]);
        analyst.form(&path, &later).expect(303);
        analyst
            .get(&path)
            .expect(200)
            .contains("Changed after the lock")
            .contains("Reading day: “2026-06-29” became “2026-07-06”")
            .contains("Guardrails: “Complaints, Rework” became “Complaints”")
            .contains("the second wave started late &#60;b&#62;");
        let itself = format!("guardrail:{}", place.calls);
        let mut bad = later.clone();
        bad.push((&itself, "on"));
        analyst.form(&path, &bad).expect(400).contains("A guardrail is the metric itself");
        bad.push(("guardrails", "calls"));
        analyst.form(&path, &bad).expect(400).contains("there is no field");
        let other = [("support", ids[0].as_str()), ("metric", "metric_nothing"), ("before", "x"), ("after", "0")];
        analyst.form(&path, &other).expect(400).contains("Choose the metric").contains("whole number of periods");

        // It is read on its day, and the late change costs the grade.
        place.later(8).await;
        let (analyst, member) = (place.analyst.clone(), place.member.clone());
        place.observe(WEEKS + 8..WEEKS + 16, more).await;
        pipeline::settle(&place.server.app).await.unwrap();
        let study = key.get(&api).expect(200).json();
        assert_eq!(study["stage"], "read", "{study}");
        assert_eq!(study["answer"]["verdict"], "helps", "{study}");
        assert!(study["reading"]["progress"].is_null());
        assert_ne!(study["answer"]["grade"], "A", "amended after the start");
        assert_eq!(study["amendments"][0]["reason"], "the second wave started late <b>");
        let e = &study["reading"]["outcome"]["estimate"];
        assert!(e["low"].as_f64().unwrap() > 2.0 && e["high"].as_f64().unwrap() < 6.0, "four were planted: {e}");
        assert!(width(&study) < wide, "an early look is wider");
        analyst.get("/support").expect(200).contains("Known to help");

        // The pack computes again to the same bytes.
        let file = member.get(&format!("{api}/pack")).expect(200);
        assert!(file.header("content-disposition").contains("lesson-reading-"), "{}", file.header("content-disposition"));
        let pack = domain::studies::pack::Pack::from_bytes(&file.body).unwrap();
        assert_eq!(pack.again().bytes(), file.body);
        assert!(!file.text().contains("Branch br"), "units are numbers");
        assert!(file.text().contains("complaints is not seen to be worse"), "{}", file.text());

        // The decision.
        let chain = path.replace("/studies/", "/chains/");
        analyst
            .get(&chain)
            .expect(200)
            .contains("Conclusion: helps")
            .contains("complaints is not seen to be worse")
            .contains("Would chance look like this?");
        member.form(&format!("{chain}/decide"), &[("decision", "watch"), ("reason", "x")]).expect(403);
        assert!(!member.get(&chain).expect(200).text().contains("Record the decision"));
        // The executive decides as well, and writes no study.
        let exec = place.exec.clone();
        exec.get(&chain).expect(200).contains("Record the decision");
        exec.form(&format!("{path}/lock"), &[]).expect(403);
        exec.form(&format!("{chain}/decide"), &[("decision", "watch"), ("reason", "one more quarter")]).expect(303);
        member.get(&path).expect(200).contains("Keep watching: ").contains("one more quarter");
        analyst.form(&format!("{chain}/decide"), &[("decision", "scale"), ("reason", " ")]).expect(400);
        analyst
            .form(&format!("{chain}/decide"), &[("decision", "scale"), ("reason", "it pays"), ("from", "2026-08-03")])
            .expect(303);
        analyst.get(&path).expect(200).contains("decided to scale").contains("it pays");
        assert_eq!(key.get(&api).expect(200).json()["decisions"][0]["decision"], "scale");
    }

    async fn a_decision_to_scale_schedules_those_who_wait(store: Store) {
        let mut place = Place::start(store).await;
        let ids = place.ids();
        let analyst = place.analyst.clone();
        let path = analyst.form("/studies", &place.sentence(&ids)).expect(303).header("location").to_owned();
        analyst.form(&format!("{path}/lock"), &[]).expect(303);
        let half = [("shape", "half"), ("kind", "branch"), ("waves", "2"), ("first", "2026-03-23"), ("weeks", "4")];
        analyst.form(&format!("{path}/draw"), &half).expect(303);
        let other = [("shape", "waves"), ("kind", "branch"), ("waves", "5"), ("first", "2026-03-23"), ("weeks", "3")];
        analyst.form(&format!("{path}/draw"), &other).expect(303);
        // Drawing once more begins with what was drawn last.
        let form = analyst.get(&path).expect(200).text();
        assert!(form.contains(r#"name="waves" value="5""#) && form.contains(r#"<option value="waves" selected>"#), "{form}");
        analyst.form(&format!("{path}/rollout"), &[("draw", "1")]).expect(303);
        analyst.get(&path).expect(200).contains("8 units");
        place.later(12).await;
        let analyst = place.analyst.clone();
        place.observe(WEEKS..WEEKS + 12, |_, _| 0.0).await;
        pipeline::settle(&place.server.app).await.unwrap();
        let chain = path.replace("/studies/", "/chains/");
        analyst.get(&chain).expect(200).contains("8 branches have not started yet");
        let scale = |waves: &'static str, from: &'static str| {
            [("decision", "scale"), ("reason", "a try"), ("from", from), ("waves", waves), ("weeks", "2")]
        };
        analyst.form(&format!("{chain}/decide"), &scale("2", "2026-05-01")).expect(400);
        analyst.form(&format!("{chain}/decide"), &scale("two", "2026-07-06")).expect(400);
        analyst.form(&format!("{chain}/decide"), &scale("2", "never")).expect(400);
        let before = place.server.key(&[domain::access::KeyScope::Metrics]).await;
        assert_eq!(before.get(&format!("/api/v1{path}")).json()["decisions"], serde_json::json!([]), "nothing half-done");
        analyst.form(&format!("{chain}/decide"), &scale("2", "2026-07-06")).expect(303);
        let page = analyst.get(&path).expect(200).contains("Wave 2").contains("Wave 3").text();
        assert_eq!(page.matches(">4 units<").count(), 2, "{page}");
        assert!(!analyst.get(&chain).expect(200).text().contains("have not started yet"));

        // Stopped: not offered any more, and what was only planned does not start.
        analyst.get("/studies/new").expect(200).contains("The second question");
        analyst.form(&format!("{chain}/decide"), &[("decision", "stop"), ("reason", "it costs more than it gives")]).expect(303);
        assert!(!analyst.get("/studies/new").expect(200).text().contains("The second question"));
        let page = analyst.get(&path).expect(200).contains("Wave 1").text();
        assert!(!page.contains("Wave 2"), "{page}");
    }

    async fn learning_beside_the_work_says_what_it_does_not_say(store: Store) {
        let place = Place::start(store).await;
        place
            .analyst
            .get("/learning-and-work")
            .expect(200)
            .contains("Going together is not a reason")
            .contains("It cannot be said whether learning and complaints go together")
            .contains(&format!("/studies/new?metric={}", place.complaints));
        place.member.get(&format!("/learning-and-work?metric={}", place.calls)).expect(200).contains("/support");
        place.member.get("/learning-and-work?metric=nothing").expect(400);
        place.member.get(&format!("/learning-and-work?metric={}", MetricId::new(uuid::Uuid::nil()))).expect(404);
    }
}
