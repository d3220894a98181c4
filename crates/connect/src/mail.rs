//! Mail out, over SMTP.
//!
//! One letter goes to one person. The caller (the outbox) decides when to send and when to try again; an error says
//! which of the two it is, in the server's own words. A letter may arrive twice where the line breaks after the last
//! byte: its `message_id` stays the same, so that mail programs can see it.

mod text;

use std::fmt;
use std::time::{Duration, SystemTime};

use domain::time::Instant;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as LettreTls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

pub use text::Plain;

/// How the line to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: only for a server on this machine.
    None,
    /// Starts plain and must change to TLS before anything else is said; mostly port 587.
    StartTls,
    /// TLS from the first byte; mostly port 465.
    Tls,
}

/// How to reach the mail server.
#[derive(Clone)]
pub struct Config {
    /// Host name or address; its certificate must carry it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the line.
    pub tls: Tls,
    /// User and password, where the server wants them.
    pub credentials: Option<(String, String)>,
    /// The sender, `Throughline <throughline@example.com>` or only the address.
    pub from: String,
    /// The name this machine greets with; its host name where `None`.
    pub hello: Option<String>,
    /// Certificates (PEM) to trust beside the public ones, for a server with a private authority.
    pub authorities: Option<Vec<u8>>,
    /// For one letter from connecting to the server's answer.
    pub timeout: Duration,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// What is sent to one person.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Their name as shown; empty where unknown.
    pub to_name: String,
    /// Their address.
    pub to: String,
    /// Subject. Line ends and control characters become spaces.
    pub subject: String,
    /// The plain text, which every letter has.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// An invitation beside the text: the calendar's method and the calendar (RFC 6047).
    pub calendar: Option<(crate::calendar::Method, String)>,
    /// `<local@domain>`, the same for every try.
    pub message_id: String,
    /// Where an answer goes, where that is not the sender.
    pub reply_to: Option<String>,
    /// The message this one answers or follows, as `<local@domain>`: mail programs show both as one thread.
    pub in_reply_to: Option<String>,
    /// The list it belongs to, such as `alerts.throughline.example.com`, for people's mail filters.
    pub list_id: Option<String>,
    /// True for what no person wrote: `Auto-Submitted: auto-generated`, which keeps holiday answers away (RFC 3834).
    pub automatic: bool,
    /// When it was written.
    pub date: Instant,
}

/// The server took the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it said, such as its queue id.
    pub words: String,
}

/// Why a letter was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail settings are wrong, or the server refuses us altogether. Worth trying again once that is mended.
    #[error("mail cannot be sent: {0}")]
    Setup(String),
    /// Not now: the server is away, busy, or asks to come back (4xx).
    #[error("the mail server did not take the letter for now: {0}")]
    Later(String),
    /// The server will never take this letter (5xx).
    #[error("the mail server refused the letter: {0}")]
    Refused(String),
    /// The letter itself cannot be sent by anybody.
    #[error("the letter cannot be sent: {0}")]
    Malformed(String),
}

impl MailError {
    /// Whether trying again later can help.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, MailError::Setup(_) | MailError::Later(_))
    }
}

/// Sends letters. Cheap to clone; opens a connection for each letter.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Checks the settings and prepares to send. Speaks to nobody yet: see [`Mailer::check`].
    ///
    /// # Errors
    /// [`MailError::Setup`] with what is wrong in the settings.
    pub fn connect(config: &Config) -> Result<Self, MailError> {
        let setup = |text: String| MailError::Setup(text);
        let from = config.from.parse::<Mailbox>().map_err(|_| {
            setup(format!(
                "the sender `{}` is not like Throughline <throughline@example.com>",
                shown(&config.from)
            ))
        })?;
        if !is_one_line(&config.from) || config.host.is_empty() || !is_one_line(&config.host) {
            return Err(setup("sender and host are one line each".into()));
        }
        let on_this_machine = config.host.eq_ignore_ascii_case("localhost")
            || config.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if config.tls == Tls::None && !on_this_machine {
            return Err(setup(format!(
                "{} is another machine, and mail to it would be readable on the way; use starttls or tls",
                shown(&config.host)
            )));
        }
        let parameters = || {
            let mut parameters = TlsParameters::builder(config.host.clone());
            if let Some(pem) = &config.authorities {
                let trusted = Certificate::from_pem(pem)
                    .map_err(|e| setup(format!("the certificates to trust cannot be read: {}", words(&e))))?;
                parameters = parameters.add_root_certificate(trusted);
            }
            parameters.build().map_err(|e| setup(words(&e)))
        };
        let tls = match config.tls {
            Tls::None => LettreTls::None,
            Tls::StartTls => LettreTls::Required(parameters()?),
            Tls::Tls => LettreTls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if let Some((user, password)) = &config.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        if let Some(hello) = &config.hello {
            if hello.is_empty() || !hello.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b))
            {
                return Err(setup(format!("the greeting `{}` is not a host name", shown(hello))));
            }
            builder = builder.hello_name(ClientId::Domain(hello.clone()));
        }
        Ok(Self { transport: builder.build(), from, timeout: config.timeout })
    }

    /// The address that letters are from.
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    /// Connects, greets and signs in without sending anything.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self) -> Result<(), MailError> {
        match self.in_time(self.transport.test_connection()).await? {
            true => Ok(()),
            false => Err(MailError::Later("the server did not answer as a mail server does".into())),
        }
    }

    /// Sends one letter.
    ///
    /// # Errors
    /// Why not, and whether trying again can help: [`MailError::is_temporary`].
    pub async fn send(&self, letter: Letter) -> Result<Sent, MailError> {
        let message = compose(&self.from, letter)?;
        let response = self.in_time(self.transport.send(message)).await?;
        let said: Vec<&str> = response.message().collect();
        Ok(Sent { words: shown(&said.join(" ")) })
    }

    /// The transport's own timeout covers connecting only.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, MailError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done.map_err(|e| judge(&e)),
            Err(_) => {
                Err(MailError::Later(format!("no answer within {} seconds", self.timeout.as_secs_f32())))
            }
        }
    }
}

/// Which kind of failure it is. Codes: RFC 5321 section 4.2, RFC 4954 section 6 for signing in.
fn judge(error: &lettre::transport::smtp::Error) -> MailError {
    let said = words(error);
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        // Signing in is needed, too weak, not wanted or wrong; encryption is needed.
        Some("530" | "534" | "535" | "538") => MailError::Setup(said),
        // Service not available, syntax or commands not known: the conversation, not the letter.
        Some("500" | "502" | "503" | "504") => MailError::Setup(said),
        _ if error.is_permanent() => MailError::Refused(said),
        _ if error.is_transient() => MailError::Later(said),
        _ if error.is_tls() => MailError::Setup(said),
        // Before anything is sent: no sign-in method in common, no STARTTLS, or an address that the server cannot take.
        _ if error.is_client() && said.contains("non-ascii") => MailError::Refused(said),
        _ if error.is_client() => MailError::Setup(said),
        _ => MailError::Later(said),
    }
}

/// An error with its causes, on one line.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    shown(&text)
}

/// Foreign words on one line, at most 300 characters.
fn shown(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Builds the message. What could end a header early is replaced in words and refused in identifiers.
fn compose(from: &Mailbox, letter: Letter) -> Result<Message, MailError> {
    let malformed = |what: &str, text: &str| MailError::Malformed(format!("{what} `{}`", shown(text)));
    let address: Address = Some(&letter.to)
        .filter(|to| is_one_line(to))
        .and_then(|to| to.parse().ok())
        .ok_or_else(|| malformed("this is not a mail address:", &letter.to))?;
    let name = Some(shown(&letter.to_name)).filter(|name| !name.is_empty());
    let id = |id: String| match is_message_id(&id) {
        true => Ok(id),
        false => Err(malformed("this is not a message id like <a@example.com>:", &id)),
    };
    let date = u64::try_from(letter.date.micros()).unwrap_or(0);
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, address))
        .subject(shown(&letter.subject))
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(date))
        .message_id(Some(id(letter.message_id)?));
    if let Some(reply_to) = letter.reply_to {
        let address: Address =
            reply_to.parse().map_err(|_| malformed("this is not a mail address:", &reply_to))?;
        message = message.reply_to(Mailbox::new(None, address));
    }
    if let Some(earlier) = letter.in_reply_to {
        let earlier = id(earlier)?;
        message = message.in_reply_to(earlier.clone()).references(earlier);
    }
    let raw =
        |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    if letter.automatic {
        message = message.raw_header(raw("Auto-Submitted", "auto-generated".into()));
    }
    if let Some(list) = letter.list_id {
        let good = !list.is_empty()
            && list.len() <= 200
            && list.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !good {
            return Err(malformed("this is not a list id like alerts.example.com:", &list));
        }
        message = message.raw_header(raw("List-Id", format!("<{list}>")));
    }
    let text = clean(letter.text.trim_end());
    let built = match (letter.html, letter.calendar) {
        (_, Some((method, calendar))) => {
            let kind = format!("text/calendar; charset=utf-8; method={}", method.word());
            let kind = ContentType::parse(&kind).map_err(|e| MailError::Malformed(words(&e)))?;
            let part = SinglePart::builder().header(kind).body(calendar);
            message.multipart(MultiPart::alternative().singlepart(SinglePart::plain(text)).singlepart(part))
        }
        (Some(html), None) => message.multipart(MultiPart::alternative_plain_html(text, clean(&html))),
        (None, None) => message.singlepart(SinglePart::plain(text)),
    };
    built.map_err(|e| MailError::Malformed(words(&e)))
}

/// Line ends as CRLF, and no control characters but those and tabs.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect::<String>()
        .replace('\n', "\r\n")
}

/// `<local@domain>` of visible ASCII characters without inner brackets (RFC 5322 section 3.6.4, without its
/// obsolete forms).
fn is_message_id(text: &str) -> bool {
    text.len() <= 250
        && text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).is_some_and(|inner| {
            inner.bytes().all(|b| b.is_ascii_graphic() && !b"<>()\"\\,;".contains(&b))
                && inner.split_once('@').is_some_and(|(local, domain)| {
                    !local.is_empty() && !domain.is_empty() && !domain.contains('@')
                })
        })
}

#[cfg(test)]
mod tests;
