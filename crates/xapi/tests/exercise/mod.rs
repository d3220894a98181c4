//! Everything there is to do with an input, for the sake of doing it: for the property tests beside this and for `fuzz/`.

use jiff::Timestamp;
use uuid::Uuid;
use xapi::{
    ActivityRole, DocumentCall, Limits, Preferred, Resource, ServerFields, Version, activities_query,
    agents_query, alternate_request, canonical_format, check_attachments, document_query, duration_millis,
    fingerprint, ids_format, index, iri_fault, is_language_tag, mailto_fault, parse_actor, parse_statements,
    post_query, put_query, said, same_meaning, split_multipart, statements_query, timestamp,
};

/// Everything there is to do with a text, for the sake of doing it.
pub(crate) fn statements(body: &[u8]) {
    for version in [Version::V1_0_3, Version::V2_0] {
        match parse_statements(body, version, Limits::default()) {
            Ok(list) => {
                for received in list {
                    let rows = index(&received.statement);
                    assert_eq!(rows.id, received.statement.id);
                    let fields = ServerFields {
                        id: Uuid::from_u128(1),
                        stored: Timestamp::UNIX_EPOCH,
                        authority: r#"{"mbox":"mailto:server@example.com"}"#,
                        version,
                    };
                    let stored = received.with_server_fields(&fields);
                    let again = parse_statements(stored.as_bytes(), version, Limits::default()).unwrap();
                    assert_eq!(again[0].with_server_fields(&fields), stored);
                    assert!(same_meaning(&received.raw, &stored), "{stored}");
                    assert_eq!(fingerprint(&received.raw), fingerprint(&stored));
                    let said = said(&stored).unwrap();
                    let (activity, verb) = (said.activity.as_deref(), said.verb.as_str());
                    assert_eq!((activity, verb), (rows.activity.as_deref(), rows.verb.as_str()));
                    assert_eq!((said.registration, said.outcome), (rows.registration, rows.outcome));
                    let part_of = [ActivityRole::Parent, ActivityRole::Grouping];
                    assert!(said.within.iter().all(|iri| {
                        rows.activities.iter().any(|a| a.iri == *iri && part_of.contains(&a.role))
                    }));
                    assert!(
                        rows.activities.iter().filter(|a| part_of.contains(&a.role)).all(|a| {
                            said.within.contains(&a.iri) || said.activity.as_ref() == Some(&a.iri)
                        })
                    );
                    ids_format(&stored).unwrap();
                    let canonical =
                        canonical_format(&stored, &Preferred::from_header("de"), &|_| None).unwrap();
                    assert!(same_meaning(&canonical, &stored));
                }
            }
            Err(faults) => {
                assert!(
                    !faults.is_empty() && faults.iter().all(|f| !f.what.is_empty() && !f.path.is_empty())
                );
            }
        }
    }
}

/// A text where identifiers, times and tags stand.
pub(crate) fn words(text: &str) {
    if let Ok(millis) = duration_millis(text) {
        assert!(millis >= 0, "{text}");
    }
    let _ = (timestamp(text, Version::V1_0_3), timestamp(text, Version::V2_0));
    let _ = (iri_fault(text), mailto_fault(text), is_language_tag(text), Preferred::from_header(text));
    let _ = (
        parse_actor(text, "x", Version::V1_0_3),
        xapi::multipart_boundary(&format!("multipart/mixed;{text}")),
    );
    if let Ok(key) = text.parse::<xapi::IfiKey>() {
        assert_eq!(
            key.as_str().parse::<xapi::IfiKey>().as_ref(),
            Ok(&key),
            "a key in its normal form stays as it is"
        );
    }
}

/// A body of several parts, and what it was sent with.
pub(crate) fn multipart(content_type: &str, body: &[u8]) {
    for version in [Version::V1_0_3, Version::V2_0] {
        let Ok(parts) = split_multipart(content_type, body, version, Limits::default()) else { continue };
        if let Ok(received) = parse_statements(parts.statements, version, Limits::default()) {
            let _ = check_attachments(&received, &parts.attachments, version);
        }
    }
}

/// The parameters of a request, to every resource.
pub(crate) fn query(pairs: &[(String, String)]) {
    for version in [Version::V1_0_3, Version::V2_0] {
        let _ = (statements_query(pairs, version), put_query(pairs, version), post_query(pairs, version));
        let _ = (agents_query(pairs, version), activities_query(pairs, version));
        for resource in [Resource::State, Resource::AgentProfile, Resource::ActivityProfile] {
            for call in [DocumentCall::Store, DocumentCall::Read, DocumentCall::Delete] {
                let _ = document_query(resource, call, pairs, version);
            }
        }
    }
    let _ = alternate_request(pairs, pairs.to_vec());
}
