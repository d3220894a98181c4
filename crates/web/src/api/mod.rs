//! The JSON API. Wire types are separate from `domain`, so that each can change alone.

pub mod assets;
pub mod calendars;
pub mod files;
pub mod keys;
pub mod observations;
pub mod ready;
pub mod rules;
pub mod silences;
pub mod studies;
pub mod webhooks;
pub mod work;
pub mod xapi;
