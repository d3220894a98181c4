//! A coaching session: the agenda from facts, two lines of outcome, one action with a check, both sign.

use askama::Template;
use domain::time::Day;

use super::{FormErrors, Link, Message, NotesCard, RecoveryChart, Shell, SupportOption};
use crate::ui::filters;
use crate::ui::format::Moment;

/// A session's page, the same for both.
///
/// Forms, all to this page's `href`:
/// - `POST {href}/point` with `text`: adds a point to the agenda;
/// - `POST {href}/record` with `going_on`, `we_try`, `who` (`person` or `leader`), `by` (a date, may be empty),
///   `look_again` (a date), and `do` = `agree` or `save`;
/// - `POST {href}/agree` (no fields): the other one signs what was recorded;
/// - `POST {href}/propose` with `support` (an id);
/// - `POST {href}/guest` with `code`; `POST {href}/guest/agree` and `POST {href}/guest/end` with `guest` (an id);
/// - `POST {href}/note` with `text`: one's own note;
/// - `POST {href}/message` with `text`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "session.html")]
pub struct SessionPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// Where it stands in the navigation.
    pub crumbs: Vec<Link>,
    /// The person's name (not the leader's).
    pub person: String,
    /// The leader's name.
    pub leader: String,
    /// The first name of the person, for buttons.
    pub first_name: String,
    /// The title: "1:1 with Maya, Friday 20 March".
    pub title: String,
    /// "30 min, 10:00"; may be empty.
    pub when: String,
    /// The agenda, drafted from facts and added to by both.
    pub agenda: Vec<AgendaItem>,
    /// What is or was agreed.
    pub record: Record,
    /// Who has signed.
    pub signatures: Vec<Signature>,
    /// Whether the viewer can sign what was recorded.
    pub can_sign: bool,
    /// Matched support, at least one not a lesson.
    pub supports: Vec<SupportOption>,
    /// Whether the viewer may propose support.
    pub can_propose: bool,
    /// The check that came out of the talk before.
    pub last_check: Option<LastCheck>,
    /// Earlier talks, newest first.
    pub earlier: Vec<EarlierTalk>,
    /// The viewer's own note, which nobody else can read.
    pub notes: NotesCard,
    /// Co-coaches who are asked for or let in.
    pub guests: Vec<GuestRow>,
    /// Whether the viewer may ask for one.
    pub can_invite: bool,
    /// What to put right in that form. Field id: `guest`.
    pub guest_errors: FormErrors,
    /// The messages.
    pub thread: Vec<Message>,
    /// Whether the viewer may write and add points.
    pub can_write: bool,
}

/// A co-coach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestRow {
    /// Their id, as forms send it.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Whether they are let in.
    pub admitted: bool,
    /// Whether the viewer is the one to agree.
    pub to_agree: bool,
    /// Whether the viewer may end it.
    pub may_end: bool,
}

/// One point of the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaItem {
    /// Name of an icon: `shift`, `gap`, `check`, `rise`, `support`.
    pub icon: &'static str,
    /// The point: "Successful calls are lower since 16 February".
    pub title: String,
    /// The facts behind it; may be empty.
    pub sub: String,
    /// Where it opens.
    pub link: Option<Link>,
    /// Who added it; `None` where it was drafted from facts.
    pub added_by: Option<String>,
    /// "Done", where it was settled.
    pub settled: Option<String>,
}

/// What is or was agreed.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// The viewer can write it.
    Form(RecordForm),
    /// It is written; the facts in order: what is going on, what we try, who, by, look again, who may read it.
    Written(Vec<super::Fact>),
    /// Not written yet, and not by this viewer; why, in a sentence.
    Waiting(String),
}

/// The two lines, the action and the check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordForm {
    /// What we think is going on.
    pub going_on: String,
    /// What we try.
    pub we_try: String,
    /// Who does it: the leader, else the person.
    pub leader_does: bool,
    /// By when.
    pub by: Option<Day>,
    /// When to look at the metric again.
    pub look_again: Option<Day>,
    /// What change could be seen by then: "Four weeks from now is soon enough to see a change of 6 calls a week or more."
    pub hint: String,
    /// What to put right. Field ids: `going_on`, `we_try`, `by`, `look_again`.
    pub errors: FormErrors,
}

/// Who has agreed and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Their name.
    pub name: String,
    /// When, if they have.
    pub at: Option<Moment>,
}

/// The check of the talk before.
#[derive(Debug, Clone, PartialEq)]
pub struct LastCheck {
    /// "Review meetings, after the talk on 20 February".
    pub title: String,
    /// The drawing.
    pub chart: RecoveryChart,
    /// "Near the upper edge of what would come anyway. Worth keeping, too little to say more."
    pub verdict: String,
}

/// An earlier talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierTalk {
    /// Its day.
    pub day: Day,
    /// Its page.
    pub href: String,
    /// What came of it: "Book meetings on the phone. Done."
    pub text: String,
}

impl SessionPage {
    /// The leader's first name.
    pub fn leader_first(&self) -> &str {
        self.leader.split_whitespace().next().unwrap_or(&self.leader)
    }
}
