//! Every rule, by example: what comes in, and which faults come back, each as `path rule`.
//!
//! The last test fails while a rule of the table has no example here.

use std::collections::BTreeSet;

use xapi::rules::RULES;
use xapi::{
    Document, DocumentCall, Faults, Limits, Preconditions, Resource, Version, check_attachments,
    document_query, merge_document, parse_statements, split_multipart, statements_query,
};

use Version::{V1_0_3, V2_0};

mod cases;
mod reference;

/// An example: its name, the faults that came back, and those that should.
struct Case {
    name: String,
    got: Vec<String>,
    want: Vec<String>,
}

impl Case {
    fn new(name: &str, version: Version, result: Result<(), Faults>, want: &[&str]) -> Self {
        let got = result.err().unwrap_or_default().iter().map(|f| format!("{} {}", f.path, f.rule)).collect();
        Self {
            name: format!("{name} ({version:?})"),
            got,
            want: want.iter().map(|w| (*w).to_owned()).collect(),
        }
    }
}

/// A plain good statement with some properties set to something else; an empty text takes one out.
fn statement(changes: &[(&str, &str)]) -> String {
    let mut properties = vec![
        ("actor", r#"{"mbox":"mailto:ana@example.com"}"#),
        ("verb", r#"{"id":"http://adlnet.gov/expapi/verbs/completed"}"#),
        ("object", r#"{"id":"https://example.com/courses/1"}"#),
    ];
    for &(name, value) in changes {
        properties.retain(|(n, _)| *n != name);
        if !value.is_empty() {
            properties.push((name, value));
        }
    }
    let written: Vec<String> = properties.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", written.join(","))
}

fn judge(name: &str, version: Version, body: &[u8], want: &[&str]) -> Case {
    Case::new(name, version, parse_statements(body, version, Limits::default()).map(drop), want)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn all() -> Vec<Case> {
    let mut all = Vec::new();
    for version in [V1_0_3, V2_0] {
        for (name, changes, want) in cases::STATEMENTS {
            all.push(judge(name, version, statement(changes).as_bytes(), want));
        }
        for (name, body, want) in cases::BODIES {
            all.push(judge(name, version, body, want));
        }
        for (name, list, want) in cases::QUERIES {
            all.push(Case::new(name, version, statements_query(&pairs(list), version).map(drop), want));
        }
        for (name, (resource, call), list, want) in cases::DOCUMENTS {
            all.push(Case::new(
                name,
                version,
                document_query(*resource, *call, &pairs(list), version).map(drop),
                want,
            ));
        }
        all.extend(of_their_own(version));
    }
    for (name, changes, old, new) in cases::BY_VERSION {
        all.push(judge(name, V1_0_3, statement(changes).as_bytes(), old));
        all.push(judge(name, V2_0, statement(changes).as_bytes(), new));
    }
    all
}

/// Examples that no table holds.
fn of_their_own(version: Version) -> Vec<Case> {
    let mut all = Vec::new();
    let deep = format!("{}1{}", "[".repeat(80), "]".repeat(80));
    let extension = format!(r#"{{"extensions":{{"x:deep":{deep}}}}}"#);
    all.push(judge(
        "a bomb of brackets",
        version,
        statement(&[("context", &extension)]).as_bytes(),
        &[&format!("$.context.extensions[\"x:deep\"]{} json-depth", "[0]".repeat(61))],
    ));
    let limited = |limits: Limits, body: &str| parse_statements(body.as_bytes(), version, limits).map(drop);
    let limits = Limits { body_bytes: 300, statement_bytes: 150, statements: 2, ..Limits::default() };
    let long = statement(&[("context", r#"{"platform":"pppppppppppppppppppppppppppppppppp"}"#)]);
    all.push(Case::new("a statement too long", version, limited(limits, &long), &["$ json-size"]));
    all.push(Case::new(
        "a body too long",
        version,
        limited(limits, &format!("[{long},{long}]")),
        &["$ json-size"],
    ));
    let limits = Limits { statements: 2, ..Limits::default() };
    let three = format!("[{0},{0},{0}]", statement(&[]));
    all.push(Case::new("a batch too long", version, limited(limits, &three), &["$[2] statement-count"]));
    let header = Version::from_header(Some("0.95"), version).map(drop);
    all.push(Case::new(
        "an old version header",
        version,
        header,
        &["header X-Experience-API-Version version-header"],
    ));
    let tags = Preconditions::from_headers(Some("1234"), Some("\"1234\""), version).map(drop);
    all.push(Case::new("a tag without quotes", version, tags, &["header If-Match precondition-form"]));
    let form = xapi::alternate_request(&pairs(&[("method", "FETCH"), ("limit", "1")]), Vec::new()).map(drop);
    all.push(Case::new(
        "a form of no method",
        version,
        form,
        &["parameter method alternate-request", "parameter limit alternate-request"],
    ));
    let text = Document { content_type: "text/plain", content: b"x" };
    let merged = merge_document(Some(text), text, version).map(drop);
    all.push(Case::new(
        "merging what is not JSON",
        version,
        merged,
        &["$ document-merge", "$ document-merge"],
    ));
    for (name, content_type, body, want) in cases::multiparts() {
        let result = split_multipart(content_type, &body, version, Limits::default()).and_then(|parts| {
            let received = parse_statements(parts.statements, version, Limits::default())?;
            check_attachments(&received, &parts.attachments, version)
        });
        all.push(Case::new(&name, version, result, want));
    }
    let attachment =
        statement(&[("attachments", &format!("[{}]", cases::attachment("a".repeat(64).as_str(), "")))]);
    let received = parse_statements(attachment.as_bytes(), version, Limits::default()).unwrap();
    let result = check_attachments(&received, &[], version);
    all.push(Case::new(
        "an attachment sent as JSON only",
        version,
        result,
        &["$.attachments[0] attachment-data"],
    ));
    all
}

#[test]
fn every_example_gives_its_faults() {
    let wrong: Vec<String> = all()
        .iter()
        .filter(|case| case.got != case.want)
        .map(|case| format!("{}\n   got  {:?}\n   want {:?}", case.name, case.got, case.want))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_an_example() {
    let shown: BTreeSet<String> = all()
        .iter()
        .flat_map(|case| &case.want)
        .filter_map(|w| Some(w.rsplit_once(' ')?.1.to_owned()))
        .collect();
    let without: Vec<&str> =
        RULES.iter().map(|rule| rule.name).filter(|name| !shown.contains(*name)).collect();
    assert!(without.is_empty(), "rules without an example: {without:?}");
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len(), "two rules have one name");
}

#[test]
fn the_page_of_requirements_is_current() {
    reference::check(&all());
}

#[test]
fn a_batch_reports_all_statements_at_once() {
    let body = format!(
        "[{}, {}, {}]",
        statement(&[("verb", ""), ("actor", r#"{"mbox":"ana"}"#)]),
        statement(&[]),
        statement(&[("result", r#"{"score":{"scaled":2,"scaled":3},"success":"true"}"#)])
    );
    let faults = parse_statements(body.as_bytes(), V1_0_3, Limits::default()).unwrap_err();
    let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "$[0].actor.mbox: `ana` is not a mailto IRI: it does not start with `mailto:` (xAPI 1.0.3 Data 2.4.2.3). Send it like `mailto:ana@example.com`.",
            "$[0].verb: `verb` is missing (xAPI 1.0.3 Data 2.2). Add the missing property.",
            "$[2].result.score.scaled: the property is there a second time (xAPI 1.0.3 Data 2.2). Keep one of the two.",
            "$[2].result.score.scaled: 2 is not between -1 and 1 (xAPI 1.0.3 Data 2.4.5.1). Send `scaled` as a share (0.8 for 80 %), and `raw` within `min` and `max`.",
            "$[2].result.score.scaled: 3 is not between -1 and 1 (xAPI 1.0.3 Data 2.4.5.1). Send `scaled` as a share (0.8 for 80 %), and `raw` within `min` and `max`.",
            "$[2].result.success: a string is here where a boolean belongs (xAPI 1.0.3 Data 2.2). Send the right type; numbers and booleans are not written in quotes.",
        ]
    );
}

#[test]
fn faults_are_bounded() {
    let body = format!("[{}]", vec!["{}"; 1000].join(","));
    let faults =
        parse_statements(body.as_bytes(), V1_0_3, Limits { faults: 10, ..Limits::default() }).unwrap_err();
    assert_eq!(faults.len(), 10);
}

#[test]
fn state_documents_name_their_parameters() {
    let query = document_query(
        Resource::State,
        DocumentCall::Store,
        &pairs(&[("activityId", "x:1"), ("agent", r#"{"mbox":"mailto:a@B.c"}"#), ("stateId", "bookmark")]),
        V1_0_3,
    )
    .unwrap();
    assert_eq!(query.agent.unwrap().as_str(), "mbox:mailto:a@b.c");
    assert_eq!((query.activity.as_deref(), query.id.as_deref()), (Some("x:1"), Some("bookmark")));
}
