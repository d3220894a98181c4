//! My data: what is held about me, who can see it, who looked; my password and sessions; what I was told.

use app::App;
use app::access;
use axum::extract::State;
use domain::access::{ReadAccessLog, Relation, permit};
use serde::Deserialize;

use super::format::{Moment, plural};
use super::view::{HeldRow, LookRow, MyDataPage, NotificationRow, NotificationsPage, SeesRow};
use crate::extract::Form;
use crate::page;
use crate::problem::Answer;
use crate::session::{Asker, Peer};

/// How many looks the page shows.
const LOOKS: u32 = 200;

/// The page.
pub async fn show(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?;
    let same = Relation { same: true, ..Relation::NONE };
    let looks = access::looks(&app, permit(&asker.who, same, ReadAccessLog(viewer.person))?, LOOKS).await?;
    let own = access::own(&app, viewer).await?;
    let zone = app.settings.zone.clone();
    let looks = looks.into_iter().map(|(look, name)| LookRow {
        at: Moment::of(look.at, &zone),
        who: format!("{name}, {}", look.relation),
        what: look.what,
    });
    let page = MyDataPage {
        shell: page::shell(&app, &asker, "Your data").await?,
        held: held(&own),
        sees: sees(&own),
        looks: looks.collect(),
        downloads: Vec::new(),
        wrong: "On the page of a metric or an alert, choose \"Data is wrong\" and say what. For your name, address or place, tell whoever keeps the staff list.".to_owned(),
    };
    page::html(&page)
}

fn held(own: &access::Own) -> Vec<HeldRow> {
    let row = |what: &str, source: &str, amount: String| HeldRow {
        what: what.to_owned(),
        source: source.to_owned(),
        amount,
    };
    let held = &own.held;
    let name =
        if own.email.is_some() { "Name, mail address, place, job role" } else { "Name, place, job role" };
    let mut rows = vec![
        row(
            name,
            "the staff list",
            plural(held.accounts, "account in other systems", "accounts in other systems"),
        ),
        row("Where you are signed in", "this server", plural(own.sessions, "sign-in", "sign-ins")),
    ];
    if held.values > 0 {
        let amount = format!(
            "{}, {}",
            plural(held.metrics, "metric", "metrics"),
            plural(held.values, "value", "values")
        );
        rows.push(row("Your metrics", "the systems named on each metric's page", amount));
    }
    if held.learning > 0 {
        let amount = plural(held.learning, "day and activity", "days and activities");
        rows.push(row("What you learned", "lessons and courses that report here", amount));
    }
    if held.alerts > 0 {
        rows.push(row(
            "Alerts about your metrics",
            "rules, from your values",
            plural(held.alerts, "alert", "alerts"),
        ));
    }
    if held.talks > 0 {
        rows.push(row("Coaching", "what you and your leader wrote", plural(held.talks, "talk", "talks")));
    }
    rows
}

fn sees(own: &access::Own) -> Vec<SeesRow> {
    let row = |who: &str, what: &str, why: &str| SeesRow {
        who: who.to_owned(),
        what: what.to_owned(),
        why: why.to_owned(),
    };
    let mut rows = vec![row("You", "Everything on this page", "It is about you")];
    let mut leaders = own.leaders.iter();
    if let Some(leader) = leaders.next() {
        let what = "Your metrics, targets and alerts, what you completed, and your talks with them";
        rows.push(row(leader, what, "Leads you directly today"));
    }
    for leader in leaders {
        rows.push(row(leader, "Figures of groups of five or more, never yours alone", "Leads your leader"));
    }
    rows.push(row(
        "Whoever answers for a feed",
        "Your name, the weeks and your sentence, and no numbers, once you say that data are wrong",
        "Must look at the data to answer you",
    ));
    rows.push(row("Nobody but you", "Your private notes", "Sealed with a phrase that only you know"));
    rows.push(row(
        "Everybody who works here",
        "Your name, place and job role",
        "The staff list is open within the organisation",
    ));
    rows.push(row(
        "Whoever runs this server",
        "Accounts and access, not your numbers and not your talks",
        "Needs it to run the server",
    ));
    rows
}

/// What the password form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    old: String,
    new: String,
}

/// Changes one's own password. Every other session of one's own ends.
pub async fn change_password(
    State(app): State<App>,
    asker: Asker,
    Peer(from): Peer,
    Form(form): Form<Passwords>,
) -> Answer {
    let viewer = asker.person()?;
    let token = asker.session.as_deref().unwrap_or_default();
    access::change_password(&app, viewer, token, &form.old, &form.new, from).await?;
    Ok(page::done("/me", "Your password is changed. Wherever else you were signed in, you no longer are."))
}

/// Ends every other session of one's own.
pub async fn end_sessions(State(app): State<App>, asker: Asker) -> Answer {
    let viewer = asker.person()?;
    let ended =
        access::end_other_sessions(&app, viewer, asker.session.as_deref().unwrap_or_default()).await?;
    let what = match ended {
        0 => "You were signed in nowhere else.".to_owned(),
        1 => "One other sign-in has ended.".to_owned(),
        n => format!("{n} other sign-ins have ended."),
    };
    Ok(page::done("/me", &what))
}

/// How many notifications the page shows.
const TOLD: u32 = 100;

/// What I was told.
pub async fn notifications(State(app): State<App>, asker: Asker) -> Answer {
    let told = app::notify::told(&app, asker.person()?, TOLD).await?;
    let zone = app.settings.zone.clone();
    let rows = told.into_iter().map(|n| NotificationRow {
        href: n.url,
        text: n.text,
        at: Moment::of(n.at, &zone),
        new: n.seen_at.is_none(),
    });
    let shell = page::shell(&app, &asker, "What you were told").await?;
    page::html(&NotificationsPage { shell, rows: rows.collect() })
}

/// Marks all of it as seen.
pub async fn seen(State(app): State<App>, asker: Asker) -> Answer {
    app::notify::mark_seen(&app, asker.person()?).await?;
    Ok(page::go_to("/notifications"))
}
