//! Every URL of the server in one list, which narrows in privilege as you read down.
//!
//! The second word of each line says who is let in at all: [`May::Anyone`], a machine with a key, a signed-in person.
//! What they may then see or do with a thing is asked of `domain::access` by the use case behind the handler.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use domain::access::{Denied, Who};
use http::{Method, header};

use crate::extract::{Limit, too_large};
use crate::problem::Problem;
use crate::{Server, api, live, session, ui};

/// Who is let in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Anybody, signed in or not.
    Anyone,
    /// A machine with a key; a cookie is not looked at.
    Key,
    /// A machine with a key, or a signed-in person.
    PersonOrKey,
    /// A signed-in person; a key is not looked at.
    Person,
}

/// One URL and method, as tests and documents see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method. GET answers HEAD as well.
    pub method: Method,
    /// The path, with variable parts in braces.
    pub path: &'static str,
    /// Who is let in at all.
    pub may: May,
    /// The most bytes that a body may have.
    pub limit: usize,
}

/// One line of the table.
struct Route {
    info: RouteInfo,
    handler: MethodRouter<Server>,
}

impl Route {
    /// Takes bodies of another size than [`LIMIT`].
    fn up_to(mut self, bytes: usize) -> Self {
        self.info.limit = bytes;
        self
    }
}

/// The most bytes of a body where the line says nothing else.
pub const LIMIT: usize = 10 << 20;
/// For lists out of other systems. What is longer is sent in parts, or brought in by `throughline import`.
const FILE: usize = 64 << 20;
/// For forms that people type.
const FORM: usize = 64 << 10;

fn route<H: Handler<T, Server>, T: 'static>(
    method: Method,
    filter: MethodFilter,
    may: May,
    path: &'static str,
    handler: H,
) -> Route {
    Route { info: RouteInfo { method, path, may, limit: LIMIT }, handler: on(filter, handler) }
}
fn get<H: Handler<T, Server>, T: 'static>(may: May, path: &'static str, handler: H) -> Route {
    route(Method::GET, MethodFilter::GET, may, path, handler)
}
fn post<H: Handler<T, Server>, T: 'static>(may: May, path: &'static str, handler: H) -> Route {
    route(Method::POST, MethodFilter::POST, may, path, handler)
}
fn put<H: Handler<T, Server>, T: 'static>(may: May, path: &'static str, handler: H) -> Route {
    route(Method::PUT, MethodFilter::PUT, may, path, handler)
}
fn delete<H: Handler<T, Server>, T: 'static>(may: May, path: &'static str, handler: H) -> Route {
    route(Method::DELETE, MethodFilter::DELETE, may, path, handler)
}

/// The resources of xAPI under one address; see [`api::xapi`]. Every one takes POST, for requests written as forms.
macro_rules! xapi {
    ($($mount:literal)*) => {
        vec![$(
            get(May::Key, concat!($mount, "/statements"), api::xapi::statements),
            put(May::Key, concat!($mount, "/statements"), api::xapi::statements),
            post(May::Key, concat!($mount, "/statements"), api::xapi::statements),
            get(May::Key, concat!($mount, "/activities"), api::xapi::activities),
            post(May::Key, concat!($mount, "/activities"), api::xapi::activities),
            get(May::Key, concat!($mount, "/agents"), api::xapi::agents),
            post(May::Key, concat!($mount, "/agents"), api::xapi::agents),
            get(May::Key, concat!($mount, "/activities/state"), api::xapi::state),
            put(May::Key, concat!($mount, "/activities/state"), api::xapi::state),
            post(May::Key, concat!($mount, "/activities/state"), api::xapi::state),
            delete(May::Key, concat!($mount, "/activities/state"), api::xapi::state),
            get(May::Key, concat!($mount, "/activities/profile"), api::xapi::activity_profile),
            put(May::Key, concat!($mount, "/activities/profile"), api::xapi::activity_profile),
            post(May::Key, concat!($mount, "/activities/profile"), api::xapi::activity_profile),
            delete(May::Key, concat!($mount, "/activities/profile"), api::xapi::activity_profile),
            get(May::Key, concat!($mount, "/agents/profile"), api::xapi::agent_profile),
            put(May::Key, concat!($mount, "/agents/profile"), api::xapi::agent_profile),
            post(May::Key, concat!($mount, "/agents/profile"), api::xapi::agent_profile),
            delete(May::Key, concat!($mount, "/agents/profile"), api::xapi::agent_profile),
        )*]
    };
}

/// The table. One line per URL and method; nothing else opens one.
fn table() -> Vec<Route> {
    use May::*;
    let mut table = vec![
        // ---- Anybody.
        get(Anyone, "/", ui::sign_in::home),
        get(Anyone, "/assets/{name}", api::assets::get),
        get(Anyone, "/api/v1/ready", api::ready::get),
        get(Anyone, "/sign-in", ui::sign_in::show),
        post(Anyone, "/sign-in", ui::sign_in::sign_in).up_to(FORM),
        get(Anyone, "/set-up", ui::sign_in::set_up_page),
        post(Anyone, "/set-up", ui::sign_in::set_up).up_to(FORM),
        get(Anyone, "/demo", ui::sign_in::demo),
        post(Anyone, "/demo", ui::sign_in::pick).up_to(FORM),
        post(Anyone, "/sign-out", ui::sign_in::sign_out).up_to(FORM),
        get(Anyone, "/calendar/{token}", ui::channels::calendar),
        get(Anyone, "/tap/{token}", ui::tap::show),
        post(Anyone, "/tap/{token}", ui::tap::act).up_to(FORM),
        get(Anyone, "/xapi/about", api::xapi::about),
        get(Anyone, "/xapi/1.0.3/about", api::xapi::about),
        get(Anyone, "/xapi/2.0/about", api::xapi::about),
    ];
    // ---- A machine with a key.
    table.extend(xapi!("/xapi" "/xapi/1.0.3" "/xapi/2.0"));
    table.extend([
        // ---- A signed-in person, or a machine with a key.
        get(PersonOrKey, "/api/v1/keys", api::keys::list),
        post(PersonOrKey, "/api/v1/keys", api::keys::create).up_to(FORM),
        delete(PersonOrKey, "/api/v1/keys/{id}", api::keys::revoke),
        post(PersonOrKey, "/api/v1/keys/{id}/rotate", api::keys::rotate).up_to(FORM),
        get(PersonOrKey, "/api/v1/webhooks", api::webhooks::list),
        post(PersonOrKey, "/api/v1/webhooks", api::webhooks::create).up_to(FORM),
        delete(PersonOrKey, "/api/v1/webhooks/{id}", api::webhooks::remove),
        get(PersonOrKey, "/api/v1/webhooks/{id}/deliveries", api::webhooks::deliveries),
        post(PersonOrKey, "/api/v1/webhooks/{id}/rotate", api::webhooks::rotate).up_to(FORM),
        post(PersonOrKey, "/api/v1/webhooks/{id}/test", api::webhooks::test).up_to(FORM),
        post(PersonOrKey, "/api/v1/webhooks/{id}/replay", api::webhooks::replay).up_to(FORM),
        post(PersonOrKey, "/api/v1/observations", api::observations::record),
        post(PersonOrKey, "/api/v1/units.csv", api::files::units).up_to(FILE),
        post(PersonOrKey, "/api/v1/people.csv", api::files::people).up_to(FILE),
        post(PersonOrKey, "/api/v1/calendars.toml", api::files::calendars),
        post(PersonOrKey, "/api/v1/leave.csv", api::files::leave).up_to(FILE),
        post(PersonOrKey, "/api/v1/metrics.toml", api::files::metrics),
        post(PersonOrKey, "/api/v1/observations.csv", api::files::observations).up_to(FILE),
        post(PersonOrKey, "/api/v1/targets.csv", api::files::targets),
        post(PersonOrKey, "/api/v1/commitments.csv", api::files::commitments),
        get(PersonOrKey, "/api/v1/rules", api::rules::list),
        post(PersonOrKey, "/api/v1/rules", api::rules::set).up_to(FORM),
        get(PersonOrKey, "/api/v1/rules.toml", api::rules::file),
        post(PersonOrKey, "/api/v1/rules.toml", api::files::rules).up_to(FORM),
        post(PersonOrKey, "/api/v1/rules/try", api::rules::try_it).up_to(FORM),
        post(PersonOrKey, "/api/v1/rules/{code}/versions/{version}", api::rules::back).up_to(FORM),
        get(PersonOrKey, "/api/v1/calendars", api::calendars::get),
        get(PersonOrKey, "/api/v1/silences", api::silences::list),
        post(PersonOrKey, "/api/v1/silences", api::silences::set).up_to(FORM),
        delete(PersonOrKey, "/api/v1/silences/{id}", api::silences::end),
        post(PersonOrKey, "/api/v1/silences/{id}/again", api::silences::again).up_to(FORM),
        get(PersonOrKey, "/api/v1/metrics", api::work::metrics),
        get(PersonOrKey, "/api/v1/today", api::work::today),
        get(PersonOrKey, "/api/v1/team", api::work::team),
        get(PersonOrKey, "/api/v1/people/{person}/metrics", api::work::person),
        get(PersonOrKey, "/api/v1/people/{person}/metrics/{metric}", api::work::person_metric),
        get(PersonOrKey, "/api/v1/alerts/{id}", api::work::alert),
        get(PersonOrKey, "/api/v1/sessions", api::work::sessions),
        get(PersonOrKey, "/api/v1/sessions/{id}", api::work::session),
        get(PersonOrKey, "/api/v1/health", api::work::health),
        get(PersonOrKey, "/api/v1/interventions", api::studies::interventions),
        get(PersonOrKey, "/api/v1/studies/{id}", api::studies::study),
        get(PersonOrKey, "/api/v1/studies/{id}/pack", api::studies::pack),
        // ---- A signed-in person.
        get(Person, "/live", live::stream),
        get(Person, "/notifications", ui::me::notifications),
        post(Person, "/notifications/seen", ui::me::seen).up_to(FORM),
        get(Person, "/today", ui::today::show),
        get(Person, "/team", ui::team::show),
        get(Person, "/team/metrics/{metric}", ui::together::show),
        post(Person, "/team/metrics/{metric}/target", ui::together::set).up_to(FORM),
        get(Person, "/coaching", ui::session::list),
        get(Person, "/cases", ui::case::list),
        get(Person, "/cases/{id}", ui::case::show),
        get(Person, "/accounts", ui::accounts::list),
        post(Person, "/accounts/{id}/link", ui::accounts::link).up_to(FORM),
        post(Person, "/accounts/{id}/release", ui::accounts::release).up_to(FORM),
        get(Person, "/forwarding", ui::forwarding::list),
        post(Person, "/forwarding", ui::forwarding::add).up_to(FORM),
        post(Person, "/forwarding/{id}/again", ui::forwarding::again).up_to(FORM),
        post(Person, "/forwarding/{id}/end", ui::forwarding::end).up_to(FORM),
        get(Person, "/records", ui::records::show),
        get(Person, "/retention", ui::erasure::retention),
        get(Person, "/erasures", ui::erasure::list),
        post(Person, "/erasures", ui::erasure::ask).up_to(FORM),
        get(Person, "/erasures/{id}", ui::erasure::show),
        post(Person, "/erasures/{id}/apply", ui::erasure::apply).up_to(FORM),
        post(Person, "/erasures/{id}/withdraw", ui::erasure::withdraw).up_to(FORM),
        get(Person, "/keys", ui::keys::list),
        post(Person, "/keys", ui::keys::create).up_to(FORM),
        post(Person, "/keys/{id}/rotate", ui::keys::rotate).up_to(FORM),
        post(Person, "/keys/{id}/end", ui::keys::end).up_to(FORM),
        get(Person, "/health", ui::health::show),
        post(Person, "/health/account", ui::health::link_account).up_to(FORM),
        get(Person, "/questions", ui::question::show),
        post(Person, "/questions/{id}", ui::question::settle).up_to(FORM),
        get(Person, "/channels", ui::channels::show),
        post(Person, "/channels/calendar", ui::channels::feed).up_to(FORM),
        post(Person, "/channels/{id}", ui::channels::decide).up_to(FORM),
        get(Person, "/deliveries", ui::deliveries::show),
        post(Person, "/deliveries/replay", ui::deliveries::replay_all).up_to(FORM),
        post(Person, "/deliveries/{id}/replay", ui::deliveries::replay).up_to(FORM),
        get(Person, "/people", ui::people::show),
        post(Person, "/people/import", ui::people::import),
        get(Person, "/people/imports/{id}", ui::people::list),
        post(Person, "/people/imports/{id}/apply", ui::people::apply).up_to(FORM),
        post(Person, "/people/imports/{id}/withdraw", ui::people::withdraw).up_to(FORM),
        get(Person, "/people/{person}/metrics/{metric}", ui::metric::show),
        post(Person, "/people/{person}/metrics/{metric}/commitment", ui::metric::set_commitment).up_to(FORM),
        post(Person, "/people/{person}/metrics/{metric}/target", ui::metric::set_target).up_to(FORM),
        post(Person, "/people/{person}/metrics/{metric}/agree", ui::metric::agree).up_to(FORM),
        get(Person, "/alerts/{id}", ui::alert::show),
        post(Person, "/alerts/{id}/answer", ui::alert::answer).up_to(FORM),
        post(Person, "/alerts/{id}/talk", ui::alert::talk).up_to(FORM),
        post(Person, "/alerts/{id}/wait", ui::alert::wait).up_to(FORM),
        post(Person, "/alerts/{id}/wrong", ui::alert::wrong).up_to(FORM),
        post(Person, "/alerts/{id}/accept", ui::alert::accept).up_to(FORM),
        post(Person, "/alerts/{id}/hand", ui::alert::hand).up_to(FORM),
        post(Person, "/alerts/{id}/silence", ui::alert::silence).up_to(FORM),
        post(Person, "/alerts/{id}/undo", ui::alert::undo).up_to(FORM),
        get(Person, "/silences", ui::silence::show),
        post(Person, "/silences", ui::silence::set).up_to(FORM),
        post(Person, "/silences/{id}/end", ui::silence::end).up_to(FORM),
        post(Person, "/silences/{id}/again", ui::silence::again).up_to(FORM),
        get(Person, "/rules", ui::rules::list),
        post(Person, "/rules", ui::rules::file).up_to(FORM),
        get(Person, "/rules/{code}", ui::rules::show),
        post(Person, "/rules/{code}", ui::rules::change).up_to(FORM),
        post(Person, "/rules/{code}/versions/{version}", ui::rules::back).up_to(FORM),
        get(Person, "/calendars", ui::calendars::show),
        post(Person, "/calendars/closure", ui::calendars::closure).up_to(FORM),
        post(Person, "/calendars/day", ui::calendars::differing).up_to(FORM),
        post(Person, "/calendars/leave", ui::calendars::leave).up_to(FORM),
        post(Person, "/alerts/{id}/propose", ui::alert::propose).up_to(FORM),
        post(Person, "/alerts/{id}/message", ui::alert::message).up_to(FORM),
        get(Person, "/sessions/{id}", ui::session::show),
        post(Person, "/sessions/{id}/point", ui::session::point).up_to(FORM),
        post(Person, "/sessions/{id}/record", ui::session::record_form).up_to(FORM),
        post(Person, "/sessions/{id}/agree", ui::session::agree).up_to(FORM),
        post(Person, "/sessions/{id}/propose", ui::session::propose).up_to(FORM),
        post(Person, "/sessions/{id}/message", ui::session::message).up_to(FORM),
        post(Person, "/sessions/{id}/check", ui::session::check).up_to(FORM),
        post(Person, "/sessions/{id}/note", ui::session::note).up_to(FORM),
        post(Person, "/sessions/{id}/guest", ui::session::invite).up_to(FORM),
        post(Person, "/sessions/{id}/guest/agree", ui::session::admit).up_to(FORM),
        post(Person, "/sessions/{id}/guest/end", ui::session::dismiss).up_to(FORM),
        post(Person, "/proposals/{id}/answer", ui::today::answer_proposal).up_to(FORM),
        post(Person, "/suggestions/answer", ui::today::answer_suggestion).up_to(FORM),
        get(Person, "/chains", ui::chain::list),
        get(Person, "/chains/{id}", ui::chain::show),
        post(Person, "/chains/{id}/decide", ui::decision::record).up_to(FORM),
        get(Person, "/studies/new", ui::study::new),
        post(Person, "/studies", ui::study::create).up_to(FORM),
        get(Person, "/studies/{id}", ui::study::show),
        post(Person, "/studies/{id}", ui::study::change).up_to(FORM),
        post(Person, "/studies/{id}/lock", ui::study::lock).up_to(FORM),
        post(Person, "/studies/{id}/draw", ui::study::draw).up_to(FORM),
        post(Person, "/studies/{id}/rollout", ui::study::rollout).up_to(FORM),
        get(Person, "/support", ui::support::show),
        get(Person, "/learning-and-work", ui::beside::show),
        get(Person, "/me", ui::me::show),
        post(Person, "/me/password", ui::me::change_password).up_to(FORM),
        get(Person, "/me/notes", ui::notes::show),
        post(Person, "/me/notes", ui::notes::open).up_to(FORM),
        post(Person, "/me/notes/recover", ui::notes::recover).up_to(FORM),
        post(Person, "/me/notes/start-over", ui::notes::start_over).up_to(FORM),
        post(Person, "/me/sessions/end", ui::me::end_sessions).up_to(FORM),
        post(Person, "/me/erasure", ui::erasure::ask_own).up_to(FORM),
    ]);
    table
}

/// Every URL and method, in the order of the table.
pub fn all() -> &'static [RouteInfo] {
    static ALL: LazyLock<Vec<RouteInfo>> = LazyLock::new(|| table().into_iter().map(|r| r.info).collect());
    &ALL
}

/// The table as axum routes.
pub(crate) fn router(server: &Server) -> Router {
    let mut router = Router::new();
    for Route { info, handler } in table() {
        let limit = DefaultBodyLimit::max(info.limit);
        let path = info.path;
        let guard = from_fn_with_state((server.clone(), info), let_in);
        router = router.route(path, handler.layer(limit).layer(guard));
    }
    router.fallback(|| async { Problem::not_found() }).with_state(server.clone())
}

/// Finds out who asks, and lets in whom the table lets in.
async fn let_in(
    State((server, info)): State<(Server, RouteInfo)>,
    mut request: Request,
    next: Next,
) -> Response {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|n| n > info.limit as u64) {
        return too_large(info.limit).into_response();
    }
    request.extensions_mut().insert(Limit(info.limit));
    if info.may != May::Anyone {
        let asker = match session::find(&server.app, info.may, request.headers()).await {
            Ok(asker) => asker,
            Err(problem) => return problem.into_response(),
        };
        // A form may bring its key along; whoever reads it looks again.
        let form = info.may == May::Key && api::xapi::is_form(&request);
        if asker.who == Who::Anonymous && !form {
            return Problem::from(Denied::SignIn).into_response();
        }
        request.extensions_mut().insert(asker);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_narrows_and_repeats_nothing() {
        let rank = |may: May| match may {
            May::Anyone => 0,
            May::Key => 1,
            May::PersonOrKey => 2,
            May::Person => 3,
        };
        assert!(all().is_sorted_by_key(|r| rank(r.may)), "sort the table by who is let in");
        let unique: BTreeSet<_> = all().iter().map(|r| (r.method.as_str(), r.path)).collect();
        assert_eq!(unique.len(), all().len());
    }

    #[test]
    fn keys_and_cookies_keep_to_their_own_doors() {
        for route in all() {
            let xapi = route.path.starts_with("/xapi/");
            let api = route.path.starts_with("/api/");
            match route.may {
                May::Key => assert!(xapi, "{}: only /xapi is for keys alone", route.path),
                May::PersonOrKey => assert!(api, "{}", route.path),
                May::Person => assert!(!xapi && !api, "{}: the API takes keys too", route.path),
                May::Anyone => assert!(!xapi || route.path.ends_with("/about"), "{}", route.path),
            }
        }
    }
}
