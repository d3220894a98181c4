//! Bodies of several parts; the first line of the input is the content type.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/xapi/tests/exercise/mod.rs"]
mod exercise;

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|b| *b == b'\n').unwrap_or(0);
    let content_type = String::from_utf8_lossy(&data[..at]);
    exercise::multipart(&content_type, data.get(at + 1..).unwrap_or_default());
});
