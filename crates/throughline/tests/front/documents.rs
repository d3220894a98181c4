//! The guides under `docs/`: what they show is run, and what they list is held against the product.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use testkit::TempDir;

use crate::binary::ran;
use crate::examples::commands;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap_or_else(|e| panic!("docs/{name}: {e}"))
}

/// The blocks that show a file, such as ```` ```csv units.csv ````: name and text.
fn files(guide: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in guide.lines() {
        if let Some(info) = line.strip_prefix("```") {
            let name = info.split_once(' ').map(|(_, name)| name);
            inside = !inside && name.is_some();
            if let (true, Some(name)) = (inside, name) {
                all.push((name.to_owned(), String::new()));
            }
        } else if inside && let Some((_, text)) = all.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

#[test]
fn every_example_of_the_guide_to_imports_is_run() {
    let guide = read("import.md");
    let folder = TempDir::new();
    for (name, text) in files(&guide) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let commands = commands(&guide);
    assert!(commands.len() >= 14, "{}", commands.len());
    for (command, lines) in commands {
        let args: Vec<&str> = command.split(' ').chain(["--data", "data"]).collect();
        let (code, out, err) = ran(folder.path(), &args);
        let refused = lines.iter().any(|l| l.starts_with("! "));
        assert_eq!(code, i32::from(refused), "{command}\n{out}{err}");
        for line in lines {
            match line.strip_prefix("! ") {
                Some(said) => assert!(err.contains(said), "{command} does not say `{said}`:\n{err}"),
                None => assert!(out.lines().any(|o| o == line), "{command} does not print `{line}`:\n{out}"),
            }
        }
    }
}

#[test]
fn the_guide_to_the_api_lists_every_address_and_no_other() {
    let guide = read("api.md");
    let listed: BTreeSet<&str> = guide
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('`').nth(1))
        .filter(|cell| cell.contains(" /"))
        .collect();
    let there: BTreeSet<String> = web::routes::all()
        .iter()
        .filter(|r| r.path.starts_with("/api/") || r.path.starts_with("/xapi/"))
        // The version in the address changes nothing but the version.
        .filter(|r| !r.path.starts_with("/xapi/1.0.3/") && !r.path.starts_with("/xapi/2.0/"))
        .map(|r| format!("{} {}", r.method, r.path))
        .collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    let missing: Vec<_> = there.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in docs/api.md: {missing:#?}\nno more: {gone:#?}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = docs().join("..");
    let mut wrong = Vec::new();
    for file in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/michigan/README.md"]
        .map(|f| root.join(f))
        .into_iter()
        .chain(std::fs::read_dir(docs()).unwrap().map(|e| e.unwrap().path()))
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
    {
        let text = std::fs::read_to_string(&file).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !file.with_file_name(target).exists() {
                wrong.push(format!("{} → {target}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_configuration_of_the_guide_is_taken() {
    let folder = TempDir::new();
    for (name, text) in files(&read("install.md")) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (code, out, err) = ran(folder.path(), &["migrate", "--check", "--config", "throughline.toml"]);
    assert_eq!(code, 4, "{out}{err}");
}
