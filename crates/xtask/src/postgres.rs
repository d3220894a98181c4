//! A throw-away PostgreSQL cluster for one test run.
//!
//! It listens on a free port of 127.0.0.1, belongs to an unprivileged account (`initdb` refuses the superuser),
//! keeps its files in a folder of its own under the temporary directory, and does not wait for the disk.
//!
//! A small shell owns the server and waits for its standard input to end. That input is a pipe whose other end
//! only this process holds, so the cluster goes however this process goes: at the end, on a failure, on Ctrl-C
//! (the shell is in a process group of its own, which the terminal does not signal) and on `kill -9`.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::{machine, steps};

/// Runs the server until standard input ends. Arguments: programs, folder, port, `keep` or `remove`, and whether it waits
/// for the disk: `on` or `off`.
const KEEPER: &str = r#"
cd "$2" || exit 1
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$2" \
    -c fsync="$5" -c synchronous_commit="$5" -c full_page_writes="$5" -c max_connections=300 \
    -c shared_buffers=512MB -c max_wal_size=4GB \
    >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
cd /
[ "$4" = keep ] || rm -rf "$2"
"#;

/// A running cluster. Dropping it stops the server and removes its files.
pub(crate) struct Cluster {
    keeper: Child,
    folder: PathBuf,
    port: u16,
    keep: bool,
}

/// The account that owns a cluster.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Makes and starts a cluster. With `keep`, its files stay behind after it has stopped.
    ///
    /// # Errors
    /// Where the programs are missing, no unprivileged account can be found, or the server does not answer
    /// within half a minute; the server's own words are in the message.
    pub(crate) fn start(keep: bool) -> Result<Self> {
        let cluster = Self::launch(keep, "off")?;
        println!("PostgreSQL answers on 127.0.0.1:{}, files in {}", cluster.port, cluster.folder.display());
        Ok(cluster)
    }

    /// A cluster that waits for the disk at each commit, as one that is run for real does.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub(crate) fn durable() -> Result<Self> {
        Self::launch(false, "on")
    }

    fn launch(keep: bool, waits: &str) -> Result<Self> {
        let programs =
            machine::postgres_programs().ok_or_else(|| anyhow!("the PostgreSQL server is not installed"))?;
        let account = if machine::is_root() { Some(unprivileged_account()?) } else { None };
        let folder = std::env::temp_dir().join(format!("throughline-postgres-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        if let Some(Account { user, group }) = account {
            chown(&folder, Some(user), Some(group))?;
        }
        make_data(&programs, &folder, account)?;
        let port = free_port()?;
        let mut command = as_account(Command::new("sh"), account);
        command.args(["-c", KEEPER, "keeper"]).arg(&programs).arg(&folder).arg(port.to_string());
        command.arg(if keep { "keep" } else { "remove" }).arg(waits).current_dir(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let keeper = command.spawn().context("cannot start the cluster's keeper")?;
        let cluster = Self { keeper, folder, port, keep };
        cluster.wait_until_it_answers(&programs)?;
        Ok(cluster)
    }

    /// Where its tables lie, without its log of changes.
    pub(crate) fn tables(&self) -> PathBuf {
        self.folder.join("data/base")
    }

    /// The process whose children serve the connections.
    pub(crate) fn process(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        text.lines().next().unwrap_or_default().to_owned()
    }

    /// The address that tests are given. Each test makes its own database in this cluster.
    pub(crate) fn url(&self) -> String {
        format!("postgres://throughline@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_it_answers(&self, programs: &Path) -> Result<()> {
        let ready = programs.join("pg_isready");
        let port = self.port.to_string();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            let asked = ["-q", "-h", "127.0.0.1", "-p", &port];
            if steps::answer(&ready.to_string_lossy(), &asked).is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("PostgreSQL did not answer on port {port} within 30 s. It said:\n{log}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
        if self.keep {
            println!("PostgreSQL stopped; its files are kept in {}", self.folder.display());
        }
    }
}

/// Makes the cluster's files. Text sorts as people sort it, where the server can: our own columns must say
/// themselves that they sort by bytes, and on a cluster that sorts by bytes anyway nobody would notice if they did not.
fn make_data(programs: &Path, folder: &Path, account: Option<Account>) -> Result<()> {
    let data = folder.join("data");
    let mut said = String::new();
    for sorting in [&["--locale-provider=icu", "--icu-locale=en-US"] as &[&str], &[]] {
        let mut command = as_account(Command::new(programs.join("initdb")), account);
        command.args(["--username=throughline", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]);
        command
            .args(sorting)
            .arg("--no-sync")
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder)
            .stdin(Stdio::null());
        let output = command.output().context("cannot start initdb")?;
        if output.status.success() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).into_owned();
        let _ = std::fs::remove_dir_all(&data);
    }
    let _ = std::fs::remove_dir_all(folder);
    bail!("initdb failed: {}", said.trim())
}

fn as_account(mut command: Command, account: Option<Account>) -> Command {
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group).env("HOME", "/");
    }
    command
}

/// `postgres`, which Debian's package makes, or `nobody`, which is everywhere.
fn unprivileged_account() -> Result<Account> {
    let number = |flag: &str, name: &str| steps::answer("id", &[flag, name])?.parse().ok();
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some(Account { user: number("-u", name)?, group: number("-g", name)? }))
        .ok_or_else(|| {
            anyhow!(
                "no account `postgres` or `nobody` to run PostgreSQL as; make one, or run as a plain user"
            )
        })
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
