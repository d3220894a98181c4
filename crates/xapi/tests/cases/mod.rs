//! The tables of examples.

use xapi::{DocumentCall, Resource, sha2_of};

/// Name, changed properties, faults: the same in both versions.
type Statements =
    &'static [(&'static str, &'static [(&'static str, &'static str)], &'static [&'static str])];

pub(crate) const STATEMENTS: Statements = &[
    ("the least", &[], &[]),
    (
        "nothing at all",
        &[("actor", ""), ("verb", ""), ("object", "")],
        &["$.actor statement-required", "$.verb statement-required", "$.object statement-required"],
    ),
    (
        "a null",
        &[("result", "null"), ("context", r#"{"platform":null}"#)],
        &["$.result no-null", "$.context.platform no-null"],
    ),
    (
        "a null inside an extension",
        &[("result", r#"{"extensions":{"x:y":null,"x:z":[null,{"a":null}]}}"#)],
        &[],
    ),
    ("an unknown property", &[("mood", "1")], &["$.mood known-property"]),
    (
        "a property in the wrong case",
        &[("actor", ""), ("Actor", "{}")],
        &["$.Actor property-case", "$.actor statement-required"],
    ),
    ("a key that is no word", &[("a b", "1")], &["$[\"a b\"] known-property"]),
    (
        "a key twice",
        &[("result", r#"{"response":"a","success":true,"response":"b"}"#)],
        &["$.result.response json-repeated-key"],
    ),
    (
        "a key twice, spelt otherwise",
        &[("result", r#"{"response":"a","resp\u006fnse":"b"}"#)],
        &["$.result.response json-repeated-key"],
    ),
    (
        "a key twice in a long object",
        &[(
            "result",
            r#"{"extensions":{"x:a":1,"x:b":1,"x:c":1,"x:d":1,"x:e":1,"x:f":1,"x:g":1,"x:h":1,"x:i":1,"x:j":1,"x:k":1,"x:l":1,"x:m":1,"x:n":1,"x:o":1,"x:p":1,"x:q":1,"x:a":2}}"#,
        )],
        &["$.result.extensions[\"x:a\"] json-repeated-key"],
    ),
    ("NUL in a name", &[("actor", r#"{"mbox":"mailto:a@b.c","name":"a\u0000"}"#)], &["$.actor.name no-nul"]),
    ("NUL in an extension", &[("result", r#"{"extensions":{"x:y":"\u0000"}}"#)], &[]),
    // Identifiers and times.
    ("an id", &[("id", r#""6690E6C9-3ef0-4ed3-8b37-7f3964730bee""#)], &[]),
    ("an id of another variant", &[("id", r#""12345678-1234-5678-1234-567812345678""#)], &[]),
    ("an id in braces", &[("id", r#""{6690e6c9-3ef0-4ed3-8b37-7f3964730bee}""#)], &["$.id uuid"]),
    ("an id without hyphens", &[("id", r#""6690e6c93ef04ed38b377f3964730bee""#)], &["$.id uuid"]),
    ("an id that is a number", &[("id", "1")], &["$.id right-type"]),
    ("a time", &[("timestamp", r#""2026-03-18T08:41:00.123456+01:00""#)], &[]),
    ("a day", &[("timestamp", r#""2026-03-18""#)], &["$.timestamp timestamp"]),
    ("minus zero", &[("timestamp", r#""2026-03-18T08:41:00-00:00""#)], &["$.timestamp timestamp"]),
    ("a bad stored", &[("stored", r#""yesterday""#)], &["$.stored timestamp"]),
    ("a version of the past", &[("version", r#""0.95""#)], &["$.version statement-version"]),
    ("a version of the future", &[("version", r#""3.0.0""#)], &["$.version statement-version"]),
    // Who.
    ("nobody", &[("actor", r#"{"name":"Ana"}"#)], &["$.actor actor-identifier"]),
    (
        "two identifiers",
        &[("actor", r#"{"mbox":"mailto:a@b.c","openid":"x:y"}"#)],
        &["$.actor actor-identifier"],
    ),
    (
        "two identifiers, one bad",
        &[("actor", r#"{"mbox":"a@b.c","openid":"x:y"}"#)],
        &["$.actor.mbox mbox", "$.actor actor-identifier"],
    ),
    ("a bare address", &[("actor", r#"{"mbox":"ana@example.com"}"#)], &["$.actor.mbox mbox"]),
    ("a short hash", &[("actor", r#"{"mbox_sha1sum":"abc"}"#)], &["$.actor.mbox_sha1sum mbox-sha1sum"]),
    ("an openid without scheme", &[("actor", r#"{"openid":"example.com/ana"}"#)], &["$.actor.openid iri"]),
    (
        "half an account",
        &[("actor", r#"{"account":{"name":"4711"}}"#)],
        &["$.actor.account.homePage account"],
    ),
    (
        "an account of numbers",
        &[("actor", r#"{"account":{"name":4711,"homePage":"hr"}}"#)],
        &["$.actor.account.homePage iri", "$.actor.account.name right-type"],
    ),
    (
        "an account with more",
        &[("actor", r#"{"account":{"name":"1","homepage":"x:y"}}"#)],
        &["$.actor.account.homepage property-case", "$.actor.account.homePage account"],
    ),
    ("an agent that is text", &[("actor", r#""ana""#)], &["$.actor right-type"]),
    (
        "an agent with members",
        &[("actor", r#"{"mbox":"mailto:a@b.c","member":[]}"#)],
        &["$.actor.member known-property"],
    ),
    (
        "an actor of another type",
        &[("actor", r#"{"objectType":"Person","mbox":"mailto:a@b.c"}"#)],
        &["$.actor.objectType object-type"],
    ),
    (
        "an actor in the wrong case",
        &[("actor", r#"{"objectType":"agent","mbox":"mailto:a@b.c"}"#)],
        &["$.actor.objectType object-type"],
    ),
    (
        "a group by its members",
        &[("actor", r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"}]}"#)],
        &[],
    ),
    ("a group by its name tag", &[("actor", r#"{"objectType":"Group","mbox":"mailto:a@b.c"}"#)], &[]),
    (
        "a group of nobody",
        &[("actor", r#"{"objectType":"Group","name":"Crew"}"#)],
        &["$.actor group-members"],
    ),
    (
        "a group with an empty list",
        &[("actor", r#"{"objectType":"Group","member":[]}"#)],
        &["$.actor group-members"],
    ),
    (
        "a group within a group",
        &[("actor", r#"{"objectType":"Group","member":[{"objectType":"Group","mbox":"mailto:a@b.c"}]}"#)],
        &["$.actor.member[0].objectType group-members"],
    ),
    (
        "a bad member",
        &[("actor", r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"},{"mbox":"x"},7]}"#)],
        &["$.actor.member[1].mbox mbox", "$.actor.member[2] right-type"],
    ),
    // Verbs and language maps.
    ("a verb without id", &[("verb", r#"{"display":{"en":"did"}}"#)], &["$.verb.id verb-id"]),
    ("a verb that is a word", &[("verb", r#"{"id":"completed"}"#)], &["$.verb.id iri"]),
    ("a verb with a space", &[("verb", r#"{"id":"http://example.com/has done"}"#)], &["$.verb.id iri"]),
    (
        "a display that is text",
        &[("verb", r#"{"id":"x:y","display":"did"}"#)],
        &["$.verb.display language-map"],
    ),
    (
        "a display in no language",
        &[("verb", r#"{"id":"x:y","display":{"a12345":"did","en":7}}"#)],
        &["$.verb.display.a12345 language-tag", "$.verb.display.en right-type"],
    ),
    // Objects.
    ("an activity without id", &[("object", r#"{"objectType":"Activity"}"#)], &["$.object.id activity-id"]),
    (
        "an object of another type",
        &[("object", r#"{"objectType":"Course","id":"x:y"}"#)],
        &["$.object.objectType object-type"],
    ),
    (
        "a whole definition",
        &[(
            "object",
            r#"{"id":"x:1","definition":{"name":{"en":"N"},"description":{"en":"D"},"type":"x:t","moreInfo":"https://example.com","extensions":{"x:e":{}},"interactionType":"choice","correctResponsesPattern":["a[,]b"],"choices":[{"id":"a","description":{"en":"A"}},{"id":"b"}]}}"#,
        )],
        &[],
    ),
    (
        "a bad definition",
        &[(
            "object",
            r#"{"id":"x:1","definition":{"name":"N","type":"course","moreInfo":"more","extensions":{"e":1},"title":"T"}}"#,
        )],
        &[
            "$.object.definition.name language-map",
            "$.object.definition.type iri",
            "$.object.definition.moreInfo iri",
            "$.object.definition.extensions.e extension-key",
            "$.object.definition.title known-property",
        ],
    ),
    (
        "an unknown interaction",
        &[("object", r#"{"id":"x:1","definition":{"interactionType":"guessing"}}"#)],
        &["$.object.definition.interactionType interaction-type"],
    ),
    (
        "components of another interaction",
        &[("object", r#"{"id":"x:1","definition":{"interactionType":"likert","choices":[{"id":"a"}]}}"#)],
        &["$.object.definition.choices interaction-type"],
    ),
    (
        "components of no interaction",
        &[("object", r#"{"id":"x:1","definition":{"steps":[]}}"#)],
        &["$.object.definition.steps interaction-type"],
    ),
    (
        "components without ids of their own",
        &[(
            "object",
            r#"{"id":"x:1","definition":{"interactionType":"choice","choices":[{"id":"a"},{"id":"a"},{},{"id":""}]}}"#,
        )],
        &[
            "$.object.definition.choices[1].id interaction-component",
            "$.object.definition.choices[2].id interaction-component",
            "$.object.definition.choices[3].id interaction-component",
        ],
    ),
    (
        "answers that are numbers",
        &[(
            "object",
            r#"{"id":"x:1","definition":{"interactionType":"numeric","correctResponsesPattern":[4]}}"#,
        )],
        &["$.object.definition.correctResponsesPattern[0] right-type"],
    ),
    ("another person", &[("object", r#"{"objectType":"Agent","mbox":"mailto:b@b.c"}"#)], &[]),
    (
        "a reference",
        &[("object", r#"{"objectType":"StatementRef","id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee"}"#)],
        &[],
    ),
    (
        "a reference to nothing",
        &[("object", r#"{"objectType":"StatementRef"}"#)],
        &["$.object.id statement-ref"],
    ),
    (
        "a substatement",
        &[(
            "object",
            r#"{"objectType":"SubStatement","actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:v"},"object":{"id":"x:o"}}"#,
        )],
        &[],
    ),
    (
        "a substatement with an id",
        &[(
            "object",
            r#"{"objectType":"SubStatement","id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","stored":"2026-01-01T00:00:00Z","version":"1.0.0","authority":{},"actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:v"},"object":{"id":"x:o"}}"#,
        )],
        &[
            "$.object.id substatement",
            "$.object.stored substatement",
            "$.object.version substatement",
            "$.object.authority substatement",
        ],
    ),
    (
        "a substatement in a substatement",
        &[(
            "object",
            r#"{"objectType":"SubStatement","actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:v"},"object":{"objectType":"SubStatement"}}"#,
        )],
        &["$.object.object substatement"],
    ),
    (
        "a bad substatement",
        &[("object", r#"{"objectType":"SubStatement","actor":{},"object":{"id":"o"}}"#)],
        &["$.object.actor actor-identifier", "$.object.verb statement-required", "$.object.object.id iri"],
    ),
    (
        "voiding",
        &[
            ("verb", r#"{"id":"http://adlnet.gov/expapi/verbs/voided"}"#),
            ("object", r#"{"objectType":"StatementRef","id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee"}"#),
        ],
        &[],
    ),
    (
        "voiding an activity",
        &[("verb", r#"{"id":"http://adlnet.gov/expapi/verbs/voided"}"#)],
        &["$.object voiding"],
    ),
    // Results.
    (
        "a whole result",
        &[(
            "result",
            r#"{"score":{"scaled":-1,"raw":0,"min":0,"max":1e2},"success":true,"completion":false,"response":"","duration":"PT1H","extensions":{}}"#,
        )],
        &[],
    ),
    (
        "scores out of range",
        &[("result", r#"{"score":{"scaled":1.01,"raw":11,"min":10,"max":10}}"#)],
        &["$.result.score.scaled score-range", "$.result.score score-range", "$.result.score score-range"],
    ),
    (
        "a score below its least",
        &[("result", r#"{"score":{"raw":1,"min":2}}"#)],
        &["$.result.score score-range"],
    ),
    ("a score as text", &[("result", r#"{"score":{"raw":"1"}}"#)], &["$.result.score.raw right-type"]),
    ("a bad duration", &[("result", r#"{"duration":"P4W1D"}"#)], &["$.result.duration duration"]),
    ("a duration of seconds", &[("result", r#"{"duration":90}"#)], &["$.result.duration right-type"]),
    (
        "a number too large",
        &[("result", r#"{"score":{"raw":1e400}}"#)],
        &["$.result.score.raw json-number-range"],
    ),
    // Contexts.
    (
        "a whole context",
        &[(
            "context",
            r#"{"registration":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","instructor":{"objectType":"Group","mbox":"mailto:g@b.c"},"team":{"objectType":"Group","mbox":"mailto:g@b.c"},"contextActivities":{"parent":{"id":"x:1"},"grouping":[],"category":[{"id":"x:2"}],"other":[{"objectType":"Activity","id":"x:3"}]},"revision":"1","platform":"p","language":"de-CH","statement":{"objectType":"StatementRef","id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee"},"extensions":{}}"#,
        )],
        &[],
    ),
    (
        "a team that is one",
        &[("context", r#"{"team":{"mbox":"mailto:a@b.c"}}"#)],
        &["$.context.team.objectType object-type"],
    ),
    (
        "a team that says it is one",
        &[("context", r#"{"team":{"objectType":"Agent","mbox":"mailto:a@b.c"}}"#)],
        &["$.context.team.objectType object-type"],
    ),
    (
        "bad context activities",
        &[(
            "context",
            r#"{"contextActivities":{"parents":[],"parent":[7],"other":"x:1","category":{"id":"1"}}}"#,
        )],
        &[
            "$.context.contextActivities.parents known-property",
            "$.context.contextActivities.parent[0] right-type",
            "$.context.contextActivities.other right-type",
            "$.context.contextActivities.category.id iri",
        ],
    ),
    (
        "a context activity that is an agent",
        &[("context", r#"{"contextActivities":{"parent":[{"objectType":"Agent","id":"x:1"}]}}"#)],
        &["$.context.contextActivities.parent[0].objectType object-type"],
    ),
    ("a language of nobody", &[("context", r#"{"language":"en_US"}"#)], &["$.context.language language-tag"]),
    (
        "a platform for a person",
        &[
            ("object", r#"{"objectType":"Agent","mbox":"mailto:b@b.c"}"#),
            ("context", r#"{"platform":"p","revision":"r"}"#),
        ],
        &["$.context.platform context-activity-only", "$.context.revision context-activity-only"],
    ),
    (
        "a statement by id alone",
        &[("context", r#"{"statement":{"id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee"}}"#)],
        &["$.context.statement.objectType object-type"],
    ),
    // Authorities.
    ("an authority", &[("authority", r#"{"mbox":"mailto:a@b.c"}"#)], &[]),
    (
        "an application and a user",
        &[(
            "authority",
            r#"{"objectType":"Group","member":[{"account":{"homePage":"x:y","name":"key"}},{"mbox":"mailto:a@b.c"}]}"#,
        )],
        &[],
    ),
    (
        "an authority of three",
        &[(
            "authority",
            r#"{"objectType":"Group","member":[{"account":{"homePage":"x:y","name":"key"}},{"mbox":"mailto:a@b.c"},{"mbox":"mailto:b@b.c"}]}"#,
        )],
        &["$.authority authority"],
    ),
    (
        "an authority that is a named group",
        &[(
            "authority",
            r#"{"objectType":"Group","mbox":"mailto:g@b.c","member":[{"account":{"homePage":"x:y","name":"key"}},{"mbox":"mailto:a@b.c"}]}"#,
        )],
        &["$.authority authority"],
    ),
    (
        "an authority without application",
        &[(
            "authority",
            r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"},{"mbox":"mailto:b@b.c"}]}"#,
        )],
        &["$.authority authority"],
    ),
    // Attachments.
    (
        "an attachment",
        &[(
            "attachments",
            r#"[{"usageType":"x:u","display":{"en":"D"},"contentType":"text/plain; charset=utf-8","length":0,"sha2":"495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a","fileUrl":"https://example.com/f"}]"#,
        )],
        &[],
    ),
    (
        "an empty attachment",
        &[("attachments", "[{}]")],
        &[
            "$.attachments[0].usageType attachment-required",
            "$.attachments[0].display attachment-required",
            "$.attachments[0].contentType attachment-required",
            "$.attachments[0].length attachment-required",
            "$.attachments[0].sha2 attachment-required",
        ],
    ),
    (
        "a bad attachment",
        &[(
            "attachments",
            r#"[{"usageType":"u","display":{"x":"D"},"contentType":"text","length":-1.5,"sha2":"abc","fileUrl":"/f","size":1}]"#,
        )],
        &[
            "$.attachments[0].size known-property",
            "$.attachments[0].usageType iri",
            "$.attachments[0].display.x language-tag",
            "$.attachments[0].contentType attachment-value",
            "$.attachments[0].length attachment-value",
            "$.attachments[0].sha2 attachment-value",
            "$.attachments[0].fileUrl iri",
        ],
    ),
    ("an attachment that is not in a list", &[("attachments", "{}")], &["$.attachments right-type"]),
];

/// Name, changed properties, faults of 1.0.3, faults of 2.0.
type ByVersion = &'static [(
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static [&'static str],
)];

pub(crate) const BY_VERSION: ByVersion = &[
    ("version 1.0", &[("version", r#""1.0""#)], &[], &[]),
    ("version 1.0.9", &[("version", r#""1.0.9""#)], &[], &[]),
    ("version 2.0.0", &[("version", r#""2.0.0""#)], &["$.version statement-version"], &[]),
    ("a time without zone", &[("timestamp", r#""2026-03-18T08:41:00""#)], &[], &["$.timestamp timestamp"]),
    (
        "context agents",
        &[(
            "context",
            r#"{"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:a@b.c"},"relevantTypes":["x:y"]}]}"#,
        )],
        &["$.context.contextAgents known-property"],
        &[],
    ),
    (
        "context groups",
        &[(
            "context",
            r#"{"contextGroups":[{"objectType":"contextGroup","group":{"objectType":"Group","mbox":"mailto:a@b.c"}}]}"#,
        )],
        &["$.context.contextGroups known-property"],
        &[],
    ),
    (
        "bad context agents",
        &[(
            "context",
            r#"{"contextAgents":[{"objectType":"Agent","group":{}},{"objectType":"contextAgent","agent":{"mbox":"x"},"relevantTypes":[]},{"objectType":"contextAgent","agent":{"mbox":"mailto:a@b.c"},"relevantTypes":["y"]}]}"#,
        )],
        &["$.context.contextAgents known-property"],
        &[
            "$.context.contextAgents[0].group known-property",
            "$.context.contextAgents[0].objectType context-agents",
            "$.context.contextAgents[0].agent context-agents",
            "$.context.contextAgents[1].relevantTypes context-agents",
            "$.context.contextAgents[1].agent.mbox mbox",
            "$.context.contextAgents[2].relevantTypes[0] iri",
        ],
    ),
    (
        "a context group that is one",
        &[(
            "context",
            r#"{"contextGroups":[{"objectType":"contextGroup","group":{"mbox":"mailto:a@b.c"}}]}"#,
        )],
        &["$.context.contextGroups known-property"],
        &["$.context.contextGroups[0].group.objectType object-type"],
    ),
];

/// Name, body, faults.
type Bodies = &'static [(&'static str, &'static [u8], &'static [&'static str])];

pub(crate) const BODIES: Bodies = &[
    ("an empty batch", b" [ ] ", &[]),
    ("nothing", b"", &["$ json-well-formed"]),
    ("white space", b" \r\n\t", &["$ json-well-formed"]),
    ("a number", b"1", &["$ right-type"]),
    ("a batch of batches", b"[[]]", &["$[0] right-type"]),
    ("not UTF-8", b"{\"a\xff\":1}", &["$ json-utf8"]),
    ("a byte order mark", b"\xef\xbb\xbf{}", &["$ json-well-formed"]),
    ("UTF-16", b"\xfe\xff\x00{\x00}", &["$ json-utf8"]),
    ("an open brace", b"{", &["$ json-well-formed"]),
    ("an open string", b"{\"actor", &["$ json-well-formed"]),
    ("an open list", b"[{},", &[
        "$[0].actor statement-required", "$[0].verb statement-required", "$[0].object statement-required", "$[1] json-well-formed",
    ]),
    ("a second text", b"[] []", &["$ json-well-formed"]),
    ("a comma too many", b"{\"actor\":{\"name\":1,}}", &["$.actor.name json-well-formed"]),
    ("a comma too few", b"{\"actor\":{} \"verb\":{}}", &["$.actor json-well-formed"]),
    ("a comment", b"{/* */}", &["$ json-well-formed"]),
    ("single quotes", b"{'actor':1}", &["$ json-well-formed"]),
    ("NaN", b"{\"result\":{\"score\":{\"raw\":NaN}}}", &["$.result.score.raw json-well-formed"]),
    ("minus infinity", b"{\"result\":{\"score\":{\"raw\":-Infinity}}}", &["$.result.score.raw json-well-formed"]),
    ("a leading zero", b"{\"a\":[0,01]}", &["$.a[1] json-well-formed"]),
    ("a bare point", b"{\"a\":1.}", &["$.a json-well-formed"]),
    ("a plus sign", b"{\"a\":+1}", &["$.a json-well-formed"]),
    ("an empty exponent", b"{\"a\":1e}", &["$.a json-well-formed"]),
    ("half a surrogate pair", b"{\"a\":\"\\ud800x\"}", &["$.a json-well-formed"]),
    ("the other half", b"{\"a\":\"\\udc00\"}", &["$.a json-well-formed"]),
    ("an unknown escape", b"{\"a\":\"\\x\"}", &["$.a json-well-formed"]),
    ("a line end in a string", b"{\"a\":\"\n\"}", &["$.a json-well-formed"]),
    ("a bare NUL", b"{\"a\":\"\0\"}", &["$.a json-well-formed"]),
    ("half a word", b"{\"a\":tru}", &["$.a json-well-formed"]),
    ("a huge exponent", b"{\"a\":1e999999999999}", &["$.a json-number-range"]),
    ("one id twice", br#"[{"id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:v"},"object":{"id":"x:o"}},
        {"id":"6690E6C9-3EF0-4ED3-8B37-7F3964730BEE","actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"x:v"},"object":{"id":"x:o"}}]"#, &["$[1].id statement-id-repeated"]),
];

/// Name, parameters, faults.
type Queries = &'static [(&'static str, &'static [(&'static str, &'static str)], &'static [&'static str])];

pub(crate) const QUERIES: Queries = &[
    ("no parameters", &[], &[]),
    (
        "by id",
        &[
            ("statementId", "6690e6c9-3ef0-4ed3-8b37-7f3964730bee"),
            ("format", "ids"),
            ("attachments", "true"),
        ],
        &[],
    ),
    (
        "by both ids",
        &[
            ("statementId", "6690e6c9-3ef0-4ed3-8b37-7f3964730bee"),
            ("voidedStatementId", "6690e6c9-3ef0-4ed3-8b37-7f3964730bee"),
        ],
        &["parameter voidedStatementId parameter-together"],
    ),
    (
        "by id and verb",
        &[("voidedStatementId", "6690e6c9-3ef0-4ed3-8b37-7f3964730bee"), ("verb", "x:y")],
        &["parameter verb parameter-together"],
    ),
    ("an unknown parameter", &[("statement_id", "1")], &["parameter statement_id parameter-known"]),
    ("a parameter in the wrong case", &[("statementID", "1")], &["parameter statementID parameter-known"]),
    ("a parameter twice", &[("limit", "1"), ("limit", "2")], &["parameter limit parameter-known"]),
    (
        "bad values",
        &[
            ("agent", "{}"),
            ("verb", "done"),
            ("registration", "1"),
            ("since", "now"),
            ("limit", "-1"),
            ("format", "xml"),
            ("ascending", "TRUE"),
        ],
        &[
            "parameter agent actor-identifier",
            "parameter verb parameter-value",
            "parameter registration parameter-value",
            "parameter since parameter-value",
            "parameter limit parameter-value",
            "parameter format parameter-value",
            "parameter ascending parameter-value",
        ],
    ),
    ("an agent that is not JSON", &[("agent", "wrong")], &["parameter agent json-well-formed"]),
    ("an agent with a bad mbox", &[("agent", r#"{"mbox":"x"}"#)], &["parameter agent.mbox mbox"]),
    (
        "a group without identifier",
        &[("agent", r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"}]}"#)],
        &["parameter agent actor-identifier"],
    ),
    ("a group", &[("agent", r#"{"objectType":"Group","mbox":"mailto:a@b.c"}"#)], &[]),
];

/// Name, request, parameters, faults.
type Documents = &'static [(
    &'static str,
    (Resource, DocumentCall),
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
)];

const ANA: (&str, &str) = ("agent", r#"{"mbox":"mailto:ana@example.com"}"#);
const COURSE: (&str, &str) = ("activityId", "https://example.com/courses/1");

pub(crate) const DOCUMENTS: Documents = &[
    (
        "all states",
        (Resource::State, DocumentCall::Read),
        &[ANA, COURSE, ("since", "2026-01-01T00:00:00Z")],
        &[],
    ),
    (
        "a state of nobody",
        (Resource::State, DocumentCall::Read),
        &[],
        &["parameter activityId parameter-required", "parameter agent parameter-required"],
    ),
    (
        "a state without id",
        (Resource::State, DocumentCall::Store),
        &[ANA, COURSE],
        &["parameter stateId parameter-required"],
    ),
    ("deleting all states", (Resource::State, DocumentCall::Delete), &[ANA, COURSE], &[]),
    (
        "deleting all profiles",
        (Resource::AgentProfile, DocumentCall::Delete),
        &[ANA],
        &["parameter profileId parameter-required"],
    ),
    (
        "a profile with a state's id",
        (Resource::ActivityProfile, DocumentCall::Read),
        &[COURSE, ("stateId", "x")],
        &["parameter stateId parameter-known"],
    ),
    (
        "one profile since",
        (Resource::ActivityProfile, DocumentCall::Read),
        &[COURSE, ("profileId", "x"), ("since", "2026-01-01T00:00:00Z")],
        &["parameter since parameter-known"],
    ),
    (
        "an activity that is no IRI",
        (Resource::ActivityProfile, DocumentCall::Store),
        &[("activityId", "1"), ("profileId", "")],
        &["parameter activityId parameter-value", "parameter profileId parameter-value"],
    ),
];

/// An attachment's entry.
pub(crate) fn attachment(sha2: &str, more: &str) -> String {
    format!(
        r#"{{"usageType":"x:u","display":{{"en":"D"}},"contentType":"text/plain","length":27,"sha2":"{sha2}"{more}}}"#
    )
}

/// Requests with attachments: name, content type, body, faults.
pub(crate) fn multiparts() -> Vec<(String, &'static str, Vec<u8>, &'static [&'static str])> {
    let sha2 = sha2_of(b"here is a simple attachment", 64).unwrap();
    let statement = crate::statement(&[("attachments", &format!("[{}]", attachment(&sha2, "")))]);
    let good = format!(
        "--b\r\nContent-Type: application/json\r\n\r\n{statement}\r\n--b\r\nContent-Type: text/plain; charset=ascii\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\nhere is a simple attachment\r\n--b--"
    );
    const MIXED: &str = "multipart/mixed; boundary=b";
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let sha1ish = "0".repeat(40);
    let other_hash = "0".repeat(64);
    let cases: Vec<(&str, &'static str, String, &'static [&'static str])> = vec![
        ("a good one", MIXED, good.clone(), &[]),
        (
            "a good one with quotes and preamble",
            "Multipart/Mixed; charset=\"a;b\" ; Boundary=\"b\"",
            format!("hello\r\n{good}\r\nbye"),
            &[],
        ),
        (
            "padding after a boundary",
            MIXED,
            changed("--b\r\nContent-Type: text", "--b \t\r\nContent-Type: text"),
            &[],
        ),
        ("headers in the wrong case", MIXED, changed("X-Experience-API-Hash", "x-experience-api-hash"), &[]),
        (
            "the same part twice",
            MIXED,
            changed("--b--", &good[good.find("--b\r\nContent-Type: text").unwrap()..]),
            &[],
        ),
        ("form data", "multipart/form-data; boundary=b", good.clone(), &["header Content-Type multipart"]),
        ("no boundary", "multipart/mixed;", good.clone(), &["header Content-Type multipart"]),
        (
            "an empty boundary",
            "multipart/mixed; boundary=\"\"",
            good.clone(),
            &["header Content-Type multipart"],
        ),
        ("an open quote", "multipart/mixed; boundary=\"b", good.clone(), &["header Content-Type multipart"]),
        ("another boundary", "multipart/mixed; boundary=c", good.clone(), &["body multipart"]),
        (
            "no first boundary",
            MIXED,
            changed("--b\r\nContent-Type: application/json", "Content-Type: application/json"),
            &["part 1 multipart-header"],
        ),
        ("no closing boundary", MIXED, changed("--b--", ""), &["body multipart"]),
        ("bare line feeds", MIXED, good.replace("\r\n", "\n"), &["body multipart"]),
        ("nothing but the end", MIXED, "--b--".to_owned(), &["body multipart"]),
        (
            "statements of another type",
            MIXED,
            changed("application/json", "text/plain"),
            &["part 1 multipart-header"],
        ),
        (
            "no empty line",
            MIXED,
            changed(&format!("{sha2}\r\n\r\nhere"), &format!("{sha2}\r\nhere")),
            &["part 2 multipart"],
        ),
        (
            "a header twice",
            MIXED,
            changed("Content-Transfer-Encoding: binary", "Content-Type: text/plain"),
            &["part 2 multipart"],
        ),
        ("base64", MIXED, changed("binary", "base64"), &["part 2 multipart-header"]),
        (
            "no hash and no encoding",
            MIXED,
            changed(&format!("Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n"), ""),
            &["part 2 multipart-header", "part 2 multipart-header"],
        ),
        ("data that was changed", MIXED, changed("here is", "here was"), &["part 2 multipart-hash"]),
        (
            "a hash of another kind",
            MIXED,
            changed(&format!("Hash: {sha2}"), &format!("Hash: {sha1ish}")),
            &["part 2 multipart-hash"],
        ),
        (
            "a part of nobody",
            MIXED,
            changed(&format!("\"sha2\":\"{sha2}\""), &format!("\"sha2\":\"{other_hash}\"")),
            &["$.attachments[0] attachment-data", "attachment part 1 multipart-hash"],
        ),
        (
            "a missing part",
            MIXED,
            format!("{}--b--", &good[..good.find("--b\r\nContent-Type: text").unwrap()]),
            &["$.attachments[0] attachment-data"],
        ),
        (
            "another media type",
            MIXED,
            changed("Content-Type: text/plain", "Content-Type: image/png"),
            &["$.attachments[0] multipart-header"],
        ),
        (
            "a boundary within the data",
            MIXED,
            changed("here is a simple", "--bhere is a simple"),
            &["part 2 multipart-hash"],
        ),
        (
            "a signature that is none",
            MIXED,
            changed("x:u", "http://adlnet.gov/expapi/attachments/signature"),
            &["$.attachments[0] signature", "$.attachments[0] signature"],
        ),
    ];
    cases
        .into_iter()
        .map(|(name, kind, body, want)| (name.to_owned(), kind, body.into_bytes(), want))
        .collect()
}
