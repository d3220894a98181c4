//! Lists the built stylesheet, script and icons for `assets.rs` to embed, each named by a hash of its content.
//!
//! The files come from `npm run build` in `assets/` (`cargo xtask assets`). Without them a debug build falls back to
//! the stylesheet's source and no script, because every page works without; a release build refuses.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const NAMES: [&str; 6] = ["app.css", "app.js", "chart.js", "early.js", "icons.svg", "mark.svg"];

fn main() {
    let assets = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("assets");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default());
    println!("cargo:rerun-if-changed=build.rs");
    for watched in ["dist", "css", "icons.svg", "mark.svg"] {
        println!("cargo:rerun-if-changed={}", assets.join(watched).display());
    }

    let dist = assets.join("dist");
    let built = NAMES.iter().all(|name| dist.join(name).is_file());
    if !built && env::var("PROFILE").as_deref() == Ok("release") {
        println!(
            "cargo:error=crates/web/assets/dist is missing or incomplete: run `cargo xtask assets` first"
        );
        return;
    }
    if !built {
        println!("cargo:warning=no built assets, so pages have no script: run `cargo xtask assets`");
    }

    let mut table = String::from("[\n");
    for name in NAMES {
        let bytes = if built { read(&dist.join(name)) } else { fallback(&assets, name) };
        let (stem, kind) = name.split_once('.').unwrap_or((name, ""));
        let copy = out.join(name);
        if let Err(error) = fs::write(&copy, &bytes) {
            println!("cargo:error=cannot write {}: {error}", copy.display());
            return;
        }
        let _ = writeln!(
            table,
            "    Asset {{ name: {name:?}, path: \"{stem}.{hash:016x}.{kind}\", etag: \"\\\"{hash:016x}\\\"\", \
             content_type: {content_type:?}, bytes: include_bytes!({copy:?}) }},",
            hash = fnv1a(&bytes),
            content_type = content_type(kind),
            copy = copy.display().to_string(),
        );
    }
    table.push_str("]\n");
    if let Err(error) = fs::write(out.join("assets_table.rs"), table) {
        println!("cargo:error=cannot write the table of assets: {error}");
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| {
        println!("cargo:error=cannot read {}: {error}", path.display());
        Vec::new()
    })
}

fn fallback(assets: &Path, name: &str) -> Vec<u8> {
    match name {
        "app.css" => [read(&assets.join("css/tokens.css")), read(&assets.join("css/app.css"))].concat(),
        "app.js" | "chart.js" | "early.js" => Vec::new(),
        other => read(&assets.join(other)),
    }
}

fn content_type(kind: &str) -> &'static str {
    match kind {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    }
}

/// 64-bit FNV-1a: tells versions of a file apart, nothing more.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
