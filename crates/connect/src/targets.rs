//! Targets and commitments from files.

use std::io::Read;

use domain::time::Day;

use crate::csv::{Column, Imported, Kind, Options, Row};
use crate::interventions::yes_or_no;
use crate::people::{Listed, finish, own, read};

/// For whom a target is meant, by external code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScopeCode {
    /// One person.
    Person(String),
    /// A unit and everything below it.
    Unit(String),
    /// A job role.
    JobRole(String),
    /// Everybody whom the metric is about.
    All,
}

/// One line of a targets file.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetRow {
    /// The line it stands on.
    pub line: u64,
    /// The metric's code.
    pub metric: String,
    /// For whom.
    pub scope: ScopeCode,
    /// The level; `None` where the line ends a target.
    pub level: Option<f64>,
    /// Allowed distance from the level, 0 or more.
    pub tolerance: Option<f64>,
    /// On how many periods it is judged, 1 or more.
    pub window: Option<u32>,
    /// From which day it holds.
    pub from: Option<Day>,
    /// The line ends the target from that day.
    pub ended: bool,
    /// Why, in words.
    pub why: Option<String>,
}

/// One line of a commitments file.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitmentRow {
    /// The line it stands on.
    pub line: u64,
    /// The code of the person who promises.
    pub person: String,
    /// The metric's code.
    pub metric: String,
    /// The level; `None` where the line ends a commitment.
    pub level: Option<f64>,
    /// From which day it holds.
    pub from: Option<Day>,
    /// The line ends the commitment from that day.
    pub ended: bool,
    /// Why, in words.
    pub why: Option<String>,
}

const METRIC: &[&str] = &["metric code", "kpi", "kennzahl"];
const LEVEL: &[&str] = &["target", "goal", "value", "ziel", "zielwert"];
const FROM: &[&str] = &["valid from", "since", "start", "von", "ab"];
const WHY: &[&str] = &["reason", "note", "grund"];

/// Reads targets: `metric`, `level`, and any of `scope` (person, unit, job_role, all), `subject` (a code), `tolerance`,
/// `window`, `from`, `ended`, `why`.
pub fn targets(source: impl Read, options: &Options) -> Imported<Listed<TargetRow>> {
    let columns = vec![
        Column::key("metric", METRIC, Kind::Text),
        Column::new("scope", &["for", "applies to"], Kind::Text),
        Column::new("subject", &["subject code", "code"], Kind::Text),
        Column::new("level", LEVEL, Kind::Number).required(),
        Column::new("tolerance", &["tolerated", "spread", "toleranz"], Kind::Number),
        Column::new("window", &["periods", "fenster"], Kind::Number),
        Column::new("from", FROM, Kind::Day),
        Column::new("ended", &["ends", "end"], Kind::Text),
        Column::new("why", WHY, Kind::Text),
    ];
    let names = ["metric", "scope", "subject", "level", "tolerance", "window", "from", "ended", "why"];
    let made = read(source, columns, &names, options, |row| {
        let metric = row.required(0);
        let scope = scope(row);
        let (level, ended) = level(row, 3, 7);
        let tolerance = row.number(4);
        if tolerance.is_some_and(|t| t < 0.0) {
            row.problem(4, "a tolerance cannot be negative", "write the allowed distance, 0 or more");
        }
        let window = row.number(5);
        let periods = window.map(|w| w as u32);
        if window.is_some_and(|w| !(1.0..=1000.0).contains(&w) || w.fract() != 0.0) {
            row.problem(5, "this is not a number of periods", "write a whole number from 1 to 1000");
        }
        Some(TargetRow {
            line: row.line(),
            metric: metric?.to_owned(),
            scope: scope?,
            level,
            tolerance,
            window: periods,
            from: row.day(6),
            ended,
            why: own(row, 8),
        })
    });
    finish(made, |r| (r.line, (r.metric.clone(), r.scope.clone(), r.from)), "metric, scope and first day")
}

/// Reads commitments: `person`, `metric`, `level`, and any of `from`, `ended`, `why`.
pub fn commitments(source: impl Read, options: &Options) -> Imported<Listed<CommitmentRow>> {
    let columns = vec![
        Column::key("person", &["person code", "code", "subject"], Kind::Text),
        Column::key("metric", METRIC, Kind::Text),
        Column::new("level", &["commitment", "promise", "value", "zusage"], Kind::Number).required(),
        Column::new("from", FROM, Kind::Day),
        Column::new("ended", &["ends", "end"], Kind::Text),
        Column::new("why", WHY, Kind::Text),
    ];
    let made =
        read(source, columns, &["person", "metric", "level", "from", "ended", "why"], options, |row| {
            let (person, metric) = (row.required(0), row.required(1));
            let (level, ended) = level(row, 2, 4);
            Some(CommitmentRow {
                line: row.line(),
                person: person?.to_owned(),
                metric: metric?.to_owned(),
                level,
                from: row.day(3),
                ended,
                why: own(row, 5),
            })
        });
    finish(made, |r| (r.line, (r.person.clone(), r.metric.clone(), r.from)), "person, metric and first day")
}

fn scope(row: &mut Row<'_>) -> Option<ScopeCode> {
    let subject = own(row, 2);
    let scope = row.text(1).map(crate::csv::fold);
    match (scope.as_deref(), subject) {
        (None | Some("all"), None) => Some(ScopeCode::All),
        (Some("all"), Some(_)) => {
            row.problem(
                2,
                "a target for all has no subject",
                "leave the subject empty, or name another scope",
            );
            None
        }
        (Some("person"), Some(code)) => Some(ScopeCode::Person(code)),
        (Some("unit" | "orgunit"), Some(code)) => Some(ScopeCode::Unit(code)),
        (Some("jobrole" | "role"), Some(code)) => Some(ScopeCode::JobRole(code)),
        (Some("person" | "unit" | "orgunit" | "jobrole" | "role"), None) => {
            row.problem(2, "the scope needs a subject", "name the code of the person, unit or job role");
            None
        }
        _ => {
            row.problem(1, "this is not a scope", "write person, unit, job_role or all");
            None
        }
    }
}

/// The level, and whether the line ends what it is about; a line that does not end something needs a level.
fn level(row: &mut Row<'_>, level: usize, ended: usize) -> (Option<f64>, bool) {
    let ends = yes_or_no(row, ended);
    let value = row.number(level);
    if value.is_none() && !ends && row.is_sound() {
        row.problem(level, "the level is missing", "write the agreed number");
    }
    (value, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::Problems;

    fn problems(found: &Problems) -> Vec<String> {
        found.listed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn targets_for_one_for_some_and_for_all() {
        let file = "metric;scope;subject;level;tolerance;window;from;why;ended\n\
            doh;unit;p1;3;2;4;2026-01-01;agreed;\n\
            doh;;;3,5;;;;;\n\
            doh;Job Role;planner;;;;2026-06-01;;yes\n";
        let read = targets(file.as_bytes(), &Options::default());
        assert_eq!(problems(&read.problems), [""; 0]);
        let rows = &read.rows.rows;
        assert_eq!((rows[0].level, rows[0].tolerance, rows[0].window), (Some(3.0), Some(2.0), Some(4)));
        assert_eq!((&rows[1].scope, rows[1].level), (&ScopeCode::All, Some(3.5)));
        assert_eq!((&rows[2].scope, rows[2].ended), (&ScopeCode::JobRole("planner".into()), true));
    }

    #[test]
    fn bad_targets_say_where_and_why() {
        let file = "metric,scope,subject,level,tolerance,window\n\
            doh,unit,,3,,\ndoh,team,x,3,,\ndoh,all,x,3,,\ndoh,,,3,-1,1.5\ndoh,,,,,\ndoh,,,4,,\ndoh,,,5,,\n";
        assert_eq!(
            problems(&targets(file.as_bytes(), &Options::default()).problems),
            [
                "line 2, column `subject`, the scope needs a subject; name the code of the person, unit or job role",
                "line 3, column `scope`, `team`: this is not a scope; write person, unit, job_role or all",
                "line 4, column `subject`, `x`: a target for all has no subject; leave the subject empty, or name another scope",
                "line 5, column `tolerance`, `-1`: a tolerance cannot be negative; write the allowed distance, 0 or more",
                "line 5, column `window`, `1.5`: this is not a number of periods; write a whole number from 1 to 1000",
                "line 6, column `level`, the level is missing; write the agreed number",
                "line 8, metric, scope and first day are the same as on line 7; leave one of the lines out",
            ]
        );
    }

    #[test]
    fn promises() {
        let read = commitments(
            "person,metric,level,why\nmaya,calls,14,\nmaya,calls,15,\n".as_bytes(),
            &Options::default(),
        );
        assert_eq!(read.rows.rows[0].level, Some(14.0));
        assert_eq!(
            problems(&read.problems),
            ["line 3, person, metric and first day are the same as on line 2; leave one of the lines out"]
        );
    }
}
