//! Configuration: flags before environment before file before what holds without any.
//!
//! Every key of the file has a variable: `mail.port` is `THROUGHLINE_MAIL_PORT`. Unknown keys and unknown variables
//! are errors, because a key that is misspelt is a key that is not set.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use connect::mail::Tls;
use domain::retention::Rule;
use domain::sign_in::SessionRules;
use domain::time::Zone;
use serde::Deserialize;
use store::db::Place;

/// What the installation is called where nobody says.
pub(crate) const NAME: &str = "Throughline";
/// What begins every variable of ours.
const PREFIX: &str = "THROUGHLINE_";
/// Variables that tests of the project use; the server leaves them alone.
const TEST_PREFIX: &str = "THROUGHLINE_TEST_";

/// A key or a variable that cannot be used: where, why, what instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub(crate) struct Bad {
    place: String,
    reason: String,
}

impl Bad {
    pub(crate) fn new(place: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { place: place.into(), reason: reason.to_string() }
    }
}

/// Text that is never printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// The file as it is written; every key may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    listen: Option<String>,
    public_url: Option<String>,
    name: Option<String>,
    zone: Option<String>,
    data: Option<PathBuf>,
    database: Option<Secret>,
    database_file: Option<PathBuf>,
    log: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    connections: Option<usize>,
    retention_file: Option<PathBuf>,
    sessions: Sessions,
    attention: Attention,
    mail: Mail,
    outbound: Outbound,
    xapi: Xapi,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Xapi {
    version: Option<String>,
    origins: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Attention {
    grace_hours: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sessions {
    idle_minutes: Option<u32>,
    privileged_idle_minutes: Option<u32>,
    longest_hours: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Mail {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<Tls>,
    user: Option<String>,
    password: Option<Secret>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    authorities_file: Option<PathBuf>,
    replies: Option<String>,
    replies_listen: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Outbound {
    allow: Option<Vec<String>>,
    authorities_file: Option<PathBuf>,
}

/// Keys that are set by one word, and how.
type Setter = fn(&mut File, String) -> Result<(), String>;

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number that fits here"))
}

const KEYS: &[(&str, Setter)] = &[
    ("LISTEN", |f, v| {
        f.listen = Some(v);
        Ok(())
    }),
    ("PUBLIC_URL", |f, v| {
        f.public_url = Some(v);
        Ok(())
    }),
    ("NAME", |f, v| {
        f.name = Some(v);
        Ok(())
    }),
    ("ZONE", |f, v| {
        f.zone = Some(v);
        Ok(())
    }),
    ("DATA", |f, v| {
        f.data = Some(v.into());
        Ok(())
    }),
    ("DATABASE", |f, v| {
        f.database = Some(Secret(v));
        Ok(())
    }),
    ("DATABASE_FILE", |f, v| {
        f.database_file = Some(v.into());
        Ok(())
    }),
    ("LOG", |f, v| {
        f.log = Some(v);
        Ok(())
    }),
    ("TRUSTED_PROXIES", |f, v| {
        f.trusted_proxies = Some(v.split(',').map(|p| p.trim().to_owned()).collect());
        Ok(())
    }),
    ("CONNECTIONS", |f, v| {
        f.connections = Some(number(&v)?);
        Ok(())
    }),
    ("RETENTION_FILE", |f, v| {
        f.retention_file = Some(v.into());
        Ok(())
    }),
    ("SESSIONS_IDLE_MINUTES", |f, v| {
        f.sessions.idle_minutes = Some(number(&v)?);
        Ok(())
    }),
    ("SESSIONS_PRIVILEGED_IDLE_MINUTES", |f, v| {
        f.sessions.privileged_idle_minutes = Some(number(&v)?);
        Ok(())
    }),
    ("SESSIONS_LONGEST_HOURS", |f, v| {
        f.sessions.longest_hours = Some(number(&v)?);
        Ok(())
    }),
    ("ATTENTION_GRACE_HOURS", |f, v| {
        f.attention.grace_hours = Some(number(&v)?);
        Ok(())
    }),
    ("MAIL_HOST", |f, v| {
        f.mail.host = Some(v);
        Ok(())
    }),
    ("MAIL_PORT", |f, v| {
        f.mail.port = Some(number(&v)?);
        Ok(())
    }),
    ("MAIL_TLS", |f, v| {
        f.mail.tls = Some(match v.as_str() {
            "none" => Tls::None,
            "starttls" => Tls::StartTls,
            "tls" => Tls::Tls,
            _ => return Err(format!("`{v}` is not one of none, starttls, tls")),
        });
        Ok(())
    }),
    ("MAIL_USER", |f, v| {
        f.mail.user = Some(v);
        Ok(())
    }),
    ("MAIL_PASSWORD", |f, v| {
        f.mail.password = Some(Secret(v));
        Ok(())
    }),
    ("MAIL_PASSWORD_FILE", |f, v| {
        f.mail.password_file = Some(v.into());
        Ok(())
    }),
    ("MAIL_FROM", |f, v| {
        f.mail.from = Some(v);
        Ok(())
    }),
    ("MAIL_AUTHORITIES_FILE", |f, v| {
        f.mail.authorities_file = Some(v.into());
        Ok(())
    }),
    ("MAIL_REPLIES", |f, v| {
        f.mail.replies = Some(v);
        Ok(())
    }),
    ("MAIL_REPLIES_LISTEN", |f, v| {
        f.mail.replies_listen = Some(v);
        Ok(())
    }),
    ("OUTBOUND_ALLOW", |f, v| {
        f.outbound.allow = Some(v.split(',').map(|n| n.trim().to_owned()).collect());
        Ok(())
    }),
    ("OUTBOUND_AUTHORITIES_FILE", |f, v| {
        f.outbound.authorities_file = Some(v.into());
        Ok(())
    }),
    ("XAPI_VERSION", |f, v| {
        f.xapi.version = Some(v);
        Ok(())
    }),
    ("XAPI_ORIGINS", |f, v| {
        f.xapi.origins = Some(v.split(',').map(|o| o.trim().to_owned()).collect());
        Ok(())
    }),
];

/// Flags that change the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) database: Option<String>,
    pub(crate) listen: Option<String>,
}

/// What the server runs with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    /// As people reach it; from the address where nothing was said.
    pub(crate) public_url: Option<String>,
    pub(crate) name: String,
    pub(crate) zone: Zone,
    pub(crate) place: Place,
    pub(crate) log: String,
    pub(crate) proxies: Vec<IpAddr>,
    pub(crate) connections: usize,
    /// After how long what goes.
    pub(crate) retention: Vec<Rule>,
    pub(crate) sessions: SessionRules,
    /// Hours for which an alert is the person's alone; `None` where nothing is said.
    pub(crate) grace_hours: Option<u32>,
    pub(crate) mail: Option<connect::mail::Config>,
    /// Where replies to mails go and come in.
    pub(crate) replies: Option<Replies>,
    /// How webhooks leave.
    pub(crate) outbound: connect::http::Config,
    /// What `/xapi` expects of a request that names no version.
    pub(crate) xapi_version: xapi::Version,
    /// Sites whose scripts may use `/xapi`.
    pub(crate) xapi_origins: Vec<String>,
}

/// Where replies to mails go and come in.
#[derive(Debug, Clone)]
pub(crate) struct Replies {
    /// The address of which each mail's reply address is made.
    pub(crate) address: String,
    /// Where a mail server hands them over, by LMTP.
    pub(crate) listen: SocketAddr,
}

/// Reads everything that is set and judges it as a whole.
pub(crate) fn load(flags: &Flags, vars: impl Iterator<Item = (String, String)>) -> Result<Config, Bad> {
    let vars: Vec<(String, String)> =
        vars.filter(|(name, _)| name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX)).collect();
    let named =
        vars.iter().find(|(name, _)| name == "THROUGHLINE_CONFIG").map(|(_, path)| PathBuf::from(path));
    let path = flags.config.clone().or(named);
    let mut file = match &path {
        Some(path) => read(path)?,
        None => File::default(),
    };
    for (name, value) in vars.into_iter().filter(|(name, _)| name != "THROUGHLINE_CONFIG") {
        let key = &name[PREFIX.len()..];
        let Some((_, set)) = KEYS.iter().find(|(k, _)| *k == key) else {
            let known: Vec<String> = KEYS.iter().map(|(k, _)| format!("{PREFIX}{k}")).collect();
            return Err(Bad::new(
                format!("variable {name}"),
                format!("not known; the known ones are {}", known.join(", ")),
            ));
        };
        set(&mut file, value).map_err(|reason| Bad::new(format!("variable {name}"), reason))?;
    }
    // A flag for one kind of database overrules the other kind wherever that was set.
    if flags.data.is_some() || flags.database.is_some() {
        (file.data, file.database, file.database_file) = (None, None, None);
    }
    file.data = flags.data.clone().or(file.data);
    file.database = flags.database.clone().map(Secret).or(file.database);
    file.listen = flags.listen.clone().or(file.listen);
    judge(file, path)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Bad> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        Bad::new(shown.to_string(), format!("cannot be read: {e}; check --config and retention_file"))
    })?;
    toml::from_str(&text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let key = text.lines().nth(line - 1).and_then(|l| l.split('=').next()).unwrap_or_default().trim();
        let place = if key.is_empty() {
            format!("{shown}, line {line}")
        } else {
            format!("{shown}, line {line}, key {key}")
        };
        Bad::new(place, error.message())
    })
}

fn judge(file: File, path: Option<PathBuf>) -> Result<Config, Bad> {
    let listen = file.listen.unwrap_or_else(|| "127.0.0.1:8080".into());
    let listen = listen.parse().map_err(|_| {
        Bad::new("listen", format!("`{listen}` is not an address with a port, such as 127.0.0.1:8080"))
    })?;
    let public_url = file.public_url.map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = &public_url {
        let host = url.strip_prefix("https://").or(url.strip_prefix("http://"));
        if !host.is_some_and(|h| {
            !h.is_empty() && h.bytes().all(|b| b.is_ascii_graphic() && !b"/?#\"<>".contains(&b))
        }) {
            return Err(Bad::new(
                "public_url",
                format!("`{url}` is not the address of a server, such as https://throughline.example.com"),
            ));
        }
    }
    let zone = Zone::named(file.zone.as_deref().unwrap_or("UTC")).map_err(|e| Bad::new("zone", e))?;
    let proxies = file.trusted_proxies.unwrap_or_default();
    let proxies = proxies
        .iter()
        .map(|p| p.parse().map_err(|_| Bad::new("trusted_proxies", format!("`{p}` is not an IP address"))))
        .collect::<Result<Vec<IpAddr>, Bad>>()?;
    let connections = file.connections.unwrap_or(4096);
    if connections == 0 {
        return Err(Bad::new(
            "connections",
            "0 would let nobody in; give at least 1, or leave the key out for 4096",
        ));
    }
    let rules = SessionRules::default();
    let minutes = |given: Option<u32>, key: &str, otherwise: i64| match given {
        Some(0) => Err(Bad::new(key, "0 would end every session at once; give at least 1")),
        Some(n) => Ok(i64::from(n)),
        None => Ok(otherwise),
    };
    let sessions = SessionRules {
        idle: minutes(file.sessions.idle_minutes, "sessions.idle_minutes", rules.idle / 60)? * 60,
        idle_privileged: minutes(
            file.sessions.privileged_idle_minutes,
            "sessions.privileged_idle_minutes",
            rules.idle_privileged / 60,
        )? * 60,
        longest: minutes(file.sessions.longest_hours, "sessions.longest_hours", rules.longest / 3600)? * 3600,
    };
    let grace_hours = file.attention.grace_hours;
    if grace_hours.is_some_and(|hours| hours > 14 * 24) {
        return Err(Bad::new(
            "attention.grace_hours",
            "more than two weeks would keep a leader from what they should help with; give at most 336, or 0 for at once",
        ));
    }
    Ok(Config {
        file: path,
        listen,
        public_url,
        name: file.name.unwrap_or_else(|| NAME.into()),
        zone,
        place: place(file.data, file.database, file.database_file)?,
        log: file.log.unwrap_or_else(|| "info".into()),
        proxies,
        connections,
        retention: retention(file.retention_file.as_deref())?,
        sessions,
        grace_hours,
        replies: replies(&file.mail)?,
        mail: mail(file.mail)?,
        outbound: outbound(file.outbound)?,
        xapi_version: xapi_version(file.xapi.version.as_deref())?,
        xapi_origins: xapi_origins(file.xapi.origins.unwrap_or_default())?,
    })
}

/// The file of rules of retention: `[[rule]]` with `class`, `days`, `why` and what else narrows it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionFile {
    #[serde(default)]
    rule: Vec<Rule>,
}

fn retention(path: Option<&Path>) -> Result<Vec<Rule>, Bad> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let RetentionFile { rule: rules } = read(path)?;
    for (n, rule) in rules.iter().enumerate() {
        if let Some((key, reason)) = rule.faults().into_iter().next() {
            return Err(Bad::new(format!("{}, rule {}, key {key}", path.display(), n + 1), reason));
        }
    }
    Ok(rules)
}

fn replies(mail: &Mail) -> Result<Option<Replies>, Bad> {
    let (address, listen) = match (&mail.replies, &mail.replies_listen) {
        (None, None) => return Ok(None),
        (Some(address), Some(listen)) => (address, listen),
        (Some(_), None) => {
            return Err(Bad::new(
                "mail.replies_listen",
                "missing; give the address at which the mail server hands replies over, such as 127.0.0.1:2424",
            ));
        }
        (None, Some(_)) => {
            return Err(Bad::new(
                "mail.replies",
                "missing; give the address for replies, such as replies@example.com",
            ));
        }
    };
    let fits = address.split_once('@').is_some_and(|(local, host)| {
        // 43 letters of token and a plus sign have to fit into the 64 that a local part may have.
        let word = |t: &str, most| {
            !t.is_empty()
                && t.len() <= most
                && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        word(local, 20) && word(host, 200)
    });
    if !fits {
        return Err(Bad::new(
            "mail.replies",
            format!("`{address}` is not like replies@example.com, with at most 20 letters before the @"),
        ));
    }
    let listen = listen.parse().map_err(|_| {
        Bad::new(
            "mail.replies_listen",
            format!("`{listen}` is not an address with a port, such as 127.0.0.1:2424"),
        )
    })?;
    Ok(Some(Replies { address: address.clone(), listen }))
}

fn outbound(outbound: Outbound) -> Result<connect::http::Config, Bad> {
    let allow = outbound.allow.unwrap_or_default();
    let allow = allow.iter().map(|n| n.parse().map_err(|e: String| Bad::new("outbound.allow", e)));
    let allow = allow.collect::<Result<Vec<_>, Bad>>()?;
    let authorities = outbound.authorities_file.map(|path| {
        std::fs::read(&path).map_err(|e| {
            Bad::new("outbound.authorities_file", format!("{} cannot be read: {e}", path.display()))
        })
    });
    Ok(connect::http::Config { allow, authorities: authorities.transpose()?, ..Default::default() })
}

fn xapi_version(text: Option<&str>) -> Result<xapi::Version, Bad> {
    match text {
        None | Some("1.0.3") => Ok(xapi::Version::V1_0_3),
        Some("2.0") => Ok(xapi::Version::V2_0),
        Some(other) => Err(Bad::new("xapi.version", format!("`{other}` is neither 1.0.3 nor 2.0"))),
    }
}

fn xapi_origins(origins: Vec<String>) -> Result<Vec<String>, Bad> {
    for origin in &origins {
        if !web::cors::is_origin(origin) {
            return Err(Bad::new(
                "xapi.origins",
                format!(
                    "`{origin}` is not the address of a site without a path, such as https://content.example.com"
                ),
            ));
        }
    }
    Ok(origins)
}

fn place(
    data: Option<PathBuf>,
    database: Option<Secret>,
    database_file: Option<PathBuf>,
) -> Result<Place, Bad> {
    let url = match (database, database_file) {
        (Some(_), Some(_)) => {
            return Err(Bad::new("database_file", "database is set too; leave one of them out"));
        }
        (Some(Secret(url)), None) => Some(url),
        (None, Some(path)) => Some(secret_in(&path, "database_file")?.0),
        (None, None) => None,
    };
    match (url, data) {
        (Some(_), Some(_)) => Err(Bad::new("data", "database is set too; leave one of them out")),
        (Some(url), None) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Place::Postgres(url))
        }
        (Some(_), None) => Err(Bad::new(
            "database",
            "this is not a PostgreSQL address, such as postgres://user@host/name; for the embedded database give data instead",
        )),
        (None, data) => {
            Ok(Place::Sqlite(data.unwrap_or_else(|| "throughline-data".into()).join("throughline.db")))
        }
    }
}

fn secret_in(path: &Path, key: &str) -> Result<Secret, Bad> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Bad::new(key, format!("{} cannot be read: {e}", path.display())))?;
    Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn mail(mail: Mail) -> Result<Option<connect::mail::Config>, Bad> {
    let Some(host) = mail.host else {
        if mail.from.is_some() || mail.user.is_some() || mail.port.is_some() {
            return Err(Bad::new(
                "mail.host",
                "missing; give the mail server, or leave the whole of mail out",
            ));
        }
        return Ok(None);
    };
    let Some(from) = mail.from else {
        return Err(Bad::new(
            "mail.from",
            "missing; give the sender, such as Throughline <throughline@example.com>",
        ));
    };
    let password = match (mail.password, mail.password_file) {
        (Some(_), Some(_)) => {
            return Err(Bad::new("mail.password_file", "mail.password is set too; leave one of them out"));
        }
        (Some(password), None) => Some(password),
        (None, Some(path)) => Some(secret_in(&path, "mail.password_file")?),
        (None, None) => None,
    };
    let credentials = match (mail.user, password) {
        (Some(user), Some(Secret(password))) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err(Bad::new("mail.password_file", "missing; mail.user is set")),
        (None, Some(_)) => return Err(Bad::new("mail.user", "missing; a password is set")),
    };
    let tls = mail.tls.unwrap_or(Tls::StartTls);
    let port = mail.port.unwrap_or(match tls {
        Tls::None => 25,
        Tls::StartTls => 587,
        Tls::Tls => 465,
    });
    let authorities = match mail.authorities_file {
        Some(path) => Some(std::fs::read(&path).map_err(|e| {
            Bad::new("mail.authorities_file", format!("{} cannot be read: {e}", path.display()))
        })?),
        None => None,
    };
    let timeout = std::time::Duration::from_secs(30);
    Ok(Some(connect::mail::Config { host, port, tls, credentials, from, hello: None, authorities, timeout }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> std::vec::IntoIter<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
    }
    fn with_file(text: &str, pairs: &[(&str, &str)], flags: Flags) -> Result<Config, Bad> {
        let folder = testkit::TempDir::new();
        let path = folder.path().join("throughline.toml");
        std::fs::write(&path, text).unwrap();
        load(&Flags { config: Some(path), ..flags }, vars(pairs))
    }

    #[test]
    fn flags_win_over_variables_over_the_file() {
        let text = "listen = \"127.0.0.1:1\"\nname = \"File\"\nzone = \"Europe/Berlin\"\n[sessions]\nidle_minutes = 5\n";
        let env = [("THROUGHLINE_LISTEN", "127.0.0.1:2"), ("THROUGHLINE_NAME", "Variable"), ("OTHER", "x")];
        let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
        let config = with_file(text, &env, flags).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.name, "Variable");
        assert_eq!(config.zone.name(), "Europe/Berlin");
        assert_eq!((config.sessions.idle, config.sessions.idle_privileged), (300, 900));
        let config = load(&Flags::default(), vars(&[])).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.place, Place::Sqlite("throughline-data/throughline.db".into()));
    }

    #[test]
    fn a_database_flag_overrules_the_other_kind() {
        let flags = Flags { data: Some("here".into()), ..Flags::default() };
        let config = with_file("database = \"postgres://u:secret@h/n\"\n", &[], flags).unwrap();
        assert_eq!(config.place, Place::Sqlite("here/throughline.db".into()));
        let config = with_file("database = \"postgres://u:hush@h/n\"\n", &[], Flags::default()).unwrap();
        assert!(!format!("{config:?}").contains("hush"), "{config:?}");
    }

    #[test]
    fn mistakes_are_named_by_file_line_and_key() {
        let bad = |text: &str| with_file(text, &[], Flags::default()).unwrap_err().to_string();
        let said = bad("name = \"x\"\ncolour = \"red\"\n");
        assert!(
            said.contains("throughline.toml, line 2, key colour") && said.contains("unknown field"),
            "{said}"
        );
        let said = bad("listen = 8080\n");
        assert!(said.contains("line 1, key listen"), "{said}");
        assert!(bad("listen = \"8080\"").contains("127.0.0.1:8080"));
        assert!(bad("public_url = \"ftp://x\"").contains("public_url"));
        assert!(bad("zone = \"Mars/Olympus\"").contains("zone"));
        assert!(bad("[mail]\nfrom = \"a@b\"").contains("mail.host"));
        assert!(bad("[xapi]\nversion = \"1.0\"").contains("xapi.version"));
        assert!(bad("[xapi]\norigins = [\"*\"]").contains("xapi.origins"));
        assert!(bad("[mail]\nhost = \"h\"\n").contains("mail.from"));
        assert!(bad("[sessions]\nidle_minutes = 0").contains("sessions.idle_minutes"));
        assert!(bad("[attention]\ngrace_hours = 400").contains("attention.grace_hours"));
        assert!(bad("data = \"x\"\ndatabase = \"postgres://h/n\"").contains("database"));
        let said = load(&Flags::default(), vars(&[("THROUGHLINE_LISTN", "x")])).unwrap_err().to_string();
        assert!(said.contains("THROUGHLINE_LISTN") && said.contains("THROUGHLINE_LISTEN"), "{said}");
        let said =
            load(&Flags::default(), vars(&[("THROUGHLINE_MAIL_PORT", "many")])).unwrap_err().to_string();
        assert!(said.contains("THROUGHLINE_MAIL_PORT"), "{said}");
        assert!(load(&Flags::default(), vars(&[("THROUGHLINE_TEST_POSTGRES", "x")])).is_ok());
    }
}
