//! Charts as data: the page holds a chart's numbers as JSON and as a table; the custom element `<tl-chart>` draws
//! from the JSON. Without script the table is there, open.

use askama::Template;
use domain::time::{Cadence, Day};
use serde::Serialize;

use crate::ui::format::{self, Style};
use crate::ui::svg::Markup;

/// The value of one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The period's first day.
    pub start: Day,
    /// The value; `None` where nothing came in.
    pub value: Option<f64>,
    /// Part of the change that is marked (control chart), or left out of the estimate (chain lanes).
    pub marked: bool,
}

impl Reading {
    /// A value without a mark.
    pub fn new(start: Day, value: Option<f64>) -> Self {
        Self { start, value, marked: false }
    }
}

/// `["2026-03-16",30]`, with a 1 behind it where it is marked: a chain page holds thousands of them. Seven digits are
/// more than any drawing can show.
impl Serialize for Reading {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value.filter(|v| v.is_finite()).map(seven_digits);
        if self.marked {
            (self.start, value, 1).serialize(serializer)
        } else {
            (self.start, value).serialize(serializer)
        }
    }
}

fn seven_digits(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(6 - value.abs().log10().floor() as i32);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}

/// A stretch of time with one usual level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Phase {
    /// First day.
    pub from: Day,
    /// The day after the last.
    pub to: Day,
    /// The level.
    pub mean: f64,
    /// Lower end of the usual range.
    pub lo: f64,
    /// Upper end of the usual range.
    pub hi: f64,
}

/// What an event on a time axis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Something we did or agreed: a talk, a check, a start of support. Plum.
    Ours,
    /// Something that happened. Grey.
    Happened,
}

/// Something at a day on a time axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// When.
    pub day: Day,
    /// What, in two or three words: "Talk", "Check", "New product line".
    pub label: String,
    /// Ours or not.
    pub kind: EventKind,
    /// Not yet begun: drawn broken.
    pub planned: bool,
}

/// "Did something change?": readings, usual range by phase, target, commitment, the marked change, events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlChart {
    /// The metric's name.
    pub name: String,
    /// One sentence that says what the drawing shows.
    pub sentence: String,
    /// How values are written.
    pub style: Style,
    /// How long a period is.
    pub cadence: Cadence,
    /// Today: drawn as a thin grey line where planned events lie beyond it.
    pub today: Day,
    /// All periods in order, with holes.
    pub readings: Vec<Reading>,
    /// Usual ranges; several where the level was set anew.
    pub phases: Vec<Phase>,
    /// The target's level.
    pub target: Option<f64>,
    /// The target's lower and upper end where a tolerance exists.
    pub target_band: Option<(f64, f64)>,
    /// What the person has personally promised.
    pub commitment: Option<f64>,
    /// First day of the marked change.
    pub change_from: Option<Day>,
    /// The same periods a year before, under those of now; empty where they are not shown.
    pub before: Vec<Reading>,
    /// Talks, checks, starts, and what else happened.
    pub events: Vec<Event>,
}

/// One small panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmallPanel {
    /// Whose; empty where names are left out.
    pub name: String,
    /// The periods, the same for every panel, with holes.
    pub readings: Vec<Reading>,
    /// Their own usual range, low and high.
    pub usual: Option<(f64, f64)>,
    /// Since when it is worth a look, if it is.
    pub from: Option<Day>,
}

/// "How is each, against their own?": one small panel each on one scale, in a fixed order that is never one by value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelsChart {
    /// The metric's name.
    #[serde(skip)]
    pub name: String,
    /// One sentence that says what the drawing shows.
    #[serde(skip)]
    pub sentence: String,
    /// Today.
    #[serde(skip)]
    pub today: Day,
    /// How values are written.
    pub style: Style,
    /// How long a period is.
    pub cadence: Cadence,
    /// The target, where all have the same.
    pub target: Option<f64>,
    /// One each.
    pub panels: Vec<SmallPanel>,
}

/// How many values lie between two levels: from the lower one on, below the upper one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// From here on.
    pub lo: f64,
    /// Up to here.
    pub hi: f64,
    /// How many.
    pub count: usize,
}

/// "How far apart are we?": how often each level came, the middle and the middle half; nobody in it by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpreadChart {
    /// The metric's name.
    #[serde(skip)]
    pub name: String,
    /// One sentence that says what the drawing shows.
    #[serde(skip)]
    pub sentence: String,
    /// How values are written.
    pub style: Style,
    /// The bars, side by side.
    pub bins: Vec<Bin>,
    /// The target, where all have the same.
    pub target: Option<f64>,
    /// The middle value.
    pub middle: f64,
    /// Both ends of the middle half.
    pub half: (f64, f64),
    /// What is counted: "weeks".
    pub counted: String,
}

/// What was to be expected without doing anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// The period's first day.
    pub start: Day,
    /// Lower end.
    pub lo: f64,
    /// Middle.
    pub mid: f64,
    /// Upper end.
    pub hi: f64,
}

/// "Did it come back by itself?": the grey funnel of what was to be expected, the line that came, talk and check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryChart {
    /// The metric's name.
    pub name: String,
    /// One sentence that says what the drawing shows.
    pub sentence: String,
    /// How values are written.
    pub style: Style,
    /// How long a period is.
    pub cadence: Cadence,
    /// Today, for dates in the table.
    pub today: Day,
    /// What came.
    pub readings: Vec<Reading>,
    /// What came of those to compare with; drawn in grey, may be empty.
    pub compare: Vec<Reading>,
    /// Where periods are counted from a pick instead of by date: the day that stands for it.
    pub since: Option<Day>,
    /// What was to be expected.
    pub expected: Vec<Expected>,
    /// The usual range.
    pub usual: Option<(f64, f64)>,
    /// Talk and check.
    pub events: Vec<Event>,
}

/// The one time axis that all lanes of a chain page share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeAxis {
    /// Its first day.
    pub from: Day,
    /// Its last day; leaves room for planned starts.
    pub to: Day,
    /// Today.
    pub today: Day,
    /// Starts of the rollout, in order; planned ones are drawn broken.
    pub marks: Vec<Event>,
}

/// Several units on one lane: thin lines for each, a thick one for their middle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Who they are: "wave-1 plants", "later plants".
    pub name: String,
    /// The thick line.
    pub mean: Vec<Reading>,
    /// The thin lines; may be empty where units are too many to draw. Marked readings are left out and drawn dotted.
    pub units: Vec<Vec<Reading>>,
}

/// A span that does not count, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// First day.
    pub from: Day,
    /// The day after the last.
    pub to: Day,
    /// Why: "Supplier strike at Corran: five weeks left out".
    pub reason: String,
}

/// How a lane is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneKind {
    /// Lines through the readings.
    Lines,
    /// Level steps, for values that hold until the next.
    Steps,
    /// Bars from zero, for use of support.
    Bars,
}

/// One metric on the chain page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// The metric's name.
    pub name: String,
    /// One sentence that says what the drawing shows.
    pub sentence: String,
    /// How values are written.
    pub style: Style,
    /// How long a period is.
    pub cadence: Cadence,
    /// How it is drawn.
    pub kind: LaneKind,
    /// Units that have the support; the bars' values are its thick line.
    pub treated: Option<Group>,
    /// Units that do not have it yet.
    pub compare: Option<Group>,
    /// The target's lower and upper end.
    pub target: Option<(f64, f64)>,
    /// Words in the target band: "Target 3 ± 2 days".
    pub target_label: String,
    /// Spans that do not count.
    pub left_out: Vec<LeftOut>,
    /// Whether it is taller than the others: the business metric.
    pub tall: bool,
}

/// One voice of a panel on one cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelRow {
    /// Its short key: "1".
    pub key: String,
    /// The cause in words.
    pub name: String,
    /// What each person said, in percent of the gap.
    pub voices: Vec<f64>,
    /// The middle.
    pub mid: f64,
    /// Lower end of the middle half.
    pub q1: f64,
    /// Upper end of the middle half.
    pub q3: f64,
}

/// "What do several people think?": a dot a voice, a bar for the middle half, a tick for the middle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelChart {
    /// One sentence that says what the drawing shows.
    pub sentence: String,
    /// The causes.
    pub rows: Vec<PanelRow>,
}

/// The table beside a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartTable {
    /// What the table holds.
    pub caption: String,
    /// Heads of the columns; the first is the row's name.
    pub heads: Vec<String>,
    /// Cells as shown, newest first.
    pub rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "parts/chart.html")]
struct Frame<'a> {
    kind: &'a str,
    sentence: &'a str,
    json: Markup,
    table: Option<&'a ChartTable>,
}

/// JSON for a `<script type="application/json">`: `<` is escaped, so that nothing in it can end the element.
fn json<T: Serialize>(data: &T) -> Markup {
    Markup::new(serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned()).replace('<', "\\u003c"))
}

fn frame<T: Serialize>(kind: &str, sentence: &str, data: &T, table: Option<&ChartTable>) -> Markup {
    let html = Frame { kind, sentence, json: json(data), table }.render();
    Markup::new(html.unwrap_or_default())
}

fn period_head(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Day => "Day",
        Cadence::Week => "Week of",
        Cadence::Month => "Month from",
        Cadence::Quarter => "Quarter from",
        Cadence::Year => "Year",
    }
}

fn period_name(cadence: Cadence, start: Day, today: Day) -> String {
    match cadence {
        Cadence::Year => start.date().year().to_string(),
        _ => format::short_date(start, today),
    }
}

impl ControlChart {
    /// The drawing and its table.
    pub fn html(&self) -> Markup {
        if self.readings.iter().all(|r| r.value.is_none()) {
            return Markup::new(format!(
                r#"<div class="empty">{}<p>No reading has come in for this time.</p><p class="small">The first ones show here; the usual range follows when there are enough of them.</p></div>"#,
                super::icon("none")
            ));
        }
        frame("control", &self.sentence, self, Some(&self.table()))
    }
    /// The same as a table, newest first.
    pub fn table(&self) -> ChartTable {
        let usual = |start: Day| self.phases.iter().find(|p| p.from <= start && start < p.to);
        let mut rows: Vec<Vec<String>> = Vec::with_capacity(self.readings.len());
        // What lies ahead of the newest reading, such as a check, has its own rows.
        let ahead = self.readings.last().map(|r| self.cadence.step(r.start, 1));
        let mut coming: Vec<&Event> =
            self.events.iter().filter(|e| ahead.is_none_or(|from| e.day >= from)).collect();
        coming.sort_by_key(|e| std::cmp::Reverse(e.day));
        for event in coming {
            rows.push(vec![
                period_name(self.cadence, self.cadence.start(event.day), self.today),
                String::new(),
                String::new(),
                format!("{}, {}", event.label, format::short_date(event.day, self.today)),
            ]);
        }
        let usual_too = !self.phases.is_empty() || self.before.is_empty();
        for reading in self.readings.iter().rev() {
            let mut notes: Vec<String> = Vec::new();
            if reading.value.is_none() {
                notes.push("no data".to_owned());
            } else if reading.marked {
                notes.push("part of the change".to_owned());
            }
            let end = self.cadence.step(reading.start, 1);
            notes.extend(
                self.events
                    .iter()
                    .filter(|e| reading.start <= e.day && e.day < end)
                    .map(|e| format!("{}, {}", e.label, format::short_date(e.day, self.today))),
            );
            let before = self.before.iter().find(|b| b.start == reading.start).and_then(|b| b.value);
            rows.push(vec![
                period_name(self.cadence, reading.start, self.today),
                self.style.maybe(reading.value),
                match usual_too {
                    true => usual(reading.start).map_or_else(String::new, |p| self.style.range(p.lo, p.hi)),
                    false => self.style.maybe(before),
                },
                notes.join("; "),
            ]);
        }
        ChartTable {
            caption: self.name.clone(),
            heads: vec![
                period_head(self.cadence).to_owned(),
                self.name.clone(),
                if usual_too { "Usual range" } else { "A year before" }.to_owned(),
                "Note".to_owned(),
            ],
            rows,
        }
    }
}

impl RecoveryChart {
    /// The drawing and its table.
    pub fn html(&self) -> Markup {
        frame("recovery", &self.sentence, self, Some(&self.table()))
    }
    /// The drawing alone, where its table stands at the page's foot.
    pub fn bare(&self) -> Markup {
        frame("recovery", &self.sentence, self, None)
    }
    /// The same as a table, newest first.
    pub fn table(&self) -> ChartTable {
        let all = self.readings.iter().chain(&self.compare).map(|r| r.start);
        let mut starts: Vec<Day> = all.chain(self.expected.iter().map(|e| e.start)).collect();
        starts.sort_unstable();
        starts.dedup();
        let value = |line: &[Reading], start: Day| {
            self.style.maybe(line.iter().find(|r| r.start == start).and_then(|r| r.value))
        };
        let named = |start: Day| match self.since {
            Some(since) => format::decimal(f64::from(self.cadence.steps_between(since, start)), 0),
            None => period_name(self.cadence, start, self.today),
        };
        let rows = starts
            .into_iter()
            .rev()
            .map(|start| {
                let expected = self.expected.iter().find(|e| e.start == start);
                let mut row = vec![named(start), value(&self.readings, start)];
                if !self.compare.is_empty() {
                    row.push(value(&self.compare, start));
                }
                row.push(expected.map_or_else(String::new, |e| {
                    format!("{} ({})", self.style.number(e.mid), self.style.range(e.lo, e.hi))
                }));
                row
            })
            .collect();
        let mut heads = match self.since {
            Some(_) => {
                vec![format!("{}s since", format::capital(self.cadence.word())), "Given it".to_owned()]
            }
            None => vec![period_head(self.cadence).to_owned(), "What came".to_owned()],
        };
        if !self.compare.is_empty() {
            heads.push("Picked alike, not given it".to_owned());
        }
        heads.push("Expected without doing anything".to_owned());
        ChartTable { caption: self.name.clone(), heads, rows }
    }
}

impl PanelsChart {
    /// The drawing and its table.
    pub fn html(&self) -> Markup {
        frame("panels", &self.sentence, self, Some(&self.table()))
    }
    /// The same as a table, newest first.
    pub fn table(&self) -> ChartTable {
        let mut heads = vec![period_head(self.cadence).to_owned()];
        heads.extend(self.panels.iter().enumerate().map(|(n, p)| match p.name.is_empty() {
            true => format!("No name, {}", n + 1),
            false => p.name.clone(),
        }));
        let periods = self.panels.first().map_or(0, |p| p.readings.len());
        let rows = (0..periods)
            .rev()
            .map(|at| {
                let start = self.panels[0].readings[at].start;
                let value = |p: &SmallPanel| self.style.maybe(p.readings.get(at).and_then(|r| r.value));
                std::iter::once(period_name(self.cadence, start, self.today))
                    .chain(self.panels.iter().map(value))
                    .collect()
            })
            .collect();
        ChartTable { caption: self.name.clone(), heads, rows }
    }
}

impl SpreadChart {
    /// Counts values into at most a dozen bars of a round width. `None` without a value.
    pub fn of(name: &str, style: Style, values: &[f64], target: Option<f64>, counted: &str) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (lo, hi) = (*sorted.first()?, *sorted.last()?);
        let at = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, part) = (place.floor() as usize, place.fract());
            let above = sorted.get(below + 1).copied().unwrap_or(sorted[below]);
            sorted[below] + part * (above - sorted[below])
        };
        // No finer than the values are written.
        let finest =
            10f64.powi(-i32::from(style.places)) * if style.divide > 0.0 { style.divide } else { 1.0 };
        let width = round_width((hi - lo) / 10.0).max(finest);
        let start = (lo / width).floor() * width;
        let count = (((hi - start) / width).floor() as usize + 1).min(60);
        let edge = |n: usize| start + n as f64 * width;
        let mut bins: Vec<Bin> = (0..count).map(|n| Bin { lo: edge(n), hi: edge(n + 1), count: 0 }).collect();
        for value in &sorted {
            let n = (((value - start) / width + 1e-9).floor() as usize).min(count - 1);
            bins[n].count += 1;
        }
        let (middle, half) = (at(0.5), (at(0.25), at(0.75)));
        let sentence = format!(
            "{} {counted} of {}: half of them between {}, the middle at {}.",
            sorted.len(),
            name.to_lowercase(),
            style.range(half.0, half.1),
            style.number(middle)
        );
        Some(Self {
            name: name.to_owned(),
            sentence,
            style,
            bins,
            target,
            middle,
            half,
            counted: counted.to_owned(),
        })
    }
    /// The drawing and its table.
    pub fn html(&self) -> Markup {
        frame("spread", &self.sentence, self, Some(&self.table()))
    }
    /// The same as a table.
    pub fn table(&self) -> ChartTable {
        let rows = self.bins.iter().map(|bin| {
            let level = format!("{} to under {}", self.style.number(bin.lo), self.style.number(bin.hi));
            let half = bin.lo <= self.half.1 && self.half.0 < bin.hi;
            vec![level, bin.count.to_string(), if half { "in the middle half" } else { "" }.to_owned()]
        });
        ChartTable {
            caption: self.name.clone(),
            heads: vec![self.name.clone(), format::capital(&self.counted), "Note".to_owned()],
            rows: rows.collect(),
        }
    }
}

/// The next larger of 1, 2, 5 and their tenfolds.
fn round_width(width: f64) -> f64 {
    if width.is_nan() || width <= 0.0 {
        return 0.0;
    }
    let unit = 10f64.powf(width.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * unit).find(|n| *n >= width * 0.999).unwrap_or(width)
}

impl PanelChart {
    /// The drawing and its table.
    pub fn html(&self) -> Markup {
        frame("panel", &self.sentence, self, Some(&self.table()))
    }
    /// The same as a table.
    pub fn table(&self) -> ChartTable {
        let percent = Style::percent(0);
        ChartTable {
            caption: "Share of the gap, as the panel sees it".to_owned(),
            heads: ["Cause", "Middle", "Middle half", "Voices"].map(str::to_owned).to_vec(),
            rows: self
                .rows
                .iter()
                .map(|row| {
                    let voices: Vec<String> = row.voices.iter().map(|v| format::decimal(*v, 0)).collect();
                    vec![
                        format!("{} {}", row.key, row.name),
                        percent.number(row.mid),
                        percent.range(row.q1, row.q3),
                        voices.join(", "),
                    ]
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct LaneData<'a> {
    axis: &'a TimeAxis,
    lane: &'a Lane,
    last: bool,
}

impl TimeAxis {
    /// The axis above the lanes, with the names of the starts.
    pub fn html(&self) -> Markup {
        frame("axis", "Time axis", self, None)
    }
}

impl Lane {
    /// The drawing, on the axis that all lanes share. `last` draws the months under it. Its table stands at the
    /// chain's foot ([`Lane::table`]), so that marks run through all rows.
    pub fn html(&self, axis: &TimeAxis, last: bool) -> Markup {
        frame("lane", &self.sentence, &LaneData { axis, lane: self, last }, None)
    }
    /// The lane's thick lines as a table, newest first.
    pub fn table(&self, today: Day) -> ChartTable {
        let groups: Vec<&Group> = self.treated.iter().chain(&self.compare).collect();
        let mut starts: Vec<Day> = groups.iter().flat_map(|g| g.mean.iter().map(|r| r.start)).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut heads = vec![period_head(self.cadence).to_owned()];
        heads.extend(groups.iter().map(|g| format::capital(&g.name)));
        heads.push("Note".to_owned());
        let rows = starts
            .into_iter()
            .rev()
            .map(|start| {
                let mut row = vec![period_name(self.cadence, start, today)];
                row.extend(groups.iter().map(|g| {
                    self.style.maybe(g.mean.iter().find(|r| r.start == start).and_then(|r| r.value))
                }));
                let out = self.left_out.iter().find(|s| s.from <= start && start < s.to);
                row.push(out.map_or_else(String::new, |s| s.reason.clone()));
                row
            })
            .collect();
        ChartTable { caption: self.name.clone(), heads, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn control() -> ControlChart {
        ControlChart {
            name: "Successful calls".to_owned(),
            sentence: "Lower since 16 February.".to_owned(),
            style: Style::plain(0),
            cadence: Cadence::Week,
            today: d("2026-03-18"),
            readings: vec![
                Reading::new(d("2026-02-09"), Some(38.0)),
                Reading { marked: true, ..Reading::new(d("2026-02-16"), Some(31.2)) },
                Reading::new(d("2026-02-23"), None),
            ],
            phases: vec![Phase {
                from: d("2025-12-01"),
                to: d("2026-02-23"),
                mean: 40.0,
                lo: 32.0,
                hi: 48.0,
            }],
            target: Some(42.0),
            target_band: None,
            commitment: None,
            change_from: Some(d("2026-02-16")),
            before: Vec::new(),
            events: vec![Event {
                day: d("2026-02-20"),
                label: "Talk </script>".to_owned(),
                kind: EventKind::Ours,
                planned: false,
            }],
        }
    }

    #[test]
    fn the_table_says_what_the_drawing_shows() {
        let rows = control().table().rows;
        assert_eq!(rows[0], ["23 Feb", "–", "", "no data"]);
        assert_eq!(rows[1], ["16 Feb", "31", "32 to 48", "part of the change; Talk </script>, 20 Feb"]);
        assert_eq!(rows[2], ["9 Feb", "38", "32 to 48", ""]);
    }

    #[test]
    fn nothing_in_the_data_can_end_the_element() {
        let html = control().html();
        assert_eq!(html.as_str().matches("</script>").count(), 1, "{html}");
        assert!(
            html.as_str().contains(r#"[["2026-02-09",38.0],["2026-02-16",31.2,1],["2026-02-23",null]]"#),
            "{html}"
        );
        assert!(html.as_str().contains("Talk &#60;/script&#62;"), "{html}");
    }

    #[test]
    fn values_are_counted_into_round_bars_and_none_is_lost() {
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        let chart = SpreadChart::of("Calls", Style::plain(0), &values, None, "weeks").unwrap();
        assert_eq!((chart.middle, chart.half), (50.0, (25.0, 75.0)));
        assert_eq!(chart.bins.iter().map(|b| b.count).sum::<usize>(), 101);
        assert!(chart.bins.iter().all(|b| b.hi - b.lo == 10.0), "{:?}", chart.bins);
        assert_eq!(chart.table().rows[0], ["0 to under 10", "10", ""]);
        assert_eq!(chart.table().rows[2], ["20 to under 30", "10", "in the middle half"]);
        // A whole number is not cut in two, equal values are one bar, and nothing is no chart.
        let narrow = SpreadChart::of("Calls", Style::plain(0), &[3.0, 4.0, 4.0], None, "weeks").unwrap();
        assert_eq!(narrow.bins.iter().map(|b| b.count).collect::<Vec<_>>(), [1, 2]);
        let equal = SpreadChart::of("Calls", Style::plain(0), &[7.0; 5], None, "weeks").unwrap();
        assert_eq!(equal.bins, [Bin { lo: 7.0, hi: 8.0, count: 5 }]);
        assert_eq!(SpreadChart::of("Calls", Style::plain(0), &[f64::NAN], None, "weeks"), None);
    }

    #[test]
    fn values_keep_seven_digits() {
        for (value, kept) in
            [(0.1 + 0.2, 0.3), (123_456.789, 123_456.8), (-1e-9 / 3.0, -3.333333e-10), (0.0, 0.0)]
        {
            assert_eq!(seven_digits(value), kept, "{value}");
        }
        assert!(seven_digits(f64::MAX).is_finite() && seven_digits(f64::MIN_POSITIVE / 8.0).is_finite());
    }

    #[test]
    fn a_lane_lists_both_groups_and_what_is_left_out() {
        let group = |name: &str, value: f64| Group {
            name: name.to_owned(),
            mean: vec![Reading::new(d("2026-01-05"), Some(value))],
            units: vec![],
        };
        let lane = Lane {
            name: "Days on hand".to_owned(),
            sentence: String::new(),
            style: Style::of("days", 1),
            cadence: Cadence::Week,
            kind: LaneKind::Lines,
            treated: Some(group("wave-1 plants", 8.1)),
            compare: Some(group("later plants", 15.1)),
            target: None,
            target_label: String::new(),
            left_out: vec![LeftOut {
                from: d("2026-01-01"),
                to: d("2026-01-12"),
                reason: "Strike".to_owned(),
            }],
            tall: true,
        };
        let table = lane.table(d("2026-03-18"));
        assert_eq!(table.heads, ["Week of", "Wave-1 plants", "Later plants", "Note"]);
        assert_eq!(table.rows, [["5 Jan", "8.1", "15.1", "Strike"]]);
    }
}
