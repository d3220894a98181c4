//! Rules about words: people are people, a support is not a solution, and nobody is ranked.
//!
//! Two lists. [`ON_PAGES`] holds for everything a person reads: templates, scripts of pages, documents, and the
//! strings of the crates that speak to people. [`IN_CODE`] holds for names in Rust.

use super::rust_text::{Kind, pieces};
use super::{Complaint, File};

/// What is not said to people; what to say instead.
const ON_PAGES: &[(&str, &str)] = &[
    ("learner", "say person or team member: they are workers who sometimes learn"),
    ("learners", "say people or team members: they are workers who sometimes learn"),
    ("student", "say person or team member"),
    ("students", "say people or team members"),
    ("trainee", "say person or team member"),
    ("trainees", "say people or team members"),
    ("underperformer", "say that the metric is off target: a label on a person does harm"),
    ("underperformers", "say that the metric is off target: a label on a person does harm"),
    ("underperforming", "say that the metric is off target: a label on a person does harm"),
    ("poor performer", "say that the metric is off target: a label on a person does harm"),
    ("poor performers", "say that the metric is off target: a label on a person does harm"),
    ("low performer", "say that the metric is off target: a label on a person does harm"),
    ("low performers", "say that the metric is off target: a label on a person does harm"),
    ("top performer", "show distributions and a person's own trend: nobody is ranked"),
    ("top performers", "show distributions and a person's own trend: nobody is ranked"),
    ("at-risk employee", "say that the metric is off target"),
    ("at-risk employees", "say that the metric is off target"),
    ("red person", "say that the metric is off target"),
    ("leaderboard", "show distributions and a person's own trend: nobody is ranked"),
    ("leaderboards", "show distributions and a person's own trend: nobody is ranked"),
    ("league table", "show distributions and a person's own trend: nobody is ranked"),
    ("training need", "say performance gap or request: it presumes the answer"),
    ("training needs", "say performance gaps or requests: it presumes the answer"),
    ("roi", "give an estimated effect with its interval and grade"),
    ("impact proven", "give the evidence grade"),
    ("proven impact", "give the evidence grade"),
    ("hours learnt", "say adoption, use or transfer: hours are no success"),
    ("ai coach", "the leader coaches: say drafted agenda or suggestion"),
    ("six boxes", "say cause boxes: the other is a trademark"),
    ("scorecard", "say view or board"),
    ("score card", "say view or board"),
];

/// What things are not called in code.
const IN_CODE: &[(&str, &str)] = &[
    ("learner", "say person: `learner` is for the borders with xAPI courses and LTI"),
    ("trainee", "say person"),
    ("underperform", "say off target"),
    ("leaderboard", "nobody is ranked"),
    ("scorecard", "say view or board"),
];

/// Crates that write words people read.
const SPEAKING: &[&str] =
    &["crates/web/", "crates/app/", "crates/demo/", "crates/domain/", "crates/throughline/"];

/// Where the other vocabulary is the right one, or where these lists stand.
fn is_elsewhere(path: &str) -> bool {
    ["crates/xapi/", "crates/xtask/", "examples/", "node_modules/"].iter().any(|room| path.starts_with(room))
        || ["cmi5", "scorm", "lti"]
            .iter()
            .any(|border| path.split(['/', '.', '_', '-']).any(|part| part == *border))
}

pub(crate) fn complaints(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !is_elsewhere(&file.path)) {
        if file.is(&["html"]) {
            found.extend(in_text(file, 1, &visible(&file.text)));
        } else if file.is(&["ts"]) || (file.is(&["md"]) && file.path != "docs/words.md") {
            found.extend(in_text(file, 1, &file.text));
        } else if file.is(&["rs"]) {
            in_rust(file, &mut found);
        }
    }
    found
}

fn in_rust(file: &File, found: &mut Vec<Complaint>) {
    let speaks = SPEAKING.iter().any(|room| file.path.starts_with(room)) && !file.path.contains("/tests/");
    for piece in pieces(&file.text) {
        match piece.kind {
            Kind::Code => {
                for (at, line) in piece.text.lines().enumerate() {
                    let lower = line.to_lowercase();
                    let bad = IN_CODE.iter().find(|(word, _)| lower.contains(word));
                    found.extend(bad.map(|(word, say)| {
                        file.complain(piece.line + at, format!("`{word}` in a name: {say}"))
                    }));
                }
            }
            Kind::Text if speaks => found.extend(in_text(file, piece.line, piece.text)),
            Kind::Text | Kind::Comment => {}
        }
    }
}

fn in_text(file: &File, first_line: usize, text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (word, say) in ON_PAGES {
            // Only in capitals: in small letters it is a word of other languages.
            let shouted = *word != "roi" || contains_word(line, "ROI");
            if shouted && contains_word(&lower, word) {
                found.push(file.complain(first_line + at, format!("\u{201c}{word}\u{201d}: {say}")));
            }
        }
    }
    found
}

/// Whether `word` stands in `text` with no letter beside it; an address (`user/learner`) is not a word.
fn contains_word(text: &str, word: &str) -> bool {
    let letter =
        |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_/-".contains(&byte));
    text.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
        !letter(before) && !letter(text.as_bytes().get(at + word.len()).copied())
    })
}

/// A template with its tags, expressions and comments blanked out, line for line.
fn visible(template: &str) -> String {
    let mut shown = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(one) = rest.chars().next() {
        let close = match rest.as_bytes() {
            [b'{', b'{', ..] => Some("}}"),
            [b'{', b'%', ..] => Some("%}"),
            [b'{', b'#', ..] => Some("#}"),
            [b'<', b'!', b'-', b'-', ..] => Some("-->"),
            [b'<', ..] => Some(">"),
            _ => None,
        };
        let length = match close {
            None => {
                shown.push(one);
                one.len_utf8()
            }
            Some(close) => {
                let end = rest.find(close).map_or(rest.len(), |at| at + close.len());
                shown.extend(rest[..end].chars().filter(|&one| one == '\n'));
                shown.push(' ');
                end
            }
        };
        rest = &rest[length..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    fn says(path: &str, text: &str) -> Vec<(usize, String)> {
        complaints(&[planted(path, text)])
            .into_iter()
            .map(|complaint| (complaint.line, complaint.says))
            .collect()
    }

    #[test]
    fn what_people_read() {
        let found = says(
            "crates/web/templates/team.html",
            "<p class=\"learner\">\n{{ learner }}</p>\n<h2>Your Learners</h2>",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, 3);
        assert_eq!(says("README.md", "The ROI of lessons").len(), 1);
        assert!(says("README.md", "This rois nothing; /learner/x is an address").is_empty());
        assert_eq!(says("crates/app/src/alerts.rs", "//! x\nlet a = \"an underperformer\";").len(), 1);
    }

    #[test]
    fn what_code_calls_things() {
        assert_eq!(says("crates/domain/src/people.rs", "struct LearnerId;").len(), 1);
        assert!(says("crates/xapi/src/agent.rs", "struct LearnerId;").is_empty());
        assert!(says("crates/app/src/cmi5.rs", "struct LearnerId;").is_empty());
        assert!(says("crates/domain/src/people.rs", "// learner\nstruct PersonId;").is_empty());
    }
}
