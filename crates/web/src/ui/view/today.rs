//! Today: a team member's first page. What needs me, how I am doing, the one small thing to try.

use askama::Template;
use domain::interventions::Kind;
use domain::time::Day;

use super::{Effect, Evidence, MetricTile, Shell, Status, kind_icon, kind_word, spark_words};
use crate::ui::filters;
use crate::ui::format::{self, Style};
use crate::ui::svg::{Markup, Spark};

/// Today.
///
/// Forms: a proposal's buttons `POST {small_thing.href}/answer` with `answer` = `take`, `swap` or `decline`, and
/// `reason` (text, for `swap` and `decline`). What only fits has no reason to give; its forms send `support` (an id) too. The three ways out of an alert are links to `{alert.href}?answer=know`, `help` or
/// `wrong`, where the alert page has that choice set.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "today.html")]
pub struct TodayPage {
    /// The frame.
    pub shell: Shell,
    /// "Good morning".
    pub greeting: String,
    /// The viewer's first name.
    pub first_name: String,
    /// Up to which day numbers reach.
    pub numbers_to: Option<Day>,
    /// Open alerts about the viewer, newest first, within the attention budget.
    pub alerts: Vec<OwnAlert>,
    /// The viewer's metrics in their fixed order.
    pub tiles: Vec<MetricTile>,
    /// A support that was proposed, or fits, and waits for an answer.
    pub small_thing: Option<SmallThing>,
    /// What lies ahead: talks, checks, mandated lessons.
    pub coming: Vec<Coming>,
    /// Time spent on support this month, in words and minutes.
    pub time: Vec<TimeLine>,
}

/// An alert as the person it is about sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnAlert {
    /// Its page.
    pub href: String,
    /// The metric's name.
    pub metric: String,
    /// The metric's page.
    pub metric_href: String,
    /// Gap or shift.
    pub status: Status,
    /// What, after the metric's name: "lower for four weeks".
    pub headline: String,
    /// Since when and against what: "About 31 a week since 16 February. Your usual range is 32 to 48, around 40."
    pub facts: String,
    /// How its values are written.
    pub style: Style,
    /// Its last 16 weeks.
    pub spark: Spark,
    /// Whether the person sees it before their leader does.
    pub sees_first: bool,
    /// Who sees it when: "Daniel sees it on Fri 20 March".
    pub seen_by: String,
    /// What the person has answered, if they have: "You answered: I'd like help."
    pub answered: Option<String>,
    /// What chance alone would do, and what this does not say.
    pub why: String,
}

/// One support to try.
#[derive(Debug, Clone, PartialEq)]
pub struct SmallThing {
    /// Its address, to which the form's is added.
    pub href: String,
    /// Its id, where nobody proposed it and it only fits.
    pub support: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// What it costs, in minutes.
    pub minutes: f64,
    /// Its name.
    pub name: String,
    /// What it is.
    pub text: String,
    /// Why it is here: "For successful calls, lower for four weeks."
    pub why: String,
    /// Who proposed it: "Proposed by Daniel". Empty where it only fits.
    pub from: String,
    /// What it made elsewhere.
    pub elsewhere: Option<Effect>,
    /// On which metric: "on revenue per hour"; empty where it is the one that it is here for.
    pub elsewhere_on: String,
    /// How sure that is.
    pub evidence: Option<Evidence>,
}

/// Something ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// Name of an icon: `coach`, `check`, `contract`, `lesson`.
    pub icon: &'static str,
    /// What: "1:1 with Daniel".
    pub title: String,
    /// When and how: "Fri 20 Mar, 10:00. Agenda is drafted."
    pub sub: String,
    /// Where it opens.
    pub href: Option<String>,
}

/// A kind of time and its minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeLine {
    /// "Optional support", "Mandated".
    pub name: String,
    /// Minutes this month.
    pub minutes: f64,
}

impl OwnAlert {
    /// The sparkline with its words.
    pub fn drawing(&self) -> Markup {
        self.spark.wide(&spark_words(&self.style, &self.spark, "last"))
    }
}

impl SmallThing {
    /// "Lesson".
    pub fn kind_word(&self) -> &'static str {
        kind_word(self.kind)
    }
    /// "6 min", "no extra minutes".
    pub fn price(&self) -> String {
        if self.minutes < 0.5 { "no extra minutes".to_owned() } else { format::minutes(self.minutes) }
    }
    /// Its icon's name.
    pub fn icon(&self) -> &'static str {
        kind_icon(self.kind)
    }
}

impl TodayPage {
    /// Up to which day numbers reach, as short as it can be said: "Sun 15" within this month.
    pub fn reach(&self, to: &Day) -> String {
        let (a, b) = (to.date(), self.shell.today.date());
        let long = format::day(*to, self.shell.today);
        if (a.year(), a.month()) == (b.year(), b.month()) {
            long.rsplit_once(' ').map_or(long.clone(), |(short, _)| short.to_owned())
        } else {
            long
        }
    }
    /// The metrics that are shown at once: six fit on a phone without scrolling.
    pub fn first(&self) -> &[MetricTile] {
        &self.tiles[..self.tiles.len().min(6)]
    }
    /// The others, one tap away.
    pub fn rest(&self) -> &[MetricTile] {
        self.tiles.get(6..).unwrap_or_default()
    }
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.alerts.len() {
            0 => "Nothing needs you today".to_owned(),
            1 => "One thing is worth a look".to_owned(),
            n => format!("{} things are worth a look", format::capital(&format::spell(n as u64))),
        }
    }
    /// How the metrics stand that nothing is said about above.
    pub fn lead(&self) -> String {
        if self.tiles.is_empty() {
            return "No metric of yours has data yet. When the first weeks are in, they show here."
                .to_owned();
        }
        let others: Vec<Status> = self.tiles.iter().map(|t| t.status).filter(|s| !s.worth_a_look()).collect();
        let calm = |s: &Status| {
            matches!(s, Status::Usual | Status::Recovered | Status::BetterHigher | Status::BetterLower)
        };
        let usual = others.iter().filter(|s| calm(s)).count() as u64;
        let waiting = others.len() as u64 - usual;
        let all = others.len() == self.tiles.len();
        let mine = match (all, usual, waiting) {
            (_, 0, 0) => return String::new(),
            (_, 0, n) => {
                return format!(
                    "For {} of your metrics there is not enough fresh data to say.",
                    format::spell(n)
                );
            }
            (true, n, 0) if n > 1 => format!("All {} metrics are in their usual range.", format::spell(n)),
            (true, _, 0) => "Your metric is in its usual range.".to_owned(),
            (false, 1, 0) => "Your other one is in its usual range.".to_owned(),
            (false, n, 0) => format!("Your other {} are in their usual range.", format::spell(n)),
            (_, 1, _) => "One more is in its usual range.".to_owned(),
            (_, n, _) => format!("{} are in their usual range.", format::capital(&format::spell(n))),
        };
        match waiting {
            0 => mine,
            1 => format!("{mine} For one there is not enough fresh data to say."),
            n => format!("{mine} For {} there is not enough fresh data to say.", format::spell(n)),
        }
    }
}
