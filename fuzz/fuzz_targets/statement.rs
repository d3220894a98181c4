//! Statements as JSON: what is refused has a reason, what is accepted comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/xapi/tests/exercise/mod.rs"]
mod exercise;

fuzz_target!(|data: &[u8]| exercise::statements(data));
