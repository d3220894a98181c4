//! `throughline key` and `throughline person`: what whoever administers the host may do.
//!
//! The embedded database belongs to one process. While a server has it open, the same command is handed to that server
//! over a socket beside the database, which only this account can open.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use app::App;
use app::access::{self, NewKey};
use app::outbox::log::{self as outbox_log, Wanted};
use clap::Subcommand;
use domain::access::{
    AccessRole, Asked, KeyScope, Permit, ReadDeliveries, Relation, ReplayDeliveries, Resource, Who,
    WriteAssignment, WriteKey, permit, scope,
};
use domain::actors::ActorPattern;
use domain::ids::{DeliveryId, KeyId};
use domain::outbox::State as Standing;
use domain::people::PersonState;
use domain::time::{Day, Instant};
use serde::{Deserialize, Serialize};
use store::db::Error as StoreError;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::config::Config;
use crate::{doctor, opened};

fn scope_of(text: &str) -> Result<KeyScope, String> {
    let known = || KeyScope::ALL.iter().map(|s| s.word()).collect::<Vec<_>>().join(", ");
    KeyScope::from_word(text).ok_or_else(|| format!("not one of {}", known()))
}
fn role_of(text: &str) -> Result<AccessRole, String> {
    let known = || AccessRole::ALL.iter().map(|s| s.word()).collect::<Vec<_>>().join(", ");
    AccessRole::from_word(text).ok_or_else(|| format!("not one of {}", known()))
}
fn state_of(text: &str) -> Result<Standing, String> {
    let known = || Standing::ALL.iter().map(|s| s.word()).collect::<Vec<_>>().join(", ");
    Standing::from_word(text).ok_or_else(|| format!("not one of {}", known()))
}
fn day_of(text: &str) -> Result<Day, String> {
    text.parse::<Day>().map_err(|e| e.to_string())
}

const KEY_EXAMPLES: &str = "\
Examples:
  throughline key create --name \"CRM, observations\" --scope metrics
  throughline key create --name \"LMS\" --scope statements/write --scope statements/read/mine --until 2027-01-01
  throughline key create --name \"Course\" --scope statements/write --actors '*@northwind.example'
  throughline key rotate key_01h… --overlap 14

The key goes before the colon of HTTP Basic, the secret behind it. The secret is shown once and not stored.";

/// Keys of machines.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(crate) enum Key {
    /// Make a key and print it with its secret
    #[command(after_help = KEY_EXAMPLES)]
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may be used for; may be given more than once
        #[arg(long = "scope", required = true, value_parser = scope_of)]
        scopes: Vec<KeyScope>,
        /// The first day on which it no longer works
        #[arg(long, value_name = "DAY", value_parser = day_of)]
        until: Option<Day>,
        /// The only actors it may send statements and documents of, with * for what varies: *@northwind.example
        #[arg(long, value_name = "PATTERN")]
        actors: Option<ActorPattern>,
    },
    /// List all keys, without secrets
    List,
    /// Give a key another secret and print it; what the key sent stays its own
    Rotate {
        /// Its id, as `key list` shows it
        id: KeyId,
        /// How many days the former secret works beside it
        #[arg(long, default_value_t = 7, value_name = "DAYS")]
        overlap: u32,
    },
    /// End a key at once
    Revoke {
        /// Its id, as `key list` shows it
        id: KeyId,
    },
}

const PERSON_EXAMPLES: &str = "\
Examples:
  throughline person invite E1042          prints a link that works once, to choose a password
  throughline person grant E1042 analyst
  throughline person grant E1042 analyst --take
  throughline person disable E1042";

/// People and what they may do.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
#[command(after_help = PERSON_EXAMPLES)]
pub(crate) enum Person {
    /// List people: code, name, address, state
    List {
        /// Only those whose name holds this
        #[arg(default_value = "")]
        name: String,
    },
    /// Print a link that works once, with which a person chooses a password
    Invite {
        /// Their code in the HR system
        code: String,
    },
    /// Shut a person out; their history stays
    Disable {
        /// Their code in the HR system
        code: String,
    },
    /// Give an access role from today on, or take it; without one, list those a person held and holds
    Grant {
        /// Their code in the HR system
        code: String,
        /// exec, analyst, author, admin or privacy
        #[arg(value_parser = role_of)]
        role: Option<AccessRole>,
        /// Take it instead
        #[arg(long, requires = "role")]
        take: bool,
    },
}

const DELIVERY_EXAMPLES: &str = "\
Examples:
  throughline delivery list --state parked
  throughline delivery replay delivery_01h455vb4pex5vsknk084sn02q
  throughline delivery replay --all          once the mail server or the receiver is right again";

/// What left the server, what waits and what is parked.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
#[command(after_help = DELIVERY_EXAMPLES)]
pub(crate) enum Delivery {
    /// List deliveries, newest first: id, when, how, to whom, state, tries, what was said last
    List {
        /// waiting, sent, parked or withdrawn
        #[arg(long, value_parser = state_of)]
        state: Option<Standing>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Send again what is parked
    Replay {
        /// Its id, as `delivery list` shows it
        #[arg(required_unless_present = "all")]
        id: Option<DeliveryId>,
        /// Everything that is parked
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// A command for the database, whoever has it open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Admin {
    Key(Key),
    Person(Person),
    Delivery(Delivery),
    Doctor,
}

/// What a command printed, and whether a check found something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) found: bool,
}

/// Runs a command here, or in the server that has the database open.
pub(crate) async fn run(config: Config, command: Admin) -> anyhow::Result<ExitCode> {
    let said = match opened::store(&config).await {
        Ok(store) => {
            store.migrate(app::Clock::System.now()).await?;
            let app = opened::app(&config, store, opened::public_url(&config, config.listen), false)?;
            let said = perform(&app, &config, command).await;
            app.store.close().await;
            said?
        }
        Err(error) => {
            let in_use = matches!(error.downcast_ref::<StoreError>(), Some(StoreError::InUse { .. }));
            match opened::socket(&config).filter(|_| in_use) {
                Some(path) => ask(&path, &command).await?.ok_or(error)?,
                None => return Err(error),
            }
        }
    };
    print!("{}", said.text);
    Ok(if said.found { ExitCode::from(4) } else { ExitCode::SUCCESS })
}

/// A permit of whoever administers the host.
fn host<A: Asked>(asked: A) -> anyhow::Result<Permit<A>> {
    Ok(permit(&Who::Host, Relation::NONE, asked)?)
}

fn shown(at: Option<Instant>, otherwise: &str) -> String {
    at.map_or_else(|| otherwise.to_owned(), |at| at.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string())
}

async fn perform(app: &App, config: &Config, command: Admin) -> anyhow::Result<Said> {
    let text = match command {
        Admin::Doctor => return doctor::look(app, config).await,
        Admin::Key(Key::Create { name, scopes, until, actors }) => {
            let expires = until.map(|day| app.settings.zone.start_of(day));
            let new = NewKey { name, scopes: scopes.into_iter().collect::<BTreeSet<_>>(), expires, actors };
            let (key, secret) = access::create_key(app, host(WriteKey(()))?, new).await?;
            format!("id      {}\nkey     {}\nsecret  {secret}\n", key.id, key.key)
        }
        Admin::Key(Key::List) => {
            let mut text = String::new();
            for key in access::keys(app, host(WriteKey(()))?).await? {
                let scopes: Vec<&str> = key.scopes.iter().map(|s| s.word()).collect();
                let state = match (key.revoked, key.expires) {
                    (Some(at), _) => format!("ended {}", shown(Some(at), "")),
                    (None, Some(at)) => format!("until {}", shown(Some(at), "")),
                    (None, None) => "no end".to_owned(),
                };
                let used = shown(key.last_used, "never");
                let actors = key.actors.map_or_else(String::new, |p| format!("  for {p} only"));
                text.push_str(&format!(
                    "{}  {}  [{}]  {state}  last used {used}  {}{actors}\n",
                    key.id,
                    key.key,
                    scopes.join(" "),
                    key.name
                ));
            }
            text
        }
        Admin::Key(Key::Rotate { id, overlap }) => {
            let (key, secret) = access::rotate_key(app, host(WriteKey(()))?, id, overlap).await?;
            let until = shown(key.former_until, "");
            format!(
                "id      {}\nkey     {}\nsecret  {secret}\nthe former secret works until {until}\n",
                key.id, key.key
            )
        }
        Admin::Key(Key::Revoke { id }) => {
            access::revoke_key(app, host(WriteKey(()))?, id).await?;
            format!("{id} no longer works\n")
        }
        Admin::Delivery(Delivery::List { state, limit }) => {
            let wanted = Wanted { state, ..Wanted::default() };
            let mut text = String::new();
            for one in
                outbox_log::read(app, host(ReadDeliveries(()))?, wanted, limit.min(10_000)).await?.deliveries
            {
                let (d, said) = (&one.delivery, one.tries.last().map_or("", |t| t.words.as_str()));
                let queued = shown(Some(d.created_at), "");
                text.push_str(&format!(
                    "{}  {queued}  {}  {}  {}  tries {}  {said}\n",
                    d.id,
                    d.kind,
                    one.to,
                    d.state,
                    one.tries.len()
                ));
            }
            text
        }
        Admin::Delivery(Delivery::Replay { id: Some(id), .. }) => {
            outbox_log::replay(app, &host(ReplayDeliveries(()))?, id).await?;
            format!("{id} waits for its turn again\n")
        }
        Admin::Delivery(Delivery::Replay { id: None, .. }) => {
            let count = outbox_log::replay_all(app, &host(ReplayDeliveries(()))?).await?;
            format!("{count} wait for their turn again\n")
        }
        Admin::Person(Person::List { name }) => {
            let all = scope(&Who::Host, Resource::Profile, None);
            let people = access::people_for_host(app, all, &name).await?;
            let mut text = String::new();
            for p in people {
                let state = if p.state == PersonState::Active { "" } else { "  disabled" };
                text.push_str(&format!(
                    "{}  {}  {}{state}\n",
                    p.code,
                    p.name,
                    p.email.as_deref().unwrap_or("no address")
                ));
            }
            text
        }
        Admin::Person(Person::Invite { code }) => {
            let link = access::invite(app, host(WriteAssignment(()))?, &code).await?;
            format!("{link}\n")
        }
        Admin::Person(Person::Disable { code }) => {
            access::disable(app, host(WriteAssignment(()))?, &code).await?;
            format!("{code} can no longer sign in\n")
        }
        Admin::Person(Person::Grant { code, role: None, .. }) => {
            let mut text = String::new();
            for (role, span) in access::grants(app, host(WriteAssignment(()))?, &code).await? {
                let until = span.until.map_or_else(String::new, |day| format!(" until {day}"));
                text.push_str(&format!("{role}  from {}{until}\n", span.from));
            }
            text
        }
        Admin::Person(Person::Grant { code, role: Some(role), take: false }) => {
            access::give_role(app, host(WriteAssignment(()))?, &code, role).await?;
            format!("{code} holds {role}\n")
        }
        Admin::Person(Person::Grant { code, role: Some(role), take: true }) => {
            access::take_role(app, host(WriteAssignment(()))?, &code, role).await?;
            format!("{code} no longer holds {role}\n")
        }
    };
    Ok(Said { text, found: false })
}

/// The most bytes of a command.
const LONGEST: u64 = 64 << 10;

/// A socket that takes commands while the server runs.
pub(crate) struct Commands {
    task: tokio::task::JoinHandle<()>,
    path: PathBuf,
}

impl Commands {
    /// Takes no more.
    pub(crate) fn stop(self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Takes commands on a socket. Called with the database open, so whatever is at the path is left over.
pub(crate) fn listen(app: App, config: Config, path: PathBuf) -> anyhow::Result<Commands> {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::remove_file(&path);
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => anyhow::bail!("cannot open {} for commands: {error}", path.display()),
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (app, config) = (app.clone(), config.clone());
            tokio::spawn(async move {
                if let Err(error) = answer(&app, &config, stream).await {
                    tracing::debug!(%error, "a command broke off");
                }
            });
        }
    });
    Ok(Commands { task, path })
}

async fn answer(app: &App, config: &Config, mut stream: UnixStream) -> anyhow::Result<()> {
    let mut line = String::new();
    BufReader::new((&mut stream).take(LONGEST)).read_line(&mut line).await?;
    let said: Result<Said, String> = match serde_json::from_str(&line) {
        Ok(command) => perform(app, config, command).await.map_err(|e| format!("{e:#}")),
        Err(error) => {
            Err(format!("the running server does not know this command: {error}; is it another version?"))
        }
    };
    stream.write_all(&serde_json::to_vec(&said)?).await?;
    Ok(stream.shutdown().await?)
}

/// Hands a command to the server that has the database open; `None` where none takes commands there.
async fn ask(path: &std::path::Path, command: &Admin) -> anyhow::Result<Option<Said>> {
    let Ok(mut stream) = UnixStream::connect(path).await else { return Ok(None) };
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let said: Result<Said, String> = serde_json::from_str(&text)?;
    said.map(Some).map_err(anyhow::Error::msg)
}
