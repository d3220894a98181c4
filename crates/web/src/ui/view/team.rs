//! My team: who needs the leader today, the whole board by name, checks that are due.

use askama::Template;
use domain::time::Day;

use super::{Link, RecoveryChart, Shell, Status, spark_words};
use crate::ui::filters;
use crate::ui::format::{self, Style};
use crate::ui::svg::{Markup, Spark};

/// My team.
///
/// Forms: an alert's Talk is `POST {alert.href}/talk` (no fields; opens the session and goes there); the other ways
/// are links to `{alert.href}#support`, `#wait`, `#wrong`. A check is settled by `POST {check.href}` with `outcome` =
/// `recovered` or `continue`. `GET /team?by=threshold` shows what a plain threshold would.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "team.html")]
pub struct TeamPage {
    /// The frame.
    pub shell: Shell,
    /// The org unit's name: "Harbour Street branch".
    pub unit: String,
    /// How many people the leader has.
    pub people: u32,
    /// How many of them need the leader: those with an open alert that waits for the leader.
    pub needing: u32,
    /// How many of them are within their usual range in every metric.
    pub usual: u32,
    /// How many had any metric below target in the last week: what a plain threshold would show.
    pub below_target: u32,
    /// What needs the leader, within the attention budget.
    pub alerts: Vec<TeamAlert>,
    /// Set by `?by=threshold`: every metric that was off target last week, by name.
    pub threshold: Option<Vec<ThresholdRow>>,
    /// Everybody, by name.
    pub board: Board,
    /// What is worth knowing about the data: "Call feed for Yusuf's desk is 9 days late. …"
    pub data_notes: Vec<String>,
    /// The most unsolicited items a day.
    pub budget: u32,
    /// Checks that fall due.
    pub checks: Vec<CheckDue>,
    /// Other open things, a line each.
    pub also: Vec<AlsoOpen>,
}

/// An alert as the leader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamAlert {
    /// Its page.
    pub href: String,
    /// Whom it is about.
    pub person: String,
    /// The metric's name.
    pub metric: String,
    /// Gap or shift.
    pub status: Status,
    /// Since when.
    pub since: Day,
    /// How long that is: "4 weeks".
    pub lasts: String,
    /// What the person answered: "I'd like help". `None` where they have not.
    pub answer: Option<String>,
    /// What is known, in two sentences.
    pub facts: String,
    /// What was tried: "call-list tool (Nov)".
    pub tried: Vec<String>,
    /// How values are written.
    pub style: Style,
    /// Its last weeks.
    pub spark: Spark,
}

/// One metric off target in one week: what a plain threshold shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdRow {
    /// Whom it is about.
    pub person: String,
    /// The metric's name.
    pub metric: String,
    /// Its page.
    pub href: String,
    /// How values are written.
    pub style: Style,
    /// Last week's value.
    pub value: f64,
    /// The target.
    pub target: f64,
    /// Where it really stands.
    pub status: Status,
}

/// Names by alphabet against metrics. No order by value exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Board {
    /// The metrics, each with the page that shows it across the team.
    pub metrics: Vec<Link>,
    /// The people, by name.
    pub rows: Vec<BoardRow>,
}

/// One person on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardRow {
    /// Their name.
    pub person: String,
    /// Their page, where one exists.
    pub href: Option<String>,
    /// One cell a metric.
    pub cells: Vec<BoardCell>,
}

/// One metric of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardCell {
    /// The metric's page.
    pub href: String,
    /// How values are written.
    pub style: Style,
    /// The newest value.
    pub value: Option<f64>,
    /// Where it stands.
    pub status: Status,
    /// Its last 12 weeks.
    pub spark: Spark,
}

/// A dated look at a metric after a talk.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDue {
    /// Where it is settled.
    pub href: String,
    /// Whom it is about.
    pub person: String,
    /// The metric's name.
    pub metric: String,
    /// When it is due.
    pub due: Day,
    /// What happened since the talk, against what was to be expected.
    pub text: String,
    /// The same as a drawing.
    pub chart: Option<RecoveryChart>,
}

/// Another open thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoOpen {
    /// What: "Chiara declined “Call review”".
    pub text: String,
    /// More about it: "“I already do this with Ines.”"
    pub sub: String,
    /// Words on the link: "Reply".
    pub action: String,
    /// Where it opens.
    pub href: String,
}

impl TeamPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        let people = format::count(u64::from(self.people));
        match (self.needing, self.people) {
            (_, 0) => "Nobody reports to you yet".to_owned(),
            (0, _) => "Nobody needs you today".to_owned(),
            (1, 1) => "The one person you lead needs you".to_owned(),
            (1, _) => format!("1 of your {people} people needs you"),
            (n, _) => format!("{} of your {people} people need you", format::count(u64::from(n))),
        }
    }
    /// How the others are, and that nothing here orders people.
    pub fn lead(&self) -> String {
        if self.people == 0 {
            return "When people and reporting lines are imported, your team shows here.".to_owned();
        }
        let calm = match (self.usual, self.people) {
            (0, _) => "Nobody is within the usual range in every metric.".to_owned(),
            (n, p) if n == p => "Everybody is within their usual range.".to_owned(),
            (1, _) => "1 is within the usual range.".to_owned(),
            (n, _) => format!("{} are within their usual range.", format::count(u64::from(n))),
        };
        format!("{calm} Nothing here orders people; they are listed by name.")
    }
}

impl ThresholdRow {
    /// Last week's value as shown.
    pub fn value_shown(&self) -> String {
        self.style.number(self.value)
    }
    /// The target as shown.
    pub fn target_shown(&self) -> String {
        self.style.number(self.target)
    }
}

impl TeamAlert {
    /// "since 16 Feb, 4 weeks".
    pub fn since_words(&self, today: &Day) -> String {
        format!("since {}, {}", format::short_date(self.since, *today), self.lasts)
    }
    /// "nothing yet", or what was tried.
    pub fn tried_words(&self) -> String {
        if self.tried.is_empty() {
            return "nothing yet".to_owned();
        }
        // Each may be a sentence somebody typed, with its full stop.
        let all: Vec<&str> = self.tried.iter().map(|t| t.trim_end_matches('.')).collect();
        all.join("; ")
    }
    /// The sparkline with its words.
    pub fn drawing(&self) -> Markup {
        let newest = if self.status == Status::OffTarget { "now" } else { "last" };
        self.spark.widest(&spark_words(&self.style, &self.spark, newest))
    }
    /// The bare sparkline, for narrow places.
    pub fn small_drawing(&self) -> Markup {
        self.spark.narrow()
    }
}

impl BoardCell {
    /// The newest value as shown; a dash where there is none.
    pub fn shown(&self) -> String {
        self.style.maybe(self.value)
    }
    /// The class of its background, as an attribute.
    pub fn class(&self) -> Markup {
        let name = match self.status {
            s if s.worth_a_look() => "is-look",
            Status::DataLate | Status::NoData | Status::InQuestion => "is-none",
            _ => return Markup::default(),
        };
        Markup::new(format!(r#" class="{name}""#))
    }
    /// The class of its words.
    pub fn tone(&self) -> &'static str {
        match self.status {
            s if s.worth_a_look() => "is-look",
            s if s.in_doubt() => "is-doubt",
            _ => "is-calm",
        }
    }
}

impl CheckDue {
    /// "Due Fri 20 March", "3 days overdue".
    pub fn due_words(&self, today: &Day) -> String {
        match today.days_since(self.due) {
            late if late > 0 => {
                format!("{} overdue", format::plural(u64::from(late.unsigned_abs()), "day", "days"))
            }
            _ => format!("Due {}", format::day(self.due, *today)),
        }
    }
    /// Whether the day has passed.
    pub fn overdue(&self, today: &Day) -> bool {
        self.due < *today
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(needing: u32, usual: u32, people: u32) -> TeamPage {
        TeamPage {
            shell: Shell::bare("My team", Day::from_number(20_000)),
            unit: String::new(),
            people,
            needing,
            usual,
            below_target: 0,
            alerts: vec![],
            threshold: None,
            board: Board::default(),
            data_notes: vec![],
            budget: 5,
            checks: vec![],
            also: vec![],
        }
    }

    #[test]
    fn the_title_is_the_finding() {
        let check =
            |needing, people, expected: &str| assert_eq!(team(needing, 0, people).heading(), expected);
        check(2, 9, "2 of your 9 people need you");
        check(1, 9, "1 of your 9 people needs you");
        check(0, 9, "Nobody needs you today");
        check(1, 1, "The one person you lead needs you");
        check(0, 0, "Nobody reports to you yet");
        assert!(team(2, 7, 9).lead().starts_with("7 are within their usual range."));
        assert!(team(0, 9, 9).lead().starts_with("Everybody"));
    }
}
