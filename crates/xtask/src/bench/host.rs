//! The machine that is measured on, and the floors it sets: how fast its disk confirms a write and its memory moves bytes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use super::latency::round;
use crate::steps;

/// What a reader must know before comparing figures.
#[derive(Debug, Serialize)]
pub(crate) struct Host {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    pub(crate) os: String,
    pub(crate) rustc: String,
    pub(crate) commit: String,
    /// Appends of 4 KiB, each confirmed by the disk before the next.
    pub(crate) disk_syncs_per_s: f64,
    /// Bytes copied from one large block of memory to another.
    pub(crate) memory_copy_gb_per_s: f64,
    /// How busy the machine already was: work of others over the last minute.
    pub(crate) load_before: String,
}

impl Host {
    /// Describes and measures this machine; `folder` is on the disk that the database will be on.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub(crate) fn measure(folder: &Path) -> Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once([':', '='])?.1.trim().trim_matches('"').to_owned())
        };
        let kib: f64 = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse().ok())
            .unwrap_or(0.0);
        let asked =
            |program, words: &[&str]| steps::answer(program, words).unwrap_or_else(|| "unknown".into());
        Ok(Self {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: (kib / 1024.0 / 1024.0 * 10.0).round() / 10.0,
            kernel: asked("uname", &["-sr"]),
            os: field(&read("/etc/os-release"), "PRETTY_NAME").unwrap_or_else(|| "unknown".into()),
            rustc: asked("rustc", &["--version"]),
            commit: asked("git", &["describe", "--always", "--dirty"]),
            load_before: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
            disk_syncs_per_s: disk_syncs_per_s(folder)?,
            memory_copy_gb_per_s: memory_copy_gb_per_s(),
        })
    }
}

fn disk_syncs_per_s(folder: &Path) -> Result<f64> {
    let path = folder.join("syncs");
    let mut file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let block = [7_u8; 4096];
    let began = Instant::now();
    let mut syncs = 0_u32;
    while began.elapsed() < Duration::from_secs(2) {
        file.write_all(&block)?;
        file.sync_data()?;
        syncs += 1;
    }
    let rate = f64::from(syncs) / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate.round())
}

fn memory_copy_gb_per_s() -> f64 {
    const BYTES: usize = 256 << 20;
    let from = vec![1_u8; BYTES];
    let mut to = vec![0_u8; BYTES];
    let began = Instant::now();
    let mut copies = 0_u32;
    while began.elapsed() < Duration::from_secs(1) {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        copies += 1;
    }
    round(f64::from(copies) * BYTES as f64 / began.elapsed().as_secs_f64() / 1e9)
}
