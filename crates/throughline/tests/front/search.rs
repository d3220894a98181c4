//! Learning records as they came: one's own, and for a purpose somebody else's.

use domain::access::KeyScope;
use serde_json::{Value, json};
use store::Store;

use crate::harness::{Client, Server};

fn send(lms: &Client, statements: &Value) {
    let headers = [("X-Experience-API-Version", "1.0.3"), ("Content-Type", "application/json")];
    lms.send("POST", "/xapi/statements", &headers, statements.to_string().as_bytes()).expect(200);
}

fn statement(who: &str, verb: &str, lesson: usize) -> Value {
    json!({
        "actor": {"mbox": format!("mailto:{who}@northwind.example")},
        "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}")},
        "object": {"id": format!("https://learn.northwind.example/lessons/{lesson}")},
        "timestamp": "2026-03-17T08:00:00Z",
        "result": {"completion": verb == "completed", "duration": "PT12M"}
    })
}

testkit::both_databases! {
    async fn everybody_finds_their_own_records_page_by_page(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        let many: Vec<Value> = (0..60).map(|n| statement("member", if n % 2 == 0 { "completed" } else { "experienced" }, n)).collect();
        send(&lms, &json!(many));
        send(&lms, &json!([statement("peer", "completed", 900)]));
        app::pipeline::settle(&server.app).await.unwrap();
        let member = server.sign_in_as(org.member).await;
        let mut path = "/records".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = member.get(&path).expect(200).text();
            assert!(!page.contains("lessons/900"), "somebody else's");
            seen.extend(page.split("<span class=\"sub break\">").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()));
            match page.split("<a href=\"/records?").nth(1) {
                Some(rest) => path = format!("/records?{}", rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")),
                None => break,
            }
            // What comes meanwhile does not move the pages.
            send(&lms, &json!([statement("member", "launched", 1_000)]));
        }
        let want: Vec<String> = (0..60).rev().map(|n| format!("https://learn.northwind.example/lessons/{n}")).collect();
        assert_eq!(seen, want);
        let page = member.get("/records?verb=http%3A%2F%2Fadlnet.gov%2Fexpapi%2Fverbs%2Fcompleted&activity=https%3A%2F%2Flearn.northwind.example%2Flessons%2F4&since=2026-03-01&until=2026-03-31").expect(200).text();
        assert!(page.contains("1 record shown") && page.contains("1 completion") && page.contains("On 17 March"), "{page}");
        assert!(page.contains("PT12M"), "as it came");
        member.get("/records?since=soon").expect(400);
        member.get("/records?page=x").expect(400);
        member.get("/records?since=2026-03-19").expect(200).contains("No record fits");
        member.get("/records?person=peer&why=to+have+a+look").expect(403);
        server.sign_in_as(org.admin).await.get("/records?person=member&why=to+have+a+look").expect(403);
        server.sign_in_as(org.leader).await.get("/records?person=member&why=to+have+a+look").expect(403);
    }

    async fn whoever_guards_privacy_names_a_purpose_and_the_person_reads_it(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let lms = server.key(&[KeyScope::All]).await;
        send(&lms, &json!([statement("member", "completed", 1)]));
        let privacy = server.sign_in_as(org.privacy).await;
        privacy.get("/records?person=member").expect(400).contains("what the look is for");
        privacy.get("/records?person=nobody&why=a+request+for+access").expect(400);
        privacy.get("/records?person=member&why=a+request+for+access").expect(200).contains("lessons/1");
        server.sign_in_as(org.member).await.get("/me").expect(200).contains("learning records: a request for access");
    }
}
