//! The walk: the demo world is started as a newcomer starts it, and what its pages conclude is compared with what was
//! planted. The planted truths are made here, from the same seed; the server never sees them.

mod demo;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ::demo::{Conclusion, Scale, Truths, World, generate};
use demo::{Demo, TODAY, Visitor};
use store::db::{Options, Place, Store};

/// The seed that everybody is shown.
const SEED: u64 = 20;

struct Walk {
    demo: Demo,
    world: World,
    truths: Truths,
}

impl Walk {
    fn name(&self, person: ::demo::PersonIx) -> &str {
        &self.world.people[person.at()].name
    }
    fn metric(&self, metric: ::demo::MetricIx) -> &str {
        self.world.metrics[metric.at()].name
    }
    /// The one-click sign-in of a kind.
    fn persona(&self, kind: ::demo::PersonaKind) -> Visitor {
        let persona = self.world.personas.iter().find(|p| p.kind == kind).unwrap();
        self.demo.as_persona(self.name(persona.person))
    }
}

/// What is asked of a walk: its name, and how.
type Question<'a> = (&'a str, fn(&Walk));

/// One server for everything that only reads; each question is asked even where another one fails.
#[test]
fn the_pages_conclude_what_was_planted() {
    let (world, truths) = generate(SEED, TODAY.parse().unwrap(), Scale::Shown);
    let mut walk = Walk { demo: Demo::start(SEED), world, truths };
    let questions: &[Question] = &[
        (
            "the leader is told of exactly the two who need him",
            the_leader_is_told_of_exactly_the_two_who_need_him,
        ),
        ("a plain threshold would have called more", a_plain_threshold_would_have_called_more),
        ("an alert says what moved", an_alert_says_what_moved),
        ("the person sees her own change", the_person_sees_her_own_change),
        ("the chain pages say what was planted", the_chain_pages_say_what_was_planted),
        (
            "a broken feed is told to whoever runs it",
            a_broken_feed_is_told_to_whoever_runs_it_and_not_to_people,
        ),
    ];
    let mut failed: Vec<&str> = questions
        .iter()
        .filter(|(_, ask)| catch_unwind(AssertUnwindSafe(|| ask(&walk))).is_err())
        .map(|(question, _)| *question)
        .collect();
    walk.demo.stop();
    if catch_unwind(AssertUnwindSafe(|| the_studies_conclude_what_was_planted(&walk))).is_err() {
        failed.push("the studies conclude what was planted");
    }
    assert!(failed.is_empty(), "not concluded: {failed:#?}");
}

/// Reads each page's own conclusion: what helps, what only looks as if, what costs time without gain; never the other way round.
fn the_chain_pages_say_what_was_planted(walk: &Walk) {
    let executive = walk.persona(::demo::PersonaKind::Executive);
    let pages: Vec<String> =
        executive.page("/chains").links("/chains/").iter().map(|path| executive.page(path).text()).collect();
    assert!(pages.len() >= 5, "{} chain pages", pages.len());
    let mut compared = 0;
    for plan in &walk.world.studies {
        let name = walk.world.interventions[plan.intervention.at()].name;
        let on_outcome =
            |e: &&::demo::Effect| e.intervention == plan.intervention && e.metric == plan.outcome;
        let Some(truth) = walk.truths.effects.iter().find(on_outcome) else { continue };
        let page = pages.iter().find(|text| text.contains(&format!("/ {name}")) || text.contains(name));
        let page = page.unwrap_or_else(|| panic!("no chain page for {name}"));
        let says = |words: &str| page.contains(words);
        match truth.conclusion {
            Conclusion::Helps => {
                assert!(!says("Conclusion: harms") && !says("Conclusion: does not help"), "{name}: {page}")
            }
            Conclusion::NoDifference => {
                assert!(says("no evidence of a difference") && !says("Conclusion: helps"), "{name}: {page}")
            }
            Conclusion::CostsNoGain => assert!(!says("Conclusion: helps"), "{name}: {page}"),
        }
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} pages could be compared");
    let clearly = pages.iter().filter(|p| p.contains("Conclusion: helps")).count();
    assert!(clearly >= 2, "the lesson and the call list help, and their pages say so");
    for text in &pages {
        for word in ["proved", "ROI"] {
            assert!(!text.contains(word), "{word} on a chain page");
        }
    }
}

fn the_leader_is_told_of_exactly_the_two_who_need_him(walk: &Walk) {
    let team = walk.persona(::demo::PersonaKind::Leader).page("/team");
    let text = team.text();
    assert!(text.contains("2 of your 9 people need you"), "{text}");
    let told = team.links("/alerts/");
    assert_eq!(told.len(), 2, "{told:?}");
    let cards = team.html.split("<article class=\"alertcard\">").skip(1);
    let cards: Vec<&str> = cards.filter_map(|card| card.split("</article>").next()).collect();
    for &(person, metric) in &walk.truths.need_leader {
        let card = cards.iter().find(|c| c.contains(walk.name(person)));
        let card = card.unwrap_or_else(|| panic!("{} is not named", walk.name(person)));
        assert!(card.contains(walk.metric(metric)), "{card}");
    }
    let (late, _) = walk.truths.data_late;
    assert!(cards.iter().all(|c| !c.contains(walk.name(late))), "late data is nobody's fault");
}

fn a_plain_threshold_would_have_called_more(walk: &Walk) {
    let text = walk.persona(::demo::PersonaKind::Leader).page("/team?by=threshold").text();
    let reds = walk.truths.plain_threshold_reds;
    assert!(
        text.contains(&format!("{reds} of your 9 people had at least one metric off its target")),
        "{text}"
    );
}

fn an_alert_says_what_moved(walk: &Walk) {
    let leader = walk.persona(::demo::PersonaKind::Leader);
    for path in leader.page("/team").links("/alerts/") {
        let page = leader.page(&path);
        let named = walk.truths.need_leader.iter().find(|(p, _)| page.html.contains(walk.name(*p)));
        let &(_, metric) = named.expect("one of the two");
        assert!(page.text().contains(walk.metric(metric)), "{}", page.text());
    }
}

fn the_person_sees_her_own_change(walk: &Walk) {
    let (person, metric) = walk.truths.need_leader[0];
    let text = walk.demo.as_persona(walk.name(person)).page("/today").text();
    assert!(text.contains(walk.metric(metric)), "{text}");
}

fn a_broken_feed_is_told_to_whoever_runs_it_and_not_to_people(walk: &Walk) {
    let branch = &walk.world.units[walk.truths.broken_feed.at()].name;
    let text = walk.persona(::demo::PersonaKind::Admin).page("/health").text();
    assert!(text.contains(branch.as_str()), "{branch} is silent: {text}");
    for kind in [::demo::PersonaKind::Leader, ::demo::PersonaKind::Member] {
        let told = walk.persona(kind).page("/notifications").text();
        assert!(!told.contains("no data"), "{told}");
    }
}

/// Reads the newest answer of every study from the database that the server has left.
fn the_studies_conclude_what_was_planted(walk: &Walk) {
    let place = Place::Sqlite(walk.demo.folder().join("throughline.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answers = runtime.block_on(async {
        let store = Store::open(place, Options::default()).await.unwrap();
        let answers = store
            .read(|r| -> app::Result<_> {
                let mut all = Vec::new();
                for study in store::studies::studies(r)? {
                    all.extend(store::studies::newest_answer(r, study.id)?.map(|a| (study.code, a)));
                }
                Ok(all)
            })
            .await
            .unwrap();
        store.close().await;
        answers
    });
    for effect in &walk.truths.effects {
        let support = &walk.world.interventions[effect.intervention.at()];
        let plan = walk.world.studies.iter().find(|s| s.intervention == effect.intervention).unwrap();
        let (_, answer) = answers.iter().find(|(code, _)| code == plan.code).unwrap();
        let reading = app::studies::reading(answer).unwrap();
        let estimate = reading.outcome.estimate.expect(support.code);
        let said = format!(
            "{}: grade {}, {}, {estimate:?}, plain {:?}, planted {}",
            support.code, answer.grade, answer.verdict, reading.outcome.naive, effect.size
        );
        println!("{said}");
        let good = if reading.outcome.better < 0 { estimate.high < 0.0 } else { estimate.low > 0.0 };
        match effect.conclusion {
            Conclusion::Helps => assert!(good, "{said}"),
            Conclusion::NoDifference => {
                assert!(estimate.holds_zero(), "{said}");
                assert!(reading.outcome.naive.is_some_and(|plain| plain.low > 0.0), "it looks good: {said}");
                assert_ne!(answer.verdict, "helps", "{said}");
            }
            Conclusion::CostsNoGain => {
                assert!(!good, "{said}");
                assert_ne!(answer.verdict, "helps", "{said}");
            }
        }
        if !effect.absolute && effect.conclusion != Conclusion::CostsNoGain {
            let share = reading.outcome.share.expect(support.code);
            assert!(
                share.low <= effect.size && effect.size <= share.high,
                "the interval holds the truth: {said}"
            );
        }
    }
    let (_, lesson) = answers.iter().find(|(code, _)| code == "second-question").unwrap();
    assert!(lesson.verdict == "helps" && matches!(lesson.grade.as_str(), "A" | "B"), "{lesson:?}");
    let ledger = app::studies::reading(lesson).unwrap().ledger;
    let (gain, cost) = (ledger.gain.expect("a gain"), ledger.cost.expect("a cost"));
    assert!(gain.low > cost, "it pays back its minutes");
    // What else hit one side is named, and the grade says so.
    let (_, routine) = answers.iter().find(|(code, _)| code == "planning-routine").unwrap();
    let reading = app::studies::reading(routine).unwrap();
    assert!(matches!(routine.grade.as_str(), "C" | "D"), "{}", routine.grade);
    let named = reading.outcome.health.iter().flat_map(|h| &h.words).any(|w| w.contains("strike"));
    assert!(named, "{:?}", reading.outcome.health);
}

#[test]
fn a_restart_finds_the_world_as_it_was_left() {
    let demo = Demo::start(2);
    let before = demo.visitor().page("/demo").text();
    let file = demo.folder().join("throughline.db");
    assert!(std::fs::metadata(&file).unwrap().len() < 150 << 20, "the data file stays under 150 MB");
    let demo = demo.restart();
    assert_eq!(demo.visitor().page("/demo").text(), before);
}
