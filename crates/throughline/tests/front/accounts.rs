//! Whose records are these: accounts wait, are given to a person, and are taken back.

use domain::access::KeyScope;
use serde_json::{Value, json};
use store::Store;

use crate::harness::{Client, Server, person};

fn send(lms: &Client, actor: &Value) {
    let statement = json!({
        "actor": actor,
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://learn.northwind.example/lessons/1"},
        "timestamp": "2026-03-17T08:00:00Z"
    });
    let headers = [("X-Experience-API-Version", "1.0.3"), ("Content-Type", "application/json")];
    lms.send("POST", "/xapi/statements", &headers, statement.to_string().as_bytes()).expect(200);
}

/// How many days of learning somebody has.
async fn days(server: &Server, code: &'static str) -> i64 {
    app::pipeline::settle(&server.app).await.unwrap();
    let person = server.id_of(code).await;
    let held = server
        .app
        .store
        .read(move |r| -> app::Result<_> { Ok(store::access::held(r, person)?) })
        .await
        .unwrap();
    held.learning
}

testkit::both_databases! {
    async fn an_account_waits_is_given_and_taken_back(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        send(&lms, &json!({"account": {"homePage": "https://lms.example", "name": "m.lind"}}));
        send(&lms, &json!({"account": {"homePage": "https://crm.example", "name": "member"}}));
        let admin = server.sign_in_as(org.admin).await;
        admin.get("/health").expect(200).contains("href=\"/accounts\"");
        let page = admin.get("/accounts").expect(200).text();
        assert!(page.contains("2 accounts wait") && page.contains("https://lms.example · m.lind"), "{page}");
        assert!(page.contains("Member Example (member)"), "the account's name is a code");
        let ids: Vec<&str> = page.split("action=\"/accounts/").skip(1).map(|rest| rest.split('/').next().unwrap()).collect();
        let link = |id: &str, code: &str| admin.form(&format!("/accounts/{id}/link"), &[("person", code)]);
        link(ids[0], "nobody").expect(400);
        link(ids[0], "member").expect(303);
        link(ids[1], "member").expect(303);
        let page = admin.get("/accounts").expect(200).text();
        assert!(page.contains("Every account is known") && page.contains("by hand"), "{page}");
        assert_eq!(days(&server, "member").await, 1);

        admin.form(&format!("/accounts/{}/release", ids[0]), &[]).expect(303);
        assert_eq!(days(&server, "member").await, 1, "the other account is still theirs");
        admin.form(&format!("/accounts/{}/release", ids[1]), &[]).expect(303);
        assert_eq!(days(&server, "member").await, 0);
        admin.get("/accounts").expect(200).contains("2 accounts wait");
        server.sign_in_as(org.leader).await.get("/accounts").expect(403);
    }

    async fn whoever_wrote_before_they_were_in_the_staff_list_is_found_by_their_address(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        send(&lms, &json!({"mbox": "mailto:New.Hire@northwind.example"}));
        let admin = server.sign_in_as(org.admin).await;
        admin.get("/accounts").expect(200).contains("One account waits");
        let mut hire = person("hire", Some("leader"));
        hire.email = Some("new.hire@northwind.example".into());
        server.people(vec![hire]).await;
        admin.get("/accounts").expect(200).contains("Every account is known");
        assert_eq!(days(&server, "hire").await, 1);
    }
}
