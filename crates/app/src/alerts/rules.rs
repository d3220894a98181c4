//! Rules are versioned configuration: who set them, when and why stays readable, and each alert names its version.
//!
//! The rule `default` holds for every metric that has none of its own; a rule of its own has the metric's code.
//! A change is reviewed on the whole history at the next round of the pipeline. [`try_on_history`] says beforehand
//! what it would have done.

use std::collections::BTreeMap;

use domain::access::{Permit, ReadRules, Scope, WriteRules};
use domain::alerts::series::Rules;
use domain::alerts::trial::{Fired, Trial, on_history};
use domain::ids::{MetricId, Subject, UnitId};
use domain::metrics::Metric;
use domain::time::{Day, Instant};
use store::alerts::RuleVersion;
use store::db::{Read, Tx};

use super::evaluate::whole;
use super::world::{Axis, Matrix, Occasion, World};
use crate::{App, Error, Fault, Ids, Result};

/// The code of the rule that holds where a metric has none of its own.
pub const DEFAULT: &str = "default";
/// How alerts name the rule that holds before anybody set one.
pub(super) const FIRST: &str = "default 0";
/// Most characters of a reason.
const WHY_MAX: usize = 1_000;

/// One version of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// [`DEFAULT`], or the code of the metric for which it holds instead.
    pub code: String,
    /// Counted from 1; 0 for the parameters that hold before anybody set any.
    pub version: i64,
    /// The parameters.
    pub rules: Rules,
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
            rules: Rules::default(),
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
    /// The parameters.
    pub rules: Rules,
    /// Why, in words.
    pub why: String,
}

/// The rules in force for a metric (or by default), and their name in alerts.
pub fn in_force(r: &mut Read, metric: Option<&Metric>) -> Result<(Rules, String)> {
    for code in metric.map(|m| m.code.as_str()).into_iter().chain([DEFAULT]) {
        if let Some(found) = store::alerts::rule(r, code)? {
            let rule = Rule::from_store(found)?;
            return Ok((rule.rules, format!("{} {}", rule.code, rule.version)));
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

/// The newest version of every rule, by code: what is exported.
pub async fn current(app: &App, permit: &Permit<ReadRules>) -> Result<Vec<Rule>> {
    let mut newest: BTreeMap<String, Rule> = BTreeMap::new();
    for rule in history(app, permit).await? {
        newest.entry(rule.code.clone()).or_insert(rule);
    }
    Ok(newest.into_values().collect())
}

/// Sets rules: a new version of each that differs from the one in force. Gives how many changed.
///
/// All or nothing; what is wrong is listed by rule and parameter. With `dry_run` nothing is kept.
pub async fn set(
    app: &App,
    permit: &Permit<WriteRules>,
    changes: Vec<Change>,
    dry_run: bool,
) -> Result<usize> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| set_in(tx, &ids, now, &by, &changes, dry_run);
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
) -> Result<usize> {
    let metrics = store::metrics::metrics(tx)?;
    let mut faults = Vec::new();
    let mut fresh = Vec::new();
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
        let why = change.why.trim();
        if why.is_empty() || why.chars().count() > WHY_MAX {
            faults.push(Fault::at(place("why"), "say in a few words why, in at most 1,000 characters"));
        }
        for (name, reason) in change.rules.faults() {
            faults.push(Fault::at(place(name), reason));
        }
        let known = store::alerts::rule(tx, &change.code)?.map(Rule::from_store).transpose()?;
        if known.as_ref().is_some_and(|known| known.rules == change.rules) {
            continue;
        }
        fresh.push(RuleVersion {
            code: change.code.clone(),
            version: known.map_or(0, |k| k.version) + 1,
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
        return Ok(fresh.len());
    }
    for rule in &fresh {
        store::alerts::add_rule(tx, ids.next(now), rule)?;
        let what = format!("version {}: {}", rule.version, rule.why);
        crate::audit::note(tx, ids, now, by, "alerts.rules", &rule.code, &what)?;
        let concerned = metrics.iter().filter(|m| rule.code == DEFAULT || rule.code == m.code);
        store::pipeline::ask(tx, crate::STANDING, concerned.map(|m| whole(m.id)).collect::<Vec<_>>())?;
    }
    Ok(fresh.len())
}

/// What a rule would have done to a metric, in words that a page can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The first day of each judged period.
    pub periods: Vec<Day>,
    /// Everything counted.
    pub trial: Trial,
    /// How many episodes would have opened in each judged period.
    pub by_period: Vec<usize>,
    /// How many would have come to each leader's unit: the unit nearest to the subject.
    pub by_unit: BTreeMap<UnitId, usize>,
    /// The episodes about subjects that the asker may see by name.
    pub named: Vec<(Subject, Fired)>,
}

/// Tries rules on the last `weeks` periods of a metric's history. Nothing is kept.
///
/// Everybody is counted; only whom `scope` holds is named.
pub async fn try_on_history(
    app: &App,
    _: &Permit<ReadRules>,
    scope: Scope,
    metric: MetricId,
    rules: Rules,
    weeks: usize,
) -> Result<Tried> {
    let faults: Vec<Fault> = rules.faults().into_iter().map(|(name, why)| Fault::at(name, why)).collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let (now, settings) = (app.now(), app.settings.clone());
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
            let trial = on_history(&members, metric.direction, &rules, from);
            let mut by_period = vec![0; axis.periods - from];
            let mut by_unit: BTreeMap<UnitId, usize> = BTreeMap::new();
            let mut named = Vec::new();
            for fired in &trial.fired {
                by_period[fired.opened - from] += 1;
                let subject = matrix.lines[fired.member].subject;
                if let Some(&unit) = world.groups(subject).last() {
                    *by_unit.entry(unit).or_default() += 1;
                }
                let seen = match subject {
                    Subject::Person(person) => scope.holds(person),
                    Subject::Unit(_) => true,
                };
                if seen {
                    named.push((subject, *fired));
                }
            }
            let periods = (from..axis.periods).map(|at| axis.day(at)).collect();
            Ok(Tried { periods, trial, by_period, by_unit, named })
        })
        .await
}
