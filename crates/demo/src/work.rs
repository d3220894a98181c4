//! The weekly numbers of account managers and branches, with what was planted in them.
//!
//! A reading is the person's own level, times what everyone, the region and the branch share that week,
//! times one plus what is the person's alone. A low stretch is a few weeks well below the own level that end by themselves.

use domain::time::Day;

use crate::build::Build;
use crate::feeds;
use crate::harbour;
use crate::learning::Adoption;
use crate::metrics::*;
use crate::noise::{Dice, Use, WEEKS, ar1};
use crate::northwind::{Member, Northwind};
use crate::supports::{PROMPT_COACHING, PROMPT_FROM, WEBINAR, WEBINARS};
use crate::world::*;

/// Planted effect of the lesson on the revenue per hour of someone who has done it.
const LESSON_EFFECT: f64 = 0.0375;
/// Planted effect of the legacy course on the revenue per hour of its month.
const COURSE_EFFECT: f64 = -0.0105;
const COURSE_WEEKS: i32 = 4;
/// Planted effects of the call list.
const CALL_LIST_CONTACTS: f64 = 0.05;
const CALL_LIST_ACCOUNTS: f64 = 0.015;
/// The week of the market dip, the fiftieth.
pub(crate) const DIP: usize = 49;

/// Weekly spread that is a person's alone.
const NOISE: [f64; WORK] = [0.058, 0.075, 0.12, 0.15, 0.040, 0.09];
/// Weekly spread that a branch shares.
const SHOCK: [f64; WORK] = [0.010, 0.012, 0.015, 0.02, 0.005, 0.02];
/// Height of the yearly wave of a region.
const SEASON: [f64; WORK] = [0.015, 0.015, 0.02, 0.03, 0.008, 0.03];
/// What the last week of a quarter, a holiday week and the market dip do to everyone.
const QUARTER_END: [f64; WORK] = [1.0, 1.0, 1.03, 1.05, 1.03, 1.08];
const HOLIDAYS: [f64; WORK] = [0.94, 0.94, 0.90, 0.94, 1.0, 0.94];
const MARKET: [f64; WORK] = [1.0, 1.0, 0.96, 0.80, 0.89, 0.68];

/// A low stretch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) metric: MetricIx,
    pub(crate) start: i32,
    pub(crate) weeks: i32,
    depth: f64,
}

impl Stretch {
    /// What is missing in a week, as a share of the level. The week after the last is half way back.
    fn at(&self, week: i32) -> f64 {
        let end = self.start + self.weeks;
        match week {
            w if w >= self.start && w < end => self.depth,
            w if w == end => self.depth / 2.0,
            _ => 0.0,
        }
    }
}

/// All weekly numbers of account managers.
pub(crate) struct Numbers {
    values: Vec<f64>,
    hours: Vec<f64>,
    /// Low stretches of each member.
    pub(crate) stretches: Vec<Vec<Stretch>>,
    /// The mean effect of a prompt talk over the six weeks from its week on, as a share of the level.
    pub(crate) talk_effect: f64,
    /// The mean effect of the lesson over the weeks that its study reads.
    pub(crate) lesson_effect: f64,
}

impl Numbers {
    fn value(&self, member: usize, week: usize, metric: usize) -> f64 {
        self.values[(member * WEEKS + week) * WORK + metric]
    }
}

/// What all share.
struct Shared {
    calendar: [[f64; WEEKS]; WORK],
    season: Vec<[[f64; WEEKS]; WORK]>,
}

fn shared(b: &Build) -> Shared {
    let mut calendar = [[1.0; WEEKS]; WORK];
    let mut season = vec![[[0.0; WEEKS]; WORK]; 8];
    for week in 0..WEEKS {
        for metric in 0..WORK {
            let mut factor = 1.0;
            if b.weeks.quarter_end(week) {
                factor *= QUARTER_END[metric];
            }
            if b.weeks.holidays(week) {
                factor *= HOLIDAYS[metric];
            }
            if week == DIP {
                factor *= MARKET[metric];
            } else if week == DIP + 1 {
                factor *= 1.0 - 0.3 * (1.0 - MARKET[metric]);
            }
            calendar[metric][week] = factor;
            let of_year = f64::from(b.weeks.day(week).date().day_of_year()) / 365.25;
            for (region, wave) in season.iter_mut().enumerate() {
                wave[metric][week] = SEASON[metric]
                    * (std::f64::consts::TAU * (of_year + region as f64 / 8.0 + metric as f64 / 6.0)).sin();
            }
        }
    }
    Shared { calendar, season }
}

/// How far a new branch, or a new person, has come.
fn ramp(metric: usize, weeks: i32, over: f64, start: f64) -> f64 {
    let start = if metric == REVENUE_PER_HOUR.at() { 1.0 - (1.0 - start) * 0.2 } else { start };
    start + (1.0 - start) * (f64::from(weeks.max(0)) / over).min(1.0)
}

/// Makes all numbers; writes who was picked for the webinar and for prompt talks on the way.
pub(crate) fn numbers(b: &mut Build, n: &Northwind, adoption: &[Adoption]) -> Numbers {
    let seed = b.seed();
    let shared = shared(b);
    let shocks: Vec<[[f64; WEEKS]; WORK]> = (0..n.branches.len())
        .map(|i| {
            let mut dice = Dice::new(seed, Use::Shocks, i);
            let mut out = [[0.0; WEEKS]; WORK];
            for (metric, series) in out.iter_mut().enumerate() {
                ar1(&mut dice, 0.4, series);
                series.iter_mut().for_each(|x| *x *= SHOCK[metric]);
            }
            out
        })
        .collect();
    let mut out = Numbers {
        values: vec![f64::NAN; n.members.len() * WEEKS * WORK],
        hours: vec![f64::NAN; n.members.len() * WEEKS],
        stretches: Vec::with_capacity(n.members.len()),
        talk_effect: 0.0,
        lesson_effect: 0.0,
    };
    let mut talks = Vec::new();
    let mut low_callers: Vec<Vec<usize>> = vec![Vec::new(); WEBINARS.len()];
    let (mut sum, mut count) = (0.0, 0usize);
    for (index, member) in n.members.iter().enumerate() {
        let mut stretches = draw_stretches(seed, index, member);
        let common = |week: usize, metric: usize| {
            let branch = n.branch_of(member, week as i32);
            let season = 1.0 + shared.season[n.branches[branch].region][metric][week];
            let shock = if member.shown.is_none() { shocks[branch][metric][week] } else { 0.0 };
            let mut factor = member.level[metric] * shared.calendar[metric][week] * (season + shock);
            if member.shown.is_some() && week + harbour::PLANNED >= WEEKS {
                // What is planned to the week is not moved by the calendar.
                factor = member.level[metric] * season;
            }
            factor * growth(n, member, week as i32, metric)
        };
        let own = own_noise(seed, index, member);
        // Contacts first: talks are triggered by them, week after week, and change how long a stretch lasts.
        let lows = |stretches: &[Stretch], week: i32, metric: usize| -> f64 {
            stretches.iter().filter(|s| s.metric.at() == metric).map(|s| s.at(week)).sum()
        };
        let c = CONTACTS.at();
        let prompt = n.branches[member.branch].prompt;
        let mut dice = Dice::new(seed, Use::Coaching, index);
        let mut rel = [f64::NAN; WEEKS];
        let mut quiet_until = 0;
        for week in 0..WEEKS {
            let w = week as i32;
            if !member.works(w) {
                continue;
            }
            rel[week] = 1.0 + own[c][week] - lows(&stretches, w, c);
            // A change is one against a usual range, which a new branch does not have yet.
            let settled = n.branches[member.branch].opened < w - 45 && !member.joined_late;
            if w < PROMPT_FROM
                || w < quiet_until
                || member.shown.is_some()
                || w >= WEEKS as i32 - 1
                || !settled
            {
                continue;
            }
            if let Some(true) = low(&rel, week, 2, 0.85) {
                quiet_until = w + 12;
                let talked = prompt.is_some_and(|from| from <= w) && dice.chance(0.92);
                let started = talked.then(|| b.weeks.monday(w + 1).plus(1 + dice.below(4) as i32));
                let mut healed = 0.0;
                if talked {
                    for stretch in stretches
                        .iter_mut()
                        .filter(|s| s.metric == CONTACTS && s.start <= w && s.start + s.weeks > w + 1)
                    {
                        let before: Vec<f64> = (1..7).map(|i| stretch.at(w + i)).collect();
                        stretch.weeks -= 1;
                        healed += (1..7).zip(before).map(|(i, old)| old - stretch.at(w + i)).sum::<f64>();
                    }
                    sum += healed / 6.0;
                    count += 1;
                }
                talks.push(Pick {
                    intervention: PROMPT_COACHING,
                    person: member.person,
                    metric: CONTACTS,
                    flagged: b.weeks.monday(w),
                    started,
                });
            }
        }
        for week in 0..WEEKS {
            if !member.works(week as i32) {
                continue;
            }
            let w = week as i32;
            for metric in 0..WORK {
                let mut dev = own[metric][week] - lows(&stretches, w, metric);
                if member.shown.is_none() {
                    dev += carried(&own, &stretches, metric, w);
                }
                let mut value = common(week, metric) * (1.0 + dev);
                if let Some(who) = member.shown
                    && let Some(z) = harbour::planned(seed, who, metric, WEEKS - 1 - week)
                {
                    value = common(week, metric) * (1.0 + z * harbour::spread(who, metric));
                }
                value *= treated(n, member, &adoption[index], w, metric);
                out.values[(index * WEEKS + week) * WORK + metric] = value.max(0.0);
            }
            let mut hours = 34.0 * (1.0 + 0.05 * own[0][week].signum() * own[1][week].abs().min(0.3) * 4.0);
            if b.weeks.holidays(week) {
                hours *= 0.72;
            }
            out.hours[index * WEEKS + week] = (hours * 4.0).round() / 4.0;
        }
        if member.shown.is_none() {
            for (k, &held) in WEBINARS.iter().enumerate() {
                let mut calls = [f64::NAN; WEEKS];
                for (week, value) in calls.iter_mut().enumerate().take(held as usize) {
                    *value = out.value(index, week, CALLS.at()) / shared.calendar[CALLS.at()][week];
                }
                if member.works(held) && low(&calls, held as usize - 1, 4, 0.88) == Some(true) {
                    low_callers[k].push(index);
                }
            }
        }
        stretches.retain(|s| s.start < member.weeks.1);
        out.stretches.push(stretches);
    }
    out.talk_effect = if count == 0 { 0.0 } else { sum / count as f64 };
    out.lesson_effect = lesson_effect(n, adoption);
    b.world.picks.extend(talks);
    seats(b, n, low_callers);
    b.world.picks.sort_by_key(|p| (p.intervention, p.flagged, p.person));
    out
}

/// Whether the mean of the last `window` readings lies below `share` of the mean of up to twenty before them.
fn low(series: &[f64; WEEKS], week: usize, window: usize, share: f64) -> Option<bool> {
    if week + 1 < window + 10 {
        return None;
    }
    let mean = |range: std::ops::Range<usize>| {
        let known: Vec<f64> = series[range].iter().copied().filter(|x| x.is_finite()).collect();
        (!known.is_empty()).then(|| (known.iter().sum::<f64>() / known.len() as f64, known.len()))
    };
    let edge = week + 1 - window;
    let (now, seen) = mean(edge..week + 1)?;
    let (usual, history) = mean(edge.saturating_sub(20)..edge)?;
    (seen == window && history >= 8).then_some(now < share * usual)
}

/// Seats of the webinar go to people of every other region, by lot, as long as there are any.
fn seats(b: &mut Build, n: &Northwind, low_callers: Vec<Vec<usize>>) {
    let capacity = n.branches.len() / 4;
    for (k, (&held, mut low)) in WEBINARS.iter().zip(low_callers).enumerate() {
        Dice::new(b.seed(), Use::Waves, 100 + k).shuffle(&mut low);
        let mut left = capacity;
        for index in low {
            let member = &n.members[index];
            let offered = n.branches[member.branch].region.is_multiple_of(2) && left > 0;
            left -= usize::from(offered);
            b.world.picks.push(Pick {
                intervention: WEBINAR,
                person: member.person,
                metric: CALLS,
                flagged: b.weeks.monday(held - 1),
                started: offered.then(|| b.weeks.monday(held).plus(3)),
            });
        }
    }
}

/// How far branch and person have come since they started.
fn growth(n: &Northwind, member: &Member, week: i32, metric: usize) -> f64 {
    let opened = n.branches[member.branch].opened;
    let mut factor = 1.0;
    if opened >= 0 {
        factor *= ramp(metric, week - opened, 26.0, 0.6);
    }
    if member.joined_late {
        factor *= ramp(metric, week - member.weeks.0, 8.0, 0.9);
    }
    factor
}

fn treated(n: &Northwind, member: &Member, adoption: &Adoption, week: i32, metric: usize) -> f64 {
    let branch = &n.branches[member.branch];
    let since = branch.call_list.map_or(-1, |start| week - start);
    match MetricIx::of(metric) {
        CONTACTS if since == 0 => 1.0 + CALL_LIST_CONTACTS / 2.0,
        CONTACTS if since > 0 => 1.0 + CALL_LIST_CONTACTS,
        ACCOUNTS if since >= 4 => 1.0 + CALL_LIST_ACCOUNTS,
        REVENUE_PER_HOUR => {
            let lesson =
                if adoption.lesson.is_some_and(|done| week > done) { 1.0 + LESSON_EFFECT } else { 1.0 };
            let course = adoption.course.is_some_and(|start| week >= start && week < start + COURSE_WEEKS);
            lesson * if course { 1.0 + COURSE_EFFECT } else { 1.0 }
        }
        _ => 1.0,
    }
}

/// The mean over branches, people and the 22 weeks from each start.
fn lesson_effect(n: &Northwind, adoption: &[Adoption]) -> f64 {
    let (mut sum, mut count) = (0.0, 0usize);
    for (member, adoption) in n.members.iter().zip(adoption) {
        let Some(start) = n.branches[member.branch].lesson else { continue };
        for week in (start..(start + 22).min(WEEKS as i32)).filter(|&w| member.works(w)) {
            sum += if adoption.lesson.is_some_and(|done| week > done) { LESSON_EFFECT } else { 0.0 };
            count += 1;
        }
    }
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// What is a person's alone, as shares of the level.
fn own_noise(seed: u64, index: usize, member: &Member) -> [[f64; WEEKS]; WORK] {
    let mut out = [[0.0; WEEKS]; WORK];
    for (metric, series) in out.iter_mut().enumerate() {
        let mut dice = Dice::new(seed, Use::Work, index * WORK + metric);
        if let Some(who) = member.shown {
            series.iter_mut().for_each(|x| *x = dice.normal_within(1.6));
            // Middle and spread of the half-year before the planned weeks are the usual ones.
            let usual = &series[38..WEEKS - harbour::PLANNED];
            let middle = usual.iter().sum::<f64>() / usual.len() as f64;
            let spread =
                (usual.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / usual.len() as f64).sqrt();
            series.iter_mut().for_each(|x| *x = (*x - middle) / spread * harbour::spread(who, metric));
        } else {
            ar1(&mut dice, 0.2, series);
            series.iter_mut().for_each(|x| *x *= NOISE[metric]);
        }
    }
    out
}

/// What comes down the line from earlier weeks: contacts to meetings (2 weeks), to accounts (4), to revenue (6 to 8).
fn carried(own: &[[f64; WEEKS]; WORK], stretches: &[Stretch], metric: usize, week: i32) -> f64 {
    let dev = |metric: MetricIx, week: i32| -> f64 {
        if week < 0 {
            return 0.0;
        }
        let low: f64 = stretches.iter().filter(|s| s.metric == metric).map(|s| s.at(week)).sum();
        own[metric.at()][week as usize] - low
    };
    let meetings = |week: i32| dev(MEETINGS, week) + 0.35 * dev(CONTACTS, week - 2);
    let accounts = |week: i32| dev(ACCOUNTS, week) + 0.35 * meetings(week - 2);
    match MetricIx::of(metric) {
        MEETINGS => 0.35 * dev(CONTACTS, week - 2),
        ACCOUNTS => 0.35 * meetings(week - 2),
        REVENUE_PER_HOUR => 0.08 * (2..=4).map(|lag| accounts(week - lag)).sum::<f64>() / 3.0,
        _ => 0.0,
    }
}

/// Low stretches of a member: in contacts and calls now and then, rarely in meetings and accounts.
fn draw_stretches(seed: u64, index: usize, member: &Member) -> Vec<Stretch> {
    let mut out = Vec::new();
    if member.shown.is_some() {
        return out;
    }
    let mut dice = Dice::new(seed, Use::Slumps, index);
    for (metric, rate, depth) in [(CONTACTS, 0.55, 0.24), (MEETINGS, 0.07, 0.34), (ACCOUNTS, 0.05, 0.40)] {
        if dice.chance(rate) {
            let start = 8 + dice.below(WEEKS - 10) as i32;
            out.push(Stretch { metric, start, weeks: 5, depth: depth * dice.between(0.95, 1.15) });
        }
    }
    // Calls: people are picked for the webinar while a stretch is nearly over.
    for held in WEBINARS {
        let (early, depth, on) = (dice.below(2) as i32, 0.175 * dice.between(1.0, 1.25), dice.chance(0.06));
        if on {
            let start = held - 4 - early;
            out.push(Stretch { metric: CALLS, start, weeks: held - start, depth });
        }
    }
    if dice.chance(0.06) {
        let (start, weeks) = (8 + dice.below(WEEKS - 10) as i32, 4 + dice.below(3) as i32);
        out.push(Stretch { metric: CALLS, start, weeks, depth: 0.22 });
    }
    out
}

/// Writes the numbers as they arrived: some late, some corrected, some not at all.
pub(crate) fn observe(b: &mut Build, n: &Northwind, numbers: &Numbers, adoption: &[Adoption]) {
    let mut out = Vec::with_capacity(n.members.len() * WEEKS * WORK + n.branches.len() * WEEKS * 3);
    for (index, member) in n.members.iter().enumerate() {
        let mut dice = Dice::new(b.seed(), Use::Arrival, index);
        for week in 0..WEEKS {
            if !member.works(week as i32) {
                continue;
            }
            let ago = WEEKS - 1 - week;
            let hours = numbers.hours[index * WEEKS + week];
            for metric in 0..WORK {
                let value = numbers.value(index, week, metric);
                let silent = match member.shown {
                    Some(who) => harbour::missing(who, metric, ago),
                    None => {
                        metric == CALLS.at()
                            && n.branch_of(member, week as i32) == n.broken_feed
                            && ago < feeds::BROKEN_WEEKS
                    }
                };
                let (late, wrong) = (dice.chance(0.02), dice.chance(0.01));
                let (nights, later, off) =
                    (1 + dice.below(9) as i32, 3 + dice.below(10) as i32, dice.between(0.08, 0.2));
                if silent {
                    continue;
                }
                let (numerator, denominator) = match MetricIx::of(metric) {
                    REVENUE_PER_HOUR => ((value * hours).round(), Some(hours)),
                    ASSETS => ((value / 100.0).round() * 100.0, None),
                    _ => (value.round(), None),
                };
                let row = Observation {
                    recorded: feeds::arrival(b, metric, b.weeks.day(week).plus(6)),
                    numerator,
                    denominator,
                    subject: member.person.0,
                    period: b.weeks.day(week),
                    metric: metric as u16,
                    revision: 1,
                };
                let calm = member.shown.is_some() && ago < 14;
                if wrong && !calm {
                    let first = (numerator * (1.0 + if late { off } else { -off })).round();
                    let first = if first == numerator { numerator + 1.0 } else { first };
                    out.push(Observation { numerator: first, ..row });
                    arrive(b, &mut out, Observation { revision: 2, ..row }, metric, later);
                } else if late && !calm {
                    arrive(b, &mut out, row, metric, nights);
                } else {
                    out.push(row);
                }
            }
        }
    }
    branches(b, n, numbers, adoption, &mut out);
    b.world.observations.extend(out);
}

/// Adds a row some nights after its week, if that night has been.
fn arrive(b: &Build, out: &mut Vec<Observation>, row: Observation, metric: usize, nights: i32) {
    let day: Day = row.period.plus(6 + nights);
    if day < b.weeks.today() {
        out.push(Observation { recorded: feeds::arrival(b, metric, day), ..row });
    }
}

fn branches(b: &Build, n: &Northwind, numbers: &Numbers, adoption: &[Adoption], out: &mut Vec<Observation>) {
    let mut revenue = vec![[0.0f64; WEEKS]; n.branches.len()];
    let mut heads = vec![[0u32; WEEKS]; n.branches.len()];
    let mut done = heads.clone();
    let mut tried = heads.clone();
    for (index, member) in n.members.iter().enumerate() {
        for week in (0..WEEKS).filter(|&w| member.works(w as i32)) {
            let branch = n.branch_of(member, week as i32);
            let rate = numbers.value(index, week, REVENUE_PER_HOUR.at());
            revenue[branch][week] += (rate * numbers.hours[index * WEEKS + week]).round();
            heads[branch][week] += 1;
            done[branch][week] += u32::from(adoption[index].lesson.is_some_and(|w| w <= week as i32));
            tried[branch][week] += u32::from(adoption[index].tried.iter().any(|&w| w <= week as i32));
        }
    }
    for (i, branch) in n.branches.iter().enumerate() {
        let mut dice = Dice::new(b.seed(), Use::Complaints, i);
        for week in 0..WEEKS {
            let staff = heads[i][week];
            if staff == 0 {
                continue;
            }
            let people = f64::from(staff);
            let mut push = |metric: MetricIx, numerator: f64, denominator: Option<f64>| {
                out.push(Observation {
                    recorded: feeds::arrival(b, metric.at(), b.weeks.day(week).plus(6)),
                    numerator,
                    denominator,
                    subject: branch.unit.0,
                    period: b.weeks.day(week),
                    metric: metric.0 as u16,
                    revision: 1,
                });
            };
            push(BRANCH_REVENUE, revenue[i][week], None);
            let complaints = (0..staff).filter(|_| dice.chance(0.13)).count();
            push(COMPLAINTS, complaints as f64, None);
            if branch.lesson.is_some_and(|start| week as i32 >= start) {
                push(LESSON_DONE, 100.0 * f64::from(done[i][week]), Some(people));
                push(LESSON_TRIED, 100.0 * f64::from(tried[i][week]), Some(people));
            }
            if let Some(start) = branch.call_list
                && week as i32 >= start
            {
                let share = 0.86 - 0.4 * (-f64::from(week as i32 - start) / 3.0).exp();
                let using = (0..staff).filter(|_| dice.chance(share)).count();
                push(CALL_LIST_USED, 100.0 * using as f64, Some(people));
            }
        }
    }
}
