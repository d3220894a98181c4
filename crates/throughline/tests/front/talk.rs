//! The talk: from the red to what both signed, the check on the chart, and who never learns of it.

use app::people::PersonRow;
use domain::time::Day;
use store::Store;

use crate::company::{Company, table_rows};
use crate::harness::person;

const AGREED: &[(&str, &str)] = &[
    ("going_on", "The new phones drop calls"),
    ("we_try", "Call from the old line until April"),
    ("who", "person"),
    ("by", "2026-03-25"),
    ("look_again", "2026-04-15"),
    ("do", "agree"),
];

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    AGREED.iter().map(|&(n, v)| if n == name { (n, value) } else { (n, v) }).collect()
}

testkit::both_databases! {
    async fn a_talk_from_the_red_to_the_check_on_the_chart(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        maya.form(&format!("{}/answer", c.alert_page()), &[("answer", "help"), ("text", "phones")]).expect(303);
        maya.form(&format!("{}/talk", c.alert_page()), &[]).expect(403);
        let page = c.talk(&leader);
        assert_eq!(c.talk(&leader), page, "asked again, the same talk");
        assert!(c.told("p3").await.contains("Lead0 Example opened a talk about successful calls"));
        maya.get("/today").expect(200).contains("A talk is open");
        // The agenda is drafted from the facts and the answer.
        for who in [&maya, &leader] {
            who.get(&page).expect(200).contains("Successful calls: lower since 16 February 2026").contains("usual range before was")
                .contains("They would like help").contains("phones").contains("The call script");
        }
        maya.form(&format!("{page}/point"), &[("text", "My two new colleagues")]).expect(303);
        leader.get(&page).expect(200).contains("Added by P3 Example: My two new colleagues");
        maya.form(&format!("{page}/agree"), &[]).expect(409);

        // Faults stand on the form, which keeps what was typed.
        let record = format!("{page}/record");
        for (name, value, words) in [
            ("going_on", " ", "what you both think is going on"),
            ("we_try", "", "what you try until the next look"),
            ("look_again", "2026-03-18", "is not after today"),
            ("look_again", "2027-03-18", "more than half a year"),
            ("look_again", "2026-02-30", "Choose the day"),
            ("by", "2026-03-01", "That day has passed"),
            ("by", "yesterday", "yesterday"),
        ] {
            let answer = leader.form(&record, &with(name, value)).expect(400).contains(words);
            let kept = if name == "going_on" { "Call from the old line until April" } else { "The new phones drop calls" };
            assert!(answer.text().contains(kept), "{name}: what was typed stays");
        }
        leader.form(&record, AGREED).expect(303);
        assert!(c.told("p3").await.contains("asks you to sign"));
        // Until both have signed, nothing stands on the chart.
        assert!(!maya.get(&c.metric_page()).expect(200).text().contains("\"label\":\"Check\""));
        leader.form(&format!("{page}/check"), &[("outcome", "recovered")]).expect(409);
        maya.get(&page).expect(200).contains("I agree");
        maya.form(&format!("{page}/agree"), &[]).expect(303);
        for who in [&maya, &leader] {
            who.get(&page).expect(200).contains("P3 Example agreed").contains("Lead0 Example agreed");
            let metric = who.get(&c.metric_page()).expect(200);
            let metric = metric.contains("{\"day\":\"2026-04-15\",\"label\":\"Check\",\"kind\":\"ours\",\"planned\":true}");
            assert!(
                table_rows(&metric).iter().any(|row| row.contains("Check, 15 Apr")),
                "the check stands in the table too: {}", metric.text()
            );
        }
        leader.get(&c.alert_page()).expect(200).contains("Trying something, 18 Mar");
        leader.get("/team").expect(200).contains("Nobody needs you today");
        leader.form(&record, AGREED).expect(409);

        // Messages both ways.
        maya.form(&format!("{page}/message"), &[("text", "The old line works")]).expect(303);
        leader.form(&format!("{page}/message"), &[("text", "Good to hear")]).expect(303);
        for who in [&maya, &leader] {
            who.get(&page).expect(200).contains("The old line works").contains("Good to hear");
        }

        // The check: not yet, and then it came back.
        c.server.advance(28 * 86_400);
        let (maya, leader) = (c.browser("p3").await, c.browser("lead0").await);
        leader.get("/team").expect(200).contains("Close as recovered");
        leader.form(&format!("{page}/check"), &[("outcome", "maybe")]).expect(400);
        leader.form(&format!("{page}/check"), &[("outcome", "continue")]).expect(303);
        maya.get(&c.metric_page()).expect(200).contains("{\"day\":\"2026-05-13\",\"label\":\"Check\"");
        c.server.advance(28 * 86_400);
        let leader = c.browser("lead0").await;
        leader.form(&format!("{page}/check"), &[("outcome", "recovered")]).expect(303);
        leader.get(&page).expect(200).contains("Recovered");
        leader.form(&format!("{page}/check"), &[("outcome", "recovered")]).expect(409);
        leader.form(&format!("{page}/point"), &[("text", "late")]).expect(409);
    }

    async fn a_change_after_a_signature_takes_it_away(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        let page = c.talk(&leader);
        leader.form(&format!("{page}/record"), AGREED).expect(303);
        maya.form(&format!("{page}/record"), &with("we_try", "Ask for a headset")).expect(303);
        leader.get(&page).expect(200).contains("Ask for a headset").contains("Lead0 Example to agree").contains("P3 Example agreed");
        leader.form(&format!("{page}/agree"), &[]).expect(303);
        leader.get(&page).expect(200).contains("Lead0 Example agreed");
    }

    async fn nobody_but_the_two_learns_that_there_is_a_talk(store: Store) {
        let c = Company::start(store).await;
        let leader = c.browser("lead0").await;
        let page = c.talk(&leader);
        for code in ["boss", "lead1", "p4", "p9", "admin", "exec", "keeper"] {
            let other = c.browser(code).await;
            let answer = other.get(&page).expect(404);
            assert!(!answer.text().contains("P3"));
            let posts: [(&str, &[(&str, &str)]); 6] = [
                ("point", &[("text", "x")]),
                ("record", AGREED),
                ("agree", &[]),
                ("message", &[("text", "x")]),
                ("check", &[("outcome", "recovered")]),
                ("propose", &[("support", &c.aid.to_string())]),
            ];
            for (act, fields) in posts {
                other.form(&format!("{page}/{act}"), fields).expect(404);
            }
            // The same answer as for a talk that never was.
            let made_up: domain::ids::SessionId = c.server.app.new_id();
            let absent = other.get(&format!("/sessions/{made_up}")).expect(404);
            assert_eq!(absent.body, answer.body);
            assert!(!other.get("/coaching").expect(200).text().contains("/sessions/"));
        }
        let away = c.server.anonymous().get(&page).expect(303);
        assert!(away.header("location").starts_with("/sign-in"));
    }

    async fn private_notes_are_for_their_author_alone_and_nothing_stored_tells_them(store: Store) {
        let c = Company::start(store).await;
        let (maya, leader) = (c.browser("p3").await, c.browser("lead0").await);
        let page = c.talk(&leader);
        let note = format!("{page}/note");
        leader.get(&page).expect(200).contains("Choose a phrase");
        leader.form(&note, &[("text", "too early")]).expect(409);
        leader.form("/me/notes", &[("phrase", "short")]).expect(400).contains("Give 12 to 200 characters");
        let made = leader.form("/me/notes", &[("phrase", "the quiet blue door"), ("back", &page)]).expect(200);
        let text = made.contains("Write this down now").text();
        let code = text.split("<code>").nth(1).unwrap().split("</code>").next().unwrap().to_owned();
        leader.form(&note, &[("text", "she may be thinking of leaving")]).expect(303);
        leader.get(&page).expect(200).contains("she may be thinking of leaving");
        assert!(!leader.get("/me/notes").expect(200).text().contains(&code), "shown once");
        // The other one has notes of their own.
        assert!(!maya.get(&page).expect(200).text().contains("thinking of leaving"));
        maya.form("/me/notes", &[("phrase", "another phrase entirely")]).expect(200);
        maya.form(&note, &[("text", "ask about the part-time place")]).expect(303);
        maya.get(&page).expect(200).contains("ask about the part-time place");
        assert!(!leader.get(&page).expect(200).text().contains("part-time place"));

        // What is stored: neither the notes, nor a phrase, nor the code, in any column of these tables.
        let stored = c.server.app.store.read(|r| -> app::Result<Vec<u8>> {
            let mut all = Vec::new();
            for sql in [
                "SELECT sealed FROM private_note",
                "SELECT by_phrase FROM notes_lock",
                "SELECT by_recovery FROM notes_lock",
                "SELECT notes_key FROM web_session WHERE notes_key IS NOT NULL",
            ] {
                let rows: Vec<Vec<u8>> = r.query(sql, store::params![], |row| row.get(0))?;
                assert_eq!(rows.len(), 2, "{sql}");
                all.extend(rows.concat());
            }
            Ok(all)
        }).await.unwrap();
        for secret in ["leaving", "part-time", "quiet blue", "another phrase"] {
            assert!(!stored.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
        }

        // Another sign-in, such as one made by whoever resets passwords, opens nothing.
        let again = c.browser("lead0").await;
        let locked = again.get(&page).expect(200).contains("Open my notes");
        assert!(!locked.text().contains("thinking of leaving"));
        again.form(&note, &[("text", "over it")]).expect(409);
        again.form("/me/notes", &[("phrase", "the quiet red door")]).expect(400).contains("not your phrase");
        again.form("/me/notes", &[("phrase", " the quiet blue door "), ("back", "https://evil.example")]).expect(303);
        again.get(&page).expect(200).contains("thinking of leaving");

        // The phrase is forgotten: the code, however it is typed, opens with a new one, and the old ones end.
        let third = c.browser("lead0").await;
        let recover = |code: &str| third.form("/me/notes/recover", &[("code", code), ("phrase", "a green bicycle bell")]);
        recover("0000-0000-0000-0000-0000-0000-0000-0000").expect(400).contains("not your recovery code");
        recover(&code.replace('-', " ").to_uppercase()).expect(200).contains("Write this down now");
        third.get(&page).expect(200).contains("thinking of leaving");
        assert!(!leader.get(&page).expect(200).text().contains("thinking of leaving"), "closed elsewhere");
        recover(&code).expect(400);
        leader.form("/me/notes", &[("phrase", "the quiet blue door")]).expect(400);

        // Somebody else's key opens nothing, even where their row is moved under one's own name.
        let (p3, lead0) = (c.maya, c.server.id_of("lead0").await);
        c.server.app.store.write(move |tx| -> app::Result<()> {
            tx.execute(
                "UPDATE private_note SET sealed = (SELECT sealed FROM private_note WHERE author_id = $1) WHERE author_id = $2",
                store::params![lead0, p3],
            )?;
            Ok(())
        }).await.unwrap();
        assert!(!maya.get(&page).expect(200).text().contains("thinking of leaving"));

        // Lost altogether: taken away, and begun anew.
        third.form("/me/notes/start-over", &[]).expect(400);
        third.form("/me/notes/start-over", &[("sure", "yes")]).expect(303);
        third.get(&page).expect(200).contains("Choose a phrase");
    }

    async fn a_co_coach_is_let_in_by_both_and_sees_nothing_before_or_after(store: Store) {
        let c = Company::start(store).await;
        let (maya, leader, guest) = (c.browser("p3").await, c.browser("lead0").await, c.browser("lead1").await);
        let page = c.talk(&leader);
        let invite = |code: &str| leader.form(&format!("{page}/guest"), &[("code", code)]);
        invite("nobody-99").expect(400).contains("Nobody has the code");
        invite("p4").expect(400).contains("leads nobody");
        invite("p3").expect(400).contains("in this talk already");
        invite("lead1").expect(303);
        invite("lead1").expect(400).contains("was asked for already");
        guest.get(&page).expect(404);
        assert!(c.told("p3").await.contains("Lead0 Example would like Lead1 Example as co-coach"));
        let id = c.server.id_of("lead1").await.to_string();
        let act = |who: &crate::harness::Client, what: &str| who.form(&format!("{page}/guest/{what}"), &[("guest", &id)]);
        act(&leader, "agree").expect(409);
        act(&guest, "agree").expect(404);
        maya.get(&page).expect(200).contains("Asked for; you decide");
        act(&maya, "agree").expect(303);
        // Let in: reads, adds points, writes; neither records nor signs nor sees what else there is.
        assert!(c.told("lead1").await.contains("You are co-coach in a talk of P3 Example"));
        guest.get("/coaching").expect(200).contains(&page);
        guest.get(&page).expect(200).contains("Successful calls: lower since");
        guest.form(&format!("{page}/point"), &[("text", "How did the others solve it")]).expect(303);
        guest.form(&format!("{page}/message"), &[("text", "Happy to help")]).expect(303);
        guest.form(&format!("{page}/record"), AGREED).expect(404);
        guest.form(&format!("{page}/agree"), &[]).expect(404);
        guest.form(&format!("{page}/guest"), &[("code", "lead2")]).expect(404);
        guest.get(&c.metric_page()).expect(403);
        guest.get(&c.alert_page()).expect(403);
        for who in [&maya, &leader] {
            who.get(&page).expect(200).contains("How did the others solve it").contains("Happy to help").contains("your co-coach can see this talk");
        }
        maya.get("/me").expect(200).contains("Lead1 Example, your coach");
        act(&maya, "end").expect(303);
        guest.get(&page).expect(404);
        guest.form(&format!("{page}/message"), &[("text", "still here")]).expect(404);
        assert!(!guest.get("/coaching").expect(200).text().contains(&page));
    }

    async fn a_former_leader_loses_everything_at_once_and_the_new_one_gets_no_old_talk(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let before = c.browser("lead0").await;
        let page = c.talk(&before);
        before.form(&format!("{page}/record"), AGREED).expect(303);
        maya.form(&format!("{page}/agree"), &[]).expect(303);
        let moved = PersonRow { from: Day::of(2026, 3, 18), ..person("p3", Some("lead1")) };
        c.server.people(vec![moved]).await;
        for address in [c.alert_page(), c.metric_page()] {
            before.get(&address).expect(403);
        }
        before.get(&page).expect(404);
        before.form(&format!("{page}/message"), &[("text", "still here")]).expect(404);
        before.get("/team").expect(200).contains("Nobody needs you today");
        assert!(!before.get("/team").text().contains("P3 Example"));
        assert!(!before.get("/coaching").expect(200).text().contains("Call from the old line"));
        maya.get(&page).expect(200).contains("Call from the old line");

        let after = c.browser("lead1").await;
        after.get(&page).expect(404);
        for address in [c.alert_page(), c.metric_page()] {
            let seen = after.get(&address).expect(200);
            assert!(!seen.text().contains("old line"), "what others agreed stays theirs: {address}");
        }
        let new = c.talk(&after);
        assert_ne!(new, page);
        assert!(!after.get(&new).expect(200).text().contains("old line"));
    }

    async fn what_fits_is_suggested_with_its_why_and_passing_on_it_is_nobody_elses_business(store: Store) {
        let c = Company::start(store).await;
        let (maya, leader) = (c.browser("p3").await, c.browser("lead0").await);
        let answer = |what: &str, support: &str| maya.form("/suggestions/answer", &[("answer", what), ("support", support)]);
        let (aid, lesson) = (c.aid.to_string(), c.lesson.to_string());
        let today = maya.get("/today").expect(200).contains("For successful calls: lower for four weeks.").contains("6 min");
        let (first, other) = if today.text().contains(&aid) { (&aid, &lesson) } else { (&lesson, &aid) };
        assert!(!today.text().contains(other.as_str()), "one thing at a time");
        answer("perhaps", first).expect(400);
        answer("take", "support_00000000000000000000000000").expect(404);
        // Something else, and then not now: neither is seen by the leader.
        answer("swap", first).expect(303);
        maya.get("/today").expect(200).contains(other);
        answer("decline", other).expect(303);
        let calm = maya.get("/today").expect(200);
        assert!(!calm.text().contains(&aid) && !calm.text().contains(&lesson));
        for page in [c.alert_page(), "/team".into(), "/coaching".into()] {
            let seen = leader.get(&page).expect(200).text();
            assert!(!seen.contains("declined “") && !seen.contains("Swapped"), "{page}");
        }
        assert!(!c.told("lead0").await.contains("The call script"));
        // Weeks later it fits again; what is taken stands on the chart of both and under what was tried.
        c.server.advance(29 * 86_400);
        let (maya, leader) = (c.browser("p3").await, c.browser("lead0").await);
        maya.form("/suggestions/answer", &[("answer", "take"), ("support", first)]).expect(303);
        maya.form("/suggestions/answer", &[("answer", "take"), ("support", first)]).expect(303);
        let name = if *first == aid { "The call script" } else { "A better opening" };
        for who in [&maya, &leader] {
            let chart = who.get(&c.metric_page()).expect(200).text();
            assert_eq!(chart.matches(&format!("\"label\":\"{name}\"")).count(), 1, "once, however often it was sent");
        }
    }

    async fn mail_about_a_talk_that_is_no_longer_theirs_is_withdrawn(store: Store) {
        let c = Company::start(store).await;
        let (maya, before) = (c.browser("p3").await, c.browser("lead0").await);
        let page = c.talk(&before);
        let kept = crate::replies::Kept::start();
        let couriers = crate::replies::couriers(kept.port);
        let app = &c.server.app;
        while app::outbox::deliver(app, &couriers).await.unwrap() > 0 {}
        let sent = kept.letters.lock().unwrap().len();
        maya.form(&format!("{page}/message"), &[("text", "for the two of us")]).expect(303);
        before.form(&format!("{page}/message"), &[("text", "and for her")]).expect(303);
        let moved = PersonRow { from: Day::of(2026, 3, 18), ..person("p3", Some("lead1")) };
        c.server.people(vec![moved]).await;
        while app::outbox::deliver(app, &couriers).await.unwrap() > 0 {}
        let letters = kept.letters.lock().unwrap()[sent..].to_vec();
        let to = |who: &str| letters.iter().filter(|l| l.contains(&format!("<{who}@northwind.example>"))).count();
        assert_eq!((to("p3"), to("lead0")), (1, 0), "the person still hears of their own talk: {letters:#?}");
        let log = c.browser("admin").await.get("/deliveries").expect(200);
        log.contains("the talk no longer concerns this person");
    }

    async fn a_team_is_compared_with_itself_and_a_target_tried_before_it_is_set(store: Store) {
        let c = Company::start(store).await;
        let leader = c.browser("lead0").await;
        let page = format!("/team/metrics/{}", c.metric);
        leader.get("/team").expect(200).contains(&format!("href=\"{page}\""));
        let shown = leader.get(&page).expect(200).contains("one of 5 people is worth a look").contains("data-kind=\"panels\"")
            .contains("data-kind=\"spread\"").contains("P3 Example").contains("12 of 12");
        assert!(!shown.text().contains("P9 Example"), "nobody else's people");
        assert!(c.browser("p3").await.get("/me").expect(200).text().contains("across the team"), "that they looked is shown");
        for code in ["p3", "admin", "exec"] {
            c.browser(code).await.get(&page).expect(403);
        }
        // Another leader sees their own five, none of these.
        let other = c.browser("lead1").await.get(&page).expect(200);
        assert!(other.text().contains("P5 Example") && !other.text().contains("P3 Example"));
        // Trying stores nothing and says what chance does; a target far below is hardly ever missed, one far above always.
        let before = c.counts().await;
        leader.get(&format!("{page}?level=5&tolerance=&why=")).expect(200).contains("would be missed in 0\u{202f}% of weeks by chance alone");
        leader.get(&format!("{page}?level=90&tolerance=1&why=")).expect(200).contains("missed in 100\u{202f}% of weeks");
        leader.get(&format!("{page}?level=many&tolerance=&why=")).expect(400).contains("is not a number");
        leader.get(&format!("{page}?level=40&tolerance=-1&why=")).expect(400).contains("zero or more");
        assert_eq!(c.counts().await, before);
        let set = |fields: &[(&str, &str)]| leader.form(&format!("{page}/target"), fields);
        set(&[("level", "38"), ("tolerance", "2"), ("why", " ")]).expect(400).contains("why");
        set(&[("level", ""), ("tolerance", ""), ("why", "x")]).expect(400).contains("Say which level");
        assert_eq!(c.counts().await, before, "for all or for none");
        set(&[("level", "38"), ("tolerance", "2"), ("why", "what the year showed")]).expect(303);
        for code in ["p0", "p3", "p4"] {
            assert!(c.told(code).await.contains("Lead0 Example set your target"), "{code}");
        }
        assert!(!c.told("p5").await.contains("set your target"));
        app::pipeline::settle(&c.server.app).await.unwrap();
        leader.get(&page).expect(200).contains("38 ± 2").contains("data-kind");
        c.browser("p3").await.get(&c.metric_page()).expect(200).contains("what the year showed").contains("by chance alone");
        // Fewer than five: no names, in no order that says anything.
        let moved = PersonRow { from: Day::of(2026, 3, 18), ..person("p4", Some("lead1")) };
        c.server.people(vec![moved]).await;
        let few = c.browser("lead0").await.get(&page).expect(200).contains("without names and in no order");
        assert!(!few.text().contains("P3 Example") && !few.text().contains("P0 Example"), "{}", few.text());
    }

    async fn a_support_is_proposed_taken_or_declined_with_a_reason(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        let propose = format!("{}/propose", c.alert_page());
        // At least one support that is no lesson is offered.
        leader.get(&c.alert_page()).expect(200).contains("The call script").contains("A better opening");
        maya.form(&propose, &[("support", &c.aid.to_string())]).expect(403);
        leader.form(&propose, &[("support", "support_00000000000000000000000000")]).expect(404);
        leader.form(&propose, &[("support", &c.aid.to_string())]).expect(303);
        leader.form(&propose, &[("support", &c.aid.to_string())]).expect(303);
        assert_eq!(c.told("p3").await.matches("Lead0 Example proposes: The call script").count(), 1, "told once");
        let today = maya.get("/today").expect(200).contains("The call script").contains("Proposed by Lead0").text();
        let at = today.find("/proposals/").expect("a proposal to answer");
        let answer = today[at..].split('"').next().unwrap().to_owned();
        for other in ["p4", "lead0", "admin"] {
            c.browser(other).await.form(&answer, &[("answer", "take")]).expect(404);
        }
        maya.form(&answer, &[("answer", "decline"), ("reason", " ")]).expect(400).contains("say in one line why");
        maya.form(&answer, &[("answer", "decline"), ("reason", "I have it already")]).expect(303);
        leader.get("/team").expect(200).contains("declined “The call script”").contains("I have it already");
        maya.form(&answer, &[("answer", "take")]).expect(409);

        let page = c.talk(&leader);
        leader.get(&page).expect(200).contains("Support: The call script").contains("Declined: I have it already");
        leader.form(&format!("{page}/propose"), &[("support", &c.lesson.to_string())]).expect(303);
        let today = maya.get("/today").expect(200).contains("A better opening").text();
        let at = today.find("/proposals/").expect("a proposal to answer");
        let answer = today[at..].split('"').next().unwrap().to_owned();
        maya.form(&answer, &[("answer", "take")]).expect(303);
        leader.get(&c.metric_page()).expect(200).contains("A better opening");
        maya.get(&c.metric_page()).expect(200).contains("\"label\":\"A better opening\"");
    }
}
