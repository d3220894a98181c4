//! Replies by mail: into the thread that the mail was about, from whom it was sent to, and from nobody and nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener as Std, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use app::Settings;
use app::outbox::{Couriers, deliver};
use connect::lmtp::{Arrived, Verdict};
use connect::mail::{Config, Mailer, Tls};
use domain::access::WriteAssignment;
use store::Store;
use tokio::net::TcpListener;

use crate::company::Company;
use crate::harness::{Server, host, settings};

const BASE: &str = "replies@northwind.example";

async fn company(store: Store) -> Company {
    let settings = Settings { replies: Some(BASE.into()), ..settings() };
    Company::start_with(Server::start_with(store, settings, web::Options::default()).await, |_| None).await
}

/// The reply address that mail to a person carries, as the mail itself says it.
fn reply_to(letter: &str) -> String {
    let unfolded = letter.replace("\r\n ", " ").replace("\n ", " ");
    let line =
        unfolded.lines().find_map(|l| l.strip_prefix("Reply-To:")).unwrap_or_else(|| panic!("{letter}"));
    line.trim().trim_matches(['<', '>']).to_owned()
}

fn mail(from: &str, extra: &str, body: &str) -> Vec<u8> {
    format!("From: {from}\r\nMessage-ID: <1@mua.example>\r\n{extra}\r\n{}\r\n", body.replace('\n', "\r\n"))
        .into_bytes()
}

async fn hand_over(app: &app::App, from: &str, to: &str, data: Vec<u8>) -> Verdict {
    app::replies::receive(app, Arrived { from: from.into(), to: to.into(), data: data.into() }).await
}

/// A mail server that keeps what it gets, on a socket of its own.
pub(crate) struct Kept {
    pub(crate) port: u16,
    pub(crate) letters: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Kept {
    /// The smallest SMTP server that our mailer can talk to.
    pub(crate) fn start() -> Self {
        let listener = Std::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let letters = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
        let kept = letters.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let _ = reader.get_mut().write_all(b"220 kept\r\n");
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 0 {
                    let answer: &[u8] = match line.get(..4).unwrap_or_default() {
                        "DATA" => {
                            let _ = reader.get_mut().write_all(b"354 go on\r\n");
                            let mut data = String::new();
                            while !data.ends_with("\r\n.\r\n") && reader.read_line(&mut data).unwrap_or(0) > 0
                            {
                            }
                            kept.lock().unwrap().push(data.replace("=\r\n", ""));
                            b"250 kept\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        _ => b"250 ok\r\n",
                    };
                    let _ = reader.get_mut().write_all(answer);
                    line.clear();
                }
            }
        });
        Self { port, letters }
    }
    fn to(&self, address: &str) -> String {
        let letters = self.letters.lock().unwrap();
        letters
            .iter()
            .find(|l| l.contains(&format!("<{address}>\r\n")))
            .cloned()
            .unwrap_or_else(|| panic!("{letters:#?}"))
    }
}

pub(crate) fn couriers(port: u16) -> Couriers {
    let mail = Mailer::connect(&Config {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        credentials: None,
        from: "Throughline <throughline@northwind.example>".into(),
        hello: Some("throughline.northwind.example".into()),
        authorities: None,
        timeout: Duration::from_secs(10),
    });
    Couriers { mail: Some(mail.unwrap()), web: connect::http::Client::new(Default::default()).unwrap() }
}

testkit::both_databases! {
    async fn a_reply_goes_into_the_thread_and_nothing_else_does(store: Store) {
        let c = company(store).await;
        let app = &c.server.app;
        let kept = Kept::start();
        while deliver(app, &couriers(kept.port)).await.unwrap() > 0 {}
        let (mayas, leaders) = (reply_to(&kept.to("p3@northwind.example")), reply_to(&kept.to("lead0@northwind.example")));
        assert!(mayas.starts_with("replies+") && mayas != leaders);
        let leader = c.browser("lead0").await;
        let thread = || leader.get(&c.alert_page()).expect(200).text();

        let quoted = "I was at the fair, and the line was dead.\n\nOn Wed, 18 Mar 2026, Throughline wrote:\n> Something about your calls\n";
        let reply = mail("P3 Example <P3@Northwind.example>", "", quoted);
        assert_eq!(hand_over(app, "p3@northwind.example", &mayas, reply.clone()).await, Verdict::Taken);
        assert_eq!(hand_over(app, "p3@northwind.example", &mayas.to_uppercase(), reply).await, Verdict::Taken, "once more");
        let page = thread();
        assert_eq!(page.matches("I was at the fair, and the line was dead.").count(), 1, "{page}");
        assert!(!page.contains("Something about your calls"), "the quote stays behind");
        assert!(c.told("lead0").await.contains("P3 Example wrote about an alert"));

        // What no person wrote is thrown away without a word, so nothing goes in circles.
        for (from, extra) in [("p3@northwind.example", "Auto-Submitted: auto-replied\r\n"), ("", ""), ("p3@northwind.example", "Precedence: bulk\r\n")] {
            let away = mail("p3@northwind.example", extra, "I am away until Monday.");
            assert_eq!(hand_over(app, from, &mayas, away).await, Verdict::Taken);
        }
        // Everything else is refused with the reason, which the mail server gives back.
        let stranger = "replies+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@northwind.example";
        let long = "long ".repeat(2_000);
        let elsewhere = mayas.replace("northwind", "evil");
        for (from, to, body, why) in [
            ("p4@northwind.example", mayas.as_str(), "let me in", "only from the address"),
            ("p3@northwind.example", leaders.as_str(), "not mine", "only from the address"),
            ("p3@northwind.example", stranger, "guess", "no longer"),
            ("p3@northwind.example", elsewhere.as_str(), "guess", "no longer"),
            ("p3@northwind.example", BASE, "plain", "no longer"),
            ("p3@northwind.example", mayas.as_str(), "> only a quote", "nothing new"),
            ("p3@northwind.example", mayas.as_str(), long.as_str(), "at most 4000 characters"),
        ] {
            match hand_over(app, from, to, mail(from, "", body)).await {
                Verdict::Refused(said) => assert!(said.contains(why), "{said}"),
                other => panic!("{body}: {other:?}"),
            }
        }
        assert!(matches!(hand_over(app, "p3@northwind.example", &mayas, b"\x00\xff no mail".to_vec()).await, Verdict::Refused(_)));
        let page = thread();
        for not in ["away until", "let me in", "not mine", "guess"] {
            assert!(!page.contains(not), "{not}");
        }
        // Rights are those of now: who is shut out writes no more, and no address outlives its mail.
        app::access::disable(app, host(WriteAssignment(())), "lead0").await.unwrap();
        let late = mail("lead0@northwind.example", "", "still here");
        match hand_over(app, "lead0@northwind.example", &leaders, late).await {
            Verdict::Refused(said) => assert!(said.contains("no longer"), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Postfix and Dovecot of this test's own, on free ports; they end with this value.
struct MailHost {
    folder: testkit::TempDir,
    smtp: u16,
}

fn free_port() -> u16 {
    Std::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a command to its end. A mail server goes on behind it and would hold a pipe open, so there is none.
fn run(program: &str, arguments: &[&str]) {
    use std::process::Stdio;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(status.success(), "{program} {arguments:?} ended with {status}");
}

impl MailHost {
    /// Mail for `replies+…` goes to us, all other mail of the domain into mailboxes.
    fn start(ours: u16) -> Self {
        let folder = testkit::TempDir::new();
        let d = folder.path().display().to_string();
        let (smtp, lmtp, imap) = (free_port(), free_port(), free_port());
        for part in ["pf/queue", "pf/data", "dc/run", "dc/mail"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("pf/transport", format!("/^replies\\+/ lmtp:inet:127.0.0.1:{ours}\n"));
        write(
            "pf/main.cf",
            format!(
                "compatibility_level = 3.6\nqueue_directory = {d}/pf/queue\ndata_directory = {d}/pf/data\nmail_owner = postfix\n\
                 setgid_group = postdrop\ncommand_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\n\
                 maillog_file = {d}/pf/log\nmaillog_file_prefixes = {d}\nmyhostname = mail.northwind.example\nmydestination =\n\
                 alias_maps =\nalias_database =\nvirtual_mailbox_domains = northwind.example\n\
                 virtual_transport = lmtp:inet:127.0.0.1:{lmtp}\ntransport_maps = regexp:{d}/pf/transport\n\
                 recipient_delimiter =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
                 smtpd_recipient_restrictions = permit_mynetworks, reject\nbiff = no\n"
            ),
        );
        let unix = |name: &str| format!("{name} unix - - n - - {name}\n");
        let mut master = format!(
            "127.0.0.1:{smtp} inet n - n - - smtpd\npickup unix n - n 1 1 pickup\ncleanup unix n - n - 0 cleanup\n\
             qmgr unix n - n 1 1 qmgr\nrewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\n\
             defer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\nretry unix - - n - - error\n\
             anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n"
        );
        for name in ["smtp", "lmtp", "error", "proxymap"] {
            master.push_str(&unix(name));
        }
        write("pf/master.cf", master);
        write(
            "dc/dovecot.conf",
            format!(
                "base_dir = {d}/dc/run\nstate_dir = {d}/dc/run\nlog_path = {d}/dc/log\nprotocols = imap lmtp\nlisten = 127.0.0.1\n\
                 ssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{d}/dc/mail/%n\nfirst_valid_uid = 1\n\
                 passdb {{\n driver = static\n args = nopassword=y\n}}\n\
                 userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={d}/dc/mail/%n\n}}\n\
                 service imap-login {{\n inet_listener imap {{\n  port = {imap}\n }}\n inet_listener imaps {{\n  port = 0\n }}\n}}\n\
                 service lmtp {{\n inet_listener lmtp {{\n  port = {lmtp}\n }}\n}}\n"
            ),
        );
        run("chown", &["nobody", &format!("{d}/dc/mail")]);
        run("chown", &["postfix", &format!("{d}/pf/data")]);
        run("dovecot", &["-c", &format!("{d}/dc/dovecot.conf")]);
        run("postfix", &["-c", &format!("{d}/pf"), "start"]);
        Self { folder, smtp }
    }

    /// The letters in a mailbox, oldest first, once there are so many.
    fn mailbox(&self, name: &str, so_many: usize) -> Vec<String> {
        let folder = self.folder.path().join("dc/mail").join(name).join("new");
        let mut files: Vec<PathBuf> = Vec::new();
        for _ in 0..200 {
            files = std::fs::read_dir(&folder)
                .map(|d| d.flatten().map(|f| f.path()).collect())
                .unwrap_or_default();
            if files.len() >= so_many {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        files.sort();
        let read = |f: &PathBuf| std::fs::read_to_string(f).unwrap().replace("\r\n", "\n").replace("=\n", "");
        let letters: Vec<String> = files.iter().map(read).collect();
        assert!(
            letters.len() >= so_many,
            "{name} has {} letters; {}",
            letters.len(),
            log_of(self.folder.path())
        );
        letters
    }

    /// Sends as a mail program does.
    fn send(&self, from: &str, to: &str, data: &[u8]) {
        let mut line = TcpStream::connect(("127.0.0.1", self.smtp)).unwrap();
        line.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut reader = BufReader::new(line.try_clone().unwrap());
        let mut said = String::new();
        reader.read_line(&mut said).unwrap();
        for command in [
            "HELO mua.example\r\n".to_string(),
            format!("MAIL FROM:<{from}>\r\n"),
            format!("RCPT TO:<{to}>\r\n"),
            "DATA\r\n".into(),
        ] {
            line.write_all(command.as_bytes()).unwrap();
            said.clear();
            reader.read_line(&mut said).unwrap();
            assert!(said.starts_with(['2', '3']), "{command}: {said}");
        }
        line.write_all(data).unwrap();
        line.write_all(b"\r\n.\r\nQUIT\r\n").unwrap();
        said.clear();
        reader.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("250"), "{said}");
    }
}

fn log_of(folder: &Path) -> String {
    ["pf/log", "dc/log"].iter().map(|f| std::fs::read_to_string(folder.join(f)).unwrap_or_default()).collect()
}

impl Drop for MailHost {
    fn drop(&mut self) {
        let d = self.folder.path().display();
        let _ = Command::new("postfix").args(["-c", &format!("{d}/pf"), "stop"]).output();
        let _ = Command::new("dovecot").args(["-c", &format!("{d}/dc/dovecot.conf"), "stop"]).output();
    }
}

testkit::both_databases! {
    /// The whole way round with mail servers that are not ours. `cargo xtask test` sets the variable where both are there.
    async fn through_postfix_and_dovecot_and_back(store: Store) {
        if std::env::var_os("THROUGHLINE_TEST_MAIL").is_none() {
            eprintln!("skipped: THROUGHLINE_TEST_MAIL is not set");
            return;
        }
        let c = company(store).await;
        let app = &c.server.app;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mails = MailHost::start(listener.local_addr().unwrap().port());
        tokio::spawn(app::replies::run(app.clone(), listener));
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", mails.smtp)).is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        while deliver(app, &couriers(mails.smtp)).await.unwrap() > 0 {}
        let letter = mails.mailbox("p3", 1).remove(0);
        assert!(letter.contains("Auto-Submitted: auto-generated"), "{letter}");
        let to = reply_to(&letter);
        let body = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n";
        let reply = mail("P3 Example <p3@northwind.example>", body, "Die Leitung war tot, ich k=C3=BCmmere mich.\n\n-- \nP3\n");
        mails.send("p3@northwind.example", &to, &reply);
        // The leader hears of it by mail, and reads it on the page.
        let leader = c.browser("lead0").await;
        let mut page = String::new();
        for _ in 0..100 {
            page = leader.get(&c.alert_page()).expect(200).text();
            if page.contains("ich kümmere mich") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(page.contains("Die Leitung war tot, ich kümmere mich."), "{}", log_of(mails.folder.path()));
        while deliver(app, &couriers(mails.smtp)).await.unwrap() > 0 {}
        let told = mails.mailbox("lead0", 2);
        assert!(told.iter().any(|l| l.contains("Subject: P3 Example wrote about an alert")), "{told:#?}");
        assert!(!told.concat().contains("Leitung"), "the words stay on the server");
        // A reply that is not kept comes back with the reason, to its sender alone.
        mails.send("p4@northwind.example", &to, &mail("p4@northwind.example", "", "let me in"));
        let returned = mails.mailbox("p4", 1).remove(0);
        let words = returned.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("counts only from the address"), "{returned}");
        // A holiday answer to our mail ends here: nobody hears of it.
        mails.send("p3@northwind.example", &to, &mail("p3@northwind.example", "Auto-Submitted: auto-replied\r\n", "Away."));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(mails.mailbox("p3", 1).len(), 1, "nothing came back");
    }
}
