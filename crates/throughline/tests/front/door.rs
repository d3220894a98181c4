//! What holds for every request, whatever its route.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use store::Store;

use crate::harness::{Server, read_answer, settings};

testkit::both_databases! {
    async fn every_answer_has_its_headers(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let anyone = server.anonymous();
        let member = server.sign_in_as(org.member).await;
        let answers = [
            anyone.get("/sign-in"), anyone.get("/nowhere"), anyone.get("/api/v1/keys"), anyone.get("/api/v1/ready"),
            anyone.get("/"), anyone.send("TRACE", "/", &[], b""), member.get("/me"), member.get("/api/v1/keys"),
            anyone.get(&web::assets::url("app.css")), anyone.send("PUT", "/sign-in", &[], b"x"),
        ];
        for answer in &answers {
            let shown = format!("{} {:?}", answer.status, answer.headers);
            assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{shown}");
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{shown}");
            assert!(!answer.header("content-security-policy").contains("unsafe"), "{shown}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{shown}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{shown}");
            assert!(!answer.header("cache-control").is_empty(), "{shown}");
            if !answer.body.is_empty() {
                assert!(answer.header("content-type").contains("charset=utf-8"), "{shown}");
            }
            assert_eq!(answer.header("strict-transport-security"), "", "{shown}");
        }
        assert_eq!(answers[6].header("cache-control"), "no-store");
        assert!(answers[8].header("cache-control").contains("immutable"));

        let tls = app::Settings { public_url: "https://throughline.example".into(), ..settings() };
        let store = server.app.store.clone();
        let server = Server::start_with(store, tls, web::Options::default()).await;
        let answer = server.anonymous().get("/sign-in").expect(200);
        assert!(answer.header("strict-transport-security").contains("max-age=31536000"));
    }

    async fn what_is_not_there_and_what_is_not_done_so(store: Store) {
        let server = Server::start(store).await;
        let anyone = server.anonymous();
        anyone.get("/nowhere").expect(404).contains("<!doctype html>");
        let api = anyone.get("/api/v1/nowhere").expect(404);
        assert_eq!(api.header("content-type"), "application/problem+json; charset=utf-8");
        assert_eq!(api.json()["status"], 404);
        for path in ["/%2e%2e/etc/passwd", "/assets/../Cargo.toml", "/assets/%252e%252e", "/sign-in/"] {
            anyone.get(path).expect(404);
        }
        let wrong = anyone.send("PUT", "/sign-in", &[], b"").expect(405);
        assert!(wrong.header("allow").contains("GET") && wrong.header("allow").contains("POST"), "{:?}", wrong.headers);
        let wrong = anyone.send("PATCH", "/api/v1/ready", &[], b"").expect(405);
        assert!(wrong.header("allow").contains("GET"), "{:?}", wrong.headers);
        assert_eq!(wrong.json()["title"], "Not done this way");
        anyone.send("TRACE", "/sign-in", &[], b"").expect(405);
        anyone.get("/api/v1/ready").expect(204);
        let key = anyone.get("/api/v1/keys").expect(401);
        assert!(key.header("www-authenticate").starts_with("Basic"));
        assert_eq!(anyone.get("/me?secret=1").expect(303).header("location"), "/sign-in?next=%2Fme");
        anyone.form("/me/sessions/end", &[]).expect(303);
    }

    async fn other_sites_cannot_make_a_browser_act(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let member = server.sign_in_as(org.member).await;
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let end = |headers: &[(&str, &str)]| {
            let mut all = vec![form];
            all.extend_from_slice(headers);
            member.send("POST", "/me/sessions/end", &all, b"").status
        };
        assert_eq!(end(&[("Sec-Fetch-Site", "cross-site")]), 403);
        assert_eq!(end(&[("Sec-Fetch-Site", "same-site")]), 403);
        assert_eq!(end(&[("Sec-Fetch-Site", ""), ("Origin", "http://evil.example")]), 403);
        assert_eq!(end(&[("Sec-Fetch-Site", "")]), 403, "a cookie without a word of where it comes from");
        let own = format!("http://{}", server.address);
        assert_eq!(end(&[("Sec-Fetch-Site", ""), ("Origin", &own)]), 303);
        assert_eq!(end(&[("Sec-Fetch-Site", "same-origin")]), 303);
    }

    async fn bodies_have_an_end(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        let json = [("Content-Type", "application/json")];
        let large = vec![b' '; 70 << 10];
        let answer = admin.send("POST", "/api/v1/keys", &json, &large).expect(413);
        assert!(answer.json()["detail"].as_str().unwrap().contains("64 KiB"));

        // The same without a length that tells in advance.
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!(
            "POST /api/v1/keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            admin.cookie().unwrap()
        );
        socket.write_all(head.as_bytes()).unwrap();
        for _ in 0..7 {
            let _ = socket.write_all(format!("2800\r\n{}\r\n", " ".repeat(0x2800)).as_bytes());
        }
        assert_eq!(read_answer(&mut BufReader::new(socket)).status, 413);
    }

    async fn malformed_json_names_its_place(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        let admin = server.sign_in_as(org.admin).await;
        let sent = |body: &[u8]| admin.send("POST", "/api/v1/keys", &[("Content-Type", "application/json")], body);
        let place = |body: &str| sent(body.as_bytes()).expect(400).faults().remove(0).0;
        assert_eq!(place(r#"{"name": 1, "scopes": []}"#), "body.name");
        assert_eq!(place(r#"{"name": "x", "scopes": ["metrics", "nonsense"]}"#), "body.scopes[1]");
        assert_eq!(place(r#"{"name": "x", "scopes": [], "colour": "red"}"#), "body.colour");
        assert_eq!(place(r#"{"name": "x", "name": "y", "scopes": []}"#), "body.name");
        assert_eq!(place(r#"{"name": "x", "scopes": []}"#), "scopes");
        assert_eq!(place(r#"{"name": "x", "scopes": ["metrics"], "expires": "31 February"}"#), "body.expires");
        for body in ["", "{", "[]", "nul", "\u{feff}{}", "{\"name\": \"x\", \"scopes\": NaN}"] {
            sent(body.as_bytes()).expect(400);
        }
        sent(b"{\"name\": \"\xff\", \"scopes\": []}").expect(400);
        sent("[".repeat(60_000).as_bytes()).expect(400);
        admin.send("POST", "/api/v1/keys", &[("Content-Type", "text/plain")], b"{}").expect(415);
        admin.send("POST", "/api/v1/keys", &[], b"{}").expect(415);
        assert_eq!(admin.get("/api/v1/keys").expect(200).json()["keys"].as_array().unwrap().len(), 0);
    }

    async fn malformed_forms_name_their_place(store: Store) {
        let server = Server::start(store).await;
        let sent = |body: &str| {
            server.anonymous().send("POST", "/sign-in", &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
        };
        sent("email=a&email=b&password=x").expect(400).contains("form.email");
        sent("email=a&password=x&admin=true").expect(400).contains("form.admin");
        sent("email=a").expect(400).contains("password");
        sent("%ff=%00&&&=").expect(400);
        server.anonymous().get("/sign-in?next=/me&next=/you").expect(400);
        server.anonymous().send("POST", "/sign-in", &[("Content-Type", "application/json")], b"{}").expect(415);
    }
}

fn quick() -> web::Options {
    web::Options {
        first_byte: Duration::from_millis(300),
        head: Duration::from_millis(300),
        body_idle: Duration::from_millis(300),
        connections: 4,
        ..web::Options::default()
    }
}

/// How long until the server closes a connection on which this was sent.
fn closed_after(server: &Server, sent: &[u8]) -> Duration {
    let start = Instant::now();
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.write_all(sent).unwrap();
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
    start.elapsed()
}

testkit::both_databases! {
    async fn who_dawdles_is_let_go(store: Store) {
        let server = Server::start_with(store, settings(), quick()).await;
        let most = Duration::from_secs(3);
        assert!(closed_after(&server, b"") < most, "nothing");
        assert!(closed_after(&server, b"P") < most, "half of either protocol");
        assert!(closed_after(&server, b"GET / HTTP/1.1\r\nHost: x\r\nX-") < most, "half a head");
        assert!(closed_after(&server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") < most, "kept open and idle");
        assert!(closed_after(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") < most, "HTTP/2 without a frame");

        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nemail=";
        socket.write_all(head.as_bytes()).unwrap();
        let answer = read_answer(&mut BufReader::new(socket));
        assert_eq!(answer.status, 408, "{}", answer.text());
        server.anonymous().get("/sign-in").expect(200);
    }

    async fn connections_have_an_end(store: Store) {
        let server = Server::start_with(store, settings(), quick()).await;
        let idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(server.address).unwrap()).collect();
        // More than the cap are open and silent; they are let go in turn, and then there is room.
        server.anonymous().get("/sign-in").expect(200);
        drop(idle);
    }

    async fn what_is_not_http_does_no_harm(store: Store) {
        let server = Server::start(store).await;
        for sent in [
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /me HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nBad Header: x\r\n\r\n",
            "\x16\x03\x01\x02\x00\x01\x00",
            "GET /\u{0} HTTP/1.1\r\n\r\n",
            "HELLO\r\n\r\n",
        ] {
            let mut socket = TcpStream::connect(server.address).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            socket.write_all(sent.as_bytes()).unwrap();
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer);
            let text = String::from_utf8_lossy(&answer);
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{sent:?}: {text}");
            assert!(text.matches("HTTP/1.1").count() <= 1, "one request, one answer: {text}");
        }
        let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{many}\r\n");
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
        assert_eq!(read_answer(&mut BufReader::new(socket)).status, 431);
        server.anonymous().get("/sign-in").expect(200);
    }

    async fn http_2_is_spoken_to_who_starts_with_it(store: Store) {
        let server = Server::start(store).await;
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // In pieces: the first bytes alone must not be taken for HTTP/1.
        socket.write_all(b"PR").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        socket.write_all(b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        // SETTINGS, then HEADERS of stream 1: GET http / with an authority (RFC 9113, 6.2; RFC 7541, appendix A).
        socket.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
        let fields = [0x82, 0x86, 0x84, 0x41, 1, b'x'];
        let mut frame = vec![0, 0, fields.len() as u8, 1, 0b101, 0, 0, 0, 1];
        frame.extend_from_slice(&fields);
        socket.write_all(&frame).unwrap();
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).expect("a frame");
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            socket.read_exact(&mut payload).unwrap();
            if head[3] == 1 {
                assert_eq!(head[8], 1, "HEADERS of stream 1");
                return;
            }
        }
    }

    async fn an_order_to_stop_lets_open_requests_end(store: Store) {
        let mut server = Server::start(store).await;
        let org = server.org().await;
        let member = server.sign_in_as(org.member).await;
        let mut events = member.events("/live", &[]);
        assert_eq!(events.status, 200);
        server.stop();
        assert_eq!(events.next(), None, "the stream ends");
        let start = Instant::now();
        while TcpStream::connect(server.address).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(5), "still listening");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
