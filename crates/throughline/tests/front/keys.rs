//! Keys of machines.

use domain::access::KeyScope;
use serde_json::json;
use store::Store;

use crate::harness::Server;

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
