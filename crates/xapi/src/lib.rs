//! The experience API as values: what a learning record store has to know of the protocol and nothing else.
//!
//! Bytes go in, and statements come out with every row that a store needs of them, or else *every* fault at once, each with
//! its place (`$[3].actor.mbox`), the clause it offends, and what to do about it. Both versions are spoken: 1.0.3 and
//! 2.0 (IEEE 9274.1.1).
//!
//! ```
//! use xapi::{Limits, Version, parse_statements, index};
//! let body = br#"{
//!     "actor": {"mbox": "mailto:ana@example.com"},
//!     "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
//!     "object": {"id": "https://example.com/courses/1"}
//! }"#;
//! let received = parse_statements(body, Version::V1_0_3, Limits::default()).unwrap();
//! let rows = index(&received[0].statement);
//! assert_eq!(rows.agents[0].key.as_str(), "mbox:mailto:ana@example.com");
//!
//! let faults = parse_statements(br#"[{"actor": {"mbox": "ana"}}]"#, Version::V1_0_3, Limits::default()).unwrap_err();
//! assert_eq!(faults.len(), 3); // the mbox, and no verb and no object
//! assert_eq!(faults[0].path, "$[0].actor.mbox");
//! ```
//!
//! # What it must not know
//!
//! HTTP, SQL, the clock, randomness, our people and our metrics. Time and ids are given to it; the same input always gives the
//! same answer. It does no cryptography but hashing: an RSA signature is taken apart and checked against its statement,
//! but not verified against a certificate.
//!
//! # Where the specification leaves room
//!
//! - A key that is used twice in an object is refused everywhere, extensions included: two readers would not agree on it.
//! - Within extensions any value is taken, null and NUL too, as long as it is JSON that can be read: no number beyond a
//!   double, no nesting beyond the limit, no half of a surrogate pair.
//! - A timestamp is RFC 3339 in 2.0. In 1.0.3 the seconds, the separators and the offset may be missing; UTC is then meant.
//! - A UUID may be of any variant: the specification's own examples are.
//! - A Group without an identifier has at least one member.
//! - Interaction components (`choices`, `scale` …) are taken only with the interactionType that has them.
//! - An attachment's `length` is not held against its data: senders count characters, and the hash says more.
//! - The address in an `mbox` is compared with its domain in lower case; IRIs are compared character by character.
//! - The text of a statement is given back as received, but for the three differences that `splice` lists.
//!
//! # How it is laid out
//!
//! `json` reads text strictly and keeps the place of every value; `judge` holds what was read to the rules and builds the
//! values of `statement`; `rules` is the table of all rules with their clauses. The other files each do one thing with a
//! statement: `index` (rows for a store), `splice` (the text as stored), `sameness` (whether two mean the same), `format` (the
//! forms a reader may ask for), `said` (what it says in short), `without` (without somebody who is erased), `multipart` and `signature` (what comes with it). `query` reads parameters, `document` judges
//! writes to the state and profile resources.
//!
//! # To add a rule
//!
//! A line in `rules`, a check in `judge` at the object it is about, and a case in `tests/corpus.rs`, which fails while a
//! rule has none.

mod agent;
mod alternate;
mod document;
mod fault;
mod format;
mod index;
mod iri;
mod json;
mod judge;
mod language;
mod multipart;
mod parse;
mod query;
pub mod rules;
mod said;
mod sameness;
mod shape;
mod signature;
mod splice;
mod statement;
mod time;
mod version;
mod without;

pub use agent::{Actor, Agent, BadKey, Group, Ifi, IfiKey, agent_key, person_json};
pub use alternate::{Alternate, alternate_request, is_alternate};
pub use document::{
    Document, Preconditions, Refusal, Resource, Write, check_document, etag, may_write, merge_document,
};
pub use fault::{Fault, Faults};
pub use format::{
    Format, activity_json, activity_name, canonical_format, ids_format, merge_definition, statements_json,
};
pub use index::{
    ActivityRole, ActivityRow, ActivitySeen, AgentRole, AgentRow, Index, ObjectKind, Outcome, index,
};
pub use iri::{iri_fault, is_iri, mailto_fault};
pub use language::{LanguageMap, Preferred, is_language_tag};
pub use multipart::{
    OutPart, Part, Parts, check_attachments, multipart_boundary, sha2_of, split_multipart, write_multipart,
};
pub use parse::{Limits, parse_actor, parse_statements, read_stored};
pub use query::{
    DocumentCall, DocumentQuery, Filter, StatementsQuery, activities_query, agents_query, document_query,
    post_query, put_query, statements_query,
};
pub use said::{Said, said};
pub use sameness::{fingerprint, same_meaning};
pub use signature::{Algorithm, Jws, check_signature};
pub use splice::{ServerFields, Unstamped, rfc3339, stamp};
pub use statement::{
    Activity, Attachment, Context, ContextActor, Definition, Duration, Json, Object, Received,
    SIGNATURE_USAGE, Score, Statement, StatementResult, SubStatement, VOIDED, Verb,
};
pub use time::{duration_millis, timestamp};
pub use version::Version;
pub use without::{Called, each_string, with_strings, without};
