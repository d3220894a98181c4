//! What several pages arrange alike: standings in words, small drawings, charts, who can see a page.

use app::App;
use app::dashboard::{Cell, CheckRead, Matched, MetricRead, Stand};
use domain::access::{Asked, Permit, ReadAccessLog, Relation, Who, permit};
use domain::alerts::{Alert, Answer, Kind, Standing, State, Way};
use domain::ids::PersonId;
use domain::interventions::MinutesPer;
use domain::metrics::{Direction, Metric};
use domain::time::{Day, Zone};

use super::chain::relative;
use super::format::{self, Moment, Style};
use super::svg::Spark;
use super::view::{
    ControlChart, Event, EventKind, Evidence, Expected, Grade, Link, Phase, Reading, RecoveryChart, Sight,
    Status, SupportOption,
};
use crate::problem::Problem;
use crate::session::Asker;

/// A standing as pages show it.
pub(crate) fn status(stand: &Stand, metric: &Metric) -> Status {
    match stand.state {
        Standing::Usual | Standing::Away => Status::Usual,
        Standing::ChangedLower if metric.direction == Direction::Down => Status::BetterLower,
        Standing::ChangedLower => Status::ChangedLower,
        Standing::ChangedHigher if metric.direction == Direction::Up => Status::BetterHigher,
        Standing::ChangedHigher => Status::ChangedHigher,
        Standing::OffTarget => Status::OffTarget,
        Standing::Recovered => Status::Recovered,
        Standing::InQuestion => Status::InQuestion,
        Standing::DataLate => Status::DataLate,
        Standing::TooFew => Status::TooFew,
        Standing::NoData => Status::NoData,
    }
}

/// How an episode stands or ended.
pub(crate) fn episode_status(alert: &Alert) -> Status {
    match (alert.state, alert.kind, alert.way) {
        (State::Recovered, ..) => Status::Recovered,
        (State::Accepted, ..) => Status::Usual,
        (State::InQuestion | State::WrongData, ..) => Status::InQuestion,
        (_, Kind::NoData, _) => Status::NoData,
        (_, Kind::Gap, _) => Status::OffTarget,
        (_, Kind::Shift | Kind::Guardrail, Way::Lower) => Status::ChangedLower,
        (_, Kind::Shift | Kind::Guardrail, Way::Higher) => Status::ChangedHigher,
    }
}

/// Whole periods from one day to another, counted in a metric's periods; at least 1.
pub(crate) fn periods(metric: &Metric, since: Day, until: Day) -> u32 {
    let cadence = metric.cadence.rolled();
    u32::try_from(cadence.steps_between(since, cadence.start(until))).unwrap_or(0).max(1)
}

/// The small drawing of a cell: its last `keep` periods.
pub(crate) fn spark(cell: &Cell, metric: &Metric, keep: usize) -> Spark {
    let skip = cell.values.len().saturating_sub(keep);
    let cadence = metric.cadence.rolled();
    let look = status(&cell.stand, metric).worth_a_look();
    let look_from = cell.stand.since.filter(|_| look).map(|since| {
        usize::try_from(cadence.steps_between(cell.first, since)).unwrap_or(0).saturating_sub(skip)
    });
    Spark {
        values: cell.values[skip..].to_vec(),
        usual: cell.stand.usual.map(|(_, low, high)| (floor(low, metric), high)),
        target: cell.stand.target.map(|t| t.0),
        look_from,
    }
}

/// Counts and ratios of counts cannot be below zero, so neither is their usual range.
fn floor(low: f64, metric: &Metric) -> f64 {
    if metric.unit == "points" { low } else { low.max(0.0) }
}

/// The finding in words: what, since when, against what.
pub(crate) fn alert_facts(alert: &Alert, metric: &Metric, today: Day) -> String {
    let (style, period) = (Style::of_metric(metric), metric.cadence.rolled().word());
    let f = &alert.facts;
    let since = format::short_date(alert.since, today);
    match alert.kind {
        Kind::Gap => {
            let target =
                f.target.map_or_else(String::new, |t| format!(" against a target of {}", style.number(t)));
            format!(
                "About {} a {period}{target} since {since}. Nothing changed: the level is steady.",
                style.number(f.level)
            )
        }
        _ => format!(
            "About {} a {period} since {since}. The usual range is {}, around {}.",
            style.number(f.level),
            style.range(f.usual_low.max(0.0), f.usual_high),
            style.number(f.usual)
        ),
    }
}

/// "lower for four weeks", "off target since 16 Feb".
pub(crate) fn headline(alert: &Alert, metric: &Metric, today: Day) -> String {
    let (many, word) = (u64::from(periods(metric, alert.since, today)), metric.cadence.rolled().word());
    let span = format!("{} {word}{}", format::spell(many), if many == 1 { "" } else { "s" });
    match (alert.kind, alert.way) {
        (Kind::Gap, _) => format!("steadily off target for {span}"),
        (Kind::Guardrail, Way::Lower) => format!("a guardrail, lower for {span}"),
        (Kind::Guardrail, Way::Higher) => format!("a guardrail, higher for {span}"),
        (_, Way::Lower) => format!("lower for {span}"),
        (_, Way::Higher) => format!("higher for {span}"),
    }
}

/// What a person answered, in words.
pub(crate) fn answer_words(alert: &Alert) -> Option<String> {
    let word = match alert.answer? {
        Answer::IKnowWhy => "I know why",
        Answer::HelpPlease => "I'd like help",
        Answer::DataWrong => "Data is wrong",
    };
    Some(match &alert.answer_note {
        Some(note) => format!("{word}: {note}"),
        None => word.to_owned(),
    })
}

/// The first of a person's names.
pub(crate) fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

/// The control chart of a metric of a person.
pub(crate) fn control_chart(
    read: &MetricRead,
    alert: Option<&Alert>,
    sentence: String,
    today: Day,
) -> ControlChart {
    let metric = &read.metric;
    let cadence = metric.cadence.rolled();
    let (first, last) = read.window;
    let open = alert.or_else(|| read.alerts.iter().find(|a| !a.state.is_closed()));
    let mut readings = Vec::new();
    let mut period = first;
    while period <= last {
        let value = read.readings.iter().find(|x| x.period == period).and_then(|x| x.quantity.value());
        let marked = open.is_some_and(|a| period >= a.since && a.closed_on.is_none_or(|c| period <= c));
        readings.push(Reading { start: period, value, marked });
        period = cadence.step(period, 1);
    }
    // Leading periods from before anything was measured are not holes.
    let begin = readings.iter().position(|r| r.value.is_some()).unwrap_or(0);
    readings.drain(..begin);
    let usual = match open {
        Some(a) if matches!(a.kind, Kind::Shift | Kind::Guardrail) => {
            Some((a.facts.usual, a.facts.usual_low, a.facts.usual_high))
        }
        _ => read.stand.as_ref().and_then(|s| s.usual),
    };
    let phases = usual
        .zip(readings.first())
        .map(|((mean, lo, hi), r)| Phase {
            from: r.start,
            to: cadence.step(last, 1),
            mean,
            lo: floor(lo, metric),
            hi,
        })
        .into_iter()
        .collect();
    let target = read.stand.as_ref().and_then(|s| s.target);
    let mut events: Vec<Event> = Vec::new();
    for session in read.sessions.iter().filter(|s| s.opened_on >= first) {
        events.push(Event {
            day: session.opened_on,
            label: "Talk".into(),
            kind: EventKind::Ours,
            planned: false,
        });
    }
    // A check stands on the chart once both have signed it.
    let agreed = |id| read.sessions.iter().any(|s| s.id == id && s.agreed_by_both());
    for action in read.actions.iter().filter(|a| agreed(a.session)) {
        if action.check >= first {
            events.push(Event {
                day: action.check,
                label: "Check".into(),
                kind: EventKind::Ours,
                planned: action.check > today,
            });
        }
    }
    for (day, label) in levels_set(read, first) {
        events.push(Event { day, label, kind: EventKind::Happened, planned: day > today });
    }
    for (day, name) in &read.starts {
        events.push(Event { day: *day, label: name.clone(), kind: EventKind::Ours, planned: *day > today });
    }
    events.sort_by(|a, b| (a.day, &a.label).cmp(&(b.day, &b.label)));
    ControlChart {
        name: metric.name.clone(),
        sentence,
        style: Style::of_metric(metric),
        cadence,
        today,
        readings,
        phases,
        target: target.map(|t| t.0),
        target_band: target
            .filter(|t| t.1 > 0.0)
            .map(|(level, tolerance)| (level - tolerance, level + tolerance)),
        commitment: read.stand.as_ref().and_then(|s| s.commitment),
        before: Vec::new(),
        change_from: open.filter(|a| matches!(a.kind, Kind::Shift | Kind::Guardrail)).map(|a| a.since),
        events,
    }
}

/// What came after a talk, on the funnel of what would have come by itself.
pub(crate) fn recovery_chart(check: &CheckRead, metric: &Metric, today: Day) -> RecoveryChart {
    let cadence = metric.cadence.rolled();
    let from = |at: usize| cadence.step(check.first, at as i32);
    let expected: Vec<Expected> = check
        .way
        .iter()
        .flat_map(|w| &w.path)
        .enumerate()
        .map(|(i, n)| Expected {
            start: from(check.at + i),
            lo: floor(n.low, metric),
            mid: n.value,
            hi: n.high,
        })
        .collect();
    // Twelve periods before the talk are enough to see the low moment.
    let skip = check.at.saturating_sub(12);
    let begin = skip + check.values.iter().skip(skip).position(Option::is_some).unwrap_or(0);
    let event = |day: Day, label: &str| Event {
        day,
        label: label.to_owned(),
        kind: EventKind::Ours,
        planned: day > today,
    };
    let name = metric.name.to_lowercase();
    let sentence = match check.way.as_ref().map(|w| w.came(metric.better())) {
        Some(came) => format!("{} since the talk on {}. {}", metric.name, check.talk, came.words()),
        None => format!("How {name} went since the talk on {}.", check.talk),
    };
    RecoveryChart {
        name: metric.name.clone(),
        sentence,
        style: Style::of_metric(metric),
        cadence,
        today,
        readings: check
            .values
            .iter()
            .enumerate()
            .skip(begin)
            .map(|(at, v)| Reading::new(from(at), *v))
            .collect(),
        expected,
        compare: Vec::new(),
        since: None,
        usual: None,
        events: vec![event(check.talk, "Talk"), event(check.check, "Check")],
    }
}

/// A matched support as a card.
pub(crate) fn support_option(matched: &Matched, metric: &Metric) -> SupportOption {
    let o = &matched.offer;
    let grade =
        o.known.as_ref().and_then(|(_, letter)| Grade::ALL.into_iter().find(|g| g.letter() == letter));
    let elsewhere = matched.elsewhere.as_ref().and_then(|(effect, name)| Some((relative(effect)?, name)));
    SupportOption {
        id: o.id.to_string(),
        name: o.name.clone(),
        kind: o.kind,
        minutes: o.minutes,
        per: match o.minutes_per {
            MinutesPer::Person | MinutesPer::Unit => "once".into(),
            MinutesPer::PersonWeek | MinutesPer::UnitWeek => "a week".into(),
        },
        why: o.description.clone(),
        elsewhere_on: match &elsewhere {
            Some((_, name)) if **name != metric.name => format!("on {}", name.to_lowercase()),
            _ => String::new(),
        },
        elsewhere: elsewhere.map(|(effect, _)| effect),
        evidence: grade.map(|grade| Evidence { grade, design: grade.meaning().into(), why: Vec::new() }),
        href: Some(format!("/chains/{}", o.id)),
        proposed: matched.proposed,
    }
}

/// Asks for a permit towards a person, and for how the asker stands to them.
pub(crate) async fn towards<A: Asked>(
    app: &App,
    who: &Who,
    subject: PersonId,
    asked: A,
) -> Result<(Permit<A>, Relation), Problem> {
    let relation = app::access::relation_to(app, who, subject).await?;
    Ok((permit(who, relation, asked)?, relation))
}

/// Who can see a page about a person.
pub(crate) fn sight(read: &MetricRead, me: PersonId) -> Sight {
    let leader = read.leader.as_ref().map(|l| l.name.as_str());
    let who = match (read.person.id == me, leader) {
        (true, Some(leader)) => format!("You and {leader} can see this page."),
        (true, None) => "Only you can see this page.".to_owned(),
        (false, _) => {
            format!("You and {} can see this page. That you looked is shown to them.", read.person.name)
        }
    };
    let link =
        if read.person.id == me { Link::new("My data", "/me") } else { Link::new("Who can see what", "/me") };
    Sight { who, looked: String::new(), link: Some(link) }
}

/// Who looked last at what is held about the signed-in person, in a sentence; said on their own pages only.
pub(crate) async fn looked(app: &App, asker: &Asker) -> Result<String, Problem> {
    let same = Relation { same: true, ..Relation::NONE };
    let may = permit(&asker.who, same, ReadAccessLog(me(asker)?))?;
    let last = app::access::looks(app, may, 1).await?.into_iter().next();
    Ok(last.map_or_else(
        || "Nobody else has looked yet.".into(),
        |(look, name)| {
            let at = Moment::of(look.at, &app.settings.zone).words(app.today());
            format!("{} last looked: {at}.", first_name(&name))
        },
    ))
}

/// A moment in the installation's zone.
pub(crate) fn moment(at: domain::time::Instant, zone: &Zone) -> Moment {
    Moment::of(at, zone)
}

/// The targets and commitments that began in the window, as events of a chart: "Target 42", "Commitment ended".
fn levels_set(read: &MetricRead, first: Day) -> Vec<(Day, String)> {
    let style = Style::of_metric(&read.metric);
    let word = |what: &str, level: f64, ended: bool| {
        if ended { format!("{what} ended") } else { format!("{what} {}", style.number(level)) }
    };
    let targets = read.targets.iter().map(|t| (t.from, word("Target", t.level, t.ended)));
    let promises = read.commitments.iter().map(|c| (c.from, word("Commitment", c.level, c.ended)));
    targets.chain(promises).filter(|(day, _)| *day >= first).collect()
}

/// The signed-in person's id.
pub(crate) fn me(asker: &Asker) -> Result<PersonId, Problem> {
    Ok(asker.person()?.person)
}
