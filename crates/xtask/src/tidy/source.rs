//! Rules about source files: where SQL may stand, how a file begins, how long it may grow, what it may not contain.

use super::rust_text::{Kind, Piece, pieces};
use super::{Complaint, File, Ratchet};

/// The most lines of a file that a person can still read in one sitting.
const MOST_LINES: usize = 900;

/// Names that hold whatever has no home: something with no home means that a noun is missing.
const HOMELESS: &[&str] = &["core", "common", "util", "utils", "helper", "helpers", "types", "misc"];

/// Rooms whose code may hold SQL, and the one that prepares databases for tests.
const SQL_ROOMS: &[&str] = &["crates/store/", "crates/testkit/"];

/// Rooms that talk to a terminal.
const PRINTING_ROOMS: &[&str] = &["crates/throughline/", "crates/xtask/", "crates/testkit/"];

pub(crate) fn complaints(files: &[File], ratchet: &Ratchet) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files {
        found.extend(length(file, ratchet));
        if file.is(&["rs"]) {
            let pieces = pieces(&file.text);
            found.extend(name(file));
            found.extend(beginning(file));
            found.extend(sql_outside_store(file, &pieces));
            found.extend(unwanted_code(file, &pieces));
        }
        if file.is(&["mjs", "ts", "js"]) {
            found.extend(switched_off_in_script(file));
        }
    }
    found.extend(stale_ratchet(files, ratchet));
    found
}

fn length(file: &File, ratchet: &Ratchet) -> Option<Complaint> {
    if !file.is(&["rs", "ts", "mjs", "html", "css", "sql", "sh"]) {
        return None;
    }
    let lines = file.text.lines().count();
    let most = ratchet.long_files.get(&file.path).copied().unwrap_or(MOST_LINES);
    (lines > most).then(|| {
        file.complain(
            most,
            format!(
                "{lines} lines, and {most} are the most that can be read in one sitting: divide it by noun"
            ),
        )
    })
}

fn name(file: &File) -> Option<Complaint> {
    // Tests share what has no noun: how to read a reference file, how to start a server.
    if file.path.contains("/tests/") {
        return None;
    }
    let homeless =
        file.path.split('/').map(|part| part.trim_end_matches(".rs")).find(|part| HOMELESS.contains(part))?;
    Some(
        file.complain(
            1,
            format!("`{homeless}` names no thing: something with no home means a noun is missing"),
        ),
    )
}

fn beginning(file: &File) -> Option<Complaint> {
    (!file.text.starts_with("//!"))
        .then(|| file.complain(1, "begin with `//!` and a sentence that says what this file is"))
}

fn sql_outside_store(file: &File, pieces: &[Piece<'_>]) -> Vec<Complaint> {
    // A test may look behind the curtain at the database it made.
    let may = file.path.contains("/tests/") || file.path.starts_with("crates/xtask/src/tidy/");
    if may || SQL_ROOMS.iter().any(|room| file.path.starts_with(room)) {
        return Vec::new();
    }
    let texts = pieces.iter().filter(|piece| piece.kind == Kind::Text && is_sql(piece.text));
    texts
        .map(|piece| {
            file.complain(piece.line, "SQL belongs in crates/store: both databases are tested there")
        })
        .collect()
}

/// Whether a string literal is a statement of SQL, and not a sentence that starts with the same word.
fn is_sql(text: &str) -> bool {
    let words: Vec<String> =
        text.split_whitespace().take(400).map(|word| word.to_ascii_lowercase()).collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["select", ..] => has("from") && text.trim_start().starts_with("SELECT"),
        ["insert", "into", ..] => true,
        ["delete", "from", _, "where", ..] => true,
        ["delete", "from", ..] => text.trim_start().starts_with("DELETE"),
        ["update", _, "set", ..] => true,
        ["create" | "drop" | "alter", "table" | "index" | "unique" | "view" | "database", ..] => true,
        _ => false,
    }
}

/// Macros and attributes that should not be in what lands.
fn unwanted_code(file: &File, pieces: &[Piece<'_>]) -> Vec<Complaint> {
    if file.path.starts_with("crates/xtask/src/tidy/") {
        return Vec::new();
    }
    let in_tests = file.path.contains("/tests/");
    let prints = in_tests
        || file.path.contains("/examples/")
        || PRINTING_ROOMS.iter().any(|room| file.path.starts_with(room))
        || file.path.ends_with("/build.rs");
    let tests_from =
        file.text.lines().position(|line| line.trim() == "#[cfg(test)]").map_or(usize::MAX, |at| at + 1);
    let mut found = Vec::new();
    for (number, line) in code_lines(pieces) {
        let mut refuse = |words: &[&str], why: &str| {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(file.complain(number, format!("`{word}`: {why}")));
            }
        };
        if !prints && number < tests_from {
            refuse(
                &["println!", "eprintln!", "print!("],
                "only the binaries speak to a terminal; a library returns or traces",
            );
        }
        refuse(&["todo!(", "unimplemented!(", "dbg!("], "finish it, or leave it out");
        refuse(&["#[ignore"], "a test that does not run proves nothing");
        refuse(&["allow(dead_code)", "allow(unused"], "take out what nothing uses");
    }
    let examples = pieces
        .iter()
        .filter(|piece| piece.kind == Kind::Comment && piece.text.trim_end().ends_with("```ignore"));
    found.extend(examples.map(|piece| {
        file.complain(
            piece.line,
            "an example that is not compiled rots: make it compile, or mark it as `text`",
        )
    }));
    found
}

/// The code of a file, line by line, without strings and comments.
fn code_lines<'a>(pieces: &[Piece<'a>]) -> impl Iterator<Item = (usize, &'a str)> {
    pieces
        .iter()
        .filter(|piece| piece.kind == Kind::Code)
        .flat_map(|piece| piece.text.lines().enumerate().map(move |(at, line)| (piece.line + at, line)))
        .collect::<Vec<_>>()
        .into_iter()
}

fn switched_off_in_script(file: &File) -> Vec<Complaint> {
    const SWITCHES: &[&str] = &[
        "test.skip(",
        "describe.skip(",
        "it.skip(",
        "test.only(",
        "describe.only(",
        "it.only(",
        "test.todo(",
    ];
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(at, line)| {
            let word = SWITCHES.iter().find(|word| line.contains(*word))?;
            Some(file.complain(at + 1, format!("`{word}`: every test runs, every time")))
        })
        .collect()
}

/// Exceptions that are no longer needed.
fn stale_ratchet(files: &[File], ratchet: &Ratchet) -> Vec<Complaint> {
    let here = |says: String| Complaint { path: "crates/xtask/ratchet.json".into(), line: 1, says };
    let mut found = Vec::new();
    for (path, most) in &ratchet.long_files {
        match files.iter().find(|file| file.path == *path).map(|file| file.text.lines().count()) {
            None => found.push(here(format!("{path} is gone: take it out"))),
            Some(lines) if lines <= MOST_LINES => {
                found.push(here(format!("{path} is short enough now: take it out")))
            }
            Some(lines) if lines < *most => {
                found.push(here(format!("{path} has {lines} lines now: lower its limit")))
            }
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    fn says(path: &str, text: &str) -> Vec<String> {
        let found = complaints(&[planted(path, text)], &Ratchet::default());
        found.into_iter().map(|complaint| format!("{}: {}", complaint.line, complaint.says)).collect()
    }

    #[test]
    fn sql_only_in_store() {
        let text = "//! x\nconst A: &str = \"SELECT id FROM person\";\n";
        assert_eq!(
            says("crates/app/src/people.rs", text),
            ["2: SQL belongs in crates/store: both databases are tested there"]
        );
        assert!(says("crates/store/src/people.rs", text).is_empty());
        assert!(says("crates/app/tests/people.rs", text).is_empty());
        for sentence in
            ["Select a person from the list", "Update your target, set by Dana", "delete from here"]
        {
            let text = format!("//! x\nconst A: &str = \"{sentence}\";\n");
            assert!(says("crates/web/src/people.rs", &text).is_empty(), "{sentence}");
        }
        for statement in ["insert into person values (1)", "UPDATE person SET a = 1", "CREATE TABLE x (y)"] {
            assert!(is_sql(statement), "{statement}");
        }
    }

    #[test]
    fn how_a_file_begins_and_ends() {
        assert!(says("crates/app/src/people.rs", "use x;\n")[0].contains("begin with"));
        assert!(says("crates/app/src/people.rs", &"//! x\n".repeat(901))[0].contains("901 lines"));
        assert!(says("crates/app/src/utils.rs", "//! x\n")[0].contains("`utils` names no thing"));
    }

    #[test]
    fn printing_and_loose_ends() {
        assert!(
            says("crates/app/src/people.rs", "//! x\nfn f() { println!(\"x\"); }\n")[0]
                .starts_with("2: `println!`")
        );
        assert!(says("crates/throughline/src/main.rs", "//! x\nfn f() { println!(\"x\"); }\n").is_empty());
        assert!(says("crates/app/src/people.rs", "//! x\n// todo!() println!\n").is_empty());
        assert!(!says("crates/app/src/people.rs", "//! x\nfn f() { todo!() }\n").is_empty());
        assert!(!says("crates/app/tests/a.rs", "//! x\n#[ignore]\nfn f() {}\n").is_empty());
        assert!(!says("crates/app/src/people.rs", "//! x\n/// ```ignore\n/// f()\n/// ```\n").is_empty());
        assert!(!says("crates/web/tests/browser/a.mjs", "test.skip('x')\n").is_empty());
    }

    #[test]
    fn the_ratchet_only_tightens() {
        let long = planted("crates/app/src/people.rs", &"//! x\n".repeat(950));
        let ratchet = |lines| Ratchet { long_files: [("crates/app/src/people.rs".into(), lines)].into() };
        assert!(complaints(std::slice::from_ref(&long), &ratchet(950)).is_empty());
        assert!(complaints(std::slice::from_ref(&long), &ratchet(960))[0].says.contains("lower its limit"));
    }
}
