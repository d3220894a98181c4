//! The rules for reds: read by everybody, tried on history, switched on with a reason, gone back from; as a page or a file.

use std::collections::BTreeMap;
use std::io::Cursor;

use app::alerts::rules::{self, Change, DEFAULT, MOST_PERIODS, Rule, Tried};
use app::{App, imports};
use axum::extract::State;
use domain::access::{Permit, ReadRules, Relation, WriteRules, permit};
use domain::alerts::series::Rules;
use domain::alerts::{Kind, Way};
use domain::ids::PersonId;
use domain::metrics::Metric;
use http::StatusCode;
use serde::Deserialize;

use super::format::{self, Moment};
use super::forms;
use super::view::{
    ChangeRow, FormErrors, LineFault, NamedTrial, ParameterField, ParameterGroup, RulePage, RuleRow,
    RulesPage, TeamTrial, TrialView, VersionRow,
};
use crate::extract::{Form, Path};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// For how many of the newest periods a rule is tried where nobody says.
const WEEKS: &str = "52";
/// The parameters as the page groups them: name, label, what it does.
type Grouped = (&'static str, &'static [(&'static str, &'static str, &'static str)]);
const GROUPS: &[Grouped] = &[
    (
        "When something is said",
        &[
            ("slack", "Slack of the sum", "In standard deviations. Larger: small changes are let go."),
            (
                "interval",
                "How far the sum may run",
                "In standard deviations. Larger: fewer false alarms, seen later.",
            ),
            ("gap_sureness", "How sure a gap must be", "In standard errors beyond the tolerance."),
            (
                "unit_min_effect",
                "Smallest movement of a unit",
                "As a share of its level: 0.03 is 3 in a hundred.",
            ),
            ("common_min", "Fewest people for a common movement", "Fewer are not judged together."),
        ],
    ),
    (
        "What is usual",
        &[
            ("baseline", "Weeks in a baseline", "Longer: steadier, and slower to learn a new level."),
            ("baseline_longest", "Weeks to which it grows", "As the history grows."),
            (
                "gap",
                "Weeks left out before the one judged",
                "So that a slow change is not its own yardstick.",
            ),
            ("min_history", "Fewest weeks for a range of one’s own", "Before, it is borrowed from peers."),
        ],
    ),
    (
        "Newcomers",
        &[
            ("min_borrowed", "Weeks before a newcomer is judged", "By the range of those in the same work."),
            ("ramp", "Weeks of the ramp", "For which a newcomer is held against earlier starts."),
        ],
    ),
    (
        "How an alert ends",
        &[
            ("recover", "Weeks back in range that close it", "On average within one standard deviation."),
            (
                "accept_after",
                "Weeks after which it is the usual level",
                "A level that stays so long is the new one.",
            ),
            ("show_recovered", "Weeks for which a recovery is shown", "Then it is as usual."),
        ],
    ),
];

fn reading(asker: &Asker) -> Answer<Permit<ReadRules>> {
    Ok(permit(&asker.who, Relation::NONE, ReadRules(()))?)
}

fn writing(asker: &Asker) -> Answer<Permit<WriteRules>> {
    Ok(permit(&asker.who, Relation::NONE, WriteRules(()))?)
}

/// The address of a rule's page.
fn href(code: &str) -> String {
    let mut path = String::from("/rules/");
    for byte in code.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => path.push(char::from(byte)),
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path
}

/// The page.
pub async fn list(State(app): State<App>, asker: Asker) -> Answer {
    page::html(&list_page(&app, &asker).await?)
}

async fn list_page(app: &App, asker: &Asker) -> Answer<RulesPage> {
    let may = reading(asker)?;
    let metrics = rules::metrics(app, &may).await?;
    let current = rules::current(app, &may).await?;
    let names = rules::names(app, &current).await?;
    let name = |code: &str| match metrics.iter().find(|m| m.code == code) {
        _ if code == DEFAULT => "Every metric without a rule of its own".to_owned(),
        Some(metric) => metric.name.clone(),
        None => code.to_owned(),
    };
    let mut rows: Vec<RuleRow> = current
        .iter()
        .map(|rule| RuleRow {
            href: href(&rule.code),
            name: name(&rule.code),
            code: rule.code.clone(),
            differs: differs(Rules::default(), rule.rules.unwrap_or_default(), "instead of"),
            version: rule.version,
            by: by(&names, &rule.set_by),
            at: rule.set_at.map(|at| Moment::of(at, &app.settings.zone)),
            why: rule.why.clone(),
        })
        .collect();
    rows.sort_by_key(|row| (row.code != DEFAULT, row.name.clone()));
    let others = metrics.iter().filter(|m| !current.iter().any(|rule| rule.code == m.code));
    Ok(RulesPage {
        others: others.map(|m| (href(&m.code), m.name.clone())).collect(),
        rows,
        may_write: writing(asker).is_ok(),
        file: imports::rules_file(app, &may).await?,
        changes: None,
        faults: Vec::new(),
        shell: page::shell(app, asker, "Rules for reds").await?,
    })
}

/// "interval 3.5 instead of 2.8" for each parameter that differs.
fn differs(before: Rules, after: Rules, word: &str) -> Vec<String> {
    let (before, after) = (before.parameters(), after.parameters());
    let named = GROUPS.iter().flat_map(|(_, fields)| fields.iter());
    named
        .filter_map(|(name, ..)| Some((name, before.get(*name)?, after.get(*name)?)))
        .filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| format!("{name} {is} {word} {was}"))
        .collect()
}

fn by(names: &BTreeMap<PersonId, String>, set_by: &str) -> String {
    match set_by.parse::<PersonId>().ok().and_then(|id| names.get(&id)) {
        Some(name) => name.clone(),
        None if set_by == "host" => "whoever runs the server".to_owned(),
        None => set_by.to_owned(),
    }
}

/// The rules as a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    text: String,
    r#do: What,
}

/// What is to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Say what would change.
    Look,
    /// Change it.
    Apply,
}

/// Says what a file would change, or applies it.
pub async fn file(State(app): State<App>, asker: Asker, Form(form): Form<File>) -> Answer {
    let may = writing(&asker)?;
    // A text area sends its lines as forms do.
    let text = form.text.replace("\r\n", "\n");
    let look = form.r#do == What::Look;
    match imports::rules(&app, &may, Cursor::new(text.clone().into_bytes()), look).await {
        Ok(report) if look => {
            let changes =
                report.changes.into_iter().map(|c| ChangeRow { line: c.line, what: c.what, how: c.how });
            let changes = Some(changes.collect());
            page::html(&RulesPage { file: text, changes, ..list_page(&app, &asker).await? })
        }
        Ok(report) => {
            let changed = format::plural(report.changes.len(), "rule", "rules");
            Ok(page::done("/rules", &format!("{changed} changed. Everything is looked at again by it.")))
        }
        Err(app::Error::Invalid(faults)) => {
            let faults = faults.into_iter().map(|f| LineFault { place: f.place, reason: f.reason }).collect();
            let page = RulesPage { file: text, faults, ..list_page(&app, &asker).await? };
            page::with_status(StatusCode::BAD_REQUEST, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// What a rule's form holds.
#[derive(Debug, Default)]
struct Typed {
    parameters: Option<BTreeMap<String, String>>,
    why: String,
    weeks: Option<String>,
    metric: String,
    trial: Option<Tried>,
    errors: FormErrors,
}

/// One rule.
pub async fn show(State(app): State<App>, asker: Asker, Path(code): Path<String>) -> Answer {
    rule_page(&app, &asker, &code, Typed::default()).await
}

async fn rule_page(app: &App, asker: &Asker, code: &str, typed: Typed) -> Answer {
    let may = reading(asker)?;
    let metrics = rules::metrics(app, &may).await?;
    let metric = metrics.iter().find(|m| m.code == code);
    if code != DEFAULT && metric.is_none() {
        return Err(app::Error::NotFound("metric").into());
    }
    let all = rules::history(app, &may).await?;
    let versions: Vec<&Rule> = all.iter().filter(|rule| rule.code == code).collect();
    let default =
        all.iter().find(|rule| rule.code == DEFAULT).and_then(|rule| rule.rules).unwrap_or_default();
    let own = versions.first().and_then(|rule| rule.rules);
    let names = rules::names(app, &all).await?;
    let held = own.unwrap_or(default).parameters();
    let first = Rules::default().parameters();
    let groups = GROUPS
        .iter()
        .map(|(title, fields)| ParameterGroup {
            title,
            fields: fields
                .iter()
                .map(|&(name, label, hint)| {
                    let shown = |from: &BTreeMap<String, serde_json::Number>| {
                        from.get(name).map(ToString::to_string).unwrap_or_default()
                    };
                    let typed = typed.parameters.as_ref().and_then(|p| p.get(name)).cloned();
                    ParameterField {
                        name,
                        label,
                        hint,
                        value: typed.unwrap_or_else(|| shown(&held)),
                        first: shown(&first),
                    }
                })
                .collect(),
        })
        .collect();
    let lead = match (metric, own) {
        (None, _) => "This rule holds for every metric that has none of its own.".to_owned(),
        (Some(_), Some(_)) => "This metric has a rule of its own.".to_owned(),
        (Some(_), None) => {
            "This metric goes by the rule for all. A change here gives it one of its own.".to_owned()
        }
    };
    let choices = metrics.iter().filter(|m| metric.is_none() && !has_own(&all, m));
    let status = forms::status(&typed.errors);
    let page = RulePage {
        href: href(code),
        metric: metric.map(|m| m.name.clone()).unwrap_or_default(),
        lead,
        may_write: writing(asker).is_ok(),
        groups,
        why: typed.why,
        weeks: typed.weeks.unwrap_or_else(|| WEEKS.to_owned()),
        metrics: choices.map(|m| (m.code.clone(), m.name.clone(), m.code == typed.metric)).collect(),
        trial: typed.trial.map(trial_view),
        versions: version_rows(app, code, &versions, &names),
        errors: typed.errors,
        shell: page::shell(app, asker, "Rules for reds").await?,
    };
    page::with_status(status, &page)
}

fn has_own(all: &[Rule], metric: &Metric) -> bool {
    all.iter().find(|rule| rule.code == metric.code).is_some_and(|rule| rule.rules.is_some())
}

fn version_rows(
    app: &App,
    code: &str,
    versions: &[&Rule],
    names: &BTreeMap<PersonId, String>,
) -> Vec<VersionRow> {
    let mut rows: Vec<VersionRow> = versions
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let before =
                versions.get(at + 1).map_or((code == DEFAULT).then(Rules::default), |rule| rule.rules);
            let how = match (before, rule.rules) {
                _ if rule.version == 0 => String::new(),
                (_, None) => "by the rule for all again".to_owned(),
                (None, Some(_)) => "a rule of its own".to_owned(),
                (Some(before), Some(after)) => differs(before, after, "instead of").join(", "),
            };
            VersionRow {
                version: rule.version,
                by: by(names, &rule.set_by),
                at: rule.set_at.map(|at| Moment::of(at, &app.settings.zone)),
                why: rule.why.clone(),
                how,
                back: (at > 0).then(|| format!("{}/versions/{}", href(code), rule.version)),
            }
        })
        .collect();
    if rows.last().is_none_or(|row| row.version > 0) {
        rows.push(VersionRow {
            version: 0,
            by: String::new(),
            at: None,
            why: if code == DEFAULT {
                "what holds before anybody sets a rule"
            } else {
                "by the rule for all"
            }
            .to_owned(),
            how: String::new(),
            back: (!rows.is_empty()).then(|| format!("{}/versions/0", href(code))),
        });
    }
    rows
}

fn trial_view(tried: Tried) -> TrialView {
    let count = |n: &usize| *n as u64;
    let periods = tried.periods.iter().zip(&tried.by_period).zip(&tried.by_period_now);
    let span = (tried.periods.first().copied(), tried.periods.last().copied());
    let zero = domain::time::Day::from_number(0);
    let day = |at: usize| {
        let from = tried.first;
        at.checked_sub(from).and_then(|at| tried.periods.get(at).copied())
    };
    TrialView {
        metric: tried.metric.name.clone(),
        span: (span.0.unwrap_or(zero), span.1.unwrap_or(zero)),
        judged: tried.trial.judged as u64,
        alerts: tried.trial.fired.len() as u64,
        per_hundred: tried.trial.per_hundred(),
        now: tried.by_period_now.iter().map(count).sum(),
        groups: tried.trial.groups.len() as u64,
        chance: tried.trial.chance.map(|chance| (tried.trial.plain as u64, 100.0 * chance)),
        periods: periods.map(|((day, then), now)| (*day, count(then), count(now))).collect(),
        teams: tried
            .teams
            .iter()
            .map(|team| TeamTrial {
                name: match (&team.leader, team.teams) {
                    (Some(name), _) => name.clone(),
                    (None, 1) => "A team".to_owned(),
                    (None, n) => {
                        format!("{} small teams together", format::capital(&format::spell(n as u64)))
                    }
                },
                people: team.people as u64,
                by_period: team.by_period.iter().map(count).collect(),
            })
            .collect(),
        named: tried
            .named
            .iter()
            .map(|(name, fired)| NamedTrial {
                name: name.clone(),
                what: match (fired.kind, fired.way) {
                    (Kind::Gap, _) => "off target, steady",
                    (_, Way::Lower) => "lower than usual",
                    (_, Way::Higher) => "higher than usual",
                },
                opened: day(fired.opened).unwrap_or(zero),
                closed: fired.closed.and_then(day),
            })
            .collect(),
    }
}

/// Reads parameters as they were typed: all of them, or what is wrong with each.
fn parameters(typed: &BTreeMap<String, String>, errors: &mut FormErrors) -> Rules {
    let mut read = serde_json::Map::new();
    for (name, first) in Rules::default().parameters() {
        let text = typed.get(&name).map(String::as_str).unwrap_or_default();
        let number = match forms::number(&name, text) {
            Ok(number) if first.is_u64() && (number.fract() != 0.0 || !(0.0..1e9).contains(&number)) => {
                errors.add(name.as_str(), format!("“{text}” is no whole number; write one like {first}"));
                continue;
            }
            Ok(number) if first.is_u64() => serde_json::Value::from(number as u64),
            Ok(number) => serde_json::Value::from(number),
            Err(problem) => {
                errors
                    .add(name.as_str(), problem.errors.first().map_or("not a number", |f| f.reason.as_str()));
                continue;
            }
        };
        read.insert(name, number);
    }
    match serde_json::from_value(read.into()) {
        Ok(rules) => rules,
        Err(fault) => {
            errors.add("", fault.to_string());
            Rules::default()
        }
    }
}

/// Tries a rule on history, or switches it on.
pub async fn change(
    State(app): State<App>,
    asker: Asker,
    Path(code): Path<String>,
    Form(mut fields): Form<BTreeMap<String, String>>,
) -> Answer {
    let may = writing(&asker)?;
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let (what, why, weeks, metric) = (take("do"), take("why"), take("weeks"), take("metric"));
    if let Some(name) = fields.keys().find(|name| !Rules::default().parameters().contains_key(*name)) {
        return Err(Problem::invalid(format!("form.{name}"), "there is no such field"));
    }
    let mut errors = FormErrors::NONE;
    let rules = parameters(&fields, &mut errors);
    let mut typed = Typed {
        parameters: Some(fields),
        why: why.clone(),
        weeks: Some(weeks.clone()),
        metric: metric.clone(),
        ..Typed::default()
    };
    if errors.is_empty() {
        let done = match what.as_str() {
            "try" => try_it(&app, &asker, &may, &code, &metric, &weeks, rules).await.map(Some),
            "set" => {
                let change = Change { code: code.clone(), rules: Some(rules), why };
                match rules::set(&app, &may, vec![change], false).await {
                    Ok(done) if done.changes.is_empty() => {
                        errors.add("", "Nothing differs from what is in force");
                        Ok(None)
                    }
                    Ok(_) => return switched(&app, &asker, &code).await,
                    Err(error) => Err(error.into()),
                }
            }
            _ => Err(Problem::invalid("do", "give `try` or `set`")),
        };
        match done {
            Ok(trial) => typed.trial = trial,
            // "rule 1 (calls), interval" is about the field `interval`.
            Err(problem) => {
                let field = |place: &str| place.rsplit(", ").next().unwrap_or(place).to_owned();
                for fault in forms::form_errors(problem, field)?.0 {
                    errors.add(fault.field, fault.text);
                }
            }
        }
    }
    typed.errors = errors;
    rule_page(&app, &asker, &code, typed).await
}

/// Says that a rule was switched on, and offers to go back to the version before.
async fn switched(app: &App, asker: &Asker, code: &str) -> Answer {
    let all = rules::history(app, &reading(asker)?).await?;
    let version = all.iter().find(|rule| rule.code == code).map_or(0, |rule| rule.version);
    let path = href(code);
    let said = format!("Version {version} is on. Everything is looked at again by it.");
    Ok(page::done_and_back(&path, &said, &format!("{path}/versions/{}", (version - 1).max(0))))
}

async fn try_it(
    app: &App,
    asker: &Asker,
    may: &Permit<WriteRules>,
    code: &str,
    metric: &str,
    weeks: &str,
    rules: Rules,
) -> Answer<Tried> {
    let periods = weeks.trim().parse().ok().filter(|n| (1..=MOST_PERIODS).contains(n)).ok_or_else(|| {
        Problem::invalid("weeks", format!("give a whole number of weeks from 1 to {MOST_PERIODS}"))
    })?;
    let on = if code == DEFAULT { metric } else { code };
    let metrics = rules::metrics(app, &reading(asker)?).await?;
    let Some(metric) = metrics.iter().find(|m| m.code == on) else {
        return Err(Problem::invalid("metric", "choose a metric to try it on"));
    };
    match rules::try_on_history(app, &asker.who, may, metric.id, rules, periods).await {
        Err(app::Error::Conflict(why)) => Err(Problem::invalid("metric", why)),
        done => Ok(done?),
    }
}

/// Goes back to a version.
pub async fn back(
    State(app): State<App>,
    asker: Asker,
    Path((code, version)): Path<(String, i64)>,
) -> Answer {
    let may = writing(&asker)?;
    rules::back_to(&app, &may, &code, version).await?;
    switched(&app, &asker, &code).await
}
