//! The pages of the demo, found as a person finds them: sign in as each persona and follow every link.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::http::{Client, Reply};
use super::latency::{Latency, milliseconds};
use super::server::{Scratch, Server};

/// How many different addresses of one kind of page are visited, and how often each.
const EXAMPLES: usize = 5;
const VISITS: usize = 20;
/// The most addresses that one persona follows.
const MOST_LINKS: usize = 400;

/// How quickly the demo starts, and how quickly its pages come.
#[derive(Debug, Serialize)]
pub(crate) struct Pages {
    pub(crate) ready_after_s: f64,
    pub(crate) settled_after_s: f64,
    pub(crate) resident_idle_mib: f64,
    pub(crate) resident_after_pages_mib: f64,
    pub(crate) data_mib: f64,
    pub(crate) pages: Vec<Page>,
}

/// One kind of page as one persona sees it.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    pub(crate) persona: String,
    /// The address, with ids replaced by `…`.
    pub(crate) page: String,
    pub(crate) addresses: usize,
    pub(crate) kib: f64,
    /// The first visit to the first address of the kind.
    pub(crate) first_ms: f64,
    pub(crate) latency: Option<Latency>,
    /// Answers that were neither 200 nor a redirect.
    pub(crate) errors: usize,
}

/// # Errors
/// Where the demo does not start, or nobody can sign in.
pub(crate) fn measure(with_pages: bool) -> Result<Pages> {
    let scratch = Scratch::new("demo")?;
    let data = scratch.data();
    let server = Server::start("demo", &data, &[])?;
    let settled = server.settle();
    let resident_idle_mib = server.resident_mib();
    let mut pages = Vec::new();
    if with_pages {
        let mut picker = Client::new(server.address()?);
        let reply = follow(&mut picker, "/")?;
        let personas = personas(&String::from_utf8_lossy(&reply.body));
        if personas.is_empty() {
            bail!("the first page of the demo offers nobody to sign in as");
        }
        for persona in personas {
            pages.extend(visit(&server, &persona).with_context(|| format!("as {}", persona.name))?);
        }
    }
    Ok(Pages {
        ready_after_s: milliseconds(server.ready_after) / 1000.0,
        settled_after_s: milliseconds(server.ready_after + settled) / 1000.0,
        resident_idle_mib,
        resident_after_pages_mib: server.resident_mib(),
        data_mib: (super::server::bytes_in(&data) as f64 / 1048576.0 * 10.0).round() / 10.0,
        pages,
    })
}

/// A button of the persona picker.
#[derive(Debug, PartialEq, Eq)]
struct Persona {
    name: String,
    action: String,
    form: String,
}

/// The forms of the picker, one for each person. The first form of a person counts: later ones lead to one page.
fn personas(html: &str) -> Vec<Persona> {
    let mut found: Vec<Persona> = Vec::new();
    for form in html.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        let tags = |name: &str| {
            form.split(name)
                .skip(1)
                .map(|rest| rest.split('>').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        let Some(action) = attribute(form.split('>').next().unwrap_or_default(), "action") else { continue };
        let inputs = tags("<input ");
        let Some(person) = inputs.iter().find(|tag| attribute(tag, "name").as_deref() == Some("person"))
        else {
            continue;
        };
        let value = escape(&attribute(person, "value").unwrap_or_default());
        let button = form.split("<button").nth(1).and_then(|rest| rest.split_once('>'));
        let name = button.and_then(|(_, rest)| rest.split('<').next()).unwrap_or(&action).trim().to_owned();
        let form = format!("person={value}");
        if found.iter().all(|other| other.form != form) {
            found.push(Persona { name, action, form });
        }
    }
    found
}

/// The value of an attribute in a tag, with its entities undone.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let marker = format!("{name}=\"");
    let at = tag
        .match_indices(&marker)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || tag.as_bytes()[at - 1].is_ascii_whitespace())?;
    let rest = &tag[at + marker.len()..];
    let value = &rest[..rest.find('"')?];
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\""))
}

/// Form encoding.
fn escape(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn follow(client: &mut Client, path: &str) -> Result<Reply> {
    let mut reply = client.get(path)?;
    for _ in 0..5 {
        match reply.location.take() {
            Some(to) if (300..400).contains(&reply.status) => reply = client.get(local(&to))?,
            _ => break,
        }
    }
    Ok(reply)
}

/// The path of an address on this server.
fn local(address: &str) -> &str {
    match address.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => address,
    }
}

fn visit(server: &Server, persona: &Persona) -> Result<Vec<Page>> {
    let mut client = Client::new(server.address()?);
    follow(&mut client, "/")?;
    let reply = client.post_form(&persona.action, &persona.form)?;
    let Some(home) = reply.location.filter(|_| (300..400).contains(&reply.status)) else {
        bail!("signing in was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    };
    let mut waiting = VecDeque::from([local(&home).to_owned()]);
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut first: BTreeMap<String, Duration> = BTreeMap::new();
    while let Some(path) = waiting.pop_front() {
        let kind = kind(&path);
        let examples = kinds.entry(kind.clone()).or_default();
        if examples.len() >= EXAMPLES {
            continue;
        }
        let reply = client.get(&path)?;
        if let Some(to) = reply.location.as_deref().filter(|_| (300..400).contains(&reply.status)) {
            if known.insert(local(to).to_owned()) {
                waiting.push_back(local(to).to_owned());
            }
            continue;
        }
        if reply.status != 200 || !reply.content_type.starts_with("text/html") {
            if reply.status >= 400 {
                eprintln!("  {}: {path} answered {}", persona.name, reply.status);
            }
            continue;
        }
        examples.push(path);
        first.entry(kind).or_insert(reply.took);
        for link in links(&String::from_utf8_lossy(&reply.body)) {
            if known.len() < MOST_LINKS && known.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
    }
    kinds.retain(|_, examples| !examples.is_empty());
    kinds.into_iter().map(|(kind, addresses)| time(&mut client, persona, kind, &addresses, &first)).collect()
}

fn time(
    client: &mut Client,
    persona: &Persona,
    page: String,
    addresses: &[String],
    first: &BTreeMap<String, Duration>,
) -> Result<Page> {
    let mut times = Vec::new();
    let (mut bytes, mut errors) = (0, 0);
    for _ in 0..VISITS {
        for address in addresses {
            let reply = client.get(address)?;
            times.push(reply.took);
            bytes += reply.body.len();
            errors += usize::from(reply.status >= 400);
        }
    }
    let kib = (bytes as f64 / times.len() as f64 / 102.4).round() / 10.0;
    let first_ms = first.get(&page).copied().map_or(0.0, milliseconds);
    Ok(Page {
        persona: persona.name.clone(),
        page,
        addresses: addresses.len(),
        kib,
        first_ms,
        latency: Latency::of(times),
        errors,
    })
}

/// The addresses of pages that a page links to.
fn links(html: &str) -> Vec<String> {
    html.split("<a ")
        .skip(1)
        .filter_map(|rest| attribute(rest.split('>').next()?, "href"))
        .map(|href| href.split('#').next().unwrap_or_default().to_owned())
        .filter(|href| href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/assets/"))
        .collect()
}

/// The address with everything that names one thing replaced, so that pages of one kind are counted together.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let is_id = |part: &str| part.len() >= 12 && part.chars().any(|one| one.is_ascii_digit());
    path.split('/').map(|part| if is_id(part) { "…" } else { part }).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_person_once() {
        let html = "<form method=\"post\" action=\"/demo\"><input type=\"hidden\" name=\"person\" value=\"a b\">\
            <button type=\"submit\">Maya</button></form>\
            <form method=\"post\" action=\"/demo\"><input name=\"person\" value=\"a b\"><input name=\"next\" value=\"/x\">\
            <button>Go</button></form>\
            <form method=\"post\" action=\"/sign-in\"><input type=\"password\" name=\"p\"></form>";
        let found = personas(html);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].name.as_str(), found[0].form.as_str()), ("Maya", "person=a%20b"));
    }

    #[test]
    fn pages_of_one_kind_are_one() {
        assert_eq!(kind("/people/person_01h455vb4pex5vsknk084sn02q/metrics?weeks=26"), "/people/…/metrics");
        assert_eq!(links("<a class=\"x\" href=\"/team#top\"> <a href=\"https://example.org/\">"), ["/team"]);
    }
}
