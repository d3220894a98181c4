//! The walk of `examples/michigan`: every command of its README, run as it stands there.

use std::path::Path;

use testkit::TempDir;

use crate::binary::{Running, ran};

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

#[test]
fn the_walk_of_the_michigan_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/michigan");
    let readme = std::fs::read_to_string(example.join("README.md")).unwrap();
    let folder = TempDir::new();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let commands = commands(&readme);
    assert_eq!(commands.len(), 9);
    for (command, lines) in commands {
        let args: Vec<&str> =
            command.split(' ').map(|a| if a == "michigan-data" { data.as_str() } else { a }).collect();
        let (code, out, err) = ran(&example, &args);
        assert_eq!(code, 0, "{command}\n{err}");
        for line in lines {
            assert!(out.lines().any(|o| o == line), "{command} does not print `{line}`:\n{out}");
        }
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
    let chains = ada.get("/chains").expect(200).contains("Job training grant").text();
    let at = chains.find("/chains/study_").expect("a chain");
    let chain = chains[at..].split('"').next().unwrap();
    ada.get(chain)
        .expect(200)
        .contains("Scrap rate")
        .contains("Hours of training per employee")
        .contains("cannot tell yet")
        .contains("Grade C");
    ada.get("/support").expect(200).contains("Job training grant");
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
}
