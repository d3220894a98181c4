//! Questions about data, for whoever answers for the data.

use askama::Template;

use super::{FormErrors, Shell, Status};
use crate::ui::filters;
use crate::ui::format::{self, Moment};

/// What people say is wrong with data that the viewer answers for. No values.
///
/// Forms: `POST {question.href}` with `data` = `right` or `wrong`, and `note` (what was found, in a line).
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "questions.html")]
pub struct QuestionsPage {
    /// The frame.
    pub shell: Shell,
    /// The open questions, the oldest first.
    pub questions: Vec<QuestionCard>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionCard {
    /// The alert's id, for the ids of fields.
    pub id: String,
    /// Where the answer goes.
    pub href: String,
    /// "Successful calls of Maya Lindqvist".
    pub title: String,
    /// The person's first name.
    pub first_name: String,
    /// The person's code, by which the feed knows them.
    pub code: String,
    /// "Weeks from 16 February to 9 March".
    pub span: String,
    /// Where the numbers come from.
    pub source: String,
    /// What was said.
    pub said: String,
    /// When.
    pub at: Option<Moment>,
    /// What stands in the field.
    pub note: String,
    /// What to put right. Field ids: `note-` and the id.
    pub errors: FormErrors,
}

impl QuestionsPage {
    /// The title as a finding.
    pub fn heading(&self) -> String {
        match self.questions.len() as u64 {
            0 => "Nobody asks about your data".to_owned(),
            1 => "One question about data waits for you".to_owned(),
            n => format!("{} questions about data wait for you", format::capital(&format::spell(n))),
        }
    }
}

impl QuestionCard {
    /// The id of the note's field.
    pub fn field(&self) -> String {
        format!("note-{}", self.id)
    }
}
