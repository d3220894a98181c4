//! What a letter becomes, and what it can never become.

use proptest::prelude::*;

use super::*;

fn letter() -> Letter {
    Letter {
        to_name: "Änne Østerberg".into(),
        to: "anne@example.com".into(),
        subject: "Days on hand: off target".into(),
        text: "Hello\n".into(),
        html: None,
        message_id: "<alert.1@throughline.example.com>".into(),
        reply_to: None,
        calendar: None,
        in_reply_to: None,
        list_id: None,
        automatic: true,
        date: "2026-03-18T08:41:00Z".parse().unwrap(),
    }
}

fn config() -> Config {
    Config {
        host: "localhost".into(),
        port: 25,
        tls: Tls::None,
        credentials: Some(("maya".into(), "secret-word".into())),
        from: "Throughline <throughline@example.com>".into(),
        hello: None,
        authorities: None,
        timeout: Duration::from_secs(1),
    }
}

fn composed(letter: Letter) -> Result<String, MailError> {
    let from = config().from.parse().unwrap();
    compose(&from, letter).map(|m| String::from_utf8_lossy(&m.formatted()).into_owned())
}

#[test]
fn a_letter_has_the_headers_that_machines_look_for() {
    let follows = Some("<alert.0@throughline.example.com>".to_owned());
    let list_id = Some("alerts.example.com".to_owned());
    let text = composed(Letter { in_reply_to: follows, list_id, ..letter() }).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for line in [
        "From: Throughline <throughline@example.com>",
        "Subject: Days on hand: off target",
        "Message-ID: <alert.1@throughline.example.com>",
        "In-Reply-To: <alert.0@throughline.example.com>",
        "References: <alert.0@throughline.example.com>",
        "Auto-Submitted: auto-generated",
        "List-Id: <alerts.example.com>",
        "Date: Wed, 18 Mar 2026 08:41:00 +0000",
    ] {
        assert!(head.lines().any(|l| l == line), "{line} in\n{head}");
    }
    assert_eq!(body, "Hello\r\n");
}

#[test]
fn identifiers_with_anything_odd_are_refused() {
    for to in
        ["", "anne", "anne@example.com\r\nBcc: all@example.com", "a@b@c", "anne@example.com, b@example.com"]
    {
        assert!(
            matches!(composed(Letter { to: to.into(), ..letter() }), Err(MailError::Malformed(_))),
            "{to:?}"
        );
    }
    for id in ["", "a@b", "<a>", "<a@b>\r\nX: y", "<a b@c>", "<<a@b>>", "<a@b@c>"] {
        let bad = composed(Letter { message_id: id.into(), ..letter() });
        assert!(matches!(bad, Err(MailError::Malformed(_))), "{id:?}");
        assert!(composed(Letter { in_reply_to: Some(id.into()), ..letter() }).is_err(), "{id:?}");
    }
    for list in ["", "a b", "a\nb", "<a>"] {
        assert!(composed(Letter { list_id: Some(list.into()), ..letter() }).is_err(), "{list:?}");
    }
}

#[test]
fn settings_are_checked_before_anything_is_sent() {
    let refused = |config: Config| Mailer::connect(&config).unwrap_err().to_string();
    assert_eq!(
        refused(Config { host: "mail.example.com".into(), ..config() }),
        "mail cannot be sent: mail.example.com is another machine, and mail to it would be readable on the way; use starttls or tls"
    );
    assert!(refused(Config { from: "nobody".into(), ..config() }).contains("is not like Throughline"));
    assert!(refused(Config { hello: Some("a\r\nb".into()), ..config() }).contains("is not a host name"));
    assert!(
        refused(Config {
            tls: Tls::Tls,
            authorities: Some(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".to_vec()),
            ..config()
        })
        .contains("certificates")
    );
    assert!(!format!("{:?}", config()).contains("secret-word"));
    assert!(Mailer::connect(&config()).is_ok());
}

proptest! {
    #[test]
    fn no_word_can_add_a_header(name in "(?s).{0,40}", subject in "(?s)(.{0,30}\r\nBcc: x@example.com\n.{0,10}|.{0,200})", text in "(?s).{0,200}") {
        let whole = composed(Letter { to_name: name, subject, text, ..letter() }).unwrap();
        let (head, _) = whole.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|l| !l.starts_with([' ', '\t']))
            .map(|l| l.split_once(':').map_or(l, |(n, _)| n))
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
            .into_iter().filter(|n| names.contains(n)).collect::<Vec<_>>());
        prop_assert!(!whole.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CRLF");
        prop_assert!(whole.split("\r\n").all(|l| l.len() <= 998));
    }
}
