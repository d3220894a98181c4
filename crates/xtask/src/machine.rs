//! What the machine must have, where it is found, and how it is installed on Debian and its kin.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::steps;

/// The oldest Node.js that our scripts are written for; Debian 12 has 18.
const NODE_AT_LEAST: u32 = 18;

/// Something that must be on the machine before a command can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Node,
    Npm,
    Chromium,
    Postgres,
    PythonVenv,
    /// Only where [`is_root`]: Postfix starts for nobody else.
    MailServers,
}

/// Something is missing that this program may not or cannot install. Ends it with exit code 2.
#[derive(Debug)]
pub(crate) struct Missing(String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

impl Need {
    /// What a person calls it.
    fn name(self) -> String {
        match self {
            Need::Node => format!("Node.js {NODE_AT_LEAST} or newer"),
            Need::Npm => "npm".into(),
            Need::Chromium => "Chromium".into(),
            Need::Postgres => "the PostgreSQL server".into(),
            Need::PythonVenv => "Python 3 with venv".into(),
            Need::MailServers => "Postfix and Dovecot".into(),
        }
    }

    /// What we want it for.
    fn purpose(self) -> &'static str {
        match self {
            Need::Node | Need::Npm => "builds the scripts and styles of the pages",
            Need::Chromium => "runs the browser tests and takes the screenshot",
            Need::Postgres => "every storage test runs on both databases",
            Need::PythonVenv => "an SMTP server and an xAPI client to test against",
            Need::MailServers => "replies by mail go the whole way round",
        }
    }

    /// The Debian packages that bring it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Need::Node => &["nodejs"],
            Need::Npm => &["npm"],
            Need::Chromium => &["chromium"],
            Need::Postgres => &["postgresql"],
            Need::PythonVenv => &["python3", "python3-venv"],
            Need::MailServers => &["postfix", "dovecot-imapd", "dovecot-lmtpd"],
        }
    }

    fn is_there(self) -> bool {
        match self {
            Need::Node => node_major().is_some_and(|major| major >= NODE_AT_LEAST),
            Need::Npm => steps::answer("npm", &["--version"]).is_some(),
            Need::Chromium => chromium().is_some(),
            Need::Postgres => postgres_programs().is_some(),
            Need::PythonVenv => steps::answer("python3", &["-c", "import venv, ensurepip"]).is_some(),
            Need::MailServers => ["/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/lmtp"]
                .iter()
                .all(|program| Path::new(program).exists()),
        }
    }
}

/// Makes sure that everything needed is on the machine: installs it with apt where that may be done,
/// and otherwise says exactly what to install.
///
/// # Errors
/// [`Missing`], with one line per missing thing and a command to type.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing = absent(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let list = packages(&missing).join(" ");
    println!("Missing on this machine:");
    for need in &missing {
        println!("  {}: {}", need.name(), need.purpose());
    }
    let Some(privilege) = installer() else {
        return Err(explanation(&missing).into());
    };
    println!("Installing with apt-get: {list}");
    let apt = |words: &[&str]| {
        let mut line = privilege.to_vec();
        line.push("apt-get");
        line.extend(words);
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive");
        steps::run(&mut command)
    };
    apt(&["update", "-q"])?;
    let mut words = vec!["install", "-q", "-y", "--no-install-recommends"];
    let names = packages(&missing);
    words.extend(&names);
    apt(&words)?;
    let still = absent(needs);
    if still.is_empty() { Ok(()) } else { Err(explanation(&still).into()) }
}

fn absent(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !need.is_there()).collect()
}

fn packages(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|need| need.packages()).copied().collect()
}

fn explanation(missing: &[Need]) -> Missing {
    let mut text = String::from("something must be installed first:\n");
    for need in missing {
        text.push_str(&format!("  {} ({})\n", need.name(), need.purpose()));
    }
    let list = packages(missing).join(" ");
    text.push_str(&format!("On Debian or Ubuntu: sudo apt-get install --no-install-recommends {list}"));
    if let (true, Some(major)) = (missing.contains(&Need::Node), node_major()) {
        text.push_str(&format!(
            "\nNode.js {major} is here, which is too old; Debian 12 and newer have one that is new enough."
        ));
    }
    Missing(text)
}

/// The words to put before `apt-get`, or `None` where this account may not install.
fn installer() -> Option<&'static [&'static str]> {
    let debian = Path::new("/etc/debian_version").exists();
    if !debian || steps::answer("apt-get", &["--version"]).is_none() {
        return None;
    }
    if is_root() {
        return Some(&[]);
    }
    steps::answer("sudo", &["-n", "true"]).map(|_| &["sudo", "-n"] as &[&str])
}

/// Whether this account may do everything, as apt and Postfix ask for.
pub(crate) fn is_root() -> bool {
    steps::answer("id", &["-u"]).as_deref() == Some("0")
}

fn node_major() -> Option<u32> {
    steps::answer("node", &["--version"])?.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// The browser: what `CHROMIUM` names, or the first of the usual names on the path.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|path| path.exists());
    }
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)
}

/// Where a program of that name is on the search path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The folder with `initdb` and `postgres`: Debian keeps one per version and off the path; the newest is taken.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let complete = |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .collect();
    versions.sort();
    let debian = versions.pop().map(|(_, folder)| folder);
    debian
        .or_else(|| steps::answer("pg_config", &["--bindir"]).map(PathBuf::from).filter(|dir| complete(dir)))
        .or_else(|| on_path("postgres")?.parent().map(Path::to_owned).filter(|dir| complete(dir)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_explanation_can_be_typed() {
        let text = explanation(&[Need::Chromium, Need::PythonVenv]).to_string();
        assert!(
            text.contains("apt-get install --no-install-recommends chromium python3 python3-venv"),
            "{text}"
        );
    }
}
