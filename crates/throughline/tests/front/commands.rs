//! Every command at its worst: help that explains, exit codes that hold, and no input that makes it panic.

use testkit::TempDir;

use crate::binary::ran;

/// Every command and what it takes, as a person would type it to learn about it.
const HELP: &[(&[&str], &[&str])] = &[
    (&["serve"], &["--listen", "postgres://", "Examples"]),
    (&["demo"], &["--scale", "--fresh", "Examples"]),
    (&["import"], &["units", "people", "targets", "commitments", "Exit codes", "--dry-run"]),
    (&["import", "units"], &["--dry-run", "code, name, kind, parent"]),
    (&["import", "people"], &["--dry-run", "leader"]),
    (&["import", "metrics"], &["--dry-run", "TOML"]),
    (&["import", "observations"], &["--dry-run", "--skip-bad", "--subject-column"]),
    (&["import", "targets"], &["--dry-run", "tolerance"]),
    (&["import", "commitments"], &["--dry-run", "promised"]),
    (&["import", "interventions"], &["--dry-run"]),
    (&["import", "rollout"], &["--dry-run", "wave"]),
    (&["import", "studies"], &["--dry-run", "--lock"]),
    (&["key"], &["create", "list", "revoke"]),
    (&["key", "create"], &["--scope", "Examples"]),
    (&["person"], &["invite", "grant", "disable", "Examples"]),
    (&["migrate"], &["--check"]),
    (&["rebuild"], &["Exit codes"]),
    (&["doctor"], &["--data"]),
    (&["estimate"], &["Usage"]),
];

#[test]
fn each_command_explains_itself() {
    let folder = TempDir::new();
    for (command, words) in HELP {
        let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let (code, out, err) = ran(folder.path(), &args);
        assert_eq!((code, err.as_str()), (0, ""), "{command:?}");
        for word in *words {
            assert!(out.contains(word), "{command:?} --help does not say {word}:\n{out}");
        }
    }
}

/// Bytes that people, systems and accidents put into a file.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("one line end", b"\n".to_vec()),
        ("a byte order mark alone", vec![0xef, 0xbb, 0xbf]),
        ("NULs", vec![0; 4_096]),
        ("half a UTF-16", vec![0xff, 0xfe, 0x41]),
        ("bytes that are no text", (0..=255).cycle().take(10_000).collect()),
        ("an open quote", b"code,name\n\"a,b\nc,d\n".to_vec()),
        ("a quote inside", b"code,name\na\"b\"c,d\"\n".to_vec()),
        ("headers twice", b"code,code\na,b\n".to_vec()),
        ("no header that is known", b"x;y;z\n1;2;3\n".to_vec()),
        ("more cells than headers", b"code\na,b,c,d\n".to_vec()),
        ("a table of another kind", b"metric,subject,period,value\n".to_vec()),
        ("an HTML page", b"<!doctype html><html><body>Sign in</body></html>".to_vec()),
        ("a spreadsheet's own format", b"PK\x03\x04\x14\x00\x06\x00".to_vec()),
        ("TOML that ends early", b"[[metric]]\ncode = \"".to_vec()),
        ("TOML with unknown keys", b"[[metric]]\ncode = \"a\"\ncolour = \"red\"\n".to_vec()),
        ("TOML of wrong types", b"metric = 5\n".to_vec()),
        ("not a number", b"[[metric]]\ncode = nan\n".to_vec()),
        ("formulas", b"code,name\n=cmd|' /C calc'!A0,x\n".to_vec()),
    ];
    all.push(("a field without end", [b"code,name\na,".to_vec(), b"x".repeat(200_000)].concat()));
    all.push(("many columns", b"a,".repeat(5_000)));
    all.push(("deep brackets", [b"a = ".to_vec(), b"[".repeat(50_000)].concat()));
    all
}

#[test]
fn no_file_makes_an_import_panic_or_change_anything() {
    let folder = TempDir::new();
    let kinds: &[&[&str]] = &[
        &["units"],
        &["people"],
        &["metrics"],
        &["observations"],
        &["observations", "--subject-column", "s", "--period-column", "p", "--metric", "m=v"],
        &["targets"],
        &["commitments"],
        &["rollout"],
    ];
    for (name, bytes) in hostile() {
        let file = folder.path().join("file");
        std::fs::write(&file, bytes).unwrap();
        for kind in kinds {
            let mut args = vec!["import", kind[0], "file"];
            args.extend(&kind[1..]);
            args.extend(["--data", "data"]);
            let (code, out, err) = ran(folder.path(), &args);
            let good = code == 1 && out.is_empty() && err.contains("nothing was applied");
            // Formulas are text to us, a quote inside a cell is a character, and a header without a line brings nothing.
            let sound = ["formulas", "a quote inside", "a table of another kind"];
            let nothing_wrong = sound.contains(&name) && code == 0;
            assert!(
                (good || nothing_wrong) && !err.contains("panicked"),
                "{kind:?}, {name}: {code}\n{out}\n{err}"
            );
        }
    }
}

#[test]
fn what_is_not_there_is_named() {
    let folder = TempDir::new();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let says = |args: &[&str], want: i32, word: &str| {
        let (code, _, err) = ran(folder.path(), args);
        assert_eq!(code, want, "{args:?}\n{err}");
        assert!(err.contains(word) && !err.contains("panicked"), "{args:?}\n{err}");
    };
    says(&["import", "units", "nowhere.csv", "--data", "data"], 1, "nowhere.csv");
    says(&["import", "units", "folder", "--data", "data"], 1, "folder: it is a folder");
    says(&["import", "nothing"], 2, "nothing");
    says(&["import", "observations", "x.csv", "--metric", "a"], 2, "CODE=HEADER");
    says(&["key", "revoke", "no-key", "--data", "data"], 2, "no-key");
    says(&["person", "grant", "nobody", "analyst", "--data", "data"], 1, "no person of this code");
    says(&["person", "grant", "nobody", "king", "--data", "data"], 2, "analyst");
    says(&["person", "invite", "nobody", "--data", "data"], 1, "code");
    says(&["doctor", "--database", "mysql://x"], 2, "postgres://");
    says(&["doctor", "--database", "postgres://nobody@127.0.0.1:1/none"], 1, "127.0.0.1");
    says(&["serve", "--data", "data", "--listen", "1.2.3.4:99999"], 2, "listen");
    says(&["frobnicate"], 2, "frobnicate");
    says(&[], 2, "Usage");
    assert!(!folder.path().join("throughline-data").exists());
}

#[test]
fn erasing_and_retention_say_first_what_would_go() {
    let folder = TempDir::new();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let run = |args: &[&str], want: i32| {
        let (code, out, err) = ran(folder.path(), &[args, &["--data", "data"]].concat());
        assert_eq!(code, want, "{args:?}\n{out}{err}");
        format!("{out}{err}")
    };
    write("units.csv", "code,name,kind,parent\nhq,Head office,branch,\n");
    write(
        "people.csv",
        "code,name,unit,job_role,from,accounts\nE1,Ana Roth,hq,adviser,2024-01-01,https://hr.example|E1\n",
    );
    run(&["import", "units", "units.csv"], 0);
    run(&["import", "people", "people.csv"], 0);
    let statement = r#"{"actor":{"account":{"homePage":"https://hr.example","name":"E1"}},"verb":{"id":"http://adlnet.gov/expapi/verbs/experienced"},"object":{"id":"https://lms.example/a"},"timestamp":"2026-01-05T10:00:00Z"}"#;
    write("statements.ndjson", &format!("{statement}\n"));
    run(&["import", "statements", "statements.ndjson"], 0);

    assert!(run(&["retention"], 0).contains("there is no rule: everything is kept"));
    write("rules.toml", "[[rule]]\nclass = \"statements\"\ndays = 30\nwhy = \"nobody reads them\"\n");
    write("config.toml", "retention_file = \"rules.toml\"\n");
    // What came today is not old, whenever it happened.
    let due = run(&["retention", "--config", "config.toml"], 0);
    assert!(due.contains("after 30 days: 0 would go"), "{due}");
    assert!(run(&["retention", "--apply", "--config", "config.toml"], 0).contains("after 30 days: 0 went"));

    assert!(run(&["erase", "E2"], 1).contains("E2"));
    let preview = run(&["erase", "E1"], 0);
    for word in ["Ana Roth (E1)", "would go", "1 statement", "would stay", "--for-good erases"] {
        assert!(preview.contains(word), "{word}: {preview}");
    }
    assert_eq!(run(&["erase", "E1"], 0), preview, "a preview changes nothing");
    assert!(run(&["erase", "E1", "--for-good"], 0).contains("receipt"));
    run(&["erase", "E1"], 1);
    // Sent once more, what was erased does not come back as somebody's.
    run(&["import", "statements", "statements.ndjson", "--again"], 0);
    run(&["export", "statements", "out.ndjson"], 0);
    let out = std::fs::read_to_string(folder.path().join("out.ndjson")).unwrap();
    assert!(!out.contains("Ana Roth"), "{out}");
}
