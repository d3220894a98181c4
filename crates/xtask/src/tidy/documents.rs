//! Rules about documents and text files: links lead somewhere, and nothing speaks of one machine.

use std::path::Path;

use super::{Complaint, File};

pub(crate) fn complaints(root: &Path, files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files {
        if file.is(&["md"]) {
            found.extend(links(file, files, |path| root.join(path).exists()));
        }
        if !file.path.starts_with("crates/xtask/src/tidy/") {
            found.extend(machine_paths(file));
        }
        if file.path.ends_with("package-lock.json") {
            found.extend(download_addresses(file));
            found.extend(too_new_for_debian(file));
        }
    }
    found
}

/// Relative links and the headings they name.
fn links(file: &File, files: &[File], exists: impl Fn(&str) -> bool) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() { file.path.clone() } else { beside(&file.path, path) };
            if !exists(&path) && !files.iter().any(|file| file.path == path) {
                found.push(file.complain(at + 1, format!("`{target}` leads nowhere: there is no {path}")));
            } else if let Some(other) = files.iter().find(|file| file.path == path && file.is(&["md"]))
                && !heading.is_empty()
                && !headings(&other.text).any(|one| one == heading)
            {
                found.push(
                    file.complain(
                        at + 1,
                        format!("`{target}` leads nowhere: {path} has no heading #{heading}"),
                    ),
                );
            }
        }
    }
    found
}

/// What the links and pictures of one line point to.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, _)| {
        let rest = &line[at + 2..];
        rest[..rest.find(')')?].split_whitespace().next()
    })
}

/// The path that `link` means when it stands in `document`.
fn beside(document: &str, link: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The names by which the headings of a document can be linked to.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|one| one.is_alphanumeric() || " -_".contains(*one));
        kept.map(|one| if one == ' ' { '-' } else { one }).collect()
    })
}

/// Paths that exist on somebody's machine only.
fn machine_paths(file: &File) -> Vec<Complaint> {
    const OWN: &[&str] = &["/home/", "/root/", "/Users/", "/work/", "C:\\Users\\"];
    let mut found = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for path in OWN {
            let absolute = line.match_indices(path).any(|(start, _)| {
                let before = line[..start].chars().next_back();
                before.is_none_or(|one| " \t\"'`(=:,<[".contains(one))
            });
            if absolute {
                found.push(file.complain(
                    at + 1,
                    format!("`{path}…` is a place on one machine: say it relative to the repository"),
                ));
            }
        }
    }
    found
}

/// A lock file names versions and their hashes; where they were fetched from is nobody's business.
fn download_addresses(file: &File) -> Option<Complaint> {
    let at = file.text.lines().position(|line| {
        line.contains("\"resolved\": \"") && !line.contains("\"resolved\": \"https://registry.npmjs.org/")
    })?;
    Some(file.complain(
        at + 1,
        "an address only one machine knows: npm config set omit-lockfile-registry-resolved true",
    ))
}

/// The newest Node.js that a package may ask for: the one in Debian 12.
const NODE: u32 = 18;

/// Packages that the Node.js of a fresh machine would refuse to run.
fn too_new_for_debian(file: &File) -> Vec<Complaint> {
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(at, line)| {
            let wants =
                line.trim().strip_prefix("\"node\": \"")?.trim_start_matches(['>', '=', '^', '~', ' ']);
            let major: u32 = wants.split(|one: char| !one.is_ascii_digit()).next()?.parse().ok()?;
            let says = format!(
                "a package asks for Node.js {major}, and a fresh Debian 12 has {NODE}: take an older one"
            );
            (major > NODE && !wants.contains("||")).then(|| file.complain(at + 1, says))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        let guide = planted(
            "docs/guide.md",
            "# Run it\n\n[up](../README.md#two-commands) [gone](missing.md) [web](https://example.org/)",
        );
        let readme = planted(
            "README.md",
            "## Two commands\n\n[guide](docs/guide.md#run-it) [no](docs/guide.md#fly-it) ![p](docs/p.png)\n```\n[x](y)\n```",
        );
        let files = [guide, readme];
        let says: Vec<_> = files
            .iter()
            .flat_map(|file| links(file, &files, |path| path == "docs/p.png"))
            .map(|c| c.says)
            .collect();
        assert_eq!(says.len(), 2, "{says:?}");
        assert!(says[0].contains("docs/missing.md") && says[1].contains("#fly-it"), "{says:?}");
    }

    #[test]
    fn places_on_one_machine() {
        assert_eq!(machine_paths(&planted("a.md", "see /home/dana/x and /root/y")).len(), 2);
        assert!(machine_paths(&planted("a.md", "GET https://example.org/home/x and docs/work/x")).is_empty());
    }

    #[test]
    fn lock_files_name_no_private_place() {
        assert!(
            download_addresses(&planted("package-lock.json", "\"resolved\": \"http://10.0.0.1/x\","))
                .is_some()
        );
        assert!(download_addresses(&planted("package-lock.json", "\"integrity\": \"sha512-x\",")).is_none());
    }

    #[test]
    fn packages_run_on_a_fresh_machine() {
        let lock = |range: &str| planted("package-lock.json", &format!("  \"node\": \"{range}\"\n"));
        assert_eq!(too_new_for_debian(&lock(">=20")).len(), 1);
        assert_eq!(too_new_for_debian(&lock(">= 20.1.0")).len(), 1);
        assert!(too_new_for_debian(&lock(">=18")).is_empty());
        assert!(too_new_for_debian(&lock("^20 || >=18")).is_empty());
    }
}
