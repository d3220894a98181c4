//! Private notes: the phrase that opens them, and one's own note on a talk.

use app::App;
use app::notes::{self, Standing};
use axum::extract::State;
use serde::Deserialize;

use super::forms;
use super::view::{FormErrors, Link, NotesCard, NotesPage, NotesState, Sight};
use crate::extract::{Form, Query};
use crate::page;
use crate::problem::{Answer, Problem};
use crate::session::{Asker, Peer};

/// Where to go on to once the notes are open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    back: String,
}

fn token(asker: &Asker) -> Result<&str, Problem> {
    asker.session.as_deref().ok_or_else(|| domain::access::Denied::SignIn.into())
}

/// The card of a talk's page. `note` is the viewer's own, where their notes are open.
pub(crate) async fn card(
    app: &App,
    asker: &Asker,
    may: &domain::access::Permit<domain::access::ReadCoaching>,
    back: &str,
) -> Result<NotesCard, Problem> {
    let token = token(asker)?;
    Ok(match notes::standing(app, asker.person()?, token).await? {
        Standing::Open => NotesCard::Open {
            text: notes::read(app, may, token).await?.map(|(text, _)| text).unwrap_or_default(),
        },
        standing => {
            NotesCard::Closed { href: format!("/me/notes?back={back}"), first: standing == Standing::None }
        }
    })
}

/// The page.
pub async fn show(State(app): State<App>, asker: Asker, Query(asked): Query<Asked>) -> Answer {
    page_of(&app, &asker, &asked.back, None, FormErrors::NONE).await
}

async fn page_of(app: &App, asker: &Asker, back: &str, code: Option<String>, errors: FormErrors) -> Answer {
    let state = match notes::standing(app, asker.person()?, token(asker)?).await? {
        Standing::None => NotesState::None,
        Standing::Locked => NotesState::Locked,
        Standing::Open => NotesState::Open,
    };
    let mut shell = page::shell(app, asker, "Private notes").await?;
    shell.sight = Some(Sight {
        who: "Only you can read your notes: not your leader, not who runs this server, not a backup.".into(),
        looked: String::new(),
        link: Some(Link::new("My data", "/me")),
    });
    let status = forms::status(&errors);
    let back = page::local(back).to_owned();
    page::with_status(status, &NotesPage { shell, state, back, code, errors })
}

/// A phrase.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    phrase: String,
    #[serde(default)]
    back: String,
}

/// Opens the notes in this session, or makes them with a first phrase.
pub async fn open(
    State(app): State<App>,
    asker: Asker,
    Peer(from): Peer,
    Form(form): Form<Phrase>,
) -> Answer {
    let (viewer, token) = (asker.person()?, token(&asker)?);
    let opened = match notes::standing(&app, viewer, token).await? {
        Standing::None => notes::make(&app, viewer, token, &form.phrase).await.map(Some),
        _ => notes::unlock(&app, viewer, token, &form.phrase, from).await.map(|()| None),
    };
    match opened {
        Ok(Some(code)) => page_of(&app, &asker, &form.back, Some(code), FormErrors::NONE).await,
        Ok(None) => Ok(page::done(page::local(&form.back), "Your notes are open until you sign out.")),
        Err(error) => {
            let errors = forms::form_errors(error.into(), str::to_owned)?;
            page_of(&app, &asker, &form.back, None, errors).await
        }
    }
}

/// A recovery code and a new phrase.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    code: String,
    phrase: String,
}

/// Chooses a new phrase by the recovery code.
pub async fn recover(
    State(app): State<App>,
    asker: Asker,
    Peer(from): Peer,
    Form(form): Form<Recovery>,
) -> Answer {
    let (viewer, token) = (asker.person()?, token(&asker)?);
    match notes::recover(&app, viewer, token, &form.code, &form.phrase, from).await {
        Ok(code) => page_of(&app, &asker, "/coaching", Some(code), FormErrors::NONE).await,
        Err(error) => {
            let field = |place: &str| if place == "phrase" { "new-phrase".into() } else { place.to_owned() };
            let errors = forms::form_errors(error.into(), field)?;
            page_of(&app, &asker, "/coaching", None, errors).await
        }
    }
}

/// Whether it is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartOver {
    #[serde(default)]
    sure: String,
}

/// Takes away every note with its key.
pub async fn start_over(State(app): State<App>, asker: Asker, Form(form): Form<StartOver>) -> Answer {
    if form.sure != "yes" {
        return Err(Problem::invalid("sure", "tick the box: every private note of yours is lost"));
    }
    notes::start_over(&app, asker.person()?).await?;
    Ok(page::done("/me/notes", "Your private notes are gone. Choose a new phrase when you like."))
}
