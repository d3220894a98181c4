//! A server under measurement: started on a folder of its own, watched through `/proc`, stopped at the end.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::{house, steps};

/// A running `throughline serve` or `throughline demo`. Dropping it stops it.
pub(crate) struct Server {
    child: Child,
    /// The base address it printed.
    pub(crate) url: String,
    /// From start to the line that says it is ready.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts the release binary and waits for its `ready http://…` line. What it logs goes to `log` in the folder
    /// above its data.
    ///
    /// # Errors
    /// Where it ends or stays silent before it is ready; the end of its log is in the message.
    pub(crate) fn start(command: &str, data: &Path, words: &[&str]) -> Result<Self> {
        let data_word = data.display().to_string();
        let mut all = vec![command, "--data", &data_word, "--listen", "127.0.0.1:0"];
        all.extend(words);
        Self::launch(&house::binary(true), &all, data)
    }

    /// [`Server::start`] with any binary and all its words. What it logs goes beside `named`, with the ending `log`.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn launch(binary: &Path, words: &[&str], named: &Path) -> Result<Self> {
        let log_path = named.with_extension("log");
        let log = std::fs::File::create(&log_path)?;
        let began = Instant::now();
        let mut child = Command::new(binary)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start throughline")?;
        let output = child.stdout.take().ok_or_else(|| anyhow!("no output"))?;
        let mut lines = BufReader::new(output).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ready ").map(|url| url.trim().trim_end_matches('/').to_owned())
        });
        let ready_after = began.elapsed();
        // Nobody reads on, but the server must not block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(url) = url else {
            let _ = child.wait();
            let said = std::fs::read_to_string(&log_path).unwrap_or_default();
            bail!("throughline {} ended before it was ready. It said:\n{said}", words.join(" "));
        };
        Ok(Self { child, url, ready_after })
    }

    /// Where to connect.
    ///
    /// # Errors
    /// Where the printed address is none.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        let host = self.url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        host.to_socket_addrs()
            .with_context(|| format!("`{}` is no address", self.url))?
            .next()
            .ok_or_else(|| anyhow!("`{}` has no address", self.url))
    }

    /// Processor time used so far, in all threads.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(&self.child.id().to_string())
    }

    /// Memory resident now, in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.and_then(|rest| rest.trim().split(' ').next()?.parse().ok()).unwrap_or(0.0);
        (kib / 102.4).round() / 10.0
    }

    /// Waits until the server has used next to no processor time for a second, two minutes at most.
    pub(crate) fn settle(&self) -> Duration {
        let began = Instant::now();
        let mut before = self.cpu();
        while began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_secs(1));
            let now = self.cpu();
            if now.saturating_sub(before) < Duration::from_millis(30) {
                break;
            }
            before = now;
        }
        began.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Processor time of a process (`self` for this one), from `/proc`.
pub(crate) fn cpu_of(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    let fields: Vec<&str> = after_name.split(' ').collect();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let per_second = steps::answer("getconf", &["CLK_TCK"]).and_then(|text| text.parse().ok()).unwrap_or(100);
    Duration::from_millis((field(11) + field(12)) * 1000 / per_second)
}

/// Processor time of every process whose parent is this one, beside its own and that of those that have ended.
pub(crate) fn cpu_of_family(parent: &str) -> Duration {
    let stat = |process: &str| std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let field = |stat: &str, at: usize| {
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        after_name.split(' ').nth(at).map(str::to_owned).unwrap_or_default()
    };
    let children = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let children: Duration = children
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()) && field(&stat(name), 1) == parent)
        .map(|name| cpu_of(&name))
        .sum();
    let ended: u64 = [13, 14].iter().filter_map(|&at| field(&stat(parent), at).parse::<u64>().ok()).sum();
    children + cpu_of(parent) + Duration::from_millis(ended * 10)
}

/// Bytes of all files in a folder.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let mut folders = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => folders.push(entry.path()),
                Ok(data) => bytes += data.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// An empty folder for one measurement, on the disk that builds are on; dropping it removes it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let folder = house::target().join("bench").join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where a server keeps its database.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
