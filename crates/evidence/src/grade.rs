//! The grade of evidence: computed from how the study was made, never set by hand.
//!
//! | start | design |
//! |---|---|
//! | A | units were drawn at random |
//! | B | started in waves or by rule, compared over the same time with units that had not started |
//! | C | compared with others after adjusting for known differences |
//! | D | the same people before and after |
//! | E | what people say |
//!
//! From there each check that is not met lowers the grade ([`RULES`]). A check that
//! could not be made counts as not met where the rule says so.

use serde::{Deserialize, Serialize};

/// How strong evidence is. A is the strongest; the order runs from A to E.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Randomised.
    A,
    /// Staged or quasi-experimental.
    B,
    /// Adjusted comparison.
    C,
    /// Before–after.
    D,
    /// Opinion.
    E,
}

impl Grade {
    fn lowered(self, steps: u8, floor: Grade) -> Grade {
        let scale = [Grade::A, Grade::B, Grade::C, Grade::D, Grade::E];
        let at = (self as usize + usize::from(steps)).min(floor as usize);
        scale[at.max(self as usize)]
    }

    /// What the letter stands for.
    pub fn words(self) -> &'static str {
        match self {
            Grade::A => "randomised",
            Grade::B => "staged, with a fair comparison",
            Grade::C => "adjusted comparison",
            Grade::D => "before and after only",
            Grade::E => "opinion",
        }
    }
}

/// How it came about that some had it and others not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Drawn at random, and the draw was kept to.
    Randomised,
    /// In waves or by rule, compared over the same time with those not yet started.
    Staged,
    /// Chosen or volunteered, compared with others after adjustment.
    Adjusted,
    /// No comparison.
    BeforeAfter,
    /// No measurement.
    Opinion,
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Looked at and in order.
    Met,
    /// Looked at and not in order.
    NotMet,
    /// Could not be looked at.
    Unknown,
}

impl From<bool> for Check {
    fn from(met: bool) -> Self {
        if met { Check::Met } else { Check::NotMet }
    }
}

/// What is known about how a study was made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// How some came to have it.
    pub assignment: Assignment,
    /// Clusters with treated units.
    pub clusters_treated: usize,
    /// Clusters with comparison units.
    pub clusters_comparison: usize,
    /// Ways of picking as many units, where they are few and the interval holds what the exact test over all of them holds;
    /// 0 where they were not counted.
    pub ways_counted: u64,
    /// Both moved alike before the start.
    pub pre_trend: Check,
    /// People were picked because their metric was bad.
    pub picked_on_outcome: bool,
    /// The comparison was picked the same way (flagged as well, not treated).
    pub comparison_picked_alike: bool,
    /// Share of treated people lost from the data.
    pub lost_treated: f64,
    /// Share of comparison people lost from the data.
    pub lost_comparison: f64,
    /// Share of expected observations that arrived.
    pub coverage: f64,
    /// The metric changed definition or unit inside the window.
    pub definition_changed: bool,
    /// The metric moved just before the start, as if expecting it.
    pub anticipation: bool,
    /// Treated and untreated people work in the same unit.
    pub spill_over: bool,
    /// Something else hit the treated units at the same time.
    pub other_event: bool,
    /// Metric, window and method were fixed before the start.
    pub locked_before_start: bool,
    /// Treated and comparison units resemble each other on what is known.
    pub overlap: Check,
}

impl Design {
    /// A design of which everything is in order, to start from.
    pub fn sound(assignment: Assignment, clusters_treated: usize, clusters_comparison: usize) -> Self {
        Self {
            assignment,
            clusters_treated,
            clusters_comparison,
            ways_counted: 0,
            pre_trend: Check::Met,
            picked_on_outcome: false,
            comparison_picked_alike: false,
            lost_treated: 0.0,
            lost_comparison: 0.0,
            coverage: 1.0,
            definition_changed: false,
            anticipation: false,
            spill_over: false,
            other_event: false,
            locked_before_start: true,
            overlap: Check::Met,
        }
    }
}

/// One rule of the public table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// A word to refer to it by.
    pub name: &'static str,
    /// When it is met.
    pub met: &'static str,
    /// What is said when it is not.
    pub not_met: &'static str,
    /// By how many letters the grade falls when it is not met.
    pub lowers: u8,
    /// The letter below which it does not push.
    pub floor: Grade,
}

/// The public rule table, in the order in which it is shown.
pub const RULES: [Rule; 11] = [
    Rule {
        name: "clusters",
        met: "At least five groups on each side, or three where every way of picking them was counted.",
        not_met: "Too few groups on one side: chance differences between groups cannot be told from an effect.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "pre-trend",
        met: "Both sides moved alike before the start.",
        not_met: "The two sides did not move alike before the start, or it could not be checked.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "selection",
        met: "People were not picked because their metric was bad, or the comparison was picked the same way.",
        not_met: "People were picked because their metric was bad and the comparison was not: they recover by themselves.",
        lowers: 3,
        floor: Grade::D,
    },
    Rule {
        name: "leavers",
        met: "Few people were lost, and alike on both sides.",
        not_met: "More than a fifth of the people were lost, or one side lost 5 points more than the other.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "coverage",
        met: "At least 80 % of the expected observations arrived.",
        not_met: "Fewer than 80 % of the expected observations arrived.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "definition",
        met: "The metric meant the same throughout.",
        not_met: "The metric changed its definition or unit inside the window.",
        lowers: 2,
        floor: Grade::D,
    },
    Rule {
        name: "anticipation",
        met: "Nothing moved just before the start.",
        not_met: "The metric moved just before the start, as if people expected it.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "spill-over",
        met: "Treated and comparison people work in different units.",
        not_met: "Treated and comparison people work side by side and learn from one another.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "other events",
        met: "Nothing else hit one side alone.",
        not_met: "Something else hit one side at the same time.",
        lowers: 1,
        floor: Grade::D,
    },
    Rule {
        name: "locked",
        met: "Metric, window and method were fixed before the start.",
        not_met: "Metric, window or method were chosen after the start.",
        lowers: 1,
        floor: Grade::C,
    },
    Rule {
        name: "overlap",
        met: "The two sides resemble each other on what is known.",
        not_met: "The two sides hardly resemble each other on what is known.",
        lowers: 1,
        floor: Grade::D,
    },
];

/// One rule as it turned out for a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How it turned out.
    pub check: Check,
    /// The sentence to show.
    pub sentence: &'static str,
}

/// A grade with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// The letter that the kind of design starts from.
    pub start: Grade,
    /// Every rule that applies, in the table's order.
    pub findings: Vec<Finding>,
}

impl Graded {
    /// The rules that lowered the grade.
    pub fn not_met(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.check != Check::Met)
    }
}

/// Grades a study by the public rule.
///
/// A pure function of facts about the design: the estimate has no part in it.
/// Checks that make no sense without a comparison are left out for D and E.
/// A failed pre-trend does not lower a randomised study, whose draw already makes
/// the sides alike; it is still shown.
pub fn grade(design: &Design) -> Graded {
    let start = match design.assignment {
        Assignment::Randomised => Grade::A,
        Assignment::Staged => Grade::B,
        Assignment::Adjusted => Grade::C,
        Assignment::BeforeAfter => Grade::D,
        Assignment::Opinion => Grade::E,
    };
    let compared = start < Grade::D;
    let lost = design.lost_treated.max(design.lost_comparison);
    let uneven = (design.lost_treated - design.lost_comparison).abs();
    let outcome = |name: &str| -> Option<Check> {
        let check = match name {
            "clusters" => {
                let fewer = design.clusters_treated.min(design.clusters_comparison);
                Check::from(fewer >= 5 || (fewer >= 3 && design.ways_counted >= 20))
            }
            "pre-trend" => design.pre_trend,
            "selection" => Check::from(!design.picked_on_outcome || design.comparison_picked_alike),
            "leavers" => Check::from(lost <= 0.2 && uneven <= 0.05),
            "coverage" => Check::from(design.coverage >= 0.8),
            "definition" => Check::from(!design.definition_changed),
            "anticipation" => Check::from(!design.anticipation),
            "spill-over" => Check::from(!design.spill_over),
            "other events" => Check::from(!design.other_event),
            "locked" => Check::from(design.locked_before_start),
            "overlap" => design.overlap,
            _ => return None,
        };
        let needs_comparison =
            matches!(name, "clusters" | "pre-trend" | "selection" | "leavers" | "spill-over" | "overlap");
        (compared || (start == Grade::D && !needs_comparison)).then_some(check)
    };
    let mut now = start;
    let mut findings = Vec::new();
    for rule in RULES {
        let Some(check) = outcome(rule.name) else {
            continue;
        };
        let shown_only = rule.name == "pre-trend" && start == Grade::A;
        let forgiven = rule.name == "overlap" && check == Check::Unknown && start < Grade::C;
        if check != Check::Met && !shown_only && !forgiven {
            now = now.lowered(rule.lowers, rule.floor);
        }
        findings.push(Finding {
            rule,
            check,
            sentence: if check == Check::Met { rule.met } else { rule.not_met },
        });
    }
    Graded { grade: now, start, findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Design), assignment: Assignment, expected: Grade) {
        let mut design = Design::sound(assignment, 20, 20);
        change(&mut design);
        assert_eq!(grade(&design).grade, expected, "{design:?}");
    }

    #[test]
    fn letters_follow_the_table() {
        use Assignment::{Adjusted, BeforeAfter, Opinion, Randomised, Staged};
        check(|_| {}, Randomised, Grade::A);
        check(|_| {}, Staged, Grade::B);
        check(|_| {}, Adjusted, Grade::C);
        check(|_| {}, BeforeAfter, Grade::D);
        check(|_| {}, Opinion, Grade::E);
        check(|d| d.pre_trend = Check::NotMet, Randomised, Grade::A);
        check(|d| d.pre_trend = Check::NotMet, Staged, Grade::C);
        check(|d| d.clusters_treated = 3, Staged, Grade::C);
        let counted = |d: &mut Design, clusters| (d.clusters_treated, d.ways_counted) = (clusters, 20);
        check(|d| counted(d, 3), Staged, Grade::B);
        check(|d| counted(d, 2), Staged, Grade::C);
        check(|d| d.definition_changed = true, Randomised, Grade::C);
        check(|d| d.locked_before_start = false, Adjusted, Grade::C);
        check(|d| d.picked_on_outcome = true, Staged, Grade::D);
        check(
            |d| {
                d.picked_on_outcome = true;
                d.comparison_picked_alike = true;
            },
            Staged,
            Grade::B,
        );
        check(
            |d| {
                d.definition_changed = true;
                d.coverage = 0.2;
                d.other_event = true;
                d.anticipation = true;
            },
            Staged,
            Grade::D,
        );
    }
}
