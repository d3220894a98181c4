//! People and org units for whoever administers: who is here, and lists that two bring in together.

use app::App;
use app::imports::Report;
use app::imports::second::{self, List, Waiting};
use app::people::{Member, Roster, roster};
use axum::extract::{Multipart, State};
use domain::access::{Relation, WriteProfile, permit};
use domain::ids::ImportId;
use domain::people::PersonState;
use domain::time::Day;
use http::StatusCode;
use serde::Deserialize;

use super::arrange::moment;
use super::format;
use super::view::{
    ChangeRow, FormErrors, ImportPage, LineFault, Link, PeoplePage, PersonRow, Place, Shell, UnitRow,
};
use crate::extract::{Path, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::Asker;

/// How many people one page shows.
const SHOWN: usize = 50;
/// How many changes of a list are shown one by one.
const CHANGES: usize = 200;

/// What the page can be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A part of a name, code or mail address.
    #[serde(default)]
    q: String,
    /// From which of those found on.
    #[serde(default)]
    from: usize,
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    page_of(&app, &asker, &asked, FormErrors::NONE).await
}

async fn frame(app: &App, asker: &Asker, title: &str) -> Answer<Shell> {
    let mut shell = page::shell(app, asker, title).await?;
    shell.here = Some(Place::People);
    Ok(shell)
}

async fn page_of(app: &App, asker: &Asker, asked: &Asked, errors: FormErrors) -> Answer {
    let may = permit(&asker.who, Relation::NONE, WriteProfile(()))?;
    // Everybody may change their own profile; the whole list is for whoever administers.
    let waiting = second::waiting(app, &asker.who).await?;
    let Roster { total, found, rows, units, waiting: accounts } =
        roster(app, &may, &asked.q, asked.from, SHOWN).await?;
    let today = app.today();
    let next = asked.from.saturating_add(SHOWN);
    let q: String = form_urlencoded::byte_serialize(asked.q.as_bytes()).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = PeoplePage {
        shell: frame(app, asker, "People").await?,
        q: asked.q.clone(),
        total: total as u64,
        rows: rows.into_iter().map(|m| person_row(m, today)).collect(),
        more: (next < found).then(|| format!("/people?q={q}&from={next}")),
        units: units
            .into_iter()
            .map(|b| UnitRow {
                depth: u8::try_from(b.depth).unwrap_or(u8::MAX),
                name: b.unit.name,
                code: b.unit.code,
                kind: b.unit.kind,
                people: b.people as u64,
            })
            .collect(),
        kinds: vec![("people".into(), "People".into()), ("units".into(), "Org units".into())],
        waiting: waiting
            .iter()
            .map(|w| {
                Link::new(format!("{}, {}", w.name, asked_by(app, w)), format!("/people/imports/{}", w.id))
            })
            .collect(),
        accounts_waiting: accounts.unsigned_abs(),
        errors,
    };
    page::with_status(status, &page)
}

fn person_row(m: Member, today: Day) -> PersonRow {
    let state = match (m.left, m.person.state) {
        (Some(day), _) => format!("left {}", format::date(day, today)),
        (None, PersonState::Disabled) => "disabled".to_owned(),
        (None, PersonState::Active) => String::new(),
    };
    PersonRow {
        name: m.person.name,
        code: m.person.code,
        unit: m.unit,
        job_role: m.job_role,
        leader: m.leader,
        accounts: m.accounts as u64,
        state,
    }
}

/// "Elif Aydin, today, 12:04".
fn asked_by(app: &App, waiting: &Waiting) -> String {
    let at = moment(waiting.asked_at, &app.settings.zone);
    format!("{}, {}", waiting.asked_by_name, at.words(app.today()))
}

/// A file with what is said to be in it, as the form sends them.
struct Upload {
    list: List,
    name: String,
    body: Vec<u8>,
}

/// The kinds of lists, for whoever names another one.
fn words() -> String {
    let words = List::ALL.map(|list| format!("`{}`", list.word()));
    words.join(", ")
}

/// Where a list belongs.
fn home(list: List) -> Link {
    match list {
        List::Units | List::People => Link::new("Back to people", "/people"),
        List::Calendars | List::Leave => Link::new("Back to calendars", "/calendars"),
    }
}

/// Reads the form. A browser that chose no file sends an empty one.
async fn upload(mut form: Multipart) -> Result<Upload, Problem> {
    let broken =
        |error: axum::extract::multipart::MultipartError| Problem::new(error.status(), error.body_text());
    let (mut list, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "kind" if list.is_none() => {
                let word = field.text().await.map_err(broken)?;
                let found = List::from_word(&word);
                list = Some(found.ok_or_else(|| Problem::invalid("kind", format!("give {}", words())))?);
            }
            "file" if file.is_none() => {
                let name = field.file_name().unwrap_or("list.csv").to_owned();
                file = Some((name, field.bytes().await.map_err(broken)?));
            }
            "kind" | "file" => return Err(Problem::invalid(name, "given twice; give it once")),
            _ => {
                let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
                return Err(Problem::invalid(name, "nobody asked for this field; leave it out"));
            }
        }
    }
    let list =
        list.ok_or_else(|| Problem::invalid("kind", format!("say what is in the file: {}", words())))?;
    let (name, body) = file.ok_or_else(|| Problem::invalid("file", "choose a file"))?;
    Ok(Upload { list, name, body: body.to_vec() })
}

/// Looks at a list and, where it would change anything, keeps it for a second administrator.
pub async fn import(State(app): State<App>, asker: Asker, form: Multipart) -> Answer {
    // Whoever may not ask is told so before the file is read.
    second::waiting(&app, &asker.who).await?;
    let Upload { list, name, body } = upload(form).await?;
    if body.is_empty() {
        let mut errors = FormErrors::NONE;
        errors.add("file", "Choose a file with at least a line of headers.");
        return page_of(&app, &asker, &Asked::default(), errors).await;
    }
    match second::ask(&app, &asker.who, list, &name, body).await {
        Ok((_, Some(id))) => Ok(page::go_to(&format!("/people/imports/{id}"))),
        Ok((report, None)) => {
            page::html(&arrange(frame(&app, &asker, "Import").await?, list, name, Ok(report)))
        }
        Err(app::Error::Invalid(faults)) => {
            let page = arrange(frame(&app, &asker, "Import").await?, list, name, Err(faults));
            page::with_status(StatusCode::BAD_REQUEST, &page)
        }
        Err(error) => Err(error.into()),
    }
}

fn arrange(shell: Shell, list: List, file: String, report: Result<Report, Vec<app::Fault>>) -> ImportPage {
    let (changes, faults) = match report {
        Ok(report) => (report.changes, Vec::new()),
        Err(faults) => (Vec::new(), faults),
    };
    ImportPage {
        shell,
        file,
        href: None,
        back: home(list),
        asked: String::new(),
        may_apply: false,
        total: changes.len() as u64,
        changes: changes
            .into_iter()
            .take(CHANGES)
            .map(|c| ChangeRow { line: c.line, what: c.what, how: c.how })
            .collect(),
        faults: faults.into_iter().map(|f| LineFault { place: f.place, reason: f.reason }).collect(),
    }
}

/// One list that waits, with what it would change as things stand now.
pub async fn list(State(app): State<App>, asker: Asker, Path(id): Path<ImportId>) -> Answer {
    let shown = second::show(&app, &asker.who, id).await?;
    let asked = asked_by(&app, &shown.waiting);
    let shell = frame(&app, &asker, "Import").await?;
    page::html(&ImportPage {
        href: Some(format!("/people/imports/{id}")),
        asked,
        may_apply: shown.may_apply,
        ..arrange(shell, shown.waiting.list, shown.waiting.name, shown.report)
    })
}

/// Applies what another administrator has asked for.
pub async fn apply(State(app): State<App>, asker: Asker, Path(id): Path<ImportId>) -> Answer {
    let (list, report) = second::apply(&app, &asker.who, id).await?;
    Ok(page::done(&home(list).href, &format!("Applied: {}.", report.summary)))
}

/// Takes a list away without applying it.
pub async fn withdraw(State(app): State<App>, asker: Asker, Path(id): Path<ImportId>) -> Answer {
    let list = second::withdraw(&app, &asker.who, id).await?;
    Ok(page::done(&home(list).href, "Withdrawn. Nothing was changed."))
}
