//! IRIs, addresses and actors' keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/xapi/tests/exercise/mod.rs"]
mod exercise;

fuzz_target!(|text: &str| exercise::words(text));
