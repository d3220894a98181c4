//! What holds for any input: nothing panics, nothing is lost, and what was accepted is accepted again.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use xapi::{
    Limits, OutPart, Version, duration_millis, parse_statements, sha2_of, split_multipart, timestamp,
    write_multipart,
};

mod exercise;

const WHOLE: &str = r#"{"id":"6690e6c9-3ef0-4ed3-8b37-7f3964730bee","actor":{"objectType":"Group","name":"Crew \u00e9","account":{"homePage":"https://hr.example.com","name":"crew"},"member":[{"mbox":"mailto:ana@example.com"},{"mbox_sha1sum":"ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}]},"verb":{"id":"http://adlnet.gov/expapi/verbs/answered","display":{"en":"answered","de-CH":"antwortete"}},"object":{"objectType":"SubStatement","actor":{"openid":"https://a.example/"},"verb":{"id":"x:v"},"object":{"id":"x:1","definition":{"name":{"en":"N"},"interactionType":"matching","source":[{"id":"a","description":{"en":"A"}}],"target":[{"id":"b"}],"correctResponsesPattern":["a[.]b"]}},"context":{"platform":"p"}},"result":{"score":{"scaled":-0.5,"raw":1e1,"min":0,"max":100.0},"success":true,"completion":false,"response":"r\n","duration":"P1DT2.5S","extensions":{"x:e":{"deep":[1,[2,null]]}}},"context":{"registration":"ec531277-b57b-4c15-8d91-d292c5b2b8f7","contextActivities":{"parent":{"id":"x:2"},"other":[{"id":"x:3"}]},"language":"en","statement":{"objectType":"StatementRef","id":"ec531277-b57b-4c15-8d91-d292c5b2b8f7"},"contextAgents":[{"objectType":"contextAgent","agent":{"mbox":"mailto:c@d.e"},"relevantTypes":["x:r"]}]},"timestamp":"2026-03-18T08:41:00.5+01:00","stored":"2026-03-18T08:41:00Z","authority":{"mbox":"mailto:k@l.m"},"version":"2.0.0","attachments":[{"usageType":"x:u","display":{"en":"D"},"contentType":"text/plain","length":3,"sha2":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]}"#;

#[test]
fn the_whole_statement_is_good() {
    assert!(parse_statements(WHOLE.as_bytes(), Version::V2_0, Limits::default()).is_ok());
    exercise::statements(WHOLE.as_bytes());
}

#[test]
fn a_statement_cut_off_anywhere_is_refused() {
    for cut in 0..WHOLE.len() {
        assert!(parse_statements(&WHOLE.as_bytes()[..cut], Version::V2_0, Limits::default()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in vec(any::<u8>(), 0..200)) {
        exercise::statements(&body);
        exercise::multipart("multipart/mixed; boundary=b", &body);
        let _ = xapi::check_signature(WHOLE, &body);
    }

    #[test]
    fn any_text(text in any::<String>()) {
        exercise::statements(text.as_bytes());
        exercise::words(&text);
    }

    #[test]
    fn text_of_json_signs(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+ ntrl-]{0,60}") {
        exercise::statements(text.as_bytes());
    }

    #[test]
    fn a_byte_changed(at in 0..WHOLE.len(), to in any::<u8>()) {
        let mut body = WHOLE.as_bytes().to_vec();
        body[at] = to;
        exercise::statements(&body);
    }

    #[test]
    fn a_piece_moved(from in 0..WHOLE.len(), length in 0_usize..80, to in 0..WHOLE.len()) {
        let mut body = WHOLE.as_bytes().to_vec();
        let piece: Vec<u8> = body.drain(from..(from + length).min(WHOLE.len())).collect();
        let to = to.min(body.len());
        body.splice(to..to, piece);
        exercise::statements(&body);
    }

    #[test]
    fn a_text_anywhere_in_quotes(at in 0_usize..120, text in "\\PC{0,20}") {
        // Every other piece between quotes is a key or a text.
        let mut pieces: Vec<String> = WHOLE.split('"').map(str::to_owned).collect();
        let count = pieces.len();
        pieces[(2 * at + 1) % count] = text.replace(['"', '\\'], "");
        exercise::statements(pieces.join("\"").as_bytes());
    }

    #[test]
    fn any_parameters(pairs in vec(("[a-zA-Z_]{0,16}|agent|activityId|statementId|since|limit|registration|format", any::<String>()), 0..6)) {
        exercise::query(&pairs);
    }

    #[test]
    fn durations_written_plainly(days in 0_i64..400, hours in 0_i64..24, minutes in 0_i64..60, millis in 0_i64..60_000) {
        let text = format!("P{days}DT{hours}H{minutes}M{}.{:03}S", millis / 1000, millis % 1000);
        prop_assert_eq!(duration_millis(&text), Ok(((days * 24 + hours) * 60 + minutes) * 60_000 + millis));
    }

    #[test]
    fn timestamps_agree_with_the_calendar(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let at = Timestamp::from_microsecond(micros).unwrap();
        prop_assert_eq!(timestamp(&format!("{at:.6}"), Version::V2_0), Ok(at));
    }

    #[test]
    fn multipart_both_ways(data in vec(vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'p'), any::<u8>()], 0..40), 0..5)) {
        let hashes: Vec<String> = data.iter().map(|d| sha2_of(d, 64).unwrap()).collect();
        let parts: Vec<OutPart<'_>> =
            hashes.iter().zip(&data).map(|(sha2, data)| OutPart { sha2, content_type: "text/plain", data }).collect();
        let (content_type, body) = write_multipart("[]", &parts);
        let again = split_multipart(&content_type, &body, Version::V1_0_3, Limits::default()).unwrap();
        let mut distinct: Vec<&[u8]> = Vec::new();
        for d in &data {
            if !distinct.contains(&d.as_slice()) {
                distinct.push(d);
            }
        }
        prop_assert_eq!(again.attachments.iter().map(|p| p.data).collect::<Vec<_>>(), distinct);
    }
}
