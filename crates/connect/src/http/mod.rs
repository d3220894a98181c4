//! HTTP out: one request to an address that somebody else named.
//!
//! The name is looked up once, every address it stands for is judged by [`guard`], and the connection goes to one that
//! passed, so a name that changes its mind between the look and the connection gains nothing. Nothing is redirected,
//! everything ends within the time that was given, and only the beginning of an answer is read.

mod guard;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub use guard::Net;

/// How requests leave.
#[derive(Debug, Clone)]
pub struct Config {
    /// Networks of one's own that may be reached besides the public ones.
    pub allow: Vec<Net>,
    /// Certificates (PEM) to trust beside the public ones, for receivers with a private authority.
    pub authorities: Option<Vec<u8>>,
    /// For one request from looking up the name to the end of the answer.
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { allow: Vec::new(), authorities: None, timeout: Duration::from_secs(15) }
    }
}

/// Why a request came to no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The address is none that we go to, now or later.
    #[error("{0}")]
    Address(String),
    /// No answer this time.
    #[error("{0}")]
    Later(String),
    /// The settings cannot be used.
    #[error("{0}")]
    Setup(String),
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most [`MOST`] bytes of it.
    pub body: Bytes,
}

/// The most bytes of an answer that are read.
pub const MOST: usize = 1 << 20;

impl Reply {
    /// Whether the receiver took it.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// How many seconds the receiver asks us to wait (RFC 9110, section 10.2.3, in its form of seconds).
    pub fn retry_after(&self) -> Option<i64> {
        self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().filter(|s| *s >= 0)
    }

    /// Status and the beginning of the body on one line, for a log.
    pub fn words(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.body)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(200)
            .collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { self.status.to_string() } else { format!("{} {text}", self.status) }
    }
}

/// Sends requests. Cheap to clone; opens a connection for each request.
#[derive(Clone)]
pub struct Client {
    config: Arc<Config>,
    tls: TlsConnector,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("allow", &self.config.allow).finish_non_exhaustive()
    }
}

impl Client {
    /// Checks the settings and prepares to send.
    ///
    /// # Errors
    /// [`HttpError::Setup`] with what is wrong in the settings.
    pub fn new(config: Config) -> Result<Self, HttpError> {
        let setup = |e: &dyn fmt::Display| HttpError::Setup(e.to_string());
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = &config.authorities {
            let own = CertificateDer::pem_slice_iter(pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| setup(&format!("the certificates to trust cannot be read: {e}")))?;
            for certificate in own {
                roots.add(certificate).map_err(|e| setup(&e))?;
            }
        }
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| setup(&e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// Judges an address as far as it can be judged without asking anybody.
    ///
    /// # Errors
    /// [`HttpError::Address`] with what is wrong with it.
    pub fn check(&self, url: &str) -> Result<(), HttpError> {
        let place = Place::of(url)?;
        match place.host.trim_matches(['[', ']']).parse() {
            Ok(ip) => self.may_reach(&place, ip),
            Err(_) if !place.secure && self.config.allow.is_empty() => {
                Err(HttpError::Address("only https addresses are gone to; this one is http".into()))
            }
            Err(_) => Ok(()),
        }
    }

    /// Sends one request to an absolute address. `Host` and `Content-Length` are set here.
    ///
    /// # Errors
    /// Why there is no answer, and whether another time may help.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Reply, HttpError> {
        let within = self.config.timeout;
        match tokio::time::timeout(within, self.send_at_once(request)).await {
            Ok(done) => done,
            Err(_) => Err(HttpError::Later(format!("no answer within {} seconds", within.as_secs_f32()))),
        }
    }

    async fn send_at_once(&self, request: Request<Bytes>) -> Result<Reply, HttpError> {
        let later = |what: &str, e: &dyn fmt::Display| HttpError::Later(format!("{what}: {e}"));
        let place = Place::of(&request.uri().to_string())?;
        let name = place.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((name, place.port))
            .await
            .map_err(|e| later(&format!("{name} cannot be looked up"), &e))?;
        let (mut last, mut refused) = (None, None);
        let mut line = None;
        for address in found {
            match self.may_reach(&place, address.ip()) {
                Err(why) => refused = Some(why),
                Ok(()) => match TcpStream::connect(address).await {
                    Ok(stream) => {
                        line = Some(stream);
                        break;
                    }
                    Err(error) => last = Some((address, error)),
                },
            }
        }
        let Some(line) = line else {
            return Err(match (last, refused) {
                (Some((address, error)), _) => unreachable_at(address, &error),
                (None, Some(refused)) => refused,
                (None, None) => HttpError::Later(format!("{name} has no address")),
            });
        };
        if !place.secure {
            return exchange(line, &place, request).await;
        }
        let host = ServerName::try_from(name.to_owned())
            .map_err(|_| HttpError::Address(format!("{name} is no name that a certificate can carry")))?;
        let line = self.tls.connect(host, line).await.map_err(|e| later("TLS failed", &e))?;
        exchange(line, &place, request).await
    }

    /// Own networks only where the configuration allows them, and unprotected lines only there.
    fn may_reach(&self, place: &Place, ip: std::net::IpAddr) -> Result<(), HttpError> {
        if self.config.allow.iter().any(|net| net.holds(ip)) {
            return Ok(());
        }
        if !guard::is_public(ip) {
            return Err(HttpError::Address(format!(
                "{} is {ip}, which is no public address; whoever runs this server can allow it with outbound.allow",
                place.host
            )));
        }
        if !place.secure {
            return Err(HttpError::Address("only https addresses are gone to; this one is http".into()));
        }
        Ok(())
    }
}

fn unreachable_at(address: SocketAddr, error: &std::io::Error) -> HttpError {
    HttpError::Later(format!("{address} cannot be reached: {error}"))
}

/// Whether a text is an address to send to at all; whether it may be gone to is asked when something is sent.
///
/// # Errors
/// [`HttpError::Address`] with what is wrong with it.
pub fn is_address(url: &str) -> Result<(), HttpError> {
    Place::of(url).map(|_| ())
}

/// Where a request goes.
struct Place {
    secure: bool,
    host: String,
    port: u16,
}

impl Place {
    fn of(url: &str) -> Result<Self, HttpError> {
        let wrong = |why: &str| HttpError::Address(format!("this is no address to send to: {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("write it as https://hooks.example.com/path"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("it must begin with https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it carries a name or password before the host"));
        }
        let host = authority.host().to_owned();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        Ok(Self { secure, host, port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }) })
    }
}

/// One request and its answer over a line that is open.
async fn exchange(
    line: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    place: &Place,
    request: Request<Bytes>,
) -> Result<Reply, HttpError> {
    let later = |e: &dyn fmt::Display| HttpError::Later(format!("the line broke: {e}"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(line)).await.map_err(|e| later(&e))?;
    let driving = tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let host = head.uri.authority().map_or_else(|| place.host.clone(), |a| a.as_str().to_owned());
    head.uri = path.parse().map_err(|e: http::uri::InvalidUri| HttpError::Address(e.to_string()))?;
    let host = host.parse().map_err(|_| HttpError::Address(format!("{} is no host name", place.host)))?;
    head.headers.insert(header::HOST, host);
    let answer = sender.send_request(Request::from_parts(head, Full::new(body))).await;
    let answer = answer.map_err(|e| later(&e))?;
    let (parts, mut body) = answer.into_parts();
    let mut start = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { break };
        if let Ok(data) = frame.into_data() {
            let room = MOST - start.len();
            start.extend_from_slice(&data[..data.len().min(room)]);
            if start.len() == MOST {
                break;
            }
        }
    }
    driving.abort();
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body: start.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(allow: &[&str]) -> Client {
        let allow = allow.iter().map(|n| n.parse().unwrap()).collect();
        Client::new(Config { allow, timeout: Duration::from_millis(300), ..Config::default() }).unwrap()
    }

    #[test]
    fn only_public_https_addresses_pass_unless_allowed() {
        let public = client(&[]);
        for ok in ["https://hooks.example.com/x", "https://93.184.216.34/x", "https://[2606:2800:220:1::1]/"]
        {
            assert_eq!(public.check(ok), Ok(()), "{ok}");
        }
        for not in [
            "http://hooks.example.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.2.3",
            "https://[::ffff:10.1.2.3]/",
            "https://me:secret@hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "hooks.example.com",
            "",
        ] {
            assert!(matches!(public.check(not), Err(HttpError::Address(_))), "{not}");
        }
        assert_eq!(client(&["127.0.0.0/8"]).check("http://127.0.0.1:9/x"), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_not_gone_to() {
        let request = Request::post("https://localhost:9/x").body(Bytes::new()).unwrap();
        let refused = client(&[]).send(request).await.unwrap_err();
        assert!(
            matches!(&refused, HttpError::Address(why) if why.contains("no public address")),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn a_receiver_that_hangs_is_left_in_time() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", silent.local_addr().unwrap());
        let request = Request::post(url).body(Bytes::from_static(b"{}")).unwrap();
        let left = client(&["127.0.0.1/32"]).send(request).await.unwrap_err();
        assert!(matches!(&left, HttpError::Later(why) if why.contains("no answer within")), "{left}");
    }
}
