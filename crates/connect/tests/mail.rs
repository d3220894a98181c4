//! Letters to a real SMTP server.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use connect::mail::{Config, Letter, MailError, Mailer, Plain, Tls};

/// A running `smtp_sink.py`; it ends with this value.
struct Sink {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Sink {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let python = std::env::var("THROUGHLINE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let folder = std::env::temp_dir().join(format!("throughline-mail-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new(&python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_sink.py"))
            .arg("--out")
            .arg(folder.join("letters"))
            .arg("--authority")
            .arg(folder.join("authority.pem"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("{python} does not start ({e}): run the tests with `cargo xtask test`")
            });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("ready ").and_then(|p| p.parse().ok()).unwrap_or_else(|| {
            panic!("the SMTP server of the tests did not start: `cargo xtask test` installs aiosmtpd for {python}")
        });
        Self { child, port, folder }
    }

    fn config(&self, tls: Tls) -> Config {
        Config {
            host: "localhost".into(),
            port: self.port,
            tls,
            credentials: None,
            from: "Throughline <throughline@example.com>".into(),
            hello: Some("throughline.example.com".into()),
            authorities: std::fs::read(self.folder.join("authority.pem")).ok(),
            timeout: Duration::from_secs(20),
        }
    }

    /// Every letter that was taken.
    fn letters(&self) -> Vec<serde_json::Value> {
        let kept = std::fs::read_to_string(self.folder.join("letters")).unwrap_or_default();
        kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn letter(to: &str) -> Letter {
    Letter {
        to_name: "Maya Lindqvist".into(),
        to: to.into(),
        subject: "Erreichte Gespräche: seit drei Wochen unter dem Ziel".into(),
        text: Plain::new()
            .paragraph("Hello Maya,")
            .paragraph(".a line that starts with a dot; größer")
            .finish(),
        html: Some("<p>Hello Maya</p>".into()),
        message_id: "<alert.1@throughline.example.com>".into(),
        reply_to: None,
        calendar: None,
        in_reply_to: None,
        list_id: Some("alerts.throughline.example.com".into()),
        automatic: true,
        date: "2026-03-18T08:41:00Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let sink = Sink::start("plain", &[]);
    let mailer = Mailer::connect(&sink.config(Tls::None)).unwrap();
    mailer.check().await.unwrap();
    let sent = mailer.send(letter("maya@example.com")).await.unwrap();
    assert_eq!(sent.words, "2.0.0 Kept as number one");
    let [kept] = &sink.letters()[..] else { panic!("one letter") };
    assert_eq!(
        (&kept["from"], &kept["to"][0]),
        (&"throughline@example.com".into(), &"maya@example.com".into())
    );
    let data = kept["data"].as_str().unwrap();
    for part in [
        "Subject: Erreichte =?utf-8?b?",
        "To: \"Maya Lindqvist\" <maya@example.com>\r\n",
        "Message-ID: <alert.1@throughline.example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "List-Id: <alerts.throughline.example.com>\r\n",
        "multipart/alternative",
        ".a line that starts with a dot; gr=C3=B6=C3=9Fer",
        "<p>Hello Maya</p>",
    ] {
        assert!(data.contains(part), "{part} in\n{data}");
    }
}

#[tokio::test]
async fn what_the_server_says_decides_whether_to_try_again() {
    let sink = Sink::start("scripted", &[]);
    let mailer = Mailer::connect(&sink.config(Tls::None)).unwrap();
    let fails = async |to: &str| mailer.send(letter(to)).await.unwrap_err();
    for (to, words, temporary) in [
        ("later@example.com", "Greylisted, come back in five minutes", true),
        ("full@example.com", "Mailbox full", true),
        ("refused@example.com", "No such person here", false),
        ("spam@example.com", "Looks like spam", false),
    ] {
        let error = fails(to).await;
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.is_temporary(), temporary, "{error}");
    }
    assert!(matches!(fails("drop@example.com").await, MailError::Later(_)));
    // A refusal leaves the next letter alone.
    mailer.send(letter("maya@example.com")).await.unwrap();
    assert_eq!(sink.letters().len(), 1);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let sink = Sink::start("hang", &[]);
    let quick = Config { timeout: Duration::from_millis(300), ..sink.config(Tls::None) };
    let error = Mailer::connect(&quick).unwrap().send(letter("hang@example.com")).await.unwrap_err();
    assert_eq!(error, MailError::Later("no answer within 0.3 seconds".into()));
    // Accepts connections and never greets.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let nobody = Config { port, host: "127.0.0.1".into(), ..quick.clone() };
    assert!(matches!(Mailer::connect(&nobody).unwrap().check().await, Err(MailError::Later(_))));
    drop(silent);
    let error = Mailer::connect(&nobody).unwrap().send(letter("maya@example.com")).await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
}

#[tokio::test]
async fn tls_is_used_and_checked() {
    for (name, tls) in [("starttls", Tls::StartTls), ("tls", Tls::Tls)] {
        let sink = Sink::start(name, &["--tls", name]);
        let trusting = sink.config(tls);
        Mailer::connect(&trusting).unwrap().send(letter("maya@example.com")).await.unwrap();
        assert_eq!(sink.letters()[0]["tls"], true, "{name}");
        let strangers = Config { authorities: None, ..trusting.clone() };
        let error = Mailer::connect(&strangers).unwrap().send(letter("maya@example.com")).await.unwrap_err();
        assert!(matches!(error, MailError::Setup(_) | MailError::Later(_)), "{name}: {error}");
        assert!(error.to_string().to_lowercase().contains("certificate"), "{name}: {error}");
        assert_eq!(sink.letters().len(), 1, "nothing goes to a stranger");
    }
    // A server without STARTTLS gets nothing either.
    let plain = Sink::start("downgrade", &[]);
    let error = Mailer::connect(&plain.config(Tls::StartTls))
        .unwrap()
        .send(letter("maya@example.com"))
        .await
        .unwrap_err();
    assert!(matches!(error, MailError::Setup(_)), "{error}");
    assert!(plain.letters().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_a_setting_to_mend() {
    let sink = Sink::start("sign-in", &["--tls", "starttls", "--user", "throughline", "--password", "right"]);
    let with = |password: &str| Config {
        credentials: Some(("throughline".into(), password.into())),
        ..sink.config(Tls::StartTls)
    };
    let error = Mailer::connect(&with("wrong")).unwrap().send(letter("maya@example.com")).await.unwrap_err();
    assert!(matches!(error, MailError::Setup(_)), "{error}");
    Mailer::connect(&with("right")).unwrap().send(letter("maya@example.com")).await.unwrap();
    assert_eq!(sink.letters()[0]["user"], "throughline");
}
