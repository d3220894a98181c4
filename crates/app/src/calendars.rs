//! Working calendars, closures, leave and part time: read them, and bring them in.

use std::collections::{BTreeMap, BTreeSet};

use connect::calendars::{Calendars, LeaveRow};
use domain::access::{Permit, ReadRules, Resource, Who, WriteAssignment, may_ask, scope};
use domain::calendars::{Away, Calendar, Closure};
use domain::ids::{ImportId, PersonId, UnitId};
use domain::people::{OrgTree, OrgUnit, Span};
use domain::time::Day;
use store::db::{Read, Tx};

use crate::imports::second::{self, List};
use crate::people::{Change, Difference};
use crate::{App, Error, Fault, Result};

/// How many people's leave one page shows.
const SHOWN: usize = 200;
/// For how many days leave that is over is still shown.
const BACK: i32 = 28;

/// How a unit works.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitCalendar {
    /// The unit.
    pub unit: OrgUnit,
    /// The units above, from the top down.
    pub above: Vec<OrgUnit>,
    /// The units directly below, by name.
    pub below: Vec<OrgUnit>,
    /// The calendar that holds here.
    pub calendar: Calendar,
    /// The unit that it was set for: this one, or the nearest above. `None` where nobody set one.
    pub from: Option<OrgUnit>,
    /// The spans in which it does not work, with the unit each was entered for, by day.
    pub closures: Vec<(OrgUnit, Closure)>,
    /// Leave and part time of those who work here that is not long over, of whom the asker may see it, by name and day.
    pub away: Vec<Absent>,
    /// How many more there are.
    pub more_away: usize,
    /// Whether the asker may ask for changes, which a second administrator applies.
    pub may_ask: bool,
}

/// A span in which somebody works less or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Absent {
    /// Who.
    pub person: PersonId,
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// When, and what is left.
    pub away: Away,
}

/// The calendar of a unit: the one with a code, else the asker's own, else the top of the organisation.
/// `None` before there is any unit.
///
/// # Errors
/// [`Error::NotFound`] where no unit has the code.
pub async fn of_unit(
    app: &App,
    who: &Who,
    _: &Permit<ReadRules>,
    code: Option<&str>,
) -> Result<Option<UnitCalendar>> {
    let today = app.today();
    let code = code.map(|code| code.trim().to_owned());
    let own = who.person().and_then(|viewer| viewer.unit);
    let me = who.person().map(|viewer| viewer.person);
    let may_ask = may_ask::<WriteAssignment>(who).is_ok();
    // Whoever asks for changes must see what is there; others see it as the matrix says.
    let seen = scope(if may_ask { &Who::Host } else { who }, Resource::Assignment, None);
    let found = app
        .store
        .read(move |r| -> Result<Option<UnitCalendar>> {
            let units = store::people::units(r)?;
            let tree = OrgTree::on(today, &store::people::placements(r)?);
            let find = |id: UnitId| units.iter().find(|u| u.id == id);
            let unit = match &code {
                Some(code) => {
                    Some(units.iter().find(|u| &u.code == code).ok_or(Error::NotFound("org unit"))?)
                }
                None => own.and_then(find).or_else(|| units.iter().find(|u| tree.parent(u.id).is_none())),
            };
            let Some(unit) = unit else { return Ok(None) };
            let ancestors = tree.ancestors(unit.id);
            let line: Vec<&OrgUnit> =
                std::iter::once(unit).chain(ancestors.iter().filter_map(|u| find(*u))).collect();
            let held = store::calendars::calendars_of_units(r)?;
            let from = line.iter().find(|u| held.contains_key(&u.id)).copied();
            let all = store::calendars::calendars(r)?;
            let calendar =
                from.and_then(|u| held.get(&u.id)).and_then(|code| all.into_iter().find(|c| &c.code == code));
            let mut closures: Vec<(OrgUnit, Closure)> = Vec::new();
            for (of, closure) in store::calendars::closures(r)? {
                closures.extend(line.iter().find(|u| u.id == of).map(|u| ((*u).clone(), closure)));
            }
            closures.sort_by_key(|(_, closure)| closure.span.from);
            let mut people = store::people::persons_in(r, &[unit.id], today)?;
            people.retain(|person| seen.holds(*person));
            let (away, more_away) = absent(r, &people, today)?;
            let mut next: Vec<OrgUnit> =
                tree.children(unit.id).iter().filter_map(|u| find(*u)).cloned().collect();
            next.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(Some(UnitCalendar {
                unit: unit.clone(),
                above: line.iter().skip(1).rev().map(|u| (*u).clone()).collect(),
                below: next,
                calendar: calendar.unwrap_or_default(),
                from: from.cloned(),
                closures,
                away,
                more_away,
                may_ask,
            }))
        })
        .await?;
    if let Some(found) = &found {
        let looked_at: BTreeSet<PersonId> =
            found.away.iter().map(|a| a.person).filter(|person| Some(*person) != me).collect();
        if !looked_at.is_empty() {
            let looked_at: Vec<PersonId> = looked_at.into_iter().collect();
            crate::access::log_looks(app, who, &looked_at, "leave and part time").await?;
        }
    }
    Ok(found)
}

fn absent(r: &mut Read, people: &[PersonId], today: Day) -> Result<(Vec<Absent>, usize)> {
    let mut away = store::calendars::away_of(r, people)?;
    away.retain(|(_, away)| away.span.until.is_none_or(|until| until > today.plus(-BACK)));
    let mut all = Vec::with_capacity(away.len());
    let named: Vec<PersonId> = away.iter().map(|(person, _)| *person).collect();
    let names = store::people::names(r, &named)?;
    for (person, away) in away {
        let name = names.get(&person).cloned().unwrap_or_default();
        all.push(Absent { person, code: String::new(), name, away });
    }
    all.sort_by(|a, b| (&a.name, a.away.span.from).cmp(&(&b.name, b.away.span.from)));
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    for one in &mut all {
        one.code = store::people::person(r, one.person)?.map(|p| p.code).unwrap_or_default();
    }
    Ok((all, more))
}

/// One change as a page asks for it. It is written as the file that would bring it in, and goes the same way.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// A span in which a unit does not work; `removed` takes the one with that first day away.
    Closure {
        /// The unit's code.
        unit: String,
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
        /// Whether it is taken away.
        removed: bool,
    },
    /// A day that differs in a calendar; `None` for one that is as any other.
    Day {
        /// The calendar's code.
        calendar: String,
        /// Which day.
        day: Day,
        /// What share of it is worked.
        worked: Option<f64>,
    },
    /// A span in which a person works less; a share of 1 takes the one with that first day away.
    Leave {
        /// The person's code.
        person: String,
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
        /// What share is left.
        share: f64,
    },
}

impl Edit {
    /// Which list it is, and its text.
    fn file(&self, why: &str) -> (List, String) {
        // What JSON escapes in a text, TOML's basic strings escape alike.
        let text = |text: &str| serde_json::Value::from(text.replace('\u{7f}', "")).to_string();
        match self {
            Edit::Closure { unit, from, to, removed } => {
                let (unit, reason) = (text(unit), text(why));
                let file = format!(
                    "[[closure]]\nunit = {unit}\nfrom = {from}\nto = {to}\nreason = {reason}\nremoved = {removed}\n"
                );
                (List::Calendars, file)
            }
            Edit::Day { calendar, day, worked } => {
                let calendar = text(calendar);
                let rest =
                    worked.map_or_else(|| "removed = true".to_owned(), |share| format!("worked = {share}"));
                (List::Calendars, format!("[[holiday]]\ncalendar = {calendar}\nday = {day}\n{rest}\n"))
            }
            Edit::Leave { person, from, to, share } => {
                let person = person.replace('"', "\"\"");
                (List::Leave, format!("person,from,to,share\n\"{person}\",{from},{to},{share}\n"))
            }
        }
    }
}

/// Asks for one change with a reason; a second administrator applies it. `None` where it changes nothing.
///
/// # Errors
/// [`Error::Invalid`] with what is wrong, as for the file that would bring it in.
pub async fn ask(app: &App, who: &Who, edit: &Edit, why: &str) -> Result<Option<ImportId>> {
    let (list, file) = edit.file(why);
    Ok(second::ask(app, who, list, why, file.into_bytes()).await?.1)
}

/// Takes calendars with the codes of their units, days that differ, and closures. All or nothing; what is unknown is listed.
/// Every metric is judged again with them. With `dry_run` nothing is kept.
pub async fn import_calendars(
    app: &App,
    permit: &Permit<WriteAssignment>,
    all: Calendars,
    dry_run: bool,
) -> Result<Difference> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| -> Result<Difference> {
        let plan = compare(tx, &all)?;
        let mut difference = plan.difference;
        difference.applied = !dry_run;
        if dry_run || difference.changes.is_empty() {
            return Ok(difference);
        }
        for (calendar, units) in &plan.calendars {
            store::calendars::put_calendar(tx, calendar, units)?;
        }
        for (unit, closure, removed) in &plan.closures {
            match closure.span.until {
                Some(until) if !removed => {
                    store::calendars::put_closure(tx, *unit, closure.span.from, until, &closure.reason)?;
                }
                _ => store::calendars::take_closure(tx, *unit, closure.span.from)?,
            }
        }
        crate::audit::note(tx, &ids, now, &by, "calendars.import", "", &said(&difference))?;
        judge_again(tx)?;
        Ok(difference)
    };
    let difference = app.store.write(work).await?;
    app.work.notify_one();
    Ok(difference)
}

/// What a file of calendars asks for.
struct Plan {
    difference: Difference,
    calendars: Vec<(Calendar, Vec<UnitId>)>,
    closures: Vec<(UnitId, Closure, bool)>,
}

fn compare(r: &mut Read, all: &Calendars) -> Result<Plan> {
    let named = all.calendars.iter().flat_map(|(_, units)| units).chain(all.closures.iter().map(|c| &c.unit));
    let codes: Vec<String> = named.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let units = store::people::unit_ids(r, &codes)?;
    let mut known: BTreeMap<String, Calendar> =
        store::calendars::calendars(r)?.into_iter().map(|c| (c.code.clone(), c)).collect();
    let mut faults: Vec<Fault> = codes
        .iter()
        .filter(|code| !units.contains_key(*code))
        .map(|code| {
            let reason = "no org unit has this code; import the unit first, or correct the code";
            Fault::at(format!("unit `{code}`"), reason)
        })
        .collect();
    let fresh: BTreeSet<&String> = all.calendars.iter().map(|(c, _)| &c.code).collect();
    for holiday in &all.holidays {
        if !known.contains_key(&holiday.calendar) && !fresh.contains(&holiday.calendar) {
            let reason = "no calendar has this code; write a [[calendar]] first, or correct the code";
            faults
                .push(Fault::at(format!("holiday {}, calendar `{}`", holiday.day, holiday.calendar), reason));
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut held: BTreeMap<String, BTreeSet<UnitId>> = BTreeMap::new();
    for (unit, code) in store::calendars::calendars_of_units(r)? {
        held.entry(code).or_default().insert(unit);
    }
    let mut plan = Plan { difference: Difference::default(), calendars: Vec::new(), closures: Vec::new() };
    let mut wanted: BTreeMap<String, (Calendar, BTreeSet<UnitId>)> = BTreeMap::new();
    for (calendar, of) in &all.calendars {
        let of = of.iter().filter_map(|code| units.get(code).copied()).collect();
        wanted.insert(calendar.code.clone(), (calendar.clone(), of));
    }
    for holiday in &all.holidays {
        let (calendar, _) = wanted.entry(holiday.calendar.clone()).or_insert_with(|| {
            let calendar = known.get(&holiday.calendar).cloned().unwrap_or_default();
            (calendar, held.get(&holiday.calendar).cloned().unwrap_or_default())
        });
        match holiday.worked {
            Some(worked) => drop(calendar.days.insert(holiday.day, worked)),
            None => drop(calendar.days.remove(&holiday.day)),
        }
    }
    let mut line = 0;
    let mut note = |what: String, how: Vec<String>, difference: &mut Difference| {
        line += 1;
        if how.is_empty() {
            difference.unchanged += 1;
        } else {
            difference.changes.push(Change { line, what, how: how.join(", ") });
        }
        !difference.changes.is_empty()
    };
    for (code, (calendar, of)) in wanted {
        let before = known.remove(&code);
        let how = changed(before.as_ref(), &calendar, held.get(&code), &of);
        if !how.is_empty() {
            plan.calendars.push((calendar, of.into_iter().collect()));
        }
        note(format!("calendar {code}"), how, &mut plan.difference);
    }
    let closures: BTreeMap<(UnitId, Day), Closure> =
        store::calendars::closures(r)?.into_iter().map(|(unit, c)| ((unit, c.span.from), c)).collect();
    for asked in &all.closures {
        let Some(&unit) = units.get(&asked.unit) else { continue };
        let span = Span { from: asked.from, until: Some(asked.until) };
        let closure = Closure { span, reason: asked.reason.clone() };
        let before = closures.get(&(unit, asked.from));
        let until = asked.until.plus(-1);
        let how = match (before, asked.removed) {
            (None, true) => Vec::new(),
            (Some(_), true) => vec!["taken away".to_owned()],
            (Some(before), false) if *before == closure => Vec::new(),
            (Some(_), false) => vec![format!("until {until} now"), closure.reason.clone()],
            (None, false) => vec![format!("new, until {until}"), closure.reason.clone()],
        };
        if !how.is_empty() {
            plan.closures.push((unit, closure, asked.removed));
        }
        let how = how.into_iter().filter(|word| !word.is_empty()).collect();
        note(format!("closure of {} from {}", asked.unit, asked.from), how, &mut plan.difference);
    }
    Ok(plan)
}

/// What differs between two versions of a calendar, in words.
fn changed(
    before: Option<&Calendar>,
    after: &Calendar,
    held: Option<&BTreeSet<UnitId>>,
    of: &BTreeSet<UnitId>,
) -> Vec<String> {
    let mut how = Vec::new();
    let units = |n: usize| domain::figures::plural(n, "unit", "units");
    let Some(before) = before else {
        how.push(format!("new, {} that differ", domain::figures::plural(after.days.len(), "day", "days")));
        how.push(format!("holds in {}", units(of.len())));
        return how;
    };
    if before.name != after.name {
        how.push(format!("called {}", after.name));
    }
    if before.weekdays != after.weekdays {
        let worked = after.weekdays.iter().filter(|w| **w).count();
        how.push(format!("other weekdays, {worked} of them worked"));
    }
    for (day, worked) in &after.days {
        if before.days.get(day) != Some(worked) {
            how.push(match worked {
                0.0 => format!("{day} off"),
                worked => format!("{day} worked to {} %", (worked * 100.0).round()),
            });
        }
    }
    for day in before.days.keys().filter(|day| !after.days.contains_key(day)) {
        how.push(format!("{day} as any other day"));
    }
    let none = BTreeSet::new();
    let held = held.unwrap_or(&none);
    if held != of {
        how.push(format!("holds in {} instead of {}", units(of.len()), held.len()));
    }
    how
}

/// The first changes in words, for the log of changes.
fn said(difference: &Difference) -> String {
    let mut words: Vec<String> =
        difference.changes.iter().take(5).map(|c| format!("{}: {}", c.what, c.how)).collect();
    let more = difference.changes.len().saturating_sub(words.len());
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.join("; ").chars().take(1_000).collect()
}

/// Takes leave and part time. All or nothing; unknown people are listed with their lines. A share of 1 takes away what
/// was entered for that first day. Every metric is judged again with them. With `dry_run` nothing is kept.
pub async fn import_leave(
    app: &App,
    permit: &Permit<WriteAssignment>,
    rows: Vec<LeaveRow>,
    dry_run: bool,
) -> Result<Difference> {
    let (now, ids, by) = (app.now(), app.ids.clone(), permit.by().to_owned());
    let work = move |tx: &mut Tx| -> Result<Difference> {
        let codes: Vec<String> =
            rows.iter().map(|r| r.person.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut persons = BTreeMap::new();
        for some in codes.chunks(2_000) {
            persons.extend(store::people::person_ids(tx, some)?);
        }
        let faults: Vec<Fault> = rows
            .iter()
            .filter(|r| !persons.contains_key(&r.person))
            .map(|r| {
                let reason = "no person has this code; import the person first, or correct the code";
                Fault::at(format!("line {}, person `{}`", r.line, r.person), reason)
            })
            .collect();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let of: Vec<PersonId> = persons.values().copied().collect();
        let mut known: BTreeMap<(PersonId, Day), Away> = BTreeMap::new();
        for some in of.chunks(2_000) {
            let away = store::calendars::away_of(tx, some)?;
            known.extend(away.into_iter().map(|(person, away)| ((person, away.span.from), away)));
        }
        let mut difference = Difference { applied: !dry_run, ..Difference::default() };
        for row in &rows {
            let Some(&person) = persons.get(&row.person) else { continue };
            let away = Away { span: Span { from: row.from, until: Some(row.until) }, share: row.share };
            let before = known.get(&(person, row.from));
            let last = row.until.plus(-1);
            let left = match row.share {
                0.0 => "away".to_owned(),
                share => format!("{} % worked", (share * 100.0).round()),
            };
            let removed = row.share >= 1.0;
            let how = match before {
                None if removed => None,
                Some(_) if removed => Some("taken away".to_owned()),
                Some(before) if *before == away => None,
                Some(_) => Some(format!("{left} until {last} now")),
                None => Some(format!("{left} until {last}")),
            };
            let Some(how) = how else {
                difference.unchanged += 1;
                continue;
            };
            let what = format!("leave of {} from {}", row.person, row.from);
            difference.changes.push(Change { line: row.line, what, how });
            match removed {
                _ if dry_run => {}
                true => store::calendars::take_away(tx, person, row.from)?,
                false => store::calendars::put_away(tx, person, row.from, row.until, row.share)?,
            }
        }
        if !dry_run && !difference.changes.is_empty() {
            let count = domain::figures::plural(difference.changes.len(), "span", "spans");
            crate::audit::note(tx, &ids, now, &by, "leave.import", "", &count)?;
            judge_again(tx)?;
        }
        Ok(difference)
    };
    let difference = app.store.write(work).await?;
    app.work.notify_one();
    Ok(difference)
}

fn judge_again(tx: &mut Tx) -> Result<()> {
    let keys: Vec<_> = store::metrics::metrics(tx)?.iter().map(|m| crate::alerts::whole(m.id)).collect();
    store::pipeline::ask(tx, crate::STANDING, keys)?;
    Ok(())
}
