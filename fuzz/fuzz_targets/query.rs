//! Parameters of requests, as in an address.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/xapi/tests/exercise/mod.rs"]
mod exercise;

fuzz_target!(|text: &str| {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    exercise::query(&pairs);
});
