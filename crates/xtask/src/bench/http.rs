//! A small HTTP/1.1 client over one kept-alive connection: fast enough not to be what is measured.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// How long an answer may take before the connection counts as broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection. It is opened again when the server has closed it.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    /// Cookies the server has set, as `name=value`.
    cookies: Vec<String>,
    request: Vec<u8>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    /// From the first byte sent to the last byte read.
    pub(crate) took: Duration,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, cookies: Vec::new(), request: Vec::new() }
    }

    /// Gets a page with the cookies set so far.
    ///
    /// # Errors
    /// Where the connection breaks or what comes back is no HTTP.
    pub(crate) fn get(&mut self, path: &str) -> Result<Reply> {
        self.send("GET", path, "Accept: text/html\r\nSec-Fetch-Site: same-origin\r\n", b"")
    }

    /// Posts a form with the cookies set so far, as a browser does from a page of the same site.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn post_form(&mut self, path: &str, form: &str) -> Result<Reply> {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{}\r\n",
            self.address
        );
        self.send("POST", path, &headers, form.as_bytes())
    }

    /// Sends one request and reads the whole answer. `headers` are complete lines.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Reply> {
        self.request.clear();
        write!(self.request, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.address)?;
        if !self.cookies.is_empty() {
            write!(self.request, "Cookie: {}\r\n", self.cookies.join("; "))?;
        }
        if !body.is_empty() || method != "GET" {
            write!(self.request, "Content-Length: {}\r\n", body.len())?;
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(body);
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).context("cannot connect to the server")?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            self.stream = Some(BufReader::with_capacity(1 << 16, stream));
        }
        let stream = self.stream.as_mut().ok_or_else(|| anyhow!("no connection"))?;
        let began = Instant::now();
        let answered =
            stream.get_mut().write_all(&self.request).map_err(Into::into).and_then(|()| read(stream));
        let took = began.elapsed();
        match answered {
            Ok((head, body)) => {
                if head.close {
                    self.stream = None;
                }
                for cookie in head.cookies {
                    let name = cookie.split('=').next().unwrap_or_default().to_owned();
                    self.cookies.retain(|old| old.split('=').next() != Some(&name));
                    self.cookies.push(cookie);
                }
                Ok(Reply {
                    status: head.status,
                    location: head.location,
                    content_type: head.content_type,
                    body,
                    took,
                })
            }
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }
}

#[derive(Default)]
struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
    close: bool,
    location: Option<String>,
    content_type: String,
    cookies: Vec<String>,
}

fn read(stream: &mut impl BufRead) -> Result<(Head, Vec<u8>)> {
    let mut head = read_head(stream)?;
    let mut body = Vec::new();
    if head.status == 204 || head.status == 304 {
        return Ok((head, body));
    }
    if head.chunked {
        let mut line = String::new();
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16)
                .with_context(|| format!("`{}` is no chunk size", line.trim()))?;
            let from = body.len();
            body.resize(from + size + 2, 0);
            stream.read_exact(&mut body[from..])?;
            body.truncate(from + size);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = head.length {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    } else {
        stream.read_to_end(&mut body)?;
        head.close = true;
    }
    Ok((head, body))
}

fn read_head(stream: &mut impl BufRead) -> Result<Head> {
    let mut head = Head::default();
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if line.is_empty() {
        bail!("the server closed the connection without an answer");
    }
    head.status = line
        .split(' ')
        .nth(1)
        .and_then(|code| code.trim().parse().ok())
        .ok_or_else(|| anyhow!("`{}` is no HTTP status line", line.trim()))?;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(head) };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => head.length = value.parse().ok(),
            "transfer-encoding" => head.chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => head.close = value.eq_ignore_ascii_case("close"),
            "location" => head.location = Some(value.to_owned()),
            "content-type" => head.content_type = value.to_owned(),
            "set-cookie" => head.cookies.push(value.split(';').next().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
}

/// The value of a Basic `Authorization` header.
pub(crate) fn basic(key: &str, secret: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for three in format!("{key}:{secret}").as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_base64() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("a", "b"), "Basic YTpi");
        assert_eq!(basic("a", "bc"), "Basic YTpiYw==");
    }

    #[test]
    fn reads_lengths_and_chunks() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSet-Cookie: a=b; Path=/\r\n\r\nabc".to_vec();
        let (head, body) = read(&mut plain.as_slice()).unwrap();
        assert_eq!(
            (head.status, body.as_slice(), head.cookies),
            (200, b"abc".as_slice(), vec!["a=b".to_owned()])
        );
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_vec();
        assert_eq!(read(&mut chunked.as_slice()).unwrap().1, b"abcde");
        assert!(read(&mut b"".as_slice()).is_err());
    }
}
