//! Working calendars: everybody reads how their unit works; two administrators change it together.

use domain::access::{AccessRole, KeyScope, WriteAssignment};
use store::Store;

use crate::company::Company;
use crate::harness::host;

testkit::both_databases! {
    async fn a_closure_a_holiday_and_leave_come_and_go_by_two(store: Store) {
        let c = Company::start(store).await;
        app::access::give_role(&c.server.app, host(WriteAssignment(())), "boss", AccessRole::Admin).await.unwrap();
        let (one, two) = (c.browser("admin").await, c.browser("boss").await);
        let (maya, leader, other) = (c.browser("p3").await, c.browser("lead0").await, c.browser("lead1").await);
        maya.get("/calendars").expect(200).contains("Harbour Street works Monday to Friday").contains("Nobody has set a calendar");
        assert!(!maya.get("/calendars").text().contains("Ask for it"));
        maya.get("/calendars?unit=B-99").expect(404);
        // One asks, and cannot apply it; another one does.
        let by_two = |path: &str, fields: &[(&str, &str)]| {
            let page = one.form(path, fields).expect(303).header("location").to_owned();
            assert!(page.starts_with("/people/imports/"), "{page}");
            one.form(&format!("{page}/apply"), &[]).expect(403);
            let shown = two.get(&page).expect(200).contains("This file would make 1 change");
            two.form(&format!("{page}/apply"), &[]).expect(303);
            shown.text()
        };
        let closure = [("unit", "B-01"), ("from", "2026-03-23"), ("to", "2026-03-24"), ("why", "\"rebuilding\", floor 2")];
        maya.form("/calendars/closure", &closure).expect(403);
        let shown = by_two("/calendars/closure", &closure);
        assert!(shown.contains("closure of B-01 from 2026-03-23") && shown.contains("until 2026-03-24"), "{shown}");
        maya.get("/calendars").expect(200).contains("23 March to 24 March").contains("floor 2");
        one.form("/calendars/closure", &closure).expect(303).header("location").contains("/calendars").then_some(()).expect("nothing to change");
        // What cannot be used is said at its field, and what was typed stays.
        one.form("/calendars/closure", &[("unit", "B-01"), ("from", "2026-03-24"), ("to", "2026-03-23"), ("why", "typed")]).expect(400)
            .contains("The last day lies before the first").contains("value=\"typed\"");
        one.form("/calendars/closure", &[("unit", "B-01"), ("from", "2026-03-24"), ("to", "2026-03-25"), ("why", " ")]).expect(400).contains("why");
        one.form("/calendars/leave", &[("unit", "B-01"), ("person", "nobody"), ("from", "2026-03-24"), ("to", "2026-03-25"), ("share", "0"), ("why", "x")])
            .expect(400).contains("No person has this code");
        one.form("/calendars/leave", &[("unit", "B-01"), ("person", "p3"), ("from", "2026-03-24"), ("to", "2026-03-25"), ("share", "100"), ("why", "x")])
            .expect(400).contains("no leave");

        // A calendar comes by its file, a day in it by the form.
        let key = c.server.key(&[KeyScope::People]).await;
        let toml = "[[calendar]]\ncode = \"south\"\nname = \"South\"\nunits = [\"B-01\"]\nholidays = [{ day = 2026-04-06 }]\n";
        let media = [("Content-Type", "application/toml")];
        let look = key.send("POST", "/api/v1/calendars.toml?dry_run=true", &media, toml.as_bytes()).expect(200).json();
        assert_eq!((look["applied"].as_bool(), look["changes"].as_array().unwrap().len()), (Some(false), 1), "{look}");
        key.send("POST", "/api/v1/calendars.toml", &media, toml.as_bytes()).expect(200);
        let missing = "[[holiday]]\ncalendar = \"north\"\nday = 2026-05-01\n";
        key.send("POST", "/api/v1/calendars.toml", &media, missing.as_bytes()).expect(400).contains("no calendar has this code");
        let day = |worked: &'static str, removed: &'static str| {
            [("unit", "B-01"), ("calendar", "south"), ("day", "2026-05-01"), ("worked", worked), ("why", "First of May"), ("removed", removed)]
        };
        one.form("/calendars/day", &day("150", "")).expect(400).contains("is no share");
        by_two("/calendars/day", &day("50", ""));
        maya.get("/calendars").expect(200).contains("By the calendar “South”").contains("Fri 1 May").contains("worked to 50");
        by_two("/calendars/day", &day("", "on"));
        assert!(!maya.get("/calendars").text().contains("Fri 1 May"));

        // Leave: the person, their leader and whoever administers see it, and each look at it is written down.
        let leave = |share: &'static str, removed: &'static str| {
            [("unit", "B-01"), ("person", "p3"), ("from", "2026-03-23"), ("to", "2026-04-03"), ("share", share), ("why", "list of March"), ("removed", removed)]
        };
        by_two("/calendars/leave", &leave("60", ""));
        for who in [&maya, &leader, &one] {
            who.get("/calendars?unit=B-01").expect(200).contains("P3 Example").contains("works 60");
        }
        assert!(!other.get("/calendars?unit=B-01").expect(200).text().contains("P3 Example"));
        maya.get("/me").expect(200).contains("leave and part time");
        let json = leader.get("/api/v1/calendars?unit=B-01").expect(200).json();
        assert_eq!((&json["leave"][0]["person"], &json["leave"][0]["share"]), (&"p3".into(), &0.6.into()), "{json}");
        assert_eq!(other.get("/api/v1/calendars?unit=B-01").expect(200).json()["leave"], serde_json::json!([]));
        by_two("/calendars/leave", &leave("", "on"));
        assert!(!leader.get("/calendars?unit=B-01").expect(200).text().contains("works 60"));
        by_two("/calendars/closure", &[("unit", "B-01"), ("from", "2026-03-23"), ("to", "2026-03-24"), ("why", "put off"), ("removed", "on")]);
        assert!(!maya.get("/calendars").text().contains("floor 2"));
    }
}
