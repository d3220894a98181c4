//! Throughline's nouns and every rule about them.
//!
//! No I/O, no async, no clock: the same input gives the same decision.
//! A function here takes values and returns a value or a typed refusal; `app` reads what it needs, asks, and writes the answer.
//!
//! Each noun is one module, and the same name names its file in `store`, `app`, `web/api` and `web/ui`.
//! To add a rule, find its noun, write a pure function, and test it by value beside the code.

/// Defines an enum whose variants have one word each: the same in storage, files, the API and code.
macro_rules! worded {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }
        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// Its one word in storage, files and the API.
            pub const fn word(self) -> &'static str { match self { $($name::$variant => $word,)+ } }
            /// Reads [`Self::word`] back.
            pub fn from_word(word: &str) -> Option<Self> { match word { $($word => Some($name::$variant),)+ _ => None } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }
    };
}

pub mod access;
pub mod actors;
pub mod alerts;
pub mod attention;
pub mod calendars;
pub mod cases;
pub mod coaching;
pub mod feeds;
pub mod figures;
pub mod forwarding;
pub mod ids;
pub mod interventions;
pub mod learning;
pub mod metrics;
pub mod outbox;
pub mod people;
pub mod retention;
pub mod sign_in;
pub mod studies;
pub mod targets;
pub mod time;
pub mod webhooks;
