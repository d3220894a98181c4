//! What a reading of a study says, as one structured result.

use evidence::grade::{self, Assignment, Grade, Graded};
use evidence::verdict::{Verdict, Worth, judge};
use evidence::{Answer, Estimate};
use serde::{Deserialize, Serialize};

use super::input::{Input, LaneInput};
use super::{Design, Scale, picked, staged, together};
use crate::metrics::Level;
use crate::time::{Cadence, Day};

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Number {
    pub(super) fn of(e: &Estimate) -> Self {
        Self { value: e.estimate, low: e.conf_low, high: e.conf_high }
    }
    /// Each end times a factor, in order.
    pub fn times(self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self { value: self.value * factor, low: a.min(b), high: a.max(b) }
    }
    /// Whether no difference at all lies inside.
    pub fn holds_zero(self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
    /// From a difference of logarithms to a share.
    pub(super) fn without_log(self) -> Self {
        Self { value: self.value.exp_m1(), low: self.low.exp_m1(), high: self.high.exp_m1() }
    }
}

/// What was looked at to see whether something else explains the difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Which question, in one word.
    pub kind: Check,
    /// Whether it was in order; `None` where it could not be looked at.
    pub met: Option<bool>,
    /// Numbers that the sentence names.
    pub numbers: Vec<f64>,
    /// Words that the sentence names.
    pub words: Vec<String>,
}

worded! {
    /// Questions that a reading asks before it says anything.
    pub enum Check {
        /// Did both sides move alike before the start? Numbers: probability of such a difference by chance.
        PreTrend = "pre_trend",
        /// Does a made-up start before the real one show a difference? Numbers: value, low, high.
        FakeStart = "fake_start",
        /// What came by itself? Numbers: the plain before–after, what the comparison did over the same time.
        CameByItself = "came_by_itself",
        /// Would picked people have recovered anyway? Numbers: plain before–after, expected recovery.
        Recovery = "recovery",
        /// Does it hold without the weeks in which people were picked? Numbers: value, low, high.
        WithoutPickWindow = "without_pick_window",
        /// What if the left-out spans counted? Numbers: value, low, high. Words: the reasons.
        WithLeftOut = "with_left_out",
        /// Something else that hit one side and was not left out. Words: the reasons.
        OtherEvent = "other_event",
        /// How often chance alone would look like this. Numbers: arrangements as extreme, arrangements, and 1 where only the
        /// direction believed beforehand counts.
        Chance = "chance",
        /// Does it hold when any one of the few that started is left out? Numbers: least, most.
        WithoutOne = "without_one",
        /// Against a mixture of the others that moved like them before. Numbers: the difference.
        Mixture = "mixture",
        /// Do those not given it work beside people who were? Numbers: how many were left out for it, and the difference
        /// with them: value, low, high.
        SpillOver = "spill_over",
        /// How many there are on both sides. Numbers: treated, compared.
        Size = "size",
        /// How much of what was expected arrived. Numbers: the share.
        Coverage = "coverage",
        /// How alike both sides were before. Numbers: treated level, comparison level.
        Alike = "alike",
    }
}

/// One metric's difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The metric's code.
    pub metric: String,
    /// Its lane.
    pub lane: Level,
    /// Must not get worse.
    pub guardrail: bool,
    /// −1, 0 or 1: the sign that a better value has.
    pub better: i8,
    /// The difference in the metric's unit; as a share on the log scale. `None` where nothing can be said.
    pub estimate: Option<Number>,
    /// The difference as a share of the treated side's level before the start, where that level is above zero.
    pub share: Option<Number>,
    /// Probability of so large a difference by chance alone; `None` at an early look.
    pub p_value: Option<f64>,
    /// The plain before–after number of the treated side, in the estimate's unit.
    pub naive: Option<Number>,
    /// Level of the treated side before the start.
    pub before: Option<f64>,
    /// Level of the treated side since the start.
    pub since: Option<f64>,
    /// Newest value of the treated side.
    pub now: Option<f64>,
    /// Newest value of the comparison side.
    pub now_compared: Option<f64>,
    /// Units or picks on the treated side.
    pub treated: u32,
    /// Units or picks on the comparison side.
    pub compared: u32,
    /// Why there is no estimate, as a sentence.
    pub cannot_say: Option<String>,
    /// The grade.
    pub grade: Grade,
    /// The letter that the design starts from.
    pub start: Grade,
    /// The rules of the grade: their names, whether met, and the sentence.
    pub rules: Vec<(String, bool, String)>,
    /// The effect that would have been seen four times in five.
    pub detectable: Option<f64>,
    /// Differences by periods since the start, where the design gives them.
    pub by_period: Vec<(i64, Number)>,
    /// What was looked at.
    pub health: Vec<Health>,
    /// The same comparison with the starts dealt to other units, where units start; the deciding metric's only.
    #[serde(default)]
    pub dealt: Option<Dealt>,
    /// The lines of the chart.
    pub lines: Lines,
    /// By the time since the pick, where people were picked: what came, and what would have come by itself.
    pub recovery: Option<Recovery>,
}

/// What the comparison shows when the starts are dealt to other units, in the estimate's unit: a picture of chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dealt {
    /// The difference of the changes as it came.
    pub came: f64,
    /// The same for other ways of dealing as many starts.
    pub again: Vec<f64>,
    /// Whether these are all the ways there are, the one that came among them.
    pub all: bool,
}

impl Dealt {
    /// How many of them are at least as far from zero as what came.
    pub fn as_far(&self) -> usize {
        self.again.iter().filter(|d| d.abs() >= self.came.abs() * (1.0 - 1e-9)).count()
    }
}

/// How a guardrail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Worse for sure: the only thing that a guardrail speaks up about.
    Worse,
    /// Not seen to be worse.
    NotWorse,
    /// There is no estimate of it.
    CannotSay,
}

impl Guard {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Guard::Worse => "Worse",
            Guard::NotWorse => "Not seen to be worse",
            Guard::CannotSay => "Cannot say yet",
        }
    }
}

impl Effect {
    /// How this metric stands as a guardrail.
    pub fn guard(&self) -> Guard {
        match (self.estimate, self.better) {
            (None, _) => Guard::CannotSay,
            (Some(n), 1) if n.high < 0.0 => Guard::Worse,
            (Some(n), -1) if n.low > 0.0 => Guard::Worse,
            (Some(_), _) => Guard::NotWorse,
        }
    }
}

impl Reading {
    /// The effects on guardrails.
    pub fn guardrails(&self) -> impl Iterator<Item = &Effect> {
        std::iter::once(&self.outcome).chain(&self.others).filter(|e| e.guardrail)
    }
}

/// What a lane draws.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lines {
    /// Length of a period.
    pub cadence: Option<Cadence>,
    /// First day of the first period.
    pub first: Option<Day>,
    /// Means of those who have it, by period.
    pub treated: Vec<Option<f64>>,
    /// Means of those who do not have it yet, by period.
    pub compared: Vec<Option<f64>>,
    /// Single units; empty where they are too many to draw, or too small to be shown.
    pub units: Vec<UnitLine>,
    /// Whether something is not shown because fewer people than the smallest group are behind it.
    pub withheld: bool,
}

/// One thin line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitLine {
    /// The unit's name.
    pub name: String,
    /// Whether it has started.
    pub treated: bool,
    /// Values by period.
    pub values: Vec<Option<f64>>,
    /// Positions that do not count: from, up to, reason.
    pub gaps: Vec<(u32, u32, String)>,
}

/// The way of people picked at a bad moment, by the time since the pick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Expected change with nothing done, in the estimate's unit; `None` where histories are too short to tell.
    pub change: Option<Number>,
    /// The path, in the metric's unit.
    pub path: Vec<PathPoint>,
}

/// One period of the path, counted from the pick.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PathPoint {
    /// Periods since the pick; negative before.
    pub period: i32,
    /// Mean of those it was given to.
    pub given: Option<f64>,
    /// Mean of those picked the same way and not given it.
    pub not_given: Option<f64>,
    /// What was to be expected with nothing done, with its 95 % band.
    pub expected: Option<Number>,
}

/// What it cost and what it gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Hours of work in all.
    pub hours: f64,
    /// People who were given it.
    pub people: u32,
    /// Money in all.
    pub money: f64,
    /// Hours times their value plus money; `None` where nobody said what an hour is worth.
    pub cost: Option<f64>,
    /// The effect times what it applied to, in the unit of the total.
    pub gain: Option<Number>,
}

/// What a reading says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Version of the method.
    pub method: u32,
    /// The study's code.
    pub study: String,
    /// How it compares.
    pub design: Design,
    /// On which scale.
    pub scale: Scale,
    /// Whether a recorded draw decided.
    pub drawn: bool,
    /// The share of the planned time that had passed at an early look; `None` for a reading on its day.
    pub progress: Option<f64>,
    /// The first day of the newest period.
    pub up_to: Day,
    /// The metric that decides.
    pub outcome: Effect,
    /// The others.
    pub others: Vec<Effect>,
    /// What is concluded.
    pub verdict: Verdict,
    /// The smallest difference worth having that it was judged by.
    pub smallest: f64,
    /// The weakest grade of the links of the chain.
    pub weakest: Grade,
    /// Cost and gain.
    pub ledger: Ledger,
}

/// What one lane's method gives back before it is graded.
pub(super) struct Found {
    pub(super) answer: Answer<Estimate>,
    pub(super) naive: Answer<Estimate>,
    pub(super) base: Option<f64>,
    pub(super) since: Option<f64>,
    pub(super) treated: u32,
    pub(super) compared: u32,
    pub(super) by_period: Vec<(i64, Number)>,
    pub(super) health: Vec<Health>,
    pub(super) dealt: Option<Dealt>,
    pub(super) design: grade::Design,
    pub(super) lines: Lines,
    pub(super) now: Option<f64>,
    pub(super) now_compared: Option<f64>,
    pub(super) recovery: Option<Recovery>,
}

/// Reads a frozen input: every lane by the study's design, each with its grade, and what is concluded.
pub fn read(input: &Input) -> Reading {
    let mut effects = Vec::with_capacity(input.lanes.len());
    for lane in &input.lanes {
        let found = match input.design {
            Design::Picked => picked::compare(input, lane),
            Design::Staged | Design::BeforeAfter => staged::compare(input, lane),
        };
        effects.push(effect(input, lane, found));
    }
    let mut effects = effects.into_iter();
    let outcome = effects.next().unwrap_or_else(|| effect(input, &nothing(input), staged::none()));
    let others: Vec<Effect> = effects.collect();
    let smallest = smallest(input, &outcome);
    let verdict = conclude(&outcome, smallest);
    let weakest = others
        .iter()
        .filter(|e| !e.guardrail && e.lane != Level::Solution && e.estimate.is_some())
        .map(|e| e.grade)
        .chain([outcome.grade])
        .max()
        .unwrap_or(outcome.grade);
    let cost = input.cost;
    let gain = match (outcome.estimate, input.lanes.first().and_then(|l| l.exposure), input.scale) {
        (Some(e), Some(exposure), Scale::Plain) => Some(e.times(exposure)),
        _ => None,
    };
    let hours = cost.minutes / 60.0;
    let ledger = Ledger {
        hours,
        people: cost.people,
        money: cost.money,
        cost: cost.hour_value.map(|v| hours * v + cost.money),
        gain,
    };
    Reading {
        method: input.method,
        study: input.study.clone(),
        design: input.design,
        scale: input.scale,
        drawn: input.drawn,
        progress: input.progress,
        up_to: input.up_to,
        outcome,
        others,
        verdict,
        smallest,
        weakest,
        ledger,
    }
}

fn nothing(input: &Input) -> LaneInput {
    LaneInput {
        metric: String::new(),
        lane: Level::Performance,
        better: 1,
        guardrail: false,
        cadence: Cadence::Week,
        first: input.up_to,
        periods: 0,
        before: 1,
        after: 1,
        definition_changed: false,
        personal: false,
        exposure: None,
        members: Vec::new(),
        episodes: Vec::new(),
    }
}

/// The smallest difference worth having: as planned, or a hundredth of the level before the start.
fn smallest(input: &Input, outcome: &Effect) -> f64 {
    match (input.smallest, input.scale, outcome.before) {
        (Some(said), _, _) => said.abs(),
        (None, Scale::Log, _) => 0.01,
        (None, Scale::Plain, before) => before.map_or(0.0, |b| b.abs() / 100.0),
    }
}

fn conclude(outcome: &Effect, smallest: f64) -> Verdict {
    let (Some(e), true) = (outcome.estimate, outcome.better != 0) else { return Verdict::CannotTellYet };
    let as_answer = Answer::Estimate(Estimate {
        term: String::new(),
        estimate: e.value,
        std_error: f64::NAN,
        statistic: f64::NAN,
        p_value: f64::NAN,
        conf_low: e.low,
        conf_high: e.high,
        df: None,
        n: 0,
        clusters: None,
    });
    judge(&as_answer, Worth { higher_is_better: outcome.better > 0, smallest }, outcome.grade).verdict
}

fn effect(input: &Input, lane: &LaneInput, found: Found) -> Effect {
    let Found { answer, naive, base, since, treated, compared, by_period, health, design, .. } = found;
    let graded: Graded = grade::grade(&design);
    let answer = match (answer, input.progress) {
        (Answer::Estimate(e), Some(progress)) => together::early(&e, progress),
        (answer, _) => answer,
    };
    let log = input.scale == Scale::Log;
    let as_shown = |n: Number| if log { n.without_log() } else { n };
    let (estimate, p_value, detectable, cannot_say) = match &answer {
        Answer::Estimate(e) => {
            // A p-value of an early look would be compared with those of readings on their day.
            let p_value = input.progress.is_none().then_some(e.p_value);
            (Some(as_shown(Number::of(e))), p_value, Some(e.detectable()), None)
        }
        Answer::CannotSay(reason) => (None, None, None, Some(reason.sentence())),
    };
    let base = base.map(|b| if log { b.exp() } else { b });
    let share = match (log, estimate, base) {
        (true, estimate, _) => estimate,
        (false, Some(e), Some(b)) if b > 0.0 => Some(e.times(1.0 / b)),
        _ => None,
    };
    // Without an estimate nothing stronger than before and after is at hand.
    let graded = if estimate.is_some() {
        graded
    } else {
        grade::grade(&grade::Design { assignment: Assignment::BeforeAfter, ..design })
    };
    Effect {
        metric: lane.metric.clone(),
        lane: lane.lane,
        guardrail: lane.guardrail,
        better: lane.better,
        estimate,
        share,
        p_value,
        naive: naive.estimate().map(|e| as_shown(Number::of(&e))),
        before: base,
        since: since.map(|b| if log { b.exp() } else { b }),
        now: found.now,
        now_compared: found.now_compared,
        treated,
        compared,
        cannot_say,
        grade: graded.grade,
        start: graded.start,
        rules: graded
            .findings
            .iter()
            .map(|f| (f.rule.name.to_owned(), f.check == grade::Check::Met, f.sentence.to_owned()))
            .collect(),
        detectable,
        by_period: by_period.into_iter().map(|(e, n)| (e, as_shown(n))).collect(),
        health,
        dealt: found.dealt,
        lines: found.lines,
        recovery: found.recovery,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{nothing_works, rollout};
    use super::*;

    #[test]
    fn a_gain_is_found_and_an_early_look_is_wider() {
        let input = rollout();
        let reading = read(&input);
        assert_eq!(reading.verdict, Verdict::Helps, "{:?}", reading.outcome);
        let (at, n) = (3.0, reading.outcome.estimate.unwrap());
        assert!(n.low < at && at < n.high && reading.outcome.p_value.is_some());
        let early = read(&Input { progress: Some(0.5), ..input });
        let wide = early.outcome.estimate.unwrap();
        assert!(wide.low < n.low && n.high < wide.high && early.outcome.p_value.is_none());
        assert!(super::super::prose::limits(&early)[0].contains("early look"));
    }

    /// People picked by their numbers, a support that does nothing: "helps" is said in at most one world of twenty,
    /// while the plain before–after looks like a gain in most.
    #[test]
    fn worlds_of_picked_people_in_which_nothing_works() {
        let nightly = std::env::var_os("THROUGHLINE_TEST_NIGHTLY").is_some();
        let worlds = if nightly { 500 } else { 40 };
        let (mut helps, mut flattered, mut covered) = (0, 0, 0);
        for seed in 0..worlds {
            for fair in [true, false] {
                let reading = read(&nothing_works(seed, fair));
                helps += u64::from(reading.verdict == Verdict::Helps);
                if fair {
                    flattered += u64::from(reading.outcome.naive.is_some_and(|n| n.low > 0.0));
                    covered += u64::from(reading.outcome.estimate.is_some_and(Number::holds_zero));
                }
            }
        }
        println!(
            "seeds 0 to {worlds}: helps {helps} of {}, before–after flatters {flattered}, covered {covered} of {worlds}",
            2 * worlds
        );
        assert!(helps * 20 <= worlds, "{helps}");
        assert!(flattered * 2 > worlds, "{flattered}");
        assert!(covered * 100 >= worlds * if nightly { 93 } else { 85 }, "{covered}");
    }
}
