//! The working calendar of a unit: read by everybody; changed by two administrators, one of whom asks.

use app::App;
use app::calendars::{self, Edit, UnitCalendar};
use app::imports::second::{self, List};
use axum::extract::State;
use domain::access::{ReadRules, Relation, permit};
use domain::calendars::Calendar;
use domain::people::OrgUnit;
use domain::time::Day;
use serde::Deserialize;

use super::arrange::moment;
use super::format;
use super::forms;
use super::view::{
    AwayRow, CalendarsPage, ClosureRow, DayCell, DayRow, FormErrors, Link, TypedEdit, UnitView, WeekRow,
};
use crate::extract::{Form, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// How many weeks are drawn, from the last one on.
const WEEKS: i32 = 9;
/// For how many days what is over is still listed.
const BACK: i32 = 31;
/// Most characters of a reason: it is the name under which the change waits.
const WHY_MAX: usize = 150;

/// What the page can be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    unit: Option<String>,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    let unit = asked.unit.filter(|code| !code.trim().is_empty());
    page_of(&app, &asker, unit.as_deref(), TypedEdit::default(), FormErrors::NONE).await
}

/// The page of a unit.
pub(super) fn href(code: &str) -> String {
    let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    format!("/calendars?unit={code}")
}

async fn page_of(
    app: &App,
    asker: &Asker,
    unit: Option<&str>,
    typed: TypedEdit,
    errors: FormErrors,
) -> Answer {
    let may = permit(&asker.who, Relation::NONE, ReadRules(()))?;
    let found = calendars::of_unit(app, &asker.who, &may, unit).await?;
    let may_ask = found.as_ref().is_some_and(|found| found.may_ask);
    let waiting = if may_ask { second::waiting(app, &asker.who).await? } else { Vec::new() };
    let waiting = waiting.iter().filter(|w| matches!(w.list, List::Calendars | List::Leave)).map(|w| {
        let at = moment(w.asked_at, &app.settings.zone);
        let text = format!("{}, {}, {}", w.name, w.asked_by_name, at.words(app.today()));
        Link::new(text, format!("/people/imports/{}", w.id))
    });
    let status = forms::status(&errors);
    let page = CalendarsPage {
        shell: page::shell(app, asker, "Working calendar").await?,
        unit: found.map(|found| arrange(found, app.today())),
        may_ask,
        waiting: waiting.collect(),
        typed,
        errors,
    };
    page::with_status(status, &page)
}

fn arrange(found: UnitCalendar, today: Day) -> UnitView {
    let link = |unit: &OrgUnit| Link::new(unit.name.clone(), href(&unit.code));
    let near = |day: Day| day >= today.plus(-BACK);
    let percent = |share: f64| format!("{}\u{202f}%", format::decimal(100.0 * share, 0));
    let calendar = &found.calendar;
    let days = calendar.days.iter().filter(|(day, _)| near(**day)).map(|(day, worked)| DayRow {
        day: *day,
        what: if *worked <= 0.0 { "off".to_owned() } else { format!("worked to {}", percent(*worked)) },
    });
    let monday = today.monday().plus(-7);
    let weeks = (0..WEEKS).map(|n| {
        let monday = monday.plus(7 * n);
        WeekRow { monday, days: (0..7).map(|d| cell(&found, monday.plus(d), today)).collect() }
    });
    UnitView {
        name: found.unit.name.clone(),
        code: found.unit.code.clone(),
        above: found.above.iter().map(link).collect(),
        below: found.below.iter().map(link).collect(),
        week: week(calendar),
        calendar: found.from.as_ref().map(|_| (calendar.code.clone(), calendar.name.clone())),
        inherited: found.from.as_ref().filter(|from| from.id != found.unit.id).map(link),
        weeks: weeks.collect(),
        days: days.collect(),
        closures: found
            .closures
            .iter()
            .filter(|(_, closure)| closure.span.until.is_none_or(near))
            .map(|(unit, closure)| ClosureRow {
                from: closure.span.from,
                to: closure.span.until.map_or(closure.span.from, |until| until.plus(-1)),
                reason: closure.reason.clone(),
                unit: unit.name.clone(),
                code: unit.code.clone(),
            })
            .collect(),
        away: found
            .away
            .iter()
            .map(|a| AwayRow {
                name: a.name.clone(),
                code: a.code.clone(),
                from: a.away.span.from,
                to: a.away.span.until.map_or(a.away.span.from, |until| until.plus(-1)),
                what: match a.away.share {
                    share if share <= 0.0 => "away".to_owned(),
                    share => format!("works {}", percent(share)),
                },
            })
            .collect(),
        more_away: found.more_away as u64,
    }
}

fn cell(found: &UnitCalendar, day: Day, today: Day) -> DayCell {
    let closed = found.closures.iter().find(|(_, closure)| closure.span.holds(day));
    let (worked, why) = match closed {
        Some((_, closure)) if closure.reason.is_empty() => (0.0, "closed".to_owned()),
        Some((_, closure)) => (0.0, closure.reason.clone()),
        None if found.calendar.days.contains_key(&day) => {
            (found.calendar.worked(day), "a day that differs".to_owned())
        }
        None => (found.calendar.worked(day), String::new()),
    };
    DayCell { day, worked, why, today: day == today }
}

/// "Monday to Friday", "Tuesday, Thursday and Saturday".
fn week(calendar: &Calendar) -> String {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let worked: Vec<usize> = (0..7).filter(|at| calendar.weekdays[*at]).collect();
    match worked.as_slice() {
        [] => "on no weekday".to_owned(),
        [first, .., last] if worked.len() > 2 && last - first + 1 == worked.len() => {
            format!("{} to {}", NAMES[*first], NAMES[*last])
        }
        some => format::names(&some.iter().map(|at| NAMES[*at]).collect::<Vec<_>>()),
    }
}

/// A closure, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureForm {
    unit: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    removed: String,
}

/// A day that differs, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayForm {
    unit: String,
    calendar: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    worked: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    removed: String,
}

/// Leave, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveForm {
    unit: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    share: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    removed: String,
}

fn day(field: &str, text: &str) -> Answer<Day> {
    forms::date(field, text)?.ok_or_else(|| Problem::invalid(field, "choose a day"))
}

fn span(form: &str, from: &str, to: &str) -> Answer<(Day, Day)> {
    let (from, to) = (day(&format!("{form}-from"), from)?, day(&format!("{form}-to"), to)?);
    if to < from {
        let fault = format!("the last day lies before the first, {from}; set the later day as the last");
        return Err(Problem::invalid(format!("{form}-to"), fault));
    }
    Ok((from, to))
}

/// A share in per cent.
fn share(field: &str, text: &str) -> Answer<f64> {
    let share = forms::number(field, text)? / 100.0;
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(Problem::invalid(field, format!("“{}” is no share; give 0 to 100", text.trim())))
}

/// Asks for an edit, and goes on to the page where the second administrator applies it.
async fn ask(app: &App, asker: &Asker, unit: &str, edit: Answer<Edit>, typed: TypedEdit) -> Answer {
    // Whoever may not ask is told so before anything else.
    second::waiting(app, &asker.who).await?;
    let form = typed.form;
    let asked = async {
        let edit = edit?;
        let why = typed.why.trim();
        if why.is_empty() || why.chars().count() > WHY_MAX {
            let fault = format!("say in one line, at most {WHY_MAX} characters, why");
            return Err(Problem::invalid(format!("{form}-why"), fault));
        }
        Ok(calendars::ask(app, &asker.who, &edit, why).await?)
    };
    match asked.await {
        Ok(Some(id)) => Ok(page::go_to(&format!("/people/imports/{id}"))),
        Ok(None) => Ok(page::done(&href(unit), "Nothing to change: it is so already.")),
        Err(problem) => {
            // What the file that it is written as would be refused for is a fault of the form.
            let errors = forms::form_errors(problem, |place| match place {
                place if place.starts_with(form) => place.to_owned(),
                place if place.contains("person") => "leave-person".to_owned(),
                _ => String::new(),
            })?;
            page_of(app, asker, Some(unit), typed, errors).await
        }
    }
}

/// Asks for a closure, or for one to be taken away.
pub async fn closure(State(app): State<App>, asker: Asker, Form(form): Form<ClosureForm>) -> Answer {
    let edit = span("closure", &form.from, &form.to).map(|(from, to)| Edit::Closure {
        unit: form.unit.clone(),
        from,
        to,
        removed: !form.removed.is_empty(),
    });
    let typed =
        TypedEdit { form: "closure", from: form.from, to: form.to, why: form.why, ..TypedEdit::default() };
    ask(&app, &asker, &form.unit, edit, typed).await
}

/// Asks for a day that differs, or for one that does no longer.
pub async fn differing(State(app): State<App>, asker: Asker, Form(form): Form<DayForm>) -> Answer {
    let edit = day("day-day", &form.day).and_then(|day| {
        let worked = if form.removed.is_empty() { Some(share("day-worked", &form.worked)?) } else { None };
        Ok(Edit::Day { calendar: form.calendar.clone(), day, worked })
    });
    let typed =
        TypedEdit { form: "day", from: form.day, share: form.worked, why: form.why, ..TypedEdit::default() };
    ask(&app, &asker, &form.unit, edit, typed).await
}

/// Asks for leave or part time, or for a span to be taken away.
pub async fn leave(State(app): State<App>, asker: Asker, Form(form): Form<LeaveForm>) -> Answer {
    let edit = span("leave", &form.from, &form.to).and_then(|(from, to)| {
        let share = if form.removed.is_empty() { share("leave-share", &form.share)? } else { 1.0 };
        if form.removed.is_empty() && share >= 1.0 {
            return Err(Problem::invalid("leave-share", "all of the time is no leave; give less than 100"));
        }
        Ok(Edit::Leave { person: form.person.trim().to_owned(), from, to, share })
    });
    let typed = TypedEdit {
        form: "leave",
        from: form.from,
        to: form.to,
        person: form.person,
        share: form.share,
        why: form.why,
    };
    ask(&app, &asker, &form.unit, edit, typed).await
}
