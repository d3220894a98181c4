//! The one error type that `web` sees. Each variant says what the caller may know; what only the log needs stays inside.

use domain::access::Denied;

/// Something wrong with what was sent: where, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Fault {
    /// Where: a field, a JSON path, or `line 12, column value`.
    pub place: String,
    /// What is wrong there, and what to do about it, in one or two sentences.
    pub reason: String,
}

impl Fault {
    /// A fault at a place.
    pub fn at(place: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self { place: place.into(), reason: reason.to_string() }
    }
}

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Let in, but not for this: what was asked lies outside of what the key is limited to.
    #[error("{0}")]
    Limited(String),
    /// There is no such thing.
    #[error("there is no {0} here")]
    NotFound(&'static str),
    /// What was sent is wrong; every fault at once.
    #[error("{}", join(.0))]
    Invalid(Vec<Fault>),
    /// It clashes with what is there: an outdated version, a code already taken, a step out of order.
    #[error("{0}")]
    Conflict(String),
    /// More than the server takes at once.
    #[error("{0}")]
    TooLarge(String),
    /// Too many tries in a short time; seconds to wait.
    #[error("too many tries; wait {0} seconds and try again")]
    TooMany(u64),
    /// The server is busy; trying again is safe.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// A fault of the server. The text is for the log.
    #[error("something went wrong on the server")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A use case's answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One fault at one place.
    pub fn invalid(place: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Invalid(vec![Fault::at(place, reason)])
    }
    /// A fault of the server.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<store::db::Error> for Error {
    fn from(error: store::db::Error) -> Self {
        match error {
            store::db::Error::Busy { .. } => Self::Busy,
            store::db::Error::Conflict { .. } => Self::Conflict(
                "somebody else changed this at the same moment; look at it again and repeat".into(),
            ),
            other => Self::internal(other),
        }
    }
}

fn join(faults: &[Fault]) -> String {
    faults.iter().map(|f| format!("{}: {}", f.place, f.reason)).collect::<Vec<_>>().join("; ")
}
