//! Server-sent events: each person's own, and only while their session holds.

use std::time::Duration;

use app::Topic;
use domain::access::WriteAssignment;
use store::Store;

use crate::harness::{Server, host, settings};

testkit::both_databases! {
    async fn a_page_hears_of_its_own_changes_only(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let mut member = server.sign_in_as(org.member).await.events("/live", &[]);
        assert_eq!(member.status, 200);
        assert!(member.headers.iter().any(|(n, v)| n == "content-type" && v.starts_with("text/event-stream")));
        server.app.live.tell(org.peer, Topic::Session);
        server.app.live.tell(org.other, Topic::Team);
        server.app.live.tell(org.member, Topic::Alert);
        server.app.live.tell(org.member, Topic::Notifications);
        assert_eq!(member.next().as_deref(), Some("alert"));
        assert_eq!(member.next().as_deref(), Some("notifications"));
    }

    async fn a_page_that_comes_back_asks_for_everything_again(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        // Also one that was cut off before it heard of anything: the stream names itself at once.
        let first = server.sign_in_as(org.member).await.events("/live", &[]).id().unwrap();
        let mut back = server.sign_in_as(org.member).await.events("/live", &[("Last-Event-ID", &first)]);
        assert_eq!((0..5).filter_map(|_| back.next()).count(), 5);
        let mut member = server.sign_in_as(org.member).await.events("/live", &[("Last-Event-ID", "1")]);
        let mut names: Vec<String> = (0..5).filter_map(|_| member.next()).collect();
        names.sort();
        assert_eq!(names, ["alert", "notifications", "session", "team", "today"]);
    }

    async fn a_stream_ends_with_its_session(store: Store) {
        let options = web::Options { live_check: Duration::from_millis(100), ..web::Options::default() };
        let server = Server::start_with(store, settings(), options).await;
        let org = server.org().await;
        server.anonymous().get("/live").expect(204);
        let client = server.sign_in_as(org.member).await;
        let mut out = client.events("/live", &[]);
        client.form("/sign-out", &[]).expect(303);
        assert_eq!(out.next(), None);

        let mut gone = server.sign_in_as(org.gone).await.events("/live", &[]);
        app::access::disable(&server.app, host(WriteAssignment(())), "gone").await.unwrap();
        assert_eq!(gone.next(), None);

        let mut idle = server.sign_in_as(org.peer).await.events("/live", &[]);
        server.advance(31 * 60);
        assert_eq!(idle.next(), None);
    }

    async fn one_person_cannot_take_every_stream(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let member = server.sign_in_as(org.member).await;
        let open: Vec<_> = (0..24).map(|_| member.events("/live", &[])).collect();
        assert!(open.iter().all(|e| e.status == 200));
        member.get("/live").expect(429);
        assert_eq!(server.sign_in_as(org.peer).await.events("/live", &[]).status, 200);
    }
}
