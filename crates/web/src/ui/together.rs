//! One metric across a team, honestly: each beside their own usual range, the spread, the season, and what a target would do.

use app::App;
use app::dashboard::{self, RECENT, Teammate, Together};
use app::targets::{Level, set_own};
use axum::extract::State;
use domain::access::{Denied, MIN_GROUP, Permit, ReadTeamBoard, Relation, SetTarget, Viewer, permit};
use domain::ids::{MetricId, PersonId};
use domain::targets::{deviation, missed_by_chance};
use domain::time::Day;
use serde::Deserialize;

use super::arrange::{first_name, status};
use super::format::{self, Style};
use super::forms::{form_errors, number};
use super::view::{
    ControlChart, FormErrors, Link, PanelsChart, Place, Reading, Sight, SmallPanel, SpreadChart, TargetTry,
    TogetherPage, TogetherRow,
};
use crate::extract::{Form, Path, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// A target to try, or to set.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    level: String,
    #[serde(default)]
    tolerance: String,
    #[serde(default)]
    why: String,
}

impl Asked {
    /// Level and tolerance as numbers; `None` where nothing was typed.
    fn read(&self) -> Result<Option<(f64, f64)>, Problem> {
        if self.level.trim().is_empty() {
            return Ok(None);
        }
        let tolerance =
            if self.tolerance.trim().is_empty() { 0.0 } else { number("tolerance", &self.tolerance)? };
        if tolerance < 0.0 {
            return Err(Problem::invalid("tolerance", "the tolerated distance is zero or more"));
        }
        Ok(Some((number("level", &self.level)?, tolerance)))
    }
}

fn leads(asker: &Asker) -> Result<(Viewer, Permit<ReadTeamBoard>), Problem> {
    let viewer = asker.person()?.clone();
    if viewer.reports.is_empty() {
        return Err(Denied::Forbidden.into());
    }
    // A leader's own team: they stand to themselves as its leader.
    let own = Relation { same: true, ..Relation::NONE };
    let may = permit(&asker.who, own, ReadTeamBoard(()))?;
    Ok((viewer, may))
}

/// The page.
pub async fn show(
    State(app): State<App>,
    asker: Asker,
    Path(metric): Path<MetricId>,
    Query(asked): Query<Asked>,
) -> Answer {
    match asked.read() {
        Ok(tried) => page_of(&app, &asker, metric, asked, tried, FormErrors::NONE).await,
        Err(problem) => {
            let errors = form_errors(problem, str::to_owned)?;
            page_of(&app, &asker, metric, asked, None, errors).await
        }
    }
}

/// Sets the target for everybody in the team who has the metric.
pub async fn set(
    State(app): State<App>,
    asker: Asker,
    Path(metric): Path<MetricId>,
    Form(asked): Form<Asked>,
) -> Answer {
    let (viewer, may) = leads(&asker)?;
    let read = dashboard::together(&app, &may, &viewer, metric).await?;
    let done = async {
        let (level, tolerance) = asked
            .read()?
            .ok_or_else(|| Problem::invalid("level", "say which level, in the metric's unit"))?;
        let level = Level { level, tolerance, window: 8, from: None, ended: false, why: asked.why.clone() };
        let mut permits: Vec<Permit<SetTarget>> = Vec::with_capacity(read.people.len());
        for one in &read.people {
            let relation = app::access::relation_to(&app, &asker.who, one.person.id).await?;
            permits.push(permit(&asker.who, relation, SetTarget(one.person.id))?);
        }
        Ok::<_, Problem>(set_own(&app, &permits, metric, level).await?.len())
    };
    match done.await {
        Ok(count) => {
            let many = format::plural(count as u64, "person", "people");
            Ok(page::done(
                &format!("/team/metrics/{metric}#aim-section"),
                &format!("The target is set for {many}; each of them is told and can say that they agree."),
            ))
        }
        Err(problem) => {
            let errors = form_errors(problem, str::to_owned)?;
            page_of(&app, &asker, metric, asked, None, errors).await
        }
    }
}

async fn page_of(
    app: &App,
    asker: &Asker,
    metric: MetricId,
    asked: Asked,
    tried: Option<(f64, f64)>,
    errors: FormErrors,
) -> Answer {
    let (viewer, may) = leads(asker)?;
    let read = dashboard::together(app, &may, &viewer, metric).await?;
    let board = dashboard::team(app, may, &viewer).await?;
    let others: Vec<PersonId> = read.people.iter().map(|p| p.person.id).collect();
    let what = format!("“{}” across the team", read.metric.name);
    app::access::log_looks(app, &asker.who, &others, &what).await?;
    let mut shell = page::shell(app, asker, read.metric.name.clone()).await?;
    shell.here = Some(Place::Team);
    shell.sight = Some(Sight {
        who: format!(
            "You see this for your {} because you lead them.",
            format::plural(read.people.len() as u64, "person", "people")
        ),
        looked: "Each of them sees that you looked.".into(),
        link: Some(Link::new("My data", "/me")),
    });
    let status = super::forms::status(&errors);
    let metrics = board.metrics.iter().map(|m| (Link::new(&m.name, href(m.id)), m.id == metric)).collect();
    let target = TargetTry {
        level: asked.level,
        tolerance: asked.tolerance,
        why: asked.why,
        tried: String::new(),
        errors,
    };
    page::with_status(status, &arrange(shell, &read, metrics, target, tried, app.today()))
}

fn href(metric: MetricId) -> String {
    format!("/team/metrics/{metric}")
}

/// People as they stand on the page: by name, or where fewer than five have data without names and in an order that
/// says nothing, so that the page can be shown to the team.
fn in_order(read: &Together) -> (bool, Vec<&Teammate>) {
    let named = read.people.len() >= MIN_GROUP;
    let mut people: Vec<&Teammate> = read.people.iter().collect();
    if !named {
        // The last bytes of an id are noise.
        people.sort_by_key(|p| p.person.id.uuid().as_u128().swap_bytes());
    }
    (named, people)
}

fn arrange(
    shell: super::view::Shell,
    read: &Together,
    metrics: Vec<(Link, bool)>,
    mut target: TargetTry,
    tried: Option<(f64, f64)>,
    today: Day,
) -> TogetherPage {
    let metric = &read.metric;
    let style = Style::of_metric(metric);
    let cadence = metric.cadence.rolled();
    let name = metric.name.to_lowercase();
    let (named, people) = in_order(read);
    let looking: Vec<&&Teammate> =
        people.iter().filter(|p| status(&p.stand, metric).worth_a_look()).collect();
    let same = shared_target(&people);
    let panels = PanelsChart {
        name: metric.name.clone(),
        sentence: format!(
            "{} of {} {}, each beside their own usual range.",
            metric.name,
            people.len(),
            if people.len() == 1 { "person" } else { "people" }
        ),
        today,
        style: style.clone(),
        cadence,
        target: same,
        panels: people.iter().map(|p| panel(read, p, named)).collect(),
    };
    let recent: Vec<f64> = people.iter().flat_map(|p| p.recent().iter().flatten().copied()).collect();
    let counted = format!("{}s", cadence.word());
    let all = format::plural(people.len() as u64, "person", "people");
    target.tried = tried.map_or_else(String::new, |t| says_of(&people, metric, &style, t));
    // A team as a whole is a mean, and means lie between what single people have.
    let newest = read.year.iter().rev().find_map(|(_, value)| *value).unwrap_or_default();
    let of_means = style.clone().for_mean(newest);
    TogetherPage {
        href: href(metric.id),
        crumbs: vec![Link::new("My team", "/team"), Link::new(metric.name.clone(), href(metric.id))],
        title: match looking.len() {
            0 => format!("{}: everybody within their usual range", metric.name),
            1 => format!("{}: one of {all} is worth a look", metric.name),
            n => format!("{}: {} of {all} are worth a look", metric.name, format::spell(n as u64)),
        },
        lead: format!(
            "{} compared with itself: each person beside their own past, the team beside its own season. Nothing here orders people.",
            read.unit.as_deref().unwrap_or("Your team")
        ),
        metrics,
        named,
        panels,
        spread: SpreadChart::of(&metric.name, style.clone(), &recent, same, &counted),
        season: season(
            read,
            &of_means,
            format!("{} of the team as a whole, the last year.", metric.name),
            today,
        ),
        season_says: season_says(read, &of_means, &name),
        rows: people.iter().map(|p| row(p, metric, &style, named, tried)).collect(),
        example: people
            .iter()
            .find_map(|p| p.stand.value)
            .map_or_else(|| "42".into(), |v| format!("{v:.*}", usize::from(metric.decimals))),
        looked_at: format!("{RECENT} {counted}"),
        target,
        shell,
    }
}

/// The target, where everybody has the same.
fn shared_target(people: &[&Teammate]) -> Option<f64> {
    let first = people.first()?.stand.target?.0;
    people.iter().all(|p| p.stand.target.is_some_and(|t| t.0 == first)).then_some(first)
}

fn panel(read: &Together, p: &Teammate, named: bool) -> SmallPanel {
    let cadence = read.metric.cadence.rolled();
    let start = |at: usize| cadence.step(read.first, i32::try_from(at).unwrap_or(0));
    SmallPanel {
        name: if named { first_name_of(read, p) } else { String::new() },
        readings: p.values.iter().enumerate().map(|(at, v)| Reading::new(start(at), *v)).collect(),
        usual: p.stand.usual.map(|(_, low, high)| (low.max(0.0), high)),
        from: p.stand.since.filter(|_| status(&p.stand, &read.metric).worth_a_look()),
    }
}

/// The first name, or the whole where two share it.
fn first_name_of(read: &Together, p: &Teammate) -> String {
    let first = first_name(&p.person.name);
    let shared = read.people.iter().filter(|x| first_name(&x.person.name) == first).count() > 1;
    if shared { p.person.name.clone() } else { first }
}

fn season(read: &Together, style: &Style, sentence: String, today: Day) -> ControlChart {
    let readings = |of: &[(Day, Option<f64>)]| of.iter().map(|(d, v)| Reading::new(*d, *v)).collect();
    ControlChart {
        name: read.metric.name.clone(),
        sentence,
        style: style.clone(),
        cadence: read.metric.cadence.rolled(),
        today,
        readings: readings(&read.year),
        phases: Vec::new(),
        target: None,
        target_band: None,
        commitment: None,
        before: readings(&read.before),
        change_from: None,
        events: Vec::new(),
    }
}

/// The newest quarter of the year beside the same one a year before.
fn season_says(read: &Together, style: &Style, name: &str) -> String {
    let quarter = (read.year.len() / 4).max(1);
    let mean = |of: &[(Day, Option<f64>)]| {
        let values: Vec<f64> = of.iter().rev().take(quarter).filter_map(|(_, v)| *v).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    match (mean(&read.year), mean(&read.before)) {
        (Some(now), Some(then)) => format!(
            "In the last quarter of a year the team's {name} were {} on average, against {} in the same weeks a year before. What comes back every year is the season, and nobody's doing.",
            style.number(now),
            style.number(then)
        ),
        (Some(now), None) => format!(
            "In the last quarter of a year the team's {name} were {} on average. Nothing is known from a year before, so a season cannot be told from a change.",
            style.number(now)
        ),
        _ => String::new(),
    }
}

/// How often a target is missed by chance alone while a person's level and variation stay as usual.
fn chance(p: &Teammate, target: (f64, f64), direction: domain::metrics::Direction) -> Option<f64> {
    let usual = p.stand.usual?;
    missed_by_chance(usual.0, deviation(usual), target, direction)
}

fn row(
    p: &Teammate,
    metric: &domain::metrics::Metric,
    style: &Style,
    named: bool,
    tried: Option<(f64, f64)>,
) -> TogetherRow {
    let recent = p.recent();
    let came = recent.iter().flatten().count();
    let target = tried.or(p.stand.target);
    TogetherRow {
        person: named.then(|| {
            Link::new(p.person.name.clone(), format!("/people/{}/metrics/{}", p.person.id, metric.id))
        }),
        status: status(&p.stand, metric),
        usual: p.stand.usual.map_or_else(|| "–".into(), |(_, low, high)| style.range(low.max(0.0), high)),
        newest: style.maybe(p.stand.value),
        target: target.map_or_else(|| "–".into(), |t| with_tolerance(style, t)),
        missed: target
            .and_then(|t| chance(p, t, metric.direction))
            .map_or_else(|| "–".into(), format::percent),
        came: match p.mended {
            0 => format!("{came} of {}", recent.len()),
            n => format!("{came} of {}, {n} late or corrected", recent.len()),
        },
    }
}

fn with_tolerance(style: &Style, (level, tolerance): (f64, f64)) -> String {
    let bare = Style { before: "".into(), after: "".into(), word: "".into(), ..style.clone() };
    match tolerance > 0.0 {
        true => format!("{} ± {}", style.number(level), bare.number(tolerance)),
        false => style.number(level),
    }
}

/// What a target would do to the team by chance alone, in a sentence.
fn says_of(
    people: &[&Teammate],
    metric: &domain::metrics::Metric,
    style: &Style,
    target: (f64, f64),
) -> String {
    let chances: Vec<f64> = people.iter().filter_map(|p| chance(p, target, metric.direction)).collect();
    let shown = with_tolerance(style, target);
    if chances.is_empty() {
        return format!("Nobody has a usual range yet, so what {shown} would do cannot be said.");
    }
    let mean = chances.iter().sum::<f64>() / chances.len() as f64;
    let spreads: Vec<f64> =
        people.iter().filter_map(|p| p.stand.usual.map(deviation)).filter(|s| *s > 0.0).collect();
    let on_it: Vec<f64> =
        spreads.iter().filter_map(|s| missed_by_chance(target.0, *s, target, metric.direction)).collect();
    let on_it = on_it.iter().sum::<f64>() / on_it.len().max(1) as f64;
    format!(
        "A target of {shown} would be missed in {} of {}s by chance alone while everybody stays as they are, and in {} even by somebody who is exactly on it. An alert does not go by single {}s.",
        format::percent(mean),
        metric.cadence.rolled().word(),
        format::percent(on_it),
        metric.cadence.rolled().word()
    )
}
