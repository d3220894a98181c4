//! Checks on dated rows that need only the file: reversed dates, rows of one code that overlap, loops.

use std::collections::{HashMap, HashSet};

use domain::time::Day;

use crate::csv::{Problem, Problems, Row};

/// A chain of leaders or of units longer than this is a mistake in the file.
const DEEPEST: usize = 100;

/// Days from `from` up to, not including, `until`; open where `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dates {
    pub(crate) from: Option<Day>,
    pub(crate) until: Option<Day>,
}

impl Dates {
    /// Reads the columns `from` and `to`. In files `to` is the last day, so the day after it is `until`.
    pub(crate) fn read(row: &mut Row<'_>, from: usize, to: usize) -> Self {
        let dates = Self { from: row.day(from), until: row.day(to).map(|d| d.plus(1)) };
        if let (Some(start), Some(until)) = (dates.from, dates.until)
            && start >= until
        {
            row.problem(
                to,
                format!("the last day lies before the first, {start}"),
                "set the later day as the last",
            );
        }
        dates
    }
    fn starts(self) -> i32 {
        self.from.map_or(i32::MIN, Day::number)
    }
    fn ends(self) -> i32 {
        self.until.map_or(i32::MAX, Day::number)
    }
    const fn holds(from: i32, until: i32, day: i32) -> bool {
        from <= day && day < until
    }
}

/// One row as far as these checks are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) line: u64,
    pub(crate) code: &'a str,
    pub(crate) above: Option<&'a str>,
    pub(crate) dates: Dates,
}

/// What these rows are called where they are reported.
pub(crate) struct Words {
    pub(crate) code: &'static str,
    pub(crate) above: &'static str,
}

/// Reports every code whose rows overlap in time (or which is there twice without dates), and every loop.
pub(crate) fn check(links: &[Link<'_>], words: &Words, problems: &mut Problems) {
    let mut of: HashMap<&str, Vec<usize>> = HashMap::with_capacity(links.len());
    for (at, link) in links.iter().enumerate() {
        of.entry(link.code).or_default().push(at);
    }
    for rows in of.values_mut() {
        rows.sort_by_key(|at| links[*at].dates.starts());
    }
    let mut found = overlaps(links, &of, words);
    found.extend(loops(links, &of, words));
    found.sort_by_key(|p| p.line);
    found.into_iter().for_each(|p| problems.push(p));
}

fn overlaps(links: &[Link<'_>], of: &HashMap<&str, Vec<usize>>, words: &Words) -> Vec<Problem> {
    let mut found = Vec::new();
    for rows in of.values() {
        for pair in rows.windows(2) {
            let (mut a, mut b) = (&links[pair[0]], &links[pair[1]]);
            if b.dates.starts() >= a.dates.ends() {
                continue;
            }
            if a.line > b.line {
                std::mem::swap(&mut a, &mut b);
            }
            found.push(Problem::new(
                b.line,
                Some(words.code),
                b.code,
                format!("this is there already on line {}, for days that overlap", a.line),
                "leave one of the lines out, or give them days that do not overlap",
            ));
        }
    }
    found
}

/// A loop closes on the day on which its last link starts: so it is enough to walk up from each link on its first day.
fn loops(links: &[Link<'_>], of: &HashMap<&str, Vec<usize>>, words: &Words) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut reported = HashSet::new();
    for (first, link) in links.iter().enumerate() {
        if reported.contains(&first) {
            continue;
        }
        let day = link.dates.starts();
        let mut path = vec![first];
        loop {
            let at = path[path.len() - 1];
            let Some(above) = links[at].above else { break };
            let next = of.get(above).and_then(|rows| {
                // Rows are sorted by start: the last that has begun is the one in force, if it has not ended.
                let begun = rows.partition_point(|r| links[*r].dates.starts() <= day);
                rows[..begun].iter().rev().take(2).copied().find(|r| {
                    let d = links[*r].dates;
                    Dates::holds(d.starts(), d.ends(), day)
                })
            });
            match next {
                None => break,
                Some(next) if next == first => {
                    reported.extend(path.iter().copied());
                    found.push(closed(links, &path, words));
                    break;
                }
                // A loop further up, which its own links report.
                Some(next) if path.contains(&next) => break,
                Some(_) if path.len() > DEEPEST => {
                    found.push(Problem::new(
                        link.line,
                        Some(words.above),
                        link.above.unwrap_or(""),
                        format!("there are more than {DEEPEST} levels above this"),
                        "see whether the links form a loop",
                    ));
                    return found;
                }
                Some(next) => path.push(next),
            }
        }
    }
    found
}

fn closed(links: &[Link<'_>], path: &[usize], words: &Words) -> Problem {
    let link = &links[path[0]];
    let above = link.above.unwrap_or("");
    if path.len() == 1 {
        let reason = format!("`{}` is its own {}", link.code, words.above);
        return Problem::new(
            link.line,
            Some(words.above),
            above,
            reason,
            "name another one, or leave the cell empty",
        );
    }
    let mut way: Vec<String> =
        path.iter().take(10).map(|at| format!("{} (line {})", links[*at].code, links[*at].line)).collect();
    if path.len() > 10 {
        way.push("…".to_owned());
    }
    way.push(link.code.to_owned());
    Problem::new(
        link.line,
        Some(words.above),
        above,
        format!("the links form a loop: {}", way.join(" → ")),
        format!("change the {} on one of these lines", words.above),
    )
}
