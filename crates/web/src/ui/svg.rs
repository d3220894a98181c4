//! Small drawings made on the server as plain SVG: sparkline, effect interval, evidence ladder, day row, ledger bar.
//!
//! Pure functions from numbers to [`Markup`]. They carry classes, never colours (the stylesheet has those), are hidden
//! from assistive technology, and always stand beside the same facts in words.

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;

/// A piece of HTML or SVG whose text parts are already escaped; templates take it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Takes markup that its maker vouches for.
    pub(crate) fn new(html: String) -> Self {
        Self(html)
    }
    /// The markup as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl HtmlSafe for Markup {}

/// Escapes text for element content and for quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// One decimal, without a trailing ".0": coordinates need no more.
fn r(x: f64) -> f64 {
    let rounded = (x * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A word at the right of a wide sparkline.
#[derive(Debug, Clone, PartialEq)]
pub struct SparkWord {
    /// The height it belongs to, in the metric's value.
    pub at: f64,
    /// What it says: "target 42".
    pub text: String,
    /// `""`, `"target"` or `"look"`.
    pub tone: &'static str,
}

/// What a sparkline shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spark {
    /// One value a week, oldest first; `None` where nothing came in: the line breaks there.
    pub values: Vec<Option<f64>>,
    /// The usual range, low and high.
    pub usual: Option<(f64, f64)>,
    /// The target.
    pub target: Option<f64>,
    /// Index of the first week of what is worth a look; drawn in the warm colour from there.
    pub look_from: Option<usize>,
}

impl Spark {
    /// At tile and board size.
    pub fn svg(&self) -> Markup {
        self.draw(136.0, 44.0, 4.0, &[])
    }
    /// At the size of a cell of the team board.
    pub fn cell(&self) -> Markup {
        self.draw(112.0, 26.0, 4.0, &[])
    }
    /// Across a phone, without words.
    pub fn narrow(&self) -> Markup {
        self.draw(300.0, 56.0, 6.0, &[])
    }
    /// At card size, with words at the right: usual range, target, last value.
    pub fn wide(&self, words: &[SparkWord]) -> Markup {
        self.draw(340.0, 64.0, 6.0, words)
    }
    /// Very wide, for a card across the page.
    pub fn widest(&self, words: &[SparkWord]) -> Markup {
        self.draw(480.0, 72.0, 6.0, words)
    }

    fn draw(&self, w: f64, h: f64, pad: f64, words: &[SparkWord]) -> Markup {
        let finite = |v: &f64| v.is_finite();
        let seen: Vec<f64> = self.values.iter().flatten().copied().filter(finite).collect();
        let all =
            seen.iter().copied().chain(self.usual.into_iter().flat_map(|(a, b)| [a, b])).chain(self.target);
        let (lo, hi) = all.filter(finite).fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let (lo, hi) = if lo > hi { (0.0, 1.0) } else { (lo, hi) };
        let spread = if hi - lo > 0.0 { hi - lo } else { 1.0 };
        let right = if words.is_empty() { 0.0 } else { 84.0 };
        let steps = self.values.len().saturating_sub(1).max(1) as f64;
        let x = |i: usize| r(4.0 + i as f64 * (w - 10.0 - right) / steps);
        let y = |v: f64| r(h - pad - (v - lo) * (h - 2.0 * pad) / spread);
        let path = |from: usize, to: usize| {
            let (mut d, mut pen) = (String::new(), false);
            for (i, value) in self.values.iter().enumerate().take(to + 1).skip(from) {
                match value.filter(finite) {
                    None => pen = false,
                    Some(v) => {
                        let _ = write!(d, "{}{} {}", if pen { 'L' } else { 'M' }, x(i), y(v));
                        pen = true;
                    }
                }
            }
            d
        };

        let mut s = format!(
            r#"<svg class="spark" viewBox="0 0 {w} {h}" preserveAspectRatio="xMinYMid" aria-hidden="true" focusable="false">"#
        );
        if let Some((a, b)) = self.usual {
            let _ = write!(
                s,
                r#"<rect class="spark__band" x="0" width="{}" y="{}" height="{}" rx="2"/>"#,
                w - right,
                y(b),
                r((y(a) - y(b)).max(0.0))
            );
        }
        if let Some(t) = self.target {
            let _ = write!(
                s,
                r#"<line class="spark__target" x1="0" x2="{}" y1="{t}" y2="{t}"/>"#,
                w - right,
                t = y(t)
            );
        }
        if let Some(last) = self.values.iter().rposition(|v| v.as_ref().is_some_and(finite)) {
            let turn = self.look_from.map_or(last, |i| i.min(last));
            let _ = write!(s, r#"<path class="spark__line" d="{}"/>"#, path(0, turn));
            let (lx, ly) = (x(last), self.values[last].map_or(0.0, y));
            if self.look_from.is_some() {
                let _ = write!(
                    s,
                    r#"<path class="spark__line spark__line--look" d="{}"/><path class="spark__dot spark__dot--look" d="M{lx} {}l4.6 4.6l-4.6 4.6l-4.6 -4.6z"/>"#,
                    path(turn, last),
                    r(ly - 4.6)
                );
            } else {
                let _ = write!(s, r#"<circle class="spark__dot" cx="{lx}" cy="{ly}" r="3.4"/>"#);
            }
        }
        let heights: Vec<f64> = words.iter().map(|word| y(word.at) + 4.0).collect();
        for (word, at) in words.iter().zip(apart(&heights, 13.0, 9.0, h + 2.0)) {
            let tone =
                if word.tone.is_empty() { String::new() } else { format!(" spark__word--{}", word.tone) };
            let _ = write!(
                s,
                r#"<text class="spark__word{tone}" x="{}" y="{}">{}</text>"#,
                w - right + 7.0,
                r(at),
                escape(&word.text)
            );
        }
        s.push_str("</svg>");
        Markup(s)
    }
}

/// Moves labels apart until each has `gap` pixels, downwards first, then up from the lower edge; keeps their order.
fn apart(at: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by(|&a, &b| at[a].total_cmp(&at[b]));
    let mut out = at.to_vec();
    let mut edge = top - gap;
    for &i in &order {
        out[i] = out[i].max(edge + gap);
        edge = out[i];
    }
    let mut edge = bottom + gap;
    for &i in order.iter().rev() {
        out[i] = out[i].min(edge - gap);
        edge = out[i];
    }
    out
}

/// An effect with its range, as one row on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// The estimate with the lower and upper end of its 95 % range; `None` where nothing can be said yet.
    pub estimate: Option<Interval>,
    /// The plain before–after number: drawn hollow, never filled.
    pub naive: Option<f64>,
    /// Both ends of the axis.
    pub domain: (f64, f64),
    /// Where the axis has lines; zero is drawn stronger.
    pub ticks: Vec<f64>,
    /// Words under the ticks, as many as ticks; empty for a bare row.
    pub labels: Vec<String>,
    /// `"well"`, `"look"`, `"self"`, or `""` where the range holds zero: then the dot is hollow.
    pub tone: &'static str,
}

/// An estimate with its 95 % range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub at: f64,
    /// The lower end.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}

impl Interval {
    /// Whether no difference at all is within the range.
    pub fn holds_zero(self) -> bool {
        self.lo <= 0.0 && self.hi >= 0.0
    }
}

/// A drawing made twice, for a page and for a phone, so that words keep their size; the style sheet shows the one that fits.
fn for_each_room(wide: f64, draw: impl Fn(f64) -> String) -> Markup {
    let room = |name, w| format!(r#"<div class="chart__{name}">{}</div>"#, draw(w));
    Markup(room("wide", wide) + &room("narrow", 320.0))
}

/// Half the width of the middle 50 % against half of the 95 % of a normal distribution: 0.6745 / 1.96.
const INNER: f64 = 0.344;

impl Forest {
    /// A bare row, for table cells and lanes.
    pub fn row(&self) -> Markup {
        Markup(self.draw(300.0, 26.0))
    }
    /// With the axis under it, for the one effect of a page.
    pub fn with_axis(&self) -> Markup {
        Markup(format!(r#"<div class="chart">{}</div>"#, for_each_room(560.0, |w| self.draw(w, 42.0))))
    }

    fn draw(&self, w: f64, h: f64) -> String {
        let (d0, d1) = self.domain;
        let span = if (d1 - d0).abs() > 0.0 { d1 - d0 } else { 1.0 };
        let x = |v: f64| r((8.0 + (v - d0) * (w - 16.0) / span).clamp(0.0, w));
        let labelled = !self.labels.is_empty();
        let (mid, foot) = if labelled { (12.0, 24.0) } else { (h / 2.0, h) };
        let tone = if self.tone.is_empty() { String::new() } else { format!(" is-{}", self.tone) };
        let mut s =
            format!(r#"<svg class="forest" viewBox="0 0 {w} {h}" aria-hidden="true" focusable="false">"#);
        for &tick in &self.ticks {
            let kind = if tick == 0.0 { "zero" } else { "grid" };
            let _ = write!(
                s,
                r#"<line class="forest__{kind}" x1="{x}" x2="{x}" y1="0" y2="{foot}"/>"#,
                x = x(tick)
            );
        }
        for (&tick, label) in self.ticks.iter().zip(&self.labels) {
            let at = x(tick);
            let anchor = if at < 24.0 {
                "start"
            } else if at > w - 24.0 {
                "end"
            } else {
                "middle"
            };
            let at = match anchor {
                "start" => 0.0,
                "end" => w,
                _ => at,
            };
            let _ = write!(
                s,
                r#"<text x="{at}" y="{}" text-anchor="{anchor}">{}</text>"#,
                h - 2.0,
                escape(label)
            );
        }
        if let Some(e) = self.estimate {
            if let Some(naive) = self.naive {
                let _ = write!(
                    s,
                    r#"<line class="forest__drift" x1="{}" x2="{}" y1="{mid}" y2="{mid}"/>"#,
                    x(e.at),
                    x(naive)
                );
            }
            let (below, above) = ((e.at - e.lo) * INNER, (e.hi - e.at) * INNER);
            let _ = write!(
                s,
                r#"<line class="forest__bar{tone}" x1="{}" x2="{}" y1="{mid}" y2="{mid}"/><line class="forest__bar forest__inner{tone}" x1="{}" x2="{}" y1="{mid}" y2="{mid}"/><circle class="forest__dot{tone}" cx="{}" cy="{mid}" r="5.5"/>"#,
                x(e.lo),
                x(e.hi),
                x(e.at - below),
                x(e.at + above),
                x(e.at)
            );
        }
        if let Some(naive) = self.naive {
            let _ = write!(s, r#"<circle class="forest__naive" cx="{}" cy="{mid}" r="5"/>"#, x(naive));
        }
        s.push_str("</svg>");
        s
    }
}

/// Differences by periods since the start, each with its range: before the start there should be none.
#[derive(Debug, Clone, PartialEq)]
pub struct ByPeriod {
    /// Periods since the start, negative before it, in order; with the difference.
    pub points: Vec<(i64, Interval)>,
    /// Where the vertical axis has lines, with their words; zero is drawn stronger.
    pub ticks: Vec<(f64, String)>,
    /// Under the axis, at its left end: "weeks since the start".
    pub foot: String,
}

impl ByPeriod {
    /// The drawing; empty where there is nothing to draw.
    pub fn svg(&self) -> Markup {
        if self.points.is_empty() { Markup::default() } else { for_each_room(1_000.0, |w| self.draw(w)) }
    }

    fn draw(&self, w: f64) -> String {
        const H: f64 = 190.0;
        const LEFT: f64 = 56.0;
        const FOOT: f64 = 150.0;
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return String::new();
        };
        let (lo, hi) = effect_domain(self.points.iter().map(|(_, i)| (*i, None)));
        let span = (last.0 - first.0).max(1) as f64;
        let x = |period: i64| r(LEFT + 14.0 + (period - first.0) as f64 * (w - LEFT - 28.0) / span);
        let y = |v: f64| r((8.0 + (hi - v) * (FOOT - 8.0) / (hi - lo)).clamp(0.0, FOOT + 8.0));
        let mut s =
            format!(r#"<svg class="forest" viewBox="0 0 {w} {H}" aria-hidden="true" focusable="false">"#);
        for (tick, word) in self.ticks.iter().filter(|(t, _)| (lo..=hi).contains(t)) {
            let kind = if *tick == 0.0 { "zero" } else { "grid" };
            let _ = write!(
                s,
                r#"<line class="forest__{kind}" x1="{LEFT}" x2="{w}" y1="{y}" y2="{y}"/><text x="{}" y="{}" text-anchor="end">{}</text>"#,
                LEFT - 6.0,
                r(y(*tick) + 4.0),
                escape(word),
                y = y(*tick)
            );
        }
        if first.0 < 0 && last.0 >= 0 {
            let at = r((x(-1) + x(0)) / 2.0);
            let _ = write!(s, r#"<line class="forest__drift" x1="{at}" x2="{at}" y1="0" y2="{FOOT}"/>"#);
        }
        let dot = if w > 500.0 { 4 } else { 3 };
        for (period, i) in &self.points {
            let hollow = if i.holds_zero() { "" } else { " is-self" };
            let at = x(*period);
            let _ = write!(
                s,
                r#"<line class="forest__bar{hollow}" x1="{at}" x2="{at}" y1="{}" y2="{}"/><circle class="forest__dot{hollow}" cx="{at}" cy="{}" r="{dot}"/>"#,
                y(i.hi),
                y(i.lo),
                y(i.at)
            );
        }
        // A label for each 60 units of width at most.
        let every = ((span * 60.0 / (w - LEFT)).ceil() as i64).max(1);
        for (period, _) in self.points.iter().filter(|(p, _)| p % every == 0) {
            let sign = if *period < 0 { "\u{2212}" } else { "" };
            let _ = write!(
                s,
                r#"<text x="{}" y="{}" text-anchor="middle">{sign}{}</text>"#,
                x(*period),
                FOOT + 18.0,
                period.abs()
            );
        }
        let _ = write!(s, r#"<text x="{LEFT}" y="{}">{}</text></svg>"#, H - 4.0, escape(&self.foot));
        s
    }
}

/// The comparison with the starts dealt out anew, a dot each, piled up along the axis; and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct DealtAgain {
    /// What came.
    pub came: f64,
    /// What the others gave.
    pub again: Vec<f64>,
    /// Where the axis has ticks, with their words.
    pub ticks: Vec<(f64, String)>,
    /// What came, in words.
    pub label: String,
}

impl DealtAgain {
    /// The drawing; empty where there is nothing to draw.
    pub fn svg(&self) -> Markup {
        let ends = self.again.iter().chain([&self.came, &0.0]);
        let (lo, hi) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        if hi <= lo || !(hi - lo).is_finite() {
            return Markup::default();
        }
        for_each_room(1_000.0, |w| self.draw(w, lo, hi))
    }

    fn draw(&self, w: f64, lo: f64, hi: f64) -> String {
        const TOP: f64 = 26.0;
        let radius = if w > 500.0 { 3.4 } else { 1.9 };
        let x = |v: f64| r(20.0 + (v - lo) * (w - 40.0) / (hi - lo));
        let mut piles: std::collections::BTreeMap<i64, u32> = std::collections::BTreeMap::new();
        let place = |v: f64| (x(v) / (2.0 * radius + 1.0)).round() as i64;
        self.again.iter().for_each(|v| *piles.entry(place(*v)).or_default() += 1);
        let most = f64::from(piles.values().copied().max().unwrap_or(1));
        // High piles overlap rather than grow without end.
        let step = (2.0 * radius + 1.0).min(120.0 / most);
        let floor = TOP + most * step + radius;
        let mut s = format!(
            r#"<svg class="forest" viewBox="0 0 {w} {}" aria-hidden="true" focusable="false"><line class="forest__grid" x1="0" x2="{w}" y1="{y}" y2="{y}"/>"#,
            r(floor + 24.0),
            y = r(floor + 2.0),
        );
        let shown: Vec<_> = self.ticks.iter().filter(|(t, _)| (lo..=hi).contains(t)).collect();
        // Words keep 48 units apart, counted from zero so that it stays.
        let gap = shown.windows(2).map(|pair| x(pair[1].0) - x(pair[0].0)).next().unwrap_or(w);
        let every = (48.0 / gap.max(1.0)).ceil().max(1.0) as usize;
        let zero = shown.iter().position(|(t, _)| *t == 0.0).unwrap_or(0);
        for (_, (tick, word)) in shown.iter().enumerate().filter(|(i, _)| i.abs_diff(zero) % every == 0) {
            let _ = write!(
                s,
                r#"<text x="{}" y="{}" text-anchor="middle">{}</text>"#,
                x(*tick),
                r(floor + 18.0),
                escape(word)
            );
        }
        for (pile, count) in &piles {
            for n in 0..*count {
                let _ = write!(
                    s,
                    r#"<circle class="forest__chance" cx="{}" cy="{}" r="{radius}"/>"#,
                    r(*pile as f64 * (2.0 * radius + 1.0)),
                    r(floor - radius - f64::from(n) * step)
                );
            }
        }
        let at = x(self.came);
        // The words stay inside the drawing.
        let anchor = if at > w * 0.7 {
            "end"
        } else if at < w * 0.3 {
            "start"
        } else {
            "middle"
        };
        let _ = write!(
            s,
            r#"<line class="forest__came" x1="{at}" x2="{at}" y1="{}" y2="{}"/><text class="forest__label" x="{at}" y="12" text-anchor="{anchor}">{}</text></svg>"#,
            TOP - 8.0,
            r(floor + 2.0),
            escape(&self.label)
        );
        s
    }
}

/// Round ticks for an axis from `lo` to `hi`, about `wanted` of them, always with zero where it is inside.
pub fn ticks(lo: f64, hi: f64, wanted: u8) -> Vec<f64> {
    let span = hi - lo;
    if !span.is_finite() || span <= 0.0 {
        return vec![0.0];
    }
    let rough = span / f64::from(wanted.max(1));
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|s| *s >= rough).unwrap_or(power);
    let first = (lo / step).ceil() as i64;
    let last = (hi / step).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// An axis that holds zero, an estimate and its plain before–after, with a little room at both ends.
pub fn effect_domain(effects: impl IntoIterator<Item = (Interval, Option<f64>)>) -> (f64, f64) {
    let (lo, hi) = effects
        .into_iter()
        .flat_map(|(i, naive)| [Some(i.lo), Some(i.hi), naive])
        .flatten()
        .filter(|v| v.is_finite())
        .fold((0.0f64, 0.0f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let room = ((hi - lo) * 0.08).max(f64::MIN_POSITIVE);
    (lo - room, hi + room)
}

/// The evidence ladder: five rising bars, `rungs` of them filled (A is 5, E is 1).
pub fn ladder(rungs: u8) -> Markup {
    let mut s = String::from(
        r#"<svg class="grade__ladder" viewBox="0 0 22 18" aria-hidden="true" focusable="false">"#,
    );
    for i in 0..5u8 {
        let h = 4.0 + 3.2 * f64::from(i);
        let on = if i < rungs { r#" class="is-on""# } else { "" };
        let _ = write!(
            s,
            r#"<rect{on} x="{}" y="{}" width="3.2" height="{}" rx="0.8"/>"#,
            r(f64::from(i) * 4.5),
            r(17.0 - h),
            r(h)
        );
    }
    s.push_str("</svg>");
    Markup(s)
}

/// How one day of a feed went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayState {
    /// Everything came, in time: a full cell.
    Came,
    /// It came late: a half cell, outlined.
    Late,
    /// It has not come: a full cell with a cross.
    Missing,
    /// Nothing was expected: a foot.
    NotExpected,
}

/// One feed, one cell a day, oldest first.
pub fn day_row(days: &[DayState]) -> Markup {
    draw_days(days, 336.0)
}

/// How many there were in each period, oldest first: a bar each, and a foot where there were none.
pub fn counts(counts: &[u64]) -> Markup {
    let (w, h) = (336.0, 20.0);
    let step = w / (counts.len().max(1) as f64);
    let most = counts.iter().max().copied().unwrap_or(0).max(1) as f64;
    let mut s = format!(
        r#"<svg class="dayrow" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true" focusable="false">"#
    );
    for (i, &count) in counts.iter().enumerate() {
        let (x, cw) = (r(i as f64 * step + 0.5), r((step - 1.4).max(1.0)));
        let (class, high) =
            if count == 0 { ("is-off", 2.0) } else { ("is-count", 4.0 + 15.0 * count as f64 / most) };
        let _ = write!(
            s,
            r#"<rect class="{class}" x="{x}" y="{}" width="{cw}" height="{}"/>"#,
            r(h - high),
            r(high)
        );
    }
    s.push_str("</svg>");
    Markup(s)
}

/// One cell alone, for a legend.
pub fn day_key(day: DayState) -> Markup {
    draw_days(&[day], 12.0)
}

fn draw_days(days: &[DayState], w: f64) -> Markup {
    let h = 20.0;
    let step = w / (days.len().max(1) as f64);
    let mut s = format!(
        r#"<svg class="dayrow" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true" focusable="false">"#
    );
    for (i, day) in days.iter().enumerate() {
        let (x, cw) = (r(i as f64 * step + 1.0), r((step - 2.4).max(1.0)));
        let _ = match day {
            DayState::Came => {
                write!(s, r#"<rect class="is-ok" x="{x}" y="1" width="{cw}" height="18" rx="1.5"/>"#)
            }
            DayState::Late => {
                write!(s, r#"<rect class="is-late" x="{x}" y="10" width="{cw}" height="9" rx="1.5"/>"#)
            }
            DayState::NotExpected => {
                write!(s, r#"<rect class="is-off" x="{x}" y="15" width="{cw}" height="4" rx="1.5"/>"#)
            }
            DayState::Missing => write!(
                s,
                r#"<rect class="is-miss" x="{x}" y="1" width="{cw}" height="18" rx="1.5"/><path class="is-x" d="M{} 6l{in_} 8m0 -8l-{in_} 8"/>"#,
                r(x + 2.5),
                in_ = r((cw - 5.0).max(1.0))
            ),
        };
    }
    s.push_str("</svg>");
    Markup(s)
}

/// Hours spent (grey, left of the line) against what they were worth in hours (right, as a range).
/// `worth` is the estimate with its range, `None` where it cannot be said; `max` is the largest number on the page,
/// so that bars of one table compare.
pub fn ledger_bar(spent: f64, worth: Option<Interval>, max: f64) -> Markup {
    let (w, h) = (320.0, 26.0);
    let zero = w * 0.42;
    let scale = (w - zero - 6.0) / if max > 0.0 { max } else { 1.0 };
    let x = |v: f64| r((zero + v * scale).clamp(0.0, w));
    let cost = (spent * scale).clamp(2.0, zero);
    let mut s = format!(
        r#"<svg class="ledgerbar" viewBox="0 0 {w} {h}" aria-hidden="true" focusable="false"><rect class="is-cost" x="{}" width="{}" y="2" height="9" rx="1"/>"#,
        r(zero - cost),
        r(cost)
    );
    if let Some(i) = worth {
        let loss = if i.at < 0.0 { " is-loss" } else { "" };
        let _ = write!(
            s,
            r#"<rect class="is-range{loss}" x="{}" width="{}" y="15" height="8" rx="1"/><rect class="is-gain{loss}" x="{}" width="3" y="13" height="12"/>"#,
            x(i.lo),
            r((x(i.hi) - x(i.lo)).max(1.0)),
            r(x(i.at) - 1.5)
        );
    }
    let _ = write!(s, r#"<line class="is-axis" x1="{z}" x2="{z}" y1="0" y2="{h}"/></svg>"#, z = r(zero));
    Markup(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spark(values: &[Option<f64>]) -> Spark {
        Spark { values: values.to_vec(), ..Spark::default() }
    }

    #[test]
    fn a_sparkline_breaks_where_nothing_came_in() {
        let svg = spark(&[Some(1.0), Some(2.0), None, Some(2.0), Some(1.0)]).svg();
        assert!(svg.as_str().contains(r#"d="M4 40L35.5 4M98.5 4L130 40""#), "{svg}");
        assert!(svg.as_str().contains(r#"<circle class="spark__dot" cx="130" cy="40" r="3.4"/>"#), "{svg}");
    }

    #[test]
    fn what_is_worth_a_look_is_drawn_from_its_first_week() {
        let svg = Spark { look_from: Some(2), ..spark(&[Some(3.0), Some(3.0), Some(2.0), Some(1.0)]) }.svg();
        assert!(svg.as_str().contains(r#"class="spark__line spark__line--look" d="M88 22L130 40""#), "{svg}");
        assert!(!svg.as_str().contains("circle"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_still_a_drawing() {
        for values in [&[][..], &[None, None], &[Some(f64::NAN)], &[Some(5.0)], &[Some(5.0), Some(5.0)]] {
            let svg = spark(values).svg();
            assert!(svg.as_str().ends_with("</svg>") && !svg.as_str().contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn words_are_escaped_and_kept_apart() {
        let at = |at, text: &str| SparkWord { at, text: text.to_owned(), tone: "" };
        let svg = Spark { usual: Some((0.0, 10.0)), ..spark(&[Some(5.0), Some(5.0)]) }.wide(&[
            at(5.0, "a<b"),
            at(5.2, "c"),
            at(10.0, "d"),
        ]);
        assert!(svg.as_str().contains("a&lt;b"), "{svg}");
        assert_eq!(apart(&[10.0, 11.0, 30.0], 13.0, 9.0, 66.0), [10.0, 23.0, 36.0]);
        assert_eq!(apart(&[60.0, 65.0, 66.0], 13.0, 9.0, 66.0), [40.0, 53.0, 66.0]);
    }

    #[test]
    fn an_effect_has_two_bars_and_the_naive_number_is_hollow() {
        let svg = Forest {
            estimate: Some(Interval { at: -7.1, lo: -9.8, hi: -4.4 }),
            naive: Some(-9.1),
            domain: (-12.0, 2.0),
            ticks: vec![-12.0, 0.0],
            labels: vec![],
            tone: "self",
        }
        .row();
        let text = svg.as_str();
        assert!(
            text.contains(r#"<line class="forest__zero" x1="251.4" x2="251.4" y1="0" y2="26"/>"#),
            "{text}"
        );
        assert!(
            text.contains(r#"<circle class="forest__dot is-self" cx="107.4" cy="13" r="5.5"/>"#),
            "{text}"
        );
        assert!(text.contains(r#"<circle class="forest__naive" cx="66.8" cy="13" r="5"/>"#), "{text}");
        assert!(Interval { at: 0.1, lo: -0.5, hi: 0.7 }.holds_zero());
        assert!(!Interval { at: 0.1, lo: 0.05, hi: 0.7 }.holds_zero());
    }

    #[test]
    fn differences_by_period_have_their_ranges_and_a_line_at_the_start() {
        let at = |v: f64| Interval { at: v, lo: v - 1.0, hi: v + 1.0 };
        let drawing = ByPeriod {
            points: vec![(-2, at(0.1)), (-1, at(0.0)), (0, at(2.0)), (1, at(3.0))],
            ticks: vec![(0.0, "no change".to_owned()), (2.0, "+2 <".to_owned()), (90.0, "far".to_owned())],
            foot: "weeks since the start".to_owned(),
        };
        let svg = drawing.svg();
        // Once for a wide page and once for a phone.
        assert_eq!(svg.as_str().matches("<circle").count(), 2 * 4);
        assert_eq!(svg.as_str().matches("is-self").count(), 2 * 4, "two of them hold no zero: {svg}");
        assert_eq!(svg.as_str().matches("forest__drift").count(), 2);
        assert!(svg.as_str().contains("+2 &lt;") && !svg.as_str().contains("far"), "{svg}");
        assert_eq!(ByPeriod { points: vec![], ..drawing }.svg(), Markup::default());
    }

    #[test]
    fn axes_have_round_ticks() {
        assert_eq!(ticks(-11.0, 1.0, 5), [-10.0, -5.0, 0.0]);
        assert_eq!(ticks(0.0, 1.0, 4), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(3.0, 3.0, 4), [0.0]);
        let (lo, hi) = effect_domain([(Interval { at: 3.0, lo: 1.0, hi: 5.0 }, Some(20.0))]);
        assert!(lo < 0.0 && hi > 20.0);
    }

    #[test]
    fn the_ladder_fills_from_below() {
        assert_eq!(ladder(4).as_str().matches("is-on").count(), 4);
        assert_eq!(ladder(1).as_str().matches("<rect").count(), 5);
    }

    #[test]
    fn each_kind_of_day_has_its_own_shape() {
        let svg = day_row(&[DayState::Came, DayState::Late, DayState::Missing, DayState::NotExpected]);
        for class in ["is-ok", "is-late", "is-miss", "is-x", "is-off"] {
            assert_eq!(svg.as_str().matches(class).count(), 1, "{class}");
        }
        assert!(day_row(&[]).as_str().ends_with("</svg>"));
    }

    #[test]
    fn the_ledger_shows_a_loss_in_its_own_tone() {
        let worth = Interval { at: -560.0, lo: -950.0, hi: -170.0 };
        assert!(ledger_bar(1840.0, Some(worth), 2520.0).as_str().contains("is-gain is-loss"));
        assert!(!ledger_bar(12.0, None, 0.0).as_str().contains("is-range"));
    }
}
