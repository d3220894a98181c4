//! Lessons, mandated items and packages, and what people did with them.

use domain::time::Instant;

use crate::build::{Build, LMS};
use crate::metrics::*;
use crate::noise::{Dice, Use, WEEKS};
use crate::northwind::{Northwind, SHOWN_TEAM};
use crate::world::*;

/// What lessons aim at.
pub(crate) const BEHAVIOURS: [&str; 6] = [
    "Asks a second question before offering anything",
    "Decides each morning whom to speak with, and why",
    "Opens a call with its goal and ends it with a next step",
    "Books the next review while the client is still there",
    "Says what something costs before being asked",
    "Notes what was agreed on the same day",
];

/// Per behaviour four lessons: address, name, minutes, sentence.
type Lessons = [(&'static str, &'static str, u16, &'static str); 4];

const LESSONS: [Lessons; 6] = [
    [
        (
            "https://learn.northwind.example/lessons/second-question",
            "The second question",
            6,
            "Ask once more before you offer: what changes, and how to word it.",
        ),
        (
            "https://learn.northwind.example/lessons/silence",
            "Three seconds of silence",
            4,
            "Why a short pause brings the better answer.",
        ),
        (
            "https://learn.northwind.example/lessons/what-else",
            "What else?",
            5,
            "Find the need behind the first wish.",
        ),
        (
            "https://learn.northwind.example/lessons/playing-back",
            "Say it back",
            5,
            "Play back what you heard, and let the client correct it.",
        ),
    ],
    [
        (
            "https://learn.northwind.example/lessons/ten-names",
            "Ten names by nine",
            5,
            "Choose today's ten conversations from what changed since yesterday.",
        ),
        (
            "https://learn.northwind.example/lessons/life-events",
            "Reading life events",
            7,
            "Which small notes in the records call for a conversation.",
        ),
        (
            "https://learn.northwind.example/lessons/quiet-clients",
            "Clients gone quiet",
            6,
            "How to come back after half a year without contact.",
        ),
        (
            "https://learn.northwind.example/lessons/calendar-blocks",
            "A block is a promise",
            3,
            "Keep calling time free without closing the door.",
        ),
    ],
    [
        (
            "https://learn.northwind.example/lessons/open-with-goal",
            "Open with the goal",
            5,
            "The first two sentences of a call.",
        ),
        (
            "https://learn.northwind.example/lessons/next-step",
            "End with a next step",
            4,
            "Who does what until when, before you hang up.",
        ),
        (
            "https://learn.northwind.example/lessons/bad-moment",
            "A bad moment",
            4,
            "What to say when you called at the wrong time.",
        ),
        (
            "https://learn.northwind.example/lessons/voicemail",
            "Twenty seconds after the tone",
            3,
            "A message that gets a call back.",
        ),
    ],
    [
        (
            "https://learn.northwind.example/lessons/book-it-now",
            "Book it now",
            4,
            "Agree the next review before you part.",
        ),
        (
            "https://learn.northwind.example/lessons/one-page-agenda",
            "A review on one page",
            8,
            "Three questions that carry a review meeting.",
        ),
        (
            "https://learn.northwind.example/lessons/couples",
            "Both at the table",
            7,
            "Review meetings with two people who want different things.",
        ),
        (
            "https://learn.northwind.example/lessons/short-review",
            "The twenty-minute review",
            6,
            "What can be left out, and what never.",
        ),
    ],
    [
        (
            "https://learn.northwind.example/lessons/cost-first",
            "Cost first",
            6,
            "Name the price before the client asks.",
        ),
        (
            "https://learn.northwind.example/lessons/in-euro",
            "In euro, a year",
            5,
            "Turn per cents into money that people can picture.",
        ),
        (
            "https://learn.northwind.example/lessons/when-no-fits",
            "When no is right",
            7,
            "Advise against, and stay in touch.",
        ),
        (
            "https://learn.northwind.example/lessons/risk-plainly",
            "Risk in plain words",
            9,
            "Say what can go wrong without frightening or soothing.",
        ),
    ],
    [
        (
            "https://learn.northwind.example/lessons/same-day-note",
            "The same-day note",
            3,
            "Four lines that save the next conversation.",
        ),
        (
            "https://learn.northwind.example/lessons/handing-over",
            "Handing a client over",
            8,
            "What the next colleague must know.",
        ),
        (
            "https://learn.northwind.example/lessons/reasons",
            "Write the reason",
            4,
            "Why a decision was made, in one sentence.",
        ),
        (
            "https://learn.northwind.example/lessons/clean-records",
            "Two minutes for the records",
            3,
            "Close what is done, date what is open.",
        ),
    ],
];

/// Where things stand in [`World::activities`].
pub(crate) struct Catalogue {
    pub(crate) second_question: ActivityIx,
    pub(crate) second_question_try: ActivityIx,
    pub(crate) legacy_course: ActivityIx,
    pub(crate) webinar: ActivityIx,
    lessons: Vec<ActivityIx>,
    licence_year: ActivityIx,
    licence_two_years: ActivityIx,
    cmi5: ActivityIx,
    scorm: ActivityIx,
    planner_lesson: ActivityIx,
}

/// Writes the catalogue.
pub(crate) fn catalogue(b: &mut Build) -> Catalogue {
    let metric = [REVENUE_PER_HOUR, CONTACTS, CALLS, MEETINGS, ASSETS, ACCOUNTS];
    let mut lessons = Vec::new();
    let mut add = |activity: Activity| {
        b.world.activities.push(activity);
        ActivityIx::of(b.world.activities.len() - 1)
    };
    for (group, behaviour) in BEHAVIOURS.iter().enumerate() {
        for (iri, name, minutes, description) in LESSONS[group] {
            lessons.push(add(Activity {
                iri,
                name,
                description,
                kind: ActivityKind::Lesson,
                minutes,
                behaviour,
                metric: Some(metric[group]),
                valid_months: None,
            }));
        }
    }
    let mut other = |iri, name, description, kind, minutes, valid_months| {
        add(Activity { iri, name, description, kind, minutes, behaviour: "", metric: None, valid_months })
    };
    use ActivityKind::{Cmi5, Course, Lesson, Mandated, Scorm, TryIt, Webinar};
    let second_question_try = other(
        "https://learn.northwind.example/try/second-question",
        "Try it: one second question",
        "Ask one second question with a real client this week and note what you heard.",
        TryIt,
        4,
        None,
    );
    let legacy_course = other(
        "https://learn.northwind.example/courses/product-knowledge",
        "Product knowledge course",
        "Forty-five minutes on the whole product range.",
        Course,
        45,
        None,
    );
    let webinar = other(
        "https://learn.northwind.example/webinars/keep-going",
        "Keep going: the motivation webinar",
        "An hour with a speaker.",
        Webinar,
        60,
        None,
    );
    let licence_year = other(
        "https://learn.northwind.example/mandated/conduct",
        "Licence refresher: conduct",
        "Needed every year to keep the licence.",
        Mandated,
        25,
        Some(12),
    );
    let licence_two_years = other(
        "https://learn.northwind.example/mandated/money-laundering",
        "Licence refresher: money laundering",
        "Needed every two years to keep the licence.",
        Mandated,
        40,
        Some(24),
    );
    let cmi5 = other(
        "https://learn.northwind.example/cmi5/client-data/au/1",
        "Looking after client data",
        "An imported cmi5 course with one assignable unit.",
        Cmi5,
        12,
        None,
    );
    let scorm = other(
        "https://learn.northwind.example/scorm/customer-records-tour",
        "A tour of the customer records",
        "An imported SCORM 1.2 package.",
        Scorm,
        18,
        None,
    );
    let planner_lesson = other(
        "https://learn.alder.example/lessons/planning-procedure",
        "The planning procedure in six minutes",
        "For planners who started after the procedure was last explained.",
        Lesson,
        6,
        None,
    );
    Catalogue {
        second_question: lessons[0],
        second_question_try,
        legacy_course,
        webinar,
        lessons,
        licence_year,
        licence_two_years,
        cmi5,
        scorm,
        planner_lesson,
    }
}

/// When one member used what came to their branch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adoption {
    /// The week in which the lesson was done.
    pub(crate) lesson: Option<i32>,
    /// Weeks in which it was tried at work.
    pub(crate) tried: Vec<i32>,
    /// The week in which the course was sat.
    pub(crate) course: Option<i32>,
}

/// Decides for each member when they took up the lesson and the course.
pub(crate) fn adopt(b: &Build, n: &Northwind) -> Vec<Adoption> {
    n.members
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let mut dice = Dice::new(b.seed(), Use::Adoption, index);
            let mut adoption = Adoption::default();
            let branch = &n.branches[member.branch];
            if let Some(start) = branch.lesson
                && dice.chance(0.89)
            {
                let u = dice.unit();
                let delay = [0.45, 0.72, 0.85, 0.93].iter().filter(|&&edge| u >= edge).count() as i32;
                let mut week = start.max(member.weeks.0) + delay;
                while week < member.weeks.1 && !member.works(week) {
                    week += 1;
                }
                if member.works(week) && week < WEEKS as i32 {
                    adoption.lesson = Some(week);
                    let mut next = week + dice.below(2) as i32;
                    for _ in 0..3 {
                        if dice.chance(0.8) && member.works(next) {
                            adoption.tried.push(next);
                        }
                        next += 1 + dice.below(4) as i32;
                    }
                }
            }
            if let Some(start) = branch.course
                && dice.chance(0.95)
                && member.works(start)
            {
                adoption.course = Some(start);
            }
            adoption
        })
        .collect()
}

/// Writes what everyone did with activities, in the order of time.
pub(crate) fn events(
    b: &mut Build,
    n: &Northwind,
    c: &Catalogue,
    adoption: &[Adoption],
) -> Vec<(AccountIx, PersonIx)> {
    let second = second_accounts(b, n);
    let mut webinars = vec![None; n.members.len()];
    for pick in b.world.picks.iter().filter(|p| p.intervention == crate::supports::WEBINAR) {
        if let (Some(day), Some(index)) =
            (pick.started, n.members.iter().position(|m| m.person == pick.person))
        {
            webinars[index] = Some(day);
        }
    }
    let limit = domain::time::Zone::UTC.start_of(b.weeks.today());
    let mut out = Vec::new();
    for (index, member) in n.members.iter().enumerate() {
        let account = |week: i32| match second.iter().find(|(_, p)| *p == member.person) {
            Some(&(other, _)) if week >= 46 && week % 3 != 0 => other,
            _ => member.lms,
        };
        let mut pen = Pen { b, dice: Dice::new(b.seed(), Use::Learning, index), out: &mut out, limit };
        let span = member.weeks.1 - member.weeks.0;
        let any_week = |dice: &mut Dice| member.weeks.0 + dice.below(span.max(1) as usize) as i32;
        if let Some(week) = adoption[index].lesson {
            pen.done(account(week), c.second_question, week, false);
            for &week in &adoption[index].tried {
                pen.one(account(week), c.second_question_try, week, Verb::Experienced);
            }
        }
        if let Some(week) = adoption[index].course {
            pen.done(account(week), c.legacy_course, week, true);
        }
        if let Some(day) = webinars[index] {
            pen.one(account(b.weeks.of(day)), c.webinar, b.weeks.of(day), Verb::Attended);
        }
        if span < 2 {
            continue;
        }
        for &lesson in &c.lessons[1..] {
            if pen.dice.chance(0.42) {
                let week = any_week(&mut pen.dice);
                if member.works(week) {
                    pen.done(account(week), lesson, week, false);
                }
            }
        }
        for (item, every, share) in [
            (c.licence_year, 52, 1.0),
            (c.licence_two_years, 104, 1.0),
            (c.cmi5, 999, 0.33),
            (c.scorm, 999, 0.3),
        ] {
            let mut week = pen.dice.below(every.min(WEEKS)) as i32;
            while week < WEEKS as i32 {
                if member.works(week) && pen.dice.chance(share) {
                    pen.done(account(week), item, week, item != c.scorm);
                }
                week += every as i32 - pen.dice.below(5) as i32;
            }
        }
    }
    b.world.learning.extend(out);
    second
}

/// The six planners at Alder Industrial who had never seen the procedure do the lesson in the starting weeks.
pub(crate) fn planners(b: &mut Build, c: &Catalogue, planners: &[AccountIx], start: i32) {
    let limit = domain::time::Zone::UTC.start_of(b.weeks.today());
    let mut out = Vec::new();
    let mut pen = Pen { b, dice: Dice::new(b.seed(), Use::Learning, usize::MAX), out: &mut out, limit };
    for (i, &account) in planners.iter().enumerate() {
        pen.done(account, c.planner_lesson, start + (i % 2) as i32, false);
    }
    b.world.learning.extend(out);
}

/// Sorts what was written by several hands.
pub(crate) fn sort(b: &mut Build) {
    b.world.learning.sort_by_key(|e| (e.at, e.account, e.activity));
}

/// Three people of Harbour Street have a second learning account that nobody has matched yet.
fn second_accounts(b: &mut Build, n: &Northwind) -> Vec<(AccountIx, PersonIx)> {
    ["Hana Novak", "Ines Ferreira", "Yusuf Demir"]
        .into_iter()
        .zip(["h.novak", "ines.f", "y.demir"])
        .filter_map(|(name, login)| {
            let position = SHOWN_TEAM.iter().position(|&p| p == name)?;
            let person = n.members.iter().find(|m| m.shown == Some(position))?.person;
            Some((b.account(None, AccountSystem::Lms, LMS, login.into()), person))
        })
        .collect()
}

/// Writes events of one person.
struct Pen<'a> {
    b: &'a Build,
    dice: Dice,
    out: &'a mut Vec<LearningEvent>,
    limit: Instant,
}

impl Pen<'_> {
    fn moment(&mut self, week: i32) -> Instant {
        let (day, hour, minute) =
            (self.dice.below(5) as i32, 8 + self.dice.below(10) as i8, self.dice.below(60) as i8);
        self.b.weeks.at(week, day, hour, minute)
    }

    fn write(&mut self, event: LearningEvent) {
        if event.at < self.limit {
            self.out.push(event);
        }
    }

    /// Begun and finished, with a test where there is one.
    fn done(&mut self, account: AccountIx, activity: ActivityIx, week: i32, tested: bool) {
        let what = &self.b.world.activities[activity.at()];
        let kind = what.kind;
        let usual = f64::from(what.minutes) * 60.0;
        let mut at = self.moment(week);
        let blank = LearningEvent {
            at,
            account,
            activity,
            verb: Verb::Initialized,
            seconds: None,
            completion: None,
            success: None,
            score: None,
        };
        if kind == ActivityKind::Mandated && self.dice.chance(0.09) {
            self.write(blank);
            let seconds = (usual * self.dice.between(0.6, 1.0)) as u32;
            let score = (self.dice.between(0.45, 0.79) * 100.0).round() as f32 / 100.0;
            let end = at.plus_seconds(i64::from(seconds) + 20);
            self.write(LearningEvent {
                at: end,
                verb: Verb::Failed,
                seconds: Some(seconds),
                success: Some(false),
                score: Some(score),
                ..blank
            });
            at = at.plus_seconds(86_400);
        }
        let blank = LearningEvent { at, ..blank };
        self.write(blank);
        let seconds = (usual * self.dice.between(0.75, 1.35)) as u32;
        let end = at.plus_seconds(i64::from(seconds) + 15);
        let score = tested.then(|| (self.dice.between(0.8, 1.0) * 100.0).round() as f32 / 100.0);
        let verb = if tested && kind != ActivityKind::Course { Verb::Passed } else { Verb::Completed };
        self.write(LearningEvent {
            at: end,
            verb,
            seconds: Some(seconds),
            completion: Some(true),
            success: score.map(|_| true),
            score,
            ..blank
        });
    }

    /// One event with its duration.
    fn one(&mut self, account: AccountIx, activity: ActivityIx, week: i32, verb: Verb) {
        let minutes = self.b.world.activities[activity.at()].minutes;
        let attended = verb == Verb::Attended;
        // Thursday at ten for what is live; any time for the rest.
        let at =
            if attended { self.b.weeks.at(week, 3, 10, self.dice.below(4) as i8) } else { self.moment(week) };
        let seconds = if attended { 3_500 } else { u32::from(minutes) * 60 };
        self.write(LearningEvent {
            at,
            account,
            activity,
            verb,
            seconds: Some(seconds),
            completion: attended.then_some(true),
            success: None,
            score: None,
        });
    }
}
