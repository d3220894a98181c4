//! The walks of `examples`: every command of each README, run as it stands there, and what its page then says.

use std::path::{Path, PathBuf};

use testkit::TempDir;

use crate::binary::{Running, ran};
use crate::harness::Client;

/// The commands of a document's consoles, each with the lines that it says they print.
pub(crate) fn commands(readme: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ throughline ").filter(|_| inside) {
            all.push((command.to_owned(), Vec::new()));
        } else if inside && let Some((_, lines)) = all.last_mut() {
            lines.push(line.to_owned());
        }
    }
    all
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Runs a command and holds every line against what it prints.
fn run(folder: &Path, command: &str, lines: &[String], data: &str) {
    let args: Vec<&str> = command
        .split(' ')
        .map(|a| if a.ends_with("-data") && !a.starts_with("--") { data } else { a })
        .collect();
    let (code, out, err) = ran(folder, &args);
    assert_eq!(code, 0, "{command}\n{err}");
    for line in lines {
        assert!(out.lines().any(|o| o == line), "{command} does not print `{line}`:\n{out}");
    }
}

/// Walks an example to its chain page; gives the page's text.
fn walk(name: &str, steps: usize, support: &str) -> (Running, Client, String, TempDir) {
    let folder = TempDir::new();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let readme = std::fs::read_to_string(example(name).join("README.md")).unwrap();
    let commands = commands(&readme);
    assert_eq!(commands.len(), steps);
    for (command, lines) in commands {
        run(&example(name), &command, &lines, &data);
    }
    let server = Running::start(folder.path(), &["--data", &data]);
    let link =
        server.said.lines().map(str::trim).find(|l| l.starts_with("http://")).expect("a link").to_owned();
    let path = link.strip_prefix(&format!("http://{}", server.address)).unwrap();
    let fields =
        [("name", "Ada Example"), ("email", "ada@example.com"), ("password", "four unrelated plain words")];
    let answer = server.client().form(path, &fields).expect(303);
    let cookie = answer.cookies().into_iter().find(|c| c.starts_with("throughline=")).unwrap();
    let ada = server.client().with_cookie(&cookie);
    let chains = ada.get("/chains").expect(200).contains(support).text();
    let at = chains.find("/chains/study_").expect("a chain");
    let chain = chains[at..].split('"').next().unwrap().to_owned();
    (server, ada, chain, folder)
}

#[test]
fn the_walk_of_the_michigan_example() {
    let (_server, ada, chain, _folder) = walk("michigan", 10, "Job training grant");
    ada.get(&chain)
        .expect(200)
        .contains("Scrap rate")
        .contains("Hours of training per employee")
        .contains("cannot tell yet")
        .contains("Grade C");
    ada.get("/support").expect(200).contains("Job training grant");
}

#[test]
fn the_walk_of_the_supported_work_example() {
    let (_server, ada, chain, _folder) = walk("nsw", 7, "Supported work");
    ada.get(&chain)
        .expect(200)
        .contains("Earnings a year")
        .contains("Grade A")
        .contains("order drawn by lot");
}

#[test]
fn the_walk_of_the_proposition_99_example() {
    let (_server, ada, chain, _folder) = walk("prop99", 7, "Proposition 99");
    ada.get(&chain).expect(200).contains("Cigarettes sold").contains("cannot tell yet");
}

/// The comparison group is published under another licence and may not be here.
#[test]
fn people_who_were_never_drawn_are_no_comparison() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = ["../../../shared/evidence/data", "../../../../shared/evidence/data"]
        .iter()
        .map(|d| root.join(d).join("DAAG__nsw74psid1.csv"))
        .find(|f| f.exists());
    let Some(file) = file else {
        println!("skipped: nsw74psid1.csv is not here");
        return;
    };
    let folder = TempDir::new();
    let readme = std::fs::read_to_string(example("nsw").join("README.md")).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let mut table = format!("{},age2\n", lines.next().unwrap());
    for line in lines {
        let age: f64 = line.split(',').nth(2).unwrap().parse().unwrap();
        table.push_str(&format!("{line},{}\n", age * age));
    }
    std::fs::write(folder.path().join("psid.csv"), table).unwrap();
    let psid = readme.split("## 7.").nth(1).unwrap().replace("```text", "```console");
    let commands = commands(&psid);
    assert_eq!(commands.len(), 2);
    for (command, lines) in commands {
        run(folder.path(), &command, &lines, "");
    }
}

#[test]
fn a_file_with_a_fault_is_refused_whole() {
    let folder = TempDir::new();
    std::fs::write(folder.path().join("units.csv"), "code,name,parent\na,A,\nb,B,nowhere\n").unwrap();
    let (code, out, err) = ran(folder.path(), &["import", "units", "units.csv", "--data", "data"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("line 3") && err.contains("nothing was applied"), "{err}");
    let (code, _, _) = ran(folder.path(), &["import", "units", "--data", "data"]);
    assert_eq!(code, 2);
    let day = "[[study]]\ncode = \"a\"\nintervention = \"b\"\nmetric = \"c\"\nlocked = 2999-01-01\n";
    std::fs::write(folder.path().join("study.toml"), day).unwrap();
    let (code, _, err) = ran(folder.path(), &["import", "studies", "study.toml", "--data", "data"]);
    assert!(code == 1 && err.contains("still to come"), "{err}");
}
