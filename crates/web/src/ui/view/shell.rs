//! The frame around every page: top bar, navigation, demo strip, toast, and who can see this.

use domain::time::Day;

use super::icon;
use crate::assets;
use crate::ui::format;
use crate::ui::svg::{Markup, escape};

/// A place in the main navigation. Each person sees at most five, by access role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A team member's first page.
    Today,
    /// A leader's first page.
    Team,
    /// A leader's own metrics: the same page as [`Place::Today`], under another name.
    MyOwn,
    /// One's coaching sessions.
    Coaching,
    /// Chains of evidence.
    Chains,
    /// What was tried, what it changed, what it cost.
    Support,
    /// Performance-analysis cases.
    Cases,
    /// Feeds and the server.
    Health,
    /// People and org units.
    People,
}

impl Place {
    /// Its address.
    pub const fn href(self) -> &'static str {
        match self {
            Place::Today | Place::MyOwn => "/today",
            Place::Team => "/team",
            Place::Coaching => "/coaching",
            Place::Chains => "/chains",
            Place::Support => "/support",
            Place::Cases => "/cases",
            Place::Health => "/health",
            Place::People => "/people",
        }
    }
    /// Its name in the top bar.
    pub const fn label(self) -> &'static str {
        match self {
            Place::Today => "Today",
            Place::Team => "My team",
            Place::MyOwn => "My own",
            Place::Coaching => "Coaching",
            Place::Chains => "Chains",
            Place::Support => "Support results",
            Place::Cases => "Cases",
            Place::Health => "Data health",
            Place::People => "People",
        }
    }
    /// Its shorter name in the phone's bar.
    pub const fn short(self) -> &'static str {
        match self {
            Place::Support => "Results",
            Place::Health => "Health",
            other => other.label(),
        }
    }
    /// The name of its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Place::Today | Place::MyOwn => "today",
            Place::Team => "team",
            Place::Coaching => "coach",
            Place::Chains => "chain",
            Place::Support => "support",
            Place::Cases => "case",
            Place::Health => "feed",
            Place::People => "people",
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Their name.
    pub name: String,
    /// Their job role, or what they do here: "Account manager".
    pub job_role: String,
}

impl Viewer {
    /// Their picture: initials in a circle.
    pub fn avatar(&self) -> Markup {
        avatar(&self.name, "")
    }
}

/// A short message after something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What was done: "Sent to Maya. She can take, swap or decline."
    pub text: String,
    /// Where a POST takes it back, where that is possible.
    pub undo: Option<String>,
}

/// The foot of every page with personal data: who can see it, who looked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// Who can see this page: "You and Daniel Osei can see this page."
    pub who: String,
    /// Who looked last; may be empty.
    pub looked: String,
    /// Words and address of the link at its end: "My data".
    pub link: Option<Link>,
}

/// Words that lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The words.
    pub text: String,
    /// The address.
    pub href: String,
}

impl Link {
    /// From words and an address.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into() }
    }
}

/// What surrounds every page.
///
/// Its forms: `POST /sign-out` (no fields); the toast's undo posts to [`Toast::undo`] (no fields).
/// Signed-in pages listen to `GET /live`, a stream of server-sent events named `today`, `team`, `alert`, `session`,
/// `notifications`; on each, the parts of the page with that name are fetched again from the page's own address.
#[derive(Debug, Clone, PartialEq)]
pub struct Shell {
    /// The title in the browser's tab; " · Throughline" is added.
    pub title: String,
    /// Today, where the viewer is: decides whether dates carry a year.
    pub today: Day,
    /// Who is signed in; `None` on sign-in, set-up, persona picker and their errors.
    pub viewer: Option<Viewer>,
    /// The places in the navigation.
    pub places: Vec<Place>,
    /// The place this page belongs to.
    pub here: Option<Place>,
    /// Notifications not seen yet; `None` hides the bell.
    pub unseen: Option<u32>,
    /// In demo mode the name of the invented organisation: shows the strip with "Be someone else".
    pub demo: Option<String>,
    /// What was just done.
    pub toast: Option<Toast>,
    /// Who can see this page; every page with personal data has it.
    pub sight: Option<Sight>,
}

impl Shell {
    /// A frame without anyone signed in.
    pub fn bare(title: impl Into<String>, today: Day) -> Self {
        Self {
            title: title.into(),
            today,
            viewer: None,
            places: Vec::new(),
            here: None,
            unseen: None,
            demo: None,
            toast: None,
            sight: None,
        }
    }
    /// Where the mark in the corner leads: the first place, or the front door.
    pub fn home(&self) -> &'static str {
        self.places.first().map_or("/", |place| place.href())
    }
    /// Whether a place is the one this page belongs to.
    pub fn is_here(&self, place: &Place) -> bool {
        self.here == Some(*place)
    }
    /// The address of an asset by its plain name.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
    /// "Notifications, 2 new".
    pub fn bell_label(&self) -> String {
        match self.unseen {
            None | Some(0) => "Notifications, none new".to_owned(),
            Some(n) => format!("Notifications, {} new", format::count(u64::from(n))),
        }
    }
}

/// Initials in a circle; the tone depends on the name alone. `size` is `""`, `"s"` or `"l"`.
pub fn avatar(name: &str, size: &str) -> Markup {
    let tone = match name.bytes().fold(0u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b))) % 4 {
        0 => "",
        1 => " avatar--b",
        2 => " avatar--c",
        _ => " avatar--d",
    };
    let size = if size.is_empty() { String::new() } else { format!(" avatar--{size}") };
    Markup::new(format!(
        r#"<span class="avatar{tone}{size}" aria-hidden="true">{}</span>"#,
        escape(&format::initials(name))
    ))
}

/// The mark and the name, for the top bar.
pub fn brand() -> Markup {
    Markup::new(
        r#"<svg viewBox="0 0 26 26" aria-hidden="true" focusable="false"><path class="brand__line" d="M3.5 20.5C9 20.5 8.5 13 13 13s4-7.5 9.5-7.5"/><circle class="brand__dot" cx="4" cy="20.5" r="3.4"/><circle class="brand__dot brand__dot--b" cx="13" cy="13" r="3.4"/><circle class="brand__dot" cx="22" cy="5.5" r="3.4"/></svg>Throughline"#
            .to_owned(),
    )
}

/// An icon by its name in `assets/icons.svg`; silent, because words stand beside it.
pub(super) fn icon_markup(name: &str) -> Markup {
    Markup::new(format!(
        r#"<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{name}"/></svg>"#,
        assets::url("icons.svg")
    ))
}

impl Place {
    /// Its icon.
    pub fn icon_html(self) -> Markup {
        icon(self.icon())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_that_is_named_exists() {
        let sprite = include_str!("../../../assets/icons.svg");
        for place in [
            Place::Today,
            Place::Team,
            Place::MyOwn,
            Place::Coaching,
            Place::Chains,
            Place::Support,
            Place::Cases,
            Place::Health,
            Place::People,
        ] {
            assert!(sprite.contains(&format!(r#"id="{}""#, place.icon())), "{place:?}");
        }
    }

    #[test]
    fn names_are_escaped() {
        assert!(avatar("<x> &y", "s").as_str().contains("&lt;&amp;"));
    }
}
