//! Throughline's nouns and every rule about them.
//!
//! No I/O, no async, no clock: the same input gives the same decision.
//! A function here takes values and returns a value or a typed refusal; `app` reads what it needs, asks, and writes the answer.
//!
//! Each noun is one module, and the same name names its file in `store`, `app`, `web/api` and `web/ui`.
//! To add a rule, find its noun, write a pure function, and test it by value beside the code.

pub mod ids;
pub mod time;
