//! Rollouts and uses of supports from files, where a definition file would grow too long.

use std::collections::HashMap;
use std::io::Read;

use domain::time::{Cadence, Day};

use crate::csv::{Column, Imported, Kind, Options, Problem, Row};
use crate::people::{Listed, finish, own, read};

/// One unit's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRow {
    /// The line it stands on.
    pub line: u64,
    /// The support's code.
    pub intervention: String,
    /// The unit's code.
    pub unit: String,
    /// From which day. A week, month, quarter or year in the file means its first day.
    pub from: Day,
    /// Which wave, from 1; in the order of first days where the file does not say.
    pub wave: i64,
    /// Whether the order came from a recorded random draw.
    pub drawn: bool,
}

/// One person's use of a support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseRow {
    /// The line it stands on.
    pub line: u64,
    /// The support's code.
    pub intervention: String,
    /// The person's code.
    pub person: String,
    /// When.
    pub day: Day,
    /// Why they were picked, in words or in one word that studies know.
    pub picked_by: Option<String>,
}

/// Reads starts: `intervention`, `unit`, `from`, and any of `wave`, `drawn`. A unit starts once.
pub fn rollout(source: impl Read, options: &Options) -> Imported<Listed<StartRow>> {
    let columns = vec![
        Column::key("intervention", &["support", "intervention code"], Kind::Text),
        Column::key("unit", &["unit code", "org unit", "branch", "subject", "einheit"], Kind::Text),
        Column::new("from", &["start", "start day", "since", "ab", "von"], Kind::Period).required(),
        Column::new("wave", &["welle"], Kind::Number),
        Column::new("drawn", &["random", "randomised", "randomized"], Kind::Text),
    ];
    let made = read(source, columns, &["intervention", "unit", "from", "wave", "drawn"], options, |row| {
        let (intervention, unit) = (row.required(0), row.required(1));
        let from = row.period(2);
        if from.is_none() && row.is_sound() {
            row.required(2);
        }
        let wave = row.number(3);
        if wave.is_some_and(|w| w < 1.0 || w.fract() != 0.0 || w > 10_000.0) {
            row.problem(3, "this is not a wave", "write a whole number from 1");
        }
        Some(StartRow {
            line: row.line(),
            intervention: intervention?.to_owned(),
            unit: unit?.to_owned(),
            from: from?.start,
            // 0 marks what is filled in once every start is known.
            wave: wave.map_or(0, |w| w as i64),
            drawn: yes_or_no(row, 4),
        })
    });
    let mut imported =
        finish(made, |r| (r.line, (r.intervention.clone(), r.unit.clone())), "support and unit");
    number_waves(&mut imported);
    imported
}

/// Gives waves by the order of first days, support by support; a support says its waves on every line or on none.
fn number_waves(imported: &mut Imported<Listed<StartRow>>) {
    let mut days: HashMap<String, Vec<Day>> = HashMap::new();
    for row in &imported.rows.rows {
        days.entry(row.intervention.clone()).or_default().push(row.from);
    }
    for all in days.values_mut() {
        all.sort_unstable();
        all.dedup();
    }
    let mut said: HashMap<String, (bool, u64)> = HashMap::new();
    for row in &mut imported.rows.rows {
        let (says, before) = *said.entry(row.intervention.clone()).or_insert((row.wave > 0, row.line));
        if says != (row.wave > 0) {
            imported.problems.push(Problem::new(
                row.line,
                Some("wave"),
                "",
                format!(
                    "line {before} {} a wave and this line does the opposite",
                    if says { "names" } else { "leaves out" }
                ),
                "name the wave of every unit of a support, or of none",
            ));
        }
        if row.wave == 0 {
            let order = days.get(&row.intervention).and_then(|all| all.binary_search(&row.from).ok());
            row.wave = order.map_or(1, |at| at as i64 + 1);
        }
    }
}

/// Reads uses: `intervention`, `person`, `day`, and `picked_by`.
pub fn uses(source: impl Read, options: &Options) -> Imported<Listed<UseRow>> {
    let columns = vec![
        Column::key("intervention", &["support", "intervention code"], Kind::Text),
        Column::key("person", &["person code", "code", "subject"], Kind::Text),
        Column::new("day", &["date", "on", "datum", "tag"], Kind::Day).required(),
        Column::new("picked_by", &["picked", "reason", "why"], Kind::Text),
    ];
    let made = read(source, columns, &["intervention", "person", "day", "picked_by"], options, |row| {
        let (intervention, person) = (row.required(0), row.required(1));
        let day = row.period(2);
        match day {
            None if row.is_sound() => {
                row.required(2);
            }
            Some(period) if period.cadence != Cadence::Day => {
                row.problem(2, "a day is needed", format!("write the day, such as {}", period.start));
            }
            _ => {}
        }
        Some(UseRow {
            line: row.line(),
            intervention: intervention?.to_owned(),
            person: person?.to_owned(),
            day: day?.start,
            picked_by: own(row, 3),
        })
    });
    finish(made, |r| (r.line, (r.intervention.clone(), r.person.clone(), r.day)), "support, person and day")
}

/// Yes or no in a text column; empty means no.
pub(crate) fn yes_or_no(row: &mut Row<'_>, column: usize) -> bool {
    match row.text(column).map(str::to_lowercase).as_deref() {
        None | Some("no" | "false" | "0" | "nein") => false,
        Some("yes" | "true" | "1" | "ja") => true,
        Some(_) => {
            row.problem(column, "this is neither yes nor no", "write yes or no; empty means no");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems<T>(imported: &Imported<T>) -> Vec<String> {
        imported.problems.listed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn starts_are_put_into_waves() {
        let file = "support,unit,from\ngrant,f1,1989\ngrant,f2,1988\nother,f1,2026-03-18\n";
        let read = rollout(file.as_bytes(), &Options::default());
        assert_eq!(problems(&read), [""; 0]);
        let shown: Vec<_> =
            read.rows.rows.iter().map(|r| (r.unit.as_str(), r.from.to_string(), r.wave)).collect();
        assert_eq!(
            shown,
            [
                ("f1", "1989-01-01".to_owned(), 2),
                ("f2", "1988-01-01".to_owned(), 1),
                ("f1", "2026-03-18".to_owned(), 1)
            ]
        );
        let file = "support,unit,from,wave,drawn\ng,a,2026-01-05,1,yes\ng,b,2026-02-02,,\ng,a,2026-02-02,2,maybe\ng,c,,2,\ng,a,2026-01-05,1.5,\ng,a,2026-01-06,1,\n";
        assert_eq!(
            problems(&rollout(file.as_bytes(), &Options::default())),
            [
                "line 4, column `drawn`, `maybe`: this is neither yes nor no; write yes or no; empty means no",
                "line 5, column `from`, the cell is empty; fill it in, or take the line out",
                "line 6, column `wave`, `1.5`: this is not a wave; write a whole number from 1",
                "line 7, support and unit are the same as on line 2; leave one of the lines out",
                "line 3, column `wave`, line 2 names a wave and this line does the opposite; name the wave of every unit of a support, or of none",
            ]
        );
    }

    #[test]
    fn uses_are_on_a_day() {
        let file = "intervention,person,day,picked_by\nwebinar,maya,2026-03-18,in red\nwebinar,maya,2026-03-18,\nwebinar,noor,2026-W12,\n";
        let read = uses(file.as_bytes(), &Options::default());
        assert_eq!(read.rows.rows[0].picked_by.as_deref(), Some("in red"));
        assert_eq!(
            problems(&read),
            [
                "line 4, column `day`, `2026-W12`: a day is needed; write the day, such as 2026-03-16",
                "line 3, support, person and day are the same as on line 2; leave one of the lines out",
            ]
        );
    }
}
