//! The binary itself: what it prints, what it ends with, and what it does when told to stop.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::TempDir;

use crate::harness::{Client, client};

fn throughline(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("THROUGHLINE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code, standard output, standard error.
pub(crate) fn ran(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let out = throughline(folder, args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

/// A server that ends with its test.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it said on standard error before it was ready.
    pub(crate) said: String,
}

impl Running {
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend_from_slice(args);
        let mut child = throughline(folder, &all).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("ready http://") else {
            let mut rest = String::new();
            errors.read_to_string(&mut rest).unwrap();
            panic!("not ready: {line:?} {rest}");
        };
        // Everything before the ready line is in the pipe by now.
        let said = String::from_utf8_lossy(errors.fill_buf().unwrap()).into_owned();
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self { address: address.parse().unwrap(), child, said }
    }
    pub(crate) fn client(&self) -> Client {
        client(self.address)
    }
    /// Ends it at once, without a chance to finish anything.
    pub(crate) fn kill(&self) {
        Command::new("kill").arg("-KILL").arg(self.child.id().to_string()).status().unwrap();
    }
    /// Sends SIGTERM and gives the exit code and how long it took.
    fn terminate(&mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), start.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn from_the_first_start_to_a_second_person() {
    let folder = TempDir::new();
    let mut server = Running::start(folder.path(), &["--data", "data"]);
    let link =
        server.said.lines().map(str::trim).find(|l| l.starts_with("http://")).expect("a link").to_owned();
    let path = link.strip_prefix(&format!("http://{}", server.address)).unwrap();
    server.client().get(path).expect(200).contains("first account");
    let fields = [
        ("name", "Ada Example"),
        ("email", "ada@northwind.example"),
        ("password", "four unrelated plain words"),
    ];
    let answer = server.client().form(path, &fields).expect(303);
    let cookie = answer.cookies().into_iter().find(|c| c.starts_with("throughline=")).unwrap();
    server.client().with_cookie(&cookie).get("/me").expect(200);

    // The embedded database is the server's; commands go through it.
    let (code, out, _) = ran(folder.path(), &["person", "list", "--data", "data"]);
    assert_eq!((code, out.trim()), (0, "ada@northwind.example  Ada Example  ada@northwind.example"));
    let (code, out, _) = ran(folder.path(), &["person", "invite", "ada@northwind.example", "--data", "data"]);
    assert_eq!(code, 0);
    let path = out.trim().strip_prefix(&format!("http://{}", server.address)).unwrap();
    server.client().get(path).expect(200).contains("Choose your password");
    let (code, out, _) =
        ran(folder.path(), &["key", "create", "--name", "CRM", "--scope", "metrics", "--data", "data"]);
    assert_eq!(code, 0);
    let word = |name: &str| out.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().to_owned();
    server.client().with_basic(&word("key"), &word("secret")).get("/api/v1/keys").expect(403);
    let (code, out, _) = ran(folder.path(), &["key", "revoke", &word("id"), "--data", "data"]);
    assert_eq!(code, 0, "{out}");
    let (code, _, err) = ran(folder.path(), &["key", "revoke", &word("id"), "--data", "data"]);
    assert_eq!(code, 1);
    assert!(err.contains("no such key"), "{err}");
    let (code, _, err) =
        ran(folder.path(), &["person", "grant", "ada@northwind.example", "privacy", "--data", "data"]);
    assert_eq!(code, 1);
    assert!(err.contains("never held by one person"), "{err}");
    let (code, out, _) = ran(folder.path(), &["doctor", "--data", "data"]);
    assert!(out.contains("ok    integrity") && out.contains("look  mail"), "{out}");
    assert_eq!(code, 4, "mail is not configured");

    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(4), "{took:?}");
    // And without a server the same commands work on the file.
    let (code, out, _) =
        ran(folder.path(), &["person", "disable", "ada@northwind.example", "--data", "data"]);
    assert_eq!(code, 0, "{out}");
    let (_, out, _) = ran(folder.path(), &["person", "list", "ada", "--data", "data"]);
    assert!(out.contains("disabled"), "{out}");
}

#[test]
fn two_servers_do_not_share_a_file() {
    let folder = TempDir::new();
    let first = Running::start(folder.path(), &["--data", "data"]);
    let (code, out, err) = ran(folder.path(), &["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("already open by another Throughline server"), "{err}");
    first.client().get("/sign-in").expect(200);
}

#[test]
fn mistakes_are_named_and_end_with_2() {
    let folder = TempDir::new();
    std::fs::write(folder.path().join("t.toml"), "name = \"x\"\n\n[sessions]\nidle = 3\n").unwrap();
    let (code, _, err) = ran(folder.path(), &["serve", "--config", "t.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("t.toml, line 4, key idle") && err.contains("idle_minutes"), "{err}");
    let (code, _, err) = ran(folder.path(), &["serve", "--config", "missing.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("missing.toml"), "{err}");
    let out = throughline(folder.path(), &["doctor"]).env("THROUGHLINE_LISTN", "x").output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("THROUGHLINE_LISTN"));
    assert_eq!(ran(folder.path(), &["serve", "--listen"]).0, 2);
    assert_eq!(ran(folder.path(), &["serve", "--listen", "nowhere"]).0, 2);
    let (code, _, err) = ran(folder.path(), &["key", "create", "--name", "x", "--scope", "everything"]);
    assert_eq!(code, 2);
    assert!(err.contains("statements/write"), "{err}");
    assert!(!folder.path().join("throughline-data").exists(), "nothing was made on the way");
}

#[test]
fn migrations_are_checked_and_applied() {
    let folder = TempDir::new();
    let (code, out, _) = ran(folder.path(), &["migrate", "--check"]);
    assert_eq!(code, 4);
    assert!(out.contains("missing"), "{out}");
    assert_eq!(ran(folder.path(), &["migrate"]).0, 0);
    assert_eq!(ran(folder.path(), &["migrate", "--check"]).0, 0);
}

#[test]
fn help_says_what_each_command_is_for() {
    let folder = TempDir::new();
    let (code, out, _) = ran(folder.path(), &["--help"]);
    assert_eq!(code, 0);
    for word in ["serve", "key", "person", "migrate", "doctor", "Exit codes"] {
        assert!(out.contains(word), "{word} in {out}");
    }
    for args in [
        ["serve", "--help"],
        ["key", "--help"],
        ["person", "--help"],
        ["doctor", "--help"],
        ["migrate", "--help"],
    ] {
        assert_eq!(ran(folder.path(), &args).0, 0, "{args:?}");
    }
}
