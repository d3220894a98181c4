//! Another record store, by xAPI over HTTP: sends statements and says what the answer means for sending them again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};
use xapi::OutPart;

use crate::http::{Client, HttpError, Reply};

/// Where a record store is and how it lets us in.
#[derive(Clone, Copy)]
pub struct RecordStore<'a> {
    /// The address of its xAPI resources, without a slash at the end.
    pub url: &'a str,
    /// The key that it gave us.
    pub key: &'a str,
    /// The secret of that key.
    pub secret: &'a str,
    /// What it is told in `X-Experience-API-Version`.
    pub version: &'a str,
}

impl std::fmt::Debug for RecordStore<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordStore").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has them.
    Taken,
    /// Not now: why, and for how many seconds it asked us to wait, if it did.
    Later(String, Option<i64>),
    /// There is no store there any more.
    Gone(String),
    /// It will never take them as they are.
    Refused(String),
}

/// Sends statements, as a batch of JSON texts with the data of their attachments.
pub async fn send(
    client: &Client,
    to: RecordStore<'_>,
    texts: &[&str],
    attachments: &[OutPart<'_>],
) -> Answer {
    let json = format!("[{}]", texts.join(","));
    let (content_type, body) = if attachments.is_empty() {
        ("application/json".to_owned(), json.into_bytes())
    } else {
        xapi::write_multipart(&json, attachments)
    };
    let pair = STANDARD.encode(format!("{}:{}", to.key, to.secret));
    let request = Request::post(format!("{}/statements", to.url))
        .header(header::AUTHORIZATION, format!("Basic {pair}"))
        .header(header::CONTENT_TYPE, content_type)
        .header("X-Experience-API-Version", to.version)
        .body(Bytes::from(body));
    match request {
        Ok(request) => judge(client.send(request).await),
        Err(error) => Answer::Later(format!("the address cannot be used: {error}"), None),
    }
}

/// A key, a name or an address that is wrong can be put right by somebody, so it is tried again; statements cannot.
fn judge(answer: Result<Reply, HttpError>) -> Answer {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return Answer::Later(error.to_string(), None),
    };
    let words = reply.words();
    match reply.status {
        200..=299 => Answer::Taken,
        410 => Answer::Gone(words),
        400 | 409 | 413 | 415 | 422 => Answer::Refused(words),
        _ => Answer::Later(words, reply.retry_after()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        let reply = |status| {
            let mut headers = http::HeaderMap::new();
            headers.insert(header::RETRY_AFTER, "120".parse().unwrap());
            judge(Ok(Reply { status, headers, body: Bytes::new() }))
        };
        assert_eq!(reply(200), Answer::Taken);
        assert_eq!(reply(204), Answer::Taken);
        assert_eq!(reply(410), Answer::Gone("410".into()));
        for refused in [400, 409, 413] {
            assert_eq!(reply(refused), Answer::Refused(refused.to_string()));
        }
        for later in [301, 401, 403, 404, 408, 429, 500, 502, 503] {
            assert_eq!(reply(later), Answer::Later(later.to_string(), Some(120)));
        }
    }
}
