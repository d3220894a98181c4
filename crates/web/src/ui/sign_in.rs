//! Getting in and out: sign-in, one-use links, the demo's persona picker, sign-out.

use app::access::{self, FirstPerson, LinkFor};
use app::{App, Error, Fault};
use axum::extract::State;
use axum::response::Response;
use domain::access::Who;
use domain::ids::PersonId;
use domain::sign_in::MIN_PASSWORD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::view::{DemoPage, FieldError, FormErrors, Persona, SetUpPage, SignInPage};
use crate::extract::{Form, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::{self, Asker, Peer};

/// The first page of whoever comes.
pub async fn home(State(app): State<App>, asker: Asker) -> Response {
    match &asker.who {
        Who::Person(viewer) => {
            page::go_to(page::places(viewer).first().map_or("/today", |place| place.href()))
        }
        _ if app.settings.demo => page::go_to("/demo"),
        _ => page::go_to("/sign-in"),
    }
}

/// Where to go after sign-in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// The sign-in form.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Next>) -> Answer {
    let next = page::local(&asked.next).to_owned();
    if asker.who.person().is_some() {
        return Ok(page::go_to(&next));
    }
    let shell = page::shell(&app, &asker, "Sign in").await?;
    page::html(&SignInPage {
        shell,
        email: String::new(),
        next,
        errors: FormErrors::default(),
        note: String::new(),
    })
}

/// What the sign-in form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Signs in and goes on; or shows the form again with what to put right.
pub async fn sign_in(
    State(app): State<App>,
    asker: Asker,
    Peer(from): Peer,
    Form(form): Form<SignIn>,
) -> Answer {
    let next = page::local(&form.next).to_owned();
    match access::sign_in(&app, &form.email, &form.password, from).await {
        Ok(token) => with_session(&app, &next, &token),
        Err(Error::Invalid(faults)) => {
            let shell = page::shell(&app, &asker, "Sign in").await?;
            let errors = errors(faults);
            page::with_status(
                StatusCode::BAD_REQUEST,
                &SignInPage { shell, email: form.email, next, errors, note: String::new() },
            )
        }
        Err(other) => Err(other.into()),
    }
}

fn errors(faults: Vec<Fault>) -> FormErrors {
    FormErrors(faults.into_iter().map(|f| FieldError { field: f.place, text: f.reason }).collect())
}

/// Goes on with a new session.
fn with_session(app: &App, path: &str, token: &str) -> Answer {
    let mut response = page::go_to(path);
    let cookie = session::start(app, token).ok_or_else(|| Problem::internal("a secret that is no header"))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The secret of a one-use link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// The page behind a one-use link. Looking does not use the link, so that a mail scanner cannot.
pub async fn set_up_page(State(app): State<App>, asker: Asker, Query(link): Query<Token>) -> Answer {
    let whom = access::link_for(&app, &link.token).await?;
    let (name, email) = match &whom {
        LinkFor::First => (String::new(), String::new()),
        LinkFor::Person(person) => (person.name.clone(), person.email.clone()),
    };
    set_up_form(&app, &asker, &link.token, &whom, name, email, Vec::new()).await
}

async fn set_up_form(
    app: &App,
    asker: &Asker,
    token: &str,
    whom: &LinkFor,
    name: String,
    email: String,
    faults: Vec<Fault>,
) -> Answer {
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let page = SetUpPage {
        shell: page::shell(app, asker, "Set up").await?,
        action: format!("/set-up?token={token}"),
        first: *whom == LinkFor::First,
        name,
        email,
        shortest: MIN_PASSWORD as u32,
        errors: errors(faults),
    };
    page::with_status(status, &page)
}

/// What the page behind a one-use link sends. A person who is known keeps the name and address they have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    password: String,
}

/// Uses a one-use link: sets the password and signs in.
pub async fn set_up(
    State(app): State<App>,
    asker: Asker,
    Query(link): Query<Token>,
    Form(form): Form<SetUp>,
) -> Answer {
    let whom = access::link_for(&app, &link.token).await?;
    let (name, email) = match &whom {
        LinkFor::First => (form.name, form.email),
        LinkFor::Person(person) => (person.name.clone(), person.email.clone()),
    };
    let done = match &whom {
        LinkFor::First => {
            let first = FirstPerson { name: name.clone(), email: email.clone() };
            access::set_up(&app, &link.token, first, &form.password).await
        }
        LinkFor::Person(_) => access::accept_invitation(&app, &link.token, &form.password).await,
    };
    match done {
        Ok(token) => with_session(&app, "/", &token),
        Err(Error::Invalid(faults)) => {
            set_up_form(&app, &asker, &link.token, &whom, name, email, faults).await
        }
        Err(other) => Err(other.into()),
    }
}

/// The demo's persona picker.
pub async fn demo(State(app): State<App>, asker: Asker) -> Answer {
    let personas = access::personas(&app).await?;
    // Whoever picks is nobody in particular; the frame of the one they were would only confuse.
    let nobody = asker.nobody();
    let shell = page::shell(&app, &nobody, "Choose a person").await?;
    let shown = |p: access::Persona| Persona {
        id: p.person.to_string(),
        name: p.name,
        job_role: p.title,
        place: p.place,
        see: p.sees,
    };
    page::html(&DemoPage { shell, personas: personas.into_iter().map(shown).collect(), tour: Vec::new() })
}

/// What the picker sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    person: PersonId,
    #[serde(default)]
    next: String,
}

/// Signs in as a persona of the demo.
pub async fn pick(State(app): State<App>, asker: Asker, Form(form): Form<Pick>) -> Answer {
    let token = access::sign_in_as_persona(&app, form.person).await?;
    if let Some(old) = &asker.session {
        access::sign_out(&app, old).await?;
    }
    with_session(&app, page::local(&form.next), &token)
}

/// Signs out, here and in the browser.
pub async fn sign_out(State(app): State<App>, asker: Asker) -> Answer {
    if let Some(token) = &asker.session {
        access::sign_out(&app, token).await?;
    }
    let mut response = page::go_to("/");
    if let Some(cookie) = session::end(&app) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    let everything = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), everything);
    Ok(response)
}
