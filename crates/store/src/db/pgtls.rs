//! What a PostgreSQL address asks for, and TLS where it asks for it.
//!
//! `sslmode=disable` means none; `require`, `verify-ca` and `verify-full` all mean TLS with a verified certificate,
//! from the system's roots or from `sslrootcert=FILE`. Without `sslmode`, this machine is reached without TLS
//! and every other with it.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the systems we know keep their roots.
const ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The address for messages and logs, with any password taken out.
pub(super) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let rest = rest.split('?').next().unwrap_or_default();
    let (account, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    match account.split(':').next() {
        Some(name) if !name.is_empty() => format!("{scheme}://{name}@{place}"),
        _ => format!("{scheme}://{place}"),
    }
}

/// The connection settings, and how to speak TLS where it is wanted.
pub(super) fn settings(url: &str) -> Result<(Config, Option<MakeRustlsConnect>), String> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut kept) = (None, None, Vec::new());
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => roots = Some(value.replace("%2F", "/").replace("%20", " ")),
            _ => kept.push(pair),
        }
    }
    let plain = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    let mut config: Config = plain
        .parse()
        .map_err(|e| format!("the address is not valid ({e}); write postgres://USER@HOST/NAME"))?;
    let local = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    let secure = match mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        None | Some("prefer") => !local,
        Some(other) => {
            return Err(format!("sslmode={other} is not known; write disable, require or verify-full"));
        }
    };
    config.ssl_mode(if secure { SslMode::Require } else { SslMode::Disable });
    let tls = if secure { Some(verified(roots.as_deref())?) } else { None };
    Ok((config, tls))
}

fn verified(roots: Option<&str>) -> Result<MakeRustlsConnect, String> {
    let file = match roots {
        Some(file) => file,
        None => ROOTS.into_iter().find(|f| Path::new(f).exists()).ok_or(
            "no root certificates were found on this system; install ca-certificates or add sslrootcert=FILE",
        )?,
    };
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| format!("cannot read the root certificates in {file}: {e}"))?;
    let mut store = RootCertStore::empty();
    let (good, _) = store.add_parsable_certificates(certificates);
    if good == 0 {
        return Err(format!("{file} holds no certificate"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS cannot be set up: {e}"))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        assert_eq!(
            without_password("postgres://me:p@ss@db.example/name?sslmode=require"),
            "postgres://me@db.example/name"
        );
        assert_eq!(without_password("postgres://db/name"), "postgres://db/name");
    }

    #[test]
    fn tls_is_asked_for_where_the_network_is_not_ours() {
        let mode = |url: &str| settings(url).map(|(config, tls)| (config.get_ssl_mode(), tls.is_some()));
        assert_eq!(mode("postgres://a@localhost/b").unwrap(), (SslMode::Disable, false));
        assert_eq!(mode("postgres://a@db.example/b?sslmode=disable").unwrap(), (SslMode::Disable, false));
        assert!(mode("postgres://a@db.example/b?sslmode=perhaps").is_err());
        let missing = mode("postgres://a@db.example/b?sslmode=require&sslrootcert=/does/not/exist");
        assert!(missing.unwrap_err().contains("/does/not/exist"));
    }
}
