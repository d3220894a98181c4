//! Rules are versioned configuration: who set them, when and why stays readable, and each alert names its version.
//!
//! The rule `default` holds for every metric that has none of its own; a rule of its own has the metric's code.
//! A change is reviewed on the whole history at the next round of the pipeline. [`try_on_history`] says beforehand
//! what it would have done.

use std::collections::BTreeMap;

use domain::access::{MIN_GROUP, Permit, ReadRules, Relation, Resource, Who, WriteRules, allowed, scope};
use domain::alerts::series::Rules;
use domain::alerts::trial::{Fired, Trial, on_history};
use domain::ids::{MetricId, PersonId, Subject};
use domain::metrics::Metric;
use domain::time::{Day, Instant};
use store::alerts::RuleVersion;
use store::db::{Read, Tx};

use super::evaluate::whole;
use super::world::{Axis, Matrix, Occasion, World};
use crate::people::Difference;
use crate::{App, Error, Fault, Ids, Result};

/// The code of the rule that holds where a metric has none of its own.
pub const DEFAULT: &str = "default";
/// How alerts name the rule that holds before anybody set one.
pub(super) const FIRST: &str = "default 0";
/// The most periods that a trial goes back: more are not walked.
pub const MOST_PERIODS: usize = super::world::HISTORY as usize;
/// Most characters of a reason.
const WHY_MAX: usize = 1_000;

/// One version of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// [`DEFAULT`], or the code of the metric for which it holds instead.
    pub code: String,
    /// Counted from 1; 0 for the parameters that hold before anybody set any.
    pub version: i64,
    /// The parameters; `None` where the metric goes by the default again.
    pub rules: Option<Rules>,
    /// Who set it, as logs name them.
    pub set_by: String,
    /// When; `None` for version 0.
    pub set_at: Option<Instant>,
    /// Why, in words.
    pub why: String,
}

impl Rule {
    fn from_store(found: RuleVersion) -> Result<Self> {
        let rules = serde_json::from_str(&found.params).map_err(Error::internal)?;
        let RuleVersion { code, version, set_by, set_at, why, .. } = found;
        Ok(Self { code, version, rules, set_by, set_at: Some(set_at), why })
    }

    fn first() -> Self {
        Self {
            code: DEFAULT.into(),
            version: 0,
            rules: Some(Rules::default()),
            set_by: String::new(),
            set_at: None,
            why: "what holds before anybody set a rule".into(),
        }
    }
}

/// A rule to be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// [`DEFAULT`] or a metric's code.
    pub code: String,
    /// The parameters; `None` for a metric that is to go by the default.
    pub rules: Option<Rules>,
    /// Why, in words.
    pub why: String,
}

/// The rules in force for a metric (or by default), and their name in alerts.
pub fn in_force(r: &mut Read, metric: Option<&Metric>) -> Result<(Rules, String)> {
    for code in metric.map(|m| m.code.as_str()).into_iter().chain([DEFAULT]) {
        if let Some(found) = store::alerts::rule(r, code)? {
            let rule = Rule::from_store(found)?;
            if let Some(rules) = rule.rules {
                return Ok((rules, format!("{} {}", rule.code, rule.version)));
            }
        }
    }
    Ok((Rules::default(), FIRST.into()))
}

/// Every version of every rule, by code, the newest first. Before anybody set one, the parameters that hold.
pub async fn history(app: &App, _: &Permit<ReadRules>) -> Result<Vec<Rule>> {
    app.store
        .read(|r| -> Result<Vec<Rule>> {
            let mut all: Vec<Rule> =
                store::alerts::rules(r)?.into_iter().map(Rule::from_store).collect::<Result<_>>()?;
            if !all.iter().any(|rule| rule.code == DEFAULT) {
                all.push(Rule::first());
            }
            Ok(all)
        })
        .await
}

/// The metrics for which a rule can be set, by name.
pub async fn metrics(app: &App, _: &Permit<ReadRules>) -> Result<Vec<Metric>> {
    let mut all = app.store.read(|r| -> Result<_> { Ok(store::metrics::metrics(r)?) }).await?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The names of those who set rules.
pub async fn names(app: &App, rules: &[Rule]) -> Result<BTreeMap<PersonId, String>> {
    let who: Vec<PersonId> = rules.iter().filter_map(|rule| rule.set_by.parse().ok()).collect();
    app.store.read(move |r| -> Result<_> { Ok(store::people::names(r, &who)?) }).await
}

/// The newest version of every rule that holds, by code: what is exported.
pub async fn current(app: &App, permit: &Permit<ReadRules>) -> Result<Vec<Rule>> {
    let mut newest: BTreeMap<String, Rule> = BTreeMap::new();
    for rule in history(app, permit).await? {
        newest.entry(rule.code.clone()).or_insert(rule);
    }
    Ok(newest.into_values().filter(|rule| rule.rules.is_some()).collect())
}

/// Sets rules: a new version of each that differs from the one in force. Gives what changes.
///
/// All or nothing; what is wrong is listed by rule and parameter. With `dry_run` nothing is kept.
pub async fn set(
    app: &App,
    permit: &Permit<WriteRules>,
    changes: Vec<Change>,
    dry_run: bool,
) -> Result<Difference> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| set_in(tx, &ids, now, &by, &changes, dry_run);
    let changed = app.store.write(work).await?;
    app.work.notify_one();
    Ok(changed)
}

/// Sets a rule as it was in a version before; version 0 is what held before anybody set it.
///
/// # Errors
/// [`Error::NotFound`] where there is no such version.
pub async fn back_to(app: &App, permit: &Permit<WriteRules>, code: &str, version: i64) -> Result<Difference> {
    let (now, ids, by, code) = (app.now(), app.ids.clone(), permit.by().to_owned(), code.to_owned());
    let work = move |tx: &mut Tx| -> Result<Difference> {
        let found = store::alerts::rules(tx)?.into_iter().filter(|rule| rule.code == code);
        let found = found.map(Rule::from_store).collect::<Result<Vec<_>>>()?;
        let rules = match found.iter().find(|rule| rule.version == version) {
            Some(rule) => rule.rules,
            None if version == 0 && !found.is_empty() => (code == DEFAULT).then(Rules::default),
            None => return Err(Error::NotFound("version of the rule")),
        };
        let why = match version {
            0 => "back to what held before".to_owned(),
            version => format!("back to version {version}"),
        };
        set_in(tx, &ids, now, &by, &[Change { code, rules, why }], false)
    };
    let changed = app.store.write(work).await?;
    app.work.notify_one();
    Ok(changed)
}

fn set_in(
    tx: &mut Tx,
    ids: &Ids,
    now: Instant,
    by: &str,
    changes: &[Change],
    dry_run: bool,
) -> Result<Difference> {
    let metrics = store::metrics::metrics(tx)?;
    let mut faults = Vec::new();
    let mut fresh = Vec::new();
    let mut difference = Difference { applied: !dry_run, ..Difference::default() };
    for (i, change) in changes.iter().enumerate() {
        let place = |field: &str| format!("rule {} ({}), {field}", i + 1, change.code);
        if change.code != DEFAULT && !metrics.iter().any(|m| m.code == change.code) {
            faults.push(Fault::at(
                place("code"),
                format!("no metric has the code `{}`; give `{DEFAULT}` or the code of a metric", change.code),
            ));
        }
        if changes[..i].iter().any(|c| c.code == change.code) {
            faults.push(Fault::at(place("code"), "the same rule stands above already; keep one of the two"));
        }
        if change.code == DEFAULT && change.rules.is_none() {
            faults.push(Fault::at(place("as_default"), "this is the default itself; give its parameters"));
        }
        let why = change.why.trim();
        if why.is_empty() || why.chars().count() > WHY_MAX {
            faults.push(Fault::at(place("why"), "say in a few words why, in at most 1,000 characters"));
        }
        for (name, reason) in change.rules.iter().flat_map(Rules::faults) {
            faults.push(Fault::at(place(name), reason));
        }
        let known = store::alerts::rule(tx, &change.code)?.map(Rule::from_store).transpose()?;
        let version = known.as_ref().map_or(0, |known| known.version);
        let before = known.and_then(|known| known.rules);
        // What the default is before anybody set it, and a metric that goes by the default, are set by saying so.
        let same = if change.code == DEFAULT {
            change.rules == Some(before.unwrap_or_default())
        } else {
            change.rules == before
        };
        if same {
            difference.unchanged += 1;
            continue;
        }
        difference.changes.push(crate::people::Change {
            line: i as u64 + 1,
            what: format!("rule {}", change.code),
            how: how(before.or((change.code == DEFAULT).then(Rules::default)), change.rules),
        });
        fresh.push(RuleVersion {
            code: change.code.clone(),
            version: version + 1,
            params: serde_json::to_string(&change.rules).map_err(Error::internal)?,
            set_by: by.to_owned(),
            set_at: now,
            why: why.to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if dry_run {
        return Ok(difference);
    }
    for rule in &fresh {
        store::alerts::add_rule(tx, ids.next(now), rule)?;
        let what = format!("version {}: {}", rule.version, rule.why);
        crate::audit::note(tx, ids, now, by, "alerts.rules", &rule.code, &what)?;
        let concerned = metrics.iter().filter(|m| rule.code == DEFAULT || rule.code == m.code);
        store::pipeline::ask(tx, crate::STANDING, concerned.map(|m| whole(m.id)).collect::<Vec<_>>())?;
    }
    Ok(difference)
}

/// "interval: 2.8 to 3.5, baseline: 26 to 39", or that a rule of its own begins or ends.
fn how(before: Option<Rules>, after: Option<Rules>) -> String {
    let Some(after) = after else { return "as the default from now on".into() };
    let (own, before) = (before.is_none(), before.unwrap_or_default());
    let (before, after) = (before.parameters(), after.parameters());
    let changed = before.iter().filter_map(|(name, was)| {
        let is = after.get(name).filter(|is| is != &was)?;
        Some(format!("{name}: {was} to {is}"))
    });
    let changed = changed.collect::<Vec<_>>().join(", ");
    match (own, changed.is_empty()) {
        (false, _) => changed,
        (true, true) => "a rule of its own, with the parameters of the first default".into(),
        (true, false) => format!("a rule of its own, beside the first default {changed}"),
    }
}

/// What a rule would have done to a metric, in words that a page can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The metric.
    pub metric: Metric,
    /// The first day of each judged period.
    pub periods: Vec<Day>,
    /// The position of the first of them, from which episodes count.
    pub first: usize,
    /// Everything counted.
    pub trial: Trial,
    /// How many episodes would have opened in each judged period.
    pub by_period: Vec<usize>,
    /// How many the rules now in force would have opened in each.
    pub by_period_now: Vec<usize>,
    /// What would have come to leaders, the most first; teams too small to be shown alone are put together.
    pub teams: Vec<Team>,
    /// The episodes about subjects that the asker may see by name.
    pub named: Vec<(String, Fired)>,
}

/// What a rule would have brought to those who lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The leader's name, where the asker may see it beside a count.
    pub leader: Option<String>,
    /// How many teams are put together here: more than one where each alone is too small.
    pub teams: usize,
    /// How many people are in it.
    pub people: usize,
    /// How many episodes would have opened in each judged period.
    pub by_period: Vec<usize>,
}

impl Team {
    /// How many episodes in all.
    pub fn fired(&self) -> usize {
        self.by_period.iter().sum()
    }
}

/// Tries rules on the last `weeks` periods of a metric's history. Nothing is kept.
///
/// Everybody is counted. Named is only whom the matrix shows the asker; leaders are named for those who may see groups,
/// and a team of fewer than [`MIN_GROUP`] is put together with others unless it is the asker's own.
pub async fn try_on_history(
    app: &App,
    who: &Who,
    permit: &Permit<WriteRules>,
    metric: MetricId,
    rules: Rules,
    weeks: usize,
) -> Result<Tried> {
    let faults: Vec<Fault> = rules.faults().into_iter().map(|(name, why)| Fault::at(name, why)).collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let (now, settings) = (app.now(), app.settings.clone());
    let (seen, me) = (scope(who, Resource::RedAlert, None), permit.person());
    let groups = allowed(who, Relation::NONE, Resource::RedAlert);
    let rights = Rights { me, everyone: groups.read, named: groups.read || groups.aggregate };
    app.store
        .read(move |r| -> Result<Tried> {
            let mut world = World::read(r, now, &settings, Occasion::History)?;
            world.meet_everybody(r)?;
            let metric = store::metrics::metric(r, metric)?.ok_or(Error::NotFound("metric"))?;
            let Some(axis) = Axis::of(r, &metric)? else {
                return Err(Error::Conflict(format!("{} has no numbers yet to try a rule on", metric.name)));
            };
            let matrix = Matrix::whole(r, &metric, axis)?;
            let member = |line: &super::world::Line| {
                let restarts = line.subject.person().map(|p| world.role_changes(p)).unwrap_or_default();
                let restarts = restarts.into_iter().filter_map(|day| axis.position(day)).collect();
                world.member(&metric, &axis, line.subject, &line.values, restarts).0
            };
            let members: Vec<_> = matrix.lines.iter().map(member).collect();
            let from = axis.periods.saturating_sub(weeks.max(1));
            let count = |trial: &Trial| {
                let mut by_period = vec![0; axis.periods - from];
                trial.fired.iter().for_each(|f| by_period[f.opened - from] += 1);
                by_period
            };
            let trial = on_history(&members, metric.direction, &rules, from);
            let (by_period, in_force) = (count(&trial), world.rules(metric.id).0);
            let by_period_now = if in_force == rules {
                by_period.clone()
            } else {
                count(&on_history(&members, metric.direction, &in_force, from))
            };
            let teams = teams(r, &matrix, &trial, from, by_period.len(), world.today, rights)?;
            let mut named = Vec::new();
            for fired in &trial.fired {
                let subject = matrix.lines[fired.member].subject;
                let name = match subject {
                    Subject::Person(person) if seen.holds(person) => {
                        store::people::person(r, person)?.map(|p| p.name)
                    }
                    Subject::Person(_) => None,
                    Subject::Unit(unit) => store::people::unit(r, unit)?.map(|u| u.name),
                };
                named.extend(name.map(|name| (name, *fired)));
            }
            let periods = (from..axis.periods).map(|at| axis.day(at)).collect();
            Ok(Tried { metric, periods, first: from, trial, by_period, by_period_now, teams, named })
        })
        .await
}

/// What somebody may see of teams.
#[derive(Clone, Copy)]
struct Rights {
    me: Option<PersonId>,
    everyone: bool,
    named: bool,
}

/// What would have come to each leader.
fn teams(
    r: &mut Read,
    matrix: &Matrix,
    trial: &Trial,
    from: usize,
    periods: usize,
    today: Day,
    rights: Rights,
) -> Result<Vec<Team>> {
    let leads = store::people::leaders_of_all(r, today)?;
    let leader = |subject: Subject| leads.get(&subject.person()?).copied();
    let mut all: BTreeMap<PersonId, (usize, Vec<usize>)> = BTreeMap::new();
    for line in &matrix.lines {
        if let Some(leader) = leader(line.subject) {
            all.entry(leader).or_insert_with(|| (0, vec![0; periods])).0 += 1;
        }
    }
    for fired in &trial.fired {
        if let Some((_, by_period)) =
            leader(matrix.lines[fired.member].subject).and_then(|leader| all.get_mut(&leader))
        {
            by_period[fired.opened - from] += 1;
        }
    }
    let names = store::people::names(r, &all.keys().copied().collect::<Vec<_>>())?;
    let mut shown = Vec::new();
    let mut small = Team { leader: None, teams: 0, people: 0, by_period: vec![0; periods] };
    for (leader, (people, by_period)) in all {
        let own = rights.me == Some(leader);
        if people < MIN_GROUP && !own && !rights.everyone {
            add(&mut small, &Team { leader: None, teams: 1, people, by_period });
            continue;
        }
        let name = names.get(&leader).filter(|_| own || rights.named).cloned();
        shown.push((own, Team { leader: name, teams: 1, people, by_period }));
    }
    shown.sort_by_key(|(own, team)| (!own, std::cmp::Reverse((team.fired(), team.people))));
    // What is left over must not be so small that the whole less the others gives it away.
    while (1..MIN_GROUP).contains(&small.people)
        && let Some(at) = shown.iter().rposition(|(own, _)| !own)
    {
        add(&mut small, &shown.remove(at).1);
    }
    let mut teams: Vec<Team> = shown.into_iter().map(|(_, team)| team).collect();
    if small.people >= MIN_GROUP {
        teams.push(small);
    }
    Ok(teams)
}

fn add(to: &mut Team, team: &Team) {
    to.teams += team.teams;
    to.people += team.people;
    to.by_period.iter_mut().zip(&team.by_period).for_each(|(sum, n)| *sum += n);
}
