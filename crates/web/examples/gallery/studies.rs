//! A study in every state: nothing written, draft, bad input, drawn, running, decided; and learning beside the work.

use domain::studies::workflow::Stage;
use web::ui::format::{Moment, Style};
use web::ui::view::*;

use super::Pages;
use super::sample::*;

fn choice(value: &str, label: &str, set: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), set }
}

fn form(locked: bool, errors: FormErrors) -> HypothesisForm {
    HypothesisForm {
        action: "/studies/s".to_owned(),
        supports: vec![],
        support: "The second question".to_owned(),
        support_id: "support".to_owned(),
        metrics: vec![choice("m1", "Revenue per hour", true), choice("m2", "Client contacts made", false)],
        guardrails: vec![choice("m3", "Complaints", true), choice("m4", "Stops for missing material", false)],
        others: vec![choice("m1", "Revenue per hour", false), choice("m2", "Client contacts made", false)],
        designs: vec![
            choice("staged", "Units that start, with units that have not yet", true),
            choice("picked", "People picked, with people picked alike", false),
        ],
        scales: vec![choice("plain", "In the metric’s unit", true), choice("log", "As shares", false)],
        whom: "account managers, all branches".to_owned(),
        by: "6".to_owned(),
        unit: "€ an hour".to_owned(),
        within: "12".to_owned(),
        periods: "weeks".to_owned(),
        because: "offers fit better when the second question was asked".to_owned(),
        stop_if: String::new(),
        before: "12".to_owned(),
        after: "26".to_owned(),
        smallest: "1".to_owned(),
        reading: "2026-10-05".to_owned(),
        locked,
        why: String::new(),
        errors,
    }
}

fn steps(now: usize) -> Vec<Step> {
    ["Draft", "Locked, 20 Mar", "Running, 6 Apr", "Read, 5 Oct", "Decided"]
        .iter()
        .enumerate()
        .map(|(i, label)| Step {
            label: (*label).to_owned(),
            state: match i.cmp(&now) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Now,
                std::cmp::Ordering::Greater => StepState::Next,
            },
            href: None,
        })
        .collect()
}

fn shape(name: &str, why: &str, seen: [&str; 4], when: &str) -> ShapeRow {
    ShapeRow {
        name: name.to_owned(),
        why: why.to_owned(),
        seen: seen.map(str::to_owned).to_vec(),
        when: when.to_owned(),
    }
}

fn before(draws: Vec<DrawRow>, errors: FormErrors) -> BeforeStart {
    let finding = |status, name: &str, words: &str| (status, name.to_owned(), words.to_owned());
    BeforeStart {
        findings: vec![
            finding(Status::Usual, "History", "78 weeks of history."),
            finding(Status::Usual, "Units", "120 units have data."),
            finding(
                Status::InQuestion,
                "Coverage",
                "Only 84 in a hundred expected values arrived; mend the feed first.",
            ),
            finding(
                Status::Usual,
                "Noise",
                "A unit moves by about €8 from week to week, around €212. Units differ by about €14.",
            ),
            finding(
                Status::TooFew,
                "Definition",
                "The definition changed in this time; values before and after do not compare.",
            ),
        ],
        horizons: ["after 4 weeks", "after 8 weeks", "after 12 weeks", "after 26 weeks"]
            .map(str::to_owned)
            .to_vec(),
        shapes: vec![
            shape(
                "Half now, half later, by lot",
                "Soonest clear answer",
                ["± €4.1", "± €3.2", "± €2.8", "± €2.1"],
                "4 weeks after the first start",
            ),
            shape(
                "All in waves, order by lot: 4 waves, 4 weeks apart",
                "Everybody gets it; whoever waits is compared with",
                ["± €6.9", "± €5.2", "± €4.8", "–"],
                "8 weeks after the last start",
            ),
        ],
        hoped: "Hoped for: +€6.".to_owned(),
        draw: Some(DrawForm {
            shapes: vec![
                choice("waves", "All in waves, order by lot", true),
                choice("half", "Half now, half later, by lot", false),
            ],
            kinds: vec![choice("branch", "branch (120 not in the rollout yet)", true)],
            waves: "4".to_owned(),
            first: "2026-04-13".to_owned(),
            weeks: "4".to_owned(),
            errors,
        }),
        draws,
    }
}

fn draft() -> StudyPage {
    let mut shell = executive("The second question", Place::Chains);
    shell.viewer =
        Some(Viewer { name: "Jonas Wirth".to_owned(), job_role: "Performance analyst".to_owned() });
    StudyPage {
        shell,
        href: "/studies/s".to_owned(),
        crumbs: vec![Link::new("Chains", "/chains"), Link::new("The second question", "/chain"), Link::new("Study", "/studies/s")],
        title: "The second question: a hypothesis to finish".to_owned(),
        stage: Stage::Draft,
        steps: steps(0),
        sentence: "We believe The second question for account managers, all branches will move revenue per hour by +€6 within 12 weeks, because offers fit better when the second question was asked. We stop if it makes complaints worse.".to_owned(),
        fixed: vec![
            Fact::new("Metric", "Revenue per hour"),
            Fact::new("Window", "12 weeks before, 26 after the start"),
            Fact::new("Population", "Units of the rollout and all of the same kind beside them"),
            Fact::new("Method", "Started in planned waves"),
            Fact::new("Guardrail", "Complaints"),
            Fact::new("Read on", "Not fixed yet"),
        ],
        chain: None,
        form: Some(form(false, FormErrors::NONE)),
        form_open: true,
        missing: vec![("reading".to_owned(), "Fix the day on which it is read, so that nobody stops at a lucky moment.".to_owned())],
        can_lock: false,
        amendments: vec![],
        before: Some(before(vec![], FormErrors::NONE)),
        waves: vec![],
        during: None,
        decisions: vec![],
    }
}

fn wave(n: usize, on: &str, units: &str, started: bool) -> WaveRow {
    WaveRow { name: format!("Wave {n}"), day: day(on), units: units.to_owned(), drawn: true, started }
}

/// All of them, by name.
pub(crate) fn pages() -> Result<Pages, askama::Error> {
    use askama::Template;
    let mut new_form = form(false, FormErrors::NONE);
    new_form.action = "/studies".to_owned();
    new_form.supports =
        vec![choice("s1", "Call opener card", false), choice("s2", "The second question", false)];
    for text in [
        &mut new_form.whom,
        &mut new_form.by,
        &mut new_form.within,
        &mut new_form.because,
        &mut new_form.unit,
    ] {
        text.clear();
    }
    let new = NewStudyPage {
        shell: executive("A new hypothesis", Place::Chains),
        crumbs: vec![Link::new("Chains", "/chains"), Link::new("A new hypothesis", "/studies/new")],
        form: new_form,
    };

    let mut errors = FormErrors::NONE;
    errors.add("by", "This is not a number; write it like 3 or -0.5.");
    errors.add("guardrails", "A guardrail is the metric itself; name others that must not get worse.");
    errors.add("reading", "This is not a day; write it like 2026-06-12.");
    let mut bad = draft();
    bad.form = Some(form(false, errors));
    let mut wrong = FormErrors::NONE;
    wrong.add("first", "2026-03-01 is not after today; what has begun cannot be drawn.");
    bad.before = Some(before(vec![], wrong));

    let mut locked = draft();
    locked.title = "The second question starts on 13 April".to_owned();
    locked.stage = Stage::Locked;
    locked.steps = steps(1);
    locked.missing.clear();
    locked.form = Some(form(true, FormErrors::NONE));
    locked.form_open = false;
    locked.waves = vec![wave(1, "2026-04-13", "60 units", false), wave(2, "2026-05-11", "60 units", false)];
    locked.before = Some(before(
        vec![DrawRow {
            number: 1,
            text: "All in waves, order by lot, drawn by Jonas Wirth today, 08:41.".to_owned(),
            seed: "9e9f00112233aabb".to_owned(),
            waves: vec![
                ("Wave 1, Mon 13 April".to_owned(), "60 units: B001, B004, B007, B012, B013".to_owned()),
                ("Wave 2, Mon 11 May".to_owned(), "60 units: B002, B003, B005, B006".to_owned()),
            ],
            applied: "The rollout since 18 Mar".to_owned(),
            can_apply: false,
        }],
        FormErrors::NONE,
    ));

    let row = |unit: &str, role: &str, wave, people, used| AdoptionRow {
        unit: unit.to_owned(),
        job_role: role.to_owned(),
        wave,
        people,
        used,
    };
    let fact = |name: &str, status, words: &str| (name.to_owned(), status, words.to_owned());
    let mut running = locked.clone();
    running.title = "The second question is running, to be read on 5 October".to_owned();
    running.stage = Stage::Running;
    running.steps = steps(2);
    running.before = None;
    running.chain = Some(Link::new("Chain of evidence", "/chain"));
    running.waves[0].started = true;
    running.amendments = vec![AmendmentRow {
        who: "Jonas Wirth".to_owned(),
        at: Moment { day: day("2026-03-16"), hour: 10, minute: 4 },
        what: vec!["Reading day: “2026-09-07” became “2026-10-05”".to_owned()],
        why: "Wave 2 starts four weeks later, because the branches move".to_owned(),
    }];
    running.during = Some(During {
        facts: vec![
            fact("Time to readable", Status::TooFew, "29 weeks, on 5 October"),
            fact("Data", Status::Usual, "98 in a hundred arrived, up to 15 March"),
            fact("Guardrail: complaints", Status::OffTarget, "Worse"),
        ],
        look: "Early look, at 18 in a hundred of the planned time: +€4, somewhere between −2 to +10. It is read on 5 October.".to_owned(),
        roles: vec![row("", "Account manager", 0, 487, 412), row("", "Branch leader", 0, 57, 21)],
        units: vec![row("Harbour Street", "Account manager", 1, 8, 7), row("Mill Lane", "Account manager", 1, 9, 3)],
        withheld: "57 groups of fewer than 5 people are not shown.".to_owned(),
    });

    let mut decided = running.clone();
    decided.title = "The second question: decided to scale".to_owned();
    decided.stage = Stage::Decided;
    decided.steps = steps(4);
    decided.form = None;
    decided.decisions =
        vec!["Scale: Renata Duarte decided on 6 Oct. It pays back its minutes; the north first.".to_owned()];

    let level = |level: &str, compares: &str, at: Option<(f64, f64, f64)>| BesideRow {
        level: level.to_owned(),
        compares: compares.to_owned(),
        effect: at.map(|(at, lo, hi)| effect(Style::plain(2), at, lo, hi, None, 0)),
    };
    let beside = BesidePage {
        shell: executive("Learning beside the work", Place::Support),
        crumbs: vec![Link::new("Support results", "/support"), Link::new("Learning beside the work", "/learning-and-work")],
        title: "Periods with more learning are not seen to differ in revenue per hour".to_owned(),
        lead: "41,220 persons and periods, 17 March 2025 to 9 March.".to_owned(),
        metrics: vec![choice("m1", "Revenue per hour", true)],
        rows: vec![
            level("The same person", "Periods with more learning against periods with less", Some((0.01, -0.01, 0.02))),
            level("Between people", "Averages of people inside their units", Some((0.21, 0.14, 0.28))),
            level("Between units", "Averages of units", None),
            level("Everything together", "Mixes all of the above; do not read it", Some((-0.09, -0.1, -0.08))),
        ],
        cannot_say: String::new(),
        caveats: vec![
            "What moves together need not be cause and effect: people may learn more when they have time, and sell less.".to_owned(),
            "Thrown together it points the other way: people and units differ for reasons that have nothing to do with learning.".to_owned(),
        ],
        better: Link::new("Ask it properly: write a hypothesis", "/studies/new"),
    };
    let mut nothing = beside.clone();
    nothing.title = "No metric of persons’ work is defined yet".to_owned();
    nothing.rows.clear();
    nothing.metrics.clear();
    nothing.lead.clear();

    Ok(Pages::from([
        ("study-new", new.render()?),
        ("study-draft", draft().render()?),
        ("study-bad-input", bad.render()?),
        ("study-locked", locked.render()?),
        ("study-running", running.render()?),
        ("study-decided", decided.render()?),
        ("beside", beside.render()?),
        ("beside-empty", nothing.render()?),
    ]))
}
