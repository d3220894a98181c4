//! Keys of machines.

use domain::access::KeyScope;
use serde_json::json;
use store::Store;

use crate::harness::{Client, Server};

const V1: (&str, &str) = ("X-Experience-API-Version", "1.0.3");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const STATEMENT: &[u8] = br#"{"actor":{"mbox":"mailto:maya@northwind.example"},"verb":{"id":"http://adlnet.gov/expapi/verbs/completed"},"object":{"id":"https://a.example/1"}}"#;

testkit::both_databases! {
    async fn a_key_is_made_shown_once_used_and_ended(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        let made = admin
            .post("/api/v1/keys", &json!({"name": "CRM", "scopes": ["metrics"], "expires": "2026-04-01T00:00:00Z"}))
            .expect(201)
            .json();
        let (key, secret) = (made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let listed = admin.get("/api/v1/keys").expect(200);
        assert!(!listed.text().contains(secret), "the secret is shown once");
        assert_eq!(listed.json()["keys"][0]["name"], "CRM");

        // A machine may see that keys exist nowhere, so it is known and refused: 403, not 401.
        let machine = server.anonymous().with_basic(key, secret);
        machine.get("/api/v1/keys").expect(403);
        server.anonymous().with_basic(key, "wrong").get("/api/v1/keys").expect(401);
        server.anonymous().with_basic("tl-nobody", secret).get("/api/v1/keys").expect(401);
        // Pages do not take keys.
        assert_eq!(machine.get("/me").expect(303).header("location"), "/sign-in?next=%2Fme");

        let id = made["id"].as_str().unwrap();
        admin.delete(&format!("/api/v1/keys/{id}")).expect(204);
        admin.delete(&format!("/api/v1/keys/{id}")).expect(404);
        admin.delete("/api/v1/keys/key_x").expect(404);
        machine.get("/api/v1/keys").expect(401);
    }

    async fn a_key_ends_by_its_date(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        admin.post("/api/v1/keys", &json!({"name": "x", "scopes": ["metrics"], "expires": "2020-01-01T00:00:00Z"})).expect(400);
        let made = admin
            .post("/api/v1/keys", &json!({"name": "x", "scopes": ["metrics"], "expires": "2026-03-18T09:10:00Z"}))
            .expect(201)
            .json();
        let machine = server.anonymous().with_basic(made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
        machine.get("/api/v1/keys").expect(403);
        server.advance(601);
        machine.get("/api/v1/keys").expect(401);
    }

    async fn a_key_gets_another_secret_and_the_former_works_for_a_while(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        let made = admin.post("/api/v1/keys", &json!({"name": "LMS", "scopes": ["statements/write", "statements/read/mine"]})).expect(201).json();
        let with = |made: &serde_json::Value| server.anonymous().with_basic(made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let sent = |client: &Client| client.send("POST", "/xapi/statements", &[V1, JSON], STATEMENT).status;
        let id = made["id"].as_str().unwrap();
        assert_eq!(sent(&with(&made)), 200);
        let rotate = |admin: &Client, days: u32| admin.post(&format!("/api/v1/keys/{id}/rotate"), &json!({"overlap_days": days}));
        rotate(&admin, 91).expect(400).contains("overlap_days");
        let again = rotate(&admin, 2).expect(200).json();
        assert_eq!(again["key"], made["key"]);
        assert_ne!(again["secret"], made["secret"]);
        assert_eq!((sent(&with(&again)), sent(&with(&made))), (200, 200));
        // What it sent before is still its own.
        let mine = with(&again).send("GET", "/xapi/statements", &[V1], b"").expect(200).json();
        assert_eq!(mine["statements"].as_array().unwrap().len(), 3);
        server.advance(2 * 86_400 + 1);
        assert_eq!((sent(&with(&again)), sent(&with(&made))), (200, 401));
        let admin = server.sign_in_as(org.admin).await;
        let at_once = rotate(&admin, 0).expect(200).json();
        assert_eq!((sent(&with(&at_once)), sent(&with(&again))), (200, 401));
        admin.delete(&format!("/api/v1/keys/{id}")).expect(204);
        rotate(&admin, 1).expect(404);
    }

    async fn a_key_for_some_actors_speaks_of_no_others(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        let wanted = json!({"name": "Course", "scopes": ["all"], "actors": "*@northwind.example"});
        let made = admin.post("/api/v1/keys", &wanted).expect(201).json();
        assert_eq!(made["actors"], "*@northwind.example");
        admin.post("/api/v1/keys", &json!({"name": "Course", "scopes": ["all"], "actors": ""})).expect(400);
        let course = server.anonymous().with_basic(made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let send = |body: &str| course.send("POST", "/xapi/statements", &[V1, JSON], body.as_bytes());
        let own = String::from_utf8_lossy(STATEMENT).into_owned();
        send(&own).expect(200);
        let other = own.replace("maya@northwind", "maya@elsewhere");
        let refused = send(&format!("[{own},{other}]")).expect(403);
        assert!(refused.text().contains("$[1].actor") && refused.text().contains("*@northwind.example"), "{}", refused.text());
        let group = json!({
            "actor": {"objectType": "Group", "member": [{"mbox": "mailto:maya@northwind.example"}, {"mbox": "mailto:x@elsewhere.example"}]},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"}, "object": {"id": "https://a.example/1"}
        });
        send(&group.to_string()).expect(403);
        let kept = course.send("GET", "/xapi/statements", &[V1], b"").expect(200).json();
        assert_eq!(kept["statements"].as_array().unwrap().len(), 1, "nothing of what was refused");
        let state = |mail: &str| {
            let agent = format!("%7B%22mbox%22%3A%22mailto%3A{mail}%22%7D");
            let path = format!("/xapi/activities/state?activityId=https%3A%2F%2Fa.example%2F1&stateId=s&agent={agent}");
            course.send("PUT", &path, &[V1, JSON], b"{}").status
        };
        assert_eq!((state("maya%40northwind.example"), state("x%40elsewhere.example")), (204, 403));
    }

    async fn keys_have_a_page(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        admin.get("/health").expect(200).contains("href=\"/keys\"");
        admin.get("/keys").expect(200).contains("No key works yet");
        let faulty = admin.form("/keys", &[("name", "LMS"), ("actors", ""), ("until", "soon")]).expect(400);
        assert!(faulty.text().contains("href=\"#until\""));
        admin.form("/keys", &[("name", "LMS"), ("actors", ""), ("until", "")]).expect(400).contains("href=\"#scopes\"");
        admin.form("/keys", &[("name", "LMS"), ("scope:everything", "on")]).expect(400);
        let made = admin
            .form("/keys", &[("name", "LMS"), ("scope:statements/write", "on"), ("actors", "*@northwind.example"), ("until", "2027-01-01")])
            .expect(200);
        let text = made.text();
        let codes: Vec<&str> = text.split("<code class=\"break\">").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        let lms = server.anonymous().with_basic(codes[0], codes[1]);
        lms.send("POST", "/xapi/statements", &[V1, JSON], STATEMENT).expect(200);
        let listed = admin.get("/keys").expect(200);
        assert!(listed.text().contains("One key works") && !listed.text().contains(codes[1]), "the secret is shown once");
        let id = admin.get("/api/v1/keys").json()["keys"][0]["id"].as_str().unwrap().to_owned();
        let again = admin.form(&format!("/keys/{id}/rotate"), &[("overlap", "7")]).expect(200);
        assert!(again.text().contains("The former secret works until"));
        admin.form(&format!("/keys/{id}/end"), &[]).expect(303);
        admin.get("/keys").expect(200).contains("No key works yet");
        lms.send("POST", "/xapi/statements", &[V1, JSON], STATEMENT).expect(401);
    }

    async fn the_use_of_a_key_is_noted(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let machine = server.key(&[KeyScope::Metrics]).await;
        machine.get("/api/v1/keys").expect(403);
        let admin = server.sign_in_as(org.admin).await;
        for _ in 0..100 {
            let listed = admin.get("/api/v1/keys").expect(200).json();
            if listed["keys"][0]["last_used"].is_string() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("never noted");
    }
}
