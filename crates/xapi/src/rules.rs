//! Every rule that this crate holds requests to, in one table.
//!
//! A rule names its clause in both versions of the specification, says what is required and what to do about it.
//! To add one: a line here, the check where the value is judged, and a case in `tests/corpus`,
//! which fails while a rule has no case.

use crate::Version;

/// One requirement of the specification, or of this reader.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// A short name, stable enough to test against.
    pub name: &'static str,
    /// Where xAPI 1.0.3 says so: `Data` is its part two, `Communication` its part three.
    pub clause_1_0_3: &'static str,
    /// Where xAPI 2.0 (IEEE 9274.1.1) says so.
    pub clause_2_0: &'static str,
    /// What is required.
    pub requirement: &'static str,
    /// What the sender can do about it.
    pub remedy: &'static str,
}

impl Rule {
    /// Where a version of the specification says so, with the name of that version.
    pub fn clause(&self, version: Version) -> String {
        match version {
            Version::V1_0_3 => format!("xAPI 1.0.3 {}", self.clause_1_0_3),
            Version::V2_0 => format!("xAPI 2.0 {}", self.clause_2_0),
        }
    }
}

macro_rules! rules {
    ($($konst:ident $name:literal $v1:literal $v2:literal $requirement:literal $remedy:literal)*) => {
        $(
            #[doc = $requirement]
            pub static $konst: Rule = Rule {
                name: $name, clause_1_0_3: $v1, clause_2_0: $v2, requirement: $requirement, remedy: $remedy,
            };
        )*
        /// All of them, in the order of the specification.
        pub static RULES: &[&Rule] = &[$(&$konst),*];
    };
}

rules! {
    JSON_WELL_FORMED "json-well-formed" "Communication 1.5.1" "4.1.3"
        "A request body of type application/json is one valid JSON text (RFC 8259)."
        "Send what a JSON library writes; do not put the text together by hand."
    JSON_UTF8 "json-utf8" "Communication 1.4" "4.1.2"
        "All strings are UTF-8."
        "Encode the request body as UTF-8."
    JSON_DEPTH "json-depth" "Communication 1.5.1" "4.1.3"
        "Values are nested no deeper than this server reads."
        "Flatten the value, or send it as an attachment."
    JSON_SIZE "json-size" "Communication 1.5.2" "4.1.3"
        "A request is no larger than this server is set up to accept."
        "Send fewer statements at a time, and large data as attachments."
    JSON_NUMBER_RANGE "json-number-range" "Data 2.2" "4.2.4.1"
        "Numbers can be held by a 64-bit floating point number."
        "Send a number below 1.8e308, or a string."
    JSON_REPEATED_KEY "json-repeated-key" "Data 2.2" "4.2.4.1"
        "A property is used no more than once in an object."
        "Keep one of the two."
    NO_NULL "no-null" "Data 2.2" "4.2.4.1"
        "No value is null, except inside extensions."
        "Leave the property out."
    RIGHT_TYPE "right-type" "Data 2.2" "4.2.4.1"
        "Each value has the data type that the specification gives for it."
        "Send the right type; numbers and booleans are not written in quotes."
    KNOWN_PROPERTY "known-property" "Data 2.2" "4.2.4.1"
        "An object has only the properties that the specification gives for it."
        "Take it out, or move it into `extensions` under an IRI."
    PROPERTY_CASE "property-case" "Data 2.2" "4.2.4.1"
        "The case of a property name matches the specification."
        "Write the property as the specification does."
    NO_NUL "no-nul" "Data 2.2" "4.2.4.1"
        "A string outside of extensions holds no NUL character."
        "Take the `\\u0000` out."
    IRI "iri" "Data 4.3" "4.2.7"
        "An IRI is absolute: it has a scheme and only the characters that RFC 3987 allows."
        "Send a whole IRI such as `https://example.com/courses/1`; percent-encode spaces and brackets."
    LANGUAGE_TAG "language-tag" "Data 4.2" "4.2.7"
        "A language tag is well formed (RFC 5646)."
        "Use a tag such as `en`, `de-CH` or `zh-Hant`."
    LANGUAGE_MAP "language-map" "Data 4.2" "4.2.7"
        "A language map gives a string for each language tag."
        "Send `{\"en\": \"text\"}`."
    EXTENSION_KEY "extension-key" "Data 4.1" "4.2.7"
        "The keys of an extensions map are IRIs."
        "Use an absolute IRI that you control as the key."
    UUID "uuid" "Data 4.4" "4.2.7"
        "A UUID is in its standard form of 36 characters."
        "Send it like `6690e6c9-3ef0-4ed3-8b37-7f3964730bee`."
    TIMESTAMP "timestamp" "Data 4.5" "4.2.7"
        "A timestamp is a date and time as in RFC 3339."
        "Send it like `2026-03-18T08:41:00.000Z`."
    DURATION "duration" "Data 4.6" "4.2.7"
        "A duration is in the ISO 8601 form with designators."
        "Send it like `PT8M30.5S` or `P3W`; weeks stand alone."
    STATEMENT_REQUIRED "statement-required" "Data 2.2" "4.2.1"
        "A statement has an actor, a verb and an object."
        "Add the missing property."
    STATEMENT_ID_REPEATED "statement-id-repeated" "Communication 2.1.2" "4.1.6.1"
        "The statements of one request have different ids."
        "Give each statement an id of its own, or send it once."
    STATEMENT_COUNT "statement-count" "Communication 2.1.2" "4.1.6.1"
        "A request carries no more statements than this server is set up to accept."
        "Send the batch in parts."
    ACTOR_IDENTIFIER "actor-identifier" "Data 2.4.2.3" "4.2.2.1"
        "An Agent, and a Group that has no members, is identified by exactly one of mbox, mbox_sha1sum, openid and account."
        "Give exactly one identifier."
    GROUP_MEMBERS "group-members" "Data 2.4.2.2" "4.2.2.1"
        "A Group without an identifier lists its members, and members are Agents."
        "List Agents in `member`, or give the Group an identifier."
    OBJECT_TYPE "object-type" "Data 2.4.4" "4.2.2.3"
        "The objectType is given where it is required, and is one that is allowed in this place."
        "Set `objectType` to one of the allowed values."
    MBOX "mbox" "Data 2.4.2.3" "4.2.2.1"
        "An mbox is a mailto IRI of one address."
        "Send it like `mailto:ana@example.com`."
    MBOX_SHA1 "mbox-sha1sum" "Data 2.4.2.3" "4.2.2.1"
        "An mbox_sha1sum is the SHA-1 of a mailto IRI in 40 hexadecimal digits."
        "Hash the whole mailto IRI and send the hash in hexadecimal."
    ACCOUNT "account" "Data 2.4.2.4" "4.2.2.1"
        "An account has a homePage and a name."
        "Send both `homePage` and `name`."
    VERB_ID "verb-id" "Data 2.4.3" "4.2.2.2"
        "A verb has an id."
        "Add the verb's IRI as `id`."
    ACTIVITY_ID "activity-id" "Data 2.4.4.1" "4.2.2.3"
        "An Activity has an id."
        "Add the Activity's IRI as `id`."
    INTERACTION_TYPE "interaction-type" "Data 2.4.4.1" "4.2.2.3"
        "A definition with interaction properties says which interactionType it is, and has only the components of that type."
        "Set `interactionType` to one of the types there are, and use only the components of that type."
    INTERACTION_COMPONENT "interaction-component" "Data 2.4.4.1" "4.2.2.3"
        "Interaction components have ids, which differ within their list."
        "Give each component an `id` of its own."
    STATEMENT_REF "statement-ref" "Data 2.4.4.3" "4.2.2.3"
        "A StatementRef has an id."
        "Add the other statement's UUID as `id`."
    SUBSTATEMENT "substatement" "Data 2.4.4.3" "4.2.2.3"
        "A SubStatement has no id, stored, version or authority, and holds no SubStatement."
        "Take the property out; refer to a statement of its own instead of nesting."
    SCORE_RANGE "score-range" "Data 2.4.5.1" "4.2.2.4"
        "A score has scaled between -1 and 1, min below max, and raw between min and max."
        "Send `scaled` as a share (0.8 for 80 %), and `raw` within `min` and `max`."
    CONTEXT_ACTIVITY_ONLY "context-activity-only" "Data 2.4.6" "4.2.2.5"
        "Revision and platform are used only where the object is an Activity."
        "Take the property out."
    CONTEXT_AGENTS "context-agents" "Data 2.4.6" "4.2.2.5"
        "An item of contextAgents or contextGroups has its objectType, its agent or group, and relevantTypes that is not empty."
        "Send `{\"objectType\": \"contextAgent\", \"agent\": {…}}`."
    VOIDING "voiding" "Data 2.3.2" "4.2.5"
        "The object of a statement that voids another is a StatementRef."
        "Set the object to `{\"objectType\": \"StatementRef\", \"id\": …}`."
    AUTHORITY "authority" "Data 2.4.9" "4.2.4.2"
        "An authority is an Agent, or an unnamed Group of two Agents of which one is an application's account."
        "Leave `authority` out: this server sets it."
    STATEMENT_VERSION "statement-version" "Data 2.4.10" "4.2.4.3"
        "A statement's version is one that this version of the protocol accepts."
        "Leave `version` out: this server sets it."
    ATTACHMENT_REQUIRED "attachment-required" "Data 2.4.11" "4.2.2.6"
        "An attachment has usageType, display, contentType, length and sha2."
        "Add the missing property."
    ATTACHMENT_VALUE "attachment-value" "Data 2.4.11" "4.2.2.6"
        "An attachment's contentType is a media type, its length a whole number of bytes, its sha2 a SHA-2 hash in hexadecimal."
        "Work the values out from the data that is sent."
    ATTACHMENT_DATA "attachment-data" "Communication 1.5.2" "4.1.3"
        "An attachment without fileUrl has its data in the request, found by its hash."
        "Send the data as a part of multipart/mixed, or set `fileUrl`."
    MULTIPART "multipart" "Communication 1.5.2" "4.1.3"
        "A multipart/mixed request is built as RFC 2046 says, with the statements as its first part."
        "Check the boundary, the CRLF line ends and the closing boundary."
    MULTIPART_HEADER "multipart-header" "Communication 1.5.2" "4.1.3"
        "The first part is application/json; each other part has X-Experience-API-Hash and Content-Transfer-Encoding: binary."
        "Set the headers of the part."
    MULTIPART_HASH "multipart-hash" "Communication 1.5.2" "4.1.3"
        "A part's X-Experience-API-Hash is the hash of its data, and a statement of the request has that sha2."
        "Hash exactly the bytes between the boundaries, and name the hash in the statement."
    SIGNATURE "signature" "Data 2.6" "4.2.6"
        "A signature is a JWS in compact form with RS256, RS384 or RS512, whose payload is the statement before it was signed."
        "Sign the statement again with RS256 and send the JWS as the attachment."
    ALTERNATE_REQUEST "alternate-request" "Communication 1.3" "(not in 2.0)"
        "In the alternate syntax the URL has `method` and nothing else; the form has the parameters, headers and content."
        "Move everything but `method` into the form, and send the body as `content`."
    PARAMETER_KNOWN "parameter-known" "Communication 3.2" "4.1.6"
        "A request has only the parameters that its resource takes, spelt as the specification does, each once."
        "Take the parameter out or mend its spelling."
    PARAMETER_VALUE "parameter-value" "Data 2.2" "4.2.4.1"
        "Parameter values meet the same rules as values of their type in statements."
        "Mend the value; encode it with percent signs where it is part of the URL."
    PARAMETER_REQUIRED "parameter-required" "Communication 2.2" "4.1.6"
        "A request has the parameters that its resource requires."
        "Add the parameter."
    PARAMETER_TOGETHER "parameter-together" "Communication 2.1.3" "4.1.6.1"
        "statementId and voidedStatementId are not used together, and only with attachments and format."
        "Ask for one statement by id, or for many by the other parameters."
    DOCUMENT_MERGE "document-merge" "Communication 2.2" "4.1.6.2"
        "A POST to an existing document merges JSON objects: both the stored and the sent document are application/json objects."
        "Replace the document with PUT."
    PRECONDITION_FORM "precondition-form" "Communication 3.1" "4.1.4"
        "If-Match and If-None-Match hold `*` or quoted entity tags."
        "Send the ETag of the last answer as it was, quotes included."
    VERSION_HEADER "version-header" "Communication 3.3" "4.1.1"
        "X-Experience-API-Version is a version that this server speaks."
        "Send `X-Experience-API-Version: 1.0.3` or `2.0.0`."
}
