//! Who is asking: the session cookie of a page, the Basic key of a machine, and the address they come from.

use std::net::IpAddr;

use app::{App, access};
use axum::extract::{FromRef, FromRequestParts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::{Denied, Viewer, Who};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};

use crate::problem::Problem;
use crate::routes::May;

/// The name of the cookie over TLS. The prefix makes browsers refuse it from anywhere but this very host.
const SECURE_NAME: &str = "__Host-throughline";
/// The name on plain HTTP, where browsers take no `Secure` cookie (some not even from their own machine).
const PLAIN_NAME: &str = "throughline";

/// Who asks, found once per request.
///
/// Rights are read with it, from today's grants and reporting lines; nothing about them is kept in the cookie.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub who: Who,
    /// The session's secret, where there is one.
    pub session: Option<String>,
    /// The headers that it was found in.
    pub(crate) headers: HeaderMap,
}

impl Asker {
    /// The signed-in person.
    ///
    /// # Errors
    /// Where nobody is signed in or a machine asks.
    pub fn person(&self) -> Result<&Viewer, Problem> {
        match &self.who {
            Who::Person(viewer) => Ok(viewer),
            Who::Anonymous => Err(Denied::SignIn.into()),
            _ => Err(Denied::Forbidden.into()),
        }
    }
    /// The same request as if nobody were signed in, for frames of pages before sign-in.
    pub(crate) fn nobody(&self) -> Self {
        Self { who: Who::Anonymous, session: None, headers: self.headers.clone() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker
where
    App: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(asker) = parts.extensions.get::<Asker>() {
            return Ok(asker.clone());
        }
        // On a route for anybody: a person if there is one.
        find(&App::from_ref(state), May::Person, &parts.headers).await
    }
}

/// The address that a request came from: the peer, or behind a known proxy what that says.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Peer>().copied().ok_or_else(|| Problem::internal("a request without its peer"))
    }
}

/// The last address in `X-Forwarded-For` that is not one of our own proxies; the peer where it is not one itself.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    if !proxies.contains(&peer) {
        return peer;
    }
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let hops: Vec<IpAddr> =
        named.flat_map(|v| v.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.into_iter().rev().find(|hop| !proxies.contains(hop)).unwrap_or(peer)
}

/// Finds who asks on a kind of route: `/xapi` knows keys only, pages cookies only, the API either.
pub(crate) async fn find(app: &App, may: May, headers: &HeaderMap) -> Result<Asker, Problem> {
    let key = match may {
        May::Key | May::PersonOrKey => basic(headers)?,
        May::Anyone | May::Person => None,
    };
    if let Some((key, secret)) = key {
        let who = access::who_from_key(app, &key, &secret).await?;
        return Ok(Asker { who, session: None, headers: headers.clone() });
    }
    let nobody = Asker { who: Who::Anonymous, session: None, headers: headers.clone() };
    if may == May::Key {
        return Ok(nobody);
    }
    let Some(token) = cookie(headers, app) else { return Ok(nobody) };
    Ok(match access::who_from_session(app, &token).await? {
        Some(viewer) => Asker { who: Who::Person(viewer), session: Some(token), headers: nobody.headers },
        None => nobody,
    })
}

/// Key and secret from `Authorization: Basic` (RFC 7617).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (key, secret) = text.split_once(':')?;
        Some((key.to_owned(), secret.to_owned()))
    };
    match read() {
        Some(pair) => Ok(Some(pair)),
        None => {
            let mut problem = Problem::from(Denied::SignIn);
            problem.detail =
                "The Authorization header cannot be read. Send `Basic` and then key:secret in base 64."
                    .into();
            Err(problem)
        }
    }
}

fn name(app: &App) -> &'static str {
    if app.settings.public_url.starts_with("https://") { SECURE_NAME } else { PLAIN_NAME }
}

/// One cookie of a request.
pub(crate) fn read_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value.to_owned())
}

fn cookie(headers: &HeaderMap, app: &App) -> Option<String> {
    read_cookie(headers, name(app)).filter(|token| token.len() <= 100)
}

/// Whether a request carries a session cookie, valid or not.
pub(crate) fn has_cookie(headers: &HeaderMap) -> bool {
    read_cookie(headers, SECURE_NAME).is_some() || read_cookie(headers, PLAIN_NAME).is_some()
}

/// The header that starts a session in the browser. It ends with the browser or, at the latest, when the server says so.
pub(crate) fn start(app: &App, token: &str) -> Option<HeaderValue> {
    let name = name(app);
    let secure = if name == SECURE_NAME { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// The header that takes the cookie away.
pub(crate) fn end(app: &App) -> Option<HeaderValue> {
    let name = name(app);
    let secure = if name == SECURE_NAME { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_are_believed_from_known_proxies_only() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.9, 203.0.113.7, 10.0.0.2"));
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let (proxy, inner) = (ip("10.0.0.1"), ip("10.0.0.2"));
        assert_eq!(address(proxy, &headers, &[]), proxy);
        assert_eq!(address(proxy, &headers, &[proxy]), inner);
        assert_eq!(address(proxy, &headers, &[proxy, inner]), ip("203.0.113.7"));
        assert_eq!(address(ip("203.0.113.1"), &headers, &[proxy]), ip("203.0.113.1"));
    }

    #[test]
    fn basic_is_read_or_refused() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            basic(&headers)
        };
        assert_eq!(with("Basic a2V5OnNlOmNyZXQ=").unwrap(), Some(("key".into(), "se:cret".into())));
        for value in ["Basic", "Basic !", "Bearer abc", "Basic a2V5"] {
            assert!(with(value).is_err(), "{value}");
        }
        assert_eq!(basic(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; throughline2=x; throughline=tok"));
        assert_eq!(read_cookie(&headers, "throughline").as_deref(), Some("tok"));
        assert_eq!(read_cookie(&headers, "through"), None);
        assert!(has_cookie(&headers));
    }
}
