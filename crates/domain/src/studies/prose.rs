//! The sentences of a reading: the one place that words a result.
//!
//! Numbers are written by the caller's function, which knows the metric's unit. Below grade A no sentence says that
//! something was caused or proved.

use evidence::grade::Grade;
use evidence::verdict::Verdict;

use super::pack::Definition;
use super::reading::{Check, Effect, Guard, Health, Number, Reading};
use super::{Design, Hypothesis, Scale};
use crate::figures::Style;
use crate::metrics::Level;

/// The verdict in one word, for storage and the API.
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helps => "helps",
        Verdict::DoesNotHelp => "does_not_help",
        Verdict::Harms => "harms",
        Verdict::NoDifferenceWorthHaving => "no_difference",
        Verdict::CannotTellYet => "cannot_tell",
    }
}

/// The finding, as the title of a page.
pub fn finding(reading: &Reading, support: &str, metric: &str) -> String {
    match reading.verdict {
        Verdict::Helps => format!("{support} helps: {metric} is better with it"),
        Verdict::Harms => format!("{support} costs: {metric} is worse with it"),
        Verdict::DoesNotHelp => format!("{support} does not help {metric}"),
        Verdict::NoDifferenceWorthHaving => {
            format!("{support} makes no difference worth having to {metric}")
        }
        Verdict::CannotTellYet => match (&reading.outcome.estimate, &reading.outcome.naive) {
            (Some(e), Some(n)) if e.holds_zero() && flatters(reading, *n) => {
                format!("{support} looks better than it is: no evidence of a difference in {metric}")
            }
            (Some(e), _) if !e.holds_zero() && e.value * f64::from(reading.outcome.better) > 0.0 => {
                format!(
                    "{support}: {metric} is likely better with it, but the comparison is too weak to tell"
                )
            }
            _ => format!("{support}: it cannot be said yet whether {metric} is better with it"),
        },
    }
}

/// Whether the plain before–after looks like a gain that the comparison does not show.
fn flatters(reading: &Reading, naive: Number) -> bool {
    let better = f64::from(reading.outcome.better);
    !naive.holds_zero() && naive.value * better > 0.0
}

/// How it was compared, in a few words.
pub const fn design(design: Design, drawn: bool) -> &'static str {
    match (design, drawn) {
        (Design::BeforeAfter, _) => "before and after only",
        (Design::Picked, true) => "drawn by lot among those picked",
        (Design::Picked, false) => "picked alike, with and without it",
        (Design::Staged, true) => "order drawn by lot",
        (Design::Staged, false) => "started in planned waves",
    }
}

/// The names that a hypothesis speaks of, written by the caller, who knows the metric's unit.
#[derive(Debug, Clone, Default)]
pub struct Named<'a> {
    /// The support.
    pub support: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// By how much, with its unit.
    pub by: Option<String>,
    /// Within how long: "12 weeks".
    pub within: Option<String>,
    /// The metrics that must not get worse.
    pub guardrails: Vec<String>,
}

/// "a", "a or b", "a, b or c".
pub fn listed(all: &[String], last: &str) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

/// The sentence, as it was written or made of its parts.
pub fn hypothesis(h: &Hypothesis, named: &Named<'_>) -> String {
    if !h.sentence.trim().is_empty() {
        return h.sentence.trim().to_owned();
    }
    let mut text = format!("We believe {}", named.support);
    if !h.whom.trim().is_empty() {
        text.push_str(&format!(" for {}", unended(&h.whom)));
    }
    text.push_str(&format!(" will move {}", named.metric));
    if let Some(by) = &named.by {
        text.push_str(&format!(" by {by}"));
    }
    if let Some(within) = &named.within {
        text.push_str(&format!(" within {within}"));
    }
    if !h.because.trim().is_empty() {
        text.push_str(&format!(", because {}", unended(&h.because)));
    }
    text.push('.');
    let mut stops = Vec::new();
    if !named.guardrails.is_empty() {
        stops.push(format!("if it makes {} worse", listed(&named.guardrails, "or")));
    }
    if !h.stop_if.trim().is_empty() {
        stops.push(format!("if {}", unended(&h.stop_if)));
    }
    if !stops.is_empty() {
        text.push_str(&format!(" We stop {}.", stops.join(", or ")));
    }
    text
}

/// What somebody wrote, to go on behind it: without its full stop.
fn unended(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

/// Why the plain before–after number is not the answer.
pub fn naive(reading: &Reading, say: &dyn Fn(f64) -> String) -> String {
    let (Some(naive), Some(estimate)) = (reading.outcome.naive, reading.outcome.estimate) else {
        return String::new();
    };
    let came = naive.value - estimate.value;
    match reading.design {
        Design::Picked => {
            let change = reading.outcome.recovery.as_ref().and_then(|r| r.change);
            let expected = change.map_or_else(String::new, |c| {
                format!(" Of that, {} was to be expected of people picked at a low moment.", say(c.value))
            });
            format!(
                "The hollow mark, {}, is the plain before–after.{expected} People picked the same way and not given it moved by {} over the same time.",
                say(naive.value),
                say(came)
            )
        }
        Design::Staged => format!(
            "The hollow mark, {}, is the plain before–after. Those that had not started moved by {} over the same time, which is not counted.",
            say(naive.value),
            say(came)
        ),
        Design::BeforeAfter => {
            "This is the plain before–after: nobody was compared with, so anything else that happened is in it.".into()
        }
    }
}

/// One sentence why a lane's difference is as sure as it is.
pub fn sentence(effect: &Effect, how: &str) -> String {
    if let Some(reason) = &effect.cannot_say {
        return reason.clone();
    }
    let missed: Vec<&str> = effect.rules.iter().filter(|r| !r.1).map(|r| r.2.as_str()).collect();
    let sides = format!("{} with it, {} to compare with; {how}.", effect.treated, effect.compared);
    let holds = effect.estimate.is_some_and(Number::holds_zero);
    let range = if holds { " The range holds no difference." } else { "" };
    match missed.first() {
        None => format!("{sides}{range}"),
        Some(rule) => format!("{sides}{range} {rule}"),
    }
}

/// What a reading does not say, a sentence each.
pub fn limits(reading: &Reading) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(progress) = reading.progress {
        limits.push(format!(
            "This is an early look, after {:.0} of a hundred days planned: ranges are wider, so that looking often cannot mislead.",
            100.0 * progress
        ));
    }
    if reading.outcome.grade > Grade::A {
        limits.push("Other reasons for the difference are less likely, not ruled out.".to_owned());
    }
    if reading.scale == Scale::Log {
        limits.push("Differences are shares: values were compared by their logarithm.".to_owned());
    }
    limits.push("It speaks of the periods read and of the units that took part, not of others.".to_owned());
    limits
}

/// Another explanation, what was looked at, and what it changes.
pub fn health(h: &Health, say: &dyn Fn(f64) -> String) -> (String, String, String) {
    let n = |i: usize| h.numbers.get(i).copied().unwrap_or(f64::NAN);
    let range = |at: usize| format!("{} ({} to {})", say(n(at)), say(n(at + 1)), say(n(at + 2)));
    let own = |a: &str, b: &str, c: String| (a.to_owned(), b.to_owned(), c);
    let judged = |yes: &str, no: &str| match h.met {
        Some(true) => yes.to_owned(),
        Some(false) => no.to_owned(),
        None => "It could not be looked at".to_owned(),
    };
    match h.kind {
        Check::PreTrend => own(
            "They were on different ways before",
            "How both sides moved before the start",
            judged("Alike as far as can be seen", "They moved differently before it"),
        ),
        Check::FakeStart => own(
            "Any date would show a difference",
            "A made-up start halfway through the time before",
            format!(
                "{}: {}",
                range(0),
                judged("nothing there, as it should be", "a difference where none can be")
            ),
        ),
        Check::CameByItself => own(
            "It came by itself",
            "Those that had not started, over the same time",
            format!("{} of the plain before–after of {} is not counted", say(n(1)), say(n(0))),
        ),
        Check::Recovery => own(
            "People picked at a low moment come back",
            "Expected recovery from everybody's histories",
            format!("{} of the plain before–after of {} was to be expected", say(n(1)), say(n(0))),
        ),
        Check::WithoutPickWindow => own(
            "The weeks of the pick decide",
            "Against people's usual level instead",
            format!("{} that way", range(0)),
        ),
        Check::WithLeftOut => (
            h.words.join("; "),
            "With the left-out periods counted".to_owned(),
            if h.numbers.len() == 3 { format!("{} with them", range(0)) } else { "Left out".to_owned() },
        ),
        Check::OtherEvent => {
            let words: Vec<&str> = h.words.iter().map(|w| unended(w)).collect();
            (words.join("; "), "Not left out".to_owned(), "It may be part of the difference".to_owned())
        }
        Check::Chance => own(
            "Chance between few units",
            "Every way of picking as many units",
            format!(
                "{:.0} of {:.0} ways give a gap as large{}",
                n(0),
                n(1),
                if n(2) == 1.0 { " in the direction believed beforehand" } else { "" }
            ),
        ),
        Check::WithoutOne => own(
            "A single one decides",
            "Each that started left out in turn",
            format!(
                "{} to {}: {}",
                say(n(0)),
                say(n(1)),
                judged("the same way each time", "not the same way each time")
            ),
        ),
        Check::Mixture => own(
            "The others are no match",
            "A mixture of them that moved like those that started before",
            format!("{} against it: {}", say(n(0)), judged("the same way", "the other way")),
        ),
        Check::SpillOver => own(
            "It reached the others too",
            "People not given it who work beside people who were",
            match h.met {
                Some(true) if h.numbers.len() == 4 => {
                    format!("{:.0} of them are left out; {} with them", n(0), range(1))
                }
                Some(true) => "None of them do".to_owned(),
                _ => format!("{:.0} of them do, and without them too few are left to compare with", n(0)),
            },
        ),
        Check::Size => own(
            "Too few to tell",
            "How many there are on both sides",
            format!(
                "{:.0} with it, {:.0} to compare with{}",
                n(0),
                n(1),
                judged("", "; few, so the range is wider")
            ),
        ),
        Check::Coverage => own(
            "Data are missing",
            "Values that arrived of those expected",
            format!("{:.0} in a hundred", n(0) * 100.0),
        ),
        Check::Alike => own(
            "They are different anyway",
            "Levels before the start",
            format!("{} with it, {} to compare with", say(n(0)), say(n(1))),
        ),
    }
}

/// How differences of a reading are written: shares on the log scale, else as the metric is.
pub fn style(scale: Scale, metric: Style) -> Style {
    match scale {
        Scale::Log => Style::relative(1),
        Scale::Plain => metric,
    }
}

/// What is concluded, how large that is beside the level before, and why the plain before–after is not the answer.
pub fn explanation(reading: &Reading, metric: Style) -> String {
    let style = style(reading.scale, metric);
    let (low, high) = reading.outcome.estimate.map_or((0.0, 0.0), |e| (e.low, e.high));
    let mut text = format!("Conclusion: {}. ", reading.verdict.words());
    if let Some(share) = reading.outcome.share.filter(|_| reading.scale == Scale::Plain) {
        let relative = Style::relative(1);
        text.push_str(&format!(
            "That is {} of the level before ({}). ",
            relative.effect(share.value, share.low, share.high),
            relative.effect_range(share.low, share.high)
        ));
    }
    text.push_str(&naive(reading, &|x| style.effect(x, low, high)));
    text
}

/// What became of the guardrails, in one or two sentences; empty without any. `name` gives a metric's name by its code.
pub fn guardrails(reading: &Reading, name: &dyn Fn(&str) -> String) -> String {
    let of = |guard: Guard| -> Vec<String> {
        reading.guardrails().filter(|e| e.guard() == guard).map(|e| name(&e.metric).to_lowercase()).collect()
    };
    let said = |guard, before: &str, after: &str| match of(guard).as_slice() {
        [] => String::new(),
        all => format!("{before}{}{after} ", listed(all, "and")),
    };
    let mut text =
        said(Guard::Worse, "It makes worse what must not get worse: ", ". That is a reason to stop.");
    text.push_str(&said(Guard::NotWorse, "Of what must not get worse, ", " is not seen to be worse."));
    text.push_str(&said(Guard::CannotSay, "Nothing can be said yet about ", ", which must not get worse."));
    text.trim_end().to_owned()
}

/// Every other explanation that was looked at: see [`health`].
pub fn explanations(reading: &Reading, metric: Style) -> Vec<(String, String, String)> {
    let shown = style(reading.scale, metric.clone());
    let (low, high) = reading.outcome.estimate.map_or((0.0, 0.0), |e| (e.low, e.high));
    let one = |h: &Health| {
        health(h, &|x| match h.kind {
            Check::Alike => metric.value(x),
            _ => shown.effect(x, low, high),
        })
    };
    reading.outcome.health.iter().map(one).collect()
}

/// The whole reading in paragraphs, for places without lanes and charts: a file, a mail, the API.
pub fn report(reading: &Reading, support: &str, definitions: &[Definition]) -> Vec<String> {
    let of = |code: &str| {
        let known = definitions.iter().find(|d| d.code == code);
        let style = known.map_or(Style::plain(2), |d| Style::of_unit(&d.unit, d.decimals));
        (known.map_or_else(|| code.to_owned(), |d| d.name.clone()), style)
    };
    let how = design(reading.design, reading.drawn);
    let difference = |e: &Effect, name: &str, metric: &Style| match e.estimate {
        Some(n) => {
            let style = style(reading.scale, metric.clone());
            let words = style.effect(n.value, n.low, n.high);
            format!("{name}: {words} with it, likely {}.", style.effect_range(n.low, n.high))
        }
        None => format!("{name}: {}", e.cannot_say.as_deref().unwrap_or("cannot say yet.")),
    };
    let outcome = &reading.outcome;
    let (name, metric) = of(&outcome.metric);
    let mut paragraphs = vec![
        format!("{}.", finding(reading, support, &name.to_lowercase())),
        difference(outcome, &name, &metric),
        explanation(reading, metric.clone()).trim().to_owned(),
    ];
    let missed: Vec<&str> = outcome.rules.iter().filter(|r| !r.1).map(|r| r.2.as_str()).collect();
    let letter = format!("Grade {:?}: {how}. {}", outcome.grade, missed.join(" "));
    paragraphs.push(letter.trim().to_owned());
    for (what, looked_at, changes) in explanations(reading, metric) {
        paragraphs.push(format!("{what}? {looked_at}: {changes}."));
    }
    let guarded = guardrails(reading, &|code| of(code).0);
    if !guarded.is_empty() {
        paragraphs.push(guarded);
    }
    for e in &reading.others {
        let (name, metric) = of(&e.metric);
        paragraphs.push(match (e.estimate, e.now) {
            (Some(_), _) => format!("{} {}", difference(e, &name, &metric), sentence(e, how)),
            // Whether a support is used is often known of those who have it only: there is nothing to compare.
            (None, Some(now)) if e.lane == Level::Solution => format!("{name}: {} now.", metric.value(now)),
            (None, _) => difference(e, &name, &metric),
        });
    }
    paragraphs.extend(limits(reading));
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_made_of_its_parts() {
        let h = Hypothesis {
            whom: "account managers, everywhere".into(),
            because: "offers fit better.".into(),
            ..Hypothesis::default()
        };
        let named = Named {
            support: "the second question",
            metric: "revenue per hour",
            by: Some("+€6".into()),
            within: Some("12 weeks".into()),
            guardrails: vec!["complaints".into()],
        };
        assert_eq!(
            hypothesis(&h, &named),
            "We believe the second question for account managers, everywhere will move revenue per hour by +€6 \
             within 12 weeks, because offers fit better. We stop if it makes complaints worse."
        );
        let stop = Hypothesis { stop_if: "complaints pass 4 a week".into(), ..Hypothesis::default() };
        let bare = Named { support: "It", metric: "sales", ..Named::default() };
        assert_eq!(
            hypothesis(&stop, &bare),
            "We believe It will move sales. We stop if complaints pass 4 a week."
        );
        let several = Named {
            guardrails: ["complaints", "rework", "sick days"].map(str::to_owned).to_vec(),
            ..bare.clone()
        };
        assert_eq!(
            hypothesis(&stop, &several),
            "We believe It will move sales. We stop if it makes complaints, rework or sick days worse, or if \
             complaints pass 4 a week."
        );
        let whole = Hypothesis { sentence: " As written. ".into(), ..h };
        assert_eq!(hypothesis(&whole, &named), "As written.");
    }

    #[test]
    fn no_sentence_claims_more_than_a_grade_below_a_allows() {
        let say = |x: f64| format!("{x:+.1}");
        for &kind in Check::ALL {
            for met in [Some(true), Some(false), None] {
                let h = Health { kind, met, numbers: vec![1.0, 0.5, 1.5], words: vec!["a strike".into()] };
                let (a, b, c) = health(&h, &say);
                for text in [a, b, c] {
                    let text = text.to_lowercase();
                    assert!(
                        !["proved", "caused", "roi"].iter().any(|w| text.split(' ').any(|t| t == *w)),
                        "{text}"
                    );
                    assert!(!text.is_empty());
                }
            }
        }
    }
}
