//! The resources of xAPI over HTTP: versions, keys and scopes, statements, documents, and what is said when something is wrong.

use domain::access::KeyScope;
use serde_json::{Value, json};
use store::Store;

use crate::harness::{Answer, Client, Server, settings};

const V1: (&str, &str) = ("X-Experience-API-Version", "1.0.3");
const V2: (&str, &str) = ("X-Experience-API-Version", "2.0.0");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ID: &str = "01900000-0000-4000-8000-000000000001";

fn statement() -> Value {
    json!({
        "actor": {"mbox": "mailto:maya@northwind.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://learn.northwind.example/lessons/1"}
    })
}

fn send(client: &Client, path: &str, body: &Value) -> Answer {
    client.send("POST", path, &[V1, JSON], body.to_string().as_bytes())
}

fn get(client: &Client, path: &str) -> Answer {
    client.send("GET", path, &[V1], b"")
}

testkit::both_databases! {
    // xAPI Communication 2.1.1; 4.1.6.1: PUT stores one statement under the id of its parameter; the same again is 204, another meaning 409.
    // xAPI Communication 2.1.2; 4.1.6.1: POST stores one statement or a batch and answers with the ids in order.
    // xAPI Communication 2.1.3; 4.1.6.1: GET gives one statement by its id, or a list that goes on at `more`.
    // xAPI Communication 1.1; 4.1.2: HEAD answers as GET does, without a body.
    async fn statements_come_and_go(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let ids = send(&lms, "/xapi/statements", &json!([statement(), statement()])).expect(200);
        assert_eq!(ids.header("x-experience-api-version"), "1.0.3");
        assert!(!ids.header("x-experience-api-consistent-through").is_empty());
        let ids: Vec<String> = serde_json::from_value(ids.json()).unwrap();
        let one = get(&lms, &format!("/xapi/statements?statementId={}", ids[0])).expect(200);
        assert_eq!(one.json()["id"], ids[0]);
        assert_eq!(one.header("last-modified"), "Wed, 18 Mar 2026 09:00:00 GMT");
        let head = lms.send("HEAD", &format!("/xapi/statements?statementId={}", ids[0]), &[V1], b"").expect(200);
        assert!(head.body.is_empty());

        let put = |id: &str, body: &Value| lms.send("PUT", &format!("/xapi/statements?statementId={id}"), &[V2, JSON], body.to_string().as_bytes());
        put(ID, &statement()).expect(204);
        put(ID, &statement()).expect(204);
        let mut other = statement();
        other["verb"]["id"] = "http://adlnet.gov/expapi/verbs/failed".into();
        put(ID, &other).expect(409).contains(ID);
        put(ID, &json!([statement()])).expect(400);
        other["id"] = ids[1].clone().into();
        put("01900000-0000-4000-8000-000000000002", &other).expect(400).contains("$.id");
        get(&lms, "/xapi/statements?statementId=01900000-0000-4000-8000-000000000002").expect(404);
        get(&lms, &format!("/xapi/statements?voidedStatementId={ID}")).expect(404);

        // Page by page, at the address that was asked.
        let first = get(&lms, "/xapi/1.0.3/statements?limit=2&verb=http%3A%2F%2Fadlnet.gov%2Fexpapi%2Fverbs%2Fcompleted").expect(200).json();
        assert_eq!(first["statements"][0]["id"], ID);
        let more = first["more"].as_str().unwrap();
        assert!(more.starts_with("/xapi/1.0.3/statements?limit=2&verb="), "{more}");
        let rest = get(&lms, more).expect(200).json();
        assert_eq!(rest["statements"].as_array().unwrap().len(), 1);
        assert_eq!(rest["more"], "");
        get(&lms, "/xapi/statements?more=x").expect(400);
    }

    // xAPI Communication 3.3; 4.1.1: Every answer carries X-Experience-API-Version; a request without it, or with an unknown version, is refused with 400.
    // xAPI Communication 2.8; 4.1.6.7: The about resource says which versions are spoken, to anybody.
    async fn every_answer_names_the_version(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let version = |answer: Answer| answer.header("x-experience-api-version").to_owned();
        let nobody = server.anonymous();
        assert_eq!(version(get(&nobody, "/xapi/statements").expect(401)), "1.0.3");
        assert_eq!(version(nobody.get("/xapi/2.0/statements").expect(401)), "2.0.0");
        assert_eq!(version(lms.get("/xapi/statements").expect(400)), "1.0.3");
        assert_eq!(version(lms.get("/xapi/1.0.3/statements").expect(400)), "1.0.3");
        assert_eq!(version(lms.get("/xapi/2.0/statements").expect(400)), "2.0.0");
        assert_eq!(version(lms.get("/xapi/2.0/nothing").expect(404)), "2.0.0");
        assert_eq!(version(lms.send("GET", "/xapi/2.0/statements", &[V1], b"").expect(200)), "1.0.3");
        assert_eq!(version(lms.send("GET", "/xapi/statements", &[V2], b"").expect(200)), "2.0.0");
        lms.send("GET", "/xapi/statements", &[("X-Experience-API-Version", "0.9")], b"").expect(400);
        let about = nobody.get("/xapi/about").expect(200);
        assert!(about.json()["version"].as_array().unwrap().contains(&"2.0.0".into()));
        assert_eq!(version(about), "1.0.3");
    }

    // xAPI Communication 3.3; 4.1.1: A refusal names the version that the address expects.
    async fn the_version_that_is_expected_can_be_set(store: Store) {
        let options = web::Options { xapi_version: xapi::Version::V2_0, ..web::Options::default() };
        let server = Server::start_with(store, settings(), options).await;
        let lms = server.key(&[KeyScope::All]).await;
        let version = |answer: Answer| answer.header("x-experience-api-version").to_owned();
        assert_eq!(version(lms.get("/xapi/statements").expect(400)), "2.0.0");
        assert_eq!(version(lms.get("/xapi/1.0.3/statements").expect(400)), "1.0.3");
        assert_eq!(version(get(&lms, "/xapi/statements").expect(200)), "1.0.3");
    }

    async fn scripts_of_allowed_sites_may_use_it_and_no_others(store: Store) {
        let options =
            web::Options { xapi_origins: vec!["https://content.example".into()], ..web::Options::default() };
        let server = Server::start_with(store, settings(), options).await;
        let nobody = server.anonymous();
        let ask = |origin: &str| {
            let headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "authorization,content-type,x-experience-api-version")];
            nobody.send("OPTIONS", "/xapi/statements?statementId=x", &headers, b"")
        };
        let told = ask("https://content.example").expect(204);
        assert_eq!(told.header("access-control-allow-origin"), "https://content.example");
        assert!(told.header("access-control-allow-methods").contains("PUT"));
        for header in ["Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Experience-API-Version"] {
            assert!(told.header("access-control-allow-headers").contains(header), "{header}");
        }
        assert_eq!(told.header("access-control-allow-credentials"), "", "a cookie is never wanted");
        assert_eq!(told.header("vary"), "Origin");
        let told = ask("https://evil.example").expect(403);
        assert_eq!(told.header("access-control-allow-origin"), "");
        assert!(told.text().contains("xapi.origins"));

        let lms = server.key(&[KeyScope::All]).await;
        let from = |origin| lms.send("GET", "/xapi/statements", &[V1, ("Origin", origin)], b"").expect(200);
        let told = from("https://content.example");
        assert_eq!(told.header("access-control-allow-origin"), "https://content.example");
        assert!(told.header("access-control-expose-headers").contains("X-Experience-API-Consistent-Through"));
        assert_eq!(from("https://evil.example").header("access-control-allow-origin"), "");
        // Refusals can be read as well, or a script never learns what was wrong; pages and the API stay closed.
        let refused = lms.send("GET", "/xapi/statements?limit=x", &[V1, ("Origin", "https://content.example")], b"");
        assert_eq!(refused.expect(400).header("access-control-allow-origin"), "https://content.example");
        let api = nobody.send("GET", "/api/v1/ready", &[("Origin", "https://content.example")], b"");
        assert_eq!(api.header("access-control-allow-origin"), "");
    }

    // xAPI Communication 3.2; 4.1.5: A batch with one bad statement is refused whole, and every fault is named.
    async fn faults_name_their_place_and_clause(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let bad = json!([statement(), {"actor": {"mbox": "maya"}, "verb": {"id": "completed"}}]);
        let told = send(&lms, "/xapi/statements", &bad).expect(400);
        assert!(told.header("content-type").starts_with("application/problem+json"));
        let told = told.json();
        let paths: Vec<&str> = told["errors"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["$[1].actor.mbox", "$[1].verb.id", "$[1].object"]);
        assert!(told["errors"][0]["clause"].as_str().unwrap().starts_with("xAPI 1.0.3 Data"));
        let kept = get(&lms, "/xapi/statements").expect(200).json();
        assert_eq!(kept["statements"], json!([]), "nothing half-applied");
    }

    // xAPI Communication 3.2; 4.1.5: What cannot be read is answered with 400, whatever it is.
    async fn bad_input_is_the_senders_fault(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let many = json!(vec![statement(); 1_001]).to_string();
        let long = statement().to_string().replace("lessons/1", &"x".repeat(5_000));
        let bodies: [&[u8]; 12] = [
            b"", b"{", b"nul", b"[null]", b"\"x\"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{\"a\":1,\"a\":2}", b"[1e99999]",
            deep.as_bytes(), many.as_bytes(), long.as_bytes(),
        ];
        for body in bodies {
            let status = lms.send("POST", "/xapi/statements", &[V1, JSON], body).status;
            assert_eq!(status, 400, "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        }
        for query in [
            "agent=x", "agent=%7B%7D", "statementId=1", "since=yesterday", "limit=-1", "limit=x", "format=all", "Verb=x",
            "verb=x", "registration=x", "related_agents=1", "statementId=01900000-0000-4000-8000-000000000001&limit=1",
            "more=1-2&more=1-2", "more=99999999999999999999-1", "agent=%FF%00",
        ] {
            let status = get(&lms, &format!("/xapi/statements?{query}")).status;
            assert_eq!(status, 400, "{query}");
        }
        let body = statement().to_string();
        for content_type in ["text/plain", "", "multipart/mixed", "multipart/mixed; boundary=x", "multipart/form-data; boundary=x"] {
            let status = lms.send("POST", "/xapi/statements", &[V1, ("Content-Type", content_type)], body.as_bytes()).status;
            assert_eq!(status, 400, "{content_type}");
        }
        lms.send("POST", "/xapi/statements", &[V1, JSON], &vec![b' '; (10 << 20) + 1]).expect(413);
        let state = "/xapi/activities/state?activityId=http%3A%2F%2Fx.example%2F1&agent=%7B%22mbox%22%3A%22mailto%3Aa%40b.example%22%7D";
        lms.send("PUT", &format!("{state}&stateId={}", "x".repeat(4_000)), &[V1], b"x").expect(400);
        lms.send("PUT", &format!("{state}&stateId=a%00b"), &[V1], b"x").expect(400);
        lms.send("PUT", &format!("{state}&stateId=a"), &[V1, JSON], b"{").expect(400);
        lms.send("PUT", &format!("{state}&stateId=a"), &[V1, ("If-Match", "x y")], b"{}").expect(400);
        lms.send("PATCH", "/xapi/statements", &[V1, JSON], b"{}").expect(405);
        lms.send("DELETE", "/xapi/statements", &[V1], b"").expect(405);
        get(&lms, "/xapi/statements").expect(200);
    }

    // xAPI Communication 4.2; 4.1.7: A key does what its scopes say; anything else is 403.
    async fn scopes_are_held_to(store: Store) {
        let server = Server::start(store).await;
        let writer = server.key(&[KeyScope::StatementsWrite]).await;
        let own = server.key(&[KeyScope::StatementsWrite, KeyScope::StatementsReadMine]).await;
        let reader = server.key(&[KeyScope::AllRead]).await;
        let state = server.key(&[KeyScope::State]).await;
        let metrics = server.key(&[KeyScope::Metrics]).await;
        send(&writer, "/xapi/statements", &statement()).expect(200);
        let mine = send(&own, "/xapi/statements", &statement()).expect(200).json();
        get(&writer, "/xapi/statements").expect(403);
        let seen = get(&own, "/xapi/statements").expect(200).json();
        assert_eq!(seen["statements"].as_array().unwrap().len(), 1);
        assert_eq!(seen["statements"][0]["id"], mine[0]);
        assert_eq!(get(&reader, "/xapi/statements").expect(200).json()["statements"].as_array().unwrap().len(), 2);
        send(&reader, "/xapi/statements", &statement()).expect(403);
        for client in [&state, &metrics] {
            send(client, "/xapi/statements", &statement()).expect(403);
            get(client, "/xapi/statements").expect(403);
        }
        let document = "/xapi/activities/state?activityId=http%3A%2F%2Fx.example%2F1&agent=%7B%22mbox%22%3A%22mailto%3Aa%40b.example%22%7D&stateId=a";
        state.send("PUT", document, &[V1], b"x").expect(204);
        reader.send("PUT", document, &[V1], b"x").expect(403);
        get(&reader, document).expect(200);
        get(&metrics, document).expect(403);
        // A signed-in person has no business here, and a cookie is not looked at.
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        get(&admin, "/xapi/statements").expect(401);
    }

    // xAPI Communication 2.2; 4.1.6.2: Documents are stored, merged, listed and deleted.
    // xAPI Communication 3.1; 4.1.4: Documents carry an ETag, and If-Match and If-None-Match are held to.
    async fn documents_are_kept_with_their_tags(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let profile = "/xapi/agents/profile?agent=%7B%22mbox%22%3A%22mailto%3Aa%40b.example%22%7D";
        let one = format!("{profile}&profileId=p");
        lms.send("PUT", &one, &[V1, JSON], b"{\"a\":1}").expect(400);
        lms.send("PUT", &one, &[V1, JSON, ("If-None-Match", "*")], b"{\"a\":1}").expect(204);
        lms.send("PUT", &one, &[V1, JSON, ("If-None-Match", "*")], b"{\"a\":2}").expect(412);
        lms.send("PUT", &one, &[V1, JSON], b"{\"a\":2}").expect(409);
        let found = get(&lms, &one).expect(200);
        assert_eq!((found.text().as_str(), found.header("content-type")), ("{\"a\":1}", "application/json"));
        let tag = found.header("etag").to_owned();
        lms.send("PUT", &one, &[V1, JSON, ("If-Match", &tag)], b"{\"a\":2}").expect(204);
        lms.send("PUT", &one, &[V1, JSON, ("If-Match", &tag)], b"{\"a\":3}").expect(412);
        lms.send("POST", &one, &[V1, JSON], b"{\"b\":3}").expect(204);
        assert_eq!(get(&lms, &one).expect(200).json(), json!({"a": 2, "b": 3}));
        assert_eq!(get(&lms, profile).expect(200).json(), json!(["p"]));
        assert_eq!(get(&lms, &format!("{profile}&since=2026-03-18T09:00:00Z")).expect(200).json(), json!([]));
        lms.send("DELETE", &one, &[V1], b"").expect(204);
        get(&lms, &one).expect(404);
        lms.send("DELETE", &one, &[V1], b"").expect(204);
    }

    /// Several writers of one document: each merge is kept.
    // xAPI Communication 3.1; 4.1.4: Of two writers of one document none is lost.
    async fn merges_at_once_are_all_kept(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let path = "/xapi/activities/state?activityId=http%3A%2F%2Fx.example%2F1&agent=%7B%22mbox%22%3A%22mailto%3Aa%40b.example%22%7D&stateId=a";
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let lms = lms.clone();
                std::thread::spawn(move || {
                    for i in 0..5 {
                        let body = json!({format!("k{n}{i}"): i}).to_string();
                        let mut tries = 0;
                        while lms.send("POST", path, &[V1, JSON], body.as_bytes()).status != 204 {
                            tries += 1;
                            assert!(tries < 50, "never kept");
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            tokio::task::spawn_blocking(move || writer.join().unwrap()).await.unwrap();
        }
        assert_eq!(get(&lms, path).expect(200).json().as_object().unwrap().len(), 20);
    }

    // xAPI Communication 1.5.2; 4.1.3: Statements with attachments travel as multipart/mixed, both ways.
    async fn attachments_come_back_as_they_were(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let data = b"line one\r\n--not-a-boundary\r\n\x00\xff";
        let mut with = statement();
        let sha2 = xapi::sha2_of(data, 64).unwrap();
        with["attachments"] = json!([{"usageType": "http://example.com/notes", "display": {"en": "Notes"},
            "contentType": "application/octet-stream", "length": data.len(), "sha2": sha2}]);
        send(&lms, "/xapi/statements", &with).expect(400).contains("$.attachments[0]");
        let mut body = format!(
            "--cut\r\nContent-Type: application/json\r\n\r\n{with}\r\n--cut\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n"
        ).into_bytes();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n--cut--\r\n");
        let multipart = ("Content-Type", "multipart/mixed; boundary=cut");
        lms.send("POST", "/xapi/statements", &[V1, multipart], &body).expect(200);
        let found = get(&lms, "/xapi/statements?attachments=true").expect(200);
        assert!(found.header("content-type").starts_with("multipart/mixed; boundary="));
        assert!(found.body.windows(data.len()).any(|w| w == data));
        assert!(get(&lms, "/xapi/statements").expect(200).header("content-type").starts_with("application/json"));
    }

    // xAPI Communication 1.3; (not in 2.0): A form with the parameter `method` stands for a request; 2.0 refuses it.
    async fn a_form_stands_for_a_request_in_1_0_3_alone(store: Store) {
        let server = Server::start(store).await;
        let lms = server.key(&[KeyScope::All]).await;
        let form = |client: &Client, method: &str, fields: &[(&str, &str)]| client.form(&format!("/xapi/statements?method={method}"), fields);
        let content = statement().to_string();
        form(&lms, "PUT", &[V1, ("statementId", ID), JSON, ("content", &content)]).expect(204);
        assert_eq!(form(&lms, "GET", &[V1, ("statementId", ID)]).expect(200).json()["id"], ID);
        form(&lms, "GET", &[V2, ("statementId", ID)]).expect(400);
        // The key may be in the form.
        let nobody = server.anonymous();
        form(&nobody, "GET", &[V1, ("statementId", ID)]).expect(401);
        form(&nobody, "GET", &[V1, ("statementId", ID), ("Authorization", "Basic eDp5")]).expect(401);
    }

    // xAPI Communication 2.4; 4.1.6.3: The Person object holds every identifier of the same person.
    // xAPI Communication 2.5; 4.1.6.4: The Activity object holds what is known of an activity.
    async fn what_is_known_of_agents_and_activities(store: Store) {
        let server = Server::start(store).await;
        server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        let mut named = statement();
        named["actor"] = json!({"mbox": "mailto:member@northwind.example", "name": "May"});
        named["object"]["definition"] = json!({"name": {"en": "The second question"}});
        send(&lms, "/xapi/statements", &named).expect(200);
        let person = get(&lms, "/xapi/agents?agent=%7B%22mbox%22%3A%22mailto%3Amember%40northwind.example%22%7D").expect(200).json();
        assert_eq!(person["objectType"], "Person");
        assert_eq!(person["name"], json!(["May"]));
        let activity = get(&lms, "/xapi/activities?activityId=https%3A%2F%2Flearn.northwind.example%2Flessons%2F1").expect(200).json();
        assert_eq!(activity["definition"]["name"]["en"], "The second question");
        get(&lms, "/xapi/activities").expect(400);
        get(&lms, "/xapi/agents?agent=x").expect(400);
    }
}
