//! The lines of learning records, erasure and retention.

use domain::access::{Act, Principal, Resource};
use domain::ids::ErasureId;

use super::{About, Ask, Line, get, lacks, line};

/// The address of an erasure that nobody asked for.
fn no_erasure(rest: &str) -> String {
    format!("/erasures/{}{rest}", ErasureId::new(uuid::Uuid::nil()))
}

/// One line per route.
pub(super) fn lines() -> Vec<Line> {
    use About::*;
    use Act::{Job, Read};
    use Resource::{Erasure, PrivacySettings, Statement};
    vec![
        // One's own without more; the member's for a purpose.
        line("GET", "/records", Part(Statement, Job, &[Principal::Privacy]), |_| {
            Ask::Get("/records?person=member&why=a+test+of+access".into())
        }),
        get("/retention", Row(PrivacySettings, Read, None)),
        get("/erasures", Asked(Erasure)),
        line("POST", "/erasures", Asked(Erasure), |_| {
            Ask::Form(
                "/erasures".into(),
                vec![("person", "peer".into()), ("why", "they asked for it".into())],
            )
        }),
        lacks("erasure", line("GET", "/erasures/{id}", Asked(Erasure), |_| Ask::Get(no_erasure("")))),
        lacks(
            "erasure",
            line("POST", "/erasures/{id}/apply", Asked(Erasure), |_| Ask::Form(no_erasure("/apply"), vec![])),
        ),
        lacks(
            "erasure",
            line("POST", "/erasures/{id}/withdraw", Asked(Erasure), |_| {
                Ask::Form(no_erasure("/withdraw"), vec![])
            }),
        ),
        line("POST", "/me/erasure", Own, |_| Ask::Form("/me/erasure".into(), vec![("why", String::new())])),
    ]
}
