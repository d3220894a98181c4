//! Reads a mail that answers one of ours: who wrote it, whether a person wrote it at all, and their own words without
//! what they quoted and signed.

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};

/// A mail as far as an answer needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The address it says it is from.
    pub from: String,
    /// `Message-ID` as it stands, or empty.
    pub message_id: String,
    /// Why no person wrote it, where that is so: it must be neither logged nor answered.
    pub machine: Option<&'static str>,
    /// The writer's own words; may be empty.
    pub text: String,
}

/// Reads a mail. `None` where it is none.
pub fn read(data: &[u8]) -> Option<Reply> {
    let mail = parse_mail(data).ok()?;
    let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
    let from = mailparse::addrparse(&header("From")).ok().and_then(|list| {
        list.iter().find_map(|a| match a {
            mailparse::MailAddr::Single(one) => Some(one.addr.trim().to_owned()),
            mailparse::MailAddr::Group(_) => None,
        })
    })?;
    let mut parts = Parts::default();
    collect(&mail, 0, &mut parts);
    let text = match (parts.plain, parts.html) {
        (Some(plain), _) => own_words(&plain),
        (None, Some(html)) => own_words(&plain_of(&html)),
        (None, None) => String::new(),
    };
    Some(Reply { from, message_id: header("Message-ID").trim().to_owned(), machine: machine(&mail), text })
}

/// Why no person wrote a mail (RFC 3834 section 5, and what mail programs do besides).
fn machine(mail: &ParsedMail<'_>) -> Option<&'static str> {
    let header = |name: &str| mail.headers.get_first_value(name).map(|v| v.trim().to_lowercase());
    let kind = mail.ctype.mimetype.to_lowercase();
    if header("Auto-Submitted").is_some_and(|v| !v.is_empty() && !v.starts_with("no")) {
        return Some("Auto-Submitted");
    }
    if kind == "multipart/report" || kind.starts_with("message/") {
        return Some("a report");
    }
    if header("Precedence").is_some_and(|v| matches!(v.as_str(), "bulk" | "junk" | "list" | "auto_reply")) {
        return Some("Precedence");
    }
    let marks = ["X-Autoreply", "X-Autorespond", "X-Auto-Response", "X-Failed-Recipients", "List-Id"];
    marks.into_iter().find(|name| header(name).is_some())
}

#[derive(Default)]
struct Parts {
    plain: Option<String>,
    html: Option<String>,
}

/// The first readable text of each kind that is no attachment.
fn collect(mail: &ParsedMail<'_>, depth: usize, parts: &mut Parts) {
    let attached = mail.get_content_disposition().disposition == mailparse::DispositionType::Attachment;
    if depth > 10 || attached {
        return;
    }
    match mail.ctype.mimetype.to_lowercase().as_str() {
        "text/plain" if parts.plain.is_none() => parts.plain = mail.get_body().ok(),
        "text/html" if parts.html.is_none() => parts.html = mail.get_body().ok(),
        _ => {}
    }
    for part in &mail.subparts {
        collect(part, depth + 1, parts);
    }
}

/// A text without what was quoted below or above it and without the signature.
fn own_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\u{a0}', " ");
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let bare = line.trim();
        // A signature is parted off by two dashes and a blank (RFC 3676, section 4.3); many programs lose the blank.
        if *line == "-- " || bare == "--" || bare == "—" || is_header_of_quote(&lines, n) {
            break;
        }
        kept.push(line);
    }
    kept.retain(|line| !line.trim_start().starts_with('>'));
    let mut text = String::new();
    let mut blank = true;
    for line in kept {
        let line = line.trim_end();
        if line.trim().is_empty() {
            if !blank {
                text.push('\n');
            }
            blank = true;
        } else {
            text.push_str(line);
            text.push('\n');
            blank = false;
        }
    }
    text.trim().chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect()
}

/// What mail programs write above what they quote.
fn is_header_of_quote(lines: &[&str], n: usize) -> bool {
    let line = lines[n].trim();
    let lower = line.to_lowercase();
    if line.len() >= 20 && line.chars().all(|c| c == '_') {
        return true;
    }
    let dashes = line.starts_with("---") && line.ends_with("---");
    if dashes
        && ["original", "forwarded", "ursprüngliche", "message d'origine", "messaggio"]
            .iter()
            .any(|w| lower.contains(w))
    {
        return true;
    }
    // "On Wed, 18 Mar 2026, Throughline wrote:", also broken over two lines, and in other tongues.
    let starts = ["on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "w dniu "];
    let ends = [
        "wrote:",
        "schrieb:",
        "a écrit :",
        "a écrit:",
        "escribió:",
        "ha scritto:",
        "schreef:",
        "escreveu:",
        "skrev:",
        "napisał(a):",
        "napisał:",
    ];
    let joined = lines[n..].iter().take(3).map(|l| l.trim()).collect::<Vec<_>>();
    if starts.iter().any(|s| lower.starts_with(s)) {
        let mut so_far = String::new();
        for part in joined {
            so_far = format!("{so_far} {part}").to_lowercase();
            if ends.iter().any(|e| {
                so_far.ends_with(e) || (so_far.contains(e.trim_end_matches(':')) && so_far.ends_with(':'))
            }) {
                return true;
            }
        }
    }
    // The block of headers that Outlook puts above: From, Sent, To, Subject.
    let next = lines.get(n + 1).map(|l| l.trim().to_lowercase()).unwrap_or_default();
    let from = ["from:", "von:", "de :", "de:", "da:", "van:"].iter().any(|f| lower.starts_with(f));
    from && ["sent:", "gesendet:", "envoyé", "enviado", "inviato:", "verzonden:", "date:", "to:", "an:"]
        .iter()
        .any(|f| next.starts_with(f))
}

/// The words of an HTML mail up to what it quotes. Only for mails that carry no plain text; nothing of it is shown as HTML.
fn plain_of(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let quote = [
        "<blockquote",
        "gmail_quote",
        "id=\"appendonsend\"",
        "id=\"divrplyfwdmsg\"",
        "id=\"mail-editor-reference",
    ];
    let end = quote.iter().filter_map(|q| lower.find(q)).min().unwrap_or(html.len());
    // Inside a tag that begins the quote: cut before the tag.
    let end = html[..end].rfind('<').filter(|at| !html[*at..end].contains('>')).unwrap_or(end);
    let (mut text, mut rest) = (String::new(), &html[..end]);
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let name: String = rest[1..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect::<String>()
            .to_ascii_lowercase();
        if matches!(name.as_str(), "style" | "script" | "head" | "title") {
            let close = format!("</{name}");
            let after = rest.to_ascii_lowercase().find(&close).unwrap_or(rest.len());
            rest = &rest[after..];
        }
        if matches!(name.as_str(), "br" | "br/" | "p" | "/p" | "div" | "/div" | "/li" | "tr" | "/tr")
            && !text.ends_with("\n\n")
        {
            text.push('\n');
        }
        rest = rest.find('>').map_or("", |close| &rest[close + 1..]);
    }
    text.push_str(rest);
    let pairs =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text, |text, (code, sign)| text.replace(code, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(body: &str) -> String {
        own_words(body)
    }

    #[test]
    fn quotes_and_signatures_stay_behind() {
        for (body, own) in [
            (
                "I called twice.\n\nOn Wed, 18 Mar 2026 at 10:00, Throughline <t@x> wrote:\n> Hello\n> Open it",
                "I called twice.",
            ),
            (
                "I called twice.\n\nOn Wed, 18 Mar 2026 at 10:00, Throughline\n<replies+abc@northwind.example> wrote:\n\n> Hello",
                "I called twice.",
            ),
            ("Danke!\n\nAm 18.03.26 um 10:00 schrieb Throughline:\n> Hallo", "Danke!"),
            ("Merci.\nLe mer. 18 mars 2026 à 10:00, Throughline <t@x> a écrit :\n> Bonjour", "Merci."),
            ("Top line.\n\n-- \nMaya\n+49 1", "Top line."),
            ("Done\n________________________________\nFrom: Throughline\nSent: Wednesday", "Done"),
            ("Done\nFrom: Throughline <t@x>\nSent: Wednesday\nTo: Maya", "Done"),
            ("-----Original Message-----\nFrom: x", ""),
            ("> quoted\n> more\n\nBelow the quote, two\nlines.", "Below the quote, two\nlines."),
            ("On Monday I was away.\nBack now.", "On Monday I was away.\nBack now."),
            ("a\n\n\n\nb\u{0}c", "a\n\nbc"),
            ("", ""),
        ] {
            assert_eq!(words(body), own, "{body:?}");
        }
    }

    #[test]
    fn a_mail_of_html_alone_is_read_too() {
        let mail = b"From: Maya <maya@x>\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<html><head><style>p{}</style></head><body><div>Na\xefve &amp; tired</div><p>Call me</p><div class=\"gmail_quote\">On x wrote:<blockquote>Old</blockquote></div></body></html>";
        let reply = read(mail).unwrap();
        assert_eq!(reply.text, "Na\u{ef}ve & tired\n\nCall me");
        assert_eq!((reply.from.as_str(), reply.machine), ("maya@x", None));
    }

    #[test]
    fn the_plain_part_wins_and_attachments_do_not_count() {
        let mail = b"From: maya@x\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nIch k=C3=BCmmere mich.\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--c--\r\n--b--\r\n";
        let reply = read(mail).unwrap();
        assert_eq!((reply.text.as_str(), reply.message_id.as_str()), ("Ich k\u{fc}mmere mich.", "<1@x>"));
    }

    #[test]
    fn what_no_person_wrote_is_known() {
        for head in [
            "Auto-Submitted: auto-replied",
            "Precedence: bulk",
            "X-Autoreply: yes",
            "List-Id: <l.x>",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        ] {
            let mail = format!("From: maya@x\r\n{head}\r\n\r\nI am away.\r\n");
            assert!(read(mail.as_bytes()).unwrap().machine.is_some(), "{head}");
        }
        assert_eq!(read(b"From: maya@x\r\nAuto-Submitted: no\r\n\r\nhi").unwrap().machine, None);
        assert_eq!(read(b"no mail at all"), None);
    }
}
