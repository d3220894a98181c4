//! Getting in and out: passwords, one-use links, sessions, the demo's personas.

use app::access::Persona;
use domain::access::{AccessRole, WriteAssignment};
use store::Store;

use crate::harness::{Client, Server, host, settings};

const GOOD: &str = "four unrelated plain words";

/// Follows a one-use link in a browser and sets a password.
fn follow(server: &Server, link: &str, fields: &[(&str, &str)]) -> crate::harness::Answer {
    let path = link.strip_prefix(&server.app.settings.public_url).unwrap();
    server.anonymous().get(path).expect(200);
    server.anonymous().form(path, fields)
}

fn signed_in(server: &Server, answer: &crate::harness::Answer) -> Client {
    let cookies = answer.cookies();
    let cookie = cookies.iter().find(|c| c.starts_with("throughline=")).expect("a session");
    server.anonymous().with_cookie(cookie)
}

/// Waits until the newest use of a person's session is noted, which does not hold up the page.
async fn noted(server: &Server, person: domain::ids::PersonId) {
    for _ in 0..500 {
        let read =
            server.app.store.read(move |r| -> app::Result<_> { Ok(store::access::sessions_of(r, person)?) });
        if read.await.unwrap().iter().any(|s| s.seen == server.app.now()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the use was never noted");
}

async fn invited(server: &Server, code: &str) -> Client {
    let link = app::access::invite(&server.app, host(WriteAssignment(())), code).await.unwrap();
    let answer = follow(server, &link, &[("password", GOOD)]).expect(303);
    signed_in(server, &answer)
}

testkit::both_databases! {
    async fn the_first_start_prints_a_link_that_works_once(store: Store) {
        let server = Server::start(store).await;
        let link = app::access::set_up_link(&server.app).await.unwrap().expect("nobody can sign in yet");
        let older = link;
        let link = app::access::set_up_link(&server.app).await.unwrap().unwrap();
        let path = older.strip_prefix(&server.app.settings.public_url).unwrap();
        server.anonymous().get(path).expect(404);

        let path = link.strip_prefix(&server.app.settings.public_url).unwrap().to_owned();
        let weak = [("name", "Ada Example"), ("email", "ada@northwind.example"), ("password", "Password1")];
        server.anonymous().form(&path, &weak).expect(400).contains("tried first");
        server.anonymous().form(&path, &[("name", ""), ("email", "ada"), ("password", "x")]).expect(400)
            .contains("3 things to put right");
        let fields = [("name", "Ada Example"), ("email", "ada@northwind.example"), ("password", GOOD)];
        let first = server.anonymous().form(&path, &fields).expect(303);
        let ada = signed_in(&server, &first);
        ada.get("/me").expect(200).contains("Ada Example");
        ada.get("/api/v1/keys").expect(200);
        server.anonymous().get(&path).expect(404);
        server.anonymous().form(&path, &fields).expect(404);
        assert_eq!(app::access::set_up_link(&server.app).await.unwrap(), None);

        let refused = app::access::give_role(&server.app, host(WriteAssignment(())), "ada@northwind.example", AccessRole::Privacy).await;
        assert!(matches!(refused, Err(app::Error::Conflict(_))), "admin and privacy are two people");
    }

    async fn a_set_up_link_is_used_by_one_of_many(store: Store) {
        let server = Server::start(store).await;
        let link = app::access::set_up_link(&server.app).await.unwrap().unwrap();
        let path = link.strip_prefix(&server.app.settings.public_url).unwrap().to_owned();
        let answers: Vec<u16> = std::thread::scope(|s| {
            let tries: Vec<_> = (0..4)
                .map(|n| {
                    let (client, path) = (server.anonymous(), path.clone());
                    s.spawn(move || {
                        let email = format!("p{n}@northwind.example");
                        client.form(&path, &[("name", "Ada Example"), ("email", &email), ("password", GOOD)]).status
                    })
                })
                .collect();
            tries.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|s| **s == 303).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|s| **s == 404).count(), 3, "{answers:?}");
    }

    async fn an_invitation_sets_a_password_and_then_it_signs_in(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let first = invited(&server, "member").await;
        first.get("/me").expect(200).contains("Member Example");

        let anyone = server.anonymous();
        anyone.get("/sign-in").expect(200);
        let fields = [("email", "Member@Northwind.example"), ("password", GOOD), ("next", "/me")];
        let answer = anyone.form("/sign-in", &fields).expect(303);
        assert_eq!(answer.header("location"), "/me");
        let set = answer.header("set-cookie");
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
        let second = signed_in(&server, &answer);
        assert_ne!(first.cookie(), second.cookie(), "every sign-in has a secret of its own");
        second.get("/me").expect(200);

        for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
            let answer = anyone.form("/sign-in", &[("email", "member"), ("password", GOOD), ("next", next)]).expect(303);
            assert_eq!(answer.header("location"), "/", "{next}");
        }

        let out = second.form("/sign-out", &[]).expect(303);
        assert!(out.header("clear-site-data").contains("cookies"));
        assert_eq!(second.get("/me").expect(303).header("location"), "/sign-in?next=%2Fme");
        first.get("/me").expect(200);

        app::access::disable(&server.app, host(WriteAssignment(())), "member").await.unwrap();
        first.get("/me").expect(303);
        anyone.form("/sign-in", &[("email", "member"), ("password", GOOD)]).expect(400);
        let _ = org;
    }

    async fn unknown_and_wrong_get_the_same_answer(store: Store) {
        let server = Server::start(store).await;
        server.org().await;
        invited(&server, "member").await;
        let text = |email: &str, password: &str| {
            let answer = server.anonymous().form("/sign-in", &[("email", email), ("password", password)]).expect(400);
            answer.text().replace(email, "")
        };
        let wrong = text("member@northwind.example", "not my password");
        assert!(wrong.contains("do not belong together"), "{wrong}");
        assert_eq!(wrong, text("nobody@northwind.example", "not my password"));
        assert_eq!(wrong, text("peer@northwind.example", GOOD), "has no password yet");
    }

    async fn wrong_tries_run_out_and_come_back(store: Store) {
        let server = Server::start(store).await;
        server.org().await;
        let link = app::access::invite(&server.app, host(WriteAssignment(())), "member").await.unwrap();
        follow(&server, &link, &[("password", GOOD)]).expect(303);
        let attempt = |password: &str| server.anonymous().form("/sign-in", &[("email", "member"), ("password", password)]);
        for _ in 0..10 {
            attempt("not my password").expect(400);
        }
        let answer = attempt(GOOD).expect(429);
        assert_eq!(answer.header("retry-after"), "900");
        answer.contains("Too many tries");
        server.anonymous().form("/sign-in", &[("email", "peer"), ("password", "x")]).expect(400);
        server.advance(901);
        attempt(GOOD).expect(303);
    }

    async fn sessions_end_by_rest_and_by_age(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let member = server.sign_in_as(org.member).await;
        let admin = server.sign_in_as(org.admin).await;
        member.get("/me").expect(200);
        server.advance(16 * 60);
        member.get("/me").expect(200);
        admin.get("/me").expect(303);
        noted(&server, org.member).await;
        server.advance(29 * 60);
        member.get("/me").expect(200);
        noted(&server, org.member).await;
        server.advance(31 * 60);
        member.get("/me").expect(303);

        let member = server.sign_in_as(org.member).await;
        for _ in 0..28 {
            server.advance(25 * 60);
            member.get("/me").expect(200);
            noted(&server, org.member).await;
        }
        server.advance(25 * 60);
        member.get("/me").expect(303);
    }

    async fn ones_own_password_and_sessions(store: Store) {
        let server = Server::start(store).await;
        server.org().await;
        let one = invited(&server, "member").await;
        let answer = server.anonymous().form("/sign-in", &[("email", "member"), ("password", GOOD)]).expect(303);
        let two = signed_in(&server, &answer);
        one.form("/me/password", &[("old", "wrong one here"), ("new", "another four plain words")]).expect(400);
        one.form("/me/password", &[("old", GOOD), ("new", "member example")]).expect(400);
        two.get("/me").expect(200);
        let done = one.form("/me/password", &[("old", GOOD), ("new", "another four plain words")]).expect(303);
        assert_eq!(done.header("location"), "/me");
        two.get("/me").expect(303);
        let toast = done.cookies().into_iter().find(|c| c.starts_with("throughline-done=")).unwrap();
        let both = one.with_cookie(&format!("{}; {toast}", one.cookie().unwrap()));
        let shown = both.get("/me").expect(200).contains("Your password is changed");
        assert!(shown.cookies().contains("throughline-done="), "shown once");

        let answer = server.anonymous().form("/sign-in", &[("email", "member"), ("password", "another four plain words")]).expect(303);
        let three = signed_in(&server, &answer);
        three.form("/me/sessions/end", &[]).expect(303);
        one.get("/me").expect(303);
        three.get("/me").expect(200);
    }

    async fn personas_exist_in_the_demo_only(store: Store) {
        let server = Server::start(store.clone()).await;
        let org = server.org().await;
        let maya = Persona {
            person: org.member,
            name: "Member Example".into(),
            title: "Account manager".into(),
            place: "Harbour Street".into(),
            sees: "One metric changed.".into(),
        };
        app::access::set_personas(&server.app, &[maya]).await.unwrap();
        let pick = org.member.to_string();
        server.anonymous().get("/demo").expect(404);
        server.anonymous().form("/demo", &[("person", &pick)]).expect(404);

        let demo = app::Settings { demo: true, ..settings() };
        let server = Server::start_with(store, demo, web::Options::default()).await;
        assert_eq!(server.anonymous().get("/").expect(303).header("location"), "/demo");
        server.anonymous().get("/demo").expect(200).contains("Member Example").contains("Demo data");
        let answer = server.anonymous().form("/demo", &[("person", &pick), ("next", "/me")]).expect(303);
        signed_in(&server, &answer).get("/me").expect(200).contains("Be someone else");
        let admin = org.admin.to_string();
        server.anonymous().form("/demo", &[("person", &admin)]).expect(404);
        assert_eq!(app::access::set_up_link(&server.app).await.unwrap(), None);
    }
}
