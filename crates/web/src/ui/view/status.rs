//! Status and evidence grade: a word and a shape; colour is only the third sign.

use super::icon;
use crate::ui::svg::{self, Markup, escape};

/// Where one metric of one subject stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Within its own usual range.
    Usual,
    /// A shift downwards that is worth a look.
    ChangedLower,
    /// A shift upwards that is worth a look (for a metric where lower is better).
    ChangedHigher,
    /// A shift downwards that is welcome (for a metric where lower is better).
    BetterLower,
    /// A shift upwards that is welcome.
    BetterHigher,
    /// A gap: steadily off target beyond tolerance.
    OffTarget,
    /// Back in the usual range after an episode.
    Recovered,
    /// Someone said that the data is wrong; nothing counts from it until that is settled.
    InQuestion,
    /// Data has not come when it should have.
    DataLate,
    /// Not enough weeks yet for a usual range.
    TooFew,
    /// Nothing has ever come in.
    NoData,
    /// Withheld: the group is smaller than the agreed minimum.
    Hidden,
}

impl Status {
    /// The words that carry the meaning.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Usual => "Usual range",
            Status::ChangedLower => "Changed, lower",
            Status::ChangedHigher => "Changed, higher",
            Status::BetterLower => "Changed, lower",
            Status::BetterHigher => "Changed, higher",
            Status::OffTarget => "Off target, steady",
            Status::Recovered => "Recovered",
            Status::InQuestion => "Data in question",
            Status::DataLate => "Data late",
            Status::TooFew => "Too few weeks",
            Status::NoData => "No data yet",
            Status::Hidden => "Hidden, small group",
        }
    }
    /// One word for narrow places, such as a cell of the team board; empty for the usual range.
    pub const fn short(self) -> &'static str {
        match self {
            Status::Usual => "",
            Status::ChangedLower | Status::ChangedHigher | Status::BetterLower | Status::BetterHigher => {
                "changed"
            }
            Status::OffTarget => "off target",
            Status::Recovered => "recovered",
            Status::InQuestion => "in question",
            Status::DataLate => "data late",
            Status::TooFew => "too few weeks",
            Status::NoData => "no data",
            Status::Hidden => "hidden",
        }
    }
    /// The name of its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Status::Usual => "usual",
            Status::ChangedLower | Status::BetterLower => "shift",
            Status::ChangedHigher | Status::BetterHigher => "rise",
            Status::OffTarget => "gap",
            Status::Recovered => "well",
            Status::InQuestion => "doubt",
            Status::DataLate => "late",
            Status::TooFew | Status::NoData => "none",
            Status::Hidden => "lock",
        }
    }
    /// The name of its tone in the stylesheet.
    pub const fn tone(self) -> &'static str {
        match self {
            Status::Usual => "usual",
            Status::ChangedLower | Status::ChangedHigher => "shift",
            Status::OffTarget => "gap",
            Status::BetterLower | Status::BetterHigher | Status::Recovered => "well",
            Status::InQuestion | Status::DataLate => "doubt",
            Status::TooFew | Status::NoData | Status::Hidden => "none",
        }
    }
    /// Whether someone could do something: the warm edge.
    pub const fn worth_a_look(self) -> bool {
        matches!(self, Status::ChangedLower | Status::ChangedHigher | Status::OffTarget)
    }
    /// Whether the data itself is in doubt or not there.
    pub const fn in_doubt(self) -> bool {
        matches!(self, Status::InQuestion | Status::DataLate)
    }
    /// Icon and words.
    pub fn html(self) -> Markup {
        self.with(self.word())
    }
    /// Icon and other words, such as "Recovered, 11 March" or "Data late, 9 days".
    pub fn with(self, words: &str) -> Markup {
        Markup::new(format!(
            r#"<span class="status status--{}">{}{}</span>"#,
            self.tone(),
            icon(self.icon()),
            escape(words)
        ))
    }
}

/// The strength of evidence, set by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Drawn by lot.
    A,
    /// Staged, or fairly compared.
    B,
    /// Adjusted comparison.
    C,
    /// Before–after, less expected recovery.
    D,
    /// Opinion.
    E,
}

impl Grade {
    /// All, strongest first.
    pub const ALL: [Grade; 5] = [Grade::A, Grade::B, Grade::C, Grade::D, Grade::E];
    /// Its letter.
    pub const fn letter(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
            Grade::D => "D",
            Grade::E => "E",
        }
    }
    /// What the letter means, in words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Grade::A => "drawn by lot",
            Grade::B => "staged, or fairly compared",
            Grade::C => "adjusted comparison",
            Grade::D => "before–after, less expected recovery",
            Grade::E => "opinion",
        }
    }
    const fn rungs(self) -> u8 {
        match self {
            Grade::A => 5,
            Grade::B => 4,
            Grade::C => 3,
            Grade::D => 2,
            Grade::E => 1,
        }
    }
    /// Ladder and letter, with the design in words; `design` may be empty.
    pub fn html(self, design: &str) -> Markup {
        let small =
            if design.is_empty() { String::new() } else { format!(" <small>{}</small>", escape(design)) };
        Markup::new(format!(
            r#"<span class="grade">{}<span>Grade {}{small}</span></span>"#,
            svg::ladder(self.rungs()),
            self.letter()
        ))
    }
}

/// Why a grade is what it is: a rule that was met or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeRule {
    /// Whether it was met.
    pub met: bool,
    /// The rule and the fact: "Which plants came first was not drawn by lot: not A."
    pub text: String,
}

/// A grade that opens its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The grade.
    pub grade: Grade,
    /// The design in a word or two: "staged by plant".
    pub design: String,
    /// The rules behind it; may be empty in tables, where the chain page has them.
    pub why: Vec<GradeRule>,
}

impl Evidence {
    /// Ladder, letter and design.
    pub fn html(&self) -> Markup {
        self.grade.html(&self.design)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_carries_the_meaning_and_the_icon_is_silent() {
        let html = Status::ChangedLower.html();
        assert!(html.as_str().contains("status--shift") && html.as_str().contains("Changed, lower"));
        assert!(html.as_str().contains(r#"aria-hidden="true""#));
        assert!(Status::DataLate.with("<9 days>").as_str().contains("&lt;9 days&gt;"));
    }

    #[test]
    fn only_what_someone_could_act_on_is_warm() {
        let warm = [Status::ChangedLower, Status::ChangedHigher, Status::OffTarget];
        for status in [
            Status::Usual,
            Status::ChangedLower,
            Status::ChangedHigher,
            Status::BetterLower,
            Status::BetterHigher,
            Status::OffTarget,
            Status::Recovered,
            Status::InQuestion,
            Status::DataLate,
            Status::TooFew,
            Status::NoData,
            Status::Hidden,
        ] {
            assert_eq!(status.worth_a_look(), warm.contains(&status), "{status:?}");
        }
    }

    #[test]
    fn grades_say_their_design() {
        let html = Grade::B.html("staged by plant");
        assert!(html.as_str().contains("Grade B <small>staged by plant</small>"));
        assert_eq!(html.as_str().matches("is-on").count(), 4);
    }
}
