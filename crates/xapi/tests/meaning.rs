//! When statements mean the same, and the forms that readers get.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xapi::{
    Limits, OutPart, Preferred, Version, activity_json, canonical_format, check_attachments, check_signature,
    fingerprint, ids_format, merge_definition, parse_statements, same_meaning, sha2_of, split_multipart,
    write_multipart,
};

const BASE: &str = r#"{"actor":{"mbox":"mailto:ana@example.com","name":"Ana"},"verb":{"id":"x:v"},"object":{"id":"x:1"},"result":{"score":{"raw":10},"duration":"PT1.25S"},"context":{"registration":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","team":{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"},{"mbox":"mailto:b@b.c"}]},"contextActivities":{"parent":[{"id":"x:2"}]},"extensions":{"x:e":[1,2]}}}"#;

// xAPI Data 2.3.1; 4.2.4: What a server may add or reorder does not make a statement another.
#[test]
fn what_does_not_count() {
    for (from, to) in [
        (
            r#"{"actor""#,
            r#"{"id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","stored":"2026-01-01T00:00:00Z","version":"1.0.0","authority":{"mbox":"mailto:x@y.z"},"actor""#,
        ),
        (r#"{"actor""#, r#"{"timestamp":"2026-01-01T00:00:00Z","actor""#),
        (r#""verb":{"id":"x:v"}"#, r#""verb":{"display":{"en":"did"},"id":"x:v"}"#),
        (
            r#""object":{"id":"x:1"}"#,
            r#""object":{"objectType":"Activity","id":"x:1","definition":{"type":"x:t"}}"#,
        ),
        (r#"{"mbox":"mailto:ana@example.com""#, r#"{"objectType":"Agent","mbox":"mailto:ana@EXAMPLE.com""#),
        ("10}", "1.00e+1}"),
        ("PT1.25S", "PT1.2599S"),
        ("6690e6c9", "6690E6C9"),
        (
            r#"[{"mbox":"mailto:a@b.c"},{"mbox":"mailto:b@b.c"}]"#,
            r#"[{"mbox":"mailto:b@b.c"},{"mbox":"mailto:a@b.c"}]"#,
        ),
        (r#"[{"id":"x:2"}]"#, r#"{"id":"x:2"}"#),
        ("Ana", "\\u0041na"),
        (r#""result":"#, " \n \"result\" : "),
        (r#""extensions""#, r#""extensions""#),
        (r#"{"actor""#, r#"{"attachments":[],"actor""#),
    ] {
        let other = BASE.replacen(from, to, 1);
        assert!(same_meaning(BASE, &other), "{to}");
        assert_eq!(fingerprint(BASE), fingerprint(&other), "{to}");
    }
}

// xAPI Data 2.3.1; 4.2.4: Everything else does.
#[test]
fn what_counts() {
    for (from, to) in [
        ("Ana", "ana"),
        ("mailto:ana@", "mailto:Ana@"),
        ("x:v", "x:V"),
        ("x:1", "x:11"),
        ("10}", "10.001}"),
        ("PT1.25S", "PT1.26S"),
        ("PT1.25S", "PT0M1.25S"),
        ("6690e6c9", "7690e6c9"),
        (r#"{"mbox":"mailto:a@b.c"},"#, ""),
        (r#"[{"id":"x:2"}]"#, r#"[{"id":"x:2"},{"id":"x:3"}]"#),
        ("[1,2]", "[2,1]"),
        ("[1,2]", "[12]"),
        (r#""duration""#, r#""success":true,"duration""#),
        (r#""parent""#, r#""other""#),
    ] {
        let other = BASE.replacen(from, to, 1);
        assert!(!same_meaning(BASE, &other), "{to}");
        assert_ne!(fingerprint(BASE), fingerprint(&other), "{to}");
    }
    assert!(!same_meaning(BASE, "[]") && !same_meaning("{", "{") && fingerprint("[]").is_none());
}

#[test]
fn timestamps_count_unless_a_server_set_them() {
    let with = |properties: &str| BASE.replacen('{', &format!("{{{properties},"), 1);
    let one = with(r#""timestamp":"2026-01-01T12:00:00Z""#);
    let zone = with(r#""timestamp":"2026-01-01T13:00:00.000+01:00""#);
    let other = with(r#""timestamp":"2026-01-01T12:00:01Z""#);
    let set = with(r#""timestamp":"2026-02-01T12:00:00.5Z","stored":"2026-02-01T12:00:00.500Z""#);
    assert!(same_meaning(&one, &zone) && same_meaning(&one, BASE) && same_meaning(&one, &set));
    assert!(!same_meaning(&one, &other));
}

const STORED: &str = r#"{"actor":{"objectType":"Group","name":"Crew","member":[{"name":"A","mbox":"mailto:a@b.c"},{"account":{"homePage":"x:h","name":"1"},"name":"B"}]},"verb":{"id":"x:v","display":{"en-US":"color","en-GB":"colour"}},"object":{"objectType":"SubStatement","actor":{"objectType":"Group","name":"G","mbox":"mailto:g@b.c","member":[]},"verb":{"id":"x:w","display":{"de":"tat"}},"object":{"objectType":"Activity","id":"x:1","definition":{"name":{"de":"eins","en":"one"}}}},"result":{"score":{"raw":1.0}},"context":{"contextActivities":{"category":[{"id":"x:2","definition":{"description":{"en":"two","de":"zwei"},"interactionType":"choice","choices":[{"id":"a","description":{"de":"ja","en":"yes"}}],"extensions":{"x:e":{"en":1,"de":2}}}}]},"instructor":{"objectType":"Agent","name":"I","mbox":"mailto:i@b.c"}},"stored":"2026-01-01T00:00:00.000Z"}"#;

#[test]
fn ids() {
    assert_eq!(
        ids_format(STORED).unwrap(),
        r#"{"actor":{"objectType":"Group","member":[{"mbox":"mailto:a@b.c"},{"account":{"homePage":"x:h","name":"1"}}]},"verb":{"id":"x:v"},"object":{"objectType":"SubStatement","actor":{"objectType":"Group","mbox":"mailto:g@b.c"},"verb":{"id":"x:w"},"object":{"id":"x:1"}},"result":{"score":{"raw":1.0}},"context":{"contextActivities":{"category":[{"id":"x:2"}]},"instructor":{"objectType":"Agent","mbox":"mailto:i@b.c"}},"stored":"2026-01-01T00:00:00.000Z"}"#
    );
    assert_eq!(ids_format("{"), None);
}

// xAPI Communication 2.1.3; 4.1.6.1: The canonical form holds one language of each map.
#[test]
fn canonical() {
    let known = |iri: &str| {
        (iri == "x:1").then_some(Cow::Borrowed(r#"{"name":{"en":"ONE","fr":"un"},"type":"x:t"}"#))
    };
    let got = canonical_format(STORED, &Preferred::from_header("en-GB"), &known).unwrap();
    let want = STORED
        .replace(r#"{"en-US":"color","en-GB":"colour"}"#, r#"{"en-GB":"colour"}"#)
        .replace(r#"{"name":{"de":"eins","en":"one"}}"#, r#"{"name":{"en":"ONE"},"type":"x:t"}"#)
        .replace(r#"{"en":"two","de":"zwei"}"#, r#"{"en":"two"}"#)
        .replace(r#"{"de":"ja","en":"yes"}"#, r#"{"en":"yes"}"#);
    assert_eq!(got, want);
    let plain = canonical_format(STORED, &Preferred::default(), &|_| None).unwrap();
    assert!(plain.contains(r#"{"en-US":"color"}"#) && plain.contains(r#""name":{"de":"eins"}"#));
}

// xAPI Communication 2.5; 4.1.6.4: Definitions of an activity are merged, the later one winning.
#[test]
fn definitions_grow() {
    let name = |definition, wish| xapi::activity_name(definition, &Preferred::from_header(wish));
    assert_eq!(name(r#"{"name":{"en":"One","de":"Eins"}}"#, "de-CH").as_deref(), Some("Eins"));
    assert_eq!(name(r#"{"name":{"en":"One","de":"Eins"}}"#, "fr").as_deref(), Some("One"));
    assert_eq!((name("{}", "en"), name("[", "en"), name(r#"{"name":{}}"#, "en")), (None, None, None));
    let first = r#"{ "name": {"en": "One"}, "type": "x:t" }"#;
    let second = r#"{"description":{"en":"D"},"name":{"de":"Eins","en":"ONE"}}"#;
    let both = r#"{"description":{"en":"D"},"name":{"de":"Eins","en":"ONE"},"type":"x:t"}"#;
    assert_eq!(merge_definition(None, first), r#"{"name":{"en":"One"},"type":"x:t"}"#);
    assert_eq!(merge_definition(Some(first), second), both);
    assert_eq!(merge_definition(Some(both), first), both.replace("ONE", "One"));
    assert_eq!(merge_definition(Some("oops"), second), second);
    assert_eq!(merge_definition(Some(first), "oops"), r#"{"name":{"en":"One"},"type":"x:t"}"#);
    assert_eq!(
        activity_json("x:1", Some(both)),
        format!(r#"{{"objectType":"Activity","id":"x:1","definition":{both}}}"#)
    );
}

fn jws(header: &str, payload: &str) -> String {
    format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload),
        URL_SAFE_NO_PAD.encode("signed")
    )
}

// xAPI Data 2.6; 4.2.6: A signature signs the statement that it comes with, by RS256, RS384 or RS512.
#[test]
fn signatures_sign_their_statement() {
    let rs256 = r#"{"alg":"RS256"}"#;
    let signed = BASE.replacen('{', &format!(r#"{{"attachments":[{{"usageType":"{}","display":{{}},"contentType":"application/octet-stream","length":1,"sha2":"{}"}}],"#, xapi::SIGNATURE_USAGE, "0".repeat(64)), 1);
    let check = |data: &str| check_signature(&signed, data.as_bytes()).map(|jws| jws.certificates.len());
    assert_eq!(check(&jws(rs256, BASE)), Ok(0));
    assert_eq!(check(&jws(rs256, &BASE.replace("10}", "1e1}"))), Ok(0));
    for (data, why) in [
        (jws(rs256, &BASE.replace("10}", "11}")), "another statement"),
        (jws(rs256, "{"), "payload of the JWS is no JSON"),
        (jws(r#"{"alg":"HS256"}"#, BASE), "HS256"),
        (jws(r#"{"alg":"none"}"#, BASE), "none"),
        (jws("{}", BASE), "names no algorithm"),
        (jws("[]", BASE), "not an object"),
        (jws(r#"{"alg":"RS256","crit":["b64"]}"#, BASE), "crit"),
        (jws(r#"{"alg":"RS256","x5c":["?"]}"#, BASE), "not base64"),
        (jws(r#"{"alg":"RS256","x5c":7}"#, BASE), "x5c"),
        (jws(rs256, BASE).replace('.', ""), "three parts"),
        (format!("{}.x", jws(rs256, BASE)), "three parts"),
        (jws(rs256, BASE).replace("ey", "=="), "base64url"),
        (jws(rs256, BASE).rsplit_once('.').unwrap().0.to_owned() + ".", "is empty"),
    ] {
        let got = check(&data).unwrap_err();
        assert!(got.contains(why), "{got} / {why}");
    }
    assert!(check_signature(&signed, b"\xff").is_err());
}

// xAPI Data 2.6; 4.2.6: A signature that brings its certificate in x5c was made with the key of that certificate.
#[test]
fn signatures_are_verified_with_the_certificate_they_bring() {
    let signed = BASE.replacen('{', &format!(r#"{{"attachments":[{{"usageType":"{}","display":{{}},"contentType":"application/octet-stream","length":1,"sha2":"{}"}}],"#, xapi::SIGNATURE_USAGE, "0".repeat(64)), 1);
    let check = |data: &str| check_signature(&signed, data.as_bytes()).map(|jws| jws.certificates.len());
    let good = [
        include_str!("signed/rs256.jws"),
        include_str!("signed/rs384.jws"),
        include_str!("signed/rs512.jws"),
    ];
    for jws in good {
        assert_eq!(check(jws), Ok(1));
        // One bit of the signature, and another payload under the same one.
        let (input, signature) = jws.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        assert!(
            check(&format!("{input}.{flipped}{}", &signature[1..]))
                .unwrap_err()
                .contains("not made with the key")
        );
        let spaced = URL_SAFE_NO_PAD.encode(BASE.replacen('{', "{ ", 1));
        let header = input.split_once('.').unwrap().0;
        assert!(
            check(&format!("{header}.{spaced}.{signature}")).unwrap_err().contains("not made with the key")
        );
    }
    // The algorithm is part of what was signed.
    let other = good[0].replacen(good[0].split('.').next().unwrap(), good[1].split('.').next().unwrap(), 1);
    assert!(check(&other).unwrap_err().contains("not made with the key"));
    assert!(check(include_str!("signed/elliptic.jws")).unwrap_err().contains("no RSA key"));
    assert!(check(&jws(r#"{"alg":"RS512","x5c":["AQID","BAUG"]}"#, BASE)).unwrap_err().contains("X.509"));
}

// xAPI Data 2.6; 4.2.6: A statement has one signature.
#[test]
fn a_signature_cannot_be_swapped_within_the_statement() {
    let other = r#"{"usageType":"x:u","display":{},"contentType":"text/plain","length":1,"sha2":"00"}"#;
    let with = BASE.replacen('{', &format!(r#"{{"attachments":[{other}],"#), 1);
    assert!(check_signature(&with, jws(r#"{"alg":"RS256"}"#, BASE).as_bytes()).is_err());
    assert!(check_signature(&with, jws(r#"{"alg":"RS256"}"#, &with).as_bytes()).is_ok());
}

#[test]
fn multipart_out_and_in_again() {
    let data: Vec<Vec<u8>> =
        vec![b"here is a simple attachment".to_vec(), vec![], b"\r\n--\r\n\r\n--part-\r\n\0\xff".to_vec()];
    for digits in [56, 64, 96, 128] {
        let hashes: Vec<String> = data.iter().map(|d| sha2_of(d, digits).unwrap()).collect();
        let attachments: Vec<String> = hashes
            .iter()
            .map(|h| format!(r#"{{"usageType":"x:u","display":{{}},"contentType":"text/plain","length":1,"sha2":"{}"}}"#, h.to_uppercase()))
            .collect();
        let statements = format!(
            "[{}]",
            BASE.replacen('{', &format!("{{\"attachments\":[{}],", attachments.join(",")), 1)
        );
        let parts: Vec<OutPart<'_>> = hashes
            .iter()
            .zip(&data)
            .map(|(sha2, data)| OutPart { sha2, content_type: "text/plain", data })
            .collect();
        let (content_type, body) = write_multipart(&statements, &parts);
        let again = split_multipart(&content_type, &body, Version::V1_0_3, Limits::default()).unwrap();
        assert_eq!(again.statements, statements.as_bytes());
        assert_eq!(again.attachments.iter().map(|p| p.data).collect::<Vec<_>>(), data);
        let received = parse_statements(again.statements, Version::V1_0_3, Limits::default()).unwrap();
        check_attachments(&received, &again.attachments, Version::V1_0_3).unwrap();
    }
}

#[test]
fn many_statements_in_one_answer() {
    assert_eq!(xapi::statements_json([], ""), r#"{"statements":[],"more":""}"#);
    assert_eq!(
        xapi::statements_json(["{}", "{}"], "/xapi/statements?c=\"1\""),
        r#"{"statements":[{},{}],"more":"/xapi/statements?c=\"1\""}"#
    );
}
