//! What a store learns of a statement, and the text it keeps.

use uuid::Uuid;
use xapi::{AgentRole, Limits, Received, ServerFields, Version, index, parse_statements};

fn read(text: &str) -> Received {
    match parse_statements(text.as_bytes(), Version::V2_0, Limits::default()) {
        Ok(mut list) => list.remove(0),
        Err(faults) => panic!("{faults:#?}"),
    }
}

const FULL: &str = r#"{
  "id": "6690E6C9-3ef0-4ed3-8b37-7f3964730bee",
  "actor": {"objectType": "Group", "name": "Crew", "account": {"homePage": "https://hr.example.com", "name": "crew|1"},
            "member": [{"mbox": "mailto:Ana@Example.com", "name": "Ana"}, {"mbox": "mailto:ben@example.com"}]},
  "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
  "object": {"id": "https://example.com/courses/1", "definition": {"type": "https://example.com/types/course", "name": {"en": "Safety"}}},
  "result": {"completion": true, "success": false, "duration": "PT1M30.5S", "score": {"scaled": 0.50, "raw": 5, "min": 0, "max": 10.0}},
  "context": {
    "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "instructor": {"mbox": "mailto:ina@example.com"},
    "team": {"objectType": "Group", "member": [{"openid": "https://tom.example.org/"}]},
    "contextActivities": {"parent": {"id": "https://example.com/programmes/1"},
                          "category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]},
    "contextAgents": [{"objectType": "contextAgent", "agent": {"mbox": "mailto:cora@example.com"}, "relevantTypes": ["https://example.com/mentor"]}]
  },
  "timestamp": "2026-03-18T08:41:00+01:00",
  "attachments": []
}"#;

#[test]
fn every_row_at_once() {
    let rows = index(&read(FULL).statement);
    assert_eq!(rows.id.unwrap().to_string(), "6690e6c9-3ef0-4ed3-8b37-7f3964730bee");
    assert_eq!(rows.verb, "http://adlnet.gov/expapi/verbs/completed");
    assert_eq!(rows.activity.as_deref(), Some("https://example.com/courses/1"));
    let agents: Vec<_> = rows.agents.iter().map(|a| (a.key.as_str(), a.role, a.member, a.direct)).collect();
    assert_eq!(
        agents,
        [
            ("account:https://hr.example.com|crew|1", AgentRole::Actor, false, true),
            ("mbox:mailto:Ana@example.com", AgentRole::Actor, true, true),
            ("mbox:mailto:ben@example.com", AgentRole::Actor, true, true),
            ("mbox:mailto:ina@example.com", AgentRole::Instructor, false, false),
            ("openid:https://tom.example.org/", AgentRole::Team, true, false),
            ("mbox:mailto:cora@example.com", AgentRole::Context, false, false),
        ]
    );
    let activities: Vec<_> = rows.activities.iter().map(|a| (a.iri.as_str(), a.direct)).collect();
    assert_eq!(
        activities,
        [
            ("https://example.com/courses/1", true),
            ("https://example.com/programmes/1", false),
            ("https://w3id.org/xapi/cmi5/context/categories/cmi5", false),
        ]
    );
    assert_eq!(rows.definitions.len(), 1);
    assert_eq!(
        rows.definitions[0].definition.json.as_str(),
        r#"{"name":{"en":"Safety"},"type":"https://example.com/types/course"}"#
    );
    assert_eq!(rows.timestamp.unwrap().to_string(), "2026-03-18T07:41:00Z");
    assert_eq!(
        (rows.outcome.completion, rows.outcome.success, rows.outcome.duration_millis),
        (Some(true), Some(false), Some(90_500))
    );
    let score = rows.outcome;
    assert_eq!(
        (score.scaled, score.raw, score.min, score.max),
        (Some(0.5), Some(5.0), Some(0.0), Some(10.0))
    );
    assert_eq!((rows.voids, rows.refers_to), (None, None));
}

#[test]
fn a_substatement_is_related_only() {
    let rows = index(
        &read(
            r#"{"actor": {"mbox": "mailto:a@example.com"}, "verb": {"id": "x:planned"}, "object": {"objectType": "SubStatement",
            "actor": {"mbox": "mailto:b@example.com"}, "verb": {"id": "x:did"}, "object": {"id": "x:1"},
            "context": {"instructor": {"mbox": "mailto:c@example.com"}, "contextActivities": {"other": {"id": "x:2"}}}}}"#,
        )
        .statement,
    );
    let agents: Vec<_> = rows.agents.iter().map(|a| (a.key.as_str(), a.direct)).collect();
    assert_eq!(
        agents,
        [
            ("mbox:mailto:a@example.com", true),
            ("mbox:mailto:b@example.com", false),
            ("mbox:mailto:c@example.com", false)
        ]
    );
    assert!(
        rows.activity.is_none() && rows.activities.len() == 2 && rows.activities.iter().all(|a| !a.direct)
    );
}

#[test]
fn voiding_and_referring() {
    let statement = |verb: &str| {
        format!(
            r#"{{"actor":{{"mbox":"mailto:a@example.com"}},"verb":{{"id":"{verb}"}},"object":{{"objectType":"StatementRef","id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee"}}}}"#
        )
    };
    let target = Uuid::parse_str("6690e6c9-3ef0-4ed3-8b37-7f3964730bee").ok();
    let rows = index(&read(&statement("http://adlnet.gov/expapi/verbs/voided")).statement);
    assert_eq!((rows.voids, rows.refers_to), (target, target));
    let rows = index(&read(&statement("x:commented")).statement);
    assert_eq!((rows.voids, rows.refers_to), (None, target));
}

fn fields() -> ServerFields<'static> {
    ServerFields {
        id: Uuid::from_u128(7),
        stored: "2026-03-18T08:41:00.25Z".parse().unwrap(),
        authority: r#"{"account":{"homePage":"https://here.example","name":"key"}}"#,
        version: Version::V1_0_3,
    }
}

#[test]
fn what_was_missing_is_added_at_the_end() {
    let raw = "{ \"verb\" : {\"id\":\"x:y\"},\n\t\"object\":{\"id\":\"x:1\"}, \"actor\":{\"mbox\":\"mailto:a@b.c\"}, \"result\":{\"score\":{\"raw\":1.0e1}}\n}";
    let stored = read(raw).with_server_fields(&fields());
    assert_eq!(
        stored,
        format!(
            "{},\"id\":\"00000000-0000-0000-0000-000000000007\",\"timestamp\":\"2026-03-18T08:41:00.250Z\",\"stored\":\"2026-03-18T08:41:00.250Z\",\"authority\":{},\"version\":\"1.0.0\"}}",
            &raw[..raw.len() - 1],
            fields().authority
        )
    );
    read(&stored);
}

#[test]
fn what_was_there_stays_but_for_stored_and_authority() {
    let raw = r#" {"stored":"2001-01-01T00:00:00Z","id":"6690E6C9-3EF0-4ED3-8B37-7F3964730BEE","version":"1.0.7","timestamp":"2020-01-01T00:00:00+02:00",
        "authority":{"mbox":"mailto:x@y.z"},"actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:y"},"object":{"id":"x:1"},
        "context":{"contextActivities":{"grouping": {"id":"x:2"} ,"other":[{"id":"x:3"}]}}} "#;
    let stored = read(raw).with_server_fields(&fields());
    let want = raw
        .trim()
        .replace("2001-01-01T00:00:00Z", "2026-03-18T08:41:00.250Z")
        .replace(r#"{"mbox":"mailto:x@y.z"}"#, fields().authority)
        .replace(r#"{"id":"x:2"}"#, r#"[{"id":"x:2"}]"#);
    assert_eq!(stored, want);
    read(&stored);
}

#[test]
fn many_members_are_each_one_row() {
    let member = |n: usize| format!(r#"{{"mbox":"mailto:m{}@example.com"}}"#, n % 2_000);
    let members: Vec<String> = (0..2_500).map(member).collect();
    let activities: Vec<String> = (0..2_500)
        .map(|n| format!(r#"{{"id":"x:{}","definition":{{"type":"x:t{n}"}}}}"#, n % 2_000))
        .collect();
    let rows = index(
        &read(&format!(
            r#"{{"actor":{{"objectType":"Group","member":[{}]}},"verb":{{"id":"x:v"}},"object":{{"id":"x:o"}},"context":{{"contextActivities":{{"other":[{}]}}}}}}"#,
            members.join(","),
            activities.join(",")
        ))
        .statement,
    );
    assert_eq!((rows.agents.len(), rows.activities.len(), rows.definitions.len()), (2_000, 2_001, 2_000));
    let first = rows.definitions.iter().find(|seen| seen.iri == "x:0");
    assert_eq!(first.and_then(|seen| seen.definition.kind.as_deref()), Some("x:t2000"));
}

#[test]
fn what_was_stored_is_read_again() {
    let text = read(FULL).with_server_fields(&fields());
    let again = xapi::read_stored(&text).unwrap();
    assert_eq!(again.version.as_deref(), Some("1.0.0"));
    assert_eq!(again.context.unwrap().context_agents.len(), 1);
    assert!(xapi::read_stored("{}").is_none() && xapi::read_stored("[]").is_none());
    let old = r#"{"actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:y"},"object":{"id":"x:1"},"timestamp":"2020-01-01T00:00"}"#;
    assert!(xapi::read_stored(old).unwrap().timestamp.is_some());
}
