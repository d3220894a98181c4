//! From a rollout and observations to a graded answer and a decision, on both databases.

mod company;

use app::interventions::{self, NoteRow, StartRow, UseRow};
use app::metrics::{OnProblem, record};
use app::studies::{self, Definition};
use app::{App, Error, pipeline};
use company::{company, incoming, may_send, metric, week};
use domain::access::{
    AccessRole, DecideStudy, Denied, KeyScope, Machine, Permit, ReadStudyResult, Relation, Viewer, Who,
    WriteStudy, permit, permit_decision,
};
use domain::ids::{KeyId, StudyId};
use domain::interventions::{CauseBox, Intervention, Kind, MinutesPer, State};
use domain::metrics::{Aggregation, Level};
use domain::studies::{Check, Choice, Design, Hypothesis, Input, Plan, Reading};
use domain::time::Cadence;
use store::Store;

const WEEKS: i32 = 51;

fn may_write() -> Permit<WriteStudy> {
    permit(&Who::Host, Relation::NONE, WriteStudy(())).unwrap()
}

/// Noise of mean 0 and variance 1 that looks random and is the same in every run.
fn noise(a: usize, b: i32) -> f64 {
    let mut x = (a as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (b as u64).wrapping_add(7).wrapping_mul(0xD1B5_4A32_D192_ED03);
    let mut sum = 0.0;
    for _ in 0..12 {
        x ^= x >> 30;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 27;
        x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        sum += (x >> 11) as f64 / (1_u64 << 53) as f64;
    }
    sum - 6.0
}

async fn support(app: &App, code: &str, minutes: f64) {
    let definition = interventions::Definition {
        place: "test".into(),
        intervention: Intervention {
            id: app.new_id(),
            code: code.into(),
            name: "The second question".into(),
            kind: Kind::Lesson,
            owner: None,
            org_unit: None,
            minutes,
            minutes_per: MinutesPer::Person,
            money: 100.0,
            hour_value: Some(40.0),
            behaviour: "asks once more".into(),
            cause_box: CauseBox::Knowledge,
            description: String::new(),
            activity: None,
            state: State::Active,
        },
        owner: Some("boss".into()),
        unit: Some("ORG".into()),
        lanes: vec![(Level::Performance, "calls".into())],
    };
    for expected in [1, 0] {
        let changed =
            interventions::define(app, &may_write(), vec![definition.clone()], false).await.unwrap();
        assert_eq!(changed, expected, "idempotent by code");
    }
}

fn study(code: &str, design: Design, plan: Plan) -> Definition {
    Definition {
        place: "test".into(),
        code: code.into(),
        intervention: "lesson".into(),
        metric: "calls".into(),
        design,
        hypothesis: Hypothesis { because: "offers fit better".into(), ..Hypothesis::default() },
        guardrails: Vec::new(),
        plan,
        units: Vec::new(),
        locked_on: Some(week(0)),
        reading_day: None,
    }
}

async fn fill(app: &App, people: &[String], value: impl Fn(usize, i32) -> f64) {
    let mut rows = Vec::new();
    for (i, person) in people.iter().enumerate() {
        for w in 0..WEEKS {
            rows.push(incoming(rows.len() as u64 + 2, "calls", person, week(w), value(i, w)));
        }
    }
    record(app, &may_send(), "calls.csv", rows, OnProblem::Refuse, false).await.unwrap();
    pipeline::settle(app).await.unwrap();
}

/// Even branches start in two waves, odd ones have not started.
fn start_of(branch: usize) -> Option<i32> {
    branch.is_multiple_of(2).then_some(if branch.is_multiple_of(4) { 26 } else { 30 })
}

async fn roll_out(app: &App, branches: usize, drawn: bool) {
    let rows: Vec<StartRow> = (0..branches)
        .filter_map(|b| {
            let start = start_of(b)?;
            let wave = i64::from(start > 26) + 1;
            Some(StartRow {
                place: format!("line {b}"),
                unit: format!("B{b}"),
                day: week(start),
                wave,
                drawn,
            })
        })
        .collect();
    assert!(
        interventions::set_rollout(app, &may_write(), "lesson".into(), rows.clone(), true).await.unwrap()
    );
    assert!(
        interventions::set_rollout(app, &may_write(), "lesson".into(), rows.clone(), false).await.unwrap(),
        "the dry run kept nothing"
    );
    assert!(!interventions::set_rollout(app, &may_write(), "lesson".into(), rows, false).await.unwrap());
}

async fn id_of(app: &App, code: &str) -> StudyId {
    let code = code.to_owned();
    app.store
        .read(move |r| Ok::<_, Error>(store::studies::study_by_code(r, &code)?.unwrap().id))
        .await
        .unwrap()
}

async fn staged(store: Store, effect: f64, drawn: bool) -> (App, StudyId, Reading) {
    let (app, people) = company(store, 120).await;
    app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Mean, Cadence::Week)], false)
        .await
        .unwrap();
    support(&app, "lesson", 10.0).await;
    roll_out(&app, 24, drawn).await;
    let plan = Plan { before: 12, after: 20, ..Plan::default() };
    assert_eq!(
        studies::define(&app, &may_write(), vec![study("s", Design::Staged, plan)], false).await.unwrap(),
        1
    );
    fill(&app, &people, |i, w| {
        let on = start_of(i / 5).is_some_and(|s| w >= s);
        let season = f64::from(w % 13) / 2.0;
        (100.0 + 5.0 * noise(i + 5_000, 0) + season + 6.0 * noise(i, w)) * if on { 1.0 + effect } else { 1.0 }
    })
    .await;
    let id = id_of(&app, "s").await;
    let result = studies::result(&app, &permit(&Who::Host, Relation::NONE, ReadStudyResult(())).unwrap(), id)
        .await
        .unwrap();
    let reading = studies::reading(&result.answer.expect("the pipeline has read it")).unwrap();
    (app, id, reading)
}

fn shown(reading: &Reading) -> String {
    let e = &reading.outcome;
    format!(
        "{:?} {:?} grade {:?} {:?} naive {:?} rules {:?}",
        e.estimate, e.share, e.grade, reading.verdict, e.naive, e.rules
    )
}

testkit::both_databases! {
    async fn a_planted_gain_is_found_and_read_again_to_the_same_bytes(store: Store) {
        let (app, id, reading) = staged(store, 0.03, true).await;
        let share = reading.outcome.share.unwrap_or_else(|| panic!("{}", shown(&reading)));
        assert!(share.low > 0.0 && (0.015..0.045).contains(&share.value), "{}", shown(&reading));
        assert_eq!(format!("{:?} {:?}", reading.outcome.grade, reading.verdict), "A Helps", "{}", shown(&reading));
        assert!(reading.outcome.naive.is_some() && !reading.outcome.by_period.is_empty());
        // 60 people in started branches and 12 leaders, ten minutes each.
        assert_eq!((reading.ledger.people, reading.ledger.hours), (72, 12.0));
        assert_eq!(reading.ledger.cost, Some(580.0));

        let (first, bytes) = app.store.read(move |r| -> Result<_, Error> {
            let answer = store::studies::newest_answer(r, id)?.unwrap();
            let input = store::studies::input(r, id, answer.number)?.unwrap();
            Ok((answer, input))
        }).await.unwrap();
        assert_eq!(Input::hash(&bytes), first.input_hash);
        let again = Input::from_bytes(&bytes).unwrap();
        assert!(again.bytes() == bytes, "the frozen bytes read back exactly");
        assert_eq!(serde_json::to_string(&domain::studies::read(&again)).unwrap(), first.answer);
        let second = studies::estimate(&app, &may_write(), id).await.unwrap();
        assert_eq!(second, first, "the same data give the reading that is there");
        assert!(!String::from_utf8(bytes).unwrap().contains("Person p"), "persons are numbers in frozen data");
    }

    async fn no_gain_is_not_found_and_a_plan_is_no_draw(store: Store) {
        let (_, _, reading) = staged(store, 0.0, false).await;
        let share = reading.outcome.share.unwrap_or_else(|| panic!("{}", shown(&reading)));
        assert!(share.holds_zero(), "{}", shown(&reading));
        assert!(!format!("{:?}", reading.verdict).contains("Helps") || format!("{:?}", reading.verdict) == "DoesNotHelp");
        assert!(reading.outcome.grade >= evidence::grade::Grade::B, "{}", shown(&reading));
    }

    async fn people_picked_low_come_back_by_themselves(store: Store) {
        let (app, people) = company(store, 200).await;
        app::metrics::define(&app, &may_send(), vec![metric("calls", Aggregation::Mean, Cadence::Week)], false).await.unwrap();
        support(&app, "lesson", 60.0).await;
        let value = |i: usize, w: i32| {
            // A bad stretch now and then, as everybody has.
            let low: f64 = (0..6).map(|k| if noise(i + 900, w - k) > 2.1 { 14.0 } else { 0.0 }).sum();
            100.0 + 4.0 * noise(i + 5_000, 0) - low.min(25.0) + 6.0 * noise(i, w)
        };
        let mut uses = Vec::new();
        for w in [14, 22, 30, 38] {
            for (i, person) in people.iter().enumerate() {
                let recent = (w - 4..w).map(|t| value(i, t)).sum::<f64>() / 4.0;
                if recent < 92.0 {
                    uses.push(UseRow { place: String::new(), person: person.clone(), day: week(w).plus(3), given: (i / 5) % 2 == 0, picked_by: "numbers".into() });
                }
            }
        }
        assert!(uses.len() > 60, "{}", uses.len());
        let recorded = interventions::record_use(&app, &may_write(), "lesson".into(), uses.clone(), false).await.unwrap();
        assert_eq!(recorded, uses.len());
        assert_eq!(interventions::record_use(&app, &may_write(), "lesson".into(), uses, false).await.unwrap(), 0);
        let plan = Plan { before: 4, after: 4, ..Plan::default() };
        studies::define(&app, &may_write(), vec![study("s", Design::Picked, plan)], false).await.unwrap();
        fill(&app, &people, value).await;
        let answer = studies::estimate(&app, &may_write(), id_of(&app, "s").await).await.unwrap();
        let reading = studies::reading(&answer).unwrap();
        let naive = reading.outcome.naive.unwrap();
        assert!(naive.low > 2.0 && naive.value > 4.0, "{}", shown(&reading));
        assert!(reading.outcome.estimate.unwrap().holds_zero(), "{}", shown(&reading));
        let recovery = reading.outcome.recovery.as_ref().unwrap().change.unwrap();
        assert!(recovery.value > naive.value * 0.5, "{recovery:?} of {naive:?}");
        assert_eq!(format!("{:?}", reading.outcome.start), "C");
        assert_ne!(format!("{:?}", reading.verdict), "Helps");
        // Nothing in the frozen data or the answer names a person.
        assert!(!answer.answer.contains("person_") && !answer.answer.contains("Person p"));
    }

    async fn another_event_lowers_the_grade_unless_it_is_left_out(store: Store) {
        let (app, id, before) = staged(store, 0.03, false).await;
        let strike = |leave_out| NoteRow { place: "test".into(), unit: "B0".into(), from: week(28), until: week(33), reason: "Supplier strike".into(), leave_out };
        interventions::note(&app, &may_write(), "lesson".into(), vec![strike(true)], false).await.unwrap();
        let out = studies::reading(&studies::estimate(&app, &may_write(), id).await.unwrap()).unwrap();
        assert_eq!(out.outcome.grade, before.outcome.grade);
        let health = out.outcome.health.iter().find(|h| h.kind == Check::WithLeftOut).unwrap();
        assert_eq!((health.words.clone(), health.numbers.len()), (vec!["Supplier strike".to_owned()], 3));
        interventions::note(&app, &may_write(), "lesson".into(), vec![strike(false)], false).await.unwrap();
        let counted = studies::reading(&studies::estimate(&app, &may_write(), id).await.unwrap()).unwrap();
        assert!(counted.outcome.grade > before.outcome.grade, "{}", shown(&counted));
        assert!(counted.outcome.rules.iter().any(|(name, met, _)| name == "other events" && !met));
    }

    async fn a_locked_study_stays_and_a_decision_needs_a_reason(store: Store) {
        let (app, id, _) = staged(store, 0.03, true).await;
        let changed = study("s", Design::BeforeAfter, Plan::default());
        let refused = studies::define(&app, &may_write(), vec![changed], false).await;
        assert!(matches!(&refused, Err(Error::Invalid(f)) if f[0].reason.contains("locked")), "{refused:?}");

        let boss = app.store.read(|r| Ok::<_, Error>(store::people::person_by_code(r, "boss")?.unwrap().id)).await.unwrap();
        let who = |roles: &[AccessRole]| Who::Person(Viewer { person: boss, name: "Boss".into(), active: true, roles: roles.iter().copied().collect(), reports: [].into(), unit: None });
        let reads = |who: &Who| permit(who, Relation::NONE, ReadStudyResult(())).is_ok();
        let writes = |who: &Who| permit(who, Relation::NONE, WriteStudy(())).is_ok();
        for (roles, read, write) in [(&[][..], true, false), (&[AccessRole::Executive][..], true, false), (&[AccessRole::Analyst][..], true, true), (&[AccessRole::Privacy][..], true, true)] {
            assert_eq!((reads(&who(roles)), writes(&who(roles))), (read, write), "{roles:?}");
        }
        let machine = |scopes: &[KeyScope]| Who::Machine(Machine { key: KeyId::new(uuid::Uuid::from_u128(1)), name: "BI".into(), scopes: scopes.iter().copied().collect(), active: true, actors: None });
        assert!(reads(&machine(&[KeyScope::Metrics])) && !reads(&machine(&[KeyScope::People])) && !writes(&machine(KeyScope::ALL)));

        // Decided on by whoever writes studies and by executives; by nobody's machine, and not by a command.
        let decides = |who: &Who| permit_decision(who, DecideStudy(()));
        for not in [who(&[]), who(&[AccessRole::Admin]), machine(KeyScope::ALL), Who::Host] {
            assert_eq!(decides(&not).unwrap_err(), Denied::Forbidden, "{not:?}");
        }
        assert_eq!(decides(&Who::Anonymous).unwrap_err(), Denied::SignIn);
        assert!(decides(&who(&[AccessRole::Analyst])).is_ok());
        let may = decides(&who(&[AccessRole::Executive])).unwrap();
        assert!(matches!(studies::decide(&app, &may, id, Choice::Scale, "  ".into(), None).await, Err(Error::Invalid(_))));
        studies::decide(&app, &may, id, Choice::Scale, "pays back its minutes".into(), None).await.unwrap();
        let result = studies::result(&app, &permit(&who(&[]), Relation::NONE, ReadStudyResult(())).unwrap(), id).await.unwrap();
        assert_eq!(result.decisions[0].choice, Choice::Scale);
        assert_eq!(result.decisions[0].input_hash, result.answer.unwrap().input_hash);
    }
}
