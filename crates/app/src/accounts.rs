//! Whose records are these: accounts that wait for their person, and what was said about others, with a way back.
//!
//! One person may have any number of accounts; an account is one person's. Those with a mail address that the staff list knows
//! find their person by themselves, whichever of the two comes first; see [`crate::people`].

use std::collections::BTreeSet;

use domain::access::{Permit, WriteProfile};
use domain::ids::AccountId;
use domain::people::{Account, Person, fold};
use domain::time::Instant;

use crate::{App, Result};

/// Accounts on one page.
const PAGE: u32 = 30;
/// Of what was said lately, how much is shown.
const SAID: u32 = 30;

/// An account that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The account.
    pub account: Account,
    /// How many statements it is the actor of.
    pub statements: i64,
    /// People whose code, name or address is that of the account.
    pub likely: Vec<Person>,
}

/// An account whose person is known because somebody, or a staff list, said so.
#[derive(Debug, Clone)]
pub struct Said {
    /// The account.
    pub account: Account,
    /// Whose it is.
    pub person: Person,
    /// Since when that is known.
    pub at: Instant,
    /// Whether a person said so, rather than an import.
    pub by_hand: bool,
}

/// The review list.
#[derive(Debug, Clone)]
pub struct Review {
    /// How many accounts wait.
    pub total: i64,
    /// Some of them, in the order in which they appeared.
    pub waiting: Vec<Waiting>,
    /// After which account the list goes on.
    pub more: Option<AccountId>,
    /// What was said lately, newest first.
    pub said: Vec<Said>,
}

/// What in an account may be the code of a person, and what may be a name or an address, folded.
fn hints(account: &Account) -> (Vec<String>, Vec<String>) {
    let (kind, rest) = account.key.split_once(':').unwrap_or_default();
    let name = match kind {
        "mbox" => rest.trim_start_matches("mailto:"),
        "account" => rest.split_once('|').map_or("", |(_, name)| name),
        _ => "",
    };
    let mut folded: Vec<String> = account.display.iter().map(|display| fold(display)).collect();
    let mut codes = Vec::new();
    if !name.is_empty() {
        let local = name.split_once('@').map_or(name, |(local, _)| local);
        codes.extend([name.to_owned(), local.to_owned()]);
        folded.extend([fold(name), fold(&local.replace(['.', '_'], " "))]);
    }
    (codes, folded)
}

/// The review list, from an account on.
pub async fn review(app: &App, _: &Permit<WriteProfile>, after: Option<AccountId>) -> Result<Review> {
    app.store
        .read(move |r| -> Result<Review> {
            let mut accounts = store::people::unresolved_accounts(r, after, PAGE + 1)?;
            let more = accounts.len() > PAGE as usize;
            accounts.truncate(PAGE as usize);
            let more = accounts.last().filter(|_| more).map(|last| last.id);
            let (mut codes, mut folded) = (BTreeSet::new(), BTreeSet::new());
            for account in &accounts {
                let (of_code, of_name) = hints(account);
                codes.extend(of_code);
                folded.extend(of_name);
            }
            let codes: Vec<String> = codes.into_iter().collect();
            let folded: Vec<String> = folded.into_iter().collect();
            let persons = store::people::persons_like(r, &codes, &folded)?;
            let mut waiting = Vec::with_capacity(accounts.len());
            for account in accounts {
                let (codes, folded) = hints(&account);
                let is_like = |p: &&Person| {
                    codes.contains(&p.code)
                        || folded.contains(&fold(&p.name))
                        || p.email.as_ref().is_some_and(|email| folded.contains(&fold(email)))
                };
                let likely = persons.iter().filter(is_like).cloned().collect();
                let statements = store::people::statements_of(r, account.id)?;
                waiting.push(Waiting { account, statements, likely });
            }
            let said = store::people::resolved_accounts(r, SAID)?
                .into_iter()
                .map(|(account, person, at, by)| Said { account, person, at, by_hand: by.is_some() })
                .collect();
            Ok(Review { total: store::people::unresolved_count(r)?, waiting, more, said })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_what_people_call_each_other() {
        let account = |key: &str, display: Option<&str>| Account {
            id: AccountId::new(uuid::Uuid::nil()),
            key: key.into(),
            display: display.map(str::to_owned),
            person: None,
            first_seen: Instant::from_micros(0),
        };
        let (codes, folded) = hints(&account("mbox:mailto:Maya.Lindqvist@gmail.example", None));
        assert_eq!(codes, ["Maya.Lindqvist@gmail.example", "Maya.Lindqvist"]);
        assert_eq!(folded, ["maya.lindqvist@gmail.example", "maya lindqvist"]);
        let (codes, folded) = hints(&account("account:https://lms.example|E1042", Some("Maya  Lindqvist")));
        assert_eq!((codes[0].as_str(), folded[0].as_str()), ("E1042", "maya lindqvist"));
        assert!(hints(&account("openid:https://me.example/", None)).0.is_empty());
    }
}
