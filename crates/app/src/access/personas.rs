//! The one-click sign-ins of a demo.

use domain::ids::PersonId;
use serde::{Deserialize, Serialize};

use crate::{App, Error, Result};

/// Where the list is kept.
const SETTING: &str = "demo.personas";

/// Somebody to be in the demo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Persona {
    /// Who it is.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their title.
    pub title: String,
    /// Where they work, in words.
    pub place: String,
    /// What they will see, in one line.
    pub sees: String,
}

/// Sets the list; the loader of a demo world does.
pub async fn set_personas(app: &App, personas: &[Persona]) -> Result<()> {
    let text = serde_json::to_string(personas).map_err(Error::internal)?;
    app.store.write(move |tx| -> Result<()> { Ok(store::pipeline::set_setting(tx, SETTING, &text)?) }).await
}

/// The list, in the order of the picker.
///
/// # Errors
/// [`Error::NotFound`] outside the demo.
pub async fn personas(app: &App) -> Result<Vec<Persona>> {
    if !app.settings.demo {
        return Err(Error::NotFound("demo"));
    }
    let text = app.store.read(|r| -> Result<_> { Ok(store::pipeline::setting(r, SETTING)?) }).await?;
    text.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
}
