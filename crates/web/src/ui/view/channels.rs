//! Where what a person is told goes besides this server.

use askama::Template;

use super::Shell;
use crate::ui::filters;
use crate::ui::format::Moment;

/// Chats and systems that ask for, or get, what the person is told.
///
/// Forms: `POST /channels/calendar` with `do` = `make` or `end`; `POST /channels/{id}` with `do` = `alone`, `others`, `stop` or `test`.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "channels.html")]
pub struct ChannelsPage {
    /// The frame.
    pub shell: Shell,
    /// Each one, oldest first.
    pub rows: Vec<ChannelRow>,
    /// Since when the person has a calendar feed.
    pub feed_since: Option<Moment>,
    /// Its address, where it was made just now.
    pub feed: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// Its id, as the form sends it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// "Slack".
    pub by: String,
    /// The host it is at.
    pub host: String,
    /// "On. Only you read it".
    pub state: String,
    /// Whether it waits for the person's word.
    pub asked: bool,
    /// Whether it is told.
    pub on: bool,
}
