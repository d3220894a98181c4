//! From observations to episodes, standings and notifications, on both databases.

mod company;

use app::alerts::rules::{Change, back_to, current, history, set, try_on_history};
use app::alerts::{answer, new_day};
use app::metrics::{OnProblem, record};
use app::{App, Error, pipeline};
use company::{company, incoming, may_send, metric, week};
use connect::calendars::{Calendars, Closure, LeaveRow};
use domain::access::{AnswerAlert, ReadRules, Relation, Who, WriteAssignment, WriteRules, permit, scope};
use domain::alerts::series::Rules;
use domain::alerts::{Alert, Answer, Kind, Standing, State};
use domain::ids::{PersonId, Subject};
use domain::metrics::Aggregation;
use domain::time::Cadence;
use store::Store;
use store::alerts::Stand;

const WEEKS: i32 = 50;

/// Noise between −1 and 1 that looks random and is the same in every run.
fn noise(person: usize, week: i32) -> f64 {
    let x = (person as u64 * 1_000_003 + week as u64 * 7_919).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let a = ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24);
    2.0 * a - 1.0
}

/// Fills every person's weeks up to the newest due one, with something done to the values.
async fn fill(app: &App, people: &[String], until: i32, change: impl Fn(usize, i32, f64) -> Option<f64>) {
    let mut rows = Vec::new();
    for (i, person) in people.iter().enumerate() {
        for w in 0..until {
            if let Some(value) = change(i, w, 40.0 + 8.0 * noise(i, w)) {
                rows.push(incoming(rows.len() as u64 + 2, "calls", person, week(w), value));
            }
        }
    }
    record(app, &may_send(), "calls.csv", rows, OnProblem::Refuse, false).await.unwrap();
    pipeline::settle(app).await.unwrap();
}

async fn open_alerts(app: &App) -> Vec<Alert> {
    app.store
        .read(|r| {
            let mut all =
                store::alerts::open(r, &scope(&Who::Host, domain::access::Resource::RedAlert, None))?;
            all.extend(store::alerts::open_of_units(r)?);
            Ok::<_, Error>(all)
        })
        .await
        .unwrap()
}

async fn stands(app: &App, people: &[String]) -> Vec<Stand> {
    let mut all = Vec::new();
    for code in people {
        let id = person_id(app, code).await.uuid();
        all.extend(app.store.read(move |r| Ok::<_, Error>(store::alerts::stands(r, &[id])?)).await.unwrap());
    }
    all
}

async fn person_id(app: &App, code: &str) -> PersonId {
    let code = code.to_owned();
    app.store
        .read(move |r| Ok::<_, Error>(store::people::person_by_code(r, &code)?.unwrap().id))
        .await
        .unwrap()
}

testkit::both_databases! {
    async fn a_change_tells_the_person_and_their_direct_leader_once(store: Store) {
        let (app, people) = company(store, 24).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS - 1, |_, _, v| Some(v)).await;
        assert_eq!(open_alerts(&app).await, []);
        fill(&app, &people, WEEKS, |i, w, v| Some(if i == 3 && w >= WEEKS - 4 { v - 25.0 } else { v })).await;
        let open = open_alerts(&app).await;
        assert_eq!(open.len(), 1, "{open:#?}");
        let p3 = person_id(&app, &people[3]).await;
        assert_eq!((open[0].subject, open[0].kind, open[0].state), (Subject::Person(p3), Kind::Shift, State::New));
        let told: Vec<(String, String)> = app.store.read(|r| {
            let mut told = Vec::new();
            r.each("SELECT p.code, n.text FROM notification n JOIN person p ON p.id = n.person_id ORDER BY p.code", store::params![], |row| {
                told.push((row.get(0)?, row.get(1)?));
                Ok(())
            })?;
            Ok::<_, Error>(told)
        }).await.unwrap();
        assert_eq!(told.iter().map(|t| t.0.as_str()).collect::<Vec<_>>(), ["lead0", "p3"], "{told:?}");
        let waiting = app.store.read(|r| Ok::<_, Error>(store::outbox::queue_state(r)?.waiting)).await.unwrap();
        assert_eq!(waiting, 2, "one mail each");
        // The same numbers again: nothing new.
        app.store.write(|tx| -> Result<(), Error> {
            let b = store::metrics::metric_by_code(tx, "calls")?.unwrap().id.uuid();
            let key = store::pipeline::Key { a: uuid::Uuid::nil(), b, day: domain::time::Day::from_number(0) };
            Ok(store::pipeline::ask(tx, app::STANDING, [key])?)
        }).await.unwrap();
        pipeline::settle(&app).await.unwrap();
        assert_eq!(app.store.read(|r| Ok::<_, Error>(store::outbox::queue_state(r)?.waiting)).await.unwrap(), 2);
    }

    async fn what_hits_everyone_is_one_alert_where_it_happens(store: Store) {
        let (app, people) = company(store, 40).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |_, w, v| Some(if w >= WEEKS - 2 { v * 0.7 } else { v })).await;
        let open = open_alerts(&app).await;
        assert_eq!(open.len(), 1, "{open:#?}");
        let unit = open[0].subject.unit().expect("an alert about the organisation");
        let name = app.store.read(move |r| Ok::<_, Error>(store::people::unit(r, unit)?.unwrap().code)).await.unwrap();
        assert_eq!(name, "ORG");
        assert_eq!(open[0].facts.subjects, 40);
    }

    async fn missing_data_go_to_the_feeds_owner_and_never_to_the_person(store: Store) {
        let (app, people) = company(store, 20).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        // The last branch (five people) falls silent three weeks ago.
        fill(&app, &people, WEEKS, |i, w, v| (i < 15 || w < WEEKS - 3).then_some(v)).await;
        new_day(&app).await.unwrap();
        pipeline::settle(&app).await.unwrap();
        let open = open_alerts(&app).await;
        assert_eq!(open.len(), 1, "{open:#?}");
        assert_eq!((open[0].kind, open[0].facts.subjects), (Kind::NoData, 5));
        let told: Vec<String> = app.store.read(|r| Ok::<_, Error>(r.query(
            "SELECT p.code FROM notification n JOIN person p ON p.id = n.person_id", store::params![], |row| row.get(0))?)).await.unwrap();
        assert_eq!(told, ["boss"], "the feed's owner");
        let silent = person_id(&app, &people[19]).await;
        let stands = app.store.read(move |r| Ok::<_, Error>(store::alerts::stands(r, &[silent.uuid()])?)).await.unwrap();
        assert_eq!(stands[0].state, Standing::DataLate);
        // Asking again on the next day opens nothing new; data that come close it.
        new_day(&app).await.unwrap();
        assert_eq!(open_alerts(&app).await.len(), 1);
        fill(&app, &people, WEEKS, |_, _, v| Some(v)).await;
        new_day(&app).await.unwrap();
        assert_eq!(open_alerts(&app).await, []);
    }

    async fn a_feed_that_runs_every_night_is_not_silent_while_a_week_lasts(store: Store) {
        let (app, people) = company(store, 20).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |_, _, v| Some(v)).await;
        app.store.write(|tx| -> Result<(), Error> {
            for feed in store::feeds::feeds(tx)? {
                store::feeds::put_feed(tx, &domain::feeds::Feed { cadence: Cadence::Day, ..feed })?;
            }
            Ok(())
        }).await.unwrap();
        new_day(&app).await.unwrap();
        assert_eq!(open_alerts(&app).await, []);
    }

    async fn wrong_data_hold_the_alert_and_a_correction_closes_it(store: Store) {
        let (app, people) = company(store, 24).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |i, w, v| Some(if i == 3 && w >= WEEKS - 4 { v - 25.0 } else { v })).await;
        let alert = open_alerts(&app).await.remove(0);
        let may = permit(&Who::Host, Relation::NONE, AnswerAlert(alert.id)).unwrap();
        let missing_reason = answer(&app, &may, Answer::DataWrong, " ").await;
        assert!(matches!(missing_reason, Err(Error::Invalid(_))));
        let held = answer(&app, &may, Answer::DataWrong, "the phone system changed").await.unwrap();
        assert_eq!(held.state, State::InQuestion);
        fill(&app, &people, WEEKS, |_, _, v| Some(v)).await;
        assert_eq!(open_alerts(&app).await, []);
        let id = alert.id;
        let (now, events) = app.store.read(move |r| Ok::<_, Error>((store::alerts::alert(r, id)?.unwrap(), store::alerts::events(r, id)?))).await.unwrap();
        assert_eq!(now.state, State::WrongData);
        let states: Vec<State> = events.iter().map(|e| e.state).collect();
        assert_eq!(states, [State::New, State::InQuestion, State::WrongData]);
        assert!(matches!(answer(&app, &may, Answer::IKnowWhy, "").await, Err(Error::Conflict(_))));
    }

    async fn one_number_is_judged_as_all_together_would_be(store: Store) {
        let (app, people) = company(store, 120).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |i, w, v| Some(if i == 3 && w >= WEEKS - 3 { v - 18.0 } else { v })).await;
        // One of them is corrected, for the worse and by itself: few numbers, so only their branch is looked at.
        for (person, week_at) in [(17_usize, WEEKS - 1), (17, WEEKS - 2), (3, WEEKS - 1)] {
            let row = incoming(2, "calls", &people[person], week(week_at), 6.0);
            record(&app, &may_send(), "one.csv", vec![row], OnProblem::Refuse, false).await.unwrap();
            pipeline::settle(&app).await.unwrap();
        }
        let (some, open) = (stands(&app, &people).await, open_alerts(&app).await);
        assert!(open.len() >= 2, "{open:#?}");
        app.store.write(|tx| -> Result<(), Error> {
            let b = store::metrics::metric_by_code(tx, "calls")?.unwrap().id.uuid();
            let key = store::pipeline::Key { a: uuid::Uuid::nil(), b, day: domain::time::Day::from_number(0) };
            Ok(store::pipeline::ask(tx, app::STANDING, [key])?)
        }).await.unwrap();
        pipeline::settle(&app).await.unwrap();
        let whole: Vec<_> = open_alerts(&app).await.iter().map(|a| (a.id, a.subject, a.since, a.state)).collect();
        assert_eq!(open.iter().map(|a| (a.id, a.subject, a.since, a.state)).collect::<Vec<_>>(), whole);
        for (one, all) in some.iter().zip(stands(&app, &people).await) {
            assert_eq!((one.subject, one.state, one.period, one.value), (all.subject, all.state, all.period, all.value));
            // The movement of the whole company stays as it was measured while hardly anything has moved it; the end of
            // the usual range is 2.66 mean ranges away, and moves with them.
            let (a, b) = (one.usual.unwrap(), all.usual.unwrap());
            assert!((a.0 - b.0).abs() < 0.5 && (a.1 - b.1).abs() < 1.0, "{one:?} {all:?}");
        }
    }

    async fn rules_are_versions_that_can_be_tried_before_they_hold(store: Store) {
        let (app, people) = company(store, 24).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |i, w, v| Some(if i == 3 && w >= WEEKS - 4 { v - 25.0 } else { v })).await;
        let before = open_alerts(&app).await;
        assert_eq!(before[0].rule, "default 0");
        let may_read = permit(&Who::Host, Relation::NONE, ReadRules(())).unwrap();
        let may_write = permit(&Who::Host, Relation::NONE, WriteRules(())).unwrap();
        let keen = Rules { interval: 1.0, ..Rules::default() };
        let id = app.store.read(|r| Ok::<_, Error>(store::metrics::metric_by_code(r, "calls")?.unwrap().id)).await.unwrap();
        let now = try_on_history(&app, &Who::Host, &may_write, id, Rules::default(), 12).await.unwrap();
        let then = try_on_history(&app, &Who::Host, &may_write, id, keen, 12).await.unwrap();
        assert_eq!((now.periods.len(), now.trial.judged), (12, 12 * 24));
        assert!(now.trial.fired.len() < then.trial.fired.len(), "{now:?} {then:?}");
        assert_eq!(then.by_period.iter().sum::<usize>(), then.trial.fired.len());
        assert_eq!(then.named.len(), then.trial.fired.len());
        assert_eq!(then.by_period_now.iter().sum::<usize>(), now.trial.fired.len(), "beside the rules in force");
        assert_eq!(then.teams.iter().map(|t| t.people).sum::<usize>(), 24);
        assert_eq!(then.teams.iter().map(|t| t.fired()).sum::<usize>(), then.trial.fired.len());
        assert!(then.teams.iter().all(|t| t.leader.is_some()), "the host sees everybody: {:?}", then.teams);
        assert_eq!(open_alerts(&app).await.len(), before.len(), "trying keeps nothing");

        let change = |code: &str, rules: Rules, why: &str| vec![Change { code: code.into(), rules: Some(rules), why: why.into() }];
        for wrong in [
            change("calls", Rules { interval: f64::NAN, ..keen }, "because"),
            change("calls", Rules { baseline: 1, ..keen }, "because"),
            change("nothing", keen, "because"),
            change("calls", keen, " "),
        ] {
            assert!(matches!(set(&app, &may_write, wrong, false).await, Err(Error::Invalid(_))));
        }
        assert_eq!(set(&app, &may_write, change("calls", keen, "we want to hear sooner"), true).await.unwrap().changes.len(), 1);
        assert_eq!(history(&app, &may_read).await.unwrap().len(), 1, "a dry run keeps nothing");
        assert_eq!(set(&app, &may_write, change("calls", keen, "we want to hear sooner"), false).await.unwrap().changes.len(), 1);
        assert_eq!(set(&app, &may_write, change("calls", keen, "again"), false).await.unwrap().changes.len(), 0, "the same is no version");
        pipeline::settle(&app).await.unwrap();
        let after = open_alerts(&app).await;
        assert!(after.iter().any(|a| a.rule == "calls 1"), "{after:#?}");
        let versions = history(&app, &may_read).await.unwrap();
        assert_eq!(versions.iter().map(|v| (v.code.as_str(), v.version)).collect::<Vec<_>>(), [("calls", 1), ("default", 0)]);

        // And back: what held before the first version was the default, and that is a version too.
        assert!(matches!(back_to(&app, &may_write, "calls", 7).await, Err(Error::NotFound(_))));
        let back = back_to(&app, &may_write, "calls", 0).await.unwrap();
        assert_eq!(back.changes[0].how, "as the default from now on");
        assert_eq!(current(&app, &may_read).await.unwrap().iter().map(|v| v.code.as_str()).collect::<Vec<_>>(), ["default"]);
        pipeline::settle(&app).await.unwrap();
        assert!(open_alerts(&app).await.iter().all(|a| a.rule != "calls 2"), "the default judges again");
        let again = back_to(&app, &may_write, "calls", 1).await.unwrap();
        assert_eq!(again.changes[0].how, "a rule of its own, beside the first default interval: 2.8 to 1.0");
        let versions = history(&app, &may_read).await.unwrap();
        assert_eq!(versions.iter().filter(|v| v.code == "calls").map(|v| v.version).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(versions[0].why, "back to version 1");
        assert_eq!(set(&app, &may_write, vec![Change { code: "default".into(), rules: Some(Rules::default()), why: "x".into() }], false).await.unwrap().unchanged, 1);
    }

    async fn a_small_team_is_not_counted_by_itself(store: Store) {
        let (app, people) = company(store, 24).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        fill(&app, &people, WEEKS, |i, w, v| Some(if i == 22 && w >= WEEKS - 4 { v - 25.0 } else { v })).await;
        let id = app.store.read(|r| Ok::<_, Error>(store::metrics::metric_by_code(r, "calls")?.unwrap().id)).await.unwrap();
        // An analyst leads nobody; teams are of five, the last one of four.
        let boss = person_id(&app, "boss").await;
        app::access::give_role(&app, permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap(), "boss", domain::access::AccessRole::Analyst).await.unwrap();
        let who = app::access::who_is(&app, boss).await.unwrap().unwrap();
        let may = permit(&who, Relation::NONE, WriteRules(())).unwrap();
        let tried = try_on_history(&app, &who, &may, id, Rules::default(), 12).await.unwrap();
        assert_eq!(tried.trial.fired.len(), 1, "{tried:?}");
        assert_eq!(tried.named, [], "an analyst sees nobody by name");
        assert!(tried.teams.iter().all(|t| t.people >= 5 && t.leader.is_none()), "{:?}", tried.teams);
        assert_eq!(tried.teams.iter().map(|t| t.people).sum::<usize>(), 24);
        assert_eq!(tried.teams.iter().map(|t| t.teams).max(), Some(2), "the small one is put together with another");
    }

    async fn a_calendar_makes_a_short_week_no_dip_and_leave_no_silence(store: Store) {
        let (app, people) = company(store, 20).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Sum, Cadence::Week)], false).await.unwrap();
        // Everybody in the first branch has half of three weeks; p7 has nothing for two.
        let short = |i: usize, w: i32, v: f64| match (i, w) {
            (0..5, w) if (WEEKS - 4..WEEKS - 1).contains(&w) => Some(v * 0.4),
            (7, w) if w >= WEEKS - 2 => None,
            _ => Some(v),
        };
        let may = permit(&Who::Host, Relation::NONE, WriteAssignment(())).unwrap();
        let closures = |unit: &str| Calendars {
            closures: (0..3)
                .map(|n| Closure {
                    unit: unit.into(),
                    from: week(WEEKS - 4 + n),
                    until: week(WEEKS - 4 + n).plus(3),
                    reason: "rebuilding".into(),
                    removed: false,
                })
                .collect(),
            ..Calendars::default()
        };
        let bring_in = |all: Calendars, dry_run: bool| {
            let (app, may) = (app.clone(), may.clone());
            async move { app::calendars::import_calendars(&app, &may, all, dry_run).await }
        };
        assert!(matches!(bring_in(closures("B99"), false).await, Err(Error::Invalid(_))));
        let looked = bring_in(closures("B0"), true).await.unwrap();
        assert_eq!((looked.changes.len(), looked.applied), (3, false));
        assert_eq!(bring_in(closures("B0"), false).await.unwrap().changes, looked.changes);
        assert_eq!(bring_in(closures("B0"), false).await.unwrap().unchanged, 3, "the same again is no change");
        let leave = |person: &str, share: f64| {
            let (from, until) = (week(WEEKS - 2), week(WEEKS));
            vec![LeaveRow { line: 2, person: person.into(), from, until, share }]
        };
        assert!(matches!(app::calendars::import_leave(&app, &may, leave("nobody", 0.0), false).await, Err(Error::Invalid(_))));
        assert_eq!(app::calendars::import_leave(&app, &may, leave("p7", 0.0), false).await.unwrap().changes[0].how, format!("away until {}", week(WEEKS).plus(-1)));
        fill(&app, &people, WEEKS, short).await;
        assert_eq!(open_alerts(&app).await, []);
        let found = stands(&app, &people).await;
        let away = person_id(&app, "p7").await;
        assert_eq!(found.iter().find(|s| s.subject == away.uuid()).unwrap().state, Standing::Away);
        // A rise by chance is nobody's alert; nobody has fallen or is late.
        let as_usual = |s: &Stand| matches!(s.state, Standing::Usual | Standing::ChangedHigher);
        assert!(found.iter().filter(|s| s.subject != away.uuid()).all(as_usual), "{found:#?}");
        // Taken away again: the weeks are short ones, and the two without anything are late.
        assert_eq!(app::calendars::import_leave(&app, &may, leave("p7", 1.0), false).await.unwrap().changes[0].how, "taken away");
        let mut none = closures("B0");
        none.closures.iter_mut().for_each(|c| c.removed = true);
        assert_eq!(bring_in(none, false).await.unwrap().changes.len(), 3);
        pipeline::settle(&app).await.unwrap();
        let found = stands(&app, &people).await;
        assert_eq!(found.iter().find(|s| s.subject == away.uuid()).unwrap().state, Standing::DataLate);
        assert!(!open_alerts(&app).await.is_empty(), "without the closures the branch fell");
    }
}
