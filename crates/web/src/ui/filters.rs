//! What templates may call on a value: `{{ "bell"|icon }}`, `{{ start|date(today) }}`. Rules are in
//! [`format`](super::format); here they only get the shape that askama asks for.

#![allow(unreachable_pub, reason = "the filter macro writes a `pub` method into a crate-private struct")]

use askama::{Result, Values};
use domain::time::Day;

use super::format;
use super::svg::Markup;
use super::view;

/// An icon by name; silent, because words stand beside it.
#[askama::filter_fn]
pub(crate) fn icon(name: &str, _: &dyn Values) -> Result<Markup> {
    Ok(view::icon(name))
}
/// A person's initials in a circle; `size` is `""`, `"s"` or `"l"`.
#[askama::filter_fn]
pub(crate) fn avatar(name: &str, _: &dyn Values, size: &str) -> Result<Markup> {
    Ok(view::avatar(name, size))
}
/// "Wed 18 March".
#[askama::filter_fn]
pub(crate) fn day(day: &Day, _: &dyn Values, today: &Day) -> Result<String> {
    Ok(format::day(*day, *today))
}
/// "Wednesday 18 March".
#[askama::filter_fn]
pub(crate) fn long_day(day: &Day, _: &dyn Values, today: &Day) -> Result<String> {
    Ok(format::long_day(*day, *today))
}
/// "18 March".
#[askama::filter_fn]
pub(crate) fn date(day: &Day, _: &dyn Values, today: &Day) -> Result<String> {
    Ok(format::date(*day, *today))
}
/// "18 Mar".
#[askama::filter_fn]
pub(crate) fn short_date(day: &Day, _: &dyn Values, today: &Day) -> Result<String> {
    Ok(format::short_date(*day, *today))
}
/// "today, 08:41", "Mon 16 March, 09:12".
#[askama::filter_fn]
pub(crate) fn moment(at: &format::Moment, _: &dyn Values, today: &Day) -> Result<String> {
    Ok(at.words(*today))
}
/// "6 min", "2 h 40", "61 h" from minutes.
#[askama::filter_fn]
pub(crate) fn minutes(minutes: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::minutes(*minutes))
}
