//! A demo server of one's own, started as a newcomer starts it, and a visitor who reads its pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use store::db::Place;

/// The day from which every walk is told: a Wednesday.
pub(crate) const TODAY: &str = "2026-03-18";

/// A running demo in a folder of its own; both end with the value.
pub(crate) struct Demo {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
    /// The address of a PostgreSQL database, where it is told in one.
    postgres: Option<String>,
}

impl Demo {
    /// Makes the world of a seed in a SQLite file and serves it.
    pub(crate) fn start(seed: u64) -> Self {
        Self::start_in(seed, None)
    }

    /// Makes the world of a seed in an empty PostgreSQL database, where one is named, and serves it.
    pub(crate) fn start_in(seed: u64, postgres: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!("throughline-walk-{}-{seed}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self::over(folder, postgres, &["--seed", &seed.to_string()])
    }

    fn over(folder: PathBuf, postgres: Option<&str>, more: &[&str]) -> Self {
        let mut child = command(&folder, postgres)
            .args(["--listen", "127.0.0.1:0", "--today", TODAY])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("ready http://").and_then(|a| a.parse().ok()) else {
            let _ = child.kill();
            panic!("expected `ready http://…`, got `{line}`");
        };
        Self { child, address, folder, postgres: postgres.map(str::to_owned) }
    }

    /// Stops the server and starts it again over the same data.
    pub(crate) fn restart(mut self) -> Self {
        self.stop();
        let folder = std::mem::take(&mut self.folder);
        let postgres = self.postgres.take();
        drop(self);
        Self::over(folder, postgres.as_deref(), &[])
    }

    /// Asks the server to stop and waits for it.
    pub(crate) fn stop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the database is.
    pub(crate) fn place(&self) -> Place {
        match &self.postgres {
            Some(url) => Place::Postgres(url.clone()),
            None => Place::Sqlite(self.folder.join("throughline.db")),
        }
    }

    /// Somebody who has not chosen whose day to see.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor { address: self.address, cookie: None }
    }

    /// Somebody signed in with one click, by the name on the picker.
    pub(crate) fn as_persona(&self, name: &str) -> Visitor {
        let page = self.visitor().page("/demo");
        let before = page.html.split(&format!("<h2><button type=\"submit\">{name}<")).next().unwrap();
        assert!(before.len() < page.html.len(), "{name} is not on the picker");
        let id = before.rsplit("name=\"person\" value=\"").next().unwrap().split('"').next().unwrap();
        let answer = self.visitor().send("POST", "/demo", &format!("person={id}"));
        assert_eq!(answer.status, 303, "{}", answer.html);
        let cookie = answer.cookie.expect("a session cookie");
        Visitor { address: self.address, cookie: Some(cookie) }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The command over a folder or a database, without what is set around the test.
fn command(folder: &Path, postgres: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("THROUGHLINE_") {
            command.env_remove(name);
        }
    }
    command.arg("demo").env("THROUGHLINE_LOG", "warn");
    match postgres {
        Some(url) => command.arg("--database").arg(url),
        None => command.arg("--data").arg(folder),
    };
    command
}

/// A browser without script.
#[derive(Clone)]
pub(crate) struct Visitor {
    address: SocketAddr,
    cookie: Option<String>,
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    cookie: Option<String>,
}

impl Visitor {
    /// A page that must be there.
    pub(crate) fn page(&self, path: &str) -> Page {
        let page = self.send("GET", path, "");
        assert_eq!(page.status, 200, "{path}: {}", page.html);
        page
    }

    /// A request with a form's fields, or none.
    pub(crate) fn send(&self, method: &str, path: &str, form: &str) -> Page {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if let Some(cookie) = &self.cookie {
            head.push_str(&format!("Cookie: {cookie}\r\n"));
        }
        if method == "POST" {
            head.push_str(
                "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            );
            head.push_str(&format!("Content-Length: {}\r\n", form.len()));
        }
        socket.write_all(format!("{head}\r\n{form}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let chunked = header("transfer-encoding").is_some();
        Page {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            html: if chunked { joined(body) } else { body.to_owned() },
            cookie: header("set-cookie").map(|(_, v)| v.split(';').next().unwrap().to_owned()),
        }
    }
}

/// A body that came in chunks, without their sizes.
fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

impl Page {
    /// What a reader reads: no marks, single spaces.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.html.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        let text = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The pages that links on this one lead to and whose addresses begin like this.
    pub(crate) fn links(&self, begin: &str) -> Vec<String> {
        let mut all: Vec<String> = self
            .html
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '#']).next())
            .filter(|href| href.starts_with(begin))
            .map(str::to_owned)
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|href| seen.insert(href.clone()));
        all
    }
}
