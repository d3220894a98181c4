//! Data health: is everything flowing, and what needs someone.

use askama::Template;
use domain::time::Day;

use super::{Link, Shell, Status};
use crate::ui::filters;
use crate::ui::format::{self, Moment};
use crate::ui::svg::{self, DayState, Markup};

/// Data health. Feeds and counts; names and values of people stay hidden.
///
/// Forms: `POST /health/account` with `account` (an id), `person` (an id, or a person's code as typed) and `do` = `link`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "health.html")]
pub struct HealthPage {
    /// The frame.
    pub shell: Shell,
    /// When this was looked at.
    pub at: Moment,
    /// Whether this is the whole installation; otherwise the feeds that the viewer answers for.
    pub whole: bool,
    /// How many questions about data wait for the viewer.
    pub questions: u64,
    /// What needs someone, worst first.
    pub troubles: Vec<FeedTrouble>,
    /// First and last day of the day rows.
    pub span: (Day, Day),
    /// All feeds, by name.
    pub feeds: Vec<FeedRow>,
    /// Rows that were set aside, grouped by reason.
    pub set_aside: Vec<SetAside>,
    /// How many actors of learning records nobody is known for.
    pub unresolved_total: u64,
    /// The first of them.
    pub unresolved: Vec<UnresolvedActor>,
    /// The server: backup, mail, evaluation, storage.
    pub server: Vec<ServerFact>,
    /// Pages for those who run the installation, as far as the viewer may open them.
    pub ways: Vec<Link>,
}

/// A feed that needs someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedTrouble {
    /// Late, in question, no data.
    pub status: Status,
    /// "Data late, 9 days".
    pub status_words: String,
    /// Whom it touches: "Quay Lane and Mill Lane, 17 people".
    pub touches: String,
    /// "Call system stopped sending on 9 March".
    pub title: String,
    /// Why, and what is not lost.
    pub text: String,
    /// What can be done.
    pub ways: Vec<Link>,
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Its name.
    pub name: String,
    /// Its page, where there is one.
    pub href: Option<String>,
    /// What it brings: "revenue, assets".
    pub brings: String,
    /// One state a day, oldest first.
    pub days: Vec<DayState>,
    /// The newest arrival; `None` where nothing has ever come.
    pub newest: Option<Moment>,
    /// Rows in the newest arrival.
    pub rows: u64,
    /// How it is.
    pub status: Status,
    /// In words: "On time", "9 days late".
    pub status_words: String,
}

/// Rows that were set aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// "Unknown branch code “HB-07”".
    pub reason: String,
    /// How many rows.
    pub rows: u64,
    /// Where they came from: "customer records".
    pub feed: String,
    /// What can be done.
    pub way: Option<Link>,
}

/// An actor of learning records that is not known as a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedActor {
    /// The account's id, as the form sends it.
    pub id: String,
    /// How the records name it: "https://lms.example.com · h.novak".
    pub key: String,
    /// How many statements wait.
    pub statements: u64,
    /// People it could be: id and name. May be empty.
    pub likely: Vec<(String, String)>,
}

/// A fact about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFact {
    /// "Backup".
    pub name: String,
    /// How it is.
    pub status: Status,
    /// "Restored as a test, Sun 15 March".
    pub words: String,
    /// "Last: today 03:00, 148 MB, 11 s".
    pub sub: String,
}

impl FeedRow {
    /// The day row.
    pub fn drawing(&self) -> Markup {
        svg::day_row(&self.days)
    }
    /// The same in words: "0 days missing, 1 late".
    pub fn words(&self) -> String {
        let of = |state| self.days.iter().filter(|d| **d == state).count() as u64;
        format!(
            "{} missing, {} late",
            format::plural(of(DayState::Missing), "day", "days"),
            format::count(of(DayState::Late))
        )
    }
    /// "today, 04:12", "9 March", "never".
    pub fn newest_words(&self, today: &Day) -> String {
        self.newest.map_or_else(|| "never".to_owned(), |m| m.words(*today))
    }
    /// Rows with thousands apart.
    pub fn rows_shown(&self) -> String {
        format::count(self.rows)
    }
    /// Icon and words.
    pub fn status_html(&self) -> Markup {
        self.status.with(&self.status_words)
    }
}

impl FeedTrouble {
    /// Icon and words.
    pub fn status_html(&self) -> Markup {
        self.status.with(&self.status_words)
    }
}

impl ServerFact {
    /// Icon and words.
    pub fn status_html(&self) -> Markup {
        self.status.with(&self.words)
    }
}

impl SetAside {
    /// "31 rows, customer records".
    pub fn words(&self) -> String {
        format!("{}, {}", format::plural(self.rows, "row", "rows"), self.feed)
    }
}

impl UnresolvedActor {
    /// "14 statements wait".
    pub fn words(&self) -> String {
        format!("{} kept", format::plural(self.statements, "statement", "statements"))
    }
}

impl HealthPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        let flowing = self
            .feeds
            .iter()
            .filter(|f| !matches!(f.status, Status::DataLate | Status::NoData | Status::InQuestion))
            .count() as u64;
        let all = self.feeds.len() as u64;
        match (all, all - flowing) {
            (0, _) => "No feed is connected yet".to_owned(),
            (1, 0) => "The one feed is flowing".to_owned(),
            (_, 0) => format!("All {} feeds are flowing", format::count(all)),
            (_, 1) => format!(
                "{} of {} feeds are flowing. One needs you.",
                format::count(flowing),
                format::count(all)
            ),
            (_, n) => format!(
                "{} of {} feeds are flowing. {} need you.",
                format::count(flowing),
                format::count(all),
                format::capital(&format::spell(n))
            ),
        }
    }
    /// "Two questions about data wait for you".
    pub fn questions_words(&self) -> String {
        match self.questions {
            1 => "One question about data waits for you".to_owned(),
            n => format!("{} questions about data wait for you", format::capital(&format::spell(n))),
        }
    }
    /// A key of the day rows.
    pub fn keys(&self) -> [(Markup, &'static str); 4] {
        [
            (svg::day_key(DayState::Came), "came"),
            (svg::day_key(DayState::Late), "came late"),
            (svg::day_key(DayState::Missing), "missing"),
            (svg::day_key(DayState::NotExpected), "none expected"),
        ]
    }
    /// "3 reasons, 43 rows".
    pub fn set_aside_words(&self) -> String {
        let rows: u64 = self.set_aside.iter().map(|s| s.rows).sum();
        format!(
            "{}, {}",
            format::plural(rows, "row", "rows"),
            format::plural(self.set_aside.len() as u64, "reason", "reasons")
        )
    }
    /// "12 accounts".
    pub fn unresolved_words(&self) -> String {
        format::plural(self.unresolved_total, "account", "accounts")
    }
}
