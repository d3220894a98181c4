//! Learning records in and out by files: `throughline import statements` and `throughline export statements`.

use std::path::Path;
use std::process::{Command, Stdio};

use testkit::TempDir;

use crate::binary::ran;

fn statement(n: usize, who: &str, verb: &str) -> String {
    format!(
        r#"{{"id":"01900000-0000-4000-8000-{n:012}","actor":{{"mbox":"mailto:{who}@northwind.example"}},"verb":{{"id":"http://adlnet.gov/expapi/verbs/{verb}"}},"object":{{"id":"https://learn.northwind.example/lessons/{}"}},"timestamp":"2026-03-1{}T08:00:00Z"}}"#,
        n % 7,
        n % 8
    )
}

fn write(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// Packs with the tool that everybody has.
fn gzip(path: &Path) {
    assert!(Command::new("gzip").arg("-k").arg(path).stdin(Stdio::null()).status().unwrap().success());
}

#[test]
fn what_goes_in_comes_out_again() {
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    let mut lines: Vec<String> = (0..9_000)
        .map(|n| {
            statement(
                n,
                if n % 3 == 0 { "maya" } else { "omar" },
                if n % 2 == 0 { "completed" } else { "experienced" },
            )
        })
        .collect();
    // One of 2.0 among them, and one that voids another.
    lines.push(
        statement(9_000, "maya", "completed").replace("\"timestamp\"", "\"version\":\"2.0.0\",\"timestamp\""),
    );
    lines.push(r#"{"actor":{"mbox":"mailto:maya@northwind.example"},"verb":{"id":"http://adlnet.gov/expapi/verbs/voided"},"object":{"objectType":"StatementRef","id":"01900000-0000-4000-8000-000000000003"},"id":"01900000-0000-4000-8000-000000009001"}"#.into());
    write(&at("in.ndjson"), &lines);
    gzip(&at("in.ndjson"));
    let import =
        |args: &[&str]| ran(folder.path(), &[&["import", "statements", "--data", "data"], args].concat());
    let (code, out, _) = import(&["in.ndjson.gz", "--dry-run"]);
    assert_eq!((code, out.contains("9002 statements can be taken, 0 lines cannot")), (0, true), "{out}");
    let (code, out, err) = import(&["in.ndjson.gz"]);
    assert_eq!((code, out.starts_with("9002 new, 0 here already, 0 passed over")), (0, true), "{out}{err}");
    // The same again is nothing new, whether it goes on or begins anew.
    let (_, out, err) = import(&["in.ndjson.gz"]);
    assert!(out.starts_with("0 new, 0 here already") && err.contains("after line 9002"), "{out}{err}");
    let (_, out, _) = import(&["in.ndjson.gz", "--again"]);
    assert!(out.starts_with("0 new, 9002 here already"), "{out}");

    let (code, _, err) = import(&["."]);
    assert_eq!((code, err.contains("cannot read .: ")), (1, true), "{err}");
    // As many lines as are written together, and nothing after them.
    let even: Vec<String> = (0..12_000)
        .map(|n| {
            statement(
                n % 9_000,
                if n % 3 == 0 { "maya" } else { "omar" },
                if n % 2 == 0 { "completed" } else { "experienced" },
            )
        })
        .collect();
    write(&at("even.ndjson"), &even);
    let (_, out, _) = import(&["even.ndjson"]);
    assert!(out.starts_with("0 new, 12000 here already"), "{out}");
    let (_, out, err) = import(&["even.ndjson"]);
    assert!(out.starts_with("0 new, 0 here already") && err.contains("after line 12000"), "{out}{err}");

    let export =
        |args: &[&str]| ran(folder.path(), &[&["export", "statements", "--data", "data"], args].concat());
    let (code, out, err) = export(&["out.ndjson.zst"]);
    assert_eq!((code, out.starts_with("9002 statements")), (0, true), "{out}{err}");
    assert!(!at("out.ndjson.zst.part").exists() && !at("out.ndjson.zst.part.json").exists());
    assert_eq!(export(&["out.ndjson.zst"]).0, 1, "a file that is there is not written over");
    let (_, all, _) = export(&["-"]);
    assert_eq!(all.lines().count(), 9_002);
    assert!(
        all.lines().next().unwrap().contains("\"stored\":"),
        "as it was received, with what the server adds"
    );
    // Into another installation, the same state: the voided one stays voided.
    let (code, out, _) = ran(folder.path(), &["import", "statements", "out.ndjson.zst", "--data", "other"]);
    assert_eq!((code, out.starts_with("9002 new")), (0, true), "{out}");

    let count = |args: &[&str]| export(&[&["-"], args].concat()).1.lines().count();
    assert_eq!(count(&["--verb", "http://adlnet.gov/expapi/verbs/completed"]), 4_501);
    assert_eq!(count(&["--actor", "maya@northwind.example"]), 3_002);
    assert_eq!(
        count(&[
            "--actor",
            "maya@northwind.example",
            "--activity",
            "https://learn.northwind.example/lessons/0"
        ]),
        429
    );
    assert_eq!(count(&["--actor", "nobody@northwind.example"]), 0);
    assert_eq!(count(&["--since", "2100-01-01"]), 0);
    assert_eq!(count(&["--until", "2001-01-01"]), 0);
    assert_eq!(export(&["-", "--person", "E1"]).0, 1);
    assert!(export(&["-", "--since", "soon"]).2.contains("2026-03-18"));
}

#[test]
fn a_line_at_fault_is_named_and_what_was_before_it_stays() {
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    let mut lines: Vec<String> = (0..20).map(|n| statement(n, "maya", "completed")).collect();
    lines[12] = lines[12].replace("mailto:", "");
    write(&at("in.ndjson"), &lines);
    let import = |args: &[&str]| {
        ran(folder.path(), &[&["import", "statements", "in.ndjson", "--data", "data"], args].concat())
    };
    let (code, out, err) = import(&[]);
    assert_eq!(code, 1);
    assert!(out.starts_with("12 new"), "{out}{err}");
    assert!(err.contains("line 13: $.actor.mbox") && err.contains("up to line 12"), "{err}");
    // Mended, it goes on there.
    lines[12] = statement(12, "maya", "completed");
    // And one says something else under an id that is taken.
    lines.push(statement(3, "omar", "failed"));
    lines.push(statement(21, "omar", "failed"));
    write(&at("in.ndjson"), &lines);
    let (code, out, err) = import(&[]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("8 new") && err.contains("line 21:") && err.contains("says something else"),
        "{out}{err}"
    );
    let (code, out, err) = import(&["--skip-bad"]);
    assert_eq!((code, out.starts_with("1 new, 0 here already, 1 passed over")), (0, true), "{out}{err}");

    std::fs::write(at("in.ndjson"), format!("{}\n{}", lines[0], "a".repeat(40 << 20))).unwrap();
    gzip(&at("in.ndjson"));
    let (code, _, err) = ran(folder.path(), &["import", "statements", "in.ndjson.gz", "--data", "data"]);
    assert_eq!((code, err.contains("line 2 has more than")), (1, true), "{err}");
    assert_eq!(ran(folder.path(), &["import", "statements", "none.ndjson", "--data", "data"]).0, 1);
}
