//! Links that act with one tap, from a mail or a chat that only one person reads.
//!
//! A link says who may do what to which alert, until when, and carries a signature. Opening it shows what it would do
//! and does nothing, so a scanner that fetches every link of a mail changes nothing; only the button acts. What may be
//! done is asked again at that moment, with the person's rights of then.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::{AnswerAlert, Denied, ReadAlert, Who, permit};
use domain::alerts::{Alert, Answer};
use domain::ids::{AlertId, PersonId, Subject};
use domain::time::Instant;
use store::db::Tx;
use uuid::Uuid;

use crate::signed::{Key, Purpose};
use crate::{App, Error, Result, access};

/// How long a link acts, in seconds: 14 days.
const HOLDS: i64 = 14 * 24 * 3600;
/// How long "not now" puts an alert off, in days.
pub const WAITS: i32 = 7;

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Marks the alert as seen.
    Seen,
    /// Puts it off for [`WAITS`] days.
    Wait,
    /// Says that the data are wrong.
    Wrong,
}

impl Act {
    const ALL: [Act; 3] = [Act::Seen, Act::Wait, Act::Wrong];

    const fn byte(self) -> u8 {
        match self {
            Act::Seen => 1,
            Act::Wait => 2,
            Act::Wrong => 3,
        }
    }
    /// Its words on a button.
    pub const fn words(self) -> &'static str {
        match self {
            Act::Seen => "I have seen it",
            Act::Wait => "Not now, wait a week",
            Act::Wrong => "The data are wrong",
        }
    }
}

/// What may be done with one tap about an alert, in words with the address of each. Putting off is for whoever leads.
pub(crate) fn links(
    tx: &mut Tx,
    now: Instant,
    public_url: &str,
    person: PersonId,
    alert: AlertId,
) -> Result<Vec<(String, String)>> {
    let Some(held) = store::alerts::alert(tx, alert)? else { return Ok(Vec::new()) };
    let Subject::Person(subject) = held.subject else { return Ok(Vec::new()) };
    let key = Key::of(tx)?;
    let ends = now.plus_seconds(HOLDS);
    Ok(Act::ALL
        .into_iter()
        .filter(|act| *act != Act::Wait || subject != person)
        .map(|act| {
            (act.words().to_owned(), format!("{public_url}/tap/{}", token(&key, act, alert, person, ends)))
        })
        .collect())
}

fn token(key: &Key, act: Act, alert: AlertId, person: PersonId, ends: Instant) -> String {
    let mut says = vec![act.byte()];
    says.extend_from_slice(alert.uuid().as_bytes());
    says.extend_from_slice(person.uuid().as_bytes());
    says.extend_from_slice(&ends.micros().to_be_bytes());
    URL_SAFE_NO_PAD.encode(key.sign(Purpose::Tap, &says))
}

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Says {
    act: Act,
    alert: AlertId,
    person: PersonId,
}

fn read(key: &Key, token: &str, now: Instant) -> Option<Says> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let says = key.open(Purpose::Tap, &bytes)?;
    let (act, rest) = says.split_first()?;
    let (alert, rest) = rest.split_at_checked(16)?;
    let (person, ends) = rest.split_at_checked(16)?;
    let ends = Instant::from_micros(i64::from_be_bytes(ends.try_into().ok()?));
    (ends > now).then_some(())?;
    Some(Says {
        act: Act::ALL.into_iter().find(|a| a.byte() == *act)?,
        alert: AlertId::new(Uuid::from_slice(alert).ok()?),
        person: PersonId::new(Uuid::from_slice(person).ok()?),
    })
}

/// What a link would do, for the page that asks whether to. Names nobody and no number.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What it does.
    pub act: Act,
    /// The metric that the alert is about.
    pub metric: String,
    /// Whether there is nothing left to do: the alert is over.
    pub over: bool,
    /// The alert's own page, for whoever is signed in.
    pub path: String,
}

/// A link that holds, with what it is about. The person's rights are those of now.
async fn held(app: &App, token: &str) -> Result<(Says, Who, Alert, String)> {
    let gone = || Error::NotFound("link that still works");
    let key = Key::read(app).await?.ok_or_else(gone)?;
    let says = read(&key, token, app.now()).ok_or_else(gone)?;
    let who = access::who_is(app, says.person).await?.ok_or_else(gone)?;
    let (alert, metric) = app
        .store
        .read(move |r| -> Result<_> {
            let alert = crate::alerts::held(r, says.alert)?;
            let metric = store::metrics::metric(r, alert.metric)?.map(|m| m.name).unwrap_or_default();
            Ok((alert, metric))
        })
        .await?;
    Ok((says, who, alert, metric))
}

/// Reads what a link would do. Changes nothing.
///
/// # Errors
/// [`Error::NotFound`] where it works no longer.
pub async fn offer(app: &App, token: &str) -> Result<Offer> {
    let (says, _, alert, metric) = held(app, token).await?;
    let over = alert.state.is_closed();
    Ok(Offer { act: says.act, metric, over, path: format!("/alerts/{}", alert.id) })
}

/// Does what a link says, as its person. Doing it twice changes nothing more.
///
/// # Errors
/// [`Error::NotFound`] where it works no longer, [`Denied`] where the person no longer has the right,
/// [`Error::Invalid`] for a note that is missing.
pub async fn act(app: &App, token: &str, note: &str) -> Result<Offer> {
    let (says, who, alert, metric) = held(app, token).await?;
    let offer =
        Offer { act: says.act, metric, over: alert.state.is_closed(), path: format!("/alerts/{}", alert.id) };
    if offer.over {
        return Ok(offer);
    }
    let Subject::Person(subject) = alert.subject else { return Err(Denied::Forbidden.into()) };
    let relation = access::relation_to(app, &who, subject).await?;
    match says.act {
        Act::Seen => {
            crate::alerts::see(app, &permit(&who, relation, ReadAlert(alert.id))?).await?;
        }
        Act::Wait => {
            let may = permit(&who, relation, AnswerAlert(alert.id))?;
            if relation.same {
                return Err(Denied::Forbidden.into());
            }
            crate::alerts::snooze(app, &may, app.today().plus(WAITS)).await?;
        }
        Act::Wrong => {
            let may = permit(&who, relation, AnswerAlert(alert.id))?;
            if alert.answer != Some(Answer::DataWrong) {
                crate::alerts::answer(app, &may, Answer::DataWrong, note).await?;
            }
        }
    }
    Ok(offer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_who_what_and_until_when() {
        let key_text = URL_SAFE_NO_PAD.encode([7; 32]);
        let key = Key::from_text(&key_text).unwrap();
        let (alert, person) = (AlertId::new(Uuid::from_u128(1)), PersonId::new(Uuid::from_u128(2)));
        let ends = Instant::from_micros(1_000_000);
        let link = token(&key, Act::Wait, alert, person, ends);
        let before = Instant::from_micros(999_999);
        assert_eq!(read(&key, &link, before), Some(Says { act: Act::Wait, alert, person }));
        assert_eq!(read(&key, &link, ends), None, "it has ended");
        assert_eq!(read(&key, &link[1..], before), None);
        assert_eq!(read(&key, "", before), None);
        assert_eq!(read(&key, "not a token at all", before), None);
    }
}
