//! Statements with the data of their attachments: `multipart/mixed` both ways (Communication 1.5.2, RFC 2046).

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::judge::{is_media_type, is_sha2};
use crate::rules::{self, Rule};
use crate::signature::check_signature;
use crate::statement::{Attachment, Object, Received, SIGNATURE_USAGE};
use crate::{Fault, Faults, Limits, Version};

/// A request taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The first part: a statement or an array of them, for [`crate::parse_statements`].
    pub statements: &'a [u8],
    /// The others: each hash once, in the order sent.
    pub attachments: Vec<Part<'a>>,
}

/// The data of an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its SHA-2, in lower-case hexadecimal, which is the hash of `data`.
    pub sha2: String,
    /// Its media type, if its part says so.
    pub content_type: Option<String>,
    /// The bytes.
    pub data: &'a [u8],
}

/// The boundary of a `multipart/mixed` content type; `None` for any other type.
/// `Some(Err)` is a `multipart/mixed` without a boundary that can be used.
pub fn multipart_boundary(content_type: &str) -> Option<Result<String, &'static str>> {
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() {
            return Some(Err("the content type has no boundary"));
        }
        let Some((name, after)) = rest.split_once('=') else {
            return Some(Err("the content type has no boundary"));
        };
        let (value, after) = match after.strip_prefix('"') {
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
            Some(quoted) => match unquote(quoted) {
                Some(pair) => pair,
                None => return Some(Err("a quote in the content type is not closed")),
            },
        };
        if name.trim().eq_ignore_ascii_case("boundary") {
            return Some(match value.len() {
                1..=70 if value.bytes().all(|b| (b' '..=b'~').contains(&b)) && !value.ends_with(' ') => {
                    Ok(value)
                }
                _ => Err("the boundary is not 1 to 70 printable characters"),
            });
        }
        rest = after;
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// Takes a `multipart/mixed` body apart, and checks the headers and hash of every part.
///
/// What the parts are for is checked by [`check_attachments`], once the statements are read.
pub fn split_multipart<'a>(
    content_type: &str,
    body: &'a [u8],
    version: Version,
    limits: Limits,
) -> Result<Parts<'a>, Faults> {
    let one = |rule: &'static Rule, path: &str, what: String| vec![Fault::new(rule, version, path, what)];
    let boundary = match multipart_boundary(content_type) {
        Some(Ok(boundary)) => boundary,
        Some(Err(why)) => return Err(one(&rules::MULTIPART, "header Content-Type", why.to_owned())),
        None => {
            let what =
                format!("`{}` is not multipart/mixed", crate::json::short(content_type, 80).escape_debug());
            return Err(one(&rules::MULTIPART, "header Content-Type", what));
        }
    };
    if body.len() > limits.body_bytes {
        let what = format!("the body has {} bytes; the most is {}", body.len(), limits.body_bytes);
        return Err(one(&rules::JSON_SIZE, "body", what));
    }
    let sections =
        sections(body, &boundary, limits.parts).map_err(|what| one(&rules::MULTIPART, "body", what))?;
    let mut faults = Vec::new();
    let mut statements: &[u8] = &[];
    let mut attachments: Vec<Part<'a>> = Vec::new();
    let mut seen = HashSet::new();
    for (n, section) in sections.into_iter().enumerate() {
        let path = format!("part {}", n + 1);
        let mut fault =
            |rule: &'static Rule, what: String| faults.push(Fault::new(rule, version, path.as_str(), what));
        let (headers, data) = match headers(section) {
            Ok(pair) => pair,
            Err(what) => {
                fault(&rules::MULTIPART, what.to_owned());
                continue;
            }
        };
        let header = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        let content_type = header("Content-Type");
        if n == 0 {
            let essence = content_type.and_then(|v| v.split(';').next()).unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                let what =
                    format!("the first part is of type `{}`, not application/json", essence.escape_debug());
                fault(&rules::MULTIPART_HEADER, what);
            }
            statements = data;
            continue;
        }
        if let Some(value) = content_type
            && !is_media_type(value)
        {
            fault(
                &rules::MULTIPART_HEADER,
                format!("the Content-Type `{}` is not a media type", value.escape_debug()),
            );
        }
        match header("Content-Transfer-Encoding") {
            Some(value) if value.eq_ignore_ascii_case("binary") => {}
            Some(value) => {
                let what = format!("the Content-Transfer-Encoding is `{}`, not binary", value.escape_debug());
                fault(&rules::MULTIPART_HEADER, what);
            }
            None => fault(&rules::MULTIPART_HEADER, "there is no Content-Transfer-Encoding".to_owned()),
        }
        let Some(hash) = header("X-Experience-API-Hash") else {
            fault(&rules::MULTIPART_HEADER, "there is no X-Experience-API-Hash".to_owned());
            continue;
        };
        match sha2_of(data, hash.len()) {
            Some(found) if found.eq_ignore_ascii_case(hash) => {
                if seen.insert(found.clone()) {
                    attachments.push(Part {
                        sha2: found,
                        content_type: content_type.map(str::to_owned),
                        data,
                    });
                }
            }
            Some(found) => fault(
                &rules::MULTIPART_HASH,
                format!("the X-Experience-API-Hash is {}, but the data has {found}", hash.escape_debug()),
            ),
            None => fault(
                &rules::MULTIPART_HASH,
                format!("`{}` is not a SHA-2 hash", crate::json::short(hash, 140).escape_debug()),
            ),
        }
    }
    if faults.is_empty() { Ok(Parts { statements, attachments }) } else { Err(faults) }
}

/// The SHA-2 of data in lower-case hexadecimal, in the variant whose hash has so many digits; `None` where none has.
pub fn sha2_of(data: &[u8], digits: usize) -> Option<String> {
    let mut out = String::with_capacity(digits.min(128));
    match digits {
        56 => hex(&Sha224::digest(data), &mut out),
        64 => hex(&Sha256::digest(data), &mut out),
        96 => hex(&Sha384::digest(data), &mut out),
        128 => hex(&Sha512::digest(data), &mut out),
        _ => return None,
    }
    Some(out)
}

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8], out: &mut String) {
    for b in bytes {
        let _ = write!(out, "{b:02x}");
    }
}

/// What lies between the boundaries.
fn sections<'a>(body: &'a [u8], boundary: &str, most: usize) -> Result<Vec<&'a [u8]>, String> {
    let mut sections = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(found) = find_delimiter(body, boundary.as_bytes(), at) {
        if let Some(from) = start {
            // The line end before a boundary belongs to the boundary.
            sections.push(body.get(from..found.line.saturating_sub(2)).unwrap_or_default());
            if sections.len() > most {
                return Err(format!("there are more than {most} parts"));
            }
        }
        if found.last {
            return if start.is_none() { Err("it has no parts".to_owned()) } else { Ok(sections) };
        }
        start = Some(found.after);
        at = found.after;
    }
    Err(match start {
        Some(_) => format!("the closing `--{}--` is missing", boundary.escape_debug()),
        None if body.windows(2).any(|w| w == b"\r\n") => {
            format!("there is no line `--{}`", boundary.escape_debug())
        }
        None => format!("there is no line `--{}` that ends in CR LF", boundary.escape_debug()),
    })
}

struct Delimiter {
    /// Where its line starts.
    line: usize,
    /// What follows its line.
    after: usize,
    last: bool,
}

fn find_delimiter(body: &[u8], boundary: &[u8], from: usize) -> Option<Delimiter> {
    // A line starts at the beginning, at the place just after a boundary line, or after CR LF.
    let mut line = from;
    loop {
        if let Some(rest) = body.get(line..)?.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary))
        {
            let (rest, last) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
            let padding = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let rest = &rest[padding..];
            if rest.starts_with(b"\r\n") {
                return Some(Delimiter { line, after: body.len() - rest.len() + 2, last });
            }
            if last && rest.is_empty() {
                return Some(Delimiter { line, after: body.len(), last });
            }
        }
        line += body.get(line..)?.windows(2).position(|w| w == b"\r\n")? + 2;
    }
}

type Headers<'a> = Vec<(&'a str, &'a str)>;

fn headers(section: &[u8]) -> Result<(Headers<'_>, &[u8]), &'static str> {
    let mut headers: Headers<'_> = Vec::new();
    let mut rest = section;
    loop {
        if let Some(data) = rest.strip_prefix(b"\r\n") {
            return Ok((headers, data));
        }
        if rest.is_empty() {
            return Ok((headers, rest));
        }
        let end = rest.windows(2).take(8192).position(|w| w == b"\r\n");
        let line = match end {
            Some(end) => &rest[..end],
            None if rest.len() <= 8192 => rest,
            None => return Err("a header line is longer than 8192 bytes"),
        };
        let text = std::str::from_utf8(line).map_err(|_| "a header is not text")?;
        let (name, value) =
            text.split_once(':').ok_or("a header has no colon; an empty line parts headers from data")?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err("a header's name is empty or holds white space");
        }
        if headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
            return Err("a header is there twice");
        }
        if headers.len() == 32 {
            return Err("there are more than 32 headers");
        }
        headers.push((name, value.trim()));
        rest = end.map_or(&[][..], |end| &rest[end + 2..]);
    }
}

/// Checks that attachments and data belong together: every attachment has its data or a fileUrl, every part is some
/// attachment's, their media types agree, and signatures sign their statements.
///
/// `parts` is empty for a request of type application/json.
pub fn check_attachments(received: &[Received], parts: &[Part<'_>], version: Version) -> Result<(), Faults> {
    let mut faults = Vec::new();
    let mut wanted: HashSet<&str> = HashSet::new();
    let by_hash: HashMap<&str, &Part<'_>> = parts.iter().map(|part| (part.sha2.as_str(), part)).collect();
    for one in received {
        let base = one.place.map_or_else(|| "$".to_owned(), |n| format!("$[{n}]"));
        let within = match &one.statement.object {
            Object::SubStatement(sub) => sub.attachments.as_slice(),
            _ => &[],
        };
        let own = one
            .statement
            .attachments
            .iter()
            .enumerate()
            .map(|(i, a)| (format!("{base}.attachments[{i}]"), a, true));
        let within =
            within.iter().enumerate().map(|(i, a)| (format!("{base}.object.attachments[{i}]"), a, false));
        for (path, attachment, is_own) in own.chain(within) {
            wanted.insert(&attachment.sha2);
            let part = by_hash.get(attachment.sha2.as_str()).copied();
            faults.extend(attachment_fault(attachment, part, version, &path));
            if is_own && attachment.usage_type == SIGNATURE_USAGE {
                faults.extend(signature_faults(one, attachment, part, version, &path));
            }
        }
    }
    for (n, part) in parts.iter().enumerate().filter(|(_, part)| !wanted.contains(part.sha2.as_str())) {
        let what = format!("no attachment of the statements has the sha2 {}", part.sha2);
        faults.push(Fault::new(&rules::MULTIPART_HASH, version, format!("attachment part {}", n + 1), what));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn attachment_fault(
    attachment: &Attachment,
    part: Option<&Part<'_>>,
    version: Version,
    path: &str,
) -> Option<Fault> {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match part {
        None if attachment.file_url.is_none() => {
            let what = format!("no part has the hash {}, and there is no fileUrl", attachment.sha2);
            Some(Fault::new(&rules::ATTACHMENT_DATA, version, path, what))
        }
        Some(Part { content_type: Some(sent), .. }) if essence(sent) != essence(&attachment.content_type) => {
            let what =
                format!("its contentType is `{}`, its part's Content-Type `{sent}`", attachment.content_type);
            Some(Fault::new(&rules::MULTIPART_HEADER, version, path, what))
        }
        _ => None,
    }
}

fn signature_faults(
    one: &Received,
    attachment: &Attachment,
    part: Option<&Part<'_>>,
    version: Version,
    path: &str,
) -> Faults {
    let mut faults = Vec::new();
    if !attachment.content_type.eq_ignore_ascii_case("application/octet-stream") {
        let what =
            format!("a signature is of type `{}`, not application/octet-stream", attachment.content_type);
        faults.push(Fault::new(&rules::SIGNATURE, version, path, what));
    }
    if let Some(part) = part
        && let Err(why) = check_signature(&one.raw, part.data)
    {
        faults.push(Fault::new(&rules::SIGNATURE, version, path, why));
    }
    faults
}

/// An attachment on its way out.
#[derive(Clone, Copy, Debug)]
pub struct OutPart<'a> {
    /// Its hash, as the statements name it.
    pub sha2: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// The bytes.
    pub data: &'a [u8],
}

/// A `multipart/mixed` answer: its content type and its body.
///
/// The boundary is worked out from the content, so that the same answer is the same bytes, and occurs in none of it.
pub fn write_multipart(statements: &str, attachments: &[OutPart<'_>]) -> (String, Vec<u8>) {
    let boundary = free_boundary(statements, attachments);
    let room = attachments.iter().map(|a| a.data.len() + 300).sum::<usize>();
    let mut body = Vec::with_capacity(statements.len() + room + 200);
    let line = |body: &mut Vec<u8>, text: &str| {
        body.extend_from_slice(text.as_bytes());
        body.extend_from_slice(b"\r\n");
    };
    line(&mut body, &format!("--{boundary}"));
    line(&mut body, "Content-Type: application/json");
    line(&mut body, "");
    line(&mut body, statements);
    for attachment in attachments {
        // A line end in a stored media type would start another header.
        let content_type = if is_media_type(attachment.content_type) {
            attachment.content_type
        } else {
            "application/octet-stream"
        };
        let sha2 = if is_sha2(attachment.sha2) { attachment.sha2 } else { "" };
        line(&mut body, &format!("--{boundary}"));
        line(&mut body, &format!("Content-Type: {content_type}"));
        line(&mut body, "Content-Transfer-Encoding: binary");
        line(&mut body, &format!("X-Experience-API-Hash: {sha2}"));
        line(&mut body, "");
        body.extend_from_slice(attachment.data);
        line(&mut body, "");
    }
    line(&mut body, &format!("--{boundary}--"));
    (format!("multipart/mixed; boundary={boundary}"), body)
}

fn free_boundary(statements: &str, attachments: &[OutPart<'_>]) -> String {
    let mut seed = Sha256::digest(statements.as_bytes());
    for attachment in attachments {
        seed = Sha256::new().chain_update(seed).chain_update(attachment.sha2).finalize();
    }
    loop {
        let mut boundary = "part-".to_owned();
        hex(&seed[..16], &mut boundary);
        let occurs = |data: &[u8]| data.windows(boundary.len()).any(|w| w == boundary.as_bytes());
        if !occurs(statements.as_bytes()) && !attachments.iter().any(|a| occurs(a.data)) {
            return boundary;
        }
        seed = Sha256::digest(seed);
    }
}
