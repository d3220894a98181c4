//! What the statements of many people have in common, and nothing that is one person's: what a dictionary is learnt from.
//!
//! A dictionary outlives the statements it was learnt from, so it must hold nothing by which somebody could be found who is erased.
//! Of each string the longest piece is kept that several actors share, from its beginning or up to its end. One piece and no more:
//! of two that many share, only one person may have both. Names and identifiers of agents are never kept.
//!
//! What is left out is noise in its place, of letters or digits as it was. It says nothing, and packing learns from it that an id
//! is made of hexadecimal digits: without it, ids took twice the room.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use domain::ids::KeyId;
use xapi::Called;

/// How many actors must have something in common before it is learnt.
const SHARED_BY: usize = 5;
/// Bytes of a piece at least: what is shorter does not help to pack.
const SHORTEST: usize = 4;
/// Places at which a string is cut, from either end: what a long text has in common shows early, or it is the whole of it.
const CUTS: usize = 64;
/// Characters of noise for one string: more of it teaches nothing more.
const NOISE: usize = 64;

/// The texts of statements with nothing in them but what they have in common.
pub(super) fn from(samples: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let texts: Vec<&str> = samples.iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect();
    let mut shared: HashMap<u64, Actors> = HashMap::new();
    for text in &texts {
        xapi::each_string(text, |actor, string, called| {
            if may_be_kept(string, called) {
                let actor = hash(actor);
                pieces(string).for_each(|piece| shared.entry(hash(piece)).or_default().add(actor));
            }
        });
    }
    let noise = std::cell::RefCell::new(Noise(1));
    let word = |string: &str, called: Called| -> Option<String> {
        let kept = |piece: &Piece<'_>| shared.get(&hash(piece)).is_some_and(Actors::enough);
        let piece = match may_be_kept(string, called) {
            true => pieces(string).filter(kept).max_by_key(|piece| piece.text().len()),
            false => None,
        };
        let mut noise = noise.borrow_mut();
        match piece {
            Some(piece) if piece.text() == string => None,
            Some(Piece::First(first)) if first.len() >= SHORTEST => {
                Some(format!("{first}{}", noise.like(&string[first.len()..])))
            }
            Some(Piece::Last(last)) if last.len() >= SHORTEST => {
                Some(format!("{}{last}", noise.like(&string[..string.len() - last.len()])))
            }
            _ => Some(noise.like(string)),
        }
    };
    texts.iter().filter_map(|text| xapi::with_strings(text, &word)).map(String::into_bytes).collect()
}

/// Whether a string may be kept where many share it: what an agent is called by never, but for the key that sent the statement,
/// which the server itself puts into each.
fn may_be_kept(string: &str, called: Called) -> bool {
    called == Called::Nobody || string.parse::<KeyId>().is_ok()
}

/// A piece of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Piece<'a> {
    /// Its beginning.
    First(&'a str),
    /// Its end.
    Last(&'a str),
}

impl<'a> Piece<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::First(text) | Self::Last(text) => text,
        }
    }
}

/// The pieces of a string, whole words and numbers each, and the string itself.
fn pieces(string: &str) -> impl Iterator<Item = Piece<'_>> {
    let between = |at: &usize| {
        let (before, after) = string.split_at(*at);
        let (a, b) = (before.chars().next_back().map(Sort::of), after.chars().next().map(Sort::of));
        a.is_some() && (a != b || b == Some(Sort::Other))
    };
    let ends = || string.char_indices().map(|(at, _)| at);
    let first = ends().filter(between).take(CUTS).map(|at| Piece::First(&string[..at]));
    let last = ends().rev().filter(between).take(CUTS).map(|at| Piece::Last(&string[at..]));
    first.chain(last).chain([Piece::First(string), Piece::Last(string)])
}

/// What sort of character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Letter,
    Digit,
    Other,
}

impl Sort {
    fn of(c: char) -> Self {
        match c {
            _ if c.is_alphabetic() => Self::Letter,
            _ if c.is_numeric() => Self::Digit,
            _ => Self::Other,
        }
    }
}

fn hash(what: impl Hash) -> u64 {
    let mut hash = std::hash::DefaultHasher::new();
    what.hash(&mut hash);
    hash.finish()
}

/// The first few actors of those who share something.
#[derive(Default)]
struct Actors {
    few: [u64; SHARED_BY],
    count: usize,
}

impl Actors {
    fn add(&mut self, actor: u64) {
        if !self.enough() && !self.few[..self.count].contains(&actor) {
            self.few[self.count] = actor;
            self.count += 1;
        }
    }
    fn enough(&self) -> bool {
        self.count == SHARED_BY
    }
}

/// Numbers that depend on nothing but how many were drawn before (SplitMix64, Steele, Lea and Flood 2014).
struct Noise(u64);

impl Noise {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % most as u64) as usize
    }

    fn from(&mut self, alphabet: &[u8]) -> char {
        char::from(alphabet[self.below(alphabet.len())])
    }

    /// Noise with numbers where a text has numbers and words where it has words, but not as long as they are.
    fn like(&mut self, text: &str) -> String {
        const DIGITS: &[u8] = b"0123456789";
        const HEXADECIMAL: &[u8] = b"0123456789abcdef";
        const LETTERS: &[u8] = b"etaoinshrdlucmfwypvbgketaoinsr";
        let sorts: Vec<Sort> = text.chars().take(NOISE).map(Sort::of).collect();
        let letters = || text.chars().filter(|c| c.is_alphabetic());
        let hexadecimal = letters().all(|c| matches!(c, 'a'..='f')) && sorts.contains(&Sort::Digit);
        let mut out = String::with_capacity(NOISE);
        let mut others = text.chars().filter(|&c| Sort::of(c) == Sort::Other);
        for run in sorts.chunk_by(|a, b| a == b) {
            match run[0] {
                Sort::Letter if hexadecimal => out.extend(run.iter().map(|_| self.from(HEXADECIMAL))),
                Sort::Digit if hexadecimal && letters().next().is_some() => {
                    out.extend(run.iter().map(|_| self.from(HEXADECIMAL)));
                }
                Sort::Digit => out.extend(run.iter().map(|_| self.from(DIGITS))),
                Sort::Letter => {
                    let long = if run.len() == 1 { 1 } else { 2 + self.below(8) };
                    out.extend((0..long).map(|_| self.from(LETTERS)));
                }
                Sort::Other => {
                    out.extend((&mut others).take(run.len()).map(|c| if c.is_ascii() { c } else { ' ' }))
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(statement: impl Fn(usize) -> String) -> String {
        let samples: Vec<Vec<u8>> = (0..12).map(|n| statement(n).into_bytes()).collect();
        String::from_utf8(from(&samples).concat()).unwrap()
    }

    #[test]
    fn a_dictionary_is_learnt_from_what_several_people_share() {
        let text = shared(|n| {
            format!(
                r#"{{"actor":{{"name":"Person {n}","account":{{"homePage":"https://hr.example","name":"E100{n}"}}}},"verb":{{"id":"http://v.example/did"}},"context":{{"instructor":{{"name":"Jo Boss","mbox":"mailto:jo@boss.example"}}}},"result":{{"response":"{} words of mine"}},"authority":{{"account":{{"homePage":"https://here.example","name":"key_01m8kbc14ye008000004d03snf"}}}},"n":{n}}}"#,
                ["some", "more", "last"][n / 4]
            )
        });
        for kept in [
            "http://v.example/did",
            "https://hr.example",
            "\"instructor\"",
            " words of mine\"",
            "\"key_01m8kbc14ye008000004d03snf\"",
        ] {
            assert_eq!(text.matches(kept).count(), 12, "{kept}: {text}");
        }
        for left_out in ["Person", "E100", "Jo", "Boss", "boss", "mailto", "some", "more", "last"] {
            assert!(!text.contains(left_out), "{left_out}: {text}");
        }
    }

    #[test]
    fn of_each_string_the_longest_piece_is_kept_that_several_people_share() {
        let text = shared(|n| {
            format!(
                r#"{{"actor":{{"mbox":"mailto:a{n}@x.example"}},"object":{{"id":"https://courses.example/12/lesson/{n}","definition":{{"name":{{"en":"Lesson {n}: working safely"}}}}}},"result":{{"response":"ask maya{n}.novak@firm.example","extensions":{{"x:whom":"maya{n}.novak@firm.example","x:three":"{}"}}}}}}"#,
                if n < 4 { "only four people say so" } else { "" }
            )
        });
        for kept in
            ["\"https://courses.example/12/lesson/", ": working safely\"", ".novak@firm.example\"", "@firm"]
        {
            assert!(text.matches(kept).count() >= 12, "{kept}: {text}");
        }
        // Both pieces together may be one person's, so the shorter one goes.
        for left_out in ["Lesson", "ask", "maya", "a1@", "x.example", "four", "people"] {
            assert!(!text.contains(left_out), "{left_out}: {text}");
        }
    }

    #[test]
    fn pieces_are_whole_words_and_numbers() {
        let all: Vec<&str> = pieces("Lesson 12: ö").map(Piece::text).collect();
        assert_eq!(
            all,
            [
                "Lesson",
                "Lesson ",
                "Lesson 12",
                "Lesson 12:",
                "Lesson 12: ",
                "ö",
                " ö",
                ": ö",
                "12: ö",
                " 12: ö",
                "Lesson 12: ö",
                "Lesson 12: ö"
            ]
        );
        assert_eq!(pieces("").map(Piece::text).collect::<Vec<_>>(), ["", ""]);
    }

    #[test]
    fn noise_is_made_of_what_a_text_is_made_of() {
        let mut noise = Noise(1);
        let id = noise.like("ec531277-b57b-4c15-8d91-d292c5b2b8f7");
        assert!(uuid::Uuid::parse_str(&id).is_ok() && id != "ec531277-b57b-4c15-8d91-d292c5b2b8f7", "{id}");
        let time = noise.like("41.250");
        assert!(time.len() == 6 && time.parse::<f64>().is_ok(), "{time}");
        assert_eq!(noise.like(""), "");
        let name = noise.like("Maya Novak");
        assert!(name.split(' ').count() == 2 && !name.contains("Maya"), "{name}");
        assert!(noise.like(&"ab ".repeat(500)).len() < 400);
    }
}
